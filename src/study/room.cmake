# A laboratory may have a header of its own, which study.h includes.
foreach(header sem noether bms)
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/include/weyl/${header}.h ${stage}/weyl/${header}.h SYMBOLIC)
endforeach()

# The files *.isa.c, as in the kernels room, but in single precision alone.
set(isa_levels base)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  list(APPEND isa_levels avx2 avx512)
  target_compile_definitions(weyl_study PUBLIC WEYL_HAS_X86_KERNELS)
endif()
set(isa_flags_base "")
set(isa_flags_avx2 -mavx2 -mfma)
set(isa_flags_avx512 -mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma -mprefer-vector-width=512)
file(GLOB_RECURSE isa_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.isa.c)
set(isa_objects "")
set(isa_level 0)
foreach(isa ${isa_levels})
  set(object weyl_study_${isa})
  add_library(${object} OBJECT ${isa_sources})
  target_include_directories(${object} PRIVATE $<TARGET_PROPERTY:weyl_study,INCLUDE_DIRECTORIES>
    ${CMAKE_SOURCE_DIR}/src/kernels)
  target_compile_definitions(${object} PRIVATE $<TARGET_PROPERTY:weyl_flags,INTERFACE_COMPILE_DEFINITIONS>
    WEYL_ISA=${isa} WEYL_LEVEL=${isa_level} WEYL_TYPE=f32 WEYL_BITS=32)
  target_compile_options(${object} PRIVATE $<TARGET_PROPERTY:weyl_flags,INTERFACE_COMPILE_OPTIONS>
    -O2 -ffp-contract=fast -fno-math-errno ${isa_flags_${isa}})
  set_target_properties(${object} PROPERTIES WEYL_NO_COVERAGE ON)
  list(APPEND isa_objects $<TARGET_OBJECTS:${object}>)
  math(EXPR isa_level "${isa_level} + 1")
endforeach()
set_target_properties(weyl_study PROPERTIES WEYL_EXTRA_OBJECTS "${isa_objects}")
