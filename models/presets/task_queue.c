/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * task_queue -- a queue of jobs and its workers, with Celery's keys and defaults.
 *
 * A worker reserves messages ahead of its processes: prefetch multiplier x concurrency
 * of those that are not acknowledged yet. With early acknowledgement, those that run
 * are none of them.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    int64_t workers, concurrency, prefetch, max_retries, queue_limit;
    sim_time visibility, retry_delay, time_limit, grace, boot;
    bool acks_late, fair;
    int broker;
    struct restart_conf *restart;
};

enum { BROKER_REDIS, BROKER_RABBITMQ };
static const char *const brokers[] = {"redis", "rabbitmq", NULL};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    {.key = "workers", .type = PARAM_COUNT, .offset = AT(workers), .least = 1,
     .most = 10000, .fallback = 1,
     .doc = "`celery worker` commands. `cpu` are the cores of all of them together."},
    {.key = "concurrency", .type = PARAM_COUNT, .offset = AT(concurrency), .least = 1,
     .most = 10000, .required = true,
     .doc = "Tasks that a worker runs at a time: its processes."},
    {.key = "worker_prefetch_multiplier", .type = PARAM_COUNT, .offset = AT(prefetch),
     .most = 1e6, .fallback = 4,
     .doc = "Messages that a worker reserves for each of its processes; 0: as many as "
            "there are."},
    {.key = "task_acks_late", .type = PARAM_FLAG, .offset = AT(acks_late),
     .doc = "Messages are acknowledged when their task is done, not when it starts: a "
            "task whose worker is killed is run again instead of being lost."},
    {.key = "fair", .type = PARAM_FLAG, .offset = AT(fair), .fallback = 1,
     .doc = "-O fair: reserved messages wait for whichever process of the worker is "
            "free first. false: each process has its own pipe, where short tasks wait "
            "behind a long one."},
    {.key = "broker", .type = PARAM_CHOICE, .offset = AT(broker), .choices = brokers,
     .doc = "rabbitmq notices at once that a worker is gone and has no visibility "
            "timeout."},
    {.key = "visibility_timeout", .type = PARAM_DURATION, .offset = AT(visibility),
     .least = 1e-3, .most = 1e9, .fallback = 3600,
     .doc = "redis: a message that is reserved for longer without being acknowledged "
            "is delivered again, running or not."},
    {.key = "max_retries", .type = PARAM_COUNT, .offset = AT(max_retries), .most = 250,
     .doc = "How often a task that failed is tried again. (Celery's own, for tasks "
            "that ask for it, is 3.)"},
    {.key = "default_retry_delay", .type = PARAM_DURATION, .offset = AT(retry_delay),
     .most = 1e9, .fallback = 180, .doc = "Pause before that."},
    {.key = "queue_limit", .type = PARAM_COUNT, .offset = AT(queue_limit), .most = 1e9,
     .fallback = -1,
     .doc = "Messages that may wait at the broker; one more is dropped. No limit when "
            "absent."},
    RESTART_ROW(AT(restart)),
    {.key = "grace", .type = PARAM_DURATION, .offset = AT(grace), .most = 1e9,
     .fallback = 30,
     .doc = "restart: running tasks may take so long to finish, then they are killed "
            "(reserved ones go back at once); 0: no limit."},
    {.key = "boot", .type = PARAM_DURATION, .offset = AT(boot), .most = 1e6,
     .fallback = 2,
     .doc = "restart: from the end of a worker until the next one works."},
    {.key = "task_time_limit", .type = PARAM_DURATION, .offset = AT(time_limit),
     .most = 1e9,
     .doc = "A task that runs for longer is killed, and has failed. No limit when "
            "absent."},
    NOT_MODELLED("task_soft_time_limit"),
    NOT_MODELLED("worker_max_tasks_per_child"),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    if (conf->common.replicas > 1)
        complain(out, conf->at, "replicas",
                 "must be absent: a queue is one, give it more \"workers\"");
    int64_t ahead = conf->prefetch;
    s->processes = conf->fair ? conf->workers : conf->workers * conf->concurrency;
    s->slots = conf->fair ? conf->concurrency : 1;
    if (ahead == 0)
        s->process_limit = UNLIMITED;
    else
        s->process_limit = s->slots * (conf->acks_late ? ahead : ahead + 1);
    s->queue_limit = conf->queue_limit >= 0 ? conf->queue_limit : UNLIMITED;
    s->accept = ACCEPT_TURN;
    s->slot_name = "slot";
    s->handlers = &conf->handlers;
    s->broker = (struct broker_part){
        .present = true,
        .acks_late = conf->acks_late,
        .visibility = conf->broker == BROKER_REDIS ? conf->visibility : SIM_NEVER,
        .time_limit = conf->time_limit,
        .max_retries = conf->max_retries,
        .retry_delay = conf->retry_delay,
    };
    s->life = (struct life_part){.restart = conf->restart,
                                 .drain_limit = conf->grace,
                                 .drain_status = STATUS_RESET,
                                 .boot = conf->boot};
}

const struct kind task_queue_kind = {
    KIND_ROW(task_queue,
             "A queue of background jobs with its workers (Celery): `enqueue` puts "
             "them in."),
    .build = build,
    .common = offsetof(struct conf, common),
};
