/* What the files of `weyl noether` share. */
#ifndef WEYL_CLI_NOETHER_H
#define WEYL_CLI_NOETHER_H

#include "cli.h"
#include "studies.h"

#include <weyl/report.h>
#include <weyl/study.h>

#include <math.h>
#include <string.h>

/* One call: the problem, and the generators asked for. */
typedef struct noether {
  cli *c;
  weyl_noether *p;
  weyl_algebra *a;
  weyl_arena *arena; /* texts */
  size_t count;
  size_t generator[64];
} noether;

/* The problem named by a file or a preset, with --parameters. */
weyl_status noether_open(cli *c, const char *name, noether *out);
/* --generator, or all of the problem's. */
weyl_status noether_choose(noether *n);
void noether_close(noether *n);
const char *noether_preset_name(size_t i);

/* Rows of cells under construction; text lives in the arena. */
typedef struct noether_table {
  size_t rows, columns, room;
  const char **cell;
} noether_table;
void noether_row(noether *n, noether_table *t, const char *const *cells);
void noether_show(const noether *n, const noether_table *t);
/* A relative change for a table, "rounding" where it is that. */
void noether_relative(char cell[32], double change);
/* "name": plain text, and "name_latex" */
void noether_json_expr(noether *n, const char *key, const weyl_expr *x);
void noether_json_generator(noether *n, const weyl_generator *v);

/* The array of the first name that is there, as doubles in the arena; *rank 0: none. */
weyl_status noether_array_of(noether *n, const weyl_bundle *bundle, const char *const *names, double **out, int *rank,
                             int64_t dim[WEYL_RANK_MAX]);
/* Derivatives along frames, rows of `width` numbers a frame. */
void noether_differentiate(size_t runs, size_t frames, size_t width, double dt, const double *x, double *v);
weyl_status noether_time_step(noether *n, const weyl_bundle *bundle, double *dt); /* --dt, or from the array t */
weyl_status noether_particles(noether *n, const weyl_bundle *bundle, weyl_particles_run *out);

weyl_status noether_list(cli *c);
weyl_status noether_check(cli *c);
weyl_status noether_current(cli *c);
weyl_status noether_find(cli *c);
weyl_status noether_verify(cli *c);
weyl_status noether_measure(cli *c);

#endif
