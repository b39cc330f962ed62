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

static size_t block_rows(const weyl_fused *f) {
  return f->width >= WEYL_ROW_BLOCK ? 1 : (size_t)(WEYL_ROW_BLOCK / f->width);
}

/* Bytes of a register; a multiple of 64. */
static size_t register_bytes(const weyl_fused *f, weyl_dtype t) {
  return (block_rows(f) * (size_t)f->width * weyl_dtype_size(t) + 63) & ~(size_t)63;
}

static size_t scratch(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  (void)in;
  const weyl_fused *f = node->attr.data;
  return sizeof(weyl_row_step) * (size_t)f->n_steps + 64 + (size_t)(f->registers + 2) * register_bytes(f, out[0].dtype);
}

static weyl_status bind(const weyl_eval *e, const weyl_fused_operand *o, char *registers, size_t step,
                        weyl_row_operand *to) {
  *to = (weyl_row_operand){.div = o->div, .times = o->times, .stride = o->stride, .rest = o->rest, .one = o->one};
  switch (o->place) {
    case WEYL_FUSED_NOTHING: return WEYL_OK;
    case WEYL_FUSED_REGISTER:
      to->data = registers + (size_t)o->n * step;
      to->block = true;
      return WEYL_OK;
    case WEYL_FUSED_INPUT: to->data = e->in[o->n].data; break;
    case WEYL_FUSED_OUTPUT: to->data = e->out[o->n].data; break;
  }
  if (o->index < 0) return WEYL_OK;
  const weyl_view *x = o->place == WEYL_FUSED_INPUT ? &e->in[o->n] : &e->out[o->n];
  to->index = e->in[o->index].data;
  return weyl_rows_in_range(e, &e->in[o->index], x->dim[0]);
}

static weyl_status eval(const weyl_eval *e) {
  const weyl_fused *f = e->node->attr.data;
  const weyl_dtype t = e->out[0].dtype;
  const size_t each = register_bytes(f, t);
  weyl_row_step *steps = (weyl_row_step *)(void *)((char *)e->scratch + WEYL_GEMM_SCRATCH);
  char *registers = (char *)(((uintptr_t)(steps + f->n_steps) + 63) & ~(uintptr_t)63);
  for (int32_t k = 0; k < f->n_steps; k++) {
    const weyl_fused_step *s = &f->steps[k];
    steps[k].kind = s->kind;
    steps[k].f = s->f;
    steps[k].width = f->width;
    for (int i = 0; i < 3; i++) WEYL_TRY(bind(e, &s->in[i], registers, each, &steps[k].in[i]));
    for (int i = 0; i < 2; i++) WEYL_TRY(bind(e, &s->out[i], registers, each, &steps[k].out[i]));
    if (s->kind == WEYL_ROW_ADD_INTO || s->kind == WEYL_ROW_ADD_ALL) {
      const weyl_view *y = &e->out[s->out[0].n];
      memset(y->data, 0, (size_t)weyl_view_size(y) * weyl_dtype_size(t));
    }
  }
  const size_t rows = (size_t)weyl_shape_size(&f->rows, e->count, e->total);
  e->kernels->rows[t](steps, (size_t)f->n_steps, rows, block_rows(f), registers + (size_t)f->registers * each);
  return WEYL_OK;
}

/* One for every number of every step: rows follow from any operand of full width, so the outputs' sizes stand in. */
static double flops(const weyl_node *node, const weyl_view *in, const weyl_view *out) {
  const weyl_fused *f = node->attr.data;
  double rows = 0;
  for (int k = 0; k < node->n_in; k++) {
    const double r = (double)weyl_view_size(&in[k]) / (double)f->width;
    rows = r > rows ? r : rows;
  }
  for (int k = 0; k < node->n_out; k++) {
    const double r = (double)weyl_view_size(&out[k]) / (double)f->width;
    rows = r > rows ? r : rows;
  }
  return rows * f->operations;
}

const weyl_op weyl_op_fused = {.name = "fused",
                               .n_out = -1,
                               .flags = WEYL_OP_REDUCES | WEYL_OP_PARTIAL,
                               .shape = shape,
                               .eval = eval,
                               .scratch = scratch,
                               .flops = flops};
