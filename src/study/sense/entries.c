/* Some entries of the matrix, scaled by sqrt(n1 n2 / m).  They are kept by rows and by columns, so that each side's
 * sums run over memory in order and no two threads add to one place. */
#include "sensing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNKS = 128 };

/* One order of the entries: line is row or column, other the opposite index. */
typedef struct ordered {
  size_t lines;
  size_t *start;  /* [lines + 1] */
  int32_t *other; /* [m] */
  int32_t *place; /* [m], where the entry stands in y; NULL: in this order */
  double *y;      /* [m], bound, in this order */
} ordered;

/* parts: two orders; then their blocks of indices and values */
static ordered *order_of(const weyl_sensing *a, int side) { return (ordered *)a->part[0] + side; }

static double scale_of(const weyl_sensing *a) { return sqrt((double)a->n1 * (double)a->n2 / (double)a->m); }

/* Lines of chunk c: about as many entries in each. */
static size_t chunk_from(const ordered *o, size_t m, size_t c) {
  const size_t at = m * c / CHUNKS;
  size_t low = 0, high = o->lines;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (o->start[middle] < at)
      low = middle + 1;
    else
      high = middle;
  }
  return c == CHUNKS ? o->lines : low;
}

/* ---- making ---- */

/* By counting: entries of a line keep their order in the list. */
static weyl_status make_order(weyl_sensing *a, int side, const int32_t *line, const int32_t *other) {
  ordered *o = order_of(a, side);
  o->lines = side ? a->n2 : a->n1;
  const size_t bytes = (o->lines + 2) * sizeof *o->start + 2 * a->m * sizeof *o->other;
  char *block = a->part[1 + side] = weyl_alloc(a->ctx, bytes, 1);
  if (!block) return WEYL_MEMORY;
  o->start = (size_t *)(void *)block;
  o->other = (int32_t *)(void *)(block + (o->lines + 2) * sizeof *o->start);
  o->place = o->other + a->m;
  for (size_t i = 0; i < a->m; i++) o->start[line[i] + 2]++;
  for (size_t l = 0; l < o->lines; l++) o->start[l + 1] += o->start[l];
  bool same = true;
  for (size_t i = 0; i < a->m; i++) {
    const size_t at = o->start[line[i] + 1]++;
    o->other[at] = other[i];
    o->place[at] = (int32_t)i;
    same = same && at == i;
  }
  if (same) o->place = NULL;
  return WEYL_OK;
}

static int rising(const void *x, const void *y) {
  const int32_t a = *(const int32_t *)x, b = *(const int32_t *)y;
  return (a > b) - (a < b);
}

/* Each column at most once in a row. */
static weyl_status no_twins(weyl_sensing *a) {
  const ordered *o = order_of(a, 0);
  int32_t *line = weyl_alloc(a->ctx, a->n2 + 1, sizeof *line);
  if (!line) return WEYL_MEMORY;
  weyl_status status = WEYL_OK;
  for (size_t r = 0; r < o->lines && status == WEYL_OK; r++) {
    const size_t n = o->start[r + 1] - o->start[r];
    if (n <= a->n2) {
      memcpy(line, o->other + o->start[r], n * sizeof *line);
      qsort(line, n, sizeof *line, rising);
    }
    for (size_t i = 1; i < n && status == WEYL_OK; i++)
      if (n > a->n2 || line[i] == line[i - 1])
        status = weyl_fail(a->ctx, WEYL_BAD_ARG, "entries: row %zu, column %d is given twice", r,
                           (int)(n > a->n2 ? 0 : line[i]));
  }
  weyl_dealloc(a->ctx, line);
  return status;
}

weyl_status sensing_entries_given(weyl_sensing *a, const int32_t *row, const int32_t *column) {
  for (size_t i = 0; i < a->m; i++)
    if (row[i] < 0 || (size_t)row[i] >= a->n1 || column[i] < 0 || (size_t)column[i] >= a->n2)
      return weyl_fail(a->ctx, WEYL_BAD_ARG, "entries: number %zu is in row %d, column %d of a %zux%zu matrix", i,
                       (int)row[i], (int)column[i], a->n1, a->n2);
  a->part[0] = weyl_alloc(a->ctx, 2, sizeof(ordered));
  if (!a->part[0]) return WEYL_MEMORY;
  WEYL_TRY(make_order(a, 0, row, column));
  WEYL_TRY(make_order(a, 1, column, row));
  return no_twins(a);
}

/* Sorts n numbers below `all` by digits; room [n]. */
static void sort_places(size_t n, uint64_t all, uint64_t *place, uint64_t *room) {
  enum { BITS = 12, DIGITS = 1 << BITS };
  for (int shift = 0; shift < 64 && (all - 1) >> shift; shift += BITS) {
    size_t first[DIGITS + 1] = {0};
    for (size_t i = 0; i < n; i++) first[(place[i] >> shift & (DIGITS - 1)) + 1]++;
    for (size_t d = 0; d < DIGITS; d++) first[d + 1] += first[d];
    for (size_t i = 0; i < n; i++) room[first[place[i] >> shift & (DIGITS - 1)]++] = place[i];
    memcpy(place, room, n * sizeof *place);
  }
}

/* m different places, any set as likely as any other: drawn until there are enough, or (more than half) what is left.
 */
static weyl_status make(weyl_sensing *a) {
  const uint64_t all = (uint64_t)a->n1 * a->n2;
  if (a->m > all)
    return weyl_fail(a->ctx, WEYL_BAD_ARG, "entries: %zu of them, a %zux%zu matrix has %llu", a->m, a->n1, a->n2,
                     (unsigned long long)all);
  const bool most = a->m > all / 2;
  const size_t wanted = most ? (size_t)(all - a->m) : a->m;
  uint64_t *place = weyl_alloc(a->ctx, 2 * wanted + 1, sizeof *place);
  int32_t *row = weyl_alloc(a->ctx, 2 * a->m, sizeof *row), *column = row ? row + a->m : NULL;
  weyl_status status = place && row ? WEYL_OK : WEYL_MEMORY;
  weyl_rng rng = weyl_rng_new(a->seed, "entries");
  for (size_t have = 0; status == WEYL_OK && have < wanted;) {
    for (size_t i = have; i < wanted; i++) place[i] = weyl_rng_below(&rng, all);
    sort_places(wanted, all, place, place + wanted);
    size_t kept = 0;
    for (size_t i = 0; i < wanted; i++)
      if (i == 0 || place[i] != place[i - 1]) place[kept++] = place[i];
    have = kept;
  }
  if (status == WEYL_OK) {
    size_t n = 0, skip = 0;
    if (most) {
      for (uint64_t p = 0; p < all; p++) {
        if (skip < wanted && place[skip] == p) {
          skip++;
          continue;
        }
        row[n] = (int32_t)(p / a->n2);
        column[n++] = (int32_t)(p % a->n2);
      }
    } else {
      for (; n < wanted; n++) {
        row[n] = (int32_t)(place[n] / a->n2);
        column[n] = (int32_t)(place[n] % a->n2);
      }
    }
    status = sensing_entries_given(a, row, column);
  }
  weyl_dealloc(a->ctx, place);
  weyl_dealloc(a->ctx, row);
  return status;
}

weyl_status sensing_entries_bind(weyl_sensing *a, const double *y) {
  if (!a->part[3]) a->part[3] = weyl_alloc(a->ctx, 2 * a->m, sizeof(double));
  if (!a->part[3]) return WEYL_MEMORY;
  for (int side = 0; side < 2; side++) {
    ordered *o = order_of(a, side);
    o->y = (double *)a->part[3] + (size_t)side * a->m;
    for (size_t i = 0; i < a->m; i++) o->y[i] = y[o->place ? (size_t)o->place[i] : i];
  }
  return WEYL_OK;
}

/* ---- matrices ---- */

static void apply(weyl_sensing *a, const double *matrix, double *y) {
  const ordered *o = order_of(a, 0);
  const double c = scale_of(a);
  for (size_t r = 0; r < o->lines; r++)
    for (size_t i = o->start[r]; i < o->start[r + 1]; i++)
      y[o->place ? (size_t)o->place[i] : i] = c * matrix[r * a->n2 + (size_t)o->other[i]];
}

static void adjoint(weyl_sensing *a, const double *y, double *matrix) {
  const ordered *o = order_of(a, 0);
  const double c = scale_of(a);
  memset(matrix, 0, a->n1 * a->n2 * sizeof *matrix);
  for (size_t r = 0; r < o->lines; r++)
    for (size_t i = o->start[r]; i < o->start[r + 1]; i++)
      matrix[r * a->n2 + (size_t)o->other[i]] = c * y[o->place ? (size_t)o->place[i] : i];
}

/* ---- factors: one side at a time ---- */

typedef struct pass {
  const weyl_sensing *a;
  const ordered *o;
  size_t k;
  const double *own, *across; /* factors of the lines and of the opposite indices */
  const double *y;            /* coefficients; NULL: own . across - bound y */
  double *out;                /* of apply, as y is ordered; NULL */
  double *sum;                /* of the adjoint, one row a line; NULL */
  double scale, squares[CHUNKS];
} pass;

#if defined(__GNUC__)
#define BRING_NEAR(p) __builtin_prefetch(p)
#else
#define BRING_NEAR(p) ((void)(p))
#endif
enum { AHEAD = 24 }; /* entries: their factors lie anywhere, and memory is far */
static inline void bring_near(const double *factor, const size_t k) {
  BRING_NEAR(factor);
  if (k > 4) BRING_NEAR(factor + k - 1);
  if (k > 12) BRING_NEAR(factor + 8);
}

/* Constant k lets the compiler lay the inner loops out. */
static inline void lines_of(pass *p, size_t from, size_t to, const size_t k, double *squares) {
  const ordered *o = p->o;
  const double c = p->scale;
  const size_t last = o->start[to];
  for (size_t line = from; line < to; line++) {
    const double *f = p->y ? NULL : p->own + line * k;
    double *sum = p->sum ? p->sum + line * k : NULL;
    if (sum) memset(sum, 0, k * sizeof *sum);
    for (size_t i = o->start[line]; i < o->start[line + 1]; i++) {
      const double *g = p->across + (size_t)o->other[i] * k;
      if (i + AHEAD < last) bring_near(p->across + (size_t)o->other[i + AHEAD] * k, k);
      double e;
      if (p->y) {
        e = p->y[o->place ? (size_t)o->place[i] : i];
      } else {
        double even = 0, odd = 0;
        size_t j = 0;
        for (; j + 2 <= k; j += 2) {
          even += f[j] * g[j];
          odd += f[j + 1] * g[j + 1];
        }
        if (j < k) even += f[j] * g[j];
        e = c * (even + odd);
        if (p->out) {
          p->out[o->place ? (size_t)o->place[i] : i] = e;
          continue;
        }
        e -= o->y[i];
      }
      *squares += e * e;
      const double weight = c * e;
      for (size_t j = 0; j < k; j++) sum[j] += weight * g[j];
    }
  }
}

static void chunk(void *arg, int64_t i, int thread) {
  (void)thread;
  pass *p = arg;
  const size_t from = chunk_from(p->o, p->a->m, (size_t)i), to = chunk_from(p->o, p->a->m, (size_t)i + 1);
  double squares = 0;
#define CASE(K) \
  case K: lines_of(p, from, to, K, &squares); break
  switch (p->k) {
    CASE(1);
    CASE(2);
    CASE(3);
    CASE(4);
    CASE(5);
    CASE(6);
    CASE(8);
    CASE(10);
    CASE(12);
    CASE(16);
    default: lines_of(p, from, to, p->k, &squares);
  }
#undef CASE
  p->squares[i] = squares;
}

static double run(weyl_sensing *a, int side, pass p) {
  p.a = a;
  p.o = order_of(a, side);
  p.scale = scale_of(a);
  weyl_parallel(a->ctx, CHUNKS, chunk, &p);
  double sum = 0;
  for (int i = 0; i < CHUNKS; i++) sum += p.squares[i];
  return sum;
}

static void apply_factors(weyl_sensing *a, size_t k, const double *f, const double *g, double *y) {
  run(a, 0, (pass){.k = k, .own = f, .across = g, .out = y});
}

static void adjoint_factors(weyl_sensing *a, size_t k, const double *y, const double *f, const double *g, double *s_g,
                            double *st_f) {
  if (s_g) run(a, 0, (pass){.k = k, .own = f, .across = g, .y = y, .sum = s_g});
  if (st_f) run(a, 1, (pass){.k = k, .own = g, .across = f, .y = y, .sum = st_f});
}

static double gradient(weyl_sensing *a, size_t k, const double *f, const double *g, const double *y, double *s_g,
                       double *st_f) {
  (void)y; /* bound in both orders */
  double squares = 0;
  if (s_g) squares = run(a, 0, (pass){.k = k, .own = f, .across = g, .sum = s_g});
  if (!st_f) return squares;
  const double turned_squares = run(a, 1, (pass){.k = k, .own = g, .across = f, .sum = st_f});
  return s_g ? squares : turned_squares;
}

/* ---- least squares by rows ---- */

bool sensing_has_rows(const weyl_sensing *a) { return a->def == &sensing_entries && !a->symmetric; }

typedef struct least {
  const weyl_sensing *a;
  const ordered *o;
  size_t k;
  const double *fixed;
  double ridge, scale, *out, *work; /* work: least_room for each thread */
} least;

/* l l^T = gram [k][w] in place (lower); a pivot that vanishes is left out: its unknown is 0. */
static void solve_in_place(size_t k, size_t w, double *gram, double *b) {
  double top = 0;
  for (size_t i = 0; i < k; i++) top = fmax(top, gram[i * w + i]);
  for (size_t j = 0; j < k; j++) {
    double d = gram[j * w + j];
    for (size_t c = 0; c < j; c++) d -= gram[j * w + c] * gram[j * w + c];
    const double root = d > 1e-13 * top ? sqrt(d) : 0;
    gram[j * w + j] = root;
    for (size_t i = j + 1; i < k; i++) {
      double s = gram[i * w + j];
      for (size_t c = 0; c < j; c++) s -= gram[i * w + c] * gram[j * w + c];
      gram[i * w + j] = root > 0 ? s / root : 0;
    }
  }
  for (size_t i = 0; i < k; i++) {
    for (size_t c = 0; c < i; c++) b[i] -= gram[i * w + c] * b[c];
    b[i] = gram[i * w + i] > 0 ? b[i] / gram[i * w + i] : 0;
  }
  for (size_t i = k; i-- > 0;) {
    for (size_t c = i + 1; c < k; c++) b[i] -= gram[c * w + i] * b[c];
    b[i] = gram[i * w + i] > 0 ? b[i] / gram[i * w + i] : 0;
  }
}

enum { GATHERED = 128 }; /* entries of a line whose factors are brought together for one product */

static size_t least_room(size_t k) { return (GATHERED + k + 1) * (k + 1); }

/* Rows (factor, value) of a line's entries, and their Gram matrix: the normal equations with the right side behind. */
static void line_gram(const least *p, size_t line, double *rows, char *scratch, double *gram) {
  const ordered *o = p->o;
  const size_t k = p->k, w = k + 1, end = o->start[line + 1], last = o->start[o->lines];
  if (o->start[line] == end) memset(gram, 0, w * w * sizeof *gram);
  for (size_t e = o->start[line], n; e < end; e += n) {
    n = end - e < GATHERED ? end - e : GATHERED;
    for (size_t i = 0; i < n; i++) {
      bring_near(p->fixed + (size_t)o->other[e + i + AHEAD < last ? e + i + AHEAD : last - 1] * k, k);
      memcpy(rows + i * w, p->fixed + (size_t)o->other[e + i] * k, k * sizeof *rows);
      rows[i * w + k] = o->y[e + i] / p->scale;
    }
    weyl_kernels_active()->gemm[WEYL_F64](w, w, n, rows, 1, (ptrdiff_t)w, rows, (ptrdiff_t)w, 1, gram, (ptrdiff_t)w,
                                          e > o->start[line], scratch);
  }
}

static void least_chunk(void *arg, int64_t i, int thread) {
  const least *p = arg;
  const size_t k = p->k, w = k + 1;
  double *gram = p->work + (size_t)thread * least_room(k), *rows = gram + w * w;
  char *scratch = p->a->d.scratch + (size_t)thread * WEYL_GEMM_SCRATCH;
  const size_t to = chunk_from(p->o, p->a->m, (size_t)i + 1);
  for (size_t line = chunk_from(p->o, p->a->m, (size_t)i); line < to; line++) {
    double *b = p->out + line * k;
    line_gram(p, line, rows, scratch, gram);
    memcpy(b, gram + k * w, k * sizeof *b);
    for (size_t c = 0; c < k; c++) gram[c * w + c] += p->ridge;
    solve_in_place(k, w, gram, b);
  }
}

weyl_status sensing_least_rows(weyl_sensing *a, int side, size_t k, const double *fixed, double ridge, double *out) {
  double *work = weyl_alloc(a->ctx, (size_t)weyl_threads(a->ctx) * least_room(k), sizeof *work);
  if (!work) return WEYL_MEMORY;
  least p = {a, order_of(a, side), k, fixed, ridge, scale_of(a), out, work};
  weyl_parallel(a->ctx, CHUNKS, least_chunk, &p);
  weyl_dealloc(a->ctx, work);
  return WEYL_OK;
}

const sensing_def sensing_entries = {.name = "entries",
                                     .about = "entries of the matrix at random places: completion",
                                     .make = make,
                                     .apply = apply,
                                     .adjoint = adjoint,
                                     .apply_factors = apply_factors,
                                     .adjoint_factors = adjoint_factors,
                                     .gradient = gradient};
