/* weyl/report.h: plain tables in, pictures (gnuplot: SVG or PNG) and one self-contained HTML page out. */
#ifndef WEYL_REPORT_H
#define WEYL_REPORT_H

#include <weyl/core.h>

WEYL_BEGIN_API

typedef enum weyl_mark_style { WEYL_LINE, WEYL_POINTS, WEYL_LINE_POINTS, WEYL_BARS, WEYL_DASHES } weyl_mark_style;
typedef struct weyl_series {
  const char *label; /* NULL: not in the key */
  weyl_mark_style style;
  int colour; /* index into the palette; -1: next */
  size_t n;
  const double *x, *y;
  const double *low, *high; /* error band, or NULL */
} weyl_series;

typedef struct weyl_plot {
  const char *title, *x_label, *y_label;
  bool log_x, log_y, equal_axes; /* equal_axes: one unit has one length; not with logarithms */
  bool bare;                     /* no axes and no grid: only what is drawn, and `names` */
  size_t count;
  const weyl_series *series;
  double width, height;     /* pixels; 0: 640 x 400 */
  const char *const *names; /* words below x = 0, 1, ... in place of numbers, names_count of them; NULL: numbers */
  size_t names_count;
} weyl_plot;
/* By extension of path: .svg or .png. WEYL_UNSUPPORTED with the package to install when gnuplot is missing. */
WEYL_MUST_CHECK weyl_status weyl_plot_write(weyl_context *ctx, const weyl_plot *plot, const char *path);
/* The SVG text, for HTML pages; freed with weyl_dealloc. */
WEYL_MUST_CHECK weyl_status weyl_plot_svg(weyl_context *ctx, const weyl_plot *plot, char **svg);

/* Several small plots on one sheet, `columns` a row. */
WEYL_MUST_CHECK weyl_status weyl_plot_sheet_write(weyl_context *ctx, const weyl_plot *plots, size_t count, int columns,
                                                  const char *path);

typedef struct weyl_page weyl_page;
WEYL_MUST_CHECK weyl_status weyl_page_new(weyl_context *ctx, const char *title, weyl_page **out);
void weyl_page_free(weyl_page *page);
void weyl_page_heading(weyl_page *page, const char *text);
void weyl_page_text(weyl_page *page, const char *fmt, ...) WEYL_PRINTF(2, 3); /* escaped, one paragraph */
/* Text as it stands in a terminal, its columns kept; what follows at once goes on behind it. */
void weyl_page_lines(weyl_page *page, const char *text);
/* cells [rows][columns], first row is the head; numbers are aligned right. */
void weyl_page_table(weyl_page *page, size_t rows, size_t columns, const char *const *cells);
/* The picture inline; without gnuplot the page says so in a sentence in its place. */
WEYL_MUST_CHECK weyl_status weyl_page_plot(weyl_page *page, const weyl_plot *plot, const char *caption);
WEYL_MUST_CHECK weyl_status weyl_page_write(weyl_page *page, const char *path);

WEYL_END_API
#endif
