/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server -- the general server: processes that each work on some requests at a time.
 * The named servers are presets of it.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    struct memory_conf memory;
    sim_time boot;
    int64_t processes, slots, queue_limit;
    int discipline, accept, on_disconnect;
    sim_time switch_interval, grace;
    struct restart_conf *restart;
};

static const char *const disciplines[] = {"sharing", "gil", "loop", NULL};
static const char *const accepts[] = {"idle", "eager", NULL};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    MEMORY_ROWS,
    DISCONNECT_ROW(AT(on_disconnect)),
    BOOT_ROW(AT(boot), 2),
    {.key = "processes", .type = PARAM_COUNT, .offset = AT(processes), .least = 1,
     .most = 10000, .fallback = 1, .doc = "Processes of an instance."},
    {.key = "slots", .type = PARAM_COUNT, .offset = AT(slots), .most = 1e6,
     .doc = "Requests a process works on at a time: its threads; 0 or absent = no "
            "limit."},
    {.key = "queue_limit", .type = PARAM_COUNT, .offset = AT(queue_limit), .most = 1e9,
     .fallback = -1,
     .doc = "Requests of an instance that may wait; one more is refused. No limit "
            "when absent, nor with eager processes."},
    {.key = "discipline", .type = PARAM_CHOICE, .offset = AT(discipline),
     .choices = disciplines,
     .doc = "How a process uses CPU: sharing = threads on any core, gil = its "
            "threads share one core, loop = one piece of work at a time."},
    SWITCH_ROW(AT(switch_interval)),
    {.key = "accept", .type = PARAM_CHOICE, .offset = AT(accept), .choices = accepts,
     .doc = "idle = one queue, a free slot takes the oldest; eager = a process takes "
            "the connection at once into its own queue, busy or not."},
    RESTART_ROW(AT(restart)),
    {.key = "grace", .type = PARAM_DURATION, .offset = AT(grace), .most = 1e9,
     .fallback = 30,
     .doc = "restart: the longest time for finishing what a process has; 0: no limit."},
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    if (conf->queue_limit >= 0 && conf->accept == ACCEPT_EAGER)
        complain(out, conf->at, "queue_limit",
                 "must be absent with \"accept\": \"eager\": processes take whatever "
                 "comes");
    s->processes = conf->processes;
    s->slots = conf->slots ? conf->slots : UNLIMITED;
    s->queue_limit = conf->queue_limit >= 0 ? conf->queue_limit : UNLIMITED;
    s->discipline = (enum discipline)conf->discipline;
    s->switch_interval = conf->switch_interval;
    s->accept = (enum accept)conf->accept;
    s->handlers = &conf->handlers;
    s->on_disconnect = (enum on_disconnect)conf->on_disconnect;
    s->life = (struct life_part){.restart = conf->restart,
                                 .drain_limit = conf->grace,
                                 .drain_status = STATUS_RESET,
                                 .boot = conf->boot};
    memory_build(&conf->memory, &conf->common, conf->at, s, out);
}

const struct kind server_kind = {
    KIND_ROW(server, "The general server: processes, slots, a queue."),
    .build = build,
    .common = offsetof(struct conf, common),
};
