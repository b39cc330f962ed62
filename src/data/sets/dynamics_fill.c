/* The fields of a split of "dynamics": x, v, target, node_scalar, edge_i, edge_j, edge_scalar. */
#include <math.h>
#include <string.h>

#include "sets/dynamics.h"

typedef struct filler {
  weyl_context *ctx;
  const char *path;
  const dynamics_settings *o;
  const dynamics_scalars *scalars;
  const weyl_trajectories *in;
  const dynamics_window *window;
  int64_t coincident; /* samples with two points in one place */
} filler;

/* ---- periodic boxes -------------------------------------------------------------------------------------------------
 */

/* Points that leave a periodic box come back on its other side; motion between frames is the shortest displacement. */
typedef struct box {
  bool used;
  double cell[9], inverse[9]; /* s = inverse^T-free: s_a = sum_k dx_k inverse[k][a], dx_k = sum_a s_a cell[a][k] */
  bool periodic[3];
} box;

static weyl_status box_of(const filler *f, int64_t i, box *out) {
  const weyl_trajectory *t = &f->in->item[i];
  *out = (box){0};
  if (!t->cell || !(t->periodic[0] || t->periodic[1] || t->periodic[2])) return WEYL_OK;
  if (t->d != 3)
    return weyl_fail(f->ctx, WEYL_SHAPE,
                     "%s: trajectory %lld has a periodic cell and %lld coordinates a point, expected 3", f->path,
                     (long long)i, (long long)t->d);
  const double *c = t->cell;
  const double determinant = weyl_det(3, c);
  static const double identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  if (!(fabs(determinant) > 0) || !isfinite(determinant) ||
      weyl_solve(f->ctx, 3, 3, c, identity, out->inverse) != WEYL_OK)
    return weyl_fail(f->ctx, WEYL_FORMAT, "%s: trajectory %lld is periodic, but its cell has no volume", f->path,
                     (long long)i);
  memcpy(out->cell, c, sizeof out->cell);
  memcpy(out->periodic, t->periodic, sizeof out->periodic);
  out->used = true;
  return WEYL_OK;
}

/* to - from, d numbers, by the shortest way. */
static void displacement(const box *b, int64_t d, const double *from, const double *to, double *out) {
  for (int64_t k = 0; k < d; k++) out[k] = to[k] - from[k];
  if (!b->used) return;
  for (int a = 0; a < 3; a++) {
    if (!b->periodic[a]) continue;
    double s = 0;
    for (int k = 0; k < 3; k++) s += out[k] * b->inverse[3 * k + a];
    const double turns = round(s);
    for (int k = 0; k < 3; k++) out[k] -= turns * b->cell[3 * a + k];
  }
}

/* ---- counts
 * ------------------------------------------------------------------------------------------------------------ */

static const double *frame_of(const filler *f, int64_t s, int64_t ahead) {
  const weyl_trajectory *t = &f->in->item[f->window[s].trajectory];
  return t->position + (f->window[s].frame + ahead) * t->points * t->d;
}

static double distance2(int64_t d, const double *a, const double *b) {
  double sum = 0;
  for (int64_t k = 0; k < d; k++) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return sum;
}

/* Distances use the coordinates that the sample uses. */
static int64_t used_dimension(const filler *f, const weyl_trajectory *t) { return t->d < f->o->dim ? t->d : f->o->dim; }

/* Whether j sends to i in sample s. Edges do not reach across periodic faces. */
static bool linked(const filler *f, const double *x, const weyl_trajectory *t, int64_t i, int64_t j) {
  if (i == j) return false;
  if (f->o->cutoff == 0) return true;
  return distance2(used_dimension(f, t), x + i * t->d, x + j * t->d) <= f->o->cutoff * f->o->cutoff;
}

static weyl_status count_edges(filler *f, int64_t s, int64_t *out) {
  const weyl_trajectory *t = &f->in->item[f->window[s].trajectory];
  const int64_t n = t->points;
  if (n > INT32_MAX)
    return weyl_fail(f->ctx, WEYL_UNSUPPORTED, "%s: trajectory %lld has %lld points, more than %d", f->path,
                     (long long)f->window[s].trajectory, (long long)n, INT32_MAX);
  *out = n * (n - 1);
  if (f->o->cutoff == 0) return WEYL_OK;
  const double *x = frame_of(f, s, 0);
  *out = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) *out += linked(f, x, t, i, j);
  return WEYL_OK;
}

static weyl_status set_counts(filler *f, weyl_arena *arena, weyl_dataset *set) {
  const int64_t samples = weyl_dataset_samples(set);
  int64_t *nodes = weyl_arena_array(arena, int64_t, samples + 1),
          *edges = weyl_arena_array(arena, int64_t, samples + 1);
  if (!nodes || !edges) return WEYL_MEMORY;
  for (int64_t s = 0; s < samples; s++) {
    int64_t n_edges = 0;
    WEYL_TRY(count_edges(f, s, &n_edges));
    if (edges[s] > INT64_MAX / 16 - n_edges)
      return weyl_fail(f->ctx, WEYL_MEMORY, "%s: too many pairs of points; set a cutoff", f->path);
    nodes[s + 1] = nodes[s] + f->in->item[f->window[s].trajectory].points;
    edges[s + 1] = edges[s] + n_edges;
    if ((s & 1023) == 1023 && weyl_progress(f->ctx, "counting pairs", (double)s, (double)samples))
      return weyl_fail(f->ctx, WEYL_INTERRUPTED, "interrupted while counting pairs");
  }
  WEYL_TRY(weyl_dataset_set_offsets(set, WEYL_PER_NODE, nodes));
  return weyl_dataset_set_offsets(set, WEYL_PER_EDGE, edges);
}

/* ---- one sample
 * ---------------------------------------------------------------------------------------------------------- */

typedef struct rows {
  double *x, *v, *target, *node_scalar, *edge_scalar;
  int32_t *edge_i, *edge_j;
} rows;

/* x, v, target [points][dim] of sample s. */
static void fill_motion(const filler *f, int64_t s, const box *b, rows at) {
  const weyl_trajectory *t = &f->in->item[f->window[s].trajectory];
  const int64_t d = t->d, dim = f->o->dim, n = t->points, used = used_dimension(f, t);
  const double *now = frame_of(f, s, 0), *later = frame_of(f, s, f->o->horizon);
  const double *before = t->velocity ? NULL : frame_of(f, s, -1);
  const double *velocity = t->velocity ? t->velocity + f->window[s].frame * n * d : NULL;
  double centre[16] = {0}, step[16];
  for (int64_t p = 0; f->o->centre && p < n; p++)
    for (int64_t k = 0; k < used; k++) centre[k] += now[p * d + k] / (double)n;
  for (int64_t p = 0; p < n; p++) {
    double *x = at.x + p * dim, *v = at.v + p * dim, *target = at.target + p * dim;
    displacement(b, d, now + p * d, later + p * d, step);
    for (int64_t k = 0; k < used; k++) {
      x[k] = now[p * d + k] - centre[k];
      target[k] = b->used ? x[k] + step[k] : later[p * d + k] - centre[k];
    }
    if (before) displacement(b, d, before + p * d, now + p * d, step);
    for (int64_t k = 0; k < used; k++) v[k] = velocity ? velocity[p * d + k] : step[k];
  }
}

static void fill_scalars(const filler *f, int64_t s, rows at) {
  const weyl_trajectory *t = &f->in->item[f->window[s].trajectory];
  const dynamics_scalars *c = f->scalars;
  for (int64_t p = 0; p < t->points; p++) {
    double *row = at.node_scalar + p * c->width;
    for (int k = 0; t->type && k < c->types; k++) row[k] = t->type[p] == c->type[k] ? 1.0 : 0.0;
    if (c->charge) row[c->width - 1] = t->charge[p];
    if (c->types == 0 && !c->charge) row[0] = 1.0;
  }
}

/* Receivers ascend, and senders within a receiver. */
static void fill_edges(filler *f, int64_t s, rows at) {
  const weyl_trajectory *t = &f->in->item[f->window[s].trajectory];
  const double *x = frame_of(f, s, 0);
  const int64_t used = used_dimension(f, t);
  bool coincident = false;
  int64_t e = 0;
  for (int64_t i = 0; i < t->points; i++) {
    for (int64_t j = 0; j < t->points; j++) {
      if (!linked(f, x, t, i, j)) continue;
      at.edge_i[e] = (int32_t)i;
      at.edge_j[e] = (int32_t)j;
      at.edge_scalar[e++] = f->scalars->charge                     ? t->charge[i] * t->charge[j]
                            : !t->type || t->type[i] == t->type[j] ? 1.0
                                                                   : 0.0;
      if (j > i && distance2(used, x + i * t->d, x + j * t->d) == 0) coincident = true;
    }
  }
  f->coincident += coincident;
}

/* ---- notes
 * ------------------------------------------------------------------------------------------------------------------ */

static weyl_status describe(const filler *f, weyl_arena *arena, weyl_dataset *set) {
  const dynamics_scalars *c = f->scalars;
  WEYL_TRY(weyl_dataset_note(set, "source", f->path));
  WEYL_TRY(weyl_dataset_note(set, "format", f->in->format));
  char *types = weyl_arena_array(arena, char, 12 * c->types + 1), horizon[32];
  if (!types) return WEYL_MEMORY;
  size_t at = 0;
  for (int k = 0; k < c->types; k++) at += (size_t)snprintf(types + at, 13, "%s%ld", k ? " " : "", (long)c->type[k]);
  if (c->types) WEYL_TRY(weyl_dataset_note(set, "types", types));
  WEYL_TRY(weyl_dataset_note(set, "node_scalar",
                             c->types && c->charge ? "one column a type, then the charge"
                             : c->types            ? "one column a type"
                             : c->charge           ? "charge"
                                                   : "ones"));
  WEYL_TRY(weyl_dataset_note(set, "edge_scalar",
                             c->charge  ? "product of the charges"
                             : c->types ? "1 between points of one type, else 0"
                                        : "ones"));
  snprintf(horizon, sizeof horizon, "%lld", (long long)f->o->horizon);
  WEYL_TRY(weyl_dataset_note(set, "horizon", horizon));
  const bool given = f->in->item[0].velocity != NULL;
  return weyl_dataset_note(set, "velocity", given ? "from the file" : "backward difference, per frame");
}

weyl_status dynamics_fill(weyl_context *ctx, weyl_arena *arena, const char *path, const dynamics_settings *o,
                          const dynamics_scalars *scalars, const weyl_trajectories *in, const dynamics_window *window,
                          weyl_dataset *set) {
  filler f = {.ctx = ctx, .path = path, .o = o, .scalars = scalars, .in = in, .window = window};
  for (int64_t i = 1; i < in->count; i++)
    if (!in->item[i].velocity != !in->item[0].velocity)
      return weyl_fail(ctx, WEYL_FORMAT, "%s: trajectory %lld %s velocities, unlike trajectory 0", path, (long long)i,
                       in->item[i].velocity ? "has" : "has no");
  WEYL_TRY(set_counts(&f, arena, set));
  WEYL_TRY(describe(&f, arena, set));
  const char *length = in->length_unit ? in->length_unit : "";
  const int64_t width = scalars->width, one = 1;
  weyl_array x, v, target, node_scalar, edge_i, edge_j, edge_scalar;
  WEYL_TRY(weyl_dataset_add(set, "x", WEYL_PER_NODE, WEYL_F64, 1, &o->dim, length, &x));
  WEYL_TRY(weyl_dataset_add(set, "v", WEYL_PER_NODE, WEYL_F64, 1, &o->dim, in->item[0].velocity ? "" : length, &v));
  WEYL_TRY(weyl_dataset_add(set, "target", WEYL_PER_NODE, WEYL_F64, 1, &o->dim, length, &target));
  WEYL_TRY(weyl_dataset_add(set, "node_scalar", WEYL_PER_NODE, WEYL_F64, 1, &width, "", &node_scalar));
  WEYL_TRY(weyl_dataset_add(set, "edge_i", WEYL_PER_EDGE, WEYL_I32, 0, NULL, "", &edge_i));
  WEYL_TRY(weyl_dataset_add(set, "edge_j", WEYL_PER_EDGE, WEYL_I32, 0, NULL, "", &edge_j));
  WEYL_TRY(weyl_dataset_add(set, "edge_scalar", WEYL_PER_EDGE, WEYL_F64, 1, &one, "", &edge_scalar));

  const int64_t *nodes = weyl_dataset_offsets(set, WEYL_PER_NODE), *edges = weyl_dataset_offsets(set, WEYL_PER_EDGE);
  const int64_t samples = weyl_dataset_samples(set);
  box b = {0};
  bool periodic = false;
  for (int64_t s = 0; s < samples; s++) {
    if (s == 0 || window[s].trajectory != window[s - 1].trajectory) WEYL_TRY(box_of(&f, window[s].trajectory, &b));
    periodic = periodic || b.used;
    const rows at = {.x = (double *)x.data + nodes[s] * o->dim,
                     .v = (double *)v.data + nodes[s] * o->dim,
                     .target = (double *)target.data + nodes[s] * o->dim,
                     .node_scalar = (double *)node_scalar.data + nodes[s] * width,
                     .edge_i = (int32_t *)edge_i.data + edges[s],
                     .edge_j = (int32_t *)edge_j.data + edges[s],
                     .edge_scalar = (double *)edge_scalar.data + edges[s]};
    fill_motion(&f, s, &b, at);
    fill_scalars(&f, s, at);
    fill_edges(&f, s, at);
  }
  if (f.coincident)
    weyl_context_log(ctx, WEYL_WARN, "%s: %lld %s samples have two points in the same place", path,
                     (long long)f.coincident, weyl_dataset_name(set));
  if (periodic)
    weyl_context_log(ctx, WEYL_WARN,
                     "%s: the cell is periodic; motion is unwrapped, but edges do not reach across its faces", path);
  return WEYL_OK;
}
