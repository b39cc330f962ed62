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
  const ptrdiff_t step = o->times * o->stride;
  return (rows_at){(T *)o->data + (ptrdiff_t)first * step, step, NULL, 0};
}

/* Rows of a far operand one after another, without a division each. */
typedef struct walk {
  T *p;
  ptrdiff_t step;
  const weyl_row_operand *far;
  int64_t q, rest;
} walk;

INLINE walk walk_begin(rows_at at) {
  if (!at.far) return (walk){at.p, at.step, NULL, 0, 0};
  return (walk){at.p, 0, at.far, (int64_t)at.first / at.far->div, (int64_t)at.first % at.far->div};
}

INLINE T *walk_next(walk *w) {
  if (!w->far) {
    T *p = w->p;
    w->p += w->step;
    return p;
  }
  const weyl_row_operand *o = w->far;
  const int64_t row = (o->index ? o->index[w->q] : w->q) * o->times + (o->rest ? w->rest : 0);
  if (++w->rest == o->div) {
    w->rest = 0;
    w->q++;
  }
  return w->p + row * o->stride;
}

/* 1: all numbers of the block lie in a row; 0: one number for all of it; -1: row by row. */
INLINE int flat_stride(const weyl_row_operand *o, rows_at at, size_t n, size_t width) {
  if (at.far) return -1;
  if (o->one && at.step == 0) return 0;
  if (o->one ? width == 1 && at.step == 1 : at.step == (ptrdiff_t)width || n == 1) return 1;
  return -1;
}

/* The block of an operand laid out flat. */
INLINE const T *laid(const weyl_row_operand *o, rows_at at, size_t n, size_t width, T *to) {
  walk w = walk_begin(at);
  T *const begin = to;
  for (size_t i = 0; i < n; i++) {
    const T *row = walk_next(&w);
    if (o->one)
      for (size_t j = 0; j < width; j++) *to++ = *row;
    else
      for (size_t j = 0; j < width; j++) *to++ = row[j];
  }
  return begin;
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

INLINE void row_pair(size_t width, const T *a, const bool ONE_A, const T *b, const bool ONE_B, T *y,
                     vec (*f)(vec, vec)) {
  const vec a0 = ONE_A ? v_set1(*a) : v_zero(), b0 = ONE_B ? v_set1(*b) : v_zero();
  size_t j = 0;
  for (; j + VL <= width; j += VL) v_store(y + j, f(ONE_A ? a0 : v_load(a + j), ONE_B ? b0 : v_load(b + j)));
  if (j < width)
    v_store_n(y + j, width - j, f(ONE_A ? a0 : v_load_n(a + j, width - j), ONE_B ? b0 : v_load_n(b + j, width - j)));
}

/* Evenly spaced rows with one row b for all of them, which stays in registers: `vectors` of them at a time. */
INLINE void row_repeated(const int VECTORS, size_t n, const T *a, ptrdiff_t a_step, const T *b, T *y, ptrdiff_t y_step,
                         vec (*f)(vec, vec)) {
  vec row[4];
  UNROLL for (int v = 0; v < VECTORS; v++) row[v] = v_load(b + v * VL);
  for (size_t i = 0; i < n; i++, a += a_step, y += y_step)
    UNROLL for (int v = 0; v < VECTORS; v++) v_store(y + v * VL, f(v_load(a + v * VL), row[v]));
}

/* Rows of at least a vector. */
INLINE void row_pairs(size_t n, size_t width, rows_at a, bool one_a, rows_at b, bool one_b, rows_at y,
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
  if (one_a && one_b)
    for (size_t i = 0; i < n; i++, to += y.step) row_pair(width, walk_next(&wa), true, walk_next(&wb), true, to, f);
  else if (one_a)
    for (size_t i = 0; i < n; i++, to += y.step) row_pair(width, walk_next(&wa), true, walk_next(&wb), false, to, f);
  else if (one_b)
    for (size_t i = 0; i < n; i++, to += y.step) row_pair(width, walk_next(&wa), false, walk_next(&wb), true, to, f);
  else
    for (size_t i = 0; i < n; i++, to += y.step) row_pair(width, walk_next(&wa), false, walk_next(&wb), false, to, f);
}

static void row_add(size_t n, size_t width, rows_at a, bool one_a, rows_at b, bool one_b, rows_at y) {
  row_pairs(n, width, a, one_a, b, one_b, y, f_add);
}
static void row_sub(size_t n, size_t width, rows_at a, bool one_a, rows_at b, bool one_b, rows_at y) {
  row_pairs(n, width, a, one_a, b, one_b, y, f_sub);
}
static void row_mul(size_t n, size_t width, rows_at a, bool one_a, rows_at b, bool one_b, rows_at y) {
  row_pairs(n, width, a, one_a, b, one_b, y, f_mul);
}

static void map_two(const weyl_row_step *s, size_t first, size_t n, T *scratch) {
  const weyl_row_operand *a = &s->in[0], *b = &s->in[1];
  const rows_at at_a = look(a, first), at_b = look(b, first), y = look(&s->out[0], first);
  const size_t width = (size_t)s->width;
  int flat_a = flat_stride(a, at_a, n, width), flat_b = flat_stride(b, at_b, n, width);
  const bool flat_y = flat_stride(&s->out[0], y, n, width) == 1;
  if (flat_a >= 0 && flat_b >= 0 && flat_y) {
    binary[s->f](n * width, at_a.p, (size_t)flat_a, at_b.p, (size_t)flat_b, y.p);
    return;
  }
  if (width >= VL) switch (s->f) {
      case WEYL_BINARY_ADD: row_add(n, width, at_a, a->one, at_b, b->one, y); return;
      case WEYL_BINARY_SUB: row_sub(n, width, at_a, a->one, at_b, b->one, y); return;
      case WEYL_BINARY_MUL: row_mul(n, width, at_a, a->one, at_b, b->one, y); return;
      default: break;
    }
  if (width >= VL || !flat_y) {
    walk wa = walk_begin(at_a), wb = walk_begin(at_b), wy = walk_begin(y);
    for (size_t i = 0; i < n; i++) {
      const T *pa = walk_next(&wa), *pb = walk_next(&wb);
      binary[s->f](width, pa, !a->one, pb, !b->one, walk_next(&wy));
    }
    return;
  }
  const T *pa = flat_a >= 0 ? at_a.p : laid(a, at_a, n, width, scratch);
  const T *pb = flat_b >= 0 ? at_b.p : laid(b, at_b, n, width, scratch + n * width);
  if (flat_a < 0) flat_a = 1;
  if (flat_b < 0) flat_b = 1;
  binary[s->f](n * width, pa, (size_t)flat_a, pb, (size_t)flat_b, y.p);
}

INLINE void copy_row(size_t width, const T *x, T *y) {
  size_t j = 0;
  for (; j + VL <= width; j += VL) v_store(y + j, v_load(x + j));
  for (; j < width; j++) y[j] = x[j];
}

static void copy_rows(const weyl_row_step *s, size_t first, size_t n) {
  const weyl_row_operand *o = &s->in[0];
  const rows_at x = look(o, first), y = look(&s->out[0], first);
  const size_t width = (size_t)s->width;
  if (flat_stride(o, x, n, width) == 1 && flat_stride(&s->out[0], y, n, width) == 1) {
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
    const T *c = walk_next(&w[0]), *a = walk_next(&w[1]), *b = walk_next(&w[2]);
    K(where)(width, c, !s->in[0].one, a, !s->in[1].one, b, !s->in[2].one, to);
  }
}

static void map_silu(const weyl_row_step *s, size_t first, size_t n, T *scratch) {
  const size_t width = (size_t)s->width;
  size_t stride;
  const T *x = flat_input(s, 0, first, n, scratch, &stride);
  T *y = s->out[0].data ? look(&s->out[0], first).p : NULL, *dy = s->out[1].data ? look(&s->out[1], first).p : NULL;
  if (!stride) x = laid(&s->in[0], look(&s->in[0], first), n, width, scratch);
  T *const sigmoid = scratch + n * width;
  K(unary_sigmoid)(n * width, x, sigmoid);
  const vec one = v_set1(1);
  for (size_t i = 0; i < n * width; i += VL) {
    const size_t m = n * width - i;
    const vec a = m < VL ? v_load_n(x + i, m) : v_load(x + i),
              g = m < VL ? v_load_n(sigmoid + i, m) : v_load(sigmoid + i);
    const vec value = a * g, slope = v_fma(value, one - g, g);
    if (m < VL) {
      if (y) v_store_n(y + i, m, value);
      if (dy) v_store_n(dy + i, m, slope);
    } else {
      if (y) v_store(y + i, value);
      if (dy) v_store(dy + i, slope);
    }
  }
}

/* ---- sums ---- */

static void sum_each(const weyl_row_step *s, size_t first, size_t n) {
  const weyl_row_operand *o = &s->in[0];
  const rows_at y = look(&s->out[0], first);
  const size_t width = (size_t)s->width;
  walk w = walk_begin(look(o, first));
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

/* All rows of the block into one: columns summed in registers, then added. */
static void add_columns(size_t width, size_t n, rows_at x, T *to) {
  size_t j = 0;
  for (; !x.far && j + 4 * VL <= width; j += 4 * VL) {
    const T *row = x.p + j;
    vec sum[4];
    UNROLL for (int v = 0; v < 4; v++) sum[v] = v_load(row + v * VL);
    for (size_t i = 1; i < n; i++) {
      row += x.step;
      UNROLL for (int v = 0; v < 4; v++) sum[v] = sum[v] + v_load(row + v * VL);
    }
    UNROLL for (int v = 0; v < 4; v++) v_store(to + j + v * VL, v_load(to + j + v * VL) + sum[v]);
  }
  for (; j + VL <= width; j += VL) {
    walk w = walk_begin(x);
    vec sum = v_load(walk_next(&w) + j);
    for (size_t i = 1; i < n; i++) sum = sum + v_load(walk_next(&w) + j);
    v_store(to + j, v_load(to + j) + sum);
  }
  for (; j < width; j++) {
    walk w = walk_begin(x);
    T sum = walk_next(&w)[j];
    for (size_t i = 1; i < n; i++) sum += walk_next(&w)[j];
    to[j] += sum;
  }
}

static void add_into(const weyl_row_step *s, size_t first, size_t n) {
  const weyl_row_operand *o = &s->in[0];
  const size_t width = (size_t)s->width;
  const rows_at x = look(o, first), y = look(&s->out[0], first);
  if (!y.far && y.step == 0 && !o->one) {
    add_columns(width, n, x, y.p);
    return;
  }
  walk wx = walk_begin(x), wy = walk_begin(y);
  for (size_t i = 0; i < n; i++) {
    const T *row = walk_next(&wx);
    T *to = walk_next(&wy);
    size_t j = 0;
    if (o->one) {
      for (; j < width; j++) to[j] += *row;
      continue;
    }
    for (; j + VL <= width; j += VL) v_store(to + j, v_load(to + j) + v_load(row + j));
    for (; j < width; j++) to[j] += row[j];
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

static size_t add_stream(stream *list, size_t n, const weyl_row_operand *o, int64_t width, bool written) {
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
    for (int i = 0; i < 3; i++) n = add_stream(list, n, &s->in[i], s->width, false);
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

void K(rows)(const weyl_row_step *steps, size_t n_steps, size_t rows, size_t block, void *scratch) {
  stream streams[STREAMS];
  const size_t n_streams = find_streams(steps, n_steps, rows, streams);
  for (size_t first = 0; first < rows; first += block) {
    const size_t n = rows - first < block ? rows - first : block, left = rows - first - n;
    bring_near(streams, n_streams, first + n, left < block ? left : block);
    for (const weyl_row_step *s = steps; s < steps + n_steps; s++) switch (s->kind) {
        case WEYL_ROW_UNARY: map_one(s, first, n, scratch); break;
        case WEYL_ROW_BINARY: map_two(s, first, n, scratch); break;
        case WEYL_ROW_WHERE: map_where(s, first, n); break;
        case WEYL_ROW_COPY: copy_rows(s, first, n); break;
        case WEYL_ROW_SILU: map_silu(s, first, n, scratch); break;
        case WEYL_ROW_SUM:
        case WEYL_ROW_MAX: sum_each(s, first, n); break;
        case WEYL_ROW_ADD_INTO: add_into(s, first, n); break;
        case WEYL_ROW_ADD_ALL: add_all(s, first, n, scratch); break;
      }
  }
}
