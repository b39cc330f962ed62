#include <weyl/core.h>

static const struct {
  const char *name;
  size_t size;
} types[] = {
    [WEYL_F32] = {"f32", 4}, [WEYL_F64] = {"f64", 8}, [WEYL_I32] = {"i32", 4},
    [WEYL_I64] = {"i64", 8}, [WEYL_U8] = {"u8", 1},
};

size_t weyl_dtype_size(weyl_dtype dtype) {
  return (size_t)dtype < sizeof types / sizeof types[0] ? types[dtype].size : 0;
}

const char *weyl_dtype_name(weyl_dtype dtype) {
  return (size_t)dtype < sizeof types / sizeof types[0] ? types[dtype].name : "?";
}

int64_t weyl_array_size(const weyl_array *array) {
  if (array->rank < 0 || array->rank > WEYL_RANK_MAX) return -1;
  bool empty = false, overflow = false;
  int64_t size = 1;
  for (int i = 0; i < array->rank; i++) {
    if (array->dim[i] < 0) return -1;
    empty = empty || array->dim[i] == 0;
    overflow = __builtin_mul_overflow(size, array->dim[i], &size) || overflow;
  }
  if (empty) return 0;
  return overflow ? -1 : size;
}
