/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kind -- what every kind of service looks like from outside.
 *
 * A kind is thin: a table of the real server's configuration keys with their real
 * defaults, and one function that maps them onto a part. The parts (a server with
 * processes and slots, a connection pool) do the work. Adding a kind is adding its file
 * in presets/ and its line in registry.c.
 */
#ifndef MODELS_KIND_H
#define MODELS_KIND_H

#include "models/model.h"
#include "models/proxy.h"
#include "models/store.h"
#include "models/table.h"

enum part_sort { PART_SERVER, PART_POOL };

/* How a process shares its CPU among the requests that want it. */
enum discipline {
    DISCIPLINE_SHARING, /* threads of the operating system: each at most one core */
    DISCIPLINE_GIL,     /* threads that share one core per process: evenly, or in turns
                           of switch_interval */
    DISCIPLINE_LOOP,    /* one piece of work at a time per process, in order */
};

/* Who takes a connection that arrives. */
enum accept {
    ACCEPT_IDLE,  /* one shared queue; whoever has a free slot takes the oldest */
    ACCEPT_EAGER, /* a process takes it at once into a queue of its own, busy or not */
    ACCEPT_TURN,  /* likewise, but a parent hands them out in turn */
};

/* What a server does when whoever waits for an answer closes the connection, see
 * disconnect.c. In the order of their names. */
enum on_disconnect { DISCONNECT_STAY, DISCONNECT_LEAVE, DISCONNECT_STOP };

/* What a service does with requests that no handler is written for. */
enum duty {
    DUTY_HANDLERS, /* runs handlers, or answers after `time` */
    DUTY_PROXY,    /* passes them to its upstream */
    DUTY_DATABASE, /* works for the time each query says */
    DUTY_LLM,      /* first token, then tokens at a pace */
    DUTY_TABLE,    /* takes units, then a time */
    DUTY_EDGE,     /* answers what it has, passes the rest to its upstream */
    DUTY_ENGINE,   /* writes tokens, all requests in one batch */
    DUTY_BATCH,    /* works on several at a time, which end together */
};

/* How the processes of a server live and end (worker.c); all zero: for ever. */
struct life_part {
    sim_time timeout;     /* ended when there is no sign of life for longer; 0: never */
    sim_time sign_every;  /* an idle loop gives a sign; 0: one before each request */
    sim_time abort_takes; /* from being told to end to the end */
    enum status end_status; /* what its requests are then answered with */
    int64_t max_requests, jitter; /* then it is replaced; 0: never */
    bool counts_answers;  /* requests count when they end, not when they begin */
    sim_time drain_limit; /* longest time to finish what it has; 0: no limit */
    bool drain_looks;     /* looked at once a second only */
    sim_time drain_takes; /* from being told to end to the end */
    enum status drain_status;
    sim_time noticed;     /* from the end of a process to the start of the next */
    sim_time boot;        /* from there until it takes requests */
    const struct restart_conf *restart; /* NULL: none */
};

/* What a server's memory goes to, and what happens when an instance has no more
 * (memory.c); all zero: only what `memory` steps take counts, and they fail. */
struct memory_part {
    int64_t base, per_worker;   /* of an instance beside its processes; of each */
    int64_t per_connection;     /* of each that a process has taken */
    struct dist *per_request;   /* of each that is worked on; NULL: none */
    enum on_oom on_oom;
    bool backs_off;             /* containers are started again after longer pauses */
    bool counted;               /* the service has keys to say all this */
};

/* What a service that caches has room for. */
struct store_part {
    bool present;
    enum eviction eviction;
    int64_t items, bytes; /* UNLIMITED */
    int samples;
    bool cold_start;
    sim_time flush_at; /* SIM_NEVER */
};

/* Messages that wait for whoever takes them (broker.c). */
struct broker_part {
    bool present;
    bool acks_late;
    sim_time visibility; /* SIM_NEVER: none */
    sim_time time_limit; /* of a task; 0: none */
    int64_t max_retries;
    sim_time retry_delay;
};

/* How long something takes by its size. */
struct curve_point { uint32_t at; int64_t x; sim_time y; };
extern const struct param curve_point_row;

/* Tokens of one request type; NULL: as for all. */
struct length_conf { uint32_t at; struct dist *input, *output; };

/* A language model with continuous batching (engine.c). */
struct engine_part {
    int64_t sequences, batch_tokens; /* in a step */
    int64_t block, blocks;           /* tokens of a block; blocks of the cache */
    int64_t chunk;                   /* most of a prompt in a step; 0: any */
    int64_t longest;                 /* prompt and answer; 0: what fits */
    bool whole_prompts;              /* a prompt is read in one step */
    const struct param_list *points; /* struct curve_point: time of a step by tokens; */
    double floor, slope;             /* NULL: ns of any step, ns of a token */
    double context;                  /* ns of a token looked back on */
    sim_time overhead, stall;
    struct dist *input, *output;      /* tokens; NULL: by request alone */
    const struct param_map *requests; /* struct length_conf, by request type */
    int64_t shared;              /* tokens that all prompts begin with */
    double hit;                  /* part of the rest that lies in the cache */
};

/* Limits of an API (meter.c). */
enum charge { CHARGE_MAX_TOKENS, CHARGE_USED, CHARGE_INPUT, CHARGE_OUTPUT };
struct meter_conf {
    uint32_t at;
    double requests, tokens; /* 1/s; 0: none */
    sim_time window, request_window;
    int enforced; /* 1: in fixed windows */
};

struct meter_part {
    const struct meter_conf *limit;
    int count;
    struct dist *input; /* tokens of a prompt; NULL: 0 */
    int64_t max_tokens; /* 0: none */
    enum charge charge;
    bool counts_rejected;
    sim_time retry_after; /* said; SIM_NEVER: as long as it takes */
    double overloaded;    /* part of the calls */
};

/* A model server that works in batches (batcher.c). */
struct batch_part {
    int64_t most, servers;              /* requests in a batch; batches at a time */
    const struct param_list *preferred; /* int64_t; NULL: none */
    sim_time delay;
    bool collects;       /* the delay counts from the first that is taken */
    int64_t queue_limit; /* UNLIMITED */
    sim_time patience;   /* of who waits; SIM_NEVER */
    struct dist *time, *per_request; /* of a batch; NULL: 0 */
    const struct param_list *points; /* struct curve_point, instead; NULL */
};

struct server_part {
    int64_t processes;      /* an instance */
    int64_t slots;          /* requests a process works on at a time; UNLIMITED */
    int64_t process_limit;  /* eager: connections a process takes; UNLIMITED */
    int64_t queue_limit;    /* connections of an instance not yet taken; UNLIMITED */
    enum status full_status; /* of who finds slots and queue full; 0: refused */
    int64_t refuse_above;   /* requests in a process; beyond: 503; UNLIMITED */
    const int *knock_pauses; /* s, up to a 0: a full queue drops silently, and clients
                                knock again after these; NULL: it refuses */
    int64_t max_connections; /* databases: all clients together; UNLIMITED */
    int64_t admin_connections; /* more, for administrators alone */
    sim_time connect;        /* databases: to open a connection */
    sim_time query_overhead; /* databases: what each query takes beyond its times */
    double hit_ratio;        /* databases: queries that find their pages in memory */
    enum discipline discipline;
    sim_time scan; /* eager: of the main thread, for each request that it holds,
                      whenever it takes one more; 0: none */
    sim_time switch_interval; /* GIL; 0: evenly, as if it were very short */
    enum accept accept;
    enum on_disconnect on_disconnect;
    struct life_part life;
    struct memory_part memory;
    struct broker_part broker;
    double parallelism;     /* cores the program itself can use; INFINITY */
    struct dist *overhead;  /* of a request, around its handler; NULL */
    const char *slot_name;
    bool has_parent; /* a process that starts others in place of those that end */
    enum duty duty;
    const struct handler_conf *handlers;
    struct proxy_part proxy;
    sim_time keep_alive; /* how long it keeps an idle connection open; 0: not at all */
    struct dist *first_token, *tokens, *token_time; /* LLM */
    struct store_part store;
    struct table_part table;
    const struct cache_rules *rules; /* edge */
    struct engine_part engine;
    struct meter_part meter; /* LLM */
    struct batch_part batch;
};

enum pool_scope { SCOPE_GLOBAL, SCOPE_INSTANCE, SCOPE_PROCESS };

/* Who opens a pool's connections. */
enum growth {
    GROWTH_CALLER,     /* the caller who finds none to spare, while he waits for it */
    GROWTH_BACKGROUND, /* the pool, one after the other; whatever is free first is
                          the caller's */
};

struct pool_part {
    int64_t size;           /* connections it may open; UNLIMITED */
    int64_t overflow;       /* more, on demand */
    int64_t kept;           /* idle ones kept on return, others are closed; UNLIMITED */
    int64_t reserve;        /* more, once the oldest waiter has waited this: */
    sim_time reserve_after; /* SIM_NEVER: no reserve */
    sim_time wait_timeout;  /* 0: nobody waits; SIM_NEVER */
    enum pool_scope scope;
    enum status timeout_status; /* what the caller gets when the wait times out */
    const char *server; /* database or pool behind it; NULL: taken from the query */
    enum growth growth;
    sim_time connect;  /* to open one; SIM_NEVER: as the database says */
    sim_time overhead; /* what each use takes beyond what the scenario says */
    bool lifo;         /* the idle one used last is taken first */
    bool by_thread;    /* taken once, held until the end of the handler */
    sim_time recycle;  /* an older one is replaced when it is taken; SIM_NEVER */
    bool recycle_on_return; /* and is closed when it comes back */

    /* of what goes on in the background; a connection's end of life, SIM_NEVER: none */
    sim_time lifetime, idle_timeout;
    double lifetime_jitter; /* this share of the lifetime is drawn off evenly */
    bool lifetime_spaced;   /* ends lie lifetime / size apart at least */
    int64_t least_idle, least_open; /* opened ahead of demand */
    bool filled_at_start;           /* to least_idle, the first at once */
    sim_time pause;                 /* between two openings */
    sim_time retry_first, retry_most; /* pause after a refusal, doubling up to */
    sim_time sweep; /* time is looked at so often; 0: to the instant */

    /* of poolers that stand by themselves */
    bool session;           /* a client keeps its connection until it disconnects */
    bool statements;        /* nothing is held across statements */
    bool pooler; /* shares limits with others before its database; after a refusal it
                    fails fast while it has no connection at all */
    int64_t most_clients;   /* connected to it; UNLIMITED */
    int64_t most_database, most_user; /* open of all pools; UNLIMITED */
    const char *user;       /* pools of one user share most_user; NULL: a user alone */
    sim_time query_timeout; /* SIM_NEVER */
    bool timeout_with_wait; /* a running query's time counts from its arrival */
    int64_t copies;         /* processes, each with all of this */
    const char *unit_name;  /* what it is a pool of; NULL: connections */
};

struct part {
    enum part_sort sort;
    union {
        struct server_part server;
        struct pool_part pool;
    };
};

struct kind {
    struct param row; /* key = name, of = its table, size = of its conf */
    enum part_sort sort;
    /* Fill a part from the bound conf, which begins with `uint32_t at` followed by a
     * struct service_common at `common`. Mistakes between keys go to `out`. */
    void (*build)(const void *conf, struct part *part, struct listener *out);
    size_t common; /* offset of the struct service_common; pools have none: SIZE_MAX */
};

const struct kind *kind_of(const struct param_variant *service);

/* What the keys of MEMORY_ROWS say, after everything else has been built. */
void memory_build(const struct memory_conf *conf, const struct service_common *common,
                  uint32_t at, struct server_part *part, struct listener *out);

/* The CPU quota of a service in cores; INFINITY: none. */
double quota_cores(const struct service_common *common);

/* A server part with nothing limited and nothing to do: where presets start. */
struct server_part server_part_default(void);

/* A pool of `size` that behaves as the caller takes and returns: likewise. */
struct pool_part pool_part_default(int64_t size);

/* s between the attempts to connect of a client on a current Linux, up to a 0. */
extern const int listen_linear_pauses[];

/* Room without limit, exact LRU, steady at the start. */
struct store_part store_part_default(const struct store_conf *conf);

#define KIND_ROW(name_, doc_)                                                          \
    .row = {.key = #name_, .type = PARAM_OBJECT, .of = params,                         \
            .size = sizeof(struct conf), .doc = doc_}

/* The same without `balance`, for kinds with an own key of that name. */
#define BASE_ROWS                                                                      \
    {.type = PARAM_INCLUDE, .of = service_base_params,                                 \
     .offset = offsetof(struct conf, common)}
#define COMMON_ROWS                                                                    \
    {.type = PARAM_INCLUDE, .of = service_common_params,                               \
     .offset = offsetof(struct conf, common)}
#define STORE_ROWS                                                                     \
    {.type = PARAM_INCLUDE, .of = store_params, .offset = offsetof(struct conf, store)}
#define MEMORY_ROWS                                                                    \
    {.type = PARAM_INCLUDE, .of = memory_conf_params,                                  \
     .offset = offsetof(struct conf, memory)}
#define BOOT_ROW(offset_, default_)                                                    \
    {.key = "boot", .type = PARAM_DURATION, .offset = offset_, .most = 1e6,            \
     .fallback = default_,                                                             \
     .doc = "From the start of a process until it takes requests, where one is "       \
            "started again (memory). (Not a key of the server.)"}
#define HANDLER_ROWS                                                                   \
    {.type = PARAM_INCLUDE, .of = handler_params,                                      \
     .offset = offsetof(struct conf, handlers)}
#define SWITCH_ROW(offset_)                                                            \
    {.key = "switch_interval", .type = PARAM_DURATION, .offset = offset_,              \
     .most = 3600,                                                                     \
     .doc = "sys.setswitchinterval: a thread that waits so long for the lock (GIL) "   \
            "gets it from the one that computes; CPython's own is 5 ms. When absent, " \
            "threads share the lock evenly, as if it were very short, which is "       \
            "cheaper to simulate but shows no convoys behind CPU-bound threads."}
#define DISCONNECT_ROW(offset_)                                                        \
    {.key = "on_disconnect", .type = PARAM_CHOICE, .offset = offset_,                  \
     .choices = on_disconnect_names,                                                   \
     .doc = "What becomes of a request whose client, or caller, gives up and closes "  \
            "the connection. stay = it keeps its place and is done all the same, for " \
            "nobody: most servers notice no earlier than they write; leave = who "     \
            "waits leaves the queue, work that has begun is finished; stop = that is " \
            "cancelled, too, with the calls it waits for (a context that is passed "   \
            "on)."}
#define RESTART_ROW(offset_)                                                           \
    {.key = "restart", .type = PARAM_OBJECT, .offset = offset_, .of = restart_params,  \
     .size = sizeof(struct restart_conf),                                              \
     .doc = "A deploy: the processes are told to stop. Each accepts nothing more, "    \
            "finishes what it has within its grace period, is ended with what is "     \
            "left, streams too, and replaced. (Not a key of the real server.)"}
/* A real key without effect: what the real server does when it is absent. */
#define UNMODELLED(key_, note_)                                                        \
    {.key = key_, .type = PARAM_UNMODELLED, .doc = "Accepted; not modelled. " note_}
#define NOT_MODELLED(key_)                                                             \
    {.key = key_, .type = PARAM_UNMODELLED, .doc = "Accepted; not modelled."}

#endif
