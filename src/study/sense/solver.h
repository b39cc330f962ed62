/* solver.h: what the methods of matrix sensing share. */
#ifndef WEYL_SENSE_SOLVER_H
#define WEYL_SENSE_SOLVER_H

#include "sensing.h"

typedef struct solver solver;

typedef struct method_def {
  const char *name, *about;
  bool whole;      /* iterates on the matrix, not on factors */
  bool asymmetric; /* has two factors in any case */
  bool symmetric;  /* has one in any case */
  const char *start;
  double eta;                         /* 0: a tenth over sigma_1 */
  weyl_status (*begin)(solver *s);    /* NULL */
  weyl_status (*evaluate)(solver *s); /* gradients and residual2 at the point in hand; NULL: of the factors */
  weyl_status (*move)(solver *s);     /* to the next */
} method_def;

struct solver {
  weyl_context *ctx;
  weyl_sensing *a;
  const method_def *def;
  weyl_sense_opts o; /* with what was left out filled in */
  dense d;
  size_t n1, n2, k;
  bool symmetric;
  const double *y;
  double y2, sigma, residual2;
  double *f, *g;                                    /* symmetric: one block */
  double *s_g, *st_f;                               /* gradients; symmetric: one block */
  double *f_next, *g_next;                          /* room for methods */
  double *gram, *inverse;                           /* [k][k], two of each */
  double *matrix, *slope, *extra, *u, *values, *vt; /* whole: M, A*(A(M) - y), room, and the SVD's */
  double *e, *dual;                                 /* [m] */
  double weight, momentum, norm2;                   /* of methods */
  bool after;                                       /* the trigger has been passed */
  int64_t t;
};

const method_def *method_at(size_t i); /* NULL beyond the last */

/* The largest k singular values of A*(y) with vectors u [n1][k], v [n2][k]; exact for small matrices. */
weyl_status start_spectrum(weyl_sensing *a, const double *y, size_t k, double *u, double *s, double *v);
/* The largest alone, by power iteration. */
weyl_status start_sigma(weyl_sensing *a, const double *y, double *sigma);
weyl_status start_factors(solver *s, const weyl_sense_truth *truth);
/* |A* A|, by power iteration on matrices. */
weyl_status start_norm(weyl_sensing *a, double *out);

/* What looks at the factors now and then; true ends the run. */
typedef struct watch {
  bool (*look)(void *user, int64_t t, const double *f, const double *g);
  void *user;
  const char *label; /* of the progress; NULL: the method's name */
} watch;
weyl_status solver_run(weyl_context *ctx, weyl_sensing *a, const double *y, const weyl_sense_opts *opts,
                       const weyl_sense_truth *truth, const watch *watch, weyl_sense_result *out);

extern const method_def method_gd, method_nesterov, method_modified, method_scaled, method_prec, method_newton,
    method_alt_min, method_iht, method_fista, method_svt;

#endif
