/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * load_balancer -- the general balancer: passes each request to one instance of its
 * upstream and waits for the answer.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    struct service_common common;
    struct param_variant upstream;
    sim_time read_timeout, connect_timeout;
    struct health_part *health;
    sim_time slow_start;
    int64_t max_conns, queue;
    sim_time queue_timeout;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    {.key = "upstream", .type = PARAM_FORMS, .offset = AT(upstream),
     .of = upstream_forms, .required = true,
     .doc = "Service that requests are passed to, for all or by type."},
    {.key = "read_timeout", .type = PARAM_DURATION, .offset = AT(read_timeout),
     .least = 1e-6, .most = 1e9, .fallback = INFINITY,
     .doc = "Longest wait for the first byte of the answer; then 504. None when "
            "absent."},
    {.key = "connect_timeout", .type = PARAM_DURATION, .offset = AT(connect_timeout),
     .least = 1e-6, .most = 1e9, .fallback = INFINITY,
     .doc = "Longest wait for a server that does not answer at all; then 504. None "
            "when absent."},
    {.key = "health_check", .type = PARAM_OBJECT, .offset = AT(health),
     .of = health_params, .size = sizeof(struct health_part),
     .doc = "Active checks of the servers; none when absent. With none well, requests "
            "get 502."},
    {.key = "slow_start", .type = PARAM_DURATION, .offset = AT(slow_start),
     .most = 1e6,
     .doc = "The time in which the weight of a server that has come back grows."},
    {.key = "max_conns", .type = PARAM_COUNT, .offset = AT(max_conns), .most = 1e6,
     .doc = "Requests under way to a server. 0: any number."},
    {.key = "queue", .type = PARAM_COUNT, .offset = AT(queue), .most = 1e6,
     .doc = "Requests that wait while every server has max_conns; one more gets 502."},
    {.key = "queue_timeout", .type = PARAM_DURATION, .offset = AT(queue_timeout),
     .least = 1e-6, .most = 1e9, .fallback = INFINITY,
     .doc = "Longest wait there; then 502. No limit when absent."},
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    s->duty = DUTY_PROXY;
    s->proxy.upstream = conf->upstream;
    s->proxy.balance = conf->common.balance;
    s->proxy.read_timeout = conf->read_timeout;
    s->proxy.connect_timeout = conf->connect_timeout;
    s->proxy.peer.max_conns = conf->max_conns;
    s->proxy.slow_start = conf->slow_start;
    if (conf->health)
        s->proxy.health = health_told(conf->health);
    s->proxy.attends = conf->health || conf->max_conns || conf->queue;
    s->proxy.wait = conf->queue ? WAIT_FOR_SERVER : WAIT_NEVER;
    s->proxy.queue_limit = conf->queue;
    s->proxy.queue_timeout = conf->queue_timeout;
    s->slot_name = "connection";
}

const struct kind load_balancer_kind = {
    KIND_ROW(load_balancer,
             "A load balancer that knows every instance's load at once."),
    .build = build,
    .common = offsetof(struct conf, common),
};
