/* weyl sem: how many environments, and which representation is the same in all of them. */
#include "sem.h"
#include "studies.h"

static const char of_what[] = "of what? A table (data.csv), a model (file.sem) or a preset";

static const study_action actions[] = {{"simulate", sem_simulate, 2, 2, STUDY_TABLES, false, of_what, "irm-toy"},
                                       {"search", sem_search, 2, 2, STUDY_CSV, true, of_what, "irm-toy"},
                                       {"certify", sem_certify, 2, 2, 0, false, of_what, "irm-toy"},
                                       {"plan", sem_plan, 1, 2, 0, true, NULL, NULL},
                                       {"compare", sem_compare, 2, 2, 0, true, of_what, "irm-toy"},
                                       {"curve", sem_curve, 1, 2, STUDY_CSV, true, NULL, NULL},
                                       {"check", sem_check, 1, 1, 0, false, NULL, NULL},
                                       {0}};

static weyl_status run(cli *c) { return study_run(c, actions); }

static const weyl_option options[] = {
    {"environments", WEYL_OPT_INT, "0", 0, 1e6, NULL,
     "training environments to draw from a model; 0: its fixed ones, or 16"},
    {"unseen", WEYL_OPT_INT, "0", 0, 1e6, NULL, "unseen environments to draw from a model; 0: its fixed ones, or 200"},
    {"rows", WEYL_OPT_INT, "0", 0, 1e8, NULL,
     "rows of each environment drawn from a model; 0: exact moments (simulate: 200)"},
    {"hold_out", WEYL_OPT_STRING, "", 0, 0, NULL, "environments of a table that are not trained on: names with commas"},
    {"target", WEYL_OPT_STRING, "", 0, 0, NULL, "column to predict, by name or number; Y when not given"},
    {"environment", WEYL_OPT_STRING, "", 0, 0, NULL,
     "column that says which environment; env or environment when not given"},
    {"features", WEYL_OPT_STRING, "", 0, 0, NULL,
     "columns to predict from, with commas (certify: of the representation)"},
    {"anchors", WEYL_OPT_STRING, "", 0, 0, NULL,
     "columns that anchor regression projects on; the environments when not given"},
    {"intercept", WEYL_OPT_CHOICE, "auto", 0, 0, "auto|yes|no",
     "a constant among the features; auto: for tables, and models with means"},
    {"scale", WEYL_OPT_CHOICE, "pooled", 0, 0, "pooled|none",
     "divide columns by their pooled deviations, so that eps has a meaning"},
    {"eps", WEYL_OPT_DOUBLE, "0.02", 1e-12, 1e6, NULL,
     "what |g| counts as invariant (curve and plan: on the scale of the data)"},
    {"method", WEYL_OPT_CHOICE, "subsets", 0, 0, "subsets|continuous|joint",
     "search: all subsets, all linear representations, or k rows at once"},
    {"most", WEYL_OPT_INT, "3", 1, 20, NULL, "features of a subset, or rows of a joint representation, at most"},
    {"starts", WEYL_OPT_INT, "20", 1, 10000, NULL, "starts of a continuous search"},
    {"order", WEYL_OPT_CHOICE, "risk", 0, 0, "risk|worst",
     "rank what is found by pooled risk or by that of the worst environment"},
    {"all", WEYL_OPT_BOOL, "no", 0, 0, NULL, "search: list subsets that are not invariant too"},
    {"zeta", WEYL_OPT_DOUBLE, "0.1", 1e-6, 1, NULL, "share of unseen interventions that may be violated"},
    {"delta", WEYL_OPT_DOUBLE, "0.05", 1e-12, 0.999, NULL, "probability that the bound fails"},
    {"sites", WEYL_OPT_INT, "0", 0, 1000, NULL, "nodes that interventions act on; 0: the model's, or 1"},
    {"in_degree", WEYL_OPT_INT, "0", 0, 1000, NULL, "parents of such a node at most; 0: the model's, or 2"},
    {"acts_on", WEYL_OPT_CHOICE, "coefficients", 0, 0, "coefficients|variances|means",
     "plan: what interventions change (variances: those too; means: all three)"},
    {"dimension", WEYL_OPT_INT, "0", 0, 1e6, NULL, "plan: features there are, for the bound that depends on them"},
    {"norm", WEYL_OPT_DOUBLE, "1", 1e-9, 1e9, NULL, "plan: largest eigenvalue of the second moments of (X, Y)"},
    {"weight", WEYL_OPT_DOUBLE, "1", 0, 1e9, NULL, "plan: norm of the predictor"},
    {"alpha", WEYL_OPT_DOUBLE, "0.05", 1e-9, 0.999, NULL, "level of invariant causal prediction"},
    {"means_only", WEYL_OPT_BOOL, "no", 0, 0, NULL, "invariant causal prediction without the test of variances"},
    {"gamma", WEYL_OPT_DOUBLE, "5", 0, 1e12, NULL, "strength of anchor regression and of DRIG"},
    {"lambda", WEYL_OPT_DOUBLE, "1e6", 0, 1e15, NULL, "penalty of IRMv1"},
    {"rex", WEYL_OPT_DOUBLE, "1e4", 0, 1e15, NULL, "penalty of V-REx"},
    {"nodes", WEYL_OPT_STRING, "", 0, 0, NULL, "nodes of a random preset; for curve several, with commas: 8,16"},
    {"latent", WEYL_OPT_INT, "0", 0, 4096, NULL,
     "random presets: features that are mixtures, so many; 0: nodes themselves"},
    {"trials", WEYL_OPT_INT, "30", 1, 4096, NULL, "curve: random models"},
    {"counts", WEYL_OPT_STRING, "1,2,4,8,16,32", 0, 0, NULL, "curve: numbers of training environments"},
    STUDY_OPTION_FULL,
    {"model", WEYL_OPT_STRING, "", 0, 0, NULL,
     "simulate: also write the model as text; certify: the model behind a table"},
    STUDY_OPTIONS_SHOWN("file for the rows (simulate: .csv, .npy, .npz) or the table of results (.csv)"),
    CLI_OPTION_MPI,
    STUDY_OPTION_END,
};

const cli_command cli_command_sem = {
    .name = "sem",
    .summary = "invariance across environments: how many are needed, and what stays the same",
    .usage = "simulate|search|certify|plan|compare|curve|check [DATA|MODEL|PRESET]",
    .details =
        "Environments are interventions on one linear structural equation model. They come from a table (data.csv, "
        "with a column that names the environment), a model (file.sem, one equation a line), or a preset: pac-curve, "
        "dim-free, latent, irm-toy, irm-fou to irm-pes, cancelling, shifts.\n\n"
        "plan: how many environments, with how many rows, until everything that looks invariant is invariant on all "
        "but a share zeta of unseen interventions. certify: what environments at hand promise, with the share seen "
        "on held-out ones. search: representations with one predictor for all environments. compare: pooled least "
        "squares, the invariant subset, invariant causal prediction, anchor regression, DRIG, IRMv1, V-REx, group "
        "DRO and the causal Dantzig on training and unseen environments. simulate: rows of environments drawn from a "
        "model. curve: violation on unseen interventions against the number seen, over random models. check: known "
        "values, ours, and the difference; exit status 1 when one fails.\n\n"
        "A model: lines such as X1 = N(0, 1), Y = 0.8 X1 + N(0, 1), target Y, intervene X2: coefficients U(-1, 1), "
        "environment one: X1 mean 2. N(mean, variance) is the noise.",
    .examples =
        "weyl sem plan --zeta 0.1 --sites 1 --in-degree 2 --eps 0.1\n"
        "weyl sem simulate shifts --environments 5 --rows 500 --out data.csv\n"
        "weyl sem search data.csv --eps 0.1\n"
        "weyl sem compare irm-toy --plot compare.svg\n"
        "weyl sem certify data.csv --features X1,X2 --hold-out 3,4\n"
        "weyl sem curve --nodes 8,16 --plot curve.svg --report curve.html",
    .options = options,
    .min_args = 1,
    .max_args = 2,
    .arg = CLI_ARG_WORDS,
    .computes = true,
    .stops = true,
    .ranks = true,
    .run = run,
};
