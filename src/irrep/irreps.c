/* Lists of irreps: what is asked of them, and how they are ordered. */
#include "degrees.h"

#include <stdlib.h>
#include <string.h>

static int64_t block_dim(weyl_irrep block) { return block.mul * (2 * block.l + 1); }

weyl_status weyl_irreps_check(weyl_context *ctx, weyl_irreps irreps) {
  if (irreps.n < 0 || (irreps.n > 0 && !irreps.item))
    return weyl_fail(ctx, WEYL_BAD_ARG, "a list of %d irreps%s", (int)irreps.n, irreps.item ? "" : " without blocks");
  int64_t dim = 0;
  for (int32_t i = 0; i < irreps.n; i++) {
    const weyl_irrep b = irreps.item[i];
    if (!is_degree(b.l))
      return weyl_fail(ctx, WEYL_BAD_ARG, "block %d of irreps has degree %d, must be 0 to %d", (int)i, (int)b.l,
                       WEYL_L_MAX);
    if (b.parity != 1 && b.parity != -1)
      return weyl_fail(ctx, WEYL_BAD_ARG, "block %d of irreps has parity %d, must be 1 or -1", (int)i, (int)b.parity);
    if (b.mul < 0 || b.mul > WEYL_IRREPS_MUL_MAX)
      return weyl_fail(ctx, WEYL_BAD_ARG, "block %d of irreps has %lld copies, must be 0 to %d", (int)i,
                       (long long)b.mul, WEYL_IRREPS_MUL_MAX);
    dim += block_dim(b);
    if (dim > WEYL_IRREPS_DIM_MAX)
      return weyl_fail(ctx, WEYL_BAD_ARG, "the dimension of irreps exceeds %lld in block %d",
                       (long long)WEYL_IRREPS_DIM_MAX, (int)i);
  }
  return WEYL_OK;
}

int64_t weyl_irreps_at(weyl_irreps irreps, int32_t block) {
  int64_t at = 0;
  for (int32_t i = 0; i < irreps.n && i < block; i++) at += block_dim(irreps.item[i]);
  return at;
}

int64_t weyl_irreps_dim(weyl_irreps irreps) { return weyl_irreps_at(irreps, irreps.n); }

int64_t weyl_irreps_count(weyl_irreps irreps, int l, int parity) {
  int64_t count = 0;
  for (int32_t i = 0; i < irreps.n; i++) {
    if (irreps.item[i].l == l && irreps.item[i].parity == parity) count += irreps.item[i].mul;
  }
  return count;
}

int weyl_irreps_l_max(weyl_irreps irreps) {
  int most = -1;
  for (int32_t i = 0; i < irreps.n; i++) {
    if (irreps.item[i].mul > 0 && irreps.item[i].l > most) most = irreps.item[i].l;
  }
  return most;
}

static bool same(weyl_irrep a, weyl_irrep b) { return a.l == b.l && a.parity == b.parity; }

bool weyl_irreps_equal(weyl_irreps a, weyl_irreps b) {
  if (a.n != b.n) return false;
  for (int32_t i = 0; i < a.n; i++) {
    if (!same(a.item[i], b.item[i]) || a.item[i].mul != b.item[i].mul) return false;
  }
  return true;
}

weyl_status weyl_irreps_spherical(weyl_context *ctx, weyl_arena *arena, int l_max, weyl_irreps *out) {
  WEYL_TRY(check_degree(ctx, "l_max", l_max));
  weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, l_max + 1);
  if (!item) return WEYL_MEMORY;
  for (int l = 0; l <= l_max; l++) item[l] = (weyl_irrep){1, l, l % 2 ? -1 : 1};
  *out = (weyl_irreps){l_max + 1, item};
  return WEYL_OK;
}

typedef struct place {
  weyl_irrep block;
  int32_t from;
  int64_t at;
} place;

static int by_degree(const void *a, const void *b) {
  const place *x = a, *y = b;
  if (x->block.l != y->block.l) return x->block.l < y->block.l ? -1 : 1;
  if (x->block.parity != y->block.parity) return x->block.parity < y->block.parity ? -1 : 1;
  return x->from < y->from ? -1 : 1;
}

weyl_status weyl_irreps_sort(weyl_context *ctx, weyl_arena *arena, weyl_irreps irreps, weyl_irreps *out, int32_t *from,
                             int64_t *numbers) {
  WEYL_TRY(weyl_irreps_check(ctx, irreps));
  weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, irreps.n);
  const weyl_mark mark = weyl_arena_mark(arena);
  place *places = weyl_arena_array(arena, place, irreps.n);
  if (!item || !places) return WEYL_MEMORY;
  int64_t at = 0;
  for (int32_t i = 0; i < irreps.n; i++) {
    places[i] = (place){irreps.item[i], i, at};
    at += block_dim(irreps.item[i]);
  }
  if (irreps.n > 1) qsort(places, (size_t)irreps.n, sizeof *places, by_degree);
  int64_t k = 0;
  for (int32_t i = 0; i < irreps.n; i++) {
    item[i] = places[i].block;
    if (from) from[i] = places[i].from;
    if (!numbers) continue;
    const int64_t dim = block_dim(places[i].block);
    for (int64_t e = 0; e < dim; e++) numbers[k++] = places[i].at + e;
  }
  weyl_arena_release(arena, mark);
  *out = (weyl_irreps){irreps.n, item};
  return WEYL_OK;
}

weyl_status weyl_irreps_simplify(weyl_context *ctx, weyl_arena *arena, weyl_irreps irreps, weyl_irreps *out) {
  WEYL_TRY(weyl_irreps_check(ctx, irreps));
  weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, irreps.n);
  if (!item) return WEYL_MEMORY;
  int32_t n = 0;
  for (int32_t i = 0; i < irreps.n; i++) {
    const weyl_irrep b = irreps.item[i];
    if (b.mul == 0) continue;
    if (n > 0 && same(item[n - 1], b) && item[n - 1].mul <= WEYL_IRREPS_MUL_MAX - b.mul)
      item[n - 1].mul += b.mul;
    else
      item[n++] = b;
  }
  *out = (weyl_irreps){n, item};
  return WEYL_OK;
}
