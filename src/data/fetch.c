/* Downloads with resume and checksum.  libcurl is opened when it is first wanted, so that nothing links to it; the
 * numbers below are those of its stable ABI (curl/curl.h). */
#include "fetch.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const weyl_download table[] = {
#define WEYL_DOWNLOAD(name_, file_, url_, bytes_, sha256_, licence_, summary_) \
  {.name = name_,                                                              \
   .file = file_,                                                              \
   .url = url_,                                                                \
   .bytes = bytes_,                                                            \
   .sha256 = sha256_,                                                          \
   .licence = licence_,                                                        \
   .summary = summary_},
#include "downloads.def"
#undef WEYL_DOWNLOAD
    {0}};

const weyl_download *weyl_downloads(void) { return table; }

const weyl_download *weyl_download_find(const char *name) {
  for (const weyl_download *d = table; name && d->name; d++)
    if (strcmp(d->name, name) == 0) return d;
  return NULL;
}

/* ---- libcurl -------------------------------------------------------------------------------------------------- */

enum {
  OPT_LOW_SPEED_LIMIT = 19,
  OPT_LOW_SPEED_TIME = 20,
  OPT_NOPROGRESS = 43,
  OPT_FAILONERROR = 45,
  OPT_FOLLOWLOCATION = 52,
  OPT_MAXREDIRS = 68,
  OPT_CONNECTTIMEOUT = 78,
  OPT_NOSIGNAL = 99,
  OPT_REDIR_PROTOCOLS = 182,
  OPT_WRITEDATA = 10001,
  OPT_URL = 10002,
  OPT_ERRORBUFFER = 10010,
  OPT_USERAGENT = 10018,
  OPT_XFERINFODATA = 10057,
  OPT_WRITEFUNCTION = 20011,
  OPT_XFERINFOFUNCTION = 20219,
  OPT_RESUME_FROM_LARGE = 30116,
  INFO_RESPONSE_CODE = 0x200002,
  E_OK = 0,
  E_HTTP = 22,
  E_WRITE = 23,
  E_RANGE = 33,
  E_RESUME = 36,
  E_ABORTED = 42,
  ERROR_SIZE = 256,
  HTTP_RANGE_EMPTY = 416
};
static const long web_only = 1 | 2; /* http, https: a redirection must not lead to local files */

typedef struct curl {
  void *(*init)(void);
  int (*setopt)(void *handle, int option, ...);
  int (*perform)(void *handle);
  int (*getinfo)(void *handle, int info, ...);
  void (*cleanup)(void *handle);
  const char *(*text)(int code);
} curl;

static bool find_function(void *library, const char *name, void *to) {
  void *symbol = dlsym(library, name);
  memcpy(to, &symbol, sizeof symbol); /* POSIX: a function's address fits */
  return symbol != NULL;
}

static weyl_status curl_open(weyl_context *ctx, curl *out) {
  static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.4.dylib"};
  void *library = NULL; /* stays open: its own libraries do not like to be closed */
  for (size_t i = 0; i < sizeof names / sizeof names[0] && !library; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return weyl_fail(
        ctx, WEYL_UNSUPPORTED,
        "downloads need libcurl, which is not installed (apt install libcurl4); or fetch the file yourself");
  const bool good = find_function(library, "curl_easy_init", &out->init) &&
                    find_function(library, "curl_easy_setopt", &out->setopt) &&
                    find_function(library, "curl_easy_perform", &out->perform) &&
                    find_function(library, "curl_easy_getinfo", &out->getinfo) &&
                    find_function(library, "curl_easy_cleanup", &out->cleanup) &&
                    find_function(library, "curl_easy_strerror", &out->text);
  return good ? WEYL_OK
              : weyl_fail(ctx, WEYL_UNSUPPORTED, "the libcurl of this machine lacks a function that weyl needs");
}

typedef struct transfer {
  weyl_context *ctx;
  const weyl_download *what;
  FILE *file;
  int64_t before; /* bytes of an earlier attempt */
} transfer;

static size_t take(char *bytes, size_t size, size_t n, void *arg) {
  return fwrite(bytes, 1, size * n, ((transfer *)arg)->file);
}

static int report(void *arg, int64_t total, int64_t now, int64_t up_total, int64_t up_now) {
  (void)up_total;
  (void)up_now;
  const transfer *t = arg;
  const int64_t all = t->what->bytes > 0 ? t->what->bytes : total > 0 ? total + t->before : 0;
  return weyl_progress(t->ctx, t->what->file, (double)(now + t->before), (double)all) ? 1 : 0;
}

/* Adds to `part` what is missing. *again: the rest cannot be had from there, start over. */
static weyl_status receive(weyl_context *ctx, const weyl_download *what, const char *part, int64_t before,
                           bool *again) {
  curl c = {0};
  WEYL_TRY(curl_open(ctx, &c));
  transfer t = {.ctx = ctx, .what = what, .before = before, .file = fopen(part, before > 0 ? "ab" : "wb")};
  if (!t.file) return weyl_fail(ctx, WEYL_IO, "%s: cannot be written", part);
  void *handle = c.init();
  char error[ERROR_SIZE] = "";
  int code = -1;
  long answer = 0;
  if (handle) {
    c.setopt(handle, OPT_URL, what->url);
    c.setopt(handle, OPT_WRITEFUNCTION, take);
    c.setopt(handle, OPT_WRITEDATA, &t);
    c.setopt(handle, OPT_XFERINFOFUNCTION, report);
    c.setopt(handle, OPT_XFERINFODATA, &t);
    c.setopt(handle, OPT_NOPROGRESS, 0L);
    c.setopt(handle, OPT_ERRORBUFFER, error);
    c.setopt(handle, OPT_USERAGENT, "weyl");
    c.setopt(handle, OPT_FAILONERROR, 1L);
    c.setopt(handle, OPT_FOLLOWLOCATION, 1L);
    c.setopt(handle, OPT_MAXREDIRS, 10L);
    c.setopt(handle, OPT_REDIR_PROTOCOLS, web_only);
    c.setopt(handle, OPT_NOSIGNAL, 1L);
    c.setopt(handle, OPT_CONNECTTIMEOUT, 30L);
    c.setopt(handle, OPT_LOW_SPEED_LIMIT, 1L); /* a minute without a byte */
    c.setopt(handle, OPT_LOW_SPEED_TIME, 60L);
    c.setopt(handle, OPT_RESUME_FROM_LARGE, before);
    code = c.perform(handle);
    c.getinfo(handle, INFO_RESPONSE_CODE, &answer);
    c.cleanup(handle);
  }
  const bool kept = fflush(t.file) == 0 && fsync(fileno(t.file)) == 0;
  if (fclose(t.file) != 0 || !kept || code == E_WRITE)
    return weyl_fail(ctx, WEYL_IO, "%s: writing failed (is the disk full?)", part);
  if (code == E_OK || (before > 0 && answer == HTTP_RANGE_EMPTY)) return WEYL_OK; /* 416: there is no more of it */
  if (code == E_ABORTED) return weyl_fail(ctx, WEYL_INTERRUPTED, "interrupted; %s is taken up again next time", part);
  if (before > 0 && (code == E_RANGE || code == E_RESUME)) {
    *again = true;
    return WEYL_OK;
  }
  const char *why = error[0] ? error : handle ? c.text(code) : "libcurl cannot start";
  return weyl_fail(ctx, code == E_HTTP && answer == 404 ? WEYL_NO_FILE : WEYL_IO, "%s: %s", what->url, why);
}

/* ---- files ----------------------------------------------------------------------------------------------------------
 */

static int64_t size_of(const char *path) {
  struct stat s;
  return stat(path, &s) == 0 && S_ISREG(s.st_mode) ? (int64_t)s.st_size : -1;
}

/* Whether the file is what the table says. */
static weyl_status check(weyl_context *ctx, const weyl_download *what, const char *path, char hex[65]) {
  const int64_t size = size_of(path);
  if (what->bytes > 0 && size != what->bytes)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: %lld bytes received from %s, expected %lld", path, (long long)size,
                     what->url, (long long)what->bytes);
  WEYL_TRY(weyl_file_sha256(ctx, path, hex));
  if (what->sha256 && strcmp(what->sha256, hex) != 0)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: SHA-256 of what %s sent is %s, expected %s", path, what->url, hex,
                     what->sha256);
  return WEYL_OK;
}

static weyl_status fetch_into(weyl_context *ctx, const weyl_download *what, const char *path, const char *part,
                              char hex[65]) {
  if (size_of(path) >= 0) {
    if (check(NULL, what, path, hex) == WEYL_OK) return WEYL_OK;
    weyl_context_log(ctx, WEYL_WARN, "%s is not the file expected and is fetched anew", path);
  }
  int64_t before = size_of(part);
  if (before < 0 || (what->bytes > 0 && before > what->bytes)) before = 0;
  bool again = false;
  if (what->bytes == 0 || before != what->bytes) WEYL_TRY(receive(ctx, what, part, before, &again));
  if (again) WEYL_TRY(receive(ctx, what, part, 0, &again));
  const weyl_status status = check(ctx, what, part, hex);
  if (status != WEYL_OK) {
    (void)unlink(part);
    return status;
  }
  if (rename(part, path) != 0) return weyl_fail(ctx, WEYL_IO, "%s: cannot be renamed to %s", part, path);
  if (!what->sha256) weyl_context_log(ctx, WEYL_INFO, "%s: SHA-256 %s (its source states none)", path, hex);
  return WEYL_OK;
}

weyl_status data_fetch(weyl_context *ctx, const weyl_download *what, const char *folder, char hex[65]) {
  WEYL_TRY(weyl_folder_make(ctx, folder));
  char own[65];
  weyl_arena *arena;
  WEYL_TRY(weyl_arena_new(ctx, &arena));
  const char *path = weyl_arena_printf(arena, "%s/%s", folder, what->file);
  const char *part = path ? weyl_arena_printf(arena, "%s.part", path) : NULL;
  const weyl_status status = part ? fetch_into(ctx, what, path, part, hex ? hex : own) : WEYL_MEMORY;
  weyl_arena_free(arena);
  return status;
}

weyl_status weyl_data_fetch(weyl_context *ctx, const char *name, const char *folder, char hex[65]) {
  const weyl_download *what = weyl_download_find(name);
  if (what) return data_fetch(ctx, what, folder, hex);
  const char *names[sizeof table / sizeof table[0]];
  size_t n = 0;
  for (; table[n].name; n++) names[n] = table[n].name;
  const char *near = weyl_nearest_name(name, names, n);
  return weyl_fail(ctx, WEYL_UNKNOWN, "no download is named %s%s%s", name, near ? "; did you mean " : "",
                   near ? near : "");
}
