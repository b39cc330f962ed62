/* weyl predict of motion: futures of windows as npz or rows of a table, and who interacts with whom as JSON. */
#include "predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct futures {
  cli *c;
  weyl_arena *arena;
  const weyl_dataset *set;                         /* rows */
  const double *guess;                             /* [nodes][heads][F][d] */
  const weyl_array *pairs;                         /* [edges][categories], or NULL */
  int64_t samples, frames, future, d, heads, most; /* most: agents of a sample */
  const int64_t *nodes, *edges;
} futures;

static const int32_t *places(const futures *f, const char *name) {
  const weyl_field *field = weyl_dataset_find(f->set, name);
  return field ? field->array.data : NULL;
}

/* Back to where the windows were: [nodes][frames][d]. */
static void move_back(const futures *f, double *x, int64_t frames) {
  const double *origin = weyl_dataset_find(f->set, "origin")->array.data;
  for (int64_t s = 0; s < f->samples; s++)
    for (int64_t r = f->nodes[s] * frames; r < f->nodes[s + 1] * frames; r++)
      for (int64_t k = 0; k < f->d; k++) x[r * f->d + k] += origin[s * f->d + k];
}

/* What the file calls the agents, a pointer for each number of the field id; NULL where there are none. */
static weyl_status find_ids(const futures *f, const char ***out) {
  const char *note = weyl_dataset_noted(f->set, "ids");
  *out = NULL;
  if (!note || !places(f, "id")) return WEYL_OK;
  int64_t n = 1;
  for (const char *c = note; *c; c++) n += *c == '\n';
  char *text = weyl_arena_strdup(f->arena, note);
  const char **name = weyl_arena_array(f->arena, const char *, n);
  if (!text || !name) return WEYL_MEMORY;
  for (int64_t k = 0; k < n; k++) {
    name[k] = text;
    text += strcspn(text, "\n");
    if (*text) *text++ = '\0';
  }
  *out = name;
  return WEYL_OK;
}

/* ---- npz ---- */

static weyl_status add(const futures *f, weyl_bundle *to, const char *name, weyl_dtype dtype, int rank,
                       const int64_t *dim, void *data) {
  weyl_array a = {.dtype = dtype, .rank = rank, .data = data};
  memcpy(a.dim, dim, (size_t)rank * sizeof *dim);
  if (!data) return weyl_fail(f->c->ctx, WEYL_MEMORY, "no memory for the array %s", name);
  return weyl_bundle_add(to, name, &a);
}

/* [nodes][size] -> [samples][most][size], zeros behind. */
static double *padded(const futures *f, const double *from, int64_t size) {
  double *to = weyl_arena_array(f->arena, double, f->samples * f->most * size + 1);
  for (int64_t s = 0; to && s < f->samples; s++)
    memcpy(to + s * f->most * size, from + f->nodes[s] * size,
           (size_t)((f->nodes[s + 1] - f->nodes[s]) * size) * sizeof *to);
  return to;
}

/* [edges][k] -> [samples][most][most][k], zeros on the diagonal and behind. */
static double *matrices(const futures *f) {
  const int64_t k = f->pairs->dim[1];
  const int32_t *i = weyl_dataset_find(f->set, "edge_i")->array.data,
                *j = weyl_dataset_find(f->set, "edge_j")->array.data;
  double *to = weyl_arena_array(f->arena, double, f->samples * f->most * f->most * k + 1);
  for (int64_t s = 0; to && s < f->samples; s++)
    for (int64_t e = f->edges[s]; e < f->edges[s + 1]; e++)
      memcpy(to + ((s * f->most + i[e]) * f->most + j[e]) * k, (const double *)f->pairs->data + e * k,
             (size_t)k * sizeof *to);
  return to;
}

static weyl_status fill_bundle(const futures *f, weyl_bundle *to) {
  const int64_t S = f->samples, N = f->most;
  int32_t *agents = weyl_arena_array(f->arena, int32_t, S + 1);
  for (int64_t s = 0; agents && s < S; s++) agents[s] = (int32_t)(f->nodes[s + 1] - f->nodes[s]);
  const double *seen = weyl_dataset_find(f->set, "past")->array.data;
  const int64_t size = f->nodes[S] * f->frames * f->d;
  double *past = weyl_arena_array(f->arena, double, size + 1);
  if (!past) return WEYL_MEMORY;
  memcpy(past, seen, (size_t)size * sizeof *past);
  move_back(f, past, f->frames);
  WEYL_TRY(add(f, to, "past", WEYL_F64, 4, (int64_t[]){S, N, f->frames, f->d}, padded(f, past, f->frames * f->d)));
  WEYL_TRY(add(f, to, "future", WEYL_F64, 5, (int64_t[]){S, N, f->heads, f->future, f->d},
               padded(f, f->guess, f->heads * f->future * f->d)));
  WEYL_TRY(add(f, to, "agents", WEYL_I32, 1, &S, agents));
  static const char *const name[] = {"scene", "start"};
  for (int k = 0; k < 2; k++) {
    const weyl_field *field = weyl_dataset_find(f->set, name[k]);
    if (field) WEYL_TRY(weyl_bundle_add(to, name[k], &field->array));
  }
  if (!f->pairs) return WEYL_OK;
  return add(f, to, "categories", WEYL_F64, 4, (int64_t[]){S, N, N, f->pairs->dim[1]}, matrices(f));
}

static weyl_status write_npz(const futures *f, const char *path) {
  weyl_bundle *bundle = NULL;
  WEYL_TRY(weyl_bundle_new(f->c->ctx, &bundle));
  weyl_status status = fill_bundle(f, bundle);
  if (status == WEYL_OK) status = weyl_npz_write(f->c->ctx, path, bundle);
  weyl_bundle_free(bundle);
  return status;
}

/* ---- rows ---- */

/* One row for each window, agent, guess and frame, but for what is not known. */
static weyl_status write_rows(const futures *f, const char *path) {
  enum { KEYS = 5, COLUMNS_MOST = KEYS + 8 };
  static const char *const coordinate[] = {"x", "y", "z"};
  const char *names[COLUMNS_MOST] = {"scene", "start", "agent", "guess", "frame"};
  double *column[COLUMNS_MOST];
  const double *view[COLUMNS_MOST];
  const int64_t rows = f->nodes[f->samples] * f->heads * f->future, d = f->d;
  const int32_t *scene = places(f, "scene"), *start = places(f, "start"), *id = places(f, "id");
  const char **name, **label = NULL;
  if (d > 8)
    return weyl_fail(f->c->ctx, WEYL_UNSUPPORTED,
                     "%s: rows hold at most 8 coordinates, these have %lld: "
                     "write an npz",
                     path, (long long)d);
  for (int k = 0; k < KEYS + (int)d; k++) {
    view[k] = column[k] = weyl_arena_array(f->arena, double, rows + 1);
    if (!column[k]) return WEYL_MEMORY;
    if (k >= KEYS) names[k] = d <= 3 ? coordinate[k - KEYS] : weyl_arena_printf(f->arena, "x%d", k - KEYS);
  }
  WEYL_TRY(find_ids(f, &name));
  if (name && !(label = weyl_arena_array(f->arena, const char *, rows + 1))) return WEYL_MEMORY;
  int64_t row = 0;
  for (int64_t s = 0; s < f->samples; s++)
    for (int64_t i = f->nodes[s]; i < f->nodes[s + 1]; i++)
      for (int64_t h = 0; h < f->heads; h++)
        for (int64_t t = 0; t < f->future; t++) {
          if (isnan(f->guess[((i * f->heads + h) * f->future + t) * d])) continue;
          const double key[KEYS] = {scene ? scene[s] : (double)s, start ? start[s] : 0, (double)(i - f->nodes[s]),
                                    (double)h, (double)(f->frames + t)};
          for (int k = 0; k < KEYS; k++) column[k][row] = key[k];
          for (int64_t k = 0; k < d; k++)
            column[KEYS + k][row] = f->guess[((i * f->heads + h) * f->future + t) * d + k];
          if (label) label[row] = name[id[i]];
          row++;
        }
  if (label)
    return weyl_table_write_labelled(f->c->ctx, path, (size_t)row, (size_t)(KEYS + d), names, view, "id", label);
  return weyl_table_write(f->c->ctx, path, (size_t)row, (size_t)(KEYS + d), names, view);
}

/* ---- graphs ---- */

static weyl_status write_text(weyl_context *ctx, const char *path, const char *text) {
  weyl_writer *writer = NULL;
  if (!text) return weyl_fail(ctx, WEYL_MEMORY, "no memory for %s", path);
  WEYL_TRY(weyl_writer_open(ctx, path, &writer));
  const weyl_status status = weyl_writer_write(writer, text, strlen(text));
  if (status == WEYL_OK) return weyl_writer_close(writer);
  weyl_writer_abandon(writer);
  return status;
}

/* {"categories": K, "scenes": [{"agents": N, "ids": [...], "pairs": [[i, j, c_0, c_1 ...], ...]}, ...]}: i receives,
 * j sends; ids where the file has them. */
static weyl_status write_graphs(const futures *f, const char *path) {
  if (!f->pairs)
    return weyl_fail(f->c->ctx, WEYL_BAD_ARG, "--graphs: the model says nothing of who interacts with whom");
  const int32_t *i = weyl_dataset_find(f->set, "edge_i")->array.data,
                *j = weyl_dataset_find(f->set, "edge_j")->array.data, *scene = places(f, "scene"),
                *start = places(f, "start"), *id = places(f, "id");
  const char **name;
  WEYL_TRY(find_ids(f, &name));
  weyl_json *json = weyl_json_new();
  if (!json) return weyl_fail(f->c->ctx, WEYL_MEMORY, "no memory for %s", path);
  weyl_json_object(json, NULL);
  weyl_json_integer(json, "categories", f->pairs->dim[1]);
  weyl_json_array(json, "scenes");
  for (int64_t s = 0; s < f->samples; s++) {
    weyl_json_object(json, NULL);
    if (scene) weyl_json_integer(json, "scene", scene[s]);
    if (start) weyl_json_integer(json, "start", start[s]);
    weyl_json_integer(json, "agents", f->nodes[s + 1] - f->nodes[s]);
    if (name) {
      weyl_json_array(json, "ids");
      for (int64_t r = f->nodes[s]; r < f->nodes[s + 1]; r++) weyl_json_string(json, NULL, name[id[r]]);
      weyl_json_end(json);
    }
    weyl_json_array(json, "pairs");
    for (int64_t e = f->edges[s]; e < f->edges[s + 1]; e++) {
      weyl_json_array(json, NULL);
      weyl_json_integer(json, NULL, i[e]);
      weyl_json_integer(json, NULL, j[e]);
      for (int64_t k = 0; k < f->pairs->dim[1]; k++)
        weyl_json_number(json, NULL, ((const double *)f->pairs->data)[e * f->pairs->dim[1] + k]);
      weyl_json_end(json);
    }
    weyl_json_end(json);
    weyl_json_end(json);
  }
  weyl_json_end(json);
  weyl_json_end(json);
  const weyl_status status = write_text(f->c->ctx, path, weyl_json_text(json));
  weyl_json_free(json);
  return status;
}

/* ---- the command ---- */

static bool ends_in(const char *text, const char *ending) {
  const size_t n = strlen(text), k = strlen(ending);
  return n >= k && strcmp(text + n - k, ending) == 0;
}

/* Neighbours of an ego were shown, and what the model says of their own futures was never trained: NaN. */
static void forget_neighbours(const futures *f, double *guess) {
  const weyl_field *counted = weyl_dataset_find(f->set, "counted");
  const int64_t size = f->heads * f->future * f->d;
  for (int64_t i = 0; counted && i < f->nodes[f->samples]; i++)
    for (int64_t k = 0; k < size && ((const double *)counted->array.data)[i] == 0; k++) guess[i * size + k] = NAN;
}

static weyl_status make(cli *c, weyl_trained *trained, const weyl_dataset *set, weyl_arena *arena) {
  const char *out = cli_string(c, "out"), *graphs = cli_string(c, "graphs");
  const weyl_array *past = &weyl_dataset_find(set, "past")->array, *target = &weyl_dataset_find(set, "target")->array;
  weyl_array guess, pairs;
  WEYL_TRY(weyl_trained_predict(trained, set, arena, &guess, NULL));
  const weyl_status known = weyl_trained_pairs(trained, set, arena, &pairs);
  if (known == WEYL_UNSUPPORTED)
    weyl_message_clear(c->ctx);
  else
    WEYL_TRY(known);
  futures f = {.c = c,
               .arena = arena,
               .set = set,
               .guess = guess.data,
               .pairs = known == WEYL_OK ? &pairs : NULL,
               .samples = weyl_dataset_samples(set),
               .frames = past->dim[1],
               .future = target->dim[1],
               .d = past->dim[2],
               .heads = guess.dim[1] / (target->dim[1] * target->dim[2]),
               .nodes = weyl_dataset_offsets(set, WEYL_PER_NODE),
               .edges = weyl_dataset_offsets(set, WEYL_PER_EDGE)};
  for (int64_t s = 0; s < f.samples; s++)
    if (f.nodes[s + 1] - f.nodes[s] > f.most) f.most = f.nodes[s + 1] - f.nodes[s];
  move_back(&f, guess.data, f.heads * f.future);
  forget_neighbours(&f, guess.data);
  if (out) WEYL_TRY(ends_in(out, ".csv") ? write_rows(&f, out) : write_npz(&f, out));
  if (graphs) WEYL_TRY(write_graphs(&f, graphs));

  weyl_json_string(c->result, "out", out);
  weyl_json_string(c->result, "graphs", graphs);
  weyl_json_integer(c->result, "samples", f.samples);
  weyl_json_integer(c->result, "guesses", f.heads);
  weyl_json_integer(c->result, "horizon", f.future);
  cli_say(c, "%lld windows, each %lld frames ahead", (long long)f.samples, (long long)f.future);
  if (f.heads > 1) cli_say(c, ", %lld guesses", (long long)f.heads);
  cli_say(c, ": %s%s%s\n", out ? out : "", out && graphs ? ", " : "", graphs ? graphs : "");
  return WEYL_OK;
}

weyl_status cli_predict_motion(cli *c, weyl_trained *trained) {
  const char *in = cli_string(c, "in");
  weyl_arena *arena = NULL;
  weyl_dataset *windows = NULL, *rows = NULL;
  const weyl_splits *splits = NULL;
  weyl_status status;
  const char *out = cli_string(c, "out");
  if (out && !ends_in(out, ".csv") && !ends_in(out, ".npz"))
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "--out %s: futures are written as .npz or .csv", out);
  WEYL_GOTO(weyl_arena_new(c->ctx, &arena));
  WEYL_GOTO(weyl_trained_splits(trained, &splits));
  if (in) {
    const weyl_options *o = weyl_trained_options(trained);
    WEYL_GOTO(weyl_motion_inputs(c->ctx, o, in, splits->train, &windows));
    WEYL_GOTO(weyl_trained_task(trained)->rows(c->ctx, windows, o, &rows));
  }
  status = make(c, trained, in ? rows : splits->test, arena);
done:
  weyl_dataset_free(rows);
  weyl_dataset_free(windows);
  weyl_arena_free(arena);
  return status;
}
