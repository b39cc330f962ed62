#include "internal.h"
#include "option_value.h"

#include <assert.h>
#include <string.h>

typedef struct row {
  weyl_option option;
  const char *owner, *value;
  bool set;
} row;

struct weyl_options {
  weyl_context *ctx;
  weyl_arena *arena; /* all text */
  row **rows;        /* each in the arena, so that pointers to them stay good */
  size_t count, room;
};

weyl_status weyl_options_new(weyl_context *ctx, weyl_options **out) {
  weyl_options *options = weyl_alloc(ctx, 1, sizeof *options);
  if (!options) return WEYL_MEMORY;
  options->ctx = ctx;
  const weyl_status status = weyl_arena_new(ctx, &options->arena);
  if (status != WEYL_OK) {
    weyl_dealloc(ctx, options);
    return status;
  }
  *out = options;
  return WEYL_OK;
}

void weyl_options_free(weyl_options *options) {
  if (!options) return;
  weyl_dealloc(options->ctx, options->rows);
  weyl_arena_free(options->arena);
  weyl_dealloc(options->ctx, options);
}

static row *find(const weyl_options *options, const char *name) {
  for (size_t i = 0; i < options->count; i++) {
    if (strcmp(options->rows[i]->option.name, name) == 0) return options->rows[i];
  }
  return NULL;
}

/* A copy of the text in *text, which may be NULL and stays so. */
static weyl_status keep(weyl_options *options, const char **text) {
  if (!*text) return WEYL_OK;
  *text = weyl_arena_strdup(options->arena, *text);
  return *text ? WEYL_OK : WEYL_MEMORY;
}

static weyl_status add(weyl_options *options, const char *owner, const weyl_option *o) {
  weyl_context *ctx = options->ctx;
  const row *twin = find(options, o->name);
  if (twin) return weyl_fail(ctx, WEYL_BUG, "option \"%s\" of %s is already one of %s", o->name, owner, twin->owner);
  if (options->count == options->room) {
    const size_t room = options->room ? 2 * options->room : 32;
    row **more = weyl_realloc(ctx, options->rows, room, sizeof *more);
    if (!more) return WEYL_MEMORY;
    options->rows = more;
    options->room = room;
  }
  row *r = weyl_arena_array(options->arena, row, 1);
  if (!r) return WEYL_MEMORY;
  *r = (row){.option = *o, .owner = owner, .value = o->fallback ? o->fallback : ""};
  char why[OPTION_WHY_MAX];
  if (!option_value_good(o, r->value, why))
    return weyl_fail(ctx, WEYL_BUG, "option \"%s\" of %s: the default \"%s\" is not %s", o->name, owner, r->value, why);
  WEYL_TRY(keep(options, &r->option.name));
  WEYL_TRY(keep(options, &r->option.fallback));
  WEYL_TRY(keep(options, &r->option.choices));
  WEYL_TRY(keep(options, &r->option.help));
  WEYL_TRY(keep(options, &r->owner));
  WEYL_TRY(keep(options, &r->value));
  options->rows[options->count++] = r;
  return WEYL_OK;
}

weyl_status weyl_options_declare(weyl_options *options, const char *owner, const weyl_option *table) {
  const size_t before = options->count;
  for (const weyl_option *o = table; o->name; o++) {
    const weyl_status status = add(options, owner, o);
    if (status != WEYL_OK) {
      options->count = before; /* a table is declared whole or not at all */
      return status;
    }
  }
  return WEYL_OK;
}

static weyl_status unknown(const weyl_options *options, const char *name, const char *at, const char *place) {
  weyl_context *ctx = options->ctx;
  const char **names = weyl_alloc(ctx, options->count, sizeof *names);
  if (!names) return WEYL_MEMORY;
  for (size_t i = 0; i < options->count; i++) names[i] = options->rows[i]->option.name;
  const char *near = weyl_nearest_name(name, names, options->count);
  weyl_dealloc(ctx, names);
  if (near) return weyl_fail(ctx, WEYL_UNKNOWN, "%s%sno option \"%s\": did you mean \"%s\"?", place, at, name, near);
  return weyl_fail(ctx, WEYL_UNKNOWN, "%s%sno option \"%s\"", place, at, name);
}

weyl_status weyl_options_set(weyl_options *options, const char *name, const char *value, const char *place) {
  const char *at = place ? ": " : "";
  if (!place) place = "";
  row *r = find(options, name);
  if (!r) return unknown(options, name, at, place);
  char why[OPTION_WHY_MAX];
  if (!option_value_good(&r->option, value, why))
    return weyl_fail(options->ctx, WEYL_BAD_ARG, "%s%s%s of %s is \"%s\", must be %s", place, at, name, r->owner, value,
                     why);
  const char *copy = value;
  WEYL_TRY(keep(options, &copy));
  r->value = copy;
  r->set = true;
  return WEYL_OK;
}

bool weyl_options_has(const weyl_options *options, const char *name) { return find(options, name) != NULL; }

bool weyl_options_is_default(const weyl_options *options, const char *name) {
  const row *r = find(options, name);
  assert(r && "an option that was declared");
  return !r->set;
}

double weyl_options_number(const weyl_options *options, const char *name) {
  const row *r = find(options, name);
  assert(r && "an option that was declared");
  assert((r->option.type == WEYL_OPT_DOUBLE || r->option.type == WEYL_OPT_INT || r->option.type == WEYL_OPT_U64) &&
         "an option that is a number");
  return option_value_number(&r->option, r->value);
}

/* A WEYL_OPT_U64 beyond INT64_MAX comes back as the negative number of the same bits: cast it to uint64_t.
 */
int64_t weyl_options_integer(const weyl_options *options, const char *name) {
  const row *r = find(options, name);
  assert(r && "an option that was declared");
  assert((r->option.type == WEYL_OPT_INT || r->option.type == WEYL_OPT_U64) && "an option that is an integer");
  return option_value_integer(&r->option, r->value);
}

bool weyl_options_bool(const weyl_options *options, const char *name) {
  const row *r = find(options, name);
  assert(r && r->option.type == WEYL_OPT_BOOL && "an option that was declared as yes or no");
  bool yes = false;
  option_value_bool(r->value, &yes);
  return yes;
}

const char *weyl_options_string(const weyl_options *options, const char *name) {
  const row *r = find(options, name);
  assert(r && "an option that was declared");
  return r->value;
}

size_t weyl_options_count(const weyl_options *options) { return options->count; }

const weyl_option *weyl_options_at(const weyl_options *options, size_t i, const char **value) {
  assert(i < options->count);
  if (value) *value = options->rows[i]->value;
  return &options->rows[i]->option;
}
