/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * redis -- Redis: whatever its I/O threads do, commands run one at a time. What is kept
 * competes for one memory: cache, sessions and counters alike.
 *
 * Defaults are those of redis.conf, except that `maxmemory` has none there either.
 */
#include "models/kind.h"

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    struct store_conf store;
    int64_t maxmemory, maxclients, samples;
    int policy;
};

static const char *const policies[] = {
    "noeviction",   "allkeys-lru",     "allkeys-random", "volatile-lru",
    "volatile-random", "volatile-ttl", NULL};

static const enum eviction evictions[] = {
    EVICT_NEVER,        EVICT_SAMPLED_LRU,     EVICT_RANDOM,
    EVICT_VOLATILE_LRU, EVICT_VOLATILE_RANDOM, EVICT_VOLATILE_TTL};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    STORE_ROWS,
    {.key = "maxmemory", .type = PARAM_SIZE, .offset = AT(maxmemory), .most = 1e15,
     .doc = "Memory for entries, of each instance, as in redis.conf: 2gb is 2GiB; not "
            "limited when absent or 0."},
    {.key = "maxmemory_policy", .type = PARAM_CHOICE, .offset = AT(policy),
     .choices = policies,
     .doc = "What goes when it is full: nothing (noeviction: writes fail), or of all "
            "keys or those that expire (volatile-) the least recently used of some "
            "samples, any, or the one that expires first."},
    {.key = "maxmemory_samples", .type = PARAM_COUNT, .offset = AT(samples),
     .least = 1, .most = 64, .fallback = 5,
     .doc = "Keys looked at for each eviction; the best of them and of 16 remembered "
            "ones goes."},
    {.key = "maxclients", .type = PARAM_COUNT, .offset = AT(maxclients), .least = 1,
     .most = 1e9, .fallback = 10000,
     .doc = "Connections to an instance; each command under way has one. One more is "
            "refused with an error."},
    UNMODELLED("io_threads", "Default 1."),
    UNMODELLED("tcp_backlog", "Default 511."),
    UNMODELLED("timeout", "Default 0: idle clients are never closed."),
    UNMODELLED("tcp_keepalive", "Default 300 s."),
    UNMODELLED("hz", "Default 10."),
    UNMODELLED("active_expire_effort", "Default 1."),
    UNMODELLED("lazyfree_lazy_eviction", "Default no."),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    s->slots = 1;
    s->slot_name = "command";
    s->handlers = &conf->handlers;
    s->max_connections = conf->maxclients * conf->common.replicas;
    s->store = store_part_default(&conf->store);
    s->store.eviction = evictions[conf->policy];
    s->store.bytes = conf->maxmemory ? conf->maxmemory : UNLIMITED;
    s->store.samples = (int)conf->samples;
}

const struct kind redis_kind = {
    KIND_ROW(redis, "Redis: one command at a time, `time` each; keys spread over "
                    "its replicas as over a cluster's shards."),
    .build = build,
    .common = offsetof(struct conf, common),
};
