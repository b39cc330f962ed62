/* Spherical harmonics of many points: checks, and blocks of points dealt to threads. */
#include "harmonics.h"

typedef struct job {
  const harmonics_plan *plan;
  harmonics_fn run;
  int64_t n, block;
  size_t size; /* bytes of a number */
  const char *xyz;
  char *y, *dy;
} job;

static void run_block(void *arg, int64_t i, int thread) {
  (void)thread;
  const job *j = arg;
  const int64_t from = i * j->block, left = j->n - from;
  const size_t at = (size_t)from * j->size, width = (size_t)(j->plan->l_max + 1) * (size_t)(j->plan->l_max + 1);
  j->run(j->plan, (size_t)(left < j->block ? left : j->block), j->xyz + 3 * at, j->y + width * at,
         j->dy ? j->dy + 3 * width * at : NULL);
}

weyl_status weyl_harmonics(weyl_context *ctx, const weyl_harmonics_opts *opts, weyl_dtype dtype, int64_t n,
                           const void *xyz, void *y, void *dy) {
  if (!opts) return weyl_fail(ctx, WEYL_BAD_ARG, "the options of spherical harmonics are NULL: they hold l_max");
  WEYL_TRY(check_degree(ctx, "l_max", opts->l_max));
  if (opts->axes != WEYL_AXES_E3NN && opts->axes != WEYL_AXES_STANDARD)
    return weyl_fail(ctx, WEYL_BAD_ARG, "axes is %d, must be WEYL_AXES_E3NN or WEYL_AXES_STANDARD", (int)opts->axes);
  if ((int)opts->norm < 0 || opts->norm > WEYL_HARMONICS_NORM)
    return weyl_fail(ctx, WEYL_BAD_ARG, "norm is %d, must be a weyl_harmonics_norm", (int)opts->norm);
  if (dtype != WEYL_F32 && dtype != WEYL_F64)
    return weyl_fail(ctx, WEYL_DTYPE, "spherical harmonics of %s, must be f32 or f64", weyl_dtype_name(dtype));
  const int64_t width = (int64_t)(opts->l_max + 1) * (opts->l_max + 1);
  if (n < 0 || n > INT64_MAX / (24 * width))
    return weyl_fail(ctx, WEYL_BAD_ARG, "%lld points, must be 0 to %lld", (long long)n,
                     (long long)(INT64_MAX / (24 * width)));
  if (n == 0) return WEYL_OK;
  if (!xyz || !y) return weyl_fail(ctx, WEYL_BAD_ARG, "the array %s is NULL", xyz ? "y" : "xyz");

  double *room = weyl_alloc(ctx, harmonics_plan_size(opts->l_max), sizeof *room);
  if (!room) return WEYL_MEMORY;
  harmonics_plan plan;
  harmonics_plan_fill(opts, room, &plan);
  job j = {.plan = &plan,
           .run = harmonics_pick(&plan, dtype, dy != NULL),
           .n = n,
           .block = 256,
           .size = weyl_dtype_size(dtype),
           .xyz = xyz,
           .y = y,
           .dy = dy};
  weyl_parallel(ctx, (n + j.block - 1) / j.block, run_block, &j);
  weyl_dealloc(ctx, room);
  return WEYL_OK;
}
