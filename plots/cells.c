/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/cells.h"

#include "plots/axis.h"
#include "plots/script.h"
#include "plots/words.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Pixels, and columns of text. */
enum { EDGE = 12, COLUMN = 8, NARROW = 700, NARROW_COLUMN = 7, LETTERS = 16 };
enum { ROW_MOST = 18, SCALE_ROOM = 96, STRIPE = 9, TEXT = 32 };
enum { SWATCHES = 4, SCALE_STEPS = 32 };

static const double widest_linear = 10; /* above that a scale is logarithmic */
static const double dark = 0.53;        /* as a background: letters on it are white */

struct rgb {
    double red, green, blue; /* 0 to 1 */
};

struct layout {
    const struct figure *figure;
    struct axis scale;
    int left, right;
    double width, height; /* of a cell */
    double least;         /* number */
};

/* ---- colours --------------------------------------------------------------------- */

static double channel(const double c[6], double t)
{
    double value = 0;
    for (int i = 5; i >= 0; i--)
        value = value * t + c[i];
    return fmin(fmax(value / 255, 0), 1);
}

/* Cividis: as even a change of lightness to colour-blind eyes as to others, and so in
 * grey (Nunez, Anderton, Renslow 2018); d3-scale-chromatic's polynomials. From its
 * light end, so that more is darker. */
static struct rgb colour_at(double part)
{
    static const double red[6] = {-4.54, -35.34, 2381.73, -6402.7, 7024.72, -2710.57};
    static const double green[6] = {32.49, 170.73, 52.82, -131.46, 176.58, -67.37};
    static const double blue[6] = {81.24,    442.36,  -2482.43,
                                   6167.24, -6614.94, 2475.67};
    double t = 1 - part;
    return (struct rgb){channel(red, t), channel(green, t), channel(blue, t)};
}

static double lightness(struct rgb c)
{
    return 0.299 * c.red + 0.587 * c.green + 0.114 * c.blue;
}

static unsigned packed(struct rgb c)
{
    return (unsigned)lround(255 * c.red) << 16 | (unsigned)lround(255 * c.green) << 8 |
           (unsigned)lround(255 * c.blue);
}

/* By what is known of a cell: lighter is better. */
static const struct rgb known[] = {
    [CELL_PLAIN] = {1, 1, 1},
    [CELL_KEPT] = {0.84, 0.92, 0.98},
    [CELL_MISSED] = {0.77, 0.31, 0.0},
    [CELL_OPEN] = {0.90, 0.72, 0.40},
};
static const struct rgb overloaded = {0.93, 0.93, 0.93};

/* ---- cells ----------------------------------------------------------------------- */

static bool is_there(const struct curve *s, int k)
{
    return k >= 0 && k < s->count;
}

static bool is_hollow(const struct curve *s, int k)
{
    return s->hollow && s->hollow[k];
}

static bool has_number(const struct curve *s, int k)
{
    return is_there(s, k) && !is_hollow(s, k) && isfinite(s->y[k]);
}

static enum cell cell_of(const struct curve *s, int k)
{
    return s->cell && is_there(s, k) && !is_hollow(s, k) ? s->cell[k] : CELL_PLAIN;
}

static bool by_number(const struct layout *l)
{
    return l->figure->kind == FIGURE_CELLS;
}

static bool is_shown(const struct layout *l, const struct curve *s, int k)
{
    return is_there(s, k) && (is_hollow(s, k) || (by_number(l)
                                                      ? has_number(s, k)
                                                      : cell_of(s, k) != CELL_PLAIN));
}

static struct rgb fill_of(const struct layout *l, const struct curve *s, int k)
{
    if (is_hollow(s, k))
        return overloaded;
    return by_number(l) ? colour_at(axis_place(&l->scale, s->y[k]))
                        : known[cell_of(s, k)];
}

static void find_scale(struct layout *l)
{
    const struct table *t = &l->figure->table;
    struct axis *scale = &l->scale;
    *scale = (struct axis){.unit = t->y_unit, .least = INFINITY, .most = -INFINITY};
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->series[i].count; k++)
            if (has_number(&t->series[i], k)) {
                scale->least = fmin(scale->least, t->series[i].y[k]);
                scale->most = fmax(scale->most, t->series[i].y[k]);
            }
    l->least = scale->least;
    scale->log = scale->least > 0 && scale->most > widest_linear * scale->least;
    axis_round(scale, 5);
}

/* ---- data ------------------------------------------------------------------------ */

static bool finish(FILE *file)
{
    bool written = !ferror(file);
    return fclose(file) == 0 && written;
}

/* column, row, number, what is known, overloaded, colour. */
static bool write_cells(const struct layout *l, const struct workspace *space)
{
    const struct table *t = &l->figure->table;
    FILE *out = workspace_create(space, "cells.dat");
    if (!out)
        return false;
    fputs("NaN NaN NaN 0 0 0\n", out);
    for (int i = 0; i < t->count; i++) {
        const struct curve *s = &t->series[i];
        for (int k = 0; k < t->categories; k++)
            if (is_shown(l, s, k))
                fprintf(out, "%d %d %.9g %d %d %u\n", k + 1, i + 1,
                        has_number(s, k) ? s->y[k] : NAN, (int)cell_of(s, k),
                        is_hollow(s, k), packed(fill_of(l, s, k)));
    }
    return finish(out);
}

/* Lines at 45 degrees that go through to the next cell: x, y, and to there. */
static void stripe(const struct layout *l, int column, int row, FILE *out)
{
    double width = l->width, height = l->height, far = width + height;
    double begin = fmod(column * width - row * height, STRIPE);
    for (double d = -begin - STRIPE; d < far + STRIPE; d += STRIPE) {
        /* from the lower edge or the left one, upwards to the left */
        double x0 = fmin(d, width), y0 = d - x0;
        double y1 = fmin(d, height), x1 = d - y1;
        if (d <= 0 || y0 >= height || x1 >= width)
            continue;
        fprintf(out, "%.9g %.9g %.9g %.9g\n", column + 0.5 + x0 / width,
                row + 0.5 + y0 / height, (x1 - x0) / width, (y1 - y0) / height);
    }
}

static bool write_stripes(const struct layout *l, const struct workspace *space)
{
    const struct table *t = &l->figure->table;
    FILE *out = workspace_create(space, "stripes.dat");
    if (!out)
        return false;
    fputs("NaN NaN NaN NaN\n", out);
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->categories; k++)
            if (is_there(&t->series[i], k) && is_hollow(&t->series[i], k))
                stripe(l, k, i, out);
    return finish(out);
}

enum side { SIDE_OPEN, SIDE_KEPT, SIDE_BROKEN };

static enum side side_of(const struct table *t, int row, int column)
{
    const struct curve *s = &t->series[row];
    enum cell cell = cell_of(s, column);
    if (!is_there(s, column))
        return SIDE_OPEN;
    return is_hollow(s, column) || cell == CELL_MISSED ? SIDE_BROKEN
           : cell == CELL_KEPT                         ? SIDE_KEPT
                                                       : SIDE_OPEN;
}

static bool differ(enum side a, enum side b)
{
    return a != b && a != SIDE_OPEN && b != SIDE_OPEN;
}

/* Between cells where promises are kept and those where they are not. */
static bool write_frontier(const struct table *t, const struct workspace *space)
{
    FILE *out = workspace_create(space, "frontier.dat");
    if (!out)
        return false;
    fputs("NaN NaN NaN NaN\n", out);
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->categories; k++) {
            enum side here = side_of(t, i, k);
            if (k + 1 < t->categories && differ(here, side_of(t, i, k + 1)))
                fprintf(out, "%g %g 0 1\n", k + 1.5, i + 0.5);
            if (i + 1 < t->count && differ(here, side_of(t, i + 1, k)))
                fprintf(out, "%g %g 1 0\n", k + 0.5, i + 1.5);
        }
    return finish(out);
}

/* ---- figure.gp ------------------------------------------------------------------- */

static int letter_width(const struct figure *f)
{
    return f->width < NARROW ? NARROW_COLUMN : COLUMN;
}

static int left_margin(const struct figure *f)
{
    int widest = 4;
    for (int i = 0; i < f->table.count; i++) {
        int width = script_width(f->table.series[i].label, ROW_MOST);
        widest = width > widest ? width : widest;
    }
    return EDGE + 12 + (widest > ROW_MOST ? ROW_MOST : widest) * letter_width(f);
}

static const char *const swatch_names[SWATCHES] = {"kept", "missed", "undecided",
                                                   "overloaded"};

/* Which words of the legend are needed, and how wide they are. */
static int find_swatches(const struct layout *l, bool needed[SWATCHES])
{
    const struct table *t = &l->figure->table;
    int widest = 0;
    memset(needed, 0, SWATCHES * sizeof *needed);
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->series[i].count; k++) {
            enum cell cell = cell_of(&t->series[i], k);
            if (cell != CELL_PLAIN)
                needed[cell - CELL_KEPT] = true;
            needed[SWATCHES - 1] |= is_hollow(&t->series[i], k);
        }
    for (int i = 0; i < SWATCHES; i++)
        if (needed[i] && (int)strlen(swatch_names[i]) > widest)
            widest = (int)strlen(swatch_names[i]);
    return widest;
}

static void write_swatches(const struct layout *l, FILE *out)
{
    bool needed[SWATCHES];
    int count = 0;
    find_swatches(l, needed);
    fprintf(out, "array swatch[%d]\narray swatch_rgb[%d]\narray swatch_striped[%d]\n",
            SWATCHES, SWATCHES, SWATCHES);
    for (int i = SWATCHES - 1; i >= 0 && !by_number(l); i--)
        if (needed[i]) {
            struct rgb c = i == SWATCHES - 1 ? overloaded : known[CELL_KEPT + i];
            count++;
            fprintf(out, "swatch[%d] = '%s'\nswatch_rgb[%d] = %u\n", count,
                    swatch_names[i], count, packed(c));
            fprintf(out, "swatch_striped[%d] = %d\n", count, i == SWATCHES - 1);
        }
    fprintf(out, "swatches = %d\n", count);
}

static void write_scale(const struct layout *l, FILE *out)
{
    const struct axis *scale = &l->scale;
    fprintf(out, "scale = %d\nscale_log = %d\nscale_least = %.9g\nscale_most = %.9g\n",
            by_number(l) ? SCALE_STEPS : 0, scale->log, scale->least, scale->most);
    fprintf(out, "array scale_rgb[%d]\n", SCALE_STEPS);
    for (int i = 0; i < SCALE_STEPS; i++)
        fprintf(out, "scale_rgb[%d] = %u\n", i + 1,
                packed(colour_at((i + 0.5) / SCALE_STEPS)));
    axis_tics(out, "y2tics", scale);
}

/* The names of columns stand beneath them: every one where there is room, else some. */
static void write_columns(const struct layout *l, FILE *out)
{
    const struct table *t = &l->figure->table;
    int widest = 1;
    for (int k = 0; k < t->categories; k++) {
        int width = script_width(t->category[k], ROW_MOST);
        widest = width > widest ? width : widest;
    }
    int step = 1 + (int)((widest + 1) * letter_width(l->figure) / l->width);
    fputs("set xtics (", out);
    for (int k = 0; k < t->categories; k++) {
        fputs(k ? ", " : "", out);
        script_tic(out, k % step ? "" : t->category[k], ROW_MOST);
        fprintf(out, " %d", k + 1);
    }
    fputs(")\n", out);
}

static void write_rows(const struct layout *l, FILE *out)
{
    const struct table *t = &l->figure->table;
    int step = 1 + (int)(LETTERS / l->height);
    fputs("set ytics (", out);
    for (int i = 0; i < t->count; i++) {
        fputs(i ? ", " : "", out);
        script_tic(out, i % step ? "" : t->series[i].label, ROW_MOST);
        fprintf(out, " %d", i + 1);
    }
    fputs(")\n", out);
}

/* How the numbers in cells are written: all with their units where they fit, else all
 * in one unit, else none is. */
enum writing { WITH_UNITS, IN_ONE_UNIT, NOT_AT_ALL };

static void write_number(const struct layout *l, enum writing how, double value,
                         char text[TEXT])
{
    if (how == WITH_UNITS)
        axis_text(l->figure->table.y_unit, value, text, TEXT);
    else
        axis_bare(l->figure->table.y_unit, value, l->least, text, TEXT);
}

static bool fits(const struct layout *l, enum writing how)
{
    const struct table *t = &l->figure->table;
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->categories; k++) {
            char text[TEXT];
            if (!has_number(&t->series[i], k))
                continue;
            write_number(l, how, t->series[i].y[k], text);
            if (script_width(text, TEXT) * NARROW_COLUMN + 2 > l->width)
                return false;
        }
    return l->height >= LETTERS;
}

static void write_numbers(const struct layout *l, FILE *out)
{
    static const char *const parts[] = {"", "_x", "_y", "_rgb"};
    const struct table *t = &l->figure->table;
    int count = 0;
    enum writing how = WITH_UNITS;
    while (how < NOT_AT_ALL && !fits(l, how))
        how++;
    for (int i = 0; i < 4; i++)
        fprintf(out, "array number%s[%d]\n", parts[i], t->count * t->categories + 1);
    for (int i = 0; i < t->count && how < NOT_AT_ALL; i++)
        for (int k = 0; k < t->categories; k++) {
            const struct curve *s = &t->series[i];
            char text[TEXT];
            if (!has_number(s, k))
                continue;
            write_number(l, how, s->y[k], text);
            count++;
            bool white = lightness(fill_of(l, s, k)) < dark;
            fprintf(out, "number[%d] = ", count);
            script_text(out, text, TEXT);
            fprintf(out, "\nnumber_x[%d] = %d\nnumber_y[%d] = %d\n", count, k + 1,
                    count, i + 1);
            fprintf(out, "number_rgb[%d] = %u\n", count,
                    white ? 0xffffffu : 0x222222u);
        }
    bool one = how == IN_ONE_UNIT && count > 0;
    fprintf(out, "numbers = %d\nnumbers_in = '%s%s'\n", count, one ? "numbers in" : "",
            one ? axis_unit(t->y_unit, l->least) : "");
}

static int shown(const struct layout *l)
{
    const struct table *t = &l->figure->table;
    int count = 0;
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->categories; k++)
            count += is_shown(l, &t->series[i], k);
    return count;
}

static bool write_script(const struct layout *l, const struct workspace *space)
{
    const struct table *t = &l->figure->table;
    FILE *out = workspace_create(space, "figure.gp");
    if (!out)
        return false;
    words_write(l->figure, l->left, l->right, out);
    fputs("rows_label = ", out);
    script_text(out, t->series_label, ROW_MOST * 2);
    fprintf(out, "\nx_most = %d.5\ny_most = %d.5\nsomething = %d\n", t->categories,
            t->count, shown(l));
    write_columns(l, out);
    write_rows(l, out);
    write_scale(l, out);
    write_swatches(l, out);
    write_numbers(l, out);
    fputs("load 'cells.gp'\n", out);
    return finish(out);
}

enum figure_result cells_write(const struct figure *figure,
                               const struct workspace *space, char *error, size_t size)
{
    const struct table *t = &figure->table;
    struct layout l = {.figure = figure};
    bool needed[SWATCHES];
    find_scale(&l);
    l.left = left_margin(figure);
    l.right = by_number(&l) ? SCALE_ROOM
                            : 44 + letter_width(figure) * find_swatches(&l, needed);
    l.width = (figure->width - l.left - l.right) / fmax(t->categories, 1);
    l.height = (figure->height - words_top(figure) - words_bottom(figure)) /
               fmax(t->count, 1);
    if (write_script(&l, space) && write_cells(&l, space) &&
        write_stripes(&l, space) && write_frontier(t, space))
        return FIGURE_DRAWN;
    snprintf(error, size, "%s: %s", space->path, strerror(errno));
    return FIGURE_FAILED;
}
