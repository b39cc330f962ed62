/* Epochs, steps and evaluations. */
#include "equivariance.h"
#include "trainer.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Seconds between saves, so that a crash loses little. What is saved does not depend on it. */
#define SAVE_SECONDS 60

weyl_status train_copy(weyl_context *ctx, const weyl_variables *from, weyl_variables *to, weyl_kind kind) {
  const weyl_array a = weyl_variables_arena(from, kind), b = weyl_variables_arena(to, kind);
  const int64_t n = weyl_array_size(&a);
  if (n != weyl_array_size(&b) || a.dtype != b.dtype)
    return weyl_fail(ctx, WEYL_BUG, "the model traced for training and for evaluation has %lld and %lld numbers",
                     (long long)n, (long long)weyl_array_size(&b));
  if (n > 0) memcpy(b.data, a.data, (size_t)n * weyl_dtype_size(a.dtype));
  return WEYL_OK;
}

weyl_status train_save_state(trainer *t) {
  t->last_save = weyl_seconds();
  if (!train_writes(t)) return WEYL_OK;
  if (t->schedule != NULL) train_schedule_save(t->schedule, t->at.schedule);
  return train_state_save(t->ctx, train_path(t->arena, t->folder, "state.safetensors"), t->vars, t->best, t->checksum,
                          &t->at);
}

weyl_status train_save_model(trainer *t) {
  if (!train_writes(t)) return WEYL_OK;
  return train_model_save(t->ctx, train_path(t->arena, t->folder, "model.safetensors"), t->best, &t->config, t->fields,
                          t->checksum);
}

/* Gives `shadow` the weights that count: their average when one is kept. */
static weyl_status take_weights(trainer *t) {
  WEYL_TRY(train_copy(t->ctx, t->vars, t->shadow, WEYL_STATE));
  WEYL_TRY(train_copy(t->ctx, t->vars, t->shadow, WEYL_PARAM));
  const int64_t ema = weyl_variables_find(t->vars, WEYL_SLOT, "ema");
  if (ema < 0 || t->at.epoch + t->at.step == 0) return WEYL_OK;
  const weyl_array from = weyl_variables_array(t->vars, WEYL_SLOT, (size_t)ema),
                   to = weyl_variables_arena(t->shadow, WEYL_PARAM);
  if (weyl_array_size(&from) != weyl_array_size(&to))
    return weyl_fail(t->ctx, WEYL_BUG, "the average of the weights has another size than they");
  memcpy(to.data, from.data, (size_t)weyl_array_size(&to) * weyl_dtype_size(to.dtype));
  return WEYL_OK;
}

static double rate_now(const trainer *t) {
  return t->schedule != NULL ? weyl_schedule_rate(t->schedule, t->at.epoch * t->steps_per_epoch + t->at.step) : 0;
}

/* Mean error under the task's group on a few validation samples, for the log; NaN where it cannot be measured (a group
 * that does not act on these data), which is no reason to stop training. */
static double equivariance_now(trainer *t) {
  weyl_arena *arena = NULL;
  weyl_group *group = NULL;
  weyl_audit_result r;
  weyl_audit_opts o = weyl_audit_defaults(weyl_variables_dtype(t->shadow));
  o.inputs = 16;
  o.elements = 1;
  o.seed = t->config.seed;
  char name[64];
  weyl_status status = weyl_group_parse(t->ctx, train_task_group(t->config.task, t->splits.valid, name), &group);
  if (status == WEYL_OK) status = weyl_arena_new(t->ctx, &arena);
  if (status == WEYL_OK)
    status = train_audit(t->evaluator, t->config.task, t->splits.valid, arena, group, &o, &r, NULL);
  const double error = status == WEYL_OK ? r.mean : NAN;
  if (status != WEYL_OK) weyl_message_clear(t->ctx);
  weyl_group_free(group);
  weyl_arena_free(arena);
  return error;
}

static weyl_status evaluate(trainer *t, int64_t epoch) {
  train_evaluation valid;
  WEYL_TRY(take_weights(t));
  WEYL_TRY(train_evaluate(t->evaluator, t->valid_loader, t->splits.valid, t->stop, t->comm, NULL, &valid));
  const double value = valid.metrics > 0 ? valid.metric[0].value : 0;
  t->at.epoch = epoch;
  t->at.valid = value;
  if (t->at.best_epoch < 0 || value < t->at.best) {
    t->at.best = value;
    t->at.best_epoch = epoch;
    t->at.since_best = 0;
    WEYL_TRY(train_copy(t->ctx, t->shadow, t->best, WEYL_PARAM));
    WEYL_TRY(train_copy(t->ctx, t->shadow, t->best, WEYL_STATE));
  } else {
    t->at.since_best++;
  }
  if (t->schedule != NULL) weyl_schedule_observe(t->schedule, epoch, value);
  if (!train_writes(t)) return WEYL_OK;
  return train_log_write(t->ctx, t->log, &t->at, epoch * t->steps_per_epoch, rate_now(t), t->gradient,
                         weyl_seconds() - t->started, &valid, equivariance_now(t));
}

static bool asked_to_stop(trainer *t) {
  const int64_t epochs = weyl_options_integer(t->config.options, "epochs"),
                done = t->at.epoch * t->steps_per_epoch + t->at.step;
  char what[128];
  const double mean = t->at.step > 0 ? t->at.loss_sum / (double)t->at.step : t->at.train_loss;
  const int64_t shown = t->at.epoch < epochs ? t->at.epoch + 1 : epochs;
  snprintf(what, sizeof what, "epoch %" PRId64 "/%" PRId64 ", loss %.3g, best %.3g", shown, epochs, mean, t->at.best);
  const bool cancelled = weyl_progress(t->ctx, what, (double)done, (double)(epochs * t->steps_per_epoch));
  const bool here = cancelled || (t->stop != NULL && *t->stop != 0);
  return train_agree(t, here ? WEYL_INTERRUPTED : WEYL_OK) != WEYL_OK;
}

static weyl_status save_and_stop(trainer *t) {
  WEYL_TRY(train_save_state(t));
  WEYL_TRY(train_save_model(t));
  return weyl_fail(t->ctx, WEYL_INTERRUPTED,
                   "stopped in epoch %" PRId64 " after %" PRId64 " of %" PRId64
                   " steps; %s is saved and can go on with --resume",
                   t->at.epoch + 1, t->at.step, t->steps_per_epoch, t->folder);
}

/* The order of an epoch depends on nothing but the seed and the epoch. */
static void shuffle(trainer *t) {
  const int64_t n = weyl_dataset_samples(t->splits.train);
  char name[48];
  snprintf(name, sizeof name, "shuffle.%" PRId64, t->at.epoch);
  weyl_rng rng = weyl_rng_new(t->config.seed, name);
  for (int64_t i = 0; i < n; i++) t->order[i] = i;
  weyl_rng_shuffle(&rng, t->order, (size_t)n);
}

/* The batch of the step that is next: this rank's part of it. */
static weyl_status fill(trainer *t, uint64_t number, weyl_batch *batch) {
  WEYL_TRY(weyl_loader_set(t->loader, "rate", rate_now(t)));
  return weyl_loader_fill(t->loader, t->order + t->at.step * t->batch, t->batch, t->config.seed, number, batch);
}

/* The numbers failed, on all ranks alike: the first bad value is looked for in the whole batch, and what was good
 * stays.
 */
static weyl_status numbers_failed(trainer *t, uint64_t number, double loss) {
  weyl_batch batch;
  WEYL_TRY(train_save_model(t)); /* the best so far; state.safetensors stays as it was last saved */
  weyl_message_clear(t->ctx);
  weyl_loader_share(t->loader, 0, 1);
  WEYL_TRY(fill(t, number, &batch));
  const weyl_status status = weyl_run_find_nonfinite(t->run, &batch);
  if (status != WEYL_OK && status != WEYL_NUMERIC) return status;
  if (status == WEYL_OK)
    (void)weyl_fail(t->ctx, WEYL_NUMERIC, "the loss is %g and the gradient's length %g", loss, t->gradient);
  return weyl_fail_within(t->ctx, WEYL_NUMERIC, "epoch %" PRId64 ", step %" PRId64, t->at.epoch + 1, t->at.step + 1);
}

static double output_number(const weyl_run *run, int k) {
  const weyl_array a = weyl_run_output(run, k);
  return a.dtype == WEYL_F64 ? *(const double *)a.data : (double)*(const float *)a.data;
}

static weyl_status step(trainer *t) {
  const uint64_t number = (uint64_t)(t->at.epoch * t->steps_per_epoch + t->at.step);
  weyl_batch batch;
  WEYL_TRY(train_agree(t, fill(t, number, &batch)));
  WEYL_TRY(weyl_run_step(t->run, &batch));
  const double loss = output_number(t->run, 0);
  t->gradient = output_number(t->run, 1);
  if (!isfinite(loss) || !isfinite(t->gradient)) return train_agree(t, numbers_failed(t, number, loss));
  t->at.loss_sum += loss;
  t->at.step++;
  t->steps_here++;
  return WEYL_OK;
}

/* The steps that are left of epoch t->at.epoch + 1. */
static weyl_status run_steps(trainer *t) {
  shuffle(t);
  const double start = weyl_seconds();
  weyl_status status = WEYL_OK;
  bool stopping = asked_to_stop(t);
  while (status == WEYL_OK && !stopping && t->at.step < t->steps_per_epoch) {
    status = step(t);
    stopping = status == WEYL_OK && asked_to_stop(t);
  }
  t->training_seconds += weyl_seconds() - start;
  if (status == WEYL_OK && stopping) return save_and_stop(t);
  return status;
}

static weyl_status finish_epoch(trainer *t, int64_t epochs) {
  const int64_t every = weyl_options_integer(t->config.options, "eval_every"),
                patience = weyl_options_integer(t->config.options, "patience");
  const int64_t epoch = t->at.epoch + 1;
  const train_progress before = t->at;
  t->at.train_loss = t->at.loss_sum / (double)t->steps_per_epoch;
  if (epoch % every == 0 || epoch == epochs) {
    const weyl_status status = evaluate(t, epoch);
    if (status == WEYL_INTERRUPTED) { /* within the evaluation: it comes again when the run goes on */
      t->at = before;
      return save_and_stop(t);
    }
    WEYL_TRY(status);
  }
  t->at.epoch = epoch;
  t->at.step = 0;
  t->at.loss_sum = 0;
  if (patience > 0 && t->at.since_best >= patience) t->stopped_early = true;
  if (weyl_seconds() - t->last_save > SAVE_SECONDS) {
    WEYL_TRY(train_save_state(t));
    WEYL_TRY(train_save_model(t));
  }
  return WEYL_OK;
}

weyl_status train_loop(trainer *t) {
  if (t->at.best_epoch < 0) {
    const weyl_status status =
        train_agree(t, evaluate(t, 0)); /* the untrained model, so that there always is a best one */
    if (status == WEYL_INTERRUPTED) return save_and_stop(t);
    WEYL_TRY(status);
    WEYL_TRY(train_agree(t, train_save_state(t)));
  }
  const int64_t epochs = t->trains ? weyl_options_integer(t->config.options, "epochs") : 0;
  const int64_t patience = weyl_options_integer(t->config.options, "patience");
  t->stopped_early = patience > 0 && t->at.since_best >= patience;
  while (t->at.epoch < epochs && !t->stopped_early) {
    WEYL_TRY(run_steps(t));
    WEYL_TRY(train_agree(t, finish_epoch(t, epochs)));
  }
  WEYL_TRY(train_save_state(t));
  return train_save_model(t);
}
