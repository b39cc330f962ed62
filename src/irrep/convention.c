/* The same harmonics as others order, sign and orient them. */
#include "degrees.h"

#include <string.h>

/* What a convention is, beside the standard one. */
static const struct {
  const char *name;
  bool rolled;      /* polar axis y */
  bool signs;       /* (-1)^m */
  bool from_middle; /* orders 0 1 -1 2 -2 ... */
} conventions[WEYL_CONVENTIONS] = {
    [WEYL_CONVENTION_E3NN] = {"e3nn", true, false, false},
    [WEYL_CONVENTION_STANDARD] = {"standard", false, false, false},
    [WEYL_CONVENTION_SIGNED] = {"signed", false, true, false},
    [WEYL_CONVENTION_MOLDEN] = {"molden", false, false, true},
};

static bool is_known(weyl_convention c) { return (int)c >= 0 && (int)c < WEYL_CONVENTIONS; }

const char *weyl_convention_name(weyl_convention convention) {
  return is_known(convention) ? conventions[convention].name : NULL;
}

/* The order m of the i-th number, and its sign. */
static int order_at(weyl_convention c, int l, int i) {
  if (!conventions[c].from_middle) return i - l;
  return i % 2 ? (i + 1) / 2 : -i / 2;
}
static double sign_at(weyl_convention c, int m) { return conventions[c].signs && m % 2 ? -1 : 1; }

/* Y_to = A_to T A_from^-1 Y_from, where A are signed permutations of orders -l ... l and T turns the polar axis:
 * Y_e3nn(r) = Y_standard(P r) = D(P) Y_standard(r) for P (x, y, z) = (z, x, y). */
weyl_status weyl_convention_matrix(weyl_context *ctx, weyl_convention from, weyl_convention to, int l, double *out) {
  WEYL_TRY(check_degree(ctx, "l", l));
  if (!is_known(from) || !is_known(to))
    return weyl_fail(ctx, WEYL_BAD_ARG, "convention is %d, must be 0 to %d", is_known(from) ? (int)to : (int)from,
                     WEYL_CONVENTIONS - 1);
  const int n = 2 * l + 1;
  double *turn = weyl_alloc(ctx, (size_t)n * (size_t)n, sizeof *turn);
  if (!turn) return WEYL_MEMORY;
  static const double roll[9] = {0, 0, 1, 1, 0, 0, 0, 1, 0}, unroll[9] = {0, 1, 0, 0, 0, 1, 1, 0, 0};
  static const double identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  const double *r = conventions[from].rolled == conventions[to].rolled ? identity
                    : conventions[to].rolled                           ? roll
                                                                       : unroll;
  const weyl_status status = weyl_wigner_d(ctx, l, WEYL_AXES_STANDARD, r, turn);
  for (int i = 0; status == WEYL_OK && i < n; i++) {
    for (int j = 0; j < n; j++) {
      const int a = order_at(to, l, i), b = order_at(from, l, j);
      out[i * n + j] = sign_at(to, a) * sign_at(from, b) * turn[(a + l) * n + b + l];
    }
  }
  weyl_dealloc(ctx, turn);
  return status;
}
