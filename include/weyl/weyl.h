/* weyl/weyl.h: everything. */
#ifndef WEYL_WEYL_H
#define WEYL_WEYL_H

#include <weyl/expr.h>
#include <weyl/report.h>
#include <weyl/study.h>
#include <weyl/table.h>
#include <weyl/train.h>

#endif
