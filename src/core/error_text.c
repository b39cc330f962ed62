#include "internal.h"

#include <errno.h>
#include <string.h>

const char *core_error_text(int error, char *buffer) { return strerror_r(error, buffer, ERROR_TEXT_MAX); }

weyl_status core_fail_errno(weyl_context *ctx, int error, const char *what, const char *path) {
  char buffer[ERROR_TEXT_MAX];
  const bool absent = error == ENOENT || error == ENOTDIR;
  return weyl_fail(ctx, absent ? WEYL_NO_FILE : WEYL_IO, "cannot %s %s: %s", what, path,
                   core_error_text(error, buffer));
}
