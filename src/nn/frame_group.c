/* frame_group.c: names of the groups that have PCA frames. */
#include "frame_group.h"

#include <ctype.h>

const char *weyl_frame_group_read(const char *text, weyl_frame_group *out, size_t *at) {
  weyl_frame_group g = {0};
  size_t k = 0;
  if (text[k] == 'S') {
    g.special = true;
    k++;
  }
  *at = k;
  if (text[k] != 'E' && text[k] != 'O') return g.special ? "E(d) or O(d) after S" : "E(d), SE(d), O(d) or SO(d)";
  g.translations = text[k++] == 'E';
  *at = k;
  if (text[k] != '(') return "( and the dimension";
  *at = ++k;
  /* one digit is enough: weyl_frames.signs holds 64 frames */
  const int d = isdigit((unsigned char)text[k]) && !isdigit((unsigned char)text[k + 1]) ? text[k] - '0' : 0;
  const int free_signs = d - (g.special ? 1 : 0);
  if (d < 1 || free_signs > 6) return g.special ? "a dimension 1..7" : "a dimension 1..6";
  *at = ++k;
  if (text[k] != ')') return ")";
  *at = ++k;
  if (text[k]) return "the end";
  g.d = d;
  g.count = 1 << free_signs;
  *out = g;
  return NULL;
}
