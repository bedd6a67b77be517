/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gunicorn -- Python's pre-forking server with its three usual worker classes.
 *
 * sync workers pull one connection at a time from the shared listen queue. gthread and
 * uvicorn workers accept whenever they can, so that a busy one collects connections in
 * its own queue while another idles. Defaults are those of gunicorn 26.
 */
#include "models/kind.h"

enum worker_class { CLASS_SYNC, CLASS_GTHREAD, CLASS_UVICORN };

enum { SOMAXCONN = 4096 }; /* net.core.somaxconn since Linux 5.4 */

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    int worker_class;
    int64_t workers, threads, worker_connections, backlog;
};

static const char *const classes[] = {"sync", "gthread", "uvicorn", NULL};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    {.key = "worker_class", .type = PARAM_CHOICE, .offset = AT(worker_class),
     .choices = classes,
     .doc = "sync; gthread (threads); uvicorn (an event loop). sync with threads "
            "above 1 is gthread."},
    {.key = "workers", .type = PARAM_COUNT, .offset = AT(workers), .least = 1,
     .most = 10000, .fallback = 1, .doc = "Processes of an instance."},
    {.key = "threads", .type = PARAM_COUNT, .offset = AT(threads), .least = 1,
     .most = 10000, .fallback = 1, .doc = "Threads of a gthread worker."},
    {.key = "worker_connections", .type = PARAM_COUNT, .offset = AT(worker_connections),
     .least = 1, .most = 1e6, .fallback = 1000,
     .doc = "Connections a gthread worker takes, busy or not."},
    {.key = "backlog", .type = PARAM_COUNT, .offset = AT(backlog), .least = 1,
     .most = 1e6, .fallback = 2048,
     .doc = "Listen queue; holds one more than the smaller of this and 4096 "
            "(somaxconn). Beyond that Linux drops connection attempts silently; "
            "clients try again after 1, 2, 3, 4, 5, 7, 11, 19, 35 and 67 s."},
    NOT_MODELLED("timeout"),
    NOT_MODELLED("graceful_timeout"),
    NOT_MODELLED("keepalive"),
    NOT_MODELLED("max_requests"),
    NOT_MODELLED("max_requests_jitter"),
    NOT_MODELLED("preload_app"),
    NOT_MODELLED("reuse_port"),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    enum worker_class class = (enum worker_class)conf->worker_class;
    if (class == CLASS_SYNC && conf->threads > 1)
        class = CLASS_GTHREAD;
    s->processes = conf->workers;
    s->queue_limit = (conf->backlog < SOMAXCONN ? conf->backlog : SOMAXCONN) + 1;
    s->drops = true;
    s->handlers = &conf->handlers;
    switch (class) {
    case CLASS_SYNC:
        s->slots = 1;
        s->slot_name = "worker";
        break;
    case CLASS_GTHREAD:
        s->slots = conf->threads;
        s->process_limit = conf->worker_connections;
        s->accept = ACCEPT_EAGER;
        s->discipline = DISCIPLINE_GIL;
        s->slot_name = "thread";
        break;
    case CLASS_UVICORN:
        s->accept = ACCEPT_EAGER;
        s->discipline = DISCIPLINE_LOOP;
        s->slot_name = "coroutine";
        break;
    }
}

const struct kind gunicorn_kind = {
    KIND_ROW(gunicorn, "gunicorn with sync, gthread or uvicorn workers."),
    .build = build,
    .common = offsetof(struct conf, common),
};
