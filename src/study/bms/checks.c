/* What is known of flat space, and what comes out here: the rows of `weyl bms check` and of the recipe. */
#include "checks.h"

weyl_status checks_data(const asked *q, uint64_t seed, weyl_bms_data *out) {
  char text[48];
  snprintf(text, sizeof text, "random:%llu", (unsigned long long)seed);
  return weyl_bms_preset(q->ctx, q->arena, text, 1, out);
}

weyl_status checks_vector(const asked *q, uint64_t seed, weyl_bms_vector *out) {
  weyl_rng rng = weyl_rng_new(seed, "bms check vector");
  WEYL_TRY(weyl_bms_vector_new(q->arena, 4, out));
  weyl_bms_random(&rng, 4, 1, out->y);
  weyl_bms_random(&rng, 4, 1, out->t);
  return WEYL_OK;
}

weyl_status checks_constant(const asked *q, double theta, double xi, weyl_bms_data *out) {
  WEYL_TRY(weyl_bms_data_new(q->arena, 0, out));
  out->theta[0] = theta;
  out->xi[0] = xi;
  return WEYL_OK;
}

static const checks_row *const lists[] = {checks_metric, checks_orbit, checks_space, checks_sphere};

static const checks_row *row_at(size_t i) {
  for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
    for (const checks_row *row = lists[k]; row->run; row++)
      if (i-- == 0) return row;
  return NULL;
}

const weyl_bms_check *weyl_bms_check_at(size_t i) {
  const checks_row *row = row_at(i);
  return row ? &row->check : NULL;
}

weyl_status weyl_bms_check_run(weyl_context *ctx, size_t i, bool full, double *ours, char budget[64]) {
  const checks_row *row = row_at(i);
  if (!row) return weyl_fail(ctx, WEYL_BAD_ARG, "there is no check %zu", i);
  asked q = {.ctx = ctx, .full = full, .budget = budget};
  double value = NAN;
  budget[0] = '\0';
  WEYL_TRY(weyl_arena_new(ctx, &q.arena));
  const weyl_status status = row->run(&q, row->what, &value);
  weyl_arena_free(q.arena);
  if (status == WEYL_OK) *ours = value;
  return status;
}
