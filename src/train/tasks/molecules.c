/* "molecules": the heavy atoms of a molecule at 500 K, 10 poses from 10 (MD17 windows as EqMotion cuts them). */
#include "tasks.h"
#include "tasks/motion_task.h"

static const weyl_task_default defaults[] = {
    TRAIN_MOTION_DEFAULTS,           {NULL, "epochs", "300"}, {NULL, "rate", "5e-4"}, {"eqmotion", "channels", "32"},
    {"eqmotion+", "channels", "32"}, TRAIN_MOTION_PLUS,       {NULL, NULL, NULL}};

const weyl_task_def weyl_task_molecules = {
    .name = "molecules",
    .summary = "molecular dynamics in your files: 10 poses from 10",
    .set = "molecules",
    TRAIN_MOTION_TASK("E(3) x S(n)"),
    .defaults = defaults,
};
