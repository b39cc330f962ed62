/* frames.c: PCA frames of point sets, traced (Puny et al., ICLR 2022, section 3.1).
 *
 * All 2^d frames of a sample are column sign flips of ONE matrix of eigenvectors, so points are turned once, and the
 * flips are one operation (weyl_sign_frames).  Rows are told apart by segment ids only: samples may differ in size, and
 * inside another symmetrizer the segments are (sample, copy).
 */
#include <weyl/nn.h>

#include "frame_group.h"

/* [copies batch, ...] */
static weyl_dim samples_of(const weyl_points *p) { return weyl_times(p->copies, WEYL_BATCH); }

/* a^T a of each row: [R, k, d] -> [R, d, d] */
static weyl_tensor outer(weyl_tensor a) {
  return weyl_dot_general(a, a, 1, (int[]){0}, (int[]){0}, 1, (int[]){1}, (int[]){1});
}

/* 0 but 1 for the last of d. */
static weyl_tensor last_unit(weyl_graph *g, int d) {
  double e[8] = {0};
  e[d - 1] = 1;
  return weyl_constant_array(g, weyl_graph_dtype(g), WEYL_SHAPE(weyl_num(1), weyl_num(1), weyl_num(d)), e);
}

/* Turns the last axis round where the determinant is -1, so that flips with product +1 stay in SO(d). */
static weyl_tensor make_proper(weyl_tensor axes, int d) {
  weyl_tensor det = weyl_sign(weyl_det_of(weyl_stop_gradient(axes))); /* locally constant */
  weyl_tensor change = weyl_unsqueeze(weyl_unsqueeze(weyl_shift(det, -1), 1), 2);
  return weyl_mul(axes, weyl_shift(weyl_mul(change, last_unit(axes.graph, d)), 1));
}

/* min_i (w_{i+1} - w_i) / w_d; 0 for a single point, whose spectrum is all zero. */
static weyl_tensor relative_gap(weyl_tensor w, int d, weyl_dim samples) {
  weyl_graph *g = w.graph;
  if (d == 1) return weyl_constant(g, 1, WEYL_SHAPE(samples));
  weyl_tensor step = weyl_sub(weyl_slice(w, 1, 1, d - 1, 1), weyl_slice(w, 1, 0, d - 1, 1));
  weyl_tensor largest = weyl_squeeze(weyl_slice(w, 1, d - 1, 1, 1), 1);
  return weyl_div(weyl_neg(weyl_reduce_max(weyl_neg(step), 1)), weyl_max(largest, weyl_scalar(g, 1e-30)));
}

/* Row s of the table: bit d-1-c of s says whether column c is flipped; when special the last column makes the product
 * +1. */
static void sign_table(const weyl_frame_group *group, double *signs) {
  const int d = group->d, free_signs = group->special ? d - 1 : d;
  for (int s = 0; s < group->count; s++) {
    double product = 1;
    for (int c = 0; c < free_signs; c++) {
      const double sign = (s >> (free_signs - 1 - c)) & 1 ? -1 : 1;
      signs[s * d + c] = sign;
      product *= sign;
    }
    if (group->special) signs[s * d + d - 1] = product;
  }
}

/* One random row of that table for each sample, [copies batch, d]. */
static weyl_tensor random_sign(weyl_graph *g, const weyl_points *p, const weyl_frame_group *group, const char *name) {
  const int d = group->d, free_signs = group->special ? d - 1 : d;
  const weyl_dim samples = samples_of(p);
  if (free_signs == 0) return weyl_constant(g, 1, WEYL_SHAPE(samples, weyl_num(1)));
  weyl_tensor u = weyl_random_uniform(g, name, WEYL_SHAPE(samples, weyl_num(free_signs)), p->sample_key);
  weyl_tensor sign = weyl_shift(weyl_scale(weyl_lt(u, weyl_scalar(g, 0.5)), -2), 1);
  if (!group->special) return sign;
  weyl_tensor product = weyl_slice(sign, 1, 0, 1, 1);
  for (int c = 1; c < free_signs; c++) product = weyl_mul(product, weyl_slice(sign, 1, c, 1, 1));
  return weyl_concat((weyl_tensor[]){sign, product}, 2, 1);
}

static bool read_group(weyl_graph *g, const weyl_points *p, const char *name, weyl_frame_group *group) {
  char whole[16];
  if (!name) {
    snprintf(whole, sizeof whole, "E(%d)", p->d);
    name = whole;
  }
  size_t at;
  const char *expected = weyl_frame_group_read(name, group, &at);
  if (expected) {
    weyl_graph_fail(g, WEYL_FORMAT, "frame group \"%s\": expected %s at position %zu", name, expected, at);
    return false;
  }
  if (group->d != p->d) {
    weyl_graph_fail(g, WEYL_SHAPE, "frame group %s acts on dimension %d, but the points have %d", name, group->d, p->d);
    return false;
  }
  return true;
}

weyl_frames weyl_frames_of(const weyl_points *p, weyl_tensor vectors_or_null, const weyl_symmetrize_opts *opts) {
  const weyl_symmetrize_opts o = opts ? *opts : (weyl_symmetrize_opts){0};
  const weyl_frames none = {0};
  weyl_graph *g = p->x.graph ? p->x.graph : vectors_or_null.graph;
  weyl_frame_group group;
  if (!g || !read_group(g, p, o.group, &group)) return none;

  const bool given = vectors_or_null.graph != NULL;
  weyl_tensor y = given ? vectors_or_null : weyl_unsqueeze(p->x, 1);
  if (weyl_rank(y) != 3 || weyl_dim_of(y, 2) != group.d) {
    char text[160];
    const weyl_shape shape = weyl_tensor_shape(y);
    weyl_graph_fail(g, WEYL_SHAPE, "frames are made of [nodes, k, %d] vectors, got %s", group.d,
                    weyl_shape_text(&shape, text));
    return none;
  }
  weyl_tensor v = p->v;
  if (!o.differentiate) {
    y = weyl_stop_gradient(y);
    if (v.graph) v = weyl_stop_gradient(v);
  }

  weyl_frames f = {.count = group.count};
  if (group.translations) {
    f.center = weyl_points_mean(p, weyl_mean(y, 1));
    y = weyl_sub(y, weyl_unsqueeze(weyl_points_spread(p, f.center), 1));
  } else {
    f.center = weyl_constant(g, 0, WEYL_SHAPE(samples_of(p), weyl_num(group.d)));
  }
  weyl_tensor product = outer(y);
  if (o.vector_weight != 0 && v.graph)
    product = weyl_add(product, weyl_scale(outer(weyl_unsqueeze(v, 1)), o.vector_weight));

  weyl_tensor w = WEYL_NULL_TENSOR;
  weyl_eigh_of(weyl_points_sum(p, product), &w, &f.axes);
  if (!weyl_tensor_valid(f.axes)) return none;
  if (group.special) f.axes = make_proper(f.axes, group.d);
  f.gap = relative_gap(weyl_stop_gradient(w), group.d, samples_of(p));
  weyl_watch(f.gap, "frame gap");

  if (o.mode == WEYL_FRAMES_STOCHASTIC && weyl_graph_training(g)) {
    f.count = 1;
    f.sign = random_sign(g, p, &group, o.name ? o.name : "frame");
  } else {
    sign_table(&group, f.signs);
  }
  return f;
}

/* [nodes, d, d]: the axes of each node's sample, flipped by the random signs if there are any. */
static weyl_tensor node_axes(const weyl_points *p, const weyl_frames *f) {
  weyl_tensor axes = f->axes;
  if (f->sign.graph) axes = weyl_mul(axes, weyl_unsqueeze(f->sign, 1));
  return weyl_points_spread(p, axes);
}

weyl_tensor weyl_frames_into(const weyl_points *p, const weyl_frames *f, weyl_tensor vectors) {
  weyl_tensor y = weyl_matmul(vectors, node_axes(p, f));
  return f->sign.graph ? weyl_unsqueeze(y, 1) : weyl_sign_frames(y, f->count, f->signs);
}

weyl_tensor weyl_frames_back(const weyl_points *p, const weyl_frames *f, weyl_tensor framed) {
  weyl_tensor y =
      f->sign.graph ? weyl_squeeze(framed, 1) : weyl_scale(weyl_sign_fold(framed, f->count, f->signs), 1.0 / f->count);
  return weyl_dot_general(y, node_axes(p, f), 1, (int[]){0}, (int[]){0}, 1, (int[]){2}, (int[]){2});
}

/* [r rows, ...] -> [k r rows, ...]: every row k times. */
static weyl_tensor repeat_rows(weyl_tensor x, int64_t k) {
  if (!weyl_tensor_valid(x) || k == 1) return x;
  weyl_shape shape = weyl_tensor_shape(x);
  shape.dim[0].n *= k;
  return weyl_reshape(weyl_expand(x, 1, weyl_num(k)), shape);
}

static weyl_tensor repeat_index(weyl_tensor index, int64_t k) {
  return weyl_tensor_valid(index) && k != 1 ? weyl_index_repeat(index, k) : index;
}

/* [nodes, d] vectors -> [count nodes, d] */
static weyl_tensor into_rows(const weyl_points *p, const weyl_frames *f, weyl_tensor vectors) {
  weyl_shape shape = weyl_tensor_shape(vectors);
  shape.dim[0].n *= f->count;
  return weyl_reshape(weyl_frames_into(p, f, weyl_unsqueeze(vectors, 1)), shape);
}

weyl_points weyl_frames_points(const weyl_points *p, const weyl_frames *f) {
  weyl_points q = *p;
  q.x = into_rows(p, f, weyl_sub(p->x, weyl_points_spread(p, f->center)));
  if (p->v.graph) q.v = into_rows(p, f, p->v);
  q.scalar = repeat_rows(p->scalar, f->count);
  q.edge_scalar = repeat_rows(p->edge_scalar, f->count);
  q.sample = repeat_index(p->sample, f->count);
  q.key = repeat_index(p->key, f->count);
  q.sample_key = repeat_index(p->sample_key, f->count);
  q.receiver = repeat_index(p->receiver, f->count);
  q.sender = repeat_index(p->sender, f->count);
  q.copies = p->copies * f->count;
  return q;
}
