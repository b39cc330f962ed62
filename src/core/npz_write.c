/* The npz writer: libzip lays out the archive and writes it through a source of ours into the weyl_writer,
 * which makes it durable.  Entries are stored, and dated 1980, so that equal bundles give equal bytes. */
#include "bundle.h"
#include "internal.h"

#include <errno.h>
#include <string.h>
#include <zip.h>

/* The file that libzip writes to. */
typedef struct sink {
  FILE *file;
  zip_error_t error;
} sink;

static zip_int64_t failed(sink *s) {
  zip_error_set(&s->error, ZIP_ER_WRITE, errno);
  return -1;
}

static zip_int64_t sink_call(void *user, void *data, zip_uint64_t n, zip_source_cmd_t command) {
  sink *s = user;
  switch (command) {
    case ZIP_SOURCE_SUPPORTS:
      return zip_source_make_command_bitmap(ZIP_SOURCE_SUPPORTS, ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                            ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK,
                                            ZIP_SOURCE_TELL, ZIP_SOURCE_BEGIN_WRITE, ZIP_SOURCE_COMMIT_WRITE,
                                            ZIP_SOURCE_ROLLBACK_WRITE, ZIP_SOURCE_WRITE, ZIP_SOURCE_SEEK_WRITE,
                                            ZIP_SOURCE_TELL_WRITE, ZIP_SOURCE_REMOVE, -1);
    case ZIP_SOURCE_STAT: {
      /* nothing exists before the archive is written */
      zip_error_set(&s->error, ZIP_ER_READ, ENOENT);
      return -1;
    }
    case ZIP_SOURCE_WRITE: errno = 0; return fwrite(data, 1, n, s->file) == n ? (zip_int64_t)n : failed(s);
    case ZIP_SOURCE_TELL_WRITE: {
      const off_t at = ftello(s->file);
      return at < 0 ? failed(s) : (zip_int64_t)at;
    }
    case ZIP_SOURCE_SEEK_WRITE: {
      const zip_source_args_seek_t *to = ZIP_SOURCE_GET_ARGS(zip_source_args_seek_t, data, n, &s->error);
      if (!to) return -1;
      return fseeko(s->file, (off_t)to->offset, to->whence) == 0 ? 0 : failed(s);
    }
    case ZIP_SOURCE_COMMIT_WRITE: return fflush(s->file) == 0 ? 0 : failed(s);
    case ZIP_SOURCE_ERROR: return zip_error_to_data(&s->error, data, n);
    case ZIP_SOURCE_BEGIN_WRITE:
    case ZIP_SOURCE_ROLLBACK_WRITE:
    case ZIP_SOURCE_REMOVE:
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE: return 0;
    default: zip_error_set(&s->error, ZIP_ER_OPNOTSUPP, 0); return -1;
  }
}

/* Header and data of array i as one entry of the archive. */
static weyl_status add(weyl_context *ctx, zip_t *zip, const weyl_bundle *bundle, size_t i, char **header,
                       const char *path) {
  const weyl_array *array = weyl_bundle_array(bundle, i);
  const char *array_name = weyl_bundle_name(bundle, i);
  size_t n;
  WEYL_TRY(core_npy_header(ctx, array, header, &n));
  const zip_buffer_fragment_t parts[2] = {
      {(zip_uint8_t *)*header, n},
      {array->data, (zip_uint64_t)weyl_array_size(array) * weyl_dtype_size(array->dtype)},
  };
  const size_t room = strlen(array_name) + 5;
  char *name = weyl_alloc(ctx, room, 1);
  if (!name) return WEYL_MEMORY;
  snprintf(name, room, "%s.npy", array_name);

  weyl_status status = WEYL_OK;
  zip_source_t *source = zip_source_buffer_fragment(zip, parts, parts[1].length > 0 ? 2 : 1, 0);
  const zip_int64_t at = source ? zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8) : -1;
  if (source && at < 0) zip_source_free(source);
  enum { JANUARY_1_1980 = 1 << 5 | 1 };
  if (at < 0 || zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(zip, (zip_uint64_t)at, 0, JANUARY_1_1980, 0) != 0)
    status = weyl_fail(ctx, WEYL_BAD_ARG, "%s: array \"%s\": %s", path, array_name, zip_strerror(zip));
  weyl_dealloc(ctx, name);
  return status;
}

weyl_status core_npz_write(weyl_writer *writer, weyl_context *ctx, const char *path, const weyl_bundle *bundle) {
  const size_t count = weyl_bundle_count(bundle);
  /* libzip removes empty archives instead of writing them: this is one, a directory of nothing. */
  if (count == 0) return weyl_writer_write(writer, "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);

  weyl_status status = WEYL_OK;
  sink to = {.file = weyl_writer_file(writer)};
  zip_t *zip = NULL;
  zip_error_t error;
  zip_error_init(&error);
  zip_error_init(&to.error);
  char **headers = weyl_alloc(ctx, count, sizeof *headers);
  zip_source_t *source = headers ? zip_source_function_create(sink_call, &to, &error) : NULL;
  if (source) zip = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &error);
  if (!zip) {
    if (headers)
      status = weyl_fail(ctx, WEYL_IO, "cannot write %s: %s", path, zip_error_strerror(&error));
    else
      status = WEYL_MEMORY;
    if (source) zip_source_free(source);
    goto done;
  }
  for (size_t i = 0; i < count; i++) WEYL_GOTO(add(ctx, zip, bundle, i, &headers[i], path));
  if (zip_close(zip) != 0) {
    status = weyl_fail(ctx, WEYL_IO, "cannot write %s: %s", path, zip_strerror(zip));
    goto done;
  }
  zip = NULL;

done:
  if (zip) zip_discard(zip);
  zip_error_fini(&error);
  for (size_t i = 0; headers && i < count; i++) weyl_dealloc(ctx, headers[i]);
  weyl_dealloc(ctx, headers);
  return status;
}
