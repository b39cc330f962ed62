/* Biovision hierarchies: HIERARCHY with ROOT, JOINT, End Site; MOTION with one line a frame.  Ends of bones become
 * joints named after their parent, "LeftToe_end". */
#include <math.h>
#include <string.h>

#include "formats/formats.h"
#include "formats/skeleton.h"

typedef struct reader {
  text_file *in;
  span line, word;
  char place[280];
} reader;

/* The next word of the file, over line ends; false at its end. */
static bool next(reader *r) {
  while (!span_next_word(&r->line, &r->word))
    if (!text_next_line(r->in, &r->line)) return false;
  return true;
}

static weyl_status expected(reader *r, const char *what) {
  const bool at_end = r->word.n == 0;
  return weyl_fail(r->in->ctx, WEYL_FORMAT, "%s: %s%.*s%s, expected %s", text_place(r->in, r->place),
                   at_end ? "the file ends" : "'", at_end ? 0 : span_shown(r->word), r->word.at ? r->word.at : "",
                   at_end ? "" : "'", what);
}

static weyl_status word(reader *r, const char *what) {
  if (!next(r)) return expected(r, what);
  return WEYL_OK;
}

static weyl_status keyword(reader *r, const char *which) {
  WEYL_TRY(word(r, which));
  return span_is(r->word, which) ? WEYL_OK : expected(r, which);
}

static weyl_status number(reader *r, const char *what, double *out) {
  WEYL_TRY(word(r, what));
  return span_number(r->word, out) ? WEYL_OK : expected(r, what);
}

static weyl_status read_channels(reader *r, skeleton_joint *j) {
  static const char *const name[6] = {"Xposition", "Yposition", "Zposition", "Xrotation", "Yrotation", "Zrotation"};
  double count;
  WEYL_TRY(number(r, "the number of channels", &count));
  if (!(count >= 0 && count <= 6) || count != floor(count)) return expected(r, "0 to 6 channels");
  if (j->channels > 0) return expected(r, "CHANNELS once a joint");
  for (int c = 0; c < (int)count; c++) {
    WEYL_TRY(word(r, "a channel"));
    int k = 0;
    while (k < 6 && !span_is(r->word, name[k])) k++;
    if (k == 6) return expected(r, "a channel (Xposition ... Zrotation)");
    j->channel[j->channels++] = (uint8_t)k;
  }
  return WEYL_OK;
}

static weyl_status read_offset(reader *r, skeleton_joint *j) {
  for (int k = 0; k < 3; k++) WEYL_TRY(number(r, "a finite number of OFFSET", &j->offset[k]));
  return WEYL_OK;
}

/* "End Site { OFFSET x y z }" behind the word End. */
static weyl_status read_end(reader *r, skeleton *s, int32_t parent) {
  char name[128];
  skeleton_joint *j;
  snprintf(name, sizeof name, "%s_end", s->joint[parent].name);
  WEYL_TRY(keyword(r, "Site"));
  WEYL_TRY(skeleton_add(r->in->ctx, text_place(r->in, r->place), s, (span){name, strlen(name)}, parent, &j));
  WEYL_TRY(keyword(r, "{"));
  WEYL_TRY(keyword(r, "OFFSET"));
  WEYL_TRY(read_offset(r, j));
  return keyword(r, "}");
}

/* A name may be several words: all up to the brace. */
static weyl_status read_name(reader *r, skeleton *s, int32_t parent) {
  skeleton_joint *j;
  WEYL_TRY(word(r, "a name"));
  WEYL_TRY(skeleton_add(r->in->ctx, text_place(r->in, r->place), s, r->word, parent, &j));
  do WEYL_TRY(word(r, "{"));
  while (!span_is(r->word, "{"));
  return WEYL_OK;
}

static weyl_status read_hierarchy(reader *r, skeleton *s) {
  WEYL_TRY(keyword(r, "HIERARCHY"));
  WEYL_TRY(keyword(r, "ROOT"));
  WEYL_TRY(read_name(r, s, -1));
  int32_t here = 0; /* the joint whose braces are open; -1 behind the root's */
  while (here >= 0) {
    skeleton_joint *j = &s->joint[here];
    WEYL_TRY(word(r, "OFFSET, CHANNELS, JOINT, End or }"));
    if (span_is(r->word, "OFFSET")) {
      WEYL_TRY(read_offset(r, j));
    } else if (span_is(r->word, "CHANNELS")) {
      WEYL_TRY(read_channels(r, j));
    } else if (span_is(r->word, "JOINT")) {
      WEYL_TRY(read_name(r, s, here));
      here = s->joints - 1;
    } else if (span_is(r->word, "End")) {
      WEYL_TRY(read_end(r, s, here));
    } else if (span_is(r->word, "}")) {
      here = j->parent;
    } else {
      return expected(r, "OFFSET, CHANNELS, JOINT, End or }");
    }
  }
  return WEYL_OK;
}

static weyl_status read_motion(reader *r, const skeleton *s, bool fixed_root, double *value, double *scratch,
                               weyl_trajectories *out) {
  weyl_context *ctx = r->in->ctx;
  double frames, step;
  int64_t channels = 0;
  for (int j = 0; j < s->joints; j++) channels += s->joint[j].channels;
  WEYL_TRY(word(r, "MOTION"));
  if (span_is(r->word, "ROOT")) return expected(r, "MOTION: one skeleton a file");
  if (!span_is(r->word, "MOTION")) return expected(r, "MOTION");
  WEYL_TRY(keyword(r, "Frames:"));
  WEYL_TRY(number(r, "the number of frames", &frames));
  if (!(frames >= 1) || frames != floor(frames)) return expected(r, "one frame or more");
  WEYL_TRY(keyword(r, "Frame"));
  WEYL_TRY(keyword(r, "Time:"));
  WEYL_TRY(number(r, "the seconds of a frame", &step));
  if (!(step > 0)) return expected(r, "seconds above 0");
  if (channels == 0) return weyl_fail(ctx, WEYL_FORMAT, "%s: no joint has channels", r->in->path);
  /* Each value takes two bytes or more: what the file cannot hold is refused before memory is asked for. */
  const size_t left = (size_t)(r->in->end - r->in->at) + r->line.n + 2;
  if (frames * (double)channels > (double)(left / 2))
    return weyl_fail(ctx, WEYL_FORMAT, "%s: %.0f frames of %lld channels announced, but only %zu bytes follow",
                     text_place(r->in, r->place), frames, (long long)channels, left);
  WEYL_TRY(skeleton_trajectory(s, (int64_t)frames, step, out));
  for (int64_t f = 0; f < (int64_t)frames; f++) {
    for (int64_t c = 0; c < channels; c++) {
      if (next(r) && span_number(r->word, &value[c])) continue;
      char what[160];
      snprintf(what, sizeof what, "a finite number (frame %lld of %.0f, channel %lld of %lld)", (long long)f, frames,
               (long long)c, (long long)channels);
      return expected(r, what);
    }
    skeleton_frame(s, value, fixed_root, scratch, out->item[0].position + f * s->joints * 3);
  }
  if (next(r)) return expected(r, "the end of the file behind the last frame");
  return WEYL_OK;
}

weyl_status bvh_parse(text_file *file, bool fixed_root, weyl_trajectories *out) {
  weyl_context *ctx = file->ctx;
  reader r = {.in = file};
  skeleton *s = NULL;
  weyl_status status;
  WEYL_GOTO(skeleton_new(ctx, &s));
  s->angle = acos(-1) / 180;
  WEYL_GOTO(read_hierarchy(&r, s));
  double *value = weyl_arena_array(s->arena, double, s->joints * 6),
         *scratch = weyl_arena_array(s->arena, double, s->joints * 21);
  if (!value || !scratch) {
    status = WEYL_MEMORY;
    goto done;
  }
  WEYL_GOTO(data_trajectories_begin(ctx, out, "bvh"));
  out->time_unit = "s";
  WEYL_GOTO(read_motion(&r, s, fixed_root, value, scratch, out));
done:
  skeleton_free(ctx, s);
  return status;
}

static bool recognise(const char *path, const unsigned char *head, size_t n) {
  (void)path;
  size_t i = 0;
  while (i < n && (head[i] == ' ' || head[i] == '\t' || head[i] == '\r' || head[i] == '\n')) i++;
  return n - i >= 9 && memcmp(head + i, "HIERARCHY", 9) == 0;
}

static weyl_status read(weyl_context *ctx, const char *path, weyl_trajectories *out) {
  return skeleton_read_as(ctx, path, bvh_parse, false, out);
}

const weyl_format_def weyl_format_bvh = {
    .name = "bvh",
    .extensions = ".bvh",
    .summary = "motion capture, Biovision hierarchy: positions of joints by forward kinematics",
    .recognise = recognise,
    .read = read,
    .write = NULL,
};
