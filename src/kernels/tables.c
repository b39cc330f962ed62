/* The tables of kernels, and which of them this CPU can run. */
#include "names.h"

#include "blas.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_ISA reference
#include "table.inc.h"
#define TABLE_ISA base
#include "table.inc.h"
#ifdef WEYL_HAS_X86_KERNELS
#define TABLE_ISA avx2
#include "table.inc.h"
#define TABLE_ISA avx512
#include "table.inc.h"
#endif

static bool always(void) { return true; }

/* In rising order of speed: the last one that the CPU offers is taken. */
static const struct {
  const weyl_kernels *table;
  bool (*offered)(void);
} choices[] = {
    {&table_reference, always},
    {&table_base, always},
#ifdef WEYL_HAS_X86_KERNELS
    {&table_avx2, kernels_cpu_has_avx2},
    {&table_avx512, kernels_cpu_has_avx512},
#endif
};
enum { CHOICES = sizeof choices / sizeof choices[0] };

const weyl_kernels *weyl_kernels_reference(void) { return &table_reference; }

const weyl_kernels *weyl_kernels_named(const char *isa) {
  for (size_t i = 0; isa && i < CHOICES; i++)
    if (strcmp(isa, choices[i].table->isa) == 0) return choices[i].offered() ? choices[i].table : NULL;
  return NULL;
}

static const weyl_kernels *choose(void) {
  /* A name that is unknown or out of the CPU's reach pins nothing: `isa` of the table tells what was taken. */
  const weyl_kernels *pinned = weyl_kernels_named(getenv("WEYL_ISA"));
  if (pinned) return pinned;
  size_t i = CHOICES - 1;
  while (!choices[i].offered()) i--;
  return choices[i].table;
}

const weyl_kernels *weyl_kernels_active(void) {
  static _Atomic(const weyl_kernels *) active;
  const weyl_kernels *table = atomic_load_explicit(&active, memory_order_acquire);
  if (!table) { /* two threads may both come here: they choose alike */
    table = choose();
    atomic_store_explicit(&active, table, memory_order_release);
  }
  return table;
}
