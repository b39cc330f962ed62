/* The reference kernels of one type: T, WEYL_TYPE. Plain loops in double and libm; sums too, so that the other tables
 * are measured against something better than themselves. */

static inline double K(signum)(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

#define UNARY(name, formula)                                 \
  void K(unary_##name)(size_t n, const void *xv, void *yv) { \
    const T *x = xv;                                         \
    T *y = yv;                                               \
    for (size_t i = 0; i < n; i++) {                         \
      const double v = (double)x[i];                         \
      y[i] = (T)(formula);                                   \
    }                                                        \
  }
UNARY(neg, -v)
UNARY(abs, fabs(v))
UNARY(sign, K(signum)(v))
UNARY(floor, floor(v))
UNARY(sqrt, sqrt(v))
UNARY(rsqrt, 1 / sqrt(v))
UNARY(recip, 1 / v)
UNARY(exp, exp(v))
UNARY(expm1, expm1(v))
UNARY(log, log(v))
UNARY(log1p, log1p(v))
UNARY(sin, sin(v))
UNARY(cos, cos(v))
UNARY(tanh, tanh(v))
UNARY(sigmoid, v >= 0 ? 1 / (1 + exp(-v)) : exp(v) / (1 + exp(v)))
UNARY(erf, erf(v))
#undef UNARY

#define BINARY(name, formula)                                                                       \
  void K(binary_##name)(size_t n, const void *xv, size_t sx, const void *yv, size_t sy, void *zv) { \
    const T *x = xv, *y = yv;                                                                       \
    T *z = zv;                                                                                      \
    for (size_t i = 0; i < n; i++) {                                                                \
      const double u = (double)x[i * sx], v = (double)y[i * sy];                                    \
      z[i] = (T)(formula);                                                                          \
    }                                                                                               \
  }
BINARY(add, u + v)
BINARY(sub, u - v)
BINARY(mul, u *v)
BINARY(div, u / v)
BINARY(pow, pow(u, v))
BINARY(max, isnan(u) || u > v ? u : v)
BINARY(min, isnan(u) || u < v ? u : v)
BINARY(atan2, atan2(u, v))
BINARY(lt, u < v)
BINARY(le, u <= v)
BINARY(eq, u == v)
#undef BINARY

void K(where)(size_t n, const void *cv, size_t sc, const void *xv, size_t sx, const void *yv, size_t sy, void *zv) {
  const T *c = cv, *x = xv, *y = yv;
  T *z = zv;
  for (size_t i = 0; i < n; i++) z[i] = c[i * sc] != 0 ? x[i * sx] : y[i * sy];
}

void K(fill)(size_t n, double value, void *yv) {
  T *y = yv;
  for (size_t i = 0; i < n; i++) y[i] = (T)value;
}

void K(silu)(size_t n, const void *xv, void *yv, void *dyv) {
  const T *x = xv;
  T *y = yv, *dy = dyv;
  for (size_t i = 0; i < n; i++) {
    const double v = (double)x[i], e = exp(-fabs(v)), s = v < 0 ? e / (1 + e) : 1 / (1 + e);
    const double rest = v < 0 ? 1 / (1 + e) : e / (1 + e); /* 1 - s */
    if (y) y[i] = (T)(isinf(v) && v < 0 ? -0.0 : v * s);
    if (dy) dy[i] = (T)(isinf(v) ? s : s + v * s * rest);
  }
}

void K(axpy)(size_t n, double a, const void *xv, void *yv) {
  const T *x = xv, factor = (T)a;
  T *y = yv;
  for (size_t i = 0; i < n; i++) y[i] = (T)((double)y[i] + (double)factor * (double)x[i]);
}

/* Sum (or maximum) of n values `step` apart. */
static T K(sum_of)(size_t n, const T *x, size_t step) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)x[i * step];
  return (T)sum;
}

static T K(max_of)(size_t n, const T *x, size_t step) {
  T top = x[0];
  for (size_t i = 1; i < n && !isnan(top); i++)
    if (isnan(x[i * step]) || x[i * step] > top) top = x[i * step];
  return top;
}

#define REDUCE(name)                                                        \
  void K(name##_rows)(size_t rows, size_t n, const void *xv, void *yv) {    \
    const T *x = xv;                                                        \
    T *y = yv;                                                              \
    for (size_t i = 0; i < rows; i++) y[i] = K(name##_of)(n, x + i * n, 1); \
  }                                                                         \
  void K(name##_columns)(size_t rows, size_t n, const void *xv, void *yv) { \
    const T *x = xv;                                                        \
    T *y = yv;                                                              \
    for (size_t j = 0; j < n; j++) y[j] = K(name##_of)(rows, x + j, n);     \
  }
REDUCE(sum)
REDUCE(max)
#undef REDUCE

/* The number of row r and column j, where an operand keeps it. */
static T *K(row_number)(const weyl_row_operand *o, int64_t r, int64_t first, int64_t j) {
  const int64_t row = (o->block ? r - first : r) / o->div, rest = (o->block ? r - first : r) % o->div;
  const int64_t at = (o->index ? o->index[row] : row) * o->times + (o->rest ? rest : 0);
  return (T *)o->data + at * o->stride + (o->one ? 0 : j);
}

static void K(row_step)(const weyl_row_step *s, int64_t r, int64_t first) {
  T total = s->kind == WEYL_ROW_MAX ? -(T)INFINITY : 0;
  for (int64_t j = 0; j < s->width; j++) {
    T x = *K(row_number)(&s->in[0], r, first, j);
    if (s->kind == WEYL_ROW_ADDS || s->kind == WEYL_ROW_SILU)
      for (int k = 1; k < s->f; k++) x += *K(row_number)(&s->in[k], r, first, j);
    T *y = s->kind == WEYL_ROW_SILU && !s->out[0].data ? NULL : K(row_number)(&s->out[0], r, first, j);
    const T sigmoid = 1 / (1 + (T)exp(-(double)x));
    switch (s->kind) {
      case WEYL_ROW_UNARY: weyl_kernels_reference()->unary[sizeof(T) == 8][s->f](1, &x, y); break;
      case WEYL_ROW_BINARY:
        weyl_kernels_reference()->binary[sizeof(T) == 8][s->f](1, &x, 1, K(row_number)(&s->in[1], r, first, j), 1, y);
        break;
      case WEYL_ROW_WHERE: *y = *K(row_number)(&s->in[x != 0 ? 1 : 2], r, first, j); break;
      case WEYL_ROW_COPY: *y = x; break;
      case WEYL_ROW_ADDS:
        *y = s->in[WEYL_ROW_ADDENDS].data ? x * *K(row_number)(&s->in[WEYL_ROW_ADDENDS], r, first, j) : x;
        break;
      case WEYL_ROW_SILU:
        if (y) *y = x * sigmoid;
        if (s->out[1].data) *K(row_number)(&s->out[1], r, first, j) = sigmoid + x * sigmoid * (1 - sigmoid);
        break;
      case WEYL_ROW_SUM: total += x; break;
      case WEYL_ROW_MAX: total = x > total || x != x ? x : total; break;
      case WEYL_ROW_ADD_INTO:
      case WEYL_ROW_ADD_ALL: *y += x; break;
    }
  }
  if (s->kind == WEYL_ROW_SUM || s->kind == WEYL_ROW_MAX) *K(row_number)(&s->out[0], r, first, 0) = total;
}

void K(rows)(const weyl_row_step *steps, size_t n, size_t from, size_t to, size_t block, void *scratch) {
  (void)scratch;
  for (size_t first = from; first < to; first += block)
    for (size_t k = 0; k < n; k++)
      for (size_t r = first; r < to && r < first + block; r++) K(row_step)(&steps[k], (int64_t)r, (int64_t)first);
}

void K(gather)(size_t m, size_t w, const void *xv, const int32_t *index, void *yv) {
  const T *x = xv;
  T *y = yv;
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < w; j++) y[i * w + j] = x[(size_t)index[i] * w + j];
}

void K(scatter_add)(size_t m, size_t w, const void *xv, const int32_t *index, void *yv) {
  const T *x = xv;
  T *y = yv;
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < w; j++) y[(size_t)index[i] * w + j] += x[i * w + j];
}

void K(sign_mix)(size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *xv, void *yv) {
  const T *x = xv;
  T *y = yv;
  for (size_t r = 0; r < rows; r++)
    for (size_t f = 0; f < frames; f++)
      for (size_t j = 0; j < n; j++) {
        double sum = 0;
        for (size_t c = 0; c < d; c++) sum += signs[f * d + c] * (double)x[(c * rows + r) * n + j];
        *y++ = (T)sum;
      }
}

void K(sign_unmix)(size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *xv, void *yv) {
  const T *x = xv;
  T *y = yv;
  for (size_t c = 0; c < d; c++)
    for (size_t r = 0; r < rows; r++)
      for (size_t j = 0; j < n; j++) {
        double sum = 0;
        for (size_t f = 0; f < frames; f++) sum += signs[f * d + c] * (double)x[(r * frames + f) * n + j];
        *y++ = (T)sum;
      }
}

void K(sign_frames)(size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *xv, void *yv) {
  const T *x = xv;
  T *y = yv;
  for (size_t r = 0; r < rows; r++)
    for (size_t f = 0; f < frames; f++)
      for (size_t j = 0; j < n; j++) *y++ = (T)signs[f * d + j % d] * x[r * n + j];
}

void K(sign_fold)(size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *xv, void *yv) {
  const T *x = xv;
  T *y = yv;
  for (size_t r = 0; r < rows; r++)
    for (size_t j = 0; j < n; j++) {
      double sum = 0;
      for (size_t f = 0; f < frames; f++) sum += signs[f * d + j % d] * (double)x[(r * frames + f) * n + j];
      *y++ = (T)sum;
    }
}

void K(gemm)(size_t m, size_t n, size_t k, const void *av, ptrdiff_t a_row, ptrdiff_t a_col, const void *bv,
             ptrdiff_t b_row, ptrdiff_t b_col, void *cv, ptrdiff_t c_row, bool accumulate, void *scratch) {
  const T *a = av, *b = bv;
  T *c = cv;
  (void)scratch;
  for (ptrdiff_t i = 0; i < (ptrdiff_t)m; i++)
    for (ptrdiff_t j = 0; j < (ptrdiff_t)n; j++) {
      double sum = accumulate ? (double)c[i * c_row + j] : 0;
      for (ptrdiff_t p = 0; p < (ptrdiff_t)k; p++)
        sum += (double)a[i * a_row + p * a_col] * (double)b[p * b_row + j * b_col];
      c[i * c_row + j] = (T)sum;
    }
}

void K(conv_pack)(size_t rows, size_t columns, const void *xv, ptrdiff_t row, ptrdiff_t column, size_t all_rows,
                  void *packed) {
  const size_t panel = PANEL_OF(WEYL_ISA) / sizeof(T);
  const T *x = xv;
  T *to = packed;
  for (size_t j = 0; j < columns; j += panel)
    for (size_t i = 0; i < rows; i++)
      for (size_t k = 0; k < panel; k++)
        to[j * all_rows + i * panel + k] = j + k < columns ? x[(ptrdiff_t)i * row + (ptrdiff_t)(j + k) * column] : (T)0;
}

void K(conv_taps)(const weyl_conv_taps *q, const void *inv, const void *packed, void *outv) {
  const size_t panel = PANEL_OF(WEYL_ISA) / sizeof(T), rows = q->segments * q->length;
  const T *in = inv, *w = packed;
  T *out = outv;
  for (size_t p = 0; p < q->pixels; p++)
    for (size_t j = 0; j < q->out; j++) {
      double sum = 0;
      for (size_t s = 0; s < q->segments; s++)
        for (size_t t = 0; t < q->length; t++)
          sum += (double)in[(size_t)(q->from[p] + q->segment[s]) + t] *
                 (double)w[j / panel * panel * rows + (s * q->length + t) * panel + j % panel];
      out[(size_t)q->to[p] + j] = (T)sum;
    }
}

void K(conv_sums)(const weyl_conv_sums *q, const void *xv, const void *dyv, bool accumulate, void *sumsv) {
  const size_t panel = PANEL_OF(WEYL_ISA) / sizeof(T);
  const T *x = xv, *dy = dyv;
  T *sums = sumsv;
  for (size_t row = 0; row < q->segments * q->length; row++)
    for (size_t j = 0; j < panel; j++) {
      double sum = accumulate ? (double)sums[row * panel + j] : 0;
      const T *at = x + q->segment[row / q->length] + row % q->length;
      for (size_t r = 0; r < q->runs; r++)
        for (size_t k = 0; k < q->run; k++)
          sum += (double)at[q->from[r] + (ptrdiff_t)k * q->step] * (double)dy[(r * q->run + k) * panel + j];
      sums[row * panel + j] = (T)sum;
    }
}

void K(multiply_add)(size_t rounds, double *flops) {
  const volatile T factor = (T)0.5, term = 1;
  volatile T end;
  const T a = factor, b = term;
  T x = 0;
  for (size_t r = 0; r < rounds; r++) x = x * a + b;
  end = x;
  (void)end;
  *flops = 2.0 * (double)rounds;
}
