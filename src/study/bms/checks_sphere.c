/* Checks of the supertranslated vacuum in four dimensions. */
#include "checks.h"

/* ---- 11: four dimensions ---- */

enum { P2_RIEMANN, P2_SHEAR, MIX_RIEMANN, MIX_TRACE, MIX_MASS, TRANSLATION_SHEAR, LORENTZ, SUPERROTATION };

static weyl_status sphere(const asked *q, int what, double *ours) {
  double c[25] = {0};
  weyl_bms_vacuum v;
  weyl_rng rng = weyl_rng_new(4, "bms check sphere");
  if (what <= P2_SHEAR || what >= LORENTZ)
    c[6] = 1.0 / 3;
  else
    for (int i = 0; i < (what == TRANSLATION_SHEAR ? 4 : 25); i++) c[i] = 0.2 * weyl_rng_normal(&rng);
  if (what >= LORENTZ) {
    *ours = 0;
    const int l = what == LORENTZ ? 1 : 2;
    c[11] = 0.2; /* and something not axisymmetric */
    for (int m = -l; m <= l; m++)
      for (int curl = 0; curl < 2; curl++) {
        double charge;
        WEYL_TRY(weyl_bms_vacuum_charge(q->ctx, 4, c, l, m, curl, 1, &charge));
        worst(ours, fabs(charge));
      }
    snprintf(q->budget, 64, "f = P2 / 3 + 0.2 Y_3-1");
    return WEYL_OK;
  }
  WEYL_TRY(weyl_bms_vacuum_check(q->ctx, 4, c, q->full ? 500 : 50, 3, &v));
  const double value[] = {v.riemann_size, v.closed, v.riemann_size, v.trace, v.mass, v.shear};
  *ours = value[what];
  snprintf(q->budget, 64, "%d random points off the caustics", q->full ? 500 : 50);
  return WEYL_OK;
}

enum { SMOOTH_CENTRE, SMOOTH_SHELL, SMOOTH_FAR, SMOOTH_SHEAR, SMOOTH_SPOILT };

/* Without caustics. */
static weyl_status smooth(const asked *q, int what, double *ours) {
  const double length = 12;
  double c[25];
  weyl_bms_smooth v;
  weyl_rng rng = weyl_rng_new(5, "bms check sphere");
  for (int i = 0; i < 25; i++) c[i] = 0.2 * weyl_rng_normal(&rng);
  WEYL_TRY(weyl_bms_smooth_check(q->ctx, 4, c, length, q->full ? 500 : 50, 3, &v));
  if (!(v.stretch > 0)) return weyl_fail(q->ctx, WEYL_NUMERIC, "the map folds: stretch %g", v.stretch);
  worst(&v.inside, v.riemann[0]);
  worst(&v.outside, v.riemann[2]);
  const double value[] = {v.inside, v.riemann[1], v.outside, v.shear, v.spoilt};
  *ours = value[what];
  snprintf(q->budget, 64, "degrees to 4, L = %g, %d random points", length, q->full ? 500 : 50);
  return WEYL_OK;
}

/* ---- the rows ---- */

const checks_row checks_sphere[] = {
    {{"11 4D Riemann, f = P2 / 3", "largest", VANISHES(1e-9)}, sphere, P2_RIEMANN},
    {{"11 4D shear from g, f = P2 / 3", "off the closed form", VANISHES(1e-12)}, sphere, P2_SHEAR},
    {{"11 4D Riemann, degrees to 4", "largest", VANISHES(1e-9)}, sphere, MIX_RIEMANN},
    {{"11 4D trace of the shear", "largest", VANISHES(1e-12)}, sphere, MIX_TRACE},
    {{"11 4D mass aspect", "largest", VANISHES(1e-12)}, sphere, MIX_MASS},
    {{"11 4D shear, degrees to 1", "largest", VANISHES(1e-12)}, sphere, TRANSLATION_SHEAR},
    {{"11 4D charges of Lorentz vectors", "largest", VANISHES(1e-12)}, sphere, LORENTZ},
    {{"11 4D charges of superrotations", "largest", MUST_FAIL(1e-3)}, sphere, SUPERROTATION},
    {{"11 4D smooth, g - eta and Riemann, r < L", "largest", VANISHES(1e-12)}, smooth, SMOOTH_CENTRE},
    {{"11 4D smooth, Riemann, L < r < 2 L", "largest", VANISHES(1e-12)}, smooth, SMOOTH_SHELL},
    {{"11 4D smooth, g and Riemann, r > 2 L", "largest", VANISHES(1e-12)}, smooth, SMOOTH_FAR},
    {{"11 4D smooth, shear from g", "off the closed form", VANISHES(1e-11)}, smooth, SMOOTH_SHEAR},
    {{"11 4D smooth without the slope of chi", "Riemann", MUST_FAIL(1e-4)}, smooth, SMOOTH_SPOILT},
    {{0}, NULL, 0}};
