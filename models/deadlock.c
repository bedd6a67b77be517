/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * deadlock -- who, at the end of a replication, waits for ever?
 *
 * Everyone who waits without a clock of his own is doubted at first. Then whoever can
 * still be helped is cleared, until nothing changes: a caller whose callee is not
 * doubted, a waiter for a slot or connection of which at least one is not in doubtful
 * hands. Who remains waits for others who remain. Whatever is not understood in full
 * (sessions, fills of caches, workers that are restarted) counts as help, so nobody is
 * called stuck who is not; a client that gives up is no help, since its request's slots
 * stay taken.
 */
#include "models/pool.h"

#include <string.h>

struct doubts {
    struct world *w;
    struct arena arena;
    bool *stuck;          /* [task] */
    int64_t *slots;       /* [instance] slots that doubted tasks have */
    int64_t *connections; /* [pool state] likewise */
    uint64_t found;
};

static bool waits(const struct world *w, const struct task *t)
{
    switch ((enum task_state)t->state) {
    case TASK_GATE:
        if (!guard_has_let_pass(w, (uint32_t)(t - w->task)))
            return false;
        break;
    case TASK_QUEUED:
    case TASK_POOL:
    case TASK_CALLING:
    case TASK_FORKED:
        break;
    default:
        return false;
    }
    const struct life_part *life = &w->instance[t->instance].service->part.life;
    bool restarted = life->timeout && life->sign_every == 0;
    return t->timer == TIMER_NONE && !restarted;
}

/* The connections that a task has are those that errors would make it give back. */
static void count_connections(struct doubts *d, uint32_t task)
{
    const struct world *w = d->w;
    uint32_t pc = w->code[w->task[task].pc].on_error;
    for (;;) {
        const struct instr *i = &w->code[pc];
        switch ((enum op)i->op) {
        case OP_RELEASE: {
            const struct hold *h = &w->held[(size_t)task * MAX_HELD + i->b];
            if (!(i->count & HOLD_TO_END) || h->since != SIM_NEVER)
                d->connections[h->state]++;
            pc++;
            break;
        }
        case OP_DROP:
            pc++;
            break;
        case OP_JUMP:
            pc = i->a;
            break;
        case OP_CLEAR:
            pc = i->on_error;
            break;
        default:
            return;
        }
    }
}

static void count_holders(struct doubts *d)
{
    const struct world *w = d->w;
    memset(d->slots, 0, w->m->instances * sizeof *d->slots);
    memset(d->connections, 0, w->m->pool_states * sizeof *d->connections);
    for (uint32_t i = 0; i < w->tasks; i++) {
        if (!d->stuck[i])
            continue;
        if (w->task[i].flags & TASK_HAS_SLOT)
            d->slots[w->task[i].instance]++;
        if (w->held)
            count_connections(d, i);
    }
}

static bool no_slot_comes(const struct doubts *d, uint32_t instance)
{
    int64_t busy = d->w->instance[instance].busy.value;
    return busy > 0 && d->slots[instance] == busy;
}

static bool no_connection_comes(const struct doubts *d, uint32_t task)
{
    const struct world *w = d->w;
    uint32_t number = pool_waited_for(w, task);
    const struct pool_state *s = &w->pool[number];
    const struct pool *pool = &w->m->pool[s->pool];
    bool grows = s->opening || s->idle > 0 || s->opened < pool->limit;
    bool swept = pool->patience != SIM_NEVER || pool->part.query_timeout != SIM_NEVER;
    return !grows && !swept && s->in_use > 0 && d->connections[number] == s->in_use;
}

/* Can nobody help a task that is doubted? Of branches it is asked elsewhere. */
static bool is_helpless(const struct doubts *d, uint32_t task)
{
    const struct task *t = &d->w->task[task], *child;
    switch ((enum task_state)t->state) {
    case TASK_QUEUED:
    case TASK_GATE:
        return no_slot_comes(d, t->instance);
    case TASK_POOL:
        return no_connection_comes(d, task);
    case TASK_CALLING:
        child = &d->w->task[t->child];
        return d->stuck[t->child] && child->parent == task &&
               child->parent_wait == t->wait;
    default:
        return true;
    }
}

/* A branch that goes on helps whoever waits for it. */
static void clear_forked(struct doubts *d)
{
    const struct world *w = d->w;
    for (uint32_t i = 0; i < w->tasks; i++) {
        const struct task *t = &w->task[i];
        if (t->state == TASK_FREE || d->stuck[i] || t->parent == NONE)
            continue;
        const struct task *parent = &w->task[t->parent];
        if (parent->state == TASK_FORKED && parent->wait == t->parent_wait)
            d->stuck[t->parent] = false;
    }
}

static uint64_t count_stuck(const struct doubts *d)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < d->w->tasks; i++)
        count += d->stuck[i];
    return count;
}

static void clear_the_innocent(struct doubts *d)
{
    uint64_t before;
    do {
        before = d->found;
        count_holders(d);
        for (uint32_t i = 0; i < d->w->tasks; i++)
            d->stuck[i] = d->stuck[i] && is_helpless(d, i);
        clear_forked(d);
        d->found = count_stuck(d);
    } while (d->found > 0 && d->found != before);
}

/* How many wait for each thing that never comes. */
static void report(const struct doubts *d)
{
    struct world *w = d->w;
    struct outcome *out = w->out;
    out->end = OUTCOME_DEADLOCK;
    out->stuck = arena_many(w->arena, w->resources, uint64_t);
    for (uint32_t i = 0; i < w->tasks; i++) {
        const struct task *t = &w->task[i];
        if (!d->stuck[i])
            continue;
        if (t->state == TASK_QUEUED || t->state == TASK_GATE)
            out->stuck[w->instance[t->instance].service->wait_resource]++;
        else if (t->state == TASK_POOL)
            out->stuck[pool_of(w, pool_waited_for(w, i))->wait_resource]++;
    }
}

void deadlock_find(struct world *w)
{
    struct doubts d = {.w = w};
    arena_init(&d.arena);
    d.stuck = arena_many(&d.arena, w->tasks + 1, bool);
    d.slots = arena_many(&d.arena, w->m->instances + 1, int64_t);
    d.connections = arena_many(&d.arena, w->m->pool_states + 1, int64_t);
    for (uint32_t i = 0; i < w->tasks; i++) {
        d.stuck[i] = waits(w, &w->task[i]);
        d.found += d.stuck[i];
    }
    if (d.found > 0)
        clear_the_innocent(&d);
    if (d.found > 0)
        report(&d);
    arena_free(&d.arena);
}
