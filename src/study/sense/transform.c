/* m of the N coefficients of an orthogonal transform of vec(M) with random signs: Hadamard's, or Hartley's, which is
 * the Fourier transform of real numbers without its symmetry (real minus imaginary part). */
#include "sensing.h"

#include <math.h>
#include <string.h>

/* parts: signs, as numbers [length]; int32_t rows [m]; work [2 N]; scratch of the FFT */
enum { SIGNS, ROWS, WORK, SCRATCH };

static weyl_status make(weyl_sensing *a) {
  const size_t N = a->pad;
  if (N > (size_t)1 << 27)
    return weyl_fail(a->ctx, WEYL_BAD_ARG, "%s: transforms of %zu numbers, at most 2^27", a->def->name, N);
  if (a->m > N)
    return weyl_fail(a->ctx, WEYL_BAD_ARG, "%s: %zu measurements, there are %zu coefficients", a->def->name, a->m, N);
  double *sign = a->part[SIGNS] = weyl_alloc(a->ctx, a->length, sizeof *sign);
  int32_t *row = a->part[ROWS] = weyl_alloc(a->ctx, N, sizeof *row);
  a->part[WORK] = weyl_alloc(a->ctx, 2 * N, sizeof(double));
  if (!sign || !row || !a->part[WORK]) return WEYL_MEMORY;
  weyl_rng rng = weyl_rng_new(a->seed, a->def->name);
  for (size_t i = 0; i < a->length; i++) sign[i] = weyl_rng_u64(&rng) >> 63 ? 1 : -1;
  for (size_t i = 0; i < N; i++) row[i] = (int32_t)i;
  for (size_t i = 0; i < a->m; i++) { /* the first m of a shuffle */
    const size_t j = i + (size_t)weyl_rng_below(&rng, N - i);
    const int32_t other = row[j];
    row[j] = row[i];
    row[i] = other;
  }
  return WEYL_OK;
}

static weyl_status make_hadamard(weyl_sensing *a) {
  for (a->pad = 1; a->pad < a->length;) a->pad *= 2;
  return make(a);
}

static weyl_status make_fourier(weyl_sensing *a) {
  a->pad = a->length;
  WEYL_TRY(make(a));
  WEYL_TRY(weyl_fft_new(a->ctx, WEYL_F64, a->pad, &a->fft));
  a->part[SCRATCH] = weyl_alloc(a->ctx, weyl_fft_scratch(a->fft), 1);
  return a->part[SCRATCH] ? WEYL_OK : WEYL_MEMORY;
}

/* Without 1 / sqrt(N); its own adjoint. */
static void hadamard(size_t n, double *x) {
  for (size_t h = 1; h < n; h *= 2)
    for (size_t i = 0; i < n; i += 2 * h)
      for (size_t j = i; j < i + h; j++) {
        const double u = x[j], v = x[j + h];
        x[j] = u + v;
        x[j + h] = u - v;
      }
}

/* x [N], followed by room for as many: complex numbers in place */
static void transform(weyl_sensing *a, double *x) {
  if (!a->fft) {
    hadamard(a->pad, x);
    return;
  }
  for (size_t i = a->pad; i-- > 0;) {
    x[2 * i] = x[i];
    x[2 * i + 1] = 0;
  }
  weyl_fft_run(a->fft, false, 1, x, x, a->part[SCRATCH]);
  for (size_t i = 0; i < a->pad; i++) x[i] = x[2 * i] - x[2 * i + 1];
}

/* sqrt(N / m) / sqrt(N) */
static void apply(weyl_sensing *a, const double *v, double *y) {
  double *x = a->part[WORK];
  const double *sign = a->part[SIGNS], scale = 1 / sqrt((double)a->m);
  const int32_t *row = a->part[ROWS];
  for (size_t i = 0; i < a->length; i++) x[i] = sign[i] * v[i];
  memset(x + a->length, 0, (a->pad - a->length) * sizeof *x);
  transform(a, x);
  for (size_t i = 0; i < a->m; i++) y[i] = scale * x[row[i]];
}

static void adjoint(weyl_sensing *a, const double *y, double *v) {
  double *x = a->part[WORK];
  const double *sign = a->part[SIGNS], scale = 1 / sqrt((double)a->m);
  const int32_t *row = a->part[ROWS];
  memset(x, 0, a->pad * sizeof *x);
  for (size_t i = 0; i < a->m; i++) x[row[i]] = scale * y[i];
  transform(a, x);
  for (size_t i = 0; i < a->length; i++) v[i] = sign[i] * x[i];
}

const sensing_def sensing_hadamard = {.name = "hadamard",
                                      .about = "m Hadamard coefficients of vec(M) with random signs",
                                      .packs = true,
                                      .make = make_hadamard,
                                      .apply = apply,
                                      .adjoint = adjoint};
const sensing_def sensing_fourier = {.name = "fourier",
                                     .about = "m Hartley coefficients (real Fourier) of vec(M) with random signs",
                                     .packs = true,
                                     .make = make_fourier,
                                     .apply = apply,
                                     .adjoint = adjoint};
