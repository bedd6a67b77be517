/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bouncer -- what a pool does by itself: it opens connections one after the other, ends
 * those that are old or idle, and sweeps out whoever has waited or run too long.
 *
 * One event per state is armed for the next moment at which something may be due; what
 * is due then is found by looking. An event that an earlier one has overtaken finds
 * nothing to do.
 */
#include "models/pool.h"

#include <string.h>

/* ---- the clock ------------------------------------------------------------------- */

void pool_wake(struct world *w, uint32_t number, sim_time time)
{
    struct pool_state *s = &w->pool[number];
    if (time >= s->armed || !pool_of(w, number)->clocked)
        return;
    s->armed = time > w->now ? time : w->now;
    event_push(&w->events, s->armed, EVENT_CAPACITY, actor_pool(w, number));
}

/* The first sweep after `time`. */
static sim_time swept(const struct pool *pool, sim_time time)
{
    sim_time sweep = pool->part.sweep;
    if (time == SIM_NEVER || sweep == 0)
        return time;
    return (time / sweep + 1) * sweep;
}

void pool_wake_swept(struct world *w, uint32_t number, sim_time time)
{
    pool_wake(w, number, swept(pool_of(w, number), time));
}

static bool reserve_is_there(const struct pool_state *s, const struct pool *pool)
{
    return pool->part.reserve > 0 && s->opened >= (uint64_t)pool->limit &&
           s->opened < (uint64_t)(pool->limit + pool->part.reserve);
}

void pool_wake_for_waiter(struct world *w, uint32_t number)
{
    const struct pool_state *s = &w->pool[number];
    const struct pool *pool = pool_of(w, number);
    if (s->queue.count == 0)
        return;
    sim_time since = w->task[s->queue.first].since;
    pool_wake_swept(w, number, pool_later(since, pool->patience));
    sim_time reserve = pool_later(since, pool->part.reserve_after);
    if (reserve_is_there(s, pool) && !s->opening)
        pool_wake_swept(w, number, reserve > w->now ? reserve : w->now);
}

/* ---- room under limits that pools share ------------------------------------------ */

enum shared_limit { SHARED_DATABASE, SHARED_USER };

/* Do two states belong to one pooler, and count against one limit there? */
static bool shares(const struct world *w, uint32_t number, uint32_t other,
                   enum shared_limit limit)
{
    const struct pool *a = pool_of(w, number), *b = pool_of(w, other);
    if (number == other)
        return true;
    if (!a->part.pooler || !b->part.pooler || a->database != b->database ||
        number - a->first != other - b->first)
        return false;
    return limit == SHARED_DATABASE ||
           (a->part.user && b->part.user && strcmp(a->part.user, b->part.user) == 0);
}

static int64_t open_of_all(const struct world *w, uint32_t number,
                           enum shared_limit limit)
{
    int64_t open = 0;
    for (uint32_t i = 0; i < w->m->pool_states; i++)
        if (shares(w, number, i, limit))
            open += w->pool[i].opened;
    return open;
}

/* Close the connection that has lain idle longest of all that share the limit. */
static bool evict(struct world *w, uint32_t number, enum shared_limit limit)
{
    uint32_t from = NONE, oldest = NONE;
    sim_time since = SIM_NEVER;
    for (uint32_t i = 0; i < w->m->pool_states; i++) {
        const struct pool_state *s = &w->pool[i];
        if (!shares(w, number, i, limit))
            continue;
        for (uint32_t c = s->first_idle; c != NONE; c = s->connection[c].next)
            if (s->connection[c].idle_since < since) {
                since = s->connection[c].idle_since;
                from = i;
                oldest = c;
            }
    }
    if (from == NONE)
        return false;
    connection_unlist(w, from, oldest);
    connection_shut(w, from, oldest);
    return true;
}

/* Others have to make room for somebody who waits, not for what is opened ahead. */
static bool has_room(struct world *w, uint32_t number, enum shared_limit limit)
{
    const struct pool_part *part = &pool_of(w, number)->part;
    int64_t most = limit == SHARED_USER ? part->most_user : part->most_database;
    while (most != UNLIMITED && open_of_all(w, number, limit) >= most)
        if (w->pool[number].queue.count == 0 || !evict(w, number, limit))
            return false;
    return true;
}

void pool_room_elsewhere(struct world *w, uint32_t number)
{
    for (uint32_t i = 0; i < w->m->pool_states; i++)
        if (i != number && w->pool[i].queue.count > 0 &&
            shares(w, number, i, SHARED_DATABASE))
            pool_launch(w, i);
}

/* ---- opening in the background --------------------------------------------------- */

static bool may_use_reserve(const struct world *w, const struct pool_state *s,
                            const struct pool *pool)
{
    return reserve_is_there(s, pool) && s->queue.count > 0 &&
           w->now - w->task[s->queue.first].since >= pool->part.reserve_after;
}

static bool wants_one(const struct world *w, const struct pool_state *s,
                      const struct pool *pool)
{
    const struct pool_part *part = &pool->part;
    if (s->opened >= (uint64_t)pool->limit && !may_use_reserve(w, s, pool))
        return false;
    return s->queue.count > s->idle || s->idle < (uint64_t)part->least_idle ||
           (s->opened < (uint64_t)part->least_open &&
            (s->clients > 0 || s->opened > 0));
}

static void refused(struct world *w, uint32_t number)
{
    struct pool_state *s = &w->pool[number];
    const struct pool_part *part = &pool_of(w, number)->part;
    s->failing = true;
    s->not_before = w->now + s->retry;
    s->retry = 2 * s->retry < part->retry_most ? 2 * s->retry : part->retry_most;
    pool_wake(w, number, s->not_before);
}

static void opened(struct world *w, uint32_t number, uint32_t connection)
{
    struct pool_state *s = &w->pool[number];
    const struct pool_part *part = &pool_of(w, number)->part;
    s->opening = s->failing = false;
    s->retry = part->retry_first;
    s->not_before = w->now + part->pause;
    connection_born(w, number, connection);
    pool_offer(w, number, connection);
}

void pool_launch(struct world *w, uint32_t number)
{
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = pool_of(w, number);
    if (pool->part.growth != GROWTH_BACKGROUND)
        return;
    while (!s->opening && wants_one(w, s, pool)) {
        uint32_t connection;
        if (w->now < s->not_before) {
            pool_wake(w, number, s->not_before);
            return;
        }
        if (!has_room(w, number, SHARED_DATABASE) || !has_room(w, number, SHARED_USER))
            return;
        s->opening = true;
        if (!connection_open(w, number, &connection)) {
            s->opening = false;
            refused(w, number);
            return;
        }
        if (pool->connect == 0) {
            opened(w, number, connection);
            continue;
        }
        s->open_at = w->now + pool->connect;
        s->being_opened = connection;
        event_push(&w->events, s->open_at, EVENT_CAPACITY, actor_pool(w, number));
    }
}

/* ---- sweeping -------------------------------------------------------------------- */

static void sweep_waiters(struct world *w, uint32_t number)
{
    const struct pool_state *s = &w->pool[number];
    const struct pool *pool = pool_of(w, number);
    while (s->queue.count > 0 && pool->patience != SIM_NEVER &&
           w->now - w->task[s->queue.first].since > pool->patience)
        pool_dismiss(w, number, pool->timeout_cause);
}

/* Since when the query that runs on a connection counts; SIM_NEVER when none does. The
 * first of a transaction has waited for the connection, the others found it there. */
static sim_time query_since(const struct world *w, const struct pool *pool,
                            const struct connection *c)
{
    if (!c->open || c->doomed || c->task == NONE)
        return SIM_NEVER;
    const struct task *t = &w->task[c->task];
    const struct instr *i = &w->code[t->pc];
    if (t->state != TASK_CALLING || w->call[i->a].service != pool->database)
        return SIM_NEVER;
    bool first = t->since == c->granted;
    return first && pool->part.timeout_with_wait ? c->asked : t->since;
}

static void sweep_queries(struct world *w, uint32_t number)
{
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = pool_of(w, number);
    for (uint32_t i = 0; i < s->connections; i++) {
        struct connection *c = &s->connection[i];
        sim_time since = query_since(w, pool, c);
        if (since == SIM_NEVER || w->now - since <= pool->part.query_timeout)
            continue;
        c->doomed = true;
        w->counts[pool->station].timed_out++;
        task_break_call(w, c->task, STATUS_500, pool->query_cause);
    }
}

static bool has_idled_long(const struct world *w, const struct pool_state *s,
                           const struct pool_part *part, const struct connection *c)
{
    return w->now - c->idle_since > part->idle_timeout &&
           s->idle > (uint64_t)part->least_idle &&
           s->opened > (uint64_t)part->least_open;
}

static void sweep_idle(struct world *w, uint32_t number)
{
    struct pool_state *s = &w->pool[number];
    const struct pool_part *part = &pool_of(w, number)->part;
    uint32_t next;
    bool closed = false;
    for (uint32_t c = s->first_idle; c != NONE; c = next) {
        next = s->connection[c].next;
        bool over = connection_is_over(w, number, c);
        if (!over && !has_idled_long(w, s, part, &s->connection[c]))
            continue;
        if (over)
            s->last_end = w->now;
        connection_unlist(w, number, c);
        connection_shut(w, number, c);
        closed = true;
    }
    if (closed && pool_of(w, number)->counted)
        pool_room_elsewhere(w, number);
}

static sim_time earlier(sim_time a, sim_time b)
{
    return a < b ? a : b;
}

/* When an idle connection's life ends: where ends are spaced, not before its turn. */
static sim_time end_of(const struct pool_state *s, const struct pool *pool,
                       const struct connection *c)
{
    const struct pool_part *part = &pool->part;
    if (!part->lifetime_spaced || c->expires == SIM_NEVER)
        return c->expires;
    sim_time turn = s->last_end + part->lifetime / part->size;
    return swept(pool, c->expires > turn ? c->expires : turn);
}

/* The next moment at which something may be due on a connection. A query may begin on
 * one that only holds on, but none can be late before the timeout has passed anew. */
static sim_time due_on(const struct world *w, const struct pool_state *s,
                       const struct pool *pool, const struct connection *c)
{
    const struct pool_part *part = &pool->part;
    if (!c->open)
        return SIM_NEVER;
    if (c->task != NONE) {
        sim_time since = query_since(w, pool, c);
        return swept(
            pool, pool_later(since == SIM_NEVER ? w->now : since, part->query_timeout));
    }
    if (!c->idle)
        return SIM_NEVER;
    sim_time idle = pool_later(c->idle_since, part->idle_timeout);
    if (idle < w->now) /* spared, for there are few */
        idle = SIM_NEVER;
    return earlier(end_of(s, pool, c), swept(pool, idle));
}

void pool_event(struct world *w, uint32_t number)
{
    struct pool_state *s = &w->pool[number];
    const struct pool *pool = pool_of(w, number);
    if (s->opening && w->now == s->open_at)
        opened(w, number, s->being_opened);
    if (w->now >= s->armed) {
        s->armed = SIM_NEVER;
        sweep_waiters(w, number);
        sweep_queries(w, number);
        sweep_idle(w, number);
        sim_time due = SIM_NEVER;
        for (uint32_t i = 0; i < s->connections; i++)
            due = earlier(due, due_on(w, s, pool, &s->connection[i]));
        pool_wake(w, number, due);
    }
    pool_launch(w, number);
    pool_wake_for_waiter(w, number);
}
