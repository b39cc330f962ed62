/* Equations of motion as a vector that changes in time: y' = L y + N(t, y), with L of partial equations exact. */
#ifndef WEYL_STUDY_NOETHER_FLOW_H
#define WEYL_STUDY_NOETHER_FLOW_H

#include "noether/problem.h"

#include <weyl/kernels.h>

#include <complex.h>

enum { STATES_MAX = 2 * WEYL_FIELDS_MAX, FLOW_JETS_MAX = 128, STAGES_MAX = 4 };

typedef double _Complex number;

/* The state is [states][n] Fourier coefficients (values, for n = 1 of ordinary equations), then the fluxes that have
 * left the domain, one a current. */
typedef struct flow {
  weyl_noether *p;
  size_t n, states, fluxes, size;
  weyl_jet state[STATES_MAX];
  size_t top[WEYL_FIELDS_MAX]; /* the state whose derivative the field's equation gives */
  size_t jets;                 /* what the tapes need */
  weyl_jet jet[FLOW_JETS_MAX];
  size_t jet_state[FLOW_JETS_MAX];
  const weyl_expr *rhs[WEYL_FIELDS_MAX];     /* without the linear part */
  double linear[STATES_MAX][STATES_MAX][16]; /* coefficient of the x-derivative of each order; n > 1 */
  weyl_tape *tape, *flux, *density;
  size_t currents, terms;
  size_t *first_term; /* [currents + 1] */
  double low, dx;
  weyl_fft *fft;
  void *scratch;
  number *spectrum;            /* [max(jets, fields)][n] */
  double *value;               /* [jets][n + 1] */
  double *x, *time, *constant; /* [n + 1]; [parameters][n + 1] */
  double *out;                 /* [max(fields, terms, fluxes)][n + 1] */
  const double **in;
  double **to;
} flow;

/* Makes what moves the problem, with the charges of the currents. */
weyl_status flow_open(weyl_noether *p, size_t points, size_t count,
                      const weyl_expr *const (*current)[WEYL_INDEPENDENTS_MAX], flow *out);
void flow_close(flow *f);
weyl_status flow_start(flow *f, number *y);
/* dy = N(t, y) */
void flow_rate(flow *f, double t, const number *y, number *dy);
/* e [n][states][states] = exp(h L) */
void flow_exponential(const flow *f, double h, number *e);
/* y = e x on the states, for n > 1; the fluxes as they are. x is not y. */
void flow_apply(const flow *f, const number *e, const number *x, number *y);
/* charge [currents] and the size of its terms. */
void flow_measure(flow *f, double t, const number *y, double *charge, double *scale);
/* The values [n] of a state, as flow_measure or flow_rate saw them last. */
const double *flow_values(const flow *f, size_t state);

#endif
