/* weyl explain: what a run computes: equations, phases, arithmetic, memory. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* A program on the first batch of the training samples, laid out as in training. */
typedef struct layout {
  weyl_program_stats about;
  int64_t shards, samples;
} layout;

static weyl_status lay_out(cli *c, weyl_trained *trained, const weyl_program *program, layout *out) {
  const weyl_splits *splits = NULL;
  WEYL_TRY(weyl_trained_splits(trained, &splits));
  const weyl_options *o = weyl_trained_options(trained);
  const int64_t all = weyl_dataset_samples(splits->train), batch = weyl_options_integer(o, "batch");
  const int64_t n = batch < all ? batch : all;
  weyl_loader *loader = NULL;
  int64_t *samples = weyl_alloc(c->ctx, (size_t)n, sizeof *samples);
  if (!samples) return WEYL_MEMORY;
  for (int64_t i = 0; i < n; i++) samples[i] = i;
  weyl_batch loaded = {0};
  weyl_status status;
  WEYL_GOTO(weyl_loader_new(c->ctx, splits->train, program, weyl_options_integer(o, "shard"), &loader));
  if (weyl_program_input_find(program, "rate") >= 0) WEYL_GOTO(weyl_loader_set(loader, "rate", 0));
  WEYL_GOTO(weyl_loader_fill(loader, samples, n, 1, 0, &loaded));
  out->about = weyl_program_about(program, loaded.count, loaded.shards);
  out->shards = loaded.shards;
  out->samples = n;
done:
  weyl_loader_free(loader);
  weyl_dealloc(c->ctx, samples);
  return status;
}

static const char *big(char *buffer, double value) {
  static const char *const unit[] = {"", "k", "M", "G", "T"};
  int k = 0;
  while (value >= 1000 && k < 4) {
    value /= 1000;
    k++;
  }
  snprintf(buffer, 32, "%.4g %s", value, unit[k]);
  return buffer;
}

static void tell(cli *c, const layout *l, const char *what) {
  const weyl_program_stats *s = &l->about;
  weyl_json *json = c->result;
  weyl_json_string(json, "program", what);
  weyl_json_integer(json, "phases", s->phases);
  weyl_json_integer(json, "steps", s->steps);
  weyl_json_integer(json, "nodes_before", s->nodes_before);
  weyl_json_integer(json, "nodes_after", s->nodes_after);
  weyl_json_number(json, "flops", s->flops);
  weyl_json_number(json, "bytes", s->bytes);
  weyl_json_number(json, "workspace", s->workspace);
  weyl_json_number(json, "kept", s->kept);
  weyl_json_number(json, "whole", s->whole);
  weyl_json_integer(json, "batch", l->samples);
  weyl_json_integer(json, "shards", l->shards);

  char n[5][32];
  cli_say(c, "\n%s, on a batch of %lld samples in %lld shards\n", what, (long long)l->samples, (long long)l->shards);
  cli_say(c, "  nodes      %lld traced, %lld needed, %lld steps in %lld phases\n", (long long)s->nodes_before,
          (long long)s->nodes_after, (long long)s->steps, (long long)s->phases);
  cli_say(c, "  arithmetic %sflop\n", big(n[0], s->flops));
  cli_say(c, "  memory     %sB touched; a thread's workspace %sB, kept across phases %sB, whole values %sB\n",
          big(n[1], s->bytes), big(n[2], s->workspace), big(n[3], s->kept), big(n[4], s->whole));
}

static weyl_status explain(cli *c, weyl_trained *trained, weyl_arena *arena) {
  weyl_program *program = weyl_trained_program(trained);
  const bool evaluation = cli_bool(c, "evaluation");
  if (!evaluation) WEYL_TRY(weyl_trained_train_program(trained, &program));
  layout l = {0};
  WEYL_TRY(lay_out(c, trained, program, &l));
  if (!cli_bool(c, "brief") && !c->json) {
    char *text = weyl_program_text(program, arena);
    if (!text) return WEYL_MEMORY;
    cli_say(c, "%s", text);
  }
  weyl_json_string(c->result, "task", weyl_trained_task(trained)->name);
  weyl_json_string(c->result, "model", weyl_trained_model(trained)->name);
  tell(c, &l, evaluation ? "evaluation" : "training step");
  return WEYL_OK;
}

static weyl_status run(cli *c) {
  weyl_trained *trained = NULL;
  weyl_arena *arena = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_trained_open(c->ctx, c->arg[0], WEYL_F32, cli_string(c, "data"), &trained));
  WEYL_GOTO(weyl_arena_new(c->ctx, &arena));
  status = explain(c, trained, arena);
done:
  weyl_arena_free(arena);
  weyl_trained_free(trained);
  return status;
}

static const weyl_option options[] = {
    {"evaluation", WEYL_OPT_BOOL, "no", 0, 0, NULL, "the program of evaluation in place of the training step"},
    {"brief", WEYL_OPT_BOOL, "no", 0, 0, NULL, "the sums only, without the equations"},
    CLI_OPTION_DATA,
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const cli_command cli_command_explain = {
    .name = "explain",
    .summary = "prints what a run computes: equations, phases, arithmetic, memory",
    .details =
        "Prints the program of a run's training step as equations, one step a line with its shape, and then "
        "its phases, "
        "arithmetic and memory for one batch of the run.",
    .examples = "weyl explain run\nweyl explain run --evaluation --brief",
    .options = options,
    CLI_TAKES_RUN,
    .run = run,
};
