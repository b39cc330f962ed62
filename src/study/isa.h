/* isa.h: the kernels of this room, in single precision, compiled as those of the kernels room, once for each
 * instruction set. */
#ifndef WEYL_STUDY_ISA_H
#define WEYL_STUDY_ISA_H

#include <weyl/kernels.h>

/* Two paths side by side, x [n / 2][2], n a multiple of 64; x[-4..n + 69] is read. Bit i of `bits` (n / 64 words) is
 * set when the path of x[i] may cross the level between x[i] and x[i + 2], its next number: when they lie on different
 * sides of it (below, or not), or both slopes, by differences of fourth order, and the distance of the nearer end admit
 * two zeros of the cubic with these ends and slopes.
 *
 * Rows [m][n] of floats, everything else in double: dots, e[r] = rows[r] . v, and add_rows, sum += e[r] rows[r]. The
 * order of sums depends on m and n alone. Each brings half of the m rows near that follow `ahead` rows behind (0:
 * none): they are to be multiplied next. */
#define STUDY_KERNELS(F)                                                                     \
  F(crossings, (size_t n, float level, const float *x, uint64_t *bits))                      \
  F(dots, (size_t m, size_t n, const float *rows, const double *v, double *e, size_t ahead)) \
  F(add_rows, (size_t m, size_t n, const float *rows, const double *e, double *sum, size_t ahead))

#define F(name, args)             \
  void weyl_base_f32_##name args; \
  void weyl_avx2_f32_##name args; \
  void weyl_avx512_f32_##name args;
STUDY_KERNELS(F)
#undef F

/* The one of three functions that runs here: what the kernels room has chosen. */
#ifdef WEYL_HAS_X86_KERNELS
#define STUDY_KERNEL(name)                                       \
  (weyl_kernels_active()->isa[0] != 'a'   ? weyl_base_f32_##name \
   : weyl_kernels_active()->isa[3] == '2' ? weyl_avx2_f32_##name \
                                          : weyl_avx512_f32_##name)
#else
#define STUDY_KERNEL(name) weyl_base_f32_##name
#endif

#endif
