#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Libraries that are opened on first use, by the folders where linkers look: opening them would take longer than the
 * whole command. */
#ifndef WEYL_LIBRARY_ARCHITECTURE
#define WEYL_LIBRARY_ARCHITECTURE "x86_64-linux-gnu"
#endif

static bool library_path(const char *name, char *path, size_t room) {
  static const char *const folders[] = {"/usr/lib/" WEYL_LIBRARY_ARCHITECTURE, "/lib/" WEYL_LIBRARY_ARCHITECTURE,
                                        "/usr/local/lib", "/usr/lib64", "/usr/lib"};
  for (size_t i = 0; name && i < sizeof folders / sizeof folders[0]; i++) {
    const int written = snprintf(path, room, "%s/%s", folders[i], name);
    if (written > 0 && (size_t)written < room && access(path, R_OK) == 0) return true;
  }
  return false;
}

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
  char threads[32], gnuplot[512], hdf5[512], onednn[512], curl[512], mpi[4096];
  const bool has_gnuplot = program_path("gnuplot", gnuplot, sizeof gnuplot);
  const bool has_hdf5 = library_path(WEYL_HDF5_SONAME, hdf5, sizeof hdf5);
  const bool has_onednn = library_path(WEYL_DNNL_SONAME, onednn, sizeof onednn);
  const bool has_curl =
      library_path("libcurl.so.4", curl, sizeof curl) || library_path("libcurl-gnutls.so.4", curl, sizeof curl);
  const bool has_mpi = cli_ranks_module(mpi, sizeof mpi);
  snprintf(threads, sizeof threads, "%d", weyl_threads(c->ctx));
  const struct {
    const char *key, *label, *value, *missing;
  } rows[] = {
      {"version", "weyl", weyl_version(), NULL},
      {"instruction_set", "instruction set", weyl_kernels_active()->isa, NULL},
      {"blas_core", "BLAS core", weyl_blas_core(), NULL},
      {"worker_threads", "threads", threads, NULL},
      {"compiler", "compiler", compiler(), NULL},
      {"hdf5", "HDF5", has_hdf5 ? hdf5 : NULL, "not found: HDF5 files cannot be read (apt install libhdf5-103-1)"},
      {"onednn", "oneDNN", has_onednn ? onednn : NULL,
       "not found or not built in: convolutions use weyl's own product"},
      {"libcurl", "libcurl", has_curl ? curl : NULL, "not found: no downloads (apt install libcurl4)"},
      {"mpi", "MPI module", has_mpi ? mpi : NULL,
       "not built: training on one process (apt install libopenmpi-dev openmpi-bin, then build)"},
      {"gnuplot", "gnuplot", has_gnuplot ? gnuplot : NULL, "not found: no pictures (apt install gnuplot-nox)"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cli_say(c, "%-16s %s\n", rows[i].label, rows[i].value ? rows[i].value : rows[i].missing);
    weyl_json_string(c->result, rows[i].key, rows[i].value);
  }
  const char *wanted = weyl_blas_core_wanted();
  weyl_json_string(c->result, "blas_core_wanted", wanted);
  if (wanted)
    cli_say(c,
            "\nThe BLAS took a smaller core than this machine has; commands that compute correct this themselves\n"
            "(OPENBLAS_CORETYPE=%s).\n",
            wanted);
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
