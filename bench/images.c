/* The training step of an image model, and images to feed it with. */
#include "bench.h"

#include <string.h>

enum { SIDE = 32, CHANNELS = 3, CLASSES = 10 };

weyl_status bench_image_step(weyl_context *ctx, const bench_train_ask *ask, bench_step *out) {
  bench_step s = {0};
  weyl_status status;
  const weyl_model_def *model = weyl_model_find(ask->model);
  const bool f64 = strcmp(weyl_options_string(ask->options, "dtype"), "f64") == 0;
  WEYL_GOTO(weyl_variables_new(ctx, f64 ? WEYL_F64 : WEYL_F32, ask->seed, &s.vars));
  WEYL_GOTO(weyl_graph_new(ctx, s.vars, true, &s.graph));
  const weyl_tensor x =
      weyl_input(s.graph, "image", weyl_graph_dtype(s.graph),
                 WEYL_SHAPE(weyl_per(WEYL_BATCH), weyl_num(SIDE), weyl_num(SIDE), weyl_num(CHANNELS)));
  const weyl_tensor label = weyl_input(s.graph, "label", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_BATCH)));
  const weyl_tensor loss = weyl_loss_cross_entropy(model->image(s.graph, x, CLASSES, ask->options), label);
  const weyl_tensor outputs[2] = {loss, weyl_optimiser_trace(s.graph, loss, ask->options)};
  WEYL_GOTO(weyl_graph_status(s.graph));
  weyl_program_opts opts = weyl_program_defaults();
  opts.assigns = true;
  opts.lanes = (int)weyl_options_integer(ask->options, "lanes");
  WEYL_GOTO(weyl_program_new(s.graph, outputs, 2, &opts, &s.program));
  *out = s;
  s = (bench_step){0};
done:
  bench_step_free(&s);
  return status;
}

void bench_step_free(bench_step *s) {
  weyl_program_free(s->program);
  weyl_graph_free(s->graph);
  weyl_variables_free(s->vars);
  *s = (bench_step){0};
}

static weyl_status random_images(weyl_context *ctx, int64_t n, weyl_dataset **out) {
  weyl_dataset *set = NULL;
  weyl_status status;
  weyl_array image, label;
  WEYL_GOTO(weyl_dataset_new(ctx, "random images", n, &set));
  WEYL_GOTO(weyl_dataset_add(set, "image", WEYL_PER_SAMPLE, WEYL_F32, 3, (const int64_t[]){SIDE, SIDE, CHANNELS}, "",
                             &image));
  WEYL_GOTO(weyl_dataset_add(set, "label", WEYL_PER_SAMPLE, WEYL_I32, 0, NULL, "", &label));
  weyl_rng rng = weyl_rng_new(1, "images");
  for (int64_t i = 0; i < n * SIDE * SIDE * CHANNELS; i++) ((float *)image.data)[i] = (float)weyl_rng_normal(&rng);
  for (int64_t i = 0; i < n; i++) ((int32_t *)label.data)[i] = (int32_t)weyl_rng_below(&rng, CLASSES);
  *out = set;
  set = NULL;
done:
  weyl_dataset_free(set);
  return status;
}

weyl_status bench_images(weyl_context *ctx, const char *path, int64_t n, weyl_dataset **out) {
  if (!path) return random_images(ctx, n, out);
  weyl_dataset *set = NULL;
  WEYL_TRY(weyl_cifar10_read(ctx, path, n, &set));
  const int64_t has = weyl_dataset_samples(set);
  if (has < n) {
    weyl_dataset_free(set);
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s has %lld images, a batch takes %lld", path, (long long)has, (long long)n);
  }
  *out = set;
  return WEYL_OK;
}
