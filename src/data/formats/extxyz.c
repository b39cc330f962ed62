/* Extended xyz, and plain xyz: frames of any sizes.  Consecutive frames of the same atoms and columns (and, when
 * periodic, the same cell) make one trajectory. */
#include "formats/extxyz.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formats/elements.h"
#include "formats/formats.h"

static bool recognise(const char *path, const unsigned char *head, size_t n) {
  (void)path;
  size_t i = 0;
  while (i < n && (head[i] == ' ' || head[i] == '\t')) i++;
  const size_t digits = i;
  while (i < n && head[i] >= '0' && head[i] <= '9') i++;
  if (i == digits || i - digits > 15) return false;
  while (i < n && (head[i] == ' ' || head[i] == '\t' || head[i] == '\r')) i++;
  return i < n && head[i] == '\n';
}

typedef struct frame {
  struct frame *next;
  xyz_header header;
  int64_t points, line;
  int32_t *type;
  double *array[XYZ_ROLES]; /* by role; NULL for absent ones */
} frame;

typedef struct reader {
  text_file in;
  weyl_arena *scratch;
  frame *first, *last;
  span *label; /* species that are no elements, in order of appearance: 1000, 1001, ... */
  size_t labels, label_room;
} reader;

/* ---- one frame ------------------------------------------------------------------------------------------------------
 */

static weyl_status type_of(reader *r, span token, int32_t *out) {
  *out = element_number(token.at, token.n);
  if (*out >= 0) return WEYL_OK;
  double value;
  if (span_number(token, &value) && fabs(value) <= INT32_MAX && value == floor(value)) {
    *out = (int32_t)value;
    return WEYL_OK;
  }
  size_t i = 0;
  while (i < r->labels && !(r->label[i].n == token.n && memcmp(r->label[i].at, token.at, token.n) == 0)) i++;
  if (i == r->labels) {
    char text[280];
    if (r->labels == 1000)
      return weyl_fail(r->in.ctx, WEYL_FORMAT, "%s: species: '%.*s' comes after 1000 other names that are no elements",
                       text_place(&r->in, text), span_shown(token), token.at);
    if (r->labels == r->label_room) {
      const size_t room = r->label_room ? 2 * r->label_room : 16;
      span *more = weyl_arena_array(r->scratch, span, room);
      if (!more) return WEYL_MEMORY;
      if (r->labels) memcpy(more, r->label, r->labels * sizeof *more);
      r->label = more;
      r->label_room = room;
    }
    r->label[r->labels++] = token;
  }
  *out = 1000 + (int32_t)i;
  return WEYL_OK;
}

static weyl_status read_atom(reader *r, frame *f, int64_t p, span line) {
  static const char *const role_name[XYZ_ROLES] = {"", "species", "pos", "velocities", "forces", "charge"};
  const xyz_header *h = &f->header;
  char text[280];
  span token;
  int column = 0;
  for (int b = 0; b < h->blocks; b++) {
    const xyz_role role = (xyz_role)h->role[b];
    for (int k = 0; k < h->width[b]; k++, column++) {
      if (!span_next_word(&line, &token))
        return weyl_fail(r->in.ctx, WEYL_FORMAT, "%s: atom %lld has %d columns, expected %d", text_place(&r->in, text),
                         (long long)p, column, h->columns);
      if (role == XYZ_SKIP) continue;
      if (role == XYZ_TYPE) {
        WEYL_TRY(type_of(r, token, &f->type[p]));
        continue;
      }
      double value;
      if (!span_number(token, &value))
        return weyl_fail(r->in.ctx, WEYL_FORMAT, "%s: %s: '%.*s' is no finite number (atom %lld, column %d)",
                         text_place(&r->in, text), role_name[role], span_shown(token), token.at, (long long)p,
                         column + 1);
      f->array[role][p * h->width[b] + k] = value;
    }
  }
  if (h->declared && span_next_word(&line, &token))
    return weyl_fail(r->in.ctx, WEYL_FORMAT, "%s: atom %lld has more than the %d columns of Properties: '%.*s'",
                     text_place(&r->in, text), (long long)p, h->columns, span_shown(token), token.at);
  return WEYL_OK;
}

static weyl_status read_frame(reader *r, span count) {
  char text[280];
  span token, rest = count;
  double points = 0;
  if (!span_next_word(&rest, &token) || !span_number(token, &points) || points != floor(points) || points < 0 ||
      span_next_word(&rest, &(span){0}))
    return weyl_fail(r->in.ctx, WEYL_FORMAT, "%s: '%.*s', expected the number of atoms of a frame",
                     text_place(&r->in, text), span_shown(count), count.at);
  if (points < 1) return weyl_fail(r->in.ctx, WEYL_FORMAT, "%s: a frame of 0 atoms", text_place(&r->in, text));
  /* Each atom takes two bytes or more: what the file cannot hold is refused before memory is asked for. */
  const size_t left = (size_t)(r->in.end - r->in.at);
  if (points > (double)(left / 2))
    return weyl_fail(r->in.ctx, WEYL_FORMAT, "%s: %.0f atoms announced, but only %zu bytes follow",
                     text_place(&r->in, text), points, left);

  frame *f = weyl_arena_array(r->scratch, frame, 1);
  if (!f) return WEYL_MEMORY;
  f->points = (int64_t)points;
  f->line = r->in.line;
  span line;
  (void)text_next_line(&r->in, &line); /* there is one: two bytes or more follow */
  WEYL_TRY(xyz_header_parse(r->in.ctx, text_place(&r->in, text), line, &f->header));
  const xyz_header *h = &f->header;
  if (f->points * (2 * h->columns) - 1 > r->in.end - r->in.at)
    return weyl_fail(r->in.ctx, WEYL_FORMAT, "%s: %lld atoms of %d columns announced, but only %zu bytes follow",
                     text_place(&r->in, text), (long long)f->points, h->columns, (size_t)(r->in.end - r->in.at));
  if (h->has[XYZ_TYPE] && !(f->type = weyl_arena_array(r->scratch, int32_t, f->points))) return WEYL_MEMORY;
  for (int role = XYZ_POSITION; role < XYZ_ROLES; role++) {
    const int64_t width = role == XYZ_CHARGE ? 1 : h->d;
    if (h->has[role] && !(f->array[role] = weyl_arena_array(r->scratch, double, f->points *width))) return WEYL_MEMORY;
  }
  for (int64_t p = 0; p < f->points; p++) {
    if (!text_next_line(&r->in, &line))
      return weyl_fail(r->in.ctx, WEYL_FORMAT, "%s: the file ends at atom %lld of %lld", text_place(&r->in, text),
                       (long long)p, (long long)f->points);
    WEYL_TRY(read_atom(r, f, p, line));
  }
  if (r->last)
    r->last->next = f;
  else
    r->first = f;
  r->last = f;
  return WEYL_OK;
}

static weyl_status read_frames(reader *r) {
  char text[280];
  span line;
  int64_t frames = 0;
  while (text_next_line(&r->in, &line)) {
    if (span_is_blank(line)) continue; /* between frames and at the end */
    WEYL_TRY(read_frame(r, line));
    if (++frames % 1000 == 0 && weyl_progress(r->in.ctx, "reading frames", (double)(size_t)(r->in.end - r->in.at), 0))
      return weyl_fail(r->in.ctx, WEYL_INTERRUPTED, "%s: reading was interrupted", text_place(&r->in, text));
  }
  if (!r->first) return weyl_fail(r->in.ctx, WEYL_FORMAT, "%s: holds no frame", r->in.path);
  return WEYL_OK;
}

/* ---- frames to trajectories
 * ------------------------------------------------------------------------------------------- */

static bool any_periodic(const xyz_header *h) { return h->periodic[0] || h->periodic[1] || h->periodic[2]; }

static bool same_system(const frame *a, const frame *b) {
  const xyz_header *p = &a->header, *q = &b->header;
  if (a->points != b->points || p->d != q->d || p->has_energy != q->has_energy || p->has_cell != q->has_cell)
    return false;
  if (p->trajectory != q->trajectory) return false;
  if (memcmp(p->has, q->has, sizeof p->has) != 0 || memcmp(p->periodic, q->periodic, sizeof p->periodic) != 0)
    return false;
  if (any_periodic(p) && memcmp(p->cell, q->cell, sizeof p->cell) != 0) return false;
  if (a->type && memcmp(a->type, b->type, (size_t)a->points * sizeof *a->type) != 0) return false;
  const double *u = a->array[XYZ_CHARGE], *v = b->array[XYZ_CHARGE];
  return !u || memcmp(u, v, (size_t)a->points * sizeof *u) == 0;
}

/* The step of evenly timed frames; 0 when they are not, or carry no time. */
static double time_step(const frame *f, int64_t frames) {
  if (frames < 2 || !f->header.has_time || !f->next->header.has_time) return 0;
  const double step = f->next->header.time - f->header.time;
  for (int64_t k = 1; k < frames; k++, f = f->next) {
    const double here = f->next->header.time - f->header.time;
    if (!f->next->header.has_time || !(fabs(here - step) <= 1e-6 * fabs(step))) return 0;
  }
  return step > 0 ? step : 0;
}

static weyl_status join(reader *r, const frame *f, int64_t frames, weyl_trajectories *out, size_t *room) {
  weyl_trajectory *t = data_trajectories_add(out, room);
  if (!t) return WEYL_MEMORY;
  const xyz_header *h = &f->header;
  *t = (weyl_trajectory){.frames = frames, .points = f->points, .d = h->d, .time_step = time_step(f, frames)};
  memcpy(t->periodic, h->periodic, sizeof t->periodic);
  weyl_arena *arena = out->arena;
  const int64_t n = f->points, size = n * h->d;
  double **const target[XYZ_ROLES] = {
      [XYZ_POSITION] = &t->position, [XYZ_VELOCITY] = &t->velocity, [XYZ_FORCE] = &t->force};
  bool some_element = false;
  for (int64_t p = 0; f->type && p < n; p++) some_element = some_element || f->type[p] != 0;
  if (some_element) {
    if (!(t->type = weyl_arena_array(arena, int32_t, n))) return WEYL_MEMORY;
    memcpy(t->type, f->type, (size_t)n * sizeof *t->type);
  }
  if (h->has[XYZ_CHARGE]) {
    if (!(t->charge = weyl_arena_array(arena, double, n))) return WEYL_MEMORY;
    memcpy(t->charge, f->array[XYZ_CHARGE], (size_t)n * sizeof *t->charge);
  }
  if (h->has_cell) {
    if (!(t->cell = weyl_arena_array(arena, double, 9))) return WEYL_MEMORY;
    memcpy(t->cell, h->cell, sizeof h->cell);
  }
  if (h->has_energy && !(t->energy = weyl_arena_array(arena, double, frames))) return WEYL_MEMORY;
  for (int role = XYZ_POSITION; role <= XYZ_FORCE; role++)
    if (h->has[role] && !(*target[role] = weyl_arena_array(arena, double, frames *size))) return WEYL_MEMORY;
  for (int64_t k = 0; k < frames; k++, f = f->next) {
    if (t->energy) t->energy[k] = f->header.energy;
    for (int role = XYZ_POSITION; role <= XYZ_FORCE; role++)
      if (*target[role]) memcpy(*target[role] + k * size, f->array[role], (size_t)size * sizeof(double));
  }
  (void)r;
  return WEYL_OK;
}

static weyl_status join_all(reader *r, weyl_trajectories *out) {
  size_t room = 0;
  for (const frame *f = r->first; f;) {
    int64_t frames = 1;
    const frame *next = f->next;
    while (next && same_system(f, next)) {
      frames++;
      next = next->next;
    }
    WEYL_TRY(join(r, f, frames, out, &room));
    f = next;
  }
  return WEYL_OK;
}

static weyl_status read_extxyz(weyl_context *ctx, const char *path, weyl_trajectories *out) {
  reader r = {0};
  weyl_trajectories made = {0};
  weyl_status status;
  WEYL_GOTO(text_open(ctx, path, &r.in));
  WEYL_GOTO(weyl_arena_new(ctx, &r.scratch));
  WEYL_GOTO(read_frames(&r));
  WEYL_GOTO(data_trajectories_begin(ctx, &made, "extxyz"));
  WEYL_GOTO(join_all(&r, &made));
  *out = made;
  made.arena = NULL;
done:
  text_close(&r.in);
  weyl_trajectories_free(&made);
  weyl_arena_free(r.scratch);
  return status;
}

/* ---- writing
 * ------------------------------------------------------------------------------------------------------------ */

/* The shortest of 15 to 17 digits that reads back the same. */
static const char *real(double value, char text[40]) {
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, 40, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  return text;
}

/* number: of the trajectory, or -1 when it is the only one. */
static weyl_status write_header(weyl_writer *w, const weyl_trajectory *t, int64_t k, int64_t number) {
  char text[40];
  WEYL_TRY(weyl_writer_printf(w, "%lld\n", (long long)t->points));
  if (t->cell) {
    WEYL_TRY(weyl_writer_printf(w, "Lattice=\""));
    for (int i = 0; i < 9; i++) WEYL_TRY(weyl_writer_printf(w, "%s%s", i ? " " : "", real(t->cell[i], text)));
    WEYL_TRY(weyl_writer_printf(w, "\" "));
  }
  WEYL_TRY(weyl_writer_printf(w, "Properties=species:S:1:pos:R:%lld", (long long)t->d));
  if (t->velocity) WEYL_TRY(weyl_writer_printf(w, ":velo:R:%lld", (long long)t->d));
  if (t->force) WEYL_TRY(weyl_writer_printf(w, ":forces:R:%lld", (long long)t->d));
  if (t->charge) WEYL_TRY(weyl_writer_printf(w, ":charge:R:1"));
  if (number >= 0) WEYL_TRY(weyl_writer_printf(w, " trajectory=%lld", (long long)number));
  if (t->energy) WEYL_TRY(weyl_writer_printf(w, " energy=%s", real(t->energy[k], text)));
  if (t->time_step > 0) WEYL_TRY(weyl_writer_printf(w, " Time=%s", real((double)k * t->time_step, text)));
  return weyl_writer_printf(w, " pbc=\"%c %c %c\"\n", t->periodic[0] ? 'T' : 'F', t->periodic[1] ? 'T' : 'F',
                            t->periodic[2] ? 'T' : 'F');
}

static weyl_status write_row(weyl_writer *w, const double *row, int64_t n) {
  char text[40];
  for (int64_t i = 0; row && i < n; i++) WEYL_TRY(weyl_writer_printf(w, " %s", real(row[i], text)));
  return WEYL_OK;
}

static weyl_status write_frame(weyl_writer *w, const weyl_trajectory *t, int64_t k, int64_t number) {
  WEYL_TRY(write_header(w, t, k, number));
  for (int64_t p = 0; p < t->points; p++) {
    const int64_t at = (k * t->points + p) * t->d;
    const int32_t type = t->type ? t->type[p] : 0;
    const char *symbol = element_symbol(type);
    if (symbol)
      WEYL_TRY(weyl_writer_printf(w, "%s", symbol));
    else
      WEYL_TRY(weyl_writer_printf(w, "%ld", (long)type));
    WEYL_TRY(write_row(w, t->position + at, t->d));
    WEYL_TRY(write_row(w, t->velocity ? t->velocity + at : NULL, t->d));
    WEYL_TRY(write_row(w, t->force ? t->force + at : NULL, t->d));
    WEYL_TRY(write_row(w, t->charge ? t->charge + p : NULL, 1));
    WEYL_TRY(weyl_writer_printf(w, "\n"));
  }
  return WEYL_OK;
}

static weyl_status write_extxyz(weyl_context *ctx, const char *path, const weyl_trajectories *in) {
  weyl_writer *w = NULL;
  WEYL_TRY(weyl_writer_open(ctx, path, &w));
  locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!c) {
    weyl_writer_abandon(w);
    return weyl_fail(ctx, WEYL_MEMORY, "the C locale cannot be made");
  }
  const locale_t before = uselocale(c);
  weyl_status status = WEYL_OK;
  for (int64_t i = 0; i < in->count && status == WEYL_OK; i++)
    for (int64_t k = 0; k < in->item[i].frames && status == WEYL_OK; k++)
      status = write_frame(w, &in->item[i], k, in->count > 1 ? i : -1);
  uselocale(before);
  freelocale(c);
  if (status != WEYL_OK) {
    weyl_writer_abandon(w);
    return status;
  }
  return weyl_writer_close(w);
}

const weyl_format_def weyl_format_extxyz = {
    .name = "extxyz",
    .extensions = ".xyz|.extxyz",
    .summary = "extended xyz (and plain xyz): Properties, Lattice, pbc, energy; frames of any size",
    .recognise = recognise,
    .read = read_extxyz,
    .write = write_extxyz,
};
