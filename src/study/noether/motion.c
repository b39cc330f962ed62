/* Motion by Runge-Kutta methods in the frame of the linear part (Lawson 1967), and how charges drift along it. */
#include "noether/flow.h"

#include <math.h>
#include <string.h>

/* ---- methods ---- */

typedef struct method {
  const char *name;
  int order, stages;
  bool direct; /* each stage from those before: no iteration */
  double a[STAGES_MAX][STAGES_MAX], b[STAGES_MAX], c[STAGES_MAX];
} method;

#define R3  1.7320508075688772935
#define R15 3.8729833462074168852

/* Gauss-Legendre collocation (Hairer, Lubich, Wanner, Geometric Numerical Integration, II.1.3): symplectic. */
static const method methods[] = {
    {"gauss2", 2, 1, false, {{0.5}}, {1}, {0.5}},
    {"gauss4", 4, 2, false, {{0.25, 0.25 - R3 / 6}, {0.25 + R3 / 6, 0.25}}, {0.5, 0.5}, {0.5 - R3 / 6, 0.5 + R3 / 6}},
    {"gauss6",
     6,
     3,
     false,
     {{5.0 / 36, 2.0 / 9 - R15 / 15, 5.0 / 36 - R15 / 30},
      {5.0 / 36 + R15 / 24, 2.0 / 9, 5.0 / 36 - R15 / 24},
      {5.0 / 36 + R15 / 30, 2.0 / 9 + R15 / 15, 5.0 / 36}},
     {5.0 / 18, 4.0 / 9, 5.0 / 18},
     {0.5 - R15 / 10, 0.5, 0.5 + R15 / 10}},
    {"rk4", 4, 4, true, {{0}, {0.5}, {0, 0.5}, {0, 0, 1}}, {1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6}, {0, 0.5, 0.5, 1}},
};

/* ---- one step ---- */

typedef struct stepper {
  flow *f;
  const method *m;
  double h;
  number *forth[STAGES_MAX], *back[STAGES_MAX], *whole; /* exp(c h L), exp(-c h L), exp(h L) */
  number *v[STAGES_MAX], *x, *y, *memory;
} stepper;

static weyl_status stepper_new(flow *f, const method *m, stepper *s) {
  const size_t e = f->n > 1 ? f->n * f->states * f->states : 0, stages = (size_t)m->stages;
  *s = (stepper){.f = f, .m = m};
  s->memory = weyl_alloc(f->p->ctx, (2 * stages + 1) * e + (stages + 2) * f->size + 1, sizeof *s->memory);
  if (!s->memory) return WEYL_MEMORY;
  number *at = s->memory;
  for (size_t k = 0; k < stages; k++) {
    s->forth[k] = at;
    s->back[k] = at + e;
    s->v[k] = at + 2 * e;
    at += 2 * e + f->size;
  }
  s->whole = at;
  s->x = at + e;
  s->y = s->x + f->size;
  return WEYL_OK;
}

static void stepper_set(stepper *s, double h) {
  s->h = h;
  for (int k = 0; k < s->m->stages; k++) memset(s->v[k], 0, s->f->size * sizeof(number));
  if (s->f->n == 1) return;
  for (int k = 0; k < s->m->stages; k++) {
    flow_exponential(s->f, s->m->c[k] * h, s->forth[k]);
    flow_exponential(s->f, -s->m->c[k] * h, s->back[k]);
  }
  flow_exponential(s->f, h, s->whole);
}

/* x = y0 + h sum_k weight_k v_k */
static void combine(stepper *s, const number *y0, const double *weight) {
  memcpy(s->x, y0, s->f->size * sizeof *s->x);
  for (int k = 0; k < s->m->stages; k++)
    for (size_t i = 0; weight[k] != 0 && i < s->f->size; i++) s->x[i] += s->h * weight[k] * s->v[k][i];
}

static weyl_status one_step(stepper *s, double t, number *y0) {
  enum { TURNS = 80 };
  flow *f = s->f;
  double before = INFINITY;
  for (int turn = 0;; turn++) {
    double change = 0, norm = 1e-300;
    for (int k = 0; k < s->m->stages; k++) {
      combine(s, y0, s->m->a[k]);
      flow_apply(f, s->forth[k], s->x, s->y);
      flow_rate(f, t + s->m->c[k] * s->h, s->y, s->x);
      flow_apply(f, s->back[k], s->x, s->y);
      for (size_t i = 0; i < f->size; i++) {
        const double d = s->h * cabs(s->y[i] - s->v[k][i]), y = cabs(y0[i]) + s->h * cabs(s->y[i]);
        if (!(d <= change)) change = d;
        if (y > norm) norm = y;
        s->v[k][i] = s->y[i];
      }
    }
    /* as small as rounding lets it be */
    if (s->m->direct || change <= 1e-16 * norm || (change <= 1e-13 * norm && change > before / 4)) break;
    if (turn == TURNS || !isfinite(change))
      return weyl_fail(f->p->ctx, WEYL_NUMERIC, "the step %.3g at time %.6g does not converge: a shorter one may", s->h,
                       t);
    before = change;
  }
  combine(s, y0, s->m->b);
  flow_apply(f, s->whole, s->x, y0);
  return WEYL_OK;
}

/* ---- levels ---- */

static weyl_status plan(weyl_noether *p, const weyl_noether_motion_opts *o, const method **m, size_t *samples,
                        size_t *stride, double *step) {
  static const size_t count = sizeof methods / sizeof *methods;
  const char *name = o->method ? o->method : "gauss4";
  for (size_t k = 0; k < count; k++)
    if (strcmp(methods[k].name, name) == 0) *m = &methods[k];
  if (!*m)
    return weyl_fail(p->ctx, WEYL_UNKNOWN, "no method \"%.20s\": there are gauss2, gauss4, gauss6 and rk4", name);
  const double time = o->time > 0 ? o->time : p->time, h = o->step > 0 ? o->step : p->step,
               steps = ceil(time / h - 1e-9);
  if (!(steps <= 1e7))
    return weyl_fail(p->ctx, WEYL_BAD_ARG, "%.3g steps are more than 1e7: a longer step or a shorter time", steps);
  const size_t all = steps < 1 ? 1 : (size_t)steps, wanted = o->samples ? o->samples : 200;
  *stride = (all + wanted - 1) / wanted;
  const size_t parts = (all + *stride - 1) / *stride;
  *samples = parts + 1;
  *step = time / (double)(parts * *stride);
  return WEYL_OK;
}

static weyl_status run_level(stepper *s, weyl_noether_motion *out, int level, size_t stride, number *y) {
  flow *f = s->f;
  const size_t parts = out->samples - 1, steps = stride << level;
  double charge[GENERATORS_MAX], scale[GENERATORS_MAX];
  stepper_set(s, out->step[level]);
  WEYL_TRY(flow_start(f, y));
  for (size_t i = 0; i <= parts; i++) {
    out->t[i] = out->step[level] * (double)(i * steps);
    for (size_t k = 0; k < steps && i > 0; k++) WEYL_TRY(one_step(s, out->t[i - 1] + (double)k * out->step[level], y));
    flow_measure(f, out->t[i], y, charge, scale);
    for (size_t k = 0; k < out->states && level == WEYL_NOETHER_LEVELS - 1; k++)
      memcpy(out->state + (k * out->samples + i) * out->width, flow_values(f, k), out->width * sizeof(double));
    for (size_t k = 0; k < out->count; k++) {
      if (!isfinite(charge[k]))
        return weyl_fail(f->p->ctx, WEYL_NUMERIC, "a charge is not finite at time %.6g", out->t[i]);
      out->value[level][k * out->samples + i] = charge[k];
      out->scale[k] = fmax(out->scale[k], scale[k]);
    }
    if (weyl_progress(f->p->ctx, "motion", (double)(((size_t)1 << level) * (parts + i)), (double)(8 * parts)))
      return weyl_fail(f->p->ctx, WEYL_INTERRUPTED, "stopped at time %.6g", out->t[i]);
  }
  return WEYL_OK;
}

static void judge(weyl_noether_motion *m) {
  const double rounding = 2e-13; /* of one level; small enough in any case is 50 times that */
  for (size_t k = 0; k < m->count; k++) {
    for (int level = 0; level < WEYL_NOETHER_LEVELS; level++) {
      const double *v = m->value[level] + k * m->samples;
      for (size_t i = 0; i < m->samples; i++)
        m->drift[level][k] = fmax(m->drift[level][k], fabs(v[i] - v[0]) / fmax(m->scale[k], 1e-300));
    }
    /* between the last two levels that are above rounding */
    const int fine = m->drift[2][k] > rounding ? 2 : 1;
    m->slope[k] = m->drift[0][k] <= 5 * rounding ? INFINITY : log2(m->drift[fine - 1][k] / m->drift[fine][k]);
    m->holds[k] = m->drift[2][k] <= 50 * rounding || m->slope[k] >= m->order - 0.5;
  }
}

weyl_status weyl_noether_move(weyl_noether *p, const weyl_noether_motion_opts *opts, size_t count,
                              const weyl_expr *const (*current)[WEYL_INDEPENDENTS_MAX], weyl_noether_motion *out) {
  const weyl_noether_motion_opts o = opts ? *opts : (weyl_noether_motion_opts){0};
  const method *m = NULL;
  size_t samples = 0, stride = 0;
  double step = 0;
  if (count > GENERATORS_MAX) return weyl_fail(p->ctx, WEYL_BAD_ARG, "%zu currents, at most %d", count, GENERATORS_MAX);
  WEYL_TRY(plan(p, &o, &m, &samples, &stride, &step));
  flow f;
  WEYL_TRY(flow_open(p, o.points ? o.points : p->points, count, current, &f));
  weyl_noether_motion r = {.order = m->order, .count = count, .samples = samples, .width = f.n, .states = f.states};
  stepper s = {0};
  number *y = weyl_alloc(p->ctx, f.size + 1, sizeof *y);
  weyl_status status = stepper_new(&f, m, &s);
  r.t = weyl_alloc(p->ctx, samples, sizeof *r.t);
  r.scale = weyl_alloc(p->ctx, count + 1, sizeof *r.scale);
  r.slope = weyl_alloc(p->ctx, count + 1, sizeof *r.slope);
  r.holds = weyl_alloc(p->ctx, count + 1, sizeof *r.holds);
  r.state = weyl_alloc(p->ctx, samples * r.states * r.width, sizeof *r.state);
  r.x = weyl_alloc(p->ctx, r.width, sizeof *r.x);
  r.jet = weyl_alloc(p->ctx, r.states, sizeof *r.jet);
  bool room = y && r.t && r.scale && r.slope && r.holds && r.state && r.x && r.jet;
  for (int level = 0; level < WEYL_NOETHER_LEVELS; level++) {
    r.step[level] = ldexp(step, -level);
    r.value[level] = weyl_alloc(p->ctx, count * samples + 1, sizeof(double));
    r.drift[level] = weyl_alloc(p->ctx, count + 1, sizeof(double));
    room = room && r.value[level] && r.drift[level];
  }
  if (status == WEYL_OK && !room) status = WEYL_MEMORY;
  if (status == WEYL_OK) memcpy(r.x, f.x, r.width * sizeof *r.x), memcpy(r.jet, f.state, r.states * sizeof *r.jet);
  for (int level = 0; level < WEYL_NOETHER_LEVELS && status == WEYL_OK; level++)
    status = run_level(&s, &r, level, stride, y);
  if (status == WEYL_OK) {
    judge(&r);
    *out = r;
  } else {
    weyl_noether_motion_free(p->ctx, &r);
  }
  weyl_dealloc(p->ctx, y);
  weyl_dealloc(p->ctx, s.memory);
  flow_close(&f);
  return status;
}

void weyl_noether_motion_free(weyl_context *ctx, weyl_noether_motion *m) {
  weyl_dealloc(ctx, m->t);
  weyl_dealloc(ctx, m->scale);
  weyl_dealloc(ctx, m->slope);
  weyl_dealloc(ctx, m->holds);
  weyl_dealloc(ctx, m->state);
  weyl_dealloc(ctx, m->x);
  weyl_dealloc(ctx, m->jet);
  for (int level = 0; level < WEYL_NOETHER_LEVELS; level++) {
    weyl_dealloc(ctx, m->value[level]);
    weyl_dealloc(ctx, m->drift[level]);
  }
  *m = (weyl_noether_motion){0};
}
