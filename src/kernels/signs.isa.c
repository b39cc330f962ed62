/* Frames that differ by signs (engine findings, section 3): combinations of d arrays with signs, and signed copies. */
#include "simd.h"

enum { SIGNS = 512 }; /* of a group of frames, in the element type */

/* Frames whose signs are at hand, in groups: signs of frame f, coordinate c, at [f * d + c]. */
INLINE size_t frames_at_once(size_t d, size_t frames) { return d * frames <= SIGNS ? frames : SIGNS / d; }

INLINE void take_signs(size_t frames, size_t d, const double *signs, T *to) {
  for (size_t i = 0; i < frames * d; i++) to[i] = (T)signs[i];
}

INLINE vec load_some(const T *p, size_t m) { return m < VL ? v_load_n(p, m) : v_load(p); }

INLINE void store_some(T *p, size_t m, vec v) {
  if (m < VL)
    v_store_n(p, m, v);
  else
    v_store(p, v);
}

INLINE void mix(size_t rows, size_t n, const size_t d, size_t frames, size_t group, const T *sign, const T *x, T *y) {
  for (size_t r = 0; r < rows; r++)
    for (size_t j = 0; j < n; j += VL) {
      vec in[8];
      const size_t m = n - j;
      UNROLL for (size_t c = 0; c < d; c++) in[c] = load_some(x + (c * rows + r) * n + j, m);
      T *to = y + r * frames * n + j;
      const T *s = sign;
      NO_UNROLL for (size_t f = 0; f < group; f++, to += n) {
        vec sum = in[0] * v_set1(*s++);
        UNROLL for (size_t c = 1; c < d; c++) sum = v_fma(in[c], v_set1(*s++), sum);
        store_some(to, m, sum);
      }
    }
}

/* Runs `call(D)` for each group of frames whose signs fit, with d as a constant: the group's signs are in `sign`, its
 * first frame is f. */
#define EACH_GROUP(call)                                              \
  T sign[SIGNS];                                                      \
  const size_t at_once = frames_at_once(d, frames);                   \
  for (size_t f = 0; f < frames; f += at_once) {                      \
    const size_t group = frames - f < at_once ? frames - f : at_once; \
    take_signs(group, d, signs + f * d, sign);                        \
    switch (d) {                                                      \
      case 1: call(1); break;                                         \
      case 2: call(2); break;                                         \
      case 3: call(3); break;                                         \
      case 4: call(4); break;                                         \
      case 5: call(5); break;                                         \
      case 6: call(6); break;                                         \
      case 7: call(7); break;                                         \
      case 8: call(8); break;                                         \
      default: break;                                                 \
    }                                                                 \
  }

void K(sign_mix)(size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *xv, void *yv) {
  T *y = yv;
#define MIX(D) mix(rows, n, D, frames, group, sign, xv, y + f * n)
  EACH_GROUP(MIX)
#undef MIX
}

INLINE void unmix(size_t rows, size_t n, const size_t d, size_t frames, size_t group, const T *sign, const T *x, T *y,
                  bool add) {
  for (size_t r = 0; r < rows; r++)
    for (size_t j = 0; j < n; j += VL) {
      vec sum[8];
      const size_t m = n - j;
      UNROLL for (size_t c = 0; c < d; c++) sum[c] = add ? load_some(y + (c * rows + r) * n + j, m) : v_zero();
      const T *from = x + r * frames * n + j, *s = sign;
      NO_UNROLL for (size_t f = 0; f < group; f++, from += n) {
        const vec v = load_some(from, m);
        UNROLL for (size_t c = 0; c < d; c++) sum[c] = v_fma(v, v_set1(*s++), sum[c]);
      }
      UNROLL for (size_t c = 0; c < d; c++) store_some(y + (c * rows + r) * n + j, m, sum[c]);
    }
}

void K(sign_unmix)(size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *xv, void *yv) {
  const T *x = xv;
#define UNMIX(D) unmix(rows, n, D, frames, group, sign, x + f * n, yv, f > 0)
  EACH_GROUP(UNMIX)
#undef UNMIX
}

/* The signs of one frame over and over: d vectors of them repeat exactly. */
INLINE void take_pattern(size_t d, const double *signs, T *pattern) {
  for (size_t i = 0, c = 0; i < VL * d; i++) {
    pattern[i] = (T)signs[c];
    if (++c == d) c = 0;
  }
}

void K(sign_frames)(size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *xv, void *yv) {
  T pattern[VL * 8];
  for (size_t f = 0; f < frames; f++) {
    take_pattern(d, signs + f * d, pattern);
    for (size_t r = 0; r < rows; r++) {
      const T *x = (const T *)xv + r * n, *p = pattern;
      T *y = (T *)yv + (r * frames + f) * n;
      for (size_t j = 0; j < n; j += VL) {
        store_some(y + j, n - j, load_some(x + j, n - j) * v_load(p));
        p = p + VL == pattern + VL * d ? pattern : p + VL;
      }
    }
  }
}

void K(sign_fold)(size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *xv, void *yv) {
  T pattern[VL * 8];
  for (size_t f = 0; f < frames; f++) {
    take_pattern(d, signs + f * d, pattern);
    for (size_t r = 0; r < rows; r++) {
      const T *x = (const T *)xv + (r * frames + f) * n, *p = pattern;
      T *y = (T *)yv + r * n;
      for (size_t j = 0; j < n; j += VL) {
        vec v = load_some(x + j, n - j) * v_load(p);
        if (f) v = v + load_some(y + j, n - j);
        store_some(y + j, n - j, v);
        p = p + VL == pattern + VL * d ? pattern : p + VL;
      }
    }
  }
}
