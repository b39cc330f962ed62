/* "pedestrians": people on the street, where each will be in the next 4.8 seconds; twenty guesses, the best of which
 * counts (ETH-UCY, the protocol of Social GAN and EqMotion). */
#include "tasks.h"
#include "tasks/motion_task.h"

/* EqMotion's settings; of its schedule the constant rate. */
#define NETWORK(model) \
  {model, "categories", "4"}, {model, "null_categories", "2"}, { model, "heads", "20" }

static const weyl_task_default defaults[] = {
    TRAIN_MOTION_DEFAULTS, {NULL, "epochs", "60"}, {NULL, "rate", "1e-3"}, {NULL, "horizons", "1200,2400,3600"},
    NETWORK("eqmotion"),   NETWORK("eqmotion+"),   TRAIN_MOTION_PLUS,      {NULL, NULL, NULL}};

const weyl_task_def weyl_task_pedestrians = {
    .name = "pedestrians",
    .summary = "people on the street: twenty guesses of 12 steps from 8, the best counts",
    .set = "pedestrians",
    TRAIN_MOTION_TASK("E(2) x S(n)"),
    .defaults = defaults,
};
