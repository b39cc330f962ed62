/* Vectors of angular momentum: eigenvectors of symmetric tridiagonal matrices whose eigenvalues are known. */
#ifndef WEYL_IRREP_TRIDIAGONAL_H
#define WEYL_IRREP_TRIDIAGONAL_H

#include <weyl/irrep.h>

enum { TRIDIAGONAL_MAX = 2 * WEYL_L_MAX + 1 };

/* v [n] of unit length with v[n - 1] > 0 and A v = 0; A has the diagonal given (the eigenvalue taken off) and beside[i]
 * > 0 between i and i + 1.  Right to rounding in every entry; entries that vanish are exactly 0. */
void tridiagonal_vector(int n, const double *diagonal, const double *beside, double *v);

#endif
