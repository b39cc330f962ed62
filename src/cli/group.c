/* weyl group: the mathematics of the groups at the prompt. */
#include "cli.h"

#include <math.h>
#include <string.h>

typedef struct request {
  weyl_group *group;
  weyl_group_info about;
  weyl_arena *arena;
  int64_t points;
} request;

static void matrix(const cli *c, const double *a, int rows, int columns, const char *indent) {
  for (int i = 0; i < rows; i++) {
    cli_say(c, "%s[", indent);
    for (int j = 0; j < columns; j++) cli_say(c, "%s%11.6f", j ? " " : "", a[i * columns + j] + 0.0);
    cli_say(c, "]\n");
  }
}

static void json_matrix(weyl_json *json, const char *key, const double *a, int rows, int columns) {
  weyl_json_array(json, key);
  for (int i = 0; i < rows; i++) {
    weyl_json_array(json, NULL);
    for (int j = 0; j < columns; j++) weyl_json_number(json, NULL, a[i * columns + j]);
    weyl_json_end(json);
  }
  weyl_json_end(json);
}

static void json_numbers(weyl_json *json, const char *key, const double *a, size_t n) {
  weyl_json_array(json, key);
  for (size_t i = 0; i < n; i++) weyl_json_number(json, NULL, a[i]);
  weyl_json_end(json);
}

static weyl_status list(cli *c) {
  weyl_json_array(c->result, "families");
  for (const char *const *f = weyl_group_families(); *f; f++) {
    weyl_json_string(c->result, NULL, *f);
    cli_say(c, "%s\n", *f);
  }
  weyl_json_end(c->result);
  cli_say(c, "\nand products of one group of space and one of permutations: \"E(3) x S(n)\"\n");
  return WEYL_OK;
}

static weyl_status info(cli *c, request *q) {
  const weyl_group_info *a = &q->about;
  weyl_json *json = c->result;
  weyl_json_string(json, "name", a->name);
  weyl_json_integer(json, "space", a->space);
  weyl_json_integer(json, "dimension", a->lie_dimension);
  weyl_json_integer(json, "generators", a->generators);
  weyl_json_integer(json, "order", a->order);
  weyl_json_bool(json, "compact", a->compact);
  weyl_json_bool(json, "rotations", a->rotations);
  weyl_json_bool(json, "reflections", a->reflections);
  weyl_json_bool(json, "translations", a->translations);
  weyl_json_bool(json, "permutations", a->permutations);
  weyl_json_integer(json, "element_size", (int64_t)weyl_group_element_size(q->group, q->points));
  weyl_json_integer(json, "points", q->points);
  weyl_json_integer(json, "grid", a->grid);
  weyl_json_number(json, "tolerance", a->tolerance);

  cli_say(c, "%s\n", a->name);
  if (a->space > 0) cli_say(c, "  acts on                R^%d\n", a->space);
  cli_say(c, "  dimension              %d (of the Lie algebra)\n", a->lie_dimension);
  if (a->grid > 0)
    cli_say(c, "  acts on                functions on the circle, on %d points, to %.0e\n", a->grid, a->tolerance);
  cli_say(c, "  discrete generators    %d\n", a->generators);
  if (a->order > 0)
    cli_say(c, "  order                  %lld\n", (long long)a->order);
  else
    cli_say(c, "  order                  %s\n", a->lie_dimension > 0 ? "infinite" : "depends on the number of points");
  cli_say(c, "  compact                %s\n", a->compact ? "yes" : "no");
  const struct {
    bool has;
    const char *what;
  } parts[] = {{a->rotations, "rotations"},
               {a->reflections, "reflections"},
               {a->translations, "translations"},
               {a->permutations, "permutations"}};
  cli_say(c, "  contains              ");
  for (size_t i = 0; i < 4; i++) {
    if (parts[i].has) cli_say(c, " %s", a->grid > 0 && i == 2 ? "superrotations supertranslations" : parts[i].what);
  }
  cli_say(c, "\n  an element on %lld points is %zu numbers\n", (long long)q->points,
          weyl_group_element_size(q->group, q->points));
  return WEYL_OK;
}

static void say_element(const cli *c, const request *q, const double *g) {
  const int d = q->about.space;
  if (d > 0) {
    matrix(c, g, d, d, "  ");
    if (q->about.translations) {
      cli_say(c, "  then +");
      for (int i = 0; i < d; i++) cli_say(c, " %.6f", g[d * d + i]);
      cli_say(c, "\n");
    }
  }
  if (q->about.grid > 0) {
    const int n = q->about.grid;
    for (int k = 0; k < 2; k++) {
      cli_say(c, k ? "\n  alpha        " : "  F - phi      ");
      for (int i = 0; i < 8; i++) cli_say(c, " %10.6f", g[k * n + i * n / 8] + 0.0);
    }
    cli_say(c, "\n  at phi = 0, pi / 4, ... (of %d points)\n", n);
  }
  if (q->about.permutations) {
    const double *pi = g + weyl_group_element_size(q->group, q->points) - q->points;
    cli_say(c, "  points go to");
    for (int64_t i = 0; i < q->points; i++) cli_say(c, " %.0f", pi[i]);
    cli_say(c, "\n");
  }
}

static weyl_status sample(cli *c, request *q) {
  const size_t size = weyl_group_element_size(q->group, q->points);
  double *g = weyl_arena_array(q->arena, double, size);
  if (!g) return WEYL_MEMORY;
  weyl_rng rng = weyl_rng_new(cli_seed(c), "weyl group sample");
  weyl_json_string(c->result, "name", q->about.name);
  weyl_json_array(c->result, "elements");
  for (int64_t k = 0; k < cli_integer(c, "count"); k++) {
    WEYL_TRY(weyl_group_sample(c->ctx, q->group, q->points, cli_number(c, "scale"), &rng, g));
    json_numbers(c->result, NULL, g, size);
    cli_say(c, "%s%lld:\n", k ? "\n" : "", (long long)k);
    say_element(c, q, g);
  }
  weyl_json_end(c->result);
  return WEYL_OK;
}

/* The part of v [n] outside the span of the rows of q [rank][n], which are orthonormal; taken off in place. */
static double outside(size_t n, const double *q, int rank, double *v) {
  for (int pass = 0; pass < 2; pass++) { /* twice is enough */
    for (int k = 0; k < rank; k++) {
      double dot = 0;
      for (size_t i = 0; i < n; i++) dot += q[(size_t)k * n + i] * v[i];
      for (size_t i = 0; i < n; i++) v[i] -= dot * q[(size_t)k * n + i];
    }
  }
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += v[i] * v[i];
  return sqrt(sum);
}

/* The basis of the Lie algebra, its rank, and how far the brackets of its elements leave its span. */
static weyl_status basis(cli *c, request *q) {
  const int dim = q->about.lie_dimension, m = q->about.space + 1;
  const size_t n = (size_t)m * (size_t)m;
  double *b = weyl_arena_array(q->arena, double, (size_t)dim *n),
         *span = weyl_arena_array(q->arena, double, (size_t)dim *n);
  double *bracket = weyl_arena_array(q->arena, double, n);
  if (!b || !span || !bracket) return WEYL_MEMORY;
  int rank = 0;
  for (int k = 0; k < dim; k++) {
    WEYL_TRY(weyl_group_basis(c->ctx, q->group, k, b + (size_t)k * n));
    double *v = span + (size_t)rank * n;
    memcpy(v, b + (size_t)k * n, n * sizeof *v);
    const double left = outside(n, span, rank, v);
    if (left < 1e-10) continue;
    for (size_t i = 0; i < n; i++) v[i] /= left;
    rank++;
  }
  double residual = 0;
  for (int k = 0; k < dim; k++) {
    for (int l = 0; l < k; l++) {
      const double *x = b + (size_t)k * n, *y = b + (size_t)l * n;
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < m; j++) {
          double sum = 0;
          for (int a = 0; a < m; a++) sum += x[i * m + a] * y[a * m + j] - y[i * m + a] * x[a * m + j];
          bracket[i * m + j] = sum;
        }
      }
      residual = fmax(residual, outside(n, span, rank, bracket));
    }
  }
  weyl_json_string(c->result, "name", q->about.name);
  weyl_json_integer(c->result, "rank", rank);
  weyl_json_array(c->result, "shape");
  weyl_json_integer(c->result, NULL, dim);
  weyl_json_integer(c->result, NULL, m);
  weyl_json_integer(c->result, NULL, m);
  weyl_json_end(c->result);
  weyl_json_number(c->result, "residual", residual);
  weyl_json_array(c->result, "basis");
  for (int k = 0; k < dim; k++) json_matrix(c->result, NULL, b + (size_t)k * n, m, m);
  weyl_json_end(c->result);
  cli_say(c, "%s: %d matrices [[A, b], [0, 0]] of rank %d, brackets stay in their span to %.2g\n", q->about.name, dim,
          rank, residual);
  for (int k = 0; k < dim; k++) {
    cli_say(c, "\n%d:\n", k);
    matrix(c, b + (size_t)k * n, m, m, "  ");
  }
  return WEYL_OK;
}

static double distance(const double *a, const double *b, size_t n) {
  double most = 0;
  for (size_t i = 0; i < n; i++) most = fmax(most, fabs(a[i] - b[i]));
  return most;
}

/* The axioms on random elements: the worst violation of each. */
typedef struct axioms {
  double identity, inverse, associativity, action, logarithm;
  bool closed;
} axioms;

static weyl_status check_once(cli *c, request *q, weyl_rng *rng, double *g[8], axioms *worst) {
  weyl_context *ctx = c->ctx;
  const weyl_group *group = q->group;
  const int64_t n = q->points;
  const size_t size = weyl_group_element_size(group, n);
  const double scale = cli_number(c, "scale");
  for (int k = 0; k < 3; k++) WEYL_TRY(weyl_group_sample(ctx, group, n, scale, rng, g[k]));
  weyl_group_identity(group, n, g[3]);
  WEYL_TRY(weyl_group_compose(ctx, group, n, g[0], g[3], g[4]));
  worst->identity = fmax(worst->identity, distance(g[4], g[0], size));
  WEYL_TRY(weyl_group_inverse(ctx, group, n, g[0], g[4]));
  WEYL_TRY(weyl_group_compose(ctx, group, n, g[0], g[4], g[5]));
  worst->inverse = fmax(worst->inverse, distance(g[5], g[3], size));
  WEYL_TRY(weyl_group_compose(ctx, group, n, g[0], g[1], g[4])); /* ab */
  worst->closed = worst->closed && weyl_group_contains(group, n, g[4], 1e-9);
  WEYL_TRY(weyl_group_compose(ctx, group, n, g[4], g[2], g[5])); /* (ab)c */
  WEYL_TRY(weyl_group_compose(ctx, group, n, g[1], g[2], g[6]));
  WEYL_TRY(weyl_group_compose(ctx, group, n, g[0], g[6], g[7])); /* a(bc) */
  worst->associativity = fmax(worst->associativity, distance(g[5], g[7], size));

  if (q->about.space > 0) { /* (ab)x = a(bx) */
    const int64_t d = q->about.space;
    double *x[4];
    for (int k = 0; k < 4; k++) {
      x[k] = weyl_arena_array(q->arena, double, n *d);
      if (!x[k]) return WEYL_MEMORY;
    }
    for (int64_t i = 0; i < n * d; i++) x[0][i] = weyl_rng_normal(rng);
    WEYL_TRY(weyl_group_act(ctx, group, g[4], WEYL_ACT_POINT, n, d, x[0], x[1]));
    WEYL_TRY(weyl_group_act(ctx, group, g[1], WEYL_ACT_POINT, n, d, x[0], x[2]));
    WEYL_TRY(weyl_group_act(ctx, group, g[0], WEYL_ACT_POINT, n, d, x[2], x[3]));
    worst->action = fmax(worst->action, distance(x[1], x[3], (size_t)(n * d)));
  }
  if (q->about.grid > 0) { /* (ab)x = a(bx) on boundary data */
    const int64_t width = 2 * q->about.grid;
    double *x[4];
    for (int k = 0; k < 4; k++) {
      x[k] = weyl_arena_array(q->arena, double, width);
      if (!x[k]) return WEYL_MEMORY;
    }
    for (int64_t i = 0; i < width; i++) x[0][i] = i < q->about.grid ? -0.5 : 0.25;
    WEYL_TRY(weyl_group_act(ctx, group, g[4], WEYL_ACT_COADJOINT, n, width, x[0], x[1]));
    WEYL_TRY(weyl_group_act(ctx, group, g[1], WEYL_ACT_COADJOINT, n, width, x[0], x[2]));
    WEYL_TRY(weyl_group_act(ctx, group, g[0], WEYL_ACT_COADJOINT, n, width, x[2], x[3]));
    /* third derivatives: the size of what they make */
    double most = 1;
    for (int64_t i = 0; i < width; i++) most = fmax(most, fabs(x[1][i]));
    worst->action = fmax(worst->action, distance(x[1], x[3], (size_t)width) / most);
    return WEYL_OK; /* no logarithm */
  }
  if (q->about.lie_dimension > 0) { /* exp(log exp(c)) = exp(c) for small c, where the logarithm is unique */
    double *v = weyl_arena_array(q->arena, double, q->about.lie_dimension);
    if (!v) return WEYL_MEMORY;
    for (int k = 0; k < q->about.lie_dimension; k++) v[k] = 0.3 * weyl_rng_normal(rng);
    WEYL_TRY(weyl_group_exp(ctx, group, n, v, g[4]));
    WEYL_TRY(weyl_group_log(ctx, group, n, g[4], v));
    WEYL_TRY(weyl_group_exp(ctx, group, n, v, g[5]));
    worst->logarithm = fmax(worst->logarithm, distance(g[4], g[5], size));
  }
  return WEYL_OK;
}

static weyl_status check(cli *c, request *q) {
  const size_t size = weyl_group_element_size(q->group, q->points);
  double *g[8];
  for (int k = 0; k < 8; k++) {
    g[k] = weyl_arena_array(q->arena, double, size);
    if (!g[k]) return WEYL_MEMORY;
  }
  weyl_rng rng = weyl_rng_new(cli_seed(c), "weyl group check");
  axioms worst = {.closed = true};
  for (int64_t k = 0; k < cli_integer(c, "count"); k++) {
    const weyl_mark mark = weyl_arena_mark(q->arena);
    WEYL_TRY(check_once(c, q, &rng, g, &worst));
    weyl_arena_release(q->arena, mark);
  }
  const double tolerance = fmax(1e-10, q->about.tolerance) * (1 + cli_number(c, "scale"));
  const struct {
    const char *key, *label;
    double value;
  } rows[] = {{"identity", "a e = a", worst.identity},
              {"inverse", "a a^-1 = e", worst.inverse},
              {"associativity", "(a b) c = a (b c)", worst.associativity},
              {"action", "(a b) x = a (b x)", worst.action},
              {"logarithm", "exp(log(g)) = g", worst.logarithm}};
  const char *cells[18] = {"axiom", "worst error", "holds"};
  char numbers[5][32];
  bool holds = worst.closed;
  weyl_json_string(c->result, "name", q->about.name);
  weyl_json_object(c->result, "residual");
  for (int i = 0; i < 5; i++) {
    const bool good = rows[i].value <= tolerance;
    holds = holds && good;
    weyl_json_number(c->result, rows[i].key, rows[i].value);
    cells[3 * i + 3] = rows[i].label;
    cells[3 * i + 4] = cli_digits(numbers[i], rows[i].value, 3);
    cells[3 * i + 5] = good ? "yes" : "NO";
    if (i == 4 && q->about.grid > 0) cells[3 * i + 4] = cells[3 * i + 5] = "-"; /* exp is not onto */
  }
  weyl_json_end(c->result);
  weyl_json_bool(c->result, "closed", worst.closed);
  weyl_json_number(c->result, "tolerance", tolerance);
  weyl_json_string(c->result, "verdict", holds ? "holds" : "fails");
  cli_say(c, "%s, %lld random triples on %lld points\n\n", q->about.name, (long long)cli_integer(c, "count"),
          (long long)q->points);
  cli_table(c, 6, 3, cells);
  cli_say(c, "\nproducts %s in the group; the axioms %s to %.2g\n", worst.closed ? "stay" : "DO NOT stay",
          holds ? "hold" : "FAIL", tolerance);
  return holds ? WEYL_OK : WEYL_NO;
}

static const struct {
  const char *name;
  weyl_status (*run)(cli *c, request *q);
} actions[] = {{"info", info}, {"sample", sample}, {"basis", basis}, {"check", check}, {"list", NULL}};
#define ACTIONS (sizeof actions / sizeof actions[0])

static const char *action_name(size_t i) { return i < ACTIONS ? actions[i].name : NULL; }

static weyl_status run(cli *c) {
  size_t k = 0;
  while (k < ACTIONS && strcmp(actions[k].name, c->arg[0]) != 0) k++;
  if (k == ACTIONS) return cli_unknown(c, "action", c->arg[0], action_name);
  if (!actions[k].run) return list(c);
  if (c->args < 2)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "which group? For example: weyl group %s \"SO(3)\"", actions[k].name);
  request q = {.points = cli_integer(c, "points")};
  weyl_status status;
  WEYL_GOTO(cli_group(c, c->arg[1], &q.group));
  WEYL_GOTO(weyl_arena_new(c->ctx, &q.arena));
  q.about = weyl_group_about(q.group);
  status = actions[k].run(c, &q);
done:
  weyl_arena_free(q.arena);
  weyl_group_free(q.group);
  return status;
}

static const weyl_option options[] = {
    {"points", WEYL_OPT_INT, "5", 1, 100000, NULL, "points that the group acts on"},
    {"count", WEYL_OPT_INT, "3", 1, 100000, NULL, "random elements (sample) or triples of them (check)"},
    {"scale", WEYL_OPT_DOUBLE, "1", 0, 1e6, NULL, "standard deviation of translations"},
    {"seed", WEYL_OPT_U64, "1", 0, 0, NULL, "every random choice follows from it"},
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const cli_command cli_command_group = {
    .name = "group",
    .summary = "the mathematics of groups at the prompt",
    .usage = "info|sample|basis|check|list [NAME]",
    .details =
        "info: what the group is. sample: elements drawn from the Haar measure. basis: the matrices of its Lie "
        "algebra, their rank, and "
        "whether their brackets stay among them. check: the axioms on random elements; exit status 1 if one fails. "
        "list: the families.\n\n"
        "Groups are named as in print: E(3), SE(3), O(2), SO(3), T(3) (translations), S(5), S(n), C4, D6, BMS3 (flat "
        "space at infinity, on a grid), and products "
        "like \"E(3) x S(n)\".",
    .examples =
        "weyl group info \"E(3) x S(n)\"\n"
        "weyl group sample \"SO(3)\" --count 2 --seed 7\n"
        "weyl group basis \"SE(3)\" --json\n"
        "weyl group check D6 --count 1000",
    .options = options,
    .min_args = 1,
    .max_args = 2,
    .arg = CLI_ARG_WORDS,
    .run = run,
};
