#include "horizons.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

weyl_status train_horizons_read(weyl_context *ctx, const weyl_options *options, train_horizons *out) {
  train_horizons h = {0};
  const char *text = weyl_options_has(options, "horizons") ? weyl_options_string(options, "horizons") : "";
  for (const char *at = text; *at != '\0';) {
    char *end;
    const double ms = strtod(at, &end);
    if (end == at || (*end != '\0' && *end != ',') || !isfinite(ms) || ms <= (h.count > 0 ? h.ms[h.count - 1] : 0))
      return weyl_fail(ctx, WEYL_BAD_ARG, "horizons is \"%s\", expected ascending times in ms with commas: 80,400",
                       text);
    if (h.count == TRAIN_HORIZONS)
      return weyl_fail(ctx, WEYL_BAD_ARG, "horizons is \"%s\", expected at most %d times", text, TRAIN_HORIZONS);
    h.ms[h.count++] = ms;
    at = *end == ',' ? end + 1 : end;
  }
  *out = h;
  return WEYL_OK;
}

int64_t train_horizon_frame(const train_horizons *horizons, int k, const weyl_dataset *set, int64_t future) {
  const char *step = weyl_dataset_noted(set, "time_step"), *unit = weyl_dataset_noted(set, "time_unit");
  if (step == NULL || unit == NULL || (strcmp(unit, "s") != 0 && strcmp(unit, "ms") != 0)) return -1;
  const double frames = horizons->ms[k] / (strtod(step, NULL) * (unit[0] == 's' ? 1000 : 1)), whole = round(frames);
  if (!(whole >= 1 && whole <= (double)future) || fabs(frames - whole) > 1e-3) return -1;
  return (int64_t)whole - 1;
}
