/* C (+)= A B for the shapes of this field: thousands of skinny products, n and k about 64, and thousands of tiny ones.
 *
 * The micro-kernel holds MR rows by NV vectors of C in registers, reads A by broadcast through any two strides and B as
 * rows of a panel.  B is used where it lies when its panel fits L1 as it lies, and packed otherwise; A is packed only
 * when its columns are far apart. k runs in blocks, so that a panel of B (k x NR) stays in L1. */
#include "simd.h"

#include "blas.h"
#include "gemm_pack.h"

enum {
  MR = 6,
  NV = WEYL_LEVEL == 2 ? 4 : 2, /* 24 of 32 registers accumulate, or 12 of 16 */
  NR = NV * VL,
  K_BLOCK = WEYL_LEVEL == 2 ? 192 : 256,
  K_BLOCK_TURNED = 128, /* where k runs across the rows of A */
  B_BYTES = 640 * 1024, /* parts of the scratch */
  A_BYTES = 256 * 1024,
  FEW = 4,           /* so few columns are no work for the micro-kernel */
  TURN_CHUNK = 2048, /* columns of a transposed product at a time */
  TINY = 128         /* m n k up to which nothing beats a plain loop */
};
_Static_assert(B_BYTES + A_BYTES + FEW * TURN_CHUNK * sizeof(T) <= WEYL_GEMM_SCRATCH, "the parts fit the scratch");

/* ---- the micro-kernel ----------------------------------------------------------------------- */

INLINE void put(T *c, vec sum, bool accumulate) {
  if (accumulate) sum = v_load(c) + sum;
  v_store(c, sum);
}

INLINE void put_n(T *c, size_t n, vec sum, bool accumulate) {
  if (accumulate) sum = v_load_n(c, n) + sum;
  v_store_n(c, n, sum);
}

/* One tile: R x V vectors of C, the last of `last` lanes. */
INLINE void micro(const int R, const int V, size_t k, const T *a, ptrdiff_t a_row, ptrdiff_t a_col, const T *b,
                  ptrdiff_t b_row, T *c, ptrdiff_t c_row, size_t last, bool accumulate) {
  vec acc[MR][NV];
  UNROLL for (int i = 0; i < R; i++) UNROLL for (int v = 0; v < V; v++) acc[i][v] = v_zero();
  for (size_t p = 0; p < k; p++, a += a_col, b += b_row) {
    vec row[NV];
    UNROLL for (int v = 0; v < V; v++) row[v] = v_load(b + v * VL);
    UNROLL for (int i = 0; i < R; i++) {
      const vec x = v_set1(a[i * a_row]);
      UNROLL for (int v = 0; v < V; v++) acc[i][v] = v_fma(x, row[v], acc[i][v]);
    }
  }
  UNROLL for (int i = 0; i < R; i++) {
    T *to = c + i * c_row;
    UNROLL for (int v = 0; v < V - 1; v++) put(to + v * VL, acc[i][v], accumulate);
    if (last == VL)
      put(to + (V - 1) * VL, acc[i][V - 1], accumulate);
    else
      put_n(to + (V - 1) * VL, last, acc[i][V - 1], accumulate);
  }
}

typedef void micro_fn(size_t k, const T *a, ptrdiff_t a_row, ptrdiff_t a_col, const T *b, ptrdiff_t b_row, T *c,
                      ptrdiff_t c_row, size_t last, bool accumulate);

#define MICRO(R, V)                                                                                                \
  static void micro_##R##_##V(size_t k, const T *a, ptrdiff_t a_row, ptrdiff_t a_col, const T *b, ptrdiff_t b_row, \
                              T *c, ptrdiff_t c_row, size_t last, bool accumulate) {                               \
    micro(R, V, k, a, a_row, a_col, b, b_row, c, c_row, last, accumulate);                                         \
  }
#define MICRO_ROWS(V) MICRO(1, V) MICRO(2, V) MICRO(3, V) MICRO(4, V) MICRO(5, V) MICRO(6, V)
#define MICRO_NAMES(V) \
  { micro_1_##V, micro_2_##V, micro_3_##V, micro_4_##V, micro_5_##V, micro_6_##V }
MICRO_ROWS(1)
MICRO_ROWS(2)
#if WEYL_LEVEL == 2
MICRO_ROWS(3)
MICRO_ROWS(4)
static micro_fn *const micro_table[NV][MR] = {MICRO_NAMES(1), MICRO_NAMES(2), MICRO_NAMES(3), MICRO_NAMES(4)};
#else
static micro_fn *const micro_table[NV][MR] = {MICRO_NAMES(1), MICRO_NAMES(2)};
#endif

/* ---- blocks --------------------------------------------------------------------------------- */

typedef struct matrix { /* any strides, in elements */
  const T *at;
  ptrdiff_t row, col;
} matrix;

INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* C block: all rows against one panel of B. */
INLINE void sweep(size_t m, size_t width, size_t k, matrix a, ptrdiff_t a_step, const T *b, ptrdiff_t b_row, T *c,
                  ptrdiff_t c_row, bool accumulate) {
  const size_t vectors = (width + VL - 1) / VL, last = width - (vectors - 1) * VL;
  micro_fn *const *by_rows = micro_table[vectors - 1];
  for (size_t i = 0; i < m; i += MR, a.at += a_step, c += MR * c_row)
    by_rows[smaller(MR, m - i) - 1](k, a.at, a.row, a.col, b, b_row, c, c_row, last, accumulate);
}

static void blocked(size_t m, size_t n, size_t k, matrix a, matrix b, T *c, ptrdiff_t c_row, bool accumulate,
                    char *scratch) {
  T *const b_pack = (T *)(void *)scratch, *const a_pack = (T *)(void *)(scratch + B_BYTES);
  const size_t k_most = a.row == 1 ? K_BLOCK_TURNED : K_BLOCK;
  const size_t k_blocks = (k + k_most - 1) / k_most, k_step = (k + k_blocks - 1) / k_blocks;
  const size_t n_step = B_BYTES / sizeof(T) / k_step / NR * NR;
  const size_t m_step = A_BYTES / 2 / sizeof(T) / k_step / MR * MR;
  /* Far columns fall into the same few sets of the caches, whole strips of them into one. */
  const bool pack_a = a.col != 1 && (a.col < 0 || (size_t)a.col * sizeof(T) > 512);
  /* So does a panel of a wide B: it is used where it lies only when it is one run of memory, or when few rows meet it.
   */
  const bool lies = b.col == 1 && (m <= 4 * MR || (n <= NR && b.row == (ptrdiff_t)n));

  for (size_t p = 0; p < k; p += k_step) {
    const size_t kk = smaller(k_step, k - p);
    for (size_t j0 = 0; j0 < n; j0 += n_step) {
      const size_t j1 = smaller(n, j0 + n_step);
      for (size_t i = 0; i < m; i += m_step) {
        const size_t mm = smaller(m_step, m - i);
        const T *strip = a.at + (ptrdiff_t)i * a.row + (ptrdiff_t)p * a.col;
        matrix strips = {strip, a.row, a.col};
        ptrdiff_t a_step = MR * a.row;
        if (pack_a) {
          pack_strips(MR, mm, kk, strip, a.row, a.col, a_pack);
          strips = (matrix){a_pack, 1, MR};
          a_step = (ptrdiff_t)(MR * kk);
        }
        for (size_t j = j0; j < j1; j += NR) {
          const size_t width = smaller(NR, j1 - j), padded = (width + VL - 1) / VL * VL;
          const T *panel = b.at + (ptrdiff_t)p * b.row + (ptrdiff_t)j * b.col;
          ptrdiff_t lead = b.row;
          if (!lies || width < padded) { /* a part of a vector cannot be loaded from where it lies */
            T *const pack = b_pack + (j - j0) * k_step;
            if (i == 0) pack_panel(kk, width, padded, panel, b.row, b.col, pack);
            panel = pack;
            lead = (ptrdiff_t)padded;
          }
          sweep(mm, width, kk, strips, a_step, panel, lead, c + (ptrdiff_t)i * c_row + (ptrdiff_t)j, c_row,
                accumulate || p > 0);
        }
      }
    }
  }
}

/* ---- few columns ---------------------------------------------------------------------------- */

/* N columns in plain loops: for the tiniest products, and for what has too short rows for vectors. */
INLINE void plain_columns(const size_t N, size_t m, size_t k, matrix a, matrix b, T *c, ptrdiff_t c_row,
                          bool accumulate) {
  for (size_t i = 0; i < m; i++, a.at += a.row, c += c_row) {
    T total[FEW];
    UNROLL for (size_t j = 0; j < N; j++) total[j] = accumulate ? c[j] : 0;
    for (size_t p0 = 0; p0 < k; p0 += K_BLOCK) {
      const size_t p1 = smaller(k, p0 + K_BLOCK);
      T sum[FEW] = {0};
      for (ptrdiff_t p = (ptrdiff_t)p0; p < (ptrdiff_t)p1; p++) {
        const T x = a.at[p * a.col];
        UNROLL for (size_t j = 0; j < N; j++) sum[j] += x * b.at[p * b.row + (ptrdiff_t)j * b.col];
      }
      UNROLL for (size_t j = 0; j < N; j++) total[j] += sum[j];
    }
    UNROLL for (size_t j = 0; j < N; j++) c[j] = total[j];
  }
}

static void plain(size_t m, size_t n, size_t k, matrix a, matrix b, T *c, ptrdiff_t c_row, bool accumulate) {
  for (; n >= FEW; n -= FEW, b.at += FEW * b.col, c += FEW) plain_columns(FEW, m, k, a, b, c, c_row, accumulate);
  switch (n) {
    case 3: plain_columns(3, m, k, a, b, c, c_row, accumulate); break;
    case 2: plain_columns(2, m, k, a, b, c, c_row, accumulate); break;
    case 1: plain_columns(1, m, k, a, b, c, c_row, accumulate); break;
    default: break;
  }
}

/* N columns of B, packed as rows of `padded` lanes with zeros behind, against R rows of A that are contiguous. */
INLINE void dot_tile(const size_t R, const size_t N, size_t k, size_t padded, const T *a, ptrdiff_t a_row, const T *b,
                     T *c, ptrdiff_t c_row, bool accumulate) {
  vec acc[4][FEW];
  UNROLL for (size_t i = 0; i < R; i++) UNROLL for (size_t j = 0; j < N; j++) acc[i][j] = v_zero();
  size_t p = 0;
  for (; p + VL <= k; p += VL) UNROLL for (size_t i = 0; i < R; i++) {
      const vec x = v_load(a + (ptrdiff_t)i * a_row + p);
      UNROLL for (size_t j = 0; j < N; j++) acc[i][j] = v_fma(x, v_load(b + j * padded + p), acc[i][j]);
    }
  if (p < k) UNROLL for (size_t i = 0; i < R; i++) {
      const vec x = v_load_n(a + (ptrdiff_t)i * a_row + p, k - p);
      UNROLL for (size_t j = 0; j < N; j++) acc[i][j] = v_fma(x, v_load(b + j * padded + p), acc[i][j]);
    }
  UNROLL for (size_t i = 0; i < R; i++) UNROLL for (size_t j = 0; j < N; j++) {
    const T sum = v_sum(acc[i][j]);
    T *to = c + (ptrdiff_t)i * c_row + j;
    *to = accumulate ? *to + sum : sum;
  }
}

INLINE void dot_columns(const size_t R, const size_t N, size_t m, size_t k, matrix a, matrix b, T *c, ptrdiff_t c_row,
                        bool accumulate, T *pack) {
  enum { STEP = B_BYTES / sizeof(T) / FEW / 16 }; /* a block of columns of B fits L2 with room to spare */
  for (size_t p = 0; p < k; p += STEP) {
    const size_t kk = smaller(STEP, k - p), padded = (kk + VL - 1) / VL * VL;
    for (size_t j = 0; j < N; j++)
      for (size_t q = 0; q < padded; q++)
        pack[j * padded + q] = q < kk ? b.at[(ptrdiff_t)(p + q) * b.row + (ptrdiff_t)j * b.col] : 0;
    const T *row = a.at + p;
    T *to = c;
    size_t i = 0;
    for (; i + R <= m; i += R, row += (ptrdiff_t)R * a.row, to += (ptrdiff_t)R * c_row)
      dot_tile(R, N, kk, padded, row, a.row, pack, to, c_row, accumulate || p > 0);
    for (; i < m; i++, row += a.row, to += c_row)
      dot_tile(1, N, kk, padded, row, a.row, pack, to, c_row, accumulate || p > 0);
  }
}

/* Rows of A are contiguous and no shorter than a vector: dot products. */
static void dots(size_t m, size_t n, size_t k, matrix a, matrix b, T *c, ptrdiff_t c_row, bool accumulate, T *pack) {
  switch (n) {
    case 1: dot_columns(4, 1, m, k, a, b, c, c_row, accumulate, pack); break;
    case 2: dot_columns(4, 2, m, k, a, b, c, c_row, accumulate, pack); break;
    case 3: dot_columns(2, 3, m, k, a, b, c, c_row, accumulate, pack); break;
    default: dot_columns(2, 4, m, k, a, b, c, c_row, accumulate, pack); break;
  }
}

/* Columns of A are contiguous: C^T = B^T A^T has long rows. */
static void turned(size_t m, size_t n, size_t k, matrix a, matrix b, T *c, ptrdiff_t c_row, bool accumulate,
                   char *scratch) {
  T *const c_turned = (T *)(void *)(scratch + B_BYTES + A_BYTES); /* [n][chunk] */
  for (size_t i = 0; i < m; i += TURN_CHUNK) {
    const size_t mm = smaller(TURN_CHUNK, m - i);
    const matrix bt = {b.at, b.col, b.row}, at = {a.at + (ptrdiff_t)i * a.row, a.col, a.row};
    blocked(n, mm, k, bt, at, c_turned, (ptrdiff_t)mm, false, scratch);
    for (size_t r = 0; r < mm; r++) {
      T *to = c + (ptrdiff_t)(i + r) * c_row;
      for (size_t j = 0; j < n; j++) to[j] = accumulate ? to[j] + c_turned[j * mm + r] : c_turned[j * mm + r];
    }
  }
}

/* ---- the kernel ----------------------------------------------------------------------------- */

void K(gemm)(size_t m, size_t n, size_t k, const void *av, ptrdiff_t a_row, ptrdiff_t a_col, const void *bv,
             ptrdiff_t b_row, ptrdiff_t b_col, void *cv, ptrdiff_t c_row, bool accumulate, void *scratch) {
  const matrix a = {av, a_row, a_col}, b = {bv, b_row, b_col};
  T *const c = cv;
  if (m == 0 || n == 0) return;
  if (k == 0) {
    if (!accumulate)
      for (size_t i = 0; i < m; i++) memset(c + (ptrdiff_t)i * c_row, 0, n * sizeof(T));
    return;
  }
  if (m * n * k <= TINY) {
    plain(m, n, k, a, b, c, c_row, accumulate);
    return;
  }
  if (n <= FEW) {
    if (a_row == 1 && m >= VL)
      turned(m, n, k, a, b, c, c_row, accumulate, scratch);
    else if (a_col == 1 && k >= VL)
      dots(m, n, k, a, b, c, c_row, accumulate, scratch);
    else
      plain(m, n, k, a, b, c, c_row, accumulate);
    return;
  }
  if (m > BLAS_SIZE && n > BLAS_SIZE && k > BLAS_SIZE &&
      F32_OR_F64(kernels_blas_gemm_f32, kernels_blas_gemm_f64)(m, n, k, av, a_row, a_col, bv, b_row, b_col, c, c_row,
                                                               accumulate))
    return;
  blocked(m, n, k, a, b, c, c_row, accumulate, scratch);
}
