/* Spherical harmonics, Wigner matrices, couplings. */
#include "native.h"

static PyObject *finish(native_slot *slot, weyl_status status, native_array *arrays, int n) {
  for (int i = 0; i < n; i++) native_array_close(&arrays[i]);
  if (status != WEYL_OK) native_raise(slot ? slot->ctx : native_context(), status);
  native_slot_give(slot);
  if (PyErr_Occurred()) return NULL;
  Py_RETURN_NONE;
}

/* Bounds that keep the sizes asked of the arrays from overflowing; the call itself checks everything else. */
static bool sane(int l_max, long long n) {
  if (l_max < 0 || l_max > WEYL_L_MAX)
    PyErr_Format(PyExc_ValueError, "degree %d is out of range, must be 0 to %d", l_max, WEYL_L_MAX);
  else if (n < 0 || n > INT64_MAX / (4 * (WEYL_L_MAX + 1) * (WEYL_L_MAX + 1)))
    PyErr_Format(PyExc_ValueError, "%lld points are too many", n);
  else
    return true;
  return false;
}

static PyObject *harmonics(PyObject *self, PyObject *args) {
  (void)self;
  int l_max, norm, solid, threads;
  long long n;
  PyObject *in[3];
  if (!PyArg_ParseTuple(args, "iipLOOOi", &l_max, &norm, &solid, &n, &in[0], &in[1], &in[2], &threads)) return NULL;
  if (!sane(l_max, n)) return NULL;
  const int64_t k = (int64_t)(l_max + 1) * (l_max + 1);
  native_array a[3] = {{0}};
  native_slot *slot = NULL;
  const weyl_harmonics_opts opts = {.l_max = l_max, .norm = (weyl_harmonics_norm)norm, .solid = solid != 0};
  weyl_status status = WEYL_OK;
  if (native_array_open(in[0], &(native_want){.name = "x", .dtype = NATIVE_ANY, .size = 3 * n}, &a[0]) &&
      native_array_open(in[1], &(native_want){.name = "y", .dtype = (int)a[0].dtype, .size = n * k, .write = true},
                        &a[1]) &&
      native_array_open(
          in[2], &(native_want){.name = "dy", .dtype = (int)a[0].dtype, .size = 3 * n * k, .write = true, .none = true},
          &a[2]) &&
      (slot = native_slot_take(threads)) != NULL) {
    Py_BEGIN_ALLOW_THREADS;
    status = weyl_harmonics(slot->ctx, &opts, a[0].dtype, n, a[0].data, a[1].data, a[2].data);
    Py_END_ALLOW_THREADS;
  }
  return finish(slot, status, a, 3);
}

/* ---- the gradient by the points of sum g y, without the array of all derivatives ---- */

enum { POINTS = 128 }; /* at a time: their derivatives stay near */

typedef struct gradient {
  weyl_context *ctx;
  weyl_harmonics_opts opts;
  weyl_dtype dtype;
  int64_t n, k;
  const char *xyz, *g;
  char *dx, *memory;
  size_t bytes; /* of memory, a thread */
  weyl_status status;
} gradient;

#define CONTRACT(T)                                                                        \
  static void contract_##T(int64_t n, int64_t k, const T *g, const T *dy, T *dx) {         \
    for (int64_t i = 0; i < n; i++)                                                        \
      for (int64_t j = 0; j < 3; j++) {                                                    \
        const T *a = g + i * k, *b = dy + (3 * i + j) * k;                                 \
        T sum[4] = {0};                                                                    \
        int64_t m = 0;                                                                     \
        for (; m + 4 <= k; m += 4)                                                         \
          for (int64_t lane = 0; lane < 4; lane++) sum[lane] += a[m + lane] * b[m + lane]; \
        for (; m < k; m++) sum[0] += a[m] * b[m];                                          \
        dx[3 * i + j] = (sum[0] + sum[1]) + (sum[2] + sum[3]);                             \
      }                                                                                    \
  }
CONTRACT(float)
CONTRACT(double)

static void gradient_item(void *arg, int64_t i, int thread) {
  gradient *c = arg;
  const size_t size = weyl_dtype_size(c->dtype);
  const int64_t first = i * POINTS, n = c->n - first < POINTS ? c->n - first : POINTS;
  char *y = c->memory + (size_t)thread * c->bytes, *dy = y + POINTS * (size_t)c->k * size;
  const weyl_status status = weyl_harmonics(c->ctx, &c->opts, c->dtype, n, c->xyz + (size_t)(3 * first) * size, y, dy);
  if (status != WEYL_OK) {
    __atomic_store_n(&c->status, status, __ATOMIC_RELAXED);
    return;
  }
  const char *g = c->g + (size_t)(first * c->k) * size;
  char *dx = c->dx + (size_t)(3 * first) * size;
  if (c->dtype == WEYL_F64)
    contract_double(n, c->k, (const double *)(const void *)g, (const double *)(void *)dy, (double *)(void *)dx);
  else
    contract_float(n, c->k, (const float *)(const void *)g, (const float *)(void *)dy, (float *)(void *)dx);
}

static PyObject *harmonics_backward(PyObject *self, PyObject *args) {
  (void)self;
  int l_max, norm, solid, threads;
  long long n;
  PyObject *in[3];
  if (!PyArg_ParseTuple(args, "iipLOOOi", &l_max, &norm, &solid, &n, &in[0], &in[1], &in[2], &threads)) return NULL;
  if (!sane(l_max, n)) return NULL;
  gradient c = {.opts = {.l_max = l_max, .norm = (weyl_harmonics_norm)norm, .solid = solid != 0},
                .n = n,
                .k = (int64_t)(l_max + 1) * (l_max + 1)};
  native_array a[3] = {{0}};
  native_slot *slot = NULL;
  if (native_array_open(in[0], &(native_want){.name = "x", .dtype = NATIVE_ANY, .size = 3 * n}, &a[0]) &&
      native_array_open(in[1], &(native_want){.name = "g", .dtype = (int)a[0].dtype, .size = n * c.k}, &a[1]) &&
      native_array_open(in[2], &(native_want){.name = "dx", .dtype = (int)a[0].dtype, .size = 3 * n, .write = true},
                        &a[2]) &&
      (slot = native_slot_take(threads)) != NULL) {
    c.ctx = slot->ctx;
    c.dtype = a[0].dtype;
    c.xyz = a[0].data, c.g = a[1].data, c.dx = a[2].data;
    c.bytes = 4 * POINTS * (size_t)c.k * weyl_dtype_size(c.dtype);
    c.memory = native_slot_memory(slot, c.bytes * (size_t)weyl_threads(slot->ctx));
    if (c.memory) {
      Py_BEGIN_ALLOW_THREADS;
      weyl_parallel(slot->ctx, (n + POINTS - 1) / POINTS, gradient_item, &c);
      Py_END_ALLOW_THREADS;
    }
  }
  return finish(slot, c.status, a, 3);
}

/* ---- Wigner matrices, couplings: small, in double ---- */

static PyObject *wigner_3j(PyObject *self, PyObject *args) {
  (void)self;
  int l1, l2, l3, e3nn;
  PyObject *in;
  if (!PyArg_ParseTuple(args, "iiipO", &l1, &l2, &l3, &e3nn, &in)) return NULL;
  if (!sane(l1, 0) || !sane(l2, 0) || !sane(l3, 0)) return NULL;
  native_array a;
  const native_want want = {
      .name = "out", .dtype = WEYL_F64, .size = (2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1), .write = true};
  if (!native_array_open(in, &want, &a)) return NULL;
  return finish(NULL, weyl_wigner_3j(native_context(), l1, l2, l3, e3nn ? WEYL_GAUGE_E3NN : WEYL_GAUGE_WEYL, a.data),
                &a, 1);
}

static PyObject *wigner_d(PyObject *self, PyObject *args) {
  (void)self;
  int l;
  PyObject *in[2];
  if (!PyArg_ParseTuple(args, "iOO", &l, &in[0], &in[1])) return NULL;
  if (!sane(l, 0)) return NULL;
  native_array a[2] = {{0}};
  weyl_status status = WEYL_OK;
  if (native_array_open(in[0], &(native_want){.name = "R", .dtype = WEYL_F64, .size = 9}, &a[0]) &&
      native_array_open(
          in[1], &(native_want){.name = "out", .dtype = WEYL_F64, .size = (2 * l + 1) * (2 * l + 1), .write = true},
          &a[1]))
    status = weyl_wigner_d(native_context(), l, WEYL_AXES_E3NN, a[0].data, a[1].data);
  return finish(NULL, status, a, 2);
}

static PyObject *rotation_from_euler(PyObject *self, PyObject *args) {
  (void)self;
  double alpha, beta, gamma;
  PyObject *in;
  if (!PyArg_ParseTuple(args, "dddO", &alpha, &beta, &gamma, &in)) return NULL;
  native_array a;
  if (!native_array_open(in, &(native_want){.name = "out", .dtype = WEYL_F64, .size = 9, .write = true}, &a))
    return NULL;
  weyl_rotation_from_euler(WEYL_AXES_E3NN, alpha, beta, gamma, a.data);
  return finish(NULL, WEYL_OK, &a, 1);
}

static PyObject *irreps_act(PyObject *self, PyObject *args) {
  (void)self;
  const char *text;
  long long n;
  PyObject *in[3];
  if (!PyArg_ParseTuple(args, "sOLOO", &text, &in[0], &n, &in[1], &in[2])) return NULL;
  weyl_arena *arena = NULL;
  weyl_status status = weyl_arena_new(native_context(), &arena);
  if (status != WEYL_OK) return native_raise(native_context(), status);
  native_array a[3] = {{0}};
  weyl_irreps list;
  int64_t size = 0;
  if (native_irreps(text, arena, &list)) {
    if (n < 0 || __builtin_mul_overflow(n, weyl_irreps_dim(list), &size))
      PyErr_Format(PyExc_ValueError, "%lld samples are too many", n);
    else if (native_array_open(in[0], &(native_want){.name = "R", .dtype = WEYL_F64, .size = 9}, &a[0]) &&
             native_array_open(in[1], &(native_want){.name = "x", .dtype = NATIVE_ANY, .size = size}, &a[1]) &&
             native_array_open(
                 in[2], &(native_want){.name = "out", .dtype = (int)a[1].dtype, .size = size, .write = true}, &a[2]))
      status = weyl_irreps_act(native_context(), list, WEYL_AXES_E3NN, a[0].data, a[1].dtype, n, a[1].data, a[2].data);
  }
  weyl_arena_free(arena);
  return finish(NULL, status, a, 3);
}

static PyObject *gaunt_factor(PyObject *self, PyObject *args) {
  (void)self;
  int l1, l2, l3;
  if (!PyArg_ParseTuple(args, "iii", &l1, &l2, &l3)) return NULL;
  return PyFloat_FromDouble(weyl_gaunt_factor(l1, l2, l3));
}

PyMethodDef native_sphere_methods[] = {
    {"harmonics", harmonics, METH_VARARGS, "harmonics(l_max, norm, solid, n, x, y, dy or None, threads)"},
    {"harmonics_backward", harmonics_backward, METH_VARARGS,
     "harmonics_backward(l_max, norm, solid, n, x, g, dx, threads): dx = sum over (l,m) of g dY/dx"},
    {"wigner_3j", wigner_3j, METH_VARARGS, "wigner_3j(l1, l2, l3, e3nn, out)"},
    {"wigner_d", wigner_d, METH_VARARGS, "wigner_d(l, R, out)"},
    {"rotation_from_euler", rotation_from_euler, METH_VARARGS, "rotation_from_euler(alpha, beta, gamma, out)"},
    {"irreps_act", irreps_act, METH_VARARGS, "irreps_act(irreps, R, n, x, out)"},
    {"gaunt_factor", gaunt_factor, METH_VARARGS, "gaunt_factor(l1, l2, l3) -> float"},
    {NULL, NULL, 0, NULL}};
