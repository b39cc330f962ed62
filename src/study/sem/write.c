/* Models to text, as text.c reads them. */
#include "model.h"

/* The shortest of 15 to 17 digits that reads back the same. */
static void put(FILE *f, double x) {
  char text[40];
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, x);
    double back;
    if (sscanf(text, "%lf", &back) == 1 && back == x) break;
  }
  fputs(text, f);
}

static void put_pair(FILE *f, const char *what, double a, double b) {
  fprintf(f, "%s(", what);
  put(f, a);
  fputs(", ", f);
  put(f, b);
  fputc(')', f);
}

static void put_draw(FILE *f, const char *what, const sem_draw *d, bool *first) {
  if (d->kind == DRAW_NONE) return;
  fprintf(f, "%s%s ", *first ? " " : ", ", what);
  *first = false;
  switch (d->kind) {
    case DRAW_UNIFORM: put_pair(f, "U", d->a, d->b); break;
    case DRAW_NORMAL: put_pair(f, "N", d->a, d->b); break;
    case DRAW_LIST:
      for (size_t i = 0; i < d->n; i++) {
        fputs(i ? ", " : "{", f);
        put(f, d->list[i]);
      }
      fputc('}', f);
      break;
    default: put(f, d->a); break;
  }
}

static void put_site(FILE *f, const weyl_sem *s, const sem_site *t) {
  fprintf(f, "%s", s->names[t->node]);
  bool first = true;
  if (t->cut && t->set.kind == DRAW_NONE) {
    fputs(" cut", f);
    first = false;
  }
  put_draw(f, "coefficients", &t->coefficients, &first);
  put_draw(f, "variance", &t->variance, &first);
  put_draw(f, "scale", &t->scale, &first);
  put_draw(f, "mean", &t->mean, &first);
  put_draw(f, "do", &t->set, &first);
}

static void put_term(FILE *f, double weight, const char *name, bool *first) {
  if (weight == 0) return;
  fputs(*first ? (weight < 0 ? "-" : "") : weight < 0 ? " - " : " + ", f);
  *first = false;
  if (fabs(weight) != 1) {
    put(f, fabs(weight));
    fputc(' ', f);
  }
  fputs(name, f);
}

weyl_status weyl_sem_write(weyl_context *ctx, const weyl_sem *s, const char *path) {
  weyl_writer *w;
  WEYL_TRY(weyl_writer_open(ctx, path, &w));
  FILE *f = weyl_writer_file(w);
  fputs("format 1\n", f);
  for (size_t j = 0; j < s->nodes; j++) {
    fprintf(f, "%s = ", s->names[j]);
    bool first = true;
    for (size_t k = s->start[j]; k < s->start[j + 1]; k++) put_term(f, s->effect[k], s->names[s->parent[k]], &first);
    put_pair(f, first ? "N" : " + N", s->mean[j], s->variance[j]);
    fputc('\n', f);
  }
  fprintf(f, "target %s\n", s->names[s->y]);
  for (size_t i = 0; i < s->mixed; i++) {
    fprintf(f, "observe %s = ", s->mixed_names[i]);
    bool first = true;
    for (size_t j = 0; j < s->nodes; j++) put_term(f, s->mix[i * s->nodes + j], s->names[j], &first);
    put_pair(f, first ? "N" : " + N", s->mix_mean[i], s->mix_noise[i]);
    fputc('\n', f);
  }
  for (size_t i = 0; i < s->family.sites; i++) {
    fputs("intervene ", f);
    put_site(f, s, &s->family.site[i]);
    fputc('\n', f);
  }
  for (size_t e = 0; e < s->environments; e++) {
    const sem_acts *acts = &s->environment[e];
    fprintf(f, "%s %s", acts->unseen ? "unseen" : "environment", acts->name);
    for (size_t i = 0; i < acts->sites; i++) {
      fputs(i ? "; " : ": ", f);
      put_site(f, s, &acts->site[i]);
    }
    fputc('\n', f);
  }
  return weyl_writer_close(w);
}
