/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proxy -- what a proxy is told: its servers, how it chooses among them, what it does
 * when one fails, and whom it turns away. Presets fill a proxy_part from the real keys.
 */
#ifndef MODELS_PROXY_H
#define MODELS_PROXY_H

#include "models/spec.h"

#define UNLIMITED INT64_MAX

/* In the order of balance_names. */
enum balance_policy {
    BALANCE_ROUND_ROBIN, BALANCE_LEAST_CONN, BALANCE_RANDOM, BALANCE_RANDOM_TWO,
    BALANCE_IP_HASH, BALANCE_HASH, BALANCE_CONSISTENT_HASH, BALANCE_JOIN_IDLE,
    /* without a name there: */
    BALANCE_SHARD, /* by the key of a cache */
    BALANCE_LIGHTEST, BALANCE_FIRST, BALANCE_BEST_OF, BALANCE_MAP, BALANCE_SOURCE,
    BALANCE_DEADLINE, BALANCE_LEAST_REQUEST,
};

/* One entry of an upstream: a service stands for as many servers as it has replicas. */
struct peer_conf {
    uint32_t at;
    const char *server;
    int64_t weight;
    int64_t max_conns;     /* 0: any number; -1, here and below: as the proxy says */
    int64_t max_fails;     /* 0: failures do not count */
    sim_time fail_timeout; /* SIM_NEVER: as the proxy says */
    bool backup, down;
    int64_t queue; /* requests that may wait for it; 0: any number */
    int64_t least; /* max_conns while there is little to do; 0: as always */
};

/* Servers for some request types. */
struct upstream_conf {
    uint32_t at;
    struct param_variant upstream; /* a name, or a list of struct peer_conf */
    int balance;                   /* -1: as the proxy's */
    struct param_variant limit_req;
    struct limit_conn_conf *limit_conn;
};

/* Whom a limit counts together. */
enum limit_key { LIMIT_ADDRESS, LIMIT_KEY, LIMIT_ALL };

struct limit_req_conf {
    uint32_t at;
    double rate;
    int64_t burst, delay;
    bool nodelay;
    int key;
    int64_t states; /* keys that are remembered */
};

struct limit_conn_conf {
    uint32_t at;
    int64_t limit;
    int key;
};

/* What an attempt can end with, as bits: an answer with status s is NEXT_STATUS(s), of
 * which STATUS_OK's stands for no connection where that is told from other errors. */
enum { NEXT_ERROR = 1, NEXT_TIMEOUT = 2, NEXT_NON_IDEMPOTENT = 4, NEXT_CONNECT = 8 };
#define NEXT_STATUS(s) (UINT32_C(8) << (s))

/* The name that a configuration has for such ends; a row without one ends the table. */
struct next_name {
    const char *name;
    uint32_t bits;
};

/* What a request does when no server has room for it. */
enum proxy_wait {
    WAIT_NEVER,          /* it is turned away */
    WAIT_FOR_SERVER,     /* until one may have a request more */
    WAIT_FOR_CONNECTION, /* until a connection to the chosen one is free */
};

/* Where it is tried again after a failure. */
enum proxy_again {
    AGAIN_NEXT,  /* at servers that it has not tried */
    AGAIN_SAME,  /* at the same; at another if `redispatch` */
    AGAIN_ANY,   /* at whichever is chosen then */
    AGAIN_NEVER,
};

/* Active health checks, of servers that have been well for long when a run begins. */
struct health_part {
    uint32_t at;
    sim_time interval; /* from the end of one to the next; SIM_NEVER: none */
    sim_time timeout;  /* SIM_NEVER: the interval */
    sim_time interval_down, interval_turning; /* of the sick, and of those about to
                                                 change; SIM_NEVER: as the others */
    int64_t rise, fall;  /* that many in a row change what is thought of it */
    bool connects;       /* a connection will do */
    const char *request; /* request type that is sent; NULL: any server's answer */
    bool status_decides; /* one bad answer will do */
};

/* Servers that fail more than others have no requests for a while (Envoy). */
struct outlier_part {
    bool present;
    int64_t consecutive;  /* failures in a row */
    sim_time interval;    /* between two looks */
    sim_time base, most;  /* out for so long, times how often it has been */
    double share;         /* of the servers at most; one always */
    int64_t hosts, volume; /* success rates are compared among so many servers with so
                              many requests in the interval */
    double deviations;    /* that far below the mean is too low */
};

struct proxy_part {
    struct param_variant upstream; /* name, map or list; see upstream_forms */
    int balance; /* index into balance_names, or, if there are, into: */
    const int *policies; /* enum balance_policy by the kind's own names */
    sim_time connect_timeout, read_timeout; /* SIM_NEVER */
    bool attends;       /* does more than passing requests on: the rest applies */
    struct peer_conf peer; /* what holds for a server that says nothing itself */
    uint32_t next;         /* ends after which the next server is tried */
    int64_t tries;         /* at most; 0: as many as there are servers */
    sim_time next_timeout; /* no more tries after this */
    int64_t workers;       /* each knows of its own requests only, unless: */
    bool zone;
    int64_t connections; /* a worker's, with clients and servers together */
    int64_t keepalive;   /* idle connections to servers that a worker keeps */
    int64_t keepalive_requests;
    sim_time keepalive_time, keepalive_timeout;
    bool buffers;       /* takes an answer as fast as it comes, for a slow client */
    bool ignores_abort; /* goes on when the client has gone */
    struct param_variant limit_req;
    struct limit_conn_conf *limit_conn;
    int limit_req_status, limit_conn_status; /* enum status */

    /* what the client sees, enum status: nobody takes the connection, or not in time;
       it breaks; no answer in time; no server at all; none in time */
    int refused_status, connect_status, broken_status, late_status, nolive_status,
        queue_status;
    int wait; /* enum proxy_wait */
    int64_t queue_limit; /* who wait for any server */
    sim_time queue_timeout;
    int64_t max_connections, max_pending, max_requests, max_retries;
    double retry_share;  /* of requests may be retries, negative: max_retries hold; */
    int64_t retry_least; /* and so many always */
    int again; /* enum proxy_again; `tries` are retries, except of AGAIN_NEXT */
    bool redispatch;
    sim_time pause, pause_most; /* before a retry */
    double panic; /* health does not count with a smaller share of servers well, */
    int64_t least_healthy; /* or with fewer of them */
    sim_time slow_start;
    int64_t fullconn;
    int64_t draws;
    double bias;
    struct health_part health;
    struct outlier_part outlier;
};

/* A proxy that only passes on. */
struct proxy_part proxy_part_default(void);

/* Forms of a proxy's upstream: a service's name, a list of servers, or a map from
 * request type to struct upstream_conf. The second without what only nginx has. */
extern const struct param nginx_upstream_forms[];
extern const struct param upstream_forms[];
extern const struct param haproxy_upstream_forms[];
extern const struct param envoy_upstream_forms[];
extern const struct param alb_upstream_forms[];
extern const char *const haproxy_balance_names[];
extern const char *const envoy_balance_names[];
extern const char *const alb_balance_names[];

/* Rows of active health checks by common names, for tables that have a
 * struct health_part. */
extern const struct param health_params[];
struct health_part health_told(const struct health_part *conf);

/* What the names of a list stand for together, `fallback` for none; others than those
 * of the table are told. */
uint32_t next_bits(const struct param_list *list, const struct next_name *names,
                   uint32_t fallback, struct listener *out);

/* Rows of limits, for tables whose struct has these fields. */
extern const struct param limit_req_forms[];
extern const struct param limit_conn_params[];
extern const char *const limit_status_names[];

/* The status that a `…_status` key names. */
int limit_status(int choice);

#endif
