#include "sets/track_windows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The rows of each agent, ascending by frame: row[start[a]] .. row[start[a + 1] - 1]. */
typedef struct track_index {
  int64_t *start, *row;
} track_index;

typedef struct window {
  int32_t part;
  int64_t row; /* of the ego at the last frame seen */
} window;

static weyl_status make_index(weyl_arena *arena, const weyl_tracks *t, track_index *out) {
  track_index x = {weyl_arena_array(arena, int64_t, t->agents + 2), weyl_arena_array(arena, int64_t, t->rows)};
  if (!x.start || !x.row) return WEYL_MEMORY;
  for (int64_t r = 0; r < t->rows; r++) x.start[t->agent[r] + 2]++;
  for (int64_t a = 2; a <= t->agents + 1; a++) x.start[a] += x.start[a - 1];
  for (int64_t r = 0; r < t->rows; r++) x.row[x.start[t->agent[r] + 1]++] = r;
  *out = x;
  return WEYL_OK;
}

/* The row of an agent at a frame, or -1. */
static int64_t row_at(const weyl_tracks *t, const track_index *x, int32_t agent, int64_t frame) {
  int64_t low = x->start[agent], high = x->start[agent + 1];
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (t->frame[x->row[middle]] < frame)
      low = middle + 1;
    else
      high = middle;
  }
  return low < x->start[agent + 1] && t->frame[x->row[low]] == frame ? x->row[low] : -1;
}

/* Whether the agent of this row is there in all frames of the window whose last frame seen is the row's. */
static bool is_whole(const track_settings *o, const track_part *p, const track_index *x, int64_t row) {
  const weyl_tracks *t = p->tracks;
  const int64_t last = t->frame[row], first = last - (o->past - 1) * o->spacing, end = last + o->future * o->spacing;
  if (first < p->from || end >= p->until) return false;
  for (int64_t f = first; f <= end; f += o->spacing)
    if (f != last && row_at(t, x, t->agent[row], f) < 0) return false;
  return true;
}

static weyl_status list_windows(weyl_context *ctx, const track_settings *o, const track_part *part, size_t parts,
                                const track_index *x, window **out, int64_t *count) {
  window *list = NULL;
  int64_t n = 0, room = 0;
  for (size_t p = 0; p < parts; p++) {
    const weyl_tracks *t = part[p].tracks;
    const int64_t begin = part[p].from + (o->past - 1) * o->spacing; /* the first frame that can be the last one seen */
    for (int64_t r = 0; r < t->rows; r++) {
      if ((t->frame[r] - begin) % o->stride != 0 || !is_whole(o, &part[p], &x[p], r)) continue;
      if (n == room) {
        room = room ? 2 * room : 1024;
        window *larger = weyl_realloc(ctx, list, (size_t)room, sizeof *list);
        if (!larger) {
          weyl_dealloc(ctx, list);
          return WEYL_MEMORY;
        }
        list = larger;
      }
      list[n++] = (window){(int32_t)p, r};
    }
  }
  *out = list;
  *count = n;
  return WEYL_OK;
}

/* ---- one sample ----------------------------------------------------------------------------------------------------
 */

typedef struct neighbour {
  double distance;
  int64_t row;
} neighbour;

static int nearer(const void *u, const void *v) {
  const neighbour *a = u, *b = v;
  if (a->distance != b->distance) return a->distance < b->distance ? -1 : 1;
  return (a->row > b->row) - (a->row < b->row);
}

/* The windows w .. end - 1 that share part and frame are whole: the others of them are the neighbours. */
static int64_t find_neighbours(const track_settings *o, const weyl_tracks *t, const window *group, int64_t n,
                               int64_t ego, neighbour *found) {
  int64_t count = 0;
  for (int64_t j = 0; j < n; j++) {
    if (j == ego) continue;
    double square = 0;
    for (int64_t k = 0; k < t->d; k++) {
      const double e = t->position[group[j].row * t->d + k] - t->position[group[ego].row * t->d + k];
      square += e * e;
    }
    if (square <= o->radius * o->radius) found[count++] = (neighbour){sqrt(square), group[j].row};
  }
  if (count > 1) qsort(found, (size_t)count, sizeof *found, nearer);
  return count < o->agents - 1 ? count : o->agents - 1;
}

static void copy_track(const track_settings *o, const weyl_tracks *t, const track_index *x, int64_t row, double scale,
                       double *past, double *future) {
  const int64_t first = t->frame[row] - (o->past - 1) * o->spacing;
  for (int64_t f = 0; f < o->past + o->future; f++) {
    const int64_t r = row_at(t, x, t->agent[row], first + f * o->spacing);
    double *into = f < o->past ? past + f * t->d : future + (f - o->past) * t->d;
    for (int64_t k = 0; k < t->d; k++) into[k] = t->position[r * t->d + k] / scale;
  }
}

typedef struct sample_space {
  const track_settings *o;
  const track_part *part;
  const track_index *x;
  neighbour *found;
  motion_fields f;
  int32_t *first_id; /* of each part, among those of all */
  double scale;
} sample_space;

static void fill_group(const sample_space *m, const window *group, int64_t n, int64_t first) {
  const track_settings *o = m->o;
  const weyl_tracks *t = m->part[group->part].tracks;
  const track_index *x = &m->x[group->part];
  const int64_t past = o->past * t->d, future = (o->future + o->blank) * t->d;
  for (int64_t e = 0; e < n; e++) {
    const int64_t s = first + e, others = find_neighbours(o, t, group, n, e, m->found);
    double *p = m->f.past + s * o->agents * past, *f = m->f.future + s * o->agents * future;
    copy_track(o, t, x, group[e].row, m->scale, p, f);
    for (int64_t j = 0; j < others; j++)
      copy_track(o, t, x, m->found[j].row, m->scale, p + (j + 1) * past, f + (j + 1) * future);
    if (m->first_id) {
      int32_t *id = m->f.id + s * o->agents;
      id[0] = m->first_id[group->part] + t->agent[group[e].row];
      for (int64_t j = 0; j < others; j++) id[j + 1] = m->first_id[group->part] + t->agent[m->found[j].row];
    }
    m->f.agents[s] = (int32_t)(others + 1);
    m->f.scene[s] = group->part;
    m->f.start[s] = (int32_t)(t->frame[group[e].row] - (o->past - 1) * o->spacing);
  }
}

/* The note ids, what the files call the agents of all parts, a line each; first: where those of a part begin. */
static weyl_status add_ids(weyl_arena *arena, const track_part *part, size_t parts, weyl_dataset *set,
                           int32_t **first) {
  size_t room = 1;
  int64_t before = 0;
  *first = weyl_arena_array(arena, int32_t, parts);
  for (size_t p = 0; p < parts; p++)
    for (int64_t a = 0; a < part[p].tracks->agents; a++) room += strlen(part[p].tracks->name[a]) + 1;
  char *text = weyl_arena_array(arena, char, room), *end = text;
  if (!*first || !text) return WEYL_MEMORY;
  for (size_t p = 0; p < parts; p++) {
    (*first)[p] = (int32_t)before;
    before += part[p].tracks->agents;
    for (int64_t a = 0; a < part[p].tracks->agents; a++) {
      const size_t n = strlen(part[p].tracks->name[a]);
      if (end > text) *end++ = '\n';
      memcpy(end, part[p].tracks->name[a], n);
      end += n;
    }
  }
  return weyl_dataset_note(set, "ids", text);
}

static weyl_status fill(weyl_arena *arena, const track_settings *o, const track_part *part, size_t parts,
                        const track_index *x, const window *list, int64_t windows, double scale, weyl_dataset *set) {
  sample_space m = {.o = o, .part = part, .x = x, .scale = scale};
  const motion_shape shape = {o->agents, o->past, o->future + o->blank, part->tracks->d};
  WEYL_TRY(motion_fields_add(set, &shape, o->ids ? MOTION_SCENE | MOTION_ID : MOTION_SCENE, "m", &m.f));
  if (o->ids) WEYL_TRY(add_ids(arena, part, parts, set, &m.first_id));
  int64_t largest = 1;
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t w = 0; w < windows;) {
      const weyl_tracks *t = part[list[w].part].tracks;
      int64_t end = w + 1;
      while (end < windows && list[end].part == list[w].part && t->frame[list[end].row] == t->frame[list[w].row]) end++;
      if (pass == 0)
        largest = end - w > largest ? end - w : largest;
      else
        fill_group(&m, list + w, end - w, w);
      w = end;
    }
    if (pass == 0 && !(m.found = weyl_arena_array(arena, neighbour, largest))) return WEYL_MEMORY;
  }
  return WEYL_OK;
}

static weyl_status check_parts(weyl_context *ctx, const track_part *part, size_t parts) {
  for (size_t p = 0; p < parts; p++) {
    const weyl_tracks *t = part[p].tracks;
    if (t->d != part[0].tracks->d)
      return weyl_fail(ctx, WEYL_SHAPE, "%s has %lld coordinates, %s has %lld", part[p].name, (long long)t->d,
                       part[0].name, (long long)part[0].tracks->d);
    if (fabs(t->time_step - part[0].tracks->time_step) > 1e-3 * t->time_step)
      return weyl_fail(ctx, WEYL_FORMAT, "%s has a frame each %.6g s, %s each %.6g s: mixed frame rates", part[p].name,
                       t->time_step, part[0].name, part[0].tracks->time_step);
    if (t->frames > INT32_MAX)
      return weyl_fail(ctx, WEYL_FORMAT, "%s: %lld frames from the first to the last, at most %d are possible",
                       part[p].name, (long long)t->frames, INT32_MAX);
  }
  return WEYL_OK;
}

static weyl_status describe(weyl_dataset *set, weyl_arena *arena, const track_settings *o, const track_part *part,
                            size_t parts, double scale) {
  char *scenes = weyl_arena_strdup(arena, "");
  for (size_t p = 0; scenes && p < parts; p++)
    scenes = weyl_arena_printf(arena, "%s%s%s", scenes, p ? "|" : "", part[p].name);
  if (!scenes) return WEYL_MEMORY;
  WEYL_TRY(weyl_dataset_note(set, "scenes", scenes));
  WEYL_TRY(weyl_dataset_note(set, "units", "m"));
  WEYL_TRY(weyl_dataset_note(set, "ego", "true"));
  WEYL_TRY(motion_note_number(set, "scale", scale));
  const double step = part->tracks->time_step;
  if (step > 0) {
    WEYL_TRY(weyl_dataset_note(set, "time_unit", "s"));
    WEYL_TRY(motion_note_number(set, "time_step", step * (double)o->spacing));
  }
  return WEYL_OK;
}

weyl_status track_windows(weyl_context *ctx, const char *name, const track_settings *o, const track_part *part,
                          size_t parts, double scale, weyl_dataset **out) {
  weyl_arena *arena = NULL;
  weyl_dataset *set = NULL;
  window *list = NULL;
  int64_t windows = 0;
  weyl_status status;
  WEYL_GOTO(check_parts(ctx, part, parts));
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  track_index *x = weyl_arena_array(arena, track_index, parts);
  if (!x) {
    status = WEYL_MEMORY;
    goto done;
  }
  for (size_t p = 0; p < parts; p++) WEYL_GOTO(make_index(arena, part[p].tracks, &x[p]));
  WEYL_GOTO(list_windows(ctx, o, part, parts, x, &list, &windows));
  if (windows == 0) {
    status =
        weyl_fail(ctx, WEYL_FORMAT,
                  "%s: no %s sample: no agent is there in %lld frames %lld step%s apart without a gap (frames %lld "
                  "to %lld of the file, %lld rows)",
                  part->name, name, (long long)(o->past + o->future), (long long)o->spacing, o->spacing == 1 ? "" : "s",
                  (long long)part->from, (long long)part->until - 1, (long long)part->tracks->rows);
    goto done;
  }
  WEYL_GOTO(weyl_dataset_new(ctx, name, windows, &set));
  WEYL_GOTO(describe(set, arena, o, part, parts, scale));
  WEYL_GOTO(fill(arena, o, part, parts, x, list, windows, scale, set));
  WEYL_GOTO(weyl_dataset_check_finite(ctx, set));
  *out = set;
  set = NULL;
done:
  weyl_dataset_free(set);
  weyl_dealloc(ctx, list);
  weyl_arena_free(arena);
  return status;
}
