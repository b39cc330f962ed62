/* The generator that published Python data sets were drawn with: 32-bit Mersenne twister (Matsumoto and Nishimura 1998,
 * the seeding of 2002), 53-bit uniforms and Marsaglia's polar normals.  Only for reproducing those sets; everything
 * else in weyl draws from weyl_rng. */
#ifndef WEYL_DATA_MT19937_H
#define WEYL_DATA_MT19937_H

#include <stdbool.h>
#include <stdint.h>

typedef struct mt19937 {
  uint32_t state[624];
  int next; /* words of `state` used up */
  bool has_spare;
  double spare; /* second normal of a pair; survives from array to array */
} mt19937;

void mt19937_seed(mt19937 *mt, uint32_t seed);
uint32_t mt19937_word(mt19937 *mt);
double mt19937_uniform(mt19937 *mt); /* [0, 1) */
double mt19937_normal(mt19937 *mt);
/* As n calls of mt19937_normal whose results nobody wants: no logarithms are taken. */
void mt19937_discard_normals(mt19937 *mt, int64_t n);

#endif
