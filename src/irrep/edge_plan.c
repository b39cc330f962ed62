/* Making a plan of a convolution along edges: checks, and the contraction with harmonics as lists of sums. */
#include "degrees.h"
#include "edge.h"

#include <math.h>
#include <string.h>

/* ---- checks ---- */

weyl_status edge_check_choices(weyl_context *ctx, weyl_layout layout, weyl_gauge gauge, weyl_dtype dtype) {
  if (dtype != WEYL_F32 && dtype != WEYL_F64)
    return weyl_fail(ctx, WEYL_DTYPE, "an edge product of %s numbers, must be f32 or f64", weyl_dtype_name(dtype));
  if ((int)gauge < 0 || gauge > WEYL_GAUGE_E3NN)
    return weyl_fail(ctx, WEYL_BAD_ARG, "gauge is %d, must be 0 to %d", (int)gauge, WEYL_GAUGE_E3NN);
  if ((int)layout < 0 || layout > WEYL_LAYOUT_CHANNELS)
    return weyl_fail(ctx, WEYL_BAD_ARG, "layout is %d, must be 0 to %d", (int)layout, WEYL_LAYOUT_CHANNELS);
  if (layout == WEYL_LAYOUT_CHANNELS)
    return weyl_fail(ctx, WEYL_UNSUPPORTED,
                     "an edge product has channels side by side: weyl_layout_pack brings others into blocks");
  return WEYL_OK;
}

static weyl_status check_copies(weyl_context *ctx, const char *name, weyl_irreps list, int64_t copies) {
  for (int32_t i = 0; i < list.n; i++)
    if (list.item[i].mul != copies)
      return weyl_fail(ctx, WEYL_SHAPE, "block %d of %s has %lld copies, must be %lld", (int)i, name,
                       (long long)list.item[i].mul, (long long)copies);
  return WEYL_OK;
}

static weyl_status check_path(weyl_context *ctx, const weyl_irreps list[3], const weyl_path *q, int64_t n) {
  const int32_t block[] = {q->in1, q->in2, q->out}, degree[] = {q->l1, q->l2, q->l3};
  for (int i = 0; i < 3; i++) {
    if (block[i] < 0 || block[i] >= list[i].n)
      return weyl_fail(ctx, WEYL_BAD_ARG, "path %lld: block %d of a list of %d", (long long)n, (int)block[i],
                       (int)list[i].n);
    if (degree[i] != list[i].item[block[i]].l)
      return weyl_fail(ctx, WEYL_BAD_ARG, "path %lld: degree %d for a block of degree %d", (long long)n, (int)degree[i],
                       (int)list[i].item[block[i]].l);
  }
  if (!is_triangle(q->l1, q->l2, q->l3))
    return weyl_fail(ctx, WEYL_BAD_ARG, "path %lld: degrees %d and %d do not make %d", (long long)n, (int)q->l1,
                     (int)q->l2, (int)q->l3);
  return WEYL_OK;
}

weyl_status edge_check_lists(weyl_context *ctx, const weyl_irreps list[3], weyl_paths paths, size_t *channels) {
  for (int i = 0; i < 3; i++) WEYL_TRY(weyl_irreps_check(ctx, list[i]));
  if (paths.n < 0 || paths.n > INT32_MAX / 4)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%lld paths, must be 0 to %d", (long long)paths.n, INT32_MAX / 4);
  const int64_t copies = list[0].n > 0 ? list[0].item[0].mul : list[2].n > 0 ? list[2].item[0].mul : 0;
  WEYL_TRY(check_copies(ctx, "the input", list[0], copies));
  WEYL_TRY(check_copies(ctx, "the harmonics", list[1], 1));
  WEYL_TRY(check_copies(ctx, "the output", list[2], copies));
  for (int64_t i = 0; i < paths.n; i++) WEYL_TRY(check_path(ctx, list, &paths.item[i], i));
  *channels = (size_t)copies;
  return WEYL_OK;
}

weyl_status edge_copy_lists(weyl_arena *arena, const weyl_irreps list[3], weyl_paths paths, weyl_irreps copy[3],
                            weyl_paths *path_copy) {
  for (int i = 0; i < 3; i++) {
    weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, list[i].n + 1);
    if (!item) return WEYL_MEMORY;
    if (list[i].n > 0) memcpy(item, list[i].item, (size_t)list[i].n * sizeof *item);
    copy[i] = (weyl_irreps){list[i].n, item};
  }
  weyl_path *path = weyl_arena_array(arena, weyl_path, paths.n + 1);
  if (!path) return WEYL_MEMORY;
  if (paths.n > 0) memcpy(path, paths.item, (size_t)paths.n * sizeof *path);
  *path_copy = (weyl_paths){paths.n, path};
  return WEYL_OK;
}

double edge_usual_factor(weyl_paths paths, int64_t path) {
  int64_t n = 0;
  for (int64_t j = 0; j < paths.n; j++) n += paths.item[j].out == paths.item[path].out;
  return sqrt((2.0 * paths.item[path].l3 + 1) / (double)n);
}

/* ---- tables ---- */

int32_t edge_row_of(weyl_irreps list, int32_t block) {
  int32_t row = 0;
  for (int32_t i = 0; i < block; i++) row += 2 * list.item[i].l + 1;
  return row;
}

void edge_count(const weyl_path *path, double *pieces, double *scalars) {
  for (int i = -path->l1; i <= path->l1; i++) {
    int rows = 0;
    for (int k = -path->l3; k <= path->l3; k++) rows += edge_couples(path->l1, path->l2, path->l3, i, k);
    *scalars += rows;
    *pieces += (rows + EDGE_ROWS - 1) / EDGE_ROWS;
  }
}

typedef struct term { /* M[scalar] += k Y[y] */
  int32_t scalar, y;
  double k;
} term;
typedef struct draft {
  weyl_arena *arena;
  edge_path *path;
  edge_piece *piece;
  edge_scalar *scalar;
  void *k; /* [scalars][2] */
  term *term;
  int64_t pieces, scalars, terms;
} draft;

static void put(weyl_dtype real, void *x, int64_t i, double value) {
  if (real == WEYL_F32)
    ((float *)x)[i] = (float)value;
  else
    ((double *)x)[i] = value;
}

/* Counts without arrays, fills with them. */
static void add_path(draft *d, const weyl_edge_product *p, int32_t path, const double *W) {
  const weyl_path *q = &p->paths.item[path];
  const int32_t n1 = 2 * q->l1 + 1, n2 = 2 * q->l2 + 1, n3 = 2 * q->l3 + 1;
  const int32_t x = edge_row_of(p->irreps[0], q->in1), y = edge_row_of(p->irreps[1], q->in2),
                out = edge_row_of(p->irreps[2], q->out);
  bool first = true, single = true, alike = true; /* alike: what edge_couples tells is what there is */
  const int64_t first_piece = d->pieces, first_scalar = d->scalars;
  for (int32_t i = 0; i < n1; i++) {
    int32_t rows = EDGE_ROWS; /* of the piece in hand */
    for (int32_t k = 0; k < n3; k++) {
      const int64_t before = d->terms;
      for (int32_t j = 0; j < n2; j++) {
        const double w = W[(i * n2 + j) * n3 + k];
        if (w == 0) continue;
        if (d->term) {
          const int second = d->terms > before;
          edge_scalar *s = &d->scalar[d->scalars];
          d->term[d->terms] = (term){(int32_t)d->scalars, y + j, p->factor[path] * w};
          s->at[second] = s->at[1] = y + j;
          put(p->dtype, d->k, 2 * d->scalars + second, p->factor[path] * w);
          if (!second) put(p->dtype, d->k, 2 * d->scalars + 1, 0);
        }
        d->terms++;
      }
      alike &= (d->terms > before) == edge_couples(q->l1, q->l2, q->l3, i - q->l1, k - q->l3);
      if (d->terms == before) continue;
      if (rows == EDGE_ROWS) {
        if (d->piece)
          d->piece[d->pieces] = (edge_piece){.path = path, .x = x + i, .scalar = (int32_t)d->scalars, .first = first};
        d->pieces++;
        rows = 0;
        first = false;
      }
      rows++;
      single &= rows == 1;
      if (d->piece) {
        edge_piece *piece = &d->piece[d->pieces - 1];
        piece->row[piece->rows++] = out + k;
      }
      d->scalars++;
    }
  }
  if (!d->path) return;
  d->path[path] = (edge_path){.l1 = q->l1,
                              .l2 = q->l2,
                              .l3 = q->l3,
                              .x = x,
                              .out = out,
                              .scalar = (int32_t)first_scalar,
                              .piece = (int32_t)first_piece,
                              .pieces = (int32_t)(d->pieces - first_piece),
                              .fresh = true,
                              .single = single && d->pieces - first_piece <= 5,
                              .written = alike && EDGE_WRITTEN(q->l1, q->l2, q->l3)};
}

static weyl_status add_paths(draft *d, const weyl_edge_product *p) {
  weyl_arena *const arena = d->arena;
  for (int64_t i = 0; i < p->paths.n; i++) {
    const weyl_path *q = &p->paths.item[i];
    const weyl_mark mark = weyl_arena_mark(arena);
    double *W = weyl_arena_array(arena, double, (2 * q->l1 + 1) * (2 * q->l2 + 1) * (2 * q->l3 + 1));
    if (!W) return WEYL_MEMORY;
    WEYL_TRY(weyl_wigner_3j(p->ctx, q->l1, q->l2, q->l3, WEYL_GAUGE_WEYL, W));
    add_path(d, p, (int32_t)i, W);
    weyl_arena_release(arena, mark);
    if (d->terms > INT32_MAX / 2) return weyl_fail(p->ctx, WEYL_BAD_ARG, "%lld couplings", (long long)d->terms);
  }
  return WEYL_OK;
}

/* Sums over scalars for each of n harmonics. */
static weyl_status collect(const weyl_edge_product *p, int32_t n, const draft *d, edge_sums *to) {
  *to = (edge_sums){.n = n,
                    .from = weyl_arena_array(p->arena, int32_t, n + 2),
                    .at = weyl_arena_array(p->arena, int32_t, d->terms + 1),
                    .k = weyl_arena_alloc(p->arena, (size_t)d->terms + 1, weyl_dtype_size(p->dtype))};
  if (!to->from || !to->at || !to->k) return WEYL_MEMORY;
  memset(to->from, 0, ((size_t)n + 2) * sizeof *to->from);
  for (int64_t i = 0; i < d->terms; i++) to->from[2 + d->term[i].y]++;
  for (int32_t j = 0; j < n; j++) to->from[j + 2] += to->from[j + 1];
  for (int64_t i = 0; i < d->terms; i++) { /* from[j + 1] walks from where sum j starts to where it ends */
    const term *t = &d->term[i];
    const int32_t place = to->from[1 + t->y]++;
    to->at[place] = t->scalar;
    put(p->dtype, to->k, place, t->k);
  }
  return WEYL_OK;
}

static weyl_status make_tables(weyl_edge_product *p) {
  weyl_arena *scratch = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(p->ctx, &scratch));
  draft d = {.arena = scratch};
  WEYL_GOTO(add_paths(&d, p));
  d.piece = weyl_arena_array(p->arena, edge_piece, d.pieces + 1);
  d.path = weyl_arena_array(p->arena, edge_path, p->paths.n + 1);
  d.scalar = weyl_arena_array(p->arena, edge_scalar, d.scalars + 1);
  d.k = weyl_arena_alloc(p->arena, 2 * (size_t)d.scalars + 1, weyl_dtype_size(p->dtype));
  d.term = weyl_arena_array(scratch, term, d.terms + 1);
  status = d.path && d.piece && d.scalar && d.k && d.term ? WEYL_OK : WEYL_MEMORY;
  if (status != WEYL_OK) goto done;
  d.pieces = d.scalars = d.terms = 0;
  WEYL_GOTO(add_paths(&d, p));
  edge_tables *t = &p->tables;
  *t = (edge_tables){.pieces = (int32_t)d.pieces,
                     .scalars = (int32_t)d.scalars,
                     .paths = (int32_t)p->paths.n,
                     .x_rows = edge_row_of(p->irreps[0], p->irreps[0].n),
                     .y_rows = edge_row_of(p->irreps[1], p->irreps[1].n),
                     .out_rows = edge_row_of(p->irreps[2], p->irreps[2].n),
                     .path = d.path,
                     .piece = d.piece,
                     .scalar = d.scalar,
                     .k = d.k,
                     .covered = true};
  for (int32_t block = 0; block < p->irreps[2].n; block++) {
    bool reached = false;
    for (int64_t i = 0; i < p->paths.n; i++) {
      if (p->paths.item[i].out != block) continue;
      d.path[i].fresh = !reached;
      reached = true;
    }
    t->covered &= reached;
  }
  WEYL_GOTO(collect(p, t->y_rows, &d, &t->harmonic));
done:
  weyl_arena_free(scratch);
  return status;
}

/* ---- plans ---- */

static weyl_status fill(weyl_edge_product *p, const weyl_irreps list[3], weyl_paths paths) {
  WEYL_TRY(edge_copy_lists(p->arena, list, paths, p->irreps, &p->paths));
  p->factor = weyl_arena_array(p->arena, double, paths.n + 1);
  if (!p->factor) return WEYL_MEMORY;
  for (int64_t i = 0; i < paths.n; i++) {
    const weyl_path *q = &paths.item[i];
    p->factor[i] = p->opts.factor ? p->opts.factor[i] : edge_usual_factor(paths, i);
    if (p->opts.gauge == WEYL_GAUGE_E3NN) p->factor[i] *= weyl_wigner_3j_sign(q->l1, q->l2, q->l3);
  }
  p->opts.factor = NULL; /* it was the caller's */
  return make_tables(p);
}

weyl_status weyl_edge_product_new(weyl_context *ctx, const weyl_edge_product_opts *opts, weyl_dtype dtype,
                                  weyl_irreps in, weyl_irreps harmonics, weyl_irreps out, weyl_paths paths,
                                  weyl_edge_product **plan) {
  const weyl_edge_product_opts standard = {0}, *o = opts ? opts : &standard;
  const weyl_irreps list[] = {in, harmonics, out};
  size_t channels = 0;
  WEYL_TRY(edge_check_choices(ctx, o->layout, o->gauge, dtype));
  WEYL_TRY(edge_check_lists(ctx, list, paths, &channels));
  weyl_edge_product *p = weyl_alloc(ctx, 1, sizeof *p);
  if (!p) return WEYL_MEMORY;
  *p = (weyl_edge_product){.ctx = ctx, .dtype = dtype, .opts = *o, .channels = channels};
  if (p->opts.layout != WEYL_LAYOUT_ROWS) p->opts.layout = WEYL_LAYOUT_BLOCKED;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &p->arena));
  WEYL_GOTO(fill(p, list, paths));
  *plan = p;
  return WEYL_OK;
done:
  weyl_edge_product_free(p);
  return status;
}

/* W is antisymmetric under exchange of two degrees where their sum is odd. */
weyl_status weyl_edge_product_turned(weyl_context *ctx, const weyl_edge_product *plan, weyl_edge_product **turned) {
  weyl_arena *arena = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  weyl_path *path = weyl_arena_array(arena, weyl_path, plan->paths.n + 1);
  double *factor = weyl_arena_array(arena, double, plan->paths.n + 1);
  status = path && factor ? WEYL_OK : WEYL_MEMORY;
  if (status != WEYL_OK) goto done;
  for (int64_t i = 0; i < plan->paths.n; i++) {
    const weyl_path q = plan->paths.item[i];
    path[i] = (weyl_path){.in1 = q.out, .in2 = q.in2, .out = q.in1, .l1 = q.l3, .l2 = q.l2, .l3 = q.l1};
    factor[i] = (q.l1 + q.l2 + q.l3) % 2 == 0 ? plan->factor[i] : -plan->factor[i];
  }
  const weyl_edge_product_opts opts = {.layout = plan->opts.layout, .factor = factor};
  WEYL_GOTO(weyl_edge_product_new(ctx, &opts, plan->dtype, plan->irreps[2], plan->irreps[1], plan->irreps[0],
                                  (weyl_paths){plan->paths.n, path}, turned));
done:
  weyl_arena_free(arena);
  return status;
}

void weyl_edge_product_free(weyl_edge_product *plan) {
  if (!plan) return;
  weyl_arena_free(plan->arena);
  weyl_dealloc(plan->ctx, plan);
}
