/* What the trajectory formats share. */
#ifndef WEYL_DATA_FORMATS_H
#define WEYL_DATA_FORMATS_H

#include <weyl/data.h>

#define WEYL_FILE_FORMAT(name) extern const weyl_format_def weyl_format_##name;
#include "formats/formats.def"
#undef WEYL_FILE_FORMAT

enum { DATA_DIMENSION_MAX = 16 };

/* Whether path ends in one of "a|b|c", before any .gz or .xz. */
bool data_has_extension(const char *path, const char *extensions);

/* Trajectories being read: an arena and a growing list. */
weyl_status data_trajectories_begin(weyl_context *ctx, weyl_trajectories *list, const char *format);
/* A zeroed item at the end, or NULL (memory). Earlier pointers to items are void afterwards. */
weyl_trajectory *data_trajectories_add(weyl_trajectories *list, size_t *room);

/* Sets out to an array of `n` doubles copied from f32 or f64, or WEYL_DTYPE. `place` names it: "water.npz: array R". */
weyl_status data_copy_reals(weyl_context *ctx, weyl_arena *arena, const char *place, const weyl_array *array,
                            int64_t first, int64_t n, double **out);
/* The same for whole numbers (any dtype; values that are not int32 are refused). */
weyl_status data_copy_integers(weyl_context *ctx, weyl_arena *arena, const char *place, const weyl_array *array,
                               int64_t first, int64_t n, int32_t **out);

/* The names by which one quantity goes; NULL ends. */
extern const char *const data_names_position[],
    *const data_names_velocity[], *const data_names_force[], *const data_names_energy[], *const data_names_charge[],
                                                                                             *const data_names_type[];
bool data_is_named(const char *name, const char *const *names); /* without regard to case */

#endif
