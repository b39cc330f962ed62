#include "trajectories.h"

/* A skeleton, a zero byte, a motion: two files side by side, as they must lie on disk. */
static char folder[64], skeleton[80], motion[80];

static void leave(void) {
  (void)unlink(skeleton);
  (void)unlink(motion);
  (void)rmdir(folder);
}

static void put(const char *path, const uint8_t *bytes, size_t n) {
  FILE *file = fopen(path, "wb");
  FUZZ_CHECK(file);
  FUZZ_CHECK(fwrite(bytes, 1, n, file) == n);
  FUZZ_CHECK(fclose(file) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!folder[0]) {
    snprintf(folder, sizeof folder, "/dev/shm/weyl-fuzz-XXXXXX");
    if (!mkdtemp(folder)) {
      snprintf(folder, sizeof folder, "/tmp/weyl-fuzz-XXXXXX");
      FUZZ_CHECK(mkdtemp(folder));
    }
    snprintf(skeleton, sizeof skeleton, "%s/a.asf", folder);
    snprintf(motion, sizeof motion, "%s/a.amc", folder);
    (void)atexit(leave);
  }
  const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
  const size_t n = cut ? (size_t)(cut - data) : size;
  put(skeleton, data, n);
  put(motion, cut ? cut + 1 : data, cut ? size - n - 1 : 0);
  fuzz_read("amc", motion);
  return 0;
}
