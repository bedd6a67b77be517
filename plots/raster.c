/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/raster.h"

#include <math.h>
#include <stdbool.h>

enum { OUTSIDE = 1000 };

static int column(const struct raster *raster, double x)
{
    return (int)floor(x / raster->width * RASTER_COLUMNS);
}

static int row(const struct raster *raster, double y)
{
    return (int)floor(y / raster->height * RASTER_ROWS);
}

static bool is_inside(int i, int j)
{
    return i >= 0 && i < RASTER_ROWS && j >= 0 && j < RASTER_COLUMNS;
}

void raster_line(struct raster *raster, double x0, double y0, double x1, double y1)
{
    int steps = 1 + (int)fmax(fabs(x1 - x0), fabs(y1 - y0));
    for (int s = 0; s <= steps; s++) {
        double part = (double)s / steps;
        int i = row(raster, y0 + part * (y1 - y0));
        int j = column(raster, x0 + part * (x1 - x0));
        if (is_inside(i, j))
            raster->ink[i][j] = 1;
    }
}

void raster_fill(struct raster *raster, struct box box)
{
    for (int i = row(raster, box.bottom); i <= row(raster, box.top); i++)
        for (int j = column(raster, box.left); j <= column(raster, box.right); j++)
            if (is_inside(i, j))
                raster->ink[i][j] = 1;
}

int raster_covered(const struct raster *raster, struct box box)
{
    int covered = 0;
    for (int i = row(raster, box.bottom); i <= row(raster, box.top); i++)
        for (int j = column(raster, box.left); j <= column(raster, box.right); j++)
            covered += is_inside(i, j) ? raster->ink[i][j] : OUTSIDE;
    return covered;
}
