/* Images: PNG through libpng, PGM and PPM by hand. */
#include <weyl/data.h>

#include <ctype.h>
#include <math.h>
#include <string.h>

#ifdef WEYL_PNG
#include <png.h>
#endif

enum { SIDE_MAX = 1 << 16, PIXELS_MAX = 1 << 26 };

void weyl_image_free(weyl_context *ctx, weyl_image *image) {
  weyl_dealloc(ctx, image->value);
  *image = (weyl_image){0};
}

static weyl_status image_new(weyl_context *ctx, const char *place, size_t rows, size_t columns, size_t channels,
                             weyl_image *out) {
  if (rows < 1 || columns < 1 || rows > SIDE_MAX || columns > SIDE_MAX || rows * columns > PIXELS_MAX)
    return weyl_fail(ctx, WEYL_FORMAT, "an image of %zux%zu pixels, at most 2^26 (%s)", columns, rows, place);
  *out = (weyl_image){rows, columns, channels, weyl_alloc(ctx, rows * columns * channels, sizeof *out->value)};
  return out->value ? WEYL_OK : WEYL_MEMORY;
}

/* ---- PNG ---- */

static bool is_png(const unsigned char *bytes, size_t n) {
  return n >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0;
}

#ifdef WEYL_PNG
/* As grey or colour with alpha: what is transparent is missing. */
static weyl_status parse_png(weyl_context *ctx, const void *bytes, size_t n, const char *place, weyl_image *out) {
  png_image png = {.version = PNG_IMAGE_VERSION};
  weyl_image made = {0};
  unsigned char *pixels = NULL;
  weyl_status status;
  if (!png_image_begin_read_from_memory(&png, bytes, n)) {
    status = weyl_fail(ctx, WEYL_FORMAT, "not a PNG that can be read: %s (%s)", png.message, place);
    goto done;
  }
  const bool colour = png.format & PNG_FORMAT_FLAG_COLOR;
  const size_t channels = colour ? 3 : 1, stored = channels + 1;
  WEYL_GOTO(image_new(ctx, place, png.height, png.width, channels, &made));
  png.format = colour ? PNG_FORMAT_RGBA : PNG_FORMAT_GA;
  const size_t count = made.rows * made.columns;
  pixels = weyl_alloc(ctx, count, stored);
  if (!pixels) {
    status = WEYL_MEMORY;
    goto done;
  }
  if (!png_image_finish_read(&png, NULL, pixels, 0, NULL)) {
    status = weyl_fail(ctx, WEYL_FORMAT, "a PNG that breaks off or is damaged: %s (%s)", png.message, place);
    goto done;
  }
  for (size_t i = 0; i < count; i++)
    for (size_t c = 0; c < channels; c++)
      made.value[i * channels + c] = pixels[i * stored + channels] < 128 ? NAN : pixels[i * stored + c];
done:
  png_image_free(&png);
  weyl_dealloc(ctx, pixels);
  if (status == WEYL_OK)
    *out = made;
  else
    weyl_image_free(ctx, &made);
  return status;
}

static weyl_status write_png(weyl_context *ctx, const char *path, const weyl_image *image,
                             const unsigned char *pixels) {
  png_image png = {.version = PNG_IMAGE_VERSION,
                   .width = (png_uint_32)image->columns,
                   .height = (png_uint_32)image->rows,
                   .format = image->channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY};
  weyl_writer *w;
  WEYL_TRY(weyl_writer_open(ctx, path, &w));
  if (!png_image_write_to_stdio(&png, weyl_writer_file(w), 0, pixels, 0, NULL)) {
    weyl_writer_abandon(w);
    return weyl_fail(ctx, WEYL_IO, "%s: %s", path, png.message);
  }
  return weyl_writer_close(w);
}
#else
static weyl_status no_png(weyl_context *ctx, const char *place) {
  return weyl_fail(ctx, WEYL_UNSUPPORTED, "%s: this weyl was built without libpng (libpng-dev); PGM and PPM are read",
                   place);
}
static weyl_status parse_png(weyl_context *ctx, const void *bytes, size_t n, const char *place, weyl_image *out) {
  (void)bytes, (void)n, (void)out;
  return no_png(ctx, place);
}
static weyl_status write_png(weyl_context *ctx, const char *path, const weyl_image *image,
                             const unsigned char *pixels) {
  (void)image, (void)pixels;
  return no_png(ctx, path);
}
#endif

/* ---- PGM and PPM ---- */

/* A number of the head, behind blanks and comments; -1: none, or too large. */
static int64_t head_number(const unsigned char **at, const unsigned char *end) {
  const unsigned char *p = *at;
  while (p < end && (isspace(*p) || *p == '#')) {
    if (*p == '#')
      while (p < end && *p != '\n') p++;
    else
      p++;
  }
  int64_t value = -1;
  for (; p < end && *p >= '0' && *p <= '9'; p++) {
    value = (value < 0 ? 0 : value) * 10 + (*p - '0');
    if (value > 1 << 24) return -1;
  }
  *at = p;
  return value;
}

static weyl_status parse_pnm(weyl_context *ctx, const unsigned char *bytes, size_t n, const char *place,
                             weyl_image *out) {
  const unsigned char *at = bytes + 2, *end = bytes + n;
  const bool text = bytes[1] == '2' || bytes[1] == '3';
  const int64_t columns = head_number(&at, end), rows = head_number(&at, end), most = head_number(&at, end);
  if (columns < 1 || rows < 1 || most < 1 || most > 65535)
    return weyl_fail(ctx, WEYL_FORMAT, "a head without width, height and largest value (1 to 65535) (%s)", place);
  const size_t wide = most > 255 ? 2 : 1, channels = bytes[1] == '3' || bytes[1] == '6' ? 3 : 1;
  if (at < end) at++; /* one blank */
  weyl_image made = {0};
  const size_t count = (size_t)rows * (size_t)columns * channels;
  if (rows <= SIDE_MAX && columns <= SIDE_MAX && (size_t)(end - at) < (text ? 2 * count - 1 : count * wide))
    return weyl_fail(ctx, WEYL_FORMAT, "%lldx%lld pixels, but only %zu bytes (%s)", (long long)columns, (long long)rows,
                     (size_t)(end - at), place);
  WEYL_TRY(image_new(ctx, place, (size_t)rows, (size_t)columns, channels, &made));
  for (size_t i = 0; i < count; i++) {
    const int64_t value = text ? head_number(&at, end) : wide == 2 ? at[2 * i] << 8 | at[2 * i + 1] : at[i];
    if (value < 0 || value > most) {
      weyl_image_free(ctx, &made);
      return weyl_fail(ctx, WEYL_FORMAT, "number %zu of the image is not one of 0 to %lld (%s)", i + 1, (long long)most,
                       place);
    }
    made.value[i] = 255 * (double)value / (double)most;
  }
  *out = made;
  return WEYL_OK;
}

weyl_status weyl_image_parse(weyl_context *ctx, const void *bytes, size_t n, const char *place, weyl_image *out) {
  const unsigned char *b = bytes;
  if (is_png(b, n)) return parse_png(ctx, bytes, n, place, out);
  if (n > 3 && b[0] == 'P' && (b[1] == '2' || b[1] == '3' || b[1] == '5' || b[1] == '6') && isspace(b[2]))
    return parse_pnm(ctx, b, n, place, out);
  return weyl_fail(ctx, WEYL_FORMAT, "not an image: PNG, PGM and PPM are read (%s)", place);
}

bool weyl_image_seems(const void *bytes, size_t n) {
  const unsigned char *b = bytes;
  return is_png(b, n) || (n > 3 && b[0] == 'P' && b[1] >= '1' && b[1] <= '6' && isspace(b[2]));
}

weyl_status weyl_image_read(weyl_context *ctx, const char *path, weyl_image *out) {
  char *bytes;
  size_t n;
  WEYL_TRY(weyl_file_read(ctx, path, 0, &bytes, &n));
  const weyl_status status = weyl_image_parse(ctx, bytes, n, path, out);
  weyl_dealloc(ctx, bytes);
  return status;
}

/* ---- writing ---- */

static bool ends_in(const char *path, const char *ending) {
  const size_t n = strlen(path), m = strlen(ending);
  return n > m && strcmp(path + n - m, ending) == 0;
}

weyl_status weyl_image_write(weyl_context *ctx, const char *path, const weyl_image *image) {
  const bool png = ends_in(path, ".png"), grey = ends_in(path, ".pgm"), colour = ends_in(path, ".ppm");
  const size_t count = image->rows * image->columns * image->channels;
  if (!png && !grey && !colour) return weyl_fail(ctx, WEYL_BAD_ARG, "%s: an image ends in .png, .pgm or .ppm", path);
  if ((grey && image->channels != 1) || (colour && image->channels != 3))
    return weyl_fail(ctx, WEYL_BAD_ARG, "%s: the image has %zu channels: %s", path, image->channels,
                     grey ? ".ppm or .png" : ".pgm or .png");
  unsigned char *pixels = weyl_alloc(ctx, count, 1);
  if (!pixels) return WEYL_MEMORY;
  for (size_t i = 0; i < count; i++) {
    const double v = image->value[i];
    pixels[i] = (unsigned char)(v > 0 ? v < 255 ? v + 0.5 : 255 : 0); /* NaN: 0 */
  }
  weyl_status status;
  if (png) {
    status = write_png(ctx, path, image, pixels);
  } else {
    weyl_writer *w = NULL;
    status = weyl_writer_open(ctx, path, &w);
    if (status == WEYL_OK)
      status = weyl_writer_printf(w, "P%d\n%zu %zu\n255\n", grey ? 5 : 6, image->columns, image->rows);
    if (status == WEYL_OK) status = weyl_writer_write(w, pixels, count);
    if (status == WEYL_OK)
      status = weyl_writer_close(w);
    else
      weyl_writer_abandon(w);
  }
  weyl_dealloc(ctx, pixels);
  return status;
}
