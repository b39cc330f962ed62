/* The tables of products on the grid. */
#include "isa.h"

#include <math.h>

static void put(weyl_dtype real, void *x, size_t i, double value) {
  if (real == WEYL_F32)
    ((float *)x)[i] = (float)value;
  else
    ((double *)x)[i] = value;
}

static int most(int a, int b) { return a > b ? a : b; }

weyl_status sphere_product_make(weyl_context *ctx, weyl_arena *arena, int l1, int l2, int l3, int power, int n_theta,
                                int n_phi, weyl_dtype real, sphere_product *out) {
  const int l_max = most(l1, most(l2, l3)), degree = power > 2 ? power * l1 + l3 : l1 + l2 + l3;
  int rows = 0, columns = 0;
  weyl_sphere_grid_sizes(degree, &rows, &columns);
  if (n_theta > 0) rows = n_theta;
  if (n_phi > 0) columns = n_phi;
  if (columns % 4 != 0) columns += 4 - columns % 4;
  weyl_sphere_grid grid;
  WEYL_TRY(weyl_sphere_grid_new(ctx, arena, l_max, rows, columns, 0.5, &grid));

  const size_t pairs = (size_t)(rows + 1) / 2, quarter = (size_t)columns / 4, orders = (size_t)l_max + 1;
  const size_t triangle = orders * (orders + 1) / 2, size = weyl_dtype_size(real);
  void *legendre = weyl_arena_alloc(arena, 3 * triangle * pairs, size);
  void *turns = weyl_arena_alloc(arena, 4 * orders * quarter, size);
  void *inverse_sine = weyl_arena_alloc(arena, pairs, size);
  int32_t *table = weyl_arena_array(arena, int32_t, 2 * orders);
  if (!legendre || !turns || !inverse_sine || !table) return WEYL_MEMORY;
  size_t at = 0;
  for (size_t m = 0; m < orders; m++)
    for (size_t odd = 0; odd < 2; odd++) {
      table[2 * m + odd] = (int32_t)(at * pairs);
      for (size_t l = m + odd; l < orders; l += 2, at++)
        for (size_t j = 0; j < pairs; j++) {
          const size_t row = (size_t)rows - 1 - j, from = row * triangle + l * (l + 1) / 2 + m, i = at * pairs + j;
          put(real, legendre, i, grid.value[from]);
          put(real, legendre, triangle * pairs + i, grid.d_theta[from]);
          put(real, legendre, 2 * triangle * pairs + i, grid.weight[row] * grid.value[from]);
        }
    }
  for (size_t m = 0; m < orders; m++)
    for (size_t k = 0; k < quarter; k++) {
      const size_t i = m * quarter + k, turn = orders * quarter;
      const double c = grid.cosine[k * orders + m], s = grid.sine[k * orders + m];
      put(real, turns, i, c);
      put(real, turns, turn + i, s);
      put(real, turns, 2 * turn + i, (double)m * c);
      put(real, turns, 3 * turn + i, -(double)m * s);
    }
  for (size_t j = 0; j < pairs; j++) {
    const double z = grid.z[(size_t)rows - 1 - j];
    put(real, inverse_sine, j, 1 / sqrt((1 - z) * (1 + z)));
  }
  const char *value = legendre, *turn = turns;
  *out = (sphere_product){.l1 = l1,
                          .l2 = l2,
                          .l3 = l3,
                          .power = power,
                          .pairs = (int)pairs,
                          .equator = rows % 2 != 0,
                          .quarter = (int)quarter,
                          .orders = (int)orders,
                          .real = real,
                          .value = value,
                          .d_theta = value + triangle * pairs * size,
                          .weighted = value + 2 * triangle * pairs * size,
                          .cosine = turn,
                          .sine = turn + orders * quarter * size,
                          .m_cosine = turn + 2 * orders * quarter * size,
                          .m_sine = turn + 3 * orders * quarter * size,
                          .inverse_sine = inverse_sine,
                          .table = table};
  return WEYL_OK;
}

/* Of the widest vectors, 64 bytes: Legendre sums of 7 fields for a few pairs, 9 fields and 4 results at the points of a
 * pair, 4 results as harmonics. */
size_t sphere_product_scratch(const sphere_product *p) {
  const size_t orders = (size_t)p->orders, points = 8 * (size_t)p->quarter;
  return 64 * (7 * 6 * 4 * orders + (9 + 4) * points + 4 * orders * orders);
}

void sphere_product_run(const sphere_product *p, sphere_product_kind kind, const sphere_arrays *a, int64_t block,
                        int64_t from, int64_t to, void *scratch) {
  IRREP_KERNEL(sphere_product, p->real)(p, kind, a, block, from, to, scratch);
}

/* ---- counts ---- */

static double legendre_operations(const sphere_product *p, int l) { return p->pairs * (l + 1.0) * (l + 1); }

/* Sums over orders, and the additions before and after them. */
static double phi_operations(const sphere_product *p, int l) {
  const double rows = 2 * p->pairs - p->equator;
  return rows * ((2 * l + 1.0) * p->quarter + 8.0 * p->quarter + (2 * l + 1));
}

double sphere_product_operations(const sphere_product *p, sphere_product_kind kind) {
  const double points = 4.0 * p->quarter * (2 * p->pairs - p->equator);
  const double l1 = legendre_operations(p, p->l1), l2 = legendre_operations(p, p->l2),
               l3 = legendre_operations(p, p->l3);
  const double f1 = phi_operations(p, p->l1), f2 = phi_operations(p, p->l2), f3 = phi_operations(p, p->l3);
  const double s1 = (p->l1 + 1.0) * (p->l1 + 1), s2 = (p->l2 + 1.0) * (p->l2 + 1), s3 = (p->l3 + 1.0) * (p->l3 + 1);
  const double n = p->power - 1;
  switch (kind) {
    case SPHERE_GAUNT: return l1 + l2 + l3 + f1 + f2 + f3 + points + s1 + s2 + s3;
    case SPHERE_GAUNT_BACK: return 2 * (l1 + l2 + f1 + f2 + points + s1 + s2) + l3 + f3 + s3;
    case SPHERE_COMPLETE: return 2 * (l1 + l2 + l3) + 3 * (f1 + f2) + 2 * f3 + 4 * points + 2 * (s1 + s2 + s3);
    case SPHERE_COMPLETE_BACK: return 3 * (l1 + l2 + l3) + 4 * (f1 + f2) + 3 * f3 + 8 * points + 3 * (s1 + s2 + s3);
    case SPHERE_POWERS: return l1 + f1 + n * (l3 + f3 + points) + s1 + n * s3;
    default: return 2 * (l1 + f1) + n * (l3 + f3 + 2 * points) + 2 * s1 + n * s3;
  }
}
