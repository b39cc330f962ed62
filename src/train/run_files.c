#include "run_files.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

/* The lines of an earlier session up to `epoch`; a line that does not parse is where a crash cut the log. */
static weyl_status keep_lines(weyl_context *ctx, const char *path, int64_t epoch) {
  char *text = NULL;
  size_t n = 0;
  weyl_writer *w = NULL;
  WEYL_TRY(weyl_file_read(ctx, path, 0, &text, &n));
  weyl_status status;
  WEYL_GOTO(weyl_writer_open(ctx, path, &w));
  for (const char *at = text; at < text + n;) {
    const char *end = memchr(at, '\n', (size_t)(text + n - at));
    if (end == NULL) break;
    json_t *line = json_loadb(at, (size_t)(end - at), 0, NULL);
    const json_t *number = json_object_get(line, "epoch");
    const bool keep = json_is_integer(number) && json_integer_value(number) <= epoch;
    json_decref(line);
    if (!keep) break;
    WEYL_GOTO(weyl_writer_write(w, at, (size_t)(end - at) + 1));
    at = end + 1;
  }
done:
  weyl_dealloc(ctx, text);
  if (status != WEYL_OK) {
    weyl_writer_abandon(w);
    return status;
  }
  return weyl_writer_close(w);
}

weyl_status train_log_open(weyl_context *ctx, const char *path, int64_t epoch, FILE **out) {
  if (epoch >= 0 && weyl_file_exists(path)) WEYL_TRY(keep_lines(ctx, path, epoch));
  FILE *file = fopen(path, epoch >= 0 ? "a" : "w");
  if (file == NULL) return weyl_fail(ctx, WEYL_IO, "%s: cannot be written: %s", path, strerror(errno));
  *out = file;
  return WEYL_OK;
}

static void put_metrics(weyl_json *json, const char *key, int metrics, const weyl_metric *metric) {
  weyl_json_object(json, key);
  for (int k = 0; k < metrics; k++) weyl_json_number(json, metric[k].name, metric[k].value);
  weyl_json_end(json);
}

weyl_status train_log_write(weyl_context *ctx, FILE *log, const train_progress *progress, int64_t steps, double rate,
                            double gradient, double seconds, const train_evaluation *valid, double equivariance) {
  weyl_json *json = weyl_json_new();
  if (json == NULL) return weyl_fail(ctx, WEYL_MEMORY, "no memory for a line of the log");
  weyl_json_object(json, NULL);
  weyl_json_integer(json, "epoch", progress->epoch);
  weyl_json_integer(json, "step", steps);
  if (progress->epoch > 0) weyl_json_number(json, "train_loss", progress->train_loss);
  put_metrics(json, "valid", valid->metrics, valid->metric);
  if (!isnan(equivariance)) weyl_json_number(json, "equivariance", equivariance);
  weyl_json_integer(json, "best_epoch", progress->best_epoch);
  weyl_json_number(json, "rate", rate);
  weyl_json_number(json, "gradient", gradient);
  weyl_json_number(json, "seconds", seconds);
  weyl_json_end(json);
  const bool good = fputs(weyl_json_text(json), log) >= 0 && fputc('\n', log) != EOF && fflush(log) == 0;
  weyl_json_free(json);
  return good ? WEYL_OK : weyl_fail(ctx, WEYL_IO, "log.jsonl: cannot be written: %s", strerror(errno));
}

weyl_status train_metrics_write(weyl_context *ctx, const char *path, const train_config *config,
                                const weyl_train_result *r, int ranks, int64_t samples[3], double seconds) {
  weyl_json *json = weyl_json_new();
  if (json == NULL) return weyl_fail(ctx, WEYL_MEMORY, "no memory for %s", path);
  weyl_json_object(json, NULL);
  weyl_json_integer(json, "format", TRAIN_FORMAT);
  weyl_json_string(json, "weyl", weyl_version());
  weyl_json_string(json, "task", r->task);
  weyl_json_string(json, "model", r->model);
  weyl_json_string(json, "symmetry", r->symmetry);
  weyl_json_integer(json, "seed", (int64_t)config->seed);
  weyl_json_integer(json, "params", r->params);
  weyl_json_integer(json, "epochs", r->epochs);
  weyl_json_integer(json, "best_epoch", r->best_epoch);
  weyl_json_bool(json, "stopped_early", r->stopped_early);
  weyl_json_number(json, "train_loss", r->train_loss);
  put_metrics(json, "valid", r->metrics, r->valid);
  put_metrics(json, "test", r->metrics, r->test);
  weyl_json_object(json, "samples");
  weyl_json_integer(json, "train", samples[0]);
  weyl_json_integer(json, "valid", samples[1]);
  weyl_json_integer(json, "test", samples[2]);
  weyl_json_end(json);
  weyl_json_integer(json, "threads", weyl_threads(ctx));
  weyl_json_integer(json, "ranks", ranks);
  weyl_json_number(json, "seconds_per_epoch", r->seconds_per_epoch);
  weyl_json_number(json, "seconds", seconds);
  weyl_json_number(json, "peak_rss_mib", (double)weyl_peak_rss() / 1048576);
  weyl_json_end(json);

  weyl_writer *w = NULL;
  weyl_status status = weyl_writer_open(ctx, path, &w);
  if (status == WEYL_OK) {
    status = weyl_writer_printf(w, "%s\n", weyl_json_text(json));
    if (status == WEYL_OK)
      status = weyl_writer_close(w);
    else
      weyl_writer_abandon(w);
  }
  weyl_json_free(json);
  return status;
}

/* FILE.PROCESS-NUMBER.tmp of a file that a run has: the name that weyl_writer gives until the file is whole. */
static bool is_temporary(const char *name) {
  static const char *const files[] = {"config.ini", "model.safetensors", "state.safetensors", "log.jsonl",
                                      "metrics.json"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    const size_t n = strlen(files[i]);
    long process;
    unsigned number;
    int used = 0;
    if (strncmp(name, files[i], n) != 0) continue;
    return sscanf(name + n, ".%ld-%u.tmp%n", &process, &number, &used) == 2 && used > 0 &&
           name[n + (size_t)used] == '\0';
  }
  return false;
}

void train_temporaries_remove(const char *folder) {
  DIR *dir = opendir(folder);
  if (dir == NULL) return;
  for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
    if (is_temporary(entry->d_name)) (void)unlinkat(dirfd(dir), entry->d_name, 0);
  closedir(dir);
}
