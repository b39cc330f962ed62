/* "springs": five particles, some pairs of them tied (T. Kipf, E. Fetaya, K. Wang, M. Welling, R. Zemel, ICML 2018), in
 * the setting of EqMotion: where they go, and who is tied to whom. */
#include "tasks.h"
#include "tasks/motion_task.h"

static const weyl_task_default defaults[] = {
    TRAIN_MOTION_DEFAULTS,       {NULL, "epochs", "200"},          {NULL, "rate", "5e-4"}, {"eqmotion", "tau", "0.5"},
    {"eqmotion+", "tau", "0.5"}, {"eqmotion+", "balance", "0.02"}, TRAIN_MOTION_PLUS,      {NULL, NULL, NULL}};

const weyl_task_def weyl_task_springs = {
    .name = "springs",
    .summary = "five particles, some pairs of them tied by springs: 20 frames from 20, and which pairs",
    .set = "springs",
    TRAIN_MOTION_TASK("E(3) x S(n)"),
    .defaults = defaults,
};
