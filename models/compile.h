/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compile -- from a bound system to instructions. Internal to models/: model.c puts the
 * stations together, compile_workload.c the workloads, compile.c the handlers that they
 * lead to and the calls between them, compile_steps.c what is in a handler.
 *
 * Everything grows in the model's arena.
 */
#ifndef MODELS_COMPILE_H
#define MODELS_COMPILE_H

#include "models/compiled.h"
#include "models/frame.h"
#include "sim/arena.h"

enum { CODE_LIMIT = 200000 }; /* instructions, all call paths together */

/* Where the name of a service leads: to a server or to a pool. */
struct place {
    const char *name;
    const struct kind *kind;
    struct part part;
    const struct service_common *common; /* NULL: a pool */
    uint32_t at;
    uint32_t index; /* among services, or among pools */
};

/* Who is calling: for links and balancers. */
struct caller {
    const char *name;
    uint32_t instances;
    uint32_t service; /* NONE: a workload */
    sim_time latency; /* of a workload, on top */
    const char *path; /* of this call, for the key of its balancer's draws */
};

struct compiler {
    struct arena *arena;
    struct listener *out;
    const struct system_spec *spec;
    struct model *model;
    struct place *place;
    int places;
    struct vector code, label, choice, branch, call, balancer, balancer_key, pool_use,
        timer_length, key, resource, cause, assumption, proxy, limit, budget, stream,
        guard_set, outage, rate_limit;
    struct vector cache, cache_use, cache_set;
    struct hit_plan *hits;       /* what earlier passes found, see compile_cache.c */
    struct vector service_extra; /* bool: background or parallel work runs there */
    uint32_t type;               /* the client's request type being compiled */
    uint32_t type_at;            /* where it is named; 0: nowhere */
    double weight; /* how often what is being compiled runs per client request */
    bool again;      /* compiling another server for the same requests: keys recur */
    bool attended;   /* calls by a proxy that chooses the server itself */
    bool idempotent; /* requests of the type being compiled may be done twice */
    bool overflowed;
};

/* ---- limits of a rate, as explain sees them (compile_limit.c) -------------------- */

struct rate_limit {
    const void *conf; /* what the user has written: known again by it */
    struct rate_limit_facts facts;
};

/* What is being compiled takes `amount` units of a limit whenever it runs. */
struct limit_use {
    const void *conf;
    const char *name, *unit;
    uint32_t station;
    double rate, amount;
    int key;
};
extern const char limit_requests[], limit_tokens[];

void compile_limit_use(struct compiler *c, const struct limit_use *use);
/* The same of all that limit a rate among the guards of a service. */
void compile_guard_uses(struct compiler *c, const struct param_list *guards,
                        const struct service *service, const char *name);
void compile_limits_done(struct compiler *c);

struct place *compile_find(struct compiler *c, const char *name);

/* The CPU of a service: its cores, its rules, what it can do in the long run. Where
 * nothing else is said, it has `cores`. (compile_cpu.c) */
void compile_cpu(struct compiler *c, const struct place *p, struct service *s);
/* It also has threads that are bound to none of its processes. */
void compile_own_threads(struct compiler *c, const struct place *p, struct service *s,
                         uint32_t at);

/* How its instances fail. Do they ever stand still, or work slowly; do they drain?
 * (compile_outage.c) */
void compile_outages(struct compiler *c, const struct place *p);
bool outage_stands_still(const struct service_common *common);
bool outage_drains(const struct service_common *common);

/* Complains that `name` is none of the services, or of the pools: lists them, and says
 * which may have been meant. `what` goes before that: "a workload or ", or "". */
void compile_no_such(struct compiler *c, uint32_t at, const char *key, const char *what,
                     enum part_sort sort, const char *name);
uint16_t compile_resource(struct compiler *c, const char *name, enum resource_sort sort,
                          int station);
uint16_t compile_cause(struct compiler *c, const char *name, enum status status,
                       int station);
uint32_t compile_timer(struct compiler *c, sim_time length);
uint64_t compile_key(struct compiler *c, const char *purpose);
/* Attempts are made again that had been given up after this. */
void compile_feedback(struct compiler *c, sim_time timeout);
void compile_assume(struct compiler *c, const char *sentence);
/* A bit for each status that is named, by its name. */
uint32_t compile_statuses(struct compiler *c, const struct param_list *names);
/* `clients` that each have a budget of their own. */
void compile_retry(struct compiler *c, const struct retry_conf *conf,
                   const char *purpose, uint32_t clients, struct retry_policy *policy);
uint32_t compile_balancer(struct compiler *c, const struct caller *caller,
                          struct place *callee, int policy);
struct demand *compile_demand(struct compiler *c, uint32_t station);

/* A balancer of calls to the instances of one service, all alike. */
struct balancer_plan compile_plain_balancer(struct compiler *c,
                                            const struct place *callee, int policy);

/* The length of a duration in words: "30 s", "250 ms". */
const char *compile_duration(struct compiler *c, sim_time t);

/* What a compiled handler is to its caller. */
struct handler {
    uint32_t entry; /* label */
    double mean;    /* s when nobody else is there */
    bool streams, draws;
    const char *type; /* of the requests */
};

/* The program of `place` for requests of `type`, reached by `path`. */
struct handler compile_handler(struct compiler *c, const struct frame *caller,
                               struct place *place, const char *type, const char *path,
                               uint32_t at, const char *key);

/* A call site from `caller`; the handler's mean includes the network. */
struct handler compile_call(struct compiler *c, const struct frame *frame,
                            const struct caller *caller, struct place *callee,
                            const struct handler *handler, uint32_t *site);

/* The same for a pipeline of commands that run back to back. */
struct handler compile_pipeline(struct compiler *c, const struct frame *caller,
                                struct place *place, const char *type, const char *path,
                                uint32_t at, const char *key, int64_t commands);

/* ---- steps (compile_steps.c) ----------------------------------------------------- */

/* Code for a list of steps. This and what follows return the mean duration in s when
 * nobody else is there. */
double compile_steps(struct compiler *c, struct frame *f,
                     const struct param_list *steps);
double compile_delay(struct compiler *c, struct frame *f, const struct dist *dist,
                     const char *resource);
/* Memory taken until the end; NULL: none, but what connections take is looked at. */
void compile_memory(struct compiler *c, struct frame *f, const struct dist *bytes);
/* The instruction for a pause at the frame's service. */
enum op compile_pause(const struct compiler *c, const struct frame *f);
/* What the server does around a handler: on an event loop it is work. */
double compile_overhead(struct compiler *c, struct frame *f, const struct dist *dist);
double compile_repeat(struct compiler *c, struct frame *f, const struct dist *times,
                      const struct param_list *steps, uint32_t at);

/* A visit, and a draw within one, have 16 bits in the address of a draw; this leaves
 * room for twice the mean. */
enum { MOST_TURNS = 32000 };

/* The call of a site whose callee takes `mean`; go_on: also after an error. */
double compile_site(struct compiler *c, struct frame *f, uint32_t site, bool go_on,
                    double mean);

/* Steps that run for a share of those who come here. */
double compile_weighted(struct compiler *c, struct frame *f,
                        const struct param_list *steps, double share);

/* Code that runs as a task of its own, placed here at `label`, between opening and
 * closing it; the task that gets there by itself has to jump over it. */
struct block {
    uint32_t label, start, pad, loops, held, lookups;
    double turns;
    bool streams;
    struct vector holding, kept;
};
void compile_open_block(struct compiler *c, struct frame *f, uint32_t label,
                        struct block *block);
void compile_close_block(struct compiler *c, struct frame *f,
                         const struct block *block);

void compile_timeout(struct compiler *c, struct call_site *site, sim_time timeout,
                     enum status status, const char *cause, int station);
struct caller compile_caller(const struct compiler *c, const struct frame *f);

/* A service that answers, by name; complains and gives NULL when there is none. */
struct place *compile_find_server(struct compiler *c, uint32_t at, const char *key,
                                  const char *name);

double compile_work(struct compiler *c, struct frame *f, const struct dist *dist);
const char *compile_child_path(struct compiler *c, const struct frame *f,
                               const char *type);

/* ---- streams and sessions (compile_stream.c) ------------------------------------- */

double compile_stream(struct compiler *c, struct frame *f, const struct stream_conf *s);
/* The stream compiled last has so many chunks at most; 0: any number. */
void compile_most_chunks(struct compiler *c, int64_t most);
/* A stream whose chunks somebody else sends: see stream_first_token. */
void compile_token_stream(struct compiler *c, struct frame *f);
double compile_session(struct compiler *c, struct frame *f,
                       const struct session_conf *s);
void compile_broadcast(struct compiler *c, struct frame *f,
                       const struct broadcast_conf *b);

/* The chunks of the stream that the OP_STREAM just before begins. one_pace: the gap is
 * drawn once, and the first byte is the first chunk. */
double compile_chunks(struct compiler *c, struct frame *f, const struct dist *chunks,
                      const struct dist *gap, bool one_pace);

/* A proxy that has taken a stream hands it on to a client who may be slow. */
void compile_hand_on(struct compiler *c, struct frame *f);

/* ---- capacity by the second (compile_table.c) ------------------------------------ */

/* A limit of the rate before a handler, if the service has one. */
void compile_rate(struct compiler *c, struct frame *f);
double compile_operation(struct compiler *c, struct frame *f, uint32_t at,
                         const char *key);
/* What the client library of a table tries again by itself. */
void compile_library_retry(struct compiler *c, const struct table_part *part,
                           const char *purpose, struct retry_policy *policy);

/* ---- pools and queries (compile_pool.c) ------------------------------------------ */

/* A pool as its place says, and, when all its uses are known, its states. */
void compile_pool(struct compiler *c, const struct place *p, uint32_t station);
void compile_pool_states(struct compiler *c);

double compile_query(struct compiler *c, struct frame *f, const struct query_step *s);
double compile_hold(struct compiler *c, struct frame *f, const struct hold_step *s);

/* The end of a task that begins at `entry`, whose code begins at `start` of the frame:
 * connections held to the end are given back there, and none is held at first. */
void compile_task_end(struct compiler *c, struct frame *f, uint32_t entry,
                      uint32_t start);

/* ---- columns of traces (compile_column.c) ---------------------------------------- */

/* The random value as this frame draws it: if it needs columns of a trace, a copy with
 * the values of the trace that the frame's requests come from. After a complaint
 * something harmless, never NULL. */
const struct dist *compile_value(struct compiler *c, const struct frame *f,
                                 const struct dist *dist);

/* Complains of a value that no row of a trace can give; it may be NULL. */
void compile_no_column(struct compiler *c, const struct dist *dist);

/* ---- caches (compile_cache.c) ---------------------------------------------------- */

double compile_cache(struct compiler *c, struct frame *f, const struct cache_step *s);

/* What an edge does: answer what it has, pass on the rest, and keep it. */
double compile_edge(struct compiler *c, struct frame *f);

/* Cumulative popularity of keys 1 .. count under Zipf's law. */
const double *compile_zipf(struct compiler *c, const struct keys_conf *keys);

/*
 * How often a cache is hit decides how much work there is behind it, and that decides
 * how often the next cache is asked, and so on. So the model is compiled again with the
 * hit ratios that follow from the last time, until they stay.
 */
struct hit_plan {
    double *hit; /* of each cache use, in order */
    uint32_t uses;
    bool settled;
    struct vector tables; /* of popularity, made once */
};

/* When stations have their numbers: what lies where at the start, and the hit ratios
 * for the next pass. */
void compile_finish_caches(struct compiler *c);

/* ---- guards (compile_guard.c) ---------------------------------------------------- */

/* Those in front of a service; its line. */
void compile_service_guards(struct compiler *c, const struct place *p,
                            struct service *s);
/* The guards of a list around calls of a service, in words: "web: call of api". */
uint32_t compile_call_guards(struct compiler *c, const struct param_list *list,
                             uint32_t service, const char *words);
/* Of the line of a service: 0 is served first. */
uint8_t compile_class(const struct compiler *c, const struct place *p,
                      const char *type);

/* ---- language models and batches (compile_engine.c) ------------------------------ */

/* The order of a point list, with a complaint. */
bool curve_check(struct compiler *c, const struct param_list *points, const char *key);

double compile_engine(struct compiler *c, struct frame *f);

/* A model server that works in batches; a step of `once` (compile_batch.c). */
double compile_batch(struct compiler *c, struct frame *f);
double compile_once_step(struct compiler *c, struct frame *f,
                         const struct once_step *s);

/* A model behind an API (compile_meter.c). */
double compile_llm_api(struct compiler *c, struct frame *f);

/* ---- proxies (compile_proxy.c) --------------------------------------------------- */

/* Limits, and the call to a server of the upstream. */
double compile_proxy(struct compiler *c, struct frame *f);

struct upstream_server {
    struct peer_conf conf; /* with the proxy's own values where it had none */
    struct place *place;
};

/* Queues, checks, breakers and retries of proxy plan `number`, whose servers these are,
 * where it has any. (compile_edge.c) */
void compile_proxy_edge(struct compiler *c, struct frame *f, struct proxy_plan *plan,
                        uint32_t number, const struct upstream_server *server,
                        int count);
bool edge_has_health(const struct proxy_part *part);

/* ---- workloads (compile_workload.c) ---------------------------------------------- */

/* The settings of a load tool, if that is what the workload is. (compile_tools.c) */
bool compile_tool(struct compiler *c, struct workload *w);

/* Every workload with its request types, and through them all handlers. */
void compile_workloads(struct compiler *c);

#endif
