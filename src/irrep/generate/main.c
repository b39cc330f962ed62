/* Writes the source of the tensor-product kernels: weyl_generate_products FOLDER L_MAX.
 *
 * Six files product_KIND_WAY.isa.c, KIND full or even (l1 + l2 + l3 even alone).  Each has one function for all of a
 * small product (every degree to L <= WHOLE_MAX) and one for each pair of degrees and highest degree of the output that
 * products of larger L are made of, and a table of them.  They are compiled once per instruction set and type with
 * product_code.h; PRODUCT_L_MAX cuts what is beyond. */
#include "write.h"

#include <stdlib.h>
#include <string.h>

enum { WHOLE_MAX = 3, EVEN_MAX = 4 }; /* even products of higher degree are faster on a grid */

static const char *const way_name[] = {"forward", "backward", "gradients"};

typedef struct job {
  weyl_context *ctx;
  weyl_arena *arena;
  writer w;
  bool even;
  char *rows; /* of the table, */
  size_t bytes;
  FILE *table;
} job;

/* Where 16 registers are all there is, so many variables spill that functions of a pair are faster. */
static const char *condition(const job *j, int l) {
  static char text[64];
  snprintf(text, sizeof text, "PRODUCT_L_MAX >= %d%s", l,
           l >= 3 && !j->even && j->w.way != FORWARD ? " && WEYL_LEVEL == 2" : "");
  return text;
}

static void list(job *j, const char *name, int l1, int l2, const couple *pairs, int n, int high, const char *where) {
  int paths = 0;
  for (int i = 0; i < n; i++)
    for (int l3 = pairs[i].low; l3 <= pairs[i].high; l3 += pairs[i].step) paths++;
  fprintf(j->table, "#if %s\n  {%d, %d, %d, %d, %ld, %s},\n#endif\n", where, l1, l2, l1 < 0 ? high : pairs[0].high,
          paths, j->w.ops, name);
}

static weyl_status whole(job *j, int l) {
  couple *pairs = weyl_arena_array(j->arena, couple, (l + 1) * (l + 1));
  if (!pairs) return WEYL_MEMORY;
  int n = 0;
  for (int l1 = 0; l1 <= l; l1++)
    for (int l2 = 0; l2 <= l; l2++) WEYL_TRY(couple_make(j->ctx, j->arena, l1, l2, l, j->even, &pairs[n++]));
  char name[64];
  snprintf(name, sizeof name, "all_%d", l);
  j->w.whole = true;
  const char *where = condition(j, l);
  fprintf(j->w.out, "#if %s\n", where);
  write_function(&j->w, name, pairs, n);
  fprintf(j->w.out, "#endif\n");
  list(j, name, -1, -1, pairs, n, l, where);
  return WEYL_OK;
}

/* The pair as products of every degree from its own to l_max have it: what depends on l1 + l2 <= L is one function. */
static weyl_status one_pair(job *j, int l1, int l2, int l_max) {
  int last = -1;
  for (int l = l1 > l2 ? l1 : l2; l <= l_max; l++) {
    couple c;
    WEYL_TRY(couple_make(j->ctx, j->arena, l1, l2, l, j->even, &c));
    if (c.high < c.low || c.high == last) continue;
    last = c.high;
    char name[64];
    snprintf(name, sizeof name, "pair_%d_%d_%d", l1, l2, c.high);
    j->w.whole = false;
    char where[32];
    snprintf(where, sizeof where, "PRODUCT_L_MAX >= %d", l);
    fprintf(j->w.out, "#if %s\n", where);
    write_function(&j->w, name, &c, 1);
    fprintf(j->w.out, "#endif\n");
    list(j, name, l1, l2, &c, 1, l, where);
  }
  return WEYL_OK;
}

static weyl_status write_all(job *j, int l_max) {
  if (j->even && l_max > EVEN_MAX) l_max = EVEN_MAX;
  const char *kind = j->even ? "even" : "full", *way = way_name[j->w.way];
  fprintf(j->w.out, "/* Written by weyl_generate_products. */\n#define PRODUCT_WAY_%s\n#include \"product_code.h\"\n\n",
          way);
  j->table = open_memstream(&j->rows, &j->bytes);
  if (!j->table) return WEYL_MEMORY;
  for (int l = 0; l <= WHOLE_MAX && l <= l_max; l++) WEYL_TRY(whole(j, l));
  for (int l1 = 0; l1 <= l_max; l1++)
    for (int l2 = 0; l2 <= l_max; l2++) WEYL_TRY(one_pair(j, l1, l2, l_max));
  fclose(j->table);
  fprintf(j->w.out, "const product_unit PRODUCT_NAME(product_%s_%s)[] = {\n%s  {0, 0, 0, 0, 0, NULL},\n};\n", kind, way,
          j->rows);
  free(j->rows);
  return WEYL_OK;
}

int main(int argc, char **argv) {
  const int l_max = argc == 3 ? atoi(argv[2]) : -1;
  if (l_max < 0 || l_max > DEGREE_MAX) {
    fprintf(stderr, "usage: weyl_generate_products FOLDER L_MAX, L_MAX 0 to %d\n", DEGREE_MAX);
    return 2;
  }
  weyl_context *ctx = NULL;
  static job j;
  weyl_status status = weyl_context_new(NULL, &ctx);
  for (int even = 0; even < 2; even++)
    for (int way = 0; way < WAYS && status == WEYL_OK; way++) {
      char path[4096];
      snprintf(path, sizeof path, "%s/product_%s_%s.isa.c", argv[1], even ? "even" : "full", way_name[way]);
      j = (job){.ctx = ctx, .even = even != 0};
      j.w.way = (ways)way;
      j.w.out = fopen(path, "w");
      if (!j.w.out) {
        fprintf(stderr, "%s cannot be written\n", path);
        return 5;
      }
      status = weyl_arena_new(ctx, &j.arena);
      if (status == WEYL_OK) status = write_all(&j, l_max);
      weyl_arena_free(j.arena);
      if (fclose(j.w.out) != 0) status = WEYL_IO;
    }
  if (status != WEYL_OK) fprintf(stderr, "%s\n", weyl_message(ctx));
  weyl_context_free(ctx);
  return weyl_status_exit_code(status);
}
