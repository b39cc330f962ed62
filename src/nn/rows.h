/* rows.h: sums over all rows of a batch, private to the nn room. */
#ifndef WEYL_NN_ROWS_H
#define WEYL_NN_ROWS_H

#include <weyl/nn.h>

/* All axes but the last as one, where they have at most one count; then one sum goes over all of them. */
weyl_tensor weyl_as_rows(weyl_tensor x);
/* Sums over all axes but the last; over a count this makes a whole value. */
weyl_tensor weyl_sum_rows(weyl_tensor x);
/* How many rows of the last axis the whole batch has: a whole scalar. */
weyl_tensor weyl_row_count(weyl_tensor x);

#endif
