/* The axes of a product, taken apart and put together again. */
#include "optimise.h"

weyl_dot weyl_dot_read(weyl_graph *g, const weyl_tensor *in, const weyl_attr *attr) {
  weyl_dot d = {.in = {in[0], in[1]}, .n_batch = attr->n, .n_contract = attr->axis};
  for (int side = 0; side < 2; side++) {
    bool used[WEYL_RANK_MAX] = {false};
    for (int i = 0; i < d.n_batch; i++) used[d.batch[side][i] = (int)attr->i[4 * side + i]] = true;
    for (int i = 0; i < d.n_contract; i++) used[d.contract[side][i] = (int)attr->i[8 + 4 * side + i]] = true;
    for (int a = 0; a < g->values[in[side].id].shape.rank; a++)
      if (!used[a]) d.free[side][d.n_free[side]++] = a;
  }
  return d;
}

weyl_tensor weyl_dot_make(const weyl_dot *d) {
  return weyl_dot_general(d->in[0], d->in[1], d->n_batch, d->batch[0], d->batch[1], d->n_contract, d->contract[0],
                          d->contract[1]);
}
