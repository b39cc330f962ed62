/* Signed combinations and copies: every width and number of coordinates, against the reference; adjoints. */
#include "kernels_test.h"

typedef void (*signed_fn)(size_t rows, size_t n, size_t d, size_t frames, const double *signs, const void *x, void *y);

enum { MIX, UNMIX, FRAMES, FOLD, KINDS };

static signed_fn kernel(const weyl_kernels *k, int kind, int type) {
  return kind == MIX      ? k->sign_mix[type]
         : kind == UNMIX  ? k->sign_unmix[type]
         : kind == FRAMES ? k->sign_frames[type]
                          : k->sign_fold[type];
}

static size_t size_in(int kind, size_t rows, size_t n, size_t d, size_t frames) {
  return rows * n * (kind == MIX ? d : kind == FRAMES ? 1 : frames);
}

static size_t size_out(int kind, size_t rows, size_t n, size_t d, size_t frames) {
  return rows * n * (kind == UNMIX ? d : kind == FOLD ? 1 : frames);
}

static void all_sizes(void **state) {
  (void)state;
  weyl_rng rng = weyl_rng_new(1, "signs");
  const weyl_kernels *ref = weyl_kernels_reference();
  for (int type = F32; type <= F64; type++)
    for (size_t d = 1; d <= WEYL_SIGNS_D; d++)
      for (size_t frames = 1; frames <= 200; frames += 1 + 3 * frames)
        for (size_t m = 1; m < 24; m += 1 + m / 3) {
          const size_t rows = 3, n = m * d;
          double signs[200 * WEYL_SIGNS_D];
          for (size_t i = 0; i < frames * d; i++) signs[i] = weyl_rng_uniform(&rng) < 0.5 ? -1 : 1;
          for (int kind = 0; kind < KINDS; kind++) {
            const size_t from = size_in(kind, rows, n, d, frames), to = size_out(kind, rows, n, d, frames);
            void *x = random_array(&rng, type, from, -1, 1), *y = array_of(type, to + 1), *want = array_of(type, to);
            kernel(ref, kind, type)(rows, n, d, frames, signs, x, want);
            const double most = 4 * epsilon_of(type) * (double)(d + frames);
            FOR_TABLES(k) {
              put(type, y, to, 77);
              kernel(k, kind, type)(rows, n, d, frames, signs, x, y);
              for (size_t i = 0; i < to; i++)
                if (!(fabs(at(type, y, i) - at(type, want, i)) <= most))
                  fail_msg("%s kind %d d %zu frames %zu n %zu: number %zu is %g, must be %g", k->isa, kind, d, frames,
                           n, i, at(type, y, i), at(type, want, i));
              assert_true(at(type, y, to) == 77);
            }
            free(x);
            free(y);
            free(want);
          }
        }
}

/* <mix x, y> = <x, unmix y>, and so for frames and fold. */
static void adjoint(void **state) {
  (void)state;
  enum { ROWS = 5, N = 21, D = 3, FR = 8 };
  weyl_rng rng = weyl_rng_new(2, "adjoint");
  double signs[FR * D];
  for (size_t i = 0; i < FR * D; i++) signs[i] = weyl_rng_uniform(&rng) < 0.5 ? -1 : 1;
  for (int kind = MIX; kind <= FRAMES; kind += FRAMES - MIX) {
    const size_t from = size_in(kind, ROWS, N, D, FR), to = size_out(kind, ROWS, N, D, FR);
    double *x = random_array(&rng, F64, from, -1, 1), *y = random_array(&rng, F64, to, -1, 1);
    double *ax = array_of(F64, to), *by = array_of(F64, from), left = 0, right = 0;
    FOR_TABLES(k) {
      kernel(k, kind, F64)(ROWS, N, D, FR, signs, x, ax);
      kernel(k, kind + 1, F64)(ROWS, N, D, FR, signs, y, by);
      left = right = 0;
      for (size_t i = 0; i < to; i++) left += ax[i] * y[i];
      for (size_t i = 0; i < from; i++) right += x[i] * by[i];
      assert_true(fabs(left - right) <= 1e-11);
    }
    free(x);
    free(y);
    free(ax);
    free(by);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(all_sizes), cmocka_unit_test(adjoint)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
