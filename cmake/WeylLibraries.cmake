# Outside libraries. Required ones stop the configuration with the package to install; optional ones are noted, and the
# feature says so at run time.
set(WEYL_BLAS_PKGCONFIG "openblas" CACHE STRING "pkg-config name of a CBLAS")
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(weyl_pkg name module package)
  pkg_check_modules(PC_${name} QUIET IMPORTED_TARGET ${module})
  if(NOT PC_${name}_FOUND)
    message(FATAL_ERROR "${module} was not found: apt install ${package}, or run 'make setup'")
  endif()
  add_library(${name} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(${name} INTERFACE PkgConfig::PC_${name})
endfunction()

weyl_pkg(jansson jansson libjansson-dev)
weyl_pkg(inih inih libinih-dev)
weyl_pkg(zip libzip libzip-dev)
weyl_pkg(crypto libcrypto libssl-dev)
weyl_pkg(hdf5 hdf5 libhdf5-dev)
weyl_pkg(blas ${WEYL_BLAS_PKGCONFIG} "libopenblas-serial-dev liblapacke-dev")
