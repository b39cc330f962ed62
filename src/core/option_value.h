/* The text of an option's value: is it good, and what does it mean. */
#ifndef WEYL_CORE_OPTION_VALUE_H
#define WEYL_CORE_OPTION_VALUE_H

#include <weyl/core.h>

#define OPTION_WHY_MAX 512
/* When false, `why` completes the sentence "must be ...". */
bool option_value_good(const weyl_option *option, const char *value, char why[OPTION_WHY_MAX]);

/* Of values that are good. */
double option_value_number(const weyl_option *option, const char *value);
int64_t option_value_integer(const weyl_option *option, const char *value);
bool option_value_bool(const char *value, bool *yes); /* false when it is neither */

#endif
