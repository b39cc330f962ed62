#include "fuzz.h"

#include <weyl/study.h>

/* What parses has moments, of its family and of its fixed environments, or says why not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weyl_context *ctx = fuzz_context();
  weyl_sem *sem = NULL;
  const weyl_status status = weyl_sem_parse(ctx, (const char *)data, size, "input", &sem);
  if (status == WEYL_OK) {
    const weyl_sem_info about = weyl_sem_about(sem);
    FUZZ_CHECK(about.y < about.nodes);
    for (size_t i = 0; i < about.features; i++) FUZZ_CHECK(weyl_sem_feature(sem, i)[0]);
    weyl_moments m = {0};
    if (about.nodes <= 64 && about.features <= 64 && about.sites > 0) {
      const weyl_sem_world world = {.count = 2, .rows = 3, .intercept = true};
      if (weyl_sem_moments(ctx, sem, &world, &m) != WEYL_OK) weyl_message_clear(ctx);
      weyl_moments_free(&m);
    }
    if (about.nodes <= 64 && about.features <= 64 && about.trained > 0) {
      if (weyl_sem_moments(ctx, sem, &(weyl_sem_world){0}, &m) != WEYL_OK) weyl_message_clear(ctx);
      weyl_moments_free(&m);
    }
    weyl_sem_free(sem);
  } else {
    FUZZ_CHECK(!sem);
    fuzz_refused(ctx, status);
  }
  fuzz_context_free(ctx);
  return 0;
}
