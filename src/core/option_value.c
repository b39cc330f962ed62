#include "option_value.h"

#include "internal.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Integers may also be written as 1e6, as long as every double in between is one. */
static bool integer_by_double(const char *text, double *x) {
  return core_number_parse(text, x) && *x == floor(*x) && fabs(*x) <= 0x1p53;
}

static bool starts_like_integer(const char *text) {
  if (*text == '+' || *text == '-') text++;
  return *text >= '0' && *text <= '9';
}

static bool parse_int(const char *text, int64_t *value) {
  if (!starts_like_integer(text)) return false;
  char *end;
  errno = 0;
  const long long i = strtoll(text, &end, 10);
  if (*end == '\0' && errno == 0) {
    *value = i;
    return true;
  }
  double x;
  if (!strpbrk(text, ".eE") || !integer_by_double(text, &x)) return false;
  *value = (int64_t)x;
  return true;
}

static bool parse_u64(const char *text, uint64_t *value) {
  if (*text == '-' || !starts_like_integer(text)) return false;
  char *end;
  errno = 0;
  const unsigned long long u = strtoull(text, &end, 10);
  if (*end == '\0' && errno == 0) {
    *value = u;
    return true;
  }
  double x;
  if (!strpbrk(text, ".eE") || !integer_by_double(text, &x)) return false;
  *value = (uint64_t)x;
  return true;
}

bool option_value_bool(const char *value, bool *yes) {
  static const char *const words[2][4] = {{"no", "false", "off", "0"}, {"yes", "true", "on", "1"}};
  for (int k = 0; k < 8; k++) {
    if (strcmp(value, words[k / 4][k % 4]) == 0) {
      *yes = k >= 4;
      return true;
    }
  }
  return false;
}

static bool choice_good(const char *choices, const char *value) {
  const size_t n = strlen(value);
  for (const char *at = choices; at;) {
    const char *bar = strchr(at, '|');
    const size_t length = bar ? (size_t)(bar - at) : strlen(at);
    if (length == n && memcmp(at, value, n) == 0) return true;
    at = bar ? bar + 1 : NULL;
  }
  return false;
}

double option_value_number(const weyl_option *option, const char *value) {
  double x = 0;
  int64_t i = 0;
  uint64_t u = 0;
  if (option->type == WEYL_OPT_INT && parse_int(value, &i)) return (double)i;
  if (option->type == WEYL_OPT_U64 && parse_u64(value, &u)) return (double)u;
  core_number_parse(value, &x);
  return x;
}

int64_t option_value_integer(const weyl_option *option, const char *value) {
  int64_t i = 0;
  uint64_t u = 0;
  if (option->type == WEYL_OPT_INT)
    parse_int(value, &i);
  else if (parse_u64(value, &u))
    i = (int64_t)u;
  return i;
}

static bool number_good(const weyl_option *o, const char *value, bool parsed, const char *noun, char *why) {
  const bool bounded = o->low != 0 || o->high != 0;
  if (parsed) {
    const double x = option_value_number(o, value);
    if (!isnan(x) && (!bounded || (x >= o->low && x <= o->high))) return true;
  }
  char low[NUMBER_TEXT_MAX], high[NUMBER_TEXT_MAX];
  core_number_print(o->low, low);
  core_number_print(o->high, high);
  if (!bounded)
    snprintf(why, OPTION_WHY_MAX, "%s", noun);
  else if (isinf(o->high))
    snprintf(why, OPTION_WHY_MAX, "%s, %s or more", noun, low);
  else if (isinf(o->low))
    snprintf(why, OPTION_WHY_MAX, "%s, at most %s", noun, high);
  else
    snprintf(why, OPTION_WHY_MAX, "%s from %s to %s", noun, low, high);
  return false;
}

bool option_value_good(const weyl_option *option, const char *value, char why[OPTION_WHY_MAX]) {
  double x;
  int64_t i;
  uint64_t u;
  bool yes;
  switch (option->type) {
    case WEYL_OPT_INT: return number_good(option, value, parse_int(value, &i), "a whole number", why);
    case WEYL_OPT_U64: return number_good(option, value, parse_u64(value, &u), "a whole number without sign", why);
    case WEYL_OPT_DOUBLE: return number_good(option, value, core_number_parse(value, &x), "a number", why);
    case WEYL_OPT_BOOL:
      if (option_value_bool(value, &yes)) return true;
      snprintf(why, OPTION_WHY_MAX, "yes or no");
      return false;
    case WEYL_OPT_CHOICE:
      if (option->choices && choice_good(option->choices, value)) return true;
      snprintf(why, OPTION_WHY_MAX, "one of %s", option->choices ? option->choices : "(nothing)");
      return false;
    case WEYL_OPT_STRING: return true;
  }
  snprintf(why, OPTION_WHY_MAX, "of a known type");
  return false;
}
