/* The metrics of boundary data and their symmetries, as jets. */
#include "flat.h"

void flat_angle_at(const weyl_bms_data *data, double phi, int order, flat_angle *out) {
  weyl_circle_at(data->modes, data->theta, phi, order, out->theta);
  weyl_circle_at(data->modes, data->xi, phi, order, out->xi);
}

void flat_symmetry_at(const weyl_bms_vector *v, double phi, flat_symmetry *out) {
  weyl_circle_at(v->modes, v->y, phi, FLAT_ORDER, out->y);
  weyl_circle_at(v->modes, v->t, phi, FLAT_ORDER, out->t);
}

jet flat_n(const flat_angle *a, double u) {
  return jet_mix(2, jet_along(PHI, a->xi), 1, jet_mul(jet_variable(U, u), jet_along(PHI, a->theta + 1)));
}

void flat_metric_of(jet theta, jet n, bool past, double r, jet *g) {
  for (int p = 0; p < JET_PAIRS; p++) g[p] = jet_constant(0);
  g[jet_pair(U, U)] = theta;
  g[jet_pair(U, R)] = jet_constant(past ? 1 : -1);
  g[jet_pair(U, PHI)] = jet_scale(0.5, n);
  g[jet_pair(PHI, PHI)] = jet_chain(jet_variable(R, r), r * r, 2 * r, 2);
}

void flat_metric(const flat_angle *a, bool past, double u, double r, jet *g) {
  flat_metric_of(jet_along(PHI, a->theta), flat_n(a, u), past, r, g);
}

void flat_variation(const flat_angle *delta, double u, jet *h) {
  for (int p = 0; p < JET_PAIRS; p++) h[p] = jet_constant(0);
  h[jet_pair(U, U)] = jet_along(PHI, delta->theta);
  h[jet_pair(U, PHI)] = jet_scale(0.5, flat_n(delta, u));
}

/* f^(k) = T^(k) + u Y^(k+1) */
static jet parameter(const flat_symmetry *s, double u, int k) {
  return jet_add(jet_along(PHI, s->t + k), jet_mul(jet_variable(U, u), jet_along(PHI, s->y + k + 1)));
}

jet flat_vector_variation(const flat_symmetry *s, jet delta_n, double u, double r) {
  return jet_scale(-0.5, jet_mul(jet_mul(delta_n, parameter(s, u, 1)), jet_recip(jet_variable(R, r))));
}

void flat_vector(const flat_symmetry *s, jet n, bool past, double u, double r, jet *xi) {
  const double sign = past ? -1 : 1;
  const jet radius = jet_variable(R, r);
  xi[U] = parameter(s, u, 0);
  xi[R] = jet_add(jet_mix(-1, jet_mul(radius, jet_along(PHI, s->y + 1)), sign, parameter(s, u, 2)),
                  flat_vector_variation(s, n, u, r));
  xi[PHI] = jet_mix(1, jet_along(PHI, s->y), -sign, jet_mul(parameter(s, u, 1), jet_recip(radius)));
}
