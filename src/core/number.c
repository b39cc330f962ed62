/* Numbers as text with a point, also in a program whose locale writes a comma.  newlocale("C") hands out a
 * constant of the C library, so making one for each call costs nothing. */
#include "internal.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

void core_number_print(double value, char text[NUMBER_TEXT_MAX]) {
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, NUMBER_TEXT_MAX, "%.*g", digits, value);
    if (digits == 17 || strtod(text, NULL) == value) break; /* both sides in the locale of the program */
  }
  char *to = text;
  bool in_point = false; /* the decimal point of some locales is two bytes long */
  for (const char *from = text; *from; from++) {
    const bool plain = strchr("0123456789+-einfa", *from) != NULL;
    if (plain)
      *to++ = *from;
    else if (!in_point)
      *to++ = '.';
    in_point = !plain;
  }
  *to = '\0';
}

bool core_number_parse(const char *text, double *value) {
  if (*text == '\0' || strchr(" \t\n\r\v\f", *text)) return false;
  const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!c) return false;
  char *end;
  const double x = strtod_l(text, &end, c);
  freelocale(c);
  if (end == text || *end != '\0') return false;
  *value = x;
  return true;
}
