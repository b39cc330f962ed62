/* Reads standard input, which must be exactly one JSON object, and looks into it.
 *
 *   json_check KEY...              every key is there; a path goes through objects and lists: result.checks.0.group
 *   json_check --get PATH          prints the value: numbers with 17 digits, text as it is
 *
 * Exit status 0, or 1 with a sentence on standard error. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *find(json_t *at, const char *path) {
  char word[256];
  while (at && *path) {
    const size_t n = strcspn(path, ".");
    if (n >= sizeof word) return NULL;
    memcpy(word, path, n);
    word[n] = '\0';
    if (json_is_array(at))
      at = json_array_get(at, (size_t)strtoul(word, NULL, 10));
    else
      at = json_object_get(at, word);
    path += n + (path[n] == '.');
  }
  return at;
}

static int get(json_t *root, const char *path) {
  json_t *value = find(root, path);
  if (!value) {
    fprintf(stderr, "json_check: no %s\n", path);
    return 1;
  }
  if (json_is_string(value))
    puts(json_string_value(value));
  else if (json_is_integer(value))
    printf("%lld\n", (long long)json_integer_value(value));
  else if (json_is_real(value))
    printf("%.17g\n", json_real_value(value));
  else if (json_is_array(value))
    printf("%zu entries\n", json_array_size(value));
  else if (json_is_object(value))
    printf("%zu keys\n", json_object_size(value));
  else
    puts(json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null");
  return 0;
}

int main(int argc, char **argv) {
  json_error_t error;
  json_t *root = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error); /* also refuses what follows the value */
  if (!root || !json_is_object(root)) {
    fprintf(stderr, "json_check: not one JSON object: %s (line %d)\n", root ? "another value" : error.text, error.line);
    json_decref(root);
    return 1;
  }
  int status = 0;
  if (argc == 3 && strcmp(argv[1], "--get") == 0) {
    status = get(root, argv[2]);
  } else {
    for (int i = 1; i < argc; i++) {
      if (find(root, argv[i])) continue;
      fprintf(stderr, "json_check: no %s\n", argv[i]);
      status = 1;
    }
  }
  json_decref(root);
  return status;
}
