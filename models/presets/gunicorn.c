/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gunicorn -- Python's pre-forking server with its three usual worker classes.
 *
 * sync workers pull one connection at a time from the shared listen queue. gthread and
 * uvicorn workers accept whenever they can, so that a busy one collects connections in
 * its own queue while another idles. Defaults are those of gunicorn 26.
 */
#include "models/presets/listen.h"

#include <math.h>

enum worker_class { CLASS_SYNC, CLASS_GTHREAD, CLASS_UVICORN, CLASS_UVICORN_PATH };

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    struct memory_conf memory;
    struct listen_conf listen;
    struct dist *overhead;
    int worker_class;
    int64_t workers, threads, worker_connections, max_requests, jitter;
    sim_time timeout, boot, keepalive, switch_interval, scan;
    bool native_blocking, preload_app;
    struct restart_conf *restart;
};

static const char *const classes[] = {"sync", "gthread", "uvicorn",
                                      "uvicorn.workers.UvicornWorker", NULL};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    MEMORY_ROWS,
    {.key = "worker_class", .type = PARAM_CHOICE, .offset = AT(worker_class),
     .choices = classes,
     .doc = "sync; gthread (threads); uvicorn (an event loop), also written "
            "uvicorn.workers.UvicornWorker. sync with threads above 1 is gthread."},
    {.key = "workers", .type = PARAM_COUNT, .offset = AT(workers), .least = 1,
     .most = 10000, .fallback = 1, .doc = "Processes of an instance."},
    {.key = "threads", .type = PARAM_COUNT, .offset = AT(threads), .least = 1,
     .most = 10000, .fallback = 1, .doc = "Threads of a gthread worker."},
    {.key = "worker_connections", .type = PARAM_COUNT, .offset = AT(worker_connections),
     .least = 1, .most = 1e6, .fallback = 1000,
     .doc = "Connections a gthread worker takes, busy or not."},
    LISTEN_ROWS,
    {.key = "overhead", .type = PARAM_RANDOM, .offset = AT(overhead),
     .unit = PARAM_DURATION,
     .doc = "What a request takes of its worker, thread or loop beyond its handler: "
            "accept, parse, respond. Measured on one machine: 0.5 ms for sync, 0.35 ms "
            "for gthread, 0.18 ms of CPU for uvicorn workers. None when absent. (Not a "
            "key of gunicorn.)"},
    {.key = "timeout", .type = PARAM_DURATION, .offset = AT(timeout), .most = 1e9,
     .fallback = 30,
     .doc = "A worker that gives no sign of life for longer is killed and replaced; "
            "looked at once a second. A sync worker gives one before each request, so "
            "that this is the longest a request may take (then 500). A gthread worker "
            "gives signs while requests are slow and is not killed for them. A uvicorn "
            "worker is killed when its event loop is blocked. 0: never."},
    SWITCH_ROW(AT(switch_interval)),
    {.key = "scan", .type = PARAM_DURATION, .offset = AT(scan), .most = 1,
     .doc = "Time that the main thread of a gthread worker takes for each request that "
            "the worker holds, whenever it takes one more; it has the lock (GIL) "
            "meanwhile, so that a worker slows down as its queue grows. Versions that "
            "look through all of them: measured 1.7 us in 20.1. None when absent. (Not "
            "a key of gunicorn.)"},
    {.key = "max_requests", .type = PARAM_COUNT, .offset = AT(max_requests),
     .most = 1e9, .fallback = 0,
     .doc = "A worker that has had so many stops accepting, finishes what it has, its "
            "queue included, and only then is replaced. 0: never."},
    {.key = "max_requests_jitter", .type = PARAM_COUNT, .offset = AT(jitter),
     .most = 1e9, .fallback = 0,
     .doc = "Up to so many are added to max_requests, drawn for each worker."},
    {.key = "keepalive", .type = PARAM_DURATION, .offset = AT(keepalive), .most = 1e9,
     .fallback = 2,
     .doc = "A connection that lies idle for longer is closed. sync workers close each "
            "after its answer."},
    {.key = "boot", .type = PARAM_DURATION, .offset = AT(boot), .most = 1e6,
     .fallback = INFINITY,
     .doc = "From the start of a worker until it accepts: fork and import of the "
            "application. 2 s when absent, 0 with preload_app. (Not a key of "
            "gunicorn.)"},
    {.key = "preload_app", .type = PARAM_FLAG, .offset = AT(preload_app),
     .doc = "The application is imported before the fork."},
    {.key = "native_blocking", .type = PARAM_FLAG, .offset = AT(native_blocking),
     .doc = "CPU is used in C code that does not return to the interpreter: a sync "
            "worker that is killed resets its connection instead of answering 500, and "
            "a gthread worker whose lock is held for longer than timeout is killed. "
            "(Not a key of gunicorn.)"},
    RESTART_ROW(AT(restart)),
    UNMODELLED("graceful_timeout",
               "Default 30 s: bounds a shutdown only; workers that are replaced are "
               "not cut short by it."),
    UNMODELLED("reuse_port",
               "Default false: without effect on one gunicorn, whose workers share "
               "its socket all the same."),
    {0},
};
#undef AT

/* The last look of the arbiter tells a process to end; if the signal finds no
 * interpreter to handle it, the next look ends it. */
#define NEXT_LOOK SIM_SECOND
#define MAIN_LOOP_SIGNS SIM_SECOND /* of gthread: at least so often */

/* A uvicorn worker looks once a second whether its last sign is older than timeout / 2.
 */
static sim_time uvicorn_signs(sim_time timeout)
{
    return (timeout / 2 / SIM_SECOND + 1) * SIM_SECOND;
}

static void build_life(const struct conf *conf, enum worker_class class,
                       struct life_part *life)
{
    life->max_requests = conf->max_requests;
    life->restart = conf->restart;
    life->jitter = conf->jitter;
    life->boot = conf->boot;
    if (conf->boot == SIM_NEVER)
        life->boot = conf->preload_app ? 0 : 2 * SIM_SECOND;
    life->end_status = life->drain_status = STATUS_RESET;
    switch (class) {
    case CLASS_SYNC:
        life->timeout = conf->timeout;
        life->end_status = conf->native_blocking ? STATUS_RESET : STATUS_500;
        life->abort_takes = conf->native_blocking ? NEXT_LOOK : 0;
        break;
    case CLASS_GTHREAD:
        if (conf->native_blocking) {
            life->timeout = conf->timeout;
            life->sign_every = MAIN_LOOP_SIGNS;
            life->abort_takes = NEXT_LOOK;
        }
        life->drain_limit = conf->timeout; /* a drain gives no signs, and its threads */
        life->drain_takes = NEXT_LOOK;     /* outlive the first signal */
        life->drain_looks = true;
        break;
    case CLASS_UVICORN:
    case CLASS_UVICORN_PATH:
        life->timeout = life->drain_limit = conf->timeout;
        life->sign_every = uvicorn_signs(conf->timeout);
        life->drain_looks = true;
        life->counts_answers = true;
        break;
    }
}

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    enum worker_class class = (enum worker_class)conf->worker_class;
    if (class == CLASS_SYNC && conf->threads > 1)
        class = CLASS_GTHREAD;
    s->processes = conf->workers;
    s->handlers = &conf->handlers;
    s->overhead = conf->overhead;
    listen_build(&conf->listen, s);
    s->keep_alive = class == CLASS_SYNC ? 0 : conf->keepalive;
    build_life(conf, class, &s->life);
    switch (class) {
    case CLASS_SYNC:
        s->slots = 1;
        s->slot_name = "worker";
        break;
    case CLASS_GTHREAD:
        s->slots = conf->threads;
        s->switch_interval = conf->switch_interval;
        s->scan = conf->scan;
        s->process_limit = conf->worker_connections;
        s->accept = ACCEPT_EAGER;
        s->discipline = conf->native_blocking ? DISCIPLINE_LOOP : DISCIPLINE_GIL;
        s->slot_name = "thread";
        break;
    case CLASS_UVICORN:
    case CLASS_UVICORN_PATH:
        s->accept = ACCEPT_EAGER;
        s->discipline = DISCIPLINE_LOOP;
        s->slot_name = "coroutine";
        break;
    }
    s->has_parent = true;
    memory_build(&conf->memory, &conf->common, conf->at, s, out);
}

const struct kind gunicorn_kind = {
    KIND_ROW(gunicorn, "gunicorn with sync, gthread or uvicorn workers."),
    .build = build,
    .common = offsetof(struct conf, common),
};
