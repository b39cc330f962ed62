/* npz and npy: one position array [T, n, d], or [S, T, n, d] for S systems, under any of its usual names (R, x, pos,
 * coords ...), with velocities, forces, energies, charges and types beside it.  A lone npy is the position array. */
#include <string.h>

#include "formats/formats.h"
#include "formats/input.h"

static bool recognise(const char *path, const unsigned char *head, size_t n) {
  (void)path;
  return (n >= 4 && memcmp(head, "PK\3\4", 4) == 0) || (n >= 6 && memcmp(head, "\x93NUMPY", 6) == 0);
}

/* What the array is found under first: the names are in order of preference. */
static const weyl_array *find(const weyl_bundle *bundle, const char *const *names, const char **found) {
  for (; *names; names++) {
    for (size_t i = 0; i < weyl_bundle_count(bundle); i++) {
      const char *const one[2] = {*names, NULL};
      if (!data_is_named(weyl_bundle_name(bundle, i), one)) continue;
      *found = weyl_bundle_name(bundle, i);
      return weyl_bundle_array(bundle, i);
    }
  }
  return NULL;
}

typedef struct reader {
  weyl_context *ctx;
  const char *path;
  const weyl_bundle *bundle;
  weyl_trajectories *out;
  const weyl_array *position;
  const char *position_name;
  int64_t systems, frames, points, d;
} reader;

static const char *shape_text(const weyl_array *a, char text[160]) {
  size_t at = 0;
  text[at++] = '[';
  for (int k = 0; k < a->rank; k++)
    at += (size_t)snprintf(text + at, 160 - at, "%s%lld", k ? ", " : "", (long long)a->dim[k]);
  snprintf(text + at, 160 - at, "]");
  return text;
}

static weyl_status wrong_shape(const reader *r, const char *name, const weyl_array *a, const char *expected) {
  char have[160], position[160];
  return weyl_fail(r->ctx, WEYL_SHAPE, "%s: array %s is %s, expected %s beside %s %s", r->path, name,
                   shape_text(a, have), expected, r->position_name, shape_text(r->position, position));
}

static weyl_status find_position(reader *r) {
  const weyl_bundle *b = r->bundle;
  r->position = find(b, data_names_position, &r->position_name);
  if (!r->position && weyl_bundle_count(b) == 1 && weyl_bundle_name(b, 0)[0] == '\0') {
    r->position = weyl_bundle_array(b, 0);
    r->position_name = "of the npy file";
  }
  if (!r->position) {
    return weyl_fail(r->ctx, WEYL_FORMAT,
                     "%s: has %zu arrays (%s%s), none of them positions: expected R, x, pos, positions or coords",
                     r->path, weyl_bundle_count(b), weyl_bundle_count(b) ? weyl_bundle_name(b, 0) : "",
                     weyl_bundle_count(b) > 1 ? " ..." : "");
  }
  const weyl_array *a = r->position;
  char text[160];
  if (a->rank != 3 && a->rank != 4)
    return weyl_fail(r->ctx, WEYL_SHAPE,
                     "%s: array %s is %s, expected [frames, points, d] or [systems, frames, points, d]", r->path,
                     r->position_name, shape_text(a, text));
  const int64_t *dim = a->dim + (a->rank - 3);
  r->systems = a->rank == 4 ? a->dim[0] : 1;
  r->frames = dim[0];
  r->points = dim[1];
  r->d = dim[2];
  if (r->systems < 1 || r->frames < 1 || r->points < 1 || r->d < 1 || r->d > DATA_DIMENSION_MAX)
    return weyl_fail(r->ctx, WEYL_SHAPE,
                     "%s: array %s is %s, expected one frame and point or more, and 1 to %d coordinates", r->path,
                     r->position_name, shape_text(a, text), DATA_DIMENSION_MAX);
  return WEYL_OK;
}

/* Velocities and forces: the shape of the positions. */
static weyl_status like_positions(const reader *r, const char *const *names, const weyl_array **out,
                                  const char **name) {
  *out = find(r->bundle, names, name);
  if (!*out) return WEYL_OK;
  if ((*out)->rank != r->position->rank ||
      memcmp((*out)->dim, r->position->dim, (size_t)r->position->rank * sizeof(int64_t)) != 0)
    return wrong_shape(r, *name, *out, "the same shape");
  return WEYL_OK;
}

/* An array of `rows` numbers a system, shared by all systems or one for each; trailing ones do not count. */
static weyl_status per_system(const reader *r, const char *const *names, int64_t rows, bool may_share,
                              const char *expected, const weyl_array **out, const char **name, int64_t *stride) {
  *out = find(r->bundle, names, name);
  if (!*out) return WEYL_OK;
  const weyl_array *a = *out;
  int rank = a->rank;
  while (rank > 1 && a->dim[rank - 1] == 1 && !(rank == 2 && a->dim[0] == r->systems && rows == 1)) rank--;
  if (rank == 1 && a->dim[0] == rows && (may_share || r->systems == 1))
    *stride = 0;
  else if (rank == 2 && a->dim[0] == r->systems && a->dim[1] == rows)
    *stride = rows;
  else
    return wrong_shape(r, *name, a, expected);
  return WEYL_OK;
}

static const char *place(const reader *r, const char *name, char text[256]) {
  snprintf(text, 256, "%.160s: array %.60s", r->path, name);
  return text;
}

static weyl_status copy_numbers(const reader *r, const char *name, const weyl_array *a, int64_t first, int64_t n,
                                double **out) {
  char text[256];
  if (a->dtype == WEYL_F32 || a->dtype == WEYL_F64)
    return data_copy_reals(r->ctx, r->out->arena, place(r, name, text), a, first, n, out);
  int32_t *whole;
  WEYL_TRY(data_copy_integers(r->ctx, r->out->arena, place(r, name, text), a, first, n, &whole));
  double *copy = weyl_arena_array(r->out->arena, double, n > 0 ? n : 1);
  if (!copy) return WEYL_MEMORY;
  for (int64_t i = 0; i < n; i++) copy[i] = whole[i];
  *out = copy;
  return WEYL_OK;
}

static weyl_status read_cell(const reader *r, double **cell, bool periodic[3]) {
  static const char *const cell_names[] = {"cell", "lattice", NULL}, *const periodic_names[] = {"pbc", NULL};
  const char *name;
  const weyl_array *a = find(r->bundle, cell_names, &name);
  *cell = NULL;
  if (!a) return WEYL_OK;
  if (a->rank != 2 || a->dim[0] != 3 || a->dim[1] != 3) return wrong_shape(r, name, a, "[3, 3]");
  WEYL_TRY(copy_numbers(r, name, a, 0, 9, cell));
  for (int k = 0; k < 3; k++) periodic[k] = true;
  a = find(r->bundle, periodic_names, &name);
  if (!a) return WEYL_OK;
  if (weyl_array_size(a) != 3) return wrong_shape(r, name, a, "[3]");
  double *flag;
  WEYL_TRY(copy_numbers(r, name, a, 0, 3, &flag));
  for (int k = 0; k < 3; k++) periodic[k] = flag[k] != 0;
  return WEYL_OK;
}

static weyl_status read_bundle(reader *r) {
  static const char *const step_names[] = {"dt", "time_step", NULL};
  const weyl_array *velocity, *force, *energy, *charge, *type;
  const char *velocity_name, *force_name, *energy_name, *charge_name, *type_name, *step_name;
  int64_t energy_stride = 0, charge_stride = 0, type_stride = 0;
  WEYL_TRY(find_position(r));
  WEYL_TRY(like_positions(r, data_names_velocity, &velocity, &velocity_name));
  WEYL_TRY(like_positions(r, data_names_force, &force, &force_name));
  WEYL_TRY(
      per_system(r, data_names_energy, r->frames, false, "one number a frame", &energy, &energy_name, &energy_stride));
  WEYL_TRY(
      per_system(r, data_names_charge, r->points, true, "one number a point", &charge, &charge_name, &charge_stride));
  WEYL_TRY(per_system(r, data_names_type, r->points, true, "one number a point", &type, &type_name, &type_stride));
  double *cell, step = 0;
  bool periodic[3] = {false, false, false};
  WEYL_TRY(read_cell(r, &cell, periodic));
  const weyl_array *step_array = find(r->bundle, step_names, &step_name);
  if (step_array) {
    double *value;
    if (weyl_array_size(step_array) != 1) return wrong_shape(r, step_name, step_array, "one number");
    WEYL_TRY(copy_numbers(r, step_name, step_array, 0, 1, &value));
    step = *value;
  }

  size_t room = 0;
  const int64_t size = r->frames * r->points * r->d;
  char text[256];
  for (int64_t s = 0; s < r->systems; s++) {
    weyl_trajectory *t = data_trajectories_add(r->out, &room);
    if (!t) return WEYL_MEMORY;
    *t = (weyl_trajectory){.frames = r->frames, .points = r->points, .d = r->d, .cell = cell, .time_step = step};
    memcpy(t->periodic, periodic, sizeof periodic);
    weyl_arena *arena = r->out->arena;
    WEYL_TRY(
        data_copy_reals(r->ctx, arena, place(r, r->position_name, text), r->position, s * size, size, &t->position));
    if (velocity)
      WEYL_TRY(data_copy_reals(r->ctx, arena, place(r, velocity_name, text), velocity, s * size, size, &t->velocity));
    if (force) WEYL_TRY(data_copy_reals(r->ctx, arena, place(r, force_name, text), force, s * size, size, &t->force));
    if (energy) WEYL_TRY(copy_numbers(r, energy_name, energy, s * energy_stride, r->frames, &t->energy));
    if (charge) WEYL_TRY(copy_numbers(r, charge_name, charge, s * charge_stride, r->points, &t->charge));
    if (type)
      WEYL_TRY(
          data_copy_integers(r->ctx, arena, place(r, type_name, text), type, s * type_stride, r->points, &t->type));
  }
  return WEYL_OK;
}

static weyl_status read_npz(weyl_context *ctx, const char *path, weyl_trajectories *out) {
  char *unpacked = NULL;
  weyl_bundle *bundle = NULL;
  weyl_trajectories made = {0};
  weyl_status status;
  WEYL_GOTO(input_unpack(ctx, path, &unpacked));
  WEYL_GOTO(weyl_npz_read(ctx, unpacked ? unpacked : path, &bundle));
  WEYL_GOTO(data_trajectories_begin(ctx, &made, "npz"));
  reader r = {.ctx = ctx, .path = path, .bundle = bundle, .out = &made};
  WEYL_GOTO(read_bundle(&r));
  *out = made;
  made.arena = NULL;
done:
  weyl_bundle_free(bundle);
  input_unpacked_free(ctx, unpacked);
  weyl_trajectories_free(&made);
  return status;
}

/* ---- writing ------------------------------------------------------------------------------------------------------
 */

/* npz holds one shape, so all trajectories must agree in it and in what they know. */
static weyl_status check_uniform(weyl_context *ctx, const char *path, const weyl_trajectories *in) {
  const weyl_trajectory *a = &in->item[0];
  for (int64_t i = 1; i < in->count; i++) {
    const weyl_trajectory *b = &in->item[i];
    if (a->frames != b->frames || a->points != b->points || a->d != b->d)
      return weyl_fail(ctx, WEYL_UNSUPPORTED,
                       "%s: npz holds trajectories of one shape, but number 0 is [%lld, %lld, %lld] and number %lld "
                       "[%lld, %lld, %lld]; "
                       "write .extxyz",
                       path, (long long)a->frames, (long long)a->points, (long long)a->d, (long long)i,
                       (long long)b->frames, (long long)b->points, (long long)b->d);
    const bool same = !a->velocity == !b->velocity && !a->force == !b->force && !a->energy == !b->energy &&
                      !a->charge == !b->charge && !a->type == !b->type && !a->cell == !b->cell &&
                      (!a->cell || memcmp(a->cell, b->cell, 9 * sizeof(double)) == 0);
    if (!same)
      return weyl_fail(ctx, WEYL_UNSUPPORTED,
                       "%s: npz holds trajectories with the same arrays and cell, but numbers 0 and %lld differ; "
                       "write .extxyz",
                       path, (long long)i);
  }
  return WEYL_OK;
}

/* Joins one array of all trajectories: [S, ...], or [...] when there is one. */
static weyl_status add(weyl_context *ctx, weyl_bundle *bundle, const weyl_trajectories *in, const char *name,
                       weyl_dtype dtype, const void *const *part, int rank, const int64_t *dim) {
  if (!part[0]) return WEYL_OK;
  weyl_array a = {.dtype = dtype};
  int64_t n = 1;
  if (in->count > 1) a.dim[a.rank++] = in->count;
  for (int k = 0; k < rank; k++) {
    a.dim[a.rank++] = dim[k];
    n *= dim[k];
  }
  const size_t bytes = (size_t)n * weyl_dtype_size(dtype);
  a.data = weyl_alloc(ctx, (size_t)in->count, bytes);
  if (!a.data) return WEYL_MEMORY;
  for (int64_t i = 0; i < in->count; i++) memcpy((char *)a.data + (size_t)i * bytes, part[i], bytes);
  const weyl_status status = weyl_bundle_add(bundle, name, &a);
  weyl_dealloc(ctx, a.data);
  return status;
}

static weyl_status write_npz(weyl_context *ctx, const char *path, const weyl_trajectories *in) {
  WEYL_TRY(check_uniform(ctx, path, in));
  const weyl_trajectory *first = &in->item[0];
  const int64_t shape[3] = {first->frames, first->points, first->d}, nine[2] = {3, 3}, three = 3;
  weyl_bundle *bundle = NULL;
  const void **part = weyl_alloc(ctx, (size_t)in->count, sizeof *part);
  if (!part) return WEYL_MEMORY;
  weyl_status status;
  WEYL_GOTO(weyl_bundle_new(ctx, &bundle));
#define ADD(member, name, dtype, rank, dim)                               \
  do {                                                                    \
    for (int64_t i = 0; i < in->count; i++) part[i] = in->item[i].member; \
    WEYL_GOTO(add(ctx, bundle, in, name, dtype, part, rank, dim));        \
  } while (0)
  ADD(position, "R", WEYL_F64, 3, shape);
  ADD(velocity, "V", WEYL_F64, 3, shape);
  ADD(force, "F", WEYL_F64, 3, shape);
  ADD(energy, "E", WEYL_F64, 1, shape);
  ADD(charge, "q", WEYL_F64, 1, shape + 1);
  ADD(type, "z", WEYL_I32, 1, shape + 1);
#undef ADD
  if (first->cell) {
    int32_t flag[3];
    for (int k = 0; k < 3; k++) flag[k] = first->periodic[k];
    weyl_array cell = {.data = first->cell, .dtype = WEYL_F64, .rank = 2},
               periodic = {.data = flag, .dtype = WEYL_I32, .rank = 1};
    memcpy(cell.dim, nine, sizeof nine);
    periodic.dim[0] = three;
    WEYL_GOTO(weyl_bundle_add(bundle, "cell", &cell));
    WEYL_GOTO(weyl_bundle_add(bundle, "pbc", &periodic));
  }
  if (first->time_step > 0) {
    double step = first->time_step;
    const weyl_array a = {.data = &step, .dtype = WEYL_F64, .rank = 0};
    WEYL_GOTO(weyl_bundle_add(bundle, "dt", &a));
  }
  WEYL_GOTO(weyl_npz_write(ctx, path, bundle));
done:
  weyl_bundle_free(bundle);
  weyl_dealloc(ctx, part);
  return status;
}

const weyl_format_def weyl_format_npz = {
    .name = "npz",
    .extensions = ".npz|.npy",
    .summary = "numpy arrays: positions R [frames, points, d], and V, F, E, q, z",
    .recognise = recognise,
    .read = read_npz,
    .write = write_npz,
};
