/* Smooth paths on an even grid by circulant embedding: two real paths a complex Fourier transform, and their slopes
 * from the same numbers times the frequency. */
#include "paths.h"
#include "zeros.h"

#include <math.h>

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

static void spectrum_from(path_spectrum *s, const double *z) {
  const size_t m = s->m;
  double all = 0, negative = 0;
  for (size_t k = 0; k < m; k++) {
    const double share = z[2 * k] > 0 ? sqrt(z[2 * k] / (double)m) : 0;
    const double turns = k < m / 2 ? (double)k : k == m / 2 ? 0 : (double)k - (double)m;
    all += fabs(z[2 * k]);
    negative += z[2 * k] < 0 ? -z[2 * k] : 0;
    s->share[k] = (float)share;
    s->factor[k] = (float)(2 * 3.14159265358979323846 * turns / ((double)m * s->step));
  }
  s->clipped = negative / all;
}

weyl_status path_spectrum_new(weyl_context *ctx, const weyl_covariance *c, size_t points, double step,
                              path_spectrum *out) {
  enum { DOUBLINGS = 4 }; /* a longer circle cures tails that are cut off */
  weyl_status status = WEYL_OK;
  *out = (path_spectrum){.m = 2 * points, .step = step};
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
  out->share = weyl_alloc(ctx, out->m, sizeof *out->share);
  out->factor = weyl_alloc(ctx, out->m, sizeof *out->factor);
  status = out->share && out->factor ? weyl_fft_new(ctx, WEYL_F32, out->m, &out->fft) : WEYL_MEMORY;
  if (status == WEYL_OK) spectrum_from(out, z);
done:
  weyl_dealloc(ctx, z);
  if (status != WEYL_OK) path_spectrum_free(ctx, out);
  return status;
}

void path_spectrum_free(weyl_context *ctx, path_spectrum *s) {
  weyl_dealloc(ctx, s->share);
  weyl_dealloc(ctx, s->factor);
  weyl_fft_free(s->fft);
  *s = (path_spectrum){0};
}

size_t path_spectrum_work(const path_spectrum *s) {
  return 4 * s->m * sizeof(float) + ((weyl_fft_scratch(s->fft) + 63) & ~(size_t)63);
}

static void find_zeros(const float *x, const float *slope, size_t part, double level, size_t points, double step,
                       path_zeros *zeros) {
  zeros->above[part] = (double)x[part] >= level;
  for (size_t j = 0; j + 1 < points; j++) {
    const double a = (double)x[2 * j + part] - level, b = (double)x[2 * j + 2 + part] - level;
    const double p = step * (double)slope[2 * j + part], q = step * (double)slope[2 * j + 2 + part];
    const bool crosses = (a < 0) != (b < 0);
    if (!crosses && !(a * p < 0 && b * q > 0)) continue;
    double at[2];
    const int n = persist_zeros(a, p, b, q, at);
    for (int k = 0; k < n; k++) path_zero(zeros, step * ((double)j + at[k]));
    zeros->hidden += crosses ? 0 : n;
  }
}

void path_spectrum_draw(const path_spectrum *s, uint64_t seed, int64_t k, void *work, const float **x,
                        const float **slopes) {
  const weyl_kernels *kernels = weyl_kernels_active();
  const size_t m = s->m;
  float *z = work, *slope = z + 2 * m;
  void *scratch = slope + 2 * m;
  static const char stream[] = "persist paths";
  kernels->normals[WEYL_F32](seed, weyl_hash_name(stream) + (uint64_t)k, 0, 2 * m, z);
  for (size_t i = 0; i < m; i++) {
    z[2 * i] *= s->share[i];
    z[2 * i + 1] *= s->share[i];
    slope[2 * i] = z[2 * i + 1] * s->factor[i]; /* times -i w */
    slope[2 * i + 1] = -z[2 * i] * s->factor[i];
  }
  weyl_fft_run(s->fft, false, 1, z, z, scratch);
  if (slopes) weyl_fft_run(s->fft, false, 1, slope, slope, scratch);
  *x = z;
  if (slopes) *slopes = slope;
}

void path_spectrum_zeros(const path_spectrum *s, double level, uint64_t seed, int64_t k, size_t points, void *work,
                         path_zeros *zeros) {
  const float *x, *slope;
  path_spectrum_draw(s, seed, k, work, &x, &slope);
  find_zeros(x, slope, 0, level, points, s->step, zeros);
  zeros->half = zeros->n;
  find_zeros(x, slope, 1, level, points, s->step, zeros);
}
