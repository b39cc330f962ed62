/* weyl sem curve and check: experiments over random models, and the known numbers again. */
#include "sem.h"

#include <stdlib.h>

enum { SIZES = 6, COUNTS = 16, BOUND = 101 };

typedef struct measured {
  size_t nodes;
  double *violation; /* [trials][counts] */
  double mean[COUNTS], high[COUNTS];
} measured;

/* Whole numbers with commas between them, rising or not. */
static weyl_status numbers(cli *c, const char *flag, const char *text, size_t most, size_t low, size_t *out,
                           size_t *count) {
  *count = 0;
  snprintf(c->place, sizeof c->place, "%s", flag);
  for (const char *p = text; *p;) {
    char *end;
    const unsigned long n = strtoul(p, &end, 10);
    if (end == p || *p == '-' || (*end && *end != ',') || n < low || n > 1000000)
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "%s %s: whole numbers from %zu on, with commas", flag, text, low);
    if (*count == most) return weyl_fail(c->ctx, WEYL_BAD_ARG, "%s %s: at most %zu numbers", flag, text, most);
    out[(*count)++] = (size_t)n;
    p = *end ? end + 1 : end;
  }
  if (*count == 0) return weyl_fail(c->ctx, WEYL_BAD_ARG, "%s: no number in it", flag);
  c->place[0] = '\0';
  return WEYL_OK;
}

/* Every rank's rows [from][counts] at rank 0, and all of them back. */
static weyl_status gather_trials(cli *c, size_t trials, size_t counts, double *violation) {
  const weyl_transport *t = &c->transport;
  const size_t ranks = (size_t)t->size, all = trials * counts * sizeof *violation;
  for (size_t r = 1; r < ranks; r++) {
    const size_t from = trials * r / ranks * counts,
                 bytes = trials * (r + 1) / ranks * counts * sizeof *violation - from * sizeof *violation;
    if (t->rank == 0)
      WEYL_TRY(t->exchange(t->self, -1, NULL, 0, (int)r, violation + from, bytes));
    else if ((size_t)t->rank == r)
      WEYL_TRY(t->exchange(t->self, 0, violation + from, bytes, -1, NULL, 0));
  }
  for (int r = 1; r < t->size; r++) {
    if (t->rank == 0)
      WEYL_TRY(t->exchange(t->self, r, violation, all, -1, NULL, 0));
    else if (t->rank == r)
      WEYL_TRY(t->exchange(t->self, -1, NULL, 0, 0, violation, all));
  }
  return WEYL_OK;
}

/* The part of the trials that is this process's, and then everybody's. */
static weyl_status all_trials(cli *c, const weyl_sem_curve_opts *o, double *violation) {
  if (!c->comm) return weyl_sem_curve(c->ctx, o, violation);
  const size_t ranks = (size_t)c->transport.size, rank = (size_t)c->transport.rank;
  const size_t from = o->trials * rank / ranks, to = o->trials * (rank + 1) / ranks;
  weyl_sem_curve_opts part = *o;
  part.first = from;
  part.trials = to - from;
  if (part.trials > 0) WEYL_TRY(weyl_sem_curve(c->ctx, &part, violation + from * o->counts));
  return gather_trials(c, o->trials, o->counts, violation);
}

static weyl_status measure(cli *c, weyl_arena *arena, const weyl_sem_curve_opts *base, measured *m) {
  weyl_sem_curve_opts o = *base;
  o.model.nodes = m->nodes;
  m->violation = weyl_arena_array(arena, double, o.trials *o.counts);
  if (!m->violation) return WEYL_MEMORY;
  WEYL_TRY(all_trials(c, &o, m->violation));
  weyl_sem_curve_summary(o.trials, o.counts, m->violation, m->mean, m->high);
  return WEYL_OK;
}

static weyl_status draw(cli *c, const weyl_sem_curve_opts *o, size_t sizes, const measured *m, double vc) {
  double n[COUNTS], mean[SIZES][COUNTS], bound_n[BOUND], bound[BOUND], held[BOUND];
  char label[SIZES][40], bound_label[40];
  weyl_series series[SIZES + 2] = {0};
  const double delta = cli_number(c, "delta");
  for (size_t i = 0; i < o->counts; i++) n[i] = (double)o->n[i];
  for (size_t k = 0; k < sizes; k++) {
    snprintf(label[k], sizeof label[k], "%zu nodes, mean", m[k].nodes);
    for (size_t i = 0; i < o->counts; i++)
      mean[k][i] = m[k].mean[i] > 0 ? m[k].mean[i] : NAN; /* none seen: no logarithm */
    series[k] =
        (weyl_series){.label = label[k], .style = WEYL_LINE_POINTS, .colour = -1, .n = o->counts, .x = n, .y = mean[k]};
  }
  size_t points = 0;
  for (int i = 0; i < BOUND; i++) {
    const double at = pow(10, 5.0 * i / (BOUND - 1)), zeta = weyl_pac_zeta(vc, at, delta);
    if (zeta > 1) continue;
    bound_n[points] = at;
    bound[points++] = zeta;
  }
  double held_n[BOUND];
  for (int i = 0; i < BOUND; i++) {
    held_n[i] = pow(10, 5.0 * i / (BOUND - 1));
    held[i] = -expm1(log(delta) / held_n[i]); /* (1 - p)^n = delta */
  }
  snprintf(bound_label, sizeof bound_label, "bound, V = %.0f", vc);
  series[sizes] =
      (weyl_series){.label = bound_label, .style = WEYL_DASHES, .colour = -1, .n = points, .x = bound_n, .y = bound};
  series[sizes + 1] = (weyl_series){
      .label = "held out, none violated", .style = WEYL_DASHES, .colour = -1, .n = BOUND, .x = held_n, .y = held};
  const weyl_plot plot = {.title = "Violation on unseen interventions",
                          .x_label = "training environments",
                          .y_label = "share violated (0 has no place here)",
                          .log_x = true,
                          .log_y = true,
                          .count = sizes + 2,
                          .series = series,
                          .width = 760,
                          .height = 460};
  return study_draw(c, &plot);
}

static weyl_status write_curve(cli *c, const weyl_sem_curve_opts *o, size_t sizes, const measured *m) {
  double n[COUNTS];
  const double *column[1 + 2 * SIZES] = {n};
  const char *name[1 + 2 * SIZES] = {"environments"};
  char text[2 * SIZES][32];
  for (size_t i = 0; i < o->counts; i++) n[i] = (double)o->n[i];
  for (size_t k = 0; k < sizes; k++) {
    snprintf(text[2 * k], 32, "mean_%zu", m[k].nodes);
    snprintf(text[2 * k + 1], 32, "high_%zu", m[k].nodes);
    column[1 + 2 * k] = m[k].mean;
    column[2 + 2 * k] = m[k].high;
    name[1 + 2 * k] = text[2 * k];
    name[2 + 2 * k] = text[2 * k + 1];
  }
  return weyl_table_write(c->ctx, cli_string(c, "out"), o->counts, 1 + 2 * sizes, name, column);
}

static weyl_status show_curve(cli *c, const weyl_sem_curve_opts *o, size_t sizes, const measured *m) {
  const double delta = cli_number(c, "delta");
  /* the least of the bounds for this family: its rank, on one of the models */
  weyl_sem *sem = NULL;
  weyl_sem_random_opts one = o->model;
  one.nodes = m[0].nodes;
  WEYL_TRY(weyl_sem_random(c->ctx, &one, &sem));
  sem_vc vc;
  const weyl_status bounded = sem_vc_bounds(c, sem, 0, 0, &vc);
  weyl_sem_free(sem);
  WEYL_TRY(bounded);
  sheet t;
  const char *heads[2 + 2 * SIZES + 1] = {"environments"};
  char text[2 * SIZES][32];
  for (size_t k = 0; k < sizes; k++) {
    snprintf(text[2 * k], 32, "%zu nodes", m[k].nodes);
    snprintf(text[2 * k + 1], 32, "90 %%");
    heads[1 + 2 * k] = text[2 * k];
    heads[2 + 2 * k] = text[2 * k + 1];
  }
  const size_t shown = sizes < 4 ? sizes : 4; /* as many as a sheet has columns for */
  heads[1 + 2 * shown] = "bound";
  head(&t, heads, 2 + 2 * shown);
  weyl_json_array(c->result, "table");
  for (size_t i = 0; i < o->counts; i++, t.rows++) {
    const double zeta = weyl_pac_zeta(vc.best, (double)o->n[i], delta);
    put(&t, 0, "%zu", o->n[i]);
    weyl_json_object(c->result, NULL);
    weyl_json_integer(c->result, "n", (int64_t)o->n[i]);
    weyl_json_array(c->result, "violation");
    for (size_t k = 0; k < sizes; k++) {
      weyl_json_object(c->result, NULL);
      weyl_json_integer(c->result, "nodes", (int64_t)m[k].nodes);
      weyl_json_number(c->result, "mean", m[k].mean[i]);
      weyl_json_number(c->result, "quantile90", m[k].high[i]);
      weyl_json_end(c->result);
      if (k >= shown) continue;
      put(&t, 1 + 2 * k, "%.3f", m[k].mean[i]);
      put(&t, 2 + 2 * k, "%.3f", m[k].high[i]);
    }
    weyl_json_end(c->result);
    weyl_json_number(c->result, "bound", zeta);
    weyl_json_end(c->result);
    if (zeta < 1)
      put(&t, 1 + 2 * shown, "%.3f", zeta);
    else
      put(&t, 1 + 2 * shown, "vacuous");
  }
  weyl_json_end(c->result);
  weyl_json_integer(c->result, "n", (int64_t)o->n[o->counts - 1]);
  weyl_json_integer(c->result, "m", 0);
  sem_json_vc(c->result, &vc);
  show(c, &t);
  char words[400];
  snprintf(words, sizeof words,
           "Share of %zu unseen interventions that the worst of all invariant %s violates, mean and 90 %% quantile "
           "over %zu random models; |g| <= %g. "
           "The bound is for V = %.0f.",
           o->unseen, o->continuous ? "representations" : "subsets", o->trials, o->eps, vc.best);
  cli_say(c, "\n%s\n", words);
  if (cli_string(c, "out") && !c->silent) WEYL_TRY(write_curve(c, o, sizes, m));
  return draw(c, o, sizes, m, vc.best);
}

weyl_status sem_curve(cli *c) {
  const char *preset = c->args > 1 ? c->arg[1] : "pac-curve";
  const bool dim_free = strcmp(preset, "dim-free") == 0;
  if (!dim_free && strcmp(preset, "pac-curve") != 0)
    return weyl_fail(c->ctx, WEYL_BAD_ARG,
                     "curve %s: there is pac-curve, over subsets, and dim-free, over all linear representations",
                     preset);
  weyl_sem_curve_opts o = {.model = {.in_degree = (size_t)cli_integer(c, "in_degree"),
                                     .sites = (size_t)cli_integer(c, "sites"),
                                     .latent = (size_t)cli_integer(c, "latent"),
                                     .seed = cli_seed(c)},
                           .trials = (size_t)cli_integer(c, "trials"),
                           .unseen = (size_t)cli_integer(c, "unseen"),
                           .most = (size_t)cli_integer(c, "most"),
                           .eps = cli_number(c, "eps"),
                           .continuous = dim_free || strcmp(cli_string(c, "method"), "continuous") == 0};
  if (dim_free) {
    o.model.children = true;
    if (o.model.in_degree == 0) o.model.in_degree = 2;
    if (o.model.sites == 0) o.model.sites = 1;
  }
  size_t sizes, nodes[SIZES];
  WEYL_TRY(numbers(c, "--counts", cli_string(c, "counts") ? cli_string(c, "counts") : "", COUNTS, 1, o.n, &o.counts));
  WEYL_TRY(numbers(c, "--nodes",
                   cli_string(c, "nodes") ? cli_string(c, "nodes")
                   : dim_free             ? "10,50"
                                          : "8,16",
                   SIZES, 2, nodes, &sizes));
  o = weyl_sem_curve_defaults(&o);
  weyl_arena *arena = NULL;
  WEYL_TRY(weyl_arena_new(c->ctx, &arena));
  measured m[SIZES] = {{0}};
  weyl_status status = WEYL_OK;
  for (size_t k = 0; k < sizes && status == WEYL_OK; k++) {
    m[k].nodes = nodes[k];
    status = measure(c, arena, &o, &m[k]);
  }
  if (status == WEYL_OK) status = show_curve(c, &o, sizes, m);
  weyl_arena_free(arena);
  return status;
}

/* ---- check ---- */

static void check_row(void *user, const weyl_sem_check *r) {
  cli *c = user;
  cli_bar_clear(c);
  if (c->verbose) cli_note(c, "%s, %s: %.6g, %s", r->name, r->metric, r->ours, r->holds ? "holds" : "FAILS");
}

weyl_status sem_check(cli *c) {
  weyl_sem_check *rows = weyl_alloc(c->ctx, WEYL_SEM_CHECKS, sizeof *rows);
  const char **cells = weyl_alloc(c->ctx, 6 * (WEYL_SEM_CHECKS + 1), sizeof *cells);
  char(*text)[3][32] = weyl_alloc(c->ctx, WEYL_SEM_CHECKS, sizeof *text);
  size_t n = 0, failed = 0;
  weyl_status status = rows && cells && text
                           ? weyl_sem_checks(c->ctx, cli_bool(c, "full"), cli_seed(c), check_row, c, rows, &n)
                           : WEYL_MEMORY;
  if (status == WEYL_OK) {
    static const char *const heads[6] = {"check", "quantity", "known", "ours", "difference", "holds"};
    memcpy(cells, heads, sizeof heads);
    weyl_json_array(c->result, "rows");
    for (size_t i = 0; i < n; i++) {
      const weyl_sem_check *r = &rows[i];
      failed += !r->holds;
      weyl_json_object(c->result, NULL);
      weyl_json_string(c->result, "name", r->name);
      weyl_json_string(c->result, "metric", r->metric);
      weyl_json_number(c->result, "paper", r->known);
      weyl_json_number(c->result, "ours", r->ours);
      weyl_json_number(c->result, "tolerance", r->tolerance);
      weyl_json_string(c->result, "better", r->better);
      weyl_json_string(c->result, "source", r->source);
      weyl_json_bool(c->result, "holds", r->holds);
      weyl_json_number(c->result, "seconds", r->seconds);
      weyl_json_end(c->result);
      const char **at = cells + 6 * (i + 1);
      at[0] = r->name;
      at[1] = r->metric;
      snprintf(text[i][0], 32, "%s%.9g", !r->better ? "" : strcmp(r->better, "lower") == 0 ? "<= " : ">= ", r->known);
      snprintf(text[i][1], 32, "%.9g", r->ours);
      snprintf(text[i][2], 32, "%.2g", r->ours - r->known);
      at[2] = text[i][0];
      at[3] = text[i][1];
      at[4] = text[i][2];
      at[5] = r->holds ? "yes" : "NO";
    }
    weyl_json_end(c->result);
    weyl_json_string(c->result, "verdict", failed ? "fails" : "holds");
    cli_table(c, n + 1, 6, cells);
    cli_say(c, "\n%zu of %zu hold\n", n - failed, n);
    if (failed) status = WEYL_NO;
  }
  weyl_dealloc(c->ctx, rows);
  weyl_dealloc(c->ctx, cells);
  weyl_dealloc(c->ctx, text);
  return status;
}
