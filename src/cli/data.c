/* weyl data: what the sets are, what a file holds, and making a set into a file. */
#include "cli.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

/* ---- list and info of sets ---- */

static weyl_status list(cli *c) {
  const char *cells[3 * 64] = {"name", "what", "from"};
  size_t rows = 1;
  weyl_json_array(c->result, "sets");
  for (const weyl_set_def *const *s = weyl_sets(); *s && rows < 64; s++, rows++) {
    cells[3 * rows] = (*s)->name;
    cells[3 * rows + 1] = (*s)->summary;
    cells[3 * rows + 2] = (*s)->source;
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", (*s)->name);
    weyl_json_string(c->result, "summary", (*s)->summary);
    weyl_json_string(c->result, "source", (*s)->source);
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  weyl_json_array(c->result, "formats");
  for (const weyl_format_def *const *f = weyl_formats(); *f; f++) weyl_json_string(c->result, NULL, (*f)->name);
  weyl_json_end(c->result);
  cli_table(c, rows, 3, cells);
  cli_say(c, "\nformats of trajectories:\n");
  for (const weyl_format_def *const *f = weyl_formats(); *f; f++) cli_say(c, "  %-8s %s\n", (*f)->name, (*f)->summary);
  return WEYL_OK;
}

static weyl_status info_set(cli *c, const weyl_set_def *set) {
  weyl_json_string(c->result, "name", set->name);
  weyl_json_string(c->result, "summary", set->summary);
  weyl_json_string(c->result, "source", set->source);
  weyl_json_array(c->result, "options");
  cli_say(c, "%s: %s\nfrom: %s\n", set->name, set->summary, set->source);
  if (set->options && set->options->name) cli_say(c, "\noptions (--set key=value):\n");
  for (const weyl_option *o = set->options; o && o->name; o++) {
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", o->name);
    weyl_json_string(c->result, "default", o->fallback);
    weyl_json_string(c->result, "help", o->help);
    weyl_json_end(c->result);
    cli_say(c, "  %-16s %s (default %s)\n", o->name, o->help, o->fallback && o->fallback[0] ? o->fallback : "none");
  }
  weyl_json_end(c->result);
  return WEYL_OK;
}

/* ---- info of files ---- */

static void shape_text(const weyl_array *a, char *text, size_t room) {
  size_t used = (size_t)snprintf(text, room, "[");
  for (int k = 0; k < a->rank && used < room; k++)
    used += (size_t)snprintf(text + used, room - used, "%s%lld", k ? ", " : "", (long long)a->dim[k]);
  if (used < room) snprintf(text + used, room - used, "]");
}

static double element(const weyl_array *a, int64_t i) {
  switch (a->dtype) {
    case WEYL_F32: return (double)((const float *)a->data)[i];
    case WEYL_F64: return ((const double *)a->data)[i];
    case WEYL_I32: return (double)((const int32_t *)a->data)[i];
    case WEYL_I64: return (double)((const int64_t *)a->data)[i];
    case WEYL_U8: return (double)((const uint8_t *)a->data)[i];
  }
  return NAN;
}

/* The notes of a split are the bytes of a text: copied to `text`, cut where it is full. */
static bool is_text(const char *name, const weyl_array *a, char text[400]) {
  const size_t n = strlen(name), size = (size_t)weyl_array_size(a);
  if (n < 6 || strcmp(name + n - 6, "_notes") != 0 || a->dtype != WEYL_U8) return false;
  for (size_t k = 0; k < size; k++)
    if (((const uint8_t *)a->data)[k] < ' ' || ((const uint8_t *)a->data)[k] > '~') return false;
  snprintf(text, 400, "%.*s%s", (int)(size < 390 ? size : 390), (const char *)a->data, size < 390 ? "" : " ...");
  return true;
}

static weyl_status info_arrays(cli *c, const weyl_bundle *bundle) {
  weyl_json_array(c->result, "arrays");
  for (size_t i = 0; i < weyl_bundle_count(bundle); i++) {
    const weyl_array *a = weyl_bundle_array(bundle, i);
    const int64_t n = weyl_array_size(a);
    double low = INFINITY, high = -INFINITY;
    int64_t strange = 0;
    for (int64_t k = 0; k < n; k++) {
      const double x = element(a, k);
      strange += !isfinite(x);
      low = fmin(low, x);
      high = fmax(high, x);
    }
    char shape[160], text[400];
    const bool words = is_text(weyl_bundle_name(bundle, i), a, text);
    shape_text(a, shape, sizeof shape);
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", weyl_bundle_name(bundle, i));
    weyl_json_string(c->result, "dtype", weyl_dtype_name(a->dtype));
    weyl_json_array(c->result, "shape");
    for (int k = 0; k < a->rank; k++) weyl_json_integer(c->result, NULL, a->dim[k]);
    weyl_json_end(c->result);
    weyl_json_number(c->result, "min", low);
    weyl_json_number(c->result, "max", high);
    weyl_json_integer(c->result, "not_finite", strange);
    if (words) weyl_json_string(c->result, "text", text);
    weyl_json_end(c->result);
    cli_say(c, "  %-32s %s %s", weyl_bundle_name(bundle, i), weyl_dtype_name(a->dtype), shape);
    if (words)
      cli_say(c, "  %s", text);
    else if (n > 0)
      cli_say(c, "  %.6g to %.6g", low, high);
    cli_say(c, strange ? "  (%lld not finite)\n" : "\n", (long long)strange);
  }
  weyl_json_end(c->result);
  return WEYL_OK;
}

static weyl_status info_trajectories(cli *c, const weyl_trajectories *t, const char *path) {
  weyl_json_string(c->result, "format", t->format);
  weyl_json_string(c->result, "length_unit", t->length_unit);
  weyl_json_string(c->result, "time_unit", t->time_unit);
  weyl_json_array(c->result, "trajectories");
  cli_say(c, "%s: %lld %s (%s)\n", path, (long long)t->count, t->count == 1 ? "trajectory" : "trajectories", t->format);
  for (int64_t i = 0; i < t->count; i++) {
    const weyl_trajectory *x = &t->item[i];
    const struct {
      bool has;
      const char *what;
    } parts[] = {{x->velocity, "velocities"}, {x->force, "forces"}, {x->energy, "energies"},
                 {x->charge, "charges"},      {x->type, "types"},   {x->cell, "cell"}};
    weyl_json_object(c->result, NULL);
    weyl_json_integer(c->result, "frames", x->frames);
    weyl_json_integer(c->result, "points", x->points);
    weyl_json_integer(c->result, "dimension", x->d);
    weyl_json_number(c->result, "time_step", x->time_step);
    const bool show = i < 20;
    if (show)
      cli_say(c, "  %lld: %lld frames of %lld points in R^%lld", (long long)i, (long long)x->frames,
              (long long)x->points, (long long)x->d);
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
      weyl_json_bool(c->result, parts[p].what, parts[p].has);
      if (show && parts[p].has) cli_say(c, ", %s", parts[p].what);
    }
    weyl_json_end(c->result);
    if (show) cli_say(c, "\n");
  }
  if (t->count > 20) cli_say(c, "  ... and %lld more\n", (long long)t->count - 20);
  weyl_json_end(c->result);
  return WEYL_OK;
}

static weyl_status info_tracks(cli *c, const char *path) {
  weyl_tracks t;
  WEYL_TRY(weyl_tracks_read(c->ctx, path, &t));
  weyl_json_string(c->result, "format", t.format);
  weyl_json_integer(c->result, "rows", t.rows);
  weyl_json_integer(c->result, "agents", t.agents);
  weyl_json_integer(c->result, "frames", t.frames);
  weyl_json_integer(c->result, "dimension", t.d);
  weyl_json_number(c->result, "first_frame", t.first);
  weyl_json_number(c->result, "frame_step", t.step);
  weyl_json_integer(c->result, "gaps", t.gaps);
  weyl_json_number(c->result, "time_step", t.time_step);
  cli_say(c, "%s: tracks (%s): %lld rows of %lld agents in R^%lld, %lld frames from %.10g, %.10g apart, %lld gaps\n",
          path, t.format, (long long)t.rows, (long long)t.agents, (long long)t.d, (long long)t.frames, t.first, t.step,
          (long long)t.gaps);
  weyl_tracks_free(&t);
  return WEYL_OK;
}

static bool ends_with(const char *text, const char *end) {
  const size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

static weyl_status info_file(cli *c, const char *path) {
  weyl_json_string(c->result, "file", path);
  weyl_bundle *bundle = NULL;
  weyl_trajectories trajectories = {0};
  weyl_status status;
  const char *kind = "";
  struct stat st;
  const bool is_folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
  const bool motion = weyl_motion_kind(c->ctx, path, &kind) == WEYL_OK;
  if (is_folder && !motion) return weyl_motion_kind(c->ctx, path, &kind); /* its own status and message */
  weyl_message_clear(c->ctx);
  if (motion) weyl_json_string(c->result, "motion", kind);
  if (is_folder) {
    cli_say(c, "%s: a folder of motion: %s\n", path, kind);
    return WEYL_OK;
  }
  if (ends_with(path, ".safetensors")) {
    WEYL_TRY(weyl_safetensors_read(c->ctx, path, &bundle));
  } else if (strcmp(kind, "pedestrians") == 0) {
    return info_tracks(c, path);
  } else if (weyl_trajectories_read(c->ctx, path, &trajectories) == WEYL_OK) {
    status = info_trajectories(c, &trajectories, path);
    weyl_trajectories_free(&trajectories);
    return status;
  } else if (ends_with(path, ".npz") ||
             ends_with(path, ".npy")) { /* arrays that are no trajectories are fine to look at */
    weyl_message_clear(c->ctx);
    WEYL_TRY(weyl_npz_read(c->ctx, path, &bundle));
  } else {
    return weyl_trajectories_read(c->ctx, path, &trajectories); /* once more, for its own status and message */
  }
  cli_say(c, "%s: %zu arrays\n", path, weyl_bundle_count(bundle));
  status = info_arrays(c, bundle);
  weyl_bundle_free(bundle);
  return status;
}

static weyl_status info(cli *c) {
  if (c->args < 2) return weyl_fail(c->ctx, WEYL_BAD_ARG, "which set or file? weyl data list shows the sets");
  const weyl_set_def *set = weyl_set_find(c->arg[1]);
  if (set) return info_set(c, set);
  if (!weyl_file_exists(c->arg[1]) && !strpbrk(c->arg[1], "./"))
    return cli_unknown(c, "set or file", c->arg[1], cli_set_name);
  return info_file(c, c->arg[1]);
}

/* ---- make ---- */

static weyl_status make(cli *c) {
  if (c->args < 2) {
    char names[512];
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "which set? There is %s", cli_list(names, sizeof names, cli_set_name));
  }
  const weyl_set_def *set = weyl_set_find(c->arg[1]);
  char file[256];
  snprintf(file, sizeof file, "%s.npz", set->name);
  const char *out = cli_string(c, "out") ? cli_string(c, "out") : file;
  const uint64_t seed = cli_given(c, "seed") ? cli_seed(c) : WEYL_SEED_NOT_GIVEN;
  WEYL_TRY(weyl_set_write(c->ctx, set, c->extra, cli_string(c, "data"), seed, out, c->result));
  struct stat st;
  const double mib = stat(out, &st) == 0 ? (double)st.st_size / 1048576 : 0;
  cli_say(c, "%s: %s, %.1f MiB in %.1f s\n", set->name, out, mib, weyl_seconds() - c->start);
  return WEYL_OK;
}

/* ---- convert ---- */

static weyl_status convert(cli *c) {
  if (c->args < 2) return weyl_fail(c->ctx, WEYL_BAD_ARG, "which file of trajectories?");
  const char *out = cli_string(c, "out");
  if (!out) return weyl_fail(c->ctx, WEYL_BAD_ARG, "where to? --out FILE.npz or FILE.xyz");
  weyl_trajectories t;
  WEYL_TRY(weyl_trajectories_read(c->ctx, c->arg[1], &t));
  const double step = cli_given(c, "time_step") ? cli_number(c, "time_step") : 0;
  for (int64_t i = 0; step > 0 && i < t.count; i++) t.item[i].time_step = step;
  const weyl_status status = weyl_trajectories_write(c->ctx, out, &t);
  if (status == WEYL_OK) {
    weyl_json_string(c->result, "file", out);
    weyl_json_integer(c->result, "trajectories", t.count);
    weyl_json_integer(c->result, "frames", t.item[0].frames);
    weyl_json_integer(c->result, "points", t.item[0].points);
    cli_say(c, "%s: %lld %s, the first of %lld frames of %lld points\n", out, (long long)t.count,
            t.count == 1 ? "trajectory" : "trajectories", (long long)t.item[0].frames, (long long)t.item[0].points);
  }
  weyl_trajectories_free(&t);
  return status;
}

/* ---- fetch ---- */

static const char *download_name(size_t i) {
  size_t n = 0;
  while (weyl_downloads()[n].name) n++;
  return i < n ? weyl_downloads()[i].name : NULL;
}

static weyl_status list_downloads(cli *c) {
  const char *cells[3 * 65] = {"name", "what", "licence"};
  size_t rows = 1;
  weyl_json_array(c->result, "downloads");
  for (const weyl_download *d = weyl_downloads(); d->name && rows < 65; d++, rows++) {
    cells[3 * rows] = d->name;
    cells[3 * rows + 1] = d->summary;
    cells[3 * rows + 2] = d->licence;
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", d->name);
    weyl_json_string(c->result, "url", d->url);
    weyl_json_string(c->result, "sha256", d->sha256);
    weyl_json_string(c->result, "licence", d->licence);
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  cli_table(c, rows, 3, cells);
  return WEYL_OK;
}

static weyl_status fetch(cli *c) {
  if (c->args < 2) return list_downloads(c);
  const weyl_download *d = weyl_downloads();
  while (d->name && strcmp(d->name, c->arg[1]) != 0) d++;
  if (!d->name) return cli_unknown(c, "download", c->arg[1], download_name);
  const char *folder = cli_string(c, "out") ? cli_string(c, "out") : ".";
  char hex[65];
  WEYL_TRY(weyl_data_fetch(c->ctx, d->name, folder, hex));
  weyl_json_string(c->result, "name", d->name);
  weyl_json_string(c->result, "folder", folder);
  weyl_json_string(c->result, "file", d->file);
  weyl_json_string(c->result, "sha256", hex);
  cli_say(c, "%s/%s\nsha256 %s%s\nlicence: %s\n", folder, d->file, hex, d->sha256 ? " (as expected)" : "", d->licence);
  return WEYL_OK;
}

static const struct {
  const char *name;
  weyl_status (*run)(cli *c);
} actions[] = {{"list", list}, {"info", info}, {"make", make}, {"convert", convert}, {"fetch", fetch}};
#define ACTIONS (sizeof actions / sizeof actions[0])

static const char *action_name(size_t i) { return i < ACTIONS ? actions[i].name : NULL; }

/* The options of the set that is made. */
static weyl_status more(cli *c) {
  bool making = false;
  for (int i = 0; i < c->argc; i++) {
    if (strcmp(c->argv[i], "make") == 0) {
      making = true;
      continue;
    }
    const weyl_set_def *set = weyl_set_find(c->argv[i]);
    if (!making || !set) continue;
    WEYL_TRY(weyl_options_new(c->ctx, &c->extra));
    return set->options ? weyl_options_declare(c->extra, set->name, set->options) : WEYL_OK;
  }
  if (making && c->args > 1) return cli_unknown(c, "data set", c->arg[1], cli_set_name);
  return WEYL_OK;
}

static weyl_status run(cli *c) {
  for (size_t k = 0; k < ACTIONS; k++) {
    if (strcmp(actions[k].name, c->arg[0]) == 0) return actions[k].run(c);
  }
  return cli_unknown(c, "action", c->arg[0], action_name);
}

static const weyl_option options[] = {
    {"data", WEYL_OPT_STRING, "", 0, 0, NULL,
     "make: file or folder that the set is read from, where it is not generated"},
    {"out", WEYL_OPT_STRING, "", 0, 0, NULL,
     "make: the npz to write, NAME.npz when not given; convert: the npz or xyz to write; fetch: the folder, this one "
     "when "
     "not given"},
    {"time_step", WEYL_OPT_DOUBLE, "0", 0, 0, NULL,
     "convert: time between frames, where the file does not say it (molecules: fs)"},
    {"seed", WEYL_OPT_U64, "1", 0, 0, NULL, "make: seed of what is generated; the published one when not given"},
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const cli_command cli_command_data = {
    .name = "data",
    .summary = "lists, describes and makes data sets",
    .usage = "list|info|make|convert|fetch [NAME|FILE]",
    .details =
        "list: the sets that weyl knows and the formats of trajectories it reads. info: a set with its options, or "
        "what a file holds "
        "(npz, extxyz, HDF5, BVH, AMC, Human3.6M text, rows frame,id,x,y, safetensors). make: generates or converts a "
        "set and "
        "writes its splits to an npz. convert: writes trajectories of any of these formats as npz or extended xyz. "
        "fetch: "
        "downloads a public file and checks it; without a name, the list of them.",
    .examples =
        "weyl data list\n"
        "weyl data info water.extxyz\n"
        "weyl data make nbody --seed 43 --out nbody.npz\n"
        "weyl data make nbody --trajectories --set train=100\n"
        "weyl data make springs\n"
        "weyl data make motion --data walk.bvh --out walk.npz\n"
        "weyl data convert 02_01.amc --out walk.npz",
    .options = options,
    .min_args = 1,
    .max_args = 2,
    .arg = CLI_ARG_WORDS,
    .sets = true,
    .more = more,
    .run = run,
};
