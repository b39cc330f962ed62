#include "internal.h"

#include <string.h>

static void cut_mark(char *text, size_t size, int wanted) {
  if (wanted >= 0 && (size_t)wanted >= size) memcpy(text + size - 4, "...", 4);
}

weyl_status weyl_fail(weyl_context *ctx, weyl_status status, const char *fmt, ...) {
  if (!ctx || status == WEYL_OK) return status;
  pthread_mutex_lock(&ctx->message_lock);
  if (ctx->message[0] == '\0') {
    va_list args;
    va_start(args, fmt);
    cut_mark(ctx->message, MESSAGE_MAX, vsnprintf(ctx->message, MESSAGE_MAX, fmt, args));
    va_end(args);
  }
  pthread_mutex_unlock(&ctx->message_lock);
  return status;
}

weyl_status weyl_fail_within(weyl_context *ctx, weyl_status status, const char *fmt, ...) {
  if (!ctx || status == WEYL_OK) return status;
  char place[MESSAGE_MAX], inner[MESSAGE_MAX];
  va_list args;
  va_start(args, fmt);
  cut_mark(place, sizeof place, vsnprintf(place, sizeof place, fmt, args));
  va_end(args);

  pthread_mutex_lock(&ctx->message_lock);
  memcpy(inner, ctx->message, sizeof inner);
  const char *text = inner[0] ? inner : weyl_status_text(status);
  cut_mark(ctx->message, MESSAGE_MAX, snprintf(ctx->message, MESSAGE_MAX, "%s: %s", place, text));
  pthread_mutex_unlock(&ctx->message_lock);
  return status;
}

const char *weyl_message(const weyl_context *ctx) { return ctx ? ctx->message : ""; }

void weyl_message_clear(weyl_context *ctx) {
  if (!ctx) return;
  pthread_mutex_lock(&ctx->message_lock);
  ctx->message[0] = '\0';
  pthread_mutex_unlock(&ctx->message_lock);
}

void weyl_context_log(weyl_context *ctx, weyl_level level, const char *fmt, ...) {
  if (!ctx || !ctx->opts.log) return;
  char text[MESSAGE_MAX];
  va_list args;
  va_start(args, fmt);
  cut_mark(text, sizeof text, vsnprintf(text, sizeof text, fmt, args));
  va_end(args);
  pthread_mutex_lock(&ctx->callback_lock);
  ctx->opts.log(ctx->opts.user, level, text);
  pthread_mutex_unlock(&ctx->callback_lock);
}

bool weyl_progress(weyl_context *ctx, const char *what, double done, double total) {
  if (!ctx || !ctx->opts.progress) return false;
  pthread_mutex_lock(&ctx->callback_lock);
  const bool stop = ctx->opts.progress(ctx->opts.user, what, done, total);
  pthread_mutex_unlock(&ctx->callback_lock);
  return stop;
}
