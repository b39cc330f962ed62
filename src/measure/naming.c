/* naming.c: categories that nobody named against classes that somebody did. */
#include <weyl/measure.h>

#include <string.h>

enum { MOST = 16 };

weyl_status weyl_best_naming(weyl_context *ctx, int categories, int classes, const int64_t *count, int category_of[],
                             int64_t *right) {
  if (categories < 1 || categories > MOST || classes < 1 || classes > MOST)
    return weyl_fail(ctx, WEYL_BAD_ARG, "%d categories and %d classes, must be 1 to %d each", categories, classes,
                     MOST);
  /* best[c][used]: the most that the first c classes can have right with these categories given away; a class without
   * a category is always wrong */
  const int sets = 1 << categories;
  int64_t *best = weyl_alloc(ctx, (size_t)(classes + 1) * (size_t)sets, sizeof *best);
  if (!best) return WEYL_MEMORY;
  memset(best, 0, (size_t)sets * sizeof *best);
  for (int c = 0; c < classes; c++)
    for (int used = 0; used < sets; used++) {
      int64_t most = best[c * sets + used];
      for (int k = 0; k < categories; k++) {
        if (!(used >> k & 1)) continue;
        const int64_t with = best[c * sets + (used ^ 1 << k)] + count[k * classes + c];
        if (with > most) most = with;
      }
      best[(c + 1) * sets + used] = most;
    }
  int used = sets - 1;
  *right = best[classes * sets + used];
  for (int c = classes - 1; c >= 0; c--) {
    category_of[c] = -1;
    for (int k = 0; k < categories && category_of[c] < 0; k++)
      if (used >> k & 1 && best[(c + 1) * sets + used] == best[c * sets + (used ^ 1 << k)] + count[k * classes + c])
        category_of[c] = k;
    if (category_of[c] >= 0) used ^= 1 << category_of[c];
  }
  weyl_dealloc(ctx, best);
  return WEYL_OK;
}
