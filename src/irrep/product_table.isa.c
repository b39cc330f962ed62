/* The product as a loop over tables: any blocks, any paths.  Four vectors of channels at a time, gathered from as many
 * channel blocks of as many samples as that takes into arrays [row][4 vectors]. */
#include "product_code.h"

enum { R = PRODUCT_TABLE_VECTORS, LANES = R * VL };

/* Where the channels of the vectors in hand are: block number f of all samples' blocks. */
typedef struct place {
  size_t sample[R], block[R], lane[R];
  int vectors;
  size_t channel; /* of the first */
} place;

/* Vectors from number `from` on; a block holds V / VL.  Tiles begin where a sample begins unless it is longer. */
static place place_of(const product_span *q, size_t from) {
  const size_t per_block = V / VL, per_sample = (q->blocks - 1) * per_block + (q->last + VL - 1) / VL;
  place p = {.vectors = 0};
  for (int r = 0; r < R; r++) {
    const size_t v = from + (size_t)r, sample = v / per_sample, rest = v % per_sample;
    if (sample >= q->samples) break;
    p.sample[r] = sample;
    p.block[r] = rest / per_block;
    p.lane[r] = rest % per_block * VL;
    p.vectors++;
  }
  return p;
}

static void gather_rows(const place *p, int32_t rows, const T *x, size_t xs, size_t xb, T *to) {
  for (int r = 0; r < p->vectors; r++) {
    const T *from = x + p->sample[r] * xs + p->block[r] * xb + p->lane[r];
    for (int32_t i = 0; i < rows; i++) v_store(to + (size_t)i * LANES + r * VL, v_load(from + (size_t)i * V));
  }
}

static void put_rows(const place *p, int32_t rows, const T *from, T *x, size_t xs, size_t xb, bool add) {
  for (int r = 0; r < p->vectors; r++) {
    T *to = x + p->sample[r] * xs + p->block[r] * xb + p->lane[r];
    for (int32_t i = 0; i < rows; i++) {
      vec v = v_load(from + (size_t)i * LANES + r * VL);
      if (add) v += v_load(to + (size_t)i * V);
      v_store(to + (size_t)i * V, v);
    }
  }
}

INLINE void load_row(const T *x, int32_t row, vec v[R]) {
  UNROLL for (int r = 0; r < R; r++) v[r] = v_load(x + (size_t)row * LANES + r * VL);
}

INLINE void store_row(T *x, int32_t row, const vec v[R]) {
  UNROLL for (int r = 0; r < R; r++) v_store(x + (size_t)row * LANES + r * VL, v[r]);
}

static void make_forms(const product_couple *c, const T *x, const T *y, T *z) {
  for (int32_t i = 0; i < c->forms; i++) {
    const product_form f = c->form[i];
    vec a[R], b[R];
    load_row(x, f.x1, a);
    load_row(y, f.y1, b);
    UNROLL for (int r = 0; r < R; r++) a[r] = v_mul(a[r], b[r]);
    if (f.sign > 0)
      UNROLL for (int r = 0; r < R; r++) a[r] =
          v_fma(v_load(x + (size_t)f.x2 * LANES + r * VL), v_load(y + (size_t)f.y2 * LANES + r * VL), a[r]);
    else if (f.sign < 0)
      UNROLL for (int r = 0; r < R; r++) a[r] =
          v_fma_neg(v_load(x + (size_t)f.x2 * LANES + r * VL), v_load(y + (size_t)f.y2 * LANES + r * VL), a[r]);
    store_row(z, i, a);
  }
}

INLINE void sum_of(const product_entries *e, int32_t j, const T *z, vec s[R]) {
  const T *k = (const T *)e->k;
  UNROLL for (int r = 0; r < R; r++) s[r] = v_zero();
  for (int32_t i = e->from[j]; i < e->from[j + 1]; i++) {
    const vec ki = v_set1(k[i]);
    const T *from = z + (size_t)e->at[i] * LANES;
    UNROLL for (int r = 0; r < R; r++) s[r] = v_fma(ki, v_load(from + r * VL), s[r]);
  }
}

static bool present(const product_couple *c, const place *p) { return p->channel < (size_t)c->channels; }

static T *part(T **scratch, int32_t rows) {
  T *mine = *scratch;
  *scratch += (size_t)rows * LANES;
  return mine;
}

/* The lowest channel of the place: couples of fewer channels have nothing there. */
static size_t first_channel(const place *p) {
  size_t least = SIZE_MAX;
  for (int r = 0; r < p->vectors; r++) {
    const size_t channel = p->block[r] * V + p->lane[r];
    if (channel < least) least = channel;
  }
  return least;
}

void PRODUCT_NAME(product_table_forward)(const product_table *t, const product_span *q, void *scratch) {
  T *s = (T *)scratch;
  T *x = part(&s, t->x_rows), *y = part(&s, t->y_rows), *w = part(&s, t->paths), *out = part(&s, t->out_rows), *z = s;
  memset(scratch, 0, (size_t)(s - (T *)scratch) * sizeof(T));
  place p;
  for (size_t from = 0; (p = place_of(q, from)).vectors > 0; from += R) {
    p.channel = first_channel(&p);
    gather_rows(&p, t->x_rows, (const T *)q->x, q->xs, q->xb, x);
    gather_rows(&p, t->y_rows, (const T *)q->y, q->ys, q->yb, y);
    gather_rows(&p, t->paths, (const T *)q->w, q->ws, q->wb, w);
    memset(out, 0, (size_t)t->out_rows * LANES * sizeof(T));
    for (int32_t i = 0; i < t->couples; i++) {
      const product_couple *c = &t->couple[i];
      if (!present(c, &p)) continue;
      make_forms(c, x, y, z);
      for (int32_t j = 0; j < c->targets; j++) {
        vec sum[R], to[R], weight[R];
        sum_of(&c->sums, j, z, sum);
        load_row(out, c->row[j], to);
        load_row(w, c->path[j], weight);
        UNROLL for (int r = 0; r < R; r++) to[r] = v_fma(weight[r], sum[r], to[r]);
        store_row(out, c->row[j], to);
      }
    }
    put_rows(&p, t->out_rows, out, (T *)q->out, q->os, q->ob, false);
  }
}

INLINE void add_row_product(T *x, int32_t row, const vec a[R], const T *y, int32_t y_row, bool minus) {
  vec to[R], b[R];
  load_row(x, row, to);
  load_row(y, y_row, b);
  UNROLL for (int r = 0; r < R; r++) to[r] = minus ? v_fma_neg(a[r], b[r], to[r]) : v_fma(a[r], b[r], to[r]);
  store_row(x, row, to);
}

static void couple_backward(const product_couple *c, const T *x, const T *y, const T *w, const T *g, T *dx, T *dy,
                            T *z) {
  for (int32_t j = 0; j < c->targets; j++) { /* z: the gradient of every target, weighted */
    vec a[R], b[R];
    load_row(w, c->path[j], a);
    load_row(g, c->row[j], b);
    UNROLL for (int r = 0; r < R; r++) a[r] = v_mul(a[r], b[r]);
    store_row(z, j, a);
  }
  for (int32_t i = 0; i < c->forms; i++) {
    const product_form f = c->form[i];
    vec d[R];
    sum_of(&c->back, i, z, d);
    add_row_product(dx, f.x1, d, y, f.y1, false);
    add_row_product(dy, f.y1, d, x, f.x1, false);
    if (f.sign == 0) continue;
    add_row_product(dx, f.x2, d, y, f.y2, f.sign < 0);
    add_row_product(dy, f.y2, d, x, f.x2, f.sign < 0);
  }
}

static void couple_weights(const product_couple *c, const T *x, const T *y, const T *g, T *dw, T *z) {
  make_forms(c, x, y, z);
  for (int32_t j = 0; j < c->targets; j++) {
    vec sum[R], to[R], with[R];
    sum_of(&c->sums, j, z, sum);
    load_row(dw, c->path[j], to);
    load_row(g, c->row[j], with);
    UNROLL for (int r = 0; r < R; r++) to[r] = v_fma(with[r], sum[r], to[r]);
    store_row(dw, c->path[j], to);
  }
}

void PRODUCT_NAME(product_table_backward)(const product_table *t, const product_span *q, bool weights, void *scratch) {
  T *s = (T *)scratch;
  T *x = part(&s, t->x_rows), *y = part(&s, t->y_rows), *w = part(&s, t->paths), *g = part(&s, t->out_rows);
  T *dx = part(&s, t->x_rows), *dy = part(&s, t->y_rows), *dw = part(&s, t->paths), *z = s;
  memset(scratch, 0, (size_t)(s - (T *)scratch) * sizeof(T));
  place p;
  for (size_t from = 0; (p = place_of(q, from)).vectors > 0; from += R) {
    p.channel = first_channel(&p);
    gather_rows(&p, t->x_rows, (const T *)q->x, q->xs, q->xb, x);
    gather_rows(&p, t->y_rows, (const T *)q->y, q->ys, q->yb, y);
    gather_rows(&p, t->paths, (const T *)q->w, q->ws, q->wb, w);
    gather_rows(&p, t->out_rows, (const T *)q->g, q->os, q->ob, g);
    memset(dx, 0, (size_t)(z - dx) * sizeof(T));
    for (int32_t i = 0; i < t->couples; i++) {
      const product_couple *c = &t->couple[i];
      if (!present(c, &p)) continue;
      couple_backward(c, x, y, w, g, dx, dy, z);
      if (weights) couple_weights(c, x, y, g, dw, z);
    }
    put_rows(&p, t->x_rows, dx, (T *)q->dx, q->xs, q->xb, false);
    put_rows(&p, t->y_rows, dy, (T *)q->dy, q->dys, q->dyb, false);
    if (weights) put_rows(&p, t->paths, dw, (T *)q->dw, q->ws, q->wb, true);
  }
}
