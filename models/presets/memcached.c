/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memcached -- memcached: some threads, a fixed memory, the least recently used goes.
 * Defaults are those of the program (-t 4, -m 64, -c 1024). Its segmented LRU is taken
 * as an exact one, its slab classes as one memory.
 */
#include "models/kind.h"

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    struct store_conf store;
    int64_t threads, memory_limit, conn_limit;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    STORE_ROWS,
    {.key = "threads", .type = PARAM_COUNT, .offset = AT(threads), .least = 1,
     .most = 1024, .fallback = 4, .doc = "-t: commands that run at a time."},
    {.key = "memory_limit", .type = PARAM_SIZE, .offset = AT(memory_limit), .least = 1,
     .most = 1e15, .fallback = 64 * 1024 * 1024,
     .doc = "-m: memory for entries, of each instance."},
    {.key = "conn_limit", .type = PARAM_COUNT, .offset = AT(conn_limit), .least = 1,
     .most = 1e9, .fallback = 1024,
     .doc = "-c: connections to an instance; each command under way has one. One more "
            "is refused."},
    UNMODELLED("item_size_max", "Default 1 MiB."),
    UNMODELLED("backlog", "Default 1024."),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    s->slots = conf->threads;
    s->slot_name = "thread";
    s->handlers = &conf->handlers;
    s->max_connections = conf->conn_limit * conf->common.replicas;
    s->store = store_part_default(&conf->store);
    s->store.bytes = conf->memory_limit;
}

const struct kind memcached_kind = {
    KIND_ROW(memcached, "memcached: a few threads, least recently used goes; keys "
                        "spread over its replicas."),
    .build = build,
    .common = offsetof(struct conf, common),
};
