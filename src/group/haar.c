/* The invariant measure of the orthogonal groups: QR of a Gaussian matrix with R's diagonal positive (Mezzadri 2007).
 */
#include "family.h"

#include <math.h>

/* Gram-Schmidt, twice over, on the columns. False when they are dependent, which has probability 0. */
static bool orthonormalise(int d, double *r) {
  for (int j = 0; j < d; j++) {
    for (int pass = 0; pass < 2; pass++) {
      for (int k = 0; k < j; k++) {
        double dot = 0;
        for (int i = 0; i < d; i++) dot += r[i * d + k] * r[i * d + j];
        for (int i = 0; i < d; i++) r[i * d + j] -= dot * r[i * d + k];
      }
      double norm = 0;
      for (int i = 0; i < d; i++) norm += r[i * d + j] * r[i * d + j];
      norm = sqrt(norm);
      if (norm < 1e-8) return false;
      for (int i = 0; i < d; i++) r[i * d + j] /= norm;
    }
  }
  return true;
}

void haar_orthogonal(int d, bool special, weyl_rng *rng, double *r) {
  do {
    for (int i = 0; i < d * d; i++) r[i] = weyl_rng_normal(rng);
  } while (!orthonormalise(d, r));
  /* Reversing one column maps the measure of O(d) off SO(d) onto that of SO(d). */
  if (special && weyl_det((size_t)d, r) < 0) {
    for (int i = 0; i < d; i++) r[i * d] = -r[i * d];
  }
}
