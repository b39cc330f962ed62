#include "formats/input.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define CONTENT_LIMIT ((size_t)4 << 30)
#define XZ_MEMORY     ((uint64_t)1 << 30) /* of the decoder: enough for xz -9 many times over */

static input_packing packing_of(const unsigned char *bytes, size_t n) {
  if (n >= 3 && memcmp(bytes, "\x1f\x8b\x08", 3) == 0) return INPUT_GZIP;
  if (n >= 6 && memcmp(bytes,
                       "\xfd"
                       "7zXZ\0",
                       6) == 0)
    return INPUT_XZ;
  return INPUT_PLAIN;
}

/* One decoder of either kind: bytes in, bytes out. */
typedef struct decoder {
  input_packing packing;
  z_stream gzip;
  lzma_stream xz;
  const unsigned char *in;
  size_t in_left;
  bool open, at_end;
} decoder;

static void decoder_close(decoder *d) {
  if (!d->open) return;
  if (d->packing == INPUT_GZIP)
    (void)inflateEnd(&d->gzip);
  else
    lzma_end(&d->xz);
  d->open = false;
}

static bool decoder_open(decoder *d, input_packing packing, const unsigned char *in, size_t n) {
  *d = (decoder){.packing = packing, .in = in, .in_left = n};
  if (packing == INPUT_GZIP) {
    d->open = inflateInit2(&d->gzip, 15 + 16) == Z_OK;
  } else {
    const lzma_stream fresh = LZMA_STREAM_INIT;
    d->xz = fresh;
    d->open = lzma_stream_decoder(&d->xz, XZ_MEMORY, LZMA_CONCATENATED) == LZMA_OK;
  }
  return d->open;
}

static const char *gzip_step(decoder *d, unsigned char *out, size_t room, size_t *made) {
  d->gzip.next_out = out;
  d->gzip.avail_out = (uInt)room;
  const char *wrong = NULL;
  while (d->gzip.avail_out > 0 && !d->at_end && !wrong) {
    const uInt portion = d->in_left > (1u << 30) ? 1u << 30 : (uInt)d->in_left;
    d->gzip.next_in = (z_const Bytef *)(uintptr_t)d->in;
    d->gzip.avail_in = portion;
    const int code = inflate(&d->gzip, Z_NO_FLUSH);
    const size_t used = portion - d->gzip.avail_in;
    d->in += used;
    d->in_left -= used;
    if (code == Z_STREAM_END) {
      /* members may follow one another; zeros or other bytes behind the last are padding */
      if (packing_of(d->in, d->in_left) != INPUT_GZIP || inflateReset(&d->gzip) != Z_OK) d->at_end = true;
    } else if (code == Z_BUF_ERROR || (code == Z_OK && used == 0 && d->in_left == 0 && d->gzip.avail_out > 0)) {
      wrong = "gzip data end too soon";
    } else if (code == Z_MEM_ERROR) {
      wrong = "not enough memory to decompress";
    } else if (code != Z_OK) {
      wrong = "gzip data are damaged";
    }
  }
  *made = room - d->gzip.avail_out;
  return wrong;
}

static const char *xz_step(decoder *d, unsigned char *out, size_t room, size_t *made) {
  d->xz.next_out = out;
  d->xz.avail_out = room;
  d->xz.next_in = d->in;
  d->xz.avail_in = d->in_left;
  const lzma_ret code = d->at_end ? LZMA_STREAM_END : lzma_code(&d->xz, LZMA_FINISH);
  if (!d->at_end) {
    d->in = d->xz.next_in;
    d->in_left = d->xz.avail_in;
  }
  *made = room - d->xz.avail_out;
  switch (code) {
    case LZMA_OK: return NULL;
    case LZMA_STREAM_END: d->at_end = true; return NULL;
    case LZMA_BUF_ERROR: return "xz data end too soon";
    case LZMA_MEM_ERROR: return "not enough memory to decompress";
    case LZMA_MEMLIMIT_ERROR: return "xz data want more than 1 GiB of memory to decompress";
    default: return "xz data are damaged";
  }
}

/* Fills `out` as far as the content goes. NULL, or what is wrong. */
static const char *decode(decoder *d, unsigned char *out, size_t room, size_t *made) {
  *made = 0;
  while (*made < room && !d->at_end) {
    const size_t most = room - *made < ((size_t)1 << 30) ? room - *made : (size_t)1 << 30;
    size_t n = 0;
    const char *wrong =
        d->packing == INPUT_GZIP ? gzip_step(d, out + *made, most, &n) : xz_step(d, out + *made, most, &n);
    *made += n;
    if (wrong) return wrong;
  }
  return NULL;
}

static weyl_status cannot_open(weyl_context *ctx, const char *path) {
  const bool absent = errno == ENOENT || errno == ENOTDIR;
  return weyl_fail(ctx, absent ? WEYL_NO_FILE : WEYL_IO, "%s: %s", path,
                   absent            ? "no such file"
                   : errno == EACCES ? "permission denied"
                                     : "cannot be opened");
}

weyl_status input_peek(weyl_context *ctx, const char *path, input_packing *packing, unsigned char *head, size_t *n) {
  enum { ENOUGH = 1 << 16 };
  FILE *file = fopen(path, "rb");
  if (!file) return cannot_open(ctx, path);
  unsigned char *raw = weyl_alloc(ctx, ENOUGH, 1);
  if (!raw) {
    fclose(file);
    return WEYL_MEMORY;
  }
  const size_t have = fread(raw, 1, ENOUGH, file);
  const bool bad = ferror(file) != 0, folder = bad && errno == EISDIR;
  fclose(file);
  weyl_status status = WEYL_OK;
  *packing = packing_of(raw, have);
  if (bad) {
    status = weyl_fail(ctx, folder ? WEYL_FORMAT : WEYL_IO, "%s: %s", path,
                       folder ? "is a folder, expected a file" : "cannot be read");
  } else if (*packing == INPUT_PLAIN) {
    *n = have < *n ? have : *n;
    memcpy(head, raw, *n);
  } else {
    decoder d;
    size_t made = 0;
    if (!decoder_open(&d, *packing, raw, have))
      status = weyl_fail(ctx, WEYL_MEMORY, "%s: cannot start to decompress", path);
    else
      (void)decode(&d, head, *n, &made); /* the raw bytes are cut, so an end is no error here */
    decoder_close(&d);
    *n = made;
  }
  weyl_dealloc(ctx, raw);
  return status;
}

weyl_status input_read(weyl_context *ctx, const char *path, char **bytes, size_t *n) {
  char *raw = NULL, *content = NULL;
  size_t raw_n = 0;
  WEYL_TRY(weyl_file_read(ctx, path, CONTENT_LIMIT, &raw, &raw_n));
  const input_packing packing = packing_of((const unsigned char *)raw, raw_n);
  if (packing == INPUT_PLAIN) {
    *bytes = raw;
    *n = raw_n;
    return WEYL_OK;
  }
  weyl_status status = WEYL_OK;
  decoder d;
  if (!decoder_open(&d, packing, (const unsigned char *)raw, raw_n)) {
    status = weyl_fail(ctx, WEYL_MEMORY, "%s: cannot start to decompress", path);
    goto done;
  }
  size_t room = raw_n < ((size_t)1 << 20) ? (size_t)1 << 20 : 4 * raw_n, have = 0;
  while (!d.at_end) {
    if (have > CONTENT_LIMIT) {
      status = weyl_fail(ctx, WEYL_FORMAT, "%s: decompresses to more than 4 GiB", path);
      goto done;
    }
    if (have > 0) room *= 2;
    char *larger = weyl_realloc(ctx, content, room + 1, 1);
    if (!larger) {
      status = WEYL_MEMORY;
      goto done;
    }
    content = larger;
    size_t made = 0;
    const char *wrong = decode(&d, (unsigned char *)content + have, room - have, &made);
    if (wrong) {
      status = weyl_fail(ctx, WEYL_FORMAT, "%s: %s, at byte %zu of %zu", path, wrong, raw_n - d.in_left, raw_n);
      goto done;
    }
    have += made;
  }
  content[have] = '\0';
  *bytes = content;
  *n = have;
  content = NULL;
done:
  decoder_close(&d);
  weyl_dealloc(ctx, content);
  weyl_dealloc(ctx, raw);
  return status;
}

weyl_status input_unpack(weyl_context *ctx, const char *path, char **out) {
  input_packing packing;
  unsigned char head[16];
  size_t head_n = sizeof head;
  *out = NULL;
  WEYL_TRY(input_peek(ctx, path, &packing, head, &head_n));
  if (packing == INPUT_PLAIN) return WEYL_OK;
  char *bytes = NULL;
  size_t n = 0, done = 0;
  WEYL_TRY(input_read(ctx, path, &bytes, &n));
  const char *folder = getenv("TMPDIR");
  if (!folder || !*folder) folder = "/tmp";
  char *name = weyl_alloc(ctx, strlen(folder) + 32, 1);
  int fd = -1;
  if (name) {
    snprintf(name, strlen(folder) + 32, "%s/weyl-unpacked-XXXXXX", folder);
    fd = mkstemp(name);
  }
  while (fd >= 0 && done < n) {
    const ssize_t wrote = write(fd, bytes + done, n - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) break;
    done += (size_t)wrote;
  }
  const bool closed = fd >= 0 && close(fd) == 0;
  weyl_dealloc(ctx, bytes);
  if (name && closed && done == n) {
    *out = name;
    return WEYL_OK;
  }
  if (!name) return WEYL_MEMORY;
  if (fd >= 0) (void)unlink(name);
  weyl_dealloc(ctx, name);
  return weyl_fail(ctx, WEYL_IO,
                   "%s: cannot be decompressed into the folder %s (set TMPDIR to one with %zu bytes of room)", path,
                   folder, n);
}

void input_unpacked_free(weyl_context *ctx, char *path) {
  if (path) (void)unlink(path);
  weyl_dealloc(ctx, path);
}
