/* Batches: samples of a data set, laid out in shards for one program. */
#include <weyl/train.h>

#include <limits.h>
#include <math.h>
#include <string.h>

/* Shards come in multiples of this where a batch has that many samples, so that the usual number of lanes is dealt
 * alike. */
#define SHARDS_MULTIPLE 4

typedef enum source {
  FROM_FIELD,       /* a field of the data */
  FROM_NODE_INDEX,  /* a field of node numbers within the sample: made local to the shard */
  FROM_VALUE,       /* a whole number set by weyl_loader_set */
  MAKE_NODE_SAMPLE, /* the node's sample in the shard */
  MAKE_EDGE_SAMPLE, /* the edge's sample in the shard */
  MAKE_NODE_KEY,    /* the node's number in the batch */
  MAKE_SAMPLE_KEY   /* the sample's number in the batch */
} source;

typedef struct feed {
  source source;
  int count;        /* which count it has rows of; 0: whole */
  weyl_dtype dtype; /* of the program's input */
  int64_t width;    /* numbers a row */
  const weyl_array *from;
  void *data;
  size_t room; /* rows that fit */
  bool set;    /* FROM_VALUE */
} feed;

struct weyl_loader {
  weyl_context *ctx;
  const weyl_dataset *dataset;
  const weyl_program *program;
  const int64_t *offsets[WEYL_COUNTS]; /* NULL: the data have no such rows */
  int64_t shard_samples;               /* given, or by formula (most) */
  bool fixed;
  int rank, ranks;
  int feeds;
  feed *feed;
  const void **input;
  int64_t (*count)[WEYL_COUNTS];
  int64_t *shard_first; /* [shards + 1]: place in the list of samples */
  size_t shard_room;
};

static const struct {
  const char *name;
  source source;
  int count;
} made[] = {
    {"node_sample", MAKE_NODE_SAMPLE, WEYL_NODES},
    {"edge_sample", MAKE_EDGE_SAMPLE, WEYL_EDGES},
    {"node_key", MAKE_NODE_KEY, WEYL_NODES},
    {"sample_key", MAKE_SAMPLE_KEY, WEYL_BATCH},
};
static const char *const node_index[] = {"edge_i", "edge_j"};

static weyl_status wrong_shape(weyl_context *ctx, const char *name, const weyl_shape *shape, const char *expected) {
  char text[160];
  return weyl_fail(ctx, WEYL_SHAPE, "input %s is %s, must be %s", name, weyl_shape_text(shape, text), expected);
}

/* How input i of the program is fed. */
static weyl_status plan_feed(weyl_loader *l, int i) {
  weyl_context *ctx = l->ctx;
  feed *f = &l->feed[i];
  const char *name = weyl_program_input_name(l->program, i);
  const weyl_shape shape = weyl_program_input_shape(l->program, i);
  *f = (feed){.dtype = weyl_program_input_dtype(l->program, i), .width = 1};

  if (shape.rank == 0 || shape.dim[0].count == WEYL_NUMBER) {
    for (int k = 0; k < shape.rank; k++) f->width *= shape.dim[k].n;
    if (f->width != 1) return wrong_shape(ctx, name, &shape, "a number, or have the rows of samples, nodes or edges");
    f->source = FROM_VALUE;
    f->data = weyl_alloc(ctx, 1, weyl_dtype_size(f->dtype));
    return f->data != NULL ? WEYL_OK : WEYL_MEMORY;
  }
  f->count = shape.dim[0].count;
  if (shape.dim[0].n != 1 || f->count >= WEYL_COUNTS)
    return wrong_shape(ctx, name, &shape, "one row a sample, node or edge");
  for (int k = 1; k < shape.rank; k++) f->width *= shape.dim[k].n;

  for (size_t k = 0; k < sizeof made / sizeof *made; k++) {
    if (strcmp(made[k].name, name) != 0) continue;
    if (f->count != made[k].count || f->width != 1 || f->dtype != WEYL_I32)
      return wrong_shape(ctx, name, &shape, "one i32 a row");
    f->source = made[k].source;
    return WEYL_OK;
  }

  const weyl_field *field = weyl_dataset_find(l->dataset, name);
  if (field == NULL)
    return weyl_fail(ctx, WEYL_UNKNOWN, "data set %s has no field %s", weyl_dataset_name(l->dataset), name);
  int64_t width = 1;
  for (int k = 1; k < field->array.rank; k++) width *= field->array.dim[k];
  if ((int)field->per != f->count || width != f->width) {
    char expected[120];
    snprintf(expected, sizeof expected, "%lld numbers a %s, as field %s of %s", (long long)width,
             field->per == WEYL_PER_SAMPLE ? "sample"
             : field->per == WEYL_PER_NODE ? "node"
                                           : "edge",
             name, weyl_dataset_name(l->dataset));
    return wrong_shape(ctx, name, &shape, expected);
  }
  const bool whole_numbers = field->array.dtype == WEYL_I32;
  if (f->dtype == WEYL_I32 && !whole_numbers)
    return weyl_fail(ctx, WEYL_DTYPE, "input %s is i32, but field %s of %s is %s", name, name,
                     weyl_dataset_name(l->dataset), weyl_dtype_name(field->array.dtype));
  f->source = FROM_FIELD;
  f->from = &field->array;
  for (size_t k = 0; k < sizeof node_index / sizeof *node_index; k++)
    if (strcmp(node_index[k], name) == 0 && f->dtype == WEYL_I32) f->source = FROM_NODE_INDEX;
  return WEYL_OK;
}

/* From so many phases on a step keeps most of what it makes for the whole batch, and a shard is what one phase works on
 * (the weights' gradients among it, however few its samples). */
#define MANY_PHASES 8

/* Whether so many samples of mean size make a shard. */
static bool shard_fits(const weyl_loader *l, int64_t samples) {
  const int64_t n = weyl_dataset_samples(l->dataset);
  int64_t count[WEYL_COUNTS] = {0};
  for (int c = 1; c < WEYL_COUNTS; c++)
    if (l->offsets[c] != NULL) count[c] = (int64_t)ceil((double)l->offsets[c][n] / (double)n * (double)samples);
  if (weyl_program_bytes(l->program, count) <= WEYL_SHARD_BYTES) return true;
  const weyl_program_stats about = weyl_program_about(l->program, (const int64_t(*)[WEYL_COUNTS]) & count, 1);
  return about.phases >= MANY_PHASES && about.workspace <= 2 * WEYL_SHARD_BYTES;
}

/* Samples a shard: the most that fit. */
static int64_t samples_by_formula(const weyl_loader *l) {
  const int64_t n = weyl_dataset_samples(l->dataset);
  if (n < 1) return 1;
  int64_t low = 1, high = 2; /* low fits, or is 1; high is not known to */
  while (shard_fits(l, high)) {
    if (high >= n) return n;
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    if (shard_fits(l, middle))
      low = middle;
    else
      high = middle;
  }
  return low;
}

weyl_status weyl_loader_new(weyl_context *ctx, const weyl_dataset *set, const weyl_program *program,
                            int64_t shard_samples, weyl_loader **out) {
  if (shard_samples < 0)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%lld samples a shard, must be 1 or more, or 0 for the formula",
                     (long long)shard_samples);
  weyl_loader *l = weyl_alloc(ctx, 1, sizeof *l);
  if (l == NULL) return WEYL_MEMORY;
  *l = (weyl_loader){.ctx = ctx, .dataset = set, .program = program, .fixed = shard_samples > 0, .ranks = 1};
  l->offsets[WEYL_BATCH] = weyl_dataset_offsets(set, WEYL_PER_SAMPLE);
  l->offsets[WEYL_NODES] = weyl_dataset_offsets(set, WEYL_PER_NODE);
  l->offsets[WEYL_EDGES] = weyl_dataset_offsets(set, WEYL_PER_EDGE);

  weyl_status status = WEYL_MEMORY;
  const int feeds = weyl_program_inputs(program);
  l->feed = weyl_alloc(ctx, (size_t)feeds + 1, sizeof *l->feed);
  l->input = weyl_alloc(ctx, (size_t)feeds + 1, sizeof *l->input);
  if (l->feed == NULL || l->input == NULL) goto done;
  for (; l->feeds < feeds; l->feeds++) {
    status = plan_feed(l, l->feeds);
    if (status != WEYL_OK) goto done;
    const feed *f = &l->feed[l->feeds];
    if (f->count != 0 && l->offsets[f->count] == NULL) {
      status = weyl_fail(ctx, WEYL_SHAPE, "input %s counts rows that data set %s does not have",
                         weyl_program_input_name(program, l->feeds), weyl_dataset_name(set));
      goto done;
    }
  }
  l->shard_samples = l->fixed ? shard_samples : samples_by_formula(l);
  *out = l;
  return WEYL_OK;
done:
  weyl_loader_free(l);
  return status;
}

void weyl_loader_free(weyl_loader *l) {
  if (l == NULL) return;
  if (l->feed != NULL)
    for (int i = 0; i < weyl_program_inputs(l->program); i++) weyl_dealloc(l->ctx, l->feed[i].data);
  weyl_dealloc(l->ctx, l->feed);
  weyl_dealloc(l->ctx, l->input);
  weyl_dealloc(l->ctx, l->count);
  weyl_dealloc(l->ctx, l->shard_first);
  weyl_dealloc(l->ctx, l);
}

weyl_status weyl_loader_set(weyl_loader *l, const char *input, double value) {
  const int i = weyl_program_input_find(l->program, input);
  if (i < 0 || l->feed[i].source != FROM_VALUE)
    return weyl_fail(l->ctx, WEYL_UNKNOWN, "the program has no whole input %s", input);
  feed *f = &l->feed[i];
  if (f->dtype == WEYL_F64)
    *(double *)f->data = value;
  else if (f->dtype == WEYL_F32)
    *(float *)f->data = (float)value;
  else
    *(int32_t *)f->data = (int32_t)value;
  f->set = true;
  return WEYL_OK;
}

void weyl_loader_share(weyl_loader *l, int rank, int ranks) {
  l->rank = rank;
  l->ranks = ranks;
}

/* ---- filling
 * ---------------------------------------------------------------------------------------------------------- */

static weyl_status cut_shards(weyl_loader *l, int64_t n, int64_t *shards) {
  int64_t k = (n + l->shard_samples - 1) / l->shard_samples;
  if (!l->fixed) {
    k = (k + SHARDS_MULTIPLE - 1) / SHARDS_MULTIPLE * SHARDS_MULTIPLE;
    if (k > n) k = n;
  }
  if ((size_t)k + 1 > l->shard_room) {
    const size_t room = (size_t)k + (size_t)k / 2 + 1;
    int64_t *first = weyl_realloc(l->ctx, l->shard_first, room, sizeof *first);
    if (first == NULL) return WEYL_MEMORY;
    l->shard_first = first;
    int64_t(*count)[WEYL_COUNTS] = weyl_realloc(l->ctx, l->count, room, sizeof *count);
    if (count == NULL) return WEYL_MEMORY;
    l->count = count;
    l->shard_room = room;
  }
  for (int64_t s = 0; s < k; s++) l->shard_first[s] = l->fixed ? s * l->shard_samples : s * n / k;
  l->shard_first[k] = n;
  *shards = k;
  return WEYL_OK;
}

static weyl_status ensure_room(weyl_loader *l, feed *f, int64_t rows) {
  if ((size_t)rows <= f->room && f->data != NULL) return WEYL_OK;
  const size_t room = (size_t)rows + (size_t)rows / 2 + 1;
  void *data = weyl_alloc(l->ctx, room * (size_t)f->width, weyl_dtype_size(f->dtype));
  if (data == NULL) return WEYL_MEMORY;
  weyl_dealloc(l->ctx, f->data);
  f->data = data;
  f->room = room;
  return WEYL_OK;
}

/* n numbers of `from` starting at number `at`, in the type of the program. */
static void convert(void *to, weyl_dtype dtype, const weyl_array *from, int64_t at, int64_t n) {
  if (dtype == from->dtype) {
    const size_t size = weyl_dtype_size(dtype);
    memcpy(to, (const char *)from->data + (size_t)at * size, (size_t)n * size);
    return;
  }
  float *single = to;
  double *twice = to;
  for (int64_t i = 0; i < n; i++) {
    double value;
    if (from->dtype == WEYL_F64)
      value = ((const double *)from->data)[at + i];
    else if (from->dtype == WEYL_F32)
      value = (double)((const float *)from->data)[at + i];
    else
      value = ((const int32_t *)from->data)[at + i];
    if (dtype == WEYL_F32)
      single[i] = (float)value;
    else
      twice[i] = value;
  }
}

/* Rows of one sample: row is its first place in the input, first_node its first node in the shard. */
static void fill_sample(const weyl_loader *l, const feed *f, int64_t sample, int64_t place, int64_t place_in_shard,
                        int64_t first_node, int64_t row) {
  const int64_t *offsets = l->offsets[f->count];
  const int64_t from = offsets[sample], rows = offsets[sample + 1] - from;
  char *to = (char *)f->data + (size_t)(row * f->width) * weyl_dtype_size(f->dtype);
  int32_t *index = (int32_t *)(void *)to;
  switch (f->source) {
    case FROM_FIELD: convert(to, f->dtype, f->from, from * f->width, rows * f->width); return;
    case FROM_NODE_INDEX: {
      const int32_t *local = (const int32_t *)f->from->data + from * f->width;
      for (int64_t r = 0; r < rows * f->width; r++) index[r] = (int32_t)(local[r] + first_node);
      return;
    }
    case MAKE_NODE_SAMPLE:
    case MAKE_EDGE_SAMPLE:
      for (int64_t r = 0; r < rows; r++) index[r] = (int32_t)place_in_shard;
      return;
    case MAKE_NODE_KEY:
      for (int64_t r = 0; r < rows; r++) index[r] = (int32_t)(row + r);
      return;
    case MAKE_SAMPLE_KEY: index[0] = (int32_t)place; return;
    case FROM_VALUE: return;
  }
}

weyl_status weyl_loader_fill(weyl_loader *l, const int64_t *samples, int64_t n, uint64_t seed, uint64_t step,
                             weyl_batch *out) {
  const int64_t have = weyl_dataset_samples(l->dataset);
  if (n < 1) return weyl_fail(l->ctx, WEYL_BAD_ARG, "a batch of %lld samples, must be 1 or more", (long long)n);
  int64_t total[WEYL_COUNTS] = {0};
  for (int64_t k = 0; k < n; k++) {
    if (samples[k] < 0 || samples[k] >= have)
      return weyl_fail(l->ctx, WEYL_BAD_ARG, "sample %lld of data set %s, which has %lld", (long long)samples[k],
                       weyl_dataset_name(l->dataset), (long long)have);
    for (int c = 1; c < WEYL_COUNTS; c++)
      if (l->offsets[c] != NULL) total[c] += l->offsets[c][samples[k] + 1] - l->offsets[c][samples[k]];
  }
  if (total[WEYL_NODES] > INT_MAX || total[WEYL_EDGES] > INT_MAX)
    return weyl_fail(l->ctx, WEYL_BAD_ARG,
                     "a batch of %lld nodes and %lld edges, must be below 2^31: use a smaller batch",
                     (long long)total[WEYL_NODES], (long long)total[WEYL_EDGES]);

  int64_t shards = 0;
  WEYL_TRY(cut_shards(l, n, &shards));
  for (int i = 0; i < l->feeds; i++) {
    feed *f = &l->feed[i];
    if (f->source == FROM_VALUE && !f->set)
      return weyl_fail(l->ctx, WEYL_BAD_ARG, "whole input %s has not been set", weyl_program_input_name(l->program, i));
    if (f->source != FROM_VALUE) WEYL_TRY(ensure_room(l, f, total[f->count]));
    l->input[i] = f->data;
  }

  int64_t row[WEYL_COUNTS] = {0}, mine_from, mine_to;
  weyl_program_share(l->program, shards, l->rank, l->ranks, &mine_from, &mine_to);
  for (int64_t s = 0; s < shards; s++) {
    const bool mine = s >= mine_from && s < mine_to;
    int64_t in_shard[WEYL_COUNTS] = {0};
    for (int64_t k = l->shard_first[s]; k < l->shard_first[s + 1]; k++) {
      for (int i = 0; mine && i < l->feeds; i++) {
        const feed *f = &l->feed[i];
        if (f->source != FROM_VALUE)
          fill_sample(l, f, samples[k], k, k - l->shard_first[s], in_shard[WEYL_NODES], row[f->count]);
      }
      for (int c = 1; c < WEYL_COUNTS; c++) {
        if (l->offsets[c] == NULL) continue;
        const int64_t rows = l->offsets[c][samples[k] + 1] - l->offsets[c][samples[k]];
        in_shard[c] += rows;
        row[c] += rows;
      }
    }
    memcpy(l->count[s], in_shard, sizeof in_shard);
  }
  *out = (weyl_batch){.shards = shards,
                      .count = (const int64_t(*)[WEYL_COUNTS])l->count,
                      .input = l->input,
                      .seed = seed,
                      .step = step};
  return WEYL_OK;
}
