/* What the parts of `weyl bms` share: where data come from, identities with their residuals, and how things are shown.
 */
#ifndef WEYL_CLI_BMS_H
#define WEYL_CLI_BMS_H

#include "cli.h"
#include "sheet.h"
#include "studies.h"

#include <math.h>

#define BMS_PI 3.14159265358979323846

enum { BMS_CURVE = 361 };

typedef struct bms {
  cli *c;
  weyl_arena *arena;
  double g; /* Newton's constant */
  weyl_bms_data data;
  const char *name; /* of the data */
  sheet identities;
  size_t failing;
  double worst; /* residual of those that should vanish, over its bound */
} bms;

/* Functions from the text of --flag; zeros in room for `least` modes when it is not given. */
weyl_status bms_function(bms *b, const char *flag, size_t least, size_t *modes, double **out);
/* --y and --t; random ones (|n| <= 4) when neither is given. */
weyl_status bms_generator(bms *b, const char *draw, weyl_bms_vector *out);
/* --map FILE, or --superrotation and --supertranslation. */
weyl_status bms_map(bms *b, weyl_bms_map *out);

/* Data less those of Minkowski space: as the charges are linear at fixed gauge, the variation that gives them whole. */
weyl_status bms_from_minkowski(const bms *b, const weyl_bms_data *d, weyl_bms_data *out);

/* An identity: `residual` must be at most `bound`, or (control) at least.  Goes to the table and the JSON. */
void bms_identity(bms *b, const char *name, double residual, double bound, bool control);
/* Opens "identities" in the JSON; closes it, prints the table, and fails with WEYL_NO if one does not hold. */
void bms_identities_begin(bms *b);
void bms_identities_end(bms *b);
weyl_status bms_verdict(const bms *b);

/* f at equal steps of phi from 0 to 2 pi, [BMS_CURVE], in the arena; phi too (NULL c). */
double *bms_curve(bms *b, size_t modes, const double *c);
double bms_tidy(double x); /* 0 for rounding, in tables for people */
void bms_json_modes(weyl_json *json, const char *key, size_t modes, const double *c);
/* Modes of two functions as a table that can be read again. */
weyl_status bms_save_modes(bms *b, const char *first, const char *second, size_t modes, const double *a,
                           const double *other);

weyl_status bms_transform(bms *b);
weyl_status bms_charges(bms *b);
weyl_status bms_algebra(bms *b);
weyl_status bms_orbit(bms *b);
weyl_status bms_metric(bms *b);
weyl_status bms_bulkcharge(bms *b);
weyl_status bms_link(bms *b);
weyl_status bms_evolve(bms *b);
weyl_status bms_geodesic(bms *b);
weyl_status bms_vacuum4d(bms *b);
weyl_status bms_check(bms *b);

#endif
