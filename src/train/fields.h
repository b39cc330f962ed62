/* Which fields a data set has, as text: enough to trace a model again without its data. */
#ifndef WEYL_TRAIN_FIELDS_H
#define WEYL_TRAIN_FIELDS_H

#include <weyl/data.h>

/* "x:node:f64:3 edge_i:edge:i32 ..." in the arena; NULL when out of memory. */
char *train_fields_text(weyl_arena *arena, const weyl_dataset *set);
/* A data set with these fields and one sample of one node and one edge. place: for messages. */
WEYL_MUST_CHECK weyl_status train_fields_example(weyl_context *ctx, const char *text, const char *place,
                                                 weyl_dataset **out);

#endif
