/* Random numbers by name: a pure function of (seed, step, name, row's key, place in the row), so neither shards nor
 * threads matter. attr.flag 0 uniform [0, 1), 1 normal; attr.key the name's hash; input 0, if any, the rows' keys. */
#include "../graph.h"

#include <math.h>

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  char a[160], b[160];
  out->shape = node->attr.shape;
  if (node->n_in == 0) {
    if (weyl_shape_sharded(&out->shape))
      return weyl_node_fail(g, node, WEYL_SHAPE, "shape %s has a count: rows need keys",
                            weyl_shape_text(&out->shape, a));
    return WEYL_OK;
  }
  const weyl_value *key = weyl_value_of(g, node->in[0]);
  if (key->dtype != WEYL_I32 || key->shape.rank != 1 || out->shape.rank < 1 ||
      !weyl_dim_equal(key->shape.dim[0], out->shape.dim[0]))
    return weyl_node_fail(g, node, WEYL_SHAPE, "keys %s %s do not name the rows of %s", weyl_dtype_name(key->dtype),
                          weyl_shape_text(&key->shape, a), weyl_shape_text(&out->shape, b));
  return WEYL_OK;
}

static double unit(uint32_t high, uint32_t low) { return (double)((((uint64_t)high << 32) | low) >> 11) * 0x1p-53; }

/* numbers 2 p and 2 p + 1 of one row */
static void pair(const weyl_eval *e, uint32_t row, uint64_t p, double out[2]) {
  uint32_t r[4];
  weyl_philox(e->now->seed ^ e->node->attr.key, (e->now->step << 32) ^ (e->now->step >> 32) ^ row, p, r);
  out[0] = unit(r[0], r[1]);
  out[1] = unit(r[2], r[3]);
  if (e->node->attr.flag) { /* Box and Muller; 1 - u is in (0, 1] */
    const double radius = sqrt(-2 * log(1 - out[0])), angle = 2 * 3.14159265358979323846 * out[1];
    out[0] = radius * cos(angle);
    out[1] = radius * sin(angle);
  }
}

static weyl_status eval(const weyl_eval *e) {
  const weyl_view *y = &e->out[0];
  const int64_t rows = y->rank ? y->dim[0] : 1, width = y->rank ? weyl_view_inner(y, 1) : 1;
  const int32_t *key = e->node->n_in ? e->in[0].data : NULL;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < width; j += 2) {
      double two[2];
      pair(e, key ? (uint32_t)key[i] : (uint32_t)i, (uint64_t)j / 2, two);
      for (int64_t k = 0; k < 2 && j + k < width; k++) {
        if (y->dtype == WEYL_F64)
          ((double *)y->data)[i * width + j + k] = two[k];
        else /* 24 bits, rounded down: a uniform number must not become 1 */
          ((float *)y->data)[i * width + j + k] =
              e->node->attr.flag ? (float)two[k] : (float)(floor(two[k] * 0x1p24) * 0x1p-24);
      }
    }
  return WEYL_OK;
}

const weyl_op weyl_op_random = {.name = "random", .shape = shape, .eval = eval};

static weyl_tensor draw(weyl_graph *g, const char *name, weyl_shape s, weyl_tensor key, int flag) {
  if (!g || g->status != WEYL_OK) return WEYL_NULL_TENSOR;
  char full[640];
  snprintf(full, sizeof full, "%s%s", g->scope_text, name);
  return weyl_node_new(g, &weyl_op_random, &key, key.graph ? 1 : 0,
                       &(weyl_attr){.shape = s, .flag = flag, .key = weyl_hash_name(full)}, name);
}

weyl_tensor weyl_random_uniform(weyl_graph *g, const char *name, weyl_shape s, weyl_tensor key) {
  return draw(g, name, s, key, 0);
}
weyl_tensor weyl_random_normal(weyl_graph *g, const char *name, weyl_shape s, weyl_tensor key) {
  return draw(g, name, s, key, 1);
}
