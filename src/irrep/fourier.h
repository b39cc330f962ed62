/* A small Fourier transform: complex, in double, of power-of-two length, in one and two dimensions. */
#ifndef WEYL_IRREP_FOURIER_H
#define WEYL_IRREP_FOURIER_H

#include <stddef.h>

typedef struct fourier {
  size_t n;            /* a power of 2 */
  const double *turns; /* [n / 2][2]: e^(-2 pi i k / n) */
} fourier;

/* room [n] */
fourier fourier_new(size_t n, double *room);
/* z [n][2] in place: sum_k z_k e^(-+ 2 pi i j k / n), + for backward; not divided by n. */
void fourier_line(const fourier *plan, int backward, double *z);
/* z [n][n][2], along both; column [n][2] is scratch. */
void fourier_plane(const fourier *plan, int backward, double *z, double *column);

#endif
