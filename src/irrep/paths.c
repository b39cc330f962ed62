/* What a product of two lists of irreps loops over: paths from block to block, and the couplings of one path. */
#include "degrees.h"

#include <string.h>

weyl_status weyl_couplings_find(weyl_context *ctx, weyl_arena *arena, weyl_coupling_kind kind, int l1, int l2, int l3,
                                weyl_gauge gauge, weyl_couplings *out) {
  WEYL_TRY(check_degree(ctx, "l1", l1));
  WEYL_TRY(check_degree(ctx, "l2", l2));
  WEYL_TRY(check_degree(ctx, "l3", l3));
  const size_t n1 = (size_t)(2 * l1 + 1), n2 = (size_t)(2 * l2 + 1), n3 = (size_t)(2 * l3 + 1);
  double *w = weyl_alloc(ctx, n1 * n2 * n3, sizeof *w);
  if (!w) return WEYL_MEMORY;
  weyl_status status;
  switch (kind) {
    case WEYL_COUPLING_3J: WEYL_GOTO(weyl_wigner_3j(ctx, l1, l2, l3, gauge, w)); break;
    case WEYL_COUPLING_CLEBSCH: WEYL_GOTO(weyl_clebsch(ctx, l1, l2, l3, gauge, w)); break;
    case WEYL_COUPLING_GAUNT: WEYL_GOTO(weyl_gaunt(ctx, l1, l2, l3, w)); break;
    case WEYL_COUPLING_POISSON: WEYL_GOTO(weyl_poisson(ctx, l1, l2, l3, w)); break;
    default: WEYL_GOTO(weyl_fail(ctx, WEYL_BAD_ARG, "kind of coupling is %d, must be 0 to 3", (int)kind));
  }
  size_t count = 0;
  for (size_t i = 0; i < n1 * n2 * n3; i++) count += w[i] != 0;
  weyl_coupling *item = weyl_arena_array(arena, weyl_coupling, count);
  if (!item) {
    status = WEYL_MEMORY;
    goto done;
  }
  size_t n = 0;
  for (size_t k = 0; k < n3; k++) {
    for (size_t i = 0; i < n1; i++) {
      for (size_t j = 0; j < n2; j++) {
        const double value = w[(i * n2 + j) * n3 + k];
        if (value != 0) item[n++] = (weyl_coupling){(int32_t)i, (int32_t)j, (int32_t)k, value};
      }
    }
  }
  *out = (weyl_couplings){(int64_t)n, item};
  status = WEYL_OK;
done:
  weyl_dealloc(ctx, w);
  return status;
}

static bool joins(weyl_irrep a, weyl_irrep b, weyl_irrep c, weyl_path_kind kind) {
  if (a.mul == 0 || b.mul == 0 || c.mul == 0 || a.parity * b.parity != c.parity) return false;
  return is_triangle(a.l, b.l, c.l) && ((int)kind & ((a.l + b.l + c.l) % 2 ? WEYL_PATH_ODD : WEYL_PATH_EVEN)) != 0;
}

/* item NULL: counts only. */
static int64_t list_paths(weyl_irreps in1, weyl_irreps in2, weyl_irreps out, weyl_path_kind kind, weyl_path *item) {
  int64_t n = 0;
  for (int32_t i = 0; i < in1.n; i++) {
    for (int32_t j = 0; j < in2.n; j++) {
      for (int32_t k = 0; k < out.n; k++) {
        if (!joins(in1.item[i], in2.item[j], out.item[k], kind)) continue;
        if (item) item[n] = (weyl_path){i, j, k, in1.item[i].l, in2.item[j].l, out.item[k].l};
        n++;
      }
    }
  }
  return n;
}

weyl_status weyl_paths_find(weyl_context *ctx, weyl_arena *arena, weyl_irreps in1, weyl_irreps in2, weyl_irreps out,
                            weyl_path_kind kind, weyl_paths *paths) {
  WEYL_TRY(weyl_irreps_check(ctx, in1));
  WEYL_TRY(weyl_irreps_check(ctx, in2));
  WEYL_TRY(weyl_irreps_check(ctx, out));
  if ((int)kind < WEYL_PATH_EVEN || (int)kind > WEYL_PATH_ALL)
    return weyl_fail(ctx, WEYL_BAD_ARG, "kind of paths is %d, must be even, odd or both", (int)kind);
  const int64_t n = list_paths(in1, in2, out, kind, NULL);
  weyl_path *item = weyl_arena_array(arena, weyl_path, n);
  if (!item) return WEYL_MEMORY;
  list_paths(in1, in2, out, kind, item);
  *paths = (weyl_paths){n, item};
  return WEYL_OK;
}

/* The degrees of the product of two blocks: from |l1 - l2| to l1 + l2 or l_max. */
static int first_degree(weyl_irrep a, weyl_irrep b) { return a.l > b.l ? a.l - b.l : b.l - a.l; }
static int last_degree(weyl_irrep a, weyl_irrep b, int l_max) {
  return l_max >= 0 && a.l + b.l > l_max ? l_max : a.l + b.l;
}

static weyl_status check_product(weyl_context *ctx, weyl_irreps in1, weyl_irreps in2, int l_max, int64_t *count) {
  *count = 0;
  for (int32_t i = 0; i < in1.n; i++) {
    for (int32_t j = 0; j < in2.n; j++) {
      const weyl_irrep a = in1.item[i], b = in2.item[j];
      const int last = last_degree(a, b, l_max);
      if (a.mul == 0 || b.mul == 0 || last < first_degree(a, b)) continue;
      if (last > WEYL_L_MAX)
        return weyl_fail(ctx, WEYL_BAD_ARG, "degrees %d and %d give degrees to %d, beyond %d: set l_max", (int)a.l,
                         (int)b.l, last, WEYL_L_MAX);
      if (a.mul > WEYL_IRREPS_MUL_MAX / b.mul)
        return weyl_fail(ctx, WEYL_BAD_ARG, "%lld times %lld copies are more than %d", (long long)a.mul,
                         (long long)b.mul, WEYL_IRREPS_MUL_MAX);
      *count += last - first_degree(a, b) + 1;
    }
  }
  if (*count > INT32_MAX / 2)
    return weyl_fail(ctx, WEYL_BAD_ARG, "the product has %lld blocks, too many", (long long)*count);
  return WEYL_OK;
}

weyl_status weyl_irreps_product(weyl_context *ctx, weyl_arena *arena, weyl_irreps in1, weyl_irreps in2, int l_max,
                                weyl_irreps *out, weyl_paths *paths) {
  WEYL_TRY(weyl_irreps_check(ctx, in1));
  WEYL_TRY(weyl_irreps_check(ctx, in2));
  if (l_max < -1 || l_max > WEYL_L_MAX)
    return weyl_fail(ctx, WEYL_BAD_ARG, "l_max is %d, must be -1 (no limit) or 0 to %d", l_max, WEYL_L_MAX);
  int64_t n = 0;
  WEYL_TRY(check_product(ctx, in1, in2, l_max, &n));
  weyl_path *path = weyl_arena_array(arena, weyl_path, n);
  weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, n);
  int32_t *from = weyl_arena_array(arena, int32_t, n), *to = weyl_arena_array(arena, int32_t, n);
  if (!path || !item || !from || !to) return WEYL_MEMORY;
  int32_t k = 0;
  for (int32_t i = 0; i < in1.n; i++) {
    for (int32_t j = 0; j < in2.n; j++) {
      const weyl_irrep a = in1.item[i], b = in2.item[j];
      if (a.mul == 0 || b.mul == 0) continue;
      for (int l = first_degree(a, b); l <= last_degree(a, b, l_max); l++, k++) {
        item[k] = (weyl_irrep){a.mul * b.mul, l, a.parity * b.parity};
        path[k] = (weyl_path){i, j, k, a.l, b.l, l};
      }
    }
  }
  weyl_irreps sorted;
  WEYL_TRY(weyl_irreps_sort(ctx, arena, (weyl_irreps){k, item}, &sorted, from, NULL));
  for (int32_t i = 0; i < k; i++) to[from[i]] = i;
  for (int32_t i = 0; i < k; i++) path[i].out = to[path[i].out];
  *out = sorted;
  if (paths) *paths = (weyl_paths){n, path};
  return WEYL_OK;
}
