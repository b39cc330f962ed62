/* A plan of a product of functions on the sphere. */
#ifndef WEYL_IRREP_SPHERE_PLAN_H
#define WEYL_IRREP_SPHERE_PLAN_H

#include <weyl/irrep.h>

#include "product.h"
#include "sphere_product.h"

struct weyl_sphere_product {
  weyl_context *ctx;
  weyl_arena *arena;
  const product_kernels *kernels;
  weyl_dtype dtype;
  weyl_sphere_product_opts opts;
  weyl_product_method method;
  int functions, results;                                          /* results: those with weights of their own */
  int l[SPHERE_FUNCTIONS_MAX + 1], exponent[SPHERE_FUNCTIONS_MAX]; /* l[functions]: of z */
  weyl_irreps irreps[SPHERE_FUNCTIONS_MAX + 1];
  int64_t weights;        /* numbers of the set */
  size_t size, V, blocks; /* bytes of a number, channels of a block */
  weyl_product *product;  /* over couplings; NULL: on the grid */
  weyl_paths paths;
  sphere_product_kind kind; /* forward; one more is backward */
  sphere_product grid;
};

#endif
