/* Text files line by line, word by word, with the place of what is read. */
#ifndef WEYL_DATA_TEXT_H
#define WEYL_DATA_TEXT_H

#include <locale.h>
#include <weyl/core.h>

/* A piece of the file, not terminated. */
typedef struct span {
  const char *at;
  size_t n;
} span;

/* How much of a piece is shown in a message: printf("%.*s", span_shown(s), s.at). */
int span_shown(span text);
bool span_is(span text, const char *word); /* without regard to case */
bool span_is_blank(span text);

typedef struct text_file {
  weyl_context *ctx;
  const char *path;
  const char *at, *end;
  int64_t line;       /* of the line last taken, from 1 */
  char *bytes;        /* owned after text_open */
  locale_t c, before; /* of this thread, while numbers are read */
} text_file;

/* The whole file, unpacked when it is gzip or xz, a byte order mark skipped; makes the thread's locale C until
 * text_close, which is due in any case. */
weyl_status text_open(weyl_context *ctx, const char *path, text_file *out);
/* The same on bytes that stay the caller's. */
weyl_status text_view(weyl_context *ctx, const char *path, const char *bytes, size_t n, text_file *out);
void text_close(text_file *file);

const char *text_place(const text_file *file, char text[280]); /* "file:line" */
bool text_next_line(text_file *file, span *line);              /* without its end */
bool span_next_word(span *line, span *word);                   /* between blanks and tabs; false at the end */
/* Up to the next comma (or the end), without blanks around it; false behind the last. */
bool span_next_cell(span *line, span *cell);
/* Numbers of the C locale; "1.5D+03" is read too. False when the span is no number or not finite (then *value tells nan
 * and inf). */
bool span_number(span text, double *value);
bool span_integer(span text, int64_t *value); /* a whole number up to 2^53, "12.0" too */

#endif
