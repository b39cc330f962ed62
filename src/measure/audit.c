/* The error of equivariance |f(g x) - g f(x)| over samples of data and random group elements. */
#include <weyl/measure.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "beta.h"

/* Draws evaluated in one call of the target, about: large enough to fill a batch, small enough for memory. */
#define DRAWS_AT_ONCE 256

weyl_audit_opts weyl_audit_defaults(weyl_dtype dtype) {
  const bool single = dtype == WEYL_F32;
  return (weyl_audit_opts){
      .inputs = 200,
      .elements = 3,
      .translation_scale = 1,
      .seed = 1,
      /* Rounding, amplified by the depth of a network and by 1/gap of a frame: the mean stays within about a hundred
       * units of rounding, single unlucky draws do not. */
      .tolerance_mean = single ? 1e-5 : 1e-12,
      .tolerance_max = single ? 1e-3 : 1e-10,
      .confidence = 0.95,
  };
}

static bool is_global(weyl_action action) {
  return action == WEYL_ACT_GLOBAL_SCALAR || action == WEYL_ACT_GLOBAL_VECTOR || action == WEYL_ACT_GLOBAL_POINT ||
         action == WEYL_ACT_COADJOINT;
}

/* Numbers in an array of this slot for a sample of n points. */
static size_t slot_size(const weyl_audit_slot *slot, int64_t n) {
  const size_t w = (size_t)slot->width, rows = (size_t)n;
  if (is_global(slot->action)) return w;
  return slot->action == WEYL_ACT_PAIR ? rows * rows * w : rows * w;
}

static weyl_status check(weyl_context *ctx, const weyl_audit_target *t, const weyl_audit_opts *o) {
  if (t->inputs < 1 || t->samples < 1)
    return weyl_fail(ctx, WEYL_BAD_ARG, "audit: %d inputs and %lld samples, both must be 1 or more", t->inputs,
                     (long long)t->samples);
  for (int k = 0; k <= t->inputs; k++) {
    const weyl_audit_slot *slot = k < t->inputs ? &t->input[k] : &t->output;
    if (slot->width < 1)
      return weyl_fail(ctx, WEYL_BAD_ARG, "audit: %s has width %lld, must be 1 or more", slot->name,
                       (long long)slot->width);
  }
  if (o->inputs < 1 || o->elements < 1)
    return weyl_fail(ctx, WEYL_BAD_ARG, "audit: %lld inputs and %d elements, both must be 1 or more",
                     (long long)o->inputs, o->elements);
  if (!(o->confidence > 0 && o->confidence < 1))
    return weyl_fail(ctx, WEYL_BAD_ARG, "audit: confidence is %g, must be between 0 and 1", o->confidence);
  if (!(o->translation_scale >= 0))
    return weyl_fail(ctx, WEYL_BAD_ARG, "audit: translation_scale is %g, must be 0 or more", o->translation_scale);
  return WEYL_OK;
}

/* The element of draw (sample, element): a stream of its own, so that neither the batching nor the number of elements
 * changes it. */
static weyl_status draw(weyl_context *ctx, const weyl_group *group, int64_t n, const weyl_audit_opts *o, int64_t sample,
                        int element, double *g) {
  char name[64];
  snprintf(name, sizeof name, "audit.%lld.%d", (long long)sample, element);
  weyl_rng rng = weyl_rng_new(o->seed, name);
  return weyl_group_sample(ctx, group, n, o->translation_scale, &rng, g);
}

/* Adds up the squares by which relative errors are scaled. Points can be anywhere, so for them what counts is the
 * deviation from the mean of the sample's points. */
static void add_squares(const weyl_audit_slot *slot, int64_t n, int space, const double *y, double *spread,
                        double *plain, double *count) {
  const size_t size = slot_size(slot, n);
  for (size_t i = 0; i < size; i++) *plain += y[i] * y[i];
  *count += (double)size;

  const bool points = slot->action == WEYL_ACT_POINT || slot->action == WEYL_ACT_GLOBAL_POINT;
  if (!points) {
    for (size_t i = 0; i < size; i++) *spread += y[i] * y[i];
    return;
  }
  const size_t d = (size_t)(space > 0 ? space : slot->width); /* permutations alone do not say: a row is a point */
  for (size_t c = 0; c < d; c++) {
    double mean = 0;
    for (size_t i = c; i < size; i += d) mean += y[i];
    mean /= (double)(size / d);
    for (size_t i = c; i < size; i += d) *spread += (y[i] - mean) * (y[i] - mean);
  }
}

/* to = g from, for slot k of n points; both lie in the arena. */
static weyl_status move_slot(weyl_context *ctx, weyl_arena *arena, const weyl_group *group, const weyl_audit_target *t,
                             int k, const double *g, int64_t n, const double *from, double *to) {
  const weyl_audit_slot *slot = k < t->inputs ? &t->input[k] : &t->output;
  const char *what = k < t->inputs ? "input" : "output";
  const bool scalar = slot->action == WEYL_ACT_SCALAR || slot->action == WEYL_ACT_GLOBAL_SCALAR;
  double *first = to;
  if (scalar && t->turn) {
    first = weyl_arena_array(arena, double, slot_size(slot, n) + 1);
    if (first == NULL) return WEYL_MEMORY;
  }
  weyl_status status = weyl_group_act(ctx, group, g, slot->action, n, slot->width, from, first);
  if (status == WEYL_OK && first != to) status = t->turn(t->arg, k, g, is_global(slot->action) ? 1 : n, first, to);
  return status == WEYL_OK ? WEYL_OK : weyl_fail_within(ctx, status, "audit: %s %s", what, slot->name);
}

typedef struct chunk {
  int64_t first, count;      /* picks of this chunk */
  weyl_audit_sample *sample; /* [count][1 + elements]: the sample, then its moved copies */
  double **y;                /* likewise */
  double **g;                /* [count][elements] */
} chunk;

static weyl_status build(weyl_context *ctx, weyl_arena *arena, const weyl_group *group, const weyl_audit_target *t,
                         const weyl_audit_opts *o, int64_t picks, chunk *c) {
  const int64_t copies = 1 + o->elements;
  c->sample = weyl_arena_array(arena, weyl_audit_sample, c->count * copies);
  c->y = weyl_arena_array(arena, double *, c->count *copies);
  c->g = weyl_arena_array(arena, double *, c->count * o->elements);
  if (c->sample == NULL || c->y == NULL || c->g == NULL) return WEYL_MEMORY;

  for (int64_t p = 0; p < c->count; p++) {
    weyl_audit_sample *s = &c->sample[p * copies];
    const int64_t index = (c->first + p) * t->samples / picks;
    weyl_audit_sample given = {0};
    WEYL_TRY(t->sample(t->arg, index, &given));

    /* what `sample` hands out lives until its next call: copy */
    double **input = weyl_arena_array(arena, double *, t->inputs);
    if (input == NULL) return WEYL_MEMORY;
    for (int k = 0; k < t->inputs; k++) {
      const size_t size = slot_size(&t->input[k], given.n);
      input[k] = weyl_arena_array(arena, double, size + 1);
      if (input[k] == NULL) return WEYL_MEMORY;
      memcpy(input[k], given.input[k], size * sizeof(double));
    }
    s[0] = (weyl_audit_sample){.n = given.n, .input = (const double *const *)input};
    const size_t out = slot_size(&t->output, given.n) + 1;
    c->y[p * copies] = weyl_arena_array(arena, double, out);
    if (c->y[p * copies] == NULL) return WEYL_MEMORY;

    for (int e = 0; e < o->elements; e++) {
      double *g = weyl_arena_array(arena, double, weyl_group_element_size(group, given.n) + 1);
      double **moved = weyl_arena_array(arena, double *, t->inputs);
      double *y = weyl_arena_array(arena, double, out);
      if (g == NULL || moved == NULL || y == NULL) return WEYL_MEMORY;
      WEYL_TRY(draw(ctx, group, given.n, o, index, e, g));
      for (int k = 0; k < t->inputs; k++) {
        moved[k] = weyl_arena_array(arena, double, slot_size(&t->input[k], given.n) + 1);
        if (moved[k] == NULL) return WEYL_MEMORY;
        WEYL_TRY(move_slot(ctx, arena, group, t, k, g, given.n, input[k], moved[k]));
      }
      s[1 + e] = (weyl_audit_sample){.n = given.n, .input = (const double *const *)moved};
      c->g[p * o->elements + e] = g;
      c->y[p * copies + 1 + e] = y;
    }
  }
  return WEYL_OK;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

typedef struct worst {
  double error; /* not yet relative */
  int64_t sample;
  int element;
  double *g;
  size_t size;
} worst;

/* Compares f(g x) with g f(x) in one chunk; error [count][elements]. */
static weyl_status compare(weyl_context *ctx, weyl_arena *tmp, weyl_arena *keep, const weyl_group *group,
                           const weyl_audit_target *t, const weyl_audit_opts *o, int64_t picks, const chunk *c,
                           double *error, worst *w) {
  const int64_t copies = 1 + o->elements;
  for (int64_t p = 0; p < c->count; p++) {
    const int64_t n = c->sample[p * copies].n, index = (c->first + p) * t->samples / picks;
    const size_t size = slot_size(&t->output, n);
    double *turned = weyl_arena_array(tmp, double, size + 1);
    if (turned == NULL) return WEYL_MEMORY;
    for (int e = 0; e < o->elements; e++) {
      const double *g = c->g[p * o->elements + e], *y = c->y[p * copies + 1 + e];
      WEYL_TRY(move_slot(ctx, tmp, group, t, t->inputs, g, n, c->y[p * copies], turned));
      double sum = 0;
      for (size_t i = 0; i < size; i++) sum += (y[i] - turned[i]) * (y[i] - turned[i]);
      const double err = size > 0 ? sqrt(sum / (double)size) : 0;
      if (!isfinite(err))
        return weyl_fail(ctx, WEYL_NUMERIC, "audit: %s of sample %lld under element %d is not finite", t->output.name,
                         (long long)index, e);
      error[p * o->elements + e] = err;
      if (err > w->error || w->g == NULL) {
        const size_t length = weyl_group_element_size(group, n);
        if (w->g == NULL || w->size < length) w->g = weyl_arena_array(keep, double, length + 1);
        if (w->g == NULL) return WEYL_MEMORY;
        memcpy(w->g, g, length * sizeof(double));
        *w = (worst){err, index, e, w->g, length};
      }
    }
  }
  return WEYL_OK;
}

weyl_status weyl_audit(weyl_context *ctx, weyl_arena *arena, const weyl_group *group, const weyl_audit_target *target,
                       const weyl_audit_opts *opts, weyl_audit_result *out) {
  const weyl_audit_opts o = opts != NULL ? *opts : weyl_audit_defaults(WEYL_F64);
  WEYL_TRY(check(ctx, target, &o));
  const int64_t picks = o.inputs < target->samples ? o.inputs : target->samples;
  const int64_t draws = picks * o.elements, copies = 1 + o.elements;
  const int64_t per_chunk = copies >= DRAWS_AT_ONCE ? 1 : DRAWS_AT_ONCE / copies;
  const weyl_group_info about = weyl_group_about(group);
  char what[96];
  snprintf(what, sizeof what, "audit %s", about.name);

  weyl_status status = WEYL_OK;
  weyl_arena *tmp = NULL;
  double *error = weyl_alloc(ctx, (size_t)draws, sizeof *error);
  double spread = 0, plain = 0, numbers = 0;
  worst w = {0};
  if (error == NULL) return WEYL_MEMORY;
  WEYL_GOTO(weyl_arena_new(ctx, &tmp));

  const weyl_mark start = weyl_arena_mark(tmp);
  for (int64_t first = 0; first < picks; first += per_chunk) {
    if (weyl_progress(ctx, what, (double)first, (double)picks)) {
      status = weyl_fail(ctx, WEYL_INTERRUPTED, "audit: stopped after %lld of %lld samples", (long long)first,
                         (long long)picks);
      goto done;
    }
    chunk c = {.first = first, .count = picks - first < per_chunk ? picks - first : per_chunk};
    WEYL_GOTO(build(ctx, tmp, group, target, &o, picks, &c));
    WEYL_GOTO(target->evaluate(target->arg, c.count * copies, c.sample, c.y));
    for (int64_t p = 0; p < c.count; p++)
      add_squares(&target->output, c.sample[p * copies].n, about.space, c.y[p * copies], &spread, &plain, &numbers);
    WEYL_GOTO(compare(ctx, tmp, arena, group, target, &o, picks, &c, &error[first * o.elements], &w));
    weyl_arena_release(tmp, start);
  }

  /* A single point has no spread, and a function may be 0: then the plain size, then 1, is the scale. */
  double rms = sqrt(spread / numbers);
  if (!(rms > 1e-14 * sqrt(plain / numbers))) rms = sqrt(plain / numbers);
  const double scale = rms > 0 ? rms : 1;

  weyl_audit_result r = {.rms = rms, .draws = draws, .worst_sample = w.sample, .worst_element = w.element};
  for (int64_t i = 0; i < draws; i++) {
    error[i] /= scale;
    r.mean += error[i];
    if (error[i] > o.tolerance_max) r.failing++;
  }
  r.mean /= (double)draws;
  qsort(error, (size_t)draws, sizeof *error, ascending);
  r.max = error[draws - 1];
  r.quantile99 = error[(int64_t)ceil(0.99 * (double)draws) - 1];
  r.failing_bound = weyl_binomial_upper(r.failing, draws, o.confidence);
  r.worst_g = w.g;
  r.worst_size = w.size;
  r.holds = r.mean <= o.tolerance_mean && r.max <= o.tolerance_max;
  *out = r;

done:
  weyl_arena_free(tmp);
  weyl_dealloc(ctx, error);
  return status;
}
