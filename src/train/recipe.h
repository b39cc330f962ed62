/* A recipe as it was read. */
#ifndef WEYL_TRAIN_RECIPE_H
#define WEYL_TRAIN_RECIPE_H

#include "tasks.h"

typedef struct recipe_option {
  const char *name, *value;
  int mode; /* 0: quick and full, 1: quick, 2: full */
  int line;
} recipe_option;

typedef struct recipe_row {
  weyl_recipe_row shown;
  const char *run;    /* the row whose run this one evaluates, or NULL */
  const char *metric; /* "mse" */
  bool valid;         /* of the validation, not the test set */
  const char *file;   /* the row's own file in the folder of the data, or NULL */
  const weyl_recipe_study *study;
  const char *study_name, *numbers;   /* as written: the paper's numbers */
  const char *each_name, *each_value; /* as written: NAME and A B C */
  recipe_option *option;
  size_t options;
  int line;
} recipe_row;

struct weyl_recipe {
  weyl_context *ctx;
  weyl_arena *arena;
  const weyl_recipe_study *const *studies;
  const char *path, *title, *spec, *source;
  int seeds[3];          /* by mode */
  recipe_option *option; /* of all rows that have it */
  size_t options;
  recipe_row *row;
  size_t rows;
};

/* The INI file of a recipe's name, in the arena: a name with a slash or ".ini" is a path. */
WEYL_MUST_CHECK weyl_status recipe_find(weyl_context *ctx, weyl_arena *arena, const char *name, const char **path);

/* Rows of studies: finds the study, and makes a row of each value (recipe_study.c). */
WEYL_MUST_CHECK weyl_status recipe_expand(weyl_recipe *recipe);
/* What the row's options are declared by. */
WEYL_MUST_CHECK weyl_status recipe_options_new(const weyl_recipe *recipe, const recipe_row *row, weyl_options **out);

/* mode 1: quick, 2: full. General options, those of the row, those of the row in this mode, then those of `set` (may be
 * NULL) that are set. */
WEYL_MUST_CHECK weyl_status recipe_options(const weyl_recipe *recipe, const recipe_row *row, int mode,
                                           const weyl_options *set, weyl_options *into);
/* Those of the row alone. */
WEYL_MUST_CHECK weyl_status recipe_row_options(const weyl_recipe *recipe, const recipe_row *row, int mode,
                                               weyl_options *into);
/* Tries all of them, so that a mistake is found before hours of training. */
WEYL_MUST_CHECK weyl_status recipe_check_options(const weyl_recipe *recipe);

#endif
