/* Convolution: both engines against plain loops, from several threads; windows, pooling and sampling of images. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "conv.h"
#include "testing.h"

#define N                  weyl_num
#define SHAPE4(a, b, c, d) WEYL_SHAPE(N(a), N(b), N(c), N(d))

/* ---- the engines
 * ------------------------------------------------------------------------------------------------------- */

typedef struct problem {
  weyl_conv_geometry q;
  weyl_conv_kind kind;
  int64_t n_a, n_b, n_out;
  double *a, *b, *out; /* operands and the result by plain loops */
} problem;

static int64_t numbers(const weyl_conv_geometry *q, char what) {
  if (what == 'x') return q->n * q->h * q->w * q->c;
  if (what == 'y') return q->n * q->oh * q->ow * q->o;
  return q->kh * q->kw * q->c / q->groups * q->o;
}

static void plain_loops(problem *p) {
  const weyl_conv_geometry *q = &p->q;
  const int64_t cg = q->c / q->groups, og = q->o / q->groups;
  double *x = p->kind == WEYL_CONV_INPUT ? p->out : p->a, *w = p->kind == WEYL_CONV_WEIGHT ? p->out : p->b;
  double *y = p->kind == WEYL_CONV_FORWARD ? p->out : p->kind == WEYL_CONV_INPUT ? p->a : p->b;
  for (int64_t n = 0; n < q->n; n++)
    for (int64_t py = 0; py < q->oh; py++)
      for (int64_t px = 0; px < q->ow; px++)
        for (int64_t i = 0; i < q->kh; i++)
          for (int64_t j = 0; j < q->kw; j++) {
            const int64_t iy = py * q->stride[0] - q->before[0] + i * q->dilation[0],
                          ix = px * q->stride[1] - q->before[1] + j * q->dilation[1];
            if (iy < 0 || iy >= q->h || ix < 0 || ix >= q->w) continue;
            for (int64_t o = 0; o < q->o; o++)
              for (int64_t c = 0; c < cg; c++) {
                double *xs = &x[((n * q->h + iy) * q->w + ix) * q->c + o / og * cg + c],
                       *ws = &w[((i * q->kw + j) * cg + c) * q->o + o];
                double *ys = &y[((n * q->oh + py) * q->ow + px) * q->o + o];
                if (p->kind == WEYL_CONV_FORWARD) *ys += *xs * *ws;
                if (p->kind == WEYL_CONV_INPUT) *xs += *ys * *ws;
                if (p->kind == WEYL_CONV_WEIGHT) *ws += *xs * *ys;
              }
          }
}

static void problem_fill(problem *p, weyl_rng *rng) {
  const char *letters = p->kind == WEYL_CONV_FORWARD ? "xwy" : p->kind == WEYL_CONV_INPUT ? "ywx" : "xyw";
  p->n_a = numbers(&p->q, letters[0]);
  p->n_b = numbers(&p->q, letters[1]);
  p->n_out = numbers(&p->q, letters[2]);
  p->a = calloc((size_t)p->n_a + 1, sizeof(double));
  p->b = calloc((size_t)p->n_b + 1, sizeof(double));
  p->out = calloc((size_t)p->n_out + 1, sizeof(double));
  for (int64_t i = 0; i < p->n_a; i++) p->a[i] = (double)(float)(2 * weyl_rng_uniform(rng) - 1);
  for (int64_t i = 0; i < p->n_b; i++) p->b[i] = (double)(float)(2 * weyl_rng_uniform(rng) - 1);
  plain_loops(p);
}

static void problem_free(problem *p) {
  free(p->a);
  free(p->b);
  free(p->out);
}

static int64_t between(weyl_rng *rng, int64_t low, int64_t high) {
  return low + (int64_t)weyl_rng_below(rng, (uint64_t)(high - low + 1));
}

static void problem_random(problem *p, weyl_rng *rng) {
  *p = (problem){.kind = (weyl_conv_kind)weyl_rng_below(rng, 3)};
  weyl_conv_geometry *q = &p->q;
  do {
    const int64_t groups = weyl_rng_below(rng, 3) ? 1 : between(rng, 2, 4);
    *q = (weyl_conv_geometry){.n = between(rng, 1, 3),
                              .h = between(rng, 1, 9),
                              .w = between(rng, 1, 9),
                              .c = groups * between(rng, 1, 9),
                              .kh = between(rng, 1, 4),
                              .kw = between(rng, 1, 4),
                              .o = groups * between(rng, 1, 18),
                              .groups = groups};
    for (int i = 0; i < 2; i++) {
      q->stride[i] = between(rng, 1, 3);
      q->before[i] = between(rng, 0, 3);
      q->after[i] = between(rng, 0, 3);
      q->dilation[i] = weyl_rng_below(rng, 3) ? 1 : between(rng, 2, 3);
    }
    const int64_t room_h = q->h + q->before[0] + q->after[0] - q->dilation[0] * (q->kh - 1) - 1,
                  room_w = q->w + q->before[1] + q->after[1] - q->dilation[1] * (q->kw - 1) - 1;
    q->oh = room_h < 0 ? 0 : room_h / q->stride[0] + 1;
    q->ow = room_w < 0 ? 0 : room_w / q->stride[1] + 1;
  } while (q->oh < 1 || q->ow < 1);
  problem_fill(p, rng);
}

/* Sums of `terms` products below 1, one after another: partial sums walk to sqrt(terms), and the roundings of that size
 * walk in turn. `times`: added up so often. */
static void assert_result(const problem *p, weyl_dtype dtype, const void *got, int times, const char *engine) {
  const double terms =
      (double)(p->kind == WEYL_CONV_WEIGHT ? p->q.n * p->q.oh * p->q.ow : p->q.kh * p->q.kw * (p->q.c + p->q.o));
  const double tolerance = (dtype == WEYL_F32 ? 1e-7 : 2e-16) * (20 + terms);
  for (int64_t i = 0; i < p->n_out; i++) {
    const double v = dtype == WEYL_F32 ? (double)((const float *)got)[i] : ((const double *)got)[i],
                 want = times * p->out[i];
    if (!(fabs(v - want) <= tolerance * times))
      fail_msg("%s, kind %d, groups %lld: number %lld is %.9g, must be %.9g", engine, p->kind, (long long)p->q.groups,
               (long long)i, v, want);
  }
}

static float *singles(const double *x, int64_t n) {
  float *f = calloc((size_t)n + 1, sizeof *f);
  for (int64_t i = 0; i < n; i++) f[i] = (float)x[i];
  return f;
}

static void run_gemm(const problem *p, weyl_dtype dtype, const weyl_kernels *kernels) {
  const size_t bytes = (weyl_conv_gemm_scratch(p->kind, &p->q, dtype) + 63) / 64 * 64;
  void *scratch = aligned_alloc(64, bytes), *out = malloc((size_t)p->n_out * 8 + 8);
  memset(scratch, 0xff, bytes); /* NaNs: nothing may be read before it is written */
  memset(out, 0xff, (size_t)p->n_out * 8 + 8);
  float *a = singles(p->a, p->n_a), *b = singles(p->b, p->n_b);
  const bool single = dtype == WEYL_F32;
  for (int times = 1; times <= (p->kind == WEYL_CONV_WEIGHT ? 2 : 1); times++) {
    weyl_conv_gemm(kernels, dtype, p->kind, &p->q, single ? (void *)a : p->a, single ? (void *)b : p->b, times > 1, out,
                   scratch);
    assert_result(p, dtype, out, times, "im2col");
  }
  free(scratch);
  free(out);
  free(a);
  free(b);
}

static void run_direct(const problem *p, weyl_dtype dtype, const weyl_kernels *kernels) {
  if (!weyl_conv_direct_can(&p->q)) return;
  const size_t bytes = (weyl_conv_direct_scratch(p->kind, &p->q, dtype) + 63) / 64 * 64;
  char *scratch = aligned_alloc(64, bytes + 64);
  void *out = malloc((size_t)p->n_out * 8 + 8);
  memset(scratch, 0xff, bytes + 64);
  memset(out, 0xff, (size_t)p->n_out * 8 + 8);
  float *a = singles(p->a, p->n_a), *b = singles(p->b, p->n_b);
  const bool single = dtype == WEYL_F32;
  for (int times = 1; times <= (p->kind == WEYL_CONV_WEIGHT ? 2 : 1); times++) {
    weyl_conv_direct(kernels, dtype, p->kind, &p->q, single ? (void *)a : p->a, single ? (void *)b : p->b, times > 1,
                     out, scratch);
    assert_result(p, dtype, out, times, "direct");
  }
  for (size_t i = 0; i < 64; i++) assert_int_equal(scratch[bytes + i], (char)0xff); /* the room asked for was enough */
  free(scratch);
  free(out);
  free(a);
  free(b);
}

/* Whether oneDNN took the shape. */
static bool run_onednn(const problem *p) {
  float *a = singles(p->a, p->n_a), *b = singles(p->b, p->n_b), *out = malloc((size_t)p->n_out * sizeof *out + 8);
  memset(out, 0xff, (size_t)p->n_out * sizeof *out);
  const bool ran = weyl_conv_onednn(p->kind, &p->q, a, b, out);
  if (ran) assert_result(p, WEYL_F32, out, 1, "oneDNN");
  free(a);
  free(b);
  free(out);
  return ran;
}

PROPERTY(engines_agree_with_loops, 150) {
  problem p;
  problem_random(&p, rng);
  run_gemm(&p, WEYL_F64, weyl_kernels_active());
  run_gemm(&p, WEYL_F32, weyl_kernels_active());
  run_gemm(&p, WEYL_F64, weyl_kernels_reference());
  run_direct(&p, WEYL_F64, weyl_kernels_active());
  run_direct(&p, WEYL_F32, weyl_kernels_active());
  run_direct(&p, WEYL_F32, weyl_kernels_reference());
  run_direct(&p, WEYL_F32, weyl_kernels_named("base"));
  (void)run_onednn(&p);
  problem_free(&p);
}

/* Shapes of usual networks, large enough for several blocks of rows; oneDNN must take these when it is there. */
static void test_usual_shapes(void **state) {
  (void)state;
  if (!weyl_conv_onednn_here()) print_message("oneDNN is absent: its part of this test is skipped\n");
  static const int64_t shapes[6][5] = {{3, 16, 16, 1, 1}, {16, 32, 14, 2, 1}, {32, 32, 12, 1, 1},
                                       {64, 64, 8, 1, 1}, {32, 16, 7, 1, 2},  {16, 16, 9, 2, 16}};
  weyl_rng rng = weyl_rng_new(1, "usual"); /* shapes: c, o, size, stride, groups */
  for (int i = 0; i < 6; i++)
    for (int kind = 0; kind < 3; kind++) {
      const int64_t size = shapes[i][2], s = shapes[i][3];
      problem p = {.kind = (weyl_conv_kind)kind};
      p.q = (weyl_conv_geometry){.n = 8,
                                 .h = size,
                                 .w = size,
                                 .c = shapes[i][0],
                                 .kh = 3,
                                 .kw = 3,
                                 .oh = (size - 1) / s + 1,
                                 .ow = (size - 1) / s + 1,
                                 .o = shapes[i][1],
                                 .stride = {s, s},
                                 .before = {1, 1},
                                 .after = {1, 1},
                                 .dilation = {1, 1},
                                 .groups = shapes[i][4]};
      problem_fill(&p, &rng);
      run_gemm(&p, WEYL_F32, weyl_kernels_active());
      run_gemm(&p, WEYL_F64, weyl_kernels_active());
      run_direct(&p, WEYL_F32, weyl_kernels_active());
      run_direct(&p, WEYL_F64, weyl_kernels_active());
      if (weyl_conv_onednn_here()) assert_true(run_onednn(&p));
      problem_free(&p);
    }
}

typedef struct crowd {
  problem *p;
  float **a, **b, **out;
  int n, repeats;
} crowd;

static void crowd_job(void *arg, int64_t item, int thread) {
  (void)thread;
  const crowd *c = arg;
  const int k = (int)(item % c->n);
  (void)weyl_conv_onednn(c->p[k].kind, &c->p[k].q, c->a[k], c->b[k], c->out[item]);
}

/* Several threads meet in one cache, on equal and on different shapes: the same bytes as from one thread. */
static void test_threads(void **state) {
  (void)state;
  if (!weyl_conv_onednn_here()) skip();
  enum { KINDS = 5, ITEMS = 60 };
  weyl_context *ctx = test_context(4);
  weyl_rng rng = weyl_rng_new(2, "crowd");
  problem p[KINDS];
  float *a[KINDS], *b[KINDS], *out[ITEMS];
  for (int k = 0; k < KINDS; k++) {
    problem_random(&p[k], &rng);
    a[k] = singles(p[k].a, p[k].n_a);
    b[k] = singles(p[k].b, p[k].n_b);
  }
  for (int i = 0; i < ITEMS; i++) out[i] = calloc((size_t)p[i % KINDS].n_out + 1, sizeof(float));
  crowd c = {p, a, b, out, KINDS, ITEMS};
  weyl_parallel(ctx, ITEMS, crowd_job, &c);
  for (int i = KINDS; i < ITEMS; i++)
    assert_memory_equal(out[i], out[i % KINDS], (size_t)p[i % KINDS].n_out * sizeof(float));
  for (int i = 0; i < ITEMS; i++) free(out[i]);
  for (int k = 0; k < KINDS; k++) {
    problem_free(&p[k]);
    free(a[k]);
    free(b[k]);
  }
  test_context_free(ctx);
}

/* More shapes than the cache holds: old ones leave and come back. */
static void test_many_shapes(void **state) {
  (void)state;
  if (!weyl_conv_onednn_here()) skip();
  weyl_rng rng = weyl_rng_new(3, "many");
  for (int turn = 0; turn < 2; turn++)
    for (int64_t i = 0; i < 150; i++) {
      problem p = {.kind = WEYL_CONV_FORWARD};
      p.q = (weyl_conv_geometry){.n = 1,
                                 .h = 1,
                                 .w = 3 + i,
                                 .c = 1,
                                 .kh = 1,
                                 .kw = 2,
                                 .oh = 1,
                                 .ow = 2 + i + turn,
                                 .o = 8,
                                 .stride = {1, 1},
                                 .before = {0, turn},
                                 .dilation = {1, 1},
                                 .groups = 1};
      problem_fill(&p, &rng);
      (void)run_onednn(&p);
      problem_free(&p);
    }
}

/* ---- the operations
 * -------------------------------------------------------------------------------------------------------- */

static void test_known_values(void **state) {
  (void)state;
  lab l;
  double y[16];
  lab_begin(&l, WEYL_F64);
  const double image[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const weyl_tensor x = lab_array(&l, SHAPE4(1, 3, 3, 1), image),
                    w = lab_array(&l, SHAPE4(2, 2, 1, 1), (const double[]){1, 10, 100, 1000});
  lab_read(&l, weyl_conv2d(x, w, NULL), y, 4); /* cross-correlation: nothing is turned around */
  assert_numbers(y, (const double[]){5421, 6532, 8754, 9865}, 4, 0);
  lab_read(&l, weyl_conv2d(x, w, &(weyl_conv_opts){.stride = {2, 2}, .before = {1, 1}}), y, 4);
  assert_numbers(y, (const double[]){1000, 3200, 7040, 9865}, 4, 0);
  lab_read(&l, weyl_conv2d(x, w, &(weyl_conv_opts){.dilation = {2, 2}}), y, 1);
  assert_numbers(y, (const double[]){9731}, 1, 0);
  /* a line, with two channels in two groups */
  const weyl_tensor line = lab_array(&l, WEYL_SHAPE(N(1), N(3), N(2)), (const double[]){1, 4, 2, 5, 3, 6}),
                    v = lab_array(&l, WEYL_SHAPE(N(2), N(1), N(2)), (const double[]){1, 1, 10, 100});
  const weyl_tensor z = weyl_conv1d(line, v, &(weyl_conv_opts){.groups = 2});
  lab_read(&l, z, y, 4);
  assert_numbers(y, (const double[]){21, 504, 32, 605}, 4, 0);
  /* windows, row by row of the window, `outside` around the image */
  lab_read(&l, weyl_windows(x, 2, 2, &(weyl_conv_opts){.stride = {2, 2}, .before = {1, 1}}, -1), y, 16);
  assert_numbers(y, (const double[]){-1, -1, -1, 1, -1, -1, 2, 3, -1, 4, -1, 7, 5, 6, 8, 9}, 16, 0);
  lab_read(&l, weyl_windows(x, 2, 2, &(weyl_conv_opts){.stride = {3, 2}, .before = {1, 0}, .after = {0, 1}}, 0.5), y,
           8);
  assert_numbers(y, (const double[]){0.5, 0.5, 1, 2, 0.5, 0.5, 3, 0.5}, 8, 0);
  lab_end(&l);
}

/* What lies outside is a constant: f = |windows(x)|^2 / 2 has the gradient m x, m the number of windows that see a
 * pixel, and |m x|^2 / 2 has m^2 x. */
static void test_windows_derivatives(void **state) {
  (void)state;
  lab l;
  double once[9], twice[9];
  lab_begin(&l, WEYL_F64);
  const double image[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, m[9] = {4, 4, 2, 4, 4, 2, 2, 2, 1};
  const weyl_tensor x = lab_array(&l, SHAPE4(1, 3, 3, 1), image),
                    y = weyl_windows(x, 2, 2, &(weyl_conv_opts){.before = {1, 1}}, 7);
  const weyl_tensor first = weyl_grad(weyl_scale(weyl_sum_all(weyl_square(y)), 0.5), x);
  lab_read(&l, first, once, 9);
  lab_read(&l, weyl_grad(weyl_scale(weyl_sum_all(weyl_square(first)), 0.5), x), twice, 9);
  for (int i = 0; i < 9; i++) {
    assert_close(once[i], m[i] * image[i], 1e-13);
    assert_close(twice[i], m[i] * m[i] * image[i], 1e-12);
  }
  lab_end(&l);
}

/* f32 by the planned executor (oneDNN where it is) against f64 by the reference loops: value and both gradients. */
PROPERTY(operations_agree, 10) {
  static const int64_t c[2] = {4, 64};
  const int64_t channels = c[property_now.trial % 2];
  static double x[1 << 14], w[1 << 17], got[3][1 << 17], want[3][1 << 17];
  const weyl_conv_opts opts = {.stride = {1 + property_now.trial % 3, 1}, .before = {1, 1}, .after = {1, 0}};
  int64_t n[3] = {0, 2 * 6 * 5 * channels, 9 * channels * 24};
  for (int type = 0; type < 2; type++) {
    lab l;
    lab_begin(&l, (weyl_dtype)type);
    weyl_rng same = *rng;
    const weyl_tensor tx = lab_random(&l, &same, SHAPE4(2, 6, 5, channels), -1, 1, x),
                      tw = lab_random(&l, &same, SHAPE4(3, 3, channels, 24), -1, 1, w);
    const weyl_tensor y = weyl_conv2d(tx, tw, &opts), loss = weyl_sum_all(weyl_mul(y, weyl_sin(y)));
    const weyl_tensor out[3] = {y, weyl_grad(loss, tx), weyl_grad(loss, tw)};
    const weyl_shape s = weyl_tensor_shape(y);
    n[0] = weyl_shape_size(&s, NULL, NULL);
    for (int k = 0; k < 3; k++)
      assert_ok(l.ctx, lab_try(&l, out[k], type == WEYL_F64, type == WEYL_F32 ? got[k] : want[k], n[k]));
    lab_end(&l);
  }
  for (int k = 0; k < 3; k++) {
    double size = 0;
    for (int64_t i = 0; i < n[k]; i++) size = fmax(size, fabs(want[k][i]));
    assert_numbers(got[k], want[k], n[k], 2e-5 * size);
  }
}

/* Images carry a count: shards give the same result and the same sum for the weights. */
static void test_counts(void **state) {
  (void)state;
  lab l;
  lab_begin(&l, WEYL_F64);
  weyl_rng rng = weyl_rng_new(4, "counts");
  double images[3 * 16], result[2][3 * 16 + 8];
  for (int i = 0; i < 48; i++) images[i] = weyl_rng_normal(&rng);
  const weyl_tensor x = weyl_input(l.g, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_BATCH), N(4), N(4), N(1))),
                    w = lab_random(&l, &rng, SHAPE4(2, 2, 1, 2), -1, 1, NULL);
  const weyl_tensor loss = weyl_sum_all(weyl_sin(weyl_conv2d(x, w, NULL)));
  const weyl_tensor out[2] = {weyl_grad(loss, x), weyl_grad(loss, w)};
  assert_ok(l.ctx, weyl_graph_status(l.g));
  const weyl_shape s = weyl_tensor_shape(out[1]);
  assert_false(weyl_shape_sharded(&s));
  weyl_program *program = NULL;
  weyl_run *run = NULL;
  assert_ok(l.ctx, weyl_program_new(l.g, out, 2, NULL, &program));
  assert_ok(l.ctx, weyl_run_new(program, NULL, &run));
  const int64_t one[1][WEYL_COUNTS] = {{0, 3}},
                three[3][WEYL_COUNTS] = {{0, 2}, {0, 0}, {0, 1}}; /* an empty shard among them */
  for (int k = 0; k < 2; k++) {
    assert_ok(l.ctx, weyl_run_step(
                         run, &(weyl_batch){
                                  .shards = k ? 3 : 1, .count = k ? three : one, .input = (const void *[]){images}}));
    memcpy(result[k], weyl_run_output(run, 0).data, 48 * sizeof(double));
    memcpy(result[k] + 48, weyl_run_output(run, 1).data, 8 * sizeof(double));
  }
  assert_numbers(result[1], result[0], 56, 1e-13);
  weyl_run_free(run);
  weyl_program_free(program);
  lab_end(&l);
}

static void test_pools(void **state) {
  (void)state;
  lab l;
  double y[16];
  lab_begin(&l, WEYL_F32);
  const weyl_tensor x = lab_array(&l, SHAPE4(1, 2, 4, 1), (const double[]){-1, -2, -3, -4, -5, -6, -7, -8});
  const weyl_conv_opts tiles = {.stride = {2, 2}}, bordered = {.stride = {2, 2}, .before = {1, 1}, .after = {1, 1}};
  lab_read(&l, weyl_max_pool(x, 2, 2, &tiles), y, 2);
  assert_numbers(y, (const double[]){-1, -3}, 2, 0);
  lab_read(&l, weyl_max_pool(x, 2, 2, &bordered), y, 6); /* what lies outside never wins */
  assert_numbers(y, (const double[]){-1, -2, -4, -5, -6, -8}, 6, 0);
  lab_read(&l, weyl_grad(weyl_sum_all(weyl_max_pool(x, 2, 2, &bordered)), x), y, 8);
  assert_numbers(y, (const double[]){1, 1, 0, 1, 1, 1, 0, 1}, 8, 0);
  lab_read(&l, weyl_mean_pool(x, 2, 2, &tiles), y, 2);
  assert_numbers(y, (const double[]){-3.5, -5.5}, 2, 1e-6);
  lab_read(&l, weyl_mean_pool(x, 2, 2, &bordered), y, 6); /* zeros outside count */
  assert_numbers(y, (const double[]){-0.25, -1.25, -1, -1.25, -3.25, -2}, 6, 1e-6);
  lab_read(&l, weyl_grad(weyl_sum_all(weyl_square(weyl_mean_pool(x, 2, 2, &tiles))), x), y, 8);
  assert_numbers(y, (const double[]){-1.75, -1.75, -2.75, -2.75, -1.75, -1.75, -2.75, -2.75}, 8, 1e-5);
  lab_read(&l, weyl_mean_pool(x, 2, 3, NULL), y, 2); /* steps of one */
  assert_numbers(y, (const double[]){-4, -5}, 2, 1e-6);
  lab_end(&l);
}

static void test_grid_sample(void **state) {
  (void)state;
  lab l;
  double y[12];
  lab_begin(&l, WEYL_F64);
  /* two images of 2 x 3 pixels and two channels: 10 row + column, and its negative */
  double image[24];
  for (int n = 0; n < 2; n++)
    for (int i = 0; i < 6; i++) {
      image[(n * 6 + i) * 2] = (n ? 100 : 0) + 10 * (i / 3) + i % 3;
      image[(n * 6 + i) * 2 + 1] = -image[(n * 6 + i) * 2];
    }
  const weyl_tensor x = lab_array(&l, SHAPE4(2, 2, 3, 2), image);
  /* a pixel; between two columns and two rows; the last corner | half outside; far outside; a half pixel beyond the
   * right border */
  const weyl_tensor at =
      lab_array(&l, SHAPE4(2, 1, 3, 2), (const double[]){1, 1, 1.25, 0.5, 2, 1, -0.5, 0, 7, -9, 2.5, 1});
  const weyl_tensor s = weyl_grid_sample(x, at);
  lab_read(&l, s, y, 12);
  assert_numbers(y, (const double[]){11, -11, 6.25, -6.25, 12, -12, 50, -50, 0, 0, 56, -56}, 12, 1e-12);
  /* the gradient in the place is the slope; in the image, the weights */
  const weyl_tensor first = weyl_sum_all(weyl_slice(s, 3, 0, 1, 1));
  lab_read(&l, weyl_grad(first, at), y, 12);
  assert_close(y[2], 1, 1e-12);
  assert_close(y[3], 10, 1e-12);
  assert_close(y[6], 100, 1e-12);
  assert_close(y[10], -112, 1e-12);
  double g[24];
  lab_read(&l, weyl_grad(first, x), g, 24);
  assert_close(g[2 * 1], 0.375, 1e-12);     /* (0, 1): 0.75 0.5 */
  assert_close(g[2 * 4], 1 + 0.375, 1e-12); /* (1, 1) */
  assert_close(g[12 + 2 * 5], 0.5, 1e-12);
  assert_close(g[1], 0, 0);
  /* what is not a number stays visible */
  const weyl_tensor lost = lab_array(&l, SHAPE4(2, 1, 1, 2), (const double[]){NAN, 0, 1, INFINITY});
  lab_read(&l, weyl_grid_sample(x, lost), y, 4);
  for (int i = 0; i < 4; i++) assert_true(isnan(y[i]));
  lab_end(&l);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    weyl_shape x, w;
    weyl_conv_opts opts;
    weyl_status status;
    const char *words;
  } bad[] = {
      {{4, {{1, 0}, {5, 0}, {5, 0}, {3, 0}}},
       {4, {{3, 0}, {3, 0}, {2, 0}, {4, 0}}},
       {.groups = 1},
       WEYL_SHAPE,
       "[3, 3, 2, 4]"},
      {{4, {{1, 0}, {5, 0}, {5, 0}, {4, 0}}},
       {4, {{3, 0}, {3, 0}, {2, 0}, {3, 0}}},
       {.groups = 2},
       WEYL_SHAPE,
       "2 groups"},
      {{4, {{1, 0}, {2, 0}, {5, 0}, {2, 0}}},
       {4, {{3, 0}, {3, 0}, {2, 0}, {4, 0}}},
       {.groups = 1},
       WEYL_SHAPE,
       "windows 3 x 3 do not fit"},
      {{3, {{1, 0}, {5, 0}, {2, 0}}}, {4, {{3, 0}, {3, 0}, {2, 0}, {4, 0}}}, {.groups = 1}, WEYL_SHAPE, "[1, 5, 2]"},
      {{4, {{1, 0}, {5, 1}, {5, 0}, {2, 0}}},
       {4, {{3, 0}, {3, 0}, {2, 0}, {4, 0}}},
       {.groups = 1},
       WEYL_SHAPE,
       "5 batch"},
      {{4, {{1, 0}, {5, 0}, {5, 0}, {2, 0}}},
       {4, {{3, 0}, {3, 0}, {2, 0}, {4, 0}}},
       {.stride = {-1, 1}},
       WEYL_BAD_ARG,
       "stride is -1"},
      {{4, {{1, 0}, {5, 0}, {5, 0}, {2, 0}}},
       {4, {{3, 0}, {3, 0}, {2, 0}, {4, 0}}},
       {.before = {0, -2}},
       WEYL_BAD_ARG,
       "before is -2"},
      {{4, {{1, 0}, {5, 0}, {5, 0}, {2, 0}}},
       {4, {{3, 0}, {3, 0}, {2, 0}, {4, 0}}},
       {.groups = -2},
       WEYL_BAD_ARG,
       "groups is -2"},
  };
  lab l;
  lab_begin(&l, WEYL_F64);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    (void)weyl_conv2d(weyl_input(l.g, "x", WEYL_F64, bad[i].x), weyl_input(l.g, "w", WEYL_F64, bad[i].w), &bad[i].opts);
    lab_refused(&l, bad[i].status, bad[i].words);
  }
  (void)weyl_conv1d(weyl_constant(l.g, 1, SHAPE4(1, 2, 3, 4)), weyl_constant(l.g, 1, SHAPE4(1, 1, 1, 1)), NULL);
  lab_refused(&l, WEYL_SHAPE, "a line");
  (void)weyl_windows(weyl_constant(l.g, 1, SHAPE4(1, 2, 3, 4)), 0, 2, NULL, 0);
  lab_refused(&l, WEYL_BAD_ARG, "size 0");
  (void)weyl_windows(weyl_constant(l.g, 1, SHAPE4(1, 2, 3, 4)), 3, 2, NULL, 0);
  lab_refused(&l, WEYL_SHAPE, "do not fit");
  (void)weyl_max_pool(weyl_constant(l.g, 1, SHAPE4(1, 2, 3, 4)), 2, 2, &(weyl_conv_opts){.groups = 2});
  lab_refused(&l, WEYL_BAD_ARG, "groups is 2");
  (void)weyl_grid_sample(weyl_constant(l.g, 1, SHAPE4(1, 2, 3, 4)), weyl_constant(l.g, 1, SHAPE4(2, 2, 3, 2)));
  lab_refused(&l, WEYL_SHAPE, "[2, 2, 3, 2]");
  assert_false(weyl_tensor_valid(weyl_conv2d(WEYL_NULL_TENSOR, WEYL_NULL_TENSOR, NULL)));
  assert_false(weyl_tensor_valid(weyl_conv1d(WEYL_NULL_TENSOR, WEYL_NULL_TENSOR, NULL)));
  assert_false(weyl_tensor_valid(weyl_max_pool(WEYL_NULL_TENSOR, 2, 2, NULL)));
  assert_false(weyl_tensor_valid(weyl_mean_pool(WEYL_NULL_TENSOR, 2, 2, NULL)));
  assert_false(weyl_tensor_valid(weyl_grid_sample(WEYL_NULL_TENSOR, WEYL_NULL_TENSOR)));
  lab_end(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      property_test(engines_agree_with_loops),
      cmocka_unit_test(test_usual_shapes),
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_many_shapes),
      cmocka_unit_test(test_known_values),
      property_test(operations_agree),
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_pools),
      cmocka_unit_test(test_grid_sample),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_windows_derivatives),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
