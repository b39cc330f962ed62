/* Arrays of others, without copies. */
#include "native.h"

/* The layout of a DLPack capsule (the specification's names; both forms begin to differ at the version). */
typedef struct dl_device {
  int32_t type, id;
} dl_device;
typedef struct dl_tensor {
  void *data;
  dl_device device;
  int32_t ndim;
  struct {
    uint8_t code, bits;
    uint16_t lanes;
  } dtype;
  int64_t *shape, *strides;
  uint64_t byte_offset;
} dl_tensor;
typedef struct dl_managed {
  dl_tensor tensor;
  void *context;
  void (*deleter)(struct dl_managed *);
} dl_managed;
typedef struct dl_managed_versioned {
  struct {
    uint32_t major, minor;
  } version;
  void *context;
  void (*deleter)(struct dl_managed_versioned *);
  uint64_t flags;
  dl_tensor tensor;
} dl_managed_versioned;
enum { DL_CPU = 1, DL_FLOAT = 2, DL_READ_ONLY = 1 };

static bool dense(int ndim, const int64_t *shape, const int64_t *strides, int64_t *size) {
  int64_t n = 1;
  bool ok = true, empty = false;
  for (int i = ndim - 1; i >= 0; i--) {
    if (strides && shape[i] != 1 && strides[i] != n) ok = false;
    if (shape[i] == 0) empty = true;
    if (__builtin_mul_overflow(n, shape[i], &n)) n = INT64_MAX, ok = false;
  }
  *size = empty ? 0 : n;
  return ok || empty;
}

static bool from_tensor(const native_want *want, const dl_tensor *t, bool read_only, native_array *out) {
  if (t->device.type != DL_CPU) {
    PyErr_Format(PyExc_ValueError, "%s is on another device, must be on the CPU", want->name);
    return false;
  }
  const bool real = t->dtype.code == DL_FLOAT && t->dtype.lanes == 1;
  if (!real || (t->dtype.bits != 32 && t->dtype.bits != 64)) {
    PyErr_Format(PyExc_TypeError, "%s must be of float32 or float64 numbers", want->name);
    return false;
  }
  out->dtype = t->dtype.bits == 32 ? WEYL_F32 : WEYL_F64;
  if (!dense(t->ndim, t->shape, t->strides, &out->size)) {
    PyErr_Format(PyExc_ValueError, "%s is not contiguous in row-major order", want->name);
    return false;
  }
  if (want->write && read_only) {
    PyErr_Format(PyExc_ValueError, "%s is read-only", want->name);
    return false;
  }
  out->data = (char *)t->data + t->byte_offset;
  return true;
}

static bool from_capsule(const native_want *want, PyObject *capsule, native_array *out) {
  if (PyCapsule_IsValid(capsule, "dltensor")) {
    const dl_managed *m = PyCapsule_GetPointer(capsule, "dltensor");
    return from_tensor(want, &m->tensor, false, out);
  }
  if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
    const dl_managed_versioned *m = PyCapsule_GetPointer(capsule, "dltensor_versioned");
    if (m->version.major == 1) return from_tensor(want, &m->tensor, (m->flags & DL_READ_ONLY) != 0, out);
  }
  PyErr_Format(PyExc_TypeError, "%s is a capsule of another kind than a DLPack tensor", want->name);
  return false;
}

static bool from_buffer(const native_want *want, PyObject *object, native_array *out) {
  const int flags = PyBUF_STRIDES | PyBUF_FORMAT | (want->write ? PyBUF_WRITABLE : 0);
  if (PyObject_GetBuffer(object, &out->buffer, flags) != 0) {
    if (!PyErr_ExceptionMatches(PyExc_BufferError) && !PyErr_ExceptionMatches(PyExc_ValueError)) return false;
    PyErr_Clear();
    PyErr_Format(PyExc_ValueError, "%s gives no%s buffer", want->name, want->write ? " writable" : "");
    return false;
  }
  out->has_buffer = true;
  const Py_buffer *b = &out->buffer;
  const char *format = b->format ? b->format : "B";
  if (*format == '@' || *format == '=') format++;
  const bool f32 = strcmp(format, "f") == 0 && b->itemsize == 4, f64 = strcmp(format, "d") == 0 && b->itemsize == 8;
  if (!f32 && !f64) {
    PyErr_Format(PyExc_TypeError, "%s must be of float32 or float64 numbers, has format '%s'", want->name, format);
    return false;
  }
  out->dtype = f32 ? WEYL_F32 : WEYL_F64;
  int64_t shape[64], strides[64];
  if (b->ndim > 64) {
    PyErr_Format(PyExc_ValueError, "%s has %d dimensions, must be 64 at most", want->name, b->ndim);
    return false;
  }
  for (int i = 0; i < b->ndim; i++) {
    shape[i] = b->shape[i];
    strides[i] = b->strides ? b->strides[i] / b->itemsize : 0;
    if (b->strides && b->strides[i] % b->itemsize) strides[i] = -1;
  }
  if (!dense(b->ndim, shape, b->strides ? strides : NULL, &out->size)) {
    PyErr_Format(PyExc_ValueError, "%s is not contiguous in row-major order", want->name);
    return false;
  }
  out->data = b->buf;
  return true;
}

static bool open_any(PyObject *object, const native_want *want, native_array *out) {
  if (PyCapsule_CheckExact(object)) {
    Py_INCREF(object);
    out->capsule = object;
    return from_capsule(want, object, out);
  }
  if (PyObject_CheckBuffer(object)) return from_buffer(want, object, out);
  if (!PyObject_HasAttrString(object, "__dlpack__")) {
    PyErr_Format(PyExc_TypeError, "%s must be an array (DLPack or the buffer protocol)", want->name);
    return false;
  }
  out->capsule = PyObject_CallMethod(object, "__dlpack__", NULL);
  return out->capsule && from_capsule(want, out->capsule, out);
}

bool native_array_open(PyObject *object, const native_want *want, native_array *out) {
  *out = (native_array){0};
  if (want->none && object == Py_None) return true;
  bool ok = open_any(object, want, out);
  if (ok && want->dtype != NATIVE_ANY && out->dtype != (weyl_dtype)want->dtype) {
    PyErr_Format(PyExc_TypeError, "%s is of %s numbers, must be of %s as the others", want->name,
                 weyl_dtype_name(out->dtype), weyl_dtype_name((weyl_dtype)want->dtype));
    ok = false;
  }
  if (ok && want->size != NATIVE_ANY && out->size != want->size) {
    PyErr_Format(PyExc_ValueError, "%s has %lld numbers, must have %lld", want->name, (long long)out->size,
                 (long long)want->size);
    ok = false;
  }
  if (!ok) native_array_close(out);
  return ok;
}

void native_array_close(native_array *array) {
  if (array->has_buffer) PyBuffer_Release(&array->buffer);
  Py_XDECREF(array->capsule);
  *array = (native_array){0};
}
