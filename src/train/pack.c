#include "pack.h"

#include <string.h>

static bool names_node(const char *name) { return strcmp(name, "edge_i") == 0 || strcmp(name, "edge_j") == 0; }

static int64_t width_of(const weyl_field *f) {
  int64_t width = 1;
  for (int k = 1; k < f->array.rank; k++) width *= f->array.dim[k];
  return width;
}

/* How the field transforms: as the task says, or not at all. */
static weyl_action action_of(const weyl_task_def *task, const weyl_field *f) {
  for (const weyl_task_field *t = task->fields; t != NULL && t->name != NULL; t++)
    if (strcmp(t->name, f->name) == 0) return t->action;
  if (f->per == WEYL_PER_EDGE) return WEYL_ACT_PAIR;
  return f->per == WEYL_PER_NODE ? WEYL_ACT_SCALAR : WEYL_ACT_GLOBAL_SCALAR;
}

weyl_status train_packing_make(weyl_context *ctx, weyl_arena *arena, const weyl_task_def *task, const weyl_dataset *set,
                               train_packing *out) {
  (void)ctx;
  const size_t fields = weyl_dataset_fields(set);
  train_packing p = {.set = set};
  p.slot = weyl_arena_array(arena, weyl_audit_slot, fields + 1);
  p.field = weyl_arena_array(arena, const weyl_field *, fields + 1);
  if (p.slot == NULL || p.field == NULL) return WEYL_MEMORY;
  for (size_t i = 0; i < fields; i++) {
    const weyl_field *f = weyl_dataset_field(set, i);
    if (names_node(f->name) || strcmp(f->name, "target") == 0) continue;
    p.field[p.slots] = f;
    p.slot[p.slots++] = (weyl_audit_slot){f->name, action_of(task, f), width_of(f)};
  }
  if (weyl_dataset_find(set, "edge_i") != NULL && weyl_dataset_find(set, "edge_j") != NULL)
    p.slot[p.slots++] = (weyl_audit_slot){"edges", WEYL_ACT_PAIR, 1};
  *out = p;
  return WEYL_OK;
}

static double number_at(const weyl_array *a, int64_t i) {
  if (a->dtype == WEYL_F64) return ((const double *)a->data)[i];
  if (a->dtype == WEYL_F32) return (double)((const float *)a->data)[i];
  return ((const int32_t *)a->data)[i];
}

static void put_number(const weyl_array *a, int64_t i, double value) {
  if (a->dtype == WEYL_F64)
    ((double *)a->data)[i] = value;
  else if (a->dtype == WEYL_F32)
    ((float *)a->data)[i] = (float)value;
  else
    ((int32_t *)a->data)[i] = (int32_t)value;
}

/* ---- packing
 * --------------------------------------------------------------------------------------------------------- */

static weyl_status pack_pairs(weyl_context *ctx, weyl_arena *arena, const train_packing *p, int k, int64_t sample,
                              int64_t n, double **out) {
  const int64_t width = p->slot[k].width, *edges = weyl_dataset_offsets(p->set, WEYL_PER_EDGE);
  double *dense = weyl_arena_array(arena, double, (size_t)n *(size_t)n *(size_t)width + 1);
  if (dense == NULL) return WEYL_MEMORY;
  const int32_t *i = weyl_dataset_find(p->set, "edge_i")->array.data,
                *j = weyl_dataset_find(p->set, "edge_j")->array.data;
  for (int64_t e = edges[sample]; e < edges[sample + 1]; e++) {
    if (i[e] < 0 || i[e] >= n || j[e] < 0 || j[e] >= n)
      return weyl_fail(ctx, WEYL_FORMAT, "sample %lld: edge %d %d among %lld nodes", (long long)sample, i[e], j[e],
                       (long long)n);
    double *at = dense + (i[e] * n + j[e]) * width;
    if (p->field[k] == NULL && *at != 0)
      return weyl_fail(ctx, WEYL_UNSUPPORTED,
                       "sample %lld: nodes %d and %d are joined twice, which this audit cannot follow",
                       (long long)sample, i[e], j[e]);
    for (int64_t c = 0; c < width; c++) at[c] = p->field[k] != NULL ? number_at(&p->field[k]->array, e * width + c) : 1;
  }
  *out = dense;
  return WEYL_OK;
}

weyl_status train_pack(weyl_context *ctx, weyl_arena *arena, const train_packing *p, int64_t sample,
                       weyl_audit_sample *out) {
  const int64_t *nodes = weyl_dataset_offsets(p->set, WEYL_PER_NODE);
  const int64_t n = nodes != NULL ? nodes[sample + 1] - nodes[sample] : 1;
  double **input = weyl_arena_array(arena, double *, p->slots);
  if (input == NULL) return WEYL_MEMORY;
  for (int k = 0; k < p->slots; k++) {
    if (p->slot[k].action == WEYL_ACT_PAIR) {
      WEYL_TRY(pack_pairs(ctx, arena, p, k, sample, n, &input[k]));
      continue;
    }
    const weyl_field *f = p->field[k];
    const int64_t *offsets = weyl_dataset_offsets(p->set, f->per), width = p->slot[k].width;
    const int64_t size = (offsets[sample + 1] - offsets[sample]) * width;
    input[k] = weyl_arena_array(arena, double, size + 1);
    if (input[k] == NULL) return WEYL_MEMORY;
    for (int64_t i = 0; i < size; i++) input[k][i] = number_at(&f->array, offsets[sample] * width + i);
  }
  *out = (weyl_audit_sample){n, (const double *const *)input};
  return WEYL_OK;
}

/* ---- unpacking
 * -------------------------------------------------------------------------------------------------------- */

static weyl_status set_offsets(weyl_context *ctx, const train_packing *p, int64_t count,
                               const weyl_audit_sample *samples, weyl_dataset *made) {
  weyl_arena *arena = NULL;
  WEYL_TRY(weyl_arena_new(ctx, &arena));
  weyl_status status = WEYL_MEMORY;
  int64_t *nodes = weyl_arena_array(arena, int64_t, count + 1), *edges = weyl_arena_array(arena, int64_t, count + 1);
  if (nodes == NULL || edges == NULL) goto done;
  const bool joined = p->slots > 0 && p->field[p->slots - 1] == NULL;
  for (int64_t s = 0; s < count; s++) {
    const int64_t n = samples[s].n;
    nodes[s + 1] = nodes[s] + n;
    edges[s + 1] = edges[s];
    for (int64_t i = 0; joined && i < n * n; i++) edges[s + 1] += samples[s].input[p->slots - 1][i] != 0;
  }
  status = WEYL_OK;
  if (weyl_dataset_offsets(p->set, WEYL_PER_NODE) != NULL)
    WEYL_GOTO(weyl_dataset_set_offsets(made, WEYL_PER_NODE, nodes));
  if (weyl_dataset_offsets(p->set, WEYL_PER_EDGE) != NULL)
    WEYL_GOTO(weyl_dataset_set_offsets(made, WEYL_PER_EDGE, edges));
done:
  weyl_arena_free(arena);
  return status;
}

/* Edges in the order of their receivers, then senders. */
static void fill_pairs(const train_packing *p, int k, int64_t count, const weyl_audit_sample *samples,
                       const weyl_array *i_out, const weyl_array *j_out, const weyl_array *values) {
  const int64_t width = p->slot[k].width;
  int64_t e = 0;
  for (int64_t s = 0; s < count; s++) {
    const int64_t n = samples[s].n;
    const double *joined = samples[s].input[p->slots - 1];
    for (int64_t i = 0; i < n * n; i++) {
      if (joined[i] == 0) continue;
      if (p->field[k] == NULL) {
        ((int32_t *)i_out->data)[e] = (int32_t)(i / n);
        ((int32_t *)j_out->data)[e] = (int32_t)(i % n);
      } else {
        for (int64_t c = 0; c < width; c++) put_number(values, e * width + c, samples[s].input[k][i * width + c]);
      }
      e++;
    }
  }
}

static weyl_status fill(const train_packing *p, int64_t count, const weyl_audit_sample *samples, weyl_dataset *made) {
  /* every field of the set, in its order; then values for those with a slot */
  for (size_t i = 0; i < weyl_dataset_fields(p->set); i++) {
    const weyl_field *f = weyl_dataset_field(p->set, i);
    weyl_array array;
    WEYL_TRY(
        weyl_dataset_add(made, f->name, f->per, f->array.dtype, f->array.rank - 1, f->array.dim + 1, f->unit, &array));
  }
  for (int k = 0; k < p->slots; k++) {
    if (p->field[k] == NULL) {
      fill_pairs(p, k, count, samples, &weyl_dataset_find(made, "edge_i")->array,
                 &weyl_dataset_find(made, "edge_j")->array, NULL);
      continue;
    }
    const weyl_array *array = &weyl_dataset_find(made, p->field[k]->name)->array;
    if (p->slot[k].action == WEYL_ACT_PAIR) {
      fill_pairs(p, k, count, samples, NULL, NULL, array);
      continue;
    }
    int64_t at = 0;
    for (int64_t s = 0; s < count; s++) {
      const int64_t rows = p->field[k]->per == WEYL_PER_SAMPLE ? 1 : samples[s].n;
      for (int64_t i = 0; i < rows * p->slot[k].width; i++) put_number(array, at++, samples[s].input[k][i]);
    }
  }
  return WEYL_OK;
}

weyl_status train_unpack(weyl_context *ctx, const train_packing *p, int64_t count, const weyl_audit_sample *samples,
                         weyl_dataset **out) {
  weyl_dataset *made = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_dataset_new(ctx, "audit", count, &made));
  WEYL_GOTO(set_offsets(ctx, p, count, samples, made));
  WEYL_GOTO(fill(p, count, samples, made));
  *out = made;
  return WEYL_OK;
done:
  weyl_dataset_free(made);
  return status;
}
