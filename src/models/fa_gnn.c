/* fa_gnn.c: a graph network averaged over PCA frames, framed anew after every layer (Puny et al., ICLR 2022).
 *
 * Hidden features are stacks of vectors (consecutive d-tuples).  Inside a frame they are plain numbers, [nodes, frames,
 * hidden]; between layers they are turned back, averaged over the frames, centred, and a frame of all hidden vectors of
 * the sample takes over.  As in the authors' code, gradients do not pass through the axes, but do pass through the
 * centring.
 */
#include "parts.h"

#include <string.h>

extern const weyl_model_def weyl_model_fa_gnn;

typedef struct framing {
  char group[8], name[24];
  weyl_symmetrize_opts opts;
} framing;

/* The vectors [nodes, k, d] less their mean over the sample. */
static weyl_tensor centred(const weyl_points *p, weyl_tensor vectors, weyl_tensor *center) {
  *center = weyl_points_mean(p, weyl_mean(vectors, 1));
  return weyl_sub(vectors, weyl_unsqueeze(weyl_points_spread(p, *center), 1));
}

/* Frames of centred vectors: what is left of E(d) is O(d). `stage` keeps the random draws apart. */
static weyl_frames frames_of(framing *f, const weyl_points *p, weyl_tensor vectors, int stage) {
  snprintf(f->group, sizeof f->group, "O(%d)", p->d % 100);
  snprintf(f->name, sizeof f->name, "frame_%d", stage);
  f->opts.group = f->group;
  f->opts.name = f->name;
  return weyl_frames_of(p, vectors, &f->opts);
}

/* [nodes, k, d] -> [nodes, frames, k d] */
static weyl_tensor into(const weyl_points *p, const weyl_frames *f, weyl_tensor vectors) {
  const weyl_shape s = weyl_tensor_shape(vectors);
  return weyl_reshape(weyl_frames_into(p, f, vectors),
                      WEYL_SHAPE(s.dim[0], weyl_num(f->count), weyl_num(s.dim[1].n * s.dim[2].n)));
}

/* [nodes, frames, k d] -> [nodes, k, d] */
static weyl_tensor back(const weyl_points *p, const weyl_frames *f, weyl_tensor h) {
  const weyl_shape s = weyl_tensor_shape(h);
  const weyl_shape stacked = WEYL_SHAPE(s.dim[0], weyl_num(f->count), weyl_num(s.dim[2].n / p->d), weyl_num(p->d));
  return weyl_frames_back(p, f, weyl_reshape(h, stacked));
}

static weyl_tensor points(weyl_graph *g, const weyl_points *p, const weyl_options *o) {
  const weyl_model_def *me = &weyl_model_fa_gnn;
  const int64_t hidden = weyl_model_integer(me, o, "hidden");
  const int layers = (int)weyl_model_integer(me, o, "layers");
  const bool residual = weyl_model_bool(me, o, "residual");
  const bool scalars = weyl_scalars_wanted(p, weyl_model_bool(me, o, "node_charges"));
  const bool moving = weyl_tensor_valid(p->v);
  if (!weyl_need_edges(p, me->name)) return WEYL_NULL_TENSOR;
  if (hidden % p->d != 0)
    return weyl_graph_fail(g, WEYL_BAD_ARG, "model fa-gnn: hidden is %lld, must be a multiple of the dimension %d",
                           (long long)hidden, p->d);
  framing how = {.opts = {.differentiate = weyl_model_bool(me, o, "differentiate")}};
  if (strcmp(weyl_model_string(me, o, "mode"), "stochastic") == 0) how.opts.mode = WEYL_FRAMES_STOCHASTIC;

  weyl_tensor center, unused;
  weyl_tensor z = centred(p, weyl_unsqueeze(p->x, 1), &center);
  weyl_frames f = frames_of(&how, p, z, 0);
  if (!weyl_tensor_valid(f.axes)) return WEYL_NULL_TENSOR;
  const weyl_dim frames = weyl_num(f.count);
  if (moving) z = weyl_concat((weyl_tensor[]){z, weyl_unsqueeze(p->v, 1)}, 2, 1);
  weyl_tensor h = into(p, &f, z);
  if (scalars) h = weyl_join((weyl_tensor[]){h, weyl_expand(p->scalar, 1, frames)}, 2);
  h = weyl_mlp(h, "embedding", &hidden, 1, WEYL_ACT_SILU, false);

  const weyl_tensor attribute[] = {p->edge_scalar, weyl_square_length(weyl_edge_difference(p, p->x))};
  const weyl_tensor edge = weyl_expand(weyl_join(attribute, 2), 1, frames);
  for (int l = 0; l < layers; l++) {
    char name[32];
    snprintf(name, sizeof name, "gcl_%d", l);
    h = weyl_graph_layer(p, h, edge, name);
    if (l + 1 == layers) break;
    z = centred(p, back(p, &f, h), &unused);
    f = frames_of(&how, p, z, l + 1);
    h = into(p, &f, z);
  }
  h = weyl_mlp(h, "decoder", (int64_t[]){hidden, p->d}, 2, WEYL_ACT_SILU, false);
  weyl_tensor vector = weyl_squeeze(back(p, &f, h), 1);
  if (!residual) return weyl_add(weyl_points_spread(p, center), vector);
  if (!moving) return weyl_add(p->x, vector);
  weyl_tensor time = weyl_param(g, "time", WEYL_SHAPE(weyl_num(1)), weyl_init_constant(0.7));
  return weyl_add(weyl_add(p->x, weyl_mul(p->v, time)), vector);
}

static const weyl_option options[] = {
    {"hidden", WEYL_OPT_INT, "60", 1, 4096, NULL, "width of the hidden features, a multiple of the dimension"},
    {"layers", WEYL_OPT_INT, "4", 1, 64, NULL, "graph convolutions; a new frame between any two"},
    {"mode", WEYL_OPT_CHOICE, "full", 0, 0, "full|stochastic",
     "stochastic trains on one random frame a sample and step, 2^d times cheaper; evaluation always takes all frames"},
    {"residual", WEYL_OPT_BOOL, "false", 0, 0, NULL,
     "output x + tau v + vector (tau learned) instead of centre + vector: learns faster"},
    {"node_charges", WEYL_OPT_BOOL, "false", 0, 0, NULL, "node scalars (charges) as inputs of the nodes too"},
    {"differentiate", WEYL_OPT_BOOL, "false", 0, 0, NULL,
     "gradients through the frames too: exact, needed for forces, but large near degenerate spectra"},
    {0},
};

const weyl_model_def weyl_model_fa_gnn = {
    .name = "fa-gnn",
    .paper = "Puny, Atzmon, Smith, Misra, Grover, Ben-Hamu, Lipman, ICLR 2022",
    .summary = "graph network averaged over PCA frames, framed anew after every layer",
    .symmetry = "E x S",
    .options = options,
    .points = points,
};
