/* Rotation matrices from quaternions, axes, Euler angles and directions.
 *
 * Both choices of axes are one formula: axis[0], axis[1], axis[2] are what x, y and z are in standard axes. */
#include "degrees.h"

#include <math.h>

static const int axis_of[2][3] = {[WEYL_AXES_E3NN] = {2, 0, 1}, [WEYL_AXES_STANDARD] = {0, 1, 2}};

weyl_status weyl_rotation_from_quaternion(weyl_context *ctx, const double wxyz[4], double r[9]) {
  double big = 0;
  for (int k = 0; k < 4; k++) big = fabs(wxyz[k]) <= big ? big : fabs(wxyz[k]);
  if (!(big > 0) || !isfinite(big))
    return weyl_fail(ctx, WEYL_BAD_ARG, "the quaternion (%g, %g, %g, %g) is no rotation", wxyz[0], wxyz[1], wxyz[2],
                     wxyz[3]);
  double q[4], sum = 0;
  for (int k = 0; k < 4; k++) {
    q[k] = wxyz[k] / big;
    sum += q[k] * q[k];
  }
  for (int k = 0; k < 4; k++) q[k] /= sqrt(sum);
  const double w = q[0], x = q[1], y = q[2], z = q[3];
  const double out[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),
                         2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
                         2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y)};
  for (int k = 0; k < 9; k++) r[k] = out[k];
  return WEYL_OK;
}

weyl_status weyl_rotation_from_axis(weyl_context *ctx, const double axis[3], double angle, double r[9]) {
  double big = 0;
  for (int k = 0; k < 3; k++) big = fabs(axis[k]) <= big ? big : fabs(axis[k]);
  if (!(big > 0) || !isfinite(big) || !isfinite(angle))
    return weyl_fail(ctx, WEYL_BAD_ARG, "the angle %g about the axis (%g, %g, %g) is no rotation", angle, axis[0],
                     axis[1], axis[2]);
  const double x = axis[0] / big, y = axis[1] / big, z = axis[2] / big;
  const double s = sin(angle / 2) / sqrt(x * x + y * y + z * z);
  return weyl_rotation_from_quaternion(ctx, (const double[4]){cos(angle / 2), s * x, s * y, s * z}, r);
}

void weyl_rotation_from_euler(weyl_axes axes, double alpha, double beta, double gamma, double r[9]) {
  const int *axis = axis_of[axes == WEYL_AXES_STANDARD];
  const double ca = cos(alpha), sa = sin(alpha), cb = cos(beta), sb = sin(beta), cg = cos(gamma), sg = sin(gamma);
  const double m[3][3] = {{ca * cb * cg - sa * sg, -ca * cb * sg - sa * cg, ca * sb},
                          {sa * cb * cg + ca * sg, -sa * cb * sg + ca * cg, sa * sb},
                          {-sb * cg, sb * sg, cb}};
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++) r[3 * axis[i] + axis[j]] = m[i][j];
  }
}

void weyl_rotation_to_euler(weyl_axes axes, const double r[9], double angles[3]) {
  const int *axis = axis_of[axes == WEYL_AXES_STANDARD];
  double m[3][3];
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++) m[i][j] = r[3 * axis[i] + axis[j]];
  }
  const double sb = hypot(m[0][2], m[1][2]);
  angles[1] = atan2(sb, m[2][2]);
  if (sb > 1e-14) {
    angles[0] = atan2(m[1][2], m[0][2]);
    angles[2] = atan2(m[2][1], -m[2][0]);
  } else {
    angles[0] = m[2][2] > 0 ? atan2(m[1][0], m[0][0]) : atan2(-m[0][1], m[1][1]);
    angles[2] = 0;
  }
}

void weyl_rotation_to_pole(weyl_axes axes, const double v[3], double r[9]) {
  const int *axis = axis_of[axes == WEYL_AXES_STANDARD];
  const double x = v[axis[0]], y = v[axis[1]], z = v[axis[2]];
  const double across = hypot(x, y), length = hypot(across, z);
  const double ca = across > 0 ? x / across : 1, sa = across > 0 ? y / across : 0;
  const double cb = length > 0 ? z / length : 1, sb = length > 0 ? across / length : 0;
  const double m[3][3] = {{cb * ca, cb * sa, -sb}, {-sa, ca, 0}, {sb * ca, sb * sa, cb}}; /* R_y(-beta) R_z(-alpha) */
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++) r[3 * axis[i] + axis[j]] = m[i][j];
  }
}
