/* The fields of motion windows (weyl/data.h lists them). */
#ifndef WEYL_DATA_MOTION_H
#define WEYL_DATA_MOTION_H

#include <weyl/data.h>

typedef struct motion_shape {
  int64_t agents, past, future, d;
} motion_shape;

/* The arrays of a set, zeroed; those not asked for are NULL. */
typedef struct motion_fields {
  double *past, *future, *charge;
  int32_t *agents, *edges, *type, *scene, *start, *id;
} motion_fields;

enum { MOTION_EDGES = 1, MOTION_CHARGE = 2, MOTION_TYPE = 4, MOTION_SCENE = 8 /* scene and start */, MOTION_ID = 16 };

/* Adds past, future, agents and those of `also`. */
weyl_status motion_fields_add(weyl_dataset *set, const motion_shape *shape, int also, const char *unit,
                              motion_fields *out);
/* Number as text. */
weyl_status motion_note_number(weyl_dataset *set, const char *key, double value);

#endif
