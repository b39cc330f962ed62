/* Expressions: normal forms, derivatives, text, relations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <weyl/expr.h>

#include "property.h"

typedef struct bench {
  weyl_context *ctx;
  weyl_algebra *a;
} bench;

static bench begin(const char *independents, const char *fields, const char *parameters) {
  bench b = {.ctx = test_context(1)};
  assert_ok(b.ctx, weyl_algebra_new(b.ctx, &b.a));
  for (const char *s = independents; *s; s++) assert_ok(b.ctx, weyl_algebra_independent(b.a, (char[]){*s, 0}));
  for (const char *s = fields; *s; s++) assert_ok(b.ctx, weyl_algebra_field(b.a, (char[]){*s, 0}));
  for (const char *s = parameters; *s; s++) assert_ok(b.ctx, weyl_algebra_parameter(b.a, (char[]){*s, 0}));
  return b;
}

static void end(bench b) {
  weyl_algebra_free(b.a);
  test_context_free(b.ctx);
}

static const weyl_expr *of(bench b, const char *text) {
  const weyl_expr *x = NULL;
  assert_ok(b.ctx, weyl_expr_parse(b.a, &(weyl_line){text, strlen(text), "test", 1, 1}, &x));
  return x;
}

static void same(bench b, const char *x, const char *y) {
  const weyl_expr *p = of(b, x), *q = of(b, y);
  if (p != q)
    print_error("%s is %s\n%s is %s\n", x, weyl_expr_text(b.a, p, WEYL_PLAIN), y, weyl_expr_text(b.a, q, WEYL_PLAIN));
  assert_ptr_equal(p, q);
}

static void normal_forms(void **state) {
  (void)state;
  bench b = begin("t", "xyz", "km");
  same(b, "(x + y)^3", "x^3 + 3*x^2*y + 3*x*y^2 + y^3");
  same(b, "x - x", "0");
  same(b, "0.25*x", "x/4");
  same(b, "1.5e-1", "3/20");
  same(b, "-x^2", "-(x^2)");
  same(b, "x^2^2", "x^4");
  same(b, "(x^2 + y^2)/sqrt(x^2 + y^2)", "sqrt(x^2 + y^2)");
  same(b, "(x^2 + y^2 + z^2)^(-3/2)*(x^2 + y^2 + z^2)", "1/sqrt(x^2 + y^2 + z^2)");
  same(b, "1/(2*x + 2*y)", "1/2/(x + y)");
  same(b, "(x^2 - y^2)/(x + y)", "x - y");
  same(b, "sqrt(8)", "2*sqrt(2)");
  same(b, "1/sqrt(2)", "sqrt(2)/2");
  same(b, "sqrt(4*k*x)", "2*sqrt(k)*sqrt(x)");
  same(b, "sqrt(k*m^3)", "m*sqrt(m)*sqrt(k)");
  same(b, "sin(x)^2 + cos(x)^2", "1");
  same(b, "sin(2*x)", "2*sin(x)*cos(x)");
  same(b, "cos(3*x)", "4*cos(x)^3 - 3*cos(x)");
  same(b, "sin(-x) + sin(x)", "0");
  same(b, "cos(y - x)", "cos(x - y)");
  same(b, "exp(x)*exp(-x)", "1");
  same(b, "exp(x)^2*exp(y)", "exp(2*x + y)");
  same(b, "exp(2*log(x + y))", "(x + y)^2");
  same(b, "x^k*x^(-k)", "1");
  same(b, "cosh(x)^2 - sinh(x)^2", "1");
  same(b, "tan(x)*cos(x)", "sin(x)");
  same(b, "x'", "x_t");
  same(b, "1/(x + y)^2*(x + y)", "1/(x + y)");
  same(b, "k/(x^2 + y^2)^(3/2)", "k*(x^2 + y^2)^(-3/2)");
  same(b, "log(1) + atan(0)", "0");
  /* (x^2)^(1/2) is |x| */
  assert_true(of(b, "sqrt(x^2)") != of(b, "x"));
  same(b, "sqrt(x^2)^2", "x^2");
  /* two bases with one leading term: zero is seen when denominators are cleared */
  assert_true(weyl_expr_is_zero(b.a, of(b, "1/(x + y) - 1/(x + z) - (z - y)/((x + y)*(x + z))")));
  assert_true(weyl_expr_is_zero(b.a, of(b, "1/(1 - x^2) + 1/(x^2 - 1)")));
  assert_false(weyl_expr_is_zero(b.a, of(b, "1/(1 - x^2) - 1/(x^2 - 1)")));
  end(b);
}

static void derivatives(void **state) {
  (void)state;
  bench b = begin("tx", "u", "c");
  const weyl_expr *u = of(b, "u");
  assert_ptr_equal(weyl_expr_partial(b.a, of(b, "u^3*sin(u)"), u), of(b, "3*u^2*sin(u) + u^3*cos(u)"));
  assert_ptr_equal(weyl_expr_partial(b.a, of(b, "sqrt(1 + u^2)"), u), of(b, "u/sqrt(1 + u^2)"));
  assert_ptr_equal(weyl_expr_partial(b.a, of(b, "exp(-u^2) + log(u) + atan(u)"), u),
                   of(b, "-2*u*exp(-u^2) + 1/u + 1/(1 + u^2)"));
  assert_ptr_equal(weyl_expr_total(b.a, of(b, "x*u_t*u"), 1), of(b, "u_t*u + x*u_tx*u + x*u_t*u_x"));
  assert_ptr_equal(weyl_expr_euler(b.a, of(b, "u_t^2/2 - c^2*u_x^2/2"), 0), of(b, "c^2*u_xx - u_tt"));
  assert_ptr_equal(weyl_expr_euler(b.a, of(b, "u_xx^2/2"), 0), of(b, "u_xxxx"));
  assert_ptr_equal(weyl_expr_euler(b.a, of(b, "u_t*u_x/2 + u_x^3 - u_xx^2/2"), 0),
                   of(b, "-u_tx - 6*u_x*u_xx - u_xxxx"));
  /* E of a divergence vanishes */
  const weyl_expr *f = of(b, "x*u^2*u_tx + sin(u)*u_x");
  assert_ptr_equal(weyl_expr_euler(b.a, weyl_expr_total(b.a, f, 0), 0), of(b, "0"));
  end(b);
}

static void prolongation(void **state) {
  (void)state;
  bench b = begin("x", "u", "");
  /* rotations of the plane (Olver, example 2.35): phi^x = 1 + u_x^2, phi^xx = 3 u_x u_xx */
  const weyl_generator v = {.xi = {of(b, "-u")}, .phi = {of(b, "x")}};
  assert_ptr_equal(weyl_expr_prolong(b.a, &v, of(b, "u_x")), of(b, "1 + u_x^2"));
  assert_ptr_equal(weyl_expr_prolong(b.a, &v, of(b, "u_xx")), of(b, "3*u_x*u_xx"));
  assert_ptr_equal(weyl_expr_prolong(b.a, &v, of(b, "u_xx*(1 + u_x^2)^(-3/2)")), of(b, "0")); /* curvature */
  end(b);
}

static void potentials(void **state) {
  (void)state;
  static const char *const with[] = {
      "x*u*u_t + u_xx*u_x^2", "cos(u)*x", "u*u_x/t", "u/sqrt(1 + x^2)", "exp(u)", "x^3*t", "log(u)*t"};
  bench b = begin("tx", "u", "");
  for (size_t k = 0; k < sizeof with / sizeof *with; k++)
    for (size_t i = 0; i < 2; i++) {
      const weyl_expr *f = weyl_expr_total(b.a, of(b, with[k]), i), *w[WEYL_INDEPENDENTS_MAX];
      assert_ok(b.ctx, weyl_expr_homotopy(b.a, f, w));
      const weyl_expr *back = weyl_expr_add(b.a, weyl_expr_total(b.a, w[0], 0), weyl_expr_total(b.a, w[1], 1));
      assert_true(weyl_expr_is_zero(b.a, weyl_expr_sub(b.a, back, f)));
    }
  const weyl_expr *w[WEYL_INDEPENDENTS_MAX];
  assert_says(b.ctx, weyl_expr_homotopy(b.a, of(b, "u_x^2"), w), WEYL_NO, "Euler operator for u is -2*u_xx");
  end(b);
}

static void text_reads_back(void **state) {
  (void)state;
  static const char *const texts[] = {"x^2*y_t/(2*k) - 3/4*z^(1/3)",
                                      "k*m/sqrt(x^2 + y^2)",
                                      "-x*(x^2 + y^2)^(-3/2)",
                                      "sin(x - y)*exp(-t)/(x + y)^2",
                                      "-1/2",
                                      "x_tt + k*x",
                                      "sqrt(2)*x^(-1/2)",
                                      "log(x)/t"};
  bench b = begin("t", "xyz", "km");
  for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
    const weyl_expr *x = of(b, texts[k]);
    same(b, weyl_expr_text(b.a, x, WEYL_PLAIN), texts[k]);
  }
  assert_string_equal(weyl_expr_text(b.a, of(b, "k*m/sqrt(x^2+y^2) - x'^2/2"), WEYL_LATEX),
                      "-\\frac{x_{t}^{2}}{2} + \\frac{k m}{\\sqrt{x^{2} + y^{2}}}");
  end(b);
}

static void refusals(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } bad[] = {
      {"x + ", "test:3:14: expected a number, a name or \"(\" here\n  x + \n      ^"},
      {"x + * y", "test:3:14: expected a number, a name or \"(\", found \"*\"\n  x + * y\n      ^"},
      {"2 x", "expected an operator, found \"x\""},
      {"x + qq", "unknown name \"qq\""},
      {"sin x", "expected \"(\" behind sin"},
      {"(x + y", "expected \")\" for the \"(\" at column 10"},
      {"1/(x - x)", "division by zero"},
      {"x^(1/7)", "multiples of 1/60"},
      {"x^2000", "beyond 1000"},
      {"(-1)^(1/2)", "a root of a negative number"},
      {"1e40", "more than 30 digits"},
      {"log(0)", "log of 0"},
      {"(x+y+z+k+m+1)^1000", "more than"},
      {"1.2.3", "expected an operator, found \".\""},
      {"\x01", "found \"?\""},
      {"", "expected a number"},
  };
  bench b = begin("t", "xyz", "km");
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    const weyl_expr *x = NULL;
    const weyl_status status = weyl_expr_parse(b.a, &(weyl_line){bad[k].text, strlen(bad[k].text), "test", 3, 10}, &x);
    assert_null(x);
    assert_true(status == WEYL_FORMAT || status == WEYL_UNSUPPORTED || status == WEYL_NUMERIC);
    assert_says(b.ctx, status, status, bad[k].says);
    assert_int_equal(weyl_algebra_status(b.a), WEYL_OK);
  }
  assert_says(b.ctx, weyl_algebra_field(b.a, "x"), WEYL_FORMAT, "has the name of a field");
  assert_says(b.ctx, weyl_algebra_field(b.a, "sin"), WEYL_FORMAT, "name of a function");
  assert_says(b.ctx, weyl_algebra_field(b.a, "2a"), WEYL_FORMAT, "a letter");
  end(b);
}

static void overflow_is_seen(void **state) {
  (void)state;
  bench b = begin("t", "x", "");
  const weyl_expr *n = weyl_expr_number(b.a, INT64_MAX, 1);
  for (int k = 0; k < 3; k++) n = weyl_expr_mul(b.a, n, n);
  assert_null(n);
  assert_int_equal(weyl_algebra_status(b.a), WEYL_NUMERIC);
  assert_null(weyl_expr_add(b.a, n, n));
  weyl_algebra_clear(b.a);
  same(b, "x + 1 - 1", "x");
  end(b);
}

static void relations(void **state) {
  (void)state;
  bench b = begin("t", "xy", "");
  const weyl_expr *x[] = {of(b, "(x + y)^2"), of(b, "x^2"), of(b, "x*y"), of(b, "y^2/3"), of(b, "x")};
  weyl_relations r;
  assert_ok(b.ctx, weyl_expr_relations(b.a, 5, 1, x, &r));
  assert_int_equal(r.count, 1);
  const double want[5] = {-1.0 / 3, 1.0 / 3, 2.0 / 3, 1, 0};
  for (size_t k = 0; k < 5; k++) assert_close((double)r.numerator[k] / (double)r.denominator[k], want[k], 1e-15);
  weyl_relations_free(b.ctx, &r);
  /* 1/x and 1/(x + y) need one common factor */
  const weyl_expr *q[] = {of(b, "1/(x + y)"), of(b, "1/(x + 2*y)"), of(b, "y/((x + y)*(x + 2*y))")};
  assert_ok(b.ctx, weyl_expr_relations(b.a, 3, 1, q, &r));
  assert_int_equal(r.count, 1);
  assert_int_equal(r.numerator[0], -r.numerator[1]);
  weyl_relations_free(b.ctx, &r);
  end(b);
}

/* A random expression in u, u_x, x: what is computed agrees with numbers. */
static const weyl_expr *random_expr(bench b, weyl_rng *rng, int depth) {
  static const char *const leaves[] = {"u", "u_x", "x", "c", "2", "3/2"};
  if (depth == 0) return of(b, leaves[weyl_rng_below(rng, 6)]);
  const weyl_expr *p = random_expr(b, rng, depth - 1), *q = random_expr(b, rng, depth - 1), *one = of(b, "1");
  switch (weyl_rng_below(rng, 6)) {
    case 0: return weyl_expr_add(b.a, p, q);
    case 1: return weyl_expr_sub(b.a, p, q);
    case 2: return weyl_expr_mul(b.a, p, q);
    case 3: return weyl_expr_div(b.a, p, weyl_expr_add(b.a, one, weyl_expr_mul(b.a, q, q)));
    case 4: return weyl_expr_apply(b.a, weyl_rng_below(rng, 2) ? WEYL_SIN : WEYL_COS, p);
    default: return weyl_expr_power(b.a, weyl_expr_add(b.a, one, weyl_expr_mul(b.a, p, p)), 1, 2);
  }
}

static double value_of(bench b, const weyl_expr *x, const double *in) {
  static const weyl_jet jets[] = {{.field = 0}, {.field = 0, .order = {1}}};
  weyl_tape *tape = NULL;
  double y;
  assert_ok(b.ctx, weyl_tape_new(b.a, 1, &x, 2, jets, &tape));
  weyl_tape_run(tape, 1, (const double *const[]){&in[0], &in[1], &in[2], &in[3]}, (double *const[]){&y});
  weyl_tape_free(tape);
  return y;
}

PROPERTY(derivative_against_differences, 60) {
  bench b = begin("x", "u", "c");
  const weyl_expr *x = random_expr(b, rng, 3), *d = weyl_expr_partial(b.a, x, of(b, "u"));
  const double in[4] = {weyl_rng_uniform(rng), 0.5, weyl_rng_uniform(rng), weyl_rng_uniform(rng)}, h = 1e-4;
  double f[4];
  for (int k = 0; k < 4; k++) {
    const double at[] = {-2, -1, 1, 2};
    double moved[4] = {in[0], in[1], in[2] + h * at[k], in[3]};
    f[k] = value_of(b, x, moved);
  }
  const double slope = value_of(b, d, in);
  assert_close(slope, (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * h), 1e-6 * (1 + fabs(slope) + fabs(f[1]) / h * 1e-4));
  end(b);
}

PROPERTY(product_rule_and_text, 60) {
  bench b = begin("x", "u", "c");
  const weyl_expr *p = random_expr(b, rng, 2), *q = random_expr(b, rng, 2);
  const weyl_expr *left = weyl_expr_total(b.a, weyl_expr_mul(b.a, p, q), 0),
                  *right = weyl_expr_add(b.a, weyl_expr_mul(b.a, weyl_expr_total(b.a, p, 0), q),
                                         weyl_expr_mul(b.a, p, weyl_expr_total(b.a, q, 0)));
  assert_true(weyl_expr_is_zero(b.a, weyl_expr_sub(b.a, left, right)));
  assert_ptr_equal(of(b, weyl_expr_text(b.a, left, WEYL_PLAIN)), left);
  end(b);
}

static void no_memory(void **state) {
  (void)state;
  for (uint64_t n = 1;; n++) {
    weyl_context *ctx = test_context(1);
    weyl_context_fail_allocation(ctx, n);
    weyl_algebra *a = NULL;
    weyl_status status = weyl_algebra_new(ctx, &a);
    const weyl_expr *x = NULL;
    if (status == WEYL_OK) {
      status = weyl_algebra_independent(a, "t");
      if (status == WEYL_OK) status = weyl_algebra_field(a, "x");
      const char *text = "(x + t)^40*sin(x)/sqrt(x^2 + 1)";
      if (status == WEYL_OK) status = weyl_expr_parse(a, &(weyl_line){text, strlen(text), "test", 1, 1}, &x);
      if (status == WEYL_OK && !weyl_expr_euler(a, x, 0)) status = weyl_algebra_status(a);
    }
    weyl_context_fail_allocation(ctx, 0);
    weyl_algebra_free(a);
    test_context_free(ctx);
    if (status == WEYL_OK) break;
    assert_int_equal(status, WEYL_MEMORY);
    assert_true(n < 1000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(normal_forms),
      cmocka_unit_test(derivatives),
      cmocka_unit_test(prolongation),
      cmocka_unit_test(potentials),
      cmocka_unit_test(text_reads_back),
      cmocka_unit_test(refusals),
      cmocka_unit_test(overflow_is_seen),
      cmocka_unit_test(relations),
      property_test(derivative_against_differences),
      property_test(product_rule_and_text),
      cmocka_unit_test(no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
