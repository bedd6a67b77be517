/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/agreement.h"

#include "plots/script.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { TITLE_MOST = 70, CAPTION_MOST = 130, LABEL_MOST = 40, NAME = 32 };

static bool is_drawable(const struct curve *s, int k)
{
    return isfinite(s->x[k]) && s->x[k] > 0 && isfinite(s->y[k]) && s->y[k] > 0;
}

/* Where nothing is known the interval is the point itself. */
static double end_of(const double *ends, const struct curve *s, int k)
{
    return ends && isfinite(ends[k]) && ends[k] > 0 ? ends[k] : s->y[k];
}

/* The axes: from below the least to above the most of either side. */
static void find_range(const struct table *t, double *least, double *most)
{
    *least = INFINITY;
    *most = 0;
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->series[i].count; k++)
            if (is_drawable(&t->series[i], k)) {
                const struct curve *s = &t->series[i];
                *least = fmin(*least, fmin(s->x[k], end_of(s->low, s, k)));
                *most = fmax(*most, fmax(s->x[k], end_of(s->high, s, k)));
            }
    if (!(*most > 0)) {
        *least = 1e-3;
        *most = 1;
    }
    *least /= 1.3;
    *most *= 1.3;
}

static void write_words(const struct figure *f, FILE *out)
{
    const struct table *t = &f->table;
    fputs("title = ", out);
    script_text(out, t->title, TITLE_MOST);
    fputs("\ncaption = ", out);
    script_text(out, t->caption, CAPTION_MOST);
    fputs("\nnothing = ", out);
    script_text(out, t->nothing ? t->nothing : "nothing to draw", TITLE_MOST);
    fprintf(out, "\ncurves = %d\narray curve_label[%d]\n", t->count,
            t->count ? t->count : 1);
    for (int i = 0; i < t->count; i++) {
        fprintf(out, "curve_label[%d] = ", i + 1);
        script_text(out, t->series[i].label, LABEL_MOST);
        putc('\n', out);
    }
}

static bool finish(FILE *file)
{
    bool written = !ferror(file);
    return fclose(file) == 0 && written;
}

static bool write_script(const struct figure *f, const struct workspace *space)
{
    FILE *out = workspace_create(space, "figure.gp");
    double least, most;
    if (!out)
        return false;
    find_range(&f->table, &least, &most);
    fprintf(out, "width = %d.0\nheight = %d.0\nleast = %.9g\nmost = %.9g\n", f->width,
            f->height, least, most);
    write_words(f, out);
    fputs("load 'agreement.gp'\n", out);
    return finish(out);
}

/* x, y, low, high; a line that cannot be drawn keeps the file from being empty. */
static bool write_data(const struct curve *s, int number, const struct workspace *space)
{
    char name[NAME];
    snprintf(name, sizeof name, "curve%d.dat", number);
    FILE *out = workspace_create(space, name);
    if (!out)
        return false;
    fputs("NaN NaN NaN NaN\n", out);
    for (int k = 0; k < s->count; k++)
        if (is_drawable(s, k))
            fprintf(out, "%.9g %.9g %.9g %.9g\n", s->x[k], s->y[k],
                    end_of(s->low, s, k), end_of(s->high, s, k));
    return finish(out);
}

enum figure_result agreement_write(const struct figure *figure,
                                   const struct workspace *space, char *error,
                                   size_t size)
{
    bool written = write_script(figure, space);
    for (int i = 0; written && i < figure->table.count; i++)
        written = write_data(&figure->table.series[i], i + 1, space);
    if (written)
        return FIGURE_DRAWN;
    snprintf(error, size, "%s: %s", space->path, strerror(errno));
    return FIGURE_FAILED;
}
