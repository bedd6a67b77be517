/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * redis -- Redis: whatever its I/O threads do, commands run one at a time.
 */
#include "models/kind.h"

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    NOT_MODELLED("io_threads"),
    NOT_MODELLED("maxclients"),
    NOT_MODELLED("maxmemory"),
    NOT_MODELLED("maxmemory_policy"),
    NOT_MODELLED("tcp_backlog"),
    NOT_MODELLED("timeout"),
    NOT_MODELLED("tcp_keepalive"),
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
}

const struct kind redis_kind = {
    KIND_ROW(redis, "Redis: one command at a time, `time` each."),
    .build = build,
    .common = offsetof(struct conf, common),
};
