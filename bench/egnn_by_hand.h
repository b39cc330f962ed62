/* Between the two files of the training step that is written by hand: what it keeps, and where.
 *
 * The weights lie as this one step likes them, in one vector: rows are outputs, columns inputs. Of the layer of a
 * message, W (h_i, h_j, |r|^2, a) + b, the part of the nodes and that of the edge's own numbers lie apart; what reads
 * h is one matrix of four parts.
 */
#ifndef WEYL_BENCH_EGNN_BY_HAND_H
#define WEYL_BENCH_EGNN_BY_HAND_H

#include "bench.h"

#include <weyl/kernels.h>

enum {
  HAND_LAYERS = 4,
  HAND_WIDE = 64,
  HAND_EXTRAS = 3, /* |r|^2, the product of the charges, |r|^2 of the input */
  HAND_RECEIVER = 0,
  HAND_SENDER = HAND_WIDE,
  HAND_SPEED = 2 * HAND_WIDE, /* the velocity's factor */
  HAND_NODE = 3 * HAND_WIDE,  /* of the update of h; not in the last layer */
  HAND_PARTS = 4 * HAND_WIDE,
  HAND_LANES = 16,             /* of the widest vectors */
  HAND_LEAD = HAND_PARTS + 16, /* from row to row: a power of two would crowd few sets of L1 */
  HAND_SAMPLES = 10,           /* of a micro-batch, */
  HAND_CHUNK = 2               /* and those whose edges pass through the layers of a message at a time */
};

typedef struct hand_layer {
  float of_h[HAND_PARTS][HAND_WIDE];
  float extra[HAND_EXTRAS][HAND_WIDE];
  float message[HAND_WIDE][HAND_WIDE], coordinate[HAND_WIDE][HAND_WIDE];
  float of_sum[HAND_WIDE][HAND_WIDE], update[HAND_WIDE][HAND_WIDE];
  float of_h_bias[HAND_PARTS]; /* the sender's part stays 0 */
  float message_bias[HAND_WIDE], coordinate_bias[HAND_WIDE], update_bias[HAND_WIDE];
  float edge_weight[HAND_WIDE], speed_weight[HAND_WIDE];
  float speed_bias[16]; /* one number */
} hand_layer;

typedef struct hand_weights {
  hand_layer layer[HAND_LAYERS];
  float embedding[2][HAND_WIDE]; /* the column of the speed, and the bias */
} hand_weights;

/* What goes forward reads matrices by inputs. */
typedef struct hand_turned {
  float of_h[HAND_WIDE][HAND_LEAD];
  float message[HAND_WIDE][HAND_WIDE], coordinate[HAND_WIDE][HAND_WIDE];
  float of_sum[HAND_WIDE][HAND_WIDE], update[HAND_WIDE][HAND_WIDE];
} hand_turned;

/* One layer of the micro-batch in hand, kept from the way forward for the way back: [nodes][64], [edges][64] or as
 * said. d_y is the derivative of the activation that made y; on the way back it becomes the gradient before it. */
typedef struct hand_kept {
  float *h, *sum, *update, *d_update, *speed, *d_speed;
  float *first, *d_first, *message, *d_message, *coordinate, *d_coordinate;
  float *x;                   /* [nodes][3] */
  float *r, *square, *weight; /* [edges][3]; |r|^2 and the factor of r */
} hand_kept;

/* Between the layers. */
typedef struct hand_passing {
  float *z;    /* [nodes][HAND_LEAD]: all that reads h, and its gradient */
  float *edge; /* [edges of a chunk][64] */
  float *node; /* [nodes][64] */
  float *dh, *dsum;
  float *dx, *pull; /* [nodes][3]: the gradient of x, and that of one edge's part */
  float *factor;    /* [edges of a chunk]: the gradient of the factor of r, */
  float *partial;   /* [edges of a chunk][HAND_LANES] and that of |r|^2, in one vector of parts */
} hand_passing;

typedef struct hand_batch {
  int64_t samples, nodes, edges;
  int64_t *node_at, *edge_at; /* [samples + 1] */
  int64_t *edge_of;           /* [nodes + 1] where a receiver's edges begin */
  int32_t *sender;            /* [edges], of all nodes of the batch */
  float *x, *v, *target;      /* [nodes][3] */
  float *speed;               /* [nodes] |v| */
  float *charges;             /* [edges] */
} hand_batch;

struct bench_hand {
  weyl_context *ctx;
  weyl_arena *arena;
  hand_batch batch;
  hand_weights *weights, *gradient, *m, *v;
  hand_turned *turned; /* [HAND_LAYERS] */
  hand_kept kept[HAND_LAYERS + 1];
  hand_passing passing;
  /* the first layer reads h = speed x column + bias: both rows through all that reads h, and the gradients' sums
   * times the speed and times 1 */
  float thin[2][HAND_LEAD], thin_sum[2][HAND_PARTS], embedding_sum[2][HAND_WIDE];
  float rate, beta1, beta2, eps, decay;
  float one1, one2; /* Adam's averages of 1 */
  void *scratch;
  void (*step)(bench_hand *hand);
  double loss, norm, flops; /* of the last step */
};

void hand_step_base(bench_hand *hand);
void hand_step_avx2(bench_hand *hand);
void hand_step_avx512(bench_hand *hand);

#endif
