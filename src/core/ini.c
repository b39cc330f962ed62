/* INI through inih.  Lines reach it by a reader of ours, because inih alone would cut a line of more than
 * 197 bytes in two, and take an indented key for more of the value above: here indentation means nothing
 * and lines have any length. */
#include "internal.h"

#include <ini.h>
#include <string.h>

struct weyl_ini {
  weyl_context *ctx;
  weyl_arena *arena;
  weyl_ini_entry *entries;
  size_t count, room;
};

typedef struct reading {
  weyl_ini *ini;
  const char *at;         /* text not read yet */
  const char *line, *end; /* the line being read, without blanks around it */
  const char *value;      /* of a line too long for inih: where its value begins; else NULL */
  int number, bad;        /* of the line; of the first bad one */
  weyl_status status;     /* what else went wrong */
} reading;

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

/* inih keeps 49 bytes of a section's name and drops the rest, and what follows the bracket, in silence. */
#define SECTION_MAX 49

static bool section_good(const char *line, const char *end) {
  const char *close = memchr(line, ']', (size_t)(end - line));
  if (!close || close - line - 1 > SECTION_MAX) return false;
  for (close++; close < end && blank(*close);) close++;
  return close == end || *close == ';' || *close == '#';
}

/* inih's fgets: one line, or of a long one the key with a stand-in for the value. */
static char *next_line(char *to, int room, void *stream) {
  reading *r = stream;
  if (*r->at == '\0' || r->status != WEYL_OK || r->bad) return NULL;
  r->number++;
  const char *stop = strchr(r->at, '\n');
  if (!stop) stop = r->at + strlen(r->at);
  r->line = r->at;
  r->end = stop;
  r->at = *stop ? stop + 1 : stop;
  if (r->number == 1 && strncmp(r->line, "\xef\xbb\xbf", 3) == 0) r->line += 3; /* a byte order mark */
  while (r->line < r->end && blank(*r->line)) r->line++;
  while (r->end > r->line && blank(r->end[-1])) r->end--;

  size_t n = (size_t)(r->end - r->line);
  r->value = NULL;
  if (n == 0 || *r->line == ';' || *r->line == '#') n = 0;
  if (n > 0 && *r->line == '[' && !section_good(r->line, r->end)) {
    r->bad = r->number;
    return NULL;
  }
  if (n + 2 > (size_t)room) {
    const size_t key = strcspn(r->line, "=:\n");
    if (key >= n || key + 4 > (size_t)room) {
      r->bad = r->number;
      return NULL;
    }
    memcpy(to, r->line, key + 1);
    memcpy(to + key + 1, "?\n", 3);
    r->value = r->line + key + 1;
    return to;
  }
  memcpy(to, r->line, n);
  memcpy(to + n, "\n", 2);
  return to;
}

/* The value of a long line, by inih's rules: blanks around it and a comment after " ;" are not part of it.
 */
static char *long_value(reading *r) {
  const char *from = r->value, *end = r->end;
  while (from < end && blank(*from)) from++;
  for (const char *c = from; c < end; c++) {
    if (*c == ';' && c > r->value && blank(c[-1])) end = c;
  }
  while (end > from && blank(end[-1])) end--;
  char *copy = weyl_arena_alloc(r->ini->arena, (size_t)(end - from) + 1, 1);
  return copy ? memcpy(copy, from, (size_t)(end - from)) : NULL;
}

static int take_entry(void *user, const char *section, const char *key, const char *value) {
  reading *r = user;
  weyl_ini *ini = r->ini;
  if (r->status != WEYL_OK) return 0;
  if (*key == '\0') {
    r->bad = r->number;
    return 0;
  }
  if (ini->count == ini->room) {
    const size_t room = ini->room ? 2 * ini->room : 64;
    weyl_ini_entry *more = weyl_realloc(ini->ctx, ini->entries, room, sizeof *more);
    if (!more) {
      r->status = WEYL_MEMORY;
      return 0;
    }
    ini->entries = more;
    ini->room = room;
  }
  const weyl_ini_entry *last = ini->count ? &ini->entries[ini->count - 1] : NULL;
  weyl_ini_entry entry = {.line = r->number};
  entry.section = last && strcmp(last->section, section) == 0 ? last->section : weyl_arena_strdup(ini->arena, section);
  entry.key = weyl_arena_strdup(ini->arena, key);
  entry.value = r->value ? long_value(r) : weyl_arena_strdup(ini->arena, value ? value : "");
  if (!entry.section || !entry.key || !entry.value) {
    r->status = WEYL_MEMORY;
    return 0;
  }
  ini->entries[ini->count++] = entry;
  return 1;
}

weyl_status weyl_ini_parse(weyl_context *ctx, const char *text, const char *place, weyl_ini **out) {
  weyl_ini *ini = weyl_alloc(ctx, 1, sizeof *ini);
  if (!ini) return WEYL_MEMORY;
  weyl_status status = WEYL_OK;
  ini->ctx = ctx;
  WEYL_GOTO(weyl_arena_new(ctx, &ini->arena));

  reading r = {.ini = ini, .at = text};
  const int bad = ini_parse_stream(next_line, &r, take_entry, &r);
  if (r.status != WEYL_OK) {
    status = weyl_fail_within(ctx, r.status, "%s", place);
  } else if (bad == -2) {
    status = weyl_fail(ctx, WEYL_MEMORY, "%s: no memory for a line", place);
  } else if (bad || r.bad) {
    status = weyl_fail(ctx, WEYL_FORMAT, "%s:%d: neither \"key = value\" nor a \"[section]\" of at most %d letters",
                       place, r.bad ? r.bad : bad, SECTION_MAX);
  }

done:
  if (status != WEYL_OK) {
    weyl_ini_free(ini);
    return status;
  }
  *out = ini;
  return WEYL_OK;
}

weyl_status weyl_ini_read(weyl_context *ctx, const char *path, weyl_ini **out) {
  char *text;
  size_t n;
  WEYL_TRY(weyl_file_read(ctx, path, (size_t)64 << 20, &text, &n));
  weyl_status status;
  if (strlen(text) != n)
    status = weyl_fail(ctx, WEYL_FORMAT, "%s: byte %zu is zero: not a text file", path, strlen(text));
  else
    status = weyl_ini_parse(ctx, text, path, out);
  weyl_dealloc(ctx, text);
  return status;
}

void weyl_ini_free(weyl_ini *ini) {
  if (!ini) return;
  weyl_dealloc(ini->ctx, ini->entries);
  weyl_arena_free(ini->arena);
  weyl_dealloc(ini->ctx, ini);
}

size_t weyl_ini_count(const weyl_ini *ini) { return ini->count; }

weyl_ini_entry weyl_ini_at(const weyl_ini *ini, size_t i) { return ini->entries[i]; }

const char *weyl_ini_find(const weyl_ini *ini, const char *section, const char *key) {
  for (size_t i = ini->count; i-- > 0;) {
    const weyl_ini_entry *e = &ini->entries[i];
    if (strcmp(e->section, section) == 0 && strcmp(e->key, key) == 0) return e->value;
  }
  return NULL;
}
