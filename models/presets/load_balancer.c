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
    sim_time read_timeout;
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
    s->slot_name = "connection";
}

const struct kind load_balancer_kind = {
    KIND_ROW(load_balancer,
             "A load balancer that knows every instance's load at once."),
    .build = build,
    .common = offsetof(struct conf, common),
};
