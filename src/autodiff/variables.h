/* variables.h: the stores behind weyl_variables, private to the autodiff room. */
#ifndef WEYL_VARIABLES_H
#define WEYL_VARIABLES_H

#include <weyl/autodiff.h>

typedef struct variable {
  const char *name;
  int rank;
  int64_t dim[WEYL_RANK_MAX];
  int64_t offset; /* in numbers */
} variable;

typedef struct store {
  size_t n, cap;
  variable *items;
  void *data;
  int64_t used, room; /* numbers, with padding */
} store;

typedef struct tie {
  weyl_kind kind;
  const char *alias, *name;
  struct tie *next;
} tie;

struct weyl_variables {
  weyl_context *ctx;
  weyl_arena *arena;
  weyl_dtype real;
  uint64_t seed;
  store store[WEYL_KINDS];
  tie *ties;
};

/* Finds or makes a variable; its index among its kind. */
weyl_status weyl_variables_declare(weyl_variables *vars, weyl_kind kind, const char *name, const weyl_shape *shape,
                                   weyl_init init, size_t *index);

#endif
