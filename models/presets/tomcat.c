/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tomcat -- Apache Tomcat's NIO connector: connections are accepted up to a number,
 * their requests wait for a thread without a limit of their own, and beyond that
 * connections wait in the listen queue. Defaults are those of Tomcat 10.
 */
#include "models/presets/listen.h"

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    struct memory_conf memory;
    sim_time boot;
    struct listen_conf listen;
    int64_t threads, connections;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    MEMORY_ROWS,
    BOOT_ROW(AT(boot), 2),
    {.key = "maxThreads", .type = PARAM_COUNT, .offset = AT(threads), .least = 1,
     .most = 1e6, .fallback = 200, .doc = "Requests that are worked on at a time."},
    {.key = "maxConnections", .type = PARAM_COUNT, .offset = AT(connections),
     .least = 1, .most = 1e6, .fallback = 8192,
     .doc = "Connections that are accepted; their requests wait for a thread."},
    BACKLOG_ROW("acceptCount", AT(listen.backlog), 100),
    KERNEL_ROWS,
    UNMODELLED("minSpareThreads", "Default 10."),
    UNMODELLED("connectionTimeout", "Default 20 s in server.xml."),
    UNMODELLED("keepAliveTimeout", "Default: as connectionTimeout."),
    UNMODELLED("maxKeepAliveRequests", "Default 100."),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    if (conf->connections < conf->threads)
        complain(out, conf->at, "maxConnections",
                 "must be at least maxThreads %lld, is %lld", (long long)conf->threads,
                 (long long)conf->connections);
    s->slots = conf->threads;
    s->process_limit = conf->connections;
    s->accept = ACCEPT_EAGER;
    s->slot_name = "thread";
    s->handlers = &conf->handlers;
    listen_build(&conf->listen, s);
    s->life.boot = conf->boot;
    memory_build(&conf->memory, &conf->common, conf->at, s, out);
}

const struct kind tomcat_kind = {
    KIND_ROW(tomcat, "Apache Tomcat: threads, and connections that wait for one."),
    .build = build,
    .common = offsetof(struct conf, common),
};
