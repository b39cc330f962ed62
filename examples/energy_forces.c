/* Traces the energy of a few atoms, takes the forces from the graph, and checks them against central differences. */
#include <weyl/weyl.h>

#include <math.h>
#include <stdio.h>

enum { ATOMS = 4, PAIRS = 6 };

/* Morse bonds of depth 1 and length 1: the sum over pairs of (1 - exp(1 - r))^2. */
static weyl_tensor energy_of(weyl_tensor x, weyl_tensor i, weyl_tensor j) {
  weyl_tensor d = weyl_sub(weyl_gather(x, i), weyl_gather(x, j)); /* [edges, 3] */
  weyl_tensor r = weyl_sqrt(weyl_sum(weyl_square(d), 1));         /* [edges] */
  weyl_tensor e = weyl_exp(weyl_shift(weyl_neg(r), 1));
  return weyl_sum_all(weyl_square(weyl_shift(weyl_neg(e), 1))); /* a scalar of the whole batch */
}

int main(void) {
  double x[ATOMS][3] = {{0, 0, 0}, {1.2, 0, 0.1}, {0.3, 0.9, 0}, {0.2, 0.4, 1.1}}, force[ATOMS][3], worst = 0;
  const int32_t first[PAIRS] = {0, 0, 0, 1, 1, 2}, second[PAIRS] = {1, 2, 3, 2, 3, 3};
  weyl_context *ctx = NULL;
  weyl_variables *vars = NULL;
  weyl_graph *g = NULL;
  weyl_program *program = NULL;
  weyl_run *run = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_context_new(NULL, &ctx));
  WEYL_GOTO(weyl_variables_new(ctx, WEYL_F64, 1, &vars)); /* says the precision; no parameters here */
  WEYL_GOTO(weyl_graph_new(ctx, vars, false, &g));

  weyl_tensor at = weyl_input(g, "x", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(3)));
  weyl_tensor i = weyl_input(g, "i", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_EDGES)));
  weyl_tensor j = weyl_input(g, "j", WEYL_I32, WEYL_SHAPE(weyl_per(WEYL_EDGES)));
  weyl_tensor energy = energy_of(at, i, j);
  weyl_tensor output[] = {energy, weyl_neg(weyl_grad(energy, at))};
  WEYL_GOTO(weyl_program_new(g, output, 2, NULL, &program)); /* the first mistake of the trace shows here */
  WEYL_GOTO(weyl_run_new(program, NULL, &run));

  const int64_t count[1][WEYL_COUNTS] = {{[WEYL_NODES] = ATOMS, [WEYL_EDGES] = PAIRS}}; /* one shard */
  const void *input[3];
  input[weyl_program_input_find(program, "x")] = x;
  input[weyl_program_input_find(program, "i")] = first;
  input[weyl_program_input_find(program, "j")] = second;
  const weyl_batch batch = {.shards = 1, .count = count, .input = input};
  WEYL_GOTO(weyl_run_step(run, &batch));
  printf("energy %.12f\n", *(double *)weyl_run_output(run, 0).data);
  const double *f = weyl_run_output(run, 1).data; /* valid until the next step: copied */
  for (int k = 0; k < ATOMS * 3; k++) force[k / 3][k % 3] = f[k];

  for (int a = 0; a < ATOMS; a++) {
    for (int c = 0; c < 3; c++) {
      const double h = 1e-5, old = x[a][c];
      double side[2];
      for (int s = 0; s < 2; s++) {
        x[a][c] = old + (s ? h : -h);
        WEYL_GOTO(weyl_run_step(run, &batch));
        side[s] = *(double *)weyl_run_output(run, 0).data;
      }
      x[a][c] = old;
      worst = fmax(worst, fabs(force[a][c] + (side[1] - side[0]) / (2 * h)));
    }
    printf("force on atom %d: %12.8f %12.8f %12.8f\n", a, force[a][0], force[a][1], force[a][2]);
  }
  printf("largest difference from central differences: %.1e\n", worst);
done:
  if (status != WEYL_OK) fprintf(stderr, "energy_forces: %s\n", weyl_message(ctx));
  weyl_run_free(run);
  weyl_program_free(program);
  weyl_graph_free(g);
  weyl_variables_free(vars);
  const int code = status != WEYL_OK ? weyl_status_exit_code(status) : worst < 1e-8 ? 0 : 1;
  weyl_context_free(ctx);
  return code;
}
