/* Audits a C function: does it obey a group, how well, and how sure are we? The function is a force field whose author
 * forgot a term. */
#include <weyl/weyl.h>

#include <stdio.h>

enum { ATOMS = 5 };

/* Forces of springs between all atoms, f [n][3]. The wall at x = 0 (if there is one) spoils rotations. */
static weyl_status forces(void *arg, int64_t count, const weyl_audit_sample *samples, double *const *y) {
  const double wall = *(const double *)arg;
  for (int64_t s = 0; s < count; s++) {
    const double *x = samples[s].input[0];
    for (int64_t i = 0; i < samples[s].n; i++) {
      for (int c = 0; c < 3; c++) {
        y[s][3 * i + c] = c == 0 ? wall * x[3 * i] : 0;
        for (int64_t j = 0; j < samples[s].n; j++) y[s][3 * i + c] += x[3 * j + c] - x[3 * i + c];
      }
    }
  }
  return WEYL_OK;
}

/* Input i: the audit copies it before it asks for the next. */
static weyl_status sample(void *arg, int64_t i, weyl_audit_sample *out) {
  static double x[ATOMS * 3];
  static const double *const input[] = {x};
  (void)arg;
  weyl_rng rng = weyl_rng_new((uint64_t)i, "atoms");
  for (int k = 0; k < ATOMS * 3; k++) x[k] = weyl_rng_normal(&rng);
  *out = (weyl_audit_sample){ATOMS, input};
  return WEYL_OK;
}

static weyl_status audit(weyl_context *ctx, weyl_arena *arena, const char *group_name, double wall, bool *holds) {
  static const weyl_audit_slot in = {"x", WEYL_ACT_POINT, 3};
  const weyl_audit_target target = {.inputs = 1,
                                    .input = &in,
                                    .output = {"force", WEYL_ACT_VECTOR, 3},
                                    .evaluate = forces,
                                    .arg = &wall,
                                    .samples = 200,
                                    .sample = sample};
  const weyl_audit_opts opts = weyl_audit_defaults(WEYL_F64);
  weyl_audit_result r;
  weyl_group *group = NULL;
  WEYL_TRY(weyl_group_parse(ctx, group_name, &group));
  const weyl_status status = weyl_audit(ctx, arena, group, &target, &opts, &r);
  weyl_group_free(group);
  if (status != WEYL_OK) return status;
  printf("wall %.1f  %-12s mean %.1e  worst %.1e  %lld of %lld draws fail (at most %.1f %%)  %s\n", wall, group_name,
         r.mean, r.max, (long long)r.failing, (long long)r.draws, 100 * r.failing_bound,
         r.holds ? "holds" : "does not hold");
  *holds = r.holds;
  return WEYL_OK;
}

int main(void) {
  weyl_context *ctx = NULL;
  weyl_arena *arena = NULL;
  weyl_status status;
  bool free_space = false, wall = true, order = false;
  WEYL_GOTO(weyl_context_new(NULL, &ctx));
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(audit(ctx, arena, "E(3) x S(n)", 0, &free_space));
  WEYL_GOTO(audit(ctx, arena, "E(3) x S(n)", 0.1, &wall));
  WEYL_GOTO(audit(ctx, arena, "S(n)", 0.1, &order)); /* the order of the atoms still does not matter */
done:
  if (status != WEYL_OK) fprintf(stderr, "audit_function: %s\n", weyl_message(ctx));
  weyl_arena_free(arena);
  weyl_context_free(ctx);
  return status != WEYL_OK ? weyl_status_exit_code(status) : free_space && !wall && order ? 0 : 1;
}
