/* Several processes: whether a launcher (mpirun, srun) started this one, and the module that connects them. */
#include "cli.h"

#include <dlfcn.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../modules/mpi_module.h"

/* The first of the variables that is set, as a number; `none` when no launcher set any. */
static int number_of(const char *const *names, int none) {
  for (; *names; names++) {
    const char *value = getenv(*names);
    if (value && *value) return atoi(value);
  }
  return none;
}

/* Open MPI, then the PMI of other launchers. */
static int launched_size(void) { return number_of((const char *const[]){"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", NULL}, 0); }
static int launched_rank(void) {
  return number_of((const char *const[]){"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", NULL}, 0);
}
static int local_size(void) {
  return number_of((const char *const[]){"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", NULL}, 1);
}
static int local_rank(void) {
  return number_of((const char *const[]){"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", NULL}, launched_rank());
}

/* PMIx alone does not say how many processes there are: MPI must. */
static bool launched(void) { return launched_size() > 1 || (launched_size() == 0 && getenv("PMIX_RANK")); }

void cli_ranks_begin(cli *c) {
  if (c->command->ranks && launched()) c->silent = local_rank() != 0;
}

int cli_ranks_threads(const cli *c, int asked) {
  if (asked != 0 || !c->command->ranks || !launched() || local_size() < 2) return asked;
  cpu_set_t set;
  const int cores = (int)sysconf(_SC_NPROCESSORS_ONLN), share = cores > local_size() ? cores / local_size() : 1;
  const int bound = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : share;
  return bound < share ? bound : share;
}

/* Where the module is: in $WEYL_MODULES, beside the command in a build folder, or where it was installed. */
bool cli_ranks_module(char *path, size_t room) {
  const char *set = getenv("WEYL_MODULES");
  if (set && *set) {
    snprintf(path, room, "%s/" WEYL_MPI_MODULE, set);
    return access(path, R_OK) == 0;
  }
  char program[3000];
  const ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
  if (n <= 0) return false;
  program[n] = '\0';
  char *slash = strrchr(program, '/');
  if (!slash) return false;
  *slash = '\0';
  static const char *const beside[] = {"lib/weyl", WEYL_MODULES_FROM_BIN};
  for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
    snprintf(path, room, "%s/%s/" WEYL_MPI_MODULE, program, beside[i]);
    if (access(path, R_OK) == 0) return true;
  }
  return false;
}

static weyl_status connect(cli *c, const char *path) {
  void *module = dlopen(path, RTLD_NOW | RTLD_GLOBAL); /* global: the MPI library opens modules of its own */
  if (!module)
    return weyl_fail(c->ctx, WEYL_UNSUPPORTED,
                     "running as several processes needs Open MPI, apt install openmpi-bin: %s", dlerror());
  void *open = dlsym(module, "weyl_mpi_open"), *close = dlsym(module, "weyl_mpi_close");
  if (!open || !close) return weyl_fail(c->ctx, WEYL_UNSUPPORTED, "%s is no module of weyl", path);
  weyl_mpi_open_fn *function;
  memcpy(&function, &open, sizeof function);
  memcpy(&c->ranks_close, &close, sizeof c->ranks_close);
  char message[256] = "";
  const weyl_status status = function(weyl_version(), &c->transport, message, sizeof message);
  if (status != WEYL_OK) {
    c->ranks_close = NULL;
    return weyl_fail(c->ctx, status, "%s (%s)", message, path);
  }
  return WEYL_OK;
}

weyl_status cli_ranks_open(cli *c) {
  if (!c->command->ranks || !(launched() || cli_bool(c, "mpi"))) return WEYL_OK;
  char path[4096];
  if (!cli_ranks_module(path, sizeof path))
    return weyl_fail(
        c->ctx, WEYL_UNSUPPORTED,
        "running as several processes needs the module " WEYL_MPI_MODULE
        ", which this weyl was built without: apt install libopenmpi-dev openmpi-bin, then build it again");
  WEYL_TRY(connect(c, path));
  if (launched_size() > 1 && launched_size() != c->transport.size)
    return weyl_fail(c->ctx, WEYL_UNSUPPORTED,
                     "%d processes were started, but MPI sees %d: start weyl with the mpirun of Open MPI",
                     launched_size(), c->transport.size);
  c->silent = c->transport.rank != 0;
  if (c->verbose) cli_note(c, "rank %d of %d, %d threads", c->transport.rank, c->transport.size, weyl_threads(c->ctx));
  return c->transport.size > 1 ? weyl_comm_new(c->ctx, &c->transport, &c->comm) : WEYL_OK;
}

/* A rank that fails alone takes the others with it: they would wait for it. */
bool cli_ranks_alone(const cli *c, weyl_status status) {
  return c->ranks_close && status != WEYL_OK && !(c->comm && weyl_comm_failed(c->comm));
}

void cli_ranks_close(cli *c, weyl_status status) {
  if (!c->ranks_close) return;
  c->ranks_close(cli_ranks_alone(c, status) && c->transport.size > 1 ? weyl_status_exit_code(status) : 0);
  weyl_comm_free(c->comm);
}
