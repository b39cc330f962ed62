#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <weyl/models.h>

#include "../nn/points_fixture.h"

static const int64_t sizes[] = {5, 3, 7, 4};
enum { SAMPLES = 4 };

/* Options of a model, set by "name=value" strings (NULL ends). */
static weyl_options *options_of(weyl_context *ctx, const weyl_model_def *model, const char *const *set) {
  weyl_options *o = NULL;
  assert_int_equal(weyl_options_new(ctx, &o), WEYL_OK);
  assert_int_equal(weyl_options_declare(o, model->name, model->options), WEYL_OK);
  for (; set && *set; set++) {
    char name[64];
    const char *equals = strchr(*set, '=');
    snprintf(name, sizeof name, "%.*s", (int)(equals - *set), *set);
    if (weyl_options_set(o, name, equals + 1, NULL) != WEYL_OK) fail_msg("%s", weyl_message(ctx));
  }
  return o;
}

/* A model on points of dimension d, with velocities, one node scalar and one edge scalar. */
static traced model_new(const char *name, const char *const *set, weyl_dtype real, bool training, int d,
                        weyl_tensor *y) {
  traced t = traced_new(real, training);
  const weyl_model_def *model = weyl_model_find(name);
  assert_non_null(model);
  weyl_options *o = options_of(t.ctx, model, set);
  weyl_points p = weyl_points_input(t.graph, d, true, 1, 1);
  *y = model->points(t.graph, &p, o);
  weyl_options_free(o);
  return t;
}

static void list_is_complete(void **state) {
  (void)state;
  int n = 0;
  for (const weyl_model_def *const *m = weyl_models(); *m; m++, n++) {
    assert_ptr_equal(weyl_model_find((*m)->name), *m);
    assert_true((*m)->paper[0] && (*m)->summary[0] && (*m)->options && ((*m)->points || (*m)->image || (*m)->motion));
    if (!(*m)->points) continue;
    assert_true(strcmp((*m)->symmetry, "E x S") == 0 || strcmp((*m)->symmetry, "S") == 0);
  }
  assert_true(n >= 4);
  assert_null(weyl_model_find("fa_gnn"));
  assert_null(weyl_model_find(NULL));
}

/* The numbers of parameters of the authors' networks. */
static void parameter_counts(void **state) {
  (void)state;
  static const struct {
    const char *model;
    const char *set[5];
    int64_t count;
  } row[] = {
      {"linear", {NULL}, 1},
      {"gnn", {NULL}, 104387},
      {"egnn", {NULL}, 134020},
      {"egnn", {"node_charges=true", NULL}, 134084},
      {"segnn", {NULL}, 147424},
      {"segnn", {"product=gaunt", NULL}, 106016},
      {"segnn", {"product=complete", "hidden=16", NULL}, 105728},
      {"fa-gnn", {NULL}, 92103},
      {"fa-gnn", {"mode=stochastic", NULL}, 92103},
      {"fa-gnn", {"residual=true", "node_charges=true", NULL}, 92164},
      {"pair-flow", {"hidden=64", "steps=1", "bend=0", NULL}, 1 + 512 + 4160 + 260},
      {"pair-flow", {"hidden=64", "steps=4", "bend=8", NULL}, 1 + 2 + 32 + 72 + 9 + 4 * (512 + 4160 + 260)},
      {"pair-flow", {"hidden=64", "steps=4", "bend=8", "shared=true", NULL}, 1 + 2 + 32 + 72 + 9 + 512 + 4160 + 260},
  };
  for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
    weyl_tensor y;
    traced t = model_new(row[k].model, row[k].set, WEYL_F32, true, 3, &y);
    if (weyl_graph_status(t.graph) != WEYL_OK) fail_msg("%s: %s", row[k].model, weyl_message(t.ctx));
    assert_int_equal(weyl_variables_numbers(t.vars, WEYL_PARAM), row[k].count);
    const weyl_shape want = WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(3)), got = weyl_tensor_shape(y);
    assert_true(weyl_shape_equal(&want, &got));
    traced_free(&t);
  }
}

/* Names and layouts as in the authors' code, so that their checkpoints can be read. */
static void parameter_names(void **state) {
  (void)state;
  static const struct {
    const char *model, *name;
    int64_t rows, columns;
  } row[] = {
      {"linear", "time", 1, 0},
      {"gnn", "embedding.0.weight", 64, 6},
      {"gnn", "gcl_0.edge_mlp.0.weight", 64, 129},
      {"gnn", "gcl_3.node_mlp.2.bias", 64, 0},
      {"gnn", "decoder.2.weight", 3, 64},
      {"egnn", "embedding.weight", 64, 1},
      {"egnn", "gcl_0.edge_mlp.0.weight", 64, 131},
      {"egnn", "gcl_0.edge_mlp.2.weight", 64, 64},
      {"egnn", "gcl_1.node_mlp.0.weight", 64, 128},
      {"egnn", "gcl_2.coord_mlp.0.weight", 64, 64},
      {"egnn", "gcl_2.coord_mlp.2.weight", 1, 64},
      {"egnn", "gcl_3.coord_mlp_vel.2.bias", 1, 0},
      {"segnn", "embedding_layer.1o.weight", 32, 3},
      {"segnn", "layers.0.message_layer_1.0e.weight", 64, 130},
      {"segnn", "layers.3.update_layer_2.0e.bias", 32, 0},
      {"segnn", "pre_pool2.1o.weight", 1, 64},
      {"fa-gnn", "embedding.0.weight", 60, 6},
      {"fa-gnn", "gcl_0.edge_mlp.0.weight", 60, 122},
      {"fa-gnn", "gcl_3.node_mlp.0.weight", 60, 120},
      {"fa-gnn", "decoder.2.weight", 3, 60},
  };
  for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
    weyl_tensor y;
    traced t = model_new(row[k].model, NULL, WEYL_F32, true, 3, &y);
    const weyl_array a = variable(t.vars, WEYL_PARAM, row[k].name);
    assert_int_equal(a.rank, row[k].columns ? 2 : 1);
    assert_int_equal(a.dim[0], row[k].rows);
    if (row[k].columns) assert_int_equal(a.dim[1], row[k].columns);
    if (strcmp(row[k].name, "gcl_2.coord_mlp.2.weight") == 0) /* xavier, gain 0.001, no bias */
      for (int64_t i = 0; i < 64; i++) assert_true(fabs(array_at(&a, i)) <= 0.001 * sqrt(6.0 / 65));
    assert_int_equal(weyl_variables_find(t.vars, WEYL_PARAM, "gcl_2.coord_mlp.2.bias"), -1);
    traced_free(&t);
  }
}

/* What `symmetry` promises holds to 1e-10 in f64, in dimensions 2 and 3, for samples of different sizes; and gnn
 * promises nothing of space. */
static void promised_symmetry(void **state) {
  (void)state;
  static const struct {
    const char *model;
    const char *set[6];
  } row[] = {
      {"linear", {NULL}},
      {"gnn", {"hidden=18", "layers=2", NULL}},
      {"egnn", {"hidden=18", "layers=3", NULL}},
      {"egnn", {"hidden=18", "layers=3", "node_charges=true", NULL}},
      {"segnn", {"hidden=5", "layers=2", "l_hidden=2", "l_attributes=3", NULL}},
      {"segnn", {"hidden=5", "layers=2", "pseudo=yes", "node_charges=true", NULL}},
      {"segnn", {"hidden=5", "layers=2", "l_hidden=2", "product=gaunt", NULL}},
      {"segnn", {"hidden=5", "layers=2", "l_hidden=2", "product=complete", NULL}},
      {"fa-gnn", {"hidden=18", "layers=3", NULL}},
      {"fa-gnn", {"hidden=18", "layers=3", "residual=true", NULL}},
      {"pair-flow", {"hidden=18", "steps=2", "bend=0", NULL}},
      {"pair-flow", {"hidden=18", "steps=3", "shared=true", NULL}},
  };
  const size_t rows = sizeof row / sizeof *row;
  size_t models = 0;
  while (weyl_models()[models]) models++;
  /* the rows above, then every model of the list as it is by default */
  for (size_t k = 0; k < rows + models; k++)
    for (int d = 2; d <= 3; d++) {
      static const char *const nothing[] = {NULL};
      const char *model = k < rows ? row[k].model : weyl_models()[k - rows]->name;
      if (!weyl_model_find(model)->points) continue;
      cloud c = cloud_new(d, SAMPLES, sizes, 20);
      weyl_tensor y;
      traced t = model_new(model, k < rows ? row[k].set : nothing, WEYL_F64, false, d, &y);
      traced_compile(&t, &y, 1);
      if (k < rows && strcmp(model, "egnn") == 0) /* at its small start the coordinate messages would hide errors */
        for (int l = 0; l < 3; l++) {
          char name[64];
          snprintf(name, sizeof name, "gcl_%d.coord_mlp.2.weight", l);
          const weyl_array a = variable(t.vars, WEYL_PARAM, name);
          for (int64_t i = 0; i < 18; i++) array_put(&a, i, 1000 * array_at(&a, i));
        }
      double r[9], shift[3] = {3, -8, 5};
      weyl_rng rng = weyl_rng_new(k, "moves");
      random_orthogonal(&rng, d, k % 2 ? 1 : -1, r);
      cloud moved = cloud_moved(&c, r, shift), reversed = cloud_permuted(&c);
      double *a = cloud_output(&t, &c, 0, 0), *b = cloud_output(&t, &moved, 1, 0),
             *p = cloud_output(&t, &reversed, 3, 0);
      assert_true(largest_difference(a, c.x, c.nodes * d) > 1e-3); /* it does something */
      cloud_reverse(&c, p, d);
      assert_true(largest_difference(a, p, c.nodes * d) < 1e-10);
      turn_rows(a, c.nodes, d, r, shift);
      const double error = largest_difference(a, b, c.nodes * d);
      if (weyl_model_find(model)->symmetry[0] == 'E') {
        if (!(error < 1e-10)) fail_msg("%s, dimension %d: equivariance error %g", model, d, error);
      } else {
        assert_true(error > 1e-2);
      }
      free(a);
      free(b);
      free(p);
      cloud_free(&c);
      cloud_free(&moved);
      cloud_free(&reversed);
      traced_free(&t);
    }
}

static weyl_tensor as_backbone(void *self, weyl_graph *g, const weyl_points *p) {
  return ((const weyl_model_def *)self)->points(g, p, NULL);
}

/* `--model gnn --symmetry frame:E(3)`: any model as a backbone. */
static void symmetrized_backbone(void **state) {
  (void)state;
  cloud c = cloud_new(3, SAMPLES, sizes, 21);
  traced t = traced_new(WEYL_F64, false);
  weyl_points p = weyl_points_input(t.graph, 3, true, 1, 1);
  bool none;
  char group[32];
  weyl_symmetrize_opts o;
  assert_int_equal(weyl_symmetry_parse(t.ctx, "frame:E(3)", &none, group, &o), WEYL_OK);
  weyl_tensor y =
      weyl_frame_symmetrize(&p, &o, WEYL_OUT_POINTS, as_backbone, (void *)(uintptr_t)weyl_model_find("gnn"));
  traced_compile(&t, &y, 1);
  assert_int_equal(weyl_variables_numbers(t.vars, WEYL_PARAM), 104387);
  double r[9], shift[3] = {3, -8, 5};
  weyl_rng rng = weyl_rng_new(9, "moves");
  random_orthogonal(&rng, 3, -1, r);
  cloud moved = cloud_moved(&c, r, shift);
  double *a = cloud_output(&t, &c, 0, 0), *b = cloud_output(&t, &moved, 1, 0);
  turn_rows(a, c.nodes, 3, r, shift);
  assert_true(largest_difference(a, b, c.nodes * 3) < 1e-10);
  free(a);
  free(b);
  cloud_free(&c);
  cloud_free(&moved);
  traced_free(&t);
}

/* Loss and gradient of every model: the planned executor on shards against the op-by-op reference on the whole batch.
 */
static void planned_equals_reference(void **state) {
  (void)state;
  for (const weyl_model_def *const *m = weyl_models(); *m; m++) {
    if (!(*m)->points) continue;
    cloud c = cloud_new(3, SAMPLES, sizes, 22);
    traced t[2];
    double *got[2][3];
    int64_t n[3];
    for (int reference = 0; reference < 2; reference++) {
      t[reference] = reference ? traced_again(&t[0], true) : traced_new(WEYL_F64, true);
      traced *u = &t[reference];
      weyl_points p = weyl_points_input(u->graph, 3, true, 1, 1);
      weyl_tensor target = weyl_input(u->graph, "target", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(3)));
      weyl_tensor y = (*m)->points(u->graph, &p, NULL);
      weyl_tensor loss = weyl_loss_mse(y, target);
      weyl_tensor out[] = {y, loss, weyl_param_grad(loss)};
      traced_compile_with(u, out, 3, reference);
      assert_int_equal(cloud_step(u, &c, reference ? 0 : 3, 4), WEYL_OK);
      for (int k = 0; k < 3; k++) got[reference][k] = output_values(u, k, &n[k]);
    }
    for (int k = 0; k < 3; k++) {
      const double worst = largest_difference(got[0][k], got[1][k], n[k]);
      if (!(worst < 1e-10)) fail_msg("%s, output %d: planned and reference differ by %g", (*m)->name, k, worst);
      free(got[0][k]);
      free(got[1][k]);
    }
    traced_free_graph(&t[1]);
    traced_free(&t[0]);
    cloud_free(&c);
  }
}

/* Gradients of the models without frames against central differences, some entries of every parameter. */
static void gradients(void **state) {
  (void)state;
  static const char *const name[] = {"linear", "gnn", "egnn", "pair-flow", "segnn", "segnn"};
  for (size_t m = 0; m < 6; m++) {
    const char *const set[] = {m < 4 ? "hidden=8" : "hidden=3", m == 3 ? "steps=2" : "layers=2",
                               m == 5 ? "product=complete" : NULL, NULL};
    cloud c = cloud_new(3, SAMPLES, sizes, 23);
    weyl_tensor y;
    traced t = model_new(name[m], m ? set : NULL, WEYL_F64, true, 3, &y);
    weyl_tensor target = weyl_input(t.graph, "target", WEYL_F64, WEYL_SHAPE(weyl_per(WEYL_NODES), weyl_num(3)));
    weyl_tensor loss = weyl_loss_mse(y, target);
    traced_compile(&t, (weyl_tensor[]){loss, weyl_param_grad(loss)}, 2);
    assert_int_equal(cloud_step(&t, &c, 2, 0), WEYL_OK);
    int64_t n;
    double *gradient = output_values(&t, 1, &n);
    const weyl_array arena = weyl_variables_arena(t.vars, WEYL_PARAM);
    assert_int_equal(weyl_array_size(&arena), n);
    double largest = 0;
    for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(gradient[i]));
    for (int64_t i = 0; i < n; i += 1 + n / 150) {
      const double keep = array_at(&arena, i), h = 1e-5;
      double f[2];
      for (int k = 0; k < 2; k++) {
        array_put(&arena, i, keep + (k ? h : -h));
        assert_int_equal(cloud_step(&t, &c, 2, 0), WEYL_OK);
        f[k] = output_scalar(&t, 0);
      }
      array_put(&arena, i, keep);
      assert_near(gradient[i], (f[1] - f[0]) / (2 * h), 1e-7 * fmax(largest, 1));
    }
    free(gradient);
    traced_free(&t);
    cloud_free(&c);
  }
}

/* Fewer inputs than the n-body task has: widths follow. */
static void other_inputs(void **state) {
  (void)state;
  const struct {
    const char *model;
    bool velocity;
    int64_t scalars, edges, embedding;
  } row[] = {
      {"gnn", false, 4, 0, 7},                            /* no edge scalar carries the types: they enter the nodes */
      {"gnn", true, 1, 2, 6},   {"egnn", false, 4, 1, 4}, /* at rest: the scalars */
      {"egnn", false, 0, 1, 1},                           /* nothing: a constant */
      {"egnn", true, 4, 0, 5},  {"fa-gnn", false, 0, 1, 3}, {"fa-gnn", false, 2, 0, 5},
  };
  for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
    traced t = traced_new(WEYL_F32, true);
    const weyl_model_def *model = weyl_model_find(row[k].model);
    weyl_points p = weyl_points_input(t.graph, 3, row[k].velocity, row[k].scalars, row[k].edges);
    weyl_tensor y = model->points(t.graph, &p, NULL);
    if (!weyl_tensor_valid(y)) fail_msg("row %zu: %s", k, weyl_message(t.ctx));
    const weyl_array a =
        variable(t.vars, WEYL_PARAM, strcmp(row[k].model, "egnn") ? "embedding.0.weight" : "embedding.weight");
    assert_int_equal(a.dim[1], row[k].embedding);
    traced_free(&t);
  }
}

static void bad_inputs(void **state) {
  (void)state;
  static const struct {
    const char *model, *set;
    int d;
    bool velocity;
    int64_t edges;
    const char *word;
  } row[] = {
      {"linear", NULL, 3, false, 1, "needs velocities"},
      {"gnn", NULL, 3, true, -1, "model gnn needs edges"},
      {"egnn", NULL, 3, true, -1, "model egnn needs edges"},
      {"fa-gnn", NULL, 3, true, -1, "model fa-gnn needs edges"},
      {"segnn", NULL, 3, true, -1, "model segnn needs edges"},
      {"segnn", NULL, 4, true, 1, "model segnn: the dimension is 4, must be 1, 2 or 3"},
      {"pair-flow", NULL, 3, true, -1, "model pair-flow needs edges"},
      {"pair-flow", NULL, 3, false, 1, "model pair-flow needs velocities"},
      {"fa-gnn", "hidden=64", 3, true, 1, "hidden is 64, must be a multiple of the dimension 3"},
  };
  for (size_t k = 0; k < sizeof row / sizeof *row; k++) {
    traced t = traced_new(WEYL_F32, true);
    const weyl_model_def *model = weyl_model_find(row[k].model);
    weyl_options *o = options_of(t.ctx, model, (const char *const[]){row[k].set, NULL});
    weyl_points p = weyl_points_input(t.graph, row[k].d, row[k].velocity, 1, row[k].edges);
    assert_false(weyl_tensor_valid(model->points(t.graph, &p, o)));
    assert_int_equal(weyl_graph_status(t.graph), WEYL_BAD_ARG);
    if (!strstr(weyl_message(t.ctx), row[k].word)) fail_msg("%s", weyl_message(t.ctx));
    weyl_options_free(o);
    traced_free(&t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(list_is_complete),
      cmocka_unit_test(parameter_counts),
      cmocka_unit_test(parameter_names),
      cmocka_unit_test(promised_symmetry),
      cmocka_unit_test(symmetrized_backbone),
      cmocka_unit_test(planned_equals_reference),
      cmocka_unit_test(gradients),
      cmocka_unit_test(other_inputs),
      cmocka_unit_test(bad_inputs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
