/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the scenario language that proxies share. */
#include "models/model.h"
#include "models/proxy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- limits ---------------------------------------------------------------------- */

static const char *const limit_keys[] = {"address", "key", "all", NULL};

#define AT(field) offsetof(struct limit_req_conf, field)
static const struct param limit_req_params[] = {
    {.key = "rate", .type = PARAM_RATE, .offset = AT(rate), .least = 1e-3, .most = 1e6,
     .required = true, .doc = "Requests of one key that pass in the long run."},
    {.key = "burst", .type = PARAM_COUNT, .offset = AT(burst), .most = 1e6,
     .doc = "Requests beyond the rate that are taken; one more is rejected."},
    {.key = "delay", .type = PARAM_COUNT, .offset = AT(delay), .most = 1e6,
     .doc = "Of the burst, so many pass at once; the others wait until they keep to "
            "the rate."},
    {.key = "nodelay", .type = PARAM_FLAG, .offset = AT(nodelay),
     .doc = "The whole burst passes at once."},
    {.key = "key", .type = PARAM_CHOICE, .offset = AT(key), .choices = limit_keys,
     .fallback = LIMIT_ADDRESS,
     .doc = "Whose requests count together: those of an address of a client, of a key "
            "of the workload, or all."},
    {.key = "states", .type = PARAM_COUNT, .offset = AT(states), .least = 1,
     .most = 1e7, .fallback = 160000,
     .doc = "Keys that the zone has room for; 16000 a megabyte, the default being a "
            "zone of 10m."},
    {0},
};
#undef AT

static const struct param limit_req_row = {.key = "limit", .type = PARAM_OBJECT,
                                           .of = limit_req_params,
                                           .size = sizeof(struct limit_req_conf)};

const struct param limit_req_forms[] = {
    {.key = "limit", .type = PARAM_OBJECT, .of = limit_req_params,
     .size = sizeof(struct limit_req_conf), .doc = "One limit."},
    {.key = "limits", .type = PARAM_LIST, .of = &limit_req_row,
     .size = sizeof(struct param_list),
     .doc = "Several: any of them rejects, the longest delay holds."},
    {0},
};

#define AT(field) offsetof(struct limit_conn_conf, field)
const struct param limit_conn_params[] = {
    {.key = "limit", .type = PARAM_COUNT, .offset = AT(limit), .least = 1,
     .most = 65535, .required = true,
     .doc = "Requests of one key in process at a time; one more is rejected."},
    {.key = "key", .type = PARAM_CHOICE, .offset = AT(key), .choices = limit_keys,
     .fallback = LIMIT_ADDRESS,
     .doc = "Whose requests count together: those of an address of a client, of a key "
            "of the workload, or all."},
    {0},
};
#undef AT

const char *const limit_status_names[] = {"503", "429", "400", "500", "502", "504",
                                          NULL};

int limit_status(int choice)
{
    static const enum status statuses[] = {STATUS_503, STATUS_429, STATUS_400,
                                           STATUS_500, STATUS_502, STATUS_504};
    return statuses[choice];
}

/* ---- servers --------------------------------------------------------------------- */

#define AT(field) offsetof(struct peer_conf, field)
#define SERVER_ROWS                                                                    \
    {.key = "server", .type = PARAM_NAME, .offset = AT(server), .required = true,      \
     .doc = "Service; each of its replicas is a server."},                             \
    {.key = "weight", .type = PARAM_COUNT, .offset = AT(weight), .least = 1,           \
     .most = 65535, .fallback = 1, .doc = "Share of the requests, of each replica."},  \
    {.key = "max_conns", .type = PARAM_COUNT, .offset = AT(max_conns), .most = 1e6,    \
     .fallback = -1,                                                                   \
     .doc = "Requests under way to the server; beyond, it is passed over. 0: any."},   \
    {.key = "backup", .type = PARAM_FLAG, .offset = AT(backup),                        \
     .doc = "Has requests only when none of the others can be taken."},                \
    {.key = "down", .type = PARAM_FLAG, .offset = AT(down), .doc = "Has no requests."}

static const struct param peer_params[] = {
    SERVER_ROWS,
    {0},
};

static const struct param nginx_peer_params[] = {
    SERVER_ROWS,
    {.key = "max_fails", .type = PARAM_COUNT, .offset = AT(max_fails), .most = 1e6,
     .fallback = -1,
     .doc = "Failures, each within fail_timeout of the last, after which the server is "
            "passed over; 0: they do not count."},
    {.key = "fail_timeout", .type = PARAM_DURATION, .offset = AT(fail_timeout),
     .most = 1e6, .fallback = INFINITY,
     .doc = "That, and for how long it is passed over; whole seconds."},
    {0},
};

static const struct param haproxy_peer_params[] = {
    {.key = "server", .type = PARAM_NAME, .offset = AT(server), .required = true,
     .doc = "Service; each of its replicas is a server."},
    {.key = "weight", .type = PARAM_COUNT, .offset = AT(weight), .least = 1,
     .most = 256, .fallback = 1, .doc = "Share of the requests, of each replica."},
    {.key = "maxconn", .type = PARAM_COUNT, .offset = AT(max_conns), .most = 1e6,
     .fallback = -1,
     .doc = "Requests under way to the server; others wait. 0: any number."},
    {.key = "minconn", .type = PARAM_COUNT, .offset = AT(least), .most = 1e6,
     .fallback = -1,
     .doc = "The limit while there is little to do; it rises to maxconn as the load "
            "rises to fullconn. 0: it is always maxconn."},
    {.key = "maxqueue", .type = PARAM_COUNT, .offset = AT(queue), .most = 1e6,
     .fallback = -1, .doc = "Requests that wait for this server. 0: any number."},
    {.key = "backup", .type = PARAM_FLAG, .offset = AT(backup),
     .doc = "Has requests only when all others are down, busy or not."},
    {.key = "disabled", .type = PARAM_FLAG, .offset = AT(down),
     .doc = "Has no requests."},
    {0},
};
#undef AT

static const struct param peer_row = {.key = "server", .type = PARAM_OBJECT,
                                      .of = peer_params,
                                      .size = sizeof(struct peer_conf)};
static const struct param nginx_peer_row = {.key = "server", .type = PARAM_OBJECT,
                                            .of = nginx_peer_params,
                                            .size = sizeof(struct peer_conf)};

static const struct param haproxy_peer_row = {.key = "server", .type = PARAM_OBJECT,
                                              .of = haproxy_peer_params,
                                              .size = sizeof(struct peer_conf)};

#define NAME_FORM                                                                      \
    {.key = "name", .type = PARAM_NAME, .size = sizeof(const char *),                  \
     .doc = "One service for all."}
#define LIST_FORM(row_)                                                                \
    {.key = "servers", .type = PARAM_LIST, .of = &row_,                                \
     .size = sizeof(struct param_list), .doc = "Several servers, each with its keys."}

static const struct param servers_forms[] = {NAME_FORM, LIST_FORM(peer_row), {0}};
static const struct param nginx_servers_forms[] = {
    NAME_FORM, LIST_FORM(nginx_peer_row), {0}};

#define AT(field) offsetof(struct upstream_conf, field)
static const struct param haproxy_servers_forms[] = {
    NAME_FORM, LIST_FORM(haproxy_peer_row), {0}};

#define UPSTREAM_ROWS(forms)                                                           \
    {.key = "upstream", .type = PARAM_FORMS, .offset = AT(upstream), .of = forms,      \
     .required = true, .doc = "Service, or servers, that these requests go to."},      \
    {.key = "balance", .type = PARAM_CHOICE, .offset = AT(balance),                    \
     .choices = balance_names, .fallback = -1,                                         \
     .doc = "How they are spread; as the balancer's own when absent."}

static const struct param upstream_params[] = {
    UPSTREAM_ROWS(servers_forms),
    {0},
};

/* With the names that a kind has for its policies. */
#define NAMED_UPSTREAM(kind, forms)                                                    \
    static const struct param kind##_upstream_params[] = {                             \
        {.key = "upstream", .type = PARAM_FORMS, .offset = AT(upstream), .of = forms,  \
         .required = true, .doc = "Service, or servers, that these requests go to."},  \
        {.key = "balance", .type = PARAM_CHOICE, .offset = AT(balance),                \
         .choices = kind##_balance_names, .fallback = -1,                              \
         .doc = "How they are spread; as the proxy's own when absent."},               \
        {0},                                                                           \
    };                                                                                 \
    static const struct param kind##_upstream_row = {                                  \
        .key = "type", .type = PARAM_OBJECT, .of = kind##_upstream_params,             \
        .size = sizeof(struct upstream_conf)}

NAMED_UPSTREAM(haproxy, haproxy_servers_forms);
NAMED_UPSTREAM(envoy, servers_forms);
NAMED_UPSTREAM(alb, servers_forms);

static const struct param nginx_upstream_params[] = {
    UPSTREAM_ROWS(nginx_servers_forms),
    {.key = "limit_req", .type = PARAM_FORMS, .offset = AT(limit_req),
     .of = limit_req_forms, .doc = "As the proxy's own, in its place."},
    {.key = "limit_conn", .type = PARAM_OBJECT, .offset = AT(limit_conn),
     .of = limit_conn_params, .size = sizeof(struct limit_conn_conf),
     .doc = "As the proxy's own, in its place."},
    {0},
};
#undef AT

static const struct param upstream_row = {.key = "type", .type = PARAM_OBJECT,
                                          .of = upstream_params,
                                          .size = sizeof(struct upstream_conf)};
static const struct param nginx_upstream_row = {.key = "type", .type = PARAM_OBJECT,
                                                .of = nginx_upstream_params,
                                                .size = sizeof(struct upstream_conf)};

#define MAP_FORM(row_)                                                                 \
    {.key = "map", .type = PARAM_MAP, .of = &row_, .size = sizeof(struct param_map),   \
     .doc = "Servers for each request type; `default` takes the others."}

const struct param upstream_forms[] = {
    NAME_FORM, MAP_FORM(upstream_row), LIST_FORM(peer_row), {0}};
const struct param haproxy_upstream_forms[] = {
    NAME_FORM, MAP_FORM(haproxy_upstream_row), LIST_FORM(haproxy_peer_row), {0}};
const struct param envoy_upstream_forms[] = {
    NAME_FORM, MAP_FORM(envoy_upstream_row), LIST_FORM(peer_row), {0}};
const struct param alb_upstream_forms[] = {
    NAME_FORM, MAP_FORM(alb_upstream_row), LIST_FORM(peer_row), {0}};
const struct param nginx_upstream_forms[] = {
    NAME_FORM, MAP_FORM(nginx_upstream_row), LIST_FORM(nginx_peer_row), {0}};

/* ---- health ---------------------------------------------------------------------- */

#define AT(field) offsetof(struct health_part, field)
const struct param health_params[] = {
    {.key = "interval", .type = PARAM_DURATION, .offset = AT(interval), .least = 1e-3,
     .most = 1e6, .fallback = 5, .doc = "From the end of a check to the next one."},
    {.key = "timeout", .type = PARAM_DURATION, .offset = AT(timeout), .least = 1e-3,
     .most = 1e6, .fallback = 2, .doc = "A check that takes longer has failed."},
    {.key = "rise", .type = PARAM_COUNT, .offset = AT(rise), .least = 1, .most = 1000,
     .fallback = 2, .doc = "Good checks in a row that bring a server back."},
    {.key = "fall", .type = PARAM_COUNT, .offset = AT(fall), .least = 1, .most = 1000,
     .fallback = 3, .doc = "Failed checks in a row that take it out."},
    {.key = "request", .type = PARAM_NAME, .offset = AT(request),
     .doc = "Request type of the checks, for the servers' handlers. When absent, a "
            "server answers as soon as a worker takes the check."},
    {.key = "connects", .type = PARAM_FLAG, .offset = AT(connects),
     .doc = "Only a connection is made, which needs no worker."},
    {0},
};
#undef AT

struct health_part health_told(const struct health_part *conf)
{
    struct health_part health = *conf;
    health.interval_down = health.interval_turning = SIM_NEVER;
    return health;
}

/* "a, b or c" */
static void name_all(const struct next_name *names, char *text, size_t size)
{
    size_t used = 0;
    for (const struct next_name *n = names; n->name && used < size; n++)
        used += (size_t)snprintf(text + used, size - used, "%s%s",
                                 n == names ? "" : n[1].name ? ", " : " or ", n->name);
}

uint32_t next_bits(const struct param_list *list, const struct next_name *names,
                   uint32_t fallback, struct listener *out)
{
    const char *const *name = list->items;
    uint32_t bits = list->count ? 0 : fallback;
    for (int i = 0; i < list->count; i++) {
        const struct next_name *n = names;
        while (n->name && strcmp(n->name, name[i]) != 0)
            n++;
        bits |= n->bits;
        if (n->name)
            continue;
        char all[300];
        name_all(names, all, sizeof all);
        complain(out, list->at, NULL, "must hold %s, holds \"%s\"", all, name[i]);
    }
    return bits;
}

struct proxy_part proxy_part_default(void)
{
    return (struct proxy_part){
        .connect_timeout = SIM_NEVER,
        .read_timeout = SIM_NEVER,
        .next_timeout = SIM_NEVER,
        .peer = {.weight = 1, .fail_timeout = 10 * SIM_SECOND},
        .workers = 1,
        .connections = UNLIMITED,
        .keepalive = UNLIMITED,
        .keepalive_requests = UNLIMITED,
        .keepalive_time = SIM_NEVER,
        .keepalive_timeout = SIM_NEVER,
        .limit_req_status = STATUS_503,
        .limit_conn_status = STATUS_503,
        .refused_status = STATUS_502,
        .connect_status = STATUS_504,
        .broken_status = STATUS_502,
        .late_status = STATUS_504,
        .nolive_status = STATUS_502,
        .queue_status = STATUS_502,
        .queue_limit = UNLIMITED,
        .queue_timeout = SIM_NEVER,
        .max_connections = UNLIMITED,
        .max_pending = UNLIMITED,
        .max_requests = UNLIMITED,
        .max_retries = UNLIMITED,
        .retry_share = -1,
        .fullconn = 1,
        .health = {.interval = SIM_NEVER,
                   .interval_down = SIM_NEVER,
                   .interval_turning = SIM_NEVER},
    };
}
