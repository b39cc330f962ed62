/* One generator: is it a symmetry, what is its current, and is that trivial? */
#include "noether/problem.h"

#include <math.h>
#include <string.h>

const weyl_expr *noether_change(weyl_noether *p, const weyl_generator *v, const weyl_expr *lagrangian) {
  weyl_algebra *a = p->a;
  const weyl_expr *change = weyl_expr_prolong(a, v, lagrangian);
  for (size_t i = 0; i < weyl_algebra_independents(a); i++)
    if (v->xi[i]) change = weyl_expr_add(a, change, weyl_expr_mul(a, lagrangian, weyl_expr_total(a, v->xi[i], i)));
  return change;
}

/* ---- the identity in numbers ---- */

enum { JETS_MAX = 512 };

static weyl_status residual_of(weyl_noether *p, const weyl_expr *left, const weyl_expr *right, size_t points,
                               uint64_t seed, double *residual) {
  weyl_algebra *a = p->a;
  weyl_jet jets[JETS_MAX];
  const weyl_expr *both[2] = {left, right};
  size_t n = weyl_expr_jets(a, left, jets, JETS_MAX);
  if (n > JETS_MAX) return weyl_fail(p->ctx, WEYL_UNSUPPORTED, "more than %d derivatives in a current", JETS_MAX);
  weyl_jet more[JETS_MAX];
  const size_t others = weyl_expr_jets(a, right, more, JETS_MAX);
  if (others > JETS_MAX) return weyl_fail(p->ctx, WEYL_UNSUPPORTED, "more than %d derivatives in a current", JETS_MAX);
  for (size_t k = 0; k < others; k++) {
    size_t i = 0;
    while (i < n && memcmp(&jets[i], &more[k], sizeof *jets) != 0) i++;
    if (i < n) continue;
    if (n == JETS_MAX) return weyl_fail(p->ctx, WEYL_UNSUPPORTED, "more than %d derivatives in a current", JETS_MAX);
    jets[n++] = more[k];
  }
  const size_t x = weyl_algebra_independents(a), inputs = x + weyl_algebra_parameters(a) + n;
  weyl_tape *tape = NULL;
  weyl_status status;
  double *number = weyl_alloc(p->ctx, (x + n + 2) * points + 1, sizeof *number);
  const double **in = weyl_alloc(p->ctx, inputs + 1, sizeof *in);
  double *ones = weyl_alloc(p->ctx, weyl_algebra_parameters(a) * points + 1, sizeof *ones);
  status = number && in && ones ? weyl_tape_new(a, 2, both, n, jets, &tape) : WEYL_MEMORY;
  if (status == WEYL_OK) {
    weyl_rng rng = weyl_rng_new(seed, "noether jets");
    problem_inputs(p, in);
    for (size_t k = 0; k < inputs; k++) {
      const bool parameter = k >= x && k < x + weyl_algebra_parameters(a);
      double *to = parameter ? ones + (k - x) * points : number + (k < x ? k : k - weyl_algebra_parameters(a)) * points;
      /* positive, away from 0, where roots, logarithms and quotients live */
      for (size_t i = 0; i < points; i++) to[i] = parameter ? *in[k] : 0.4 + 1.2 * weyl_rng_uniform(&rng);
      in[k] = to;
    }
    double *const out[2] = {number + (x + n) * points, number + (x + n + 1) * points};
    weyl_tape_run(tape, points, in, out);
    *residual = 0;
    for (size_t i = 0; i < points; i++) {
      const double r = fabs(out[0][i] - out[1][i]) / (1 + fabs(out[0][i]) + fabs(out[1][i]));
      if (!(r <= *residual)) *residual = r; /* NaN stays */
    }
  }
  weyl_tape_free(tape);
  weyl_dealloc(p->ctx, number);
  weyl_dealloc(p->ctx, in);
  weyl_dealloc(p->ctx, ones);
  return status;
}

/* ---- the verdict ---- */

static void make_current(weyl_noether *p, const weyl_generator *v, weyl_noether_verdict *out) {
  weyl_algebra *a = p->a;
  const weyl_expr *w[WEYL_INDEPENDENTS_MAX];
  weyl_expr_parts(a, out->q, p->lagrangian, w);
  for (size_t i = 0; i < weyl_algebra_independents(a); i++) {
    out->current[i] = weyl_expr_sub(a, out->b[i], w[i]);
    if (v->xi[i]) out->current[i] = weyl_expr_sub(a, out->current[i], weyl_expr_mul(a, v->xi[i], p->lagrangian));
  }
}

static weyl_status identity(weyl_noether *p, size_t jets, uint64_t seed, weyl_noether_verdict *out) {
  weyl_algebra *a = p->a;
  const weyl_expr *left = weyl_expr_number(a, 0, 1), *right = left;
  for (size_t i = 0; i < weyl_algebra_independents(a); i++)
    left = weyl_expr_add(a, left, weyl_expr_total(a, out->current[i], i));
  for (size_t k = 0; k < weyl_algebra_fields(a); k++)
    right = weyl_expr_add(a, right, weyl_expr_mul(a, out->q[k], p->equation[k]));
  if (weyl_algebra_status(a) != WEYL_OK) return weyl_algebra_status(a);
  return residual_of(p, left, right, jets ? jets : 64, seed, &out->residual);
}

/* What the equations say: whether solutions go to solutions, and whether Q vanishes on them. */
static weyl_status on_solutions(weyl_noether *p, const weyl_generator *v, weyl_noether_verdict *out) {
  weyl_algebra *a = p->a;
  shell s;
  const weyl_status status = shell_solve(p, p->equations, p->equation, BY_ORDER, &s);
  if (status == WEYL_UNSUPPORTED) {
    weyl_message_clear(p->ctx);
    weyl_algebra_clear(a);
    out->equations = -1;
    return WEYL_OK;
  }
  if (status != WEYL_OK) return status;
  out->equations = 1;
  bool zero = true;
  for (size_t k = 0; k < p->equations && out->equations == 1; k++) {
    out->equation_remainder = shell_reduce(&s, weyl_expr_prolong(a, v, p->equation[k]));
    if (!weyl_expr_is_zero(a, out->equation_remainder)) out->equations = 0;
  }
  for (size_t k = 0; k < weyl_algebra_fields(a) && zero; k++) zero = weyl_expr_is_zero(a, shell_reduce(&s, out->q[k]));
  if (zero && out->trivial == WEYL_NOT_TRIVIAL) out->trivial = WEYL_TRIVIAL_ON_SHELL;
  shell_free(&s);
  return weyl_algebra_status(a);
}

weyl_status weyl_noether_check(weyl_noether *p, const weyl_generator *v, size_t jets, uint64_t seed,
                               weyl_noether_verdict *out) {
  weyl_algebra *a = p->a;
  weyl_noether_verdict r = {.residual = NAN, .trivial = WEYL_TRIVIAL_IDENTICALLY};
  for (size_t k = 0; k < weyl_algebra_fields(a); k++) {
    r.q[k] = weyl_generator_characteristic(a, v, k);
    if (!weyl_expr_is_zero(a, r.q[k])) r.trivial = WEYL_NOT_TRIVIAL;
  }
  WEYL_TRY(on_solutions(p, v, &r));
  if (p->lagrangian) {
    r.change = noether_change(p, v, p->lagrangian);
    r.strict = weyl_expr_is_zero(a, r.change);
    r.variational = true;
    for (size_t k = 0; k < weyl_algebra_fields(a); k++) {
      r.remainder[k] = weyl_expr_euler(a, r.change, k);
      r.variational = r.variational && weyl_expr_is_zero(a, r.remainder[k]);
    }
    WEYL_TRY(weyl_algebra_status(a));
    if (r.variational) {
      const weyl_status status = weyl_expr_homotopy(a, r.change, r.b);
      if (status != WEYL_OK && status != WEYL_NO) return status;
      r.closed = status == WEYL_OK;
      snprintf(r.reason, sizeof r.reason, "%s", r.closed ? "" : weyl_message(p->ctx));
      weyl_message_clear(p->ctx);
      if (r.closed) {
        make_current(p, v, &r);
        WEYL_TRY(weyl_algebra_status(a));
        WEYL_TRY(identity(p, jets, seed, &r));
      }
    }
  }
  *out = r;
  return weyl_algebra_status(a);
}
