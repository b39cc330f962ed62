#include "sets/motion.h"

weyl_status motion_fields_add(weyl_dataset *set, const motion_shape *shape, int also, const char *unit,
                              motion_fields *out) {
  const int64_t n = shape->agents, past[3] = {n, shape->past, shape->d}, future[3] = {n, shape->future, shape->d},
                square[2] = {n, n};
  motion_fields made = {0};
  weyl_array a;
#define ADD(member, dtype, rank, dim, unit)                                                \
  do {                                                                                     \
    WEYL_TRY(weyl_dataset_add(set, #member, WEYL_PER_SAMPLE, dtype, rank, dim, unit, &a)); \
    made.member = a.data;                                                                  \
  } while (0)
  ADD(past, WEYL_F64, 3, past, unit);
  ADD(future, WEYL_F64, 3, future, unit);
  ADD(agents, WEYL_I32, 0, NULL, "");
  if (also & MOTION_EDGES) ADD(edges, WEYL_I32, 2, square, "");
  if (also & MOTION_CHARGE) ADD(charge, WEYL_F64, 1, &n, "");
  if (also & MOTION_TYPE) ADD(type, WEYL_I32, 1, &n, "");
  if (also & MOTION_SCENE) {
    ADD(scene, WEYL_I32, 0, NULL, "");
    ADD(start, WEYL_I32, 0, NULL, "");
  }
  if (also & MOTION_ID) ADD(id, WEYL_I32, 1, &n, "");
#undef ADD
  *out = made;
  return WEYL_OK;
}

weyl_status motion_note_number(weyl_dataset *set, const char *key, double value) {
  char text[40];
  snprintf(text, sizeof text, "%.12g", value);
  return weyl_dataset_note(set, key, text);
}
