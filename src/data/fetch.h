/* Fetching one file, listed or not. */
#ifndef WEYL_DATA_FETCH_H
#define WEYL_DATA_FETCH_H

#include <weyl/data.h>

weyl_status data_fetch(weyl_context *ctx, const weyl_download *what, const char *folder, char hex[65]);

#endif
