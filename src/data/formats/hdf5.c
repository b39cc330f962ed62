/* HDF5: any group with a dataset of positions [T, n, d] (or [S, T, n, d]) under one of its usual names makes a
 * trajectory, with velocities, forces, energies, charges and types from the same group; so does H5MD (de Buyl, Colberg,
 * Hoefling 2014), where /particles/NAME/position is a group of value, step and time.  Links to other files and storage
 * in other files are not followed. */
#include <pthread.h>
#include <string.h>

#include "formats/formats.h"
#include "formats/hdf5_open.h"
#include "formats/input.h"

enum { DEPTH_MAX = 6, GROUPS_MAX = 100000, PATH_MAX_CHARS = 512 };
/* Deflate shrinks at most about thousandfold; a dataset that claims more than this times its stored bytes is refused.
 */
#define EXPANSION_MAX 1100

static bool recognise(const char *path, const unsigned char *head, size_t n) {
  (void)path;
  for (size_t at = 0; at + 8 <= n; at = at ? 2 * at : 512) /* a user block of a power of two bytes may come first */
    if (memcmp(head + at, "\x89HDF\r\n\x1a\n", 8) == 0) return true;
  return false;
}

typedef struct reader {
  weyl_context *ctx;
  const char *path;
  hid_t file;
  hsize_t file_size;
  weyl_trajectories *out;
  size_t room;
  int64_t groups;
  haddr_t *seen; /* open addressing; 0 is free, and so no object has it (the superblock lies there) */
  size_t seen_count, seen_room;
} reader;

/* Whether the object was met before, and notes it: hard links can lead to one group or dataset on many ways, even in a
 * circle. */
static weyl_status note_object(reader *r, hid_t object, bool *before) {
#if H5_VERSION_GE(1, 12, 0)
  H5O_info1_t info;
#else
  H5O_info_t info;
#endif
  if (H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0)
    return weyl_fail(r->ctx, WEYL_FORMAT, "%s: an object cannot be read", r->path);
  if (2 * (r->seen_count + 1) > r->seen_room) {
    const size_t room = r->seen_room ? 2 * r->seen_room : 64;
    haddr_t *seen = weyl_arena_array(r->out->arena, haddr_t, room);
    if (!seen) return WEYL_MEMORY;
    for (size_t i = 0; i < r->seen_room; i++) {
      if (r->seen[i] == 0) continue;
      size_t k = (size_t)(r->seen[i] * 0x9e3779b97f4a7c15u >> 20) % room;
      while (seen[k] != 0) k = (k + 1) % room;
      seen[k] = r->seen[i];
    }
    r->seen = seen;
    r->seen_room = room;
  }
  size_t k = (size_t)(info.addr * 0x9e3779b97f4a7c15u >> 20) % r->seen_room;
  while (r->seen[k] != 0 && r->seen[k] != info.addr) k = (k + 1) % r->seen_room;
  *before = r->seen[k] != 0;
  r->seen_count += !*before;
  r->seen[k] = info.addr;
  return WEYL_OK;
}

/* One dataset, opened and found sound. */
typedef struct dataset {
  hid_t id;
  int rank;
  int64_t dim[WEYL_RANK_MAX];
  int64_t size;
  bool real; /* floating point; else whole numbers */
  char name[PATH_MAX_CHARS];
} dataset;

static void close_dataset(dataset *d) {
  if (d->id > 0) (void)H5Dclose(d->id);
  d->id = 0;
}

/* ---- datasets --------------------------------------------------------------------------------------------------- */

static weyl_status check_storage(const reader *r, const dataset *d, hid_t type) {
  const hid_t plist = H5Dget_create_plist(d->id);
  if (plist < 0) return weyl_fail(r->ctx, WEYL_FORMAT, "%s: %s: its layout cannot be read", r->path, d->name);
  const H5D_layout_t layout = H5Pget_layout(plist);
  const int external = H5Pget_external_count(plist), filters = H5Pget_nfilters(plist);
  (void)H5Pclose(plist);
  if (layout == H5D_VIRTUAL || external != 0)
    return weyl_fail(r->ctx, WEYL_UNSUPPORTED, "%s: %s keeps its numbers in other files, which weyl does not follow",
                     r->path, d->name);
  const double stored = (double)H5Dget_storage_size(d->id), claimed = (double)d->size * (double)H5Tget_size(type);
  if (stored > (double)r->file_size || claimed > stored * (filters > 0 ? EXPANSION_MAX : 1)) {
    return weyl_fail(r->ctx, WEYL_FORMAT,
                     "%s: %s claims %lld numbers, but the file stores %.0f bytes of it (the file has %llu)", r->path,
                     d->name, (long long)d->size, stored, (unsigned long long)r->file_size);
  }
  return WEYL_OK;
}

/* Opens `name` in a group. Fails for what is no array of numbers, or larger than its storage. */
static weyl_status open_dataset(const reader *r, hid_t group, const char *group_name, const char *name, dataset *out) {
  dataset d = {0};
  snprintf(d.name, sizeof d.name, "%.380s/%.120s", group_name, name);
  d.id = H5Dopen2(group, name, H5P_DEFAULT);
  if (d.id < 0) return weyl_fail(r->ctx, WEYL_FORMAT, "%s: %s cannot be opened", r->path, d.name);
  const hid_t space = H5Dget_space(d.id), type = H5Dget_type(d.id);
  weyl_status status = WEYL_OK;
  const H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
  hsize_t dim[H5S_MAX_RANK];
  d.rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
  if (d.rank < 0 || H5Sget_simple_extent_dims(space, dim, NULL) < 0) {
    status = weyl_fail(r->ctx, WEYL_FORMAT, "%s: %s has no readable shape", r->path, d.name);
  } else if (class != H5T_FLOAT && class != H5T_INTEGER) {
    status = weyl_fail(r->ctx, WEYL_DTYPE, "%s: %s holds no numbers, expected floating point or whole numbers", r->path,
                       d.name);
  } else if (d.rank > WEYL_RANK_MAX) {
    status = weyl_fail(r->ctx, WEYL_SHAPE, "%s: %s has rank %d, expected at most %d", r->path, d.name, d.rank,
                       WEYL_RANK_MAX);
  } else {
    d.real = class == H5T_FLOAT;
    weyl_array a = {.dtype = WEYL_F64, .rank = d.rank};
    for (int k = 0; k < d.rank; k++) a.dim[k] = d.dim[k] = dim[k] <= INT64_MAX ? (int64_t)dim[k] : -1;
    d.size = weyl_array_size(&a);
    for (int k = 0; k < d.rank; k++)
      if (d.dim[k] < 0) d.size = -1;
    if (d.size < 0)
      status = weyl_fail(r->ctx, WEYL_FORMAT, "%s: the shape of %s is out of range", r->path, d.name);
    else
      status = check_storage(r, &d, type);
  }
  if (type >= 0) (void)H5Tclose(type);
  if (space >= 0) (void)H5Sclose(space);
  if (status != WEYL_OK) {
    close_dataset(&d);
    return status;
  }
  *out = d;
  return WEYL_OK;
}

/* Everything as double, in the arena. */
static weyl_status read_reals(const reader *r, const dataset *d, double **out) {
  double *values = weyl_arena_array(r->out->arena, double, d->size > 0 ? d->size : 1);
  if (!values) return WEYL_MEMORY;
  if (d->size > 0 && H5Dread(d->id, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
    return weyl_fail(r->ctx, WEYL_FORMAT, "%s: the numbers of %s cannot be read", r->path, d->name);
  *out = values;
  return WEYL_OK;
}

/* ---- groups -------------------------------------------------------------------------------------------------------
 */

typedef enum quantity { POSITION, VELOCITY, FORCE, ENERGY, CHARGE, TYPE, QUANTITIES } quantity;

static const char *const *names_of(quantity q) {
  switch (q) {
    case POSITION: return data_names_position;
    case VELOCITY: return data_names_velocity;
    case FORCE: return data_names_force;
    case ENERGY: return data_names_energy;
    case CHARGE: return data_names_charge;
    default: return data_names_type;
  }
}

/* The children of one group that mean something, and its subgroups' names. */
typedef struct listing {
  char name[QUANTITIES][128];    /* "" when absent; "position/value" for H5MD */
  char element[QUANTITIES][128]; /* the H5MD group the value is in; "" otherwise */
  char **group;
  size_t groups, room;
  weyl_arena *arena;
  bool failed;
} listing;

static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *arg) {
  listing *l = arg;
  if (info->type != H5L_TYPE_HARD || strlen(name) >= 100) return 0; /* soft and external links are not followed */
  const hid_t object = H5Oopen(group, name, H5P_DEFAULT);
  if (object < 0) return 0;
  const H5I_type_t kind = H5Iget_type(object);
  const bool h5md = kind == H5I_GROUP && H5Lexists(object, "value", H5P_DEFAULT) > 0;
  (void)H5Oclose(object);
  if (kind == H5I_DATASET || h5md) {
    for (int q = 0; q < QUANTITIES; q++) {
      if (l->name[q][0] != '\0' || !data_is_named(name, names_of((quantity)q))) continue;
      snprintf(l->name[q], sizeof l->name[q], h5md ? "%s/value" : "%s", name);
      if (h5md) snprintf(l->element[q], sizeof l->element[q], "%s", name);
      return 0;
    }
  }
  if (kind != H5I_GROUP || h5md) return 0;
  if (l->groups == l->room) {
    const size_t room = l->room ? 2 * l->room : 16;
    char **more = weyl_arena_array(l->arena, char *, room);
    if (!more) {
      l->failed = true;
      return -1;
    }
    if (l->groups) memcpy(more, l->group, l->groups * sizeof *more);
    l->group = more;
    l->room = room;
  }
  l->group[l->groups] = weyl_arena_strdup(l->arena, name);
  l->failed = !l->group[l->groups++];
  return l->failed ? -1 : 0;
}

static weyl_status wrong_shape(const reader *r, const dataset *d, const char *expected) {
  char shape[200] = "[";
  size_t at = 1;
  for (int k = 0; k < d->rank; k++)
    at += (size_t)snprintf(shape + at, sizeof shape - at, "%s%lld", k ? ", " : "", (long long)d->dim[k]);
  return weyl_fail(r->ctx, WEYL_SHAPE, "%s: %s is %s], expected %s", r->path, d->name, shape, expected);
}

/* Steps of H5MD: `time` beside `value`, a scalar (the increment) or one number a frame. Anything odd means unknown. */
static double time_step_of(const reader *r, hid_t group, const char *group_name, const char *element) {
  char name[160];
  snprintf(name, sizeof name, "%s/time", element);
  if (element[0] == '\0' || H5Lexists(group, name, H5P_DEFAULT) <= 0) return 0;
  const reader quiet = {.ctx = NULL, .path = r->path, .file_size = r->file_size, .out = r->out};
  dataset d = {0};
  double *time = NULL, step = 0;
  if (open_dataset(&quiet, group, group_name, name, &d) != WEYL_OK) return 0;
  if (d.rank <= 1 && read_reals(&quiet, &d, &time) == WEYL_OK) {
    if (d.rank == 0)
      step = time[0];
    else if (d.size >= 2)
      step = time[1] - time[0];
    for (int64_t k = 2; d.rank == 1 && k < d.size; k++) {
      const double off = time[k] - time[k - 1] - step;
      if (!(off < 1e-6 * step && off > -1e-6 * step)) step = 0;
    }
  }
  close_dataset(&d);
  return step > 0 ? step : 0;
}

/* The box of H5MD: edges [3] or [3, 3], boundary left aside where it says "none" for all. */
static weyl_status read_box(const reader *r, hid_t group, const char *group_name, double **cell, bool periodic[3]) {
  *cell = NULL;
  if (H5Lexists(group, "box", H5P_DEFAULT) <= 0) return WEYL_OK;
  const char *name = H5Lexists(group, "box/edges", H5P_DEFAULT) > 0 ? "box/edges" : NULL;
  if (!name) return WEYL_OK;
  const hid_t object = H5Oopen(group, name, H5P_DEFAULT);
  const bool varies =
      object >= 0 && H5Iget_type(object) == H5I_GROUP; /* a box for each frame: we keep one cell, so none */
  if (object >= 0) (void)H5Oclose(object);
  if (varies || object < 0) return WEYL_OK;
  dataset d = {0};
  WEYL_TRY(open_dataset(r, group, group_name, name, &d));
  double *edge;
  weyl_status status = d.size == 3 || d.size == 9 ? read_reals(r, &d, &edge) : wrong_shape(r, &d, "[3] or [3, 3]");
  if (status == WEYL_OK) {
    *cell = weyl_arena_array(r->out->arena, double, 9);
    if (!*cell) status = WEYL_MEMORY;
    for (int k = 0; *cell && k < 3; k++) {
      for (int c = 0; c < 3; c++) (*cell)[3 * k + c] = d.size == 9 ? edge[3 * k + c] : c == k ? edge[k] : 0;
      periodic[k] = true;
    }
  }
  close_dataset(&d);
  return status;
}

/* What one group holds, read whole. */
typedef struct columns {
  dataset at[QUANTITIES];
  double *value[QUANTITIES];
} columns;

/* *again: the positions were read by another way already. */
static weyl_status read_columns(reader *r, hid_t group, const char *group_name, const listing *l, columns *c,
                                bool *again) {
  for (int q = 0; q < QUANTITIES; q++) {
    if (l->name[q][0] == '\0') continue;
    dataset *d = &c->at[q];
    WEYL_TRY(open_dataset(r, group, group_name, l->name[q], d));
    if (q == POSITION) {
      WEYL_TRY(note_object(r, d->id, again));
      if (*again) return WEYL_OK;
    }
    if (q == POSITION && !d->real)
      return weyl_fail(r->ctx, WEYL_DTYPE, "%s: %s holds whole numbers, expected floating point", r->path, d->name);
    if (q == POSITION && d->rank != 3 && d->rank != 4)
      return wrong_shape(r, d, "[frames, points, d] or [systems, frames, points, d]");
    if (q == POSITION && (d->size < 1 || d->dim[d->rank - 1] > DATA_DIMENSION_MAX))
      return wrong_shape(r, d, "one frame and point or more, and 1 to 16 coordinates");
    const dataset *x = &c->at[POSITION];
    if ((q == VELOCITY || q == FORCE) &&
        (d->rank != x->rank || memcmp(d->dim, x->dim, (size_t)x->rank * sizeof *d->dim) != 0))
      return wrong_shape(r, d, "the shape of the positions");
    WEYL_TRY(read_reals(r, d, &c->value[q]));
  }
  return WEYL_OK;
}

/* Where system s of an array of `rows` numbers a system begins; the array may be shared. -1: the shape is wrong. */
static int64_t row_offset(const dataset *d, int64_t systems, int64_t s, int64_t rows, bool may_share) {
  if (d->size == systems * rows && (d->rank >= 2 || systems == 1)) return s * rows;
  return may_share && d->size == rows ? 0 : -1;
}

static weyl_status add_systems(reader *r, hid_t group, const char *group_name, const listing *l, const columns *c) {
  const dataset *x = &c->at[POSITION];
  const int64_t *dim = x->dim + (x->rank - 3), systems = x->rank == 4 ? x->dim[0] : 1;
  const int64_t frames = dim[0], points = dim[1], size = dim[0] * dim[1] * dim[2];
  const double step = time_step_of(r, group, group_name, l->element[POSITION]);
  bool periodic[3] = {false, false, false};
  double *cell;
  WEYL_TRY(read_box(r, group, group_name, &cell, periodic));
  for (int64_t s = 0; s < systems; s++) {
    weyl_trajectory t = {.frames = frames, .points = points, .d = dim[2], .cell = cell, .time_step = step};
    memcpy(t.periodic, periodic, sizeof periodic);
    t.position = c->value[POSITION] + s * size;
    t.velocity = c->value[VELOCITY] ? c->value[VELOCITY] + s * size : NULL;
    t.force = c->value[FORCE] ? c->value[FORCE] + s * size : NULL;
    if (c->value[ENERGY]) {
      const int64_t at = row_offset(&c->at[ENERGY], systems, s, frames, false);
      if (at < 0) return wrong_shape(r, &c->at[ENERGY], "one number a frame");
      t.energy = c->value[ENERGY] + at;
    }
    if (c->value[CHARGE]) {
      const int64_t at = row_offset(&c->at[CHARGE], systems, s, points, true);
      if (at < 0) return wrong_shape(r, &c->at[CHARGE], "one number a point");
      t.charge = c->value[CHARGE] + at;
    }
    if (c->value[TYPE]) {
      const int64_t at = row_offset(&c->at[TYPE], systems, s, points, true);
      if (at < 0) return wrong_shape(r, &c->at[TYPE], "one number a point");
      const weyl_array a = {.data = c->value[TYPE], .dtype = WEYL_F64, .rank = 1, .dim = {c->at[TYPE].size}};
      char place[700];
      snprintf(place, sizeof place, "%.160s: %s", r->path, c->at[TYPE].name);
      WEYL_TRY(data_copy_integers(r->ctx, r->out->arena, place, &a, at, points, &t.type));
    }
    weyl_trajectory *item = data_trajectories_add(r->out, &r->room);
    if (!item) return WEYL_MEMORY;
    *item = t;
  }
  return WEYL_OK;
}

static weyl_status read_group(reader *r, hid_t parent, const char *name, const char *full_name, int depth) {
  if (++r->groups > GROUPS_MAX) return weyl_fail(r->ctx, WEYL_FORMAT, "%s: more than %d groups", r->path, GROUPS_MAX);
  const hid_t group = H5Gopen2(parent, name, H5P_DEFAULT);
  if (group < 0)
    return weyl_fail(r->ctx, WEYL_FORMAT, "%s: group %s cannot be opened", r->path, *full_name ? full_name : "/");
  weyl_status status = WEYL_OK;
  columns c = {0};
  listing *l = NULL;
  weyl_arena *scratch = NULL; /* one a level: the names of this group only */
  bool before = false;
  WEYL_GOTO(note_object(r, group, &before));
  if (before) goto done;
  WEYL_GOTO(weyl_arena_new(r->ctx, &scratch));
  l = weyl_arena_array(scratch, listing, 1);
  if (!l) {
    status = WEYL_MEMORY;
    goto done;
  }
  l->arena = scratch;
  hsize_t index = 0;
  if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &index, visit, l) < 0) {
    status = l->failed ? WEYL_MEMORY
                       : weyl_fail(r->ctx, WEYL_FORMAT, "%s: group %s cannot be listed", r->path,
                                   *full_name ? full_name : "/");
    goto done;
  }
  if (l->name[POSITION][0] != '\0') {
    bool again = false;
    WEYL_GOTO(read_columns(r, group, full_name, l, &c, &again));
    if (!again) WEYL_GOTO(add_systems(r, group, full_name, l, &c));
  }
  for (size_t i = 0; i < l->groups && depth < DEPTH_MAX; i++) {
    char child[PATH_MAX_CHARS];
    snprintf(child, sizeof child, "%.380s/%.100s", full_name, l->group[i]);
    WEYL_GOTO(read_group(r, group, l->group[i], child, depth + 1));
  }
done:
  for (int q = 0; q < QUANTITIES; q++) close_dataset(&c.at[q]);
  weyl_arena_free(scratch);
  (void)H5Gclose(group);
  return status;
}

/* ---- the file -------------------------------------------------------------------------------------------------------
 */

static weyl_status read_open(weyl_context *ctx, const char *path, const char *actual, weyl_trajectories *out) {
  weyl_trajectories made = {0};
  const hid_t file = H5Fopen(actual, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: cannot be opened as HDF5: it is damaged, cut off or of another format",
                     path);
  reader r = {.ctx = ctx, .path = path, .file = file, .out = &made};
  weyl_status status;
  WEYL_GOTO(data_trajectories_begin(ctx, &made, "hdf5"));
  if (H5Fget_filesize(file, &r.file_size) < 0) {
    status = weyl_fail(ctx, WEYL_IO, "%s: its size cannot be found", path);
    goto done;
  }
  WEYL_GOTO(read_group(&r, file, "/", "", 0));
  if (made.count == 0) {
    status = weyl_fail(ctx, WEYL_FORMAT,
                       "%s: no dataset of positions in any group (position, pos, coords, x or R; or H5MD's "
                       "particles/NAME/position/value)",
                       path);
    goto done;
  }
  *out = made;
  made.arena = NULL;
done:
  weyl_trajectories_free(&made);
  (void)H5Fclose(file);
  return status;
}

/* The library may be built without thread safety, and contexts are independent: one of them at a time. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static weyl_status read_hdf5(weyl_context *ctx, const char *path, weyl_trajectories *out) {
  char *unpacked = NULL;
  WEYL_TRY(input_unpack(ctx, path, &unpacked));
  pthread_mutex_lock(&one_at_a_time);
  weyl_status status = data_hdf5_open(ctx);
  if (status == WEYL_OK) {
    /* The library prints its errors to stderr unless it is told not to; the host's own setting comes back afterwards.
     */
    H5E_auto2_t report = NULL;
    void *report_data = NULL;
    (void)H5Eget_auto2(H5E_DEFAULT, &report, &report_data);
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    status = read_open(ctx, path, unpacked ? unpacked : path, out);
    (void)H5Eset_auto2(H5E_DEFAULT, report, report_data);
  }
  pthread_mutex_unlock(&one_at_a_time);
  input_unpacked_free(ctx, unpacked);
  return status;
}

const weyl_format_def weyl_format_hdf5 = {
    .name = "hdf5",
    .extensions = ".h5|.hdf5|.h5md",
    .summary = "HDF5 groups with positions [frames, points, d] and what belongs to them; H5MD",
    .recognise = recognise,
    .read = read_hdf5,
    .write = NULL,
};
