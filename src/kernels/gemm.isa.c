/* C (+)= A B for the shapes of this field: thousands of skinny products, n and k about 64, and thousands of tiny ones.
 *
 * The micro-kernel (gemm_tile.h) holds a tile of C in registers. A and B are read where they lie, unless their strides
 * are far or neither of them is 1: then blocks of them are packed. k runs in blocks, so that a panel of B stays in L1.
 */
#include "simd.h"

#include "blas.h"
#include "gemm_few.h"
#include "gemm_pack.h"
#include "gemm_tile.h"

enum {
  K_BLOCK = WEYL_LEVEL == 2 ? 192 : 256,
  K_BLOCK_TURNED = 128, /* where k runs across the rows of A */
  M_BLOCK_PACKED = 96,
  A_BYTES = 128 * 1024, /* a block of the rows of A stays in L2 while the panels of B pass */
  B_BYTES = 640 * 1024,
  FAR = 2048,        /* bytes between lines that are packed for that */
  FEW_ROWS = 24,     /* up to which packing B costs more than it gains, */
  MANY_ROWS = 96,    /* and from which it pays even where lines are only crowded */
  TURN_CHUNK = 2048, /* columns of a transposed product at a time */
  TINY = 128         /* m n k up to which nothing beats a plain loop */
};
_Static_assert(B_BYTES + A_BYTES + FEW * TURN_CHUNK * sizeof(T) <= WEYL_GEMM_SCRATCH, "the parts fit the scratch");
_Static_assert(DOT_BLOCK *FEW * sizeof(T) <= B_BYTES, "columns of dot products fit the scratch");

/* Lines that fall into few sets of L1, and push each other out. */
INLINE bool crowded(ptrdiff_t stride) { return stride * (ptrdiff_t)sizeof(T) % 512 == 0; }

INLINE bool far(ptrdiff_t stride) { return stride < 0 || (size_t)stride * sizeof(T) > FAR; }

/* Vectors of the next panel, of `vectors` that are left. A panel of one vector beside others would have nothing to
 * overlap with. */
INLINE size_t panel_vectors(size_t m, size_t vectors) {
  const size_t most = WEYL_LEVEL == 2 ? (m <= 3 ? 8 : 4) : m == 1 ? 8 : m <= 3 ? 4 : 2;
  if (vectors <= most) return vectors;
  if (most == 2) return vectors == 3 ? 3 : 2;
  const size_t panels = (vectors + most - 1) / most;
  return (vectors + panels - 1) / panels;
}

/* All rows against one panel of B, in tiles of two heights that differ by one: none is so low that it waits for its
 * own sums. */
INLINE void sweep(size_t m, size_t width, size_t k, const T *a, ptrdiff_t lead, bool columns, const T *b,
                  ptrdiff_t b_row, T *c, ptrdiff_t c_row, bool accumulate) {
  const size_t vectors = (width + VL - 1) / VL, most = tile_rows[vectors];
  const size_t tiles = (m + most - 1) / most, rows = m / tiles, higher = m % tiles;
  const ptrdiff_t tail = vectors == 1 ? (ptrdiff_t)width : (ptrdiff_t)(width - VL);
  const ptrdiff_t step = columns ? 1 : lead, low = (ptrdiff_t)rows;
  sweep_fn *const *by_rows = sweeps[columns][vectors];
  if (higher) {
    by_rows[rows + 1](higher, k, a, (low + 1) * step, lead, b, b_row, tail, c, c_row, accumulate);
    a += (ptrdiff_t)higher * (low + 1) * step;
    c += (ptrdiff_t)higher * (low + 1) * c_row;
  }
  by_rows[rows](tiles - higher, k, a, low * step, lead, b, b_row, tail, c, c_row, accumulate);
}

static void blocked(size_t m, size_t n, size_t k, matrix a, matrix b, T *c, ptrdiff_t c_row, bool accumulate,
                    char *scratch) {
  T *const b_pack = (T *)(void *)scratch, *const a_pack = (T *)(void *)(scratch + B_BYTES);
  bool columns = a.row == 1 || m == 1;
  const size_t k_most = columns ? K_BLOCK_TURNED : K_BLOCK;
  const size_t k_blocks = (k + k_most - 1) / k_most, k_step = (k + k_blocks - 1) / k_blocks;

  const bool a_packs = columns ? m > 1 && n > 4 * VL && (far(a.col) || crowded(a.col)) : a.col != 1;
  if (a_packs) columns = true;
  const size_t m_fits = A_BYTES / sizeof(T) / k_step / 6 * 6,
               m_most = a_packs ? smaller(M_BLOCK_PACKED, m_fits) : m_fits;
  const size_t m_blocks = (m + m_most - 1) / m_most, m_step = ((m + m_blocks - 1) / m_blocks + 5) / 6 * 6;

  /* a part of a vector cannot be loaded from where B lies */
  const bool b_packs = b.col != 1 || n < VL || (m > FEW_ROWS && far(b.row)) || (m > MANY_ROWS && crowded(b.row));
  const size_t n_step = b_packs ? B_BYTES / sizeof(T) / k_step / (8 * VL) * (8 * VL) : n;

  for (size_t p = 0; p < k; p += k_step, accumulate = true) {
    const size_t kk = smaller(k_step, k - p);
    for (size_t j0 = 0; j0 < n; j0 += n_step) {
      const size_t j1 = smaller(n, j0 + n_step);
      for (size_t i = 0; i < m; i += m_step) {
        const size_t mm = smaller(m_step, m - i);
        const T *rows = a.at + (ptrdiff_t)i * a.row + (ptrdiff_t)p * a.col;
        ptrdiff_t lead = columns ? a.col : a.row;
        if (a_packs) {
          pack_panel(kk, mm, mm, rows, a.col, a.row, a_pack);
          rows = a_pack;
          lead = (ptrdiff_t)mm;
        }
        for (size_t j = j0, width; j < j1; j += width) {
          const size_t vectors = (j1 - j + VL - 1) / VL, padded = panel_vectors(m, vectors) * VL;
          width = smaller(padded, j1 - j);
          const T *panel = b.at + (ptrdiff_t)p * b.row + (ptrdiff_t)j * b.col;
          ptrdiff_t b_lead = b.row;
          if (b_packs) {
            T *const pack = b_pack + (j - j0) * k_step;
            if (i == 0) pack_panel(kk, width, padded, panel, b.row, b.col, pack);
            panel = pack;
            b_lead = (ptrdiff_t)padded;
          }
          sweep(mm, width, kk, rows, lead, columns, panel, b_lead, c + (ptrdiff_t)i * c_row + (ptrdiff_t)j, c_row,
                accumulate);
        }
      }
    }
  }
}

/* Columns of A are contiguous and those of B few: C^T = B^T A^T has long rows. */
static void turned(size_t m, size_t n, size_t k, matrix a, matrix b, T *c, ptrdiff_t c_row, bool accumulate,
                   char *scratch) {
  const matrix bt = {b.at, b.col, b.row};
  if (n == 1 && c_row == 1) {
    blocked(1, m, k, bt, (matrix){a.at, a.col, 1}, c, (ptrdiff_t)m, accumulate, scratch);
    return;
  }
  T *const c_turned = (T *)(void *)(scratch + B_BYTES + A_BYTES); /* [n][chunk] */
  for (size_t i = 0; i < m; i += TURN_CHUNK) {
    const size_t mm = smaller(TURN_CHUNK, m - i);
    blocked(n, mm, k, bt, (matrix){a.at + i, a.col, 1}, c_turned, (ptrdiff_t)mm, false, scratch);
    for (size_t r = 0; r < mm; r++) {
      T *to = c + (ptrdiff_t)(i + r) * c_row;
      for (size_t j = 0; j < n; j++) to[j] = accumulate ? to[j] + c_turned[j * mm + r] : c_turned[j * mm + r];
    }
  }
}

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
