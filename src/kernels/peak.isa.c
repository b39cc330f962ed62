/* The arithmetic peak: multiply-adds on registers alone. A core starts two vectors a cycle and takes four cycles or
 * five for each, so that ten or more must be under way; twelve leave registers for the factors. */
#include "simd.h"

enum { CHAINS = 6, ROUND = 2 * CHAINS };

void K(multiply_add)(size_t rounds, double *flops) {
  /* read from memory and written to it at the end, so that no compiler computes the answer beforehand, or one chain for
   * several that it sees to be equal */
  const volatile T factor = (T)0.5, term = 1;
  volatile T end;
  const vec a = v_set1(factor), b = v_set1(term);
  vec x[2][CHAINS];
  UNROLL for (int i = 0; i < 2; i++) UNROLL for (int c = 0; c < CHAINS; c++) x[i][c] = v_set1(term);
  for (size_t r = 0; r < rounds; r++)
    UNROLL for (int i = 0; i < 2; i++) UNROLL for (int c = 0; c < CHAINS; c++) x[i][c] = v_fma(x[i][c], a, b);
  vec sum = v_zero();
  UNROLL for (int i = 0; i < 2; i++) UNROLL for (int c = 0; c < CHAINS; c++) sum += x[i][c];
  end = v_sum(sum);
  (void)end;
  *flops = 2.0 * ROUND * VL * (double)rounds;
}
