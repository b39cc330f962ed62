/* Recorded trajectories for weyl noether measure: arrays of an npz file. */
#include "noether.h"

/* The array of the first name that is there, as doubles in the arena; *rank 0: none. */
weyl_status noether_array_of(noether *n, const weyl_bundle *bundle, const char *const *names, double **out, int *rank,
                             int64_t dim[WEYL_RANK_MAX]) {
  const weyl_array *a = NULL;
  *rank = 0;
  *out = NULL;
  for (; *names && !a; names++) a = weyl_bundle_find(bundle, *names);
  if (!a) return WEYL_OK;
  const size_t count = (size_t)weyl_array_size(a);
  *out = weyl_arena_array(n->arena, double, count + 1);
  if (!*out) return WEYL_MEMORY;
  for (size_t i = 0; i < count; i++) {
    switch (a->dtype) {
      case WEYL_F64: (*out)[i] = ((const double *)a->data)[i]; break;
      case WEYL_F32: (*out)[i] = (double)((const float *)a->data)[i]; break;
      case WEYL_I32: (*out)[i] = ((const int32_t *)a->data)[i]; break;
      case WEYL_I64: (*out)[i] = (double)((const int64_t *)a->data)[i]; break;
      default: (*out)[i] = ((const uint8_t *)a->data)[i]; break;
    }
    if (!isfinite((*out)[i]))
      return weyl_fail(n->c->ctx, WEYL_FORMAT, "%s: %s holds %g at position %zu", n->c->arg[1], names[-1], (*out)[i],
                       i);
  }
  *rank = a->rank;
  memcpy(dim, a->dim, sizeof a->dim);
  return WEYL_OK;
}

/* Derivatives along frames by differences of fourth order (second at the ends), rows of `width` numbers a frame. */
void noether_differentiate(size_t runs, size_t frames, size_t width, double dt, const double *x, double *v) {
  for (size_t s = 0; s < runs; s++)
    for (size_t i = 0; i < frames; i++)
      for (size_t k = 0; k < width; k++) {
        const double *at = x + (s * frames + i) * width + k;
        const ptrdiff_t w = (ptrdiff_t)width;
        double d;
        if (i >= 2 && i + 2 < frames)
          d = (8 * (at[w] - at[-w]) - (at[2 * w] - at[-2 * w])) / 12;
        else if (i >= 1 && i + 1 < frames)
          d = (at[w] - at[-w]) / 2;
        else
          d = i == 0 ? (-3 * at[0] + 4 * at[w] - at[2 * w]) / 2 : (3 * at[0] - 4 * at[-w] + at[-2 * w]) / 2;
        v[(s * frames + i) * width + k] = d / dt;
      }
}

weyl_status noether_time_step(noether *n, const weyl_bundle *bundle, double *dt) {
  double *t;
  int rank;
  int64_t dim[WEYL_RANK_MAX];
  *dt = cli_number(n->c, "dt");
  if (*dt > 0) return WEYL_OK;
  WEYL_TRY(noether_array_of(n, bundle, (const char *const[]){"t", "time", NULL}, &t, &rank, dim));
  *dt = rank == 1 && dim[0] > 1 && t[1] > t[0] ? t[1] - t[0] : 1;
  return WEYL_OK;
}

/* ---- particles ---- */

static const char *const *variants(noether *n, const char *const *bases) {
  const char **names = weyl_arena_array(n->arena, const char *, 24);
  size_t k = 0;
  for (; names && *bases && k < 20; bases++) {
    names[k++] = weyl_arena_printf(n->arena, "%s_%s", cli_string(n->c, "split"), *bases);
    names[k++] = *bases;
  }
  return names;
}

weyl_status noether_particles(noether *n, const weyl_bundle *bundle, weyl_particles_run *out) {
  static const char *const position[] = {"traj_pos", "pos", "position", "positions", NULL},
                           *const velocity[] = {"traj_vel", "vel", "velocity", "velocities", NULL},
                           *const charge[] = {"charge", "charges", NULL}, *const mass[] = {"mass", "masses", NULL};
  cli *c = n->c;
  double *x, *v, *q, *m;
  int rank, other;
  int64_t dim[WEYL_RANK_MAX], size[WEYL_RANK_MAX];
  const char *const *names = variants(n, position);
  if (!names) return WEYL_MEMORY;
  WEYL_TRY(noether_array_of(n, bundle, names, &x, &rank, dim));
  if (rank == 0)
    return weyl_fail(c->ctx, WEYL_FORMAT,
                     "%s: no array %s, pos or position (weyl data make nbody --trajectories writes them)", c->arg[1],
                     names[0]);
  if (rank != 3 && rank != 4)
    return weyl_fail(c->ctx, WEYL_FORMAT,
                     "%s: positions have %d dimensions, must be frames, particles, 3, or runs before them", c->arg[1],
                     rank);
  const int64_t *d = dim + (rank == 4);
  weyl_particles_run r = {.runs = rank == 4 ? (size_t)dim[0] : 1,
                          .frames = (size_t)d[0],
                          .particles = (size_t)d[1],
                          .d = (size_t)d[2],
                          .position = x};
  if (r.d < 1 || r.d > 3 || r.frames < 3 || r.runs < 1 || r.particles < 1)
    return weyl_fail(c->ctx, WEYL_FORMAT,
                     "%s: %zu runs of %zu frames of %zu particles in %zu dimensions, must be 3 frames and 1 to 3 "
                     "dimensions at least",
                     c->arg[1], r.runs, r.frames, r.particles, r.d);
  WEYL_TRY(noether_time_step(n, bundle, &r.time_step));
  WEYL_TRY(noether_array_of(n, bundle, variants(n, velocity), &v, &other, size));
  const size_t count = r.runs * r.frames * r.particles * r.d;
  if (other && (other != rank || memcmp(size, dim, (size_t)rank * sizeof *dim) != 0))
    return weyl_fail(c->ctx, WEYL_FORMAT, "%s: velocities are not shaped as positions are", c->arg[1]);
  if (!other) {
    v = weyl_arena_array(n->arena, double, count);
    if (!v) return WEYL_MEMORY;
    noether_differentiate(r.runs, r.frames, r.particles * r.d, r.time_step, x, v);
    cli_note(c, "no velocities in %s: differences of positions, frames %g apart", c->arg[1], r.time_step);
  }
  r.velocity = v;
  const struct {
    const char *const *names;
    double **to;
    const char *what;
  } each[] = {{charge, &q, "charges"}, {mass, &m, "masses"}};
  for (size_t k = 0; k < 2; k++) {
    WEYL_TRY(noether_array_of(n, bundle, variants(n, each[k].names), each[k].to, &other, size));
    int64_t all = other ? 1 : 0;
    for (int i = 0; i < other; i++) all *= size[i];
    if (other && all != (int64_t)(r.runs * r.particles))
      return weyl_fail(c->ctx, WEYL_FORMAT, "%s: %lld %s for %zu run%s of %zu particles%s", c->arg[1], (long long)all,
                       each[k].what, r.runs, r.runs == 1 ? "" : "s", r.particles,
                       rank == 3 && all == dim[0] * dim[1]
                           ? ": positions [frames, particles, 3] are one run; if these are samples, there are no "
                             "trajectories in this file (weyl data make nbody --trajectories writes them)"
                           : "");
  }
  r.charge = q;
  r.mass = m;
  *out = r;
  return WEYL_OK;
}
