/* The convolution along edges against the plain contraction with 3j symbols in double: paths, layouts, channels that
 * are no whole vector, gradients in every combination, the turned plan, equivariance, bad input. */
#include "testing.h"

#include "edge.h"

typedef struct problem {
  weyl_arena *arena;
  weyl_irreps in, harmonics, out;
  weyl_paths paths;
  int64_t channels;
  weyl_edges edges;
  int32_t *sender, *receiver;
  size_t nx, nr, ny, no; /* numbers */
  double *x, *r, *y, *g; /* x and g: [node][row][channel] */
  double *o, *dx, *dr, *dy;
} problem;

static int64_t rows_of(weyl_irreps list) {
  int64_t rows = 0;
  for (int32_t i = 0; i < list.n; i++) rows += 2 * list.item[i].l + 1;
  return rows;
}

static int64_t row_at(weyl_irreps list, int32_t block) {
  int64_t row = 0;
  for (int32_t i = 0; i < block; i++) row += 2 * list.item[i].l + 1;
  return row;
}

static double usual_factor(const problem *p, int64_t path) {
  int n = 0;
  for (int64_t i = 0; i < p->paths.n; i++) n += p->paths.item[i].out == p->paths.item[path].out;
  return sqrt((2.0 * p->paths.item[path].l3 + 1) / n);
}

/* The definition of weyl/irrep.h, and its derivatives. */
static void contract(const problem *p) {
  memset(p->o, 0, p->no * sizeof(double));
  memset(p->dx, 0, p->nx * sizeof(double));
  memset(p->dr, 0, p->nr * sizeof(double));
  memset(p->dy, 0, p->ny * sizeof(double));
  const int64_t x_rows = rows_of(p->in), y_rows = rows_of(p->harmonics), out_rows = rows_of(p->out), C = p->channels;
  for (int64_t q = 0; q < p->paths.n; q++) {
    const weyl_path *path = &p->paths.item[q];
    const int n1 = 2 * path->l1 + 1, n2 = 2 * path->l2 + 1, n3 = 2 * path->l3 + 1;
    double *W = numbers((size_t)(n1 * n2 * n3));
    ok(weyl_wigner_3j(ctx, path->l1, path->l2, path->l3, WEYL_GAUGE_WEYL, W));
    const double f = usual_factor(p, q);
    for (int64_t e = 0; e < p->edges.n; e++) {
      const int64_t row = p->edges.row ? p->edges.row[e] : e;
      for (int i = 0; i < n1; i++)
        for (int j = 0; j < n2; j++)
          for (int k = 0; k < n3; k++) {
            const double c = f * W[(i * n2 + j) * n3 + k];
            if (c == 0) continue;
            const int64_t y = row * y_rows + row_at(p->harmonics, path->in2) + j;
            for (int64_t u = 0; u < C; u++) {
              const int64_t x = (p->sender[e] * x_rows + row_at(p->in, path->in1) + i) * C + u;
              const int64_t o = (p->receiver[e] * out_rows + row_at(p->out, path->out) + k) * C + u;
              const int64_t r = (row * p->paths.n + q) * C + u;
              p->o[o] += c * p->r[r] * p->x[x] * p->y[y];
              p->dx[x] += c * p->r[r] * p->g[o] * p->y[y];
              p->dr[r] += c * p->x[x] * p->g[o] * p->y[y];
              p->dy[y] += c * p->r[r] * p->x[x] * p->g[o];
            }
          }
    }
    weyl_dealloc(ctx, W);
  }
}

static weyl_irreps list_of(weyl_arena *arena, int64_t copies, int n, const int *degrees) {
  weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, n + 1);
  assert_non_null(item);
  for (int i = 0; i < n; i++) item[i] = (weyl_irrep){copies, degrees[i], 1};
  return (weyl_irreps){n, item};
}

/* Blocks of the degrees given; paths: a block of the output each (split), or all to blocks of degrees 0 ... l_out. */
static problem problem_of(weyl_rng *rng, int n_in, const int *in, int l_harmonics, int l_out, weyl_path_kind kind,
                          bool split, int64_t channels, int64_t senders, int64_t receivers, int64_t edges) {
  problem p = {.channels = channels};
  int degrees[WEYL_L_MAX];
  for (int i = 0; i < WEYL_L_MAX; i++) degrees[i] = i;
  ok(weyl_arena_new(ctx, &p.arena));
  p.in = list_of(p.arena, channels, n_in, in);
  p.harmonics = list_of(p.arena, 1, l_harmonics + 1, degrees);
  p.out = list_of(p.arena, channels, l_out + 1, degrees);
  ok(weyl_paths_find(ctx, p.arena, p.in, p.harmonics, p.out, kind, &p.paths));
  if (split) {
    weyl_irrep *item = weyl_arena_array(p.arena, weyl_irrep, p.paths.n);
    weyl_path *path = weyl_arena_array(p.arena, weyl_path, p.paths.n);
    for (int32_t i = 0; i < p.paths.n; i++) {
      path[i] = p.paths.item[i];
      item[i] = (weyl_irrep){channels, path[i].l3, 1};
      path[i].out = i;
    }
    p.out = (weyl_irreps){(int32_t)p.paths.n, item};
    p.paths.item = path;
  }
  p.sender = weyl_arena_array(p.arena, int32_t, edges + 1);
  p.receiver = weyl_arena_array(p.arena, int32_t, edges + 1);
  for (int64_t e = 0; e < edges; e++) {
    p.sender[e] = (int32_t)(weyl_rng_uniform(rng) * (double)senders);
    p.receiver[e] = (int32_t)(weyl_rng_uniform(rng) * (double)receivers);
  }
  for (int64_t e = 1; e < edges; e++) /* sorted */
    for (int64_t i = e; i > 0 && p.receiver[i - 1] > p.receiver[i]; i--) {
      const int32_t t = p.receiver[i];
      p.receiver[i] = p.receiver[i - 1];
      p.receiver[i - 1] = t;
    }
  p.edges =
      (weyl_edges){.n = edges, .senders = senders, .receivers = receivers, .sender = p.sender, .receiver = p.receiver};
  p.nx = (size_t)(senders * rows_of(p.in) * channels);
  p.no = (size_t)(receivers * rows_of(p.out) * channels);
  p.ny = (size_t)(edges * rows_of(p.harmonics));
  p.nr = (size_t)(edges * p.paths.n * channels);
  double **input[] = {&p.x, &p.r, &p.y, &p.g}, **result[] = {&p.dx, &p.dr, &p.dy, &p.o};
  const size_t n[] = {p.nx, p.nr, p.ny, p.no};
  for (int i = 0; i < 4; i++) {
    *input[i] = numbers(n[i]);
    *result[i] = numbers(n[i]);
    fill_normal(rng, n[i], *input[i]);
  }
  contract(&p);
  return p;
}

static void problem_free(problem *p) {
  double *all[] = {p->x, p->r, p->y, p->g, p->o, p->dx, p->dr, p->dy};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) weyl_dealloc(ctx, all[i]);
  weyl_arena_free(p->arena);
}

/* ---- arrays of a type and layout ---- */

static size_t place(weyl_layout layout, weyl_dtype real, int64_t rows, int64_t channels, size_t i, size_t *size) {
  const size_t C = (size_t)channels, n = (size_t)rows, V = 64 / weyl_dtype_size(real), blocks = (C + V - 1) / V;
  *size = layout == WEYL_LAYOUT_ROWS ? n * C : n * V * blocks; /* of a node */
  if (layout == WEYL_LAYOUT_ROWS || n * C == 0) return i;
  const size_t node = i / (n * C), row = i / C % n, u = i % C;
  return node * *size + (u / V * n + row) * V + u % V;
}

static double at(weyl_dtype real, const void *x, size_t i) {
  return real == WEYL_F64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

static void set(weyl_dtype real, void *x, size_t i, double value) {
  if (real == WEYL_F64)
    ((double *)x)[i] = value;
  else
    ((float *)x)[i] = (float)value;
}

static void *filled(weyl_dtype real, size_t n, int byte) {
  void *x = weyl_alloc(ctx, n + 1, weyl_dtype_size(real));
  assert_non_null(x);
  memset(x, byte, (n + 1) * weyl_dtype_size(real));
  return x;
}

static void *nodes_of(weyl_layout layout, weyl_dtype real, int64_t nodes, int64_t rows, int64_t channels,
                      const double *from) {
  size_t size;
  place(layout, real, rows, channels, 0, &size);
  void *to = filled(real, (size_t)nodes * size, 0);
  for (size_t i = 0; i < (size_t)(nodes * rows * channels); i++)
    set(real, to, place(layout, real, rows, channels, i, &size), from[i]);
  return to;
}

static void *plain_of(weyl_dtype real, size_t n, const double *from) {
  void *to = filled(real, n, 0);
  for (size_t i = 0; i < n; i++) set(real, to, i, from[i]);
  return to;
}

/* Every number of `got` against nodes_of(exact): padding is 0. */
static void compare(weyl_dtype real, size_t n, const void *got, const void *exact, double tolerance, const char *what) {
  double scale = 1e-300, worst = 0;
  for (size_t i = 0; i < n; i++) {
    const double e = at(real, exact, i), d = fabs(at(real, got, i) - e);
    if (fabs(e) > scale) scale = fabs(e);
    if (!(d <= worst)) worst = d;
  }
  if (!(worst <= tolerance * scale)) fail_msg("%s: error %.3g of %.3g", what, worst, scale);
}

static void check(const problem *p, weyl_layout layout, weyl_dtype real) {
  const weyl_edge_product_opts opts = {.layout = layout};
  weyl_edge_product *plan = NULL;
  ok(weyl_edge_product_new(ctx, &opts, real, p->in, p->harmonics, p->out, p->paths, &plan));
  const double tolerance = real == WEYL_F64 ? 2e-14 : 1e-5;
  const int64_t x_rows = rows_of(p->in), out_rows = rows_of(p->out);
  void *x = nodes_of(layout, real, p->edges.senders, x_rows, p->channels, p->x);
  void *g = nodes_of(layout, real, p->edges.receivers, out_rows, p->channels, p->g);
  void *r = plain_of(real, p->nr, p->r), *y = plain_of(real, p->ny, p->y);
  void *exact_x = nodes_of(layout, real, p->edges.senders, x_rows, p->channels, p->dx);
  void *exact_o = nodes_of(layout, real, p->edges.receivers, out_rows, p->channels, p->o);
  void *exact_r = plain_of(real, p->nr, p->dr), *exact_y = plain_of(real, p->ny, p->dy);
  const size_t nx = (size_t)(p->edges.senders * weyl_edge_product_size(plan, 0)),
               no = (size_t)(p->edges.receivers * weyl_edge_product_size(plan, 2));
  assert_int_equal(weyl_edge_product_size(plan, 1), rows_of(p->harmonics));
  assert_int_equal(weyl_edge_product_size(plan, 3), p->paths.n * p->channels);
  void *work = weyl_alloc(ctx, weyl_edge_product_work(plan), 1), *o = filled(real, no, 0xff);
  memset(work, 0xff, weyl_edge_product_work(plan)); /* NaN: nothing is taken from there */
  void *dx = filled(real, nx, 0), *dr = filled(real, p->nr, 0), *dy = filled(real, p->ny, 0);
  const uint64_t before = weyl_allocations(ctx);
  ok(weyl_edge_product_forward(ctx, plan, &p->edges, x, r, y, o, work));
  compare(real, no, o, exact_o, tolerance, "out");
  for (int want = 0; want < 8; want++) {
    memset(dx, 0xff, nx * weyl_dtype_size(real));
    memset(dr, 0xff, p->nr * weyl_dtype_size(real));
    memset(dy, 0xff, p->ny * weyl_dtype_size(real));
    memset(work, 0xff, weyl_edge_product_work(plan));
    ok(weyl_edge_product_backward(ctx, plan, &p->edges, x, r, y, g, want & 1 ? dx : NULL, want & 2 ? dr : NULL,
                                  want & 4 ? dy : NULL, work));
    if (want & 1) compare(real, nx, dx, exact_x, tolerance, "dx");
    if (want & 2) compare(real, p->nr, dr, exact_r, tolerance, "dR");
    if (want & 4) compare(real, p->ny, dy, exact_y, tolerance, "dY");
  }
  assert_int_equal(weyl_allocations(ctx), before);
  void *all[] = {x, g, r, y, exact_x, exact_o, exact_r, exact_y, work, o, dx, dr, dy};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) weyl_dealloc(ctx, all[i]);
  weyl_edge_product_free(plan);
}

static void check_all(problem *p) {
  for (int real = WEYL_F32; real <= WEYL_F64; real++)
    for (int layout = WEYL_LAYOUT_BLOCKED; layout <= WEYL_LAYOUT_ROWS; layout++)
      check(p, (weyl_layout)layout, (weyl_dtype)real);
  problem_free(p);
}

static void contraction(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "edge");
  const int mace[] = {0, 1}, many[] = {1, 0, 2, 1}, high[] = {4, 5};
  const int64_t channels[] = {1, 3, 8, 16, 20, 37};
  for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++) {
    problem p = problem_of(&rng, 2, mace, 3, 3, WEYL_PATH_EVEN, true, channels[i], 7, 5, 40);
    check_all(&p);
    p = problem_of(&rng, 2, mace, 3, 3, WEYL_PATH_ALL, false, channels[i], 4, 6, 11);
    check_all(&p);
  }
  problem p = problem_of(&rng, 4, many, 3, 3, WEYL_PATH_ALL, false, 13, 5, 3, 12);
  check_all(&p);
  p = problem_of(&rng, 2, high, 3, 6, WEYL_PATH_ALL, true, 5, 3, 2, 5); /* orders beyond one piece */
  check_all(&p);
  p = problem_of(&rng, 2, mace, 2, 2, WEYL_PATH_EVEN, true, 9, 6, 2, 150); /* receivers of several chunks */
  check_all(&p);
}

static void degenerate(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(2, "edge");
  const int mace[] = {0, 1};
  problem p = problem_of(&rng, 2, mace, 2, 2, WEYL_PATH_EVEN, true, 4, 3, 4, 0); /* no edges */
  check_all(&p);
  p = problem_of(&rng, 2, mace, 2, 2, WEYL_PATH_EVEN, true, 4, 2, 90, 3); /* most nodes without edges */
  check_all(&p);
  p = problem_of(&rng, 2, mace, 2, 2, WEYL_PATH_EVEN, true, 4, 0, 0, 0);
  check_all(&p);
  p = problem_of(&rng, 0, mace, 2, 2, WEYL_PATH_EVEN, false, 4, 2, 3, 5); /* no paths: out is 0 */
  check_all(&p);
}

/* Rows of R and y in an order of their own. */
static void rows_by_index(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(3, "edge");
  const int mace[] = {0, 1};
  problem p = problem_of(&rng, 2, mace, 3, 3, WEYL_PATH_ALL, true, 18, 4, 4, 30);
  int32_t *row = weyl_arena_array(p.arena, int32_t, 30);
  for (int32_t e = 0; e < 30; e++) row[e] = (7 * e + 3) % 30;
  p.edges.row = row;
  contract(&p);
  check_all(&p);
}

/* Edges with sender and receiver exchanged, sorted anew; row: where they were. */
static weyl_edges turn_edges(weyl_arena *arena, const weyl_edges *e) {
  int32_t *sender = weyl_arena_array(arena, int32_t, e->n + 1), *receiver = weyl_arena_array(arena, int32_t, e->n + 1),
          *row = weyl_arena_array(arena, int32_t, e->n + 1);
  int64_t n = 0;
  for (int64_t i = 0; i < e->senders; i++)
    for (int64_t j = 0; j < e->n; j++)
      if (e->sender[j] == i) {
        sender[n] = e->receiver[j];
        receiver[n] = (int32_t)i;
        row[n++] = (int32_t)j;
      }
  return (weyl_edges){
      .n = n, .senders = e->receivers, .receivers = e->senders, .sender = sender, .receiver = receiver, .row = row};
}

/* The gradient by x is the turned plan's forward call; the gradients of that are those of the plan. */
static void turned(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(4, "edge");
  const int in[] = {0, 1, 2};
  for (int split = 0; split < 2; split++) {
    problem p = problem_of(&rng, 3, in, 2, 3, WEYL_PATH_ALL, split != 0, 11, 5, 6, 23);
    const weyl_edges back = turn_edges(p.arena, &p.edges);
    const weyl_edge_product_opts opts = {.layout = WEYL_LAYOUT_ROWS};
    weyl_edge_product *plan = NULL, *other = NULL;
    ok(weyl_edge_product_new(ctx, &opts, WEYL_F64, p.in, p.harmonics, p.out, p.paths, &plan));
    ok(weyl_edge_product_turned(ctx, plan, &other));
    const size_t bytes = weyl_edge_product_work(plan) + weyl_edge_product_work(other);
    void *work = weyl_alloc(ctx, bytes, 1);
    double *dx = numbers(p.nx), *dg = numbers(p.no), *dr = numbers(p.nr), *dy = numbers(p.ny);
    ok(weyl_edge_product_forward(ctx, other, &back, p.g, p.r, p.y, dx, work));
    assert_below(relative_difference(p.nx, p.dx, dx), 1e-14);
    ok(weyl_edge_product_backward(ctx, other, &back, p.g, p.r, p.y, p.x, dg, dr, dy, work));
    assert_below(relative_difference(p.no, p.o, dg), 1e-14);
    assert_below(relative_difference(p.nr, p.dr, dr), 1e-14);
    assert_below(relative_difference(p.ny, p.dy, dy), 1e-14);
    double *all[] = {dx, dg, dr, dy};
    for (int i = 0; i < 4; i++) weyl_dealloc(ctx, all[i]);
    weyl_dealloc(ctx, work);
    weyl_edge_product_free(plan);
    weyl_edge_product_free(other);
    problem_free(&p);
  }
}

typedef struct call { /* f64, rows */
  const problem *p;
  weyl_edge_product *plan;
  void *work;
} call;

static double pairing(size_t n, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

static double value_of(const call *c, const double *x, const double *r, const double *y) {
  double *o = numbers(c->p->no);
  ok(weyl_edge_product_forward(ctx, c->plan, &c->p->edges, x, r, y, o, c->work));
  const double value = pairing(c->p->no, o, c->p->g);
  weyl_dealloc(ctx, o);
  return value;
}

/* (f(a + t d) - f(a - t d)) / 2t is exact up to rounding for a linear function. */
static double slope(const call *c, int which, const double *direction) {
  const double *in[] = {c->p->x, c->p->r, c->p->y};
  const size_t n[] = {c->p->nx, c->p->nr, c->p->ny};
  double value[2];
  for (int side = 0; side < 2; side++) {
    double *moved = numbers(n[which]);
    for (size_t i = 0; i < n[which]; i++) moved[i] = in[which][i] + (side ? -0.5 : 0.5) * direction[i];
    value[side] = value_of(c, which == 0 ? moved : in[0], which == 1 ? moved : in[1], which == 2 ? moved : in[2]);
    weyl_dealloc(ctx, moved);
  }
  return value[0] - value[1];
}

static void gradients(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(5, "edge");
  const int in[] = {0, 1, 2};
  problem p = problem_of(&rng, 3, in, 3, 3, WEYL_PATH_ALL, true, 10, 6, 6, 40);
  const weyl_edge_product_opts opts = {.layout = WEYL_LAYOUT_ROWS};
  call c = {.p = &p};
  ok(weyl_edge_product_new(ctx, &opts, WEYL_F64, p.in, p.harmonics, p.out, p.paths, &c.plan));
  c.work = weyl_alloc(ctx, weyl_edge_product_work(c.plan), 1);
  double *d[] = {numbers(p.nx), numbers(p.nr), numbers(p.ny)};
  ok(weyl_edge_product_backward(ctx, c.plan, &p.edges, p.x, p.r, p.y, p.g, d[0], d[1], d[2], c.work));
  const size_t n[] = {p.nx, p.nr, p.ny};
  const double *at_[] = {p.x, p.r, p.y};
  const double value = value_of(&c, p.x, p.r, p.y);
  for (int i = 0; i < 3; i++) {
    /* all four pairings of a 4-linear form are its value */
    assert_below(fabs(pairing(n[i], at_[i], d[i]) - value), 1e-12 * sqrt(pairing(n[i], d[i], d[i])));
    double *direction = numbers(n[i]);
    for (int trial = 0; trial < 3; trial++) {
      fill_normal(&rng, n[i], direction);
      const double want = slope(&c, i, direction);
      assert_below(fabs(pairing(n[i], direction, d[i]) - want), 1e-8 * fabs(want) + 1e-10);
    }
    weyl_dealloc(ctx, direction);
    weyl_dealloc(ctx, d[i]);
  }
  weyl_dealloc(ctx, c.work);
  weyl_edge_product_free(c.plan);
  problem_free(&p);
}

/* Rows of every node turned by D, in place of weyl_irreps_act: [node][row][channel]. */
static void act(const problem *p, weyl_irreps list, const double *r, int64_t nodes, const double *x, double *to) {
  weyl_irrep item[64];
  for (int32_t i = 0; i < list.n; i++) {
    item[i] = list.item[i];
    item[i].mul = 1;
    item[i].parity = item[i].l % 2 ? -1 : 1;
  }
  const weyl_irreps one = {list.n, item};
  const int64_t rows = rows_of(list), C = p->channels;
  double *D = numbers((size_t)(rows * rows));
  ok(weyl_irreps_matrix(ctx, one, WEYL_AXES_E3NN, r, D));
  for (int64_t n = 0; n < nodes; n++)
    for (int64_t i = 0; i < rows; i++)
      for (int64_t u = 0; u < C; u++) {
        double sum = 0;
        for (int64_t j = 0; j < rows; j++) sum += D[i * rows + j] * x[(n * rows + j) * C + u];
        to[(n * rows + i) * C + u] = sum;
      }
  weyl_dealloc(ctx, D);
}

/* Features and directions turned and mirrored: out turns likewise. */
PROPERTY(equivariance, 6) {
  const int in[] = {0, 1, 2};
  problem p = problem_of(rng, 3, in, 3, 3, WEYL_PATH_EVEN, true, 5, 6, 5, 25);
  double r[9];
  random_rotation(rng, r);
  if (weyl_rng_uniform(rng) < 0.5)
    for (int i = 0; i < 9; i++) r[i] = -r[i];
  double *xyz = numbers(2 * 25 * 3), *moved = xyz + 25 * 3;
  fill_normal(rng, 25 * 3, xyz);
  for (int e = 0; e < 25; e++)
    for (int i = 0; i < 3; i++) {
      moved[3 * e + i] = 0;
      for (int j = 0; j < 3; j++) moved[3 * e + i] += r[3 * i + j] * xyz[3 * e + j];
    }
  const weyl_harmonics_opts sphere = {.l_max = 3};
  double *y = numbers(p.ny), *x = numbers(p.nx), *o[] = {numbers(p.no), numbers(p.no), numbers(p.no)};
  for (int real = WEYL_F32; real <= WEYL_F64; real++) {
    const weyl_edge_product_opts opts = {.layout = WEYL_LAYOUT_ROWS};
    weyl_edge_product *plan = NULL;
    ok(weyl_edge_product_new(ctx, &opts, (weyl_dtype)real, p.in, p.harmonics, p.out, p.paths, &plan));
    void *work = weyl_alloc(ctx, weyl_edge_product_work(plan), 1);
    act(&p, p.in, r, p.edges.senders, p.x, x);
    for (int side = 0; side < 2; side++) {
      ok(weyl_harmonics(ctx, &sphere, WEYL_F64, 25, side ? moved : xyz, y, NULL));
      void *tx = plain_of((weyl_dtype)real, p.nx, side ? x : p.x), *ty = plain_of((weyl_dtype)real, p.ny, y),
           *tr = plain_of((weyl_dtype)real, p.nr, p.r), *to = filled((weyl_dtype)real, p.no, 0);
      ok(weyl_edge_product_forward(ctx, plan, &p.edges, tx, tr, ty, to, work));
      for (size_t i = 0; i < p.no; i++) o[side][i] = at((weyl_dtype)real, to, i);
      void *all[] = {tx, ty, tr, to};
      for (int i = 0; i < 4; i++) weyl_dealloc(ctx, all[i]);
    }
    act(&p, p.out, r, p.edges.receivers, o[0], o[2]);
    assert_below(relative_difference(p.no, o[2], o[1]), real == WEYL_F64 ? 1e-12 : 1e-5);
    weyl_dealloc(ctx, work);
    weyl_edge_product_free(plan);
  }
  double *all[] = {y, x, o[0], o[1], o[2], xyz};
  for (int i = 0; i < 6; i++) weyl_dealloc(ctx, all[i]);
  problem_free(&p);
}

static void bad_input(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(6, "edge");
  const int in[] = {0, 1};
  problem p = problem_of(&rng, 2, in, 2, 2, WEYL_PATH_EVEN, false, 4, 3, 3, 6);
  weyl_edge_product *plan = NULL;
#define NEW(opts, real, a, b, c, paths) weyl_edge_product_new(ctx, opts, real, a, b, c, paths, &plan)
#define REFUSED(expr, code, words)                     \
  do {                                                 \
    assert_int_equal((expr), code);                    \
    assert_non_null(strstr(weyl_message(ctx), words)); \
    weyl_message_clear(ctx);                           \
  } while (0)
  const weyl_edge_product_opts gauge = {.gauge = (weyl_gauge)7}, layout = {.layout = (weyl_layout)9},
                               channels = {.layout = WEYL_LAYOUT_CHANNELS};
  REFUSED(NEW(NULL, WEYL_I32, p.in, p.harmonics, p.out, p.paths), WEYL_DTYPE, "must be f32 or f64");
  REFUSED(NEW(&gauge, WEYL_F32, p.in, p.harmonics, p.out, p.paths), WEYL_BAD_ARG, "gauge is 7");
  REFUSED(NEW(&layout, WEYL_F32, p.in, p.harmonics, p.out, p.paths), WEYL_BAD_ARG, "layout is 9");
  REFUSED(NEW(&channels, WEYL_F32, p.in, p.harmonics, p.out, p.paths), WEYL_UNSUPPORTED, "weyl_layout_pack");
  REFUSED(NEW(NULL, WEYL_F32, p.in, p.in, p.out, p.paths), WEYL_SHAPE, "block 0 of the harmonics has 4 copies");
  weyl_irrep uneven[] = {{4, 0, 1}, {5, 1, 1}};
  REFUSED(NEW(NULL, WEYL_F32, ((weyl_irreps){2, uneven}), p.harmonics, p.out, p.paths), WEYL_SHAPE, "5 copies");
  weyl_path path = p.paths.item[0];
  path.out = 9;
  REFUSED(NEW(NULL, WEYL_F32, p.in, p.harmonics, p.out, ((weyl_paths){1, &path})), WEYL_BAD_ARG, "block 9");
  path = (weyl_path){0, 1, 2, 0, 1, 2};
  REFUSED(NEW(NULL, WEYL_F32, p.in, p.harmonics, p.out, ((weyl_paths){1, &path})), WEYL_BAD_ARG, "do not make 2");
  path = (weyl_path){0, 1, 1, 1, 1, 1};
  REFUSED(NEW(NULL, WEYL_F32, p.in, p.harmonics, p.out, ((weyl_paths){1, &path})), WEYL_BAD_ARG, "block of degree 0");
  assert_null(plan);

  const weyl_edge_product_opts rows = {.layout = WEYL_LAYOUT_ROWS};
  ok(NEW(&rows, WEYL_F64, p.in, p.harmonics, p.out, p.paths));
  void *work = weyl_alloc(ctx, weyl_edge_product_work(plan), 1);
  weyl_edges e = p.edges;
  int32_t other[6], last[6];
#define CALL()   weyl_edge_product_forward(ctx, plan, &e, p.x, p.r, p.y, p.o, work)
#define BACK(dx) weyl_edge_product_backward(ctx, plan, &e, p.x, p.r, p.y, p.g, dx, NULL, NULL, work)
  memcpy(other, p.sender, sizeof other);
  other[4] = 3;
  e.sender = other;
  REFUSED(CALL(), WEYL_BAD_ARG, "edge 4: sender 3 of 3 nodes");
  REFUSED(BACK(p.dx), WEYL_BAD_ARG, "edge 4: sender 3 of 3 nodes");
  other[4] = -1;
  REFUSED(CALL(), WEYL_BAD_ARG, "edge 4: sender -1");
  e.sender = p.sender;
  memcpy(last, (int32_t[]){0, 0, 1, 1, 2, 7}, sizeof last);
  e.receiver = last;
  REFUSED(CALL(), WEYL_BAD_ARG, "edge 5: receiver 7 of 3 nodes");
  last[5] = 1;
  REFUSED(CALL(), WEYL_BAD_ARG, "edge 5: receiver 1 after 2, must be sorted");
  e.receiver = p.receiver;
  e.row = (int32_t[]){0, 1, 2, 3, 4, 6};
  REFUSED(CALL(), WEYL_BAD_ARG, "edge 5: row 6 of 6");
  e.row = NULL;
  e.n = -1;
  REFUSED(CALL(), WEYL_BAD_ARG, "-1 edges");
  e.n = 6;
  e.sender = NULL;
  REFUSED(CALL(), WEYL_BAD_ARG, "senders of the edges are NULL");
  REFUSED(weyl_edge_product_forward(ctx, plan, NULL, p.x, p.r, p.y, p.o, work), WEYL_BAD_ARG, "edges are NULL");
  REFUSED(weyl_edge_product_forward(ctx, plan, &p.edges, NULL, p.r, p.y, p.o, work), WEYL_BAD_ARG, "array x is NULL");
  REFUSED(weyl_edge_product_forward(ctx, plan, &p.edges, p.x, p.r, p.y, NULL, work), WEYL_BAD_ARG, "array out is NULL");
  weyl_edge_product_free(plan);
  weyl_edge_product_free(NULL);
  weyl_dealloc(ctx, work);
  problem_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(contraction), cmocka_unit_test(degenerate), cmocka_unit_test(rows_by_index),
      cmocka_unit_test(turned),      cmocka_unit_test(gradients),  cmocka_unit_test(equivariance),
      cmocka_unit_test(bad_input),
  };
  return cmocka_run_group_tests(tests, context_up, context_down);
}
