/* What the files of the command share.  Standard output is the answer; standard error is progress, warnings and errors.
 *
 * A command is one row: name, texts, a table of options and a function.  The flags, the help, the manual page, the
 * shell completion and the keys of `options` in --json all come from that row.
 */
#ifndef WEYL_CLI_H
#define WEYL_CLI_H

#include <weyl/weyl.h>

typedef struct cli cli;

/* What a positional argument is, for the shell's completion. */
typedef enum cli_arg { CLI_ARG_NONE, CLI_ARG_TASK, CLI_ARG_RUN, CLI_ARG_PAPER, CLI_ARG_COMMAND, CLI_ARG_WORDS } cli_arg;

typedef struct cli_command {
  const char *name;
  const char *summary;  /* one line, no full stop */
  const char *usage;    /* the positional arguments: "TASK", "info|sample|basis|check NAME" */
  const char *details;  /* paragraphs, separated by \n\n */
  const char *examples; /* lines: "command   # what it does" */
  const weyl_option *options;
  int min_args, max_args;
  cli_arg arg;                 /* of the first argument */
  bool sets;                   /* takes --set key=value */
  bool computes;               /* uses the BLAS and the threads */
  bool stops;                  /* catches Ctrl-C, saves what it has, and ends */
  bool ranks;                  /* the processes that mpirun starts work together */
  weyl_status (*more)(cli *c); /* declares in c->extra what --set (or a flag) can set; NULL: nothing */
  weyl_status (*run)(cli *c);
} cli_command;

/* The row of commands that have `ranks`. */
#define CLI_OPTION_MPI                                                                               \
  {                                                                                                  \
    "mpi", WEYL_OPT_BOOL, "no", 0, 0, NULL,                                                          \
        "start MPI even if mpirun is not seen: what it or another launcher starts is seen by itself" \
  }

/* The fields of commands on one run, and the option of those that look at its data. */
#define CLI_TAKES_RUN .usage = "RUN", .min_args = 1, .max_args = 1, .arg = CLI_ARG_RUN, .computes = true
#define CLI_OPTION_DATA \
  { "data", WEYL_OPT_STRING, "", 0, 0, NULL, "other data than the run's own" }

#define CLI_ARGS_MAX 8
#define CLI_SETS_MAX 64

struct cli {
  const cli_command *command; /* NULL until it is known */
  weyl_context *ctx;
  weyl_options *options; /* the common ones and the command's own */
  weyl_options *extra;   /* of task, model or data set; NULL when there are none */
  const char *arg[CLI_ARGS_MAX];
  int args;
  const char *set[CLI_SETS_MAX]; /* "key=value", as given */
  int sets;
  char **argv; /* as the program was called, from the first word behind the command */
  int argc;
  bool json, quiet, verbose, colour;
  bool silent;     /* another process speaks */
  weyl_comm *comm; /* NULL: one process */
  weyl_transport transport;
  void (*ranks_close)(int exit_code); /* NULL: MPI was not started */
  weyl_page *page;                    /* what is said goes there too; NULL: nowhere */
  weyl_json *result;                  /* an open object: what --json shows; filled by the command in any case */
  char place[256];                    /* the flag or file that a failure is about, "" when the message says it */
  double start;
  struct {
    char what[128];
    double since, shown, from, last, total;
    bool visible;
  } bar;
};

/* ---- the list of commands ---- */
const cli_command *const *cli_commands(void); /* NULL ends */
const cli_command *cli_command_find(const char *name);
const weyl_option *cli_common_options(void);

/* ---- reading the arguments ---- */
weyl_status cli_parse(cli *c);
/* The value of --name or --name=... as it stands among the arguments, read before anything is checked; NULL: not given.
 */
const char *cli_peek(const cli *c, const char *name);
/* "a, b or c" of the names that `name_of` gives for 0, 1, ... until NULL, in the buffer. */
const char *cli_list(char *buffer, size_t room, const char *(*name_of)(size_t i));
/* Fails for a word that is none of the names given, with the nearest one: no task "nbdoy": did you mean "nbody"? */
weyl_status cli_unknown(cli *c, const char *noun, const char *word, const char *(*name_of)(size_t i));
/* A group named on the command line: a bad name is WEYL_BAD_ARG. */
weyl_status cli_group(cli *c, const char *name, weyl_group **out);
/* Names for cli_list and cli_unknown. */
const char *cli_command_name(size_t i);
const char *cli_task_name(size_t i);
const char *cli_model_name(size_t i);
const char *cli_set_name(size_t i);
const char *cli_paper_name(size_t i);

/* Options of c->options. */
const char *cli_string(const cli *c, const char *name); /* NULL when empty */
int64_t cli_integer(const cli *c, const char *name);
double cli_number(const cli *c, const char *name);
bool cli_bool(const cli *c, const char *name);
bool cli_given(const cli *c, const char *name);
uint64_t cli_seed(const cli *c);

/* ---- output ---- */
void cli_say(const cli *c, const char *fmt, ...) WEYL_PRINTF(2, 3);  /* the answer for people: nothing under --json */
void cli_note(const cli *c, const char *fmt, ...) WEYL_PRINTF(2, 3); /* a line on standard error, not under -q */
/* Columns of text with a head; numbers stand right. cells [rows][columns], NULL is empty. */
void cli_table(const cli *c, size_t rows, size_t columns, const char *const *cells);
/* The number in `digits` significant digits, in a buffer of at least 32 bytes. */
const char *cli_digits(char *buffer, double value, int digits);
const char *cli_duration(char *buffer, double seconds); /* "1:07", "2 h 03 min"; 32 bytes */
void cli_json_options(weyl_json *json, const weyl_options *options);
/* Prints the one object of --json, or the error on standard error; returns the exit status of the program. */
int cli_finish(cli *c, weyl_status status);

/* ---- several processes ---- */
void cli_ranks_begin(cli *c);                           /* before anything is printed */
int cli_ranks_threads(const cli *c, int asked);         /* of this process: its share of the cores unless asked for */
weyl_status cli_ranks_open(cli *c);                     /* under mpirun, or with --mpi: c->comm */
bool cli_ranks_alone(const cli *c, weyl_status status); /* the others do not know of this failure */
void cli_ranks_close(cli *c, weyl_status status);
bool cli_ranks_module(char *path, size_t room); /* where the module for MPI is; false: there is none */

/* ---- help ---- */
void cli_help(const cli *c, FILE *out, const cli_command *command);
void cli_overview(FILE *out);
void cli_manual(FILE *out, const cli_command *command); /* troff; NULL: the page of weyl itself */
void cli_completion(FILE *out);

/* ---- progress and signals ---- */
void cli_log(void *user, weyl_level level, const char *text);
bool cli_progress(void *user, const char *what, double done, double total);
void cli_bar_clear(cli *c);
void cli_catch_interrupts(void);
const volatile int *cli_stop(void); /* not 0 once Ctrl-C was pressed */

#endif
