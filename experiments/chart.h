/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chart -- the points of a results file in the order of a figure: lines of points along
 * one value that was varied, a line for every variant and choice of the other values.
 *
 * Only what is in the file is asked: neither the experiment nor the scenario need be
 * there still.
 *
 * Ownership: everything lives in the arena given.
 * Errors:    of the person: as text in `why`.
 */
#ifndef EXPERIMENTS_CHART_H
#define EXPERIMENTS_CHART_H

#include "experiments/store.h"
#include "plots/table.h"

/* What the person may choose; NULL: what suits. */
struct chart_wishes {
    const char *over;  /* the value along the axis: a pointer, or its end: "rate" */
    const char *where; /* other values: "after,chat=5%" */
    const char *by;    /* the metric where only one is shown: "p95", "page.p95" */
    const char *of;    /* the request type whose times are shown; "all" */
};

struct chart_number {
    const char *scope, *name, *metric; /* "type", "page", "p95" */
    double value, half_width;          /* NaN: not given */
};

struct chart_value {
    const char *pointer, *name; /* "/workloads/v/open/rate", "rate" */
    const char *text, *json;    /* "100/s", with its quotes */
    double number;                     /* SI; NaN: none */
};

struct chart_point {
    int64_t id, number;
    const char *label, *variant, *verdict;
    const char *name, *scenario; /* of the scenario; its text */
    bool lasting; /* its values are those of a steady state */
    int replications;
    int promises, missed, undecided;
    double x;
    struct chart_value *value;
    int values;
    struct chart_number *known;
    int known_count, known_room;
};

struct chart_line {
    const char *label; /* "after, chat=5%"; "" where there is one */
    struct chart_point **point;
    int count;
};

struct chart {
    struct store *store; /* that it was read from: open as long as it is used */
    const char *title, *caption;
    const char *axis, *axis_name; /* pointer and its end; NULL: nothing was varied */
    enum unit axis_unit;
    struct chart_point *point;
    int points;
    struct chart_line *line;
    int lines;
    int left_out;    /* points that are not done */
    const char *of;  /* the type; "": all requests */
    const char *by;  /* the metric: "p95" */
    const char **promise; /* all that any point was held to */
    int promises;
};

enum { CHART_MOST_LINES = 6 }; /* that colours and dashes tell apart */

bool chart_read(struct chart *chart, struct store *store,
                const struct chart_wishes *wishes, struct arena *arena,
                const char **why);

/* NULL where it has none. */
const struct chart_number *chart_find(const struct chart_point *point,
                                      const char *scope, const char *name,
                                      const char *metric);

/* The same of the chart's type of requests. */
const struct chart_number *chart_of_type(const struct chart *chart,
                                         const struct chart_point *point,
                                         const char *metric);

/* The value that the experiment gave a point there; NULL: none. */
const struct chart_value *chart_value(const struct chart_point *point,
                                      const char *pointer);

/* A promise of a time, "page.p95 < 250ms", taken apart; false of any other. */
bool chart_promise(const struct chart *chart, const char *promise, const char **of,
                   const char **metric, double *seconds, struct arena *arena);

#endif
