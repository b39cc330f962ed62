#include <weyl/core.h>

#include <string.h>

#define WORD_MAX 64

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static int least(int a, int b) { return a < b ? a : b; }

/* Insertions, deletions, changes and swaps of neighbours that make b of a; letters of either case are
 * equal. */
static int distance(const char *a, const char *b) {
  const size_t na = strlen(a), nb = strlen(b);
  int rows[3][WORD_MAX + 1];
  int *before = rows[0], *last = rows[1], *now = rows[2];
  for (size_t j = 0; j <= nb; j++) last[j] = (int)j;
  for (size_t i = 1; i <= na; i++) {
    now[0] = (int)i;
    for (size_t j = 1; j <= nb; j++) {
      const char x = lower(a[i - 1]), y = lower(b[j - 1]);
      now[j] = least(last[j - 1] + (x != y), least(last[j], now[j - 1]) + 1);
      if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2])) now[j] = least(now[j], before[j - 2] + 1);
    }
    int *t = before;
    before = last;
    last = now;
    now = t;
  }
  return last[nb];
}

const char *weyl_nearest_name(const char *word, const char *const *names, size_t n) {
  const size_t length = strlen(word);
  if (length == 0 || length > WORD_MAX) return NULL;
  const char *nearest = NULL;
  int best = 0;
  for (size_t i = 0; i < n; i++) {
    const size_t other = strlen(names[i]);
    if (other > WORD_MAX) continue;
    const int d = distance(word, names[i]);
    /* A third of the letters may be wrong, and one in any word of two or more. */
    const size_t longer = length > other ? length : other;
    const int allowed = longer < 2 ? 0 : longer < 6 ? 1 : (int)(longer / 3);
    if (d <= allowed && (!nearest || d < best)) {
      nearest = names[i];
      best = d;
    }
  }
  return nearest;
}
