/* One HTML page that needs nothing else: style and pictures are inside, no script, readable in the light and in the
 * dark. */
#include "internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct weyl_page {
  weyl_context *ctx;
  report_text body;
  int pictures;
  bool lines; /* a block of lines is open */
};

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1c1c1c;--paper:#ffffff;--line:#d8d8d8;--soft:#6a6a6a}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e4e4;--paper:#16181c;--line:#3a3d44;--soft:#a0a0a0}}"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:64rem;margin:2rem auto;"
    "padding:0 1rem}h1{font-size:1.7rem}h2{font-size:1.25rem;margin-top:2.2rem;border-bottom:1px solid var(--line)}"
    "table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}"
    "th,td{padding:.3rem .8rem;border-bottom:1px solid var(--line);text-align:left}td.n,th.n{text-align:right}"
    "pre{white-space:pre-wrap;font-size:.9rem;margin:1rem 0}div.wide{overflow-x:auto}figure{margin:1.5rem "
    "0;overflow-x:auto}"
    "figure svg{max-width:100%;height:auto;border-radius:4px}figcaption{color:var(--soft);font-size:.9rem}";

weyl_status weyl_page_new(weyl_context *ctx, const char *title, weyl_page **out) {
  weyl_page *page = weyl_alloc(ctx, 1, sizeof *page);
  if (!page) return WEYL_MEMORY;
  page->ctx = ctx;
  page->body.ctx = ctx;
  report_text *t = &page->body;
  report_text_puts(t,
                   "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
  report_text_escape(t, title);
  report_text_puts(t, "</title>\n<style>");
  report_text_puts(t, style);
  report_text_puts(t, "</style>\n</head>\n<body>\n<h1>");
  report_text_escape(t, title);
  report_text_puts(t, "</h1>\n");
  if (t->status != WEYL_OK) {
    const weyl_status status = t->status;
    weyl_page_free(page);
    return status;
  }
  *out = page;
  return WEYL_OK;
}

void weyl_page_free(weyl_page *page) {
  if (!page) return;
  report_text_free(&page->body);
  weyl_dealloc(page->ctx, page);
}

/* The body, with no block of lines open. */
static report_text *body_of(weyl_page *page) {
  if (page->lines) report_text_puts(&page->body, "</pre>\n");
  page->lines = false;
  return &page->body;
}

void weyl_page_lines(weyl_page *page, const char *text) {
  if (!page->lines) {
    while (*text == '\n') text++;
    if (!*text) return;
    report_text_puts(&page->body, "<pre>");
  }
  page->lines = true;
  report_text_escape(&page->body, text);
}

static void element(weyl_page *page, const char *tag, const char *text) {
  report_text *t = body_of(page);
  report_text_puts(t, "<");
  report_text_puts(t, tag);
  report_text_puts(t, ">");
  report_text_escape(t, text);
  report_text_puts(t, "</");
  report_text_puts(t, tag);
  report_text_puts(t, ">\n");
}

void weyl_page_heading(weyl_page *page, const char *text) { element(page, "h2", text); }

void weyl_page_text(weyl_page *page, const char *fmt, ...) {
  va_list args, again;
  va_start(args, fmt);
  va_copy(again, args);
  const int n = vsnprintf(NULL, 0, fmt, args);
  va_end(args);
  if (n >= 0) {
    char *text = weyl_alloc(page->ctx, (size_t)n + 1, 1);
    if (text) {
      vsnprintf(text, (size_t)n + 1, fmt, again);
      element(page, "p", text);
      weyl_dealloc(page->ctx, text);
    } else if (page->body.status == WEYL_OK) {
      page->body.status = WEYL_MEMORY;
    }
  }
  va_end(again);
}

/* A number, perhaps with a unit sign behind it: "1.5e-3", "12 %". */
static bool is_number(const char *cell) {
  char *end;
  strtod(cell, &end);
  if (end == cell) return false;
  while (*end == ' ' || *end == '%') end++;
  return *end == '\0';
}

void weyl_page_table(weyl_page *page, size_t rows, size_t columns, const char *const *cells) {
  report_text *t = body_of(page);
  report_text_puts(t, "<div class=\"wide\"><table>\n");
  for (size_t r = 0; r < rows; r++) {
    report_text_puts(t, "<tr>");
    for (size_t c = 0; c < columns; c++) {
      const char *cell = cells[r * columns + c] ? cells[r * columns + c] : "";
      /* the head of a column stands as its numbers do */
      const bool right = r > 0 ? is_number(cell) : rows > 1 && cells[columns + c] && is_number(cells[columns + c]);
      report_text_puts(t, r == 0 ? "<th" : "<td");
      report_text_puts(t, right ? " class=\"n\">" : ">");
      report_text_escape(t, cell);
      report_text_puts(t, r == 0 ? "</th>" : "</td>");
    }
    report_text_puts(t, "</tr>\n");
  }
  report_text_puts(t, "</table></div>\n");
}

/* The length of the mark of an identifier that stands at `at`: its definition or a reference to it. */
static size_t id_mark(const char *at) {
  static const char *const marks[] = {"id=\"", "id='", "href=\"#", "href='#", "url(#"};
  for (size_t m = 0; m < sizeof marks / sizeof marks[0]; m++) {
    const size_t n = strlen(marks[m]);
    if (strncmp(at, marks[m], n) == 0) return n;
  }
  return 0;
}

/* gnuplot gives every picture the same identifiers, which must be unique in a page: they get a prefix. What comes
 * before the <svg> (the XML declaration) is for files only. */
static void inline_svg(report_text *t, const char *svg, int number) {
  char prefix[16];
  snprintf(prefix, sizeof prefix, "p%d-", number);
  const char *at = strstr(svg, "<svg");
  if (!at) return;
  const char *from = at;
  while ((at = strpbrk(at, "ihu")) != NULL) {
    const size_t n = id_mark(at);
    if (n > 0) {
      report_text_add(t, from, (size_t)(at - from) + n);
      report_text_puts(t, prefix);
      from = at + n;
    }
    at += n > 0 ? n : 1;
  }
  report_text_puts(t, from);
}

weyl_status weyl_page_plot(weyl_page *page, const weyl_plot *plot, const char *caption) {
  report_text *t = body_of(page);
  char *svg = NULL;
  const weyl_status status = weyl_plot_svg(page->ctx, plot, &svg);
  if (status == WEYL_UNSUPPORTED) {
    weyl_message_clear(page->ctx);
    weyl_page_text(page, "(%s: the picture needs gnuplot, which was not found; apt install gnuplot-nox)",
                   caption ? caption : "plot");
    return t->status;
  }
  if (status != WEYL_OK) return status;
  report_text_puts(t, "<figure>\n");
  inline_svg(t, svg, ++page->pictures);
  weyl_dealloc(page->ctx, svg);
  if (caption) element(page, "figcaption", caption);
  report_text_puts(t, "</figure>\n");
  return t->status;
}

weyl_status weyl_page_write(weyl_page *page, const char *path) {
  static const char end[] = "</body>\n</html>\n";
  WEYL_TRY(body_of(page)->status);
  weyl_writer *writer = NULL;
  WEYL_TRY(weyl_writer_open(page->ctx, path, &writer));
  weyl_status status = weyl_writer_write(writer, page->body.bytes, page->body.used);
  if (status == WEYL_OK) status = weyl_writer_write(writer, end, sizeof end - 1);
  if (status != WEYL_OK) {
    weyl_writer_abandon(writer);
    return status;
  }
  return weyl_writer_close(writer);
}
