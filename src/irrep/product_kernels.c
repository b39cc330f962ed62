/* The tables of product kernels, one for each instruction set. */
#include "product.h"

#include <weyl/kernels.h>

#include <string.h>

#define NAME_(isa, type, name) weyl_##isa##_##type##_##name
#define NAME(isa, type, name)  NAME_(isa, type, name)

#define DECLARE(isa, type)                                                                                           \
  extern const product_unit NAME(isa, type, product_full_forward)[], NAME(isa, type, product_full_backward)[],       \
      NAME(isa, type, product_full_gradients)[], NAME(isa, type, product_even_forward)[],                            \
      NAME(isa, type, product_even_backward)[], NAME(isa, type, product_even_gradients)[];                           \
  void NAME(isa, type, product_table_forward)(const product_table *t, const product_span *q, void *scratch);         \
  void NAME(isa, type, product_table_backward)(const product_table *t, const product_span *q, bool weights,          \
                                               void *scratch);                                                       \
  void NAME(isa, type, product_pack)(size_t samples, size_t channels, size_t d, const void *x, size_t from_sample,   \
                                     size_t from_channel, size_t from_row, void *y, size_t to_sample,                \
                                     size_t to_block);                                                               \
  void NAME(isa, type, product_unpack)(size_t samples, size_t channels, size_t d, const void *y, size_t from_sample, \
                                       size_t from_block, void *x, size_t to_sample, size_t to_channel,              \
                                       size_t to_row);

#define BOTH(isa, name) \
  { NAME(isa, f32, name), NAME(isa, f64, name) }
#define WRITTEN(isa, type, kind)                                                           \
  {                                                                                        \
    NAME(isa, type, product_##kind##_forward), NAME(isa, type, product_##kind##_backward), \
        NAME(isa, type, product_##kind##_gradients)                                        \
  }
#define TABLE(set, width)                                          \
  DECLARE(set, f32)                                                \
  DECLARE(set, f64)                                                \
  static const product_kernels table_##set = {                     \
      .isa = #set,                                                 \
      .vector = width,                                             \
      .product_table_forward = BOTH(set, product_table_forward),   \
      .product_table_backward = BOTH(set, product_table_backward), \
      .product_pack = BOTH(set, product_pack),                     \
      .product_unpack = BOTH(set, product_unpack),                 \
      .full = {WRITTEN(set, f32, full), WRITTEN(set, f64, full)},  \
      .even = {WRITTEN(set, f32, even), WRITTEN(set, f64, even)},  \
  };

TABLE(base, 16)
#ifdef WEYL_HAS_X86_KERNELS
TABLE(avx2, 32)
TABLE(avx512, 64)
#endif

const product_kernels *product_kernels_active(void) {
#ifdef WEYL_HAS_X86_KERNELS
  const char *isa = weyl_kernels_active()->isa;
  if (strcmp(isa, "avx512") == 0) return &table_avx512;
  if (strcmp(isa, "avx2") == 0) return &table_avx2;
#endif
  return &table_base;
}
