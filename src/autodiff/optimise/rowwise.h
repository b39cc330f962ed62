/* rowwise.h: nodes as steps over rows of numbers: elementwise ones, with the rows they gather and the sums they end in.
 */
#ifndef WEYL_ROWWISE_H
#define WEYL_ROWWISE_H

#include "../graph.h"

#define WEYL_NOBODY UINT32_MAX

/* Where the numbers of an operand are: row i of the step is row (i / div) * times (+ i % div if rest) of the array, or
 * the row that index names there. */
typedef struct weyl_row_source {
  uint32_t value; /* its array */
  uint32_t index; /* value with the rows, or WEYL_NOBODY */
  int64_t div, times;
  int64_t stride,
      offset;     /* rows that are parts of longer ones: numbers from one to the next, and in front; 0, 0: whole */
  bool rest, one; /* one: one number a row */
} weyl_row_source;

typedef struct weyl_rowwise {
  weyl_row_kind kind;
  int32_t f; /* weyl_unary or weyl_binary */
  int n_in;
  weyl_row_source in[3], out;
} weyl_rowwise;

/* Whether a node can be a step at all, */
bool weyl_rowwise_can(const weyl_node *node);
/* whether over rows of this width, and then how; */
bool weyl_rowwise_read(const weyl_graph *g, const weyl_node *node, int64_t width, weyl_rowwise *step);
/* and the widest row that its operands ask for, 0 when none will do. */
int64_t weyl_rowwise_width(const weyl_graph *g, const weyl_node *node);
bool weyl_rowwise_ends(const weyl_node *node); /* a sum: only a sum of each row can be read in the same pass */
/* The shape that a node goes over, its axis where rows of `width` numbers begin (-1: none), and the size of axes
 * from..to: a number times a count. */
const weyl_shape *weyl_rowwise_domain(const weyl_graph *g, const weyl_node *node);
int weyl_rowwise_cut(const weyl_shape *s, int64_t width);
void weyl_rowwise_size(const weyl_shape *s, int from, int to, int64_t *numbers, int32_t *count);
/* Through reshapes: the same numbers in the same order. */
uint32_t weyl_rowwise_root(const weyl_graph *g, uint32_t value);

#endif
