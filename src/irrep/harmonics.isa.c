/* Real spherical harmonics and their gradients of VL points at a time: recursions on vectors of points, squares turned
 * in registers into rows, and rows gathered into whole lines of memory, which go past the caches when they would not
 * stay there. */
#include "isa.h"
#include "transpose.h"

#ifdef __clang__
#define UNROLL_ALL UNROLL
#else
#define UNROLL_ALL _Pragma("GCC unroll 160")
#endif

/* ---- rows that become one run of vectors ----
 *
 * Rows of any width are written to a stage at aligned places; behind each follows the start of the next one, so that
 * every aligned vector of the output is one load from the stage.  Copying waits until the next block of rows is
 * computed: by then the stores have reached the first cache, and what follows the last row is there. */

typedef struct block_out {
  T *to;                     /* aligned, for the waiting block; the output's first `head` numbers lie before it */
  T *row[2];                 /* stages: the first row of the block in hand, and of the one that waits */
  size_t rows, width, pitch; /* pitch: at least width + VL */
  size_t head;
  int32_t *from; /* [rows width / VL]: where the vectors of a block start in the stage */
  bool stream;
} block_out;

INLINE size_t place_in_stage(size_t number, size_t width, size_t pitch) {
  return number / width * pitch + number % width;
}

/* Stages of `rows` rows at memory, each row with its first number, which all share, just before a vector's place. */
static block_out block_start(T *to, bool stream, size_t rows, size_t width, size_t pitch, T shared, T *memory,
                             int32_t *from) {
  const size_t head = (0 - (uintptr_t)to) % VECTOR_BYTES / sizeof(T);
  block_out b = {
      .to = to + head, .rows = rows, .width = width, .pitch = pitch, .head = head, .from = from, .stream = stream};
  for (size_t k = 0; k < 2; k++) {
    b.row[k] = memory + (k * (rows + 1) + 1) * pitch + VL - width % 2; /* a row is before the first */
    for (size_t r = 0; r < rows; r++) b.row[k][r * pitch] = b.row[k][r * pitch + width] = shared;
  }
  for (size_t i = 0; i < rows * width / VL; i++) from[i] = (int32_t)place_in_stage(head + i * VL, width, pitch);
  return b;
}

/* Behind each row but the last the start of the next one, and, where rows are shorter than a vector, what follows it.
 * TURN does so for rows longer than a vector. */
INLINE void block_join(const block_out *b, size_t rows, size_t width, size_t pitch) {
  if (width > VL) return;
  T *row = b->row[0] + (rows - 1) * pitch;
  for (size_t r = 1; r < rows; r++) {
    const vec next = v_load(row);
    row -= pitch;
    v_store(row + width, next);
  }
}

/* Copies the block that waits; the one in hand follows it. */
INLINE void block_copy(block_out *b, bool stream, size_t rows, size_t width, size_t pitch) {
  T *const row = b->row[1], *const last = row + (rows - 1) * pitch;
  if (b->head) {
    v_store(last + width, v_load(b->row[0]));
    if (width < VL) {
      for (T *r = last; r > row; r -= pitch) v_store(r - pitch + width, v_load(r));
    }
  }
  for (size_t i = 0; i < rows * width / VL; i++) {
    const vec v = v_load(row + b->from[i]);
    if (stream)
      v_stream(b->to + i * VL, v);
    else
      v_store(b->to + i * VL, v);
  }
  b->to += rows * width;
}

/* The same for constant sizes and aligned output. */
INLINE void block_copy_small(block_out *b, bool stream, size_t rows, size_t width, size_t pitch) {
  const T *row = b->row[1];
  UNROLL_ALL for (size_t i = 0; i < rows * width / VL; i++) {
    const vec v = v_load(row + place_in_stage(i * VL, width, pitch));
    if (stream)
      v_stream(b->to + i * VL, v);
    else
      v_store(b->to + i * VL, v);
  }
  b->to += rows * width;
}

INLINE void block_step(block_out *b, bool small, bool wait, size_t rows, size_t width, size_t pitch) {
  block_join(b, rows, width, pitch);
  if (!wait) {
    for (size_t i = 0; i < b->head; i++) (b->to - b->head)[i] = b->row[0][place_in_stage(i, width, pitch)];
  } else if (small && b->stream) {
    block_copy_small(b, true, rows, width, pitch);
  } else if (small) {
    block_copy_small(b, false, rows, width, pitch);
  } else if (b->stream) {
    block_copy(b, true, rows, width, pitch);
  } else {
    block_copy(b, false, rows, width, pitch);
  }
  T *const done = b->row[1];
  b->row[1] = b->row[0];
  b->row[0] = done;
}

/* The first `rows` rows of the block that waits last. */
static void block_end(block_out *b, size_t rows, bool stream) {
  for (size_t i = b->head; i < rows * b->width; i++)
    b->to[i - b->head] = b->row[1][place_in_stage(i, b->width, b->pitch)];
  if (stream) v_stream_end();
}

/* to[p * pitch + j] = (vector of j)[p] for p < VL, and the first vector behind the row before, too (with `join`). An
 * odd column 0, which is the same for all points, is in the stage already. The last vector ends where the row does. */
#define TURN(to, pitch, columns, join, vector_of_j)       TURN_(NO_UNROLL, to, pitch, columns, join, vector_of_j)
#define TURN_SMALL(to, pitch, columns, join, vector_of_j) TURN_(UNROLL_VL, to, pitch, columns, join, vector_of_j)
#define TURN_(UNROLL_OR_NOT, to, pitch, columns, join, vector_of_j)                      \
  UNROLL_OR_NOT for (int k_ = 0; k_ < ((columns) - (columns) % 2 + VL - 1) / VL; k_++) { \
    int j0_ = (columns) % 2 + k_ * VL;                                                   \
    if ((columns) > VL && j0_ + VL > (columns)) j0_ = (columns)-VL;                      \
    vec r_[VL];                                                                          \
    UNROLL_VL for (int i_ = 0; i_ < VL; i_++) {                                          \
      const int j = j0_ + i_;                                                            \
      r_[i_] = (vector_of_j);                                                            \
    }                                                                                    \
    v_transpose(r_);                                                                     \
    T *to_ = (to) + j0_;                                                                 \
    UNROLL_VL for (int p_ = 0; p_ < VL; p_++, to_ += (pitch)) v_store(to_, r_[p_]);      \
    if (k_ == 0 && (join)) {                                                             \
      to_ = (to) + j0_ + (columns)-apart;                                                \
      UNROLL_VL for (int p_ = 0; p_ < VL; p_++, to_ += (pitch)) v_store(to_, r_[p_]);    \
    }                                                                                    \
  }

/* ---- points ---- */

typedef struct points {
  vec x, y, z, square; /* the polynomials' axes; of unit length, or zero, or as they are for solid harmonics */
  vec inverse;         /* of the length that was divided by; 0 for the zero vector */
} points;

INLINE points load_points(const harmonics_table *t, bool solid, const T *xyz, size_t n) {
  T padded[3 * VL];
  if (n < VL) {
    for (size_t i = 0; i < 3 * VL; i++) padded[i] = i < 3 * n ? xyz[i] : 1;
    xyz = padded;
  }
  vec v[3];
  v_load_points(xyz, v);
  points p = {.x = v[t->axis[0]], .y = v[t->axis[1]], .z = v[t->axis[2]]};
  p.square = p.x * p.x + p.y * p.y + p.z * p.z;
  if (solid) return p;
  const T least = F32_OR_F64((T)1e-30, (T)1e-280), most = F32_OR_F64((T)1e30, (T)1e280);
  vec scale = v_set1(1);
  if (v_any(v_lt(p.square, v_set1(least))) || v_any(v_lt(v_set1(most), p.square))) {
    /* squares would lose digits or overflow: lengths are brought near 1, and what is zero remains so */
    const vec large = v_max_raw(v_abs(p.x), v_max_raw(v_abs(p.y), v_abs(p.z)));
    scale = v_select(v_lt(v_zero(), large), large, v_set1(1));
    p.x = p.x / scale;
    p.y = p.y / scale;
    p.z = p.z / scale;
    p.square = p.x * p.x + p.y * p.y + p.z * p.z;
  }
  const mask none = v_eq(p.square, v_zero());
  const vec length = v_sqrt(v_select(none, v_set1(1), p.square)), one_over = v_set1(1) / length;
  p.x = p.x * one_over;
  p.y = p.y * one_over;
  p.z = p.z * one_over;
  p.square = v_select(none, v_zero(), v_set1(1));
  p.inverse = p.square * one_over / scale;
  return p;
}

/* ---- harmonics: y[l (l + 1) + m] of VL points ---- */

INLINE void harmonics_put(int m, vec now, vec c, vec s, vec *plus, vec *minus) {
  if (m == 0) {
    *plus = now;
  } else {
    *plus = now * c;
    *minus = now * s;
  }
}

/* One order m: l = m ... l_max. m is 0 or not where this is expanded. */
INLINE const T *order_of(const T *start, const T *step, int l_max, int m, const points *p, vec c, vec s, vec *y) {
  vec before = v_zero(), now = v_set1(start[m]), *plus = y + m * (m + 2), *minus = y + m * m;
  harmonics_put(m, now, c, s, plus, minus);
  for (int l = m + 1; l <= l_max; l++, step += 2) {
    const vec low = v_set1(step[1]) * p->square * before, up = v_set1(step[0]) * p->z;
    before = now;
    now = up * now - low;
    plus += 2 * l;
    minus += 2 * l;
    harmonics_put(m, now, c, s, plus, minus);
  }
  return step;
}

#define NEXT_ORDER(c, s, p)                      \
  do {                                           \
    const vec turned_ = (p)->x * c - (p)->y * s; \
    s = (p)->x * s + (p)->y * c;                 \
    c = turned_;                                 \
  } while (0)

INLINE void harmonics_of(const harmonics_table *t, int l_max, const points *p, vec *y) {
  vec c = v_set1(1), s = v_zero();
  const T *step = order_of(t->start, t->step, l_max, 0, p, c, s, y);
  for (int m = 1; m <= l_max; m++) {
    NEXT_ORDER(c, s, p);
    step = order_of(t->start, step, l_max, m, p, c, s, y);
  }
}

/* The same for a constant l_max up to 6, without a loop. */
INLINE const T *order_small(const T *start, const T *step, int l_max, int m, const points *p, vec c, vec s, vec *y) {
  if (m > l_max) return step;
  vec before = v_zero(), now = v_set1(start[m]);
  harmonics_put(m, now, c, s, y + m * (m + 2), y + m * m);
  UNROLL for (int l = m + 1; l <= l_max; l++) {
    const T *k = step + 2 * (l - m - 1);
    vec next = v_set1(k[0]) * p->z * now;
    if (l > m + 1) next = next - v_set1(k[1]) * p->square * before;
    before = now;
    now = next;
    harmonics_put(m, now, c, s, y + l * (l + 1) + m, y + l * (l + 1) - m);
  }
  return step + 2 * (l_max - m);
}

INLINE void harmonics_small(const harmonics_table *t, int l_max, const points *p, vec *y) {
  vec c = v_set1(1), s = v_zero();
  const T *step = order_small(t->start, t->step, l_max, 0, p, c, s, y);
#define ORDER(m)       \
  NEXT_ORDER(c, s, p); \
  step = order_small(t->start, step, l_max, m, p, c, s, y);
  ORDER(1) ORDER(2) ORDER(3) ORDER(4) ORDER(5) ORDER(6)
#undef ORDER
}

/* ---- all points ---- */

INLINE const vec *at(const vec *base, int32_t bytes) { return (const vec *)(const void *)((const char *)base + bytes); }

/* The derivative of harmonic j < 49 along the polynomials' axis a, of those of VL points that are in y. */
INLINE vec pull_small(const T *factor, int a, int j, const vec *y) {
  static const signed char degree[64] = {0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4,
                                         5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6};
  const int l = degree[j], m = j - l * (l + 1), k = m < 0 ? -m : m, below = l * (l - 1);
  const vec first = v_set1(factor[2 * j]), second = v_set1(factor[2 * j + 1]);
  if (l == 0) return v_zero();
  if (a == 2 && k < l) return first * y[below + m];
  if (a == 2) return v_zero();
  const int side = (a == 0) == (m >= 0) ? 1 : -1; /* cosines pull cosines along x and sines along y; sines the others */
  const bool lower = k > 0 && (k > 1 || side > 0), upper = k + 1 < l;
  if (lower && upper) return first * y[below + side * (k - 1)] + second * y[below + side * (k + 1)];
  if (lower) return first * y[below + side * (k - 1)];
  if (upper) return first * y[below + side * (k + 1)];
  return v_zero();
}

INLINE void run(const harmonics_table *t, int l_max, bool small, bool solid, bool stream, size_t n, const T *xyz, T *y,
                T *dy, T *scratch) {
  const int columns = (l_max + 1) * (l_max + 1), pitch = (columns + VL - 1) / VL * VL + 2 * VL;
  const size_t width = (size_t)columns, apart = (size_t)pitch;
  vec *const value = (vec *)(void *)scratch, *const pulled = value + columns + VL, *const sunk = pulled + columns + VL;
  T *const memory = (T *)(sunk + columns + VL), *const d_memory = memory + 2 * (VL + 2) * pitch;
  int32_t *const from_memory = (int32_t *)(void *)(d_memory + 2 * (3 * VL + 2) * pitch);
  block_out out = block_start(y, stream, VL, width, apart, ((const T *)t->start)[0], memory, from_memory);
  block_out d_out = {0};
  if (dy) d_out = block_start(dy, stream, 3 * VL, width, apart, 0, d_memory, from_memory + columns);
  if (small) out.head = d_out.head = 0; /* which is so, and lets the compiler know */
  const bool join = columns > VL && (columns % VL != 0 || out.head),
             d_join = columns > VL && (columns % VL != 0 || d_out.head);
  points next = load_points(t, solid, xyz, n < VL ? n : VL);
  for (size_t i = 0; i < n; i += VL, xyz += 3 * VL) {
    const points p = next; /* divisions and roots of the next step run beside this one */
    if (n - i > VL) next = load_points(t, solid, xyz + 3 * VL, n - i - VL < VL ? n - i - VL : VL);
    if (small) {
      harmonics_small(t, l_max, &p, value);
      TURN_SMALL(out.row[0], pitch, columns, join, value[j]);
    } else {
      harmonics_of(t, l_max, &p, value);
      TURN(out.row[0], pitch, columns, join, value[j]);
    }
    block_step(&out, small, i > 0, VL, width, apart);
    if (dy) {
      const vec axis[3] = {p.x, p.y, p.z};
      if (!solid)
        for (int l = 1, j = 1; l <= l_max; l++)
          for (const int end = (l + 1) * (l + 1); j < end; j++) {
            pulled[j] = value[j] * p.inverse;
            sunk[j] = pulled[j] * v_set1((T)l);
          }
      pulled[0] = value[0] * p.inverse;
      sunk[0] = v_zero();
      UNROLL for (int a = 0; a < 3; a++) {
        const T *factor = (const T *)t->pull + 2 * a * columns;
        const int32_t *from = t->from + 2 * a * columns;
        T *const to = d_out.row[0] + t->axis[a] * pitch;
        if (small && solid) {
          TURN_SMALL(to, 3 * pitch, columns, d_join, pull_small(factor, a, j, value));
        } else if (small) {
          TURN_SMALL(to, 3 * pitch, columns, d_join, pull_small(factor, a, j, pulled) - axis[a] * sunk[j]);
        } else if (solid) {
          TURN(to, 3 * pitch, columns, d_join,
               v_set1(factor[2 * j]) * *at(value, from[2 * j]) +
                   v_set1(factor[2 * j + 1]) * *at(value, from[2 * j + 1]));
        } else if (a < 2) {
          TURN(to, 3 * pitch, columns, d_join,
               v_set1(factor[2 * j]) * *at(pulled, from[2 * j]) +
                   v_set1(factor[2 * j + 1]) * *at(pulled, from[2 * j + 1]) - axis[a] * sunk[j]);
        } else {
          TURN(to, 3 * pitch, columns, d_join, v_set1(factor[2 * j]) * *at(pulled, from[2 * j]) - axis[a] * sunk[j]);
        }
      }
      block_step(&d_out, small, i > 0, 3 * VL, width, apart);
    }
  }
  const size_t rest = (n - 1) % VL + 1;
  block_end(&out, rest, out.stream);
  if (dy) block_end(&d_out, 3 * rest, d_out.stream);
}

/* Degree 1, all in registers: a row of a point is four numbers. */
INLINE void put_four(T *to, bool stream, quad q) {
  if (stream)
    quad_stream(to, q);
  else
    memcpy(to, &q, sizeof q);
}

INLINE void run_one(const harmonics_table *t, bool solid, bool stream, size_t n, const T *xyz, T *y, T *dy) {
  const vec constant = v_set1(((const T *)t->start)[0]),
            factor = v_set1(((const T *)t->step)[0] * ((const T *)t->start)[0]);
  for (size_t i = 0; i < n; i += VL, xyz += 3 * VL) {
    const size_t count = n - i < VL ? n - i : VL;
    const points p = load_points(t, solid, xyz, count);
    quad row[VL];
    vec line[4];
    v_fours_in_line((vec[]){constant, factor * p.y, factor * p.z, factor * p.x}, line);
    if (count < VL) {
      memcpy(y, line, count * sizeof *row);
    } else if (stream) {
      UNROLL for (int k = 0; k < 4; k++, y += VL) v_stream(y, line[k]);
    } else {
      UNROLL for (int k = 0; k < 4; k++, y += VL) v_store(y, line[k]);
    }
    if (!dy) continue;
    quad rate[3 * VL];
    const vec axis[3] = {p.x, p.y, p.z};
    vec scale = factor;
    if (!solid) scale = factor * p.inverse;
    UNROLL for (int a = 0; a < 3; a++) { /* (e_a - r_a r) factor / |r| */
      vec along[3] = {v_zero(), v_zero(), v_zero()};
      UNROLL for (int b = 0; b < 3; b++) {
        if (!solid) along[b] = -axis[a] * axis[b] * scale;
        if (a == b) along[b] = along[b] + scale;
      }
      v_fours((vec[]){v_zero(), along[1], along[2], along[0]}, row);
      UNROLL_VL for (int k = 0; k < VL; k++) rate[3 * k + t->axis[a]] = row[k];
    }
    if (count == VL) {
      UNROLL_ALL for (int k = 0; k < 3 * VL; k++, dy += 4) put_four(dy, stream, rate[k]);
    } else {
      memcpy(dy, rate, 3 * count * sizeof *rate);
    }
  }
  if (stream) v_stream_end();
}

static void run_degree_one(const harmonics_table *t, bool stream, size_t n, const T *xyz, T *y, T *dy) {
  if (stream && (uintptr_t)y % VECTOR_BYTES == 0 && (uintptr_t)dy % sizeof(quad) == 0)
    run_one(t, t->solid, true, n, xyz, y, dy);
  else
    run_one(t, t->solid, false, n, xyz, y, dy);
}

static void run_degree_none(const harmonics_table *t, size_t n, T *y, T *dy) {
  for (size_t i = 0; i < n; i++) y[i] = ((const T *)t->start)[0];
  if (dy) memset(dy, 0, 3 * n * sizeof *dy);
}

void K(harmonics)(const harmonics_table *t, bool stream, size_t n, const void *xyz, void *y, void *dy, void *scratch) {
  if (n == 0) return;
  if (t->l_max == 0) {
    run_degree_none(t, n, y, dy);
    return;
  }
  if (t->l_max == 1) {
    run_degree_one(t, stream, n, xyz, y, dy);
    return;
  }
#if WEYL_LEVEL > 0
#define CASE(L)                                                                  \
  case L:                                                                        \
    run(t, L, (L + 1) * (L + 1) > VL, t->solid, stream, n, xyz, y, dy, scratch); \
    break;
#else
#define CASE(L)
#endif
  const bool aligned = ((uintptr_t)y | (uintptr_t)dy) % VECTOR_BYTES == 0; /* constant joins follow */
  switch (aligned ? t->l_max : 0) {
    CASE(2)
    CASE(3)
    CASE(4)
    CASE(5)
    CASE(6)
    default: run(t, t->l_max, false, t->solid, stream, n, xyz, y, dy, scratch);
  }
#undef CASE
}
