/* The tables of products with one copy of each block of y. */
#include "product_plan.h"

#include <stdlib.h>

typedef struct term { /* of an entry, before they are sorted */
  int32_t out, x;     /* rows */
  int32_t y;
  double k;
} term;

static int by_output(const void *a, const void *b) {
  const term *p = a, *q = b;
  if (p->out != q->out) return p->out < q->out ? -1 : 1;
  if (p->x != q->x) return p->x < q->x ? -1 : 1;
  return p->y < q->y ? -1 : p->y > q->y;
}

typedef struct row_place { /* of every row of a list: where it is in a sample, and its copies */
  int32_t *at, *width;
} row_place;

static bool place_rows(weyl_arena *arena, weyl_irreps list, int32_t rows, row_place *to) {
  to->at = weyl_arena_array(arena, int32_t, rows + 1);
  to->width = weyl_arena_array(arena, int32_t, rows + 1);
  if (!to->at || !to->width) return false;
  int64_t at = 0;
  int32_t row = 0;
  for (int32_t i = 0; i < list.n; i++)
    for (int m = 0; m < 2 * list.item[i].l + 1; m++, row++) {
      to->at[row] = (int32_t)at;
      to->width[row] = (int32_t)list.item[i].mul;
      at += list.item[i].mul;
    }
  return true;
}

static int32_t first_row(weyl_irreps list, int32_t block) {
  int32_t row = 0;
  for (int32_t i = 0; i < block; i++) row += 2 * list.item[i].l + 1;
  return row;
}

/* All numbers of the symbols, with their factors; list NULL: only how many. */
static weyl_status collect(const weyl_product *p, weyl_paths paths, term *list, int64_t *n) {
  double *w = weyl_alloc(p->ctx, (size_t)(2 * WEYL_L_MAX + 1) * (2 * WEYL_L_MAX + 1) * (2 * WEYL_L_MAX + 1), sizeof *w);
  if (!w) return WEYL_MEMORY;
  weyl_status status = WEYL_OK;
  *n = 0;
  for (int64_t q = 0; q < paths.n && status == WEYL_OK; q++) {
    const weyl_path *path = &paths.item[q];
    const int n1 = 2 * path->l1 + 1, n2 = 2 * path->l2 + 1, n3 = 2 * path->l3 + 1;
    const int32_t x = first_row(p->irreps[0], path->in1), y = first_row(p->irreps[1], path->in2),
                  out = first_row(p->irreps[2], path->out);
    status = weyl_wigner_3j(p->ctx, path->l1, path->l2, path->l3, WEYL_GAUGE_WEYL, w);
    for (int i = 0; status == WEYL_OK && i < n1; i++)
      for (int j = 0; j < n2; j++)
        for (int k = 0; k < n3; k++) {
          const double c = w[(i * n2 + j) * n3 + k];
          if (c == 0) continue;
          if (list) list[*n] = (term){out + k, x + i, y + j, c * p->path[q].factor};
          ++*n;
        }
  }
  weyl_dealloc(p->ctx, w);
  return status;
}

/* dx from g: the same entries by rows of x. */
static bool turn(weyl_arena *arena, const row_entry *entry, const int32_t *out_row, const int32_t *x_row,
                 int32_t entries, int32_t rows, row_place x, row_place out, row_side *side) {
  row_line *line = weyl_arena_array(arena, row_line, rows + 1);
  row_entry *turned = weyl_arena_array(arena, row_entry, entries + 1);
  if (!line || !turned) return false;
  int32_t n = 0;
  for (int32_t r = 0; r < rows; r++) {
    line[r] = (row_line){.to = x.at[r], .width = x.width[r], .first = n};
    for (int32_t e = 0; e < entries; e++)
      if (x_row[e] == r) turned[n++] = (row_entry){out.at[out_row[e]], entry[e].at};
    line[r].end = n;
  }
  *side = (row_side){rows, line, turned};
  return true;
}

bool plan_rows_fit(const weyl_product *p) {
  const weyl_product_opts *o = &p->opts;
  bool fit = o->wiring == WEYL_WIRE_UVU && o->weights == WEYL_WEIGHTS_NONE && o->layout == WEYL_LAYOUT_ROWS &&
             o->method == WEYL_PRODUCT_AUTO;
  for (int32_t i = 0; i < p->irreps[1].n; i++) fit = fit && p->irreps[1].item[i].mul == 1;
  return fit && weyl_irreps_dim(p->irreps[0]) <= INT32_MAX && weyl_irreps_dim(p->irreps[2]) <= INT32_MAX;
}

weyl_status plan_rows(weyl_product *p, weyl_paths paths) {
  weyl_arena *arena = p->arena;
  int64_t n = 0;
  WEYL_TRY(collect(p, paths, NULL, &n));
  if (n > INT32_MAX / ROW_SAMPLES) return WEYL_MEMORY;
  term *list = weyl_arena_array(arena, term, n + 1);
  row_line *line = weyl_arena_array(arena, row_line, p->rows[2] + 1);
  row_entry *entry = weyl_arena_array(arena, row_entry, n + 1);
  int32_t *out_row = weyl_arena_array(arena, int32_t, n + 1), *x_row = weyl_arena_array(arena, int32_t, n + 1),
          *of = weyl_arena_array(arena, int32_t, n + 1), *y = weyl_arena_array(arena, int32_t, n + 1);
  void *k = weyl_arena_alloc(arena, (size_t)n + 1, p->size);
  row_place x, out;
  if (!list || !line || !entry || !out_row || !x_row || !of || !y || !k ||
      !place_rows(arena, p->irreps[0], p->rows[0], &x) || !place_rows(arena, p->irreps[2], p->rows[2], &out))
    return WEYL_MEMORY;
  WEYL_TRY(collect(p, paths, list, &n));
  qsort(list, (size_t)n, sizeof *list, by_output);
  int32_t entries = 0;
  for (int32_t i = 0; i < n; i++) {
    const bool more = i > 0 && list[i].out == list[i - 1].out && list[i].x == list[i - 1].x;
    if (!more) {
      out_row[entries] = list[i].out;
      x_row[entries] = list[i].x;
      of[entries] = i;
      entry[entries] = (row_entry){x.at[list[i].x], entries};
      entries++;
    }
    y[i] = list[i].y;
    if (p->dtype == WEYL_F64)
      ((double *)k)[i] = list[i].k;
    else
      ((float *)k)[i] = (float)list[i].k;
  }
  of[entries] = (int32_t)n;
  int32_t e = 0;
  for (int32_t r = 0; r < p->rows[2]; r++) {
    line[r] = (row_line){.to = out.at[r], .width = out.width[r], .first = e};
    while (e < entries && out_row[e] == r) e++;
    line[r].end = e;
  }
  p->by_rows = (row_tables){.entries = entries,
                            .y_size = p->rows[1],
                            .out = {p->rows[2], line, entry},
                            .of = of,
                            .y = y,
                            .k = k,
                            .x_size = weyl_irreps_dim(p->irreps[0]),
                            .o_size = weyl_irreps_dim(p->irreps[2])};
  if (!turn(arena, entry, out_row, x_row, entries, p->rows[0], x, out, &p->by_rows.back)) return WEYL_MEMORY;
  p->ops[PRODUCT_FORWARD] = entries;
  p->ops[PRODUCT_BACKWARD] = p->ops[PRODUCT_GRADIENTS] = 2.0 * entries;
  p->method = WEYL_PRODUCT_ROWS;
  return WEYL_OK;
}
