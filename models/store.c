/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/store.h"

#define NOBODY UINT32_MAX

/* ---- entries --------------------------------------------------------------------- */

static bool is_listed(const struct store *s)
{
    return s->limits->eviction == EVICT_LRU;
}

static bool wants_expiring(const struct store *s)
{
    return s->limits->eviction >= EVICT_VOLATILE_LRU;
}

void store_init(struct store *s, const struct store_limits *limits, uint64_t draw_key,
                uint32_t replication, struct arena *arena)
{
    uint64_t keys = 0;
    *s = (struct store){.limits = limits,
                        .oldest = NOBODY,
                        .newest = NOBODY,
                        .draw_key = draw_key,
                        .replication = replication,
                        .arena = arena};
    s->index = arena_many(arena, limits->sets + 1, uint32_t *);
    for (uint32_t i = 0; i < limits->sets; i++) {
        size_t bytes = limits->set[i].keys * sizeof **s->index;
        s->index[i] = arena_reserve(arena, bytes); /* pages nobody touches are free */
        arena_commit(arena, s->index[i], bytes);
        keys += limits->set[i].keys;
    }
    if (limits->items < (int64_t)keys)
        keys = (uint64_t)limits->items;
    s->entry = arena_reserve(arena, (keys + 1) * sizeof *s->entry);
}

static void unlink_entry(struct store *s, const struct store_entry *e)
{
    if (e->older == NOBODY)
        s->oldest = e->newer;
    else
        s->entry[e->older].newer = e->newer;
    if (e->newer == NOBODY)
        s->newest = e->older;
    else
        s->entry[e->newer].older = e->older;
}

static void link_newest(struct store *s, uint32_t number)
{
    struct store_entry *e = &s->entry[number];
    e->older = s->newest;
    e->newer = NOBODY;
    if (s->newest == NOBODY)
        s->oldest = number;
    else
        s->entry[s->newest].newer = number;
    s->newest = number;
}

void store_touch(struct store *s, struct store_entry *entry, sim_time now)
{
    uint32_t number = (uint32_t)(entry - s->entry);
    if (!is_listed(s)) {
        entry->used = now;
    } else if (s->newest != number) {
        unlink_entry(s, entry);
        link_newest(s, number);
    }
}

/* The last entry moves to the place of one that goes. */
static void move_last(struct store *s, uint32_t number)
{
    struct store_entry *e = &s->entry[number];
    uint32_t last = --s->count;
    if (number == last)
        return;
    *e = s->entry[last];
    s->index[e->set][e->key] = number + 1;
    if (!is_listed(s))
        return;
    *(e->older == NOBODY ? &s->oldest : &s->entry[e->older].newer) = number;
    *(e->newer == NOBODY ? &s->newest : &s->entry[e->newer].older) = number;
}

void store_drop(struct store *s, struct store_entry *entry)
{
    if (is_listed(s))
        unlink_entry(s, entry);
    s->index[entry->set][entry->key] = 0;
    s->bytes -= entry->size;
    s->expiring -= entry->expires != SIM_NEVER;
    move_last(s, (uint32_t)(entry - s->entry));
}

void store_clear(struct store *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        s->index[s->entry[i].set][s->entry[i].key] = 0;
    s->count = s->expiring = s->hand = 0;
    s->bytes = 0;
    s->oldest = s->newest = NOBODY;
    s->candidates = 0;
}

/* ---- expiry ---------------------------------------------------------------------- */

bool store_is_dead(const struct store *s, const struct store_entry *e, sim_time now)
{
    if (e->expires == SIM_NEVER)
        return false;
    return now - s->limits->set[e->set].stale >= e->expires;
}

/* Look at some entries; how many of them had expired. */
static int sweep_some(struct store *s, sim_time now)
{
    int found = 0;
    for (int i = 0; i < STORE_SWEEP && s->count > 0; i++) {
        if (s->hand >= s->count)
            s->hand = 0;
        if (store_is_dead(s, &s->entry[s->hand], now)) {
            store_drop(s, &s->entry[s->hand]);
            s->expired++;
            found++;
        } else {
            s->hand++;
        }
    }
    return found;
}

static void sweep(struct store *s, sim_time now)
{
    uint32_t rounds = s->count / STORE_SWEEP + 1;
    if (s->expiring == 0)
        return;
    while (sweep_some(s, now) > STORE_SWEEP / 10 && s->expiring > 0 && rounds > 0)
        rounds--;
}

/* ---- eviction -------------------------------------------------------------------- */

static bool is_candidate(const struct store *s, const struct store_entry *e)
{
    return !wants_expiring(s) || e->expires != SIM_NEVER;
}

/* An entry at random, or the next one that may go. The caller knows that there is
 * one. */
static struct store_entry *any_entry(struct store *s, struct draw *draw)
{
    uint32_t number = (uint32_t)draw_below(draw, s->count);
    while (!is_candidate(s, &s->entry[number]))
        number = number + 1 == s->count ? 0 : number + 1;
    return &s->entry[number];
}

static sim_time score_of(const struct store *s, const struct store_entry *e)
{
    return s->limits->eviction == EVICT_VOLATILE_TTL ? e->expires : e->used;
}

/* Into the pool by its score, if it is good enough. */
static void suggest(struct store *s, const struct store_entry *e)
{
    sim_time score = score_of(s, e);
    int at = s->candidates;
    if (at == STORE_POOL && s->pool[at - 1].score <= score)
        return;
    if (at == STORE_POOL)
        at--;
    else
        s->candidates++;
    for (; at > 0 && s->pool[at - 1].score > score; at--)
        s->pool[at] = s->pool[at - 1];
    s->pool[at] = (struct store_candidate){score, e->set, e->key};
}

/* The best candidate that is still there. Redis, too, goes by the score that it had
 * when it was suggested. */
static struct store_entry *best_candidate(struct store *s)
{
    while (s->candidates > 0) {
        struct store_candidate best = s->pool[0];
        s->candidates--;
        for (int i = 0; i < s->candidates; i++)
            s->pool[i] = s->pool[i + 1];
        struct store_entry *e = store_find(s, best.set, best.key);
        if (e && is_candidate(s, e))
            return e;
    }
    return NULL;
}

static struct store_entry *sampled(struct store *s, struct draw *draw)
{
    struct store_entry *e = NULL;
    while (!e) {
        for (int i = 0; i < s->limits->samples; i++)
            suggest(s, any_entry(s, draw));
        e = best_candidate(s);
    }
    return e;
}

/* Who has to go; NULL: nobody may. */
static struct store_entry *victim(struct store *s)
{
    enum eviction eviction = s->limits->eviction;
    if (s->count == 0 || eviction == EVICT_NEVER ||
        (wants_expiring(s) && s->expiring == 0))
        return NULL;
    if (eviction == EVICT_LRU)
        return &s->entry[s->oldest];
    struct draw draw = draw_at(s->draw_key, s->draws++, s->replication, 0);
    if (eviction == EVICT_RANDOM || eviction == EVICT_VOLATILE_RANDOM)
        return any_entry(s, &draw);
    return sampled(s, &draw);
}

bool store_is_full(const struct store *s, int64_t size)
{
    return (int64_t)s->count >= s->limits->items || s->bytes > s->limits->bytes - size;
}

/* Make room for one more entry of this size. */
static bool make_room(struct store *s, int64_t size)
{
    if (size > s->limits->bytes || s->limits->items == 0)
        return false;
    while (store_is_full(s, size)) {
        struct store_entry *e = victim(s);
        if (!e)
            return false;
        store_drop(s, e);
        s->evicted++;
    }
    return true;
}

static void grow(struct store *s)
{
    s->room = s->room < 1024 ? 1024 : s->room + s->room / 4;
    if ((int64_t)s->room > s->limits->items)
        s->room = (uint32_t)s->limits->items;
    uint64_t keys = 0;
    for (uint32_t i = 0; i < s->limits->sets; i++)
        keys += s->limits->set[i].keys;
    if (s->room > keys)
        s->room = (uint32_t)keys;
    arena_commit(s->arena, s->entry, s->room * sizeof *s->entry);
}

bool store_put(struct store *s, const struct store_entry *value, sim_time now)
{
    struct store_entry *old = store_find(s, value->set, value->key);
    if (old)
        store_drop(s, old);
    sweep(s, now);
    if (!make_room(s, value->size))
        return false;
    if (s->count == s->room)
        grow(s);
    uint32_t number = s->count++;
    s->entry[number] = *value;
    s->index[value->set][value->key] = number + 1;
    s->bytes += value->size;
    s->expiring += value->expires != SIM_NEVER;
    if (is_listed(s))
        link_newest(s, number);
    else
        s->entry[number].used = now;
    return true;
}
