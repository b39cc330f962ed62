#include "plans.h"

#include <string.h>

struct weyl_kept {
  const unsigned char *key;
  size_t bytes;
  const weyl_plan_kind *kind;
  void *plan;
  struct weyl_kept *next;
};

typedef struct key { /* bytes NULL: they are counted */
  unsigned char *bytes;
  size_t n;
} key;

static void put(key *k, const void *from, size_t bytes) {
  if (bytes > 0 && k->bytes) memcpy(k->bytes + k->n, from, bytes);
  k->n += bytes;
}

/* Numbers one by one: structures have holes. */
static void write_key(key *k, const weyl_plan_request *r) {
  const int64_t head[2] = {r->factor != NULL, r->paths.n};
  k->n = 0;
  put(k, r->choice, sizeof r->choice);
  put(k, head, sizeof head);
  for (int i = 0; i < 3; i++) {
    put(k, &r->list[i].n, sizeof r->list[i].n);
    for (int32_t b = 0; b < r->list[i].n; b++) {
      const weyl_irrep *block = &r->list[i].item[b];
      const int64_t numbers[3] = {block->mul, block->l, block->parity};
      put(k, numbers, sizeof numbers);
    }
  }
  for (int64_t i = 0; i < r->paths.n; i++) {
    const weyl_path *p = &r->paths.item[i];
    const int32_t numbers[6] = {p->in1, p->in2, p->out, p->l1, p->l2, p->l3};
    put(k, numbers, sizeof numbers);
  }
  if (r->factor && r->paths.n > 0) put(k, r->factor, (size_t)r->paths.n * sizeof *r->factor);
}

static weyl_status find_or_make(weyl_graph *g, const weyl_plan_request *r, void **plan) {
  if (r->paths.n < 0) return weyl_fail(g->ctx, WEYL_BAD_ARG, "%lld paths, must be 0 or more", (long long)r->paths.n);
  const weyl_mark mark = weyl_arena_mark(g->arena);
  weyl_kept *mine = weyl_arena_array(g->arena, weyl_kept, 1);
  key k = {0};
  write_key(&k, r);
  k.bytes = weyl_arena_alloc(g->arena, k.n, 1);
  if (!mine || !k.bytes) return WEYL_MEMORY;
  write_key(&k, r);
  for (const weyl_kept *q = g->kept; q; q = q->next)
    if (q->kind == r->kind && q->bytes == k.n && memcmp(q->key, k.bytes, k.n) == 0) {
      *plan = q->plan;
      weyl_arena_release(g->arena, mark);
      return WEYL_OK;
    }
  WEYL_TRY(r->kind->make(g->ctx, g->real, r, plan));
  *mine = (weyl_kept){k.bytes, k.n, r->kind, *plan, g->kept};
  g->kept = mine;
  return WEYL_OK;
}

const void *weyl_graph_plan(weyl_graph *g, const weyl_plan_request *request) {
  if (g->status != WEYL_OK) return NULL;
  void *plan = NULL;
  g->status = find_or_make(g, request, &plan);
  return g->status == WEYL_OK ? plan : NULL;
}

void weyl_graph_free_plans(weyl_graph *g) {
  for (const weyl_kept *k = g->kept; k; k = k->next) k->kind->free(k->plan);
}
