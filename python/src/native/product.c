/* Plans of tensor products, and their calls: samples in pieces, pieces dealt to threads.  The pieces depend on the plan
 * and the number of samples alone, so the numbers do not depend on the threads. */
#include "native.h"

typedef struct plan_object {
  PyObject ob_base;
  weyl_product *plan;
  weyl_dtype dtype;
  bool each;
  int64_t size[3], weights;
  double cost; /* operations of one sample, forward */
} plan_object;

/* ---- calls ---- */

#define PIECE_COST 2e6               /* operations: some 50 microseconds */
enum { WHOLE = 16, PARTS_MAX = 32 }; /* samples that a plan runs at a time, at most; sums of shared dw */

typedef struct call {
  const weyl_product *plan;
  weyl_context *ctx;
  int64_t n, piece, pieces;
  bool backward, each;
  size_t bytes[3], weights, work; /* bytes of a sample, of a set of weights, of a thread */
  const char *x, *y, *w, *g;
  char *out, *dx, *dy, *dw, *part, *memory;
  weyl_status status;
} call;

static void call_item(void *arg, int64_t i, int thread) {
  call *c = arg;
  const int64_t first = i * c->piece, n = c->n - first < c->piece ? c->n - first : c->piece;
  const size_t at = (size_t)first;
  const char *x = c->x + at * c->bytes[0], *y = c->y + at * c->bytes[1];
  const char *w = c->w ? c->w + (c->each ? at * c->weights : 0) : NULL;
  void *work = c->memory + (size_t)thread * c->work;
  weyl_status status;
  if (c->backward) {
    char *dw = !c->dw ? NULL : c->each ? c->dw + at * c->weights : c->part ? c->part + (size_t)i * c->weights : c->dw;
    status = weyl_product_backward(c->ctx, c->plan, n, x, y, w, c->g + at * c->bytes[2], c->dx + at * c->bytes[0],
                                   c->dy + at * c->bytes[1], dw, work);
  } else {
    status = weyl_product_forward(c->ctx, c->plan, n, x, y, w, c->out + at * c->bytes[2], work);
  }
  if (status != WEYL_OK) __atomic_store_n(&c->status, status, __ATOMIC_RELAXED);
}

#define ADD_PARTS(T)                                                           \
  static void add_parts_##T(int64_t parts, int64_t n, const T *part, T *sum) { \
    memcpy(sum, part, (size_t)n * sizeof(T));                                  \
    for (int64_t p = 1; p < parts; p++)                                        \
      for (int64_t i = 0; i < n; i++) sum[i] += part[p * n + i];               \
  }
ADD_PARTS(float)
ADD_PARTS(double)

static int64_t piece_of(const plan_object *p, int64_t n, bool parts) {
  int64_t piece = (int64_t)(PIECE_COST / (p->cost > 1 ? p->cost : 1)) + 1;
  if (parts && piece < n / PARTS_MAX + 1) piece = n / PARTS_MAX + 1;
  return (piece + WHOLE - 1) / WHOLE * WHOLE;
}

static bool call_run(const plan_object *p, call *c, native_slot *slot) {
  const size_t size = weyl_dtype_size(p->dtype);
  const bool parts = c->backward && c->dw && !p->each;
  c->plan = p->plan;
  c->ctx = slot->ctx;
  c->each = p->each;
  for (int i = 0; i < 3; i++) c->bytes[i] = (size_t)p->size[i] * size;
  c->weights = (size_t)p->weights * size;
  c->piece = piece_of(p, c->n, parts);
  c->pieces = c->n > 0 ? (c->n + c->piece - 1) / c->piece : 1; /* no samples: dw is 0 */
  c->work = (weyl_product_work(p->plan) + 63) / 64 * 64;
  const size_t threads = (size_t)weyl_threads(slot->ctx), works = threads * c->work;
  const bool several = parts && c->pieces > 1;
  c->memory = native_slot_memory(slot, works + (several ? (size_t)c->pieces * c->weights : 0));
  if (!c->memory) return false;
  c->part = several ? c->memory + works : NULL;
  Py_BEGIN_ALLOW_THREADS;
  weyl_parallel(slot->ctx, c->pieces, call_item, c);
  if (several && p->dtype == WEYL_F64)
    add_parts_double(c->pieces, p->weights, (double *)(void *)c->part, (double *)(void *)c->dw);
  else if (several)
    add_parts_float(c->pieces, p->weights, (float *)(void *)c->part, (float *)(void *)c->dw);
  Py_END_ALLOW_THREADS;
  if (c->status != WEYL_OK) native_raise(slot->ctx, c->status);
  return c->status == WEYL_OK;
}

/* ---- methods ---- */

static bool samples_fit(const plan_object *p, long long n) {
  int64_t most = p->weights;
  for (int i = 0; i < 3; i++)
    if (p->size[i] > most) most = p->size[i];
  if (n >= 0 && (most == 0 || n <= INT64_MAX / 16 / most)) return true;
  PyErr_Format(PyExc_ValueError, "%lld samples are out of range", n);
  return false;
}

static PyObject *plan_forward(PyObject *self, PyObject *args) {
  const plan_object *p = (plan_object *)self;
  long long n;
  PyObject *in[4];
  int threads;
  if (!PyArg_ParseTuple(args, "LOOOOi", &n, &in[0], &in[1], &in[2], &in[3], &threads)) return NULL;
  if (!samples_fit(p, n)) return NULL;
  const int64_t weights = p->each ? n * p->weights : p->weights;
  const native_want want[4] = {
      {.name = "x", .dtype = (int)p->dtype, .size = n * p->size[0]},
      {.name = "y", .dtype = (int)p->dtype, .size = n * p->size[1]},
      {.name = "weight", .dtype = (int)p->dtype, .size = weights, .none = p->weights == 0},
      {.name = "out", .dtype = (int)p->dtype, .size = n * p->size[2], .write = true},
  };
  native_array a[4] = {{0}};
  bool ok = true;
  for (int i = 0; i < 4 && ok; i++) ok = native_array_open(in[i], &want[i], &a[i]);
  native_slot *slot = ok ? native_slot_take(threads) : NULL;
  if (slot) {
    call c = {.n = n, .x = a[0].data, .y = a[1].data, .w = a[2].data, .out = a[3].data};
    ok = call_run(p, &c, slot);
    native_slot_give(slot);
  }
  for (int i = 0; i < 4; i++) native_array_close(&a[i]);
  if (!ok || !slot) return NULL;
  Py_RETURN_NONE;
}

static PyObject *plan_backward(PyObject *self, PyObject *args) {
  const plan_object *p = (plan_object *)self;
  long long n;
  PyObject *in[7];
  int threads;
  if (!PyArg_ParseTuple(args, "LOOOOOOOi", &n, &in[0], &in[1], &in[2], &in[3], &in[4], &in[5], &in[6], &threads))
    return NULL;
  if (!samples_fit(p, n)) return NULL;
  const int64_t weights = p->each ? n * p->weights : p->weights;
  const native_want want[7] = {
      {.name = "x", .dtype = (int)p->dtype, .size = n * p->size[0]},
      {.name = "y", .dtype = (int)p->dtype, .size = n * p->size[1]},
      {.name = "weight", .dtype = (int)p->dtype, .size = weights, .none = p->weights == 0},
      {.name = "g", .dtype = (int)p->dtype, .size = n * p->size[2]},
      {.name = "dx", .dtype = (int)p->dtype, .size = n * p->size[0], .write = true},
      {.name = "dy", .dtype = (int)p->dtype, .size = n * p->size[1], .write = true},
      {.name = "dw", .dtype = (int)p->dtype, .size = weights, .write = true, .none = true},
  };
  native_array a[7] = {{0}};
  bool ok = true;
  for (int i = 0; i < 7 && ok; i++) ok = native_array_open(in[i], &want[i], &a[i]);
  native_slot *slot = ok ? native_slot_take(threads) : NULL;
  if (slot) {
    call c = {.n = n,
              .backward = true,
              .x = a[0].data,
              .y = a[1].data,
              .w = a[2].data,
              .g = a[3].data,
              .dx = a[4].data,
              .dy = a[5].data,
              .dw = a[6].data};
    ok = call_run(p, &c, slot);
    native_slot_give(slot);
  }
  for (int i = 0; i < 7; i++) native_array_close(&a[i]);
  if (!ok || !slot) return NULL;
  Py_RETURN_NONE;
}

/* ---- making a plan ---- */

static bool read_paths(PyObject *paths, const weyl_irreps list[3], weyl_arena *arena, weyl_paths *out) {
  const Py_ssize_t n = PySequence_Size(paths);
  if (n < 0) return false;
  weyl_path *path = weyl_arena_array(arena, weyl_path, n + 1);
  if (!path) return native_raise(native_context(), WEYL_MEMORY) != NULL;
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *item = PySequence_GetItem(paths, i);
    int block[3];
    const bool ok = item && PyArg_ParseTuple(item, "iii;a path is (in1, in2, out)", &block[0], &block[1], &block[2]);
    Py_XDECREF(item);
    if (!ok) return false;
    for (int k = 0; k < 3; k++)
      if (block[k] < 0 || block[k] >= list[k].n) {
        PyErr_Format(PyExc_ValueError, "path %zd: block %d of a list of %d", i, block[k], (int)list[k].n);
        return false;
      }
    path[i] = (weyl_path){
        block[0], block[1], block[2], list[0].item[block[0]].l, list[1].item[block[1]].l, list[2].item[block[2]].l};
  }
  *out = (weyl_paths){n, path};
  return true;
}

static bool read_factors(PyObject *factors, int64_t n, weyl_arena *arena, const double **out) {
  if (factors == Py_None) return true;
  if (PySequence_Size(factors) != n) {
    if (!PyErr_Occurred()) PyErr_Format(PyExc_ValueError, "there must be %lld factors", (long long)n);
    return false;
  }
  double *f = weyl_arena_array(arena, double, n + 1);
  if (!f) return native_raise(native_context(), WEYL_MEMORY) != NULL;
  for (int64_t i = 0; i < n; i++) {
    PyObject *item = PySequence_GetItem(factors, i);
    f[i] = item ? PyFloat_AsDouble(item) : 0;
    Py_XDECREF(item);
    if (PyErr_Occurred()) return false;
  }
  *out = f;
  return true;
}

static bool plan_make(plan_object *p, weyl_arena *arena, PyObject *args) {
  const char *text[3];
  int dtype, wiring, weights, gauge, layout = WEYL_LAYOUT_IRREPS, method = WEYL_PRODUCT_AUTO;
  PyObject *paths, *factors;
  if (!PyArg_ParseTuple(args, "isssOOiii|ii", &dtype, &text[0], &text[1], &text[2], &paths, &factors, &wiring, &weights,
                        &gauge, &layout, &method))
    return false;
  weyl_irreps list[3];
  for (int i = 0; i < 3; i++)
    if (!native_irreps(text[i], arena, &list[i])) return false;
  weyl_paths read;
  weyl_product_opts opts = {.wiring = (weyl_wiring)wiring,
                            .weights = (weyl_path_weights)weights,
                            .layout = (weyl_layout)layout,
                            .gauge = (weyl_gauge)gauge,
                            .method = (weyl_product_method)method};
  if (!read_paths(paths, list, arena, &read) || !read_factors(factors, read.n, arena, &opts.factor)) return false;
  const weyl_status status =
      weyl_product_new(native_context(), &opts, (weyl_dtype)dtype, list[0], list[1], list[2], read, &p->plan);
  if (status != WEYL_OK) return native_raise(native_context(), status) != NULL;
  p->dtype = (weyl_dtype)dtype;
  p->each = weights == WEYL_WEIGHTS_EACH;
  p->weights = weyl_product_weights(p->plan);
  int64_t channels = 1;
  for (int i = 0; i < 3; i++) p->size[i] = weyl_product_size(p->plan, i);
  for (int32_t i = 0; i < list[0].n; i++)
    if (list[0].item[i].mul > channels) channels = list[0].item[i].mul;
  p->cost = weyl_product_ops(p->plan, 0) * (double)channels;
  if (wiring == WEYL_WIRE_UVU)
    for (int32_t i = 0; i < list[1].n; i++)
      if (list[1].item[i].mul > 1) p->cost *= (double)list[1].item[i].mul;
  return true;
}

static PyObject *plan_new(PyTypeObject *type, PyObject *args, PyObject *none) {
  (void)none;
  weyl_arena *arena = NULL;
  const weyl_status status = weyl_arena_new(native_context(), &arena);
  if (status != WEYL_OK) return native_raise(native_context(), status);
  allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
  PyObject *self = alloc(type, 0);
  if (self && !plan_make((plan_object *)self, arena, args)) Py_CLEAR(self);
  weyl_arena_free(arena);
  return self;
}

static void plan_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  weyl_product_free(((plan_object *)self)->plan);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF(type);
}

static PyObject *plan_size(PyObject *self, PyObject *args) {
  int which;
  if (!PyArg_ParseTuple(args, "i", &which)) return NULL;
  return PyLong_FromLongLong(weyl_product_size(((plan_object *)self)->plan, which));
}

static PyObject *plan_weights(PyObject *self, void *none) {
  (void)none;
  return PyLong_FromLongLong(((plan_object *)self)->weights);
}

static PyObject *plan_method(PyObject *self, void *none) {
  (void)none;
  const bool written = weyl_product_how(((plan_object *)self)->plan) == WEYL_PRODUCT_WRITTEN;
  return PyUnicode_FromString(written ? "written" : "table");
}

static PyMethodDef plan_methods[] = {
    {"forward", plan_forward, METH_VARARGS, "forward(n, x, y, weight or None, out, threads)"},
    {"backward", plan_backward, METH_VARARGS, "backward(n, x, y, weight or None, g, dx, dy, dw or None, threads)"},
    {"size", plan_size, METH_VARARGS, "size(which) -> numbers of a sample of x (0), y (1) or out (2)"},
    {NULL, NULL, 0, NULL}};
static PyGetSetDef plan_get[] = {{"weights", plan_weights, NULL, "numbers of one set of weights", NULL},
                                 {"method", plan_method, NULL, "\"written\" code or the loop over a \"table\"", NULL},
                                 {NULL, NULL, NULL, NULL, NULL}};

bool native_product_add(PyObject *module) {
  static PyType_Slot slots[] = {
      {Py_tp_new, plan_new},
      {Py_tp_dealloc, plan_dealloc},
      {Py_tp_methods, plan_methods},
      {Py_tp_getset, plan_get},
      {Py_tp_doc,
       "Plan(dtype, irreps_in1, irreps_in2, irreps_out, paths, factors or None, wiring, weights, gauge[, "
       "layout, method]): numbers as in weyl/irrep.h"},
      {0, NULL}};
  static PyType_Spec spec = {"weyl._native.Plan", sizeof(plan_object), 0, Py_TPFLAGS_DEFAULT, slots};
  PyObject *type = PyType_FromSpec(&spec);
  if (!type) return false;
  const int status = PyModule_AddObjectRef(module, "Plan", type);
  Py_DECREF(type);
  return status == 0;
}
