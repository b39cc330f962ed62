#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

char *train_path(weyl_arena *arena, const char *folder, const char *name) {
  return weyl_arena_printf(arena, "%s/%s", folder, name);
}

static const char *text_or(const char *text, const char *other) { return text != NULL && *text != '\0' ? text : other; }

weyl_status train_config_make(weyl_context *ctx, weyl_arena *arena, const weyl_train_config *asked, train_config *out) {
  train_config c = {.seed = asked->seed};
  WEYL_TRY(train_lookup(ctx, asked->task, asked->model, &c.task, &c.model, &c.set));
  c.symmetry = weyl_arena_strdup(arena, text_or(asked->symmetry, "none"));
  c.data = asked->data != NULL ? weyl_arena_strdup(arena, asked->data) : NULL;
  if (c.symmetry == NULL || (asked->data != NULL && c.data == NULL)) return WEYL_MEMORY;

  weyl_status status;
  WEYL_GOTO(weyl_train_options(ctx, c.task->name, c.model->name, &c.options));
  for (size_t i = 0; asked->options != NULL && i < weyl_options_count(asked->options); i++) {
    const char *value, *name = weyl_options_at(asked->options, i, &value)->name;
    if (!weyl_options_is_default(asked->options, name)) WEYL_GOTO(weyl_options_set(c.options, name, value, NULL));
  }
  *out = c;
  return WEYL_OK;
done:
  weyl_options_free(c.options);
  return status;
}

/* ---- reading ------------------------------------------------------------------------------------------------------
 */

static weyl_status whole_number(weyl_context *ctx, const char *path, const char *key, const char *text, uint64_t *out) {
  if (text == NULL) return weyl_fail(ctx, WEYL_FORMAT, "%s: section [run] has no key %s", path, key);
  char *end = NULL;
  errno = 0;
  const unsigned long long value = strtoull(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || strchr(text, '-') != NULL)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: %s is \"%s\", must be a whole number of 0 or more", path, key, text);
  *out = value;
  return WEYL_OK;
}

static weyl_status read_from(weyl_context *ctx, weyl_arena *arena, const char *path, const weyl_ini *ini,
                             train_config *c) {
  uint64_t format;
  WEYL_TRY(whole_number(ctx, path, "format", weyl_ini_find(ini, "run", "format"), &format));
  if (format < 1 || format > TRAIN_FORMAT)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: format %" PRIu64 ", this version of weyl reads 1 to %d", path, format,
                     TRAIN_FORMAT);
  WEYL_TRY(whole_number(ctx, path, "seed", weyl_ini_find(ini, "run", "seed"), &c->seed));

  const weyl_status status = train_lookup(ctx, weyl_ini_find(ini, "run", "task"), weyl_ini_find(ini, "run", "model"),
                                          &c->task, &c->model, &c->set);
  if (status != WEYL_OK) return weyl_fail_within(ctx, status, "%s", path);
  const char *data = weyl_ini_find(ini, "run", "data");
  c->symmetry = weyl_arena_strdup(arena, text_or(weyl_ini_find(ini, "run", "symmetry"), "none"));
  c->data = data != NULL && *data != '\0' ? weyl_arena_strdup(arena, data) : NULL;
  if (c->symmetry == NULL) return WEYL_MEMORY;

  WEYL_TRY(weyl_train_options(ctx, c->task->name, c->model->name, &c->options));
  for (size_t i = 0; i < weyl_ini_count(ini); i++) {
    const weyl_ini_entry e = weyl_ini_at(ini, i);
    if (strcmp(e.section, "options") != 0) continue;
    char place[600];
    snprintf(place, sizeof place, "%s:%d", path, e.line);
    WEYL_TRY(weyl_options_set(c->options, e.key, e.value, place));
  }
  return WEYL_OK;
}

weyl_status train_config_read(weyl_context *ctx, weyl_arena *arena, const char *path, train_config *out) {
  weyl_ini *ini = NULL;
  WEYL_TRY(weyl_ini_read(ctx, path, &ini));
  train_config c = {0};
  const weyl_status status = read_from(ctx, arena, path, ini, &c);
  weyl_ini_free(ini);
  if (status == WEYL_OK)
    *out = c;
  else
    weyl_options_free(c.options);
  return status;
}

weyl_status train_config_resume(weyl_context *ctx, const weyl_train_config *asked, const char *path, train_config *c) {
  static const char *const may_change[] = {"epochs", "patience", "eval_every"};
  if (asked->task != NULL && strcmp(asked->task, c->task->name) != 0)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s is a run of task %s, not %s", path, c->task->name, asked->task);
  if (asked->model != NULL && strcmp(asked->model, c->model->name) != 0)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s is a run of model %s, not %s", path, c->model->name, asked->model);
  if (asked->symmetry != NULL && strcmp(asked->symmetry, c->symmetry) != 0)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s has symmetry %s, not %s", path, c->symmetry, asked->symmetry);
  if (asked->seed != WEYL_SEED_NOT_GIVEN && asked->seed != c->seed)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s has seed %" PRIu64 ", not %" PRIu64, path, c->seed, asked->seed);
  if (asked->data != NULL) c->data = asked->data;

  for (size_t i = 0; asked->options != NULL && i < weyl_options_count(asked->options); i++) {
    const char *value, *name = weyl_options_at(asked->options, i, &value)->name;
    if (weyl_options_is_default(asked->options, name)) continue;
    bool free_to = false;
    for (size_t k = 0; k < sizeof may_change / sizeof *may_change; k++)
      free_to = free_to || strcmp(may_change[k], name) == 0;
    if (!free_to && weyl_options_has(c->options, name) && strcmp(weyl_options_string(c->options, name), value) != 0)
      return weyl_fail(ctx, WEYL_BAD_ARG,
                       "%s is %s in %s and cannot become %s when the run goes on (epochs, patience and eval_every can)",
                       name, weyl_options_string(c->options, name), path, value);
    WEYL_TRY(weyl_options_set(c->options, name, value, NULL));
  }
  return WEYL_OK;
}

/* ---- writing ------------------------------------------------------------------------------------------------------
 */

static weyl_status write_to(weyl_writer *w, const train_config *c) {
  WEYL_TRY(weyl_writer_printf(w,
                              "# a training run of weyl; `weyl train TASK --out FOLDER --resume` goes on with "
                              "it\n[run]\nformat = %d\nweyl = %s\n",
                              TRAIN_FORMAT, weyl_version()));
  WEYL_TRY(weyl_writer_printf(w, "task = %s\nmodel = %s\nsymmetry = %s\nseed = %" PRIu64 "\n", c->task->name,
                              c->model->name, c->symmetry, c->seed));
  WEYL_TRY(weyl_writer_printf(
      w, "# path of the data; empty: they are generated, or found by the data set\ndata = %s\n\n[options]\n",
      c->data != NULL ? c->data : ""));
  for (size_t i = 0; i < weyl_options_count(c->options); i++) {
    const char *value;
    const weyl_option *o = weyl_options_at(c->options, i, &value);
    WEYL_TRY(weyl_writer_printf(w, "# %s", o->help));
    if (o->choices != NULL)
      WEYL_TRY(weyl_writer_printf(w, "; %s", o->choices));
    else if (o->low != 0 || o->high != 0)
      WEYL_TRY(weyl_writer_printf(w, "; %.9g to %.9g", o->low, o->high));
    WEYL_TRY(weyl_writer_printf(w, "; default %s\n%s = %s\n", o->fallback != NULL ? o->fallback : "", o->name, value));
  }
  return WEYL_OK;
}

weyl_status train_config_write(weyl_context *ctx, const char *path, const train_config *config) {
  weyl_writer *w = NULL;
  WEYL_TRY(weyl_writer_open(ctx, path, &w));
  const weyl_status status = write_to(w, config);
  if (status != WEYL_OK) {
    weyl_writer_abandon(w);
    return status;
  }
  return weyl_writer_close(w);
}

weyl_dtype train_config_dtype(const train_config *config) {
  return strcmp(weyl_options_string(config->options, "dtype"), "f64") == 0 ? WEYL_F64 : WEYL_F32;
}

char *train_config_options_text(weyl_arena *arena, const weyl_options *options) {
  size_t size = 1, used = 0;
  for (size_t i = 0; i < weyl_options_count(options); i++) {
    const char *value;
    size += strlen(weyl_options_at(options, i, &value)->name) + 2;
    size += strlen(value);
  }
  char *text = weyl_arena_array(arena, char, size);
  for (size_t i = 0; text != NULL && i < weyl_options_count(options); i++) {
    const char *value;
    const weyl_option *o = weyl_options_at(options, i, &value);
    used += (size_t)snprintf(text + used, size - used, "%s%s=%s", i > 0 ? "\n" : "", o->name, value);
  }
  return text;
}
