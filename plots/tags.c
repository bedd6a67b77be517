/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/tags.h"

#include "plots/script.h"

#include <math.h>
#include <stdlib.h>

enum { NARROW = 700, NARROW_COLUMN = 7 /* px */ };
enum { MOST = 30, MOST_NARROW = 18, EDGE = 12, LEAST_MARGIN = 48 };

int tags_columns(int width)
{
    return width < NARROW ? MOST_NARROW : MOST;
}

int tags_margin(const struct tag *tag, int count, int columns, int figure_width)
{
    int widest = 0;
    for (int i = 0; i < count; i++) {
        int width = script_width(tag[i].label, columns);
        width = width > columns ? columns : width;
        widest = width > widest ? width : widest;
    }
    int column = figure_width < NARROW ? NARROW_COLUMN : TAGS_COLUMN;
    int margin = TAGS_GAP + widest * column + EDGE;
    return margin > LEAST_MARGIN ? margin : LEAST_MARGIN;
}

static int by_height(const void *left, const void *right)
{
    const struct tag *a = left, *b = right;
    return a->y != b->y ? (a->y > b->y) - (a->y < b->y) : a->colour - b->colour;
}

/* Pushed apart upwards, and back below the upper edge. */
static void spread(struct tag *tag, int count, double top)
{
    double floor = -INFINITY, ceiling = top;
    for (int i = 0; i < count; i++) {
        tag[i].at = fmax(tag[i].y, floor);
        floor = tag[i].at + TAGS_HEIGHT;
    }
    for (int i = count - 1; i >= 0; i--) {
        tag[i].at = fmin(tag[i].at, ceiling);
        ceiling = tag[i].at - TAGS_HEIGHT;
    }
}

void tags_write(struct tag *tag, int count, double x, double bottom, double top,
                int columns, FILE *out)
{
    static const char *const parts[] = {"", "_curve", "_x", "_y", "_end_x", "_end_y"};
    if (count > 1)
        qsort(tag, (size_t)count, sizeof *tag, by_height);
    for (int i = 0; i < count; i++)
        tag[i].y = fmax(tag[i].y, bottom);
    spread(tag, count, top);
    fprintf(out, "tags = %d\n", count);
    for (int i = 0; i < 6; i++)
        fprintf(out, "array tag%s[%d]\n", parts[i], count + 1);
    for (int i = 0; i < count; i++) {
        int n = i + 1;
        fprintf(out, "tag[%d] = ", n);
        script_text(out, tag[i].label, columns);
        fprintf(out, "\ntag_curve[%d] = %d\n", n, tag[i].colour);
        fprintf(out, "tag_x[%d] = %.1f\ntag_y[%d] = %.1f\n", n, x, n, tag[i].at);
        fprintf(out, "tag_end_x[%d] = %.1f\ntag_end_y[%d] = %.1f\n", n, tag[i].x, n,
                tag[i].y);
    }
}
