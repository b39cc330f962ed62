/* weyl.audit: the measure of any Python callable. The interpreter lock is held throughout; the callable needs it. */
#include "native.h"

typedef struct audit {
  weyl_context *ctx;
  PyObject *sample, *evaluate;
  int inputs;
  weyl_audit_slot *slot;      /* [inputs + 1], the last is the output */
  const weyl_irreps **irreps; /* [inputs + 1], NULL where the action says it all */
  PyObject *held;             /* the sample handed out last */
  native_array *array;        /* [inputs] of it */
  const double **data;        /* likewise */
} audit;

static int64_t numbers_of(const weyl_audit_slot *slot, int64_t n) {
  switch (slot->action) {
    case WEYL_ACT_GLOBAL_SCALAR:
    case WEYL_ACT_GLOBAL_VECTOR:
    case WEYL_ACT_COADJOINT:
    case WEYL_ACT_GLOBAL_POINT: return slot->width;
    case WEYL_ACT_PAIR: return n * n * slot->width;
    default: return n * slot->width;
  }
}

static void let_go(audit *a) {
  for (int k = 0; k < a->inputs; k++) native_array_close(&a->array[k]);
  Py_CLEAR(a->held);
}

/* sample(i) -> (n, [array of each input]) */
static weyl_status sample(void *arg, int64_t i, weyl_audit_sample *out) {
  audit *a = arg;
  let_go(a);
  a->held = PyObject_CallFunction(a->sample, "L", (long long)i);
  long long n;
  PyObject *arrays;
  if (!a->held || !PyArg_ParseTuple(a->held, "LO", &n, &arrays)) return WEYL_INTERRUPTED;
  for (int k = 0; k < a->inputs; k++) {
    PyObject *item = PySequence_GetItem(arrays, k);
    const native_want want = {.name = a->slot[k].name, .dtype = WEYL_F64, .size = numbers_of(&a->slot[k], n)};
    const bool ok = item && native_array_open(item, &want, &a->array[k]);
    Py_XDECREF(item);
    if (!ok) return WEYL_INTERRUPTED;
    a->data[k] = a->array[k].data;
  }
  *out = (weyl_audit_sample){.n = n, .input = a->data};
  return WEYL_OK;
}

static PyObject *inputs_of(const audit *a, const weyl_audit_sample *s) {
  PyObject *list = PyList_New(a->inputs);
  for (int k = 0; list && k < a->inputs; k++) {
    const Py_ssize_t bytes = (Py_ssize_t)numbers_of(&a->slot[k], s->n) * (Py_ssize_t)sizeof(double);
    PyObject *view = PyMemoryView_FromMemory((char *)(void *)(uintptr_t)s->input[k], bytes, PyBUF_READ);
    if (!view || PyList_SetItem(list, k, view) != 0) Py_CLEAR(list);
  }
  return list;
}

/* evaluate([(n, [bytes of each input])]) -> [array] */
static weyl_status evaluate(void *arg, int64_t count, const weyl_audit_sample *samples, double *const *y) {
  const audit *a = arg;
  PyObject *all = PyList_New(count), *results = NULL;
  weyl_status status = WEYL_INTERRUPTED;
  for (int64_t i = 0; all && i < count; i++) {
    PyObject *inputs = inputs_of(a, &samples[i]);
    PyObject *item = inputs ? Py_BuildValue("(LN)", (long long)samples[i].n, inputs) : NULL;
    if (!item || PyList_SetItem(all, i, item) != 0) Py_CLEAR(all);
  }
  if (all) results = PyObject_CallFunctionObjArgs(a->evaluate, all, NULL);
  for (int64_t i = 0; results && i < count; i++) {
    PyObject *item = PySequence_GetItem(results, i);
    const int64_t size = numbers_of(&a->slot[a->inputs], samples[i].n);
    const native_want want = {.name = "the result", .dtype = WEYL_F64, .size = size};
    native_array array;
    const bool ok = item && native_array_open(item, &want, &array);
    if (ok) memcpy(y[i], array.data, (size_t)size * sizeof(double));
    if (ok) native_array_close(&array);
    Py_XDECREF(item);
    if (!ok) goto done;
  }
  if (results) status = WEYL_OK;
done:
  Py_XDECREF(results);
  Py_XDECREF(all);
  return status;
}

static weyl_status turn(void *arg, int k, const double *g, int64_t rows, const double *from, double *to) {
  const audit *a = arg;
  if (a->irreps[k]) return weyl_irreps_act(a->ctx, *a->irreps[k], WEYL_AXES_E3NN, g, WEYL_F64, rows, from, to);
  memcpy(to, from, (size_t)(rows * a->slot[k].width) * sizeof(double));
  return WEYL_OK;
}

/* slots: (name, action, width, irreps or None) */
static bool read_slots(audit *a, weyl_arena *arena, PyObject *slots) {
  a->slot = weyl_arena_array(arena, weyl_audit_slot, a->inputs + 1);
  a->irreps = weyl_arena_array(arena, const weyl_irreps *, a->inputs + 1);
  a->array = weyl_arena_array(arena, native_array, a->inputs + 1);
  a->data = weyl_arena_array(arena, const double *, a->inputs + 1);
  if (!a->slot || !a->irreps || !a->array || !a->data) return native_raise(native_context(), WEYL_MEMORY) != NULL;
  for (int k = 0; k <= a->inputs; k++) {
    PyObject *item = PySequence_GetItem(slots, k);
    const char *name, *irreps;
    int action;
    long long width;
    bool ok = item && PyArg_ParseTuple(item, "siLz", &name, &action, &width, &irreps);
    if (ok) {
      a->slot[k] = (weyl_audit_slot){weyl_arena_strdup(arena, name), (weyl_action)action, width};
      weyl_irreps *list = irreps ? weyl_arena_array(arena, weyl_irreps, 1) : NULL;
      if (irreps) ok = list && native_irreps(irreps, arena, list);
      if (ok && irreps) a->slot[k].width = weyl_irreps_dim(*list);
      a->irreps[k] = list;
    }
    Py_XDECREF(item);
    if (!ok) return false;
  }
  return true;
}

static PyObject *result_of(const weyl_audit_result *r) {
  PyObject *g = PyList_New((Py_ssize_t)r->worst_size);
  for (size_t i = 0; g && i < r->worst_size; i++) {
    PyObject *number = PyFloat_FromDouble(r->worst_g[i]);
    if (!number || PyList_SetItem(g, (Py_ssize_t)i, number) != 0) Py_CLEAR(g);
  }
  if (!g) return NULL;
  return Py_BuildValue("{s:N,s:d,s:d,s:d,s:d,s:L,s:L,s:d,s:L,s:N}", "holds", PyBool_FromLong(r->holds), "mean", r->mean,
                       "worst", r->max, "rms", r->rms, "quantile99", r->quantile99, "draws", (long long)r->draws,
                       "failing", (long long)r->failing, "failing_bound", r->failing_bound, "worst_sample",
                       (long long)r->worst_sample, "worst_element", g);
}

static PyObject *run_audit(PyObject *self, PyObject *args) {
  (void)self;
  const char *name;
  PyObject *slots;
  audit a = {0};
  long long samples, seed;
  int elements, dtype;
  double tolerance_mean, tolerance_max, scale, confidence;
  if (!PyArg_ParseTuple(args, "sOOOLiLidddd", &name, &slots, &a.sample, &a.evaluate, &samples, &elements, &seed, &dtype,
                        &tolerance_mean, &tolerance_max, &scale, &confidence))
    return NULL;
  const Py_ssize_t n = PySequence_Size(slots);
  if (n < 0) return NULL;
  a.inputs = (int)n - 1;
  a.ctx = native_context();
  weyl_arena *arena = NULL;
  weyl_group *group = NULL;
  PyObject *out = NULL;
  weyl_status status;
  WEYL_GOTO(weyl_arena_new(a.ctx, &arena));
  if (!read_slots(&a, arena, slots)) goto done;
  WEYL_GOTO(weyl_group_parse(a.ctx, name, &group));
  const weyl_group_info about = weyl_group_about(group);
  bool turned = false;
  for (int k = 0; k <= a.inputs; k++) turned |= a.irreps[k] != NULL;
  if (turned && about.space != 3) {
    status = weyl_fail(a.ctx, WEYL_BAD_ARG, "irreps belong to space of dimension 3, %s acts on dimension %d",
                       about.name, about.space);
    goto done;
  }
  weyl_audit_opts opts = weyl_audit_defaults((weyl_dtype)dtype);
  opts.inputs = samples;
  opts.elements = elements;
  opts.seed = (uint64_t)seed;
  opts.translation_scale = scale;
  opts.confidence = confidence;
  if (tolerance_mean >= 0) opts.tolerance_mean = tolerance_mean;
  if (tolerance_max >= 0) opts.tolerance_max = tolerance_max;
  const weyl_audit_target target = {.inputs = a.inputs,
                                    .input = a.slot,
                                    .output = a.slot[a.inputs],
                                    .evaluate = evaluate,
                                    .arg = &a,
                                    .samples = samples,
                                    .sample = sample,
                                    .turn = turned ? turn : NULL};
  weyl_audit_result r;
  WEYL_GOTO(weyl_audit(a.ctx, arena, group, &target, &opts, &r));
  out = result_of(&r);
done:
  if (status != WEYL_OK) native_raise(a.ctx, status);
  if (a.array) let_go(&a);
  weyl_group_free(group);
  weyl_arena_free(arena);
  return out;
}

PyMethodDef native_audit_methods[] = {
    {"audit", run_audit, METH_VARARGS,
     "audit(group, slots, sample, evaluate, samples, elements, seed, dtype, tolerance_mean, tolerance_max, "
     "translation_scale, confidence) -> dict"},
    {NULL, NULL, 0, NULL}};
