# make install, the package of make deb, and what other builds find: weyl.pc and the CMake package.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# What a program with the static libweyl links beside it: the libraries themselves, which bring their own. Requires.private would ask for
# the development packages of everything behind them too.
execute_process(COMMAND ${PKG_CONFIG_EXECUTABLE} --libs jansson inih libzip libcrypto hdf5 liblzma zlib ${WEYL_PNG_PKGCONFIG} ${WEYL_BLAS_PKGCONFIG} lapacke sleef
  OUTPUT_VARIABLE WEYL_PC_PRIVATE OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
file(RELATIVE_PATH WEYL_PC_INCLUDE /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p/${CMAKE_INSTALL_INCLUDEDIR})

foreach(kind static shared)
  install(TARGETS weyl_${kind} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endforeach()
install(TARGETS weyl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET weyl_mpi)
  install(TARGETS weyl_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/weyl COMPONENT mpi)
endif()
install(DIRECTORY include/weyl DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY recipes/ DESTINATION ${CMAKE_INSTALL_DATADIR}/weyl/recipes FILES_MATCHING PATTERN "*.ini")
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN "*.png")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(EXISTS ${CMAKE_SOURCE_DIR}/README.md)
  install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
install(DIRECTORY ${CMAKE_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1")
install(FILES ${CMAKE_BINARY_DIR}/completion/weyl DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)

# Paths in these two are found from where the files are, so that a prefix given at installation works.
configure_file(cmake/weyl.pc.in ${CMAKE_BINARY_DIR}/weyl.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/weyl.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
configure_package_config_file(cmake/weylConfig.cmake.in ${CMAKE_BINARY_DIR}/weylConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/weyl PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/weylConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/weylConfig.cmake ${CMAKE_BINARY_DIR}/weylConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/weyl)

set(CPACK_PACKAGE_NAME weyl)
set(CPACK_PACKAGE_VENDOR weyl)
set(CPACK_PACKAGE_CONTACT "weyl developers <weyl@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
# what is opened at run time is not seen by shlibdeps
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gnuplot-nox, libhdf5-103-1, libcurl4")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libdnnl2")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
# the module for MPI brings all of Open MPI: a package of its own
if(TARGET weyl_mpi)
  set(CPACK_DEB_COMPONENT_INSTALL ON)
  set(CPACK_COMPONENTS_ALL Unspecified mpi)
  set(CPACK_DEBIAN_UNSPECIFIED_PACKAGE_NAME weyl)
  set(CPACK_DEBIAN_MPI_PACKAGE_NAME weyl-mpi)
  set(CPACK_COMPONENT_MPI_DESCRIPTION "training on several processes")
  set(CPACK_DEBIAN_MPI_PACKAGE_DEPENDS "weyl (= ${PROJECT_VERSION}), openmpi-bin")
endif()
include(CPack)
