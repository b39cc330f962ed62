#include "formats/skeleton.h"

#include <math.h>
#include <string.h>

#include "formats/formats.h"

static const double identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};

weyl_status skeleton_new(weyl_context *ctx, skeleton **out) {
  skeleton *s = weyl_alloc(ctx, 1, sizeof *s);
  if (!s) return WEYL_MEMORY;
  s->unit = s->angle = 1;
  const weyl_status status = weyl_arena_new(ctx, &s->arena);
  if (status == WEYL_OK)
    *out = s;
  else
    weyl_dealloc(ctx, s);
  return status;
}

void skeleton_free(weyl_context *ctx, skeleton *s) {
  if (!s) return;
  weyl_arena_free(s->arena);
  weyl_dealloc(ctx, s);
}

weyl_status skeleton_add(weyl_context *ctx, const char *place, skeleton *s, span name, int32_t parent,
                         skeleton_joint **out) {
  if (s->joints == SKELETON_JOINTS_MAX)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: more than %d joints", place, SKELETON_JOINTS_MAX);
  const char *copy = weyl_arena_printf(s->arena, "%.*s", (int)(name.n < 100 ? name.n : 100), name.at);
  if (!copy) return WEYL_MEMORY;
  skeleton_joint *j = &s->joint[s->joints++];
  *j = (skeleton_joint){.name = copy, .parent = parent};
  memcpy(j->axis, identity, sizeof identity);
  *out = j;
  return WEYL_OK;
}

int skeleton_find(const skeleton *s, span name) {
  for (int j = 0; j < s->joints; j++)
    if (strlen(s->joint[j].name) == name.n && memcmp(s->joint[j].name, name.at, name.n) == 0) return j;
  return -1;
}

/* ---- rotations ------------------------------------------------------------------------------------------------------
 */

void skeleton_turn(int axis, double angle, double r[9]) {
  const double c = cos(angle), s = sin(angle);
  const int u = (axis + 1) % 3, v = (axis + 2) % 3;
  memcpy(r, identity, sizeof identity);
  r[u * 3 + u] = r[v * 3 + v] = c;
  r[u * 3 + v] = -s;
  r[v * 3 + u] = s;
}

void skeleton_multiply(const double a[9], const double b[9], double c[9]) {
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) c[i * 3 + j] = a[i * 3] * b[j] + a[i * 3 + 1] * b[3 + j] + a[i * 3 + 2] * b[6 + j];
}

/* Rodrigues' formula; the series of sin t / t and (1 - cos t) / t^2 near 0. */
void skeleton_exponential(const double v[3], double r[9]) {
  const double t2 = v[0] * v[0] + v[1] * v[1] + v[2] * v[2], t = sqrt(t2);
  const double a = t < 1e-4 ? 1 - t2 / 6 : sin(t) / t, b = t < 1e-4 ? 0.5 - t2 / 24 : (1 - cos(t)) / t2;
  const double cross[9] = {0, -v[2], v[1], v[2], 0, -v[0], -v[1], v[0], 0};
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      r[i * 3 + j] = identity[i * 3 + j] + a * cross[i * 3 + j] + b * (v[i] * v[j] - t2 * identity[i * 3 + j]);
}

static void apply(const double r[9], const double v[3], double out[3]) {
  for (int i = 0; i < 3; i++) out[i] = r[i * 3] * v[0] + r[i * 3 + 1] * v[1] + r[i * 3 + 2] * v[2];
}

/* ---- poses ----------------------------------------------------------------------------------------------------------
 */

void skeleton_pose(const skeleton *s, const double *local, const double *shift, double *world, double *x) {
  for (int j = 0; j < s->joints; j++) {
    const int parent = s->joint[j].parent;
    const double *above = parent < 0 ? identity : world + parent * 9;
    double bone[3], moved[3];
    skeleton_multiply(above, local + j * 9, world + j * 9);
    for (int k = 0; k < 3; k++) bone[k] = s->joint[j].offset[k] + shift[j * 3 + k];
    apply(s->own && parent >= 0 ? world + j * 9 : above, bone, moved);
    for (int k = 0; k < 3; k++) x[j * 3 + k] = moved[k] + (parent < 0 ? 0 : x[parent * 3 + k]);
  }
}

/* axis M axis^T */
static void conjugate(const double axis[9], double m[9]) {
  double left[9], transposed[9], r[9];
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) transposed[i * 3 + j] = axis[j * 3 + i];
  skeleton_multiply(axis, m, left);
  skeleton_multiply(left, transposed, r);
  memcpy(m, r, sizeof r);
}

void skeleton_frame(const skeleton *s, const double *value, bool fixed_root, double *scratch, double *x) {
  double *local = scratch, *world = local + s->joints * 9, *shift = world + s->joints * 9;
  for (int j = 0; j < s->joints; j++) {
    const skeleton_joint *joint = &s->joint[j];
    double *m = local + j * 9, *move = shift + j * 3;
    memcpy(m, identity, sizeof identity);
    move[0] = move[1] = move[2] = 0;
    for (int c = 0; c < joint->channels; c++) {
      const int kind = joint->channel[c];
      if (kind <= MOVE_Z) {
        move[kind] += s->unit * *value++;
        continue;
      }
      double turn[9], before[9];
      skeleton_turn(kind - TURN_X, s->angle * *value++, turn);
      memcpy(before, m, sizeof before);
      if (s->first_inside)
        skeleton_multiply(turn, before, m);
      else
        skeleton_multiply(before, turn, m);
    }
    conjugate(joint->axis, m);
    if (fixed_root && joint->parent < 0) {
      memcpy(m, identity, sizeof identity);
      for (int k = 0; k < 3; k++) move[k] = -joint->offset[k];
    }
  }
  skeleton_pose(s, local, shift, world, x);
}

weyl_status skeleton_trajectory(const skeleton *s, int64_t frames, double time_step, weyl_trajectories *out) {
  size_t room = 0;
  weyl_trajectory *t = data_trajectories_add(out, &room);
  if (!t) return WEYL_MEMORY;
  *t = (weyl_trajectory){.frames = frames,
                         .points = s->joints,
                         .d = 3,
                         .time_step = time_step,
                         .position = weyl_arena_array(out->arena, double, frames * s->joints * 3),
                         .label = weyl_arena_array(out->arena, const char *, s->joints),
                         .parent = weyl_arena_array(out->arena, int32_t, s->joints)};
  if (!t->position || !t->label || !t->parent) return WEYL_MEMORY;
  for (int j = 0; j < s->joints; j++) {
    t->parent[j] = s->joint[j].parent;
    if (!(t->label[j] = weyl_arena_strdup(out->arena, s->joint[j].name))) return WEYL_MEMORY;
  }
  return WEYL_OK;
}

/* ---- files ----------------------------------------------------------------------------------------------------------
 */

weyl_status skeleton_read_as(weyl_context *ctx, const char *path, skeleton_parser *parse, bool fixed_root,
                             weyl_trajectories *out) {
  text_file file;
  weyl_trajectories made = {0};
  weyl_status status = text_open(ctx, path, &file);
  if (status == WEYL_OK) status = parse(&file, fixed_root, &made);
  text_close(&file);
  if (status == WEYL_OK)
    *out = made;
  else
    weyl_trajectories_free(&made);
  return status;
}

weyl_status skeleton_read(weyl_context *ctx, const char *path, bool fixed_root, weyl_trajectories *out) {
  if (data_has_extension(path, ".amc")) return amc_read(ctx, path, fixed_root, out);
  if (data_has_extension(path, ".txt|.h36m")) return skeleton_read_as(ctx, path, h36m_parse, fixed_root, out);
  return skeleton_read_as(ctx, path, bvh_parse, fixed_root, out);
}
