/* Student's t, Fisher's F and the binomial, by the incomplete beta function. */
#ifndef WEYL_STUDY_SEM_DISTRIBUTIONS_H
#define WEYL_STUDY_SEM_DISTRIBUTIONS_H

double incomplete_beta(double a, double b, double x);          /* I_x(a, b), to about 1e-14 */
double student_two_sided(double t, double freedom);            /* P(|T| >= |t|) */
double student_quantile(double p, double freedom);             /* P(T <= q) = p, p >= 1/2 */
double fisher_two_sided(double f, double above, double below); /* 2 min(P(F <= f), P(F >= f)) */

#endif
