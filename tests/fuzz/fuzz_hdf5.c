/* Our layer over HDF5: the input says which datasets a file gets, by name, type, shape and layout, well formed as HDF5
 * and odd as trajectories.  Files that are damaged as HDF5 are the library's own field. */
#include <hdf5.h>

#include "trajectories.h"

enum { RECORD = 10, RECORDS_MAX = 12, VALUES_MAX = 4096 };

static const char *const groups[] = {
    "", "a/", "a/b/", "particles/all/", "particles/all/position/", "c/d/e/f/g/h/i/j/", "box/"};
static const char *const names[] = {"position", "x",      "R",    "velocity", "V",          "force",
                                    "energy",   "charge", "q",    "type",     "z",          "species",
                                    "value",    "time",   "step", "edges",    "temperature"};

static hid_t type_of(uint8_t code) {
  switch (code % 8) {
    case 0: return H5T_IEEE_F32LE;
    case 1: return H5T_IEEE_F64BE;
    case 2: return H5T_STD_I8LE;
    case 3: return H5T_STD_U64LE;
    case 4: return H5T_C_S1;
    case 5: return H5T_STD_REF_OBJ;
    default: return H5T_IEEE_F64LE;
  }
}

static hsize_t dim_of(uint8_t code) { return code < 240 ? code % 7 : (hsize_t)1 << (4 * (code - 240)); }

/* group, name, type, rank, four dims, layout, value */
static void add_dataset(hid_t file, const uint8_t *r) {
  char name[128];
  snprintf(name, sizeof name, "%s%s", groups[r[0] % (sizeof groups / sizeof groups[0])],
           names[r[1] % (sizeof names / sizeof names[0])]);
  const int rank = r[3] % 6;
  hsize_t dim[6] = {1, 1, 1, 1, 1, 1}, chunk[6], n = 1;
  for (int k = 0; k < rank; k++) {
    dim[k] = dim_of(r[4 + k % 4]);
    chunk[k] = dim[k] < 4 ? dim[k] + 1 : 4;
    n = dim[k] > VALUES_MAX || n > VALUES_MAX ? VALUES_MAX + 1 : n * dim[k];
  }
  const hid_t space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, dim, NULL);
  const hid_t links = H5Pcreate(H5P_LINK_CREATE), plist = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  if (rank > 0 && r[8] % 4 == 1) H5Pset_chunk(plist, rank, chunk);
  if (rank > 0 && r[8] % 4 == 2 && H5Pset_chunk(plist, rank, chunk) >= 0) H5Pset_deflate(plist, 1);
  if (r[8] % 4 == 3) H5Pset_layout(plist, H5D_COMPACT);
  const hid_t type = type_of(r[2]);
  const hid_t d = space < 0 ? -1 : H5Dcreate2(file, name, type, space, links, plist, H5P_DEFAULT);
  const H5T_class_t class = H5Tget_class(type);
  if (d >= 0 && n > 0 && n <= VALUES_MAX && (class == H5T_FLOAT || class == H5T_INTEGER)) {
    double values[VALUES_MAX];
    for (hsize_t i = 0; i < n; i++) values[i] = r[9] == 255 ? 1e300 : (double)r[9] / 4 + (double)i;
    H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  }
  if (d >= 0) H5Dclose(d);
  H5Pclose(plist);
  H5Pclose(links);
  if (space >= 0) H5Sclose(space);
}

/* A second way to an object, perhaps in a circle, or a link to nowhere. */
static void add_link(hid_t file, const uint8_t *r) {
  static const char *const places[] = {"/", "/a", "/a/b", "/particles", "/particles/all"};
  const char *to = places[r[1] % 5];
  char from[64];
  snprintf(from, sizeof from, "%s/link%d", places[r[2] % 5], r[3]);
  if (H5Lexists(file, "a", H5P_DEFAULT) <= 0) return;
  if (r[4] % 3 == 0)
    H5Lcreate_hard(file, to, file, from, H5P_DEFAULT, H5P_DEFAULT);
  else if (r[4] % 3 == 1)
    H5Lcreate_soft(to, file, from, H5P_DEFAULT, H5P_DEFAULT);
  else
    H5Lcreate_external("elsewhere.h5", to, file, from, H5P_DEFAULT, H5P_DEFAULT);
}

/* The file is made in memory and copied, because the library would not create one under /proc. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[64];
  const int fd = fuzz_file(path);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* the library refuses some of what is asked for here */
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  FUZZ_CHECK(H5Pset_fapl_core(access, 1 << 16, false) >= 0);
  const hid_t file = H5Fcreate("fuzz.h5", H5F_ACC_TRUNC, H5P_DEFAULT, access);
  FUZZ_CHECK(file >= 0);
  for (size_t k = 0; k < RECORDS_MAX && (k + 1) * RECORD <= size; k++) {
    const uint8_t *r = data + k * RECORD;
    if (r[0] == 255)
      add_link(file, r);
    else
      add_dataset(file, r);
  }
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  const ssize_t n = H5Fget_file_image(file, NULL, 0);
  FUZZ_CHECK(n > 0);
  char *image = malloc((size_t)n);
  FUZZ_CHECK(image && H5Fget_file_image(file, image, (size_t)n) == n && write(fd, image, (size_t)n) == n);
  free(image);
  H5Fclose(file);
  H5Pclose(access);
  fuzz_read("hdf5", path);
  close(fd);
  return 0;
}
