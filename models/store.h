/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store -- what lies in one cache: entries by set and key, with an age, a size and an
 * end, and who has to go when there is no more room.
 *
 * Entries lie dense in one array, so that a sample is a draw of an index; a table per
 * set leads from a key to its entry. A key costs 4 bytes and an entry 32.
 *
 * Expired entries stay in memory, as in Redis, until they are looked for, evicted or
 * found by the sweep that goes with every write: STORE_SWEEP entries at a time, again
 * for as long as more than a tenth of them have expired.
 *
 * Ownership: all memory from the arena given to store_init.
 * Draws:     eviction n of a store is entity n of its key.
 */
#ifndef MODELS_STORE_H
#define MODELS_STORE_H

#include "sim/arena.h"
#include "sim/rng.h"

enum eviction {
    EVICT_NEVER,           /* what does not fit is refused */
    EVICT_LRU,             /* the least recently used, exactly */
    EVICT_SAMPLED_LRU,     /* the same of some samples, as Redis does */
    EVICT_RANDOM,          /* any */
    EVICT_VOLATILE_LRU,    /* sampled, of those that expire; none: refused */
    EVICT_VOLATILE_RANDOM, /* likewise */
    EVICT_VOLATILE_TTL,    /* likewise, the one that expires first */
};

enum {
    STORE_POOL = 16,  /* EVPOOL_SIZE of Redis' evict.c */
    STORE_SWEEP = 20, /* ACTIVE_EXPIRE_CYCLE_KEYS_PER_LOOP of its expire.c */
};

/* Keys of one purpose: pages, sessions, counters. */
struct store_set {
    uint64_t keys;  /* 0 .. keys - 1 */
    sim_time stale; /* an entry is of use for so long after its end */
};

struct store_limits {
    enum eviction eviction;
    int64_t items, bytes; /* INT64_MAX: no limit */
    int samples;
    const struct store_set *set;
    uint32_t sets;
};

struct store_entry {
    uint32_t set, key;
    sim_time expires; /* SIM_NEVER: by itself it does not */
    union {
        sim_time used; /* sampled policies: the last time */
        struct {
            uint32_t older, newer; /* EVICT_LRU: neighbours in the order of use */
        };
    };
    uint32_t size; /* bytes */
    float cost;    /* ns that making it took */
};

struct store_candidate {
    sim_time score; /* the lowest goes first */
    uint32_t set, key;
};

struct store {
    const struct store_limits *limits;
    struct store_entry *entry;
    uint32_t **index; /* [set][key]: entry + 1, 0: none */
    uint32_t count, room;
    uint32_t oldest, newest; /* EVICT_LRU */
    uint32_t expiring;       /* entries with an end */
    uint32_t hand;           /* of the sweep */
    int64_t bytes;
    struct store_candidate pool[STORE_POOL]; /* the best candidate first */
    int candidates;
    uint64_t draw_key, draws;
    uint32_t replication;
    uint64_t evicted, expired; /* so far */
    struct arena *arena;
};

/* An empty store; `limits` must outlive it. */
void store_init(struct store *s, const struct store_limits *limits, uint64_t draw_key,
                uint32_t replication, struct arena *arena);

/* The entry of a key, expired or not; NULL: none. */
static inline struct store_entry *store_find(const struct store *s, uint32_t set,
                                             uint32_t key)
{
    uint32_t number = s->index[set][key];
    return number ? &s->entry[number - 1] : NULL;
}

/* It is used now. */
void store_touch(struct store *s, struct store_entry *entry, sim_time now);

/* Past its end, and past being served stale. */
bool store_is_dead(const struct store *s, const struct store_entry *e, sim_time now);

void store_drop(struct store *s, struct store_entry *entry);
void store_clear(struct store *s);

/* Would this be too much without eviction? */
bool store_is_full(const struct store *s, int64_t size);

/* Write an entry, in place of the key's present one; `value` says all but the order of
 * use. What has to go for it goes. False: refused, and the key has no entry. */
bool store_put(struct store *s, const struct store_entry *value, sim_time now);

#endif
