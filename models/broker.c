/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * broker -- messages that workers take when they can, as Celery does.
 *
 * Of every message there is a courier: a task in the background of nobody, which waits
 * at the broker until the message is acknowledged. The work is a child of it.
 *
 *   waiting -> reserved (in a worker's private queue) -> running -> done
 *      early: acknowledged when it starts to run; killed then, it is lost
 *      late:  acknowledged when it is done
 *   not acknowledged within the visibility timeout since it was reserved: delivered
 *   again, while the first copy runs on; the first that is done acknowledges it
 *   its worker is killed: delivered again, at once or by that timeout
 */
#include "models/world.h"

static const struct call_site *site_of(const struct world *w,
                                       const struct task *courier)
{
    return &w->call[w->code[courier->pc].a];
}

static struct counts *counts_of(struct world *w, const struct task *courier)
{
    return &w->counts[w->m->service[site_of(w, courier)->service].station];
}

/* ---- couriers -------------------------------------------------------------------- */

void broker_enqueue(struct world *w, uint32_t task, const struct instr *i)
{
    uint32_t courier = task_branch(w, task, i->a);
    struct task *c = &w->task[courier];
    c->instance = w->m->service[i->b].first_instance;
    c->process = NONE; /* it dies with nobody */
    task_ready(w, courier);
    w->task[task].pc++;
}

/* Held back by a worker until its time, a message is delivered again whenever the
 * broker has waited long enough for its acknowledgement. */
void broker_hold_back(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    struct draw draw = draw_at(i->key, t->entity, w->replication, t->visit);
    sim_time pause = dist_duration(i->dist, &draw);
    const struct call_site *site = &w->call[i->a];
    if (site->timeout_class != NONE && t->attempt == 0) {
        sim_time visible = w->m->timer_length[site->timeout_class];
        for (sim_time at = visible; at < pause; at += visible) {
            uint32_t copy = task_branch(w, task, t->pc);
            t = &w->task[task];
            w->task[copy].process = NONE;
            w->task[copy].attempt = 1;
            task_ready(w, copy);
            w->counts[w->m->service[site->service].station].redelivered++;
        }
    }
    t->attempt = 0;
    t->state = TASK_DELAY;
    t->since = w->now;
    event_push(&w->events, w->now + pause, EVENT_DEPARTURE, SLOT(SLOT_TASK, task));
}

void broker_publish(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    uint32_t number = w->code[t->pc].a;
    const struct call_site *site = &w->call[number];
    t->state = TASK_CALLING;
    t->since = w->now;
    uint32_t child = call_start(w, number, site->first_instance);
    t = &w->task[task];
    t->child = child;
    struct task *c = &w->task[child];
    c->parent = task;
    c->parent_wait = t->wait;
    c->entity = t->attempt ? rng_mix(t->entity, t->attempt) : t->entity;
    server_enter(w, child);
}

static void acknowledge(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    task_cancel_timer(w, t);
    t->wait++;
    t->attempt = 0;
    t->pc++;
    task_ready(w, task);
}

/* The task has failed: again after a pause, or never. */
static void task_failed(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    const struct call_site *site = site_of(w, t);
    if (t->attempt >= site->retry.max) {
        counts_of(w, t)->failed++;
        acknowledge(w, task);
        return;
    }
    task_cancel_timer(w, t);
    t->wait++;
    t->attempt++;
    t->state = TASK_BACKOFF;
    t->since = w->now;
    event_push(&w->events, w->now + site->retry.base, EVENT_HAND_OFF,
               SLOT(SLOT_TASK, task));
}

void broker_ended(struct world *w, uint32_t task, enum status status)
{
    struct task *t = &w->task[task];
    switch (status) {
    case STATUS_OK:
    case STATUS_REFUSED: /* the queue is full: counted where it was refused */
        acknowledge(w, task);
        return;
    case STATUS_RESET:
        if (t->timer != TIMER_NONE)
            return; /* nobody tells the broker */
        counts_of(w, t)->redelivered++;
        broker_publish(w, task);
        return;
    default:
        task_failed(w, task);
    }
}

void broker_timeout(struct world *w, uint32_t task)
{
    counts_of(w, &w->task[task])->redelivered++;
    broker_publish(w, task);
}

/* ---- at the workers -------------------------------------------------------------- */

/* NONE: nobody waits for it any more, or somebody who wants the result. */
static uint32_t courier_of(const struct world *w, const struct task *t)
{
    bool awaited = t->parent != NONE && task_is_awaited(w, t);
    return awaited && w->code[w->task[t->parent].pc].op == OP_PUBLISH ? t->parent
                                                                      : NONE;
}

void broker_reserved(struct world *w, uint32_t task)
{
    uint32_t courier = courier_of(w, &w->task[task]);
    if (courier == NONE)
        return;
    struct task *c = &w->task[courier];
    uint32_t class = site_of(w, c)->timeout_class;
    if (class != NONE && c->timer == TIMER_NONE)
        c->timer = timer_set(&w->timers, class, w->now, SLOT(SLOT_TASK, courier));
}

/* Look after the task when its time limit has come. */
static void watch(struct world *w, uint32_t task, sim_time limit)
{
    uint32_t number = task_branch(w, task, w->m->watch);
    const struct task *t = &w->task[task];
    struct task *dog = &w->task[number];
    dog->process = NONE;
    dog->peer = task;
    dog->entity = t->entity;
    dog->entered = t->entered;
    dog->state = TASK_DELAY;
    event_push(&w->events, w->now + limit, EVENT_DEPARTURE, SLOT(SLOT_TASK, number));
}

void broker_reap(struct world *w, uint32_t number)
{
    const struct task *dog = &w->task[number], *t = &w->task[dog->peer];
    struct instance *instance = &w->instance[dog->instance];
    if (t->state == TASK_FREE || !(t->flags & TASK_HAS_SLOT) ||
        t->instance != dog->instance || t->entity != dog->entity ||
        t->entered != dog->entered)
        return; /* done in time */
    uint64_t lost = instance->counts->lost;
    task_kill(w, dog->peer,
              &(struct killing){STATUS_500, instance->service->limit_cause, 0});
    instance->counts->lost = lost;
    instance->counts->timed_out++;
}

void broker_started(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    sim_time limit = w->instance[t->instance].service->part.broker.time_limit;
    if (limit)
        watch(w, task, limit);
    if (w->instance[t->instance].service->part.broker.acks_late) {
        broker_reserved(w, task);
        return;
    }
    uint32_t courier = courier_of(w, t);
    if (courier == NONE)
        return;
    acknowledge(w, courier);
    w->task[task].parent = NONE;
}

void broker_killed(struct world *w, const struct task *t)
{
    if (t->parent == NONE && t->request == NONE)
        w->instance[t->instance].counts->lost++;
}

void broker_return(struct world *w, struct instance *instance, uint32_t process)
{
    struct queue *own = &w->process[instance->first_process + process].queue;
    while (own->count) {
        uint32_t task = queue_take(w, own), courier = courier_of(w, &w->task[task]);
        if (courier != NONE)
            task_cancel_timer(w, &w->task[courier]);
        w->task[task].process = NONE;
        queue_put(w, &instance->queue, task);
    }
    for (uint32_t p = 0; p < instance->service->processes; p++)
        server_accept(w, instance, p);
}
