#include "tasks.h"

#include <string.h>

static const weyl_task_def *const list[] = {
#define WEYL_TASK(name) &weyl_task_##name,
#include "tasks.def"
#undef WEYL_TASK
    NULL};

const weyl_task_def *const *weyl_tasks(void) { return list; }

const weyl_task_def *weyl_task_find(const char *name) {
  for (size_t i = 0; name != NULL && list[i] != NULL; i++)
    if (strcmp(list[i]->name, name) == 0) return list[i];
  return NULL;
}

/* "no model "egn": did you mean "egnn"?", or with the list when nothing is near */
static weyl_status unknown(weyl_context *ctx, const char *kind, const char *word, const char *const *names, size_t n) {
  const char *near = weyl_nearest_name(word, names, n);
  if (near != NULL) return weyl_fail(ctx, WEYL_UNKNOWN, "no %s \"%s\": did you mean \"%s\"?", kind, word, near);
  char text[400] = "";
  size_t used = 0;
  for (size_t i = 0; i < n && used + 1 < sizeof text; i++) {
    const int k = snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? ", " : "", names[i]);
    used += k > 0 ? (size_t)k : 0;
  }
  return weyl_fail(ctx, WEYL_UNKNOWN, "no %s \"%s\"; there are: %s", kind, word, text);
}

#define NAMES_MAX 256

static bool fits(const weyl_task_def *task, const weyl_model_def *model) {
  return task->takes == WEYL_TAKES_MOTION ? model->motion != NULL : model->points != NULL;
}

weyl_status train_lookup(weyl_context *ctx, const char *task, const char *model, const weyl_task_def **task_out,
                         const weyl_model_def **model_out, const weyl_set_def **set_out) {
  const char *names[NAMES_MAX];
  size_t n = 0;
  if (task == NULL || *task == '\0') return weyl_fail(ctx, WEYL_BAD_ARG, "a task must be named");
  const weyl_task_def *t = weyl_task_find(task);
  if (t == NULL) {
    for (; list[n] != NULL && n < NAMES_MAX; n++) names[n] = list[n]->name;
    return unknown(ctx, "task", task, names, n);
  }
  if (model == NULL || *model == '\0') model = t->model;
  const weyl_model_def *m = weyl_model_find(model);
  if (m == NULL) {
    const weyl_model_def *const *models = weyl_models();
    for (; *models != NULL && n < NAMES_MAX; models++)
      if (fits(t, *models)) names[n++] = (*models)->name;
    return unknown(ctx, "model", model, names, n);
  }
  if (!fits(t, m))
    return weyl_fail(ctx, WEYL_UNSUPPORTED, "model %s is not for the task %s: its data are %s", m->name, t->name,
                     t->takes == WEYL_TAKES_MOTION ? "past positions of moving points" : "points at one time");
  const weyl_set_def *s = weyl_set_find(t->set);
  if (s == NULL)
    return weyl_fail(ctx, WEYL_BUG, "task %s names the data set %s, which is not in the list", t->name, t->set);
  *task_out = t;
  *model_out = m;
  *set_out = s;
  return WEYL_OK;
}

int64_t train_row_width(const weyl_dataset *set, const char *name) {
  const weyl_field *f = weyl_dataset_find(set, name);
  int64_t width = f != NULL;
  for (int k = 1; f != NULL && k < f->array.rank; k++) width *= f->array.dim[k];
  return width;
}

const char *train_task_group(const weyl_task_def *task, const weyl_dataset *set, char buffer[64]) {
  const char *open = strstr(task->symmetry, "(d)");
  const weyl_task_field *point = task->fields;
  while (point != NULL && point->name != NULL && point->action != WEYL_ACT_POINT) point++;
  const weyl_field *f = point != NULL && point->name != NULL ? weyl_dataset_find(set, point->name) : NULL;
  if (open == NULL || f == NULL)
    snprintf(buffer, 64, "%s", task->symmetry);
  else
    snprintf(buffer, 64, "%.*s(%lld)%s", (int)(open - task->symmetry), task->symmetry,
             (long long)f->array.dim[f->array.rank - 1], open + 3);
  return buffer;
}

weyl_status train_splits_load(weyl_context *ctx, const weyl_task_def *task, const weyl_set_def *set,
                              const weyl_options *of_set, const weyl_options *options, const char *path, uint64_t seed,
                              weyl_splits *out) {
  weyl_splits given = {0}, made = {0};
  weyl_status status;
  if (task->rows == NULL) return set->load(ctx, of_set, path, seed, out);
  WEYL_GOTO(set->load(ctx, of_set, path, seed, &given));
  WEYL_GOTO(task->rows(ctx, given.train, options, &made.train));
  WEYL_GOTO(task->rows(ctx, given.valid, options, &made.valid));
  WEYL_GOTO(task->rows(ctx, given.test, options, &made.test));
  *out = made;
  made = (weyl_splits){0};
done:
  weyl_splits_free(&given);
  weyl_splits_free(&made);
  return status;
}
