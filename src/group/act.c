/* How an element moves numbers attached to points. */
#include "family.h"

#include <string.h>

typedef struct action_row {
  const char *name;
  bool turned, moved; /* R v, + t */
  int rows;           /* 0: one row of numbers; 1: n rows; 2: n x n rows */
} action_row;

static const action_row actions[] = {
    [WEYL_ACT_SCALAR] = {"scalar", false, false, 1},
    [WEYL_ACT_POINT] = {"point", true, true, 1},
    [WEYL_ACT_VECTOR] = {"vector", true, false, 1},
    [WEYL_ACT_GLOBAL_SCALAR] = {"global scalar", false, false, 0},
    [WEYL_ACT_GLOBAL_VECTOR] = {"global vector", true, false, 0},
    [WEYL_ACT_GLOBAL_POINT] = {"global point", true, true, 0},
    [WEYL_ACT_PAIR] = {"pair", false, false, 2},
    [WEYL_ACT_COADJOINT] = {"coadjoint", false, false, 0},
};

/* One row of k vectors; in and out may be the same. */
static void move_row(const double *g, int d, const action_row *action, int64_t width, const double *in, double *out) {
  if (!action->turned || d == 0) {
    memmove(out, in, (size_t)width * sizeof *out);
    return;
  }
  for (int64_t at = 0; at + d <= width; at += d) {
    double y[SPACE_MAX];
    for (int i = 0; i < d; i++) {
      y[i] = action->moved ? g[d * d + i] : 0;
      for (int j = 0; j < d; j++) y[i] += g[i * d + j] * in[at + j];
    }
    memcpy(out + at, y, (size_t)d * sizeof *out);
  }
}

weyl_status weyl_group_act(weyl_context *ctx, const weyl_group *group, const double *g, weyl_action action, int64_t n,
                           int64_t width, const double *in, double *out) {
  WEYL_TRY(group_check_points(ctx, group, n));
  if ((int)action < 0 || (size_t)action >= sizeof actions / sizeof *actions) {
    return weyl_fail(ctx, WEYL_BAD_ARG, "action %d is none of the %zu known", (int)action,
                     sizeof actions / sizeof *actions);
  }
  const action_row *row = &actions[action];
  const int d = group->info.space;
  if (width < 0 || (row->turned && d > 0 && width % d != 0)) {
    return weyl_fail(ctx, WEYL_SHAPE, "rows of %lld numbers under the %s action of %s, must be a multiple of %d",
                     (long long)width, row->name, group->name, d > 0 ? d : 1);
  }
  if (action == WEYL_ACT_COADJOINT) {
    if (!group->space || !group->space->coadjoint || width != 2 * group->info.grid)
      return weyl_fail(ctx, WEYL_BAD_ARG, "the coadjoint action of %s on %lld numbers: BMS3 has it, on %d", group->name,
                       (long long)width, 2 * group->info.grid);
    return group->space->coadjoint(ctx, group->space_size, g, in, out);
  }
  const double *pi = NULL;
  if (group->permutation && row->rows > 0) {
    if (in == out && n > 0 && width > 0) {
      return weyl_fail(ctx, WEYL_BAD_ARG, "%s permutes, input and output must not be the same array", group->name);
    }
    pi = g + (group->space ? group->space->length(group->space_size) : 0);
    WEYL_TRY(permutation_check(ctx, n, pi));
  }
  if (row->rows == 0) {
    move_row(g, d, row, width, in, out);
    return WEYL_OK;
  }
  const int64_t columns = row->rows == 2 ? n : 1;
  for (int64_t i = 0; i < n; i++) {
    const int64_t to = pi ? (int64_t)pi[i] : i;
    for (int64_t j = 0; j < columns; j++) {
      const int64_t to_column = pi && columns > 1 ? (int64_t)pi[j] : j;
      move_row(g, d, row, width, in + (i * columns + j) * width, out + (to * columns + to_column) * width);
    }
  }
  return WEYL_OK;
}
