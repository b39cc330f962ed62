# The tensor-product kernels: generate/ writes their source at build time; the files *.isa.c, written or not, are compiled
# once for each instruction set and element type.
set(WEYL_TP_LMAX 6 CACHE STRING "highest degree with written tensor-product code in f32 on AVX2 and AVX-512; 4 at most elsewhere")
if(NOT WEYL_TP_LMAX MATCHES "^[0-9]+$" OR WEYL_TP_LMAX GREATER 8)
  message(FATAL_ERROR "WEYL_TP_LMAX is \"${WEYL_TP_LMAX}\", must be 0 to 8")
endif()
set(product_l_few ${WEYL_TP_LMAX})
if(product_l_few GREATER 4)
  set(product_l_few 4)
endif()

set(product_folder ${CMAKE_BINARY_DIR}/products)
file(MAKE_DIRECTORY ${product_folder})
file(GLOB product_generator CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/generate/*.c)
add_executable(weyl_generate_products ${product_generator} ${CMAKE_CURRENT_LIST_DIR}/couple.c
  ${CMAKE_CURRENT_LIST_DIR}/clebsch.c ${CMAKE_CURRENT_LIST_DIR}/tridiagonal.c)
target_include_directories(weyl_generate_products PRIVATE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(weyl_generate_products PRIVATE weyl_flags weyl_irrep_headers weyl_core_all m)
set(product_sources "")
foreach(kind full even)
  foreach(way forward backward gradients)
    list(APPEND product_sources ${product_folder}/product_${kind}_${way}.isa.c)
  endforeach()
endforeach()
add_custom_command(OUTPUT ${product_sources}
  COMMAND weyl_generate_products ${product_folder} ${WEYL_TP_LMAX}
  DEPENDS weyl_generate_products COMMENT "Writing the tensor-product kernels up to degree ${WEYL_TP_LMAX}" VERBATIM)
add_custom_target(weyl_product_sources DEPENDS ${product_sources})

set(product_isa base)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  list(APPEND product_isa avx2 avx512)
  target_compile_definitions(weyl_irrep PRIVATE WEYL_HAS_X86_KERNELS)
endif()
set(isa_flags_base -ffp-contract=fast)
set(isa_flags_avx2 -mavx2 -mfma)
set(isa_flags_avx512 -mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma -mprefer-vector-width=512)
file(GLOB product_by_hand CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/product_*.isa.c)
get_target_property(product_objects weyl_irrep WEYL_EXTRA_OBJECTS)
if(NOT product_objects)
  set(product_objects "")
endif()
set(product_targets "")
set(product_level 0)
foreach(isa ${product_isa})
  foreach(width 32 64)
    set(object weyl_products_${isa}_f${width})
    add_library(${object} OBJECT ${product_by_hand} ${product_sources})
    add_dependencies(${object} weyl_product_sources)
    target_include_directories(${object} PRIVATE ${CMAKE_SOURCE_DIR}/src/kernels $<TARGET_PROPERTY:weyl_irrep,INCLUDE_DIRECTORIES>)
    set(l_max ${product_l_few})
    if(width EQUAL 32 AND NOT isa STREQUAL "base")
      set(l_max ${WEYL_TP_LMAX})
    endif()
    target_compile_definitions(${object} PRIVATE $<TARGET_PROPERTY:weyl_flags,INTERFACE_COMPILE_DEFINITIONS>
      WEYL_ISA=${isa} WEYL_LEVEL=${product_level} WEYL_TYPE=f${width} WEYL_BITS=${width} PRODUCT_L_MAX=${l_max})
    # written code says itself what is fused, in the order in which it should run; nothing is left for vectorisers
    target_compile_options(${object} PRIVATE $<TARGET_PROPERTY:weyl_flags,INTERFACE_COMPILE_OPTIONS>
      -O2 -g0 -fno-math-errno -fno-tree-vectorize $<$<C_COMPILER_ID:GNU>:-fno-schedule-insns> ${isa_flags_${isa}})
    set_target_properties(${object} PROPERTIES WEYL_NO_COVERAGE ON)
    list(APPEND product_objects $<TARGET_OBJECTS:${object}>)
    list(APPEND product_targets ${object})
  endforeach()
  math(EXPR product_level "${product_level} + 1")
endforeach()
set_target_properties(weyl_irrep PROPERTIES WEYL_EXTRA_OBJECTS "${product_objects}")

# make product-sizes: what the kernels take in the library
set(product_files "")
foreach(object ${product_targets})
  list(APPEND product_files $<TARGET_OBJECTS:${object}>)
endforeach()
add_custom_target(product-sizes COMMAND size -t ${product_files} DEPENDS ${product_targets} COMMAND_EXPAND_LISTS VERBATIM)
message(STATUS "Tensor products: written code to degree ${WEYL_TP_LMAX} in f32 on AVX2 and AVX-512, ${product_l_few} elsewhere "
  "(WEYL_TP_LMAX; 'ninja product-sizes' prints their size)")

# The other files *.isa.c, as in the kernels room.
file(GLOB isa_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.isa.c)
list(FILTER isa_sources EXCLUDE REGEX "/product_[^/]*$")

get_target_property(isa_objects weyl_irrep WEYL_EXTRA_OBJECTS)
set(isa_level 0)
foreach(isa ${product_isa})
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
