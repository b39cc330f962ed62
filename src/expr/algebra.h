/* What the files of src/expr share: atoms, monomials, expressions and their tables. */
#ifndef WEYL_EXPR_ALGEBRA_H
#define WEYL_EXPR_ALGEBRA_H

#include <weyl/expr.h>

#include "rational.h"

/* Powers are counted in 60ths. */
enum { ONE = 60, NAME_MAX_LENGTH = 24, TERMS_MAX = 1 << 18, DEPTH_MAX = 256 };

typedef enum atom_kind { INDEPENDENT, PARAMETER, JET, FUNCTION, POWER } atom_kind;

/* A thing that has powers. POWER(base) stands for a sum, `arg`, that is raised to powers below 1 alone. */
typedef struct atom {
  atom_kind kind;
  uint32_t id, hash;
  uint32_t index; /* number of the variable or parameter; weyl_function */
  weyl_jet jet;
  const weyl_expr *arg, *self;
  bool complete; /* self, or lead and rest, are there */
  /* arg = sign lead + rest with lead the greatest monomial; NULL: powers of it are not reduced */
  const struct monomial *lead;
  const weyl_expr *rest;
  int sign;
  const weyl_expr *total[WEYL_INDEPENDENTS_MAX]; /* D_i of it, once asked for */
  uint64_t stamp;                                /* `memo` is of the derivation of this number */
  const weyl_expr *memo;
} atom;

typedef struct factor {
  uint32_t atom;
  int32_t power; /* not 0 */
} factor;

typedef struct monomial {
  uint32_t id, hash, count;
  uint32_t reducible;      /* the factor that a rule is for; count: none */
  const weyl_expr *normal; /* by the rules, once asked for */
  factor f[];              /* by ascending atom */
} monomial;

typedef struct term {
  rational c;
  const monomial *m;
} term;

struct weyl_expr {
  uint32_t id, hash, count;
  const weyl_expr *total[WEYL_INDEPENDENTS_MAX];
  term t[]; /* by ascending monomial, none reducible, no zero */
};

/* A set of pointers, by the hashes that stand in what they point to. */
typedef struct table {
  void **slot;
  size_t used, room;
} table;

/* A sum under construction. */
typedef struct sum {
  term *t;
  size_t n, room;
} sum;

struct weyl_algebra {
  weyl_context *ctx;
  weyl_arena *arena;
  unsigned char *pool;
  size_t pool_left;
  weyl_status status;
  atom **atom;
  size_t atoms, atoms_room;
  uint32_t monomials, exprs;
  table atom_table, monomial_table, expr_table;
  sum sums[DEPTH_MAX];
  int depth;
  int reducing;
  uint64_t stamp;
  const monomial *unit;
  const weyl_expr *zero, *one;
  size_t names[3]; /* of independent variables, fields, parameters */
  char name[3][WEYL_PARAMETERS_MAX][NAME_MAX_LENGTH];
  size_t defined;
  struct {
    char name[NAME_MAX_LENGTH];
    const weyl_expr *meaning;
  } define[WEYL_PARAMETERS_MAX];
};

/* Records the first failure and gives NULL. */
const weyl_expr *expr_fail(weyl_algebra *a, weyl_status status, const char *fmt, ...) WEYL_PRINTF(3, 4);
void *expr_alloc(weyl_algebra *a, size_t bytes); /* zeroed; NULL sets the failure */

/* Room for one more; the hash of an entry is read by `hash_of` when the table grows. */
bool table_reserve(weyl_algebra *a, table *t, uint32_t (*hash_of)(const void *));

const atom *atom_symbol(weyl_algebra *a, atom_kind kind, uint32_t index, const weyl_jet *jet);
const atom *atom_of(weyl_algebra *a, atom_kind kind, uint32_t index, const weyl_expr *arg); /* FUNCTION, POWER */
int monomial_compare(const monomial *x, const monomial *y);                                 /* graded, then by atoms */
const monomial *monomial_of(weyl_algebra *a, const factor *f, size_t n);                    /* interned */
const monomial *monomial_mul(weyl_algebra *a, const monomial *x, const monomial *y);
const monomial *monomial_times(weyl_algebra *a, const monomial *x, uint32_t atom, int32_t power);
int32_t monomial_power(const monomial *m, uint32_t atom);

/* Sums nest: begun last, ended first. */
sum *sum_begin(weyl_algebra *a); /* NULL: failed */
void sum_add(weyl_algebra *a, sum *s, const monomial *m, rational c);
void sum_add_expr(weyl_algebra *a, sum *s, const weyl_expr *x, rational c);
void sum_add_product(weyl_algebra *a, sum *s, const weyl_expr *x, const monomial *m, rational c);
const weyl_expr *sum_end(weyl_algebra *a, sum *s);
const weyl_expr *monomial_normal(weyl_algebra *a, const monomial *m);

const weyl_expr *expr_of(weyl_algebra *a, const monomial *m, rational c);
const weyl_expr *expr_scale(weyl_algebra *a, const weyl_expr *x, rational c);
const weyl_expr *expr_power(weyl_algebra *a, const weyl_expr *x, int64_t power); /* in 60ths */
const atom *expr_as_symbol(const weyl_algebra *a, const weyl_expr *x); /* one atom, power and coefficient 1; or NULL */
/* d of an expression, where `rule` gives it for symbols; results for atoms are kept while the stamp stands. */
typedef const weyl_expr *(*derivation)(weyl_algebra *a, void *user, const atom *symbol);
const weyl_expr *expr_derive(weyl_algebra *a, const weyl_expr *x, derivation rule, void *user);
/* F'(arg) of a function atom, or 1 for a power. */
const weyl_expr *function_slope(weyl_algebra *a, const atom *f);
/* `by` times what x needs too, so that no sum has a negative power in it; and the product of both. */
const monomial *expr_clearing(weyl_algebra *a, const monomial *by, const weyl_expr *x);
const weyl_expr *expr_times(weyl_algebra *a, const weyl_expr *x, const monomial *by);
/* Calls visit for every atom in x and in the arguments inside, once each. */
void expr_atoms(weyl_algebra *a, const weyl_expr *x, void (*visit)(void *user, const atom *at), void *user);
/* F with dF/dsymbol = x; NULL, without failure, when none is known. */
const weyl_expr *expr_antiderivative(weyl_algebra *a, const weyl_expr *x, const atom *symbol);

#endif
