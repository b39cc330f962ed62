/* The first command of the README in C: `first 20 run` trains EGNN on the n-body data into the folder run. */
#include <stdio.h>
#include <weyl/weyl.h>

int main(int argc, char **argv) {
  weyl_context *ctx = NULL;
  weyl_options *o = NULL;
  weyl_train_result r;
  if (argc != 3) return 2;
  weyl_status s = weyl_context_new(NULL, &ctx);
  if (s == WEYL_OK) s = weyl_train_options(ctx, "nbody", "egnn", &o);
  if (s == WEYL_OK) s = weyl_options_set(o, "epochs", argv[1], NULL);
  const weyl_train_config config = {.task = "nbody", .model = "egnn", .out = argv[2], .options = o, .seed = 1};
  if (s == WEYL_OK) s = weyl_train(ctx, &config, &r);
  if (s == WEYL_OK)
    printf("%s: test %s %.6f\n", r.model, r.test[0].name, r.test[0].value);
  else
    fprintf(stderr, "first: %s\n", weyl_message(ctx));
  weyl_options_free(o);
  weyl_context_free(ctx);
  return weyl_status_exit_code(s);
}
