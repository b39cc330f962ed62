/* Shared by the tests of convolutions in the frame of each edge: random problems, what is right by the convolution over
 * tables, and a comparison in every layout, type and combination of gradients. */
#ifndef WEYL_IRREP_ALIGN_TESTING_H
#define WEYL_IRREP_ALIGN_TESTING_H

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

static UNUSED int64_t rows_of(weyl_irreps list) {
  int64_t rows = 0;
  for (int32_t i = 0; i < list.n; i++) rows += 2 * list.item[i].l + 1;
  return rows;
}

static UNUSED weyl_irreps list_of(weyl_arena *arena, int64_t copies, const char *text) {
  weyl_irreps list;
  ok(weyl_irreps_parse(ctx, arena, text, &list));
  weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, list.n + 1);
  for (int32_t i = 0; i < list.n; i++) item[i] = (weyl_irrep){copies, list.item[i].l, list.item[i].parity};
  return (weyl_irreps){list.n, item};
}

/* Random edges; the first are at the poles of both choices of axes, and one has no length. */
static UNUSED problem problem_of(weyl_rng *rng, const char *in, const char *harmonics, const char *out,
                                 weyl_path_kind kind, weyl_edge_aligned_opts opts, int64_t channels, int64_t nodes,
                                 int64_t edges) {
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

static UNUSED void problem_free(problem *p) {
  for (int i = 0; i < ARRAYS; i++) {
    weyl_dealloc(ctx, p->a[i]);
    weyl_dealloc(ctx, p->d[i]);
  }
  weyl_arena_free(p->arena);
}

/* ---- what is right, over tables ---- */

/* weight[p]: the row of R that path p has; R [edges][rows]. */
static UNUSED void right_by_tables(problem *p, const int32_t *weight, const double *factor, int64_t rows) {
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

static UNUSED void right(problem *p) {
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

static UNUSED size_t place(weyl_layout layout, weyl_dtype real, int64_t rows, int64_t channels, size_t i) {
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

static UNUSED int64_t node_rows(const side *s, int i) {
  return i == X ? rows_of(s->p->in) : i == OUT ? rows_of(s->p->out) : 0;
}

static UNUSED size_t place_of(const side *s, int i, size_t k) {
  return node_rows(s, i) ? place(s->layout, s->real, node_rows(s, i), s->p->channels, k) : k;
}

static UNUSED void *array_of(const side *s, int i, const double *from) {
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

static UNUSED void compare(const side *s, int i, const void *got, double tolerance) {
  double most = 0;
  for (size_t k = 0; k < s->p->n[i]; k++) {
    const size_t at = place_of(s, i, k);
    const double d =
        fabs((s->real == WEYL_F64 ? ((const double *)got)[at] : (double)((const float *)got)[at]) - s->p->d[i][k]);
    if (!(d <= most)) most = d;
  }
  assert_below(most, tolerance * (1 + largest(s->p->n[i], s->p->d[i])));
}

static UNUSED void check(const problem *p) {
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

static UNUSED void check_free(problem p) {
  check(&p);
  problem_free(&p);
}

typedef struct call { /* f64, rows */
  const problem *p;
  weyl_edge_aligned *plan;
  void *work;
} call;

static UNUSED call call_of(const problem *p) {
  weyl_edge_aligned_opts opts = p->opts;
  opts.layout = WEYL_LAYOUT_ROWS;
  call c = {.p = p};
  ok(weyl_edge_aligned_new(ctx, &opts, WEYL_F64, p->in, p->harmonics, p->out, p->paths, &c.plan));
  c.work = weyl_alloc(ctx, weyl_edge_aligned_work(c.plan), 1);
  return c;
}

static UNUSED void call_free(call *c) {
  weyl_edge_aligned_free(c->plan);
  weyl_dealloc(ctx, c->work);
}

#endif
