/* weyl/study.h: the theory laboratories. */
#ifndef WEYL_STUDY_H
#define WEYL_STUDY_H

#include <weyl/measure.h>

#endif
