/* Acclaim skeletons (the CMU motion capture database): lengths become millimetres. A joint is the end of a bone. */
#include <math.h>
#include <string.h>

#include "formats/skeleton.h"

typedef struct reader {
  text_file *in;
  weyl_context *ctx;
  skeleton *s;
  span line;
  char place[280];
} reader;

static weyl_status wrong(reader *r, span what, const char *expected) {
  return weyl_fail(r->ctx, WEYL_FORMAT, "%s: '%.*s', expected %s", text_place(r->in, r->place), span_shown(what),
                   what.at ? what.at : "", expected);
}

/* The next line with words on it, comments left out; false at the end. */
static bool next(reader *r) {
  while (text_next_line(r->in, &r->line)) {
    span look = r->line, first;
    if (span_next_word(&look, &first) && first.at[0] != '#') return true;
  }
  return false;
}

static weyl_status numbers(reader *r, span rest, int n, double *out) {
  for (int k = 0; k < n; k++) {
    span w = {0};
    if (!span_next_word(&rest, &w) || !span_number(w, &out[k])) return wrong(r, w, "a finite number");
  }
  return WEYL_OK;
}

/* Product of the rotations about the axes of `order` ("XYZ"), the first named acting first. */
static weyl_status axis_of(reader *r, span order, const double angle[3], double out[9]) {
  double m[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, turn[9];
  if (order.n != 3) return wrong(r, order, "the order of three axes, as XYZ");
  for (size_t k = 0; k < 3; k++) {
    const char c = (char)(order.at[k] & ~32);
    if (c < 'X' || c > 'Z') return wrong(r, order, "the order of three axes, as XYZ");
    double before[9];
    memcpy(before, m, sizeof m);
    skeleton_turn(c - 'X', angle[k] * r->s->angle, turn);
    skeleton_multiply(turn, before, m);
  }
  memcpy(out, m, sizeof m);
  return WEYL_OK;
}

static weyl_status read_channels(reader *r, span rest, skeleton_joint *j) {
  static const char *const name[6] = {"tx", "ty", "tz", "rx", "ry", "rz"};
  span w;
  j->channels = 0;
  while (span_next_word(&rest, &w)) {
    int k = 0;
    while (k < 6 && !span_is(w, name[k])) k++;
    if (k == 6 || j->channels == 6) return wrong(r, w, "at most six of tx ty tz rx ry rz");
    j->channel[j->channels++] = (uint8_t)k;
  }
  return WEYL_OK;
}

/* ---- sections -------------------------------------------------------------------------------------------------------
 */

static weyl_status read_unit(reader *r, span key, span rest) {
  span w = {0};
  double value;
  if (span_is(key, "length")) {
    WEYL_TRY(numbers(r, rest, 1, &value));
    if (!(value > 0)) return wrong(r, rest, "a length above 0");
    r->s->unit = 25.4 / value; /* the file's unit is 1/value inch */
  } else if (span_is(key, "angle")) {
    if (!span_next_word(&rest, &w) || !(span_is(w, "deg") || span_is(w, "rad"))) return wrong(r, w, "deg or rad");
    r->s->angle = span_is(w, "deg") ? acos(-1) / 180 : 1;
  }
  return WEYL_OK;
}

typedef struct root {
  double position[3], orientation[3];
  span axis;
} root;

static weyl_status read_root(reader *r, span key, span rest, root *out) {
  if (span_is(key, "order")) return read_channels(r, rest, &r->s->joint[0]);
  if (span_is(key, "axis")) {
    if (!span_next_word(&rest, &out->axis)) return wrong(r, rest, "the order of three axes, as XYZ");
    return WEYL_OK;
  }
  if (span_is(key, "position")) return numbers(r, rest, 3, out->position);
  if (span_is(key, "orientation")) return numbers(r, rest, 3, out->orientation);
  return WEYL_OK;
}

static weyl_status read_bone(reader *r) {
  double direction[3] = {0, 0, 0}, length = 0, angle[3] = {0, 0, 0};
  span key, rest, name = {0}, order = {"XYZ", 3}, dof = {0};
  while (next(r)) {
    rest = r->line;
    (void)span_next_word(&rest, &key);
    if (span_is(key, "end")) break;
    if (span_is(key, "name")) {
      if (!span_next_word(&rest, &name)) return wrong(r, rest, "the name of a bone");
    } else if (span_is(key, "direction")) {
      WEYL_TRY(numbers(r, rest, 3, direction));
    } else if (span_is(key, "length")) {
      WEYL_TRY(numbers(r, rest, 1, &length));
    } else if (span_is(key, "axis")) {
      WEYL_TRY(numbers(r, rest, 3, angle));
      for (int k = 0; k < 3; k++) (void)span_next_word(&rest, &order);
      if (!span_next_word(&rest, &order)) return wrong(r, rest, "the order of three axes, as XYZ");
    } else if (span_is(key, "dof")) {
      dof = rest;
    }
  }
  if (!name.at) return wrong(r, r->line, "a name before the end of a bone");
  if (skeleton_find(r->s, name) >= 0) return wrong(r, name, "a name that no other bone has");
  skeleton_joint *j;
  WEYL_TRY(skeleton_add(r->ctx, text_place(r->in, r->place), r->s, name, -1, &j));
  for (int k = 0; k < 3; k++) j->offset[k] = direction[k] * length;
  WEYL_TRY(axis_of(r, order, angle, j->axis));
  return dof.at ? read_channels(r, dof, j) : WEYL_OK;
}

static weyl_status read_children(reader *r) {
  span rest = r->line, w;
  (void)span_next_word(&rest, &w);
  const int parent = skeleton_find(r->s, w);
  if (parent < 0) return wrong(r, w, "the name of a bone");
  while (span_next_word(&rest, &w)) {
    const int child = skeleton_find(r->s, w);
    if (child <= 0) return wrong(r, w, "the name of a bone");
    if (r->s->joint[child].parent >= 0 || child == parent) return wrong(r, w, "a bone that has no parent yet");
    r->s->joint[child].parent = (int32_t)parent;
  }
  return WEYL_OK;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------
 */

static weyl_status read_sections(reader *r, root *base) {
  enum { NONE, UNITS, ROOT, BONES, HIERARCHY } section = NONE;
  while (next(r)) {
    span rest = r->line, key;
    (void)span_next_word(&rest, &key);
    if (key.at[0] == ':') {
      section = span_is(key, ":units")       ? UNITS
                : span_is(key, ":root")      ? ROOT
                : span_is(key, ":bonedata")  ? BONES
                : span_is(key, ":hierarchy") ? HIERARCHY
                                             : NONE;
      continue;
    }
    if (section == UNITS) WEYL_TRY(read_unit(r, key, rest));
    if (section == ROOT) WEYL_TRY(read_root(r, key, rest, base));
    if (section == BONES && span_is(key, "begin")) WEYL_TRY(read_bone(r));
    if (section == HIERARCHY && !span_is(key, "begin") && !span_is(key, "end")) WEYL_TRY(read_children(r));
  }
  return WEYL_OK;
}

/* Parents before children, as the hierarchy and not the list of bones has it; a bone outside the tree is an error. */
static weyl_status sort_joints(reader *r) {
  skeleton *s = r->s;
  skeleton_joint *sorted = weyl_arena_array(s->arena, skeleton_joint, s->joints);
  int32_t *place = weyl_arena_array(s->arena, int32_t, s->joints);
  if (!sorted || !place) return WEYL_MEMORY;
  int done = 1;
  sorted[0] = s->joint[0];
  for (bool more = true; more;) {
    more = false;
    for (int j = 1; j < s->joints; j++) {
      const int32_t parent = s->joint[j].parent;
      if (place[j] > 0 || parent < 0 || (parent > 0 && place[parent] == 0)) continue;
      place[j] = (int32_t)done;
      sorted[done] = s->joint[j];
      sorted[done++].parent = place[parent];
      more = true;
    }
  }
  for (int j = 1; j < s->joints; j++)
    if (place[j] == 0)
      return weyl_fail(r->ctx, WEYL_FORMAT, "%s: the hierarchy does not tie the bone %s to the root", r->in->path,
                       s->joint[j].name);
  memcpy(s->joint, sorted, (size_t)s->joints * sizeof *sorted);
  return WEYL_OK;
}

weyl_status asf_parse(text_file *file, skeleton **out) {
  weyl_context *ctx = file->ctx;
  reader r = {.in = file, .ctx = ctx};
  weyl_status status;
  WEYL_GOTO(skeleton_new(ctx, &r.s));
  r.s->own = r.s->first_inside = true;
  r.s->angle = acos(-1) / 180;
  skeleton_joint *base;
  root rest = {.axis = {"XYZ", 3}};
  WEYL_GOTO(skeleton_add(ctx, file->path, r.s, (span){"root", 4}, -1, &base));
  WEYL_GOTO(read_sections(&r, &rest));
  if (r.s->joints < 2) {
    status = weyl_fail(ctx, WEYL_FORMAT, "%s: no bone: is it a skeleton (:bonedata)?", file->path);
    goto done;
  }
  if (base->channels == 0) {
    status = weyl_fail(ctx, WEYL_FORMAT, "%s: :root has no order of channels", file->path);
    goto done;
  }
  WEYL_GOTO(axis_of(&r, rest.axis, rest.orientation, base->axis));
  memcpy(base->offset, rest.position, sizeof base->offset);
  WEYL_GOTO(sort_joints(&r));
  for (int j = 0; j < r.s->joints; j++)
    for (int k = 0; k < 3; k++) r.s->joint[j].offset[k] *= r.s->unit;
  *out = r.s;
  r.s = NULL;
done:
  skeleton_free(ctx, r.s);
  return status;
}
