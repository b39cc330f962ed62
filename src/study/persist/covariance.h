/* covariance.h: what a covariance is made of. */
#ifndef WEYL_PERSIST_COVARIANCE_H
#define WEYL_PERSIST_COVARIANCE_H

#include <weyl/study.h>

enum { COVARIANCE_PARAMETERS = 2 };

typedef struct covariance_def {
  const char *name, *about;
  int parameters;
  const char *parameter[COVARIANCE_PARAMETERS]; /* names, for messages */
  double above[COVARIANCE_PARAMETERS];          /* each is greater than this */
  weyl_covariance_at (*at)(const double *p, double t);
  double (*lambda2)(const double *p);
  double (*decay)(const double *p); /* of E_0: infinity: faster than any exponential; 0: slower */
  /* lambda2 + r'' without cancellation, where (X, X') is a Markov process for these parameters; NULL: never */
  double (*bend)(const double *p, double t);
  bool (*markov)(const double *p);
} covariance_def;

struct weyl_covariance {
  weyl_context *ctx;
  const covariance_def *def; /* NULL: of numbers */
  double p[COVARIANCE_PARAMETERS];
  char name[64];
  double lambda2, decay; /* decay NaN: not known */
  size_t n;              /* of numbers: a table (t, 1 - r, r'), or a spectrum (w, share, nothing) */
  double *t, *value, *slope;
  double slack; /* what E_0 may rise by and still count as falling: numbers of a file are rounded */
  double reach; /* beyond it E_0 is taken as 0; infinity but for a spectrum */
  bool spectrum;
  bool angles; /* value: E_0 at t, linear in between; slope: the angle arccos r there; beyond the last exponential */
};

/* WEYL_NO with the first violation when the approximation is no distribution. */
weyl_status persist_require_valid(weyl_context *ctx, const weyl_covariance *c);
weyl_status persist_require_level(weyl_context *ctx, double u);
/* At a level u, what goes to 0 as r does: Phi(-u) - P_down, and P_up - P_down (E_0 at u = 0, and its half is the
 * first). */
typedef struct persist_rest {
  double down, both;
} persist_rest;
persist_rest persist_rest_at(const weyl_covariance *c, double u, double t);
double persist_normal_below(double x);
double persist_decay(const weyl_covariance *c); /* of E_0, looked for far out when nobody knows it */
/* The time beyond which the integral of exp(theta t) E_0 has nothing to add, theta below the decay. */
double persist_far(const weyl_covariance *c, double decay, double theta);
/* E_0 at times from 0, falling from 1, linear in between: the covariance of which these are the expected signs. */
weyl_status persist_covariance_angles(weyl_context *ctx, size_t n, const double *t, const double *sign, double lambda2,
                                      weyl_covariance **out);
/* Nodes and weights on panels that widen from `first` to at most `most`, until `end`; freed with weyl_dealloc (one
 * block, *w is in it). */
weyl_status persist_panels(weyl_context *ctx, double first, double most, double end, size_t *n, double **t, double **w);

#endif
