/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * connect -- connections as such: what they count against where they lead, how old they
 * are, which of the idle ones is next.
 */
#include "models/pool.h"

#include <string.h>

/* ---- where they lead ------------------------------------------------------------- */

bool database_connect(struct world *w, uint32_t service, bool admin)
{
    if (service == NONE)
        return true;
    const struct service *s = &w->m->service[service];
    struct instance *first = &w->instance[s->first_instance];
    int64_t more = admin ? s->part.admin_connections : 0;
    if (first->connections - more >= s->part.max_connections)
        return false;
    first->connections++;
    return true;
}

void database_disconnect(struct world *w, uint32_t service)
{
    if (service != NONE)
        w->instance[w->m->service[service].first_instance].connections--;
}

/* The state of the pooler that a connection is a client of. */
static struct pool_state *behind(struct world *w, uint32_t number, uint32_t connection)
{
    const struct pool *next = &w->m->pool[pool_of(w, number)->behind];
    uint32_t copy =
        connection == NONE ? 0 : w->pool[number].connection[connection].copy;
    return &w->pool[next->first + copy];
}

static bool reach(struct world *w, uint32_t number, uint32_t connection)
{
    const struct pool *pool = pool_of(w, number);
    if (pool->behind == NONE)
        return database_connect(w, pool->database, false);
    struct pool_state *next = behind(w, number, connection);
    if (next->clients >= w->m->pool[pool->behind].part.most_clients)
        return false;
    next->clients++;
    return true;
}

static void part_from(struct world *w, uint32_t number, uint32_t connection)
{
    const struct pool *pool = pool_of(w, number);
    if (pool->behind == NONE)
        database_disconnect(w, pool->database);
    else
        behind(w, number, connection)->clients--;
}

/* ---- records --------------------------------------------------------------------- */

static uint32_t new_record(struct world *w, struct pool_state *s)
{
    uint32_t connection = s->first_free;
    if (connection != NONE) {
        s->first_free = s->connection[connection].next;
        return connection;
    }
    if (s->connections == s->room) {
        uint32_t room = s->room ? 2 * s->room : 8;
        struct connection *more = arena_many(w->arena, room, struct connection);
        if (s->room)
            memcpy(more, s->connection, s->room * sizeof *more);
        s->connection = more;
        s->room = room;
    }
    return s->connections++;
}

static void free_record(struct pool_state *s, uint32_t connection)
{
    s->connection[connection].open = false;
    s->connection[connection].next = s->first_free;
    s->first_free = connection;
}

/* Draws of a connection's own: which, of which state. */
static struct draw connection_draw(const struct world *w, uint32_t number,
                                   uint32_t what)
{
    const struct pool_state *s = &w->pool[number];
    const struct pool *pool = pool_of(w, number);
    uint64_t entity = (uint64_t)(number - pool->first) << 32 | (uint32_t)s->serial;
    return draw_at(pool->key, entity, w->replication, what);
}

static uint32_t copy_for(const struct world *w, uint32_t number)
{
    const struct pool *pool = pool_of(w, number);
    if (pool->behind == NONE || w->m->pool[pool->behind].part.copies == 1)
        return 0;
    struct draw draw = connection_draw(w, number, 1);
    return (uint32_t)draw_below(&draw, (uint64_t)w->m->pool[pool->behind].part.copies);
}

bool connection_open(struct world *w, uint32_t number, uint32_t *connection)
{
    struct pool_state *s = &w->pool[number];
    uint32_t record = NONE;
    if (pool_of(w, number)->records) {
        record = new_record(w, s);
        s->connection[record] = (struct connection){.opened = w->now,
                                                    .expires = SIM_NEVER,
                                                    .task = NONE,
                                                    .copy = copy_for(w, number),
                                                    .pinned_state = NONE,
                                                    .open = true};
    }
    if (!reach(w, number, record)) {
        if (record != NONE)
            free_record(s, record);
        return false;
    }
    s->serial++;
    s->opened++;
    *connection = record;
    return true;
}

void connection_born(struct world *w, uint32_t number, uint32_t connection)
{
    if (connection == NONE)
        return;
    const struct pool_part *part = &pool_of(w, number)->part;
    struct connection *c = &w->pool[number].connection[connection];
    sim_time lifetime = part->lifetime;
    if (lifetime != SIM_NEVER && part->lifetime_jitter > 0) {
        struct draw draw = connection_draw(w, number, 0);
        lifetime -= sim_from_nanoseconds((double)lifetime * part->lifetime_jitter *
                                         draw_uniform(&draw));
    }
    c->opened = w->now;
    c->expires = pool_later(w->now, lifetime);
    if (part->lifetime_spaced)
        pool_wake_swept(w, number, c->expires);
    else
        pool_wake(w, number, c->expires);
}

/* The session of a client that goes: its connection behind is free. */
static void unpin(struct world *w, struct connection *c)
{
    if (c->pinned_state == NONE)
        return;
    uint32_t state = c->pinned_state;
    c->pinned_state = NONE;
    pool_end_session(w, state, c->pinned);
}

void connection_shut(struct world *w, uint32_t number, uint32_t connection)
{
    struct pool_state *s = &w->pool[number];
    if (connection != NONE)
        unpin(w, &s->connection[connection]);
    part_from(w, number, connection);
    s->opened--;
    if (connection != NONE)
        free_record(s, connection);
}

/* ---- idle ones ------------------------------------------------------------------- */

void connection_lay(struct world *w, uint32_t number, uint32_t connection)
{
    struct pool_state *s = &w->pool[number];
    s->idle++;
    if (connection == NONE)
        return;
    const struct pool_part *part = &pool_of(w, number)->part;
    struct connection *c = &s->connection[connection];
    c->idle = true;
    c->idle_since = w->now;
    c->next = NONE;
    if (s->first_idle == NONE) {
        s->first_idle = s->last_idle = connection;
    } else if (part->lifo) {
        c->next = s->first_idle;
        s->first_idle = connection;
    } else {
        s->connection[s->last_idle].next = connection;
        s->last_idle = connection;
    }
    pool_wake_swept(w, number, pool_later(w->now, part->idle_timeout));
}

uint32_t connection_pick(struct world *w, uint32_t number)
{
    struct pool_state *s = &w->pool[number];
    uint32_t connection = s->first_idle;
    s->idle--;
    if (connection != NONE) {
        s->first_idle = s->connection[connection].next;
        s->connection[connection].idle = false;
    }
    return connection;
}

void connection_unlist(struct world *w, uint32_t number, uint32_t connection)
{
    struct pool_state *s = &w->pool[number];
    uint32_t *link = &s->first_idle, before = NONE;
    while (*link != connection) {
        before = *link;
        link = &s->connection[before].next;
    }
    *link = s->connection[connection].next;
    s->connection[connection].idle = false;
    if (s->last_idle == connection)
        s->last_idle = before;
    s->idle--;
}

bool connection_is_over(const struct world *w, uint32_t number, uint32_t connection)
{
    if (connection == NONE)
        return false;
    const struct pool_state *s = &w->pool[number];
    const struct pool_part *part = &pool_of(w, number)->part;
    const struct connection *c = &s->connection[connection];
    if (c->doomed)
        return true;
    if (part->recycle_on_return && w->now - c->opened >= part->recycle)
        return true;
    return w->now >= c->expires &&
           (!part->lifetime_spaced ||
            w->now - s->last_end >= part->lifetime / part->size);
}
