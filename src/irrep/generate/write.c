#include "write.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A variable of the code with a sign that is not applied yet; sign 0: zero. */
typedef struct value {
  char name[40];
  int sign;
} value;

enum { OUT, DX, DY };
static const char *const array_name[] = {"o", "dx", "dy"};

static bool near(double a, double b) { return fabs(a - b) < 1e-12; }

static void say(const writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(const writer *w, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  vfprintf(w->out, fmt, args);
  va_end(args);
}

static value named(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static value named(const char *fmt, ...) {
  value v = {.sign = 1};
  va_list args;
  va_start(args, fmt);
  vsnprintf(v.name, sizeof v.name, fmt, args);
  va_end(args);
  return v;
}

static int row(int l, int m) { return l * l + l + m; }

static int constant(writer *w, double k) {
  for (int i = 0; i < w->values; i++)
    if (near(w->value[i], k)) return i;
  if (w->values == VALUES_MAX) exit(1);
  w->value[w->values] = k;
  return w->values++;
}

/* to += k v, where to is declared by its first term. */
static void add_scaled(writer *w, value *to, double k, value v) {
  if (near(k, 0) || v.sign == 0) return;
  const int sign = (k > 0 ? 1 : -1) * v.sign;
  const bool one = near(fabs(k), 1);
  if (to->sign == 0) {
    to->sign = sign;
    if (one)
      say(w, "vec %s = %s;\n", to->name, v.name);
    else
      say(w, "vec %s = v_mul(K(%d), %s);\n", to->name, constant(w, fabs(k)), v.name);
    w->ops += !one;
    return;
  }
  const char *how = sign == to->sign ? "ADD" : "SUB";
  if (one)
    say(w, "%s(%s, %s);\n", how, to->name, v.name);
  else
    say(w, "%s_PRODUCT(%s, K(%d), %s);\n", how, to->name, constant(w, fabs(k)), v.name);
  w->ops++;
}

/* A new variable: a + turn b. */
static value sum(writer *w, value a, value b, int turn, const char *name) {
  if (b.sign == 0) return a;
  b.sign *= turn;
  if (a.sign == 0) return b;
  say(w, "const vec %s = %s %c %s;\n", name, a.name, a.sign == b.sign ? '+' : '-', b.name);
  w->ops++;
  value v = named("%s", name);
  v.sign = a.sign;
  return v;
}

/* array[row] += a b. Rows are variables: in the function of one pair they begin with what the array holds, unless this
 * is the first pair to reach them. */
static void add_to_row(writer *w, int array, int r, value a, value b, bool first) {
  const int sign = a.sign * b.sign;
  if (sign == 0) return;
  w->ops++;
  const char *name = array_name[array];
  if (w->begun[array][r])
    say(w, "%s_PRODUCT(%s%d, %s, %s);\n", sign > 0 ? "ADD" : "SUB", name, r, a.name, b.name);
  else if (w->whole || first)
    say(w, "%s%s%d = %sv_mul(%s, %s);\n", w->whole ? "" : "vec ", name, r, sign > 0 ? "" : "-", a.name, b.name);
  else
    say(w, "vec %s%d = v_fma%s(%s, %s, AT(%s, %d));\n", name, r, sign > 0 ? "" : "_neg", a.name, b.name, name, r);
  w->begun[array][r] = true;
}

/* The row has got all that it gets from this pair. */
static void keep_row(writer *w, int array, int r) {
  if (w->whole || !w->begun[array][r]) return;
  say(w, "PUT(%s, %d, %s%d);\n", array_name[array], r, array_name[array], r);
  w->begun[array][r] = false;
}

static value x_row(const couple *c, int m) { return named("X(%d)", row(c->l1, m)); }
static value y_row(const couple *c, int m) { return named("Y(%d)", row(c->l2, m)); }

static int path(const writer *w, const couple *c, int l3) { return w->paths + (l3 - c->low) / c->step; }

static int paths_of(const couple *c) { return (c->high - c->low) / c->step + 1; }

static value weight(const writer *w, const couple *c, int l3) { return named("W(%d)", path(w, c, l3)); }

/* ---- forms ---- */

static value form_name(const couple *c, const couple_pair *p, couple_form f) {
  return named("%c%d%d_%d_%d%c", f == FORM_C ? 'C' : 'S', c->l1, c->l2, p->a1, p->a2, p->side == SIDE_SUM ? 's' : 'd');
}

static const couple_pair *other_side(const couple *c, const couple_pair *p) {
  if (p->a1 == 0 || p->a2 == 0) return NULL;
  const int a = p->side == SIDE_DIFFERENCE ? p->a1 + p->a2 : abs(p->a1 - p->a2);
  if (a > c->high) return NULL;
  for (int i = 0; i < c->pairs[a]; i++) {
    const couple_pair *q = &c->pair[a][i];
    if (q->a1 == p->a1 && q->a2 == p->a2 && q->side != p->side) return q;
  }
  return NULL;
}

/* A row that several products read once: the compiler would load it for each of them. */
static value held(const writer *w, const couple *c, const couple_pair *p, const char *what, value v) {
  const value to = named("%s%d%d_%d_%d%c", what, c->l1, c->l2, p->a1, p->a2, p->side == SIDE_SUM ? 's' : 'd');
  say(w, "HOLD(%s, %s);\n", to.name, v.name);
  return to;
}

/* The forms of a pair at the first of its targets, from the highest |m3| down: those of the other target with them,
 * which share the products. */
static void write_forms(writer *w, const couple *c, const couple_pair *p, int a) {
  const int a1 = p->a1, a2 = p->a2;
  value c1 = x_row(c, a1), c2 = y_row(c, a2), s1 = x_row(c, -a1), s2 = y_row(c, -a2);
  const couple_pair *q = other_side(c, p);
  if (q && p->side == SIDE_DIFFERENCE && a1 + a2 <= c->high && a1 + a2 > a) return; /* made at its sum */
  bool used[FORMS];
  for (int f = 0; f < FORMS; f++)
    used[f] = couple_used(c, p, (couple_form)f) || (q && couple_used(c, q, (couple_form)f));
  if (!w->whole && used[FORM_C] && used[FORM_S]) {
    c1 = held(w, c, p, "xc", c1), c2 = held(w, c, p, "yc", c2);
    if (a1) s1 = held(w, c, p, "xs", s1);
    if (a2) s2 = held(w, c, p, "ys", s2);
  }
  for (int f = 0; f < FORMS; f++) {
    const bool here = couple_used(c, p, (couple_form)f), there = q && couple_used(c, q, (couple_form)f);
    const value made = form_name(c, p, (couple_form)f);
    const char *name = made.name;
    const value left = f == FORM_C ? c1 : s1, right = c2, left2 = f == FORM_C ? s1 : c1, right2 = s2;
    if (a1 == 0 || a2 == 0) {
      if (here && f == FORM_C) say(w, "const vec %s = v_mul(%s, %s);\n", name, c1.name, c2.name);
      if (here && f == FORM_S)
        say(w, "const vec %s = v_mul(%s, %s);\n", name, a1 ? s1.name : c1.name, a2 ? s2.name : c2.name);
      w->ops += here;
      continue;
    }
    if (here && there) {
      const value both = form_name(c, q, (couple_form)f);
      const bool sum_is_minus = f == FORM_C; /* C of the sum is c1 c2 - s1 s2 */
      const bool p_is_sum = p->side == SIDE_SUM;
      const char *minus = p_is_sum == sum_is_minus ? name : both.name,
                 *plus = p_is_sum == sum_is_minus ? both.name : name;
      say(w, "BOTH(%s, %s, %s, %s, %s, %s);\n", plus, minus, left.name, right.name, left2.name, right2.name);
      w->ops += 3;
    } else if (here || there) {
      const couple_pair *one = here ? p : q;
      const bool minus = (one->side == SIDE_SUM) == (f == FORM_C);
      say(w, "const vec %s = v_%s(%s, %s, v_mul(%s, %s));\n", form_name(c, one, (couple_form)f).name,
          minus ? "fma_neg" : "fma", left2.name, right2.name, left.name, right.name);
      w->ops += 2;
    }
  }
}

/* The pair with the two orders changed, when they differ by signs alone: then each l3 takes either the sum or the
 * difference of the two forms. */
static const couple_pair *mirror(const couple *c, const couple_pair *p, int a) {
  if (c->l1 != c->l2 || p->a1 == p->a2) return NULL;
  for (int i = 0; i < c->pairs[a]; i++) {
    const couple_pair *q = &c->pair[a][i];
    if (q->a1 != p->a2 || q->a2 != p->a1 || q->side != p->side) continue;
    for (int l3 = c->low; l3 <= c->high; l3 += c->step)
      for (int f = 0; f < FORMS; f++)
        if (!near(fabs(q->k[f][l3]), fabs(p->k[f][l3]))) return NULL;
    return q;
  }
  return NULL;
}

static bool same_sign(const couple_pair *p, const couple_pair *q, couple_form f, int l3) {
  return near(p->k[f][l3], q->k[f][l3]);
}

/* ---- forward: what all paths of the pair give to |m3| = a ---- */

static void write_sums(writer *w, const couple *c, int a, value acc[2 * DEGREE_MAX + 1][2]) {
  for (int l3 = c->low; l3 <= c->high; l3 += c->step)
    for (int t = 0; t < 2; t++) {
      acc[l3][t] = named("%c%d%d_%d_%d", t ? 'n' : 'p', c->l1, c->l2, l3, a);
      acc[l3][t].sign = 0;
    }
  for (int i = 0; i < c->pairs[a]; i++) {
    const couple_pair *p = &c->pair[a][i], *q = mirror(c, p, a);
    if (q && q < p) continue;
    write_forms(w, c, p, a);
    if (q) write_forms(w, c, q, a);
    value plus[FORMS], minus[FORMS];
    for (int f = 0; f < FORMS && q; f++) {
      bool need[2] = {false, false};
      for (int l3 = c->low; l3 <= c->high; l3 += c->step)
        if (!near(p->k[f][l3], 0)) need[same_sign(p, q, (couple_form)f, l3)] = true;
      const value one = form_name(c, p, (couple_form)f), two = form_name(c, q, (couple_form)f);
      char name[48];
      snprintf(name, sizeof name, "U%s", one.name);
      if (need[1]) plus[f] = sum(w, one, two, 1, name);
      snprintf(name, sizeof name, "V%s", one.name);
      if (need[0]) minus[f] = sum(w, one, two, -1, name);
    }
    for (int l3 = c->low; l3 <= c->high; l3 += c->step)
      for (int f = 0; f < FORMS; f++) {
        const double k = p->k[f][l3];
        if (l3 < a || near(k, 0)) continue;
        const value v = !q ? form_name(c, p, (couple_form)f) : same_sign(p, q, (couple_form)f, l3) ? plus[f] : minus[f];
        add_scaled(w, &acc[l3][couple_target(c, l3, (couple_form)f)], k, v);
      }
  }
}

static void write_forward_at(writer *w, const couple *c, int a) {
  value acc[2 * DEGREE_MAX + 1][2];
  write_sums(w, c, a, acc);
  for (int l3 = c->low; l3 <= c->high; l3 += c->step)
    for (int t = 0; t < 2; t++) add_to_row(w, OUT, row(l3, t ? -a : a), weight(w, c, l3), acc[l3][t], false);
  for (int l3 = a; l3 <= c->high; l3++)
    for (int t = 0; t < 2; t++) keep_row(w, OUT, row(l3, t ? -a : a));
}

/* ---- one of the degrees is 0: the weight meets the scalar first ---- */

static void write_scalar_forward(writer *w, const couple *c, int a) {
  const int l = c->l1 + c->l2;
  const value t = named("t%d%d", c->l1, c->l2);
  for (int m = -a; m <= a; m += a ? 2 * a : 1) {
    add_to_row(w, OUT, row(l, m), t, c->l1 == 0 ? y_row(c, m) : x_row(c, m), c->l1 == 0);
    keep_row(w, OUT, row(l, m));
  }
}

static void write_scalar_weight(writer *w, const couple *c) {
  say(w, "const vec t%d%d = v_mul(%s, %s);\n", c->l1, c->l2, weight(w, c, c->high).name,
      c->l1 == 0 ? x_row(c, 0).name : y_row(c, 0).name);
  w->ops++;
}

static void write_scalar_backward(writer *w, const couple *c) {
  const int l = c->l1 + c->l2, scalar = c->l1 == 0 ? DX : DY, other = c->l1 == 0 ? DY : DX;
  write_scalar_weight(w, c);
  const value t = named("t%d%d", c->l1, c->l2);
  const value dot = named("dot%d%d", c->l1, c->l2);
  for (int m = -l; m <= l; m++) {
    add_to_row(w, other, row(l, m), t, named("G(%d)", row(l, m)), true);
    keep_row(w, other, row(l, m));
    const value with = c->l1 == 0 ? y_row(c, m) : x_row(c, m);
    say(w, m == -l ? "vec %s = v_mul(G(%d), %s);\n" : "ADD_PRODUCT(%s, G(%d), %s);\n", dot.name, row(l, m), with.name);
    w->ops++;
  }
  add_to_row(w, scalar, 0, weight(w, c, l), dot, l == 0);
  keep_row(w, scalar, 0);
  if (w->way == BACKWARD_WEIGHTS) {
    const value with = c->l1 == 0 ? x_row(c, 0) : y_row(c, 0);
    say(w, "ADD_TO(dw, %d, %s, %s);\n", path(w, c, l), with.name, dot.name);
    w->ops++;
  }
}

/* ---- backward ---- */

/* Gradients by the forms of every pair that reaches |m3| = a. */
static void write_form_gradients(writer *w, const couple *c, int a) {
  value g[2 * DEGREE_MAX + 1][2];
  for (int l3 = c->low > a ? c->low : a; l3 <= c->high; l3 += c->step) {
    if ((l3 - c->low) % c->step) l3++;
    if (l3 > c->high) break;
    for (int t = 0; t < (a ? 2 : 1); t++) {
      g[l3][t] = named("g%d%d_%d%c", c->l1, c->l2, l3, t ? 'n' : 'p');
      bool any = false;
      for (int i = 0; i < c->pairs[a]; i++)
        for (int f = 0; f < FORMS; f++)
          any |= couple_target(c, l3, (couple_form)f) == t && !near(c->pair[a][i].k[f][l3], 0);
      if (!any) continue;
      say(w, "const vec %s_%d = v_mul(%s, G(%d));\n", g[l3][t].name, a, weight(w, c, l3).name, row(l3, t ? -a : a));
      w->ops++;
    }
  }
  for (int i = 0; i < c->pairs[a]; i++) {
    const couple_pair *p = &c->pair[a][i], *q = mirror(c, p, a);
    if (q && q < p) continue;
    value sums[FORMS][2]; /* of the l3 where both orders have the other sign, and the same */
    for (int f = 0; f < FORMS; f++)
      for (int s = 0; s < 2; s++) {
        sums[f][s] = named("d%s%s", q ? s ? "u" : "v" : "", form_name(c, p, (couple_form)f).name);
        sums[f][s].sign = 0;
      }
    for (int l3 = c->low; l3 <= c->high; l3 += c->step)
      for (int f = 0; f < FORMS; f++) {
        const double k = p->k[f][l3];
        if (l3 < a || near(k, 0)) continue;
        value from = named("%s_%d", g[l3][couple_target(c, l3, (couple_form)f)].name, a);
        add_scaled(w, &sums[f][q ? same_sign(p, q, (couple_form)f, l3) : 1], k, from);
      }
    for (int f = 0; f < FORMS; f++) {
      if (!q) {
        w->sign[p->a1][p->a2][p->side][f] = sums[f][1].sign;
        continue;
      }
      const value u = sums[f][1], v = sums[f][0];
      for (int second = 0; second < 2; second++) {
        const couple_pair *one = second ? q : p;
        const value name = named("d%s", form_name(c, one, (couple_form)f).name);
        const value made = sum(w, u, v, second ? -1 : 1, name.name);
        if (made.sign != 0 && strcmp(made.name, name.name) != 0) say(w, "const vec %s = %s;\n", name.name, made.name);
        w->sign[one->a1][one->a2][one->side][f] = made.sign;
      }
    }
  }
}

static value form_gradient(const writer *w, const couple *c, int a1, int a2, couple_side s, couple_form f) {
  value none = {.sign = 0};
  const int a = s == SIDE_SUM ? a1 + a2 : abs(a1 - a2);
  if (a > c->high) return none;
  for (int i = 0; i < c->pairs[a]; i++) {
    const couple_pair *p = &c->pair[a][i];
    if (p->a1 != a1 || p->a2 != a2 || p->side != s || !couple_used(c, p, f)) continue;
    value v = named("d%s", form_name(c, p, f).name);
    v.sign = w->sign[a1][a2][s][f];
    return v;
  }
  return none;
}

/* From the gradients by forms to those by rows. */
static void write_row_gradients(writer *w, const couple *c) {
  for (int a1 = 0; a1 <= c->l1; a1++) {
    for (int a2 = 0; a2 <= c->l2; a2++) {
      const value cs = form_gradient(w, c, a1, a2, SIDE_SUM, FORM_C),
                  ss = form_gradient(w, c, a1, a2, SIDE_SUM, FORM_S);
      value cd = {.sign = 0}, sd = {.sign = 0};
      if (a1 && a2) {
        cd = form_gradient(w, c, a1, a2, SIDE_DIFFERENCE, FORM_C);
        sd = form_gradient(w, c, a1, a2, SIDE_DIFFERENCE, FORM_S);
      }
      value by_cc = cs, by_ss = {.sign = 0}, by_sc = {.sign = 0}, by_cs = {.sign = 0}; /* by c1 c2, s1 s2, ... */
      char name[40];
#define NAME(what) (snprintf(name, sizeof name, what "%d%d_%d_%d", c->l1, c->l2, a1, a2), name)
      if (a1 && a2) {
        by_cc = sum(w, cs, cd, 1, NAME("cc"));
        by_ss = sum(w, cd, cs, -1, NAME("ss"));
        by_sc = sum(w, ss, sd, 1, NAME("sc"));
        by_cs = sum(w, ss, sd, -1, NAME("cs"));
      } else if (a1) {
        by_sc = ss;
      } else if (a2) {
        by_cs = ss;
      }
#undef NAME
      const value c1 = x_row(c, a1), s1 = x_row(c, -a1), c2 = y_row(c, a2), s2 = y_row(c, -a2);
      const int xc = row(c->l1, a1), xs = row(c->l1, -a1), yc = row(c->l2, a2), ys = row(c->l2, -a2);
      add_to_row(w, DX, xc, by_cc, c2, false);
      add_to_row(w, DX, xs, by_sc, c2, false);
      add_to_row(w, DX, xc, by_cs, s2, false);
      add_to_row(w, DX, xs, by_ss, s2, false);
      add_to_row(w, DY, yc, by_cc, c1, false);
      add_to_row(w, DY, ys, by_cs, c1, false);
      add_to_row(w, DY, yc, by_sc, s1, false);
      add_to_row(w, DY, ys, by_ss, s1, false);
    }
    keep_row(w, DX, row(c->l1, a1));
    keep_row(w, DX, row(c->l1, -a1));
  }
  for (int m = -c->l2; m <= c->l2; m++) keep_row(w, DY, row(c->l2, m));
}

static void write_weight_gradients_at(writer *w, const couple *c, int a) {
  value acc[2 * DEGREE_MAX + 1][2];
  write_sums(w, c, a, acc);
  for (int l3 = c->low; l3 <= c->high; l3 += c->step)
    for (int t = 0; t < 2; t++) {
      if (acc[l3][t].sign == 0) continue;
      say(w, "%s_PRODUCT(dw%d, G(%d), %s);\n", acc[l3][t].sign > 0 ? "ADD" : "SUB", path(w, c, l3), row(l3, t ? -a : a),
          acc[l3][t].name);
      w->ops++;
    }
}

static void write_backward(writer *w, const couple *c) {
  if (w->way == BACKWARD_WEIGHTS) {
    say(w, "{\n");
    for (int i = 0; i < paths_of(c); i++) say(w, "vec dw%d = v_zero();\n", w->paths + i);
    for (int a = c->high; a >= 0; a--) write_weight_gradients_at(w, c, a);
    for (int i = 0; i < paths_of(c); i++) say(w, "KEEP_SUM(dw, %d, dw%d);\n", w->paths + i, w->paths + i);
    say(w, "}\n");
    w->ops += paths_of(c);
  }
  for (int a = c->high; a >= 0; a--) write_form_gradients(w, c, a);
  write_row_gradients(w, c);
}

/* ---- functions ---- */

static bool scalar(const couple *c) { return c->l1 == 0 || c->l2 == 0; }

static void write_pairs_forward(writer *w, const couple *pairs, int n, int top) {
  for (int i = 0; i < n; w->paths += paths_of(&pairs[i]), i++)
    if (scalar(&pairs[i])) write_scalar_weight(w, &pairs[i]);
  for (int a = top; a >= 0; a--) {
    if (w->whole)
      for (int l = a; l <= top; l++)
        for (int m = -a; m <= a; m += a ? 2 * a : 1) say(w, "vec o%d;\n", row(l, m));
    w->paths = 0;
    for (int i = 0; i < n; w->paths += paths_of(&pairs[i]), i++) {
      const couple *c = &pairs[i];
      if (a > c->high) continue;
      if (scalar(c)) {
        write_scalar_forward(w, c, a);
        continue;
      }
      /* forms live on until the lower target: no braces but around the sums */
      write_forward_at(w, c, a);
    }
    if (w->whole)
      for (int l = a; l <= top; l++)
        for (int m = -a; m <= a; m += a ? 2 * a : 1) say(w, "PUT(o, %d, o%d);\n", row(l, m), row(l, m));
  }
}

static void write_pairs_backward(writer *w, const couple *pairs, int n, int top) {
  if (w->whole)
    for (int r = 0; r < (top + 1) * (top + 1); r++) say(w, "vec dx%d, dy%d;\n", r, r);
  for (int i = 0; i < n; w->paths += paths_of(&pairs[i]), i++) {
    if (scalar(&pairs[i]))
      write_scalar_backward(w, &pairs[i]);
    else
      write_backward(w, &pairs[i]);
  }
  if (w->whole)
    for (int r = 0; r < (top + 1) * (top + 1); r++) say(w, "PUT(dx, %d, dx%d);\nPUT(dy, %d, dy%d);\n", r, r, r, r);
}

void write_function(writer *w, const char *name, const couple *pairs, int n) {
  static const char *const kind[] = {"FORWARD", "BACKWARD", "BACKWARD_WEIGHTS"};
  int top = 0;
  for (int i = 0; i < n; i++)
    if (pairs[i].high > top) top = pairs[i].high;
  memset(w->begun, 0, sizeof w->begun);
  w->values = 0;
  w->ops = 0;
  w->paths = 0;
  /* the constants are known when the code is written */
  FILE *out = w->out;
  char *text = NULL;
  size_t bytes = 0;
  w->out = open_memstream(&text, &bytes);
  if (!w->out) exit(1);
  if (w->way == FORWARD)
    write_pairs_forward(w, pairs, n, top);
  else
    write_pairs_backward(w, pairs, n, top);
  fclose(w->out);
  w->out = out;
  say(w, "static const T %s_k[] = {", name);
  for (int i = 0; i < w->values; i++) say(w, "%s(T)%.17g", i ? ", " : "", w->value[i]);
  say(w, "%s};\n%s(%s, %s)\n", w->values ? "" : "0", kind[w->way], name, w->whole ? "" : "LOOK_AHEAD");
  if (w->whole) say(w, "AHEAD_ALL(%d)\n", (top + 1) * (top + 1));
  say(w, "%sEND\n\n", text);
  free(text);
}
