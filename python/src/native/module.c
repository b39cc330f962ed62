/* The module itself: errors, contexts with their threads, lists of irreps. */
#include "native.h"

/* ---- errors ---- */

PyObject *native_raise(weyl_context *ctx, weyl_status status) {
  if (PyErr_Occurred()) { /* of a callback: it says more */
    if (ctx) weyl_message_clear(ctx);
    return NULL;
  }
  PyObject *kind = PyExc_RuntimeError;
  switch (status) {
    case WEYL_BAD_ARG:
    case WEYL_SHAPE:
    case WEYL_UNKNOWN:
    case WEYL_FORMAT: kind = PyExc_ValueError; break;
    case WEYL_DTYPE: kind = PyExc_TypeError; break;
    case WEYL_MEMORY: kind = PyExc_MemoryError; break;
    case WEYL_UNSUPPORTED: kind = PyExc_NotImplementedError; break;
    case WEYL_NUMERIC:
    case WEYL_DEGENERATE: kind = PyExc_ArithmeticError; break;
    default: break;
  }
  const char *text = ctx ? weyl_message(ctx) : "";
  PyErr_SetString(kind, text[0] ? text : weyl_status_text(status));
  if (ctx) weyl_message_clear(ctx);
  return NULL;
}

/* ---- contexts ---- */

static weyl_context *shared;
static native_slot *idle; /* those that no call uses */

weyl_context *native_context(void) { return shared; }

static void slot_free(native_slot *slot) {
  weyl_dealloc(slot->ctx, slot->memory);
  weyl_context_free(slot->ctx);
  PyMem_Free(slot);
}

native_slot *native_slot_take(int threads) {
  if (threads < 0 || threads > 4096) {
    PyErr_Format(PyExc_ValueError, "threads is %d, must be 0 to 4096", threads);
    return NULL;
  }
  for (native_slot **at = &idle; *at; at = &(*at)->next)
    if ((*at)->threads == threads) {
      native_slot *slot = *at;
      *at = slot->next;
      return slot;
    }
  while (idle) { /* the number of threads has changed: others are of no use any more */
    native_slot *slot = idle;
    idle = slot->next;
    slot_free(slot);
  }
  native_slot *slot = PyMem_Calloc(1, sizeof *slot);
  if (!slot) return (native_slot *)PyErr_NoMemory();
  weyl_context_opts opts = weyl_context_defaults();
  opts.threads = threads;
  slot->threads = threads;
  const weyl_status status = weyl_context_new(&opts, &slot->ctx);
  if (status == WEYL_OK) return slot;
  PyMem_Free(slot);
  native_raise(NULL, status);
  return NULL;
}

void native_slot_give(native_slot *slot) {
  if (!slot) return;
  weyl_message_clear(slot->ctx);
  slot->next = idle;
  idle = slot;
}

void *native_slot_memory(native_slot *slot, size_t bytes) {
  if (bytes > slot->bytes) {
    weyl_dealloc(slot->ctx, slot->memory);
    slot->bytes = 0;
    slot->memory = weyl_alloc(slot->ctx, bytes, 1);
    if (!slot->memory) return native_raise(slot->ctx, WEYL_MEMORY);
    slot->bytes = bytes;
  }
  return slot->memory;
}

/* The child of a fork has no threads but its own: contexts with threads are left behind, not freed. */
static PyObject *after_fork(PyObject *self, PyObject *none) {
  (void)self, (void)none;
  idle = NULL;
  Py_RETURN_NONE;
}

static PyObject *version(PyObject *self, PyObject *none) {
  (void)self, (void)none;
  return PyUnicode_FromString(weyl_version());
}

/* ---- lists of irreps ---- */

bool native_irreps(const char *text, weyl_arena *arena, weyl_irreps *out) {
  const weyl_status status = weyl_irreps_parse(shared, arena, text, out);
  if (status != WEYL_OK) native_raise(shared, status);
  return status == WEYL_OK;
}

static PyObject *irreps_parse(PyObject *self, PyObject *args) {
  (void)self;
  const char *text;
  if (!PyArg_ParseTuple(args, "s", &text)) return NULL;
  weyl_arena *arena = NULL;
  const weyl_status status = weyl_arena_new(shared, &arena);
  if (status != WEYL_OK) return native_raise(shared, status);
  weyl_irreps list;
  PyObject *out = native_irreps(text, arena, &list) ? PyList_New(list.n) : NULL;
  for (int32_t i = 0; out && i < list.n; i++) {
    const weyl_irrep *item = &list.item[i];
    PyObject *block = Py_BuildValue("(Lii)", (long long)item->mul, (int)item->l, (int)item->parity);
    if (!block || PyList_SetItem(out, i, block) != 0) Py_CLEAR(out);
  }
  weyl_arena_free(arena);
  return out;
}

/* ---- the module ---- */

static PyMethodDef methods[] = {
    {"version", version, METH_NOARGS, "version() -> str"},
    {"after_fork", after_fork, METH_NOARGS, "after_fork(): in a forked child, before anything else"},
    {"irreps_parse", irreps_parse, METH_VARARGS, "irreps_parse(text) -> [(mul, l, parity)]"},
    {NULL, NULL, 0, NULL}};

static PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT,
                                 .m_name = "weyl._native",
                                 .m_doc = "libweyl on arrays in place; see the modules of the package weyl",
                                 .m_size = -1,
                                 .m_methods = methods};

PyMODINIT_FUNC PyInit__native(void) {
  if (!shared) {
    weyl_context_opts opts = weyl_context_defaults();
    opts.threads = 1;
    const weyl_status status = weyl_context_new(&opts, &shared);
    if (status != WEYL_OK) return native_raise(NULL, status);
  }
  PyObject *module = PyModule_Create(&definition);
  if (!module) return NULL;
  if (PyModule_AddFunctions(module, native_sphere_methods) != 0 ||
      PyModule_AddFunctions(module, native_audit_methods) != 0 || !native_product_add(module))
    Py_CLEAR(module);
  return module;
}
