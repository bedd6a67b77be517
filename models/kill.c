/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kill -- work that is ended from outside: one task, or all that a process has.
 *
 * A task that is killed gives back whatever it holds (slot, connections, memory, its
 * share of the cores) and answers with a status, as if it had failed. What it had
 * called runs on for nobody. A pending event cannot be called back, nor a turn among
 * the ready: a task that waits for one stays behind, dead, until it has come, and a
 * double answers for it.
 */
#include "models/world.h"

/* Out of whatever the task is in; true when something is still on its way to it. */
static bool detach(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    const struct instr *i = &w->code[t->pc];
    sim_time passed = w->now - t->since;
    switch ((enum task_state)t->state) {
    case TASK_TRAVEL:
        spend(w, t, server_way_resource(w, t), passed);
        if (t->flags & TASK_GUARDED && t->flags & TASK_KNOCKED)
            guard_left(w, task, SIDE_SERVICE, STATUS_RESET, true);
        return true;
    case TASK_DELAY:
        spend(w, t, i->resource, passed);
        return true;
    case TASK_BACKOFF:
        spend(w, t, w->m->backoff_resource, passed);
        task_stop_pausing(w, task);
        return true;
    case TASK_QUEUED:
        server_withdraw(w, task);
        break;
    case TASK_READY:
    case TASK_HELD:
        return true;
    case TASK_CPU:
        cpu_withdraw(w, task);
        break;
    case TASK_CALLING:
        task_stop_calling(w, task);
        break;
    case TASK_FORKED:
        task_abandon(w, task);
        break;
    case TASK_POOL:
        pool_withdraw(w, task);
        break;
    case TASK_OPENING:
        pool_break_opening(w, task);
        return true;
    case TASK_FILL:
        cache_withdraw(w, task);
        break;
    case TASK_PERMIT:
        if (t->attempt > 0)
            task_stop_pausing(w, task);
        return guard_withdraw(w, task);
    case TASK_GATE:
        return guard_withdraw(w, task);
    case TASK_BATCH:
        batch_withdraw(w, task);
        break;
    case TASK_ENGINE:
        engine_withdraw(w, task);
        break;
    case TASK_FREE:
    case TASK_REPLY:
    case TASK_TURN: /* proxies are not killed */
    case TASK_DEAD:
        check(false, "killed in state %d", t->state);
    }
    return false;
}

/* Connections are given back, and fills of caches given up, by the code that errors
 * lead to; here nothing on that way is forgiven. */
static void give_back(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    t->pc = w->code[t->pc].on_error;
    for (;;) {
        const struct instr *i = &w->code[t->pc];
        switch ((enum op)i->op) {
        case OP_RELEASE:
            pool_release(w, task, i);
            t->pc++;
            break;
        case OP_DROP:
            cache_drop(w, task, i);
            break;
        case OP_GUARD_OUT:
            guard_left(w, task, SIDE_CALL, STATUS_RESET, true);
            t->pc++;
            break;
        case OP_JUMP:
            t->pc = i->a;
            break;
        case OP_CLEAR:
            t->pc = i->on_error;
            break;
        case OP_END:
            return;
        default:
            check(false, "instruction %d on the way of an error", i->op);
        }
    }
}

/* Whoever waits for the answer of a task gets that of another. */
static void introduce(struct world *w, uint32_t task, uint32_t number)
{
    const struct task *t = &w->task[task];
    if (t->parent == NONE) {
        if (t->request != NONE && w->request[t->request].child == task)
            w->request[t->request].child = number;
    } else if (w->task[t->parent].state == TASK_CALLING &&
               w->task[t->parent].wait == t->parent_wait) {
        w->task[t->parent].child = number;
    }
}

uint32_t task_double(struct world *w, uint32_t task)
{
    uint32_t number = task_new(w);
    struct task *t = &w->task[task], *d = &w->task[number];
    d->pc = t->pc;
    d->parent = t->parent;
    d->parent_wait = t->parent_wait;
    d->request = t->request;
    d->stamp = t->stamp;
    d->call = t->call;
    d->instance = t->instance;
    d->process = t->process;
    d->entity = t->entity;
    d->flags = 0;
    introduce(w, task, number);
    t->parent = t->request = t->call = NONE;
    return number;
}

/* Another task that answers instead of this one, which nobody knows any more. */
static uint32_t double_of(struct world *w, uint32_t task)
{
    uint32_t number = task_double(w, task);
    w->task[task].state = TASK_DEAD;
    w->task[task].pc = w->m->grave;
    return number;
}

void task_kill(struct world *w, uint32_t task, const struct killing *how)
{
    struct task *t = &w->task[task];
    if (t->state == TASK_REPLY || t->state == TASK_DEAD)
        return; /* it has done all it had to do */
    if (w->instance[t->instance].service->part.broker.present)
        broker_killed(w, t);
    bool expected = detach(w, task);
    t->wait++;
    give_back(w, task);
    w->task[task].status = (uint8_t)how->status; /* what its guards are told */
    task_leave(w, task);
    uint32_t answering = expected ? double_of(w, task) : task;
    t = &w->task[answering];
    t->status = (uint8_t)how->status;
    t->cause = how->cause;
    if (how->known == 0) {
        task_answer(w, answering);
        return;
    }
    t->state = TASK_REPLY;
    t->since = w->now + how->known; /* none of it is spent on the network */
    event_push(&w->events, w->now + how->known, EVENT_DEPARTURE,
               SLOT(SLOT_TASK, answering));
}

/* Is this a task that runs in the process, or in its private queue? */
static bool is_inside(const struct world *w, const struct task *t,
                      const struct instance *instance, uint32_t process)
{
    if (t->state == TASK_FREE || t->state == TASK_DEAD || t->state == TASK_REPLY ||
        t->state == TASK_TRAVEL || t->state == TASK_QUEUED || t->state == TASK_GATE)
        return false;
    return &w->instance[t->instance] == instance && t->process == process;
}

void process_kill(struct world *w, struct instance *instance, uint32_t process,
                  const struct killing *how)
{
    struct queue *queue = &w->process[instance->first_process + process].queue;
    while (queue->count)
        task_kill(w, queue->first, how);
    for (uint32_t task = 0; task < w->tasks; task++)
        if (is_inside(w, &w->task[task], instance, process))
            task_kill(w, task, how);
    pool_close(w, instance, process);
}
