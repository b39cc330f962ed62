#include "fields.h"

#include <stdlib.h>
#include <string.h>

static const char *const per_name[] = {"", "sample", "node", "edge"};
#define PER_NAMES ((int)(sizeof per_name / sizeof *per_name))

char *train_fields_text(weyl_arena *arena, const weyl_dataset *set) {
  char *text = weyl_arena_strdup(arena, "");
  for (size_t i = 0; text != NULL && i < weyl_dataset_fields(set); i++) {
    const weyl_field *f = weyl_dataset_field(set, i);
    text = weyl_arena_printf(arena, "%s%s%s:%s:%s", text, i > 0 ? " " : "", f->name, per_name[f->per],
                             weyl_dtype_name(f->array.dtype));
    for (int k = 1; text != NULL && k < f->array.rank; k++)
      text = weyl_arena_printf(arena, "%s%c%lld", text, k == 1 ? ':' : 'x', (long long)f->array.dim[k]);
  }
  return text;
}

/* The word up to one of `stops`; *at moves behind the stop that ended it, which is returned. */
static char word(const char **at, const char *stops, char *into, size_t room) {
  const size_t n = strcspn(*at, stops);
  snprintf(into, room, "%.*s", (int)n, *at);
  *at += n;
  const char stop = **at;
  if (stop != '\0') (*at)++;
  return stop;
}

static weyl_status add_field(weyl_context *ctx, weyl_dataset *set, const char **at, const char *place) {
  char name[128], per[16], dtype[16], dim[24];
  int64_t dims[WEYL_RANK_MAX];
  int rank = 0, p = 1, d = 0;
  char stop = word(at, ":", name, sizeof name);
  if (stop == ':') stop = word(at, ":", per, sizeof per);
  if (stop != ':') return weyl_fail(ctx, WEYL_FORMAT, "%s: fields end at \"%s\", expected name:rows:type", place, name);
  stop = word(at, ": ", dtype, sizeof dtype);
  while (stop == ':' || stop == 'x') {
    stop = word(at, "x ", dim, sizeof dim);
    char *end;
    const long long value = strtoll(dim, &end, 10);
    if (end == dim || *end != '\0' || value < 0 || value > 1000000000 || rank == WEYL_RANK_MAX - 1)
      return weyl_fail(ctx, WEYL_FORMAT, "%s: field %s has the dimension \"%s\", expected a whole number", place, name,
                       dim);
    dims[rank++] = value;
  }
  while (p < PER_NAMES && strcmp(per_name[p], per) != 0) p++;
  while (d <= WEYL_U8 && strcmp(weyl_dtype_name((weyl_dtype)d), dtype) != 0) d++;
  if (p == PER_NAMES || d > WEYL_U8)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: field %s is \"%s\" of \"%s\", which is unknown", place, name, dtype, per);
  return weyl_dataset_add(set, name, (weyl_rows_per)p, (weyl_dtype)d, rank, dims, "", NULL);
}

weyl_status train_fields_example(weyl_context *ctx, const char *text, const char *place, weyl_dataset **out) {
  static const int64_t one_each[2] = {0, 1};
  weyl_dataset *set = NULL;
  weyl_status status;
  if (text == NULL) return weyl_fail(ctx, WEYL_FORMAT, "%s: no note says which fields the data have", place);
  WEYL_GOTO(weyl_dataset_new(ctx, "example", 1, &set));
  WEYL_GOTO(weyl_dataset_set_offsets(set, WEYL_PER_NODE, one_each));
  WEYL_GOTO(weyl_dataset_set_offsets(set, WEYL_PER_EDGE, one_each));
  while (*text != '\0') WEYL_GOTO(add_field(ctx, set, &text, place));
  *out = set;
  return WEYL_OK;
done:
  weyl_dataset_free(set);
  return status;
}
