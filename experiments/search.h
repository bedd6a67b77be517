/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * search -- looks for the largest load that answers a question with yes.
 *
 *     struct search s = {.source = …, .dial = …, .log = &log, …};
 *     search_surround(&s, IS_KEPT, from);      a load on each side
 *     search_bisect(&s, IS_KEPT, &bracket);    … and the bracket halved
 *
 * All loads see the same random numbers. A load is decided once the interval of what
 * is asked excludes the limit, and is looked at again, twice as sharp, while it does
 * not, until it is not worth more or the budget is spent. What was simulated for one
 * question serves the next.
 *
 * Units:     loads in the unit of the dial.
 * Ownership: the log is the caller's, its probes live in the arena of the search.
 * Errors:    `interrupted`; every verb that follows then does nothing.
 */
#ifndef EXPERIMENTS_SEARCH_H
#define EXPERIMENTS_SEARCH_H

#include "experiments/dial.h"
#include "experiments/point.h"
#include "experiments/probe.h"

/* Everything that was simulated; {0} is an empty one. */
struct search_log {
    int probes;
    struct probe *probe;       /* by load; each with the most effort spent on it */
    bool spent;                /* the budget ended a search early */
    double beyond; /* the least load at which the scenario is wrong; 0: none met */
    uint64_t requests, events; /* simulated */
    double seconds;
    int threads;
};

/* Two decided loads with the answer between them. NaN: that side was never found. */
struct bracket {
    double yes, no;
    double estimate; /* where the margin is 0, by the sharpest look near by; NaN */
};

struct search {
    const struct point_source *source;
    const struct point_effort *effort; /* threads, stop */
    const struct dial *dial;           /* what is turned */
    struct arena *arena;
    uint64_t budget;   /* requests to simulate */
    uint64_t cap;      /* … in a stage of a first look; twice as many a sharper one */
    double width;      /* of a bracket that is narrow enough, relative */
    int most;          /* effort that a load is worth */
    sim_time duration; /* of a first look; 0: as long as its precision takes */
    double replications; /* of it, with a duration */
    struct search_log *log;
    double slope; /* of the margin, by ln of the load, while it is known; 0 */
    bool dear;    /* a look would have taken more than was left of the budget */
    bool interrupted;
    /* Told before every load that is simulated; may be NULL. */
    void (*progress)(void *context, const struct search *s, double load);
    void *context;
};

/* How often the precision of a first look may be doubled. */
enum { SEARCH_FEW = 1, SEARCH_ENOUGH = 2, SEARCH_MOST_EFFORT = 5 };

#define SEARCH_FIRST_WITHIN 0.2            /* precision of a first look */
#define SEARCH_FIRST_CAP UINT64_C(3000000) /* the usual cap */

/* ---- one load -------------------------------------------------------------------- */

/* The scenario at another load, in `arena`; false: it is wrong there, as a share of
 * 110 % is, or a million million users. */
bool search_read(const struct search *s, double load, struct arena *arena,
                 struct point *point);

/* False when the budget is spent, or it was interrupted, or there are many probes. */
bool search_goes_on(struct search *s);

uint64_t search_budget_left(const struct search *s);

/* Simulates a load; NULL when interrupted, or when the scenario is wrong there. A probe
 * stays where it is until the next load is simulated. */
struct probe *search_run(struct search *s, double load, double within,
                         sim_time duration, uint64_t cap);

/* One more look at a load, twice as sharp as the last; NULL as above, or when that
 * would take more than is left of the budget. */
struct probe *search_look(struct search *s, double load);

/* What was found there; NULL: it was never simulated. */
const struct probe *search_probe(const struct search_log *log, double load);

/* -1: never looked at, or only overloaded on purpose. */
int search_effort(const struct search *s, double load);

/* ---- the largest ----------------------------------------------------------------- */

/* Looks at a load until it is decided, or not worth more: up to the effort `most`. */
enum answer search_decide(struct search *s, enum probe_question question, double load,
                          int most);

/* The neighbouring decided loads known so far; false when one side is missing. */
bool search_known(const struct search *s, enum probe_question question,
                  struct bracket *bracket);

/* A load on each side: down from `from` to a yes, up to a no. */
void search_surround(struct search *s, enum probe_question question, double from);

/* Narrows what is known down to the width, both ends firm. */
void search_bisect(struct search *s, enum probe_question question,
                   struct bracket *bracket);

#endif
