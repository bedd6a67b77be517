/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cdn -- a content delivery network: each replica is an edge with a cache of its own,
 * which sees its part of the traffic and asks the origin for what it does not have.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    struct service_common common;
    struct param_variant upstream;
    struct handler_conf handlers;
    struct store_conf store;
    struct cache_rules rules;
    int64_t items, bytes;
    sim_time read_timeout;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    {.key = "upstream", .type = PARAM_FORMS, .offset = AT(upstream),
     .of = upstream_forms, .required = true,
     .doc = "The origin: service that misses go to, for all or by type."},
    {.key = "time", .type = PARAM_RANDOM, .offset = AT(handlers.time),
     .unit = PARAM_DURATION, .doc = "Time an edge takes itself; none when absent."},
    {.type = PARAM_INCLUDE, .of = cache_rules_params, .offset = AT(rules)},
    STORE_ROWS,
    {.key = "capacity_items", .type = PARAM_COUNT, .offset = AT(items), .most = 1e9,
     .doc = "Entries of an edge; 0 or absent = no limit."},
    {.key = "capacity_bytes", .type = PARAM_SIZE, .offset = AT(bytes), .most = 1e15,
     .doc = "Memory for entries of an edge; 0 or absent = no limit."},
    {.key = "read_timeout", .type = PARAM_DURATION, .offset = AT(read_timeout),
     .least = 1e-6, .most = 1e9, .fallback = INFINITY,
     .doc = "Longest wait for the first byte of the origin's answer; then 504. None "
            "when absent."},
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    s->duty = DUTY_EDGE;
    s->proxy.upstream = conf->upstream;
    s->proxy.balance = conf->common.balance;
    s->proxy.read_timeout = conf->read_timeout;
    s->handlers = &conf->handlers;
    s->rules = &conf->rules;
    s->slot_name = "connection";
    s->store = store_part_default(&conf->store);
    s->store.items = conf->items ? conf->items : UNLIMITED;
    s->store.bytes = conf->bytes ? conf->bytes : UNLIMITED;
}

const struct kind cdn_kind = {
    KIND_ROW(cdn, "A CDN or caching proxy: edges (`replicas`) that answer what they "
                  "have and pass the rest to the origin. `hit` is a fixed offload."),
    .build = build,
    .common = offsetof(struct conf, common),
};
