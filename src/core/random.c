#include <weyl/core.h>

#include <Random123/philox.h>
#include <math.h>

void weyl_philox(uint64_t key, uint64_t counter_hi, uint64_t counter_lo, uint32_t out[4]) {
  const philox4x32_ctr_t counter = {
      {(uint32_t)counter_lo, (uint32_t)(counter_lo >> 32), (uint32_t)counter_hi, (uint32_t)(counter_hi >> 32)}};
  const philox4x32_key_t k = {{(uint32_t)key, (uint32_t)(key >> 32)}};
  const philox4x32_ctr_t r = philox4x32_R(10, counter, k);
  for (int i = 0; i < 4; i++) out[i] = r.v[i];
}

uint64_t weyl_hash_name(const char *name) {
  uint64_t h = 0xcbf29ce484222325u;
  for (const unsigned char *c = (const unsigned char *)name; *c; c++) h = (h ^ *c) * 0x100000001b3u;
  /* FNV leaves short names close together; MurmurHash3's finaliser spreads them. */
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
  return h ^ (h >> 33);
}

weyl_rng weyl_rng_new(uint64_t seed, const char *name) {
  return (weyl_rng){.seed = seed, .stream = weyl_hash_name(name)};
}

static void draw(weyl_rng *rng, uint64_t out[2]) {
  uint32_t w[4];
  weyl_philox(rng->seed, rng->stream, rng->index++, w);
  out[0] = w[0] | (uint64_t)w[1] << 32;
  out[1] = w[2] | (uint64_t)w[3] << 32;
}

uint64_t weyl_rng_u64(weyl_rng *rng) {
  uint64_t w[2];
  draw(rng, w);
  return w[0];
}

double weyl_rng_uniform(weyl_rng *rng) { return (double)(weyl_rng_u64(rng) >> 11) * 0x1p-53; }

/* Box and Muller: one block of Philox makes two. */
double weyl_rng_normal(weyl_rng *rng) {
  if (rng->has_spare) {
    rng->has_spare = false;
    return rng->spare;
  }
  uint64_t w[2];
  draw(rng, w);
  const double u = (double)((w[0] >> 11) + 1) * 0x1p-53; /* (0, 1]: the logarithm stays finite */
  const double angle = (double)(w[1] >> 11) * (0x1p-53 * 6.283185307179586476925);
  const double radius = sqrt(-2 * log(u));
  rng->spare = radius * sin(angle);
  rng->has_spare = true;
  return radius * cos(angle);
}

uint64_t weyl_rng_below(weyl_rng *rng, uint64_t n) {
  const uint64_t uneven = (0 - n) % n; /* 2^64 mod n: so many draws at the bottom would be counted once too often */
  uint64_t x;
  do x = weyl_rng_u64(rng);
  while (x < uneven);
  return x % n;
}

void weyl_rng_shuffle(weyl_rng *rng, int64_t *items, size_t n) {
  for (size_t i = n; i > 1; i--) {
    const size_t j = (size_t)weyl_rng_below(rng, i);
    const int64_t t = items[i - 1];
    items[i - 1] = items[j];
    items[j] = t;
  }
}
