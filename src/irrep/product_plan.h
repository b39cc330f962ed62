/* A plan of a tensor product. */
#ifndef WEYL_IRREP_PRODUCT_PLAN_H
#define WEYL_IRREP_PRODUCT_PLAN_H

#include <weyl/irrep.h>

#include "product.h"
#include "row_product.h"

typedef struct plan_path {
  int32_t row;        /* among the weights of the kernels */
  int32_t mul1, mul2; /* weights are [mul1] or [mul1][mul2] */
  int64_t at;         /* in a set of weights */
  double factor;      /* the kernels' weight over w */
} plan_path;

typedef struct plan_unit {
  void (*run)(const product_span *q, size_t first_path);
  size_t first_path;
  double share; /* of the operations, with those of the units before */
} plan_unit;

typedef struct plan_zero { /* rows that no unit begins */
  int32_t n, row[2 * (WEYL_L_MAX + 1)], count[2 * (WEYL_L_MAX + 1)];
} plan_zero;

struct weyl_product {
  weyl_context *ctx;
  weyl_arena *arena;
  const product_kernels *kernels;
  weyl_dtype dtype;
  weyl_product_opts opts;
  weyl_irreps irreps[3];
  int32_t rows[3];
  size_t size, V; /* bytes of a number, channels of a block */
  size_t channels, blocks, last;
  size_t copies;              /* v of uvu; 1 otherwise */
  size_t chunk[PRODUCT_WAYS]; /* samples at a time */
  int64_t weights;            /* numbers of a set */
  int32_t paths, kernel_paths;
  plan_path *path;
  weyl_product_method method;
  int32_t units[PRODUCT_WAYS]; /* 1: all pairs of degrees in one */
  plan_unit *unit[PRODUCT_WAYS];
  plan_zero zero[3];
  product_table table;
  row_tables by_rows;
  double ops[PRODUCT_WAYS];
};

static inline bool each_has_weights(const weyl_product *p) { return p->opts.weights == WEYL_WEIGHTS_EACH; }

/* Samples at a time, in any way. */
static inline size_t most_samples(const weyl_product *p) {
  size_t most = 0;
  for (int way = 0; way < PRODUCT_WAYS; way++)
    if (p->chunk[way] > most) most = p->chunk[way];
  return most;
}

/* Numbers of one sample in the blocked layout. */
static inline size_t blocked_size(const weyl_product *p, int which) {
  return p->blocks * (size_t)p->rows[which] * p->V;
}

/* Units of written code for the lists and paths of the plan, false when there are none. (product_written.c) */
WEYL_MUST_CHECK weyl_status plan_written(weyl_product *p, weyl_paths paths, bool *found);
/* Whether y makes a matrix for each sample, and its tables. (row_product_plan.c) */
bool plan_rows_fit(const weyl_product *p);
WEYL_MUST_CHECK weyl_status plan_rows(weyl_product *p, weyl_paths paths);
/* (product_tables.c) */
WEYL_MUST_CHECK weyl_status plan_table(weyl_product *p, weyl_paths paths);

#endif
