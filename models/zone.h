/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * zone -- what a limit remembers of each key (an address, a user), the least recently
 * used first. What the numbers of a state mean is the limit's own affair.
 *
 * Ownership: everything grows in the arena given; a zone of all zeroes must be opened.
 */
#ifndef MODELS_ZONE_H
#define MODELS_ZONE_H

#include "sim/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define ZONE_NONE UINT32_MAX

struct zone_state {
    uint64_t key;
    uint32_t chain;        /* next of the same bucket, or of the free list */
    uint32_t older, newer; /* by use */
    int64_t excess, last;
    int64_t before;
    int64_t *log;          /* stays with the place when the key is dropped */
};

struct zone {
    struct zone_state *state;
    uint32_t used, room, free;
    uint32_t *bucket;
    uint32_t buckets; /* a power of two */
    uint32_t oldest, newest;
};

void zone_open(struct zone *z);

/* The key's state; ZONE_NONE when it is unknown. */
uint32_t zone_find(const struct zone *z, uint64_t key);

/* A new state, all zero but for its log; the newest. */
uint32_t zone_add(struct zone *z, uint64_t key, struct arena *arena);

/* It has been used: now it is the newest. */
void zone_use(struct zone *z, uint32_t state);
void zone_drop(struct zone *z, uint32_t state);
bool zone_is_full(const struct zone *z, uint32_t most);

#endif
