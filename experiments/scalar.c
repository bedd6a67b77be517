/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/scalar.h"

#include "experiments/quantity.h"
#include "experiments/text.h"
#include "sim/sim_time.h"

#include <math.h>
#include <string.h>

enum { LONGEST_NAME = 100 };

#define WHOLE_MOST                                                                     \
    9007199254740991.0 /* 2^53 - 1: every whole number up to it is exact */

size_t scalar_size(enum param_type type)
{
    switch (type) {
    case PARAM_FLAG:
        return sizeof(bool);
    case PARAM_COUNT:
    case PARAM_SIZE:
        return sizeof(int64_t);
    case PARAM_DURATION:
        return sizeof(sim_time);
    case PARAM_NUMBER:
    case PARAM_FRACTION:
    case PARAM_RATE:
    case PARAM_CPU:
    case PARAM_VALUE:
        return sizeof(double);
    case PARAM_TEXT:
    case PARAM_NAME:
        return sizeof(const char *);
    case PARAM_CHOICE:
        return sizeof(int);
    case PARAM_SHARE:
        return sizeof(struct param_share);
    default:
        return 0;
    }
}

enum param_type scalar_type(const struct param *row, enum param_type unit)
{
    if (row->type != PARAM_VALUE)
        return row->type;
    return unit == PARAM_END ? PARAM_NUMBER : unit;
}

bool scalar_fits(const cJSON *value, enum param_type type)
{
    switch (type) {
    case PARAM_FLAG:
        return cJSON_IsBool(value);
    case PARAM_COUNT:
    case PARAM_NUMBER:
        return cJSON_IsNumber(value);
    case PARAM_FRACTION:
    case PARAM_CPU:
    case PARAM_SHARE:
        return cJSON_IsNumber(value) || cJSON_IsString(value);
    default:
        return cJSON_IsString(value);
    }
}

/* ---- bounds ---------------------------------------------------------------------- */

static bool is_never_negative(const struct param *row, enum param_type type)
{
    return row->type != PARAM_VALUE && type != PARAM_NUMBER;
}

void scalar_bounds(const struct param *row, enum param_type type, double *least,
                   double *most)
{
    bool bounded = row->least != 0 || row->most != 0;
    *least = bounded ? row->least : is_never_negative(row, type) ? 0 : -INFINITY;
    *most = bounded ? row->most : type == PARAM_FRACTION ? 1 : INFINITY;
}

static const char *limit(struct bind *bind, enum param_type type, double si)
{
    return quantity_written(bind->arena, type, si);
}

/* Whether an SI value is within the row's bounds; tells if not. */
static bool is_within(struct bind *bind, const cJSON *value, const struct param *row,
                      enum param_type type, double si)
{
    double least, most;
    scalar_bounds(row, type, &least, &most);
    if (si >= least && si <= most)
        return true;
    const char *low = limit(bind, type, least), *high = limit(bind, type, most);
    const char *what = isinf(most) ? arena_format(bind->arena, "at least %s", low)
                       : isinf(least)
                           ? arena_format(bind->arena, "at most %s", high)
                           : arena_format(bind->arena, "between %s and %s", low, high);
    /* As other tools write it. */
    bool percentage = type == PARAM_FRACTION && cJSON_IsNumber(value) && si > most &&
                      si <= 100 * most;
    where_problem(
        bind->where, text_number(value), NULL, "must be %s, is %s%s", what,
        bind_seen(bind, value),
        percentage ? arena_format(bind->arena, " (did you mean \"%g%%\"?)", si) : "");
    return false;
}

/* ---- numbers --------------------------------------------------------------------- */

static void bind_count(struct bind *bind, const cJSON *value, const struct param *row,
                       int64_t *slot)
{
    double number = value->valuedouble;
    if (!cJSON_IsNumber(value) || number != floor(number))
        bind_must_be(bind, value, "a whole number");
    else if (fabs(number) > WHOLE_MOST)
        bind_must_be(bind, value, "a whole number of at most 9007199254740991");
    else if (is_within(bind, value, row, PARAM_COUNT, number))
        *slot = (int64_t)number;
}

/* "must be a duration …, is "30 ms" (did you mean "30ms"?)" */
static void tell_quantity(struct bind *bind, const cJSON *value, enum param_type type,
                          const char *what)
{
    const char *meant = cJSON_IsString(value)
                            ? quantity_meant(bind->arena, type, value->valuestring)
                            : NULL;
    where_problem(
        bind->where, text_number(value), NULL, "must be %s, is %s%s", what,
        bind_seen(bind, value),
        meant ? arena_format(bind->arena, " (did you mean \"%s\"?)", meant) : "");
}

/* A number with a unit, in memory's unit; false if it was none and told. */
static bool read_quantity(struct bind *bind, const cJSON *value, enum param_type type,
                          double *number)
{
    if (cJSON_IsString(value) && quantity_read(type, value->valuestring, number))
        return true;
    if (cJSON_IsNumber(value) && quantity_may_be_bare(type)) {
        *number = value->valuedouble + 0.0;
        return true;
    }
    const char *what = quantity_noun(type);
    if (cJSON_IsString(value) && !quantity_may_be_bare(type))
        what = arena_format(bind->arena, "%s (units: %s)", what,
                            quantity_units(bind->arena, type));
    tell_quantity(bind, value, type, what);
    return false;
}

static bool read_number(struct bind *bind, const cJSON *value, const struct param *row,
                        enum param_type type, double *number)
{
    if (quantity_has_units(type)) {
        if (!read_quantity(bind, value, type, number))
            return false;
    } else if (!cJSON_IsNumber(value)) {
        bind_must_be(bind, value, "a number");
        return false;
    } else {
        *number = value->valuedouble + 0.0;
    }
    return is_within(bind, value, row, type, *number / quantity_scale(type));
}

/* A positive duration of no nanoseconds would be something else than was meant. */
static bool is_whole(struct bind *bind, const cJSON *value, double number, double most,
                     const char *smallest, const char *largest)
{
    if (number > 0 && number < 0.5)
        bind_must_be(bind, value,
                     arena_format(bind->arena, "0 or at least %s", smallest));
    else if (number > most)
        bind_must_be(bind, value, arena_format(bind->arena, "at most %s", largest));
    else
        return true;
    return false;
}

static void bind_number(struct bind *bind, const cJSON *value, const struct param *row,
                        void *slot)
{
    double number;
    enum param_type type = scalar_type(row, bind->unit);
    if (!read_number(bind, value, row, type, &number))
        return;
    if (type == PARAM_DURATION &&
        !is_whole(bind, value, number, (double)SIM_TIME_MAX, "1ns", "53375d"))
        return;
    if (type == PARAM_SIZE &&
        !is_whole(bind, value, number, WHOLE_MOST, "1B", "8191TiB"))
        return;
    if (row->type == PARAM_DURATION || row->type == PARAM_SIZE)
        *(int64_t *)slot = (int64_t)(number + 0.5);
    else
        *(double *)slot = number;
}

/* ---- text ------------------------------------------------------------------------ */

static bool is_name(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t length = strlen(text);
    return length > 0 && length <= LONGEST_NAME && strspn(text, letters) == length;
}

static void bind_text(struct bind *bind, const cJSON *value, const struct param *row,
                      const char **slot)
{
    if (!cJSON_IsString(value))
        bind_must_be(bind, value, row->type == PARAM_NAME ? "a name in double quotes"
                                                          : "text in double quotes");
    else if (row->type == PARAM_NAME && !is_name(value->valuestring))
        bind_must_be(bind, value, "a name of at most 100 letters, digits, - and _");
    else
        *slot = arena_text(bind->arena, value->valuestring, strlen(value->valuestring));
}

static int choice_count(const struct param *row)
{
    int count = 0;
    while (row->choices && row->choices[count])
        count++;
    return count;
}

/* A choice may be a number, such as the status 429: then quotes or none. */
static void bind_choice(struct bind *bind, const cJSON *value, const struct param *row,
                        int *slot)
{
    int count = choice_count(row);
    const char *word = cJSON_IsString(value)   ? value->valuestring
                       : cJSON_IsNumber(value) ? bind_seen(bind, value)
                                               : NULL;
    for (int i = 0; word && i < count; i++) {
        if (strcmp(row->choices[i], word) == 0) {
            *slot = i;
            return;
        }
    }
    bind_unknown(bind, value, "", word, row->choices, count);
}

static void bind_share(struct bind *bind, const cJSON *value, struct param_share *slot)
{
    static const char what[] =
        "a percentage such as \"5%\", a weight such as 3, or \"rest\"";
    double number;
    if (cJSON_IsNumber(value) && value->valuedouble >= 0) {
        *slot = (struct param_share){value->valuedouble + 0.0, SHARE_WEIGHT};
    } else if (cJSON_IsString(value) && strcmp(value->valuestring, "rest") == 0) {
        *slot = (struct param_share){0, SHARE_REST};
    } else if (cJSON_IsString(value) &&
               quantity_read(PARAM_FRACTION, value->valuestring, &number)) {
        if (number >= 0 && number <= 1)
            *slot = (struct param_share){number, SHARE_PERCENT};
        else
            bind_must_be(bind, value, "between 0% and 100%");
    } else {
        tell_quantity(bind, value, PARAM_FRACTION, what);
    }
}

void scalar_bind(struct bind *bind, const cJSON *value, const struct param *row,
                 void *slot)
{
    switch (row->type) {
    case PARAM_FLAG:
        if (cJSON_IsBool(value))
            *(bool *)slot = cJSON_IsTrue(value);
        else
            bind_must_be(bind, value, "true or false");
        break;
    case PARAM_COUNT:
        bind_count(bind, value, row, slot);
        break;
    case PARAM_TEXT:
    case PARAM_NAME:
        bind_text(bind, value, row, slot);
        break;
    case PARAM_CHOICE:
        bind_choice(bind, value, row, slot);
        break;
    case PARAM_SHARE:
        bind_share(bind, value, slot);
        break;
    default:
        bind_number(bind, value, row, slot);
        break;
    }
}

/* ---- absent keys ----------------------------------------------------------------- */

static bool is_integral(enum param_type type)
{
    return type == PARAM_COUNT || type == PARAM_SIZE || type == PARAM_DURATION ||
           type == PARAM_CHOICE;
}

bool scalar_is_required(const struct param *row)
{
    return row->required || (is_integral(row->type) && isnan(row->fallback));
}

void scalar_default(const struct param *row, void *slot, enum param_type unit)
{
    double value = row->fallback * quantity_scale(scalar_type(row, unit));
    switch (row->type) {
    case PARAM_FLAG:
        *(bool *)slot = value != 0;
        break;
    case PARAM_COUNT:
    case PARAM_SIZE:
    case PARAM_DURATION:
        if (!isnan(value))
            *(int64_t *)slot = isinf(value) ? INT64_MAX : (int64_t)floor(value + 0.5);
        break;
    case PARAM_CHOICE:
        if (!isnan(value))
            *(int *)slot = (int)value;
        break;
    case PARAM_NUMBER:
    case PARAM_FRACTION:
    case PARAM_RATE:
    case PARAM_CPU:
    case PARAM_VALUE:
        *(double *)slot = value;
        break;
    default:
        break; /* texts and shares: what zeroed memory says */
    }
}

const char *scalar_noun(struct arena *arena, const struct param *row,
                        enum param_type type)
{
    switch (type) {
    case PARAM_FLAG:
        return "true or false";
    case PARAM_COUNT:
        return "a whole number";
    case PARAM_TEXT:
        return "text in double quotes";
    case PARAM_NAME:
        return "a name in double quotes";
    case PARAM_CHOICE:
        return arena_format(arena, "%s%s", choice_count(row) > 1 ? "one of " : "",
                            where_alternatives(arena, row->choices, choice_count(row)));
    case PARAM_SHARE:
        return "a percentage, a weight or \"rest\"";
    default:
        return quantity_noun(type);
    }
}
