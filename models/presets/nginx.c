/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nginx -- reverse proxy and balancer. Defaults are those of nginx 1.31. There is no
 * queue: a request goes to a server at once, or is rejected.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    struct service_common common;
    struct param_variant upstream;
    sim_time connect_timeout, read_timeout;
    int64_t workers, connections;
    bool zone;
    int64_t max_conns, max_fails;
    sim_time fail_timeout;
    int64_t keepalive, keepalive_requests;
    sim_time keepalive_time, keepalive_timeout;
    struct param_list next;
    int64_t next_tries;
    sim_time next_timeout;
    bool ignore_abort, buffering;
    struct param_variant limit_req;
    struct limit_conn_conf *limit_conn;
    int limit_req_status, limit_conn_status;
    int64_t queue;
    sim_time queue_timeout, slow_start;
    struct health_part *health;
};

static const struct param next_row = {.key = "end", .type = PARAM_TEXT,
                                      .size = sizeof(const char *)};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    {.key = "upstream", .type = PARAM_FORMS, .offset = AT(upstream),
     .of = nginx_upstream_forms, .required = true,
     .doc = "Service that requests are passed to, or servers with their keys, for all "
            "or by type."},
    {.key = "worker_processes", .type = PARAM_COUNT, .offset = AT(workers), .least = 1,
     .most = 1024, .fallback = 1,
     .doc = "Worker processes. Without `zone` each knows only of its own requests and "
            "failures."},
    {.key = "worker_connections", .type = PARAM_COUNT, .offset = AT(connections),
     .least = 2, .most = 1e7, .fallback = 512,
     .doc = "Connections of a worker, to clients and servers: two for each request. "
            "None left: the client's is closed, or the request fails with 500."},
    {.key = "zone", .type = PARAM_FLAG, .offset = AT(zone),
     .doc = "The upstream has a zone: all workers share what they know of its "
            "servers."},
    {.key = "max_conns", .type = PARAM_COUNT, .offset = AT(max_conns), .most = 1e6,
     .doc = "Requests under way to a server, counted by each worker unless there is a "
            "zone; beyond, it is passed over: 502 when no other is left. 0: any "
            "number."},
    {.key = "max_fails", .type = PARAM_COUNT, .offset = AT(max_fails), .most = 1e6,
     .fallback = 1,
     .doc = "Failures, each within fail_timeout of the last, after which a server is "
            "passed over; 0: they do not count."},
    {.key = "fail_timeout", .type = PARAM_DURATION, .offset = AT(fail_timeout),
     .most = 1e6, .fallback = 10,
     .doc = "That, and for how long it is passed over; whole seconds."},
    {.key = "proxy_connect_timeout", .type = PARAM_DURATION,
     .offset = AT(connect_timeout), .least = 1e-6, .most = 1e9, .fallback = 60,
     .doc = "Longest wait for a server to take the connection; then 504."},
    {.key = "proxy_read_timeout", .type = PARAM_DURATION, .offset = AT(read_timeout),
     .least = 1e-6, .most = 1e9, .fallback = 60,
     .doc = "Longest wait for the first byte of the answer; then 504."},
    {.key = "proxy_next_upstream", .type = PARAM_LIST, .offset = AT(next),
     .of = &next_row,
     .doc = "After what the next server is tried: error, timeout, http_500, http_502, "
            "http_503, http_504, http_429, non_idempotent, or off. error and timeout "
            "when absent."},
    {.key = "proxy_next_upstream_tries", .type = PARAM_COUNT, .offset = AT(next_tries),
     .most = 250, .doc = "Servers that are tried at most; 0: all."},
    {.key = "proxy_next_upstream_timeout", .type = PARAM_DURATION,
     .offset = AT(next_timeout), .most = 1e9, .fallback = INFINITY,
     .doc = "After this time no other server is tried; no limit when absent."},
    {.key = "proxy_ignore_client_abort", .type = PARAM_FLAG, .offset = AT(ignore_abort),
     .doc = "A client that goes away does not end the request to the server."},
    {.key = "proxy_buffering", .type = PARAM_FLAG, .offset = AT(buffering),
     .fallback = 1,
     .doc = "Answers that allow it (`buffering` of a stream) are taken from the server "
            "as fast as they come and handed on to slow clients; false: the server is "
            "held until the client has it all."},
    {.key = "keepalive", .type = PARAM_COUNT, .offset = AT(keepalive), .most = 1e6,
     .fallback = 32,
     .doc = "Idle connections to servers that a worker keeps; a new one costs a round "
            "trip on the network."},
    {.key = "keepalive_requests", .type = PARAM_COUNT, .offset = AT(keepalive_requests),
     .least = 1, .most = 4e9, .fallback = 1000,
     .doc = "Requests on a connection to a server before it is closed."},
    {.key = "keepalive_time", .type = PARAM_DURATION, .offset = AT(keepalive_time),
     .most = 1e9, .fallback = 3600, .doc = "Age at which it is closed."},
    {.key = "keepalive_timeout", .type = PARAM_DURATION,
     .offset = AT(keepalive_timeout), .most = 1e9, .fallback = 60,
     .doc = "Time that it lies idle before it is closed (the directive of the "
            "upstream)."},
    {.key = "limit_req", .type = PARAM_FORMS, .offset = AT(limit_req),
     .of = limit_req_forms,
     .doc = "Limits of the rate, with the zones that they count in; replaced by the "
            "limit_req of a request type's upstream."},
    {.key = "limit_req_status", .type = PARAM_CHOICE, .offset = AT(limit_req_status),
     .choices = limit_status_names, .doc = "What the rejected get."},
    {.key = "limit_conn", .type = PARAM_OBJECT, .offset = AT(limit_conn),
     .of = limit_conn_params, .size = sizeof(struct limit_conn_conf),
     .doc = "Limit of the requests in process."},
    {.key = "limit_conn_status", .type = PARAM_CHOICE, .offset = AT(limit_conn_status),
     .choices = limit_status_names, .doc = "What the rejected get."},
    {.key = "queue", .type = PARAM_COUNT, .offset = AT(queue), .most = 1e6,
     .doc = "Commercial edition: requests that wait while every server has max_conns; "
            "one more gets 502. 0: none, as in the open one."},
    {.key = "queue_timeout", .type = PARAM_DURATION, .offset = AT(queue_timeout),
     .least = 1e-6, .most = 1e9, .fallback = 60,
     .doc = "Longest wait there; then 502."},
    {.key = "slow_start", .type = PARAM_DURATION, .offset = AT(slow_start),
     .most = 1e6,
     .doc = "Commercial edition: the time in which the weight of a server that its "
            "health checks bring back grows."},
    {.key = "health_check", .type = PARAM_OBJECT, .offset = AT(health),
     .of = health_params, .size = sizeof(struct health_part),
     .doc = "Commercial edition: active checks of the servers; none when absent."},
    NOT_MODELLED("worker_rlimit_nofile"),
    NOT_MODELLED("multi_accept"),
    NOT_MODELLED("proxy_send_timeout"),
    {0},
};
#undef AT

/* Names of proxy_next_upstream and what they stand for. */
static const struct next_name ends[] = {
    {"error", NEXT_ERROR},
    {"timeout", NEXT_TIMEOUT},
    {"http_500", NEXT_STATUS(STATUS_500)},
    {"http_502", NEXT_STATUS(STATUS_502)},
    {"http_503", NEXT_STATUS(STATUS_503)},
    {"http_504", NEXT_STATUS(STATUS_504)},
    {"http_429", NEXT_STATUS(STATUS_429)},
    {"non_idempotent", NEXT_NON_IDEMPOTENT},
    {"invalid_header", 0},
    {"http_403", 0},
    {"http_404", 0},
    {"off", 0},
    {0},
};

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    struct health_part health = {.interval = SIM_NEVER};
    if (conf->health)
        health = health_told(conf->health);
    s->duty = DUTY_PROXY;
    s->slot_name = "connection";
    s->proxy = (struct proxy_part){
        .upstream = conf->upstream,
        .balance = conf->common.balance,
        .connect_timeout = conf->connect_timeout,
        .read_timeout = conf->read_timeout,
        .attends = true,
        .peer = {.weight = 1,
                 .max_conns = conf->max_conns,
                 .max_fails = conf->max_fails,
                 .fail_timeout = conf->fail_timeout},
        .next = next_bits(&conf->next, ends, NEXT_ERROR | NEXT_TIMEOUT, out),
        .tries = conf->next_tries,
        .next_timeout = conf->next_timeout,
        .workers = conf->workers,
        .zone = conf->zone,
        .connections = conf->connections,
        .keepalive = conf->keepalive,
        .keepalive_requests = conf->keepalive_requests,
        .keepalive_time = conf->keepalive_time,
        .keepalive_timeout = conf->keepalive_timeout,
        .buffers = conf->buffering,
        .ignores_abort = conf->ignore_abort,
        .limit_req = conf->limit_req,
        .limit_conn = conf->limit_conn,
        .limit_req_status = limit_status(conf->limit_req_status),
        .limit_conn_status = limit_status(conf->limit_conn_status),
        .refused_status = STATUS_502,
        .connect_status = STATUS_504,
        .broken_status = STATUS_502,
        .late_status = STATUS_504,
        .nolive_status = STATUS_502,
        .queue_status = STATUS_502,
        .wait = conf->queue > 0 ? WAIT_FOR_SERVER : WAIT_NEVER,
        .queue_limit = conf->queue,
        .queue_timeout = conf->queue_timeout,
        .fullconn = 1,
        .slow_start = conf->slow_start,
        .health = health,
    };
}

const struct kind nginx_kind = {
    KIND_ROW(nginx, "nginx as a reverse proxy and load balancer."),
    .build = build,
    .common = offsetof(struct conf, common),
};
