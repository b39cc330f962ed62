/* weyl/measure.h: takes any function and says how symmetric it is, and how sure we are. */
#ifndef WEYL_MEASURE_H
#define WEYL_MEASURE_H

#include <weyl/group.h>

WEYL_BEGIN_API

/* An array going into or coming out of the audited function, and how it transforms. */
typedef struct weyl_audit_slot {
  const char *name;
  weyl_action action;
  int64_t width; /* numbers a row */
} weyl_audit_slot;

/* Input k of the audited function is given for one sample: rows [n][width] in double. */
typedef struct weyl_audit_sample {
  int64_t n;
  const double *const *input;
} weyl_audit_sample;

typedef struct weyl_audit_target {
  int inputs;
  const weyl_audit_slot *input;
  weyl_audit_slot output;
  /* Evaluates `count` samples at once: y[s] [n_s][output.width] (or [output.width] for global actions). */
  weyl_status (*evaluate)(void *arg, int64_t count, const weyl_audit_sample *samples, double *const *y);
  void *arg;
  /* How samples are drawn: sample i of the data, i < samples. */
  int64_t samples;
  weyl_status (*sample)(void *arg, int64_t i, weyl_audit_sample *out);
  /* NULL, or how the rows of scalar slots transform after all, such as those of irreps: to [rows][width] = g from, for
   * input k or the output (k = inputs), the permutation done. Not NULL, it is called for every scalar slot. */
  weyl_status (*turn)(void *arg, int k, const double *g, int64_t rows, const double *from, double *to);
} weyl_audit_target;

typedef struct weyl_audit_opts {
  int64_t inputs;           /* samples of the data: 200 */
  int elements;             /* group elements a sample: 3 */
  double translation_scale; /* standard deviation of translations: 1 */
  uint64_t seed;
  double tolerance_mean, tolerance_max; /* relative to the output's RMS: it holds if both are kept */
  double confidence;                    /* of the bound on the fraction of failing draws: 0.95 */
} weyl_audit_opts;
weyl_audit_opts weyl_audit_defaults(weyl_dtype dtype);

typedef struct weyl_audit_result {
  double rms;       /* of the outputs, over the samples (points: of their deviation from their mean) */
  double mean, max; /* of |f(gx) - g f(x)|_rms-per-sample / rms: mean over draws, worst draw */
  double quantile99;
  int64_t draws, failing; /* draws with error above tolerance_max */
  double failing_bound;   /* one-sided Clopper-Pearson upper bound on the fraction of failing draws at `confidence` */
  int64_t worst_sample;
  int worst_element; /* which of the elements */
  double *worst_g;   /* the offending element, in the arena */
  size_t worst_size;
  bool holds;
} weyl_audit_result;
/* Error of equivariance under `group`.  Same seed, same elements, whatever the number of threads. */
WEYL_MUST_CHECK weyl_status weyl_audit(weyl_context *ctx, weyl_arena *arena, const weyl_group *group,
                                       const weyl_audit_target *target, const weyl_audit_opts *opts,
                                       weyl_audit_result *out);

/* Categories that nobody named: the naming that puts most right, one for all pairs. count [categories][classes]: how
 * often a category met a class. category_of [classes]: the category that stands for it, or -1; right: how many are
 * right then. At most 16 of each. */
WEYL_MUST_CHECK weyl_status weyl_best_naming(weyl_context *ctx, int categories, int classes, const int64_t *count,
                                             int category_of[], int64_t *right);

WEYL_END_API
#endif
