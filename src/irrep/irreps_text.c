/* Lists of irreps as text: "16x0e+8x1o". */
#include "degrees.h"

#include <string.h>

typedef struct scanner {
  weyl_context *ctx;
  const char *text, *at;
} scanner;

/* Positions count bytes from 1, as editors do. */
static int position(const scanner *in, const char *at) { return (int)(at - in->text) + 1; }

static weyl_status expected(const scanner *in, const char *what) {
  if (*in->at == '\0')
    return weyl_fail(in->ctx, WEYL_FORMAT, "irreps \"%.80s\" end at %d, expected %s", in->text, position(in, in->at),
                     what);
  return weyl_fail(in->ctx, WEYL_FORMAT, "irreps \"%.80s\" have \"%.12s\" at %d, expected %s", in->text, in->at,
                   position(in, in->at), what);
}

static void skip_blanks(scanner *in) {
  while (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r') in->at++;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Stops growing far above every bound. */
static int64_t scan_number(scanner *in) {
  int64_t value = 0;
  for (; is_digit(*in->at); in->at++) {
    if (value < INT64_MAX / 100) value = 10 * value + (*in->at - '0');
  }
  return value;
}

static weyl_status in_range(const scanner *in, const char *start, const char *end, const char *what, int64_t value,
                            int64_t high) {
  if (value <= high) return WEYL_OK;
  const int length = (int)(end - start);
  return weyl_fail(in->ctx, WEYL_BAD_ARG, "irreps \"%.80s\" have %s of %.*s at %d, must be 0 to %lld", in->text, what,
                   length < 24 ? length : 24, start, position(in, start), (long long)high);
}

/* "x", or the sign of multiplication in UTF-8. */
static bool scan_times(scanner *in) {
  const size_t length = *in->at == 'x' ? 1 : strncmp(in->at, "\xc3\x97", 2) == 0 ? 2 : 0;
  in->at += length;
  return length > 0;
}

static weyl_status scan_block(scanner *in, weyl_irrep *out) {
  if (!is_digit(*in->at)) return expected(in, "a number of copies or a degree");
  const char *start = in->at;
  int64_t number = scan_number(in), mul = 1;
  const char *end = in->at;
  skip_blanks(in);
  if (scan_times(in)) {
    mul = number;
    WEYL_TRY(in_range(in, start, end, "copies", mul, WEYL_IRREPS_MUL_MAX));
    skip_blanks(in);
    if (!is_digit(*in->at)) return expected(in, "a degree");
    start = in->at;
    number = scan_number(in);
    end = in->at;
    skip_blanks(in);
    if (*in->at != 'e' && *in->at != 'o' && *in->at != 'y') return expected(in, "a parity, e or o");
  } else if (*in->at != 'e' && *in->at != 'o' && *in->at != 'y') {
    return expected(in, "a parity, e or o, or \"x\"");
  }
  WEYL_TRY(in_range(in, start, end, "a degree", number, WEYL_L_MAX));
  const char letter = *in->at++;
  const bool odd = letter == 'o' || (letter == 'y' && number % 2 != 0);
  *out = (weyl_irrep){mul, (int32_t)number, odd ? -1 : 1};
  return WEYL_OK;
}

weyl_status weyl_irreps_parse(weyl_context *ctx, weyl_arena *arena, const char *text, weyl_irreps *out) {
  if (!text) return weyl_fail(ctx, WEYL_BAD_ARG, "the text of irreps is NULL");
  if (strlen(text) > INT32_MAX / 2) return weyl_fail(ctx, WEYL_FORMAT, "the text of irreps is longer than 1 GiB");
  scanner in = {ctx, text, text};
  skip_blanks(&in);
  if (*in.at == '\0') {
    *out = (weyl_irreps){0, NULL};
    return WEYL_OK;
  }
  int32_t room = 1, n = 0;
  for (const char *c = text; *c; c++) room += *c == '+';
  const weyl_mark mark = weyl_arena_mark(arena);
  weyl_irrep *item = weyl_arena_array(arena, weyl_irrep, room);
  if (!item) return WEYL_MEMORY;
  weyl_status status;
  int64_t dim = 0;
  for (;;) {
    skip_blanks(&in);
    const char *start = in.at;
    WEYL_GOTO(scan_block(&in, &item[n]));
    dim += item[n].mul * (2 * item[n].l + 1);
    if (dim > WEYL_IRREPS_DIM_MAX) {
      status = weyl_fail(ctx, WEYL_BAD_ARG, "irreps \"%.80s\" have more than %lld numbers with the block at %d", text,
                         (long long)WEYL_IRREPS_DIM_MAX, position(&in, start));
      goto done;
    }
    n++;
    skip_blanks(&in);
    if (*in.at == '\0') break;
    if (*in.at != '+') {
      status = expected(&in, "\"+\" or the end");
      goto done;
    }
    in.at++;
  }
  *out = (weyl_irreps){n, item};
  return WEYL_OK;
done:
  weyl_arena_release(arena, mark);
  return status;
}

const char *weyl_irreps_text(weyl_arena *arena, weyl_irreps irreps) {
  enum { BLOCK = 32 }; /* more than the longest block takes */
  const size_t room = (size_t)irreps.n * BLOCK + 1;
  char *text = weyl_arena_alloc(arena, room, 1);
  if (!text) return NULL;
  size_t at = 0;
  for (int32_t i = 0; i < irreps.n; i++) {
    const weyl_irrep b = irreps.item[i];
    at += (size_t)snprintf(text + at, room - at, "%s%lldx%d%c", i > 0 ? "+" : "", (long long)b.mul, (int)b.l,
                           b.parity > 0 ? 'e' : 'o');
  }
  return text;
}
