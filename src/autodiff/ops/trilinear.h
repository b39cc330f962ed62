/* Derivatives of a pair of operations on a plan: T(x, y, w), linear in each, and, with F = <g, T(x, y, w)>, its three
 * derivatives dF/dx, dF/dy, dF/dw of (x, y, g, w).  F is linear in each of the four, so that derivatives of the second
 * are again both, with one operand exchanged: any order needs nothing else.
 *   T has operands x, y, [w,] rest...; its derivatives x, y, g, [w,] rest... and attr.n outputs, 2 without w. */
#ifndef WEYL_TRILINEAR_H
#define WEYL_TRILINEAR_H

#include "../graph.h"

enum { TRILINEAR_IN = 8 };

typedef struct trilinear {
  const weyl_op *op, *back;
  const weyl_attr *attr;
  weyl_tensor rest[TRILINEAR_IN]; /* operands that nothing is differentiated by */
  int n_rest;
} trilinear;

/* The pair, from a node of either; its operands are x, y, g (null for T) and w (null without). */
static inline trilinear trilinear_of(weyl_graph *g, const weyl_node *node, const weyl_op *op, const weyl_op *back,
                                     weyl_tensor x[4]) {
  trilinear t = {.op = op, .back = back, .attr = &node->attr};
  int i = 0;
  x[0] = weyl_node_in(g, node, i++);
  x[1] = weyl_node_in(g, node, i++);
  x[2] = node->op == back ? weyl_node_in(g, node, i++) : WEYL_NULL_TENSOR;
  x[3] = node->attr.n == 3 ? weyl_node_in(g, node, i++) : WEYL_NULL_TENSOR;
  while (i < node->n_in) t.rest[t.n_rest++] = weyl_node_in(g, node, i++);
  return t;
}

/* T(x, y, w), or its derivatives if there is a g. */
static inline weyl_tensor trilinear_node(weyl_graph *g, const trilinear *t, weyl_tensor x, weyl_tensor y,
                                         weyl_tensor gradient, weyl_tensor w) {
  weyl_tensor in[TRILINEAR_IN] = {x, y};
  int n = 2;
  if (gradient.graph) in[n++] = gradient;
  if (w.graph) in[n++] = w;
  for (int i = 0; i < t->n_rest; i++) in[n++] = t->rest[i];
  return weyl_node_new(g, gradient.graph ? t->back : t->op, in, n, t->attr, NULL);
}

static inline void trilinear_add(weyl_tensor *sum, weyl_tensor term) {
  *sum = sum->graph ? weyl_add(*sum, term) : term;
}

static inline void trilinear_vjp(weyl_graph *g, const weyl_node *node, const weyl_op *back, const weyl_tensor *dy,
                                 weyl_tensor *dx) {
  weyl_tensor x[4];
  const trilinear t = trilinear_of(g, node, node->op, back, x);
  const weyl_tensor d = trilinear_node(g, &t, x[0], x[1], dy[0], x[3]);
  for (int k = 0; k < node->attr.n; k++) dx[k] = weyl_node_value(d, k);
}

/* What cotangent `dy` of output k adds to the derivatives dx of the operands x, y, g, w: those of F with operand k
 * exchanged for it. */
static inline void trilinear_back_add(weyl_graph *g, const trilinear *t, const weyl_tensor x[4], int k, weyl_tensor dy,
                                      weyl_tensor *dx) {
  enum { X, Y, G, W };
  static const int slot[3] = {X, Y, W}; /* of output k among the operands */
  weyl_tensor with[4] = {x[X], x[Y], x[G], x[W]};
  with[slot[k]] = dy;
  const weyl_tensor d = trilinear_node(g, t, with[X], with[Y], with[G], with[W]);
  for (int j = 0; j < t->attr->n; j++)
    if (j != k) trilinear_add(&dx[slot[j]], weyl_node_value(d, j));
  trilinear_add(&dx[G], trilinear_node(g, t, with[X], with[Y], WEYL_NULL_TENSOR, with[W]));
}

/* With cotangents a, b, c of the outputs the sum is F(a, y, g, w) + F(x, b, g, w) + F(x, y, g, c). */
static inline void trilinear_back_vjp(weyl_graph *g, const weyl_node *node, const weyl_op *op, const weyl_tensor *dy,
                                      weyl_tensor *dx) {
  weyl_tensor x[4];
  const trilinear t = trilinear_of(g, node, op, node->op, x);
  for (int k = 0; k < node->attr.n; k++)
    if (dy[k].graph) trilinear_back_add(g, &t, x, k, dy[k], dx);
}

#endif
