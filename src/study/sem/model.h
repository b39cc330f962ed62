/* What the files of the structural equation models share. */
#ifndef WEYL_STUDY_SEM_MODEL_H
#define WEYL_STUDY_SEM_MODEL_H

#include <weyl/kernels.h>
#include <weyl/sem.h>

#include <math.h>
#include <string.h>

typedef enum sem_draw_kind { DRAW_NONE, DRAW_CONSTANT, DRAW_UNIFORM, DRAW_NORMAL, DRAW_LIST } sem_draw_kind;
typedef struct sem_draw {
  sem_draw_kind kind;
  double a, b; /* the value; low, high; mean, variance */
  size_t n;
  double *list;
} sem_draw;

typedef struct sem_site {
  size_t node;
  bool cut;
  sem_draw coefficients, variance, scale, mean, set;
} sem_site;

/* What an environment does, or a family of them. Its numbers, site after site: coefficients of the parents, variance
 * (or its scale), mean (or what is set), as far as the site has them. */
typedef struct sem_acts {
  const char *name;
  bool unseen;
  sem_site *site;
  size_t sites;
} sem_acts;

struct weyl_sem {
  weyl_context *ctx;
  weyl_arena *arena;
  size_t nodes, y;
  char **names;
  size_t *order;           /* [nodes] causes first */
  size_t *start, *parent;  /* [nodes + 1], parents of each node */
  double *effect;          /* beside parent */
  double *variance, *mean; /* [nodes] */
  sem_acts family;         /* sites may be 0 */
  sem_acts *environment;
  size_t environments;
  size_t mixed; /* features that are mixtures; 0: the nodes but Y */
  char **mixed_names;
  double *mix, *mix_noise, *mix_mean; /* [mixed][nodes], [mixed], [mixed] */
};

static inline size_t sem_parents(const weyl_sem *s, size_t node) { return s->start[node + 1] - s->start[node]; }
static inline size_t sem_features(const weyl_sem *s) { return s->mixed ? s->mixed : s->nodes - 1; }
/* the node that feature i is, without mixtures */
static inline size_t sem_feature_node(const weyl_sem *s, size_t i) { return i < s->y ? i : i + 1; }

/* An empty model of so many nodes, to be filled; sem_finish sorts it and names a cycle. */
weyl_status sem_new(weyl_context *ctx, size_t nodes, size_t effects, weyl_sem **out);
weyl_status sem_finish(weyl_sem *sem, const char *place);

size_t sem_acts_numbers(const weyl_sem *sem, const sem_acts *acts);
void sem_acts_draw(const weyl_sem *sem, const sem_acts *acts, weyl_rng *rng, double *a);

/* "irm-feu" and so on: fully or partially observed, the noise of z (o) or y (e) changing, (un)scrambled. */
weyl_status sem_irm_variant(weyl_context *ctx, const char *name, uint64_t seed, weyl_sem **out);

/* The equations under one intervention. */
typedef struct sem_state {
  double *effect, *variance, *mean; /* as in the model; effects of cut nodes are 0 */
  double *cov, *at;                 /* [nodes][nodes] covariances, [nodes] means: by sem_state_solve */
} sem_state;
weyl_status sem_state_new(const weyl_sem *sem, weyl_arena *arena, sem_state *out);
weyl_status sem_state_set(const weyl_sem *sem, const sem_acts *acts, const double *a, sem_state *state);
void sem_state_solve(const weyl_sem *sem, sem_state *state);

/* Second moments of features and Y under the state; an intercept makes one feature more. d: with it. work
 * [mixed][nodes] or NULL. */
void sem_state_moments(const weyl_sem *sem, const sem_state *state, bool intercept, double *sigma, double *c,
                       double *y2, double *mean, double *work);

/* An environment of a world by its number: what it does, and its numbers in a. */
const sem_acts *sem_world_at(const weyl_sem *sem, const weyl_sem_world *world, size_t i, double *a);
weyl_status sem_world_check(weyl_context *ctx, const weyl_sem *sem, const weyl_sem_world *world, size_t *count);
size_t sem_numbers_most(const weyl_sem *sem);

/* Moments with room for all, zero. names: "features" of the model or NULL. */
weyl_status moments_new(weyl_context *ctx, size_t d, size_t count, bool intercept, weyl_moments *out);

void moments_add_row(weyl_moments *m, size_t e, const double *x, double y);
void moments_finish(weyl_moments *m, size_t e); /* sums over rows become means */

/* Weights of environments: their rows, of all rows, or equal where moments are exact. */
double moments_rows(const weyl_moments *m);
static inline double moments_weight(const weyl_moments *m, double all_rows, size_t e) {
  return all_rows > 0 ? m->rows[e] / all_rows : 1 / (double)m->count;
}
/* Sum over environments with their weights: sigma [d][d], c [d], y2 (may be NULL). */
void moments_pool(const weyl_moments *m, double *sigma, double *c, double *y2);
/* x = sigma^-1 c, by Cholesky; false when it is singular to working precision. l [d][d] is written. */
bool cholesky_solve(size_t d, const double *sigma, const double *c, double *l, double *x);

weyl_search_opts search_defaults(const weyl_search_opts *opts);
weyl_status search_check(weyl_context *ctx, const weyl_moments *m, const weyl_search_opts *o);
void search_sort(weyl_invariant *found, size_t count, bool by_worst);

/* min q(beta) + sum r_k(beta)^2, q(beta) = beta . h beta - 2 beta . c: Levenberg and Marquardt from beta. h [d][d],
 * positive definite. */
typedef struct lm_problem {
  size_t d, residuals;
  const double *h, *c;
  void *user;
  void (*at)(void *user, const double *beta, double *r, double *jacobian); /* jacobian [residuals][d], may be NULL */
} lm_problem;
weyl_status lm_minimise(weyl_context *ctx, weyl_arena *arena, const lm_problem *q, int steps, double *beta,
                        double *value);

/* r_e = factor beta . v_e with v_e = Sigma_e beta - c_e, and its gradient: user is one of these */
typedef struct quadrics {
  const weyl_moments *m;
  double factor;
  double *v; /* [d] */
} quadrics;
void quadrics_at(void *user, const double *beta, double *r, double *jacobian);

/* Random numbers of one of many things with the same name. */
static inline weyl_rng numbered_rng(uint64_t seed, const char *name, uint64_t index) {
  weyl_rng rng = weyl_rng_new(seed, name);
  rng.stream += index * 0x9e3779b97f4a7c15u;
  return rng;
}

static inline double dot(size_t n, const double *x, const double *y) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}
/* y = a x, a [m][n] */
static inline void apply(size_t m, size_t n, const double *a, const double *x, double *y) {
  for (size_t i = 0; i < m; i++) y[i] = dot(n, a + i * n, x);
}
/* v = Sigma_e beta - c_e */
static inline void residual_moment(const weyl_moments *m, size_t e, const double *beta, double *v) {
  apply(m->d, m->d, m->sigma + e * m->d * m->d, beta, v);
  for (size_t i = 0; i < m->d; i++) v[i] -= m->c[e * m->d + i];
}
/* |Phi v_e| at beta = Phi^T w; v [d] is written. */
static inline double gradient_norm(const weyl_moments *m, size_t e, size_t k, const double *phi, const double *beta,
                                   double *v) {
  residual_moment(m, e, beta, v);
  double square = 0;
  for (size_t i = 0; i < k; i++) {
    const double g = dot(m->d, phi + i * m->d, v);
    square += g * g;
  }
  return sqrt(square);
}

#endif
