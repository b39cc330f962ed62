/* Colour refinement (1-WL) by an ordered partition and a queue of splitters (Hopcroft; McKay 1981). */
#include "graph.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t h) {
  h ^= h >> 30;
  h *= 0xbf58476d1ce4e5b9u;
  h ^= h >> 27;
  h *= 0x94d049bb133111ebu;
  return h ^ (h >> 31);
}

static uint64_t mix3(int32_t a, int32_t b, int32_t c) {
  return mix(((uint64_t)(uint32_t)a << 42) ^ ((uint64_t)(uint32_t)b << 21) ^ (uint32_t)c ^ 0x9e3779b97f4a7c15u);
}

static weyl_status check(weyl_context *ctx, int64_t n, const uint8_t *a) {
  if (n < 1 || n > 1000000)
    return weyl_fail(ctx, WEYL_BAD_ARG, "a graph of %lld vertices, must be 1 or more", (long long)n);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j <= i; j++) {
      const uint8_t there = a[i * n + j], back = a[j * n + i];
      if (there > 1 || back > 1) {
        return weyl_fail(ctx, WEYL_BAD_ARG, "the adjacency of %lld and %lld is %d, must be 0 or 1", (long long)i,
                         (long long)j, there > 1 ? there : back);
      }
      if (there != back) {
        return weyl_fail(ctx, WEYL_BAD_ARG, "the adjacency is not symmetric: %d from %lld to %lld, %d back", there,
                         (long long)i, (long long)j, back);
      }
    }
  }
  return WEYL_OK;
}

weyl_status graph_refiner_new(weyl_context *ctx, weyl_arena *arena, int64_t n, const uint8_t *a, graph_refiner *out) {
  WEYL_TRY(check(ctx, n, a));
  int64_t ends = 0;
  for (int64_t i = 0; i < n * n; i++) ends += a[i];
  if (ends > INT32_MAX)
    return weyl_fail(ctx, WEYL_BAD_ARG, "a graph of %lld edge ends, must be below 2^31", (long long)ends);
  graph_refiner r = {.graph.n = (int32_t)n};
  r.graph.start = weyl_arena_array(arena, int32_t, n + 1);
  r.graph.to = weyl_arena_array(arena, int32_t, ends + 1);
  r.in_queue = weyl_arena_array(arena, bool, n);
  int32_t *scratch = weyl_arena_array(arena, int32_t, 10 * n + 1);
  if (!r.graph.start || !r.graph.to || !r.in_queue || !scratch) return WEYL_MEMORY;
  int32_t **const part[] = {&r.queue,   &r.count, &r.hit,      &r.low,   &r.high,
                            &r.touched, &r.split, &r.splitter, &r.moved, &r.bucket};
  for (size_t k = 0; k < sizeof part / sizeof *part; k++)
    *part[k] = scratch + (int64_t)k * n; /* bucket, the last: n + 1 */
  int32_t at = 0;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) {
      if (a[i * n + j] && i != j) r.graph.to[at++] = (int32_t)j;
    }
    r.graph.start[i + 1] = at;
  }
  *out = r;
  return WEYL_OK;
}

weyl_status graph_partition_new(weyl_arena *arena, int32_t n, graph_partition *out) {
  int32_t *block = weyl_arena_array(arena, int32_t, 4 * (int64_t)n);
  if (!block) return WEYL_MEMORY;
  *out = (graph_partition){block, block + n, block + 2 * (int64_t)n, block + 3 * (int64_t)n};
  return WEYL_OK;
}

void graph_partition_copy(int32_t n, const graph_partition *from, graph_partition *to) {
  memcpy(to->vertex, from->vertex, 4 * (size_t)n * sizeof *to->vertex);
}

static void enqueue(graph_refiner *r, int32_t cell) {
  if (r->in_queue[cell]) return;
  r->in_queue[cell] = true;
  r->queue[(int32_t)(((int64_t)r->head + r->queued++) % r->graph.n)] = cell;
}

typedef struct start_key {
  int64_t label;
  int32_t loop, vertex;
} start_key;

static int by_label(const void *x, const void *y) {
  const start_key *a = x, *b = y;
  if (a->label != b->label) return a->label < b->label ? -1 : 1;
  if (a->loop != b->loop) return a->loop - b->loop;
  return a->vertex - b->vertex;
}

weyl_status graph_partition_start(weyl_arena *arena, graph_refiner *r, const uint8_t *a, const int64_t *labels,
                                  graph_partition *p, int32_t *cells) {
  const int32_t n = r->graph.n;
  start_key *key = weyl_arena_array(arena, start_key, n);
  if (!key) return WEYL_MEMORY;
  for (int32_t v = 0; v < n; v++) key[v] = (start_key){labels ? labels[v] : 0, a[(int64_t)v * n + v], v};
  qsort(key, (size_t)n, sizeof *key, by_label);
  *cells = 0;
  for (int32_t k = 0, first = 0; k < n; k++) {
    if (k == 0 || key[k].label != key[k - 1].label || key[k].loop != key[k - 1].loop) {
      first = k;
      ++*cells;
      enqueue(r, first);
    }
    p->vertex[k] = key[k].vertex;
    p->place[key[k].vertex] = k;
    p->cell[key[k].vertex] = first;
    p->length[first] = k - first + 1;
  }
  return WEYL_OK;
}

void graph_individualise(graph_refiner *r, graph_partition *p, int32_t v) {
  const int32_t first = p->cell[v], length = p->length[first], other = p->vertex[first], from = p->place[v];
  p->vertex[first] = v;
  p->place[v] = first;
  p->vertex[from] = other;
  p->place[other] = from;
  p->length[first] = 1;
  p->length[first + 1] = length - 1;
  for (int32_t k = first + 1; k < first + length; k++) p->cell[p->vertex[k]] = first + 1;
  enqueue(r, first);
}

/* Counts, for every neighbour of the splitter, its neighbours inside; lists the cells met. */
static int32_t count_neighbours(graph_refiner *r, const graph_partition *p, int32_t splitter) {
  const int32_t size = p->length[splitter];
  int32_t met = 0;
  for (int32_t k = 0; k < size; k++) {
    const int32_t v = p->vertex[splitter + k];
    for (int32_t e = r->graph.start[v]; e < r->graph.start[v + 1]; e++) r->count[r->graph.to[e]]++;
  }
  for (int32_t k = 0; k < size; k++) {
    const int32_t v = p->vertex[splitter + k];
    r->splitter[k] = v; /* its places change when it splits itself */
    for (int32_t e = r->graph.start[v]; e < r->graph.start[v + 1]; e++) {
      const int32_t u = r->graph.to[e], count = r->count[u];
      if (count <= 0) continue; /* seen: marked by the sign */
      const int32_t cell = p->cell[u];
      if (r->hit[cell]++ == 0) {
        r->touched[met++] = cell;
        r->low[cell] = r->high[cell] = count;
      } else if (count < r->low[cell]) {
        r->low[cell] = count;
      } else if (count > r->high[cell]) {
        r->high[cell] = count;
      }
      r->count[u] = -count;
    }
  }
  return met;
}

/* Splits a cell by counts, ascending; hashes sizes and counts; queues all parts but the largest (all if it was queued).
 */
static uint64_t split_cell(graph_refiner *r, graph_partition *p, int32_t cell, int32_t low, int32_t high,
                           int32_t *cells) {
  const int32_t length = p->length[cell];
  int32_t *bucket = r->bucket; /* bucket[c - low]: then first place of that count */
  for (int32_t c = 0; c <= high - low; c++) bucket[c] = 0;
  for (int32_t k = 0; k < length; k++) {
    r->moved[k] = p->vertex[cell + k];
    bucket[-r->count[r->moved[k]] - low]++;
  }
  uint64_t trace = 0;
  int32_t at = cell, largest = cell, largest_size = 0;
  const bool was_queued = r->in_queue[cell];
  for (int32_t c = 0; c <= high - low; c++) {
    const int32_t size = bucket[c];
    bucket[c] = at;
    if (size == 0) continue;
    trace = mix(trace + mix3(at, size, c + low));
    if (size > largest_size) {
      largest_size = size;
      largest = at;
    }
    p->length[at] = size;
    if (at != cell) ++*cells;
    at += size;
  }
  for (int32_t k = 0; k < length; k++) {
    const int32_t v = r->moved[k], c = -r->count[v] - low, to = bucket[c]++;
    p->vertex[to] = v;
    p->place[v] = to;
  }
  for (int32_t first = cell; first < cell + length; first += p->length[first]) {
    for (int32_t k = first; k < first + p->length[first]; k++) p->cell[p->vertex[k]] = first;
    if (was_queued || first != largest) enqueue(r, first);
  }
  return trace;
}

static int ascending(const void *x, const void *y) { return *(const int32_t *)x - *(const int32_t *)y; }

uint64_t graph_refine(graph_refiner *r, graph_partition *p, int32_t *cells) {
  const int32_t n = r->graph.n;
  uint64_t trace = 0;
  while (r->queued > 0) {
    const int32_t splitter = r->queue[r->head];
    r->head = (r->head + 1) % n;
    r->queued--;
    r->in_queue[splitter] = false;
    if (*cells == n) continue; /* discrete: only empty the queue */

    const int32_t size = p->length[splitter];
    const int32_t met = count_neighbours(r, p, splitter);
    uint64_t seen = 0;
    int32_t splits = 0;
    for (int32_t k = 0; k < met; k++) {
      const int32_t cell = r->touched[k];
      if (r->hit[cell] < p->length[cell]) r->low[cell] = 0;
      if (r->low[cell] < r->high[cell]) {
        r->split[splits++] = cell;
      } else {
        seen += mix3(cell, r->high[cell], splitter); /* a sum: cells are met in no canonical order */
      }
      r->hit[cell] = 0;
    }
    qsort(r->split, (size_t)splits, sizeof *r->split, ascending);
    trace = mix(trace + seen + mix3(splitter, splits, 0));
    for (int32_t k = 0; k < splits; k++) {
      const int32_t cell = r->split[k];
      trace = mix(trace + split_cell(r, p, cell, r->low[cell], r->high[cell], cells));
    }
    for (int32_t k = 0; k < size; k++) {
      const int32_t v = r->splitter[k];
      for (int32_t e = r->graph.start[v]; e < r->graph.start[v + 1]; e++) r->count[r->graph.to[e]] = 0;
    }
  }
  return trace;
}

weyl_status weyl_graph_refine(weyl_context *ctx, int64_t n, const uint8_t *a, const int64_t *labels, int64_t *colours) {
  weyl_arena *arena = NULL;
  graph_refiner r;
  graph_partition p;
  int32_t cells = 0;
  weyl_status status = weyl_arena_new(ctx, &arena);
  if (status != WEYL_OK) return status;
  WEYL_GOTO(graph_refiner_new(ctx, arena, n, a, &r));
  WEYL_GOTO(graph_partition_new(arena, r.graph.n, &p));
  WEYL_GOTO(graph_partition_start(arena, &r, a, labels, &p, &cells));
  graph_refine(&r, &p, &cells);
  int64_t colour = -1;
  for (int32_t k = 0; k < r.graph.n; k++) {
    colour += p.cell[p.vertex[k]] == k;
    colours[p.vertex[k]] = colour;
  }
done:
  weyl_arena_free(arena);
  return status;
}
