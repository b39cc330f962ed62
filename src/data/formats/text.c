#include "formats/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "formats/input.h"

int span_shown(span text) { return (int)(text.n < 40 ? text.n : 40); }

bool span_is(span text, const char *word) { return strlen(word) == text.n && strncasecmp(text.at, word, text.n) == 0; }

bool span_is_blank(span text) { return !span_next_word(&text, &(span){0}); }

weyl_status text_view(weyl_context *ctx, const char *path, const char *bytes, size_t n, text_file *out) {
  *out = (text_file){.ctx = ctx, .path = path, .at = bytes, .end = bytes + n};
  if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) out->at += 3;
  out->c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!out->c) return weyl_fail(ctx, WEYL_MEMORY, "the C locale cannot be made");
  out->before = uselocale(out->c);
  return WEYL_OK;
}

weyl_status text_open(weyl_context *ctx, const char *path, text_file *out) {
  char *bytes;
  size_t n;
  *out = (text_file){.ctx = ctx, .path = path};
  WEYL_TRY(input_read(ctx, path, &bytes, &n));
  const weyl_status status = text_view(ctx, path, bytes, n, out);
  out->bytes = bytes;
  return status;
}

void text_close(text_file *file) {
  if (file->c) {
    uselocale(file->before);
    freelocale(file->c);
  }
  if (file->bytes) weyl_dealloc(file->ctx, file->bytes);
  *file = (text_file){0};
}

const char *text_place(const text_file *file, char text[280]) {
  snprintf(text, 280, "%.240s:%lld", file->path, (long long)file->line);
  return text;
}

bool text_next_line(text_file *file, span *line) {
  if (file->at == file->end) return false;
  const char *stop = memchr(file->at, '\n', (size_t)(file->end - file->at));
  const char *next = stop ? stop + 1 : file->end;
  if (!stop) stop = file->end;
  if (stop > file->at && stop[-1] == '\r') stop--;
  *line = (span){file->at, (size_t)(stop - file->at)};
  file->at = next;
  file->line++;
  return true;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool span_next_word(span *line, span *word) {
  size_t i = 0;
  while (i < line->n && is_blank(line->at[i])) i++;
  size_t k = i;
  while (k < line->n && !is_blank(line->at[k])) k++;
  *word = (span){line->at + i, k - i};
  line->at += k;
  line->n -= k;
  return word->n > 0;
}

bool span_next_cell(span *line, span *cell) {
  if (!line->at) return false;
  const char *comma = line->n > 0 ? memchr(line->at, ',', line->n) : NULL;
  span c = {line->at, comma ? (size_t)(comma - line->at) : line->n};
  if (comma)
    *line = (span){comma + 1, line->n - c.n - 1};
  else
    *line = (span){NULL, 0};
  while (c.n > 0 && is_blank(c.at[0])) c = (span){c.at + 1, c.n - 1};
  while (c.n > 0 && is_blank(c.at[c.n - 1])) c.n--;
  *cell = c;
  return true;
}

bool span_number(span text, double *value) {
  char copy[64];
  if (text.n == 0 || text.n >= sizeof copy) return false;
  for (size_t i = 0; i < text.n; i++) {
    const char c = text.at[i];
    if (c == 'x' || c == 'X' || c == '\0' || is_blank(c) || c == '\r' || c == '\v' || c == '\f')
      return false; /* strtod would take hexadecimal */
    copy[i] = c == 'D' || c == 'd' ? 'e' : c;
  }
  copy[text.n] = '\0';
  char *end;
  *value = strtod(copy, &end); /* the locale is C: text_view */
  return end == copy + text.n && isfinite(*value);
}

bool span_integer(span text, int64_t *value) {
  double real;
  if (!span_number(text, &real) || real != floor(real) || fabs(real) > 9007199254740992.0) return false;
  *value = (int64_t)real;
  return true;
}
