/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/tail.h"

#include "plots/raster.h"
#include "plots/script.h"
#include "plots/words.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Margins around the plotting area, and text measures, in pixels. */
enum { LEFT = 84, RIGHT = 76, LABEL_COLUMN = 8 };
enum { LABEL_HEIGHT = 20, LABEL_GAP = 10 };
enum { CURVE_MOST = 24, MARK_MOST = 40 /* columns */ };

static const double deepest = 1e-7; /* the lowest fraction worth an axis */
static const double widest = 1e9;   /* the most that the times of one axis may differ */

struct layout {
    const struct figure *figure;
    double width, height;   /* of the plotting area */
    double x_least, x_most; /* of the axes */
    double y_least;
    struct raster raster;
};

enum side { TO_THE_RIGHT, TO_THE_LEFT };

struct place {
    struct box box;
    enum side side;
    double cost;
};

/* --- what can be drawn ----------------------------------------------------------- */

static bool is_drawable(const struct curve *s, int k)
{
    return isfinite(s->x[k]) && s->x[k] > 0 && isfinite(s->y[k]) && s->y[k] > 0;
}

static int drawable_points(const struct curve *s)
{
    int count = 0;
    for (int k = 0; k < s->count; k++)
        count += is_drawable(s, k);
    return count;
}

/* One point makes no line. */
static bool is_shown(const struct curve *s)
{
    return drawable_points(s) > 1;
}

/* The number of a series among those shown, from 1; 0 when it is not. */
static int number_shown(const struct table *t, int series)
{
    int number = 0;
    for (int i = 0; i < series && i < t->count; i++)
        number += is_shown(&t->series[i]);
    return series > 0 && series <= t->count && is_shown(&t->series[series - 1])
               ? number
               : 0;
}

static bool is_placeable(const struct mark *mark)
{
    return isfinite(mark->x) && mark->x > 0 && isfinite(mark->y) && mark->y > 0;
}

static bool has_band(const struct curve *s)
{
    return s->low && s->high;
}

/* --- axes ------------------------------------------------------------------------ */

/* The next 1, 2 or 5 times a power of ten at or below x (or above it). */
static double round_number(double x, bool up)
{
    static const double steps[] = {1, 2, 5, 10};
    double decade = pow(10, floor(log10(x)));
    double best = decade;
    for (int i = 0; i < 4; i++) {
        double candidate = steps[i] * decade;
        if (up && candidate >= x * (1 - 1e-9))
            return candidate;
        if (!up && candidate <= x * (1 + 1e-9))
            best = candidate;
    }
    return best;
}

static void include(struct layout *l, double x, double y)
{
    l->x_most = fmax(l->x_most, x);
    if (y < 0.99) /* where all is still slower there is nothing to see */
        l->x_least = fmin(l->x_least, x);
    l->y_least = fmin(l->y_least, y);
}

static void find_ranges(struct layout *l)
{
    const struct table *t = &l->figure->table;
    l->x_least = INFINITY;
    l->x_most = 0;
    l->y_least = 0.01;
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->series[i].count && is_shown(&t->series[i]); k++)
            if (is_drawable(&t->series[i], k))
                include(l, t->series[i].x[k], t->series[i].y[k]);
    for (int i = 0; i < t->mark_count; i++)
        if (is_placeable(&t->marks[i]))
            include(l, t->marks[i].x, 0.5);
    if (l->x_most <= 0)
        include(l, 1, 0.5);

    l->x_least = fmax(fmin(l->x_least, l->x_most / 2), l->x_most / widest);
    l->x_least = round_number(l->x_least, false);
    l->x_most = round_number(l->x_most * 1.2, true);
    l->y_least = pow(10, floor(log10(fmax(l->y_least, deepest)) + 1e-9));
}

static double pixel_x(const struct layout *l, double x)
{
    return l->width * log(x / l->x_least) / log(l->x_most / l->x_least);
}

static double label_width(const char *text, int most)
{
    return (double)LABEL_COLUMN * script_width(text, most);
}

/* Widen the axis until the mark furthest right has room for its label beside it: on its
 * left the label would lie across the line of another. */
static void make_room(struct layout *l)
{
    const struct table *t = &l->figure->table;
    const struct mark *last = NULL;
    int marks = 0;
    for (int i = 0; i < t->mark_count; i++) {
        if (!is_placeable(&t->marks[i]))
            continue;
        marks++;
        if (!last || t->marks[i].x > last->x)
            last = &t->marks[i];
    }
    for (int steps = 0; marks > 1 && steps < 3; steps++) {
        double right = pixel_x(l, last->x) + LABEL_GAP +
                       label_width(last->label, MARK_MOST);
        if (right <= l->width)
            return;
        l->x_most = round_number(l->x_most * 1.01, true);
    }
}

static double pixel_y(const struct layout *l, double y)
{
    return l->height * (1 - log(fmin(fmax(y, l->y_least), 1)) / log(l->y_least));
}

static void write_time(FILE *out, double seconds)
{
    static const struct {
        double least;
        const char *name;
    } units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}};
    int i = 0;
    while (i < 3 && seconds < units[i].least * (1 - 1e-9))
        i++;
    fprintf(out, "%.6g %s", seconds / units[i].least, units[i].name);
}

/* Labels at 1, 2 and 5 where there is room, else at the decades. */
static void write_x_tics(const struct layout *l, FILE *out)
{
    double decades = log10(l->x_most / l->x_least);
    bool all = l->width / decades > 200;
    const char *comma = "";
    fputs("set xtics (", out);
    for (double x = l->x_least; x <= l->x_most * (1 + 1e-9);
         x = round_number(x * 1.5, true)) {
        double tenth = log10(x);
        bool is_decade = fabs(tenth - round(tenth)) < 1e-9;
        fprintf(out, "%s'", comma);
        if (all || is_decade)
            write_time(out, x);
        fprintf(out, "' %.9g", x);
        comma = ", ";
    }
    fputs(")\n", out);
}

/* Fractions on the left, the percentiles that people name them by on the right. */
static void write_y_tics(const struct layout *l, FILE *out)
{
    int decades = (int)lround(-log10(l->y_least));
    fputs("set ytics (", out);
    for (int k = 0; k <= decades; k++)
        fprintf(out, "%s'%g %%%%' %g", k ? ", " : "", 100 * pow(10, -k), pow(10, -k));
    fputs(")\nset y2tics ('p50' 0.5, 'p90' 0.1, 'p95' 0.05, 'p99' 0.01", out);
    for (int k = 3; k <= decades; k++)
        fprintf(out, ", 'p99.%.*s' %g", k - 2, "99999", pow(10, -k));
    fputs(")\n", out);
}

/* --- places for labels ----------------------------------------------------------- */

static struct box box_beside(double x, double y, double width, enum side side)
{
    double left = side == TO_THE_RIGHT ? x + LABEL_GAP : x - LABEL_GAP - width;
    return (struct box){left, y - LABEL_HEIGHT / 2.0, left + width,
                        y + LABEL_HEIGHT / 2.0};
}

/* Keep the better of two places; `distance` is from where it would best be. */
static void consider(const struct layout *l, struct place *best, double x, double y,
                     double width, enum side side, double distance)
{
    struct place place = {.box = box_beside(x, y, width, side), .side = side};
    place.cost = 20.0 * raster_covered(&l->raster, place.box) + distance;
    if (place.cost < best->cost)
        *best = place;
}

static void draw_curve(struct layout *l, const struct curve *s, const double *y)
{
    int last = -1;
    for (int k = 0; k < s->count; k++) {
        if (!is_drawable(s, k))
            continue;
        if (last >= 0)
            raster_line(&l->raster, pixel_x(l, s->x[last]), pixel_y(l, y[last]),
                        pixel_x(l, s->x[k]), pixel_y(l, y[k]));
        last = k;
    }
}

static void draw_everything(struct layout *l)
{
    const struct table *t = &l->figure->table;
    for (int i = 0; i < t->count; i++) {
        const struct curve *s = &t->series[i];
        if (!is_shown(s))
            continue;
        draw_curve(l, s, s->y);
        if (has_band(s)) {
            draw_curve(l, s, s->low);
            draw_curve(l, s, s->high);
        }
    }
    for (int i = 0; i < t->mark_count; i++) {
        if (!is_placeable(&t->marks[i]))
            continue;
        double x = pixel_x(l, t->marks[i].x), y = pixel_y(l, t->marks[i].y);
        raster_line(&l->raster, x, 0, x, l->height);
        raster_fill(&l->raster, (struct box){x - 6, y - 6, x + 6, y + 6});
    }
}

/* The outermost x where the curve passes the height `level`; NAN if it does not. */
static double crossing(const struct layout *l, const struct curve *s, const double *y,
                       double level, enum side side)
{
    double found = NAN;
    int last = -1;
    for (int k = 0; k < s->count; k++) {
        if (!is_drawable(s, k))
            continue;
        double above = last < 0 ? -1 : pixel_y(l, y[last]), below = pixel_y(l, y[k]);
        if (last >= 0 && above >= level && below <= level) {
            double part = above > below ? (above - level) / (above - below) : 0;
            double x0 = pixel_x(l, s->x[last]), x1 = pixel_x(l, s->x[k]);
            double x = x0 + part * (x1 - x0);
            found = side == TO_THE_RIGHT ? fmax(found, x) : fmin(found, x);
        }
        last = k;
    }
    return found;
}

static double edge(const struct layout *l, const struct curve *s, double level,
                   enum side side)
{
    double x = crossing(l, s, s->y, level, side);
    if (!has_band(s) || isnan(x))
        return x;
    double low = crossing(l, s, s->low, level, side);
    double high = crossing(l, s, s->high, level, side);
    return side == TO_THE_RIGHT ? fmax(x, fmax(low, high)) : fmin(x, fmin(low, high));
}

static int last_point(const struct curve *s)
{
    int k = s->count - 1;
    while (!is_drawable(s, k))
        k--;
    return k;
}

/* Beside its own line, best a third of the way up, where tails are apart; a line too
 * short to pass any of the levels has it at its end. */
static struct place place_curve_label(const struct layout *l, const struct curve *s,
                                      double width)
{
    struct place best = {.box = {0, 0, width, LABEL_HEIGHT}, .cost = INFINITY};
    for (double level = 12; level <= l->height - 12; level += 4) {
        for (enum side side = TO_THE_RIGHT; side <= TO_THE_LEFT; side++) {
            double x = edge(l, s, level, side);
            double distance =
                fabs(level - l->height / 3) / 4 + (side == TO_THE_LEFT ? 15 : 0);
            if (!isnan(x))
                consider(l, &best, x, level, width, side, distance);
        }
    }
    int k = last_point(s);
    double x = pixel_x(l, s->x[k]), y = pixel_y(l, s->y[k]);
    for (enum side side = TO_THE_RIGHT; side <= TO_THE_LEFT && isinf(best.cost); side++)
        consider(l, &best, x, y, width, side, 0);
    return best;
}

static struct place place_mark_label(const struct layout *l, const struct mark *mark,
                                     double width)
{
    struct place best = {.cost = INFINITY};
    double x = pixel_x(l, mark->x), y = pixel_y(l, mark->y);
    for (double away = 0; away < l->height; away += 4) {
        for (enum side side = TO_THE_RIGHT; side <= TO_THE_LEFT; side++) {
            consider(l, &best, x, y + away, width, side, away);
            consider(l, &best, x, y - away, width, side, away);
        }
    }
    return best;
}

/* --- figure.gp ------------------------------------------------------------------- */

/* `name`_label[i] and its place, in pixels of the whole figure. */
static void write_label(struct layout *l, FILE *out, const char *name, int i,
                        const char *text, int most, const struct place *place)
{
    raster_fill(&l->raster, place->box);
    double x = place->side == TO_THE_RIGHT ? place->box.left : place->box.right;
    fprintf(out, "%s_label[%d] = ", name, i);
    script_text(out, text, most);
    fprintf(
        out, "\n%s_label_x[%d] = %.1f\n%s_label_y[%d] = %.1f\n%s_on_left[%d] = %d\n",
        name, i, LEFT + x, name, i,
        words_bottom(l->figure) + (place->box.bottom + place->box.top) / 2,
        name, i, place->side == TO_THE_LEFT);
}

static void write_arrays(FILE *out, const char *name, int count)
{
    static const char *const parts[] = {"label", "label_x", "label_y", "on_left"};
    for (int i = 0; i < 4; i++)
        fprintf(out, "array %s_%s[%d]\n", name, parts[i], count + 1);
}

static void write_marks(struct layout *l, FILE *out)
{
    const struct table *t = &l->figure->table;
    int count = 0;
    write_arrays(out, "mark", t->mark_count);
    fprintf(out, "array mark_x[%d]\narray mark_y[%d]\narray mark_curve[%d]\n",
            t->mark_count + 1, t->mark_count + 1, t->mark_count + 1);
    for (int i = 0; i < t->mark_count; i++) {
        const struct mark *mark = &t->marks[i];
        if (!is_placeable(mark))
            continue;
        struct place place =
            place_mark_label(l, mark, label_width(mark->label, MARK_MOST));
        write_label(l, out, "mark", ++count, mark->label, MARK_MOST, &place);
        fprintf(out, "mark_x[%d] = %.9g\nmark_y[%d] = %.9g\nmark_curve[%d] = %d\n",
                count, mark->x, count, fmin(fmax(mark->y, l->y_least), 1), count,
                number_shown(t, mark->series));
    }
    fprintf(out, "marks = %d\n", count);
}

static void write_curves(struct layout *l, FILE *out)
{
    const struct table *t = &l->figure->table;
    int count = 0;
    write_arrays(out, "curve", t->count);
    for (int i = 0; i < t->count; i++) {
        const struct curve *s = &t->series[i];
        if (!is_shown(s))
            continue;
        struct place place = place_curve_label(l, s, label_width(s->label, CURVE_MOST));
        write_label(l, out, "curve", ++count, s->label, CURVE_MOST, &place);
    }
    fprintf(out, "curves = %d\n", count);
}

static void write_script(struct layout *l, FILE *out)
{
    const struct figure *f = l->figure;
    struct figure said = *f;
    said.table.y_label = "share of requests that took longer";
    if (!said.table.x_label)
        said.table.x_label = "response time";
    words_write(&said, LEFT, RIGHT, out);
    fprintf(out, "x_least = %.9g\nx_most = %.9g\ny_least = %.9g\n", l->x_least,
            l->x_most, l->y_least);
    write_x_tics(l, out);
    write_y_tics(l, out);
    draw_everything(l);
    write_marks(l, out);
    write_curves(l, out);
    fputs("load 'tail.gp'\n", out);
}

/* --- data ------------------------------------------------------------------------ */

static double clipped(const struct layout *l, double y)
{
    return fmin(fmax(y, l->y_least), 1);
}

/* x, y, low, high; points less than a third of a pixel from the last are left out. */
static void write_series(const struct layout *l, const struct curve *s, FILE *out)
{
    double last_x = -INFINITY, last_y = -INFINITY;
    for (int k = 0; k < s->count; k++) {
        if (!is_drawable(s, k))
            continue;
        double x = pixel_x(l, s->x[k]), y = pixel_y(l, s->y[k]);
        if (k + 1 < s->count && hypot(x - last_x, y - last_y) < 0.33)
            continue;
        double low = has_band(s) ? s->low[k] : s->y[k];
        double high = has_band(s) ? s->high[k] : s->y[k];
        fprintf(out, "%.9g %.9g %.9g %.9g\n", s->x[k], clipped(l, s->y[k]),
                clipped(l, low), clipped(l, high));
        last_x = x;
        last_y = y;
    }
}

static bool finish(FILE *file)
{
    bool written = !ferror(file);
    return fclose(file) == 0 && written;
}

static bool write_data(const struct layout *l, const struct workspace *space)
{
    const struct table *t = &l->figure->table;
    int count = 0;
    for (int i = 0; i < t->count; i++) {
        if (!is_shown(&t->series[i]))
            continue;
        char name[32];
        snprintf(name, sizeof name, "curve%d.dat", ++count);
        FILE *out = workspace_create(space, name);
        if (!out)
            return false;
        write_series(l, &t->series[i], out);
        if (!finish(out))
            return false;
    }
    return true;
}

enum figure_result tail_write(const struct figure *figure,
                              const struct workspace *space, char *error, size_t size)
{
    struct layout layout = {.figure = figure};
    layout.width = figure->width - LEFT - RIGHT;
    layout.height = figure->height - words_top(figure) - words_bottom(figure);
    layout.raster.width = layout.width;
    layout.raster.height = layout.height;
    find_ranges(&layout);
    make_room(&layout);
    FILE *out = workspace_create(space, "figure.gp");
    if (out) {
        write_script(&layout, out);
        if (finish(out) && write_data(&layout, space))
            return FIGURE_DRAWN;
    }
    snprintf(error, size, "%s: %s", space->path, strerror(errno));
    return FIGURE_FAILED;
}
