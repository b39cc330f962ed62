/* Makes any C function of points invariant under E(3) by averaging it over a frame, and checks that it is. */
#include <weyl/weyl.h>

#include <math.h>
#include <stdio.h>

enum { POINTS = 6 };

/* Any function: this one depends on the axes and on the origin. One number from n points. */
static weyl_status lopsided(void *arg, int64_t n, const double *x, const double *v, double *y) {
  (void)arg, (void)v;
  y[0] = 0;
  for (int64_t i = 0; i < n; i++)
    y[0] += tanh(0.8 * x[3 * i] - 0.3 * x[3 * i + 1] + 0.5) + 0.2 * x[3 * i + 2] * x[3 * i + 2];
  return WEYL_OK;
}

static weyl_status averaged(weyl_context *ctx, const weyl_group *e3, const double *x, double *y) {
  const weyl_frame_opts opts = weyl_frame_defaults(); /* PCA: 8 frames in three dimensions */
  return weyl_frame_average(ctx, e3, POINTS, x, NULL, &opts, 0, NULL, lopsided, NULL, WEYL_ACT_GLOBAL_SCALAR, 1, 1, y);
}

int main(void) {
  double x[POINTS * 3], moved[POINTS * 3], g[12], plain[2], mean[2], worst_plain = 0, worst = 0;
  weyl_context *ctx = NULL;
  weyl_group *e3 = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_context_new(NULL, &ctx));
  WEYL_GOTO(weyl_group_parse(ctx, "E(3)", &e3)); /* an element is [R (9), t (3)] */

  weyl_rng rng = weyl_rng_new(1, "points");
  for (int k = 0; k < POINTS * 3; k++) x[k] = weyl_rng_normal(&rng);
  WEYL_GOTO(lopsided(NULL, POINTS, x, NULL, &plain[0]));
  WEYL_GOTO(averaged(ctx, e3, x, &mean[0]));
  for (int trial = 0; trial < 100; trial++) {
    WEYL_GOTO(weyl_group_sample(ctx, e3, POINTS, 3.0, &rng, g)); /* translations of size 3 */
    WEYL_GOTO(weyl_group_act(ctx, e3, g, WEYL_ACT_POINT, POINTS, 3, x, moved));
    WEYL_GOTO(lopsided(NULL, POINTS, moved, NULL, &plain[1]));
    WEYL_GOTO(averaged(ctx, e3, moved, &mean[1]));
    worst_plain = fmax(worst_plain, fabs(plain[1] - plain[0]));
    worst = fmax(worst, fabs(mean[1] - mean[0]));
  }
  printf("largest change under 100 elements of E(3)\n");
  printf("  the function alone      %8.1e\n", worst_plain);
  printf("  averaged over the frame %8.1e\n", worst);
done:
  if (status != WEYL_OK) fprintf(stderr, "frame_average: %s\n", weyl_message(ctx));
  weyl_group_free(e3);
  const int code = status != WEYL_OK ? weyl_status_exit_code(status) : worst < 1e-10 && worst_plain > 0.1 ? 0 : 1;
  weyl_context_free(ctx);
  return code;
}
