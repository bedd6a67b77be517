/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/expression.h"

#include "experiments/human.h"
#include "experiments/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 64 };

struct reader {
    const char *text, *at;
    struct arena *arena;
    const char *why; /* the first mistake; NULL: none */
    int depth;
};

static const struct unit {
    const char *name;
    double scale;
    int time, size, money;
} units[] = {
    {"ns", 1e-9, 1, 0, 0},         {"us", 1e-6, 1, 0, 0},
    {"ms", 1e-3, 1, 0, 0},         {"s", 1, 1, 0, 0},
    {"min", 60, 1, 0, 0},          {"h", 3600, 1, 0, 0},
    {"d", 86400, 1, 0, 0},         {"B", 1, 0, 1, 0},
    {"kB", 1e3, 0, 1, 0},          {"MB", 1e6, 0, 1, 0},
    {"GB", 1e9, 0, 1, 0},          {"TB", 1e12, 0, 1, 0},
    {"KiB", 0x1p10, 0, 1, 0},      {"MiB", 0x1p20, 0, 1, 0},
    {"GiB", 0x1p30, 0, 1, 0},      {"TiB", 0x1p40, 0, 1, 0},
    {NULL, 0, 0, 0, 0},
};

static struct measure plain(double value)
{
    return (struct measure){.value = value};
}

static struct measure wrong(struct reader *r, const char *why)
{
    if (!r->why)
        r->why = why;
    return plain(NAN);
}

static void skip_blanks(struct reader *r)
{
    r->at += strspn(r->at, " \t");
}

static bool take(struct reader *r, char sign)
{
    skip_blanks(r);
    if (*r->at != sign)
        return false;
    r->at++;
    return true;
}

/* Letters at the place, not yet taken. */
static size_t word_length(const struct reader *r)
{
    size_t length = 0;
    while (isalpha((unsigned char)r->at[length]))
        length++;
    return length;
}

static const struct unit *unit_of(const char *word, size_t length)
{
    for (const struct unit *u = units; u->name; u++)
        if (strlen(u->name) == length && strncmp(u->name, word, length) == 0)
            return u;
    return NULL;
}

/* ---- the four operations --------------------------------------------------------- */

static struct measure scaled(struct measure a, struct measure b, int sign)
{
    return (struct measure){sign > 0 ? a.value * b.value : a.value / b.value,
                            a.time + sign * b.time, a.size + sign * b.size,
                            a.money + sign * b.money};
}

bool measure_same_unit(const struct measure *a, const struct measure *b)
{
    return a->time == b->time && a->size == b->size && a->money == b->money;
}

static struct measure added(struct reader *r, struct measure a, struct measure b,
                            int sign)
{
    if (!r->why && !measure_same_unit(&a, &b))
        return wrong(r, arena_format(r->arena, "%s and %s have different units",
                                     measure_text(&a, r->arena),
                                     measure_text(&b, r->arena)));
    a.value += sign * b.value;
    return a;
}

/* ---- reading --------------------------------------------------------------------- */

static struct measure sum(struct reader *r);

/* Columns count characters. */
static struct measure told(struct reader *r, const char *what)
{
    int column = 1;
    for (const char *c = r->text; c < r->at; c++)
        column += ((unsigned char)*c & 0xc0) != 0x80;
    return wrong(r, arena_format(r->arena, "%s at column %d", what, column));
}

/* Signs as documents print them, in place of those of a keyboard. */
static struct measure tell_unexpected(struct reader *r)
{
    static const struct {
        const char *printed, *meant;
    } signs[] = {{"\u00d7", "*"}, {"\u00b7", "*"}, {"\u00f7", "/"}, {"\u2212", "-"},
                 {"\u2013", "-"}, {"x", "*"},      {":", "/"}};
    uint32_t point;
    size_t size = utf8_decode(r->at, strlen(r->at), &point);
    const char *sign = arena_text(r->arena, r->at, size ? size : 1), *hint = "";
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strcmp(sign, signs[i].printed) == 0)
            hint = arena_format(r->arena, " (did you mean \"%s\"?)", signs[i].meant);
    told(r, arena_format(r->arena, "\"%s\" is not expected", sign));
    r->why = arena_format(r->arena, "%s%s", r->why, hint);
    return plain(NAN);
}

/* A unit at the place; 1 of nothing where there is none. */
static struct measure unit(struct reader *r)
{
    skip_blanks(r);
    if (take(r, '%'))
        return plain(0.01);
    size_t length = word_length(r);
    if (length == 0)
        return plain(1);
    const struct unit *u = unit_of(r->at, length);
    if (!u && length == 1 && *r->at == 'x')
        return tell_unexpected(r);
    if (!u)
        return wrong(r, arena_format(r->arena,
                                     "\"%.*s\" is no unit; there are ns, us, ms, s, "
                                     "min, h, d, B, kB, MB, GB, TB, KiB, MiB, GiB, "
                                     "TiB, %% and $",
                                     (int)length, r->at));
    r->at += length;
    return (struct measure){u->scale, u->time, u->size, u->money};
}

static struct measure number(struct reader *r)
{
    size_t whole = strspn(r->at, "0123456789"), length = whole;
    if (whole && r->at[whole] == '.')
        length += 1 + strspn(r->at + whole + 1, "0123456789");
    if (whole == 0 || r->at[length - 1] == '.')
        return told(r, "a number is missing");
    double value = strtod(r->at, NULL);
    r->at += length;
    return scaled(plain(value), unit(r), 1);
}

static double rounded(double value, double (*whole)(double))
{
    /* 0.3 / 0.1 is not to be 2 when it is rounded down */
    double near = floor(value + 0.5);
    return fabs(value - near) <= 1e-9 * fabs(value) ? near : whole(value);
}

/* ceil(x), floor(x), min(x, y), max(x, y): what stands before the bracket is known. */
static struct measure call(struct reader *r, const char *name, size_t length)
{
    bool two = strncmp(name, "min", length) == 0 || strncmp(name, "max", length) == 0;
    struct measure a = sum(r);
    if (two && !take(r, ','))
        return told(r, "a comma is missing");
    if (two) {
        struct measure b = sum(r);
        added(r, a, b, 1); /* complains of different units */
        a.value = *name == 'm' && name[1] == 'i' ? fmin(a.value, b.value)
                                                 : fmax(a.value, b.value);
    } else if (a.time || a.size || a.money) {
        return wrong(r, arena_format(r->arena, "%.*s() needs a plain number, not %s",
                                     (int)length, name, measure_text(&a, r->arena)));
    } else {
        a.value = rounded(a.value, *name == 'c' ? ceil : floor);
    }
    return take(r, ')') ? a : told(r, "a closing bracket is missing");
}

static bool is_function(const char *word, size_t length)
{
    static const char *const names[] = {"ceil", "floor", "min", "max"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && strncmp(names[i], word, length) == 0)
            return word[length] == '(';
    return false;
}

/* Without a sign before it. */
static struct measure bare_factor(struct reader *r)
{
    skip_blanks(r);
    if (take(r, '(')) {
        struct measure m = sum(r);
        return take(r, ')') ? m : told(r, "a closing bracket is missing");
    }
    if (take(r, '$')) {
        struct measure m = number(r);
        m.money++;
        return m;
    }
    const char *word = r->at;
    size_t length = word_length(r);
    if (length && is_function(word, length)) {
        r->at += length + 1;
        return call(r, word, length);
    }
    return length ? unit(r) : number(r);
}

static struct measure factor(struct reader *r)
{
    bool negative = false;
    while (take(r, '-'))
        negative = !negative;
    struct measure m = bare_factor(r);
    m.value = negative ? -m.value : m.value;
    return m;
}

static struct measure product(struct reader *r)
{
    struct measure m = factor(r);
    while (!r->why) {
        if (take(r, '*')) {
            m = scaled(m, factor(r), 1);
        } else if (take(r, '/')) {
            struct measure by = factor(r);
            if (by.value == 0)
                return wrong(r, "a division by 0");
            m = scaled(m, by, -1);
        } else {
            break;
        }
    }
    return m;
}

static struct measure sum(struct reader *r)
{
    if (++r->depth > MOST_DEPTH)
        return wrong(r, "too many brackets in one another");
    struct measure m = product(r);
    while (!r->why) {
        if (take(r, '+'))
            m = added(r, m, product(r), 1);
        else if (take(r, '-'))
            m = added(r, m, product(r), -1);
        else
            break;
    }
    r->depth--;
    return m;
}

bool expression_read(const char *text, struct arena *arena, struct measure *out,
                     const char **why)
{
    struct reader r = {.text = text, .at = text, .arena = arena};
    *out = sum(&r);
    skip_blanks(&r);
    if (!r.why && *r.at)
        tell_unexpected(&r);
    if (!r.why && !isfinite(out->value))
        wrong(&r, "the result is no finite number");
    *why = r.why;
    return !r.why;
}

/* ---- writing --------------------------------------------------------------------- */

/* Sizes as the documents count them, by thousands. */
static const char *size_text(double value, struct arena *arena)
{
    static const char *const names[] = {"B", "kB", "MB", "GB", "TB"};
    int u = 0;
    for (; u < 4 && fabs(value) >= 999.5; u++)
        value /= 1000;
    return arena_format(arena, "%.4g %s", value, names[u]);
}

static const char *number_text(double value, struct arena *arena)
{
    bool whole = value == floor(value) || fabs(value) >= 1000;
    return arena_format(arena, whole && fabs(value) < 1e6 ? "%.0f" : "%.4g", value);
}

static const char *with_power(const char *text, const char *unit, int power,
                              struct arena *arena)
{
    if (power == 0)
        return text;
    return power == 1 ? arena_format(arena, "%s %s", text, unit)
                      : arena_format(arena, "%s %s^%d", text, unit, power);
}

const char *measure_text(const struct measure *m, struct arena *arena)
{
    bool one = abs(m->time) + abs(m->size) + abs(m->money) == 1;
    if (one && m->time == 1)
        return human_value(arena, HUMAN_TIME, m->value);
    if (one && m->time == -1)
        return human_value(arena, HUMAN_RATE, m->value);
    if (one && m->size == 1)
        return size_text(m->value, arena);
    if (one && m->money == 1)
        return m->value == floor(m->value)
                   ? arena_format(arena, "$%.0f", m->value)
                   : arena_format(arena, "$%.2f", m->value);
    const char *text = number_text(m->value, arena);
    text = with_power(text, "s", m->time, arena);
    text = with_power(text, "B", m->size, arena);
    return with_power(text, "$", m->money, arena);
}
