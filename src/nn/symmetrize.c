/* symmetrize.c: any backbone made exactly invariant or equivariant by averaging over frames (Puny et al., ICLR 2022,
 * equations 2 and 3). */
#include <weyl/nn.h>

#include <string.h>

#include "frame_group.h"

weyl_tensor weyl_frame_symmetrize(const weyl_points *p, const weyl_symmetrize_opts *opts, weyl_output output,
                                  weyl_backbone backbone, void *self) {
  const weyl_frames f = weyl_frames_of(p, WEYL_NULL_TENSOR, opts);
  if (!weyl_tensor_valid(f.axes)) return WEYL_NULL_TENSOR;
  weyl_graph *g = f.axes.graph;
  const weyl_points copies = weyl_frames_points(p, &f);
  weyl_tensor y = backbone(self, g, &copies);
  if (!weyl_tensor_valid(y)) return WEYL_NULL_TENSOR;

  const weyl_dim rows = weyl_tensor_shape(p->x).dim[0];
  const weyl_shape got = weyl_tensor_shape(y);
  char text[160];
  if (got.rank != 2 || got.dim[0].count != rows.count || got.dim[0].n != rows.n * f.count)
    return weyl_graph_fail(g, WEYL_SHAPE, "frame average: the backbone gave %s, expected [%lld nodes, width]",
                           weyl_shape_text(&got, text), (long long)(rows.n * f.count));
  const int64_t width = got.dim[1].n, d = p->d, k = width / d;
  if (output == WEYL_OUT_INVARIANT)
    return weyl_mean(weyl_reshape(y, WEYL_SHAPE(rows, weyl_num(f.count), weyl_num(width))), 1);
  if (width % d != 0)
    return weyl_graph_fail(g, WEYL_SHAPE,
                           "frame average: the backbone gave %s, but its width must be a multiple of %lld",
                           weyl_shape_text(&got, text), (long long)d);

  y = weyl_frames_back(p, &f, weyl_reshape(y, WEYL_SHAPE(rows, weyl_num(f.count), weyl_num(k), weyl_num(d))));
  if (output == WEYL_OUT_POINTS) y = weyl_add(y, weyl_unsqueeze(weyl_points_spread(p, f.center), 1));
  return weyl_reshape(y, WEYL_SHAPE(rows, weyl_num(width)));
}

weyl_status weyl_symmetry_parse(weyl_context *ctx, const char *text, bool *none, char group[32],
                                weyl_symmetrize_opts *out) {
  static const struct {
    const char *prefix;
    weyl_frame_mode mode;
  } kind[] = {{"frame:", WEYL_FRAMES_FULL}, {"sfa:", WEYL_FRAMES_STOCHASTIC}};
  if (!text) return weyl_fail(ctx, WEYL_BAD_ARG, "no symmetry given, must be none, frame:GROUP or sfa:GROUP");
  if (strcmp(text, "none") == 0) {
    *none = true;
    group[0] = 0;
    *out = (weyl_symmetrize_opts){0};
    return WEYL_OK;
  }
  for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) {
    const size_t n = strlen(kind[i].prefix);
    if (strncmp(text, kind[i].prefix, n) != 0) continue;
    weyl_frame_group parsed;
    size_t at;
    const char *expected = weyl_frame_group_read(text + n, &parsed, &at);
    if (expected)
      return weyl_fail(ctx, WEYL_FORMAT, "symmetry \"%s\": expected %s at position %zu", text, expected, n + at);
    snprintf(group, 32, "%s", text + n);
    *none = false;
    *out = (weyl_symmetrize_opts){.group = group, .mode = kind[i].mode};
    return WEYL_OK;
  }
  return weyl_fail(ctx, WEYL_FORMAT, "symmetry \"%s\": expected none, frame:GROUP or sfa:GROUP at position 0", text);
}
