/* weyl/models.h: one file per model, named as its authors named it; models.def lists them. */
#ifndef WEYL_MODELS_H
#define WEYL_MODELS_H

#include <weyl/nn.h>

WEYL_BEGIN_API

typedef struct weyl_model_def {
  const char *name;     /* "egnn" */
  const char *paper;    /* "Satorras, Hoogeboom, Welling, ICML 2021" */
  const char *summary;  /* one line */
  const char *symmetry; /* what it promises by construction: "E(n) x S(n)" with the n of the points: "E x S", or "S"
                           alone, or "" */
  const weyl_option *options;
  /* What it takes, one or several:
   * Point models: predicted positions [nodes, d] of a set of moving points. Parameters are traced in the scope the
   * caller opened. */
  weyl_tensor (*points)(weyl_graph *g, const weyl_points *in, const weyl_options *options);
  /* Motion models: predicted positions [nodes, heads, future, d] of points whose past is seen. What they say about the
   * pairs [edges, categories], rows of probabilities, is watched as "categories". */
  weyl_tensor (*motion)(weyl_graph *g, const weyl_motion *in, const weyl_options *options);
  /* Image models: logits [batch, classes] of images x [batch, h, w, c]. */
  weyl_tensor (*image)(weyl_graph *g, weyl_tensor x, int64_t classes, const weyl_options *options);
} weyl_model_def;

const weyl_model_def *weyl_model_find(const char *name); /* NULL: unknown */
const weyl_model_def *const *weyl_models(void);          /* NULL ends */

WEYL_END_API
#endif
