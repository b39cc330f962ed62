/* Equal expressions are one: nodes are found by a hash of what they are. */
#include "optimise.h"

#include <string.h>

/* A copy has memory of its own by intention. */
static bool shared(const weyl_op *op) { return op != &weyl_op_copy; }

/* eigh and svd are asked with or without counting degenerate spectra: one node counts if any of its readers asked. */
static bool flag_adds(const weyl_op *op) { return op == &weyl_op_eigh || op == &weyl_op_svd; }

static uint64_t mix(uint64_t h, uint64_t x) {
  h ^= x + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
  return h * 0xff51afd7ed558ccdu;
}

static uint64_t hash(const weyl_op *op, const weyl_attr *a, int n_in) {
  uint64_t h = mix((uint64_t)(uintptr_t)op, (uint64_t)n_in);
  h = mix(mix(h, (uint64_t)a->axis), (uint64_t)a->n);
  for (int i = 0; i < 24; i++) h = mix(h, (uint64_t)a->i[i]);
  for (int i = 0; i < a->shape.rank; i++)
    h = mix(h, (uint64_t)a->shape.dim[i].n * 64 + (uint64_t)a->shape.dim[i].count);
  return h ^ h >> 29;
}

static size_t constant_bytes(const weyl_attr *a) {
  return (size_t)weyl_shape_size(&a->shape, NULL, NULL) * weyl_dtype_size((weyl_dtype)a->flag);
}

static bool same_attributes(const weyl_op *op, const weyl_attr *a, const weyl_attr *b) {
  if (a->axis != b->axis || a->n != b->n || (a->flag != b->flag && !flag_adds(op)) || a->key != b->key ||
      memcmp(a->i, b->i, sizeof a->i) != 0 || memcmp(a->f, b->f, sizeof a->f) != 0 ||
      !weyl_shape_equal(&a->shape, &b->shape))
    return false;
  return a->data == b->data || (op == &weyl_op_constant && memcmp(a->data, b->data, constant_bytes(a)) == 0);
}

static bool same(const weyl_node *node, const weyl_call *call) {
  if (node->op != call->op || node->n_in != call->n_in || !node->name != !call->name ||
      (node->name && strcmp(node->name, call->name) != 0))
    return false;
  for (int i = 0; i < call->n_in; i++)
    if (node->in[i] != call->in[i].id) return false;
  return same_attributes(call->op, &node->attr, call->attr);
}

weyl_tensor weyl_rewrite_equal(weyl_graph *g, const weyl_call *call) {
  const weyl_rewriter *r = g->rewriter;
  if (!shared(call->op)) return WEYL_NULL_TENSOR;
  uint64_t h = hash(call->op, call->attr, call->n_in);
  for (int i = 0; i < call->n_in; i++) h = mix(h, call->in[i].id);
  for (uint32_t n = r->bucket[h & (r->buckets - 1)]; n != UINT32_MAX; n = r->next[n])
    if (same(g->nodes[n], call)) {
      if (flag_adds(call->op)) g->nodes[n]->attr.flag |= call->attr->flag;
      return weyl_tensor_of(g, g->nodes[n]->first);
    }
  return WEYL_NULL_TENSOR;
}

void weyl_rewrite_made(weyl_graph *g, const weyl_node *node) {
  weyl_rewriter *r = g->rewriter;
  if (node->id >= r->cap_next) {
    uint32_t *more = weyl_realloc(g->ctx, r->next, g->cap_nodes, sizeof *more);
    if (!more) {
      g->status = WEYL_MEMORY;
      return;
    }
    r->next = more;
    r->cap_next = g->cap_nodes;
  }
  uint64_t h = hash(node->op, &node->attr, node->n_in);
  for (int i = 0; i < node->n_in; i++) h = mix(h, node->in[i]);
  uint32_t *head = &r->bucket[h & (r->buckets - 1)];
  r->next[node->id] = *head;
  *head = node->id;
}
