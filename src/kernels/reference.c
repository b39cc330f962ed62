/* The reference table: what every other kernel is tested against, and what WEYL_OPT=0 runs. */
#include "names.h"

#include <math.h>

#define WEYL_ISA reference

#define WEYL_TYPE f32
#define T         float
#include "declare.inc.h"
#include "reference.inc.h"
#undef T
#undef WEYL_TYPE

#define WEYL_TYPE f64
#define T         double
#include "declare.inc.h"
#include "reference.inc.h"
