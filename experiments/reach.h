/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reach -- how far each line of a results file carries: along the value that was
 * varied, up to (or from) where everything that was asked is surely kept, and what
 * breaks first beyond.
 *
 * What is asked are the promises; of a point without any, that it lasts. A point is
 * open where the samples are too few to judge a promise and none is missed.
 *
 * Ownership: everything lives in the arena given and points into the chart.
 */
#ifndef EXPERIMENTS_REACH_H
#define EXPERIMENTS_REACH_H

#include "experiments/chart.h"

enum reach_shape {
    REACH_ALL,   /* no point breaks what is asked */
    REACH_UP_TO, /* the first ones keep it, those beyond do not */
    REACH_FROM,  /* only the last ones do */
    REACH_MIXED, /* some, with others between */
    REACH_NONE,  /* none surely does */
};

struct reach {
    const struct chart_line *line;
    enum reach_shape shape;
    bool promised;                 /* else: it lasts */
    int kept, open, broken;        /* points */
    const struct chart_point *yes; /* the last that keeps it, on the way to … */
    const struct chart_point *no;  /* … the first that breaks it; NULL: none does */
    const struct chart_point *open_to; /* the last before `no` that breaks nothing,
                                          though not all is decided; NULL: `yes` */
    int open_before;                   /* open points that `yes` lies beyond */
};

/* One for each line of the chart, in its order. */
const struct reach *reach_of(const struct chart *chart, struct arena *arena);

/* The line that carries most; where no axis tells, the fastest that keeps what is
 * asked; the first of equal ones. `equal`: how many others do as well. */
const struct reach *reach_best(const struct chart *chart, const struct reach *reach,
                               int *equal);

/* The point to look at: the last that keeps what is asked, else the last that lasts,
 * else the first. */
const struct chart_point *reach_point(const struct reach *reach);

/* "240/s" along the axis; the point's label where nothing was varied. */
const char *reach_place(const struct chart *chart, const struct chart_point *point);

/* What a point breaks: the first promise missed there, with what was measured, or its
 * verdict: "p95 < 300ms is missed (512 ms)". */
const char *reach_break(const struct chart *chart, const struct chart_point *point,
                        struct arena *arena);

/* Who is full first there, by the utilisation law; NULL: nobody known. `load`: how full
 * it is. */
const char *reach_bottleneck(const struct chart_point *point, double *load);

/* "keeps every promise up to 240/s; at 255/s p95 < 300ms is missed (512 ms)" */
const char *reach_sentence(const struct chart *chart, const struct reach *reach,
                           struct arena *arena);

#endif
