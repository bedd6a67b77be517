/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * alb -- Application Load Balancer of AWS, with one target group or one for each
 * request type. Its nodes, one a zone at least, know nothing of each other.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    struct service_common common;
    struct param_variant upstream;
    int algorithm;
    int64_t nodes, least_healthy;
    sim_time idle_timeout, slow_start;
    struct health_part health;
};

const char *const alb_balance_names[] = {"round_robin", "least_outstanding_requests",
                                         "weighted_random", NULL};
static const int policies[] = {BALANCE_ROUND_ROBIN, BALANCE_LEAST_CONN, BALANCE_RANDOM};

#define CONNECT_TIMEOUT (10 * SIM_SECOND) /* of targets; it cannot be set */

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    BASE_ROWS,
    {.key = "upstream", .type = PARAM_FORMS, .offset = AT(upstream),
     .of = alb_upstream_forms, .required = true,
     .doc = "The target group: a service, or servers with their keys, for all or by "
            "type."},
    {.key = "load_balancing_algorithm", .type = PARAM_CHOICE, .offset = AT(algorithm),
     .choices = alb_balance_names, .doc = "How requests are spread over the targets."},
    {.key = "nodes", .type = PARAM_COUNT, .offset = AT(nodes), .least = 1, .most = 1000,
     .fallback = 2,
     .doc = "Nodes of the load balancer: at least one in each zone, of which there are "
            "two or more. Each balances, and checks, by itself."},
    {.key = "idle_timeout", .type = PARAM_DURATION, .offset = AT(idle_timeout),
     .least = 1, .most = 4000, .fallback = 60,
     .doc = "Longest wait for an answer; then 504. Idle connections to targets are "
            "closed after it."},
    {.key = "slow_start", .type = PARAM_DURATION, .offset = AT(slow_start),
     .most = 900,
     .doc = "30 s to 15 min: the time in which the share of a target that comes back "
            "grows. Not with least_outstanding_requests. 0: none."},
    {.key = "health_check_interval", .type = PARAM_DURATION,
     .offset = AT(health.interval), .least = 5, .most = 300, .fallback = 30,
     .doc = "From the end of a check to the next one, of each node."},
    {.key = "health_check_timeout", .type = PARAM_DURATION,
     .offset = AT(health.timeout), .least = 2, .most = 120, .fallback = 5,
     .doc = "A check that takes longer has failed."},
    {.key = "healthy_threshold_count", .type = PARAM_COUNT, .offset = AT(health.rise),
     .least = 2, .most = 10, .fallback = 5,
     .doc = "Good checks in a row that bring a target back."},
    {.key = "unhealthy_threshold_count", .type = PARAM_COUNT,
     .offset = AT(health.fall), .least = 2, .most = 10, .fallback = 2,
     .doc = "Failed checks in a row that take it out."},
    {.key = "health_check_path", .type = PARAM_NAME, .offset = AT(health.request),
     .doc = "Request type of the checks, for the targets' handlers. When absent, a "
            "target answers as soon as a worker takes the check."},
    {.key = "minimum_healthy_targets", .type = PARAM_COUNT, .offset = AT(least_healthy),
     .least = 1, .most = 1000, .fallback = 1,
     .doc = "With fewer healthy targets requests go to all of them, healthy or not."},
    NOT_MODELLED("deregistration_delay"),
    NOT_MODELLED("stickiness"),
    NOT_MODELLED("anomaly_mitigation"),
    NOT_MODELLED("cross_zone"),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    struct proxy_part *p = &s->proxy;
    s->duty = DUTY_PROXY;
    s->slot_name = "connection";
    p->upstream = conf->upstream;
    p->attends = true;
    p->balance = conf->algorithm;
    p->policies = policies;
    p->workers = conf->nodes;
    p->connect_timeout = CONNECT_TIMEOUT;
    p->read_timeout = p->keepalive_timeout = conf->idle_timeout;
    p->again = AGAIN_NEVER;
    p->nolive_status = STATUS_503;
    p->slow_start = conf->slow_start;
    p->health = conf->health;
    p->health.interval_down = p->health.interval_turning = SIM_NEVER;
    p->least_healthy = conf->least_healthy;
    if (conf->slow_start && conf->algorithm == 1)
        complain(out, conf->at, "slow_start",
                 "must be absent with \"least_outstanding_requests\"");
}

const struct kind alb_kind = {
    KIND_ROW(alb, "AWS Application Load Balancer."),
    .build = build,
    .common = offsetof(struct conf, common),
};
