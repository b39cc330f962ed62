/* A plot as gnuplot commands. All text stands in single quotes, where gnuplot substitutes nothing; all data in blocks
 * of the script, so that one stream holds everything. */
#include "internal.h"

#include <locale.h>
#include <math.h>
#include <string.h>

/* Okabe and Ito's eight colours, told apart by colour-blind readers too; black last. */
static const char *const palette[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#b8a900", "#000000"};
#define PALETTE (sizeof palette / sizeof palette[0])

static void quote(FILE *script, const char *text) {
  fputc('\'', script);
  for (const char *c = text ? text : ""; *c; c++) {
    if (*c == '\'')
      fputs("''", script);
    else
      fputc((unsigned char)*c < 0x20 ? ' ' : *c, script);
  }
  fputc('\'', script);
}

/* Whether point i can be shown; points that cannot be break the line. */
static bool shown(const weyl_plot *plot, const weyl_series *s, size_t i) {
  if (!isfinite(s->x[i]) || !isfinite(s->y[i])) return false;
  return !(plot->log_x && s->x[i] <= 0) && !(plot->log_y && s->y[i] <= 0);
}

/* One block of data a series; the number of points that can be shown. */
static size_t data_block(FILE *script, const weyl_plot *plot, size_t k) {
  const weyl_series *s = &plot->series[k];
  size_t points = 0;
  bool gap = true;
  fprintf(script, "$s%zu << EOD\n", k);
  for (size_t i = 0; i < s->n; i++) {
    if (!shown(plot, s, i)) {
      if (!gap) fputs("\n", script);
      gap = true;
      continue;
    }
    /* a band reaches no lower than an axis of logarithms can show */
    double low = s->low && isfinite(s->low[i]) ? s->low[i] : s->y[i];
    const double high = s->high && isfinite(s->high[i]) ? s->high[i] : s->y[i];
    if (plot->log_y && low <= 0) low = s->y[i];
    fprintf(script, "%.17g %.17g %.17g %.17g\n", s->x[i], s->y[i], low, high);
    points++;
    gap = false;
  }
  fputs("EOD\n", script);
  return points;
}

/* A box of the plane as wide and high as the picture that holds all points, so that equal axes never squeeze a picture
 * to a strip. Pictures of the usual size get a square. */
static void box(FILE *script, const weyl_plot *plot) {
  double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
  for (size_t k = 0; k < plot->count; k++) {
    const weyl_series *s = &plot->series[k];
    for (size_t i = 0; i < s->n; i++) {
      if (!shown(plot, s, i)) continue;
      const double at[2] = {s->x[i], s->y[i]};
      for (int a = 0; a < 2; a++) {
        low[a] = fmin(low[a], at[a]);
        high[a] = fmax(high[a], at[a]);
      }
    }
  }
  const double text = plot->bare && plot->names ? 110 : 0; /* pixels that title, key and names take of the height */
  const double wide = plot->width > 0 && plot->height > text ? plot->width / (plot->height - text) : 1;
  double half = 0.54 * fmax((high[0] - low[0]) / wide, high[1] - low[1]);
  if (!(half > 0)) half = 1;
  static const char axis[] = "xy";
  for (int a = 0; a < 2; a++) {
    const double centre = low[a] + 0.5 * (high[a] - low[a]), reach = a == 0 ? half * wide : half;
    fprintf(script, "set %crange [%.17g:%.17g]\n", axis[a], centre - reach, centre + reach);
  }
  fputs("set size ratio -1\n", script);
}

static size_t bars_of(const weyl_plot *plot) {
  size_t bars = 0;
  for (size_t k = 0; k < plot->count; k++) bars += plot->series[k].style == WEYL_BARS;
  return bars;
}

static const char *colour_of(const weyl_series *s, size_t k) {
  return palette[(s->colour >= 0 ? (size_t)s->colour : k) % PALETTE];
}

static void draw_series(FILE *script, const weyl_series *s, size_t k, size_t bar, size_t bars) {
  const char *colour = colour_of(s, k);
  switch (s->style) {
    case WEYL_LINE: fprintf(script, "$s%zu using 1:2 with lines lw 1.8 lc rgb '%s'", k, colour); break;
    case WEYL_DASHES: fprintf(script, "$s%zu using 1:2 with lines dt 2 lw 1.8 lc rgb '%s'", k, colour); break;
    case WEYL_POINTS: fprintf(script, "$s%zu using 1:2 with points pt 7 ps 0.7 lc rgb '%s'", k, colour); break;
    case WEYL_LINE_POINTS:
      fprintf(script, "$s%zu using 1:2 with linespoints pt 7 ps 0.6 lw 1.8 lc rgb '%s'", k, colour);
      break;
    case WEYL_BARS: {
      /* bars of several series stand beside each other within one unit of x */
      const double width = 0.8 / (double)bars, shift = ((double)bar - 0.5 * (double)(bars - 1)) * width;
      fprintf(script, "$s%zu using ($1+(%.17g)):2:(%.17g) with boxes fs solid 0.85 noborder lc rgb '%s'", k, shift,
              0.95 * width, colour);
      break;
    }
  }
  if (s->label) {
    fputs(" title ", script);
    quote(script, s->label);
  } else {
    fputs(" notitle", script);
  }
}

static weyl_status plot_commands(weyl_context *ctx, FILE *script, const weyl_plot *plot) {
  const char *name = plot->title ? plot->title : "";
  size_t points = 0, labels = 0;
  for (size_t k = 0; k < plot->count; k++) {
    points += data_block(script, plot, k);
    labels += plot->series[k].label != NULL;
  }
  if (points == 0) {
    return weyl_fail(ctx, WEYL_BAD_ARG, "plot \"%s\" has no point to show: %zu series without finite%s numbers", name,
                     plot->count, plot->log_x || plot->log_y ? " positive" : "");
  }
  fputs("reset\nset encoding utf8\n", script);
  fputs("set border 3 lc rgb '#555555'\nset tics nomirror scale 0.6 tc rgb '#222222'\n", script);
  fputs("set grid lt 1 lc rgb '#e2e2e2' lw 0.7\n", script);
  fputs("set title ", script);
  quote(script, plot->title);
  fputs(" noenhanced\nset xlabel ", script);
  quote(script, plot->x_label);
  fputs(" noenhanced\nset ylabel ", script);
  quote(script, plot->y_label);
  fputs(" noenhanced\n", script);
  if (plot->log_x) fputs("set logscale x\n", script);
  if (plot->log_y) fputs("set logscale y\nset format y '%g'\n", script);
  if (plot->equal_axes && !plot->log_x && !plot->log_y) box(script, plot);
  if (labels > 0)
    fputs("set key outside top center horizontal Left reverse noenhanced\n", script);
  else
    fputs("unset key\n", script);

  if (plot->names) {
    fputs("set xtics (", script);
    for (size_t k = 0; k < plot->names_count; k++) {
      fputs(k ? ", " : "", script);
      quote(script, plot->names[k]);
      fprintf(script, " %zu", k);
    }
    fputs(")\nset grid noxtics\n", script);
  }

  if (plot->bare) {
    fputs("unset border\nunset ytics\nunset grid\n", script);
    fputs(plot->names ? "set xtics scale 0\n" : "unset xtics\n", script);
  }

  const size_t bars = bars_of(plot);
  if (bars > 0 && !plot->log_y) fputs("set yrange [*<0:*]\n", script); /* bars stand on zero */
  size_t bar = 0;
  const char *comma = "plot ";
  for (size_t k = 0; k < plot->count; k++) { /* bands below all lines */
    const weyl_series *s = &plot->series[k];
    if (!s->low || !s->high || s->style == WEYL_BARS) continue;
    fprintf(script, "%s$s%zu using 1:3:4 with filledcurves fs transparent solid 0.2 noborder lc rgb '%s' notitle",
            comma, k, colour_of(s, k));
    comma = ", \\\n  ";
  }
  for (size_t k = 0; k < plot->count; k++) {
    fputs(comma, script);
    draw_series(script, &plot->series[k], k, bar, bars);
    bar += plot->series[k].style == WEYL_BARS;
    comma = ", \\\n  ";
  }
  fputs("\n", script);
  return WEYL_OK;
}

static weyl_status sheet_commands(weyl_context *ctx, FILE *script, const char *terminal, const weyl_plot *plots,
                                  size_t count, int columns) {
  const int rows = (int)((count + (size_t)columns - 1) / (size_t)columns);
  const double width = plots[0].width > 0 ? plots[0].width : 640, height = plots[0].height > 0 ? plots[0].height : 400;
  const double w = width * columns, h = height * rows;
  if (!(w >= 50 && w <= 20000 && h >= 50 && h <= 20000))
    return weyl_fail(ctx, WEYL_BAD_ARG, "a picture of %g x %g pixels, must be 50 to 20000 on each side", w, h);
  const bool png = strcmp(terminal, "png") == 0;
  fprintf(script, "set terminal %s size %.0f,%.0f font 'sans%s,%d' background rgb '#ffffff' noenhanced\n",
          png ? "pngcairo" : "svg", w, h, png ? "" : "-serif", png ? 10 : 13);
  if (count > 1) fprintf(script, "set multiplot layout %d,%d\n", rows, columns);
  for (size_t p = 0; p < count; p++) WEYL_TRY(plot_commands(ctx, script, &plots[p]));
  if (count > 1) fputs("unset multiplot\n", script);
  return WEYL_OK;
}

weyl_status report_script(weyl_context *ctx, FILE *script, const char *terminal, const weyl_plot *plots, size_t count,
                          int columns) {
  if (count == 0) return weyl_fail(ctx, WEYL_BAD_ARG, "a sheet of no plots");
  if (columns < 1) return weyl_fail(ctx, WEYL_BAD_ARG, "a sheet of %d columns, must be 1 or more", columns);
  /* gnuplot reads points, not the commas of the program's locale; only this thread is switched */
  const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!c) return weyl_fail(ctx, WEYL_MEMORY, "no memory for a locale");
  const locale_t old = uselocale(c);
  const weyl_status status = sheet_commands(ctx, script, terminal, plots, count, columns);
  uselocale(old);
  freelocale(c);
  return status;
}
