/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node -- Node.js: one thread runs JavaScript, everything is accepted, CPU is used one
 * piece at a time. Work for libuv's thread pool (fs, DNS, crypto, zlib) is `cpu` with
 * "own_thread", in a `hold` of a connection_pool of scope process and size 4.
 */
#include "models/presets/listen.h"

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    struct memory_conf memory;
    sim_time boot;
    struct listen_conf listen;
    int64_t workers;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    MEMORY_ROWS,
    BOOT_ROW(AT(boot), 2),
    {.key = "workers", .type = PARAM_COUNT, .offset = AT(workers), .least = 1,
     .most = 10000, .fallback = 1,
     .doc = "Processes of a cluster (node:cluster, PM2), an event loop each."},
    BACKLOG_ROW("backlog", AT(listen.backlog), 511),
    KERNEL_ROWS,
    UNMODELLED("keepAliveTimeout", "Default 5 s."),
    UNMODELLED("headersTimeout", "Default 60 s."),
    UNMODELLED("requestTimeout", "Default 300 s."),
    UNMODELLED("maxConnections", "No limit by default."),
    UNMODELLED("UV_THREADPOOL_SIZE",
               "Default 4: give it as the size of the connection_pool that stands "
               "for libuv's threads."),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    s->processes = conf->workers;
    s->accept = ACCEPT_TURN; /* the primary of a cluster hands them out */
    s->discipline = DISCIPLINE_LOOP;
    s->slot_name = "callback";
    s->handlers = &conf->handlers;
    listen_build(&conf->listen, s);
    s->life.boot = conf->boot;
    memory_build(&conf->memory, &conf->common, conf->at, s, out);
}

const struct kind node_kind = {
    KIND_ROW(node, "Node.js: an event loop in each process, nothing refused."),
    .build = build,
    .common = offsetof(struct conf, common),
};
