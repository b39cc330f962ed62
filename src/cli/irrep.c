/* weyl irrep: spherical harmonics, Wigner matrices and couplings at the prompt. */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is asked for ---- */

/* Exactly n numbers, separated by commas: the value of --name. */
static weyl_status numbers(cli *c, const char *name, int n, double *out) {
  const char *value = cli_string(c, name), *text = value ? value : "", *at = text;
  for (int i = 0; i < n; i++) {
    char *end;
    out[i] = strtod(at, &end);
    if (end == at)
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "--%s \"%s\" %s at %d, expected a number (%d in all, separated by commas)",
                       name, text, *at ? "has something else" : "ends", (int)(at - text) + 1, n);
    at = end + strspn(end, " ");
    if (i + 1 == n ? *at != '\0' : *at != ',')
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "--%s \"%s\" %s at %d, expected %s (%d numbers)", name, text,
                       *at ? "goes on" : "ends", (int)(at - text) + 1, i + 1 == n ? "its end" : "a comma", n);
    if (*at == ',') at++;
  }
  return WEYL_OK;
}

static weyl_status degree(cli *c, const char *name, const char *text, int *out) {
  char *end;
  const long value = strtol(text, &end, 10);
  if (end == text || *end != '\0')
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "%s is \"%s\": it has something else than digits at %d", name, text,
                     (int)(end - text) + 1);
  if (value < 0 || value > WEYL_L_MAX)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "%s is %s, must be 0 to %d", name, text, WEYL_L_MAX);
  *out = (int)value;
  return WEYL_OK;
}

static weyl_axes axes_of(cli *c) {
  return strcmp(cli_string(c, "axes"), "standard") == 0 ? WEYL_AXES_STANDARD : WEYL_AXES_E3NN;
}

/* The rotation of --euler, --quaternion or --axis and --angle. */
static weyl_status rotation(cli *c, double r[9]) {
  const bool euler = cli_given(c, "euler"), quaternion = cli_given(c, "quaternion"), axis = cli_given(c, "axis");
  if (euler + quaternion + axis != 1)
    return weyl_fail(
        c->ctx, WEYL_BAD_ARG,
        "which rotation? Give one of --euler A,B,C, --quaternion W,X,Y,Z, and --axis X,Y,Z with --angle A");
  double v[4];
  if (quaternion) {
    WEYL_TRY(numbers(c, "quaternion", 4, v));
    return weyl_rotation_from_quaternion(c->ctx, v, r);
  }
  WEYL_TRY(numbers(c, euler ? "euler" : "axis", 3, v));
  if (axis) return weyl_rotation_from_axis(c->ctx, v, cli_number(c, "angle"), r);
  for (int k = 0; k < 3; k++) {
    if (!isfinite(v[k])) return weyl_fail(c->ctx, WEYL_BAD_ARG, "an Euler angle is %g", v[k]);
  }
  weyl_rotation_from_euler(axes_of(c), v[0], v[1], v[2], r);
  return WEYL_OK;
}

static weyl_status parse(cli *c, weyl_arena *arena, const char *text, weyl_irreps *out) {
  const weyl_status status = weyl_irreps_parse(c->ctx, arena, text, out);
  return status == WEYL_FORMAT ? WEYL_BAD_ARG : status; /* what is wrong with a file is wrong usage here */
}

/* ---- the answers ---- */

/* What rounds to 0 has no sign. */
static double shown(double value) { return fabs(value) < 5e-11 ? 0 : value; }

static void json_numbers(weyl_json *json, const char *key, const double *a, size_t n) {
  weyl_json_array(json, key);
  for (size_t i = 0; i < n; i++) weyl_json_number(json, NULL, a[i]);
  weyl_json_end(json);
}

static void matrix(cli *c, const char *key, const double *a, int rows, int columns) {
  weyl_json_array(c->result, key);
  for (int i = 0; i < rows; i++) {
    json_numbers(c->result, NULL, a + i * columns, (size_t)columns);
    cli_say(c, "  [");
    for (int j = 0; j < columns; j++) {
      cli_say(c, "%s%13.10f", j ? " " : "", shown(a[i * columns + j]));
    }
    cli_say(c, "]\n");
  }
  weyl_json_end(c->result);
}

static const char *spelt(weyl_arena *arena, weyl_irrep block) {
  return weyl_arena_printf(arena, "%d%c", (int)block.l, block.parity > 0 ? 'e' : 'o');
}

static weyl_status info(cli *c, weyl_arena *arena) {
  weyl_irreps irreps, sorted, simple;
  WEYL_TRY(parse(c, arena, c->arg[1], &irreps));
  WEYL_TRY(weyl_irreps_sort(c->ctx, arena, irreps, &sorted, NULL, NULL));
  WEYL_TRY(weyl_irreps_simplify(c->ctx, arena, sorted, &simple));
  const char *text = weyl_irreps_text(arena, irreps), *short_text = weyl_irreps_text(arena, simple);
  const size_t rows = (size_t)irreps.n + 1;
  const char **cells = weyl_arena_array(arena, const char *, 4 * rows);
  if (!text || !short_text || !cells) return WEYL_MEMORY;
  weyl_json *json = c->result;
  weyl_json_string(json, "irreps", text);
  weyl_json_string(json, "simplified", short_text);
  weyl_json_integer(json, "dimension", weyl_irreps_dim(irreps));
  weyl_json_integer(json, "l_max", weyl_irreps_l_max(irreps));
  weyl_json_array(json, "blocks");
  const char *head[4] = {"irrep", "copies", "numbers", "from"};
  memcpy(cells, head, sizeof head);
  for (int32_t i = 0; i < irreps.n; i++) {
    const weyl_irrep b = irreps.item[i];
    const int64_t at = weyl_irreps_at(irreps, i), dim = weyl_irreps_at(irreps, i + 1) - at;
    const char **row = cells + 4 * (i + 1);
    row[0] = spelt(arena, b);
    row[1] = weyl_arena_printf(arena, "%lld", (long long)b.mul);
    row[2] = weyl_arena_printf(arena, "%lld", (long long)dim);
    row[3] = weyl_arena_printf(arena, "%lld", (long long)at);
    for (int k = 0; k < 4; k++) {
      if (!row[k]) return WEYL_MEMORY;
    }
    weyl_json_object(json, NULL);
    weyl_json_integer(json, "copies", b.mul);
    weyl_json_integer(json, "l", b.l);
    weyl_json_integer(json, "parity", b.parity);
    weyl_json_integer(json, "at", at);
    weyl_json_end(json);
  }
  weyl_json_end(json);
  cli_say(c, "%s: dimension %lld, degrees to %d\n\n", *text ? text : "(nothing)", (long long)weyl_irreps_dim(irreps),
          weyl_irreps_l_max(irreps));
  cli_table(c, rows, 4, cells);
  cli_say(c, "\nsorted and simplified: %s\n", *short_text ? short_text : "(nothing)");
  return WEYL_OK;
}

static weyl_status sh(cli *c, weyl_arena *arena) {
  const int L = (int)cli_integer(c, "l");
  const size_t width = (size_t)(L + 1) * (size_t)(L + 1);
  const char *norm = cli_string(c, "norm");
  double xyz[3];
  if (!cli_given(c, "at")) return weyl_fail(c->ctx, WEYL_BAD_ARG, "at which point? For example: --at 0.3,-0.5,0.8");
  WEYL_TRY(numbers(c, "at", 3, xyz));
  const weyl_harmonics_opts opts = {
      .l_max = L,
      .axes = axes_of(c),
      .norm = strcmp(norm, "component") == 0 ? WEYL_HARMONICS_COMPONENT
              : strcmp(norm, "norm") == 0    ? WEYL_HARMONICS_NORM
                                             : WEYL_HARMONICS_INTEGRAL,
      .solid = cli_bool(c, "solid"),
  };
  double *y = weyl_arena_array(arena, double, 4 * width), *dy = y + width;
  if (!y) return WEYL_MEMORY;
  WEYL_TRY(weyl_harmonics(c->ctx, &opts, WEYL_F64, 1, xyz, y, dy));
  const bool slopes = cli_bool(c, "gradient");
  weyl_json_integer(c->result, "l_max", L);
  json_numbers(c->result, "at", xyz, 3);
  json_numbers(c->result, "values", y, width);
  if (slopes) {
    weyl_json_array(c->result, "gradient");
    for (size_t k = 0; k < 3; k++) json_numbers(c->result, NULL, dy + k * width, width);
    weyl_json_end(c->result);
  }
  cli_say(c, " l   m          value%s\n", slopes ? "           d/dx           d/dy           d/dz" : "");
  for (int l = 0; l <= L; l++) {
    for (int m = -l; m <= l; m++) {
      const size_t i = (size_t)(l * (l + 1) + m);
      cli_say(c, "%2d %3d %14.10f", l, m, shown(y[i]));
      for (size_t k = 0; slopes && k < 3; k++) cli_say(c, " %14.10f", shown(dy[k * width + i]));
      cli_say(c, "\n");
    }
  }
  return WEYL_OK;
}

static weyl_status wigner_d(cli *c, weyl_arena *arena) {
  const int l = (int)cli_integer(c, "l"), n = 2 * l + 1;
  double r[9], *d = weyl_arena_array(arena, double, n *n), trace = 0;
  if (!d) return WEYL_MEMORY;
  WEYL_TRY(rotation(c, r));
  WEYL_TRY(weyl_wigner_d(c->ctx, l, axes_of(c), r, d));
  for (int i = 0; i < n; i++) trace += d[i * n + i];
  weyl_json_integer(c->result, "l", l);
  cli_say(c, "rotation\n");
  matrix(c, "rotation", r, 3, 3);
  cli_say(c, "D of degree %d, orders %d ... %d\n", l, -l, l);
  matrix(c, "matrix", d, n, n);
  weyl_json_number(c->result, "trace", trace);
  cli_say(c, "trace %.10f\n", trace);
  return WEYL_OK;
}

static weyl_status couplings(cli *c, weyl_arena *arena, weyl_coupling_kind kind, const char *factor_name,
                             double (*factor)(int, int, int)) {
  static const char *const names[3] = {"l1", "l2", "l3"};
  int l[3];
  if (c->args != 4)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "which three degrees? For example: weyl irrep %s 1 1 2", c->arg[0]);
  for (int k = 0; k < 3; k++) WEYL_TRY(degree(c, names[k], c->arg[k + 1], &l[k]));
  const bool e3nn = strcmp(cli_string(c, "gauge"), "e3nn") == 0;
  weyl_couplings list;
  WEYL_TRY(weyl_couplings_find(c->ctx, arena, kind, l[0], l[1], l[2], e3nn ? WEYL_GAUGE_E3NN : WEYL_GAUGE_WEYL, &list));
  weyl_json_array(c->result, "l");
  for (int k = 0; k < 3; k++) weyl_json_integer(c->result, NULL, l[k]);
  weyl_json_end(c->result);
  if (factor) {
    weyl_json_number(c->result, "factor", factor(l[0], l[1], l[2]));
    cli_say(c, "%s = %.10f\n", factor_name, factor(l[0], l[1], l[2]));
  }
  weyl_json_array(c->result, "couplings");
  if (list.n > 0) cli_say(c, " m1  m2  m3          value\n");
  for (int64_t i = 0; i < list.n; i++) {
    const weyl_coupling e = list.item[i];
    const int m[3] = {e.i - l[0], e.j - l[1], e.k - l[2]};
    weyl_json_object(c->result, NULL);
    weyl_json_array(c->result, "m");
    for (int k = 0; k < 3; k++) weyl_json_integer(c->result, NULL, m[k]);
    weyl_json_end(c->result);
    weyl_json_number(c->result, "value", e.value);
    weyl_json_end(c->result);
    cli_say(c, "%3d %3d %3d %14.10f\n", m[0], m[1], m[2], e.value);
  }
  weyl_json_end(c->result);
  cli_say(c, "%lld of %d are not 0\n", (long long)list.n, (2 * l[0] + 1) * (2 * l[1] + 1) * (2 * l[2] + 1));
  return WEYL_OK;
}

static weyl_status wigner_3j(cli *c, weyl_arena *arena) { return couplings(c, arena, WEYL_COUPLING_3J, NULL, NULL); }
static weyl_status gaunt(cli *c, weyl_arena *arena) {
  return couplings(c, arena, WEYL_COUPLING_GAUNT, "rho", weyl_gaunt_factor);
}
static weyl_status poisson(cli *c, weyl_arena *arena) {
  return couplings(c, arena, WEYL_COUPLING_POISSON, "kappa", weyl_poisson_factor);
}

static weyl_status product(cli *c, weyl_arena *arena) {
  if (c->args < 3)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "of which two? For example: weyl irrep product \"1x1o\" \"1x1o\"");
  weyl_irreps in1, in2, out;
  weyl_paths paths;
  WEYL_TRY(parse(c, arena, c->arg[1], &in1));
  WEYL_TRY(parse(c, arena, c->arg[2], &in2));
  WEYL_TRY(weyl_irreps_product(c->ctx, arena, in1, in2, (int)cli_integer(c, "l_max"), &out, &paths));
  weyl_irreps simple;
  WEYL_TRY(weyl_irreps_simplify(c->ctx, arena, out, &simple));
  const char *text = weyl_irreps_text(arena, simple);
  const char **cells = weyl_arena_array(arena, const char *, 6 * (paths.n + 1));
  if (!text || !cells) return WEYL_MEMORY;
  const char *head[6] = {"first", "second", "product", "copies", "l1+l2+l3", "couplings"};
  memcpy(cells, head, sizeof head);
  weyl_json *json = c->result;
  weyl_json_string(json, "irreps", text);
  weyl_json_integer(json, "dimension", weyl_irreps_dim(out));
  weyl_json_array(json, "paths");
  for (int64_t i = 0; i < paths.n; i++) {
    const weyl_path p = paths.item[i];
    const weyl_mark mark = weyl_arena_mark(arena);
    weyl_couplings list;
    WEYL_TRY(weyl_couplings_find(c->ctx, arena, WEYL_COUPLING_3J, p.l1, p.l2, p.l3, WEYL_GAUGE_WEYL, &list));
    const int64_t count = list.n;
    weyl_arena_release(arena, mark);
    const bool odd = (p.l1 + p.l2 + p.l3) % 2 != 0;
    const char **row = cells + 6 * (i + 1);
    row[0] = spelt(arena, in1.item[p.in1]);
    row[1] = spelt(arena, in2.item[p.in2]);
    row[2] = spelt(arena, out.item[p.out]);
    row[3] = weyl_arena_printf(arena, "%lld", (long long)out.item[p.out].mul);
    row[4] = odd ? "odd" : "even";
    row[5] = weyl_arena_printf(arena, "%lld", (long long)count);
    for (int k = 0; k < 6; k++) {
      if (!row[k]) return WEYL_MEMORY;
    }
    weyl_json_object(json, NULL);
    weyl_json_integer(json, "in1", p.in1);
    weyl_json_integer(json, "in2", p.in2);
    weyl_json_integer(json, "out", p.out);
    weyl_json_array(json, "l");
    weyl_json_integer(json, NULL, p.l1);
    weyl_json_integer(json, NULL, p.l2);
    weyl_json_integer(json, NULL, p.l3);
    weyl_json_end(json);
    weyl_json_integer(json, "copies", out.item[p.out].mul);
    weyl_json_integer(json, "couplings", count);
    weyl_json_end(json);
  }
  weyl_json_end(json);
  cli_table(c, (size_t)paths.n + 1, 6, cells);
  cli_say(c, "\n%s: dimension %lld of %lld x %lld, %lld paths\n", *text ? text : "(nothing)",
          (long long)weyl_irreps_dim(out), (long long)weyl_irreps_dim(in1), (long long)weyl_irreps_dim(in2),
          (long long)paths.n);
  return WEYL_OK;
}

static weyl_status convention(cli *c, weyl_arena *arena) {
  const int l = (int)cli_integer(c, "l"), n = 2 * l + 1;
  int which[2] = {0, 0};
  static const char *const flags[2] = {"from", "to"};
  for (int k = 0; k < 2; k++) {
    while (strcmp(weyl_convention_name((weyl_convention)which[k]), cli_string(c, flags[k])) != 0) which[k]++;
  }
  double *m = weyl_arena_array(arena, double, n *n);
  if (!m) return WEYL_MEMORY;
  WEYL_TRY(weyl_convention_matrix(c->ctx, (weyl_convention)which[0], (weyl_convention)which[1], l, m));
  weyl_json_integer(c->result, "l", l);
  cli_say(c, "Y (%s) = M Y (%s), degree %d\n", cli_string(c, "to"), cli_string(c, "from"), l);
  matrix(c, "matrix", m, n, n);
  return WEYL_OK;
}

static const struct {
  const char *name;
  int min_args, max_args;
  weyl_status (*run)(cli *c, weyl_arena *arena);
} actions[] = {
    {"info", 2, 2, info},   {"sh", 1, 1, sh},           {"wigner-d", 1, 1, wigner_d}, {"3j", 1, 4, wigner_3j},
    {"gaunt", 1, 4, gaunt}, {"poisson", 1, 4, poisson}, {"product", 1, 3, product},   {"convention", 1, 1, convention}};
#define ACTIONS (sizeof actions / sizeof actions[0])

static const char *action_name(size_t i) { return i < ACTIONS ? actions[i].name : NULL; }

static weyl_status run(cli *c) {
  size_t k = 0;
  while (k < ACTIONS && strcmp(actions[k].name, c->arg[0]) != 0) k++;
  if (k == ACTIONS) return cli_unknown(c, "action", c->arg[0], action_name);
  if (c->args < actions[k].min_args)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "which irreps? For example: weyl irrep %s \"16x0e+8x1o\"", c->arg[0]);
  if (c->args > actions[k].max_args)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "\"%s\" is one argument too many for weyl irrep %s",
                     c->arg[actions[k].max_args], c->arg[0]);
  weyl_arena *arena;
  WEYL_TRY(weyl_arena_new(c->ctx, &arena));
  const weyl_status status = actions[k].run(c, arena);
  weyl_arena_free(arena);
  return status;
}

#define CONVENTIONS "e3nn|standard|signed|molden"

static const weyl_option options[] = {
    {"l", WEYL_OPT_INT, "2", 0, WEYL_L_MAX, NULL, "degree (sh: degrees 0 to this)"},
    {"at", WEYL_OPT_STRING, "", 0, 0, NULL, "X,Y,Z: the point of sh"},
    {"axes", WEYL_OPT_CHOICE, "e3nn", 0, 0, "e3nn|standard", "polar axis y, or z"},
    {"norm", WEYL_OPT_CHOICE, "integral", 0, 0, "integral|component|norm",
     "of sh: orthonormal, or sum over m of Y^2 = 2l+1, or = 1"},
    {"solid", WEYL_OPT_BOOL, "no", 0, 0, NULL, "r^l Y instead of Y of the direction"},
    {"gradient", WEYL_OPT_BOOL, "no", 0, 0, NULL, "derivatives of sh too"},
    {"euler", WEYL_OPT_STRING, "", 0, 0, NULL, "A,B,C in radians: yxy with e3nn's axes, zyz with the standard ones"},
    {"quaternion", WEYL_OPT_STRING, "", 0, 0, NULL, "W,X,Y,Z of any length"},
    {"axis", WEYL_OPT_STRING, "", 0, 0, NULL, "X,Y,Z that --angle turns about"},
    {"angle", WEYL_OPT_DOUBLE, "0", -1e6, 1e6, NULL, "in radians"},
    {"gauge", WEYL_OPT_CHOICE, "weyl", 0, 0, "weyl|e3nn", "whose signs of 3j"},
    {"l_max", WEYL_OPT_INT, "-1", -1, WEYL_L_MAX, NULL, "highest degree of a product; -1: all"},
    {"from", WEYL_OPT_CHOICE, "e3nn", 0, 0, CONVENTIONS, "of convention: whose harmonics are given"},
    {"to", WEYL_OPT_CHOICE, "standard", 0, 0, CONVENTIONS, "of convention: whose are wanted"},
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const cli_command cli_command_irrep = {
    .name = "irrep",
    .summary = "irreps, spherical harmonics and couplings at the prompt",
    .usage = "info|sh|wigner-d|3j|gaunt|poisson|product|convention [ARG...]",
    .details =
        "info IRREPS: blocks, dimension, the simplified list. sh: real spherical harmonics at --at. wigner-d: the "
        "matrix by which a rotation acts on degree --l. 3j, gaunt, poisson L1 L2 L3: the couplings that are not 0. "
        "product IRREPS IRREPS: what comes out, path by path. convention: the matrix from one way of ordering and "
        "orienting harmonics to another.\n\n"
        "Irreps are written as in e3nn: \"16x0e+8x1o\" is 16 even scalars and 8 vectors; e is even and o odd under "
        "x -> -x.",
    .examples =
        "weyl irrep info \"16x0e+8x1o\"\n"
        "weyl irrep sh --l 3 --at 0.3,-0.5,0.8\n"
        "weyl irrep wigner-d --l 2 --euler 0.3,0.7,-1.1\n"
        "weyl irrep 3j 1 1 2 --gauge e3nn\n"
        "weyl irrep gaunt 2 2 4 --json\n"
        "weyl irrep product \"1x1o\" \"1x1o\"\n"
        "weyl irrep convention --from e3nn --to molden --l 2",
    .options = options,
    .min_args = 1,
    .max_args = 4,
    .arg = CLI_ARG_WORDS,
    .run = run,
};
