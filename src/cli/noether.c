/* weyl noether: symmetries of a Lagrangian, what they conserve, and what motion conserves. */
#include "noether.h"

static const char of_what[] = "of what? A file or a preset";

static const study_action actions[] = {
    {"list", noether_list, 1, 2, 0, false, NULL, NULL},
    {"check", noether_check, 2, 2, 0, false, of_what, "kepler"},
    {"current", noether_current, 2, 2, 0, false, of_what, "kepler"},
    {"find", noether_find, 2, 2, 0, false, of_what, "kepler"},
    {"verify", noether_verify, 2, 2, STUDY_TABLES, true, of_what, "kepler"},
    {"measure", noether_measure, 2, 2, STUDY_TABLES, true, "of what? A file of trajectories", "nbody.npz"},
    {0}};

static weyl_status run(cli *c) { return study_run(c, actions); }

static const weyl_option options[] = {
    {"generator", WEYL_OPT_STRING, "", 0, 0, NULL,
     "the name of one of the problem's, or components: \"x = t\"; none: all of the problem's"},
    {"parameters", WEYL_OPT_STRING, "", 0, 0, NULL, "other values than the problem's: \"m = 2, k = 1/2\""},
    {"degree", WEYL_OPT_INT, "2", 1, 6, NULL, "find: of the polynomials in the ansatz"},
    {"order", WEYL_OPT_INT, "0", 0, 3, NULL,
     "find: 0 is point symmetries; from 1 on, generalised ones of derivatives up to it"},
    {"of", WEYL_OPT_CHOICE, "auto", 0, 0, "auto|equations|lagrangian",
     "find: symmetries of the equations, or of the lagrangian alone; auto: the first, of order 1 and up the second"},
    {"jets", WEYL_OPT_INT, "64", 1, 1e6, NULL, "random jets at which the identity of a current is evaluated"},
    {"latex", WEYL_OPT_BOOL, "no", 0, 0, NULL, "formulas in LaTeX"},
    {"method", WEYL_OPT_CHOICE, "gauss4", 0, 0, "gauss2|gauss4|gauss6|rk4",
     "verify: of integration; those of Gauss are symplectic"},
    {"step", WEYL_OPT_DOUBLE, "0", 0, 1e9, NULL, "verify: the longest of three; 0: the problem's"},
    {"time", WEYL_OPT_DOUBLE, "0", 0, 1e9, NULL, "verify: the last one; 0: the problem's"},
    {"points", WEYL_OPT_INT, "0", 0, 65536, NULL, "verify: of the domain; 0: the problem's"},
    {"problem", WEYL_OPT_STRING, "", 0, 0, NULL,
     "measure: the file or preset whose currents are evaluated; the arrays have the names of its fields"},
    {"quantity", WEYL_OPT_STRING, "", 0, 0, NULL,
     "measure: sums over particles | over pairs, with names: \"p: m*vx; E: m*vx^2/2 | q1*q2/r\""},
    {"split", WEYL_OPT_STRING, "train", 0, 0, NULL, "measure: train, valid or test, of files with all three"},
    {"dt", WEYL_OPT_DOUBLE, "0", 0, 1e9, NULL, "measure: time from one frame to the next; 0: the array t, or 1"},
    {"tolerance", WEYL_OPT_DOUBLE, "1e-3", 0, 1, NULL, "measure: change along runs that counts as conserved"},
    STUDY_OPTIONS_SHOWN("verify: motion and charges; measure: the quantities: .csv, .npy or .npz"),
    STUDY_OPTION_END,
};

const cli_command cli_command_noether = {
    .name = "noether",
    .summary = "symmetries of a Lagrangian, and what they conserve",
    .usage = "list|check|current|find|verify|measure [FILE|PRESET|DATA]",
    .details =
        "check: is a generator a symmetry of the action, up to a divergence? 1 is the exit status when one is not, and "
        "what is left of the condition is shown. current: the conserved current, exact, with the identity D_i J^i = "
        "Q^a "
        "E_a(L) evaluated at random jets. find: all symmetries whose components are polynomials of some degree, by "
        "solving the determining equations exactly. verify: motion from the problem's initial values with three steps, "
        "and how the charges drift along it; 1 is the exit status when a drift does not fall as the method promises. "
        "list: the presets; list NAME prints one.\n\n"
        "measure DATA: which quantities recorded trajectories (npz) conserve, and which combinations: momenta, "
        "energies "
        "and so on, --quantity, or the currents of --problem.\n\n"
        "A problem is a file of lines: independent: t; fields: x, y; parameters: m = 1; lagrangian: m*(x'^2 + y'^2)/2; "
        "generator turn: x = -y, y = x; initial: x = 1, y_t = 1. Derivatives are x_t, u_xx or, for one independent "
        "variable, x'. For partial equations: domain: x = -10 to 10; points: 256. equation: ... stands in place of a "
        "lagrangian.",
    .examples =
        "weyl noether check kepler\n"
        "weyl noether check free-particle --generator 'x = x^2'\n"
        "weyl noether current sine-gordon --generator boost --latex\n"
        "weyl noether find kdv\n"
        "weyl noether find kepler --order 1\n"
        "weyl noether verify kepler --method gauss6 --step 0.1 --report kepler.html\n"
        "weyl noether measure nbody.npz --split test\n"
        "weyl noether list kdv-potential > mine.txt",
    .options = options,
    .min_args = 1,
    .max_args = 2,
    .arg = CLI_ARG_WORDS,
    .computes = true,
    .stops = true,
    .run = run,
};
