# The integrator's loops over simulations become vectors: sqrt may not set errno, and divisions are not guarded.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/data/sim/nbody_block.c PROPERTIES
  COMPILE_OPTIONS "-O3;-fno-math-errno;-fno-trapping-math")

# HDF5 is opened at run time by the name that its library has for the linker: libhdf5_serial.so.103
get_target_property(hdf5_file PkgConfig::PC_hdf5 INTERFACE_LINK_LIBRARIES)
list(FILTER hdf5_file INCLUDE REGEX "/libhdf5")
list(GET hdf5_file 0 hdf5_file)
file(REAL_PATH ${hdf5_file} hdf5_file)
get_filename_component(hdf5_soname ${hdf5_file} NAME)
string(REGEX REPLACE "(\\.so\\.[0-9]+).*" "\\1" hdf5_soname ${hdf5_soname})
target_compile_definitions(weyl_data PRIVATE WEYL_HDF5_SONAME="${hdf5_soname}")
