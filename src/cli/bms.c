/* weyl bms: asymptotically flat gravity in three dimensions from its boundary data, and what its symmetries conserve.
 */
#include "bms.h"

/* ---- the data ---- */

static bool is_preset(const char *text) {
  const char *name;
  for (size_t i = 0; (name = weyl_bms_preset_known(i, NULL)) != NULL; i++) {
    const size_t word = strcspn(name, ":");
    if (strncmp(name, text, word) == 0 && (text[word] == ':' || text[word] == '\0')) return true;
  }
  return false;
}

static weyl_status data_of(bms *b, const char *fallback) {
  cli *c = b->c;
  const bool inline_data = cli_given(c, "theta") || cli_given(c, "xi");
  const bool twice = strcmp(cli_string(c, "convention"), "N") == 0;
  const char *name = c->args > 1 ? c->arg[1] : inline_data ? NULL : fallback;
  bool preset = false;
  b->name = name ? name : "--theta, --xi";
  if (inline_data && name) return weyl_fail(c->ctx, WEYL_BAD_ARG, "%s, or --theta and --xi, not both", name);
  if (inline_data) {
    size_t k, most;
    WEYL_TRY(bms_function(b, "theta", 0, &k, &b->data.theta));
    WEYL_TRY(bms_function(b, "xi", k, &most, &b->data.xi));
    WEYL_TRY(bms_function(b, "theta", most, &b->data.modes, &b->data.theta));
  } else if (!name) {
    return weyl_fail(c->ctx, WEYL_BAD_ARG,
                     "of what? A table of modes (data.csv), a preset or --theta, for example: weyl bms %s defect:0.8",
                     c->arg[0]);
  } else if ((preset = is_preset(name)) || (!weyl_file_exists(name) && !strchr(name, '.'))) {
    WEYL_TRY(weyl_bms_preset(c->ctx, b->arena, name, b->g, &b->data));
  } else {
    WEYL_TRY(weyl_bms_table(c->ctx, b->arena, name, "theta", "xi", false, &b->data.modes, &b->data.theta, &b->data.xi));
  }
  for (size_t i = 0; twice && !preset && i <= 2 * b->data.modes; i++) b->data.xi[i] *= 0.5;
  b->data = weyl_bms_data_trim(b->data);
  weyl_json_string(c->result, "data", b->name);
  weyl_json_string(c->result, "convention", "g_uu = Theta, g_uphi = Xi + u Theta' / 2");
  return WEYL_OK;
}

/* ---- the actions ---- */

/* The arena and the data of an action: `fallback` where none are named (NULL: they must be), or no data at all. */
static weyl_status with(cli *c, bool data, const char *fallback, weyl_status (*act)(bms *b)) {
  bms b = {.c = c, .g = cli_number(c, "newton")};
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(c->ctx, &b.arena));
  if (data) WEYL_GOTO(data_of(&b, fallback));
  status = act(&b);
done:
  weyl_arena_free(b.arena);
  return status;
}

#define ACTION(name, data, fallback) \
  static weyl_status run_##name(cli *c) { return with(c, data, fallback, bms_##name); }
ACTION(transform, true, NULL)
ACTION(charges, true, NULL)
ACTION(algebra, true, "random:1")
ACTION(orbit, true, NULL)
ACTION(metric, true, "random:1")
ACTION(bulkcharge, true, "random:1")
ACTION(link, true, "random:1")
ACTION(evolve, true, "fsc:1:0")
ACTION(geodesic, true, "minkowski")
ACTION(vacuum4d, false, NULL)
ACTION(check, false, NULL)

static const study_action actions[] = {{"transform", run_transform, 1, 2, STUDY_TABLES, true, NULL, NULL},
                                       {"charges", run_charges, 1, 2, STUDY_TABLES, true, NULL, NULL},
                                       {"algebra", run_algebra, 1, 2, 0, true, NULL, NULL},
                                       {"orbit", run_orbit, 1, 2, STUDY_TABLES, true, NULL, NULL},
                                       {"metric", run_metric, 1, 2, 0, false, NULL, NULL},
                                       {"bulkcharge", run_bulkcharge, 1, 2, 0, false, NULL, NULL},
                                       {"link", run_link, 1, 2, STUDY_TABLES, true, NULL, NULL},
                                       {"evolve", run_evolve, 1, 2, STUDY_TABLES, true, NULL, NULL},
                                       {"geodesic", run_geodesic, 1, 2, STUDY_TABLES, true, NULL, NULL},
                                       {"vacuum4d", run_vacuum4d, 1, 1, STUDY_TABLES, true, NULL, NULL},
                                       {"check", run_check, 1, 1, 0, false, NULL, NULL},
                                       {0}};

static weyl_status run(cli *c) { return study_run(c, actions); }

static const weyl_option options[] = {
    {"theta", WEYL_OPT_STRING, "", 0, 0, NULL, "mass aspect in place of DATA: -1 + 0.3cos1 + 0.1sin2"},
    {"xi", WEYL_OPT_STRING, "", 0, 0, NULL, "angular momentum aspect, likewise"},
    {"convention", WEYL_OPT_CHOICE, "Xi", 0, 0, "Xi|N",
     "what a table or --xi holds: Xi with g_uphi = Xi at u = 0, or N = 2 Xi"},
    {"newton", WEYL_OPT_DOUBLE, "1", 1e-12, 1e12, NULL, "Newton's constant G"},
    {"superrotation", WEYL_OPT_STRING, "", 0, 0, NULL, "transform: F(phi) - phi as modes: 0.3sin1 + 0.1cos2"},
    {"supertranslation", WEYL_OPT_STRING, "", 0, 0, NULL, "transform: alpha as modes"},
    {"map", WEYL_OPT_STRING, "", 0, 0, NULL,
     "transform: table of F and alpha, modes (n, F_cos ...) or samples (phi, F)"},
    {"y", WEYL_OPT_STRING, "", 0, 0, NULL, "superrotation of a charge; random when neither --y nor --t is given"},
    {"t", WEYL_OPT_STRING, "", 0, 0, NULL, "supertranslation of a charge"},
    {"delta_theta", WEYL_OPT_STRING, "", 0, 0, NULL, "bulkcharge: variation of Theta; random when none is given"},
    {"delta_xi", WEYL_OPT_STRING, "", 0, 0, NULL, "bulkcharge: variation of Xi"},
    {"modes", WEYL_OPT_INT, "0", 0, WEYL_CIRCLE_MODES, NULL,
     "modes kept (transform: 128) or shown (charges: 4; algebra: 8; link: 4) when 0"},
    {"points", WEYL_OPT_INT, "0", 0, 1e7, NULL, "random points in the bulk; 0: 100 (vacuum4d: 50)"},
    {"low", WEYL_OPT_DOUBLE, "1", 1e-6, 1e12, NULL, "metric: least radius of the points"},
    {"high", WEYL_OPT_DOUBLE, "50", 1e-6, 1e12, NULL, "metric: largest radius"},
    {"at", WEYL_OPT_STRING, "", 0, 0, NULL, "metric, geodesic: a point u,r,phi; vacuum4d: u,r,theta,phi"},
    {"past", WEYL_OPT_BOOL, "no", 0, 0, NULL, "geodesic: in the coordinates of past null infinity"},
    {"impact", WEYL_OPT_DOUBLE, "1", -1e9, 1e9, NULL, "geodesic: phi' = impact / r^2 at the start"},
    {"outward", WEYL_OPT_BOOL, "no", 0, 0, NULL, "geodesic: starts outward"},
    {"velocity", WEYL_OPT_STRING, "", 0, 0, NULL, "geodesic: u',r',phi' in place of a null ray"},
    {"far", WEYL_OPT_DOUBLE, "1e10", 1e-3, 1e15, NULL, "geodesic: radius where it ends on the way out"},
    {"near", WEYL_OPT_DOUBLE, "1e-3", 1e-12, 1e6, NULL, "geodesic: radius where it ends on the way in"},
    {"tau", WEYL_OPT_STRING, "", 0, 0, NULL,
     "evolve: energy flux lim r T_uu over the pulse, as modes; 0.02 when not given"},
    {"sigma", WEYL_OPT_STRING, "", 0, 0, NULL, "evolve: flux of angular momentum lim r T_uphi"},
    {"centre", WEYL_OPT_DOUBLE, "0", -1e6, 1e6, NULL, "evolve: middle of the pulse"},
    {"width", WEYL_OPT_DOUBLE, "0.5", 1e-6, 1e6, NULL, "evolve: standard deviation of the pulse"},
    {"from", WEYL_OPT_DOUBLE, "-4", -1e6, 1e6, NULL, "evolve: first u"},
    {"to", WEYL_OPT_DOUBLE, "4", -1e6, 1e6, NULL, "evolve: last u"},
    {"steps", WEYL_OPT_INT, "2000", 1, 1e7, NULL, "evolve: Runge-Kutta steps"},
    {"harmonics", WEYL_OPT_STRING, "2:0:0.333333333333333315", 0, 0, NULL,
     "vacuum4d: f as l:m:coefficient with commas; 2:0:1 is P_2(cos theta)"},
    {"degree", WEYL_OPT_INT, "0", 0, WEYL_BMS_DEGREE, NULL,
     "vacuum4d: random f to this degree in place of --harmonics"},
    {"smooth", WEYL_OPT_DOUBLE, "0", 0, 1e9, NULL,
     "vacuum4d: also the vacuum without caustics that is Minkowski space inside this radius; 0: not"},
    STUDY_OPTION_FULL,
    STUDY_OPTIONS_SHOWN("file for the numbers: .csv, .npy or .npz; modes can be read again"),
    STUDY_OPTION_END,
};

const cli_command cli_command_bms = {
    .name = "bms",
    .summary = "asymptotically flat gravity in three dimensions: symmetries, charges, orbits, bulk",
    .usage = "transform|charges|algebra|orbit|metric|bulkcharge|link|evolve|geodesic|vacuum4d|check [DATA|PRESET]",
    .details =
        "Boundary data are two functions of an angle, Theta and Xi. They come from a table of modes (columns n, "
        "theta_cos, theta_sin, xi_cos, xi_sin) or samples (phi, theta, xi), from --theta and --xi, or from a preset: "
        "minkowski, defect:A, orbifold, fsc:M:J, spinning:A:J, boosted:A:B, random:SEED.\n\n"
        "transform: a finite superrotation and supertranslation. charges: mass, angular momentum and the modes P_n, "
        "J_n. algebra: all brackets, from the metric in the bulk, and the central charges in them. orbit: monodromy, "
        "class, winding, stabiliser and spin. metric: Ricci, Lie derivatives and brackets from the metric at random "
        "points, at both infinities. bulkcharge: the charge form of Barnich and Brandt, against the closed form. link: "
        "from past to future null infinity. evolve: with null matter. geodesic: of the metric. vacuum4d: "
        "supertranslated "
        "Minkowski space in four dimensions, with --smooth also one that is regular everywhere. check: known values; "
        "exit status 1 when one fails.\n\n"
        "Every identity is shown with its residual; controls are identities that must fail.",
    .examples =
        "weyl bms charges fsc:1:1 --newton 0.125\n"
        "weyl bms transform minkowski --superrotation 0.3sin1+0.1cos2 --out vacuum.csv --plot vacuum.svg\n"
        "weyl bms orbit vacuum.csv\n"
        "weyl bms metric random:7 --points 1000\n"
        "weyl bms algebra --report algebra.html\n"
        "weyl bms vacuum4d --harmonics 2:0:0.3333,3:2:0.1 --plot shear.svg\n"
        "weyl bms vacuum4d --smooth 5 --at 0,7,1.2,0",
    .options = options,
    .min_args = 1,
    .max_args = 2,
    .arg = CLI_ARG_WORDS,
    .computes = true,
    .stops = true,
    .run = run,
};
