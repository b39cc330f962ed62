/* Smooth paths on an even grid by circulant embedding: two real paths a complex Fourier transform. */
#include "paths.h"
#include "isa.h"
#include "zeros.h"

#include <math.h>

enum {
  BEFORE = 2,
  BEHIND = 35, /* numbers around a path that the search for crossings reads: of the circle, too */
  CHUNK = WEYL_NORMALS_CHUNK
};

static weyl_status eigenvalues(weyl_context *ctx, const weyl_covariance *c, size_t m, double step, double *z) {
  weyl_fft *fft = NULL;
  void *scratch = NULL;
  weyl_status status;
  for (size_t j = 0; j <= m / 2; j++) {
    const double r = weyl_covariance_eval(c, step * (double)j).r;
    z[2 * j] = r;
    if (j > 0) z[2 * (m - j)] = r;
  }
  for (size_t j = 0; j < m; j++) z[2 * j + 1] = 0;
  WEYL_GOTO(weyl_fft_new(ctx, WEYL_F64, m, &fft));
  scratch = weyl_alloc(ctx, weyl_fft_scratch(fft), 1);
  if (scratch)
    weyl_fft_run(fft, false, 1, z, z, scratch);
  else
    status = WEYL_MEMORY;
done:
  weyl_dealloc(ctx, scratch);
  weyl_fft_free(fft);
  return status;
}

/* How far the circle's ends must be apart: to the lag from which on |r| stays below what single precision feels. */
static size_t reach(const weyl_covariance *c, size_t points, double step) {
  size_t n = points;
  while (n > 0 && fabs(weyl_covariance_eval(c, step * (double)n).r) < 1e-8) n--;
  return n + 1;
}

/* 1, 9/8, 5/4 or 3/2 times a power of two, at least n */
static size_t circle(size_t n) {
  size_t m = 1;
  while (2 * m <= n) m *= 2;
  for (size_t eighths = 8; eighths <= 12; eighths += eighths == 8 ? 1 : eighths == 9 ? 1 : 2)
    if (m / 8 * eighths >= n) return m / 8 * eighths;
  return 2 * m;
}

static weyl_status spectrum_from(weyl_context *ctx, path_spectrum *s, const double *z) {
  const size_t m = s->m;
  double all = 0, negative = 0, beyond = 0;
  for (size_t k = 0; k < m; k++) {
    all += fabs(z[2 * k]);
    negative += z[2 * k] < 0 ? -z[2 * k] : 0;
  }
  s->clipped = negative / all;
  s->kept = m / 2;
  for (; s->kept > 1; s->kept--) { /* the variance that is left out is the square of rounding */
    beyond += 2 * fmax(z[2 * (s->kept - 1)], 0);
    if (beyond > 1e-14 * all) break;
  }
  s->kept = (s->kept + CHUNK / 2 - 1) / (CHUNK / 2) * (CHUNK / 2); /* whole chunks of normal numbers */
  if (s->kept > m / 2) s->kept = m / 2;
  s->share = weyl_alloc(ctx, s->kept + 1, sizeof *s->share);
  if (!s->share) return WEYL_MEMORY;
  for (size_t k = 0; k <= s->kept; k++) s->share[k] = z[2 * k] > 0 ? (float)sqrt(z[2 * k] / (double)m) : 0;
  return WEYL_OK;
}

weyl_status path_spectrum_new(weyl_context *ctx, const weyl_covariance *c, size_t points, double step,
                              path_spectrum *out) {
  enum { DOUBLINGS = 4 }; /* a longer circle cures tails that are cut off */
  weyl_status status = WEYL_OK;
  *out =
      (path_spectrum){.m = circle(points + BEFORE + BEHIND + reach(c, points, step)), .points = points, .step = step};
  double *z = NULL;
  for (int i = 0;; i++, out->m *= 2) {
    double least = 0, most = 0;
    weyl_dealloc(ctx, z);
    z = weyl_alloc(ctx, 2 * out->m, sizeof *z);
    if (!z) return WEYL_MEMORY;
    WEYL_GOTO(eigenvalues(ctx, c, out->m, step, z));
    for (size_t k = 0; k < out->m; k++) {
      least = fmin(least, z[2 * k]);
      most = fmax(most, z[2 * k]);
    }
    if (least >= -1e-12 * most) break;
    if (i < DOUBLINGS && out->m < (size_t)1 << 24) continue;
    if (least < -1e-3 * most) {
      status = weyl_fail(
          ctx, WEYL_NUMERIC,
          "%s: not positive definite, or falling too slowly to fit on a circle of %zu points: its spectrum goes "
          "down to %.3g of its maximum",
          c->name, out->m, least / most);
      goto done;
    }
    break;
  }
  status = weyl_fft_new(ctx, WEYL_F32, out->m, &out->fft);
  if (status == WEYL_OK) status = spectrum_from(ctx, out, z);
done:
  weyl_dealloc(ctx, z);
  if (status != WEYL_OK) path_spectrum_free(ctx, out);
  return status;
}

void path_spectrum_free(weyl_context *ctx, path_spectrum *s) {
  weyl_dealloc(ctx, s->share);
  weyl_fft_free(s->fft);
  *s = (path_spectrum){0};
}

/* The work: paths, frequencies (those that are left out stay 0), what the transform needs. */
static size_t lines(size_t bytes) { return (bytes + 63) & ~(size_t)63; }
static size_t paths_bytes(const path_spectrum *s) { return lines(2 * s->m * sizeof(float)); }
size_t path_spectrum_work(const path_spectrum *s) { return 2 * paths_bytes(s) + lines(weyl_fft_scratch(s->fft)); }

const float *path_spectrum_draw(const path_spectrum *s, uint64_t seed, int64_t k, void *work) {
  const weyl_kernels *kernels = weyl_kernels_active();
  const size_t m = s->m, kept = s->kept;
  float *x = work, *z = (void *)((char *)work + paths_bytes(s)), *end = z + 2 * m;
  const uint64_t stream = weyl_hash_name("persist paths") + (uint64_t)k;
  const uint64_t blocks = 2 * (kept + CHUNK / 2 - 1) / CHUNK * (CHUNK / 4);
  kernels->normals[WEYL_F32](seed, stream, 0, 2 * kept, z);
  kernels->normals[WEYL_F32](seed, stream, blocks, 2 * kept, end - 2 * kept);
  for (size_t i = 0; i < kept; i++) {
    z[2 * i] *= s->share[i];
    z[2 * i + 1] *= s->share[i];
  }
  float *negative = end - 2 * kept; /* -kept .. -1 */
  for (size_t i = 0; i < kept; i++) {
    negative[2 * i] *= s->share[kept - i];
    negative[2 * i + 1] *= s->share[kept - i];
  }
  weyl_fft_run(s->fft, false, 1, z, x, (char *)work + 2 * paths_bytes(s));
  return x + 2 * BEFORE;
}

enum { WORDS = 64, BLOCK = 64 * WORDS }; /* of the search: what is near */

/* The zeros of one of the paths behind the places that `bits` marks, from number `from` on. */
static void find_zeros(const path_spectrum *s, const float *x, size_t from, const uint64_t bits[WORDS], float u,
                       size_t part, path_zeros *zeros) {
  const uint64_t mine = part ? 0xaaaaaaaaaaaaaaaau : 0x5555555555555555u;
  const size_t end = 2 * (s->points - 1);
  for (size_t w = 0; w < WORDS; w++)
    for (uint64_t rest = bits[w] & mine; rest; rest &= rest - 1) {
      const size_t i = from + 64 * w + (size_t)__builtin_ctzll(rest);
      if (i >= end) return;
      const float *y = x + i;
      const double a = (double)y[0] - (double)u, b = (double)y[2] - (double)u;
      const double p = (8 * ((double)y[2] - (double)y[-2]) + (double)y[-4] - (double)y[4]) / 12;
      const double q = (8 * ((double)y[4] - (double)y[0]) + (double)y[-2] - (double)y[6]) / 12;
      double at[2];
      const int n = persist_zeros(a, p, b, q, at);
      for (int k = 0; k < n; k++) path_zero(zeros, s->step * ((double)(i / 2) + at[k]));
      zeros->hidden += (a < 0) == (b < 0) ? n : 0;
    }
}

void path_spectrum_zeros(const path_spectrum *s, double level, uint64_t seed, int64_t k, void *work,
                         path_zeros zeros[2]) {
  const float *x = path_spectrum_draw(s, seed, k, work), u = (float)level;
  for (size_t part = 0; part < 2; part++) zeros[part].above = x[part] >= u;
  for (size_t from = 0; from < 2 * s->points; from += BLOCK) {
    const size_t n = 2 * s->points - from < BLOCK ? 2 * s->points - from : BLOCK;
    uint64_t bits[WORDS] = {0};
    STUDY_KERNEL(crossings)(n, u, x + from, bits);
    for (size_t part = 0; part < 2; part++) find_zeros(s, x, from, bits, u, part, &zeros[part]);
  }
}
