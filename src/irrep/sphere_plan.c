/* Plans of products of functions on the sphere: over couplings, as a tensor product whose weights are made of those of
 * degrees, or on a grid, with layouts converted at the edges. */
#include "sphere_plan.h"

#include "product_choice.h"

#include <string.h>

enum { SAMPLES_MAX = 8 }; /* at a time through layouts */

/* ---- checks ---- */

static weyl_status check_choice(weyl_context *ctx, const char *what, int value, int least, int most) {
  if (value >= least && value <= most) return WEYL_OK;
  return weyl_fail(ctx, WEYL_BAD_ARG, "%s is %d, must be %d to %d", what, value, least, most);
}

static weyl_status check(weyl_context *ctx, const weyl_sphere_product_opts *o, weyl_dtype dtype) {
  if (dtype != WEYL_F32 && dtype != WEYL_F64)
    return weyl_fail(ctx, WEYL_DTYPE, "a product of %s numbers, must be f32 or f64", weyl_dtype_name(dtype));
  WEYL_TRY(check_choice(ctx, "kind", (int)o->kind, 0, WEYL_SPHERE_POWERS));
  WEYL_TRY(check_choice(ctx, "layout", (int)o->layout, 0, WEYL_LAYOUT_CHANNELS));
  WEYL_TRY(check_choice(ctx, "method", (int)o->method, 0, WEYL_PRODUCT_GRID));
  if (o->weights != WEYL_WEIGHTS_SHARED && o->weights != WEYL_WEIGHTS_NONE)
    return weyl_fail(ctx, WEYL_BAD_ARG, "weights is %d, must be shared (%d) or none (%d)", (int)o->weights,
                     (int)WEYL_WEIGHTS_SHARED, (int)WEYL_WEIGHTS_NONE);
  if (o->channels < 0 || o->channels > WEYL_IRREPS_MUL_MAX)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%lld channels, must be 0 to %d", (long long)o->channels, WEYL_IRREPS_MUL_MAX);
  if (o->kind == WEYL_SPHERE_PRODUCT) WEYL_TRY(check_choice(ctx, "functions", o->functions, 1, WEYL_SPHERE_FUNCTIONS));
  return check_choice(ctx, "l_out", o->l_out, 0, WEYL_L_MAX);
}

static weyl_status set_functions(weyl_sphere_product *p) {
  weyl_context *ctx = p->ctx;
  const weyl_sphere_product_opts *o = &p->opts;
  p->functions = o->kind == WEYL_SPHERE_PRODUCT ? o->functions : o->kind == WEYL_SPHERE_POWERS ? 1 : 2;
  int sum = 0;
  for (int i = 0; i < p->functions; i++) {
    WEYL_TRY(check_choice(ctx, "the degree of a function", o->l[i], 0, WEYL_L_MAX));
    p->exponent[i] = o->kind == WEYL_SPHERE_PRODUCT && o->exponent[i] != 0 ? o->exponent[i] : 1;
    WEYL_TRY(check_choice(ctx, "an exponent", p->exponent[i], 1, WEYL_SPHERE_FUNCTIONS));
    sum += p->exponent[i];
    p->l[i] = o->l[i];
  }
  p->l[p->functions] = o->l_out;
  WEYL_TRY(check_choice(ctx, "the sum of the exponents", sum, 1, WEYL_SPHERE_FUNCTIONS));
  if (o->kind == WEYL_SPHERE_POWERS)
    WEYL_TRY(check_choice(ctx, "the highest power", o->exponent[0], 2, SPHERE_POWER_MAX));
  p->results = o->kind == WEYL_SPHERE_COMPLETE ? 2 : o->kind == WEYL_SPHERE_POWERS ? o->exponent[0] - 1 : 1;
  int64_t weights = p->results * (o->l_out + 1);
  for (int i = 0; i < p->functions; i++) weights += p->l[i] + 1;
  p->weights = o->weights == WEYL_WEIGHTS_NONE ? 0 : weights * o->channels;
  for (int i = 0; i <= p->functions; i++) {
    weyl_irrep *item = weyl_arena_array(p->arena, weyl_irrep, p->l[i] + 1);
    if (!item) return WEYL_MEMORY;
    for (int l = 0; l <= p->l[i]; l++) item[l] = (weyl_irrep){o->channels, l, 1};
    p->irreps[i] = (weyl_irreps){p->l[i] + 1, item};
  }
  return weyl_irreps_check(ctx, p->irreps[p->functions]);
}

/* ---- methods ---- */

static bool two_functions(const weyl_sphere_product *p) {
  return p->functions == 2 && p->exponent[0] == 1 && p->exponent[1] == 1;
}

static weyl_status make_product(weyl_sphere_product *p, weyl_product_method method) {
  weyl_context *ctx = p->ctx;
  if (!two_functions(p))
    return weyl_fail(ctx, WEYL_UNSUPPORTED, "couplings are those of two functions, this product is made on a grid");
  static const weyl_path_kind kinds[] = {WEYL_PATH_EVEN, WEYL_PATH_ODD, WEYL_PATH_ALL};
  WEYL_TRY(weyl_paths_find(ctx, p->arena, p->irreps[0], p->irreps[1], p->irreps[2], kinds[p->opts.kind], &p->paths));
  double *factor = weyl_arena_array(p->arena, double, p->paths.n);
  if (!factor) return WEYL_MEMORY;
  for (int64_t i = 0; i < p->paths.n; i++) {
    const weyl_path *q = &p->paths.item[i];
    const bool odd = (q->l1 + q->l2 + q->l3) % 2 != 0;
    factor[i] = odd ? weyl_poisson_factor(q->l1, q->l2, q->l3) : weyl_gaunt_factor(q->l1, q->l2, q->l3);
  }
  const weyl_product_opts opts = {
      .weights = p->opts.weights, .layout = p->opts.layout, .factor = factor, .method = method};
  return weyl_product_new(ctx, &opts, p->dtype, p->irreps[0], p->irreps[1], p->irreps[2], p->paths, &p->product);
}

static weyl_status make_grid(weyl_sphere_product *p) {
  static const sphere_product_kind kinds[] = {SPHERE_PRODUCT, SPHERE_POISSON, SPHERE_COMPLETE, SPHERE_POWERS};
  p->kind = kinds[p->opts.kind];
  if (p->opts.kind == WEYL_SPHERE_POWERS)
    return sphere_product_make(p->ctx, p->arena, p->l[0], p->l[0], p->opts.l_out, p->opts.exponent[0], 0, 0, p->dtype,
                               &p->grid);
  if (two_functions(p)) {
    if (p->kind == SPHERE_PRODUCT) p->kind = SPHERE_GAUNT;
    return sphere_product_make(p->ctx, p->arena, p->l[0], p->l[1], p->opts.l_out, 2, 0, 0, p->dtype, &p->grid);
  }
  return sphere_product_make_many(p->ctx, p->arena, p->functions, p->l, p->exponent, p->opts.l_out, 0, 0, p->dtype,
                                  &p->grid);
}

static weyl_status make(weyl_sphere_product *p, weyl_product_method method) {
  p->method = method;
  return method == WEYL_PRODUCT_GRID ? make_grid(p) : make_product(p, method);
}

static weyl_status fill(weyl_sphere_product *p) {
  WEYL_TRY(set_functions(p));
  if (p->opts.method != WEYL_PRODUCT_AUTO) return make(p, p->opts.method);
  if (!two_functions(p)) return make(p, WEYL_PRODUCT_GRID);
  int l = p->opts.l_out;
  for (int i = 0; i < 2; i++)
    if (p->l[i] > l) l = p->l[i];
  weyl_product_method order[PRODUCT_METHODS];
  product_order(p->opts.kind == WEYL_SPHERE_PRODUCT ? PRODUCT_GAUNT : PRODUCT_COMPLETE, p->kernels->isa, p->dtype, l,
                order);
  weyl_status status = WEYL_UNSUPPORTED;
  for (int i = 0; i < PRODUCT_METHODS && status == WEYL_UNSUPPORTED; i++) {
    weyl_message_clear(p->ctx);
    status = make(p, order[i]);
  }
  return status;
}

weyl_status weyl_sphere_product_new(weyl_context *ctx, const weyl_sphere_product_opts *opts, weyl_dtype dtype,
                                    weyl_sphere_product **plan) {
  if (!opts) return weyl_fail(ctx, WEYL_BAD_ARG, "there are no options");
  WEYL_TRY(check(ctx, opts, dtype));
  weyl_sphere_product *p = weyl_alloc(ctx, 1, sizeof *p);
  if (!p) return WEYL_MEMORY;
  *p = (weyl_sphere_product){.ctx = ctx, .kernels = product_kernels_active(), .dtype = dtype, .opts = *opts};
  p->size = weyl_dtype_size(dtype);
  p->V = 64 / p->size;
  p->blocks = ((size_t)opts->channels + p->V - 1) / p->V;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &p->arena));
  WEYL_GOTO(fill(p));
  *plan = p;
  return WEYL_OK;
done:
  weyl_sphere_product_free(p);
  return status;
}

void weyl_sphere_product_free(weyl_sphere_product *plan) {
  if (!plan) return;
  weyl_product_free(plan->product);
  weyl_arena_free(plan->arena);
  weyl_dealloc(plan->ctx, plan);
}

weyl_product_method weyl_sphere_product_how(const weyl_sphere_product *plan) { return plan->method; }

int weyl_sphere_product_functions(const weyl_sphere_product *plan) { return plan->functions; }

int64_t weyl_sphere_product_weights(const weyl_sphere_product *plan) { return plan->weights; }

static size_t rows_of(const weyl_sphere_product *p, int i) { return (size_t)((p->l[i] + 1) * (p->l[i] + 1)); }

int64_t weyl_sphere_product_size(const weyl_sphere_product *plan, int i) {
  if (i < 0 || i > plan->functions) return 0;
  const bool blocked = plan->opts.layout == WEYL_LAYOUT_BLOCKED;
  return (int64_t)(rows_of(plan, i) * (blocked ? plan->blocks * plan->V : (size_t)plan->opts.channels));
}

double weyl_sphere_product_ops(const weyl_sphere_product *plan, int way) {
  if (plan->product) return weyl_product_ops(plan->product, way);
  if (way < 0 || way > 2) return 0;
  return sphere_product_operations(&plan->grid, (sphere_product_kind)((int)plan->kind + (way > 0)), way == 2);
}

/* ---- memory of a call ---- */

typedef struct parts {
  void *f[SPHERE_FUNCTIONS_MAX + 1], *df[SPHERE_FUNCTIONS_MAX]; /* blocked; f[functions]: z, or g */
  char *w, *dw;                                                 /* blocked, or a set of the tensor product's */
  void *scratch;
} parts;

static char *take(char *memory, size_t *used, size_t bytes) {
  char *mine = memory ? memory + *used : NULL;
  *used += (bytes + 63) / 64 * 64;
  return mine;
}

/* Of one set in the kernels' form. */
static size_t weight_bytes(const weyl_sphere_product *p) {
  if (p->weights == 0) return 0;
  if (p->product) return (size_t)weyl_product_weights(p->product) * p->size;
  return (size_t)(p->weights / p->opts.channels) * p->blocks * 64;
}

static size_t lay_out(const weyl_sphere_product *p, char *memory, parts *s) {
  size_t used = 0;
  s->w = take(memory, &used, weight_bytes(p));
  s->dw = take(memory, &used, weight_bytes(p));
  if (p->product) {
    s->scratch = take(memory, &used, weyl_product_work(p->product));
    return used;
  }
  for (int i = 0; p->opts.layout != WEYL_LAYOUT_BLOCKED && i <= p->functions; i++) {
    s->f[i] = take(memory, &used, SAMPLES_MAX * p->blocks * rows_of(p, i) * 64);
    if (i < p->functions) s->df[i] = take(memory, &used, SAMPLES_MAX * p->blocks * rows_of(p, i) * 64);
  }
  s->scratch = take(memory, &used, sphere_product_scratch(&p->grid));
  return used;
}

size_t weyl_sphere_product_work(const weyl_sphere_product *plan) {
  parts s;
  return lay_out(plan, NULL, &s);
}

/* ---- over couplings ---- */

/* w_p = w_1 w_2 w_z of the degrees of the path, or its gradients. */
#define OF_TYPE(T, t)                                                                                          \
  static void weights_in_##t(const weyl_sphere_product *p, const T *w, T *to) {                                \
    const size_t n = (size_t)p->opts.channels;                                                                 \
    for (int64_t i = 0; i < p->paths.n; i++) {                                                                 \
      const weyl_path *q = &p->paths.item[i];                                                                  \
      const T *a = w + (size_t)q->l1 * n, *b = w + (size_t)(p->l[0] + 1 + q->l2) * n,                          \
              *c = w + result_weights(p, q) * n;                                                               \
      for (size_t u = 0; u < n; u++) *to++ = a[u] * b[u] * c[u];                                               \
    }                                                                                                          \
  }                                                                                                            \
  static void weights_out_##t(const weyl_sphere_product *p, const T *w, const T *from, T *dw) {                \
    const size_t n = (size_t)p->opts.channels;                                                                 \
    for (int64_t i = 0; i < p->weights; i++) dw[i] = 0;                                                        \
    for (int64_t i = 0; i < p->paths.n; i++) {                                                                 \
      const weyl_path *q = &p->paths.item[i];                                                                  \
      const size_t a = (size_t)q->l1 * n, b = (size_t)(p->l[0] + 1 + q->l2) * n, c = result_weights(p, q) * n; \
      for (size_t u = 0; u < n; u++, from++) {                                                                 \
        dw[a + u] += *from * w[b + u] * w[c + u];                                                              \
        dw[b + u] += *from * w[a + u] * w[c + u];                                                              \
        dw[c + u] += *from * w[a + u] * w[b + u];                                                              \
      }                                                                                                        \
    }                                                                                                          \
  }

/* Where the weights of a path's result are, in rows. */
static size_t result_weights(const weyl_sphere_product *p, const weyl_path *q) {
  const bool second = p->results > 1 && (q->l1 + q->l2 + q->l3) % 2 != 0;
  return (size_t)(p->l[0] + 1 + p->l[1] + 1 + (second ? p->l[2] + 1 : 0) + q->l3);
}

OF_TYPE(float, f32)
OF_TYPE(double, f64)

static weyl_status by_product(weyl_context *ctx, const weyl_sphere_product *p, bool back, int64_t n,
                              const void *const *f, const void *w, const void *g, void *z, void *const *df, void *dw,
                              const parts *s) {
  const bool f32 = p->dtype == WEYL_F32, weights = p->weights > 0;
  if (weights && f32) weights_in_f32(p, w, (float *)(void *)s->w);
  if (weights && !f32) weights_in_f64(p, w, (double *)(void *)s->w);
  const void *const set = weights ? s->w : NULL;
  if (!back) return weyl_product_forward(ctx, p->product, n, f[0], f[1], set, z, s->scratch);
  WEYL_TRY(weyl_product_backward(ctx, p->product, n, f[0], f[1], set, g, df[0], df[1], dw ? s->dw : NULL, s->scratch));
  if (dw && f32) weights_out_f32(p, w, (const float *)(const void *)s->dw, dw);
  if (dw && !f32) weights_out_f64(p, w, (const double *)(const void *)s->dw, dw);
  return WEYL_OK;
}

/* ---- on the grid ---- */

/* Rows of weights of function i, and of result i - functions. */
static size_t weight_rows(const weyl_sphere_product *p, int i) {
  return (size_t)p->l[i < p->functions ? i : p->functions] + 1;
}

/* Weights as blocks of channels; or their gradients, back. */
static void move_weights(const weyl_sphere_product *p, bool in, const void *from, void *to) {
  const size_t n = (size_t)p->opts.channels;
  size_t plain = 0, blocked = 0;
  for (int i = 0; i < p->functions + p->results; i++) {
    const size_t rows = weight_rows(p, i);
    if (in)
      p->kernels->product_pack[p->dtype](1, n, rows, (const char *)from + plain, 0, 1, n, (char *)to + blocked, 0,
                                         rows * p->V);
    else
      p->kernels->product_unpack[p->dtype](1, n, rows, (const char *)from + blocked, 0, rows * p->V, (char *)to + plain,
                                           0, 1, n);
    plain += rows * n * p->size;
    blocked += rows * p->blocks * 64;
  }
}

/* Function i of the arrays takes its part of a set. */
static void set_weights(const weyl_sphere_product *p, char *set, bool gradients, sphere_arrays *a) {
  for (int i = 0; i < p->functions + p->results; i++) {
    const int result = i - p->functions;
    if (result < 0 && gradients) a->dwf[i] = set;
    if (result < 0 && !gradients) a->wf[i] = set;
    if (result > 0 && p->opts.kind == WEYL_SPHERE_COMPLETE) {
      if (gradients)
        a->dwp = set;
      else
        a->wp = set;
    } else if (result >= 0) {
      if (gradients)
        a->dwz[result] = set;
      else
        a->wz[result] = set;
    }
    set += weight_rows(p, i) * p->blocks * 64;
  }
}

static weyl_status by_grid(weyl_context *ctx, const weyl_sphere_product *p, bool back, int64_t n, const void *const *f,
                           const void *w, const void *g, void *z, void *const *df, void *dw, const parts *s) {
  const bool blocked = p->opts.layout == WEYL_LAYOUT_BLOCKED;
  const int functions = p->functions;
  sphere_arrays a = {.blocks = (int64_t)p->blocks};
  if (p->weights > 0) {
    move_weights(p, true, w, s->w);
    set_weights(p, s->w, false, &a);
  }
  if (dw) {
    memset(s->dw, 0, weight_bytes(p));
    set_weights(p, s->dw, true, &a);
  }
  const int64_t most = blocked ? n : SAMPLES_MAX;
  for (int64_t first = 0; first < n; first += most) {
    const int64_t here = n - first < most ? n - first : most;
    a.samples = here;
    for (int i = 0; i <= functions; i++) {
      const size_t at = (size_t)(first * weyl_sphere_product_size(p, i)) * p->size;
      const char *from = i < functions ? f[i] : g;
      char *to = i < functions ? (back ? df[i] : NULL) : z;
      if (from) from += at;
      if (to) to += at;
      if (!blocked && from)
        WEYL_TRY(weyl_layout_pack(ctx, p->opts.layout, p->dtype, p->irreps[i], p->opts.channels, here, from, s->f[i]));
      if (i < functions) {
        a.f[i] = blocked ? from : s->f[i];
        a.df[i] = !to ? NULL : blocked ? to : s->df[i];
      } else {
        a.g = blocked ? from : s->f[i];
        a.z = blocked ? to : s->f[i];
      }
    }
    const sphere_product_kind kind = back ? (sphere_product_kind)(p->kind + 1) : p->kind;
    for (int64_t b = 0; b < a.blocks; b++) sphere_product_run(&p->grid, kind, &a, b, 0, here, s->scratch);
    for (int i = 0; !blocked && i <= functions; i++) {
      char *to = i < functions ? (back ? df[i] : NULL) : z;
      if (!to) continue;
      to += (size_t)(first * weyl_sphere_product_size(p, i)) * p->size;
      WEYL_TRY(weyl_layout_unpack(ctx, p->opts.layout, p->dtype, p->irreps[i], p->opts.channels, here,
                                  i < functions ? s->df[i] : s->f[i], to));
    }
  }
  if (dw) move_weights(p, false, s->dw, dw);
  return WEYL_OK;
}

/* ---- calls ---- */

static weyl_status check_call(weyl_context *ctx, const weyl_sphere_product *p, int64_t n, const void *const *f,
                              const void *w, const void *memory) {
  if (!p) return weyl_fail(ctx, WEYL_BAD_ARG, "there is no plan");
  if (n < 0) return weyl_fail(ctx, WEYL_BAD_ARG, "%lld samples, must be 0 or more", (long long)n);
  if (!memory) return weyl_fail(ctx, WEYL_BAD_ARG, "there is no memory to work in");
  for (int i = 0; n > 0 && i < p->functions; i++)
    if (!f || !f[i]) return weyl_fail(ctx, WEYL_BAD_ARG, "function %d is missing", i);
  if (n > 0 && !w && p->weights > 0) return weyl_fail(ctx, WEYL_BAD_ARG, "the weights are missing");
  return WEYL_OK;
}

weyl_status weyl_sphere_product_forward(weyl_context *ctx, const weyl_sphere_product *plan, int64_t n,
                                        const void *const *f, const void *w, void *z, void *work) {
  WEYL_TRY(check_call(ctx, plan, n, f, w, work));
  if (n > 0 && !z) return weyl_fail(ctx, WEYL_BAD_ARG, "there is no place for the product");
  if (n == 0 || plan->blocks == 0) return WEYL_OK;
  parts s = {.w = NULL};
  lay_out(plan, work, &s);
  if (plan->product) return by_product(ctx, plan, false, n, f, w, NULL, z, NULL, NULL, &s);
  return by_grid(ctx, plan, false, n, f, w, NULL, z, NULL, NULL, &s);
}

weyl_status weyl_sphere_product_backward(weyl_context *ctx, const weyl_sphere_product *plan, int64_t n,
                                         const void *const *f, const void *w, const void *g, void *const *df, void *dw,
                                         void *work) {
  WEYL_TRY(check_call(ctx, plan, n, f, w, work));
  if (dw && plan->weights == 0) return weyl_fail(ctx, WEYL_BAD_ARG, "a product without weights has no dw");
  for (int i = 0; n > 0 && i < plan->functions; i++)
    if (!df || !df[i]) return weyl_fail(ctx, WEYL_BAD_ARG, "there is no place for the gradient of function %d", i);
  if (n > 0 && !g) return weyl_fail(ctx, WEYL_BAD_ARG, "the gradient of the product is missing");
  if (n == 0 && dw) memset(dw, 0, (size_t)plan->weights * plan->size);
  if (n == 0 || plan->blocks == 0) return WEYL_OK;
  parts s = {.w = NULL};
  lay_out(plan, work, &s);
  if (plan->product) return by_product(ctx, plan, true, n, f, w, g, NULL, df, dw, &s);
  return by_grid(ctx, plan, true, n, f, w, g, NULL, df, dw, &s);
}
