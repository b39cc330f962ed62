/* weyl/table.h: tables of numbers in files that people keep them in. */
#ifndef WEYL_TABLE_H
#define WEYL_TABLE_H

#include <weyl/core.h>

WEYL_BEGIN_API

/* Tables of numbers. Text: numbers with commas, semicolons, tabs or blanks in between, one row a line, a head of names
 * above them or not, lines after # left out; an empty field, nan and NA are NaN; a column whose first value is no
 * number is one of words (dates), and all NaN. npy: one or two dimensions. By content, not by name. */
typedef struct weyl_table {
  size_t rows, columns;
  double *value; /* [rows][columns] */
  char **name;   /* [columns], or NULL when there is no head */
  bool *words;   /* [columns] */
  size_t *line;  /* [rows] where the row stands in the text, from 1; NULL: npy */
  size_t *word;  /* for weyl_table_word */
  char *text;
} weyl_table;
const char *weyl_table_word(const weyl_table *table, size_t row, size_t column); /* NULL: a number */
WEYL_MUST_CHECK weyl_status weyl_table_parse(weyl_context *ctx, const void *bytes, size_t n, const char *place,
                                             weyl_table *out);
WEYL_MUST_CHECK weyl_status weyl_table_read(weyl_context *ctx, const char *path, weyl_table *out);
void weyl_table_free(weyl_context *ctx, weyl_table *table);
/* By the ending: .csv with a head, .npz with an array a column, .npy as [rows][columns], or [rows] of one. */
WEYL_MUST_CHECK weyl_status weyl_table_write(weyl_context *ctx, const char *path, size_t rows, size_t columns,
                                             const char *const *names, const double *const *column);
/* As .csv with a first column of words, label[rows], quoted where they hold commas or quotes. */
WEYL_MUST_CHECK weyl_status weyl_table_write_labelled(weyl_context *ctx, const char *path, size_t rows, size_t columns,
                                                      const char *const *names, const double *const *column,
                                                      const char *label_name, const char *const *label);

WEYL_END_API

#endif
