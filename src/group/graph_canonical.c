/* Canonical forms of graphs by individualisation and refinement (McKay 1981; McKay and Piperno 2014).
 *
 * Nodes of the search tree are sequences of vertices put in cells of their own, with the refined ordered partition;
 * leaves are orders of the vertices.  The canonical order is that of the leaf with the largest (trace of each level,
 * adjacency bits). Two leaves with equal bits give an automorphism; automorphisms prune.  Exact: hashes only order and
 * prune what an isomorphism would also prune; in the end bits are compared. */
#include "graph.h"

#include <string.h>

#define GENERATORS_MAX 512 /* kept for pruning off the first path; their orbits are kept for all */

typedef struct leaf {
  int32_t depth;   /* -1: none yet */
  int32_t *vertex; /* [place] */
  int32_t *path;   /* [depth]: the vertices individualised */
  uint64_t *trace; /* [depth + 1] */
} leaf;

typedef struct search {
  weyl_context *ctx;
  weyl_arena *arena;
  graph_refiner refiner;
  int32_t n;
  graph_partition *level; /* [n + 1], allocated when first reached */
  int32_t levels;
  int32_t *path; /* of the node at hand */
  uint64_t *trace;
  leaf first, best;
  size_t words;                            /* of a bit matrix row */
  uint64_t *bits, *first_bits, *best_bits; /* [n][words] */
  int32_t *orbit;                          /* union-find of all automorphisms found */
  int32_t *mapping;                        /* the one just found */
  int32_t **generator;
  int32_t generators; /* kept: at most GENERATORS_MAX */
  double automorphisms;
  uint64_t nodes;
} search;

static int32_t find(int32_t *parent, int32_t v) {
  while (parent[v] != v) {
    parent[v] = parent[parent[v]];
    v = parent[v];
  }
  return v;
}

static void unite(int32_t *parent, int32_t a, int32_t b) {
  a = find(parent, a);
  b = find(parent, b);
  if (a != b) parent[a > b ? a : b] = a > b ? b : a;
}

/* The adjacency with vertices in the order of the leaf. */
static void relabel(search *s, const graph_partition *p, uint64_t *bits) {
  memset(bits, 0, (size_t)s->n * s->words * sizeof *bits);
  for (int32_t k = 0; k < s->n; k++) {
    const int32_t v = p->vertex[k];
    for (int32_t e = s->refiner.graph.start[v]; e < s->refiner.graph.start[v + 1]; e++) {
      const uint32_t to = (uint32_t)p->place[s->refiner.graph.to[e]];
      bits[(size_t)k * s->words + to / 64] |= (uint64_t)1 << (63 - to % 64);
    }
  }
}

static int compare_bits(const search *s, const uint64_t *a, const uint64_t *b) {
  for (size_t k = 0; k < (size_t)s->n * s->words; k++) {
    if (a[k] != b[k]) return a[k] < b[k] ? -1 : 1;
  }
  return 0;
}

static void keep_leaf(search *s, const graph_partition *p, int32_t depth, leaf *to) {
  to->depth = depth;
  memcpy(to->vertex, p->vertex, (size_t)s->n * sizeof *to->vertex);
  memcpy(to->path, s->path, (size_t)depth * sizeof *to->path);
  memcpy(to->trace, s->trace, ((size_t)depth + 1) * sizeof *to->trace);
}

/* The level of the deepest node that the paths of this node and of the leaf share. */
static int32_t fork(const search *s, const leaf *other, int32_t depth) {
  int32_t level = 0;
  while (level < depth && level < other->depth && s->path[level] == other->path[level]) level++;
  return level;
}

/* Two leaves with the same bits: what takes one to the other is an automorphism. */
static weyl_status record(search *s, const leaf *from, const graph_partition *to) {
  for (int32_t k = 0; k < s->n; k++) {
    s->mapping[from->vertex[k]] = to->vertex[k];
    unite(s->orbit, from->vertex[k], to->vertex[k]);
  }
  if (s->generators == GENERATORS_MAX) return WEYL_OK;
  int32_t *kept = weyl_arena_array(s->arena, int32_t, s->n);
  if (!kept) return WEYL_MEMORY;
  memcpy(kept, s->mapping, (size_t)s->n * sizeof *kept);
  s->generator[s->generators++] = kept;
  return WEYL_OK;
}

/* A leaf is a node where the order within cells does not matter: every vertex of a cell is joined to all or none of the
 * others of it, and of any other cell. One vertex a cell tells, since the partition is equitable. So twins cost
 * nothing. */
static bool is_leaf(search *s, const graph_partition *p, int32_t cells) {
  if (cells == s->n) return true;
  const graph_lists *graph = &s->refiner.graph;
  int32_t *count = s->refiner.hit; /* [first place], all 0 between refinements */
  bool uniform = true;
  for (int32_t cell = 0; cell < s->n && uniform; cell += p->length[cell]) {
    if (p->length[cell] == 1) continue;
    const int32_t v = p->vertex[cell];
    for (int32_t e = graph->start[v]; e < graph->start[v + 1]; e++) count[p->cell[graph->to[e]]]++;
    for (int32_t e = graph->start[v]; e < graph->start[v + 1] && uniform; e++) {
      const int32_t other = p->cell[graph->to[e]];
      uniform = count[other] == p->length[other] - (other == cell);
    }
    for (int32_t e = graph->start[v]; e < graph->start[v + 1]; e++) count[p->cell[graph->to[e]]] = 0;
  }
  return uniform;
}

/* First place of the smallest cell that is not a single vertex, the first of equals. */
static int32_t target_cell(const search *s, const graph_partition *p) {
  int32_t best = -1;
  for (int32_t k = 0; k < s->n; k += p->length[k]) {
    if (p->length[k] > 1 && (best < 0 || p->length[k] < p->length[best])) best = k;
    if (best >= 0 && p->length[best] == 2) break;
  }
  return best;
}

/* Orbits of the automorphisms kept that fix this node, vertex by vertex of its path. */
static void node_orbits(const search *s, int32_t depth, int32_t *parent) {
  for (int32_t v = 0; v < s->n; v++) parent[v] = v;
  for (int32_t g = 0; g < s->generators; g++) {
    bool fixes = true;
    for (int32_t k = 0; k < depth && fixes; k++) fixes = s->generator[g][s->path[k]] == s->path[k];
    for (int32_t v = 0; v < s->n && fixes; v++) unite(parent, v, s->generator[g][v]);
  }
}

/* How the traces of a node compare to those of the best leaf: the node may still beat it, ties with it, or has lost. */
typedef struct standing {
  bool like_first; /* equal traces up to here */
  int against_best;
} standing;

static weyl_status visit_leaf(search *s, int32_t depth, standing at, int32_t *back) {
  const graph_partition *p = &s->level[depth];
  *back = depth;
  if (s->first.depth < 0) {
    keep_leaf(s, p, depth, &s->first);
    keep_leaf(s, p, depth, &s->best);
    relabel(s, p, s->first_bits);
    memcpy(s->best_bits, s->first_bits, (size_t)s->n * s->words * sizeof *s->bits);
    for (int32_t k = 0; k < s->n; k++) { /* the vertices of a cell change places freely */
      const int32_t first = p->cell[p->vertex[k]];
      unite(s->orbit, p->vertex[first], p->vertex[k]);
      s->automorphisms *= k - first + 1;
    }
    return WEYL_OK;
  }
  relabel(s, p, s->bits);
  if (at.like_first && compare_bits(s, s->bits, s->first_bits) == 0) {
    *back = fork(s, &s->first, depth);
    return record(s, &s->first, p);
  }
  const int order = at.against_best != 0 ? at.against_best : compare_bits(s, s->bits, s->best_bits);
  if (order == 0) {
    *back = fork(s, &s->best, depth);
    return record(s, &s->best, p);
  }
  if (order > 0) {
    keep_leaf(s, p, depth, &s->best);
    memcpy(s->best_bits, s->bits, (size_t)s->n * s->words * sizeof *s->bits);
  }
  return WEYL_OK;
}

/* The number of cells leads the trace: finer partitions are better; then whether it is a leaf, so that equal traces end
 * together. */
static uint64_t trace_of(int32_t cells, bool ends, uint64_t hash) {
  return ((uint64_t)cells << 48) | ((uint64_t)ends << 47) | (hash >> 17);
}

/* How the child at `depth`, whose trace has just been written, stands, given how its parent stood. The best leaf may
 * have changed since the parent was entered: compare from the top. */
static standing stand(const search *s, int32_t depth) {
  standing at = {true, 0};
  if (s->first.depth < 0) return at;
  for (int32_t k = 0; k <= depth && at.like_first; k++) at.like_first = s->trace[k] == s->first.trace[k];
  for (int32_t k = 0; k <= depth && at.against_best == 0; k++) {
    if (s->trace[k] != s->best.trace[k]) at.against_best = s->trace[k] < s->best.trace[k] ? -1 : 1;
  }
  return at;
}

/* Explores the subtree of the node at `depth`. *back: the level to which the search returns; at `depth` itself it goes
 * on. */
static weyl_status explore(search *s, int32_t depth, int32_t cells, bool ends, bool on_first, standing at,
                           int32_t *back) {
  if (++s->nodes % 4096 == 0 && weyl_progress(s->ctx, "canonical form", (double)s->nodes, 0)) {
    return weyl_fail(s->ctx, WEYL_INTERRUPTED, "canonical form stopped after %llu nodes", (unsigned long long)s->nodes);
  }
  if (ends) return visit_leaf(s, depth, at, back);

  const int32_t n = s->n;
  if (s->levels == depth + 1) {
    WEYL_TRY(graph_partition_new(s->arena, n, &s->level[depth + 1]));
    s->levels++;
  }
  const graph_partition *p = &s->level[depth];
  const int32_t cell = target_cell(s, p), size = p->length[cell];
  int32_t *parent = NULL; /* orbits that fix this node; on the first path all found do */
  int32_t used_generators = -1;

  for (int32_t k = 0; k < size; k++) {
    const int32_t v = p->vertex[cell + k];
    if (k > 0) {
      int32_t *orbits = s->orbit;
      if (!on_first) {
        if (!parent) parent = weyl_alloc(s->ctx, (size_t)n, sizeof *parent);
        if (!parent) return WEYL_MEMORY;
        if (used_generators != s->generators) node_orbits(s, depth, parent);
        used_generators = s->generators;
        orbits = parent;
      }
      bool seen = false;
      for (int32_t j = 0; j < k && !seen; j++) seen = find(orbits, p->vertex[cell + j]) == find(orbits, v);
      if (seen) continue;
    }
    graph_partition *child = &s->level[depth + 1];
    graph_partition_copy(n, p, child);
    graph_individualise(&s->refiner, child, v);
    int32_t child_cells = cells + 1;
    const uint64_t hash = graph_refine(&s->refiner, child, &child_cells);
    s->path[depth] = v;
    const bool child_ends = is_leaf(s, child, child_cells);
    s->trace[depth + 1] = trace_of(child_cells, child_ends, hash);
    const standing child_at = stand(s, depth + 1);
    if (!child_at.like_first && child_at.against_best < 0) continue;

    int32_t child_back = depth + 1;
    const weyl_status status =
        explore(s, depth + 1, child_cells, child_ends, on_first && k == 0, child_at, &child_back);
    if (status != WEYL_OK || child_back < depth) {
      weyl_dealloc(s->ctx, parent);
      *back = child_back;
      return status;
    }
  }
  weyl_dealloc(s->ctx, parent);
  if (on_first) { /* orbit of the first child under the stabiliser of this node: orbit-stabiliser theorem */
    int32_t orbit = 0;
    for (int32_t k = 0; k < size; k++) orbit += find(s->orbit, p->vertex[cell + k]) == find(s->orbit, p->vertex[cell]);
    s->automorphisms *= orbit;
  }
  *back = depth;
  return WEYL_OK;
}

static weyl_status leaf_new(weyl_arena *arena, int32_t n, leaf *out) {
  out->depth = -1;
  out->vertex = weyl_arena_array(arena, int32_t, n);
  out->path = weyl_arena_array(arena, int32_t, n);
  out->trace = weyl_arena_array(arena, uint64_t, n + 1);
  return out->vertex && out->path && out->trace ? WEYL_OK : WEYL_MEMORY;
}

static weyl_status search_new(weyl_context *ctx, weyl_arena *arena, int64_t n, const uint8_t *a, search *s) {
  *s = (search){.ctx = ctx, .arena = arena, .automorphisms = 1, .levels = 1};
  WEYL_TRY(graph_refiner_new(ctx, arena, n, a, &s->refiner));
  s->n = (int32_t)n;
  s->words = ((size_t)n + 63) / 64;
  s->level = weyl_arena_array(arena, graph_partition, n + 1);
  s->path = weyl_arena_array(arena, int32_t, n);
  s->trace = weyl_arena_array(arena, uint64_t, n + 1);
  s->bits = weyl_arena_array(arena, uint64_t, (size_t)n * s->words);
  s->first_bits = weyl_arena_array(arena, uint64_t, (size_t)n * s->words);
  s->best_bits = weyl_arena_array(arena, uint64_t, (size_t)n * s->words);
  s->orbit = weyl_arena_array(arena, int32_t, n);
  s->mapping = weyl_arena_array(arena, int32_t, n);
  s->generator = weyl_arena_array(arena, int32_t *, GENERATORS_MAX);
  if (!s->level || !s->path || !s->trace || !s->bits || !s->first_bits || !s->best_bits || !s->orbit || !s->mapping ||
      !s->generator) {
    return WEYL_MEMORY;
  }
  for (int32_t v = 0; v < s->n; v++) s->orbit[v] = v;
  WEYL_TRY(leaf_new(arena, s->n, &s->first));
  WEYL_TRY(leaf_new(arena, s->n, &s->best));
  return graph_partition_new(arena, s->n, &s->level[0]);
}

weyl_status weyl_graph_canonical(weyl_context *ctx, int64_t n, const uint8_t *a, const int64_t *labels, int64_t *order,
                                 double *automorphisms) {
  if (n < 1 || n > 1000)
    return weyl_fail(ctx, WEYL_BAD_ARG, "a graph of %lld vertices, must be 1 to 1000", (long long)n);
  weyl_arena *arena = NULL;
  search s;
  int32_t cells = 0, back = 0;
  weyl_status status = weyl_arena_new(ctx, &arena);
  if (status != WEYL_OK) return status;
  WEYL_GOTO(search_new(ctx, arena, n, a, &s));
  WEYL_GOTO(graph_partition_start(arena, &s.refiner, a, labels, &s.level[0], &cells));
  const uint64_t hash = graph_refine(&s.refiner, &s.level[0], &cells);
  const bool ends = is_leaf(&s, &s.level[0], cells);
  s.trace[0] = trace_of(cells, ends, hash);
  WEYL_GOTO(explore(&s, 0, cells, ends, true, (standing){true, 0}, &back));
  for (int64_t k = 0; k < n; k++) order[k] = s.best.vertex[k];
  if (automorphisms) *automorphisms = s.automorphisms;
done:
  weyl_arena_free(arena);
  return status;
}
