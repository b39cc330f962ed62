/* sensing.h: what a measurement operator is made of. */
#ifndef WEYL_SENSE_SENSING_H
#define WEYL_SENSE_SENSING_H

#include "dense.h"

/* Kinds that pack see a vector in place of a matrix: vec(M), or of a symmetric matrix its upper triangle with sqrt(2)
 * times what stands off the diagonal, which keeps norms. The others see a matrix. */
typedef struct sensing_def {
  const char *name, *about;
  bool packs;
  weyl_status (*make)(weyl_sensing *a); /* what was allocated goes to a->part[] */
  void (*apply)(weyl_sensing *a, const double *v, double *y);
  void (*adjoint)(weyl_sensing *a, const double *y, double *v);
  /* v2 = A*(A(v) - y) in one pass, |A(v) - y|^2 returned; NULL: by the two above */
  double (*residual)(weyl_sensing *a, const double *v, const double *y, double *v2);
  /* Without the matrix, all three or none. Either of s_g, st_f may be NULL. */
  void (*apply_factors)(weyl_sensing *a, size_t k, const double *f, const double *g, double *y);
  void (*adjoint_factors)(weyl_sensing *a, size_t k, const double *y, const double *f, const double *g, double *s_g,
                          double *st_f);
  double (*gradient)(weyl_sensing *a, size_t k, const double *f, const double *g, const double *y, double *s_g,
                     double *st_f); /* y as bound */
} sensing_def;

enum { SENSING_PARTS = 6, LANES = 8 };

struct weyl_sensing {
  weyl_context *ctx;
  const sensing_def *def;
  size_t n1, n2, m, length; /* length of vectors that kinds see */
  bool symmetric;
  uint64_t seed, key;
  dense d;
  double *v[2];         /* [length], packed */
  double *matrix[2];    /* [n1][n2], for factors of kinds that need a matrix; made on first use */
  double *e;            /* [m], for gradients by two passes; made on first use */
  const double *target; /* bound */
  size_t pad;           /* of the kind: N, rows of P ... */
  void *part[SENSING_PARTS];
  double *lane; /* accumulators, LANES times lane_room */
  size_t lane_room;
  double *side; /* of symmetric gradients */
  size_t side_room;
  weyl_fft *fft;
};

extern const sensing_def sensing_population, sensing_gaussian, sensing_regenerated, sensing_rank_one, sensing_entries,
    sensing_hadamard, sensing_fourier, sensing_kronecker;

/* Room for `size` numbers in each lane, zeroed; NULL without memory. */
double *sensing_lanes(weyl_sensing *a, size_t size);
/* out = sum of the lanes, in their order, times scale. */
void sensing_lanes_sum(const weyl_sensing *a, size_t size, size_t offset, size_t n, double scale, double *out);
/* The rows of a lane. */
static inline size_t lane_from(size_t rows, size_t lane) { return rows * lane / LANES; }

/* What the steps use: y is bound once, then gradients at (f, g): s_g = S g, st_f = S^T f (either may be NULL), and
 * |A(f g^T) - y|^2. For symmetric A and f = g both are S x. */
weyl_status sensing_bind(weyl_sensing *a, const double *y);
weyl_status sensing_gradient(weyl_sensing *a, size_t k, const double *f, const double *g, double *s_g, double *st_f,
                             double *residual2);
/* The same residual, and S times other factors: s_g = S right, st_f = S^T left. Asymmetric A. */
weyl_status sensing_gradient_at(weyl_sensing *a, size_t k, const double *f, const double *g, const double *left,
                                const double *right, double *s_g, double *st_f, double *residual2);
/* s [n1][n2] = A*(A(matrix) - y) */
weyl_status sensing_dense_gradient(weyl_sensing *a, const double *matrix, double *s, double *residual2);
weyl_status sensing_matrices(weyl_sensing *a);

weyl_status sensing_entries_given(weyl_sensing *a, const int32_t *row, const int32_t *column);
weyl_status sensing_entries_bind(weyl_sensing *a, const double *y);

/* ---- of entries: the least squares of one side by rows ---- */

/* g fixed: each row of f [n1][k] (side 1: of g [n2][k], f fixed) minimises sum (f_i . g_j - value)^2 + ridge |f_i|^2
 * over its entries, value = y / scale. */
bool sensing_has_rows(const weyl_sensing *a);
weyl_status sensing_least_rows(weyl_sensing *a, int side, size_t k, const double *fixed, double ridge, double *out);

#endif
