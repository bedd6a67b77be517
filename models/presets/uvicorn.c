/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uvicorn -- asyncio processes: everything is accepted, CPU is used one piece at a
 * time. Defaults are those of uvicorn 0.35.
 */
#include "models/presets/listen.h"

#include <math.h>

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    struct memory_conf memory;
    struct listen_conf listen;
    struct dist *overhead;
    int64_t workers, limit_concurrency, limit_max_requests;
    sim_time graceful, boot, keep_alive, healthcheck;
    struct restart_conf *restart;
    bool native_blocking;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    MEMORY_ROWS,
    {.key = "workers", .type = PARAM_COUNT, .offset = AT(workers), .least = 1,
     .most = 10000, .fallback = 1, .doc = "Processes, an event loop each."},
    {.key = "limit_concurrency", .type = PARAM_COUNT, .offset = AT(limit_concurrency),
     .least = 1, .most = 1e9, .fallback = 0,
     .doc = "Connections of a process at which it answers 503, the new one included, "
            "so that one fewer is useful. No limit when absent."},
    LISTEN_ROWS,
    {.key = "overhead", .type = PARAM_RANDOM, .offset = AT(overhead),
     .unit = PARAM_DURATION,
     .doc = "What a request takes of its loop beyond its handler: "
            "accept, parse, respond. Measured on one machine: 0.18 ms. None when "
            "absent. (Not a key of uvicorn.)"},
    {.key = "limit_max_requests", .type = PARAM_COUNT,
     .offset = AT(limit_max_requests), .least = 1, .most = 1e9, .fallback = 0,
     .doc = "A process that has answered so many stops accepting, finishes what it has "
            "and is replaced, by uvicorn or (one worker) by whatever runs it. Never "
            "when absent."},
    {.key = "timeout_graceful_shutdown", .type = PARAM_DURATION,
     .offset = AT(graceful), .most = 1e9, .fallback = INFINITY,
     .doc = "Longest time a process that stops lets its requests finish; then they are "
            "answered with 500. No limit when absent."},
    {.key = "boot", .type = PARAM_DURATION, .offset = AT(boot), .most = 1e6,
     .fallback = 2,
     .doc = "From the start of a process until it accepts: import of the application. "
            "(Not a key of uvicorn.)"},
    {.key = "timeout_keep_alive", .type = PARAM_DURATION, .offset = AT(keep_alive),
     .most = 1e9, .fallback = 5,
     .doc = "A connection that lies idle for longer is closed."},
    RESTART_ROW(AT(restart)),
    {.key = "timeout_worker_healthcheck", .type = PARAM_DURATION,
     .offset = AT(healthcheck), .least = 1, .most = 1e9, .fallback = 5,
     .doc = "Of several workers one that does not answer its parent for so long is "
            "killed; only C code that holds the interpreter's lock keeps it from "
            "that, see native_blocking."},
    {.key = "native_blocking", .type = PARAM_FLAG, .offset = AT(native_blocking),
     .doc = "CPU is used in C code that does not return to the interpreter. (Not a key "
            "of uvicorn.)"},
    UNMODELLED("ws_ping_interval", "Default 20 s."),
    UNMODELLED("ws_ping_timeout", "Default 20 s."),
    UNMODELLED("http", "Default auto."),
    UNMODELLED("ws", "Default auto."),
    UNMODELLED("lifespan", "Default auto."),
    UNMODELLED("interface", "Default auto."),
    UNMODELLED("loop", "Default auto."),
    {0},
};
#undef AT

/* The supervisor of several workers looks after them so often. */
#define SUPERVISOR_LOOP (SIM_SECOND / 2)

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    s->processes = conf->workers;
    s->keep_alive = conf->keep_alive;
    listen_build(&conf->listen, s);
    bool killed = conf->native_blocking && conf->workers > 1;
    s->life = (struct life_part){
        .timeout = killed ? conf->healthcheck : 0,
        .sign_every = SUPERVISOR_LOOP,
        .end_status = STATUS_RESET,
        .max_requests = conf->limit_max_requests,
        .restart = conf->restart,
        .counts_answers = true,
        .drain_limit = conf->graceful == SIM_NEVER ? 0 : conf->graceful,
        .drain_status = STATUS_500,
        .noticed = conf->workers > 1 ? SUPERVISOR_LOOP : 0,
        .boot = conf->boot,
    };
    if (conf->limit_concurrency > 0)
        s->refuse_above = conf->limit_concurrency - 1;
    s->accept = ACCEPT_EAGER;
    s->discipline = DISCIPLINE_LOOP;
    s->slot_name = "coroutine";
    s->handlers = &conf->handlers;
    s->overhead = conf->overhead;
    memory_build(&conf->memory, &conf->common, conf->at, s, out);
}

const struct kind uvicorn_kind = {
    KIND_ROW(uvicorn, "uvicorn on its own: asyncio event loops."),
    .build = build,
    .common = offsetof(struct conf, common),
};
