/* Checks of the metric in the bulk, of its charges and of their algebra. */
#include "checks.h"

/* ---- 1 to 3: the metric ---- */

enum { RICCI, LIE, BRACKET, UNMODIFIED, WRONG_SIGN, SPOILT, PAST = 16 };

static weyl_status bulk(const asked *q, int what, double *ours) {
  const uint64_t sets = q->full ? 40 : 4;
  const bool past = what & PAST, control = (what & 15) >= UNMODIFIED;
  *ours = control ? INFINITY : 0;
  for (uint64_t seed = 1; seed <= sets; seed++) {
    weyl_bms_data d;
    weyl_bms_vector a, b;
    weyl_bms_bulk found;
    WEYL_TRY(checks_data(q, seed, &d));
    WEYL_TRY(checks_vector(q, seed, &a));
    WEYL_TRY(checks_vector(q, 1000 + seed, &b));
    WEYL_TRY(weyl_bms_bulk_check(q->ctx, &d, &a, &b, past, 100, 1, 50, seed, &found));
    const double value[] = {found.ricci, found.lie, found.bracket, found.unmodified, found.wrong_sign, found.spoilt};
    if (control)
      *ours = fmin(*ours, value[what & 15]);
    else
      worst(ours, value[what & 15]);
  }
  snprintf(q->budget, 64, "%d random data, 100 points each, r in [1, 50]", (int)sets);
  return WEYL_OK;
}

/* ---- 4: charges from the metric ---- */

static weyl_status bulk_charge(const asked *q, int what, double *ours) {
  const double r = what & 15 ? 1000 : 10;
  *ours = 0;
  for (uint64_t seed = 1; seed <= 8; seed++) {
    weyl_bms_data d, change;
    weyl_bms_vector v;
    double from;
    WEYL_TRY(checks_data(q, seed, &d));
    WEYL_TRY(checks_data(q, 100 + seed, &change));
    WEYL_TRY(checks_vector(q, seed, &v));
    const double closed = weyl_bms_charge(&change, &v, 1) - v.t[0] / 8;
    WEYL_TRY(weyl_bms_bulk_charge(q->ctx, &d, &v, &change, what & PAST, 0.3, r, 1, &from));
    worst(ours, fabs(from - closed) / fabs(closed));
  }
  snprintf(q->budget, 64, "8 random data, u = 0.3, r = %g", r);
  return WEYL_OK;
}

/* ---- 5: the algebra ---- */

static weyl_status bracket(const asked *q, int what, double *ours) {
  (void)what;
  *ours = 0;
  for (uint64_t seed = 1; seed <= 16; seed++) {
    weyl_bms_data d, change;
    weyl_bms_vector a, b, ab;
    WEYL_TRY(checks_data(q, seed, &d));
    WEYL_TRY(checks_vector(q, seed, &a));
    WEYL_TRY(checks_vector(q, 1000 + seed, &b));
    WEYL_TRY(weyl_bms_data_new(q->arena, 8, &change));
    WEYL_TRY(weyl_bms_vector_new(q->arena, 8, &ab));
    WEYL_TRY(weyl_bms_vary(q->ctx, &d, &b, &change));
    WEYL_TRY(weyl_bms_bracket(q->ctx, &a, &b, &ab));
    const double varied = weyl_bms_charge(&change, &a, 1) - a.t[0] / 8;
    worst(ours, fabs(varied - weyl_bms_charge(&d, &ab, 1) - weyl_bms_central(&a, &b, 1)));
  }
  snprintf(q->budget, 64, "16 random data and pairs");
  return WEYL_OK;
}

enum { C1, C2, TERM, NO_TERM, BRACKETS };

static weyl_status algebra(const asked *q, int what, double *ours) {
  weyl_bms_data d;
  weyl_bms_algebra a;
  const size_t modes = q->full ? 8 : 4;
  WEYL_TRY(checks_data(q, 1, &d));
  WEYL_TRY(weyl_bms_algebra_of(q->ctx, &d, modes, 1, 10, NULL, &a));
  const double value[] = {a.c1, a.c2, a.wrong_term, a.no_term, a.residual};
  *ours = value[what];
  snprintf(q->budget, 64, "from the metric at r = 10, |n| <= %zu", modes);
  return WEYL_OK;
}

/* ---- the rows ---- */

const checks_row checks_metric[] = {
    {{"1 Ricci, future", "largest", VANISHES(1e-10)}, bulk, RICCI},
    {{"1 Ricci, past", "largest", VANISHES(1e-10)}, bulk, RICCI | PAST},
    {{"1 Ricci without u Theta' in g_uphi", "least", MUST_FAIL(1e-3)}, bulk, SPOILT},
    {{"2 Lie_xi g - g(delta), future", "largest", VANISHES(1e-10)}, bulk, LIE},
    {{"2 Lie_xi g - g(delta), past", "largest", VANISHES(1e-10)}, bulk, LIE | PAST},
    {{"3 modified bracket, future", "largest", VANISHES(1e-9)}, bulk, BRACKET},
    {{"3 modified bracket, past", "largest", VANISHES(1e-9)}, bulk, BRACKET | PAST},
    {{"3 bracket not modified", "least", MUST_FAIL(1e-3)}, bulk, UNMODIFIED},
    {{"3 modified with the wrong sign", "least", MUST_FAIL(1e-3)}, bulk, WRONG_SIGN},
    {{"4 charge from g, r = 10", "off the closed form", VANISHES(1e-9)}, bulk_charge, 0},
    {{"4 charge from g, r = 1000", "off the closed form", VANISHES(1e-9)}, bulk_charge, 1},
    {{"4 charge from g, past, r = 10", "off the closed form", VANISHES(1e-9)}, bulk_charge, PAST},
    {{"5 delta_2 Q1 - Q12 - K12", "largest", VANISHES(1e-12)}, bracket, 0},
    {{"5 brackets from g", "largest residual", VANISHES(1e-10)}, algebra, BRACKETS},
    {{"5 central charge c1 G", "value", EXACT(0, 1e-10)}, algebra, C1},
    {{"5 central charge c2 G", "value", EXACT(3, 1e-10)}, algebra, C2},
    {{"5 central term m^3", "residual", MUST_FAIL(1e-3)}, algebra, TERM},
    {{"5 no central term", "residual", MUST_FAIL(1e-3)}, algebra, NO_TERM},
    {{0}, NULL, 0}};
