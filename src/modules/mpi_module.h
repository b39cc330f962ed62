/* What the command and the module weyl-mpi.so have in common. */
#ifndef WEYL_MPI_MODULE_H
#define WEYL_MPI_MODULE_H

#include <weyl/train.h>

#define WEYL_MPI_MODULE "weyl-mpi.so"

/* Starts MPI and says which rank this is. `version` is the command's: another one than the module's is refused. A
 * failure leaves a sentence in `message`. */
typedef weyl_status weyl_mpi_open_fn(const char *version, weyl_transport *out, char *message, size_t room);
/* Ends MPI. 0: waits for the other ranks; anything else: ends all of them at once with this exit status. */
typedef void weyl_mpi_close_fn(int exit_code);

__attribute__((visibility("default"))) weyl_mpi_open_fn weyl_mpi_open;
__attribute__((visibility("default"))) weyl_mpi_close_fn weyl_mpi_close;

#endif
