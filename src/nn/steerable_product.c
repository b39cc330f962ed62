/* steerable_product.c: products of features on irreps with learned weights.  All couplings of all copies are a product
 * that keeps every path apart and a linear layer that mixes the paths.  Products of functions on the sphere, and their
 * Poisson brackets, are couplings with fixed factors between linear layers: rank-one weights of the paths (S. Luo et
 * al., arXiv 2401.10216; A. Bochkarev et al., arXiv 2605.15073). */
#include "steerable.h"

#include <math.h>
#include <stdlib.h>

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

weyl_steerable weyl_steerable_harmonics(weyl_tensor vectors, int l_max, weyl_harmonics_norm norm) {
  if (!weyl_tensor_valid(vectors)) return (weyl_steerable){0};
  weyl_graph *g = vectors.graph;
  const weyl_tensor x = weyl_harmonics_of(vectors, &(weyl_harmonics_opts){.l_max = l_max, .norm = norm});
  weyl_irreps irreps = {0};
  if (!weyl_tensor_valid(x)) return (weyl_steerable){0};
  const weyl_status status = weyl_irreps_spherical(weyl_graph_context(g), weyl_graph_arena(g), l_max, &irreps);
  if (status != WEYL_OK) return weyl_steerable_fail(g, status, "harmonics to degree %d", l_max);
  return (weyl_steerable){.x = x, .irreps = irreps};
}

/* The failure of a plan; its message is that of the plan. */
static weyl_steerable no_plan(weyl_graph *g, weyl_status status) {
  return weyl_steerable_fail(g, status, "the plan of a product");
}

/* ---- every path apart -------------------------------------------------------------------------------------------- */

/* Couplings of every block of h with every block of y to the kinds of `out`, one block each. */
static weyl_steerable coupled(weyl_steerable h, weyl_steerable y, weyl_irreps out) {
  weyl_graph *g = h.x.graph;
  weyl_arena *arena = weyl_graph_arena(g);
  const int64_t most = (int64_t)h.irreps.n * y.irreps.n * out.n;
  weyl_irrep *made = weyl_arena_array(arena, weyl_irrep, most);
  weyl_path *path = weyl_arena_array(arena, weyl_path, most);
  if (most > INT32_MAX || !made || !path) return weyl_steerable_fail(g, WEYL_MEMORY, "%lld paths", (long long)most);
  int32_t n = 0;
  for (int32_t i = 0; i < h.irreps.n; i++)
    for (int32_t j = 0; j < y.irreps.n; j++)
      for (int32_t k = 0; k < out.n; k++) {
        const weyl_irrep *a = &h.irreps.item[i], *b = &y.irreps.item[j], *c = &out.item[k];
        bool before = false; /* two blocks of one kind in `out` share the linear layer's input */
        for (int32_t q = 0; q < k; q++) before = before || weyl_irrep_same(c, &out.item[q]);
        if (before || a->parity * b->parity != c->parity || c->l < abs(a->l - b->l) || c->l > a->l + b->l) continue;
        made[n] = (weyl_irrep){.mul = a->mul, .l = c->l, .parity = c->parity};
        path[n] = (weyl_path){.in1 = i, .in2 = j, .out = n, .l1 = a->l, .l2 = b->l, .l3 = c->l};
        n++;
      }
  const weyl_irreps list = {.n = n, .item = made};
  if (n == 0) {
    const char *th = weyl_irreps_text(arena, h.irreps), *ty = weyl_irreps_text(arena, y.irreps),
               *to = weyl_irreps_text(arena, out);
    return weyl_steerable_fail(g, WEYL_BAD_ARG, "the product of %.80s and %.80s has nothing of %.80s", th ? th : "",
                               ty ? ty : "", to ? to : "");
  }
  const weyl_product_opts opts = {.wiring = WEYL_WIRE_UVU, .weights = WEYL_WEIGHTS_NONE, .gauge = WEYL_GAUGE_E3NN};
  const weyl_tensor x =
      weyl_product_of(h.x, y.x, WEYL_NULL_TENSOR, &opts, h.irreps, y.irreps, list, (weyl_paths){.n = n, .item = path});
  return (weyl_steerable){.x = x, .irreps = list};
}

/* ---- products of functions --------------------------------------------------------------------------------------- */

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

/* Factors of the paths: integrals of products or brackets, scaled so that each degree of `out` has the variance of the
 * factors. */
static double *path_factors(weyl_graph *g, weyl_paths paths, weyl_irreps out) {
  double *factor = weyl_arena_array(weyl_graph_arena(g), double, paths.n + 1);
  double *variance = weyl_arena_array(weyl_graph_arena(g), double, out.n);
  if (!factor || !variance) {
    (void)weyl_graph_fail(g, WEYL_MEMORY, "the factors of %lld paths", (long long)paths.n);
    return NULL;
  }
  for (int64_t p = 0; p < paths.n; p++) {
    const weyl_path *q = &paths.item[p];
    const bool odd = (q->l1 + q->l2 + q->l3) % 2;
    factor[p] = odd ? weyl_poisson_factor(q->l1, q->l2, q->l3) : weyl_gaunt_factor(q->l1, q->l2, q->l3);
    variance[q->out] += factor[p] * factor[p] / (2 * q->l3 + 1); /* sum W^2 = 1 over the 2 l3 + 1 orders */
  }
  for (int64_t p = 0; p < paths.n; p++)
    if (variance[paths.item[p].out] > 0) factor[p] /= sqrt(variance[paths.item[p].out]);
  return factor;
}

static weyl_steerable multiplied(weyl_steerable h, weyl_steerable y, weyl_irreps out,
                                 const weyl_steerable_product_opts *o) {
  weyl_graph *g = h.x.graph;
  int64_t channels = o->channels;
  for (int32_t i = 0; o->channels == 0 && i < out.n; i++)
    if (out.item[i].mul > channels) channels = out.item[i].mul;
  const weyl_irreps list = functions(g, out, channels);
  const weyl_steerable_linear_opts plain = {.no_bias = true, .uniform = o->linear.uniform};
  h = weyl_steerable_linear(h, "x", functions(g, h.irreps, channels), &plain);
  y = weyl_steerable_linear(y, "y", functions(g, y.irreps, channels), &plain);
  if (!weyl_tensor_valid(h.x) || !weyl_tensor_valid(y.x)) return (weyl_steerable){0};
  weyl_paths paths;
  const weyl_path_kind kind = o->kind == WEYL_STEERABLE_GAUNT ? WEYL_PATH_EVEN : WEYL_PATH_ALL;
  const weyl_status status =
      weyl_paths_find(weyl_graph_context(g), weyl_graph_arena(g), h.irreps, y.irreps, list, kind, &paths);
  if (status != WEYL_OK) return no_plan(g, status);
  const double *factor = path_factors(g, paths, list);
  if (!factor) return (weyl_steerable){0};
  const weyl_product_opts opts = {.wiring = WEYL_WIRE_UUU, .weights = WEYL_WEIGHTS_NONE, .factor = factor};
  return (weyl_steerable){.x = weyl_product_of(h.x, y.x, WEYL_NULL_TENSOR, &opts, h.irreps, y.irreps, list, paths),
                          .irreps = list};
}

weyl_steerable weyl_steerable_product(weyl_steerable h, weyl_steerable y, const char *name, weyl_irreps out,
                                      const weyl_steerable_product_opts *opts) {
  if (!weyl_tensor_valid(h.x) || !weyl_tensor_valid(y.x)) return (weyl_steerable){0};
  weyl_graph *g = h.x.graph;
  const weyl_steerable_product_opts o = opts ? *opts : (weyl_steerable_product_opts){0};
  for (int32_t j = 0; j < y.irreps.n; j++)
    if (y.irreps.item[j].mul != 1) {
      char kind[16];
      return weyl_steerable_fail(g, WEYL_BAD_ARG, "product %s: the second factor has %lld copies of %s, must have 1",
                                 name, (long long)y.irreps.item[j].mul, weyl_irrep_name(&y.irreps.item[j], kind));
    }
  if ((unsigned)o.kind > WEYL_STEERABLE_COMPLETE || o.channels < 0)
    return weyl_steerable_fail(g, WEYL_BAD_ARG, "product %s: kind %d of %lld channels", name, (int)o.kind,
                               (long long)o.channels);
  out = weyl_irreps_kept(g, out, name);
  if (out.n == 0) return (weyl_steerable){0};
  weyl_scope(g, "%s", name);
  const weyl_steerable z = o.kind == WEYL_STEERABLE_CG ? coupled(h, y, out) : multiplied(h, y, out, &o);
  weyl_scope_end(g);
  return weyl_steerable_linear(z, name, out, &o.linear);
}
