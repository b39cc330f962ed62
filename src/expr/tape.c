/* Expressions as a list of steps over blocks of points. */
#include "algebra.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 64 };

/* slot[to] = slot[from]^power, function(slot[from]), or sum of terms */
typedef struct step {
  enum { STEP_POWER, STEP_FUNCTION, STEP_SUM } kind;
  uint32_t to, from;
  double power;
  int whole; /* the power as a whole number, INT32_MIN: it is none */
  weyl_function function;
  uint32_t first, count; /* terms */
} step;

typedef struct tape_term {
  double c;
  uint32_t first, count; /* factors: slots */
} tape_term;

struct weyl_tape {
  weyl_context *ctx;
  weyl_arena *arena;
  size_t inputs, outputs, slots, steps, terms, factors;
  step *step;
  tape_term *term;
  uint32_t *factor, *out;
  double *slot; /* [slots][BLOCK] */
};

/* While it is made: which slot holds an atom, a power of it, an expression. */
typedef struct maker {
  weyl_algebra *a;
  weyl_tape *t;
  size_t steps_room, terms_room, factors_room, known_room, known;
  struct {
    const void *what;
    int32_t power;
    uint32_t slot;
  } * of;
  const weyl_jet *jet;
  size_t jets;
  weyl_status status;
} maker;

static bool reserve(maker *k, void **p, size_t *room, size_t used, size_t size) {
  if (used < *room) return true;
  const size_t more = 2 * *room + 16;
  void *q = weyl_realloc(k->a->ctx, *p, more, size);
  if (!q) {
    k->status = WEYL_MEMORY;
    return false;
  }
  *p = q;
  *room = more;
  return true;
}

static bool known(const maker *k, const void *what, int32_t power, uint32_t *slot) {
  for (size_t i = 0; i < k->known; i++)
    if (k->of[i].what == what && k->of[i].power == power) {
      *slot = k->of[i].slot;
      return true;
    }
  return false;
}

static void remember(maker *k, const void *what, int32_t power, uint32_t slot) {
  if (!reserve(k, (void **)&k->of, &k->known_room, k->known, sizeof *k->of)) return;
  k->of[k->known].what = what;
  k->of[k->known].power = power;
  k->of[k->known++].slot = slot;
}

static uint32_t add_step(maker *k, step s) {
  if (!reserve(k, (void **)&k->t->step, &k->steps_room, k->t->steps, sizeof s)) return 0;
  s.to = (uint32_t)k->t->slots++;
  k->t->step[k->t->steps++] = s;
  return s.to;
}

static uint32_t sum_slot(maker *k, const weyl_expr *x);

static uint32_t atom_slot(maker *k, const atom *p) {
  uint32_t slot = 0;
  if (known(k, p, ONE, &slot)) return slot;
  const size_t base[] = {0, k->a->names[0], k->a->names[0] + k->a->names[1]};
  if (p->kind < JET) {
    slot = (uint32_t)(base[p->kind] + p->index);
  } else if (p->kind == JET) {
    size_t i = 0;
    while (i < k->jets && memcmp(&k->jet[i], &p->jet, sizeof p->jet) != 0) i++;
    if (i == k->jets && k->status == WEYL_OK)
      k->status =
          weyl_fail(k->a->ctx, WEYL_BAD_ARG, "no value is given for %s", weyl_expr_text(k->a, p->self, WEYL_PLAIN));
    slot = (uint32_t)(base[2] + i);
  } else if (p->kind == POWER) {
    slot = sum_slot(k, p->arg);
  } else {
    slot = add_step(k, (step){.kind = STEP_FUNCTION, .from = sum_slot(k, p->arg), .function = (weyl_function)p->index});
  }
  remember(k, p, ONE, slot);
  return slot;
}

static uint32_t factor_slot(maker *k, factor f) {
  const atom *p = k->a->atom[f.atom];
  uint32_t slot = 0;
  if (f.power == ONE) return atom_slot(k, p);
  if (known(k, p, f.power, &slot)) return slot;
  slot = add_step(k, (step){.kind = STEP_POWER,
                            .from = atom_slot(k, p),
                            .power = (double)f.power / ONE,
                            .whole = f.power % ONE == 0 ? f.power / ONE : INT32_MIN});
  remember(k, p, f.power, slot);
  return slot;
}

static uint32_t sum_slot(maker *k, const weyl_expr *x) {
  uint32_t slot = 0;
  if (known(k, x, 0, &slot)) return slot;
  /* slots of the factors first: their steps come before this sum */
  for (uint32_t i = 0; i < x->count && k->status == WEYL_OK; i++)
    for (uint32_t j = 0; j < x->t[i].m->count; j++) factor_slot(k, x->t[i].m->f[j]);
  weyl_tape *t = k->t;
  const uint32_t first = (uint32_t)t->terms;
  for (uint32_t i = 0; i < x->count && k->status == WEYL_OK; i++) {
    if (!reserve(k, (void **)&t->term, &k->terms_room, t->terms, sizeof *t->term)) break;
    t->term[t->terms++] = (tape_term){rational_double(x->t[i].c), (uint32_t)t->factors, x->t[i].m->count};
    for (uint32_t j = 0; j < x->t[i].m->count; j++) {
      if (!reserve(k, (void **)&t->factor, &k->factors_room, t->factors, sizeof *t->factor)) break;
      t->factor[t->factors++] = factor_slot(k, x->t[i].m->f[j]);
    }
  }
  slot = add_step(k, (step){.kind = STEP_SUM, .first = first, .count = x->count});
  remember(k, x, 0, slot);
  return slot;
}

weyl_status weyl_tape_new(weyl_algebra *a, size_t n, const weyl_expr *const *x, size_t jets, const weyl_jet *jet,
                          weyl_tape **out) {
  if (a->status != WEYL_OK) return a->status;
  weyl_tape *t = weyl_alloc(a->ctx, 1, sizeof *t);
  if (!t) return WEYL_MEMORY;
  t->ctx = a->ctx;
  t->inputs = t->slots = a->names[0] + a->names[1] + jets;
  t->outputs = n;
  maker k = {.a = a, .t = t, .jet = jet, .jets = jets};
  t->out = weyl_alloc(a->ctx, n + 1, sizeof *t->out);
  if (!t->out) k.status = WEYL_MEMORY;
  for (size_t i = 0; i < n && k.status == WEYL_OK; i++) {
    if (!x[i]) k.status = weyl_fail(a->ctx, WEYL_BAD_ARG, "expression %zu of %zu is none", i, n);
    if (x[i]) t->out[i] = sum_slot(&k, x[i]);
  }
  weyl_dealloc(a->ctx, k.of);
  if (k.status == WEYL_OK) {
    t->slot = weyl_alloc(a->ctx, t->slots * BLOCK + 1, sizeof *t->slot);
    if (!t->slot) k.status = WEYL_MEMORY;
  }
  if (k.status == WEYL_OK)
    *out = t;
  else
    weyl_tape_free(t);
  return k.status;
}

void weyl_tape_free(weyl_tape *t) {
  if (!t) return;
  weyl_dealloc(t->ctx, t->step);
  weyl_dealloc(t->ctx, t->term);
  weyl_dealloc(t->ctx, t->factor);
  weyl_dealloc(t->ctx, t->out);
  weyl_dealloc(t->ctx, t->slot);
  weyl_dealloc(t->ctx, t);
}

static double whole_power(double x, int n) {
  double r = 1;
  for (unsigned k = (unsigned)(n < 0 ? -n : n); k; k >>= 1) {
    if (k & 1) r *= x;
    x *= x;
  }
  return n < 0 ? 1 / r : r;
}

static void run_power(const step *s, size_t n, const double *x, double *y) {
  if (s->whole != INT32_MIN)
    for (size_t i = 0; i < n; i++) y[i] = whole_power(x[i], s->whole);
  else if (fmod(2 * s->power, 1) == 0)
    for (size_t i = 0; i < n; i++) y[i] = whole_power(sqrt(x[i]), (int)(2 * s->power));
  else
    for (size_t i = 0; i < n; i++) y[i] = pow(x[i], s->power);
}

static void run_function(weyl_function f, size_t n, const double *x, double *y) {
  static double (*const functions[])(double) = {sin, cos, exp, log, atan};
  for (size_t i = 0; i < n; i++) y[i] = functions[f](x[i]);
}

void weyl_tape_run(weyl_tape *t, size_t points, const double *const *in, double *const *out) {
  for (size_t from = 0; from < points; from += BLOCK) {
    const size_t n = points - from < BLOCK ? points - from : BLOCK;
    for (size_t k = 0; k < t->inputs; k++)
      if (in[k]) memcpy(t->slot + k * BLOCK, in[k] + from, n * sizeof(double));
    for (size_t k = 0; k < t->steps; k++) {
      const step *s = &t->step[k];
      double *y = t->slot + s->to * BLOCK, product[BLOCK];
      const double *x = t->slot + s->from * BLOCK;
      if (s->kind == STEP_POWER) {
        run_power(s, n, x, y);
      } else if (s->kind == STEP_FUNCTION) {
        run_function(s->function, n, x, y);
      } else {
        for (size_t i = 0; i < n; i++) y[i] = 0;
        for (uint32_t j = s->first; j < s->first + s->count; j++) {
          const tape_term *of = &t->term[j];
          for (size_t i = 0; i < n; i++) product[i] = of->c;
          for (uint32_t f = 0; f < of->count; f++) {
            const double *z = t->slot + t->factor[of->first + f] * BLOCK;
            for (size_t i = 0; i < n; i++) product[i] *= z[i];
          }
          for (size_t i = 0; i < n; i++) y[i] += product[i];
        }
      }
    }
    for (size_t k = 0; k < t->outputs; k++) memcpy(out[k] + from, t->slot + t->out[k] * BLOCK, n * sizeof(double));
  }
}
