/* The table of costs, and the pin. */
#include "product_choice.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct cost {
  const char *isa;
  weyl_dtype real;
  product_family family;
  int l;
  double ns[PRODUCT_METHODS]; /* written, table, grid; 0: there is none */
} cost;

static const cost costs[] = {
#define COST(isa, real, family, l, written, table, grid) \
  {#isa, WEYL_##real, PRODUCT_##family, l, {written, table, grid}},
#define EDGE(isa, real, table, aligned)
#include "product_costs.def"
#undef COST
#undef EDGE
};

static const struct edge_cost {
  const char *isa;
  weyl_dtype real;
  double table, aligned; /* of an operation */
} edge_costs[] = {
#define COST(isa, real, family, l, written, table, grid)
#define EDGE(isa, real, table, aligned) {#isa, WEYL_##real, table, aligned},
#include "product_costs.def"
#undef COST
#undef EDGE
};

/* Of the degree, or the highest below it, or the lowest. */
static const cost *find(product_family family, const char *isa, weyl_dtype real, int l) {
  const cost *best = NULL;
  for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
    const cost *c = &costs[i];
    if (c->family != family || c->real != real || strcmp(c->isa, isa) != 0) continue;
    if (!best || (c->l <= l ? c->l > best->l || best->l > l : c->l < best->l)) best = c;
  }
  return best;
}

enum { PIN_ALIGNED = PRODUCT_METHODS + 1 }; /* of convolutions along edges alone */

/* 0: nothing is pinned. A name that is unknown pins nothing. */
static int pinned(void) {
  static atomic_int known; /* 1 + the method, once it was read */
  int value = atomic_load_explicit(&known, memory_order_relaxed);
  if (value == 0) { /* two threads may both come here: they read alike */
    static const char *const names[] = {"", "written", "table", "grid", "aligned"};
    const char *text = getenv("WEYL_TP");
    value = 1;
    for (int i = 1; text && i <= PIN_ALIGNED; i++)
      if (strcmp(text, names[i]) == 0) value = 1 + i;
    atomic_store_explicit(&known, value, memory_order_relaxed);
  }
  return value - 1;
}

void product_order(product_family family, const char *isa, weyl_dtype real, int l,
                   weyl_product_method order[PRODUCT_METHODS]) {
  const cost *c = find(family, isa, real, l);
  double ns[PRODUCT_METHODS];
  for (int i = 0; i < PRODUCT_METHODS; i++) ns[i] = !c ? i + 1 : c->ns[i] > 0 ? c->ns[i] : 1e30 + i;
  const int first = pinned() - 1;
  if (first >= 0 && first < PRODUCT_METHODS) ns[first] = 0;
  for (int i = 0; i < PRODUCT_METHODS; i++) {
    int at = i;
    for (; at > 0 && ns[(int)order[at - 1] - 1] > ns[i]; at--) order[at] = order[at - 1];
    order[at] = (weyl_product_method)(i + 1);
  }
}

bool edge_aligned_first(const char *isa, weyl_dtype real, double table, double aligned) {
  const int pin = pinned();
  if (pin == PIN_ALIGNED || pin == WEYL_PRODUCT_TABLE) return pin == PIN_ALIGNED;
  for (size_t i = 0; i < sizeof edge_costs / sizeof *edge_costs; i++) {
    const struct edge_cost *c = &edge_costs[i];
    if (c->real == real && strcmp(c->isa, isa) == 0) return aligned * c->aligned < table * c->table;
  }
  return aligned < table;
}
