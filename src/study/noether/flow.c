/* Equations of motion: solved for time derivatives, split into a linear part and the rest, evaluated by tapes between
 * Fourier transforms. */
#include "noether/flow.h"

#include <math.h>
#include <string.h>

static weyl_status cannot(weyl_noether *p, const char *why) {
  return weyl_fail(p->ctx, WEYL_UNSUPPORTED, "motion cannot be computed: %s", why);
}

/* ---- the equations ---- */

static weyl_status solve(weyl_noether *p, shell *s) {
  if (p->evolutions == 0) return shell_solve(p, p->equations, p->equation, BY_TIME, s);
  *s = (shell){.problem = p, .count = p->evolutions};
  memcpy(s->rule, p->evolution, sizeof s->rule);
  for (size_t k = 0; k < p->equations; k++)
    if (!weyl_expr_is_zero(p->a, shell_reduce(s, p->equation[k]))) {
      shell_free(s);
      return weyl_fail(p->ctx, WEYL_FORMAT, "the evolution equations do not solve the equation %.160s = 0",
                       weyl_expr_text(p->a, p->equation[k], WEYL_PLAIN));
    }
  return weyl_algebra_status(p->a);
}

/* The states of each field: itself and its time derivatives below the leader. */
static weyl_status states_of(flow *f, shell *s) {
  weyl_noether *p = f->p;
  for (size_t field = 0; field < weyl_algebra_fields(p->a); field++) {
    const rule *r = NULL;
    for (size_t k = 0; k < s->count; k++)
      if (s->rule[k].leader.field == field) r = r ? r : &s->rule[k];
    const int order = r ? r->leader.order[0] : 0;
    if (!r || order == 0 || jet_order(r->leader) != order) {
      char why[120];
      snprintf(why, sizeof why,
               "no equation gives the highest time derivative of %s, add a line \"evolution: %s_%s = ...\"",
               weyl_algebra_field_name(p->a, field), weyl_algebra_field_name(p->a, field),
               weyl_algebra_independent_name(p->a, 0));
      return cannot(p, why);
    }
    if (f->states + (size_t)order > STATES_MAX) return cannot(p, "too many time derivatives");
    for (int k = 0; k < order; k++) {
      f->state[f->states] = (weyl_jet){.field = (uint8_t)field};
      f->state[f->states++].order[0] = (uint8_t)k;
    }
    f->top[field] = f->states - 1;
    f->rhs[field] = problem_with_values(p, shell_reduce(s, r->value));
  }
  return weyl_algebra_status(p->a);
}

static size_t state_of(const flow *f, weyl_jet jet) {
  size_t k = 0;
  while (k < f->states && (f->state[k].field != jet.field || f->state[k].order[0] != jet.order[0])) k++;
  return k;
}

/* Terms with a constant coefficient go into the linear part. */
static weyl_status split(flow *f) {
  weyl_algebra *a = f->p->a;
  for (size_t k = 0; k + 1 < f->states; k++)
    if (f->state[k].field == f->state[k + 1].field) f->linear[k][k + 1][0] = 1;
  for (size_t field = 0; field < weyl_algebra_fields(a); field++) {
    weyl_jet jets[FLOW_JETS_MAX];
    const size_t n = weyl_expr_jets(a, f->rhs[field], jets, FLOW_JETS_MAX);
    for (size_t k = 0; k < n && k < FLOW_JETS_MAX; k++) {
      const weyl_expr *z = weyl_expr_jet(a, jets[k]), *slope = weyl_expr_partial(a, f->rhs[field], z);
      const size_t from = state_of(f, jets[k]);
      for (size_t i = 0; i < weyl_expr_terms(slope); i++) {
        double c, one;
        const weyl_expr *unit = weyl_expr_term(a, slope, i, &c);
        if (!weyl_expr_as_number(unit, &one) || from == f->states || jets[k].order[1] > 15) continue;
        f->linear[f->top[field]][from][jets[k].order[1]] += c;
        f->rhs[field] = weyl_expr_sub(a, f->rhs[field], weyl_expr_mul(a, weyl_expr_only(a, slope, i), z));
        break;
      }
    }
  }
  return weyl_algebra_status(a);
}

/* ---- jets and tapes ---- */

static weyl_status need(flow *f, const weyl_expr *x) {
  weyl_jet jets[FLOW_JETS_MAX];
  const size_t n = weyl_expr_jets(f->p->a, x, jets, FLOW_JETS_MAX);
  if (n > FLOW_JETS_MAX) return cannot(f->p, "too many derivatives");
  for (size_t k = 0; k < n; k++) {
    size_t i = 0;
    while (i < f->jets && memcmp(&f->jet[i], &jets[k], sizeof *jets) != 0) i++;
    if (i < f->jets) continue;
    if (f->jets == FLOW_JETS_MAX) return cannot(f->p, "too many derivatives");
    f->jet_state[f->jets] = state_of(f, jets[k]);
    if (f->jet_state[f->jets] == f->states) return cannot(f->p, "a time derivative is left that no equation gives");
    f->jet[f->jets++] = jets[k];
  }
  return WEYL_OK;
}

/* Densities term by term, and the flux through the ends where it differs there: the fields are periodic, positions not.
 */
static weyl_status currents_of(flow *f, shell *s, size_t count,
                               const weyl_expr *const (*current)[WEYL_INDEPENDENTS_MAX], const weyl_expr **density,
                               const weyl_expr **flux, size_t room) {
  weyl_algebra *a = f->p->a;
  for (size_t k = 0; k < count; k++) {
    const weyl_expr *j = shell_reduce(s, current[k][0]);
    f->first_term[k] = f->terms;
    for (size_t i = 0; i < weyl_expr_terms(j); i++) {
      if (f->terms == room) return cannot(f->p, "a current has too many terms");
      density[f->terms++] = weyl_expr_only(a, j, i);
    }
    flux[k] = f->n > 1 ? shell_reduce(s, current[k][1]) : NULL;
    if (flux[k] && weyl_expr_free_of(a, flux[k], weyl_expr_independent(a, 1))) flux[k] = NULL;
    if (!flux[k]) flux[k] = weyl_expr_number(a, 0, 1);
    WEYL_TRY(need(f, flux[k]));
    WEYL_TRY(weyl_algebra_status(a));
  }
  f->first_term[count] = f->terms;
  for (size_t k = 0; k < f->terms; k++) WEYL_TRY(need(f, density[k]));
  return WEYL_OK;
}

static weyl_status buffers(flow *f) {
  weyl_context *ctx = f->p->ctx;
  const size_t fields = weyl_algebra_fields(f->p->a),
               inputs = weyl_algebra_independents(f->p->a) + weyl_algebra_parameters(f->p->a) + f->jets,
               outputs = fields + f->terms + f->fluxes, rows = f->jets > fields ? f->jets : fields;
  f->spectrum = weyl_alloc(ctx, rows * f->n + 1, sizeof *f->spectrum);
  f->value = weyl_alloc(ctx, f->jets * (f->n + 1) + 1, sizeof *f->value);
  f->x = weyl_alloc(ctx, f->n + 1, sizeof *f->x);
  f->time = weyl_alloc(ctx, f->n + 1, sizeof *f->time);
  f->constant = weyl_alloc(ctx, weyl_algebra_parameters(f->p->a) * (f->n + 1) + 1, sizeof *f->constant);
  f->out = weyl_alloc(ctx, outputs * (f->n + 1) + 1, sizeof *f->out);
  f->in = weyl_alloc(ctx, inputs + 1, sizeof *f->in);
  f->to = weyl_alloc(ctx, outputs + 1, sizeof *f->to);
  if (!f->spectrum || !f->value || !f->x || !f->time || !f->constant || !f->out || !f->in || !f->to) return WEYL_MEMORY;
  const size_t independents = weyl_algebra_independents(f->p->a);
  problem_inputs(f->p, f->in);
  for (size_t k = 0; k < weyl_algebra_parameters(f->p->a); k++) {
    double *row = f->constant + k * (f->n + 1);
    for (size_t i = 0; i <= f->n; i++) row[i] = *f->in[independents + k];
    f->in[independents + k] = row;
  }
  f->in[0] = f->time;
  if (independents > 1) f->in[1] = f->x;
  for (size_t k = 0; k < f->jets; k++)
    f->in[independents + weyl_algebra_parameters(f->p->a) + k] = f->value + k * (f->n + 1);
  for (size_t k = 0; k < outputs; k++) f->to[k] = f->out + k * (f->n + 1);
  for (size_t i = 0; i <= f->n; i++) f->x[i] = f->low + (double)i * f->dx;
  if (f->n == 1) return WEYL_OK;
  WEYL_TRY(weyl_fft_new(ctx, WEYL_F64, f->n, &f->fft));
  f->scratch = weyl_alloc(ctx, weyl_fft_scratch(f->fft), 1);
  return f->scratch ? WEYL_OK : WEYL_MEMORY;
}

weyl_status flow_open(weyl_noether *p, size_t points, size_t count,
                      const weyl_expr *const (*current)[WEYL_INDEPENDENTS_MAX], flow *out) {
  enum { TERMS = 4096 };
  const size_t independents = weyl_algebra_independents(p->a);
  if (independents > 2) return cannot(p, "there is more than one dimension of space");
  if (independents == 2 && !p->domain)
    return cannot(p, "there is no domain, add a line such as \"domain: x = -10 to 10\"");
  if (p->initials == 0) return cannot(p, "there are no initial values, add a line such as \"initial: x = 1, x_t = 0\"");
  flow *f = out;
  *f = (flow){.p = p, .n = independents == 2 ? points : 1, .currents = count};
  if (f->n > 1) f->low = p->low, f->dx = (p->high - p->low) / (double)f->n;
  f->fluxes = f->n > 1 ? count : 0;
  shell s;
  WEYL_TRY(solve(p, &s));
  weyl_status status;
  const weyl_expr **density = weyl_alloc(p->ctx, TERMS, sizeof *density),
                  **flux = weyl_alloc(p->ctx, count + 1, sizeof *flux);
  f->first_term = weyl_alloc(p->ctx, count + 2, sizeof *f->first_term);
  status = density && flux && f->first_term ? WEYL_OK : WEYL_MEMORY;
  if (status == WEYL_OK) status = states_of(f, &s);
  if (status == WEYL_OK && f->n > 1) status = split(f);
  for (size_t k = 0; k < weyl_algebra_fields(p->a) && status == WEYL_OK; k++) {
    status = need(f, f->rhs[k]);
  }
  for (size_t k = 0; k < f->states && status == WEYL_OK; k++) status = need(f, weyl_expr_jet(p->a, f->state[k]));
  if (status == WEYL_OK) status = currents_of(f, &s, count, current, density, flux, TERMS);
  if (status == WEYL_OK) status = weyl_tape_new(p->a, weyl_algebra_fields(p->a), f->rhs, f->jets, f->jet, &f->tape);
  if (status == WEYL_OK) status = weyl_tape_new(p->a, f->terms, density, f->jets, f->jet, &f->density);
  if (status == WEYL_OK && f->fluxes) status = weyl_tape_new(p->a, count, flux, f->jets, f->jet, &f->flux);
  f->size = f->states * f->n + f->fluxes;
  if (status == WEYL_OK) status = buffers(f);
  weyl_dealloc(p->ctx, density);
  weyl_dealloc(p->ctx, flux);
  shell_free(&s);
  if (status != WEYL_OK) flow_close(f);
  return status;
}

void flow_close(flow *f) {
  if (!f->p) return;
  weyl_context *ctx = f->p->ctx;
  weyl_tape_free(f->tape);
  weyl_tape_free(f->flux);
  weyl_tape_free(f->density);
  weyl_fft_free(f->fft);
  void *const blocks[] = {f->scratch,  f->spectrum, f->value, f->x,          f->time,
                          f->constant, f->out,      f->in,    f->first_term, f->to};
  for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) weyl_dealloc(ctx, blocks[k]);
  *f = (flow){0};
}

/* ---- numbers ---- */

/* (i k)^power of mode j; the highest mode of an even number has no odd derivatives. */
static number derivative(const flow *f, size_t j, int power) {
  const double turn = 2 * acos(-1) / (f->dx * (double)f->n);
  const double k = turn * (j <= f->n / 2 ? (double)j : (double)j - (double)f->n);
  if (power == 0) return 1;
  if (2 * j == f->n && power % 2) return 0;
  static const number quarter[4] = {1, I, -1, -I};
  return quarter[power % 4] * pow(k, power);
}

/* Values of all jets from the state, with the first point again behind the last. */
static void evaluate(flow *f, double t, const number *y) {
  const size_t n = f->n;
  for (size_t i = 0; i <= n; i++) f->time[i] = t;
  for (size_t k = 0; k < f->jets; k++) {
    const number *from = y + f->jet_state[k] * n;
    number *to = f->spectrum + k * n;
    if (n == 1)
      to[0] = from[0];
    else
      for (size_t j = 0; j < n; j++) to[j] = from[j] * derivative(f, j, f->jet[k].order[1]) / (double)n;
  }
  if (n > 1) weyl_fft_run(f->fft, true, f->jets, f->spectrum, f->spectrum, f->scratch);
  for (size_t k = 0; k < f->jets; k++) {
    double *v = f->value + k * (n + 1);
    for (size_t j = 0; j < n; j++) v[j] = creal(f->spectrum[k * n + j]);
    v[n] = v[0];
  }
}

void flow_rate(flow *f, double t, const number *y, number *dy) {
  const size_t n = f->n, fields = weyl_algebra_fields(f->p->a);
  evaluate(f, t, y);
  weyl_tape_run(f->tape, n, f->in, f->to);
  memset(dy, 0, f->size * sizeof *dy);
  for (size_t k = 0; k < fields; k++)
    for (size_t j = 0; j < n; j++) f->spectrum[k * n + j] = f->to[k][j];
  if (n > 1) weyl_fft_run(f->fft, false, fields, f->spectrum, f->spectrum, f->scratch);
  for (size_t k = 0; k < fields; k++) memcpy(dy + f->top[k] * n, f->spectrum + k * n, n * sizeof *dy);
  if (n == 1) {
    for (size_t k = 0; k + 1 < f->states; k++)
      if (f->state[k].field == f->state[k + 1].field) dy[k] = y[k + 1];
    return;
  }
  const size_t inputs = 2 + weyl_algebra_parameters(f->p->a) + f->jets;
  for (int side = 0; side < 2 && f->fluxes; side++) {
    for (size_t k = 0; k < inputs; k++) f->in[k] += side * (ptrdiff_t)n;
    weyl_tape_run(f->flux, 1, f->in, f->to);
    for (size_t k = 0; k < inputs; k++) f->in[k] -= side * (ptrdiff_t)n;
    for (size_t k = 0; k < f->fluxes; k++) dy[f->states * n + k] += (side ? 1 : -1) * f->to[k][0];
  }
}

/* exp of a small matrix: Taylor's series of 18 terms of it over 2^q, squared q times. */
static void matrix_exponential(size_t m, const number *a, number *e) {
  number term[STATES_MAX * STATES_MAX], next[STATES_MAX * STATES_MAX];
  double norm = 0;
  int squarings = 0;
  for (size_t i = 0; i < m * m; i++) norm += cabs(a[i]);
  while (norm > 0.5) norm /= 2, squarings++;
  for (size_t i = 0; i < m * m; i++) e[i] = term[i] = i % (m + 1) == 0;
  for (int k = 1; k <= 18; k++) {
    for (size_t i = 0; i < m; i++)
      for (size_t j = 0; j < m; j++) {
        number s = 0;
        for (size_t l = 0; l < m; l++) s += term[i * m + l] * a[l * m + j];
        next[i * m + j] = s * ldexp(1.0 / k, -squarings);
      }
    memcpy(term, next, m * m * sizeof *term);
    for (size_t i = 0; i < m * m; i++) e[i] += term[i];
  }
  for (; squarings > 0; squarings--) {
    for (size_t i = 0; i < m; i++)
      for (size_t j = 0; j < m; j++) {
        number s = 0;
        for (size_t l = 0; l < m; l++) s += e[i * m + l] * e[l * m + j];
        next[i * m + j] = s;
      }
    memcpy(e, next, m * m * sizeof *e);
  }
}

void flow_exponential(const flow *f, double h, number *e) {
  const size_t m = f->states;
  number a[STATES_MAX * STATES_MAX];
  for (size_t j = 0; j < f->n; j++) {
    for (size_t r = 0; r < m; r++)
      for (size_t c = 0; c < m; c++) {
        number s = 0;
        for (int power = 0; power < 16; power++)
          if (f->linear[r][c][power] != 0) s += f->linear[r][c][power] * derivative(f, j, power);
        a[r * m + c] = h * s;
      }
    matrix_exponential(m, a, e + j * m * m);
  }
}

void flow_apply(const flow *f, const number *e, const number *x, number *y) {
  const size_t n = f->n, m = f->states;
  if (n == 1) {
    memcpy(y, x, f->size * sizeof *y);
    return;
  }
  for (size_t r = 0; r < m; r++)
    for (size_t j = 0; j < n; j++) {
      number s = 0;
      for (size_t c = 0; c < m; c++) s += e[(j * m + r) * m + c] * x[c * n + j];
      y[r * n + j] = s;
    }
  memcpy(y + m * n, x + m * n, f->fluxes * sizeof *y);
}

weyl_status flow_start(flow *f, number *y) {
  weyl_noether *p = f->p;
  memset(y, 0, f->size * sizeof *y);
  for (size_t i = 0; i <= f->n; i++) f->time[i] = 0;
  for (size_t k = 0; k < p->initials; k++) {
    const size_t state = state_of(f, p->initial[k].jet);
    if (state == f->states)
      return weyl_fail(p->ctx, WEYL_FORMAT, "an initial value for %s, which the equations give",
                       weyl_expr_text(p->a, weyl_expr_jet(p->a, p->initial[k].jet), WEYL_PLAIN));
    weyl_tape *tape = NULL;
    WEYL_TRY(weyl_tape_new(p->a, 1, &p->initial[k].value, f->jets, f->jet, &tape));
    weyl_tape_run(tape, f->n, f->in, f->to);
    weyl_tape_free(tape);
    for (size_t j = 0; j < f->n; j++) {
      if (!isfinite(f->to[0][j]))
        return weyl_fail(p->ctx, WEYL_NUMERIC, "the initial value of %s is not finite",
                         weyl_algebra_field_name(p->a, p->initial[k].jet.field));
      f->spectrum[j] = f->to[0][j];
    }
    if (f->n > 1) weyl_fft_run(f->fft, false, 1, f->spectrum, f->spectrum, f->scratch);
    memcpy(y + state * f->n, f->spectrum, f->n * sizeof *y);
  }
  return WEYL_OK;
}

void flow_measure(flow *f, double t, const number *y, double *charge, double *scale) {
  const size_t n = f->n, ends = n > 1 ? n + 1 : 1;
  evaluate(f, t, y);
  weyl_tape_run(f->density, ends, f->in, f->to);
  for (size_t k = 0; k < f->currents; k++) {
    charge[k] = scale[k] = 0;
    for (size_t term = f->first_term[k]; term < f->first_term[k + 1]; term++)
      for (size_t i = 0; i < ends; i++) {
        const double weight = n == 1 ? 1 : (i == 0 || i == n ? 0.5 : 1) * f->dx;
        charge[k] += weight * f->to[term][i];
        scale[k] += weight * fabs(f->to[term][i]);
      }
    if (n > 1) charge[k] += creal(y[f->states * n + k]);
  }
}

const double *flow_values(const flow *f, size_t state) {
  size_t k = 0;
  while (memcmp(&f->jet[k], &f->state[state], sizeof *f->jet) != 0) k++;
  return f->value + k * (f->n + 1);
}
