/* The convolution in the frame of each edge and its gradients (align.h): turns of a chunk of edges, then edge by edge
 * for a tile of channels. */
#include "align.h"
#include "isa.h"

#include "transpose.h"

#include <math.h>

enum {
  CHUNK = ALIGN_CHUNK,
  V = 64 / sizeof(T),
  GROUP = 6,
  WIDE = WEYL_LEVEL == 2 ? 4 : 2
}; /* rows whose sums stay in registers */

/* ---- chunks ---- */

typedef struct chunk {
  const align_tables *t;
  const align_span *q;
  size_t from, n; /* edges */
  size_t pitch;
  T *frames;             /* [CHUNK][pitch]: cos m a, sin m a of all m, then d of every degree */
  T *side, *powers;      /* edges side by side: of VL edges, and cos k b, sin k b of all [k][CHUNK] */
  double turn[CHUNK][4]; /* cos and sin of a, then of b */
  double inverse[CHUNK]; /* of the length; 0: there is no direction */
  double torque[CHUNK][2];
  T *z, *x, *dx, *g, *y, *q_row, *dq_row, *tail, *dtail;
} chunk;

static void chunk_start(chunk *c, const align_tables *t, const align_span *q, void *work) {
  const align_room r = align_room_of(t, V);
  T *w = (T *)work;
  c->t = t;
  c->q = q;
  c->from = c->n = 0;
  c->pitch = r.pitch;
  c->frames = w + r.frames, c->side = w + r.side, c->powers = w + r.powers;
  c->z = w + r.z, c->x = w + r.x, c->dx = w + r.dx, c->g = w + r.g, c->y = w + r.y;
  c->q_row = w + r.q, c->dq_row = w + r.dq, c->tail = w + r.tail, c->dtail = w + r.dtail;
}

static bool next_chunk(chunk *c) {
  c->from += c->n;
  const size_t left = (size_t)c->q->edges->n - c->from;
  c->n = left < CHUNK ? left : CHUNK;
  return c->n > 0;
}

static size_t row_of_edge(const chunk *c, size_t e) {
  const weyl_edges *edges = c->q->edges;
  return edges->row ? (size_t)edges->row[c->from + e] : c->from + e;
}

/* ---- turns ---- */

/* Angles of an edge, in double: what they multiply with degrees loses nothing. At the poles a = 0. */
static void find_direction(chunk *c, size_t e) {
  const T *v = (const T *)c->q->v + 3 * row_of_edge(c, e);
  double r[3], big = 0;
  for (int i = 0; i < 3; i++) {
    r[i] = (double)v[c->t->axis[i]];
    if (!(fabs(r[i]) <= big)) big = fabs(r[i]); /* NaN sticks */
  }
  const double scale = big == 0 ? 1 : big;
  for (int i = 0; i < 3; i++) r[i] /= scale;
  const double across = sqrt(r[0] * r[0] + r[1] * r[1]), length = sqrt(across * across + r[2] * r[2]);
  double *turn = c->turn[e];
  turn[0] = across == 0 ? 1 : r[0] / across;
  turn[1] = across == 0 ? 0 : r[1] / across;
  turn[2] = length == 0 ? 1 : r[2] / length;
  turn[3] = length == 0 ? 0 : across / length;
  c->inverse[e] = length == 0 ? 0 : 1 / (length * scale);
}

/* to[m step] and to[(m + n) step] = cos and sin of m times an angle, m < n. */
static void put_turns(double cosine, double sine, size_t n, T *to, size_t step) {
  double a = 1, b = 0;
  for (size_t m = 0; m < n; m++) {
    to[m * step] = (T)a;
    to[(m + n) * step] = (T)b;
    const double next = a * cosine - b * sine;
    b = b * cosine + a * sine;
    a = next;
  }
}

/* d of VL edges from e on, d_mn = sum over k of J_km J_kn cos k b, or sin k b where only one of the columns m, n has
 * k < 0; to side [scalar][VL]. */
static void turn_degree(const chunk *c, size_t e, int l, int sine) {
  const align_degree *g = &c->t->degree[l];
  const size_t n = (size_t)(l + 1 - sine), count = (size_t)(sine ? align_sines(l) : align_cosines(l));
  const T *j = (const T *)c->t->quarter + g->j + (sine ? (l + 1) * align_cosines(l) : 0);
  const T *cosines = c->powers + e, *sines = cosines + (size_t)(c->t->l_max + 1) * CHUNK;
  T *to = c->side + (size_t)(sine ? g->sine : g->cosine) * VL;
  vec same[WEYL_L_MAX / 2 + 1], other[WEYL_L_MAX / 2 + 1];
  for (size_t m = 0; m < (size_t)(g->seen - sine); m++) {
    for (size_t i = 0, k = (size_t)(l - sine); i < count; i++, k -= 2) {
      const vec z = v_set1(j[m * count + i]);
      same[i] = z * v_load(cosines + k * CHUNK);
      other[i] = z * v_load(sines + k * CHUNK);
      if (m % 2) other[i] = v_zero() - other[i];
    }
    for (size_t p = 0; p < n; p++, to += VL) {
      const vec *z = p % 2 == m % 2 ? same : other;
      vec sum = v_zero();
      for (size_t i = 0; i < count; i++) sum = v_fma(z[i], v_set1(j[p * count + i]), sum);
      v_store(to, sum);
    }
  }
}

static void make_frames(chunk *c) {
  const align_tables *t = c->t;
  const size_t n = (size_t)t->l_max + 1, first = (2 * n + V - 1) / V * V;
  for (size_t e = 0; e < CHUNK; e++) {
    if (e < c->n) {
      find_direction(c, e);
      put_turns(c->turn[e][0], c->turn[e][1], n, c->frames + e * c->pitch, 1);
    }
    const double *turn = c->turn[e < c->n ? e : 0];
    put_turns(turn[2], turn[3], n, c->powers + e, CHUNK);
  }
  for (size_t e = 0; e < c->n; e += VL) {
    for (int l = 0; l <= t->l_max; l++)
      for (int sine = 0; sine < 2 && t->degree[l].seen > sine; sine++) turn_degree(c, e, l, sine);
    for (size_t s = first; s < (size_t)t->scalars; s += VL) { /* edge by edge */
      vec r[VL];
      UNROLL_VL for (size_t i = 0; i < VL; i++) r[i] = v_load(c->side + (s + i) * VL);
      v_transpose(r);
      UNROLL_VL for (size_t i = 0; i < VL; i++) v_store(c->frames + (e + i) * c->pitch + s, r[i]);
    }
  }
}

/* ---- small matrices times rows of vectors ---- */

/* Scalars a, strides, rows of z and of the result, whose numbers are in a list or count up. */
typedef struct small {
  size_t n, count; /* rows of the result, of z */
  const T *a;
  size_t a_row, a_column;
  const T *z;
  size_t z_step;
  const int32_t *z_at;
  T *to;
  size_t to_step;
  const int32_t *to_at;
} small;

INLINE size_t row_at(const int32_t *at, size_t i) { return at ? (size_t)at[i] : i; }

INLINE void multiply_group(int n, int wide, bool add, const small *q, size_t i, size_t u) {
  vec sum[GROUP][ALIGN_WIDE];
  UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int j = 0; j < ALIGN_WIDE; j++) if (r < n && j < wide) sum[r][j] =
      add ? v_load(q->to + row_at(q->to_at, i + (size_t)r) * q->to_step + u + (size_t)j * VL) : v_zero();
  const T *scalar = q->a + i * q->a_row;
  for (size_t k = 0; k < q->count; k++, scalar += q->a_column) {
    const T *row = q->z + row_at(q->z_at, k) * q->z_step + u;
    vec x[ALIGN_WIDE];
    UNROLL for (int j = 0; j < ALIGN_WIDE; j++) if (j < wide) x[j] = v_load(row + (size_t)j * VL);
    UNROLL for (int r = 0; r < GROUP; r++) if (r < n) {
      const vec s = v_set1(scalar[(size_t)r * q->a_row]);
      UNROLL for (int j = 0; j < ALIGN_WIDE; j++) if (j < wide) sum[r][j] = v_fma(s, x[j], sum[r][j]);
    }
  }
  UNROLL for (int r = 0; r < GROUP; r++) UNROLL for (int j = 0; j < ALIGN_WIDE; j++) if (r < n && j < wide)
      v_store(q->to + row_at(q->to_at, i + (size_t)r) * q->to_step + u + (size_t)j * VL, sum[r][j]);
}

INLINE void multiply_wide(int wide, bool add, const small *q, size_t u) {
  size_t i = 0;
  for (; i + GROUP <= q->n; i += GROUP) multiply_group(GROUP, wide, add, q, i, u);
  switch (q->n - i) {
    case 5: multiply_group(5, wide, add, q, i, u); break;
    case 4: multiply_group(4, wide, add, q, i, u); break;
    case 3: multiply_group(3, wide, add, q, i, u); break;
    case 2: multiply_group(2, wide, add, q, i, u); break;
    case 1: multiply_group(1, wide, add, q, i, u); break;
  }
}

/* Some vectors at a time of a tile of `width` numbers: F(wide, first). */
#define EACH_WIDE(width, F)                                         \
  do {                                                              \
    size_t u_ = 0;                                                  \
    for (; u_ + WIDE * VL <= (width); u_ += WIDE * VL) F(WIDE, u_); \
    for (; u_ < (width); u_ += VL) F(1, u_);                        \
  } while (0)

INLINE void multiply(bool add, size_t width, const small q) {
#define MULTIPLY(wide, u) multiply_wide(wide, add, &q, u)
  EACH_WIDE(width, MULTIPLY);
#undef MULTIPLY
}

/* Functions, as they are called from many places, of plain numbers, most of which pass in registers: of d or its
 * transpose; to coefficients from weights by their numbers; and back, set or added. w: the width. */
#define NOT_INLINE static __attribute__((noinline)) void
NOT_INLINE turn(size_t w, size_t n, size_t count, const T *a, const T *z, T *to) {
  multiply(false, w, (small){n, count, a, count, 1, z, w, NULL, to, w, NULL});
}
NOT_INLINE turn_back(size_t w, size_t n, size_t count, const T *a, const T *z, T *to) {
  multiply(false, w, (small){n, count, a, 1, n, z, w, NULL, to, w, NULL});
}
NOT_INLINE gather(size_t w, size_t n, size_t count, const T *a, const T *z, size_t step, const int32_t *at, T *to) {
  multiply(false, w, (small){n, count, a, count, 1, z, step, at, to, w, NULL});
}
typedef void taker(size_t w, size_t n, size_t count, const T *a, const T *z, T *to, size_t step, const int32_t *at);
NOT_INLINE scatter(size_t w, size_t n, size_t count, const T *a, const T *z, T *to, size_t step, const int32_t *at) {
  multiply(false, w, (small){n, count, a, 1, n, z, w, NULL, to, step, at});
}
NOT_INLINE scatter_add(size_t w, size_t n, size_t count, const T *a, const T *z, T *to, size_t step,
                       const int32_t *at) {
  multiply(true, w, (small){n, count, a, 1, n, z, w, NULL, to, step, at});
}

/* Rows at `from` of `step` numbers each. */
typedef struct rows {
  T *from;
  size_t step;
} rows;
INLINE T *row_of(const rows *r, int32_t i) { return r->from + (size_t)i * r->step; }

/* ---- tiles of channels ---- */

enum { TILE = ALIGN_WIDE * V / VL }; /* vectors, at most */
typedef struct tile {
  size_t first, width;       /* channels; width: of whole vectors */
  size_t lanes;              /* of the last vector */
  size_t x[TILE], out[TILE]; /* where vectors are in a node */
} tile;

static tile tile_of(const align_span *q, size_t first) {
  const size_t left = q->channels - first, n = left < TILE * VL ? left : TILE * VL, vectors = (n + VL - 1) / VL;
  tile t = {.first = first, .width = vectors * VL, .lanes = n - (vectors - 1) * VL};
  for (size_t j = 0; j < vectors; j++) {
    const size_t u = first + j * VL;
    t.x[j] = q->blocked ? u / V * q->xs.block + u % V : u;
    t.out[j] = q->blocked ? u / V * q->os.block + u % V : u;
  }
  return t;
}

/* Vectors of which the last may be a part: its other lanes are 0, and stay untouched. */
INLINE vec load_lanes(const T *p, size_t n) {
  if (n == VL) return v_load(p);
  T lane[VL] = {0};
  for (size_t i = 0; i < n; i++) lane[i] = p[i];
  return v_load(lane);
}

INLINE void store_lanes(T *p, size_t n, vec v) {
  if (n == VL)
    v_store(p, v);
  else
    v_store_n(p, n, v);
}

INLINE size_t lanes_at(const tile *t, size_t u) { return u + VL < t->width ? VL : t->lanes; }

/* A node's block into the frame of an edge, `orders` of its orders; through z. */
static void turn_in(const chunk *c, const tile *t, const size_t *place, const T *frame, const align_block *b,
                    int orders, const T *from, size_t row, T *to) {
  const size_t l = (size_t)b->l, step = t->width, n = (size_t)orders;
  const T *cosine = frame, *sine = frame + c->t->l_max + 1, *mid = from + ((size_t)b->row + l) * row;
  const align_degree *d = &c->t->degree[l];
  T *z = c->z;
  for (size_t u = 0, j = 0; u < step; u += VL, j++) v_store(z + u, load_lanes(mid + place[j], lanes_at(t, u)));
  for (size_t m = 1; m <= l; m++) {
    const vec cm = v_set1(cosine[m]), sm = v_set1(sine[m]);
    for (size_t u = 0, j = 0; u < step; u += VL, j++) {
      const vec x = load_lanes(mid + m * row + place[j], lanes_at(t, u)),
                y = load_lanes(mid - m * row + place[j], lanes_at(t, u));
      v_store(z + m * step + u, v_fma(cm, x, sm * y));
      v_store(z + (l + m) * step + u, cm * y - sm * x);
    }
  }
  turn(step, n, l + 1, frame + d->cosine, z, to);
  if (n > 1) turn(step, n - 1, l, frame + d->sine, z + (l + 1) * step, to + (size_t)b->seen * step);
}

/* Back, added to the node. */
static void turn_out(const chunk *c, const tile *t, const size_t *place, const T *frame, const align_block *b,
                     const T *from, T *to, size_t row) {
  const size_t l = (size_t)b->l, step = t->width, n = (size_t)b->orders;
  const T *cosine = frame, *sine = frame + c->t->l_max + 1;
  const align_degree *d = &c->t->degree[l];
  T *z = c->z, *mid = to + ((size_t)b->row + l) * row;
  turn_back(step, l + 1, n, frame + d->cosine, from, z);
  if (l > 0) turn_back(step, l, n - 1, frame + d->sine, from + (size_t)b->seen * step, z + (l + 1) * step);
  for (size_t u = 0, j = 0; u < step; u += VL, j++) {
    T *p = mid + place[j];
    store_lanes(p, lanes_at(t, u), load_lanes(p, lanes_at(t, u)) + v_load(z + u));
  }
  for (size_t m = 1; m <= l; m++) {
    const vec cm = v_set1(cosine[m]), sm = v_set1(sine[m]);
    for (size_t u = 0, j = 0; u < step; u += VL, j++) {
      const size_t lanes = lanes_at(t, u);
      const vec x = v_load(z + m * step + u), y = v_load(z + (l + m) * step + u);
      T *p = mid + m * row + place[j], *q = mid - m * row + place[j];
      store_lanes(p, lanes, v_fma(cm, x, load_lanes(p, lanes)) - sm * y);
      store_lanes(q, lanes, v_fma(cm, y, v_fma(sm, x, load_lanes(q, lanes))));
    }
  }
}

/* ---- one edge ---- */

/* Weights of an edge and the coefficients made of them, rows of vectors. */
typedef struct mixing {
  rows weights, dweights, a, da;
  const T *k; /* NULL: a is the weights */
} mixing;

static void fetch(const void *of, size_t place, size_t weights, size_t channels, size_t width, bool write) {
  if (!of) return;
  const T *p = (const T *)of + place;
  for (size_t i = 0; i < weights; i++, p += channels)
    for (size_t j = 0; j < width; j += V)
      if (write)
        __builtin_prefetch(p + j, 1, 2);
      else
        __builtin_prefetch(p + j, 0, 2);
}

static mixing mixing_of(const chunk *c, const tile *at, size_t e) {
  const align_tables *t = c->t;
  const align_span *q = c->q;
  const size_t channels = q->channels, weights = (size_t)t->weights, step = at->width, edge = weights * channels;
  const T *from = (const T *)q->weights + row_of_edge(c, e) * edge + at->first;
  T *to = q->dweights ? (T *)q->dweights + row_of_edge(c, e) * edge + at->first : NULL;
  mixing m = {.weights = {(T *)(uintptr_t)from, channels},
              .dweights = {to, channels},
              .a = {c->q_row, step},
              .da = {c->dq_row, step},
              .k = (const T *)t->k[c->inverse[e] == 0]};
  if (e + 1 < c->n) { /* those of the next edge are on their way meanwhile */
    const size_t next = row_of_edge(c, e + 1) * edge + at->first;
    fetch(q->weights, next, weights, channels, step, false);
    fetch(q->dweights, next, weights, channels, step, true);
  }
  if (at->lanes < VL) {
    for (size_t i = 0; i < weights; i++)
      for (size_t u = 0; u < step; u += VL)
        v_store(c->tail + i * step + u, load_lanes(from + i * channels + u, lanes_at(at, u)));
    m.weights = (rows){c->tail, step};
    if (to) m.dweights = (rows){c->dtail, step};
  }
  if (t->free) {
    m.a = m.weights;
    if (to) m.da = m.dweights;
    m.k = NULL;
  }
  return m;
}

static void make_coefficients(size_t width, const align_tables *t, const align_pair *p, const mixing *m) {
  if (!m->k || !p->first) return;
  const size_t n = (size_t)p->orders, even = (size_t)p->even, odd = (size_t)p->odd;
  const T *k = m->k + p->k, *z = m->weights.from;
  const int32_t *at = t->at + p->at;
  if (even) gather(width, n, even, k, z, m->weights.step, at, row_of(&m->a, p->row));
  if (odd) gather(width, n - 1, odd, k + n * even, z, m->weights.step, at + even, row_of(&m->a, p->sine));
}

/* Gradients of the weights from those of the coefficients. */
static void take_coefficients(size_t width, const align_tables *t, const align_pair *p, const mixing *m) {
  if (!m->k || !p->last) return;
  const size_t n = (size_t)p->orders, even = (size_t)p->even, odd = (size_t)p->odd, step = m->dweights.step;
  const T *k = m->k + p->k;
  const int32_t *at = t->at + p->at;
  T *to = m->dweights.from;
  taker *const take = t->shared ? scatter_add : scatter;
  if (even) take(width, even, n, k, row_of(&m->da, p->row), to, step, at);
  if (odd) take(width, odd, n - 1, k + n * even, row_of(&m->da, p->sine), to, step, at + even);
}

/* Where order -m of a turned block is. */
INLINE size_t minus_row(const align_block *b, int m) { return (size_t)(b->seen + m - 1); }

/* y = the sum over pairs of A x - B x, and so on. */
INLINE void mix_wide(int wide, const chunk *c, size_t step, const align_block *k, const mixing *w, size_t u) {
  const align_pair *pair = c->t->pair + k->pair;
  for (int m = 0; m < k->orders; m++) {
    vec y[2][ALIGN_WIDE];
    UNROLL for (int j = 0; j < ALIGN_WIDE; j++) y[0][j] = y[1][j] = v_zero();
    for (const align_pair *p = pair; p < pair + k->pairs && p->orders > m; p++) {
      const align_block *b = &c->t->x[p->b];
      const T *x = c->x + (size_t)b->at * step + u, *plus = x + (size_t)m * step;
      if (m == 0) {
        if (p->even == 0) continue;
        const T *a = row_of(&w->a, p->row) + u;
        UNROLL for (int j = 0; j < ALIGN_WIDE; j++) if (j < wide) y[0][j] =
            v_fma(v_load(a + (size_t)j * VL), v_load(plus + (size_t)j * VL), y[0][j]);
        continue;
      }
      const T *minus = x + minus_row(b, m) * step;
      if (p->even) {
        const T *a = row_of(&w->a, p->row + m) + u;
        UNROLL for (int j = 0; j < ALIGN_WIDE; j++) if (j < wide) {
          const vec s = v_load(a + (size_t)j * VL);
          y[0][j] = v_fma(s, v_load(plus + (size_t)j * VL), y[0][j]);
          y[1][j] = v_fma(s, v_load(minus + (size_t)j * VL), y[1][j]);
        }
      }
      if (p->odd) {
        const T *a = row_of(&w->a, p->sine + m - 1) + u;
        UNROLL for (int j = 0; j < ALIGN_WIDE; j++) if (j < wide) {
          const vec s = v_load(a + (size_t)j * VL);
          y[0][j] = v_fma(v_zero() - s, v_load(minus + (size_t)j * VL), y[0][j]);
          y[1][j] = v_fma(s, v_load(plus + (size_t)j * VL), y[1][j]);
        }
      }
    }
    UNROLL for (int j = 0; j < ALIGN_WIDE; j++) if (j < wide) {
      v_store(c->y + (size_t)m * step + u + (size_t)j * VL, y[0][j]);
      if (m > 0) v_store(c->y + minus_row(k, m) * step + u + (size_t)j * VL, y[1][j]);
    }
  }
}

static void mix(const chunk *c, size_t step, const align_block *k, const mixing *w) {
#define MIX(wide, u) mix_wide(wide, c, step, k, w, u)
  EACH_WIDE(step, MIX);
#undef MIX
}

static void edge_forward(chunk *c, const tile *at, size_t e) {
  const align_tables *t = c->t;
  const align_span *q = c->q;
  if (t->free && c->inverse[e] == 0) return;
  const T *frame = c->frames + e * c->pitch;
  const T *x = (const T *)q->x + (size_t)q->edges->sender[c->from + e] * q->xs.node;
  T *out = (T *)q->out + (size_t)q->edges->receiver[c->from + e] * q->os.node;
  const mixing w = mixing_of(c, at, e);
  for (int32_t b = 0; b < t->x_blocks; b++)
    if (t->x[b].pairs > 0)
      turn_in(c, at, at->x, frame, &t->x[b], t->x[b].orders, x, q->xs.row, c->x + (size_t)t->x[b].at * at->width);
  for (int32_t i = 0; i < t->out_blocks; i++) {
    const align_block *k = &t->out[i];
    if (k->pairs == 0) continue;
    for (int32_t p = 0; p < k->pairs; p++) make_coefficients(at->width, t, &t->pair[k->pair + p], &w);
    mix(c, at->width, k, &w);
    turn_out(c, at, at->out, frame, k, c->y, out, q->os.row);
  }
}

/* ---- gradients ---- */

/* As mix, and from the gradients g of y: those of x, added, and of the coefficients. */
INLINE void unmix_wide(int wide, bool slopes, const chunk *c, size_t step, const align_block *k, const mixing *w,
                       size_t u) {
  const align_pair *pair = c->t->pair + k->pair;
  const bool weighted = w->dweights.from != NULL;
  for (int m = 0; m < k->orders; m++) {
    vec y[2][ALIGN_WIDE], g[2][ALIGN_WIDE];
    UNROLL for (int j = 0; j < ALIGN_WIDE; j++) if (j < wide) {
      y[0][j] = y[1][j] = g[1][j] = v_zero();
      g[0][j] = v_load(c->g + (size_t)m * step + u + (size_t)j * VL);
      if (m > 0) g[1][j] = v_load(c->g + minus_row(k, m) * step + u + (size_t)j * VL);
    }
    for (const align_pair *p = pair; p < pair + k->pairs && p->orders > m; p++) {
      const align_block *b = &c->t->x[p->b];
      const size_t plus = ((size_t)b->at + (size_t)m) * step,
                   minus = m == 0 ? plus : ((size_t)b->at + minus_row(b, m)) * step;
      for (int sine = 0; sine < 2; sine++) {
        if ((sine ? p->odd : p->even) == 0 || m < sine) continue;
        const int32_t place = sine ? p->sine + m - 1 : p->row + m;
        const T *a = row_of(&w->a, place);
        T *da = weighted ? row_of(&w->da, place) : NULL;
        UNROLL for (int j = 0; j < ALIGN_WIDE; j++) if (j < wide) {
          const size_t at = u + (size_t)j * VL;
          const vec s = v_load(a + at), x0 = v_load(c->x + plus + at), x1 = v_load(c->x + minus + at);
          const vec g0 = g[0][j], g1 = g[1][j];
          T *d0 = c->dx + plus + at, *d1 = c->dx + minus + at;
          vec sum;
          if (sine) {
            sum = x0 * g1 - x1 * g0;
            v_store(d0, v_fma(s, g1, v_load(d0)));
            v_store(d1, v_load(d1) - s * g0);
            if (slopes) y[0][j] -= s * x1, y[1][j] = v_fma(s, x0, y[1][j]);
          } else {
            sum = x0 * g0;
            v_store(d0, v_fma(s, g0, v_load(d0)));
            if (m > 0) {
              sum = v_fma(x1, g1, sum);
              v_store(d1, v_fma(s, g1, v_load(d1)));
            }
            if (slopes) y[0][j] = v_fma(s, x0, y[0][j]), y[1][j] = v_fma(s, x1, y[1][j]);
          }
          if (weighted) {
            if (!p->first) sum += v_load(da + at);
            v_store(da + at, sum);
          }
        }
      }
    }
    if (slopes) UNROLL for (int j = 0; j < ALIGN_WIDE; j++) if (j < wide) {
        v_store(c->y + (size_t)m * step + u + (size_t)j * VL, y[0][j]);
        if (m > 0) v_store(c->y + minus_row(k, m) * step + u + (size_t)j * VL, y[1][j]);
      }
  }
}

static void unmix(bool slopes, const chunk *c, size_t step, const align_block *k, const mixing *w) {
#define UNMIX(wide, u)                        \
  if (slopes)                                 \
    unmix_wide(wide, true, c, step, k, w, u); \
  else                                        \
    unmix_wide(wide, false, c, step, k, w, u)
  EACH_WIDE(step, UNMIX);
#undef UNMIX
}

/* sum[i] -= the sum over rows of h L_i f, L_0 and L_1 the generators of turns about x and y in the frame; f has one
 * order more than h where there is one. */
static void add_torque(const chunk *c, size_t step, const align_block *b, const T *f, const T *h, vec sum[2]) {
  const T *slope = (const T *)c->t->slope + b->l * (b->l + 1) / 2;
  for (int m = 0; m + 1 < b->seen; m++) {
    const size_t p0 = (size_t)m * step, p1 = p0 + step, m1 = minus_row(b, m + 1) * step, m0 = m1 - step; /* m > 0 */
    const bool both = m + 1 < b->orders;
    vec t[2] = {v_zero(), v_zero()};
    for (size_t u = 0; u < step; u += VL) {
      const T *fj = f + u, *hj = h + u;
      const vec h0 = v_load(hj + p0);
      t[0] -= v_load(fj + m1) * h0;
      t[1] = v_fma(v_load(fj + p1), h0, t[1]);
      if (m > 0) {
        const vec h2 = v_load(hj + m0);
        t[0] = v_fma(v_load(fj + p1), h2, t[0]);
        t[1] = v_fma(v_load(fj + m1), h2, t[1]);
      }
      if (both) {
        const vec h1 = v_load(hj + p1), h3 = v_load(hj + m1), f0 = v_load(fj + p0);
        t[0] = v_fma(f0, h3, t[0]);
        t[1] -= f0 * h1;
        if (m > 0) {
          const vec f2 = v_load(fj + m0);
          t[0] -= f2 * h1;
          t[1] -= f2 * h3;
        }
      }
    }
    for (int i = 0; i < 2; i++) sum[i] -= v_set1(slope[m]) * t[i];
  }
}

static void edge_backward(chunk *c, const tile *at, size_t e) {
  const align_tables *t = c->t;
  const align_span *q = c->q;
  const bool slopes = q->dv != NULL, none = t->free && c->inverse[e] == 0;
  const size_t step = at->width, node = (size_t)q->edges->sender[c->from + e] * q->xs.node;
  const T *frame = c->frames + e * c->pitch, *x = (const T *)q->x + node;
  const T *g = (const T *)q->g + (size_t)q->edges->receiver[c->from + e] * q->os.node;
  const mixing w = mixing_of(c, at, e);
  vec torque[2] = {v_zero(), v_zero()};
  if (w.dweights.from && (t->shared || none))
    for (int32_t i = 0; i < t->weights; i++)
      for (size_t u = 0; u < step; u += VL) v_store(row_of(&w.dweights, i) + u, v_zero());
  for (int32_t b = 0; b < t->x_blocks && !none; b++)
    if (t->x[b].pairs > 0)
      turn_in(c, at, at->x, frame, &t->x[b], slopes ? t->x[b].seen : t->x[b].orders, x, q->xs.row,
              c->x + (size_t)t->x[b].at * step);
  memset(c->dx, 0, (size_t)t->turned * step * sizeof(T));
  for (int32_t i = 0; i < t->out_blocks && !none; i++) {
    const align_block *k = &t->out[i];
    if (k->pairs == 0) continue;
    turn_in(c, at, at->out, frame, k, slopes ? k->seen : k->orders, g, q->os.row, c->g);
    for (int32_t p = 0; p < k->pairs; p++) make_coefficients(step, t, &t->pair[k->pair + p], &w);
    unmix(slopes, c, step, k, &w);
    if (slopes) add_torque(c, step, k, c->g, c->y, torque);
    for (int32_t p = 0; p < k->pairs && w.dweights.from; p++) take_coefficients(step, t, &t->pair[k->pair + p], &w);
  }
  for (int32_t b = 0; b < t->x_blocks && !none; b++) {
    if (t->x[b].pairs == 0) continue;
    T *dx = c->dx + (size_t)t->x[b].at * step;
    if (slopes) add_torque(c, step, &t->x[b], c->x + (size_t)t->x[b].at * step, dx, torque);
    if (q->dx) turn_out(c, at, at->x, frame, &t->x[b], dx, (T *)q->dx + node, q->xs.row);
  }
  for (int i = 0; i < 2; i++) c->torque[e][i] += (double)v_sum(torque[i]);
  if (at->lanes < VL && w.dweights.from) {
    T *to = (T *)q->dweights + row_of_edge(c, e) * (size_t)t->weights * q->channels + at->first;
    for (size_t i = 0; i < (size_t)t->weights; i++)
      for (size_t u = 0; u < step; u += VL)
        store_lanes(to + i * q->channels + u, lanes_at(at, u), v_load(c->dtail + i * step + u));
  }
}

/* What the number whose gradients these are gains when the edge turns, as a gradient by its vector. */
static void put_slopes(const chunk *c) {
  for (size_t e = 0; e < c->n; e++) {
    const double ca = c->turn[e][0], sa = c->turn[e][1], cb = c->turn[e][2], sb = c->turn[e][3];
    const double along = c->inverse[e] * c->torque[e][1], beside = -c->inverse[e] * c->torque[e][0];
    const double d[3] = {along * cb * ca - beside * sa, along * cb * sa + beside * ca, -along * sb};
    T *to = (T *)c->q->dv + 3 * row_of_edge(c, e);
    for (int i = 0; i < 3; i++) to[c->t->axis[i]] = c->inverse[e] == 0 ? 0 : (T)d[i];
  }
}

/* ---- passes ---- */

/* Every edge, all its channels: weights are read once. */
static void each_edge(chunk *c, void (*one)(chunk *c, const tile *at, size_t e)) {
  const bool few = c->q->channels <= TILE * VL;
  tile at = tile_of(c->q, 0);
  for (size_t e = 0; e < c->n; e++)
    for (size_t u = 0; u < c->q->channels; u += TILE * VL) {
      if (!few) at = tile_of(c->q, u);
      one(c, &at, e);
    }
}

void K(align_forward)(const align_tables *t, const align_span *q, void *work) {
  chunk c;
  chunk_start(&c, t, q, work);
  while (q->channels > 0 && next_chunk(&c)) {
    make_frames(&c);
    each_edge(&c, edge_forward);
  }
}

void K(align_backward)(const align_tables *t, const align_span *q, void *work) {
  chunk c;
  chunk_start(&c, t, q, work);
  while (next_chunk(&c)) {
    make_frames(&c);
    memset(c.torque, 0, sizeof c.torque);
    if (q->channels > 0) each_edge(&c, edge_backward);
    if (q->dv) put_slopes(&c);
  }
}
