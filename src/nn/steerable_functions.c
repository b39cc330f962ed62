/* steerable_functions.c: products of functions on the sphere, and their Poisson brackets: couplings with fixed factors
 * between linear layers, rank-one weights of the paths (S. Luo et al., arXiv 2401.10216; A. Bochkarev et al., arXiv
 * 2605.15073). */
#include "steerable.h"

#include <math.h>

/* One block of `channels` copies for every kind of the list: first the functions on the sphere, of parity (-1)^l, then
 * the pseudo functions; by degree. */
static weyl_irreps functions(weyl_graph *g, weyl_irreps like, int64_t channels) {
  weyl_irrep *item = weyl_arena_array(weyl_graph_arena(g), weyl_irrep, like.n + 1);
  weyl_irreps list = {.item = item};
  if (!item) (void)weyl_graph_fail(g, WEYL_MEMORY, "the irreps of functions");
  for (int sign = 1; item && sign >= -1; sign -= 2)
    for (int l = 0; l <= weyl_irreps_l_max(like); l++) {
      const int parity = l % 2 ? -sign : sign;
      if (weyl_irreps_count(like, l, parity) > 0)
        item[list.n++] = (weyl_irrep){.mul = channels, .l = l, .parity = parity};
    }
  return list;
}

/* Factors of the paths: integrals of products or brackets.  Each of the two is scaled so that every degree of `out` has
 * the variance of the factors: one of them may have nothing to multiply, as brackets at first, where there are no
 * pseudo features. */
static double *path_factors(weyl_graph *g, weyl_paths paths, weyl_irreps out) {
  double *factor = weyl_arena_array(weyl_graph_arena(g), double, paths.n + 1);
  double *variance = weyl_arena_array(weyl_graph_arena(g), double, 2 * (int64_t)out.n);
  if (!factor || !variance) {
    (void)weyl_graph_fail(g, WEYL_MEMORY, "the factors of %lld paths", (long long)paths.n);
    return NULL;
  }
  for (int pass = 0; pass < 2; pass++)
    for (int64_t p = 0; p < paths.n; p++) {
      const weyl_path *q = &paths.item[p];
      const int odd = (q->l1 + q->l2 + q->l3) % 2;
      double *v = &variance[2 * q->out + odd];
      if (pass == 0) {
        factor[p] = odd ? weyl_poisson_factor(q->l1, q->l2, q->l3) : weyl_gaunt_factor(q->l1, q->l2, q->l3);
        *v += factor[p] * factor[p] / (2 * q->l3 + 1); /* sum W^2 = 1 over the 2 l3 + 1 orders */
      } else if (*v > 0) {
        factor[p] /= sqrt(*v);
      }
    }
  return factor;
}

/* What each block of y is multiplied by, copy by copy: as if a linear layer made `channels` functions of y. */
static weyl_tensor *scales(weyl_graph *g, weyl_irreps y, weyl_irreps kinds, const weyl_steerable_linear_opts *o) {
  weyl_tensor *scale = weyl_steerable_room(g, y.n);
  if (!scale) return NULL;
  weyl_scope(g, "y");
  for (int32_t k = 0; k < kinds.n; k++) {
    char text[16];
    const weyl_irrep *kind = &kinds.item[k];
    const int64_t copies = weyl_irreps_count(y, kind->l, kind->parity);
    weyl_scope(g, "%s", weyl_irrep_name(kind, text));
    const weyl_tensor w = weyl_steerable_weight(g, WEYL_SHAPE(weyl_num(kind->mul), weyl_num(copies)), copies, o);
    weyl_scope_end(g);
    for (int32_t j = 0, at = 0; j < y.n; j++)
      if (weyl_irrep_same(&y.item[j], kind))
        scale[j] = weyl_reshape(weyl_slice(w, 1, at++, 1, 1), WEYL_SHAPE(weyl_num(kind->mul)));
  }
  weyl_scope_end(g);
  return scale;
}

weyl_steerable weyl_steerable_functions(weyl_steerable h, weyl_steerable y, weyl_irreps out,
                                        const weyl_steerable_product_opts *o) {
  weyl_graph *g = h.x.graph;
  int64_t channels = o->channels;
  for (int32_t i = 0; o->channels == 0 && i < out.n; i++)
    if (out.item[i].mul > channels) channels = out.item[i].mul;
  const weyl_irreps list = functions(g, out, channels), other = functions(g, y.irreps, channels);
  const weyl_steerable_linear_opts plain = {.no_bias = true, .uniform = o->linear.uniform, .gain = sqrt(3)};
  h = weyl_steerable_linear(h, "x", functions(g, h.irreps, channels), &plain);
  if (!weyl_tensor_valid(h.x)) return (weyl_steerable){0};
  const weyl_tensor *scale = scales(g, y.irreps, other, &plain);
  weyl_paths paths;
  const weyl_path_kind kind = o->kind == WEYL_STEERABLE_GAUNT ? WEYL_PATH_EVEN : WEYL_PATH_ALL;
  const weyl_status status =
      weyl_paths_find(weyl_graph_context(g), weyl_graph_arena(g), h.irreps, other, list, kind, &paths);
  if (status != WEYL_OK) return weyl_steerable_fail(g, status, "the paths of a product");
  const double *factor = path_factors(g, paths, list);
  const int64_t most = paths.n * y.irreps.n;
  weyl_couple_path *path = weyl_arena_array(weyl_graph_arena(g), weyl_couple_path, most + 1);
  weyl_tensor *sum = weyl_steerable_room(g, list.n);
  if (!factor || !scale || !path || !sum || most > INT32_MAX)
    return weyl_steerable_fail(g, WEYL_MEMORY, "%lld paths", (long long)most);
  int32_t n = 0;
  for (int64_t p = 0; p < paths.n; p++)
    for (int32_t j = 0; j < y.irreps.n; j++) {
      const weyl_path *q = &paths.item[p];
      if (!weyl_irrep_same(&y.irreps.item[j], &other.item[q->in2])) continue;
      const double w = weyl_coupling_simple(q->l1, q->l2, q->l3, WEYL_GAUGE_WEYL);
      path[n++] = (weyl_couple_path){.x = weyl_steerable_block(h, q->in1),
                                     .l1 = q->l1,
                                     .y = j,
                                     .out = q->out,
                                     .factor = w != 0 ? factor[p] * w : factor[p],
                                     .scale = scale[j]};
    }
  if (!weyl_steerable_couple(g, y, path, n, list.item, list.n, sum)) return (weyl_steerable){0};
  for (int32_t k = 0; k < list.n; k++)
    if (!weyl_tensor_valid(sum[k])) sum[k] = weyl_steerable_zeros(h.x, &list.item[k]);
  return weyl_steerable_from_blocks(g, sum, list);
}
