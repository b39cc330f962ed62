/* What the kinds of weyl predict share. */
#ifndef WEYL_CLI_PREDICT_H
#define WEYL_CLI_PREDICT_H

#include "cli.h"

#include <weyl/table.h>

/* A run of a task on motion. */
weyl_status cli_predict_motion(cli *c, weyl_trained *trained);

#endif
