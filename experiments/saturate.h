/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * saturate -- how much load a system carries: three numbers that are never mixed.
 *
 *     most       maximum sustainable throughput: above it the backlog grows, or more
 *                requests are lost than may be
 *     promised   SLO capacity: the largest load at which every promise is kept, at 95 %
 *                confidence; a bracket of two decided loads
 *     knee       the load with the most throughput per response time; descriptive only
 *
 * The maximum: operational laws give a bound. Where nothing is ever lost, a run above
 * it keeps every slot busy, and what it serves is the maximum itself; a stable run just
 * below confirms it. Everything else is found by bisection: search.h.
 *
 * Units:     s, 1/s; loads in the unit of the dial.
 * Ownership: everything lives in the arena given.
 */
#ifndef EXPERIMENTS_SATURATE_H
#define EXPERIMENTS_SATURATE_H

#include "experiments/explain.h"
#include "experiments/search.h"

enum saturate_method {
    METHOD_NONE,     /* nothing in it is ever short */
    METHOD_OVERLOAD, /* what it serves with every slot busy */
    METHOD_VERDICTS, /* bisection between carried and not */
    METHOD_USERS,    /* users who wait: throughput with far more of them than needed */
};

struct saturation {
    struct dial dial;
    const struct explanation *is; /* at the load of the file */
    double bound;                 /* load at which the first part is full; INFINITY */
    enum saturate_method method;
    struct estimate most;         /* requests/s */
    struct bracket carried;       /* loads */
    struct bracket promised;      /* loads; both NaN without promises */
    bool has_promises;
    struct bracket recovery; /* loads at which an overload ends by itself, or stays for
                                good (bistable); both NaN where it cannot feed itself */
    double knee;                  /* load; NaN */
    bool falls;         /* goodput above the maximum is surely lower than below it */
    double falls_from, falls_to;  /* requests/s, and at: */
    double falls_at;              /* load */
    struct search_log log;        /* what was simulated to know all this */
};

struct saturate_settings {
    const struct point_source *source;
    const struct point_effort *effort; /* threads, stop */
    const char *pointer;               /* NULL: dial_of_load */
    uint64_t budget;                   /* requests to simulate; 0: the usual */
    double width; /* of the bracket of saturate_judge; 0: SATURATE_COARSE */
    uint64_t cap; /* … in a stage of the first look at a load; 0: the usual */
    /* Told before every probe; may be NULL. */
    void (*progress)(void *context, const struct search *s, double load);
    void *context;
};

#define SATURATE_BUDGET UINT64_C(300000000)
#define SATURATE_WIDTH 0.01 /* of a bracket, relative */
#define SATURATE_COARSE 0.1 /* … for saturate_judge */

/* False when interrupted, or with *why: the scenario has no load to turn. */
bool saturate(const struct saturate_settings *settings, struct point *base,
              struct arena *arena, struct saturation *out, const char **why);

/* Of a limit on the largest load that keeps all promises, or, where there are none,
 * that is carried, in the unit of the dial: does it hold? Its ends alone are simulated
 * to tell; only where it does not, or with no `limit`, is the load found, in a bracket
 * of SATURATE_COARSE. */
bool saturate_judge(const struct saturate_settings *settings, struct point *base,
                    const struct limit *limit, struct arena *arena,
                    struct saturation *out, enum answer *answer, const char **why);

/* The load now, below the largest that keeps what was asked (promises, else the
 * maximum), as a part of it; NaN unknown. */
double saturation_headroom(const struct saturation *s);

#endif
