/* weyl/core.h: the ground everything stands on.
 *
 * Statuses and messages, the context, memory, random numbers, threads, the clock, progress, logs, and arrays in
 * files (npy, npz, safetensors).  Every function that can fail returns weyl_status and leaves a sentence in the
 * context; results go to out-pointers and are written only on success.  Nothing here prints, exits or aborts, and
 * nothing touches the environment, signals, the locale or the caller's floating-point mode.
 */
#ifndef WEYL_CORE_H
#define WEYL_CORE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
#define WEYL_BEGIN_API _Pragma("GCC visibility push(default)") extern "C" {
#define WEYL_END_API \
  }                  \
  _Pragma("GCC visibility pop")
#else
#define WEYL_BEGIN_API _Pragma("GCC visibility push(default)")
#define WEYL_END_API   _Pragma("GCC visibility pop")
#endif

#if defined(__GNUC__)
#define WEYL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define WEYL_MUST_CHECK        __attribute__((warn_unused_result))
#else
#define WEYL_PRINTF(fmt, args)
#define WEYL_MUST_CHECK
#endif

WEYL_BEGIN_API

/* ---- status ------------------------------------------------------------------------------------------------ */

/* name, value, text, exit status of the command (0 done, 1 answer is no, 2 usage, 3 input, 4 numbers, 5 machine) */
#define WEYL_STATUS_LIST(X)                                               \
  X(OK, 0, "success", 0)                                                  \
  X(BAD_ARG, 1, "an argument is out of its stated range", 2)              \
  X(SHAPE, 2, "tensor shapes do not agree", 3)                            \
  X(DTYPE, 3, "the element type is not the one expected", 3)              \
  X(UNKNOWN, 4, "no such name", 2)                                        \
  X(FORMAT, 5, "the file or text is not in the format expected", 3)       \
  X(NO_FILE, 6, "the file or folder cannot be found", 3)                  \
  X(IO, 7, "reading or writing failed", 5)                                \
  X(MEMORY, 8, "not enough memory", 5)                                    \
  X(NUMERIC, 9, "the numbers failed: NaN, infinity or no convergence", 4) \
  X(DEGENERATE, 10, "the input is degenerate for this operation", 4)      \
  X(UNSUPPORTED, 11, "this build or machine does not offer it", 5)        \
  X(INTERRUPTED, 12, "interrupted", 130)                                  \
  X(NO, 13, "the answer is no", 1)                                        \
  X(BUG, 14, "an error in weyl itself", 70)

typedef enum weyl_status {
#define X(name, value, text, code) WEYL_##name = value,
  WEYL_STATUS_LIST(X)
#undef X
} weyl_status;

const char *weyl_status_name(weyl_status status); /* "BAD_ARG" */
const char *weyl_status_text(weyl_status status);
int weyl_status_exit_code(weyl_status status);

/* Returns the status upward if it is not OK. */
#define WEYL_TRY(expr)                                        \
  do {                                                        \
    const weyl_status weyl_try_status_ = (expr);              \
    if (weyl_try_status_ != WEYL_OK) return weyl_try_status_; \
  } while (0)
/* The same for functions with one exit label: sets `status` and goes to `done`. */
#define WEYL_GOTO(expr)               \
  do {                                \
    status = (expr);                  \
    if (status != WEYL_OK) goto done; \
  } while (0)

/* ---- context ------------------------------------------------------------------------------------------------ */

/* Owns messages, the thread pool, the allocator with its limit, and the callbacks.  Contexts are independent of
 * each other; one thread uses a context at a time (worker threads of its pool excepted). */
typedef struct weyl_context weyl_context;
typedef struct weyl_pool weyl_pool;

typedef enum weyl_level { WEYL_ERROR = 0, WEYL_WARN = 1, WEYL_INFO = 2, WEYL_DEBUG = 3 } weyl_level;

typedef struct weyl_context_opts {
  int threads;         /* worker threads including the caller; 0: one per core available to the process */
  size_t memory_limit; /* bytes that weyl_alloc may hold at a time; 0: no limit */
  void *user;          /* handed to the callbacks */
  void (*log)(void *user, weyl_level level, const char *text); /* NULL: silence */
  /* Called now and then in long work: what is being done, how much of how much.  A true return cancels:
   * the work stops at the next safe point with WEYL_INTERRUPTED.  NULL: no reports. */
  bool (*progress)(void *user, const char *what, double done, double total);
} weyl_context_opts;

weyl_context_opts weyl_context_defaults(void);
/* NULL opts mean the defaults.  On failure *out is NULL (only memory or thread creation can fail). */
WEYL_MUST_CHECK weyl_status weyl_context_new(const weyl_context_opts *opts, weyl_context **out);
void weyl_context_free(weyl_context *ctx);

/* Records a message ("frame 17: 3 forces for 4 atoms (water.xyz:812)": lower case, values, place, no full stop)
 * and returns `status`, so that a failing line reads: return weyl_fail(ctx, WEYL_SHAPE, "...", ...).
 * ctx may be NULL: then only the status travels.  Safe to call from worker threads: the first message wins until
 * it is cleared. */
weyl_status weyl_fail(weyl_context *ctx, weyl_status status, const char *fmt, ...) WEYL_PRINTF(3, 4);
const char *weyl_message(const weyl_context *ctx); /* "" when there is none */
void weyl_message_clear(weyl_context *ctx);
/* Puts "place: " before the message recorded, to say in which file or step an inner failure happened. */
weyl_status weyl_fail_within(weyl_context *ctx, weyl_status status, const char *fmt, ...) WEYL_PRINTF(3, 4);
void weyl_context_log(weyl_context *ctx, weyl_level level, const char *fmt, ...) WEYL_PRINTF(3, 4);
/* Reports progress; true when the user asked to stop. */
bool weyl_progress(weyl_context *ctx, const char *what, double done, double total);

int weyl_threads(const weyl_context *ctx);
weyl_pool *weyl_context_pool(weyl_context *ctx);

/* The version string ("0.1.0"). */
const char *weyl_version(void);

/* ---- memory -------------------------------------------------------------------------------------------------- */

/* 64-byte aligned, zeroed.  NULL with a message (WEYL_MEMORY) when the machine or the limit refuses, or when
 * count * size overflows.  Thread-safe. */
void *weyl_alloc(weyl_context *ctx, size_t count, size_t size);
/* Keeps the first min(old, new) bytes; what is new is zero.  On failure the old block stays valid. */
void *weyl_realloc(weyl_context *ctx, void *block, size_t count, size_t size);
void weyl_dealloc(weyl_context *ctx, void *block); /* NULL is fine */
size_t weyl_memory_used(const weyl_context *ctx);
uint64_t weyl_allocations(const weyl_context *ctx); /* calls of weyl_alloc/realloc so far: tests count these */
/* For tests: the n-th allocation from now fails (n = 1 the next one); 0 switches this off. */
void weyl_context_fail_allocation(weyl_context *ctx, uint64_t n);

/* A growing arena: everything is freed at once, or back to a mark. Blocks come from weyl_alloc; memory beyond
 * the mark is poisoned under AddressSanitizer. */
typedef struct weyl_arena weyl_arena;
typedef struct weyl_mark {
  void *block;
  size_t used;
} weyl_mark;

WEYL_MUST_CHECK weyl_status weyl_arena_new(weyl_context *ctx, weyl_arena **out);
void weyl_arena_free(weyl_arena *arena);
/* 64-byte aligned, zeroed; NULL with a message on failure. */
void *weyl_arena_alloc(weyl_arena *arena, size_t count, size_t size);
#define weyl_arena_array(arena, T, n) ((T *)weyl_arena_alloc((arena), (size_t)(n), sizeof(T)))
char *weyl_arena_printf(weyl_arena *arena, const char *fmt, ...) WEYL_PRINTF(2, 3);
char *weyl_arena_strdup(weyl_arena *arena, const char *text);
weyl_mark weyl_arena_mark(weyl_arena *arena);
void weyl_arena_release(weyl_arena *arena, weyl_mark mark);

/* ---- element types and arrays ---------------------------------------------------------------------------------- */

typedef enum weyl_dtype { WEYL_F32 = 0, WEYL_F64 = 1, WEYL_I32 = 2, WEYL_I64 = 3, WEYL_U8 = 4 } weyl_dtype;
size_t weyl_dtype_size(weyl_dtype dtype);
const char *weyl_dtype_name(weyl_dtype dtype); /* "f32" */

#define WEYL_RANK_MAX 8
/* A dense row-major array; who owns `data` is said by whoever hands it out. */
typedef struct weyl_array {
  void *data;
  weyl_dtype dtype;
  int rank;
  int64_t dim[WEYL_RANK_MAX];
} weyl_array;
int64_t weyl_array_size(const weyl_array *array); /* number of elements; 1 for rank 0; -1 when it overflows */

/* ---- random numbers --------------------------------------------------------------------------------------------- */

/* Philox-4x32-10 (Salmon et al., SC 2011): a pure function of key and counter. */
void weyl_philox(uint64_t key, uint64_t counter_hi, uint64_t counter_lo, uint32_t out[4]);
uint64_t weyl_hash_name(const char *name); /* 64-bit FNV-1a, then mixed: stable over versions and machines */

/* A stream: (seed, name) names it; draws are numbered from 0, so a copy of the struct is a bookmark. */
typedef struct weyl_rng {
  uint64_t seed, stream, index;
  double spare; /* second half of a normal pair */
  bool has_spare;
} weyl_rng;
weyl_rng weyl_rng_new(uint64_t seed, const char *name);
uint64_t weyl_rng_u64(weyl_rng *rng);
double weyl_rng_uniform(weyl_rng *rng);             /* [0, 1), 53 bits */
double weyl_rng_normal(weyl_rng *rng);              /* mean 0, variance 1 */
uint64_t weyl_rng_below(weyl_rng *rng, uint64_t n); /* 0..n-1, unbiased; n > 0 */
void weyl_rng_shuffle(weyl_rng *rng, int64_t *items, size_t n);

/* ---- threads --------------------------------------------------------------------------------------------------------
 */

/* Runs job(arg, i, thread) for i = 0..n-1, items dealt to threads as they come; returns when all are done. The caller
 * takes part as thread 0.  Results must not depend on which thread runs an item. Nested calls run serially. Workers
 * flush denormals to zero; the caller's floating-point mode is restored on return. */
void weyl_parallel(weyl_context *ctx, int64_t n, void (*job)(void *arg, int64_t i, int thread), void *arg);

/* ---- clock
 * ------------------------------------------------------------------------------------------------------------ */

double weyl_seconds(void);            /* monotonic wall clock */
double weyl_cpu_seconds(void);        /* CPU time of the process, all threads */
double weyl_thread_cpu_seconds(void); /* CPU time of the calling thread */
size_t weyl_peak_rss(void);           /* bytes */

/* ---- files
 * ---------------------------------------------------------------------------------------------------------------- */

/* Writes `path` by way of a temporary file in the same folder, flushed (fsync) and renamed, so that `path` is always
 * the old or the new file, whole.  The temporary file is removed on failure. */
typedef struct weyl_writer weyl_writer;
WEYL_MUST_CHECK weyl_status weyl_writer_open(weyl_context *ctx, const char *path, weyl_writer **out);
WEYL_MUST_CHECK weyl_status weyl_writer_write(weyl_writer *writer, const void *bytes, size_t n);
WEYL_MUST_CHECK weyl_status weyl_writer_printf(weyl_writer *writer, const char *fmt, ...) WEYL_PRINTF(2, 3);
FILE *weyl_writer_file(weyl_writer *writer); /* for libraries that print to a FILE; errors are seen at close */
WEYL_MUST_CHECK weyl_status weyl_writer_close(weyl_writer *writer); /* commits; frees the writer in any case */
void weyl_writer_abandon(weyl_writer *writer);                      /* NULL is fine */

/* The whole file, zero-terminated behind its last byte; freed with weyl_dealloc. limit 0: 4 GiB. */
WEYL_MUST_CHECK weyl_status weyl_file_read(weyl_context *ctx, const char *path, size_t limit, char **bytes, size_t *n);
WEYL_MUST_CHECK weyl_status weyl_folder_make(weyl_context *ctx, const char *path); /* with parents; existing is fine */
/* Keeps a folder for the caller until it is released or the process ends: meanwhile others, in this process or another,
 * get WEYL_BAD_ARG. Nothing is written. Where the file system knows no locks, nobody is kept out. */
WEYL_MUST_CHECK weyl_status weyl_folder_hold(weyl_context *ctx, const char *path, int *hold);
void weyl_folder_release(int hold); /* -1 is fine */
bool weyl_file_exists(const char *path);
/* Lower-case hexadecimal SHA-256, zero-terminated. */
void weyl_sha256(const void *bytes, size_t n, char hex[65]);
weyl_status weyl_file_sha256(weyl_context *ctx, const char *path, char hex[65]);

/* Named arrays in one file. Opening reads and checks everything; arrays are views into the bundle. */
typedef struct weyl_bundle weyl_bundle;
WEYL_MUST_CHECK weyl_status weyl_bundle_new(weyl_context *ctx, weyl_bundle **out); /* empty, to be filled */
void weyl_bundle_free(weyl_bundle *bundle);
size_t weyl_bundle_count(const weyl_bundle *bundle);
const char *weyl_bundle_name(const weyl_bundle *bundle, size_t i);
const weyl_array *weyl_bundle_array(const weyl_bundle *bundle, size_t i);
const weyl_array *weyl_bundle_find(const weyl_bundle *bundle, const char *name); /* NULL when absent */
/* Copies the array in (its bytes too). A name in use is an error. */
WEYL_MUST_CHECK weyl_status weyl_bundle_add(weyl_bundle *bundle, const char *name, const weyl_array *array);
/* Text pairs: safetensors' __metadata__; npz has none and drops them. */
WEYL_MUST_CHECK weyl_status weyl_bundle_note(weyl_bundle *bundle, const char *key, const char *value);
const char *weyl_bundle_noted(const weyl_bundle *bundle, const char *key); /* NULL when absent */

/* npy: versions 1.0-3.0, C and Fortran order (delivered in C order), little and big endian, |b1 i1 u1 i2 u2 i4 u4 i8 u8
 * f2 f4 f8: delivered as the nearest weyl_dtype that holds every value (f2 as f32; b1, u1 as u8; i1 i2 u2 as i32; u4 as
 * i64; u8 must fit i64). A .npy file is a bundle of one array with the name "". Objects (pickle) are refused.  Every
 * size is checked against the file before memory is asked for. */
WEYL_MUST_CHECK weyl_status weyl_npy_parse(weyl_context *ctx, const void *bytes, size_t n, const char *place,
                                           weyl_bundle *into, const char *name);
WEYL_MUST_CHECK weyl_status weyl_npz_read(weyl_context *ctx, const char *path,
                                          weyl_bundle **out); /* .npz or .npy, by content */
WEYL_MUST_CHECK weyl_status weyl_npz_write(weyl_context *ctx, const char *path,
                                           const weyl_bundle *bundle); /* .npy name: one array */
/* safetensors: header at most 100 MB, no overlaps or holes, arrays in the order given; F64 F32 I64 I32 U8. The bytes
 * written depend on the bundle alone. */
WEYL_MUST_CHECK weyl_status weyl_safetensors_parse(weyl_context *ctx, const void *bytes, size_t n, const char *place,
                                                   weyl_bundle **out);
WEYL_MUST_CHECK weyl_status weyl_safetensors_read(weyl_context *ctx, const char *path, weyl_bundle **out);
WEYL_MUST_CHECK weyl_status weyl_safetensors_write(weyl_context *ctx, const char *path, const weyl_bundle *bundle);

/* INI through inih: sections and keys in file order, duplicates kept; the line number for messages. */
typedef struct weyl_ini weyl_ini;
WEYL_MUST_CHECK weyl_status weyl_ini_read(weyl_context *ctx, const char *path, weyl_ini **out);
WEYL_MUST_CHECK weyl_status weyl_ini_parse(weyl_context *ctx, const char *text, const char *place, weyl_ini **out);
void weyl_ini_free(weyl_ini *ini);
size_t weyl_ini_count(const weyl_ini *ini);
typedef struct weyl_ini_entry {
  const char *section, *key, *value;
  int line;
} weyl_ini_entry;
weyl_ini_entry weyl_ini_at(const weyl_ini *ini, size_t i);
const char *weyl_ini_find(const weyl_ini *ini, const char *section,
                          const char *key); /* the last one; NULL when absent */

/* ---- JSON out
 * --------------------------------------------------------------------------------------------------------------- */

/* Writes one JSON document to a memory buffer: numbers with 17 significant digits (shortest that reads back the same),
 * NaN and infinities as strings.  Reading JSON is jansson's work. Misuse (a key in an array) is our bug: asserted. */
typedef struct weyl_json weyl_json;
weyl_json *weyl_json_new(void); /* NULL: no memory */
void weyl_json_free(weyl_json *json);
void weyl_json_object(weyl_json *json, const char *key); /* key NULL inside arrays and at the top */
void weyl_json_array(weyl_json *json, const char *key);
void weyl_json_end(weyl_json *json);
void weyl_json_string(weyl_json *json, const char *key, const char *value); /* NULL value: null */
void weyl_json_number(weyl_json *json, const char *key, double value);
void weyl_json_integer(weyl_json *json, const char *key, int64_t value);
void weyl_json_bool(weyl_json *json, const char *key, bool value);
const char *weyl_json_text(weyl_json *json); /* the document so far; valid until the next call */

/* ---- options
 * -------------------------------------------------------------------------------------------------------------------
 */

/* One table is the struct, the flags, the file and the help (style page 5). */
typedef enum weyl_option_type {
  WEYL_OPT_INT,
  WEYL_OPT_U64,
  WEYL_OPT_DOUBLE,
  WEYL_OPT_BOOL,
  WEYL_OPT_STRING,
  WEYL_OPT_CHOICE
} weyl_option_type;
typedef struct weyl_option {
  const char *name;
  weyl_option_type type;
  const char *fallback; /* default as text */
  double low, high;     /* inclusive bounds of numbers; both 0: unbounded */
  const char *choices;  /* WEYL_OPT_CHOICE: "adam|adamw|sgd" */
  const char *help;     /* one line: what it is, unit, what it trades */
} weyl_option;

/* Values of a table of options: text that has been checked. */
typedef struct weyl_options weyl_options;
WEYL_MUST_CHECK weyl_status weyl_options_new(weyl_context *ctx, weyl_options **out);
void weyl_options_free(weyl_options *options);
/* Adds a table (NULL-named row ends it) with its defaults; a name already there is WEYL_BUG. `owner` is printed in
 * errors
 * ("model egnn"). */
WEYL_MUST_CHECK weyl_status weyl_options_declare(weyl_options *options, const char *owner, const weyl_option *table);
/* WEYL_UNKNOWN with the nearest name for an unknown key; WEYL_BAD_ARG with the bounds for a bad value. `place` may be
 * NULL. */
WEYL_MUST_CHECK weyl_status weyl_options_set(weyl_options *options, const char *name, const char *value,
                                             const char *place);
bool weyl_options_has(const weyl_options *options, const char *name);
bool weyl_options_is_default(const weyl_options *options, const char *name); /* not set by anyone since declare */
double weyl_options_number(const weyl_options *options, const char *name);
int64_t weyl_options_integer(const weyl_options *options, const char *name);
bool weyl_options_bool(const weyl_options *options, const char *name);
const char *weyl_options_string(const weyl_options *options, const char *name); /* "" when empty */
size_t weyl_options_count(const weyl_options *options);
const weyl_option *weyl_options_at(const weyl_options *options, size_t i, const char **value);
/* The nearest of n names to a misspelt one (edit distance), or NULL when nothing is near. */
const char *weyl_nearest_name(const char *word, const char *const *names, size_t n);

WEYL_END_API
#endif
