/* "charged", "charged3": five charged particles in the setting of EqMotion. */
#include "tasks.h"
#include "tasks/motion_task.h"

static const weyl_task_default defaults[] = {TRAIN_MOTION_DEFAULTS,  {NULL, "epochs", "200"},
                                             {NULL, "rate", "5e-4"}, {"eqmotion+", "balance", "0.02"},
                                             TRAIN_MOTION_PLUS,      {NULL, NULL, NULL}};

const weyl_task_def weyl_task_charged = {
    .name = "charged",
    .summary = "five charged particles: 20 frames from 20",
    .set = "charged",
    TRAIN_MOTION_TASK("E(3) x S(n)"),
    .defaults = defaults,
};

const weyl_task_def weyl_task_charged3 = {
    .name = "charged3",
    .summary = "the same with neutral particles among them",
    .set = "charged3",
    TRAIN_MOTION_TASK("E(3) x S(n)"),
    .defaults = defaults,
};
