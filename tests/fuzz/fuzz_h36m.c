#include "trajectories.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[64];
  const int fd = fuzz_file(path);
  FUZZ_CHECK(write(fd, data, size) == (ssize_t)size);
  fuzz_read("h36m", path);
  close(fd);
  return 0;
}
