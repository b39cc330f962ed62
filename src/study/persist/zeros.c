#include "zeros.h"

#include <math.h>

typedef struct cubic {
  double a, p, second, third;
} cubic;

static cubic through(double a, double p, double b, double q) {
  return (cubic){a, p, 3 * (b - a) - 2 * p - q, 2 * (a - b) + p + q};
}
static double value(const cubic *c, double u) { return c->a + u * (c->p + u * (c->second + u * c->third)); }
static double slope(const cubic *c, double u) { return c->p + u * (2 * c->second + 3 * u * c->third); }

/* The zero between two places of different sign: Newton's steps from the straight line's, halving where they leave. */
static double zero(const cubic *c, double low, double high) {
  const double from = value(c, low), to = value(c, high), sign = from < 0 ? -1 : 1;
  double u = low + (high - low) * from / (from - to);
  for (int i = 0; i < 40 && high - low > 1e-9; i++) {
    const double f = sign * value(c, u);
    if (f > 0)
      low = u;
    else
      high = u;
    const double next = u - f / (sign * slope(c, u));
    const double moved = next > low && next < high ? next : (low + high) / 2;
    if (fabs(moved - u) < 1e-6 && moved == next) return moved; /* the next would move its square */
    u = moved;
  }
  return u;
}

/* The place in (0, 1) where the cubic is nearest to zero when it moves towards it from the left and away on the right;
 * -1: there is none. */
static double dip(const cubic *c, double a, double p, double q) {
  const double sign = a < 0 ? -1 : 1;
  if (!(sign * p < 0 && sign * q > 0)) return -1;
  double low = 0, high = 1; /* of the derivative, a parabola that changes its sign once or thrice: halving finds one */
  for (int i = 0; i < 40; i++) {
    const double u = (low + high) / 2;
    if (sign * slope(c, u) < 0)
      low = u;
    else
      high = u;
  }
  return (low + high) / 2;
}

int persist_zeros(double a, double p, double b, double q, double at[2]) {
  const cubic c = through(a, p, b, q);
  if ((a < 0) != (b < 0)) {
    at[0] = zero(&c, 0, 1);
    return 1;
  }
  const double u = dip(&c, a, p, q);
  if (u < 0 || (value(&c, u) < 0) == (a < 0)) return 0;
  at[0] = zero(&c, 0, u);
  at[1] = zero(&c, u, 1);
  return 2;
}

double persist_nearest(double a, double p, double b, double q) {
  const cubic c = through(a, p, b, q);
  const double sign = a < 0 ? -1 : 1, ends = fmin(sign * a, sign * b), u = dip(&c, a, p, q);
  return u < 0 ? ends : fmin(ends, sign * value(&c, u));
}
