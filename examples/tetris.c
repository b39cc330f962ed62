/* Eight shapes of four cubes, two of them mirror images: networks on irreps that couple them in all ways, by products
 * of functions on the sphere alone, and by those with Poisson brackets, learn to name the shapes and are asked again
 * after random rotations.  Products of functions alone never make a pseudo scalar from positions: the mirror pair stays
 * one. */
#include <weyl/weyl.h>

#include <math.h>
#include <stdio.h>

enum { SHAPES = 8, CUBES = 4, PAIRS = 12, STEPS = 60, TURNS = 25 };

static const char *const name[SHAPES] = {"chiral", "mirrored", "square", "line", "corner", "L", "T", "zigzag"};
static const float shape[SHAPES][CUBES][3] = {
    {{0, 0, 0}, {0, 0, 1}, {1, 0, 0}, {1, 1, 0}}, {{0, 0, 0}, {0, 0, 1}, {1, 0, 0}, {1, -1, 0}},
    {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {1, 1, 0}}, {{0, 0, 0}, {0, 0, 1}, {0, 0, 2}, {0, 0, 3}},
    {{0, 0, 0}, {0, 0, 1}, {0, 1, 0}, {1, 0, 0}}, {{0, 0, 0}, {0, 0, 1}, {0, 0, 2}, {0, 1, 0}},
    {{0, 0, 0}, {0, 0, 1}, {0, 0, 2}, {0, 1, 1}}, {{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {2, 1, 0}}};

/* h_i <- sum_j gate(W (h_j, radial(r_ij)) x Y(r_ij)) */
static weyl_steerable layer(weyl_steerable h, weyl_steerable radial, weyl_steerable y, weyl_tensor i, weyl_tensor j,
                            weyl_irreps out, const weyl_steerable_product_opts *opts) {
  const weyl_gate_spec gate = weyl_gate_for(radial.x.graph, out);
  const weyl_steerable from[] = {weyl_steerable_gather(h, j), radial};
  const weyl_steerable m =
      weyl_steerable_product(weyl_steerable_join(from, 2), y, "message", weyl_gate_in(radial.x.graph, &gate), opts);
  return weyl_steerable_segment_sum(weyl_gate(m, &gate), i, weyl_per(WEYL_NODES));
}

/* Logits [batch, SHAPES] from the scalars and pseudo scalars of all cubes. */
static weyl_tensor network(weyl_graph *g, weyl_steerable_product_kind kind) {
  const weyl_dim nodes = weyl_per(WEYL_NODES), edges = weyl_per(WEYL_EDGES), batch = weyl_per(WEYL_BATCH);
  const weyl_tensor x = weyl_input(g, "x", WEYL_F32, WEYL_SHAPE(nodes, weyl_num(3)));
  const weyl_tensor i = weyl_input(g, "i", WEYL_I32, WEYL_SHAPE(edges)),
                    j = weyl_input(g, "j", WEYL_I32, WEYL_SHAPE(edges));
  const weyl_tensor sample = weyl_input(g, "sample", WEYL_I32, WEYL_SHAPE(nodes));
  const weyl_tensor edge = weyl_sub(weyl_gather(x, i), weyl_gather(x, j));
  const weyl_radial_opts basis = {.n = 4, .radius = 3.5, .cutoff = WEYL_CUTOFF_POLYNOMIAL};
  const weyl_steerable radial = weyl_steerable_of(weyl_radial(weyl_length(edge), &basis), weyl_graph_irreps(g, "4x0e"));
  const weyl_steerable y = weyl_steerable_harmonics(edge, 2, WEYL_HARMONICS_COMPONENT);
  const weyl_steerable_product_opts opts = {.kind = kind};

  weyl_steerable h =
      weyl_steerable_of(weyl_constant(g, 1, WEYL_SHAPE(nodes, weyl_num(1))), weyl_graph_irreps(g, "1x0e"));
  for (int t = 0; t < 3; t++) {
    weyl_scope(g, "layer_%d", t);
    h = layer(h, radial, y, i, j, weyl_graph_irreps(g, t < 2 ? "6x0e+6x0o+6x1o+6x1e+6x2e+6x2o" : "8x0e+8x0o"), &opts);
    weyl_scope_end(g);
  }
  return weyl_linear(weyl_segment_sum(h.x, sample, batch), "out", SHAPES, NULL);
}

typedef struct blocks { /* SHAPES shapes */
  float x[SHAPES][CUBES][3];
  int32_t i[SHAPES * PAIRS], j[SHAPES * PAIRS], sample[SHAPES * CUBES], label[SHAPES];
  float rate;
} blocks;

static blocks blocks_new(void) {
  blocks b = {.rate = 0.01f};
  for (int s = 0, e = 0; s < SHAPES; s++) {
    b.label[s] = s;
    for (int k = 0; k < CUBES; k++) {
      b.sample[s * CUBES + k] = s;
      for (int c = 0; c < 3; c++) b.x[s][k][c] = shape[s][k][c];
      for (int q = 0; q < CUBES; q++)
        if (q != k) {
          b.i[e] = s * CUBES + k;
          b.j[e++] = s * CUBES + q;
        }
    }
  }
  return b;
}

static weyl_status step(weyl_program *program, weyl_run *run, const blocks *b, uint64_t number) {
  const struct {
    const char *name;
    const void *data;
  } all[] = {{"x", b->x}, {"i", b->i}, {"j", b->j}, {"sample", b->sample}, {"label", b->label}, {"rate", &b->rate}};
  const void *input[6] = {0};
  for (int k = 0; k < 6; k++) {
    const int at = weyl_program_input_find(program, all[k].name);
    if (at >= 0) input[at] = all[k].data;
  }
  const int64_t count[1][WEYL_COUNTS] = {
      {[WEYL_BATCH] = SHAPES, [WEYL_NODES] = SHAPES * CUBES, [WEYL_EDGES] = SHAPES * PAIRS}};
  return weyl_run_step(run, &(weyl_batch){.shards = 1, .count = count, .input = input, .step = number});
}

/* Trains one network; how many of the turned shapes it names rightly, [SHAPES]. */
static weyl_status train(weyl_context *ctx, weyl_steerable_product_kind kind, int *right, double *loss) {
  weyl_variables *vars = NULL;
  weyl_options *options = NULL;
  weyl_graph *g = NULL;
  weyl_program *learn = NULL, *ask = NULL;
  weyl_run *learning = NULL, *asking = NULL;
  weyl_status status;
  blocks b = blocks_new(), turned = b;
  WEYL_GOTO(weyl_train_options(ctx, "nbody", NULL, &options)); /* Adam's */
  WEYL_GOTO(weyl_variables_new(ctx, WEYL_F32, 5, &vars));
  WEYL_GOTO(weyl_graph_new(ctx, vars, true, &g));
  const weyl_tensor logits = network(g, kind);
  const weyl_tensor label = weyl_input(g, "label", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_BATCH)));
  const weyl_tensor cost = weyl_loss_cross_entropy(logits, label);
  (void)weyl_optimiser_trace(g, cost, options);
  weyl_program_opts assigning = weyl_program_defaults();
  assigning.assigns = true;
  WEYL_GOTO(weyl_program_new(g, &cost, 1, &assigning, &learn));
  WEYL_GOTO(weyl_program_new(g, &logits, 1, NULL, &ask));
  WEYL_GOTO(weyl_run_new(learn, NULL, &learning));
  WEYL_GOTO(weyl_run_new(ask, NULL, &asking));
  for (uint64_t t = 0; t < STEPS; t++) WEYL_GOTO(step(learn, learning, &b, t));
  *loss = (double)*(const float *)weyl_run_output(learning, 0).data;

  weyl_rng rng = weyl_rng_new(1, "turns");
  for (int t = 0; t < TURNS; t++) {
    double q[4], r[9];
    for (int k = 0; k < 4; k++) q[k] = weyl_rng_normal(&rng);
    WEYL_GOTO(weyl_rotation_from_quaternion(ctx, q, r));
    for (int k = 0; k < SHAPES * CUBES * 3; k++) {
      const float *from = shape[k / (CUBES * 3)][k / 3 % CUBES];
      const double *row = r + 3 * (k % 3);
      turned.x[k / (CUBES * 3)][k / 3 % CUBES][k % 3] =
          (float)(row[0] * (double)from[0] + row[1] * (double)from[1] + row[2] * (double)from[2]);
    }
    WEYL_GOTO(step(ask, asking, &turned, 0));
    const float *answer = weyl_run_output(asking, 0).data;
    for (int s = 0; s < SHAPES; s++) {
      int best = 0;
      for (int k = 1; k < SHAPES; k++)
        if (answer[s * SHAPES + k] > answer[s * SHAPES + best]) best = k;
      right[s] += best == s;
    }
  }
done:
  weyl_run_free(learning);
  weyl_run_free(asking);
  weyl_program_free(learn);
  weyl_program_free(ask);
  weyl_graph_free(g);
  weyl_variables_free(vars);
  weyl_options_free(options);
  return status;
}

int main(void) {
  static const char *const kind[] = {"CG", "Gaunt", "complete"};
  weyl_context *ctx = NULL;
  weyl_status status;
  bool as_expected = true;
  WEYL_GOTO(weyl_context_new(NULL, &ctx));
  printf("%-9s %8s %8s", "product", "loss", "right");
  for (int s = 0; s < SHAPES; s++) printf(" %8s", name[s]);
  printf("\n");
  for (int k = 0; k < 3; k++) {
    int right[SHAPES] = {0}, all = 0;
    double loss = 0;
    WEYL_GOTO(train(ctx, (weyl_steerable_product_kind)k, right, &loss));
    for (int s = 0; s < SHAPES; s++) all += right[s];
    printf("%-9s %8.4f %7.1f%%", kind[k], loss, 100.0 * all / (SHAPES * TURNS));
    for (int s = 0; s < SHAPES; s++) printf(" %7.0f%%", 100.0 * right[s] / TURNS);
    printf("\n");
    const int pair = right[0] + right[1], others = all - pair;
    const bool told_apart = pair == 2 * TURNS, same = pair <= TURNS;
    as_expected = as_expected && others == 6 * TURNS && (k == WEYL_STEERABLE_GAUNT ? same : told_apart);
  }
done:
  if (status != WEYL_OK) fprintf(stderr, "tetris: %s\n", weyl_message(ctx));
  weyl_context_free(ctx);
  return status != WEYL_OK ? weyl_status_exit_code(status) : as_expected ? 0 : 1;
}
