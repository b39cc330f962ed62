/* Moments from tables: which columns, which environments, and the projection on anchors. */
#include "model.h"

#include <ctype.h>
#include <stdlib.h>

typedef struct columns {
  weyl_context *ctx;
  const weyl_table *table;
  const char *place;
  size_t target, environment;
  size_t *feature, features;
  size_t *anchor, anchors;
  char *used; /* [columns] */
} columns;

static const char *column_name(const columns *q, size_t k, char room[32]) {
  if (q->table->name) return q->table->name[k];
  snprintf(room, 32, "column %zu", k + 1);
  return room;
}

/* A column by its name, or by its number where that is no name. */
static bool find(const columns *q, const char *name, size_t n, size_t *out) {
  for (size_t k = 0; q->table->name && k < q->table->columns; k++) {
    if (strlen(q->table->name[k]) == n && memcmp(q->table->name[k], name, n) == 0) {
      *out = k;
      return true;
    }
  }
  size_t value = 0;
  for (size_t i = 0; i < n; i++) {
    if (!isdigit((unsigned char)name[i]) || value > 100000) return false;
    value = 10 * value + (size_t)(name[i] - '0');
  }
  *out = value - 1;
  return n > 0 && value >= 1 && value <= q->table->columns;
}

static weyl_status no_column(const columns *q, const char *name, size_t n, const char *what) {
  char list[200] = "";
  size_t used = 0;
  for (size_t k = 0; q->table->name && k < q->table->columns && used < 120; k++)
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%.24s", k ? ", " : ": ", q->table->name[k]);
  return weyl_fail(q->ctx, WEYL_BAD_ARG, "%s: no column \"%.*s\" for %s among %zu%s", q->place, n < 40 ? (int)n : 40,
                   name, what, q->table->columns, list);
}

static weyl_status claim(columns *q, size_t k, const char *what) {
  char room[32];
  if (q->used[k])
    return weyl_fail(q->ctx, WEYL_BAD_ARG, "%s: %s is taken twice, now as %s", q->place, column_name(q, k, room), what);
  q->used[k] = 1;
  return WEYL_OK;
}

static weyl_status one(columns *q, const char *given, const char *const *usual, const char *what, size_t *out) {
  if (given) {
    if (!find(q, given, strlen(given), out)) return no_column(q, given, strlen(given), what);
    return claim(q, *out, what);
  }
  for (; *usual; usual++)
    if (q->table->name && find(q, *usual, strlen(*usual), out)) return claim(q, *out, what);
  return weyl_fail(q->ctx, WEYL_BAD_ARG, "%s: which column is the %s? No column says so by its name", q->place, what);
}

/* A list of names with commas in between; a name with a comma can be given by its number. */
static weyl_status many(columns *q, const char *names, const char *what, size_t *out, size_t *count) {
  *count = 0;
  for (const char *p = names; p; p = strchr(p, ',')) {
    if (*p == ',') p++;
    while (*p == ' ') p++;
    size_t n = strcspn(p, ","), k;
    while (n > 0 && p[n - 1] == ' ') n--;
    if (!find(q, p, n, &k)) return no_column(q, p, n, what);
    WEYL_TRY(claim(q, k, what));
    out[(*count)++] = k;
  }
  return WEYL_OK;
}

static weyl_status choose(columns *q, const weyl_moments_opts *o) {
  static const char *const targets[] = {"Y", "y", "target", NULL};
  static const char *const environments[] = {"environment", "env", "E", NULL};
  WEYL_TRY(one(q, o->environment, environments, "environment", &q->environment));
  WEYL_TRY(one(q, o->target, targets, "target", &q->target));
  if (o->anchors) WEYL_TRY(many(q, o->anchors, "an anchor", q->anchor, &q->anchors));
  if (o->features) return many(q, o->features, "a feature", q->feature, &q->features);
  for (size_t k = 0; k < q->table->columns; k++)
    if (!q->used[k] && !q->table->words[k]) q->feature[q->features++] = k;
  if (q->features == 0)
    return weyl_fail(q->ctx, WEYL_FORMAT, "%s: no column of numbers is left for features", q->place);
  return WEYL_OK;
}

static weyl_status missing(const columns *q, size_t row, size_t column) {
  char room[32], at[32] = "";
  if (q->table->line) snprintf(at, sizeof at, ":%zu", q->table->line[row]);
  const double x = q->table->value[row * q->table->columns + column];
  const char *word = weyl_table_word(q->table, row, column);
  if (word && column != q->environment)
    return weyl_fail(q->ctx, WEYL_FORMAT, "row %zu: %s is \"%.40s\", a number was expected (%s%s)", row + 1,
                     column_name(q, column, room), word, q->place, at);
  return weyl_fail(q->ctx, WEYL_FORMAT, "row %zu: %s is %s (%s%s)", row + 1, column_name(q, column, room),
                   isnan(x) ? "missing or not a number" : "infinite", q->place, at);
}

/* ---- environments ---- */

typedef struct key {
  const char *word;
  double value;
  size_t row;
} key;

static int by_value(const void *a, const void *b) {
  const key *x = a, *y = b;
  if (x->word && y->word) {
    const int c = strcmp(x->word, y->word);
    if (c) return c;
  } else if (x->value != y->value) {
    return x->value < y->value ? -1 : 1;
  }
  return x->row < y->row ? -1 : x->row > y->row;
}

static bool same(const key *a, const key *b) {
  return a->word && b->word ? strcmp(a->word, b->word) == 0 : a->value == b->value;
}

/* of[rows]: the environment of each row, numbered in the order of values or words */
static weyl_status environments(const columns *q, key *keys, size_t *of, size_t *count) {
  const weyl_table *t = q->table;
  for (size_t i = 0; i < t->rows; i++) {
    keys[i] = (key){weyl_table_word(t, i, q->environment), t->value[i * t->columns + q->environment], i};
    if (keys[i].word ? !keys[i].word[0] : !isfinite(keys[i].value)) return missing(q, i, q->environment);
  }
  qsort(keys, t->rows, sizeof *keys, by_value);
  *count = 0;
  for (size_t i = 0; i < t->rows; i++) {
    if (i > 0 && !same(&keys[i], &keys[i - 1])) ++*count;
    of[keys[i].row] = *count;
  }
  ++*count;
  return WEYL_OK;
}

static weyl_status name_environments(const columns *q, const key *keys, const size_t *of, weyl_moments *m) {
  for (size_t i = 0; i < q->table->rows; i++) {
    const size_t e = of[keys[i].row];
    if (m->name[e]) continue;
    m->name[e] =
        keys[i].word ? weyl_arena_strdup(m->arena, keys[i].word) : weyl_arena_printf(m->arena, "%.15g", keys[i].value);
    if (!m->name[e]) return WEYL_MEMORY;
  }
  return WEYL_OK;
}

/* ---- sums ---- */

/* n times (X, Y) P (X, Y)^T, P the projection on the anchors and, with an intercept, the constant. */
static weyl_status project(const columns *q, weyl_moments *m) {
  const size_t a = q->anchors + m->intercept, n = m->d + 1, columns_of = q->table->columns;
  m->anchored = weyl_arena_array(m->arena, double, n *n);
  double *gram = weyl_alloc(q->ctx, a * a + 2 * a * n + a + n, sizeof *gram);
  weyl_status status = m->anchored && gram ? WEYL_OK : WEYL_MEMORY;
  if (status == WEYL_OK) {
    double *cross = gram + a * a, *solved = cross + a * n, *anchors = solved + a * n, *z = anchors + a;
    for (size_t row = 0; row < q->table->rows; row++) {
      const double *v = q->table->value + row * columns_of;
      for (size_t i = 0; i < a; i++) anchors[i] = i < q->anchors ? v[q->anchor[i]] : 1;
      for (size_t i = 0; i < n; i++) z[i] = i == m->d ? v[q->target] : i < q->features ? v[q->feature[i]] : 1;
      for (size_t i = 0; i < a; i++) {
        for (size_t j = 0; j < a; j++) gram[i * a + j] += anchors[i] * anchors[j];
        for (size_t j = 0; j < n; j++) cross[i * n + j] += anchors[i] * z[j];
      }
    }
    status = weyl_solve(q->ctx, a, n, gram, cross, solved);
    if (status != WEYL_OK) {
      weyl_message_clear(q->ctx);
      status = weyl_fail(q->ctx, WEYL_DEGENERATE, "%s: the anchors depend on each other linearly", q->place);
    }
    for (size_t i = 0; i < n && status == WEYL_OK; i++)
      for (size_t j = 0; j < n; j++)
        for (size_t k = 0; k < a; k++) m->anchored[i * n + j] += cross[k * n + i] * solved[k * n + j];
  }
  weyl_dealloc(q->ctx, gram);
  return status;
}

static weyl_status check_values(const columns *q) {
  for (size_t row = 0; row < q->table->rows; row++) {
    const double *v = q->table->value + row * q->table->columns;
    if (!isfinite(v[q->target])) return missing(q, row, q->target);
    for (size_t i = 0; i < q->features; i++)
      if (!isfinite(v[q->feature[i]])) return missing(q, row, q->feature[i]);
    for (size_t i = 0; i < q->anchors; i++)
      if (!isfinite(v[q->anchor[i]])) return missing(q, row, q->anchor[i]);
  }
  return WEYL_OK;
}

static weyl_status sums(const columns *q, const size_t *of, weyl_moments *m) {
  double *x = weyl_alloc(q->ctx, m->d + 1, sizeof *x);
  if (!x) return WEYL_MEMORY;
  for (size_t row = 0; row < q->table->rows; row++) {
    const double *v = q->table->value + row * q->table->columns;
    for (size_t i = 0; i < q->features; i++) x[i] = v[q->feature[i]];
    if (m->intercept) x[q->features] = 1;
    moments_add_row(m, of[row], x, v[q->target]);
  }
  weyl_dealloc(q->ctx, x);
  for (size_t e = 0; e < m->count; e++) {
    if (m->rows[e] < 2)
      return weyl_fail(q->ctx, WEYL_FORMAT, "environment %s has one row: at least 2 are needed (%s)", m->name[e],
                       q->place);
    moments_finish(m, e);
    for (size_t i = 0; i < m->d; i++)
      if (!isfinite(m->sigma[(e * m->d + i) * m->d + i]) || !isfinite(m->y2[e]))
        return weyl_fail(q->ctx, WEYL_NUMERIC,
                         "environment %s: squares of %s or %s are beyond the range of numbers (%s)", m->name[e],
                         m->feature[i], m->feature[m->d], q->place);
  }
  return WEYL_OK;
}

static weyl_status gather(const columns *q, key *keys, size_t *of, bool intercept, weyl_moments *m) {
  size_t count = 0;
  WEYL_TRY(check_values(q));
  WEYL_TRY(environments(q, keys, of, &count));
  WEYL_TRY(moments_new(q->ctx, q->features + intercept, count, intercept, m));
  weyl_status status = name_environments(q, keys, of, m);
  char room[32];
  for (size_t i = 0; i <= m->d && status == WEYL_OK; i++) {
    const char *name = i < q->features ? column_name(q, q->feature[i], room)
                       : i == m->d     ? column_name(q, q->target, room)
                                       : "1";
    m->feature[i] = weyl_arena_strdup(m->arena, name);
    if (!m->feature[i]) status = WEYL_MEMORY;
  }
  for (size_t i = 0; i < q->features && status == WEYL_OK; i++)
    for (size_t j = 0; j < i && status == WEYL_OK; j++)
      if (strcmp(m->feature[i], m->feature[j]) == 0)
        status = weyl_fail(q->ctx, WEYL_FORMAT, "columns %zu and %zu are both called %s (%s)", q->feature[j] + 1,
                           q->feature[i] + 1, m->feature[i], q->place);
  if (status == WEYL_OK) status = sums(q, of, m);
  if (status == WEYL_OK && q->anchors) status = project(q, m);
  if (status != WEYL_OK) weyl_moments_free(m);
  return status;
}

weyl_status weyl_moments_table(weyl_context *ctx, const weyl_table *table, const char *place,
                               const weyl_moments_opts *opts, weyl_moments *out) {
  const weyl_moments_opts o = opts ? *opts : (weyl_moments_opts){0};
  columns q = {.ctx = ctx, .table = table, .place = place};
  const size_t n = table->columns;
  q.feature = weyl_alloc(ctx, n, sizeof *q.feature);
  q.anchor = weyl_alloc(ctx, n, sizeof *q.anchor);
  q.used = weyl_alloc(ctx, n, 1);
  key *keys = weyl_alloc(ctx, table->rows, sizeof *keys);
  size_t *of = weyl_alloc(ctx, table->rows, sizeof *of);
  weyl_status status = q.feature && q.anchor && q.used && keys && of ? choose(&q, &o) : WEYL_MEMORY;
  weyl_moments m = {0};
  if (status == WEYL_OK) status = gather(&q, keys, of, o.intercept, &m);
  if (status == WEYL_OK) *out = m;
  weyl_dealloc(ctx, q.feature);
  weyl_dealloc(ctx, q.anchor);
  weyl_dealloc(ctx, q.used);
  weyl_dealloc(ctx, keys);
  weyl_dealloc(ctx, of);
  return status;
}

weyl_status weyl_moments_read(weyl_context *ctx, const char *path, const weyl_moments_opts *opts, weyl_moments *out) {
  weyl_table table = {0};
  WEYL_TRY(weyl_table_read(ctx, path, &table));
  const weyl_status status = weyl_moments_table(ctx, &table, path, opts, out);
  weyl_table_free(ctx, &table);
  return status;
}
