/* config.ini of a run directory: what to do, as text. */
#ifndef WEYL_TRAIN_CONFIG_H
#define WEYL_TRAIN_CONFIG_H

#include "tasks.h"

#define TRAIN_FORMAT 1 /* of config.ini, model.safetensors and state.safetensors; readers take all older ones */

typedef struct train_config {
  const weyl_task_def *task;
  const weyl_model_def *model;
  const weyl_set_def *set;
  const char *symmetry; /* "none" when there is none; in the arena, as data */
  const char *data;     /* NULL: the set needs no path */
  uint64_t seed;
  weyl_options *options;
} train_config;

/* `folder/name` in the arena; NULL when out of memory. */
char *train_path(weyl_arena *arena, const char *folder, const char *name);

/* A fresh configuration from what the caller asked for: options of its own with the caller's values. */
WEYL_MUST_CHECK weyl_status train_config_make(weyl_context *ctx, weyl_arena *arena, const weyl_train_config *asked,
                                              train_config *out);
WEYL_MUST_CHECK weyl_status train_config_read(weyl_context *ctx, weyl_arena *arena, const char *path,
                                              train_config *out);
WEYL_MUST_CHECK weyl_status train_config_write(weyl_context *ctx, const char *path, const train_config *config);
/* Takes over what may change when a run goes on (epochs, patience, eval_every); WEYL_BAD_ARG for anything else that
 * differs. */
WEYL_MUST_CHECK weyl_status train_config_resume(weyl_context *ctx, const weyl_train_config *asked, const char *path,
                                                train_config *config);
/* The precision of training. */
weyl_dtype train_config_dtype(const train_config *config);
/* "key=value" a line, of all options. */
char *train_config_options_text(weyl_arena *arena, const weyl_options *options);

#endif
