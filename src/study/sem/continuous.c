/* Invariant representations among all linear ones: beta on the quadrics beta . v_e = 0, then the largest Phi for it. */
#include "hunt.h"

/* Newton's steps of least norm on all constraints; what is left of them. Redundant ones do not hurt. */
static weyl_status onto_quadrics(hunt *q, double *beta, double *left) {
  const weyl_moments *m = q->m;
  const size_t d = m->d, n = m->count, k = n < d ? n : d;
  double *r = weyl_arena_array(q->scratch, double, n), *jacobian = weyl_arena_array(q->scratch, double, n *d);
  double *u = weyl_arena_array(q->scratch, double, n *k), *s = weyl_arena_array(q->scratch, double, k);
  double *vt = weyl_arena_array(q->scratch, double, k *d), *v = weyl_arena_array(q->scratch, double, d);
  double *best = weyl_arena_array(q->scratch, double, d);
  if (!r || !jacobian || !u || !s || !vt || !v || !best) return WEYL_MEMORY;
  quadrics at = {.m = m, .factor = 1, .v = v};
  *left = INFINITY;
  /* where the quadrics touch, a step only halves the distance, and the first may lead away */
  for (int it = 0, worse = 0; it < 60 && worse < 4; it++) {
    quadrics_at(&at, beta, r, jacobian);
    double size = 0;
    for (size_t e = 0; e < n; e++) size = fmax(size, fabs(r[e]));
    if (!isfinite(size)) break;
    worse = size < *left ? 0 : worse + 1;
    if (worse == 0) {
      *left = size;
      memcpy(best, beta, d * sizeof *best);
    }
    if (size <= 1e-15 * q->y2) break;
    WEYL_TRY(weyl_svd(q->ctx, n, d, jacobian, u, s, vt));
    for (size_t a = 0; a < k && s[a] > 1e-9 * s[0]; a++) {
      double along = 0;
      for (size_t e = 0; e < n; e++) along += u[e * k + a] * r[e];
      for (size_t i = 0; i < d; i++) beta[i] -= along / s[a] * vt[a * d + i];
    }
  }
  memcpy(beta, best, d * sizeof *best);
  return WEYL_OK;
}

/* Phi: an orthonormal basis of what is left without the first `out` left singular vectors of V = [v_e], rows of u. By
 * Gram and Schmidt on the unit vectors, the longest remainder first. */
static size_t complement(size_t d, size_t out, const double *u, double *phi) {
  size_t k = 0;
  while (k + out < d) {
    double longest = -1;
    double *to = phi + k * d;
    size_t which = 0;
    for (size_t i = 0; i < d; i++) {
      double left = 1;
      for (size_t a = 0; a < out; a++) left -= u[a * d + i] * u[a * d + i];
      for (size_t a = 0; a < k; a++) left -= phi[a * d + i] * phi[a * d + i];
      if (left > longest) longest = left, which = i;
    }
    memset(to, 0, d * sizeof *to);
    to[which] = 1;
    for (int twice = 0; twice < 2; twice++) {
      for (size_t a = 0; a < out + k; a++) {
        const double *row = a < out ? u + a * d : phi + (a - out) * d;
        const double along = dot(d, row, to);
        for (size_t i = 0; i < d; i++) to[i] -= along * row[i];
      }
    }
    const double norm = sqrt(dot(d, to, to));
    for (size_t i = 0; i < d; i++) to[i] /= norm;
    k++;
  }
  return k;
}

/* The fewest directions taken out so that what is left of every v_e is at most eps; rows of `basis`. */
static weyl_status directions(hunt *q, const double *beta, double tolerance, double *basis, size_t *out) {
  const weyl_moments *m = q->m;
  const size_t d = m->d, n = m->count, k = n < d ? n : d;
  double *v = weyl_arena_array(q->scratch, double, n *d), *u = weyl_arena_array(q->scratch, double, n *k);
  double *s = weyl_arena_array(q->scratch, double, k), *vt = weyl_arena_array(q->scratch, double, k *d);
  double *left = weyl_arena_array(q->scratch, double, n);
  if (!v || !u || !s || !vt || !left) return WEYL_MEMORY;
  for (size_t e = 0; e < n; e++) {
    residual_moment(m, e, beta, v + e * d);
    left[e] = dot(d, v + e * d, v + e * d);
  }
  WEYL_TRY(weyl_svd(q->ctx, n, d, v, u, s, vt));
  size_t taken = 0;
  for (; taken < k; taken++) {
    double most = 0;
    for (size_t e = 0; e < n; e++) most = fmax(most, left[e]);
    if (most <= tolerance * tolerance || s[taken] <= 1e-12 * s[0]) break;
    memcpy(basis + taken * d, vt + taken * d, d * sizeof *basis);
    for (size_t e = 0; e < n; e++) {
      const double along = u[e * k + taken] * s[taken];
      left[e] = fmax(left[e] - along * along, 0);
    }
  }
  *out = taken;
  return WEYL_OK;
}

static void compose(size_t k, size_t d, const double *phi, const double *w, double *beta) {
  for (size_t i = 0; i < d; i++) {
    beta[i] = 0;
    for (size_t a = 0; a < k; a++) beta[i] += phi[a * d + i] * w[a];
  }
}

weyl_status hunt_keep(hunt *q, size_t k, const double *phi, const double *beta) {
  const weyl_moments *m = q->m;
  const size_t d = m->d;
  weyl_invariant r = {.k = k};
  double *block = weyl_arena_array(q->arena, double, k *d + k + d);
  if (!block) return WEYL_MEMORY;
  r.phi = block;
  r.w = block + k * d;
  r.beta = r.w + k;
  memcpy(r.phi, phi, k * d * sizeof *phi);
  apply(k, d, phi, beta, r.w);
  compose(k, d, phi, r.w, r.beta);
  WEYL_TRY(weyl_sem_worst(q->ctx, m, k, r.phi, r.w, &r.violation));
  const double all = moments_rows(m);
  for (size_t e = 0; e < m->count; e++) {
    const double risk = weyl_moments_risk(m, e, r.beta);
    r.risk += moments_weight(m, all, e) * risk;
    r.worst_risk = fmax(r.worst_risk, risk);
  }
  if (!(r.violation <= q->o->eps) || r.risk > (1 - q->o->floor) * q->spread) return WEYL_OK;
  for (size_t i = 0; i < q->count; i++) { /* the same again? */
    double apart = 0;
    for (size_t j = 0; j < d; j++) apart = fmax(apart, fabs(r.beta[j] - q->found[i].beta[j]) * sqrt(q->h[j * d + j]));
    if (apart > 1e-5 * sqrt(q->y2)) continue;
    if (r.violation < q->found[i].violation && r.k >= q->found[i].k) q->found[i] = r;
    return WEYL_OK;
  }
  q->found[q->count++] = r;
  return WEYL_OK;
}

bool hunt_predictor(const hunt *q, size_t k, const double *phi, double *work, double *w) {
  const weyl_moments *m = q->m;
  const size_t d = m->d;
  double *a = work, *l = a + k * k, *h = l + k * k, *b = h + k * k, *c = b + k, *row = c + k;
  memset(a, 0, k * k * sizeof *a);
  memset(b, 0, k * sizeof *b);
  for (size_t e = 0; e < m->count; e++) {
    for (size_t i = 0; i < k; i++) {
      apply(d, d, m->sigma + e * d * d, phi + i * d, row);
      apply(k, d, phi, row, h + i * k);
    }
    apply(k, d, phi, m->c + e * d, c);
    for (size_t i = 0; i < k; i++) {
      b[i] += dot(k, h + i * k, c);
      for (size_t j = 0; j <= i; j++) a[i * k + j] += dot(k, h + i * k, h + j * k);
    }
  }
  return cholesky_solve(k, a, b, l, w);
}

static double worst_gradient(const weyl_moments *m, size_t k, const double *phi, const double *beta, double *v) {
  double worst = 0;
  for (size_t e = 0; e < m->count; e++) worst = fmax(worst, gradient_norm(m, e, k, phi, beta, v));
  return worst;
}

/* What beta and Phi still leave of each other: given Phi, g_e is linear in w. The best of a few rounds is in *beta and
 * phi; `tolerance` says which of the v_e are nothing but error. */
static weyl_status polish(hunt *q, double tolerance, double *beta, double *phi, size_t *k) {
  const size_t d = q->m->d;
  double *basis = weyl_arena_array(q->scratch, double, d *d), *trial = weyl_arena_array(q->scratch, double, d *d);
  double *at = weyl_arena_array(q->scratch, double, d), *w = weyl_arena_array(q->scratch, double, d);
  double *v = weyl_arena_array(q->scratch, double, d);
  double *work = weyl_arena_array(q->scratch, double, HUNT_PREDICTOR(d, d)), best = INFINITY;
  if (!basis || !trial || !at || !w || !v || !work) return WEYL_MEMORY;
  memcpy(at, beta, d * sizeof *at);
  for (int round = 0; round < 4; round++) {
    size_t out;
    WEYL_TRY(directions(q, at, tolerance, basis, &out));
    const size_t rows = complement(d, out, basis, trial);
    if (rows == 0 || !hunt_predictor(q, rows, trial, work, w)) break;
    compose(rows, d, trial, w, at);
    const double worst = worst_gradient(q->m, rows, trial, at, v);
    if (!(worst < best)) break;
    best = worst;
    *k = rows;
    memcpy(phi, trial, rows * d * sizeof *phi);
    memcpy(beta, at, d * sizeof *beta);
    if (worst <= 1e-13 * sqrt(q->y2)) break;
  }
  return WEYL_OK;
}

static weyl_status finish(hunt *q, double *beta) {
  const size_t d = q->m->d;
  double *basis = weyl_arena_array(q->scratch, double, d *d), *phi = weyl_arena_array(q->scratch, double, d *d);
  double *kept = weyl_arena_array(q->scratch, double, d), *w = weyl_arena_array(q->scratch, double, d), left;
  if (!basis || !phi || !kept || !w) return WEYL_MEMORY;
  memcpy(kept, beta, d * sizeof *kept);
  WEYL_TRY(onto_quadrics(q, beta, &left));
  size_t out = 0, k = 0;
  if (left <= 1e-11 * q->y2) {
    WEYL_TRY(polish(q, 1e-6 * sqrt(q->y2), beta, phi, &k));
    return k > 0 ? hunt_keep(q, k, phi, beta) : WEYL_OK;
  }
  memcpy(beta, kept, d * sizeof *kept);
  /* without an exact solution beta leaves its part along the v_e behind, which moves them a little: again */
  for (int round = 0; round < 20; round++) {
    WEYL_TRY(directions(q, beta, 0.5 * q->o->eps, basis, &out));
    k = complement(d, out, basis, phi);
    if (k == 0) return WEYL_OK;
    apply(k, d, phi, beta, w);
    compose(k, d, phi, w, beta);
  }
  return hunt_keep(q, k, phi, beta);
}

static weyl_status from_start(hunt *q, size_t start, double *beta) {
  const weyl_moments *m = q->m;
  const size_t d = m->d;
  double *l = weyl_arena_array(q->scratch, double, d *d), *v = weyl_arena_array(q->scratch, double, d), value;
  if (!l || !v) return WEYL_MEMORY;
  weyl_rng rng = numbered_rng(q->o->seed, "sem search", start);
  for (size_t i = 0; i < d; i++)
    beta[i] = start == 0 ? 0 : 2 * weyl_rng_normal(&rng) * sqrt(q->y2 / (q->h[i * d + i] * (double)d));
  if (start == 0 && !cholesky_solve(d, q->h, q->c, l, beta))
    return weyl_fail(q->ctx, WEYL_DEGENERATE,
                     "the pooled second moments are singular: features that depend on each other");
  quadrics at = {.m = m, .v = v};
  const lm_problem problem = {.d = d, .residuals = m->count, .h = q->h, .c = q->c, .user = &at, .at = quadrics_at};
  const double scale = 1 / sqrt(q->y2); /* the penalty has the size of a risk */
  for (double lambda = 1; lambda < 2e6; lambda *= 10) {
    at.factor = sqrt(lambda) * scale;
    WEYL_TRY(lm_minimise(q->ctx, q->scratch, &problem, 40, beta, &value));
  }
  return finish(q, beta);
}

static double variance_of_y(const weyl_moments *m, double y2) {
  const double all = moments_rows(m);
  double mean = 0;
  for (size_t e = 0; e < m->count; e++) mean += moments_weight(m, all, e) * m->mean[e * (m->d + 1) + m->d];
  return m->intercept ? y2 - mean * mean : y2;
}

weyl_status hunt_new(weyl_context *ctx, const weyl_moments *m, const weyl_search_opts *o, hunt *q) {
  *q = (hunt){.ctx = ctx, .m = m, .o = o};
  WEYL_TRY(weyl_arena_new(ctx, &q->arena));
  WEYL_TRY(weyl_arena_new(ctx, &q->scratch));
  q->h = weyl_arena_array(q->scratch, double, m->d * m->d + 1);
  q->c = weyl_arena_array(q->scratch, double, m->d + 1);
  q->found = weyl_arena_array(q->arena, weyl_invariant, o->starts);
  if (!q->h || !q->c || !q->found) return WEYL_MEMORY;
  moments_pool(m, q->h, q->c, &q->y2);
  q->spread = variance_of_y(m, q->y2);
  return q->y2 > 0 ? WEYL_OK : weyl_fail(ctx, WEYL_DEGENERATE, "%s is 0 everywhere", m->feature[m->d]);
}

weyl_status hunt_end(hunt *q, weyl_status status, weyl_search *out) {
  weyl_arena_free(q->scratch);
  if (status == WEYL_OK) {
    search_sort(q->found, q->count, q->o->by_worst);
    *out = (weyl_search){.arena = q->arena, .count = q->count, .looked = q->o->starts, .found = q->found};
  } else {
    weyl_arena_free(q->arena);
  }
  return status;
}

weyl_status search_linear(weyl_context *ctx, const weyl_moments *m, const weyl_search_opts *opts, bool quiet,
                          weyl_search *out) {
  const weyl_search_opts o = search_defaults(opts);
  WEYL_TRY(search_check(ctx, m, &o));
  hunt q;
  weyl_status status = hunt_new(ctx, m, &o, &q);
  for (size_t start = 0; start < o.starts && status == WEYL_OK && m->d > 0; start++) {
    const weyl_mark mark = weyl_arena_mark(q.scratch);
    double *beta = weyl_arena_array(q.scratch, double, m->d);
    status = beta ? from_start(&q, start, beta) : WEYL_MEMORY;
    weyl_arena_release(q.scratch, mark);
    if (status == WEYL_OK && !quiet && weyl_progress(ctx, "searching", (double)start + 1, (double)o.starts))
      status = weyl_fail(ctx, WEYL_INTERRUPTED, "search: stopped after %zu of %zu starts", start + 1, o.starts);
  }
  return hunt_end(&q, status, out);
}

weyl_status weyl_search_continuous(weyl_context *ctx, const weyl_moments *m, const weyl_search_opts *opts,
                                   weyl_search *out) {
  return search_linear(ctx, m, opts, false, out);
}
