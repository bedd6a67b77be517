/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * raster -- a coarse picture of what a figure already shows, for finding places where a
 * label covers nothing.
 *
 * Units: pixels from the lower left corner of the plotting area.
 */
#ifndef PLOTS_RASTER_H
#define PLOTS_RASTER_H

enum { RASTER_COLUMNS = 240, RASTER_ROWS = 150 };

struct raster {
    double width, height;
    unsigned char ink[RASTER_ROWS][RASTER_COLUMNS];
};

struct box {
    double left, bottom, right, top;
};

void raster_line(struct raster *raster, double x0, double y0, double x1, double y1);
void raster_fill(struct raster *raster, struct box box);

/* Cells of the box with ink; cells outside the area count a thousand times. */
int raster_covered(const struct raster *raster, struct box box);

#endif
