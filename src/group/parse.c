/* The names of groups.
 *
 *   group   := part [ "x" part ]            one part of space, one of permutations, in either order
 *   part    := LETTERS "(" number ")"       E SE O SO T, S
 *            | "S(n)" | LETTERS number      C4 D6 Z2 BMS3
 */
#include "family.h"

#include <string.h>

static const group_family *const families[] = {
#define WEYL_GROUP(name, form) &group_##name,
#include "groups.def"
#undef WEYL_GROUP
};
enum { FAMILIES = sizeof families / sizeof families[0] };

static const char *const forms[FAMILIES + 1] = {
#define WEYL_GROUP(name, form) form,
#include "groups.def"
#undef WEYL_GROUP
};

const char *const *weyl_group_families(void) { return forms; }

typedef struct scanner {
  weyl_context *ctx;
  const char *text, *at;
} scanner;

/* Positions count bytes from 1, as editors do. */
static weyl_status expected(const scanner *in, const char *what) {
  const char *rest = in->at;
  if (*rest == '\0') {
    return weyl_fail(in->ctx, WEYL_FORMAT, "group \"%s\" ends at %d, expected %s", in->text, (int)(rest - in->text) + 1,
                     what);
  }
  return weyl_fail(in->ctx, WEYL_FORMAT, "group \"%s\" has \"%.12s\" at %d, expected %s", in->text, rest,
                   (int)(rest - in->text) + 1, what);
}

static void skip_space(scanner *in) {
  while (*in->at == ' ' || *in->at == '\t') in->at++;
}

static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static weyl_status scan_number(scanner *in, const group_family *family, int64_t *out) {
  if (!is_digit(*in->at)) {
    return expected(in, family->argument == ARGUMENT_POINTS ? "a number or n" : "a number");
  }
  const char *start = in->at;
  int64_t value = 0;
  for (; is_digit(*in->at); in->at++) {
    if (value < INT64_MAX / 100) value = 10 * value + (*in->at - '0');
  }
  if (value < family->low || value > family->high) {
    return weyl_fail(in->ctx, WEYL_BAD_ARG, "group \"%s\" has %s of %.*s at %d, must be %lld to %lld", in->text,
                     family->name, (int)(in->at - start), start, (int)(start - in->text) + 1, (long long)family->low,
                     (long long)family->high);
  }
  *out = value;
  return WEYL_OK;
}

static weyl_status scan_part(scanner *in, const group_family **family, int64_t *size) {
  const char *start = in->at;
  size_t letters = 0;
  while (is_letter(start[letters])) letters++;
  *family = NULL;
  for (size_t i = 0; i < FAMILIES; i++) {
    if (strlen(families[i]->name) == letters && strncmp(families[i]->name, start, letters) == 0) *family = families[i];
  }
  if (!*family) return expected(in, "a group: E(d) SE(d) O(d) SO(d) T(d) S(n) C4 D6 Z2 BMS3");
  in->at += letters;
  if ((*family)->argument == ARGUMENT_ORDER) return scan_number(in, *family, size);

  skip_space(in);
  if (*in->at != '(') return expected(in, "\"(\"");
  in->at++;
  skip_space(in);
  if ((*family)->argument == ARGUMENT_POINTS && *in->at == 'n') {
    in->at++;
    *size = 0;
  } else {
    WEYL_TRY(scan_number(in, *family, size));
  }
  skip_space(in);
  if (*in->at != ')') return expected(in, "\")\"");
  in->at++;
  return WEYL_OK;
}

/* "x", or the sign of multiplication in UTF-8. */
static bool scan_times(scanner *in) {
  if (*in->at == 'x') {
    in->at++;
    return true;
  }
  if (strncmp(in->at, "\xc3\x97", 2) == 0) {
    in->at += 2;
    return true;
  }
  return false;
}

static void spell(const group_family *family, int64_t size, char *name, size_t room) {
  if (family->argument == ARGUMENT_ORDER) {
    snprintf(name, room, "%s%lld", family->name, (long long)size);
  } else if (size == 0) {
    snprintf(name, room, "%s(n)", family->name);
  } else {
    snprintf(name, room, "%s(%lld)", family->name, (long long)size);
  }
}

/* What both parts have, the whole has. */
static void describe(weyl_group *group) {
  weyl_group_info space = {.order = 1, .compact = true}, permutation = {.order = 1, .compact = true};
  char first[24] = "", second[24] = "";
  if (group->space) {
    space.order = 0;
    space.compact = false;
    group->space->about(group->space_size, &space);
    spell(group->space, group->space_size, first, sizeof first);
  }
  if (group->permutation) {
    permutation.order = 0;
    permutation.compact = false;
    group->permutation->about(group->permutation_size, &permutation);
    spell(group->permutation, group->permutation_size, second, sizeof second);
  }
  snprintf(group->name, sizeof group->name, "%s%s%s", first, *first && *second ? " x " : "", second);
  group->info = (weyl_group_info){
      .name = group->name,
      .space = space.space,
      .lie_dimension = space.lie_dimension + permutation.lie_dimension,
      .generators = space.generators + permutation.generators,
      .rotations = space.rotations,
      .reflections = space.reflections,
      .translations = space.translations,
      .permutations = permutation.permutations,
      .compact = space.compact && permutation.compact,
      .grid = space.grid,
      .tolerance = space.tolerance,
  };
  if (space.order > 0 && permutation.order > 0 && space.order <= INT64_MAX / permutation.order) {
    group->info.order = space.order * permutation.order;
  }
}

weyl_status weyl_group_parse(weyl_context *ctx, const char *name, weyl_group **out) {
  if (!name) return weyl_fail(ctx, WEYL_BAD_ARG, "the name of a group is NULL");
  scanner in = {ctx, name, name};
  weyl_group found = {.ctx = ctx};
  for (int parts = 0;; parts++) {
    skip_space(&in);
    const char *start = in.at;
    const group_family *family;
    int64_t size = 0;
    WEYL_TRY(scan_part(&in, &family, &size));
    const bool permutes = family->argument == ARGUMENT_POINTS;
    if (permutes ? found.permutation != NULL : found.space != NULL) {
      in.at = start;
      return expected(&in, permutes ? "a group of space: there is a group of permutations before it"
                                    : "S(n): there is a group of space before it");
    }
    if (permutes) {
      found.permutation = family;
      found.permutation_size = size;
    } else {
      found.space = family;
      found.space_size = size;
    }
    skip_space(&in);
    if (*in.at == '\0') break;
    if (parts == 1 || !scan_times(&in)) return expected(&in, parts == 1 ? "the end" : "\"x\" or the end");
  }
  weyl_group *group = weyl_alloc(ctx, 1, sizeof *group);
  if (!group) return WEYL_MEMORY;
  *group = found;
  describe(group);
  *out = group;
  return WEYL_OK;
}

void weyl_group_free(weyl_group *group) {
  if (group) weyl_dealloc(group->ctx, group);
}

weyl_group_info weyl_group_about(const weyl_group *group) { return group->info; }
