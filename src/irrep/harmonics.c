/* Spherical harmonics of many points: checks, and blocks of points dealt to threads. */
#include "degrees.h"
#include "harmonics_table.h"

typedef struct job {
  harmonics_table table;
  bool stream;
  int64_t n, block;
  size_t size; /* bytes of a number */
  const char *xyz;
  char *y, *dy, *scratch;
  size_t scratch_size; /* of a thread */
} job;

static void run_block(void *arg, int64_t i, int thread) {
  const job *j = arg;
  const int64_t from = i * j->block, left = j->n - from;
  const size_t at = (size_t)from * j->size, width = (size_t)(j->table.l_max + 1) * (size_t)(j->table.l_max + 1);
  harmonics_run(&j->table, j->stream, (size_t)(left < j->block ? left : j->block), j->xyz + 3 * at, j->y + width * at,
                j->dy ? j->dy + 3 * width * at : NULL, j->scratch + (size_t)thread * j->scratch_size);
}

/* Points a task: parts of vectors at an end are slow, and so is the start of a task. */
static int64_t block_of(int64_t n, int threads) {
  const int64_t share = threads > 1 ? n / (4 * threads) : n;
  return share < 1024 ? 1024 : share / 64 * 64;
}

static weyl_status check_opts(weyl_context *ctx, const weyl_harmonics_opts *opts, weyl_dtype dtype) {
  if (!opts) return weyl_fail(ctx, WEYL_BAD_ARG, "the options of spherical harmonics are NULL: they hold l_max");
  WEYL_TRY(check_degree(ctx, "l_max", opts->l_max));
  if (opts->axes != WEYL_AXES_E3NN && opts->axes != WEYL_AXES_STANDARD)
    return weyl_fail(ctx, WEYL_BAD_ARG, "axes is %d, must be WEYL_AXES_E3NN or WEYL_AXES_STANDARD", (int)opts->axes);
  if ((int)opts->norm < 0 || opts->norm > WEYL_HARMONICS_NORM)
    return weyl_fail(ctx, WEYL_BAD_ARG, "norm is %d, must be a weyl_harmonics_norm", (int)opts->norm);
  if (dtype != WEYL_F32 && dtype != WEYL_F64)
    return weyl_fail(ctx, WEYL_DTYPE, "spherical harmonics of %s, must be f32 or f64", weyl_dtype_name(dtype));
  return WEYL_OK;
}

weyl_status weyl_harmonics(weyl_context *ctx, const weyl_harmonics_opts *opts, weyl_dtype dtype, int64_t n,
                           const void *xyz, void *y, void *dy) {
  WEYL_TRY(check_opts(ctx, opts, dtype));
  const int64_t width = (int64_t)(opts->l_max + 1) * (opts->l_max + 1);
  if (n < 0 || n > INT64_MAX / (24 * width))
    return weyl_fail(ctx, WEYL_BAD_ARG, "%lld points, must be 0 to %lld", (long long)n,
                     (long long)(INT64_MAX / (24 * width)));
  if (n == 0) return WEYL_OK;
  if (!xyz || !y) return weyl_fail(ctx, WEYL_BAD_ARG, "the array %s is NULL", xyz ? "y" : "xyz");

  const int threads = weyl_threads(ctx);
  const size_t bytes = (size_t)n * (size_t)width * weyl_dtype_size(dtype);
  job j = {.stream = bytes >= HARMONICS_STREAM_BYTES,
           .n = n,
           .block = block_of(n, threads),
           .size = weyl_dtype_size(dtype),
           .xyz = xyz,
           .y = y,
           .dy = dy};
  weyl_arena *arena = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(harmonics_table_make(arena, opts, dtype, &j.table));
  j.scratch_size = harmonics_scratch(&j.table);
  char *const scratch = weyl_arena_alloc(arena, (size_t)threads + 1, j.scratch_size);
  if (!scratch) {
    status = WEYL_MEMORY;
    goto done;
  }
  j.scratch = scratch + (0 - (uintptr_t)scratch) % 64;
  weyl_parallel(ctx, (n + j.block - 1) / j.block, run_block, &j);
done:
  weyl_arena_free(arena);
  return status;
}

/* ---- plans ---- */

struct weyl_harmonics_plan {
  weyl_context *ctx;
  weyl_arena *arena;
  harmonics_table table;
};

weyl_status weyl_harmonics_plan_new(weyl_context *ctx, const weyl_harmonics_opts *opts, weyl_dtype dtype,
                                    weyl_harmonics_plan **plan) {
  WEYL_TRY(check_opts(ctx, opts, dtype));
  weyl_harmonics_plan *p = weyl_alloc(ctx, 1, sizeof *p);
  if (!p) return WEYL_MEMORY;
  *p = (weyl_harmonics_plan){.ctx = ctx};
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &p->arena));
  WEYL_GOTO(harmonics_table_make(p->arena, opts, dtype, &p->table));
  *plan = p;
  return WEYL_OK;
done:
  weyl_harmonics_plan_free(p);
  return status;
}

void weyl_harmonics_plan_free(weyl_harmonics_plan *plan) {
  if (!plan) return;
  weyl_arena_free(plan->arena);
  weyl_dealloc(plan->ctx, plan);
}

size_t weyl_harmonics_work(const weyl_harmonics_plan *plan) { return harmonics_scratch(&plan->table); }

void weyl_harmonics_run(const weyl_harmonics_plan *plan, int64_t n, const void *xyz, void *y, void *dy, void *work) {
  harmonics_run(&plan->table, false, (size_t)n, xyz, y, dy, work);
}
