# Tables stand in a header of their own.
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/include/weyl/table.h ${CMAKE_BINARY_DIR}/stage/core/weyl/table.h SYMBOLIC)
