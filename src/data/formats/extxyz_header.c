/* key=value pairs of the second line of a frame: Properties=species:S:1:pos:R:3 Lattice="..." energy=-1.5 pbc="T T F"
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "formats/extxyz.h"
#include "formats/formats.h"

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }

/* ---- key=value ----------------------------------------------------------------------------------------------------
 */

/* The next word; quotes and brackets hold spaces together and are taken off. NULL, or what is wrong. */
static const char *next_word(span *line, bool key, span *word) {
  static const char open[] = "\"'{[", close[] = "\"'}]";
  const char *at = line->at, *end = at + line->n;
  const char *kind = at < end && *at != '\0' ? strchr(open, *at) : NULL;
  if (kind) {
    const char closing = close[kind - open];
    const char *stop = at + 1;
    int depth = 1;
    for (; stop < end; stop++) {
      if (*stop == '\\' && stop + 1 < end)
        stop++;
      else if (*stop == closing && --depth == 0)
        break;
      else if (*stop == *at && closing != *at)
        depth++;
    }
    if (stop >= end) return *at == '"' || *at == '\'' ? "a quote is not closed" : "a bracket is not closed";
    *word = (span){at + 1, (size_t)(stop - at - 1)};
    at = stop + 1;
  } else {
    const char *stop = at;
    while (stop < end && !is_space(*stop) && !(key && *stop == '=')) stop++;
    *word = (span){at, (size_t)(stop - at)};
    at = stop;
  }
  *line = (span){at, (size_t)(end - at)};
  return NULL;
}

static void skip_space(span *line) {
  while (line->n > 0 && is_space(*line->at)) {
    line->at++;
    line->n--;
  }
}

/* The next pair; a bare word is a key with the value "T". *found is false at the end. */
static const char *next_pair(span *line, span *key, span *value, bool *found) {
  skip_space(line);
  *found = line->n > 0;
  if (!*found) return NULL;
  const char *wrong = next_word(line, true, key);
  if (wrong) return wrong;
  span rest = *line;
  skip_space(&rest);
  if (rest.n == 0 || *rest.at != '=') {
    *value = (span){"T", 1};
    return NULL;
  }
  rest.at++;
  rest.n--;
  skip_space(&rest);
  *line = rest;
  return next_word(line, false, value);
}

/* Up to `most` numbers or flags between spaces, commas and brackets; -1 when there is something else or more. */
static int split_values(span text, span *item, int most) {
  int count = 0;
  while (text.n > 0) {
    if (is_space(*text.at) || *text.at == ',' || *text.at == '[' || *text.at == ']') {
      text.at++;
      text.n--;
      continue;
    }
    size_t k = 0;
    while (k < text.n && !is_space(text.at[k]) && text.at[k] != ',' && text.at[k] != ']') k++;
    if (count == most) return -1;
    item[count++] = (span){text.at, k};
    text.at += k;
    text.n -= k;
  }
  return count;
}

/* ---- what the keys mean --------------------------------------------------------------------------------------------
 */

static xyz_role role_of(span name, char kind, int width) {
  static const char *const positions[] = {"pos", "position", "positions", "coords", "coordinates", "R", NULL};
  char text[32];
  if (name.n >= sizeof text) return XYZ_SKIP;
  memcpy(text, name.at, name.n);
  text[name.n] = '\0';
  const bool number = kind == 'R' || kind == 'I';
  if (number && data_is_named(text, positions)) return XYZ_POSITION;
  if (number && data_is_named(text, data_names_velocity)) return XYZ_VELOCITY;
  if (number && data_is_named(text, data_names_force)) return XYZ_FORCE;
  if (number && width == 1 && (data_is_named(text, data_names_charge) || strcasecmp(text, "initial_charges") == 0))
    return XYZ_CHARGE;
  if ((kind == 'S' || kind == 'I') && width == 1 && data_is_named(text, data_names_type)) return XYZ_TYPE;
  return XYZ_SKIP;
}

static span next_part(span *text) {
  size_t k = 0;
  while (k < text->n && text->at[k] != ':') k++;
  const span part = {text->at, k};
  const size_t step = k < text->n ? k + 1 : k;
  text->at += step;
  text->n -= step;
  return part;
}

static weyl_status parse_properties(weyl_context *ctx, const char *place, span text, xyz_header *h) {
  h->blocks = h->columns = h->d = 0;
  memset(h->has, 0, sizeof h->has);
  int width_of[XYZ_ROLES] = {0};
  while (text.n > 0) {
    const span name = next_part(&text), kind = next_part(&text), count = next_part(&text);
    double width = 0;
    if (kind.n != 1 || !strchr("SRILsril", *kind.at))
      return weyl_fail(ctx, WEYL_FORMAT, "%s: Properties: type of %.*s is '%.*s', expected S, R, I or L", place,
                       span_shown(name), name.at, span_shown(kind), kind.at);
    if (!span_number(count, &width) || width < 1 || width > 10000 || width != floor(width))
      return weyl_fail(ctx, WEYL_FORMAT, "%s: Properties: '%.*s' columns of %.*s, expected 1 to 10000", place,
                       span_shown(count), count.at, span_shown(name), name.at);
    if (h->blocks == XYZ_COLUMNS_MAX)
      return weyl_fail(ctx, WEYL_FORMAT, "%s: Properties: more than %d entries", place, XYZ_COLUMNS_MAX);
    const char letter = *kind.at >= 'a' ? (char)(*kind.at - 'a' + 'A') : *kind.at;
    xyz_role role = role_of(name, letter, (int)width);
    if (role != XYZ_SKIP && h->has[role]) role = XYZ_SKIP; /* species and Z: the first counts */
    h->has[role] = role != XYZ_SKIP;
    width_of[role] = (int)width;
    h->role[h->blocks] = (uint8_t)role;
    h->width[h->blocks++] = (uint16_t)width;
    h->columns += (int)width;
  }
  if (!h->has[XYZ_POSITION])
    return weyl_fail(ctx, WEYL_FORMAT, "%s: Properties: no positions, expected pos:R:3", place);
  h->d = width_of[XYZ_POSITION];
  if (h->d > DATA_DIMENSION_MAX)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: Properties: pos has %d columns, expected 1 to %d", place, h->d,
                     DATA_DIMENSION_MAX);
  for (int r = XYZ_VELOCITY; r <= XYZ_FORCE; r++)
    if (h->has[r] && width_of[r] != h->d)
      return weyl_fail(ctx, WEYL_SHAPE, "%s: Properties: %s has %d columns, pos has %d", place,
                       r == XYZ_FORCE ? "forces" : "velocities", width_of[r], h->d);
  return WEYL_OK;
}

static weyl_status parse_cell(weyl_context *ctx, const char *place, span text, xyz_header *h) {
  span item[9];
  const int n = split_values(text, item, 9);
  if (n != 9 && n != 3)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: Lattice=\"%.*s\", expected 9 numbers", place, span_shown(text), text.at);
  memset(h->cell, 0, sizeof h->cell);
  for (int k = 0; k < n; k++) {
    if (!span_number(item[k], &h->cell[n == 9 ? k : 4 * k]))
      return weyl_fail(ctx, WEYL_FORMAT, "%s: Lattice: '%.*s' is no finite number", place, span_shown(item[k]),
                       item[k].at);
  }
  h->has_cell = true;
  return WEYL_OK;
}

static weyl_status parse_periodic(weyl_context *ctx, const char *place, span text, xyz_header *h) {
  span item[3];
  const int n = split_values(text, item, 3);
  bool flag[3] = {false, false, false}, good = n == 1 || n == 3;
  for (int k = 0; good && k < n; k++) {
    flag[k] = span_is(item[k], "T") || span_is(item[k], "true") || span_is(item[k], "1");
    good = flag[k] || span_is(item[k], "F") || span_is(item[k], "false") || span_is(item[k], "0");
  }
  if (!good)
    return weyl_fail(ctx, WEYL_FORMAT, "%s: pbc=\"%.*s\", expected three of T and F", place, span_shown(text), text.at);
  for (int k = 0; k < 3; k++) h->periodic[k] = flag[n == 1 ? 0 : k];
  return WEYL_OK;
}

static weyl_status parse_real(weyl_context *ctx, const char *place, const char *key, span text, double *value,
                              bool *has) {
  if (!span_number(text, value))
    return weyl_fail(ctx, WEYL_FORMAT, "%s: %s=%.*s, expected a finite number", place, key, span_shown(text), text.at);
  *has = true;
  return WEYL_OK;
}

static weyl_status parse_pair(weyl_context *ctx, const char *place, span key, span value, bool *periodic_given,
                              xyz_header *h) {
  if (span_is(key, "Properties")) return parse_properties(ctx, place, value, h);
  if (span_is(key, "Lattice")) return parse_cell(ctx, place, value, h);
  if (span_is(key, "energy")) return parse_real(ctx, place, "energy", value, &h->energy, &h->has_energy);
  if (span_is(key, "time")) return parse_real(ctx, place, "time", value, &h->time, &h->has_time);
  if (span_is(key, "trajectory")) { /* also a word that others may use for something else */
    double number;
    if (span_number(value, &number)) h->trajectory = number;
    return WEYL_OK;
  }
  if (!span_is(key, "pbc")) return WEYL_OK;
  *periodic_given = true;
  return parse_periodic(ctx, place, value, h);
}

static bool mentions_properties(span line) {
  static const char word[] = "properties";
  for (size_t i = 0; i + sizeof word - 1 <= line.n; i++)
    if (strncasecmp(line.at + i, word, sizeof word - 1) == 0) return true;
  return false;
}

weyl_status xyz_header_parse(weyl_context *ctx, const char *place, span line, xyz_header *out) {
  xyz_header h = {
      .blocks = 2, .role = {XYZ_TYPE, XYZ_POSITION}, .width = {1, 3}, .columns = 4, .d = 3, .trajectory = -1};
  h.has[XYZ_TYPE] = h.has[XYZ_POSITION] = true;
  h.declared = mentions_properties(line);
  weyl_context *speak = h.declared ? ctx : NULL; /* a free comment may say anything: its faults are not recorded */
  bool periodic_given = false, found = true;
  while (found) {
    span key, value;
    const char *wrong = next_pair(&line, &key, &value, &found);
    if (wrong && h.declared) return weyl_fail(ctx, WEYL_FORMAT, "%s: %s", place, wrong);
    if (wrong) break;
    if (!found) break;
    const weyl_status status = parse_pair(speak, place, key, value, &periodic_given, &h);
    if (status != WEYL_OK && h.declared) return status;
  }
  /* a box without a word on pbc is periodic, as in the format's definition */
  if (h.has_cell && !periodic_given) h.periodic[0] = h.periodic[1] = h.periodic[2] = true;
  if (!h.has_cell) h.periodic[0] = h.periodic[1] = h.periodic[2] = false;
  *out = h;
  return WEYL_OK;
}
