/* The convolution along edges and its gradients: a chunk of edges of one receiver at a time, piece by piece (edge.h).
 */
#include "edge.h"
#include "isa.h"

#include "transpose.h"

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
  const T *g;                      /* of the receiver, packed: [vector][out_rows][VL] */
  T *out;                          /* forward: the receiver's */
  size_t out_row, out_step;
  bool begun; /* out holds sums of former chunks */
} view;

/* Where vector j is. */
INLINE size_t x_place(const view *v, size_t j) { return j / v->per_block * v->step + j % v->per_block * VL; }

INLINE size_t out_place(const view *v, size_t j) { return j / v->per_block * v->out_step + j % v->per_block * VL; }

typedef struct chunk {
  const edge_tables *t;
  const edge_span *q;
  size_t from, n;     /* edges */
  size_t whole, rest; /* vectors, channels beside them */
  T *y, *dy, *m, *dm; /* [row or scalar][CHUNK] */
  T *sums[2];         /* [CHUNK][pitch] of whole vectors and of the rest: gradients by m */
  size_t pitch;
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
                 .sums = {w + room.sums, w + room.sums + CHUNK * edge_pitch(t, V)},
                 .pitch = edge_pitch(t, V),
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
    for (size_t e = 0; e < edges; e += 2 * VL) {
      vec a = v_zero(), b = v_zero();
      for (int32_t i = s->from[j]; i < s->from[j + 1]; i++) {
        const T *z = from + (size_t)s->at[i] * CHUNK + e;
        a = v_fma(v_set1(k[i]), v_load(z), a);
        b = v_fma(v_set1(k[i]), v_load(z + VL), b);
      }
      v_store(to + (size_t)j * CHUNK + e, a);
      v_store(to + (size_t)j * CHUNK + e + VL, b);
    }
}

static void make_scalars(chunk *c) {
  const size_t rows = (size_t)c->t->y_rows, full = size_min((c->n + VL - 1) / VL * VL, CHUNK);
  for (size_t e = 0; e < c->n; e++) {
    const T *y = (const T *)c->q->y + row_of_edge(c, e) * rows;
    for (size_t j = 0; j < rows; j++) c->y[j * CHUNK + e] = y[j];
  }
  for (size_t e = c->n; e < full; e++)
    for (size_t j = 0; j < rows; j++) c->y[j * CHUNK + e] = 0;
  const T *k = (const T *)c->t->k;
  for (int32_t j = 0; j < c->t->scalars; j++, k += 2) {
    const edge_scalar *s = &c->t->scalar[j];
    const T *a = c->y + (size_t)s->at[0] * CHUNK, *b = c->y + (size_t)s->at[1] * CHUNK;
    T *m = c->m + (size_t)j * CHUNK;
    const vec ka = v_set1(k[0]), kb = v_set1(k[1]);
    for (size_t e = 0; e < full; e += VL) v_store(m + e, v_fma(ka, v_load(a + e), kb * v_load(b + e)));
  }
}

/* Sums of edges become edges side by side. */
static void turn_sums(const chunk *c) {
  for (size_t e = 0; e < c->n; e += VL)
    for (size_t j = 0; j < (size_t)c->t->scalars; j += VL) {
      vec r[VL];
      UNROLL_VL for (size_t i = 0; i < VL; i++) r[i] = v_load(c->sums[0] + (e + i) * c->pitch + j);
      if (c->rest)
        for (size_t i = 0; i < VL; i++) r[i] += v_load(c->sums[1] + (e + i) * c->pitch + j);
      v_transpose(r);
      UNROLL_VL for (size_t i = 0; i < VL; i++) v_store(c->dm + (j + i) * CHUNK + e, r[i]);
    }
}

static void put_harmonics(chunk *c) {
  const size_t rows = (size_t)c->t->y_rows;
  turn_sums(c);
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
  v->g = c->rows;
  v->out_row = q->os.row;
  v->out_step = q->os.block;
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
  *v = (view){.x_row = VL, .r_row = VL, .vectors = 1, .per_block = 1, .out_row = VL, .begun = whole->begun};
  v->g = v->out = c->rows + c->whole * (size_t)c->t->out_rows * VL;
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

/* ---- rows of a receiver ---- */

static size_t place_of_vector(const chunk *c, size_t j) {
  return c->q->blocked ? j * VL / V * c->q->os.block + j * VL % V : j * VL;
}

static void take_rows(const chunk *c, const T *from) {
  const size_t rows = (size_t)c->t->out_rows, stride = c->q->os.row;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < c->whole; j++)
      v_store(c->rows + (j * rows + i) * VL, v_load(from + place_of_vector(c, j) + i * stride));
  if (c->rest) take_tail(from + place_of_vector(c, c->whole), stride, rows, c->rest, c->rows + c->whole * rows * VL);
}

/* What is no whole vector, and the padding of blocks. */
static void put_out(const chunk *c, T *to) {
  const size_t rows = (size_t)c->t->out_rows, stride = c->q->os.row;
  const size_t full = c->whole + (c->rest > 0);
  if (c->rest) {
    const T *from = c->rows + c->whole * rows * VL;
    for (size_t i = 0; i < rows; i++)
      for (size_t l = 0; l < (c->q->blocked ? VL : c->rest); l++)
        to[place_of_vector(c, c->whole) + i * stride + l] = from[i * VL + l];
  }
  if (c->q->blocked)
    for (size_t j = full; j * VL % V != 0; j++)
      for (size_t i = 0; i < rows; i++) v_store(to + place_of_vector(c, j) + i * stride, v_zero());
}

/* ---- forward ---- */

/* Sums over the edges of one piece, for `wide` vectors from vector j on. */
INLINE void forward_tile(int rows, int wide, const edge_piece *p, const view *v, size_t edges, const T *m, size_t j) {
  const size_t x_at = (size_t)p->x * v->x_row + x_place(v, j), x_next = (size_t)p->x * v->x_row + x_place(v, j + 1);
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
  T *const to = v->out + out_place(v, j);
  const size_t ahead = out_place(v, j + 1) - out_place(v, j);
  UNROLL for (int i = 0; i < EDGE_ROWS; i++) if (i < rows) {
    T *row = to + (size_t)p->row[i] * v->out_row;
    v_store(row, v_load(row) + a[2 * i]);
    if (wide > 1) v_store(row + ahead, v_load(row + ahead) + a[2 * i + 1]);
  }
}

INLINE void forward_rows(int rows, const edge_piece *p, const view *v, size_t edges, const T *m) {
  size_t j = 0;
  for (; j + 2 <= v->vectors; j += 2) forward_tile(rows, 2, p, v, edges, m, j);
  if (j < v->vectors) forward_tile(rows, 1, p, v, edges, m, j);
}

#define EACH_COUNT(F) F(1) F(2) F(3) F(4) F(5) F(6) F(7)

static void forward_piece(const chunk *c, const view *v, const edge_piece *p) {
  const T *m = c->m + (size_t)p->scalar * CHUNK;
  switch (p->rows) {
#define CASE(rows) \
  case rows: forward_rows(rows, p, v, c->n, m); break;
    EACH_COUNT(CASE)
#undef CASE
  }
}

static void clear_rows(const view *v, const edge_path *p) {
  for (size_t i = 0; i < 2 * (size_t)p->l3 + 1; i++)
    for (size_t j = 0; j < v->vectors; j++)
      v_store(v->out + out_place(v, j) + ((size_t)p->out + i) * v->out_row, v_zero());
}

INLINE void put_sum(T *to, bool add, vec sum) {
  if (add) sum += v_load(to);
  v_store(to, sum);
}

/* All of a path of constant degrees at once, `wide` vectors from vector j on. */
INLINE void path_tile(int l1, int l2, int l3, int wide, const edge_path *p, size_t path, const view *v, size_t edges,
                      const T *m, size_t j) {
  const int n3 = 2 * l3 + 1;
  const size_t here = x_place(v, j), next = x_place(v, j + 1) - here;
  const size_t x_at = (size_t)p->x * v->x_row + here, r_at = path * v->r_row + j * VL;
  vec a[2 * 7];
  UNROLL for (int k = 0; k < 7; k++) if (k < n3) a[2 * k] = a[2 * k + 1] = v_zero();
  for (size_t e = 0; e < edges; e++) {
    const T *x = v->x[e] + x_at, *r = v->r[e] + r_at;
    const vec r0 = v_load(r);
    vec r1 = r0;
    if (wide > 1) r1 = v_load(r + VL);
    if (l3 == 0) { /* the weight last */
      vec t0 = v_zero(), t1 = v_zero();
      UNROLL for (int i = 0; i < 5; i++, x += v->x_row) if (i < 2 * l1 + 1) {
        const vec k = v_set1(m[(size_t)i * CHUNK + e]);
        t0 = v_fma(k, v_load(x), t0);
        if (wide > 1) t1 = v_fma(k, v_load(x + next), t1);
      }
      a[0] = v_fma(r0, t0, a[0]);
      if (wide > 1) a[1] = v_fma(r1, t1, a[1]);
      continue;
    }
    size_t scalar = 0;
    UNROLL for (int i = 0; i < 5; i++, x += v->x_row) if (i < 2 * l1 + 1) {
      const vec z0 = r0 * v_load(x);
      vec z1 = z0;
      if (wide > 1) z1 = r1 * v_load(x + next);
      UNROLL for (int k = 0; k < 7; k++) if (k < n3 && edge_couples(l1, l2, l3, i - l1, k - l3)) {
        const vec s = v_set1(m[scalar++ * CHUNK + e]);
        a[2 * k] = v_fma(s, z0, a[2 * k]);
        if (wide > 1) a[2 * k + 1] = v_fma(s, z1, a[2 * k + 1]);
      }
    }
  }
  T *row = v->out + out_place(v, j) + (size_t)p->out * v->out_row;
  const size_t ahead = out_place(v, j + 1) - out_place(v, j);
  const bool add = v->begun || !p->fresh;
  UNROLL for (int k = 0; k < 7; k++, row += v->out_row) if (k < n3) {
    put_sum(row, add, a[2 * k]);
    if (wide > 1) put_sum(row + ahead, add, a[2 * k + 1]);
  }
}

/* 7 rows of two vectors and what they are made of take more than 16 registers. */
#define WIDE(l3) ((l3) < 3 || WEYL_LEVEL == 2 ? 2 : 1)

#define WRITTEN_PATH(l1, l2, l3)                                                                            \
  static void path_##l1##l2##l3(const edge_path *p, size_t path, const view *v, size_t edges, const T *m) { \
    size_t j = 0;                                                                                           \
    if (WIDE(l3) == 2)                                                                                      \
      for (; j + 2 <= v->vectors; j += 2) path_tile(l1, l2, l3, 2, p, path, v, edges, m, j);                \
    for (; j < v->vectors; j++) path_tile(l1, l2, l3, 1, p, path, v, edges, m, j);                          \
  }
/* clang-format off */
#define WRITTEN_PATHS(F)                                                                                              \
  F(0, 0, 0) F(0, 1, 1) F(0, 2, 2) F(0, 3, 3) F(1, 0, 1) F(1, 1, 0) F(1, 1, 1) F(1, 1, 2) F(1, 2, 1) F(1, 2, 2)       \
  F(1, 2, 3) F(1, 3, 2) F(1, 3, 3) F(2, 0, 2) F(2, 1, 1) F(2, 1, 2) F(2, 1, 3) F(2, 2, 0) F(2, 2, 1) F(2, 2, 2)       \
  F(2, 2, 3) F(2, 3, 1) F(2, 3, 2) F(2, 3, 3)
/* clang-format on */
WRITTEN_PATHS(WRITTEN_PATH)

static void forward_paths(const chunk *c, const view *v) {
  for (int32_t i = 0; i < c->t->paths; i++) {
    const edge_path *p = &c->t->path[i];
    if (!p->written) {
      if (!v->begun && p->fresh) clear_rows(v, p);
      for (int32_t k = 0; k < p->pieces; k++) forward_piece(c, v, &c->t->piece[p->piece + k]);
      continue;
    }
    const T *m = c->m + (size_t)p->scalar * CHUNK;
    switch (16 * p->l1 + 4 * p->l2 + p->l3) {
#define CASE(l1, l2, l3) \
  case 16 * l1 + 4 * l2 + l3: path_##l1##l2##l3(p, (size_t)i, v, c->n, m); break;
      WRITTEN_PATHS(CASE)
#undef CASE
    }
  }
}

void K(edge_forward)(const edge_tables *t, const edge_span *q, void *work) {
  chunk c = chunk_of(t, q, work);
  const size_t rest_at = c.whole * (size_t)t->out_rows * VL;
  for (size_t i = 0; i < (size_t)q->edges->receivers; i++) {
    T *const out = (T *)q->out + i * q->os.node;
    bool begun = false;
    for (; next_chunk(&c, i); begun = true) {
      view whole, rest;
      if (!begun && !t->covered) {
        memset(out, 0, q->os.node * sizeof(T));
        memset(c.rows + rest_at, 0, (size_t)t->out_rows * VL * sizeof(T));
      }
      make_scalars(&c);
      view_whole(&c, &whole);
      whole.out = out;
      whole.begun = begun || !t->covered;
      forward_paths(&c, &whole);
      if (!c.rest) continue;
      view_rest(&c, &whole, false, &rest);
      forward_paths(&c, &rest);
    }
    if (begun)
      put_out(&c, out);
    else
      memset(out, 0, q->os.node * sizeof(T));
  }
}

/* ---- backward ---- */

/* sums[i] = the sum over lanes of s[i] for i < n; up to the next multiple of 4 is written. */
INLINE void put_sums(int n, const vec *s, T *sums) {
  const vec none = v_zero();
  v_sum4(s[0], n > 1 ? s[1] : none, n > 2 ? s[2] : none, n > 3 ? s[3] : none, sums);
  if (n > 4) v_sum4(s[4], n > 5 ? s[5] : none, n > 6 ? s[6] : none, none, sums + 4);
}

/* sum += k times the vector at p, as the one instruction it is: the compilers would load vectors before the loop, and
 * spill sums in it. */
#if WEYL_LEVEL == 1
#define ADD_FROM(sum, k, p)                                              \
  __asm__(F32_OR_F64("vfmadd231ps %2, %1, %0", "vfmadd231pd %2, %1, %0") \
          : "+x"(sum)                                                    \
          : "x"(k), "m"(*(const vec *)(const void *)(p)))
#else
#define ADD_FROM(sum, k, p) sum = v_fma(k, v_load(p), sum)
#endif
enum { IN_REGISTERS = WEYL_LEVEL == 2 ? EDGE_ROWS : 5 }; /* scalars that are kept there beside as many sums */

/* t = sum of M g, dx += R t, dR (+)= x t, dM = sum of R x g over channels; `harmonics`: with dM. */
INLINE void backward_edge(int rows, bool harmonics, bool first, bool beside, const edge_piece *p, const view *v,
                          size_t e, size_t out_rows, const T *m, T *sums) {
  const size_t x_at = (size_t)p->x * v->x_row, r_at = (size_t)p->path * v->r_row;
  const T *x = v->x[e] + x_at, *r = v->r[e] + r_at, *g = v->g + (beside ? (size_t)p->row[0] * VL : 0);
  T *dx = v->dx[e] + x_at, *dr = v->dr[e] + r_at;
  vec k[EDGE_ROWS], s[EDGE_ROWS];
  T spread[EDGE_ROWS * VL];
  size_t at[EDGE_ROWS];
  UNROLL for (int i = 0; i < EDGE_ROWS; i++) if (i < rows) {
    k[i] = v_set1(m[(size_t)i * CHUNK + e]);
    v_store(spread + i * VL, k[i]);
    s[i] = v_zero();
    at[i] = beside ? (size_t)i * VL : (size_t)p->row[i] * VL;
  }
  for (size_t left = v->vectors; left > 0;) {
    const size_t here = size_min(left, v->per_block);
    for (size_t j = 0; j < here * VL; j += VL, g += out_rows * VL) {
      const vec xj = v_load(x + j), rj = v_load(r + j), z = xj * rj;
      vec t = v_zero(), u = v_zero(), d = v_zero(); /* t in two chains: one would be as long as the loop */
      UNROLL for (int i = 0; i < EDGE_ROWS; i++) if (i < rows) {
        const vec gi = v_load(g + at[i]);
        if (harmonics && rows > IN_REGISTERS && i % 2 == 0)
          ADD_FROM(t, gi, spread + i * VL);
        else if (harmonics && rows > IN_REGISTERS)
          ADD_FROM(u, gi, spread + i * VL);
        else if (i % 2 == 0)
          t = v_fma(k[i], gi, t);
        else
          u = v_fma(k[i], gi, u);
        if (harmonics) s[i] = v_fma(z, gi, s[i]);
      }
      if (rows > 1) t += u;
      v_store(dx + j, v_fma(rj, t, v_load(dx + j)));
      if (!first) d = v_load(dr + j);
      v_store(dr + j, v_fma(xj, t, d));
    }
    x += v->step, dx += v->step, r += here * VL, dr += here * VL;
    left -= here;
  }
  if (harmonics) put_sums(rows, s, sums);
}

/* All pieces of a path at once, if each has one row. */
INLINE void backward_single(int pieces, bool harmonics, const edge_piece *p, const view *v, size_t e, size_t out_rows,
                            const T *m, T *sums) {
  const size_t r_at = (size_t)p->path * v->r_row;
  const T *x = v->x[e], *r = v->r[e] + r_at, *g = v->g;
  T *dx = v->dx[e], *dr = v->dr[e] + r_at;
  vec k[5], s[5];
  size_t at[5], x_at[5];
  UNROLL for (int i = 0; i < 5; i++) if (i < pieces) {
    k[i] = v_set1(m[(size_t)i * CHUNK + e]);
    s[i] = v_zero();
    at[i] = (size_t)p[i].row[0] * VL;
    x_at[i] = (size_t)p[i].x * v->x_row;
  }
  for (size_t left = v->vectors; left > 0;) {
    const size_t here = size_min(left, v->per_block);
    for (size_t j = 0; j < here * VL; j += VL, g += out_rows * VL) {
      const vec rj = v_load(r + j);
      vec d = v_zero();
      UNROLL for (int i = 0; i < 5; i++) if (i < pieces) {
        const vec xj = v_load(x + x_at[i] + j), gi = v_load(g + at[i]), t = k[i] * gi;
        if (harmonics) s[i] = v_fma(xj * rj, gi, s[i]);
        v_store(dx + x_at[i] + j, v_fma(rj, t, v_load(dx + x_at[i] + j)));
        d = v_fma(xj, t, d);
      }
      v_store(dr + j, d);
    }
    x += v->step, dx += v->step, r += here * VL, dr += here * VL;
    left -= here;
  }
  if (harmonics) put_sums(pieces, s, sums);
}

INLINE void backward_edges(int rows, bool harmonics, bool first, bool beside, const edge_piece *p, const view *v,
                           size_t from, size_t to, size_t out_rows, size_t pitch, const T *m, T *sums) {
  for (size_t e = from; e < to; e++)
    backward_edge(rows, harmonics, first, beside, p, v, e, out_rows, m, sums + e * pitch);
}

INLINE void backward_rows(int rows, bool harmonics, const edge_piece *p, const view *v, size_t from, size_t to,
                          size_t out_rows, size_t pitch, const T *m, T *sums) {
  const bool beside = p->row[rows - 1] - p->row[0] == rows - 1; /* addresses are constants then */
  if (p->first && beside)
    backward_edges(rows, harmonics, true, true, p, v, from, to, out_rows, pitch, m, sums);
  else if (p->first)
    backward_edges(rows, harmonics, true, false, p, v, from, to, out_rows, pitch, m, sums);
  else if (beside)
    backward_edges(rows, harmonics, false, true, p, v, from, to, out_rows, pitch, m, sums);
  else
    backward_edges(rows, harmonics, false, false, p, v, from, to, out_rows, pitch, m, sums);
}

/* Few edges at a time: what belongs to them stays in the first cache. */
enum { TOGETHER = 4 };

INLINE void backward_pieces(bool harmonics, const chunk *c, const view *v, T *all_sums) {
  const size_t out_rows = (size_t)c->t->out_rows;
  for (size_t from = 0; from < c->n; from += TOGETHER) {
    const size_t to = size_min(from + TOGETHER, c->n);
    for (int32_t i = 0; i < c->t->paths; i++) {
      const edge_path *path = &c->t->path[i];
      const edge_piece *p = c->t->piece + path->piece;
      const T *m = c->m + (size_t)path->scalar * CHUNK;
      T *sums = all_sums + path->scalar;
      if (path->single) switch (path->pieces) {
#define CASE(n)                                                                                                  \
  case n:                                                                                                        \
    for (size_t e = from; e < to; e++) backward_single(n, harmonics, p, v, e, out_rows, m, sums + e * c->pitch); \
    continue;
          CASE(1) CASE(3) CASE(5)
#undef CASE
        }
      for (int32_t k = 0; k < path->pieces; k++, m += (size_t)p->rows * CHUNK, sums += p->rows, p++) switch (p->rows) {
#define CASE(rows) \
  case rows: backward_rows(rows, harmonics, p, v, from, to, out_rows, c->pitch, m, sums); break;
          EACH_COUNT(CASE)
#undef CASE
        }
    }
  }
}

static void backward_view(const chunk *c, const view *v, T *sums) {
  if (c->q->dy)
    backward_pieces(true, c, v, sums);
  else
    backward_pieces(false, c, v, sums);
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
      view_whole(&c, &whole);
      backward_view(&c, &whole, c.sums[0]);
      if (c.rest) {
        view_rest(&c, &whole, true, &rest);
        backward_view(&c, &rest, c.sums[1]);
        put_rest(&c, &whole, &rest);
      }
      if (q->dy) put_harmonics(&c);
    }
  }
}
