#include "npy_header.h"

#include "bundle.h"
#include "internal.h"

#include <inttypes.h>
#include <string.h>

/* A reader of the few Python literals that numpy writes. */
typedef struct text {
  const char *at, *end;
} text;

static void skip_blanks(text *t) {
  while (t->at < t->end && strchr(" \t\n\r", *t->at) && *t->at) t->at++;
}

static bool take(text *t, char c) {
  skip_blanks(t);
  if (t->at == t->end || *t->at != c) return false;
  t->at++;
  return true;
}

static bool take_word(text *t, const char *word) {
  skip_blanks(t);
  const size_t n = strlen(word);
  if ((size_t)(t->end - t->at) < n || memcmp(t->at, word, n) != 0) return false;
  t->at += n;
  return true;
}

/* 'abc' or "abc", without escapes, of fewer than `room` bytes. */
static bool take_string(text *t, char *out, size_t room) {
  skip_blanks(t);
  if (t->at == t->end || (*t->at != '\'' && *t->at != '"')) return false;
  const char quote = *t->at++;
  size_t n = 0;
  for (;; t->at++) {
    if (t->at == t->end || *t->at == '\\' || *t->at == '\n' || *t->at == '\0') return false;
    if (*t->at == quote) break;
    if (n + 1 >= room) return false;
    out[n++] = *t->at;
  }
  t->at++;
  out[n] = '\0';
  return true;
}

static bool take_integer(text *t, int64_t *out) {
  skip_blanks(t);
  int64_t value = 0;
  const char *start = t->at;
  for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++) {
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *t->at - '0', &value)) return false;
  }
  if (t->at == start) return false;
  if (t->at < t->end && *t->at == 'L') t->at++; /* Python 2 wrote long integers so */
  *out = value;
  return true;
}

static weyl_status parse_type(weyl_context *ctx, const char *descr, const char *place, npy_header *h) {
  static const struct {
    const char *name;
    weyl_dtype dtype;
  } types[] = {
      {"b1", WEYL_U8},  {"u1", WEYL_U8},  {"i1", WEYL_I32}, {"i2", WEYL_I32}, {"u2", WEYL_I32}, {"i4", WEYL_I32},
      {"u4", WEYL_I64}, {"i8", WEYL_I64}, {"u8", WEYL_I64}, {"f2", WEYL_F32}, {"f4", WEYL_F32}, {"f8", WEYL_F64},
  };
  const bool ordered = descr[0] && strchr("<>=|", descr[0]);
  const char *name = ordered ? descr + 1 : descr;
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(name, types[i].name) != 0) continue;
    h->kind = name[0];
    h->width = name[1] - '0';
    h->swap = descr[0] == '>' && h->width > 1;
    h->dtype = types[i].dtype;
    return WEYL_OK;
  }
  if (name[0] == 'O') return weyl_fail(ctx, WEYL_DTYPE, "%s: holds Python objects, which are not read", place);
  return weyl_fail(ctx, WEYL_DTYPE, "%s: elements are \"%s\", must be b1 i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 or f8", place,
                   descr);
}

static weyl_status parse_shape(weyl_context *ctx, text *t, const char *place, npy_header *h) {
  if (!take(t, '(')) return weyl_fail(ctx, WEYL_FORMAT, "%s: the shape in the npy header is no tuple", place);
  while (!take(t, ')')) {
    int64_t d;
    if (h->rank > 0 && !take(t, ',')) return weyl_fail(ctx, WEYL_FORMAT, "%s: a comma is missing in the shape", place);
    if (h->rank > 0 && take(t, ')')) break;
    if (!take_integer(t, &d))
      return weyl_fail(ctx, WEYL_FORMAT, "%s: entry %d of the shape is no whole number of 0 or more", place, h->rank);
    if (h->rank == WEYL_RANK_MAX)
      return weyl_fail(ctx, WEYL_FORMAT, "%s: more than %d dimensions", place, WEYL_RANK_MAX);
    h->dim[h->rank++] = d;
  }
  return WEYL_OK;
}

static weyl_status parse_text(weyl_context *ctx, text *t, const char *place, npy_header *h) {
  enum { DESCR = 1, ORDER = 2, SHAPE = 4 };
  int seen = 0;
  if (!take(t, '{')) return weyl_fail(ctx, WEYL_FORMAT, "%s: the npy header does not begin with {", place);
  while (!take(t, '}')) {
    char key[32], descr[32];
    int now;
    if (!take_string(t, key, sizeof key) || !take(t, ':'))
      return weyl_fail(ctx, WEYL_FORMAT, "%s: the npy header is not a list of 'key': value", place);
    if (strcmp(key, "descr") == 0) {
      now = DESCR;
      skip_blanks(t);
      if (t->at < t->end && *t->at == '[')
        return weyl_fail(ctx, WEYL_DTYPE, "%s: holds records with fields, which are not read", place);
      if (!take_string(t, descr, sizeof descr))
        return weyl_fail(ctx, WEYL_FORMAT, "%s: the npy header has no readable element type", place);
      WEYL_TRY(parse_type(ctx, descr, place, h));
    } else if (strcmp(key, "fortran_order") == 0) {
      now = ORDER;
      h->column = take_word(t, "True");
      if (!h->column && !take_word(t, "False"))
        return weyl_fail(ctx, WEYL_FORMAT, "%s: fortran_order is neither True nor False", place);
    } else if (strcmp(key, "shape") == 0) {
      now = SHAPE;
      if (seen & SHAPE) h->rank = 0;
      WEYL_TRY(parse_shape(ctx, t, place, h));
    } else {
      return weyl_fail(ctx, WEYL_FORMAT, "%s: unknown key '%s' in the npy header", place, key);
    }
    if (seen & now) return weyl_fail(ctx, WEYL_FORMAT, "%s: '%s' is twice in the npy header", place, key);
    seen |= now;
    if (!take(t, ',')) {
      if (take(t, '}')) break;
      return weyl_fail(ctx, WEYL_FORMAT, "%s: a comma is missing in the npy header", place);
    }
  }
  skip_blanks(t);
  if (t->at != t->end) return weyl_fail(ctx, WEYL_FORMAT, "%s: text follows the npy header's }", place);
  if (seen != (DESCR | ORDER | SHAPE))
    return weyl_fail(ctx, WEYL_FORMAT, "%s: the npy header needs descr, fortran_order and shape", place);
  return WEYL_OK;
}

weyl_status npy_header_parse(weyl_context *ctx, const unsigned char *bytes, size_t n, const char *place,
                             npy_header *out) {
  if (n < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: not an npy file (%zu bytes)", place, n);
  const int version = bytes[6];
  if (version < 1 || version > 3)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: npy version %d.%d, must be 1.0 to 3.0", place, version, bytes[7]);
  const size_t start = version == 1 ? 10 : 12;
  if (n < start) return weyl_fail(ctx, WEYL_FORMAT, "%s: ends within the npy header", place);
  size_t length = bytes[8] | (size_t)bytes[9] << 8;
  if (version > 1) length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
  if (length > n - start)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: an npy header of %zu bytes in a file of %zu", place, length, n);

  npy_header h = {.offset = start + length};
  const char *from = (const char *)bytes + start;
  text t = {from, from + length};
  WEYL_TRY(parse_text(ctx, &t, place, &h));

  weyl_array shape = {.rank = h.rank};
  memcpy(shape.dim, h.dim, sizeof h.dim);
  const int64_t size = weyl_array_size(&shape);
  const size_t have = n - h.offset;
  size_t need;
  if (size < 0 || __builtin_mul_overflow((size_t)size, (size_t)h.width, &need) || need != have)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: %zu bytes of data, the shape asks for %" PRId64 " elements of %d", place,
                     have, size, h.width);
  *out = h;
  return WEYL_OK;
}

weyl_status core_npy_header(weyl_context *ctx, const weyl_array *array, char **header, size_t *n) {
  static const char *const descr[] = {
      [WEYL_F32] = "<f4", [WEYL_F64] = "<f8", [WEYL_I32] = "<i4", [WEYL_I64] = "<i8", [WEYL_U8] = "|u1"};
  char shape[WEYL_RANK_MAX * 24 + 1] = "";
  size_t used = 0;
  for (int i = 0; i < array->rank; i++) {
    const char *end = array->rank == 1 ? "," : i + 1 < array->rank ? ", " : "";
    used += (size_t)snprintf(shape + used, sizeof shape - used, "%" PRId64 "%s", array->dim[i], end);
  }
  enum { ROOM = 512 };
  char *out = weyl_alloc(ctx, ROOM, 1);
  if (!out) return WEYL_MEMORY;
  memcpy(out, "\x93NUMPY\x01\x00", 8);
  size_t end = 10 + (size_t)snprintf(out + 10, ROOM - 10, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
                                     descr[array->dtype], shape);
  while (end % 64 != 63) out[end++] = ' ';
  out[end++] = '\n';
  out[8] = (char)((end - 10) & 0xff);
  out[9] = (char)((end - 10) >> 8);
  *header = out;
  *n = end;
  return WEYL_OK;
}
