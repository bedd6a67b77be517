/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explain -- what can be said of a system without simulating it, from its programs and
 * the operational laws: how much of each part the offered requests would use if nobody
 * ever waited, which part is full first, and what that allows.
 *
 * A part is what a station can be short of: its slots (threads, workers, connections)
 * or its cores. All of it holds for any distribution; queues only make things worse.
 *
 * Units:     s, 1/s, fractions.
 * Ownership: arrays live in the arena given.
 */
#ifndef EXPERIMENTS_EXPLAIN_H
#define EXPERIMENTS_EXPLAIN_H

#include "models/model.h"
#include "sim/arena.h"

struct explain_part {
    int station;
    bool cores;      /* else slots */
    double capacity; /* cores or slots, all instances */
    double demand;   /* s of one of them that a request of the mix needs */
    double wanted;   /* busy at a time if nobody waits */
    double fixed;    /* … by workloads that do not wait for answers */
    double load;     /* wanted / capacity */
    double most;     /* requests/s of the mix that it carries */
};

/* Users who wait for answers: what the other workloads leave them. */
struct explain_closed {
    int workload;
    double most;           /* requests/s */
    double least_response; /* mean, s */
    double knee;           /* users from which on they must wait for one another */
};

/* A burst: the part that takes longest over the work of all its requests. */
struct explain_burst {
    int workload, part; /* part -1: nothing is ever short */
    double work;        /* s of the part */
    double span;        /* s at least until the last is answered */
};

/* A workload with a profile, where it is highest. */
struct explain_peak {
    int workload;
    double rate; /* requests/s */
    double load; /* of the bottleneck, the others at their mean */
};

/* Slots of a service that are held while they wait for a pool that only it uses. */
struct explain_nest {
    int service, pool;
    double held,
        connected;    /* s a request holds the slot, and the connection meanwhile */
    bool never_short; /* no more slots than connections */
    double most; /* requests/s with every slot taken, if both phases are exponential */
};

/* Connections that pools may open, more than the database takes. */
struct explain_excess {
    int database;
    double opened, taken;
};

/* Memory of an instance of a service, where it is known what takes it: bytes. */
struct explain_memory {
    int station;
    double limit;   /* INFINITY */
    double idle;    /* without requests */
    double request; /* more for each request of the mix, on average */
    double average; /* at the load that is asked for, if nobody waits; NAN: it ends */
    double full;    /* with every slot taken; INFINITY: they have no limit */
};

/* A limit of a rate that is used. Keys and addresses count as evenly spread. */
struct explain_limit {
    int limit;     /* of model_facts */
    double rate;   /* units/s that pass, of all keys together */
    double asked;  /* units/s */
    double load;   /* asked / rate */
    double most;   /* requests/s of the mix that pass */
};

struct explanation {
    double rate;       /* requests/s of all workloads, users as if nobody waited */
    double *type_rate; /* of each request type; of a single burst: requests */
    int parts;         /* those that are used and limited, the highest load first */
    struct explain_part *part;
    int limits; /* likewise, the tightest first */
    struct explain_limit *limit;
    bool shortcuts; /* handlers that go on without what is late or fails: their time
                       alone is that of averages, and luck makes it shorter */
    bool overloaded; /* what does not wait for answers alone asks for too much */
    int closed_count, bursts, peaks, nests, excesses, memories;
    struct explain_closed *closed;
    struct explain_burst *burst;
    struct explain_peak *peak;
    struct explain_nest *nest;
    struct explain_excess *excess;
    struct explain_memory *memory;
};

struct explanation *explain(const struct system_spec *system, const struct model *model,
                            struct arena *arena);

/* How many keys or addresses a limit holds for, each by itself. */
double explain_keys(const struct system_spec *system, const struct model_facts *facts,
                    const struct rate_limit_facts *limit);

#endif
