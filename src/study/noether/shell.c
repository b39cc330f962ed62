/* Equations solved for their highest derivatives, and expressions on solutions. */
#include "noether/problem.h"

#include <string.h>

int jet_order(weyl_jet jet) {
  int n = 0;
  for (int i = 0; i < WEYL_INDEPENDENTS_MAX; i++) n += jet.order[i];
  return n;
}

bool jet_covers(weyl_jet high, weyl_jet low) {
  bool covers = high.field == low.field;
  for (int i = 0; i < WEYL_INDEPENDENTS_MAX; i++) covers = covers && high.order[i] >= low.order[i];
  return covers;
}

/* Both rankings agree with differentiation: what stands for a leader holds only lower ones. */
static int compare(weyl_jet x, weyl_jet y, ranking by) {
  if (by == BY_TIME && x.order[0] != y.order[0]) return x.order[0] < y.order[0] ? -1 : 1;
  const int ox = jet_order(x), oy = jet_order(y);
  if (ox != oy) return ox < oy ? -1 : 1;
  for (int i = 0; i < WEYL_INDEPENDENTS_MAX; i++)
    if (x.order[i] != y.order[i]) return x.order[i] < y.order[i] ? -1 : 1;
  return x.field == y.field ? 0 : x.field > y.field ? -1 : 1;
}

/* ---- reduction ---- */

static const weyl_expr *on_shell(void *user, const weyl_expr *symbol) {
  shell *s = user;
  weyl_algebra *a = s->problem->a;
  weyl_jet jet;
  if (!weyl_expr_as_jet(a, symbol, &jet)) return NULL;
  for (size_t k = 0; k < s->cached; k++)
    if (memcmp(&s->seen[k].jet, &jet, sizeof jet) == 0) return s->seen[k].value;
  for (size_t k = 0; k < s->count; k++) {
    if (!jet_covers(jet, s->rule[k].leader)) continue;
    /* one derivative at a time, so that each is reduced before it is differentiated again */
    weyl_jet lower = jet;
    int i = 0;
    while (i < WEYL_INDEPENDENTS_MAX && lower.order[i] == s->rule[k].leader.order[i]) i++;
    const weyl_expr *value = s->rule[k].value;
    if (i < WEYL_INDEPENDENTS_MAX) {
      lower.order[i]--;
      value = shell_reduce(s, weyl_expr_total(a, on_shell(s, weyl_expr_jet(a, lower)), (size_t)i));
    } else {
      value = shell_reduce(s, value);
    }
    if (s->cached == s->cached_room) {
      const size_t room = 2 * s->cached_room + 16;
      struct shell_seen *more = weyl_realloc(s->problem->ctx, s->seen, room, sizeof *more);
      if (!more) return value;
      s->seen = more;
      s->cached_room = room;
    }
    s->seen[s->cached].jet = jet;
    s->seen[s->cached++].value = value;
    return value;
  }
  return NULL;
}

const weyl_expr *shell_reduce(shell *s, const weyl_expr *x) { return weyl_expr_replace(s->problem->a, x, on_shell, s); }

void shell_free(shell *s) {
  if (s->problem) weyl_dealloc(s->problem->ctx, s->seen);
  *s = (shell){0};
}

/* ---- solving ---- */

/* The highest derivative in x; false when there is none. */
static bool leader_of(weyl_noether *p, const weyl_expr *x, ranking by, weyl_jet *out) {
  weyl_jet jets[512];
  size_t n = weyl_expr_jets(p->a, x, jets, 512);
  if (n > 512) n = 512;
  for (size_t k = 0; k < n; k++)
    if (k == 0 || compare(jets[k], *out, by) > 0) *out = jets[k];
  return n > 0;
}

static weyl_status no_leader(weyl_noether *p, const weyl_expr *x, const char *why) {
  return weyl_fail(p->ctx, WEYL_UNSUPPORTED, "%.160s = 0 cannot be solved for its highest derivative: %s",
                   weyl_expr_text(p->a, x, WEYL_PLAIN), why);
}

weyl_status shell_solve(weyl_noether *p, size_t n, const weyl_expr *const *equation, ranking by, shell *out) {
  weyl_algebra *a = p->a;
  const weyl_expr *left[EQUATIONS_MAX];
  size_t remaining = 0;
  *out = (shell){.problem = p};
  for (size_t k = 0; k < n; k++)
    if (!weyl_expr_is_zero(a, equation[k])) left[remaining++] = equation[k];
  while (remaining > 0) {
    /* of the equations left, the one with the highest leader; what it says goes into the others */
    size_t best = 0;
    weyl_jet leader = {0}, jet;
    for (size_t k = 0; k < remaining; k++) {
      if (!leader_of(p, left[k], by, &jet)) return no_leader(p, left[k], "there is no field in it");
      if (k == 0 || compare(jet, leader, by) > 0) best = k, leader = jet;
    }
    const weyl_expr *x = left[best], *z = weyl_expr_jet(a, leader), *slope = weyl_expr_partial(a, x, z);
    left[best] = left[--remaining];
    if (!slope || !weyl_expr_free_of(a, slope, z) || weyl_expr_terms(slope) == 0) {
      char why[80];
      snprintf(why, sizeof why, "%.40s stands in a power or function", weyl_expr_text(a, z, WEYL_PLAIN));
      return no_leader(p, x, why);
    }
    const weyl_expr *rest = weyl_expr_sub(a, x, weyl_expr_mul(a, slope, z)), *zero = weyl_expr_sub(a, z, z),
                    *value = weyl_expr_div(a, weyl_expr_sub(a, zero, rest), slope);
    if (!value) return weyl_algebra_status(a);
    out->rule[out->count++] = (rule){leader, value};
    for (size_t k = 0; k < remaining;) {
      left[k] = shell_reduce(out, left[k]);
      if (weyl_expr_is_zero(a, left[k]))
        left[k] = left[--remaining];
      else
        k++;
    }
    out->cached = 0; /* rules follow that the values so far do not know */
    if (weyl_algebra_status(a) != WEYL_OK) break;
  }
  if (weyl_algebra_status(a) != WEYL_OK) shell_free(out);
  return weyl_algebra_status(a);
}
