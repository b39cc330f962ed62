/* A finished run: its model on data, and how symmetric it is. */
#include <string.h>

#include "checkpoint.h"
#include "equivariance.h"
#include "fields.h"
#include "trainer.h"

struct weyl_trained {
  weyl_context *ctx;
  weyl_arena *arena;
  train_config config;
  weyl_dtype real;
  weyl_dataset *example;
  char group[64];
  weyl_variables *vars;
  train_evaluator *evaluator;
  weyl_variables *step_vars; /* of the training program */
  train_stepper stepper;
  weyl_splits splits;
  bool has_splits;
};

/* The weights as they were trained, then in the precision asked for. */
static weyl_status load_weights(weyl_trained *t, const char *path, const weyl_bundle *model) {
  const train_config *c = &t->config;
  const weyl_dtype kept = train_config_dtype(c);
  weyl_variables *vars = NULL;
  weyl_graph *declare = NULL; /* tracing declares the variables */
  weyl_status status;
  WEYL_GOTO(weyl_variables_new(t->ctx, kept, c->seed, &vars));
  WEYL_GOTO(weyl_graph_new(t->ctx, vars, false, &declare));
  (void)c->task->trace(declare, t->example, c->model, c->symmetry, c->options);
  WEYL_GOTO(weyl_graph_status(declare));
  WEYL_GOTO(train_model_load(vars, model, path));
  WEYL_GOTO(weyl_variables_cast(vars, t->real, &t->vars));
done:
  weyl_graph_free(declare);
  weyl_variables_free(vars);
  return status;
}

weyl_status weyl_trained_open(weyl_context *ctx, const char *run, weyl_dtype real, const char *data,
                              weyl_trained **out) {
  if (real != WEYL_F32 && real != WEYL_F64)
    return weyl_fail(ctx, WEYL_DTYPE, "a model runs in f32 or f64, not %s", weyl_dtype_name(real));
  weyl_trained *t = weyl_alloc(ctx, 1, sizeof *t);
  if (t == NULL) return WEYL_MEMORY;
  *t = (weyl_trained){.ctx = ctx, .real = real};
  weyl_bundle *model = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &t->arena));
  const char *config = train_path(t->arena, run, "config.ini"), *path = train_path(t->arena, run, "model.safetensors");
  if (config == NULL || path == NULL) {
    status = WEYL_MEMORY;
    goto done;
  }
  if (!weyl_file_exists(config)) {
    status = weyl_fail(ctx, WEYL_NO_FILE, "%s is no run directory: there is no config.ini in it", run);
    goto done;
  }
  WEYL_GOTO(train_config_read(ctx, t->arena, config, &t->config));
  if (data != NULL) {
    t->config.data = weyl_arena_strdup(t->arena, data);
    status = t->config.data != NULL ? WEYL_OK : WEYL_MEMORY;
    if (status != WEYL_OK) goto done;
  }
  WEYL_GOTO(train_model_read(ctx, path, &t->config, &model));
  WEYL_GOTO(train_fields_example(ctx, weyl_bundle_noted(model, "fields"), path, &t->example));
  train_task_group(t->config.task, t->example, t->group);
  WEYL_GOTO(load_weights(t, path, model));
  WEYL_GOTO(train_evaluator_new(ctx, t->vars, t->config.task, t->config.model, t->config.symmetry, t->config.options,
                                t->example, &t->evaluator));
  *out = t;
  t = NULL;
done:
  weyl_bundle_free(model);
  weyl_trained_free(t);
  return status;
}

void weyl_trained_free(weyl_trained *t) {
  if (t == NULL) return;
  if (t->has_splits) weyl_splits_free(&t->splits);
  train_stepper_free(&t->stepper);
  weyl_variables_free(t->step_vars);
  train_evaluator_free(t->evaluator);
  weyl_variables_free(t->vars);
  weyl_dataset_free(t->example);
  weyl_options_free(t->config.options);
  weyl_arena_free(t->arena);
  weyl_dealloc(t->ctx, t);
}

const weyl_task_def *weyl_trained_task(const weyl_trained *t) { return t->config.task; }
const weyl_model_def *weyl_trained_model(const weyl_trained *t) { return t->config.model; }
const char *weyl_trained_group(const weyl_trained *t) { return t->group; }
const char *weyl_trained_symmetry(const weyl_trained *t) { return t->config.symmetry; }
const weyl_options *weyl_trained_options(const weyl_trained *t) { return t->config.options; }
uint64_t weyl_trained_seed(const weyl_trained *t) { return t->config.seed; }
weyl_program *weyl_trained_program(const weyl_trained *t) { return t->evaluator->program; }

weyl_status weyl_trained_train_program(weyl_trained *t, weyl_program **out) {
  if (t->stepper.program == NULL) {
    if (t->step_vars == NULL) WEYL_TRY(weyl_variables_new(t->ctx, t->real, t->config.seed, &t->step_vars));
    WEYL_TRY(train_stepper_make(t->ctx, t->step_vars, &t->config, t->example, &t->stepper));
    if (t->stepper.program == NULL) {
      train_stepper_free(&t->stepper);
      return weyl_fail(t->ctx, WEYL_UNSUPPORTED, "model %s has no parameters: there is no training step",
                       t->config.model->name);
    }
  }
  *out = t->stepper.program;
  return WEYL_OK;
}

weyl_status weyl_trained_splits(weyl_trained *t, const weyl_splits **out) {
  if (!t->has_splits) {
    const train_config *c = &t->config;
    WEYL_TRY(train_splits_load(t->ctx, c->task, c->set, c->options, c->options, c->data, c->seed, &t->splits));
    t->has_splits = true;
  }
  *out = &t->splits;
  return WEYL_OK;
}

weyl_status weyl_trained_load(weyl_trained *t, const weyl_options *of_set, const char *path, weyl_splits *out) {
  const train_config *c = &t->config;
  return train_splits_load(t->ctx, c->task, c->set, of_set != NULL ? of_set : c->options, c->options,
                           path != NULL ? path : c->data, c->seed, out);
}

/* A run over all samples of a set. */
static weyl_status evaluate(weyl_trained *t, const weyl_dataset *set, const train_wanted *wanted,
                            train_evaluation *out) {
  weyl_loader *loader = NULL;
  WEYL_TRY(weyl_loader_new(t->ctx, set, t->evaluator->program, t->evaluator->shard, &loader));
  const weyl_status status = train_evaluate(t->evaluator, loader, set, NULL, NULL, wanted, out);
  weyl_loader_free(loader);
  return status;
}

weyl_status weyl_trained_eval(weyl_trained *t, const weyl_dataset *set, weyl_metric metrics[WEYL_METRICS], int *count,
                              int64_t *samples) {
  if (set == NULL) {
    const weyl_splits *splits;
    WEYL_TRY(weyl_trained_splits(t, &splits));
    set = splits->test;
  }
  train_evaluation result;
  WEYL_TRY(evaluate(t, set, NULL, &result));
  memcpy(metrics, result.metric, sizeof result.metric);
  *count = result.metrics;
  *samples = result.samples;
  return WEYL_OK;
}

weyl_status weyl_trained_errors(weyl_trained *t, const weyl_dataset *set, weyl_arena *arena, weyl_array *out) {
  weyl_array errors = {.dtype = WEYL_F64, .rank = 1, .dim = {train_future(t->evaluator)}};
  if (errors.dim[0] == 0)
    return weyl_fail(t->ctx, WEYL_UNSUPPORTED, "task %s is no motion: it has no errors of frames",
                     t->config.task->name);
  errors.data = weyl_arena_array(arena, double, errors.dim[0]);
  if (errors.data == NULL) return WEYL_MEMORY;
  train_evaluation result;
  WEYL_TRY(evaluate(t, set, &(train_wanted){.errors = errors.data}, &result));
  *out = errors;
  return WEYL_OK;
}

weyl_status weyl_trained_predict(weyl_trained *t, const weyl_dataset *set, weyl_arena *arena, weyl_array *out,
                                 double *smallest_gap) {
  return train_predict(t->evaluator, set, arena, out, smallest_gap);
}

weyl_status weyl_trained_pairs(weyl_trained *t, const weyl_dataset *set, weyl_arena *arena, weyl_array *out) {
  const int64_t *edges = weyl_dataset_offsets(set, WEYL_PER_EDGE), categories = train_categories(t->evaluator);
  if (categories == 0)
    return weyl_fail(t->ctx, WEYL_UNSUPPORTED, "model %s says nothing of pairs", t->config.model->name);
  if (edges == NULL) return weyl_fail(t->ctx, WEYL_SHAPE, "data set %s has no pairs", weyl_dataset_name(set));
  weyl_array pairs = {.dtype = WEYL_F64, .rank = 2, .dim = {edges[weyl_dataset_samples(set)], categories}};
  pairs.data = weyl_arena_array(arena, double, pairs.dim[0] * categories + 1);
  if (pairs.data == NULL) return WEYL_MEMORY;
  train_evaluation result;
  WEYL_TRY(evaluate(t, set, &(train_wanted){.pairs = pairs.data}, &result));
  *out = pairs;
  return WEYL_OK;
}

weyl_status weyl_trained_audit(weyl_trained *t, weyl_arena *arena, const weyl_group *group, const weyl_audit_opts *opts,
                               weyl_audit_result *out, double *smallest_gap) {
  const weyl_splits *splits;
  WEYL_TRY(weyl_trained_splits(t, &splits));
  const weyl_audit_opts defaults = weyl_audit_defaults(t->real);
  return train_audit(t->evaluator, t->config.task, splits->test, arena, group, opts != NULL ? opts : &defaults, out,
                     smallest_gap);
}
