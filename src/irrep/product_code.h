/* The words that written code (generate/) and the loop over tables are made of: vectors of one instruction set and
 * type. */
#ifndef WEYL_IRREP_PRODUCT_CODE_H
#define WEYL_IRREP_PRODUCT_CODE_H

#include "simd.h"

#include "product.h"

#define PRODUCT_NAME(name) KERNEL_JOIN(WEYL_ISA, WEYL_TYPE, name)

#define F(name, args) void PRODUCT_NAME(name) args;
PRODUCT_KERNELS(F)
#undef F
extern const product_unit PRODUCT_NAME(product_full_forward)[], PRODUCT_NAME(product_full_backward)[],
    PRODUCT_NAME(product_full_gradients)[], PRODUCT_NAME(product_even_forward)[], PRODUCT_NAME(product_even_backward)[],
    PRODUCT_NAME(product_even_gradients)[];

enum { V = 64 / sizeof(T) }; /* channels of a block */

INLINE vec v_mul(vec a, vec b) { return a * b; }

INLINE vec v_fma_neg(vec a, vec b, vec c) { /* c - a b */
#if WEYL_LEVEL == 0
  return c - a * b;
#else
  return V_(fnmadd)(a, b, c);
#endif
}

/* plus = a b + c d, minus = a b - c d.  Additions have ports of their own on the AVX2 machines measured (Zen 3), so two
 * products and two additions beat one product and two that add; where they share ports it is the other way round. */
#if WEYL_LEVEL == 1
#define BOTH(plus, minus, a, b, c, d) \
  const vec q##plus = v_mul(a, b), r##plus = v_mul(c, d), plus = q##plus + r##plus, minus = q##plus - r##plus
#else
#define BOTH(plus, minus, a, b, c, d) \
  const vec q##plus = v_mul(a, b), plus = v_fma(c, d, q##plus), minus = v_fma_neg(c, d, q##plus)
#endif

/* A vector that several products read: from a register that the compiler cannot fill from memory again for each of
 * them, which is what it does, and loads would bind. */
#if defined(__x86_64__)
#define HOLD(name, from) \
  vec name = from;       \
  __asm__("" : "+v"(name));
#else
#define HOLD(name, from) const vec name = from;
#endif
#define X(r) v_load(x + (r)*V)
#define Y(r) v_load(y + (r)*V)
#define G(r) v_load(g + (r)*V)
#define W(r) v_load(w + (r)*V)
#undef K
#define K(i)                 v_set1(k[i])
#define ADD(a, b)            a = a + (b)
#define SUB(a, b)            a = a - (b)
#define ADD_PRODUCT(a, b, c) a = v_fma(b, c, a)
#define SUB_PRODUCT(a, b, c) a = v_fma_neg(b, c, a)
#define AT(p, r)             v_load(p + (r)*V)
#define PUT(p, r, v)         v_store(p + (r)*V, v)
#define ADD_TO(p, r, a, b)   v_store(p + (r)*V, v_fma(a, b, AT(p, r)))
#define KEEP_SUM(p, r, v)    v_store(p + (r)*V, AT(p, r) + (v))

/* The constants are behind a pointer that the compiler cannot see through in each round: it would load hundreds of them
 * before the loop, and spill them. */
#define CONSTANTS(name)  \
  const T *k = name##_k; \
  __asm__("" : "+r"(k)); \
  (void)k

/* What is brought near. The function of all pairs looks one sample ahead, into L1: each vector of a block asks for its
 * share of the lines. Functions of a pair look as far as their next call, into L2, each by its share of the work: many
 * lines at once would fill the buffers for misses and stop. */
#define AHEAD(p, step, rows)                                                           \
  for (size_t lane_ = (size_t)(x - start), r_ = lane_ / VL; r_ < (rows); r_ += V / VL) \
    __builtin_prefetch(p + (step) + r_ * V - lane_, 0, 3);
#if defined(PRODUCT_WAY_forward)
#define AHEAD_ALL(rows) \
  AHEAD(x, q->xs, rows) \
  AHEAD(y, q->ys, rows) \
  AHEAD(o, q->os, rows)
enum { NEAR = 3 };
#else
#define AHEAD_ALL(rows)  \
  AHEAD(x, q->xs, rows)  \
  AHEAD(y, q->ys, rows)  \
  AHEAD(g, q->os, rows)  \
  AHEAD(dx, q->xs, rows) \
  AHEAD(dy, q->dys, rows)
enum { NEAR = 5 };
#endif

INLINE void bring_near(const product_span *q, size_t block) {
  size_t at = 64 * block * q->near_lines;
  for (const size_t end = at + 64 * q->near_lines; at < end; at += 64)
    UNROLL for (int i = 0; i < NEAR; i++) __builtin_prefetch(q->near[i] + at, 0, 2);
}

#define LOOK_AHEAD bring_near(q, (sample + 1) * q->blocks - left);
#define FUNCTION(name)                                         \
  static void name(const product_span *q, size_t first_path) { \
    for (size_t sample = 0; sample < q->samples; sample++) {   \
      const T *x_next = (const T *)q->x + sample * q->xs;      \
      const T *y_next = (const T *)q->y + sample * q->ys;      \
      const T *w_next = (const T *)q->w + sample * q->ws + first_path * V;

#ifdef PRODUCT_WAY_forward
#define FORWARD(name, LOOK)                                                                                  \
  FUNCTION(name)                                                                                             \
  T *o_next = (T *)q->out + sample * q->os;                                                                  \
  for (size_t left = q->blocks; left > 0; left--) {                                                          \
    LOOK const T *restrict x = x_next, *restrict y = y_next, *restrict w = w_next;                           \
    T *restrict o = o_next;                                                                                  \
    x_next += q->xb, y_next += q->yb, w_next += q->wb, o_next += q->ob;                                      \
    const T *start = x;                                                                                      \
    (void)start;                                                                                             \
    for (const T *end = x + (left > 1 ? (size_t)V : q->last); x < end; x += VL, y += VL, w += VL, o += VL) { \
      CONSTANTS(name);
#else
#define GRADIENTS(name, LOOK, DW_SAMPLE, DW_BLOCK, DW_BEGIN, DW_VECTOR)                                               \
  FUNCTION(name)                                                                                                      \
  const T *g_next = (const T *)q->g + sample * q->os;                                                                 \
  T *dx_next = (T *)q->dx + sample * q->xs, *dy_next = (T *)q->dy + sample * q->dys;                                  \
  DW_SAMPLE                                                                                                           \
  for (size_t left = q->blocks; left > 0; left--) {                                                                   \
    LOOK const T *restrict x = x_next, *restrict y = y_next, *restrict w = w_next, *restrict g = g_next;              \
    T *restrict dx = dx_next, *restrict dy = dy_next;                                                                 \
    DW_BEGIN                                                                                                          \
    x_next += q->xb, y_next += q->yb, w_next += q->wb, g_next += q->ob, dx_next += q->xb, dy_next += q->dyb DW_BLOCK; \
    const T *start = x;                                                                                               \
    (void)start;                                                                                                      \
    for (const T *end = x + (left > 1 ? (size_t)V : q->last); x < end;                                                \
         x += VL, y += VL, w += VL, g += VL, dx += VL, dy += VL DW_VECTOR) {                                          \
      CONSTANTS(name);
#define COMMA                ,
#define BACKWARD(name, LOOK) GRADIENTS(name, LOOK, , , , )
#define BACKWARD_WEIGHTS(name, LOOK)                                               \
  GRADIENTS(name, LOOK, T *dw_next = (T *)q->dw + sample * q->ws + first_path * V; \
            , COMMA dw_next += q->wb, T *restrict dw = dw_next;, COMMA dw += VL)
#endif

#define END \
  }         \
  }         \
  }         \
  }

#endif
