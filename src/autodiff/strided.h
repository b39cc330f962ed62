/* strided.h: loops over dense outputs with broadcast inputs, collapsed to as few axes as the strides allow. */
#ifndef WEYL_STRIDED_H
#define WEYL_STRIDED_H

#include "engine.h"

#define WEYL_LOOP_INPUTS 3

/* The inner axis has stride 0 or 1 for every input (weyl_loop_make splits it off otherwise). */
typedef struct weyl_loop {
  int n_in, rank; /* outer axes */
  int64_t inner;  /* numbers of the inner axis */
  int64_t dim[WEYL_RANK_MAX], stride[WEYL_LOOP_INPUTS][WEYL_RANK_MAX];
  size_t inner_stride[WEYL_LOOP_INPUTS];
} weyl_loop;

void weyl_loop_make(weyl_loop *loop, const weyl_view *out, const weyl_view *in, int n_in);

/* Calls body(arg, out offset, input offsets) for each run of `inner` numbers; offsets in numbers. */
#define WEYL_LOOP_RUN(loop, BODY)                                                                   \
  do {                                                                                              \
    int64_t at_[WEYL_RANK_MAX] = {0}, off[WEYL_LOOP_INPUTS] = {0}, to = 0;                          \
    for (;;) {                                                                                      \
      BODY;                                                                                         \
      to += (loop).inner;                                                                           \
      int a_ = (loop).rank - 1;                                                                     \
      for (; a_ >= 0; a_--) {                                                                       \
        for (int k_ = 0; k_ < (loop).n_in; k_++) off[k_] += (loop).stride[k_][a_];                  \
        if (++at_[a_] < (loop).dim[a_]) break;                                                      \
        for (int k_ = 0; k_ < (loop).n_in; k_++) off[k_] -= (loop).stride[k_][a_] * (loop).dim[a_]; \
        at_[a_] = 0;                                                                                \
      }                                                                                             \
      if (a_ < 0) break;                                                                            \
    }                                                                                               \
  } while (0)

/* Copies an n-dimensional box of numbers of `size` bytes between any strides (in numbers). */
void weyl_copy_strided(size_t size, int rank, const int64_t *dim, void *to, const int64_t *to_stride, const void *from,
                       const int64_t *from_stride);
/* Row-major strides of a dense array. */
void weyl_dense_strides(int rank, const int64_t *dim, int64_t *stride);

#endif
