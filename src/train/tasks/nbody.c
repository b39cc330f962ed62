/* "nbody": five charged particles, positions one time unit later. EGNN section 5.1, Frame Averaging section 6. */
#include "tasks.h"
#include "tasks/points_task.h"

/* The papers' protocols but for the number of epochs: theirs are 10 000. pair-flow, which has no paper: by validation.
 */
static const weyl_task_default defaults[] = {
    {NULL, "batch", "100"},
    {NULL, "weight_decay", "1e-12"},
    {NULL, "epochs", "60"},
    {NULL, "eval_every", "5"},
    {"egnn", "rate", "5e-4"},
    {"pair-flow", "rate", "5e-3"},
    {"pair-flow", "schedule", "cosine"},
    {"pair-flow", "warmup", "2"},
    {"pair-flow", "ema", "0.998"},
    {"pair-flow", "clip", "0.3"},
    {NULL, NULL, NULL},
};

const weyl_task_def weyl_task_nbody = {
    .name = "nbody",
    .summary = "five charged particles in space: where they are one time unit later",
    .set = "nbody",
    TRAIN_POINTS_TASK,
    .defaults = defaults,
};
