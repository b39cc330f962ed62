#include "fourier.h"

#include <math.h>

fourier fourier_new(size_t n, double *room) {
  const double turn = 2 * 3.14159265358979323846 / (double)n;
  for (size_t k = 0; k < n / 2; k++) {
    room[2 * k] = cos(turn * (double)k);
    room[2 * k + 1] = -sin(turn * (double)k);
  }
  return (fourier){n, room};
}

static void swap(double *a, double *b) {
  const double t = *a;
  *a = *b;
  *b = t;
}

void fourier_line(const fourier *plan, int backward, double *z) {
  const size_t n = plan->n;
  for (size_t i = 1, j = 0; i < n; i++) { /* bits reversed: j counts from the top bit down */
    size_t bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      swap(z + 2 * i, z + 2 * j);
      swap(z + 2 * i + 1, z + 2 * j + 1);
    }
  }
  for (size_t half = 1; half < n; half *= 2) {
    const size_t step = n / (2 * half);
    for (size_t from = 0; from < n; from += 2 * half) {
      for (size_t k = 0; k < half; k++) {
        const double c = plan->turns[2 * k * step];
        const double s = backward ? -plan->turns[2 * k * step + 1] : plan->turns[2 * k * step + 1];
        double *a = z + 2 * (from + k), *b = a + 2 * half;
        const double re = c * b[0] - s * b[1], im = c * b[1] + s * b[0];
        b[0] = a[0] - re;
        b[1] = a[1] - im;
        a[0] += re;
        a[1] += im;
      }
    }
  }
}

void fourier_plane(const fourier *plan, int backward, double *z, double *column) {
  const size_t n = plan->n;
  for (size_t i = 0; i < n; i++) fourier_line(plan, backward, z + 2 * n * i);
  for (size_t j = 0; j < n; j++) {
    for (size_t i = 0; i < n; i++) {
      column[2 * i] = z[2 * (n * i + j)];
      column[2 * i + 1] = z[2 * (n * i + j) + 1];
    }
    fourier_line(plan, backward, column);
    for (size_t i = 0; i < n; i++) {
      z[2 * (n * i + j)] = column[2 * i];
      z[2 * (n * i + j) + 1] = column[2 * i + 1];
    }
  }
}
