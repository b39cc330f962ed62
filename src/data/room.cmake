# The integrator's loops over simulations become vectors: sqrt may not set errno, and divisions are not guarded.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/data/sim/nbody_block.c PROPERTIES
  COMPILE_OPTIONS "-O3;-fno-math-errno;-fno-trapping-math")
