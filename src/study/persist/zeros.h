/* zeros.h: zeros of a path between two points where it and its slope are known, by the cubic through them. */
#ifndef WEYL_PERSIST_ZEROS_H
#define WEYL_PERSIST_ZEROS_H

/* Zeros in (0, 1] of the cubic with x(0) = a, x'(0) = p, x(1) = b, x'(1) = q, rising, at most two are looked for: one
 * where the signs differ, two or none where they agree. Returns how many. */
int persist_zeros(double a, double p, double b, double q, double at[2]);
/* The least distance from zero, with the sign of a: of the ends and of an extremum between them. */
double persist_nearest(double a, double p, double b, double q);

#endif
