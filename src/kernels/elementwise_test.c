/* Maps of one, two and three arrays: accuracy, special values, and independence of length, place and alignment. */
#include "kernels_test.h"

static const char *const unary_names[] = {
#define X(U, l) #l,
    WEYL_UNARY_LIST(X)
#undef X
};
static const char *const binary_names[] = {
#define X(U, l) #l,
    WEYL_BINARY_LIST(X)
#undef X
};

static long double exact_unary(weyl_unary f, long double x) {
  switch (f) {
    case WEYL_UNARY_NEG: return -x;
    case WEYL_UNARY_ABS: return fabsl(x);
    case WEYL_UNARY_SIGN: return x > 0 ? 1 : x < 0 ? -1 : x;
    case WEYL_UNARY_FLOOR: return floorl(x);
    case WEYL_UNARY_SQRT: return sqrtl(x);
    case WEYL_UNARY_RSQRT: return 1 / sqrtl(x);
    case WEYL_UNARY_RECIP: return 1 / x;
    case WEYL_UNARY_EXP: return expl(x);
    case WEYL_UNARY_EXPM1: return expm1l(x);
    case WEYL_UNARY_LOG: return logl(x);
    case WEYL_UNARY_LOG1P: return log1pl(x);
    case WEYL_UNARY_SIN: return sinl(x);
    case WEYL_UNARY_COS: return cosl(x);
    case WEYL_UNARY_TANH: return tanhl(x);
    case WEYL_UNARY_SIGMOID: return 1 / (1 + expl(-x));
    case WEYL_UNARY_ERF: return erfl(x);
    case WEYL_UNARY_COUNT: break;
  }
  return NAN;
}

static long double exact_binary(weyl_binary f, long double x, long double y) {
  switch (f) {
    case WEYL_BINARY_ADD: return x + y;
    case WEYL_BINARY_SUB: return x - y;
    case WEYL_BINARY_MUL: return x * y;
    case WEYL_BINARY_DIV: return x / y;
    case WEYL_BINARY_POW: return powl(x, y);
    case WEYL_BINARY_MAX: return isnan(x) || isnan(y) ? NAN : x > y ? x : y;
    case WEYL_BINARY_MIN: return isnan(x) || isnan(y) ? NAN : x < y ? x : y;
    case WEYL_BINARY_ATAN2: return atan2l(x, y);
    case WEYL_BINARY_LT: return x < y;
    case WEYL_BINARY_LE: return x <= y;
    case WEYL_BINARY_EQ: return x == y;
    case WEYL_BINARY_COUNT: break;
  }
  return NAN;
}

static const double special[] = {0.0,   -0.0,  1,      -1,   2,     -2,   0.5,  -0.5,  3,    INFINITY, -INFINITY,
                                 NAN,   1e-30, -1e-30, 1e30, -1e30, 88.6, 88.8, -87.2, -103, -105,     709.7,
                                 709.9, -745,  -746,   20,   -20,   1e-8, 0.34, 0.36,  -0.35};
enum { SPECIALS = sizeof special / sizeof special[0] };

/* Numbers of every size, most of them where functions bend. */
static void fill_sweep(weyl_rng *rng, int type, size_t n, void *x) {
  for (size_t i = 0; i < n; i++) {
    const double u = 2 * weyl_rng_uniform(rng) - 1;
    double v;
    if (i < SPECIALS)
      v = special[i];
    else if (i % 4 == 0)
      v = copysign(exp((type == F32 ? 87 : 700) * (2 * weyl_rng_uniform(rng) - 1)), u);
    else
      v = u * (i % 4 == 1 ? 1 : i % 4 == 2 ? 10 : type == F32 ? 110 : 800);
    put(type, x, i, v);
  }
}

/* The bounds that the header states. */
static double bound(int type, bool composed) { return type == F32 ? 4 : composed ? 3 : 2; }

static void unary_accuracy(void **state) {
  (void)state;
  enum { N = 30000 };
  weyl_rng rng = weyl_rng_new(1, "unary");
  long double *exact = malloc(N * sizeof *exact);
  for (int type = F32; type <= F64; type++) {
    void *x = array_of(type, N), *y = array_of(type, N);
    fill_sweep(&rng, type, N, x);
    for (weyl_unary f = 0; f < WEYL_UNARY_COUNT; f++) {
      for (size_t i = 0; i < N; i++) exact[i] = exact_unary(f, (long double)at(type, x, i));
      FOR_TABLES(k) {
        double worst = 0, where = 0;
        k->unary[type][f](N, x, y);
        for (size_t i = 0; i < N; i++) {
          const double error = ulps(type, at(type, y, i), exact[i]);
          if (error > worst) worst = error, where = at(type, x, i);
        }
        if (getenv("WEYL_TEST_PRINT"))
          print_message("%-6s f%d %-8s %.3f ulp at %.9g\n", k->isa, type == F32 ? 32 : 64, unary_names[f], worst,
                        where);
        if (worst > bound(type, f == WEYL_UNARY_SIGMOID))
          fail_msg("%s f%d %s: %g ulp at %.17g", k->isa, type == F32 ? 32 : 64, unary_names[f], worst, where);
      }
      weyl_kernels_reference()->unary[type][f](N, x, y);
      for (size_t i = 0; i < N; i++) /* reference: sigmoid is rounded three times */
        if (!(ulps(type, at(type, y, i), exact[i]) <= 2))
          fail_msg("reference %s at %.17g", unary_names[f], at(type, x, i));
    }
    free(x);
    free(y);
  }
  free(exact);
}

/* Our own polynomials, over floats of every sign, exponent and leading bits. */
static void own_polynomials(void **state) {
  (void)state;
  enum { N = 1 << 18 };
  static float x[N], y[N];
  static long double exact[N];
  for (uint32_t i = 0; i < N; i++) {
    const uint32_t word = i * 16381u + i % 7;
    memcpy(&x[i], &word, sizeof word);
    if (i % 2) x[i] = (float)((double)i / N * 220 - 110);
  }
  static const weyl_unary own[] = {WEYL_UNARY_EXP, WEYL_UNARY_SIGMOID, WEYL_UNARY_TANH};
  for (size_t f = 0; f < 3; f++) {
    for (size_t i = 0; i < N; i++) exact[i] = exact_unary(own[f], (long double)x[i]);
    FOR_TABLES(k) {
      k->unary[F32][own[f]](N, x, y);
      double worst = 0;
      for (size_t i = 0; i < N; i++) worst = fmax(worst, ulps(F32, (double)y[i], exact[i]));
      if (getenv("WEYL_TEST_PRINT")) print_message("%-6s %-8s %.3f ulp\n", k->isa, unary_names[own[f]], worst);
      if (!(worst <= 3)) fail_msg("%s %s: %g ulp", k->isa, unary_names[own[f]], worst);
    }
  }
}

static void binary_accuracy(void **state) {
  (void)state;
  enum { N = 20000, PAIRS = SPECIALS * SPECIALS };
  weyl_rng rng = weyl_rng_new(2, "binary");
  long double *exact = malloc((N + PAIRS) * sizeof *exact);
  for (int type = F32; type <= F64; type++) {
    void *x = array_of(type, N + PAIRS), *y = array_of(type, N + PAIRS), *z = array_of(type, N + PAIRS);
    fill_sweep(&rng, type, N, x);
    fill_sweep(&rng, type, N, y);
    for (size_t i = 0; i < N; i += 7) put(type, y, i, at(type, x, i));       /* equal pairs */
    for (size_t i = 0; i < N; i += 3) put(type, x, i, fabs(at(type, x, i))); /* bases of powers */
    for (size_t i = 0; i < PAIRS; i++) {
      put(type, x, N + i, special[i / SPECIALS]);
      put(type, y, N + i, special[i % SPECIALS]);
    }
    for (weyl_binary f = 0; f < WEYL_BINARY_COUNT; f++) {
      for (size_t i = 0; i < N + PAIRS; i++)
        exact[i] = exact_binary(f, (long double)at(type, x, i), (long double)at(type, y, i));
      FOR_TABLES(k) {
        double worst = 0;
        size_t where = 0;
        k->binary[type][f](N + PAIRS, x, 1, y, 1, z);
        for (size_t i = 0; i < N + PAIRS; i++) {
          const double error = ulps(type, at(type, z, i), exact[i]);
          if (error > worst) worst = error, where = i;
        }
        if (getenv("WEYL_TEST_PRINT"))
          print_message("%-6s f%d %-8s %.3f ulp\n", k->isa, type == F32 ? 32 : 64, binary_names[f], worst);
        if (worst > bound(type, false))
          fail_msg("%s f%d %s: %g ulp at (%.17g, %.17g): %.17g", k->isa, type == F32 ? 32 : 64, binary_names[f], worst,
                   at(type, x, where), at(type, y, where), at(type, z, where));
      }
    }
    free(x);
    free(y);
    free(z);
  }
  free(exact);
}

/* Values that must be exact, signs of zero and all. */
static void exact_values(void **state) {
  (void)state;
  static const struct {
    weyl_unary f;
    double x, y;
  } cases[] = {
      {WEYL_UNARY_EXP, 0, 1},
      {WEYL_UNARY_EXP, -INFINITY, 0},
      {WEYL_UNARY_EXP, INFINITY, INFINITY},
      {WEYL_UNARY_EXP, NAN, NAN},
      {WEYL_UNARY_EXP, 1000, INFINITY},
      {WEYL_UNARY_EXP, -1000, 0},
      {WEYL_UNARY_SIGMOID, 0, 0.5},
      {WEYL_UNARY_SIGMOID, INFINITY, 1},
      {WEYL_UNARY_SIGMOID, -INFINITY, 0},
      {WEYL_UNARY_SIGMOID, NAN, NAN},
      {WEYL_UNARY_SIGMOID, 1000, 1},
      {WEYL_UNARY_SIGMOID, -1000, 0},
      {WEYL_UNARY_TANH, 0, 0},
      {WEYL_UNARY_TANH, -0.0, -0.0},
      {WEYL_UNARY_TANH, INFINITY, 1},
      {WEYL_UNARY_TANH, -INFINITY, -1},
      {WEYL_UNARY_TANH, NAN, NAN},
      {WEYL_UNARY_TANH, 50, 1},
      {WEYL_UNARY_LOG, 0, -INFINITY},
      {WEYL_UNARY_LOG, 1, 0},
      {WEYL_UNARY_LOG, -1, NAN},
      {WEYL_UNARY_LOG, INFINITY, INFINITY},
      {WEYL_UNARY_LOG1P, -1, -INFINITY},
      {WEYL_UNARY_LOG1P, INFINITY, INFINITY},
      {WEYL_UNARY_SQRT, -1, NAN},
      {WEYL_UNARY_SQRT, -0.0, -0.0},
      {WEYL_UNARY_RSQRT, 0, INFINITY},
      {WEYL_UNARY_RECIP, -0.0, -INFINITY},
      {WEYL_UNARY_FLOOR, -0.5, -1},
      {WEYL_UNARY_FLOOR, -0.0, -0.0},
      {WEYL_UNARY_FLOOR, 8388609, 8388609},
      {WEYL_UNARY_FLOOR, -4194304.5, -4194305},
      {WEYL_UNARY_FLOOR, INFINITY, INFINITY},
      {WEYL_UNARY_FLOOR, 4194303.75, 4194303},
      {WEYL_UNARY_FLOOR, NAN, NAN},
      {WEYL_UNARY_SIGN, NAN, NAN},
      {WEYL_UNARY_SIGN, -3, -1},
      {WEYL_UNARY_NEG, 0, -0.0},
      {WEYL_UNARY_ABS, -0.0, 0},
      {WEYL_UNARY_ERF, INFINITY, 1},
      {WEYL_UNARY_EXPM1, -INFINITY, -1},
      {WEYL_UNARY_SIN, INFINITY, NAN},
  };
  for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
    for (int type = F32; type <= F64; type++) FOR_TABLES(k) {
        double x[1], y[1];
        put(type, x, 0, cases[c].x);
        k->unary[type][cases[c].f](1, x, y);
        const double got = at(type, y, 0);
        if (!same(got, cases[c].y) || (!isnan(got) && signbit(got) != signbit(cases[c].y)))
          fail_msg("%s f%d %s(%g) = %.17g, not %g", k->isa, type == F32 ? 32 : 64, unary_names[cases[c].f], cases[c].x,
                   got, cases[c].y);
      }
}

/* A value does not depend on its neighbours, the length, the alignment or whether it overwrites its input; nothing
 * behind the end is touched. */
static void unary_place(void **state) {
  (void)state;
  enum { N = 67 };
  weyl_rng rng = weyl_rng_new(3, "place");
  for (int type = F32; type <= F64; type++) {
    void *x = array_of(type, N), *y = array_of(type, N + 1), *one = array_of(type, 1);
    for (size_t i = 0; i < N; i++) put(type, x, i, i < SPECIALS ? special[i] : 8 * weyl_rng_uniform(&rng) - 2);
    for (weyl_unary f = 0; f < WEYL_UNARY_COUNT; f++)
      FOR_TABLES(k) for (size_t n = 0; n <= N; n++) for (size_t from = 0; from < 3 && from + n <= N; from++) {
        const bool in_place = n % 2;
        put(type, y, n, 77);
        if (in_place) memcpy(y, shifted(type, x, from), n * size_of(type));
        k->unary[type][f](n, in_place ? y : shifted(type, x, from), y);
        assert_true(at(type, y, n) == 77);
        if (n == 0) continue;
        const size_t i = (n * 7 + from) % n;
        k->unary[type][f](1, shifted(type, x, from + i), one);
        if (!same(at(type, one, 0), at(type, y, i)))
          fail_msg("%s %s: place %zu of %zu gives %.17g, alone %.17g", k->isa, unary_names[f], i, n, at(type, y, i),
                   at(type, one, 0));
      }
    free(x);
    free(y);
    free(one);
  }
}

static void binary_strides(void **state) {
  (void)state;
  enum { N = 41 };
  weyl_rng rng = weyl_rng_new(4, "strides");
  for (int type = F32; type <= F64; type++) {
    void *x = random_array(&rng, type, N, 0.1, 3), *y = random_array(&rng, type, N, -2, 2), *z = array_of(type, N + 1);
    void *one = array_of(type, 1);
    for (weyl_binary f = 0; f < WEYL_BINARY_COUNT; f++) FOR_TABLES(k)
    for (size_t n = 0; n <= N; n++)
      for (size_t s = 0; s < 4; s++)
        for (int alias = 0; alias < 3; alias++) {
          const size_t sx = s & 1, sy = s >> 1;
          void *u = x, *v = y;
          if (alias) { /* the output is one of the inputs, even one with stride 0 */
            memcpy(z, alias == 1 ? x : y, n * size_of(type));
            *(alias == 1 ? &u : &v) = z;
          }
          put(type, z, n, 77);
          if (n == 0 && alias) continue;
          k->binary[type][f](n, u, sx, v, sy, z);
          if (at(type, z, n) != 77) fail_msg("%s %s wrote behind %zu", k->isa, binary_names[f], n);
          for (size_t i = 0; i < n; i++) {
            k->binary[type][f](1, shifted(type, x, i * sx), 1, shifted(type, y, i * sy), 1, one);
            if (!same(at(type, one, 0), at(type, z, i)))
              fail_msg("%s %s n %zu strides %zu %zu alias %d: place %zu", k->isa, binary_names[f], n, sx, sy, alias, i);
          }
        }
    free(x);
    free(y);
    free(z);
    free(one);
  }
}

/* x sigmoid(x) and its derivative within the bounds that the header states; where the sigmoid is no normal number it
 * may be 0. */
static void silu_accuracy(void **state) {
  (void)state;
  enum { N = 1 << 16 };
  weyl_rng rng = weyl_rng_new(6, "silu");
  for (int type = F32; type <= F64; type++) {
    void *x = array_of(type, N), *y = array_of(type, N), *dy = array_of(type, N);
    const long double eps = (long double)epsilon_of(type), low = type == F32 ? FLT_MIN : DBL_MIN;
    fill_sweep(&rng, type, N, x);
    for (size_t t = 0; t < 4; t++) {
      const weyl_kernels *k = t < 3 ? table_here(t) : weyl_kernels_reference();
      if (!k) continue;
      k->silu[type](N, x, y, dy);
      double worst[2] = {0}, where[2] = {0};
      for (size_t i = 0; i < N; i++) {
        const double v = at(type, x, i), got[2] = {at(type, y, i), at(type, dy, i)};
        if (isnan(v) || isinf(v)) {
          /* at minus infinity a number of no size */
          const double value = v > 0 ? v : NAN, slope = v > 0 ? 1 : NAN, small = (double)low * 1000;
          const bool right = v < 0 ? got[0] <= 0 && got[0] > -small && fabs(got[1]) < small
                                   : same(got[0], value) && same(got[1], slope);
          if (!right) fail_msg("%s f%d silu(%g) is %g, %g", k->isa, type == F32 ? 32 : 64, v, got[0], got[1]);
          continue;
        }
        const long double l = (long double)v, s = 1 / (1 + expl(-l)), rest = 1 / (1 + expl(l));
        const long double exact[2] = {l * s, s + l * s * rest};
        const long double unit[2] = {eps * fabsl(l) * s, eps * s * (1 + fabsl(l) * rest)};
        for (int c = 0; c < 2; c++) {
          const long double flushed = s < low ? low * (1 + fabsl(l)) : low;
          const long double error = fabsl((long double)got[c] - exact[c]) - flushed;
          if (!(error <= 0) && !((double)(error / unit[c]) <= worst[c]))
            worst[c] = (double)(error / unit[c]), where[c] = v;
        }
      }
      if (getenv("WEYL_TEST_PRINT"))
        print_message("%-6s f%d silu %.3f, derivative %.3f eps\n", k->isa, type == F32 ? 32 : 64, worst[0], worst[1]);
      if (!(worst[0] <= 2 && worst[1] <= 3))
        fail_msg("%s f%d silu: %g eps at %.17g, derivative %g eps at %.17g", k->isa, type == F32 ? 32 : 64, worst[0],
                 where[0], worst[1], where[1]);
    }
    free(x);
    free(y);
    free(dy);
  }
}

/* Values do not depend on length, place, which of the two is asked for, or which of them overwrites x. */
static void silu_place(void **state) {
  (void)state;
  enum { N = 67 };
  weyl_rng rng = weyl_rng_new(7, "silu place");
  for (int type = F32; type <= F64; type++) {
    void *x = array_of(type, N), *y = array_of(type, N + 1), *dy = array_of(type, N + 1), *one = array_of(type, 2);
    for (size_t i = 0; i < N; i++) put(type, x, i, i < SPECIALS ? special[i] : 12 * weyl_rng_uniform(&rng) - 6);
    FOR_TABLES(k) for (size_t n = 0; n <= N; n++) for (int way = 0; way < 5; way++) {
      void *const value = way == 1 ? NULL : y, *const slope = way == 0 ? NULL : dy;
      const void *from = x;
      if (way > 2) { /* x is one of the results */
        from = way == 3 ? y : dy;
        memcpy(way == 3 ? y : dy, x, n * size_of(type));
      }
      put(type, y, n, 77);
      put(type, dy, n, 77);
      k->silu[type](n, from, value, slope);
      assert_true(at(type, y, n) == 77 && at(type, dy, n) == 77);
      for (size_t i = 0; i < n; i++) {
        k->silu[type](1, shifted(type, x, i), one, shifted(type, one, 1));
        if ((value && !same(at(type, y, i), at(type, one, 0))) || (slope && !same(at(type, dy, i), at(type, one, 1))))
          fail_msg("%s f%d silu: place %zu of %zu, way %d", k->isa, type == F32 ? 32 : 64, i, n, way);
      }
    }
    weyl_kernels_active()->silu[type](N, x, NULL, NULL); /* nothing is asked for */
    free(x);
    free(y);
    free(dy);
    free(one);
  }
}

static void where_fill_axpy(void **state) {
  (void)state;
  enum { N = 53 };
  weyl_rng rng = weyl_rng_new(5, "where");
  for (int type = F32; type <= F64; type++) {
    void *c = random_array(&rng, type, N, -1, 1), *x = random_array(&rng, type, N, -1, 1);
    void *y = random_array(&rng, type, N, -1, 1), *z = array_of(type, N + 1);
    for (size_t i = 0; i < N; i += 2) put(type, c, i, i % 4 ? -0.0 : 0);
    put(type, c, 5, NAN);
    FOR_TABLES(k) for (size_t n = 0; n <= N; n++) {
      for (size_t s = 0; s < 8; s++) {
        const size_t sc = s & 1, sx = s >> 1 & 1, sy = s >> 2;
        put(type, z, n, 77);
        k->where[type](n, c, sc, x, sx, y, sy, z);
        for (size_t i = 0; i < n; i++)
          assert_true(at(type, z, i) == (at(type, c, i * sc) != 0 ? at(type, x, i * sx) : at(type, y, i * sy)));
        assert_true(at(type, z, n) == 77);
      }
      memcpy(z, x, n * size_of(type)); /* over an input of stride 0 */
      k->where[type](n, c, 1, z, 0, y, 1, z);
      for (size_t i = 0; i < n; i++)
        assert_true(at(type, z, i) == (at(type, c, i) != 0 ? at(type, x, 0) : at(type, y, i)));

      put(type, z, n, 77);
      k->fill[type](n, 0.3, z);
      for (size_t i = 0; i < n; i++) assert_true(at(type, z, i) == (type == F32 ? (double)0.3f : 0.3));
      assert_true(at(type, z, n) == 77);

      memcpy(z, y, n * size_of(type));
      k->axpy[type](n, -0.7, x, z);
      const double factor = type == F32 ? (double)-0.7f : -0.7;
      for (size_t i = 0; i < n; i++)
        assert_true(fabs(at(type, z, i) - (at(type, y, i) + factor * at(type, x, i))) <= epsilon_of(type));
      assert_true(at(type, z, n) == 77);
    }
    free(c);
    free(x);
    free(y);
    free(z);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unary_accuracy), cmocka_unit_test(own_polynomials), cmocka_unit_test(binary_accuracy),
      cmocka_unit_test(exact_values),   cmocka_unit_test(unary_place),     cmocka_unit_test(binary_strides),
      cmocka_unit_test(silu_accuracy),  cmocka_unit_test(silu_place),      cmocka_unit_test(where_fill_axpy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
