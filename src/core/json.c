/* One line of text: {"a": 1, "b": [1, 2]}, so that documents fit in line-by-line logs. */
#include "internal.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

struct weyl_json {
  char *text;
  size_t used, room;
  bool failed;          /* memory ran out: the text is gone, calls do nothing */
  int depth;            /* open objects and arrays */
  char kind[DEPTH_MAX]; /* '{' or '[' */
  bool filled[DEPTH_MAX];
  bool done; /* the one value at the top is written or begun */
};

weyl_json *weyl_json_new(void) { return calloc(1, sizeof(weyl_json)); }

void weyl_json_free(weyl_json *json) {
  if (!json) return;
  free(json->text);
  free(json);
}

static void put(weyl_json *json, const char *text, size_t n) {
  if (json->failed) return;
  if (json->room - json->used <= n) {
    const size_t room = 2 * json->room + n + 256;
    char *more = realloc(json->text, room);
    if (!more) {
      json->failed = true;
      return;
    }
    json->text = more;
    json->room = room;
  }
  memcpy(json->text + json->used, text, n);
  json->used += n;
  json->text[json->used] = '\0';
}

static void put_text(weyl_json *json, const char *text) { put(json, text, strlen(text)); }

static void put_string(weyl_json *json, const char *value) {
  const unsigned char *at = (const unsigned char *)value;
  size_t left = strlen(value);
  put_text(json, "\"");
  while (left > 0) {
    const size_t n = core_utf8_length(at, left);
    char escape[8];
    if (n == 0)
      put_text(json, "\xef\xbf\xbd"); /* U+FFFD stands for a byte that is no UTF-8 */
    else if (*at == '"' || *at == '\\')
      put(json, (char[]){'\\', (char)*at}, 2);
    else if (*at == '\n')
      put_text(json, "\\n");
    else if (*at == '\t')
      put_text(json, "\\t");
    else if (*at < 0x20 || *at == 0x7f) {
      snprintf(escape, sizeof escape, "\\u%04x", *at);
      put_text(json, escape);
    } else
      put(json, (const char *)at, n);
    at += n ? n : 1;
    left -= n ? n : 1;
  }
  put_text(json, "\"");
}

/* What goes before a value: the comma and the key. */
static void begin_value(weyl_json *json, const char *key) {
  if (json->depth == 0) {
    assert(!json->done && !key && "one value at the top, without a key");
    json->done = true;
    return;
  }
  const int top = json->depth - 1;
  assert((json->kind[top] == '{') == (key != NULL) && "keys belong to objects, and only there");
  if (json->filled[top]) put_text(json, ", ");
  json->filled[top] = true;
  if (key) {
    put_string(json, key);
    put_text(json, ": ");
  }
}

static void open_group(weyl_json *json, const char *key, char kind) {
  begin_value(json, key);
  assert(json->depth < DEPTH_MAX && "nested too deep");
  json->kind[json->depth] = kind;
  json->filled[json->depth] = false;
  json->depth++;
  put(json, &kind, 1);
}

void weyl_json_object(weyl_json *json, const char *key) { open_group(json, key, '{'); }

void weyl_json_array(weyl_json *json, const char *key) { open_group(json, key, '['); }

void weyl_json_end(weyl_json *json) {
  assert(json->depth > 0 && "an end without a beginning");
  json->depth--;
  put_text(json, json->kind[json->depth] == '{' ? "}" : "]");
}

void weyl_json_string(weyl_json *json, const char *key, const char *value) {
  begin_value(json, key);
  if (value)
    put_string(json, value);
  else
    put_text(json, "null");
}

void weyl_json_number(weyl_json *json, const char *key, double value) {
  begin_value(json, key);
  char text[NUMBER_TEXT_MAX];
  if (isnan(value)) {
    put_text(json, "\"NaN\"");
  } else if (isinf(value)) {
    put_text(json, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  } else {
    core_number_print(value, text);
    put_text(json, text);
  }
}

void weyl_json_integer(weyl_json *json, const char *key, int64_t value) {
  begin_value(json, key);
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, value);
  put_text(json, text);
}

void weyl_json_bool(weyl_json *json, const char *key, bool value) {
  begin_value(json, key);
  put_text(json, value ? "true" : "false");
}

const char *weyl_json_text(weyl_json *json) { return json->failed || !json->text ? "" : json->text; }
