/* Symmetric contractions: the size of the basis by characters, values against products one by one, rotations,
 * gradients, layouts and what is refused. Run once for each instruction set. */
#include "testing.h"

#include "contraction.h"

/* ---- how many couplings there are ---- */

/* Multisets of `order` rows of degrees 0 ... l_max with orders summing to m and degrees of the parity of l: weights of
 * the symmetric power, of which a highest one stands for each irrep. */
static int64_t weights_of(int l_max, int order, int m, int parity, int from_l, int from_m) {
  if (order == 0) return m == 0 && parity == 0;
  int64_t n = 0;
  for (int l = from_l; l <= l_max; l++)
    for (int i = l == from_l ? from_m : -l; i <= l; i++)
      n += weights_of(l_max, order - 1, m - i, (parity + l) % 2, l, i);
  return n;
}

static void sizes(void **state) {
  (void)state;
  for (int l_max = 0; l_max <= 3; l_max++)
    for (int order = 1; order <= (l_max < 3 ? 4 : 3); order++) {
      const weyl_contraction_opts o = {.l_max = l_max, .l_out = 3, .order = order, .channels = 1, .elements = 1};
      weyl_contraction *plan;
      ok(weyl_contraction_new(ctx, &o, WEYL_F64, &plan));
      for (int v = 1; v <= order; v++)
        for (int l = 0; l <= 3; l++) {
          const int64_t wanted = weights_of(l_max, v, l, l % 2, 0, 0) - weights_of(l_max, v, l + 1, l % 2, 0, 0);
          assert_int_equal(weyl_contraction_couplings(plan, l, v), wanted);
        }
      weyl_contraction_free(plan);
    }
}

/* Every coupling of the basis is a sum over nested products of A with itself, of norm 1. */
static void norms(void **state) {
  (void)state;
  weyl_arena *arena;
  ok(weyl_arena_new(ctx, &arena));
  symmetric_basis basis;
  ok(symmetric_basis_make(ctx, arena, 2, 2, 3, &basis));
  for (int32_t i = 0; i < basis.n; i++)
    for (int m = 0; m <= 2 * basis.item[i].l; m++) {
      const polynomial *p = &basis.item[i].part[m];
      double norm = 0;
      for (int32_t j = 0; j < p->n; j++) { /* a monomial's orders share its coefficient */
        const int a = p->key[j] % 9, b = p->key[j] / 9 % 9, c = p->key[j] / 81;
        const int order = basis.item[i].order;
        const double orders = order == 1   ? 1
                              : order == 2 ? (a == b ? 1 : 2)
                                           : (a == b && b == c   ? 1
                                              : a == b || b == c ? 3
                                                                 : 6);
        norm += p->c[j] * p->c[j] / orders;
      }
      assert_below(fabs(norm - 1), 1e-12);
    }
  weyl_arena_free(arena);
}

/* ---- runs ---- */

enum { N = 5 };

typedef struct setup {
  weyl_contraction_opts o;
  weyl_dtype dtype;
  weyl_contraction *plan;
  size_t a_size, b_size, weights;
  void *a, *b, *g, *w, *da, *dw, *work;
  int32_t element[N];
} setup;

static double get(weyl_dtype t, const void *x, size_t i) {
  return t == WEYL_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

static void *random_array(weyl_dtype t, weyl_rng *rng, size_t n) {
  void *x = weyl_alloc(ctx, n + 1, weyl_dtype_size(t));
  assert_non_null(x);
  for (size_t i = 0; i < n; i++) {
    const double v = 2 * weyl_rng_uniform(rng) - 1;
    if (t == WEYL_F32)
      ((float *)x)[i] = (float)v;
    else
      ((double *)x)[i] = v;
  }
  return x;
}

static setup setup_new(weyl_contraction_opts o, weyl_dtype dtype) {
  setup s = {.o = o, .dtype = dtype, .element = {1, 0, 1, 1, 0}};
  weyl_rng rng = weyl_rng_new(3, "contraction");
  ok(weyl_contraction_new(ctx, &o, dtype, &s.plan));
  s.a_size = (size_t)weyl_contraction_size(s.plan, 0), s.b_size = (size_t)weyl_contraction_size(s.plan, 1);
  s.weights = (size_t)weyl_contraction_weights(s.plan);
  s.w = random_array(dtype, &rng, s.weights), s.dw = random_array(dtype, &rng, s.weights);
  s.a = random_array(dtype, &rng, N * s.a_size), s.da = random_array(dtype, &rng, N * s.a_size);
  s.b = random_array(dtype, &rng, N * s.b_size), s.g = random_array(dtype, &rng, N * s.b_size);
  const size_t bytes = weyl_contraction_work(s.plan);
  s.work = weyl_alloc(ctx, bytes, 1);
  assert_non_null(s.work);
  memset(s.work, 0xff, bytes);
  return s;
}

static void setup_free(setup *s) {
  void *all[] = {s->a, s->b, s->g, s->w, s->da, s->dw, s->work};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) weyl_dealloc(ctx, all[i]);
  weyl_contraction_free(s->plan);
}

static void forward(setup *s) { ok(weyl_contraction_forward(ctx, s->plan, N, s->element, s->a, s->w, s->b, s->work)); }

static void backward(setup *s) {
  ok(weyl_contraction_backward(ctx, s->plan, N, s->element, s->a, s->w, s->g, s->da, s->dw, s->work));
}

/* The basis, evaluated monomial by monomial. */
static void values(void **state) {
  (void)state;
  weyl_arena *arena;
  ok(weyl_arena_new(ctx, &arena));
  for (int channels = 1; channels <= 100; channels += 33)
    for (int t = WEYL_F32; t <= WEYL_F64; t++) {
      const weyl_contraction_opts o = {
          .l_max = 2, .l_out = 2, .order = 3, .channels = channels, .elements = 2, .layout = WEYL_LAYOUT_CHANNELS};
      setup s = setup_new(o, (weyl_dtype)t);
      forward(&s);
      symmetric_basis basis;
      ok(symmetric_basis_make(ctx, arena, 2, 2, 3, &basis));
      for (size_t i = 0; i < N; i++)
        for (size_t c = 0; c < (size_t)channels; c += 5) {
          double wanted[9] = {0}, a[9];
          for (size_t r = 0; r < 9; r++) a[r] = get(s.dtype, s.a, (i * (size_t)channels + c) * 9 + r);
          for (int32_t p = 0; p < basis.n; p++) {
            const symmetric_coupling *u = &basis.item[p];
            const double w =
                get(s.dtype, s.w, ((size_t)s.element[i] * (size_t)basis.n + (size_t)p) * (size_t)channels + c);
            for (int m = 0; m <= 2 * u->l; m++)
              for (int32_t j = 0; j < u->part[m].n; j++) {
                double v = w * u->part[m].c[j];
                for (int k = 0, key = u->part[m].key[j]; k < u->order; k++, key /= 9) v *= a[key % 9];
                wanted[u->l * u->l + m] += v;
              }
          }
          for (size_t r = 0; r < 9; r++)
            assert_below(fabs(get(s.dtype, s.b, (i * (size_t)channels + c) * 9 + r) - wanted[r]),
                         (t == WEYL_F32 ? 1e-5 : 1e-13) * fmax(1, largest(9, wanted)));
        }
      setup_free(&s);
    }
  weyl_arena_free(arena);
}

/* The cube of a function on the sphere is a sum over the basis: what a Gaunt product gives is in its span. */
static void gaunt_powers_are_spanned(void **state) {
  (void)state;
  weyl_arena *arena;
  ok(weyl_arena_new(ctx, &arena));
  symmetric_basis basis;
  ok(symmetric_basis_make(ctx, arena, 2, 2, 3, &basis));
  weyl_rng rng = weyl_rng_new(4, "span");
  enum { POINTS = 60, MAPS = 40 };
  for (int l = 0; l <= 2; l++) {
    double matrix[POINTS][MAPS + 1];
    int maps = 0;
    for (int k = 0; k < POINTS; k++) { /* values of all maps, and of the cube, at random a */
      double a[9], square[25], cube[49];
      fill_normal(&rng, 9, a);
      sparse_product(WEYL_COUPLING_GAUNT, 2, 2, 4, a, a, square);
      sparse_product(WEYL_COUPLING_GAUNT, 4, 2, 6, square, a, cube);
      maps = 0;
      for (int32_t p = 0; p < basis.n; p++) {
        const symmetric_coupling *u = &basis.item[p];
        if (u->l != l || u->order != 3) continue;
        double sum = 0;
        for (int32_t j = 0; j < u->part[0].n; j++) {
          double v = u->part[0].c[j];
          for (int i = 0, key = u->part[0].key[j]; i < 3; i++, key /= 9) v *= a[key % 9];
          sum += v;
        }
        matrix[k][maps++] = sum;
      }
      assert_true(maps < MAPS);
      matrix[k][maps] = cube[l * l];
    }
    for (int column = 0; column < maps; column++) { /* elimination: independent columns, and nothing left of the last */
      int best = column;
      for (int k = column; k < POINTS; k++)
        if (fabs(matrix[k][column]) > fabs(matrix[best][column])) best = k;
      assert_true(fabs(matrix[best][column]) > 1e-9);
      for (int i = 0; i <= maps; i++) {
        const double keep = matrix[best][i];
        matrix[best][i] = matrix[column][i], matrix[column][i] = keep;
      }
      for (int k = column + 1; k < POINTS; k++) {
        const double f = matrix[k][column] / matrix[column][column];
        for (int i = column; i <= maps; i++) matrix[k][i] -= f * matrix[column][i];
      }
    }
    for (int k = maps; k < POINTS; k++) assert_below(fabs(matrix[k][maps]), 1e-9);
  }
  weyl_arena_free(arena);
}

static void equivariance(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(8, "turn");
  for (int l_max = 1; l_max <= 3; l_max++) {
    const weyl_contraction_opts o = {.l_max = l_max, .l_out = 2, .order = 3, .channels = 3, .elements = 2};
    setup s = setup_new(o, WEYL_F64);
    weyl_irrep in[4], out[3];
    for (int l = 0; l <= l_max; l++) in[l] = (weyl_irrep){3, l, l % 2 ? -1 : 1};
    for (int l = 0; l <= 2; l++) out[l] = (weyl_irrep){3, l, l % 2 ? -1 : 1};
    double r[9], *turned = numbers(N * s.b_size);
    random_rotation(&rng, r);
    for (int i = 0; i < 9; i++) r[i] = -r[i]; /* and a reflection: parities are natural */
    forward(&s);
    ok(weyl_irreps_act(ctx, (weyl_irreps){3, out}, WEYL_AXES_E3NN, r, WEYL_F64, N, s.b, turned));
    ok(weyl_irreps_act(ctx, (weyl_irreps){l_max + 1, in}, WEYL_AXES_E3NN, r, WEYL_F64, N, s.a, s.a));
    forward(&s);
    assert_below(relative_difference(N * s.b_size, turned, s.b), 1e-12);
    weyl_dealloc(ctx, turned);
    setup_free(&s);
  }
}

static double moved(setup *s, double *x, const double *d, size_t n, double h) {
  for (size_t i = 0; i < n; i++) x[i] += h * d[i];
  forward(s);
  for (size_t i = 0; i < n; i++) x[i] -= h * d[i];
  double sum = 0;
  for (size_t i = 0; i < N * s->b_size; i++) sum += ((double *)s->g)[i] * ((double *)s->b)[i];
  return sum;
}

static void check_gradient(setup *s, double *x, const double *dx, size_t n) {
  weyl_rng rng = weyl_rng_new(6, "direction");
  double *d = numbers(n), wanted = 0;
  fill_normal(&rng, n, d);
  for (size_t i = 0; i < n; i++) wanted += d[i] * dx[i];
  const double h = 1e-3; /* the Richardson form is exact to degree 4 */
  const double near = (moved(s, x, d, n, h) - moved(s, x, d, n, -h)) / (2 * h);
  const double far = (moved(s, x, d, n, 2 * h) - moved(s, x, d, n, -2 * h)) / (4 * h);
  assert_below(fabs((4 * near - far) / 3 - wanted), 1e-8 * fmax(1, fabs(wanted)));
  weyl_dealloc(ctx, d);
}

static void gradients(void **state) {
  (void)state;
  for (int layout = 0; layout <= WEYL_LAYOUT_CHANNELS; layout++)
    for (int channels = 3; channels <= 40; channels += 29) /* 3 and 32: weights copied, and in place */
      for (int order = 1; order <= 4; order++) {
        const weyl_contraction_opts o = {
            .l_max = 2, .l_out = 1, .order = order, .channels = channels, .elements = 2, .layout = (weyl_layout)layout};
        setup s = setup_new(o, WEYL_F64);
        backward(&s);
        check_gradient(&s, s.a, s.da, N * s.a_size);
        check_gradient(&s, s.w, s.dw, s.weights);
        setup_free(&s);
      }
}

static void refused(void **state) {
  (void)state;
  const weyl_contraction_opts good = {.l_max = 1, .l_out = 1, .order = 2, .channels = 4, .elements = 2};
  weyl_contraction *plan = NULL;
#define REFUSED(text, change)                                                         \
  do {                                                                                \
    weyl_contraction_opts o = good;                                                   \
    weyl_message_clear(ctx);                                                          \
    change;                                                                           \
    assert_int_equal(weyl_contraction_new(ctx, &o, WEYL_F32, &plan), WEYL_BAD_ARG);   \
    if (!strstr(weyl_message(ctx), text)) fail_msg("message: %s", weyl_message(ctx)); \
  } while (0)
  REFUSED("l_max is -1", o.l_max = -1);
  REFUSED("l_out is 65", o.l_out = 65);
  REFUSED("order is 5", o.order = 5);
  REFUSED("order is 0", o.order = 0);
  REFUSED("channels is -1", o.channels = -1);
  REFUSED("elements is 0", o.elements = 0);
  REFUSED("layout is 9", o.layout = (weyl_layout)9);
  REFUSED("too many", o.l_max = 12; o.order = 4);
  assert_int_equal(weyl_contraction_new(ctx, &good, WEYL_U8, &plan), WEYL_DTYPE);
  assert_null(plan);
  setup s = setup_new(good, WEYL_F32);
  s.element[3] = 2;
  weyl_message_clear(ctx);
  assert_int_equal(weyl_contraction_forward(ctx, s.plan, N, s.element, s.a, s.w, s.b, s.work), WEYL_BAD_ARG);
  assert_true(strstr(weyl_message(ctx), "sample 3 is 2") != NULL);
  assert_int_equal(weyl_contraction_forward(ctx, s.plan, -1, NULL, s.a, s.w, s.b, s.work), WEYL_BAD_ARG);
  assert_int_equal(weyl_contraction_forward(ctx, s.plan, N, NULL, s.a, NULL, s.b, s.work), WEYL_BAD_ARG);
  assert_int_equal(weyl_contraction_forward(ctx, s.plan, N, NULL, s.a, s.w, s.b, NULL), WEYL_BAD_ARG);
  ok(weyl_contraction_forward(ctx, s.plan, 0, NULL, NULL, NULL, NULL, s.work));
  setup_free(&s);
  weyl_contraction_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes),        cmocka_unit_test(norms),
      cmocka_unit_test(values),       cmocka_unit_test(gaunt_powers_are_spanned),
      cmocka_unit_test(equivariance), cmocka_unit_test(gradients),
      cmocka_unit_test(refused),
  };
  return cmocka_run_group_tests(tests, context_up, context_down);
}
