# A laboratory may have a header of its own, which study.h includes.
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/include/weyl/sem.h ${stage}/weyl/sem.h SYMBOLIC)
