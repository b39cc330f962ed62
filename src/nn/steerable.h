/* steerable.h: what the layers on irreps share, private to the nn room. */
#ifndef WEYL_NN_STEERABLE_H
#define WEYL_NN_STEERABLE_H

#include <weyl/nn.h>

/* Records a failure; the null steerable. */
weyl_steerable weyl_steerable_fail(weyl_graph *g, weyl_status status, const char *fmt, ...) WEYL_PRINTF(3, 4);
/* A list without its blocks of 0 copies, in the graph's arena; empty and a failure kept (for `what`) if there is none
 * left or it breaks a bound. */
weyl_irreps weyl_irreps_kept(weyl_graph *g, weyl_irreps irreps, const char *what);
/* Copies over all blocks. */
int64_t weyl_irreps_copies(weyl_irreps irreps);
/* "1o" */
const char *weyl_irrep_name(const weyl_irrep *ir, char buffer[16]);
static inline bool weyl_irrep_same(const weyl_irrep *a, const weyl_irrep *b) {
  return a->l == b->l && a->parity == b->parity;
}
static inline bool weyl_irrep_invariant(const weyl_irrep *ir) { return ir->l == 0 && ir->parity == 1; }

/* Room for one tensor a block, in the graph's arena; NULL and a failure kept when there is none. */
weyl_tensor *weyl_steerable_room(weyl_graph *g, int32_t n);
/* All blocks of a kind side by side: [rows.., 2 l + 1, their copies]; null if there are none. */
weyl_tensor weyl_steerable_kind(weyl_steerable h, const weyl_irrep *kind);
/* Every kind of the list once, with its copies in all blocks. */
weyl_irreps weyl_irreps_kinds(weyl_graph *g, weyl_irreps irreps);
/* The copies of each kind [rows.., 2 l + 1, copies] dealt to the blocks of `irreps`. */
weyl_steerable weyl_steerable_from_kinds(weyl_graph *g, const weyl_tensor *by_kind, weyl_irreps kinds,
                                         weyl_irreps irreps);
/* Blocks [rows.., 2 l + 1, mul] one after another. */
weyl_steerable weyl_steerable_from_blocks(weyl_graph *g, const weyl_tensor *blocks, weyl_irreps irreps);
/* Of per-copy numbers [.., copies], those of one block, as a factor of the block: [.., 1, mul]. */
weyl_tensor weyl_steerable_copies(weyl_irreps irreps, int32_t block, weyl_tensor per_copy);
/* Each copy times its number, of the row or of all rows. */
weyl_steerable weyl_steerable_times(weyl_steerable h, weyl_tensor per_copy);
/* [rows.., copies]: the sum of x^2 over the orders of each copy, over 2 l + 1 if mean. */
weyl_tensor weyl_steerable_squares(weyl_steerable h, bool mean);

/* Whether the block is an invariant known to be one number in all rows. */
bool weyl_steerable_constant(weyl_steerable h, int32_t block, double *value);
weyl_steerable weyl_steerable_known(weyl_steerable h, int32_t block, double value); /* who calls this knows it is so */

/* ---- sums over couplings (steerable_couple.c) ---- */

/* One path: x [rows.., 2 l1 + 1, mul] with a block of y to sum `out`.  Where one of the degrees is 0 the coupling is x
 * times y, or their sum over the orders, and W the number weyl_coupling_simple: nothing but arithmetic. */
typedef struct weyl_couple_path {
  weyl_tensor x;
  int l1;
  int32_t y, out;    /* y -1: x is added as it is */
  double factor;     /* simple paths: of that arithmetic; others: of W in our gauge */
  weyl_tensor scale; /* [mul], or null: of each copy of x */
} weyl_couple_path;
/* W of a simple path; 0 for others. */
double weyl_coupling_simple(int l1, int l2, int l3, weyl_gauge gauge);
/* sum[k] [rows.., 2 l + 1, mul] of the paths to kind[k], null where none leads; false after a failure. */
bool weyl_steerable_couple(weyl_graph *g, weyl_steerable y, const weyl_couple_path *path, int32_t n,
                           const weyl_irrep *kind, int32_t n_out, weyl_tensor *sum);
/* Multiply-adds of a row (steerable_work.c): the kind that AUTO stands for. */
weyl_steerable_product_kind weyl_steerable_cheapest(weyl_irreps h, weyl_irreps y, weyl_irreps out, int64_t channels);
/* Whether degrees and parities let a and b couple to c. */
static inline bool weyl_irrep_couples(const weyl_irrep *a, const weyl_irrep *b, const weyl_irrep *c) {
  const int32_t least = a->l > b->l ? a->l - b->l : b->l - a->l;
  return a->parity * b->parity == c->parity && c->l >= least && c->l <= a->l + b->l;
}
/* Products of functions on the sphere and Poisson brackets, before the linear layer behind them. */
weyl_steerable weyl_steerable_functions(weyl_steerable h, weyl_steerable y, weyl_irreps out,
                                        const weyl_steerable_product_opts *o);

/* ---- parameters of linear layers, in the scope of the kind ---- */

/* The matrix, scaled. */
weyl_tensor weyl_steerable_weight(weyl_graph *g, weyl_shape shape, int64_t fan_in, const weyl_steerable_linear_opts *o);
/* The biases that this kind has, [mul], or null; y plus them. */
weyl_tensor weyl_steerable_bias(weyl_graph *g, const weyl_irrep *kind, int64_t fan_in,
                                const weyl_steerable_linear_opts *o);
weyl_tensor weyl_steerable_biased(weyl_tensor y, const weyl_irrep *kind, int64_t fan_in,
                                  const weyl_steerable_linear_opts *o);
/* [rows.., 2 l + 1, mul] for rows of x [rows.., dim]. */
weyl_tensor weyl_steerable_zeros(weyl_tensor x, const weyl_irrep *kind);

#endif
