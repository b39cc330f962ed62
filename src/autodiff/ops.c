/* The operation table, from ops/ops.def. */
#include "engine.h"

const weyl_op *const weyl_ops_all[] = {
#define WEYL_OP(name) &weyl_op_##name,
#include "ops/ops.def"
#undef WEYL_OP
};
const size_t weyl_ops_count = sizeof weyl_ops_all / sizeof *weyl_ops_all;

weyl_tensor weyl_example_input(weyl_example *ex, weyl_shape shape) {
  char name[8];
  snprintf(name, sizeof name, "x%d", ex->n_in++);
  return weyl_input(ex->graph, name, weyl_graph_dtype(ex->graph), shape);
}

weyl_tensor weyl_example_index(weyl_example *ex, weyl_shape shape, int64_t limit, bool sorted) {
  char name[8];
  ex->limit[ex->n_in] = limit;
  ex->sorted[ex->n_in] = sorted;
  snprintf(name, sizeof name, "x%d", ex->n_in++);
  return weyl_input(ex->graph, name, WEYL_I32, shape);
}
