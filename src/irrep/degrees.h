/* What the files of this room share: degrees and their bounds. */
#ifndef WEYL_IRREP_DEGREES_H
#define WEYL_IRREP_DEGREES_H

#include <weyl/irrep.h>

static const double pi = 3.14159265358979323846;

static inline bool is_degree(int l) { return l >= 0 && l <= WEYL_L_MAX; }

static inline bool is_triangle(int l1, int l2, int l3) { return l3 <= l1 + l2 && l1 <= l2 + l3 && l2 <= l1 + l3; }

static inline weyl_status check_degree(weyl_context *ctx, const char *name, int l) {
  if (is_degree(l)) return WEYL_OK;
  return weyl_fail(ctx, WEYL_BAD_ARG, "%s is %d, must be 0 to %d", name, l, WEYL_L_MAX);
}

#endif
