/* What the files of src/study/noether share. */
#ifndef WEYL_STUDY_NOETHER_PROBLEM_H
#define WEYL_STUDY_NOETHER_PROBLEM_H

#include <weyl/noether.h>

enum { GENERATORS_MAX = 64, EQUATIONS_MAX = WEYL_FIELDS_MAX, INITIALS_MAX = 64, ANSATZ_MAX = 16, NAME_MAX_ = 40 };

/* leader = value, and their derivatives */
typedef struct rule {
  weyl_jet leader;
  const weyl_expr *value;
} rule;

typedef struct initial {
  weyl_jet jet;
  const weyl_expr *value;
} initial;

struct weyl_noether {
  weyl_context *ctx;
  weyl_algebra *a;
  weyl_arena *arena; /* texts */
  char about[200];
  const weyl_expr *lagrangian; /* or NULL */
  size_t equations, generators, ansatz, initials, evolutions;
  const weyl_expr *equation[EQUATIONS_MAX];
  weyl_generator generator[GENERATORS_MAX];
  char generator_name[GENERATORS_MAX][NAME_MAX_];
  const weyl_expr *function[ANSATZ_MAX];
  initial initial[INITIALS_MAX];
  rule evolution[EQUATIONS_MAX];
  const weyl_expr *parameter[WEYL_PARAMETERS_MAX]; /* exact value; NULL: the number below */
  double value[WEYL_PARAMETERS_MAX];
  double low, high, time, step; /* domain of the second independent variable */
  bool domain;
  size_t points;
};

/* ---- equations solved for derivatives ---- */

typedef struct shell {
  weyl_noether *problem;
  size_t count;
  rule rule[EQUATIONS_MAX];
  size_t cached, cached_room;
  struct shell_seen {
    weyl_jet jet;
    const weyl_expr *value;
  } * seen;
} shell;

typedef enum ranking { BY_ORDER, BY_TIME } ranking;
/* Each equation for its highest derivative, by the order of differentiation or by that in time first. */
weyl_status shell_solve(weyl_noether *p, size_t n, const weyl_expr *const *equation, ranking by, shell *out);
void shell_free(shell *s);
/* The expression with leaders and their derivatives replaced. */
const weyl_expr *shell_reduce(shell *s, const weyl_expr *x);
bool jet_covers(weyl_jet high, weyl_jet low); /* high is low or a derivative of it */
int jet_order(weyl_jet jet);

/* Parameters as their exact values. */
const weyl_expr *problem_with_values(weyl_noether *p, const weyl_expr *x);
/* Where a component of a generator (NULL is 0) goes: xi first, then phi. */
const weyl_expr **generator_slot(const weyl_noether *p, weyl_generator *v, size_t k);
/* pr v(L) + L D_i xi^i */
const weyl_expr *noether_change(weyl_noether *p, const weyl_generator *v, const weyl_expr *lagrangian);
/* The parameters among the inputs of a tape, behind the independent variables; how many inputs that makes. */
size_t problem_inputs(weyl_noether *p, const double **in);
/* An expression of parameters alone. */
weyl_status problem_number(weyl_noether *p, const weyl_expr *x, double *value);

#endif
