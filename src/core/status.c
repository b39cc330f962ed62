#include <weyl/core.h>

static const struct {
  const char *name, *text;
  int exit_code;
} rows[] = {
#define X(name, value, text, code) [value] = {#name, text, code},
    WEYL_STATUS_LIST(X)
#undef X
};

/* A status that is not in the list can only come from a bug of the caller's. */
static size_t row(weyl_status status) {
  const size_t i = (size_t)status;
  return i < sizeof rows / sizeof rows[0] ? i : (size_t)WEYL_BUG;
}

const char *weyl_status_name(weyl_status status) { return rows[row(status)].name; }

const char *weyl_status_text(weyl_status status) { return rows[row(status)].text; }

int weyl_status_exit_code(weyl_status status) { return rows[row(status)].exit_code; }
