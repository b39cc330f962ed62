/* The options of training, and those of the task, model and data set that go with them. */
#include <string.h>

#include "tasks.h"

static const weyl_option train_table[] = {
    {"epochs", WEYL_OPT_INT, "100", 0, 10000000, NULL, "passes over the training samples"},
    {"batch", WEYL_OPT_INT, "100", 1, 10000000, NULL, "samples a step; the last, partial batch of an epoch is dropped"},
    {"rate", WEYL_OPT_DOUBLE, "1e-3", 0, 1000, NULL, "learning rate, before the schedule"},
    {"optimiser", WEYL_OPT_CHOICE, "adam", 0, 0, "sgd|adam|adamw|amsgrad", "how gradients change the weights"},
    {"beta1", WEYL_OPT_DOUBLE, "0.9", 0, 0.99999999, NULL, "Adam: decay a step of the gradient's average"},
    {"beta2", WEYL_OPT_DOUBLE, "0.999", 0, 0.99999999, NULL, "Adam: decay a step of the squared gradient's average"},
    {"eps", WEYL_OPT_DOUBLE, "1e-8", 0, 1, NULL, "Adam: added to the root of the squared gradient's average"},
    {"momentum", WEYL_OPT_DOUBLE, "0", 0, 0.99999999, NULL, "SGD: share of the last step kept"},
    {"weight_decay", WEYL_OPT_DOUBLE, "0", 0, 1000, NULL,
     "times the weights added to the gradient; adamw: taken from the weights"},
    {"clip", WEYL_OPT_DOUBLE, "0", 0, 1e30, NULL, "longest gradient: longer ones are scaled down to it; 0: none is"},
    {"ema", WEYL_OPT_DOUBLE, "0", 0, 0.99999999, NULL,
     "decay a step of the average of the weights that is evaluated; 0: no average"},
    {"schedule", WEYL_OPT_CHOICE, "constant", 0, 0, "constant|cosine|step|plateau", "how the learning rate falls"},
    {"warmup", WEYL_OPT_DOUBLE, "0", 0, 10000000, NULL, "epochs of linear growth of the learning rate at the start"},
    {"min_rate", WEYL_OPT_DOUBLE, "0", 0, 1000, NULL, "the learning rate never falls below this"},
    {"step_every", WEYL_OPT_INT, "100", 1, 10000000, NULL,
     "step: epochs between reductions; plateau: epochs without better validation before one"},
    {"step_factor", WEYL_OPT_DOUBLE, "0.5", 0, 1, NULL,
     "step and plateau: what a reduction multiplies the learning rate by"},
    {"patience", WEYL_OPT_INT, "0", 0, 10000000, NULL,
     "evaluations without better validation before training stops; 0: it does not"},
    {"eval_every", WEYL_OPT_INT, "1", 1, 10000000, NULL, "epochs between evaluations on the validation samples"},
    {"lanes", WEYL_OPT_INT, "4", 1, 64, NULL,
     "sums of their own that a batch is dealt to: the most threads that help; changes rounding"},
    {"dtype", WEYL_OPT_CHOICE, "f32", 0, 0, "f32|f64", "precision of training"},
    {"shard", WEYL_OPT_INT, "0", 0, 10000000, NULL,
     "samples a shard, changes rounding only; 0: as many as fit into 2.5 MiB"},
    {0}};

/* Declares a table with the task's recommendations for this model in place of its defaults. */
static weyl_status declare(weyl_context *ctx, weyl_options *into, const char *owner, const weyl_option *table,
                           const weyl_task_def *task, const weyl_model_def *model) {
  if (table == NULL) return WEYL_OK;
  size_t n = 0;
  while (table[n].name != NULL) n++;
  weyl_option *copy = weyl_alloc(ctx, n + 1, sizeof *copy);
  if (copy == NULL) return WEYL_MEMORY;
  memcpy(copy, table, n * sizeof *copy);
  for (const weyl_task_default *d = task ? task->defaults : NULL; d != NULL && d->option != NULL; d++) {
    if (d->model != NULL && strcmp(d->model, model->name) != 0) continue;
    for (size_t i = 0; i < n; i++)
      if (strcmp(copy[i].name, d->option) == 0) copy[i].fallback = d->value;
  }
  const weyl_status status = weyl_options_declare(into, owner, copy); /* keeps copies of the texts */
  weyl_dealloc(ctx, copy);
  return status;
}

weyl_status weyl_train_options(weyl_context *ctx, const char *task_name, const char *model_name, weyl_options **out) {
  const weyl_task_def *task;
  const weyl_model_def *model;
  const weyl_set_def *set;
  if (task_name != NULL) {
    WEYL_TRY(train_lookup(ctx, task_name, model_name, &task, &model, &set));
  } else {
    task = NULL;
    set = NULL;
    model = weyl_model_find(model_name);
    if (model == NULL) return weyl_fail(ctx, WEYL_UNKNOWN, "no model \"%s\"", model_name ? model_name : "");
  }

  weyl_options *made = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_options_new(ctx, &made));
  WEYL_GOTO(declare(ctx, made, "training", train_table, task, model));
  if (task != NULL) WEYL_GOTO(declare(ctx, made, task->name, task->options, task, model));
  WEYL_GOTO(declare(ctx, made, model->name, model->options, task, model));
  if (set != NULL) WEYL_GOTO(declare(ctx, made, set->name, set->options, task, model));
  *out = made;
  made = NULL;
done:
  weyl_options_free(made);
  return status;
}
