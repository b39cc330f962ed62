/* gate.c: nonlinear maps that commute with O(3): of invariants, of norms, and products with invariants (e3nn's Gate and
 * NormActivation; Weiler et al., NeurIPS 2018). */
#include "steerable.h"

#include <math.h>

static double activation_value(weyl_activation a, double x) {
  switch (a) {
    case WEYL_ACT_SILU: return x / (1 + exp(-x));
    case WEYL_ACT_RELU: return x > 0 ? x : 0;
    case WEYL_ACT_TANH: return tanh(x);
    case WEYL_ACT_SIGMOID: return 1 / (1 + exp(-x));
    case WEYL_ACT_GELU: return 0.5 * x * (1 + erf(x * M_SQRT1_2));
    case WEYL_ACT_LEAKY_RELU: return x > 0 ? x : 0.01 * x;
    case WEYL_ACT_SOFTPLUS: return fmax(x, 0) + log1p(exp(-fabs(x)));
    case WEYL_ACT_NONE: break;
  }
  return x;
}

double weyl_activation_norm(weyl_activation activation) {
  /* The trapezium rule converges exponentially for functions analytic near the axis; a kink at 0, where f^2 has no odd
   * derivatives, does no harm either. */
  double sum = 0, weight = 0;
  for (int k = -320; k <= 320; k++) {
    const double x = k / 16.0, f = activation_value(activation, x), w = exp(-x * x / 2);
    sum += w * f * f;
    weight += w;
  }
  return sqrt(weight / sum);
}

/* ---- gate -------------------------------------------------------------------------------------------------------- */

static weyl_irreps chosen(weyl_graph *g, weyl_irreps from, bool scalars) {
  weyl_irrep *item = weyl_arena_array(weyl_graph_arena(g), weyl_irrep, from.n + 1);
  weyl_irreps out = {.item = item};
  if (!item) (void)weyl_graph_fail(g, WEYL_MEMORY, "a list of %d irreps", (int)from.n);
  for (int32_t i = 0; item && i < from.n; i++)
    if ((from.item[i].l == 0) == scalars && from.item[i].mul > 0) item[out.n++] = from.item[i];
  return out;
}

weyl_gate_spec weyl_gate_for(weyl_graph *g, weyl_irreps out) {
  weyl_gate_spec spec = {
      .even = WEYL_ACT_SILU, .odd = WEYL_ACT_TANH, .gate_even = WEYL_ACT_SIGMOID, .gate_odd = WEYL_ACT_TANH};
  out = weyl_irreps_kept(g, out, "gate");
  if (out.n == 0) return spec;
  spec.scalars = chosen(g, out, true);
  spec.gated = chosen(g, out, false);
  weyl_irrep *gates = weyl_arena_array(weyl_graph_arena(g), weyl_irrep, 1);
  if (!gates) {
    (void)weyl_graph_fail(g, WEYL_MEMORY, "the gates of %d blocks", (int)spec.gated.n);
    return spec;
  }
  *gates = (weyl_irrep){.mul = weyl_irreps_copies(spec.gated), .l = 0, .parity = 1};
  spec.gates = (weyl_irreps){.n = gates->mul > 0, .item = gates};
  return spec;
}

weyl_irreps weyl_gate_in(weyl_graph *g, const weyl_gate_spec *spec) {
  const weyl_irreps part[] = {spec->scalars, spec->gates, spec->gated};
  weyl_irrep *item = weyl_arena_array(weyl_graph_arena(g), weyl_irrep, part[0].n + part[1].n + part[2].n + 1);
  weyl_irreps in = {.item = item};
  if (!item) (void)weyl_graph_fail(g, WEYL_MEMORY, "the irreps of a gate");
  for (int k = 0; item && k < 3; k++)
    for (int32_t i = 0; i < part[k].n; i++) item[in.n++] = part[k].item[i];
  return weyl_irreps_kept(g, in, "gate");
}

static weyl_tensor activated(weyl_tensor x, weyl_activation a, bool normalise) {
  x = weyl_activate(x, a);
  return normalise ? weyl_scale(x, weyl_activation_norm(a)) : x;
}

/* What is wrong with a gate, or NULL. */
static const char *wrong(const weyl_gate_spec *s) {
  for (int32_t i = 0; i < s->scalars.n; i++) {
    if (s->scalars.item[i].l != 0) return "its scalars are not all of degree 0";
    if (s->scalars.item[i].parity == -1 && s->odd != WEYL_ACT_TANH && s->odd != WEYL_ACT_NONE)
      return "0o needs an odd activation";
  }
  for (int32_t i = 0; i < s->gates.n; i++) {
    if (s->gates.item[i].l != 0) return "its gates are not all of degree 0";
    if (s->gates.item[i].parity == -1 && s->gate_odd != WEYL_ACT_TANH && s->gate_odd != WEYL_ACT_NONE)
      return "gates 0o need an odd activation";
  }
  if (weyl_irreps_copies(s->gates) != weyl_irreps_copies(s->gated)) return "it has not one gate for each copy gated";
  return NULL;
}

/* The parity of gates from ... to - 1; 0 if it is not one. */
static int gate_parity(weyl_irreps gates, int64_t from, int64_t to) {
  int parity = 0;
  int64_t at = 0;
  for (int32_t i = 0; i < gates.n; at += gates.item[i++].mul) {
    if (at >= to || at + gates.item[i].mul <= from) continue;
    if (parity && parity != gates.item[i].parity) return 0;
    parity = gates.item[i].parity;
  }
  return parity;
}

weyl_steerable weyl_gate(weyl_steerable h, const weyl_gate_spec *spec) {
  if (!weyl_tensor_valid(h.x)) return (weyl_steerable){0};
  weyl_graph *g = h.x.graph;
  const char *problem = wrong(spec);
  if (problem) return weyl_steerable_fail(g, WEYL_BAD_ARG, "gate: %s", problem);
  const weyl_irreps in = weyl_gate_in(g, spec);
  if (in.n == 0) return (weyl_steerable){0};
  if (!weyl_irreps_equal(h.irreps, in)) {
    const char *got = weyl_irreps_text(weyl_graph_arena(g), h.irreps),
               *want = weyl_irreps_text(weyl_graph_arena(g), in);
    return weyl_steerable_fail(g, WEYL_SHAPE, "gate: the features are %.120s, must be %.120s", got ? got : "",
                               want ? want : "");
  }
  const int32_t scalars = spec->scalars.n, gates = spec->gates.n, gated = spec->gated.n, n = scalars + gated;
  weyl_irrep *item = weyl_arena_array(weyl_graph_arena(g), weyl_irrep, n);
  weyl_tensor *blocks = weyl_steerable_room(g, n), *gate = weyl_steerable_room(g, gates + 1);
  if (!item || !blocks || !gate) return weyl_steerable_fail(g, WEYL_MEMORY, "the blocks of a gate");

  for (int32_t i = 0; i < scalars; i++) {
    item[i] = spec->scalars.item[i];
    blocks[i] = activated(weyl_steerable_block(h, i), item[i].parity == 1 ? spec->even : spec->odd, spec->normalise);
  }
  for (int32_t i = 0; i < gates; i++)
    gate[i] = activated(weyl_steerable_block(h, scalars + i),
                        spec->gates.item[i].parity == 1 ? spec->gate_even : spec->gate_odd, spec->normalise);
  const weyl_tensor all = gates == 0   ? WEYL_NULL_TENSOR
                          : gates == 1 ? gate[0]
                                       : weyl_concat(gate, gates, weyl_rank(gate[0]) - 1);
  int64_t at = 0;
  for (int32_t i = 0; i < gated; i++) {
    const weyl_irrep *ir = &spec->gated.item[i];
    const int parity = gate_parity(spec->gates, at, at + ir->mul);
    if (parity == 0)
      return weyl_steerable_fail(g, WEYL_BAD_ARG, "gate: block %d is multiplied by gates of both parities", (int)i);
    item[scalars + i] = (weyl_irrep){.mul = ir->mul, .l = ir->l, .parity = ir->parity * parity};
    blocks[scalars + i] =
        weyl_mul(weyl_steerable_block(h, scalars + gates + i), weyl_slice(all, weyl_rank(all) - 1, at, ir->mul, 1));
    at += ir->mul;
  }
  return weyl_steerable_from_blocks(g, blocks, (weyl_irreps){.n = n, .item = item});
}

/* ---- functions of norms ------------------------------------------------------------------------------------------ */

weyl_steerable weyl_norm_activation(weyl_steerable h, const char *name, weyl_activation activation,
                                    const weyl_norm_activation_opts *opts) {
  if (!weyl_tensor_valid(h.x)) return (weyl_steerable){0};
  weyl_graph *g = h.x.graph;
  const weyl_norm_activation_opts o = opts ? *opts : (weyl_norm_activation_opts){0};
  const double eps = o.eps == 0 ? 1e-4 : o.eps;
  if (!(eps > 0))
    return weyl_steerable_fail(g, WEYL_BAD_ARG, "norm activation %s: eps is %g, must be above 0", name, eps);
  const weyl_tensor square = weyl_shift(weyl_steerable_squares(h, false), eps * eps);
  weyl_tensor argument = weyl_sqrt(square);
  if (o.bias) {
    weyl_scope(g, "%s", name);
    argument = weyl_add(
        argument, weyl_param(g, "bias", WEYL_SHAPE(weyl_num(weyl_irreps_copies(h.irreps))), weyl_init_constant(0)));
    weyl_scope_end(g);
  }
  weyl_tensor factor = weyl_activate(argument, activation);
  if (!o.raw) factor = weyl_mul(factor, weyl_rsqrt(square));
  return weyl_steerable_times(h, factor);
}
