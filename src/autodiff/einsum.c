/* einsum: letters to dot_general, sums and a permutation. */
#include "engine.h"

#include <string.h>

typedef struct term {
  int n;
  char letter[WEYL_RANK_MAX];
  weyl_tensor x;
} term;

typedef struct spec_reader {
  weyl_graph *g;
  const char *spec;
  size_t at;
} spec_reader;

static bool bad(const spec_reader *r, size_t at, const char *what) {
  (void)weyl_graph_fail(r->g, WEYL_BAD_ARG, "einsum: \"%s\", position %zu: %s", r->spec, at, what);
  return false;
}

static int place_of(const term *t, char letter) {
  for (int i = 0; i < t->n; i++)
    if (t->letter[i] == letter) return i;
  return -1;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static bool read_term(spec_reader *r, term *t) {
  t->n = 0;
  for (; is_letter(r->spec[r->at]); r->at++) {
    if (t->n == WEYL_RANK_MAX) return bad(r, r->at, "more axes than a tensor can have");
    if (place_of(t, r->spec[r->at]) >= 0) return bad(r, r->at, "a letter twice in one operand");
    t->letter[t->n++] = r->spec[r->at];
  }
  return true;
}

/* "ab,bc->ac" with as many operands as given; the letters must fit the shapes */
static bool read_spec(spec_reader *r, term *in, int n_in, term *out) {
  for (int k = 0; k < n_in; k++) {
    const size_t start = r->at;
    if (!read_term(r, &in[k])) return false;
    const char next = r->spec[r->at];
    if (k + 1 < n_in && next != ',')
      return bad(r, r->at, next == '-' ? "one operand named, two given" : "a letter or ',' is wanted");
    if (k + 1 == n_in && next == ',') return bad(r, r->at, "more operands named than given");
    if (next == ',') r->at++;
    const weyl_shape s = weyl_tensor_shape(in[k].x);
    char text[160];
    if (s.rank != in[k].n) {
      (void)weyl_graph_fail(r->g, WEYL_SHAPE, "einsum: \"%s\", position %zu: %d letters for operand %d of shape %s",
                            r->spec, start, in[k].n, k, weyl_shape_text(&s, text));
      return false;
    }
  }
  if (r->spec[r->at] != '-' || r->spec[r->at + 1] != '>') return bad(r, r->at, "a letter or '->' is wanted");
  r->at += 2;
  const size_t start = r->at;
  if (!read_term(r, out)) return false;
  if (r->spec[r->at]) return bad(r, r->at, "a letter or the end is wanted");
  for (int i = 0; i < out->n; i++)
    if (place_of(&in[0], out->letter[i]) < 0 && (n_in == 1 || place_of(&in[1], out->letter[i]) < 0))
      return bad(r, start + (size_t)i, "a letter of the result that no operand has");
  return true;
}

/* Sums away the letters that neither the result nor the other operand has. */
static void drop_lonely(term *t, const term *other, const term *out) {
  int axes[WEYL_RANK_MAX], n = 0, kept = 0;
  for (int i = 0; i < t->n; i++) {
    if (place_of(out, t->letter[i]) < 0 && (!other || place_of(other, t->letter[i]) < 0))
      axes[n++] = i;
    else
      t->letter[kept++] = t->letter[i];
  }
  if (n) t->x = weyl_sum_axes(t->x, n, axes);
  t->n = kept;
}

/* The axes in the order of the result's letters; letters that t lacks become 1s. */
static weyl_tensor arrange(const term *t, const term *out) {
  int axes[WEYL_RANK_MAX], n = 0;
  bool moved = false;
  for (int i = 0; i < out->n; i++) {
    const int at = place_of(t, out->letter[i]);
    if (at < 0) continue;
    moved = moved || at != n;
    axes[n++] = at;
  }
  weyl_tensor x = moved ? weyl_permute(t->x, axes) : t->x;
  for (int i = 0; i < out->n; i++)
    if (place_of(t, out->letter[i]) < 0) x = weyl_unsqueeze(x, i);
  return x;
}

static bool same_sizes(const spec_reader *r, const term *a, const term *b) {
  const weyl_shape s = weyl_tensor_shape(a->x), t = weyl_tensor_shape(b->x);
  for (int i = 0; i < a->n; i++) {
    const int j = place_of(b, a->letter[i]);
    if (j < 0 || weyl_dim_equal(s.dim[i], t.dim[j])) continue;
    char p[160], q[160];
    (void)weyl_graph_fail(r->g, WEYL_SHAPE, "einsum: \"%s\": letter %c has two sizes in %s and %s", r->spec,
                          a->letter[i], weyl_shape_text(&s, p), weyl_shape_text(&t, q));
    return false;
  }
  return true;
}

static weyl_tensor product(const term *a, const term *b, const term *out) {
  int a_batch[WEYL_RANK_MAX], b_batch[WEYL_RANK_MAX], a_sum[WEYL_RANK_MAX], b_sum[WEYL_RANK_MAX], n_batch = 0,
                                                                                                  n_sum = 0;
  for (int i = 0; i < a->n; i++) {
    const int j = place_of(b, a->letter[i]);
    if (j < 0 || place_of(out, a->letter[i]) >= 0) continue;
    a_sum[n_sum] = i;
    b_sum[n_sum++] = j;
  }
  if (n_sum == 0) return weyl_mul(arrange(a, out), arrange(b, out));
  /* dot_general's own order of axes: batch (as in the result), what only a has, what only b has */
  term c = {0};
  for (int i = 0; i < out->n; i++) {
    const int p = place_of(a, out->letter[i]), q = place_of(b, out->letter[i]);
    if (p < 0 || q < 0) continue;
    a_batch[n_batch] = p;
    b_batch[n_batch++] = q;
    c.letter[c.n++] = out->letter[i];
  }
  for (int i = 0; i < a->n; i++)
    if (place_of(b, a->letter[i]) < 0) c.letter[c.n++] = a->letter[i];
  for (int i = 0; i < b->n; i++)
    if (place_of(a, b->letter[i]) < 0) c.letter[c.n++] = b->letter[i];
  c.x = weyl_dot_general(a->x, b->x, n_batch, a_batch, b_batch, n_sum, a_sum, b_sum);
  return arrange(&c, out);
}

weyl_tensor weyl_einsum(const char *spec, weyl_tensor a, weyl_tensor b) {
  spec_reader r = {.g = a.graph, .spec = spec};
  term in[2] = {{.x = a}, {.x = b}}, out = {0};
  if (!weyl_tensor_valid(a) || weyl_graph_status(r.g) != WEYL_OK) return WEYL_NULL_TENSOR;
  const int n = weyl_tensor_valid(b) ? 2 : 1;
  if (n == 2 && b.graph != a.graph)
    return weyl_graph_fail(r.g, WEYL_BAD_ARG, "einsum: the operands belong to two graphs");
  if (!read_spec(&r, in, n, &out) || (n == 2 && !same_sizes(&r, &in[0], &in[1]))) return WEYL_NULL_TENSOR;
  for (int k = 0; k < n; k++) drop_lonely(&in[k], n == 2 ? &in[1 - k] : NULL, &out);
  return n == 2 ? product(&in[0], &in[1], &out) : arrange(&in[0], &out);
}
