/* Products of a vector with a few rows, and the rows' weighted sum, in double: rows of floats, widened where they are
 * read, so that single precision halves what comes from memory and nothing else. */
#include "isa.h"

#include "simd.h"

enum { WIDE = VECTOR_BYTES / 8, AT_ONCE = 4 };
typedef float narrow __attribute__((vector_size(WIDE * sizeof(float))));
typedef double wide __attribute__((vector_size(VECTOR_BYTES)));

INLINE wide w_load(const double *p) {
  wide v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE wide w_row(const float *p) { /* gcc would convert in halves */
#if WEYL_LEVEL == 2
  return (wide)_mm512_cvtps_pd(_mm256_loadu_ps(p));
#elif WEYL_LEVEL == 1
  return (wide)_mm256_cvtps_pd(_mm_loadu_ps(p));
#else
  narrow v;
  memcpy(&v, p, sizeof v);
  return __builtin_convertvector(v, wide);
#endif
}

INLINE double w_sum(wide v) {
  double s = 0;
  UNROLL for (int i = 0; i < WIDE; i++) s += v[i];
  return s;
}

enum { LINE = 16 }; /* floats of a cache line */

/* Half of the rows that come next are brought near in either pass over these, evenly, so that memory is never idle. */
INLINE void bring(const size_t m, size_t n, const float *next, size_t at) {
  UNROLL for (size_t r = 0; r < m; r++) __builtin_prefetch(next + r * n + at, 0, 2);
}

INLINE void some_dots(const size_t m, size_t n, const float *row, const double *v, double *e, const float *next) {
  wide a[AT_ONCE] = {0}, b[AT_ONCE] = {0};
  size_t j = 0;
  for (; j + 2 * WIDE <= n; j += 2 * WIDE) {
    if (j % (2 * LINE) == 0) bring(m, n, next, j / 2);
    const wide v0 = w_load(v + j), v1 = w_load(v + j + WIDE);
    UNROLL for (size_t r = 0; r < m; r++) {
      a[r] += w_row(row + r * n + j) * v0;
      b[r] += w_row(row + r * n + j + WIDE) * v1;
    }
  }
  UNROLL for (size_t r = 0; r < m; r++) e[r] = w_sum(a[r] + b[r]);
  for (; j < n; j++)
    for (size_t r = 0; r < m; r++) e[r] += (double)row[r * n + j] * v[j];
}

void K(dots)(size_t m, size_t n, const float *rows, const double *v, double *e, size_t ahead) {
  size_t r = 0;
  for (; r + AT_ONCE <= m; r += AT_ONCE) some_dots(AT_ONCE, n, rows + r * n, v, e + r, rows + (r + ahead) * n);
  for (; r < m; r++) some_dots(1, n, rows + r * n, v, e + r, rows + (r + ahead) * n);
}

INLINE void some_rows(const size_t m, size_t n, const float *row, const double *e, double *sum, const float *next) {
  wide weight[AT_ONCE] = {0};
  UNROLL for (size_t r = 0; r < m; r++) weight[r] += e[r];
  size_t j = 0;
  for (; j + LINE <= n; j += LINE) {
    if (j % (2 * LINE) == 0) bring(m, n, next, (n + j) / 2);
    UNROLL for (size_t i = j; i < j + LINE; i += WIDE) {
      wide s = w_load(sum + i);
      UNROLL for (size_t r = 0; r < m; r++) s += w_row(row + r * n + i) * weight[r];
      memcpy(sum + i, &s, sizeof s);
    }
  }
  for (; j < n; j++)
    for (size_t r = 0; r < m; r++) sum[j] += (double)row[r * n + j] * e[r];
}

void K(add_rows)(size_t m, size_t n, const float *rows, const double *e, double *sum, size_t ahead) {
  size_t r = 0;
  for (; r + AT_ONCE <= m; r += AT_ONCE) some_rows(AT_ONCE, n, rows + r * n, e + r, sum, rows + (r + ahead) * n);
  for (; r < m; r++) some_rows(1, n, rows + r * n, e + r, sum, rows + (r + ahead) * n);
}
