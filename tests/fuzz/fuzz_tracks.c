#include "trajectories.h"

/* Rows that are read are in order, and every agent and step is in range. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  weyl_context *ctx = fuzz_context();
  weyl_tracks t = {0};
  const weyl_status status = weyl_tracks_parse(ctx, (const char *)data, size, "input", &t);
  (void)weyl_tracks_seems((const char *)data, size);
  if (status == WEYL_OK) {
    FUZZ_CHECK(t.rows > 0 && t.agents > 0 && t.frames > 0 && (t.d == 2 || t.d == 3));
    for (int64_t r = 0; r < t.rows; r++) {
      FUZZ_CHECK(t.frame[r] >= (r > 0 ? t.frame[r - 1] : 0) && t.frame[r] < t.frames);
      FUZZ_CHECK(t.agent[r] >= 0 && t.agent[r] < t.agents && t.name[t.agent[r]][0]);
    }
    volatile double sum = fuzz_sum(t.position, t.rows * t.d);
    (void)sum;
  } else {
    FUZZ_CHECK(t.arena == NULL);
    fuzz_refused(ctx, status);
  }
  weyl_tracks_free(&t);
  fuzz_context_free(ctx);
  return 0;
}
