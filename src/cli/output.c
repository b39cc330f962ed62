/* What the commands print, and the end of the program: one answer, one exit status. */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cli_say(const cli *c, const char *fmt, ...) {
  va_list args;
  if (c->page) {
    va_start(args, fmt);
    const int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = n < 0 ? NULL : weyl_alloc(c->ctx, (size_t)n + 1, 1);
    va_start(args, fmt);
    if (text) vsnprintf(text, (size_t)n + 1, fmt, args);
    va_end(args);
    if (text) weyl_page_lines(c->page, text);
    weyl_dealloc(c->ctx, text);
  }
  if (c->json || c->silent) return;
  va_start(args, fmt);
  vprintf(fmt, args);
  va_end(args);
}

void cli_note(const cli *c, const char *fmt, ...) {
  if (c->quiet || c->silent) return;
  va_list args;
  va_start(args, fmt);
  vfprintf(stderr, fmt, args);
  va_end(args);
  fputc('\n', stderr);
}

/* Columns on the screen: bytes that do not continue a UTF-8 character. */
static size_t width_of(const char *text) {
  size_t n = 0;
  for (; *text; text++) n += ((unsigned char)*text & 0xc0) != 0x80;
  return n;
}

static bool is_number(const char *cell) {
  char *end;
  strtod(cell, &end);
  if (end == cell) return false;
  while (*end == ' ' || *end == '%') end++;
  return *end == '\0';
}

void cli_table(const cli *c, size_t rows, size_t columns, const char *const *cells) {
  enum { PAGE_ROWS = 1001 };
  if (c->page) {
    weyl_page_table(c->page, rows < PAGE_ROWS ? rows : PAGE_ROWS, columns, cells);
    if (rows > PAGE_ROWS) weyl_page_text(c->page, "The first %d of %zu rows.", PAGE_ROWS - 1, rows - 1);
  }
  if (c->json || c->silent || rows == 0) return;
  size_t wide[16] = {0};
  bool right[16];
  for (size_t k = 0; k < columns && k < 16; k++) {
    right[k] = rows > 1;
    for (size_t r = 0; r < rows; r++) {
      const char *cell = cells[r * columns + k] ? cells[r * columns + k] : "";
      const size_t n = width_of(cell);
      if (n > wide[k]) wide[k] = n;
      if (r > 0 && cell[0] && !is_number(cell)) right[k] = false;
    }
  }
  for (size_t r = 0; r < rows; r++) {
    for (size_t k = 0; k < columns && k < 16; k++) {
      const char *cell = cells[r * columns + k] ? cells[r * columns + k] : "";
      const int pad = (int)(wide[k] - width_of(cell));
      const bool last = k + 1 == columns;
      if (right[k])
        printf("%*s%s", pad, "", cell);
      else
        printf("%s%*s", cell, last ? 0 : pad, "");
      fputs(last ? "\n" : "  ", stdout);
    }
    if (r > 0) continue;
    for (size_t k = 0; k < columns && k < 16; k++) {
      for (size_t i = 0; i < wide[k]; i++) putchar('-');
      fputs(k + 1 == columns ? "\n" : "  ", stdout);
    }
  }
}

const char *cli_digits(char *buffer, double value, int digits) {
  snprintf(buffer, 32, "%.*g", digits, value);
  return buffer;
}

const char *cli_duration(char *buffer, double seconds) {
  const long s = lround(fmin(fmax(seconds, 0), 1e9));
  if (s >= 3600)
    snprintf(buffer, 32, "%ld h %02ld min", s / 3600, s % 3600 / 60);
  else
    snprintf(buffer, 32, "%ld:%02ld", s / 60, s % 60);
  return buffer;
}

void cli_json_options(weyl_json *json, const weyl_options *options) {
  for (size_t i = 0; options && i < weyl_options_count(options); i++) {
    const char *value;
    const weyl_option *o = weyl_options_at(options, i, &value);
    switch (o->type) {
      case WEYL_OPT_INT: weyl_json_integer(json, o->name, weyl_options_integer(options, o->name)); break;
      case WEYL_OPT_U64: {
        const int64_t n = weyl_options_integer(options, o->name);
        if (n >= 0)
          weyl_json_integer(json, o->name, n);
        else
          weyl_json_string(json, o->name, value); /* beyond 2^63 no JSON number is exact */
        break;
      }
      case WEYL_OPT_DOUBLE: weyl_json_number(json, o->name, weyl_options_number(options, o->name)); break;
      case WEYL_OPT_BOOL: weyl_json_bool(json, o->name, weyl_options_bool(options, o->name)); break;
      case WEYL_OPT_STRING:
      case WEYL_OPT_CHOICE: weyl_json_string(json, o->name, value[0] ? value : NULL); break;
    }
  }
}

/* What the failure is about: the flag, or what stands in brackets at the end of the message ("(water.xyz:812)"). */
static const char *place_of(const cli *c, char *buffer, size_t room) {
  if (c->place[0]) return c->place;
  const char *message = weyl_message(c->ctx), *open = strrchr(message, '(');
  const size_t n = strlen(message);
  if (!open || n == 0 || message[n - 1] != ')') return "";
  snprintf(buffer, room, "%.*s", (int)(n - 2 - (size_t)(open - message)), open + 1);
  return buffer;
}

static void json_common(const cli *c, weyl_json *json) {
  weyl_json_string(json, "weyl", weyl_version());
  weyl_json_string(json, "command", c->command ? c->command->name : NULL);
  weyl_json_object(json, "options");
  if (c->options) cli_json_options(json, c->options);
  if (c->extra) {
    weyl_json_object(json, "set");
    cli_json_options(json, c->extra);
    weyl_json_end(json);
  }
  weyl_json_array(json, "arguments");
  for (int i = 0; i < c->args; i++) weyl_json_string(json, NULL, c->arg[i]);
  weyl_json_end(json);
  weyl_json_end(json);
  if (c->options && weyl_options_has(c->options, "seed"))
    weyl_json_integer(json, "seed", cli_integer(c, "seed"));
  else
    weyl_json_string(json, "seed", NULL);
  weyl_json_integer(json, "threads", weyl_threads(c->ctx));
  weyl_json_string(json, "isa", weyl_kernels_active()->isa);
  weyl_json_number(json, "seconds", weyl_seconds() - c->start);
  weyl_json_number(json, "peak_rss_mib", (double)weyl_peak_rss() / 1048576.0);
}

static void print_json(cli *c, weyl_status status) {
  weyl_json *json = weyl_json_new();
  if (!json) return;
  weyl_json_object(json, NULL);
  json_common(c, json);
  if (status == WEYL_OK || status == WEYL_NO) {
    weyl_json_end(json);
    weyl_json_end(c->result);
    /* the result is a document of its own: it goes in before the last bracket */
    const char *text = weyl_json_text(json);
    printf("%.*s, \"result\": %s}\n", (int)strlen(text) - 1, text, weyl_json_text(c->result));
  } else {
    char place[256];
    const char *message = weyl_message(c->ctx);
    weyl_json_object(json, "error");
    weyl_json_string(json, "status", weyl_status_name(status));
    weyl_json_string(json, "message", message[0] ? message : weyl_status_text(status));
    weyl_json_string(json, "place", place_of(c, place, sizeof place));
    weyl_json_end(json);
    weyl_json_end(json);
    printf("%s\n", weyl_json_text(json));
  }
  weyl_json_free(json);
}

static void print_error(cli *c, weyl_status status) {
  const char *message = weyl_message(c->ctx);
  const char *name = c->command ? c->command->name : "";
  fprintf(stderr, "%sweyl%s%s:%s %s\n", c->colour ? "\033[1;31m" : "", name[0] ? " " : "", name,
          c->colour ? "\033[0m" : "", message[0] ? message : weyl_status_text(status));
  if (weyl_status_exit_code(status) == weyl_status_exit_code(WEYL_BAD_ARG) && !c->quiet)
    fprintf(stderr, "try: weyl %s%s--help\n", name, name[0] ? " " : "");
}

int cli_finish(cli *c, weyl_status status) {
  cli_bar_clear(c);
  const bool failed = status != WEYL_OK && !(status == WEYL_NO && !weyl_message(c->ctx)[0]);
  if (c->json && !c->silent) print_json(c, status);
  if (failed && (!c->silent || cli_ranks_alone(c, status))) print_error(c, status);
  errno = 0;
  const bool written = fflush(stdout) == 0 && !ferror(stdout);
  if (!written && status == WEYL_OK) {
    if (errno != EPIPE)
      fprintf(stderr, "weyl: the answer could not be written to standard output: %s\n", strerror(errno));
    status = WEYL_IO;
  }
  return weyl_status_exit_code(status);
}
