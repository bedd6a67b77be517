/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vary -- the values that an experiment gives to keys of its scenario: lists and
 * ranges, combined as a grid, side by side, or drawn.
 *
 * A design is a number of rows; a row gives every key a value. What is drawn is a
 * function of the seed, the key and the row alone.
 *
 * Ownership: everything lives in the arena of `where`.
 * Errors:    of the person: told to `where`.
 */
#ifndef EXPERIMENTS_VARY_H
#define EXPERIMENTS_VARY_H

#include "experiments/where.h"

struct cJSON;

enum vary_design {
    VARY_GRID,   /* every value with every other; the last key moves fastest */
    VARY_ZIPPED, /* first with first, second with second */
    VARY_RANDOM, /* drawn independently */
    VARY_LATIN,  /* drawn so that each key's range is covered evenly */
};

/* One key and its values. */
struct vary_key {
    const char *pointer; /* "/workloads/visitors/open/rate" */
    const char *name;    /* the end of it that tells it from the others: "rate" */
    uint32_t at;
    const char **value;  /* JSON texts; NULL: only drawn, from a range */
    int count;
    double from, to;     /* of a range, in `unit` (SI) */
    enum param_type unit; /* PARAM_NUMBER: bare */
    bool log, whole;
};

struct vary {
    struct vary_key *key;
    int keys;
    enum vary_design design;
    uint64_t seed;
    int64_t rows; /* at least 1 */
};

enum { VARY_MOST_VALUES = 100000, VARY_MOST_KEYS = 64 };
#define VARY_MOST_ROWS INT64_C(1000000)

/* Reads "vary" and "sample" (either NULL: absent). */
bool vary_read(struct where *where, const struct cJSON *keys,
               const struct cJSON *sample, struct vary *vary);

/* The JSON text that key `key` has in row `row`, from the arena. */
const char *vary_value(const struct vary *vary, int64_t row, int key,
                       struct arena *arena);

/* The number that a JSON text stands for, "20ms" as 0.02: SI units; NaN: none. */
double vary_number(const char *json);

#endif
