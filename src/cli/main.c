/* weyl COMMAND ...: finds the command, reads its arguments, makes the context, runs it, and says how it went. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WEYL_COMMAND(name) extern const cli_command cli_command_##name;
#include "commands.def"
#undef WEYL_COMMAND

const cli_command *const *cli_commands(void) {
  static const cli_command *const list[] = {
#define WEYL_COMMAND(name) &cli_command_##name,
#include "commands.def"
#undef WEYL_COMMAND
      NULL,
  };
  return list;
}

const cli_command *cli_command_find(const char *name) {
  for (const cli_command *const *k = cli_commands(); *k; k++) {
    if (strcmp((*k)->name, name) == 0) return *k;
  }
  return NULL;
}

/* OpenBLAS may take a core far below the CPU; the variable that corrects it is read before main, so the program starts
 * itself once more. A value the user has set stands. */
static void correct_blas_core(const cli *c, char **argv) {
  static const char guard[] = "WEYL_RESTARTED";
  if (getenv(guard)) {
    unsetenv(guard);
    return;
  }
  if (getenv("OPENBLAS_CORETYPE")) return;
  const char *core = weyl_blas_core_wanted();
  if (!core) return;
  if (c->verbose)
    cli_note(c, "the BLAS took the core \"%s\": starting again with OPENBLAS_CORETYPE=%s", weyl_blas_core(), core);
  if (setenv("OPENBLAS_CORETYPE", core, 1) != 0 || setenv(guard, "1", 1) != 0) return;
  execv("/proc/self/exe", argv);
  cli_note(c, "the BLAS runs on a slower core than it could: export OPENBLAS_CORETYPE=%s (%s)", core, strerror(errno));
}

/* --json and -q hold for the errors of reading the arguments too, so they are looked for first. */
static void look_ahead(cli *c) {
  for (int i = 0; i < c->argc && strcmp(c->argv[i], "--") != 0; i++) {
    if (strcmp(c->argv[i], "--json") == 0) c->json = true;
    if (strcmp(c->argv[i], "-q") == 0 || strcmp(c->argv[i], "--quiet") == 0) c->quiet = true;
    if (strcmp(c->argv[i], "-v") == 0 || strcmp(c->argv[i], "--verbose") == 0) c->verbose = true;
  }
}

static bool wants_help(const cli *c) {
  for (int i = 0; i < c->argc && strcmp(c->argv[i], "--") != 0; i++) {
    if (strcmp(c->argv[i], "--help") == 0 || strcmp(c->argv[i], "-h") == 0) return true;
  }
  return false;
}

static weyl_status context_new(cli *c, int threads, size_t memory, weyl_context **out) {
  weyl_context_opts opts = weyl_context_defaults();
  opts.threads = threads;
  opts.memory_limit = memory;
  opts.user = c;
  opts.log = cli_log;
  opts.progress = cli_progress;
  return weyl_context_new(&opts, out);
}

static weyl_status find_command(cli *c, const char *word) {
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) word = "help";
  if (strcmp(word, "--version") == 0) word = "version";
  c->command = cli_command_find(word);
  if (c->command) return WEYL_OK;
  if (word[0] == '-')
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "the first word is the command, not %s: see weyl help", word);
  return cli_unknown(c, "command", word, cli_command_name);
}

static weyl_status run(cli *c, weyl_context *reading) {
  c->ctx = reading;
  WEYL_TRY(find_command(c, c->argv[-1]));
  cli_ranks_begin(c);
  if (wants_help(c)) {
    if (c->command->more && c->command->more(c) != WEYL_OK)
      weyl_message_clear(c->ctx); /* help without the extras then */
    c->json = false;
    cli_help(c, stdout, c->command);
    return WEYL_OK;
  }
  WEYL_TRY(cli_parse(c));
  if (c->command->computes) correct_blas_core(c, c->argv - 2);

  weyl_context *working = NULL;
  const weyl_status made = context_new(c, cli_ranks_threads(c, (int)cli_integer(c, "threads")),
                                       (size_t)cli_integer(c, "memory") << 20, &working);
  if (made != WEYL_OK) return weyl_fail(c->ctx, made, "no memory or threads to start with");
  c->ctx = working;
  WEYL_TRY(cli_ranks_open(c));
  if (c->command->stops) cli_catch_interrupts();
  return c->command->run(c);
}

int main(int argc, char **argv) {
  cli c = {.start = weyl_seconds(), .argc = argc - 2, .argv = argv + 2};
  if (argc < 2) {
    cli_overview(stderr);
    return weyl_status_exit_code(WEYL_BAD_ARG);
  }
  look_ahead(&c);
  const char *term = getenv("TERM"), *plain = getenv("NO_COLOR");
  c.colour = isatty(STDERR_FILENO) && !(plain && plain[0]) && !(term && strcmp(term, "dumb") == 0);

  weyl_context *reading = NULL; /* holds options and messages until the number of threads is known */
  if (context_new(&c, 1, 0, &reading) != WEYL_OK || !(c.result = weyl_json_new())) {
    fputs("weyl: not enough memory to start\n", stderr);
    weyl_context_free(reading);
    return weyl_status_exit_code(WEYL_MEMORY);
  }
  weyl_json_object(c.result, NULL);
  const weyl_status status = run(&c, reading);
  const int code = cli_finish(&c, status);
  cli_ranks_close(&c, status);
  weyl_json_free(c.result);
  weyl_options_free(c.extra);
  weyl_options_free(c.options);
  if (c.ctx != reading) weyl_context_free(c.ctx);
  weyl_context_free(reading);
  return code;
}
