/* What kernels do with harmonics of results: weights of degrees, and their gradients. */
#ifndef WEYL_IRREP_SPHERE_RESULTS_H
#define WEYL_IRREP_SPHERE_RESULTS_H

#include "isa.h"

#include <simd.h>

enum { V = 64 / sizeof(T) };

/* to = weights times of, or added to what is there. */
INLINE void put_result(int l_max, const vec *of, const T *w, bool add, T *to) {
  for (int l = 0, i = 0; l <= l_max; l++) {
    vec weight = v_set1(1);
    if (w) weight = v_load(w + l * V);
    for (const int end = (l + 1) * (l + 1); i < end; i++) {
      vec v = weight * of[i];
      if (add) v = v + v_load(to + i * V);
      v_store(to + i * V, v);
    }
  }
}

/* Sums over orders of x times `of` are added to the weights' gradients. */
INLINE void add_weights(int l_max, const vec *of, const T *x, T *dw) {
  for (int l = 0, i = 0; dw && l <= l_max; l++) {
    vec sum = v_load(dw + l * V);
    for (const int end = (l + 1) * (l + 1); i < end; i++) sum = v_fma(of[i], v_load(x + i * V), sum);
    v_store(dw + l * V, sum);
  }
}

/* Where an array is at an item; NULL stays NULL. */
INLINE const T *lanes(const void *array, size_t at) { return array ? (const T *)array + at : NULL; }

INLINE T *lanes_to(void *array, size_t at) { return array ? (T *)array + at : NULL; }

#endif
