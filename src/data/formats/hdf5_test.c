#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <hdf5.h>

#include "folder.h"
#include "testing.h"

static hid_t create(const char *name) {
  const hid_t f = H5Fcreate(in_folder(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(f >= 0);
  return f;
}

/* A dataset counting up from `first`, of rank <= 4, in an intermediate path that is made on the way. */
static void put(hid_t file, const char *name, hid_t type, int rank, const hsize_t *dim, double first) {
  const hid_t links = H5Pcreate(H5P_LINK_CREATE), space = H5Screate_simple(rank, dim, NULL);
  H5Pset_create_intermediate_group(links, 1);
  const hid_t d = H5Dcreate2(file, name, type, space, links, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(d >= 0);
  hsize_t n = 1;
  for (int k = 0; k < rank; k++) n *= dim[k];
  double *values = calloc(n ? n : 1, sizeof *values);
  assert_non_null(values);
  for (hsize_t i = 0; i < n; i++) values[i] = first + (double)i;
  if (H5Tget_class(type) != H5T_STRING && n > 0)
    assert_true(H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  free(values);
  H5Dclose(d);
  H5Sclose(space);
  H5Pclose(links);
}

static const hsize_t three[3] = {4, 2, 3}, four[4] = {5, 4, 2, 3}, two[2] = {4, 2}, one[1] = {2}, each[2] = {5, 2},
                     frames[1] = {4}, odd[3] = {4, 2, 2};

static void groups_and_names(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  hid_t f = create("a.h5");
  put(f, "first/positions", H5T_IEEE_F32LE, 3, three, 0);
  put(f, "first/velocity", H5T_IEEE_F64BE, 3, three, 100);
  put(f, "first/types", H5T_STD_U8LE, 1, one, 7);
  put(f, "first/energy", H5T_IEEE_F64LE, 1, frames, -4);
  put(f, "second/deeper/x", H5T_IEEE_F64LE, 4, four, 0);
  put(f, "second/deeper/charge", H5T_IEEE_F64LE, 2, each, 0.5);
  put(f, "unrelated/temperature", H5T_IEEE_F64LE, 1, frames, 0);
  H5Lcreate_soft("/nowhere", f, "dangling", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_external("other.h5", "/", f, "external", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_hard(f, "/", f, "second/loop", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(f);
  weyl_trajectories t;
  assert_ok(ctx, weyl_trajectories_read(ctx, in_folder("a.h5"), &t));
  assert_string_equal(t.format, "hdf5");
  assert_int_equal(t.count, 6);
  assert_true(t.item[0].position[23] == 23 && t.item[0].velocity[0] == 100 && t.item[0].energy[1] == -3);
  assert_int_equal(t.item[0].type[1], 8);
  assert_int_equal(t.item[3].frames, 4);
  assert_true(t.item[3].position[0] == 48 && t.item[3].charge[0] == 4.5);
  weyl_trajectories_free(&t);
  test_context_free(ctx);
}

static void h5md(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const hsize_t box[1] = {3};
  hid_t f = create("b.h5md");
  put(f, "particles/water/position/value", H5T_IEEE_F64LE, 3, three, 0);
  put(f, "particles/water/position/step", H5T_STD_I32LE, 1, frames, 0);
  put(f, "particles/water/position/time", H5T_IEEE_F64LE, 1, frames, 3);
  put(f, "particles/water/species/value", H5T_STD_I32LE, 1, one, 1);
  put(f, "particles/water/box/edges", H5T_IEEE_F64LE, 1, box, 10);
  H5Fclose(f);
  weyl_trajectories t;
  assert_ok(ctx, weyl_trajectories_read(ctx, in_folder("b.h5md"), &t));
  assert_int_equal(t.count, 1);
  assert_true(t.item[0].time_step == 1.0);
  assert_int_equal(t.item[0].type[1], 2);
  assert_true(t.item[0].cell[4] == 11 && t.item[0].periodic[2]);
  weyl_trajectories_free(&t);
  test_context_free(ctx);
}

static void wrong_datasets(void **state) {
  (void)state;
  const hid_t text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, 8);
  const struct {
    const char *name;
    hid_t type;
    int rank;
    const hsize_t *dim;
    weyl_status status;
    const char *words;
  } row[] = {
      {"g/position", H5T_STD_I32LE, 3, three, WEYL_DTYPE, "/g/position holds whole numbers"},
      {"g/position", text, 3, three, WEYL_DTYPE, "/g/position holds no numbers"},
      {"g/position", H5T_IEEE_F64LE, 2, two, WEYL_SHAPE, "/g/position is [4, 2], expected [frames, points, d]"},
      {"g/temperature", H5T_IEEE_F64LE, 2, two, WEYL_FORMAT, "no dataset of positions"},
      {"x/velocity", H5T_IEEE_F64LE, 3, odd, WEYL_SHAPE,
       "/x/velocity is [4, 2, 2], expected the shape of the positions"},
      {"x/charge", H5T_IEEE_F64LE, 1, frames, WEYL_SHAPE, "/x/charge is [4], expected one number a point"},
      {"x/energy", H5T_IEEE_F64LE, 1, one, WEYL_SHAPE, "/x/energy is [2], expected one number a frame"},
  };
  weyl_context *ctx = test_context(1);
  for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
    hid_t f = create("c.h5");
    if (row[i].name[0] == 'x') put(f, "x/position", H5T_IEEE_F64LE, 3, three, 0);
    put(f, row[i].name, row[i].type, row[i].rank, row[i].dim, 0);
    H5Fclose(f);
    weyl_trajectories t;
    assert_says(ctx, weyl_trajectories_read(ctx, in_folder("c.h5"), &t), row[i].status, row[i].words);
    assert_int_equal(weyl_memory_used(ctx), 0);
  }
  H5Tclose(text);
  test_context_free(ctx);
}

/* Shapes that the file cannot hold are refused before memory is asked for; numbers in other files are not followed. */
static void impossible_claims(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const hsize_t huge[3] = {UINT64_C(1) << 36, 10, 3}, chunk[3] = {16, 10, 3},
                wrap[3] = {UINT64_C(1) << 62, UINT64_C(1) << 20, 3};
  for (int k = 0; k < 3; k++) {
    hid_t f = create("d.h5"), plist = H5Pcreate(H5P_DATASET_CREATE),
          space = H5Screate_simple(3, k == 1 ? wrap : huge, NULL);
    if (k < 2) {
      H5Pset_chunk(plist, 3, chunk);
      H5Pset_deflate(plist, 6);
    } else {
      H5Pset_external(plist, "secret.bin", 0, H5F_UNLIMITED);
    }
    H5E_auto2_t report;
    void *data;
    H5Eget_auto2(H5E_DEFAULT, &report, &data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const hid_t d = H5Dcreate2(f, "position", H5T_IEEE_F64LE, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    H5Eset_auto2(H5E_DEFAULT, report, data);
    if (d >= 0) H5Dclose(d);
    H5Sclose(space);
    H5Pclose(plist);
    H5Fclose(f);
    if (d < 0) continue; /* the library would not make it */
    weyl_trajectories t;
    weyl_status status = weyl_trajectories_read(ctx, in_folder("d.h5"), &t);
    assert_true(status == (k < 2 ? WEYL_FORMAT : WEYL_UNSUPPORTED));
    assert_non_null(strstr(weyl_message(ctx), "/position"));
    weyl_message_clear(ctx);
  }
  test_context_free(ctx);
}

/* The host's error printer comes back, and prefixes of a good file are refused. */
static void damaged(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  hid_t f = create("e.h5");
  put(f, "position", H5T_IEEE_F64LE, 3, three, 0);
  H5Fclose(f);
  H5E_auto2_t before, after;
  void *data;
  H5Eget_auto2(H5E_DEFAULT, &before, &data);
  assert_prefixes_refused(ctx, in_folder("e.h5"), in_folder("cut.h5"));
  H5Eget_auto2(H5E_DEFAULT, &after, &data);
  assert_true(before == after);
  test_write(in_folder("junk.h5"), "junk", 4);
  weyl_trajectories t;
  assert_says(ctx, weyl_trajectories_read(ctx, in_folder("junk.h5"), &t), WEYL_FORMAT,
              "junk.h5: cannot be opened as HDF5");
  assert_says(ctx, weyl_trajectories_read(ctx, in_folder("absent.h5"), &t), WEYL_NO_FILE, "absent.h5");
  char command[256];
  snprintf(command, sizeof command, "gzip -k %s/e.h5 2>/dev/null", folder);
  if (system(command) == 0) {
    assert_ok(ctx, weyl_trajectories_read(ctx, in_folder("e.h5.gz"), &t));
    assert_true(t.item[0].position[23] == 23);
    weyl_trajectories_free(&t);
  }
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(groups_and_names), cmocka_unit_test(h5md),
                                     cmocka_unit_test(wrong_datasets), cmocka_unit_test(impossible_claims),
                                     cmocka_unit_test(damaged)};
  return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
