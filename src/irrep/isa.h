/* The kernels of this room, compiled as those of the kernels room: K(name) for each instruction set and type. Nothing
 * here sees the public header of the room: a change of it does not compile the kernels again. */
#ifndef WEYL_IRREP_ISA_H
#define WEYL_IRREP_ISA_H

#include <weyl/kernels.h>

#include "harmonics_table.h"
#include "sphere_product.h"

typedef struct edge_tables edge_tables;
typedef struct edge_span edge_span;
typedef struct align_tables align_tables;
typedef struct align_span align_span;

#define IRREP_KERNELS(F)                                                                                             \
  F(harmonics, (const harmonics_table *t, bool stream, size_t n, const void *xyz, void *y, void *dy, void *scratch)) \
  F(sphere_product, (const sphere_product *p, sphere_product_kind kind, const sphere_arrays *a, int64_t block,       \
                     int64_t from, int64_t to, void *scratch))                                                       \
  F(sphere_powers, (const sphere_product *p, bool back, bool weights, const sphere_arrays *a, int64_t block,         \
                    int64_t from, int64_t to, void *scratch))                                                        \
  F(edge_forward, (const edge_tables *t, const edge_span *q, void *work))                                            \
  F(edge_backward, (const edge_tables *t, const edge_span *q, void *work))                                           \
  F(align_forward, (const align_tables *t, const align_span *q, void *work))                                         \
  F(align_backward, (const align_tables *t, const align_span *q, void *work))

#define IRREP_DECLARE(name, args)   \
  void weyl_base_f32_##name args;   \
  void weyl_base_f64_##name args;   \
  void weyl_avx2_f32_##name args;   \
  void weyl_avx2_f64_##name args;   \
  void weyl_avx512_f32_##name args; \
  void weyl_avx512_f64_##name args;
#define F(name, args) IRREP_DECLARE(name, args)
IRREP_KERNELS(F)
#undef F

/* 0 base, 1 avx2, 2 avx512: what the kernels room has chosen. */
static inline int irrep_isa(void) {
  const char *isa = weyl_kernels_active()->isa;
  return isa[0] != 'a' ? 0 : isa[3] == '2' ? 1 : 2;
}

/* The one of six functions that runs here. */
#ifdef WEYL_HAS_X86_KERNELS
#define IRREP_KERNEL(name, real)                                     \
  ((real) == WEYL_F32 ? (irrep_isa() == 2   ? weyl_avx512_f32_##name \
                         : irrep_isa() == 1 ? weyl_avx2_f32_##name   \
                                            : weyl_base_f32_##name)  \
                      : (irrep_isa() == 2   ? weyl_avx512_f64_##name \
                         : irrep_isa() == 1 ? weyl_avx2_f64_##name   \
                                            : weyl_base_f64_##name))
#else
#define IRREP_KERNEL(name, real) ((real) == WEYL_F32 ? weyl_base_f32_##name : weyl_base_f64_##name)
#endif

#endif
