/* What a problem holds: its parts, its parameters' values, its generators as text. */
#include "noether/problem.h"

#include <math.h>
#include <string.h>

const char *weyl_noether_about(const weyl_noether *p) { return p->about; }
weyl_algebra *weyl_noether_algebra(weyl_noether *p) { return p->a; }
const weyl_expr *weyl_noether_lagrangian(const weyl_noether *p) { return p->lagrangian; }
size_t weyl_noether_equations(const weyl_noether *p) { return p->equations; }
const weyl_expr *weyl_noether_equation(const weyl_noether *p, size_t i) { return p->equation[i]; }
size_t weyl_noether_generators(const weyl_noether *p) { return p->generators; }
const char *weyl_noether_generator_name(const weyl_noether *p, size_t k) { return p->generator_name[k]; }
const weyl_generator *weyl_noether_generator(const weyl_noether *p, size_t k) { return &p->generator[k]; }

size_t problem_inputs(weyl_noether *p, const double **in) {
  const size_t n = weyl_algebra_independents(p->a), m = weyl_algebra_parameters(p->a);
  for (size_t k = 0; k < m; k++) {
    /* the parser declares pi where it is used */
    if (strcmp(weyl_algebra_parameter_name(p->a, k), "pi") == 0 && p->value[k] == 0) p->value[k] = acos(-1);
    in[n + k] = &p->value[k];
  }
  return n + m;
}

weyl_status problem_number(weyl_noether *p, const weyl_expr *x, double *value) {
  weyl_tape *tape = NULL;
  const double *in[WEYL_INDEPENDENTS_MAX + WEYL_PARAMETERS_MAX], none = NAN;
  for (size_t i = 0; i < weyl_algebra_independents(p->a); i++) in[i] = &none;
  WEYL_TRY(weyl_tape_new(p->a, 1, &x, 0, NULL, &tape));
  problem_inputs(p, in);
  weyl_tape_run(tape, 1, in, &value);
  weyl_tape_free(tape);
  return isnan(*value) ? weyl_fail(p->ctx, WEYL_FORMAT, "%.100s is no number", weyl_expr_text(p->a, x, WEYL_PLAIN))
                       : WEYL_OK;
}

static const weyl_expr *exact_value(void *user, const weyl_expr *symbol) {
  const weyl_noether *p = user;
  size_t k;
  return weyl_expr_as_parameter(p->a, symbol, &k) ? p->parameter[k] : NULL;
}

const weyl_expr *problem_with_values(weyl_noether *p, const weyl_expr *x) {
  return weyl_expr_replace(p->a, x, exact_value, p);
}

const weyl_expr **generator_slot(const weyl_noether *p, weyl_generator *v, size_t k) {
  const size_t n = weyl_algebra_independents(p->a);
  return k < n ? &v->xi[k] : &v->phi[k - n];
}

const char *weyl_noether_generator_text(weyl_noether *p, const weyl_generator *v, weyl_notation notation) {
  weyl_algebra *a = p->a;
  const size_t n = weyl_algebra_independents(a);
  const char *text = "";
  for (size_t k = 0; k < n + weyl_algebra_fields(a) && text; k++) {
    weyl_generator all = *v;
    const weyl_expr *x = *generator_slot(p, &all, k);
    if (weyl_expr_terms(x) == 0) continue;
    const char *factor = weyl_expr_text(a, x, notation),
               *name = k < n ? weyl_algebra_independent_name(a, k) : weyl_algebra_field_name(a, k - n);
    const bool sum = weyl_expr_terms(x) > 1, minus = !sum && factor[0] == '-';
    if (minus) factor++;
    const bool unit = strcmp(factor, "1") == 0;
    const char *sign = text[0] ? (minus ? " - " : " + ") : minus ? "-" : "";
    text = notation == WEYL_LATEX
               ? weyl_arena_printf(p->arena, "%s%s%s%s%s\\partial_{%s}", text, sign, sum ? "(" : "", unit ? "" : factor,
                                   sum ? ")" : " ", name)
               : weyl_arena_printf(p->arena, "%s%s%s%s%sd/d%s", text, sign, sum ? "(" : "", unit ? "" : factor,
                                   sum    ? ") "
                                   : unit ? ""
                                          : " ",
                                   name);
  }
  return !text ? "?" : text[0] ? text : "0";
}

double weyl_noether_value(weyl_noether *p, size_t k) {
  const double *in[WEYL_INDEPENDENTS_MAX + WEYL_PARAMETERS_MAX];
  problem_inputs(p, in);
  return p->value[k];
}
