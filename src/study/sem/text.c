/* Models as text: one statement a line. */
#include "model.h"

#include <ctype.h>

/* core's readers of numbers take whole words only */
#include <stdlib.h>

enum { NAME_MAX_BYTES = 64, NODES_MAX = 4096 };

typedef struct reader {
  weyl_context *ctx;
  weyl_sem *sem;
  const char *text, *end, *place;
  const char *at, *stop; /* of the line in hand */
  size_t line;
  size_t effects; /* filled so far */
  size_t target_line;
} reader;

static weyl_status bad(const reader *r, const char *fmt, ...) WEYL_PRINTF(2, 3);
static weyl_status bad(const reader *r, const char *fmt, ...) {
  char text[256];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  return weyl_fail(r->ctx, WEYL_FORMAT, "%s (%s:%zu)", text, r->place, r->line);
}

static void skip(reader *r) {
  while (r->at < r->stop && isspace((unsigned char)*r->at)) r->at++;
}

/* Lines with something on them, without comments. */
static bool next_line(reader *r, const char **from) {
  while (*from < r->end) {
    const char *stop = memchr(*from, '\n', (size_t)(r->end - *from));
    if (!stop) stop = r->end;
    r->at = *from;
    *from = stop < r->end ? stop + 1 : stop;
    r->line++;
    const char *comment = memchr(r->at, '#', (size_t)(stop - r->at));
    r->stop = comment ? comment : stop;
    skip(r);
    while (r->stop > r->at && isspace((unsigned char)r->stop[-1])) r->stop--;
    if (r->at < r->stop) return true;
  }
  return false;
}

static bool name_letter(char c, bool first) {
  return isalpha((unsigned char)c) || c == '_' || (!first && (isdigit((unsigned char)c) || c == '.'));
}

/* A word of letters, digits, _ and . ; false, and nothing is read, when there is none. */
static bool word(reader *r, char out[NAME_MAX_BYTES]) {
  skip(r);
  const char *p = r->at;
  while (p < r->stop && name_letter(*p, p == r->at)) p++;
  const size_t n = (size_t)(p - r->at);
  if (n == 0 || n >= NAME_MAX_BYTES) return false;
  memcpy(out, r->at, n);
  out[n] = '\0';
  r->at = p;
  return true;
}

static bool take(reader *r, char c) {
  skip(r);
  if (r->at >= r->stop || *r->at != c) return false;
  r->at++;
  return true;
}

static bool keyword(reader *r, const char *what) {
  const char *before = r->at;
  char w[NAME_MAX_BYTES];
  if (word(r, w) && strcmp(w, what) == 0) return true;
  r->at = before;
  return false;
}

/* A number without a sign; false when there is none. */
static bool magnitude(reader *r, double *value) {
  skip(r);
  if (r->at >= r->stop || !(isdigit((unsigned char)*r->at) || *r->at == '.')) return false;
  char text[64];
  size_t n = 0;
  const char *p = r->at;
  for (; p < r->stop && n + 1 < sizeof text; p++) {
    const bool sign = (*p == '-' || *p == '+') && (p[-1] == 'e' || p[-1] == 'E');
    const bool exponent = (*p == 'e' || *p == 'E') && p + 1 < r->stop &&
                          (isdigit((unsigned char)p[1]) ||
                           ((p[1] == '-' || p[1] == '+') && p + 2 < r->stop && isdigit((unsigned char)p[2])));
    if (!isdigit((unsigned char)*p) && *p != '.' && !sign && !exponent) break;
    text[n++] = *p;
  }
  text[n] = '\0';
  char *end;
  *value = strtod(text, &end);
  if (end == text || !isfinite(*value)) return false;
  r->at += end - text;
  return true;
}

static bool number(reader *r, double *value) {
  const bool minus = take(r, '-');
  if (!minus) take(r, '+');
  if (!magnitude(r, value)) return false;
  if (minus) *value = -*value;
  return true;
}

static const char *rest(const reader *r, char out[32]) {
  size_t n = (size_t)(r->stop - r->at);
  if (n > 24) n = 24;
  memcpy(out, r->at, n);
  out[n] = '\0';
  return out;
}

static bool find(const reader *r, const char *name, size_t *node) {
  for (size_t i = 0; i < r->sem->nodes; i++) {
    if (r->sem->names[i] && strcmp(r->sem->names[i], name) == 0) {
      *node = i;
      return true;
    }
  }
  return false;
}

static weyl_status node_named(reader *r, size_t *node) {
  char w[NAME_MAX_BYTES], left[32];
  if (!word(r, w)) return bad(r, "\"%s\" where a node's name was expected", rest(r, left));
  if (!find(r, w, node)) return bad(r, "no equation defines %s", w);
  return WEYL_OK;
}

/* ( a , b ) */
static weyl_status pair(reader *r, const char *what, double *a, double *b) {
  char left[32];
  if (!take(r, '(') || !number(r, a) || !take(r, ',') || !number(r, b) || !take(r, ')'))
    return bad(r, "%s takes two numbers in brackets, at \"%s\"", what, rest(r, left));
  return WEYL_OK;
}

/* ---- values ---- */

static weyl_status value_list(reader *r, sem_draw *out) {
  double list[64];
  size_t n = 0;
  do {
    char left[32];
    if (n == 64) return bad(r, "more than 64 values in { }");
    if (!number(r, &list[n++])) return bad(r, "\"%s\" where a number was expected", rest(r, left));
  } while (take(r, ','));
  if (!take(r, '}')) return bad(r, "a list of values ends in }");
  out->kind = DRAW_LIST;
  out->n = n;
  out->list = weyl_arena_array(r->sem->arena, double, n);
  if (!out->list) return WEYL_MEMORY;
  memcpy(out->list, list, n * sizeof *list);
  return WEYL_OK;
}

static weyl_status value(reader *r, sem_draw *out) {
  char left[32];
  if (take(r, '{')) return value_list(r, out);
  if (keyword(r, "U")) {
    out->kind = DRAW_UNIFORM;
    WEYL_TRY(pair(r, "U", &out->a, &out->b));
    return out->a <= out->b ? WEYL_OK : bad(r, "U(%g, %g): low, then high", out->a, out->b);
  }
  if (keyword(r, "N")) {
    out->kind = DRAW_NORMAL;
    WEYL_TRY(pair(r, "N", &out->a, &out->b));
    return out->b >= 0 ? WEYL_OK : bad(r, "N(%g, %g): the variance is below 0", out->a, out->b);
  }
  out->kind = DRAW_CONSTANT;
  if (number(r, &out->a)) return WEYL_OK;
  return bad(r, "\"%s\" where a value was expected: a number, U(low, high), N(mean, variance) or {a, b, c}",
             rest(r, left));
}

static double least(const sem_draw *d) {
  double low = d->a;
  for (size_t i = 0; i < d->n; i++) low = i == 0 || d->list[i] < low ? d->list[i] : low;
  return d->kind == DRAW_NORMAL && d->b > 0 ? -INFINITY : low;
}

static weyl_status effect(reader *r, sem_site *t) {
  char w[NAME_MAX_BYTES], left[32];
  const char *name = r->sem->names[t->node];
  if (!word(r, w))
    return bad(r, "\"%s\" where cut, coefficients, variance, scale, mean or do was expected", rest(r, left));
  if (strcmp(w, "cut") == 0) {
    t->cut = true;
    return WEYL_OK;
  }
  sem_draw *const to = strcmp(w, "coefficients") == 0 ? &t->coefficients
                       : strcmp(w, "variance") == 0   ? &t->variance
                       : strcmp(w, "scale") == 0      ? &t->scale
                       : strcmp(w, "mean") == 0       ? &t->mean
                       : strcmp(w, "do") == 0         ? &t->set
                                                      : NULL;
  if (!to) return bad(r, "no effect %s: there is cut, coefficients, variance, scale, mean and do", w);
  if (to->kind != DRAW_NONE) return bad(r, "%s twice for %s", w, name);
  WEYL_TRY(value(r, to));
  if (to == &t->set) t->cut = true;
  if ((to == &t->variance || to == &t->scale) && !(least(to) >= 0))
    return bad(r, "the variance of %s may fall below 0", name);
  return WEYL_OK;
}

/* NODE effect, effect; the name is read */
static weyl_status site(reader *r, sem_site *t) {
  WEYL_TRY(node_named(r, &t->node));
  const char *name = r->sem->names[t->node];
  (void)take(r, ':');
  do WEYL_TRY(effect(r, t));
  while (take(r, ','));
  if (t->set.kind != DRAW_NONE &&
      (t->mean.kind != DRAW_NONE || t->variance.kind != DRAW_NONE || t->scale.kind != DRAW_NONE))
    return bad(r, "do leaves no noise: no mean, variance or scale of %s beside it", name);
  if (t->variance.kind != DRAW_NONE && t->scale.kind != DRAW_NONE)
    return bad(r, "variance or scale of %s, not both", name);
  if (t->cut && t->coefficients.kind != DRAW_NONE) return bad(r, "%s is cut from its parents: no coefficients", name);
  if (t->node == r->sem->y && (t->cut || t->coefficients.kind != DRAW_NONE))
    return bad(r, "%s is the target: its own equation stays as it is (variance and mean may change)", name);
  return WEYL_OK;
}

static weyl_status add_site(reader *r, sem_acts *acts, const sem_site *t) {
  for (size_t i = 0; i < acts->sites; i++)
    if (acts->site[i].node == t->node) return bad(r, "%s twice", r->sem->names[t->node]);
  sem_site *all = weyl_arena_array(r->sem->arena, sem_site, acts->sites + 1);
  if (!all) return WEYL_MEMORY;
  if (acts->sites) memcpy(all, acts->site, acts->sites * sizeof *all);
  all[acts->sites++] = *t;
  acts->site = all;
  return WEYL_OK;
}

static weyl_status line_end(reader *r) {
  char left[32];
  skip(r);
  return r->at == r->stop ? WEYL_OK : bad(r, "\"%s\" was not expected here", rest(r, left));
}

static weyl_status environment(reader *r, bool unseen) {
  sem_acts acts = {.unseen = unseen};
  char name[NAME_MAX_BYTES], left[32];
  skip(r);
  size_t n = 0; /* names of environments may begin with a digit */
  while (r->at < r->stop && n + 1 < sizeof name && (name_letter(*r->at, false) || *r->at == '-')) name[n++] = *r->at++;
  name[n] = '\0';
  if (n == 0) return bad(r, "\"%s\" where the environment's name was expected", rest(r, left));
  for (size_t i = 0; i < r->sem->environments; i++)
    if (strcmp(r->sem->environment[i].name, name) == 0) return bad(r, "environment %s twice", name);
  acts.name = weyl_arena_strdup(r->sem->arena, name);
  if (!acts.name) return WEYL_MEMORY;
  skip(r);
  if (r->at < r->stop) { /* without a list nothing is changed: the observational environment */
    if (!take(r, ':')) return bad(r, "environment %s: changes come after a colon, at \"%s\"", name, rest(r, left));
    do {
      sem_site t = {0};
      WEYL_TRY(site(r, &t));
      WEYL_TRY(add_site(r, &acts, &t));
    } while (take(r, ';'));
  }
  r->sem->environment[r->sem->environments++] = acts;
  return WEYL_OK;
}

/* ---- equations ---- */

/* coefficient NAME + ... + N(mean, variance): weights [nodes] are added to, noise is read once. */
static weyl_status sum(reader *r, const char *name, double *weight, double *mean, double *variance, size_t *terms) {
  bool noise = false;
  for (bool first = true;; first = false) {
    const bool minus = take(r, '-');
    if (!minus && !take(r, '+') && !first) break;
    char w[NAME_MAX_BYTES], left[32];
    double c = 1;
    const bool number_read = magnitude(r, &c);
    if (number_read) (void)take(r, '*');
    if (minus) c = -c;
    if (keyword(r, "N")) {
      if (noise || number_read || minus) return bad(r, "%s: noise is one term + N(mean, variance)", name);
      noise = true;
      WEYL_TRY(pair(r, "N", mean, variance));
      continue;
    }
    size_t node;
    if (!word(r, w)) return bad(r, "\"%s\" where [coefficient] name or N(mean, variance) was expected", rest(r, left));
    if (!find(r, w, &node)) return bad(r, "no equation defines %s, which %s depends on", w, name);
    if (weight[node] != 0) return bad(r, "%s twice on the right of %s", w, name);
    if (c == 0) return bad(r, "%s has the effect 0 on %s: leave it out", w, name);
    weight[node] = c;
    ++*terms;
  }
  if (!noise) *variance = NAN;
  return line_end(r);
}

static weyl_status equation(reader *r, size_t j, double *weight) {
  weyl_sem *s = r->sem;
  const char *name = s->names[j];
  size_t terms = 0;
  memset(weight, 0, s->nodes * sizeof *weight);
  WEYL_TRY(sum(r, name, weight, &s->mean[j], &s->variance[j], &terms));
  if (isnan(s->variance[j])) return bad(r, "%s has no noise: + N(0, 1), for example", name);
  if (!(s->variance[j] > 0))
    return bad(r, "the noise of %s has variance %g, must be more than 0", name, s->variance[j]);
  if (weight[j] != 0) return bad(r, "%s depends on itself", name);
  return WEYL_OK;
}

static weyl_status observe(reader *r) {
  weyl_sem *s = r->sem;
  char w[NAME_MAX_BYTES], left[32];
  if (!word(r, w) || !take(r, '=')) return bad(r, "observe NAME = ..., at \"%s\"", rest(r, left));
  for (size_t i = 0; i < s->mixed; i++)
    if (strcmp(s->mixed_names[i], w) == 0) return bad(r, "%s is observed twice", w);
  const size_t i = s->mixed;
  s->mixed_names[i] = weyl_arena_strdup(s->arena, w);
  if (!s->mixed_names[i]) return WEYL_MEMORY;
  size_t terms = 0;
  WEYL_TRY(sum(r, w, s->mix + i * s->nodes, &s->mix_mean[i], &s->mix_noise[i], &terms));
  if (isnan(s->mix_noise[i])) s->mix_noise[i] = 0;
  if (s->mix_noise[i] < 0) return bad(r, "the noise of %s has variance %g", w, s->mix_noise[i]);
  if (s->mix[i * s->nodes + s->y] != 0) return bad(r, "%s holds the target %s itself", w, s->names[s->y]);
  s->mixed++;
  return WEYL_OK;
}

static const char *const statements[] = {"target", "intervene", "environment", "unseen", "observe", "format"};

/* First pass: which nodes there are, how many effects at most, environments and mixtures. */
static weyl_status scan(reader *r, char (*names)[NAME_MAX_BYTES], size_t *nodes, size_t *environments, size_t *mixed,
                        size_t *terms) {
  const char *from = r->text;
  char w[NAME_MAX_BYTES], left[32];
  *nodes = *environments = *mixed = *terms = 0;
  for (r->line = 0; next_line(r, &from);) {
    if (!word(r, w)) return bad(r, "\"%s\" where an equation or a statement was expected", rest(r, left));
    skip(r);
    const bool equation_line = r->at < r->stop && *r->at == '=';
    if (!equation_line) {
      const char *near = NULL;
      for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (strcmp(w, statements[i]) == 0) near = w;
      if (!near)
        return bad(r, "%s: neither an equation (NAME = ...) nor target, intervene, environment, unseen or observe", w);
      *environments += strcmp(w, "environment") == 0 || strcmp(w, "unseen") == 0;
      *mixed += strcmp(w, "observe") == 0;
      continue;
    }
    if (strcmp(w, "N") == 0 || strcmp(w, "U") == 0) return bad(r, "%s is a distribution, not a name", w);
    for (size_t i = 0; i < *nodes; i++)
      if (strcmp(names[i], w) == 0) return bad(r, "%s has two equations", w);
    if (*nodes == NODES_MAX) return bad(r, "more than %d nodes", NODES_MAX);
    memcpy(names[(*nodes)++], w, sizeof w);
    for (const char *p = r->at; p < r->stop; p++) *terms += isspace((unsigned char)*p) || *p == '+' || *p == '-';
    *terms += 1;
  }
  r->line = 0;
  if (*nodes == 0)
    return weyl_fail(r->ctx, WEYL_FORMAT, "%s: no equation in it, such as Y = 0.5 X1 + N(0, 1)", r->place);
  if (*mixed * *nodes > (size_t)1 << 24) return weyl_fail(r->ctx, WEYL_FORMAT, "%s: too many mixtures", r->place);
  return WEYL_OK;
}

static weyl_status target(reader *r) {
  if (r->target_line) return bad(r, "target was given in line %zu", r->target_line);
  r->target_line = r->line;
  WEYL_TRY(node_named(r, &r->sem->y));
  return line_end(r);
}

/* Statements of one kind: equations fill in the order of the nodes, which is that of the lines. */
static weyl_status pass(reader *r, int which, double *weight) {
  const char *from = r->text;
  weyl_sem *s = r->sem;
  size_t node = 0;
  for (r->line = 0; next_line(r, &from);) {
    char w[NAME_MAX_BYTES];
    (void)word(r, w);
    if (take(r, '=')) {
      if (which != 0) continue;
      s->start[node] = r->effects;
      WEYL_TRY(equation(r, node, weight));
      for (size_t i = 0; i < s->nodes; i++) {
        if (weight[i] == 0) continue;
        s->parent[r->effects] = i;
        s->effect[r->effects++] = weight[i];
      }
      s->start[++node] = r->effects;
    } else if (strcmp(w, "target") == 0) {
      if (which == 0) WEYL_TRY(target(r));
    } else if (strcmp(w, "format") == 0) {
      double version = 0;
      if (which == 0 && (!number(r, &version) || version != 1)) return bad(r, "format 1 is the one there is");
    } else if (which == 1) {
      sem_site t = {0};
      if (strcmp(w, "observe") == 0) {
        WEYL_TRY(observe(r));
      } else if (strcmp(w, "intervene") == 0) {
        WEYL_TRY(site(r, &t));
        WEYL_TRY(add_site(r, &s->family, &t));
      } else {
        WEYL_TRY(environment(r, strcmp(w, "unseen") == 0));
      }
      WEYL_TRY(line_end(r));
    }
  }
  return WEYL_OK;
}

static weyl_status build(reader *r, char (*names)[NAME_MAX_BYTES], size_t nodes, size_t environments, size_t mixed) {
  weyl_sem *s = r->sem;
  weyl_arena *arena = s->arena;
  double *weight = weyl_arena_array(arena, double, nodes);
  s->environment = weyl_arena_array(arena, sem_acts, environments + 1);
  s->mixed_names = weyl_arena_array(arena, char *, mixed + 1);
  s->mix = weyl_arena_array(arena, double, mixed *nodes + 1);
  s->mix_noise = weyl_arena_array(arena, double, mixed + 1);
  s->mix_mean = weyl_arena_array(arena, double, mixed + 1);
  if (!weight || !s->environment || !s->mixed_names || !s->mix || !s->mix_noise || !s->mix_mean) return WEYL_MEMORY;
  for (size_t i = 0; i < nodes; i++) {
    s->names[i] = weyl_arena_strdup(arena, names[i]);
    if (!s->names[i]) return WEYL_MEMORY;
  }
  WEYL_TRY(pass(r, 0, weight));
  if (!r->target_line && !find(r, "Y", &s->y))
    return weyl_fail(r->ctx, WEYL_FORMAT, "%s: no target: a line such as target %s, or a node called Y", r->place,
                     s->names[0]);
  WEYL_TRY(sem_finish(s, r->place));
  return pass(r, 1, weight);
}

weyl_status weyl_sem_parse(weyl_context *ctx, const char *text, size_t n, const char *place, weyl_sem **out) {
  reader r = {.ctx = ctx, .text = text, .end = text + n, .place = place};
  if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) r.text += 3;
  size_t nodes, environments, mixed, terms, lines = 1;
  for (size_t i = 0; i < n; i++) lines += text[i] == '\n';
  char(*names)[NAME_MAX_BYTES] = weyl_alloc(ctx, lines < NODES_MAX ? lines : NODES_MAX, sizeof *names);
  if (!names) return WEYL_MEMORY;
  weyl_status status = scan(&r, names, &nodes, &environments, &mixed, &terms);
  if (status == WEYL_OK) status = sem_new(ctx, nodes, terms, &r.sem);
  if (status == WEYL_OK) {
    status = build(&r, names, nodes, environments, mixed);
    if (status == WEYL_OK)
      *out = r.sem;
    else
      weyl_sem_free(r.sem);
  }
  weyl_dealloc(ctx, names);
  return status;
}

weyl_status weyl_sem_read(weyl_context *ctx, const char *path, weyl_sem **out) {
  char *bytes;
  size_t n;
  WEYL_TRY(weyl_file_read(ctx, path, (size_t)64 << 20, &bytes, &n));
  const weyl_status status = weyl_sem_parse(ctx, bytes, n, path, out);
  weyl_dealloc(ctx, bytes);
  return status;
}
