#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "folder.h"
#include "formats/skeleton.h"
#include "testing.h"

static int64_t joint(const weyl_trajectory *t, const char *name) {
  for (int64_t j = 0; j < t->points; j++)
    if (strcmp(t->label[j], name) == 0) return j;
  fail_msg("no joint %s", name);
  return 0;
}

static void expect(const weyl_trajectory *t, int64_t frame, int64_t j, double x, double y, double z, double tol) {
  const double *p = t->position + (frame * t->points + j) * 3;
  assert_close(p[0], x, tol);
  assert_close(p[1], y, tol);
  assert_close(p[2], z, tol);
}

/* Every bone keeps its length over time. */
static void rigid(const weyl_trajectory *t, double tol) {
  for (int64_t j = 0; j < t->points; j++) {
    const int32_t p = t->parent[j];
    assert_true(p < j);
    if (p < 0) continue;
    double first = 0;
    for (int64_t f = 0; f < t->frames; f++) {
      const double *a = t->position + (f * t->points + j) * 3, *b = t->position + (f * t->points + p) * 3;
      const double r =
          sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]));
      if (f == 0) first = r;
      assert_close(r, first, tol);
    }
  }
}

/* ---- BVH ---- */

#define HIERARCHY                                                                                            \
  "HIERARCHY\nROOT Hips\n{\n  OFFSET 0 1 0\n  CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation " \
  "Xrotation\n"                                                                                              \
  "  JOINT Knee\n  {\n    OFFSET 0 -2 0\n    CHANNELS 3 Zrotation Yrotation Xrotation\n"                     \
  "    End Site\n    {\n      OFFSET 0 -3 0\n    }\n  }\n}\n"

static weyl_status parse_bvh(weyl_context *ctx, const char *text, bool fixed, weyl_trajectories *t) {
  text_file file;
  const weyl_status opened = text_view(ctx, "a.bvh", text, strlen(text), &file);
  const weyl_status status = opened == WEYL_OK ? bvh_parse(&file, fixed, t) : opened;
  text_close(&file);
  return status;
}

static void bvh_by_hand(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_trajectories t = {0};
  /* rest pose; then the hips turned by 90 degrees about z, then the knee about x; then the hips about z and x, x first
   */
  assert_ok(ctx, parse_bvh(ctx,
                           HIERARCHY "MOTION\nFrames: 4\nFrame Time: 0.04\n0 0 0 0 0 0 0 0 0\n10 20 30 90 0 0 0 0 0\n"
                                     "0 0 0 90 0 0 0 0 90\n0 0 0 90 0 90 0 0 0\n",
                           false, &t));
  const weyl_trajectory *x = t.item;
  assert_true(x->frames == 4 && x->points == 3 && x->time_step == 0.04);
  assert_string_equal(x->label[2], "Knee_end");
  assert_int_equal(x->parent[2], 1);
  expect(x, 0, 0, 0, 1, 0, 0);
  expect(x, 0, 1, 0, -1, 0, 0);
  expect(x, 0, 2, 0, -4, 0, 0);
  expect(x, 1, 0, 10, 21, 30, 1e-15);
  expect(x, 1, 1, 12, 21, 30, 1e-14);
  expect(x, 1, 2, 15, 21, 30, 1e-14);
  expect(x, 2, 2, 2, 1, -3, 1e-14); /* about the knee's own x axis: -y goes to -z */
  expect(x, 3, 1, 0, 1, -2, 1e-14);
  weyl_trajectories_free(&t);
  assert_ok(ctx, parse_bvh(ctx, HIERARCHY "MOTION\nFrames: 1\nFrame Time: 0.04\n10 20 30 90 0 0 0 0 90\n", true, &t));
  expect(t.item, 0, 0, 0, 0, 0, 0); /* a fixed root: no translation, no turn */
  expect(t.item, 0, 2, 0, -2, -3, 1e-14);
  weyl_trajectories_free(&t);
  test_context_free(ctx);
}

static void bad_bvh(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_trajectories t = {0};
  static const struct {
    const char *text, *says;
  } bad[] = {
      {"", "the file ends, expected HIERARCHY"},
      {"HIERARCHY\nJOINT a", "a.bvh:2: 'JOINT', expected ROOT"},
      {"HIERARCHY ROOT a { OFFSET 0 nan 0 }", "'nan', expected a finite number of OFFSET"},
      {"HIERARCHY ROOT a { CHANNELS 7", "'7', expected 0 to 6 channels"},
      {"HIERARCHY ROOT a { CHANNELS 1 Wrotation }", "'Wrotation', expected a channel"},
      {HIERARCHY "MOTION\nFrames: 0\nFrame Time: 1\n", "'0', expected one frame or more"},
      {HIERARCHY "MOTION\nFrames: 1\nFrame Time: 0\n", "'0', expected seconds above 0"},
      {HIERARCHY "MOTION\nFrames: 1000000000000\nFrame Time: 1\n0", "1000000000000 frames of 9 channels announced"},
      {HIERARCHY "MOTION\nFrames: 1\nFrame Time: 1\n0 0 0 0 0 0 0 0 inf\n", "channel 8 of 9"},
      {HIERARCHY "MOTION\nFrames: 1\nFrame Time: 1\n0 0 0 0 0 0 0.123 0\n", "the file ends, expected a finite number"},
      {HIERARCHY "MOTION\nFrames: 1\nFrame Time: 1\n0 0 0 0 0 0 0 0 0 0\n",
       "the end of the file behind the last frame"},
      {"HIERARCHY ROOT a { OFFSET 0 0 0 }\nMOTION\nFrames: 1\nFrame Time: 1\n", "no joint has channels"},
  };
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    weyl_trajectories_free(&t);
    assert_says(ctx, parse_bvh(ctx, bad[k].text, false, &t), WEYL_FORMAT, bad[k].says);
  }
  weyl_trajectories_free(&t);
  test_context_free(ctx);
}

/* Frame 500 by another program (4x4 matrices, its own reader). */
static void public_bvh(void **state) {
  (void)state;
  char path[512];
  if (!shared_file("mocap/131_01.bvh.xz", path)) skip();
  weyl_context *ctx = test_context(1);
  weyl_trajectories t;
  assert_ok(ctx, weyl_trajectories_read(ctx, path, &t));
  assert_string_equal(t.format, "bvh");
  assert_true(t.item->frames == 994 && t.item->points == 38 && t.item->time_step == 0.0083333);
  expect(t.item, 500, 0, 7.504300000, 15.543000000, -27.250300000, 1e-9);
  expect(t.item, 500, joint(t.item, "LeftToe"), 8.716286073, 1.456642445, -30.391575867, 1e-9);
  expect(t.item, 500, joint(t.item, "Neck"), 7.254341705, 21.114748892, -27.197899546, 1e-9);
  expect(t.item, 500, 37, 5.121334622, 21.135880712, -22.674830355, 1e-9);
  rigid(t.item, 1e-9);
  weyl_trajectories_free(&t);
  test_context_free(ctx);
}

/* ---- ASF and AMC ---- */

#define UNITS "# a comment\n:version 1.10\n:units\n  mass 1.0\n  length 0.5\n  angle deg\n"
#define ROOT  ":root\n  order TX TY TZ RX RY RZ\n  axis XYZ\n  position 0 0 0\n  orientation 0 0 0\n"
/* the bones stand in an order that the hierarchy turns round; the shin's axis is turned by 90 degrees about z */
#define BONES                                                                                                        \
  ":bonedata\n  begin\n id 1\n name shin\n direction 0 -1 0\n length 2\n axis 0 0 90 XYZ\n dof rx\n limits (-1 1)\n" \
  " end\n begin\n id 2\n name thigh\n direction 1 0 0\n length 3\n axis 0 0 0 XYZ\n dof rx ry rz\n end\n"
#define TREE     ":hierarchy\n begin\n root thigh\n thigh shin\n end\n"
#define SKELETON UNITS ROOT BONES TREE

static weyl_status parse_amc(weyl_context *ctx, const char *asf, const char *amc, weyl_trajectories *t) {
  text_file file;
  skeleton *s = NULL;
  weyl_status status = text_view(ctx, "a.asf", asf, strlen(asf), &file);
  if (status == WEYL_OK) status = asf_parse(&file, &s);
  text_close(&file);
  if (status == WEYL_OK) {
    status = text_view(ctx, "a.amc", amc, strlen(amc), &file);
    if (status == WEYL_OK) status = amc_parse(&file, s, false, t);
    text_close(&file);
  }
  skeleton_free(ctx, s);
  return status;
}

static void amc_by_hand(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_trajectories t;
  assert_ok(ctx, parse_amc(ctx, SKELETON,
                           "#!\n:FULLY-SPECIFIED\n:DEGREES\n5\nroot 0 0 0 0 0 0\nthigh 0 0 0\nshin 0\n"
                           "6\nroot 1 2 3 0 0 0\nthigh 0 0 90\nshin 0\n7\nshin 90\nroot 0 0 0 90 0 90\nthigh 0 0 0\n",
                           &t));
  const double mm = 50.8; /* 1 / 0.5 inch */
  assert_int_equal(t.item->frames, 3);
  assert_string_equal(t.item->label[1], "thigh"); /* parents first */
  expect(t.item, 0, 1, 3 * mm, 0, 0, 1e-12);
  expect(t.item, 0, 2, 3 * mm, -2 * mm, 0, 1e-12);
  expect(t.item, 1, 1, 1 * mm, 5 * mm, 3 * mm, 1e-12); /* the bone turns with its own joint */
  expect(t.item, 1, 2, 3 * mm, 5 * mm, 3 * mm, 1e-12);
  /* the root about x, then z: the thigh to +y; the shin turns about its axis, which is y at rest: it stays, -y at rest
   */
  expect(t.item, 2, 1, 0, 3 * mm, 0, 1e-12);
  expect(t.item, 2, 2, 0, 3 * mm, -2 * mm, 1e-12);
  weyl_trajectories_free(&t);
  test_context_free(ctx);
}

static void bad_amc(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  static const char head[] = ":FULLY-SPECIFIED\n:DEGREES\n1\nroot 0 0 0 0 0 0\nthigh 0 0 0\nshin 0\n";
  static const struct {
    const char *asf, *amc, *says;
  } bad[] = {
      {"", "", "a.asf: no bone"},
      {UNITS ROOT ":bonedata\nbegin\nend\n", "", "a name before the end of a bone"},
      {UNITS ":root\n axis XYZ\n" BONES TREE, "", ":root has no order"},
      {UNITS ROOT BONES, "", "the hierarchy does not tie the bone shin to the root"},
      {UNITS ROOT BONES ":hierarchy\nroot shin\nshin thigh\nthigh shin\n", "",
       "'shin', expected a bone that has no parent"},
      {UNITS ROOT BONES ":hierarchy\nroot leg\n", "", "'leg', expected the name of a bone"},
      {":units\nlength 0\n", "", "a length above 0"},
      {UNITS ":root\norder TX QX\n", "", "'QX', expected"},
      {UNITS ROOT ":bonedata\nbegin\nname a\naxis 0 0 nan XYZ\nend\n", "", "'nan', expected a finite number"},
      {SKELETON, "", "a.amc: holds no frame"},
      {SKELETON, "1\nroot 0 0 0 0 0 0\nshin 0\n", "frame 1 has no values of the bone thigh"},
      {SKELETON, "1\nroot 0 0 0 0 0\nshin 0\n", "a.amc:2: '', expected a finite number for each channel"},
      {SKELETON, "1\nroot 0 0 0 0 0 0 0\n", "no more numbers than the bone has channels"},
      {SKELETON, "1\nroot 0 0 0 0 0 0\nroot 0 0 0 0 0 0\n", "each bone once a frame"},
      {SKELETON, "1\nneck 0\n", "a.amc:2: 'neck', expected the name of a bone of the skeleton"},
      {SKELETON, "shin 0\n", "the number of a frame before its bones"},
  };
  char text[512];
  weyl_trajectories t = {0};
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    assert_says(ctx, parse_amc(ctx, bad[k].asf, bad[k].amc, &t), WEYL_FORMAT, bad[k].says);
    weyl_trajectories_free(&t);
  }
  snprintf(text, sizeof text, "%s3\nroot 0 0 0 0 0 0\n", head);
  assert_says(ctx, parse_amc(ctx, SKELETON, text, &t), WEYL_FORMAT, "a.amc:7: '3', expected the number behind");
  weyl_trajectories_free(&t);
  /* a motion without its skeleton */
  test_write(in_folder("09_01.amc"), head, strlen(head));
  assert_says(ctx, weyl_trajectories_read(ctx, in_folder("09_01.amc"), &t), WEYL_NO_FILE, "no skeleton beside it");
  test_context_free(ctx);
}

/* Frame 100 (the file's number) by another program. */
static void public_amc(void **state) {
  (void)state;
  char path[512];
  if (!shared_file("mocap/02_01.amc.xz", path)) skip();
  weyl_context *ctx = test_context(1);
  weyl_trajectories t;
  assert_ok(ctx, weyl_trajectories_read(ctx, path, &t));
  assert_string_equal(t.format, "amc");
  assert_string_equal(t.length_unit, "mm");
  assert_true(t.item->frames == 343 && t.item->points == 31 && t.item->time_step == 1.0 / 120);
  expect(t.item, 99, 0, 534.072253333, 965.685422222, -741.476800000, 1e-8);
  expect(t.item, 99, joint(t.item, "lfoot"), 608.044775839, 110.086152706, -939.327795420, 1e-8);
  expect(t.item, 99, joint(t.item, "head"), 520.394332690, 1577.155257322, -787.122886870, 1e-8);
  expect(t.item, 99, joint(t.item, "rfingers"), 303.498305462, 722.907460418, -712.501643891, 1e-8);
  expect(t.item, 99, joint(t.item, "lthumb"), 749.366806466, 792.202195662, -664.462125291, 1e-8);
  rigid(t.item, 1e-9);
  weyl_trajectories_free(&t);
  test_context_free(ctx);
}

/* ---- Human3.6M ---- */

static weyl_status parse_h36m(weyl_context *ctx, const char *text, bool fixed, weyl_trajectories *t) {
  text_file file;
  weyl_status status = text_view(ctx, "walking_1.txt", text, strlen(text), &file);
  if (status == WEYL_OK) status = h36m_parse(&file, fixed, t);
  text_close(&file);
  return status;
}

/* Value k of line f is 0.3 sin(k + f); positions of line 0 by another program, by row vectors and matrix exponentials.
 */
static void h36m_values(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  char text[12000];
  size_t n = 0;
  for (int f = 0; f < 3; f++)
    for (int k = 0; k < 99; k++)
      n += (size_t)snprintf(text + n, sizeof text - n, "%.17g%c", 0.3 * sin(k + f), k < 98 ? ',' : '\n');
  weyl_trajectories t;
  assert_ok(ctx, parse_h36m(ctx, text, true, &t));
  assert_true(t.item->frames == 3 && t.item->points == 32 && t.item->time_step == 0.02);
  expect(t.item, 0, 0, 0, 0, 0, 0);
  expect(t.item, 0, 1, -132.948591, 0, 0, 0);
  expect(t.item, 0, 3, -259.151366859, -875.826000556, -29.056563626, 1e-8);
  expect(t.item, 0, 15, 58.463921412, 709.853518169, 101.932320444, 1e-8);
  expect(t.item, 0, 22, 126.909258290, 1246.655228402, -9.833246650, 1e-8);
  expect(t.item, 0, 29, 167.821978663, 1117.370922567, 220.728061132, 1e-8);
  rigid(t.item, 1e-9);
  const int copy[6][2] = {{13, 16}, {19, 20}, {22, 23}, {13, 24}, {27, 28}, {30, 31}}; /* joints that are copies */
  for (int c = 0; c < 6; c++) {
    const double *a = t.item->position + (32 * 2 + copy[c][0]) * 3;
    expect(t.item, 2, copy[c][1], a[0], a[1], a[2], 1e-9);
  }
  weyl_trajectories_free(&t);
  assert_ok(ctx, parse_h36m(ctx, text, false, &t));
  expect(t.item, 0, 0, 0, 0.3 * sin(1), 0.3 * sin(2), 1e-15);
  rigid(t.item, 1e-9);
  weyl_trajectories_free(&t);
  assert_true(h36m_seems(text, n));
  assert_false(h36m_seems(text + 20, 100));
  test_write(in_folder("walking_1.txt"), text, n);
  assert_ok(ctx, weyl_trajectories_read(ctx, in_folder("walking_1.txt"), &t));
  assert_string_equal(t.format, "h36m");
  weyl_trajectories_free(&t);
  assert_says(ctx, parse_h36m(ctx, "", true, &t), WEYL_FORMAT, "holds no frame");
  weyl_trajectories_free(&t);
  assert_says(ctx, parse_h36m(ctx, "1,2,3\n", true, &t), WEYL_FORMAT, "walking_1.txt:1: 3 values, expected 99");
  weyl_trajectories_free(&t);
  assert_says(ctx, parse_h36m(ctx, "1,2,nan\n", true, &t), WEYL_FORMAT, "value 3 is 'nan'");
  weyl_trajectories_free(&t);
  test_context_free(ctx);
}

/* exp of a rotation vector: rotations compose about one axis, and the series near 0 meets the formula. */
PROPERTY(exponential, 100) {
  double v[3], a[9], b[9], ab[9], c[9];
  const double scale = weyl_rng_below(rng, 2) ? 1 : 1e-4;
  for (int k = 0; k < 3; k++) v[k] = scale * weyl_rng_normal(rng);
  double twice[3] = {2 * v[0], 2 * v[1], 2 * v[2]};
  skeleton_exponential(v, a);
  skeleton_exponential(v, b);
  skeleton_multiply(a, b, ab);
  skeleton_exponential(twice, c);
  for (int k = 0; k < 9; k++) assert_close(ab[k], c[k], 1e-14);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(bvh_by_hand), cmocka_unit_test(bad_bvh),
                                     cmocka_unit_test(public_bvh),  cmocka_unit_test(amc_by_hand),
                                     cmocka_unit_test(bad_amc),     cmocka_unit_test(public_amc),
                                     cmocka_unit_test(h36m_values), property_test(exponential)};
  return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
