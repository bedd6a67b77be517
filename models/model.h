/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * model -- an immutable compiled scenario: flat arrays, indices instead of pointers,
 * shared by all threads; and what may be known of it without simulating.
 *
 * Ownership: lives in the arena it was compiled into, together with the spec it refers
 * to.
 * Errors:    model_compile tells every mistake to its listener and returns NULL then.
 */
#ifndef MODELS_MODEL_H
#define MODELS_MODEL_H

#include "models/outcome.h"
#include "models/spec.h"

#include <signal.h>

/* What a failed request failed of; also what `retry.on` and `fail` may name. */
enum status {
    STATUS_OK,
    STATUS_TIMEOUT, /* the client gave up */
    STATUS_REFUSED, /* nobody took the connection */
    STATUS_RESET,   /* the connection broke */
    STATUS_400,
    STATUS_429,
    STATUS_500,
    STATUS_502,
    STATUS_503,
    STATUS_504,
    STATUSES
};

extern const char *const status_names[]; /* "ok", "timeout", … "504", NULL */

enum workload_form {
    WORKLOAD_OPEN,
    WORKLOAD_CLOSED,
    WORKLOAD_SESSIONS,
    WORKLOAD_BURST,
    WORKLOAD_TRACE,
};

/* Load generators that print latencies of their own. */
enum tool { TOOL_NONE, TOOL_K6, TOOL_LOCUST, TOOL_WRK, TOOL_WRK2 };
extern const char *const tool_names[];

struct type_facts {
    const char *name;     /* the request type: "page" */
    const char *workload; /* "visitors" */
    int workload_index;
    double share;         /* of the workload's requests */
    bool streaming;       /* has a first byte: its percentiles stand alone */
    bool judged;          /* its workload says which of its streams are good */
};

struct workload_facts {
    const char *name;
    enum workload_form form;
    double rate;      /* requests/s offered on average; closed: 0 */
    double users;     /* closed, burst */
    double think;     /* mean, s */
    bool terminating; /* burst, trace, profile: replicate without deletion */
    sim_time span;    /* terminating: until the last arrival; SIM_NEVER if endless */
    sim_time timeout; /* per attempt; SIM_NEVER */
    enum tool tool;
    bool interrupts;  /* it breaks off what is under way at its end: unfinished */
    bool by_count;    /* it ends with its iterations, after `span` at the latest */
    int dropped_cause; /* of requests that the tool leaves out; -1: it does not */
    double addresses; /* distinct ones of clients */
};

enum station_sort { STATION_SERVICE, STATION_POOL };

struct station_facts {
    const char *name, *kind;
    enum station_sort sort;
    int instances;      /* replicas; of a pool: how many pools (one a process, say) */
    double slots;       /* of all instances; of pools: connections; INFINITY */
    double cores;       /* all instances, in the long run; INFINITY = not modelled */
    bool governed;      /* they are not always there: a quota, credits, a slowdown */
    bool waits;         /* requests can wait there, slots limited or not */
    const char *slot_name; /* "worker", "thread", "connection", "coroutine" */
    int processes;         /* of an instance; pools: 1 */
    bool caches;           /* keys are followed */
    bool broker;           /* of messages: a queue of jobs */
    double hit_expected;   /* by theory; NAN: not a cache, or a fixed share of hits */
    int64_t blocks;        /* of a language model's KV cache, an instance; 0: none */
    bool batches;          /* works on several requests at a time */
    double process_slots;  /* of a process; event loops: 1, since one at a time runs */
    bool weighs;           /* the memory it takes is counted */
    double memory;         /* bytes an instance has; INFINITY */
    double memory_idle;    /* bytes it takes without any requests */
};

enum resource_sort {
    RESOURCE_WAIT,
    RESOURCE_SERVICE,
    RESOURCE_NETWORK,
    RESOURCE_BACKOFF,
};

/* One thing a request can spend its time on. */
struct resource_facts {
    const char *name; /* "web: waiting for a worker" */
    enum resource_sort sort;
    int station; /* -1: none */
};

struct cause_facts {
    const char *name; /* "pgbouncer: no connection within 2 min" */
    enum status status;
    int station; /* -1: client or network */
    bool told;   /* by a `fail` step or an outage: nothing was full or late */
    sim_time retry_after; /* what the answer asks for; 0: nothing */
};

/* Something that may only be asked for so often: a rate_limiter, limit_req, the units
 * of a table. */
struct rate_limit_facts {
    const char *name; /* "edge: limit_req" */
    const char *unit; /* of what: "requests", "read units", "tokens" */
    int station;
    double rate; /* units/s of all instances together; of one key: */
    int key;     /* enum limit_key (proxy.h) */
    double *demand; /* [types] units that a request takes on average */
};

struct model_facts {
    int workloads, types, stations, resources, causes;
    const struct workload_facts *workload;
    const struct type_facts *type;
    const struct station_facts *station;
    const struct resource_facts *resource;
    const struct cause_facts *cause;
    int rate_limits;
    const struct rate_limit_facts *rate_limit;
    const char *const *assumptions; /* sentences: what was assumed for want of a key */
    int assumption_count;
    bool terminating; /* every workload ends by itself */
    bool eventful;    /* outages, restarts, flushes, bursts: there is something to
                         mark in time */
    bool may_lose;    /* something bounded or impatient: requests can fail */
    sim_time impatience; /* the longest after which an attempt is given up and made
                            again while the work for it goes on: overload then makes
                            more load; 0: nothing is made again */
    double request_bytes; /* estimate per request in flight */
};

struct model *model_compile(struct arena *arena, const struct system_spec *spec,
                            uint64_t seed, struct listener *out);
const struct model_facts *model_facts(const struct model *model);

/*
 * What one request of a type asks of a station on average, found from the programs
 * alone: no queueing, no failures, caches and choices at their stated odds.
 */
struct demand {
    double visits;
    double hold;  /* s a slot or connection is held per request, without any waiting */
    double cpu;   /* s of core time per request */
    double memory; /* bytes that all visits of a request take together */
};
struct demand model_demand(const struct model *model, int type, int station);

/* The latency in s of a request of this type when nobody else is there (mean). */
double model_alone(const struct model *model, int type);

/* ---- one replication ------------------------------------------------------------- */

struct window {
    sim_time warm_up;
    sim_time length; /* 0: a terminating model runs until all is answered; the
                        outcome's length is then how long that took */
    sim_time drain;  /* at most so long past the window for the cohort to finish */
    bool open_end;   /* who begins after the window is in the cohort, too */
    bool segments;   /* keep OUTCOME_SEGMENTS (a pilot) */
    sim_time shock;  /* at the start, requests that open workloads send in such a time,
                        all at once and not measured: begin overloaded */
    bool unprovoked; /* leave out bursts that come once */
    sim_time chronicle; /* keep a chronicle of this long from 0 on; 0: none */
    const volatile sig_atomic_t *stop; /* not 0: the replication ends soon, with
                                          OUTCOME_STOPPED; NULL: it never does */
    uint64_t max_in_flight; /* stop with OUTCOME_OVERFLOW when memory has to grow above
                               so many tasks and requests; 0 = the default */
};

/* Run replication number `replication` and fill `out`, all memory from `arena`. A pure
 * function of its arguments. */
void world_run(const struct model *model, uint32_t replication,
               const struct window *window, struct arena *arena, struct outcome *out);

#endif
