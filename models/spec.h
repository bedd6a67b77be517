/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spec -- a system as the user described it: workloads, steps and services bound to
 * plain structs by the parameter tables of this layer. model_compile turns it into a
 * model.
 *
 * Ownership: everything lives in the reader's arena and outlives the model.
 */
#ifndef MODELS_SPEC_H
#define MODELS_SPEC_H

#include "models/load_tools.h"
#include "sim/dist.h"
#include "sim/param.h"
#include "sim/sim_time.h"

/* ---- retry and calls ------------------------------------------------------------- */

enum jitter {
    JITTER_NONE, JITTER_FULL, JITTER_EQUAL, JITTER_DECORRELATED, JITTER_EXPONENTIAL,
    JITTER_AROUND,
    JITTER_QUARTER,
};

struct backoff_conf {
    uint32_t at;
    sim_time base, cap;
    double factor;
    int jitter; /* enum jitter */
};

/* How many retries there may be beside other requests, as three programs have it. */
enum retry_budget { BUDGET_GRPC, BUDGET_ENVOY, BUDGET_FINAGLE };
struct budget_grpc_conf { uint32_t at; double max_tokens, token_ratio; };
struct budget_envoy_conf { uint32_t at; double percent; int64_t least; };
struct budget_finagle_conf { uint32_t at; sim_time ttl; double least, percent; };

struct retry_conf {
    uint32_t at;
    int64_t max;          /* attempts beyond the first */
    struct param_list on; /* const char *: names of statuses; empty = all errors */
    struct backoff_conf *backoff;
    double probability;
    bool obeys; /* Retry-After */
    struct param_variant budget; /* which: enum retry_budget; row NULL: none */
};

/* A user who presses reload. */
struct reload_conf {
    uint32_t at;
    struct dist *after;
    int64_t max;
    double probability;
};

/* ---- workloads ------------------------------------------------------------------- */

struct process_gamma_conf { uint32_t at; double cv; };
struct process_mmpp_conf {
    uint32_t at;
    struct param_list rates;        /* double, 1/s */
    struct param_list mean_sojourn; /* sim_time */
};

enum arrival_process {
    PROCESS_POISSON, PROCESS_CONSTANT, PROCESS_GAMMA, PROCESS_MMPP,
    PROCESS_AZURE_CODE, PROCESS_AZURE_CONVERSATION, /* mmpp, with given numbers */
};

struct profile_point { uint32_t at; sim_time time; double multiplier; };

struct daily_conf { uint32_t at; double peak; sim_time peak_at, length; };

struct open_conf {
    uint32_t at;
    double rate;
    struct param_variant process; /* which: enum arrival_process; row NULL = Poisson */
    struct param_list profile;    /* struct profile_point */
    bool repeat;
    struct daily_conf *daily;
    struct dist *batch;           /* requests an arrival brings; NULL = 1 */
};

struct closed_conf {
    uint32_t at;
    int64_t users;
    struct dist *think;
    sim_time ramp_up;
};

struct sessions_conf {
    uint32_t at;
    double rate;
    struct dist *requests, *think;
};

struct burst_conf {
    uint32_t at;
    int64_t users;
    sim_time at_time, every; /* every SIM_NEVER: once */
};

struct trace_conf {
    uint32_t at;
    struct param_csv *file;
    const char *time_column, *type_column, *time_unit;
    double speed; /* 2 = twice as fast */
};

enum tls { TLS_NONE, TLS_1_2, TLS_1_3 };

/* Connections of the clients. */
struct connections_conf {
    uint32_t at;
    int64_t most;        /* 0: any number */
    sim_time keep_alive; /* SIM_NEVER: an idle one stays open */
    int tls;             /* enum tls */
};

struct keys_conf { uint32_t at; int64_t count; double zipf; };

/* What an answer in a stream must keep to be a good one; SIM_NEVER: whatever. */
struct good_conf { uint32_t at; sim_time ttfb, tpot, latency; };

struct workload_conf {
    uint32_t at;
    const char *target;
    struct open_conf *open;
    struct closed_conf *closed;
    struct sessions_conf *sessions;
    struct burst_conf *burst;
    struct trace_conf *trace;
    struct param_variant k6; /* which: enum k6_executor; row NULL: none */
    struct locust_conf *locust;
    struct wrk_conf *wrk;
    struct wrk2_conf *wrk2;
    struct param_map mix; /* struct param_share */
    sim_time timeout, deadline, latency;
    struct retry_conf *retry;
    struct dist *patience; /* with the whole request; NULL: endless */
    int patience_until;    /* 1: up to its first byte */
    struct reload_conf *reload;
    struct connections_conf *connections;
    struct keys_conf *keys;
    struct good_conf *good;
    int64_t addresses; /* distinct client addresses; 0: as usual for the form */
    int64_t bandwidth; /* bytes a second; 0: no limit */
    struct param_map methods; /* int: index into method_names */
};

/* Methods of HTTP, those that must not be done twice (nginx says) from
 * METHOD_NOT_TWICE on. */
extern const char *const method_names[];
enum { METHOD_NOT_TWICE = 5 };

extern const struct param workload_params[];

/* ---- steps of a handler ---------------------------------------------------------- */

enum step_verb {
    STEP_CPU, STEP_WAIT, STEP_CALL, STEP_QUERY, STEP_HOLD, STEP_CACHE, STEP_PARALLEL,
    STEP_CHOOSE, STEP_REPEAT, STEP_SPAWN, STEP_AFTER, STEP_ENQUEUE, STEP_STREAM,
    STEP_SESSION, STEP_BROADCAST,
    STEP_MEMORY, STEP_FAIL,
    STEP_ONCE,
};

enum on_error { ON_ERROR_FAIL, ON_ERROR_CONTINUE };

struct cpu_step { uint32_t at; struct dist *demand; bool own_thread; };
struct wait_step { uint32_t at; struct dist *duration; };
struct call_step {
    uint32_t at;
    const char *service, *as;
    sim_time timeout;
    struct retry_conf *retry;
    struct param_list guards; /* struct param_variant: rows of guard_rows */
    int sdk; /* -1: none */
    int on_error;
    bool stream;
};
struct query_step {
    uint32_t at;
    const char *database;
    struct param_variant via; /* which 0: const char *; 1: param_list of them */
    struct dist *time, *io;
    sim_time timeout;
    struct param_list guards; /* struct param_variant: rows of guard_rows */
    int on_error;
    bool admin;
};
struct hold_step {
    uint32_t at;
    const char *pool;
    struct param_list steps;
    int on_error;
};
/* What a look-up in a cache finds: a fixed share of hits, or what lies there. */
struct cache_rules {
    double hit; /* negative: by keys */
    struct keys_conf *keys; /* NULL: the workload's */
    int method;             /* enum cache_method */
    struct dist *ttl, *size;
    bool single_flight;
    sim_time wait_timeout, stale;
    double early_refresh; /* 0: none */
};
enum cache_method { METHOD_KEYS, METHOD_CHE };
struct cache_step {
    uint32_t at;
    const char *service;
    struct cache_rules rules;
    const char *set; /* whose entries it shares; NULL: its own */
    int64_t pipeline;
    struct param_list miss, on_hit;
    int on_error;
};
struct parallel_step {
    uint32_t at;
    struct param_list branches; /* struct param_list of steps */
    struct param_variant join;  /* which 0: const char * "all"/"any"; 1: int64_t */
};
struct choose_branch { uint32_t at; double weight; struct param_list steps; };
struct choose_step { uint32_t at; struct param_list branches; };
struct repeat_step { uint32_t at; struct dist *times; struct param_list steps; };
struct spawn_step { uint32_t at; struct param_list steps; };
struct after_step { uint32_t at; struct param_list steps; };
struct enqueue_step {
    uint32_t at;
    const char *queue, *as;
    struct dist *time, *countdown;
};
struct stream_conf {
    uint32_t at;
    struct dist *first_byte, *chunks, *duration, *gap, *cpu, *size;
    bool buffering;
};
struct stream_step { uint32_t at; struct stream_conf *stream; };
/* A connection that stays open, with messages both ways. */
struct session_conf {
    uint32_t at;
    struct dist *duration, *cpu, *memory;
    double receive, send;
    sim_time ping;
};
struct session_step { uint32_t at; struct session_conf *session; };
struct broadcast_conf { uint32_t at; struct dist *cpu; };
struct broadcast_step { uint32_t at; struct broadcast_conf *broadcast; };
struct memory_step { uint32_t at; struct dist *bytes; };
struct fail_step {
    uint32_t at;
    const char *status;
    double probability;
    sim_time retry_after; /* 0: not said */
};
struct once_step { uint32_t at; struct param_list steps; int64_t warm, memory; };

/* One row per verb, in the order of enum step_verb: the rows of a PARAM_VERB. */
extern const struct param step_verbs[];
/* The one row of a list of steps' element. */
extern const struct param step_row;

/* ---- services -------------------------------------------------------------------- */

/* CFS bandwidth control: what containers call a CPU limit. */
struct quota_conf {
    uint32_t at;
    double cores; /* quota / period */
    sim_time period, burst;
    sim_time phase; /* SIM_NEVER: random */
};

enum credit_mode { CREDITS_UNLIMITED, CREDITS_STANDARD };

/* Burstable machines: credits of one core for one minute. */
struct credits_conf {
    uint32_t at;
    const char *type; /* a row of the table in credits.c; NULL */
    double per_hour, most, balance, taper;
    int mode; /* enum credit_mode; -1: the type's */
};

/* Universal scalability law. */
struct usl_conf { uint32_t at; double sigma, kappa; };

/* In the order of their names. */
enum outage_how {
    OUTAGE_REFUSE, OUTAGE_SILENT, OUTAGE_HANG, OUTAGE_SLOW, OUTAGE_DRAIN,
};

/* A time that instances of a service fail, once or again and again. */
struct outage_conf {
    uint32_t at;
    struct dist *start, *length, *gap; /* start, gap: NULL */
    int how;                           /* enum outage_how */
    double speed;
    int64_t replicas; /* 0: all */
};

/* Keys that every service has. */
struct service_common {
    const char *kind;
    int64_t replicas;
    double cpu;     /* cores an instance; 0 = never short of CPU */
    struct param_variant cpu_quota; /* which 0: double; 1: struct quota_conf */
    struct param_variant credits;   /* which 0: const char *; 1: struct credits_conf */
    struct usl_conf *usl;
    double smt_speedup; /* of a core whose two hardware threads are busy; 2: no loss */
    int64_t memory; /* bytes an instance; 0 = not limited */
    sim_time latency;
    struct param_list outages; /* struct outage_conf */
    int balance; /* how callers spread over the replicas: index into balance_names */
    struct param_list guards; /* struct param_variant: rows of guard_rows */
};

/* When an instance needs more memory than it has. */
enum on_oom { OOM_FAIL, OOM_KILL_WORKER, OOM_KILL_CONTAINER };

/* Keys of servers whose memory is counted. */
struct memory_conf {
    int64_t base, per_worker, per_connection;
    struct dist *per_request;
    int on_oom;  /* enum on_oom; -1: as the server does */
    int backoff; /* 0: as Kubernetes does; 1: none */
};

/* All processes are told to stop and are replaced: a deploy. */
struct restart_conf {
    uint32_t at;
    sim_time when, every, stagger; /* every SIM_NEVER: once */
};
extern const struct param restart_params[];

/* Keys of services that run handlers. */
struct handler_conf {
    struct dist *time;         /* without handlers: answers after this */
    struct param_map handlers; /* struct param_list of struct param_variant */
};

/* Keys of services that cache. */
struct store_conf {
    bool cold_start;
    sim_time flush_at;
};

extern const struct param service_common_params[];
extern const struct param service_base_params[]; /* all of them but `balance` */
extern const struct param store_params[];
extern const struct param cache_rules_params[];
extern const struct param handler_params[];
extern const struct param memory_conf_params[];
extern const char *const balance_names[], *const on_disconnect_names[];

/* The row of the n-th kind, NULL past the last: for PARAM_KINDS. */
const struct param *kind_row(int index);

struct link_conf { uint32_t at; const char *from, *to; sim_time latency; };
extern const struct param link_params[];

struct system_spec {
    struct param_map workloads; /* struct workload_conf */
    struct param_map services;  /* struct param_variant: the kind's row, its conf */
    struct param_list links;    /* struct link_conf */
};

#endif
