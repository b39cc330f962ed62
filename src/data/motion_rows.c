/* Motion windows as the samples that models are trained on: one row an agent, one an ordered pair, no padding. */
#include <weyl/data.h>

#include <stdlib.h>
#include <string.h>

typedef struct windows {
  const weyl_dataset *set;
  int64_t samples, room, d, frames, future; /* room: rows a sample has place for */
  const double *past, *target, *charge;
  const int32_t *agents, *edges;
  int64_t joints;
} windows;

/* The array of a field with the shape [samples] and `rank` more dimensions, or NULL; *bad: it is there and is not so.
 */
static const void *field_of(const weyl_dataset *set, const char *name, weyl_dtype dtype, int rank, const char **bad) {
  const weyl_field *f = weyl_dataset_find(set, name);
  if (!f) return NULL;
  if (f->per == WEYL_PER_SAMPLE && f->array.dtype == dtype && f->array.rank == 1 + rank) return f->array.data;
  *bad = name;
  return NULL;
}

static int64_t count_names(const char *list) {
  int64_t n = list && *list;
  for (; list && *list; list++) n += *list == '|';
  return n;
}

static weyl_status look(weyl_context *ctx, const weyl_dataset *set, windows *out) {
  const char *bad = NULL;
  windows w = {.set = set,
               .samples = weyl_dataset_samples(set),
               .past = field_of(set, "past", WEYL_F64, 3, &bad),
               .target = field_of(set, "future", WEYL_F64, 3, &bad),
               .charge = field_of(set, "charge", WEYL_F64, 1, &bad),
               .agents = field_of(set, "agents", WEYL_I32, 0, &bad),
               .edges = field_of(set, "edges", WEYL_I32, 2, &bad),
               .joints = count_names(weyl_dataset_noted(set, "joints"))};
  if (!bad && !w.past) bad = "past";
  if (!bad && !w.target) bad = "future";
  if (!bad && !w.agents) bad = "agents";
  if (bad) return weyl_fail(ctx, WEYL_SHAPE, "%s: field %s is not that of motion windows", weyl_dataset_name(set), bad);
  const weyl_array *past = &weyl_dataset_find(set, "past")->array, *target = &weyl_dataset_find(set, "future")->array;
  w.room = past->dim[1];
  w.frames = past->dim[2];
  w.future = target->dim[2];
  w.d = past->dim[3];
  if (target->dim[1] != w.room || target->dim[3] != w.d)
    return weyl_fail(ctx, WEYL_SHAPE, "%s: past has %lld agents in R^%lld, future %lld in R^%lld",
                     weyl_dataset_name(set), (long long)w.room, (long long)w.d, (long long)target->dim[1],
                     (long long)target->dim[3]);
  for (int64_t s = 0; s < w.samples; s++)
    if (w.agents[s] < 1 || w.agents[s] > w.room)
      return weyl_fail(ctx, WEYL_FORMAT, "%s, window %lld: %d agents, must be 1 to %lld", weyl_dataset_name(set),
                       (long long)s, w.agents[s], (long long)w.room);
  if (w.joints > 0 && w.joints != w.room)
    return weyl_fail(ctx, WEYL_SHAPE, "%s: %lld names of joints and %lld agents", weyl_dataset_name(set),
                     (long long)w.joints, (long long)w.room);
  *out = w;
  return WEYL_OK;
}

static weyl_status set_counts(weyl_arena *arena, const windows *w, weyl_dataset *out) {
  int64_t *nodes = weyl_arena_array(arena, int64_t, w->samples + 1),
          *edges = weyl_arena_array(arena, int64_t, w->samples + 1);
  if (!nodes || !edges) return WEYL_MEMORY;
  for (int64_t s = 0; s < w->samples; s++) {
    const int64_t n = w->agents[s];
    nodes[s + 1] = nodes[s] + n;
    edges[s + 1] = edges[s] + n * (n - 1);
  }
  WEYL_TRY(weyl_dataset_set_offsets(out, WEYL_PER_NODE, nodes));
  return weyl_dataset_set_offsets(out, WEYL_PER_EDGE, edges);
}

/* Rows of agents, `size` numbers each; *at: the array, or NULL. */
static weyl_status add_agents(const windows *w, const char *name, int rank, const int64_t *dim, const double *from,
                              weyl_dataset *out, double **at) {
  weyl_array to;
  int64_t size = 1;
  for (int k = 0; k < rank; k++) size *= dim[k];
  WEYL_TRY(weyl_dataset_add(out, name, WEYL_PER_NODE, WEYL_F64, rank, dim, "", &to));
  const int64_t *nodes = weyl_dataset_offsets(out, WEYL_PER_NODE);
  for (int64_t s = 0; s < w->samples; s++)
    memcpy((double *)to.data + nodes[s] * size, from + s * w->room * size,
           (size_t)(w->agents[s] * size) * sizeof(double));
  if (at) *at = to.data;
  return WEYL_OK;
}

/* Rows of frames: their mean [d] goes to `mean`. */
static void mean_of(const double *x, int64_t rows, int64_t d, double *mean) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t k = 0; k < d; k++) mean[k] += x[r * d + k] / (double)rows;
}
static void subtract(double *x, int64_t rows, int64_t d, const double *mean) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t k = 0; k < d; k++) x[r * d + k] -= mean[k];
}

/* Positions less the mean of what was seen of the window: in single precision a far origin would cost their digits. */
static weyl_status add_positions(const windows *w, weyl_dataset *out) {
  double *past, *target;
  weyl_array origin;
  WEYL_TRY(add_agents(w, "past", 2, (int64_t[]){w->frames, w->d}, w->past, out, &past));
  WEYL_TRY(add_agents(w, "target", 2, (int64_t[]){w->future, w->d}, w->target, out, &target));
  WEYL_TRY(weyl_dataset_add(out, "origin", WEYL_PER_SAMPLE, WEYL_F64, 1, &w->d, "", &origin));
  const int64_t *nodes = weyl_dataset_offsets(out, WEYL_PER_NODE);
  for (int64_t s = 0; s < w->samples; s++) {
    const int64_t n = nodes[s + 1] - nodes[s];
    double *mean = (double *)origin.data + s * w->d, *x = past + nodes[s] * w->frames * w->d;
    mean_of(x, n * w->frames, w->d, mean);
    subtract(x, n * w->frames, w->d, mean);
    subtract(target + nodes[s] * w->future * w->d, n * w->future, w->d, mean);
  }
  return WEYL_OK;
}

static weyl_status add_pairs(const windows *w, weyl_dataset *out) {
  weyl_array edge_i, edge_j, label = {0};
  WEYL_TRY(weyl_dataset_add(out, "edge_i", WEYL_PER_EDGE, WEYL_I32, 0, NULL, "", &edge_i));
  WEYL_TRY(weyl_dataset_add(out, "edge_j", WEYL_PER_EDGE, WEYL_I32, 0, NULL, "", &edge_j));
  if (w->edges) WEYL_TRY(weyl_dataset_add(out, "edge_label", WEYL_PER_EDGE, WEYL_I32, 0, NULL, "", &label));
  int64_t e = 0;
  for (int64_t s = 0; s < w->samples; s++) {
    for (int32_t i = 0; i < w->agents[s]; i++) {
      for (int32_t j = 0; j < w->agents[s]; j++) {
        if (i == j) continue;
        ((int32_t *)edge_i.data)[e] = i;
        ((int32_t *)edge_j.data)[e] = j;
        if (w->edges) ((int32_t *)label.data)[e] = w->edges[(s * w->room + i) * w->room + j];
        e++;
      }
    }
  }
  return WEYL_OK;
}

/* One for each joint by its number, and what its error weighs. */
static weyl_status add_joints(weyl_context *ctx, const windows *w, weyl_dataset *out) {
  weyl_array joint, weight;
  WEYL_TRY(weyl_dataset_add(out, "joint", WEYL_PER_NODE, WEYL_F64, 1, &w->joints, "", &joint));
  const int64_t *nodes = weyl_dataset_offsets(out, WEYL_PER_NODE);
  for (int64_t s = 0; s < w->samples; s++)
    for (int64_t i = nodes[s]; i < nodes[s + 1]; i++) ((double *)joint.data)[i * w->joints + i - nodes[s]] = 1;
  const char *text = weyl_dataset_noted(w->set, "joint_weights");
  if (!text) return WEYL_OK;
  WEYL_TRY(weyl_dataset_add(out, "metric_weight", WEYL_PER_NODE, WEYL_F64, 0, NULL, "", &weight));
  double *at = weight.data;
  for (int64_t k = 0; k < w->joints; k++) {
    char *end;
    const double value = strtod(text, &end) * (double)w->joints;
    if (end == text)
      return weyl_fail(ctx, WEYL_FORMAT, "%s: %lld weights of %lld joints", weyl_dataset_name(w->set), (long long)k,
                       (long long)w->joints);
    text = end;
    for (int64_t s = 0; s < w->samples; s++)
      if (k < w->agents[s]) at[nodes[s] + k] = value;
  }
  return WEYL_OK;
}

/* The first agent of each window counts alone. */
static weyl_status add_ego(const windows *w, weyl_dataset *out) {
  weyl_array counted;
  WEYL_TRY(weyl_dataset_add(out, "counted", WEYL_PER_NODE, WEYL_F64, 0, NULL, "", &counted));
  const int64_t *nodes = weyl_dataset_offsets(out, WEYL_PER_NODE);
  for (int64_t s = 0; s < w->samples; s++) ((double *)counted.data)[nodes[s]] = 1;
  return WEYL_OK;
}

static weyl_status add_scale(const windows *w, double scale, weyl_dataset *out) {
  weyl_array a;
  WEYL_TRY(weyl_dataset_add(out, "metric_scale", WEYL_PER_SAMPLE, WEYL_F64, 0, NULL, "", &a));
  for (int64_t s = 0; s < w->samples; s++) ((double *)a.data)[s] = scale;
  return WEYL_OK;
}

/* Where a window was cut out. */
static weyl_status carry_places(const windows *w, weyl_dataset *out) {
  static const char *const name[] = {"scene", "start"};
  for (int k = 0; k < 2; k++) {
    const char *bad = NULL;
    const int32_t *from = field_of(w->set, name[k], WEYL_I32, 0, &bad);
    weyl_array to;
    if (!from) continue;
    WEYL_TRY(weyl_dataset_add(out, name[k], WEYL_PER_SAMPLE, WEYL_I32, 0, NULL, "", &to));
    memcpy(to.data, from, (size_t)w->samples * sizeof *from);
  }
  return WEYL_OK;
}

/* Which agent of the note ids each row is. */
static weyl_status carry_ids(const windows *w, weyl_dataset *out) {
  const char *bad = NULL;
  const int32_t *from = field_of(w->set, "id", WEYL_I32, 1, &bad);
  weyl_array to;
  if (!from) return WEYL_OK;
  WEYL_TRY(weyl_dataset_add(out, "id", WEYL_PER_NODE, WEYL_I32, 0, NULL, "", &to));
  const int64_t *nodes = weyl_dataset_offsets(out, WEYL_PER_NODE);
  for (int64_t s = 0; s < w->samples; s++)
    memcpy((int32_t *)to.data + nodes[s], from + s * w->room, (size_t)w->agents[s] * sizeof *from);
  return WEYL_OK;
}

static weyl_status carry_notes(const weyl_dataset *from, weyl_dataset *out) {
  static const char *const key[] = {"source",  "units",  "time_step", "time_unit", "edge_classes", "joints",
                                    "parents", "scenes", "seed",      "ids",       "root",         "joint_weights"};
  for (size_t k = 0; k < sizeof key / sizeof *key; k++) {
    const char *value = weyl_dataset_noted(from, key[k]);
    if (value) WEYL_TRY(weyl_dataset_note(out, key[k], value));
  }
  return WEYL_OK;
}

static weyl_status fill(weyl_context *ctx, weyl_arena *arena, const windows *w, bool charges, weyl_dataset *out) {
  static const int64_t one = 1;
  WEYL_TRY(set_counts(arena, w, out));
  WEYL_TRY(add_positions(w, out));
  WEYL_TRY(add_pairs(w, out));
  if (charges && w->charge) WEYL_TRY(add_agents(w, "node_scalar", 1, &one, w->charge, out, NULL));
  if (w->joints > 0) WEYL_TRY(add_joints(ctx, w, out));
  const char *ego = weyl_dataset_noted(w->set, "ego"), *scale = weyl_dataset_noted(w->set, "scale");
  if (ego && strcmp(ego, "true") == 0) WEYL_TRY(add_ego(w, out));
  WEYL_TRY(add_scale(w, scale ? strtod(scale, NULL) : 1, out));
  WEYL_TRY(carry_places(w, out));
  WEYL_TRY(carry_ids(w, out));
  return carry_notes(w->set, out);
}

weyl_status weyl_motion_rows(weyl_context *ctx, const weyl_dataset *set, bool charges, weyl_dataset **out) {
  windows w;
  weyl_arena *arena = NULL;
  weyl_dataset *made = NULL;
  weyl_status status;
  WEYL_TRY(look(ctx, set, &w));
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(weyl_dataset_new(ctx, weyl_dataset_name(set), w.samples, &made));
  WEYL_GOTO(fill(ctx, arena, &w, charges, made));
  *out = made;
  made = NULL;
done:
  weyl_dataset_free(made);
  weyl_arena_free(arena);
  return status;
}
