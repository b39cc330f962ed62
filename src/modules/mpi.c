/* weyl-mpi.so: the transport over MPI. The command opens it when mpirun started it; nothing else of weyl knows MPI, and
 * the module calls nothing of libweyl. */
#include <limits.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>

#include "mpi_module.h"

/* MPI counts in int: longer messages go in pieces. */
#define PIECE ((size_t)1 << 30)

typedef struct world {
  MPI_Comm comm;
} world;

static world the_world; /* there is one MPI in a process */

static int piece(size_t left) { return (int)(left < PIECE ? left : PIECE); }

static weyl_status exchange(void *self, int to, const void *send, size_t send_bytes, int from, void *receive,
                            size_t receive_bytes) {
  const world *w = self;
  const char *out = send;
  char *in = receive;
  do { /* both sides cut a message of the same length alike */
    const int n_out = to < 0 ? 0 : piece(send_bytes), n_in = from < 0 ? 0 : piece(receive_bytes);
    const int failed =
        MPI_Sendrecv(out, n_out, MPI_BYTE, to < 0 || send_bytes == 0 ? MPI_PROC_NULL : to, 0, in, n_in, MPI_BYTE,
                     from < 0 || receive_bytes == 0 ? MPI_PROC_NULL : from, 0, w->comm, MPI_STATUS_IGNORE);
    if (failed) return WEYL_IO;
    if (n_out > 0) out += n_out;
    if (n_in > 0) in += n_in;
    send_bytes -= (size_t)n_out;
    receive_bytes -= (size_t)n_in;
  } while ((to >= 0 && send_bytes > 0) || (from >= 0 && receive_bytes > 0));
  return WEYL_OK;
}

weyl_status weyl_mpi_open(const char *version, weyl_transport *out, char *message, size_t room) {
  int thread_level = 0, started = 0;
  if (strcmp(version, WEYL_VERSION_TEXT) != 0) {
    snprintf(message, room, "the module weyl-mpi is of version %s, this is %s", WEYL_VERSION_TEXT, version);
    return WEYL_UNSUPPORTED;
  }
  MPI_Initialized(&started);
  if (!started && MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &thread_level) != MPI_SUCCESS) {
    snprintf(message, room, "MPI did not start");
    return WEYL_UNSUPPORTED;
  }
  if (!started && thread_level < MPI_THREAD_SERIALIZED) {
    snprintf(message, room, "this MPI cannot be called from the threads of a program");
    MPI_Finalize();
    return WEYL_UNSUPPORTED;
  }
  the_world.comm = MPI_COMM_WORLD;
  *out = (weyl_transport){.self = &the_world, .exchange = exchange};
  MPI_Comm_rank(the_world.comm, &out->rank);
  MPI_Comm_size(the_world.comm, &out->size);
  return WEYL_OK;
}

void weyl_mpi_close(int exit_code) {
  if (exit_code != 0) MPI_Abort(MPI_COMM_WORLD, exit_code);
  MPI_Barrier(MPI_COMM_WORLD); /* mpirun ends all processes when the first fails: rank 0 may still be writing */
  MPI_Finalize();
}
