#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>

#include "folder.h"
#include "testing.h"

static weyl_status read_text(weyl_context *ctx, const char *text, weyl_trajectories *t) {
  test_write(in_folder("a.xyz"), text, strlen(text));
  return weyl_trajectories_read(ctx, in_folder("a.xyz"), t);
}

#define WATER "3\nProperties=species:S:1:pos:R:3 pbc=\"F F F\"\nO 0 0 0\nH 1 0 0\nH 0 1 0\n"

static void frames_become_trajectories(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_trajectories t;
  assert_ok(
      ctx,
      read_text(ctx,
                WATER "3\n\nO 0 0 0.5\nH 1 0 0\nH 0 1 0\n"
                      "2\nfree comment with a ' quote and = signs =\r\nAr 1.5D+00 2e0 -3 extra\r\nXy +4 5. .6\r\n\n\n",
                &t));
  assert_int_equal(t.count, 2);
  assert_int_equal(t.item[0].frames, 2);
  assert_int_equal(t.item[0].points, 3);
  assert_int_equal(t.item[0].type[0], 8);
  assert_true(t.item[0].position[9 + 2] == 0.5);
  assert_null(t.item[0].cell);
  assert_null(t.item[0].energy);
  assert_int_equal(t.item[1].points, 2);
  assert_int_equal(t.item[1].type[0], 18);
  assert_int_equal(t.item[1].type[1], 1000);
  assert_true(t.item[1].position[0] == 1.5 && t.item[1].position[2] == -3 && t.item[1].position[5] == 0.6);
  weyl_trajectories_free(&t);
  test_context_free(ctx);
}

static void header_keys(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_trajectories t;
  assert_ok(
      ctx,
      read_text(
          ctx,
          "1\nLattice=\"1 0 0 0 2 0 0 0 3\" Properties=id:I:1:pos:R:3:species:S:1:velo:R:3:forces:R:3:move:L:1:q:R:1 "
          "energy=-1.5 Time=0.5 "
          "note=\"a \\\" b\" data=\"_JSON [1, 2]\" flag other={x {y} z} pbc=\"T F T\"\n7 1 2 3 Si 4 5 6 7 8 9 T 0.25\n"
          "1\nLattice=\"1 0 0 0 2 0 0 0 3\" Properties=id:I:1:pos:R:3:species:S:1:velo:R:3:forces:R:3:move:L:1:q:R:1 "
          "energy = -2 Time=0.75 "
          "pbc=[T, F, T]\n7 1 2 4 Si 4 5 6 7 8 9 F 0.25\n",
          &t));
  assert_int_equal(t.count, 1);
  const weyl_trajectory *a = &t.item[0];
  assert_int_equal(a->frames, 2);
  assert_int_equal(a->type[0], 14);
  assert_true(a->velocity[1] == 5 && a->force[2] == 9 && a->charge[0] == 0.25);
  assert_true(a->energy[0] == -1.5 && a->energy[1] == -2);
  assert_true(a->cell[4] == 2 && a->periodic[0] && !a->periodic[1] && a->periodic[2]);
  assert_close(a->time_step, 0.25, 1e-15);
  weyl_trajectories_free(&t);
  /* a box without pbc is periodic; two boxes are two trajectories */
  assert_ok(
      ctx,
      read_text(ctx, "1\nLattice=\"1 0 0 0 1 0 0 0 1\"\nX 0 0 0\n1\nLattice=\"2 0 0 0 1 0 0 0 1\"\nX 0 0 0\n", &t));
  assert_int_equal(t.count, 2);
  assert_true(t.item[0].periodic[2]);
  assert_null(t.item[0].type); /* X is no element */
  weyl_trajectories_free(&t);
  /* a plane, and types by number */
  assert_ok(ctx, read_text(ctx, "2\nProperties=Z:I:1:pos:R:2\n3 0 1\n4 2 3\n", &t));
  assert_int_equal(t.item[0].d, 2);
  assert_int_equal(t.item[0].type[1], 4);
  weyl_trajectories_free(&t);
  test_context_free(ctx);
}

/* Faults, and where they are said to be. */
static void faults_are_located(void **state) {
  (void)state;
  static const struct {
    const char *text, *words;
  } row[] = {
      {"x\n", "a.xyz:1: 'x', expected the number of atoms"},
      {"-1\n\n", "a.xyz:1"},
      {"1.5\n\nX 0 0 0\n", "a.xyz:1"},
      {"0\n\n", "a frame of 0 atoms"},
      {"1 2\n\nX 0 0 0\n", "a.xyz:1"},
      {"1\n", "1 atoms announced, but only 0 bytes follow"},
      {"1000000000000\n\nX 0 0 0\n", "1000000000000 atoms announced, but only"},
      {"9999999999999999999999\n\nX 0 0 0\n", "atoms announced"},
      {"8\n\nX 0 0 0\nX 0 0 0\n", "8 atoms of 4 columns announced"},
      {"3\n\nX 0.000000 0.000000 0.000000\nX 0.000000 0.000000 0.000000\n", "a.xyz:4: the file ends at atom 2 of 3"},
      {"1\n\nX 0 0        \n", "a.xyz:3: atom 0 has 3 columns, expected 4"},
      {"1\n\nX 0 0 zero\n", "a.xyz:3: pos: 'zero' is no finite number (atom 0, column 4)"},
      {"1\n\nX 0 nan 0\n", "a.xyz:3: pos: 'nan'"},
      {"1\n\nX 0 -inf 0\n", "a.xyz:3: pos: '-inf'"},
      {"1\n\nX 0 1e999 0\n", "a.xyz:3: pos: '1e999'"},
      {"1\n\nX 0 0x10 0\n", "a.xyz:3: pos: '0x10'"},
      {WATER "3\nProperties=species:S:1:pos:R:3\nO 0 0 0\nH 1 0 0\nH 0 1 0 7\n",
       "a.xyz:10: atom 2 has more than the 4 columns"},
      {"1\nProperties=species:S:1\nX 0 0 0\n", "a.xyz:2: Properties: no positions"},
      {"1\nProperties=species:Q:1:pos:R:3\nX 0 0 0\n", "type of species is 'Q'"},
      {"1\nProperties=species:S:1:pos:R:many\nX 0 0 0\n", "'many' columns of pos"},
      {"1\nProperties=species:S:1:pos:R:-3\nX 0 0 0\n", "'-3' columns of pos"},
      {"1\nProperties=species:S:1:pos:R:99999999\nX 0 0 0\n", "'99999999' columns"},
      {"1\nProperties=pos:R:17\n0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", "pos has 17 columns"},
      {"1\nProperties=pos:R:3:forces:R:2\n0 0 0 0 0 \n", "forces has 2 columns, pos has 3"},
      {"1\nProperties=species:S:1:pos:R:3 Lattice=\"1 2 3 4\"\nX 0 0 0\n", "Lattice=\"1 2 3 4\", expected 9 numbers"},
      {"1\nProperties=species:S:1:pos:R:3 Lattice=\"1 0 0 0 1 0 0 0 b\"\nX 0 0 0\n", "Lattice: 'b'"},
      {"1\nProperties=species:S:1:pos:R:3 pbc=\"T maybe F\"\nX 0 0 0\n", "pbc=\"T maybe F\""},
      {"1\nProperties=species:S:1:pos:R:3 energy=much\nX 0 0 0\n", "a.xyz:2: energy=much"},
      {"1\nProperties=species:S:1:pos:R:3 note=\"open\nX 0 0 0\n", "a quote is not closed"},
      {"1\nProperties=species:S:1:pos:R:3 note={open\nX 0 0 0\n", "a bracket is not closed"},
  };
  weyl_context *ctx = test_context(1);
  for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
    weyl_trajectories t;
    const weyl_status status = read_text(ctx, row[i].text, &t);
    if (status == WEYL_OK || !strstr(weyl_message(ctx), row[i].words) || !strstr(weyl_message(ctx), "a.xyz")) {
      print_error("row %zu: %s: \"%s\" should hold \"%s\"\n", i, weyl_status_name(status), weyl_message(ctx),
                  row[i].words);
      fail();
    }
    assert_true(status == WEYL_FORMAT || status == WEYL_SHAPE);
    weyl_message_clear(ctx);
    assert_int_equal(weyl_memory_used(ctx), 0);
  }
  weyl_trajectories t;
  test_write(in_folder("empty.xyz"), "", 0);
  assert_says(ctx, weyl_trajectories_read(ctx, in_folder("empty.xyz"), &t), WEYL_FORMAT, "is empty");
  test_write(in_folder("blank.xyz"), "\n \n", 3);
  assert_says(ctx, weyl_trajectories_read(ctx, in_folder("blank.xyz"), &t), WEYL_FORMAT, "holds no frame");
  assert_says(ctx, weyl_trajectories_read(ctx, folder, &t), WEYL_FORMAT, folder);
  test_context_free(ctx);
}

/* What we write we read, in a locale with a decimal comma too where there is one. */
static void round_trip(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  double x[2][18], e[3] = {1.0 / 3, 2, 3}, q[2] = {0.1, -1e-300}, cell[9] = {2, 0, 0, 0, 3, 0, 0.5, 0, 4};
  int32_t z[2] = {6, 4711};
  for (int i = 0; i < 36; i++) x[i / 18][i % 18] = sin(i) * pow(10, i - 18);
  weyl_trajectory item[3];
  for (int s = 0; s < 3; s++)
    item[s] = (weyl_trajectory){.frames = 3,
                                .points = 2,
                                .d = 3,
                                .position = x[s % 2],
                                .velocity = x[1],
                                .force = x[0],
                                .energy = e,
                                .charge = q,
                                .type = z,
                                .cell = cell,
                                .periodic = {true, false, true},
                                .time_step = 0.25};
  item[2].frames = 1;
  item[2].type = NULL;
  item[2].velocity = item[2].energy = item[2].charge = NULL;
  weyl_trajectories in = {.count = 3, .item = item}, out;
  (void)setlocale(LC_ALL, "de_DE.UTF-8");
  assert_ok(ctx, weyl_trajectories_write(ctx, in_folder("b.extxyz"), &in));
  assert_ok(ctx, weyl_trajectories_read(ctx, in_folder("b.extxyz"), &out));
  (void)setlocale(LC_ALL, "C");
  assert_int_equal(out.count, 3); /* though the first two are of the same atoms */
  assert_string_equal(out.format, "extxyz");
  for (int s = 0; s < 2; s++) {
    const weyl_trajectory *t = &out.item[s];
    assert_int_equal(t->frames, 3);
    assert_memory_equal(t->position, x[s], sizeof x[s]);
    assert_memory_equal(t->velocity, x[1], sizeof x[1]);
    assert_memory_equal(t->force, x[0], sizeof x[0]);
    assert_memory_equal(t->energy, e, sizeof e);
    assert_memory_equal(t->charge, q, sizeof q);
    assert_memory_equal(t->type, z, sizeof z);
    assert_memory_equal(t->cell, cell, sizeof cell);
    assert_true(t->periodic[0] && !t->periodic[1] && t->periodic[2]);
    assert_true(t->time_step == 0.25);
  }
  assert_null(out.item[2].type);
  assert_null(out.item[2].energy);
  weyl_trajectories_free(&out);
  test_context_free(ctx);
}

static void real_files(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int64_t trajectories, frames, points;
    bool periodic;
  } row[] = {
      {"md17/aspirin_ccsd-train.xyz.xz", 1, 1000, 21, false},      {"3bpa/train_300K.xyz.xz", 1, 500, 27, false},
      {"rmd17-ethanol/train_eth_meth.xyz.xz", 2, 300, 6, false},   {"oc20-samples/27998_all.extxyz.xz", 1, 1, 16, true},
      {"oc20-samples/sample_traj.extxyz.xz", 3, 1, 98, true}, /* its first and last frames carry no forces */
      {"oc20-samples/toy_c3h8_relax.extxyz.xz", 1, 101, 38, true}, {"3bpa/iso_atoms.xyz", 4, 1, 1, false},
  };
  weyl_context *ctx = test_context(1);
  for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
    char path[512];
    if (!shared_file(row[i].name, path)) continue;
    weyl_trajectories t;
    assert_ok(ctx, weyl_trajectories_read(ctx, path, &t));
    if (t.count != row[i].trajectories || t.item[0].frames != row[i].frames)
      print_error("%s: %lld\n", path, (long long)t.count);
    assert_int_equal(t.count, row[i].trajectories);
    assert_int_equal(t.item[0].frames, row[i].frames);
    assert_int_equal(t.item[0].points, row[i].points);
    assert_true(t.item[0].periodic[0] == row[i].periodic);
    weyl_trajectories_free(&t);
  }
  test_context_free(ctx);
}

static void damaged_packing(void **state) {
  (void)state;
  char path[512];
  if (!shared_file("oc20-samples/sample_traj.extxyz.xz", path)) skip();
  weyl_context *ctx = test_context(1);
  char *bytes;
  size_t n;
  weyl_trajectories t;
  assert_ok(ctx, weyl_file_read(ctx, path, 0, &bytes, &n));
  test_write(in_folder("cut.xyz.xz"), bytes, n / 2);
  assert_says(ctx, weyl_trajectories_read(ctx, in_folder("cut.xyz.xz"), &t), WEYL_FORMAT, "xz data end too soon");
  test_write(in_folder("head.xyz.xz"), bytes, 8);
  assert_says(ctx, weyl_trajectories_read(ctx, in_folder("head.xyz.xz"), &t), WEYL_FORMAT, "xz data");
  bytes[n / 2] ^= 0x55;
  test_write(in_folder("bad.xyz.xz"), bytes, n);
  assert_says(ctx, weyl_trajectories_read(ctx, in_folder("bad.xyz.xz"), &t), WEYL_FORMAT, "xz data are damaged");
  weyl_dealloc(ctx, bytes);
  test_write(in_folder("bad.xyz.gz"), "\x1f\x8b\x08\0\0\0\0\0\0\3junkjunk", 18);
  assert_says(ctx, weyl_trajectories_read(ctx, in_folder("bad.xyz.gz"), &t), WEYL_FORMAT, "gzip data");
  test_context_free(ctx);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  test_write(in_folder("c.xyz"), WATER, strlen(WATER));
  bool done = false;
  for (uint64_t n = 1; !done; n++) {
    weyl_trajectories t = {0};
    weyl_context_fail_allocation(ctx, n);
    const weyl_status status = weyl_trajectories_read(ctx, in_folder("c.xyz"), &t);
    weyl_context_fail_allocation(ctx, 0);
    done = status == WEYL_OK;
    if (!done) assert_status(ctx, status, WEYL_MEMORY);
    weyl_trajectories_free(&t);
    assert_int_equal(weyl_memory_used(ctx), 0);
    assert_true(n < 100);
  }
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(frames_become_trajectories),
                                     cmocka_unit_test(header_keys),
                                     cmocka_unit_test(faults_are_located),
                                     cmocka_unit_test(round_trip),
                                     cmocka_unit_test(real_files),
                                     cmocka_unit_test(damaged_packing),
                                     cmocka_unit_test(every_allocation_may_fail)};
  return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
