/* Predictions of an evaluator, and their equivariance: the audit's view of a traced model. */
#include "equivariance.h"

#include <math.h>
#include <string.h>

#include "pack.h"

weyl_status train_predict(train_evaluator *e, const weyl_dataset *set, weyl_arena *arena, weyl_array *out,
                          double *smallest_gap) {
  const int64_t *offsets = weyl_dataset_offsets(set, train_prediction_per(e)), width = train_prediction_width(e);
  if (offsets == NULL)
    return weyl_fail(e->ctx, WEYL_SHAPE, "data set %s lacks the rows that are predicted", weyl_dataset_name(set));
  weyl_array y = {.dtype = WEYL_F64, .rank = 2, .dim = {offsets[weyl_dataset_samples(set)], width}};
  y.data = weyl_arena_array(arena, double, y.dim[0] * width + 1);
  if (y.data == NULL) return WEYL_MEMORY;
  weyl_loader *loader = NULL;
  train_evaluation result;
  WEYL_TRY(weyl_loader_new(e->ctx, set, e->program, e->shard, &loader));
  const weyl_status status = train_evaluate(e, loader, set, NULL, NULL, &(train_wanted){.prediction = y.data}, &result);
  weyl_loader_free(loader);
  if (status != WEYL_OK) return status;
  *out = y;
  if (smallest_gap != NULL) *smallest_gap = result.smallest_gap;
  return WEYL_OK;
}

/* ---- the audit ----------------------------------------------------------------------------------------------- */

typedef struct auditing {
  train_evaluator *evaluator;
  train_packing packing;
  weyl_arena *sample, *batch; /* emptied at each call */
  double smallest_gap;
} auditing;

static weyl_status give_sample(void *arg, int64_t i, weyl_audit_sample *out) {
  auditing *a = arg;
  weyl_arena_release(a->sample, (weyl_mark){0});
  return train_pack(a->evaluator->ctx, a->sample, &a->packing, i, out);
}

static weyl_status evaluate_samples(void *arg, int64_t count, const weyl_audit_sample *samples, double *const *y) {
  auditing *a = arg;
  weyl_dataset *set = NULL;
  weyl_array prediction;
  double gap = INFINITY;
  weyl_arena_release(a->batch, (weyl_mark){0});
  WEYL_TRY(train_unpack(a->evaluator->ctx, &a->packing, count, samples, &set));
  const weyl_status status = train_predict(a->evaluator, set, a->batch, &prediction, &gap);
  weyl_dataset_free(set);
  if (status != WEYL_OK) return status;

  const double *from = prediction.data;
  const bool whole = train_prediction_per(a->evaluator) == WEYL_PER_SAMPLE;
  for (int64_t s = 0; s < count; s++) {
    const size_t size = (size_t)((whole ? 1 : samples[s].n) * prediction.dim[1]);
    memcpy(y[s], from, size * sizeof *from);
    from += size;
  }
  a->smallest_gap = fmin(a->smallest_gap, gap);
  return WEYL_OK;
}

weyl_status train_audit(train_evaluator *e, const weyl_task_def *task, const weyl_dataset *set, weyl_arena *arena,
                        const weyl_group *group, const weyl_audit_opts *opts, weyl_audit_result *out,
                        double *smallest_gap) {
  auditing a = {.evaluator = e, .smallest_gap = INFINITY};
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(e->ctx, &a.sample));
  WEYL_GOTO(weyl_arena_new(e->ctx, &a.batch));
  WEYL_GOTO(train_packing_make(e->ctx, arena, task, set, &a.packing));
  const weyl_audit_target target = {
      .inputs = a.packing.slots,
      .input = a.packing.slot,
      .output = {"the prediction", task->output, train_prediction_width(e)},
      .evaluate = evaluate_samples,
      .arg = &a,
      .samples = weyl_dataset_samples(set),
      .sample = give_sample,
  };
  WEYL_GOTO(weyl_audit(e->ctx, arena, group, &target, opts, out));
  if (smallest_gap != NULL) *smallest_gap = a.smallest_gap;
done:
  weyl_arena_free(a.sample);
  weyl_arena_free(a.batch);
  return status;
}
