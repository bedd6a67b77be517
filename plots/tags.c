/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/tags.h"

#include "plots/script.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NARROW = 700, NARROW_COLUMN = 7 /* px */ };
enum { MOST = 30, MOST_NARROW = 18, EDGE = 12, LEAST_MARGIN = 48 };
enum { FIRST_LINE = 4 * MOST + 64 /* bytes */ };

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

static double height_of(const struct tag *tag)
{
    return TAGS_HEIGHT + TAGS_LINE * (tag->lines - 1);
}

/* How far the middles of two that touch are apart. */
static double apart(const struct tag *a, const struct tag *b)
{
    return (height_of(a) + height_of(b)) / 2;
}

/* Pushed apart upwards, and back below the upper edge. */
static void spread(struct tag *tag, int count, double top)
{
    for (int i = 0; i < count; i++)
        tag[i].at = i ? fmax(tag[i].y, tag[i - 1].at + apart(&tag[i - 1], &tag[i]))
                      : tag[i].y;
    for (int i = count - 1; i >= 0; i--) {
        double ceiling = i + 1 < count ? tag[i + 1].at - apart(&tag[i], &tag[i + 1])
                                       : top - (height_of(&tag[i]) - TAGS_HEIGHT) / 2;
        tag[i].at = fmin(tag[i].at, ceiling);
    }
}

/* A line of a label; only the first leads back to what it names. */
static void write_line(FILE *out, const struct tag *tag, int n, double x, double y,
                       const char *text, int columns, bool first)
{
    fprintf(out, "tag[%d] = ", n);
    script_text(out, text, columns);
    fprintf(out, "\ntag_curve[%d] = %d\n", n, tag->colour);
    fprintf(out, "tag_x[%d] = %.1f\ntag_y[%d] = %.1f\n", n, x, n, y);
    fprintf(out, "tag_end_x[%d] = %.1f\ntag_end_y[%d] = %.1f\n", n, first ? tag->x : x,
            n, first ? tag->y : y);
}

static int write_tag(FILE *out, const struct tag *tag, int n, double x, int columns)
{
    char first[FIRST_LINE];
    const char *label = tag->label ? tag->label : "";
    if (tag->lines == 1) {
        write_line(out, tag, n, x, tag->at, label, columns, true);
        return n;
    }
    size_t length = script_line(label, columns);
    length = length < sizeof first ? length : sizeof first - 1;
    memcpy(first, label, length);
    first[length] = '\0';
    write_line(out, tag, n, x, tag->at + TAGS_LINE / 2.0, first, columns, true);
    label += length + strspn(label + length, " ");
    write_line(out, tag, n + 1, x, tag->at - TAGS_LINE / 2.0, label, columns, false);
    return n + 1;
}

void tags_write(struct tag *tag, int count, double x, double bottom, double top,
                int columns, FILE *out)
{
    static const char *const parts[] = {"", "_curve", "_x", "_y", "_end_x", "_end_y"};
    if (count > 1)
        qsort(tag, (size_t)count, sizeof *tag, by_height);
    for (int i = 0; i < count; i++) {
        tag[i].y = fmax(tag[i].y, bottom);
        tag[i].lines = script_width(tag[i].label, columns) > columns ? 2 : 1;
    }
    spread(tag, count, top);
    for (int i = 0; i < 6; i++)
        fprintf(out, "array tag%s[%d]\n", parts[i], 2 * count + 1);
    int lines = 0;
    for (int i = 0; i < count; i++)
        lines = write_tag(out, &tag[i], lines + 1, x, columns);
    fprintf(out, "tags = %d\n", lines);
}
