/* Variables: what outlives a trace. One contiguous arena a kind, entries aligned to 64 bytes, padding zero. */
#include "variables.h"

#include <string.h>

weyl_init weyl_init_constant(double value) { return (weyl_init){WEYL_INIT_CONSTANT, value, 0}; }
weyl_init weyl_init_uniform(double low, double high) { return (weyl_init){WEYL_INIT_UNIFORM, low, high}; }
weyl_init weyl_init_normal(double mean, double deviation) { return (weyl_init){WEYL_INIT_NORMAL, mean, deviation}; }

weyl_status weyl_variables_new(weyl_context *ctx, weyl_dtype real, uint64_t seed, weyl_variables **out) {
  *out = NULL;
  if (real != WEYL_F32 && real != WEYL_F64)
    return weyl_fail(ctx, WEYL_DTYPE, "variables are f32 or f64, not %s", weyl_dtype_name(real));
  weyl_arena *arena = NULL;
  WEYL_TRY(weyl_arena_new(ctx, &arena));
  weyl_variables *v = weyl_alloc(ctx, 1, sizeof *v);
  if (!v) {
    weyl_arena_free(arena);
    return WEYL_MEMORY;
  }
  v->ctx = ctx;
  v->arena = arena;
  v->real = real;
  v->seed = seed;
  *out = v;
  return WEYL_OK;
}

void weyl_variables_free(weyl_variables *v) {
  if (!v) return;
  for (int k = 0; k < WEYL_KINDS; k++) {
    weyl_dealloc(v->ctx, v->store[k].data);
    weyl_dealloc(v->ctx, v->store[k].items);
  }
  weyl_arena_free(v->arena);
  weyl_dealloc(v->ctx, v);
}

weyl_dtype weyl_variables_dtype(const weyl_variables *v) { return v->real; }
size_t weyl_variables_count(const weyl_variables *v, weyl_kind kind) { return v->store[kind].n; }
const char *weyl_variables_name(const weyl_variables *v, weyl_kind kind, size_t i) {
  return v->store[kind].items[i].name;
}

static int64_t numbers(const variable *item) {
  int64_t n = 1;
  for (int i = 0; i < item->rank; i++) n *= item->dim[i];
  return n;
}

weyl_array weyl_variables_array(const weyl_variables *v, weyl_kind kind, size_t i) {
  const variable *item = &v->store[kind].items[i];
  weyl_array a = {.data = (char *)v->store[kind].data + (size_t)item->offset * weyl_dtype_size(v->real),
                  .dtype = v->real,
                  .rank = item->rank};
  memcpy(a.dim, item->dim, sizeof a.dim);
  return a;
}

int64_t weyl_variables_find(const weyl_variables *v, weyl_kind kind, const char *name) {
  for (int hop = 0; hop < 16; hop++) { /* ties may chain */
    const tie *t = v->ties;
    while (t && !(t->kind == kind && strcmp(t->alias, name) == 0)) t = t->next;
    if (!t) break;
    name = t->name;
  }
  for (size_t i = 0; i < v->store[kind].n; i++)
    if (strcmp(v->store[kind].items[i].name, name) == 0) return (int64_t)i;
  return -1;
}

int64_t weyl_variables_numbers(const weyl_variables *v, weyl_kind kind) {
  int64_t n = 0;
  for (size_t i = 0; i < v->store[kind].n; i++) n += numbers(&v->store[kind].items[i]);
  return n;
}

weyl_array weyl_variables_arena(const weyl_variables *v, weyl_kind kind) {
  return (weyl_array){.data = v->store[kind].data, .dtype = v->real, .rank = 1, .dim = {v->store[kind].used}};
}

weyl_status weyl_variables_tie(weyl_variables *v, weyl_kind kind, const char *alias, const char *name) {
  if (strcmp(alias, name) == 0) return weyl_fail(v->ctx, WEYL_BAD_ARG, "variable %s cannot be tied to itself", name);
  for (size_t i = 0; i < v->store[kind].n; i++)
    if (strcmp(v->store[kind].items[i].name, alias) == 0)
      return weyl_fail(v->ctx, WEYL_BAD_ARG, "variable %s exists already and cannot become another name of %s", alias,
                       name);
  tie *t = weyl_arena_array(v->arena, tie, 1);
  char *a = weyl_arena_strdup(v->arena, alias), *b = weyl_arena_strdup(v->arena, name);
  if (!t || !a || !b) return WEYL_MEMORY;
  *t = (tie){kind, a, b, v->ties};
  v->ties = t;
  return WEYL_OK;
}

static void write_number(weyl_dtype real, void *data, int64_t i, double x) {
  if (real == WEYL_F32)
    ((float *)data)[i] = (float)x;
  else
    ((double *)data)[i] = x;
}

static double read_number(weyl_dtype real, const void *data, int64_t i) {
  return real == WEYL_F32 ? (double)((const float *)data)[i] : ((const double *)data)[i];
}

static void initialise(const weyl_variables *v, weyl_kind kind, const variable *item, weyl_init init) {
  const weyl_array a = weyl_variables_array(v, kind, (size_t)(item - v->store[kind].items));
  const int64_t n = numbers(item);
  weyl_rng rng = weyl_rng_new(v->seed, item->name);
  for (int64_t i = 0; i < n; i++) {
    double x = init.a;
    if (init.kind == WEYL_INIT_UNIFORM) x = init.a + (init.b - init.a) * weyl_rng_uniform(&rng);
    if (init.kind == WEYL_INIT_NORMAL) x = init.a + init.b * weyl_rng_normal(&rng);
    write_number(v->real, a.data, i, x);
  }
}

weyl_status weyl_variables_declare(weyl_variables *v, weyl_kind kind, const char *name, const weyl_shape *shape,
                                   weyl_init init, size_t *index) {
  static const char *const what[WEYL_KINDS] = {"parameter", "state", "slot"};
  char text[160];
  for (int i = 0; i < shape->rank; i++)
    if (shape->dim[i].count != WEYL_NUMBER || shape->dim[i].n < 1)
      return weyl_fail(v->ctx, WEYL_SHAPE, "%s %s: shape %s must be of positive numbers", what[kind], name,
                       weyl_shape_text(shape, text));
  const int64_t found = weyl_variables_find(v, kind, name);
  if (found >= 0) {
    const variable *item = &v->store[kind].items[found];
    bool same = item->rank == shape->rank;
    for (int i = 0; same && i < item->rank; i++) same = item->dim[i] == shape->dim[i].n;
    if (!same) {
      weyl_shape old = {.rank = item->rank};
      for (int i = 0; i < item->rank; i++) old.dim[i] = weyl_num(item->dim[i]);
      char b[160];
      return weyl_fail(v->ctx, WEYL_SHAPE, "%s %s: declared with shape %s, before with %s", what[kind], name,
                       weyl_shape_text(shape, text), weyl_shape_text(&old, b));
    }
    *index = (size_t)found;
    return WEYL_OK;
  }
  store *s = &v->store[kind];
  variable item = {.rank = shape->rank, .offset = s->used};
  for (int i = 0; i < shape->rank; i++) item.dim[i] = shape->dim[i].n;
  const int64_t line = (int64_t)(64 / weyl_dtype_size(v->real));
  int64_t n = 1;
  for (int i = 0; i < item.rank; i++)
    if (__builtin_mul_overflow(n, item.dim[i], &n) || n > (INT64_C(1) << 40))
      return weyl_fail(v->ctx, WEYL_BAD_ARG, "%s %s: shape %s is absurdly large", what[kind], name,
                       weyl_shape_text(shape, text));
  const int64_t used = s->used + (n + line - 1) / line * line;
  item.name = weyl_arena_strdup(v->arena, name);
  if (!item.name) return WEYL_MEMORY;
  if (s->n == s->cap) {
    void *p = weyl_realloc(v->ctx, s->items, s->cap ? 2 * s->cap : 32, sizeof *s->items);
    if (!p) return WEYL_MEMORY;
    s->items = p;
    s->cap = s->cap ? 2 * s->cap : 32;
  }
  if (used > s->room) {
    const int64_t room = used > 2 * s->room ? used : 2 * s->room;
    void *p = weyl_realloc(v->ctx, s->data, (size_t)room, weyl_dtype_size(v->real));
    if (!p) return WEYL_MEMORY;
    s->data = p;
    s->room = room;
  }
  s->items[s->n] = item;
  s->used = used;
  s->n++;
  initialise(v, kind, &s->items[s->n - 1], init);
  *index = s->n - 1;
  return WEYL_OK;
}

weyl_status weyl_variables_cast(const weyl_variables *v, weyl_dtype real, weyl_variables **out) {
  weyl_variables *to = NULL;
  WEYL_TRY(weyl_variables_new(v->ctx, real, v->seed, &to));
  for (int k = 0; k < WEYL_KINDS; k++)
    for (size_t i = 0; i < v->store[k].n; i++) {
      const weyl_array from = weyl_variables_array(v, (weyl_kind)k, i);
      weyl_shape shape = {.rank = from.rank};
      for (int d = 0; d < from.rank; d++) shape.dim[d] = weyl_num(from.dim[d]);
      size_t at = 0;
      const weyl_status status =
          weyl_variables_declare(to, (weyl_kind)k, v->store[k].items[i].name, &shape, weyl_init_constant(0), &at);
      if (status != WEYL_OK) {
        weyl_variables_free(to);
        return status;
      }
      const weyl_array copy = weyl_variables_array(to, (weyl_kind)k, at);
      for (int64_t n = 0; n < weyl_array_size(&from); n++)
        write_number(real, copy.data, n, read_number(v->real, from.data, n));
    }
  for (const tie *t = v->ties; t; t = t->next) {
    const weyl_status status = weyl_variables_tie(to, t->kind, t->alias, t->name);
    if (status != WEYL_OK) {
      weyl_variables_free(to);
      return status;
    }
  }
  *out = to;
  return WEYL_OK;
}

enum { SAVED_NAME = 768 };

static weyl_status saved_name(const weyl_variables *v, weyl_kind kind, size_t i, const char *prefix,
                              char name[SAVED_NAME]) {
  const int n = snprintf(name, SAVED_NAME, "%s%s", prefix, v->store[kind].items[i].name);
  if (n < 0 || n >= SAVED_NAME)
    return weyl_fail(v->ctx, WEYL_BAD_ARG, "variable name %s%s is too long", prefix, v->store[kind].items[i].name);
  return WEYL_OK;
}

weyl_status weyl_variables_save(const weyl_variables *v, weyl_kind kind, const char *prefix, weyl_bundle *into) {
  for (size_t i = 0; i < v->store[kind].n; i++) {
    char name[SAVED_NAME];
    WEYL_TRY(saved_name(v, kind, i, prefix, name));
    const weyl_array a = weyl_variables_array(v, kind, i);
    WEYL_TRY(weyl_bundle_add(into, name, &a));
  }
  return WEYL_OK;
}

weyl_status weyl_variables_load(weyl_variables *v, weyl_kind kind, const char *prefix, const weyl_bundle *from,
                                const char *place) {
  for (int pass = 0; pass < 2; pass++) /* check everything, then change everything */
    for (size_t i = 0; i < v->store[kind].n; i++) {
      char name[SAVED_NAME];
      WEYL_TRY(saved_name(v, kind, i, prefix, name));
      const weyl_array to = weyl_variables_array(v, kind, i);
      const weyl_array *a = weyl_bundle_find(from, name);
      if (!a) return weyl_fail(v->ctx, WEYL_FORMAT, "%s has no array %s", place, name);
      if (a->dtype != WEYL_F32 && a->dtype != WEYL_F64)
        return weyl_fail(v->ctx, WEYL_DTYPE, "%s: array %s is %s, must be f32 or f64", place, name,
                         weyl_dtype_name(a->dtype));
      bool same = a->rank == to.rank;
      for (int d = 0; same && d < to.rank; d++) same = a->dim[d] == to.dim[d];
      if (!same) {
        weyl_shape s = {.rank = a->rank}, t = {.rank = to.rank};
        for (int d = 0; d < s.rank; d++) s.dim[d] = weyl_num(a->dim[d]);
        for (int d = 0; d < t.rank; d++) t.dim[d] = weyl_num(to.dim[d]);
        char b[160], c[160];
        return weyl_fail(v->ctx, WEYL_SHAPE, "%s: array %s has shape %s, the model's has %s", place, name,
                         weyl_shape_text(&s, b), weyl_shape_text(&t, c));
      }
      if (pass == 1)
        for (int64_t e = 0; e < weyl_array_size(a); e++)
          write_number(v->real, to.data, e, read_number(a->dtype, a->data, e));
    }
  return WEYL_OK;
}
