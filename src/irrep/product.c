/* Running a plan: samples in chunks, through the kernels, with layouts converted at the edges. */
#include "product_plan.h"

#include <math.h>
#include <string.h>

/* ---- layouts ---- */

typedef struct move { /* between a layout and blocks */
  const product_kernels *kernels;
  weyl_layout layout;
  weyl_dtype dtype;
  weyl_irreps irreps;
  size_t channels, blocks, V, size; /* the blocked side; size: bytes of a number */
  int32_t rows;
} move;

static size_t plain_size(const move *m) { return (size_t)weyl_irreps_dim(m->irreps); }

/* One block of the list at a time; to_blocks: from plain to blocked. */
static void move_samples(const move *m, bool to_blocks, size_t n, const void *from, void *to) {
  const size_t blocked = m->blocks * (size_t)m->rows * m->V, per_block = (size_t)m->rows * m->V;
  if (m->layout == WEYL_LAYOUT_BLOCKED) {
    memcpy(to, from, n * blocked * m->size);
    return;
  }
  bool whole = m->layout != WEYL_LAYOUT_IRREPS; /* all rows alike */
  for (int32_t i = 0; i < m->irreps.n; i++) whole = whole && (size_t)m->irreps.item[i].mul == m->channels;
  size_t plain_at = 0, row = 0;
  if (to_blocks && !whole) { /* copies that a block lacks are 0 */
    for (int32_t i = 0; i < m->irreps.n; i++)
      if ((size_t)m->irreps.item[i].mul <= (m->blocks - 1) * m->V) {
        memset(to, 0, n * blocked * m->size);
        break;
      }
  }
  for (int32_t i = 0; i < (whole ? 1 : m->irreps.n); i++) {
    const size_t d = whole ? (size_t)m->rows : (size_t)(2 * m->irreps.item[i].l + 1);
    const size_t copies = whole ? m->channels : (size_t)m->irreps.item[i].mul;
    const size_t channel_step = m->layout == WEYL_LAYOUT_ROWS ? 1 : d,
                 row_step = m->layout == WEYL_LAYOUT_ROWS ? copies : 1;
    if (copies > 0 && d > 0) {
      if (to_blocks)
        m->kernels->product_pack[m->dtype](n, copies, d, (const char *)from + plain_at * m->size, plain_size(m),
                                           channel_step, row_step, (char *)to + row * m->V * m->size, blocked,
                                           per_block);
      else
        m->kernels->product_unpack[m->dtype](n, copies, d, (const char *)from + row * m->V * m->size, blocked,
                                             per_block, (char *)to + plain_at * m->size, plain_size(m), channel_step,
                                             row_step);
    }
    plain_at += d * copies;
    row += d;
  }
}

static move move_of(const weyl_product *p, int which) {
  return (move){.kernels = p->kernels,
                .layout = p->opts.layout,
                .dtype = p->dtype,
                .irreps = p->irreps[which],
                .channels = p->channels,
                .blocks = p->blocks,
                .V = p->V,
                .size = p->size,
                .rows = p->rows[which]};
}

static weyl_status layout_call(weyl_context *ctx, weyl_layout layout, weyl_dtype dtype, weyl_irreps irreps,
                               int64_t channels, int64_t n, const void *from, void *to, bool to_blocks) {
  if (dtype != WEYL_F32 && dtype != WEYL_F64)
    return weyl_fail(ctx, WEYL_DTYPE, "numbers are %s, must be f32 or f64", weyl_dtype_name(dtype));
  if ((int)layout < 0 || layout > WEYL_LAYOUT_CHANNELS)
    return weyl_fail(ctx, WEYL_BAD_ARG, "layout is %d, must be 0 to %d", (int)layout, (int)WEYL_LAYOUT_CHANNELS);
  WEYL_TRY(weyl_irreps_check(ctx, irreps));
  if (n < 0 || channels < 0)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%lld samples of %lld channels", (long long)n, (long long)channels);
  if (n > 0 && (!from || !to)) return weyl_fail(ctx, WEYL_BAD_ARG, "an array is missing");
  move m = {.kernels = product_kernels_active(),
            .layout = layout,
            .dtype = dtype,
            .irreps = irreps,
            .channels = (size_t)channels,
            .size = weyl_dtype_size(dtype)};
  m.V = 64 / m.size;
  m.blocks = (m.channels + m.V - 1) / m.V;
  for (int32_t i = 0; i < irreps.n; i++) {
    m.rows += 2 * irreps.item[i].l + 1;
    if (irreps.item[i].mul > channels || (layout == WEYL_LAYOUT_CHANNELS && irreps.item[i].mul != channels))
      return weyl_fail(ctx, WEYL_SHAPE, "block %d has %lld copies for %lld channels", (int)i,
                       (long long)irreps.item[i].mul, (long long)channels);
  }
  move_samples(&m, to_blocks, (size_t)n, from, to);
  return WEYL_OK;
}

weyl_status weyl_layout_pack(weyl_context *ctx, weyl_layout layout, weyl_dtype dtype, weyl_irreps irreps,
                             int64_t channels, int64_t n, const void *from, void *blocked) {
  return layout_call(ctx, layout, dtype, irreps, channels, n, from, blocked, true);
}

weyl_status weyl_layout_unpack(weyl_context *ctx, weyl_layout layout, weyl_dtype dtype, weyl_irreps irreps,
                               int64_t channels, int64_t n, const void *blocked, void *to) {
  return layout_call(ctx, layout, dtype, irreps, channels, n, blocked, to, false);
}

/* ---- weights and y of uvu: plain loops, once for each type ---- */

/* v: the copy of y; blocked weights [block][path][V], 0 beyond the copies. */
#define OF_TYPE(T, t)                                                                                                  \
  static void weights_in_##t(const weyl_product *p, size_t v, const T *w, T *to) {                                     \
    for (int32_t i = 0; i < p->paths; i++) {                                                                           \
      const plan_path *q = &p->path[i];                                                                                \
      const T factor = (T)q->factor;                                                                                   \
      if (v >= (size_t)q->mul2) continue;                                                                              \
      for (size_t b = 0; b * p->V < (size_t)q->mul1; b++) {                                                            \
        const size_t left = (size_t)q->mul1 - b * p->V, here = left < p->V ? left : p->V;                              \
        T *row = to + (b * (size_t)p->kernel_paths + (size_t)q->row) * p->V;                                           \
        const T *from = w ? w + q->at + (int64_t)(b * p->V) * q->mul2 + (int64_t)v : NULL;                             \
        if (!w)                                                                                                        \
          for (size_t c = 0; c < here; c++) row[c] = factor;                                                           \
        else if (q->mul2 == 1)                                                                                         \
          for (size_t c = 0; c < here; c++) row[c] = factor * from[c];                                                 \
        else                                                                                                           \
          for (size_t c = 0; c < here; c++) row[c] = factor * from[c * (size_t)q->mul2];                               \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  static void weights_out_##t(const weyl_product *p, size_t v, const T *from, T *dw) {                                 \
    for (int32_t i = 0; i < p->paths; i++) {                                                                           \
      const plan_path *q = &p->path[i];                                                                                \
      const T factor = (T)q->factor;                                                                                   \
      if (v >= (size_t)q->mul2) continue;                                                                              \
      for (size_t c = 0; c < (size_t)q->mul1; c++)                                                                     \
        dw[q->at + (int64_t)c * q->mul2 + (int64_t)v] =                                                                \
            factor * from[(c / p->V * (size_t)p->kernel_paths + (size_t)q->row) * p->V + c % p->V];                    \
    }                                                                                                                  \
  }                                                                                                                    \
  /* rows of copy v of y, one number in all lanes; blocks with fewer copies give 0 */                                  \
  static void spread_##t(const weyl_product *p, size_t v, const T *y, T *to) {                                         \
    for (int32_t i = 0; i < p->irreps[1].n; i++) {                                                                     \
      const size_t d = (size_t)(2 * p->irreps[1].item[i].l + 1), mul = (size_t)p->irreps[1].item[i].mul;               \
      for (size_t m = 0; m < d; m++, to += p->V) {                                                                     \
        const T value = v < mul ? y[v * d + m] : 0;                                                                    \
        for (size_t c = 0; c < p->V; c++) to[c] = value;                                                               \
      }                                                                                                                \
      y += mul * d;                                                                                                    \
    }                                                                                                                  \
  }                                                                                                                    \
  static void gather_##t(const weyl_product *p, size_t v, const T *from, T *dy) {                                      \
    size_t row = 0;                                                                                                    \
    for (int32_t i = 0; i < p->irreps[1].n; i++) {                                                                     \
      const size_t d = (size_t)(2 * p->irreps[1].item[i].l + 1), mul = (size_t)p->irreps[1].item[i].mul;               \
      for (size_t m = 0; m < d; m++, row++) {                                                                          \
        T sum = 0;                                                                                                     \
        for (size_t c = 0; c < p->channels; c++) sum += from[(c / p->V * (size_t)p->rows[1] + row) * p->V + c % p->V]; \
        if (v < mul) dy[v * d + m] = sum;                                                                              \
      }                                                                                                                \
      dy += mul * d;                                                                                                   \
    }                                                                                                                  \
  }                                                                                                                    \
  static void add_##t(size_t n, const T *from, T *to) {                                                                \
    for (size_t i = 0; i < n; i++) to[i] += from[i];                                                                   \
  }
OF_TYPE(float, f32)
OF_TYPE(double, f64)
#define CALL(p, name, ...) ((p)->dtype == WEYL_F64 ? name##_f64(__VA_ARGS__) : name##_f32(__VA_ARGS__))

/* ---- memory of a call ---- */

typedef struct work { /* numbers of each part; at: where it begins, in bytes, or NULL when only sizes are counted */
  char *at;
  size_t used, size;
} work;

static void *take(work *w, size_t numbers) {
  void *mine = w->at ? w->at + w->used : NULL;
  w->used += (numbers * w->size + 63) / 64 * 64;
  return mine;
}

typedef struct parts {
  void *w, *dw;                /* shared: [v]; each: of the chunk, [v] */
  void *x, *y, *out, *dx, *dy; /* blocked; NULL where the caller's arrays are */
  void *more_out, *more_dx;    /* of v > 0 */
  void *scratch;               /* of the loop over tables */
  size_t set;                  /* numbers of one blocked set of weights */
} parts;

static parts lay_out(const weyl_product *p, work *w) {
  const bool uvu = p->opts.wiring == WEYL_WIRE_UVU, blocked = p->opts.layout == WEYL_LAYOUT_BLOCKED;
  const size_t samples = most_samples(p);
  const size_t x = samples * blocked_size(p, 0), y = samples * blocked_size(p, 1), out = samples * blocked_size(p, 2);
  parts a = {.set = p->blocks * (size_t)p->kernel_paths * p->V};
  const size_t sets = p->copies * (each_has_weights(p) ? samples : 1);
  a.w = take(w, sets * a.set);
  a.dw = take(w, sets * a.set);
  if (!blocked) {
    a.x = take(w, x);
    a.out = take(w, out);
    a.dx = take(w, x);
  }
  if (uvu) {
    a.y = take(w, samples * (size_t)p->rows[1] * p->V);
    a.dy = take(w, y);
    if (p->copies > 1) {
      a.more_out = take(w, out);
      a.more_dx = take(w, x);
    }
  } else if (!blocked) {
    a.y = take(w, y);
    a.dy = take(w, y);
  }
  if (p->method == WEYL_PRODUCT_TABLE) {
    const product_table *t = &p->table;
    const int32_t most = t->forms_max > t->targets_max ? t->forms_max : t->targets_max;
    const size_t rows = 2 * (size_t)(t->x_rows + t->y_rows + t->paths) + (size_t)t->out_rows + (size_t)most + 1;
    a.scratch = take(w, rows * PRODUCT_TABLE_VECTORS * p->kernels->vector / p->size);
  }
  return a;
}

size_t weyl_product_work(const weyl_product *plan) {
  if (plan->method == WEYL_PRODUCT_ROWS) return row_product_scratch(&plan->by_rows) * plan->size;
  work w = {.size = plan->size};
  lay_out(plan, &w);
  return w.used > 0 ? w.used : 64;
}

/* ---- runs ---- */

typedef struct arrays {
  const char *x, *y, *w, *g;
  char *out, *dx, *dy, *dw;
} arrays;

static const void *offset(const char *at, size_t numbers, const weyl_product *p) {
  return at ? at + numbers * p->size : NULL;
}
static void *offset_out(char *at, size_t numbers, const weyl_product *p) { return at ? at + numbers * p->size : NULL; }

static void zero_rows(const weyl_product *p, int which, size_t samples, void *to) {
  const plan_zero *z = &p->zero[which];
  for (int32_t i = 0; i < z->n; i++)
    for (size_t b = 0; b < samples * p->blocks; b++)
      memset((char *)to + (b * (size_t)p->rows[which] + (size_t)z->row[i]) * p->V * p->size, 0,
             (size_t)z->count[i] * p->V * p->size);
}

/* A unit's share, by its operations, of the samples that come next. */
static void set_near(const weyl_product *p, product_way way, const product_span *q, int32_t unit, product_span *to) {
  const plan_unit *u = &p->unit[way][unit];
  int32_t most = p->rows[0];
  for (int i = 1; i < 3; i++)
    if (p->rows[i] > most) most = p->rows[i];
  const size_t from = unit > 0 ? (size_t)lround(u[-1].share * most) : 0, end = (size_t)lround(u->share * most);
  const size_t lines = from * q->samples * p->blocks; /* a row of a block is a line */
  const char *const at[] = {q->x, q->y, way == PRODUCT_FORWARD ? q->out : q->g, q->dx, q->dy};
  const size_t step[] = {q->xs, q->ys, q->os, q->xs, q->dys};
  to->near_lines = end - from;
  for (int k = 0; k < 5; k++) to->near[k] = at[k] ? at[k] + q->samples * step[k] * p->size + 64 * lines : NULL;
}

static void compute(const weyl_product *p, product_way way, const product_span *q, void *scratch) {
  if (p->method == WEYL_PRODUCT_TABLE) {
    if (way == PRODUCT_FORWARD)
      p->kernels->product_table_forward[p->dtype](&p->table, q, scratch);
    else
      p->kernels->product_table_backward[p->dtype](&p->table, q, way == PRODUCT_GRADIENTS, scratch);
    return;
  }
  if (way == PRODUCT_FORWARD) {
    zero_rows(p, 2, q->samples, q->out);
  } else {
    zero_rows(p, 0, q->samples, q->dx);
    zero_rows(p, 1, q->samples, q->dy);
  }
  product_span span = *q;
  for (int32_t i = 0; i < p->units[way]; i++) {
    if (p->units[way] > 1) set_near(p, way, q, i, &span); /* one for all looks ahead by itself */
    p->unit[way][i].run(&span, p->unit[way][i].first_path);
  }
}

static void chunk(const weyl_product *p, product_way way, size_t first, size_t n, const arrays *a, const parts *s) {
  const bool uvu = p->opts.wiring == WEYL_WIRE_UVU, blocked = p->opts.layout == WEYL_LAYOUT_BLOCKED;
  const bool each = each_has_weights(p), back = way != PRODUCT_FORWARD;
  const move mx = move_of(p, 0), my = move_of(p, 1), mo = move_of(p, 2);
  const size_t x_size = (size_t)weyl_product_size(p, 0), y_size = (size_t)weyl_product_size(p, 1);
  const size_t o_size = (size_t)weyl_product_size(p, 2), set = s->set, per_row = p->V;
  product_span q = {.samples = n,
                    .blocks = p->blocks,
                    .last = p->last,
                    .xs = blocked_size(p, 0),
                    .os = blocked_size(p, 2),
                    .dys = blocked_size(p, 1),
                    .xb = (size_t)p->rows[0] * per_row,
                    .ob = (size_t)p->rows[2] * per_row,
                    .dyb = (size_t)p->rows[1] * per_row,
                    .wb = (size_t)p->kernel_paths * per_row,
                    .ws = each ? set : 0};
  q.ys = uvu ? q.dyb : q.dys;
  q.yb = uvu ? 0 : q.dyb;
  const void *x = offset(a->x, first * x_size, p), *y = offset(a->y, first * y_size, p);
  q.x = blocked ? x : s->x;
  q.y = blocked && !uvu ? y : s->y;
  if (!blocked) move_samples(&mx, true, n, x, s->x);
  if (!blocked && !uvu) move_samples(&my, true, n, y, s->y);
  if (back) {
    const void *g = offset(a->g, first * o_size, p);
    q.g = blocked ? g : s->out;
    if (!blocked) move_samples(&mo, true, n, g, s->out);
  }
  void *out = !back ? (blocked ? offset_out(a->out, first * o_size, p) : s->out) : NULL;
  void *dx = back ? (blocked ? offset_out(a->dx, first * x_size, p) : s->dx) : NULL;
  q.dy = !back ? NULL : blocked && !uvu ? offset_out(a->dy, first * y_size, p) : s->dy;
  for (size_t v = 0; v < p->copies; v++) {
    char *w = (char *)s->w + v * (each ? p->chunk[way] : 1) * set * p->size;
    char *dw = (char *)s->dw + v * (each ? p->chunk[way] : 1) * set * p->size;
    if (each)
      for (size_t i = 0; i < n; i++)
        CALL(p, weights_in, p, v, offset(a->w, (first + i) * (size_t)p->weights, p), (void *)(w + i * set * p->size));
    if (each && way == PRODUCT_GRADIENTS) memset(dw, 0, n * set * p->size);
    if (uvu)
      for (size_t i = 0; i < n; i++)
        CALL(p, spread, p, v, (const void *)((const char *)y + i * y_size * p->size),
             (void *)((char *)s->y + i * q.ys * p->size));
    q.w = w;
    q.dw = dw;
    q.out = v == 0 ? out : s->more_out;
    q.dx = v == 0 ? dx : s->more_dx;
    compute(p, way, &q, s->scratch);
    if (v > 0 && !back) CALL(p, add, n * q.os, s->more_out, out);
    if (v > 0 && back) CALL(p, add, n * q.xs, s->more_dx, dx);
    if (back && uvu)
      for (size_t i = 0; i < n; i++)
        CALL(p, gather, p, v, (const void *)((const char *)s->dy + i * q.dys * p->size),
             offset_out(a->dy, (first + i) * y_size, p));
    if (each && way == PRODUCT_GRADIENTS)
      for (size_t i = 0; i < n; i++)
        CALL(p, weights_out, p, v, (const void *)(dw + i * set * p->size),
             offset_out(a->dw, (first + i) * (size_t)p->weights, p));
  }
  if (blocked) return;
  if (!back) move_samples(&mo, false, n, s->out, offset_out(a->out, first * o_size, p));
  if (back) move_samples(&mx, false, n, s->dx, offset_out(a->dx, first * x_size, p));
  if (back && !uvu) move_samples(&my, false, n, s->dy, offset_out(a->dy, first * y_size, p));
}

static void run(const weyl_product *p, product_way way, size_t n, const arrays *a, void *memory) {
  work w = {.at = memory, .size = p->size};
  const parts s = lay_out(p, &w);
  const bool each = each_has_weights(p);
  memset(s.w, 0,
         p->copies * (each ? p->chunk[way] : 1) * s.set * p->size); /* what is no path, and lanes beyond the copies */
  if (!each) {
    memset(s.dw, 0, p->copies * s.set * p->size);
    for (size_t v = 0; v < p->copies; v++)
      CALL(p, weights_in, p, v, (const void *)a->w, (void *)((char *)s.w + v * s.set * p->size));
  }
  if (p->blocks > 0)
    for (size_t first = 0; first < n; first += p->chunk[way])
      chunk(p, way, first, n - first < p->chunk[way] ? n - first : p->chunk[way], a, &s);
  if (!each && way == PRODUCT_GRADIENTS)
    for (size_t v = 0; v < p->copies; v++)
      CALL(p, weights_out, p, v, (const void *)((const char *)s.dw + v * s.set * p->size), (void *)a->dw);
}

static weyl_status check_call(weyl_context *ctx, const weyl_product *p, int64_t n, bool arrays_there, const void *w,
                              const void *memory) {
  if (!p) return weyl_fail(ctx, WEYL_BAD_ARG, "there is no plan");
  if (n < 0) return weyl_fail(ctx, WEYL_BAD_ARG, "%lld samples, must be 0 or more", (long long)n);
  if (!memory) return weyl_fail(ctx, WEYL_BAD_ARG, "there is no memory to work in");
  if (n > 0 && !arrays_there) return weyl_fail(ctx, WEYL_BAD_ARG, "an array is missing");
  if (n > 0 && !w && p->weights > 0) return weyl_fail(ctx, WEYL_BAD_ARG, "the weights are missing");
  return WEYL_OK;
}

weyl_status weyl_product_forward(weyl_context *ctx, const weyl_product *plan, int64_t n, const void *x, const void *y,
                                 const void *w, void *out, void *memory) {
  WEYL_TRY(check_call(ctx, plan, n, x && y && out, w, memory));
  if (n == 0) return WEYL_OK;
  if (plan->method == WEYL_PRODUCT_ROWS) {
    IRREP_KERNEL(row_product_forward, plan->dtype)(&plan->by_rows, (size_t)n, x, y, out, memory);
    return WEYL_OK;
  }
  const arrays a = {.x = x, .y = y, .w = plan->weights > 0 ? w : NULL, .out = out};
  run(plan, PRODUCT_FORWARD, (size_t)n, &a, memory);
  return WEYL_OK;
}

weyl_status weyl_product_backward(weyl_context *ctx, const weyl_product *plan, int64_t n, const void *x, const void *y,
                                  const void *w, const void *g, void *dx, void *dy, void *dw, void *memory) {
  const bool rows = plan && plan->method == WEYL_PRODUCT_ROWS;
  WEYL_TRY(check_call(ctx, plan, n, x && y && g && (rows || (dx && dy)), w, memory));
  if (dw && plan->weights == 0) return weyl_fail(ctx, WEYL_BAD_ARG, "a product without weights has no dw");
  if (n == 0) {
    if (dw && !each_has_weights(plan)) memset(dw, 0, (size_t)plan->weights * plan->size);
    return WEYL_OK;
  }
  if (rows) {
    IRREP_KERNEL(row_product_backward, plan->dtype)(&plan->by_rows, (size_t)n, x, y, g, dx, dy, memory);
    return WEYL_OK;
  }
  const arrays a = {.x = x, .y = y, .w = plan->weights > 0 ? w : NULL, .g = g, .dx = dx, .dy = dy, .dw = dw};
  run(plan, dw ? PRODUCT_GRADIENTS : PRODUCT_BACKWARD, (size_t)n, &a, memory);
  return WEYL_OK;
}
