/* What recorded motion conserves: quantities along runs, and the combinations that change least. */
#include "noether/problem.h"

#include <weyl/kernels.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- how well ---- */

static double mean_of(const double *x, size_t n) {
  double s = 0;
  for (size_t i = 0; i < n; i++) s += x[i];
  return s / (double)n;
}

static int ascending(const void *p, const void *q) {
  const double x = *(const double *)p, y = *(const double *)q;
  return (x > y) - (x < y);
}

/* Sums of squared deviations from the runs' means, [runs]; the median of them. */
static double changes(size_t runs, size_t frames, const double *value, double *change, double *sorted) {
  for (size_t s = 0; s < runs; s++) {
    const double *x = value + s * frames, mean = mean_of(x, frames);
    change[s] = 0;
    for (size_t i = 0; i < frames; i++) change[s] += (x[i] - mean) * (x[i] - mean);
    sorted[s] = change[s];
  }
  qsort(sorted, runs, sizeof *sorted, ascending);
  return (sorted[(runs - 1) / 2] + sorted[runs / 2]) / 2;
}

weyl_status weyl_conserved_of(weyl_context *ctx, size_t runs, size_t frames, const double *value, double scale,
                              weyl_conserved *out) {
  double *change = weyl_alloc(ctx, 2 * runs + 1, sizeof *change);
  if (!change) return WEYL_MEMORY;
  weyl_conserved r = {.scale = scale};
  const double all = mean_of(value, runs * frames);
  const double median = sqrt(changes(runs, frames, value, change, change + runs) / (double)frames);
  for (size_t s = 0; s < runs; s++) {
    const double mean = mean_of(value + s * frames, frames);
    r.within += change[s];
    r.between += (mean - all) * (mean - all);
  }
  r.within = sqrt(r.within / (double)(runs * frames));
  r.between = sqrt(r.between / (double)runs);
  const bool differ = runs > 1 && r.between > 1e-12 * scale;
  const double size = differ ? hypot(r.within, r.between) : scale, typical = differ ? hypot(median, r.between) : scale;
  r.ratio = size > 0 ? r.within / size : 0;
  r.typical = typical > 0 ? median / typical : 0;
  weyl_dealloc(ctx, change);
  *out = r;
  return WEYL_OK;
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

/* While the combination is looked for: the runs that count, and what they hold. */
typedef struct search {
  size_t count, runs, frames, kept;
  const double *value; /* [count][runs][frames] */
  double *usual;       /* [count][kept][frames] */
  double *mixed;       /* [runs][frames] */
  double *change;      /* [2][runs] */
  double *unit, *within, *whole, *v, *work, *w;
} search;

/* Keeps the runs in which the combination changes little, half of them at least. */
static void keep_usual(search *s, const double *c) {
  const size_t n = s->runs * s->frames;
  memset(s->mixed, 0, n * sizeof *s->mixed);
  for (size_t k = 0; k < s->count; k++)
    for (size_t i = 0; i < n; i++) s->mixed[i] += c[k] * s->value[k * n + i];
  changes(s->runs, s->frames, s->mixed, s->change, s->change + s->runs);
  const double limit = 25 * s->change[s->runs + s->runs / 2];
  s->kept = 0;
  for (size_t r = 0; r < s->runs; r++) s->kept += s->change[r] <= limit;
  double *to = s->usual;
  for (size_t k = 0; k < s->count; k++)
    for (size_t r = 0; r < s->runs; r++) {
      if (s->change[r] > limit) continue;
      memcpy(to, s->value + (k * s->runs + r) * s->frames, s->frames * sizeof *to);
      to += s->frames;
    }
}

static weyl_status solve(weyl_context *ctx, search *s, weyl_combinations *r) {
  for (size_t k = 0; k < s->count; k++) {
    weyl_conserved one = {0};
    WEYL_TRY(weyl_conserved_of(ctx, s->kept, s->frames, s->usual + k * s->kept * s->frames, 0, &one));
    s->unit[k] = hypot(one.within, one.between);
    if (!isfinite(s->unit[k])) return weyl_fail(ctx, WEYL_NUMERIC, "quantity %zu is not finite", k + 1);
    if (s->unit[k] == 0) s->unit[k] = 1;
  }
  covariances(s->count, s->kept, s->frames, s->usual, s->unit, s->within, s->whole);
  WEYL_TRY(generalised(ctx, s->count, s->within, s->whole, s->w, s->v, s->work, r->ratio, r->c, &r->found));
  for (size_t k = 0; k < r->found; k++) {
    double largest = 0, *c = r->c + k * s->count;
    for (size_t i = 0; i < s->count; i++) {
      c[i] /= s->unit[i];
      if (fabs(c[i]) > fabs(largest)) largest = c[i];
    }
    for (size_t i = 0; i < s->count; i++) c[i] /= largest;
  }
  r->runs = s->kept;
  return WEYL_OK;
}

weyl_status weyl_conserved_combinations(weyl_context *ctx, size_t count, size_t runs, size_t frames,
                                        const double *value, weyl_combinations *out) {
  enum { TURNS = 8 };
  const size_t square = count * count, all = count * runs * frames;
  if (runs < 4)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "%zu runs: combinations need 4 at least, what is the same in one need not be conserved", runs);
  weyl_combinations r = {.ratio = weyl_alloc(ctx, count + 1, sizeof *r.ratio),
                         .c = weyl_alloc(ctx, square + 1, sizeof *r.c)};
  double *memory = weyl_alloc(ctx, all + runs * frames + 2 * runs + 2 * count + 6 * square + 1, sizeof *memory);
  weyl_status status = r.ratio && r.c && memory ? WEYL_OK : WEYL_MEMORY;
  if (status == WEYL_OK) {
    search s = {.count = count, .runs = runs, .frames = frames, .kept = runs, .value = value, .usual = memory};
    s.mixed = memory + all;
    s.change = s.mixed + runs * frames;
    s.unit = s.change + 2 * runs;
    s.w = s.unit + count;
    s.within = s.w + count;
    s.whole = s.within + square;
    s.v = s.whole + square;
    s.work = s.v + square;
    memcpy(s.usual, value, all * sizeof *value);
    status = solve(ctx, &s, &r);
    for (int turn = 0; turn < TURNS && status == WEYL_OK && r.found > 0; turn++) {
      keep_usual(&s, r.c);
      status = solve(ctx, &s, &r);
    }
  }
  weyl_dealloc(ctx, memory);
  if (status == WEYL_OK)
    *out = r;
  else
    weyl_combinations_free(ctx, &r);
  return status;
}

void weyl_combinations_free(weyl_context *ctx, weyl_combinations *r) {
  weyl_dealloc(ctx, r->ratio);
  weyl_dealloc(ctx, r->c);
  *r = (weyl_combinations){0};
}

/* ---- quantities of particles ---- */

static const struct {
  const char *name, *symbol, *text;
} known[] = {
    {"momentum x", "p_x", "m*vx"},
    {"momentum y", "p_y", "m*vy"},
    {"momentum z", "p_z", "m*vz"},
    {"angular momentum x", "L_x", "m*(y*vz - z*vy)"},
    {"angular momentum y", "L_y", "m*(z*vx - x*vz)"},
    {"angular momentum z", "L_z", "m*(x*vy - y*vx)"},
    {"centre of mass x", "N_x", "m*(x - t*vx)"},
    {"centre of mass y", "N_y", "m*(y - t*vy)"},
    {"centre of mass z", "N_z", "m*(z - t*vz)"},
    {"kinetic energy", "kinetic", "m*(vx^2 + vy^2 + vz^2)/2"},
    {"Coulomb energy", "Coulomb", "0 | q1*q2/r"},
    {"spring energy", "spring", "0 | r^2/2"},
    {"moment of inertia", "inertia", "m*(x^2 + y^2 + z^2)"},
    {"virial", "virial", "m*(x*vx + y*vy + z*vz)"},
};

const char *weyl_quantity_known(size_t i, const char **symbol, const char **text) {
  if (i >= sizeof known / sizeof *known) return NULL;
  if (symbol) *symbol = known[i].symbol;
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
  WEYL_GOTO(weyl_expr_parse(a, &(weyl_line){text, n, place, 1, column}, &x));
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
