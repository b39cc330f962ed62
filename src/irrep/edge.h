/* The convolution along edges inside: what a plan is made of, and a call for the kernels.
 *
 * A chunk of edges with one receiver is taken at a time.  Their harmonics are contracted with the 3j symbols first, to
 * scalars M that all channels share, in arrays [scalar][EDGE_CHUNK] (edges side by side).  Then channels are vectors
 * and scalars broadcasts; the rows of the receiver lie packed, [vector][row][lane], and no message is ever in memory.
 */
#ifndef WEYL_IRREP_EDGE_H
#define WEYL_IRREP_EDGE_H

#include <weyl/irrep.h>

enum {
  EDGE_CHUNK = 32, /* edges */
  EDGE_ROWS = 7    /* rows of a piece: as many sums as fit 16 registers beside what they are made of */
};

/* One row of x on one path: out[row[i]] += M[scalar + i] R[path] x[x]. */
typedef struct edge_piece {
  int32_t path, x, scalar, rows;
  int32_t row[EDGE_ROWS];
  bool first; /* of its path */
} edge_piece;

/* A path's pieces, and what code written for its degrees needs. */
typedef struct edge_path {
  int32_t l1, l2, l3;
  int32_t x, out; /* rows of order -l */
  int32_t scalar; /* the first: order by order of x, order by order of out, those that edge_couples tells */
  int32_t piece, pieces;
  bool written; /* there is such code */
  bool single;  /* every piece has one row */
  bool fresh;   /* the first path to its block of the output */
} edge_path;

/* Degrees with code of their own: senders to 2, harmonics and output to 3. */
#define EDGE_WRITTEN(l1, l2, l3) ((l1) <= 2 && (l2) <= 3 && (l3) <= 3)

/* Some W[m1, m2, m3] is not 0. A constant where it is expanded for constant degrees. */
static inline bool edge_couples(int l1, int l2, int l3, int m1, int m3) {
  const int a = m1 < 0 ? -m1 : m1, b = m3 < 0 ? -m3 : m3, low = a < b ? b - a : a - b;
  const bool sine = ((m1 < 0) != (m3 < 0)) != ((l1 + l2 + l3) % 2 != 0); /* m2 < 0 */
  if (!sine) return low <= l2;
  return (low > 0 && low <= l2) || (a + b > 0 && a + b <= l2);
}

typedef struct edge_sums { /* sums of k[i] z[at[i]] for from[j] <= i < from[j + 1], j < n */
  int32_t n;
  int32_t *from, *at;
  void *k; /* of the type of the plan */
} edge_sums;

/* M = k[0] Y[at[0]] + k[1] Y[at[1]]: no more orders of Y take one order to another. */
typedef struct edge_scalar {
  int32_t at[2];
} edge_scalar;

typedef struct edge_tables {
  int32_t pieces, scalars, paths, x_rows, y_rows, out_rows;
  const edge_path *path;
  const edge_piece *piece; /* path by path */
  const edge_scalar *scalar;
  const void *k;      /* [scalars][2] of the type of the plan */
  bool covered;       /* every block of the output is reached */
  edge_sums harmonic; /* of scalars: the transpose */
} edge_tables;

/* Arrays of a call; strides in numbers from node to node, from one block of channels to the next, from row to row. A
 * block is V channels (WEYL_LAYOUT_BLOCKED) or all. */
typedef struct edge_stride {
  size_t node, block, row;
} edge_stride;
typedef struct edge_span {
  const weyl_edges *edges;
  size_t channels;
  bool blocked;
  edge_stride xs, os;
  const void *x, *weights, *y, *g;
  void *out, *dx, *dweights, *dy; /* NULL: not wanted */
} edge_span;

/* Where things are in `work`, in numbers; lanes: of the widest vector. */
typedef struct edge_room {
  size_t y, dy, m, dm, sums, rows, x, dx, weights, dweights, no_x, no_weights, total;
} edge_room;
/* Scalars of an edge side by side, and what is written behind the last. */
static inline size_t edge_pitch(const edge_tables *t, size_t lanes) {
  return ((size_t)t->scalars + EDGE_ROWS + lanes) / lanes * lanes;
}
static inline edge_room edge_room_of(const edge_tables *t, size_t channels, size_t lanes) {
  const size_t padded = (channels + lanes - 1) / lanes * lanes, chunk = EDGE_CHUNK;
  edge_room r = {0};
  r.dy = r.y + chunk * (size_t)t->y_rows;
  r.m = r.dy + chunk * (size_t)t->y_rows;
  r.dm = r.m + chunk * (size_t)t->scalars;
  r.sums = r.dm + chunk * edge_pitch(t, lanes);
  r.rows = r.sums + 2 * chunk * edge_pitch(t, lanes);
  r.x = r.rows + padded * (size_t)t->out_rows;
  r.dx = r.x + chunk * lanes * (size_t)t->x_rows;
  r.weights = r.dx + chunk * lanes * (size_t)t->x_rows;
  r.dweights = r.weights + chunk * lanes * (size_t)t->paths;
  r.no_x = r.dweights + chunk * lanes * (size_t)t->paths;
  r.no_weights = r.no_x + padded * (size_t)t->x_rows;
  r.total = r.no_weights + padded * (size_t)t->paths;
  return r;
}

struct weyl_edge_product {
  weyl_context *ctx;
  weyl_arena *arena;
  weyl_dtype dtype;
  weyl_edge_product_opts opts;
  weyl_irreps irreps[3];
  weyl_paths paths;
  double *factor; /* [paths], of our gauge */
  size_t channels;
  edge_tables tables;
};

/* ---- what every convolution along edges checks ---- */

weyl_status edge_check_choices(weyl_context *ctx, weyl_layout layout, weyl_gauge gauge, weyl_dtype dtype);
/* Lists, copies and paths; the number of channels. */
weyl_status edge_check_lists(weyl_context *ctx, const weyl_irreps list[3], weyl_paths paths, size_t *channels);
weyl_status edge_copy_lists(weyl_arena *arena, const weyl_irreps list[3], weyl_paths paths, weyl_irreps copy[3],
                            weyl_paths *path_copy);
int32_t edge_row_of(weyl_irreps list, int32_t block); /* of block n: the rows of the list */
double edge_usual_factor(weyl_paths paths, int64_t path);
/* Numbers that are not 0 of the 3j symbols of a path once contracted with harmonics, and the pieces they make. */
void edge_count(const weyl_path *path, double *pieces, double *scalars);

typedef struct edge_array {
  const char *name;
  const void *data;
  int64_t count, size;
} edge_array;
weyl_status edge_check_call(weyl_context *ctx, const weyl_edges *e, int arrays, const edge_array *array);
size_t edge_padded(weyl_layout layout, weyl_dtype real, size_t channels); /* channels of a node, with padding */
edge_stride edge_stride_of(weyl_layout layout, weyl_dtype real, size_t channels, int32_t rows);

#endif
