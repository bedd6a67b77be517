/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/axis.h"

#include <math.h>
#include <string.h>

struct scale {
    double least;
    const char *name;
};

static const struct scale times[] = {
    {3600, " h"}, {60, " min"}, {1, " s"}, {1e-3, " ms"}, {1e-6, " µs"}, {1e-9, " ns"}};
static const struct scale rates[] = {{1e6, "M/s"}, {1e4, "k/s"}, {1e-3, "/s"}};
static const struct scale numbers[] = {{1e9, "G"}, {1e6, "M"}, {1e4, "k"}, {1e-9, ""}};

static const double widest = 1e9; /* the most that ends of one axis may differ */
static const double smallest = 1e-12; /* what is smaller counts as 0 */

/* The size of the unit that a value of this size is written in: of rates and numbers
 * "k" stands for 1000, not for the 10000 from which on it is used. */
static double unit_size(enum unit unit, double value, const char **name)
{
    const struct scale *scale = unit == UNIT_TIME   ? times
                                : unit == UNIT_RATE ? rates
                                                    : numbers;
    int last = (unit == UNIT_TIME   ? (int)(sizeof times / sizeof *times)
                : unit == UNIT_RATE ? (int)(sizeof rates / sizeof *rates)
                                    : (int)(sizeof numbers / sizeof *numbers)) -
               1;
    int i = 0;
    if (unit == UNIT_PART) {
        *name = " %%"; /* tics are formats */
        return 0.01;
    }
    while (i < last && value < scale[i].least * (1 - 1e-9))
        i++;
    *name = scale[i].name;
    if (unit == UNIT_TIME)
        return scale[i].least;
    return scale[i].least == 1e4 ? 1e3 : scale[i].least < 1 ? 1 : scale[i].least;
}

/* The least of 1, 2 and 5 times a power of ten that is not below x. */
static double step_above(double x)
{
    double decade = pow(10, floor(log10(x) + 1e-9));
    return x <= decade * (1 + 1e-9)     ? decade
           : x <= 2 * decade * (1 + 1e-9) ? 2 * decade
           : x <= 5 * decade * (1 + 1e-9) ? 5 * decade
                                          : 10 * decade;
}

static double next_log_tic(double x)
{
    return step_above(x * 1.01);
}

static void round_log(struct axis *a)
{
    if (!(a->least > 0) || !(a->most >= a->least) || a->most < smallest) {
        a->least = 1e-3;
        a->most = 1;
    }
    a->least = fmax(a->least, a->most / widest);
    double low = pow(10, floor(log10(a->least) + 1e-9));
    a->least = a->least >= 5 * low ? 5 * low : a->least >= 2 * low ? 2 * low : low;
    a->most = step_above(fmax(a->most, a->least * 2));
    a->step = 0;
}

/* Hours and minutes are not divided by ten. */
static double time_step(double x)
{
    static const double steps[] = {60,   120,  300,   600,   900,  1800,
                                   3600, 7200, 14400, 28800, 43200, 86400};
    if (x <= 50)
        return step_above(x);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (x <= steps[i])
            return steps[i];
    return 86400 * step_above(x / 86400);
}

void axis_round(struct axis *a, int tics)
{
    if (a->log) {
        round_log(a);
        return;
    }
    if (!(a->most >= a->least))
        a->least = 0, a->most = 1;
    if (fmax(fabs(a->least), fabs(a->most)) < smallest)
        a->least = a->most = 0;
    if (a->most == a->least)
        a->most = a->least + (a->least ? fabs(a->least) : 1);
    double rough = (a->most - a->least) / tics;
    a->step = a->unit == UNIT_TIME ? time_step(rough) : step_above(rough);
    a->least = a->step * floor(a->least / a->step + 1e-9);
    a->most = a->step * ceil(a->most / a->step - 1e-9);
}

double axis_place(const struct axis *a, double value)
{
    double part = a->log
                      ? log(fmax(value, a->least) / a->least) / log(a->most / a->least)
                      : (value - a->least) / (a->most - a->least);
    return fmin(fmax(part, 0), 1);
}

static void write_tic(FILE *out, const struct axis *a, double value, const char *comma)
{
    /* Linear axes have one unit throughout: of times that of their step, so that it is
     * not 0.3333 min. */
    const char *name;
    double of = a->log ? value : a->unit == UNIT_TIME ? a->step : a->most;
    double size = unit_size(a->unit, of, &name);
    double at = a->to > a->from ? a->from + (a->to - a->from) * axis_place(a, value)
                                : value;
    if (value == 0 && a->unit != UNIT_PART)
        fprintf(out, "%s'0' %.9g", comma, at);
    else
        fprintf(out, "%s'%.6g%s' %.9g", comma, value / size, name, at);
}

void axis_bare(enum unit unit, double value, double like, char *text, size_t size)
{
    const char *name;
    double in_unit = value / unit_size(unit, fabs(like), &name);
    snprintf(text, size, fabs(in_unit) >= 100 ? "%.0f" : "%.3g", in_unit);
}

const char *axis_unit(enum unit unit, double like)
{
    const char *name;
    if (unit == UNIT_PART)
        return " %";
    unit_size(unit, fabs(like), &name);
    return like == 0 ? "" : name;
}

void axis_text(enum unit unit, double value, char *text, size_t size)
{
    axis_bare(unit, value, value, text, size);
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s", axis_unit(unit, value));
}

void axis_tics(FILE *out, const char *name, const struct axis *a)
{
    const char *comma = "";
    fprintf(out, "set %s (", name);
    if (a->log) {
        bool all = log10(a->most / a->least) < 3.2;
        for (double x = a->least; x <= a->most * (1 + 1e-9); x = next_log_tic(x)) {
            double decade = log10(x);
            if (!all && fabs(decade - round(decade)) > 1e-9)
                continue;
            write_tic(out, a, x, comma);
            comma = ", ";
        }
    } else {
        int count = (int)floor((a->most - a->least) / a->step + 1e-9);
        for (int i = 0; i <= count; i++, comma = ", ")
            write_tic(out, a, a->least + i * a->step, comma);
    }
    fputs(")\n", out);
}
