/* The convolution in the frame of each edge: against the convolution over tables with harmonics, which is tested by its
 * definition, against dense turns for restricted orders, against differences, and in every layout and type. */
#include "testing.h"

#include "align.h"

enum { X, R, V, OUT, ARRAYS };

typedef struct problem {
  weyl_arena *arena;
  weyl_irreps in, harmonics, out;
  weyl_paths paths;
  weyl_edges edges;
  weyl_edge_aligned_opts opts; /* of the aligned plan, but the layout */
  int64_t channels;
  size_t n[ARRAYS];  /* numbers, in rows of channels */
  double *a[ARRAYS]; /* x, R, v, and the gradient of out */
  double *d[ARRAYS]; /* what is right: dx, dR, dv, out */
} problem;

static int64_t rows_of(weyl_irreps list) {
  int64_t rows = 0;
  for (int32_t i = 0; i < list.n; i++) rows += 2 * list.item[i].l + 1;
  return rows;
}

static weyl_irreps list_of(weyl_arena *arena, int64_t copies, const char *text) {
  weyl_irreps list;
  ok(weyl_irreps_parse(ctx, arena, text, &list));
  weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, list.n + 1);
  for (int32_t i = 0; i < list.n; i++) item[i] = (weyl_irrep){copies, list.item[i].l, list.item[i].parity};
  return (weyl_irreps){list.n, item};
}

/* Random edges; the first are at the poles of both choices of axes, and one has no length. */
static problem problem_of(weyl_rng *rng, const char *in, const char *harmonics, const char *out, weyl_path_kind kind,
                          weyl_edge_aligned_opts opts, int64_t channels, int64_t nodes, int64_t edges) {
  problem p = {.opts = opts, .channels = channels};
  ok(weyl_arena_new(ctx, &p.arena));
  p.in = list_of(p.arena, channels, in);
  p.harmonics = list_of(p.arena, 1, harmonics);
  p.out = list_of(p.arena, channels, out);
  ok(weyl_paths_find(ctx, p.arena, p.in, p.harmonics, p.out, kind, &p.paths));
  assert_true(p.paths.n > 0);
  int32_t *sender = weyl_arena_array(p.arena, int32_t, edges + 1),
          *receiver = weyl_arena_array(p.arena, int32_t, edges + 1);
  for (int64_t e = 0; e < edges; e++) {
    sender[e] = (int32_t)(weyl_rng_uniform(rng) * (double)nodes);
    receiver[e] = (int32_t)(e * nodes / edges);
  }
  p.edges = (weyl_edges){.n = edges, .senders = nodes, .receivers = nodes + 1, .sender = sender, .receiver = receiver};
  weyl_edge_aligned *plan;
  opts.layout = WEYL_LAYOUT_ROWS;
  ok(weyl_edge_aligned_new(ctx, &opts, WEYL_F64, p.in, p.harmonics, p.out, p.paths, &plan));
  const int64_t count[ARRAYS] = {nodes, edges, edges, nodes + 1};
  const int which[ARRAYS] = {0, 3, 1, 2};
  for (int i = 0; i < ARRAYS; i++) {
    p.n[i] = (size_t)(count[i] * weyl_edge_aligned_size(plan, which[i]));
    p.a[i] = numbers(p.n[i]);
    p.d[i] = numbers(p.n[i]);
    fill_normal(rng, p.n[i], p.a[i]);
    memset(p.d[i], 0, p.n[i] * sizeof(double));
  }
  for (int64_t e = 0; e < edges; e++) { /* lengths of 1/2 to 3/2: differences see no scale but these */
    double *v = p.a[V] + 3 * e;
    const double scale = (0.5 + weyl_rng_uniform(rng)) / sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    for (int k = 0; k < 3; k++) v[k] *= scale;
  }
  const double poles[][3] = {{0, 0, 2}, {0, 0, -3}, {0, 1, 0}, {0, -1, 0}, {0, 0, 0}, {1e-9, 2, 0}};
  for (int64_t e = 0; e < edges && e < 6; e++) memcpy(p.a[V] + 3 * e, poles[e], sizeof poles[e]);
  weyl_edge_aligned_free(plan);
  return p;
}

static void problem_free(problem *p) {
  for (int i = 0; i < ARRAYS; i++) {
    weyl_dealloc(ctx, p->a[i]);
    weyl_dealloc(ctx, p->d[i]);
  }
  weyl_arena_free(p->arena);
}

/* ---- what is right, over tables ---- */

/* weight[p]: the row of R that path p has; R [edges][rows]. */
static void right_by_tables(problem *p, const int32_t *weight, const double *factor, int64_t rows) {
  int l_max = 0;
  for (int32_t i = 0; i < p->harmonics.n; i++)
    if (p->harmonics.item[i].l > l_max) l_max = p->harmonics.item[i].l;
  const size_t E = (size_t)p->edges.n, C = (size_t)p->channels, P = (size_t)p->paths.n, all = degrees_width(l_max);
  const size_t ny = (size_t)rows_of(p->harmonics);
  const weyl_harmonics_opts sphere = {.l_max = l_max, .axes = p->opts.axes, .norm = p->opts.norm};
  double *Y = numbers(E * all), *dY = numbers(3 * E * all), *y = numbers(E * ny), *dy = numbers(E * ny);
  double *r = numbers(E * P * C), *dr = numbers(E * P * C);
  ok(weyl_harmonics(ctx, &sphere, WEYL_F64, p->edges.n, p->a[V], Y, dY));
  for (size_t e = 0; e < E; e++) {
    size_t at = e * ny;
    for (int32_t i = 0; i < p->harmonics.n; i++)
      for (int m = 0, l = p->harmonics.item[i].l; m < 2 * l + 1; m++) y[at++] = Y[e * all + (size_t)(l * l + m)];
    for (size_t q = 0; q < P; q++)
      memcpy(r + (e * P + q) * C, p->a[R] + (e * (size_t)rows + (size_t)weight[q]) * C, C * sizeof *r);
  }
  const weyl_edge_product_opts opts = {.layout = WEYL_LAYOUT_ROWS, .gauge = p->opts.gauge, .factor = factor};
  weyl_edge_product *plan;
  ok(weyl_edge_product_new(ctx, &opts, WEYL_F64, p->in, p->harmonics, p->out, p->paths, &plan));
  void *work = weyl_alloc(ctx, weyl_edge_product_work(plan), 1);
  ok(weyl_edge_product_forward(ctx, plan, &p->edges, p->a[X], r, y, p->d[OUT], work));
  ok(weyl_edge_product_backward(ctx, plan, &p->edges, p->a[X], r, y, p->a[OUT], p->d[X], dr, dy, work));
  for (size_t e = 0; e < E; e++) {
    for (size_t q = 0; q < P; q++)
      for (size_t u = 0; u < C; u++) p->d[R][(e * (size_t)rows + (size_t)weight[q]) * C + u] += dr[(e * P + q) * C + u];
    for (size_t k = 0; k < 3; k++) {
      size_t at = e * ny;
      for (int32_t i = 0; i < p->harmonics.n; i++)
        for (int m = 0, l = p->harmonics.item[i].l; m < 2 * l + 1; m++)
          p->d[V][3 * e + k] += dy[at++] * dY[(3 * e + k) * all + (size_t)(l * l + m)];
    }
  }
  double *used[] = {Y, dY, y, dy, r, dr, work};
  for (int i = 0; i < 7; i++) weyl_dealloc(ctx, used[i]);
  weyl_edge_product_free(plan);
}

static void right(problem *p) {
  int32_t *weight = weyl_arena_array(p->arena, int32_t, p->paths.n);
  double *factor = weyl_arena_array(p->arena, double, p->paths.n);
  const bool gaunt = p->opts.weights == WEYL_EDGE_DEGREES;
  for (int32_t i = 0; i < p->paths.n; i++) {
    const weyl_path *q = &p->paths.item[i];
    weight[i] = gaunt ? q->in2 : i;
    factor[i] = weyl_gaunt_factor(q->l1, q->l2, q->l3);
  }
  right_by_tables(p, weight, gaunt ? factor : NULL, gaunt ? p->harmonics.n : p->paths.n);
}

/* ---- every layout, type and combination of gradients ---- */

static size_t place(weyl_layout layout, weyl_dtype real, int64_t rows, int64_t channels, size_t i) {
  const size_t C = (size_t)channels, n = (size_t)rows, lanes = 64 / weyl_dtype_size(real),
               blocks = (C + lanes - 1) / lanes;
  if (layout == WEYL_LAYOUT_ROWS || n * C == 0) return i;
  const size_t node = i / (n * C), row = i / C % n, u = i % C;
  return node * n * lanes * blocks + (u / lanes * n + row) * lanes + u % lanes;
}

typedef struct side {
  weyl_dtype real;
  weyl_layout layout;
  const problem *p;
} side;

static int64_t node_rows(const side *s, int i) {
  return i == X ? rows_of(s->p->in) : i == OUT ? rows_of(s->p->out) : 0;
}

static size_t place_of(const side *s, int i, size_t k) {
  return node_rows(s, i) ? place(s->layout, s->real, node_rows(s, i), s->p->channels, k) : k;
}

static void *array_of(const side *s, int i, const double *from) {
  const size_t room = s->p->n[i] * (node_rows(s, i) ? 16 : 1) + 16;
  void *to = weyl_alloc(ctx, room, weyl_dtype_size(s->real));
  memset(to, from ? 0 : 0xff, room * weyl_dtype_size(s->real));
  for (size_t k = 0; from && k < s->p->n[i]; k++)
    if (s->real == WEYL_F64)
      ((double *)to)[place_of(s, i, k)] = from[k];
    else
      ((float *)to)[place_of(s, i, k)] = (float)from[k];
  return to;
}

static void compare(const side *s, int i, const void *got, double tolerance) {
  double most = 0;
  for (size_t k = 0; k < s->p->n[i]; k++) {
    const size_t at = place_of(s, i, k);
    const double d =
        fabs((s->real == WEYL_F64 ? ((const double *)got)[at] : (double)((const float *)got)[at]) - s->p->d[i][k]);
    if (!(d <= most)) most = d;
  }
  assert_below(most, tolerance * (1 + largest(s->p->n[i], s->p->d[i])));
}

static void check(const problem *p) {
  for (int which = 0; which < 4; which++) {
    const side s = {which % 2 ? WEYL_F64 : WEYL_F32, which / 2 ? WEYL_LAYOUT_ROWS : WEYL_LAYOUT_BLOCKED, p};
    const double tolerance = s.real == WEYL_F64 ? 1e-12 : 1e-5;
    weyl_edge_aligned_opts opts = p->opts;
    opts.layout = s.layout;
    weyl_edge_aligned *plan;
    ok(weyl_edge_aligned_new(ctx, &opts, s.real, p->in, p->harmonics, p->out, p->paths, &plan));
    void *a[ARRAYS], *work = weyl_alloc(ctx, weyl_edge_aligned_work(plan), 1);
    for (int i = 0; i < ARRAYS; i++) a[i] = array_of(&s, i, p->a[i]);
    const int64_t before = (int64_t)weyl_allocations(ctx);
    memset(work, 0xff, weyl_edge_aligned_work(plan));
    void *out = array_of(&s, OUT, NULL);
    ok(weyl_edge_aligned_forward(ctx, plan, &p->edges, a[X], a[R], a[V], out, work));
    compare(&s, OUT, out, tolerance);
    for (int want = 0; want < 8; want++) {
      void *d[OUT];
      for (int i = 0; i < OUT; i++) d[i] = array_of(&s, i, NULL);
      ok(weyl_edge_aligned_backward(ctx, plan, &p->edges, a[X], a[R], a[V], a[OUT], want & 1 ? d[X] : NULL,
                                    want & 2 ? d[R] : NULL, want & 4 ? d[V] : NULL, work));
      for (int i = 0; i < OUT; i++) {
        if (want & 1 << i) compare(&s, i, d[i], tolerance);
        weyl_dealloc(ctx, d[i]);
      }
    }
    assert_int_equal((int64_t)weyl_allocations(ctx) - before, 25); /* all of them ours */
    for (int i = 0; i < ARRAYS; i++) weyl_dealloc(ctx, a[i]);
    weyl_dealloc(ctx, out);
    weyl_dealloc(ctx, work);
    weyl_edge_aligned_free(plan);
  }
}

static void check_free(problem p) {
  check(&p);
  problem_free(&p);
}

/* Weights for paths: the exact product with harmonics, at random directions, at the poles and without a direction. */
static void paths(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "align");
  const int64_t channels[] = {1, 8, 20, 37, 70};
  const weyl_edge_aligned_opts opts[] = {{0},
                                         {.axes = WEYL_AXES_STANDARD, .norm = WEYL_HARMONICS_COMPONENT},
                                         {.gauge = WEYL_GAUGE_E3NN, .norm = WEYL_HARMONICS_NORM}};
  for (size_t i = 0; i < 5; i++) {
    problem p =
        problem_of(&rng, "0e+1o+2e", "0e+1o+2e+3o", "0e+1o+2e+3o", WEYL_PATH_ALL, opts[i % 3], channels[i], 5, 21);
    right(&p);
    check_free(p);
  }
  problem p = problem_of(&rng, "1o+0e+1e+2e+1o", "0e+1o+2e", "1o+2o+0e+1e+1o", WEYL_PATH_ALL, opts[0], 9, 4, 40);
  right(&p);
  check_free(p);
  p = problem_of(&rng, "4e+5o", "2e+6e+3o", "6e+3o+7o", WEYL_PATH_ALL, opts[1], 3, 3, 18);
  right(&p);
  check_free(p);
}

/* Every coupling to degree 6, and degree 20. */
static void high_degrees(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(2, "align");
  const char *six = "0e+1e+2e+3e+4e+5e+6e"; /* parities allow every path */
  problem p = problem_of(&rng, six, six, six, WEYL_PATH_ALL, (weyl_edge_aligned_opts){0}, 2, 3, 9);
  assert_int_equal(p.paths.n, 175);
  right(&p);
  check_free(p);
  p = problem_of(&rng, "20e+7o", "3o+20e", "20e+18e+19o", WEYL_PATH_ALL, (weyl_edge_aligned_opts){0}, 2, 2, 8);
  right(&p);
  check_free(p);
}

/* Products of functions. */
static void degrees(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(3, "align");
  const weyl_edge_aligned_opts opts = {.weights = WEYL_EDGE_DEGREES};
  problem p = problem_of(&rng, "0e+1o+2e+3o", "0e+1o+2e", "0e+1o+2e+3o", WEYL_PATH_EVEN, opts, 20, 4, 19);
  right(&p);
  check_free(p);
  p = problem_of(&rng, "2e+1o", "1o+2e+3o", "0e+3o+1o", WEYL_PATH_EVEN, opts, 5, 4, 19);
  right(&p);
  check_free(p);
  /* one edge, by Gaunt coefficients alone */
  enum { L = 5, N = (L + 1) * (L + 1) };
  p = problem_of(&rng, "0e+1o+2e+3o+4e+5o", "0e+1o+2e+3o+4e+5o", "0e+1o+2e+3o+4e+5o", WEYL_PATH_EVEN, opts, 1, 1, 1);
  fill_normal(&rng, 3, p.a[V]);
  double y[N];
  ok(weyl_harmonics(ctx, &(weyl_harmonics_opts){.l_max = L}, WEYL_F64, 1, p.a[V], y, NULL));
  for (int l = 0; l <= L; l++)
    for (int i = l * l; i < (l + 1) * (l + 1); i++) y[i] *= p.a[R][l];
  sparse_product(WEYL_COUPLING_GAUNT, L, L, L, p.a[X], y, p.d[OUT]);
  const side s = {WEYL_F64, WEYL_LAYOUT_ROWS, &p};
  weyl_edge_aligned_opts rows = opts;
  rows.layout = WEYL_LAYOUT_ROWS;
  weyl_edge_aligned *plan;
  ok(weyl_edge_aligned_new(ctx, &rows, WEYL_F64, p.in, p.harmonics, p.out, p.paths, &plan));
  void *out = array_of(&s, OUT, NULL), *work = weyl_alloc(ctx, weyl_edge_aligned_work(plan), 1);
  ok(weyl_edge_aligned_forward(ctx, plan, &p.edges, p.a[X], p.a[R], p.a[V], out, work));
  compare(&s, OUT, out, 1e-13);
  weyl_dealloc(ctx, out);
  weyl_dealloc(ctx, work);
  weyl_edge_aligned_free(plan);
  problem_free(&p);
}

/* ---- orders ---- */

/* out and its gradient by x, with A and B of orders below M by dense turns; R are A and B, or their path weights. */
static void right_by_turns(problem *p) {
  const int l_max = 8, M = p->opts.orders > 0 ? p->opts.orders : l_max + 1;
  const size_t C = (size_t)p->channels, rows = p->n[R] / (size_t)p->edges.n / C;
  double *D = numbers(weyl_wigner_d_at(l_max + 1));
  for (int64_t e = 0; e < p->edges.n; e++) {
    double turn[9];
    const double *v = p->a[V] + 3 * e;
    if (v[0] == 0 && v[1] == 0 && v[2] == 0) continue;
    weyl_rotation_to_pole(p->opts.axes, v, turn);
    ok(weyl_wigner_d_all(ctx, l_max, p->opts.axes, turn, D));
    size_t row = 0;
    int64_t to = 0;
    for (int32_t k = 0; k < p->out.n; to += 2 * p->out.item[k].l + 1, k++) {
      int64_t from = 0;
      for (int32_t b = 0; b < p->in.n; from += 2 * p->in.item[b].l + 1, b++) {
        const int l1 = p->in.item[b].l, l3 = p->out.item[k].l, n = l1 < l3 ? l1 : l3, top = n < M - 1 ? n : M - 1;
        bool kinds[2] = {false, false};
        for (int64_t q = 0; q < p->paths.n; q++)
          if (p->paths.item[q].in1 == b && p->paths.item[q].out == k) kinds[(l1 + p->paths.item[q].l2 + l3) % 2] = true;
        for (int odd = 0; odd < 2; odd++)
          for (int m = odd; kinds[odd] && m <= top; m++, row++)
            for (int sign = m == 0 ? 1 : -1; sign <= 1; sign += 2)
              for (int i = 0; i <= 2 * l3; i++)
                for (int j = 0; j <= 2 * l1; j++) {
                  /* y_m += A x_m - B x_-m, y_-m += B x_m + A x_-m */
                  const int my = sign * m, mx = odd ? -my : my;
                  const double c = (odd && sign > 0 ? -1 : 1) *
                                   D[weyl_wigner_d_at(l3) + (size_t)((l3 + my) * (2 * l3 + 1) + i)] *
                                   D[weyl_wigner_d_at(l1) + (size_t)((l1 + mx) * (2 * l1 + 1) + j)];
                  for (size_t u = 0; u < C; u++) {
                    const double w = c * p->a[R][((size_t)e * rows + row) * C + u];
                    const size_t x = (size_t)(p->edges.sender[e] * rows_of(p->in) + from + j) * C + u,
                                 o = (size_t)(p->edges.receiver[e] * rows_of(p->out) + to + i) * C + u;
                    p->d[OUT][o] += w * p->a[X][x];
                    p->d[X][x] += w * p->a[OUT][o];
                    p->d[R][((size_t)e * rows + row) * C + u] += c * p->a[X][x] * p->a[OUT][o];
                  }
                }
      }
    }
  }
  weyl_dealloc(ctx, D);
}

typedef struct call { /* f64, rows */
  const problem *p;
  weyl_edge_aligned *plan;
  void *work;
} call;

static call call_of(const problem *p) {
  weyl_edge_aligned_opts opts = p->opts;
  opts.layout = WEYL_LAYOUT_ROWS;
  call c = {.p = p};
  ok(weyl_edge_aligned_new(ctx, &opts, WEYL_F64, p->in, p->harmonics, p->out, p->paths, &c.plan));
  c.work = weyl_alloc(ctx, weyl_edge_aligned_work(c.plan), 1);
  return c;
}

static void call_free(call *c) {
  weyl_edge_aligned_free(c->plan);
  weyl_dealloc(ctx, c->work);
}

static double pairing(size_t n, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* <g, out> at v moved by h along d. */
static double value(const call *c, double h, const double *d) {
  double *v = numbers(c->p->n[V]), *out = numbers(c->p->n[OUT]);
  for (size_t i = 0; i < c->p->n[V]; i++) v[i] = c->p->a[V][i] + h * d[i];
  ok(weyl_edge_aligned_forward(ctx, c->plan, &c->p->edges, c->p->a[X], c->p->a[R], v, out, c->work));
  const double f = pairing(c->p->n[OUT], out, c->p->a[OUT]);
  weyl_dealloc(ctx, v);
  weyl_dealloc(ctx, out);
  return f;
}

/* dv by differences of fourth order; edges without length stay. */
static void slopes(problem *p, weyl_rng *rng) {
  call c = call_of(p);
  double *d = numbers(p->n[V]), *dv = numbers(p->n[V]);
  ok(weyl_edge_aligned_backward(ctx, c.plan, &p->edges, p->a[X], p->a[R], p->a[V], p->a[OUT], NULL, NULL, dv, c.work));
  for (int trial = 0; trial < 3; trial++) {
    fill_normal(rng, p->n[V], d);
    for (size_t e = 0; e < p->n[V]; e += 3)
      if (p->a[V][e] == 0 && p->a[V][e + 1] == 0 && p->a[V][e + 2] == 0) d[e] = d[e + 1] = d[e + 2] = 0;
    const double h = 1e-3,
                 slope =
                     (8 * (value(&c, h, d) - value(&c, -h, d)) - value(&c, 2 * h, d) + value(&c, -2 * h, d)) / (12 * h);
    assert_below(fabs(slope - pairing(p->n[V], d, dv)), 1e-7 * (1 + fabs(slope)));
  }
  memcpy(p->d[V], dv, p->n[V] * sizeof *dv);
  weyl_dealloc(ctx, d);
  weyl_dealloc(ctx, dv);
  call_free(&c);
}

static void restricted(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(4, "align");
  for (int orders = 0; orders <= 4; orders++) {
    const weyl_edge_aligned_opts opts = {
        .weights = WEYL_EDGE_ORDERS, .orders = orders, .axes = (weyl_axes)(orders % 2)};
    problem p = problem_of(&rng, "0e+1o+3o+2e+1e", "0e+1o+2e+3o+4e", "2e+1o+0e+3o+2o", WEYL_PATH_ALL, opts, 11, 3, 17);
    right_by_turns(&p);
    slopes(&p, &rng); /* and then, by that gradient, in every type and layout */
    check_free(p);
  }
}

/* A and B of path weights: rows as of WEYL_EDGE_ORDERS. */
static void orders_of_paths(const problem *p, double *ab) {
  const size_t C = (size_t)p->channels, P = (size_t)p->paths.n;
  const int M = p->opts.orders > 0 ? p->opts.orders : WEYL_L_MAX + 1;
  for (int64_t e = 0; e < p->edges.n; e++)
    for (int32_t k = 0; k < p->out.n; k++)
      for (int32_t b = 0; b < p->in.n; b++)
        for (int odd = 0; odd < 2; odd++) {
          bool any = false;
          const int l1 = p->in.item[b].l, l3 = p->out.item[k].l, n = l1 < l3 ? l1 : l3, top = n < M - 1 ? n : M - 1;
          for (size_t q = 0; q < P; q++) {
            const weyl_path *path = &p->paths.item[q];
            const int l2 = path->l2;
            if (path->in1 != b || path->out != k || (l1 + l2 + l3) % 2 != odd) continue;
            int same = 0;
            for (size_t i = 0; i < P; i++) same += p->paths.item[i].out == k;
            double *W = numbers((size_t)((2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1)));
            ok(weyl_wigner_3j(ctx, l1, l2, l3, WEYL_GAUGE_WEYL, W));
            for (int m = odd; m <= top; m++)
              for (size_t u = 0; u < C; u++)
                ab[(size_t)(m - odd) * C + u] =
                    (any ? ab[(size_t)(m - odd) * C + u] : 0) +
                    p->a[R][((size_t)e * P + q) * C + u] * sqrt((2 * l3 + 1.0) / same) * sqrt((2 * l2 + 1) / (4 * PI)) *
                        W[((l1 + m) * (2 * l2 + 1) + l2) * (2 * l3 + 1) + (odd ? l3 - m : l3 + m)];
            any = true;
            weyl_dealloc(ctx, W);
          }
          if (any) ab += (size_t)(top + 1 - odd) * C;
        }
}

/* eSCN's form with A, B made of path weights is the product over tables, and with fewer orders that of fewer orders. */
static void orders(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(5, "align");
  for (int M = 0; M <= 3; M++) {
    const weyl_edge_aligned_opts opts = {.orders = M}, free = {.orders = M, .weights = WEYL_EDGE_ORDERS};
    const char *in = "0e+1o+2e+3o+2o", *out = "3o+0e+1o+1e+2e", *sphere = "0e+1o+2e+3o+4e+5o+6e";
    problem p = problem_of(&rng, in, sphere, out, WEYL_PATH_ALL, opts, 6, 3, 20);
    weyl_rng other = weyl_rng_new(6, "align");
    problem q = problem_of(&other, in, sphere, out, WEYL_PATH_ALL, free, 6, 3, 20);
    orders_of_paths(&p, q.a[R]);
    q.edges = p.edges;
    fill_normal(&rng, 3, p.a[V] + 12); /* the edge of no length: other forms know what to do */
    for (int i = 0; i < ARRAYS; i++)
      if (i != R) memcpy(q.a[i], p.a[i], p.n[i] * sizeof(double));
    if (M == 0) {
      assert_int_equal(q.n[R], p.n[R]); /* as many as paths, if harmonics go to twice the degree */
      right(&p);
      memcpy(q.d[OUT], p.d[OUT], p.n[OUT] * sizeof(double));
      call c = call_of(&q);
      ok(weyl_edge_aligned_forward(ctx, c.plan, &q.edges, q.a[X], q.a[R], q.a[V], q.d[OUT], c.work));
      assert_below(relative_difference(p.n[OUT], p.d[OUT], q.d[OUT]), 1e-12);
      call_free(&c);
    } else { /* what dense turns say of A and B */
      right_by_turns(&q);
      call c = call_of(&p);
      ok(weyl_edge_aligned_forward(ctx, c.plan, &p.edges, p.a[X], p.a[R], p.a[V], p.d[OUT], c.work));
      assert_below(relative_difference(p.n[OUT], q.d[OUT], p.d[OUT]), 1e-12);
      call_free(&c);
      slopes(&p, &rng);
    }
    problem_free(&p);
    problem_free(&q);
  }
}

/* ---- invariance ---- */

static void act(weyl_irreps list, int64_t channels, const double *r, size_t n, const double *x, double *to) {
  weyl_irrep item[16];
  for (int32_t i = 0; i < list.n; i++) item[i] = (weyl_irrep){1, list.item[i].l, list.item[i].parity};
  const size_t rows = (size_t)rows_of(list), C = (size_t)channels;
  double *D = numbers(rows * rows);
  ok(weyl_irreps_matrix(ctx, (weyl_irreps){list.n, item}, WEYL_AXES_E3NN, r, D));
  for (size_t i = 0; i < n; i++) {
    const size_t node = i / (rows * C), row = i / C % rows, u = i % C;
    to[i] = 0;
    for (size_t j = 0; j < rows; j++) to[i] += D[row * rows + j] * x[(node * rows + j) * C + u];
  }
  weyl_dealloc(ctx, D);
}

/* Features and directions turned and mirrored: out turns likewise, whatever the weights are and however few orders. */
PROPERTY(equivariance, 8) {
  const weyl_edge_aligned_opts opts = {.weights = (weyl_edge_weights)(weyl_rng_uniform(rng) * 3),
                                       .orders = (int)(weyl_rng_uniform(rng) * 4)};
  problem p = problem_of(rng, "0e+1o+2e+3o", "0e+1o+2e+3o", "0e+1o+2e+3o",
                         opts.weights == WEYL_EDGE_DEGREES ? WEYL_PATH_EVEN : WEYL_PATH_ALL, opts, 5, 4, 20);
  double r[9];
  random_rotation(rng, r);
  if (weyl_rng_uniform(rng) < 0.5)
    for (int i = 0; i < 9; i++) r[i] = -r[i];
  call c = call_of(&p);
  double *x = numbers(p.n[X]), *v = numbers(p.n[V]), *out = numbers(p.n[OUT]), *want = numbers(p.n[OUT]);
  ok(weyl_edge_aligned_forward(ctx, c.plan, &p.edges, p.a[X], p.a[R], p.a[V], out, c.work));
  act(p.out, p.channels, r, p.n[OUT], out, want);
  act(p.in, p.channels, r, p.n[X], p.a[X], x);
  for (size_t i = 0; i < p.n[V]; i++) {
    v[i] = 0;
    for (size_t j = 0; j < 3; j++) v[i] += r[3 * (i % 3) + j] * p.a[V][i / 3 * 3 + j];
  }
  ok(weyl_edge_aligned_forward(ctx, c.plan, &p.edges, x, p.a[R], v, out, c.work));
  assert_below(relative_difference(p.n[OUT], want, out), 1e-12);
  double *all[] = {x, v, out, want};
  for (int i = 0; i < 4; i++) weyl_dealloc(ctx, all[i]);
  call_free(&c);
  problem_free(&p);
}

/* NaN and infinity go where their edge goes, lengths far from 1 do not matter, and no edges give 0. */
static void odd_numbers(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(8, "align");
  problem p = problem_of(&rng, "0e+1o+2e", "0e+1o+2e", "1o+2e", WEYL_PATH_EVEN, (weyl_edge_aligned_opts){0}, 5, 3, 9);
  right(&p);
  for (size_t i = 0; i < p.n[V]; i++) p.a[V][i] *= i / 3 % 2 ? 1e-170 : 1e170;
  call c = call_of(&p);
  double *out = numbers(p.n[OUT]);
  const size_t node = p.n[OUT] / 4;
  ok(weyl_edge_aligned_forward(ctx, c.plan, &p.edges, p.a[X], p.a[R], p.a[V], out, c.work));
  assert_below(relative_difference(p.n[OUT], p.d[OUT], out), 1e-12);
  p.a[V][3 * 8] = NAN;
  p.a[V][3 * 5 + 1] = INFINITY;
  ok(weyl_edge_aligned_forward(ctx, c.plan, &p.edges, p.a[X], p.a[R], p.a[V], out, c.work));
  assert_below(largest_difference(node, out, p.d[OUT]), 1e-12 * largest(node, out));
  for (size_t i = node; i < 3 * node; i++) assert_true(isnan(out[i]));
  for (size_t i = 3 * node; i < 4 * node; i++) assert_true(out[i] == 0); /* a node without edges */
  weyl_edges none = p.edges;
  none.n = 0;
  ok(weyl_edge_aligned_forward(ctx, c.plan, &none, p.a[X], p.a[R], p.a[V], out, c.work));
  assert_true(largest(p.n[OUT], out) == 0);
  weyl_dealloc(ctx, out);
  call_free(&c);
  problem_free(&p);
}

static void bad_input(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(7, "align");
  problem p = problem_of(&rng, "0e+1o", "0e+1o+2e", "0e+1o+1e", WEYL_PATH_ALL, (weyl_edge_aligned_opts){0}, 4, 3, 6);
  weyl_edge_aligned *plan = NULL;
#define NEW(options, real) \
  weyl_edge_aligned_new(ctx, &(weyl_edge_aligned_opts)options, real, p.in, p.harmonics, p.out, p.paths, &plan)
#define REFUSED(expr, code, words)                     \
  do {                                                 \
    assert_int_equal((expr), code);                    \
    assert_non_null(strstr(weyl_message(ctx), words)); \
    weyl_message_clear(ctx);                           \
  } while (0)
  REFUSED(NEW({0}, WEYL_I32), WEYL_DTYPE, "must be f32 or f64");
  REFUSED(NEW({.weights = (weyl_edge_weights)3}, WEYL_F32), WEYL_BAD_ARG, "weights is 3");
  REFUSED(NEW({.axes = (weyl_axes)2}, WEYL_F32), WEYL_BAD_ARG, "axes is 2");
  REFUSED(NEW({.norm = (weyl_harmonics_norm)4}, WEYL_F32), WEYL_BAD_ARG, "norm is 4");
  REFUSED(NEW({.gauge = (weyl_gauge)5}, WEYL_F32), WEYL_BAD_ARG, "gauge is 5");
  REFUSED(NEW({.orders = -1}, WEYL_F32), WEYL_BAD_ARG, "orders is -1");
  REFUSED(NEW({.layout = WEYL_LAYOUT_CHANNELS}, WEYL_F32), WEYL_UNSUPPORTED, "weyl_layout_pack");
  REFUSED(NEW({.weights = WEYL_EDGE_DEGREES}, WEYL_F32), WEYL_BAD_ARG, "have an odd sum");
  REFUSED(weyl_edge_aligned_new(ctx, NULL, WEYL_F32, p.in, p.in, p.out, p.paths, &plan), WEYL_SHAPE, "4 copies");
  assert_null(plan);
  call c = call_of(&p);
  weyl_edges e = p.edges;
  double *out = numbers(p.n[OUT]);
#define CALL(x, v) weyl_edge_aligned_forward(ctx, c.plan, &e, x, p.a[R], v, out, c.work)
  REFUSED(CALL(NULL, p.a[V]), WEYL_BAD_ARG, "array x is NULL");
  REFUSED(CALL(p.a[X], NULL), WEYL_BAD_ARG, "array v is NULL");
  REFUSED(weyl_edge_aligned_backward(ctx, c.plan, &e, p.a[X], NULL, p.a[V], p.a[OUT], out, NULL, NULL, c.work),
          WEYL_BAD_ARG, "array weights is NULL");
  REFUSED(weyl_edge_aligned_forward(ctx, c.plan, NULL, p.a[X], p.a[R], p.a[V], out, c.work), WEYL_BAD_ARG, "NULL");
  e.senders = 1;
  REFUSED(CALL(p.a[X], p.a[V]), WEYL_BAD_ARG, "of 1 nodes");
  e = p.edges;
  e.row = (int32_t[]){0, 1, 2, 3, 4, 6};
  REFUSED(CALL(p.a[X], p.a[V]), WEYL_BAD_ARG, "edge 5: row 6 of 6");
  weyl_dealloc(ctx, out);
  call_free(&c);
  weyl_edge_aligned_free(NULL);
  problem_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths),       cmocka_unit_test(high_degrees), cmocka_unit_test(degrees),
      cmocka_unit_test(restricted),  cmocka_unit_test(orders),       cmocka_unit_test(equivariance),
      cmocka_unit_test(odd_numbers), cmocka_unit_test(bad_input),
  };
  return cmocka_run_group_tests(tests, context_up, context_down);
}
