/* fused.h: a step made of many elementwise nodes, as a row program whose operands are not bound yet. */
#ifndef WEYL_FUSED_H
#define WEYL_FUSED_H

#include "../graph.h"

#define WEYL_FUSED_INPUTS  48
#define WEYL_FUSED_OUTPUTS WEYL_OUTPUTS_MAX
#define WEYL_FUSED_STEPS   64

typedef enum weyl_fused_place {
  WEYL_FUSED_NOTHING,
  WEYL_FUSED_INPUT,
  WEYL_FUSED_OUTPUT,
  WEYL_FUSED_REGISTER
} weyl_fused_place;

typedef struct weyl_fused_operand {
  weyl_fused_place place;
  int32_t n;     /* which input, output or register */
  int32_t index; /* input that holds the rows, or -1 */
  int64_t div, times, stride, offset;
  bool rest, one;
} weyl_fused_operand;

typedef struct weyl_fused_step {
  weyl_row_kind kind;
  int32_t f;
  weyl_fused_operand in[WEYL_ROW_ADDENDS + 1], out[2];
} weyl_fused_step;

/* attr.data of the node; attr.n outputs. */
typedef struct weyl_fused {
  weyl_shape rows; /* its size is the number of rows */
  int64_t width;
  int32_t n_steps, registers;
  weyl_fused_step *steps;
  weyl_value *outputs; /* shapes and types */
  double operations;   /* a row */
} weyl_fused;

extern const weyl_op weyl_op_fused;

#endif
