/* Pedestrians and other agents as rows of text: the ETH-UCY files in their two layouts, and CSV. */
#include "formats/tracks.h"

#include <string.h>

#include "formats/formats.h"

typedef enum role { ROLE_FRAME, ROLE_ID, ROLE_X, ROLE_Y, ROLE_Z, ROLES } role;

enum { CELLS_MAX = 64, WIDE = 17 };

typedef struct layout {
  int column[ROLES]; /* -1: none */
  int columns;       /* of a row; 0: at least those used */
  bool commas, seconds, header;
} layout;

static int cells_of(span line, bool commas, span *cell, int most) {
  int n = 0;
  span word;
  while (commas ? span_next_cell(&line, &word) : span_next_word(&line, &word)) {
    if (n == most) return most + 1;
    if (word.n >= 2 && word.at[0] == '"' && word.at[word.n - 1] == '"') word = (span){word.at + 1, word.n - 2};
    cell[n++] = word;
  }
  return n;
}

/* ---- which columns ------------------------------------------------------------------------------------------------
 */

static const char *const frame_names[] = {"frame", "frame_id", "timestep", NULL},
                         *const second_names[] = {"t", "t_s", "time", NULL}, *const id_names[] = {"id",       "agent",
                                                                                                  "agent_id", "track",
                                                                                                  "track_id", "ped_id",
                                                                                                  NULL};
static const char *const axis_names[3][6] = {{"x", "x_m", "x_est", "pos_x", "position_x", NULL},
                                             {"y", "y_m", "y_est", "pos_y", "position_y", NULL},
                                             {"z", "z_m", "z_est", "pos_z", "position_z", NULL}};

static bool is_named(span cell, const char *const *names) {
  for (; *names; names++)
    if (span_is(cell, *names)) return true;
  return false;
}

static bool layout_of_header(const span *cell, int n, layout *out) {
  layout l = {.column = {-1, -1, -1, -1, -1}, .commas = true, .header = true, .columns = n};
  for (int c = n - 1; c >= 0; c--) {
    if (is_named(cell[c], id_names)) l.column[ROLE_ID] = c;
    for (int k = 0; k < 3; k++)
      if (is_named(cell[c], axis_names[k])) l.column[ROLE_X + k] = c;
    if (is_named(cell[c], second_names) && (l.column[ROLE_FRAME] < 0 || l.seconds)) {
      l.column[ROLE_FRAME] = c;
      l.seconds = true;
    } else if (is_named(cell[c], frame_names)) {
      l.column[ROLE_FRAME] = c;
      l.seconds = false;
    }
  }
  *out = l;
  return l.column[ROLE_FRAME] >= 0 && l.column[ROLE_ID] >= 0 && l.column[ROLE_X] >= 0 && l.column[ROLE_Y] >= 0;
}

/* Of the first line that is not blank. */
static bool find_layout(span line, layout *out) {
  span cell[CELLS_MAX];
  double value;
  const bool commas = line.n > 0 && memchr(line.at, ',', line.n) != NULL;
  const int n = cells_of(line, commas, cell, CELLS_MAX);
  if (n < 4 || n > CELLS_MAX) return false;
  if (commas && layout_of_header(cell, n, out)) return true;
  *out = (layout){.column = {0, 1, 2, 3, n == 5 ? 4 : -1}, .columns = n, .commas = commas};
  if (!commas && n == WIDE) {
    out->column[ROLE_X] = 13;
    out->column[ROLE_Y] = 15;
  } else if (n > 5) {
    return false;
  }
  return span_number(cell[0], &value) && span_number(cell[out->column[ROLE_X]], &value) &&
         span_number(cell[out->column[ROLE_Y]], &value);
}

static bool first_line(text_file *file, span *line) {
  while (text_next_line(file, line))
    if (!span_is_blank(*line)) return true;
  return false;
}

bool weyl_tracks_seems(const char *head, size_t n) {
  text_file file;
  span line;
  layout l;
  if (text_view(NULL, "", head, n, &file) != WEYL_OK) return false;
  const bool seems = first_line(&file, &line) && find_layout(line, &l);
  text_close(&file);
  return seems;
}

/* ---- rows -----------------------------------------------------------------------------------------------------------
 */

static weyl_status read_row(text_file *file, const layout *l, span line, track_row *row) {
  static const char *const what[ROLES] = {"frame", "agent", "x", "y", "z"};
  char text[280];
  span cell[CELLS_MAX];
  const int n = cells_of(line, l->commas, cell, CELLS_MAX);
  if (n != l->columns)
    return weyl_fail(file->ctx, WEYL_FORMAT, "%s: %s%d columns, the first line has %d", text_place(file, text),
                     n > CELLS_MAX ? "more than " : "", n > CELLS_MAX ? CELLS_MAX : n, l->columns);
  *row = (track_row){.line = file->line, .id = cell[l->column[ROLE_ID]]};
  for (int r = 0; r < ROLES; r++) {
    if (r == ROLE_ID || l->column[r] < 0) continue;
    const span c = cell[l->column[r]];
    double *into = r == ROLE_FRAME ? &row->frame : &row->x[r - ROLE_X];
    if (!span_number(c, into))
      return weyl_fail(file->ctx, WEYL_FORMAT, "%s: %s is '%.*s', expected a finite number (column %d)",
                       text_place(file, text), what[r], span_shown(c), c.at, l->column[r] + 1);
  }
  if (row->id.n == 0)
    return weyl_fail(file->ctx, WEYL_FORMAT, "%s: no agent in column %d", text_place(file, text),
                     l->column[ROLE_ID] + 1);
  return WEYL_OK;
}

static weyl_status read_rows(text_file *file, weyl_tracks *out) {
  weyl_context *ctx = file->ctx;
  char text[280];
  span line;
  layout l;
  if (!first_line(file, &line)) return weyl_fail(ctx, WEYL_FORMAT, "%s: holds no row", file->path);
  if (!find_layout(line, &l))
    return weyl_fail(ctx, WEYL_FORMAT,
                     "%s: '%.*s': expected the columns frame, agent, x, y (or the 17 of ETH-UCY, or a CSV header that "
                     "names them)",
                     text_place(file, text), span_shown(line), line.at);
  track_row *rows = NULL;
  int64_t n = 0, room = 0;
  weyl_status status = WEYL_OK;
  bool more = !l.header || first_line(file, &line);
  for (; more; more = first_line(file, &line)) {
    if (n == room) {
      room = room ? 2 * room : 1024;
      track_row *larger = weyl_realloc(ctx, rows, (size_t)room, sizeof *rows);
      if (!larger) {
        status = WEYL_MEMORY;
        goto done;
      }
      rows = larger;
    }
    WEYL_GOTO(read_row(file, &l, line, &rows[n]));
    rows[n].order = n;
    n++;
  }
  if (n == 0) {
    status = weyl_fail(ctx, WEYL_FORMAT, "%s: a header and no row", file->path);
    goto done;
  }
  out->d = l.column[ROLE_Z] >= 0 ? 3 : 2;
  out->format = l.commas ? "csv" : "eth-ucy";
  WEYL_GOTO(tracks_arrange(ctx, file->path, rows, n, out));
  out->time_step = !l.commas ? 0.4 : l.seconds ? out->step : 0;
done:
  weyl_dealloc(ctx, rows);
  return status;
}

static weyl_status read_all(text_file *file, weyl_status opened, weyl_tracks *out) {
  weyl_tracks made = {0};
  weyl_status status = opened;
  if (status == WEYL_OK) status = weyl_arena_new(file->ctx, &made.arena);
  if (status == WEYL_OK) status = read_rows(file, &made);
  text_close(file);
  if (status == WEYL_OK)
    *out = made;
  else
    weyl_tracks_free(&made);
  return status;
}

weyl_status weyl_tracks_read(weyl_context *ctx, const char *path, weyl_tracks *out) {
  text_file file;
  const weyl_status opened = text_open(ctx, path, &file);
  return read_all(&file, opened, out);
}

weyl_status weyl_tracks_parse(weyl_context *ctx, const char *bytes, size_t n, const char *place, weyl_tracks *out) {
  text_file file;
  const weyl_status opened = text_view(ctx, place, bytes, n, &file);
  return read_all(&file, opened, out);
}

void weyl_tracks_free(weyl_tracks *tracks) {
  if (!tracks) return;
  weyl_arena_free(tracks->arena);
  *tracks = (weyl_tracks){0};
}
