/* How many environments, how many rows, and what follows from those there are. */
#include "distributions.h"
#include "model.h"

static const double E = 2.71828182845904523536;

double weyl_vc_ambient(size_t k, size_t d) { return 2 * (double)k * (double)(d + 1) * log2(8 * E * 6); }

double weyl_vc_polynomial(size_t p, size_t degree) {
  double count = 1; /* C(p + D, i), a whole number at each step */
  const size_t few = p < degree ? p : degree;
  for (size_t i = 1; i <= few; i++) {
    count = count * (double)(p + degree - few + i) / (double)i;
    if (count < 1e15) count = round(count);
    if (!isfinite(count)) return INFINITY;
  }
  return count;
}

double weyl_vc_rank(size_t rank) { return (double)rank * ((double)rank + 1) / 2; }

/* The sufficient number, not rounded. */
static double enough(double vc, double zeta, double delta) {
  return fmax(4 / zeta * log2(2 / delta), 8 * vc / zeta * log2(13 / zeta));
}

double weyl_pac_environments(double vc, double zeta, double delta) { return ceil(enough(vc, zeta, delta)); }

double weyl_pac_zeta(double vc, double n, double delta) {
  if (!(n > 0)) return INFINITY;
  double low = log(1e-15), high = log(1e15);
  for (int i = 0; i < 200; i++) { /* beyond 13 only the first of the two terms is left, and zeta means nothing */
    const double middle = (low + high) / 2;
    if (enough(vc, exp(middle), delta) > n)
      low = middle;
    else
      high = middle;
  }
  return exp(high);
}

double weyl_pac_agnostic(double vc, double n, double delta, double share) {
  if (n < vc) return INFINITY; /* the growth function is bounded by (e n / V)^V from n = V on */
  return share + sqrt(8 / n * (vc * log(2 * E * n / vc) + log(4 / delta)));
}

double weyl_pac_finite(double log_count, double zeta, double delta) {
  return ceil((log_count + log(1 / delta)) / zeta);
}

double weyl_pac_coverage(double p_min, double support, double delta) { return ceil(log(support / delta) / p_min); }

double weyl_clopper_pearson(size_t violations, size_t n, double delta) {
  if (n == 0 || violations >= n) return 1;
  const double k = (double)violations, all = (double)n;
  double low = k / all, high = 1; /* P(at most k of n) = I_{1-p}(n - k, k + 1) falls with p */
  for (int i = 0; i < 200; i++) {
    const double p = (low + high) / 2;
    if (incomplete_beta(all - k, k + 1, 1 - p) > delta)
      low = p;
    else
      high = p;
  }
  return (low + high) / 2;
}

/* (W + 1) norm (2 e + e^2) <= slack with e = (sqrt(d + 1) + sqrt(2 ln(2 n / delta))) / sqrt(m) */
double weyl_sample_rows(size_t d, double n, double delta, double norm, double norm_w, double slack) {
  const double e = sqrt(1 + slack / ((norm_w + 1) * norm)) - 1;
  const double top = sqrt((double)(d + 1)) + sqrt(2 * log(2 * n / delta));
  return ceil(top * top / (e * e));
}

double weyl_sample_slack(size_t d, double n, double delta, double norm, double norm_w, double m) {
  const double e = (sqrt((double)(d + 1)) + sqrt(2 * log(2 * n / delta))) / sqrt(m);
  return (norm_w + 1) * norm * (2 * e + e * e);
}
