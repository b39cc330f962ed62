/* The training step as a program: what the trainer repeats, and what a benchmark times. */
#include "trainer.h"

weyl_status train_stepper_make(weyl_context *ctx, weyl_variables *vars, const train_config *c,
                               const weyl_dataset *example, train_stepper *out) {
  train_stepper s = {0};
  weyl_status status;
  WEYL_GOTO(weyl_graph_new(ctx, vars, true, &s.graph));
  const weyl_traced traced = c->task->trace(s.graph, example, c->model, c->symmetry, c->options);
  WEYL_GOTO(weyl_graph_status(s.graph));
  if (weyl_variables_numbers(vars, WEYL_PARAM) > 0) {
    const weyl_tensor outputs[2] = {traced.loss, weyl_optimiser_trace(s.graph, traced.loss, c->options)};
    WEYL_GOTO(weyl_graph_status(s.graph));
    weyl_program_opts opts = weyl_program_defaults();
    opts.assigns = true;
    opts.lanes = (int)weyl_options_integer(c->options, "lanes");
    WEYL_GOTO(weyl_program_new(s.graph, outputs, 2, &opts, &s.program));
  }
  *out = s;
  return WEYL_OK;
done:
  train_stepper_free(&s);
  return status;
}

void train_stepper_free(train_stepper *s) {
  weyl_program_free(s->program);
  weyl_graph_free(s->graph);
  *s = (train_stepper){0};
}

struct weyl_stepper {
  weyl_context *ctx;
  weyl_arena *arena;
  train_config config;
  weyl_variables *vars;
  train_stepper step;
};

weyl_status weyl_stepper_new(weyl_context *ctx, const weyl_train_config *asked, const weyl_dataset *example,
                             weyl_stepper **out) {
  weyl_stepper *s = weyl_alloc(ctx, 1, sizeof *s);
  if (s == NULL) return WEYL_MEMORY;
  *s = (weyl_stepper){.ctx = ctx};
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &s->arena));
  WEYL_GOTO(train_config_make(ctx, s->arena, asked, &s->config));
  WEYL_GOTO(weyl_variables_new(ctx, train_config_dtype(&s->config), s->config.seed, &s->vars));
  WEYL_GOTO(train_stepper_make(ctx, s->vars, &s->config, example, &s->step));
  if (s->step.program == NULL) {
    status = weyl_fail(ctx, WEYL_UNSUPPORTED, "model %s has no parameters: there is no training step",
                       s->config.model->name);
    goto done;
  }
  *out = s;
  return WEYL_OK;
done:
  weyl_stepper_free(s);
  return status;
}

void weyl_stepper_free(weyl_stepper *s) {
  if (s == NULL) return;
  train_stepper_free(&s->step);
  weyl_variables_free(s->vars);
  weyl_options_free(s->config.options);
  weyl_arena_free(s->arena);
  weyl_dealloc(s->ctx, s);
}

weyl_program *weyl_stepper_program(const weyl_stepper *s) { return s->step.program; }
const weyl_variables *weyl_stepper_variables(const weyl_stepper *s) { return s->vars; }
const weyl_options *weyl_stepper_options(const weyl_stepper *s) { return s->config.options; }
