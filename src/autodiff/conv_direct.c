/* Convolution by our own kernels (conv_taps, conv_sums): an image with its border is laid out in cache, and windows are
 * read from it in place. One image at a time, or as many as make enough pixels for the sums of a weight gradient. */
#include "conv.h"

#include <string.h>

/* ---- images with their borders ---- */

/* Rows y0 .. y0 + rows - 1 and columns x0 .. of an image of h x w pixels of c channels; what is outside is 0. */
typedef struct frame {
  int64_t h, w, c;
  int64_t y0, x0, rows, columns;
} frame;

static bool frame_is_image(const frame *f) { return f->y0 == 0 && f->x0 == 0 && f->rows == f->h && f->columns == f->w; }

static int64_t frame_size(const frame *f) { return f->rows * f->columns * f->c; }

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/* What windows of q read of x; never less than is written into it when nothing is read. */
static frame frame_of_windows(const weyl_conv_geometry *q) {
  frame f = {.h = q->h, .w = q->w, .c = q->c, .y0 = -q->before[0], .x0 = -q->before[1]};
  f.rows = (q->oh - 1) * q->stride[0] + (q->kh - 1) * q->dilation[0] + 1;
  f.columns = (q->ow - 1) * q->stride[1] + (q->kw - 1) * q->dilation[1] + 1;
  /* without a border the image itself will do */
  if (f.y0 == 0 && f.x0 == 0 && f.rows <= f.h && f.columns <= f.w) {
    f.rows = f.h;
    f.columns = f.w;
  }
  return f;
}

/* Channels c .. c + n - 1 of an image into a frame of n channels; the border is there already. */
static void lay_out(const frame *f, int64_t c, int64_t n, size_t size, const char *image, char *to) {
  const int64_t top = most(f->y0, 0), bottom = least(f->y0 + f->rows, f->h);
  const int64_t left = most(f->x0, 0), right = least(f->x0 + f->columns, f->w);
  if (right <= left) return;
  const size_t part = (size_t)n * size, pixel = (size_t)f->c * size;
  for (int64_t y = top; y < bottom; y++) {
    const char *from = image + (size_t)(y * f->w + left) * pixel + (size_t)c * size;
    char *row = to + (size_t)((y - f->y0) * f->columns + left - f->x0) * part;
    if (n == f->c) {
      memcpy(row, from, (size_t)(right - left) * part);
      continue;
    }
    for (int64_t x = left; x < right; x++, row += part, from += pixel) memcpy(row, from, part);
  }
}

/* ---- scratch: parts one after another, 64 bytes apart ---- */

typedef struct room {
  char *at; /* NULL: only counting */
  size_t used;
} room;

static void *take(room *r, int64_t n, size_t size) {
  void *p = r->at ? r->at + r->used : NULL;
  r->used += ((size_t)n * size + 63) / 64 * 64;
  return p;
}

static int64_t rounded(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

/* ---- windows times weights: the result, or the images' gradient ---- */

/* A kernel of several taps in one dimension for the results first, first + stride, ...: result t reads in[t step +
 * offset of tap], taps i = first tap, + tap step, ... */
typedef struct axis {
  int64_t first, stride, count; /* results */
  int64_t step;                 /* of the operand from one result to the next */
  int64_t tap, tap_step, taps;  /* which taps */
  int64_t offset, apart;        /* where the first reads for result 0, and how far the others are from each other */
} axis;

static axis axis_forward(const weyl_conv_geometry *q, int d) {
  return (axis){.stride = 1,
                .count = d ? q->ow : q->oh,
                .step = q->stride[d],
                .tap_step = 1,
                .taps = d ? q->kw : q->kh,
                .offset = -q->before[d],
                .apart = q->dilation[d]};
}

/* The pixels of x that lie `phase` above a multiple of the stride: y = (x + before - i dilation) / stride for the taps
 * i for which that is whole. They are read from the last to the first, so that they follow each other in y. */
static axis axis_adjoint(const weyl_conv_geometry *q, int d, int64_t phase) {
  const int64_t s = q->stride[d], size = d ? q->w : q->h, k = d ? q->kw : q->kh;
  axis a = {.first = phase, .stride = s, .count = size > phase ? (size - phase - 1) / s + 1 : 0, .step = 1};
  int64_t last = -1, before_last = -1;
  for (int64_t i = 0; i < k; i++)
    if ((phase + q->before[d] - i * q->dilation[d]) % s == 0) {
      before_last = last;
      last = i;
      a.taps++;
    }
  if (a.taps == 0) return a;
  const int64_t apart = before_last < 0 ? 1 : last - before_last;
  a.tap = last;
  a.tap_step = -apart;
  a.offset = (phase + q->before[d] - last * q->dilation[d]) / s;
  a.apart = before_last < 0 ? 1 : apart * q->dilation[d] / s;
  return a;
}

typedef struct taps_plan {
  frame f;
  int32_t *from, *to, *segment;
  char *packed, *image;
} taps_plan;

/* What all phases of the adjoint read of y. */
static frame frame_of_adjoint(const weyl_conv_geometry *q) {
  frame f = {.h = q->oh, .w = q->ow, .c = q->o};
  int64_t end[2] = {q->oh, q->ow}, begin[2] = {0, 0};
  for (int d = 0; d < 2; d++)
    for (int64_t phase = 0; phase < q->stride[d]; phase++) {
      const axis a = axis_adjoint(q, d, phase);
      if (a.taps == 0 || a.count == 0) continue;
      begin[d] = least(begin[d], a.offset);
      end[d] = most(end[d], a.offset + (a.count - 1) + (a.taps - 1) * a.apart + 1);
    }
  f.y0 = begin[0];
  f.x0 = begin[1];
  f.rows = end[0] - begin[0];
  f.columns = end[1] - begin[1];
  return f;
}

static taps_plan taps_room(weyl_conv_kind kind, const weyl_conv_geometry *q, size_t size, room *r) {
  const bool forward = kind == WEYL_CONV_FORWARD;
  taps_plan p = {.f = forward ? frame_of_windows(q) : frame_of_adjoint(q)};
  const int64_t pixels = forward ? q->oh * q->ow : q->h * q->w, out = forward ? q->o : q->c;
  p.from = take(r, pixels, sizeof *p.from);
  p.to = take(r, pixels, sizeof *p.to);
  p.segment = take(r, q->kh * q->kw, sizeof *p.segment);
  p.packed = take(r, q->kh * q->kw * p.f.c * rounded(out, WEYL_PANEL_BYTES_MAX / (int64_t)size), size);
  p.image = frame_is_image(&p.f) ? NULL : take(r, frame_size(&p.f), size);
  return p;
}

/* Fills in offsets and packed weights for the results of two axes; forward: w is [kh][kw][in][out], else [..][out][in].
 */
static weyl_conv_taps taps_of(const weyl_kernels *kernels, weyl_dtype dtype, const taps_plan *p, const axis *ay,
                              const axis *ax, const weyl_conv_geometry *q, bool forward, const char *w) {
  const int64_t in = p->f.c, out = forward ? q->o : q->c, width = forward ? q->ow : q->w;
  const size_t size = weyl_dtype_size(dtype);
  const bool joined = ax->apart == 1; /* taps of a row lie side by side */
  const int64_t per_row = joined ? 1 : ax->taps, length = joined ? ax->taps * in : in;
  weyl_conv_taps t = {.pixels = (size_t)(ay->count * ax->count),
                      .segments = (size_t)(ay->taps && ax->taps ? ay->taps * per_row : 0),
                      .length = (size_t)length,
                      .out = (size_t)out,
                      .from = p->from,
                      .to = p->to,
                      .segment = p->segment};
  int64_t n = 0;
  for (int64_t y = 0; y < ay->count; y++)
    for (int64_t x = 0; x < ax->count; x++, n++) {
      p->from[n] = (int32_t)((y * ay->step * p->f.columns + x * ax->step) * in);
      p->to[n] = (int32_t)(((ay->first + y * ay->stride) * width + ax->first + x * ax->stride) * out);
    }
  if (t.segments == 0) return t;
  n = 0;
  for (int64_t i = 0; i < ay->taps; i++)
    for (int64_t j = 0; j < per_row; j++)
      p->segment[n++] =
          (int32_t)(((ay->offset - p->f.y0 + i * ay->apart) * p->f.columns + ax->offset - p->f.x0 + j * ax->apart) *
                    in);
  const size_t rows = (size_t)(ay->taps * ax->taps * in);
  char *to = p->packed;
  for (int64_t i = 0; i < ay->taps; i++)
    for (int64_t j = 0; j < ax->taps; j++, to += (size_t)in * kernels->panel_bytes) {
      const int64_t tap = (ay->tap + i * ay->tap_step) * q->kw + ax->tap + j * ax->tap_step;
      kernels->conv_pack[dtype]((size_t)in, (size_t)out, w + (size_t)(tap * q->c * q->o) * size, forward ? q->o : 1,
                                forward ? 1 : q->o, rows, to);
    }
  return t;
}

static void run_taps(const weyl_kernels *kernels, weyl_dtype dtype, weyl_conv_kind kind, const weyl_conv_geometry *q,
                     const char *in, const char *w, char *out, void *scratch) {
  const size_t size = weyl_dtype_size(dtype);
  const bool forward = kind == WEYL_CONV_FORWARD;
  const int64_t *stride = forward ? (const int64_t[]){1, 1} : q->stride;
  room r = {scratch, 0};
  const taps_plan p = taps_room(kind, q, size, &r);
  const size_t in_step = (size_t)(p.f.h * p.f.w * p.f.c) * size,
               out_step = (size_t)(forward ? q->oh * q->ow * q->o : q->h * q->w * q->c) * size;
  if (p.image) memset(p.image, 0, (size_t)frame_size(&p.f) * size);
  for (int64_t fy = 0; fy < stride[0]; fy++)
    for (int64_t fx = 0; fx < stride[1]; fx++) {
      const axis ay = forward ? axis_forward(q, 0) : axis_adjoint(q, 0, fy),
                 ax = forward ? axis_forward(q, 1) : axis_adjoint(q, 1, fx);
      weyl_conv_taps t = taps_of(kernels, dtype, &p, &ay, &ax, q, forward, w);
      for (int64_t n = 0; n < q->n && t.pixels; n++) {
        const char *image = in + (size_t)n * in_step;
        if (p.image && t.segments) {
          lay_out(&p.f, 0, p.f.c, size, image, p.image);
          image = p.image;
        }
        const bool last = n + 1 == q->n;
        t.ahead = (weyl_ahead){in + (size_t)(n + !last) * in_step, last || !t.segments ? 0 : in_step};
        kernels->conv_taps[dtype](&t, image, p.packed, out + (size_t)n * out_step);
      }
    }
}

/* ---- windows times gradients: the weights' gradient ---- */

enum {
  CHANNELS = 32, /* of x at a time: two lines of cache a pixel, all of which is used */
  PIXELS = 128   /* that a tile of sums stays in registers */
};

typedef struct sums_plan {
  frame f;
  int64_t images; /* at a time, */
  int64_t rows;   /* and rows of results of them */
  int32_t *from, *segment;
  char *x, *dy, *sums; /* x [channels / CHANNELS][images][frame], dy and sums in panels */
} sums_plan;

static sums_plan sums_room(const weyl_conv_geometry *q, size_t size, room *r) {
  sums_plan p = {.f = frame_of_windows(q)};
  const int64_t pixels = q->oh * q->ow, out = rounded(q->o, WEYL_PANEL_BYTES_MAX / (int64_t)size);
  p.images = least(most(PIXELS / pixels, 1), q->n);
  p.rows = most(PIXELS / q->ow, 1);
  p.from = take(r, p.images * q->oh, sizeof *p.from);
  p.segment = take(r, q->kh * q->kw, sizeof *p.segment);
  p.x = take(r, p.images * frame_size(&p.f), size);
  p.dy = take(r, p.images * pixels * out, size);
  p.sums = take(r, q->kh * q->kw * q->c * out, size);
  return p;
}

/* Sums of one block of channels from panel `sums` [segments length][P] to where they belong. */
#define ADD(T)                                                                                                 \
  static void add_sums_##T(const weyl_conv_geometry *q, int64_t c, int64_t channels, int64_t o, int64_t panel, \
                           const T *sums, T *dw) {                                                             \
    const int64_t width = least(panel, q->o - o);                                                              \
    for (int64_t tap = 0; tap < q->kh * q->kw; tap++)                                                          \
      for (int64_t i = 0; i < channels; i++, sums += panel) {                                                  \
        T *to = dw + (tap * q->c + c + i) * q->o + o;                                                          \
        for (int64_t k = 0; k < width; k++) to[k] += sums[k];                                                  \
      }                                                                                                        \
  }
ADD(float)
ADD(double)
#undef ADD

static void copy_sums(const weyl_conv_geometry *q, int64_t c, int64_t channels, int64_t o, int64_t panel, size_t size,
                      const char *sums, char *dw) {
  const int64_t width = least(panel, q->o - o);
  for (int64_t tap = 0; tap < q->kh * q->kw; tap++)
    for (int64_t i = 0; i < channels; i++)
      memcpy(dw + (size_t)((tap * q->c + c + i) * q->o + o) * size,
             sums + (size_t)((tap * channels + i) * panel) * size, (size_t)width * size);
}

static void run_sums(const weyl_kernels *kernels, weyl_dtype dtype, const weyl_conv_geometry *q, const char *x,
                     const char *dy, bool add, char *dw, void *scratch) {
  const size_t size = weyl_dtype_size(dtype);
  room r = {scratch, 0};
  const sums_plan p = sums_room(q, size, &r);
  const int64_t pixels = q->oh * q->ow, all = frame_size(&p.f) / (p.f.c ? p.f.c : 1);
  const int64_t panel = (int64_t)(kernels->panel_bytes / size), taps = q->kh * q->kw;
  const bool joined = q->dilation[1] == 1;
  memset(p.x, 0, (size_t)(p.images * frame_size(&p.f)) * size);
  for (int64_t n = 0; n < q->n; n += p.images) {
    const int64_t images = least(p.images, q->n - n), rows = images * q->oh;
    for (int64_t c = 0; c < q->c; c += CHANNELS) {
      const int64_t channels = least(CHANNELS, q->c - c);
      for (int64_t i = 0; i < images; i++)
        lay_out(&p.f, c, channels, size, x + (size_t)((n + i) * q->h * q->w * q->c) * size,
                p.x + (size_t)((p.images * c + i * channels) * all) * size);
    }
    kernels->conv_pack[dtype]((size_t)(images * pixels), (size_t)q->o, dy + (size_t)(n * pixels * q->o) * size, q->o, 1,
                              (size_t)(images * pixels), p.dy);
    /* the next images come while these are summed, x before dy */
    const int64_t next = n + images, soon = least(p.images, q->n - next);
    const int64_t calls =
        (q->c + CHANNELS - 1) / CHANNELS * ((q->o + panel - 1) / panel) * ((rows + p.rows - 1) / p.rows);
    const size_t x_bytes = (size_t)(soon * q->h * q->w * q->c) * size, dy_bytes = (size_t)(soon * pixels * q->o) * size;
    const char *x_next = x + (size_t)(next * q->h * q->w * q->c) * size,
               *dy_next = dy + (size_t)(next * pixels * q->o) * size;
    const size_t share = (x_bytes + dy_bytes) / (size_t)calls + 64;
    size_t come = 0;
    for (int64_t c = 0; c < q->c; c += CHANNELS) {
      const int64_t channels = least(CHANNELS, q->c - c), per_row = joined ? 1 : q->kw;
      for (int64_t i = 0; i < rows; i++)
        p.from[i] = (int32_t)((i / q->oh * all + i % q->oh * q->stride[0] * p.f.columns) * channels);
      for (int64_t i = 0; i < q->kh * per_row; i++)
        p.segment[i] =
            (int32_t)((i / per_row * q->dilation[0] * p.f.columns + i % per_row * q->dilation[1]) * channels);
      weyl_conv_sums s = {.run = (size_t)q->ow,
                          .segments = (size_t)(q->kh * per_row),
                          .length = (size_t)(joined ? q->kw * channels : channels),
                          .step = (ptrdiff_t)(q->stride[1] * channels),
                          .segment = p.segment};
      for (int64_t o = 0; o < q->o; o += panel) {
        char *sums = p.sums + (size_t)(taps * (c * rounded(q->o, panel) + channels * o)) * size;
        for (int64_t row = 0; row < rows; row += p.rows) {
          s.runs = (size_t)least(p.rows, rows - row);
          s.from = p.from + row;
          if (come < x_bytes)
            s.ahead = (weyl_ahead){x_next + come, (size_t)least((int64_t)share, (int64_t)(x_bytes - come))};
          else
            s.ahead = come - x_bytes < dy_bytes
                          ? (weyl_ahead){dy_next + (come - x_bytes),
                                         (size_t)least((int64_t)share, (int64_t)(dy_bytes - (come - x_bytes)))}
                          : (weyl_ahead){NULL, 0};
          come += s.ahead.bytes;
          kernels->conv_sums[dtype](&s, p.x + (size_t)(p.images * c * all) * size,
                                    p.dy + (size_t)(o * images * pixels + row * q->ow * panel) * size, n + row > 0,
                                    sums);
        }
      }
    }
  }
  for (int64_t c = 0; c < q->c; c += CHANNELS) {
    const int64_t channels = least(CHANNELS, q->c - c);
    for (int64_t o = 0; o < q->o; o += panel) {
      const void *sums = p.sums + (size_t)(taps * (c * rounded(q->o, panel) + channels * o)) * size;
      if (!add)
        copy_sums(q, c, channels, o, panel, size, sums, dw);
      else if (dtype == WEYL_F32)
        add_sums_float(q, c, channels, o, panel, sums, (float *)(void *)dw);
      else
        add_sums_double(q, c, channels, o, panel, sums, (double *)(void *)dw);
    }
  }
}

/* ---- */

bool weyl_conv_direct_can(const weyl_conv_geometry *q) {
  const int64_t most_numbers = (int64_t)1 << 30;
  if (q->groups != 1 || q->n == 0 || q->c == 0 || q->o == 0 || q->oh * q->ow == 0) return false;
  const frame x = frame_of_windows(q), y = frame_of_adjoint(q);
  return frame_size(&x) * most(1, least(PIXELS / (q->oh * q->ow), q->n)) < most_numbers &&
         frame_size(&y) < most_numbers && q->h * q->w * q->c < most_numbers && q->oh * q->ow * q->o < most_numbers;
}

size_t weyl_conv_direct_scratch(weyl_conv_kind kind, const weyl_conv_geometry *q, weyl_dtype dtype) {
  room r = {NULL, 0};
  if (kind == WEYL_CONV_WEIGHT)
    (void)sums_room(q, weyl_dtype_size(dtype), &r);
  else
    (void)taps_room(kind, q, weyl_dtype_size(dtype), &r);
  return r.used;
}

void weyl_conv_direct(const weyl_kernels *kernels, weyl_dtype dtype, weyl_conv_kind kind, const weyl_conv_geometry *q,
                      const void *a, const void *b, bool add, void *out, void *scratch) {
  if (kind == WEYL_CONV_WEIGHT)
    run_sums(kernels, dtype, q, a, b, add, out, scratch);
  else
    run_taps(kernels, dtype, kind, q, a, b, out, scratch);
}
