/* steerable_product.c: products of features on irreps with learned weights. */
#include "steerable.h"

#include <math.h>
#include <string.h>

weyl_steerable weyl_steerable_vectors(weyl_tensor vectors) {
  return weyl_tensor_valid(vectors) ? weyl_steerable_of(vectors, weyl_graph_irreps(vectors.graph, "1x1o"))
                                    : (weyl_steerable){0};
}

weyl_tensor weyl_steerable_vectors_of(weyl_steerable h) {
  if (!weyl_tensor_valid(h.x)) return WEYL_NULL_TENSOR;
  const weyl_irrep vector = {.mul = 1, .l = 1, .parity = -1};
  const weyl_tensor b = weyl_steerable_kind(h, &vector);
  if (!weyl_tensor_valid(b))
    return weyl_graph_fail(h.x.graph, WEYL_BAD_ARG, "steerable features: there are no vectors (1o)");
  return weyl_transpose(b, weyl_rank(b) - 2, weyl_rank(b) - 1);
}

/* ---- couplings of all paths -------------------------------------------------------------------------------------- */

/* The blocks that coupling every block of h with every block of y makes, of the kinds that `out` has. */
static weyl_steerable coupled(weyl_steerable h, weyl_steerable y, weyl_irreps out) {
  weyl_graph *g = h.x.graph;
  weyl_context *ctx = weyl_graph_context(g);
  weyl_arena *arena = weyl_graph_arena(g);
  const int64_t most = (int64_t)h.irreps.n * y.irreps.n * out.n;
  weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, most);
  weyl_tensor *blocks = most < INT32_MAX ? weyl_steerable_room(g, (int32_t)most) : NULL;
  if (!item || !blocks) return weyl_steerable_fail(g, WEYL_MEMORY, "%lld paths", (long long)most);
  int32_t n = 0;
  for (int32_t i = 0; i < h.irreps.n; i++)
    for (int32_t j = 0; j < y.irreps.n; j++)
      for (int32_t k = 0; k < out.n; k++) {
        const weyl_irrep *a = &h.irreps.item[i], *b = &y.irreps.item[j], *c = &out.item[k];
        bool first = true; /* of its kind */
        for (int32_t q = 0; q < k; q++) first = first && !weyl_irrep_same(c, &out.item[q]);
        if (!first || a->parity * b->parity != c->parity || c->l < abs(a->l - b->l) || c->l > a->l + b->l) continue;
        const int m1 = 2 * a->l + 1, m2 = 2 * b->l + 1, m3 = 2 * c->l + 1;
        double *w = weyl_arena_array(arena, double, m1 * m2 * m3);
        if (!w) return weyl_steerable_fail(g, WEYL_MEMORY, "a coupling");
        const weyl_status status = weyl_clebsch(ctx, a->l, b->l, c->l, WEYL_GAUGE_WEYL, w);
        if (status != WEYL_OK) return weyl_steerable_fail(g, status, "a coupling");
        const weyl_tensor x = weyl_steerable_block(h, i), z = weyl_steerable_block(y, j);
        const weyl_tensor table =
            weyl_constant_array(g, weyl_graph_dtype(g), WEYL_SHAPE(weyl_num(m1), weyl_num(m2), weyl_num(m3)), w);
        const int rows = weyl_rank(x) - 2;
        int axis[WEYL_RANK_MAX];
        for (int q = 0; q < rows; q++) axis[q] = q;
        /* [rows.., m1, m3], then [rows.., m3, copies] */
        const weyl_tensor t = weyl_dot_general(weyl_squeeze(z, rows + 1), table, 0, NULL, NULL, 1, (int[]){rows}, (int[]){1});
        blocks[n] = weyl_dot_general(t, x, rows, axis, axis, 1, (int[]){rows}, (int[]){rows});
        item[n++] = (weyl_irrep){.mul = a->mul, .l = c->l, .parity = c->parity};
      }
  if (n == 0) {
    const char *th = weyl_irreps_text(arena, h.irreps), *ty = weyl_irreps_text(arena, y.irreps),
               *to = weyl_irreps_text(arena, out);
    return weyl_steerable_fail(g, WEYL_BAD_ARG, "the product of %.80s and %.80s has nothing of %.80s", th ? th : "",
                               ty ? ty : "", to ? to : "");
  }
  return weyl_steerable_from_blocks(g, blocks, (weyl_irreps){.n = n, .item = item});
}

/* ---- products of functions --------------------------------------------------------------------------------------- */

/* Functions on the sphere have blocks of parity (-1)^l, side 0; pseudo functions the others, side 1. */
static int side_of(const weyl_irrep *ir) { return ir->parity == (ir->l % 2 ? -1 : 1) ? 0 : 1; }

static int side_l_max(weyl_irreps irreps, int side) {
  int l = -1;
  for (int32_t i = 0; i < irreps.n; i++)
    if (side_of(&irreps.item[i]) == side && irreps.item[i].l > l) l = irreps.item[i].l;
  return l;
}

/* Degrees 0 ... l_max of one side, `channels` copies each. */
static weyl_irreps functions(weyl_graph *g, int l_max, int side, int64_t channels) {
  weyl_irrep *item = weyl_arena_array(weyl_graph_arena(g), weyl_irrep, l_max + 1);
  if (!item) (void)weyl_graph_fail(g, WEYL_MEMORY, "the irreps of functions");
  for (int l = 0; item && l <= l_max; l++)
    item[l] = (weyl_irrep){.mul = channels, .l = l, .parity = (l % 2 ? -1 : 1) * (side ? -1 : 1)};
  return (weyl_irreps){.n = item ? l_max + 1 : 0, .item = item};
}
