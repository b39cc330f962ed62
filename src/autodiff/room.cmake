# oneDNN is opened at run time; its header is wanted when compiling. Without it convolutions run through our own GEMM.
find_path(WEYL_DNNL_INCLUDE oneapi/dnnl/dnnl.h)
if(WEYL_DNNL_INCLUDE)
  target_include_directories(weyl_autodiff SYSTEM PRIVATE ${WEYL_DNNL_INCLUDE})
  target_compile_definitions(weyl_autodiff PRIVATE WEYL_HAVE_DNNL)
  target_link_libraries(weyl_autodiff PUBLIC ${CMAKE_DL_LIBS})
endif()
