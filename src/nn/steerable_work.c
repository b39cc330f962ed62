/* steerable_work.c: how much work the kinds of products are.  Counts and no times: a model's parameters must not depend
 * on the machine. */
#include "steerable.h"

/* A number of an elementwise pass takes about as long as so many multiply-adds of a product of matrices. */
enum { NUMBER = 4 };

static bool first_of_kind(weyl_irreps list, int32_t i) {
  for (int32_t k = 0; k < i; k++)
    if (weyl_irrep_same(&list.item[k], &list.item[i])) return false;
  return true;
}

static double copies(weyl_irreps list, int32_t i) {
  return (double)weyl_irreps_count(list, list.item[i].l, list.item[i].parity);
}

static double orders(const weyl_irrep *ir) { return 2.0 * ir->l + 1; }

/* A matrix for each path, on the side of the smaller degree. */
static double of_all(weyl_irreps h, weyl_irreps y, weyl_irreps out) {
  double work = 0;
  for (int32_t i = 0; i < h.n; i++)
    for (int32_t k = 0; k < out.n; k++) {
      if (!first_of_kind(h, i) || !first_of_kind(out, k)) continue;
      const weyl_irrep *a = &h.item[i], *c = &out.item[k];
      const bool behind = c->l < a->l;
      for (int32_t j = 0; j < y.n; j++)
        if (weyl_irrep_couples(a, &y.item[j], c)) {
          work += orders(behind ? c : a) * copies(h, i) * copies(out, k);
          if (y.item[j].l > 0) work += NUMBER * orders(a->l < c->l ? c : a) * (behind ? copies(h, i) : copies(out, k));
        }
    }
  return work;
}

/* Matrices to functions and back, and couplings of functions with numbers of their own. */
static double of_functions(weyl_irreps h, weyl_irreps y, weyl_irreps out, double channels) {
  double work = 0;
  for (int32_t i = 0; i < h.n; i++)
    if (first_of_kind(h, i)) work += orders(&h.item[i]) * copies(h, i) * channels;
  for (int32_t k = 0; k < out.n; k++)
    if (first_of_kind(out, k)) work += orders(&out.item[k]) * copies(out, k) * channels;
  for (int32_t i = 0; i < h.n; i++)
    for (int32_t k = 0; k < out.n; k++)
      for (int32_t j = 0; j < y.n; j++)
        if (first_of_kind(h, i) && first_of_kind(out, k) && weyl_irrep_couples(&h.item[i], &y.item[j], &out.item[k]))
          work += 2 * NUMBER * orders(h.item[i].l < out.item[k].l ? &out.item[k] : &h.item[i]) * channels;
  return work;
}

weyl_steerable_product_kind weyl_steerable_cheapest(weyl_irreps h, weyl_irreps y, weyl_irreps out, int64_t channels) {
  bool odd = false;
  for (int32_t i = 0; i < h.n; i++)
    for (int32_t j = 0; j < y.n; j++)
      for (int32_t k = 0; k < out.n; k++)
        odd = odd || (weyl_irrep_couples(&h.item[i], &y.item[j], &out.item[k]) &&
                      (h.item[i].l + y.item[j].l + out.item[k].l) % 2 != 0);
  for (int32_t i = 0; channels == 0 && i < out.n; i++)
    if (out.item[i].mul > channels) channels = out.item[i].mul;
  if (of_all(h, y, out) <= of_functions(h, y, out, (double)channels)) return WEYL_STEERABLE_CG;
  return odd ? WEYL_STEERABLE_COMPLETE : WEYL_STEERABLE_GAUNT;
}
