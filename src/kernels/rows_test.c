/* Row programs against the reference loops: every kind of step with every kind of operand. */
#include "kernels_test.h"

enum { ROWS = 53, SOURCE = 60, STEPS = 5, REGISTERS = 3 };

typedef struct bench {
  int type;
  size_t width, block;
  void *array[8]; /* [SOURCE][width] */
  int32_t index[ROWS];
} bench;

/* Rows as they are, repeated, over and over, gathered, gathered two at a time, one for all, one number a row, one
 * number; from a wider array. */
enum { KINDS = 9 };

static weyl_row_operand operand(const bench *b, int which, int kind) {
  weyl_row_operand o = {.data = b->array[which], .div = 1, .times = 1, .stride = (int32_t)b->width};
  switch (kind) {
    case 1: o.div = 3; break;
    case 2:
      o.div = 4;
      o.times = 0;
      o.rest = true;
      break;
    case 3: o.index = b->index; break;
    case 4:
      o.index = b->index;
      o.div = o.times = 2;
      o.rest = true;
      break;
    case 5: o.times = 0; break;
    case 6:
      o.one = true;
      o.stride = 1;
      break;
    case 7:
      o.one = true;
      o.times = 0;
      break;
    case 8: o.stride = (int32_t)b->width + 2; break;
    default: break;
  }
  return o;
}

static void begin(bench *b, weyl_rng *rng, int type, size_t width) {
  *b = (bench){.type = type, .width = width, .block = width > WEYL_ROW_BLOCK ? 1 : WEYL_ROW_BLOCK / width};
  if (b->block > 7 && weyl_rng_uniform(rng) < 0.7) b->block = 7;
  for (int i = 0; i < 8; i++) b->array[i] = random_array(rng, type, SOURCE * (width + 2), -2, 2);
  for (int i = 0; i < ROWS; i++) b->index[i] = (int32_t)(weyl_rng_uniform(rng) * (SOURCE / 2));
}

static void end(bench *b) {
  for (int i = 0; i < 8; i++) free(b->array[i]);
}

/* Runs the steps by both tables on copies of the outputs and compares them. */
static void compare(const weyl_kernels *k, const bench *b, const weyl_row_step *steps, size_t n, const char *what) {
  weyl_row_step mine[STEPS];
  const size_t bytes = SOURCE * (b->width + 2) * size_of(b->type);
  const int outputs[3] = {5, 6, 7};
  char *keep[3], *want[3];
  void *scratch = aligned_alloc(64, ((3 + REGISTERS) * b->block * b->width * size_of(b->type) / 64 + 2) * 64);
  for (int i = 0; i < 3; i++) {
    keep[i] = malloc(bytes);
    want[i] = malloc(bytes);
    memcpy(keep[i], b->array[outputs[i]], bytes);
  }
  memcpy(mine, steps, n * sizeof *steps);
  weyl_kernels_reference()->rows[b->type](mine, n, 0, ROWS, b->block, scratch);
  for (int i = 0; i < 3; i++) {
    memcpy(want[i], b->array[outputs[i]], bytes);
    memcpy(b->array[outputs[i]], keep[i], bytes);
  }
  k->rows[b->type](mine, n, 0, ROWS / 2, b->block, scratch); /* in two parts */
  k->rows[b->type](mine, n, ROWS / 2, ROWS, b->block, scratch);
  for (int i = 0; i < 3; i++) {
    for (size_t j = 0; j < SOURCE * (b->width + 2); j++) {
      const double got = at(b->type, b->array[outputs[i]], j), right = at(b->type, want[i], j);
      if (!same(got, right) &&
          !(fabs(got - right) <= 64 * epsilon_of(b->type) * (1 + fabs(right)) * sqrt((double)(ROWS * b->width))))
        fail_msg("%s, %s, width %zu: %s: number %zu of array %d is %.9g, must be %.9g", k->isa,
                 b->type == F32 ? "f32" : "f64", b->width, what, j, outputs[i], got, right);
    }
    memcpy(b->array[outputs[i]], keep[i], bytes);
    free(keep[i]);
    free(want[i]);
  }
  free(scratch);
}

static const size_t widths[] = {1, 2, 3, 4, 7, 8, 16, 20, 60, 64, 67, 600};

#define FOR_BENCHES(k, b)                                          \
  FOR_TABLES(k)                                                    \
  for (int type_ = 0; type_ < 2; type_++)                          \
    for (size_t w_ = 0; w_ < sizeof widths / sizeof *widths; w_++) \
      for (bench b, *once_ = (begin(&b, &rng, type_, widths[w_]), &b); once_; end(&b), once_ = NULL)

static void test_maps(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "maps");
  FOR_BENCHES(k, b) {
    for (int p = 0; p < KINDS; p++) {
      weyl_row_step s = {.width = (int32_t)b.width, .in = {operand(&b, 0, p)}, .out = {operand(&b, 5, 0)}};
      s.kind = WEYL_ROW_UNARY;
      s.f = WEYL_UNARY_SIGMOID;
      compare(k, &b, &s, 1, "sigmoid");
      s.kind = WEYL_ROW_COPY;
      compare(k, &b, &s, 1, "copy");
      s.out[0] = operand(&b, 5, 8);
      compare(k, &b, &s, 1, "copy into a wider array");
      s.kind = WEYL_ROW_SILU;
      s.f = 0;
      s.out[0] = operand(&b, 5, 0);
      compare(k, &b, &s, 1, "silu");
      s.out[1] = operand(&b, 6, 0);
      compare(k, &b, &s, 1, "silu with its derivative");
      s.out[0].data = NULL;
      compare(k, &b, &s, 1, "the derivative of silu");
      for (int q = 0; q < KINDS; q++) {
        static const weyl_binary f[4] = {WEYL_BINARY_ADD, WEYL_BINARY_SUB, WEYL_BINARY_MUL, WEYL_BINARY_DIV};
        s = (weyl_row_step){.kind = WEYL_ROW_BINARY, .width = (int32_t)b.width, .out = {operand(&b, 5, q % 2 ? 8 : 0)}};
        s.f = f[(p + q) % 4];
        s.in[0] = operand(&b, 0, p);
        s.in[1] = operand(&b, 1, q);
        compare(k, &b, &s, 1, "binary");
        s.kind = WEYL_ROW_WHERE;
        s.in[2] = operand(&b, 2, (p + q) % KINDS);
        compare(k, &b, &s, 1, "where");
      }
    }
  }
}

/* Sums of two to four arrays, times another, and through silu; in place of an addend too. */
static void test_adds(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(4, "adds");
  FOR_BENCHES(k, b) {
    for (int p = 0; p < KINDS; p++)
      for (int count = 1; count <= WEYL_ROW_ADDENDS; count++) {
        weyl_row_step s = {.f = count, .width = (int32_t)b.width, .out = {operand(&b, 5, p % 2 ? 8 : 0)}};
        for (int i = 0; i < count; i++) s.in[i] = operand(&b, i, (p + 2 * i) % KINDS);
        if (count > 1) {
          s.kind = WEYL_ROW_ADDS;
          compare(k, &b, &s, 1, "sum of arrays");
          s.in[WEYL_ROW_ADDENDS] = operand(&b, 4, (p + count) % KINDS);
          compare(k, &b, &s, 1, "sum of arrays, times another");
          s.in[count - 1] = s.out[0];
          compare(k, &b, &s, 1, "the same in place");
          s.in[WEYL_ROW_ADDENDS] = (weyl_row_operand){0};
        }
        s.kind = WEYL_ROW_SILU;
        s.out[0] = operand(&b, 5, 0);
        compare(k, &b, &s, 1, "silu of a sum");
        s.out[1] = operand(&b, 6, 0);
        compare(k, &b, &s, 1, "silu of a sum with its derivative");
        s.in[0] = s.out[0];
        compare(k, &b, &s, 1, "silu of a sum in place");
        s.out[0].data = NULL;
        compare(k, &b, &s, 1, "the derivative alone");
      }
  }
}

static void test_sums(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(2, "sums");
  FOR_BENCHES(k, b) {
    for (int p = 0; p < KINDS; p++) {
      weyl_row_step s = {.width = (int32_t)b.width, .in = {operand(&b, 0, p)}, .out = {operand(&b, 5, 6)}};
      s.kind = WEYL_ROW_SUM;
      compare(k, &b, &s, 1, "sum");
      s.kind = WEYL_ROW_MAX;
      compare(k, &b, &s, 1, "maximum");
      s.kind = WEYL_ROW_ADD_ALL;
      s.out[0] = operand(&b, 5, 7);
      compare(k, &b, &s, 1, "sum of all");
      s.kind = WEYL_ROW_ADD_INTO;
      for (int q = 0; q < 6; q++) {
        s.out[0] = operand(&b, 5, q);
        compare(k, &b, &s, 1, "rows added into rows");
      }
    }
  }
}

/* (gathered + one for all) silu, times a number a row, summed by index and along rows: steps share registers. */
static void test_chain(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(3, "chain");
  FOR_BENCHES(k, b) {
    void *reg = aligned_alloc(64, (REGISTERS * b.block * b.width * size_of(b.type) / 64 + 2) * 64);
    weyl_row_operand r[2] = {{.data = reg, .div = 1, .times = 1, .stride = (int32_t)b.width, .block = true}};
    r[1] = r[0];
    r[1].data = shifted(b.type, reg, b.block * b.width);
    weyl_row_operand narrow = r[1];
    narrow.one = true;
    narrow.stride = 1;
    const int32_t width = (int32_t)b.width;
    const weyl_row_step steps[STEPS] = {
        {WEYL_ROW_BINARY, WEYL_BINARY_ADD, width, {r[0]}, {operand(&b, 0, 3), operand(&b, 1, 5)}},
        {WEYL_ROW_SILU, 0, width, {r[0], operand(&b, 6, 0)}, {r[0]}},
        {WEYL_ROW_SUM, 0, width, {narrow}, {r[0]}},
        {WEYL_ROW_BINARY, WEYL_BINARY_MUL, width, {r[0]}, {r[0], narrow}},
        {WEYL_ROW_ADD_INTO, 0, width, {operand(&b, 5, 3)}, {r[0]}},
    };
    compare(k, &b, steps, STEPS, "chain");
    free(reg);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_maps), cmocka_unit_test(test_adds),
                                     cmocka_unit_test(test_sums), cmocka_unit_test(test_chain)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
