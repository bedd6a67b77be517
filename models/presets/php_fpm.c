/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * php_fpm -- PHP-FPM: a pool of processes that each work on one request at a time and
 * take the next from one listen queue. Defaults are those of PHP 8.
 *
 * All pm.max_children are there from the start: with "dynamic" and "ondemand" this is
 * what a busy pool comes to within seconds, more by up to 32 a second.
 */
#include "models/presets/listen.h"

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    struct memory_conf memory;
    struct listen_conf listen;
    const char *socket;
    int pm;
    int64_t max_children, max_requests;
    sim_time terminate;
};

static const char *const managers[] = {"static", "dynamic", "ondemand", NULL};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    MEMORY_ROWS,
    {.key = "pm", .type = PARAM_CHOICE, .offset = AT(pm), .choices = managers,
     .fallback = 1,
     .doc = "How children are started; all are there from the start in any case."},
    {.key = "pm.max_children", .type = PARAM_COUNT, .offset = AT(max_children),
     .least = 1, .most = 10000, .required = true,
     .doc = "Processes, each with one request at a time."},
    {.key = "pm.max_requests", .type = PARAM_COUNT, .offset = AT(max_requests),
     .most = 1e9,
     .doc = "A child that has had so many is replaced. 0: never."},
    {.key = "request_terminate_timeout", .type = PARAM_DURATION,
     .offset = AT(terminate), .most = 1e9,
     .doc = "A child that works on one request for longer is killed, and the web "
            "server answers 502; looked at once a second. 0: never."},
    {.key = "listen", .type = PARAM_TEXT, .offset = AT(socket),
     .doc = "Where it listens. With a path, a Unix socket, a full listen queue refuses "
            "at once (502 from nginx); over TCP Linux drops attempts silently."},
    BACKLOG_ROW("listen.backlog", AT(listen.backlog), 511),
    KERNEL_ROWS,
    UNMODELLED("pm.start_servers", "Default half-way between the two below."),
    UNMODELLED("pm.min_spare_servers", "No default."),
    UNMODELLED("pm.max_spare_servers", "No default."),
    UNMODELLED("pm.max_spawn_rate", "Default 32 a second."),
    UNMODELLED("pm.process_idle_timeout", "Default 10 s."),
    UNMODELLED("request_slowlog_timeout", "Default 0: off."),
    UNMODELLED("process.priority", "Not set by default."),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    s->processes = conf->max_children;
    s->slots = 1;
    s->slot_name = "worker";
    s->handlers = &conf->handlers;
    listen_build(&conf->listen, s);
    if (conf->socket && conf->socket[0] == '/')
        s->knock_pauses = NULL;
    s->life.max_requests = conf->max_requests;
    s->life.timeout = conf->terminate;
    s->life.end_status = s->life.drain_status = STATUS_RESET;
    s->has_parent = true;
    memory_build(&conf->memory, &conf->common, conf->at, s, out);
}

const struct kind php_fpm_kind = {
    KIND_ROW(php_fpm, "PHP-FPM: processes with one request at a time."),
    .build = build,
    .common = offsetof(struct conf, common),
};
