/* One table, table_ISA, of the kernels of both types; TABLE_ISA is set by the includer. */
#define WEYL_ISA  TABLE_ISA
#define WEYL_TYPE f32
#include "declare.inc.h"
#undef WEYL_TYPE
#define WEYL_TYPE f64
#include "declare.inc.h"
#undef WEYL_TYPE
#undef WEYL_ISA

#define ROW(type, name)  KERNEL_JOIN(TABLE_ISA, type, name)
#define TEXT_(word)      #word
#define TEXT(word)       TEXT_(word)
#define TABLE_NAME_(isa) table_##isa
#define TABLE_NAME(isa)  TABLE_NAME_(isa)

/* clang-format off */
static const weyl_kernels TABLE_NAME(TABLE_ISA) = {
  .isa = TEXT(TABLE_ISA),
  .panel_bytes = PANEL_OF(TABLE_ISA),
#define X(U, l) [WEYL_F32][WEYL_UNARY_##U] = ROW(f32, unary_##l), [WEYL_F64][WEYL_UNARY_##U] = ROW(f64, unary_##l),
  .unary = {WEYL_UNARY_LIST(X)},
#undef X
#define X(U, l) [WEYL_F32][WEYL_BINARY_##U] = ROW(f32, binary_##l), [WEYL_F64][WEYL_BINARY_##U] = ROW(f64, binary_##l),
  .binary = {WEYL_BINARY_LIST(X)},
#undef X
#define F(name, args) .name = {ROW(f32, name), ROW(f64, name)},
  KERNEL_OTHERS(F)
#undef F
};
/* clang-format on */

#undef ROW
#undef TEXT
#undef TEXT_
#undef TABLE_NAME
#undef TABLE_NAME_
#undef TABLE_ISA
