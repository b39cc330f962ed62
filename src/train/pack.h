/* Samples of a data set as arrays of double that a group can act on, and back. */
#ifndef WEYL_TRAIN_PACK_H
#define WEYL_TRAIN_PACK_H

#include "tasks.h"

/* One slot a field, in the data set's order, but for "target" and the edges' node numbers; sets with edges have a last
 * slot, the number of edges [n][n] between any two nodes. Edge fields are pairs, 0 where there is no edge. */
typedef struct train_packing {
  const weyl_dataset *set;
  int slots;
  weyl_audit_slot *slot;
  const weyl_field **field; /* of the set; NULL: the last slot */
} train_packing;

WEYL_MUST_CHECK weyl_status train_packing_make(weyl_context *ctx, weyl_arena *arena, const weyl_task_def *task,
                                               const weyl_dataset *set, train_packing *out);
WEYL_MUST_CHECK weyl_status train_pack(weyl_context *ctx, weyl_arena *arena, const train_packing *packing,
                                       int64_t sample, weyl_audit_sample *out);
/* A data set of these samples; fields that have no slot ("target") are 0. */
WEYL_MUST_CHECK weyl_status train_unpack(weyl_context *ctx, const train_packing *packing, int64_t count,
                                         const weyl_audit_sample *samples, weyl_dataset **out);

#endif
