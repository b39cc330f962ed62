/* What the readers of array files use beside the public functions. */
#ifndef WEYL_CORE_BUNDLE_H
#define WEYL_CORE_BUNDLE_H

#include <weyl/core.h>

/* Adds an array of zeros and hands out its bytes to be filled. */
weyl_status core_bundle_reserve(weyl_bundle *bundle, const char *name, weyl_dtype dtype, int rank, const int64_t *dim,
                                void **data);
weyl_context *core_bundle_context(const weyl_bundle *bundle);
size_t core_bundle_notes(const weyl_bundle *bundle);
void core_bundle_note_at(const weyl_bundle *bundle, size_t i, const char **key, const char **value);

/* The npy header of an array, padded so that data behind it are 64-byte aligned; freed with weyl_dealloc.
 */
weyl_status core_npy_header(weyl_context *ctx, const weyl_array *array, char **header, size_t *n);
weyl_status core_npz_write(weyl_writer *writer, weyl_context *ctx, const char *path, const weyl_bundle *bundle);

#endif
