/* The metrics of boundary data and the vector fields of symmetries as jets in (u, r, phi), or (v, r, phi). */
#ifndef WEYL_STUDY_BMS_FLAT_H
#define WEYL_STUDY_BMS_FLAT_H

#include <weyl/bms.h>

#include "geometry.h"

enum { U = 0, R = 1, PHI = 2 };
#define TAU 6.28318530717958647692

/* Derivatives 0..2 and more of data at an angle: the part of a point that does not depend on u and r. */
enum { FLAT_ORDER = 5 };
typedef struct flat_angle {
  double theta[FLAT_ORDER + 1], xi[FLAT_ORDER + 1];
} flat_angle;
typedef struct flat_symmetry {
  double y[FLAT_ORDER + 1], t[FLAT_ORDER + 1];
} flat_symmetry;
void flat_angle_at(const weyl_bms_data *data, double phi, int order, flat_angle *out);
void flat_symmetry_at(const weyl_bms_vector *v, double phi, flat_symmetry *out);

/* N = 2 Xi + u Theta' */
jet flat_n(const flat_angle *a, double u);
/* g from Theta and N as jets */
void flat_metric_of(jet theta, jet n, bool past, double r, jet *g);
void flat_metric(const flat_angle *a, bool past, double u, double r, jet *g);
/* h = g of (delta Theta, delta Xi) without the parts that do not vary */
void flat_variation(const flat_angle *delta, double u, jet *h);
/* xi [3] for a metric with this N */
void flat_vector(const flat_symmetry *s, jet n, bool past, double u, double r, jet *xi);
/* xi^r of a variation of N: -delta N f' / (2 r) */
jet flat_vector_variation(const flat_symmetry *s, jet delta_n, double u, double r);

/* The worst of what is added, NaN sticks. */
static inline void worst(double *most, double x) {
  if (!(x <= *most)) *most = x;
}

#endif
