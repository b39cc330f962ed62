/* One test walks ops.def: the planned executor against the op-by-op one, f32 against f64, first and second derivatives
 * in f64 against finite differences, and <A x, y> = <x, A* y> for linear operations. A new row of the table is tested
 * at once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine.h"
#include "property.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static weyl_context *ctx;

/* numbers given to the counts */
static const int64_t counts[WEYL_COUNTS] = {0, 3, 4, 5, 2, 2, 2, 2};

typedef struct fixture {
  weyl_variables *vars;
  weyl_example ex;
  int64_t size[WEYL_EXAMPLE_INPUTS];
  double *value[WEYL_EXAMPLE_INPUTS]; /* the inputs, in f64 */
} fixture;

static void fixture_new(fixture *f, const weyl_op *op, int which, weyl_dtype real, uint64_t seed) {
  memset(f, 0, sizeof *f);
  assert_ok(ctx, weyl_variables_new(ctx, real, 1, &f->vars));
  assert_ok(ctx, weyl_graph_new(ctx, f->vars, false, &f->ex.graph));
  for (int i = 0; i < WEYL_EXAMPLE_INPUTS; i++) {
    f->ex.low[i] = op->check.low;
    f->ex.high[i] = op->check.high;
    if (op->check.low == 0 && op->check.high == 0) {
      f->ex.low[i] = -1;
      f->ex.high[i] = 1;
    }
  }
  op->check.example(&f->ex, which);
  f->ex.n_out = 0;
  while (f->ex.n_out < 3 && f->ex.out[f->ex.n_out].graph) f->ex.n_out++;
  assert_ok(ctx, weyl_graph_status(f->ex.graph));
  assert_true(f->ex.n_out > 0);
  weyl_rng rng = weyl_rng_new(seed, op->name);
  for (int i = 0; i < f->ex.n_in; i++) {
    const weyl_shape s = weyl_tensor_shape(f->ex.in[i]);
    f->size[i] = weyl_shape_size(&s, counts, counts);
    f->value[i] = calloc((size_t)f->size[i] + 1, sizeof(double));
    for (int64_t k = 0; k < f->size[i]; k++)
      f->value[i][k] = f->ex.limit[i] ? (double)weyl_rng_below(&rng, (uint64_t)f->ex.limit[i])
                                      : f->ex.low[i] + (f->ex.high[i] - f->ex.low[i]) * weyl_rng_uniform(&rng);
    if (f->ex.sorted[i])
      for (int64_t a = 0; a < f->size[i]; a++)
        for (int64_t b = a + 1; b < f->size[i]; b++)
          if (f->value[i][b] < f->value[i][a]) {
            const double t = f->value[i][a];
            f->value[i][a] = f->value[i][b];
            f->value[i][b] = t;
          }
    if (f->ex.symmetric[i] || f->ex.spd[i]) {
      const int64_t d = s.dim[s.rank - 1].n;
      for (int64_t m = 0; m < f->size[i] / (d * d); m++) {
        double *a = f->value[i] + m * d * d;
        for (int64_t p = 0; p < d; p++)
          for (int64_t q = 0; q <= p; q++)
            a[p * d + q] = a[q * d + p] = (a[p * d + q] + a[q * d + p]) / 2 + (p == q && f->ex.spd[i] ? (double)d : 0);
      }
    }
  }
}

static void fixture_free(fixture *f) {
  for (int i = 0; i < WEYL_EXAMPLE_INPUTS; i++) free(f->value[i]);
  weyl_graph_free(f->ex.graph);
  weyl_variables_free(f->vars);
}

/* Runs the graph on the fixture's inputs; results in f64, one after another, to be freed. */
static double *evaluate(fixture *f, const weyl_tensor *out, int n, bool reference, int64_t *total) {
  weyl_program *program = NULL;
  weyl_run *run = NULL;
  assert_ok(ctx,
            weyl_program_new(f->ex.graph, out, n, &(weyl_program_opts){.lanes = 4, .reference = reference}, &program));
  assert_ok(ctx, weyl_run_new(program, NULL, &run));
  const void *input[8] = {0};
  void *own[8] = {0};
  for (int i = 0; i < weyl_program_inputs(program); i++) {
    const int k = atoi(weyl_program_input_name(program, i) + 1);
    const weyl_dtype t = weyl_program_input_dtype(program, i);
    char *data = calloc((size_t)f->size[k] + 1, 8);
    for (int64_t j = 0; j < f->size[k]; j++) {
      if (t == WEYL_F32) ((float *)(void *)data)[j] = (float)f->value[k][j];
      if (t == WEYL_F64) ((double *)(void *)data)[j] = f->value[k][j];
      if (t == WEYL_I32) ((int32_t *)(void *)data)[j] = (int32_t)f->value[k][j];
    }
    input[i] = own[i] = data;
  }
  const weyl_batch batch = {.shards = 1, .count = &counts, .input = input, .seed = 7, .step = 3};
  assert_ok(ctx, weyl_run_step(run, &batch));
  *total = 0;
  for (int k = 0; k < n; k++) {
    const weyl_array a = weyl_run_output(run, k);
    *total += weyl_array_size(&a);
  }
  double *result = calloc((size_t)*total + 1, sizeof(double));
  int64_t at = 0;
  for (int k = 0; k < n; k++) {
    const weyl_array a = weyl_run_output(run, k);
    for (int64_t i = 0; i < weyl_array_size(&a); i++)
      result[at++] = a.dtype == WEYL_F32   ? (double)((const float *)a.data)[i]
                     : a.dtype == WEYL_F64 ? ((const double *)a.data)[i]
                                           : (double)((const int32_t *)a.data)[i];
  }
  for (int i = 0; i < 8; i++) free(own[i]);
  weyl_run_free(run);
  weyl_program_free(program);
  return result;
}

static void compare(const char *op, int which, const char *what, const double *a, const double *b, int64_t n,
                    double tolerance) {
  double scale = 1e-3, worst = 0;
  for (int64_t i = 0; i < n; i++) scale = fmax(scale, fabs(b[i]));
  for (int64_t i = 0; i < n; i++) {
    const double e = fabs(a[i] - b[i]) / scale;
    if (!(e <= worst)) worst = e; /* NaN too */
  }
  if (!(worst <= tolerance))
    fail_msg("%s, case %d: %s differ by %.3g of %.3g (allowed %.1g)", op, which, what, worst, scale, tolerance);
}

/* The sum of all real outputs with fixed random weights: one number to differentiate. */
static weyl_tensor weighted(fixture *f, uint64_t seed) {
  weyl_graph *g = f->ex.graph;
  weyl_tensor sum = weyl_scalar(g, 0);
  weyl_rng rng = weyl_rng_new(seed, "weights");
  for (int k = 0; k < f->ex.n_out; k++) {
    weyl_shape s = weyl_tensor_shape(f->ex.out[k]);
    if (weyl_tensor_dtype(f->ex.out[k]) == WEYL_I32) continue;
    double w[512];
    weyl_shape plain = s; /* the same weights for every row of a count */
    for (int a = 0; a < s.rank; a++)
      if (s.dim[a].count) plain.dim[a] = weyl_num(1);
    const int64_t n = weyl_shape_size(&plain, NULL, NULL);
    assert_true(n <= 512);
    for (int64_t i = 0; i < n; i++) w[i] = 0.5 + weyl_rng_uniform(&rng);
    sum = weyl_add(sum, weyl_sum_all(weyl_mul(f->ex.out[k], weyl_constant_array(g, weyl_graph_dtype(g), plain, w))));
  }
  return sum;
}

/* Central differences of a scalar against its gradient in every number of every real input. */
static void check_gradient(const weyl_op *op, int which, fixture *f, weyl_tensor y, const char *what, double tolerance,
                           weyl_tensor *gradient) {
  const double h = op->check.h > 0 ? op->check.h : 1e-5;
  int real[WEYL_EXAMPLE_INPUTS] = {0}, n = 0;
  weyl_tensor x[WEYL_EXAMPLE_INPUTS] = {{0}};
  for (int i = 0; i < f->ex.n_in; i++)
    if (!f->ex.limit[i]) {
      real[n] = i;
      x[n++] = f->ex.in[i];
    }
  weyl_grads(y, x, n, gradient);
  assert_ok(ctx, weyl_graph_status(f->ex.graph));
  int64_t total = 0;
  double *g = evaluate(f, gradient, n, false, &total), *d = calloc((size_t)total + 1, sizeof(double));
  int64_t at = 0;
  for (int i = 0; i < n; i++) {
    const int k = real[i];
    const weyl_shape s = weyl_tensor_shape(f->ex.in[k]);
    const int64_t dim = s.rank >= 2 ? s.dim[s.rank - 1].n : 1;
    const bool symmetric = f->ex.symmetric[k] || f->ex.spd[k];
    for (int64_t j = 0; j < f->size[k]; j++, at++) {
      const int64_t m = j / (dim * dim) * dim * dim, mirror = m + (j - m) % dim * dim + (j - m) / dim;
      double side[2];
      for (int turn = 0; turn < 2; turn++) {
        const double step = turn ? -h : h, old = f->value[k][j];
        /* a symmetric matrix stays one: both entries move, by half when they differ */
        if (symmetric && mirror != j) {
          f->value[k][j] += step / 2;
          f->value[k][mirror] += step / 2;
        } else {
          f->value[k][j] += step;
        }
        int64_t one;
        double *v = evaluate(f, &y, 1, false, &one);
        side[turn] = v[0];
        free(v);
        if (symmetric && mirror != j) {
          f->value[k][mirror] -= step / 2;
          f->value[k][j] -= step / 2;
        } else {
          f->value[k][j] = old;
        }
      }
      d[at] = (side[0] - side[1]) / (2 * h);
    }
    if (symmetric) { /* only the symmetric part of the gradient is determined */
      double *part = g + (at - f->size[k]);
      for (int64_t j = 0; j < f->size[k]; j++) {
        const int64_t m = j / (dim * dim) * dim * dim, mirror = m + (j - m) % dim * dim + (j - m) / dim;
        if (mirror > j) part[j] = part[mirror] = (part[j] + part[mirror]) / 2;
      }
    }
  }
  compare(op->name, which, what, g, d, total, tolerance);
  free(g);
  free(d);
}

static void check_case(const weyl_op *op, int which) {
  fixture f, f32;
  int64_t n, m;
  fixture_new(&f, op, which, WEYL_F64, 11);
  double *planned = evaluate(&f, f.ex.out, f.ex.n_out, false, &n),
         *plain = evaluate(&f, f.ex.out, f.ex.n_out, true, &m);
  assert_int_equal(n, m);
  compare(op->name, which, "planned and op-by-op values", planned, plain, n, 1e-13);
  /* f32 sees inputs rounded to f32 */
  fixture_new(&f32, op, which, WEYL_F32, 11);
  double *single = evaluate(&f32, f32.ex.out, f32.ex.n_out, false, &m);
  assert_int_equal(n, m);
  compare(op->name, which, "f32 and f64 values", single, plain, n, 2e-5);
  free(planned);
  free(plain);
  free(single);
  if (op->check.order >= 1) {
    weyl_tensor g1[WEYL_EXAMPLE_INPUTS], g2[WEYL_EXAMPLE_INPUTS];
    const weyl_tensor y = weighted(&f, 5);
    check_gradient(op, which, &f, y, "first derivatives and differences", 2e-7, g1);
    if (op->check.order >= 2) {
      /* a function of the gradient that is not linear in it */
      weyl_tensor z = weyl_scalar(f.ex.graph, 0);
      int k = 0;
      for (int i = 0; i < f.ex.n_in; i++)
        if (!f.ex.limit[i]) z = weyl_add(z, weyl_sum_all(weyl_sin(weyl_shift(g1[k++], 0.3))));
      check_gradient(op, which, &f, z, "second derivatives and differences", 2e-6, g2);
    }
  }
  fixture_free(&f);
  fixture_free(&f32);
}

/* An elementwise operation of one operand must read a broadcast view of it as it reads a dense array: along rows, and
 * along columns. */
static void check_views(const weyl_op *op) {
  for (int along = 0; along < 2; along++) {
    fixture f;
    fixture_new(&f, op, 0, WEYL_F64, 31);
    weyl_graph *g = f.ex.graph;
    const weyl_shape s = weyl_tensor_shape(f.ex.in[0]);
    if (f.ex.n_in != 1 || s.rank != 2 || s.dim[0].count || s.dim[1].count) {
      fixture_free(&f);
      return;
    }
    const weyl_tensor part = weyl_slice(f.ex.in[0], along, 0, 1, 1), view = weyl_broadcast_to(part, s);
    const weyl_tensor y = weyl_node_new(g, op, &view, 1, NULL, NULL);
    assert_ok(ctx, weyl_graph_status(g));
    int64_t n, m;
    double *planned = evaluate(&f, &y, 1, false, &n), *plain = evaluate(&f, &y, 1, true, &m);
    assert_int_equal(n, m);
    compare(op->name, along, "values of a broadcast view, planned and op by op,", planned, plain, n, 1e-13);
    free(planned);
    free(plain);
    fixture_free(&f);
  }
}

static void test_table(void **state) {
  (void)state;
  int tested = 0;
  for (size_t i = 0; i < weyl_ops_count; i++) {
    const weyl_op *op = weyl_ops_all[i];
    assert_non_null(op->name);
    assert_non_null(op->shape);
    assert_non_null(op->eval);
    if (!op->check.example) {
      /* leaves, indices and counts have nothing to differentiate; they are tested by themselves */
      const bool allowed =
          op->flags & WEYL_OP_LEAF || op == &weyl_op_iota || op == &weyl_op_count || op == &weyl_op_random;
      if (!allowed) fail_msg("%s has no example", op->name);
      continue;
    }
    for (int c = 0; c < (op->check.cases ? op->check.cases : 1); c++) check_case(op, c);
    if (op->flags & WEYL_OP_STRIDED) check_views(op);
    tested++;
  }
  assert_true(tested > 50);
}

/* A linear operation A and its derivative A* agree to rounding: <A x, y> = <x, A* y>, divided by |x| |y|. */
static void test_adjointness(void **state) {
  (void)state;
  for (size_t i = 0; i < weyl_ops_count; i++) {
    const weyl_op *op = weyl_ops_all[i];
    if (!(op->flags & WEYL_OP_LINEAR) || !op->check.example || op == &weyl_op_collect || op == &weyl_op_distribute)
      continue;
    for (int c = 0; c < (op->check.cases ? op->check.cases : 1); c++) {
      fixture f;
      fixture_new(&f, op, c, WEYL_F64, 23);
      for (int k = 0; k < f.ex.n_in; k++) {
        if (f.ex.limit[k]) continue;
        /* cotangents as an input of their own kind: constants */
        const weyl_shape s = weyl_tensor_shape(f.ex.out[0]);
        const int64_t n = weyl_shape_size(&s, counts, counts);
        double *y = calloc((size_t)n + 1, sizeof *y);
        weyl_rng rng = weyl_rng_new(3, op->name);
        double yy = 0, xx = 0, left = 0, right = 0;
        for (int64_t j = 0; j < n; j++) {
          y[j] = weyl_rng_normal(&rng);
          yy += y[j] * y[j];
        }
        const weyl_tensor dy = weyl_constant_array(f.ex.graph, WEYL_F64, s, y);
        weyl_tensor dx;
        weyl_vjp(&f.ex.out[0], &dy, 1, &f.ex.in[k], 1, &dx);
        assert_ok(ctx, weyl_graph_status(f.ex.graph));
        int64_t total;
        double *back = evaluate(&f, &dx, 1, false, &total), *forward = evaluate(&f, f.ex.out, 1, false, &total);
        for (int64_t j = 0; j < n; j++) left += forward[j] * y[j];
        for (int64_t j = 0; j < f.size[k]; j++) {
          right += f.value[k][j] * back[j];
          xx += f.value[k][j] * f.value[k][j];
        }
        /* add and sub are linear in both operands together, so that the other one's part is taken off */
        if (op == &weyl_op_add || op == &weyl_op_sub || op == &weyl_op_concat || op == &weyl_op_pack) {
          double *zero = f.value[k];
          f.value[k] = calloc((size_t)f.size[k] + 1, sizeof(double));
          double *rest = evaluate(&f, f.ex.out, 1, false, &total);
          for (int64_t j = 0; j < n; j++) left -= rest[j] * y[j];
          free(rest);
          free(f.value[k]);
          f.value[k] = zero;
        }
        if (fabs(left - right) > 1e-13 * (double)n * sqrt(xx * yy))
          fail_msg("%s, case %d, operand %d: <A x, y> = %.17g, <x, A* y> = %.17g", op->name, c, k, left, right);
        free(y);
        free(back);
        free(forward);
      }
      fixture_free(&f);
    }
  }
}

static int setup(void **state) {
  (void)state;
  return weyl_context_new(NULL, &ctx) != WEYL_OK;
}

static int teardown(void **state) {
  (void)state;
  weyl_context_free(ctx);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_adjointness)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
