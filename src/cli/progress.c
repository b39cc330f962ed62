/* The bar with the time left, for people at a terminal; messages; and Ctrl-C. */
#include "cli.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static volatile int stop_requested;

/* The first Ctrl-C asks for an end after the step and a save; the second ends at once. */
static void interrupted(int sig) {
  (void)sig;
  if (stop_requested) _exit(weyl_status_exit_code(WEYL_INTERRUPTED));
  stop_requested = 1;
}

void cli_catch_interrupts(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = interrupted;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
}

const volatile int *cli_stop(void) { return &stop_requested; }

void cli_bar_clear(cli *c) {
  if (!c->bar.visible) return;
  fputs("\r\033[K", stderr);
  c->bar.visible = false;
}

static bool bar_wanted(const cli *c) { return !c->quiet && !c->silent && isatty(STDERR_FILENO); }

static size_t columns(void) {
  struct winsize size;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) return size.ws_col;
  return 80;
}

static void bar_draw(cli *c, double done, double total, double now) {
  char left[32] = "", percent[16] = "";
  const double share = total > 0 ? done / total : 0;
  const double gone = now - c->bar.since, covered = done - c->bar.from;
  if (total > 0) {
    snprintf(percent, sizeof percent, " %3.0f %%", 100 * share);
    if (covered > 0 && gone > 1) cli_duration(left, gone * (total - done) / covered);
  }
  char tail[80];
  snprintf(tail, sizeof tail, "%s%s%s", percent, left[0] ? "  left " : "", left);
  const size_t room = columns() - 1, name = strlen(c->bar.what), end = strlen(tail);
  const size_t width = room > name + end + 14 ? room - name - end - 4 : 10;
  const size_t cells = width < 40 ? width : 40, full = (size_t)(share * (double)cells);
  fputs("\r", stderr);
  fputs(c->bar.what, stderr);
  fputs(" [", stderr);
  for (size_t i = 0; i < cells; i++) fputc(i < full ? '#' : '.', stderr);
  fprintf(stderr, "]%s\033[K", tail);
  fflush(stderr);
  c->bar.visible = true;
}

bool cli_progress(void *user, const char *what, double done, double total) {
  cli *c = user;
  if (!bar_wanted(c)) return stop_requested;
  const double now = weyl_seconds();
  if (total != c->bar.total || done < c->bar.last) { /* other work; the words may change while it goes on */
    c->bar.since = now;
    c->bar.from = done;
    c->bar.total = total;
    c->bar.shown = 0;
  }
  c->bar.last = done;
  snprintf(c->bar.what, sizeof c->bar.what, "%s", what);
  if (total > 0 && done >= total) {
    cli_bar_clear(c);
  } else if (now - c->bar.shown > 0.1 && now - c->bar.since > 0.3) { /* short work needs no bar */
    c->bar.shown = now;
    bar_draw(c, done, total, now);
  }
  return stop_requested;
}

void cli_log(void *user, weyl_level level, const char *text) {
  cli *c = user;
  const weyl_level most = c->quiet ? WEYL_ERROR : c->verbose ? WEYL_DEBUG : WEYL_INFO;
  if (level > most || c->silent) return;
  cli_bar_clear(c);
  static const char *const mark[] = {"error: ", "warning: ", "", ""};
  static const char *const colour[] = {"\033[1;31m", "\033[1;33m", "", ""};
  const bool coloured = c->colour && colour[level][0];
  fprintf(stderr, "%s%s%s%s\n", coloured ? colour[level] : "", mark[level], coloured ? "\033[0m" : "", text);
}
