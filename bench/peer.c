/* Other programs that do the same work: started with a pipe, asked in lines, answering in lines of JSON. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Seconds to wait: compilers run before a peer is ready, and a step may take long. */
#define START_SECONDS 600
#define STEP_SECONDS  600 /* torch.compile takes minutes */

struct bench_peer {
  weyl_context *ctx;
  pid_t process;
  int line;   /* socket */
  char *text; /* what was read */
  size_t n, room;
  size_t answer; /* bytes of the line handed out last, with its end */
  bench_peer_about about;
};

/* ---- lines ---- */

static weyl_status broken(bench_peer *p, const char *what) {
  int status = 0;
  if (p->process > 0 && waitpid(p->process, &status, WNOHANG) == p->process) {
    p->process = 0;
    if (WIFSIGNALED(status))
      return weyl_fail(p->ctx, WEYL_UNSUPPORTED, "the peer %s: signal %d ended it (--verbose shows its messages)", what,
                       WTERMSIG(status));
    return weyl_fail(p->ctx, WEYL_UNSUPPORTED, "the peer %s: it ended with status %d (--verbose shows its messages)",
                     what, WEXITSTATUS(status));
  }
  return weyl_fail(p->ctx, WEYL_UNSUPPORTED, "the peer %s (--verbose shows its messages)", what);
}

static weyl_status ask(bench_peer *p, const char *words) {
  char line[256];
  const int n = snprintf(line, sizeof line, "%s\n", words);
  if (n < 0 || (size_t)n >= sizeof line) return weyl_fail(p->ctx, WEYL_BUG, "a request to a peer is %d bytes long", n);
  for (int sent = 0; sent < n;) {
    const ssize_t k = send(p->line, line + sent, (size_t)(n - sent), MSG_NOSIGNAL);
    if (k < 0 && errno == EINTR) continue;
    if (k < 0) return broken(p, "does not listen");
    sent += (int)k;
  }
  return WEYL_OK;
}

/* The next line, without its end, valid until the next call. */
static weyl_status answer_line(bench_peer *p, double seconds, char **line) {
  if (p->answer > 0) memmove(p->text, p->text + p->answer, p->n - p->answer);
  p->n -= p->answer;
  p->answer = 0;
  const double end = weyl_seconds() + seconds;
  for (size_t seen = 0;;) {
    char *const stop = p->n > seen ? memchr(p->text + seen, '\n', p->n - seen) : NULL;
    if (stop) {
      *stop = '\0';
      p->answer = (size_t)(stop - p->text) + 1;
      *line = p->text;
      return WEYL_OK;
    }
    seen = p->n;
    if (p->n == p->room) {
      char *const more = weyl_realloc(p->ctx, p->text, p->room ? 2 * p->room : 4096, 1);
      if (!more) return WEYL_MEMORY;
      p->text = more;
      p->room = p->room ? 2 * p->room : 4096;
    }
    const double left = end - weyl_seconds();
    struct pollfd wait = {.fd = p->line, .events = POLLIN};
    const int ready = left > 0 ? poll(&wait, 1, (int)(1000 * left) + 1) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return weyl_fail(p->ctx, WEYL_UNSUPPORTED, "the peer did not answer within %.0f s", seconds);
    const ssize_t k = ready > 0 ? read(p->line, p->text + p->n, p->room - p->n) : -1;
    if (k < 0 && errno == EINTR) continue;
    if (k <= 0) return broken(p, "left without an answer");
    p->n += (size_t)k;
  }
}

/* The next answer as an object; what the peer says of an error is the message. */
static weyl_status answer(bench_peer *p, double seconds, json_t **out) {
  char *line = NULL;
  WEYL_TRY(answer_line(p, seconds, &line));
  json_error_t wrong;
  json_t *const object = json_loads(line, 0, &wrong);
  if (!json_is_object(object)) {
    json_decref(object);
    return weyl_fail(p->ctx, WEYL_UNSUPPORTED, "the peer answered \"%.60s\", which is no JSON object", line);
  }
  const char *error = json_string_value(json_object_get(object, "error"));
  if (error) {
    const weyl_status status = weyl_fail(p->ctx, WEYL_UNSUPPORTED, "the peer cannot: %.300s", error);
    json_decref(object);
    return status;
  }
  *out = object;
  return WEYL_OK;
}

/* ---- starting and ending ---- */

static weyl_status find(weyl_context *ctx, char *python, size_t room) {
  const char *named = getenv("WEYL_PEERS"), *folder = named && named[0] ? named : WEYL_PEERS_DEFAULT;
  const int n = snprintf(python, room, "%s/bin/python", folder);
  if (n < 0 || (size_t)n >= room || access(python, X_OK) != 0)
    return weyl_fail(ctx, WEYL_NO_FILE,
                     "no peers in %s: run \"make peers\" in the source folder, which sets them up, or "
                     "name their folder in WEYL_PEERS",
                     folder);
  if (access(WEYL_PEER_PROGRAM, R_OK) != 0)
    return weyl_fail(ctx, WEYL_NO_FILE, "the peers' program %s is gone: it is in the source folder", WEYL_PEER_PROGRAM);
  return WEYL_OK;
}

static weyl_status launch(bench_peer *p, const char *python, const char *const *arguments, bool verbose) {
  const char *words[64] = {python, WEYL_PEER_PROGRAM};
  size_t n = 2;
  for (; arguments[n - 2] && n < 63; n++) words[n] = arguments[n - 2];
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return weyl_fail(p->ctx, WEYL_IO, "no pipe to the peer: %s", strerror(errno));
  const pid_t process = fork();
  if (process == 0) {
    if (!verbose) {
      const int nowhere = open("/dev/null", O_WRONLY);
      if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
    }
    if (dup2(ends[1], STDIN_FILENO) < 0 || dup2(ends[1], STDOUT_FILENO) < 0) _exit(126);
    execv(python, (char *const *)words);
    _exit(127);
  }
  close(ends[1]);
  if (process < 0) {
    close(ends[0]);
    return weyl_fail(p->ctx, WEYL_IO, "the peer cannot be started: %s", strerror(errno));
  }
  p->process = process;
  p->line = ends[0];
  return WEYL_OK;
}

static void copy_text(const json_t *object, const char *key, char *to, size_t room) {
  const char *text = json_string_value(json_object_get(object, key));
  snprintf(to, room, "%s", text ? text : "");
}

weyl_status bench_peer_start(weyl_context *ctx, const char *const *arguments, bool verbose, bench_peer **out) {
  char python[4096];
  WEYL_TRY(find(ctx, python, sizeof python));
  bench_peer *p = weyl_alloc(ctx, 1, sizeof *p);
  if (!p) return WEYL_MEMORY;
  *p = (bench_peer){.ctx = ctx, .line = -1};
  json_t *ready = NULL;
  weyl_status status;
  WEYL_GOTO(launch(p, python, arguments, verbose));
  WEYL_GOTO(answer(p, START_SECONDS, &ready));
  copy_text(ready, "name", p->about.name, sizeof p->about.name);
  copy_text(ready, "version", p->about.version, sizeof p->about.version);
  p->about.threads = (int)json_integer_value(json_object_get(ready, "threads"));
  p->about.parameters = json_integer_value(json_object_get(ready, "parameters"));
  json_decref(ready);
  *out = p;
  return WEYL_OK;
done:
  bench_peer_free(p);
  return status;
}

/* A peer that does not leave when its line closes is ended. */
static void end_process(pid_t process) {
  for (int tries = 0; tries < 100; tries++) {
    const pid_t gone = waitpid(process, NULL, WNOHANG);
    if (gone == process || (gone < 0 && errno != EINTR)) return;
    poll(NULL, 0, 20);
  }
  kill(process, SIGKILL);
  while (waitpid(process, NULL, 0) < 0 && errno == EINTR) continue;
}

void bench_peer_free(bench_peer *p) {
  if (!p) return;
  if (p->line >= 0) close(p->line);
  if (p->process > 0) end_process(p->process);
  weyl_dealloc(p->ctx, p->text);
  weyl_dealloc(p->ctx, p);
}

const bench_peer_about *bench_peer_what(const bench_peer *p) { return &p->about; }

/* ---- work ---- */

weyl_status bench_peer_case(bench_peer *p, const char *words) {
  char line[200];
  json_t *done = NULL;
  snprintf(line, sizeof line, "case %s", words);
  WEYL_TRY(ask(p, line));
  WEYL_TRY(answer(p, STEP_SECONDS, &done));
  json_decref(done);
  return WEYL_OK;
}

weyl_status bench_peer_run(bench_peer *p, double seconds, bench_samples *into) {
  char line[64];
  json_t *times = NULL;
  snprintf(line, sizeof line, "run %.6f", seconds);
  WEYL_TRY(ask(p, line));
  WEYL_TRY(answer(p, seconds + STEP_SECONDS, &times));
  const json_t *wall = json_object_get(times, "wall"), *cpu = json_object_get(times, "cpu");
  const size_t n = json_array_size(wall);
  weyl_status status = WEYL_OK;
  if (n == 0 || json_array_size(cpu) != n)
    status =
        weyl_fail(p->ctx, WEYL_UNSUPPORTED, "the peer gave %zu wall times and %zu CPU times", n, json_array_size(cpu));
  for (size_t i = 0; i < n && status == WEYL_OK; i++) {
    const double w = json_number_value(json_array_get(wall, i)), c = json_number_value(json_array_get(cpu, i));
    if (!(w > 0) || !(c >= 0))
      status = weyl_fail(p->ctx, WEYL_UNSUPPORTED, "the peer gave a step of %g s wall and %g s CPU", w, c);
    else
      status = bench_samples_add(p->ctx, into, w, c);
  }
  json_decref(times);
  return status;
}
