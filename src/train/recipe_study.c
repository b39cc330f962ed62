/* Rows of recipes that are studies: one section may stand for many rows. */
#include "recipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static weyl_status find_study(const weyl_recipe *r, recipe_row *row) {
  const weyl_recipe_study *const *s = r->studies;
  while (s != NULL && *s != NULL && strcmp((*s)->name, row->study_name) != 0) s++;
  if (s == NULL || *s == NULL)
    return weyl_fail(r->ctx, WEYL_UNKNOWN, "%s:%d: row [%s]: no study \"%s\" here", r->path, row->line, row->shown.name,
                     row->study_name);
  row->study = *s;
  if (row->run != NULL || row->shown.task != NULL || row->shown.model != NULL)
    return weyl_fail(r->ctx, WEYL_FORMAT, "%s:%d: row [%s]: a study has no task, model or run", r->path, row->line,
                     row->shown.name);
  if (row->shown.metric == NULL)
    return weyl_fail(r->ctx, WEYL_FORMAT, "%s:%d: row [%s] has no metric", r->path, row->line, row->shown.name);
  const char *const *q = row->study->quantities;
  size_t n = 0;
  while (q[n] != NULL && strcmp(q[n], row->shown.metric) != 0) n++;
  if (q[n] == NULL) {
    const char *near = weyl_nearest_name(row->shown.metric, q, n);
    return weyl_fail(r->ctx, WEYL_UNKNOWN, "%s:%d: row [%s]: %s computes no \"%s\"%s%s%s", r->path, row->line,
                     row->shown.name, row->study_name, row->shown.metric, near ? ": did you mean \"" : "",
                     near ? near : "", near ? "\"?" : "");
  }
  row->shown.study = true;
  row->shown.task = row->shown.model = row->study->name;
  return WEYL_OK;
}

static size_t words(const char *text) {
  size_t n = 0;
  for (const char *p = text; p != NULL && *(p += strspn(p, " \t")) != '\0'; p += strcspn(p, " \t")) n++;
  return n;
}

/* Word i of the text, in the arena. */
static char *word(const weyl_recipe *r, const char *text, size_t i) {
  text += strspn(text, " \t");
  for (; i > 0; i--) {
    text += strcspn(text, " \t");
    text += strspn(text, " \t");
  }
  return weyl_arena_printf(r->arena, "%.*s", (int)strcspn(text, " \t"), text);
}

static weyl_status number_at(const weyl_recipe *r, const recipe_row *row, size_t i, double *out) {
  if (row->numbers == NULL) return WEYL_OK;
  char *text = word(r, row->numbers, i), *end;
  if (text == NULL) return WEYL_MEMORY;
  if (strcmp(text, "-") == 0) return WEYL_OK;
  *out = strtod(text, &end);
  if (end == text || *end != '\0' || !isfinite(*out))
    return weyl_fail(r->ctx, WEYL_FORMAT, "%s:%d: row [%s]: \"%s\" behind paper is not a number", r->path, row->line,
                     row->shown.name, text);
  return WEYL_OK;
}

/* Row i of those that a section stands for. */
static weyl_status one_of(const weyl_recipe *r, const recipe_row *section, size_t i, recipe_row *out) {
  *out = *section;
  WEYL_TRY(number_at(r, section, i, &out->shown.paper));
  if (section->each_name == NULL) return WEYL_OK;
  char *value = word(r, section->each_value, i);
  out->option = weyl_arena_array(r->arena, recipe_option, section->options + 1);
  out->shown.name = value ? weyl_arena_printf(r->arena, "%s, %s", section->shown.name, value) : NULL;
  if (out->option == NULL || out->shown.name == NULL) return WEYL_MEMORY;
  if (section->options > 0) memcpy(out->option, section->option, section->options * sizeof *out->option);
  out->option[out->options++] = (recipe_option){.name = section->each_name, .value = value, .line = section->line};
  return WEYL_OK;
}

weyl_status recipe_expand(weyl_recipe *r) {
  size_t total = 0, n = 0;
  for (size_t i = 0; i < r->rows; i++) {
    recipe_row *row = &r->row[i];
    total += row->each_name != NULL ? words(row->each_value) : 1;
    if (row->study_name != NULL) WEYL_TRY(find_study(r, row));
  }
  recipe_row *all = weyl_arena_array(r->arena, recipe_row, total + 1);
  if (all == NULL) return WEYL_MEMORY;
  for (size_t i = 0; i < r->rows; i++) {
    const recipe_row *row = &r->row[i];
    if (row->study == NULL) {
      all[n++] = *row;
      continue;
    }
    const size_t count = row->each_name != NULL ? words(row->each_value) : 1;
    if (count == 0 || (row->numbers != NULL && words(row->numbers) != count))
      return weyl_fail(r->ctx, WEYL_FORMAT, "%s:%d: row [%s]: %zu values and %zu numbers of the paper", r->path,
                       row->line, row->shown.name, count, words(row->numbers));
    for (size_t k = 0; k < count; k++) WEYL_TRY(one_of(r, row, k, &all[n++]));
  }
  r->row = all;
  r->rows = n;
  return WEYL_OK;
}
