/* The figures of the study, and methods side by side. */
#include "sense.h"

#include <math.h>
#include <string.h>

typedef struct figure {
  const char *name, *about;
  bool log_x;
  sense_setting base; /* what the curves share */
  size_t count;
  struct {
    const char *label;
    size_t k;
    double alpha;       /* 0: the base's */
    const char *method; /* NULL: the base's */
    bool symmetric;
    double beta, lambda;
    const char *start;
  } curve[8];
} figure;

/* The preset of the sheet: n = 50, r = 3, m = 2000 Gaussian measurements, eta = .05. */
#define PAPER .measure = "gaussian", .n1 = 50, .rank = 3, .m = 2000, .kappa = 1
#define EVEN  .even = true

static const figure figures[] = {
    {"fig-2a",
     "symmetric: k = r is exponential, k > r falls as t^-2",
     true,
     {PAPER, .o = {.eta = 0.05, .alpha = 0.2, .iterations = 3000}},
     3,
     {{.label = "k = 3", .k = 3, .symmetric = true},
      {.label = "k = 4", .k = 4, .symmetric = true},
      {.label = "k = 5", .k = 5, .symmetric = true}}},
    {"fig-2b",
     "asymmetric, k = 5: the larger the start, the faster",
     false,
     {PAPER, .o = {.eta = 0.05, .iterations = 3000, EVEN}},
     4,
     {{.label = "alpha = 0.05", .k = 5, .alpha = 0.05},
      {.label = "alpha = 0.1", .k = 5, .alpha = 0.1},
      {.label = "alpha = 0.2", .k = 5, .alpha = 0.2},
      {.label = "alpha = 0.5", .k = 5, .alpha = 0.5}}},
    {"fig-3",
     "one rebalancing step: the rate no longer depends on the start",
     false,
     {PAPER, .o = {.eta = 0.05, .iterations = 1500, EVEN}},
     4,
     {{.label = "gd, alpha = 0.2", .k = 5, .alpha = 0.2},
      {.label = "gd, alpha = 0.05", .k = 5, .alpha = 0.05},
      {.label = "modified, alpha = 0.2", .k = 5, .alpha = 0.2, .method = "modified", .beta = 0.7},
      {.label = "modified, alpha = 0.05", .k = 5, .alpha = 0.05, .method = "modified", .beta = 0.7}}},
    {"exact",
     "asymmetric, k = r: exponential from any start",
     false,
     {PAPER, .o = {.eta = 0.05, .iterations = 1200, EVEN}},
     4,
     {{.label = "alpha = 0.05", .k = 3, .alpha = 0.05},
      {.label = "alpha = 0.1", .k = 3, .alpha = 0.1},
      {.label = "alpha = 0.2", .k = 3, .alpha = 0.2},
      {.label = "alpha = 0.5", .k = 3, .alpha = 0.5}}},
    {"population",
     "symmetric without the scatter of measurements, to t = 40000",
     true,
     {.measure = "population", .n1 = 50, .rank = 3, .kappa = 1, .o = {.eta = 0.1, .alpha = 0.2, .iterations = 40000}},
     4,
     {{.label = "k = 3", .k = 3, .symmetric = true},
      {.label = "k = 4", .k = 4, .symmetric = true},
      {.label = "k = 5", .k = 5, .symmetric = true},
      {.label = "k = 8", .k = 8, .symmetric = true}}},
    {"symmetry",
     "the same problem with one factor and with two",
     true,
     {.measure = "population", .n1 = 50, .rank = 3, .kappa = 1, .o = {.eta = 0.1, .alpha = 0.2, .iterations = 10000}},
     3,
     {{.label = "X X^T", .k = 5, .symmetric = true},
      {.label = "F G^T, balanced start", .k = 5, .start = "balanced"},
      {.label = "F G^T", .k = 5}}},
    {"kappa",
     "kappa = 10: ill-conditioned, k = 5",
     false,
     {.measure = "gaussian",
      .n1 = 50,
      .rank = 3,
      .m = 2000,
      .kappa = 10,
      .o = {.alpha = 0.2, .iterations = 3000, EVEN}},
     5,
     {{.label = "gd", .k = 5},
      {.label = "modified", .k = 5, .method = "modified"},
      {.label = "scaled-gd, lambda = 0.02", .k = 5, .method = "scaled-gd", .lambda = 0.02},
      {.label = "prec-gd", .k = 5, .method = "prec-gd", .symmetric = true},
      {.label = "gauss-newton", .k = 5, .method = "gauss-newton"}}},
    {"wide",
     "r = 5, k = 20: far too many columns",
     true,
     {.measure = "population", .n1 = 50, .rank = 5, .kappa = 1, .o = {.eta = 0.1, .alpha = 0.2, .iterations = 10000}},
     3,
     {{.label = "X X^T", .k = 20, .symmetric = true},
      {.label = "F G^T", .k = 20},
      {.label = "modified", .k = 20, .method = "modified", .beta = 0.7}}},
    {"noise",
     "measurements with noise: where the error stops",
     true,
     {PAPER, .noise = 0.05, .o = {.eta = 0.05, .alpha = 0.2, .iterations = 3000}},
     3,
     {{.label = "k = 3", .k = 3}, {.label = "k = 5", .k = 5}, {.label = "k = 10", .k = 10}}},
};
#define FIGURES (sizeof figures / sizeof figures[0])

const char *sense_figure_name(size_t i) { return i < FIGURES ? figures[i].name : NULL; }

static weyl_status list(cli *c) {
  const char *cells[2 * (FIGURES + 1)] = {"figure", "what it shows"};
  weyl_json_array(c->result, "figures");
  for (size_t i = 0; i < FIGURES; i++) {
    weyl_json_string(c->result, NULL, figures[i].name);
    cells[2 * (i + 1)] = figures[i].name;
    cells[2 * (i + 1) + 1] = figures[i].about;
  }
  weyl_json_end(c->result);
  cli_table(c, FIGURES + 1, 2, cells);
  return WEYL_OK;
}

static weyl_status finish(cli *c, const char *title, bool log_x, bool fits, size_t count, const sense_curve *curves) {
  WEYL_TRY(sense_table(c, count, curves));
  WEYL_TRY(sense_save(c, count, curves));
  return sense_draw(c, title, log_x, fits, count, curves);
}

/* What was asked for on the command line takes the place of the preset's. */
static void override(cli *c, sense_setting *s) {
  if (cli_given(c, "measure")) s->measure = cli_string(c, "measure");
  if (cli_given(c, "n")) s->n1 = (size_t)cli_integer(c, "n");
  if (cli_given(c, "m")) s->m = (size_t)cli_integer(c, "m");
  if (cli_given(c, "kappa")) s->kappa = cli_number(c, "kappa");
  if (cli_given(c, "noise")) s->noise = cli_number(c, "noise");
  if (cli_given(c, "eta")) s->o.eta = cli_number(c, "eta");
  if (cli_given(c, "iterations")) s->o.iterations = cli_integer(c, "iterations");
  if (cli_given(c, "norm")) s->o.norm = cli_string(c, "norm");
  s->haar = s->haar || cli_bool(c, "haar");
  s->o.points = cli_integer(c, "points");
  s->o.seed = cli_seed(c);
}

weyl_status sense_figure(cli *c) {
  if (c->args < 2) return list(c);
  const figure *f = NULL;
  for (size_t i = 0; i < FIGURES; i++)
    if (strcmp(figures[i].name, c->arg[1]) == 0) f = &figures[i];
  if (!f) return cli_unknown(c, "figure", c->arg[1], sense_figure_name);
  static const char *const fixed[] = {"method", "k", "rank", "symmetric", "alpha", "beta", "lambda", "start"};
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
    if (cli_given(c, fixed[i]))
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "--%s is what the curves of a figure differ in: weyl sense run has it",
                       fixed[i]);
  sense_curve curves[SENSE_CURVES];
  size_t made = 0;
  weyl_status status = WEYL_OK;
  for (; made < f->count; made++) {
    sense_setting s = f->base;
    s.label = f->curve[made].label;
    s.o.k = f->curve[made].k;
    s.o.method = f->curve[made].method ? f->curve[made].method : "gd";
    s.o.symmetric = f->curve[made].symmetric;
    s.o.beta = f->curve[made].beta;
    s.o.lambda = f->curve[made].lambda;
    s.o.start = f->curve[made].start;
    if (f->curve[made].alpha > 0) s.o.alpha = f->curve[made].alpha;
    override(c, &s);
    if (strcmp(s.o.method, "prec-gd") == 0 || strcmp(s.o.method, "gauss-newton") == 0 ||
        strcmp(s.o.method, "scaled-gd") == 0)
      s.o.eta = 0; /* steps of their own */
    WEYL_GOTO(sense_solve(c, &s, &curves[made]));
  }
  weyl_json_string(c->result, "figure", f->name);
  cli_say(c, "%s\n\n", f->about);
  status = finish(c, f->about, f->log_x, made <= 5, made, curves);
done:
  sense_curves_free(c, made, curves);
  return status;
}

weyl_status sense_compare(cli *c) {
  sense_curve curves[SENSE_CURVES];
  size_t made = 0;
  weyl_status status = WEYL_OK;
  const char *asked = cli_string(c, "methods");
  if (asked) { /* every word is a method */
    for (const char *at = asked; *at;) {
      const size_t n = strcspn(at, ",");
      size_t i = 0;
      const char *name;
      while ((name = weyl_sense_method_known(i, NULL)) != NULL && (strlen(name) != n || strncmp(name, at, n) != 0)) i++;
      if (!name) return weyl_fail(c->ctx, WEYL_UNKNOWN, "no method \"%.*s\"", (int)n, at);
      at += n + (at[n] == ',');
    }
  }
  for (size_t i = 0; weyl_sense_method_known(i, NULL) && made < SENSE_CURVES; i++) {
    const char *name = weyl_sense_method_known(i, NULL);
    sense_setting s;
    sense_setting_of(c, &s);
    const size_t k = s.o.k ? s.o.k : s.rank;
    if (asked) {
      const char *at = strstr(asked, name);
      const size_t n = strlen(name);
      if (!at || (at > asked && at[-1] != ',') || (at[n] && at[n] != ',')) continue;
    }
    s.label = s.o.method = name;
    s.o.symmetric = strcmp(name, "prec-gd") == 0; /* the one for X X^T */
    if (s.o.symmetric && s.n2 && s.n2 != s.n1) continue;
    s.o.eta = 0;
    s.o.tolerance = s.o.tolerance > 0 ? s.o.tolerance : 1e-13;
    if (strcmp(name, "scaled-gd") == 0 && k > s.rank) s.o.lambda = 0.05 / s.kappa;
    status = sense_solve(c, &s, &curves[made]);
    if (status == WEYL_NUMERIC) { /* one that diverges is left out, aloud */
      cli_note(c, "%s: %s", name, weyl_message(c->ctx));
      weyl_message_clear(c->ctx);
      continue;
    }
    if (status != WEYL_OK) goto done;
    made++;
  }
  if (made == 0) {
    status = weyl_fail(c->ctx, WEYL_NUMERIC, "no method gave finite numbers");
    goto done;
  }
  size_t best = 0; /* error^2 below a millionth of the first, soonest; or the least */
  double soonest = INFINITY;
  for (size_t i = 0; i < made; i++) {
    const weyl_sense_result *r = &curves[i].r;
    for (size_t p = 0; p < r->points; p++) {
      const double seconds = r->iterations ? r->t[p] * r->seconds / (double)r->iterations : 0;
      if (r->error2_at[p] < 1e-10 && seconds < soonest) {
        soonest = seconds;
        best = i;
      }
    }
    if (isinf(soonest) && r->error2 < curves[best].r.error2) best = i;
  }
  WEYL_GOTO(finish(c, "Methods side by side", false, false, made, curves));
  weyl_json_string(c->result, "best", curves[best].label);
  if (isfinite(soonest))
    cli_say(c, "\n%s is the first below error^2 = 1e-10, after %.3g s\n", curves[best].label, soonest);
  else
    cli_say(c, "\n%s ends with the smallest error\n", curves[best].label);
done:
  sense_curves_free(c, made, curves);
  return status;
}
