/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cache -- who finds what he looks for, who has to make it, and who waits for that.
 *
 *                    valid          valid, early    ended, stale    neither
 *  look-up           hit            miss            hit; refresh    miss; single flight
 *                                   unless one      in the back-    and somebody makes
 *                                   makes it        ground          it: wait
 *  fill              the entry is there; all who wait go on with a hit
 *  the work fails    the next who waits does it
 *  waited too long   does the work, too
 *
 * Keys are drawn by request and purpose, so that a larger cache sees the same requests.
 * The answer is decided when it is back at the caller, or at once at an edge.
 */
#include "models/world.h"

#include <math.h>
#include <stdlib.h>

/* ---- where a key lies ------------------------------------------------------------ */

static const struct cache_use *use_of(const struct world *w, const struct instr *i)
{
    return &w->m->cache_use[i->b];
}

static struct lookup *lookup_of(const struct world *w, uint32_t task,
                                const struct cache_use *use)
{
    return &w->caches.lookup[(size_t)task * MAX_LOOKUPS + use->depth];
}

static struct cache_counts *counts_of(const struct world *w, const struct cache *cache)
{
    return &w->counts[w->m->service[cache->service].station].cache;
}

static uint32_t key_of(const struct world *w, const struct cache_use *use,
                       uint64_t entity)
{
    struct draw draw = draw_at(use->key_key, entity, w->replication, 0);
    return (uint32_t)client_popular_key(use->zipf, use->keys, draw_uniform(&draw));
}

static uint64_t entity_of(const struct task *t, const struct cache_use *use)
{
    return use->by_turn && t->visit ? rng_mix(t->entity, t->visit) : t->entity;
}

static uint32_t shard_of(uint32_t set, uint32_t key, uint32_t shards)
{
    return (uint32_t)(rng_mix(key, set) % shards);
}

uint32_t cache_shard(const struct world *w, uint32_t number, uint64_t entity,
                     uint32_t shards)
{
    const struct cache_use *use = &w->m->cache_use[number];
    return shard_of(use->set, key_of(w, use, entity), shards);
}

/* The store at the instance that was asked, flushed if its time has come. */
static uint32_t store_of(struct world *w, const struct task *t,
                         const struct cache_use *use)
{
    const struct cache *cache = &w->m->cache[use->cache];
    uint32_t first = w->m->service[cache->service].first_instance;
    uint32_t number = cache->first + (use->own ? t->instance : t->peer) - first;
    if (w->now >= cache->flush_at && !w->caches.flushed[number]) {
        w->caches.flushed[number] = true;
        store_clear(&w->caches.store[number]);
    }
    return number;
}

static int64_t size_of(const struct world *w, const struct cache *cache, uint32_t set,
                       uint32_t key)
{
    const struct dist *dist = cache->size[set];
    if (!dist)
        return 0;
    struct draw draw = draw_at(cache->size_key[set], key, w->replication, 0);
    int64_t size = dist_count(dist, &draw);
    return size < UINT32_MAX ? size : UINT32_MAX;
}

/* ---- flights --------------------------------------------------------------------- */

static uint32_t *flying_at(const struct world *w, uint32_t store, uint32_t set,
                           uint32_t key)
{
    uint32_t *table = w->caches.flying[store][set];
    return table ? &table[key] : NULL;
}

static uint32_t take_off(struct world *w, uint32_t store, uint32_t set, uint32_t key)
{
    struct caches *c = &w->caches;
    uint32_t *flying = flying_at(w, store, set, key);
    uint32_t number = c->flight_free;
    if (number == NONE) {
        if (c->flights == c->flight_room) {
            c->flight_room = c->flight_room ? 2 * c->flight_room : 1024;
            if (c->flight_room > MOST_TASKS)
                c->flight_room = MOST_TASKS;
            arena_commit(w->arena, c->flight, c->flight_room * sizeof *c->flight);
        }
        number = c->flights++;
    } else {
        c->flight_free = c->flight[number].next;
    }
    c->flight[number] = (struct flight){.store = store, .set = set, .key = key};
    *flying = number + 1;
    return number;
}

static void end_flight(struct world *w, uint32_t number)
{
    struct flight *flight = &w->caches.flight[number];
    *flying_at(w, flight->store, flight->set, flight->key) = 0;
    flight->next = w->caches.flight_free;
    w->caches.flight_free = number;
}

/* The wait of a task at its look-up is over. */
static void end_wait(struct world *w, struct task *t, const struct cache_use *use)
{
    spend(w, t, use->wait_resource, w->now - t->since);
    t->wait++;
    if (t->timer != TIMER_NONE) {
        timer_cancel(&w->timers, t->timer);
        t->timer = TIMER_NONE;
    }
}

static void wake(struct world *w, uint32_t task, const struct cache_use *use)
{
    end_wait(w, &w->task[task], use);
    task_ready(w, task);
}

/* It is there: everybody goes on with it. */
static void land(struct world *w, uint32_t number)
{
    struct flight *flight = &w->caches.flight[number];
    while (flight->waiting.count > 0) {
        uint32_t task = queue_take(w, &flight->waiting);
        struct task *t = &w->task[task];
        const struct instr *i = &w->code[t->pc];
        lookup_of(w, task, use_of(w, i))->store = NONE;
        t->pc = i->a;
        wake(w, task, use_of(w, i));
    }
    end_flight(w, number);
}

/* Whoever was making it has failed: the next one tries. */
static void hand_over(struct world *w, uint32_t number)
{
    struct flight *flight = &w->caches.flight[number];
    if (flight->waiting.count == 0) {
        end_flight(w, number);
        return;
    }
    uint32_t task = queue_take(w, &flight->waiting);
    const struct cache_use *use = use_of(w, &w->code[w->task[task].pc]);
    struct lookup *l = lookup_of(w, task, use);
    l->flight = number;
    l->began = w->now;
    w->task[task].pc++;
    wake(w, task, use);
}

static void wait_for(struct world *w, uint32_t task, uint32_t number,
                     const struct cache_use *use)
{
    struct task *t = &w->task[task];
    t->state = TASK_FILL;
    t->since = w->now;
    if (use->wait_class != NONE)
        t->timer =
            timer_set(&w->timers, use->wait_class, w->now, SLOT(SLOT_TASK, task));
    queue_put(w, &w->caches.flight[number].waiting, task);
}

static void leave_queue(struct world *w, uint32_t task, const struct cache_use *use)
{
    const struct lookup *l = lookup_of(w, task, use);
    uint32_t number = *flying_at(w, l->store, use->set, l->key) - 1;
    queue_remove(w, &w->caches.flight[number].waiting, task);
}

void cache_timeout(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    const struct cache_use *use = use_of(w, &w->code[t->pc]);
    leave_queue(w, task, use);
    lookup_of(w, task, use)->began = w->now;
    t->pc++;
    wake(w, task, use);
}

void cache_withdraw(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    const struct cache_use *use = use_of(w, &w->code[t->pc]);
    leave_queue(w, task, use);
    end_wait(w, t, use);
}

/* ---- looking --------------------------------------------------------------------- */

/* Refresh early with a probability that grows towards the end and with the work, so
 * that of many one does it: Vattani, Chierichetti, Lowenstein, "Optimal probabilistic
 * cache stampede prevention", VLDB 8 (2015) 886. */
static bool is_early(const struct world *w, const struct task *t,
                     const struct cache_use *use, const struct store_entry *e)
{
    if (!(use->early_refresh > 0) || e->expires == SIM_NEVER)
        return false;
    struct draw draw = draw_at(use->early_key, t->entity, w->replication, t->visit);
    double ahead = use->early_refresh * (double)e->cost * draw_exponential(&draw);
    return (double)w->now + ahead >= (double)e->expires;
}

/* Make the entry in the background of this task. */
static void refresh(struct world *w, uint32_t task, const struct cache_use *use,
                    const struct lookup *l)
{
    uint32_t child = task_branch(w, task, use->refresh);
    struct lookup *own = lookup_of(w, child, use);
    *own = *l;
    own->flight = take_off(w, l->store, use->set, l->key);
    task_ready(w, child);
}

static bool go_hit(struct world *w, uint32_t task, const struct instr *i,
                   struct store *store, struct store_entry *e)
{
    const struct cache_use *use = use_of(w, i);
    store_touch(store, e, w->now);
    lookup_of(w, task, use)->store = NONE;
    counts_of(w, &w->m->cache[use->cache])->hits++;
    w->task[task].pc = i->a;
    return true;
}

bool cache_lookup(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    const struct cache_use *use = use_of(w, i);
    struct cache_counts *counts = counts_of(w, &w->m->cache[use->cache]);
    struct lookup *l = lookup_of(w, task, use);
    *l = (struct lookup){.store = store_of(w, t, use),
                         .key = key_of(w, use, entity_of(t, use)),
                         .flight = NONE,
                         .began = w->now};
    struct store *store = &w->caches.store[l->store];
    struct store_entry *e = store_find(store, use->set, l->key);
    const uint32_t *flying = flying_at(w, l->store, use->set, l->key);
    bool made = flying && *flying; /* somebody is at it */
    counts->lookups++;
    if (e && w->now < e->expires) {
        if (made || !is_early(w, t, use, e))
            return go_hit(w, task, i, store, e);
        counts->early++;
    } else if (e && use->refresh != NONE && w->now - use->stale < e->expires) {
        counts->stale++;
        if (!made)
            refresh(w, task, use, l);
        return go_hit(w, task, i, store, e);
    } else if (e && !made && store_is_dead(store, e, w->now)) {
        store_drop(store, e);
        counts->expired++;
    }
    if (use->single_flight && made) {
        counts->joined++;
        wait_for(w, task, *flying - 1, use);
        return false;
    }
    if (use->single_flight)
        l->flight = take_off(w, l->store, use->set, l->key);
    t->pc++;
    return true;
}

void cache_bypass(struct world *w, uint32_t task, const struct instr *i)
{
    *lookup_of(w, task, use_of(w, i)) = (struct lookup){.store = NONE, .flight = NONE};
    w->task[task].pc++;
}

void cache_keep(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    t->pc = lookup_of(w, task, use_of(w, i))->store == NONE ? i->a : t->pc + 1;
}

/* ---- filling --------------------------------------------------------------------- */

static sim_time end_of(const struct world *w, const struct task *t,
                       const struct cache_use *use)
{
    if (!use->ttl)
        return SIM_NEVER;
    struct draw draw = draw_at(use->ttl_key, t->entity, w->replication, t->visit);
    return w->now + dist_duration(use->ttl, &draw);
}

bool cache_fill(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    const struct cache_use *use = use_of(w, i);
    const struct cache *cache = &w->m->cache[use->cache];
    struct lookup *l = lookup_of(w, task, use);
    struct store *store = &w->caches.store[l->store];
    struct store_entry entry = {
        .set = use->set,
        .key = l->key,
        .expires = end_of(w, t, use),
        .size = (uint32_t)size_of(w, cache, use->set, l->key),
        .cost = (float)(w->now - l->began)};
    struct cache_counts *counts = counts_of(w, cache);
    uint64_t evicted = store->evicted, expired = store->expired;
    bool kept = store_put(store, &entry, w->now);
    counts->evicted += store->evicted - evicted;
    counts->expired += store->expired - expired;
    if (!kept && cache->refuses) {
        counts->full++;
        task_fail(w, task, (enum status)i->status, i->cause);
        return false;
    }
    if (l->flight != NONE)
        land(w, l->flight);
    *l = (struct lookup){.store = NONE, .flight = NONE};
    t->pc++;
    return true;
}

void cache_drop(struct world *w, uint32_t task, const struct instr *i)
{
    struct lookup *l = lookup_of(w, task, use_of(w, i));
    if (l->store != NONE && l->flight != NONE)
        hand_over(w, l->flight);
    *l = (struct lookup){.store = NONE, .flight = NONE};
    w->task[task].pc++;
}

/* ---- the start ------------------------------------------------------------------- */

/* A store that has long been in use holds what was asked for last. Of a key asked for
 * at rate l the last time is an exponential of mean 1/l ago; with an end t after the
 * fill it is valid with probability l t / (1 + l t), the fill then being uniformly up
 * to t ago. So the past need not be simulated: draw each key's own, keep the latest
 * that fit. */
struct start {
    struct world *w;
    const struct cache *cache;
    struct store *store;
    uint32_t instance;
    uint64_t key;    /* of the draws */
    sim_time before; /* older ones are left out */
    bool omitted;    /* some were */
};

static bool was_asked(struct start *s, uint32_t set, uint32_t key,
                      struct store_entry *e)
{
    double rate = che_rate(&s->cache->set[set], key) * 1e-9; /* per ns */
    const struct dist *ttl = s->cache->ttl[set];
    struct draw draw = draw_at(s->key, key, s->w->replication, set);
    if (!(rate > 0))
        return false;
    double age = draw_exponential(&draw) / rate;
    *e = (struct store_entry){.set = set,
                              .key = key,
                              .expires = SIM_NEVER,
                              .cost = (float)s->cache->cost[set]};
    if (ttl) {
        double life = dist_sample(ttl, &draw), load = rate * life;
        double filled = life * draw_uniform(&draw);
        if (draw_uniform(&draw) * (1 + load) >= load)
            return false;
        age = age < filled ? age : filled;
        e->expires = (sim_time)(life - filled) + 1;
    }
    if (age >= (double)s->before) {
        s->omitted = true;
        return false;
    }
    e->used = -(sim_time)age;
    e->size = (uint32_t)size_of(s->w, s->cache, set, key);
    return true;
}

static bool lies_here(const struct start *s, uint32_t set, uint32_t key)
{
    uint32_t shards = s->w->m->service[s->cache->service].instances;
    return !s->cache->sharded || shards == 1 ||
           shard_of(set, key, shards) == s->instance;
}

static int latest_first(const void *a, const void *b)
{
    const struct store_entry *x = a, *y = b;
    if (x->used != y->used)
        return x->used < y->used ? 1 : -1;
    return x->set != y->set ? (x->set > y->set) - (x->set < y->set)
                            : (x->key > y->key) - (x->key < y->key);
}

/* Everything asked for less than `before` ago. */
static uint32_t recall(struct start *s, struct store_entry *found, uint32_t room)
{
    const struct store_limits *limits = &s->cache->limits;
    uint32_t count = 0;
    s->omitted = false;
    for (uint32_t set = 0; set < limits->sets; set++)
        for (uint32_t key = 0; key < limits->set[set].keys; key++)
            if (lies_here(s, set, key) && count < room &&
                was_asked(s, set, key, &found[count]))
                count++;
    return count;
}

static bool fits_all(const struct start *s, const struct store_entry *found,
                     uint32_t count)
{
    int64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        bytes += found[i].size;
    return (int64_t)count <= s->cache->limits.items && bytes <= s->cache->limits.bytes;
}

/* As many of the latest as fit, the oldest of them first. */
static void put_latest(struct start *s, struct store_entry *found, uint32_t count)
{
    uint32_t fit = 0;
    int64_t bytes = 0;
    qsort(found, count, sizeof *found, latest_first);
    for (; fit < count && fit < s->cache->limits.items; fit++) {
        bytes += found[fit].size;
        if (bytes > s->cache->limits.bytes)
            break;
    }
    while (fit-- > 0)
        store_put(s->store, &found[fit], found[fit].used);
}

/* A little further back than entries last is enough, and saves memory. */
static const double further_back = 1.2;

static void start_steady(struct start *s)
{
    const struct store_limits *limits = &s->cache->limits;
    uint64_t keys = 0;
    for (uint32_t set = 0; set < limits->sets; set++)
        keys += limits->set[set].keys;
    struct store_entry *found = arena_reserve(s->w->arena, keys * sizeof *found);
    arena_commit(s->w->arena, found, keys * sizeof *found);
    double back = s->cache->time * further_back * 1e9;
    uint32_t count;
    for (;; back *= 2) {
        s->before = back < (double)SIM_TIME_MAX / 2 ? (sim_time)back : SIM_TIME_MAX / 2;
        count = recall(s, found, (uint32_t)keys);
        if (!s->omitted || !fits_all(s, found, count) ||
            s->before == SIM_TIME_MAX / 2)
            break;
    }
    put_latest(s, found, count);
}

static void open_stores(struct world *w, const struct cache *cache)
{
    uint32_t instances = w->m->service[cache->service].instances;
    for (uint32_t i = 0; i < instances; i++) {
        uint32_t number = cache->first + i, sets = cache->limits.sets;
        struct store *store = &w->caches.store[number];
        store_init(store, &cache->limits, rng_mix(cache->evict_key, i), w->replication,
                   w->arena);
        w->caches.flying[number] = arena_many(w->arena, sets + 1, uint32_t *);
        for (uint32_t set = 0; set < sets; set++) {
            size_t bytes = cache->limits.set[set].keys * sizeof(uint32_t);
            if (!cache->flights[set])
                continue;
            w->caches.flying[number][set] = arena_reserve(w->arena, bytes);
            arena_commit(w->arena, w->caches.flying[number][set], bytes);
        }
        struct start start = {.w = w,
                              .cache = cache,
                              .store = store,
                              .instance = i,
                              .key = rng_mix(cache->start_key, i)};
        if (!cache->cold_start && cache->flush_at > 0)
            start_steady(&start);
    }
}

void cache_open(struct world *w)
{
    const struct model *m = w->m;
    struct caches *c = &w->caches;
    c->store = arena_many(w->arena, m->stores, struct store);
    c->flushed = arena_many(w->arena, m->stores, bool);
    c->flying = arena_many(w->arena, m->stores, uint32_t **);
    c->lookup =
        arena_reserve(w->arena, (size_t)MOST_TASKS * MAX_LOOKUPS * sizeof *c->lookup);
    c->flight = arena_reserve(w->arena, MOST_TASKS * sizeof *c->flight);
    c->flight_free = NONE;
    for (uint32_t i = 0; i < m->caches; i++)
        if (m->cache[i].followed)
            open_stores(w, &m->cache[i]);
}

void cache_grow(struct world *w, uint32_t tasks)
{
    struct caches *c = &w->caches;
    arena_commit(w->arena, c->lookup, (size_t)tasks * MAX_LOOKUPS * sizeof *c->lookup);
}
