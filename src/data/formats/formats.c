/* Trajectory files of any format: recognising, reading, checking and writing them. */
#include "formats/formats.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "formats/input.h"

static const weyl_format_def *const list[] = {
#define WEYL_FILE_FORMAT(name) &weyl_format_##name,
#include "formats/formats.def"
#undef WEYL_FILE_FORMAT
    NULL};

const weyl_format_def *const *weyl_formats(void) { return list; }

/* ---- names ----------------------------------------------------------------------------------------------------- */

const char *const data_names_position[] = {"R",     "x",      "pos",         "position", "positions",
                                           "coord", "coords", "coordinates", "loc",      NULL};
const char *const data_names_velocity[] = {"V", "v", "vel", "velo", "velocity", "velocities", NULL};
const char *const data_names_force[] = {"F", "force", "forces", NULL};
const char *const data_names_energy[] = {"E", "energy", "energies", NULL};
const char *const data_names_charge[] = {"q", "charge", "charges", NULL};
const char *const data_names_type[] = {"z", "type", "types", "species", "numbers", "nuclear_charges", "atomic_numbers",
                                       NULL};

bool data_is_named(const char *name, const char *const *names) {
  for (; *names; names++)
    if (strcasecmp(name, *names) == 0) return true;
  return false;
}

static size_t length_without(const char *path, size_t n, const char *ending) {
  const size_t k = strlen(ending);
  return n > k && strncasecmp(path + n - k, ending, k) == 0 ? n - k : n;
}

bool data_has_extension(const char *path, const char *extensions) {
  size_t n = strlen(path);
  n = length_without(path, n, ".gz");
  n = length_without(path, n, ".xz");
  while (*extensions) {
    const size_t k = strcspn(extensions, "|");
    if (n >= k && strncasecmp(path + n - k, extensions, k) == 0) return true;
    extensions += k;
    if (*extensions == '|') extensions++;
  }
  return false;
}

/* ---- building the list --------------------------------------------------------------------------------------------
 */

weyl_status data_trajectories_begin(weyl_context *ctx, weyl_trajectories *out, const char *format) {
  *out = (weyl_trajectories){.format = format, .length_unit = "", .time_unit = ""};
  return weyl_arena_new(ctx, &out->arena);
}

weyl_trajectory *data_trajectories_add(weyl_trajectories *out, size_t *room) {
  if ((size_t)out->count == *room) {
    const size_t larger = *room ? 2 * *room : 4;
    weyl_trajectory *item = weyl_arena_array(out->arena, weyl_trajectory, larger);
    if (!item) return NULL;
    if (out->count) memcpy(item, out->item, (size_t)out->count * sizeof *item);
    out->item = item;
    *room = larger;
  }
  return &out->item[out->count++];
}

weyl_status data_copy_reals(weyl_context *ctx, weyl_arena *arena, const char *place, const weyl_array *array,
                            int64_t first, int64_t n, double **out) {
  if (array->dtype != WEYL_F64 && array->dtype != WEYL_F32)
    return weyl_fail(ctx, WEYL_DTYPE, "%s is %s, expected f64 or f32", place, weyl_dtype_name(array->dtype));
  double *copy = weyl_arena_array(arena, double, n > 0 ? n : 1);
  if (!copy) return WEYL_MEMORY;
  if (array->dtype == WEYL_F64) {
    if (n > 0) memcpy(copy, (const double *)array->data + first, (size_t)n * sizeof *copy);
  } else {
    for (int64_t i = 0; i < n; i++) copy[i] = (double)((const float *)array->data)[first + i];
  }
  *out = copy;
  return WEYL_OK;
}

weyl_status data_copy_integers(weyl_context *ctx, weyl_arena *arena, const char *place, const weyl_array *array,
                               int64_t first, int64_t n, int32_t **out) {
  int32_t *copy = weyl_arena_array(arena, int32_t, n > 0 ? n : 1);
  if (!copy) return WEYL_MEMORY;
  for (int64_t i = 0; i < n; i++) {
    double value = 0;
    switch (array->dtype) {
      case WEYL_F32: value = (double)((const float *)array->data)[first + i]; break;
      case WEYL_F64: value = ((const double *)array->data)[first + i]; break;
      case WEYL_I32: value = ((const int32_t *)array->data)[first + i]; break;
      case WEYL_I64: value = (double)((const int64_t *)array->data)[first + i]; break;
      case WEYL_U8: value = ((const uint8_t *)array->data)[first + i]; break;
    }
    if (!(fabs(value) <= INT32_MAX) || value != floor(value))
      return weyl_fail(ctx, WEYL_FORMAT, "%s: element %lld is %g, expected a whole number", place, (long long)i, value);
    copy[i] = (int32_t)value;
  }
  *out = copy;
  return WEYL_OK;
}

/* ---- reading
 * --------------------------------------------------------------------------------------------------------- */

static weyl_status check_finite(weyl_context *ctx, const char *path, int64_t item, const weyl_trajectory *t,
                                const double *values, const char *what) {
  const int64_t frame = t->points * t->d, n = values ? t->frames * frame : 0;
  for (int64_t i = 0; i < n; i++) {
    if (isfinite(values[i])) continue;
    return weyl_fail(ctx, WEYL_FORMAT, "%s: trajectory %lld, frame %lld, point %lld: %s[%lld] is %s", path,
                     (long long)item, (long long)(i / frame), (long long)(i % frame / t->d), what,
                     (long long)(i % t->d),
                     isnan(values[i]) ? "nan"
                     : values[i] > 0  ? "inf"
                                      : "-inf");
  }
  return WEYL_OK;
}

static weyl_status check_all(weyl_context *ctx, const char *path, const weyl_trajectories *in) {
  if (in->count == 0) return weyl_fail(ctx, WEYL_FORMAT, "%s: holds no trajectory", path);
  for (int64_t i = 0; i < in->count; i++) {
    const weyl_trajectory *t = &in->item[i];
    if (t->frames < 1) return weyl_fail(ctx, WEYL_FORMAT, "%s: trajectory %lld has no frames", path, (long long)i);
    if (t->points < 1) return weyl_fail(ctx, WEYL_FORMAT, "%s: trajectory %lld has no points", path, (long long)i);
    if (t->d < 1 || t->d > DATA_DIMENSION_MAX)
      return weyl_fail(ctx, WEYL_FORMAT, "%s: trajectory %lld has %lld coordinates a point, expected 1 to %d", path,
                       (long long)i, (long long)t->d, DATA_DIMENSION_MAX);
    WEYL_TRY(check_finite(ctx, path, i, t, t->position, "position"));
    WEYL_TRY(check_finite(ctx, path, i, t, t->velocity, "velocity"));
    WEYL_TRY(check_finite(ctx, path, i, t, t->force, "force"));
    for (int64_t p = 0; t->charge && p < t->points; p++)
      if (!isfinite(t->charge[p]))
        return weyl_fail(ctx, WEYL_FORMAT, "%s: trajectory %lld, point %lld: charge is not finite", path, (long long)i,
                         (long long)p);
  }
  return WEYL_OK;
}

weyl_status weyl_trajectories_read(weyl_context *ctx, const char *path, weyl_trajectories *out) {
  enum { HEAD = 4096 };
  unsigned char head[HEAD];
  size_t n = sizeof head;
  input_packing packing;
  WEYL_TRY(input_peek(ctx, path, &packing, head, &n));
  if (n == 0 && packing == INPUT_PLAIN) return weyl_fail(ctx, WEYL_FORMAT, "%s: is empty", path);
  const weyl_format_def *format = NULL;
  for (size_t i = 0; list[i] && !format; i++)
    if (list[i]->recognise(path, head, n)) format = list[i];
  for (size_t i = 0; list[i] && !format; i++)
    if (data_has_extension(path, list[i]->extensions)) format = list[i];
  if (!format)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: is no trajectory file that weyl knows (npz, npy, hdf5, extended xyz)",
                     path);
  weyl_trajectories made = {0};
  weyl_status status = format->read(ctx, path, &made);
  if (status == WEYL_OK) status = check_all(ctx, path, &made);
  if (status != WEYL_OK) {
    weyl_trajectories_free(&made);
    return status;
  }
  *out = made;
  return WEYL_OK;
}

weyl_status weyl_trajectories_write(weyl_context *ctx, const char *path, const weyl_trajectories *in) {
  for (size_t i = 0; list[i]; i++) {
    if (!data_has_extension(path, list[i]->extensions)) continue;
    if (length_without(path, strlen(path), ".gz") != strlen(path) ||
        length_without(path, strlen(path), ".xz") != strlen(path))
      return weyl_fail(ctx, WEYL_UNSUPPORTED, "%s: compressed files are read, not written; compress it afterwards",
                       path);
    if (!list[i]->write)
      return weyl_fail(ctx, WEYL_UNSUPPORTED, "%s: %s files are read, not written; write npz or extxyz", path,
                       list[i]->name);
    WEYL_TRY(check_all(ctx, path, in));
    return list[i]->write(ctx, path, in);
  }
  return weyl_fail(ctx, WEYL_BAD_ARG, "%s: the extension names no format that can be written (.npz, .xyz, .extxyz)",
                   path);
}

void weyl_trajectories_free(weyl_trajectories *in) {
  if (!in) return;
  weyl_arena_free(in->arena);
  *in = (weyl_trajectories){0};
}
