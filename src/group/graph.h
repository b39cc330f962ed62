/* Ordered partitions of the vertices of a graph and their refinement, shared by 1-WL and the canonical form. */
#ifndef WEYL_GROUP_GRAPH_H
#define WEYL_GROUP_GRAPH_H

#include <weyl/group.h>

/* Neighbours of v: to[start[v]] .. to[start[v + 1] - 1], ascending. */
typedef struct graph_lists {
  int32_t n;
  int32_t *start, *to;
} graph_lists;

/* Cells are runs of `vertex`, named by their first place. One block of 4 n numbers. */
typedef struct graph_partition {
  int32_t *vertex; /* [place] */
  int32_t *place;  /* [vertex] */
  int32_t *cell;   /* [vertex]: first place of its cell */
  int32_t *length; /* [first place] */
} graph_partition;

typedef struct graph_refiner {
  graph_lists graph;
  int32_t *queue, head, queued;       /* a ring of cells to count neighbours in */
  bool *in_queue;                     /* [first place] */
  int32_t *count;                     /* [vertex]: neighbours in the splitter */
  int32_t *hit, *low, *high;          /* [first place]: vertices touched, smallest and largest count */
  int32_t *touched, *split;           /* lists of cells */
  int32_t *splitter, *bucket, *moved; /* scratch */
} graph_refiner;

/* Checks that a is 0/1 and symmetric (loops are left to the labels). */
weyl_status graph_refiner_new(weyl_context *ctx, weyl_arena *arena, int64_t n, const uint8_t *a, graph_refiner *out);
weyl_status graph_partition_new(weyl_arena *arena, int32_t n, graph_partition *out);
void graph_partition_copy(int32_t n, const graph_partition *from, graph_partition *to);
/* Cells by label (NULL: none) and loop, ascending; all of them are queued. Returns the number of cells. */
weyl_status graph_partition_start(weyl_arena *arena, graph_refiner *r, const uint8_t *a, const int64_t *labels,
                                  graph_partition *p, int32_t *cells);
/* Puts v in a cell of its own before the rest of its cell, and queues it. */
void graph_individualise(graph_refiner *r, graph_partition *p, int32_t v);
/* Refines until every vertex of a cell has as many neighbours in each cell as any other. The cells and their order do
 * not depend on the numbering of vertices; nor does the trace, a hash of what was seen on the way. Adds the new cells
 * to *cells. */
uint64_t graph_refine(graph_refiner *r, graph_partition *p, int32_t *cells);

#endif
