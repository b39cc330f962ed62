/* steerable_product.c: products of features on irreps with learned weights: all couplings of all copies. */
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
  const double constant = norm == WEYL_HARMONICS_INTEGRAL ? sqrt(1 / (4 * M_PI)) : 1;
  return weyl_steerable_known((weyl_steerable){.x = x, .irreps = irreps}, 0, constant);
}

/* ---- all couplings ----------------------------------------------------------------------------------------------- */

/* All couplings: a matrix for each path.  It stands in front of the coupling, where it may move on to the rows that
 * features are gathered from, or behind it if that is the smaller degree. */
typedef struct cg {
  weyl_graph *g;
  weyl_steerable h, y;
  weyl_irreps from, to, out; /* kinds of h and of out, and its blocks */
  weyl_tensor *weight;       /* of each kind of `to`: [copies, fan_in] */
  int64_t *fan_in;
  weyl_couple_path *path; /* to the blocks of `out` */
  int32_t n;
} cg;

static bool behind(const weyl_irrep *a, const weyl_irrep *kind) { return kind->l < a->l; }

/* Columns of the weights to kind k that a path from kind i by block j of y has, after those of the paths before it. */
static int64_t columns_before(const cg *c, int32_t k, int32_t i, int32_t j) {
  int64_t n = 0;
  for (int32_t a = 0; a <= i; a++)
    for (int32_t b = 0; b < c->y.irreps.n && (a < i || b < j); b++)
      if (weyl_irrep_couples(&c->from.item[a], &c->y.irreps.item[b], &c->to.item[k])) n += c->from.item[a].mul;
  return n;
}

static double factor_of(const weyl_irrep *a, const weyl_irrep *b, const weyl_irrep *kind) {
  const double w = weyl_coupling_simple(a->l, b->l, kind->l, WEYL_GAUGE_E3NN);
  return sqrt(2.0 * kind->l + 1) * (w != 0 ? w : weyl_wigner_3j_sign(a->l, b->l, kind->l));
}

/* The matrix of a path, with its factor in it where the coupling is arithmetic. */
static weyl_tensor matrix(const cg *c, int32_t k, int32_t i, int32_t j, double factor) {
  const weyl_tensor w = weyl_slice(c->weight[k], 1, columns_before(c, k, i, j), c->from.item[i].mul, 1);
  return factor == 1 ? w : weyl_scale(w, factor);
}

/* The blocks of kind k, from columns `at` on of p [rows.., orders, columns]. */
static void to_blocks(cg *c, weyl_tensor p, int64_t at, int l1, int32_t k, int32_t y, double factor) {
  for (int32_t b = 0; b < c->out.n; b++)
    if (weyl_irrep_same(&c->out.item[b], &c->to.item[k])) {
      c->path[c->n++] = (weyl_couple_path){.x = weyl_slice(p, weyl_rank(p) - 1, at, c->out.item[b].mul, 1),
                                           .l1 = l1,
                                           .y = y,
                                           .out = b,
                                           .factor = factor};
      at += c->out.item[b].mul;
    }
}

static weyl_tensor times_matrix(weyl_tensor x, weyl_tensor w) {
  return weyl_dot_general(x, w, 0, NULL, NULL, 1, (int[]){weyl_rank(x) - 1}, (int[]){1});
}

/* The matrices that stand in front of the couplings of kind i, as one. */
static void matrices_first(cg *c, int32_t i) {
  const weyl_irrep *a = &c->from.item[i];
  const int32_t most = c->to.n * c->y.irreps.n;
  weyl_tensor *w = weyl_steerable_room(c->g, most + 1);
  int32_t n = 0;
  for (int pass = 0; w && pass < 2; pass++) {
    int64_t at = 0;
    weyl_tensor p = WEYL_NULL_TENSOR;
    if (pass == 1) {
      if (n == 0) return;
      p = times_matrix(weyl_steerable_kind(c->h, a), weyl_concat(w, n, 0));
      if (!weyl_tensor_valid(p)) return;
    }
    for (int32_t k = 0; k < c->to.n; k++)
      for (int32_t j = 0; j < c->y.irreps.n; j++) {
        const weyl_irrep *b = &c->y.irreps.item[j], *kind = &c->to.item[k];
        if (!weyl_irrep_couples(a, b, kind) || behind(a, kind)) continue;
        const bool arithmetic = weyl_coupling_simple(a->l, b->l, kind->l, WEYL_GAUGE_E3NN) != 0;
        double factor = factor_of(a, b, kind), constant = 1;
        const bool known = b->l == 0 && weyl_steerable_constant(c->y, j, &constant);
        if (pass == 0)
          w[n++] = matrix(c, k, i, j, arithmetic ? factor * constant : 1);
        else
          to_blocks(c, p, at, a->l, k, known ? -1 : j, arithmetic ? 1 : factor);
        at += kind->mul;
      }
  }
}

/* Couplings to smaller degrees, each followed by its matrix. */
static bool couplings_first(cg *c) {
  weyl_arena *arena = weyl_graph_arena(c->g);
  const int64_t most = (int64_t)c->h.irreps.n * c->y.irreps.n * c->to.n;
  weyl_couple_path *path = weyl_arena_array(arena, weyl_couple_path, most + 1);
  weyl_irrep *kind = weyl_arena_array(arena, weyl_irrep, most + 1);
  weyl_tensor *sum = weyl_steerable_room(c->g, (int32_t)most + 1);
  if (!path || !kind || !sum) return false;
  int32_t n = 0;
  for (int pass = 0; pass < 2; pass++) {
    if (pass == 1 && !weyl_steerable_couple(c->g, c->y, path, n, kind, n, sum)) return false;
    int32_t first = 0;
    n = 0;
    for (int32_t i = 0; i < c->from.n; i++)
      for (int32_t k = 0; k < c->to.n; k++)
        for (int32_t j = 0; j < c->y.irreps.n; j++) {
          const weyl_irrep *a = &c->from.item[i], *b = &c->y.irreps.item[j], *to = &c->to.item[k];
          if (!weyl_irrep_couples(a, b, to) || !behind(a, to)) continue;
          const bool arithmetic = weyl_coupling_simple(a->l, b->l, to->l, WEYL_GAUGE_E3NN) != 0;
          const double factor = factor_of(a, b, to);
          first = n;
          for (int32_t x = 0; x < c->h.irreps.n; x++) {
            if (!weyl_irrep_same(&c->h.irreps.item[x], a)) continue;
            kind[n] = *to;
            if (pass == 0)
              path[n] = (weyl_couple_path){
                  .x = weyl_steerable_block(c->h, x), .l1 = a->l, .y = j, .out = n, .factor = arithmetic ? 1 : factor};
            n++;
          }
          if (pass == 0) continue;
          const weyl_tensor d = weyl_concat(sum + first, n - first, weyl_rank(sum[first]) - 1);
          const weyl_tensor p = times_matrix(d, matrix(c, k, i, j, arithmetic ? factor : 1));
          if (!weyl_tensor_valid(p)) return false;
          to_blocks(c, p, 0, to->l, k, -1, 1);
        }
  }
  return true;
}

static weyl_steerable nothing(const cg *c) {
  weyl_arena *arena = weyl_graph_arena(c->g);
  const char *h = weyl_irreps_text(arena, c->h.irreps), *y = weyl_irreps_text(arena, c->y.irreps),
             *z = weyl_irreps_text(arena, c->out);
  return weyl_steerable_fail(c->g, WEYL_BAD_ARG, "the product of %.80s and %.80s has nothing of %.80s", h ? h : "",
                             y ? y : "", z ? z : "");
}

/* Weights and fan-in of every kind; biases of the blocks. */
static bool declare(cg *c, weyl_tensor *bias, const weyl_steerable_linear_opts *o) {
  char text[16];
  bool any = false;
  for (int32_t k = 0; k < c->to.n; k++) {
    const weyl_irrep *kind = &c->to.item[k];
    const int64_t n = c->fan_in[k] = columns_before(c, k, c->from.n - 1, c->y.irreps.n);
    weyl_scope(c->g, "%s", weyl_irrep_name(kind, text));
    if (n > 0) c->weight[k] = weyl_steerable_weight(c->g, WEYL_SHAPE(weyl_num(kind->mul), weyl_num(n)), n, o);
    const weyl_tensor all = weyl_steerable_bias(c->g, kind, n, o);
    weyl_scope_end(c->g);
    any = any || n > 0;
    int64_t at = 0;
    for (int32_t b = 0; b < c->out.n && weyl_tensor_valid(all); b++)
      if (weyl_irrep_same(&c->out.item[b], kind)) {
        bias[b] = weyl_slice(all, 0, at, c->out.item[b].mul, 1);
        at += c->out.item[b].mul;
      }
  }
  return any;
}

static weyl_steerable coupled(weyl_steerable h, weyl_steerable y, const char *name, weyl_irreps out,
                              const weyl_steerable_linear_opts *o) {
  weyl_graph *g = h.x.graph;
  weyl_arena *arena = weyl_graph_arena(g);
  cg c = {.g = g, .h = h, .y = y, .out = out, .from = weyl_irreps_kinds(g, h.irreps), .to = weyl_irreps_kinds(g, out)};
  const int64_t most = (int64_t)h.irreps.n * y.irreps.n * out.n;
  if (most > INT32_MAX) return weyl_steerable_fail(g, WEYL_BAD_ARG, "product %s: %lld paths", name, (long long)most);
  c.weight = weyl_steerable_room(g, c.to.n);
  c.fan_in = weyl_arena_array(arena, int64_t, c.to.n);
  c.path = weyl_arena_array(arena, weyl_couple_path, most + 1);
  weyl_tensor *z = weyl_steerable_room(g, out.n), *bias = weyl_steerable_room(g, out.n);
  if (!c.weight || !c.fan_in || !c.path || !z || !bias)
    return weyl_steerable_fail(g, WEYL_MEMORY, "product %s: %lld paths", name, (long long)most);
  weyl_scope(g, "%s", name);
  const bool any = declare(&c, bias, o);
  for (int32_t i = 0; any && i < c.from.n; i++) matrices_first(&c, i);
  const bool made = any && couplings_first(&c) && weyl_steerable_couple(g, y, c.path, c.n, out.item, out.n, z);
  for (int32_t b = 0; made && b < out.n; b++) {
    if (!weyl_tensor_valid(z[b])) z[b] = weyl_steerable_zeros(h.x, &out.item[b]);
    if (weyl_tensor_valid(bias[b])) z[b] = weyl_add(z[b], bias[b]);
  }
  weyl_scope_end(g);
  if (!any) return nothing(&c);
  return made ? weyl_steerable_from_blocks(g, z, out) : (weyl_steerable){0};
}

weyl_steerable weyl_steerable_product(weyl_steerable h, weyl_steerable y, const char *name, weyl_irreps out,
                                      const weyl_steerable_product_opts *opts) {
  if (!weyl_tensor_valid(h.x) || !weyl_tensor_valid(y.x)) return (weyl_steerable){0};
  weyl_graph *g = h.x.graph;
  weyl_steerable_product_opts o = opts ? *opts : (weyl_steerable_product_opts){0};
  for (int32_t j = 0; j < y.irreps.n; j++)
    if (y.irreps.item[j].mul != 1) {
      char kind[16];
      return weyl_steerable_fail(g, WEYL_BAD_ARG, "product %s: the second factor has %lld copies of %s, must have 1",
                                 name, (long long)y.irreps.item[j].mul, weyl_irrep_name(&y.irreps.item[j], kind));
    }
  if ((unsigned)o.kind > WEYL_STEERABLE_AUTO || o.channels < 0)
    return weyl_steerable_fail(g, WEYL_BAD_ARG, "product %s: kind %d of %lld channels", name, (int)o.kind,
                               (long long)o.channels);
  out = weyl_irreps_kept(g, out, name);
  if (out.n == 0) return (weyl_steerable){0};
  if (o.kind == WEYL_STEERABLE_AUTO) o.kind = weyl_steerable_cheapest(h.irreps, y.irreps, out, o.channels);
  if (o.kind == WEYL_STEERABLE_CG) return coupled(h, y, name, out, &o.linear);
  weyl_scope(g, "%s", name);
  const weyl_steerable z = weyl_steerable_functions(h, y, out, &o);
  weyl_scope_end(g);
  return weyl_steerable_linear(z, name, out, &o.linear);
}
