/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/quantity.h"

#include "experiments/where.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* value in memory = number * times / per; both are whole, so that 30/min is exactly
 * 0.5/s */
struct unit {
    const char *name;
    double times, per;
};

static const struct unit durations[] = {
    {"ns", 1, 1},   {"us", 1e3, 1},   {"ms", 1e6, 1},      {"s", 1e9, 1},
    {"min", 6e10, 1}, {"h", 3.6e12, 1}, {"d", 8.64e13, 1},
    {"\xc2\xb5s", 1e3, 1}, {"\xce\xbcs", 1e3, 1}, /* micro sign and Greek mu */
    {0},
};
static const struct unit rates[] = {
    {"/s", 1, 1}, {"/min", 1, 60}, {"/h", 1, 3600}, {"/d", 1, 86400}, {0},
};
static const struct unit sizes[] = {
    {"B", 1, 1},          {"kB", 1e3, 1},         {"MB", 1e6, 1},
    {"GB", 1e9, 1},       {"TB", 1e12, 1},        {"KiB", 1024, 1},
    {"MiB", 1048576, 1},  {"GiB", 1073741824, 1}, {"TiB", 1099511627776, 1},
    {"kb", 1024, 1},      {"mb", 1048576, 1}, /* as redis.conf has it */
    {"gb", 1073741824, 1},
    {0},
};
static const struct unit fractions[] = {{"%", 1, 100}, {0}};
static const struct unit cores[] = {{"m", 1, 1000}, {0}};

static const struct kind {
    enum param_type type;
    const struct unit *units;
    int told; /* how many of the units messages list */
    double scale;
    bool bare;
    const char *noun;
} kinds[] = {
    {PARAM_DURATION, durations, 7, 1e9, false,
     "a duration such as \"30s\" or \"250ms\""},
    {PARAM_RATE, rates, 4, 1, false, "a rate such as \"500/s\" or \"30/min\""},
    {PARAM_SIZE, sizes, 9, 1, false, "a size such as \"440MiB\" or \"2GB\""},
    {PARAM_FRACTION, fractions, 1, 1, true, "a fraction such as 0.8 or \"80%\""},
    {PARAM_CPU, cores, 1, 1, true, "a number of cores such as 1.5 or \"250m\""},
};

enum { KINDS = sizeof kinds / sizeof *kinds, MOST_UNITS = 12 };

static const struct kind *kind_of(enum param_type type)
{
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].type == type)
            return &kinds[i];
    return NULL;
}

bool quantity_has_units(enum param_type type)
{
    return kind_of(type) != NULL;
}

bool quantity_may_be_bare(enum param_type type)
{
    const struct kind *kind = kind_of(type);
    return kind && kind->bare;
}

double quantity_scale(enum param_type type)
{
    const struct kind *kind = kind_of(type);
    return kind ? kind->scale : 1;
}

const char *quantity_noun(enum param_type type)
{
    const struct kind *kind = kind_of(type);
    return kind ? kind->noun : "a number";
}

/* ---- reading --------------------------------------------------------------------- */

static size_t digits_at(const char *text)
{
    return strspn(text, "0123456789");
}

/* Length of the decimal number that begins the text, 0 if none does. */
static size_t number_length(const char *text)
{
    size_t sign = text[0] == '-', whole = digits_at(text + sign);
    if (whole == 0)
        return 0;
    size_t length = sign + whole;
    if (text[length] == '.') {
        size_t decimals = digits_at(text + length + 1);
        if (decimals == 0)
            return 0;
        length += 1 + decimals;
    }
    return length;
}

static const struct unit *unit_named(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (strcmp(units->name, name) == 0)
            return units;
    return NULL;
}

bool quantity_read(enum param_type type, const char *text, double *value)
{
    const struct kind *kind = kind_of(type);
    size_t length = number_length(text);
    if (!kind || length == 0)
        return false;
    const struct unit *unit = unit_named(kind->units, text + length);
    if (!unit)
        return false;
    *value = strtod(text, NULL) * unit->times / unit->per + 0.0;
    return isfinite(*value);
}

/* What people write instead of a unit's name, beside other cases of it. */
static const struct {
    enum param_type type;
    const char *written, *meant;
} slips[] = {
    {PARAM_DURATION, "sec", "s"},      {PARAM_DURATION, "secs", "s"},
    {PARAM_DURATION, "second", "s"},   {PARAM_DURATION, "seconds", "s"},
    {PARAM_DURATION, "msec", "ms"},    {PARAM_DURATION, "millis", "ms"},
    {PARAM_DURATION, "m", "min"},      {PARAM_DURATION, "mins", "min"},
    {PARAM_DURATION, "minute", "min"}, {PARAM_DURATION, "minutes", "min"},
    {PARAM_DURATION, "hour", "h"},     {PARAM_DURATION, "hours", "h"},
    {PARAM_DURATION, "day", "d"},      {PARAM_DURATION, "days", "d"},
    {PARAM_RATE, "rps", "/s"},         {PARAM_RATE, "req/s", "/s"},
    {PARAM_RATE, "r/s", "/s"},         {PARAM_RATE, "/sec", "/s"},
    {PARAM_RATE, "rpm", "/min"},       {PARAM_RATE, "r/m", "/min"},
    {PARAM_RATE, "/m", "/min"},        {PARAM_SIZE, "k", "KiB"},
    {PARAM_SIZE, "m", "MiB"},          {PARAM_SIZE, "g", "GiB"},
    {PARAM_SIZE, "Mi", "MiB"},         {PARAM_SIZE, "Gi", "GiB"},
    {PARAM_SIZE, "Ki", "KiB"},
};

static bool same_but_case(const char *a, const char *b)
{
    while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b))
        a++, b++;
    return *a == *b;
}

static const char *unit_meant(const struct kind *kind, const char *written)
{
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++)
        if (slips[i].type == kind->type && same_but_case(slips[i].written, written))
            return slips[i].meant;
    for (int i = 0; i < kind->told; i++)
        if (same_but_case(kind->units[i].name, written))
            return kind->units[i].name;
    return NULL;
}

const char *quantity_meant(struct arena *arena, enum param_type type, const char *text)
{
    const struct kind *kind = kind_of(type);
    const char *given = text;
    char dense[32];
    size_t length = 0;
    for (; *text && length + 1 < sizeof dense; text++)
        if (*text != ' ' && *text != '\t')
            dense[length++] = *text;
    dense[length] = '\0';
    size_t digits = number_length(dense);
    bool number = kind && digits && !*text;
    const char *unit = number ? unit_meant(kind, dense + digits) : NULL;
    if (!unit)
        return NULL;
    const char *meant = arena_format(arena, "%.*s%s", (int)digits, dense, unit);
    return strcmp(meant, given) == 0 ? NULL : meant;
}

bool quantity_unit(enum param_type type, const char *name, double *scale)
{
    const struct kind *kind = kind_of(type);
    const struct unit *unit = kind ? unit_named(kind->units, name) : NULL;
    if (unit)
        *scale = unit->times / unit->per;
    return unit != NULL;
}

/* ---- telling --------------------------------------------------------------------- */

const char *quantity_units(struct arena *arena, enum param_type type)
{
    const struct kind *kind = kind_of(type);
    const char *names[MOST_UNITS];
    for (int i = 0; kind && i < kind->told; i++)
        names[i] = kind->units[i].name;
    return where_alternatives(arena, names, kind ? kind->told : 0);
}

const char *quantity_pattern(struct arena *arena, enum param_type type)
{
    const struct kind *kind = kind_of(type);
    if (!kind)
        return NULL;
    const char *units = kind->units[0].name;
    for (const struct unit *unit = kind->units + 1; unit->name; unit++)
        units = arena_format(arena, "%s|%s", units, unit->name);
    return arena_format(arena, "^[0-9]+([.][0-9]+)?(%s)$", units);
}

/* ---- writing --------------------------------------------------------------------- */

const char *quantity_number(struct arena *arena, double value, int digits)
{
    char *text = arena_format(arena, "%.*g", digits, value);
    if (!strchr(text, 'e'))
        return text;
    int decimals = digits - 1 - (int)floor(log10(fabs(value)));
    text = arena_format(arena, "%.*f", decimals > 0 ? decimals : 0, value);
    char *end = text + strlen(text);
    while (decimals > 0 && end[-1] == '0')
        *--end = '\0';
    if (decimals > 0 && end[-1] == '.')
        end[-1] = '\0';
    return text;
}

static const char *plain(struct arena *arena, double value)
{
    if (value == floor(value) && fabs(value) < 1e16)
        return arena_format(arena, "%.0f", value + 0.0);
    if (fabs(value) >= 1e-4)
        return arena_format(arena, "%.15g", value);
    char *text = arena_format(arena, "%.12f", value); /* units know no exponents */
    for (char *end = text + strlen(text) - 1; *end == '0'; end--)
        *end = '\0';
    return text;
}

/* The largest of the units in which the value is a whole number, NULL if none is. */
static const struct unit *unit_to_write(const struct kind *kind, double value)
{
    const struct unit *best = NULL;
    for (int i = 0; i < kind->told; i++) {
        const struct unit *unit = &kind->units[i];
        double number = value * unit->per / unit->times;
        if (number >= 1 && number == floor(number) &&
            (!best || unit->times / unit->per > best->times / best->per))
            best = unit;
    }
    return best;
}

const char *quantity_written(struct arena *arena, enum param_type type, double si)
{
    const struct kind *kind = kind_of(type);
    if (!kind || kind->bare)
        return plain(arena, si);
    double value = type == PARAM_DURATION ? floor(si * kind->scale + 0.5) : si;
    const struct unit *unit = unit_to_write(kind, value);
    if (!unit || type == PARAM_RATE)
        unit = type == PARAM_DURATION ? unit_named(kind->units, "s") : kind->units;
    return arena_format(arena, "%s%s", plain(arena, value * unit->per / unit->times),
                        unit->name);
}

/* Three digits, without zeros that say nothing. */
static const char *three_digits(struct arena *arena, double value)
{
    double size = fabs(value);
    int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
    if (size > 0 && size < 0.0995)
        return arena_format(arena, "%.3g", value);
    char *text = arena_format(arena, "%.*f", decimals, value);
    if (decimals > 0) {
        char *end = text + strlen(text);
        while (end[-1] == '0')
            *--end = '\0';
        if (end[-1] == '.')
            end[-1] = '\0';
    }
    return text;
}

struct step {
    double below; /* use this unit for values that round to less */
    double divide;
    const char *name;
};

static const struct step duration_steps[] = {
    {999.5e-9, 1e-9, " ns"}, {999.5e-6, 1e-6, " \xc2\xb5s"}, {999.5e-3, 1e-3, " ms"},
    {119.5, 1, " s"}, {7170, 60, " min"}, {172800, 3600, " h"}, {INFINITY, 86400, " d"},
};
static const struct step size_steps[] = {
    {1023.5, 1, " B"},
    {1023.5 * 1024, 1024, " KiB"},
    {1023.5 * 1048576, 1048576, " MiB"},
    {1023.5 * 1073741824, 1073741824, " GiB"},
    {INFINITY, 1099511627776, " TiB"},
};
static const struct step rate_steps[] = {
    {0.00995, 1.0 / 3600, "/h"}, {0.0995, 1.0 / 60, "/min"}, {999.5, 1, "/s"},
    {999.5e3, 1e3, "k/s"}, {999.5e6, 1e6, "M/s"}, {INFINITY, 1e9, "G/s"},
};
static const struct step fraction_steps[] = {{INFINITY, 0.01, " %"}};
static const struct step bare_steps[] = {{INFINITY, 1, ""}};

static const struct step *steps_of(enum param_type type)
{
    switch (type) {
    case PARAM_DURATION:
        return duration_steps;
    case PARAM_SIZE:
        return size_steps;
    case PARAM_RATE:
        return rate_steps;
    case PARAM_FRACTION:
        return fraction_steps;
    default:
        return bare_steps;
    }
}

const char *quantity_text(struct arena *arena, enum param_type type, double si)
{
    if (isnan(si))
        return "-";
    if (isinf(si))
        return si > 0 ? "infinite" : "-infinite";
    const struct step *step = steps_of(type);
    if (si == 0) /* in the unit that has no prefix, not in the smallest */
        while (step->divide < 1 && step->below < INFINITY)
            step++;
    while (fabs(si) >= step->below)
        step++;
    return arena_format(arena, "%s%s", three_digits(arena, si / step->divide),
                        step->name);
}
