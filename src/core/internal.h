/* What the files of src/core share; no other room sees it. */
#ifndef WEYL_CORE_INTERNAL_H
#define WEYL_CORE_INTERNAL_H

#include <weyl/core.h>

#include <pthread.h>
#include <stdatomic.h>

/* Every binary file we read or write is little endian, and so are the machines we build for. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a little-endian machine is assumed");

#if defined(__SANITIZE_ADDRESS__)
#define WEYL_HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEYL_HAS_ASAN 1
#endif
#endif
#ifdef WEYL_HAS_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define MESSAGE_MAX 2048

struct weyl_context {
  weyl_context_opts opts;
  int threads;
  weyl_pool *pool;

  pthread_mutex_t message_lock; /* guards message; readers come after the workers have stopped */
  char message[MESSAGE_MAX];
  pthread_mutex_t callback_lock; /* recursive: one callback at a time, which may log in turn */

  atomic_size_t memory_used;
  size_t machine_memory; /* bytes of RAM and swap: no single block can be larger */
  atomic_uint_fast64_t allocations;
  atomic_uint_fast64_t fail_at; /* the allocation (counted from 1) that fails; 0: none */
};

weyl_status core_pool_new(int threads, weyl_pool **out);
void core_pool_free(weyl_pool *pool);

/* The text of an errno value without strerror's shared buffer; `buffer` holds ERROR_TEXT_MAX bytes. */
#define ERROR_TEXT_MAX 128
const char *core_error_text(int error, char *buffer);
/* Fails with the text of an errno value: "cannot open x.npz: no such file". NO_FILE or IO. */
weyl_status core_fail_errno(weyl_context *ctx, int error, const char *what, const char *path);

/* Numbers with a decimal point whatever the locale of the program. */
#define NUMBER_TEXT_MAX 40
void core_number_print(double value, char text[NUMBER_TEXT_MAX]); /* shortest that reads back the same */
bool core_number_parse(const char *text, double *value);          /* the whole text, or false */

/* The length in bytes of the well-formed UTF-8 character at `text` (n bytes follow), 0 when it is
 * malformed. */
size_t core_utf8_length(const unsigned char *text, size_t n);
bool core_utf8_valid(const char *text);

#endif
