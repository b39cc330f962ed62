file(CREATE_LINK ${CMAKE_SOURCE_DIR}/include/weyl/circle.h ${stage}/weyl/circle.h SYMBOLIC)
