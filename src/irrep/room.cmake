# The files *.isa.c, once for each instruction set and element type, as in the kernels room.
file(GLOB isa_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.isa.c)
set(isa_levels base)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  list(APPEND isa_levels avx2 avx512)
  target_compile_definitions(weyl_irrep PRIVATE WEYL_HAS_X86_KERNELS)
endif()
set(isa_flags_base "")
set(isa_flags_avx2 -mavx2 -mfma)
set(isa_flags_avx512 -mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma -mprefer-vector-width=512)

set(isa_objects "")
set(isa_level 0)
foreach(isa ${isa_levels})
  foreach(width 32 64)
    set(object weyl_irrep_${isa}_f${width})
    add_library(${object} OBJECT ${isa_sources})
    target_include_directories(${object} PRIVATE $<TARGET_PROPERTY:weyl_irrep,INCLUDE_DIRECTORIES>
      ${CMAKE_SOURCE_DIR}/src/kernels)
    target_compile_definitions(${object} PRIVATE $<TARGET_PROPERTY:weyl_flags,INTERFACE_COMPILE_DEFINITIONS>
      WEYL_ISA=${isa} WEYL_LEVEL=${isa_level} WEYL_TYPE=f${width} WEYL_BITS=${width})
    target_compile_options(${object} PRIVATE $<TARGET_PROPERTY:weyl_flags,INTERFACE_COMPILE_OPTIONS>
      -O2 -ffp-contract=fast -fno-math-errno -fno-schedule-insns ${isa_flags_${isa}})
    set_target_properties(${object} PROPERTIES WEYL_NO_COVERAGE ON)
    list(APPEND isa_objects $<TARGET_OBJECTS:${object}>)
  endforeach()
  math(EXPR isa_level "${isa_level} + 1")
endforeach()
set_target_properties(weyl_irrep PROPERTIES WEYL_EXTRA_OBJECTS "${isa_objects}")
