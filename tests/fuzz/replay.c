/* Where there is no fuzzer: feeds a target every file of a folder and some thousand mutations of them, the
 * same in every run.  A child does the work; when it dies, the input that killed it is written to
 * <target>.crash.
 *
 *   fuzz_npy corpus/npy [mutations]       fuzz_npy npy.crash
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INPUT_MAX = 1 << 16, FILES_MAX = 256 };

typedef struct input {
  size_t size;
  uint8_t bytes[INPUT_MAX];
} input;

static char *names[FILES_MAX];
static input *inputs[FILES_MAX];
static size_t count;

static bool load(const char *path) {
  FILE *f = fopen(path, "rb");
  input *in = f && count < FILES_MAX ? malloc(sizeof *in) : NULL;
  if (in) {
    in->size = fread(in->bytes, 1, INPUT_MAX, f);
    inputs[count++] = in;
  }
  if (f) fclose(f);
  return in != NULL;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool load_folder(const char *folder) {
  DIR *dir = opendir(folder);
  if (!dir) return false;
  size_t n = 0;
  for (struct dirent *e; n < FILES_MAX && (e = readdir(dir));) {
    if (e->d_name[0] == '.') continue;
    const size_t room = strlen(folder) + strlen(e->d_name) + 2;
    names[n] = malloc(room);
    if (!names[n]) break;
    snprintf(names[n++], room, "%s/%s", folder, e->d_name);
  }
  closedir(dir);
  qsort(names, n, sizeof *names, by_name);
  bool good = true;
  for (size_t i = 0; i < n; i++) {
    good = load(names[i]) && good;
    free(names[i]);
  }
  return good && n > 0;
}

/* Takes `gone` bytes at `at` out and puts `n` others in; what does not fit is cut. */
static void splice(input *in, size_t at, size_t gone, const uint8_t *bytes, size_t n) {
  if (n > INPUT_MAX - at) n = INPUT_MAX - at;
  size_t tail = in->size - at - gone;
  if (tail > INPUT_MAX - at - n) tail = INPUT_MAX - at - n;
  memmove(in->bytes + at + n, in->bytes + at + gone, tail);
  memcpy(in->bytes + at, bytes, n);
  in->size = at + n + tail;
}

static void mutate(input *in, weyl_rng *rng) {
  static const char *const words[] = {"0",
                                      "-1",
                                      "18446744073709551616",
                                      "9223372036854775807",
                                      "4611686018427387904",
                                      "4294967295",
                                      "(",
                                      ")",
                                      "{",
                                      "}",
                                      "[",
                                      "]",
                                      ",",
                                      "'",
                                      "\"",
                                      "\n",
                                      "=",
                                      "\\u0000",
                                      "\xff\xff\xff\xff",
                                      "\x7f\xff\xff\xff"};
  uint8_t other[64];
  const size_t at = (size_t)weyl_rng_below(rng, in->size + 1), left = in->size - at;
  size_t n = (size_t)weyl_rng_below(rng, 32) + 1;
  if (n > left) n = left;
  switch (weyl_rng_below(rng, 8)) {
    case 0:
      if (left) in->bytes[at] ^= (uint8_t)(1u << weyl_rng_below(rng, 8));
      break;
    case 1:
      if (left) in->bytes[at] = (uint8_t)weyl_rng_u64(rng);
      break;
    case 2: splice(in, at, n, other, 0); break;
    case 3: in->size = at; break;
    case 4: /* a piece of the input again */
      memcpy(other, in->bytes + at, n);
      splice(in, (size_t)weyl_rng_below(rng, in->size + 1), 0, other, n);
      break;
    case 5: { /* a piece of another input */
      const input *from = inputs[weyl_rng_below(rng, count)];
      const size_t start = (size_t)weyl_rng_below(rng, from->size + 1);
      const size_t m = from->size - start < sizeof other ? from->size - start : sizeof other;
      memcpy(other, from->bytes + start, m);
      splice(in, at, n, other, m);
      break;
    }
    default: {
      const char *word = words[weyl_rng_below(rng, sizeof words / sizeof words[0])];
      splice(in, at, weyl_rng_below(rng, 2) && left ? 1 : 0, (const uint8_t *)word, strlen(word));
    }
  }
}

/* In a block of its exact size, so that a sanitizer sees what is read behind it. */
static void feed(const input *in) {
  uint8_t *exact = malloc(in->size ? in->size : 1);
  FUZZ_CHECK(exact);
  memcpy(exact, in->bytes, in->size);
  LLVMFuzzerTestOneInput(exact, in->size);
  free(exact);
}

static void feed_all(input *now, long mutations) {
  for (size_t i = 0; i < count; i++) {
    *now = *inputs[i];
    feed(now);
  }
  weyl_rng rng = weyl_rng_new(1, "replay");
  for (long k = 0; k < mutations; k++) {
    *now = *inputs[weyl_rng_below(&rng, count)];
    for (uint64_t m = 1 + weyl_rng_below(&rng, 4); m > 0; m--) mutate(now, &rng);
    feed(now);
  }
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s FOLDER|FILE [MUTATIONS]\n", argv[0]);
    return 2;
  }
  long mutations = argc > 2 ? strtol(argv[2], NULL, 10) : 5000;
  struct stat st;
  const bool folder = stat(argv[1], &st) == 0 && S_ISDIR(st.st_mode);
  if (!(folder ? load_folder(argv[1]) : load(argv[1]))) {
    fprintf(stderr, "%s: no inputs there\n", argv[1]);
    return 2;
  }
  if (!folder && argc < 3) mutations = 0;

  input *now = mmap(NULL, sizeof *now, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (now == MAP_FAILED) return 2;
  const pid_t pid = fork();
  if (pid < 0) return 2;
  if (pid == 0) {
    feed_all(now, mutations);
    exit(0);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  const size_t loaded = count;
  for (size_t i = 0; i < loaded; i++) free(inputs[i]);
  if (status == 0) {
    printf("%zu files and %ld mutations\n", loaded, mutations);
    return 0;
  }
  const char *base = strrchr(argv[0], '/');
  char path[256];
  snprintf(path, sizeof path, "%.200s.crash", base ? base + 1 : argv[0]);
  FILE *f = fopen(path, "wb");
  if (f) {
    fwrite(now->bytes, 1, now->size, f);
    fclose(f);
  }
  fprintf(stderr, "the target died (status %d) on the %zu bytes in %s\n", status, now->size, path);
  return 1;
}
