/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * guard -- what stands in front of a service, or around a call to one, and lets a
 * request pass, holds it, or turns it away.
 *
 * A guard is a row of guard_rows (what a user can tell it), a row of guard_kinds (what
 * it does) and its functions. Requests meet the guards of a list in order; each that
 * let a request pass is told how its call ended, also when a later one turned it away.
 *
 * From GUARD_PRIORITY on they are no gates but rules of the line: who of those that
 * wait for a slot of the service is next, and who is dropped (line.c).
 */
#ifndef MODELS_GUARD_H
#define MODELS_GUARD_H

#include "models/spec.h"

enum guard_sort {
    GUARD_CIRCUIT_BREAKER,
    GUARD_BULKHEAD,
    GUARD_RATE_LIMITER,
    GUARD_TOKEN_BUCKET,
    GUARD_LEAKY_BUCKET,
    GUARD_FIXED_WINDOW,
    GUARD_SLIDING_WINDOW,
    GUARD_SLIDING_LOG,
    GUARD_LOAD_SHEDDING,
    GUARD_AIMD,
    GUARD_GRADIENT,
    GUARD_GRADIENT2,
    GUARD_VEGAS,
    GUARD_PRIORITY,
    GUARD_LIFO,
    GUARD_CODEL,
    GUARD_DEADLINE_DROP,
    GUARD_SORTS,
};

enum { MOST_GUARDS = 8, MOST_CLASSES = 8 }; /* of one list */

/* By enum guard_sort. */
extern const struct param guard_rows[];
/* The one row of a list of guards' element. */
extern const struct param guard_row;

enum guard_scope { GUARD_OF_INSTANCE, GUARD_OF_SERVICE };
enum breaker_window { WINDOW_COUNT_BASED, WINDOW_TIME_BASED };

/* What every gate is told; the body of each begins with it. */
struct guard_conf {
    uint32_t at;
    int status; /* of limit_status_names: what the rejected get */
    int scope;  /* enum guard_scope */
    sim_time retry_after; /* what they are told; 0: nothing */
};

struct breaker_conf {
    struct guard_conf common;
    double failure_rate, slow_rate;
    sim_time slow_duration, open_wait, half_open_wait;
    int64_t half_open_calls, window, minimum;
    int window_type; /* enum breaker_window */
    bool automatic;
    struct param_list record, ignore; /* const char *: names of statuses */
};

struct bulkhead_conf { struct guard_conf common; int64_t most; sim_time wait; };

/* All limiters of a rate. */
struct rate_conf {
    struct guard_conf common;
    int key;       /* enum limit_key */
    double rate;
    int64_t limit; /* requests: of a period, of a window, in a burst */
    sim_time period, wait;
    bool nodelay;
};

struct shedding_conf {
    struct guard_conf common;
    int64_t in_flight, queue; /* -1: any */
    sim_time latency;         /* SIM_NEVER */
    double utilisation;       /* 0: any */
    sim_time window;
};

struct adaptive_conf {
    struct guard_conf common;
    int64_t initial, least, most;
    sim_time target;           /* aimd: beyond, the limit falls */
    double backoff, smoothing, tolerance;
    int64_t queue, long_window; /* gradient2 */
};

struct priority_conf { uint32_t at; struct param_list order; };
struct lifo_conf { uint32_t at; int64_t above; };
struct codel_conf { uint32_t at; sim_time target, interval; };
struct deadline_conf { uint32_t at; sim_time margin; };

#endif
