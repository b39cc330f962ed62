/* Real spherical harmonics and their gradients of VL points at a time: recursions on vectors of points, squares turned
 * in registers into rows, and rows gathered into whole lines of memory, which go past the caches when they would not
 * stay there. */
#include "isa.h"
#include "transpose.h"

#define STREAM_BYTES ((size_t)1 << 20) /* an array of this size has left the second cache before anyone reads it */

/* ---- rows that become one run of vectors ----
 *
 * Rows of any width are written to a stage at aligned places, and copied from there as they follow each other in
 * memory, every aligned vector once.  Copying waits until the next rows are computed: by then the stores have reached
 * the first cache. */

typedef struct run_out {
  T *to;       /* the next vector's place, aligned */
  size_t held; /* numbers of the next vector that are in tail */
  size_t skip; /* numbers of the next vector that are not ours: at the start only */
  vec tail;
  bool stream;
} run_out;

static run_out run_start(T *to, size_t bytes) {
  const size_t over = (uintptr_t)to % VECTOR_BYTES / sizeof(T);
  return (run_out){.to = to - over, .held = over, .skip = over, .stream = bytes >= STREAM_BYTES};
}

INLINE void run_put(run_out *w, bool stream, vec v) {
  if (stream)
    v_stream(w->to, v);
  else
    v_store(w->to, v);
  w->to += VL;
}

/* Rows of `columns` (at least VL) numbers, `pitch` apart. Numbers before a row's first may be read. */
INLINE void run_rows(run_out *w, bool stream, const T *row, size_t rows, size_t columns, size_t pitch) {
  const vec lane = v_lanes();
  for (size_t r = 0; r < rows; r++, row += pitch) {
    size_t i = 0;
    if (w->held) {
      const vec v = v_select(v_lt(lane, v_set1((T)w->held)), w->tail, v_load(row - w->held));
      i = VL - w->held;
      if (w->skip) {
        T part[VL];
        v_store(part, v);
        memcpy(w->to + w->skip, part + w->skip, i * sizeof(T));
        w->to += VL;
        w->skip = 0;
      } else {
        run_put(w, stream, v);
      }
    }
    for (; i + VL <= columns; i += VL) run_put(w, stream, v_load(row + i));
    w->held = columns - i;
    w->tail = v_load(row + i);
  }
}

INLINE void run_add(run_out *w, const T *row, size_t rows, size_t columns, size_t pitch) {
  if (w->stream)
    run_rows(w, true, row, rows, columns, pitch);
  else
    run_rows(w, false, row, rows, columns, pitch);
}

static void run_end(run_out *w) {
  T part[VL];
  v_store(part, w->tail);
  memcpy(w->to + w->skip, part + w->skip, (w->held - w->skip) * sizeof(T));
  if (w->stream) v_stream_end();
}

/* to[p * pitch + j] = (vector of j)[p] for p < VL, j = 1, 2, ... (numbers of j = 0 are the same for all points). */
#define TURN(to, pitch, columns, vector_of_j)                                              \
  for (int j0_ = 1; j0_ < (columns); j0_ += VL) {                                          \
    vec r_[VL];                                                                            \
    UNROLL_VL for (int i_ = 0; i_ < VL; i_++) {                                            \
      const int j = j0_ + i_;                                                              \
      r_[i_] = (vector_of_j);                                                              \
    }                                                                                      \
    v_transpose(r_);                                                                       \
    T *to_ = (to) + j0_;                                                                   \
    UNROLL_VL for (int p_ = 0; p_ < VL; p_++, to_ += (pitch)) v_store(to_, r_[p_]);        \
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

INLINE void harmonics_of(const harmonics_table *t, int l_max, const points *p, vec *y) {
  const T *start = t->start, *step = t->step;
  vec c = v_set1(1), s = v_zero();
  {
    vec before = v_zero(), now = v_set1(start[0]), *to = y;
    *to = now;
    for (int l = 1; l <= l_max; l++) {
      const vec low = v_set1(step[1]) * p->square * before, up = v_set1(step[0]) * p->z;
      before = now;
      now = up * now - low;
      to += 2 * l;
      *to = now;
      step += 2;
    }
  }
  for (int m = 1; m <= l_max; m++) {
    const vec turned = p->x * c - p->y * s;
    s = p->x * s + p->y * c;
    c = turned;
    vec before = v_zero(), now = v_set1(start[m]), *plus = y + m * (m + 2), *minus = y + m * m;
    *plus = now * c;
    *minus = now * s;
    for (int l = m + 1; l <= l_max; l++) {
      const vec low = v_set1(step[1]) * p->square * before, up = v_set1(step[0]) * p->z;
      before = now;
      now = up * now - low;
      plus += 2 * l;
      minus += 2 * l;
      *plus = now * c;
      *minus = now * s;
      step += 2;
    }
  }
}

/* ---- all points ---- */

INLINE const vec *at(const vec *base, int32_t bytes) {
  return (const vec *)(const void *)((const char *)base + bytes);
}

/* A stage of `rows` rows: row r starts one number before a vector's place, with the number that all rows share. */
INLINE T *stage_at(T *memory, int rows, int pitch, T shared) {
  T *const row = memory + VL - 1;
  for (int r = 0; r < rows; r++) row[r * pitch] = shared;
  return row;
}

INLINE void run(const harmonics_table *t, int l_max, bool solid, size_t n, const T *xyz, T *y, T *dy, T *scratch) {
  const int columns = (l_max + 1) * (l_max + 1), pitch = (columns + VL - 2) / VL * VL + VL;
  vec *const value = (vec *)(void *)scratch, *const pulled = value + columns + VL, *const sunk = pulled + columns + VL;
  T *const memory = (T *)(sunk + columns + VL);
  T *rows[2], *rates[2];
  for (int k = 0; k < 2; k++) {
    rows[k] = stage_at(memory + 4 * k * VL * pitch, VL, pitch, ((const T *)t->start)[0]);
    rates[k] = stage_at(memory + (4 * k + 1) * VL * pitch, 3 * VL, pitch, 0);
  }
  run_out out = run_start(y, n * (size_t)columns * sizeof(T)), d_out = {0};
  if (dy) d_out = run_start(dy, 3 * n * (size_t)columns * sizeof(T));
  size_t wait = 0;
  for (size_t i = 0, k = 0; i < n; i += VL, xyz += 3 * VL, k ^= 1) {
    const size_t count = n - i < VL ? n - i : VL;
    const points p = load_points(t, solid, xyz, count);
    harmonics_of(t, l_max, &p, value);
    TURN(rows[k], pitch, columns, value[j]);
    run_add(&out, rows[k ^ 1], wait, (size_t)columns, (size_t)pitch);
    if (dy) {
      const vec axis[3] = {p.x, p.y, p.z};
      if (!solid)
        for (int l = 1, j = 1; l <= l_max; l++)
          for (const int end = (l + 1) * (l + 1); j < end; j++) {
            pulled[j] = value[j] * p.inverse;
            sunk[j] = pulled[j] * v_set1((T)l);
          }
      pulled[0] = value[0] * p.inverse;
      UNROLL for (int a = 0; a < 3; a++) {
        const T *factor = (const T *)t->pull + 2 * a * columns;
        const int32_t *from = t->from + 2 * a * columns;
        T *const to = rates[k] + t->axis[a] * pitch;
        if (solid) {
          TURN(to, 3 * pitch, columns,
               v_set1(factor[2 * j]) * *at(value, from[2 * j]) + v_set1(factor[2 * j + 1]) * *at(value, from[2 * j + 1]));
        } else if (a < 2) {
          TURN(to, 3 * pitch, columns,
               v_set1(factor[2 * j]) * *at(pulled, from[2 * j]) +
                   v_set1(factor[2 * j + 1]) * *at(pulled, from[2 * j + 1]) - axis[a] * sunk[j]);
        } else {
          TURN(to, 3 * pitch, columns, v_set1(factor[2 * j]) * *at(pulled, from[2 * j]) - axis[a] * sunk[j]);
        }
      }
      run_add(&d_out, rates[k ^ 1], 3 * wait, (size_t)columns, (size_t)pitch);
    }
    wait = count;
    if (n - i <= VL) {
      run_add(&out, rows[k], wait, (size_t)columns, (size_t)pitch);
      if (dy) run_add(&d_out, rates[k], 3 * wait, (size_t)columns, (size_t)pitch);
    }
  }
  run_end(&out);
  if (dy) run_end(&d_out);
}

void K(harmonics)(const harmonics_table *t, size_t n, const void *xyz, void *y, void *dy, void *scratch) {
  run(t, t->l_max, t->solid, n, xyz, y, dy, scratch);
}
