/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proxy -- what a proxy is told: its servers, how it chooses among them, what it does
 * when one fails, and whom it turns away. Presets fill a proxy_part from the real keys.
 */
#ifndef MODELS_PROXY_H
#define MODELS_PROXY_H

#include "models/spec.h"

#define UNLIMITED INT64_MAX

/* One entry of an upstream: a service stands for as many servers as it has replicas. */
struct peer_conf {
    uint32_t at;
    const char *server;
    int64_t weight;
    int64_t max_conns;     /* 0: any number; -1, here and below: as the proxy says */
    int64_t max_fails;     /* 0: failures do not count */
    sim_time fail_timeout; /* SIM_NEVER: as the proxy says */
    bool backup, down;
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

/* What an attempt can end with, as bits: an answer with status s is NEXT_STATUS(s). */
enum { NEXT_ERROR = 1, NEXT_TIMEOUT = 2, NEXT_NON_IDEMPOTENT = 4 };
#define NEXT_STATUS(s) (UINT32_C(8) << (s))

struct proxy_part {
    struct param_variant upstream; /* name, map or list; see upstream_forms */
    int balance;                   /* index into balance_names */
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
};

/* A proxy that only passes on. */
struct proxy_part proxy_part_default(void);

/* Forms of a proxy's upstream: a service's name, a list of servers, or a map from
 * request type to struct upstream_conf. The second without what only nginx has. */
extern const struct param nginx_upstream_forms[];
extern const struct param upstream_forms[];

/* Rows of limits, for tables whose struct has these fields. */
extern const struct param limit_req_forms[];
extern const struct param limit_conn_params[];
extern const char *const limit_status_names[];

/* The status that a `…_status` key names. */
int limit_status(int choice);

#endif
