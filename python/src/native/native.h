/* weyl._native: what the files of the extension module share.  Limited API of Python 3.11: one binary for all later
 * versions.  The interpreter lock is held everywhere but between Py_BEGIN_ALLOW_THREADS and its end; what is static is
 * guarded by it. */
#ifndef WEYL_PYTHON_NATIVE_H
#define WEYL_PYTHON_NATIVE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>

#include <string.h>

#include <weyl/irrep.h>
#include <weyl/measure.h>

/* ---- errors (module.c) ---- */

/* Sets the Python exception of a status, with the message of the context, which is cleared. Always NULL. */
PyObject *native_raise(weyl_context *ctx, weyl_status status);

/* ---- contexts (module.c) ---- */

/* The context in which plans live and short work is done: one thread, for the life of the process. */
weyl_context *native_context(void);

/* A context with threads and memory for one call: calls from several Python threads have one each. */
typedef struct native_slot {
  struct native_slot *next;
  weyl_context *ctx;
  int threads;
  void *memory;
  size_t bytes;
} native_slot;
/* threads 0: one for each core.  NULL with an exception. */
native_slot *native_slot_take(int threads);
void native_slot_give(native_slot *slot);
/* At least so many bytes, what is in them is not kept.  NULL with an exception. */
void *native_slot_memory(native_slot *slot, size_t bytes);

/* ---- arrays (array.c) ---- */

/* Numbers of somebody else, in place: through DLPack (a capsule or __dlpack__) or the buffer protocol. */
typedef struct native_array {
  void *data;
  weyl_dtype dtype;
  int64_t size;
  PyObject *capsule; /* held while the array is in use */
  Py_buffer buffer;
  bool has_buffer;
} native_array;
enum { NATIVE_ANY = -1 };
/* A dense row-major f32 or f64 array on the CPU, of this type and size (NATIVE_ANY: of any); writable if asked. Returns
 * false with an exception that names the array.  None gives data NULL where `none` allows it. */
typedef struct native_want {
  const char *name;
  int dtype; /* a weyl_dtype or NATIVE_ANY */
  int64_t size;
  bool write, none;
} native_want;
bool native_array_open(PyObject *object, const native_want *want, native_array *out);
void native_array_close(native_array *array); /* all zero is fine */

/* ---- lists of irreps (module.c) ---- */

bool native_irreps(const char *text, weyl_arena *arena, weyl_irreps *out); /* false with an exception */

/* ---- what the module holds ---- */

extern PyMethodDef native_sphere_methods[], native_audit_methods[];
bool native_product_add(PyObject *module);

#endif
