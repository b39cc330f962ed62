/* steerable_couple.c: sums over couplings of features with attributes.  Where a degree is 0 a coupling is plain
 * arithmetic, which the engine makes one pass with whatever stands around it; the others are one product of irreps. */
#include "steerable.h"

#include <math.h>

double weyl_coupling_simple(int l1, int l2, int l3, weyl_gauge gauge) {
  if (l1 != 0 && l2 != 0 && l3 != 0) return 0;
  const int l = l1 > l2 ? l1 : l2;
  return (gauge == WEYL_GAUGE_WEYL && l % 2 ? -1 : 1) / sqrt(2.0 * l + 1);
}

static weyl_tensor scaled(weyl_tensor x, const weyl_couple_path *p, double factor) {
  if (weyl_tensor_valid(p->scale)) x = weyl_mul(x, factor == 1 ? p->scale : weyl_scale(p->scale, factor));
  return factor == 1 || weyl_tensor_valid(p->scale) ? x : weyl_scale(x, factor);
}

/* [rows.., 2 l3 + 1, mul] by arithmetic. */
static weyl_tensor simple(weyl_steerable y, const weyl_couple_path *p, int l3) {
  double constant;
  if (p->y < 0) return scaled(p->x, p, p->factor);
  if (p->l1 == l3 && weyl_steerable_constant(y, p->y, &constant)) return scaled(p->x, p, p->factor * constant);
  const weyl_tensor b = weyl_steerable_block(y, p->y);
  if (l3 > 0 || p->l1 == 0) return weyl_mul(scaled(p->x, p, p->factor), b);
  const int orders = weyl_rank(p->x) - 2;
  return scaled(weyl_unsqueeze(weyl_sum(weyl_mul(p->x, b), orders), orders), p, p->factor);
}

static bool is_simple(weyl_steerable y, const weyl_couple_path *p, const weyl_irrep *kind) {
  return p->y < 0 || weyl_coupling_simple(p->l1, y.irreps.item[p->y].l, kind[p->out].l, WEYL_GAUGE_WEYL) != 0;
}

static bool is_cross(weyl_steerable y, const weyl_couple_path *p, const weyl_irrep *kind) {
  return p->y >= 0 && p->l1 == 1 && y.irreps.item[p->y].l == 1 && kind[p->out].l == 1;
}

/* The cross product with a vector, order by order: W of degrees 1, 1, 1 is it over sqrt 6. */
static weyl_tensor cross(weyl_steerable y, const weyl_couple_path *p) {
  const weyl_tensor x = scaled(p->x, p, p->factor / sqrt(6)), b = weyl_steerable_block(y, p->y);
  const int orders = weyl_rank(x) - 2;
  weyl_tensor u[3], v[3], z[3];
  for (int m = 0; m < 3; m++) {
    u[m] = weyl_slice(x, orders, m, 1, 1);
    v[m] = weyl_slice(b, orders, m, 1, 1);
  }
  for (int m = 0; m < 3; m++) {
    const int i = (m + 1) % 3, j = (m + 2) % 3;
    z[m] = weyl_sub(weyl_mul(u[i], v[j]), weyl_mul(u[j], v[i]));
  }
  return weyl_concat(z, 3, orders);
}

/* A product of irreps under construction. */
typedef struct product {
  weyl_irrep *in, *out;
  weyl_tensor *x, *plain; /* plain: before their scales */
  weyl_path *path;
  double *factor;
  int32_t *sum; /* of each kind in `out` */
  int32_t n, n_in, n_out;
} product;

static void add_path(product *c, weyl_steerable y, const weyl_couple_path *p, const weyl_irrep *kind) {
  const weyl_irrep *to = &kind[p->out];
  int32_t in = 0, out = 0;
  const bool alone = weyl_tensor_valid(p->scale); /* a block of its own */
  while (in < c->n_in && (alone || c->plain[in].id != p->x.id || c->in[in].l != p->l1)) in++;
  if (in == c->n_in) {
    /* parities play no part in a path; those of the features themselves are checked by who asks for it */
    c->in[in] =
        (weyl_irrep){.mul = weyl_dim_of(p->x, -1), .l = p->l1, .parity = to->parity * y.irreps.item[p->y].parity};
    c->plain[in] = alone ? WEYL_NULL_TENSOR : p->x;
    c->x[c->n_in++] = scaled(p->x, p, 1);
  }
  while (out < c->n_out && c->sum[out] != p->out) out++;
  if (out == c->n_out) {
    c->sum[out] = p->out;
    c->out[c->n_out++] = (weyl_irrep){.mul = weyl_dim_of(p->x, -1), .l = to->l, .parity = to->parity};
  }
  const int l2 = y.irreps.item[p->y].l;
  c->path[c->n] = (weyl_path){.in1 = in, .in2 = p->y, .out = out, .l1 = p->l1, .l2 = l2, .l3 = to->l};
  c->factor[c->n++] = p->factor;
}

static void add_to(weyl_tensor *sum, weyl_tensor term) { *sum = sum->graph ? weyl_add(*sum, term) : term; }

bool weyl_steerable_couple(weyl_graph *g, weyl_steerable y, const weyl_couple_path *path, int32_t n,
                           const weyl_irrep *kind, int32_t n_out, weyl_tensor *sum) {
  weyl_arena *arena = weyl_graph_arena(g);
  product c = {.in = weyl_arena_array(arena, weyl_irrep, n + 1),
               .out = weyl_arena_array(arena, weyl_irrep, n_out + 1),
               .x = weyl_steerable_room(g, n + 1),
               .plain = weyl_steerable_room(g, n + 1),
               .path = weyl_arena_array(arena, weyl_path, n + 1),
               .factor = weyl_arena_array(arena, double, n + 1),
               .sum = weyl_arena_array(arena, int32_t, n_out + 1)};
  if (!c.in || !c.out || !c.x || !c.plain || !c.path || !c.factor || !c.sum) {
    (void)weyl_graph_fail(g, WEYL_MEMORY, "%d couplings", (int)n);
    return false;
  }
  for (int32_t k = 0; k < n_out; k++) sum[k] = WEYL_NULL_TENSOR;
  for (int32_t i = 0; i < n; i++) {
    if (!weyl_tensor_valid(path[i].x)) return false;
    if (is_simple(y, &path[i], kind))
      add_to(&sum[path[i].out], simple(y, &path[i], kind[path[i].out].l));
    else if (is_cross(y, &path[i], kind))
      add_to(&sum[path[i].out], cross(y, &path[i]));
    else
      add_path(&c, y, &path[i], kind);
  }
  if (c.n == 0) return weyl_graph_status(g) == WEYL_OK;
  const weyl_irreps in = {.n = c.n_in, .item = c.in};
  const weyl_product_opts opts = {.wiring = WEYL_WIRE_UVU, .weights = WEYL_WEIGHTS_NONE, .factor = c.factor};
  weyl_steerable z = {.irreps = {.n = c.n_out, .item = c.out}};
  z.x = weyl_product_of(weyl_steerable_from_blocks(g, c.x, in).x, y.x, WEYL_NULL_TENSOR, &opts, in, y.irreps, z.irreps,
                        (weyl_paths){.n = c.n, .item = c.path});
  for (int32_t k = 0; k < c.n_out; k++) add_to(&sum[c.sum[k]], weyl_steerable_block(z, k));
  return weyl_graph_status(g) == WEYL_OK;
}
