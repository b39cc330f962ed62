/* Help, manual pages and the shell completion: three views of the same tables. */
#include "cli.h"

#include <math.h>
#include <string.h>

#define WIDTH 96

/* Prints words up to WIDTH columns a line; lines after the first start at `indent`. */
static void wrap(FILE *out, const char *text, int indent, int column) {
  while (*text) {
    const char *end = text;
    while (*end && *end != ' ' && *end != '\n') end++;
    const int n = (int)(end - text);
    if (column > indent && column + 1 + n > WIDTH) {
      fprintf(out, "\n%*s", indent, "");
      column = indent;
    } else if (column > indent) {
      fputc(' ', out);
      column++;
    }
    fprintf(out, "%.*s", n, text);
    column += n;
    if (end[0] == '\n' && end[1] == '\n') {
      fprintf(out, "\n\n%*s", indent, "");
      column = indent;
      end++;
    }
    text = *end ? end + 1 : end;
  }
  fputc('\n', out);
}

static const char *kind_of(const weyl_option *o) {
  switch (o->type) {
    case WEYL_OPT_INT:
    case WEYL_OPT_U64: return "N";
    case WEYL_OPT_DOUBLE: return "X";
    case WEYL_OPT_STRING:
      return strstr(o->name, "data") || strstr(o->name, "out") || strcmp(o->name, "in") == 0 ? "PATH" : "TEXT";
    case WEYL_OPT_CHOICE: return o->choices;
    case WEYL_OPT_BOOL: break;
  }
  return "";
}

/* "--best-epoch N" */
static void flag_text(const weyl_option *o, char *text, size_t room, bool flag) {
  const char *kind = kind_of(o);
  snprintf(text, room, "%s%s%s%s", flag ? "--" : "", o->name, kind[0] ? (flag ? " " : "=") : "", kind);
  for (char *t = text; flag && *t && *t != ' '; t++) {
    if (*t == '_') *t = '-';
  }
}

/* "what it is (0 to 1e+09; default 100)" */
static void option_text(const weyl_option *o, char *text, size_t room) {
  char limits[80] = "";
  const bool number = o->type == WEYL_OPT_INT || o->type == WEYL_OPT_U64 || o->type == WEYL_OPT_DOUBLE;
  if (number && (o->low != 0 || o->high != 0)) {
    if (isinf(o->high))
      snprintf(limits, sizeof limits, "%g or more", o->low);
    else if (isinf(o->low))
      snprintf(limits, sizeof limits, "at most %g", o->high);
    else
      snprintf(limits, sizeof limits, "%g to %g", o->low, o->high);
  }
  char standard[160] = "";
  if (o->type != WEYL_OPT_BOOL && o->fallback && o->fallback[0])
    snprintf(standard, sizeof standard, "default %s", o->fallback);
  const bool both = limits[0] && standard[0], any = limits[0] || standard[0];
  snprintf(text, room, "%s%s%s%s%s%s", o->help ? o->help : "", any ? " (" : "", limits, both ? "; " : "", standard,
           any ? ")" : "");
}

static void option_line(FILE *out, const weyl_option *o, bool flag) {
  char head[160], text[1024];
  flag_text(o, head, sizeof head, flag);
  option_text(o, text, sizeof text);
  const int column = 26, n = (int)strlen(head);
  fprintf(out, "  %s", head);
  if (n + 4 > column)
    fprintf(out, "\n%*s", column, "");
  else
    fprintf(out, "%*s", column - n - 2, "");
  wrap(out, text, column, column);
}

/* Rows without a help line are for the build, not for people. */
static void option_lines(FILE *out, const weyl_option *table) {
  for (const weyl_option *o = table; o && o->name; o++) {
    if (o->help) option_line(out, o, true);
  }
}

void cli_help(const cli *c, FILE *out, const cli_command *k) {
  fprintf(out, "weyl %s: %s\n\nusage:\n  weyl %s %s%s[options]\n\n", k->name, k->summary, k->name, k->usage,
          k->usage[0] ? " " : "");
  wrap(out, k->details, 0, 0);
  if ((k->options && k->options->name) || k->sets) fputs("\noptions:\n", out);
  option_lines(out, k->options);
  if (k->sets)
    fprintf(out, "  --set key=value         an option of the task, model or data set; may be given many times\n");
  fputs("\noptions of every command:\n", out);
  option_lines(out, cli_common_options());
  fputs("  --help                  this text (-h)\n", out);
  if (k->arg == CLI_ARG_TASK) {
    fputs("\ntasks:\n", out);
    for (const weyl_task_def *const *t = weyl_tasks(); *t; t++) fprintf(out, "  %-12s %s\n", (*t)->name, (*t)->summary);
    fputs("\nmodels:\n", out);
    for (const weyl_model_def *const *m = weyl_models(); *m; m++)
      if ((*m)->points) fprintf(out, "  %-12s %s\n", (*m)->name, (*m)->summary);
  }
  if (c && c->extra) {
    fputs("\nkeys of --set for this task and model (--key value does the same):\n", out);
    const char *value;
    for (size_t i = 0; i < weyl_options_count(c->extra); i++)
      option_line(out, weyl_options_at(c->extra, i, &value), false);
  }
  fputs("\nexamples:\n", out);
  for (const char *line = k->examples; *line;) {
    const char *end = strchr(line, '\n');
    const int n = end ? (int)(end - line) : (int)strlen(line);
    fprintf(out, "  %.*s\n", n, line);
    line += n + (end != NULL);
  }
}

void cli_overview(FILE *out) {
  fputs("weyl: symmetry for the working scientist\n\nusage:\n  weyl COMMAND [arguments] [options]\n\ncommands:\n", out);
  for (const cli_command *const *k = cli_commands(); *k; k++) fprintf(out, "  %-12s %s\n", (*k)->name, (*k)->summary);
  fputs(
      "\nweyl COMMAND --help shows a command's options, with examples. A first run:\n"
      "  weyl train nbody --model egnn --epochs 20 --out run\n  weyl audit run\n  weyl report run\n",
      out);
}

/* ---- manual pages ---- */

static void troff_n(FILE *out, const char *text, size_t n) {
  bool start = true;
  for (size_t i = 0; i < n; i++) {
    if (start && (text[i] == '.' || text[i] == '\'')) fputs("\\&", out);
    if (text[i] == '-')
      fputs("\\-", out);
    else if (text[i] == '\\')
      fputs("\\e", out);
    else
      fputc(text[i], out);
    start = text[i] == '\n';
  }
}

static void troff(FILE *out, const char *text) { troff_n(out, text, strlen(text)); }

static void troff_option(FILE *out, const weyl_option *o) {
  char head[160], text[1024];
  flag_text(o, head, sizeof head, true);
  option_text(o, text, sizeof text);
  const size_t bold = strcspn(head, " ");
  fputs(".TP\n\\fB", out);
  troff_n(out, head, bold);
  fputs("\\fR", out);
  if (head[bold]) {
    fputs(" \\fI", out);
    troff(out, head + bold + 1);
    fputs("\\fR", out);
  }
  fputs("\n", out);
  troff(out, text);
  fputs("\n", out);
}

static void troff_options(FILE *out, const weyl_option *table) {
  for (const weyl_option *o = table; o && o->name; o++) {
    if (o->help) troff_option(out, o);
  }
}

static void troff_exit_statuses(FILE *out) {
  static const struct {
    int code;
    const char *text;
  } codes[] = {{0, "done"},
               {1, "the answer is no: a check failed"},
               {2, "wrong usage"},
               {3, "unreadable or wrong input"},
               {4, "the numbers failed: NaN, infinity or no convergence"},
               {5, "the machine refused: memory, disk, permission or a missing optional library"},
               {130, "interrupted, after saving"}};
  fputs(".SH EXIT STATUS\n", out);
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
    fprintf(out, ".TP\n\\fB%d\\fR\n%s\n", codes[i].code, codes[i].text);
}

static void manual_of_weyl(FILE *out) {
  fprintf(out, ".TH WEYL 1 \"\" \"weyl %s\" \"User Commands\"\n", weyl_version());
  fputs(
      ".SH NAME\nweyl \\- symmetry for the working scientist\n.SH SYNOPSIS\n\\fBweyl\\fR \\fICOMMAND\\fR "
      "[\\fIarguments\\fR] "
      "[\\fIoptions\\fR]\n.SH COMMANDS\n",
      out);
  for (const cli_command *const *k = cli_commands(); *k; k++) {
    fprintf(out, ".TP\n\\fBweyl\\-%s\\fR(1)\n", (*k)->name);
    troff(out, (*k)->summary);
    fputs("\n", out);
  }
  fputs(".SH OPTIONS OF EVERY COMMAND\n", out);
  troff_options(out, cli_common_options());
  troff_exit_statuses(out);
  fputs(
      ".SH ENVIRONMENT\n.TP\n\\fBWEYL_ISA\\fR\nbase, avx2 or avx512: the instruction set of the kernels\n"
      ".TP\n\\fBWEYL_TP\\fR\nwritten, table or grid: how products of irreps are made, where there is a choice\n"
      ".TP\n\\fBWEYL_OPT\\fR\n0: programs run operation by operation with the reference loops\n"
      ".TP\n\\fBOPENBLAS_CORETYPE\\fR\nthe core of OpenBLAS; set by weyl itself where the library took too small a "
      "one\n"
      ".TP\n\\fBNO_COLOR\\fR\nno colours\n",
      out);
}

void cli_manual(FILE *out, const cli_command *k) {
  if (!k) {
    manual_of_weyl(out);
    return;
  }
  char upper[32];
  snprintf(upper, sizeof upper, "%s", k->name);
  for (char *u = upper; *u; u++) *u = *u >= 'a' && *u <= 'z' ? (char)(*u - 'a' + 'A') : *u;
  fprintf(out, ".TH WEYL\\-%s 1 \"\" \"weyl %s\" \"User Commands\"\n.SH NAME\nweyl\\-%s \\- ", upper, weyl_version(),
          k->name);
  troff(out, k->summary);
  fprintf(out, "\n.SH SYNOPSIS\n\\fBweyl %s\\fR ", k->name);
  troff(out, k->usage);
  fputs(" [\\fIoptions\\fR]\n.SH DESCRIPTION\n", out);
  for (const char *p = k->details; *p;) {
    const char *end = strstr(p, "\n\n");
    troff_n(out, p, end ? (size_t)(end - p) : strlen(p));
    fputs(end ? "\n.PP\n" : "\n", out);
    p = end ? end + 2 : p + strlen(p);
  }
  fputs(".SH OPTIONS\n", out);
  troff_options(out, k->options);
  if (k->sets)
    fputs(
        ".TP\n\\fB\\-\\-set\\fR \\fIkey=value\\fR\nan option of the task, model or data set; may be given many times\n",
        out);
  troff_options(out, cli_common_options());
  fputs(".SH EXAMPLES\n.nf\n", out);
  troff(out, k->examples);
  fputs("\n.fi\n", out);
  troff_exit_statuses(out);
  fputs(".SH SEE ALSO\n\\fBweyl\\fR(1)\n", out);
}

/* ---- completion of bash ---- */

static void names_line(FILE *out, const char *variable, const char *(*name_of)(size_t i)) {
  fprintf(out, "  local %s='", variable);
  for (size_t i = 0; name_of(i); i++) fprintf(out, "%s%s", i ? " " : "", name_of(i));
  fputs("'\n", out);
}

/* The words of "info|sample|check NAME". */
static void words(FILE *out, const char *usage) {
  for (const char *c = usage; *c && *c != ' '; c++) fputc(*c == '|' ? ' ' : *c, out);
}

static void flags_of(FILE *out, const weyl_option *table) {
  char head[160];
  for (const weyl_option *o = table; o && o->name; o++) {
    if (!o->help) continue;
    flag_text(o, head, sizeof head, true);
    fprintf(out, " %.*s", (int)strcspn(head, " "), head);
  }
}

void cli_completion(FILE *out) {
  fputs(
      "# bash completion of weyl, written by `weyl help --completion`\n_weyl() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
      "  local flags= first=\n",
      out);
  names_line(out, "commands", cli_command_name);
  names_line(out, "tasks", cli_task_name);
  names_line(out, "models", cli_model_name);
  names_line(out, "sets", cli_set_name);
  names_line(out, "papers", cli_paper_name);
  fputs(
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then COMPREPLY=($(compgen -W \"$commands\" -- \"$word\")); return; fi\n"
      "  case $last in\n"
      "    --model) COMPREPLY=($(compgen -W \"$models\" -- \"$word\")); return ;;\n"
      "    --task) COMPREPLY=($(compgen -W \"$tasks\" -- \"$word\")); return ;;\n"
      "    --set) return ;;\n"
      "  esac\n  case $command in\n",
      out);
  for (const cli_command *const *k = cli_commands(); *k; k++) {
    fprintf(out, "    %s)\n      flags='--help", (*k)->name);
    if ((*k)->sets) fputs(" --set", out);
    flags_of(out, (*k)->options);
    flags_of(out, cli_common_options());
    fputs("'\n", out);
    switch ((*k)->arg) {
      case CLI_ARG_TASK: fputs("      first=$tasks\n", out); break;
      case CLI_ARG_PAPER: fputs("      first=$papers\n", out); break;
      case CLI_ARG_COMMAND: fputs("      first=$commands\n", out); break;
      case CLI_ARG_WORDS:
        fputs("      first='", out);
        words(out, (*k)->usage);
        fputs(
            "'\n      if [[ ${COMP_WORDS[2]} == make ]] && ((COMP_CWORD == 3)); then "
            "COMPREPLY=($(compgen -W \"$sets\" -- \"$word\")); return; fi\n",
            out);
        break;
      case CLI_ARG_RUN:
      case CLI_ARG_NONE: break;
    }
    fputs("      ;;\n", out);
  }
  fputs(
      "  esac\n"
      "  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
      "  elif ((COMP_CWORD == 2)) && [[ -n $first ]]; then COMPREPLY=($(compgen -W \"$first\" -- \"$word\"))\n"
      "  else COMPREPLY=($(compgen -f -- \"$word\")); fi\n"
      "}\ncomplete -o filenames -F _weyl weyl\n",
      out);
}

/* ---- the command ---- */

static weyl_status run(cli *c) {
  const char *manual = cli_string(c, "man");
  if (cli_bool(c, "completion")) {
    cli_completion(stdout);
    return WEYL_OK;
  }
  const char *name = manual ? manual : c->args ? c->arg[0] : NULL;
  const bool whole = !name || (manual && strcmp(manual, "weyl") == 0);
  const cli_command *k = whole ? NULL : cli_command_find(name);
  if (!whole && !k) return cli_unknown(c, "command", name, cli_command_name);
  weyl_json_array(c->result, "commands");
  for (const cli_command *const *row = cli_commands(); *row; row++) {
    weyl_json_object(c->result, NULL);
    weyl_json_string(c->result, "name", (*row)->name);
    weyl_json_string(c->result, "summary", (*row)->summary);
    weyl_json_end(c->result);
  }
  weyl_json_end(c->result);
  if (c->json) return WEYL_OK;
  if (manual)
    cli_manual(stdout, k);
  else if (k)
    cli_help(NULL, stdout, k);
  else
    cli_overview(stdout);
  return WEYL_OK;
}

static const weyl_option options[] = {
    {"man", WEYL_OPT_STRING, "", 0, 0, NULL, NULL},
    {"completion", WEYL_OPT_BOOL, "no", 0, 0, NULL, NULL},
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const cli_command cli_command_help = {
    .name = "help",
    .summary = "lists the commands, or explains one",
    .usage = "[COMMAND]",
    .details = "Without an argument: the list of commands. With one: what COMMAND --help prints.",
    .examples = "weyl help\nweyl help train",
    .options = options,
    .max_args = 1,
    .arg = CLI_ARG_COMMAND,
    .run = run,
};
