/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * haproxy -- proxy and balancer that lets requests wait for its servers. Defaults are
 * those of HAProxy 3.4 without any `defaults` section: there is no timeout unless one
 * is given. What a check finds, and who waits, all threads know.
 */
#include "models/presets/listen.h"

#include <math.h>

struct default_server {
    uint32_t at;
    int64_t maxconn, minconn, maxqueue;
    sim_time slowstart;
    bool check;
    struct health_part health;
};

struct conf {
    uint32_t at;
    struct service_common common;
    struct param_variant upstream;
    int balance, hash_type, reuse;
    int64_t draws;
    struct listen_conf listen;
    int64_t maxconn, fullconn;
    sim_time timeout_connect, timeout_server, timeout_queue;
    int64_t retries;
    bool redispatch, abortonclose;
    struct param_list retry_on;
    struct default_server *server;
    const char *httpchk;
    sim_time timeout_check;
};

/* ---- policies -------------------------------------------------------------------- */

const char *const haproxy_balance_names[] = {
    "roundrobin", "static-rr", "leastconn", "first", "random", "source", "uri", NULL};
static const int map_based[] = {BALANCE_ROUND_ROBIN, BALANCE_ROUND_ROBIN,
                                BALANCE_LIGHTEST,    BALANCE_FIRST,
                                BALANCE_BEST_OF,     BALANCE_SOURCE,
                                BALANCE_MAP};
static const int consistent[] = {BALANCE_ROUND_ROBIN, BALANCE_ROUND_ROBIN,
                                 BALANCE_LIGHTEST,    BALANCE_FIRST,
                                 BALANCE_BEST_OF,     BALANCE_CONSISTENT_HASH,
                                 BALANCE_CONSISTENT_HASH};
static const char *const hash_types[] = {"map-based", "consistent", NULL};

static const char *const reuses[] = {"safe", "never", "aggressive", "always", NULL};
enum { REUSE_AGGRESSIVE = 2 };

/* ---- keys ------------------------------------------------------------------------ */

#define AT(field) offsetof(struct default_server, field)
static const struct param server_params[] = {
    {.key = "maxconn", .type = PARAM_COUNT, .offset = AT(maxconn), .most = 1e6,
     .doc = "Requests under way to a server; others wait. 0: any number."},
    {.key = "minconn", .type = PARAM_COUNT, .offset = AT(minconn), .most = 1e6,
     .doc = "The limit while there is little to do; it rises to maxconn as the load "
            "rises to fullconn. 0: it is always maxconn."},
    {.key = "maxqueue", .type = PARAM_COUNT, .offset = AT(maxqueue), .most = 1e6,
     .doc = "Requests that wait for a certain server (leastconn: while it is the least "
            "loaded, source, uri); one more gets 503. 0: any number."},
    {.key = "slowstart", .type = PARAM_DURATION, .offset = AT(slowstart), .most = 1e6,
     .doc = "The time in which weight and maxconn of a server that comes back grow."},
    {.key = "check", .type = PARAM_FLAG, .offset = AT(check),
     .doc = "Servers are checked: by a connection, or see option_httpchk."},
    {.key = "inter", .type = PARAM_DURATION, .offset = AT(health.interval),
     .least = 1e-3, .most = 1e6, .fallback = 2,
     .doc = "From the end of a check to the next one."},
    {.key = "fastinter", .type = PARAM_DURATION, .offset = AT(health.interval_turning),
     .least = 1e-3, .most = 1e6, .fallback = INFINITY,
     .doc = "The same while rise or fall is being counted; inter when absent."},
    {.key = "downinter", .type = PARAM_DURATION, .offset = AT(health.interval_down),
     .least = 1e-3, .most = 1e6, .fallback = INFINITY,
     .doc = "The same while the server is down; inter when absent."},
    {.key = "rise", .type = PARAM_COUNT, .offset = AT(health.rise), .least = 1,
     .most = 1000, .fallback = 2, .doc = "Good checks in a row that bring it up."},
    {.key = "fall", .type = PARAM_COUNT, .offset = AT(health.fall), .least = 1,
     .most = 1000, .fallback = 3,
     .doc = "Failed checks in a row that take it down."},
    {0},
};
#undef AT

static const struct param retry_row = {.key = "event", .type = PARAM_TEXT,
                                       .size = sizeof(const char *)};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    BASE_ROWS,
    {.key = "upstream", .type = PARAM_FORMS, .offset = AT(upstream),
     .of = haproxy_upstream_forms, .required = true,
     .doc = "The backend: a service, or servers with their keys, for all or by type."},
    {.key = "balance", .type = PARAM_CHOICE, .offset = AT(balance),
     .choices = haproxy_balance_names,
     .doc = "How requests are spread over the servers. random is random(draws)."},
    {.key = "draws", .type = PARAM_COUNT, .offset = AT(draws), .least = 1, .most = 100,
     .fallback = 2, .doc = "Servers that random draws to take the least loaded."},
    {.key = "hash_type", .type = PARAM_CHOICE, .offset = AT(hash_type),
     .choices = hash_types, .doc = "Of source and uri."},
    {.key = "maxconn", .type = PARAM_COUNT, .offset = AT(maxconn), .most = 1e7,
     .doc = "Connections of clients at a time, the smaller of global and frontend; "
            "others wait in the listen queue. 0: any number."},
    BACKLOG_ROW("backlog", offsetof(struct conf, listen.backlog), 4096),
    KERNEL_ROWS,
    {.key = "fullconn", .type = PARAM_COUNT, .offset = AT(fullconn), .most = 1e7,
     .doc = "Requests in the backend at which servers with minconn have all of "
            "maxconn; a tenth of maxconn when absent."},
    {.key = "timeout_connect", .type = PARAM_DURATION, .offset = AT(timeout_connect),
     .least = 1e-6, .most = 1e9, .fallback = INFINITY,
     .doc = "Longest wait for a server to take the connection; then it is tried again, "
            "in the end 503. No limit when absent; many distributions set 5 s."},
    {.key = "timeout_server", .type = PARAM_DURATION, .offset = AT(timeout_server),
     .least = 1e-6, .most = 1e9, .fallback = INFINITY,
     .doc = "Longest wait for the first byte of the answer; then 504. No limit when "
            "absent; many distributions set 50 s."},
    {.key = "timeout_queue", .type = PARAM_DURATION, .offset = AT(timeout_queue),
     .least = 1e-6, .most = 1e9, .fallback = INFINITY,
     .doc = "Longest wait for a server to have room; then 503. timeout_connect when "
            "absent."},
    {.key = "retries", .type = PARAM_COUNT, .offset = AT(retries), .most = 100,
     .fallback = 3, .doc = "Tries beyond the first, see retry_on."},
    {.key = "retry_on", .type = PARAM_LIST, .offset = AT(retry_on), .of = &retry_row,
     .doc = "After what: none, conn-failure, empty-response, response-timeout, 500, "
            "502, 503, 504, 429. conn-failure when absent."},
    {.key = "option_redispatch", .type = PARAM_FLAG, .offset = AT(redispatch),
     .doc = "The last try may be at another server; with roundrobin and random, each."},
    {.key = "option_abortonclose", .type = PARAM_FLAG, .offset = AT(abortonclose),
     .doc = "A client that goes away ends its request."},
    {.key = "default_server", .type = PARAM_OBJECT, .offset = AT(server),
     .of = server_params, .size = sizeof(struct default_server),
     .doc = "What holds for all servers that say nothing else."},
    {.key = "option_httpchk", .type = PARAM_NAME, .offset = AT(httpchk),
     .doc = "Request type of the checks, for the servers' handlers: like a request it "
            "waits for a worker. Nothing without `check`, as in HAProxy."},
    {.key = "timeout_check", .type = PARAM_DURATION, .offset = AT(timeout_check),
     .least = 1e-3, .most = 1e6, .fallback = INFINITY,
     .doc = "A check that takes longer has failed; inter when absent."},
    {.key = "http_reuse", .type = PARAM_CHOICE, .offset = AT(reuse), .choices = reuses,
     .doc = "Whether a request may use an idle connection to a server: safe and never "
            "open one for each first request of a client's connection, which all are "
            "here; aggressive and always do not."},
    NOT_MODELLED("timeout_client"),
    NOT_MODELLED("timeout_http_request"),
    NOT_MODELLED("timeout_http_keep_alive"),
    NOT_MODELLED("nbthread"),
    NOT_MODELLED("maxconnrate"),
    NOT_MODELLED("maxsessrate"),
    NOT_MODELLED("cookie"),
    NOT_MODELLED("stick_table"),
    NOT_MODELLED("spread_checks"),
    NOT_MODELLED("on_marked_down"),
    NOT_MODELLED("observe"),
    {0},
};
#undef AT

/* ---- what they stand for --------------------------------------------------------- */

static const struct next_name events[] = {
    {"conn-failure", NEXT_CONNECT},
    {"empty-response", NEXT_ERROR},
    {"response-timeout", NEXT_TIMEOUT},
    {"429", NEXT_STATUS(STATUS_429)},
    {"500", NEXT_STATUS(STATUS_500)},
    {"502", NEXT_STATUS(STATUS_502)},
    {"503", NEXT_STATUS(STATUS_503)},
    {"504", NEXT_STATUS(STATUS_504)},
    {"none", 0},
    {0},
};

static void build_server(const struct conf *conf, struct proxy_part *p,
                         struct listener *out)
{
    const struct default_server *server = conf->server;
    if (!server)
        return;
    p->peer.max_conns = server->maxconn;
    p->peer.least = server->minconn;
    p->peer.queue = server->maxqueue;
    p->slow_start = server->slowstart;
    if (server->minconn && !conf->fullconn && !conf->maxconn)
        complain(out, conf->at, "fullconn",
                 "must be given, or maxconn, with minconn of servers");
    if (!server->check)
        return;
    p->health = server->health;
    p->health.timeout = conf->timeout_check;
    p->health.request = conf->httpchk;
    p->health.connects = !conf->httpchk;
}

static void build(const void *bound, struct part *part, struct listener *out)
{
    enum { TENTH = 10 };
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    struct proxy_part *p = &s->proxy;
    s->duty = DUTY_PROXY;
    s->slot_name = "connection";
    if (conf->maxconn) {
        s->slots = conf->maxconn;
        listen_build(&conf->listen, s);
    }
    p->upstream = conf->upstream;
    p->attends = true;
    p->balance = conf->balance;
    p->policies = conf->hash_type ? consistent : map_based;
    p->draws = conf->draws;
    p->connect_timeout = conf->timeout_connect;
    p->read_timeout = conf->timeout_server;
    p->queue_timeout = conf->timeout_queue == SIM_NEVER ? conf->timeout_connect
                                                        : conf->timeout_queue;
    p->wait = WAIT_FOR_SERVER;
    p->again = AGAIN_SAME;
    p->tries = conf->retries;
    p->next = next_bits(&conf->retry_on, events, NEXT_CONNECT, out);
    p->redispatch = conf->redispatch;
    p->pause = conf->timeout_connect < SIM_SECOND ? conf->timeout_connect : SIM_SECOND;
    p->ignores_abort = !conf->abortonclose;
    p->keepalive = conf->reuse >= REUSE_AGGRESSIVE ? UNLIMITED : 0;
    p->keepalive_timeout = 5 * SIM_SECOND; /* pool-purge-delay */
    p->fullconn = conf->fullconn ? conf->fullconn : (conf->maxconn + TENTH - 1) / TENTH;
    p->refused_status = p->connect_status = STATUS_503;
    p->nolive_status = p->queue_status = STATUS_503;
    build_server(conf, p, out);
}

const struct kind haproxy_kind = {
    KIND_ROW(haproxy, "HAProxy: a proxy where requests wait for servers to have room."),
    .build = build,
    .common = offsetof(struct conf, common),
};
