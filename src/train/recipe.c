/* Reading recipes. */
#include "recipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RECIPE_FORMAT 1
static const char *const prefix[] = {"option.", "quick.", "full."};

static weyl_status bad(const weyl_recipe *r, int line, const char *key, const char *value, const char *expected) {
  return weyl_fail(r->ctx, WEYL_FORMAT, "%s:%d: %s is \"%s\", expected %s", r->path, line, key, value, expected);
}

static weyl_status keep(weyl_recipe *r, const char *text, const char **out) {
  *out = weyl_arena_strdup(r->arena, text);
  return *out != NULL ? WEYL_OK : WEYL_MEMORY;
}

static weyl_status add_option(weyl_recipe *r, recipe_option *list, size_t *n, const char *name, const weyl_ini_entry *e,
                              int mode) {
  recipe_option *o = &list[(*n)++];
  *o = (recipe_option){.mode = mode, .line = e->line};
  WEYL_TRY(keep(r, name, &o->name));
  return keep(r, e->value, &o->value);
}

static weyl_status read_number(const weyl_recipe *r, const weyl_ini_entry *e, double *out) {
  char *end;
  *out = strtod(e->value, &end);
  return end != e->value && *end == '\0' && isfinite(*out) ? WEYL_OK : bad(r, e->line, e->key, e->value, "a number");
}

/* [paper], [quick], [full] */
static weyl_status read_head(weyl_recipe *r, const weyl_ini_entry *e, int mode) {
  double number;
  if (mode > 0) {
    if (strcmp(e->key, "seeds") != 0) return add_option(r, r->option, &r->options, e->key, e, mode);
    WEYL_TRY(read_number(r, e, &number));
    if (!(number >= 1 && number <= 1000) || number != floor(number))
      return bad(r, e->line, e->key, e->value, "a whole number from 1 to 1000");
    r->seeds[mode] = (int)number;
    return WEYL_OK;
  }
  if (strcmp(e->key, "title") == 0) return keep(r, e->value, &r->title);
  if (strcmp(e->key, "spec") == 0) return keep(r, e->value, &r->spec);
  if (strcmp(e->key, "source") == 0) return keep(r, e->value, &r->source);
  if (strcmp(e->key, "format") == 0) {
    WEYL_TRY(read_number(r, e, &number));
    return number >= 1 && number <= RECIPE_FORMAT
               ? WEYL_OK
               : bad(r, e->line, e->key, e->value, "1: this version of weyl reads no newer recipe");
  }
  return weyl_fail(r->ctx, WEYL_FORMAT, "%s:%d: [paper] has no key %s; it has format, title, spec and source", r->path,
                   e->line, e->key);
}

/* "test NAME", "valid NAME", or a name alone: of the test samples. */
static void split_metric(recipe_row *row) {
  const char *m = row->shown.metric;
  const bool test = strncmp(m, "test ", 5) == 0;
  row->valid = strncmp(m, "valid ", 6) == 0;
  row->metric = m + (test ? 5 : row->valid ? 6 : 0);
}

/* A row that is trained, or evaluates one that is, has one number. */
static weyl_status number_of(const weyl_recipe *r, recipe_row *row) {
  if (row->each_name)
    return weyl_fail(r->ctx, WEYL_FORMAT, "%s:%d: row [%s]: each.%s is for studies", r->path, row->line,
                     row->shown.name, row->each_name);
  const weyl_ini_entry e = {row->shown.name, "paper", row->numbers, row->line};
  return row->numbers ? read_number(r, &e, &row->shown.paper) : WEYL_OK;
}

static weyl_status read_row(weyl_recipe *r, recipe_row *row, const weyl_ini_entry *e) {
  const struct {
    const char *key;
    const char **to;
  } texts[] = {{"task", &row->shown.task},         {"model", &row->shown.model},
               {"symmetry", &row->shown.symmetry}, {"source", &row->shown.source},
               {"better", &row->shown.better},     {"run", &row->run},
               {"study", &row->study_name},        {"file", &row->file}};
  for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
    if (strcmp(texts[k].key, e->key) == 0) return keep(r, e->value, texts[k].to);
  if (strcmp(e->key, "metric") == 0) return keep(r, e->value, &row->shown.metric);
  if (strcmp(e->key, "paper") == 0) return keep(r, e->value, &row->numbers);
  if (strcmp(e->key, "tolerance") == 0) return read_number(r, e, &row->shown.tolerance);
  if (strncmp(e->key, "each.", 5) == 0) {
    if (row->each_name) return bad(r, e->line, e->key, e->value, "only one each.NAME in a row");
    WEYL_TRY(keep(r, e->key + 5, &row->each_name));
    return keep(r, e->value, &row->each_value);
  }
  for (int mode = 0; mode < 3; mode++) {
    const size_t n = strlen(prefix[mode]);
    if (strncmp(e->key, prefix[mode], n) == 0) return add_option(r, row->option, &row->options, e->key + n, e, mode);
  }
  return weyl_fail(r->ctx, WEYL_FORMAT,
                   "%s:%d: row [%s] has no key %s; it has task, model, symmetry, file, run, study, each.NAME, metric, "
                   "paper, tolerance, source, better, option.NAME, quick.NAME and full.NAME",
                   r->path, e->line, row->shown.name, e->key);
}

static recipe_row *row_named(const weyl_recipe *r, const char *name) {
  for (size_t i = 0; i < r->rows; i++)
    if (strcmp(r->row[i].shown.name, name) == 0) return &r->row[i];
  return NULL;
}

static weyl_status check_row(const weyl_recipe *r, recipe_row *row) {
  const weyl_recipe_row *s = &row->shown;
  if (s->metric == NULL)
    return weyl_fail(r->ctx, WEYL_FORMAT, "%s:%d: row [%s] has no metric", r->path, row->line, s->name);
  if (!s->better) row->shown.better = row->study ? "equal" : "lower";
  if (strcmp(s->better, "lower") != 0 && strcmp(s->better, "higher") != 0 &&
      !(row->study && strcmp(s->better, "equal") == 0))
    return bad(r, row->line, "better", s->better, row->study ? "lower, higher or equal" : "lower or higher");
  if (row->study) return WEYL_OK;
  split_metric(row);
  WEYL_TRY(number_of(r, row));
  if (row->run != NULL) {
    const recipe_row *of = row_named(r, row->run);
    if (of == NULL || of >= row || of->run != NULL)
      return bad(r, row->line, "run", row->run, "the name of a row above that is trained");
    row->shown.task = of->shown.task;
    row->shown.model = of->shown.model;
    row->shown.symmetry = of->shown.symmetry;
    return WEYL_OK;
  }
  const weyl_task_def *task;
  const weyl_model_def *model;
  const weyl_set_def *set;
  const weyl_status status = train_lookup(r->ctx, s->task, s->model, &task, &model, &set);
  if (status != WEYL_OK) return weyl_fail_within(r->ctx, status, "%s:%d: row [%s]", r->path, row->line, s->name);
  row->shown.model = model->name;
  return WEYL_OK;
}

static weyl_status read_all(weyl_recipe *r, const weyl_ini *ini) {
  static const char *const heads[] = {"paper", "quick", "full"};
  const size_t n = weyl_ini_count(ini);
  r->option = weyl_arena_array(r->arena, recipe_option, n);
  r->row = weyl_arena_array(r->arena, recipe_row, n);
  if (r->option == NULL || r->row == NULL) return WEYL_MEMORY;
  for (size_t i = 0; i < n; i++) {
    const weyl_ini_entry e = weyl_ini_at(ini, i);
    int mode = 0;
    while (mode < 3 && strcmp(heads[mode], e.section) != 0) mode++;
    if (mode < 3) {
      WEYL_TRY(read_head(r, &e, mode));
      continue;
    }
    recipe_row *row = row_named(r, e.section);
    if (row == NULL) {
      row = &r->row[r->rows++];
      *row = (recipe_row){.line = e.line, .shown = {.symmetry = "none", .source = "", .paper = NAN, .tolerance = NAN}};
      WEYL_TRY(keep(r, e.section, &row->shown.name));
      row->option = weyl_arena_array(r->arena, recipe_option, n);
      if (row->option == NULL) return WEYL_MEMORY;
    }
    WEYL_TRY(read_row(r, row, &e));
  }
  if (r->rows == 0) return weyl_fail(r->ctx, WEYL_FORMAT, "%s: no rows", r->path);
  WEYL_TRY(recipe_expand(r));
  for (size_t i = 0; i < r->rows; i++) WEYL_TRY(check_row(r, &r->row[i]));
  return WEYL_OK;
}

weyl_status weyl_recipe_open(weyl_context *ctx, const char *name, const weyl_recipe_study *const *studies,
                             weyl_recipe **out) {
  weyl_arena *arena = NULL;
  weyl_ini *ini = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  weyl_recipe *r = weyl_arena_array(arena, weyl_recipe, 1);
  if (r == NULL) {
    status = WEYL_MEMORY;
    goto done;
  }
  *r = (weyl_recipe){.ctx = ctx, .arena = arena, .title = "", .spec = "", .source = "", .seeds = {1, 1, 1}};
  r->studies = studies;
  WEYL_GOTO(recipe_find(ctx, arena, name, &r->path));
  WEYL_GOTO(weyl_ini_read(ctx, r->path, &ini));
  WEYL_GOTO(read_all(r, ini));
  WEYL_GOTO(recipe_check_options(r));
  *out = r;
  arena = NULL;
done:
  weyl_ini_free(ini);
  weyl_arena_free(arena);
  return status;
}

void weyl_recipe_free(weyl_recipe *r) {
  if (r != NULL) weyl_arena_free(r->arena);
}

const char *weyl_recipe_title(const weyl_recipe *r) { return r->title; }
const char *weyl_recipe_spec(const weyl_recipe *r) { return r->spec; }
const char *weyl_recipe_source(const weyl_recipe *r) { return r->source; }
size_t weyl_recipe_rows(const weyl_recipe *r) { return r->rows; }
const weyl_recipe_row *weyl_recipe_row_at(const weyl_recipe *r, size_t i) {
  return i < r->rows ? &r->row[i].shown : NULL;
}
