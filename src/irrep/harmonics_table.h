/* Real spherical harmonics of many points, by vectors of points: what the kernels (harmonics.isa.c) read.
 *
 * With P_l^m = N_l^m Q_l^m (Q the solid polynomials without the factors of phi, N all constants of the asked
 * normalisation) and c_m + i s_m = (x + i y)^m:
 *   P_m^m = start[m],   P_l^m = a z P_{l-1}^m - b r^2 P_{l-2}^m,   Y_l^m = P_l^m c_m,   Y_l^{-m} = P_l^m s_m.
 * Every derivative of a solid harmonic is a sum of two of one degree less, so that a gradient is a table of two places
 * and two factors.  That of the direction follows as (grad Y - l Y r) / |r| at r / |r|. */
#ifndef WEYL_IRREP_HARMONICS_TABLE_H
#define WEYL_IRREP_HARMONICS_TABLE_H

#include <weyl/kernels.h>

struct weyl_harmonics_opts;

typedef struct harmonics_table {
  int l_max;
  bool solid;          /* of the vector itself; else of its direction */
  int axis[3];         /* the polynomials' x, y, z among the three numbers of a point */
  weyl_dtype real;     /* of the arrays */
  const void *start;   /* [l_max + 1] */
  const void *step;    /* [for m, l > m]{a, b} */
  const void *pull;    /* [axis of the polynomials][(l_max + 1)^2]{factor, factor} of the derivatives */
  const int32_t *from; /* [the same]{place, place}, in bytes of vectors */
} harmonics_table;

/* Made in the arena. */
WEYL_MUST_CHECK weyl_status harmonics_table_make(weyl_arena *arena, const struct weyl_harmonics_opts *opts,
                                                 weyl_dtype real, harmonics_table *out);

/* Bytes of scratch of a run, which any 64-byte aligned memory serves. */
size_t harmonics_scratch(const harmonics_table *t);
/* An array of so many bytes has left the caches near a core before anyone reads it: it is better written past them. */
#define HARMONICS_STREAM_BYTES ((size_t)1 << 20)
/* xyz [n][3] -> y [n][(l_max + 1)^2], dy [n][3][(l_max + 1)^2] or NULL, by the instruction set in use. The direction of
 * a zero vector has harmonics 0 for l > 0, and gradient 0. */
void harmonics_run(const harmonics_table *t, bool stream, size_t n, const void *xyz, void *y, void *dy, void *scratch);

#endif
