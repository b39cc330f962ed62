/* gnuplot as a program: the script is its standard input, the picture comes through a pipe from its standard output.
 * No shell, no settings of the user's, and no signal: we only ever read from the pipe. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Reads the pipe to its end. */
static weyl_status drain(weyl_context *ctx, int fd, report_text *out) {
  char block[1 << 14];
  for (;;) {
    const ssize_t n = read(fd, block, sizeof block);
    if (n == 0) return out->status;
    if (n > 0) {
      report_text_add(out, block, (size_t)n);
    } else if (errno != EINTR) {
      return weyl_fail(ctx, WEYL_IO, "reading the picture from gnuplot failed (error %d)", errno);
    }
  }
}

/* What gnuplot complained of, on one line: it prints the offending command, a line with a caret, and the sentence. */
static void complaint(FILE *errors, char *line, size_t room) {
  rewind(errors);
  const size_t n = fread(line, 1, room - 1, errors);
  line[n] = '\0';
  size_t used = 0;
  bool space = true; /* runs of white space become one */
  for (size_t i = 0; i < n; i++) {
    const bool white = line[i] == ' ' || line[i] == '\n' || line[i] == '\t';
    if (!white)
      line[used++] = line[i];
    else if (!space)
      line[used++] = ' ';
    space = white;
  }
  while (used > 0 && line[used - 1] == ' ') used--;
  line[used] = '\0';
}

static weyl_status spawn(weyl_context *ctx, int in, int out, int errors, pid_t *pid) {
  char *const argv[] = {"gnuplot", "--default-settings", NULL};
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error) return weyl_fail(ctx, WEYL_MEMORY, "no memory to start gnuplot");
  error = posix_spawn_file_actions_adddup2(&actions, in, 0);
  if (!error) error = posix_spawn_file_actions_adddup2(&actions, out, 1);
  if (!error) error = posix_spawn_file_actions_adddup2(&actions, errors, 2);
  if (!error) error = posix_spawnp(pid, "gnuplot", &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT || error == EACCES) {
    return weyl_fail(ctx, WEYL_UNSUPPORTED,
                     "pictures are drawn by gnuplot, which was not found: apt install gnuplot-nox");
  }
  if (error) return weyl_fail(ctx, WEYL_IO, "gnuplot could not be started (error %d)", error);
  return WEYL_OK;
}

weyl_status report_gnuplot(weyl_context *ctx, FILE *script, const char *what, report_text *out) {
  weyl_status status = WEYL_OK;
  int ends[2] = {-1, -1};
  FILE *errors = tmpfile();
  if (!errors || pipe2(ends, O_CLOEXEC) != 0) {
    status = weyl_fail(ctx, WEYL_IO, "no temporary file or pipe for gnuplot (error %d)", errno);
    goto done;
  }
  if (fflush(script) != 0 || ferror(script) || lseek(fileno(script), 0, SEEK_SET) != 0) {
    status = weyl_fail(ctx, WEYL_IO, "the script of %s could not be written to a temporary file", what);
    goto done;
  }
  pid_t pid;
  WEYL_GOTO(spawn(ctx, fileno(script), ends[1], fileno(errors), &pid));
  close(ends[1]); /* else the pipe never ends */
  ends[1] = -1;
  status = drain(ctx, ends[0], out);
  close(ends[0]); /* if reading failed, gnuplot must not wait for us */
  ends[0] = -1;
  int state = 0;
  while (waitpid(pid, &state, 0) < 0) {
    if (errno != EINTR) {
      status = weyl_fail(ctx, WEYL_IO, "waiting for gnuplot failed (error %d)", errno);
      goto done;
    }
  }
  if (status != WEYL_OK) goto done;
  if (!WIFEXITED(state) || WEXITSTATUS(state) != 0) {
    char text[600];
    complaint(errors, text, sizeof text);
    status = weyl_fail(ctx, WEYL_IO, "gnuplot failed to draw %s: %s", what, text[0] ? text : "it said nothing");
  } else if (out->used == 0) {
    status = weyl_fail(ctx, WEYL_IO, "gnuplot drew nothing for %s", what);
  }

done:
  if (ends[0] >= 0) close(ends[0]);
  if (ends[1] >= 0) close(ends[1]);
  if (errors) fclose(errors);
  return status;
}
