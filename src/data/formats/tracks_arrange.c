#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formats/tracks.h"

/* ---- orders -------------------------------------------------------------------------------------------------------
 */

static int by_order(const track_row *a, const track_row *b) { return (a->order > b->order) - (a->order < b->order); }

static int by_id(const void *u, const void *v) {
  const track_row *a = u, *b = v;
  const size_t n = a->id.n < b->id.n ? a->id.n : b->id.n;
  const int c = memcmp(a->id.at, b->id.at, n);
  if (c != 0) return c;
  if (a->id.n != b->id.n) return a->id.n < b->id.n ? -1 : 1;
  return by_order(a, b);
}

static int by_frame(const void *u, const void *v) {
  const track_row *a = u, *b = v;
  if (a->frame != b->frame) return a->frame < b->frame ? -1 : 1;
  return by_order(a, b);
}

static int by_agent(const void *u, const void *v) {
  const track_row *a = u, *b = v;
  if (a->agent != b->agent) return a->agent < b->agent ? -1 : 1;
  return by_frame(a, b);
}

static int in_file(const void *u, const void *v) { return by_order(u, v); }

static int ascending(const void *u, const void *v) {
  const double a = *(const double *)u, b = *(const double *)v;
  return (a > b) - (a < b);
}

/* ---- agents ---------------------------------------------------------------------------------------------------------
 */

static bool same_id(const track_row *a, const track_row *b) {
  return a->id.n == b->id.n && memcmp(a->id.at, b->id.at, a->id.n) == 0;
}

/* Numbers by first appearance: groups of one id get the place of their first row, then the places are counted. */
static weyl_status number_agents(weyl_context *ctx, track_row *rows, int64_t n, weyl_tracks *out) {
  int64_t *first = weyl_alloc(ctx, (size_t)n, sizeof *first);
  if (!first) return WEYL_MEMORY;
  qsort(rows, (size_t)n, sizeof *rows, by_id);
  for (int64_t i = 0; i < n; i++) {
    const int64_t leader = i > 0 && same_id(&rows[i], &rows[i - 1]) ? first[rows[i - 1].order] : rows[i].order;
    first[rows[i].order] = leader;
  }
  qsort(rows, (size_t)n, sizeof *rows, in_file);
  weyl_status status = WEYL_OK;
  for (int64_t i = 0; i < n; i++) out->agents += first[i] == i;
  out->name = weyl_arena_array(out->arena, const char *, out->agents);
  int32_t next = 0;
  for (int64_t i = 0; out->name && i < n; i++) {
    rows[i].agent = first[i] == i ? next++ : rows[first[i]].agent;
    if (first[i] != i) continue;
    out->name[rows[i].agent] =
        weyl_arena_printf(out->arena, "%.*s", (int)(rows[i].id.n < 200 ? rows[i].id.n : 200), rows[i].id.at);
    if (!out->name[rows[i].agent]) break;
  }
  if (!out->name || next < out->agents) status = WEYL_MEMORY;
  weyl_dealloc(ctx, first);
  return status;
}

/* ---- frames ---------------------------------------------------------------------------------------------------------
 */

/* The median distance of neighbouring frames; 1 for a single frame. Rows are sorted by frame. */
static weyl_status typical_step(weyl_context *ctx, const track_row *rows, int64_t n, double *out) {
  double *gap = weyl_alloc(ctx, (size_t)n, sizeof *gap);
  if (!gap) return WEYL_MEMORY;
  int64_t gaps = 0;
  for (int64_t i = 1; i < n; i++)
    if (rows[i].frame > rows[i - 1].frame) gap[gaps++] = rows[i].frame - rows[i - 1].frame;
  qsort(gap, (size_t)gaps, sizeof *gap, ascending);
  *out = gaps > 0 ? gap[gaps / 2] : 1;
  weyl_dealloc(ctx, gap);
  return WEYL_OK;
}

/* Step numbers gap by gap, so that times rounded to milliseconds do not drift off; then the mean step. */
static weyl_status set_frames(weyl_context *ctx, const char *path, track_row *rows, int64_t n, weyl_tracks *out) {
  double step;
  qsort(rows, (size_t)n, sizeof *rows, by_frame);
  WEYL_TRY(typical_step(ctx, rows, n, &step));
  const double first = rows[0].frame, last = rows[n - 1].frame;
  double before = first, k = 0;
  for (int64_t i = 0; i < n; i++) {
    const double steps = (rows[i].frame - before) / step, whole = round(steps);
    if (!(fabs(steps - whole) <= 0.2))
      return weyl_fail(ctx, WEYL_FORMAT,
                       "%s:%lld: frame %.10g follows frame %.10g, but frames are %.10g apart: mixed frame rates", path,
                       (long long)rows[i].line, rows[i].frame, before, step);
    before = rows[i].frame;
    k += whole;
    if (!(k <= 1e15))
      return weyl_fail(ctx, WEYL_FORMAT, "%s:%lld: frame %.10g is %.3g steps of %.10g from the first", path,
                       (long long)rows[i].line, rows[i].frame, k, step);
    rows[i].frame = k;
  }
  out->first = first;
  out->step = k > 0 ? (last - first) / k : step;
  out->frames = (int64_t)k + 1;
  return WEYL_OK;
}

/* Rows twice, gaps, and agents that are recorded at another rate. Sorts by agent, then frame. */
static weyl_status check_agents(weyl_context *ctx, const char *path, track_row *rows, int64_t n, weyl_tracks *out) {
  enum { SURE = 4 }; /* rows of an agent that are never neighbours, before they count as another rate */
  qsort(rows, (size_t)n, sizeof *rows, by_agent);
  int64_t of_agent = 0, neighbours = 0;
  for (int64_t i = 0; i < n; i++) {
    const bool again = i > 0 && rows[i].agent == rows[i - 1].agent;
    if (!again) of_agent = neighbours = 0;
    of_agent++;
    if (again) {
      const double steps = rows[i].frame - rows[i - 1].frame;
      if (steps == 0)
        return weyl_fail(ctx, WEYL_FORMAT, "%s:%lld: agent %s is at frame %.10g twice, the first time in line %lld",
                         path, (long long)rows[i].line, out->name[rows[i].agent],
                         out->first + rows[i].frame * out->step, (long long)rows[i - 1].line);
      neighbours += steps == 1;
      out->gaps += steps > 1;
    }
    const bool last = i + 1 == n || rows[i + 1].agent != rows[i].agent;
    if (last && of_agent >= SURE && neighbours == 0)
      return weyl_fail(ctx, WEYL_FORMAT,
                       "%s:%lld: agent %s has %lld rows and no two of them one step of %.10g apart: mixed frame rates",
                       path, (long long)rows[i].line, out->name[rows[i].agent], (long long)of_agent, out->step);
  }
  return WEYL_OK;
}

weyl_status tracks_arrange(weyl_context *ctx, const char *path, track_row *rows, int64_t n, weyl_tracks *out) {
  WEYL_TRY(number_agents(ctx, rows, n, out));
  WEYL_TRY(set_frames(ctx, path, rows, n, out));
  WEYL_TRY(check_agents(ctx, path, rows, n, out));
  qsort(rows, (size_t)n, sizeof *rows, by_frame);
  out->rows = n;
  out->frame = weyl_arena_array(out->arena, int64_t, n);
  out->agent = weyl_arena_array(out->arena, int32_t, n);
  out->position = weyl_arena_array(out->arena, double, n * out->d);
  out->line = weyl_arena_array(out->arena, int64_t, n);
  if (!out->frame || !out->agent || !out->position || !out->line) return WEYL_MEMORY;
  for (int64_t i = 0; i < n; i++) {
    out->frame[i] = (int64_t)rows[i].frame;
    out->agent[i] = rows[i].agent;
    out->line[i] = rows[i].line;
    for (int64_t k = 0; k < out->d; k++) out->position[i * out->d + k] = rows[i].x[k];
  }
  return WEYL_OK;
}
