/* What recorded motion conserves: quantities along runs, and the combinations that change least. */
#include "noether/problem.h"

#include <weyl/kernels.h>

#include <math.h>
#include <string.h>

/* ---- how well ---- */

static double mean_of(const double *x, size_t n) {
  double s = 0;
  for (size_t i = 0; i < n; i++) s += x[i];
  return s / (double)n;
}

weyl_conserved weyl_conserved_of(size_t runs, size_t frames, const double *value, double scale) {
  weyl_conserved r = {.scale = scale};
  const double all = mean_of(value, runs * frames);
  for (size_t s = 0; s < runs; s++) {
    const double *x = value + s * frames, mean = mean_of(x, frames);
    for (size_t i = 0; i < frames; i++) r.within += (x[i] - mean) * (x[i] - mean);
    r.between += (mean - all) * (mean - all);
  }
  r.within = sqrt(r.within / (double)(runs * frames));
  r.between = sqrt(r.between / (double)runs);
  const double size = runs > 1 && r.between > 1e-12 * scale ? hypot(r.within, r.between) : scale;
  r.ratio = size > 0 ? r.within / size : 0;
  return r;
}

/* Within-run and whole covariance of quantities that were brought to unit deviation. */
static void covariances(size_t count, size_t runs, size_t frames, const double *value, const double *unit,
                        double *within, double *whole) {
  const double n = (double)(runs * frames);
  for (size_t j = 0; j < count; j++)
    for (size_t k = 0; k <= j; k++) {
      const double *x = value + j * runs * frames, *y = value + k * runs * frames;
      const double all[2] = {mean_of(x, runs * frames), mean_of(y, runs * frames)};
      double in = 0, total = 0;
      for (size_t s = 0; s < runs; s++) {
        const double mx = mean_of(x + s * frames, frames), my = mean_of(y + s * frames, frames);
        for (size_t i = s * frames; i < (s + 1) * frames; i++) {
          in += (x[i] - mx) * (y[i] - my);
          total += (x[i] - all[0]) * (y[i] - all[1]);
        }
      }
      within[j * count + k] = within[k * count + j] = in / n / (unit[j] * unit[k]);
      whole[j * count + k] = whole[k * count + j] = total / n / (unit[j] * unit[k]);
    }
}

/* within c = ratio^2 whole c, on the directions in which the whole is not degenerate. */
static weyl_status generalised(weyl_context *ctx, size_t n, const double *within, const double *whole, double *w,
                               double *v, double *work, double *ratio, double *c, size_t *kept) {
  WEYL_TRY(weyl_eigh(ctx, n, whole, w, v));
  size_t m = 0;
  double *basis = work, *small = work + n * n, *vectors = small + n * n; /* basis [n][m] */
  for (size_t k = 0; k < n; k++) {
    if (w[k] <= 1e-10 * w[n - 1]) continue;
    for (size_t i = 0; i < n; i++) basis[i * n + m] = v[i * n + k] / sqrt(w[k]);
    m++;
  }
  for (size_t p = 0; p < m; p++)
    for (size_t q = 0; q < m; q++) {
      double s = 0;
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) s += basis[i * n + p] * within[i * n + j] * basis[j * n + q];
      small[p * m + q] = s;
    }
  WEYL_TRY(weyl_eigh(ctx, m, small, w, vectors));
  for (size_t k = 0; k < m; k++) {
    ratio[k] = sqrt(fmax(w[k], 0));
    for (size_t i = 0; i < n; i++) {
      c[k * n + i] = 0;
      for (size_t p = 0; p < m; p++) c[k * n + i] += basis[i * n + p] * vectors[p * m + k];
    }
  }
  *kept = m;
  return WEYL_OK;
}

weyl_status weyl_conserved_combinations(weyl_context *ctx, size_t count, size_t runs, size_t frames,
                                        const double *value, double *ratio, double *c, size_t *found) {
  if (runs < 2)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "combinations need several runs: what is the same in one need not be conserved");
  double *memory = weyl_alloc(ctx, 7 * count * count + 2 * count + 1, sizeof *memory);
  if (!memory) return WEYL_MEMORY;
  double *within = memory, *whole = within + count * count, *v = whole + count * count, *work = v + count * count,
         *w = work + 3 * count * count, *unit = w + count;
  weyl_status status = WEYL_OK;
  for (size_t k = 0; k < count && status == WEYL_OK; k++) {
    const weyl_conserved one = weyl_conserved_of(runs, frames, value + k * runs * frames, 0);
    unit[k] = hypot(one.within, one.between);
    if (!isfinite(unit[k])) status = weyl_fail(ctx, WEYL_NUMERIC, "quantity %zu is not finite", k + 1);
    if (unit[k] == 0) unit[k] = 1;
  }
  if (status == WEYL_OK) covariances(count, runs, frames, value, unit, within, whole);
  if (status == WEYL_OK) status = generalised(ctx, count, within, whole, w, v, work, ratio, c, found);
  for (size_t k = 0; status == WEYL_OK && k < *found; k++) {
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
      c[k * count + i] /= unit[i];
      if (fabs(c[k * count + i]) > fabs(largest)) largest = c[k * count + i];
    }
    for (size_t i = 0; i < count; i++) c[k * count + i] /= largest;
  }
  weyl_dealloc(ctx, memory);
  return status;
}

/* ---- quantities of particles ---- */

static const struct {
  const char *name, *text;
} known[] = {
    {"momentum x", "m*vx"},
    {"momentum y", "m*vy"},
    {"momentum z", "m*vz"},
    {"angular momentum x", "m*(y*vz - z*vy)"},
    {"angular momentum y", "m*(z*vx - x*vz)"},
    {"angular momentum z", "m*(x*vy - y*vx)"},
    {"centre of mass x", "m*(x - t*vx)"},
    {"centre of mass y", "m*(y - t*vy)"},
    {"centre of mass z", "m*(z - t*vz)"},
    {"kinetic energy", "m*(vx^2 + vy^2 + vz^2)/2"},
    {"Coulomb energy", "0 | q1*q2/r"},
    {"spring energy", "0 | r^2/2"},
    {"moment of inertia", "m*(x^2 + y^2 + z^2)"},
    {"virial", "m*(x*vx + y*vy + z*vz)"},
};

const char *weyl_quantity_known(size_t i, const char **text) {
  if (i >= sizeof known / sizeof *known) return NULL;
  if (text) *text = known[i].text;
  return known[i].name;
}

enum { ONE_NAMES = 8, PAIR_NAMES = 17, PARTS_MAX = 256 };
static const char *const one_names[ONE_NAMES] = {"x", "y", "z", "vx", "vy", "vz", "m", "q"};

/* Values of the names, [names][block] with the particles or pairs of one frame. */
static void fill(const weyl_particles_run *data, size_t run, size_t frame, bool pairs, size_t step, double *v) {
  const size_t n = data->particles, d = data->d, at = (run * data->frames + frame) * n * d;
  size_t k = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = pairs ? i + 1 : 0; j < (pairs ? n : 1); j++, k++) {
      double r2 = 0;
      for (size_t side = 0; side < (pairs ? 2u : 1u); side++) {
        const size_t p = side ? j : i;
        double *to = v + (pairs ? 1 + side * ONE_NAMES : 0) * step + k;
        for (size_t c = 0; c < 3; c++) {
          to[c * step] = c < d ? data->position[at + p * d + c] : 0;
          to[(3 + c) * step] = c < d && data->velocity ? data->velocity[at + p * d + c] : 0;
        }
        to[6 * step] = data->mass ? data->mass[run * n + p] : 1;
        to[7 * step] = data->charge ? data->charge[run * n + p] : 1;
      }
      for (size_t c = 0; pairs && c < d; c++) {
        const double gap = data->position[at + i * d + c] - data->position[at + j * d + c];
        r2 += gap * gap;
      }
      if (pairs) v[k] = sqrt(r2);
    }
}

/* Adds the sum over particles or pairs to value [runs][frames], and squares of its parts' size to *size. */
static weyl_status add_part(weyl_context *ctx, const char *text, size_t n, const char *place, int column, bool pairs,
                            const weyl_particles_run *data, double *value, double *part_size) {
  weyl_algebra *a = NULL;
  weyl_tape *tape = NULL;
  double *v = NULL;
  const weyl_expr *x = NULL, *part[PARTS_MAX];
  weyl_jet jet[PAIR_NAMES] = {{0}};
  const size_t names = pairs ? PAIR_NAMES : ONE_NAMES,
               count = pairs ? data->particles * (data->particles - 1) / 2 : data->particles;
  weyl_status status;
  WEYL_GOTO(weyl_algebra_new(ctx, &a));
  WEYL_GOTO(weyl_algebra_independent(a, "t"));
  for (size_t k = 0; k < names; k++) {
    char name[8];
    if (!pairs)
      snprintf(name, sizeof name, "%s", one_names[k]);
    else if (k == 0)
      snprintf(name, sizeof name, "r");
    else
      snprintf(name, sizeof name, "%s%d", one_names[(k - 1) % ONE_NAMES], k > ONE_NAMES ? 2 : 1);
    WEYL_GOTO(weyl_algebra_field(a, name));
    jet[k].field = (uint8_t)k;
  }
  WEYL_GOTO(weyl_expr_parse(a, text, n, place, 1, column, &x));
  const size_t parts = weyl_expr_terms(x);
  if (parts > PARTS_MAX) {
    status = weyl_fail(ctx, WEYL_UNSUPPORTED, "%s has %zu terms, at most %d", place, parts, PARTS_MAX);
    goto done;
  }
  for (size_t k = 0; k < parts; k++) part[k] = weyl_expr_only(a, x, k);
  WEYL_GOTO(weyl_tape_new(a, parts, part, names, jet, &tape));
  v = weyl_alloc(ctx, (names + 1 + parts) * (count + 1), sizeof *v);
  status = v ? WEYL_OK : WEYL_MEMORY;
  if (!v) goto done;
  const size_t step = count + 1;
  const double *in[PAIR_NAMES + 1];
  double *out[PARTS_MAX];
  in[0] = v + names * step;
  for (size_t k = 0; k < names; k++) in[1 + k] = v + k * step;
  for (size_t k = 0; k < parts; k++) out[k] = v + (names + 1 + k) * step;
  for (size_t run = 0; run < data->runs; run++)
    for (size_t frame = 0; frame < data->frames; frame++) {
      const size_t at = run * data->frames + frame;
      fill(data, run, frame, pairs, step, v);
      for (size_t i = 0; i < count; i++) v[names * step + i] = data->time_step * (double)frame;
      weyl_tape_run(tape, count, in, out);
      for (size_t k = 0; k < parts; k++)
        for (size_t i = 0; i < count; i++) {
          value[at] += out[k][i];
          part_size[at] += fabs(out[k][i]);
        }
    }
done:
  weyl_dealloc(ctx, v);
  weyl_tape_free(tape);
  weyl_algebra_free(a);
  return status;
}

weyl_status weyl_quantity_measure(weyl_context *ctx, const char *text, const char *place,
                                  const weyl_particles_run *data, double *value, double *scale) {
  const size_t n = data->runs * data->frames, length = strlen(text);
  const char *bar = memchr(text, '|', length);
  const size_t one = bar ? (size_t)(bar - text) : length;
  double *size = weyl_alloc(ctx, n + 1, sizeof *size);
  if (!size) return WEYL_MEMORY;
  memset(value, 0, n * sizeof *value);
  weyl_status status = add_part(ctx, text, one, place, 1, false, data, value, size);
  if (status == WEYL_OK && bar)
    status = add_part(ctx, bar + 1, length - one - 1, place, (int)one + 2, true, data, value, size);
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += size[i] * size[i];
  *scale = sqrt(sum / (double)n);
  weyl_dealloc(ctx, size);
  if (status == WEYL_OK && !isfinite(*scale))
    status = weyl_fail(ctx, WEYL_NUMERIC, "%s is not finite along the data", place);
  return status;
}
