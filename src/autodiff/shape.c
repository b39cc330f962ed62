/* Shapes: entries are a number, or a number times a count. */
#include "engine.h"

#include <string.h>

weyl_dim weyl_num(int64_t n) { return (weyl_dim){n, WEYL_NUMBER}; }
weyl_dim weyl_per(weyl_count count) { return (weyl_dim){1, (int32_t)count}; }
weyl_dim weyl_times(int64_t n, weyl_count count) { return (weyl_dim){n, (int32_t)count}; }

weyl_shape weyl_shape_from(const weyl_dim *dims, int rank) {
  weyl_shape s = {0};
  s.rank = rank > WEYL_RANK_MAX ? WEYL_RANK_MAX : rank;
  for (int i = 0; i < s.rank; i++) s.dim[i] = dims[i];
  return s;
}

weyl_shape weyl_shape_scalar(void) { return (weyl_shape){0}; }

bool weyl_dim_equal(weyl_dim a, weyl_dim b) { return a.n == b.n && a.count == b.count; }

bool weyl_shape_equal(const weyl_shape *a, const weyl_shape *b) {
  if (a->rank != b->rank) return false;
  for (int i = 0; i < a->rank; i++)
    if (!weyl_dim_equal(a->dim[i], b->dim[i])) return false;
  return true;
}

bool weyl_dim_sharded(weyl_dim d) { return d.count > 0 && d.count < WEYL_COUNTS; }

bool weyl_shape_sharded(const weyl_shape *s) {
  for (int i = 0; i < s->rank; i++)
    if (weyl_dim_sharded(s->dim[i])) return true;
  return false;
}

int64_t weyl_dim_size(weyl_dim d, const int64_t *count, const int64_t *total) {
  if (d.count == WEYL_NUMBER) return d.n;
  return d.count < WEYL_COUNTS ? d.n * count[d.count] : d.n * total[d.count - WEYL_COUNTS];
}

int64_t weyl_shape_size(const weyl_shape *s, const int64_t *count, const int64_t *total) {
  int64_t n = 1;
  for (int i = 0; i < s->rank; i++) n *= weyl_dim_size(s->dim[i], count, total);
  return n;
}

static const char *count_name(int32_t count) {
  static const char *const names[WEYL_COUNTS] = {"", "batch", "nodes", "edges", "count4", "count5", "count6", "count7"};
  return names[count & (WEYL_COUNTS - 1)];
}

const char *weyl_shape_text(const weyl_shape *shape, char buffer[160]) {
  size_t at = 0;
  buffer[at++] = '[';
  for (int i = 0; i < shape->rank && at < 150; i++) {
    const weyl_dim d = shape->dim[i];
    if (i) at += (size_t)snprintf(buffer + at, 160 - at, ", ");
    if (at >= 150) break;
    if (d.count == WEYL_NUMBER)
      at += (size_t)snprintf(buffer + at, 160 - at, "%lld", (long long)d.n);
    else if (d.n == 1)
      at +=
          (size_t)snprintf(buffer + at, 160 - at, "%s%s", d.count >= WEYL_COUNTS ? "whole " : "", count_name(d.count));
    else
      at += (size_t)snprintf(buffer + at, 160 - at, "%lld %s%s", (long long)d.n, d.count >= WEYL_COUNTS ? "whole " : "",
                             count_name(d.count));
  }
  if (at > 157) at = 157;
  buffer[at] = ']';
  buffer[at + 1] = 0;
  return buffer;
}

int64_t weyl_view_size(const weyl_view *v) { return weyl_view_inner(v, 0); }

bool weyl_view_dense(const weyl_view *v) {
  int64_t expect = 1;
  for (int i = v->rank - 1; i >= 0; i--) {
    if (v->dim[i] != 1 && v->stride[i] != expect) return false;
    expect *= v->dim[i];
  }
  return true;
}
