/* The list of tasks, one file each in tasks/. */
#ifndef WEYL_TRAIN_TASKS_H
#define WEYL_TRAIN_TASKS_H

#include <weyl/train.h>

#define WEYL_TASK(name) extern const weyl_task_def weyl_task_##name;
#include "tasks.def"
#undef WEYL_TASK

/* The task, model and set of these names; WEYL_UNKNOWN with the nearest name. model NULL or "": the task's. */
WEYL_MUST_CHECK weyl_status train_lookup(weyl_context *ctx, const char *task, const char *model,
                                         const weyl_task_def **task_out, const weyl_model_def **model_out,
                                         const weyl_set_def **set_out);
/* The task's group with the dimension of the points of `set`; buffer is returned. */
const char *train_task_group(const weyl_task_def *task, const weyl_dataset *set, char buffer[64]);

/* Numbers in one row of a field; 0 when there is no such field. */
int64_t train_row_width(const weyl_dataset *set, const char *name);
/* The three parts of the task's data as they are traced. of_set: the data set's options; options: those of the run. */
WEYL_MUST_CHECK weyl_status train_splits_load(weyl_context *ctx, const weyl_task_def *task, const weyl_set_def *set,
                                              const weyl_options *of_set, const weyl_options *options, const char *path,
                                              uint64_t seed, weyl_splits *out);

#endif
