/* C source of the products of one pair of degrees, or of all pairs up to a degree, in the cos/sin form (couple.h). */
#ifndef WEYL_GENERATE_WRITE_H
#define WEYL_GENERATE_WRITE_H

#include "../couple.h"

#include <stdio.h>

typedef enum ways { FORWARD, BACKWARD, BACKWARD_WEIGHTS, WAYS } ways;

enum { DEGREE_MAX = 12, VALUES_MAX = 4096, ROWS_MAX = (DEGREE_MAX + 1) * (DEGREE_MAX + 1) };

typedef struct writer {
  FILE *out;
  ways way;
  bool whole; /* all pairs in one function: outputs are variables */
  int paths;  /* before the pair in hand */
  long ops;   /* multiplications, additions, and both in one */
  int values; /* the constants of the function */
  double value[VALUES_MAX];
  int sign[DEGREE_MAX + 1][DEGREE_MAX + 1][SIDES][FORMS]; /* of the gradients by the forms in hand */
  bool begun[3][ROWS_MAX];                                /* variables of out, dx, dy that hold something */
} writer;

/* One function NAME over the pairs; their weights are w[0], w[1], ... in the order of the pairs, l3 innermost. */
void write_function(writer *w, const char *name, const couple *pairs, int n);

#endif
