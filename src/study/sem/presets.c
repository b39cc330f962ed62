/* Models by name, and random ones. */
#include "model.h"

typedef struct graph {
  size_t n, y, degree;
  double *b;
  size_t *pick; /* [n] */
} graph;

/* count distinct numbers below n, by the first steps of a shuffle */
static void choose(weyl_rng *rng, size_t n, size_t count, size_t *pick) {
  for (size_t i = 0; i < n; i++) pick[i] = i;
  for (size_t i = 0; i < count; i++) {
    const size_t j = i + (size_t)weyl_rng_below(rng, n - i), kept = pick[i];
    pick[i] = pick[j];
    pick[j] = kept;
  }
}

static void random_effects(graph *g, const weyl_sem_random_opts *o, weyl_rng *rng) {
  for (size_t j = 1; j < g->n; j++) {
    const size_t parents = j < g->degree ? j : g->degree;
    choose(rng, j, parents, g->pick);
    bool of_y = !(o->children && j > g->y && j <= g->y + o->sites);
    for (size_t k = 0; k < parents; k++) of_y = of_y || g->pick[k] == g->y;
    if (!of_y) g->pick[0] = g->y;
    for (size_t k = 0; k < parents; k++) {
      const double size = o->low + (o->high - o->low) * weyl_rng_uniform(rng);
      g->b[j * g->n + g->pick[k]] = (weyl_rng_below(rng, 2) ? size : -size) / sqrt((double)parents);
    }
  }
}

/* Sites other than Y, among the nodes that may be ones. */
static weyl_status random_sites(weyl_sem *s, const weyl_sem_random_opts *o, weyl_rng *rng) {
  size_t *pick = weyl_arena_array(s->arena, size_t, s->nodes), *may = weyl_arena_array(s->arena, size_t, s->nodes);
  s->family.site = weyl_arena_array(s->arena, sem_site, o->sites);
  if (!pick || !may || !s->family.site) return WEYL_MEMORY;
  size_t n = 0, full = 0;
  for (size_t i = 0; i < s->nodes; i++) full += i != s->y && sem_parents(s, i) == o->in_degree;
  for (size_t i = 0; i < s->nodes; i++) {
    if (i == s->y) continue;
    if (o->children && (i <= s->y || i > s->y + o->sites)) continue;
    if (!o->children && o->full_degree && full >= o->sites && sem_parents(s, i) != o->in_degree) continue;
    may[n++] = i;
  }
  choose(rng, n, o->sites, pick);
  for (size_t i = 0; i < o->sites; i++) {
    s->family.site[i] = (sem_site){.node = may[pick[i]], .coefficients = {.kind = DRAW_UNIFORM, .a = -1.5, .b = 1.5}};
    if (!o->only_coefficients) s->family.site[i].variance = (sem_draw){.kind = DRAW_UNIFORM, .a = 0.5, .b = 2};
  }
  s->family.sites = o->sites;
  return WEYL_OK;
}

static weyl_status random_mixtures(weyl_sem *s, size_t count, double noise, weyl_rng *rng) {
  s->mixed_names = weyl_arena_array(s->arena, char *, count);
  s->mix = weyl_arena_array(s->arena, double, count * s->nodes);
  s->mix_noise = weyl_arena_array(s->arena, double, count);
  s->mix_mean = weyl_arena_array(s->arena, double, count);
  if (!s->mixed_names || !s->mix || !s->mix_noise || !s->mix_mean) return WEYL_MEMORY;
  for (size_t i = 0; i < count; i++) {
    s->mixed_names[i] = weyl_arena_printf(s->arena, "W%zu", i + 1);
    if (!s->mixed_names[i]) return WEYL_MEMORY;
    s->mix_noise[i] = noise;
    for (size_t j = 0; j < s->nodes; j++)
      if (j != s->y) s->mix[i * s->nodes + j] = weyl_rng_normal(rng) / sqrt((double)s->nodes - 1);
  }
  s->mixed = count;
  return WEYL_OK;
}

weyl_status weyl_sem_random(weyl_context *ctx, const weyl_sem_random_opts *opts, weyl_sem **out) {
  weyl_sem_random_opts o = opts ? *opts : (weyl_sem_random_opts){0};
  if (o.nodes == 0) o.nodes = 8;
  if (o.in_degree == 0) o.in_degree = 3;
  if (o.sites == 0) o.sites = 2;
  if (o.low == 0 && o.high == 0) o.low = 0.5, o.high = 1.5;
  if (o.nodes < 2 || o.nodes > 4096 || o.sites > o.nodes - 1 || o.latent > 4096)
    return weyl_fail(ctx, WEYL_BAD_ARG,
                     "%zu nodes with %zu sites of interventions: 2 to 4096 nodes, sites among those "
                     "other than Y",
                     o.nodes, o.sites);
  if (!(o.latent_noise >= 0) || isinf(o.latent_noise))
    return weyl_fail(ctx, WEYL_BAD_ARG, "noise of variance %g", o.latent_noise);
  if (o.children && o.nodes - o.nodes / 2 - 1 < o.sites)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%zu children of Y among %zu nodes behind it", o.sites,
                     o.nodes - o.nodes / 2 - 1);
  if (!(o.low >= 0) || !(o.high >= o.low) || isinf(o.high))
    return weyl_fail(ctx, WEYL_BAD_ARG, "effects of size %g to %g: low, then high, not below 0", o.low, o.high);
  graph g = {.n = o.nodes, .y = o.nodes / 2, .degree = o.in_degree};
  g.b = weyl_alloc(ctx, g.n * g.n + g.n, sizeof *g.b);
  g.pick = weyl_alloc(ctx, g.n, sizeof *g.pick);
  weyl_status status = g.b && g.pick ? WEYL_OK : WEYL_MEMORY;
  weyl_sem *s = NULL;
  weyl_rng rng = weyl_rng_new(o.seed, "sem random model");
  if (status == WEYL_OK) {
    random_effects(&g, &o, &rng);
    for (size_t i = 0; i < g.n; i++) g.b[g.n * g.n + i] = 1;
    status = weyl_sem_new(ctx, g.n, g.b, g.b + g.n * g.n, NULL, g.y, NULL, &s);
  }
  if (status == WEYL_OK) status = random_sites(s, &o, &rng);
  if (status == WEYL_OK && o.latent > 0) status = random_mixtures(s, o.latent, o.latent_noise, &rng);
  if (status == WEYL_OK)
    *out = s;
  else
    weyl_sem_free(s);
  weyl_dealloc(ctx, g.b);
  weyl_dealloc(ctx, g.pick);
  return status;
}

static const char irm_toy[] =
    "X1 = N(0, 1)\n"
    "Y = X1 + N(0, 1)\n"
    "X2 = Y + N(0, 1)\n"
    "environment s0.2: X1 variance 0.04; Y variance 0.04\n"
    "environment s2: X1 variance 4; Y variance 4\n"
    "unseen s5: X1 variance 25; Y variance 25\n";

/* X1 acts on X3 directly and through X2, and the two effects cancel: no faithfulness, and nothing needs it. */
static const char cancelling[] =
    "X1 = N(0, 1)\n"
    "X2 = X1 + N(0, 1)\n"
    "X3 = 0.5 X1 - 0.5 X2 + N(0, 1)\n"
    "Y = X2 + 0.8 X3 + N(0, 1)\n"
    "X4 = Y - X2 + N(0, 1)\n"
    "X5 = 0.7 Y + 0.5 X1 + N(0, 1)\n"
    "intervene X4: coefficients U(-1.5, 1.5), variance U(0.5, 2)\n"
    "intervene X2: coefficients U(-1.5, 1.5), variance U(0.5, 2)\n";

static const char shifts[] =
    "X1 = N(0, 1)\n"
    "X2 = 0.9 X1 + N(0, 1)\n"
    "Y = 0.8 X1 - 0.7 X2 + N(0, 1)\n"
    "X3 = 0.8 Y + N(0, 1)\n"
    "X4 = 0.6 X2 + 0.9 Y + N(0, 1)\n"
    "X5 = 0.7 X3 + N(0, 1)\n"
    "intervene X1: mean N(0, 2.25)\n"
    "intervene X2: mean N(0, 2.25)\n"
    "intervene X3: mean N(0, 2.25)\n"
    "intervene X4: mean N(0, 2.25)\n"
    "intervene X5: mean N(0, 2.25)\n";

static const struct {
  const char *name, *about, *text;
  size_t nodes, in_degree, sites, latent;
} presets[] = {
    {"pac-curve", "a random model: in-degree 3, two sites with new coefficients and variances", NULL, 8, 3, 2, 0},
    {"dim-free", "a random model of any size, in-degree 2, one child of Y as the site", NULL, 50, 2, 1, 0},
    {"latent", "a random model of 9 nodes, seen through 12 Gaussian mixtures with noise 0.1", NULL, 9, 3, 2, 12},
    {"irm-toy", "X1 -> Y -> X2, the noise of X1 and Y 0.2, 2 and, unseen, 5", irm_toy, 0, 0, 0, 0},
    {"irm-fou", "x -> y -> z: all observed, the noise of z changes, features as they are", NULL, 0, 0, 0, 0},
    {"irm-fos", "x -> y -> z: all observed, the noise of z changes, features rotated", NULL, 0, 0, 0, 0},
    {"irm-feu", "x -> y -> z: all observed, the noise of y changes, features as they are", NULL, 0, 0, 0, 0},
    {"irm-fes", "x -> y -> z: all observed, the noise of y changes, features rotated", NULL, 0, 0, 0, 0},
    {"irm-pou", "x -> y -> z: with a hidden cause, the noise of z changes, features as they are", NULL, 0, 0, 0, 0},
    {"irm-pos", "x -> y -> z: with a hidden cause, the noise of z changes, features rotated", NULL, 0, 0, 0, 0},
    {"irm-peu", "x -> y -> z: with a hidden cause, the noise of y changes, features as they are", NULL, 0, 0, 0, 0},
    {"irm-pes", "x -> y -> z: with a hidden cause, the noise of y changes, features rotated", NULL, 0, 0, 0, 0},
    {"cancelling", "effects that cancel: invariance without faithfulness", cancelling, 0, 0, 0, 0},
    {"shifts", "shifted means everywhere but in Y: for invariant causal prediction", shifts, 0, 0, 0, 0},
};
#define PRESETS (sizeof presets / sizeof presets[0])

const char *weyl_sem_preset_known(size_t i, const char **about) {
  if (i >= PRESETS) return NULL;
  if (about) *about = presets[i].about;
  return presets[i].name;
}

weyl_status weyl_sem_preset(weyl_context *ctx, const char *name, const weyl_sem_random_opts *opts, weyl_sem **out) {
  for (size_t i = 0; i < PRESETS; i++) {
    if (strcmp(name, presets[i].name) != 0) continue;
    if (presets[i].text) return weyl_sem_parse(ctx, presets[i].text, strlen(presets[i].text), name, out);
    weyl_sem_random_opts o = opts ? *opts : (weyl_sem_random_opts){0};
    if (presets[i].nodes == 0) return sem_irm_variant(ctx, name, o.seed, out);
    if (o.nodes == 0) o.nodes = presets[i].nodes;
    if (o.in_degree == 0) o.in_degree = presets[i].in_degree;
    if (o.sites == 0) o.sites = presets[i].sites;
    if (o.latent == 0) o.latent = presets[i].latent;
    if (presets[i].latent && o.latent_noise == 0)
      o.latent_noise = 0.1; /* more mixtures than nodes: moments of full rank */
    if (strcmp(name, "dim-free") == 0) o.children = true;
    return weyl_sem_random(ctx, &o, out);
  }
  return weyl_fail(ctx, WEYL_UNKNOWN, "no preset %s", name);
}
