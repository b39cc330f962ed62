/* steerable_linear.c: maps between copies of equal irreps, the linear maps that commute with O(3) (Schur). */
#include "steerable.h"

#include <math.h>

/* [rows.., dim] -> [rows.., 2 l + 1, n] of zeros */
static weyl_tensor zeros(weyl_tensor x, const weyl_irrep *kind, int64_t n) {
  weyl_shape s = weyl_tensor_shape(x);
  s.dim[s.rank - 1] = weyl_num(2 * kind->l + 1);
  s.dim[s.rank++] = weyl_num(n);
  return weyl_constant(x.graph, 0, s);
}

/* [rows.., m, in] x [rows.., types] -> [rows.., m, types, in] */
static weyl_tensor outer(weyl_tensor x, weyl_tensor types) {
  const int m = weyl_rank(x) - 2;
  return weyl_mul(weyl_unsqueeze(x, m + 1), weyl_unsqueeze(weyl_unsqueeze(types, m + 1), m));
}

/* The map of one kind to `n` copies; types may be null. */
static weyl_tensor mixed(weyl_steerable h, weyl_tensor types, const weyl_irrep *kind, int64_t n,
                         const weyl_steerable_linear_opts *o) {
  weyl_graph *g = h.x.graph;
  const weyl_tensor x = weyl_steerable_kind(h, kind);
  const bool alone = !weyl_tensor_valid(types);
  const int64_t in = weyl_tensor_valid(x) ? weyl_dim_of(x, -1) : 0, fan_in = alone ? in : in * weyl_dim_of(types, -1);
  const double bound = fan_in > 0 ? 1 / sqrt((double)fan_in) : 0;
  weyl_tensor y;
  if (in == 0) {
    y = zeros(h.x, kind, n);
  } else {
    const int last = weyl_rank(x) - 1;
    const weyl_shape shape =
        alone ? WEYL_SHAPE(weyl_num(n), weyl_num(in)) : WEYL_SHAPE(weyl_num(n), weyl_num(fan_in / in), weyl_num(in));
    weyl_tensor w =
        weyl_param(g, "weight", shape, o->uniform ? weyl_init_uniform(-bound, bound) : weyl_init_normal(0, 1));
    if (!o->uniform) w = weyl_scale(w, bound);
    y = alone ? weyl_dot_general(x, w, 0, NULL, NULL, 1, (int[]){last}, (int[]){1})
              : weyl_dot_general(outer(x, types), w, 0, NULL, NULL, 2, (int[]){last, last + 1}, (int[]){1, 2});
  }
  if (o->no_bias || !weyl_irrep_invariant(kind)) return y;
  const weyl_init init = o->uniform && bound > 0 ? weyl_init_uniform(-bound, bound) : weyl_init_constant(0);
  return weyl_add(y, weyl_param(g, "bias", WEYL_SHAPE(weyl_num(n)), init));
}

static weyl_steerable layer(weyl_steerable h, weyl_tensor types, const char *name, weyl_irreps out,
                            const weyl_steerable_linear_opts *o) {
  weyl_graph *g = h.x.graph;
  out = weyl_irreps_kept(g, out, name);
  weyl_tensor *blocks = out.n > 0 ? weyl_steerable_room(g, out.n) : NULL;
  if (!blocks) return (weyl_steerable){0};
  weyl_scope(g, "%s", name);
  for (int32_t i = 0; i < out.n; i++) {
    const weyl_irrep *kind = &out.item[i];
    if (weyl_tensor_valid(blocks[i])) continue; /* made with the first block of its kind */
    char text[16];
    const int64_t n = weyl_irreps_count(out, kind->l, kind->parity);
    weyl_scope(g, "%s", weyl_irrep_name(kind, text));
    const weyl_tensor y = mixed(h, types, kind, n, o);
    weyl_scope_end(g);
    if (!weyl_tensor_valid(y)) break;
    int64_t at = 0;
    for (int32_t j = i; j < out.n; j++)
      if (weyl_irrep_same(&out.item[j], kind)) {
        blocks[j] = out.item[j].mul == n ? y : weyl_slice(y, weyl_rank(y) - 1, at, out.item[j].mul, 1);
        at += out.item[j].mul;
      }
  }
  weyl_scope_end(g);
  return weyl_steerable_from_blocks(g, blocks, out);
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
