/* The tables of products on the grid. */
#include <weyl/irrep.h>

#include "isa.h"

#include <math.h>

static void put(weyl_dtype real, void *x, size_t i, double value) {
  if (real == WEYL_F32)
    ((float *)x)[i] = (float)value;
  else
    ((double *)x)[i] = value;
}

static int most(int a, int b) { return a > b ? a : b; }

/* Everything but the functions. */
static weyl_status make(weyl_context *ctx, weyl_arena *arena, int degree, int l_max, int n_theta, int n_phi,
                        weyl_dtype real, sphere_product *out) {
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
  const size_t lanes = orders * (size_t)sphere_block(real);
  void *ones = weyl_arena_alloc(arena, lanes, size);
  if (!legendre || !turns || !inverse_sine || !ones) return WEYL_MEMORY;
  size_t at = 0;
  for (size_t m = 0; m < orders; m++)
    for (size_t odd = 0; odd < 2; odd++)
      for (size_t l = m + odd; l < orders; l += 2, at++)
        for (size_t j = 0; j < pairs; j++) {
          const size_t row = (size_t)rows - 1 - j, from = row * triangle + l * (l + 1) / 2 + m, i = at * pairs + j;
          put(real, legendre, i, grid.value[from]);
          put(real, legendre, triangle * pairs + i, grid.d_theta[from]);
          put(real, legendre, 2 * triangle * pairs + i, grid.weight[row] * grid.value[from]);
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
  for (size_t i = 0; i < lanes; i++) put(real, ones, i, 1);
  for (size_t j = 0; j < pairs; j++) {
    const double z = grid.z[(size_t)rows - 1 - j];
    put(real, inverse_sine, j, 1 / sqrt((1 - z) * (1 + z)));
  }
  const char *value = legendre, *turn = turns;
  *out = (sphere_product){.pairs = (int)pairs,
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
                          .ones = ones};
  return WEYL_OK;
}

weyl_status sphere_product_make(weyl_context *ctx, weyl_arena *arena, int l1, int l2, int l3, int power, int n_theta,
                                int n_phi, weyl_dtype real, sphere_product *out) {
  const int degree = power > 2 ? power * l1 + l3 : l1 + l2 + l3;
  WEYL_TRY(make(ctx, arena, degree, most(l1, most(l2, l3)), n_theta, n_phi, real, out));
  out->l1 = l1, out->l2 = l2, out->l3 = l3;
  out->power = power;
  out->functions = 2;
  out->l[0] = l1, out->l[1] = l2;
  out->exponent[0] = out->exponent[1] = 1;
  if (l1 != l2 || n_theta > 0 || n_phi > 0 || !sphere_orbits_take(l1, l3)) return WEYL_OK;
  return sphere_orbits_make(ctx, arena, degree, most(l1, l3), real, &out->orbits);
}

weyl_status sphere_product_make_many(weyl_context *ctx, weyl_arena *arena, int functions, const int *l,
                                     const int *exponent, int l_out, int n_theta, int n_phi, weyl_dtype real,
                                     sphere_product *out) {
  int degree = l_out, l_max = l_out;
  for (int i = 0; i < functions; i++) {
    degree += exponent[i] * l[i];
    l_max = most(l_max, l[i]);
  }
  WEYL_TRY(make(ctx, arena, degree, l_max, n_theta, n_phi, real, out));
  out->l1 = l[0], out->l2 = functions > 1 ? l[1] : 0, out->l3 = l_out;
  out->power = 2;
  out->functions = functions;
  for (int i = 0; i < functions; i++) out->l[i] = l[i], out->exponent[i] = exponent[i];
  return WEYL_OK;
}

/* Of the widest vectors, 64 bytes: Legendre sums of 7 fields for a few pairs, 9 fields and 5 results at the points of a
 * pair, 5 results as harmonics. */
size_t sphere_product_scratch(const sphere_product *p) {
  const size_t orders = (size_t)p->orders, points = 8 * (size_t)p->quarter;
  return 64 * (7 * 6 * 4 * orders + (9 + 5) * points + 5 * orders * orders);
}

static bool on_orbits(const sphere_product *p, sphere_product_kind kind) {
  return p->orbits.points > 0 && (kind == SPHERE_POWERS || kind == SPHERE_POWERS_BACK);
}

void sphere_product_run(const sphere_product *p, sphere_product_kind kind, const sphere_arrays *a, int64_t block,
                        int64_t from, int64_t to, void *scratch) {
  if (!on_orbits(p, kind)) {
    IRREP_KERNEL(sphere_product, p->real)(p, kind, a, block, from, to, scratch);
    return;
  }
  bool weights = a->dwf[0];
  for (int i = 0; i < p->power - 1; i++) weights |= a->dwz[i] != NULL;
  IRREP_KERNEL(sphere_powers, p->real)(p, kind == SPHERE_POWERS_BACK, weights, a, block, from, to, scratch);
}

/* ---- counts ---- */

static double legendre_operations(const sphere_product *p, int l) { return p->pairs * (l + 1.0) * (l + 1); }

/* Sums over orders, and the additions before and after them. */
static double phi_operations(const sphere_product *p, int l) {
  const double rows = 2 * p->pairs - p->equator;
  return rows * ((2 * l + 1.0) * p->quarter + 8.0 * p->quarter + (2 * l + 1));
}

/* Of powers by the rules of few points. */
static double orbit_operations(const sphere_product *p, bool back, bool weights) {
  const double in = sphere_orbits_operations(&p->orbits, p->l1), out = sphere_orbits_operations(&p->orbits, p->l3);
  const double points = p->orbits.points, n = p->power - 1, size = (p->l1 + 1.0) * (p->l1 + 1),
               size_out = (p->l3 + 1.0) * (p->l3 + 1);
  const double powers = n * (points + out + size_out);
  if (!back) return in + size + powers;
  return 2 * (in + size) + n * (out + points + size_out) + (weights ? powers + size : 0);
}

double sphere_product_operations(const sphere_product *p, sphere_product_kind kind, bool weights) {
  if (on_orbits(p, kind)) return orbit_operations(p, kind == SPHERE_POWERS_BACK, weights);
  const double points = 4.0 * p->quarter * (2 * p->pairs - p->equator), n = p->power - 1;
  const double legendre_out = legendre_operations(p, p->l3), phi_out = phi_operations(p, p->l3),
               size_out = (p->l3 + 1.0) * (p->l3 + 1);
  double legendre = 0, phi = 0, size = 0, exponents = 0; /* of all functions */
  for (int i = 0; i < (kind == SPHERE_POWERS || kind == SPHERE_POWERS_BACK ? 1 : p->functions); i++) {
    legendre += legendre_operations(p, p->l[i]);
    phi += phi_operations(p, p->l[i]);
    size += (p->l[i] + 1.0) * (p->l[i] + 1);
    exponents += p->exponent[i];
  }
  const double one_out = legendre_out + phi_out + size_out; /* a result, or a gradient of it */
  const double by_weights = weights ? one_out + size : 0;
  switch (kind) {
    case SPHERE_GAUNT:
    case SPHERE_PRODUCT: return legendre + phi + size + (exponents - 1) * points + one_out;
    case SPHERE_GAUNT_BACK:
    case SPHERE_PRODUCT_BACK:
      return 2 * (legendre + phi + size) + p->functions * exponents * points + one_out + by_weights;
    case SPHERE_COMPLETE: return 2 * legendre + 3 * phi + 4 * points + 2 * (one_out + size);
    case SPHERE_COMPLETE_BACK:
      return 3 * legendre + 4 * phi + 3 * legendre_out + 3 * phi_out + 8 * points + 3 * (size + size_out) +
             2 * by_weights;
    case SPHERE_POISSON: return 2 * legendre + 2 * phi + 4 * points + one_out + size;
    case SPHERE_POISSON_BACK:
      return 3 * legendre + 3 * phi + 2 * (legendre_out + phi_out + size) + size_out + 7 * points + by_weights;
    case SPHERE_POWERS: return legendre + phi + size + n * (one_out + points);
    default: return 2 * (legendre + phi + size) + n * (one_out + 2 * points) + n * by_weights;
  }
}
