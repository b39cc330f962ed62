#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The optional programs and libraries: versions are those the build saw, from src/cli/CMakeLists.txt. */
#ifndef WEYL_HDF5_VERSION
#define WEYL_HDF5_VERSION NULL
#endif
#ifndef WEYL_DNNL_VERSION
#define WEYL_DNNL_VERSION NULL
#endif
#ifndef WEYL_CURL_VERSION
#define WEYL_CURL_VERSION NULL
#endif

/* Where a program is, by PATH: starting it would take longer than the whole command. */
static bool program_path(const char *name, char *path, size_t room) {
  const char *list = getenv("PATH");
  while (list && *list) {
    const size_t n = strcspn(list, ":");
    const int written = snprintf(path, room, "%.*s/%s", (int)n, list, name);
    if (n > 0 && written > 0 && (size_t)written < room && access(path, X_OK) == 0) return true;
    list += n + (list[n] == ':');
  }
  return false;
}

static const char *compiler(void) {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#else
  return "unknown";
#endif
}

static weyl_status run(cli *c) {
  char gnuplot[512], threads[32];
  const bool drawing = program_path("gnuplot", gnuplot, sizeof gnuplot);
  snprintf(threads, sizeof threads, "%d", weyl_threads(c->ctx));
  const struct {
    const char *key, *label, *value, *missing;
  } rows[] = {
      {"version", "weyl", weyl_version(), NULL},
      {"instruction_set", "instruction set", weyl_kernels_active()->isa, NULL},
      {"blas_core", "BLAS core", weyl_blas_core(), NULL},
      {"worker_threads", "threads", threads, NULL},
      {"compiler", "compiler", compiler(), NULL},
      {"hdf5", "HDF5", WEYL_HDF5_VERSION, "not built in"},
      {"onednn", "oneDNN", WEYL_DNNL_VERSION, "not built in"},
      {"libcurl", "libcurl", WEYL_CURL_VERSION, "not built in"},
      {"gnuplot", "gnuplot", drawing ? gnuplot : NULL, "not found: apt install gnuplot-nox"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cli_say(c, "%-16s %s\n", rows[i].label, rows[i].value ? rows[i].value : rows[i].missing);
    weyl_json_string(c->result, rows[i].key, rows[i].value);
  }
  const char *wanted = weyl_blas_core_wanted();
  weyl_json_string(c->result, "blas_core_wanted", wanted);
  if (wanted) cli_say(c, "\nThe BLAS took a smaller core than this machine has; commands that compute correct this themselves\n"
                         "(OPENBLAS_CORETYPE=%s).\n", wanted);
  return WEYL_OK;
}

const cli_command cli_command_version = {
    .name = "version",
    .summary = "prints the version, the instruction set, the BLAS core and the optional libraries",
    .usage = "",
    .details = "What this build is and what it found on this machine: put it into a bug report.",
    .examples = "weyl version\nweyl version --json",
    .run = run,
};
