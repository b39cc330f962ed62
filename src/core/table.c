/* Tables of numbers: text with commas, semicolons, tabs or blanks between them, and npy. */
#include <weyl/table.h>

#include "internal.h"

#include <math.h>
#include <string.h>

enum { COLUMNS_MAX = 4096, FIELD_MAX = 64 };

typedef struct text {
  weyl_context *ctx;
  const char *at, *end, *place;
  const char *line, *stop; /* the line in hand, without blanks around it */
  size_t number;
  char mark;         /* what separates; ' ': any blanks */
  size_t used, room; /* of the words */
} text;

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

/* The next line that is neither empty nor a comment. */
static bool next_line(text *t) {
  while (t->at < t->end) {
    const char *stop = memchr(t->at, '\n', (size_t)(t->end - t->at));
    if (!stop) stop = t->end;
    t->line = t->at;
    t->at = stop < t->end ? stop + 1 : stop;
    t->number++;
    while (t->line < stop && blank(*t->line)) t->line++;
    while (stop > t->line && blank(stop[-1]) && !(t->mark == '\t' && stop[-1] == '\t')) stop--;
    t->stop = stop;
    if (t->line < stop && *t->line != '#') return true;
  }
  return false;
}

/* The next field of the line from *from on, without blanks and quotes; false behind the last. */
static bool next_field(const text *t, const char **from, const char **field, size_t *n) {
  const char *p = *from, *end;
  if (!p) return false;
  while (p < t->stop && blank(*p) && (t->mark == ' ' || *p != t->mark)) p++;
  if (p < t->stop && *p == '"') {
    const char *close = memchr(p + 1, '"', (size_t)(t->stop - p - 1));
    *field = p + 1;
    end = close ? close : t->stop;
    p = close ? close + 1 : t->stop;
    while (p < t->stop && (t->mark == ' ' || *p != t->mark) && blank(*p)) p++;
  } else {
    *field = p;
    while (p < t->stop && (t->mark == ' ' ? !blank(*p) : *p != t->mark)) p++;
    for (end = p; end > *field && blank(end[-1]);) end--;
  }
  *n = (size_t)(end - *field);
  if (t->mark == ' ')
    *from = p < t->stop ? p : NULL;
  else
    *from = p < t->stop ? p + 1 : NULL; /* a mark at the end has an empty field behind it */
  return true;
}

/* An empty field, nan and NA are NaN. */
static bool number(const char *field, size_t n, double *value) {
  char word[FIELD_MAX];
  *value = NAN;
  if (n == 0) return true;
  if (n >= sizeof word || memchr(field, '\0', n)) return false;
  memcpy(word, field, n);
  word[n] = '\0';
  return strcmp(word, "NA") == 0 || core_number_parse(word, value);
}

static char mark_of(const text *t) {
  static const char marks[] = ",;\t";
  for (const char *m = marks; *m; m++)
    if (memchr(t->line, *m, (size_t)(t->stop - t->line))) return *m;
  return ' ';
}

/* The first line says how many columns there are, and whether it is a head: then none of its fields is a number. */
static weyl_status first_line(const text *t, weyl_table *out, bool *head) {
  const char *from = t->line, *field;
  size_t n;
  double value;
  *head = true;
  for (out->columns = 0; next_field(t, &from, &field, &n); out->columns++) {
    if (out->columns == COLUMNS_MAX)
      return weyl_fail(t->ctx, WEYL_FORMAT, "%s:%zu: more than %d columns", t->place, t->number, COLUMNS_MAX);
    if (n > 0 && number(field, n, &value)) *head = false;
  }
  return WEYL_OK;
}

static weyl_status names_of(const text *t, weyl_table *out) {
  const char *from = t->line, *field;
  size_t n, used = 0, room = (size_t)(t->stop - t->line) + out->columns;
  out->name = weyl_alloc(t->ctx, out->columns * sizeof *out->name + room, 1); /* one block: pointers, then text */
  if (!out->name) return WEYL_MEMORY;
  char *words = (char *)(out->name + out->columns);
  for (size_t k = 0; k < out->columns && next_field(t, &from, &field, &n); k++) {
    memcpy(words + used, field, n);
    out->name[k] = words + used;
    used += n + 1;
  }
  return WEYL_OK;
}

static weyl_status columns_differ(const text *t, const weyl_table *out, const char *more, size_t n) {
  return weyl_fail(t->ctx, WEYL_FORMAT, "%s%zu columns, the first line has %zu (%s:%zu)", more, n, out->columns,
                   t->place, t->number);
}

static weyl_status keep_word(text *t, weyl_table *out, size_t column, const char *field, size_t n) {
  if (t->used + n + 1 > t->room) {
    const size_t room = 2 * t->room + n + 4096;
    char *const words = weyl_realloc(t->ctx, out->text, room, 1);
    if (!words) return WEYL_MEMORY;
    out->text = words;
    t->room = room;
  }
  out->word[out->rows * out->columns + column] = t->used + 1;
  memcpy(out->text + t->used, field, n);
  t->used += n;
  out->text[t->used++] = '\0';
  return WEYL_OK;
}

static weyl_status values_of(text *t, weyl_table *out, double *row) {
  const char *from = t->line, *field;
  size_t n, k = 0;
  for (; next_field(t, &from, &field, &n); k++) {
    if (k == out->columns) return columns_differ(t, out, "more than ", k);
    if (number(field, n, &row[k]) && !(out->words && out->words[k])) continue;
    if (out->rows == 0 && out->words) out->words[k] = true; /* a column of words: of dates, for example */
    if (!out->words || !out->words[k])
      return weyl_fail(t->ctx, WEYL_FORMAT, "\"%.*s\" in column %zu is not a number (%s:%zu)", n < 40 ? (int)n : 40,
                       field, k + 1, t->place, t->number);
    WEYL_TRY(keep_word(t, out, k, field, n));
    row[k] = NAN;
  }
  if (k < out->columns) return columns_differ(t, out, "", k);
  return WEYL_OK;
}

static weyl_status more_rows(const text *t, weyl_table *out, size_t room) {
  double *const value = weyl_realloc(t->ctx, out->value, room * out->columns, sizeof *value);
  if (value) out->value = value;
  size_t *const line = weyl_realloc(t->ctx, out->line, room, sizeof *line);
  if (line) out->line = line;
  size_t *const word = weyl_realloc(t->ctx, out->word, room * out->columns, sizeof *word);
  if (word) out->word = word;
  return value && line && word ? WEYL_OK : WEYL_MEMORY;
}

static weyl_status parse_text(text *t, weyl_table *out) {
  bool head;
  if (!next_line(t)) return weyl_fail(t->ctx, WEYL_FORMAT, "%s: no numbers in it", t->place);
  t->mark = mark_of(t);
  WEYL_TRY(first_line(t, out, &head));
  if (head) WEYL_TRY(names_of(t, out));
  out->words = weyl_alloc(t->ctx, out->columns, sizeof *out->words);
  if (!out->words) return WEYL_MEMORY;
  size_t room = 0;
  for (bool more = !head || next_line(t); more; more = next_line(t)) {
    if (out->rows == room) {
      room = room ? 2 * room : 64;
      WEYL_TRY(more_rows(t, out, room));
    }
    out->line[out->rows] = t->number;
    WEYL_TRY(values_of(t, out, out->value + out->rows * out->columns));
    out->rows++;
  }
  return out->rows > 0 ? WEYL_OK : weyl_fail(t->ctx, WEYL_FORMAT, "%s: no numbers in it, only a head", t->place);
}

static weyl_status parse_npy(weyl_context *ctx, const void *bytes, size_t n, const char *place, weyl_table *out) {
  weyl_bundle *bundle = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_bundle_new(ctx, &bundle));
  WEYL_GOTO(weyl_npy_parse(ctx, bytes, n, place, bundle, ""));
  const weyl_array *a = weyl_bundle_array(bundle, 0);
  const int64_t count = weyl_array_size(a);
  if (a->rank < 1 || a->rank > 2 || count < 1) {
    status = weyl_fail(ctx, WEYL_FORMAT, "%s: an array of %d dimensions and %lld numbers, must be 1 or 2 and some",
                       place, a->rank, (long long)count);
    goto done;
  }
  out->rows = (size_t)a->dim[0];
  out->columns = a->rank == 2 ? (size_t)a->dim[1] : 1;
  out->value = weyl_alloc(ctx, (size_t)count, sizeof *out->value);
  out->words = weyl_alloc(ctx, out->columns, sizeof *out->words);
  status = out->value && out->words ? WEYL_OK : WEYL_MEMORY;
  for (int64_t i = 0; status == WEYL_OK && i < count; i++) {
    switch (a->dtype) {
      case WEYL_F32: out->value[i] = (double)((const float *)a->data)[i]; break;
      case WEYL_F64: out->value[i] = ((const double *)a->data)[i]; break;
      case WEYL_I32: out->value[i] = ((const int32_t *)a->data)[i]; break;
      case WEYL_I64: out->value[i] = (double)((const int64_t *)a->data)[i]; break;
      case WEYL_U8: out->value[i] = ((const uint8_t *)a->data)[i]; break;
    }
  }
done:
  weyl_bundle_free(bundle);
  return status;
}

weyl_status weyl_table_parse(weyl_context *ctx, const void *bytes, size_t n, const char *place, weyl_table *out) {
  weyl_table made = {0};
  weyl_status status;
  if (n >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0) {
    status = parse_npy(ctx, bytes, n, place, &made);
  } else {
    text t = {.ctx = ctx, .at = bytes, .end = (const char *)bytes + n, .place = place};
    if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) t.at += 3;
    status = parse_text(&t, &made);
  }
  if (status == WEYL_OK)
    *out = made;
  else
    weyl_table_free(ctx, &made);
  return status;
}

weyl_status weyl_table_read(weyl_context *ctx, const char *path, weyl_table *out) {
  char *bytes;
  size_t n;
  WEYL_TRY(weyl_file_read(ctx, path, 0, &bytes, &n));
  const weyl_status status = weyl_table_parse(ctx, bytes, n, path, out);
  weyl_dealloc(ctx, bytes);
  return status;
}

void weyl_table_free(weyl_context *ctx, weyl_table *table) {
  weyl_dealloc(ctx, table->value);
  weyl_dealloc(ctx, table->words);
  weyl_dealloc(ctx, table->line);
  weyl_dealloc(ctx, table->word);
  weyl_dealloc(ctx, table->text);
  weyl_dealloc(ctx, table->name);
  *table = (weyl_table){0};
}

const char *weyl_table_word(const weyl_table *table, size_t row, size_t column) {
  const size_t at = table->word ? table->word[row * table->columns + column] : 0;
  return at > 0 ? table->text + at - 1 : NULL;
}

/* ---- writing ---- */

static bool ends_in(const char *path, const char *ending) {
  const size_t n = strlen(path), m = strlen(ending);
  return n > m && strcmp(path + n - m, ending) == 0;
}

static void write_word(FILE *file, const char *word) {
  const bool quoted = strpbrk(word, ",\"\r\n") != NULL;
  if (quoted) fputc('"', file);
  for (; *word; word++) {
    if (*word == '"') fputc('"', file);
    fputc(*word, file);
  }
  fputs(quoted ? "\"," : ",", file);
}

/* label: a column of words in front, or NULL. */
static weyl_status write_text(weyl_context *ctx, const char *path, size_t rows, size_t columns,
                              const char *const *names, const double *const *column, const char *label_name,
                              const char *const *label) {
  weyl_writer *w;
  WEYL_TRY(weyl_writer_open(ctx, path, &w));
  FILE *file = weyl_writer_file(w);
  if (label) write_word(file, label_name);
  for (size_t k = 0; k < columns; k++) fprintf(file, "%s%c", names[k], k + 1 < columns ? ',' : '\n');
  char number_text[NUMBER_TEXT_MAX];
  for (size_t i = 0; i < rows; i++) {
    if (label) write_word(file, label[i]);
    for (size_t k = 0; k < columns; k++) {
      core_number_print(column[k][i], number_text);
      fprintf(file, "%s%c", number_text, k + 1 < columns ? ',' : '\n');
    }
  }
  return weyl_writer_close(w);
}

/* npz: an array a column; npy: one array, [rows] or [rows][columns] */
static weyl_status write_arrays(weyl_context *ctx, const char *path, size_t rows, size_t columns,
                                const char *const *names, const double *const *column) {
  weyl_bundle *bundle = NULL;
  weyl_status status;
  double *both = NULL;
  WEYL_GOTO(weyl_bundle_new(ctx, &bundle));
  if (ends_in(path, ".npy")) {
    both = weyl_alloc(ctx, rows * columns + 1, sizeof *both);
    status = both ? WEYL_OK : WEYL_MEMORY;
    if (status != WEYL_OK) goto done;
    for (size_t i = 0; i < rows; i++)
      for (size_t k = 0; k < columns; k++) both[i * columns + k] = column[k][i];
    const weyl_array a = {both, WEYL_F64, columns > 1 ? 2 : 1, {(int64_t)rows, (int64_t)columns}};
    WEYL_GOTO(weyl_bundle_add(bundle, "", &a));
  } else {
    for (size_t k = 0; k < columns; k++) {
      double *copy = weyl_alloc(ctx, rows + 1, sizeof *copy);
      status = copy ? WEYL_OK : WEYL_MEMORY;
      if (copy && rows) memcpy(copy, column[k], rows * sizeof *copy);
      const weyl_array a = {copy, WEYL_F64, 1, {(int64_t)rows}};
      if (status == WEYL_OK) status = weyl_bundle_add(bundle, names[k], &a);
      weyl_dealloc(ctx, copy);
      if (status != WEYL_OK) goto done;
    }
  }
  status = weyl_npz_write(ctx, path, bundle);
done:
  weyl_dealloc(ctx, both);
  weyl_bundle_free(bundle);
  return status;
}

weyl_status weyl_table_write(weyl_context *ctx, const char *path, size_t rows, size_t columns, const char *const *names,
                             const double *const *column) {
  if (ends_in(path, ".csv")) return write_text(ctx, path, rows, columns, names, column, NULL, NULL);
  if (ends_in(path, ".npy") || ends_in(path, ".npz")) return write_arrays(ctx, path, rows, columns, names, column);
  return weyl_fail(ctx, WEYL_BAD_ARG, "%s: a table ends in .csv, .npy or .npz", path);
}

weyl_status weyl_table_write_labelled(weyl_context *ctx, const char *path, size_t rows, size_t columns,
                                      const char *const *names, const double *const *column, const char *label_name,
                                      const char *const *label) {
  if (ends_in(path, ".csv")) return write_text(ctx, path, rows, columns, names, column, label_name, label);
  return weyl_fail(ctx, WEYL_BAD_ARG, "%s: a table with words ends in .csv", path);
}
