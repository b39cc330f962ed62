/* weyl audit: how symmetric a trained run is, group by group, in float and in double, with the worst element found. */
#include "audit.h"

#include <math.h>
#include <string.h>

/* ---- what is promised ---- */

enum { ROTATIONS = 1, REFLECTIONS = 2, TRANSLATIONS = 4, PERMUTATIONS = 8 };

static int parts_of(const weyl_group *group) {
  const weyl_group_info a = weyl_group_about(group);
  return (a.rotations ? ROTATIONS : 0) | (a.reflections ? REFLECTIONS : 0) | (a.translations ? TRANSLATIONS : 0) |
         (a.permutations ? PERMUTATIONS : 0);
}

/* The next entry of a list, "E(3) x S(n)" or "a, b", starting at *text: its length, 0 at the end; *rest is what
 * follows. */
static size_t next_word(const char **text, const char *between, const char **rest) {
  *text += strspn(*text, " ");
  const char *end = strstr(*text, between);
  size_t n = end ? (size_t)(end - *text) : strlen(*text);
  *rest = end ? end + strlen(between) : *text + n;
  while (n > 0 && (*text)[n - 1] == ' ') n--;
  return n;
}

/* A model's row says "E x S" for any number of dimensions: here in d. */
static weyl_status promised_parts(cli *c, const char *text, int d, int *parts) {
  const char *word = text, *rest;
  for (size_t n; (n = next_word(&word, " x ", &rest)) > 0; word = rest) {
    char name[32];
    const size_t letters = strspn(word, "ESOT");
    if (memchr(word, '(', n) || letters != n)
      snprintf(name, sizeof name, "%.*s", (int)n, word);
    else if (n == 1 && *word == 'S')
      snprintf(name, sizeof name, "S(n)");
    else
      snprintf(name, sizeof name, "%.*s(%d)", (int)n, word, d);
    weyl_group *group = NULL;
    WEYL_TRY(weyl_group_parse(c->ctx, name, &group));
    *parts |= parts_of(group);
    weyl_group_free(group);
  }
  return WEYL_OK;
}

static weyl_status promised_by_run(cli *c, const weyl_trained *trained, int d, int *parts) {
  *parts = 0;
  const char *model = weyl_trained_model(trained)->symmetry, *wrapper = weyl_trained_symmetry(trained);
  if (model) WEYL_TRY(promised_parts(c, model, d, parts));
  bool none = true;
  char group[32];
  weyl_symmetrize_opts opts;
  if (!wrapper || !wrapper[0]) return WEYL_OK;
  WEYL_TRY(weyl_symmetry_parse(c->ctx, wrapper, &none, group, &opts));
  return none ? WEYL_OK : promised_parts(c, group, d, parts);
}

/* ---- what is audited ---- */

static weyl_status add_subject(cli *c, cli_audit *a, const char *name, size_t n, int promised, bool counts) {
  if (a->subjects == CLI_AUDIT_GROUPS)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "more than %d groups to audit", CLI_AUDIT_GROUPS);
  cli_audit_subject *s = &a->subject[a->subjects];
  snprintf(s->name, sizeof s->name, "%.*s", (int)n, name);
  weyl_group *group = NULL;
  WEYL_TRY(cli_group(c, s->name, &group));
  snprintf(s->name, sizeof s->name, "%s", weyl_group_about(group).name);
  s->expected = (parts_of(group) & ~promised) == 0;
  s->counts = counts;
  weyl_group_free(group);
  a->subjects++;
  return WEYL_OK;
}

static weyl_status choose_subjects(cli *c, cli_audit *a, const weyl_trained *trained) {
  const weyl_task_def *task = weyl_trained_task(trained);
  weyl_group *whole = NULL;
  WEYL_TRY(weyl_group_parse(c->ctx, weyl_trained_group(trained), &whole));
  const int d = weyl_group_about(whole).space;
  weyl_group_free(whole);
  int promised = 0;
  WEYL_TRY(promised_by_run(c, trained, d, &promised));
  const char *asked = a->ask.group;
  if (asked) return add_subject(c, a, asked, strlen(asked), promised, true);
  const char *word = weyl_trained_group(trained), *rest;
  for (size_t n; (n = next_word(&word, " x ", &rest)) > 0; word = rest)
    WEYL_TRY(add_subject(c, a, word, n, promised, true));
  word = task->controls ? task->controls : "";
  for (size_t n; (n = next_word(&word, ",", &rest)) > 0; word = rest)
    WEYL_TRY(add_subject(c, a, word, n, promised, false));
  return WEYL_OK;
}

/* ---- the audit ---- */

static weyl_audit_opts options_for(const cli_audit *a, weyl_dtype real, bool frames) {
  weyl_audit_opts o = weyl_audit_defaults(real);
  o.inputs = a->ask.inputs;
  o.elements = a->ask.elements;
  o.translation_scale = a->ask.scale;
  o.seed = a->ask.seed;
  /* float: rounding is 6e-8, some hundred operations deep; the eigenvectors of a frame turn by rounding over gap */
  o.tolerance_mean = real == WEYL_F32 ? 1e-5 : 1e-10;
  o.tolerance_max = real == WEYL_F64 ? 1e-10 : frames ? 1e-3 : 1e-5;
  return o;
}

static weyl_status audit_one(cli *c, cli_audit *a, weyl_trained *trained, int k, weyl_dtype real) {
  weyl_group *group = NULL;
  WEYL_TRY(weyl_group_parse(c->ctx, a->subject[k].name, &group));
  const weyl_audit_opts o = options_for(a, real, a->frames);
  cli_audit_finding *f = &a->found[k][real == WEYL_F64];
  double gap = INFINITY;
  const weyl_status status = weyl_trained_audit(trained, a->arena, group, &o, &f->result, &gap);
  weyl_group_free(group);
  if (status != WEYL_OK) return weyl_fail_within(c->ctx, status, "group %s", a->subject[k].name);
  f->tolerance_mean = o.tolerance_mean;
  f->tolerance_max = o.tolerance_max;
  f->holds = f->result.holds;
  a->gap = fmin(a->gap, gap);
  return WEYL_OK;
}

/* One input and element, only to see whether the model has frames: they have a gap, and a wider tolerance in float. */
static weyl_status look_for_frames(cli *c, cli_audit *a, weyl_trained *trained) {
  weyl_group *group = NULL;
  WEYL_TRY(weyl_group_parse(c->ctx, a->subject[0].name, &group));
  weyl_audit_opts o = options_for(a, WEYL_F32, false);
  o.inputs = o.elements = 1;
  weyl_audit_result result;
  double gap = INFINITY;
  const weyl_status status = weyl_trained_audit(trained, a->arena, group, &o, &result, &gap);
  weyl_group_free(group);
  a->frames = isfinite(gap);
  return status;
}

/* The task's groups are chosen from the run in float, which comes first. */
static weyl_status measure_in(cli *c, cli_audit *a, const char *run, weyl_dtype real) {
  weyl_trained *trained = NULL;
  WEYL_TRY(weyl_trained_open(c->ctx, run, real, a->ask.data, &trained));
  weyl_status status = WEYL_OK;
  if (real == WEYL_F32) {
    WEYL_GOTO(choose_subjects(c, a, trained));
    WEYL_GOTO(look_for_frames(c, a, trained));
    a->model = weyl_trained_model(trained)->name; /* rows of tables: they outlive the run */
    a->task = weyl_trained_task(trained)->name;
  }
  for (int k = 0; k < a->subjects; k++) WEYL_GOTO(audit_one(c, a, trained, k, real));
done:
  weyl_trained_free(trained);
  return status;
}

weyl_status cli_audit_measure(cli *c, const char *run, const cli_audit_ask *ask, weyl_arena *arena, cli_audit *a) {
  *a = (cli_audit){.arena = arena, .ask = *ask, .gap = INFINITY};
  WEYL_TRY(measure_in(c, a, run, WEYL_F32));
  WEYL_TRY(measure_in(c, a, run, WEYL_F64));
  a->holds = true;
  for (int k = 0; k < a->subjects; k++) {
    for (int t = 0; t < 2; t++) a->holds = a->holds && (a->found[k][t].holds || !a->subject[k].counts);
  }
  return WEYL_OK;
}

/* ---- what is said ---- */

static void json_element(weyl_json *json, const weyl_audit_result *r) {
  weyl_json_array(json, "worst_element");
  for (size_t i = 0; i < r->worst_size; i++) weyl_json_number(json, NULL, r->worst_g[i]);
  weyl_json_end(json);
}

static void say_element(cli *c, const cli_audit_subject *s, const weyl_audit_result *r) {
  weyl_group *group = NULL;
  if (!r->worst_g || weyl_group_parse(c->ctx, s->name, &group) != WEYL_OK) return;
  const weyl_group_info about = weyl_group_about(group);
  const int d = about.space;
  size_t at = 0;
  if (d > 0) {
    cli_say(c, "    R =");
    for (int i = 0; i < d; i++) {
      cli_say(c, "%s[", i ? " " : " [");
      for (int j = 0; j < d; j++) cli_say(c, "%s%.6g", j ? " " : "", r->worst_g[i * d + j]);
      cli_say(c, "]%s", i + 1 == d ? "]" : "");
    }
    at = (size_t)d * (size_t)d;
    if (about.translations) cli_say(c, ", t = [");
    for (int i = 0; about.translations && i < d; i++) cli_say(c, "%s%.6g", i ? " " : "", r->worst_g[at + (size_t)i]);
    cli_say(c, about.translations ? "]\n" : "\n");
    at += (size_t)d;
  }
  if (about.permutations && at < r->worst_size) {
    cli_say(c, "    points go to");
    for (size_t i = at; i < r->worst_size; i++) cli_say(c, " %.0f", r->worst_g[i]);
    cli_say(c, "\n");
  }
  weyl_group_free(group);
}

static void say_worst(cli *c, const cli_audit_subject *s, const cli_audit_finding *f, const char *dtype) {
  const weyl_audit_result *r = &f->result;
  cli_say(
      c,
      "  %s, %s: worst %.3g on test sample %lld; %lld of %lld draws above %.0e (95 %% sure that at most %.3g %% are)\n",
      s->name, dtype, r->max, (long long)r->worst_sample, (long long)r->failing, (long long)r->draws, f->tolerance_max,
      100 * r->failing_bound);
  say_element(c, s, r);
}

static void conclude(cli *c, const cli_audit *a) {
  static const char *const dtype[2] = {"f32", "f64"};
  const char *cells[8 * (2 * CLI_AUDIT_GROUPS + 1)] = {"group",        "type",          "mean",     "worst",
                                                       "allowed mean", "allowed worst", "promised", "holds"};
  char numbers[4 * 2 * CLI_AUDIT_GROUPS][32];
  size_t row = 1, used = 0;
  cli_say(c, "%s on %s: %lld inputs x %d elements a group\n\n", a->model, a->task, (long long)a->ask.inputs,
          a->ask.elements);
  weyl_json_array(c->result, "checks");
  for (int k = 0; k < a->subjects; k++) {
    const cli_audit_subject *s = &a->subject[k];
    for (int t = 0; t < 2; t++) {
      const cli_audit_finding *f = &a->found[k][t];
      const double shown[4] = {f->result.mean, f->result.max, f->tolerance_mean, f->tolerance_max};
      const char **at = &cells[8 * row++];
      at[0] = s->name;
      at[1] = dtype[t];
      for (int i = 0; i < 4; i++) at[2 + i] = cli_digits(numbers[used++], shown[i], 3);
      at[6] = s->expected ? "yes" : "no";
      at[7] = f->holds ? "yes" : s->counts ? "NO" : "no (control)";
      weyl_json_object(c->result, NULL);
      weyl_json_string(c->result, "group", s->name);
      weyl_json_string(c->result, "dtype", dtype[t]);
      weyl_json_number(c->result, "mean", f->result.mean);
      weyl_json_number(c->result, "max", f->result.max);
      weyl_json_number(c->result, "quantile99", f->result.quantile99);
      weyl_json_number(c->result, "rms", f->result.rms);
      weyl_json_number(c->result, "tolerance", f->tolerance_max);
      weyl_json_number(c->result, "tolerance_mean", f->tolerance_mean);
      weyl_json_bool(c->result, "expected", s->expected);
      weyl_json_bool(c->result, "holds", f->holds);
      weyl_json_bool(c->result, "control", !s->counts);
      weyl_json_integer(c->result, "draws", f->result.draws);
      weyl_json_integer(c->result, "failing", f->result.failing);
      weyl_json_number(c->result, "failing_bound", f->result.failing_bound);
      weyl_json_integer(c->result, "worst_sample", f->result.worst_sample);
      json_element(c->result, &f->result);
      weyl_json_end(c->result);
    }
  }
  weyl_json_end(c->result);
  if (isfinite(a->gap))
    weyl_json_number(c->result, "smallest_gap", a->gap);
  else
    weyl_json_string(c->result, "smallest_gap", NULL);
  weyl_json_string(c->result, "verdict", a->holds ? "holds" : "fails");

  cli_table(c, row, 8, cells);
  cli_say(c, "\nerrors are |f(g x) - g f(x)| relative to the output's root mean square\n");
  for (int k = 0; k < a->subjects; k++) {
    for (int t = 0; t < 2; t++) say_worst(c, &a->subject[k], &a->found[k][t], dtype[t]);
  }
  if (a->frames)
    cli_say(c,
            "\nframes: the smallest relative gap between eigenvalues was %.3g; rounding grows by 1/gap, so single "
            "draws near a\n"
            "degenerate spectrum are allowed 1e-3 in float\n",
            a->gap);
  cli_say(c, "\nverdict: %s\n", a->holds ? "the symmetry holds" : "the symmetry does NOT hold");
}

static weyl_status run(cli *c) {
  const cli_audit_ask ask = {.group = cli_string(c, "group"),
                             .data = cli_string(c, "data"),
                             .inputs = cli_integer(c, "inputs"),
                             .elements = (int)cli_integer(c, "elements"),
                             .scale = cli_number(c, "scale"),
                             .seed = cli_seed(c)};
  cli_audit *a = weyl_alloc(c->ctx, 1, sizeof *a);
  if (!a) return WEYL_MEMORY;
  weyl_arena *arena = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(c->ctx, &arena));
  WEYL_GOTO(cli_audit_measure(c, c->arg[0], &ask, arena, a));
  conclude(c, a);
  status = a->holds ? WEYL_OK : WEYL_NO;
done:
  weyl_arena_free(arena);
  weyl_dealloc(c->ctx, a);
  return status;
}

static const weyl_option options[] = {
    {"group", WEYL_OPT_STRING, "", 0, 0, NULL, "audit this group only; the groups of the task when not given"},
    {"inputs", WEYL_OPT_INT, "200", 1, 1e9, NULL, "test samples drawn"},
    {"elements", WEYL_OPT_INT, "3", 1, 1e6, NULL, "random group elements for each of them"},
    {"scale", WEYL_OPT_DOUBLE, "1", 0, 1e6, NULL, "standard deviation of translations"},
    CLI_OPTION_DATA,
    {"seed", WEYL_OPT_U64, "1", 0, 0, NULL, "every random choice follows from it"},
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const cli_command cli_command_audit = {
    .name = "audit",
    .summary = "measures how symmetric a trained run is, and gives a verdict",
    .details =
        "Turns, shifts, mirrors and permutes test inputs by random group elements and compares the model's answer with "
        "the answer moved "
        "likewise: mean and worst error over all draws, in float and in double, with the worst element found.\n\n"
        "The exit status is 0 when every group of the task (or that of --group) holds, whether the model promises it "
        "or not, and 1 when "
        "one does not. Float must stay below 1e-5 in the mean and in the worst case (1e-3 in the worst case for models "
        "with frames, whose "
        "rounding grows near degenerate spectra), double below 1e-10.",
    .examples =
        "weyl audit run\n"
        "weyl audit run --group \"SO(3)\" --inputs 1000 --json",
    .options = options,
    CLI_TAKES_RUN,
    .run = run,
};
