/* Trains a model in this process on a small draw of the n-body data, opens the run, audits it, and removes it again. */
#include <weyl/weyl.h>

#include <stdio.h>
#include <stdlib.h>

static const char *const settings[][2] = {{"epochs", "6"}, {"train", "300"}, {"valid", "100"}, {"test", "100"},
                                          {"batch", "50"}, {"hidden", "16"}, {"layers", "2"}};

static void show(void *user, weyl_level level, const char *text) {
  (void)user;
  if (level <= WEYL_WARN) fprintf(stderr, "%s\n", text);
}

static weyl_status train(weyl_context *ctx, const char *folder, weyl_train_result *result) {
  weyl_options *options = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_train_options(ctx, "nbody", "egnn",
                               &options)); /* of training, task, model and data set, with their defaults */
  for (size_t k = 0; k < sizeof settings / sizeof *settings; k++)
    WEYL_GOTO(weyl_options_set(options, settings[k][0], settings[k][1], NULL));
  const weyl_train_config config = {.task = "nbody", .model = "egnn", .out = folder, .options = options, .seed = 7};
  WEYL_GOTO(weyl_train(ctx, &config, result));
done:
  weyl_options_free(options);
  return status;
}

static weyl_status audit(weyl_context *ctx, const char *folder, weyl_audit_result *result) {
  weyl_trained *trained = NULL;
  weyl_group *group = NULL;
  weyl_arena *arena = NULL;
  weyl_status status;
  double gap;
  WEYL_GOTO(weyl_arena_new(ctx, &arena));
  WEYL_GOTO(weyl_group_parse(ctx, "E(3) x S(n)", &group));
  WEYL_GOTO(weyl_trained_open(ctx, folder, WEYL_F64, NULL, &trained)); /* the f32 weights, run in f64 */
  const weyl_audit_opts opts = weyl_audit_defaults(WEYL_F64);
  WEYL_GOTO(weyl_trained_audit(trained, arena, group, &opts, result, &gap));
done:
  weyl_trained_free(trained);
  weyl_group_free(group);
  weyl_arena_free(arena);
  return status;
}

int main(void) {
  char folder[] = "weyl-example-XXXXXX", command[64];
  weyl_context *ctx = NULL;
  weyl_train_result r = {0};
  weyl_audit_result a = {0};
  weyl_status status;
  weyl_context_opts opts = weyl_context_defaults();
  opts.log = show;
  if (!mkdtemp(folder)) return 5;
  WEYL_GOTO(weyl_context_new(&opts, &ctx));
  WEYL_GOTO(train(ctx, folder, &r));
  WEYL_GOTO(audit(ctx, folder, &a));
  printf("%s, %lld parameters, %lld epochs: test %s %.4f\n", r.model, (long long)r.params, (long long)r.epochs,
         r.test[0].name, r.test[0].value);
  printf("E(3) x S(n): mean error %.1e, worst %.1e of %lld draws\n", a.mean, a.max, (long long)a.draws);
done:
  if (status != WEYL_OK) fprintf(stderr, "train_model: %s\n", weyl_message(ctx));
  weyl_context_free(ctx);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  if (system(command) != 0) fprintf(stderr, "train_model: %s is left behind\n", folder);
  return status != WEYL_OK ? weyl_status_exit_code(status) : a.holds ? 0 : 1;
}
