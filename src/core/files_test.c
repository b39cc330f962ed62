#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "folder.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int files_in(const char *path) {
  DIR *dir = opendir(path);
  assert_non_null(dir);
  int n = 0;
  for (struct dirent *e; (e = readdir(dir));) n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
  closedir(dir);
  return n;
}

static void put(weyl_context *ctx, const char *path, const char *text) {
  weyl_writer *w;
  assert_ok(ctx, weyl_writer_open(ctx, path, &w));
  assert_ok(ctx, weyl_writer_write(w, text, strlen(text)));
  assert_ok(ctx, weyl_writer_close(w));
}

static void assert_holds(weyl_context *ctx, const char *path, const char *text) {
  char *bytes;
  size_t n;
  assert_ok(ctx, weyl_file_read(ctx, path, 0, &bytes, &n));
  assert_int_equal(n, strlen(text));
  assert_string_equal(bytes, text);
  weyl_dealloc(ctx, bytes);
}

static void files_appear_whole_or_not_at_all(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *path = in_folder("a.txt");
  weyl_writer *w;
  assert_ok(ctx, weyl_writer_open(ctx, path, &w));
  assert_ok(ctx, weyl_writer_printf(w, "%d %.3f", 5, 0.5));
  fputs(" more", weyl_writer_file(w));
  assert_false(weyl_file_exists(path));
  assert_ok(ctx, weyl_writer_close(w));
  assert_holds(ctx, path, "5 0.500 more");

  assert_ok(ctx, weyl_writer_open(ctx, path, &w));
  assert_ok(ctx, weyl_writer_write(w, "new", 3));
  weyl_writer_abandon(w);
  weyl_writer_abandon(NULL);
  assert_holds(ctx, path, "5 0.500 more");
  assert_int_equal(files_in(folder), 1);
  test_context_free(ctx);
}

static void links_and_modes_stay(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *real = in_folder("real"), *link_path = in_folder("link");
  put(ctx, real, "old");
  assert_int_equal(chmod(real, 0640), 0);
  assert_int_equal(symlink(real, link_path), 0);
  put(ctx, link_path, "new");
  assert_holds(ctx, real, "new");
  struct stat st;
  assert_int_equal(lstat(link_path, &st), 0);
  assert_true(S_ISLNK(st.st_mode));
  assert_int_equal(stat(real, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0640);
  put(ctx, "/dev/null", "gone"); /* a device is written, not replaced */
  assert_int_equal(stat("/dev/null", &st), 0);
  assert_true(S_ISCHR(st.st_mode));
  test_context_free(ctx);
}

static void what_cannot_be_written_says_so(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  weyl_writer *w;
  assert_says(ctx, weyl_writer_open(ctx, in_folder("none/a"), &w), WEYL_NO_FILE, "none/a");
  assert_says(ctx, weyl_writer_open(ctx, folder, &w), WEYL_IO, "directory");
  put(ctx, in_folder("file"), "x");
  assert_status(ctx, weyl_writer_open(ctx, in_folder("file/b"), &w), WEYL_NO_FILE);
  assert_ok(ctx, weyl_writer_open(ctx, "/dev/full", &w));
  assert_ok(ctx, weyl_writer_write(w, "x", 1));
  assert_says(ctx, weyl_writer_close(w), WEYL_IO, "space");
  test_context_free(ctx);
}

/* Runs `body` in a child; its exit status, or 1000 + the signal that ended it. */
static int in_child(void (*body)(const char *path), const char *path) {
  fflush(NULL);
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    body(path);
    _exit(99);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static weyl_context *child_context(void) {
  weyl_context_opts opts = weyl_context_defaults();
  opts.threads = 1;
  weyl_context *ctx = NULL;
  return weyl_context_new(&opts, &ctx) == WEYL_OK ? ctx : NULL;
}

static void killed_while_writing(const char *path) {
  weyl_context *ctx = child_context();
  weyl_writer *w;
  char block[4096];
  memset(block, 'n', sizeof block);
  if (weyl_writer_open(ctx, path, &w) != WEYL_OK) _exit(1);
  for (int k = 0; k < 100; k++) {
    if (weyl_writer_write(w, block, sizeof block) != WEYL_OK) _exit(2);
  }
  kill(getpid(), SIGKILL);
}

static void a_kill_leaves_the_old_file(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *path = in_folder("killed");
  put(ctx, path, "old and whole");
  assert_int_equal(in_child(killed_while_writing, path), 1000 + SIGKILL);
  assert_holds(ctx, path, "old and whole");
  put(ctx, path, "next"); /* what the killed one left is in nobody's way */
  assert_holds(ctx, path, "next");
  test_context_free(ctx);
}

/* Kills a child that saves again and again, at a moment that nobody chose: old or new, never a mixture. */
static void saves_for_ever(const char *path) {
  weyl_context *ctx = child_context();
  for (int k = 0;; k++) {
    weyl_writer *w;
    char block[20000];
    memset(block, 'a' + k % 26, sizeof block);
    if (weyl_writer_open(ctx, path, &w) != WEYL_OK || weyl_writer_write(w, block, sizeof block) != WEYL_OK ||
        weyl_writer_close(w) != WEYL_OK)
      _exit(1);
  }
}

static void kills_at_any_time(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *path = in_folder("often");
  for (int k = 0; k < 20; k++) {
    fflush(NULL);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) saves_for_ever(path);
    for (int wait = 0; wait < 2000 && !weyl_file_exists(path); wait++) usleep(1000);
    usleep((useconds_t)(500 + 317 * k));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    char *bytes;
    size_t n;
    assert_ok(ctx, weyl_file_read(ctx, path, 0, &bytes, &n));
    assert_int_equal(n, 20000);
    for (size_t i = 1; i < n; i++) assert_int_equal(bytes[i], bytes[0]);
    weyl_dealloc(ctx, bytes);
  }
  test_context_free(ctx);
}

/* A limit on the size of files stands for the full disk: writes fail with EFBIG in the middle of the file.
 */
static void disk_is_full(const char *path) {
  signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {10000, 10000};
  if (setrlimit(RLIMIT_FSIZE, &small) != 0) _exit(1);
  weyl_context *ctx = child_context();
  weyl_writer *w;
  char block[4096] = {0};
  if (weyl_writer_open(ctx, path, &w) != WEYL_OK) _exit(2);
  weyl_status status = WEYL_OK;
  for (int k = 0; k < 10; k++) {
    if (weyl_writer_write(w, block, sizeof block) != WEYL_OK) status = WEYL_IO;
  }
  if (weyl_writer_close(w) != WEYL_IO) _exit(3); /* also when nobody looked at the writes */
  if (status == WEYL_OK) _exit(4);
  if (!strstr(weyl_message(ctx), path)) _exit(5);
  weyl_message_clear(ctx);

  weyl_bundle *b;
  static float data[8000];
  const weyl_array array = {.data = data, .dtype = WEYL_F32, .rank = 1, .dim = {8000}};
  char other[300];
  if (weyl_bundle_new(ctx, &b) != WEYL_OK || weyl_bundle_add(b, "x", &array) != WEYL_OK) _exit(6);
  static const char *const ends[] = {".npz", ".npy", ".safetensors"};
  for (int k = 0; k < 3; k++) {
    snprintf(other, sizeof other, "%s%s", path, ends[k]);
    const weyl_status s = k == 2 ? weyl_safetensors_write(ctx, other, b) : weyl_npz_write(ctx, other, b);
    if (s != WEYL_IO || weyl_message(ctx)[0] == '\0') _exit(7 + k);
    if (weyl_file_exists(other)) _exit(17 + k);
    weyl_message_clear(ctx);
  }
  weyl_bundle_free(b);
  _exit(weyl_memory_used(ctx) == 0 ? 0 : 20);
}

static void a_full_disk_leaves_the_old_file(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *sub = in_folder("full");
  assert_ok(ctx, weyl_folder_make(ctx, sub));
  const char *path = in_folder("full/file");
  put(ctx, path, "old");
  assert_int_equal(in_child(disk_is_full, path), 0);
  assert_holds(ctx, path, "old");
  assert_int_equal(files_in(sub), 1);
  test_context_free(ctx);
}

static void reading(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *path = in_folder("read");
  put(ctx, path, "0123456789");
  char *bytes = NULL;
  size_t n = 77;
  assert_ok(ctx, weyl_file_read(ctx, path, 10, &bytes, &n));
  assert_int_equal(n, 10);
  weyl_dealloc(ctx, bytes);
  bytes = NULL;
  assert_says(ctx, weyl_file_read(ctx, path, 9, &bytes, &n), WEYL_FORMAT, "9 bytes");
  assert_says(ctx, weyl_file_read(ctx, in_folder("absent"), 0, &bytes, &n), WEYL_NO_FILE, "absent");
  assert_status(ctx, weyl_file_read(ctx, folder, 0, &bytes, &n), WEYL_IO);
  assert_says(ctx, weyl_file_read(ctx, "/dev/zero", 100000, &bytes, &n), WEYL_FORMAT, "100000");
  assert_null(bytes);
  put(ctx, path, "");
  assert_holds(ctx, path, "");
  test_context_free(ctx);
}

/* Files without a size of their own, longer than the first guess. */
static void reading_pipes(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *path = in_folder("pipe");
  assert_int_equal(mkfifo(path, 0600), 0);
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    FILE *f = fopen(path, "w");
    for (int i = 0; f && i < 300000; i++) putc('a' + i % 7, f);
    if (f) fclose(f);
    _exit(0);
  }
  char *bytes;
  size_t n;
  assert_ok(ctx, weyl_file_read(ctx, path, 0, &bytes, &n));
  waitpid(pid, NULL, 0);
  assert_int_equal(n, 300000);
  for (size_t i = 0; i < n; i++) assert_int_equal(bytes[i], 'a' + (char)(i % 7));
  weyl_dealloc(ctx, bytes);
  test_context_free(ctx);
}

static void folders(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  assert_ok(ctx, weyl_folder_make(ctx, in_folder("x//y/z/")));
  assert_ok(ctx, weyl_folder_make(ctx, in_folder("x/y/z")));
  assert_true(weyl_file_exists(in_folder("x/y/z")));
  assert_ok(ctx, weyl_folder_make(ctx, "/"));
  put(ctx, in_folder("x/file"), "");
  assert_says(ctx, weyl_folder_make(ctx, in_folder("x/file")), WEYL_IO, "in the way");
  assert_status(ctx, weyl_folder_make(ctx, in_folder("x/file/z")), WEYL_IO);
  assert_status(ctx, weyl_folder_make(ctx, ""), WEYL_BAD_ARG);
  test_context_free(ctx);
}

/* FIPS 180-4's examples. */
static void checksums(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  char hex[65];
  weyl_sha256("abc", 3, hex);
  assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  weyl_sha256("", 0, hex);
  assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  put(ctx, in_folder("abc"), "abc");
  assert_ok(ctx, weyl_file_sha256(ctx, in_folder("abc"), hex));
  assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert_says(ctx, weyl_file_sha256(ctx, in_folder("absent"), hex), WEYL_NO_FILE, "absent");
  assert_status(ctx, weyl_file_sha256(ctx, folder, hex), WEYL_IO);
  test_context_free(ctx);
}

static void refused_memory_is_survived(void **state) {
  (void)state;
  weyl_context *ctx = test_context(1);
  const char *path = in_folder("memory"), *deep = in_folder("m/n");
  for (uint64_t n = 1, done = 0; !done; n++) {
    weyl_context_fail_allocation(ctx, n);
    weyl_writer *w = NULL;
    char *bytes = NULL;
    size_t size;
    weyl_status status = weyl_writer_open(ctx, path, &w);
    if (status == WEYL_OK) status = weyl_writer_close(w);
    if (status == WEYL_OK) status = weyl_file_read(ctx, path, 0, &bytes, &size);
    if (status == WEYL_OK) status = weyl_folder_make(ctx, deep);
    weyl_dealloc(ctx, bytes);
    weyl_context_fail_allocation(ctx, 0);
    assert_int_equal(weyl_memory_used(ctx), 0);
    done = status == WEYL_OK;
    if (!done) assert_status(ctx, status, WEYL_MEMORY);
    assert_true(n < 100);
  }
  test_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_appear_whole_or_not_at_all),
      cmocka_unit_test(links_and_modes_stay),
      cmocka_unit_test(what_cannot_be_written_says_so),
      cmocka_unit_test(a_kill_leaves_the_old_file),
      cmocka_unit_test(kills_at_any_time),
      cmocka_unit_test(a_full_disk_leaves_the_old_file),
      cmocka_unit_test(reading),
      cmocka_unit_test(reading_pipes),
      cmocka_unit_test(folders),
      cmocka_unit_test(checksums),
      cmocka_unit_test(refused_memory_is_survived),
  };
  return cmocka_run_group_tests_name("files", tests, folder_make, folder_remove);
}
