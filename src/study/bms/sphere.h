/* Functions on the sphere and their derivatives, and the metric of the vacuum that a supertranslation by one gives, as
 * jets in (u, r, theta, phi). */
#ifndef WEYL_STUDY_BMS_SPHERE_H
#define WEYL_STUDY_BMS_SPHERE_H

#include "flat.h"

enum { THETA = 2, ANGLE = 3, DERIVATIVES = 5 };

/* [a][b]: d_theta^a d_phi^b f, a + b <= 4 */
typedef double sphere[DERIVATIVES][DERIVATIVES];

/* sum c_lm Y_lm with Schmidt's norm */
void sphere_at(int l_max, const double *c, double theta, double phi, sphere f);
/* d_theta^a d_phi^b f with its derivatives, a + b <= 2 */
jet sphere_part(sphere f, int a, int b);

/* The functions of theta that the sphere brings with it. */
typedef struct round_sphere {
  jet square, mixed, cot, over; /* sin^2, sin cos, cot, 1 / sin^2 */
} round_sphere;
round_sphere round_at(double theta);
/* D_A D_B f: theta theta, theta phi, phi phi */
void sphere_hessian(sphere f, const round_sphere *s, jet out[3]);

/* ---- the vacuum of f ---- */
weyl_status vacuum_arguments(weyl_context *ctx, int l_max, const double *c, double theta);
void vacuum_metric(sphere f, double r, double theta, jet *g);
/* The part linear in r of the angular metric, quadratic in r, in an orthonormal frame: theta theta, theta phi, phi phi;
 * its trace is taken off and returned. */
double vacuum_shear(const jet *g, double r, double theta, double c[3]);
/* -2 D_A D_B f + gamma_AB D^2 f with first derivatives, and its divergence. */
void vacuum_shear_closed(sphere f, double theta, jet c[3], double divergence[2]);

#endif
