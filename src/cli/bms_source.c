/* weyl bms: functions and maps from the command line, identities and tables. */
#include "bms.h"

#include <stdlib.h>

weyl_status bms_function(bms *b, const char *flag, size_t least, size_t *modes, double **out) {
  cli *c = b->c;
  const char *text = cli_string(c, flag);
  size_t k = 0;
  snprintf(c->place, sizeof c->place, "--%s", flag);
  /* a flag that is wrong is wrong usage, not wrong input */
  if (text && weyl_circle_highest(c->ctx, text, &k) != WEYL_OK)
    return weyl_fail_within(c->ctx, WEYL_BAD_ARG, "--%s", flag);
  if (k < least) k = least;
  *out = weyl_arena_array(b->arena, double, 2 * k + 1);
  if (!*out) return WEYL_MEMORY;
  if (text) WEYL_TRY(weyl_circle_parse(c->ctx, text, k, *out));
  c->place[0] = '\0';
  *modes = k;
  return WEYL_OK;
}

/* Two functions with room for the modes of both. */
static weyl_status both(bms *b, const char *first, const char *second, size_t *modes, double **a, double **other) {
  size_t k, unused;
  WEYL_TRY(bms_function(b, first, 0, &k, a));
  WEYL_TRY(bms_function(b, second, k, modes, other));
  return *modes == k ? WEYL_OK : bms_function(b, first, *modes, &unused, a);
}

weyl_status bms_generator(bms *b, const char *draw, weyl_bms_vector *out) {
  if (cli_given(b->c, "y") || cli_given(b->c, "t")) return both(b, "y", "t", &out->modes, &out->y, &out->t);
  weyl_rng rng = weyl_rng_new(cli_seed(b->c), draw);
  WEYL_TRY(weyl_bms_vector_new(b->arena, 4, out));
  weyl_bms_random(&rng, 4, 1, out->y);
  weyl_bms_random(&rng, 4, 1, out->t);
  return WEYL_OK;
}

weyl_status bms_map(bms *b, weyl_bms_map *out) {
  cli *c = b->c;
  const char *path = cli_string(c, "map");
  if (path && (cli_given(c, "superrotation") || cli_given(c, "supertranslation")))
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "--map, or --superrotation and --supertranslation, not both");
  if (path) {
    WEYL_TRY(weyl_bms_table(c->ctx, b->arena, path, "F", "alpha", true, &out->modes, &out->p, &out->alpha));
    const weyl_status status = weyl_bms_map_check(c->ctx, out);
    /* what is wrong with a file is wrong input, not wrong usage */
    if (status != WEYL_OK) return weyl_fail_within(c->ctx, WEYL_FORMAT, "%s", path);
    return WEYL_OK;
  }
  WEYL_TRY(both(b, "superrotation", "supertranslation", &out->modes, &out->p, &out->alpha));
  snprintf(c->place, sizeof c->place, "--superrotation");
  WEYL_TRY(weyl_bms_map_check(c->ctx, out));
  c->place[0] = '\0';
  return WEYL_OK;
}

weyl_status bms_from_minkowski(const bms *b, const weyl_bms_data *d, weyl_bms_data *out) {
  WEYL_TRY(weyl_bms_data_new(b->arena, d->modes, out));
  memcpy(out->theta, d->theta, (2 * d->modes + 1) * sizeof *out->theta);
  memcpy(out->xi, d->xi, (2 * d->modes + 1) * sizeof *out->xi);
  out->theta[0] += 1;
  return WEYL_OK;
}

/* ---- identities ---- */

void bms_identities_begin(bms *b) {
  head(&b->identities, (const char *const[]){"identity", "residual", "bound", "holds"}, 4);
  weyl_json_array(b->c->result, "identities");
}

void bms_identity(bms *b, const char *name, double residual, double bound, bool control) {
  const bool holds = control ? residual >= bound : residual <= bound;
  weyl_json *json = b->c->result;
  weyl_json_object(json, NULL);
  weyl_json_string(json, "name", name);
  weyl_json_number(json, "residual", residual);
  weyl_json_number(json, "bound", bound);
  weyl_json_bool(json, "control", control);
  weyl_json_bool(json, "holds", holds);
  weyl_json_end(json);
  sheet *s = &b->identities;
  put(s, 0, "%s", name);
  put(s, 1, "%.2g", residual);
  put(s, 2, control ? "must be above %.0e" : "%.0e", bound);
  put(s, 3, "%s", holds ? control ? "fails, as it must" : "yes" : "NO");
  s->rows++;
  b->failing += !holds;
  if (!control && !(residual <= b->worst)) b->worst = residual;
}

void bms_identities_end(bms *b) {
  weyl_json_end(b->c->result);
  weyl_json_number(b->c->result, "residual", b->worst);
  cli_say(b->c, "\n");
  show(b->c, &b->identities);
}

weyl_status bms_verdict(const bms *b) {
  if (b->failing == 0) return WEYL_OK;
  return weyl_fail(b->c->ctx, WEYL_NO, "%zu identit%s not hold: see the table", b->failing,
                   b->failing > 1 ? "ies do" : "y does");
}

/* ---- numbers out ---- */

double bms_tidy(double x) { return fabs(x) < 1e-12 ? 0 : x; }

double *bms_curve(bms *b, size_t modes, const double *c) {
  double *f = weyl_arena_array(b->arena, double, BMS_CURVE);
  for (int i = 0; f && i < BMS_CURVE; i++) {
    const double phi = 2 * BMS_PI * i / (BMS_CURVE - 1);
    if (c)
      weyl_circle_at(modes, c, phi, 0, &f[i]);
    else
      f[i] = phi;
  }
  return f;
}

void bms_json_modes(weyl_json *json, const char *key, size_t modes, const double *c) {
  while (modes > 0 && c[2 * modes - 1] == 0 && c[2 * modes] == 0) modes--;
  weyl_json_object(json, key);
  for (int s = 0; s < 2; s++) {
    weyl_json_array(json, s ? "sin" : "cos");
    for (size_t n = 0; n <= modes; n++) weyl_json_number(json, NULL, n == 0 ? s ? 0 : c[0] : c[2 * n - 1 + (size_t)s]);
    weyl_json_end(json);
  }
  weyl_json_end(json);
}

weyl_status bms_save_modes(bms *b, const char *first, const char *second, size_t modes, const double *a,
                           const double *other) {
  if (!cli_string(b->c, "out")) return WEYL_OK;
  const double *const from[2] = {a, other};
  double *column[5];
  char name[4][32];
  for (int k = 0; k < 5; k++) {
    column[k] = weyl_arena_array(b->arena, double, modes + 1);
    if (!column[k]) return WEYL_MEMORY;
  }
  for (int k = 0; k < 4; k++) snprintf(name[k], sizeof name[k], "%s_%s", k < 2 ? first : second, k % 2 ? "sin" : "cos");
  for (size_t n = 0; n <= modes; n++) {
    column[0][n] = (double)n;
    for (int k = 0; k < 4; k++)
      column[1 + k][n] = n == 0 ? k % 2 ? 0 : from[k / 2][0] : from[k / 2][2 * n - 1 + (size_t)(k % 2)];
  }
  return study_save(b->c, modes + 1, 5, (const char *const[]){"n", name[0], name[1], name[2], name[3]},
                    (const double *const *)column);
}
