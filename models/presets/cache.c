/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cache -- the general cache: so many commands at a time, room for so many entries or
 * so much memory, a rule for what goes.
 */
#include "models/kind.h"

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    struct store_conf store;
    int64_t slots, items, bytes, samples;
    int eviction;
};

/* In the order of enum eviction. */
static const char *const evictions[] = {"none", "lru", "lru_sampled", "random", NULL};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    STORE_ROWS,
    {.key = "slots", .type = PARAM_COUNT, .offset = AT(slots), .most = 1e6,
     .doc = "Commands it works on at a time; 0 or absent = no limit."},
    {.key = "capacity_items", .type = PARAM_COUNT, .offset = AT(items), .most = 1e9,
     .doc = "Entries of an instance; 0 or absent = no limit."},
    {.key = "capacity_bytes", .type = PARAM_SIZE, .offset = AT(bytes), .most = 1e15,
     .doc = "Memory for entries of an instance; 0 or absent = no limit."},
    {.key = "eviction", .type = PARAM_CHOICE, .offset = AT(eviction),
     .choices = evictions, .fallback = EVICT_LRU,
     .doc = "What goes when it is full: nothing (writes fail), the least recently "
            "used, that of some samples as in Redis, or any."},
    {.key = "samples", .type = PARAM_COUNT, .offset = AT(samples), .least = 1,
     .most = 64, .fallback = 5,
     .doc = "lru_sampled: keys looked at for each eviction."},
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    s->slots = conf->slots ? conf->slots : UNLIMITED;
    s->handlers = &conf->handlers;
    s->store = store_part_default(&conf->store);
    s->store.eviction = (enum eviction)conf->eviction;
    s->store.items = conf->items ? conf->items : UNLIMITED;
    s->store.bytes = conf->bytes ? conf->bytes : UNLIMITED;
    s->store.samples = (int)conf->samples;
}

const struct kind cache_kind = {
    KIND_ROW(cache, "The general cache: `time` a command, room for some entries; keys "
                    "spread over its replicas."),
    .build = build,
    .common = offsetof(struct conf, common),
};
