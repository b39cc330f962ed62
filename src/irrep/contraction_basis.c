/* Bases of symmetric couplings.  A polynomial of one more row is a coupling of one of fewer with the rows of a degree:
 * multiplied out, it is symmetric.  Degrees rise, so that the new one is the highest: Sym^(n-1) V times V covers Sym^n
 * V. Of the maps with the same degrees and l, an independent set is taken by Gram-Schmidt with pivots; an equivariant
 * map is known by one of its parts, so that part m = 0 alone is looked at. */
#include <weyl/irrep.h>

#include "contraction.h"
#include "degrees.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX  ((int64_t)1 << 20)
#define DEPENDENT 1e-7 /* of a norm of 1: what is left of a map that others make up is rounding, 1e-15 */

typedef struct builder {
  weyl_context *ctx;
  weyl_arena *arena, *scratch;
  int l_max, l_out, order;
  int32_t rows;
  double *dense; /* [rows^order], all 0 between uses */
  bool *seen;    /* [rows^order] keys that are among those touched */
  int32_t *touched;
  symmetric_coupling *item;
  int32_t n, room;
} builder;

/* The key of a monomial times a row, which belongs after every row of a lower degree. */
static int32_t times_row(const builder *b, int32_t key, int order, int32_t row) {
  int32_t digit[CONTRACTION_ORDER_MAX];
  for (int i = order - 1; i >= 0; i--, key /= b->rows) digit[i] = key % b->rows;
  int at = order;
  for (; at > 0 && digit[at - 1] > row; at--) digit[at] = digit[at - 1];
  digit[at] = row;
  int32_t out = 0;
  for (int i = 0; i <= order; i++) out = out * b->rows + digit[i];
  return out;
}

/* In how many orders the rows of a monomial can be. */
static double orders_of(const builder *b, int32_t key, int order) {
  double n = 1;
  int32_t last = -1;
  for (int i = 1, equal = 0; i <= order; i++, key /= b->rows) {
    equal = key % b->rows == last ? equal + 1 : 1;
    last = key % b->rows;
    n *= (double)i / equal;
  }
  return n;
}

static double inner(const builder *b, int order, const polynomial *x, const polynomial *y) {
  double sum = 0;
  for (int32_t i = 0, j = 0; i < x->n && j < y->n;) { /* keys rise */
    if (x->key[i] == y->key[j]) sum += x->c[i] * y->c[j] / orders_of(b, x->key[i], order);
    const int32_t a = x->key[i], c = y->key[j];
    i += a <= c;
    j += c <= a;
  }
  return sum;
}

static int by_number(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

/* What is dense becomes a polynomial; dense is 0 again. */
static weyl_status gather(builder *b, int32_t touched, weyl_arena *into, polynomial *out) {
  qsort(b->touched, (size_t)touched, sizeof *b->touched, by_number);
  int32_t *key = weyl_arena_array(into, int32_t, touched);
  double *c = weyl_arena_array(into, double, touched);
  if (!key || !c) return WEYL_MEMORY;
  int32_t n = 0;
  for (int32_t i = 0; i < touched; i++) {
    const double value = b->dense[b->touched[i]];
    b->dense[b->touched[i]] = 0;
    b->seen[b->touched[i]] = false;
    if (fabs(value) < 1e-13) continue;
    key[n] = b->touched[i];
    c[n++] = value;
  }
  *out = (polynomial){n, key, c};
  return WEYL_OK;
}

static void spread(builder *b, int32_t key, double value, int32_t *touched) {
  if (!b->seen[key]) b->touched[(*touched)++] = key;
  b->seen[key] = true;
  b->dense[key] += value;
}

/* The coupling of a map with the rows of one degree to degree l, each part of norm 1; n = 0 when it vanishes. */
static weyl_status couple_row(builder *b, const symmetric_coupling *with, int degree, int l, symmetric_coupling *out) {
  weyl_couplings list;
  WEYL_TRY(weyl_couplings_find(b->ctx, b->scratch, WEYL_COUPLING_CLEBSCH, with->l, degree, l, WEYL_GAUGE_WEYL, &list));
  polynomial *part = weyl_arena_array(b->scratch, polynomial, 2 * l + 1);
  if (!part) return WEYL_MEMORY;
  for (int64_t i = 0; i < list.n;) {
    const int32_t k = list.item[i].k;
    int32_t touched = 0;
    for (; i < list.n && list.item[i].k == k; i++) {
      const polynomial *p = &with->part[list.item[i].i];
      for (int32_t j = 0; j < p->n; j++)
        spread(b, times_row(b, p->key[j], with->order, degree * degree + list.item[i].j), list.item[i].value * p->c[j],
               &touched);
    }
    WEYL_TRY(gather(b, touched, b->scratch, &part[k]));
  }
  *out = (symmetric_coupling){.l = l, .order = with->order + 1, .part = part};
  memcpy(out->degree, with->degree, sizeof out->degree);
  out->degree[with->order] = degree;
  const double norm = sqrt(inner(b, out->order, &part[l], &part[l]));
  if (norm < DEPENDENT) {
    out->part = NULL;
    return WEYL_OK;
  }
  for (int k = 0; k <= 2 * l; k++)
    for (int32_t j = 0; j < part[k].n; j++) ((double *)part[k].c)[j] /= norm;
  return WEYL_OK;
}

static weyl_status keep(builder *b, const symmetric_coupling *from) {
  if (b->n == b->room) {
    const int32_t room = b->room ? 2 * b->room : 64;
    symmetric_coupling *more = weyl_arena_array(b->arena, symmetric_coupling, room);
    if (!more) return WEYL_MEMORY;
    if (b->n) memcpy(more, b->item, (size_t)b->n * sizeof *more);
    b->item = more, b->room = room;
  }
  const int32_t parts = 2 * from->l + 1;
  polynomial *part = weyl_arena_array(b->arena, polynomial, parts);
  if (!part) return WEYL_MEMORY;
  for (int32_t i = 0; i < parts; i++) {
    const size_t n = (size_t)from->part[i].n;
    int32_t *key = weyl_arena_array(b->arena, int32_t, n);
    double *c = weyl_arena_array(b->arena, double, n);
    if (!key || !c) return WEYL_MEMORY;
    memcpy(key, from->part[i].key, n * sizeof *key);
    memcpy(c, from->part[i].c, n * sizeof *c);
    part[i] = (polynomial){(int32_t)n, key, c};
  }
  b->item[b->n] = *from;
  b->item[b->n++].part = part;
  return WEYL_OK;
}

/* Keeps an independent set of the maps, all of the same degrees and l. */
static weyl_status keep_independent(builder *b, const symmetric_coupling *map, int32_t n) {
  /* q: an orthonormal set, as coefficients of the maps' Gram matrix */
  double *gram = weyl_arena_array(b->scratch, double, (size_t)n *(size_t)n);
  if (!gram) return WEYL_MEMORY;
  for (int32_t i = 0; i < n; i++)
    for (int32_t j = 0; j <= i; j++) {
      const int l = map[i].l;
      gram[i * n + j] = gram[j * n + i] = inner(b, map[i].order, &map[i].part[l], &map[j].part[l]);
    }
  for (;;) { /* a Cholesky factorisation with pivots */
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++)
      if (gram[i * n + i] > gram[best * n + best]) best = i;
    if (n == 0 || gram[best * n + best] < DEPENDENT) return WEYL_OK;
    WEYL_TRY(keep(b, &map[best]));
    const double pivot = gram[best * n + best];
    for (int32_t i = 0; i < n; i++) {
      if (i == best) continue;
      const double f = gram[i * n + best] / pivot;
      for (int32_t j = 0; j < n; j++)
        if (j != best) gram[i * n + j] -= f * gram[best * n + j];
    }
    for (int32_t i = 0; i < n; i++) gram[i * n + best] = gram[best * n + i] = 0;
  }
}

static bool same_degrees(const symmetric_coupling *a, const symmetric_coupling *b, int order) {
  for (int i = 0; i < order; i++)
    if (a->degree[i] != b->degree[i]) return false;
  return true;
}

/* All maps of one order more than items from ... to - 1, whose degrees come in groups. */
static weyl_status next_order(builder *b, int32_t from, int32_t to, int order) {
  const int rest = b->order - order - 1; /* orders that may follow, each with degrees to l_max */
  for (int32_t i = from, end; i < to; i = end) {
    for (end = i + 1; end < to && same_degrees(&b->item[i], &b->item[end], order); end++) {
    }
    for (int degree = b->item[i].degree[order - 1]; degree <= b->l_max; degree++)
      for (int l = 0; l <= b->l_out + rest * b->l_max; l++) {
        weyl_mark mark = weyl_arena_mark(b->scratch);
        symmetric_coupling *map = weyl_arena_array(b->scratch, symmetric_coupling, end - i);
        if (!map) return WEYL_MEMORY;
        int32_t n = 0;
        for (int32_t j = i; j < end; j++) {
          if (!is_triangle(b->item[j].l, degree, l)) continue;
          WEYL_TRY(couple_row(b, &b->item[j], degree, l, &map[n]));
          if (map[n].part) n++;
        }
        WEYL_TRY(keep_independent(b, map, n));
        weyl_arena_release(b->scratch, mark);
      }
  }
  return WEYL_OK;
}

static bool is_wanted(const symmetric_coupling *s, int l_out) {
  int sum = s->l;
  for (int i = 0; i < s->order; i++) sum += s->degree[i];
  return s->l <= l_out && sum % 2 == 0;
}

static weyl_status build(builder *b, symmetric_basis *out) {
  int32_t keys = 1;
  for (int i = 0; i < b->order; i++) keys *= b->rows;
  b->dense = weyl_arena_array(b->scratch, double, keys);
  b->seen = weyl_arena_array(b->scratch, bool, keys);
  b->touched = weyl_arena_array(b->scratch, int32_t, keys);
  if (!b->dense || !b->seen || !b->touched) return WEYL_MEMORY;
  memset(b->dense, 0, (size_t)keys * sizeof *b->dense);
  memset(b->seen, 0, (size_t)keys * sizeof *b->seen);
  static const double one = 1;
  for (int l = 0; l <= b->l_max; l++) {
    polynomial *part = weyl_arena_array(b->scratch, polynomial, 2 * l + 1);
    int32_t *row = weyl_arena_array(b->scratch, int32_t, 2 * l + 1);
    if (!part || !row) return WEYL_MEMORY;
    for (int m = 0; m <= 2 * l; m++) {
      row[m] = l * l + m;
      part[m] = (polynomial){1, &row[m], &one};
    }
    const symmetric_coupling map = {.l = l, .order = 1, .degree = {l}, .part = part};
    WEYL_TRY(keep(b, &map));
  }
  for (int32_t order = 1, from = 0; order < b->order; order++) {
    const int32_t to = b->n;
    WEYL_TRY(next_order(b, from, to, order));
    from = to;
  }
  symmetric_coupling *item = weyl_arena_array(b->arena, symmetric_coupling, b->n);
  if (!item) return WEYL_MEMORY;
  *out = (symmetric_basis){0, item};
  for (int l = 0; l <= b->l_out; l++)
    for (int order = 1; order <= b->order; order++)
      for (int32_t i = 0; i < b->n; i++)
        if (b->item[i].l == l && b->item[i].order == order && is_wanted(&b->item[i], b->l_out))
          item[out->n++] = b->item[i];
  return WEYL_OK;
}

weyl_status symmetric_basis_make(weyl_context *ctx, weyl_arena *arena, int l_max, int l_out, int order,
                                 symmetric_basis *out) {
  builder b = {.ctx = ctx, .arena = arena, .l_max = l_max, .l_out = l_out, .order = order};
  b.rows = (l_max + 1) * (l_max + 1);
  int64_t keys = 1;
  for (int i = 0; i < order; i++) keys *= b.rows;
  if (keys > KEYS_MAX)
    return weyl_fail(ctx, WEYL_BAD_ARG, "couplings of %d functions of degree %d are too many", order, l_max);
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(ctx, &b.scratch));
  WEYL_GOTO(build(&b, out));
done:
  weyl_arena_free(b.scratch);
  return status;
}
