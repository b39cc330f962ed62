/* weyl bench: timings, as fractions of what the machine can do, and beside a peer. What is timed is in bench/. */
#include "cli.h"

#include <bench.h>

#include "sheet.h"

#include <string.h>

static double seconds_or(const cli *c, double standard) {
  const double asked = cli_number(c, "seconds");
  return asked > 0 ? asked : standard;
}

static const char *peer_asked(const cli *c) {
  const char *peer = cli_string(c, "peer");
  return peer && strcmp(peer, "none") != 0 ? peer : NULL;
}

static weyl_status no_peer_here(cli *c) {
  if (!peer_asked(c)) return WEYL_OK;
  snprintf(c->place, sizeof c->place, "--peer");
  return weyl_fail(c->ctx, WEYL_BAD_ARG, "bench %s has no peer", c->arg[0]);
}

/* ---- products ---- */

static void json_product(weyl_json *json, const bench_product *p) {
  weyl_json_object(json, NULL);
  weyl_json_string(json, "what", p->what);
  weyl_json_integer(json, "m", (int64_t)p->gemm.m);
  weyl_json_integer(json, "n", (int64_t)p->gemm.n);
  weyl_json_integer(json, "k", (int64_t)p->gemm.k);
  weyl_json_string(json, "type", type_name(p->gemm.real));
  weyl_json_string(json, "by", p->gemm.blas ? "blas" : "weyl");
  weyl_json_number(json, "gflops", giga(p->rate));
  weyl_json_number(json, "fraction", ratio(p->rate, p->peak));
  weyl_json_end(json);
}

static void warn_of_slow_blas(const cli *c, const bench_machine *m) {
  for (int real = WEYL_F32; real <= WEYL_F64; real++) {
    if (m->blas[real] >= 0.5 * m->peak[real]) continue;
    cli_note(c,
             "warning: the BLAS (core %s) reaches %.0f%% of the %s multiply-add rate at best. If it took too small a "
             "core, export OPENBLAS_CORETYPE with the right one (SkylakeX, Zen, Haswell)",
             weyl_blas_core(), 100 * ratio(m->blas[real], m->peak[real]), type_name((weyl_dtype)real));
  }
}

static weyl_status machine(cli *c) {
  WEYL_TRY(no_peer_here(c));
  bench_machine m;
  WEYL_TRY(bench_machine_rates(c->ctx, seconds_or(c, 0.3), &m));
  cli_bar_clear(c);
  weyl_json *json = c->result;
  weyl_json_string(json, "isa", weyl_kernels_active()->isa);
  weyl_json_string(json, "blas_core", weyl_blas_core());
  weyl_json_object(json, "peak_gflops");
  for (int real = WEYL_F32; real <= WEYL_F64; real++)
    weyl_json_number(json, type_name((weyl_dtype)real), giga(m.peak[real]));
  weyl_json_end(json);
  weyl_json_object(json, "blas_fraction");
  for (int real = WEYL_F32; real <= WEYL_F64; real++)
    weyl_json_number(json, type_name((weyl_dtype)real), ratio(m.blas[real], m.peak[real]));
  weyl_json_end(json);
  weyl_json_number(json, "read_gbs", giga(m.read));
  weyl_json_number(json, "copy_gbs", giga(m.copy));
  weyl_json_array(json, "rows");
  for (int i = 0; i < m.products; i++) json_product(json, &m.product[i]);
  weyl_json_end(json);

  cli_say(c, "one core, instruction set %s, BLAS core %s\n", weyl_kernels_active()->isa, weyl_blas_core());
  cli_say(c, "multiply-adds  %.1f GFLOP/s in f32, %.1f in f64\n", giga(m.peak[WEYL_F32]), giga(m.peak[WEYL_F64]));
  cli_say(c, "memory         read %.1f GB/s, copy %.1f GB/s (read and written)\n\n", giga(m.read), giga(m.copy));
  static const char *const names[] = {"product",      "m",      "n", "k", "type", "weyl GFLOP/s", "of peak",
                                      "BLAS GFLOP/s", "of peak"};
  sheet s;
  head(&s, names, sizeof names / sizeof names[0]);
  for (int i = 0; i + 1 < m.products; i += 2, s.rows++) { /* ours, then the BLAS's */
    const bench_product *own = &m.product[i], *blas = &m.product[i + 1];
    put(&s, 0, "%s", own->what);
    put(&s, 1, "%zu", own->gemm.m);
    put(&s, 2, "%zu", own->gemm.n);
    put(&s, 3, "%zu", own->gemm.k);
    put(&s, 4, "%s", type_name(own->gemm.real));
    put(&s, 5, "%.1f", giga(own->rate));
    put(&s, 6, "%.0f%%", 100 * ratio(own->rate, own->peak));
    put(&s, 7, "%.1f", giga(blas->rate));
    put(&s, 8, "%.0f%%", 100 * ratio(blas->rate, blas->peak));
  }
  show(c, &s);
  warn_of_slow_blas(c, &m);
  return WEYL_OK;
}

/* ---- a training step ---- */

static void json_times(weyl_json *json, const bench_times *t) {
  weyl_json_number(json, "ms_per_step", ms(t->wall));
  weyl_json_number(json, "cpu_ms_per_step", ms(t->cpu));
  weyl_json_number(json, "best_ms_per_step", ms(t->best_wall));
  weyl_json_number(json, "best_cpu_ms_per_step", ms(t->best_cpu));
  weyl_json_integer(json, "timed_steps", t->steps);
}

static void json_peer(weyl_json *json, const bench_peer_about *about, const bench_times *t) {
  if (t->steps == 0) {
    weyl_json_string(json, "peer", NULL);
    return;
  }
  weyl_json_object(json, "peer");
  weyl_json_string(json, "name", about->name);
  weyl_json_string(json, "version", about->version);
  weyl_json_integer(json, "threads", about->threads);
  weyl_json_integer(json, "parameters", about->parameters);
  json_times(json, t);
  weyl_json_end(json);
}

static void json_train(const cli *c, const bench_train *r) {
  weyl_json *json = c->result;
  weyl_json_string(json, "task", r->data);
  weyl_json_string(json, "model", cli_string(c, "model"));
  weyl_json_integer(json, "batch", r->batch);
  weyl_json_integer(json, "parameters", r->params);
  json_times(json, &r->ours);
  weyl_json_number(json, "flops", r->program.flops);
  weyl_json_number(json, "useful_flops", r->program.product_flops);
  weyl_json_number(json, "gflops", giga(ratio(r->program.product_flops, r->ours.best_cpu)));
  weyl_json_number(json, "gemm_peak_gflops", giga(r->peak));
  weyl_json_number(json, "fraction", ratio(ratio(r->program.product_flops, r->ours.best_cpu), r->peak));
  weyl_json_number(json, "median_fraction", ratio(ratio(r->program.product_flops, r->ours.cpu), r->peak));
  weyl_json_integer(json, "steps", r->program.steps);
  weyl_json_integer(json, "phases", r->program.phases);
  weyl_json_integer(json, "shards", r->shards);
  weyl_json_number(json, "workspace", r->program.workspace);
  if (r->single.steps > 0) {
    weyl_json_object(json, "one_thread");
    json_times(json, &r->single);
    weyl_json_end(json);
    weyl_json_object(json, "scaling");
    weyl_json_number(json, "wall", ratio(r->single.wall, r->ours.wall));
    weyl_json_number(json, "best_wall", ratio(r->single.best_wall, r->ours.best_wall));
    json_or_null(json, "cpu", ratio(r->single.cpu, r->busiest));
    weyl_json_end(json);
  }
  json_peer(json, &r->about, &r->peer);
  json_or_null(json, "ratio", ratio(r->peer.cpu, r->ours.cpu));
  json_or_null(json, "best_ratio", ratio(r->peer.best_cpu, r->ours.best_cpu));
  json_or_null(json, "wall_ratio", ratio(r->peer.wall, r->ours.wall));
  json_or_null(json, "best_wall_ratio", ratio(r->peer.best_wall, r->ours.best_wall));
}

static void times_row(sheet *s, const char *name, const bench_times *t) {
  put(s, 0, "%s", name);
  put(s, 1, "%.2f", ms(t->best_cpu));
  put(s, 2, "%.2f", ms(t->cpu));
  put(s, 3, "%.2f", ms(t->best_wall));
  put(s, 4, "%.2f", ms(t->wall));
  put(s, 5, "%lld", (long long)t->steps);
  s->rows++;
}

static void ratio_row(sheet *s, const char *name, const bench_times *above, const bench_times *below) {
  put(s, 0, "%s", name);
  put(s, 1, "%.2f", ratio(above->best_cpu, below->best_cpu));
  put(s, 2, "%.2f", ratio(above->cpu, below->cpu));
  put(s, 3, "%.2f", ratio(above->best_wall, below->best_wall));
  put(s, 4, "%.2f", ratio(above->wall, below->wall));
  s->rows++;
}

static void say_train(const cli *c, const bench_train *r) {
  const int threads = weyl_threads(c->ctx);
  char name[128];
  cli_say(c, "a training step of %s on %s: %lld samples, %lld parameters, %d thread%s\n\n", cli_string(c, "model"),
          r->data, (long long)r->batch, (long long)r->params, threads, threads > 1 ? "s" : "");
  static const char *const names[] = {"ms a step", "CPU best", "CPU median", "wall best", "wall median", "steps"};
  sheet s;
  head(&s, names, sizeof names / sizeof names[0]);
  times_row(&s, "weyl", &r->ours);
  if (r->single.steps > 0) times_row(&s, "weyl, 1 thread", &r->single);
  if (r->peer.steps > 0) {
    snprintf(name, sizeof name, "%s %.20s", r->about.name, r->about.version);
    times_row(&s, name, &r->peer);
    snprintf(name, sizeof name, "%s / weyl", r->about.name);
    ratio_row(&s, name, &r->peer, &r->ours);
  }
  show(c, &s);
  const double best = ratio(r->program.product_flops, r->ours.best_cpu),
               median = ratio(r->program.product_flops, r->ours.cpu);
  cli_say(c, "\narithmetic  %.0f MFLOP a step, %.1f GFLOP/s a core at best (%.1f at the median)\n",
          r->program.product_flops / 1e6, giga(best), giga(median));
  cli_say(c, "            %.0f%% of the multiply-add rate of %.1f GFLOP/s (%.0f%%)\n", 100 * ratio(best, r->peak),
          giga(r->peak), 100 * ratio(median, r->peak));
  cli_say(c, "program     %lld steps in %lld phases, %lld shards, %.2f MiB of workspace a thread\n",
          (long long)r->program.steps, (long long)r->program.phases, (long long)r->shards,
          r->program.workspace / 1048576);
  if (r->single.steps > 0) {
    cli_say(c, "scaling     %.2f by wall time (%.2f best)", ratio(r->single.wall, r->ours.wall),
            ratio(r->single.best_wall, r->ours.best_wall));
    if (r->busiest > 0)
      cli_say(c, ", %.2f by CPU time of one thread over that of the busiest", ratio(r->single.cpu, r->busiest));
    cli_say(c, "\n");
  }
}

static weyl_status train(cli *c) {
  const char *data = cli_string(c, "data");
  const bench_train_ask ask = {.model = cli_string(c, "model"),
                               .symmetry = cli_string(c, "symmetry"),
                               .options = c->extra,
                               .seed = cli_seed(c),
                               .seconds = seconds_or(c, 5),
                               .peer = peer_asked(c),
                               .data = data && data[0] ? data : NULL,
                               .verbose = c->verbose};
  bench_train r;
  WEYL_TRY(bench_train_step(c->ctx, &ask, &r));
  cli_bar_clear(c);
  if (r.missing[0]) cli_note(c, "no peer: %s", r.missing);
  json_train(c, &r);
  say_train(c, &r);
  return WEYL_OK;
}

/* ---- the engine's parts, and its step beside one written by hand ---- */

#define STEP_SECONDS 40 /* for either step, in the time of one product */

static double fraction(double flops, double seconds, double peak) { return ratio(ratio(flops, seconds), peak); }

static void json_engine_side(weyl_json *json, const char *key, const bench_times *t, double flops, double peak) {
  weyl_json_object(json, key);
  json_times(json, t);
  weyl_json_number(json, "useful_flops", flops);
  weyl_json_number(json, "fraction", fraction(flops, t->best_cpu, peak));
  weyl_json_number(json, "median_fraction", fraction(flops, t->cpu, peak));
  weyl_json_end(json);
}

static void json_engine_step(weyl_json *json, const bench_train *r) {
  weyl_json_object(json, "step");
  weyl_json_string(json, "model", "egnn");
  weyl_json_integer(json, "batch", r->batch);
  weyl_json_number(json, "peak_gflops", giga(r->peak));
  json_engine_side(json, "interpreted", &r->ours, r->program.product_flops, r->peak);
  json_engine_side(json, "by_hand", &r->hand, r->hand_useful, r->peak);
  weyl_json_number(json, "ratio", ratio(r->ours.cpu, r->hand.cpu));
  weyl_json_number(json, "best_ratio", ratio(r->ours.best_cpu, r->hand.best_cpu));
  weyl_json_end(json);
}

static void engine_row(sheet *s, const char *name, const bench_times *t, double flops, double peak) {
  times_row(s, name, t);
  s->rows--;
  put(s, 6, "%.0f", flops / 1e6);
  put(s, 7, "%.0f%%", 100 * fraction(flops, t->best_cpu, peak));
  s->rows++;
}

static void say_engine_step(const cli *c, const bench_train *r) {
  cli_say(c, "a training step of egnn, %lld samples of n-body, 1 thread; multiply-adds %.1f GFLOP/s\n\n",
          (long long)r->batch, giga(r->peak));
  static const char *const names[] = {"ms a step",   "CPU best", "CPU median", "wall best",
                                      "wall median", "steps",    "MFLOP",      "of peak"};
  sheet s;
  head(&s, names, sizeof names / sizeof names[0]);
  engine_row(&s, "interpreted", &r->ours, r->program.product_flops, r->peak);
  engine_row(&s, "by hand", &r->hand, r->hand_useful, r->peak);
  ratio_row(&s, "interpreted / by hand", &r->ours, &r->hand);
  show(c, &s);
}

static weyl_status engine(cli *c) {
  WEYL_TRY(no_peer_here(c));
  bench_skinny e;
  bench_train step;
  const double seconds = seconds_or(c, 0.2);
  WEYL_TRY(bench_skinny_products(c->ctx, seconds, &e));
  WEYL_TRY(bench_engine_step(c->ctx, cli_seed(c), STEP_SECONDS * seconds, &step));
  cli_bar_clear(c);
  double least = 0;
  weyl_json *json = c->result;
  weyl_json_number(json, "peak_gflops", giga(e.peak));
  weyl_json_array(json, "gemm");
  for (int i = 0; i < e.products; i++) {
    const double fraction = ratio(e.product[i].rate, e.product[i].peak);
    if (i == 0 || fraction < least) least = fraction;
    json_product(json, &e.product[i]);
  }
  weyl_json_end(json);
  weyl_json_number(json, "gemm_least_fraction", least);
  json_engine_step(json, &step);

  cli_say(c, "one core, instruction set %s: multiply-adds %.1f GFLOP/s in f32\n\n", weyl_kernels_active()->isa,
          giga(e.peak));
  static const char *const names[] = {"product", "m", "n", "k", "GFLOP/s", "of peak"};
  sheet s;
  head(&s, names, sizeof names / sizeof names[0]);
  for (int i = 0; i < e.products; i++, s.rows++) {
    const bench_product *p = &e.product[i];
    put(&s, 0, "%s", p->what);
    put(&s, 1, "%zu", p->gemm.m);
    put(&s, 2, "%zu", p->gemm.n);
    put(&s, 3, "%zu", p->gemm.k);
    put(&s, 4, "%.1f", giga(p->rate));
    put(&s, 5, "%.1f%%", 100 * ratio(p->rate, p->peak));
  }
  show(c, &s);
  cli_say(c, "\nleast: %.1f%% of the multiply-add rate\n\n", 100 * least);
  say_engine_step(c, &step);
  return WEYL_OK;
}

/* ---- convolutions ---- */

static void json_conv(const cli *c, const bench_conv *r) {
  weyl_json *json = c->result;
  weyl_json_number(json, "peak_gflops", giga(r->peak));
  weyl_json_string(json, "peer", r->about.name[0] ? r->about.name : NULL);
  weyl_json_string(json, "peer_version", r->about.name[0] ? r->about.version : NULL);
  weyl_json_array(json, "rows");
  for (int i = 0; i < BENCH_CONV_SHAPES; i++)
    for (int pass = 0; pass < BENCH_CONV_PASSES; pass++) {
      const bench_conv_row *row = &r->row[i];
      weyl_json_object(json, NULL);
      weyl_json_string(json, "shape", row->shape->name);
      weyl_json_string(json, "pass", bench_conv_pass[pass]);
      weyl_json_integer(json, "count", row->shape->count);
      weyl_json_number(json, "flops", row->flops);
      weyl_json_number(json, "ms", ms(row->ours[pass].wall));
      weyl_json_number(json, "cpu_ms", ms(row->ours[pass].cpu));
      weyl_json_number(json, "best_cpu_ms", ms(row->ours[pass].best_cpu));
      weyl_json_number(json, "gflops", giga(ratio(row->flops, row->ours[pass].best_cpu)));
      weyl_json_number(json, "fraction", ratio(ratio(row->flops, row->ours[pass].best_cpu), r->peak));
      for (int l = 0; l < BENCH_CONV_LAYOUTS; l++) {
        char key[64];
        snprintf(key, sizeof key, "peer_%s_cpu_ms", bench_conv_layout[l]);
        json_or_null(json, key, ms(row->peer[l][pass].cpu));
        snprintf(key, sizeof key, "peer_%s_best_cpu_ms", bench_conv_layout[l]);
        json_or_null(json, key, ms(row->peer[l][pass].best_cpu));
      }
      weyl_json_end(json);
    }
  weyl_json_end(json);
}

/* CPU seconds of all convolutions of one WRN-40-2 step: ours, then the peer's layouts. No gradient by data is taken of
 * the first layer. */
static void conv_sums(const bench_conv *r, double sum[1 + BENCH_CONV_LAYOUTS]) {
  for (int side = 0; side <= BENCH_CONV_LAYOUTS; side++) sum[side] = 0;
  for (int i = 0; i < BENCH_CONV_SHAPES; i++)
    for (int pass = 0; pass < BENCH_CONV_PASSES; pass++) {
      if (i == 0 && pass == 1) continue;
      const bench_conv_row *row = &r->row[i];
      sum[0] += row->shape->count * row->ours[pass].cpu;
      for (int l = 0; l < BENCH_CONV_LAYOUTS; l++) sum[1 + l] += row->shape->count * row->peer[l][pass].cpu;
    }
}

static weyl_status conv(cli *c) {
  const bench_conv_ask ask = {.batch = weyl_options_integer(c->extra, "batch"),
                              .seconds = seconds_or(c, 0.3),
                              .peer = peer_asked(c),
                              .verbose = c->verbose};
  bench_conv r;
  WEYL_TRY(bench_convolutions(c->ctx, &ask, &r));
  cli_bar_clear(c);
  if (r.missing[0]) cli_note(c, "no peer: %s", r.missing);
  double sum[1 + BENCH_CONV_LAYOUTS];
  conv_sums(&r, sum);
  weyl_json_integer(c->result, "batch", ask.batch);
  json_conv(c, &r);
  weyl_json_number(c->result, "step_cpu_ms", ms(sum[0]));
  for (int l = 0; l < BENCH_CONV_LAYOUTS; l++) {
    char key[64];
    snprintf(key, sizeof key, "peer_%s_step_cpu_ms", bench_conv_layout[l]);
    json_or_null(c->result, key, ms(sum[1 + l]));
  }

  const bool peer = r.about.name[0];
  cli_say(c, "convolutions of WRN-40-2, batch %lld, CPU ms at the median; multiply-adds %.1f GFLOP/s a core\n",
          (long long)ask.batch, giga(r.peak));
  if (peer) cli_say(c, "peer: %s %s, channels last and contiguous\n", r.about.name, r.about.version);
  cli_say(c, "\n");
  static const char *const names[] = {"shape",   "pass",    "times",      "weyl ms",
                                      "GFLOP/s", "of peak", "peer cl ms", "peer nchw ms"};
  sheet s;
  head(&s, names, peer ? 8 : 6);
  for (int i = 0; i < BENCH_CONV_SHAPES; i++)
    for (int pass = 0; pass < BENCH_CONV_PASSES; pass++, s.rows++) {
      const bench_conv_row *row = &r.row[i];
      put(&s, 0, "%s", row->shape->name);
      put(&s, 1, "%s", bench_conv_pass[pass]);
      put(&s, 2, "%d", row->shape->count);
      put(&s, 3, "%.2f", ms(row->ours[pass].cpu));
      put(&s, 4, "%.1f", giga(ratio(row->flops, row->ours[pass].best_cpu)));
      put(&s, 5, "%.0f%%", 100 * ratio(ratio(row->flops, row->ours[pass].best_cpu), r.peak));
      for (int l = 0; peer && l < BENCH_CONV_LAYOUTS; l++) put(&s, 6 + (size_t)l, "%.2f", ms(row->peer[l][pass].cpu));
    }
  show(c, &s);
  cli_say(c, "\nall of one training step: weyl %.0f ms", ms(sum[0]));
  if (peer) cli_say(c, ", peer %.0f ms channels last, %.0f ms contiguous", ms(sum[1]), ms(sum[2]));
  cli_say(c, "\n");
  return WEYL_OK;
}

/* ---- the command ---- */

static const weyl_option conv_options[] = {{"batch", WEYL_OPT_INT, "128", 1, 65536, NULL, "images a pass"}, {0}};

static const struct {
  const char *name;
  weyl_status (*run)(cli *c);
  const char *place; /* of its own options, in messages */
  const weyl_option *options;
} benches[] = {{"machine", machine, NULL, NULL},
               {"train", train, NULL, NULL}, /* the model's */
               {"engine", engine, NULL, NULL},
               {"conv", conv, "bench conv", conv_options},
               {"tp", cli_bench_tp, "bench tp", cli_bench_tp_options},
               {"edge", cli_bench_edge, "bench edge", cli_bench_edge_options},
               {"sh", cli_bench_sh, "bench sh", cli_bench_sh_options},
               {"gaunt", cli_bench_gaunt, "bench gaunt", cli_bench_gaunt_options},
               {"many", cli_bench_many, "bench many", cli_bench_many_options},
               {"fft", cli_bench_fft, NULL, NULL},
               {"persist", cli_bench_persist, NULL, NULL},
               {"sense", cli_bench_sense, NULL, NULL},
               {"sem", cli_bench_sem, NULL, NULL},
               {"noether", cli_bench_noether, NULL, NULL},
               {"bms", cli_bench_bms, NULL, NULL}};
enum { BENCHES = sizeof benches / sizeof benches[0] };

static const char *bench_name(size_t i) { return i < BENCHES ? benches[i].name : NULL; }

static bool given(const cli *c, const char *what) {
  for (int i = 0; i < c->argc; i++)
    if (strcmp(c->argv[i], what) == 0) return true;
  return false;
}

static weyl_status more(cli *c) {
  for (size_t i = 0; i < BENCHES; i++)
    if (benches[i].options && given(c, benches[i].name)) {
      WEYL_TRY(weyl_options_new(c->ctx, &c->extra));
      return weyl_options_declare(c->extra, benches[i].place, benches[i].options);
    }
  if (!given(c, "train")) return WEYL_OK;
  const char *model = cli_peek(c, "model");
  if (!model) model = "egnn";
  return weyl_train_options(c->ctx, bench_task_of(model), model, &c->extra);
}

static weyl_status run(cli *c) {
  for (size_t i = 0; i < BENCHES; i++)
    if (strcmp(benches[i].name, c->arg[0]) == 0) return benches[i].run(c);
  return cli_unknown(c, "benchmark", c->arg[0], bench_name);
}

static const weyl_option options[] = {
    {"model", WEYL_OPT_STRING, "egnn", 0, 0, NULL, "train: the model"},
    {"symmetry", WEYL_OPT_STRING, "", 0, 0, NULL, "train: wrap the model, as in weyl train"},
    {"peer", WEYL_OPT_CHOICE, "none", 0, 0,
     "none|torch|torch-compile|e3nn|e3nn-script|e3nn-compile|sphericart|mace|scipy|sympy",
     "train, conv, tp, edge, sh, many, fft, persist, sense, sem, noether: the same work by this program, in turn with "
     "ours (make peers sets it up)"},
    {"data", WEYL_OPT_STRING, "", 0, 0, NULL, "train: image models: a binary file of CIFAR-10, or random images"},
    {"seconds", WEYL_OPT_DOUBLE, "0", 0, 3600, NULL,
     "how long each side, product or shape is repeated; 0: 5 for train, 0.2 or 0.3 for the others"},
    {"seed", WEYL_OPT_U64, "1", 0, 0, NULL, "of the first weights"},
    {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
};

const cli_command cli_command_bench = {
    .name = "bench",
    .summary = "times this machine and a training step, beside a peer",
    .usage = "machine|train|engine|conv|tp|edge|sh|gaunt|many|fft|persist|sense|sem|noether|bms",
    .details =
        "machine: how many multiply-adds a core does, how fast memory is, and what matrix products reach of that, our "
        "own and the BLAS's.\n\n"
        "train: one training step (forward, backward, Adam) of the n-body task, or of springs for models of motion, "
        "the program that weyl train repeats, "
        "or of an image model. With more than one thread, one thread is timed in the same call.\n\n"
        "engine: the matrix products of a network 64 wide, forward and both gradients. Then the program of a training "
        "step of egnn beside the same step written by hand.\n\n"
        "conv: the convolutions of WRN-40-2, forward and both gradients.\n\n"
        "tp: products of all degrees to L, forward and with all gradients, in blocks of channels and in e3nn's layout: "
        "full and even tensor products with a weight a path, gaunt and complete products of functions on the sphere "
        "with a weight a degree. Beside e3nn's TorchScript, and torch.compile of it to L = 4, or torch's product on a "
        "dense grid. --tune prints the table of costs that the library chooses by.\n\n"
        "edge: the convolution along the edges of a graph with radial weights, forward and with all gradients.\n\n"
        "sh: real spherical harmonics of many points and their gradients, beside sphericart and e3nn.\n\n"
        "gaunt: products of functions on the sphere by a grid, forward and backward.\n\n"
        "many: the symmetric contraction of many copies of a function, beside MACE's, and its powers on the grid.\n\n"
        "fft: batches of Fourier transforms, beside SciPy's. persist: exponents, survival functions and simulated "
        "intervals. sense: steps of matrix sensing. sem: searches for what is invariant. "
        "noether: Euler operators, prolongations and symmetries, beside SymPy's. bms: Ricci tensors from "
        "metrics, transformations, orbits, brackets.\n\n"
        "Sides take turns within the call, and rates are fractions of the multiply-add rate measured in it, so that a "
        "busy machine slows all alike; the best time and the median are shown, CPU and wall.",
    .examples =
        "weyl bench machine\n"
        "weyl bench train --model egnn --batch 100 --threads 1 --peer torch\n"
        "weyl bench train --model eqmotion --threads 1 --peer torch\n"
        "weyl bench train --model wrn-40-2 --batch 128 --threads 1 --peer torch\n"
        "weyl bench train --model fa-gnn --set hidden=120 --threads 2\n"
        "weyl bench conv --batch 128 --threads 1 --peer torch --json\n"
        "weyl bench tp --L 1-6 --channels 64 --batch 1024 --peer e3nn --json\n"
        "weyl bench tp --L 1-8 --product gaunt --method all --peer e3nn\n"
        "weyl bench edge --atoms 27 --edges 434 --channels 64,128 --peer e3nn\n"
        "weyl bench sh --L 1-12 --points 100000 --threads 1 --peer sphericart\n"
        "weyl bench gaunt --L 1-16 --channels 64 --batch 64 --threads 1\n"
        "weyl bench many --order 3 --L 2 --channels 128 --peer mace\n"
        "weyl bench fft --threads 1 --peer scipy\n"
        "weyl bench persist --threads 1 --peer scipy\n"
        "weyl bench sense --threads 1 --peer scipy\n"
        "weyl bench noether --peer sympy\n"
        "weyl bench bms --threads 1",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .arg = CLI_ARG_WORDS,
    .sets = true,
    .computes = true,
    .more = more,
    .run = run,
};
