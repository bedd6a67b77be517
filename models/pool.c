/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool -- connections that are taken, waited for and given back, in order of arrival.
 *
 *              connection to spare   none, may open one     neither
 *  acquire     take it               open it, take it       wait; fail after
 *  wait_timeout release     the oldest waiter has it; nobody waits: keep it, or close
 *  it beyond `size` reserve     the oldest waiter has waited reserve_after: open one of
 *  the reserve for it
 */
#include "models/world.h"

static uint32_t state_of(const struct world *w, const struct task *t, uint32_t number)
{
    const struct pool_use *use = &w->m->pool_use[number];
    uint32_t instance = t->instance - use->caller_first_instance;
    switch (use->scope) {
    case SCOPE_GLOBAL:
        break;
    case SCOPE_INSTANCE:
        return use->first + instance;
    case SCOPE_PROCESS:
        return use->first + instance * use->processes + t->process;
    }
    return use->first;
}

static int64_t normal_limit(const struct pool *pool)
{
    return pool->part.size + pool->part.overflow;
}

static void set_busy(struct world *w, struct pool_state *s, int change)
{
    level_add(&s->busy, w->now, change);
    s->in_use = (uint32_t)(s->in_use + (uint32_t)change);
}

/* A connection for one more: one that lies idle, or a new one. False: the server
 * refuses. */
static bool connect_one(struct world *w, struct pool_state *s, const struct pool *pool)
{
    if (s->in_use < s->opened)
        return true;
    if (!database_connect(w, pool->database))
        return false;
    s->opened++;
    return true;
}

/* Since when the task holds the connection that `instr` took or gives back. */
static sim_time *held_since(const struct world *w, uint32_t task,
                            const struct instr *instr)
{
    return &w->held_since[(size_t)task * MAX_HELD + instr->b];
}

static void grant(struct world *w, uint32_t task, struct pool_state *s,
                  const struct pool *pool)
{
    struct task *t = &w->task[task];
    struct counts *counts = &w->counts[pool->station];
    sim_time waited = w->now - t->since;
    tally_add(&counts->wait, waited);
    if (waited > 0) {
        counts->waited++;
        spend(w, t, pool->wait_resource, waited);
    }
    if (t->timer != TIMER_NONE) {
        timer_cancel(&w->timers, t->timer);
        t->timer = TIMER_NONE;
    }
    if (!connect_one(w, s, pool)) {
        counts->refused++;
        task_fail(w, task, STATUS_500, w->m->service[pool->database].connection_cause);
        return;
    }
    set_busy(w, s, 1);
    *held_since(w, task, &w->code[t->pc]) = w->now;
    t->pc++;
    task_ready(w, task);
}

static void arm_reserve(struct world *w, uint32_t number)
{
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = &w->m->pool[s->pool];
    if (pool->part.reserve == 0 || s->reserve_armed || s->queue.count == 0 ||
        s->in_use >= normal_limit(pool) + pool->part.reserve)
        return;
    s->reserve_armed = true;
    sim_time at = w->task[s->queue.first].since + pool->part.reserve_after;
    event_push(&w->events, at > w->now ? at : w->now, EVENT_CAPACITY,
               actor_pool(w, number));
}

void pool_acquire(struct world *w, uint32_t task, const struct instr *instr)
{
    struct task *t = &w->task[task];
    uint32_t number = state_of(w, t, instr->a);
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = &w->m->pool[s->pool];
    w->counts[pool->station].arrivals++;
    t->since = w->now;
    if (s->queue.count == 0 && s->in_use < normal_limit(pool)) {
        grant(w, task, s, pool);
        return;
    }
    t->state = TASK_POOL;
    if (pool->timeout_class != NONE)
        t->timer =
            timer_set(&w->timers, pool->timeout_class, w->now, SLOT(SLOT_TASK, task));
    queue_put(w, &s->queue, task);
    level_add(&s->waiting, w->now, 1);
    arm_reserve(w, number);
}

static uint32_t next_waiter(struct world *w, struct pool_state *s)
{
    level_add(&s->waiting, w->now, -1);
    return queue_take(w, &s->queue);
}

void pool_release(struct world *w, uint32_t task, const struct instr *instr)
{
    uint32_t number = state_of(w, &w->task[task], instr->a);
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = &w->m->pool[s->pool];
    struct counts *counts = &w->counts[pool->station];
    counts->served++;
    counts->held += w->now - *held_since(w, task, instr);
    set_busy(w, s, -1);
    if (s->queue.count > 0) {
        grant(w, next_waiter(w, s), s, pool);
        arm_reserve(w, number);
    } else if (s->opened > pool->part.size) {
        s->opened--;
        database_disconnect(w, pool->database);
    }
}

/* Every waiter of a pool is as patient as the others: who loses patience is the
 * oldest. */
void pool_timeout(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    uint32_t number = state_of(w, t, w->code[t->pc].a);
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = &w->m->pool[s->pool];
    struct counts *counts = &w->counts[pool->station];
    check(s->queue.count > 0 && s->queue.first == task, "waiter %u is not the oldest",
          task);
    next_waiter(w, s);
    counts->timed_out++;
    counts->waited++;
    tally_add(&counts->wait, w->now - t->since);
    spend(w, t, pool->wait_resource, w->now - t->since);
    task_fail(w, task, pool->part.timeout_status, pool->timeout_cause);
}

void pool_event(struct world *w, uint32_t number)
{
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = &w->m->pool[s->pool];
    int64_t limit = normal_limit(pool) + pool->part.reserve;
    s->reserve_armed = false;
    while (s->queue.count > 0 && s->in_use < limit &&
           w->now - w->task[s->queue.first].since >= pool->part.reserve_after)
        grant(w, next_waiter(w, s), s, pool);
    arm_reserve(w, number);
}

void pool_withdraw(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    struct pool_state *s = &w->pool[state_of(w, t, w->code[t->pc].a)];
    queue_remove(w, &s->queue, task);
    level_add(&s->waiting, w->now, -1);
    spend(w, t, w->m->pool[s->pool].wait_resource, w->now - t->since);
    if (t->timer != TIMER_NONE)
        timer_cancel(&w->timers, t->timer);
    t->timer = TIMER_NONE;
}

void pool_close(struct world *w, const struct instance *instance, uint32_t process)
{
    const struct service *service = instance->service;
    for (uint32_t i = 0; i < w->m->pool_uses; i++) {
        const struct pool_use *use = &w->m->pool_use[i];
        if (use->scope != SCOPE_PROCESS ||
            use->caller_first_instance != service->first_instance)
            continue;
        uint32_t place =
            (uint32_t)(instance - &w->instance[service->first_instance]);
        struct pool_state *s =
            &w->pool[use->first + place * use->processes + process];
        for (; s->opened > 0; s->opened--)
            database_disconnect(w, w->m->pool[s->pool].database);
    }
}
