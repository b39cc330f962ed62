/* weyl/sem.h: invariance across environments, one of the theory laboratories (study.h includes it).
 *
 * How many environments, and how many rows of each, until a linear representation that looks invariant on them is
 * invariant on most others; and which representation is (Parulekar, Shanmugam, Shakkottai, PAC Generalization via
 * Invariant Representations, ICML 2023, arXiv 2205.15196).  All constants of the bounds are this library's own.
 */
#ifndef WEYL_SEM_H
#define WEYL_SEM_H

#include <weyl/table.h>

WEYL_BEGIN_API

/* ---- linear structural equation models and interventions
 * -----------------------------------------------------------
 *
 * Nodes Z = B Z + eta: B[j][i] is the effect of i on j, without cycles; eta independent with a mean and a variance.
 * One node is Y.  The features X are the others, or mixtures of nodes with noise of their own (observe).  As text, one
 * statement a line, # begins a comment:
 *
 *   X1 = N(0, 1)                                       a node, its noise as mean and variance
 *   Y = 0.8 X1 + N(0, 1)
 *   X2 = -0.5 X1 + 2 Y + N(0, 1)
 *   target Y
 *   intervene X2: coefficients U(-1.5, 1.5), variance U(0.5, 2)       the family of interventions
 *   environment one: X1 variance 4; X2 mean 1, scale 2                fixed environments, seen in training
 *   unseen far: X1 do 3                                               ... and not
 *   observe W1 = X1 + 0.5 X2 + N(0, 0.1)                              then X is what is observed
 *
 * Effects: coefficients (new ones on the same parents), cut (no parents), variance, scale (of the variance), mean,
 * do (cut, and a value without noise).  Values: a number, U(low, high), N(mean, variance), {a, b, c}.  Y's own
 * coefficients stay as they are.
 */
typedef struct weyl_sem weyl_sem;

/* b [nodes][nodes]; mean may be NULL (0); names NULL: X1, X2, ... and Y. WEYL_BAD_ARG names a cycle. */
WEYL_MUST_CHECK weyl_status weyl_sem_new(weyl_context *ctx, size_t nodes, const double *b, const double *variance,
                                         const double *mean, size_t y, const char *const *names, weyl_sem **out);
WEYL_MUST_CHECK weyl_status weyl_sem_parse(weyl_context *ctx, const char *text, size_t n, const char *place,
                                           weyl_sem **out);
WEYL_MUST_CHECK weyl_status weyl_sem_read(weyl_context *ctx, const char *path, weyl_sem **out);
WEYL_MUST_CHECK weyl_status weyl_sem_write(weyl_context *ctx, const weyl_sem *sem, const char *path);
void weyl_sem_free(weyl_sem *sem);

/* A random model: order of the nodes, up to in_degree parents each, coefficients +-U(low, high) / sqrt(parents), noise
 * of variance 1; `sites` nodes other than Y with new coefficients U(-1.5, 1.5) and variances U(0.5, 2). */
typedef struct weyl_sem_random_opts { /* 0: the default */
  size_t nodes;                       /* with Y; 8 */
  size_t in_degree;                   /* 3 */
  size_t sites;                       /* 2 */
  double low, high;                   /* 0.5, 1.5 */
  size_t latent;                      /* not 0: so many features, Gaussian mixtures of all nodes but Y */
  double latent_noise;                /* variance of the mixtures' own noise; 0: none */
  bool only_coefficients;             /* the interventions leave the variances */
  bool full_degree;                   /* sites are nodes with in_degree parents, if there are enough */
  bool children;                      /* sites are children of Y: what is worst for a representation */
  uint64_t seed;
} weyl_sem_random_opts;
WEYL_MUST_CHECK weyl_status weyl_sem_random(weyl_context *ctx, const weyl_sem_random_opts *opts, weyl_sem **out);
/* By name: pac-curve and dim-free, latent (random models of `opts`, the preset's own where 0), irm-toy, irm-fou ...
 * irm-pes (its eight larger variants), cancelling (effects that cancel: no faithfulness), shifts (icp). WEYL_UNKNOWN.
 */
WEYL_MUST_CHECK weyl_status weyl_sem_preset(weyl_context *ctx, const char *name, const weyl_sem_random_opts *opts,
                                            weyl_sem **out);
const char *weyl_sem_preset_known(size_t i, const char **about); /* NULL beyond the last */

typedef struct weyl_sem_info {
  size_t nodes, features, y;    /* Y with the nodes; features observed */
  size_t sites, in_degree;      /* of the family; the most parents of a site */
  size_t parameters;            /* p: numbers of an intervention */
  size_t extra;                 /* numbers of a site besides its coefficients: 0, 1 (variance or mean), 2 */
  size_t degree;                /* second moments are polynomials of at most this degree in them, 2 sites or less */
  size_t trained, unseen;       /* fixed environments */
  size_t support;               /* interventions there are, when all values come from lists; 0: a continuum */
  bool means, touches_y, mixed; /* means are not all 0; Y's noise changes; features are mixtures */
} weyl_sem_info;
weyl_sem_info weyl_sem_about(const weyl_sem *sem);
const char *weyl_sem_feature(const weyl_sem *sem, size_t i);
const char *weyl_sem_node(const weyl_sem *sem, size_t i);
/* feature i is a parent of Y (never of mixtures); coefficient (may be NULL): its effect */
bool weyl_sem_parent(const weyl_sem *sem, size_t i, double *coefficient);
/* A = (I - B)^-1 [nodes][nodes] of the model without interventions */
void weyl_sem_effects(const weyl_sem *sem, double *a);
/* Intervention `index` of the family: (seed, index) gives a[parameters]. */
void weyl_sem_draw(const weyl_sem *sem, uint64_t seed, uint64_t index, double *a);

/* ---- environments as second moments ---- */

typedef struct weyl_moments {
  weyl_arena *arena;
  size_t d, count;   /* features, environments */
  bool intercept;    /* the last feature is the constant 1 */
  char **feature;    /* [d + 1] names, Y last */
  char **name;       /* [count] of environments */
  double *sigma, *c; /* E[X X^T] [count][d][d], E[X Y] [count][d] */
  double *y2;        /* E[Y^2] [count] */
  double *mean;      /* [count][d + 1] of X and Y */
  double *rows;      /* [count] rows behind the moments; 0: exact */
  double *scale;     /* [d + 1] what X and Y were divided by */
  double *anchored;  /* [d + 1][d + 1] sum of P (X,Y)(X,Y)^T P over rows, P the projection on anchors; NULL: none */
} weyl_moments;
void weyl_moments_free(weyl_moments *m);

typedef enum weyl_sem_which { WEYL_SEM_TRAINED, WEYL_SEM_UNSEEN } weyl_sem_which;
/* Exact moments. count 0: the fixed environments of that kind; else interventions first .. first + count - 1 of the
 * family, whose numbers differ for the two kinds. */
typedef struct weyl_sem_world {
  weyl_sem_which which;
  uint64_t seed;
  size_t first, count;
  size_t rows; /* of each environment; 0: exact moments */
  bool intercept;
} weyl_sem_world;
/* rows > 0: moments of data drawn from the model (Gaussian noise); (seed, kind, environment, row) gives each row. */
WEYL_MUST_CHECK weyl_status weyl_sem_moments(weyl_context *ctx, const weyl_sem *sem, const weyl_sem_world *world,
                                             weyl_moments *out);
/* The rows themselves, environment after environment: x [environments rows][d], y. world->rows > 0. */
typedef struct weyl_sem_rows {
  size_t count, d, environments;
  double *environment, *x, *y; /* [count], [count][d], [count]; environments are 0, 1, ... */
} weyl_sem_rows;
WEYL_MUST_CHECK weyl_status weyl_sem_sample(weyl_context *ctx, const weyl_sem *sem, const weyl_sem_world *world,
                                            weyl_sem_rows *out);
void weyl_sem_rows_free(weyl_context *ctx, weyl_sem_rows *rows);
/* One intervention a[parameters] (NULL: none): sigma [d][d], c [d], y2, mean [d + 1]; mean may be NULL. */
WEYL_MUST_CHECK weyl_status weyl_sem_moments_at(weyl_context *ctx, const weyl_sem *sem, const double *a, double *sigma,
                                                double *c, double *y2, double *mean);

/* Moments of a table: columns by name or number (from 1), environments by a column of numbers or words.  features NULL:
 * all columns that are not named otherwise.  anchors: columns of the projection of anchor regression, may be NULL.
 * WEYL_FORMAT names row and column of what is missing; an environment of one row is refused. */
typedef struct weyl_moments_opts {
  const char *target, *environment; /* NULL: the column Y, env or environment */
  const char *features, *anchors;   /* comma-separated */
  bool intercept;
} weyl_moments_opts;
WEYL_MUST_CHECK weyl_status weyl_moments_table(weyl_context *ctx, const weyl_table *table, const char *place,
                                               const weyl_moments_opts *opts, weyl_moments *out);
WEYL_MUST_CHECK weyl_status weyl_moments_read(weyl_context *ctx, const char *path, const weyl_moments_opts *opts,
                                              weyl_moments *out);
/* Divides features and Y by pooled standard deviations (root mean squares without an intercept), the same for all
 * environments; `like` (may be NULL): by its scales. A feature that does not vary is WEYL_DEGENERATE. */
WEYL_MUST_CHECK weyl_status weyl_moments_scale(weyl_context *ctx, weyl_moments *m, const weyl_moments *like);
/* Coefficients on the scaled features <-> on those of the data, in place. */
void weyl_moments_unscale(const weyl_moments *m, double *beta);
/* A view of some environments: pick[count] of m. */
WEYL_MUST_CHECK weyl_status weyl_moments_pick(weyl_context *ctx, const weyl_moments *m, size_t count,
                                              const size_t *pick, weyl_moments *out);
/* E[(Y - X beta)^2] in environment e; of a weight of rows, or the plain mean where moments are exact */
double weyl_moments_risk(const weyl_moments *m, size_t e, const double *beta);
double weyl_moments_pooled_risk(const weyl_moments *m, const double *beta);

/* ---- representations Phi [k][d] (orthonormal rows) with a predictor w [k]
 * ---------------------------------------------
 *
 * g_e = Phi (Sigma_e Phi^T w - c_e), half the gradient of the risk in w; invariant: |g_e| <= eps in every environment.
 * Other ways to say it: |w - w_e| <= eps with w_e the best predictor of e, and R_e(w) - min R_e <= eps.
 */
typedef enum weyl_sem_mode { WEYL_SEM_GRADIENT, WEYL_SEM_PARAMETER, WEYL_SEM_EXCESS } weyl_sem_mode;
/* The violation in environment e: |g_e|, |w - w_e| (pseudo-inverse), or the excess risk. g [k] may be NULL. */
WEYL_MUST_CHECK weyl_status weyl_sem_violation(weyl_context *ctx, const weyl_moments *m, size_t e, size_t k,
                                               const double *phi, const double *w, weyl_sem_mode mode, double *g,
                                               double *violation);
/* |g_e|^2 and its gradients: grad_w [k], grad_phi [k][d]; Phi need not be orthonormal. */
WEYL_MUST_CHECK weyl_status weyl_sem_gradient(weyl_context *ctx, const weyl_moments *m, size_t e, size_t k,
                                              const double *phi, const double *w, double *value, double *grad_w,
                                              double *grad_phi);
/* The largest violation over all environments (gradient mode). */
WEYL_MUST_CHECK weyl_status weyl_sem_worst(weyl_context *ctx, const weyl_moments *m, size_t k, const double *phi,
                                           const double *w, double *worst);

typedef struct weyl_invariant {
  size_t k;
  double *phi, *w; /* [k][d], [k] */
  double *beta;    /* [d] Phi^T w */
  double violation;
  double risk, worst_risk; /* pooled; of the worst environment */
  uint64_t subset;         /* bit i: feature i, for subsets; else 0 */
} weyl_invariant;
typedef struct weyl_search {
  weyl_arena *arena;
  size_t count, looked; /* found, in order of risk; looked at */
  weyl_invariant *found;
} weyl_search;
void weyl_search_free(weyl_search *search);

typedef struct weyl_search_opts { /* 0: the default */
  double eps;                     /* 0.02 */
  size_t most;                    /* features of a subset, rows of Phi: 3 */
  bool by_worst;                  /* order by the worst environment's risk */
  bool all;                       /* subsets: also those that are not invariant */
  size_t starts;                  /* continuous: 20 */
  double floor;                   /* share of variance that must be explained, continuous: 0.01 */
  uint64_t seed;
} weyl_search_opts;
/* Every subset of at most `most` features (d <= 20; the intercept is in all of them), with pooled least squares. The
 * empty one is among them. A subset whose pooled moments are singular is left out. */
WEYL_MUST_CHECK weyl_status weyl_search_subsets(weyl_context *ctx, const weyl_moments *m, const weyl_search_opts *opts,
                                                weyl_search *out);
/* beta with beta . v_e = 0, v_e = Sigma_e beta - c_e, of low risk: Levenberg-Marquardt from several starts, penalty 1
 * to 1e6, then Newton's steps on the constraints; Phi spans the complement of all v_e: the largest representation for
 * which beta is invariant. Distinct solutions, the trivial one (beta = 0) left out by `floor`. */
WEYL_MUST_CHECK weyl_status weyl_search_continuous(weyl_context *ctx, const weyl_moments *m,
                                                   const weyl_search_opts *opts, weyl_search *out);
/* Phi of `most` rows and w at once: the mean of |g_e|^2 minimised over orthonormal Phi. */
WEYL_MUST_CHECK weyl_status weyl_search_joint(weyl_context *ctx, const weyl_moments *m, const weyl_search_opts *opts,
                                              weyl_search *out);

/* ---- bounds ---- */

double weyl_vc_ambient(size_t k, size_t d);                  /* 2 k (d+1) log2(48 e) */
double weyl_vc_polynomial(size_t parameters, size_t degree); /* C(p + D, p); infinity when it overflows */
double weyl_vc_rank(size_t rank);                            /* rho (rho + 1) / 2 */
/* Numerical rank of (Sigma_a, c_a, 1) over `points` interventions (0: 400) of the family; 0 where they are too few to
 * tell. */
WEYL_MUST_CHECK weyl_status weyl_sem_rank(weyl_context *ctx, const weyl_sem *sem, size_t points, uint64_t seed,
                                          size_t *rank);
/* Environments until every consistent rule errs on at most zeta of the interventions, with probability 1 - delta (N1,
 * Blumer et al.); inverted; and the bound when a share of violations is allowed (N2). May be above 1: vacuous. */
double weyl_pac_environments(double vc, double zeta, double delta);
double weyl_pac_zeta(double vc, double n, double delta);
double weyl_pac_agnostic(double vc, double n, double delta, double share);
double weyl_pac_finite(double log_count, double zeta, double delta);    /* a finite class, w fixed beforehand */
double weyl_pac_coverage(double p_min, double support, double delta);   /* a finite family: all of it seen */
double weyl_clopper_pearson(size_t violations, size_t n, double delta); /* upper limit of a probability */
/* Rows of each of n environments: then |g^ - g| <= slack for every |Phi| <= 1, |w| <= norm_w. norm: of the second
 * moments of (X, Y). And the slack at m rows. */
double weyl_sample_rows(size_t d, double n, double delta, double norm, double norm_w, double slack);
double weyl_sample_slack(size_t d, double n, double delta, double norm, double norm_w, double m);
/* The largest eigenvalue of the second moments of (X, Y) over all environments. */
WEYL_MUST_CHECK weyl_status weyl_moments_norm(weyl_context *ctx, const weyl_moments *m, double *norm);

/* ---- other ways to learn from environments (baselines)
 * --------------------------------------------------------------- */

WEYL_MUST_CHECK weyl_status weyl_sem_pooled(weyl_context *ctx, const weyl_moments *m, double *beta);
/* min |(I - P)(y - X b)|^2 + gamma |P (y - X b)|^2, P on the anchors of the table, or on the environments' indicators.
 * gamma infinite: two-stage least squares (WEYL_DEGENERATE when there are fewer anchors than features). */
WEYL_MUST_CHECK weyl_status weyl_sem_anchor(weyl_context *ctx, const weyl_moments *m, double gamma, double *beta);
/* DRIG (Shen, Buhlmann, Taeb, Causality-oriented robustness, 2023): the risk in environment `reference` plus gamma
 * times the mean of how much larger it is in the others. gamma 0: least squares there; 1: on all, counted alike;
 * infinite: the causal Dantzig of the pooled others. WEYL_DEGENERATE where the others vary less, and there is no
 * minimum. */
WEYL_MUST_CHECK weyl_status weyl_sem_drig(weyl_context *ctx, const weyl_moments *m, double gamma, size_t reference,
                                          double *beta);
/* sum_e R_e + lambda sum_e (dR_e(s beta)/ds at 1)^2: the lowest of `starts`. */
WEYL_MUST_CHECK weyl_status weyl_sem_irm(weyl_context *ctx, const weyl_moments *m, double lambda, size_t starts,
                                         uint64_t seed, double *beta);
/* mean R_e + penalty Var R_e */
WEYL_MUST_CHECK weyl_status weyl_sem_vrex(weyl_context *ctx, const weyl_moments *m, double penalty, size_t starts,
                                          uint64_t seed, double *beta);
/* max over weights >= low (sum 1) of sum weight_e R_e; low = 0: group DRO. By exponentiated gradients with the best
 * reply; WEYL_NUMERIC when the gap does not close to 1e-6. weights [count] may be NULL. */
WEYL_MUST_CHECK weyl_status weyl_sem_minimax(weyl_context *ctx, const weyl_moments *m, double low, double *beta,
                                             double *weights);
/* (Sigma_1 - Sigma_2)^-1 (c_1 - c_2) of environments first and second. */
WEYL_MUST_CHECK weyl_status weyl_sem_dantzig(weyl_context *ctx, const weyl_moments *m, size_t first, size_t second,
                                             double *beta);
/* Invariant causal prediction (Peters, Buhlmann, Meinshausen 2016) over all subsets of at most 16 features. */
typedef struct weyl_icp {
  uint64_t causes;          /* bit i: in every accepted set */
  size_t accepted;          /* 0: the model is rejected */
  uint64_t best;            /* the accepted set of largest p */
  double p;                 /* of it */
  double low[64], high[64]; /* of the coefficients, over accepted sets, with 0 where one lacks the feature */
  double beta[64];          /* pooled least squares on `best` */
} weyl_icp;
WEYL_MUST_CHECK weyl_status weyl_sem_icp(weyl_context *ctx, const weyl_moments *m, double alpha, bool means_only,
                                         weyl_icp *out);

/* ---- experiments ---- */

/* Violation against the number of environments: `trials` random models, for each the worst share of unseen
 * interventions over all that looks invariant on the first n training interventions. */
typedef struct weyl_sem_curve_opts { /* 0: the default */
  weyl_sem_random_opts model;        /* seed is that of all trials */
  size_t first, trials;              /* 0, 30: trials first .. first + trials - 1 */
  size_t counts;                     /* of n; at most 16 */
  size_t n[16];                      /* rising; 1, 2, 4, 8, 16, 32 */
  size_t unseen;                     /* 200 */
  size_t most;                       /* 3 */
  double eps;                        /* 0.02 */
  bool continuous;                   /* all linear representations by weyl_search_continuous, not subsets */
} weyl_sem_curve_opts;
/* violation [trials][counts] */
WEYL_MUST_CHECK weyl_status weyl_sem_curve(weyl_context *ctx, const weyl_sem_curve_opts *opts, double *violation);
weyl_sem_curve_opts weyl_sem_curve_defaults(const weyl_sem_curve_opts *opts); /* with the defaults filled in */
/* Mean and 90 % quantile of each column. */
void weyl_sem_curve_summary(size_t trials, size_t counts, const double *violation, double *mean, double *high);

/* The numbers of the sheet again, one row each. */
typedef struct weyl_sem_check {
  const char *name, *metric, *source;
  double known, ours, tolerance; /* holds: |ours - known| <= tolerance, or ours >= known, <= known by `better` */
  const char *better;            /* "higher": at least known; "lower": at most; NULL: equal within tolerance */
  bool holds;
  double seconds;
} weyl_sem_check;
#define WEYL_SEM_CHECKS 64
WEYL_MUST_CHECK weyl_status weyl_sem_checks(weyl_context *ctx, bool full, uint64_t seed,
                                            void (*row)(void *user, const weyl_sem_check *check), void *user,
                                            weyl_sem_check checks[WEYL_SEM_CHECKS], size_t *count);

WEYL_END_API

#endif
