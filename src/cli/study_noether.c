/* The quantities of Noether's theorem that rows of recipes name, of the presets. */
#include "studies.h"

#include <weyl/study.h>

#include <math.h>
#include <string.h>

typedef struct asked {
  weyl_context *ctx;
  weyl_noether *p;
  const weyl_options *options;
  size_t first, last; /* generators */
  double value;
  char *budget; /* [160] */
} asked;

static weyl_status verdict(asked *a, size_t k, weyl_noether_verdict *v) {
  snprintf(a->budget, 160, "%zu generator%s, 64 jets", a->last - a->first, a->last - a->first == 1 ? "" : "s");
  return weyl_noether_check(a->p, weyl_noether_generator(a->p, k), 64, 1, v);
}

static weyl_status residual(asked *a) {
  for (size_t k = a->first; k < a->last; k++) {
    weyl_noether_verdict v;
    WEYL_TRY(verdict(a, k, &v));
    if (!(v.residual <= a->value)) a->value = v.residual; /* NaN: no current */
  }
  return WEYL_OK;
}

static weyl_status variational(asked *a) {
  a->value = 1;
  for (size_t k = a->first; k < a->last; k++) {
    weyl_noether_verdict v;
    WEYL_TRY(verdict(a, k, &v));
    if (!v.variational) a->value = 0;
  }
  return WEYL_OK;
}

static weyl_status find(asked *a, bool of_action) {
  const weyl_noether_find_opts o = {.degree = (int)weyl_options_integer(a->options, "degree"),
                                    .order = (int)weyl_options_integer(a->options, "order"),
                                    .lagrangian = weyl_options_integer(a->options, "order") > 0};
  weyl_noether_found f;
  WEYL_TRY(weyl_noether_find(a->p, &o, &f));
  a->value = (double)(of_action ? f.variational : f.count);
  snprintf(a->budget, 160, "%zu unknowns, exact", f.unknowns);
  weyl_noether_found_free(a->ctx, &f);
  return WEYL_OK;
}

static weyl_status symmetries(asked *a) { return find(a, false); }
static weyl_status of_action(asked *a) { return find(a, true); }

static weyl_status move(asked *a, weyl_noether_motion *m) {
  const weyl_expr *j[64][WEYL_INDEPENDENTS_MAX];
  for (size_t k = a->first; k < a->last; k++) {
    weyl_noether_verdict v;
    WEYL_TRY(verdict(a, k, &v));
    if (!v.closed) return weyl_fail(a->ctx, WEYL_NO, "%s has no current", weyl_noether_generator_name(a->p, k));
    memcpy(j[k - a->first], v.current, sizeof v.current);
  }
  const weyl_noether_motion_opts o = {.method = weyl_options_string(a->options, "method"),
                                      .step = weyl_options_number(a->options, "step")};
  WEYL_TRY(weyl_noether_move(a->p, &o, a->last - a->first, (const weyl_expr *const(*)[WEYL_INDEPENDENTS_MAX])j, m));
  snprintf(a->budget, 160, "%s, steps %.3g to %.3g, time %.4g", o.method, m->step[0], m->step[2], m->t[m->samples - 1]);
  return WEYL_OK;
}

static weyl_status drift(asked *a) {
  weyl_noether_motion m;
  WEYL_TRY(move(a, &m));
  for (size_t k = 0; k < m.count; k++) a->value = fmax(a->value, m.drift[WEYL_NOETHER_LEVELS - 1][k]);
  weyl_noether_motion_free(a->ctx, &m);
  return WEYL_OK;
}

static weyl_status order(asked *a) {
  weyl_noether_motion m;
  WEYL_TRY(move(a, &m));
  a->value = INFINITY;
  for (size_t k = 0; k < m.count; k++) a->value = fmin(a->value, m.slope[k]);
  weyl_noether_motion_free(a->ctx, &m);
  return WEYL_OK;
}

static weyl_status holds(asked *a) {
  weyl_noether_motion m;
  WEYL_TRY(move(a, &m));
  a->value = 1;
  for (size_t k = 0; k < m.count; k++)
    if (!m.holds[k]) a->value = 0;
  weyl_noether_motion_free(a->ctx, &m);
  return WEYL_OK;
}

static const char *const quantities[] = {"residual", "variational", "symmetries", "symmetries of the action",
                                         "drift",    "drift order", "conserved",  NULL};
static weyl_status (*const compute[])(asked *a) = {residual, variational, symmetries, of_action, drift, order, holds};

static weyl_status choose(asked *a, const char *generator) {
  a->last = weyl_noether_generators(a->p);
  if (!generator[0]) return WEYL_OK;
  while (a->first < a->last && strcmp(weyl_noether_generator_name(a->p, a->first), generator) != 0) a->first++;
  if (a->first == a->last) WEYL_TRY(weyl_noether_add(a->p, NULL, generator, "generator", &a->first));
  a->last = a->first + 1;
  return WEYL_OK;
}

static weyl_status run(void *state, weyl_context *ctx, const char *quantity, const weyl_options *options, double *value,
                       double *error, char budget[160]) {
  (void)state;
  const char *text = NULL, *name, *wanted = weyl_options_string(options, "problem");
  for (size_t i = 0; (name = weyl_noether_preset(i, &text)) && strcmp(name, wanted) != 0;) i++;
  if (!name) return weyl_fail(ctx, WEYL_UNKNOWN, "no problem \"%s\": weyl noether list shows them", wanted);
  asked a = {.ctx = ctx, .options = options, .budget = budget};
  WEYL_TRY(weyl_noether_parse(ctx, text, strlen(text), name, &a.p));
  weyl_status status = choose(&a, weyl_options_string(options, "generator"));
  size_t k = 0;
  while (strcmp(quantities[k], quantity) != 0) k++;
  if (status == WEYL_OK) status = compute[k](&a);
  weyl_noether_free(a.p);
  *value = a.value;
  *error = 0;
  return status;
}

static const weyl_option options[] = {
    {"problem", WEYL_OPT_STRING, "kepler", 0, 0, NULL, "a preset of weyl noether"},
    {"generator", WEYL_OPT_STRING, "", 0, 0, NULL, "one of its generators, or components; all when not given"},
    {"degree", WEYL_OPT_INT, "2", 1, 6, NULL, "of the ansatz for symmetries"},
    {"order", WEYL_OPT_INT, "0", 0, 3, NULL, "of derivatives in it"},
    {"method", WEYL_OPT_CHOICE, "gauss4", 0, 0, "gauss2|gauss4|gauss6|rk4", "of integration"},
    {"step", WEYL_OPT_DOUBLE, "0", 0, 1e9, NULL, "0: the problem's"},
    STUDY_OPTION_END,
};

const study_kind study_kind_noether = {.study = {"noether", options, quantities, NULL, run}, .size = 1};
