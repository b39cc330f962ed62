#include "internal.h"

#include <string.h>

void report_text_add(report_text *text, const char *bytes, size_t n) {
  if (text->status != WEYL_OK) return;
  if (text->room - text->used <= n) {
    const size_t room = 2 * text->room + n + 1024;
    char *more = weyl_realloc(text->ctx, text->bytes, room, 1);
    if (!more) {
      text->status = WEYL_MEMORY;
      return;
    }
    text->bytes = more;
    text->room = room;
  }
  if (n > 0) memcpy(text->bytes + text->used, bytes, n);
  text->used += n;
  text->bytes[text->used] = '\0';
}

void report_text_puts(report_text *text, const char *line) { report_text_add(text, line, strlen(line)); }

void report_text_escape(report_text *text, const char *line) {
  for (const char *c = line; *c; c++) {
    switch (*c) {
      case '&': report_text_puts(text, "&amp;"); break;
      case '<': report_text_puts(text, "&lt;"); break;
      case '>': report_text_puts(text, "&gt;"); break;
      case '"': report_text_puts(text, "&quot;"); break;
      case '\'': report_text_puts(text, "&#39;"); break;
      default:
        if ((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t')
          report_text_puts(text, " ");
        else
          report_text_add(text, c, 1);
    }
  }
}

void report_text_free(report_text *text) {
  weyl_dealloc(text->ctx, text->bytes);
  text->bytes = NULL;
  text->used = text->room = 0;
}
