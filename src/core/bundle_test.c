#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "folder.h"

static size_t bytes_of(const weyl_array *a) { return (size_t)weyl_array_size(a) * weyl_dtype_size(a->dtype); }

static weyl_bundle *random_bundle(weyl_context *ctx, weyl_rng *rng) {
  static const char *const names[] = {"x", "", "enc.0.weight", "a/b c", "caf\xc3\xa9", "\"quoted\\\"", "z\n"};
  weyl_bundle *b = NULL;
  assert_ok(ctx, weyl_bundle_new(ctx, &b));
  const size_t count = (size_t)weyl_rng_below(rng, 8);
  for (size_t k = 0; k < count; k++) {
    weyl_array a = {.dtype = (weyl_dtype)weyl_rng_below(rng, 5), .rank = (int)weyl_rng_below(rng, 5)};
    for (int i = 0; i < a.rank; i++) a.dim[i] = (int64_t)weyl_rng_below(rng, 6);
    unsigned char data[8 * 625];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)weyl_rng_u64(rng);
    a.data = data;
    if (k < 7) assert_ok(ctx, weyl_bundle_add(b, names[k], &a));
  }
  return b;
}

static void assert_same(const weyl_bundle *a, const weyl_bundle *b) {
  assert_int_equal(weyl_bundle_count(a), weyl_bundle_count(b));
  for (size_t i = 0; i < weyl_bundle_count(a); i++) {
    const weyl_array *x = weyl_bundle_array(a, i), *y = weyl_bundle_array(b, i);
    assert_string_equal(weyl_bundle_name(a, i), weyl_bundle_name(b, i));
    assert_int_equal(x->dtype, y->dtype);
    assert_int_equal(x->rank, y->rank);
    for (int k = 0; k < x->rank; k++) assert_int_equal(x->dim[k], y->dim[k]);
    if (bytes_of(x) > 0) assert_memory_equal(x->data, y->data, bytes_of(x));
    assert_ptr_equal(weyl_bundle_find(b, weyl_bundle_name(a, i)), y);
  }
}

static void assert_same_file(weyl_context *ctx, const char *a, const char *b) {
  char one[65], two[65];
  assert_ok(ctx, weyl_file_sha256(ctx, a, one));
  assert_ok(ctx, weyl_file_sha256(ctx, b, two));
  assert_string_equal(one, two);
}

PROPERTY(npz_round_trip, 40) {
  weyl_context *ctx = test_context(1);
  weyl_bundle *b = random_bundle(ctx, rng), *back = NULL;
  assert_ok(ctx, weyl_npz_write(ctx, in_folder("t.npz"), b));
  assert_ok(ctx, weyl_npz_read(ctx, in_folder("t.npz"), &back));
  assert_same(b, back);
  assert_ok(ctx, weyl_npz_write(ctx, in_folder("u.npz"), back));
  assert_same_file(ctx, in_folder("t.npz"), in_folder("u.npz"));
  weyl_bundle_free(b);
  weyl_bundle_free(back);
  test_context_free(ctx);
}

PROPERTY(safetensors_round_trip, 60) {
  weyl_context *ctx = test_context(1);
  weyl_bundle *b = random_bundle(ctx, rng), *back = NULL;
  for (uint64_t k = weyl_rng_below(rng, 12); k > 0; k--) {
    char key[20];
    snprintf(key, sizeof key, "k%d", (int)(k % 10));
    assert_ok(ctx, weyl_bundle_note(b, key, k % 2 ? "v \"1\"\n" : ""));
  }
  assert_ok(ctx, weyl_bundle_note(b, "version", "0"));
  assert_ok(ctx, weyl_bundle_note(b, "version", "1"));
  assert_ok(ctx, weyl_safetensors_write(ctx, in_folder("t.st"), b));
  assert_ok(ctx, weyl_safetensors_read(ctx, in_folder("t.st"), &back));
  assert_same(b, back);
  assert_string_equal(weyl_bundle_noted(back, "version"), "1");
  assert_null(weyl_bundle_noted(back, "absent"));
  assert_ok(ctx, weyl_safetensors_write(ctx, in_folder("u.st"), back));
  assert_same_file(ctx, in_folder("t.st"), in_folder("u.st"));
  weyl_bundle_free(b);
  weyl_bundle_free(back);
  test_context_free(ctx);
}

static void names_are_unique_text(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_bundle *b = NULL;
  assert_ok(ctx, weyl_bundle_new(ctx, &b));
  double one = 1;
  weyl_array a = {.data = &one, .dtype = WEYL_F64};
  assert_ok(ctx, weyl_bundle_add(b, "x", &a));
  const weyl_array *first = weyl_bundle_find(b, "x");
  assert_says(ctx, weyl_bundle_add(b, "x", &a), WEYL_BAD_ARG, "\"x\"");
  assert_status(ctx, weyl_bundle_add(b, "\xff", &a), WEYL_BAD_ARG);
  assert_status(ctx, weyl_bundle_note(b, "k", "\xc0\x80"), WEYL_BAD_ARG);
  a.rank = 9;
  assert_status(ctx, weyl_bundle_add(b, "y", &a), WEYL_SHAPE);
  a.rank = 2;
  a.dim[0] = a.dim[1] = (int64_t)1 << 40;
  assert_status(ctx, weyl_bundle_add(b, "y", &a), WEYL_SHAPE);
  a.rank = 0;
  a.dtype = (weyl_dtype)9;
  assert_status(ctx, weyl_bundle_add(b, "y", &a), WEYL_DTYPE);
  a.dtype = WEYL_F64;
  for (int k = 0; k < 1000; k++) {
    char name[20];
    snprintf(name, sizeof name, "n%d", k);
    one = k;
    assert_ok(ctx, weyl_bundle_add(b, name, &a));
  }
  assert_int_equal(weyl_bundle_count(b), 1001);
  assert_true(*(const double *)weyl_bundle_find(b, "n777")->data == 777);
  assert_null(weyl_bundle_find(b, "n1000"));
  assert_ptr_equal(weyl_bundle_find(b, "x"), first);
  assert_says(ctx, weyl_npz_write(ctx, in_folder("many.npy"), b), WEYL_BAD_ARG, "one array");
  assert_ok(ctx, weyl_bundle_add(b, "__metadata__", &a));
  assert_status(ctx, weyl_safetensors_write(ctx, in_folder("meta"), b), WEYL_BAD_ARG);
  weyl_bundle_free(b);
  weyl_bundle_free(NULL);
  test_context_free(ctx);
}

/* ---- npy ---- */

static size_t npy(unsigned char *out, int version, const char *header, const void *data, size_t n) {
  const size_t length = strlen(header), start = version == 1 ? 10 : 12;
  memcpy(out, "\x93NUMPY", 6);
  out[6] = (unsigned char)version;
  out[7] = 0;
  for (size_t i = 8; i < start; i++) out[i] = (unsigned char)(length >> (8 * (i - 8)));
  memcpy(out + start, header, length);
  if (n > 0) memcpy(out + start + length, data, n);
  return start + length + n;
}

/* Parses the array, in a buffer of its exact size so that reading past it is seen. */
static weyl_status parse(weyl_context *ctx, int version, const char *header, const void *data, size_t n,
                         weyl_bundle **out) {
  unsigned char bytes[2048];
  const size_t size = npy(bytes, version, header, data, n);
  unsigned char *exact = malloc(size);
  memcpy(exact, bytes, size);
  weyl_bundle *b = NULL;
  assert_ok(ctx, weyl_bundle_new(ctx, &b));
  const weyl_status status = weyl_npy_parse(ctx, exact, size, "t.npy", b, "");
  free(exact);
  if (status == WEYL_OK && out)
    *out = b;
  else
    weyl_bundle_free(b);
  return status;
}

static void assert_values(weyl_context *ctx, const char *header, const void *data, size_t n, weyl_dtype dtype,
                          size_t count, const double *expected) {
  for (int version = 1; version <= 3; version++) {
    weyl_bundle *b;
    assert_ok(ctx, parse(ctx, version, header, data, n, &b));
    const weyl_array *a = weyl_bundle_array(b, 0);
    assert_int_equal(a->dtype, dtype);
    assert_int_equal(weyl_array_size(a), count);
    for (size_t i = 0; i < count; i++) {
      double x = 0;
      switch (a->dtype) {
        case WEYL_F32: x = ((const float *)a->data)[i]; break;
        case WEYL_F64: x = ((const double *)a->data)[i]; break;
        case WEYL_I32: x = ((const int32_t *)a->data)[i]; break;
        case WEYL_I64: x = (double)((const int64_t *)a->data)[i]; break;
        case WEYL_U8: x = ((const uint8_t *)a->data)[i]; break;
      }
      if (isnan(expected[i]))
        assert_true(isnan(x));
      else
        assert_true(x == expected[i]);
    }
    weyl_bundle_free(b);
  }
}

#define HEAD(descr, order, shape) "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }\n"

static void npy_types(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  assert_values(ctx, HEAD("|b1", "False", "(3,)"), "\0\1\5", 3, WEYL_U8, 3, (double[]){0, 1, 1});
  assert_values(ctx, HEAD("|u1", "False", "(2,)"), "\xff\1", 2, WEYL_U8, 2, (double[]){255, 1});
  assert_values(ctx, HEAD("|i1", "False", "(2,)"), "\xff\x7f", 2, WEYL_I32, 2, (double[]){-1, 127});
  assert_values(ctx, HEAD("<i2", "False", "(1,)"), "\xfe\xff", 2, WEYL_I32, 1, (double[]){-2});
  assert_values(ctx, HEAD(">i2", "False", "(1,)"), "\xff\xfe", 2, WEYL_I32, 1, (double[]){-2});
  assert_values(ctx, HEAD("<u2", "False", "(1,)"), "\xfe\xff", 2, WEYL_I32, 1, (double[]){65534});
  assert_values(ctx, HEAD("<i4", "False", "(1,)"), "\xfe\xff\xff\xff", 4, WEYL_I32, 1, (double[]){-2});
  assert_values(ctx, HEAD(">i4", "False", "(1,)"), "\xff\xff\xff\xfe", 4, WEYL_I32, 1, (double[]){-2});
  assert_values(ctx, HEAD("<u4", "False", "(1,)"), "\xfe\xff\xff\xff", 4, WEYL_I64, 1, (double[]){4294967294.});
  assert_values(ctx, HEAD(">i8", "False", "(1,)"), "\xff\xff\xff\xff\xff\xff\xff\xfd", 8, WEYL_I64, 1, (double[]){-3});
  assert_values(ctx, HEAD("<u8", "False", "()"), "\7\0\0\0\0\0\0\0", 8, WEYL_I64, 1, (double[]){7});
  assert_values(ctx, HEAD("<f4", "False", "(1,)"), "\0\0\xc0\x3f", 4, WEYL_F32, 1, (double[]){1.5});
  assert_values(ctx, HEAD(">f4", "False", "(1,)"), "\x3f\xc0\0\0", 4, WEYL_F32, 1, (double[]){1.5});
  assert_values(ctx, HEAD("<f8", "False", "(1,)"), "\0\0\0\0\0\0\xf8\xbf", 8, WEYL_F64, 1, (double[]){-1.5});
  assert_values(ctx, HEAD(">f8", "False", "(1,)"), "\xbf\xf8\0\0\0\0\0\0", 8, WEYL_F64, 1, (double[]){-1.5});
  /* half: 1, -2, the largest, the smallest normal, the smallest denormal, infinity, NaN, -0 */
  static const uint16_t half[] = {0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x7c00, 0x7e00, 0x8000};
  assert_values(ctx, HEAD("<f2", "False", "(2, 4)"), half, 16, WEYL_F32, 8,
                (double[]){1, -2, 65504, 0x1p-14, 0x1p-24, INFINITY, NAN, 0});
  test_context_free(ctx);
}

static void npy_orders(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const uint8_t data[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  assert_values(ctx, HEAD("|u1", "True", "(2, 3)"), data, 6, WEYL_U8, 6, (double[]){0, 2, 4, 1, 3, 5});
  assert_values(ctx, HEAD("|u1", "True", "(2, 3, 2)"), data, 12, WEYL_U8, 12,
                (double[]){0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11});
  assert_values(ctx, HEAD("|u1", "False", "(2, 3)"), data, 6, WEYL_U8, 6, (double[]){0, 1, 2, 3, 4, 5});
  assert_values(ctx, HEAD("|u1", "True", "(4,)"), data, 4, WEYL_U8, 4, (double[]){0, 1, 2, 3});
  assert_values(ctx, HEAD("|u1", "True", "(0, 4611686018427387904, 4)"), data, 0, WEYL_U8, 0, NULL);
  assert_values(ctx, "{\"shape\":(2L,1L),\"descr\":\"|u1\",\"fortran_order\":False}", data, 2, WEYL_U8, 2,
                (double[]){0, 1});
  test_context_free(ctx);
}

static void npy_refuses(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  static const struct {
    const char *header, *words;
    size_t n;
    weyl_status status;
  } bad[] = {
      {HEAD("|O", "False", "(1,)"), "Python objects", 8, WEYL_DTYPE},
      {HEAD("<c8", "False", "(1,)"), "<c8", 8, WEYL_DTYPE},
      {HEAD("<f16", "False", "(1,)"), "<f16", 16, WEYL_DTYPE},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "records", 4, WEYL_DTYPE},
      {HEAD("<f4", "False", "(2,)"), "4 bytes of data", 4, WEYL_FORMAT},
      {HEAD("<f4", "False", "(1,)"), "5 bytes of data", 5, WEYL_FORMAT},
      {HEAD("<f8", "False", "(4611686018427387904, 4)"), "data", 8, WEYL_FORMAT},
      {HEAD("<f8", "False", "(2305843009213693952,)"), "data", 0, WEYL_FORMAT},
      {HEAD("<f4", "False", "(99999999999999999999,)"), "whole number", 4, WEYL_FORMAT},
      {HEAD("<f4", "False", "(-1,)"), "whole number", 4, WEYL_FORMAT},
      {HEAD("<f4", "False", "(1 1)"), "comma", 4, WEYL_FORMAT},
      {HEAD("<f4", "False", "(1,1,1,1,1,1,1,1,1)"), "dimensions", 4, WEYL_FORMAT},
      {HEAD("<f4", "False", "[1]"), "tuple", 4, WEYL_FORMAT},
      {HEAD("<f4", "Maybe", "(1,)"), "neither True nor False", 4, WEYL_FORMAT},
      {HEAD("<f4", "False", "(1,"), "whole number", 4, WEYL_FORMAT},
      {"{'descr': '<f4', 'shape': (1,), }", "needs", 4, WEYL_FORMAT},
      {"{'descr': '<f4', 'descr': '<f4', 'shape': (1,), }", "twice", 4, WEYL_FORMAT},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", "unknown key", 4, WEYL_FORMAT},
      {HEAD("<f4", "False", "(1,)") "x", "follows", 4, WEYL_FORMAT},
      {"{'descr", "'key': value", 0, WEYL_FORMAT},
      {"", "begin with {", 0, WEYL_FORMAT},
  };
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    const char data[16] = {0};
    assert_says(ctx, parse(ctx, 1, bad[k].header, data, bad[k].n, NULL), bad[k].status, bad[k].words);
  }
  assert_says(ctx, parse(ctx, 4, HEAD("<f4", "False", "(1,)"), "1234", 4, NULL), WEYL_FORMAT, "version");
  assert_says(ctx, parse(ctx, 1, HEAD("<u8", "False", "(1,)"), "\0\0\0\0\0\0\0\x80", 8, NULL), WEYL_DTYPE,
              "9223372036854775808");
  weyl_bundle *b;
  assert_ok(ctx, weyl_bundle_new(ctx, &b));
  assert_says(ctx, weyl_npy_parse(ctx, "\x93NUMPY\2\0\xff\xff\xff\xff{}", 14, "big.npy", b, ""), WEYL_FORMAT,
              "4294967295");
  weyl_bundle_free(b);
  test_context_free(ctx);
}

/* ---- files ---- */

static weyl_bundle *small_bundle(weyl_context *ctx) {
  weyl_bundle *b = NULL;
  if (weyl_bundle_new(ctx, &b) != WEYL_OK) return NULL;
  const weyl_array x = {.data = (float[]){1, 2, 3, 4}, .dtype = WEYL_F32, .rank = 2, .dim = {2, 2}};
  const weyl_array y = {.data = (int64_t[]){5}, .dtype = WEYL_I64};
  if (weyl_bundle_add(b, "x", &x) != WEYL_OK || weyl_bundle_add(b, "y", &y) != WEYL_OK ||
      weyl_bundle_note(b, "format", "1") != WEYL_OK) {
    weyl_bundle_free(b);
    return NULL;
  }
  return b;
}

typedef weyl_status reader(weyl_context *ctx, const char *path, weyl_bundle **out);

/* Files cut at any byte or with one byte changed are refused or read, never crashed on. With a checksum
 * (npz) or where the byte is structure they are refused with a message. */
static void damage(reader *read, const char *path) {
  weyl_context *ctx = test_context(1);
  char *bytes;
  size_t n;
  assert_ok(ctx, weyl_file_read(ctx, path, 0, &bytes, &n));
  const char *hurt = in_folder("hurt");
  for (size_t cut = 0; cut < n; cut++) {
    test_write(hurt, bytes, cut);
    weyl_bundle *b = NULL;
    const weyl_status status = read(ctx, hurt, &b);
    assert_true(status == WEYL_FORMAT || status == WEYL_DTYPE);
    assert_null(b);
    assert_status(ctx, status, status);
  }
  for (size_t at = 0; at < n; at++) {
    for (int bit = 0; bit < 8; bit += 3) {
      bytes[at] = (char)(bytes[at] ^ 1 << bit);
      test_write(hurt, bytes, n);
      weyl_bundle *b = NULL;
      const weyl_status status = read(ctx, hurt, &b);
      if (status != WEYL_OK) assert_status(ctx, status, status);
      weyl_bundle_free(b);
      bytes[at] = (char)(bytes[at] ^ 1 << bit);
    }
  }
  weyl_dealloc(ctx, bytes);
  test_context_free(ctx);
}

static void damaged_files(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_bundle *b = small_bundle(ctx), *one = NULL;
  assert_ok(ctx, weyl_npz_write(ctx, in_folder("d.npz"), b));
  assert_ok(ctx, weyl_safetensors_write(ctx, in_folder("d.st"), b));
  assert_ok(ctx, weyl_bundle_new(ctx, &one));
  assert_ok(ctx, weyl_bundle_add(one, "", weyl_bundle_find(b, "x")));
  assert_ok(ctx, weyl_npz_write(ctx, in_folder("d.npy"), one));
  weyl_bundle_free(b);
  assert_ok(ctx, weyl_npz_read(ctx, in_folder("d.npy"), &b));
  assert_same(one, b);
  weyl_bundle_free(b);
  weyl_bundle_free(one);
  test_context_free(ctx);
  damage(weyl_npz_read, in_folder("d.npz"));
  damage(weyl_npz_read, in_folder("d.npy"));
  damage(weyl_safetensors_read, in_folder("d.st"));
}

static void npz_refuses(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_bundle *b = NULL;
  test_write(in_folder("garbage"), "PK\3\4 and then nothing of a zip", 31);
  assert_status(ctx, weyl_npz_read(ctx, in_folder("garbage"), &b), WEYL_FORMAT);
  test_write(in_folder("text"), "hello", 5);
  assert_says(ctx, weyl_npz_read(ctx, in_folder("text"), &b), WEYL_FORMAT, "neither");
  test_write(in_folder("text"), "", 0);
  assert_says(ctx, weyl_npz_read(ctx, in_folder("text"), &b), WEYL_FORMAT, "neither");
  assert_says(ctx, weyl_npz_read(ctx, in_folder("absent.npz"), &b), WEYL_NO_FILE, "absent");
  assert_status(ctx, weyl_npz_read(ctx, folder, &b), WEYL_IO);
  assert_null(b);

  /* one changed byte of the data: the checksum tells */
  weyl_bundle *small = small_bundle(ctx);
  assert_ok(ctx, weyl_npz_write(ctx, in_folder("c.npz"), small));
  weyl_bundle_free(small);
  char *bytes;
  size_t n;
  assert_ok(ctx, weyl_file_read(ctx, in_folder("c.npz"), 0, &bytes, &n));
  const float four[] = {1, 2, 3, 4};
  char *data = memmem(bytes, n, four, sizeof four);
  assert_non_null(data);
  data[5] ^= 1;
  test_write(in_folder("c.npz"), bytes, n);
  weyl_dealloc(ctx, bytes);
  assert_says(ctx, weyl_npz_read(ctx, in_folder("c.npz"), &b), WEYL_FORMAT, "c.npz/x.npy");
  test_context_free(ctx);
}

static weyl_status parse_st(weyl_context *ctx, const char *header, size_t data) {
  const uint64_t length = strlen(header);
  unsigned char *bytes = calloc(1, 8 + length + data);
  memcpy(bytes, &length, 8);
  memcpy(bytes + 8, header, length);
  weyl_bundle *b = NULL;
  const weyl_status status = weyl_safetensors_parse(ctx, bytes, 8 + length + data, "t.st", &b);
  free(bytes);
  weyl_bundle_free(b);
  return status;
}

#define T(name, dtype, shape, begin, end) \
  "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

static void safetensors_refuses(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  static const struct {
    const char *header, *words;
    size_t n;
    weyl_status status;
  } bad[] = {
      {"", "begin with {", 0, WEYL_FORMAT},
      {"[]", "begin with {", 0, WEYL_FORMAT},
      {"{\"a\":", "header", 0, WEYL_FORMAT},
      {"{}x", "header", 0, WEYL_FORMAT},
      {"{}", "no tensor", 1, WEYL_FORMAT},
      {"{\"a\":5}", "needs dtype", 0, WEYL_FORMAT},
      {"{" T("a", "F32", "[1]", "0", "4") "," T("a", "F32", "[1]", "0", "4") "}", "header", 4, WEYL_FORMAT},
      {"{" T("a", "BF16", "[1]", "0", "2") "}", "BF16", 2, WEYL_DTYPE},
      {"{" T("a", "F32", "[1]", "0", "4") "}", "ends at byte 4", 3, WEYL_FORMAT},
      {"{" T("a", "F32", "[2]", "0", "4") "}", "shape asks", 4, WEYL_FORMAT},
      {"{" T("a", "F32", "[-1]", "0", "4") "}", "dimension 0", 4, WEYL_FORMAT},
      {"{" T("a", "F32", "[1.0]", "0", "4") "}", "dimension 0", 4, WEYL_FORMAT},
      {"{" T("a", "F32", "[1,1,1,1,1,1,1,1,1]", "0", "4") "}", "9 dimensions", 4, WEYL_FORMAT},
      {"{" T("a", "F64", "[4611686018427387904,4]", "0", "8") "}", "shape asks", 8, WEYL_FORMAT},
      {"{" T("a", "F64", "[2305843009213693952]", "0", "0") "}", "shape asks", 0, WEYL_FORMAT},
      {"{" T("a", "F32", "[1]", "4", "0") "}", "data_offsets", 4, WEYL_FORMAT},
      {"{" T("a", "F32", "[1]", "-4", "0") "}", "data_offsets", 4, WEYL_FORMAT},
      {"{" T("a", "F32", "[1]", "0", "4,4") "}", "data_offsets", 4, WEYL_FORMAT},
      {"{" T("a", "F32", "{}", "0", "4") "}", "\"shape\"", 4, WEYL_FORMAT},
      {"{\"a\":{\"dtype\":5,\"shape\":[],\"data_offsets\":[0,4]}}", "\"dtype\"", 4, WEYL_FORMAT},
      {"{" T("a", "F32", "[1]", "0", "4") "," T("b", "F32", "[1]", "2", "6") "}", "begins at byte 2", 6, WEYL_FORMAT},
      {"{" T("a", "F32", "[1]", "0", "4") "," T("b", "F32", "[1]", "5", "9") "}", "begins at byte 5", 9, WEYL_FORMAT},
      {"{" T("a", "F32", "[1]", "0", "4") "," T("b", "F32", "[1]", "0", "4") "}", "begins at byte 0", 4, WEYL_FORMAT},
      {"{" T("a", "F32", "[1]", "4", "8") "}", "begins at byte 4", 8, WEYL_FORMAT},
      {"{" T("a", "F32", "[1]", "0", "4") "}", "2 bytes of data belong", 6, WEYL_FORMAT},
      {"{\"__metadata__\":[]}", "__metadata__", 0, WEYL_FORMAT},
      {"{\"__metadata__\":{\"k\":1}}", "\"k\" is not text", 0, WEYL_FORMAT},
  };
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    assert_says(ctx, parse_st(ctx, bad[k].header, bad[k].n), bad[k].status, bad[k].words);
  }
  assert_ok(ctx, parse_st(ctx,
                          "{" T("a", "F32", "[]", "4", "8") "," T("b", "U8", "[4,0]", "4", "4") "," T("c", "I32", "[1]",
                                                                                                      "0", "4") "}",
                          8));
  assert_ok(ctx, parse_st(ctx, "{}    ", 0));
  weyl_bundle *b = NULL;
  assert_says(ctx, weyl_safetensors_parse(ctx, "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10, "t.st", &b), WEYL_FORMAT,
              "18446744073709551615");
  assert_status(ctx, weyl_safetensors_parse(ctx, "\2\0\0", 3, "t.st", &b), WEYL_FORMAT);
  assert_says(ctx, weyl_safetensors_read(ctx, in_folder("absent.st"), &b), WEYL_NO_FILE, "absent");
  assert_null(b);
  test_context_free(ctx);
}

static weyl_status all_of_it(weyl_context *ctx) {
  weyl_status status = WEYL_OK;
  weyl_bundle *b = small_bundle(ctx), *back = NULL;
  if (!b) return WEYL_MEMORY;
  WEYL_GOTO(weyl_npz_write(ctx, in_folder("m.npz"), b));
  WEYL_GOTO(weyl_npz_read(ctx, in_folder("m.npz"), &back));
  weyl_bundle_free(back);
  back = NULL;
  WEYL_GOTO(weyl_safetensors_write(ctx, in_folder("m.st"), b));
  WEYL_GOTO(weyl_safetensors_read(ctx, in_folder("m.st"), &back));

done:
  weyl_bundle_free(b);
  weyl_bundle_free(back);
  return status;
}

static void refused_memory_is_survived(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  for (uint64_t n = 1;; n++) {
    weyl_context_fail_allocation(ctx, n);
    const weyl_status status = all_of_it(ctx);
    weyl_context_fail_allocation(ctx, 0);
    assert_int_equal(weyl_memory_used(ctx), 0);
    if (status == WEYL_OK) {
      assert_true(n > 20);
      break;
    }
    assert_status(ctx, status, WEYL_MEMORY);
  }
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      property_test(npz_round_trip),
      property_test(safetensors_round_trip),
      cmocka_unit_test(names_are_unique_text),
      cmocka_unit_test(npy_types),
      cmocka_unit_test(npy_orders),
      cmocka_unit_test(npy_refuses),
      cmocka_unit_test(damaged_files),
      cmocka_unit_test(npz_refuses),
      cmocka_unit_test(safetensors_refuses),
      cmocka_unit_test(refused_memory_is_survived),
  };
  return cmocka_run_group_tests_name("bundle", tests, folder_make, folder_remove);
}
