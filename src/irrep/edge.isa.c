/* The convolution along edges and its gradients: a chunk of edges of one receiver at a time, piece by piece (edge.h).
 */
#include "isa.h"

#include <simd.h>

enum { CHUNK = EDGE_CHUNK, V = 64 / sizeof(T) };

INLINE size_t size_min(size_t a, size_t b) { return a < b ? a : b; }

/* ---- a chunk of edges ---- */

/* Vectors of the edges of a chunk: in the arrays of the call, or, for the channels that are no whole vector, in copies
 * padded with 0. */
typedef struct view {
  const T *x[CHUNK], *r[CHUNK];
  T *dx[CHUNK], *dr[CHUNK];
  size_t x_row, r_row;             /* strides */
  size_t vectors, per_block, step; /* step: from block to block in x */
  T *rows;                         /* of the receiver: [vector][out_rows][VL] */
} view;

typedef struct chunk {
  const edge_tables *t;
  const edge_span *q;
  size_t from, n;       /* edges */
  size_t whole, rest;   /* vectors, channels beside them */
  T *y, *dy, *m, *dm;   /* [row or scalar][CHUNK] */
  T *rows, *tail[4];    /* x, dx, weights, dweights */
  T *no_x, *no_weights; /* for gradients that nobody wants */
} chunk;

static chunk chunk_of(const edge_tables *t, const edge_span *q, void *work) {
  const edge_room room = edge_room_of(t, q->channels, V);
  T *w = (T *)work;
  return (chunk){.t = t,
                 .q = q,
                 .whole = q->channels / VL,
                 .rest = q->channels % VL,
                 .y = w + room.y,
                 .dy = w + room.dy,
                 .m = w + room.m,
                 .dm = w + room.dm,
                 .rows = w + room.rows,
                 .tail = {w + room.x, w + room.dx, w + room.weights, w + room.dweights},
                 .no_x = w + room.no_x,
                 .no_weights = w + room.no_weights};
}

static size_t row_of_edge(const chunk *c, size_t e) {
  const weyl_edges *edges = c->q->edges;
  return edges->row ? (size_t)edges->row[c->from + e] : c->from + e;
}

/* The edges from `from` on of one receiver; false at the end. */
static bool next_chunk(chunk *c, size_t receiver) {
  const weyl_edges *edges = c->q->edges;
  c->from += c->n;
  for (c->n = 0; c->n < CHUNK && c->from + c->n < (size_t)edges->n; c->n++)
    if ((size_t)edges->receiver[c->from + c->n] != receiver) break;
  return c->n > 0;
}

/* to[j] of every edge = sums over from. */
static void take_sums(const edge_sums *s, size_t edges, const T *from, T *to) {
  const T *k = (const T *)s->k;
  for (int32_t j = 0; j < s->n; j++)
    for (size_t e = 0; e < edges; e += VL) {
      vec sum = v_zero();
      for (int32_t i = s->from[j]; i < s->from[j + 1]; i++)
        sum = v_fma(v_set1(k[i]), v_load(from + (size_t)s->at[i] * CHUNK + e), sum);
      v_store(to + (size_t)j * CHUNK + e, sum);
    }
}

static void make_scalars(chunk *c) {
  const size_t rows = (size_t)c->t->y_rows, full = size_min((c->n + VL - 1) / VL * VL, CHUNK);
  for (size_t e = 0; e < full; e++) {
    const T *y = (const T *)c->q->y + (e < c->n ? row_of_edge(c, e) : 0) * rows;
    for (size_t j = 0; j < rows; j++) c->y[j * CHUNK + e] = e < c->n ? y[j] : 0;
  }
  take_sums(&c->t->scalar, c->n, c->y, c->m);
}

static void put_harmonics(chunk *c) {
  const size_t rows = (size_t)c->t->y_rows;
  take_sums(&c->t->harmonic, c->n, c->dm, c->dy);
  for (size_t e = 0; e < c->n; e++) {
    T *dy = (T *)c->q->dy + row_of_edge(c, e) * rows;
    for (size_t j = 0; j < rows; j++) dy[j] = c->dy[j * CHUNK + e];
  }
}

static void view_whole(const chunk *c, view *v) {
  const edge_span *q = c->q;
  const size_t per_edge = (size_t)c->t->paths * q->channels;
  v->x_row = q->xs.row;
  v->r_row = q->channels;
  v->vectors = c->whole;
  v->per_block = q->blocked ? V / VL : c->whole;
  v->step = q->xs.block;
  v->rows = c->rows;
  for (size_t e = 0; e < c->n; e++) {
    const size_t x = (size_t)q->edges->sender[c->from + e] * q->xs.node, r = row_of_edge(c, e) * per_edge;
    v->x[e] = (const T *)q->x + x;
    v->r[e] = (const T *)q->weights + r;
    v->dx[e] = q->dx ? (T *)q->dx + x : c->no_x;
    v->dr[e] = q->dweights ? (T *)q->dweights + r : c->no_weights;
  }
}

/* ---- channels that are no whole vector ---- */

static size_t tail_of_x(const chunk *c) {
  const size_t at = c->whole * VL;
  return c->q->blocked ? at / V * c->q->xs.block + at % V : at;
}

static void take_tail(const T *from, size_t stride, size_t rows, size_t rest, T *to) {
  for (size_t i = 0; i < rows; i++)
    for (size_t l = 0; l < VL; l++) to[i * VL + l] = l < rest ? from[i * stride + l] : 0;
}

static void put_tail(const T *from, size_t rows, size_t rest, bool add, T *to, size_t stride) {
  for (size_t i = 0; i < rows; i++)
    for (size_t l = 0; l < rest; l++) to[i * stride + l] = (add ? to[i * stride + l] : 0) + from[i * VL + l];
}

static void view_rest(const chunk *c, const view *whole, bool gradients, view *v) {
  const size_t x_rows = (size_t)c->t->x_rows, paths = (size_t)c->t->paths, at = tail_of_x(c);
  *v = (view){.x_row = VL, .r_row = VL, .vectors = 1, .per_block = 1};
  v->rows = c->rows + c->whole * (size_t)c->t->out_rows * VL;
  for (size_t e = 0; e < c->n; e++) {
    T *x = c->tail[0] + e * x_rows * VL, *r = c->tail[2] + e * paths * VL;
    take_tail(whole->x[e] + at, whole->x_row, x_rows, c->rest, x);
    take_tail(whole->r[e] + c->whole * VL, whole->r_row, paths, c->rest, r);
    v->x[e] = x;
    v->r[e] = r;
    v->dx[e] = c->tail[1] + e * x_rows * VL;
    v->dr[e] = c->tail[3] + e * paths * VL;
  }
  if (gradients) memset(c->tail[1], 0, c->n * x_rows * VL * sizeof(T));
}

static void put_rest(const chunk *c, const view *whole, const view *rest) {
  for (size_t e = 0; e < c->n; e++) {
    put_tail(rest->dx[e], (size_t)c->t->x_rows, c->rest, true, whole->dx[e] + tail_of_x(c), whole->x_row);
    put_tail(rest->dr[e], (size_t)c->t->paths, c->rest, false, whole->dr[e] + c->whole * VL, whole->r_row);
  }
}

/* ---- rows of a receiver: [vector][row][VL] from and to the layout ---- */

static size_t place_of_vector(const chunk *c, size_t j) {
  return c->q->blocked ? j * VL / V * c->q->os.block + j * VL % V : j * VL;
}

static void take_rows(const chunk *c, const T *from) {
  const size_t rows = (size_t)c->t->out_rows, stride = c->q->os.row;
  for (size_t j = 0; j < c->whole; j++)
    for (size_t i = 0; i < rows; i++)
      v_store(c->rows + (j * rows + i) * VL, v_load(from + place_of_vector(c, j) + i * stride));
  if (c->rest) take_tail(from + place_of_vector(c, c->whole), stride, rows, c->rest, c->rows + c->whole * rows * VL);
}

static void put_rows(const chunk *c, T *to) {
  const size_t rows = (size_t)c->t->out_rows, stride = c->q->os.row;
  const size_t full = c->whole + (c->rest > 0 && c->q->blocked);
  for (size_t j = 0; j < full; j++)
    for (size_t i = 0; i < rows; i++)
      v_store(to + place_of_vector(c, j) + i * stride, v_load(c->rows + (j * rows + i) * VL));
  if (c->rest && !c->q->blocked)
    put_tail(c->rows + c->whole * rows * VL, rows, c->rest, false, to + place_of_vector(c, c->whole), stride);
  if (c->q->blocked)
    for (size_t j = full; j * VL % V != 0; j++)
      for (size_t i = 0; i < rows; i++) v_store(to + place_of_vector(c, j) + i * stride, v_zero());
}

/* ---- forward ---- */

/* Sums over the edges of one piece, for `wide` vectors side by side from vector j on. */
INLINE void forward_tile(int rows, int wide, const edge_piece *p, const view *v, size_t edges, const T *m,
                         size_t out_rows, size_t j) {
  const size_t x_at = (size_t)p->x * v->x_row + j / v->per_block * v->step + j % v->per_block * VL;
  const size_t next = j + 1,
               x_next = (size_t)p->x * v->x_row + next / v->per_block * v->step + next % v->per_block * VL;
  const size_t r_at = (size_t)p->path * v->r_row + j * VL;
  vec a[2 * EDGE_ROWS];
  UNROLL for (int i = 0; i < EDGE_ROWS; i++) if (i < rows) a[2 * i] = a[2 * i + 1] = v_zero();
  for (size_t e = 0; e < edges; e++) {
    const T *x = v->x[e], *r = v->r[e] + r_at;
    const vec z0 = v_load(r) * v_load(x + x_at);
    vec z1 = z0;
    if (wide > 1) z1 = v_load(r + VL) * v_load(x + x_next);
    UNROLL for (int i = 0; i < EDGE_ROWS; i++) if (i < rows) {
      const vec k = v_set1(m[(size_t)i * CHUNK + e]);
      a[2 * i] = v_fma(k, z0, a[2 * i]);
      if (wide > 1) a[2 * i + 1] = v_fma(k, z1, a[2 * i + 1]);
    }
  }
  T *const to = v->rows + j * out_rows * VL;
  UNROLL for (int i = 0; i < EDGE_ROWS; i++) if (i < rows) {
    T *row = to + (size_t)p->row[i] * VL;
    v_store(row, v_load(row) + a[2 * i]);
    if (wide < 2) continue;
    row += out_rows * VL;
    v_store(row, v_load(row) + a[2 * i + 1]);
  }
}

INLINE void forward_rows(int rows, const edge_piece *p, const view *v, size_t edges, const T *m, size_t out_rows) {
  size_t j = 0;
  for (; j + 2 <= v->vectors; j += 2) forward_tile(rows, 2, p, v, edges, m, out_rows, j);
  if (j < v->vectors) forward_tile(rows, 1, p, v, edges, m, out_rows, j);
}

#define EACH_COUNT(F) F(1) F(2) F(3) F(4) F(5) F(6) F(7)

static void forward_pieces(const chunk *c, const view *v) {
  for (int32_t i = 0; i < c->t->pieces; i++) {
    const edge_piece *p = &c->t->piece[i];
    const T *m = c->m + (size_t)p->scalar * CHUNK;
    const size_t out_rows = (size_t)c->t->out_rows;
    switch (p->rows) {
#define CASE(rows) \
  case rows: forward_rows(rows, p, v, c->n, m, out_rows); break;
      EACH_COUNT(CASE)
#undef CASE
    }
  }
}

void K(edge_forward)(const edge_tables *t, const edge_span *q, void *work) {
  chunk c = chunk_of(t, q, work);
  const size_t padded = (c.whole + (c.rest > 0)) * (size_t)t->out_rows * VL;
  for (size_t i = 0; i < (size_t)q->edges->receivers; i++) {
    memset(c.rows, 0, padded * sizeof(T));
    while (next_chunk(&c, i)) {
      view whole, rest;
      make_scalars(&c);
      view_whole(&c, &whole);
      forward_pieces(&c, &whole);
      if (!c.rest) continue;
      view_rest(&c, &whole, false, &rest);
      forward_pieces(&c, &rest);
    }
    put_rows(&c, (T *)q->out + i * q->os.node);
  }
}

/* ---- backward ---- */

/* t = sum of M g, dx += R t, dR (+)= x t, dM += sum of R x g over channels; `harmonics`: with dM. */
INLINE void backward_edge(int rows, bool harmonics, bool first, const edge_piece *p, const view *v, size_t e,
                          size_t out_rows, const T *m, T *dm) {
  const size_t x_at = (size_t)p->x * v->x_row, r_at = (size_t)p->path * v->r_row;
  const T *x = v->x[e] + x_at, *r = v->r[e] + r_at, *g = v->rows;
  T *dx = v->dx[e] + x_at, *dr = v->dr[e] + r_at;
  vec k[EDGE_ROWS], s[EDGE_ROWS + 1];
  size_t at[EDGE_ROWS];
  UNROLL for (int i = 0; i < EDGE_ROWS; i++) if (i < rows) {
    k[i] = v_set1(m[(size_t)i * CHUNK + e]);
    s[i] = v_zero();
    at[i] = (size_t)p->row[i] * VL;
  }
  for (size_t left = v->vectors; left > 0;) {
    const size_t here = size_min(left, v->per_block);
    for (size_t j = 0; j < here * VL; j += VL, g += out_rows * VL) {
      const vec xj = v_load(x + j), rj = v_load(r + j), z = xj * rj;
      vec t = v_zero();
      UNROLL for (int i = 0; i < EDGE_ROWS; i++) if (i < rows) {
        const vec gi = v_load(g + at[i]);
        t = v_fma(k[i], gi, t);
        if (harmonics) s[i] = v_fma(z, gi, s[i]);
      }
      v_store(dx + j, v_fma(rj, t, v_load(dx + j)));
      v_store(dr + j, first ? v_fma(xj, t, v_zero()) : v_fma(xj, t, v_load(dr + j)));
    }
    x += v->step, dx += v->step, r += here * VL, dr += here * VL;
    left -= here;
  }
  if (!harmonics) return;
  T sums[8];
  s[rows] = v_zero();
  v_sum4(s[0], s[rows > 1 ? 1 : rows], s[rows > 2 ? 2 : rows], s[rows > 3 ? 3 : rows], sums);
  if (rows > 4) v_sum4(s[4], s[rows > 5 ? 5 : rows], s[rows > 6 ? 6 : rows], s[rows], sums + 4);
  UNROLL for (int i = 0; i < EDGE_ROWS; i++) if (i < rows) dm[(size_t)i * CHUNK + e] += sums[i];
}

INLINE void backward_rows(int rows, bool harmonics, const edge_piece *p, const view *v, size_t from, size_t to,
                          size_t out_rows, const T *m, T *dm) {
  if (p->first)
    for (size_t e = from; e < to; e++) backward_edge(rows, harmonics, true, p, v, e, out_rows, m, dm);
  else
    for (size_t e = from; e < to; e++) backward_edge(rows, harmonics, false, p, v, e, out_rows, m, dm);
}

/* Few edges at a time: what belongs to them stays in the first cache. */
enum { TOGETHER = 4 };

static void backward_pieces(const chunk *c, const view *v) {
  const size_t out_rows = (size_t)c->t->out_rows;
  for (size_t e = 0; e < c->n; e += TOGETHER) {
    const size_t end = size_min(e + TOGETHER, c->n);
    for (int32_t i = 0; i < c->t->pieces; i++) {
      const edge_piece *p = &c->t->piece[i];
      const T *m = c->m + (size_t)p->scalar * CHUNK;
      T *dm = c->dm + (size_t)p->scalar * CHUNK;
      if (c->q->dy) switch (p->rows) {
#define CASE(rows) \
  case rows: backward_rows(rows, true, p, v, e, end, out_rows, m, dm); break;
          EACH_COUNT(CASE)
#undef CASE
        }
      else
        switch (p->rows) {
#define CASE(rows) \
  case rows: backward_rows(rows, false, p, v, e, end, out_rows, m, dm); break;
          EACH_COUNT(CASE)
#undef CASE
        }
    }
  }
}

void K(edge_backward)(const edge_tables *t, const edge_span *q, void *work) {
  chunk c = chunk_of(t, q, work);
  const edge_room room = edge_room_of(t, q->channels, V);
  memset(c.no_x, 0, (room.total - room.no_x) * sizeof(T)); /* added to, but read by nobody */
  for (size_t i = 0; i < (size_t)q->edges->receivers; i++) {
    for (bool taken = false; next_chunk(&c, i); taken = true) {
      if (!taken) take_rows(&c, (const T *)q->g + i * q->os.node);
      view whole, rest;
      make_scalars(&c);
      memset(c.dm, 0, (size_t)t->scalars * CHUNK * sizeof(T));
      view_whole(&c, &whole);
      backward_pieces(&c, &whole);
      if (c.rest) {
        view_rest(&c, &whole, true, &rest);
        backward_pieces(&c, &rest);
        put_rest(&c, &whole, &rest);
      }
      if (q->dy) put_harmonics(&c);
    }
  }
}
