/* Predictions of an evaluator for any data set, and its equivariance. */
#ifndef WEYL_TRAIN_EQUIVARIANCE_H
#define WEYL_TRAIN_EQUIVARIANCE_H

#include "evaluate.h"

/* Rows as the set has them, [rows][width] in double, in the arena. smallest_gap may be NULL. */
WEYL_MUST_CHECK weyl_status train_predict(train_evaluator *e, const weyl_dataset *set, weyl_arena *arena,
                                          weyl_array *out, double *smallest_gap);
/* The error under `group` on samples of the set. smallest_gap may be NULL. */
WEYL_MUST_CHECK weyl_status train_audit(train_evaluator *e, const weyl_task_def *task, const weyl_dataset *set,
                                        weyl_arena *arena, const weyl_group *group, const weyl_audit_opts *opts,
                                        weyl_audit_result *out, double *smallest_gap);

#endif
