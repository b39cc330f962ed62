/* Convolution through oneDNN 2.x: the one file that knows its C API. The library is opened at the first convolution, so
 * that nothing else pays for its start. Primitives are made once a shape and shared by all threads; what an execution
 * writes to (scratch, blocked weights, argument objects) is a workspace that one thread holds at a time. Everything
 * runs on the calling thread. */
#include "conv.h"

#include <stdlib.h>
#include <string.h>

#ifdef WEYL_HAVE_DNNL
#include <oneapi/dnnl/dnnl.h>
#endif

#if defined(WEYL_HAVE_DNNL) && DNNL_VERSION_MAJOR == 2

#include <dlfcn.h>
#include <pthread.h>

#define FUNCTIONS(F)                                                                                                   \
  F(version)                                                                                                           \
  F(set_max_cpu_isa)                                                                                                   \
  F(engine_create)                                                                                                     \
  F(stream_create)                                                                                                     \
  F(primitive_attr_create)                                                                                             \
  F(primitive_attr_set_scratchpad_mode)                                                                                \
  F(memory_desc_init_by_strides) F(memory_desc_equal) F(memory_desc_get_size) F(dilated_convolution_forward_desc_init) \
      F(dilated_convolution_backward_data_desc_init) F(dilated_convolution_backward_weights_desc_init)                 \
          F(primitive_desc_create) F(primitive_desc_query) F(primitive_desc_query_md) F(primitive_desc_destroy)        \
              F(primitive_create) F(primitive_execute) F(primitive_destroy) F(reorder_primitive_desc_create)           \
                  F(memory_create) F(memory_set_data_handle) F(memory_destroy)

/* The library and its functions: dnnl_x is called as lib.x */
static struct {
  bool tried, here;
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  dnnl_primitive_attr_t attr;
  int (*omp_threads)(void);
  void (*omp_set_threads)(int);
#define F(name) __typeof__(dnnl_##name) *name;
  FUNCTIONS(F)
#undef F
} lib;

enum { A, B, OUT, BLOCKED, SPARE, OBJECTS }; /* SPARE: oneDNN's scratchpad */

typedef struct workspace {
  struct workspace *next;
  dnnl_memory_t object[OBJECTS];
  void *buffer; /* of the blocked weights, then the scratchpad */
} workspace;

typedef struct entry {
  uint64_t hash, used;
  weyl_conv_kind kind;
  weyl_conv_geometry q;
  dnnl_primitive_t run,
      reorder; /* run NULL: oneDNN has nothing fast for this shape; reorder NULL: weights are taken as they lie */
  dnnl_memory_desc_t desc[OBJECTS];
  size_t blocked_bytes, spare_bytes;
  workspace *free;
  int users;
} entry;

enum { ENTRIES = 256 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static entry *entries[ENTRIES];
static size_t n_entries;
static uint64_t now;

/* ---- opening
 * ----------------------------------------------------------------------------------------------------------- */

/* Functions come as data pointers; POSIX promises that their bytes are the same. */
static bool find(void *handle, const char *name, void *function) {
  void *p = dlsym(handle, name);
  memcpy(function, &p, sizeof p);
  return p != NULL;
}

static void open_library(void) {
  lib.tried = true;
  void *handle = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
  if (!handle) return;
  bool all = true;
#define F(name) all = find(handle, "dnnl_" #name, &lib.name) && all;
  FUNCTIONS(F)
#undef F
  if (!all || lib.version()->major != 2) return;
  /* libgomp's thread count belongs to the calling thread: it is set around every call and put back */
  if (!find(handle, "omp_get_max_threads", &lib.omp_threads) ||
      !find(handle, "omp_set_num_threads", &lib.omp_set_threads)) {
    lib.omp_threads = NULL;
    lib.omp_set_threads = NULL;
  }
  /* the instruction set that WEYL_ISA pinned holds here too */
  const char *isa = weyl_kernels_active()->isa;
  if (strcmp(isa, "base") == 0) (void)lib.set_max_cpu_isa(dnnl_cpu_isa_sse41);
  if (strcmp(isa, "avx2") == 0) (void)lib.set_max_cpu_isa(dnnl_cpu_isa_avx2);
  lib.here = lib.engine_create(&lib.engine, dnnl_cpu, 0) == dnnl_success &&
             lib.stream_create(&lib.stream, lib.engine, dnnl_stream_default_flags) == dnnl_success &&
             lib.primitive_attr_create(&lib.attr) == dnnl_success &&
             lib.primitive_attr_set_scratchpad_mode(lib.attr, dnnl_scratchpad_mode_user) == dnnl_success;
}

static int one_thread(void) {
  if (!lib.omp_threads) return 1;
  const int before = lib.omp_threads();
  if (before != 1) lib.omp_set_threads(1);
  return before;
}

static void threads_back(int before) {
  if (before != 1) lib.omp_set_threads(before);
}

/* ---- one shape
 * ------------------------------------------------------------------------------------------------------------ */

static bool image_desc(dnnl_memory_desc_t *d, int64_t n, int64_t c, int64_t h, int64_t w) {
  return lib.memory_desc_init_by_strides(d, 4, (dnnl_dims_t){n, c, h, w}, dnnl_f32,
                                         (dnnl_dims_t){h * w * c, 1, w * c, c}) == dnnl_success;
}

/* our [kh][kw][c / groups][o] as oneDNN's (group,) out, in, kh, kw; `any` leaves the layout to oneDNN */
static bool weight_desc(dnnl_memory_desc_t *d, const weyl_conv_geometry *q, bool any) {
  const int64_t cg = q->c / q->groups, og = q->o / q->groups;
  const dnnl_dims_t grouped = {q->groups, og, cg, q->kh, q->kw}, strides = {og, 1, q->o, q->kw * cg * q->o, cg * q->o};
  const int skip = q->groups == 1;
  if (lib.memory_desc_init_by_strides(d, 5 - skip, grouped + skip, dnnl_f32, strides + skip) != dnnl_success)
    return false;
  if (any) {
    d->format_kind = dnnl_format_kind_any;
    memset(&d->format_desc, 0, sizeof d->format_desc);
  }
  return true;
}

/* The primitive descriptor of a kind; the backward ones want the forward one as a hint. */
static dnnl_primitive_desc_t describe(weyl_conv_kind kind, const weyl_conv_geometry *q, const dnnl_memory_desc_t *x,
                                      const dnnl_memory_desc_t *w, const dnnl_memory_desc_t *y) {
  const dnnl_dims_t stride = {q->stride[0], q->stride[1]}, dilation = {q->dilation[0] - 1, q->dilation[1] - 1};
  const dnnl_dims_t before = {q->before[0], q->before[1]}, after = {q->after[0], q->after[1]};
  dnnl_convolution_desc_t d;
  dnnl_primitive_desc_t forward = NULL, result = NULL;
  if (lib.dilated_convolution_forward_desc_init(&d, dnnl_forward_training, dnnl_convolution_direct, x, w, NULL, y,
                                                stride, dilation, before, after) != dnnl_success ||
      lib.primitive_desc_create(&forward, &d, lib.attr, lib.engine, NULL) != dnnl_success)
    return NULL;
  if (kind == WEYL_CONV_FORWARD) return forward;
  const dnnl_status_t made = kind == WEYL_CONV_INPUT
                                 ? lib.dilated_convolution_backward_data_desc_init(&d, dnnl_convolution_direct, x, w, y,
                                                                                   stride, dilation, before, after)
                                 : lib.dilated_convolution_backward_weights_desc_init(
                                       &d, dnnl_convolution_direct, x, w, NULL, y, stride, dilation, before, after);
  if (made == dnnl_success && lib.primitive_desc_create(&result, &d, lib.attr, lib.engine, forward) != dnnl_success)
    result = NULL;
  lib.primitive_desc_destroy(forward);
  return result;
}

static void need_spare(entry *t, dnnl_primitive_desc_t desc) {
  const dnnl_memory_desc_t *d = lib.primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
  const size_t bytes = d ? lib.memory_desc_get_size(d) : 0;
  if (bytes <= t->spare_bytes) return;
  t->spare_bytes = bytes;
  t->desc[SPARE] = *d;
}

static bool make_reorder(entry *t, const dnnl_memory_desc_t *ours) {
  const bool out = t->kind == WEYL_CONV_WEIGHT;
  dnnl_primitive_desc_t desc = NULL;
  if (lib.reorder_primitive_desc_create(&desc, out ? &t->desc[BLOCKED] : ours, lib.engine,
                                        out ? ours : &t->desc[BLOCKED], lib.engine, lib.attr) != dnnl_success)
    return false;
  t->blocked_bytes = (lib.memory_desc_get_size(&t->desc[BLOCKED]) + 63) / 64 * 64;
  need_spare(t, desc);
  const bool ok = lib.primitive_create(&t->reorder, desc) == dnnl_success;
  lib.primitive_desc_destroy(desc);
  return ok;
}

/* Fills in the primitives. Left without `run` when oneDNN has only its reference loops for the shape: ours are faster.
 */
static void make_primitives(entry *t) {
  const weyl_conv_geometry *q = &t->q;
  dnnl_memory_desc_t x, y, w, any;
  if (!image_desc(&x, q->n, q->c, q->h, q->w) || !image_desc(&y, q->n, q->o, q->oh, q->ow) ||
      !weight_desc(&w, q, false) || !weight_desc(&any, q, true))
    return;
  const dnnl_primitive_desc_t desc = describe(t->kind, q, &x, &any, &y);
  if (!desc) return;
  t->desc[A] = t->kind == WEYL_CONV_INPUT ? y : x;
  t->desc[B] = t->kind == WEYL_CONV_WEIGHT ? y : w;
  t->desc[OUT] = t->kind == WEYL_CONV_FORWARD ? y : t->kind == WEYL_CONV_INPUT ? x : w;
  const char *name = "";
  const dnnl_memory_desc_t *chosen = lib.primitive_desc_query_md(
      desc, t->kind == WEYL_CONV_WEIGHT ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
  bool ok = lib.primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &name) == dnnl_success &&
            strncmp(name, "ref", 3) != 0 && chosen != NULL;
  if (ok) {
    t->desc[BLOCKED] = *chosen;
    need_spare(t, desc);
    ok = lib.memory_desc_equal(chosen, &w) || make_reorder(t, &w);
  }
  if (ok && lib.primitive_create(&t->run, desc) != dnnl_success) t->run = NULL;
  lib.primitive_desc_destroy(desc);
}

static void workspace_free(workspace *s) {
  if (!s) return;
  for (int i = 0; i < OBJECTS; i++)
    if (s->object[i]) lib.memory_destroy(s->object[i]);
  free(s->buffer);
  free(s);
}

static workspace *workspace_new(const entry *t) {
  workspace *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  const size_t bytes = t->blocked_bytes + (t->spare_bytes + 63) / 64 * 64;
  if (bytes) s->buffer = aligned_alloc(64, bytes);
  bool ok = s->buffer || bytes == 0;
  for (int i = A; i <= OUT && ok; i++)
    ok = lib.memory_create(&s->object[i], &t->desc[i], lib.engine, DNNL_MEMORY_NONE) == dnnl_success;
  if (ok && t->reorder)
    ok = lib.memory_create(&s->object[BLOCKED], &t->desc[BLOCKED], lib.engine, s->buffer) == dnnl_success;
  if (ok && t->spare_bytes)
    ok = lib.memory_create(&s->object[SPARE], &t->desc[SPARE], lib.engine, (char *)s->buffer + t->blocked_bytes) ==
         dnnl_success;
  if (ok) return s;
  workspace_free(s);
  return NULL;
}

/* ---- the cache: all under the lock
 * ----------------------------------------------------------------------------------------- */

static uint64_t hash_of(weyl_conv_kind kind, const weyl_conv_geometry *q) {
  const int64_t *number = (const int64_t *)q;
  uint64_t h = 0x9e3779b97f4a7c15u + (uint64_t)kind;
  for (size_t i = 0; i < sizeof *q / sizeof *number; i++)
    h = (h ^ (uint64_t)number[i] ^ (h >> 29)) * 0xbf58476d1ce4e5b9u;
  return h;
}

static void entry_free(entry *t) {
  while (t->free) {
    workspace *s = t->free;
    t->free = s->next;
    workspace_free(s);
  }
  if (t->run) lib.primitive_destroy(t->run);
  if (t->reorder) lib.primitive_destroy(t->reorder);
  free(t);
}

/* A place for a new entry: a fresh one, or that of the entry unused for longest. ENTRIES: all are in use. */
static size_t place_of_new(void) {
  if (n_entries < ENTRIES) return n_entries++;
  size_t oldest = ENTRIES;
  for (size_t i = 0; i < ENTRIES; i++)
    if (entries[i]->users == 0 && (oldest == ENTRIES || entries[i]->used < entries[oldest]->used)) oldest = i;
  if (oldest < ENTRIES) entry_free(entries[oldest]);
  return oldest;
}

static entry *lookup(weyl_conv_kind kind, const weyl_conv_geometry *q) {
  const uint64_t hash = hash_of(kind, q);
  for (size_t i = 0; i < n_entries; i++)
    if (entries[i]->hash == hash && entries[i]->kind == kind && memcmp(&entries[i]->q, q, sizeof *q) == 0)
      return entries[i];
  entry *t = calloc(1, sizeof *t);
  const size_t place = t ? place_of_new() : ENTRIES;
  if (place == ENTRIES) {
    free(t);
    return NULL;
  }
  t->hash = hash;
  t->kind = kind;
  t->q = *q;
  const int before = one_thread();
  make_primitives(t);
  threads_back(before);
  return entries[place] = t;
}

static bool library_here(void) {
  if (!lib.tried) open_library();
  return lib.here;
}

bool weyl_conv_onednn_here(void) {
  pthread_mutex_lock(&lock);
  const bool here = library_here();
  pthread_mutex_unlock(&lock);
  return here;
}

static entry *borrow(weyl_conv_kind kind, const weyl_conv_geometry *q, workspace **space) {
  pthread_mutex_lock(&lock);
  entry *t = library_here() ? lookup(kind, q) : NULL;
  *space = NULL;
  if (t) {
    t->used = ++now;
    *space = t->free;
    if (*space)
      t->free = (*space)->next;
    else if (t->run)
      *space = workspace_new(t);
    if (*space) t->users++;
  }
  pthread_mutex_unlock(&lock);
  return t;
}

static void give_back(entry *t, workspace *space) {
  pthread_mutex_lock(&lock);
  space->next = t->free;
  t->free = space;
  t->users--;
  pthread_mutex_unlock(&lock);
}

/* ---- running
 * ------------------------------------------------------------------------------------------------------------------ */

static bool execute(dnnl_primitive_t p, int n, const dnnl_exec_arg_t *args, const workspace *s) {
  dnnl_exec_arg_t all[4] = {{0, NULL}};
  memcpy(all, args, (size_t)n * sizeof *all);
  if (s->object[SPARE]) all[n++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, s->object[SPARE]};
  return lib.primitive_execute(p, lib.stream, n, all) == dnnl_success;
}

bool weyl_conv_onednn(weyl_conv_kind kind, const weyl_conv_geometry *q, const float *a, const float *b, float *out) {
  static const int names[3][3] = {
      {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
      {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC},
      {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS},
  };
  workspace *s;
  entry *t = borrow(kind, q, &s);
  if (!s) return false;
  const int before = one_thread();
  const bool weight = kind == WEYL_CONV_WEIGHT;
  /* the argument objects are not const in oneDNN's interface; inputs are only read */
  void *const data[3] = {(void *)(uintptr_t)a, (void *)(uintptr_t)b, out};
  bool ok = true;
  for (int i = 0; i < 3 && ok; i++) ok = lib.memory_set_data_handle(s->object[i], data[i]) == dnnl_success;
  dnnl_exec_arg_t arg[3] = {
      {names[kind][A], s->object[A]}, {names[kind][B], s->object[B]}, {names[kind][OUT], s->object[OUT]}};
  const dnnl_exec_arg_t move[2] = {{DNNL_ARG_FROM, s->object[weight ? BLOCKED : B]},
                                   {DNNL_ARG_TO, s->object[weight ? OUT : BLOCKED]}};
  if (t->reorder) arg[weight ? OUT : B].memory = s->object[BLOCKED];
  if (ok && t->reorder && !weight) ok = execute(t->reorder, 2, move, s);
  if (ok) ok = execute(t->run, 3, arg, s);
  if (ok && t->reorder && weight) ok = execute(t->reorder, 2, move, s);
  threads_back(before);
  give_back(t, s);
  return ok;
}

#else

bool weyl_conv_onednn_here(void) { return false; }

bool weyl_conv_onednn(weyl_conv_kind kind, const weyl_conv_geometry *q, const float *a, const float *b, float *out) {
  (void)kind, (void)q, (void)a, (void)b, (void)out;
  return false;
}

#endif
