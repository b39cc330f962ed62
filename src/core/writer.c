#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct weyl_writer {
  weyl_context *ctx;
  char *path, *temporary; /* no temporary: a device or pipe, written directly */
  FILE *file;
  int error; /* the first errno */
};

static char *text_join(weyl_context *ctx, const char *a, const char *b) {
  const size_t na = strlen(a), nb = strlen(b);
  char *text = weyl_alloc(ctx, na + nb + 1, 1);
  if (!text) return NULL;
  memcpy(text, a, na);
  memcpy(text + na, b, nb + 1);
  return text;
}

/* The file to replace: what a symbolic link points to, so that the link stays. */
static char *resolve(weyl_context *ctx, const char *path) {
  struct stat st;
  if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
    char *real = realpath(path, NULL);
    if (real) {
      char *copy = text_join(ctx, real, "");
      free(real);
      return copy;
    }
  }
  return text_join(ctx, path, "");
}

static void writer_free(weyl_writer *writer) {
  if (!writer) return;
  weyl_context *ctx = writer->ctx;
  weyl_dealloc(ctx, writer->path);
  weyl_dealloc(ctx, writer->temporary);
  weyl_dealloc(ctx, writer);
}

/* A file that nobody else has, beside the one it shall replace and with its mode. */
static int open_temporary(weyl_writer *writer, mode_t mode, int *fd) {
  static atomic_uint serial; /* two writers of one process */
  for (int attempt = 0; attempt < 100; attempt++) {
    char end[64];
    snprintf(end, sizeof end, ".%ld-%u.tmp", (long)getpid(), atomic_fetch_add(&serial, 1));
    weyl_dealloc(writer->ctx, writer->temporary);
    writer->temporary = text_join(writer->ctx, writer->path, end);
    if (!writer->temporary) return ENOMEM;
    *fd = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode ? mode : 0666);
    if (*fd >= 0) {
      if (mode) (void)!fchmod(*fd, mode); /* past the umask; a file system without modes is no failure */
      return 0;
    }
    if (errno != EEXIST) return errno;
  }
  return EEXIST;
}

weyl_status weyl_writer_open(weyl_context *ctx, const char *path, weyl_writer **out) {
  weyl_writer *writer = weyl_alloc(ctx, 1, sizeof *writer);
  if (!writer) return WEYL_MEMORY;
  weyl_status status = WEYL_OK;
  int fd = -1;
  writer->ctx = ctx;
  writer->path = resolve(ctx, path);
  if (!writer->path) {
    status = WEYL_MEMORY;
    goto done;
  }
  struct stat st;
  const bool exists = stat(writer->path, &st) == 0;
  int error = 0;
  if (exists && S_ISDIR(st.st_mode)) {
    error = EISDIR;
  } else if (exists && !S_ISREG(st.st_mode)) {
    fd = open(writer->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) error = errno;
  } else {
    error = open_temporary(writer, exists ? st.st_mode & 07777 : 0, &fd);
    if (error == ENOMEM) {
      status = weyl_fail(ctx, WEYL_MEMORY, "no memory for the name beside %s", path);
      goto done;
    }
  }
  if (error) {
    status = core_fail_errno(ctx, error, "write", path);
    goto done;
  }
  writer->file = fdopen(fd, "wb");
  if (!writer->file) {
    status = core_fail_errno(ctx, errno, "write", path);
    goto done;
  }
  *out = writer;
  return WEYL_OK;

done:
  if (fd >= 0) {
    close(fd);
    if (writer->temporary) unlink(writer->temporary);
  }
  writer_free(writer);
  return status;
}

static weyl_status broken(weyl_writer *writer) {
  if (!writer->error) writer->error = errno ? errno : EIO;
  return core_fail_errno(writer->ctx, writer->error, "write", writer->path);
}

weyl_status weyl_writer_write(weyl_writer *writer, const void *bytes, size_t n) {
  errno = 0;
  if (n > 0 && fwrite(bytes, 1, n, writer->file) != n) return broken(writer);
  return WEYL_OK;
}

weyl_status weyl_writer_printf(weyl_writer *writer, const char *fmt, ...) {
  /* Files hold points, not the commas of the program's locale; only this thread is switched, and back at
   * once. */
  const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  const locale_t old = c ? uselocale(c) : (locale_t)0;
  errno = 0;
  va_list args;
  va_start(args, fmt);
  const int n = vfprintf(writer->file, fmt, args);
  va_end(args);
  const int error = errno;
  if (c) {
    uselocale(old);
    freelocale(c);
  }
  errno = error;
  return n < 0 ? broken(writer) : WEYL_OK;
}

FILE *weyl_writer_file(weyl_writer *writer) { return writer->file; }

/* The rename itself must reach the disk too. Some file systems cannot sync a folder: then we have done what
 * we can. */
static void sync_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  int fd;
  if (!slash) {
    fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  } else {
    char *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (!folder) return;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
  }
  if (fd < 0) return;
  (void)fsync(fd);
  close(fd);
}

weyl_status weyl_writer_close(weyl_writer *writer) {
  errno = 0;
  bool good = !writer->error && !ferror(writer->file);
  if (!good && !writer->error) writer->error = EIO; /* a library printed to the FILE and its errno is gone */
  if (good) {
    good = fflush(writer->file) == 0 && (!writer->temporary || fsync(fileno(writer->file)) == 0);
    if (!good) writer->error = errno ? errno : EIO;
  }
  errno = 0;
  if (fclose(writer->file) != 0 && good) {
    good = false;
    writer->error = errno ? errno : EIO;
  }
  if (good && writer->temporary && rename(writer->temporary, writer->path) != 0) {
    good = false;
    writer->error = errno;
  }
  weyl_status status = WEYL_OK;
  if (good) {
    if (writer->temporary) sync_folder(writer->path);
  } else {
    if (writer->temporary) unlink(writer->temporary);
    status = core_fail_errno(writer->ctx, writer->error, "write", writer->path);
  }
  writer_free(writer);
  return status;
}

void weyl_writer_abandon(weyl_writer *writer) {
  if (!writer) return;
  fclose(writer->file);
  if (writer->temporary) unlink(writer->temporary);
  writer_free(writer);
}
