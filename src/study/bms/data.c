/* Boundary data, vectors and maps: made, named, drawn and checked. */
#include "flat.h"

#include <stdlib.h>
#include <string.h>

static weyl_status pair_new(weyl_arena *arena, size_t modes, size_t *k, double **a, double **b) {
  double *first = weyl_arena_array(arena, double, 2 * modes + 1),
         *second = weyl_arena_array(arena, double, 2 * modes + 1);
  if (!first || !second) return WEYL_MEMORY;
  *k = modes;
  *a = first;
  *b = second;
  return WEYL_OK;
}

weyl_status weyl_bms_data_new(weyl_arena *arena, size_t modes, weyl_bms_data *out) {
  return pair_new(arena, modes, &out->modes, &out->theta, &out->xi);
}

weyl_status weyl_bms_vector_new(weyl_arena *arena, size_t modes, weyl_bms_vector *out) {
  return pair_new(arena, modes, &out->modes, &out->y, &out->t);
}

weyl_status weyl_bms_map_new(weyl_arena *arena, size_t modes, weyl_bms_map *out) {
  return pair_new(arena, modes, &out->modes, &out->p, &out->alpha);
}

weyl_bms_data weyl_bms_data_trim(weyl_bms_data d) {
  while (d.modes > 0 && d.theta[2 * d.modes - 1] == 0 && d.theta[2 * d.modes] == 0 && d.xi[2 * d.modes - 1] == 0 &&
         d.xi[2 * d.modes] == 0)
    d.modes--;
  return d;
}

void weyl_bms_random(weyl_rng *rng, size_t modes, double size, double *c) {
  c[0] = size * weyl_rng_normal(rng);
  for (size_t n = 1; n <= modes; n++) {
    c[2 * n - 1] = size * ldexp(weyl_rng_normal(rng), -(int)n);
    c[2 * n] = size * ldexp(weyl_rng_normal(rng), -(int)n);
  }
}

/* ---- presets ---- */

static weyl_status constant(weyl_arena *arena, double theta, double xi, weyl_bms_data *out) {
  WEYL_TRY(weyl_bms_data_new(arena, 0, out));
  out->theta[0] = theta;
  out->xi[0] = xi;
  return WEYL_OK;
}

static weyl_status minkowski(weyl_context *ctx, weyl_arena *arena, const double *p, double g, weyl_bms_data *out) {
  (void)ctx, (void)p, (void)g;
  return constant(arena, -1, 0, out);
}

static weyl_status defect(weyl_context *ctx, weyl_arena *arena, const double *p, double g, weyl_bms_data *out) {
  (void)g;
  if (!(p[0] > 0)) return weyl_fail(ctx, WEYL_BAD_ARG, "defect:%g: the share of the full angle must be above 0", p[0]);
  return constant(arena, -p[0] * p[0], 0, out);
}

static weyl_status orbifold(weyl_context *ctx, weyl_arena *arena, const double *p, double g, weyl_bms_data *out) {
  (void)ctx, (void)p, (void)g;
  return constant(arena, 0, 0, out);
}

static weyl_status cosmology(weyl_context *ctx, weyl_arena *arena, const double *p, double g, weyl_bms_data *out) {
  if (!(p[0] > 0)) return weyl_fail(ctx, WEYL_BAD_ARG, "fsc:%g: the mass must be above 0", p[0]);
  return constant(arena, 8 * g * p[0], 4 * g * p[1], out);
}

static weyl_status spinning(weyl_context *ctx, weyl_arena *arena, const double *p, double g, weyl_bms_data *out) {
  WEYL_TRY(defect(ctx, arena, p, g, out));
  out->xi[0] = 4 * g * p[1];
  return WEYL_OK;
}

/* tan(F / 2) = e^b tan(phi / 2): -2 {F, phi} = F'^2 - 1, so Theta = (1 - a^2) F'^2 - 1. */
static weyl_status boosted(weyl_context *ctx, weyl_arena *arena, const double *p, double g, weyl_bms_data *out) {
  (void)g;
  if (!(p[0] > 0)) return weyl_fail(ctx, WEYL_BAD_ARG, "boosted:%g: the share of the angle must be above 0", p[0]);
  if (!(fabs(p[1]) <= 3)) return weyl_fail(ctx, WEYL_BAD_ARG, "boosted:%g:%g: rapidities to 3", p[0], p[1]);
  const double q = tanh(0.5 * p[1]);
  const size_t modes = q == 0 ? 0 : (size_t)ceil(44 / -log(fabs(q))) + 8, n = 4 * modes + 4;
  double *f = weyl_arena_array(arena, double, n);
  if (!f) return WEYL_MEMORY;
  for (size_t j = 0; j < n; j++) {
    const double slope = (1 - q * q) / (1 - 2 * q * cos(TAU * (double)j / (double)n) + q * q);
    f[j] = (1 - p[0] * p[0]) * slope * slope - 1;
  }
  WEYL_TRY(weyl_bms_data_new(arena, modes, out));
  weyl_circle_modes(n, f, modes, out->theta);
  return WEYL_OK;
}

static weyl_status drawn(weyl_context *ctx, weyl_arena *arena, const double *p, double g, weyl_bms_data *out) {
  (void)g;
  if (!(p[0] >= 0 && p[0] < 9e15 && p[0] == floor(p[0])))
    return weyl_fail(ctx, WEYL_BAD_ARG, "random:%g: the seed is a whole number", p[0]);
  weyl_rng rng = weyl_rng_new((uint64_t)p[0], "bms data");
  WEYL_TRY(weyl_bms_data_new(arena, 4, out));
  weyl_bms_random(&rng, 4, 0.5, out->theta);
  weyl_bms_random(&rng, 4, 0.5, out->xi);
  out->theta[0] -= 0.5;
  return WEYL_OK;
}

static const struct {
  const char *name, *about;
  int parameters;
  weyl_status (*make)(weyl_context *ctx, weyl_arena *arena, const double *p, double g, weyl_bms_data *out);
} presets[] = {{"minkowski", "Theta = -1, Xi = 0", 0, minkowski},
               {"defect:A", "a point mass, Theta = -A^2; A > 1: an excess", 1, defect},
               {"orbifold", "Theta = 0", 0, orbifold},
               {"fsc:M:J", "a flat cosmology, Theta = 8 G M > 0, Xi = 4 G J", 2, cosmology},
               {"spinning:A:J", "a point mass with spin", 2, spinning},
               {"boosted:A:B", "a point mass with rapidity B", 2, boosted},
               {"random:SEED", "|n| <= 4, sizes 2^-|n|", 1, drawn}};
enum { PRESETS = sizeof presets / sizeof *presets };

const char *weyl_bms_preset_known(size_t i, const char **about) {
  if (i >= PRESETS) return NULL;
  if (about) *about = presets[i].about;
  return presets[i].name;
}

weyl_status weyl_bms_preset(weyl_context *ctx, weyl_arena *arena, const char *text, double g, weyl_bms_data *out) {
  const size_t word = strcspn(text, ":");
  size_t k = 0;
  while (k < PRESETS && (strcspn(presets[k].name, ":") != word || strncmp(presets[k].name, text, word) != 0)) k++;
  if (k == PRESETS) {
    char list[256] = "";
    for (size_t i = 0; i < PRESETS; i++)
      snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", presets[i].name);
    return weyl_fail(ctx, WEYL_UNKNOWN, "no preset \"%.40s\": known are %s", text, list);
  }
  double p[2] = {0};
  const char *at = text + word;
  for (int i = 0; i < presets[k].parameters; i++) {
    char *end = NULL;
    if (*at == ':') p[i] = strtod(at + 1, &end);
    if (!end || end == at + 1 || !isfinite(p[i]))
      return weyl_fail(ctx, WEYL_BAD_ARG, "\"%.40s\": a preset %s has %d number%s behind colons", text, presets[k].name,
                       presets[k].parameters, presets[k].parameters > 1 ? "s" : "");
    at = end;
  }
  if (*at) return weyl_fail(ctx, WEYL_BAD_ARG, "\"%.40s\": \"%.12s\" is too much for %s", text, at, presets[k].name);
  return presets[k].make(ctx, arena, p, g, out);
}

/* ---- checks ---- */

static weyl_status all_finite(weyl_context *ctx, const char *what, size_t modes, const double *c) {
  for (size_t i = 0; i <= 2 * modes; i++)
    if (!isfinite(c[i]))
      return weyl_fail(ctx, WEYL_NUMERIC, "%s of mode %zu of %s is %g", i % 2 || i == 0 ? "the cosine" : "the sine",
                       (i + 1) / 2, what, c[i]);
  return WEYL_OK;
}

weyl_status weyl_bms_map_check(weyl_context *ctx, const weyl_bms_map *map) {
  WEYL_TRY(all_finite(ctx, "F", map->modes, map->p));
  WEYL_TRY(all_finite(ctx, "alpha", map->modes, map->alpha));
  const size_t n = 8 * map->modes + 32;
  double f[2], least = INFINITY, where = 0;
  for (size_t j = 0; j < n; j++) {
    const double phi = TAU * (double)j / (double)n;
    weyl_circle_at(map->modes, map->p, phi, 1, f);
    if (1 + f[1] < least) {
      least = 1 + f[1];
      where = phi;
    }
  }
  if (!(least > 1e-9))
    return weyl_fail(ctx, WEYL_BAD_ARG, "F' is %.6g at phi = %.6g, must be above 0: F is no diffeomorphism", least,
                     where);
  return WEYL_OK;
}
