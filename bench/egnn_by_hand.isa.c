/* The training step of egnn written by hand: forward, backward and Adam for a batch of the n-body task, on one thread.
 *
 * What a careful author would do for this one model: the layers that read h are one product over nodes; a few samples
 * at a time, so that what the way back reads is near; activations keep their derivative; gradients are summed where
 * the optimiser reads them; matrices are turned once a step; the first layer's h has one column and a bias, so its
 * products are of two rows; what no gradient needs is left out.
 */
#include "egnn_by_hand.h"

#include <exponential.h>

#include <math.h>

enum {
  WIDE = HAND_WIDE,
  LEAD = HAND_LEAD,
  LANES = SILU_LANES, /* vectors in hand */
  GROUP = LANES * VL, /* columns in hand */
  PAIR = 2 * VL
};

typedef struct part {
  int64_t sample, samples; /* from ... on */
  int64_t node, nodes, edge, edges;
} part;

static part part_of(const hand_batch *b, int64_t sample, int64_t samples) {
  if (samples > b->samples - sample) samples = b->samples - sample;
  part p = {.sample = sample, .samples = samples, .node = b->node_at[sample], .edge = b->edge_at[sample]};
  p.nodes = b->node_at[sample + samples] - p.node;
  p.edges = b->edge_at[sample + samples] - p.edge;
  return p;
}

/* C (+)= A B, B and C by rows. */
static void product(bench_hand *s, int64_t m, int64_t n, int64_t k, const float *a, ptrdiff_t a_row, ptrdiff_t a_column,
                    const float *b, ptrdiff_t b_row, float *c, ptrdiff_t c_row, bool add) {
  K(gemm)((size_t)m, (size_t)n, (size_t)k, a, a_row, a_column, b, b_row, 1, c, c_row, add, s->scratch);
  s->flops += 2 * (double)m * (double)n * (double)k;
}

/* dW += dy^T x */
static void weight_gradient(bench_hand *s, int64_t out, int64_t rows, const float *dy, ptrdiff_t dy_row, const float *x,
                            float (*dw)[WIDE]) {
  product(s, out, WIDE, rows, dy, 1, dy_row, x, WIDE, dw[0], WIDE, true);
}

INLINE void load_group(vec *to, const float *from) {
  UNROLL for (int i = 0; i < LANES; i++) to[i] = v_load(from + i * VL);
}

INLINE void store_group(float *to, const vec *from) {
  UNROLL for (int i = 0; i < LANES; i++) v_store(to + i * VL, from[i]);
}

/* ---- forward ---- */

/* What reads h, of all nodes of the part. In the first layer h is never made. */
static void read_h(bench_hand *s, const part *p, int l) {
  const int64_t width = l == HAND_LAYERS - 1 ? HAND_NODE : HAND_PARTS;
  float *z = s->passing.z;
  if (l > 0) {
    product(s, p->nodes, width, WIDE, s->kept[l].h, WIDE, 1, s->turned[l].of_h[0], LEAD, z, LEAD, false);
    return;
  }
  for (int64_t n = 0; n < p->nodes; n++, z += LEAD) {
    const vec speed = v_set1(s->batch.speed[p->node + n]);
    for (int64_t g = 0; g < width; g += GROUP)
      UNROLL for (int i = 0; i < LANES; i++)
          v_store(z + g + i * VL, v_fma(speed, v_load(s->thin[0] + g + i * VL), v_load(s->thin[1] + g + i * VL)));
  }
}

/* y = silu(rows of z + bias) and its derivative. */
static void activate(int64_t rows, const float *z, int64_t lead, const float *bias, float *y, float *dy) {
  for (int64_t n = 0; n < rows; n++, z += lead, y += WIDE, dy += WIDE)
    for (int g = 0; g < WIDE; g += GROUP) {
      vec x[LANES], out[LANES], slope[LANES];
      UNROLL for (int i = 0; i < LANES; i++) x[i] = v_load(z + g + i * VL) + v_load(bias + g + i * VL);
      f_silu(LANES, x, out, slope);
      store_group(y + g, out);
      store_group(dy + g, slope);
    }
}

static void differences(bench_hand *s, const part *p, int l) {
  const hand_batch *b = &s->batch;
  const hand_kept *k = &s->kept[l];
  for (int64_t n = 0; n < p->nodes; n++)
    for (int64_t e = b->edge_of[p->node + n]; e < b->edge_of[p->node + n + 1]; e++) {
      const float *xi = k->x + 3 * n, *xj = k->x + 3 * (b->sender[e] - p->node);
      float *r = k->r + 3 * (e - p->edge);
      for (int c = 0; c < 3; c++) r[c] = xi[c] - xj[c];
      k->square[e - p->edge] = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
    }
}

/* The first layer of the messages of the edges of a chunk. */
static void message_first(const bench_hand *s, const part *p, const part *chunk, int l) {
  const hand_batch *b = &s->batch;
  const hand_layer *w = &s->weights->layer[l];
  const float *const square = s->kept[l].square - p->edge, *const before = s->kept[0].square - p->edge,
                     *const charges = b->charges;
  const int64_t *const edge_of = b->edge_of, to = chunk->node + chunk->nodes;
  const int32_t *const sender = b->sender;
  for (int g = 0; g < WIDE; g += GROUP) {
    const float *const z = s->passing.z - p->node * LEAD + g, *const bias = w->of_h_bias + HAND_RECEIVER + g;
    float *const y = s->kept[l].first - p->edge * WIDE + g, *const dy = s->kept[l].d_first - p->edge * WIDE + g;
    vec own[HAND_EXTRAS][LANES];
    UNROLL for (int i = 0; i < HAND_EXTRAS; i++) load_group(own[i], w->extra[i] + g);
    for (int64_t n = chunk->node; n < to; n++) {
      vec receiver[LANES];
      UNROLL for (int i = 0; i < LANES; i++) receiver[i] =
          v_load(z + n * LEAD + HAND_RECEIVER + i * VL) + v_load(bias + i * VL);
      for (int64_t e = edge_of[n], end = edge_of[n + 1]; e < end; e++) {
        const float *const other = z + sender[e] * LEAD + HAND_SENDER;
        const vec a = v_set1(square[e]), c = v_set1(charges[e]), d = v_set1(before[e]);
        vec x[LANES], out[LANES], slope[LANES];
        UNROLL for (int i = 0; i < LANES; i++) x[i] = receiver[i] + v_load(other + i * VL);
        UNROLL for (int i = 0; i < LANES; i++) x[i] = v_fma(a, own[0][i], x[i]);
        UNROLL for (int i = 0; i < LANES; i++) x[i] = v_fma(c, own[1][i], x[i]);
        UNROLL for (int i = 0; i < LANES; i++) x[i] = v_fma(d, own[2][i], x[i]);
        f_silu(LANES, x, out, slope);
        store_group(y + e * WIDE, out);
        store_group(dy + e * WIDE, slope);
      }
    }
  }
}

/* The second layer's activation, in place, and the sum of messages of each receiver. */
static void message_second(const bench_hand *s, const part *p, const part *chunk, int l) {
  const int64_t *const edge_of = s->batch.edge_of, to = chunk->node + chunk->nodes;
  for (int g = 0; g < WIDE; g += GROUP) {
    float *const y = s->kept[l].message - p->edge * WIDE + g, *const dy = s->kept[l].d_message - p->edge * WIDE + g,
                 *const all = s->kept[l].sum - p->node * WIDE + g;
    vec bias[LANES];
    load_group(bias, s->weights->layer[l].message_bias + g);
    for (int64_t n = chunk->node; n < to; n++) {
      vec sum[LANES];
      UNROLL for (int i = 0; i < LANES; i++) sum[i] = v_zero();
      for (int64_t e = edge_of[n], end = edge_of[n + 1]; e < end; e++) {
        vec x[LANES], out[LANES], slope[LANES];
        UNROLL for (int i = 0; i < LANES; i++) x[i] = v_load(y + e * WIDE + i * VL) + bias[i];
        f_silu(LANES, x, out, slope);
        store_group(y + e * WIDE, out);
        store_group(dy + e * WIDE, slope);
        UNROLL for (int i = 0; i < LANES; i++) sum[i] += out[i];
      }
      store_group(all + n * WIDE, sum);
    }
  }
}

/* The factor of r: the activation, in place, times the last layer's one row. */
static void coordinate_weight(const bench_hand *s, const part *p, const part *chunk, int l) {
  const float *const bias = s->weights->layer[l].coordinate_bias, *const row = s->weights->layer[l].edge_weight;
  float *const weight = s->kept[l].weight - p->edge, *const y = s->kept[l].coordinate - p->edge * WIDE,
               *const dy = s->kept[l].d_coordinate - p->edge * WIDE;
  for (int64_t e = chunk->edge, to = e + chunk->edges; e < to; e++) {
    vec sum = v_zero();
    for (int g = 0; g < WIDE; g += GROUP) {
      vec x[LANES], out[LANES], slope[LANES];
      UNROLL for (int i = 0; i < LANES; i++) x[i] = v_load(y + e * WIDE + g + i * VL) + v_load(bias + g + i * VL);
      f_silu(LANES, x, out, slope);
      store_group(y + e * WIDE + g, out);
      store_group(dy + e * WIDE + g, slope);
      UNROLL for (int i = 0; i < LANES; i++) sum = v_fma(out[i], v_load(row + g + i * VL), sum);
    }
    weight[e] = v_sum(sum);
  }
}

static float dot(const float *a, const float *b) {
  vec sum = v_zero();
  for (int i = 0; i < WIDE; i += VL) sum = v_fma(v_load(a + i), v_load(b + i), sum);
  return v_sum(sum);
}

/* x of the next layer. */
static void move(const bench_hand *s, const part *p, int l) {
  const hand_batch *b = &s->batch;
  const hand_kept *k = &s->kept[l];
  const hand_layer *w = &s->weights->layer[l];
  float *next = s->kept[l + 1].x;
  for (int64_t n = 0; n < p->nodes; n++) {
    const int64_t from = b->edge_of[p->node + n], to = b->edge_of[p->node + n + 1];
    const float along = dot(k->speed + n * WIDE, w->speed_weight) + w->speed_bias[0];
    float sum[3] = {0};
    for (int64_t e = from - p->edge; e < to - p->edge; e++)
      for (int c = 0; c < 3; c++) sum[c] += k->r[3 * e + c] * k->weight[e];
    const float share = to > from ? 1 / (float)(to - from) : 0;
    for (int c = 0; c < 3; c++)
      next[3 * n + c] = k->x[3 * n + c] + sum[c] * share + b->v[3 * (p->node + n) + c] * along;
  }
}

/* h of the next layer. */
static void update(bench_hand *s, const part *p, int l) {
  const hand_kept *k = &s->kept[l];
  const hand_layer *w = &s->weights->layer[l];
  float *z = s->passing.z + HAND_NODE, *next = s->kept[l + 1].h;
  product(s, p->nodes, WIDE, WIDE, k->sum, WIDE, 1, s->turned[l].of_sum[0], WIDE, z, LEAD, true);
  activate(p->nodes, z, LEAD, w->of_h_bias + HAND_NODE, k->update, k->d_update);
  for (int64_t n = 0; n < p->nodes; n++) {
    const vec speed = v_set1(s->batch.speed[p->node + n]);
    for (int i = 0; i < WIDE; i += VL) {
      const vec h = l > 0 ? v_load(k->h + n * WIDE + i)
                          : v_fma(speed, v_load(s->weights->embedding[0] + i), v_load(s->weights->embedding[1] + i));
      v_store(next + n * WIDE + i, h + v_load(w->update_bias + i));
    }
  }
  product(s, p->nodes, WIDE, WIDE, k->update, WIDE, 1, s->turned[l].update[0], WIDE, next, WIDE, true);
}

static void forward(bench_hand *s, const part *p, int l) {
  const hand_batch *b = &s->batch;
  const hand_kept *k = &s->kept[l];
  const hand_turned *t = &s->turned[l];
  read_h(s, p, l);
  differences(s, p, l);
  for (int64_t at = p->sample; at < p->sample + p->samples; at += HAND_CHUNK) {
    const int64_t left = p->sample + p->samples - at;
    const part chunk = part_of(b, at, left < HAND_CHUNK ? left : HAND_CHUNK);
    const int64_t first = (chunk.edge - p->edge) * WIDE;
    message_first(s, p, &chunk, l);
    product(s, chunk.edges, WIDE, WIDE, k->first + first, WIDE, 1, t->message[0], WIDE, k->message + first, WIDE,
            false);
    message_second(s, p, &chunk, l);
    product(s, chunk.edges, WIDE, WIDE, k->message + first, WIDE, 1, t->coordinate[0], WIDE, k->coordinate + first,
            WIDE, false);
    coordinate_weight(s, p, &chunk, l);
  }
  activate(p->nodes, s->passing.z + HAND_SPEED, LEAD, s->weights->layer[l].of_h_bias + HAND_SPEED, k->speed,
           k->d_speed);
  move(s, p, l);
  if (l < HAND_LAYERS - 1) update(s, p, l);
}

/* The sum of squares, and the gradient of the loss. */
static double compare(const bench_hand *s, const part *p) {
  const float *x = s->kept[HAND_LAYERS].x, *target = s->batch.target + 3 * p->node;
  const float scale = 2 / (float)(3 * s->batch.nodes);
  double sum = 0;
  for (int64_t i = 0; i < 3 * p->nodes; i++) {
    const float d = x[i] - target[i];
    s->passing.dx[i] = scale * d;
    sum += (double)d * (double)d;
  }
  return sum;
}

/* ---- backward ---- */

/* From the gradient of the next h: that of what the update reads. */
static void update_back(bench_hand *s, const part *p, int l) {
  const hand_kept *k = &s->kept[l];
  const hand_layer *w = &s->weights->layer[l];
  hand_layer *dw = &s->gradient->layer[l];
  const hand_passing *t = &s->passing;
  float *dz = t->z + HAND_NODE;
  weight_gradient(s, WIDE, p->nodes, t->dh, WIDE, k->update, dw->update);
  product(s, p->nodes, WIDE, WIDE, t->dh, WIDE, 1, w->update[0], WIDE, t->node, WIDE, false);
  for (int i = 0; i < WIDE; i += VL) {
    vec bias = v_load(dw->update_bias + i);
    for (int64_t n = 0; n < p->nodes; n++) {
      bias += v_load(t->dh + n * WIDE + i);
      v_store(dz + n * LEAD + i, v_load(t->node + n * WIDE + i) * v_load(k->d_update + n * WIDE + i));
    }
    v_store(dw->update_bias + i, bias);
  }
  weight_gradient(s, WIDE, p->nodes, dz, LEAD, k->sum, dw->of_sum);
  product(s, p->nodes, WIDE, WIDE, dz, LEAD, 1, w->of_sum[0], WIDE, t->dsum, WIDE, false);
}

/* What each edge of a receiver gets of the gradient of x, and the factor of the velocity. */
static void move_back(const bench_hand *s, const part *p, int l) {
  const hand_batch *b = &s->batch;
  const hand_kept *k = &s->kept[l];
  const hand_layer *w = &s->weights->layer[l];
  hand_layer *dw = &s->gradient->layer[l];
  const hand_passing *t = &s->passing;
  float sum = 0;
  for (int64_t n = 0; n < p->nodes; n++) {
    const int64_t count = b->edge_of[p->node + n + 1] - b->edge_of[p->node + n];
    const float share = count > 0 ? 1 / (float)count : 0, *dx = t->dx + 3 * n, *v = b->v + 3 * (p->node + n);
    for (int c = 0; c < 3; c++) t->pull[3 * n + c] = share * dx[c];
    const float along = dx[0] * v[0] + dx[1] * v[1] + dx[2] * v[2];
    const vec factor = v_set1(along);
    sum += along;
    for (int i = 0; i < WIDE; i += VL) {
      v_store(dw->speed_weight + i, v_fma(factor, v_load(k->speed + n * WIDE + i), v_load(dw->speed_weight + i)));
      v_store(t->z + n * LEAD + HAND_SPEED + i,
              factor * v_load(w->speed_weight + i) * v_load(k->d_speed + n * WIDE + i));
    }
  }
  dw->speed_bias[0] += sum;
}

/* A row of 64 numbers that will be read soon. */
INLINE void near(const float *row) {
  for (int i = 0; i < WIDE; i += 16) __builtin_prefetch(row + i);
}

/* The gradient of the factor of r, through its last layer and activation: d_coordinate, in place. What the products and
 * loops behind read of the chunk is brought near: it lies in L3. */
static void coordinate_back(const bench_hand *s, const part *p, const part *chunk, int l) {
  const hand_kept *k = &s->kept[l];
  hand_layer *dw = &s->gradient->layer[l];
  const int64_t *const edge_of = s->batch.edge_of, first = (chunk->edge - p->edge) * WIDE;
  float *const factor = s->passing.factor;
  for (int64_t n = chunk->node; n < chunk->node + chunk->nodes; n++) {
    const float *const pull = s->passing.pull + 3 * (n - p->node), a = pull[0], b = pull[1], c = pull[2];
    for (int64_t e = edge_of[n], end = edge_of[n + 1]; e < end; e++) {
      const float *const r = k->r + 3 * (e - p->edge);
      factor[e - chunk->edge] = a * r[0] + b * r[1] + c * r[2];
    }
  }
  const float *const soon = k->d_message + first, *const later = k->d_first + first;
  for (int g = 0; g < WIDE; g += GROUP) {
    const float *const y = k->coordinate + first + g;
    float *const dy = k->d_coordinate + first + g;
    vec row[LANES], weight[LANES], bias[LANES];
    load_group(row, s->weights->layer[l].edge_weight + g);
    load_group(weight, dw->edge_weight + g);
    load_group(bias, dw->coordinate_bias + g);
    for (int64_t e = 0; e < chunk->edges; e++) {
      const vec f = v_set1(factor[e]);
      if (g == 0) {
        near(soon + e * WIDE);
        near(later + e * WIDE);
      }
      UNROLL for (int i = 0; i < LANES; i++) {
        const vec d = f * row[i] * v_load(dy + e * WIDE + i * VL);
        v_store(dy + e * WIDE + i * VL, d);
        bias[i] += d;
        weight[i] = v_fma(f, v_load(y + e * WIDE + i * VL), weight[i]);
      }
    }
    store_group(dw->edge_weight + g, weight);
    store_group(dw->coordinate_bias + g, bias);
  }
}

/* The gradient of the message (of its readers: the factor of r, and the sum unless it is the last layer), through the
 * activation: d_message, in place. */
static void message_back(const bench_hand *s, const part *p, const part *chunk, int l) {
  const int64_t *const edge_of = s->batch.edge_of, to = chunk->node + chunk->nodes;
  const bool summed = l < HAND_LAYERS - 1;
  float *const gradient = s->gradient->layer[l].message_bias;
  for (int g = 0; g < WIDE; g += GROUP) {
    const float *const from = s->passing.edge - chunk->edge * WIDE + g, *const sums =
                                                                            s->passing.dsum - p->node * WIDE + g;
    float *const d = s->kept[l].d_message - p->edge * WIDE + g;
    vec bias[LANES];
    load_group(bias, gradient + g);
    for (int64_t n = chunk->node; n < to; n++) {
      vec sum[LANES];
      UNROLL for (int i = 0; i < LANES; i++) sum[i] = summed ? v_load(sums + n * WIDE + i * VL) : v_zero();
      for (int64_t e = edge_of[n], end = edge_of[n + 1]; e < end; e++) {
        UNROLL for (int i = 0; i < LANES; i++) {
          const vec dz = (v_load(from + e * WIDE + i * VL) + sum[i]) * v_load(d + e * WIDE + i * VL);
          v_store(d + e * WIDE + i * VL, dz);
          bias[i] += dz;
        }
      }
    }
    store_group(gradient + g, bias);
  }
}

/* The gradient before the first activation goes to both nodes, to the weights of the edge's own numbers and to |r|^2:
 * it is kept nowhere. */
static void first_back(const bench_hand *s, const part *p, const part *chunk, int l) {
  const int64_t *const edge_of = s->batch.edge_of, to = chunk->node + chunk->nodes;
  const int32_t *const sender = s->batch.sender;
  const float *const square = s->kept[l].square - p->edge, *const before = s->kept[0].square - p->edge,
                     *const charges = s->batch.charges;
  hand_layer *dw = &s->gradient->layer[l];
  float *const partial = s->passing.partial - chunk->edge * VL;
  for (int64_t n = chunk->node; n < to; n++)
    memset(s->passing.z + (n - p->node) * LEAD + HAND_SENDER, 0, WIDE * sizeof(float));
  for (int g = 0; g < WIDE; g += PAIR) {
    const float *const dy = s->passing.edge - chunk->edge * WIDE + g, *const slope =
                                                                          s->kept[l].d_first - p->edge * WIDE + g;
    float *const z = s->passing.z - p->node * LEAD + g;
    vec own[HAND_EXTRAS][2], by_square[2];
    UNROLL for (int i = 0; i < 2; i++) {
      by_square[i] = v_load(s->weights->layer[l].extra[0] + g + i * VL);
      UNROLL for (int c = 0; c < HAND_EXTRAS; c++) own[c][i] = v_load(dw->extra[c] + g + i * VL);
    }
    for (int64_t n = chunk->node; n < to; n++) {
      vec receiver[2] = {v_zero(), v_zero()};
      for (int64_t e = edge_of[n], end = edge_of[n + 1]; e < end; e++) {
        float *const other = z + sender[e] * LEAD + HAND_SENDER;
        const vec a = v_set1(square[e]), c = v_set1(charges[e]), d = v_set1(before[e]);
        vec sum = g > 0 ? v_load(partial + e * VL) : v_zero();
        UNROLL for (int i = 0; i < 2; i++) {
          const vec dz = v_load(dy + e * WIDE + i * VL) * v_load(slope + e * WIDE + i * VL);
          receiver[i] += dz;
          v_store(other + i * VL, v_load(other + i * VL) + dz);
          own[0][i] = v_fma(a, dz, own[0][i]);
          own[1][i] = v_fma(c, dz, own[1][i]);
          own[2][i] = v_fma(d, dz, own[2][i]);
          sum = v_fma(by_square[i], dz, sum);
        }
        v_store(partial + e * VL, sum);
      }
      UNROLL for (int i = 0; i < 2; i++) v_store(z + n * LEAD + HAND_RECEIVER + i * VL, receiver[i]);
    }
    UNROLL for (int i = 0; i < 2; i++) UNROLL for (int c = 0; c < HAND_EXTRAS; c++)
        v_store(dw->extra[c] + g + i * VL, own[c][i]);
  }
}

/* The gradient of x: of r through the move and through |r|^2. */
static void differences_back(const bench_hand *s, const part *p, const part *chunk, int l) {
  const hand_batch *b = &s->batch;
  const hand_kept *k = &s->kept[l];
  const hand_passing *t = &s->passing;
  for (int64_t n = chunk->node; n < chunk->node + chunk->nodes; n++) {
    const float *pull = t->pull + 3 * (n - p->node);
    float *to = t->dx + 3 * (n - p->node);
    for (int64_t e = b->edge_of[n]; e < b->edge_of[n + 1]; e++) {
      const int64_t here = e - p->edge;
      const float weight = k->weight[here], square = 2 * v_sum(v_load(t->partial + (e - chunk->edge) * VL));
      float *from = t->dx + 3 * (b->sender[e] - p->node);
      for (int c = 0; c < 3; c++) {
        const float d = pull[c] * weight + square * k->r[3 * here + c];
        to[c] += d;
        from[c] -= d;
      }
    }
  }
}

/* sum += rows of x, and of the first layer's also times the speed. */
static void add_rows(int64_t rows, const float *x, int64_t lead, int64_t width, float *sum, const float *speed,
                     float *speed_sum) {
  for (int64_t g = 0; g < width; g += VL) {
    vec plain = v_load(sum + g), times = speed ? v_load(speed_sum + g) : v_zero();
    for (int64_t n = 0; n < rows; n++) {
      const vec row = v_load(x + n * lead + g);
      plain += row;
      if (speed) times = v_fma(v_set1(speed[n]), row, times);
    }
    v_store(sum + g, plain);
    if (speed) v_store(speed_sum + g, times);
  }
}

static void backward(bench_hand *s, const part *p, int l) {
  const hand_batch *b = &s->batch;
  const hand_kept *k = &s->kept[l];
  const hand_layer *w = &s->weights->layer[l];
  hand_layer *dw = &s->gradient->layer[l];
  const hand_passing *t = &s->passing;
  const bool last = l == HAND_LAYERS - 1;
  if (!last) update_back(s, p, l);
  move_back(s, p, l);
  for (int64_t at = p->sample; at < p->sample + p->samples; at += HAND_CHUNK) {
    const int64_t left = p->sample + p->samples - at;
    const part chunk = part_of(b, at, left < HAND_CHUNK ? left : HAND_CHUNK);
    const int64_t first = (chunk.edge - p->edge) * WIDE;
    coordinate_back(s, p, &chunk, l);
    product(s, chunk.edges, WIDE, WIDE, k->d_coordinate + first, WIDE, 1, w->coordinate[0], WIDE, t->edge, WIDE, false);
    message_back(s, p, &chunk, l);
    product(s, chunk.edges, WIDE, WIDE, k->d_message + first, WIDE, 1, w->message[0], WIDE, t->edge, WIDE, false);
    first_back(s, p, &chunk, l);
    if (l > 0) differences_back(s, p, &chunk, l);
  }
  weight_gradient(s, WIDE, p->edges, k->d_coordinate, WIDE, k->message, dw->coordinate);
  weight_gradient(s, WIDE, p->edges, k->d_message, WIDE, k->first, dw->message);

  const int64_t width = last ? HAND_NODE : HAND_PARTS;
  if (l > 0) {
    add_rows(p->nodes, t->z, LEAD, width, dw->of_h_bias, NULL, NULL);
    weight_gradient(s, width, p->nodes, t->z, LEAD, k->h, dw->of_h);
    product(s, p->nodes, WIDE, width, t->z, LEAD, 1, w->of_h[0], WIDE, t->dh, WIDE, !last);
  } else {
    const float *speed = b->speed + p->node;
    add_rows(p->nodes, t->z, LEAD, width, s->thin_sum[1], speed, s->thin_sum[0]);
    add_rows(p->nodes, t->dh, WIDE, WIDE, s->embedding_sum[1], speed, s->embedding_sum[0]);
  }
}

/* ---- a step ---- */

static void turn(const float (*from)[WIDE], int64_t rows, float *to, int64_t lead) {
  enum { BLOCK = 8 };
  for (int64_t r = 0; r < rows; r += BLOCK)
    for (int c = 0; c < WIDE; c++)
      for (int i = 0; i < BLOCK; i++) to[c * lead + r + i] = from[r + i][c];
}

static void turn_weights(bench_hand *s) {
  for (int l = 0; l < HAND_LAYERS; l++) {
    const hand_layer *w = &s->weights->layer[l];
    hand_turned *t = &s->turned[l];
    const bool last = l == HAND_LAYERS - 1;
    turn(w->of_h, last ? HAND_NODE : HAND_PARTS, t->of_h[0], LEAD);
    turn(w->message, WIDE, t->message[0], WIDE);
    turn(w->coordinate, WIDE, t->coordinate[0], WIDE);
    if (last) continue;
    turn(w->of_sum, WIDE, t->of_sum[0], WIDE);
    turn(w->update, WIDE, t->update[0], WIDE);
  }
}

/* The first layer's and the embedding's gradients from the sums over all nodes of the batch. */
static void thin_gradients(bench_hand *s) {
  const hand_layer *w = &s->weights->layer[0];
  hand_layer *dw = &s->gradient->layer[0];
  for (int64_t r = 0; r < HAND_PARTS; r++) {
    const vec times = v_set1(s->thin_sum[0][r]), plain = v_set1(s->thin_sum[1][r]);
    for (int c = 0; c < WIDE; c += VL)
      v_store(dw->of_h[r] + c,
              v_fma(times, v_load(s->weights->embedding[0] + c), plain * v_load(s->weights->embedding[1] + c)));
    dw->of_h_bias[r] = s->thin_sum[1][r];
  }
  memcpy(s->gradient->embedding, s->embedding_sum, sizeof s->embedding_sum);
  product(s, 2, WIDE, HAND_PARTS, s->thin_sum[0], HAND_PARTS, 1, w->of_h[0], WIDE, s->gradient->embedding[0], WIDE,
          true);
}

static double square_norm(const float *x, int64_t n) {
  double total = 0;
  for (int64_t from = 0; from < n; from += 4096) {
    const int64_t to = from + 4096 < n ? from + 4096 : n;
    vec sum[4] = {v_zero(), v_zero(), v_zero(), v_zero()};
    for (int64_t i = from; i < to; i += PAIR) UNROLL for (int j = 0; j < 2; j++) {
        const vec a = v_load(x + i + j * VL);
        sum[j] = v_fma(a, a, sum[j]);
      }
    total += (double)v_sum(sum[0] + sum[1]);
  }
  return total;
}

static void adam(bench_hand *s) {
  const int64_t n = (int64_t)(sizeof(hand_weights) / sizeof(float));
  float *w = (float *)s->weights, *m = (float *)s->m, *v = (float *)s->v;
  const float *g = (const float *)s->gradient;
  s->one1 = s->beta1 * s->one1 + (1 - s->beta1);
  s->one2 = s->beta2 * s->one2 + (1 - s->beta2);
  const vec beta1 = v_set1(s->beta1), beta2 = v_set1(s->beta2), rest1 = v_set1(1 - s->beta1),
            rest2 = v_set1(1 - s->beta2), eps = v_set1(s->eps), decay = v_set1(s->decay),
            rate = v_set1(s->rate / s->one1), root = v_set1(1 / sqrtf(s->one2));
  for (int64_t i = 0; i < n; i += VL) {
    const vec weight = v_load(w + i), gradient = v_fma(decay, weight, v_load(g + i));
    const vec mean = v_fma(beta1, v_load(m + i), rest1 * gradient);
    const vec square = v_fma(beta2, v_load(v + i), rest2 * (gradient * gradient));
    v_store(m + i, mean);
    v_store(v + i, square);
    v_store(w + i, weight - rate * mean / v_fma(v_sqrt(square), root, eps));
  }
}

#define STEP_(isa) hand_step_##isa
#define STEP(isa)  STEP_(isa)

void STEP(WEYL_ISA)(bench_hand *s) {
  const hand_batch *b = &s->batch;
  s->flops = 0;
  memset(s->gradient, 0, sizeof *s->gradient);
  memset(s->thin_sum, 0, sizeof s->thin_sum);
  memset(s->embedding_sum, 0, sizeof s->embedding_sum);
  for (int64_t n = 0; n < b->nodes; n++) {
    const float *v = b->v + 3 * n;
    b->speed[n] = sqrtf(v[0] * v[0] + v[1] * v[1] + v[2] * v[2] + 1e-30f);
  }
  turn_weights(s);
  product(s, 2, HAND_PARTS, WIDE, s->weights->embedding[0], WIDE, 1, s->turned[0].of_h[0], LEAD, s->thin[0], LEAD,
          false);
  double sum = 0;
  for (int64_t at = 0; at < b->samples; at += HAND_SAMPLES) {
    const part p = part_of(b, at, HAND_SAMPLES);
    s->kept[0].x = b->x + 3 * p.node;
    for (int l = 0; l < HAND_LAYERS; l++) forward(s, &p, l);
    sum += compare(s, &p);
    for (int l = HAND_LAYERS - 1; l >= 0; l--) backward(s, &p, l);
  }
  thin_gradients(s);
  for (int l = 0; l < HAND_LAYERS; l++) memset(s->gradient->layer[l].of_h_bias + HAND_SENDER, 0, WIDE * sizeof(float));
  s->loss = sum / (double)(3 * b->nodes);
  s->norm = sqrt(square_norm((const float *)s->gradient, (int64_t)(sizeof(hand_weights) / sizeof(float))));
  if (isfinite(s->norm)) adam(s);
}
