#define HDF5_PLAIN_NAMES
#include "formats/hdf5_open.h"

#include <dlfcn.h>
#include <string.h>

hdf5_library data_hdf5;

#define TEXT(name)    #name
#define TEXT_OF(name) TEXT(name) /* of what a macro of hdf5.h stands for, where it is one */

static bool find(void *library, const char *name, void *to) {
  void *symbol = dlsym(library, name);
  memcpy(to, &symbol, sizeof symbol); /* POSIX: a function's address fits */
  return symbol != NULL;
}

weyl_status data_hdf5_open(weyl_context *ctx) {
  if (data_hdf5.native_double) return WEYL_OK;
  /* the library of the headers that this was compiled with; it stays open, as it does not like to be closed */
  void *library = dlopen(WEYL_HDF5_SONAME, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return weyl_fail(ctx, WEYL_UNSUPPORTED, "HDF5 files need %s, which cannot be opened: install HDF5",
                     WEYL_HDF5_SONAME);
  hdf5_library found = {0};
  bool good = true;
#define X(name) good = good && find(library, TEXT_OF(name), &found.name);
  HDF5_FUNCTIONS(X)
#undef X
  good = good && find(library, "H5T_NATIVE_DOUBLE_g", &found.native_double) && found.H5open() >= 0;
  /* A program that links HDF5 itself and names this variable has it, not the library. */
  if (good && *found.native_double <= 0) good = find(RTLD_DEFAULT, "H5T_NATIVE_DOUBLE_g", &found.native_double);
  if (!good) return weyl_fail(ctx, WEYL_UNSUPPORTED, "%s lacks a function that weyl needs", WEYL_HDF5_SONAME);
  data_hdf5 = found;
  return WEYL_OK;
}
