/* One training step, of a task on particles or of an image model, ours and a peer's in turn. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

/* Sides take turns this often, so that each sees the same states of the machine. */
#define ROUNDS 5
/* Seconds of multiply-adds a round. */
#define PEAK_SECONDS 0.02

/* ---- our side: a step on a context of its own number of threads ---- */

typedef struct side {
  weyl_context *ctx;
  weyl_stepper *stepper; /* of points, */
  bench_step image;      /* or of images */
  weyl_program *program;
  const weyl_variables *vars;
  weyl_loader *loader;
  weyl_run *run;
  weyl_batch batch;
  bench_samples samples;
} side;

const char *bench_task_of(const char *model) {
  const weyl_model_def *def = weyl_model_find(model);
  if (def && def->image) return NULL;
  return def && def->motion && !def->points ? "springs" : "nbody";
}

static weyl_status side_open(side *s, weyl_context *ctx, const bench_train_ask *ask, const weyl_dataset *set,
                             const int64_t *sample, int64_t n) {
  const weyl_train_config config = {.task = bench_task_of(ask->model),
                                    .model = ask->model,
                                    .symmetry = ask->symmetry,
                                    .options = ask->options,
                                    .seed = ask->seed};
  const weyl_options *o = ask->options;
  s->ctx = ctx;
  if (!bench_task_of(ask->model)) {
    WEYL_TRY(bench_image_step(ctx, ask, &s->image));
    s->program = s->image.program;
    s->vars = s->image.vars;
  } else {
    WEYL_TRY(weyl_stepper_new(ctx, &config, set, &s->stepper));
    s->program = weyl_stepper_program(s->stepper);
    s->vars = weyl_stepper_variables(s->stepper);
    o = weyl_stepper_options(s->stepper);
  }
  WEYL_TRY(weyl_run_new(s->program, NULL, &s->run));
  WEYL_TRY(weyl_loader_new(ctx, set, s->program, weyl_options_integer(o, "shard"), &s->loader));
  WEYL_TRY(weyl_loader_set(s->loader, "rate", weyl_options_number(o, "rate")));
  return weyl_loader_fill(s->loader, sample, n, ask->seed, 0, &s->batch);
}

static void side_close(side *s) {
  bench_samples_free(s->ctx, &s->samples);
  weyl_loader_free(s->loader);
  weyl_run_free(s->run);
  weyl_stepper_free(s->stepper);
  bench_step_free(&s->image);
}

/* The first step of a turn brings the caches back and is not counted. */
static weyl_status side_run(side *s, double seconds, double *busiest) {
  bench_threads before, after;
  WEYL_TRY(weyl_run_step(s->run, &s->batch));
  bench_threads_now(&before);
  for (const double end = weyl_seconds() + seconds;;) {
    const double wall = weyl_seconds(), cpu = weyl_cpu_seconds();
    WEYL_TRY(weyl_run_step(s->run, &s->batch));
    const double cpu_took = weyl_cpu_seconds() - cpu, now = weyl_seconds();
    WEYL_TRY(bench_samples_add(s->ctx, &s->samples, now - wall, cpu_took));
    if (now >= end) break;
  }
  bench_threads_now(&after);
  *busiest += bench_threads_busiest(&before, &after);
  return WEYL_OK;
}

/* ---- the peer's side ---- */

/* What a peer's program takes; with anything else set it would do other work than we do. */
static bool peer_knows(const char *option) {
  static const char *const known[] = {"hidden", "layers", "batch", "rate",       "lanes",     "shard",     "epochs",
                                      "train",  "valid",  "test",  "eval_every", "patience",  "data_seed", "particles",
                                      "depth",  "widen",  "width", "channels",   "categories"};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(known[i], option) == 0) return true;
  return false;
}

static weyl_status peer_same_work(weyl_context *ctx, const bench_train_ask *ask) {
  if (ask->symmetry && strcmp(ask->symmetry, "none") != 0)
    return weyl_fail(ctx, WEYL_UNSUPPORTED, "the peer has no symmetry \"%s\"", ask->symmetry);
  for (size_t i = 0; i < weyl_options_count(ask->options); i++) {
    const char *value, *name = weyl_options_at(ask->options, i, &value)->name;
    if (!weyl_options_is_default(ask->options, name) && !peer_knows(name))
      return weyl_fail(ctx, WEYL_UNSUPPORTED, "the peer has no option %s=%s", name, value);
  }
  return WEYL_OK;
}

static weyl_status peer_open(weyl_context *ctx, const bench_train_ask *ask, const bench_train *ours, bench_peer **out) {
  WEYL_TRY(peer_same_work(ctx, ask));
  static const char *const of_model[] = {"hidden", "layers", "depth", "widen", "width", "channels", "categories"};
  enum { OF_MODEL = sizeof of_model / sizeof of_model[0] };
  char batch[32], threads[32], bodies[32], chosen[OF_MODEL][48];
  const weyl_options *o = ask->options;
  snprintf(batch, sizeof batch, "%lld", (long long)ours->batch);
  snprintf(threads, sizeof threads, "%d", weyl_threads(ctx));
  const char *words[12 + OF_MODEL] = {"train", "--model", ask->model, "--batch", batch, "--threads", threads};
  size_t n = 7;
  if (weyl_options_has(o, "particles")) {
    snprintf(bodies, sizeof bodies, "%lld", (long long)weyl_options_integer(o, "particles"));
    words[n++] = "--bodies";
    words[n++] = bodies;
  }
  if (strcmp(ask->peer, "torch-compile") == 0) words[n++] = "--compile";
  for (int i = 0; i < OF_MODEL; i++) {
    if (!weyl_options_has(o, of_model[i])) continue;
    snprintf(chosen[i], sizeof chosen[i], "%s=%lld", of_model[i], (long long)weyl_options_integer(o, of_model[i]));
    words[n++] = chosen[i];
  }
  bench_peer *peer = NULL;
  WEYL_TRY(bench_peer_start(ctx, words, ask->verbose, &peer));
  const int64_t parameters = bench_peer_what(peer)->parameters;
  if (parameters != ours->params) {
    bench_peer_free(peer);
    return weyl_fail(ctx, WEYL_UNSUPPORTED, "the peer's model has %lld parameters, ours %lld: they are not the same",
                     (long long)parameters, (long long)ours->params);
  }
  *out = peer;
  return WEYL_OK;
}

/* Without its peer the rest of a comparison still stands; the message says what happened. */
static void peer_failed(weyl_context *ctx, bench_train *out) {
  snprintf(out->missing, sizeof out->missing, "%s", weyl_message(ctx));
  weyl_message_clear(ctx);
}

/* ---- in turn ---- */

typedef struct bout {
  side ours, single;
  bool has_single;
  bench_peer *peer;
  bench_samples peer_samples;
  bench_hand *hand;
  bench_samples hand_samples;
} bout;

static weyl_status hand_run(weyl_context *ctx, bout *b, double seconds, bench_train *out) {
  out->hand_useful = bench_hand_step(b->hand).flops; /* not timed, as for the others */
  for (const double end = weyl_seconds() + seconds;;) {
    const double wall = weyl_seconds(), cpu = weyl_cpu_seconds();
    bench_hand_step(b->hand);
    const double cpu_took = weyl_cpu_seconds() - cpu, now = weyl_seconds();
    WEYL_TRY(bench_samples_add(ctx, &b->hand_samples, now - wall, cpu_took));
    if (now >= end) return WEYL_OK;
  }
}

static weyl_status take_turns(weyl_context *ctx, const bench_train_ask *ask, weyl_dtype real, bout *b,
                              bench_train *out) {
  const double turn = ask->seconds / ROUNDS;
  double busiest = 0, unused = 0;
  for (int round = 0; round < ROUNDS; round++) {
    char what[64];
    snprintf(what, sizeof what, "round %d of %d", round + 1, ROUNDS);
    if (weyl_progress(ctx, what, round, ROUNDS)) return weyl_fail(ctx, WEYL_INTERRUPTED, "stopped");
    WEYL_TRY(side_run(&b->ours, turn, &busiest));
    if (b->has_single) WEYL_TRY(side_run(&b->single, turn, &unused));
    if (b->hand) WEYL_TRY(hand_run(ctx, b, turn, out));
    if (b->peer && bench_peer_run(b->peer, turn, &b->peer_samples) != WEYL_OK) {
      peer_failed(ctx, out);
      bench_peer_free(b->peer);
      b->peer = NULL;
    }
    const double peak = bench_peak(real, PEAK_SECONDS);
    if (peak > out->peak) out->peak = peak;
  }
  out->busiest = b->ours.samples.n > 0 ? busiest / (double)b->ours.samples.n : 0;
  return WEYL_OK;
}

/* A batch of the task's own samples: what is generated is the same on every machine. */
static weyl_status make_data(weyl_context *ctx, const bench_train_ask *ask, int64_t batch, weyl_splits *out) {
  if (!bench_task_of(ask->model)) return bench_images(ctx, ask->data, batch, &out->train);
  if (ask->data) return weyl_fail(ctx, WEYL_BAD_ARG, "model %s takes no images", ask->model);
  const weyl_options *given = ask->options;
  weyl_options *o = NULL;
  weyl_status status;
  const weyl_task_def *task = weyl_task_find(bench_task_of(ask->model));
  const weyl_set_def *set = weyl_set_find(task->set);
  weyl_splits made = {0};
  char text[32];
  snprintf(text, sizeof text, "%lld", (long long)batch);
  WEYL_GOTO(weyl_options_new(ctx, &o));
  WEYL_GOTO(weyl_options_declare(o, "data", set->options));
  WEYL_GOTO(weyl_options_set(o, "particles", weyl_options_string(given, "particles"), NULL));
  WEYL_GOTO(weyl_options_set(o, "train", text, NULL));
  WEYL_GOTO(weyl_options_set(o, "valid", "1", NULL));
  WEYL_GOTO(weyl_options_set(o, "test", "1", NULL));
  WEYL_GOTO(set->load(ctx, o, NULL, 1, &made));
  if (task->rows) {
    status = task->rows(ctx, made.train, given, &out->train);
  } else {
    *out = made;
    made = (weyl_splits){0};
  }
done:
  weyl_splits_free(&made);
  weyl_options_free(o);
  return status;
}

static weyl_status run(weyl_context *ctx, weyl_context *one, const bench_train_ask *ask, const weyl_dataset *set,
                       bout *b, bench_train *out) {
  const int64_t n = out->batch;
  int64_t *sample = weyl_alloc(ctx, (size_t)n, sizeof *sample);
  if (!sample) return WEYL_MEMORY;
  for (int64_t i = 0; i < n; i++) sample[i] = i;
  weyl_status status;
  WEYL_GOTO(side_open(&b->ours, ctx, ask, set, sample, n));
  if (one) {
    status = side_open(&b->single, one, ask, set, sample, n);
    if (status != WEYL_OK) {
      weyl_fail(ctx, status, "%s", weyl_message(one));
      goto done;
    }
    b->has_single = true;
  }
  out->params = weyl_variables_numbers(b->ours.vars, WEYL_PARAM);
  out->shards = b->ours.batch.shards;
  out->program = weyl_program_about(b->ours.program, b->ours.batch.count, out->shards);
  if (ask->by_hand) WEYL_GOTO(bench_hand_new(ctx, b->ours.vars, weyl_stepper_options(b->ours.stepper), set, &b->hand));
  if (ask->peer && peer_open(ctx, ask, out, &b->peer) != WEYL_OK) peer_failed(ctx, out);
  if (b->peer) out->about = *bench_peer_what(b->peer);
  WEYL_GOTO(take_turns(ctx, ask, weyl_variables_dtype(b->ours.vars), b, out));
  out->ours = bench_times_of(&b->ours.samples);
  out->single = bench_times_of(&b->single.samples);
  out->hand = bench_times_of(&b->hand_samples);
  if (b->peer) out->peer = bench_times_of(&b->peer_samples);
done:
  weyl_dealloc(ctx, sample);
  return status;
}

weyl_status bench_train_step(weyl_context *ctx, const bench_train_ask *ask, bench_train *out) {
  bench_train made = {.batch = weyl_options_integer(ask->options, "batch")};
  bout b = {0};
  weyl_splits splits = {0};
  weyl_context *one = NULL;
  weyl_status status;
  if (weyl_threads(ctx) > 1) {
    weyl_context_opts o = weyl_context_defaults();
    o.threads = 1;
    WEYL_GOTO(weyl_context_new(&o, &one));
  }
  WEYL_GOTO(make_data(ctx, ask, made.batch, &splits));
  snprintf(made.data, sizeof made.data, "%s",
           !bench_task_of(ask->model) ? weyl_dataset_name(splits.train) : bench_task_of(ask->model));
  WEYL_GOTO(run(ctx, one, ask, splits.train, &b, &made));
  *out = made;
done:
  bench_peer_free(b.peer);
  bench_samples_free(ctx, &b.peer_samples);
  bench_hand_free(b.hand);
  bench_samples_free(ctx, &b.hand_samples);
  side_close(&b.ours);
  side_close(&b.single);
  weyl_splits_free(&splits);
  weyl_context_free(one);
  return status;
}
