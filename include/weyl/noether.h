/* weyl/noether.h: from a Lagrangian and a symmetry to a conserved current, and back from motion to what is conserved.
 *
 * A problem has independent variables x^i (the first one is time where motion is computed), fields u^a, parameters, a
 * Lagrangian L or equations, and generators v = xi^i d/dx^i + phi^a d/du^a with Q^a = phi^a - xi^i u^a_i.  v is a
 * variational symmetry when pr v(L) + L D_i xi^i = D_i B^i for some B, which is when the Euler operators of the left
 * side vanish.  Then
 *
 *   J^i = B^i - L xi^i - W^i,    D_i J^i = Q^a E_a(L),    pr v_Q (L) = Q^a E_a(L) + D_i W^i,
 *
 * so that dJ^1/dt = 0 along solutions of ordinary differential equations, and J^1 is the density of a conserved charge
 * of partial ones.  (P. Olver, Applications of Lie Groups to Differential Equations, theorem 5.58.)
 */
#ifndef WEYL_NOETHER_H
#define WEYL_NOETHER_H

#include <weyl/expr.h>

WEYL_BEGIN_API

typedef struct weyl_noether weyl_noether;

/* A problem as text, one statement a line, # begins a comment:
 *
 *   independent: t, x                        at most 4; the first is time
 *   fields: u, v                             at most 24
 *   parameters: m = 1, k = 1/2               numbers, exact where they are fractions
 *   define r: sqrt(x^2 + y^2)                a name for the lines below
 *   lagrangian: m*u_t^2/2 - ...              derivatives are u_t, u_xx; with one independent variable also u', u''
 *   equation: u_t = -6*u*u_x - u_xxx         in place of a Lagrangian; several
 *   evolution: w_t = -3*w_x^2 - w_xxx        what motion is computed by, where it cannot be solved for from the above
 *   generator boost: x = t, u = v            components not named are 0
 *   ansatz: cos(t), sin(t)                   functions that `find` multiplies its polynomials by
 *   initial: u = sin(x), u_t = 0             at time 0, of position and parameters
 *   domain: x = -20 to 20                    periodic
 *   points: 256      time: 10      step: 0.05
 *   about: one line
 *
 * WEYL_FORMAT points at what is wrong with a caret. */
WEYL_MUST_CHECK weyl_status weyl_noether_parse(weyl_context *ctx, const char *text, size_t n, const char *place,
                                               weyl_noether **out);
void weyl_noether_free(weyl_noether *problem);
/* Problems that come with the library, as such text: NULL beyond the last. */
const char *weyl_noether_preset(size_t i, const char **text);
const char *weyl_noether_about(const weyl_noether *problem);
weyl_algebra *weyl_noether_algebra(weyl_noether *problem);
const weyl_expr *weyl_noether_lagrangian(const weyl_noether *problem); /* NULL: equations alone */
size_t weyl_noether_equations(const weyl_noether *problem);
const weyl_expr *weyl_noether_equation(const weyl_noether *problem, size_t i); /* = 0; of a Lagrangian E_a(L) */
size_t weyl_noether_generators(const weyl_noether *problem);
const char *weyl_noether_generator_name(const weyl_noether *problem, size_t k);
const weyl_generator *weyl_noether_generator(const weyl_noether *problem, size_t k);
/* One more generator from text such as "x = t, u = 1"; `name` may be NULL. */
WEYL_MUST_CHECK weyl_status weyl_noether_add(weyl_noether *problem, const char *name, const char *text,
                                             const char *place, size_t *k);
/* "t d/dx + d/du", or in LaTeX; owned by the algebra. */
const char *weyl_noether_generator_text(weyl_noether *problem, const weyl_generator *v, weyl_notation notation);
/* Value of a parameter. WEYL_UNKNOWN. `text` is a number or fraction. */
WEYL_MUST_CHECK weyl_status weyl_noether_set(weyl_noether *problem, const char *parameter, const char *text);
double weyl_noether_value(weyl_noether *problem, size_t parameter);

/* ---- one generator ---- */

typedef enum weyl_triviality {
  WEYL_NOT_TRIVIAL,
  WEYL_TRIVIAL_IDENTICALLY, /* Q = 0: D_i J^i = 0 whatever the fields are */
  WEYL_TRIVIAL_ON_SHELL     /* Q = 0 on solutions: so is J, up to one of those */
} weyl_triviality;

typedef struct weyl_noether_verdict {
  bool variational; /* up to a divergence */
  bool strict;      /* with B = 0 */
  bool closed;      /* B was found, and so is the current */
  int equations;    /* maps solutions to solutions: 1, 0, or -1 where the equations cannot be solved for derivatives */
  const weyl_expr *change;                     /* pr v(L) + L D_i xi^i */
  const weyl_expr *remainder[WEYL_FIELDS_MAX]; /* E_a of that: all zero when variational */
  double remainder_size; /* at random jets, relative to its terms; small: an identity of functions hides a symmetry */
  const weyl_expr *equation_remainder;             /* first non-zero pr v(equation) on solutions, or zero */
  const weyl_expr *q[WEYL_FIELDS_MAX];             /* characteristic */
  const weyl_expr *b[WEYL_INDEPENDENTS_MAX];       /* when closed */
  const weyl_expr *current[WEYL_INDEPENDENTS_MAX]; /* J */
  weyl_triviality trivial;
  double residual;  /* of D_i J^i = Q^a E_a(L), relative, at random jets; NaN without a current */
  char reason[400]; /* why not closed */
} weyl_noether_verdict;
/* WEYL_OK whatever the answer is. `jets`: at how many random jets the identity is evaluated. */
WEYL_MUST_CHECK weyl_status weyl_noether_check(weyl_noether *problem, const weyl_generator *v, size_t jets,
                                               uint64_t seed, weyl_noether_verdict *out);

/* ---- all generators of a form ---- */

typedef struct weyl_noether_find_opts {
  int degree;      /* of the polynomials in positions and fields; 0: 2 */
  int order;       /* 0: point symmetries. n: generalised ones, xi = 0 and phi of derivatives up to that order */
  bool lagrangian; /* of the Lagrangian alone, which may have more of generalised ones than are asked of equations */
} weyl_noether_find_opts;
typedef struct weyl_noether_found {
  size_t unknowns;    /* of the ansatz */
  size_t count;       /* dimension */
  size_t variational; /* the first so many are variational symmetries */
  weyl_generator *v;  /* [count] */
} weyl_noether_found;
/* Solves the determining equations, which are linear in the ansatz, exactly: a basis of all symmetries of that form.
 * The problem's Lagrangian and equations get the
 * values of its parameters, for good: what is found is of these values. WEYL_UNSUPPORTED when the equations cannot be
 * solved for derivatives. */
WEYL_MUST_CHECK weyl_status weyl_noether_find(weyl_noether *problem, const weyl_noether_find_opts *opts,
                                              weyl_noether_found *out);
void weyl_noether_found_free(weyl_context *ctx, weyl_noether_found *found);

/* ---- motion ---- */

enum { WEYL_NOETHER_LEVELS = 3 };
typedef struct weyl_noether_motion_opts {
  const char *method; /* gauss2, gauss4, gauss6 (symplectic), rk4; NULL: gauss4 */
  double step, time;  /* 0: the problem's */
  size_t points;      /* 0: the problem's */
  size_t samples;     /* times at which charges are evaluated; 0: 200 */
} weyl_noether_motion_opts;
typedef struct weyl_noether_motion {
  int order; /* of the method */
  double step[WEYL_NOETHER_LEVELS];
  size_t count, samples;              /* charges; times, the first is 0 */
  double *t;                          /* [samples] */
  double *value[WEYL_NOETHER_LEVELS]; /* [count][samples] */
  double *scale;                      /* [count]: size of the terms that cancel in it */
  double *drift[WEYL_NOETHER_LEVELS]; /* [count]: largest |J(t) - J(0)| / scale */
  double *slope;                      /* [count]: observed order of the drift; infinity when it is rounding */
  bool *holds;                        /* [count]: falls at the order of the method at least, or is rounding */
  size_t width, states; /* the motion itself at the finest level: fields and their time derivatives, as `jet` says */
  weyl_jet *jet;        /* [states] */
  double *state;        /* [states][samples][width] */
  double *x;            /* [width] */
} weyl_noether_motion;
/* Motion from the problem's initial data with three steps, each half of the one before, and the charges of `count`
 * currents (J^1 .. J^p each) along it, with what flows through the ends of the domain.  Ordinary equations, or one
 * dimension of space: Fourier series, the linear part exactly (Lawson 1967), the rest by collocation. WEYL_UNSUPPORTED
 * for equations that cannot be solved for the highest time derivatives, WEYL_NUMERIC when a step does not converge. */
WEYL_MUST_CHECK weyl_status weyl_noether_move(weyl_noether *problem, const weyl_noether_motion_opts *opts, size_t count,
                                              const weyl_expr *const (*current)[WEYL_INDEPENDENTS_MAX],
                                              weyl_noether_motion *out);
void weyl_noether_motion_free(weyl_context *ctx, weyl_noether_motion *motion);

/* ---- motion from data ---- */

/* Quantities along recorded trajectories: value [runs][frames], and how well they are conserved. */
typedef struct weyl_conserved {
  double within;  /* root mean square change along a run, of the deviation from the run's mean */
  double between; /* standard deviation of the runs' means */
  double scale;   /* root mean square size of its parts */
  double ratio;   /* within / sqrt(within^2 + between^2): 0 conserved, 1 not; of scale where all runs have one mean */
  double typical; /* the same of the median run in place of all: a few bad runs (collisions) do not count */
} weyl_conserved;
WEYL_MUST_CHECK weyl_status weyl_conserved_of(weyl_context *ctx, size_t runs, size_t frames, const double *value,
                                              double scale, weyl_conserved *out);
/* Combinations sum_k c_k q_k that change least along runs for what they differ between them: generalised eigenvectors,
 * best first. Runs in which the best one changes more than 5 times what it does in the median run (collisions) are left
 * out, at most half, and it is looked for again. WEYL_BAD_ARG for fewer than 4 runs. */
typedef struct weyl_combinations {
  size_t runs;   /* looked at */
  size_t found;  /* fewer than quantities where these depend on each other */
  double *ratio; /* [found], as above */
  double *c;     /* [found][count], scaled to a largest entry of 1 */
} weyl_combinations;
/* value [count][runs][frames] */
WEYL_MUST_CHECK weyl_status weyl_conserved_combinations(weyl_context *ctx, size_t count, size_t runs, size_t frames,
                                                        const double *value, weyl_combinations *out);
void weyl_combinations_free(weyl_context *ctx, weyl_combinations *combinations);
/* A quantity of particles, from text: an expression of one particle (x y z vx vy vz m q t) summed over particles, and
 * behind a bar one of a pair (r, and x1 ... q2) summed over pairs: "m*(vx^2 + vy^2 + vz^2)/2 | q1*q2/r". */
typedef struct weyl_particles_run {
  size_t runs, frames, particles, d; /* d: 1 to 3 */
  const double *position, *velocity; /* [runs][frames][particles][d] */
  const double *charge, *mass;       /* [runs][particles], NULL: 1 */
  double time_step;
} weyl_particles_run;
WEYL_MUST_CHECK weyl_status weyl_quantity_measure(weyl_context *ctx, const char *text, const char *place,
                                                  const weyl_particles_run *data, double *value, double *scale);
/* What is looked at when nothing is asked for, with a short symbol: NULL beyond the last. */
const char *weyl_quantity_known(size_t i, const char **symbol, const char **text);

WEYL_END_API
#endif
