#include "evaluate.h"

#include <math.h>
#include <string.h>

/* Samples a run of the evaluation program: enough to keep the threads busy, little enough memory. */
#define SAMPLES_AT_ONCE 400

weyl_status train_evaluator_new(weyl_context *ctx, weyl_variables *vars, const weyl_task_def *task,
                                const weyl_model_def *model, const char *symmetry, const weyl_options *options,
                                const weyl_dataset *example, train_evaluator **out) {
  train_evaluator *e = weyl_alloc(ctx, 1, sizeof *e);
  if (e == NULL) return WEYL_MEMORY;
  *e = (train_evaluator){
      .ctx = ctx, .ahead = -1, .diagnostic = -1, .pairs = -1, .shard = weyl_options_integer(options, "shard")};

  weyl_status status;
  WEYL_GOTO(train_horizons_read(ctx, options, &e->horizons));
  WEYL_GOTO(weyl_graph_new(ctx, vars, false, &e->graph));
  e->traced = task->trace(e->graph, example, model, symmetry, options);
  WEYL_GOTO(weyl_graph_status(e->graph));

  weyl_tensor outputs[12];
  int n = 0;
  outputs[n++] = e->traced.prediction;
  for (int k = 0; k < e->traced.metrics; k++) {
    outputs[n++] = e->traced.value[k];
    outputs[n++] = e->traced.weight[k];
  }
  if (weyl_tensor_valid(e->traced.ahead)) {
    e->ahead = n;
    outputs[n++] = e->traced.ahead;
    e->errors = weyl_alloc(ctx, (size_t)train_future(e), sizeof *e->errors);
    status = e->errors != NULL ? WEYL_OK : WEYL_MEMORY;
    if (status != WEYL_OK) goto done;
  }
  if (weyl_tensor_valid(e->traced.diagnostic)) {
    e->diagnostic = n;
    outputs[n++] = e->traced.diagnostic;
  }
  if (weyl_tensor_valid(e->traced.pairs)) {
    e->pairs = n;
    outputs[n++] = e->traced.pairs;
  }
  weyl_program_opts opts = weyl_program_defaults();
  opts.lanes = (int)weyl_options_integer(options, "lanes");
  WEYL_GOTO(weyl_program_new(e->graph, outputs, n, &opts, &e->program));
  WEYL_GOTO(weyl_run_new(e->program, NULL, &e->run));
  *out = e;
  return WEYL_OK;
done:
  train_evaluator_free(e);
  return status;
}

void train_evaluator_free(train_evaluator *e) {
  if (e == NULL) return;
  weyl_run_free(e->run);
  weyl_run_free(e->shared);
  weyl_program_free(e->program);
  weyl_graph_free(e->graph);
  weyl_dealloc(e->ctx, e->errors);
  weyl_dealloc(e->ctx, e->order);
  weyl_dealloc(e->ctx, e);
}

int64_t train_prediction_width(const train_evaluator *e) {
  const weyl_shape shape = weyl_tensor_shape(e->traced.prediction);
  int64_t width = 1;
  for (int k = 1; k < shape.rank; k++) width *= shape.dim[k].n;
  return width;
}

weyl_rows_per train_prediction_per(const train_evaluator *e) {
  const weyl_shape shape = weyl_tensor_shape(e->traced.prediction);
  return shape.rank > 0 ? (weyl_rows_per)shape.dim[0].count : WEYL_PER_SAMPLE;
}

int64_t train_future(const train_evaluator *e) {
  return weyl_tensor_valid(e->traced.ahead) ? weyl_dim_of(e->traced.ahead, 1) : 0;
}

int64_t train_categories(const train_evaluator *e) {
  return weyl_tensor_valid(e->traced.pairs) ? weyl_dim_of(e->traced.pairs, 1) : 0;
}

static double number_at(const weyl_array *a, int64_t i) {
  return a->dtype == WEYL_F64 ? ((const double *)a->data)[i] : (double)((const float *)a->data)[i];
}

/* Copies output k of the last step to *to, which moves behind it; NULL: not wanted. */
static void take(const weyl_run *run, int k, double **to) {
  if (*to == NULL) return;
  const weyl_array y = weyl_run_output(run, k);
  const int64_t size = weyl_array_size(&y);
  for (int64_t i = 0; i < size; i++) *(*to)++ = number_at(&y, i);
}

static weyl_status order_room(train_evaluator *e, int64_t n) {
  if (n <= e->room) return WEYL_OK;
  int64_t *order = weyl_realloc(e->ctx, e->order, (size_t)n, sizeof *order);
  if (order == NULL) return WEYL_MEMORY;
  for (int64_t i = 0; i < n; i++) order[i] = i;
  e->order = order;
  e->room = n;
  return WEYL_OK;
}

static weyl_status make_ready(train_evaluator *e, weyl_loader *loader, const weyl_dataset *set, const weyl_comm *comm) {
  const int64_t n = weyl_dataset_samples(set);
  if (n < 1) return weyl_fail(e->ctx, WEYL_BAD_ARG, "data set %s has no samples to evaluate", weyl_dataset_name(set));
  weyl_loader_share(loader, comm != NULL ? comm->rank : 0, comm != NULL ? comm->size : 1);
  if (comm != NULL && e->shared == NULL) WEYL_TRY(weyl_run_new(e->program, comm, &e->shared));
  return order_room(e, n);
}

/* The next batch, unless somebody wants to stop. */
static weyl_status next_batch(train_evaluator *e, weyl_loader *loader, int64_t first, int64_t count, int64_t n,
                              const volatile int *stop, weyl_batch *batch) {
  if (stop != NULL && *stop != 0)
    return weyl_fail(e->ctx, WEYL_INTERRUPTED, "evaluation stopped after %lld of %lld samples", (long long)first,
                     (long long)n);
  return weyl_loader_fill(loader, e->order + first, count, 0, 0, batch);
}

/* Sums of the last step's errors at each frame. */
static void add_errors(train_evaluator *e, const weyl_run *run, int64_t samples) {
  const weyl_array a = weyl_run_output(run, e->ahead);
  const int64_t future = train_future(e);
  for (int64_t i = 0; i < samples; i++)
    for (int64_t f = 0; f < future; f++) e->errors[f] += number_at(&a, i * future + f);
}

/* The errors that the sums come to, and those among them that are metrics. */
static void finish_errors(train_evaluator *e, const weyl_dataset *set, double weight, const train_wanted *wanted,
                          train_evaluation *out) {
  const int64_t future = train_future(e);
  for (int64_t f = 0; f < future; f++) e->errors[f] = weight != 0 ? e->errors[f] / weight : 0;
  if (wanted != NULL && wanted->errors != NULL) memcpy(wanted->errors, e->errors, (size_t)future * sizeof *e->errors);
  for (int k = 0; k < e->horizons.count; k++) {
    const int64_t frame = train_horizon_frame(&e->horizons, k, set, future);
    if (frame < 0) continue;
    weyl_metric *m = &out->metric[out->metrics++];
    snprintf(m->name, sizeof m->name, "error at %.6g ms", e->horizons.ms[k]);
    m->value = e->errors[frame];
  }
}

weyl_status train_evaluate(train_evaluator *e, weyl_loader *loader, const weyl_dataset *set, const volatile int *stop,
                           const weyl_comm *comm, const train_wanted *wanted, train_evaluation *out) {
  weyl_status status = make_ready(e, loader, set, comm);
  WEYL_TRY(comm != NULL ? comm->agree(comm->self, e->ctx, status) : status);
  weyl_run *run = comm != NULL ? e->shared : e->run;
  const int64_t n = weyl_dataset_samples(set);
  double value[4] = {0}, weight[4] = {0}, gap = INFINITY;
  double *prediction = wanted != NULL ? wanted->prediction : NULL, *pairs = wanted != NULL ? wanted->pairs : NULL;
  if (e->ahead >= 0) memset(e->errors, 0, (size_t)train_future(e) * sizeof *e->errors);

  for (int64_t first = 0; first < n; first += SAMPLES_AT_ONCE) {
    const int64_t count = n - first < SAMPLES_AT_ONCE ? n - first : SAMPLES_AT_ONCE;
    weyl_batch batch;
    status = next_batch(e, loader, first, count, n, stop, &batch);
    WEYL_TRY(comm != NULL ? comm->agree(comm->self, e->ctx, status) : status);
    WEYL_TRY(weyl_run_step(run, &batch));
    for (int k = 0; k < e->traced.metrics; k++) {
      const weyl_array v = weyl_run_output(run, 1 + 2 * k), w = weyl_run_output(run, 2 + 2 * k);
      for (int64_t i = 0; i < count; i++) {
        value[k] += number_at(&v, i);
        weight[k] += number_at(&w, i);
      }
    }
    take(run, 0, &prediction);
    if (e->pairs >= 0) take(run, e->pairs, &pairs);
    if (e->ahead >= 0) add_errors(e, run, count);
    if (e->diagnostic >= 0) {
      const weyl_array d = weyl_run_output(run, e->diagnostic);
      for (int64_t i = 0; i < count; i++) gap = fmin(gap, number_at(&d, i));
    }
  }

  *out = (train_evaluation){.metrics = e->traced.metrics, .samples = n, .smallest_gap = gap};
  for (int k = 0; k < e->traced.metrics; k++) {
    snprintf(out->metric[k].name, sizeof out->metric[k].name, "%s", e->traced.metric[k]);
    out->metric[k].value = weight[k] != 0 ? value[k] / weight[k] : 0;
    if (e->traced.either[k]) out->metric[k].value = fmax(out->metric[k].value, 1 - out->metric[k].value);
  }
  if (e->ahead >= 0) finish_errors(e, set, weight[0], wanted, out);
  return WEYL_OK;
}
