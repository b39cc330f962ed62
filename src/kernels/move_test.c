/* gather and scatter_add: all widths, repeated indices, order of addition. */
#include "kernels_test.h"

enum { ROWS = 13, MOVES = 40 };

static void moves(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "move");
  const weyl_kernels *ref = weyl_kernels_reference();
  for (int type = F32; type <= F64; type++)
    for (size_t w = 0; w < 70; w++)
      for (size_t m = 0; m <= MOVES; m += 1 + m / 2) {
        int32_t index[MOVES];
        for (size_t i = 0; i < m; i++) index[i] = (int32_t)weyl_rng_below(&rng, ROWS);
        void *x = random_array(&rng, type, ROWS * w, -1, 1), *d = random_array(&rng, type, MOVES * w, -1, 1);
        void *y = array_of(type, MOVES * w + 1), *z = array_of(type, MOVES * w + 1);
        FOR_TABLES(k) {
          put(type, y, m * w, 77);
          k->gather[type](m, w, x, index, y);
          for (size_t i = 0; i < m * w; i++)
            assert_true(at(type, y, i) == at(type, x, (size_t)index[i / w] * w + i % w));
          assert_true(at(type, y, m * w) == 77);

          memcpy(y, x, ROWS * w * size_of(type)); /* not cleared: sums start from what is there */
          memcpy(z, x, ROWS * w * size_of(type));
          put(type, y, ROWS * w, 77);
          k->scatter_add[type](m, w, d, index, y);
          ref->scatter_add[type](m, w, d, index, z);
          for (size_t i = 0; i < ROWS * w; i++) /* the order of i is promised, so the bits are */
            if (at(type, y, i) != at(type, z, i)) fail_msg("%s scatter_add w %zu m %zu place %zu", k->isa, w, m, i);
          assert_true(at(type, y, ROWS * w) == 77);
        }
        free(x);
        free(d);
        free(y);
        free(z);
      }
}

/* <gather(x), d> = <x, scatter_add(d)>: each is the other's adjoint. */
static void adjoint(void **state) {
  (void)state;
  enum { W = 5 };
  weyl_rng rng = weyl_rng_new(2, "adjoint");
  FOR_TABLES(k) {
    int32_t index[MOVES];
    double x[ROWS * W], d[MOVES * W], y[MOVES * W], s[ROWS * W] = {0}, left = 0, right = 0, size = 0;
    for (size_t i = 0; i < MOVES; i++) index[i] = (int32_t)weyl_rng_below(&rng, ROWS);
    for (size_t i = 0; i < ROWS * W; i++) x[i] = weyl_rng_normal(&rng);
    for (size_t i = 0; i < MOVES * W; i++) d[i] = weyl_rng_normal(&rng);
    k->gather[F64](MOVES, W, x, index, y);
    k->scatter_add[F64](MOVES, W, d, index, s);
    for (size_t i = 0; i < MOVES * W; i++) left += y[i] * d[i], size += fabs(y[i] * d[i]);
    for (size_t i = 0; i < ROWS * W; i++) right += x[i] * s[i];
    assert_true(fabs(left - right) <= 1e-14 * size);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(moves), cmocka_unit_test(adjoint)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
