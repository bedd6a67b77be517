/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uvicorn -- asyncio processes: everything is accepted, CPU is used one piece at a
 * time. Defaults are those of uvicorn 0.35.
 */
#include "models/kind.h"

enum { SOMAXCONN = 4096 };

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    int64_t workers, limit_concurrency, backlog;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    {.key = "workers", .type = PARAM_COUNT, .offset = AT(workers), .least = 1,
     .most = 10000, .fallback = 1, .doc = "Processes, an event loop each."},
    {.key = "limit_concurrency", .type = PARAM_COUNT, .offset = AT(limit_concurrency),
     .least = 1, .most = 1e9, .fallback = 0,
     .doc = "Connections of a process at which it answers 503, the new one included, "
            "so that one fewer is useful. No limit when absent."},
    {.key = "backlog", .type = PARAM_COUNT, .offset = AT(backlog), .least = 1,
     .most = 1e6, .fallback = 2048,
     .doc = "Listen queue; the loop empties it at once."},
    NOT_MODELLED("timeout_keep_alive"),
    NOT_MODELLED("timeout_graceful_shutdown"),
    NOT_MODELLED("limit_max_requests"),
    NOT_MODELLED("loop"),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    s->processes = conf->workers;
    s->queue_limit = (conf->backlog < SOMAXCONN ? conf->backlog : SOMAXCONN) + 1;
    if (conf->limit_concurrency > 0)
        s->refuse_above = conf->limit_concurrency - 1;
    s->accept = ACCEPT_EAGER;
    s->discipline = DISCIPLINE_LOOP;
    s->slot_name = "coroutine";
    s->drops = true;
    s->handlers = &conf->handlers;
}

const struct kind uvicorn_kind = {
    KIND_ROW(uvicorn, "uvicorn on its own: asyncio event loops."),
    .build = build,
    .common = offsetof(struct conf, common),
};
