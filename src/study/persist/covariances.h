/* covariances.h: the table of covariances that have a name. */
#ifndef WEYL_PERSIST_COVARIANCES_H
#define WEYL_PERSIST_COVARIANCES_H

#include "covariance.h"

extern const covariance_def covariance_defs[];
extern const size_t covariance_defs_count;

#endif
