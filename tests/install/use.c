/* The smallest program that uses an installed weyl: a random rotation, checked. */
#include <stdio.h>
#include <weyl/weyl.h>

int main(void) {
  weyl_context *ctx = NULL;
  weyl_group *so3 = NULL;
  if (weyl_context_new(NULL, &ctx) != WEYL_OK) return 1;
  if (weyl_group_parse(ctx, "SO(3)", &so3) != WEYL_OK) return 1;
  double g[64] = {0};
  weyl_rng rng = weyl_rng_new(1, "use");
  if (weyl_group_element_size(so3, 1) > 64 || weyl_group_sample(ctx, so3, 1, 1.0, &rng, g) != WEYL_OK) return 1;
  const int good = weyl_group_contains(so3, 1, g, 1e-12);
  printf("weyl %s: a rotation%s\n", weyl_version(), good ? "" : " that is none");
  weyl_group_free(so3);
  weyl_context_free(ctx);
  return good ? 0 : 1;
}
