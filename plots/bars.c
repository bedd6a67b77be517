/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/bars.h"

#include "plots/axis.h"
#include "plots/script.h"
#include "plots/tags.h"
#include "plots/words.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT = 76, CATEGORY_MOST = 30, LABEL_COLUMN = 7, NAME = 32 };
enum { TAG_MOST = 34, TAG_MOST_NARROW = 26, NARROW = 700 };

static const double half_bar = 0.3; /* of the distance of two */

struct layout {
    const struct figure *figure;
    struct axis y;
    double width, height, bottom;
    int right;
    struct tag *tag;
};

/* The names are what such a figure is read for. */
static int tag_columns(const struct figure *f)
{
    return f->width < NARROW ? TAG_MOST_NARROW : TAG_MOST;
}

static double part(const struct curve *s, int k)
{
    return k < s->count && isfinite(s->y[k]) && s->y[k] > 0 ? s->y[k] : 0;
}

/* What the series before this one have stacked in bar k. */
static double below(const struct table *t, int series, int k)
{
    double sum = 0;
    for (int i = 0; i < series; i++)
        sum += part(&t->series[i], k);
    return sum;
}

static double tallest(const struct table *t)
{
    double most = 0;
    for (int k = 0; k < t->categories; k++)
        most = fmax(most, below(t, t->count, k));
    return most;
}

static double pixel_x(const struct layout *l, double x)
{
    return LEFT + l->width * (x - 0.5) / l->figure->table.categories;
}

static double pixel_y(const struct layout *l, double y)
{
    return l->bottom + l->height * axis_place(&l->y, y);
}

/* Beside the middle of its part of the last bar. */
static void make_tags(struct layout *l)
{
    const struct table *t = &l->figure->table;
    int last = t->categories - 1;
    for (int i = 0; i < t->count; i++)
        l->tag[i] = (struct tag){
            .label = t->series[i].label,
            .colour = i + 1,
            .x = pixel_x(l, t->categories + half_bar) - 4,
            .y = pixel_y(l, below(t, i, last) + part(&t->series[i], last) / 2)};
}

static bool finish(FILE *file)
{
    bool written = !ferror(file);
    return fclose(file) == 0 && written;
}

static void write_categories(const struct layout *l, FILE *out)
{
    const struct table *t = &l->figure->table;
    int most = (int)(l->width / (t->categories ? t->categories : 1)) / LABEL_COLUMN;
    fputs("set xtics (", out);
    for (int k = 0; k < t->categories; k++) {
        fputs(k ? ", " : "", out);
        script_tic(out, t->category[k], most < CATEGORY_MOST ? most : CATEGORY_MOST);
        fprintf(out, " %d", k + 1);
    }
    fputs(")\n", out);
}

static bool write_script(struct layout *l, const struct workspace *space)
{
    const struct table *t = &l->figure->table;
    FILE *out = workspace_create(space, "figure.gp");
    if (!out)
        return false;
    words_write(l->figure, LEFT, l->right, out);
    fprintf(out, "y_most = %.9g\nx_most = %d.5\nhalf_bar = %g\nparts = %d\n", l->y.most,
            t->categories, half_bar, tallest(t) > 0 ? t->count : 0);
    axis_tics(out, "ytics", &l->y);
    write_categories(l, out);
    tags_write(l->tag, tallest(t) > 0 ? t->count : 0,
               LEFT + l->width + TAGS_GAP, l->bottom, l->bottom + l->height,
               tag_columns(l->figure), out);
    fputs("load 'bars.gp'\n", out);
    return finish(out);
}

/* x, low end, high end, value, half-width of its interval (or 0). */
static bool write_data(const struct table *t, const struct workspace *space)
{
    bool written = true;
    for (int i = 0; i < t->count && written; i++) {
        const struct curve *s = &t->series[i];
        char name[NAME];
        snprintf(name, sizeof name, "part%d.dat", i + 1);
        FILE *out = workspace_create(space, name);
        if (!out)
            return false;
        for (int k = 0; k < t->categories; k++) {
            double low = below(t, i, k), value = part(s, k);
            double half = s->high && isfinite(s->high[k]) ? s->high[k] - s->y[k] : 0;
            fprintf(out, "%d %.9g %.9g %.9g %.9g\n", k + 1, low, low + value, value,
                    half);
        }
        written = finish(out);
    }
    return written;
}

enum figure_result bars_write(const struct figure *figure,
                              const struct workspace *space, char *error, size_t size)
{
    const struct table *t = &figure->table;
    struct layout l = {.figure = figure};
    l.tag = calloc((size_t)t->count + 1, sizeof *l.tag);
    if (l.tag) {
        for (int i = 0; i < t->count; i++)
            l.tag[i].label = t->series[i].label;
        l.right = tags_margin(l.tag, t->count, tag_columns(figure),
                              figure->width);
        l.width = figure->width - LEFT - l.right;
        l.bottom = words_bottom(figure);
        l.height = figure->height - words_top(figure) - l.bottom;
        l.y = (struct axis){.unit = t->y_unit, .least = 0, .most = tallest(t)};
        axis_round(&l.y, (int)fmax(l.height / 40, 4));
        make_tags(&l);
    }
    bool written = l.tag && write_script(&l, space) && write_data(t, space);
    if (!written)
        snprintf(error, size, "%s: %s", space->path, strerror(errno));
    free(l.tag);
    return written ? FIGURE_DRAWN : FIGURE_FAILED;
}
