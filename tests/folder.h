/* folder.h: one fresh folder for the files of a test program, made and removed by
 *
 *   cmocka_run_group_tests(tests, folder_make, folder_remove)
 *
 * Include it after cmocka.h. */
#ifndef WEYL_TESTS_FOLDER_H
#define WEYL_TESTS_FOLDER_H

#include "property.h"

static char folder[64];

static inline int folder_make(void **state) {
  (void)state;
  test_folder(folder);
  return 0;
}

static inline int folder_remove(void **state) {
  (void)state;
  test_remove(folder);
  return 0;
}

/* The path of a name in the folder; it lives until the fourth call from now. */
static inline const char *in_folder(const char *name) {
  static char path[4][256];
  static int turn;
  turn = (turn + 1) % 4;
  snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}

#endif
