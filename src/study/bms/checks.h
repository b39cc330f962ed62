/* What the checks of flat space share: a row and its value, and the random data that they are made on. */
#ifndef WEYL_STUDY_BMS_CHECKS_H
#define WEYL_STUDY_BMS_CHECKS_H

#include "flat.h"

typedef struct asked {
  weyl_context *ctx;
  weyl_arena *arena;
  bool full;
  char *budget; /* [64] */
} asked;

typedef struct checks_row {
  weyl_bms_check check;
  weyl_status (*run)(const asked *q, int what, double *ours); /* NULL ends a list */
  int what;
} checks_row;
extern const checks_row checks_metric[], checks_orbit[], checks_space[], checks_sphere[];

#define EXACT(value, tolerance) (value), (value) - (tolerance), (value) + (tolerance), "exact"
#define VANISHES(bound)         NAN, 0, (bound), "identity"
#define MUST_FAIL(bound)        NAN, (bound), INFINITY, "control"

weyl_status checks_data(const asked *q, uint64_t seed, weyl_bms_data *out);
weyl_status checks_constant(const asked *q, double theta, double xi, weyl_bms_data *out);
weyl_status checks_vector(const asked *q, uint64_t seed, weyl_bms_vector *out);

#endif
