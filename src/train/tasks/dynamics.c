/* "dynamics": trajectories of point systems from files; from one frame predict the positions some frames later. */
#include "tasks.h"
#include "tasks/points_task.h"

static const weyl_task_default defaults[] = {
    {NULL, "batch", "50"},    {NULL, "epochs", "100"}, {NULL, "eval_every", "5"},
    {"egnn", "rate", "5e-4"}, {NULL, NULL, NULL},
};

const weyl_task_def weyl_task_dynamics = {
    .name = "dynamics",
    .summary = "point systems in your files: positions some frames later",
    .set = "dynamics",
    TRAIN_POINTS_TASK,
    .defaults = defaults,
};
