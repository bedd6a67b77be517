/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kernel -- event list, generator, samplers and histogram of the bare loops, inline.
 *
 * Event list: 16-byte events (time as the bits of a non-negative double, sequence,
 * slot) compared as one 128-bit number, in a 4-ary heap whose groups of children fill a
 * cache line each. Popping leaves a hole at the root that the next push fills with a
 * single sift down. Places past the end hold the largest key, so that a group is always
 * full.
 *
 * Generator: xoshiro256++ (Blackman and Vigna 2021), seeded by SplitMix64. Exponential
 * and normal variates by ziggurat with 256 layers (Marsaglia and Tsang 2000).
 */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include "sim/check.h"
#include "sim/sim_time.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* `count` zeroed elements on cache lines of their own; free with free(). */
static inline void *kernel_array(size_t count, size_t size)
{
    size_t bytes = (count * size + 63) / 64 * 64;
    void *array = aligned_alloc(64, bytes);
    if (!array)
        die("no memory for %zu bytes", bytes);
    return memset(array, 0, bytes);
}

/* ---- event list ------------------------------------------------------------------ */

enum { HEAP_ROOT = 3, SLOT_BITS = 24 }; /* children of i: 4 i - 8 .. 4 i - 5 */

struct heap {
    uint128 *node;
    uint32_t end, room;
    bool hole; /* at the root */
    uint64_t sequence;
};

static inline struct heap heap_new(uint32_t most)
{
    struct heap h = {.end = HEAP_ROOT, .room = HEAP_ROOT + most};
    uint32_t full = (h.room + 7) / 4 * 4 + 4;
    h.node = kernel_array(full, sizeof *h.node);
    for (uint32_t i = 0; i < full; i++)
        h.node[i] = ~(uint128)0;
    return h;
}

static inline void heap_sink(struct heap *h, uint128 key)
{
    uint128 *node = h->node;
    uint32_t i = HEAP_ROOT;
    for (;;) {
        uint32_t child = 4 * i - 8;
        if (child >= h->end)
            break;
        /* the least of four without a branch */
        uint32_t a = child + (node[child + 1] < node[child]);
        uint32_t b = child + 2 + (node[child + 3] < node[child + 2]);
        uint32_t least = a ^ ((a ^ b) & -(uint32_t)(node[b] < node[a]));
        if (key < node[least])
            break;
        node[i] = node[least];
        i = least;
    }
    node[i] = key;
}

static inline void heap_rise(struct heap *h, uint128 key)
{
    uint128 *node = h->node;
    uint32_t i = h->end++;
    check(h->end <= h->room, "more than %u events", h->room - HEAP_ROOT);
    while (i > HEAP_ROOT && key < node[i / 4 + 2]) {
        node[i] = node[i / 4 + 2];
        i = i / 4 + 2;
    }
    node[i] = key;
}

static inline void heap_push(struct heap *h, double time, uint32_t slot)
{
    uint64_t bits;
    memcpy(&bits, &time, sizeof bits);
    uint128 key = (uint128)bits << 64 | h->sequence++ << SLOT_BITS | slot;
    if (h->hole) {
        h->hole = false;
        heap_sink(h, key);
    } else {
        heap_rise(h, key);
    }
}

static inline void heap_close_hole(struct heap *h)
{
    uint128 last = h->node[--h->end];
    h->node[h->end] = ~(uint128)0;
    if (h->end > HEAP_ROOT)
        heap_sink(h, last);
    h->hole = false;
}

/* The earliest event's slot; its time goes to *now. The list must not be empty. */
static inline uint32_t heap_pop(struct heap *h, double *now)
{
    if (h->hole)
        heap_close_hole(h);
    uint128 key = h->node[HEAP_ROOT];
    uint64_t bits = (uint64_t)(key >> 64);
    memcpy(now, &bits, sizeof *now);
    h->hole = true;
    return (uint32_t)key & ((1u << SLOT_BITS) - 1);
}

/* ---- generator and samplers ------------------------------------------------------ */

enum { LAYERS = 256 };

struct chance {
    uint64_t s[4];
    /* ziggurats: a word's top 53 bits times width[i] is the variate, for sure where
     * they are below sure[i]; height[i] is the density at the layer's edge */
    uint64_t exp_sure[LAYERS], normal_sure[LAYERS];
    double exp_width[LAYERS], exp_height[LAYERS];
    double normal_width[LAYERS], normal_height[LAYERS];
};

static inline uint64_t rotated(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static inline uint64_t chance_word(struct chance *c)
{
    uint64_t *s = c->s;
    uint64_t result = rotated(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotated(s[3], 45);
    return result;
}

static inline double chance_uniform(struct chance *c) /* in (0, 1) */
{
    return ((double)(chance_word(c) >> 12) + 0.5) * 0x1p-52;
}

double chance_exponential_edge(struct chance *c, int layer, double x);
double chance_normal_edge(struct chance *c, int layer, double x);

static inline double chance_exponential(struct chance *c)
{
    uint64_t word = chance_word(c);
    int layer = (int)(word & (LAYERS - 1));
    double x = (double)(word >> 11) * c->exp_width[layer];
    if (word >> 11 < c->exp_sure[layer])
        return x;
    return chance_exponential_edge(c, layer, x);
}

static inline double chance_normal(struct chance *c)
{
    uint64_t word = chance_word(c);
    int layer = (int)(word & (LAYERS - 1));
    double x = (double)(word >> 11) * c->normal_width[layer];
    if (word >> 11 >= c->normal_sure[layer])
        x = chance_normal_edge(c, layer, x);
    return word & LAYERS ? -x : x; /* a bit that is neither layer nor size */
}

void chance_init(struct chance *c, uint64_t seed);

struct lognormal {
    double mu, sigma;
};

static inline struct lognormal lognormal_of(double mean, double cv)
{
    double variance = log(1 + cv * cv);
    return (struct lognormal){log(mean) - variance / 2, sqrt(variance)};
}

static inline double chance_lognormal(struct chance *c, struct lognormal l)
{
    return exp(l.mu + l.sigma * chance_normal(c));
}

/* ---- latencies ------------------------------------------------------------------- */

enum { CELLS = 1 << 13, MANTISSA = 7 }; /* 128 cells to a doubling: 0.8 % wide */

struct latencies {
    uint64_t cell[CELLS];
    double sum;
    uint64_t count;
};

static const uint64_t cell_zero = UINT64_C(0x3e00000000000000); /* 2^-31 s */

static inline void latencies_add(struct latencies *l, double seconds)
{
    uint64_t bits;
    memcpy(&bits, &seconds, sizeof bits);
    uint64_t cell = bits > cell_zero ? (bits - cell_zero) >> (52 - MANTISSA) : 0;
    l->cell[cell < CELLS ? cell : CELLS - 1]++;
    l->sum += seconds;
    l->count++;
}

static inline double latencies_quantile(const struct latencies *l, double p)
{
    uint64_t below = 0, cell = 0;
    while (cell < CELLS - 1 &&
           (double)(below + l->cell[cell]) < p * (double)l->count)
        below += l->cell[cell++];
    uint64_t bits = cell_zero + (2 * cell + 1) * (UINT64_C(1) << (51 - MANTISSA));
    double middle;
    memcpy(&middle, &bits, sizeof middle);
    return middle;
}

#endif
