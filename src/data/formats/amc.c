/* Acclaim motion: the frames of an ASF skeleton, which lies beside the file: 02_01.amc with 02.asf. The files name no
 * rate; those of CMU have 120 frames a second. */
#include <dirent.h>
#include <math.h>
#include <string.h>

#include "formats/formats.h"
#include "formats/skeleton.h"

static const double cmu_step = 1.0 / 120;

/* Room for one more frame. */
static weyl_status grow(weyl_context *ctx, double **x, int64_t frames, int64_t *room, int64_t width) {
  if (frames < *room) return WEYL_OK;
  const int64_t more = *room ? 2 * *room : 256;
  double *larger = weyl_realloc(ctx, *x, (size_t)(more * width), sizeof **x);
  if (!larger) return WEYL_MEMORY;
  *x = larger;
  *room = more;
  return WEYL_OK;
}

typedef struct reader {
  text_file *in;
  const skeleton *s;
  int *first;    /* [joints] place of a joint's first value */
  int64_t *seen; /* [joints] the last frame that named it, from 1 */
  double *value, *scratch;
  double angle;   /* of the motion file: :DEGREES or :RADIANS */
  int64_t frames; /* begun */
  char place[280];
} reader;

static weyl_status wrong(reader *r, span what, const char *expected) {
  return weyl_fail(r->in->ctx, WEYL_FORMAT, "%s: '%.*s', expected %s", text_place(r->in, r->place), span_shown(what),
                   what.at, expected);
}

static weyl_status read_bone(reader *r, span name, span rest) {
  const int j = skeleton_find(r->s, name);
  if (j < 0) return wrong(r, name, "the name of a bone of the skeleton");
  if (r->frames == 0) return wrong(r, name, "the number of a frame before its bones");
  if (r->seen[j] == r->frames) return wrong(r, name, "each bone once a frame");
  r->seen[j] = r->frames;
  const skeleton_joint *joint = &r->s->joint[j];
  span w;
  for (int c = 0; c < joint->channels; c++) {
    double *v = &r->value[r->first[j] + c];
    w = rest;
    if (!span_next_word(&rest, &w) || !span_number(w, v)) return wrong(r, w, "a finite number for each channel");
    if (joint->channel[c] >= TURN_X) *v *= r->angle / r->s->angle;
  }
  return span_next_word(&rest, &w) ? wrong(r, w, "no more numbers than the bone has channels") : WEYL_OK;
}

/* Every bone with channels must have been named. */
static weyl_status close_frame(reader *r, bool fixed_root, double *x) {
  for (int j = 0; j < r->s->joints; j++)
    if (r->s->joint[j].channels > 0 && r->seen[j] != r->frames)
      return weyl_fail(r->in->ctx, WEYL_FORMAT, "%s: frame %lld has no values of the bone %s",
                       text_place(r->in, r->place), (long long)r->frames, r->s->joint[j].name);
  skeleton_frame(r->s, r->value, fixed_root, r->scratch, x);
  return WEYL_OK;
}

static weyl_status read_frames(reader *r, bool fixed_root, double **x) {
  weyl_context *ctx = r->in->ctx;
  const int64_t width = r->s->joints * 3;
  int64_t room = 0, number, before = 0;
  span line, word;
  while (text_next_line(r->in, &line)) {
    if (!span_next_word(&line, &word) || word.at[0] == '#') continue;
    if (word.at[0] == ':') {
      if (span_is(word, ":RADIANS")) r->angle = 1;
      continue;
    }
    if (!span_integer(word, &number)) {
      WEYL_TRY(read_bone(r, word, line));
      continue;
    }
    if (r->frames > 0) {
      if (number != before + 1) return wrong(r, word, "the number behind that of the frame before (no gaps)");
      WEYL_TRY(grow(ctx, x, r->frames - 1, &room, width));
      WEYL_TRY(close_frame(r, fixed_root, *x + (r->frames - 1) * width));
    }
    before = number;
    r->frames++;
  }
  if (r->frames == 0) return weyl_fail(ctx, WEYL_FORMAT, "%s: holds no frame", r->in->path);
  WEYL_TRY(grow(ctx, x, r->frames - 1, &room, width));
  return close_frame(r, fixed_root, *x + (r->frames - 1) * width);
}

weyl_status amc_parse(text_file *file, const skeleton *s, bool fixed_root, weyl_trajectories *out) {
  weyl_context *ctx = file->ctx;
  weyl_arena *arena = NULL;
  double *x = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  reader r = {.in = file,
              .s = s,
              .first = weyl_arena_array(arena, int, s->joints),
              .seen = weyl_arena_array(arena, int64_t, s->joints),
              .value = weyl_arena_array(arena, double, s->joints * 6),
              .scratch = weyl_arena_array(arena, double, s->joints * 21),
              .angle = acos(-1) / 180};
  if (!r.first || !r.seen || !r.value || !r.scratch) {
    status = WEYL_MEMORY;
    goto done;
  }
  for (int j = 1; j < s->joints; j++) r.first[j] = r.first[j - 1] + s->joint[j - 1].channels;
  WEYL_GOTO(read_frames(&r, fixed_root, &x));
  WEYL_GOTO(data_trajectories_begin(ctx, out, "amc"));
  out->length_unit = "mm";
  out->time_unit = "s";
  WEYL_GOTO(skeleton_trajectory(s, r.frames, cmu_step, out));
  memcpy(out->item[0].position, x, (size_t)(r.frames * s->joints * 3) * sizeof *x);
done:
  weyl_dealloc(ctx, x);
  weyl_arena_free(arena);
  return status;
}

/* ---- the skeleton beside it
 * ------------------------------------------------------------------------------------------- */

static bool try_skeleton(const char *folder, size_t folder_n, const char *stem, size_t stem_n, char path[512]) {
  static const char *const packing[3] = {"", ".xz", ".gz"};
  for (int z = 0; z < 3; z++) {
    snprintf(path, 512, "%.*s%.*s.asf%s", (int)(folder_n < 300 ? folder_n : 300), folder,
             (int)(stem_n < 150 ? stem_n : 150), stem, packing[z]);
    if (weyl_file_exists(path)) return true;
  }
  return false;
}

/* The only .asf of the folder. */
static bool only_skeleton(const char *folder, size_t folder_n, char path[512]) {
  snprintf(path, 512, "%.*s", (int)(folder_n < 300 ? folder_n : 300), folder_n ? folder : ".");
  DIR *d = opendir(path);
  if (!d) return false;
  int count = 0;
  for (struct dirent *e = readdir(d); e; e = readdir(d)) {
    if (!data_has_extension(e->d_name, ".asf")) continue;
    count++;
    snprintf(path, 512, "%.*s%.200s", (int)(folder_n < 300 ? folder_n : 300), folder, e->d_name);
  }
  closedir(d);
  return count == 1;
}

/* Beside 02_01.amc: 02_01.asf, 02.asf, or the only one of the folder. */
static bool find_skeleton(const char *motion, char path[512]) {
  const char *slash = strrchr(motion, '/'), *name = slash ? slash + 1 : motion;
  const size_t folder_n = (size_t)(name - motion);
  const char *dot = strstr(name, ".amc");
  if (!dot) dot = strstr(name, ".AMC");
  const size_t stem = dot ? (size_t)(dot - name) : strlen(name);
  size_t subject = stem;
  while (subject > 0 && name[subject - 1] != '_') subject--;
  return try_skeleton(motion, folder_n, name, stem, path) ||
         (subject > 1 && try_skeleton(motion, folder_n, name, subject - 1, path)) ||
         only_skeleton(motion, folder_n, path);
}

weyl_status amc_read(weyl_context *ctx, const char *path, bool fixed_root, weyl_trajectories *out) {
  char beside[512];
  text_file file;
  skeleton *s = NULL;
  weyl_trajectories made = {0};
  if (!find_skeleton(path, beside))
    return weyl_fail(ctx, WEYL_NO_FILE, "%s: no skeleton beside it (02_01.amc goes with 02.asf in the same folder)",
                     path);
  weyl_status status = text_open(ctx, beside, &file);
  if (status == WEYL_OK) status = asf_parse(&file, &s);
  text_close(&file);
  if (status != WEYL_OK) return status;
  status = text_open(ctx, path, &file);
  if (status == WEYL_OK) status = amc_parse(&file, s, fixed_root, &made);
  text_close(&file);
  skeleton_free(ctx, s);
  if (status == WEYL_OK)
    *out = made;
  else
    weyl_trajectories_free(&made);
  return status;
}

static bool recognise(const char *path, const unsigned char *head, size_t n) {
  (void)path;
  static const char key[] = ":FULLY-SPECIFIED";
  for (size_t i = 0; i + sizeof key - 1 <= n; i++)
    if ((i == 0 || head[i - 1] == '\n') && memcmp(head + i, key, sizeof key - 1) == 0) return true;
  return false;
}

static weyl_status read(weyl_context *ctx, const char *path, weyl_trajectories *out) {
  return amc_read(ctx, path, false, out);
}

const weyl_format_def weyl_format_amc = {
    .name = "amc",
    .extensions = ".amc",
    .summary = "motion capture, Acclaim (CMU), with the .asf beside it: ends of bones in millimetres",
    .recognise = recognise,
    .read = read,
    .write = NULL,
};
