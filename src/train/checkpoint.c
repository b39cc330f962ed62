#include "checkpoint.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNTERS 4
#define NUMBERS  (4 + TRAIN_SCHEDULE_STATE)

static weyl_status note_number(weyl_bundle *bundle, const char *key, uint64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%" PRIu64, value);
  return weyl_bundle_note(bundle, key, text);
}

/* ---- the model ------------------------------------------------------------------------------------------------------
 */

weyl_status train_model_save(weyl_context *ctx, const char *path, const weyl_variables *vars,
                             const train_config *config, const char *fields, const char *checksum) {
  weyl_bundle *bundle = NULL;
  weyl_arena *arena = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_bundle_new(ctx, &bundle));
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  const char *options = train_config_options_text(arena, config->options);
  if (options == NULL) {
    status = WEYL_MEMORY;
    goto done;
  }
  WEYL_GOTO(weyl_variables_save(vars, WEYL_PARAM, "", bundle));
  WEYL_GOTO(weyl_variables_save(vars, WEYL_STATE, "", bundle));
  WEYL_GOTO(note_number(bundle, "weyl.format", TRAIN_FORMAT));
  WEYL_GOTO(weyl_bundle_note(bundle, "weyl.version", weyl_version()));
  WEYL_GOTO(weyl_bundle_note(bundle, "task", config->task->name));
  WEYL_GOTO(weyl_bundle_note(bundle, "model", config->model->name));
  WEYL_GOTO(weyl_bundle_note(bundle, "symmetry", config->symmetry));
  WEYL_GOTO(note_number(bundle, "seed", config->seed));
  WEYL_GOTO(weyl_bundle_note(bundle, "options", options));
  WEYL_GOTO(weyl_bundle_note(bundle, "data", checksum));
  WEYL_GOTO(weyl_bundle_note(bundle, "fields", fields));
  status = weyl_safetensors_write(ctx, path, bundle);
done:
  weyl_arena_free(arena);
  weyl_bundle_free(bundle);
  return status;
}

static weyl_status check_format(weyl_context *ctx, const char *path, const weyl_bundle *bundle) {
  const char *format = weyl_bundle_noted(bundle, "weyl.format");
  const long value = format != NULL ? strtol(format, NULL, 10) : 0;
  if (value < 1) return weyl_fail(ctx, WEYL_FORMAT, "%s: not written by weyl: no note weyl.format", path);
  if (value > TRAIN_FORMAT)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: format %ld, this version of weyl reads 1 to %d", path, value, TRAIN_FORMAT);
  return WEYL_OK;
}

weyl_status train_model_read(weyl_context *ctx, const char *path, const train_config *config, weyl_bundle **out) {
  weyl_bundle *bundle = NULL;
  WEYL_TRY(weyl_safetensors_read(ctx, path, &bundle));
  weyl_status status;
  WEYL_GOTO(check_format(ctx, path, bundle));
  const char *const want[][2] = {
      {"task", config->task->name}, {"model", config->model->name}, {"symmetry", config->symmetry}};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    const char *noted = weyl_bundle_noted(bundle, want[i][0]);
    if (noted == NULL || strcmp(noted, want[i][1]) != 0) {
      status = weyl_fail(ctx, WEYL_FORMAT, "%s: its %s is %s, config.ini says %s", path, want[i][0],
                         noted != NULL ? noted : "missing", want[i][1]);
      goto done;
    }
  }
  *out = bundle;
  return WEYL_OK;
done:
  weyl_bundle_free(bundle);
  return status;
}

weyl_status train_model_load(weyl_variables *vars, const weyl_bundle *bundle, const char *path) {
  WEYL_TRY(weyl_variables_load(vars, WEYL_PARAM, "", bundle, path));
  return weyl_variables_load(vars, WEYL_STATE, "", bundle, path);
}

/* ---- the state
 * --------------------------------------------------------------------------------------------------------- */

static weyl_status add_progress(weyl_bundle *bundle, const train_progress *p) {
  int64_t counters[COUNTERS] = {p->epoch, p->step, p->best_epoch, p->since_best};
  double numbers[NUMBERS] = {p->best, p->valid, p->loss_sum, p->train_loss};
  memcpy(numbers + 4, p->schedule, sizeof p->schedule);
  const weyl_array c = {.data = counters, .dtype = WEYL_I64, .rank = 1, .dim = {COUNTERS}};
  const weyl_array n = {.data = numbers, .dtype = WEYL_F64, .rank = 1, .dim = {NUMBERS}};
  WEYL_TRY(weyl_bundle_add(bundle, "counters", &c));
  return weyl_bundle_add(bundle, "numbers", &n);
}

weyl_status train_state_save(weyl_context *ctx, const char *path, const weyl_variables *vars,
                             const weyl_variables *best, const char *checksum, const train_progress *progress) {
  weyl_bundle *bundle = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_bundle_new(ctx, &bundle));
  WEYL_GOTO(add_progress(bundle, progress));
  WEYL_GOTO(weyl_variables_save(vars, WEYL_PARAM, "now.", bundle));
  WEYL_GOTO(weyl_variables_save(vars, WEYL_STATE, "now.", bundle));
  WEYL_GOTO(weyl_variables_save(vars, WEYL_SLOT, "slot.", bundle));
  WEYL_GOTO(weyl_variables_save(best, WEYL_PARAM, "best.", bundle));
  WEYL_GOTO(weyl_variables_save(best, WEYL_STATE, "best.", bundle));
  WEYL_GOTO(note_number(bundle, "weyl.format", TRAIN_FORMAT));
  WEYL_GOTO(weyl_bundle_note(bundle, "weyl.version", weyl_version()));
  WEYL_GOTO(weyl_bundle_note(bundle, "data", checksum));
  status = weyl_safetensors_write(ctx, path, bundle);
done:
  weyl_bundle_free(bundle);
  return status;
}

static weyl_status find_vector(weyl_context *ctx, const char *path, const weyl_bundle *bundle, const char *name,
                               weyl_dtype dtype, int64_t n, const void **out) {
  const weyl_array *a = weyl_bundle_find(bundle, name);
  if (a == NULL || a->dtype != dtype || weyl_array_size(a) != n)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: the array %s is missing or is not %lld numbers of type %s", path, name,
                     (long long)n, weyl_dtype_name(dtype));
  *out = a->data;
  return WEYL_OK;
}

static weyl_status read_progress(weyl_context *ctx, const char *path, const weyl_bundle *bundle, train_progress *p) {
  const void *data;
  WEYL_TRY(find_vector(ctx, path, bundle, "counters", WEYL_I64, COUNTERS, &data));
  const int64_t *c = data;
  WEYL_TRY(find_vector(ctx, path, bundle, "numbers", WEYL_F64, NUMBERS, &data));
  const double *n = data;
  if (c[0] < 0 || c[1] < 0)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: %lld epochs and %lld steps", path, (long long)c[0], (long long)c[1]);
  *p = (train_progress){.epoch = c[0],
                        .step = c[1],
                        .best_epoch = c[2],
                        .since_best = c[3],
                        .best = n[0],
                        .valid = n[1],
                        .loss_sum = n[2],
                        .train_loss = n[3]};
  memcpy(p->schedule, n + 4, sizeof p->schedule);
  return WEYL_OK;
}

weyl_status train_state_load(weyl_context *ctx, const char *path, weyl_variables *vars, weyl_variables *best,
                             const char *checksum, train_progress *progress) {
  weyl_bundle *bundle = NULL;
  WEYL_TRY(weyl_safetensors_read(ctx, path, &bundle));
  weyl_status status;
  train_progress p;
  WEYL_GOTO(check_format(ctx, path, bundle));
  const char *data = weyl_bundle_noted(bundle, "data");
  if (data == NULL || strcmp(data, checksum) != 0) {
    status =
        weyl_fail(ctx, WEYL_BAD_ARG, "%s: the run began with other data: their checksum was %.12s, it is %.12s now",
                  path, data != NULL ? data : "(none)", checksum);
    goto done;
  }
  WEYL_GOTO(read_progress(ctx, path, bundle, &p));
  WEYL_GOTO(weyl_variables_load(vars, WEYL_PARAM, "now.", bundle, path));
  WEYL_GOTO(weyl_variables_load(vars, WEYL_STATE, "now.", bundle, path));
  WEYL_GOTO(weyl_variables_load(vars, WEYL_SLOT, "slot.", bundle, path));
  WEYL_GOTO(weyl_variables_load(best, WEYL_PARAM, "best.", bundle, path));
  WEYL_GOTO(weyl_variables_load(best, WEYL_STATE, "best.", bundle, path));
  *progress = p;
done:
  weyl_bundle_free(bundle);
  return status;
}
