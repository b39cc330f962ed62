#include "bundle.h"
#include "internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

static bool ends_with(const char *text, const char *end) {
  const size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

/* No deflated byte stands for more than 1032 (RFC 1951: a match of 258 bytes in two bits): an entry that
 * claims more would only fill memory. */
#define RATIO_MAX 1032

/* The bytes of one entry; freed with weyl_dealloc. */
static weyl_status read_entry(weyl_context *ctx, zip_t *zip, const zip_stat_t *st, const char *place,
                              uint64_t file_size, char **bytes) {
  const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_INDEX;
  if ((st->valid & needed) != needed) return weyl_fail(ctx, WEYL_FORMAT, "%s: the zip directory lacks its size", place);
  const uint64_t ratio = st->comp_method == ZIP_CM_STORE ? 1 : RATIO_MAX;
  if (st->comp_method != ZIP_CM_STORE && st->comp_method != ZIP_CM_DEFLATE)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: zip method %d, must be stored (0) or deflated (8)", place, st->comp_method);
  if (st->comp_size > file_size || st->size / ratio > st->comp_size)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: claims %llu bytes from %llu packed ones in a file of %llu", place,
                     (unsigned long long)st->size, (unsigned long long)st->comp_size, (unsigned long long)file_size);
  weyl_status status = WEYL_OK;
  zip_file_t *file = NULL;
  char *data = weyl_alloc(ctx, (size_t)st->size + 1, 1);
  if (!data) return weyl_fail_within(ctx, WEYL_MEMORY, "%s", place);
  file = zip_fopen_index(zip, st->index, 0);
  if (!file) {
    status = weyl_fail(ctx, WEYL_FORMAT, "%s: %s", place, zip_strerror(zip));
    goto done;
  }
  /* One byte more than claimed is asked for: the end of the entry, where the checksum is compared, must be
   * reached. */
  uint64_t used = 0;
  for (;;) {
    const zip_int64_t got = zip_fread(file, data + used, st->size + 1 - used);
    if (got < 0) {
      status = weyl_fail(ctx, WEYL_FORMAT, "%s: %s", place, zip_file_strerror(file));
      goto done;
    }
    if (got == 0) break;
    used += (uint64_t)got;
    if (used > st->size) break;
  }
  if (used != st->size) {
    status = weyl_fail(ctx, WEYL_FORMAT, "%s: holds another number of bytes than the %llu claimed", place,
                       (unsigned long long)st->size);
    goto done;
  }
  *bytes = data;
  data = NULL;

done:
  if (file) zip_fclose(file);
  weyl_dealloc(ctx, data);
  return status;
}

static weyl_status read_array(weyl_context *ctx, zip_t *zip, uint64_t index, const char *path, uint64_t file_size,
                              weyl_bundle *into) {
  weyl_status status = WEYL_OK;
  char *place = NULL, *name = NULL, *bytes = NULL;
  zip_stat_t st;
  zip_stat_init(&st);
  if (zip_stat_index(zip, index, 0, &st) != 0 || !(st.valid & ZIP_STAT_NAME))
    return weyl_fail(ctx, WEYL_FORMAT, "%s: entry %llu of the zip directory cannot be read", path,
                     (unsigned long long)index);
  if (!ends_with(st.name, ".npy"))
    return weyl_fail(ctx, WEYL_FORMAT, "%s: entry \"%s\" is not an array (.npy)", path, st.name);
  const size_t n = strlen(st.name), np = strlen(path) + n + 3;
  place = weyl_alloc(ctx, np, 1);
  name = weyl_alloc(ctx, n + 1, 1);
  if (!place || !name) {
    status = WEYL_MEMORY;
    goto done;
  }
  snprintf(place, np, "%s/%s", path, st.name);
  memcpy(name, st.name, n - 4);
  WEYL_GOTO(read_entry(ctx, zip, &st, place, file_size, &bytes));
  WEYL_GOTO(weyl_npy_parse(ctx, bytes, (size_t)st.size, place, into, name));

done:
  weyl_dealloc(ctx, bytes);
  weyl_dealloc(ctx, name);
  weyl_dealloc(ctx, place);
  return status;
}

static weyl_status read_zip(weyl_context *ctx, const char *path, weyl_bundle *into) {
  weyl_status status = WEYL_OK;
  struct stat file;
  int error = 0;
  zip_t *zip = zip_open(path, ZIP_RDONLY, &error);
  if (!zip || stat(path, &file) != 0) {
    zip_error_t e;
    zip_error_init_with_code(&e, error);
    status = weyl_fail(ctx, error == ZIP_ER_MEMORY ? WEYL_MEMORY : WEYL_FORMAT, "%s: %s", path, zip_error_strerror(&e));
    zip_error_fini(&e);
    goto done;
  }
  const zip_int64_t count = zip_get_num_entries(zip, 0);
  for (zip_int64_t i = 0; i < count; i++) {
    WEYL_GOTO(read_array(ctx, zip, (uint64_t)i, path, (uint64_t)file.st_size, into));
  }

done:
  if (zip) zip_discard(zip);
  return status;
}

static weyl_status read_npy(weyl_context *ctx, const char *path, weyl_bundle *into) {
  char *bytes;
  size_t n;
  WEYL_TRY(weyl_file_read(ctx, path, SIZE_MAX, &bytes, &n));
  const weyl_status status = weyl_npy_parse(ctx, bytes, n, path, into, "");
  weyl_dealloc(ctx, bytes);
  return status;
}

weyl_status weyl_npz_read(weyl_context *ctx, const char *path, weyl_bundle **out) {
  unsigned char head[4] = {0};
  FILE *file = fopen(path, "rbe");
  if (!file) return core_fail_errno(ctx, errno, "read", path);
  const size_t got = fread(head, 1, sizeof head, file);
  const int error = ferror(file) ? errno : 0;
  fclose(file);
  if (error) return core_fail_errno(ctx, error, "read", path);
  const bool zip = got == 4 && (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0);
  if (!zip && (got < 4 || memcmp(head, "\x93NUM", 4) != 0))
    return weyl_fail(ctx, WEYL_FORMAT, "%s: neither an npz nor an npy file", path);

  weyl_bundle *bundle = NULL;
  WEYL_TRY(weyl_bundle_new(ctx, &bundle));
  const weyl_status status = zip ? read_zip(ctx, path, bundle) : read_npy(ctx, path, bundle);
  if (status != WEYL_OK) {
    weyl_bundle_free(bundle);
    return status;
  }
  *out = bundle;
  return WEYL_OK;
}

static weyl_status write_npy(weyl_context *ctx, weyl_writer *writer, const weyl_array *array) {
  char *header;
  size_t n;
  WEYL_TRY(core_npy_header(ctx, array, &header, &n));
  weyl_status status = weyl_writer_write(writer, header, n);
  weyl_dealloc(ctx, header);
  if (status != WEYL_OK) return status;
  return weyl_writer_write(writer, array->data, (size_t)weyl_array_size(array) * weyl_dtype_size(array->dtype));
}

weyl_status weyl_npz_write(weyl_context *ctx, const char *path, const weyl_bundle *bundle) {
  const bool single = ends_with(path, ".npy");
  if (single && weyl_bundle_count(bundle) != 1)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s: an npy file holds one array, not %zu: name it .npz", path,
                     weyl_bundle_count(bundle));
  weyl_writer *writer;
  WEYL_TRY(weyl_writer_open(ctx, path, &writer));
  const weyl_status status =
      single ? write_npy(ctx, writer, weyl_bundle_array(bundle, 0)) : core_npz_write(writer, ctx, path, bundle);
  if (status != WEYL_OK) {
    weyl_writer_abandon(writer);
    return status;
  }
  return weyl_writer_close(writer);
}
