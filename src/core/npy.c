#include "bundle.h"
#include "internal.h"
#include "npy_header.h"

#include <inttypes.h>
#include <string.h>

static float half_to_float(uint16_t half) {
  const uint32_t sign = (uint32_t)(half >> 15) << 31, exponent = half >> 10 & 31, fraction = half & 1023;
  uint32_t bits;
  float value;
  if (exponent == 0) { /* zero and denormals: fraction * 2^-24 is exact */
    value = (float)fraction * 0x1p-24f;
    memcpy(&bits, &value, 4);
    bits |= sign;
  } else if (exponent == 31) {
    bits = sign | 0x7f800000u | fraction << 13;
  } else {
    bits = sign | (exponent + 112) << 23 | fraction << 13;
  }
  memcpy(&value, &bits, 4);
  return value;
}

/* The element at `from`, least byte first, widened to 64 bits without sign. */
static uint64_t load(const unsigned char *from, int width, bool swap) {
  uint64_t bits = 0;
  for (int i = 0; i < width; i++) bits |= (uint64_t)from[swap ? width - 1 - i : i] << (8 * i);
  return bits;
}

static int64_t sign_extend(uint64_t bits, int width) {
  const int shift = 64 - 8 * width;
  return (int64_t)(bits << shift) >> shift;
}

/* Writes element i of the result. */
static void store(const npy_header *h, uint64_t bits, void *data, size_t i) {
  const int64_t whole = h->kind == 'i' ? sign_extend(bits, h->width) : (int64_t)bits;
  switch (h->dtype) {
    case WEYL_U8: ((uint8_t *)data)[i] = h->kind == 'b' ? bits != 0 : (uint8_t)bits; break;
    case WEYL_I32: ((int32_t *)data)[i] = (int32_t)whole; break;
    case WEYL_I64: ((int64_t *)data)[i] = whole; break;
    case WEYL_F32:
      if (h->width == 2) {
        ((float *)data)[i] = half_to_float((uint16_t)bits);
      } else {
        const uint32_t word = (uint32_t)bits;
        memcpy((float *)data + i, &word, 4);
      }
      break;
    case WEYL_F64: memcpy((double *)data + i, &bits, 8); break;
  }
}

/* Elements in the order of the result; `at` walks through the file by the strides of its own order. */
static void convert(const npy_header *h, const unsigned char *from, int64_t size, void *data) {
  int64_t stride[WEYL_RANK_MAX], index[WEYL_RANK_MAX] = {0}, at = 0, step = 1;
  for (int k = 0; k < h->rank; k++) {
    const int axis = h->column ? k : h->rank - 1 - k;
    stride[axis] = step;
    step *= h->dim[axis];
  }
  for (int64_t i = 0; i < size; i++) {
    store(h, load(from + at * h->width, h->width, h->swap), data, (size_t)i);
    for (int axis = h->rank - 1; axis >= 0; axis--) {
      at += stride[axis];
      if (++index[axis] < h->dim[axis]) break;
      at -= stride[axis] * h->dim[axis];
      index[axis] = 0;
    }
  }
}

weyl_status weyl_npy_parse(weyl_context *ctx, const void *bytes, size_t n, const char *place, weyl_bundle *into,
                           const char *name) {
  npy_header h;
  WEYL_TRY(npy_header_parse(ctx, bytes, n, place, &h));
  const unsigned char *from = (const unsigned char *)bytes + h.offset;
  weyl_array shape = {.dtype = h.dtype, .rank = h.rank};
  memcpy(shape.dim, h.dim, sizeof h.dim);
  const int64_t size = weyl_array_size(&shape);

  const bool wide_unsigned = h.kind == 'u' && h.width == 8;
  for (int64_t i = 0; wide_unsigned && i < size; i++) {
    const uint64_t bits = load(from + i * 8, 8, h.swap);
    if (bits > INT64_MAX)
      return weyl_fail(ctx, WEYL_DTYPE, "%s: element %" PRId64 " is %" PRIu64 ", too large for a signed integer", place,
                       i, bits);
  }
  void *data;
  const weyl_status status = core_bundle_reserve(into, name, h.dtype, h.rank, h.dim, &data);
  if (status != WEYL_OK) return weyl_fail_within(ctx, status, "%s", place);
  const bool as_it_is =
      !h.swap && h.kind != 'b' && weyl_dtype_size(h.dtype) == (size_t)h.width && (!h.column || h.rank < 2);
  if (!as_it_is)
    convert(&h, from, size, data);
  else if (size > 0)
    memcpy(data, from, (size_t)size * (size_t)h.width);
  return WEYL_OK;
}
