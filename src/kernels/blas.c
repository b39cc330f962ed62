/* The outside BLAS: one thread, only for large products, and only if it runs the kernels of this CPU. */
#include "blas.h"

#include <cblas.h>

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* OpenBLAS's own extras: absent (null) with any other library. */
extern char *openblas_get_corename(void) __attribute__((weak));
extern void openblas_set_num_threads(int threads) __attribute__((weak));

#if defined(__x86_64__)
bool kernels_cpu_has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool kernels_cpu_has_avx512(void) {
  return kernels_cpu_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}

static bool cpu_is_amd(void) { return __builtin_cpu_is("amd"); }
#else
bool kernels_cpu_has_avx2(void) { return false; }

bool kernels_cpu_has_avx512(void) { return false; }

static bool cpu_is_amd(void) { return false; }
#endif

const char *weyl_blas_core(void) { return openblas_get_corename ? openblas_get_corename() : "unknown"; }

static bool is_one_of(const char *word, const char *const *list) {
  for (; *list; list++)
    if (strcmp(word, *list) == 0) return true;
  return false;
}

/* The core that fits the CPU, NULL when the one taken is good. */
static const char *better_core(void) {
  /* Zen 4 and later run OpenBLAS's Zen kernels at nearly full speed; on Intel's AVX-512 cores Haswell's reach half. */
  static const char *const wide[] = {"SkylakeX", "Cooperlake", "SapphireRapids", "Zen", "unknown", NULL};
  static const char *const middle[] = {"Haswell",        "Zen",     "Excavator", "SkylakeX", "Cooperlake",
                                       "SapphireRapids", "unknown", NULL};
  const char *core = weyl_blas_core();
  if (kernels_cpu_has_avx512()) return is_one_of(core, wide) ? NULL : "SkylakeX";
  if (kernels_cpu_has_avx2()) return is_one_of(core, middle) ? NULL : cpu_is_amd() ? "Zen" : "Haswell";
  return NULL;
}

const char *weyl_blas_core_wanted(void) {
  return getenv("OPENBLAS_CORETYPE") ? NULL : better_core(); /* a core that the user chose stays */
}

static bool blas_fits_cpu(void) {
  static atomic_int known; /* 0: not asked yet, 1: good, 2: too small a core */
  int answer = atomic_load_explicit(&known, memory_order_relaxed);
  if (!answer) {
    if (openblas_set_num_threads) openblas_set_num_threads(1); /* our threads take whole shards */
    answer = better_core() ? 2 : 1;
    atomic_store_explicit(&known, answer, memory_order_relaxed);
  }
  return answer == 1;
}

typedef struct layout {
  CBLAS_TRANSPOSE transpose;
  int lead;
} layout;

/* How the BLAS sees a matrix of rows x columns; false when it cannot. */
static bool lay_out(size_t rows, size_t columns, ptrdiff_t row, ptrdiff_t col, layout *out) {
  const bool plain = col == 1 && row >= (ptrdiff_t)columns;
  const bool turned = row == 1 && col >= (ptrdiff_t)rows;
  const ptrdiff_t lead = plain ? row : col;
  if ((!plain && !turned) || lead > INT_MAX) return false;
  *out = (layout){plain ? CblasNoTrans : CblasTrans, (int)lead};
  return true;
}

static bool lay_out_all(size_t m, size_t n, size_t k, ptrdiff_t a_row, ptrdiff_t a_col, ptrdiff_t b_row,
                        ptrdiff_t b_col, ptrdiff_t c_row, layout *a, layout *b) {
  return m <= INT_MAX && n <= INT_MAX && k <= INT_MAX && c_row >= (ptrdiff_t)n && c_row <= INT_MAX &&
         lay_out(m, k, a_row, a_col, a) && lay_out(k, n, b_row, b_col, b) && blas_fits_cpu();
}

#define BLAS_GEMM(name, type, cblas)                                                                      \
  bool name(size_t m, size_t n, size_t k, const type *a, ptrdiff_t a_row, ptrdiff_t a_col, const type *b, \
            ptrdiff_t b_row, ptrdiff_t b_col, type *c, ptrdiff_t c_row, bool accumulate) {                \
    layout la, lb;                                                                                        \
    if (!lay_out_all(m, n, k, a_row, a_col, b_row, b_col, c_row, &la, &lb)) return false;                 \
    cblas(CblasRowMajor, la.transpose, lb.transpose, (int)m, (int)n, (int)k, 1, a, la.lead, b, lb.lead,   \
          accumulate ? 1 : 0, c, (int)c_row);                                                             \
    return true;                                                                                          \
  }
BLAS_GEMM(kernels_blas_gemm_f32, float, cblas_sgemm)
BLAS_GEMM(kernels_blas_gemm_f64, double, cblas_dgemm)
