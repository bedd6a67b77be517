/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/vary.h"

#include "experiments/quantity.h"
#include "experiments/text.h"
#include "sim/rng.h"

#include <cjson/cJSON.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool must_be(struct where *where, const cJSON *node, const char *what)
{
    where_problem(where, text_number(node), NULL, "must be %s, is %s", what,
                  text_canonical(where->arena, node));
    return false;
}

/* ---- ranges ---------------------------------------------------------------------- */

/* A quantity in SI units; its unit tells the type. */
static bool read_quantity(const char *text, enum param_type *unit, double *value)
{
    static const enum param_type types[] = {PARAM_DURATION, PARAM_RATE, PARAM_SIZE,
                                            PARAM_FRACTION, PARAM_CPU};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (quantity_read(types[i], text, value)) {
            *unit = types[i];
            *value /= quantity_scale(types[i]);
            return true;
        }
    return false;
}

double vary_number(const char *json)
{
    enum { LONGEST = 60 };
    char text[LONGEST], *end;
    enum param_type unit;
    size_t length = strlen(json);
    double value = strtod(json, &end);
    if (end > json && *end == '\0')
        return value;
    if (json[0] != '"' || length < 2 || length >= LONGEST)
        return NAN;
    memcpy(text, json + 1, length - 2);
    text[length - 2] = '\0';
    return read_quantity(text, &unit, &value) ? value : NAN;
}

/* One end of a range: a bare number or a quantity. */
static bool read_end(struct where *where, const cJSON *node, enum param_type *unit,
                     double *value)
{
    *unit = PARAM_NUMBER;
    if (cJSON_IsNumber(node))
        *value = node->valuedouble;
    if (cJSON_IsNumber(node) ||
        (cJSON_IsString(node) && read_quantity(node->valuestring, unit, value)))
        return true;
    return must_be(where, node, "a number or a quantity such as \"20ms\" or \"100/s\"");
}

/* Six digits are as many as anybody would have written. */
static double rounded(double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.6g", value);
    return strtod(text, NULL);
}

/* A value in a range as a scenario would write it, as JSON. */
static const char *written(struct arena *arena, const struct vary_key *key,
                           double value)
{
    value = key->whole ? floor(value + 0.5) : rounded(value);
    switch (key->unit) {
    case PARAM_FRACTION:
        return arena_format(arena, "\"%.15g%%\"", rounded(100 * value));
    case PARAM_CPU:
        return arena_format(arena, "\"%.15gm\"", rounded(1000 * value));
    case PARAM_SIZE:
        return arena_format(arena, "\"%.0fB\"", floor(value + 0.5));
    case PARAM_NUMBER:
        return arena_format(arena, "%.15g", value);
    default:
        return arena_format(arena, "\"%s\"", quantity_written(arena, key->unit, value));
    }
}

/* The value at a part of the way, 0 <= part <= 1. */
static double on_the_way(const struct vary_key *key, double part)
{
    if (part <= 0 || part >= 1)
        return part <= 0 ? key->from : key->to;
    if (key->log)
        return key->from * pow(key->to / key->from, part);
    return key->from + (key->to - key->from) * part;
}

static bool read_scale(struct where *where, const cJSON *node, struct vary_key *key)
{
    if (!node)
        return true;
    if (cJSON_IsString(node) && (strcmp(node->valuestring, "log") == 0 ||
                                 strcmp(node->valuestring, "linear") == 0)) {
        key->log = node->valuestring[1] == 'o';
        return true;
    }
    return must_be(where, node, "\"linear\" or \"log\"");
}

static bool read_whole(struct where *where, const cJSON *node, struct vary_key *key)
{
    key->whole = node && cJSON_IsTrue(node);
    return !node || cJSON_IsBool(node) || must_be(where, node, "true or false");
}

/* How many steps a range has; 0 with the reason told. */
static int read_steps(struct where *where, const cJSON *node)
{
    double steps = cJSON_IsNumber(node) ? node->valuedouble : 0;
    if (steps >= 2 && steps <= VARY_MOST_VALUES && steps == floor(steps))
        return (int)steps;
    where_problem(where, text_number(node), NULL,
                  "must be a whole number from 2 to %d, is %s", VARY_MOST_VALUES,
                  text_canonical(where->arena, node));
    return 0;
}

static bool read_ends(struct where *where, const cJSON *range, const cJSON *from,
                      const cJSON *to, struct vary_key *key)
{
    if (!from || !to) {
        where_problem(where, text_number(range), NULL,
                      "must have \"from\" and \"to\"");
        return false;
    }
    enum param_type other;
    if (!read_end(where, from, &key->unit, &key->from) ||
        !read_end(where, to, &other, &key->to))
        return false;
    if (other != key->unit) {
        where_problem(where, text_number(to), NULL,
                      "must have the same unit as \"from\", which is %s, is %s",
                      text_canonical(where->arena, from),
                      text_canonical(where->arena, to));
        return false;
    }
    if (key->log && !(key->from > 0 && key->to > 0)) {
        where_problem(where, text_number(range), NULL,
                      "must be between numbers above 0 for a logarithmic scale");
        return false;
    }
    return true;
}

static bool tell_unknown(struct where *where, const cJSON *node)
{
    static const char *const keys[] = {"from", "to", "steps", "scale", "whole"};
    const char *near = where_nearest(node->string, keys, 5);
    where_key_problem(where, text_number(node), "is unknown; a range has %s%s%s%s",
                      where_list(where->arena, keys, 5),
                      near ? " (did you mean \"" : "", near ? near : "",
                      near ? "\"?)" : "");
    return false;
}

static bool fill_steps(struct where *where, struct vary_key *key)
{
    key->value = arena_many(where->arena, key->count, const char *);
    for (int i = 0; i < key->count; i++)
        key->value[i] =
            written(where->arena, key, on_the_way(key, (double)i / (key->count - 1)));
    return true;
}

static bool read_range(struct where *where, const cJSON *range, bool drawn,
                       struct vary_key *key)
{
    const cJSON *from = NULL, *to = NULL, *steps = NULL, *scale = NULL, *whole = NULL;
    for (const cJSON *child = range->child; child; child = child->next) {
        const cJSON **known = strcmp(child->string, "from") == 0    ? &from
                              : strcmp(child->string, "to") == 0    ? &to
                              : strcmp(child->string, "steps") == 0 ? &steps
                              : strcmp(child->string, "scale") == 0 ? &scale
                              : strcmp(child->string, "whole") == 0 ? &whole
                                                                    : NULL;
        if (!known)
            return tell_unknown(where, child);
        *known = child;
    }
    if (!read_scale(where, scale, key) || !read_whole(where, whole, key) ||
        !read_ends(where, range, from, to, key))
        return false;
    if (steps) {
        key->count = read_steps(where, steps);
        return key->count > 0 && fill_steps(where, key);
    }
    if (!drawn)
        where_problem(where, text_number(range), NULL,
                      "must have \"steps\", how many values to take, unless \"sample\" "
                      "draws them");
    return drawn;
}

static bool read_list(struct where *where, const cJSON *list, struct vary_key *key)
{
    key->count = cJSON_GetArraySize(list);
    if (key->count == 0 || key->count > VARY_MOST_VALUES) {
        where_problem(where, text_number(list), NULL,
                      "must have from 1 to %d values, has %d", VARY_MOST_VALUES,
                      key->count);
        return false;
    }
    key->value = arena_many(where->arena, key->count, const char *);
    int i = 0;
    for (const cJSON *child = list->child; child; child = child->next)
        key->value[i++] = text_canonical(where->arena, child);
    return true;
}

/* ---- designs --------------------------------------------------------------------- */

/* {"random": 100}, {"latin_hypercube": 100, "seed": 2} */
static bool read_drawn(struct where *where, const cJSON *sample, struct vary *vary)
{
    for (const cJSON *child = sample->child; child; child = child->next) {
        bool random = strcmp(child->string, "random") == 0,
             latin = strcmp(child->string, "latin_hypercube") == 0;
        double most = random || latin ? (double)VARY_MOST_ROWS : 0x1p53;
        if (!random && !latin && strcmp(child->string, "seed") != 0)
            return must_be(
                where, sample,
                "{\"random\": N} or {\"latin_hypercube\": N}, and a \"seed\" "
                "if wanted");
        double number = cJSON_IsNumber(child) ? child->valuedouble : -1;
        if (!(number >= (random || latin) && number <= most) || number != floor(number))
            return must_be(where, child, "a whole number, at most a million points");
        if (!random && !latin) {
            vary->seed = (uint64_t)number;
            continue;
        }
        vary->design = random ? VARY_RANDOM : VARY_LATIN;
        vary->rows = (int64_t)number;
    }
    return vary->rows > 0 ||
           must_be(where, sample, "{\"random\": N} or {\"latin_hypercube\": N}");
}

static bool read_design(struct where *where, const cJSON *sample, struct vary *vary)
{
    vary->design = VARY_GRID;
    vary->seed = 1;
    if (!sample)
        return true;
    if (cJSON_IsObject(sample))
        return read_drawn(where, sample, vary);
    const char *name = cJSON_IsString(sample) ? sample->valuestring : "";
    if (strcmp(name, "zipped") == 0)
        vary->design = VARY_ZIPPED;
    else if (strcmp(name, "grid") != 0)
        return must_be(where, sample,
                       "\"grid\", \"zipped\", {\"random\": N} or "
                       "{\"latin_hypercube\": N}");
    return true;
}

static bool count_rows(struct where *where, const cJSON *keys, struct vary *vary)
{
    if (vary->design == VARY_RANDOM || vary->design == VARY_LATIN)
        return true;
    vary->rows = 1;
    for (int k = 0; k < vary->keys; k++) {
        const struct vary_key *key = &vary->key[k];
        if (vary->design == VARY_ZIPPED && k > 0 && key->count != vary->rows) {
            where_problem(where, key->at, NULL,
                          "must have as many values as the others for \"zipped\": "
                          "%lld, has %d",
                          (long long)vary->rows, key->count);
            return false;
        }
        vary->rows =
            vary->design == VARY_ZIPPED ? key->count : vary->rows * key->count;
        if (vary->rows > VARY_MOST_ROWS) {
            where_problem(where, text_number(keys), NULL,
                          "must give at most %lld combinations",
                          (long long)VARY_MOST_ROWS);
            return false;
        }
    }
    return true;
}

/* ---- keys ------------------------------------------------------------------------ */

/* The last so many parts of a pointer. */
static const char *end_of(const char *pointer, int parts)
{
    const char *end = pointer + strlen(pointer);
    while (end > pointer && parts > 0)
        if (*--end == '/')
            parts--;
    return *end == '/' ? end + 1 : end;
}

/* As many parts as tell the keys apart: "rate", or "web/workers" and "db/workers". */
static void name_keys(struct vary *vary)
{
    for (int k = 0; k < vary->keys; k++) {
        struct vary_key *key = &vary->key[k];
        int parts = 1;
        for (int other = 0; other < vary->keys; other++)
            while (other != k && parts < TEXT_MOST_DEPTH &&
                   strcmp(end_of(key->pointer, parts),
                          end_of(vary->key[other].pointer, parts)) == 0)
                parts++;
        key->name = end_of(key->pointer, parts);
    }
}

static bool read_key(struct where *where, const cJSON *node, bool drawn,
                     struct vary_key *key)
{
    key->pointer = arena_text(where->arena, node->string, strlen(node->string));
    key->at = text_number(node);
    if (key->pointer[0] != '/') {
        where_key_problem(where, key->at,
                          "must be a JSON pointer such as "
                          "/workloads/visitors/open/rate");
        return false;
    }
    if (strchr(key->pointer, '=')) {
        where_key_problem(where, key->at, "must be a JSON pointer without =");
        return false;
    }
    if (cJSON_IsArray(node))
        return read_list(where, node, key);
    if (cJSON_IsObject(node))
        return read_range(where, node, drawn, key);
    return must_be(where, node, "a list of values, or a range {\"from\", \"to\", "
                                "\"steps\"}");
}

bool vary_read(struct where *where, const cJSON *keys, const cJSON *sample,
               struct vary *vary)
{
    *vary = (struct vary){0};
    bool fine = read_design(where, sample, vary);
    bool drawn = vary->design == VARY_RANDOM || vary->design == VARY_LATIN;
    int count = keys && cJSON_IsObject(keys) ? cJSON_GetArraySize(keys) : 0;
    if (keys && !cJSON_IsObject(keys))
        return must_be(where, keys, "an object: JSON pointers and their values");
    if (count > VARY_MOST_KEYS) {
        where_problem(where, text_number(keys), NULL, "must have at most %d keys",
                      VARY_MOST_KEYS);
        return false;
    }
    if (drawn && count == 0)
        return must_be(where, sample, "absent where nothing is varied");
    vary->key = arena_many(where->arena, count, struct vary_key);
    for (const cJSON *node = count ? keys->child : NULL; node; node = node->next)
        fine = read_key(where, node, drawn, &vary->key[vary->keys++]) && fine;
    name_keys(vary);
    return fine && count_rows(where, keys, vary);
}

/* ---- values ---------------------------------------------------------------------- */

/* The index of a key's value in a row of the grid. */
static int in_grid(const struct vary *vary, int64_t row, int key)
{
    for (int k = vary->keys - 1; k > key; k--)
        row /= vary->key[k].count;
    return (int)(row % vary->key[key].count);
}

static struct draw draw_of(const struct vary *vary, const char *what, int key,
                           int64_t row)
{
    struct arena arena;
    arena_init(&arena);
    uint64_t hash = rng_key(
        vary->seed, arena_format(&arena, "%s:%s", what, vary->key[key].pointer));
    arena_free(&arena);
    return draw_at(hash, (uint64_t)row, 0, 0);
}

/* The stratum of a row: a keyed permutation of 0 .. rows - 1 by sorting would need all
 * of them at once; walking a Feistel network's cycle until it falls below `rows` needs
 * none (Black and Rogaway 2002). */
static int64_t stratum_of(const struct vary *vary, int key, int64_t row)
{
    int half = 1;
    while (INT64_C(1) << (2 * half) < vary->rows)
        half++;
    uint64_t mask = (UINT64_C(1) << half) - 1, x = (uint64_t)row;
    do {
        uint64_t left = x >> half, right = x & mask;
        for (int round = 0; round < 6; round++) {
            struct draw draw =
                draw_of(vary, "stratum", key, (int64_t)(right << 3) + round);
            uint64_t next = left ^ (draw_word(&draw) & mask);
            left = right;
            right = next;
        }
        x = left << half | right;
    } while (x >= (uint64_t)vary->rows);
    return (int64_t)x;
}

/* Where on its way a key is in a drawn row, in (0, 1). */
static double part_of(const struct vary *vary, int64_t row, int key)
{
    struct draw draw = draw_of(vary, "vary", key, row);
    double uniform = draw_uniform(&draw);
    if (vary->design == VARY_RANDOM)
        return uniform;
    return ((double)stratum_of(vary, key, row) + uniform) / (double)vary->rows;
}

const char *vary_value(const struct vary *vary, int64_t row, int key,
                       struct arena *arena)
{
    const struct vary_key *k = &vary->key[key];
    if (vary->design == VARY_GRID)
        return k->value[in_grid(vary, row, key)];
    if (vary->design == VARY_ZIPPED)
        return k->value[row];
    double part = part_of(vary, row, key);
    if (k->value)
        return k->value[(int)(part * k->count)];
    return written(arena, k, on_the_way(k, part));
}
