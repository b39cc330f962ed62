/* steerable_product.c: products of features on irreps with learned weights.  All couplings of all copies are a
 * linear layer for each path and a product of what they give.  Products of functions on the sphere, and their
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

/* ---- all couplings ----------------------------------------------------------------------------------------------- */

static bool couples(const weyl_irrep *a, const weyl_irrep *b, const weyl_irrep *c) {
  return a->parity * b->parity == c->parity && c->l >= abs(a->l - b->l) && c->l <= a->l + b->l;
}

/* A product under construction: its first factor block by block, each made by one matrix for one path. */
typedef struct coupling {
  weyl_irrep *in, *out;
  weyl_tensor *x;
  weyl_path *path;
  double *factor;
  int32_t n, n_out;
} coupling;

/* The paths to one kind: h goes through a matrix for each first, on its own rows, and the coupled copies add up; a
 * layer behind the product would be the same map with more numbers between. */
static int64_t paths_to(coupling *c, const weyl_irrep *kind, const weyl_tensor *h, weyl_irreps kinds, weyl_irreps y,
                        weyl_graph *g, const weyl_steerable_linear_opts *o) {
  int64_t fan_in = 0, at = 0;
  for (int32_t i = 0; i < kinds.n; i++)
    for (int32_t j = 0; j < y.n; j++)
      if (couples(&kinds.item[i], &y.item[j], kind)) fan_in += kinds.item[i].mul;
  if (fan_in == 0) return 0;
  const weyl_tensor w = weyl_steerable_weight(g, WEYL_SHAPE(weyl_num(kind->mul), weyl_num(fan_in)), fan_in, o);
  for (int32_t i = 0; i < kinds.n; i++)
    for (int32_t j = 0; j < y.n; j++) {
      const weyl_irrep *a = &kinds.item[i];
      if (!couples(a, &y.item[j], kind)) continue;
      const int last = weyl_rank(h[i]) - 1;
      c->x[c->n] = weyl_dot_general(h[i], weyl_slice(w, 1, at, a->mul, 1), 0, NULL, NULL, 1, (int[]){last}, (int[]){1});
      c->in[c->n] = (weyl_irrep){.mul = kind->mul, .l = a->l, .parity = a->parity};
      c->path[c->n] = (weyl_path){.in1 = c->n, .in2 = j, .out = c->n_out, .l1 = a->l, .l2 = y.item[j].l, .l3 = kind->l};
      c->factor[c->n] = sqrt(2.0 * kind->l + 1);
      c->n++;
      at += a->mul;
    }
  c->out[c->n_out++] = *kind;
  return fan_in;
}

static weyl_steerable coupled(weyl_steerable h, weyl_steerable y, const char *name, weyl_irreps out,
                              const weyl_steerable_linear_opts *o) {
  weyl_graph *g = h.x.graph;
  weyl_arena *arena = weyl_graph_arena(g);
  const weyl_irreps from = weyl_irreps_kinds(g, h.irreps), to = weyl_irreps_kinds(g, out);
  const int64_t most = (int64_t)from.n * y.irreps.n * to.n;
  if (most > INT32_MAX) return weyl_steerable_fail(g, WEYL_BAD_ARG, "product %s: %lld paths", name, (long long)most);
  coupling c = {.in = weyl_arena_array(arena, weyl_irrep, most),
                .out = weyl_arena_array(arena, weyl_irrep, to.n),
                .x = weyl_steerable_room(g, (int32_t)most),
                .path = weyl_arena_array(arena, weyl_path, most),
                .factor = weyl_arena_array(arena, double, most)};
  weyl_tensor *kind = weyl_steerable_room(g, from.n), *made = weyl_steerable_room(g, to.n);
  int64_t *fan_in = weyl_arena_array(arena, int64_t, to.n);
  if (!c.in || !c.out || !c.x || !c.path || !c.factor || !kind || !made || !fan_in)
    return weyl_steerable_fail(g, WEYL_MEMORY, "product %s: %lld paths", name, (long long)most);
  for (int32_t i = 0; i < from.n; i++) kind[i] = weyl_steerable_kind(h, &from.item[i]);
  char text[16];
  weyl_scope(g, "%s", name);
  for (int32_t k = 0; k < to.n; k++) {
    weyl_scope(g, "%s", weyl_irrep_name(&to.item[k], text));
    fan_in[k] = paths_to(&c, &to.item[k], kind, from, y.irreps, g, o);
    weyl_scope_end(g);
  }
  weyl_steerable z = {0};
  if (c.n > 0) {
    const weyl_irreps in = {.n = c.n, .item = c.in};
    const weyl_product_opts opts = {
        .wiring = WEYL_WIRE_UVU, .weights = WEYL_WEIGHTS_NONE, .gauge = WEYL_GAUGE_E3NN, .factor = c.factor};
    z.irreps = (weyl_irreps){.n = c.n_out, .item = c.out};
    z.x = weyl_product_of(weyl_steerable_from_blocks(g, c.x, in).x, y.x, WEYL_NULL_TENSOR, &opts, in, y.irreps,
                          z.irreps, (weyl_paths){.n = c.n, .item = c.path});
  } else {
    const char *th = weyl_irreps_text(arena, h.irreps), *ty = weyl_irreps_text(arena, y.irreps),
               *tz = weyl_irreps_text(arena, out);
    z = weyl_steerable_fail(g, WEYL_BAD_ARG, "the product of %.80s and %.80s has nothing of %.80s", th ? th : "",
                            ty ? ty : "", tz ? tz : "");
  }
  for (int32_t k = 0, i = 0; k < to.n; k++) {
    weyl_scope(g, "%s", weyl_irrep_name(&to.item[k], text));
    made[k] = fan_in[k] > 0 ? weyl_steerable_block(z, i++) : weyl_steerable_zeros(h.x, &to.item[k]);
    made[k] = weyl_steerable_biased(made[k], &to.item[k], fan_in[k], o);
    weyl_scope_end(g);
  }
  weyl_scope_end(g);
  return weyl_steerable_from_kinds(g, made, to, out);
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

static weyl_steerable multiplied(weyl_steerable h, weyl_steerable y, weyl_irreps out,
                                 const weyl_steerable_product_opts *o) {
  weyl_graph *g = h.x.graph;
  int64_t channels = o->channels;
  for (int32_t i = 0; o->channels == 0 && i < out.n; i++)
    if (out.item[i].mul > channels) channels = out.item[i].mul;
  const weyl_irreps list = functions(g, out, channels);
  const weyl_steerable_linear_opts plain = {.no_bias = true, .uniform = o->linear.uniform, .gain = sqrt(3)};
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
  if (o.kind == WEYL_STEERABLE_CG) return coupled(h, y, name, out, &o.linear);
  weyl_scope(g, "%s", name);
  const weyl_steerable z = multiplied(h, y, out, &o);
  weyl_scope_end(g);
  return weyl_steerable_linear(z, name, out, &o.linear);
}
