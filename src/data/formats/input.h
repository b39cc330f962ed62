/* Files as bytes, decompressed on the way when they are gzip or xz. */
#ifndef WEYL_DATA_INPUT_H
#define WEYL_DATA_INPUT_H

#include <weyl/core.h>

typedef enum input_packing { INPUT_PLAIN, INPUT_GZIP, INPUT_XZ } input_packing;

/* The packing, and up to *n first bytes of the content; *n becomes how many there were. */
weyl_status input_peek(weyl_context *ctx, const char *path, input_packing *packing, unsigned char *head, size_t *n);
/* The whole content, zero-terminated behind its last byte; freed with weyl_dealloc. At most 4 GiB. */
weyl_status input_read(weyl_context *ctx, const char *path, char **bytes, size_t *n);
/* A plain file with the content of a packed one, for libraries that want a path; remove and free it with
 * input_unpacked_free. Plain files: *out is NULL. */
weyl_status input_unpack(weyl_context *ctx, const char *path, char **out);
void input_unpacked_free(weyl_context *ctx, char *path);

#endif
