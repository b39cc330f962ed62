/* HDF5, opened when the first file of it is read: linked, it and the libraries it brings would cost every start of a
 * program some milliseconds.  To be included in place of hdf5.h; calls keep the names of the library. */
#ifndef WEYL_DATA_HDF5_OPEN_H
#define WEYL_DATA_HDF5_OPEN_H

#include <hdf5.h>

#include <weyl/core.h>

/* What hdf5.c calls; H5open and H5check_version stand in macros of hdf5.h. */
#define HDF5_FUNCTIONS(X)                                                                                           \
  X(H5open)                                                                                                         \
  X(H5check_version) X(H5Dclose) X(H5Dget_create_plist) X(H5Dget_space) X(H5Dget_storage_size) X(H5Dget_type)       \
      X(H5Dopen2) X(H5Dread) X(H5Eget_auto2) X(H5Eset_auto2) X(H5Fclose) X(H5Fget_filesize) X(H5Fopen) X(H5Gclose)  \
          X(H5Gopen2) X(H5Iget_type) X(H5Lexists) X(H5Literate) X(H5Oclose) X(H5Oget_info2) X(H5Oopen) X(H5Pclose)  \
              X(H5Pget_external_count) X(H5Pget_layout) X(H5Pget_nfilters) X(H5Sclose) X(H5Sget_simple_extent_dims) \
                  X(H5Sget_simple_extent_ndims) X(H5Tclose) X(H5Tget_class) X(H5Tget_size)

typedef struct hdf5_library {
#define X(name) __typeof__(name) *name;
  HDF5_FUNCTIONS(X)
#undef X
  hid_t *native_double; /* set by H5open */
} hdf5_library;

/* Empty until data_hdf5_open has succeeded; callers hold the lock of hdf5.c. */
extern hdf5_library data_hdf5;
weyl_status data_hdf5_open(weyl_context *ctx);

#ifndef HDF5_PLAIN_NAMES
#define H5open              data_hdf5.H5open
#define H5check_version     data_hdf5.H5check_version
#define H5Dclose            data_hdf5.H5Dclose
#define H5Dget_create_plist data_hdf5.H5Dget_create_plist
#define H5Dget_space        data_hdf5.H5Dget_space
#define H5Dget_storage_size data_hdf5.H5Dget_storage_size
#define H5Dget_type         data_hdf5.H5Dget_type
#define H5Dopen2            data_hdf5.H5Dopen2
#define H5Dread             data_hdf5.H5Dread
#define H5Eget_auto2        data_hdf5.H5Eget_auto2
#define H5Eset_auto2        data_hdf5.H5Eset_auto2
#define H5Fclose            data_hdf5.H5Fclose
#define H5Fget_filesize     data_hdf5.H5Fget_filesize
#define H5Fopen             data_hdf5.H5Fopen
#define H5Gclose            data_hdf5.H5Gclose
#define H5Gopen2            data_hdf5.H5Gopen2
#define H5Iget_type         data_hdf5.H5Iget_type
#define H5Lexists           data_hdf5.H5Lexists
#ifdef H5Literate /* from 1.12 on, a name for one of several versions */
#define H5Literate1 data_hdf5.H5Literate1
#define H5Literate2 data_hdf5.H5Literate2
#else
#define H5Literate data_hdf5.H5Literate
#endif
#define H5Oclose                   data_hdf5.H5Oclose
#define H5Oget_info2               data_hdf5.H5Oget_info2
#define H5Oopen                    data_hdf5.H5Oopen
#define H5Pclose                   data_hdf5.H5Pclose
#define H5Pget_external_count      data_hdf5.H5Pget_external_count
#define H5Pget_layout              data_hdf5.H5Pget_layout
#define H5Pget_nfilters            data_hdf5.H5Pget_nfilters
#define H5Sclose                   data_hdf5.H5Sclose
#define H5Sget_simple_extent_dims  data_hdf5.H5Sget_simple_extent_dims
#define H5Sget_simple_extent_ndims data_hdf5.H5Sget_simple_extent_ndims
#define H5Tclose                   data_hdf5.H5Tclose
#define H5Tget_class               data_hdf5.H5Tget_class
#define H5Tget_size                data_hdf5.H5Tget_size
#undef H5T_NATIVE_DOUBLE
#define H5T_NATIVE_DOUBLE (H5OPEN * data_hdf5.native_double)
#endif

#endif
