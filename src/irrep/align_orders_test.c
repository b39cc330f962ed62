/* Weights for orders, and fewer orders, in the frame of each edge: against dense turns, against path weights, and the
 * gradient by the edge's vector against differences. */
#include "align_testing.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(restricted), cmocka_unit_test(orders)};
  return cmocka_run_group_tests(tests, context_up, context_down);
}
