/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rng -- random words as a pure function of an address.
 *
 * The address is (seed, purpose, entity, replication, visit, word): nothing depends on
 * who draws or when. Request 812 041 brings the same work to every architecture it is
 * compared on, and adding a part leaves the draws of all others untouched.
 *
 * Generator: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as
 * easy as 1, 2, 3", SC'11), counter-based, no state.
 *     key     = rng_key(seed, purpose), a 64-bit hash
 *     counter = { entity low, entity high, replication, visit << 16 | block }
 * One block gives four 32-bit words, taken as two of 64 bits, the first one being
 * word 0 | word 1 << 32. Changing anything here changes every result: bump
 * RNG_STREAM_VERSION.
 *
 * Speed:  the simulator draws about once per event, so the way to a first exponential
 *         or normal is inline and everything rare is not.
 * Errors: more visits or blocks than their 16 bits hold is an error of ours (check).
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include "sim/check.h"
#include "sim/sim_time.h"

#define RNG_STREAM_VERSION 1
#define RNG_NAME "philox4x32-10"

enum { RNG_VISITS = 1 << 16, RNG_BLOCKS = 1 << 16, RNG_LAYERS = 256 };

struct rng_block {
    uint32_t word[4];
};

static inline uint64_t rng_block_low(struct rng_block b)
{
    return b.word[0] | (uint64_t)b.word[1] << 32;
}

static inline uint64_t rng_block_high(struct rng_block b)
{
    return b.word[2] | (uint64_t)b.word[3] << 32;
}

static inline struct rng_block rng_philox(const uint32_t counter[4],
                                          const uint32_t key[2])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)c0 * UINT32_C(0xd2511f53);
        uint64_t p1 = (uint64_t)c2 * UINT32_C(0xcd9e8d57);
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += UINT32_C(0x9e3779b9); /* the golden ratio */
        k1 += UINT32_C(0xbb67ae85); /* the root of 3, less 1 */
    }
    return (struct rng_block){{c0, c1, c2, c3}};
}

/* The key of a purpose such as "web.page/1.cpu": SplitMix64-finalised FNV-1a over the
 * seed's eight bytes (lowest first), a zero byte and the text. */
uint64_t rng_key(uint64_t seed, const char *purpose);

/* A 64-bit mix of two words, for derived entities (a call made on a repeated visit). */
uint64_t rng_mix(uint64_t a, uint64_t b);

/* The draws of one entity for one purpose, taken word by word from its own blocks. */
struct draw {
    uint64_t key, entity;
    uint32_t replication;
    uint32_t block;    /* visit << 16 | next block */
    uint64_t spare;    /* the second word of the last block */
    uint32_t has_spare;
};

static inline struct draw draw_at(uint64_t key, uint64_t entity, uint32_t replication,
                                  uint32_t visit)
{
    check(visit < RNG_VISITS, "visit %u", visit);
    return (struct draw){.key = key, .entity = entity, .replication = replication,
                         .block = visit << 16};
}

/* The next 64 random bits. */
static inline uint64_t draw_word(struct draw *draw)
{
    if (draw->has_spare) {
        draw->has_spare = 0;
        return draw->spare;
    }
    const uint32_t counter[4] = {(uint32_t)draw->entity, (uint32_t)(draw->entity >> 32),
                                 draw->replication, draw->block};
    const uint32_t key[2] = {(uint32_t)draw->key, (uint32_t)(draw->key >> 32)};
    struct rng_block block = rng_philox(counter, key);
    draw->block++;
    check(draw->block % RNG_BLOCKS != 0, "%d blocks for one draw", RNG_BLOCKS);
    draw->spare = rng_block_high(block);
    draw->has_spare = 1;
    return rng_block_low(block);
}

/* Uniform on the open interval (0, 1): (top 52 bits + 1/2) 2^-52. */
static inline double draw_uniform(struct draw *draw)
{
    return ((double)(draw_word(draw) >> 12) + 0.5) * 0x1p-52;
}

/* Uniform integer in [0, n), n >= 1, by multiplication (Lemire 2019) with rejection. */
uint64_t draw_below(struct draw *draw, uint64_t n);

/*
 * Exponential and normal: ziggurats of 256 layers (Marsaglia and Tsang 2000). The low
 * eight bits of a word choose a layer, the high ones a position in it; a position below
 * `inside` lies under the density for certain.
 */
struct rng_layer {
    double width; /* of the layer, per unit of position */
    uint64_t inside;
};

extern const struct rng_layer rng_exponential_layers[RNG_LAYERS]; /* 53-bit positions */
extern const struct rng_layer rng_normal_layers[RNG_LAYERS]; /* sign and 52 bits */

/* When a word's position is not inside: 1 exponential in 45, 1 normal in 80. */
double draw_exponential_edge(struct draw *draw, uint64_t word) __attribute__((cold));
double draw_normal_edge(struct draw *draw, uint64_t word) __attribute__((cold));

/* Exponential with mean 1. */
static inline double draw_exponential(struct draw *draw)
{
    uint64_t word = draw_word(draw), position = word >> 11;
    const struct rng_layer *layer = &rng_exponential_layers[word % RNG_LAYERS];
    if (__builtin_expect(position < layer->inside, 1))
        return (double)(int64_t)position * layer->width;
    return draw_exponential_edge(draw, word);
}

/* Standard normal. */
static inline double draw_normal(struct draw *draw)
{
    uint64_t word = draw_word(draw);
    int64_t position = (int64_t)word >> 11;
    const struct rng_layer *layer = &rng_normal_layers[word % RNG_LAYERS];
    uint64_t distance = (uint64_t)(position < 0 ? -position : position);
    if (__builtin_expect(distance < layer->inside, 1))
        return (double)position * layer->width;
    return draw_normal_edge(draw, word);
}

#endif
