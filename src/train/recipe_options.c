/* The options that a row of a recipe stands for. */
#include "recipe.h"

static weyl_status apply(const weyl_recipe *r, weyl_options *into, const recipe_option *list, size_t n, int mode,
                         bool needed) {
  for (size_t k = 0; k < n; k++) {
    if (list[k].mode != mode) continue;
    if (!needed && !weyl_options_has(into, list[k].name)) continue; /* a general option that this row does not take */
    char place[600];
    snprintf(place, sizeof place, "%s:%d", r->path, list[k].line);
    WEYL_TRY(weyl_options_set(into, list[k].name, list[k].value, place));
  }
  return WEYL_OK;
}

weyl_status recipe_options_new(const weyl_recipe *r, const recipe_row *row, weyl_options **out) {
  if (row->study == NULL) return weyl_train_options(r->ctx, row->shown.task, row->shown.model, out);
  WEYL_TRY(weyl_options_new(r->ctx, out));
  return weyl_options_declare(*out, row->study->name, row->study->options);
}

weyl_status recipe_row_options(const weyl_recipe *r, const recipe_row *row, int mode, weyl_options *into) {
  WEYL_TRY(apply(r, into, row->option, row->options, 0, true));
  return apply(r, into, row->option, row->options, mode, true);
}

weyl_status recipe_options(const weyl_recipe *r, const recipe_row *row, int mode, const weyl_options *set,
                           weyl_options *into) {
  WEYL_TRY(apply(r, into, r->option, r->options, mode, false));
  WEYL_TRY(recipe_row_options(r, row, mode, into));
  for (size_t i = 0; set != NULL && i < weyl_options_count(set); i++) {
    const char *value, *name = weyl_options_at(set, i, &value)->name;
    if (!weyl_options_is_default(set, name) && weyl_options_has(into, name))
      WEYL_TRY(weyl_options_set(into, name, value, NULL));
  }
  return WEYL_OK;
}

/* A general option that no row takes is a mistake. */
static weyl_status someone_takes(const weyl_recipe *r, const recipe_option *o) {
  for (size_t i = 0; i < r->rows; i++) {
    weyl_options *options = NULL;
    WEYL_TRY(recipe_options_new(r, &r->row[i], &options));
    const bool has = weyl_options_has(options, o->name);
    weyl_options_free(options);
    if (has) return WEYL_OK;
  }
  return weyl_fail(r->ctx, WEYL_UNKNOWN, "%s:%d: no row has an option \"%s\"", r->path, o->line, o->name);
}

weyl_status recipe_check_options(const weyl_recipe *r) {
  for (size_t k = 0; k < r->options; k++) WEYL_TRY(someone_takes(r, &r->option[k]));
  for (size_t i = 0; i < r->rows; i++) {
    for (int mode = 1; mode <= 2; mode++) {
      weyl_options *options = NULL;
      WEYL_TRY(recipe_options_new(r, &r->row[i], &options));
      const weyl_status status = recipe_options(r, &r->row[i], mode, NULL, options);
      weyl_options_free(options);
      WEYL_TRY(status);
    }
  }
  return WEYL_OK;
}
