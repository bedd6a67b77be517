/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * envoy -- proxy with connection pools and circuit breakers, for one cluster or one for
 * each request type. Defaults are those of Envoy 1.3x. Breakers, checks and the load of
 * servers are known to all its worker threads.
 */
#include "models/kind.h"

#include <math.h>

struct budget_conf {
    uint32_t at;
    double percent;
    int64_t least;
};

struct breakers_conf {
    uint32_t at;
    int64_t connections, pending, requests, retries;
    struct budget_conf *budget;
};

struct retry_conf_envoy {
    uint32_t at;
    struct param_list on;
    int64_t retries;
    sim_time per_try, base, most;
};

struct outlier_conf {
    uint32_t at;
    struct outlier_part part;
};

struct conf {
    uint32_t at;
    struct service_common common;
    struct param_variant upstream;
    int policy;
    int64_t choices;
    double bias, panic;
    sim_time connect_timeout, timeout;
    struct breakers_conf *breakers;
    struct retry_conf_envoy *retry;
    struct outlier_conf *outlier;
    struct health_part *health;
};

const char *const envoy_balance_names[] = {"ROUND_ROBIN", "LEAST_REQUEST", "RANDOM",
                                           "RING_HASH", NULL};
static const int policies[] = {BALANCE_DEADLINE, BALANCE_LEAST_REQUEST, BALANCE_RANDOM,
                               BALANCE_CONSISTENT_HASH};

/* ---- keys ------------------------------------------------------------------------ */

#define AT(field) offsetof(struct budget_conf, field)
static const struct param budget_params[] = {
    {.key = "budget_percent", .type = PARAM_FRACTION, .offset = AT(percent),
     .fallback = 0.2, .doc = "Of the requests under way and waiting may be retries."},
    {.key = "min_retry_concurrency", .type = PARAM_COUNT, .offset = AT(least),
     .most = 1e6, .fallback = 3, .doc = "So many retries always may."},
    {0},
};
#undef AT

#define BREAKER_DEFAULT 1024
#define RETRIES_DEFAULT 3
#define AT(field) offsetof(struct breakers_conf, field)
static const struct param breakers_params[] = {
    {.key = "max_connections", .type = PARAM_COUNT, .offset = AT(connections),
     .most = 4e9, .fallback = BREAKER_DEFAULT,
     .doc = "Connections to all servers; each may have one in any case."},
    {.key = "max_pending_requests", .type = PARAM_COUNT, .offset = AT(pending),
     .most = 4e9, .fallback = BREAKER_DEFAULT,
     .doc = "Requests that wait for a connection; one more gets 503."},
    {.key = "max_requests", .type = PARAM_COUNT, .offset = AT(requests), .most = 4e9,
     .fallback = BREAKER_DEFAULT, .doc = "Requests at servers; one more gets 503."},
    {.key = "max_retries", .type = PARAM_COUNT, .offset = AT(retries), .most = 4e9,
     .fallback = RETRIES_DEFAULT,
     .doc = "Retries under way at a time; what would be one more fails instead."},
    {.key = "retry_budget", .type = PARAM_OBJECT, .offset = AT(budget),
     .of = budget_params, .size = sizeof(struct budget_conf),
     .doc = "In place of max_retries."},
    {0},
};
#undef AT

static const struct param on_row = {.key = "event", .type = PARAM_TEXT,
                                    .size = sizeof(const char *)};

#define AT(field) offsetof(struct retry_conf_envoy, field)
static const struct param retry_params[] = {
    {.key = "retry_on", .type = PARAM_LIST, .offset = AT(on), .of = &on_row,
     .doc = "After what: 5xx, gateway-error, reset, connect-failure, 429."},
    {.key = "num_retries", .type = PARAM_COUNT, .offset = AT(retries), .most = 100,
     .fallback = 1, .doc = "Tries beyond the first."},
    {.key = "per_try_timeout", .type = PARAM_DURATION, .offset = AT(per_try),
     .least = 1e-6, .most = 1e9, .fallback = INFINITY,
     .doc = "Longest wait for one try's answer; `timeout` when absent."},
    {.key = "base_interval", .type = PARAM_DURATION, .offset = AT(base), .most = 3600,
     .fallback = 0.025,
     .doc = "Pause before the n-th retry: up to 2^n - 1 times this, at random."},
    {.key = "max_interval", .type = PARAM_DURATION, .offset = AT(most), .most = 3600,
     .fallback = INFINITY,
     .doc = "Longest pause; ten times base_interval when absent."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct outlier_conf, part.field)
static const struct param outlier_params[] = {
    {.key = "consecutive_5xx", .type = PARAM_COUNT, .offset = AT(consecutive),
     .most = 1e6, .fallback = 5,
     .doc = "Failures in a row (5xx, no connection, no answer) that eject a server; 0: "
            "they do not."},
    {.key = "interval", .type = PARAM_DURATION, .offset = AT(interval), .least = 1e-3,
     .most = 1e6, .fallback = 10,
     .doc = "Between two looks at success rates, which also bring servers back."},
    {.key = "base_ejection_time", .type = PARAM_DURATION, .offset = AT(base),
     .least = 1e-3, .most = 1e6, .fallback = 30,
     .doc = "An ejected server is out for so long, times how often it has been."},
    {.key = "max_ejection_time", .type = PARAM_DURATION, .offset = AT(most),
     .least = 1e-3, .most = 1e6, .fallback = 300, .doc = "But no longer than this."},
    {.key = "max_ejection_percent", .type = PARAM_FRACTION, .offset = AT(share),
     .fallback = 0.1, .doc = "Of the servers are out at most; one always may be."},
    {.key = "success_rate_minimum_hosts", .type = PARAM_COUNT, .offset = AT(hosts),
     .most = 1e6, .fallback = 5,
     .doc = "Success rates are compared when so many servers had enough requests."},
    {.key = "success_rate_request_volume", .type = PARAM_COUNT, .offset = AT(volume),
     .most = 1e9, .fallback = 100, .doc = "Enough requests, in an interval."},
    {.key = "success_rate_stdev_factor", .type = PARAM_NUMBER, .offset = AT(deviations),
     .least = 0, .most = 100, .fallback = 1.9,
     .doc = "Servers that far (in standard deviations) below the mean are ejected. "
            "Envoy's own key has it in thousandths."},
    NOT_MODELLED("enforcing_consecutive_5xx"),
    NOT_MODELLED("enforcing_success_rate"),
    NOT_MODELLED("consecutive_gateway_failure"),
    NOT_MODELLED("split_external_local_origin_errors"),
    {0},
};
#undef AT

#define AT(field) offsetof(struct health_part, field)
static const struct param check_params[] = {
    {.key = "interval", .type = PARAM_DURATION, .offset = AT(interval), .least = 1e-3,
     .most = 1e6, .required = true, .doc = "From the end of a check to the next one."},
    {.key = "timeout", .type = PARAM_DURATION, .offset = AT(timeout), .least = 1e-3,
     .most = 1e6, .required = true, .doc = "A check that takes longer has failed."},
    {.key = "unhealthy_threshold", .type = PARAM_COUNT, .offset = AT(fall), .least = 1,
     .most = 1000, .required = true,
     .doc = "Failed checks in a row that take a server out; an answer that is an error "
            "does at once."},
    {.key = "healthy_threshold", .type = PARAM_COUNT, .offset = AT(rise), .least = 1,
     .most = 1000, .required = true,
     .doc = "Good checks in a row that bring it back."},
    {.key = "http_health_check", .type = PARAM_NAME, .offset = AT(request),
     .doc = "Request type of the checks, for the servers' handlers. When absent, only "
            "a connection is made."},
    NOT_MODELLED("interval_jitter"),
    NOT_MODELLED("no_traffic_interval"),
    {0},
};
#undef AT

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    BASE_ROWS,
    {.key = "upstream", .type = PARAM_FORMS, .offset = AT(upstream),
     .of = envoy_upstream_forms, .required = true,
     .doc = "The cluster: a service, or servers with their keys, for all or by type."},
    {.key = "lb_policy", .type = PARAM_CHOICE, .offset = AT(policy),
     .choices = envoy_balance_names,
     .doc = "How requests are spread over the servers."},
    {.key = "choice_count", .type = PARAM_COUNT, .offset = AT(choices), .least = 2,
     .most = 100, .fallback = 2,
     .doc = "Servers that LEAST_REQUEST draws to take the least loaded, when their "
            "weights are equal."},
    {.key = "active_request_bias", .type = PARAM_NUMBER, .offset = AT(bias), .least = 0,
     .most = 10, .fallback = 1,
     .doc = "When they are not: weight / (requests + 1) to this power is a server's "
            "share."},
    {.key = "connect_timeout", .type = PARAM_DURATION, .offset = AT(connect_timeout),
     .least = 1e-6, .most = 1e9, .fallback = 5,
     .doc = "Longest wait for a server to take the connection; then 503."},
    {.key = "timeout", .type = PARAM_DURATION, .offset = AT(timeout), .least = 1e-6,
     .most = 1e9, .fallback = 15,
     .doc = "The route's: longest wait for an answer, or for a connection; then 504 or "
            "503. No retry begins later."},
    {.key = "circuit_breakers", .type = PARAM_OBJECT, .offset = AT(breakers),
     .of = breakers_params, .size = sizeof(struct breakers_conf),
     .doc = "Limits of a cluster, with their defaults when absent."},
    {.key = "retry_policy", .type = PARAM_OBJECT, .offset = AT(retry),
     .of = retry_params, .size = sizeof(struct retry_conf_envoy),
     .doc = "What is tried again; nothing when absent."},
    {.key = "outlier_detection", .type = PARAM_OBJECT, .offset = AT(outlier),
     .of = outlier_params, .size = sizeof(struct outlier_conf),
     .doc = "Servers that fail have no requests for a while; none when absent."},
    {.key = "health_checks", .type = PARAM_OBJECT, .offset = AT(health),
     .of = check_params, .size = sizeof(struct health_part),
     .doc = "Active checks of the servers; none when absent."},
    {.key = "healthy_panic_threshold", .type = PARAM_FRACTION, .offset = AT(panic),
     .fallback = 0.5,
     .doc = "With a smaller share of servers well, all have requests; 0: never."},
    NOT_MODELLED("slow_start_config"),
    NOT_MODELLED("concurrency"),
    NOT_MODELLED("max_requests_per_connection"),
    {0},
};
#undef AT

/* ---- what they stand for --------------------------------------------------------- */

enum {
    GATEWAY = NEXT_STATUS(STATUS_502) | NEXT_STATUS(STATUS_503) |
              NEXT_STATUS(STATUS_504),
    BROKEN = NEXT_CONNECT | NEXT_ERROR | NEXT_TIMEOUT,
};

static const struct next_name events[] = {
    {"5xx", GATEWAY | NEXT_STATUS(STATUS_500) | BROKEN},
    {"gateway-error", GATEWAY},
    {"reset", BROKEN},
    {"connect-failure", NEXT_CONNECT},
    {"refused-stream", 0},
    {"429", NEXT_STATUS(STATUS_429)},
    {0},
};

static void build_breakers(const struct breakers_conf *conf, struct proxy_part *p)
{
    p->max_connections = p->max_pending = p->max_requests = BREAKER_DEFAULT;
    p->max_retries = RETRIES_DEFAULT;
    if (!conf)
        return;
    p->max_connections = conf->connections;
    p->max_pending = conf->pending;
    p->max_requests = conf->requests;
    p->max_retries = conf->retries;
    if (conf->budget) {
        p->retry_share = conf->budget->percent;
        p->retry_least = conf->budget->least;
    }
}

static void build_retry(const struct retry_conf_envoy *conf, struct proxy_part *p,
                        struct listener *out)
{
    enum { TIMES = 10 };
    if (!conf)
        return;
    p->next = next_bits(&conf->on, events, 0, out);
    p->tries = conf->retries;
    p->pause = conf->base;
    p->pause_most = conf->most == SIM_NEVER ? TIMES * conf->base : conf->most;
    if (conf->per_try < p->read_timeout)
        p->read_timeout = conf->per_try;
}

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    struct proxy_part *p = &s->proxy;
    s->duty = DUTY_PROXY;
    s->slot_name = "connection";
    p->upstream = conf->upstream;
    p->attends = true;
    p->balance = conf->policy;
    p->policies = policies;
    p->draws = conf->choices;
    p->bias = conf->bias;
    p->connect_timeout = conf->connect_timeout;
    p->read_timeout = p->queue_timeout = p->next_timeout = conf->timeout;
    p->wait = WAIT_FOR_CONNECTION;
    p->again = AGAIN_ANY;
    p->panic = conf->panic;
    p->refused_status = p->connect_status = p->broken_status = STATUS_503;
    p->nolive_status = p->queue_status = STATUS_503;
    build_breakers(conf->breakers, p);
    build_retry(conf->retry, p, out);
    if (conf->outlier) {
        p->outlier = conf->outlier->part;
        p->outlier.present = true;
    }
    if (conf->health) {
        p->health = *conf->health;
        p->health.interval_down = p->health.interval_turning = SIM_NEVER;
        p->health.connects = !conf->health->request;
        p->health.status_decides = true;
    }
}

const struct kind envoy_kind = {
    KIND_ROW(envoy, "Envoy: a proxy with connection pools, breakers and retries."),
    .build = build,
    .common = offsetof(struct conf, common),
};
