#ifndef WEYL_IRREP_EDGE_API_H
#define WEYL_IRREP_EDGE_API_H
#include <weyl/irrep.h>
WEYL_BEGIN_API
/* ---- convolution along edges ------------------------------------------------------------------------------------ */

/* Messages along the edges of a graph and their sum at each receiver, in one step (messages are never stored): for each
 * path p from block b of x and degree d of y to block k of out, and each copy u of the block,
 *   out_k[i][u, m3] = sum over edges e with receiver i of f_p R[e][p][u] sum over m1, m2 of
 *                     W[m1, m2, m3] x_b[sender of e][u, m1] y_d[e][m2]
 * (e3nn's "uvu" with one copy of each harmonic and weights for every edge, as in NequIP and MACE), W = weyl_wigner_3j.
 * The sum of g out is linear in x, R, y and g, and its gradient by any of them is the same sum without that one: the
 * calls below are closed under differentiation. */
typedef struct weyl_edge_product_opts { /* all zero: the defaults */
  weyl_layout layout;                   /* of x and out: WEYL_LAYOUT_BLOCKED, or WEYL_LAYOUT_ROWS; 0 is BLOCKED */
  weyl_gauge gauge;                     /* signs of W */
  const double *factor; /* f [paths]; NULL: sqrt((2 l3 + 1) / n), n the number of paths to the same block */
} weyl_edge_product_opts;
typedef struct weyl_edge_product weyl_edge_product;

typedef struct weyl_edges {
  int64_t n, senders, receivers;    /* edges; nodes of x, nodes of out */
  const int32_t *sender, *receiver; /* [n]; receivers ascend */
  const int32_t *row; /* [n] a permutation: the row of R and y that belongs to an edge; NULL: its number. For edges that
                         others stored by another order, as in the gradient by x */
} weyl_edges;

/* Blocks of `in` and `out` have equally many copies, the channels; those of `harmonics` one.  paths: as from
 * weyl_paths_find with blocks of equal copies, or any list of such (parities are not looked at); what several paths to
 * one block give is added.  dtype WEYL_F32 or WEYL_F64.  WEYL_BAD_ARG for a path out of range, off the triangle or of
 * other degrees than its blocks, and for choices out of range; WEYL_SHAPE for unequal copies; WEYL_UNSUPPORTED for
 * other layouts (weyl_layout_pack makes blocks of them).  The plan is constant and shared by all threads. */
WEYL_MUST_CHECK weyl_status weyl_edge_product_new(weyl_context *ctx, const weyl_edge_product_opts *opts,
                                                  weyl_dtype dtype, weyl_irreps in, weyl_irreps harmonics,
                                                  weyl_irreps out, weyl_paths paths, weyl_edge_product **plan);
void weyl_edge_product_free(weyl_edge_product *plan); /* NULL is fine */
/* The plan with x and out exchanged: its forward call on the edges with sender and receiver exchanged, sorted anew, is
 * the gradient of `plan` by x. */
WEYL_MUST_CHECK weyl_status weyl_edge_product_turned(weyl_context *ctx, const weyl_edge_product *plan,
                                                     weyl_edge_product **turned);
/* Numbers of one node of x (0), one edge of y (1), one node of out (2), one edge of R (3). */
int64_t weyl_edge_product_size(const weyl_edge_product *plan, int which);
size_t weyl_edge_product_work(const weyl_edge_product *plan); /* bytes of `work` in a call */
/* Multiplications, additions, and both in one, of one channel of one edge: forward, backward without and with the
 * gradient by y (way 0, 1, 2). */
double weyl_edge_product_ops(const weyl_edge_product *plan, int way);

/* x [senders], weights R [edges][paths][channels], y [edges][numbers of harmonics], out [receivers]; nodes without
 * edges get 0.  work: 64-byte aligned, of this call alone; nothing is allocated.  Sums run in the order of the edges.
 * WEYL_BAD_ARG, naming the edge, for an index out of range or receivers that do not ascend, before anything is
 * written. */
WEYL_MUST_CHECK weyl_status weyl_edge_product_forward(weyl_context *ctx, const weyl_edge_product *plan,
                                                      const weyl_edges *edges, const void *x, const void *weights,
                                                      const void *y, void *out, void *work);
/* Gradients like x, weights and y, or NULL, of a number whose gradient by out is g.  All together cost less than each
 * alone. */
WEYL_MUST_CHECK weyl_status weyl_edge_product_backward(weyl_context *ctx, const weyl_edge_product *plan,
                                                       const weyl_edges *edges, const void *x, const void *weights,
                                                       const void *y, const void *g, void *dx, void *dweights, void *dy,
                                                       void *work);

WEYL_END_API
#endif
