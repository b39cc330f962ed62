#include "internal.h"

#include <string.h>

/* The table of well-formed sequences in the Unicode standard (3.9, table 3-7). */
size_t core_utf8_length(const unsigned char *text, size_t n) {
  if (n == 0) return 0;
  const unsigned c = text[0];
  if (c < 0x80) return 1;
  size_t length = 0;
  unsigned low = 0x80, high = 0xbf; /* of the second byte */
  if (c >= 0xc2 && c <= 0xdf)
    length = 2;
  else if (c >= 0xe0 && c <= 0xef)
    length = 3;
  else if (c >= 0xf0 && c <= 0xf4)
    length = 4;
  if (length == 0 || n < length) return 0;
  if (c == 0xe0) low = 0xa0;
  if (c == 0xed) high = 0x9f; /* surrogates */
  if (c == 0xf0) low = 0x90;
  if (c == 0xf4) high = 0x8f; /* beyond U+10FFFF */
  if (text[1] < low || text[1] > high) return 0;
  for (size_t i = 2; i < length; i++) {
    if (text[i] < 0x80 || text[i] > 0xbf) return 0;
  }
  return length;
}

bool core_utf8_valid(const char *text) {
  size_t n = strlen(text);
  const unsigned char *at = (const unsigned char *)text;
  while (n > 0) {
    const size_t length = core_utf8_length(at, n);
    if (length == 0) return false;
    at += length;
    n -= length;
  }
  return true;
}
