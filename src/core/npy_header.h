/* The text at the start of an npy file: {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), } */
#ifndef WEYL_CORE_NPY_HEADER_H
#define WEYL_CORE_NPY_HEADER_H

#include <weyl/core.h>

typedef struct npy_header {
  char kind;   /* b i u f */
  int width;   /* bytes of an element in the file */
  bool swap;   /* big endian */
  bool column; /* Fortran order */
  int rank;
  int64_t dim[WEYL_RANK_MAX];
  weyl_dtype dtype; /* what it is delivered as */
  size_t offset;    /* of the data in the file */
} npy_header;

/* Reads it from the first bytes of a file of n bytes. `place` names the file in messages. */
weyl_status npy_header_parse(weyl_context *ctx, const unsigned char *bytes, size_t n, const char *place,
                             npy_header *out);

#endif
