/* weyl/circle.h: functions and diffeomorphisms of the circle as trigonometric polynomials (group.h includes it).
 *
 * A function of k modes is c [2 k + 1] = a0, a1, b1, a2, b2, ...:
 *
 *   f(phi) = a0 + sum_n a_n cos(n phi) + b_n sin(n phi),   n = 1..k.
 *
 * A diffeomorphism F(phi) = phi + p(phi), F' > 0, is its periodic part p.  Samples stand at phi_j = 2 pi j / n.
 * Derivatives are those of the polynomial, exact to rounding.
 */
#ifndef WEYL_CIRCLE_H
#define WEYL_CIRCLE_H

#include <weyl/core.h>

WEYL_BEGIN_API

#define WEYL_CIRCLE_MODES 2048 /* at most, wherever modes are read */
#define WEYL_CIRCLE_ORDER 8    /* highest derivative */

/* f and its derivatives at phi, out [order + 1], order <= WEYL_CIRCLE_ORDER. Cost O(k). */
void weyl_circle_at(size_t k, const double *c, double phi, int order, double *out);
/* Samples [n] to modes c [2 k + 1], 2 k < n. Trailing modes that are all rounding (below 4 eps of the largest) are 0,
 * so that derivatives do not blow them up. */
void weyl_circle_modes(size_t n, const double *samples, size_t k, double *c);
/* The share of the upper third of the modes in the size of all: near 0 when k modes resolve the function, NaN sticks.
 * The constant does not count. */
double weyl_circle_tail(size_t k, const double *c);
/* Text such as "-1 + 0.3cos1 - 1e-2 sin2 + cos3", added up into c [2 k + 1]. WEYL_FORMAT with the position. */
WEYL_MUST_CHECK weyl_status weyl_circle_parse(weyl_context *ctx, const char *text, size_t k, double *c);
/* The highest mode of a text, to make room for it. */
WEYL_MUST_CHECK weyl_status weyl_circle_highest(weyl_context *ctx, const char *text, size_t *k);

/* The point phi with F(phi) = y, for F = phi + p; F' > 0 is the caller's. */
double weyl_circle_preimage(size_t k, const double *p, double y);
/* The least F' = 1 + p' seen on 8 k + 32 points: F is a diffeomorphism if it is above 0. */
double weyl_circle_slope(size_t k, const double *p);

WEYL_END_API
#endif
