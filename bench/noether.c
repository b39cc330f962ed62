/* The Euler operator, prolongation and the symmetries of an equation, beside SymPy doing the same. Each turn begins
 * with an algebra of its own, so that nothing is remembered from the last. */
#include "bench.h"

#include <weyl/study.h>

#include <string.h>

typedef struct task {
  const char *what, *preset, *generator; /* generator: prolong; "" with find: symmetries; NULL: the Euler operator */
  const char *peer;
} task;

static const task tasks[] = {
    {"Euler, Kepler in space", "kepler-3d", NULL, "euler kepler-3d"},
    {"Euler, KdV potential", "kdv-potential", NULL, "euler kdv-potential"},
    {"Euler, NLS", "nls", NULL, "euler nls"},
    {"Euler, double pendulum", "double-pendulum", NULL, "euler double-pendulum"},
    {"Euler, minimal surface", "minimal-surface", NULL, "euler minimal-surface"},
    {"prolong scaling, KdV", "kdv", "scaling", "prolong kdv scaling"},
    {"prolong galilei, NLS", "nls", "galilei", "prolong nls galilei"},
    {"prolong x^2 d/dt, KdV", "kdv", "t = x^2*u, x = t*u^2, u = u^2*x", "prolong kdv cubic"},
    {"all symmetries, KdV", "kdv", "", ""},
    {"all symmetries, Kepler", "kepler", "", ""},
};

typedef struct turn {
  weyl_context *ctx;
  const task *task;
  const char *text;
  int64_t terms;
} turn;

static weyl_status prolong(weyl_noether *p, const char *generator, int64_t *terms) {
  size_t k = 0;
  while (k < weyl_noether_generators(p) && strcmp(weyl_noether_generator_name(p, k), generator) != 0) k++;
  if (k == weyl_noether_generators(p)) WEYL_TRY(weyl_noether_add(p, "one", generator, "bench", &k));
  for (size_t e = 0; e < weyl_noether_equations(p); e++)
    *terms += (int64_t)weyl_expr_terms(
        weyl_expr_prolong(weyl_noether_algebra(p), weyl_noether_generator(p, k), weyl_noether_equation(p, e)));
  return weyl_algebra_status(weyl_noether_algebra(p));
}

static weyl_status one_turn(void *self) {
  turn *t = self;
  weyl_noether *p = NULL;
  weyl_noether_found found = {0};
  t->terms = 0;
  /* reading a Lagrangian applies the Euler operators */
  WEYL_TRY(weyl_noether_parse(t->ctx, t->text, strlen(t->text), t->task->preset, &p));
  weyl_status status = WEYL_OK;
  if (!t->task->generator) {
    for (size_t e = 0; e < weyl_noether_equations(p); e++)
      t->terms += (int64_t)weyl_expr_terms(weyl_noether_equation(p, e));
  } else if (t->task->generator[0]) {
    status = prolong(p, t->task->generator, &t->terms);
  } else {
    status = weyl_noether_find(p, NULL, &found);
    t->terms = (int64_t)found.unknowns;
    weyl_noether_found_free(t->ctx, &found);
  }
  weyl_noether_free(p);
  return status;
}

static weyl_status one_row(weyl_context *ctx, const task *what, bench_peer *peer, double seconds, bench_signal *row) {
  enum { TURNS = 3 };
  bench_samples mine = {0}, theirs = {0};
  turn t = {.ctx = ctx, .task = what};
  const char *name;
  for (size_t i = 0; (name = weyl_noether_preset(i, &t.text)) && strcmp(name, what->preset) != 0;) i++;
  weyl_status status = name ? WEYL_OK : weyl_fail(ctx, WEYL_BUG, "no preset %s", what->preset);
  if (status != WEYL_OK) return status;
  for (int k = 0; k < TURNS; k++) {
    WEYL_GOTO(bench_repeat(ctx, one_turn, &t, weyl_cpu_seconds, seconds / TURNS, &mine));
    if (!peer || !what->peer[0]) continue;
    if (k == 0) WEYL_GOTO(bench_peer_case(peer, what->peer));
    WEYL_GOTO(bench_peer_run(peer, seconds / TURNS, &theirs));
  }
  row->n = row->items = t.terms;
  row->ours = bench_times_of(&mine);
  row->peer = bench_times_of(&theirs);
done:
  bench_samples_free(ctx, &mine);
  bench_samples_free(ctx, &theirs);
  return status;
}

weyl_status bench_noether_run(weyl_context *ctx, bool second, double seconds, const char *peer_name, bool verbose,
                              bench_signals *out) {
  (void)second;
  bench_signals r = {0};
  bench_peer *peer = NULL;
  double copy;
  if (peer_name &&
      bench_peer_start(ctx, (const char *const[]){"noether", "--threads", "1", NULL}, verbose, &peer) != WEYL_OK) {
    snprintf(r.missing, sizeof r.missing, "%s", weyl_message(ctx));
    weyl_message_clear(ctx);
  }
  if (peer) r.about = *bench_peer_what(peer);
  weyl_status status;
  WEYL_GOTO(bench_bandwidth(ctx, 0.1, &r.read, &copy));
  for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
    bench_signal *row = &r.row[r.rows++];
    *row = (bench_signal){.what = tasks[i].what, .type = "exact"};
    WEYL_GOTO(one_row(ctx, &tasks[i], peer, seconds, row));
  }
  *out = r;
done:
  bench_peer_free(peer);
  return status;
}
