/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool -- connections that are taken, waited for and given back, in order of arrival.
 *
 *            one lies idle   may open one more                   neither
 *  acquire   take it         by the caller: he opens it          wait; fail after the
 *                            in the background: wait for it      wait timeout
 *  release   the oldest waiter has it; nobody waits: it lies idle, or is closed beyond
 *            those kept, or when its life is over
 *
 * Waiters are all equally patient, so who loses patience is always the oldest.
 */
#include "models/pool.h"

void pool_start(struct world *w, uint32_t number, uint32_t pool)
{
    struct pool_state *s = &w->pool[number];
    const struct pool_part *part = &w->m->pool[pool].part;
    s->pool = pool;
    s->busy.limit = w->m->pool[pool].limit;
    s->first_idle = s->last_idle = s->first_free = NONE;
    s->armed = SIM_NEVER;
    s->retry = part->retry_first;
    s->last_end = -part->lifetime;
    uint32_t connection;
    if (!part->filled_at_start)
        return;
    if (connection_open(w, number, &connection)) {
        connection_born(w, number, connection);
        connection_lay(w, number, connection);
        s->not_before = part->pause;
    }
    pool_launch(w, number);
}

void pool_set_busy(struct world *w, uint32_t number, int change)
{
    struct pool_state *s = &w->pool[number];
    level_add(&s->busy, w->now, change);
    s->in_use += (uint32_t)change;
}

static struct hold *held_of(const struct world *w, uint32_t task,
                            const struct instr *instr)
{
    return &w->held[(size_t)task * MAX_HELD + instr->b];
}

/* ---- clients of poolers ---------------------------------------------------------- */

/* The connection by which a task is a client of the pool; NULL when it is itself. */
static struct connection *client_of(const struct world *w, uint32_t task,
                                    const struct instr *instr)
{
    if (instr->resource == HOLD_NO_CLIENT)
        return NULL;
    const struct hold *h = &w->held[(size_t)task * MAX_HELD + instr->resource - 1];
    return h->connection == NONE ? NULL : &w->pool[h->state].connection[h->connection];
}

static uint32_t copy_of(const struct world *w, uint32_t task, const struct pool *pool,
                        const struct instr *instr)
{
    const struct connection *client = client_of(w, task, instr);
    if (client)
        return client->copy;
    struct draw draw = draw_at(pool->key, w->task[task].entity, w->replication, 2);
    return (uint32_t)draw_below(&draw, (uint64_t)pool->part.copies);
}

static uint32_t state_of(const struct world *w, uint32_t task,
                         const struct instr *instr)
{
    const struct task *t = &w->task[task];
    const struct pool_use *use = &w->m->pool_use[instr->a];
    const struct pool *pool = &w->m->pool[use->pool];
    uint32_t instance = t->instance - use->caller_first_instance;
    switch (use->scope) {
    case SCOPE_GLOBAL:
        if (pool->part.copies > 1)
            return use->first + copy_of(w, task, pool, instr);
        break;
    case SCOPE_INSTANCE:
        return use->first + instance;
    case SCOPE_PROCESS:
        return use->first + instance * use->processes + t->process;
    }
    return use->first;
}

uint32_t pool_waited_for(const struct world *w, uint32_t task)
{
    return state_of(w, task, &w->code[w->task[task].pc]);
}

/* A connection held since then is held no more. */
static inline void count_held(struct world *w, const struct pool *pool, sim_time since)
{
    struct counts *counts = &w->counts[pool->station];
    counts->served++;
    wide_add(&counts->held, (uint64_t)(w->now - since));
}

/* The task is no client of the pool any more, if it was one itself. */
static void leave(struct world *w, uint32_t number, const struct instr *instr)
{
    if (pool_of(w, number)->special && instr->resource == HOLD_NO_CLIENT)
        w->pool[number].clients--;
}

/* ---- having one ------------------------------------------------------------------ */

static void go_on(struct world *w, uint32_t task)
{
    w->task[task].pc++;
    task_ready(w, task);
}

static void turn_away(struct world *w, uint32_t task, uint32_t number, uint16_t cause)
{
    w->counts[pool_of(w, number)->station].refused++;
    leave(w, number, &w->code[w->task[task].pc]);
    task_fail(w, task, STATUS_500, cause);
}

/* What a refusal to open a connection is called: the database's, or the pooler's. */
static uint16_t refusal(const struct world *w, const struct pool *pool)
{
    if (pool->behind != NONE)
        return w->m->pool[pool->behind].clients_cause;
    return w->m->service[pool->database].connection_cause;
}

static inline void waiting_is_over(struct world *w, uint32_t task,
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
}

/* The connection becomes the task's, open or about to be. */
static void take(struct world *w, uint32_t task, uint32_t number, uint32_t connection)
{
    const struct task *t = &w->task[task];
    const struct instr *instr = &w->code[t->pc];
    *held_of(w, task, instr) = (struct hold){w->now, number, connection};
    if (connection == NONE)
        return;
    const struct pool *pool = pool_of(w, number);
    struct connection *c = &w->pool[number].connection[connection];
    c->task = task;
    c->asked = t->since;
    c->granted = c->held_from = w->now;
    pool_wake_swept(w, number,
                    pool_later(pool->part.timeout_with_wait ? c->asked : c->granted,
                               pool->part.query_timeout));
    struct connection *client = pool->part.session ? client_of(w, task, instr) : NULL;
    if (client) {
        client->pinned_state = number;
        client->pinned = connection;
    }
}

/* The caller opens a connection for himself. */
static void open_own(struct world *w, uint32_t task, uint32_t number)
{
    struct task *t = &w->task[task];
    const struct pool *pool = pool_of(w, number);
    uint32_t connection;
    if (!connection_open(w, number, &connection)) {
        turn_away(w, task, number, refusal(w, pool));
        return;
    }
    pool_set_busy(w, number, 1);
    take(w, task, number, connection);
    if (pool->connect == 0) {
        connection_born(w, number, connection);
        go_on(w, task);
        return;
    }
    t->state = TASK_OPENING;
    t->since = w->now;
    event_push(&w->events, w->now + pool->connect, EVENT_DEPARTURE,
               SLOT(SLOT_TASK, task));
}

void pool_opened(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    const struct hold *h = held_of(w, task, &w->code[t->pc]);
    spend(w, t, pool_of(w, h->state)->connect_resource, w->now - t->since);
    connection_born(w, h->state, h->connection);
    go_on(w, task);
}

static bool is_too_old(const struct world *w, uint32_t number, uint32_t connection)
{
    if (connection == NONE)
        return false;
    return w->now - w->pool[number].connection[connection].opened >
           pool_of(w, number)->part.recycle;
}

/* An open connection, counted as neither idle nor in use, goes to the task. */
static void grant(struct world *w, uint32_t task, uint32_t number, uint32_t connection)
{
    waiting_is_over(w, task, pool_of(w, number));
    if (is_too_old(w, number, connection)) {
        connection_shut(w, number, connection);
        open_own(w, task, number);
        return;
    }
    pool_set_busy(w, number, 1);
    take(w, task, number, connection);
    go_on(w, task);
}

/* ---- taking ---------------------------------------------------------------------- */

/* It has one already: to the end of the handler, or in its client's session. */
static bool has_one(struct world *w, uint32_t task, uint32_t number,
                    const struct instr *instr)
{
    struct hold *h = held_of(w, task, instr);
    if (instr->count & HOLD_TO_END && h->since != SIM_NEVER)
        return true;
    const struct pool *pool = pool_of(w, number);
    const struct connection *client =
        pool->part.session ? client_of(w, task, instr) : NULL;
    if (!client || client->pinned_state == NONE)
        return false;
    *h = (struct hold){w->now, client->pinned_state, client->pinned};
    struct connection *c = &w->pool[h->state].connection[h->connection];
    c->task = task;
    c->asked = c->granted = w->now;
    pool_wake_swept(w, number, pool_later(w->now, pool->part.query_timeout));
    return true;
}

/* Whoever must not even wait is turned away. */
static bool admits(struct world *w, uint32_t task, uint32_t number,
                   const struct instr *instr)
{
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = pool_of(w, number);
    if (instr->resource == HOLD_NO_CLIENT && s->clients++ >= pool->part.most_clients) {
        turn_away(w, task, number, pool->clients_cause);
        return false;
    }
    if (pool->part.growth == GROWTH_BACKGROUND && s->opened < pool->part.least_open)
        pool_launch(w, number);
    if (pool->part.pooler && s->failing && s->opened == 0) {
        pool_launch(w, number);
        if (s->failing && s->opened == 0) {
            turn_away(w, task, number, pool->failing_cause);
            return false;
        }
    }
    return true;
}

static void wait(struct world *w, uint32_t task, uint32_t number)
{
    struct task *t = &w->task[task];
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = pool_of(w, number);
    if (pool->part.wait_timeout == 0) {
        turn_away(w, task, number, pool->timeout_cause);
        return;
    }
    t->state = TASK_POOL;
    if (pool->timeout_class != NONE)
        t->timer =
            timer_set(&w->timers, pool->timeout_class, w->now, SLOT(SLOT_TASK, task));
    queue_put(w, &s->queue, task);
    level_pass(&s->waiting, w->now, 1);
    if (pool->clocked) {
        pool_launch(w, number);
        pool_wake_for_waiter(w, number);
    }
}

/* What nearly every caller of most pools meets: one that lies idle, like any other. */
static inline void take_any(struct world *w, uint32_t task, uint32_t number,
                            const struct pool *pool, const struct instr *instr)
{
    struct pool_state *s = &w->pool[number];
    w->counts[pool->station].arrivals++;
    w->task[task].since = w->now;
    waiting_is_over(w, task, pool);
    level_add(&s->busy, w->now, 1);
    s->in_use++;
    s->idle--;
    *held_of(w, task, instr) = (struct hold){w->now, number, NONE};
    go_on(w, task);
}

void pool_acquire(struct world *w, uint32_t task, const struct instr *instr)
{
    uint32_t number = state_of(w, task, instr);
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = &w->m->pool[s->pool];
    if (pool->plain && s->queue.count == 0 && s->idle > 0) {
        take_any(w, task, number, pool, instr);
        return;
    }
    if (pool->special && has_one(w, task, number, instr)) {
        go_on(w, task);
        return;
    }
    w->counts[pool->station].arrivals++;
    w->task[task].since = w->now;
    if (pool->special && !admits(w, task, number, instr))
        return;
    if (s->queue.count == 0 && s->idle > 0) {
        grant(w, task, number, connection_pick(w, number));
    } else if (s->queue.count == 0 && pool->part.growth == GROWTH_CALLER &&
               s->opened < pool->limit) {
        waiting_is_over(w, task, pool);
        open_own(w, task, number);
    } else {
        wait(w, task, number);
    }
}

/* ---- giving back ----------------------------------------------------------------- */

static uint32_t next_waiter(struct world *w, struct pool_state *s)
{
    level_pass(&s->waiting, w->now, -1);
    return queue_take(w, &s->queue);
}

void pool_offer(struct world *w, uint32_t number, uint32_t connection)
{
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = pool_of(w, number);
    if (s->queue.count > 0) {
        grant(w, next_waiter(w, s), number, connection);
    } else if (s->idle >= pool->part.kept) {
        connection_shut(w, number, connection);
    } else {
        connection_lay(w, number, connection);
        if (pool->counted)
            pool_room_elsewhere(w, number);
    }
}

void pool_give_back(struct world *w, uint32_t number, uint32_t connection)
{
    struct pool_state *s = &w->pool[number];
    pool_set_busy(w, number, -1);
    if (connection != NONE && connection_is_over(w, number, connection)) {
        if (w->now >= s->connection[connection].expires)
            s->last_end = w->now;
        connection_shut(w, number, connection);
        if (pool_of(w, number)->counted)
            pool_room_elsewhere(w, number);
    } else {
        pool_offer(w, number, connection);
    }
    if (pool_of(w, number)->clocked) {
        pool_launch(w, number);
        pool_wake_for_waiter(w, number);
    }
}

/* A session keeps what its client has, unless it is broken. */
static bool stays_pinned(struct world *w, uint32_t task, const struct hold *h,
                         const struct instr *instr)
{
    struct connection *client = client_of(w, task, instr),
                      *c = &w->pool[h->state].connection[h->connection];
    if (!pool_of(w, h->state)->part.session || !client)
        return false;
    if (!c->doomed)
        return true;
    client->pinned_state = NONE;
    return false;
}

void pool_release(struct world *w, uint32_t task, const struct instr *instr)
{
    struct hold *h = held_of(w, task, instr);
    uint32_t number = h->state, connection = h->connection;
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = &w->m->pool[s->pool];
    if (instr->count & HOLD_TO_END && h->since == SIM_NEVER)
        return; /* no query has needed one */
    if (connection == NONE) {
        count_held(w, pool, h->since);
        if (pool->plain && s->queue.count == 0 && s->idle < pool->part.kept) {
            level_add(&s->busy, w->now, -1);
            s->in_use--;
            s->idle++;
            return;
        }
    } else {
        s->connection[connection].task = NONE;
        if (stays_pinned(w, task, h, instr))
            return;
        count_held(w, pool, s->connection[connection].held_from);
    }
    h->since = SIM_NEVER;
    leave(w, number, instr);
    pool_give_back(w, number, connection);
}

void pool_end_session(struct world *w, uint32_t number, uint32_t connection)
{
    count_held(w, pool_of(w, number), w->pool[number].connection[connection].held_from);
    pool_give_back(w, number, connection);
}

void pool_keep_none(struct world *w, uint32_t task)
{
    for (uint32_t i = 0; i < MAX_HELD; i++)
        w->held[(size_t)task * MAX_HELD + i].since = SIM_NEVER;
}

/* ---- losing patience ------------------------------------------------------------- */

void pool_dismiss(struct world *w, uint32_t number, uint16_t cause)
{
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = pool_of(w, number);
    struct counts *counts = &w->counts[pool->station];
    uint32_t task = next_waiter(w, s);
    struct task *t = &w->task[task];
    counts->timed_out++;
    counts->waited++;
    tally_add(&counts->wait, w->now - t->since);
    spend(w, t, pool->wait_resource, w->now - t->since);
    leave(w, number, &w->code[t->pc]);
    task_fail(w, task, pool->part.timeout_status, cause);
}

/* Every waiter of a pool is as patient as the others: who loses patience is the
 * oldest. */
void pool_timeout(struct world *w, uint32_t task)
{
    const struct task *t = &w->task[task];
    uint32_t number = state_of(w, task, &w->code[t->pc]);
    struct pool_state *s = &w->pool[number];
    check(s->queue.count > 0 && s->queue.first == task, "waiter %u is not the oldest",
          task);
    pool_dismiss(w, number, pool_of(w, number)->timeout_cause);
}

void pool_withdraw(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    const struct instr *instr = &w->code[t->pc];
    uint32_t number = state_of(w, task, instr);
    struct pool_state *s = &w->pool[number];
    queue_remove(w, &s->queue, task);
    level_pass(&s->waiting, w->now, -1);
    struct counts *counts = &w->counts[pool_of(w, number)->station];
    counts->waited += w->now > t->since;
    tally_add(&counts->wait, w->now - t->since);
    spend(w, t, pool_of(w, number)->wait_resource, w->now - t->since);
    leave(w, number, instr);
    if (t->timer != TIMER_NONE)
        timer_cancel(&w->timers, t->timer);
    t->timer = TIMER_NONE;
}

void pool_break_opening(struct world *w, uint32_t task)
{
    const struct task *t = &w->task[task];
    const struct instr *instr = &w->code[t->pc];
    struct hold *h = held_of(w, task, instr);
    spend(w, t, pool_of(w, h->state)->connect_resource, w->now - t->since);
    if (h->connection != NONE)
        w->pool[h->state].connection[h->connection].task = NONE;
    leave(w, h->state, instr);
    count_held(w, pool_of(w, h->state), h->since);
    h->since = SIM_NEVER;
    pool_give_back(w, h->state, h->connection);
}

static void close_all(struct world *w, uint32_t number)
{
    struct pool_state *s = &w->pool[number];
    while (s->idle > 0)
        connection_shut(w, number, connection_pick(w, number));
    if (s->opening)
        connection_shut(w, number, s->being_opened);
    s->opening = false;
    check(s->opened == 0, "%u connections of a dead process", s->opened);
}

void pool_close(struct world *w, const struct instance *instance, uint32_t process)
{
    const struct service *service = instance->service;
    for (uint32_t i = 0; i < w->m->pool_uses; i++) {
        const struct pool_use *use = &w->m->pool_use[i];
        if (use->scope != SCOPE_PROCESS ||
            use->caller_first_instance != service->first_instance)
            continue;
        uint32_t place = (uint32_t)(instance - &w->instance[service->first_instance]);
        close_all(w, use->first + place * use->processes + process);
    }
}
