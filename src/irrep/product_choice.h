/* Which way of making a product is fastest: a table of costs, measured by `weyl bench tp --tune` and shipped. Nothing
 * is timed at run time. */
#ifndef WEYL_IRREP_PRODUCT_CHOICE_H
#define WEYL_IRREP_PRODUCT_CHOICE_H

#include <weyl/irrep.h>

typedef enum product_family {
  PRODUCT_FULL,    /* a weight a path */
  PRODUCT_EVEN,    /* those with l1 + l2 + l3 even alone */
  PRODUCT_GAUNT,   /* a weight a degree */
  PRODUCT_COMPLETE /* likewise */
} product_family;

enum { PRODUCT_METHODS = 3 };

/* The methods in rising order of cost for degrees to l; WEYL_TP=written, table or grid puts its own first. */
void product_order(product_family family, const char *isa, weyl_dtype real, int l,
                   weyl_product_method order[PRODUCT_METHODS]);

/* Whether the convolution in the frame of each edge comes first, of `aligned` operations, before that over tables, of
 * `table`; WEYL_TP=table or aligned decides otherwise. */
bool edge_aligned_first(const char *isa, weyl_dtype real, double table, double aligned);

#endif
