/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/human.h"

#include <math.h>

struct unit {
    double size;
    const char *name;
};

/* Ascending, ended by a NULL name; the first is used for all that is smaller. */
static const struct unit times[] = {{1e-9, " ns"},  {1e-6, " us"}, {1e-3, " ms"},
                                    {1, " s"},      {120, " min"}, {7200, " h"},
                                    {172800, " d"}, {0, NULL}};
static const double time_scale[] = {1e-9, 1e-6, 1e-3, 1, 60, 3600, 86400};
static const struct unit rates[] = {{1, "/s"}, {1e4, "k/s"}, {1e6, "M/s"}, {0, NULL}};
static const struct unit numbers[] = {
    {1, ""}, {1e4, "k"}, {1e6, "M"}, {1e9, "G"}, {0, NULL}};
static const double thousand_scale[] = {1, 1e3, 1e6, 1e9};
static const struct unit sizes[] = {
    {1, " B"},          {1024, " KiB"},        {1048576, " MiB"},
    {1073741824, " GiB"}, {1099511627776, " TiB"}, {0, NULL}};
static const double size_scale[] = {1, 1024, 1048576, 1073741824, 1099511627776};
static const struct unit parts[] = {{0.01, " %"}, {0, NULL}};
static const double part_scale[] = {0.01};

struct choice {
    double scale;
    const char *name;
    int decimals;
};

static int decimals_for(double value)
{
    double size = fabs(value);
    return size == 0 ? 0 : size < 0.995 ? 3 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
}

/* The largest unit that the value reaches, to three digits. */
static struct choice choose(enum human_kind kind, double value)
{
    const struct unit *units = kind == HUMAN_TIME   ? times
                               : kind == HUMAN_RATE ? rates
                               : kind == HUMAN_PART ? parts
                               : kind == HUMAN_SIZE ? sizes
                                                    : numbers;
    const double *scale = kind == HUMAN_TIME   ? time_scale
                          : kind == HUMAN_PART ? part_scale
                          : kind == HUMAN_SIZE ? size_scale
                                               : thousand_scale;
    int u = 0;
    while (units[u + 1].name && fabs(value) >= units[u + 1].size * 0.99951)
        u++;
    struct choice c = {scale[u], units[u].name, decimals_for(value / scale[u])};
    if (kind == HUMAN_PART && c.decimals > 2)
        c.decimals = 2;
    if (kind == HUMAN_COUNT && u == 0)
        c.decimals = 0;
    return c;
}

/* Not 0, but its digits would say so. */
static bool too_small(const struct choice *c, enum human_kind kind, double value)
{
    return value > 0 && kind != HUMAN_COUNT &&
           value / c->scale < 0.5 * pow(10, -c->decimals);
}

const char *human_value(struct arena *arena, enum human_kind kind, double value)
{
    if (isnan(value))
        return "-";
    if (isinf(value))
        return value > 0 ? "unlimited" : "-";
    struct choice c = choose(kind, value);
    if (too_small(&c, kind, value))
        return arena_format(arena, "<%.*f%s", c.decimals, pow(10, -c.decimals), c.name);
    return arena_format(arena, "%.*f%s", c.decimals, value / c.scale, c.name);
}

const char *human_half_width(struct arena *arena, enum human_kind kind,
                             const struct estimate *e)
{
    if (isnan(e->value) || isnan(e->half_width) || e->half_width <= 0)
        return "";
    struct choice c = choose(kind, e->value);
    if (too_small(&c, kind, e->value))
        return "";
    double width = e->half_width / c.scale;
    struct choice own = choose(kind, e->half_width);
    if (width >= 999.5 && own.scale > c.scale) /* +442 us ±12.3 ms, not ±12313 */
        return arena_format(arena, "±%.*f%s", own.decimals, e->half_width / own.scale,
                            own.name);
    if (c.decimals == 0 && e->value == 0)
        c.decimals = decimals_for(width);
    /* A width that the value's digits cannot show gets one more digit. */
    if (width < 0.5 * pow(10, -c.decimals))
        c.decimals++;
    if (width < 0.5 * pow(10, -c.decimals))
        return "";
    return arena_format(arena, "±%.*f", c.decimals, width);
}

const char *human_estimate(struct arena *arena, enum human_kind kind,
                           const struct estimate *e)
{
    const char *width = human_half_width(arena, kind, e);
    const char *value = human_value(arena, kind, e->value);
    return *width ? arena_format(arena, "%s %s", value, width) : value;
}

int human_width(const char *text)
{
    int columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}
