/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compiled -- what a scenario becomes: handlers as flat instructions, services and
 * pools as numbered stations. Written by model.c and compile.c, read by the world;
 * nobody outside models/ includes it.
 *
 * A handler is compiled anew for every path of calls that leads to it, so that each
 * instruction can carry the key of its own random draws. Paths leave out proxies:
 * putting a balancer in front changes nobody's draws.
 */
#ifndef MODELS_COMPILED_H
#define MODELS_COMPILED_H

#include "models/che.h"
#include "models/guard.h"
#include "models/kind.h"

#define NONE UINT32_MAX
enum {
    MAX_LOOPS = 4, /* nested repeats in one handler */
    MAX_HELD = 8,  /* connections held at a time by one handler */
    MAX_LOOKUPS = 4, /* nested look-ups in caches */
    MOST_PROXY_TRIES = 250, /* of one request at the servers of a proxy */
};

enum op {
    OP_DELAY,   /* let a drawn time pass; the slot is held */
    OP_REGAIN,  /* wait until the process's main thread lets go of the lock (GIL) */
    OP_SLOWED,  /* the same where instances may have slow times */
    OP_CPU,     /* use a drawn time of CPU; `b`: on a thread of its own */
    OP_CALL,    /* call site `a`, wait for the reply */
    OP_GUARDED, /* the same, past the guards of set `b` */
    OP_GUARD_IN,  /* past the guards of set `b`, which are told at: */
    OP_GUARD_OUT, /* how what was between the two has ended */
    OP_ACQUIRE, /* a connection of pool use `a`, the task's `b`-th */
    OP_RELEASE, /* give it back */
    OP_KEEP_NONE, /* no connection is held to the end of the handler yet */
    OP_CHANCE,  /* go to `a` with probability `p` */
    OP_CHOOSE,  /* go to choice[a + i], i of `b` drawn by the cumulative odds there */
    OP_REPEAT,  /* draw a count into loop `b`; 0: go to `a` */
    OP_AGAIN,   /* count down loop `b`; go to `a` while it lasts */
    OP_FORK,    /* start `b` branches at branch[a], wait for `count` of them */
    OP_SPAWN,   /* start a background task at `a` */
    OP_ANSWER,  /* answer now; the rest is background work in the same slot */
    OP_ENQUEUE, /* start a courier at `a` for the queue of service `b` */
    OP_HOLD_BACK, /* let a drawn time pass before a message of call site `a` may run */
    OP_REAP,    /* end the task that is watched, if it still runs */
    OP_PUBLISH, /* call site `a`, as a message to its workers */
    OP_STREAM,  /* the first byte leaves now */
    OP_CHUNKS,  /* let the gaps of stream plan `a` pass, up to a silence or the end */
    OP_ON,      /* after a silence: go to `a`, unless the stream is over */
    OP_CHUNK,   /* one more chunk of stream plan `a` leaves */
    OP_WRITE,   /* until the client has what has left */
    OP_SESSION, /* open session plan `a` */
    OP_QUIET,   /* of session plan `a`, until the next message or the end */
    OP_MESSAGE, /* it has come; the end: go to `a` */
    OP_CLOSE,   /* the session */
    OP_BROADCAST, /* start a task at `a` in every process with sessions */
    OP_SENDS,   /* use a drawn time of CPU for each session of the process */
    OP_LOOKUP,  /* cache use `b`: a hit goes to `a`; a miss goes on, or waits */
    OP_BYPASS,  /* cache use `b` could not be asked */
    OP_KEEP,    /* go to `a` unless there is something to put into cache use `b` */
    OP_FILL,    /* put it in */
    OP_DROP,    /* there is nothing to put in after all */
    OP_MEMORY,  /* take a drawn amount until the end */
    OP_FAIL,    /* end with a status, with probability `p` */
    OP_JUMP,    /* go to `a` */
    OP_CLEAR,   /* forget the error; go to `a` */
    OP_UNITS,   /* take `count` x `p` x a drawn size of side `b` of a table */
    OP_ACCEPT,  /* proxies: a worker takes the client's connection */
    OP_HANG_UP, /* and lets it go */
    OP_LIMIT,   /* hold to `b` limits of the rate from `a` on */
    OP_COUNT,   /* limit `a` of requests at a time */
    OP_UNCOUNT,
    OP_PROXY, /* a server of proxy plan `b`, call site `a` or one that follows */
    OP_CHECK, /* a health check of a server of proxy plan `b`, call sites likewise */
    OP_ADMIT,   /* limits of an API; `a`: where the answer is written */
    OP_INFER,   /* read a drawn prompt, write `dist2` many tokens */
    OP_BATCH,   /* become part of a batch */
    OP_ONCE,    /* go to `a` if this process has done `b` before */
    OP_ONCE_DONE, /* now it has; its memory stays taken */
    OP_END,     /* answer */
    OP_GONE,    /* killed before its turn came: nothing is left to do */
};

/* Records that are asked for with every event have the size of a power of two. */
struct instr {
    _Alignas(64) uint8_t op;
    uint8_t status;    /* OP_FAIL */
    uint16_t resource; /* where the time goes; OP_CPU: the work itself */
    uint32_t a, b;
    uint32_t count;
    uint32_t on_error; /* where to go when this fails: gives back what is held, ends */
    uint16_t cause;    /* OP_FAIL, OP_MEMORY; OP_CPU: resource of waiting for a core */
    uint64_t key;      /* of its draws */
    const struct dist *dist, *dist2;
    double p;
};

/* OP_ACQUIRE and OP_RELEASE say more in `count` and `resource`. */
enum {
    HOLD_TO_END = 1,   /* count: taken once, given back at the end of the handler */
    HOLD_NO_CLIENT = 0, /* resource: the task is its own client; else 1 + the number of
                           the held connection that is the client's */
};

struct choice { double odds; uint32_t pc; }; /* cumulative, the last 1 */

/* Retries that there may be of one client (retry.c). */
struct budget_plan {
    enum retry_budget sort;
    double most;  /* tokens (gRPC); retries without any requests */
    double ratio; /* tokens of a success, retries of a request */
    sim_time ttl; /* Finagle */
};

/* A stream on one path of calls; or a session. */
struct stream_plan {
    const struct dist *chunks, *duration; /* one of them; sessions: duration */
    const struct dist *gap; /* sessions: between messages; NULL: none are simulated */
    const struct dist *size; /* NULL: not known, or the client is fast enough */
    uint64_t size_key, gap_key;
    double byte_time; /* ns that the client takes for a byte */
    double patience;  /* ns of silence that somebody on the path does not bear */
    bool one_pace;    /* the gap is drawn once; the first chunk is the first byte */
    int64_t most;     /* chunks, or tokens; 0: any number */
    bool held;        /* by a slow client: nobody takes the answer off the server */
};

struct retry_policy {
    uint32_t max;
    uint32_t statuses; /* bit set of enum status */
    sim_time base, cap; /* base 0: no pause */
    double factor;
    enum jitter jitter;
    uint64_t key;
    double probability;
    uint64_t chance_key;
    bool obeys;      /* Retry-After */
    uint32_t budget; /* the first, one an instance of the caller; NONE */
};

/* What a call gives its callee: bits of enum task_flag. */
enum { CALL_CONNECTS = 16, CALL_GUARDED = 256, CALL_NEAR = 2048 };

/* One place from which one service is called for one path. */
struct call_site {
    _Alignas(64) uint32_t entry;    /* pc of the callee's program */
    uint32_t service, first_instance;
    uint32_t balancer; /* the first of its caller's; one an instance of the caller */
    uint64_t balance_key; /* of the balancer's draws; BALANCE_SHARD: the cache use */
    sim_time latency;  /* one way */
    uint32_t timeout_class, connect_class; /* timers; NONE */
    uint16_t timeout_cause, connect_cause, idle_cause;
    uint8_t timeout_status;
    bool until_first_byte; /* the timeout is over when the first byte comes */
    bool passes_stream;    /* the callee's first byte is the caller's */
    bool proxy;            /* refused and reset become 502 */
    uint16_t flags;        /* CALL_CONNECTS: a query without a pool, a connection for
                              itself; CALL_GUARDED: guards stand before the service;
                              CALL_NEAR: the network takes no time */
    uint8_t class;         /* of the callee's line: 0 is served first */
    bool admin;            /* and one of those kept for administrators */
    bool derive_entity;    /* the callee may draw again on a later visit: see rng_mix */
    bool noted;            /* that, or the beginning of a call counts */
    bool watched;          /* its end counts, or is told in another way */
    struct retry_policy retry;
};

/* A server as the scenario describes it to a proxy. */
struct peer_plan {
    uint32_t site; /* of the call sites of a call, the one that leads there */
    uint32_t service, replica;
    int32_t weight;
    uint32_t most; /* calls under way; 0: any number */
    uint32_t max_fails;
    int64_t fail_timeout; /* s */
    bool down;
    uint32_t queue; /* requests that may wait for it; 0: any number */
    uint32_t least; /* of `most`, which it rises from with the load; 0: it does not */
};

struct ring_point { uint32_t hash, peer; };

struct balancer_plan {
    enum balance_policy policy;
    uint32_t service; /* whose instances they are; NONE: of several */
    uint32_t peers, primaries; /* backups come last */
    bool even; /* all are primaries with the same weight */
    const struct peer_plan *peer; /* NULL: the instances of one service, all alike */
    const struct ring_point *ring; /* by hash */
    uint32_t points;
    uint32_t draws; /* of servers, the best of which is taken */
    double bias;    /* how much the load weighs against the weight */
    bool waits;     /* who finds all busy waits */
    bool past_full; /* a busy one is chosen all the same, and waited for */
};

/* What a proxy does for the requests that go one way. */
struct proxy_plan {
    const struct proxy_part *part;
    uint32_t service; /* the proxy itself */
    const struct param_variant *upstream;
    int balance;
    uint32_t balancer; /* the first; one a worker of an instance */
    uint32_t workers;  /* with knowledge of their own */
    uint32_t peers, tries;
    enum balance_policy policy;
    bool keeps; /* whether a connection is kept makes a difference */
    uint16_t nolive_cause, full_cause, stale_cause;

    bool edge; /* any of what follows (edge.c, health.c, outlier.c) */
    uint32_t queue_class;
    uint16_t queue_cause, overflow_cause, requests_cause, wait_resource;
    uint32_t check_site;     /* call sites of health checks, one a server; NONE */
    uint32_t check_loop;     /* call site whose entry is what checks run; NONE */
    uint64_t retry_key;
    bool reviews; /* weights or limits change with time */
};

/* limit_req, in thousandths of requests; or limit_conn, `burst` at a time. */
struct limit_plan {
    const void *conf;
    uint32_t service;
    int64_t rate, burst, delay;
    enum limit_key key;
    uint32_t states;
    uint32_t zone; /* the first; one an instance of the proxy */
};

/* One guard of a set. */
struct guard_plan {
    enum guard_sort sort;
    const void *conf;
    uint32_t first; /* of its states: one, or one an instance */
    bool one;
    uint8_t status;    /* of the rejected */
    uint16_t cause, resource;
    uint32_t timer_class; /* of those who wait for another to end; NONE */
    uint32_t failures, ignored; /* sets of enum status */
    uint64_t key;         /* of its draws */
};

/* The guards in front of a service, or around a call. */
struct guard_set {
    const struct guard_plan *plan;
    uint32_t count, service; /* whose instances have them */
    const void *list;        /* the user's: one set serves all calls that share it */
};

/* Who is next of those that wait for a slot, and who is dropped. */
struct line_plan {
    uint32_t classes;
    int64_t lifo_above;        /* UNLIMITED: oldest first */
    sim_time target, interval; /* CoDel; target SIM_NEVER: none */
    sim_time margin;           /* who has less time left is dropped; SIM_NEVER */
    uint16_t codel_cause, abandoned_cause;
};

/* What makes the cores of an instance slower, or stops them (governor.c). */
struct cpu_rules {
    double cores;        /* INFINITY: as many as there is work for */
    double physical;     /* half the hardware threads of the machine */
    double smt;          /* speed of a core with both hardware threads busy; 2 */
    double sigma, kappa; /* scalability law */
    double quota, burst; /* ns of CPU time: a period; saved up; quota INFINITY: none */
    sim_time period, phase; /* phase SIM_NEVER: drawn by: */
    uint64_t phase_key;
    bool credits;        /* needed at all */
    double baseline;     /* cores that they last for */
    double most, balance, taper; /* credits */
    bool standard;       /* without credits: slower */
};

/* Cores' worth of work that `units` do on `cores`. */
double cpu_speed(const struct cpu_rules *rules, double cores, double units);

/* A way in which the instances of a service fail, see outage.c. */
struct outage {
    const struct outage_conf *conf;
    uint32_t service, instances;
    uint32_t first; /* actor of its first instance, among all of outages */
    uint64_t key;
};

/* A language model with continuous batching (engine.c). */
struct engine_plan {
    uint32_t sequences, batch_tokens, block, chunk, longest;
    bool whole_prompts;
    int64_t blocks, shared_blocks;
    double hit;
    const double *time; /* ns, by tokens of the step: 1 .. batch_tokens */
    double context;     /* ns of a token looked back on */
    sim_time stall;
    uint16_t wait_resource, read_resource, write_resource;
};

/* Limits of an API: requests or tokens. */
struct meter_limit {
    double rate;       /* per ns */
    double room, debt; /* what can be had at once, and owed */
    sim_time window;
    bool fixed, of_tokens;
    uint16_t cause;
};

struct meter_plan {
    const struct meter_limit *limit;
    uint32_t limits;
    enum charge charge;
    bool counts_rejected;
    int64_t max_tokens; /* 0: none */
};

/* A model server that works in batches (batcher.c). */
struct batch_plan {
    uint32_t most, servers;
    const uint32_t *preferred;
    uint32_t preferred_count;
    sim_time delay;
    bool collects;
    int64_t queue_limit;
    const struct param_list *points; /* struct curve_point; NULL: by the instruction */
    uint32_t timeout_class;
    uint16_t wait_resource, work_resource, full_cause, late_cause;
};

/* What a process does once in its life (once.c). */
struct once_plan {
    const struct once_step *step;
    uint32_t warm;  /* processes that have done it when the run begins */
    int64_t memory; /* bytes, taken until the process ends */
};

struct service {
    const char *name;
    struct server_part part;
    uint32_t station;
    uint32_t instances, first_instance; /* among all instances */
    uint32_t first_process;             /* among all processes */
    uint32_t processes;     /* an instance; 1 when nobody can tell them apart */
    int64_t slots;                      /* a process */
    int64_t process_limit, refuse_above;
    int64_t queue_limit;
    uint16_t away_cause, broken_cause, silent_cause, lost_cause; /* of outages */
    const int *silent_pauses; /* of who tries to connect to a machine that is gone */
    bool slows; /* has slow times */
    double cores;   /* an instance can use; INFINITY */
    bool shared_cpu; /* else a piece of work just takes its time */
    struct cpu_rules *rules; /* NULL: the cores are always there */
    double capacity; /* cores' worth of work an instance can do in the long run */
    uint16_t frozen_resource; /* quota: everything else that waits for the period */
    bool mortal;     /* its processes come and go: worker.c */
    bool plain;      /* one process that lives for ever, and one queue: who comes takes
                        a slot or waits, and nobody has to be told */
    bool heeded;     /* somebody is told of every request that gets a slot */
    bool watched;    /* somebody has to know of every slot that gets free */
    uint32_t guards; /* set of them; NONE */
    const struct line_plan *line; /* NULL: first come, first served */
    int64_t memory; /* bytes; 0 = not limited */
    bool weighs;    /* what it takes is counted: memory.c */
    bool weighs_requests; /* from their first instruction on */
    bool oom_kills; /* and too much ends processes */
    uint16_t oom_cause, down_cause;
    uint16_t wait_resource; /* waiting for a slot */
    uint16_t dropped_resource; /* knocking at a full listen queue */
    uint16_t refused_cause, busy_cause, connection_cause, killed_cause;
    uint64_t accept_key, life_key;
    uint32_t workers, first_worker; /* of a proxy */
    bool counts_connections;
    uint64_t worker_key;
    uint16_t closed_cause, exhausted_cause, hot_cause, limit_cause;
    const struct engine_plan *engine; /* NULL */
    const struct meter_plan *meter;   /* NULL */
    const struct batch_plan *batch;   /* NULL */
    struct once_plan *once;
    uint32_t onces;
};

struct pool {
    const char *name;
    struct pool_part part;
    uint32_t station;
    uint32_t first, count; /* pools of this name among all pool states */
    uint16_t wait_resource, connect_resource;
    uint16_t timeout_cause;
    uint16_t query_cause, failing_cause, clients_cause;
    uint32_t timeout_class; /* of waiters that leave to the instant; NONE */
    sim_time patience;      /* of waiters that are swept out; SIM_NEVER */
    uint32_t database;      /* service whose connections it opens; NONE */
    uint32_t behind;        /* pool whose clients its connections are; NONE */
    int64_t limit;          /* size + overflow; UNLIMITED */
    sim_time connect;
    uint64_t key;   /* of its draws */
    bool special; /* callers have to be looked at before they take one */
    bool records; /* connections differ: by age, or by what is pinned to them */
    bool clocked; /* something is done in the background as time passes */
    bool counted; /* most_database or most_user */
    bool plain;   /* none of these */
};

/* A pool as used from one service: which of its states depends on the caller's
 * place. */
struct pool_use {
    uint32_t pool;
    uint32_t first;
    enum pool_scope scope;
    uint32_t processes; /* of the caller: first + instance * processes + process */
    uint32_t caller_first_instance;
};

/* What lies at one service, an own store at each of its instances. */
struct cache {
    uint32_t service, first; /* among all stores */
    struct store_limits limits;
    bool sharded;            /* each key lies at one instance only */
    uint64_t evict_key, start_key;
    bool refuses; /* a write that has no room is an error, not just forgotten */
    const double *cost; /* of each set: ns that making an entry takes on average */
    const struct che_set *set; /* as many as limits.sets: what is asked for */
    const struct dist *const *ttl, *const *size; /* of each set; NULL */
    const uint64_t *size_key;
    const bool *flights; /* of each set: does anybody wait for a fill? */
    double time; /* s unused after which an entry goes, see che.h */
    double expected; /* hit ratio, by the same theory */
    bool followed;   /* key by key; else drawn */
    bool cold_start;
    sim_time flush_at;
};

/* A cache as seen from one place. */
struct cache_use {
    uint32_t cache, set, depth; /* depth: how many look-ups it stands in */
    const double *zipf; /* cumulative popularity of keys */
    uint64_t keys;
    uint64_t key_key, ttl_key, size_key, early_key;
    const struct dist *ttl, *size; /* NULL */
    bool own;     /* lies at the instance itself, not at the one it called */
    bool by_turn; /* in a repeat: each turn has a key of its own */
    bool single_flight;
    double early_refresh;
    sim_time stale;
    uint32_t wait_class; /* NONE */
    uint16_t wait_resource;
    uint32_t refresh; /* pc of the same work in the background; NONE */
    uint32_t type;    /* request type that comes here, */
    double weight;    /* so often per request */
};

struct type {
    _Alignas(16) uint32_t call;    /* site of the client's call */
    uint32_t workload;
    bool streaming;
};

/* How a user pauses. */
enum pause_rule {
    PAUSE_THINK,   /* a drawn time */
    PAUSE_SLEEP,   /* likewise, unless the iteration was interrupted */
    PAUSE_BETWEEN, /* uniform between two times */
    PAUSE_PACING,  /* so that requests begin a fixed time apart */
};

/* Of a test with VUs: so many at its start and at its end, evenly in between. */
struct vu_stage { sim_time start, end; int64_t from, to; };

/* A connection's turn in its period, and how many periods it starts late. */
struct phase { sim_time at; int64_t late; uint32_t lane; };

/* Connections of clients to their target. */
struct link_plan {
    bool modelled;
    bool shared;      /* by all requests of the workload; else each user has his own */
    int64_t most;     /* open at a time */
    sim_time kept;    /* idle for so long at most; SIM_NEVER: for ever */
    int round_trips;  /* to open one */
    uint16_t wait_resource; /* for one of the shared */
};

struct workload {
    _Alignas(64) const char *name;
    const struct workload_conf *conf;
    enum workload_form form;
    uint32_t first_type, types;
    uint16_t number;    /* among all */
    uint32_t only_type; /* of every request; NONE: drawn, or in a trace */
    const double *odds; /* cumulative, by type */
    uint64_t arrival_key, type_key, address_key, think_key, batch_key, switch_key,
        key_key;
    uint32_t timeout_class, deadline_class;
    uint16_t timeout_cause, deadline_cause;
    bool heralded; /* something comes before a request is sent, */
    bool watched;  /* after an attempt, */
    bool attended; /* after a request: visit.c */
    bool balanced; /* some request of it goes to the choice of a balancer */
    bool plain;    /* none of these, and no timeout: its clients ask and wait */
    struct retry_policy retry;
    const struct dist *patience;
    uint16_t left_cause;
    uint64_t patience_key, reload_key;
    struct link_plan link;
    uint64_t address_count;
    const double *zipf; /* cumulative popularity of keys; NULL */
    double rate; /* arrivals/s; with a profile times its multiplier */
    enum arrival_process process;
    const struct dist *gap; /* gamma process: mean 1 */
    const struct process_mmpp_conf *mmpp;
    const struct dist *batch;
    const struct profile_point *profile; /* NULL: none */
    int points;
    bool repeats;
    bool at_once; /* the first arrival is at 0, not one gap later */
    int64_t users;
    sim_time ramp_up;             /* they start evenly; or */
    int64_t spawned;              /* so many (0: not so) */
    sim_time spawn_every;         /* at a time */
    const struct vu_stage *stage; /* how many may be active; NULL: all */
    int stages;
    enum pause_rule pause; /* of a user after an answer */
    const struct dist *think, *requests;
    sim_time pause_least, pause_most;
    sim_time ends; /* no user begins anything from then on; SIM_NEVER */
    sim_time grace, ramp_grace; /* what is under way then, or when a stage takes a VU
                                   away, may go on for so long, */
    sim_time interrupts;        /* up to then; SIM_NEVER */
    int64_t iterations; /* of a user, or (`shares`) of all; 0: any number */
    bool shares;
    enum tool tool;
    int64_t vus, most_vus; /* of an arrival rate, at first and at most; 0: no limit */
    sim_time vu_start;
    uint16_t dropped_cause;
    const struct phase *phase; /* turns of the lanes in a period; NULL */
    sim_time period;
    uint32_t lanes, first_lane; /* of connections, each with requests of its own */
    sim_time tool_timeout;      /* wrk: slower answers are not counted */
    sim_time timed_from;        /* wrk2: nor those before */
    const struct trace_arrival *trace;
    uint32_t trace_count;
    sim_time span; /* terminating: when the last arrival has come */
};

struct trace_arrival { sim_time time; uint32_t type; };

/* ns at x of a list of struct curve_point. */
double curve_at(const struct param_list *points, double x);

struct model {
    struct model_facts facts;
    struct stream_plan *stream;
    uint32_t streams;
    bool buffers, sessions; /* somewhere */
    struct instr *code;
    struct choice *choice;
    uint32_t *branch;
    struct call_site *call;
    struct balancer_plan *balancer;
    struct proxy_plan *proxy;
    struct limit_plan *limit;
    struct guard_set *guard_set;
    struct service *service;
    struct pool *pool;
    struct pool_use *pool_use;
    struct cache *cache;
    struct cache_use *cache_use;
    struct type *type;
    struct workload *workload;
    struct demand *demand;   /* [type][station] */
    double *alone;           /* [type] s */
    sim_time *timer_length;  /* by class */
    struct budget_plan *budget;
    uint32_t proxies, limits, zones, workers, budgets, lanes;
    uint32_t guard_sets, guards; /* guards: states of them */
    bool lines;      /* some service has rules for its line */
    uint32_t tried_words; /* for a bit for each server of any proxy */
    struct outage *outage;
    uint32_t outages, outage_actors;
    uint32_t balancers, services, pools, pool_uses, timer_classes;
    uint32_t instances, processes, pool_states, caches, stores, engines, meters,
        batch_actors, onces;
    uint16_t network_resource, backoff_resource;
    uint64_t seed;
    bool laden;     /* some tasks take memory of their own */
    bool visits;    /* some workload has more to it than requests and answers */
    bool mortal;    /* some service is */
    uint32_t grave; /* pc of OP_GONE */
    uint32_t watch; /* pc of a pause that OP_REAP comes after */
};

#endif
