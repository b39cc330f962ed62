/* Sorting 3j symbols into the cos/sin form. */
#include "couple.h"

#include <math.h>
#include <string.h>

static const double tiny = 1e-12;

bool couple_target(const couple *c, int l3, couple_form f) { return ((c->l1 + c->l2 + l3) % 2 != 0) == (f == FORM_C); }

bool couple_used(const couple *c, const couple_pair *p, couple_form f) {
  for (int l3 = c->low; l3 <= c->high; l3 += c->step)
    if (p->k[f][l3] != 0) return true;
  return false;
}

static double *at(const couple *c, int l3, double *w, int m1, int m2, int m3) {
  return &w[((m1 + c->l1) * (2 * c->l2 + 1) + m2 + c->l2) * (2 * l3 + 1) + m3 + l3];
}

static double entry(const couple *c, int l3, double *w, const couple_pair *p, couple_form f, int a) {
  const bool negative = couple_target(c, l3, f);
  const int target = negative ? -a : a;
  if (a == 0 && negative) return 0;
  if (f == FORM_C) return *at(c, l3, w, p->a1, p->a2, target);
  if (p->a1 > 0) return *at(c, l3, w, -p->a1, p->a2, target);
  return p->a2 > 0 ? *at(c, l3, w, 0, -p->a2, target) : 0;
}

/* Takes what the forms of |m3| = a say out of W. */
static void take(const couple *c, int l3, int a, const couple_pair *p, double *w) {
  const int a1 = p->a1, a2 = p->a2;
  const int tc = couple_target(c, l3, FORM_C) ? -a : a, ts = couple_target(c, l3, FORM_S) ? -a : a;
  const double kc = p->k[FORM_C][l3], ks = p->k[FORM_S][l3], turn = p->side == SIDE_SUM ? 1 : -1;
  *at(c, l3, w, a1, a2, tc) -= kc;
  if (a1 > 0 && a2 > 0) *at(c, l3, w, -a1, -a2, tc) += turn * kc;
  if (a1 > 0) *at(c, l3, w, -a1, a2, ts) -= ks;
  if (a2 > 0) *at(c, l3, w, a1, -a2, ts) -= (a1 > 0 ? turn : 1) * ks;
}

/* The entry that most are equal to, so that they need no multiplication where code is written out; 1 for degrees that
 * nobody writes code for. */
static double commonest(const couple *c, int l3) {
  if (c->l1 + c->l2 > 24) return 1;
  double best = 0;
  int most = 0;
  for (int a = 0; a <= l3; a++)
    for (int i = 0; i < c->pairs[a]; i++)
      for (int f = 0; f < FORMS; f++) {
        const double k = c->pair[a][i].k[f][l3];
        if (k == 0) continue;
        int n = 0;
        for (int b = 0; b <= l3; b++)
          for (int j = 0; j < c->pairs[b]; j++)
            for (int g = 0; g < FORMS; g++) n += fabs(fabs(c->pair[b][j].k[g][l3]) - fabs(k)) < tiny;
        if (n > most) {
          most = n;
          best = k;
        }
      }
  return best;
}

static weyl_status list_pairs(weyl_arena *arena, couple *c) {
  const int l1 = c->l1, l2 = c->l2;
  for (int a1 = 0; a1 <= l1; a1++)
    for (int a2 = 0; a2 <= l2; a2++)
      for (int s = 0; s < SIDES; s++) {
        if (s == SIDE_DIFFERENCE && (a1 == 0 || a2 == 0)) continue;
        const int a = s == SIDE_SUM ? a1 + a2 : a1 > a2 ? a1 - a2 : a2 - a1;
        if (a > c->high) continue;
        if (!c->pair[a] && !(c->pair[a] = weyl_arena_array(arena, couple_pair, 2 * (l1 < l2 ? l1 : l2) + 2)))
          return WEYL_MEMORY;
        couple_pair *p = &c->pair[a][c->pairs[a]++];
        *p = (couple_pair){.a1 = a1, .a2 = a2, .side = (couple_side)s};
        for (int f = 0; f < FORMS; f++)
          if (!(p->k[f] = weyl_arena_array(arena, double, c->high + 1))) return WEYL_MEMORY;
      }
  return WEYL_OK;
}

weyl_status couple_make(weyl_context *ctx, weyl_arena *arena, int l1, int l2, int l3_max, bool even, couple *out) {
  couple c = {.l1 = l1, .l2 = l2, .low = l1 > l2 ? l1 - l2 : l2 - l1, .step = even ? 2 : 1};
  c.high = l1 + l2 < l3_max ? l1 + l2 : l3_max;
  if (even) c.high -= (l1 + l2 + c.high) % 2;
  if (c.low > c.high) {
    *out = c;
    return WEYL_OK;
  }
  c.scale = weyl_arena_array(arena, double, c.high + 1);
  c.pairs = weyl_arena_array(arena, int, c.high + 1);
  c.pair = weyl_arena_array(arena, couple_pair *, c.high + 1);
  if (!c.scale || !c.pairs || !c.pair) return WEYL_MEMORY;
  WEYL_TRY(list_pairs(arena, &c));
  const size_t n = (size_t)(2 * l1 + 1) * (size_t)(2 * l2 + 1) * (size_t)(2 * c.high + 1);
  double *w = weyl_alloc(ctx, n, sizeof *w);
  if (!w) return WEYL_MEMORY;
  weyl_status status = WEYL_OK;
  for (int l3 = c.low; l3 <= c.high; l3 += c.step) {
    WEYL_GOTO(weyl_wigner_3j(ctx, l1, l2, l3, WEYL_GAUGE_WEYL, w));
    for (int a = 0; a <= l3; a++)
      for (int i = 0; i < c.pairs[a]; i++)
        for (int f = 0; f < FORMS; f++) {
          const double k = entry(&c, l3, w, &c.pair[a][i], (couple_form)f, a);
          c.pair[a][i].k[f][l3] = fabs(k) < tiny ? 0 : k;
        }
    for (int a = 0; a <= l3; a++)
      for (int i = 0; i < c.pairs[a]; i++) take(&c, l3, a, &c.pair[a][i], w);
    for (size_t i = 0; i < n / (size_t)(2 * c.high + 1) * (size_t)(2 * l3 + 1); i++)
      if (fabs(w[i]) > tiny) {
        status = weyl_fail(ctx, WEYL_BUG, "the 3j symbol (%d %d %d) is not of the cos/sin form", l1, l2, l3);
        goto done;
      }
    c.scale[l3] = commonest(&c, l3);
    for (int a = 0; a <= l3; a++)
      for (int i = 0; i < c.pairs[a]; i++)
        for (int f = 0; f < FORMS; f++) c.pair[a][i].k[f][l3] /= c.scale[l3];
  }
  *out = c;
done:
  weyl_dealloc(ctx, w);
  return status;
}
