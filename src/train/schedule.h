/* What a checkpoint keeps of a schedule. */
#ifndef WEYL_TRAIN_SCHEDULE_H
#define WEYL_TRAIN_SCHEDULE_H

#include <weyl/train.h>

#define TRAIN_SCHEDULE_STATE 3
void train_schedule_save(const weyl_schedule *schedule, double state[TRAIN_SCHEDULE_STATE]);
void train_schedule_load(weyl_schedule *schedule, const double state[TRAIN_SCHEDULE_STATE]);

#endif
