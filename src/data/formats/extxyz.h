/* The header line of an extended xyz frame. */
#ifndef WEYL_DATA_EXTXYZ_H
#define WEYL_DATA_EXTXYZ_H

#include "formats/text.h"

typedef enum xyz_role { XYZ_SKIP, XYZ_TYPE, XYZ_POSITION, XYZ_VELOCITY, XYZ_FORCE, XYZ_CHARGE, XYZ_ROLES } xyz_role;

enum { XYZ_COLUMNS_MAX = 64 };
typedef struct xyz_header {
  int blocks;                      /* of columns */
  uint8_t role[XYZ_COLUMNS_MAX];   /* xyz_role */
  uint16_t width[XYZ_COLUMNS_MAX]; /* columns of each block */
  int columns;                     /* sum of the widths */
  bool declared;                   /* there was a Properties key: the columns are exactly these */
  bool has[XYZ_ROLES];
  int d;
  bool has_energy, has_cell, has_time;
  double energy, cell[9], time;
  double trajectory; /* number of the trajectory, which our writer adds where there are several; -1: not said */
  bool periodic[3];
} xyz_header;

/* `place` is "file:line". Without a Properties key the line is a free comment, of which only what makes sense is taken.
 */
weyl_status xyz_header_parse(weyl_context *ctx, const char *place, span line, xyz_header *out);

#endif
