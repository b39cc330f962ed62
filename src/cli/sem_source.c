/* Where the environments of `weyl sem` come from, and what its parts print alike. */
#include "sem.h"

#include <stdlib.h>

static bool ends_in(const char *text, const char *ending) {
  const size_t n = strlen(text), m = strlen(ending);
  return n > m && strcmp(text + n - m, ending) == 0;
}

static const char *preset_name(size_t i) { return weyl_sem_preset_known(i, NULL); }

static bool is_preset(const char *name) {
  for (size_t i = 0; preset_name(i); i++)
    if (strcmp(preset_name(i), name) == 0) return true;
  return false;
}

static bool is_table(const char *name) {
  static const char *const endings[] = {".csv", ".tsv", ".txt", ".dat", ".npy"};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (ends_in(name, endings[i])) return true;
  return false;
}

weyl_status sem_model(cli *c, weyl_sem **out) {
  const char *name = c->arg[1];
  *out = NULL;
  if (is_preset(name)) {
    weyl_sem_random_opts o = {.seed = cli_seed(c),
                              .in_degree = (size_t)cli_integer(c, "in_degree"),
                              .sites = (size_t)cli_integer(c, "sites"),
                              .latent = (size_t)cli_integer(c, "latent")};
    const char *nodes = cli_string(c, "nodes");
    char *end = NULL;
    if (nodes) {
      const long n = strtol(nodes, &end, 10);
      snprintf(c->place, sizeof c->place, "--nodes");
      if (*end || n < 2 || n > 4096)
        return weyl_fail(c->ctx, WEYL_BAD_ARG, "--nodes %s: a whole number from 2 to 4096", nodes);
      o.nodes = (size_t)n;
      c->place[0] = '\0';
    }
    return weyl_sem_preset(c->ctx, name, &o, out);
  }
  if (ends_in(name, ".sem")) return weyl_sem_read(c->ctx, name, out);
  if (is_table(name) || weyl_file_exists(name)) return WEYL_OK;
  return cli_unknown(c, "preset or file", name, preset_name);
}

static bool wants_intercept(const cli *c, const weyl_sem *sem) {
  const char *given = cli_string(c, "intercept");
  if (strcmp(given, "auto") != 0) return strcmp(given, "yes") == 0;
  return !sem || weyl_sem_about(sem).means;
}

static weyl_status from_model(cli *c, sem_source *s) {
  const weyl_sem_info about = weyl_sem_about(s->sem);
  weyl_sem_world world = {.seed = cli_seed(c),
                          .count = (size_t)cli_integer(c, "environments"),
                          .rows = (size_t)cli_integer(c, "rows"),
                          .intercept = wants_intercept(c, s->sem)};
  if (world.count == 0 && about.trained == 0) world.count = 16;
  WEYL_TRY(weyl_sem_moments(c->ctx, s->sem, &world, &s->seen));
  weyl_sem_world test = {.which = WEYL_SEM_UNSEEN, .seed = world.seed, .intercept = world.intercept};
  test.count = (size_t)cli_integer(c, "unseen");
  if (test.count == 0 && about.unseen == 0) {
    if (about.sites == 0) return WEYL_OK;
    test.count = 200;
  }
  return weyl_sem_moments(c->ctx, s->sem, &test, &s->unseen);
}

/* The environments named in --hold-out against the others. */
static weyl_status split(cli *c, const char *names, weyl_moments *all, sem_source *s) {
  size_t *pick = weyl_arena_array(s->arena, size_t, 2 * all->count), *held = pick + all->count;
  bool *out = weyl_arena_array(s->arena, bool, all->count);
  if (!pick || !out) return WEYL_MEMORY;
  snprintf(c->place, sizeof c->place, "--hold-out");
  for (const char *p = names; p; p = strchr(p, ',')) {
    if (*p == ',') p++;
    while (*p == ' ') p++;
    size_t n = strcspn(p, ","), found = all->count;
    while (n > 0 && p[n - 1] == ' ') n--;
    for (size_t e = 0; e < all->count; e++)
      if (strlen(all->name[e]) == n && memcmp(all->name[e], p, n) == 0) found = e;
    if (found == all->count)
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "--hold-out: no environment \"%.*s\"; the first is \"%s\"",
                       n < 40 ? (int)n : 40, p, all->name[0]);
    out[found] = true;
  }
  size_t seen = 0, unseen = 0;
  for (size_t e = 0; e < all->count; e++) {
    if (out[e])
      held[unseen++] = e;
    else
      pick[seen++] = e;
  }
  if (seen == 0) return weyl_fail(c->ctx, WEYL_BAD_ARG, "--hold-out: no environment is left to train on");
  c->place[0] = '\0';
  WEYL_TRY(weyl_moments_pick(c->ctx, all, seen, pick, &s->seen));
  return weyl_moments_pick(c->ctx, all, unseen, held, &s->unseen);
}

static weyl_status from_table(cli *c, sem_source *s) {
  const weyl_moments_opts o = {.target = cli_string(c, "target"),
                               .environment = cli_string(c, "environment"),
                               .features = strcmp(c->arg[0], "certify") == 0 ? NULL : cli_string(c, "features"),
                               .anchors = cli_string(c, "anchors"),
                               .intercept = wants_intercept(c, NULL)};
  const char *names = cli_string(c, "hold_out");
  if (!names) return weyl_moments_read(c->ctx, c->arg[1], &o, &s->seen);
  if (o.anchors)
    return weyl_fail(c->ctx, WEYL_BAD_ARG,
                     "--anchors are those of all rows: hold environments out by leaving them out of the table");
  weyl_moments all = {0};
  WEYL_TRY(weyl_moments_read(c->ctx, c->arg[1], &o, &all));
  const weyl_status status = split(c, names, &all, s);
  weyl_moments_free(&all);
  return status;
}

weyl_status sem_source_open(cli *c, sem_source *out) {
  sem_source s = {0};
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(c->ctx, &s.arena));
  WEYL_GOTO(sem_model(c, &s.sem));
  if (s.sem && cli_string(c, "hold_out")) {
    status = weyl_fail(c->ctx, WEYL_BAD_ARG, "--hold-out is for tables: a model draws --unseen environments");
    goto done;
  }
  WEYL_GOTO(s.sem ? from_model(c, &s) : from_table(c, &s));
  if (strcmp(cli_string(c, "scale"), "pooled") == 0) {
    WEYL_GOTO(weyl_moments_scale(c->ctx, &s.seen, NULL));
    if (s.unseen.count) WEYL_GOTO(weyl_moments_scale(c->ctx, &s.unseen, &s.seen));
  }
done:
  if (status == WEYL_OK)
    *out = s;
  else
    sem_source_close(&s);
  return status;
}

void sem_source_close(sem_source *s) {
  weyl_moments_free(&s->seen);
  weyl_moments_free(&s->unseen);
  weyl_sem_free(s->sem);
  weyl_arena_free(s->arena);
}

/* ---- words and numbers ---- */

const char *sem_formula(weyl_arena *arena, const weyl_moments *m, const double *beta) {
  double *b = weyl_arena_array(arena, double, m->d + 1);
  if (!b) return NULL;
  memcpy(b, beta, m->d * sizeof *b);
  bool *done = weyl_arena_array(arena, bool, m->d + 1);
  if (!done) return NULL;
  double largest = 0;
  for (size_t i = 0; i < m->d; i++) largest = fmax(largest, fabs(beta[i]));
  char text[120] = "";
  size_t used = 0, shown = 0;
  weyl_moments_unscale(m, b);
  for (; shown < 3; shown++) {
    size_t at = m->d;
    for (size_t i = 0; i < m->d; i++)
      if (!done[i] && fabs(beta[i]) > 1e-9 * largest && (at == m->d || fabs(beta[i]) > fabs(beta[at]))) at = i;
    if (at == m->d) break;
    done[at] = true;
    const bool constant = m->intercept && at == m->d - 1;
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%.3g%s%.8s",
                             shown == 0  ? (b[at] < 0 ? "-" : "")
                             : b[at] < 0 ? " - "
                                         : " + ",
                             fabs(b[at]), constant ? "" : " ", constant ? "" : m->feature[at]);
  }
  bool more = false;
  for (size_t i = 0; i < m->d; i++) more = more || (!done[i] && fabs(beta[i]) > 1e-9 * largest);
  return weyl_arena_printf(arena, "%s%s", shown ? text : "0", more ? " + ..." : "");
}

const char *sem_set(weyl_arena *arena, const weyl_moments *m, uint64_t set) {
  char text[160] = "";
  size_t used = 0;
  for (size_t i = 0; i < m->d && i < 64 && used < 120; i++)
    if (set >> i & 1)
      used += (size_t)snprintf(text + used, sizeof text - used, "%s%.20s", used ? ", " : "", m->feature[i]);
  return weyl_arena_strdup(arena, used ? text : "none");
}

void sem_json_numbers(weyl_json *json, const char *key, const double *x, size_t n) {
  weyl_json_array(json, key);
  for (size_t i = 0; i < n; i++) weyl_json_number(json, NULL, x[i]);
  weyl_json_end(json);
}

void sem_json_beta(weyl_json *json, const weyl_moments *m, const double *beta) {
  weyl_json_object(json, "beta");
  for (size_t i = 0; i < m->d; i++) weyl_json_number(json, m->feature[i], beta[i] * m->scale[m->d] / m->scale[i]);
  weyl_json_end(json);
}
