/* Powers of a function on the sphere by the rules of few points, by vectors of channels. */
#include "sphere_orbits.h"
#include "sphere_results.h"

#ifdef __clang__
#define UNROLL_ALL _Pragma("clang loop unroll(full)")
#else
#define UNROLL_ALL _Pragma("GCC unroll 32")
#endif

enum { X = 1, Y = 2, Z = 4 };

/* The first harmonic of each pattern. */
INLINE bool is_first(int i) { return i < 6 || i == 7 || i == 10; }

/* Patterns that harmonics to l_max have. */
INLINE bool has(int l_max, int pattern) { return (pattern & X) + (pattern >> 1 & 1) + (pattern >> 2) <= l_max; }

/* Values at the points of an orbit, which differ in `signs`, of harmonics x with the values t without a sign. */
INLINE void to_orbit(const int l_max, const int signs, const T *t, const vec *x, vec f[ORBIT_PATTERNS]) {
  UNROLL_ALL for (int i = 0; i < (l_max + 1) * (l_max + 1); i++) {
    const int k = sphere_orbit_pattern(i);
    if (k & ~signs) continue;
    const vec u = v_set1(t[i]);
    if (is_first(i))
      f[k] = u * x[i];
    else
      f[k] = v_fma(u, x[i], f[k]);
  }
  UNROLL for (int b = 0; b < 3; b++) {
    const int bit = 1 << b;
    if (!(bit & signs)) continue;
    UNROLL for (int k = 0; k < ORBIT_PATTERNS; k++) {
      if (k & bit || k & ~signs) continue;
      /* patterns of the bits that are not yet done have not spread to all */
      const int rest = k & ~(bit - 1);
      if (!has(l_max, rest)) continue;
      if (has(l_max, rest | bit)) {
        const vec u = f[k], v = f[k | bit];
        f[k] = u + v;
        f[k | bit] = u - v;
      } else {
        f[k | bit] = f[k];
      }
    }
  }
}

/* Adds an orbit's share of the harmonics of a function. */
INLINE void from_orbit(const int l_max, const int signs, const T *t, vec f[ORBIT_PATTERNS], vec *sum) {
  UNROLL for (int b = 0; b < 3; b++) {
    const int bit = 1 << b;
    if (!(bit & signs)) continue;
    UNROLL for (int k = 0; k < ORBIT_PATTERNS; k++) {
      if (k & bit || k & ~signs) continue;
      const vec u = f[k], v = f[k | bit];
      f[k] = u + v;
      f[k | bit] = u - v;
    }
  }
  UNROLL_ALL for (int i = 0; i < (l_max + 1) * (l_max + 1); i++) {
    const int k = sphere_orbit_pattern(i);
    if (k & ~signs) continue;
    sum[i] = v_fma(v_set1(t[i]), f[k], sum[i]);
  }
}

#define AT_POINTS(k, signs) UNROLL for (int k = 0; k < ORBIT_PATTERNS; k++) if (!(k & ~(signs)))

/* Harmonics of f^2, f^3, ...: [powers][(l3 + 1)^2] */
INLINE void powers_of(const int l3, const int signs, int powers, const T *weighted, const vec *f, vec *sum) {
  vec v[ORBIT_PATTERNS], u[ORBIT_PATTERNS];
  AT_POINTS(k, signs) v[k] = f[k];
  NO_UNROLL for (int n = 0; n < powers; n++, sum += (l3 + 1) * (l3 + 1)) {
    AT_POINTS(k, signs) u[k] = v[k] = v[k] * f[k];
    from_orbit(l3, signs, weighted, u, sum);
  }
}

/* Harmonics of h2 f + h3 f^2 + ...: h: [powers][(l3 + 1)^2] */
INLINE void slope_of(const int l1, const int l3, const int signs, int powers, const T *value, const T *weighted,
                     const vec *f, const vec *h, vec *sum) {
  vec v[ORBIT_PATTERNS], u[ORBIT_PATTERNS];
  h += (powers - 1) * (l3 + 1) * (l3 + 1);
  to_orbit(l3, signs, value, h, v);
  NO_UNROLL for (int n = 1; n < powers; n++) {
    h -= (l3 + 1) * (l3 + 1);
    to_orbit(l3, signs, value, h, u);
    AT_POINTS(k, signs) v[k] = v_fma(v[k], f[k], u[k]);
  }
  AT_POINTS(k, signs) v[k] = v[k] * f[k];
  from_orbit(l1, signs, weighted, v, sum);
}

/* So few that the call of memset that a loop becomes would count. */
INLINE void clear(const int n, int times, vec *x) {
  NO_UNROLL for (int t = 0; t < times; t++, x += n) UNROLL_ALL for (int i = 0; i < n; i++) x[i] = v_zero();
}

/* times factor and the weights of degrees, if there are any */
INLINE void weigh(const int l_max, const T *x, const T *w, vec factor, vec *to) {
  UNROLL for (int l = 0; l <= l_max; l++) {
    vec weight = factor;
    if (w) weight = factor * v_load(w + l * V);
    UNROLL for (int i = l * l; i < (l + 1) * (l + 1); i++) to[i] = weight * v_load(x + i * V);
  }
}

/* Functions of a sample: x, and h of each power times its weights; results. */
typedef struct sample {
  const vec *x, *h;
  vec *power, *slope; /* NULL: not wanted */
} sample;

INLINE void orbits_of(const sphere_orbits *o, int powers, const int l1, const int l3, const int signs, const sample *s,
                      const T **value, const T **weighted) {
  for (int j = 0; j < o->n[signs]; j++, *value += o->width, *weighted += o->width) {
    vec f[ORBIT_PATTERNS];
    to_orbit(l1, signs, *value, s->x, f);
    if (s->power) powers_of(l3, signs, powers, *weighted, f, s->power);
    if (s->slope) slope_of(l1, l3, signs, powers, *value, *weighted, f, s->h, s->slope);
  }
}

INLINE void all_orbits(const sphere_product *p, const int l1, const int l3, sample s) {
  const T *value = p->orbits.value, *weighted = p->orbits.weighted;
#define OF(signs) orbits_of(&p->orbits, p->power - 1, l1, l3, signs, &s, &value, &weighted);
  OF(X) OF(Y) OF(X | Y) OF(Z) OF(X | Z) OF(Y | Z) OF(X | Y | Z)
#undef OF
}

INLINE void run(const sphere_product *p, const bool back, bool weights, const int l1, const int l3,
                const sphere_arrays *a, size_t block, size_t from, size_t to, vec *scratch) {
  const int powers = p->power - 1, n1 = (l1 + 1) * (l1 + 1), n3 = (l3 + 1) * (l3 + 1);
  vec *const x = scratch, *const slope = x + n1, *const power = slope + n1, *const h = power + powers * n3;
  for (size_t s = from; s < to; s++)
    for (size_t lane = 0; lane < V; lane += VL) {
      const size_t item = s * (size_t)a->blocks + block;
      const size_t f_at = item * (size_t)n1 * V + lane, wf_at = block * (size_t)(l1 + 1) * V + lane;
      const size_t z_at = item * (size_t)n3 * V + lane, wz_at = block * (size_t)(l3 + 1) * V + lane;
      const T *const f = lanes(a->f[0], f_at), *const wf = lanes(a->wf[0], wf_at), *const g = lanes(a->g, z_at);
      weigh(l1, f, wf, v_set1(1), x);
      clear(n3, powers, power);
      if (!back) {
        all_orbits(p, l1, l3, (sample){.x = x, .power = power});
        for (int n = 0; n < powers; n++)
          put_result(l3, power + n * n3, lanes(a->wz[n], wz_at), n > 0, lanes_to(a->z, z_at));
        continue;
      }
      for (int n = 0; n < powers; n++) weigh(l3, g, lanes(a->wz[n], wz_at), v_set1((T)(n + 2)), h + n * n3);
      clear(n1, 1, slope);
      all_orbits(p, l1, l3, (sample){x, h, weights ? power : NULL, slope});
      if (a->df[0]) put_result(l1, slope, wf, false, lanes_to(a->df[0], f_at));
      if (!weights) continue;
      add_weights(l1, slope, f, lanes_to(a->dwf[0], wf_at));
      for (int n = 0; n < powers; n++) add_weights(l3, power + n * n3, g, lanes_to(a->dwz[n], wz_at));
    }
}

/* ---- constant degrees ---- */

typedef void (*run_fn)(const sphere_product *p, bool weights, const sphere_arrays *a, size_t block, size_t from,
                       size_t to, vec *scratch);

#define DEGREES(F) F(2, 0) F(2, 1) F(2, 2) F(3, 0) F(3, 1) F(3, 2) F(3, 3)
#define POWERS(L1, L3)                                                                                        \
  static void powers_##L1##_##L3(const sphere_product *p, bool weights, const sphere_arrays *a, size_t block, \
                                 size_t from, size_t to, vec *scratch) {                                      \
    run(p, false, weights, L1, L3, a, block, from, to, scratch);                                              \
  }                                                                                                           \
  static void slopes_##L1##_##L3(const sphere_product *p, bool weights, const sphere_arrays *a, size_t block, \
                                 size_t from, size_t to, vec *scratch) {                                      \
    run(p, true, weights, L1, L3, a, block, from, to, scratch);                                               \
  }
DEGREES(POWERS)

void K(sphere_powers)(const sphere_product *p, bool back, bool weights, const sphere_arrays *a, int64_t block,
                      int64_t from, int64_t to, void *scratch) {
#define ROW(L1, L3) [L1][L3] = {powers_##L1##_##L3, slopes_##L1##_##L3},
  static const run_fn runs[ORBIT_DEGREE_MAX + 1][ORBIT_DEGREE_MAX + 1][2] = {DEGREES(ROW)};
  runs[p->l1][p->l3][back](p, weights, a, (size_t)block, (size_t)from, (size_t)to, scratch);
}
