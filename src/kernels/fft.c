/* Plans of Fourier transforms: which passes, their roots of unity, and the ways of long and awkward lengths. */
#include <weyl/kernels.h>

#include <math.h>
#include <string.h>

enum {
  LONG = 2048, /* from which one pass over two dimensions beats many over one: what stays in the L2 */
  SQUARE = 64, /* and from which one sequence alone is taken as a matrix, to have lanes */
  ALIGNED = 63
};
#define N_MAX ((size_t)1 << 28)

typedef struct table {
  weyl_fft_stages stages;
  void *twiddle, *unit;
} table;

struct weyl_fft {
  weyl_context *ctx;
  weyl_dtype dtype;
  size_t n;
  table all;         /* in one dimension; n = 0: not there */
  table part[2];     /* as a matrix: columns, then rows; n = 0: not there */
  void *factor;      /* [n1][n2] between them */
  weyl_fft *chirped; /* Bluestein: of the convolution's length, */
  void *chirp;       /* [n] exp(-pi i k^2 / n), */
  void *spectrum;    /* [m] transform of its conjugate, over m */
};

static size_t number_size(weyl_dtype t) { return weyl_dtype_size(t); }
static size_t lanes_of(weyl_dtype t) { return t == WEYL_F32 ? WEYL_FFT_LANES : WEYL_FFT_LANES / 2; }
static size_t aligned(size_t bytes) { return (bytes + ALIGNED) & ~(size_t)ALIGNED; }

/* exp(-2 pi i k / n) from an angle of at most an eighth of a turn, k < n */
static void root(size_t k, size_t n, double *re, double *im) {
  size_t eighth = 8 * k / n;                                                 /* k < 2^28 */
  const bool back = eighth & 1;                                              /* from the end of the eighth */
  const size_t quarter = (eighth + back) / 2;                                /* quarters of a turn that are taken off */
  const double rest = ((double)(4 * k) - (double)(quarter * n)) / (double)n; /* in quarters, -1/2..1/2; exact */
  const double angle = rest * 1.57079632679489661923, c = cos(angle), s = sin(angle);
  const double to_re[4] = {c, -s, -c, s}, to_im[4] = {s, c, -s, -c};
  *re = to_re[quarter % 4];
  *im = -to_im[quarter % 4];
}

static void put(weyl_dtype t, void *to, size_t i, double re, double im) {
  if (t == WEYL_F32) {
    ((float *)to)[2 * i] = (float)re;
    ((float *)to)[2 * i + 1] = (float)im;
  } else {
    ((double *)to)[2 * i] = re;
    ((double *)to)[2 * i + 1] = im;
  }
}

/* Factors of n as radices: fours first, the others in rising order. False when a prime is too large. */
static bool factors(size_t n, weyl_fft_stages *s) {
  s->count = 0;
  s->n = n;
  for (; n % 4 == 0; n /= 4) s->radix[s->count++] = 4;
  for (int32_t p = 2; p <= WEYL_FFT_RADIX; p++)
    for (; n % (size_t)p == 0; n /= (size_t)p) s->radix[s->count++] = p;
  return n == 1;
}

static weyl_status fill_table(const weyl_fft *f, table *t) {
  weyl_fft_stages *s = &t->stages;
  size_t twiddles = 0, units = 0, m = s->n;
  for (int i = 0; i < s->count; i++) {
    m /= (size_t)s->radix[i];
    twiddles += m * (size_t)(s->radix[i] - 1);
    units += s->radix[i] > 5 ? (size_t)s->radix[i] : 0;
  }
  t->twiddle = weyl_alloc(f->ctx, twiddles + 1, 2 * number_size(f->dtype));
  t->unit = weyl_alloc(f->ctx, units + 1, 2 * number_size(f->dtype));
  if (!t->twiddle || !t->unit) return WEYL_MEMORY;
  s->twiddle = t->twiddle;
  s->unit = t->unit;
  double re, im;
  size_t at = 0, unit = 0;
  m = s->n;
  for (int i = 0; i < s->count; i++) {
    const size_t r = (size_t)s->radix[i];
    m /= r;
    for (size_t p = 0; p < m; p++)
      for (size_t j = 1; j < r; j++) {
        root(p * j, r * m, &re, &im);
        put(f->dtype, t->twiddle, at++, re, im);
      }
    for (size_t j = 0; r > 5 && j < r; j++) {
      root(j, r, &re, &im);
      put(f->dtype, t->unit, unit++, re, im);
    }
  }
  return WEYL_OK;
}

/* n = n1 n2, as near to a square as its factors let it; n1 = 1 when it is a prime. */
static size_t near_root(size_t n) {
  size_t best = 1;
  for (size_t d = 2; d * d <= n; d++)
    if (n % d == 0) best = d;
  return best;
}

static weyl_status make_matrix(weyl_fft *f) {
  const size_t n1 = near_root(f->n), n2 = f->n / n1;
  if (f->n < SQUARE || n1 < 4) return WEYL_OK;
  for (int k = 0; k < 2; k++) {
    (void)factors(k ? n2 : n1, &f->part[k].stages);
    WEYL_TRY(fill_table(f, &f->part[k]));
  }
  f->factor = weyl_alloc(f->ctx, f->n, 2 * number_size(f->dtype));
  if (!f->factor) return WEYL_MEMORY;
  for (size_t k = 0; k < n1; k++)
    for (size_t i = 0; i < n2; i++) {
      double re, im;
      root(k * i, f->n, &re, &im);
      put(f->dtype, f->factor, k * n2 + i, re, im);
    }
  return WEYL_OK;
}

static weyl_status make_chirp(weyl_fft *f) {
  size_t m = 1;
  while (m < 2 * f->n - 1) m *= 2;
  WEYL_TRY(weyl_fft_new(f->ctx, f->dtype, m, &f->chirped));
  f->chirp = weyl_alloc(f->ctx, f->n, 2 * number_size(f->dtype));
  f->spectrum = weyl_alloc(f->ctx, m, 2 * number_size(f->dtype));
  void *scratch = weyl_alloc(f->ctx, weyl_fft_scratch(f->chirped), 1);
  if (!f->chirp || !f->spectrum || !scratch) {
    weyl_dealloc(f->ctx, scratch);
    return WEYL_MEMORY;
  }
  for (size_t k = 0; k < f->n; k++) {
    double re, im;
    root(k * k % (2 * f->n), 2 * f->n, &re, &im);
    put(f->dtype, f->chirp, k, re, im);
    put(f->dtype, f->spectrum, k, re / (double)m, -im / (double)m);
    if (k > 0) put(f->dtype, f->spectrum, m - k, re / (double)m, -im / (double)m);
  }
  weyl_fft_run(f->chirped, false, 1, f->spectrum, f->spectrum, scratch);
  weyl_dealloc(f->ctx, scratch);
  return WEYL_OK;
}

weyl_status weyl_fft_new(weyl_context *ctx, weyl_dtype dtype, size_t n, weyl_fft **out) {
  *out = NULL;
  if (dtype != WEYL_F32 && dtype != WEYL_F64) return weyl_fail(ctx, WEYL_BAD_ARG, "fft: numbers are f32 or f64");
  if (n < 1 || n > N_MAX) return weyl_fail(ctx, WEYL_BAD_ARG, "fft: length %zu, must be in 1..%zu", n, N_MAX);
  weyl_fft *f = weyl_alloc(ctx, 1, sizeof *f);
  if (!f) return WEYL_MEMORY;
  *f = (weyl_fft){.ctx = ctx, .dtype = dtype, .n = n};
  weyl_status status;
  if (factors(n, &f->all.stages)) {
    status = fill_table(f, &f->all);
    if (status == WEYL_OK) status = make_matrix(f);
  } else {
    f->all.stages.n = 0;
    status = make_chirp(f);
  }
  if (status != WEYL_OK) {
    weyl_fft_free(f);
    return status;
  }
  *out = f;
  return WEYL_OK;
}

void weyl_fft_free(weyl_fft *f) {
  if (!f) return;
  weyl_fft_free(f->chirped);
  void *const memory[] = {f->all.twiddle,  f->all.unit, f->part[0].twiddle, f->part[0].unit, f->part[1].twiddle,
                          f->part[1].unit, f->factor,   f->chirp,           f->spectrum};
  for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) weyl_dealloc(f->ctx, memory[i]);
  weyl_dealloc(f->ctx, f);
}

static size_t passes_bytes(const weyl_fft *f, size_t n) {
  return WEYL_FFT_SCRATCH(n, lanes_of(f->dtype) * number_size(f->dtype));
}

/* Whether a batch is taken a sequence at a time, each as a matrix. */
static bool as_matrix(const weyl_fft *f, size_t batch) {
  return f->factor && (f->n > LONG || 2 * batch < lanes_of(f->dtype));
}

size_t weyl_fft_scratch(const weyl_fft *f) {
  const size_t complex = 2 * number_size(f->dtype);
  if (f->chirped) return aligned(f->chirped->n * complex) + weyl_fft_scratch(f->chirped);
  size_t most = f->factor && f->n > LONG ? 0 : passes_bytes(f, f->n);
  if (f->factor) {
    const size_t n1 = f->part[0].stages.n, n2 = f->part[1].stages.n;
    const size_t bytes = aligned(f->n * complex) + passes_bytes(f, n1 > n2 ? n1 : n2);
    most = bytes > most ? bytes : most;
  }
  return most;
}

static const void *at(const weyl_fft *f, const void *x, size_t i) {
  return (const char *)x + 2 * i * number_size(f->dtype);
}
static void *place(const weyl_fft *f, void *x, size_t i) { return (char *)x + 2 * i * number_size(f->dtype); }

static void run_matrix(const weyl_fft *f, const weyl_kernels *k, bool inverse, const void *in, void *out,
                       void *scratch) {
  const size_t n1 = f->part[0].stages.n, n2 = f->part[1].stages.n, lanes = lanes_of(f->dtype);
  void *half = scratch, *room = (char *)scratch + aligned(f->n * 2 * number_size(f->dtype));
  for (size_t i = 0; i < n2; i += lanes)
    k->fft[f->dtype](&f->part[0].stages, inverse, at(f, in, i), (ptrdiff_t)n2, 1, n2 - i < lanes ? n2 - i : lanes,
                     at(f, f->factor, i), place(f, half, i), (ptrdiff_t)n2, 1, room);
  for (size_t i = 0; i < n1; i += lanes)
    k->fft[f->dtype](&f->part[1].stages, inverse, at(f, half, i * n2), 1, (ptrdiff_t)n2,
                     n1 - i < lanes ? n1 - i : lanes, NULL, place(f, out, i), (ptrdiff_t)n1, 1, room);
}

#define CHIRP(T)                                                                                    \
  /* y = x times c; c conjugated, or x and y exchanged parts, when asked */                         \
  static void times_##T(size_t n, const T *x, bool exchange_x, const T *c, bool exchange_y, T *y) { \
    for (size_t i = 0; i < n; i++) {                                                                \
      const T a = x[2 * i + exchange_x], b = x[2 * i + !exchange_x];                                \
      y[2 * i + exchange_y] = a * c[2 * i] - b * c[2 * i + 1];                                      \
      y[2 * i + !exchange_y] = a * c[2 * i + 1] + b * c[2 * i];                                     \
    }                                                                                               \
  }
CHIRP(float)
CHIRP(double)

static void times(const weyl_fft *f, size_t n, const void *x, bool exchange_x, const void *c, bool exchange_y,
                  void *y) {
  if (f->dtype == WEYL_F32)
    times_float(n, x, exchange_x, c, exchange_y, y);
  else
    times_double(n, x, exchange_x, c, exchange_y, y);
}

static void run_chirped(const weyl_fft *f, bool inverse, const void *in, void *out, void *scratch) {
  const size_t m = f->chirped->n, complex = 2 * number_size(f->dtype);
  void *y = scratch, *room = (char *)scratch + aligned(m * complex);
  times(f, f->n, in, inverse, f->chirp, false, y);
  memset(place(f, y, f->n), 0, (m - f->n) * complex);
  weyl_fft_run(f->chirped, false, 1, y, y, room);
  times(f, m, y, false, f->spectrum, false, y);
  weyl_fft_run(f->chirped, true, 1, y, y, room);
  times(f, f->n, y, false, f->chirp, inverse, out);
}

void weyl_fft_run(const weyl_fft *f, bool inverse, size_t batch, const void *in, void *out, void *scratch) {
  const weyl_kernels *k = weyl_kernels_active();
  const size_t lanes = lanes_of(f->dtype);
  if (f->chirped || as_matrix(f, batch)) {
    for (size_t b = 0; b < batch; b++)
      if (f->chirped)
        run_chirped(f, inverse, at(f, in, b * f->n), place(f, out, b * f->n), scratch);
      else
        run_matrix(f, k, inverse, at(f, in, b * f->n), place(f, out, b * f->n), scratch);
    return;
  }
  for (size_t b = 0; b < batch; b += lanes)
    k->fft[f->dtype](&f->all.stages, inverse, at(f, in, b * f->n), 1, (ptrdiff_t)f->n,
                     batch - b < lanes ? batch - b : lanes, NULL, place(f, out, b * f->n), 1, (ptrdiff_t)f->n, scratch);
}
