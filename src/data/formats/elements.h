/* Chemical symbols. */
#ifndef WEYL_DATA_ELEMENTS_H
#define WEYL_DATA_ELEMENTS_H

#include <stddef.h>
#include <stdint.h>

enum { ELEMENTS = 118 };
/* The symbol of an atomic number 1..118, "X" for 0 (a site without an element); NULL beyond. */
const char *element_symbol(int32_t number);
/* The atomic number of the first n bytes ("C", "cl", "X"); -1 when they are no symbol. */
int32_t element_number(const char *symbol, size_t n);

#endif
