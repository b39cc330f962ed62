/* weyl sense: matrices of low rank from few measurements, and which method finds them. */
#include "sense.h"
#include "studies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- run ---- */

/* What the asymptotics say of this run (sheet 2.3 and 2.4), for exact measurements. */
static void predict(cli *c, const sense_setting *s, const weyl_sense_result *r) {
  const char *method = s->o.method;
  const size_t n2 = s->n2 ? s->n2 : s->n1, least = (s->n1 < n2 ? s->n1 : n2) - s->rank,
               q = r->k - s->rank < least ? r->k - s->rank : least;
  char text[128] = "";
  double slope = NAN, error2 = NAN;
  if (r->k < s->rank) {
    snprintf(text, sizeof text, "k is below the rank: an error stays");
  } else if (strcmp(method, "gd") == 0 && s->o.symmetric && r->k > s->rank) {
    slope = -2;
    error2 = (double)q / (4 * r->eta * r->eta * (double)r->iterations * (double)r->iterations);
    snprintf(text, sizeof text, "t^-2, error^2 -> (k - r) / (4 eta^2 t^2) = %.4g", error2);
  } else if (strcmp(method, "modified") == 0 && r->switched >= 0) {
    slope = 2 * log1p(-r->eta * r->beta * r->beta);
    snprintf(text, sizeof text, "exp(%.4g t) with exact measurements: 2 ln(1 - eta beta^2)", slope);
  } else if (strcmp(method, "gd") == 0 && r->k > s->rank && r->switched < 0 &&
             strcmp(s->o.start ? s->o.start : "random", "random") == 0) {
    snprintf(text, sizeof text, "exp(-c eta alpha^2 t): faster from a larger start");
  } else if (strcmp(method, "gd") == 0 && r->k == s->rank) {
    snprintf(text, sizeof text, "exp(-c eta sigma_r t)");
  }
  weyl_json_object(c->result, "predicted");
  weyl_json_string(c->result, "text", text[0] ? text : NULL);
  if (isfinite(slope)) weyl_json_number(c->result, "slope", slope);
  if (isfinite(error2)) weyl_json_number(c->result, "error2", error2);
  weyl_json_end(c->result);
  if (text[0]) cli_say(c, "  theory      %s\n", text);
}

static weyl_status run_one(cli *c) {
  sense_setting s;
  sense_curve curve;
  char text[64], number[3][32];
  sense_setting_of(c, &s);
  WEYL_TRY(sense_solve(c, &s, &curve));
  const weyl_sense_result *r = &curve.r;
  weyl_json *json = c->result;
  weyl_json_integer(json, "iterations", r->iterations);
  weyl_json_number(json, "error2", r->error2);
  weyl_json_number(json, "residual", r->residual);
  sense_law_json(json, &curve.law);
  weyl_json_integer(json, "k", (int64_t)r->k);
  weyl_json_number(json, "eta", r->eta);
  if (r->switched >= 0) {
    weyl_json_integer(json, "switched", r->switched);
    weyl_json_number(json, "beta", r->beta);
  }
  weyl_json_number(json, "seconds_iterating", r->seconds);
  cli_say(c, "%s, %zux%zu of rank %zu, %s, k = %zu%s\n", s.measure, r->n1, r->n2, s.rank, s.o.method, r->k,
          s.o.symmetric ? ", symmetric" : "");
  cli_say(c, "  steps       %lld, %s ms each, eta = %s\n", (long long)r->iterations,
          cli_digits(number[0], r->iterations ? 1e3 * r->seconds / (double)r->iterations : 0, 3),
          cli_digits(number[1], r->eta, 4));
  if (r->switched >= 0)
    cli_say(c, "  switched    after %lld steps%s%s\n", (long long)r->switched, r->beta > 0 ? ", beta = " : "",
            r->beta > 0 ? cli_digits(number[2], r->beta, 4) : "");
  cli_say(c, "  error^2     %.4g   (|%s - M*|_F^2)\n", r->error2, s.o.symmetric ? "X X^T" : "F G^T");
  cli_say(c, "  residual    %.4g   (|A(.) - y| / |y|)\n", r->residual);
  if (isfinite(curve.law.slope))
    cli_say(c, "  law         error^2 ~ %s, R^2 = %.5f over t = %g to %g\n",
            sense_law_text(text, sizeof text, &curve.law), curve.law.r2, curve.law.from, curve.law.to);
  else
    cli_say(c, "  law         neither a power nor exponential\n");
  predict(c, &s, r);
  weyl_status status = sense_save(c, 1, &curve);
  char title[128];
  snprintf(title, sizeof title, "%s, %s, n = %zu, r = %zu, k = %zu", s.measure, s.o.method, r->n1, s.rank, r->k);
  if (status == WEYL_OK) status = sense_draw(c, title, strcmp(curve.law.name, "power") == 0, true, 1, &curve);
  sense_curves_free(c, 1, &curve);
  return status;
}

/* ---- law of a file ---- */

static weyl_status law(cli *c) {
  weyl_table table;
  WEYL_TRY(weyl_table_read(c->ctx, c->arg[1], &table));
  const size_t columns = table.columns;
  double *t = weyl_alloc(c->ctx, 2 * table.rows, sizeof *t), *e = t ? t + table.rows : NULL;
  size_t n = 0;
  weyl_status status = t ? WEYL_OK : WEYL_MEMORY;
  if (status == WEYL_OK && columns < 2)
    status = weyl_fail(c->ctx, WEYL_FORMAT, "%zu column, must be t and error^2 (%s)", columns, c->arg[1]);
  for (size_t i = 0; status == WEYL_OK && i < table.rows; i++) {
    t[n] = table.value[i * columns];
    e[n] = table.value[i * columns + 1];
    n += !(isnan(t[n]) && isnan(e[n])); /* shorter curves end in nothing */
  }
  weyl_sense_law found;
  if (status == WEYL_OK) {
    status = weyl_sense_law_find(c->ctx, n, t, e, &found);
    if (status == WEYL_BAD_ARG) status = weyl_fail_within(c->ctx, WEYL_FORMAT, "%s", c->arg[1]);
  }
  if (status == WEYL_OK) {
    char text[64];
    weyl_json_integer(c->result, "points", (int64_t)n);
    sense_law_json(c->result, &found);
    if (isfinite(found.slope))
      cli_say(c, "%s: error^2 ~ %s, R^2 = %.5f over t = %g to %g\n", found.name,
              sense_law_text(text, sizeof text, &found), found.r2, found.from, found.to);
    else
      cli_say(c, "none: neither a power nor exponential over %zu points\n", n);
    const sense_curve curve = {.label = "error^2", .r = {.points = n, .t = t, .error2_at = e}, .law = found};
    status = sense_draw(c, c->arg[1], strcmp(found.name, "power") == 0, true, 1, &curve);
  }
  weyl_dealloc(c->ctx, t);
  weyl_table_free(c->ctx, &table);
  return status;
}

/* ---- the sheet's numbers ---- */

static weyl_status check(cli *c) {
  enum { COLUMNS = 6, MOST = 64 };
  char text[MOST + 1][COLUMNS][64];
  const char *cells[(MOST + 1) * COLUMNS] = {"what", "quantity", "known", "ours", "holds", "budget"};
  size_t rows = 1, failed = 0;
  weyl_sense_checks *checks;
  WEYL_TRY(weyl_sense_checks_new(c->ctx, cli_bool(c, "full"), &checks));
  weyl_status status = WEYL_OK;
  weyl_json_array(c->result, "rows");
  for (const weyl_sense_check *k; (k = weyl_sense_check_at(rows - 1)) != NULL && rows <= MOST; rows++) {
    double ours;
    char(*t)[64] = text[rows];
    const double start = weyl_seconds();
    WEYL_GOTO(weyl_sense_check_run(checks, rows - 1, &ours, t[5]));
    const bool holds = ours >= k->low && ours <= k->high;
    failed += !holds;
    snprintf(t[0], 64, "%s", k->name);
    snprintf(t[1], 64, "%s", k->metric);
    t[2][0] = 0;
    if (!isnan(k->known)) snprintf(t[2], 64, "%.4g", k->known);
    snprintf(t[3], 64, "%.4g", ours);
    snprintf(t[4], 64, "%s", holds ? "yes" : "NO");
    for (size_t j = 0; j < COLUMNS; j++) cells[rows * COLUMNS + j] = t[j];
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", k->name);
    weyl_json_string(c->result, "metric", k->metric);
    if (isnan(k->known))
      weyl_json_string(c->result, "paper", NULL);
    else
      weyl_json_number(c->result, "paper", k->known);
    weyl_json_number(c->result, "ours", ours);
    weyl_json_number(c->result, "low", k->low);
    weyl_json_number(c->result, "high", k->high);
    weyl_json_bool(c->result, "holds", holds);
    weyl_json_string(c->result, "budget", t[5]);
    weyl_json_string(c->result, "source", k->source);
    weyl_json_string(c->result, "better", k->better);
    weyl_json_number(c->result, "seconds", weyl_seconds() - start);
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  cli_table(c, rows, COLUMNS, cells);
  cli_say(c, "\n%zu of %zu hold\n", rows - 1 - failed, rows - 1);
  if (failed) status = WEYL_NO;
done:
  weyl_sense_checks_free(checks);
  return status;
}

/* ---- the command ---- */

static const study_action actions[] = {
    {"run", run_one, 1, 1, STUDY_TABLES, true, NULL, NULL},
    {"compare", sense_compare, 1, 1, STUDY_TABLES, true, NULL, NULL},
    {"figure", sense_figure, 1, 2, STUDY_TABLES, true, NULL, NULL},
    {"law", law, 2, 2, 0, true, "which file? Columns t and error^2, as --out writes them", "log.csv"},
    {"complete", sense_complete, 2, 2, STUDY_ANY, true,
     "which file? Lines of row, column, value; a matrix (npy); or an image (png, pgm, ppm)", "ratings.csv"},
    {"check", check, 1, 1, 0, false, NULL, NULL},
    {0}};

static weyl_status run(cli *c) { return study_run(c, actions); }

static const weyl_option options[] = {
    {"measure", WEYL_OPT_CHOICE, "gaussian", 0, 0,
     "population|gaussian|regenerated|rank-one|entries|hadamard|fourier|kronecker", "kind of measurements"},
    {"n", WEYL_OPT_INT, "50", 1, 1e7, NULL, "rows of the matrix"},
    {"n2", WEYL_OPT_INT, "0", 0, 1e7, NULL, "columns; 0: as many"},
    {"rank", WEYL_OPT_INT, "3", 1, 1e4, NULL, "its rank r; complete: the rank of the answer, chosen when not given"},
    {"m", WEYL_OPT_INT, "0", 0, 2147483647, NULL, "measurements; 0: 10 r (n + n2)"},
    {"kappa", WEYL_OPT_DOUBLE, "1", 1, 1e12, NULL, "singular values fall from 1 to 1 / kappa"},
    {"noise", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "added to y: noise N(0, 1) / sqrt(m)"},
    {"haar", WEYL_OPT_BOOL, "no", 0, 0, NULL, "random singular vectors instead of unit vectors"},
    {"method", WEYL_OPT_CHOICE, "gd", 0, 0, "gd|modified|scaled-gd|prec-gd|gauss-newton|nesterov|alt-min|iht|fista|svt",
     "how it is sought"},
    {"k", WEYL_OPT_INT, "0", 0, 1e4, NULL, "columns of the factors; 0: the rank"},
    {"symmetric", WEYL_OPT_BOOL, "no", 0, 0, NULL, "X X^T in place of F G^T"},
    {"iterations", WEYL_OPT_INT, "0", 0, 1e9, NULL, "steps at most; 0: 1000 (complete: 200)"},
    {"eta", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "step size; 0: the method's own"},
    {"eta_before", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "step size until the trigger (modified, prec-gd)"},
    {"trigger", WEYL_OPT_DOUBLE, "0", 0, 1, NULL, "relative residual where modified and prec-gd begin; 0: 0.1"},
    {"beta", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "of modified; 0: 0.7 sqrt(sigma_r), seen in the factors"},
    {"lambda", WEYL_OPT_DOUBLE, "0", 0, 1e12, NULL,
     "damping (scaled-gd, prec-gd), weight (fista, svt), ridge (alt-min)"},
    {"momentum", WEYL_OPT_DOUBLE, "0", 0, 0.9999, NULL, "of nesterov; 0: 0.9"},
    {"start", WEYL_OPT_CHOICE, "auto", 0, 0, "auto|random|balanced|spectral|near",
     "where it starts; auto: the method's own"},
    {"alpha", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "scale of a random start; 0: 0.2 sqrt(sigma_1)"},
    {"imbalance", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "G_0 is this times as large as F_0; 0: 1/3"},
    {"norm", WEYL_OPT_CHOICE, "inv_n", 0, 0, "inv_n|inv_k|one", "variance of the start's entries: 1/n, 1/k, 1"},
    {"tolerance", WEYL_OPT_DOUBLE, "0", 0, 1, NULL, "ends at this relative residual; 0: 1e-15"},
    {"points", WEYL_OPT_INT, "400", 2, 1e6, NULL, "of the log, at most"},
    {"spacing", WEYL_OPT_CHOICE, "ratio", 0, 0, "ratio|even", "of these points in t"},
    {"traces", WEYL_OPT_INT, "0", 0, 30, NULL, "singular values of the answer in each row of --out"},
    {"methods", WEYL_OPT_STRING, "", 0, 0, NULL, "of compare and complete, commas between"},
    STUDY_OPTION_FULL,
    {"hide", WEYL_OPT_DOUBLE, "0", 0, 0.99, NULL, "complete: leave out this share too, and tell how well it was found"},
    {"held", WEYL_OPT_DOUBLE, "0.1", 0.001, 0.8, NULL, "complete: share of entries that choose rank and method"},
    {"rank_max", WEYL_OPT_INT, "30", 1, 1000, NULL, "complete: the largest rank tried"},
    {"ridge", WEYL_OPT_DOUBLE, "0", 0, 1e6, NULL, "complete: of alt-min, in shares of the noise-free size; 0: chosen"},
    {"centre", WEYL_OPT_CHOICE, "mean", 0, 0, "none|mean|effects", "complete: what is taken off first"},
    {"base", WEYL_OPT_INT, "-1", -1, 1, NULL, "complete: indices begin at 0 or 1; -1: seen in the file"},
    {"shape", WEYL_OPT_STRING, "", 0, 0, NULL, "complete: ROWSxCOLUMNS; the largest indices otherwise"},
    {"mask", WEYL_OPT_STRING, "", 0, 0, NULL, "complete: an image, black where a pixel is missing"},
    {"missing", WEYL_OPT_STRING, "", 0, 0, NULL, "complete: the value that stands for a missing entry"},
    {"ask", WEYL_OPT_STRING, "", 0, 0, NULL, "complete: a file of rows and columns whose values --out is to hold"},
    STUDY_OPTIONS_SHOWN("csv, npy or npz: the points of the log; complete: the answer, in the form of the input"),
    STUDY_OPTION_END,
};

const cli_command cli_command_sense = {
    .name = "sense",
    .summary = "matrices of low rank from few measurements, and missing entries",
    .usage = "run|compare|figure|law|complete|check [ARG]",
    .details =
        "run: one method on one problem, with the law by which its error falls. compare: all methods on one problem. "
        "figure NAME: the curves of a figure, as a picture and a table; without NAME the list. law FILE: the law of "
        "a trajectory (columns t, error^2). check: known values, computed again.\n\n"
        "complete FILE: fills in what is missing. FILE has a row, a column and a value in each line; or is a matrix "
        "(npy, nan where it has gaps) or an image (png, pgm, ppm; missing where transparent, or by --mask). Rank and "
        "method are those that foretell entries held out best.\n\n"
        "M* has rank r and is sought as F G^T with k columns. With k > r plain descent slows: t^-2 for X X^T, "
        "exp(-c alpha^2 t) for F G^T; one rebalancing step (modified), or a preconditioned method, mends it.",
    .examples =
        "weyl sense run --measure population --symmetric --k 5 --eta 0.1 --alpha 0.2 --iterations 20000\n"
        "weyl sense run --method modified --k 5 --alpha 0.05 --plot modified.svg\n"
        "weyl sense compare --k 5 --kappa 10\n"
        "weyl sense figure fig-2b --plot fig-2b.png\n"
        "weyl sense complete ratings.csv --ask wanted.csv --out predicted.csv\n"
        "weyl sense complete photo.png --hide 0.5 --out filled.png",
    .options = options,
    .min_args = 1,
    .max_args = 2,
    .arg = CLI_ARG_WORDS,
    .computes = true,
    .stops = true,
    .run = run,
};
