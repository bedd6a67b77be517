/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/dots.h"

#include "plots/axis.h"
#include "plots/script.h"
#include "plots/words.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pixels, and columns of text. */
enum { EDGE = 24, RIGHT = 36, GAP = 44, NARROW = 700, NARROW_GAP = 34, TEXT = 32 };
enum { NAME_MOST = 24, NAME_MOST_NARROW = 16, LINE = 15, NOTE_MOST = 24 };
enum { TIC_ROOM = 56, NOTE_HEIGHT = 40, LABEL_HEIGHT = 32, BESIDE = 9, LOW_ROW = 20 };

static const double wide_letter = 7.6, narrow_letter = 6.5;

struct layout {
    const struct figure *figure;
    struct axis *axis; /* of each column; its ends are pixels of the plotting area */
    int left;
    double width, height, row;
};

static double letter(const struct figure *f)
{
    return f->width < NARROW ? narrow_letter : wide_letter;
}

static double gap_of(const struct figure *f)
{
    return f->width < NARROW ? NARROW_GAP : GAP;
}

static int name_most(const struct figure *f)
{
    return f->width < NARROW ? NAME_MOST_NARROW : NAME_MOST;
}

static bool has_value(const struct curve *s, int k)
{
    return k < s->count && isfinite(s->y[k]) && !(s->hollow && s->hollow[k]);
}

static double end_of(const double *ends, const struct curve *s, int k)
{
    return ends && isfinite(ends[k]) ? ends[k] : s->y[k];
}

/* ---- places ---------------------------------------------------------------------- */

static int left_margin(const struct figure *f)
{
    int widest = 1, most = name_most(f);
    for (int k = 0; k < f->table.categories; k++) {
        int width = script_width(f->table.category[k], most);
        widest = width > widest ? width : widest;
    }
    return EDGE + 14 + (int)(letter(f) * (widest > most ? most : widest));
}

static void find_axis(struct layout *l, int column)
{
    const struct table *t = &l->figure->table;
    const struct curve *s = &t->series[column];
    struct axis *axis = &l->axis[column];
    double gap = gap_of(l->figure), each = (l->width + gap) / t->count;
    *axis = (struct axis){.unit = s->unit, .least = 0, .most = 0};
    for (int k = 0; k < t->categories; k++)
        if (has_value(s, k)) {
            axis->least = fmin(axis->least, s->y[k]);
            axis->most = fmax(axis->most, fmax(s->y[k], end_of(s->high, s, k)));
        }
    axis_round(axis, (int)fmax((each - gap) / TIC_ROOM, 1));
    axis->from = column * each;
    axis->to = axis->from + each - gap;
}

static double place(const struct axis *a, double value)
{
    return a->from + (a->to - a->from) * axis_place(a, value);
}

static double row_at(const struct layout *l, int k)
{
    return l->height - (k + 0.5) * l->row;
}

/* ---- figure.gp ------------------------------------------------------------------- */

static void write_text(FILE *out, const char *name, int n, const char *text, int most)
{
    fprintf(out, "%s[%d] = ", name, n);
    script_text(out, text, most);
    putc('\n', out);
}

/* A name in two lines where it is long. */
static void write_name(const struct layout *l, int k, FILE *out)
{
    const char *name = l->figure->table.category[k];
    int most = name_most(l->figure);
    size_t length = name ? script_line(name, most) : 0;
    char first[4 * NAME_MOST + 16];
    bool two = name && name[length] && l->row >= 2 * LINE && length < sizeof first;
    if (two) {
        memcpy(first, name, length);
        first[length] = '\0';
        name += length + strspn(name + length, " ");
    }
    write_text(out, "name", k + 1, two ? first : name, most);
    write_text(out, "more", k + 1, two ? name : "", most);
    fprintf(out, "name_y[%d] = %.1f\nname_lines[%d] = %d\n", k + 1, row_at(l, k), k + 1,
            two ? 2 : 1);
}

static void write_columns(const struct layout *l, FILE *out)
{
    const struct table *t = &l->figure->table;
    fprintf(out, "array column_x[%d]\narray column_end[%d]\narray column_name[%d]\n",
            t->count + 1, t->count + 1, t->count + 1);
    fprintf(out, "array first[%d]\n", t->count + 1);
    for (int i = 0; i < t->count; i++) {
        const struct axis *axis = &l->axis[i];
        fprintf(out, "column_x[%d] = %.1f\ncolumn_end[%d] = %.1f\n", i + 1, axis->from,
                i + 1, axis->to);
        double room = axis->to - axis->from + gap_of(l->figure);
        write_text(out, "column_name", i + 1, t->series[i].label,
                   (int)(room / letter(l->figure)));
        fprintf(out, "first[%d] = %.1f\n", i + 1,
                t->categories > 1 && has_value(&t->series[i], 0)
                    ? place(axis, t->series[i].y[0])
                    : -1);
        axis_tics(out, i ? "xtics add" : "xtics", axis);
    }
}

/* How a label stands to its dot and the interval around it. */
enum side { ABOVE, TO_THE_RIGHT, TO_THE_LEFT, NOWHERE };

/* Above where rows are high enough, else where the column has room beside it. */
static enum side side_of(const struct layout *l, const struct axis *axis, double low,
                         double high, double width)
{
    if (l->row >= LABEL_HEIGHT)
        return ABOVE;
    if (high + BESIDE + width < axis->to + gap_of(l->figure) - BESIDE)
        return TO_THE_RIGHT;
    return low - BESIDE - width > axis->from ? TO_THE_LEFT : NOWHERE;
}

/* In the middle of the dot, as far as that is inside the column. */
static double centre(const struct layout *l, const struct axis *axis, double at,
                     double width)
{
    double last = axis->to + gap_of(l->figure) / 2 - width / 2;
    return fmax(fmin(at, last), axis->from + width / 2 - BESIDE);
}

static void write_label(const struct layout *l, int column, int k, int n, FILE *out)
{
    const struct curve *s = &l->figure->table.series[column];
    const struct axis *axis = &l->axis[column];
    char text[TEXT] = "–";
    const char *note = s->note && s->note[k] && l->row >= NOTE_HEIGHT ? s->note[k] : "";
    bool known = has_value(s, k);
    if (known)
        axis_text(s->unit, s->y[k], text, sizeof text);
    else if (s->hollow && k < s->count && s->hollow[k])
        snprintf(text, sizeof text, "overloaded");
    double width = letter(l->figure) * script_width(text, TEXT);
    double below = letter(l->figure) * script_width(note, NOTE_MOST);
    double at = known ? place(axis, s->y[k]) : (axis->from + axis->to) / 2;
    double low = known ? place(axis, end_of(s->low, s, k)) : at;
    double high = known ? place(axis, end_of(s->high, s, k)) : at;
    enum side side = known ? side_of(l, axis, low, high, width) : ABOVE;
    write_text(out, "label", n, side == NOWHERE ? "" : text, TEXT);
    write_text(out, "note", n, note, NOTE_MOST);
    fprintf(out, "label_side[%d] = %d\nlabel_x[%d] = %.1f\n", n, (int)side, n,
            side == TO_THE_RIGHT  ? high + BESIDE
            : side == TO_THE_LEFT ? low - BESIDE
                                  : centre(l, axis, at, width));
    fprintf(out, "label_y[%d] = %.1f\nnote_x[%d] = %.1f\nnote_y[%d] = %.1f\n", n,
            row_at(l, k) + (known && side == ABOVE ? 14 : 0), n,
            centre(l, axis, at, below), n, row_at(l, k) - 14);
    fprintf(out, "label_row[%d] = %d\n", n, k + 1);
}

static bool write_script(const struct layout *l, const struct workspace *space)
{
    static const char *const of_names[] = {"name", "more", "name_y", "name_lines"};
    static const char *const of_labels[] = {"label",   "note",   "label_side",
                                            "label_x", "label_y", "note_x",
                                            "note_y",  "label_row"};
    const struct table *t = &l->figure->table;
    int labels = t->count * t->categories;
    FILE *out = workspace_create(space, "figure.gp");
    if (!out)
        return false;
    words_write(l->figure, l->left, RIGHT, out);
    fprintf(out, "area_width = %.1f\narea_height = %.1f\nrow = %.1f\n", l->width,
            l->height, l->row);
    fprintf(out, "point_size = %g\n", l->row < LOW_ROW ? 0.7 : 1.0);
    fprintf(out, "names = %d\ncolumns_shown = %d\nlabels = %d\n", t->categories,
            t->count, labels);
    for (int i = 0; i < 4; i++)
        fprintf(out, "array %s[%d]\n", of_names[i], t->categories + 1);
    for (int i = 0; i < 8; i++)
        fprintf(out, "array %s[%d]\n", of_labels[i], labels + 1);
    for (int k = 0; k < t->categories; k++)
        write_name(l, k, out);
    write_columns(l, out);
    for (int i = 0; i < labels; i++)
        write_label(l, i / t->categories, i % t->categories, i + 1, out);
    fputs("load 'dots.gp'\n", out);
    bool written = !ferror(out);
    return fclose(out) == 0 && written;
}

/* Pixels of the dot and of the ends of its interval, its row; then the numbers. */
static bool write_data(const struct layout *l, const struct workspace *space)
{
    const struct table *t = &l->figure->table;
    FILE *out = workspace_create(space, "dots.dat");
    if (!out)
        return false;
    fputs("NaN NaN NaN NaN 1 NaN NaN NaN\n", out);
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->categories; k++) {
            const struct curve *s = &t->series[i];
            if (!has_value(s, k))
                continue;
            double low = end_of(s->low, s, k), high = end_of(s->high, s, k);
            fprintf(out, "%.1f %.1f %.1f %.1f %d %.9g %.9g %.9g\n",
                    place(&l->axis[i], s->y[k]), row_at(l, k), place(&l->axis[i], low),
                    place(&l->axis[i], high), k + 1, s->y[k], low, high);
        }
    bool written = !ferror(out);
    return fclose(out) == 0 && written;
}

enum figure_result dots_write(const struct figure *figure,
                              const struct workspace *space, char *error, size_t size)
{
    const struct table *t = &figure->table;
    struct layout l = {.figure = figure, .left = left_margin(figure)};
    l.width = figure->width - l.left - RIGHT;
    l.height = figure->height - words_top(figure) - words_bottom(figure);
    l.row = l.height / fmax(t->categories, 1);
    l.axis = calloc((size_t)t->count + 1, sizeof *l.axis);
    for (int i = 0; l.axis && i < t->count; i++)
        find_axis(&l, i);
    bool written = l.axis && write_script(&l, space) && write_data(&l, space);
    if (!written)
        snprintf(error, size, "%s: %s", space->path, strerror(errno));
    free(l.axis);
    return written ? FIGURE_DRAWN : FIGURE_FAILED;
}
