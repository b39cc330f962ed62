/* Making a plan of a tensor product: checks, sizes, the choice of method. */
#include "product_plan.h"

#include "degrees.h"
#include "product_choice.h"

#include <math.h>
#include <string.h>

/* ---- checks ---- */

static weyl_status check_opts(weyl_context *ctx, const weyl_product_opts *o, weyl_dtype dtype) {
  if (dtype != WEYL_F32 && dtype != WEYL_F64)
    return weyl_fail(ctx, WEYL_DTYPE, "a product of %s numbers, must be f32 or f64", weyl_dtype_name(dtype));
  const struct {
    const char *what;
    int value, most;
  } choices[] = {{"wiring", (int)o->wiring, WEYL_WIRE_UVU},
                 {"weights", (int)o->weights, WEYL_WEIGHTS_NONE},
                 {"layout", (int)o->layout, WEYL_LAYOUT_CHANNELS},
                 {"gauge", (int)o->gauge, WEYL_GAUGE_E3NN},
                 {"method", (int)o->method, WEYL_PRODUCT_TABLE}};
  for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
    if (choices[i].value < 0 || choices[i].value > choices[i].most)
      return weyl_fail(ctx, WEYL_BAD_ARG, "%s is %d, must be 0 to %d", choices[i].what, choices[i].value,
                       choices[i].most);
  return WEYL_OK;
}

static weyl_status check_path(weyl_context *ctx, const weyl_product *p, const weyl_path *q, int64_t n) {
  const int32_t block[] = {q->in1, q->in2, q->out}, degree[] = {q->l1, q->l2, q->l3};
  for (int i = 0; i < 3; i++) {
    if (block[i] < 0 || block[i] >= p->irreps[i].n)
      return weyl_fail(ctx, WEYL_BAD_ARG, "path %lld: block %d of a list of %d", (long long)n, (int)block[i],
                       (int)p->irreps[i].n);
    if (degree[i] != p->irreps[i].item[block[i]].l)
      return weyl_fail(ctx, WEYL_BAD_ARG, "path %lld: degree %d for a block of degree %d", (long long)n, (int)degree[i],
                       (int)p->irreps[i].item[block[i]].l);
  }
  if (!is_triangle(q->l1, q->l2, q->l3))
    return weyl_fail(ctx, WEYL_BAD_ARG, "path %lld: degrees %d and %d do not make %d", (long long)n, (int)q->l1,
                     (int)q->l2, (int)q->l3);
  const int64_t a = p->irreps[0].item[q->in1].mul, b = p->irreps[1].item[q->in2].mul, c = p->irreps[2].item[q->out].mul;
  if (a != c || (p->opts.wiring == WEYL_WIRE_UUU && b != a))
    return weyl_fail(ctx, WEYL_SHAPE, "path %lld: %lld, %lld and %lld copies, must be equal%s", (long long)n,
                     (long long)a, (long long)b, (long long)c, p->opts.wiring == WEYL_WIRE_UUU ? "" : " but for y");
  return WEYL_OK;
}

/* A channel with all rows side by side needs equally many copies of all blocks. */
static weyl_status check_layout(weyl_context *ctx, weyl_layout layout, weyl_irreps list, int64_t channels) {
  if (layout != WEYL_LAYOUT_CHANNELS) return WEYL_OK;
  for (int32_t i = 0; i < list.n; i++)
    if (list.item[i].mul != channels)
      return weyl_fail(ctx, WEYL_SHAPE, "block %d has %lld copies: this layout needs %lld in all", (int)i,
                       (long long)list.item[i].mul, (long long)channels);
  return WEYL_OK;
}

/* ---- sizes ---- */

static int32_t rows_of(weyl_irreps list) {
  int32_t rows = 0;
  for (int32_t i = 0; i < list.n; i++) rows += 2 * list.item[i].l + 1;
  return rows;
}

static int64_t most_copies(weyl_irreps list) {
  int64_t most = 0;
  for (int32_t i = 0; i < list.n; i++)
    if (list.item[i].mul > most) most = list.item[i].mul;
  return most;
}

static void set_channels(weyl_product *p) {
  int64_t most = most_copies(p->irreps[0]);
  if (most_copies(p->irreps[2]) > most) most = most_copies(p->irreps[2]);
  const int64_t of_y = most_copies(p->irreps[1]);
  const bool uuu = p->opts.wiring == WEYL_WIRE_UUU;
  if (uuu && of_y > most) most = of_y;
  p->channels = (size_t)most;
  p->copies = uuu ? 1 : (size_t)of_y;
  p->blocks = (p->channels + p->V - 1) / p->V;
  const size_t lanes = p->kernels->vector / p->size, rest = p->channels - (p->blocks ? (p->blocks - 1) * p->V : 0);
  p->last = p->opts.layout == WEYL_LAYOUT_BLOCKED ? p->V : (rest + lanes - 1) / lanes * lanes; /* padding out is 0 */
  /* enough vectors for one piece of code before the next: 32 of a sample of the size that counts */
  const size_t vectors = p->blocks * p->V / lanes;
  size_t chunk = vectors ? 32 / vectors : 1;
  if (chunk < 1) chunk = 1;
  if (chunk > 16) chunk = 16;
  for (int way = 0; way < PRODUCT_WAYS; way++) p->chunk[way] = chunk;
}

/* e3nn: normalisations "component" and "element". */
static double usual_factor(const weyl_product *p, weyl_paths paths, const weyl_path *q) {
  double n = 0;
  for (int64_t i = 0; i < paths.n; i++)
    if (paths.item[i].out == q->out)
      n += p->opts.wiring == WEYL_WIRE_UVU ? (double)p->irreps[1].item[paths.item[i].in2].mul : 1;
  return sqrt((2.0 * q->l3 + 1) / n);
}

static weyl_status set_paths(weyl_product *p, weyl_paths paths) {
  p->path = weyl_arena_array(p->arena, plan_path, paths.n);
  if (!p->path) return WEYL_MEMORY;
  p->paths = (int32_t)paths.n;
  for (int64_t i = 0; i < paths.n; i++) {
    const weyl_path *q = &paths.item[i];
    plan_path *to = &p->path[i];
    to->mul1 = (int32_t)p->irreps[0].item[q->in1].mul;
    to->mul2 = p->opts.wiring == WEYL_WIRE_UVU ? (int32_t)p->irreps[1].item[q->in2].mul : 1;
    to->at = p->weights;
    p->weights += (int64_t)to->mul1 * to->mul2;
    to->factor = p->opts.factor ? p->opts.factor[i] : usual_factor(p, paths, q);
    if (p->opts.gauge == WEYL_GAUGE_E3NN) to->factor *= weyl_wigner_3j_sign(q->l1, q->l2, q->l3);
  }
  if (p->opts.weights == WEYL_WEIGHTS_NONE) p->weights = 0;
  p->opts.factor = NULL; /* it was the caller's */
  return WEYL_OK;
}

static weyl_status copy_list(weyl_product *p, int i, weyl_irreps from) {
  weyl_irrep *item = weyl_arena_array(p->arena, weyl_irrep, from.n);
  if (!item) return WEYL_MEMORY;
  if (from.n > 0) memcpy(item, from.item, (size_t)from.n * sizeof *item);
  p->irreps[i] = (weyl_irreps){from.n, item};
  p->rows[i] = rows_of(from);
  return WEYL_OK;
}

static int largest_degree(int l, const weyl_path *q) {
  if (q->l1 > l) l = q->l1;
  if (q->l2 > l) l = q->l2;
  return q->l3 > l ? q->l3 : l;
}

/* Written code, if there is any, before the loop over tables. */
static bool wants_written(const weyl_product *p, weyl_paths paths) {
  if (p->opts.method != WEYL_PRODUCT_AUTO) return p->opts.method == WEYL_PRODUCT_WRITTEN;
  product_family family = PRODUCT_EVEN;
  int l = 0;
  for (int64_t i = 0; i < paths.n; i++) {
    const weyl_path *q = &paths.item[i];
    if ((q->l1 + q->l2 + q->l3) % 2 != 0) family = PRODUCT_FULL;
    l = largest_degree(l, q);
  }
  weyl_product_method order[PRODUCT_METHODS];
  product_order(family, p->kernels->isa, p->dtype, l, order);
  for (int i = 0; i < PRODUCT_METHODS; i++)
    if (order[i] != WEYL_PRODUCT_GRID) return order[i] == WEYL_PRODUCT_WRITTEN;
  return true;
}

/* One piece of code for all pairs takes samples in place as they come. Where layouts change, five arrays of each side,
 * backward, had better stay in the nearest cache. */
static void fit_chunk(weyl_product *p, size_t *chunk) {
  const size_t near = (size_t)1 << 15, sample = 10 * blocked_size(p, 0) * p->size;
  const bool in_place = p->opts.layout == WEYL_LAYOUT_BLOCKED && p->opts.wiring == WEYL_WIRE_UUU;
  if (in_place && !each_has_weights(p)) *chunk = (size_t)1 << 20;
  if (p->opts.layout == WEYL_LAYOUT_BLOCKED || sample == 0) return;
  if (*chunk > near / sample) *chunk = near / sample;
  if (*chunk < 1) *chunk = 1;
}

static weyl_status fill(weyl_product *p, weyl_paths paths) {
  weyl_context *ctx = p->ctx;
  for (int64_t i = 0; i < paths.n; i++) WEYL_TRY(check_path(ctx, p, &paths.item[i], i));
  set_channels(p);
  for (int i = 0; i < 3; i++)
    if (i != 1 || p->opts.wiring == WEYL_WIRE_UUU)
      WEYL_TRY(check_layout(ctx, p->opts.layout, p->irreps[i], (int64_t)p->channels));
  WEYL_TRY(set_paths(p, paths));
  if (plan_rows_fit(p)) return plan_rows(p, paths);
  bool found = false;
  if (wants_written(p, paths) && paths.n > 0) WEYL_TRY(plan_written(p, paths, &found));
  p->method = found ? WEYL_PRODUCT_WRITTEN : WEYL_PRODUCT_TABLE;
  for (int way = 0; found && way < PRODUCT_WAYS; way++)
    if (p->units[way] == 1) fit_chunk(p, &p->chunk[way]);
  if (found) return WEYL_OK;
  if (p->opts.method == WEYL_PRODUCT_WRITTEN)
    return weyl_fail(ctx, WEYL_UNSUPPORTED,
                     "no code is written for this product: it needs blocks of degrees 0, 1, ... of "
                     "equal copies, up to a degree set when weyl was built");
  return plan_table(p, paths);
}

weyl_status weyl_product_new(weyl_context *ctx, const weyl_product_opts *opts, weyl_dtype dtype, weyl_irreps in1,
                             weyl_irreps in2, weyl_irreps out, weyl_paths paths, weyl_product **plan) {
  const weyl_product_opts standard = {0}, *o = opts ? opts : &standard;
  WEYL_TRY(check_opts(ctx, o, dtype));
  WEYL_TRY(weyl_irreps_check(ctx, in1));
  WEYL_TRY(weyl_irreps_check(ctx, in2));
  WEYL_TRY(weyl_irreps_check(ctx, out));
  if (paths.n < 0 || paths.n > INT32_MAX / 4)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%lld paths, must be 0 to %d", (long long)paths.n, INT32_MAX / 4);
  weyl_product *p = weyl_alloc(ctx, 1, sizeof *p);
  if (!p) return WEYL_MEMORY;
  *p = (weyl_product){.ctx = ctx, .kernels = product_kernels_active(), .dtype = dtype, .opts = *o};
  p->size = weyl_dtype_size(dtype);
  p->V = 64 / p->size;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &p->arena));
  WEYL_GOTO(copy_list(p, 0, in1));
  WEYL_GOTO(copy_list(p, 1, in2));
  WEYL_GOTO(copy_list(p, 2, out));
  WEYL_GOTO(fill(p, paths));
  *plan = p;
  return WEYL_OK;
done:
  weyl_product_free(p);
  return status;
}

void weyl_product_free(weyl_product *plan) {
  if (!plan) return;
  weyl_arena_free(plan->arena);
  weyl_dealloc(plan->ctx, plan);
}

weyl_product_method weyl_product_how(const weyl_product *plan) { return plan->method; }

int64_t weyl_product_weights(const weyl_product *plan) { return plan->weights; }

double weyl_product_ops(const weyl_product *plan, int way) {
  return way >= 0 && way < PRODUCT_WAYS ? plan->ops[way] : 0;
}

int64_t weyl_product_size(const weyl_product *plan, int which) {
  if (which < 0 || which > 2) return 0;
  const bool plain = which == 1 && plan->opts.wiring == WEYL_WIRE_UVU;
  if (plan->opts.layout == WEYL_LAYOUT_BLOCKED && !plain) return (int64_t)blocked_size(plan, which);
  return weyl_irreps_dim(plan->irreps[which]);
}
