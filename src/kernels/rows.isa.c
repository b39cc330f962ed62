/* Row programs: steps over blocks of rows that stay in L1. Contiguous operands are mapped flat; others row by row, and
 * rows shorter than a vector are laid out flat first. */
#include "simd.h"

/* ---- operands ---- */

typedef struct rows_at { /* an operand for the rows of a block */
  T *p;
  ptrdiff_t step;              /* between rows that are evenly apart */
  const weyl_row_operand *far; /* else: the map to follow, from row `first` on */
  size_t first;
} rows_at;

INLINE rows_at look(const weyl_row_operand *o, size_t first) {
  if (o->block) return (rows_at){o->data, o->stride, NULL, 0};
  if (o->index || (o->div != 1 && (o->times != 0 || o->rest))) return (rows_at){o->data, 0, o, first};
  const ptrdiff_t step = (ptrdiff_t)o->times * o->stride;
  return (rows_at){(T *)o->data + (ptrdiff_t)first * step, step, NULL, 0};
}

/* A way through the rows of an operand without a division each: rows come in spans that are evenly apart. */
typedef struct walk {
  T *p;           /* of an even operand: the row in hand */
  ptrdiff_t step; /* between the rows of a span */
  const weyl_row_operand *far;
  int64_t q, rest;
} walk;

INLINE walk walk_begin(rows_at at) {
  if (!at.far) return (walk){at.p, at.step, NULL, 0, 0};
  const weyl_row_operand *o = at.far;
  const ptrdiff_t step = o->rest ? o->stride : 0;
  if (o->div == 1) return (walk){at.p, step, o, (int64_t)at.first, 0};
  return (walk){at.p, step, o, (int64_t)at.first / o->div, (int64_t)at.first % o->div};
}

INLINE T *walk_row(const walk *w) {
  if (!w->far) return w->p;
  const weyl_row_operand *o = w->far;
  const int64_t row = (o->index ? o->index[w->q] : w->q) * o->times + (o->rest ? w->rest : 0);
  return w->p + row * o->stride;
}

/* Rows from here on that are evenly apart, at most n. */
INLINE size_t walk_span(const walk *w, size_t n) {
  const size_t left = w->far ? (size_t)(w->far->div - w->rest) : n;
  return left < n ? left : n;
}

INLINE void walk_on(walk *w, size_t n) { /* within a span */
  if (!w->far) {
    w->p += (ptrdiff_t)n * w->step;
  } else if ((w->rest += (int64_t)n) == w->far->div) {
    w->rest = 0;
    w->q++;
  }
}

INLINE T *walk_next(walk *w) {
  T *p = walk_row(w);
  walk_on(w, 1);
  return p;
}

/* 1: all numbers of the block lie in a row; 0: one number for all of it; -1: row by row. */
INLINE int flat_stride(const weyl_row_operand *o, rows_at at, size_t n, size_t width) {
  if (at.far) return -1;
  if (o->one && at.step == 0) return 0;
  if (o->one ? width == 1 && at.step == 1 : at.step == (ptrdiff_t)width || n == 1) return 1;
  return -1;
}

INLINE void lay(walk *w, bool one, size_t n, const size_t width, T *to) {
  if (!w->far && one) { /* a number a row, beside one another for the most part */
    const T *p = w->p;
    for (size_t i = 0; i < n; i++, p += w->step)
      for (size_t j = 0; j < width; j++) *to++ = *p;
    return;
  }
  for (size_t i = 0; i < n; i++) {
    const T *row = walk_next(w);
    for (size_t j = 0; j < width; j++) *to++ = one ? *row : row[j];
  }
}

/* The block of an operand laid out flat. */
INLINE const T *laid(const weyl_row_operand *o, rows_at at, size_t n, size_t width, T *to) {
  walk w = walk_begin(at);
  switch (width) {
    case 1: lay(&w, o->one, n, 1, to); break;
    case 3: lay(&w, o->one, n, 3, to); break;
    default: lay(&w, o->one, n, width, to);
  }
  return to;
}

/* ---- maps ---- */

#define X(U, l) [WEYL_UNARY_##U] = K(unary_##l),
static const weyl_unary_fn unary[] = {WEYL_UNARY_LIST(X)};
#undef X
#define X(U, l) [WEYL_BINARY_##U] = K(binary_##l),
static const weyl_binary_fn binary[] = {WEYL_BINARY_LIST(X)};
#undef X

INLINE vec f_add(vec x, vec y) { return x + y; }
INLINE vec f_sub(vec x, vec y) { return x - y; }
INLINE vec f_mul(vec x, vec y) { return x * y; }

/* A row of at least a vector. The last vector reaches back over numbers that are done, so it is read before anything
 * is written: y may be a or b. */
INLINE void row_pair(size_t width, const T *a, const bool ONE_A, const T *b, const bool ONE_B, T *y,
                     vec (*f)(vec, vec)) {
  const vec a0 = ONE_A ? v_set1(*a) : v_zero(), b0 = ONE_B ? v_set1(*b) : v_zero();
  const size_t end = width - VL;
  const vec last = f(ONE_A ? a0 : v_load(a + end), ONE_B ? b0 : v_load(b + end));
  for (size_t j = 0; j < end; j += VL) v_store(y + j, f(ONE_A ? a0 : v_load(a + j), ONE_B ? b0 : v_load(b + j)));
  v_store(y + end, last);
}

/* Evenly spaced rows with one row b for all of them, which stays in registers: `vectors` of them at a time. */
INLINE void row_repeated(const int VECTORS, size_t n, const T *a, ptrdiff_t a_step, const T *b, T *y, ptrdiff_t y_step,
                         vec (*f)(vec, vec)) {
  vec row[4];
  UNROLL for (int v = 0; v < VECTORS; v++) row[v] = v_load(b + v * VL);
  for (size_t i = 0; i < n; i++, a += a_step, y += y_step)
    UNROLL for (int v = 0; v < VECTORS; v++) v_store(y + v * VL, f(v_load(a + v * VL), row[v]));
}

INLINE void row_pairs(size_t n, size_t width, rows_at a, const bool one_a, rows_at b, const bool one_b, rows_at y,
                      vec (*f)(vec, vec)) {
  if (!one_a && !one_b && !a.far && !b.far && b.step == 0 && width % VL == 0) {
    size_t j = 0;
    for (; j + 4 * VL <= width; j += 4 * VL) row_repeated(4, n, a.p + j, a.step, b.p + j, y.p + j, y.step, f);
    for (; j + 2 * VL <= width; j += 2 * VL) row_repeated(2, n, a.p + j, a.step, b.p + j, y.p + j, y.step, f);
    for (; j < width; j += VL) row_repeated(1, n, a.p + j, a.step, b.p + j, y.p + j, y.step, f);
    return;
  }
  walk wa = walk_begin(a), wb = walk_begin(b);
  T *to = y.p;
  const ptrdiff_t wide = (ptrdiff_t)width;
  for (size_t m; n > 0; n -= m) {
    m = walk_span(&wa, walk_span(&wb, n));
    const T *pa = walk_row(&wa), *pb = walk_row(&wb);
    if (!one_a && !one_b && wa.step == wide && wb.step == wide && y.step == wide)
      row_pair(m * width, pa, false, pb, false, to, f);
    else
      for (size_t i = 0; i < m; i++)
        row_pair(width, pa + (ptrdiff_t)i * wa.step, one_a, pb + (ptrdiff_t)i * wb.step, one_b,
                 to + (ptrdiff_t)i * y.step, f);
    to += (ptrdiff_t)m * y.step;
    walk_on(&wa, m);
    walk_on(&wb, m);
  }
}

/* Which operand stands for its row is known to the loops. */
INLINE void row_kinds(size_t n, size_t width, rows_at a, bool one_a, rows_at b, bool one_b, rows_at y,
                      vec (*f)(vec, vec)) {
  if (one_a && one_b)
    row_pairs(n, width, a, true, b, true, y, f);
  else if (one_a)
    row_pairs(n, width, a, true, b, false, y, f);
  else if (one_b)
    row_pairs(n, width, a, false, b, true, y, f);
  else
    row_pairs(n, width, a, false, b, false, y, f);
}

static void row_add(size_t n, size_t width, rows_at a, bool one_a, rows_at b, bool one_b, rows_at y) {
  row_kinds(n, width, a, one_a, b, one_b, y, f_add);
}
static void row_sub(size_t n, size_t width, rows_at a, bool one_a, rows_at b, bool one_b, rows_at y) {
  row_kinds(n, width, a, one_a, b, one_b, y, f_sub);
}
static void row_mul(size_t n, size_t width, rows_at a, bool one_a, rows_at b, bool one_b, rows_at y) {
  row_kinds(n, width, a, one_a, b, one_b, y, f_mul);
}

static void map_two(int32_t f, size_t width, const weyl_row_operand *a, const weyl_row_operand *b,
                    const weyl_row_operand *out, size_t first, size_t n, T *scratch) {
  const rows_at at_a = look(a, first), at_b = look(b, first), y = look(out, first);
  int flat_a = flat_stride(a, at_a, n, width), flat_b = flat_stride(b, at_b, n, width);
  const bool flat_y = flat_stride(out, y, n, width) == 1;
  if (flat_a >= 0 && flat_b >= 0 && flat_y) {
    binary[f](n * width, at_a.p, (size_t)flat_a, at_b.p, (size_t)flat_b, y.p);
    return;
  }
  if (width >= VL) switch (f) {
      case WEYL_BINARY_ADD: row_add(n, width, at_a, a->one, at_b, b->one, y); return;
      case WEYL_BINARY_SUB: row_sub(n, width, at_a, a->one, at_b, b->one, y); return;
      case WEYL_BINARY_MUL: row_mul(n, width, at_a, a->one, at_b, b->one, y); return;
      default: break;
    }
  if (width >= VL || !flat_y) {
    walk wa = walk_begin(at_a), wb = walk_begin(at_b), wy = walk_begin(y);
    for (size_t i = 0; i < n; i++) {
      const T *pa = walk_next(&wa), *pb = walk_next(&wb);
      binary[f](width, pa, !a->one, pb, !b->one, walk_next(&wy));
    }
    return;
  }
  const T *pa = flat_a >= 0 ? at_a.p : laid(a, at_a, n, width, scratch);
  const T *pb = flat_b >= 0 ? at_b.p : laid(b, at_b, n, width, scratch + n * width);
  if (flat_a < 0) flat_a = 1;
  if (flat_b < 0) flat_b = 1;
  binary[f](n * width, pa, (size_t)flat_a, pb, (size_t)flat_b, y.p);
}

INLINE void copy_row(size_t width, const T *x, T *y) {
  size_t j = 0;
  for (; j + VL <= width; j += VL) v_store(y + j, v_load(x + j));
  for (; j < width; j++) y[j] = x[j];
}

static void copy_rows(const weyl_row_operand *o, const weyl_row_operand *out, size_t width, size_t first, size_t n) {
  const rows_at x = look(o, first), y = look(out, first);
  if (flat_stride(o, x, n, width) == 1 && flat_stride(out, y, n, width) == 1) {
    memmove(y.p, x.p, n * width * sizeof(T));
    return;
  }
  walk wx = walk_begin(x);
  T *to = y.p;
  for (size_t i = 0; i < n; i++, to += y.step) {
    const T *row = walk_next(&wx);
    if (o->one)
      for (size_t j = 0; j < width; j++) to[j] = *row;
    else
      copy_row(width, row, to);
  }
}

/* in[k] as one run of memory; *stride 1, or 0 for one number for all. */
INLINE const T *flat_input(const weyl_row_step *s, int k, size_t first, size_t n, T *scratch, size_t *stride) {
  const rows_at at = look(&s->in[k], first);
  const int flat = flat_stride(&s->in[k], at, n, (size_t)s->width);
  *stride = flat != 0;
  return flat >= 0 ? at.p : laid(&s->in[k], at, n, (size_t)s->width, scratch);
}

static void map_one(const weyl_row_step *s, size_t first, size_t n, T *scratch) {
  const rows_at y = look(&s->out[0], first);
  const size_t width = (size_t)s->width;
  size_t stride;
  const T *x = flat_input(s, 0, first, n, scratch, &stride);
  if (flat_stride(&s->out[0], y, n, width) == 1 && stride == 1) {
    unary[s->f](n * width, x, y.p);
    return;
  }
  T *to = y.p;
  for (size_t i = 0; i < n; i++, to += y.step)
    if (stride) {
      unary[s->f](width, x + i * width, to);
    } else {
      unary[s->f](1, x, to);
      for (size_t j = 1; j < width; j++) to[j] = to[0];
    }
}

static void map_where(const weyl_row_step *s, size_t first, size_t n) {
  const weyl_row_operand *c = &s->in[0];
  if (c->one && c->times == 0 && !c->rest && !c->index && !c->block) { /* one condition for all */
    const bool yes = ((const T *)c->data)[0] != 0;
    copy_rows(&s->in[yes ? 1 : 2], &s->out[0], (size_t)s->width, first, n);
    return;
  }
  const rows_at y = look(&s->out[0], first);
  const size_t width = (size_t)s->width;
  walk w[3] = {walk_begin(look(&s->in[0], first)), walk_begin(look(&s->in[1], first)),
               walk_begin(look(&s->in[2], first))};
  const T *flat[3];
  size_t stride[3];
  bool all = flat_stride(&s->out[0], y, n, width) == 1;
  for (int k = 0; k < 3; k++) {
    const rows_at at = look(&s->in[k], first);
    const int f = flat_stride(&s->in[k], at, n, width);
    all = all && f >= 0;
    flat[k] = at.p;
    stride[k] = f > 0;
  }
  if (all) {
    K(where)(n * width, flat[0], stride[0], flat[1], stride[1], flat[2], stride[2], y.p);
    return;
  }
  T *to = y.p;
  for (size_t i = 0; i < n; i++, to += y.step) {
    const T *yes = walk_next(&w[0]), *a = walk_next(&w[1]), *b = walk_next(&w[2]);
    K(where)(width, yes, !c->one, a, !s->in[1].one, b, !s->in[2].one, to);
  }
}

/* ---- sums of several arrays, times another one or through silu ---- */

enum { ADDENDS = WEYL_ROW_ADDENDS, FACTOR = ADDENDS };

INLINE vec sum_at(T *const *p, const int count, const bool factor, size_t j) {
  vec v = v_load(p[0] + j);
  UNROLL for (int k = 1; k < count; k++) v = v + v_load(p[k] + j);
  if (factor) v = v * v_load(p[count] + j);
  return v;
}

/* A row of at least a vector; its last vector as above. */
INLINE void adds_row(size_t width, T *const *p, const int count, const bool factor, T *y) {
  const size_t end = width - VL;
  const vec last = sum_at(p, count, factor, end);
  for (size_t j = 0; j < end; j += VL) v_store(y + j, sum_at(p, count, factor, j));
  v_store(y + end, last);
}

/* Where rows of an operand are without a way to walk: base + place[i] times, i from 0. */
typedef struct table {
  T *base;
  const int32_t *place;
  ptrdiff_t times;
} table;

static const int32_t counting[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                     16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
enum { COUNTED = 32 };

/* False when the operand must be walked. */
INLINE bool table_of(const weyl_row_operand *o, size_t first, table *t) {
  const rows_at at = look(o, first);
  if (at.far && (!o->index || o->div != 1)) return false;
  *t = at.far ? (table){o->data, o->index + first, (ptrdiff_t)o->times * o->stride} : (table){at.p, counting, at.step};
  return true;
}

INLINE void adds_tables(const table *t, size_t width, size_t n, const int count, const bool factor, rows_at y) {
  const int arrays = count + factor;
  for (size_t i = 0; i < n; i++, y.p += y.step) {
    T *p[ADDENDS + 1];
    UNROLL for (int k = 0; k < arrays; k++) p[k] = t[k].base + (ptrdiff_t)t[k].place[i] * t[k].times;
    adds_row(width, p, count, factor, y.p);
  }
}

INLINE void adds_rows(const weyl_row_step *s, size_t first, size_t n, const int count, const bool factor, rows_at y) {
  const int arrays = count + factor;
  const size_t width = (size_t)s->width;
  table t[ADDENDS + 1];
  bool tables = n <= COUNTED;
  UNROLL for (int k = 0; k < arrays; k++) tables = tables && table_of(&s->in[k < count ? k : FACTOR], first, &t[k]);
  if (tables) {
    adds_tables(t, width, n, count, factor, y);
    return;
  }
  walk w[ADDENDS + 1];
  UNROLL for (int k = 0; k < arrays; k++) w[k] = walk_begin(look(&s->in[k < count ? k : FACTOR], first));
  for (size_t m; n > 0; n -= m) {
    T *p[ADDENDS + 1];
    m = n;
    UNROLL for (int k = 0; k < arrays; k++) {
      m = walk_span(&w[k], m);
      p[k] = walk_row(&w[k]);
    }
    for (size_t i = 0; i < m; i++) {
      adds_row(width, p, count, factor, y.p);
      UNROLL for (int k = 0; k < arrays; k++) p[k] += w[k].step;
      y.p += y.step;
    }
    UNROLL for (int k = 0; k < arrays; k++) walk_on(&w[k], m);
  }
}

#define ADDS_CASES(factor)                               \
  switch (s->f) {                                        \
    case 2: adds_rows(s, first, n, 2, factor, y); break; \
    case 3: adds_rows(s, first, n, 3, factor, y); break; \
    case 4: adds_rows(s, first, n, 4, factor, y); break; \
    default: adds_rows(s, first, n, 1, factor, y);       \
  }

static void adds_long(const weyl_row_step *s, size_t first, size_t n, rows_at y) { ADDS_CASES(false) }
static void adds_times_long(const weyl_row_step *s, size_t first, size_t n, rows_at y){ADDS_CASES(true)}

/* Rows that the loops above take: whole vectors, no number that stands for a row. */
INLINE bool is_long(const weyl_row_step *s) {
  bool any = s->in[0].one || (s->in[FACTOR].data && s->in[FACTOR].one);
  for (int k = 1; k < s->f; k++) any = any || s->in[k].one;
  return !any && s->width >= VL;
}

/* The sum of the addends, flat in scratch. */
INLINE T *adds_short(const weyl_row_step *s, size_t first, size_t n, T *scratch) {
  const size_t width = (size_t)s->width;
  T *const sum = scratch + 2 * n * width;
  const weyl_row_operand out = {.data = sum, .div = 1, .times = 1, .stride = s->width, .block = true};
  map_two(WEYL_BINARY_ADD, width, &s->in[0], &s->in[1], &out, first, n, scratch);
  for (int k = 2; k < s->f; k++) map_two(WEYL_BINARY_ADD, width, &out, &s->in[k], &out, first, n, scratch);
  return sum;
}

static void map_adds(const weyl_row_step *s, size_t first, size_t n, T *scratch) {
  if (is_long(s)) {
    if (s->in[FACTOR].data)
      adds_times_long(s, first, n, look(&s->out[0], first));
    else
      adds_long(s, first, n, look(&s->out[0], first));
    return;
  }
  const weyl_row_operand sum = {
      .data = adds_short(s, first, n, scratch), .div = 1, .times = 1, .stride = s->width, .block = true};
  if (s->in[FACTOR].data) {
    map_two(WEYL_BINARY_MUL, (size_t)s->width, &sum, &s->in[FACTOR], &s->out[0], first, n, scratch);
    return;
  }
  copy_rows(&sum, &s->out[0], (size_t)s->width, first, n);
}

static void map_silu(const weyl_row_step *s, size_t first, size_t n, T *scratch) {
  const size_t width = (size_t)s->width;
  const T *x;
  if (s->f <= 1) {
    size_t stride;
    x = flat_input(s, 0, first, n, scratch, &stride);
    if (!stride) x = laid(&s->in[0], look(&s->in[0], first), n, width, scratch);
  } else if (is_long(s)) {
    adds_long(s, first, n, (rows_at){.p = scratch, .step = (ptrdiff_t)width});
    x = scratch;
  } else {
    x = adds_short(s, first, n, scratch);
  }
  K(silu)
  (n * width, x, s->out[0].data ? look(&s->out[0], first).p : NULL, s->out[1].data ? look(&s->out[1], first).p : NULL);
}

/* ---- sums ---- */

INLINE void sum_short(size_t n, const size_t width, rows_at x, rows_at y) {
  for (size_t i = 0; i < n; i++, x.p += x.step, y.p += y.step) {
    T sum = x.p[0];
    for (size_t j = 1; j < width; j++) sum += x.p[j];
    *y.p = sum;
  }
}

static void sum_each(const weyl_row_step *s, size_t first, size_t n) {
  const weyl_row_operand *o = &s->in[0];
  const rows_at y = look(&s->out[0], first), from = look(o, first);
  const size_t width = (size_t)s->width;
  if (!from.far && !o->one && s->kind == WEYL_ROW_SUM && width < VL) {
    switch (width) {
      case 2: sum_short(n, 2, from, y); return;
      case 3: sum_short(n, 3, from, y); return;
      default: sum_short(n, width, from, y); return;
    }
  }
  walk w = walk_begin(from);
  T *to = y.p;
  for (size_t i = 0; i < n; i++, to += y.step) {
    const T *x = walk_next(&w);
    if (o->one) {
      *to = s->kind == WEYL_ROW_SUM ? *x * (T)width : *x;
    } else if (s->kind == WEYL_ROW_MAX) {
      K(max_rows)(1, width, x, to);
    } else if (width < VL) {
      T sum = x[0];
      for (size_t j = 1; j < width; j++) sum += x[j];
      *to = sum;
    } else {
      vec a = v_load(x), b = v_zero();
      size_t j = VL;
      for (; j + 2 * VL <= width; j += 2 * VL) {
        a = a + v_load(x + j);
        b = b + v_load(x + j + VL);
      }
      if (j + VL <= width) {
        a = a + v_load(x + j);
        j += VL;
      }
      T sum = v_sum(a + b);
      for (; j < width; j++) sum += x[j];
      *to = sum;
    }
  }
}

/* Evenly spaced rows of the block into one: columns summed in registers, then added. */
INLINE void add_columns_at(size_t n, const T *x, ptrdiff_t step, T *to) {
  vec a = v_load(x), b = v_zero();
  size_t i = 1;
  for (; i + 2 <= n; i += 2) {
    b = b + v_load(x + (ptrdiff_t)i * step);
    a = a + v_load(x + (ptrdiff_t)(i + 1) * step);
  }
  if (i < n) b = b + v_load(x + (ptrdiff_t)i * step);
  v_store(to, v_load(to) + (a + b));
}

static void add_columns(size_t width, size_t n, const T *x, ptrdiff_t step, T *to) {
  size_t j = 0;
  for (; j + 4 * VL <= width; j += 4 * VL) {
    const T *row = x + j;
    vec sum[4];
    UNROLL for (int v = 0; v < 4; v++) sum[v] = v_load(row + v * VL);
    for (size_t i = 1; i < n; i++) {
      row += step;
      UNROLL for (int v = 0; v < 4; v++) sum[v] = sum[v] + v_load(row + v * VL);
    }
    UNROLL for (int v = 0; v < 4; v++) v_store(to + j + v * VL, v_load(to + j + v * VL) + sum[v]);
  }
  for (; j + VL <= width; j += VL) add_columns_at(n, x + j, step, to + j);
  if (j == width) return;
  const size_t m = width - j;
  vec sum = v_load_n(x + j, m);
  for (size_t i = 1; i < n; i++) sum = sum + v_load_n(x + j + (ptrdiff_t)i * step, m);
  v_store_n(to + j, m, v_load_n(to + j, m) + sum);
}

INLINE void add_row(size_t width, const T *x, T *y) {
  size_t j = 0;
  for (; j + VL <= width; j += VL) v_store(y + j, v_load(y + j) + v_load(x + j));
  if (width >= VL && j < width)
    v_store_n(y + j, width - j, v_load_n(y + j, width - j) + v_load_n(x + j, width - j));
  else
    for (; j < width; j++) y[j] += x[j];
}

/* r rows of x, one behind another, into one row: sums stay in registers. */
INLINE void add_run(size_t r, size_t width, const T *x, T *y) {
  if (r == 1) {
    add_row(width, x, y);
    return;
  }
  size_t j = 0;
  for (; j + VL <= width; j += VL) {
    vec sum = v_load(x + j);
    for (size_t i = 1; i < r; i++) sum = sum + v_load(x + i * width + j);
    v_store(y + j, v_load(y + j) + sum);
  }
  for (; j < width; j++) {
    T sum = x[j];
    for (size_t i = 1; i < r; i++) sum += x[i * width + j];
    y[j] += sum;
  }
}

/* Groups of `div` rows that lie together in x and, by index, in y. Equal indices behind one another are one run. */
static void add_groups(const weyl_row_operand *o, size_t first, size_t n, size_t width, const T *x) {
  const size_t div = (size_t)o->div, wide = div * width;
  const int32_t *index = o->index + first / div;
  size_t rest = first % div;
  const ptrdiff_t step = (ptrdiff_t)o->times * o->stride;
  T *y = o->data;
  while (n > 0) {
    if (rest > 0 || n < div) { /* a part of a group */
      const size_t m = div - rest < n ? div - rest : n;
      add_row(m * width, x, y + *index++ * step + (ptrdiff_t)(rest * width));
      x += m * width;
      n -= m;
      rest = 0;
      continue;
    }
    size_t r = 1;
    while ((r + 1) * div <= n && index[r] == index[0]) r++;
    add_run(r, wide, x, y + *index * step);
    index += r;
    x += r * wide;
    n -= r * div;
  }
}

static void add_into(const weyl_row_step *s, size_t first, size_t n) {
  const weyl_row_operand *o = &s->in[0], *out = &s->out[0];
  const size_t width = (size_t)s->width;
  const rows_at x = look(o, first), y = look(out, first);
  const bool in_one_piece = !x.far && !o->one && x.step == (ptrdiff_t)width;
  if (!y.far && y.step == 0 && !o->one && !x.far) {
    add_columns(width, n, x.p, x.step, y.p);
    return;
  }
  if (y.far && in_one_piece && out->index && (out->div == 1 || (out->rest && out->stride == s->width))) {
    add_groups(out, first, n, width, x.p);
    return;
  }
  walk wx = walk_begin(x), wy = walk_begin(y);
  if (o->one) {
    for (size_t i = 0; i < n; i++) {
      const T *row = walk_next(&wx);
      T *to = walk_next(&wy);
      for (size_t j = 0; j < width; j++) to[j] += *row;
    }
    return;
  }
  for (size_t m; n > 0; n -= m) {
    m = walk_span(&wy, walk_span(&wx, n));
    const T *row = walk_row(&wx);
    T *to = walk_row(&wy);
    if (wx.step == (ptrdiff_t)width && wy.step == (ptrdiff_t)width)
      add_row(m * width, row, to);
    else if (wx.step == (ptrdiff_t)width && wy.step == 0)
      add_run(m, width, row, to);
    else
      for (size_t i = 0; i < m; i++, row += wx.step, to += wy.step) add_row(width, row, to);
    walk_on(&wx, m);
    walk_on(&wy, m);
  }
}

static void add_all(const weyl_row_step *s, size_t first, size_t n, T *scratch) {
  size_t stride;
  const T *x = flat_input(s, 0, first, n, scratch, &stride);
  T sum = stride ? 0 : *x * (T)(n * (size_t)s->width);
  if (stride) K(sum_rows)(1, n * (size_t)s->width, x, &sum);
  *(T *)s->out[0].data += sum;
}

/* ---- the interpreter ---- */

/* Arrays too large for the caches are brought near a block ahead: each once, however many steps read or write it. */
enum { STREAMS = 12, STREAM_BYTES = 256 * 1024 };
typedef struct stream {
  const char *at;
  size_t row; /* bytes */
  bool written;
} stream;

static size_t add_stream(stream *list, size_t n, const weyl_row_operand *o, int32_t width, bool written) {
  if (n == STREAMS || o->data == NULL || o->block || o->index || o->div != 1 || o->times != 1 || o->one ||
      o->stride != width)
    return n;
  for (size_t i = 0; i < n; i++)
    if (list[i].at == (const char *)o->data) return n;
  list[n] = (stream){o->data, (size_t)width * sizeof(T), written};
  return n + 1;
}

static size_t find_streams(const weyl_row_step *steps, size_t n_steps, size_t rows, stream *list) {
  size_t n = 0;
  if (n_steps == 0 || rows * (size_t)steps[0].width * sizeof(T) < STREAM_BYTES) return 0;
  for (const weyl_row_step *s = steps; s < steps + n_steps; s++) {
    for (int i = 0; i <= ADDENDS; i++) n = add_stream(list, n, &s->in[i], s->width, false);
    for (int i = 0; i < 2; i++)
      if (s->kind < WEYL_ROW_SUM) n = add_stream(list, n, &s->out[i], s->width, true);
  }
  return n;
}

static void bring_near(const stream *list, size_t n, size_t first, size_t rows) {
  for (size_t i = 0; i < n; i++) {
    const char *at = list[i].at + first * list[i].row, *end = at + rows * list[i].row;
    if (list[i].written)
      for (; at < end; at += 64) __builtin_prefetch(at, 1, 3);
    else
      for (; at < end; at += 64) __builtin_prefetch(at, 0, 3);
  }
}

void K(rows)(const weyl_row_step *steps, size_t n_steps, size_t from, size_t to, size_t block, void *scratch) {
  stream streams[STREAMS];
  const size_t n_streams = find_streams(steps, n_steps, to - from, streams);
  for (size_t first = from; first < to; first += block) {
    const size_t n = to - first < block ? to - first : block, left = to - first - n;
    bring_near(streams, n_streams, first + n, left < block ? left : block);
    for (const weyl_row_step *s = steps; s < steps + n_steps; s++) switch (s->kind) {
        case WEYL_ROW_UNARY: map_one(s, first, n, scratch); break;
        case WEYL_ROW_BINARY:
          map_two(s->f, (size_t)s->width, &s->in[0], &s->in[1], &s->out[0], first, n, scratch);
          break;
        case WEYL_ROW_ADDS: map_adds(s, first, n, scratch); break;
        case WEYL_ROW_WHERE: map_where(s, first, n); break;
        case WEYL_ROW_COPY: copy_rows(&s->in[0], &s->out[0], (size_t)s->width, first, n); break;
        case WEYL_ROW_SILU: map_silu(s, first, n, scratch); break;
        case WEYL_ROW_SUM:
        case WEYL_ROW_MAX: sum_each(s, first, n); break;
        case WEYL_ROW_ADD_INTO: add_into(s, first, n); break;
        case WEYL_ROW_ADD_ALL: add_all(s, first, n, scratch); break;
      }
  }
}
