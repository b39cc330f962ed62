/* Rules with the symmetry of the cube (V. I. Lebedev, 1976), as orbits under the signs of the coordinates. Places and
 * weights solve the equations of exactness to rounding. */
#include "sphere_orbits.h"

#include <weyl/irrep.h>

#include <math.h>

enum { PARTS_MAX = 6, PLACES_MAX = 64 };

/* A point (a, b, c) in the octant without signs, all its permutations, and the weight of each of their points. */
typedef struct part {
  enum { END, AXIS, EDGE, CORNER, EQUAL, PLANE } shape; /* EQUAL: (a, a, c), PLANE: (a, b, 0) */
  double a, weight;
} part;

static const struct {
  int degree;
  part part[PARTS_MAX];
} rules[] = {
    {3, {{AXIS, 0, 1.0 / 6}}},
    {5, {{AXIS, 0, 1.0 / 15}, {CORNER, 0, 3.0 / 40}}},
    {7, {{AXIS, 0, 1.0 / 21}, {EDGE, 0, 4.0 / 105}, {CORNER, 0, 9.0 / 280}}},
    {9, {{AXIS, 0, 1.0 / 105}, {CORNER, 0, 9.0 / 280}, {PLANE, 0.4597008433809831, 1.0 / 35}}},
    {11,
     {{AXIS, 0, 4.0 / 315},
      {EDGE, 0, 64.0 / 2835},
      {CORNER, 0, 27.0 / 1280},
      {EQUAL, 0.3015113445777636, 0.020173335537918873}}},
    {13,
     {{AXIS, 0, 0.00051306717973383},
      {EDGE, 0, 0.01660406956574204},
      {CORNER, 0, -0.0295860389610389},
      {EQUAL, 0.48038446141526137, 0.026576207082159447},
      {PLANE, 0.32077264898077634, 0.016522170993715717}}},
    {15,
     {{AXIS, 0, 0.011544011544011539},
      {CORNER, 0, 0.011943909085856278},
      {EQUAL, 0.3696028464541502, 0.011110555710603405},
      {EQUAL, 0.6943540066026663, 0.011876501294537144},
      {PLANE, 0.3742430390903412, 0.011812303746904477}}},
};

typedef struct place {
  double xyz[3], weight;
} place;

/* The different orders of the three numbers. */
static int permutations(const part *p, place *to) {
  double v[3] = {0};
  switch (p->shape) {
    case AXIS: v[2] = 1; break;
    case EDGE: v[0] = v[1] = sqrt(0.5); break;
    case CORNER: v[0] = v[1] = v[2] = sqrt(1 / 3.0); break;
    case EQUAL: v[0] = v[1] = p->a, v[2] = sqrt(1 - 2 * p->a * p->a); break;
    default: v[0] = p->a, v[1] = sqrt(1 - p->a * p->a); break;
  }
  static const int order[6][3] = {{0, 1, 2}, {1, 2, 0}, {2, 0, 1}, {1, 0, 2}, {0, 2, 1}, {2, 1, 0}};
  const int n = p->shape == CORNER ? 1 : p->shape == PLANE ? 6 : 3;
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < 3; k++) to[i].xyz[k] = v[order[i][k]];
    to[i].weight = 4 * acos(-1) * p->weight;
  }
  return n;
}

static unsigned signs_of(const place *p) {
  unsigned signs = 0;
  for (unsigned k = 0; k < 3; k++) signs |= (unsigned)(p->xyz[k] > 0) << k;
  return signs;
}

static void put(weyl_dtype real, void *x, size_t i, double value) {
  if (real == WEYL_F32)
    ((float *)x)[i] = (float)value;
  else
    ((double *)x)[i] = value;
}

weyl_status sphere_orbits_make(weyl_context *ctx, weyl_arena *arena, int degree, int l_max, weyl_dtype real,
                               sphere_orbits *out) {
  *out = (sphere_orbits){.points = 0};
  const size_t all = sizeof rules / sizeof *rules;
  size_t rule = 0;
  while (rule < all && rules[rule].degree < degree) rule++;
  if (rule == all || l_max > ORBIT_DEGREE_MAX) return WEYL_OK;
  place places[PLACES_MAX], sorted[PLACES_MAX];
  int found = 0, n = 0;
  for (const part *p = rules[rule].part; p < rules[rule].part + PARTS_MAX && p->shape != END; p++)
    found += permutations(p, places + found);
  sphere_orbits o = {.width = (l_max + 1) * (l_max + 1)};
  for (unsigned signs = 1; signs < ORBIT_PATTERNS; signs++)
    for (int i = 0; i < found; i++) {
      if (signs_of(&places[i]) != signs) continue;
      sorted[n++] = places[i];
      o.n[signs]++;
      o.points += 1 << ((signs & 1) + (signs >> 1 & 1) + (signs >> 2));
    }
  const size_t width = (size_t)o.width, size = weyl_dtype_size(real);
  char *table = weyl_arena_alloc(arena, 2 * (size_t)n * width, size);
  if (!table) return WEYL_MEMORY;
  double xyz[3 * PLACES_MAX], y[PLACES_MAX * (ORBIT_DEGREE_MAX + 1) * (ORBIT_DEGREE_MAX + 1)];
  for (int i = 0; i < n; i++)
    for (int k = 0; k < 3; k++) xyz[3 * i + k] = sorted[i].xyz[k];
  const weyl_harmonics_opts opts = {.l_max = l_max, .axes = WEYL_AXES_STANDARD};
  WEYL_TRY(weyl_harmonics(ctx, &opts, WEYL_F64, n, xyz, y, NULL));
  for (size_t i = 0; i < (size_t)n * width; i++) {
    put(real, table, i, y[i]);
    put(real, table, (size_t)n * width + i, sorted[i / width].weight * y[i]);
  }
  o.value = table;
  o.weighted = table + (size_t)n * width * size;
  *out = o;
  return WEYL_OK;
}

double sphere_orbits_operations(const sphere_orbits *o, int l_max) {
  double sum = 0;
  for (int signs = 1; signs < ORBIT_PATTERNS; signs++) {
    const int bits = (signs & 1) + (signs >> 1 & 1) + (signs >> 2);
    int harmonics = 0;
    for (int i = 0; i < (l_max + 1) * (l_max + 1); i++) harmonics += !(sphere_orbit_pattern(i) & ~signs);
    sum += o->n[signs] * (harmonics + bits * (1 << bits));
  }
  return sum;
}
