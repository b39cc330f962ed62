/* Two functions on the circle from a table, as modes or as samples. */
#include "flat.h"

#include <weyl/table.h>

#include <string.h>

typedef struct columns {
  weyl_context *ctx;
  const char *path;
  weyl_table t;
} columns;

/* -1: there is none */
static int find(const columns *q, const char *name) {
  for (size_t k = 0; q->t.name && k < q->t.columns; k++)
    if (strcmp(q->t.name[k], name) == 0 && !q->t.words[k]) return (int)k;
  return -1;
}

static double value(const columns *q, size_t row, int column) {
  return q->t.value[row * q->t.columns + (size_t)column];
}

static size_t line(const columns *q, size_t row) { return q->t.line ? q->t.line[row] : row + 1; }

static weyl_status number(const columns *q, size_t row, int column, double *out) {
  *out = value(q, row, column);
  if (isfinite(*out)) return WEYL_OK;
  return weyl_fail(q->ctx, WEYL_FORMAT, "%s is %g, must be finite (%s:%zu)", q->t.name[column], *out, q->path,
                   line(q, row));
}

static weyl_status modes_of(const columns *q, weyl_arena *arena, int n, const char *a, const char *b, size_t *modes,
                            double *out[2]) {
  const char *const word[2] = {a, b};
  int column[2][2] = {{-1, -1}, {-1, -1}}, found = 0;
  double order;
  *modes = 0;
  for (int k = 0; k < 2; k++)
    for (int s = 0; s < 2 && word[k]; s++) {
      char name[64];
      snprintf(name, sizeof name, "%s_%s", word[k], s ? "sin" : "cos");
      column[k][s] = find(q, name);
      found += column[k][s] >= 0;
    }
  if (found == 0)
    return weyl_fail(q->ctx, WEYL_FORMAT, "no column %s_cos, %s_sin%s%s%s beside n (%s)", a, a, b ? ", " : "",
                     b ? b : "", b ? "_cos" : "", q->path);
  for (size_t i = 0; i < q->t.rows; i++) {
    WEYL_TRY(number(q, i, n, &order));
    if (!(order >= 0 && order <= WEYL_CIRCLE_MODES && order == floor(order)))
      return weyl_fail(q->ctx, WEYL_FORMAT, "n is %g, must be a whole number from 0 to %d (%s:%zu)", order,
                       WEYL_CIRCLE_MODES, q->path, line(q, i));
    if ((size_t)order > *modes) *modes = (size_t)order;
  }
  bool *seen = weyl_arena_array(arena, bool, *modes + 1);
  for (int k = 0; k < 2; k++) out[k] = weyl_arena_array(arena, double, 2 * *modes + 1);
  if (!seen || !out[0] || !out[1]) return WEYL_MEMORY;
  for (size_t i = 0; i < q->t.rows; i++) {
    const size_t m = (size_t)value(q, i, n);
    if (seen[m]) return weyl_fail(q->ctx, WEYL_FORMAT, "mode %zu is given twice (%s:%zu)", m, q->path, line(q, i));
    seen[m] = true;
    for (int k = 0; k < 2; k++)
      for (int s = 0; s < 2; s++) {
        double x = 0;
        if (column[k][s] < 0) continue;
        WEYL_TRY(number(q, i, column[k][s], &x));
        if (m == 0 && s == 1 && x != 0)
          return weyl_fail(q->ctx, WEYL_FORMAT, "the sine of mode 0 is %g, must be 0 (%s:%zu)", x, q->path, line(q, i));
        if (m > 0 || s == 0) out[k][m == 0 ? 0 : 2 * m - 1 + (size_t)s] = x;
      }
  }
  return WEYL_OK;
}

static weyl_status samples_of(const columns *q, weyl_arena *arena, int phi, const char *a, const char *b, bool winds,
                              size_t *modes, double *out[2]) {
  const int column[2] = {find(q, a), b ? find(q, b) : -1};
  size_t n = q->t.rows;
  double at;
  if (column[0] < 0 && column[1] < 0)
    return weyl_fail(q->ctx, WEYL_FORMAT, "no column %s%s%s beside phi (%s)", a, b ? " or " : "", b ? b : "", q->path);
  if (n < 4) return weyl_fail(q->ctx, WEYL_FORMAT, "%zu samples of a circle, must be 4 or more (%s)", n, q->path);
  WEYL_TRY(number(q, n - 1, phi, &at));
  const bool closed = fabs(at - TAU) < 1e-6;
  if (closed) n--;
  if (n > 4 * WEYL_CIRCLE_MODES)
    return weyl_fail(q->ctx, WEYL_FORMAT, "%zu samples, must be at most %d (%s)", n, 4 * WEYL_CIRCLE_MODES, q->path);
  for (size_t i = 0; i < n; i++) {
    WEYL_TRY(number(q, i, phi, &at));
    const double wanted = TAU * (double)i / (double)n;
    if (fabs(at - wanted) > 1e-6)
      return weyl_fail(q->ctx, WEYL_FORMAT, "phi is %.9g, must be %.9g: equal steps from 0 round the circle (%s:%zu)",
                       at, wanted, q->path, line(q, i));
  }
  *modes = (n - 1) / 2;
  double *f = weyl_arena_array(arena, double, n);
  for (int k = 0; k < 2; k++) out[k] = weyl_arena_array(arena, double, 2 * *modes + 1);
  if (!f || !out[0] || !out[1]) return WEYL_MEMORY;
  for (int k = 0; k < 2; k++) {
    if (column[k] < 0) continue;
    const double turn = winds && k == 0 ? 1 : 0;
    double most = 1;
    for (size_t i = 0; i < n; i++) {
      WEYL_TRY(number(q, i, column[k], &f[i]));
      most = fmax(most, fabs(f[i]));
      f[i] -= turn * TAU * (double)i / (double)n;
    }
    if (closed) {
      double end, begin = value(q, 0, column[k]);
      WEYL_TRY(number(q, n, column[k], &end));
      if (fabs(end - begin - turn * TAU) > 1e-9 * most)
        return weyl_fail(q->ctx, WEYL_FORMAT,
                         "%s changes by %.9g round the circle, must change by %s: it is not periodic (%s:%zu)",
                         q->t.name[column[k]], end - begin, turn > 0 ? "2 pi" : "0", q->path, line(q, n));
    }
    weyl_circle_modes(n, f, *modes, out[k]);
  }
  return WEYL_OK;
}

weyl_status weyl_bms_table(weyl_context *ctx, weyl_arena *arena, const char *path, const char *a, const char *b,
                           bool winds, size_t *modes, double **first, double **second) {
  columns q = {.ctx = ctx, .path = path};
  double *out[2] = {NULL, NULL};
  WEYL_TRY(weyl_table_read(ctx, path, &q.t));
  const int n = find(&q, "n"), phi = find(&q, "phi");
  weyl_status status;
  if (n >= 0)
    status = modes_of(&q, arena, n, a, b, modes, out);
  else if (phi >= 0)
    status = samples_of(&q, arena, phi, a, b, winds, modes, out);
  else
    status = weyl_fail(ctx, WEYL_FORMAT, "a column n (modes) or phi (samples) is missing (%s)", path);
  weyl_table_free(ctx, &q.t);
  WEYL_TRY(status);
  *first = out[0];
  if (second) *second = out[1];
  return WEYL_OK;
}
