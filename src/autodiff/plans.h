/* Plans that nodes point to by attr.data: made once for each description in a graph, so that equal nodes are seen to be
 * equal, and freed with the graph. */
#ifndef WEYL_PLANS_H
#define WEYL_PLANS_H

#include "graph.h"

typedef struct weyl_plan_request weyl_plan_request;
typedef struct weyl_plan_kind {
  weyl_status (*make)(weyl_context *ctx, weyl_dtype real, const weyl_plan_request *request, void **plan);
  void (*free)(void *plan);
} weyl_plan_kind;
struct weyl_plan_request {
  const weyl_plan_kind *kind;
  int64_t choice[16];   /* what the kind says */
  weyl_irreps list[3];  /* lists that are not wanted are empty, */
  weyl_paths paths;     /* and so are paths */
  const double *factor; /* [paths] or NULL */
};

/* The plan of a request; NULL and a failure of the graph if it cannot be made. */
const void *weyl_graph_plan(weyl_graph *g, const weyl_plan_request *request);
void weyl_graph_free_plans(weyl_graph *g);

#endif
