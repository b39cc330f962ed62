# Where `weyl reproduce` looks for recipes when WEYL_RECIPES does not say: the source tree, then the installed folder.
include(GNUInstallDirs)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/train/recipe_find.c PROPERTIES COMPILE_DEFINITIONS
  "WEYL_RECIPE_SOURCE=\"${CMAKE_SOURCE_DIR}/recipes\";WEYL_RECIPE_INSTALLED=\"${CMAKE_INSTALL_FULL_DATADIR}/weyl/recipes\"")
