/* weyl/expr.h: expressions over jet variables, exact.
 *
 * An expression is a sum of terms: a rational coefficient (128 bits, overflow is a failure, never a wrong number) times
 * powers of independent variables x^i, parameters, jet variables u^a_I (derivatives of fields) and functions of
 * expressions.  Powers are multiples of 1/60, so that halves, thirds, quarters, fifths and sixths are among them.
 * Sums are kept expanded and every expression is interned: within one algebra, equal normal forms are equal pointers,
 * and the zero expression is the one without terms.  Rules built in: powers of sums are reduced by their own base
 * (x^2 r^-3 = r^-1 - y^2 r^-3 for r^2 = x^2 + y^2), sin^2 = 1 - cos^2, sin and cos of integer multiples, products of
 * exp. Nothing else is: log(x y) and log(x) + log(y) are two things.  Parameters stand for positive numbers.
 *
 * Functions that return an expression give NULL after a failure, take NULL, and leave the first failure in the
 * algebra: a formula needs one look at weyl_algebra_status at its end.  An algebra belongs to one thread.
 *
 * Total derivatives D_i, the Euler operator E_a = sum (-D)_I d/du^a_I and prolongation are those of P. Olver,
 * Applications of Lie Groups to Differential Equations, chapters 2 and 5.
 */
#ifndef WEYL_EXPR_H
#define WEYL_EXPR_H

#include <weyl/core.h>

WEYL_BEGIN_API

typedef struct weyl_algebra weyl_algebra;
typedef struct weyl_expr weyl_expr; /* owned by its algebra, immutable */

#define WEYL_INDEPENDENTS_MAX 4
#define WEYL_FIELDS_MAX       24
#define WEYL_PARAMETERS_MAX   32
#define WEYL_JET_ORDER_MAX    60 /* of all derivatives together */

WEYL_MUST_CHECK weyl_status weyl_algebra_new(weyl_context *ctx, weyl_algebra **out);
void weyl_algebra_free(weyl_algebra *a);
/* The first failure of an expression since the algebra was made or cleared; its message is in the context. */
weyl_status weyl_algebra_status(const weyl_algebra *a);
void weyl_algebra_clear(weyl_algebra *a);

/* Declares a name: a letter, then letters, digits and underscores. WEYL_FORMAT when it is taken or no name. */
WEYL_MUST_CHECK weyl_status weyl_algebra_independent(weyl_algebra *a, const char *name);
WEYL_MUST_CHECK weyl_status weyl_algebra_field(weyl_algebra *a, const char *name);
WEYL_MUST_CHECK weyl_status weyl_algebra_parameter(weyl_algebra *a, const char *name);
/* A name that stands for an expression, for the parser alone. */
WEYL_MUST_CHECK weyl_status weyl_algebra_define(weyl_algebra *a, const char *name, const weyl_expr *meaning);
size_t weyl_algebra_independents(const weyl_algebra *a);
size_t weyl_algebra_fields(const weyl_algebra *a);
size_t weyl_algebra_parameters(const weyl_algebra *a);
const char *weyl_algebra_independent_name(const weyl_algebra *a, size_t i);
const char *weyl_algebra_field_name(const weyl_algebra *a, size_t i);
const char *weyl_algebra_parameter_name(const weyl_algebra *a, size_t i);

/* ---- making expressions ---- */

/* A derivative of a field: order[i] times by x^i. */
typedef struct weyl_jet {
  uint8_t field, order[WEYL_INDEPENDENTS_MAX];
} weyl_jet;

typedef enum weyl_function { WEYL_SIN, WEYL_COS, WEYL_EXP, WEYL_LOG, WEYL_ATAN } weyl_function;

const weyl_expr *weyl_expr_number(weyl_algebra *a, int64_t numerator, int64_t denominator);
const weyl_expr *weyl_expr_independent(weyl_algebra *a, size_t i);
const weyl_expr *weyl_expr_parameter(weyl_algebra *a, size_t i);
const weyl_expr *weyl_expr_jet(weyl_algebra *a, weyl_jet jet);
const weyl_expr *weyl_expr_add(weyl_algebra *a, const weyl_expr *x, const weyl_expr *y);
const weyl_expr *weyl_expr_sub(weyl_algebra *a, const weyl_expr *x, const weyl_expr *y);
const weyl_expr *weyl_expr_mul(weyl_algebra *a, const weyl_expr *x, const weyl_expr *y);
const weyl_expr *weyl_expr_div(weyl_algebra *a, const weyl_expr *x, const weyl_expr *y);
/* x + y numerator / denominator */
const weyl_expr *weyl_expr_add_scaled(weyl_algebra *a, const weyl_expr *x, const weyl_expr *y, int64_t numerator,
                                      int64_t denominator);
const weyl_expr *weyl_expr_power(weyl_algebra *a, const weyl_expr *x, int64_t numerator, int64_t denominator);
const weyl_expr *weyl_expr_apply(weyl_algebra *a, weyl_function function, const weyl_expr *x);
size_t weyl_expr_terms(const weyl_expr *x); /* 0: zero, or NULL */
/* Whether the expression vanishes, after denominators are cleared; false for NULL. */
bool weyl_expr_is_zero(weyl_algebra *a, const weyl_expr *x);
/* The derivatives that occur in it, functions' arguments included, in the order of their making; at most `room` are
 * written, the number of all returned. */
size_t weyl_expr_jets(weyl_algebra *a, const weyl_expr *x, weyl_jet *jets, size_t room);
/* Whether it is the same whatever the symbol (independent variable, parameter or jet variable) is. */
bool weyl_expr_free_of(weyl_algebra *a, const weyl_expr *x, const weyl_expr *symbol);

/* ---- text ---- */

/* A piece of a text, and where it stands: messages about it show it with a caret. */
typedef struct weyl_line {
  const char *text;
  size_t n;
  const char *place;  /* a file, an option */
  int number, column; /* of the first letter, from 1 */
} weyl_line;
/* "file:3:17: what", the text, and a caret under the letter `at`. */
weyl_status weyl_fail_at(weyl_context *ctx, weyl_status status, const weyl_line *line, size_t at, const char *fmt, ...)
    WEYL_PRINTF(5, 6);

/* Sums, products, quotients, powers (^ with rational exponents), sin cos tan exp log sqrt sinh cosh tanh atan, pi,
 * numbers such as 3 and 0.25 (exact). Derivatives are written u_xt, or x' and x'' where there is one independent
 * variable. */
WEYL_MUST_CHECK weyl_status weyl_expr_parse(weyl_algebra *a, const weyl_line *line, const weyl_expr **out);
typedef enum weyl_notation { WEYL_PLAIN, WEYL_LATEX } weyl_notation;
/* Plain text reads back as the same expression. Owned by the algebra; "?" when memory is short. */
const char *weyl_expr_text(weyl_algebra *a, const weyl_expr *x, weyl_notation notation);

/* ---- calculus ---- */

const weyl_expr *weyl_expr_partial(weyl_algebra *a, const weyl_expr *x, const weyl_expr *symbol);
const weyl_expr *weyl_expr_total(weyl_algebra *a, const weyl_expr *x, size_t i); /* D_i */
const weyl_expr *weyl_expr_euler(weyl_algebra *a, const weyl_expr *lagrangian, size_t field);

/* v = xi^i d/dx^i + phi^a d/du^a; NULL entries are zero. Components may hold derivatives (generalised symmetries). */
typedef struct weyl_generator {
  const weyl_expr *xi[WEYL_INDEPENDENTS_MAX], *phi[WEYL_FIELDS_MAX];
} weyl_generator;
/* Q^a = phi^a - xi^i u^a_i */
const weyl_expr *weyl_generator_characteristic(weyl_algebra *a, const weyl_generator *v, size_t field);
/* pr v (f) */
const weyl_expr *weyl_expr_prolong(weyl_algebra *a, const weyl_generator *v, const weyl_expr *f);
/* W^i with pr v_Q (f) = Q^a E_a(f) + D_i W^i for the evolutionary field with characteristics q, any order:
 * integration by parts, mixed derivatives weighted evenly. */
void weyl_expr_parts(weyl_algebra *a, const weyl_expr *const *q, const weyl_expr *f,
                     const weyl_expr *w[WEYL_INDEPENDENTS_MAX]);
/* B^i with D_i B^i = f, for f with E(f) = 0: the homotopy operator on each part that is homogeneous in the fields, and
 * antiderivatives for the rest. WEYL_NO with the reason when E(f) is not zero or no closed form is found. */
WEYL_MUST_CHECK weyl_status weyl_expr_homotopy(weyl_algebra *a, const weyl_expr *f,
                                               const weyl_expr *b[WEYL_INDEPENDENTS_MAX]);
/* In place of symbols: `meaning` gives an expression for a symbol, or NULL to keep it. */
const weyl_expr *weyl_expr_replace(weyl_algebra *a, const weyl_expr *x,
                                   const weyl_expr *(*meaning)(void *user, const weyl_expr *symbol), void *user);
/* The jet variable that the expression is, if it is one. */
bool weyl_expr_as_jet(const weyl_algebra *a, const weyl_expr *x, weyl_jet *jet);
bool weyl_expr_as_parameter(const weyl_algebra *a, const weyl_expr *x, size_t *i);
bool weyl_expr_as_independent(const weyl_algebra *a, const weyl_expr *x, size_t *i);
bool weyl_expr_as_number(const weyl_expr *x, double *value);

/* Terms one by one, 0 <= k < weyl_expr_terms: the coefficient and the rest as an expression of coefficient 1. */
const weyl_expr *weyl_expr_term(weyl_algebra *a, const weyl_expr *x, size_t k, double *coefficient);
const weyl_expr *weyl_expr_only(weyl_algebra *a, const weyl_expr *x, size_t k); /* the term, with its coefficient */
/* x times what clears its denominators: no sum has a negative power in it. */
const weyl_expr *weyl_expr_cleared(weyl_algebra *a, const weyl_expr *x);

/* All rational combinations c of rows x [n][m] with sum_k c_k x_kj = 0 for every j, coefficient by coefficient of the
 * normal forms: a basis in reduced echelon form, as fractions of 64-bit integers. Freed with weyl_relations_free. */
typedef struct weyl_relations {
  size_t n, count;
  int64_t *numerator, *denominator; /* [count][n] */
} weyl_relations;
WEYL_MUST_CHECK weyl_status weyl_expr_relations(weyl_algebra *a, size_t n, size_t m, const weyl_expr *const *x,
                                                weyl_relations *out);
void weyl_relations_free(weyl_context *ctx, weyl_relations *r);

/* ---- numbers ---- */

/* Expressions made ready for many points. Inputs are in this order: independent variables, parameters, then the
 * derivatives `jets`; every derivative that occurs must be among them. */
typedef struct weyl_tape weyl_tape;
WEYL_MUST_CHECK weyl_status weyl_tape_new(weyl_algebra *a, size_t n, const weyl_expr *const *x, size_t jets,
                                          const weyl_jet *jet, weyl_tape **out);
void weyl_tape_free(weyl_tape *tape);
/* in [inputs][points], out [n][points]; a NULL input keeps its last values. Allocates nothing; one thread at a time. */
void weyl_tape_run(weyl_tape *tape, size_t points, const double *const *in, double *const *out);

WEYL_END_API
#endif
