/* isa_test.h: FOR_SETS(kernel, run) { run(...); } once for each instruction set that this CPU has. */
#ifndef WEYL_STUDY_ISA_TEST_H
#define WEYL_STUDY_ISA_TEST_H

#include "isa.h"

#ifdef WEYL_HAS_X86_KERNELS
#define SETS(name) \
  { weyl_base_f32_##name, weyl_avx2_f32_##name, weyl_avx512_f32_##name }
enum { SETS_COUNT = 3 };
#else
#define SETS(name) \
  { weyl_base_f32_##name }
enum { SETS_COUNT = 1 };
#endif

static inline int next_set(int i) {
  static const char *const names[] = {"base", "avx2", "avx512"};
  while (i < SETS_COUNT && !weyl_kernels_named(names[i])) i++;
  return i;
}

#define FOR_SETS(name, run)                                                                        \
  for (int set_ = next_set(0), once_ = 1; set_ < SETS_COUNT; set_ = next_set(set_ + 1), once_ = 1) \
    for (__typeof__(&weyl_base_f32_##name) all_[] = SETS(name), run = all_[set_]; once_; once_ = 0)

#endif
