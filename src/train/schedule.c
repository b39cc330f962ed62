/* The learning rate at a step. */
#include "schedule.h"

#include <math.h>
#include <string.h>

typedef enum kind { CONSTANT, COSINE, STEP, PLATEAU } kind;
static const char *const kind_name[] = {"constant", "cosine", "step", "plateau"};

struct weyl_schedule {
  weyl_context *ctx;
  kind kind;
  double rate, low, factor;
  int64_t steps_per_epoch, steps, warmup, every; /* warmup in steps, every in epochs */
  /* plateau */
  double best, reduced;
  int64_t best_epoch;
};

weyl_status weyl_schedule_new(weyl_context *ctx, const weyl_options *o, int64_t steps_per_epoch, weyl_schedule **out) {
  if (steps_per_epoch < 1)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%lld steps an epoch, must be 1 or more", (long long)steps_per_epoch);
  weyl_schedule *s = weyl_alloc(ctx, 1, sizeof *s);
  if (s == NULL) return WEYL_MEMORY;
  *s = (weyl_schedule){
      .ctx = ctx,
      .rate = weyl_options_number(o, "rate"),
      .low = weyl_options_number(o, "min_rate"),
      .factor = weyl_options_number(o, "step_factor"),
      .steps_per_epoch = steps_per_epoch,
      .steps = weyl_options_integer(o, "epochs") * steps_per_epoch,
      .warmup = llround(weyl_options_number(o, "warmup") * (double)steps_per_epoch),
      .every = weyl_options_integer(o, "step_every"),
      .best = INFINITY,
      .reduced = 1,
  };
  const char *name = weyl_options_string(o, "schedule");
  for (int k = CONSTANT; k <= PLATEAU; k++)
    if (strcmp(kind_name[k], name) == 0) s->kind = (kind)k;
  *out = s;
  return WEYL_OK;
}

void weyl_schedule_free(weyl_schedule *s) {
  if (s != NULL) weyl_dealloc(s->ctx, s);
}

double weyl_schedule_rate(const weyl_schedule *s, int64_t step) {
  double rate = s->rate;
  if (step < s->warmup) {
    rate *= (double)(step + 1) / (double)s->warmup;
  } else if (s->kind == COSINE && s->steps > s->warmup) {
    const double way = fmin(1, (double)(step - s->warmup) / (double)(s->steps - s->warmup));
    const double low = fmin(s->low, s->rate);
    rate = low + (s->rate - low) * 0.5 * (1 + cos(acos(-1) * way));
  } else if (s->kind == STEP) {
    rate *= pow(s->factor, floor((double)(step / s->steps_per_epoch) / (double)s->every));
  } else if (s->kind == PLATEAU) {
    rate *= s->reduced;
  }
  return step < s->warmup ? rate : fmax(rate, fmin(s->low, s->rate));
}

void weyl_schedule_observe(weyl_schedule *s, int64_t epoch, double validation) {
  if (s->kind != PLATEAU) return;
  if (validation < s->best) {
    s->best = validation;
    s->best_epoch = epoch;
  } else if (epoch - s->best_epoch >= s->every) {
    s->reduced *= s->factor;
    s->best_epoch = epoch; /* the next reduction waits as long again */
  }
}

void train_schedule_save(const weyl_schedule *s, double state[TRAIN_SCHEDULE_STATE]) {
  state[0] = s->best;
  state[1] = s->reduced;
  state[2] = (double)s->best_epoch;
}

void train_schedule_load(weyl_schedule *s, const double state[TRAIN_SCHEDULE_STATE]) {
  s->best = state[0];
  s->reduced = state[1];
  s->best_epoch = (int64_t)state[2];
}
