/* steerable.c: features that turn by a list of irreps, and their blocks. */
#include "steerable.h"

#include <math.h>
#include <stdarg.h>

weyl_steerable weyl_steerable_fail(weyl_graph *g, weyl_status status, const char *fmt, ...) {
  char text[400];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  return (weyl_steerable){.x = weyl_graph_fail(g, status, "%s", text)};
}

const char *weyl_irrep_name(const weyl_irrep *ir, char buffer[16]) {
  snprintf(buffer, 16, "%d%c", (int)ir->l, ir->parity == 1 ? 'e' : 'o');
  return buffer;
}

int64_t weyl_irreps_copies(weyl_irreps irreps) {
  int64_t n = 0;
  for (int32_t i = 0; i < irreps.n; i++) n += irreps.item[i].mul;
  return n;
}

/* ---- lists ------------------------------------------------------------------------------------------------------- */

weyl_irreps weyl_irreps_kept(weyl_graph *g, weyl_irreps irreps, const char *what) {
  const weyl_irreps none = {0};
  if (weyl_graph_status(g) != WEYL_OK) return none;
  const weyl_status status = weyl_irreps_check(weyl_graph_context(g), irreps);
  if (status != WEYL_OK) {
    (void)weyl_graph_fail(g, status, "%s: a list of irreps out of bounds", what);
    return none;
  }
  weyl_irrep *item = weyl_arena_array(weyl_graph_arena(g), weyl_irrep, irreps.n + 1);
  if (!item) {
    (void)weyl_graph_fail(g, WEYL_MEMORY, "%s: a list of %d irreps", what, (int)irreps.n);
    return none;
  }
  weyl_irreps kept = {.item = item};
  for (int32_t i = 0; i < irreps.n; i++)
    if (irreps.item[i].mul > 0) item[kept.n++] = irreps.item[i];
  if (kept.n == 0) (void)weyl_graph_fail(g, WEYL_BAD_ARG, "%s: the list of irreps is empty", what);
  return kept;
}

weyl_irreps weyl_graph_irreps(weyl_graph *g, const char *fmt, ...) {
  weyl_irreps irreps = {0};
  if (!g || weyl_graph_status(g) != WEYL_OK) return irreps;
  char text[400];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  const weyl_status status = weyl_irreps_parse(weyl_graph_context(g), weyl_graph_arena(g), text, &irreps);
  if (status != WEYL_OK) {
    (void)weyl_graph_fail(g, status, "irreps \"%s\"", text);
    return (weyl_irreps){0};
  }
  return weyl_irreps_kept(g, irreps, "irreps");
}

/* ---- features and their blocks ----------------------------------------------------------------------------------- */

weyl_steerable weyl_steerable_of(weyl_tensor x, weyl_irreps irreps) {
  if (!weyl_tensor_valid(x)) return (weyl_steerable){0};
  weyl_graph *g = x.graph;
  irreps = weyl_irreps_kept(g, irreps, "steerable features");
  if (irreps.n == 0) return (weyl_steerable){0};
  const weyl_shape s = weyl_tensor_shape(x);
  if (s.rank < 1 || s.dim[s.rank - 1].count != WEYL_NUMBER || s.dim[s.rank - 1].n != weyl_irreps_dim(irreps) ||
      weyl_tensor_dtype(x) == WEYL_I32) {
    char shape[160];
    const char *list = weyl_irreps_text(weyl_graph_arena(g), irreps);
    return weyl_steerable_fail(g, WEYL_SHAPE, "steerable features: %s %s, but %.80s has %lld numbers",
                               weyl_dtype_name(weyl_tensor_dtype(x)), weyl_shape_text(&s, shape), list ? list : "",
                               (long long)weyl_irreps_dim(irreps));
  }
  return (weyl_steerable){.x = x, .irreps = irreps};
}

/* [rows.., n] -> [rows.., a, b] */
static weyl_tensor unfold(weyl_tensor x, int64_t a, int64_t b) {
  weyl_shape s = weyl_tensor_shape(x);
  if (s.rank + 1 > WEYL_RANK_MAX)
    return weyl_graph_fail(x.graph, WEYL_SHAPE, "steerable features: %d axes, at most %d are possible", s.rank,
                           WEYL_RANK_MAX - 1);
  s.dim[s.rank - 1] = weyl_num(a);
  s.dim[s.rank++] = weyl_num(b);
  return weyl_reshape(x, s);
}

/* [rows.., a, b] -> [rows.., a b] */
static weyl_tensor fold(weyl_tensor x) {
  weyl_shape s = weyl_tensor_shape(x);
  s.rank--;
  s.dim[s.rank - 1].n *= s.dim[s.rank].n;
  return weyl_reshape(x, s);
}

/* The numbers [rows.., size] of a block, as they stand. */
static weyl_tensor numbers(weyl_tensor x, weyl_irreps irreps, int32_t block) {
  const int64_t at = weyl_irreps_at(irreps, block), size = weyl_irreps_at(irreps, block + 1) - at;
  return irreps.n == 1 ? x : weyl_slice(x, weyl_rank(x) - 1, at, size, 1);
}

/* A block read back from what it was joined into would be the same, but its derivative a sum of padded blocks. */
struct weyl_steerable_parts {
  weyl_tensor x; /* made of them: whoever puts another x in place has no use for these */
  const weyl_tensor *block;
  const double *constant; /* of each block: the number it is everywhere, or NaN; NULL: nothing is known */
};

static const struct weyl_steerable_parts *parts_of(weyl_steerable h) {
  return h.parts && h.parts->x.id == h.x.id ? h.parts : NULL;
}

bool weyl_steerable_constant(weyl_steerable h, int32_t block, double *value) {
  const struct weyl_steerable_parts *parts = parts_of(h);
  if (!parts || !parts->constant || isnan(parts->constant[block])) return false;
  *value = parts->constant[block];
  return true;
}

weyl_tensor weyl_steerable_block(weyl_steerable h, int32_t block) {
  if (!weyl_tensor_valid(h.x)) return WEYL_NULL_TENSOR;
  if (block < 0 || block >= h.irreps.n)
    return weyl_graph_fail(h.x.graph, WEYL_BAD_ARG, "steerable features: block %d, must be 0 to %d", (int)block,
                           (int)h.irreps.n - 1);
  const weyl_irrep *ir = &h.irreps.item[block];
  const struct weyl_steerable_parts *parts = parts_of(h);
  if (parts) return parts->block[block];
  return unfold(numbers(h.x, h.irreps, block), 2 * ir->l + 1, ir->mul);
}

weyl_tensor *weyl_steerable_room(weyl_graph *g, int32_t n) {
  weyl_tensor *room = weyl_arena_array(weyl_graph_arena(g), weyl_tensor, n);
  if (!room) (void)weyl_graph_fail(g, WEYL_MEMORY, "%d blocks of steerable features", (int)n);
  return room;
}

weyl_tensor weyl_steerable_kind(weyl_steerable h, const weyl_irrep *kind) {
  weyl_tensor *part = weyl_steerable_room(h.x.graph, h.irreps.n);
  int n = 0;
  for (int32_t i = 0; part && i < h.irreps.n; i++)
    if (weyl_irrep_same(&h.irreps.item[i], kind)) part[n++] = weyl_steerable_block(h, i);
  if (n == 0) return WEYL_NULL_TENSOR;
  return n == 1 ? part[0] : weyl_concat(part, n, weyl_rank(part[0]) - 1);
}

/* constant: as above. */
static weyl_steerable assembled(weyl_graph *g, const weyl_tensor *blocks, weyl_irreps irreps, const double *constant) {
  weyl_tensor *flat = weyl_steerable_room(g, irreps.n), *kept = weyl_steerable_room(g, irreps.n);
  struct weyl_steerable_parts *parts = weyl_arena_array(weyl_graph_arena(g), struct weyl_steerable_parts, 1);
  if (!flat || !kept || !parts || !blocks) return (weyl_steerable){0};
  for (int32_t i = 0; i < irreps.n; i++) {
    if (!weyl_tensor_valid(blocks[i])) return (weyl_steerable){0};
    kept[i] = blocks[i];
    flat[i] = fold(blocks[i]);
  }
  const weyl_tensor x = irreps.n == 1 ? flat[0] : weyl_concat(flat, irreps.n, weyl_rank(flat[0]) - 1);
  *parts = (struct weyl_steerable_parts){.x = x, .block = kept, .constant = constant};
  return (weyl_steerable){.x = x, .irreps = irreps, .parts = parts};
}

weyl_steerable weyl_steerable_from_blocks(weyl_graph *g, const weyl_tensor *blocks, weyl_irreps irreps) {
  return assembled(g, blocks, irreps, NULL);
}

weyl_steerable weyl_steerable_known(weyl_steerable h, int32_t block, double value) {
  if (!weyl_tensor_valid(h.x)) return h;
  weyl_graph *g = h.x.graph;
  weyl_tensor *blocks = weyl_steerable_room(g, h.irreps.n);
  double *constant = weyl_arena_array(weyl_graph_arena(g), double, h.irreps.n);
  struct weyl_steerable_parts *parts = weyl_arena_array(weyl_graph_arena(g), struct weyl_steerable_parts, 1);
  if (!blocks || !constant || !parts) return weyl_steerable_fail(g, WEYL_MEMORY, "blocks of a known number");
  for (int32_t i = 0; i < h.irreps.n; i++) {
    blocks[i] = weyl_steerable_block(h, i);
    if (i != block && weyl_steerable_constant(h, i, &constant[i])) continue;
    constant[i] = i == block ? value : NAN;
  }
  blocks[block] = weyl_constant(g, value, weyl_tensor_shape(blocks[block]));
  *parts = (struct weyl_steerable_parts){.x = h.x, .block = blocks, .constant = constant};
  h.parts = parts;
  return h;
}

weyl_steerable weyl_steerable_number(weyl_graph *g, double value, weyl_dim rows) {
  const weyl_tensor x = weyl_constant(g, value, WEYL_SHAPE(rows, weyl_num(1)));
  return weyl_steerable_known(weyl_steerable_of(x, weyl_graph_irreps(g, "1x0e")), 0, value);
}

weyl_steerable weyl_steerable_part(weyl_steerable h, int32_t first, int32_t n) {
  if (!weyl_tensor_valid(h.x)) return (weyl_steerable){0};
  if (first < 0 || n < 1 || n > h.irreps.n - first)
    return weyl_steerable_fail(h.x.graph, WEYL_BAD_ARG, "steerable features: %d blocks from %d on, but there are %d",
                               (int)n, (int)first, (int)h.irreps.n);
  weyl_tensor *blocks = weyl_steerable_room(h.x.graph, n);
  for (int32_t i = 0; blocks && i < n; i++) blocks[i] = weyl_steerable_block(h, first + i);
  return weyl_steerable_from_blocks(h.x.graph, blocks, (weyl_irreps){.n = n, .item = h.irreps.item + first});
}

weyl_irreps weyl_irreps_kinds(weyl_graph *g, weyl_irreps irreps) {
  weyl_irrep *item = weyl_arena_array(weyl_graph_arena(g), weyl_irrep, irreps.n + 1);
  weyl_irreps kinds = {.item = item};
  if (!item) (void)weyl_graph_fail(g, WEYL_MEMORY, "a list of %d irreps", (int)irreps.n);
  for (int32_t i = 0; item && i < irreps.n; i++) {
    const weyl_irrep *ir = &irreps.item[i];
    bool known = false;
    for (int32_t k = 0; k < kinds.n; k++) known = known || weyl_irrep_same(ir, &item[k]);
    if (known) continue;
    item[kinds.n++] =
        (weyl_irrep){.mul = weyl_irreps_count(irreps, ir->l, ir->parity), .l = ir->l, .parity = ir->parity};
  }
  return kinds;
}

weyl_steerable weyl_steerable_from_kinds(weyl_graph *g, const weyl_tensor *by_kind, weyl_irreps kinds,
                                         weyl_irreps irreps) {
  weyl_tensor *blocks = weyl_steerable_room(g, irreps.n);
  if (!blocks) return (weyl_steerable){0};
  for (int32_t k = 0; k < kinds.n; k++) {
    int64_t at = 0;
    for (int32_t i = 0; i < irreps.n; i++) {
      const weyl_irrep *ir = &irreps.item[i];
      if (!weyl_irrep_same(ir, &kinds.item[k])) continue;
      blocks[i] =
          ir->mul == kinds.item[k].mul ? by_kind[k] : weyl_slice(by_kind[k], weyl_rank(by_kind[k]) - 1, at, ir->mul, 1);
      at += ir->mul;
    }
  }
  return weyl_steerable_from_blocks(g, blocks, irreps);
}

/* f of every block: blocks stay apart, so that what reads one block alone sees f of it alone. */
static weyl_steerable by_block(weyl_steerable h, weyl_tensor index, const weyl_dim *rows) {
  weyl_tensor *blocks = weyl_tensor_valid(h.x) ? weyl_steerable_room(h.x.graph, h.irreps.n) : NULL;
  if (!blocks) return (weyl_steerable){0};
  for (int32_t i = 0; i < h.irreps.n; i++) {
    const weyl_tensor b = weyl_steerable_block(h, i);
    blocks[i] = rows ? weyl_segment_sum(b, index, *rows) : weyl_gather(b, index);
  }
  return weyl_steerable_from_blocks(h.x.graph, blocks, h.irreps);
}

weyl_steerable weyl_steerable_gather(weyl_steerable h, weyl_tensor index) { return by_block(h, index, NULL); }
weyl_steerable weyl_steerable_segment_sum(weyl_steerable h, weyl_tensor segment, weyl_dim rows) {
  return by_block(h, segment, &rows);
}

weyl_steerable weyl_steerable_join(const weyl_steerable *parts, int n) {
  int32_t blocks = 0;
  weyl_graph *g = NULL;
  for (int k = 0; k < n; k++)
    if (weyl_tensor_valid(parts[k].x)) {
      g = parts[k].x.graph;
      blocks += parts[k].irreps.n;
    }
  if (!g) return (weyl_steerable){0};
  weyl_irrep *item = weyl_arena_array(weyl_graph_arena(g), weyl_irrep, blocks);
  weyl_tensor *block = weyl_steerable_room(g, blocks);
  double *constant = weyl_arena_array(weyl_graph_arena(g), double, blocks);
  if (!item || !block || !constant) return weyl_steerable_fail(g, WEYL_MEMORY, "a list of %d irreps", (int)blocks);
  blocks = 0;
  for (int k = 0; k < n; k++)
    for (int32_t i = 0; weyl_tensor_valid(parts[k].x) && i < parts[k].irreps.n; i++) {
      item[blocks] = parts[k].irreps.item[i];
      if (!weyl_steerable_constant(parts[k], i, &constant[blocks])) constant[blocks] = NAN;
      block[blocks++] = weyl_steerable_block(parts[k], i);
    }
  return assembled(g, block, (weyl_irreps){.n = blocks, .item = item}, constant);
}

weyl_steerable weyl_steerable_add(weyl_steerable a, weyl_steerable b) {
  if (!weyl_tensor_valid(a.x) || !weyl_tensor_valid(b.x)) return (weyl_steerable){0};
  if (!weyl_irreps_equal(a.irreps, b.irreps)) {
    const char *ta = weyl_irreps_text(weyl_graph_arena(a.x.graph), a.irreps),
               *tb = weyl_irreps_text(weyl_graph_arena(a.x.graph), b.irreps);
    return weyl_steerable_fail(a.x.graph, WEYL_SHAPE, "%.120s cannot be added to %.120s", tb ? tb : "", ta ? ta : "");
  }
  weyl_tensor *blocks = weyl_steerable_room(a.x.graph, a.irreps.n);
  if (!blocks) return (weyl_steerable){0};
  for (int32_t i = 0; i < a.irreps.n; i++) blocks[i] = weyl_add(weyl_steerable_block(a, i), weyl_steerable_block(b, i));
  return weyl_steerable_from_blocks(a.x.graph, blocks, a.irreps);
}

/* ---- e3nn's layout ----------------------------------------------------------------------------------------------- */

weyl_steerable weyl_steerable_from_e3nn(weyl_tensor x, weyl_irreps irreps) {
  weyl_steerable h = weyl_steerable_of(x, irreps);
  if (weyl_tensor_valid(h.x)) h.x = weyl_rows_from_irreps(h.x, h.irreps);
  return h;
}

weyl_tensor weyl_steerable_to_e3nn(weyl_steerable h) { return weyl_irreps_from_rows(h.x, h.irreps); }

/* ---- numbers of each copy ---------------------------------------------------------------------------------------- */

weyl_tensor weyl_steerable_copies(weyl_irreps irreps, int32_t block, weyl_tensor per_copy) {
  int64_t at = 0;
  for (int32_t i = 0; i < block; i++) at += irreps.item[i].mul;
  const int last = weyl_rank(per_copy) - 1;
  return weyl_unsqueeze(weyl_slice(per_copy, last, at, irreps.item[block].mul, 1), last);
}

weyl_steerable weyl_steerable_times(weyl_steerable h, weyl_tensor per_copy) {
  if (!weyl_tensor_valid(h.x) || !weyl_tensor_valid(per_copy)) return (weyl_steerable){0};
  weyl_tensor *blocks = weyl_steerable_room(h.x.graph, h.irreps.n);
  if (!blocks) return (weyl_steerable){0};
  for (int32_t i = 0; i < h.irreps.n; i++)
    blocks[i] = weyl_mul(weyl_steerable_block(h, i), weyl_steerable_copies(h.irreps, i, per_copy));
  return weyl_steerable_from_blocks(h.x.graph, blocks, h.irreps);
}

weyl_tensor weyl_steerable_squares(weyl_steerable h, bool mean) {
  if (!weyl_tensor_valid(h.x)) return WEYL_NULL_TENSOR;
  weyl_tensor *blocks = weyl_steerable_room(h.x.graph, h.irreps.n);
  if (!blocks) return WEYL_NULL_TENSOR;
  for (int32_t i = 0; i < h.irreps.n; i++) {
    const weyl_tensor b = weyl_square(weyl_steerable_block(h, i));
    const int orders = weyl_rank(b) - 2;
    blocks[i] = h.irreps.item[i].l == 0 ? weyl_squeeze(b, orders) : mean ? weyl_mean(b, orders) : weyl_sum(b, orders);
  }
  return h.irreps.n == 1 ? blocks[0] : weyl_concat(blocks, h.irreps.n, weyl_rank(blocks[0]) - 1);
}

/* ---- parameters of linear layers --------------------------------------------------------------------------------- */

weyl_tensor weyl_steerable_weight(weyl_graph *g, weyl_shape shape, int64_t fan_in,
                                  const weyl_steerable_linear_opts *o) {
  const double bound = (o->uniform && o->gain != 0 ? o->gain : 1) / sqrt((double)fan_in);
  if (o->uniform) return weyl_param(g, "weight", shape, weyl_init_uniform(-bound, bound));
  return weyl_scale(weyl_param(g, "weight", shape, weyl_init_normal(0, 1)), bound);
}

weyl_tensor weyl_steerable_bias(weyl_graph *g, const weyl_irrep *kind, int64_t fan_in,
                                const weyl_steerable_linear_opts *o) {
  if (o->no_bias || !weyl_irrep_invariant(kind)) return WEYL_NULL_TENSOR;
  const double bound = o->uniform && fan_in > 0 ? (o->gain != 0 ? o->gain : 1) / sqrt((double)fan_in) : 0;
  const weyl_init init = bound > 0 ? weyl_init_uniform(-bound, bound) : weyl_init_constant(0);
  return weyl_param(g, "bias", WEYL_SHAPE(weyl_num(kind->mul)), init);
}

weyl_tensor weyl_steerable_biased(weyl_tensor y, const weyl_irrep *kind, int64_t fan_in,
                                  const weyl_steerable_linear_opts *o) {
  const weyl_tensor bias = weyl_tensor_valid(y) ? weyl_steerable_bias(y.graph, kind, fan_in, o) : WEYL_NULL_TENSOR;
  return weyl_tensor_valid(bias) ? weyl_add(y, bias) : y;
}

weyl_tensor weyl_steerable_zeros(weyl_tensor x, const weyl_irrep *kind) {
  weyl_shape s = weyl_tensor_shape(x);
  s.dim[s.rank - 1] = weyl_num(2 * kind->l + 1);
  s.dim[s.rank++] = weyl_num(kind->mul);
  return weyl_constant(x.graph, 0, s);
}
