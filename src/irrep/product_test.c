/* Tensor products against the plain contraction with 3j symbols in double: every degree with written code, random lists
 * and paths, layouts, wirings, weights; gradients; bad input. */
#include "testing.h"

typedef struct problem {
  weyl_product_opts opts;
  weyl_irreps in1, in2, out;
  weyl_paths paths;
  weyl_arena *arena;
  int64_t n, weights, dim[3];
  double *factor; /* [paths] */
  double *x, *y, *w, *g, *o, *dx, *dy, *dw;
} problem;

static bool is_uvu(const problem *p) { return p->opts.wiring == WEYL_WIRE_UVU; }

/* The definition of weyl/irrep.h, and its derivatives. */
static void contract(const problem *p) {
  memset(p->o, 0, (size_t)(p->n * p->dim[2]) * sizeof(double));
  memset(p->dx, 0, (size_t)(p->n * p->dim[0]) * sizeof(double));
  memset(p->dy, 0, (size_t)(p->n * p->dim[1]) * sizeof(double));
  const bool each = p->opts.weights == WEYL_WEIGHTS_EACH, none = p->opts.weights == WEYL_WEIGHTS_NONE;
  memset(p->dw, 0, (size_t)(p->weights * (each ? p->n : 1)) * sizeof(double));
  int64_t at = 0;
  for (int64_t q = 0; q < p->paths.n; q++) {
    const weyl_path *path = &p->paths.item[q];
    const int n1 = 2 * path->l1 + 1, n2 = 2 * path->l2 + 1, n3 = 2 * path->l3 + 1;
    double *W = numbers((size_t)(n1 * n2 * n3));
    ok(weyl_wigner_3j(ctx, path->l1, path->l2, path->l3, p->opts.gauge, W));
    const int64_t mul1 = p->in1.item[path->in1].mul, mul2 = is_uvu(p) ? p->in2.item[path->in2].mul : 1;
    for (int64_t s = 0; s < p->n; s++)
      for (int64_t u = 0; u < mul1; u++)
        for (int64_t v = 0; v < mul2; v++) {
          const int64_t wi = at + u * mul2 + v + (each ? s * p->weights : 0);
          const double w = (none ? 1 : p->w[wi]) * p->factor[q];
          const int64_t xi = s * p->dim[0] + weyl_irreps_at(p->in1, path->in1) + u * n1;
          const int64_t yi = s * p->dim[1] + weyl_irreps_at(p->in2, path->in2) + (is_uvu(p) ? v : u) * n2;
          const int64_t oi = s * p->dim[2] + weyl_irreps_at(p->out, path->out) + u * n3;
          double dw = 0;
          for (int i = 0; i < n1; i++)
            for (int j = 0; j < n2; j++)
              for (int k = 0; k < n3; k++) {
                const double c = W[(i * n2 + j) * n3 + k];
                if (c == 0) continue;
                p->o[oi + k] += w * c * p->x[xi + i] * p->y[yi + j];
                p->dx[xi + i] += w * c * p->g[oi + k] * p->y[yi + j];
                p->dy[yi + j] += w * c * p->g[oi + k] * p->x[xi + i];
                dw += c * p->g[oi + k] * p->x[xi + i] * p->y[yi + j];
              }
          if (!none) p->dw[wi] += p->factor[q] * dw;
        }
    at += mul1 * mul2;
    weyl_dealloc(ctx, W);
  }
}

static void problem_fill(problem *p, int64_t n, weyl_rng *rng) {
  const weyl_irreps list[] = {p->in1, p->in2, p->out};
  for (int i = 0; i < 3; i++) p->dim[i] = weyl_irreps_dim(list[i]);
  p->n = n;
  p->weights = 0;
  p->factor = numbers((size_t)p->paths.n);
  for (int64_t q = 0; q < p->paths.n; q++) {
    const weyl_path *path = &p->paths.item[q];
    p->weights += p->in1.item[path->in1].mul * (is_uvu(p) ? p->in2.item[path->in2].mul : 1);
    double reach = 0;
    for (int64_t r = 0; r < p->paths.n; r++)
      if (p->paths.item[r].out == path->out) reach += is_uvu(p) ? (double)p->in2.item[p->paths.item[r].in2].mul : 1;
    p->factor[q] = sqrt((2.0 * path->l3 + 1) / reach);
  }
  if (p->opts.weights == WEYL_WEIGHTS_NONE) p->weights = 0;
  const size_t sets = p->opts.weights == WEYL_WEIGHTS_EACH ? (size_t)n : 1;
  double **input[] = {&p->x, &p->y, &p->g}, **result[] = {&p->dx, &p->dy, &p->o};
  for (int i = 0; i < 3; i++) {
    *input[i] = numbers((size_t)(n * p->dim[i]));
    *result[i] = numbers((size_t)(n * p->dim[i]));
    fill_normal(rng, (size_t)(n * p->dim[i]), *input[i]);
  }
  p->w = numbers(sets * (size_t)p->weights);
  p->dw = numbers(sets * (size_t)p->weights);
  fill_normal(rng, sets * (size_t)p->weights, p->w);
  contract(p);
}

static void problem_free(problem *p) {
  double *all[] = {p->factor, p->x, p->y, p->w, p->g, p->o, p->dx, p->dy, p->dw};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) weyl_dealloc(ctx, all[i]);
  weyl_arena_free(p->arena);
}

/* Channels of the layouts that need one number for all blocks. */
static int64_t most(weyl_irreps a) {
  int64_t m = 0;
  for (int32_t i = 0; i < a.n; i++)
    if (a.item[i].mul > m) m = a.item[i].mul;
  return m;
}

static void *typed(weyl_dtype dtype, size_t n, const double *from) {
  void *to = weyl_alloc(ctx, n + 1, weyl_dtype_size(dtype));
  assert_non_null(to);
  for (size_t i = 0; from && i < n; i++) {
    if (dtype == WEYL_F64)
      ((double *)to)[i] = from[i];
    else
      ((float *)to)[i] = (float)from[i];
  }
  return to;
}

/* An array of the problem (e3nn's layout) in the layout of the plan. */
static void *in_layout(const problem *p, weyl_dtype dtype, int which, const double *from, size_t size) {
  const weyl_irreps list[] = {p->in1, p->in2, p->out};
  const size_t n = (size_t)(p->n * p->dim[which]);
  void *plain = typed(dtype, n, from);
  if (p->opts.layout == WEYL_LAYOUT_IRREPS || (which == 1 && is_uvu(p))) return plain;
  int64_t channels = most(p->in1) > most(p->out) ? most(p->in1) : most(p->out);
  if (!is_uvu(p) && most(p->in2) > channels) channels = most(p->in2);
  const size_t V = 64 / weyl_dtype_size(dtype), blocks = ((size_t)channels + V - 1) / V;
  size_t rows = 0;
  for (int32_t i = 0; i < list[which].n; i++) rows += (size_t)(2 * list[which].item[i].l + 1);
  void *blocked = typed(dtype, (size_t)p->n * blocks * rows * V, NULL), *to = typed(dtype, (size_t)p->n * size, NULL);
  ok(weyl_layout_pack(ctx, WEYL_LAYOUT_IRREPS, dtype, list[which], channels, p->n, plain, blocked));
  ok(weyl_layout_unpack(ctx, p->opts.layout, dtype, list[which], channels, p->n, blocked, to));
  weyl_dealloc(ctx, plain);
  weyl_dealloc(ctx, blocked);
  return to;
}

static double number_at(weyl_dtype dtype, const void *x, size_t i) {
  return dtype == WEYL_F64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

static void compare(const problem *p, weyl_dtype dtype, int which, const void *got, const double *exact, size_t size,
                    double tolerance) {
  void *there = in_layout(p, dtype, which, exact, size);
  double scale = 1e-300, worst = 0;
  for (size_t i = 0; i < (size_t)p->n * size; i++) {
    const double e = number_at(dtype, there, i), d = fabs(number_at(dtype, got, i) - e);
    if (fabs(e) > scale) scale = fabs(e);
    if (!(d <= worst)) worst = d;
  }
  if (!(worst <= tolerance * scale))
    print_message("array %d (layout %d, wiring %d, weights %d): error %.3g of %.3g\n", which, (int)p->opts.layout,
                  (int)p->opts.wiring, (int)p->opts.weights, worst, scale);
  assert_true(worst <= tolerance * scale);
  weyl_dealloc(ctx, there);
}

static void compare_plain(weyl_dtype dtype, size_t n, const void *got, const double *exact, double tolerance) {
  double scale = 1e-300, worst = 0;
  for (size_t i = 0; i < n; i++) {
    const double d = fabs(number_at(dtype, got, i) - exact[i]);
    if (fabs(exact[i]) > scale) scale = fabs(exact[i]);
    if (!(d <= worst)) worst = d;
  }
  if (!(worst <= tolerance * scale)) print_message("weights: error %.3g of %.3g\n", worst, scale);
  assert_true(worst <= tolerance * scale);
}

static weyl_product_method check(const problem *p, weyl_dtype dtype) {
  weyl_product *plan = NULL;
  ok(weyl_product_new(ctx, &p->opts, dtype, p->in1, p->in2, p->out, p->paths, &plan));
  assert_int_equal(weyl_product_weights(plan), p->weights);
  const double tolerance = dtype == WEYL_F64 ? 2e-14 : 3e-6;
  const size_t sets = p->opts.weights == WEYL_WEIGHTS_EACH ? (size_t)p->n : 1, weights = sets * (size_t)p->weights;
  size_t size[3];
  void *in[3], *back[3];
  const double *from[] = {p->x, p->y, p->g};
  for (int i = 0; i < 3; i++) {
    size[i] = (size_t)weyl_product_size(plan, i);
    in[i] = in_layout(p, dtype, i, from[i], size[i]);
    back[i] = typed(dtype, (size_t)p->n * size[i], NULL);
    memset(back[i], 0xff, (size_t)p->n * size[i] * weyl_dtype_size(dtype)); /* NaN: every number is written */
  }
  void *w = typed(dtype, weights, p->w), *dw = typed(dtype, weights, NULL);
  void *work = weyl_alloc(ctx, weyl_product_work(plan), 1);
  assert_non_null(work);
  const uint64_t before = weyl_allocations(ctx);
  ok(weyl_product_forward(ctx, plan, p->n, in[0], in[1], w, back[2], work));
  assert_int_equal(weyl_allocations(ctx), before);
  compare(p, dtype, 2, back[2], p->o, size[2], tolerance);
  for (int with = 0; with < (p->weights > 0 ? 2 : 1); with++) {
    memset(back[0], 0xff, (size_t)p->n * size[0] * weyl_dtype_size(dtype));
    memset(back[1], 0xff, (size_t)p->n * size[1] * weyl_dtype_size(dtype));
    ok(weyl_product_backward(ctx, plan, p->n, in[0], in[1], w, in[2], back[0], back[1], with ? dw : NULL, work));
    compare(p, dtype, 0, back[0], p->dx, size[0], tolerance);
    compare(p, dtype, 1, back[1], p->dy, size[1], tolerance);
    if (with) compare_plain(dtype, weights, dw, p->dw, tolerance);
  }
  for (int i = 0; i < 3; i++) {
    weyl_dealloc(ctx, in[i]);
    weyl_dealloc(ctx, back[i]);
  }
  weyl_dealloc(ctx, w);
  weyl_dealloc(ctx, dw);
  weyl_dealloc(ctx, work);
  const weyl_product_method how = weyl_product_how(plan);
  weyl_product_free(plan);
  return how;
}

static weyl_irreps degrees(weyl_arena *arena, int l_max, int64_t mul) {
  weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, l_max + 1);
  assert_non_null(item);
  for (int l = 0; l <= l_max; l++) item[l] = (weyl_irrep){mul, l, 1};
  return (weyl_irreps){l_max + 1, item};
}

/* All paths of degrees to l1, l2, l3; keep: the share of them that stays. */
static problem ladder(int l1, int l2, int l3, int64_t mul, weyl_path_kind kind, double keep, weyl_product_opts opts,
                      int64_t n, weyl_rng *rng) {
  problem p = {.opts = opts};
  ok(weyl_arena_new(ctx, &p.arena));
  p.in1 = degrees(p.arena, l1, mul);
  p.in2 = degrees(p.arena, l2, opts.wiring == WEYL_WIRE_UVU ? 1 + (int64_t)weyl_rng_below(rng, 3) : mul);
  p.out = degrees(p.arena, l3, mul);
  ok(weyl_paths_find(ctx, p.arena, p.in1, p.in2, p.out, kind, &p.paths));
  if (keep < 1) {
    weyl_path *item = weyl_arena_array(p.arena, weyl_path, p.paths.n);
    int64_t left = 0;
    for (int64_t i = 0; i < p.paths.n; i++)
      if (weyl_rng_uniform(rng) < keep) item[left++] = p.paths.item[i];
    p.paths = (weyl_paths){left, item};
  }
  problem_fill(&p, n, rng);
  return p;
}

static void test_every_degree(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "every degree");
  static const int64_t muls[] = {64, 16, 5, 23, 8, 33, 1};
  int written = 0;
  for (int l = 0; l <= 6; l++)
    for (int kind = WEYL_PATH_EVEN; kind <= WEYL_PATH_ALL; kind += 2)
      for (int real = WEYL_F32; real <= WEYL_F64; real++) {
        weyl_product_opts o = {.layout = (weyl_layout)((l + real + kind) % 4),
                               .weights = (weyl_path_weights)((l + kind / 3) % 3)};
        problem p = ladder(l, l, l, muls[l], (weyl_path_kind)kind, 1, o, l < 4 ? 5 : 2, &rng);
        written += check(&p, (weyl_dtype)real) == WEYL_PRODUCT_WRITTEN;
        p.opts.method = WEYL_PRODUCT_TABLE;
        assert_int_equal(check(&p, (weyl_dtype)real), WEYL_PRODUCT_TABLE);
        problem_free(&p);
      }
  assert_true(written >= 8);
}

static void test_layouts(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(2, "layouts");
  static const int64_t muls[] = {1, 3, 8, 16, 17, 40};
  for (int layout = 0; layout < 4; layout++)
    for (int weights = 0; weights < 3; weights++)
      for (size_t m = 0; m < sizeof muls / sizeof muls[0]; m++)
        for (int real = WEYL_F32; real <= WEYL_F64; real++) {
          const weyl_product_opts o = {.layout = (weyl_layout)layout, .weights = (weyl_path_weights)weights};
          problem p = ladder(2, 2, 2, muls[m], WEYL_PATH_ALL, 1, o, 19, &rng);
          check(&p, (weyl_dtype)real);
          problem_free(&p);
        }
}

/* Degrees that are not the same on all sides, and some of the paths. */
static void test_some_paths(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(3, "some paths");
  for (int trial = 0; trial < 40; trial++) {
    const int l1 = (int)weyl_rng_below(&rng, 5), l2 = (int)weyl_rng_below(&rng, 5), l3 = (int)weyl_rng_below(&rng, 5);
    const weyl_product_opts o = {.layout = (weyl_layout)weyl_rng_below(&rng, 4),
                                 .weights = (weyl_path_weights)weyl_rng_below(&rng, 3),
                                 .gauge = (weyl_gauge)weyl_rng_below(&rng, 2),
                                 .wiring = (weyl_wiring)weyl_rng_below(&rng, 2)};
    problem p = ladder(l1, l2, l3, 1 + (int64_t)weyl_rng_below(&rng, 20), WEYL_PATH_ALL, trial % 2 ? 0.8 : 0.3, o,
                       1 + (int64_t)weyl_rng_below(&rng, 6), &rng);
    check(&p, trial % 3 ? WEYL_F64 : WEYL_F32);
    problem_free(&p);
  }
}

static void test_any_lists(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(4, "lists");
  static const char *const lists[][3] = {
      {"8x0e+8x1o+8x2e", "8x0e+8x1o", "8x0e+8x1o+8x1e+8x2e+8x3o"},
      {"4x1o+9x0e+4x1e", "4x1o+9x0e+4x2e+4x1e", "9x0e+4x1o+4x1e+4x0o+4x3o"},
      {"17x2e+17x2o", "17x2e", "17x0e+17x0o+17x1e+17x4e"},
      {"2x7e", "2x8o", "2x0o+2x9o+2x12o"},
  };
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
    for (int wiring = 0; wiring < 2; wiring++)
      for (int blocked = 0; blocked < 2; blocked++) {
        problem p = {
            .opts = {.wiring = (weyl_wiring)wiring, .layout = blocked ? WEYL_LAYOUT_BLOCKED : WEYL_LAYOUT_IRREPS}};
        ok(weyl_arena_new(ctx, &p.arena));
        ok(weyl_irreps_parse(ctx, p.arena, lists[i][0], &p.in1));
        ok(weyl_irreps_parse(ctx, p.arena, lists[i][1], &p.in2));
        ok(weyl_irreps_parse(ctx, p.arena, lists[i][2], &p.out));
        weyl_paths all;
        ok(weyl_paths_find(ctx, p.arena, p.in1, p.in2, p.out, WEYL_PATH_ALL, &all));
        weyl_path *item = weyl_arena_array(p.arena, weyl_path, all.n);
        int64_t n = 0; /* those with equal copies */
        for (int64_t q = 0; q < all.n; q++) {
          const int64_t a = p.in1.item[all.item[q].in1].mul, b = p.in2.item[all.item[q].in2].mul;
          if (a == p.out.item[all.item[q].out].mul && (wiring || a == b)) item[n++] = all.item[q];
        }
        p.paths = (weyl_paths){n, item};
        assert_true(n > 0);
        problem_fill(&p, 7, &rng);
        check(&p, WEYL_F64);
        check(&p, WEYL_F32);
        problem_free(&p);
      }
}

/* One copy of each block of y, no weights, in rows: a matrix for each sample. Gradients one at a time are the same. */
static void test_one_copy(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(6, "one copy");
  static const char *const lists[][3] = {
      {"2x0e+3x1o", "1x0e+1x1o", "2x0e+2x1o+3x1o"},
      {"33x0e+33x1o+33x2e+5x1o", "1x0e+1x1o+1x2e+1x1o", "33x0e+33x1o+33x1e+33x2e+5x0e+5x3o"},
      {"16x4e", "1x5o", "16x1o+16x9o"},
  };
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
    for (int64_t n = 1; n < 40; n += 18) {
      problem p = {.opts = {.wiring = WEYL_WIRE_UVU,
                            .weights = WEYL_WEIGHTS_NONE,
                            .layout = WEYL_LAYOUT_ROWS,
                            .gauge = (weyl_gauge)(i % 2)}};
      ok(weyl_arena_new(ctx, &p.arena));
      ok(weyl_irreps_parse(ctx, p.arena, lists[i][0], &p.in1));
      ok(weyl_irreps_parse(ctx, p.arena, lists[i][1], &p.in2));
      ok(weyl_irreps_parse(ctx, p.arena, lists[i][2], &p.out));
      weyl_paths all;
      ok(weyl_paths_find(ctx, p.arena, p.in1, p.in2, p.out, WEYL_PATH_ALL, &all));
      weyl_path *item = weyl_arena_array(p.arena, weyl_path, all.n);
      int64_t m = 0;
      for (int64_t q = 0; q < all.n; q++)
        if (p.in1.item[all.item[q].in1].mul == p.out.item[all.item[q].out].mul) item[m++] = all.item[q];
      p.paths = (weyl_paths){m, item};
      problem_fill(&p, n, &rng);
      assert_int_equal(check(&p, WEYL_F64), WEYL_PRODUCT_ROWS);
      assert_int_equal(check(&p, WEYL_F32), WEYL_PRODUCT_ROWS);
      weyl_product *plan = NULL;
      ok(weyl_product_new(ctx, &p.opts, WEYL_F64, p.in1, p.in2, p.out, p.paths, &plan));
      void *work = weyl_alloc(ctx, weyl_product_work(plan), 1);
      const size_t size[] = {(size_t)(n * p.dim[0]), (size_t)(n * p.dim[1])};
      double *both[] = {numbers(size[0]), numbers(size[1])}, *alone[] = {numbers(size[0]), numbers(size[1])};
      ok(weyl_product_backward(ctx, plan, n, p.x, p.y, NULL, p.g, both[0], both[1], NULL, work));
      ok(weyl_product_backward(ctx, plan, n, p.x, p.y, NULL, p.g, alone[0], NULL, NULL, work));
      ok(weyl_product_backward(ctx, plan, n, p.x, p.y, NULL, p.g, NULL, alone[1], NULL, work));
      for (int k = 0; k < 2; k++) {
        assert_memory_equal(both[k], alone[k], size[k] * sizeof(double));
        weyl_dealloc(ctx, both[k]);
        weyl_dealloc(ctx, alone[k]);
      }
      weyl_dealloc(ctx, work);
      weyl_product_free(plan);
      problem_free(&p);
    }
}

/* <x, dx> = <y, dy> = <w, dw> = <out, g>, and differences of the function itself. */
static void test_gradients(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(5, "gradients");
  for (int l = 1; l <= 4; l++) {
    problem p = ladder(l, l, l, 8, WEYL_PATH_ALL, 1, (weyl_product_opts){0}, 1, &rng);
    weyl_product *plan = NULL;
    ok(weyl_product_new(ctx, &p.opts, WEYL_F64, p.in1, p.in2, p.out, p.paths, &plan));
    void *work = weyl_alloc(ctx, weyl_product_work(plan), 1);
    assert_non_null(work);
    ok(weyl_product_forward(ctx, plan, 1, p.x, p.y, p.w, p.o, work));
    ok(weyl_product_backward(ctx, plan, 1, p.x, p.y, p.w, p.g, p.dx, p.dy, p.dw, work));
    const double *a[] = {p.o, p.x, p.y, p.w}, *b[] = {p.g, p.dx, p.dy, p.dw};
    const int64_t n[] = {p.dim[2], p.dim[0], p.dim[1], p.weights};
    double dot[4] = {0}, size = 0;
    for (int i = 0; i < 4; i++)
      for (int64_t j = 0; j < n[i]; j++) {
        dot[i] += a[i][j] * b[i][j];
        size += fabs(a[i][j] * b[i][j]);
      }
    for (int i = 1; i < 4; i++) assert_true(fabs(dot[i] - dot[0]) <= 1e-14 * size);
    double *input[] = {p.x, p.y, p.w}, *gradient[] = {p.dx, p.dy, p.dw};
    double *out = numbers((size_t)p.dim[2]);
    for (int i = 0; i < 3; i++)
      for (int t = 0; t < 20; t++) {
        const int64_t at = (int64_t)weyl_rng_below(&rng, (uint64_t)n[i + 1]);
        const double h = 1e-4, was = input[i][at];
        double difference = 0;
        for (int s = -1; s <= 1; s += 2) {
          input[i][at] = was + s * h;
          ok(weyl_product_forward(ctx, plan, 1, p.x, p.y, p.w, out, work));
          for (int64_t j = 0; j < p.dim[2]; j++) difference += s * out[j] * p.g[j] / (2 * h);
        }
        input[i][at] = was;
        assert_true(fabs(difference - gradient[i][at]) <= 1e-8 * (1 + fabs(difference)));
      }
    weyl_dealloc(ctx, out);
    weyl_dealloc(ctx, work);
    weyl_product_free(plan);
    problem_free(&p);
  }
}

/* Every layout to blocks and back is what it was; padding is 0. */
static void test_pack(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(6, "pack");
  for (int real = WEYL_F32; real <= WEYL_F64; real++)
    for (int layout = 0; layout < 4; layout++)
      for (int64_t mul = 1; mul <= 37; mul += 3)
        for (int l_max = 0; l_max <= 9; l_max += 3) {
          weyl_arena *arena = NULL;
          ok(weyl_arena_new(ctx, &arena));
          const weyl_irreps list = degrees(arena, l_max, mul);
          const size_t V = 64 / weyl_dtype_size((weyl_dtype)real), blocks = ((size_t)mul + V - 1) / V, bytes = 64 / V;
          const size_t rows = (size_t)((l_max + 1) * (l_max + 1)), n = 3;
          const size_t plain = layout == WEYL_LAYOUT_BLOCKED ? blocks * rows * V : (size_t)weyl_irreps_dim(list);
          double *x = numbers(n * plain);
          fill_normal(&rng, n * plain, x);
          void *from = typed((weyl_dtype)real, n * plain, x), *to = typed((weyl_dtype)real, n * plain + 1, NULL);
          void *blocked = typed((weyl_dtype)real, n * blocks * rows * V, NULL);
          memset(blocked, 0xff, n * blocks * rows * V * bytes);
          memset(to, 0x11, (n * plain + 1) * bytes);
          ok(weyl_layout_pack(ctx, (weyl_layout)layout, (weyl_dtype)real, list, mul, (int64_t)n, from, blocked));
          ok(weyl_layout_unpack(ctx, (weyl_layout)layout, (weyl_dtype)real, list, mul, (int64_t)n, blocked, to));
          assert_memory_equal(from, to, n * plain * bytes);
          const unsigned char *behind = (unsigned char *)to + n * plain * bytes;
          for (size_t i = 0; i < bytes; i++) assert_int_equal(behind[i], 0x11);
          for (size_t f = 0; f < n * blocks && layout != WEYL_LAYOUT_BLOCKED; f++)
            for (size_t r = 0; r < rows; r++)
              for (size_t c = 0; c < V; c++)
                if (f % blocks * V + c >= (size_t)mul)
                  assert_true(number_at((weyl_dtype)real, blocked, (f * rows + r) * V + c) == 0);
          weyl_dealloc(ctx, x);
          weyl_dealloc(ctx, from);
          weyl_dealloc(ctx, to);
          weyl_dealloc(ctx, blocked);
          weyl_arena_free(arena);
        }
}

static void refuse(weyl_status expected, weyl_status got, const char *says) {
  assert_int_equal(got, expected);
  if (!strstr(weyl_message(ctx), says)) print_message("%s\n", weyl_message(ctx));
  assert_non_null(strstr(weyl_message(ctx), says));
  weyl_message_clear(ctx);
}

static void test_bad_input(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(7, "bad input");
  problem p = ladder(1, 1, 1, 4, WEYL_PATH_ALL, 1, (weyl_product_opts){0}, 1, &rng);
  weyl_product *plan = NULL;
#define NEW(o, type, a, b, c, paths) weyl_product_new(ctx, o, type, a, b, c, paths, &plan)
  refuse(WEYL_DTYPE, NEW(NULL, WEYL_I32, p.in1, p.in2, p.out, p.paths), "i32");
  weyl_product_opts o = {.layout = (weyl_layout)7};
  refuse(WEYL_BAD_ARG, NEW(&o, WEYL_F32, p.in1, p.in2, p.out, p.paths), "layout is 7");
  o = (weyl_product_opts){.wiring = (weyl_wiring)2};
  refuse(WEYL_BAD_ARG, NEW(&o, WEYL_F32, p.in1, p.in2, p.out, p.paths), "wiring is 2");
  weyl_path bad[] = {{0, 0, 5, 0, 0, 0}};
  refuse(WEYL_BAD_ARG, NEW(NULL, WEYL_F32, p.in1, p.in2, p.out, ((weyl_paths){1, bad})), "block 5 of a list of 2");
  bad[0] = (weyl_path){0, 0, 1, 0, 0, 1};
  refuse(WEYL_BAD_ARG, NEW(NULL, WEYL_F32, p.in1, p.in2, p.out, ((weyl_paths){1, bad})), "do not make 1");
  bad[0] = (weyl_path){0, 0, 0, 0, 1, 0};
  refuse(WEYL_BAD_ARG, NEW(NULL, WEYL_F32, p.in1, p.in2, p.out, ((weyl_paths){1, bad})),
         "degree 1 for a block of degree 0");
  const weyl_irreps five = degrees(p.arena, 1, 5);
  refuse(WEYL_SHAPE, NEW(NULL, WEYL_F32, p.in1, five, p.out, p.paths), "5 and 4 copies");
  const weyl_irrep uneven[] = {{4, 0, 1}, {4, 1, 1}, {3, 1, 1}};
  o = (weyl_product_opts){.layout = WEYL_LAYOUT_CHANNELS};
  refuse(WEYL_SHAPE, NEW(&o, WEYL_F32, ((weyl_irreps){3, uneven}), p.in2, p.out, p.paths),
         "3 copies: this layout needs 4");
  o = (weyl_product_opts){.method = WEYL_PRODUCT_WRITTEN};
  const weyl_irreps high = degrees(p.arena, 13, 4);
  weyl_paths many;
  ok(weyl_paths_find(ctx, p.arena, high, p.in2, high, WEYL_PATH_ALL, &many));
  refuse(WEYL_UNSUPPORTED, NEW(&o, WEYL_F32, high, p.in2, high, many), "no code is written");
  assert_null(plan);
  ok(NEW(NULL, WEYL_F64, p.in1, p.in2, p.out, p.paths));
  void *work = weyl_alloc(ctx, (size_t)1 << 20, 1); /* enough for the three plans here */
  assert_true(weyl_product_work(plan) <= (size_t)1 << 20);
  refuse(WEYL_BAD_ARG, weyl_product_forward(ctx, plan, -1, p.x, p.y, p.w, p.o, work), "-1 samples");
  refuse(WEYL_BAD_ARG, weyl_product_forward(ctx, plan, 1, p.x, NULL, p.w, p.o, work), "an array is missing");
  refuse(WEYL_BAD_ARG, weyl_product_forward(ctx, plan, 1, p.x, p.y, NULL, p.o, work), "weights are missing");
  refuse(WEYL_BAD_ARG, weyl_product_forward(ctx, plan, 1, p.x, p.y, p.w, p.o, NULL), "no memory");
  p.dw[0] = 3;
  ok(weyl_product_forward(ctx, plan, 0, NULL, NULL, NULL, NULL, work));
  ok(weyl_product_backward(ctx, plan, 0, NULL, NULL, p.w, NULL, NULL, NULL, p.dw, work));
  assert_true(p.dw[0] == 0); /* the sum over no samples */
  weyl_product_free(plan);
  o = (weyl_product_opts){.weights = WEYL_WEIGHTS_NONE};
  ok(NEW(&o, WEYL_F64, p.in1, p.in2, p.out, p.paths));
  refuse(WEYL_BAD_ARG, weyl_product_backward(ctx, plan, 1, p.x, p.y, NULL, p.g, p.dx, p.dy, p.dw, work), "has no dw");
  weyl_product_free(plan);
  weyl_product_free(NULL);
  /* no paths: zeros */
  ok(NEW(NULL, WEYL_F64, p.in1, p.in2, p.out, ((weyl_paths){0, NULL})));
  ok(weyl_product_forward(ctx, plan, 1, p.x, p.y, NULL, p.o, work));
  for (int64_t i = 0; i < p.dim[2]; i++) assert_true(p.o[i] == 0);
  weyl_product_free(plan);
  weyl_dealloc(ctx, work);
  problem_free(&p);
}

/* NaN stays in its own channel and sample. */
static void test_nan(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(8, "nan");
  for (int table = 0; table < 2; table++) {
    const weyl_product_opts o = {.method = table ? WEYL_PRODUCT_TABLE : WEYL_PRODUCT_AUTO};
    problem p = ladder(2, 2, 2, 16, WEYL_PATH_ALL, 1, o, 4, &rng);
    p.x[2 * p.dim[0] + 3] = NAN; /* degree 0, copy 3 of sample 2 */
    weyl_product *plan = NULL;
    ok(weyl_product_new(ctx, &o, WEYL_F64, p.in1, p.in2, p.out, p.paths, &plan));
    void *work = weyl_alloc(ctx, weyl_product_work(plan), 1);
    ok(weyl_product_forward(ctx, plan, 4, p.x, p.y, p.w, p.o, work));
    for (int64_t i = 0; i < 4 * p.dim[2]; i++) {
      const int64_t at = i % p.dim[2], l = at < 16 ? 0 : at < 64 ? 1 : 2;
      const int64_t copy = (at - 16 * l * l) / (2 * l + 1);
      assert_int_equal(isnan(p.o[i]) != 0, i / p.dim[2] == 2 && copy == 3);
    }
    weyl_dealloc(ctx, work);
    weyl_product_free(plan);
    problem_free(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_degree), cmocka_unit_test(test_layouts),   cmocka_unit_test(test_some_paths),
      cmocka_unit_test(test_any_lists),    cmocka_unit_test(test_gradients), cmocka_unit_test(test_pack),
      cmocka_unit_test(test_bad_input),    cmocka_unit_test(test_nan),       cmocka_unit_test(test_one_copy),
  };
  return cmocka_run_group_tests(tests, context_up, context_down);
}
