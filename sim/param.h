/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * param -- what something can be told: one row per key of the scenario language.
 *
 * A table of rows is the only place where a key, its unit, range, default and meaning
 * stand. Reading, error messages, the JSON Schema, the reference pages, --set and
 * sweeps all follow from it. No JSON type appears here: the layers below experiments/
 * do not know that scenarios are JSON.
 *
 * Tables nest: a row can hold an object, a list, a map, one of several forms, a random
 * value or the steps of a handler. A table ends with an all-zero row.
 *
 * Binding: the reader fills a zeroed struct of the row's owner at `offset`. In memory
 * durations are sim_time (ns), rates double per second, sizes int64_t bytes, fractions
 * double in [0, 1], cores double. `least`, `most` and `fallback` of a row are in the SI
 * unit of its type (s, 1/s, bytes, cores) and compare inclusively.
 */
#ifndef SIM_PARAM_H
#define SIM_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum param_type {
    PARAM_END = 0,
    PARAM_FLAG,     /* bool */
    PARAM_COUNT,    /* int64_t */
    PARAM_NUMBER,   /* double without unit */
    PARAM_FRACTION, /* double; 0.8 or "80%" */
    PARAM_DURATION, /* sim_time; "20ms"; fallback INFINITY = SIM_NEVER, absent */
    PARAM_RATE,     /* double per second; "500/s" */
    PARAM_SIZE,     /* int64_t bytes; "440MiB" */
    PARAM_CPU,      /* double cores; 1.5 or "250m" */
    PARAM_VALUE,    /* double in the unit of the enclosing random value; ns, not s */
    PARAM_TEXT,     /* const char *; NULL when absent */
    PARAM_NAME,     /* const char *: letters, digits, - and _; NULL when absent */
    PARAM_CHOICE,   /* int: index into `choices`; so is the fallback, NAN = required */
    PARAM_RANDOM,   /* struct dist *; NULL when absent; `unit` says of what */
    PARAM_OBJECT,   /* struct of `size` bytes by table `of`, bound to a pointer (NULL
                       when absent); inline where it is the element of a list or map */
    PARAM_LIST,     /* struct param_list; `of` is ONE row describing the element, `size`
                       bytes each (0: what the C type takes) */
    PARAM_MAP,      /* struct param_map; `of` is ONE row describing each value */
    PARAM_TAGGED,   /* struct param_variant: "name" or {"name": value}, rows by name */
    PARAM_VERB,     /* struct param_variant: told by which key of `of` the object has */
    PARAM_KINDS,    /* struct param_variant: told by "kind"; rows from `variants` */
    PARAM_FORMS,    /* struct param_variant: the first row of `of` that the JSON fits */
    PARAM_TUPLE,    /* as PARAM_OBJECT, but written as an array: the rows in order */
    PARAM_SHARE,    /* struct param_share; "5%", a plain weight such as 3, or "rest" */
    PARAM_CSV,      /* struct param_csv *: names a CSV file beside the scenario */
    PARAM_INCLUDE,  /* the rows of `of`, bound to the struct embedded at `offset` */
    PARAM_ANY,      /* uint32_t: the number of a value of any form, which its owner
                       reads; 0 when absent */
    PARAM_UNMODELLED, /* a real key, accepted and reported as not modelled */
};

struct param {
    const char *key;
    enum param_type type;
    size_t offset;
    double least, most;      /* both 0 = "not negative" only, for COUNT, DURATION,
                                RATE, SIZE, CPU; NUMBER and VALUE are then unbounded */
    double fallback;         /* when absent; ignored for pointers, lists, maps */
    const char *const *choices;
    const struct param *of;
    const struct param *(*variants)(int index); /* PARAM_KINDS: NULL past the last */
    size_t size;             /* of an element or body */
    enum param_type unit;    /* PARAM_RANDOM: of PARAM_DURATION, _NUMBER or _SIZE;
                                PARAM_VALUE: that of the enclosing random value */
    bool required;
    const char *doc;         /* one sentence */
};

/*
 * Where a bound thing stands: the number of its value in document order, 0 for the
 * root. The body of every PARAM_OBJECT, and of every TAGGED/VERB/KINDS variant whose
 * row is a PARAM_OBJECT, begins with a `uint32_t at` which the reader fills.
 */
struct param_list {
    void *items; /* count elements of the row's size, back to back */
    int count;
    uint32_t at;
};

struct param_map {
    const char **names;
    void *items;
    uint32_t *item_at; /* where each value stands */
    int count;
    uint32_t at;
};

struct param_variant {
    const struct param *row; /* the row chosen; NULL when absent */
    int which;               /* its index in the table */
    void *body;              /* what that row binds, `size` bytes; NULL for a bare name.
                                For scalars (a NAME, a DURATION) the scalar itself. */
    uint32_t at;
};

enum param_share_form { SHARE_WEIGHT, SHARE_PERCENT, SHARE_REST };

struct param_share {
    double value; /* the weight, or the fraction in [0, 1] */
    enum param_share_form form;
};

/* A data file as text: the reader owns files, the owner of the row knows the
 * columns. */
struct param_csv {
    const char *file;
    const char **header; /* columns names */
    const char **cell;   /* rows x columns, row by row */
    int *line;           /* of each row in the file, for messages */
    int rows, columns;
    uint32_t at;
};

/*
 * Who hears of mistakes that only show when a whole scenario is put together. `at` and
 * `key` name the place (key may be NULL: the thing itself); the text says what it must
 * be, then what it is. Messages are collected, never printed at once.
 */
struct listener {
    void (*hear)(void *context, uint32_t at, const char *key, const char *text);
    void *context;
    int count; /* mistakes heard so far */
};

void complain(struct listener *to, uint32_t at, const char *key, const char *format,
              ...) __attribute__((format(printf, 4, 5)));

#endif
