/* Messages that point at a place in a line. */
#include <weyl/expr.h>

weyl_status weyl_fail_at(weyl_context *ctx, weyl_status status, const weyl_line *line, size_t at, const char *fmt,
                         ...) {
  enum { SHOWN = 100 };
  char what[300], shown[SHOWN + 1];
  va_list args;
  va_start(args, fmt);
  vsnprintf(what, sizeof what, fmt, args);
  va_end(args);
  const size_t from = at > SHOWN / 2 ? at - SHOWN / 2 : 0;
  size_t n = line->n > from ? line->n - from : 0;
  if (n > SHOWN) n = SHOWN;
  for (size_t i = 0; i < n; i++) {
    const unsigned char c = (unsigned char)line->text[from + i];
    shown[i] = (char)(c < 32 || c > 126 ? '?' : c);
  }
  return weyl_fail(ctx, status, "%s:%d:%zu: %s\n  %.*s\n  %*s^", line->place, line->number, (size_t)line->column + at,
                   what, (int)n, shown, (int)(at - from), "");
}
