/* Products of functions on the sphere by a grid, fused and separable: Gaunt product, Poisson bracket, powers.
 *
 * Functions are given by their harmonics, blocked by channels: [sample][block][(l_max + 1)^2][V], V = 16 numbers in f32
 * and 8 in f64 (64 bytes), weights a degree and channel [block][l_max + 1][V].  A vector of channels is carried through
 * the grid at once: Legendre sums for some pairs of rows +-z (of the parts even and odd in z), then a pair at a time
 * sums over orders at the points of a quarter turn (even and odd orders, cosines and sines apart, which gives the four
 * points phi, -phi, pi - phi, pi + phi by additions), the product at the points, and the transposed way back.  No array
 * of grid values is ever in memory. */
#ifndef WEYL_IRREP_SPHERE_PRODUCT_H
#define WEYL_IRREP_SPHERE_PRODUCT_H

#include "sphere_orbits.h"

/* What is done with the functions x, y, ... and g. h is g times the weights wz, q is g times wp. Powers: x^2 ... x^(n +
 * 1) with weights wz[n]. Every result is multiplied with its weights, if there are any. */
typedef enum sphere_product_kind {
  SPHERE_GAUNT,         /* z = x y */
  SPHERE_GAUNT_BACK,    /* dx = h y, dy = h x; weights' gradients */
  SPHERE_COMPLETE,      /* z = x y + {x, y}, either with weights of its own */
  SPHERE_COMPLETE_BACK, /* dx = h y + {y, q}, dy = h x + {q, x}; weights' gradients */
  SPHERE_POWERS,        /* z = x^2 + x^3 + ... */
  SPHERE_POWERS_BACK,   /* dx = 2 x h2 + 3 x^2 h3 + ...; weights' gradients */
  SPHERE_POISSON,       /* z = {x, y} */
  SPHERE_POISSON_BACK,  /* dx = {y, h}, dy = {h, x}; weights' gradients */
  SPHERE_PRODUCT,       /* z = x^a y^b ... */
  SPHERE_PRODUCT_BACK   /* dx = a x^(a - 1) y^b ... h and so on; weights' gradients */
} sphere_product_kind;

static inline bool sphere_product_is_back(sphere_product_kind kind) { return kind % 2 != 0; }

enum { SPHERE_POWER_MAX = 4, SPHERE_FUNCTIONS_MAX = 4 };

typedef struct sphere_product {
  int l1, l2, l3;                     /* of x, y and z */
  int power;                          /* the highest of powers, 2 to 4; 2 for products */
  int functions;                      /* x, y, ...: of SPHERE_PRODUCT; 2 for others */
  int l[SPHERE_FUNCTIONS_MAX];        /* of x, y, ... */
  int exponent[SPHERE_FUNCTIONS_MAX]; /* of SPHERE_PRODUCT */
  int pairs;                          /* of rows; the last is the equator alone if n_theta is odd */
  bool equator;
  int quarter; /* n_phi / 4 */
  int orders;  /* the largest degree + 1 */
  weyl_dtype real;
  /* Legendre functions, for m, l - m even or odd, l: [pairs]. Of degrees up to the largest; weighted for the way back.
   */
  const void *value, *d_theta, *weighted;
  const void *cosine, *sine, *m_cosine, *m_sine; /* [orders][quarter]; times m, and -m */
  const void *inverse_sine;                      /* [pairs] 1 / sin theta */
  const void *ones;                              /* [orders][V], where a function has no weights */
  sphere_orbits orbits;                          /* of powers of low degrees: a rule of fewer points, if it has any */
} sphere_product;

typedef struct sphere_arrays {
  int64_t samples, blocks;
  const void *f[SPHERE_FUNCTIONS_MAX], *g; /* x, y, ... */
  void *z, *df[SPHERE_FUNCTIONS_MAX];
  const void *wf[SPHERE_FUNCTIONS_MAX], *wz[SPHERE_POWER_MAX - 1], *wp; /* NULL: 1 */
  void *dwf[SPHERE_FUNCTIONS_MAX], *dwz[SPHERE_POWER_MAX - 1], *dwp;    /* added to; NULL: not wanted */
} sphere_arrays;

/* For products of degrees l1 and l2, taken to l3; n_theta and n_phi 0 choose the fewest nodes that are exact. Powers:
 * l2 is ignored. Everything lives in the arena. */
WEYL_MUST_CHECK weyl_status sphere_product_make(weyl_context *ctx, weyl_arena *arena, int l1, int l2, int l3, int power,
                                                int n_theta, int n_phi, weyl_dtype real, sphere_product *out);
/* For products x^a y^b ... of functions of degrees l, exponents summing to SPHERE_FUNCTIONS_MAX at most. */
WEYL_MUST_CHECK weyl_status sphere_product_make_many(weyl_context *ctx, weyl_arena *arena, int functions, const int *l,
                                                     const int *exponent, int l_out, int n_theta, int n_phi,
                                                     weyl_dtype real, sphere_product *out);
/* Channels of a block. */
static inline int64_t sphere_block(weyl_dtype real) { return real == WEYL_F32 ? 16 : 8; }
/* Bytes of 64-byte aligned scratch of a run. */
size_t sphere_product_scratch(const sphere_product *p);
/* Samples from to to - 1 of one block of channels. Gradients of weights are those of these samples. */
void sphere_product_run(const sphere_product *p, sphere_product_kind kind, const sphere_arrays *a, int64_t block,
                        int64_t from, int64_t to, void *scratch);
/* Multiply-adds, multiplications and additions of one channel of one sample; backward with or without the weights'
 * gradients. */
double sphere_product_operations(const sphere_product *p, sphere_product_kind kind, bool weights);

#endif
