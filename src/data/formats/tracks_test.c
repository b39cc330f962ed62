#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "folder.h"
#include "testing.h"

static weyl_status parse(weyl_context *ctx, const char *text, weyl_tracks *t) {
  return weyl_tracks_parse(ctx, text, strlen(text), "walk.csv", t);
}

static void refused(weyl_context *ctx, const char *text, const char *says) {
  weyl_tracks t;
  assert_says(ctx, parse(ctx, text, &t), WEYL_FORMAT, says);
}

static void layouts(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_tracks t;
  /* rows in any order, agents come and go, an agent with a gap */
  assert_ok(ctx,
            parse(ctx, "780\t1.0\t8.46\t3.59\n790 1.0 9.5 3.79\n800 2 0 -1\n800 1.0 10.5 4\n820\t1.0 12 4.5\n", &t));
  assert_string_equal(t.format, "eth-ucy");
  assert_int_equal(t.rows, 5);
  assert_int_equal(t.agents, 2);
  assert_int_equal(t.frames, 5);
  assert_int_equal(t.d, 2);
  assert_int_equal(t.gaps, 1);
  assert_true(t.first == 780 && t.step == 10 && t.time_step == 0.4);
  assert_string_equal(t.name[0], "1.0");
  assert_string_equal(t.name[1], "2");
  assert_int_equal(t.frame[4], 4);
  assert_int_equal(t.agent[2], 1);
  assert_int_equal(t.line[2], 3);
  assert_true(t.position[2 * 2 + 1] == -1);
  weyl_tracks_free(&t);
  /* 17 columns: x and y are numbers 13 and 15 */
  assert_ok(ctx, parse(ctx, "78.0 1.0 Pedestrian -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 8.46 -1.0 3.59 -1.0\n", &t));
  assert_true(t.position[0] == 8.46 && t.position[1] == 3.59 && t.frames == 1 && t.step == 1);
  weyl_tracks_free(&t);
  /* plain CSV in space; a header in any order, quoted, seconds */
  assert_ok(ctx, parse(ctx, "0,a,1,2,3\n1,a,1.5,2,3\r\n", &t));
  assert_int_equal(t.d, 3);
  assert_true(t.time_step == 0 && t.position[5] == 3);
  assert_string_equal(t.format, "csv");
  weyl_tracks_free(&t);
  assert_ok(
      ctx,
      parse(ctx, "track,t_s,category,x_m,y_m\n7,0.000,CAR,5,6\n7,0.033,CAR,5,7\n7,0.067,CAR,5,8\n7,0.100,\"A\",5,9\n",
            &t));
  assert_int_equal(t.frames, 4);
  assert_close(t.time_step, 0.1 / 3, 1e-15);
  assert_true(t.position[7] == 9);
  weyl_tracks_free(&t);
  assert_ok(ctx, parse(ctx, "y,\"x\",frame,ped_id\n1,2,30,4\n", &t));
  assert_true(t.position[0] == 2 && t.position[1] == 1 && t.first == 30);
  weyl_tracks_free(&t);
  test_context_free(ctx);
}

static void bad_rows(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  refused(ctx, "", "walk.csv: holds no row");
  refused(ctx, "\n  \n", "walk.csv: holds no row");
  refused(ctx, "frame,id,x,y\n", "a header and no row");
  refused(ctx, "hello world\n", "walk.csv:1: 'hello world'");
  refused(ctx, "frame,id,x\n1,2,3\n", "walk.csv:1");
  refused(ctx, "0,1,2,3\n1,1,2\n", "walk.csv:2: 3 columns, the first line has 4");
  refused(ctx, "0,1,2,3\n1,1,nan,3\n", "walk.csv:2: x is 'nan', expected a finite number (column 3)");
  refused(ctx, "0 1 2 3\n1 1 2 inf\n", "walk.csv:2: y is 'inf'");
  refused(ctx, "0,1,2,3\n1,,2,3\n", "walk.csv:2: no agent in column 2");
  refused(ctx, "0,1,2,3\n1,1,2,3\n\n1,1,5,6\n", "walk.csv:4: agent 1 is at frame 1 twice, the first time in line 2");
  /* a frame between two steps, and an agent that is recorded at half the rate */
  refused(ctx, "0,1,2,3\n10,1,2,3\n20,1,2,3\n25,1,2,3\n30,1,2,3\n40,1,2,3\n",
          "walk.csv:4: frame 25 follows frame 20, but frames are 10 apart: mixed frame rates");
  refused(ctx, "0,1,2,3\n1,1,2,3\n2,1,2,3\n3,1,2,3\n4,1,2,3\n5,1,2,3\n6,1,2,3\n0,2,2,3\n2,2,2,3\n4,2,2,3\n6,2,2,3\n",
          "walk.csv:11: agent 2 has 4 rows and no two of them one step of 1 apart: mixed frame rates");
  refused(ctx, "0,1,2,3\n1,1,2,3\n2,1,2,3\n1e300,1,2,3\n", "walk.csv:4: frame 1e+300");
  test_context_free(ctx);
}

static void recognised(void **state) {
  (void)state;
  static const char *const good[] = {"0,1,2,3\n", "frame,id,x,y\n", "\n5 1 2 3 4\n"}, *const bad[] = {
                                                                                          "",
                                                                                          "1\n",
                                                                                          "a,b,c,d\n",
                                                                                          "1 2 3 4 5 6\n",
                                                                                          "HIERARCHY\n",
                                                                                          "scene\tsplit\tfile\n"};
  for (int k = 0; k < 3; k++) assert_true(weyl_tracks_seems(good[k], strlen(good[k])));
  for (int k = 0; k < 6; k++) assert_false(weyl_tracks_seems(bad[k], strlen(bad[k])));
}

/* Rows of the public files and people in them (sheet 5.4), in both layouts. */
static void public_files(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int64_t rows, people;
  } file[] = {{"biwi_eth", 5492, 360},     {"biwi_hotel", 6543, 389},    {"students001", 21813, 415},
              {"students003", 17953, 434}, {"crowds_zara01", 5153, 148}, {"crowds_zara02", 9722, 204}};
  weyl_context *ctx = test_context(1);
  for (int k = 0; k < 6; k++) {
    char name[2][64], path[512];
    snprintf(name[0], 64, "eth-ucy/eqmotion/%s.txt.xz", file[k].name);
    snprintf(name[1], 64, "eth-ucy/all_data/%s.txt.gz", file[k].name);
    weyl_tracks t[2] = {{0}};
    for (int l = 0; l < 2; l++) {
      if (!shared_file(name[l], path)) skip();
      assert_ok(ctx, weyl_tracks_read(ctx, path, &t[l]));
      assert_int_equal(t[l].rows, file[k].rows);
      assert_int_equal(t[l].agents, file[k].people);
      assert_true(t[l].step == (l ? 10 : 1));
    }
    assert_memory_equal(t[0].position, t[1].position, (size_t)file[k].rows * 2 * sizeof(double));
    weyl_tracks_free(&t[0]);
    weyl_tracks_free(&t[1]);
  }
  test_context_free(ctx);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_tracks t;
  static const char text[] = "0,1,2,3\n1,1,2,3\n0,2,1,1\n";
  weyl_status status = WEYL_MEMORY;
  for (uint64_t n = 1; status != WEYL_OK; n++) {
    assert_int_equal(status, WEYL_MEMORY);
    weyl_message_clear(ctx);
    weyl_context_fail_allocation(ctx, n);
    status = parse(ctx, text, &t);
  }
  weyl_context_fail_allocation(ctx, 0);
  weyl_tracks_free(&t);
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(layouts), cmocka_unit_test(bad_rows),
                                     cmocka_unit_test(recognised), cmocka_unit_test(public_files),
                                     cmocka_unit_test(every_allocation_may_fail)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
