/* weyl sense complete: a matrix or an image from the entries there are. */
#include "sense.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The input as it was: a list of entries, a matrix, or an image (its channels side by side). */
typedef struct input {
  const char *path;
  enum { TRIPLETS, MATRIX, IMAGE } kind;
  size_t n1, n2;
  double *matrix; /* [n1][n2] with NaN; NULL: of triplets */
  size_t channels;
  weyl_triplets entries;
  int base;
} input;

static void input_free(cli *c, input *in) {
  weyl_dealloc(c->ctx, in->matrix);
  weyl_triplets_free(c->ctx, &in->entries);
}

/* ---- reading ---- */

static weyl_status shape(cli *c, size_t *n1, size_t *n2) {
  const char *text = cli_string(c, "shape");
  *n1 = *n2 = 0;
  if (!text) return WEYL_OK;
  char *end = NULL, *last = NULL;
  const long rows = strtol(text, &end, 10), columns = *end == 'x' ? strtol(end + 1, &last, 10) : 0;
  snprintf(c->place, sizeof c->place, "--shape");
  if (!last || last == end + 1 || *last || rows < 1 || columns < 1 || rows > 10000000 || columns > 10000000)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "--shape \"%s\": ROWSxCOLUMNS, for example 943x1682", text);
  c->place[0] = '\0';
  *n1 = (size_t)rows;
  *n2 = (size_t)columns;
  return WEYL_OK;
}

static weyl_status missing_value(cli *c, double *value) {
  const char *text = cli_string(c, "missing");
  *value = NAN;
  if (!text) return WEYL_OK;
  char *end;
  *value = strtod(text, &end);
  snprintf(c->place, sizeof c->place, "--missing");
  if (end == text || *end) return weyl_fail(c->ctx, WEYL_BAD_ARG, "--missing \"%s\": must be a number", text);
  c->place[0] = '\0';
  return WEYL_OK;
}

/* Channels side by side: one matrix, whose rows the colours share. */
static weyl_status read_image(cli *c, const void *bytes, size_t n, double missing, input *in) {
  weyl_image image, mask = {0};
  WEYL_TRY(weyl_image_parse(c->ctx, bytes, n, in->path, &image));
  weyl_status status = WEYL_OK;
  const char *mask_path = cli_string(c, "mask");
  if (mask_path) status = weyl_image_read(c->ctx, mask_path, &mask);
  if (status == WEYL_OK && mask_path && (mask.rows != image.rows || mask.columns != image.columns))
    status = weyl_fail(c->ctx, WEYL_SHAPE, "a mask of %zux%zu pixels for an image of %zux%zu (%s)", mask.columns,
                       mask.rows, image.columns, image.rows, mask_path);
  in->kind = IMAGE;
  in->channels = image.channels;
  in->n1 = image.rows;
  in->n2 = image.columns * image.channels;
  if (status == WEYL_OK) in->matrix = weyl_alloc(c->ctx, in->n1 * in->n2, sizeof *in->matrix);
  if (status == WEYL_OK && !in->matrix) status = WEYL_MEMORY;
  for (size_t i = 0; status == WEYL_OK && i < image.rows * image.columns; i++) {
    bool gone = !isnan(missing), black = mask_path != NULL;
    for (size_t k = 0; k < image.channels; k++) gone = gone && image.value[i * image.channels + k] == missing;
    for (size_t k = 0; k < mask.channels; k++) black = black && !(mask.value[i * mask.channels + k] >= 128);
    for (size_t k = 0; k < image.channels; k++)
      in->matrix[i / image.columns * in->n2 + k * image.columns + i % image.columns] =
          gone || black ? NAN : image.value[i * image.channels + k];
  }
  weyl_image_free(c->ctx, &image);
  weyl_image_free(c->ctx, &mask);
  return status;
}

static weyl_status read_table(cli *c, const void *bytes, size_t n, bool npy, double missing, input *in) {
  weyl_table table;
  WEYL_TRY(weyl_table_parse(c->ctx, bytes, n, in->path, &table));
  weyl_status status;
  if (npy) {
    in->kind = MATRIX;
    in->n1 = table.rows;
    in->n2 = table.columns;
    in->matrix = table.value;
    table.value = NULL;
    for (size_t i = 0; i < in->n1 * in->n2; i++)
      if (in->matrix[i] == missing) in->matrix[i] = NAN;
    status = WEYL_OK;
  } else {
    size_t n1, n2, kept = 0;
    status = shape(c, &n1, &n2);
    for (size_t i = 0; !isnan(missing) && table.columns >= 3 && i < table.rows; i++) { /* lines that say "missing" */
      double *from = table.value + i * table.columns;
      if (from[2] == missing) continue;
      memmove(table.value + kept++ * table.columns, from, table.columns * sizeof *from);
    }
    if (!isnan(missing)) table.rows = kept;
    in->kind = TRIPLETS;
    in->base = (int)cli_integer(c, "base");
    if (status == WEYL_OK && table.rows == 0)
      status = weyl_fail(c->ctx, WEYL_FORMAT, "every entry is missing (%s)", in->path);
    if (status == WEYL_OK) status = weyl_triplets_table(c->ctx, &table, in->path, in->base, n1, n2, &in->entries);
    if (status == WEYL_OK && in->base < 0) { /* as it was seen: needed to read and write indices like these */
      in->base = 1;
      for (size_t i = 0; i < table.rows; i++)
        if (table.value[i * table.columns] == 0 || table.value[i * table.columns + 1] == 0) in->base = 0;
    }
    in->n1 = in->entries.n1;
    in->n2 = in->entries.n2;
  }
  weyl_table_free(c->ctx, &table);
  return status;
}

static weyl_status read_input(cli *c, input *in) {
  char *bytes;
  size_t n;
  double missing;
  WEYL_TRY(missing_value(c, &missing));
  WEYL_TRY(weyl_file_read(c->ctx, in->path, 0, &bytes, &n));
  const bool npy = n >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0, image = weyl_image_seems(bytes, n);
  weyl_status status = WEYL_OK;
  if (cli_string(c, "mask") && !image)
    status = weyl_fail(c->ctx, WEYL_BAD_ARG, "--mask is for images, %s is none", in->path);
  if (status == WEYL_OK)
    status = image ? read_image(c, bytes, n, missing, in) : read_table(c, bytes, n, npy, missing, in);
  weyl_dealloc(c->ctx, bytes);
  if (status == WEYL_OK && in->matrix) {
    status = weyl_triplets_matrix(c->ctx, in->n1, in->n2, in->matrix, &in->entries);
    if (status == WEYL_FORMAT) status = weyl_fail_within(c->ctx, status, "%s", in->path);
  }
  return status;
}

/* ---- a share of the entries set aside, to see how well they are found ---- */

static weyl_status hide(cli *c, weyl_triplets *t, weyl_triplets *hidden) {
  const double share = cli_number(c, "hide");
  if (!(share > 0)) return WEYL_OK;
  hidden->row = weyl_alloc(c->ctx, 2 * t->count, sizeof *hidden->row);
  hidden->value = weyl_alloc(c->ctx, t->count, sizeof *hidden->value);
  if (!hidden->row || !hidden->value) return WEYL_MEMORY;
  hidden->column = hidden->row + t->count;
  weyl_rng rng = weyl_rng_new(cli_seed(c), "hidden entries");
  size_t kept = 0;
  for (size_t i = 0; i < t->count; i++) {
    const bool away = weyl_rng_uniform(&rng) < share;
    weyl_triplets *to = away ? hidden : t;
    const size_t at = away ? hidden->count++ : kept++;
    to->row[at] = t->row[i];
    to->column[at] = t->column[i];
    to->value[at] = t->value[i];
  }
  t->count = kept;
  if (kept == 0) return weyl_fail(c->ctx, WEYL_BAD_ARG, "--hide %g leaves no entry", share);
  return WEYL_OK;
}

static double error_of(const weyl_completion *found, const weyl_triplets *t) {
  double sum = 0;
  for (size_t i = 0; i < t->count; i++) {
    const double d = weyl_completion_at(found, (size_t)t->row[i], (size_t)t->column[i]) - t->value[i];
    sum += d * d;
  }
  return t->count ? sqrt(sum / (double)t->count) : NAN;
}

/* ---- writing ---- */

static bool ends_in(const char *path, const char *ending) {
  const size_t n = strlen(path), m = strlen(ending);
  return n > m && strcmp(path + n - m, ending) == 0;
}

/* What is known stays as it is. */
static weyl_status filled(cli *c, const input *in, const weyl_completion *found, double **out) {
  if (in->n1 * in->n2 > (size_t)1 << 28)
    return weyl_fail(c->ctx, WEYL_BAD_ARG,
                     "--out: the whole %zux%zu matrix has more than 2^28 numbers: --ask FILE for some, or an .npz for "
                     "the factors",
                     in->n1, in->n2);
  double *m = weyl_alloc(c->ctx, in->n1 * in->n2, sizeof *m);
  if (!m) return WEYL_MEMORY;
  for (size_t i = 0; i < in->n1; i++)
    for (size_t j = 0; j < in->n2; j++) m[i * in->n2 + j] = weyl_completion_at(found, i, j);
  for (size_t e = 0; e < in->entries.count; e++)
    m[(size_t)in->entries.row[e] * in->n2 + (size_t)in->entries.column[e]] = in->entries.value[e];
  *out = m;
  return WEYL_OK;
}

static weyl_status write_image(cli *c, const input *in, const double *m, const char *path) {
  weyl_image image = {in->n1, in->n2 / in->channels, in->channels, NULL};
  image.value = weyl_alloc(c->ctx, in->n1 * in->n2, sizeof *image.value);
  if (!image.value) return WEYL_MEMORY;
  for (size_t i = 0; i < in->n1; i++)
    for (size_t j = 0; j < in->n2; j++)
      image.value[(i * image.columns + j % image.columns) * in->channels + j / image.columns] = m[i * in->n2 + j];
  const weyl_status status = weyl_image_write(c->ctx, path, &image);
  weyl_image_free(c->ctx, &image);
  return status;
}

static weyl_status write_factors(cli *c, const weyl_completion *found, const char *path) {
  weyl_bundle *bundle = NULL;
  WEYL_TRY(weyl_bundle_new(c->ctx, &bundle));
  const struct {
    const char *name;
    weyl_array array;
  } part[] = {{"f", {found->f, WEYL_F64, 2, {(int64_t)found->n1, (int64_t)found->rank}}},
              {"g", {found->g, WEYL_F64, 2, {(int64_t)found->n2, (int64_t)found->rank}}},
              {"row_level", {found->row_level, WEYL_F64, 1, {(int64_t)found->n1}}},
              {"column_level", {found->level, WEYL_F64, 1, {(int64_t)found->n2}}}};
  weyl_status status = WEYL_OK;
  for (size_t i = 0; status == WEYL_OK && i < sizeof part / sizeof *part; i++)
    status = weyl_bundle_add(bundle, part[i].name, &part[i].array);
  if (status == WEYL_OK) status = weyl_npz_write(c->ctx, path, bundle);
  weyl_bundle_free(bundle);
  return status;
}

/* The values of the rows and columns of a file; without one, of all that is missing. */
static weyl_status write_list(cli *c, const input *in, const weyl_completion *found, const char *path) {
  const char *ask = cli_string(c, "ask");
  weyl_table wanted = {0};
  size_t n = 0, at = 0;
  unsigned char *known = NULL;
  weyl_status status = WEYL_OK;
  double *column[3] = {NULL, NULL, NULL};
  if (ask) {
    WEYL_TRY(weyl_table_read(c->ctx, ask, &wanted));
    n = wanted.rows;
    if (wanted.columns < 2)
      status = weyl_fail(c->ctx, WEYL_FORMAT, "%zu column, must be row and column (%s)", wanted.columns, ask);
  } else {
    if (in->n1 * in->n2 > (size_t)1 << 26)
      return weyl_fail(c->ctx, WEYL_BAD_ARG,
                       "--out: a %zux%zu matrix is long as a list: --ask FILE for some of it, or an .npz "
                       "for the factors",
                       in->n1, in->n2);
    known = weyl_alloc(c->ctx, in->n1 * in->n2, 1);
    if (!known) return WEYL_MEMORY;
    for (size_t e = 0; e < in->entries.count; e++)
      known[(size_t)in->entries.row[e] * in->n2 + (size_t)in->entries.column[e]] = 1;
    n = in->n1 * in->n2 - in->entries.count;
  }
  for (int k = 0; k < 3 && status == WEYL_OK; k++)
    if (!(column[k] = weyl_alloc(c->ctx, n + 1, sizeof *column[k]))) status = WEYL_MEMORY;
  const double base = in->kind == TRIPLETS ? in->base : 0;
  for (size_t i = 0; status == WEYL_OK && ask && i < n; i++) {
    const double *w = wanted.value + i * wanted.columns, r = w[0] - base, s = w[1] - base;
    if (!(r >= 0 && r < (double)in->n1 && r == floor(r) && s >= 0 && s < (double)in->n2 && s == floor(s))) {
      status = weyl_fail(c->ctx, WEYL_FORMAT,
                         "entry %zu: row %g, column %g is not in the %zux%zu matrix, counted from %g (%s)", i + 1, w[0],
                         w[1], in->n1, in->n2, base, ask);
      break;
    }
    column[0][i] = w[0];
    column[1][i] = w[1];
    column[2][i] = weyl_completion_at(found, (size_t)r, (size_t)s);
  }
  for (size_t i = 0; status == WEYL_OK && !ask && i < in->n1 * in->n2; i++) {
    if (known[i]) continue;
    column[0][at] = (double)(i / in->n2) + base;
    column[1][at] = (double)(i % in->n2) + base;
    column[2][at++] = weyl_completion_at(found, i / in->n2, i % in->n2);
  }
  if (status == WEYL_OK)
    status = weyl_table_write(c->ctx, path, n, 3, (const char *const[]){"row", "column", "value"},
                              (const double *const[]){column[0], column[1], column[2]});
  for (int k = 0; k < 3; k++) weyl_dealloc(c->ctx, column[k]);
  weyl_dealloc(c->ctx, known);
  weyl_table_free(c->ctx, &wanted);
  return status;
}

static bool writes_image(const char *path) {
  return ends_in(path, ".png") || ends_in(path, ".pgm") || ends_in(path, ".ppm");
}

/* Before anything is computed: an ending that could not be written. */
static weyl_status check_out(cli *c, const input *in) {
  const char *path = cli_string(c, "out");
  if (!path) {
    if (cli_string(c, "ask"))
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "--ask says what --out is to hold: --out FILE.csv");
    return WEYL_OK;
  }
  if (cli_string(c, "ask") && !ends_in(path, ".csv"))
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "--out %s: what --ask wants is a list, FILE.csv", path);
  if (ends_in(path, ".npz") || ends_in(path, ".npy") || ends_in(path, ".csv")) return WEYL_OK;
  if (!writes_image(path))
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "--out %s: ends in .csv (a list), .npy (the matrix), .npz (its factors)%s",
                     path, in->kind == IMAGE ? ", .png, .pgm or .ppm" : "");
  if (in->kind != IMAGE) return weyl_fail(c->ctx, WEYL_BAD_ARG, "--out %s: %s is no image", path, in->path);
  if ((ends_in(path, ".pgm") && in->channels == 3) || (ends_in(path, ".ppm") && in->channels == 1))
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "--out %s: the image has %zu channels, use .png or .%s", path, in->channels,
                     in->channels == 3 ? "ppm" : "pgm");
  return WEYL_OK;
}

static weyl_status write_output(cli *c, const input *in, const weyl_completion *found) {
  const char *path = cli_string(c, "out");
  if (!path) return WEYL_OK;
  if (ends_in(path, ".npz")) {
    WEYL_TRY(write_factors(c, found, path));
  } else if (ends_in(path, ".csv")) {
    WEYL_TRY(write_list(c, in, found, path));
  } else {
    double *m = NULL;
    weyl_status status = filled(c, in, found, &m);
    const weyl_array array = {m, WEYL_F64, 2, {(int64_t)in->n1, (int64_t)in->n2}};
    weyl_bundle *bundle = NULL;
    if (status == WEYL_OK && writes_image(path)) {
      status = write_image(c, in, m, path);
    } else if (status == WEYL_OK) {
      status = weyl_bundle_new(c->ctx, &bundle);
      if (status == WEYL_OK) status = weyl_bundle_add(bundle, "", &array);
      if (status == WEYL_OK) status = weyl_npz_write(c->ctx, path, bundle);
      weyl_bundle_free(bundle);
    }
    weyl_dealloc(c->ctx, m);
    WEYL_TRY(status);
  }
  weyl_json_string(c->result, "file", path);
  cli_say(c, "written to %s\n", path);
  return WEYL_OK;
}

/* ---- telling ---- */

static weyl_status tell(cli *c, const weyl_completion *found) {
  enum { COLUMNS = 6 };
  char(*text)[32] = weyl_alloc(c->ctx, (found->attempts + 1) * COLUMNS, sizeof *text);
  const char **cells = weyl_alloc(c->ctx, (found->attempts + 1) * COLUMNS, sizeof *cells);
  weyl_status status = text && cells ? WEYL_OK : WEYL_MEMORY;
  static const char *const head[COLUMNS] = {"method", "rank", "ridge", "steps", "fitted", "held out"};
  if (status == WEYL_OK) memcpy(cells, head, sizeof head);
  weyl_json_array(c->result, "attempts");
  for (size_t i = 0; status == WEYL_OK && i < found->attempts; i++) {
    const weyl_attempt *a = &found->attempt[i];
    char(*t)[32] = text + (i + 1) * COLUMNS;
    snprintf(t[0], 32, "%s%s", a->method, i == found->chosen ? " <-" : "");
    snprintf(t[1], 32, "%zu", a->rank);
    t[2][0] = t[4][0] = 0;
    if (a->ridge > 0) snprintf(t[2], 32, "%g", a->ridge);
    snprintf(t[3], 32, "%lld", (long long)a->iterations);
    if (isfinite(a->fitted)) snprintf(t[4], 32, "%.5g", a->fitted);
    snprintf(t[5], 32, isfinite(a->held) ? "%.5g" : "diverges", a->held);
    for (size_t k = 0; k < COLUMNS; k++) cells[(i + 1) * COLUMNS + k] = t[k];
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "method", a->method);
    weyl_json_integer(c->result, "rank", (int64_t)a->rank);
    weyl_json_number(c->result, "ridge", a->ridge);
    weyl_json_integer(c->result, "iterations", a->iterations);
    weyl_json_number(c->result, "fitted", a->fitted);
    weyl_json_number(c->result, "held", a->held);
    weyl_json_number(c->result, "seconds", a->seconds);
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  if (status == WEYL_OK) cli_table(c, found->attempts + 1, COLUMNS, cells);
  weyl_dealloc(c->ctx, text);
  weyl_dealloc(c->ctx, cells);
  return status;
}

/* Held-out error against rank, the best ridge of each, a curve a method. */
static weyl_status draw(cli *c, const weyl_completion *found) {
  if (!study_draws(c)) return WEYL_OK;
  enum { METHODS = 10, RANKS = 128 };
  double x[METHODS][RANKS], y[METHODS][RANKS];
  weyl_series series[METHODS];
  size_t count = 0;
  for (size_t i = 0; i < found->attempts; i++) {
    const weyl_attempt *a = &found->attempt[i];
    size_t k = 0, at = 0;
    while (k < count && strcmp(series[k].label, a->method) != 0) k++;
    if (k == METHODS || !isfinite(a->held)) continue;
    if (k == count) series[count++] = (weyl_series){a->method, WEYL_LINE_POINTS, -1, 0, x[k], y[k], NULL, NULL};
    while (at < series[k].n && x[k][at] < (double)a->rank) at++;
    if (at < series[k].n && x[k][at] == (double)a->rank) {
      y[k][at] = fmin(y[k][at], a->held);
      continue;
    }
    memmove(&x[k][at + 1], &x[k][at], (series[k].n - at) * sizeof x[k][0]);
    memmove(&y[k][at + 1], &y[k][at], (series[k].n - at) * sizeof y[k][0]);
    x[k][at] = (double)a->rank;
    y[k][at] = a->held;
    series[k].n++;
  }
  const weyl_plot plot = {.title = "Error on entries held out",
                          .x_label = "rank",
                          .y_label = "root mean square error",
                          .log_y = true,
                          .count = count,
                          .series = series};
  return study_draw(c, &plot);
}

static weyl_status answer(cli *c, input *in) {
  weyl_triplets hidden = {0};
  weyl_completion found = {0};
  weyl_status status;
  weyl_json *json = c->result;
  WEYL_GOTO(read_input(c, in));
  WEYL_GOTO(check_out(c, in));
  WEYL_GOTO(hide(c, &in->entries, &hidden));
  const weyl_complete_opts o = {.methods = cli_string(c, "methods"),
                                .centre = cli_string(c, "centre"),
                                .rank = cli_given(c, "rank") ? (size_t)cli_integer(c, "rank") : 0,
                                .rank_max = (size_t)cli_integer(c, "rank_max"),
                                .held = cli_number(c, "held"),
                                .ridge = cli_number(c, "ridge"),
                                .iterations = cli_integer(c, "iterations"),
                                .seed = cli_seed(c)};
  WEYL_GOTO(weyl_complete(c->ctx, &in->entries, &o, &found));
  const weyl_attempt *best = &found.attempt[found.chosen];
  weyl_json_integer(json, "rows", (int64_t)in->n1);
  weyl_json_integer(json, "columns", (int64_t)in->n2);
  weyl_json_integer(json, "entries", (int64_t)in->entries.count);
  weyl_json_string(json, "method", best->method);
  weyl_json_integer(json, "rank", (int64_t)found.rank);
  weyl_json_number(json, "held", found.held);
  weyl_json_number(json, "held_levels", found.held_mean);
  weyl_json_number(json, "fitted", found.fitted);
  cli_say(c, "%zux%zu, %zu entries (%.3g %%)\n\n", in->n1, in->n2, in->entries.count,
          100 * (double)in->entries.count / ((double)in->n1 * (double)in->n2));
  WEYL_GOTO(tell(c, &found));
  cli_say(c, "\n%s, rank %zu: root mean square error %.5g on entries held out (%s alone: %.5g)\n", best->method,
          found.rank, found.held,
          strcmp(o.centre, "effects") == 0 ? "levels"
          : strcmp(o.centre, "mean") == 0  ? "the mean"
                                           : "0",
          found.held_mean);
  if (hidden.count > 0) {
    const double error = error_of(&found, &hidden);
    weyl_json_integer(json, "hidden", (int64_t)hidden.count);
    weyl_json_number(json, "hidden_error", error);
    cli_say(c, "%zu entries were hidden: root mean square error %.5g\n", hidden.count, error);
  }
  WEYL_GOTO(draw(c, &found));
  WEYL_GOTO(write_output(c, in, &found));
done:
  weyl_completion_free(c->ctx, &found);
  weyl_triplets_free(c->ctx, &hidden);
  return status;
}

weyl_status sense_complete(cli *c) {
  input in = {.path = c->arg[1]};
  const weyl_status status = answer(c, &in);
  input_free(c, &in);
  return status;
}
