/* cluster.h: which nodes become one step. */
#ifndef WEYL_CLUSTER_H
#define WEYL_CLUSTER_H

#include "fused.h"
#include "rowwise.h"

typedef struct weyl_cluster {
  int64_t numbers; /* size of the arrays it goes over: this many, times the count */
  int32_t count;
  int64_t width; /* of a row */
  int32_t level;
  int members, inputs, outputs;
  uint32_t member[WEYL_FUSED_STEPS]; /* nodes, in the graph's order */
  uint32_t input[WEYL_FUSED_INPUTS]; /* values from outside */
} weyl_cluster;

typedef struct weyl_clusters {
  const weyl_graph *g;
  const bool *live; /* by node */
  uint32_t *of;     /* by node: its cluster, or WEYL_NOBODY */
  uint32_t n;
  weyl_cluster *cluster;
} weyl_clusters;

/* Clusters of a graph, in the arena. Nodes join a cluster when they go over the same rows of the same width, in the
 * same phase, and when nothing that they read is made from the cluster by somebody else. */
weyl_status weyl_find_clusters(const weyl_graph *g, const bool *live, weyl_arena *arena, weyl_clusters *to);

#endif
