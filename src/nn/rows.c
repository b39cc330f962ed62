/* rows.c: sums over all rows of a batch. */
#include "rows.h"

weyl_tensor weyl_as_rows(weyl_tensor x) {
  const weyl_shape s = weyl_tensor_shape(x);
  weyl_dim rows = weyl_num(1);
  for (int axis = 0; axis + 1 < s.rank; axis++) {
    if (s.dim[axis].count != WEYL_NUMBER && (axis > 0 || rows.count != WEYL_NUMBER)) return x;
    rows.n *= s.dim[axis].n;
    if (s.dim[axis].count != WEYL_NUMBER) rows.count = s.dim[axis].count;
  }
  return weyl_reshape(x, WEYL_SHAPE(rows, s.dim[s.rank - 1]));
}

weyl_tensor weyl_sum_rows(weyl_tensor x) {
  for (int axis = weyl_rank(x) - 2; axis >= 0; axis--) x = weyl_sum(x, axis);
  return x;
}

weyl_tensor weyl_row_count(weyl_tensor x) {
  weyl_graph *g = x.graph;
  const weyl_shape shape = weyl_tensor_shape(x);
  weyl_tensor n = weyl_scalar(g, 1);
  for (int axis = 0; axis + 1 < shape.rank; axis++) {
    n = weyl_scale(n, (double)shape.dim[axis].n);
    const int32_t count = shape.dim[axis].count;
    if (count != WEYL_NUMBER) n = weyl_mul(n, weyl_count_total(g, (weyl_count)(count % WEYL_COUNTS)));
  }
  return n;
}
