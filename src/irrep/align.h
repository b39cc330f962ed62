/* The convolution in the frame of each edge inside: what a plan is made of, and a call for the kernels.
 *
 * A chunk of edges at a time: first the matrices that turn each edge to the pole, edges side by side; then, for edge by
 * edge and a tile of channels, x is turned, mixed order by order, turned back and added to
 * the receiver.  A turn is one about the polar axis, which is done while rows are read or added, and one about the axis
 * across, d, which keeps cosines (m >= 0) and sines (m < 0) apart.  Nearly all work is small matrices of scalars times
 * rows of vectors.
 *
 * A turned block is rows m = 0 ... seen - 1, then -1 ... -(seen - 1).
 */
#ifndef WEYL_IRREP_ALIGN_H
#define WEYL_IRREP_ALIGN_H

#include "edge.h"

enum {
  ALIGN_CHUNK = 16, /* edges: a multiple of the lanes of every vector */
  ALIGN_WIDE = 4    /* vectors of 64 bytes of a tile, at most */
};

typedef struct align_block {
  int32_t l, row; /* row: of order -l in a node */
  int32_t orders; /* m = 0 ... orders - 1 are mixed */
  int32_t seen;   /* and turned, one more where there is one: the gradient by the edge looks at neighbours */
  int32_t at;     /* of x: its first turned row */
  int32_t pairs;  /* of out: pairs [pair, pair + pairs) make it, those of more orders first. Of x: 0 is not used */
  int32_t pair;
} align_block;

/* Block b of x to a block of out: A of orders 0 ... orders - 1 in rows `row`... of coefficients, B of 1 ... orders - 1
 * in rows `sine`...; -1: none.  A_m = sum over even of k[m][i] R[at[i]], and B_m likewise over odd with [m - 1]. */
typedef struct align_pair {
  int32_t b, orders, row, sine;
  int32_t even, odd, at; /* numbers of weights; where at[] and k[] start */
  int64_t k;
  bool first, last; /* to use these rows: DEGREES has pairs that share them */
} align_pair;

typedef struct align_degree { /* the turn of a degree: 0 where no block has it */
  int32_t seen;
  int32_t cosine, sine; /* places of d[m][n], m < seen, n = 0 ... l and m, n = 1 ... l, among the scalars of an edge */
  int64_t j;            /* in `quarter` */
} align_degree;

typedef struct align_tables {
  int32_t x_blocks, out_blocks, x_rows, out_rows;
  int32_t weights; /* rows of R */
  int32_t l_max, scalars, turned, coefficients;
  bool free;   /* coefficients are R */
  bool shared; /* several pairs reach one row of R */
  int axis[3]; /* of the direction: which are x, y and z with the polar axis z */
  const align_block *x, *out;
  const align_pair *pair;
  const align_degree *degree; /* [l_max + 1] */
  const int32_t *at;
  const void *k[2];    /* of edges of some length, and of none, whose direction is unknown */
  const void *quarter; /* J_km, the quarter turn that takes the axis across to the pole, what is not 0 of it: for each
                          degree [cosines: m][i], k = i's, then [sines: m - 1][i] */
  const void *slope;   /* [l_max + 1] at l(l + 1)/2 + m: of m and m + 1 in the generator about the axis across */
} align_tables;

/* How many k there are: l, l - 2, ... and l - 1, l - 3, ... */
static inline int align_cosines(int l) { return l / 2 + 1; }
static inline int align_sines(int l) { return (l + 1) / 2; }

typedef struct align_span {
  const weyl_edges *edges;
  size_t channels;
  bool blocked;
  edge_stride xs, os;
  const void *x, *weights, *v, *g;
  void *out, *dx, *dweights, *dv; /* NULL: not wanted */
} align_span;

/* Where things are in `work`, in numbers; lanes: of the widest vector. */
typedef struct align_room {
  size_t frames, pitch, side, powers, z, x, dx, g, y, q, dq, tail, dtail, total;
} align_room;
static inline align_room align_room_of(const align_tables *t, size_t lanes) {
  const size_t width = ALIGN_WIDE * lanes, widest = (2 * (size_t)t->l_max + 2) * width;
  align_room r = {.pitch = ((size_t)t->scalars + lanes) / lanes * lanes}; /* at least one more than there are */
  r.side = r.frames + ALIGN_CHUNK * r.pitch;
  r.powers = r.side + r.pitch * lanes;
  r.z = r.powers + 2 * ((size_t)t->l_max + 1) * ALIGN_CHUNK;
  r.x = r.z + widest;
  r.dx = r.x + (size_t)t->turned * width;
  r.g = r.dx + (size_t)t->turned * width;
  r.y = r.g + widest;
  r.q = r.y + widest;
  r.dq = r.q + ((size_t)t->coefficients + 1) * width;
  r.tail = r.dq + ((size_t)t->coefficients + 1) * width;
  r.dtail = r.tail + (size_t)t->weights * width;
  r.total = r.dtail + (size_t)t->weights * width;
  return r;
}

struct weyl_edge_aligned {
  weyl_context *ctx;
  weyl_arena *arena;
  weyl_dtype dtype;
  weyl_edge_aligned_opts opts;
  weyl_irreps irreps[3];
  weyl_paths paths;
  double *factor; /* [paths], of our gauge, with the norm of the harmonics and what Gaunt products have */
  size_t channels;
  align_tables tables;
  double ops[3];       /* of a channel of an edge: forward, backward without and with the gradient by v */
  double edge_work[2]; /* what edge_product would do: pieces, scalars */
};

#endif
