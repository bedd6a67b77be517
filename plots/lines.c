/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/lines.h"

#include "plots/axis.h"
#include "plots/raster.h"
#include "plots/script.h"
#include "plots/tags.h"
#include "plots/words.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pixels. */
enum { LEFT = 76, LABEL_HEIGHT = TAGS_HEIGHT };
enum { NARROW = 700, MARK_MOST = 40, NAME = 32 };
static const double wide_letter = 7.6, narrow_letter = 6.5; /* on average */

/* Where values differ more than so much an axis from 0 on would hide the small ones. */
static const double outside = 20000; /* what a place costs that is not all inside */
static const double too_covered = 60; /* for what the words around say as well */
static const double half_dash = 4; /* that a lone point becomes */
static const double aside = 30; /* for a name that stands beside its interval */
static const double widest_linear = 25;
static const double beyond = 0.03; /* of the axis, behind its last point */

struct layout {
    const struct figure *figure;
    struct axis x, y;
    double width, height; /* of the plotting area */
    int right;
    struct raster raster;
};

/* --- what can be drawn ----------------------------------------------------------- */

static bool is_drawable(const struct layout *l, const struct curve *s, int k)
{
    return isfinite(s->x[k]) && isfinite(s->y[k]) && (!l->y.log || s->y[k] > 0);
}

static bool is_hollow(const struct curve *s, int k)
{
    return s->hollow && s->hollow[k];
}

static double end_of(const double *ends, const struct curve *s, int k)
{
    return ends && isfinite(ends[k]) ? ends[k] : s->y[k];
}

static bool is_upright(const struct mark *mark)
{
    return isfinite(mark->x);
}

/* A point whose value lies beyond any axis. */
static bool is_beyond(const struct mark *mark)
{
    return isfinite(mark->x) && isinf(mark->y);
}

static bool has_interval(const struct mark *mark)
{
    return is_upright(mark) && mark->high > mark->low;
}

/* The last point, hollow or not; -1: none. */
static int last_point(const struct layout *l, const struct curve *s)
{
    int last = s->count - 1;
    while (last >= 0 && !is_drawable(l, s, last))
        last--;
    return last;
}

/* --- axes ------------------------------------------------------------------------ */

static void include(struct axis *axis, double value)
{
    axis->least = fmin(axis->least, value);
    axis->most = fmax(axis->most, value);
}

/* How far an interval may stretch the axis: no more than twice the value, and not
 * beyond all of something. */
static double highest(enum unit unit, double value)
{
    return unit == UNIT_PART && value <= 1 ? fmin(2 * value, 1) : 2 * value;
}

static void find_ranges(struct layout *l)
{
    const struct table *t = &l->figure->table;
    double least = INFINITY; /* above 0 */
    l->x = (struct axis){.unit = t->x_unit, .least = INFINITY, .most = -INFINITY};
    l->y = (struct axis){.unit = t->y_unit, .least = 0, .most = 0};
    for (int i = 0; i < t->count; i++) {
        const struct curve *s = &t->series[i];
        for (int k = 0; k < s->count; k++) {
            if (isfinite(s->x[k]))
                include(&l->x, s->x[k]);
            if (!isfinite(s->x[k]) || !isfinite(s->y[k]))
                continue;
            include(&l->y, s->y[k]);
            include(&l->y, fmin(end_of(s->high, s, k), highest(t->y_unit, s->y[k])));
            if (s->y[k] > 0)
                least = fmin(least, s->y[k]);
        }
    }
    for (int i = 0; i < t->mark_count; i++) {
        const struct mark *mark = &t->marks[i];
        if (isfinite(mark->x))
            include(&l->x, has_interval(mark) ? mark->high : mark->x);
        if (isfinite(mark->y))
            include(&l->y, mark->y);
    }
    if (l->x.least > 0 && l->x.least < 0.5 * l->x.most)
        l->x.least = 0;
    if (t->y_unit == UNIT_TIME && l->y.most > widest_linear * least) {
        l->y.log = true;
        l->y.least = least * 0.9; /* a line on the frame would be half a line */
        l->y.most *= 1.1;
    }
    if (t->y_unit == UNIT_PART && l->y.most > 0.5)
        l->y.most = fmax(l->y.most, 1);
    if (!(l->y.most > 0))
        l->y.most = 1;
    double end = l->x.most + beyond * (l->x.most - l->x.least);
    axis_round(&l->x, (int)fmax(l->width / 64, 3));
    if (end > l->x.least + 0.1 * l->x.step)
        l->x.most = fmin(l->x.most, end);
    axis_round(&l->y, (int)fmax(l->height / 40, 4));
}

static double pixel_x(const struct layout *l, double x)
{
    return l->width * axis_place(&l->x, x);
}

static double pixel_y(const struct layout *l, double y)
{
    return l->height * axis_place(&l->y, y);
}

/* --- labels of lines: beside their ends, on the right ----------------------------- */

static void write_tags(const struct layout *l, FILE *out)
{
    const struct table *t = &l->figure->table;
    double bottom = words_bottom(l->figure);
    struct tag *tag = calloc((size_t)t->count + 1, sizeof *tag);
    int count = 0;
    for (int i = 0; tag && i < t->count; i++) {
        const struct curve *s = &t->series[i];
        int k = last_point(l, s);
        if (k >= 0)
            tag[count++] = (struct tag){.label = s->label,
                                        .colour = i + 1,
                                        .x = LEFT + pixel_x(l, s->x[k]),
                                        .y = bottom + pixel_y(l, s->y[k])};
    }
    tags_write(tag, count, LEFT + l->width + TAGS_GAP, bottom, bottom + l->height,
               tags_columns(l->figure->width), out);
    free(tag);
}

static int right_margin(const struct figure *f)
{
    struct tag *tag = calloc((size_t)f->table.count + 1, sizeof *tag);
    for (int i = 0; tag && i < f->table.count; i++)
        tag[i].label = f->table.series[i].label;
    int margin = tags_margin(tag, tag ? f->table.count : 0, tags_columns(f->width),
                             f->width);
    free(tag);
    return margin;
}

/* --- marks ------------------------------------------------------------------------ */

static void draw_everything(struct layout *l)
{
    const struct table *t = &l->figure->table;
    for (int i = 0; i < t->count; i++) {
        const struct curve *s = &t->series[i];
        int last = -1;
        for (int k = 0; k < s->count; k++) {
            if (!is_drawable(l, s, k))
                continue;
            double x = pixel_x(l, s->x[k]), y = pixel_y(l, s->y[k]);
            raster_fill(&l->raster, (struct box){x - 6, y - 6, x + 6, y + 6});
            if (last >= 0)
                raster_line(&l->raster, pixel_x(l, s->x[last]),
                            pixel_y(l, s->y[last]), x, y);
            last = k;
        }
        last = last_point(l, s);
        if (last >= 0) { /* to its name */
            double y = pixel_y(l, s->y[last]);
            raster_line(&l->raster, pixel_x(l, s->x[last]), y, l->width, y);
        }
    }
    for (int i = 0; i < t->mark_count; i++) {
        double x = pixel_x(l, t->marks[i].x);
        if (is_beyond(&t->marks[i]))
            raster_fill(&l->raster, (struct box){x - 7, l->height - 14, x + 7,
                                                 l->height});
        else if (is_upright(&t->marks[i]))
            raster_fill(&l->raster, (struct box){x - 4, 0, x + 4, l->height});
    }
}

static void consider(const struct layout *l, struct box box, double far,
                     struct box *best, double *cost)
{
    double price = 20.0 * raster_covered(&l->raster, box) + far;
    if (price < *cost) {
        *cost = price;
        *best = box;
    }
}

/* Along its own line, where it covers the least. */
static struct box place_mark(const struct layout *l, const struct mark *mark,
                             double width, bool *inside)
{
    struct box best = {0, 0, width, LABEL_HEIGHT};
    double cost = INFINITY;
    bool upright = is_upright(mark);
    double at = upright ? pixel_x(l, mark->x) : pixel_y(l, mark->y);
    double length = is_beyond(mark) ? LABEL_HEIGHT
                    : upright       ? l->height - LABEL_HEIGHT
                                    : l->width - width;
    for (double along = 0; along <= length; along += 6) {
        if (upright) {
            double y = l->height - LABEL_HEIGHT - along;
            double low = at - 9 - width, high = at + 9;
            double outside_of_it = has_interval(mark) ? aside : 0;
            consider(l, (struct box){low, y, low + width, y + LABEL_HEIGHT},
                     along + outside_of_it, &best, &cost);
            consider(l, (struct box){high, y, high + width, y + LABEL_HEIGHT}, along,
                     &best, &cost);
        } else {
            double above = at + 3, below = at - 3 - LABEL_HEIGHT;
            consider(l, (struct box){along, above, along + width, above + LABEL_HEIGHT},
                     along, &best, &cost);
            consider(l, (struct box){along, below, along + width, below + LABEL_HEIGHT},
                     along + 10, &best, &cost);
        }
    }
    *inside = cost < (is_beyond(mark) ? too_covered : outside);
    return best;
}

static void write_mark(struct layout *l, const struct mark *mark, int n, FILE *out)
{
    int bottom = words_bottom(l->figure);
    double column = l->figure->width < NARROW ? narrow_letter : wide_letter;
    double width = column * script_width(mark->label, MARK_MOST);
    bool inside, upright = is_upright(mark), interval = has_interval(mark);
    struct box box = place_mark(l, mark, width, &inside);
    if (inside)
        raster_fill(&l->raster, box);
    fprintf(out, "mark[%d] = ", n);
    script_text(out, inside ? mark->label : "", MARK_MOST);
    fprintf(out, "\nmark_curve[%d] = %d", n, mark->series);
    fprintf(out, "\nmark_upright[%d] = %d\nmark_beyond[%d] = %d\n", n, upright, n,
            is_beyond(mark));
    fprintf(out, "mark_zone[%d] = %d\nmark_at[%d] = %.9g\n", n, mark->limit, n,
            upright ? mark->x : mark->y);
    fprintf(out, "mark_low[%d] = %.9g\nmark_high[%d] = %.9g\n", n,
            interval ? fmax(mark->low, l->x.least) : 0, n,
            interval ? fmin(mark->high, l->x.most) : 0);
    fprintf(out, "mark_x[%d] = %.1f\nmark_y[%d] = %.1f\n", n, LEFT + box.left, n,
            bottom + (box.bottom + box.top) / 2);
}

static void write_marks(struct layout *l, FILE *out)
{
    const struct table *t = &l->figure->table;
    static const char *const parts[] = {"",      "_upright", "_beyond", "_zone", "_at",
                                        "_low",  "_high",    "_x",      "_y",
                                        "_curve"};
    int count = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        fprintf(out, "array mark%s[%d]\n", parts[i], t->mark_count + 1);
    draw_everything(l);
    for (int i = 0; i < t->mark_count; i++)
        if (is_upright(&t->marks[i]) || isfinite(t->marks[i].y))
            write_mark(l, &t->marks[i], ++count, out);
    fprintf(out, "marks = %d\n", count);
}

/* --- data ------------------------------------------------------------------------- */

static bool finish(FILE *file)
{
    bool written = !ferror(file);
    return fclose(file) == 0 && written;
}

/* Points get in each other's way where there are many. */
static double point_size(const struct layout *l)
{
    int most = 0;
    for (int i = 0; i < l->figure->table.count; i++)
        most = l->figure->table.series[i].count > most
                   ? l->figure->table.series[i].count
                   : most;
    return most > 40 ? 0 : 0.7;
}

static bool is_joined(const struct layout *l, const struct curve *s, int k)
{
    return k >= 0 && k < s->count && is_drawable(l, s, k) && !is_hollow(s, k);
}

static bool is_lone(const struct layout *l, const struct curve *s, int k)
{
    return !is_joined(l, s, k - 1) && !is_joined(l, s, k + 1);
}

/* A point that no line leads to is a short line itself where points are not marked. */
static void write_point(const struct layout *l, const struct curve *s, int k, bool lone,
                        FILE *out)
{
    double low = fmax(end_of(s->low, s, k), l->y.least);
    double high = fmin(end_of(s->high, s, k), l->y.most);
    double half = lone ? half_dash / l->width * (l->x.most - l->x.least) : 0;
    for (int i = lone ? -1 : 1; i <= 1; i += 2)
        fprintf(out, "%.9g %.9g %.9g %.9g\n", s->x[k] + i * half, s->y[k], low, high);
}

/* x, y, low, high within the axes; an empty line where the line breaks. Without any
 * point gnuplot would call the file empty. */
static bool write_points(const struct layout *l, const struct curve *s, bool hollow,
                         const struct workspace *space, const char *name)
{
    FILE *out = workspace_create(space, name);
    if (!out)
        return false;
    fputs("NaN NaN NaN NaN\n\n", out);
    for (int k = 0; k < s->count; k++) {
        if (is_drawable(l, s, k) && is_hollow(s, k) == hollow)
            write_point(l, s, k, !hollow && !point_size(l) && is_lone(l, s, k), out);
        else if (!hollow)
            putc('\n', out);
    }
    return finish(out);
}

static bool write_data(const struct layout *l, const struct workspace *space)
{
    const struct table *t = &l->figure->table;
    for (int i = 0; i < t->count; i++) {
        char joined[NAME], hollow[NAME];
        snprintf(joined, sizeof joined, "curve%d.dat", i + 1);
        snprintf(hollow, sizeof hollow, "hollow%d.dat", i + 1);
        if (!write_points(l, &t->series[i], false, space, joined) ||
            !write_points(l, &t->series[i], true, space, hollow))
            return false;
    }
    return true;
}

/* --- figure.gp -------------------------------------------------------------------- */

static int drawable_curves(const struct layout *l)
{
    int count = 0;
    for (int i = 0; i < l->figure->table.count; i++)
        count += last_point(l, &l->figure->table.series[i]) >= 0;
    return count;
}

static bool write_script(struct layout *l, const struct workspace *space)
{
    FILE *out = workspace_create(space, "figure.gp");
    if (!out)
        return false;
    words_write(l->figure, LEFT, l->right, out);
    fprintf(out, "x_least = %.9g\nx_most = %.9g\n", l->x.least, l->x.most);
    fprintf(out, "y_least = %.9g\ny_most = %.9g\ny_log = %d\n", l->y.least, l->y.most,
            l->y.log);
    fprintf(out, "curves = %d\nsomething = %d\npoint_size = %g\n",
            l->figure->table.count, drawable_curves(l), point_size(l));
    axis_tics(out, "xtics", &l->x);
    axis_tics(out, "ytics", &l->y);
    write_tags(l, out);
    write_marks(l, out);
    fputs("load 'lines.gp'\n", out);
    return finish(out);
}

enum figure_result lines_write(const struct figure *figure,
                               const struct workspace *space, char *error, size_t size)
{
    struct layout layout = {.figure = figure};
    layout.right = right_margin(figure);
    layout.width = figure->width - LEFT - layout.right;
    layout.height = figure->height - words_top(figure) - words_bottom(figure);
    layout.raster.width = layout.width;
    layout.raster.height = layout.height;
    find_ranges(&layout);
    if (write_script(&layout, space) && write_data(&layout, space))
        return FIGURE_DRAWN;
    snprintf(error, size, "%s: %s", space->path, strerror(errno));
    return FIGURE_FAILED;
}
