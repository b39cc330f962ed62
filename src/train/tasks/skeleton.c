/* "skeleton": the joints of a body, 10 poses from 10 (EqMotion, the short horizon). "motion": whatever moves in the
 * files given. */
#include "tasks.h"
#include "tasks/motion_task.h"

#define NETWORK(model) \
  {model, "categories", "4"}, {model, "null_categories", "2"}, { model, "channels", "72" }

static const weyl_task_default skeleton_defaults[] = {
    TRAIN_MOTION_DEFAULTS, {NULL, "epochs", "80"}, {NULL, "rate", "5e-4"}, NETWORK("eqmotion"),
    NETWORK("eqmotion+"),  TRAIN_MOTION_PLUS,      {NULL, NULL, NULL}};

const weyl_task_def weyl_task_skeleton = {
    .name = "skeleton",
    .summary = "the joints of a body in motion capture: 10 poses from 10",
    .set = "skeleton",
    TRAIN_MOTION_TASK("E(3) x S(n)"),
    .defaults = skeleton_defaults,
};

static const weyl_task_default motion_defaults[] = {
    TRAIN_MOTION_DEFAULTS, {NULL, "epochs", "100"}, {NULL, "rate", "5e-4"}, TRAIN_MOTION_PLUS, {NULL, NULL, NULL}};

const weyl_task_def weyl_task_motion = {
    .name = "motion",
    .summary = "whatever moves in your files: where it goes next, and who interacts with whom",
    .set = "motion",
    TRAIN_MOTION_TASK("E(d) x S(n)"),
    .defaults = motion_defaults,
};
