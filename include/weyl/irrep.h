/* weyl/irrep.h: representations, harmonics, Wigner matrices and couplings, on plain arrays. */
#ifndef WEYL_IRREP_H
#define WEYL_IRREP_H

#include <weyl/group.h>

#endif
