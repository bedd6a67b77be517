/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/zone.h"

#include "sim/rng.h"

void zone_open(struct zone *z)
{
    z->free = z->oldest = z->newest = ZONE_NONE;
}

static uint32_t *bucket_of(const struct zone *z, uint64_t key)
{
    return &z->bucket[rng_mix(key, 2) & (z->buckets - 1)];
}

uint32_t zone_find(const struct zone *z, uint64_t key)
{
    if (z->buckets == 0)
        return ZONE_NONE;
    uint32_t s = *bucket_of(z, key);
    while (s != ZONE_NONE && z->state[s].key != key)
        s = z->state[s].chain;
    return s;
}

static void unlink_use(struct zone *z, uint32_t s)
{
    const struct zone_state *x = &z->state[s];
    *(x->older == ZONE_NONE ? &z->oldest : &z->state[x->older].newer) = x->newer;
    *(x->newer == ZONE_NONE ? &z->newest : &z->state[x->newer].older) = x->older;
}

static void link_newest(struct zone *z, uint32_t s)
{
    z->state[s].older = z->newest;
    z->state[s].newer = ZONE_NONE;
    *(z->newest == ZONE_NONE ? &z->oldest : &z->state[z->newest].newer) = s;
    z->newest = s;
}

void zone_drop(struct zone *z, uint32_t s)
{
    uint32_t *at = bucket_of(z, z->state[s].key);
    while (*at != s)
        at = &z->state[*at].chain;
    *at = z->state[s].chain;
    unlink_use(z, s);
    z->state[s].chain = z->free;
    z->free = s;
}

/* Twice the room, and buckets to match. */
static void grow(struct zone *z, struct arena *arena)
{
    enum { LEAST = 16 };
    uint32_t room = z->room ? 2 * z->room : LEAST;
    struct zone_state *state = arena_many(arena, room, struct zone_state);
    for (uint32_t s = 0; s < z->used; s++)
        state[s] = z->state[s];
    z->state = state;
    z->room = z->buckets = room;
    z->bucket = arena_many(arena, room, uint32_t);
    for (uint32_t b = 0; b < room; b++)
        z->bucket[b] = ZONE_NONE;
    for (uint32_t s = z->oldest; s != ZONE_NONE; s = state[s].newer) {
        uint32_t *at = bucket_of(z, state[s].key);
        state[s].chain = *at;
        *at = s;
    }
}

uint32_t zone_add(struct zone *z, uint64_t key, struct arena *arena)
{
    uint32_t s = z->free;
    if (s != ZONE_NONE)
        z->free = z->state[s].chain;
    else {
        if (z->used == z->room)
            grow(z, arena);
        s = z->used++;
    }
    uint32_t *at = bucket_of(z, key);
    z->state[s] = (struct zone_state){.key = key, .chain = *at, .log = z->state[s].log};
    *at = s;
    link_newest(z, s);
    return s;
}

bool zone_is_full(const struct zone *z, uint32_t most)
{
    return z->free == ZONE_NONE && z->used >= most;
}

void zone_use(struct zone *z, uint32_t s)
{
    unlink_use(z, s);
    link_newest(z, s);
}
