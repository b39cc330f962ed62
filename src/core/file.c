#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIMIT_DEFAULT ((size_t)4 << 30)

static weyl_status too_long(weyl_context *ctx, const char *path, size_t limit) {
  return weyl_fail(ctx, WEYL_FORMAT, "%s has more than the %zu bytes allowed", path, limit);
}

weyl_status weyl_file_read(weyl_context *ctx, const char *path, size_t limit, char **bytes, size_t *n) {
  if (limit == 0) limit = LIMIT_DEFAULT;
  if (limit > PTRDIFF_MAX / 2) limit = PTRDIFF_MAX / 2;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return core_fail_errno(ctx, errno, "read", path);
  weyl_status status = WEYL_OK;
  char *data = NULL;
  size_t used = 0;
  struct stat st;
  if (fstat(fd, &st) != 0) {
    status = core_fail_errno(ctx, errno, "read", path);
    goto done;
  }
  if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > limit) {
    status = too_long(ctx, path, limit);
    goto done;
  }
  /* The size is only a first guess: pipes have none and files grow. One byte is for the zero at the end,
   * one finds out that nothing follows. */
  size_t room = S_ISREG(st.st_mode) ? (size_t)st.st_size + 2 : 65536;
  data = weyl_alloc(ctx, room, 1);
  if (!data) {
    status = WEYL_MEMORY;
    goto done;
  }
  for (;;) {
    const ssize_t got = read(fd, data + used, room - 1 - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      status = core_fail_errno(ctx, errno, "read", path);
      goto done;
    }
    if (got == 0) break;
    used += (size_t)got;
    if (used > limit) {
      status = too_long(ctx, path, limit);
      goto done;
    }
    if (used == room - 1) {
      char *more = weyl_realloc(ctx, data, room * 2, 1);
      if (!more) {
        status = WEYL_MEMORY;
        goto done;
      }
      data = more;
      room *= 2;
    }
  }
  data[used] = '\0';
  *bytes = data;
  *n = used;
  data = NULL;

done:
  weyl_dealloc(ctx, data);
  close(fd);
  if (status == WEYL_MEMORY) return weyl_fail_within(ctx, status, "%s", path);
  return status;
}

static weyl_status folder_make(weyl_context *ctx, const char *path) {
  if (mkdir(path, 0777) == 0) return WEYL_OK;
  const int error = errno;
  struct stat st;
  if (stat(path, &st) != 0) return core_fail_errno(ctx, error, "make the folder", path);
  if (!S_ISDIR(st.st_mode)) return weyl_fail(ctx, WEYL_IO, "%s is in the way: it is not a folder", path);
  return WEYL_OK;
}

weyl_status weyl_folder_make(weyl_context *ctx, const char *path) {
  if (*path == '\0') return weyl_fail(ctx, WEYL_BAD_ARG, "the name of the folder to make is empty");
  const size_t n = strlen(path);
  char *part = weyl_alloc(ctx, n + 1, 1);
  if (!part) return WEYL_MEMORY;
  weyl_status status = WEYL_OK;
  for (size_t i = 1; i <= n && status == WEYL_OK; i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    memcpy(part, path, i);
    status = folder_make(ctx, part);
  }
  weyl_dealloc(ctx, part);
  return status;
}

weyl_status weyl_folder_hold(weyl_context *ctx, const char *path, int *hold) {
  *hold = -1;
  const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return core_fail_errno(ctx, errno, "open", path);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(fd);
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s is in use by another process: wait for it, or name another directory",
                     path);
  }
  *hold = fd;
  return WEYL_OK;
}

void weyl_folder_release(int hold) {
  if (hold >= 0) close(hold);
}

bool weyl_file_exists(const char *path) {
  struct stat st;
  return stat(path, &st) == 0;
}
