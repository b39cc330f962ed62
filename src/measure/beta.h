/* Exact binomial bounds, for statements such as "at most 0.5 % of draws fail, at confidence 95 %". */
#ifndef WEYL_MEASURE_BETA_H
#define WEYL_MEASURE_BETA_H

#include <stdint.h>

/* The regularised incomplete beta function I_x(a, b), a, b > 0, 0 <= x <= 1, to about 1e-14 absolute. */
double weyl_beta_incomplete(double a, double b, double x);
/* One-sided Clopper-Pearson upper bound on a probability after `hits` of `trials`: the p at which seeing `hits` or
 * fewer has probability 1 - confidence. 1 when every trial hit, or when there were none (C. Clopper, E. Pearson,
 * Biometrika 26, 1934). */
double weyl_binomial_upper(int64_t hits, int64_t trials, double confidence);

#endif
