/* Flags and arguments by the tables: --name value, --name=value, --name for yes; -q -v -h; -- ends the flags. */
#include "cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 64

const weyl_option *cli_common_options(void) {
  static const weyl_option table[] = {
      {"threads", WEYL_OPT_INT, "0", 0, 1024, NULL, "worker threads; 0: one per core available"},
      {"memory", WEYL_OPT_INT, "0", 0, 1e9, NULL, "MiB that may be held at a time; 0: no limit"},
      {"json", WEYL_OPT_BOOL, "no", 0, 0, NULL, "print one JSON object, and nothing else, on standard output"},
      {"quiet", WEYL_OPT_BOOL, "no", 0, 0, NULL, "errors only on standard error (-q)"},
      {"verbose", WEYL_OPT_BOOL, "no", 0, 0, NULL, "say more on standard error (-v)"},
      {NULL, WEYL_OPT_BOOL, NULL, 0, 0, NULL, NULL},
  };
  return table;
}

/* A flag as the table spells it: --best-epoch is best_epoch. False when it is too long to be any. */
static bool table_name(const char *flag, size_t n, char name[NAME_MAX_BYTES]) {
  if (n >= NAME_MAX_BYTES) return false;
  for (size_t i = 0; i < n; i++) name[i] = flag[i] == '-' ? '_' : flag[i];
  name[n] = '\0';
  return true;
}

static bool is_bool(const weyl_options *options, const char *name) {
  const char *value;
  for (size_t i = 0; i < weyl_options_count(options); i++) {
    const weyl_option *o = weyl_options_at(options, i, &value);
    if (strcmp(o->name, name) == 0) return o->type == WEYL_OPT_BOOL;
  }
  return false;
}

static weyl_status unknown_flag(cli *c, const char *flag, const char *name) {
  const char *names[256];
  size_t n = 0;
  const char *value;
  const weyl_options *tables[2] = {c->options, c->extra};
  for (int t = 0; t < 2; t++) {
    for (size_t i = 0; tables[t] && i < weyl_options_count(tables[t]) && n < 256; i++)
      names[n++] = weyl_options_at(tables[t], i, &value)->name;
  }
  const char *near = weyl_nearest_name(name, names, n);
  snprintf(c->place, sizeof c->place, "%s", flag);
  if (!near) return weyl_fail(c->ctx, WEYL_UNKNOWN, "no flag %s", flag);
  char dashed[NAME_MAX_BYTES];
  snprintf(dashed, sizeof dashed, "%s", near);
  for (char *d = dashed; *d; d++) {
    if (*d == '_') *d = '-';
  }
  return weyl_fail(c->ctx, WEYL_UNKNOWN, "no flag %s: did you mean --%s?", flag, dashed);
}

/* Brings the options that depend on the arguments, once. */
static weyl_status need_extra(cli *c) {
  if (c->extra || !c->command->more) return WEYL_OK;
  return c->command->more(c);
}

/* One flag "--name[=value]" at argv[i]; *used is 2 when the value is the next argument. */
static weyl_status set_flag(cli *c, int i, int *used) {
  const char *flag = c->argv[i] + 2, *equals = strchr(flag, '=');
  const size_t n = equals ? (size_t)(equals - flag) : strlen(flag);
  const char *next = i + 1 < c->argc ? c->argv[i + 1] : NULL;
  char shown[80], name[NAME_MAX_BYTES];
  snprintf(shown, sizeof shown, "--%.*s", (int)(n < 70 ? n : 70), flag);
  *used = 1;
  if (!table_name(flag, n, name)) return unknown_flag(c, shown, "");

  if (c->command->sets && strcmp(name, "set") == 0) {
    const char *pair = equals ? equals + 1 : next;
    *used = equals ? 1 : 2;
    snprintf(c->place, sizeof c->place, "--set");
    if (!pair || !strchr(pair, '=') || pair[0] == '=')
      return weyl_fail(c->ctx, WEYL_BAD_ARG, "--set takes key=value, not \"%s\"", pair ? pair : "");
    if (c->sets == CLI_SETS_MAX) return weyl_fail(c->ctx, WEYL_BAD_ARG, "more than %d --set", CLI_SETS_MAX);
    c->set[c->sets++] = pair;
    c->place[0] = '\0';
    return WEYL_OK;
  }
  weyl_options *table = c->options;
  if (!weyl_options_has(table, name)) {
    WEYL_TRY(need_extra(c));
    table = c->extra;
    if (!table || !weyl_options_has(table, name)) return unknown_flag(c, shown, name);
  }
  const char *value = equals ? equals + 1 : NULL;
  if (!value && is_bool(table, name)) {
    value = "yes";
  } else if (!value) {
    snprintf(c->place, sizeof c->place, "%s", shown);
    if (!next) return weyl_fail(c->ctx, WEYL_BAD_ARG, "%s needs a value", shown);
    value = next;
    *used = 2;
  }
  snprintf(c->place, sizeof c->place, "%s", shown);
  WEYL_TRY(weyl_options_set(table, name, value, NULL));
  c->place[0] = '\0';
  return WEYL_OK;
}

static weyl_status set_short(cli *c, const char *flags) {
  for (const char *f = flags + 1; *f; f++) {
    const char *name = *f == 'q' ? "quiet" : *f == 'v' ? "verbose" : NULL;
    if (!name) {
      snprintf(c->place, sizeof c->place, "-%c", *f);
      return weyl_fail(c->ctx, WEYL_UNKNOWN, "no flag -%c: the short ones are -q -v -h", *f);
    }
    WEYL_TRY(weyl_options_set(c->options, name, "yes", NULL));
  }
  return WEYL_OK;
}

static weyl_status set_pairs(cli *c) {
  if (c->sets > 0) WEYL_TRY(need_extra(c));
  for (int i = 0; i < c->sets; i++) {
    const char *equals = strchr(c->set[i], '=');
    char name[NAME_MAX_BYTES];
    snprintf(c->place, sizeof c->place, "--set %s", c->set[i]);
    if (!table_name(c->set[i], (size_t)(equals - c->set[i]), name))
      return weyl_fail(c->ctx, WEYL_UNKNOWN, "no option of that length (--set %.40s...)", c->set[i]);
    if (!c->extra) return weyl_fail(c->ctx, WEYL_UNKNOWN, "there is nothing to set here (--set %s)", c->set[i]);
    WEYL_TRY(weyl_options_set(c->extra, name, equals + 1, "--set"));
  }
  c->place[0] = '\0';
  return WEYL_OK;
}

weyl_status cli_parse(cli *c) {
  const cli_command *k = c->command;
  WEYL_TRY(weyl_options_new(c->ctx, &c->options));
  if (k->options) WEYL_TRY(weyl_options_declare(c->options, k->name, k->options));
  WEYL_TRY(weyl_options_declare(c->options, "every command", cli_common_options()));
  bool flags = true;
  for (int i = 0; i < c->argc;) {
    const char *word = c->argv[i];
    int used = 1;
    if (flags && strcmp(word, "--") == 0) {
      flags = false;
    } else if (flags && strncmp(word, "--", 2) == 0) {
      WEYL_TRY(set_flag(c, i, &used));
    } else if (flags && word[0] == '-' && isalpha((unsigned char)word[1])) {
      WEYL_TRY(set_short(c, word));
    } else {
      if (c->args == k->max_args || c->args == CLI_ARGS_MAX) {
        return weyl_fail(c->ctx, WEYL_BAD_ARG, "\"%s\" is one argument too many: usage is weyl %s %s", word, k->name,
                         k->usage);
      }
      c->arg[c->args++] = word;
    }
    i += used;
  }
  if (c->args < k->min_args)
    return weyl_fail(c->ctx, WEYL_BAD_ARG, "%s: usage is weyl %s %s",
                     c->args ? "an argument is missing" : "arguments are missing", k->name, k->usage);
  if (k->more) WEYL_TRY(need_extra(c));
  return set_pairs(c);
}

const char *cli_peek(const cli *c, const char *name) {
  const size_t n = strlen(name);
  for (int i = 0; i < c->argc && strcmp(c->argv[i], "--") != 0; i++) {
    if (strncmp(c->argv[i], "--", 2) != 0 || strncmp(c->argv[i] + 2, name, n) != 0) continue;
    const char *end = c->argv[i] + 2 + n;
    if (*end == '=') return end + 1;
    if (*end == '\0') return i + 1 < c->argc ? c->argv[i + 1] : NULL;
  }
  return NULL;
}

/* ---- names ---- */

/* "a, b or c" of those names that contain `part`; up to `most` of them. The number that do. */
static size_t list_some(char *buffer, size_t room, const char *(*name_of)(size_t i), const char *part, size_t most) {
  size_t used = 0, found = 0, chosen[64];
  for (size_t i = 0; name_of(i); i++) {
    if (strstr(name_of(i), part) && found < 64) chosen[found++] = i;
  }
  buffer[0] = '\0';
  const size_t shown = found < most ? found : most;
  for (size_t k = 0; k < shown && used < room; k++) {
    const char *before = k == 0 ? "" : k + 1 < shown ? ", " : " or ";
    used += (size_t)snprintf(buffer + used, room - used, "%s%s", before, name_of(chosen[k]));
  }
  return found;
}

const char *cli_list(char *buffer, size_t room, const char *(*name_of)(size_t i)) {
  list_some(buffer, room, name_of, "", 64);
  return buffer;
}

weyl_status cli_unknown(cli *c, const char *noun, const char *word, const char *(*name_of)(size_t i)) {
  const char *names[256];
  size_t n = 0;
  while (n < 256 && name_of(n)) {
    names[n] = name_of(n);
    n++;
  }
  snprintf(c->place, sizeof c->place, "%s", word);
  const char *near = weyl_nearest_name(word, names, n);
  char list[1024];
  if (near) return weyl_fail(c->ctx, WEYL_UNKNOWN, "no %s \"%s\": did you mean \"%s\"?", noun, word, near);
  if (n > 12 && word[0] && list_some(list, sizeof list, name_of, word, 8) > 0)
    return weyl_fail(c->ctx, WEYL_UNKNOWN, "no %s \"%s\": did you mean %s?", noun, word, list);
  if (n > 12) return weyl_fail(c->ctx, WEYL_UNKNOWN, "no %s \"%s\"", noun, word);
  return weyl_fail(c->ctx, WEYL_UNKNOWN, "no %s \"%s\": there is %s", noun, word, cli_list(list, sizeof list, name_of));
}

weyl_status cli_group(cli *c, const char *name, weyl_group **out) {
  const weyl_status status = weyl_group_parse(c->ctx, name, out);
  return status == WEYL_FORMAT ? WEYL_BAD_ARG : status; /* what is wrong with a file is wrong usage here */
}

const char *cli_command_name(size_t i) {
  size_t n = 0;
  while (cli_commands()[n]) n++;
  return i < n ? cli_commands()[i]->name : NULL;
}

#define NAMES_OF(function, list)          \
  const char *function(size_t i) {        \
    for (size_t k = 0; list()[k]; k++) {  \
      if (k == i) return list()[k]->name; \
    }                                     \
    return NULL;                          \
  }
NAMES_OF(cli_task_name, weyl_tasks)
NAMES_OF(cli_model_name, weyl_models)
NAMES_OF(cli_set_name, weyl_sets)

/* ---- values ---- */

const char *cli_string(const cli *c, const char *name) {
  const char *value = weyl_options_string(c->options, name);
  return value[0] ? value : NULL;
}

int64_t cli_integer(const cli *c, const char *name) { return weyl_options_integer(c->options, name); }

double cli_number(const cli *c, const char *name) { return weyl_options_number(c->options, name); }

bool cli_bool(const cli *c, const char *name) { return weyl_options_bool(c->options, name); }

bool cli_given(const cli *c, const char *name) { return !weyl_options_is_default(c->options, name); }

uint64_t cli_seed(const cli *c) { return (uint64_t)weyl_options_integer(c->options, "seed"); }
