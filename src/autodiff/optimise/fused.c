/* The operation of a fused step: binds the operands of its row program and runs it. */
#include "fused.h"

#include <string.h>

static weyl_status shape(weyl_graph *g, const weyl_node *node, weyl_value *out) {
  const weyl_fused *f = node->attr.data;
  (void)g;
  for (int k = 0; k < node->attr.n; k++) {
    out[k].shape = f->outputs[k].shape;
    out[k].dtype = f->outputs[k].dtype;
  }
  return WEYL_OK;
}

/* Groups of eight stay whole: frames of a node, most often. */
static size_t block_rows(const weyl_fused *f) {
  const size_t rows = f->width >= WEYL_ROW_BLOCK ? 1 : (size_t)(WEYL_ROW_BLOCK / f->width);
  return rows > 8 ? rows & ~(size_t)7 : rows;
}

/* Bytes of a register; a multiple of 64. */
static size_t register_bytes(const weyl_fused *f, weyl_dtype t) {
  return (block_rows(f) * (size_t)f->width * weyl_dtype_size(t) + 63) & ~(size_t)63;
}

/* Steps with everything but the memory of inputs and outputs, and where that goes. */
typedef struct link {
  void **to;
  const weyl_view *from;
  size_t offset; /* bytes */
} link;

typedef struct fill {
  const weyl_view *output;
  size_t bytes;
} fill;

typedef struct check {
  const weyl_view *index;
  int64_t rows;
} check;

enum { OPERANDS = WEYL_ROW_ADDENDS + 3 }; /* of a step */

typedef struct bound {
  weyl_row_step *steps;
  link *links;
  fill *fills;   /* sums start at 0 */
  check *checks; /* rows are in range */
  int32_t n_links, n_fills, n_checks;
  size_t rows;
  char *registers, *temporary;
} bound;

static size_t prepared(const weyl_node *node) {
  const weyl_fused *f = node->attr.data;
  return 64 + sizeof(bound) +
         (size_t)f->n_steps *
             (sizeof(weyl_row_step) + OPERANDS * (2 * sizeof(link) + sizeof(check)) + 2 * sizeof(fill));
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)in;
  const weyl_fused *f = node->attr.data;
  return prepared(node) + 64 + (size_t)(f->registers + 3) * register_bytes(f, out[0].dtype);
}

static void bind(const weyl_eval *e, const weyl_fused_operand *o, bound *b, size_t step, weyl_row_operand *to) {
  *to = (weyl_row_operand){
      .div = (int32_t)o->div, .times = (int32_t)o->times, .stride = (int32_t)o->stride, .rest = o->rest, .one = o->one};
  const weyl_view *x = NULL;
  switch (o->place) {
    case WEYL_FUSED_NOTHING: return;
    case WEYL_FUSED_REGISTER:
      to->data = b->registers + (size_t)o->n * step;
      to->block = true;
      return;
    case WEYL_FUSED_INPUT: x = &e->in[o->n]; break;
    case WEYL_FUSED_OUTPUT: x = &e->out[o->n]; break;
  }
  b->links[b->n_links++] = (link){&to->data, x, (size_t)o->offset * weyl_dtype_size(x->dtype)};
  if (o->index < 0) return;
  const weyl_view *index = &e->in[o->index];
  b->links[b->n_links++] = (link){(void **)(void *)&to->index, index, 0};
  for (int32_t i = 0; i < b->n_checks; i++)
    if (b->checks[i].index == index && b->checks[i].rows == x->dim[0]) return;
  b->checks[b->n_checks++] = (check){index, x->dim[0]};
}

static void prepare_at(const weyl_eval *e, bound *b) {
  const weyl_fused *f = e->node->attr.data;
  const weyl_dtype t = e->out[0].dtype;
  const size_t each = register_bytes(f, t), n = (size_t)f->n_steps;
  *b =
      (bound){.steps = (weyl_row_step *)(void *)(b + 1), .rows = (size_t)weyl_shape_size(&f->rows, e->count, e->total)};
  b->links = (link *)(void *)(b->steps + n);
  b->checks = (check *)(void *)(b->links + 2 * OPERANDS * n);
  b->fills = (fill *)(void *)(b->checks + OPERANDS * n);
  b->registers = (char *)(((uintptr_t)e->scratch + WEYL_GEMM_SCRATCH + prepared(e->node) + 63) & ~(uintptr_t)63);
  b->temporary = b->registers + (size_t)f->registers * each;
  for (size_t k = 0; k < n; k++) {
    const weyl_fused_step *s = &f->steps[k];
    weyl_row_step *to = &b->steps[k];
    *to = (weyl_row_step){.kind = s->kind, .f = s->f, .width = (int32_t)f->width};
    for (int i = 0; i <= WEYL_ROW_ADDENDS; i++) bind(e, &s->in[i], b, each, &to->in[i]);
    for (int i = 0; i < 2; i++) bind(e, &s->out[i], b, each, &to->out[i]);
    if (s->kind == WEYL_ROW_ADD_INTO || s->kind == WEYL_ROW_ADD_ALL) {
      const weyl_view *y = &e->out[s->out[0].n];
      b->fills[b->n_fills++] = (fill){y, (size_t)weyl_view_size(y) * weyl_dtype_size(t)};
    }
  }
}

static void prepare(const weyl_eval *e) { prepare_at(e, e->prepared); }

static weyl_status eval(const weyl_eval *e) {
  const weyl_fused *f = e->node->attr.data;
  bound *b = e->prepared;
  if (!b) {
    b = (bound *)(void *)((char *)e->scratch + WEYL_GEMM_SCRATCH);
    prepare_at(e, b);
  }
  for (int32_t i = 0; i < b->n_links; i++) *b->links[i].to = (char *)b->links[i].from->data + b->links[i].offset;
  for (int32_t i = 0; i < b->n_checks; i++) WEYL_TRY(weyl_rows_in_range(e, b->checks[i].index, b->checks[i].rows));
  for (int32_t i = 0; i < b->n_fills; i++) memset(b->fills[i].output->data, 0, b->fills[i].bytes);
  size_t from = 0, to = b->rows;
  if (e->parts > 1) {
    const size_t block = block_rows(f), blocks = (b->rows + block - 1) / block, parts = (size_t)e->parts;
    from = blocks * (size_t)e->part / parts * block;
    to = blocks * (size_t)(e->part + 1) / parts * block;
    if (to > b->rows) to = b->rows;
  }
  e->kernels->rows[e->out[0].dtype](b->steps, (size_t)f->n_steps, from, to, block_rows(f), b->temporary);
  return WEYL_OK;
}

/* Whether an input's rows are parts of longer ones. */
static bool in_parts(const weyl_fused *f, int input) {
  for (int k = 0; k < f->n_steps; k++)
    for (int i = 0; i <= WEYL_ROW_ADDENDS; i++) {
      const weyl_fused_operand *o = &f->steps[k].in[i];
      if (o->place == WEYL_FUSED_INPUT && o->n == input && !o->one && o->stride != f->width) return true;
    }
  return false;
}

/* One for every number of every step: rows follow from any operand of full width, so the outputs' sizes stand in. */
static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  const weyl_fused *f = node->attr.data;
  double rows = 0;
  for (int k = 0; k < node->n_in; k++) {
    if (in_parts(f, k)) continue;
    const double r = (double)weyl_view_size(&in[k]) / (double)f->width;
    rows = r > rows ? r : rows;
  }
  for (int k = 0; k < node->n_out; k++) {
    const double r = (double)weyl_view_size(&out[k]) / (double)f->width;
    rows = r > rows ? r : rows;
  }
  return rows * f->operations;
}

static bool row_for_row(const weyl_fused *f, const weyl_fused_operand *o) {
  return o->index < 0 && o->div == 1 && o->times == 1 && !o->rest && o->stride == f->width &&
         (!o->one || f->width == 1);
}

/* A block of rows goes through all steps: none behind the one that writes may read. */
static bool overwrites(const weyl_node *node, int out, int in) {
  const weyl_fused *f = node->attr.data;
  int written = -1;
  for (int k = 0; k < f->n_steps && written < 0; k++)
    for (int i = 0; i < 2; i++)
      if (f->steps[k].out[i].place == WEYL_FUSED_OUTPUT && f->steps[k].out[i].n == out) {
        if (!row_for_row(f, &f->steps[k].out[i])) return false;
        written = k;
      }
  for (int k = 0; k < f->n_steps; k++)
    for (int i = 0; i <= WEYL_ROW_ADDENDS; i++) {
      const weyl_fused_operand *o = &f->steps[k].in[i];
      if (o->place == WEYL_FUSED_NOTHING) continue;
      if (o->index == in || (o->place == WEYL_FUSED_INPUT && o->n == in && (!row_for_row(f, o) || k > written)))
        return false;
    }
  return true;
}

const weyl_op weyl_op_fused = {.name = "fused",
                               .n_out = -1,
                               .flags = WEYL_OP_REDUCES | WEYL_OP_PARTIAL | WEYL_OP_DEALS,
                               .shape = shape,
                               .eval = eval,
                               .prepared = prepared,
                               .prepare = prepare,
                               .scratch = scratch,
                               .flops = flops,
                               .overwrites = overwrites};
