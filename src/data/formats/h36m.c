/* Human3.6M as text: 99 numbers a line between commas, the translation and 32 rotation vectors of a skeleton that the
 * file does not hold (spec sheet of EqMotion, 5.3). Millimetres, 50 frames a second. */
#include <string.h>

#include "formats/formats.h"
#include "formats/skeleton.h"

enum { JOINTS = 32, VALUES = 99 };

static const int8_t parent_of[JOINTS] = {-1, 0,  1,  2,  3,  4,  0,  6,  7,  8,  9,  0,  11, 12, 13, 14,
                                         12, 16, 17, 18, 19, 20, 19, 22, 12, 24, 25, 26, 27, 28, 27, 30};
static const double offset_of[JOINTS][3] = {
    {0, 0, 0},           {-132.948591, 0, 0}, {0, -442.894612, 0}, {0, -454.206447, 0},
    {0, 0, 162.767078},  {0, 0, 74.999437},   {132.948826, 0, 0},  {0, -442.894413, 0},
    {0, -454.206590, 0}, {0, 0, 162.767426},  {0, 0, 74.999948},   {0, 0.1, 0},
    {0, 233.383263, 0},  {0, 257.077681, 0},  {0, 121.134938, 0},  {0, 115.002227, 0},
    {0, 257.077681, 0},  {0, 151.034226, 0},  {0, 278.882773, 0},  {0, 251.733451, 0},
    {0, 0, 0},           {0, 0, 99.999627},   {0, 100.000188, 0},  {0, 0, 0},
    {0, 257.077681, 0},  {0, 151.031437, 0},  {0, 278.892924, 0},  {0, 251.728680, 0},
    {0, 0, 0},           {0, 0, 99.999888},   {0, 137.499922, 0},  {0, 0, 0}};

static weyl_status make_skeleton(weyl_context *ctx, skeleton **out) {
  skeleton *s;
  WEYL_TRY(skeleton_new(ctx, &s));
  for (int j = 0; j < JOINTS; j++) {
    char name[16];
    skeleton_joint *joint;
    snprintf(name, sizeof name, "%d", j);
    const weyl_status status = skeleton_add(ctx, "Human3.6M", s, (span){name, strlen(name)}, parent_of[j], &joint);
    if (status != WEYL_OK) {
      skeleton_free(ctx, s);
      return status;
    }
    memcpy(joint->offset, offset_of[j], sizeof joint->offset);
  }
  *out = s;
  return WEYL_OK;
}

static weyl_status read_line(text_file *file, span line, double value[VALUES]) {
  char text[280];
  span cell;
  int n = 0;
  for (; span_next_cell(&line, &cell); n++) {
    if (n < VALUES && !span_number(cell, &value[n]))
      return weyl_fail(file->ctx, WEYL_FORMAT, "%s: value %d is '%.*s', expected a finite number",
                       text_place(file, text), n + 1, span_shown(cell), cell.at);
  }
  if (n != VALUES)
    return weyl_fail(file->ctx, WEYL_FORMAT, "%s: %d values, expected %d", text_place(file, text), n, VALUES);
  return WEYL_OK;
}

/* The file's rotation matrices act on row vectors, so the ones on columns are their transposes: exp(-v). */
static void pose(const skeleton *s, const double value[VALUES], bool fixed_root, double *scratch, double *x) {
  double *local = scratch, *world = local + JOINTS * 9, *shift = world + JOINTS * 9;
  memset(shift, 0, (size_t)JOINTS * 3 * sizeof *shift);
  for (int j = 0; j < JOINTS; j++) {
    const double *v = value + 3 + 3 * j, zero = j == 0 && fixed_root ? 0 : -1,
                 back[3] = {zero * v[0], zero * v[1], zero * v[2]};
    skeleton_exponential(back, local + j * 9);
  }
  if (!fixed_root) memcpy(shift, value, 3 * sizeof *shift);
  skeleton_pose(s, local, shift, world, x);
}

static weyl_status read_frames(text_file *file, const skeleton *s, bool fixed_root, weyl_trajectories *out) {
  double value[VALUES];
  int64_t frames = 0;
  span line;
  text_file count = *file;
  while (text_next_line(&count, &line)) frames += !span_is_blank(line);
  double *scratch = weyl_arena_array(s->arena, double, JOINTS * 21);
  if (!scratch) return WEYL_MEMORY;
  if (frames == 0) return weyl_fail(file->ctx, WEYL_FORMAT, "%s: holds no frame", file->path);
  if (frames > (file->end - file->at + 1) / (2 * VALUES) + 1) /* short lines: the first tells */
    frames = (file->end - file->at + 1) / (2 * VALUES) + 1;
  WEYL_TRY(skeleton_trajectory(s, frames, 1.0 / 50, out));
  int64_t f = 0;
  while (text_next_line(file, &line)) {
    if (span_is_blank(line)) continue;
    WEYL_TRY(read_line(file, line, value));
    pose(s, value, fixed_root, scratch, out->item[0].position + f++ * JOINTS * 3);
  }
  return WEYL_OK;
}

weyl_status h36m_parse(text_file *file, bool fixed_root, weyl_trajectories *out) {
  skeleton *s = NULL;
  weyl_status status;
  WEYL_GOTO(make_skeleton(file->ctx, &s));
  WEYL_GOTO(data_trajectories_begin(file->ctx, out, "h36m"));
  out->length_unit = "mm";
  out->time_unit = "s";
  WEYL_GOTO(read_frames(file, s, fixed_root, out));
done:
  skeleton_free(file->ctx, s);
  return status;
}

bool h36m_seems(const char *head, size_t n) {
  text_file file;
  span line, cell;
  double value;
  int cells = 0;
  if (text_view(NULL, "", head, n, &file) != WEYL_OK) return false;
  bool seems = text_next_line(&file, &line);
  while (seems && span_next_cell(&line, &cell)) seems = ++cells <= VALUES && span_number(cell, &value);
  text_close(&file);
  return seems && cells == VALUES;
}

static bool recognise(const char *path, const unsigned char *head, size_t n) {
  (void)path;
  return h36m_seems((const char *)head, n);
}

static weyl_status read(weyl_context *ctx, const char *path, weyl_trajectories *out) {
  return skeleton_read_as(ctx, path, h36m_parse, false, out);
}

const weyl_format_def weyl_format_h36m = {
    .name = "h36m",
    .extensions = ".h36m",
    .summary = "Human3.6M text: 99 numbers a line, rotation vectors; 32 joints in millimetres",
    .recognise = recognise,
    .read = read,
    .write = NULL,
};
