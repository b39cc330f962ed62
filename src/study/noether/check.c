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

/* ---- the identity in numbers ----
 *
 * D_i J^i is put together at each jet from the partial derivatives of J, and Q^a E_a from its factors, so that nothing
 * cancels but numbers. */

enum { JETS_MAX = 512, SLOPES_MAX = 2048 };

typedef struct identity {
  weyl_noether *p;
  size_t jets, slopes;
  weyl_jet jet[JETS_MAX];
  const weyl_expr *slope[SLOPES_MAX + 2 * WEYL_FIELDS_MAX]; /* then Q, then E */
  size_t by[SLOPES_MAX];                                    /* jet that the slope is times; JETS_MAX: 1 */
} identity;

static size_t jet_number(identity *d, weyl_jet jet) {
  size_t i = 0;
  while (i < d->jets && memcmp(&d->jet[i], &jet, sizeof jet) != 0) i++;
  if (i == d->jets && i < JETS_MAX) d->jet[d->jets++] = jet;
  return i;
}

static weyl_status too_many(weyl_noether *p) {
  return weyl_fail(p->ctx, WEYL_UNSUPPORTED, "more than %d derivatives in a current", JETS_MAX);
}

static weyl_status identity_of(weyl_noether *p, const weyl_noether_verdict *v, identity *d) {
  weyl_algebra *a = p->a;
  weyl_jet jets[JETS_MAX];
  *d = (identity){.p = p};
  for (size_t i = 0; i < weyl_algebra_independents(a); i++) {
    const size_t n = weyl_expr_jets(a, v->current[i], jets, JETS_MAX);
    if (n > JETS_MAX || d->slopes + n + 1 > SLOPES_MAX) return too_many(p);
    d->by[d->slopes] = JETS_MAX;
    d->slope[d->slopes++] = weyl_expr_partial(a, v->current[i], weyl_expr_independent(a, i));
    for (size_t k = 0; k < n; k++) {
      weyl_jet next = jets[k];
      next.order[i]++;
      jet_number(d, jets[k]);
      d->by[d->slopes] = jet_number(d, next);
      d->slope[d->slopes++] = weyl_expr_partial(a, v->current[i], weyl_expr_jet(a, jets[k]));
      if (d->jets >= JETS_MAX) return too_many(p);
    }
  }
  const size_t fields = weyl_algebra_fields(a);
  for (size_t k = 0; k < fields; k++) {
    const weyl_expr *both[2] = {v->q[k], p->equation[k]};
    for (size_t side = 0; side < 2; side++) {
      d->slope[d->slopes + side * fields + k] = both[side];
      const size_t n = weyl_expr_jets(a, both[side], jets, JETS_MAX);
      if (n > JETS_MAX) return too_many(p);
      for (size_t i = 0; i < n; i++)
        if (jet_number(d, jets[i]) == JETS_MAX) return too_many(p);
    }
  }
  return weyl_algebra_status(a);
}

/* |left - right| over the size of what cancels. */
static double residual_at(const identity *d, const double *const *jet, const double *const *out, size_t i) {
  const size_t fields = weyl_algebra_fields(d->p->a);
  double sum = 0, size = 1;
  for (size_t k = 0; k < d->slopes; k++) {
    const double x = out[k][i] * (d->by[k] == JETS_MAX ? 1 : jet[d->by[k]][i]);
    sum += x;
    size += fabs(x);
  }
  for (size_t k = 0; k < fields; k++) {
    const double x = out[d->slopes + k][i] * out[d->slopes + fields + k][i];
    sum -= x;
    size += fabs(x);
  }
  return fabs(sum) / size;
}

static weyl_status residual_of(const identity *d, size_t points, uint64_t seed, double *residual) {
  weyl_noether *p = d->p;
  const size_t x = weyl_algebra_independents(p->a), m = weyl_algebra_parameters(p->a), inputs = x + m + d->jets,
               outputs = d->slopes + 2 * weyl_algebra_fields(p->a);
  weyl_tape *tape = NULL;
  double *number = weyl_alloc(p->ctx, (inputs + outputs) * points + 1, sizeof *number);
  const double **in = weyl_alloc(p->ctx, inputs + 1, sizeof *in);
  double **out = weyl_alloc(p->ctx, outputs + 1, sizeof *out);
  weyl_status status =
      number && in && out ? weyl_tape_new(p->a, outputs, d->slope, d->jets, d->jet, &tape) : WEYL_MEMORY;
  if (status == WEYL_OK) {
    weyl_rng rng = weyl_rng_new(seed, "noether jets");
    problem_inputs(p, in);
    for (size_t k = 0; k < inputs; k++) {
      const bool parameter = k >= x && k < x + m;
      /* positive, away from 0, where roots, logarithms and quotients live */
      for (size_t i = 0; i < points; i++)
        number[k * points + i] = parameter ? *in[k] : 0.4 + 1.2 * weyl_rng_uniform(&rng);
      in[k] = number + k * points;
    }
    for (size_t k = 0; k < outputs; k++) out[k] = number + (inputs + k) * points;
    weyl_tape_run(tape, points, in, out);
    *residual = 0;
    for (size_t i = 0; i < points; i++) {
      const double r = residual_at(d, in + x + m, (const double *const *)out, i);
      if (!(r <= *residual)) *residual = r; /* NaN stays */
    }
  }
  weyl_tape_free(tape);
  weyl_dealloc(p->ctx, number);
  weyl_dealloc(p->ctx, in);
  weyl_dealloc(p->ctx, out);
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

static weyl_status check_identity(weyl_noether *p, size_t jets, uint64_t seed, weyl_noether_verdict *out) {
  identity *d = weyl_alloc(p->ctx, 1, sizeof *d);
  if (!d) return WEYL_MEMORY;
  weyl_status status = identity_of(p, out, d);
  if (status == WEYL_OK) status = residual_of(d, jets ? jets : 64, seed, &out->residual);
  weyl_dealloc(p->ctx, d);
  return status;
}

/* How large the remainder of a non-symmetry is in numbers: what is 0 by an identity that the normal forms do not know.
 */
static weyl_status measure_remainder(weyl_noether *p, size_t jets, uint64_t seed, weyl_noether_verdict *out) {
  weyl_algebra *a = p->a;
  identity *d = weyl_alloc(p->ctx, 1, sizeof *d);
  if (!d) return WEYL_MEMORY;
  weyl_status status = WEYL_OK;
  out->remainder_size = 0;
  for (size_t k = 0; k < weyl_algebra_fields(a) && status == WEYL_OK; k++) {
    const weyl_expr *zero = weyl_expr_number(a, 0, 1), *x = out->remainder[k];
    double size = NAN;
    *d = (identity){.p = p};
    if (weyl_expr_terms(x) <= SLOPES_MAX && weyl_expr_jets(a, x, d->jet, JETS_MAX) <= JETS_MAX) {
      d->jets = weyl_expr_jets(a, x, d->jet, JETS_MAX);
      for (size_t i = 0; i < weyl_expr_terms(x); i++) {
        d->by[d->slopes] = JETS_MAX;
        d->slope[d->slopes++] = weyl_expr_only(a, x, i);
      }
      for (size_t i = 0; i < 2 * weyl_algebra_fields(a); i++) d->slope[d->slopes + i] = zero;
      status =
          weyl_algebra_status(a) == WEYL_OK ? residual_of(d, jets ? jets : 64, seed, &size) : weyl_algebra_status(a);
    }
    if (!(size <= out->remainder_size)) out->remainder_size = size;
  }
  weyl_dealloc(p->ctx, d);
  return status;
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
    if (!r.variational) WEYL_TRY(measure_remainder(p, jets, seed, &r));
    if (r.variational) {
      const weyl_status status = weyl_expr_homotopy(a, r.change, r.b);
      if (status != WEYL_OK && status != WEYL_NO) return status;
      r.closed = status == WEYL_OK;
      snprintf(r.reason, sizeof r.reason, "%s", r.closed ? "" : weyl_message(p->ctx));
      weyl_message_clear(p->ctx);
      if (r.closed) {
        make_current(p, v, &r);
        WEYL_TRY(weyl_algebra_status(a));
        WEYL_TRY(check_identity(p, jets, seed, &r));
      }
    }
  }
  *out = r;
  return weyl_algebra_status(a);
}
