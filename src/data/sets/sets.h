/* What the data sets share. */
#ifndef WEYL_DATA_SETS_H
#define WEYL_DATA_SETS_H

#include <weyl/data.h>

#define WEYL_SET(name) extern const weyl_set_def weyl_set_##name;
#include "datasets.def"
#undef WEYL_SET

/* NULL options mean the defaults: *out is `given`, or *made (to be freed by the caller) with the set's table declared.
 */
weyl_status data_options_ready(weyl_context *ctx, const weyl_set_def *def, const weyl_options *given,
                               weyl_options **made, const weyl_options **out);
/* The keys task, file, splits and checksums of `weyl data make`; result may be NULL. */
void data_report(weyl_json *result, const char *task, const char *file, const weyl_splits *splits);
/* <split>_<field>, and <split>_nodes, <split>_edges (offsets) where the set has such rows, in an npz; then data_report.
 */
weyl_status data_splits_write(weyl_context *ctx, const char *name, const weyl_splits *splits, const char *file,
                              weyl_json *result);

#endif
