/* Plans of products on the sphere: against couplings one by one, gradients against differences and against products of
 * the same family, layouts and methods against each other, and what is refused. Run once for each instruction set. */
#include "testing.h"

enum { FUNCTIONS = WEYL_SPHERE_FUNCTIONS, N = 3 };

static double get(weyl_dtype t, const void *x, size_t i) {
  return t == WEYL_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

static void set(weyl_dtype t, void *x, size_t i, double v) {
  if (t == WEYL_F32)
    ((float *)x)[i] = (float)v;
  else
    ((double *)x)[i] = v;
}

typedef struct setup {
  weyl_sphere_product *plan;
  weyl_sphere_product_opts opts;
  weyl_dtype dtype;
  int functions;
  int64_t n, weights;
  void *f[FUNCTIONS], *df[FUNCTIONS], *z, *g, *w, *dw, *work;
} setup;

static void *random_array(weyl_dtype t, weyl_rng *rng, int64_t n) {
  void *x = weyl_alloc(ctx, n > 0 ? (size_t)n : 1, weyl_dtype_size(t));
  assert_non_null(x);
  for (int64_t i = 0; i < n; i++) set(t, x, (size_t)i, 2 * weyl_rng_uniform(rng) - 1);
  return x;
}

/* The same numbers in every layout but the blocked one, whose padding is 0. */
static setup setup_new(const weyl_sphere_product_opts *opts, weyl_dtype dtype, int64_t n) {
  setup s = {.opts = *opts, .dtype = dtype, .n = n};
  ok(weyl_sphere_product_new(ctx, opts, dtype, &s.plan));
  s.functions = weyl_sphere_product_functions(s.plan);
  s.weights = weyl_sphere_product_weights(s.plan);
  weyl_rng rng = weyl_rng_new(5, "plans");
  for (int i = 0; i <= s.functions; i++) {
    const int64_t numbers = n * weyl_sphere_product_size(s.plan, i);
    void *x = random_array(dtype, &rng, numbers);
    if (i < s.functions)
      s.f[i] = x, s.df[i] = random_array(dtype, &rng, numbers);
    else
      s.g = x, s.z = random_array(dtype, &rng, numbers);
  }
  s.w = random_array(dtype, &rng, s.weights);
  s.dw = random_array(dtype, &rng, s.weights);
  const size_t bytes = weyl_sphere_product_work(s.plan);
  s.work = weyl_alloc(ctx, bytes, 1);
  assert_non_null(s.work);
  memset(s.work, 0xff, bytes); /* NaN, if it is read before it is written */
  return s;
}

static void setup_free(setup *s) {
  for (int i = 0; i < s->functions; i++) {
    weyl_dealloc(ctx, s->f[i]);
    weyl_dealloc(ctx, s->df[i]);
  }
  weyl_dealloc(ctx, s->z);
  weyl_dealloc(ctx, s->g);
  weyl_dealloc(ctx, s->w);
  weyl_dealloc(ctx, s->dw);
  weyl_dealloc(ctx, s->work);
  weyl_sphere_product_free(s->plan);
}

static void forward(setup *s) {
  ok(weyl_sphere_product_forward(ctx, s->plan, s->n, (const void *const *)s->f, s->w, s->z, s->work));
}

static void backward(setup *s) {
  ok(weyl_sphere_product_backward(ctx, s->plan, s->n, (const void *const *)s->f, s->w, s->g, s->df,
                                  s->weights > 0 ? s->dw : NULL, s->work));
}

/* ---- values, one channel of WEYL_LAYOUT_CHANNELS at a time ---- */

static int degree_of(int i) {
  int l = 0;
  while ((l + 1) * (l + 1) <= i) l++;
  return l;
}

static void expected(const setup *s, size_t item, size_t channel, double *z) {
  const weyl_sphere_product_opts *o = &s->opts;
  const size_t c = (size_t)o->channels, out = degrees_width(o->l_out);
  double f[FUNCTIONS][625], product[625], next[625], one[625] = {0};
  size_t rows = 0;
  for (int i = 0; i < s->functions; i++) {
    const size_t width = degrees_width(o->l[i]);
    for (size_t j = 0; j < width; j++) {
      const double w = s->weights ? get(s->dtype, s->w, (rows + (size_t)degree_of((int)j)) * c + channel) : 1;
      f[i][j] = w * get(s->dtype, s->f[i], (item * c + channel) * width + j);
    }
    rows += (size_t)o->l[i] + 1;
  }
  memset(z, 0, out * sizeof *z);
#define ADD(from)                                                                                                 \
  do {                                                                                                            \
    for (size_t j = 0; j < out; j++)                                                                              \
      z[j] += from[j] * (s->weights ? get(s->dtype, s->w, (rows + (size_t)degree_of((int)j)) * c + channel) : 1); \
    rows += (size_t)o->l_out + 1;                                                                                 \
  } while (0)
  if (o->kind == WEYL_SPHERE_COMPLETE || o->kind == WEYL_SPHERE_POISSON) {
    if (o->kind == WEYL_SPHERE_COMPLETE) {
      sparse_product(WEYL_COUPLING_GAUNT, o->l[0], o->l[1], o->l_out, f[0], f[1], product);
      ADD(product);
    }
    sparse_product(WEYL_COUPLING_POISSON, o->l[0], o->l[1], o->l_out, f[0], f[1], product);
    ADD(product);
    return;
  }
  one[0] = sqrt(4 * PI);
  memcpy(product, one, sizeof one);
  int degree = 0, factors = 0;
  for (int i = 0; i < s->functions; i++)
    for (int e = 0; e < (o->exponent[i] ? o->exponent[i] : 1); e++) { /* untruncated */
      sparse_product(WEYL_COUPLING_GAUNT, degree, o->l[i], degree + o->l[i], product, f[i], next);
      memcpy(product, next, sizeof next);
      degree += o->l[i];
      if (o->kind == WEYL_SPHERE_POWERS && ++factors >= 2) {
        for (size_t j = degrees_width(degree); j < out; j++) product[j] = 0;
        ADD(product);
      }
    }
  for (size_t j = degrees_width(degree); j < out; j++) product[j] = 0;
  if (o->kind == WEYL_SPHERE_PRODUCT) ADD(product);
}

static double inner(weyl_dtype t, const void *a, const void *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += get(t, a, i) * get(t, b, i);
  return sum;
}

/* <g, z> after x moves by h along d. */
static double moved(setup *s, void *x, const double *d, int64_t n, double h) {
  for (int64_t i = 0; i < n; i++) ((double *)x)[i] += h * d[i];
  forward(s);
  for (int64_t i = 0; i < n; i++) ((double *)x)[i] -= h * d[i];
  return inner(s->dtype, s->g, s->z, (size_t)(s->n * weyl_sphere_product_size(s->plan, s->functions)));
}

static void check_gradient(setup *s, void *x, const void *dx, int64_t n) {
  weyl_rng rng = weyl_rng_new(6, "direction");
  double *d = numbers((size_t)n), wanted = 0;
  for (int64_t i = 0; i < n; i++) {
    d[i] = 2 * weyl_rng_uniform(&rng) - 1;
    wanted += d[i] * ((const double *)dx)[i];
  }
  const double h = 1e-3; /* the Richardson form is exact to degree 4 */
  const double near = (moved(s, x, d, n, h) - moved(s, x, d, n, -h)) / (2 * h);
  const double far = (moved(s, x, d, n, 2 * h) - moved(s, x, d, n, -2 * h)) / (4 * h);
  assert_below(fabs((4 * near - far) / 3 - wanted), 1e-8 * fmax(1, fabs(wanted)));
  weyl_dealloc(ctx, d);
}

static void check_values_and_gradients(const weyl_sphere_product_opts *opts) {
  for (int t = WEYL_F32; t <= WEYL_F64; t++) {
    weyl_sphere_product_opts o = *opts;
    o.layout = WEYL_LAYOUT_CHANNELS;
    setup s = setup_new(&o, (weyl_dtype)t, N);
    forward(&s);
    const size_t width = degrees_width(o.l_out), c = (size_t)o.channels;
    double z[625];
    for (size_t i = 0; i < N * c; i += 3) {
      expected(&s, i / c, i % c, z);
      for (size_t j = 0; j < width; j++)
        assert_below(fabs(get(s.dtype, s.z, i * width + j) - z[j]),
                     (t == WEYL_F32 ? 2e-5 : 2e-13) * fmax(1, largest(width, z)));
    }
    if (t == WEYL_F64) {
      backward(&s);
      for (int i = 0; i < s.functions; i++)
        check_gradient(&s, s.f[i], s.df[i], N * weyl_sphere_product_size(s.plan, i));
      if (s.weights) check_gradient(&s, s.w, s.dw, s.weights);
    }
    setup_free(&s);
  }
}

static const weyl_sphere_product_opts shapes[] = {
    {.kind = WEYL_SPHERE_PRODUCT, .functions = 2, .l = {2, 2}, .l_out = 2, .channels = 5},
    {.kind = WEYL_SPHERE_PRODUCT, .functions = 2, .l = {3, 1}, .l_out = 2, .channels = 19},
    {.kind = WEYL_SPHERE_PRODUCT, .functions = 1, .l = {3}, .l_out = 2, .channels = 3},
    {.kind = WEYL_SPHERE_PRODUCT, .functions = 1, .l = {2}, .exponent = {4}, .l_out = 5, .channels = 3},
    {.kind = WEYL_SPHERE_PRODUCT, .functions = 3, .l = {1, 2, 3}, .l_out = 2, .channels = 17},
    {.kind = WEYL_SPHERE_PRODUCT,
     .functions = 3,
     .l = {2, 2, 1},
     .l_out = 2,
     .channels = 4}, /* the third alone differs */
    {.kind = WEYL_SPHERE_PRODUCT, .functions = 2, .l = {2, 1}, .exponent = {3, 1}, .l_out = 3, .channels = 2},
    {.kind = WEYL_SPHERE_PRODUCT, .functions = 4, .l = {2, 1, 1, 2}, .l_out = 0, .channels = 4},
    {.kind = WEYL_SPHERE_POISSON, .functions = 2, .l = {2, 2}, .l_out = 2, .channels = 5},
    {.kind = WEYL_SPHERE_POISSON, .functions = 2, .l = {1, 4}, .l_out = 3, .channels = 18},
    {.kind = WEYL_SPHERE_COMPLETE, .functions = 2, .l = {3, 3}, .l_out = 3, .channels = 6},
    {.kind = WEYL_SPHERE_COMPLETE, .functions = 2, .l = {2, 3}, .l_out = 1, .channels = 16},
    {.kind = WEYL_SPHERE_POWERS, .l = {2}, .exponent = {3}, .l_out = 2, .channels = 7},
    {.kind = WEYL_SPHERE_POWERS, .l = {3}, .exponent = {4}, .l_out = 1, .channels = 17},
    {.kind = WEYL_SPHERE_POWERS, .l = {1}, .exponent = {2}, .l_out = 3, .channels = 2},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static bool over_couplings(const weyl_sphere_product_opts *o) {
  return o->kind != WEYL_SPHERE_POWERS && o->functions == 2 && o->exponent[0] <= 1;
}

static void values_and_gradients(void **state) {
  (void)state;
  static const weyl_product_method methods[] = {WEYL_PRODUCT_AUTO, WEYL_PRODUCT_GRID, WEYL_PRODUCT_TABLE};
  for (size_t i = 0; i < SHAPES; i++)
    for (int weights = 0; weights < 2; weights++)
      for (size_t m = 0; m < 3; m++) {
        weyl_sphere_product_opts o = shapes[i];
        if (methods[m] == WEYL_PRODUCT_TABLE && !over_couplings(&o)) continue;
        o.method = methods[m];
        o.weights = weights ? WEYL_WEIGHTS_SHARED : WEYL_WEIGHTS_NONE;
        check_values_and_gradients(&o);
      }
}

/* Gradients without weights, as products of the same family. */
static void gradients_are_products(void **state) {
  (void)state;
  for (size_t i = 0; i < SHAPES; i++) {
    weyl_sphere_product_opts o = shapes[i];
    if (o.kind == WEYL_SPHERE_COMPLETE || o.kind == WEYL_SPHERE_POWERS) continue;
    o.weights = WEYL_WEIGHTS_NONE;
    o.layout = WEYL_LAYOUT_ROWS;
    setup s = setup_new(&o, WEYL_F64, N);
    backward(&s);
    for (int k = 0; k < s.functions; k++) {
      weyl_sphere_product_opts q = {.kind = o.kind, .l_out = o.l[k], .channels = o.channels, .layout = o.layout};
      q.weights = WEYL_WEIGHTS_NONE;
      const void *from[FUNCTIONS];
      double factor = 1;
#define FACTOR(l_, exponent_, array) \
  q.l[q.functions] = l_, q.exponent[q.functions] = exponent_, from[q.functions++] = array
      if (o.kind == WEYL_SPHERE_POISSON) { /* {f_2, g}, {g, f_1} */
        if (k == 1) FACTOR(o.l_out, 1, s.g);
        FACTOR(o.l[1 - k], 1, s.f[1 - k]);
        if (k == 0) FACTOR(o.l_out, 1, s.g);
      } else {
        FACTOR(o.l_out, 1, s.g);
        for (int j = 0; j < s.functions; j++) {
          const int e = o.exponent[j] ? o.exponent[j] : 1;
          if (j == k) factor = e;
          if (e - (j == k) > 0) FACTOR(o.l[j], e - (j == k), s.f[j]);
        }
      }
      weyl_sphere_product *plan;
      ok(weyl_sphere_product_new(ctx, &q, WEYL_F64, &plan));
      const size_t n = (size_t)(N * weyl_sphere_product_size(plan, q.functions));
      double *z = numbers(n);
      void *work = weyl_alloc(ctx, weyl_sphere_product_work(plan), 1);
      ok(weyl_sphere_product_forward(ctx, plan, N, from, NULL, z, work));
      for (size_t j = 0; j < n; j++) z[j] *= factor;
      assert_below(relative_difference(n, z, s.df[k]), 1e-13);
      weyl_dealloc(ctx, work);
      weyl_dealloc(ctx, z);
      weyl_sphere_product_free(plan);
    }
    setup_free(&s);
  }
}

/* ---- layouts and methods ---- */

static weyl_irreps ladder(weyl_irrep *item, int l_max, int64_t channels) {
  for (int l = 0; l <= l_max; l++) item[l] = (weyl_irrep){channels, l, 1};
  return (weyl_irreps){l_max + 1, item};
}

/* x in another layout, through blocks. */
static void convert(const setup *from, const void *x, const setup *to, void *y, int l, bool to_blocked) {
  weyl_irrep item[25];
  const weyl_irreps list = ladder(item, l, from->opts.channels);
  void *blocked =
      weyl_alloc(ctx, N * degrees_width(l) * ((size_t)from->opts.channels + 16), weyl_dtype_size(from->dtype));
  ok(weyl_layout_pack(ctx, from->opts.layout, from->dtype, list, from->opts.channels, N, x, to_blocked ? y : blocked));
  if (!to_blocked) ok(weyl_layout_unpack(ctx, to->opts.layout, from->dtype, list, from->opts.channels, N, blocked, y));
  weyl_dealloc(ctx, blocked);
}

static void layouts_agree(void **state) {
  (void)state;
  for (size_t i = 0; i < SHAPES; i++)
    for (int layout = 0; layout <= WEYL_LAYOUT_CHANNELS; layout++)
      for (int method = WEYL_PRODUCT_TABLE; method <= WEYL_PRODUCT_GRID; method++) {
        weyl_sphere_product_opts o = shapes[i];
        if (method == WEYL_PRODUCT_TABLE && !over_couplings(&o)) continue;
        o.layout = WEYL_LAYOUT_CHANNELS;
        o.method = WEYL_PRODUCT_GRID;
        setup a = setup_new(&o, WEYL_F64, N);
        o.layout = (weyl_layout)layout;
        o.method = (weyl_product_method)method;
        setup b = setup_new(&o, WEYL_F64, N);
        assert_int_equal(weyl_sphere_product_how(b.plan), method);
        const bool blocked = layout == WEYL_LAYOUT_BLOCKED;
        for (int k = 0; k < a.functions; k++) convert(&a, a.f[k], &b, b.f[k], o.l[k], blocked);
        convert(&a, a.g, &b, b.g, o.l_out, blocked);
        memcpy(b.w, a.w, (size_t)a.weights * sizeof(double));
        forward(&a), backward(&a), forward(&b), backward(&b);
        for (int k = 0; k <= a.functions; k++) {
          const int l = k < a.functions ? o.l[k] : o.l_out;
          const size_t n = (size_t)(N * weyl_sphere_product_size(b.plan, k));
          double *y = numbers(n);
          convert(&a, k < a.functions ? a.df[k] : a.z, &b, y, l, blocked);
          assert_below(relative_difference(n, y, k < a.functions ? b.df[k] : b.z), 1e-12);
          weyl_dealloc(ctx, y);
        }
        assert_below(relative_difference((size_t)a.weights, a.dw, b.dw), 1e-12);
        setup_free(&a);
        setup_free(&b);
      }
}

/* Many samples in one call are those of calls of one, and none is fine. */
static void samples(void **state) {
  (void)state;
  const weyl_sphere_product_opts o = {
      .kind = WEYL_SPHERE_COMPLETE, .l = {2, 2}, .l_out = 2, .channels = 20, .layout = WEYL_LAYOUT_BLOCKED};
  setup s = setup_new(&o, WEYL_F32, 21);
  forward(&s);
  const size_t size = (size_t)weyl_sphere_product_size(s.plan, 2);
  float *one = weyl_alloc(ctx, size, sizeof *one);
  for (size_t i = 0; i < 21; i++) {
    const void *f[2] = {(float *)s.f[0] + i * size, (float *)s.f[1] + i * size};
    ok(weyl_sphere_product_forward(ctx, s.plan, 1, f, s.w, one, s.work));
    assert_memory_equal(one, (float *)s.z + i * size, size * sizeof *one);
  }
  ok(weyl_sphere_product_backward(ctx, s.plan, 0, NULL, NULL, NULL, (void *const[]){s.df[0], s.df[1]}, s.dw, s.work));
  for (int64_t i = 0; i < s.weights; i++) assert_true(((float *)s.dw)[i] == 0);
  weyl_dealloc(ctx, one);
  setup_free(&s);
}

/* ---- refused ---- */

static void refused(void **state) {
  (void)state;
  const weyl_sphere_product_opts good = {
      .kind = WEYL_SPHERE_PRODUCT, .functions = 2, .l = {2, 2}, .l_out = 2, .channels = 4};
  weyl_sphere_product *plan = NULL;
#define REFUSED(status_, text, ...)                                                   \
  do {                                                                                \
    weyl_sphere_product_opts o = good;                                                \
    weyl_message_clear(ctx);                                                          \
    __VA_ARGS__;                                                                      \
    assert_int_equal(weyl_sphere_product_new(ctx, &o, WEYL_F32, &plan), status_);     \
    if (!strstr(weyl_message(ctx), text)) fail_msg("message: %s", weyl_message(ctx)); \
  } while (0)
  REFUSED(WEYL_BAD_ARG, "kind is 4", o.kind = (weyl_sphere_kind)4);
  REFUSED(WEYL_BAD_ARG, "functions is 0", o.functions = 0);
  REFUSED(WEYL_BAD_ARG, "functions is 5", o.functions = 5);
  REFUSED(WEYL_BAD_ARG, "degree of a function is 65", o.l[1] = 65);
  REFUSED(WEYL_BAD_ARG, "l_out is -1", o.l_out = -1);
  REFUSED(WEYL_BAD_ARG, "exponent is -1", o.exponent[0] = -1);
  REFUSED(WEYL_BAD_ARG, "sum of the exponents is 5", o.exponent[0] = 3; o.exponent[1] = 2);
  REFUSED(WEYL_BAD_ARG, "highest power is 5", o.kind = WEYL_SPHERE_POWERS; o.exponent[0] = 5);
  REFUSED(WEYL_BAD_ARG, "-1 channels", o.channels = -1);
  REFUSED(WEYL_BAD_ARG, "weights is 1", o.weights = WEYL_WEIGHTS_EACH);
  REFUSED(WEYL_BAD_ARG, "layout is 4", o.layout = (weyl_layout)4);
  REFUSED(WEYL_UNSUPPORTED, "made on a grid", o.functions = 1; o.method = WEYL_PRODUCT_TABLE);
  REFUSED(WEYL_UNSUPPORTED, "no code is written", o.l[0] = 40; o.method = WEYL_PRODUCT_WRITTEN);
  assert_int_equal(weyl_sphere_product_new(ctx, &good, WEYL_I32, &plan), WEYL_DTYPE);
  assert_int_equal(weyl_sphere_product_new(ctx, NULL, WEYL_F32, &plan), WEYL_BAD_ARG);
  assert_null(plan);
  setup s = setup_new(&good, WEYL_F32, 2);
  const void *f[2] = {s.f[0], NULL};
  assert_int_equal(weyl_sphere_product_forward(ctx, s.plan, 2, f, s.w, s.z, s.work), WEYL_BAD_ARG);
  f[1] = s.f[1];
  assert_int_equal(weyl_sphere_product_forward(ctx, s.plan, -1, f, s.w, s.z, s.work), WEYL_BAD_ARG);
  assert_int_equal(weyl_sphere_product_forward(ctx, s.plan, 2, f, NULL, s.z, s.work), WEYL_BAD_ARG);
  assert_int_equal(weyl_sphere_product_forward(ctx, s.plan, 2, f, s.w, NULL, s.work), WEYL_BAD_ARG);
  assert_int_equal(weyl_sphere_product_forward(ctx, s.plan, 2, f, s.w, s.z, NULL), WEYL_BAD_ARG);
  assert_int_equal(weyl_sphere_product_backward(ctx, s.plan, 2, f, s.w, NULL, s.df, NULL, s.work), WEYL_BAD_ARG);
  assert_int_equal(weyl_sphere_product_backward(ctx, s.plan, 2, f, s.w, s.g, NULL, NULL, s.work), WEYL_BAD_ARG);
  setup_free(&s);
  weyl_sphere_product_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_and_gradients),
      cmocka_unit_test(gradients_are_products),
      cmocka_unit_test(layouts_agree),
      cmocka_unit_test(samples),
      cmocka_unit_test(refused),
  };
  return cmocka_run_group_tests(tests, context_up, context_down);
}
