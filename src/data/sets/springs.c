/* "springs": bodies joined pairwise by springs of one strength, positions after some time, from the exact solution.
 *
 * With unit masses and strength k the centre moves straight, and the rest y of each body swings: y'' = -k n y, so
 * y(t) = y cos wt + u / w sin wt, w = sqrt(k n), u the velocity less that of the centre. */
#include <math.h>

#include "sets/sets.h"

static const weyl_option options_table[] = {
  {"train", WEYL_OPT_INT, "1000", 1, 1000000, NULL, "training samples"},
  {"valid", WEYL_OPT_INT, "200", 1, 1000000, NULL, "validation samples"},
  {"test", WEYL_OPT_INT, "200", 1, 1000000, NULL, "test samples"},
  {"bodies", WEYL_OPT_INT, "4", 2, 64, NULL, "bodies in each sample"},
  {"strength", WEYL_OPT_DOUBLE, "1", 1e-3, 1000, NULL, "of each spring, in units of mass / time^2"},
  {"time", WEYL_OPT_DOUBLE, "1", 1e-3, 1000, NULL, "time between input and target"},
  {"data_seed", WEYL_OPT_U64, "1", 0, 1e18, NULL, "seed of the samples; the run's own seed is another"},
  {0}};

static const char *const split_name[3] = {"train", "valid", "test"};

/* Samples have equal sizes: sample s begins at row s * rows. */
static weyl_status set_offsets(weyl_context *ctx, weyl_dataset *set, weyl_rows_per per, int64_t samples, int64_t rows) {
  int64_t *offset = weyl_alloc(ctx, (size_t)samples + 1, sizeof *offset);
  if (!offset) return WEYL_MEMORY;
  for (int64_t s = 0; s <= samples; s++) offset[s] = s * rows;
  const weyl_status status = weyl_dataset_set_offsets(set, per, offset); /* copied */
  weyl_dealloc(ctx, offset);
  return status;
}

static void fill_sample(int64_t n, double k, double t, weyl_rng *rng, double *x, double *v, double *target) {
  const double w = sqrt(k * (double)n), c = cos(w * t), s = sin(w * t) / w;
  double center[3] = {0}, drift[3] = {0};
  for (int64_t i = 0; i < n * 3; i++) {
    x[i] = weyl_rng_normal(rng);
    v[i] = weyl_rng_normal(rng);
    center[i % 3] += x[i] / (double)n;
    drift[i % 3] += v[i] / (double)n;
  }
  for (int64_t i = 0; i < n * 3; i++)
    target[i] = center[i % 3] + t * drift[i % 3] + c * (x[i] - center[i % 3]) + s * (v[i] - drift[i % 3]);
}

static weyl_status fill(weyl_context *ctx, const weyl_options *o, const char *split, weyl_dataset *set) {
  const int64_t n = weyl_options_integer(o, "bodies"), samples = weyl_dataset_samples(set);
  static const int64_t three = 3;
  weyl_array x, v, target, edge_i, edge_j;
  WEYL_TRY(set_offsets(ctx, set, WEYL_PER_NODE, samples, n));
  WEYL_TRY(set_offsets(ctx, set, WEYL_PER_EDGE, samples, n * (n - 1)));
  WEYL_TRY(weyl_dataset_add(set, "x", WEYL_PER_NODE, WEYL_F64, 1, &three, "", &x));
  WEYL_TRY(weyl_dataset_add(set, "v", WEYL_PER_NODE, WEYL_F64, 1, &three, "", &v));
  WEYL_TRY(weyl_dataset_add(set, "target", WEYL_PER_NODE, WEYL_F64, 1, &three, "", &target));
  WEYL_TRY(weyl_dataset_add(set, "edge_i", WEYL_PER_EDGE, WEYL_I32, 0, NULL, "", &edge_i));
  WEYL_TRY(weyl_dataset_add(set, "edge_j", WEYL_PER_EDGE, WEYL_I32, 0, NULL, "", &edge_j));
  WEYL_TRY(weyl_dataset_note(set, "source", "exact solution of bodies joined by springs"));

  weyl_rng rng = weyl_rng_new((uint64_t)weyl_options_integer(o, "data_seed"), split);
  int64_t e = 0;
  for (int64_t s = 0; s < samples; s++) {
    const int64_t at = s * n * 3;
    fill_sample(n, weyl_options_number(o, "strength"), weyl_options_number(o, "time"), &rng, (double *)x.data + at, (double *)v.data + at,
                (double *)target.data + at);
    for (int64_t i = 0; i < n; i++) /* i receives, j sends: edges sorted by receiver */
      for (int64_t j = 0; j < n; j++) {
        if (i == j) continue;
        ((int32_t *)edge_i.data)[e] = (int32_t)i;
        ((int32_t *)edge_j.data)[e++] = (int32_t)j;
      }
  }
  return WEYL_OK;
}

static weyl_status load(weyl_context *ctx, const weyl_options *given, const char *path, uint64_t seed, weyl_splits *out) {
  (void)seed;
  if (path) return weyl_fail(ctx, WEYL_BAD_ARG, "set springs is computed and takes no file (%s)", path);
  weyl_options *fresh;
  const weyl_options *o;
  WEYL_TRY(data_options_ready(ctx, &weyl_set_springs, given, &fresh, &o));
  weyl_splits made = {0};
  weyl_dataset **const part[3] = {&made.train, &made.valid, &made.test};
  weyl_status status;
  for (int p = 0; p < 3; p++) {
    WEYL_GOTO(weyl_dataset_new(ctx, split_name[p], weyl_options_integer(o, split_name[p]), part[p]));
    WEYL_GOTO(fill(ctx, o, split_name[p], *part[p]));
  }
  *out = made;
  made = (weyl_splits){0};
done:
  weyl_splits_free(&made);
  weyl_options_free(fresh);
  return status;
}

const weyl_set_def weyl_set_springs = {
  .name = "springs",
  .summary = "bodies joined by springs: positions after some time (exact)",
  .source = "closed form; an example of the documents",
  .options = options_table,
  .load = load,
};
