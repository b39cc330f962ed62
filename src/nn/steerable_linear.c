/* steerable_linear.c: maps between copies of equal irreps, the linear maps that commute with O(3) (Schur). */
#include "steerable.h"

/* [rows.., m, in] x [rows.., types] -> [rows.., m, types, in] */
static weyl_tensor outer(weyl_tensor x, weyl_tensor types) {
  const int m = weyl_rank(x) - 2;
  return weyl_mul(weyl_unsqueeze(x, m + 1), weyl_unsqueeze(weyl_unsqueeze(types, m + 1), m));
}

/* The map of one kind to `n` copies; types may be null. */
static weyl_tensor mixed(weyl_steerable h, weyl_tensor types, const weyl_irrep *kind,
                         const weyl_steerable_linear_opts *o) {
  const weyl_tensor x = weyl_steerable_kind(h, kind);
  if (!weyl_tensor_valid(x)) return weyl_steerable_biased(weyl_steerable_zeros(h.x, kind), kind, 0, o);
  const bool alone = !weyl_tensor_valid(types);
  const int64_t in = weyl_dim_of(x, -1), n_types = alone ? 1 : weyl_dim_of(types, -1);
  const int last = weyl_rank(x) - 1;
  const weyl_shape shape = alone ? WEYL_SHAPE(weyl_num(kind->mul), weyl_num(in))
                                 : WEYL_SHAPE(weyl_num(kind->mul), weyl_num(n_types), weyl_num(in));
  const weyl_tensor w = weyl_steerable_weight(h.x.graph, shape, n_types * in, o);
  const weyl_tensor y =
      alone ? weyl_dot_general(x, w, 0, NULL, NULL, 1, (int[]){last}, (int[]){1})
            : weyl_dot_general(outer(x, types), w, 0, NULL, NULL, 2, (int[]){last, last + 1}, (int[]){1, 2});
  return weyl_steerable_biased(y, kind, n_types * in, o);
}

static weyl_steerable layer(weyl_steerable h, weyl_tensor types, const char *name, weyl_irreps out,
                            const weyl_steerable_linear_opts *o) {
  weyl_graph *g = h.x.graph;
  out = weyl_irreps_kept(g, out, name);
  const weyl_irreps kinds = weyl_irreps_kinds(g, out);
  weyl_tensor *y = kinds.n > 0 ? weyl_steerable_room(g, kinds.n) : NULL;
  if (!y) return (weyl_steerable){0};
  weyl_scope(g, "%s", name);
  for (int32_t k = 0; k < kinds.n; k++) {
    char text[16];
    weyl_scope(g, "%s", weyl_irrep_name(&kinds.item[k], text));
    y[k] = mixed(h, types, &kinds.item[k], o);
    weyl_scope_end(g);
  }
  weyl_scope_end(g);
  return weyl_steerable_from_kinds(g, y, kinds, out);
}

weyl_steerable weyl_steerable_linear(weyl_steerable h, const char *name, weyl_irreps out,
                                     const weyl_steerable_linear_opts *opts) {
  if (!weyl_tensor_valid(h.x)) return (weyl_steerable){0};
  const weyl_steerable_linear_opts o = opts ? *opts : (weyl_steerable_linear_opts){0};
  return layer(h, WEYL_NULL_TENSOR, name, out, &o);
}

weyl_steerable weyl_steerable_self(weyl_steerable h, weyl_tensor types, const char *name, weyl_irreps out) {
  if (!weyl_tensor_valid(h.x) || !weyl_tensor_valid(types)) return (weyl_steerable){0};
  const weyl_shape a = weyl_tensor_shape(h.x), b = weyl_tensor_shape(types);
  bool same = a.rank == b.rank && a.rank > 0 && b.dim[b.rank - 1].count == WEYL_NUMBER && b.dim[b.rank - 1].n > 0;
  for (int k = 0; same && k + 1 < a.rank; k++) same = a.dim[k].n == b.dim[k].n && a.dim[k].count == b.dim[k].count;
  if (!same) {
    char ta[160], tb[160];
    return weyl_steerable_fail(h.x.graph, WEYL_SHAPE, "self-interaction %s: types %s do not have the rows of %s", name,
                               weyl_shape_text(&b, tb), weyl_shape_text(&a, ta));
  }
  return layer(h, types, name, out, &(weyl_steerable_linear_opts){.no_bias = true});
}
