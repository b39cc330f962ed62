#include "internal.h"

#include <string.h>

static weyl_status draw(weyl_context *ctx, const char *terminal, const weyl_plot *plots, size_t count, int columns,
                        report_text *out) {
  const char *what = count > 0 && plots[0].title && plots[0].title[0] ? plots[0].title : "a plot";
  FILE *script = tmpfile();
  if (!script) return weyl_fail(ctx, WEYL_IO, "no temporary file for the script of %s", what);
  weyl_status status = report_script(ctx, script, terminal, plots, count, columns);
  if (status == WEYL_OK) status = report_gnuplot(ctx, script, what, out);
  fclose(script);
  return status;
}

static weyl_status terminal_of(weyl_context *ctx, const char *path, const char **terminal) {
  const char *dot = strrchr(path, '.');
  if (dot && strcmp(dot, ".svg") == 0)
    *terminal = "svg";
  else if (dot && strcmp(dot, ".png") == 0)
    *terminal = "png";
  else
    return weyl_fail(ctx, WEYL_BAD_ARG, "the name of a picture ends in .svg or .png (%s)", path);
  return WEYL_OK;
}

weyl_status weyl_plot_sheet_write(weyl_context *ctx, const weyl_plot *plots, size_t count, int columns,
                                  const char *path) {
  const char *terminal = NULL;
  WEYL_TRY(terminal_of(ctx, path, &terminal));
  report_text picture = {.ctx = ctx};
  weyl_writer *writer = NULL;
  weyl_status status;
  WEYL_GOTO(draw(ctx, terminal, plots, count, columns, &picture));
  WEYL_GOTO(weyl_writer_open(ctx, path, &writer));
  WEYL_GOTO(weyl_writer_write(writer, picture.bytes, picture.used));
  status = weyl_writer_close(writer);
  writer = NULL;

done:
  weyl_writer_abandon(writer);
  report_text_free(&picture);
  return status;
}

weyl_status weyl_plot_write(weyl_context *ctx, const weyl_plot *plot, const char *path) {
  return weyl_plot_sheet_write(ctx, plot, 1, 1, path);
}

weyl_status weyl_plot_svg(weyl_context *ctx, const weyl_plot *plot, char **svg) {
  report_text picture = {.ctx = ctx};
  const weyl_status status = draw(ctx, "svg", plot, 1, 1, &picture);
  if (status != WEYL_OK) {
    report_text_free(&picture);
    return status;
  }
  *svg = picture.bytes;
  return WEYL_OK;
}
