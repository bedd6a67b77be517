/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nginx -- reverse proxy and balancer. Defaults are those of nginx 1.31. There is no
 * queue: a request goes to a server at once.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    struct service_common common;
    struct param_variant upstream;
    sim_time connect_timeout, read_timeout;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    {.key = "upstream", .type = PARAM_FORMS, .offset = AT(upstream),
     .of = upstream_forms, .required = true,
     .doc = "Service that requests are passed to, for all or by type."},
    {.key = "proxy_connect_timeout", .type = PARAM_DURATION,
     .offset = AT(connect_timeout), .least = 1e-6, .most = 1e9, .fallback = 60,
     .doc = "Longest wait for a server to take the connection; then 504."},
    {.key = "proxy_read_timeout", .type = PARAM_DURATION, .offset = AT(read_timeout),
     .least = 1e-6, .most = 1e9, .fallback = 60,
     .doc = "Longest wait for the first byte of the answer; then 504."},
    NOT_MODELLED("worker_processes"),
    NOT_MODELLED("worker_connections"),
    NOT_MODELLED("worker_rlimit_nofile"),
    NOT_MODELLED("multi_accept"),
    NOT_MODELLED("keepalive"),
    NOT_MODELLED("keepalive_timeout"),
    NOT_MODELLED("keepalive_requests"),
    NOT_MODELLED("max_conns"),
    NOT_MODELLED("max_fails"),
    NOT_MODELLED("fail_timeout"),
    NOT_MODELLED("proxy_send_timeout"),
    NOT_MODELLED("proxy_buffering"),
    NOT_MODELLED("proxy_next_upstream"),
    NOT_MODELLED("proxy_next_upstream_tries"),
    NOT_MODELLED("proxy_next_upstream_timeout"),
    NOT_MODELLED("limit_req"),
    NOT_MODELLED("limit_conn"),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    s->duty = DUTY_PROXY;
    s->upstream = conf->upstream;
    s->balance = conf->common.balance;
    s->connect_timeout = conf->connect_timeout;
    s->read_timeout = conf->read_timeout;
    s->slot_name = "connection";
}

const struct kind nginx_kind = {
    KIND_ROW(nginx, "nginx as a reverse proxy and load balancer."),
    .build = build,
    .common = offsetof(struct conf, common),
};
