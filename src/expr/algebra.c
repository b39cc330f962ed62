/* An algebra: names, and the tables in which atoms, monomials and expressions exist once. */
#include "algebra.h"

#include <ctype.h>
#include <string.h>

/* ---- failures and memory ---- */

const weyl_expr *expr_fail(weyl_algebra *a, weyl_status status, const char *fmt, ...) {
  if (a->status == WEYL_OK) {
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    a->status = weyl_fail(a->ctx, status, "%s", text);
  }
  return NULL;
}

weyl_status weyl_algebra_status(const weyl_algebra *a) { return a->status; }

void weyl_algebra_clear(weyl_algebra *a) {
  a->status = WEYL_OK;
  a->depth = a->reducing = 0;
  weyl_message_clear(a->ctx);
}

void *expr_alloc(weyl_algebra *a, size_t bytes) {
  enum { POOL = 1 << 16 };
  bytes = (bytes + 15) & ~(size_t)15;
  if (bytes > a->pool_left) {
    const size_t room = bytes > POOL / 8 ? bytes : POOL;
    unsigned char *block = weyl_arena_alloc(a->arena, room, 1);
    if (!block) {
      a->status = a->status == WEYL_OK ? WEYL_MEMORY : a->status;
      return NULL;
    }
    if (room == bytes) return block; /* large ones leave the pool as it is */
    a->pool = block;
    a->pool_left = room;
  }
  void *p = a->pool;
  a->pool += bytes;
  a->pool_left -= bytes;
  return p;
}

/* ---- tables ---- */

static uint32_t mix(uint32_t h, uint32_t x) {
  h = (h ^ x) * 0x9E3779B1u;
  return h ^ h >> 15;
}

bool table_reserve(weyl_algebra *a, table *t, uint32_t (*hash_of)(const void *)) {
  if (2 * (t->used + 1) <= t->room) return true;
  const size_t room = t->room ? 2 * t->room : 256;
  void **slot = weyl_alloc(a->ctx, room, sizeof *slot);
  if (!slot) {
    expr_fail(a, WEYL_MEMORY, "no memory for %zu expressions", room);
    return false;
  }
  for (size_t i = 0; i < t->room; i++) {
    if (!t->slot[i]) continue;
    size_t k = hash_of(t->slot[i]) & (room - 1);
    while (slot[k]) k = (k + 1) & (room - 1);
    slot[k] = t->slot[i];
  }
  weyl_dealloc(a->ctx, t->slot);
  t->slot = slot;
  t->room = room;
  return true;
}

static uint32_t atom_hash(const void *p) { return ((const atom *)p)->hash; }
static uint32_t monomial_hash(const void *p) { return ((const monomial *)p)->hash; }

/* ---- atoms ---- */

/* The lead of a base and the rest, where powers of it can be reduced: ordinary natural powers in the lead. */
static bool atom_lead(weyl_algebra *a, atom *p) {
  const weyl_expr *base = p->arg;
  const term *lead = NULL;
  if (base->count < 2) return true;
  for (uint32_t i = 0; i < base->count; i++) {
    const term *t = &base->t[i];
    if (t->c.d != 1) return true;
    for (uint32_t k = 0; k < t->m->count; k++) {
      const factor *f = &t->m->f[k];
      if (f->power < 0 || f->power % ONE != 0 || a->atom[f->atom]->kind >= FUNCTION) return true;
    }
    if (!lead || monomial_compare(t->m, lead->m) > 0) lead = t;
  }
  if (lead->c.n != 1 && lead->c.n != -1) return true;
  sum *s = sum_begin(a);
  for (uint32_t i = 0; s && i < base->count; i++)
    if (&base->t[i] != lead) sum_add(a, s, base->t[i].m, base->t[i].c);
  p->rest = sum_end(a, s);
  if (!p->rest) return false;
  p->sign = lead->c.n > 0 ? 1 : -1;
  p->lead = lead->m;
  return true;
}

/* What an atom carries; a failure that is cleared later leaves it to the next who asks for the atom. */
static const atom *atom_complete(weyl_algebra *a, atom *p) {
  if (p->complete) return p;
  const monomial *m = monomial_of(a, &(factor){p->id, ONE}, 1);
  if (p->kind == POWER)
    p->complete = m && atom_lead(a, p);
  else
    p->complete = m && (p->self = expr_of(a, m, (rational){1, 1})) != NULL;
  return p->complete ? p : NULL;
}

static const atom *atom_intern(weyl_algebra *a, const atom *like) {
  if (a->status != WEYL_OK || !table_reserve(a, &a->atom_table, atom_hash)) return NULL;
  table *t = &a->atom_table;
  size_t k = like->hash & (t->room - 1);
  for (; t->slot[k]; k = (k + 1) & (t->room - 1)) {
    atom *p = t->slot[k];
    if (p->hash == like->hash && p->kind == like->kind && p->index == like->index && p->arg == like->arg &&
        memcmp(&p->jet, &like->jet, sizeof p->jet) == 0)
      return atom_complete(a, p);
  }
  if (a->atoms == a->atoms_room) {
    const size_t room = a->atoms_room ? 2 * a->atoms_room : 64;
    atom **more = weyl_realloc(a->ctx, a->atom, room, sizeof *more);
    if (!more) {
      expr_fail(a, WEYL_MEMORY, "no memory for %zu symbols", room);
      return NULL;
    }
    a->atom = more;
    a->atoms_room = room;
  }
  atom *p = expr_alloc(a, sizeof *p);
  if (!p) return NULL;
  *p = *like;
  p->id = (uint32_t)a->atoms;
  a->atom[a->atoms++] = p;
  t->slot[k] = p;
  t->used++;
  return atom_complete(a, p);
}

const atom *atom_symbol(weyl_algebra *a, atom_kind kind, uint32_t index, const weyl_jet *jet) {
  atom like = {.kind = kind, .index = index};
  if (jet) like.jet = *jet;
  like.hash = mix(mix(1u, (uint32_t)kind), index);
  like.hash = mix(like.hash, like.jet.field);
  for (int i = 0; i < WEYL_INDEPENDENTS_MAX; i++) like.hash = mix(like.hash, like.jet.order[i]);
  return atom_intern(a, &like);
}

const atom *atom_of(weyl_algebra *a, atom_kind kind, uint32_t index, const weyl_expr *arg) {
  if (!arg) return NULL;
  return atom_intern(
      a, &(atom){.kind = kind, .index = index, .arg = arg, .hash = mix(mix(arg->hash, (uint32_t)kind), index)});
}

/* ---- monomials ---- */

int monomial_compare(const monomial *x, const monomial *y) {
  int64_t dx = 0, dy = 0;
  for (uint32_t i = 0; i < x->count; i++) dx += x->f[i].power;
  for (uint32_t i = 0; i < y->count; i++) dy += y->f[i].power;
  if (dx != dy) return dx < dy ? -1 : 1;
  for (uint32_t i = 0; i < x->count && i < y->count; i++) {
    if (x->f[i].atom != y->f[i].atom) return x->f[i].atom > y->f[i].atom ? -1 : 1;
    if (x->f[i].power != y->f[i].power) return x->f[i].power < y->f[i].power ? -1 : 1;
  }
  return 0; /* of one degree: one is not the beginning of the other */
}

int32_t monomial_power(const monomial *m, uint32_t at) {
  for (uint32_t i = 0; i < m->count && m->f[i].atom <= at; i++)
    if (m->f[i].atom == at) return m->f[i].power;
  return 0;
}

static bool divides(const monomial *lead, const factor *f, size_t n) {
  size_t k = 0;
  for (uint32_t i = 0; i < lead->count; i++) {
    while (k < n && f[k].atom < lead->f[i].atom) k++;
    if (k == n || f[k].atom != lead->f[i].atom || f[k].power < lead->f[i].power) return false;
  }
  return true;
}

/* The first factor that monomial_normal rewrites; n: none. */
static size_t reducible_at(const weyl_algebra *a, const factor *f, size_t n) {
  size_t exponential = n;
  for (size_t i = 0; i < n; i++) {
    const atom *p = a->atom[f[i].atom];
    if (p->kind < FUNCTION) continue;
    if (p->kind == POWER) {
      if (f[i].power >= ONE) return i;
      if (f[i].power < 0 && (p->arg->count < 2 || (p->lead && divides(p->lead, f, n)))) return i;
    } else if (p->index == WEYL_SIN) {
      if (f[i].power >= 2 * ONE && f[i].power % ONE == 0) return i;
    } else if (p->index == WEYL_EXP) {
      if (f[i].power != ONE || exponential < n) return i;
      exponential = i;
    }
  }
  return n;
}

const monomial *monomial_of(weyl_algebra *a, const factor *f, size_t n) {
  if (a->status != WEYL_OK || !table_reserve(a, &a->monomial_table, monomial_hash)) return NULL;
  uint32_t h = 17;
  for (size_t i = 0; i < n; i++) h = mix(mix(h, f[i].atom), (uint32_t)f[i].power);
  table *t = &a->monomial_table;
  size_t k = h & (t->room - 1);
  for (; t->slot[k]; k = (k + 1) & (t->room - 1)) {
    const monomial *m = t->slot[k];
    if (m->hash == h && m->count == n && (n == 0 || memcmp(m->f, f, n * sizeof *f) == 0)) return m;
  }
  monomial *m = expr_alloc(a, sizeof *m + n * sizeof *f);
  if (!m) return NULL;
  m->id = a->monomials++;
  m->hash = h;
  m->count = (uint32_t)n;
  if (n) memcpy(m->f, f, n * sizeof *f);
  m->reducible = (uint32_t)reducible_at(a, f, n);
  t->slot[k] = m;
  t->used++;
  return m;
}

enum { FACTORS_MAX = 256 };

const monomial *monomial_mul(weyl_algebra *a, const monomial *x, const monomial *y) {
  if (!x || !y) return NULL;
  if (x->count == 0) return y;
  if (y->count == 0) return x;
  factor f[FACTORS_MAX];
  size_t n = 0;
  uint32_t i = 0, j = 0;
  if (x->count + y->count > FACTORS_MAX) {
    expr_fail(a, WEYL_UNSUPPORTED, "a product of more than %d different factors", FACTORS_MAX);
    return NULL;
  }
  while (i < x->count && j < y->count) {
    if (x->f[i].atom < y->f[j].atom) {
      f[n++] = x->f[i++];
    } else if (x->f[i].atom > y->f[j].atom) {
      f[n++] = y->f[j++];
    } else {
      f[n].atom = x->f[i].atom;
      if (__builtin_add_overflow(x->f[i++].power, y->f[j++].power, &f[n].power)) {
        expr_fail(a, WEYL_NUMERIC, "a power is too large");
        return NULL;
      }
      n += f[n].power != 0;
    }
  }
  while (i < x->count) f[n++] = x->f[i++];
  while (j < y->count) f[n++] = y->f[j++];
  return monomial_of(a, f, n);
}

const monomial *monomial_times(weyl_algebra *a, const monomial *x, uint32_t at, int32_t power) {
  if (power == 0) return x;
  const monomial *m = monomial_of(a, &(factor){at, power}, 1);
  return monomial_mul(a, x, m);
}

/* ---- names ---- */

static const char *const kind_name[] = {"independent variable", "parameter", "field"};

static bool is_name(const char *s) {
  if (!isalpha((unsigned char)*s)) return false;
  size_t n = 0;
  for (; s[n]; n++)
    if (!isalnum((unsigned char)s[n]) && s[n] != '_') return false;
  return n < NAME_MAX_LENGTH;
}

static weyl_status check_name(weyl_algebra *a, const char *kind, const char *name) {
  static const char *const taken[] = {"sin", "cos", "tan", "exp", "log", "sqrt", "sinh", "cosh", "tanh", "atan"};
  if (!is_name(name))
    return weyl_fail(a->ctx, WEYL_FORMAT, "%s \"%.40s\" must be a letter, then letters, digits and _, fewer than %d",
                     kind, name, NAME_MAX_LENGTH);
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    if (strcmp(taken[i], name) == 0) return weyl_fail(a->ctx, WEYL_FORMAT, "\"%s\" is the name of a function", name);
  for (size_t k = 0; k < 3; k++)
    for (size_t i = 0; i < a->names[k]; i++)
      if (strcmp(a->name[k][i], name) == 0)
        return weyl_fail(a->ctx, WEYL_FORMAT, "%s \"%s\" has the name of a %s", kind, name, kind_name[k]);
  for (size_t i = 0; i < a->defined; i++)
    if (strcmp(a->define[i].name, name) == 0)
      return weyl_fail(a->ctx, WEYL_FORMAT, "%s \"%s\" is defined already", kind, name);
  return WEYL_OK;
}

static weyl_status declare(weyl_algebra *a, int kind, size_t most, const char *name) {
  WEYL_TRY(check_name(a, kind_name[kind], name));
  if (a->names[kind] == most)
    return weyl_fail(a->ctx, WEYL_FORMAT, "%s \"%s\" is one too many: at most %zu", kind_name[kind], name, most);
  strcpy(a->name[kind][a->names[kind]++], name);
  return WEYL_OK;
}

weyl_status weyl_algebra_independent(weyl_algebra *a, const char *name) {
  return declare(a, 0, WEYL_INDEPENDENTS_MAX, name);
}
weyl_status weyl_algebra_parameter(weyl_algebra *a, const char *name) {
  return declare(a, 1, WEYL_PARAMETERS_MAX, name);
}
weyl_status weyl_algebra_field(weyl_algebra *a, const char *name) { return declare(a, 2, WEYL_FIELDS_MAX, name); }

weyl_status weyl_algebra_define(weyl_algebra *a, const char *name, const weyl_expr *meaning) {
  WEYL_TRY(check_name(a, "definition", name));
  if (a->defined == WEYL_PARAMETERS_MAX)
    return weyl_fail(a->ctx, WEYL_FORMAT, "definition \"%s\" is one too many: at most %d", name, WEYL_PARAMETERS_MAX);
  strcpy(a->define[a->defined].name, name);
  a->define[a->defined++].meaning = meaning;
  return WEYL_OK;
}

size_t weyl_algebra_independents(const weyl_algebra *a) { return a->names[0]; }
size_t weyl_algebra_parameters(const weyl_algebra *a) { return a->names[1]; }
size_t weyl_algebra_fields(const weyl_algebra *a) { return a->names[2]; }
const char *weyl_algebra_independent_name(const weyl_algebra *a, size_t i) { return a->name[0][i]; }
const char *weyl_algebra_parameter_name(const weyl_algebra *a, size_t i) { return a->name[1][i]; }
const char *weyl_algebra_field_name(const weyl_algebra *a, size_t i) { return a->name[2][i]; }

/* ---- the algebra ---- */

weyl_status weyl_algebra_new(weyl_context *ctx, weyl_algebra **out) {
  weyl_algebra *a = weyl_alloc(ctx, 1, sizeof *a);
  if (!a) return WEYL_MEMORY;
  a->ctx = ctx;
  weyl_status status = weyl_arena_new(ctx, &a->arena);
  if (status == WEYL_OK) {
    a->unit = monomial_of(a, NULL, 0);
    sum *s = sum_begin(a);
    a->zero = sum_end(a, s);
    a->one = expr_of(a, a->unit, (rational){1, 1});
    status = a->status;
  }
  if (status == WEYL_OK)
    *out = a;
  else
    weyl_algebra_free(a);
  return status;
}

void weyl_algebra_free(weyl_algebra *a) {
  if (!a) return;
  for (int i = 0; i < DEPTH_MAX; i++) weyl_dealloc(a->ctx, a->sums[i].t);
  weyl_dealloc(a->ctx, a->atom_table.slot);
  weyl_dealloc(a->ctx, a->monomial_table.slot);
  weyl_dealloc(a->ctx, a->expr_table.slot);
  weyl_dealloc(a->ctx, a->atom);
  weyl_arena_free(a->arena);
  weyl_dealloc(a->ctx, a);
}
