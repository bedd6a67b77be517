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
 *     counter = { pair low, pair high, replication, visit << 16 | odd << 15 | block }
 * Entities 2 n and 2 n + 1 are a pair, n its number: block 0, with odd = 0, gives each
 * of them its first word, which nearly always is all it needs. Further words come from
 * blocks 1, 2, … of its own, odd being 1 for the second of the pair. A block gives
 * four 32-bit words, taken as two of 64 bits, the first being word 0 | word 1 << 32.
 * Changing anything here changes every result: bump RNG_STREAM_VERSION.
 *
 * Speed:  the simulator draws about once per event, so the way to a first exponential
 *         or normal is inline and everything rare is not. A memo keeps the first words
 *         of eight entities in a row, which mostly come one after the other: four
 *         blocks, made together where the processor can.
 * Errors: more visits than 16 bits or blocks than 15 bits hold is an error of ours
 *         (check).
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include "sim/check.h"
#include "sim/inline.h"
#include "sim/sim_time.h"

#include <stdbool.h>

#define RNG_STREAM_VERSION 1
#define RNG_NAME "philox4x32-10"

enum { RNG_VISITS = 1 << 16, RNG_BLOCKS = 1 << 15, RNG_LAYERS = 256 };

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

/* Multipliers of a round, and what its keys grow by: golden ratio, root of 3. */
#define RNG_M0 UINT32_C(0xd2511f53)
#define RNG_M1 UINT32_C(0xcd9e8d57)
#define RNG_W0 UINT32_C(0x9e3779b9)
#define RNG_W1 UINT32_C(0xbb67ae85)

static inline struct rng_block rng_philox(const uint32_t counter[4],
                                          const uint32_t key[2])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)c0 * RNG_M0;
        uint64_t p1 = (uint64_t)c2 * RNG_M1;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += RNG_W0;
        k1 += RNG_W1;
    }
    return (struct rng_block){{c0, c1, c2, c3}};
}

/* The key of a purpose such as "web.page/1.cpu": SplitMix64-finalised FNV-1a over the
 * seed's eight bytes (lowest first), a zero byte and the text. */
uint64_t rng_key(uint64_t seed, const char *purpose);

/* A 64-bit mix of two words, for derived entities (a call made on a repeated visit). */
uint64_t rng_mix(uint64_t a, uint64_t b);

/* The draws of one entity for one purpose, taken word by word from its blocks. */
struct draw {
    uint64_t key, pair;
    uint32_t replication;
    uint32_t block; /* visit << 16 | odd << 15 | next block */
    uint64_t spare; /* a word that is drawn but not yet taken */
    bool has_spare;
};

static inline struct rng_block rng_block_at(uint64_t key, uint64_t pair,
                                            uint32_t replication, uint32_t block)
{
    const uint32_t counter[4] = {(uint32_t)pair, (uint32_t)(pair >> 32), replication,
                                 block};
    const uint32_t halves[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
    return rng_philox(counter, halves);
}

/* The draws of an entity whose first word is known. */
static inline struct draw draw_from(uint64_t key, uint64_t entity, uint32_t replication,
                                    uint32_t visit, uint64_t word)
{
    uint32_t odd = (uint32_t)entity & 1;
    return (struct draw){.key = key,
                         .pair = entity >> 1,
                         .replication = replication,
                         .block = visit << 16 | odd << 15 | 1,
                         .spare = word,
                         .has_spare = true};
}

/* Whose draws these are. */
static inline uint64_t draw_entity(const struct draw *draw)
{
    return draw->pair << 1 | (draw->block >> 15 & 1);
}

static inline struct draw draw_at(uint64_t key, uint64_t entity, uint32_t replication,
                                  uint32_t visit)
{
    check(visit < RNG_VISITS, "visit %u", visit);
    struct rng_block block = rng_block_at(key, entity >> 1, replication, visit << 16);
    uint64_t word = entity & 1 ? rng_block_high(block) : rng_block_low(block);
    return draw_from(key, entity, replication, visit, word);
}

/* The first words of entities 8 eight … 8 eight + 7, remembered. {0} remembers
 * nothing. */
struct draw_memo {
    _Alignas(64) uint64_t key;
    uint64_t eight;
    uint64_t word[8];
    uint32_t visits; /* visit + 1 */
};

OUT_OF_LINE void draw_memo_fill(struct draw_memo *memo, uint64_t key, uint64_t eight,
                                uint32_t replication, uint32_t visit);

/* The first word at an address, by way of a memo that is used with one replication
 * only. */
static inline uint64_t draw_first_word(struct draw_memo *memo, uint64_t key,
                                       uint64_t entity, uint32_t replication,
                                       uint32_t visit)
{
    uint64_t eight = entity >> 3;
    if (RARELY(memo->eight != eight || memo->key != key || memo->visits != visit + 1))
        draw_memo_fill(memo, key, eight, replication, visit);
    return memo->word[entity & 7];
}

/* Likewise, by way of a memo that is used with one key and visit 0 only, and begins
 * with DRAW_NO_EIGHT. */
#define DRAW_NO_EIGHT UINT64_MAX
static inline uint64_t draw_next_word(struct draw_memo *memo, uint64_t key,
                                      uint64_t entity, uint32_t replication)
{
    if (RARELY(memo->eight != entity >> 3))
        draw_memo_fill(memo, key, entity >> 3, replication, 0);
    return memo->word[entity & 7];
}

/* As draw_at, by way of a memo. */
static inline struct draw draw_recall(struct draw_memo *memo, uint64_t key,
                                      uint64_t entity, uint32_t replication,
                                      uint32_t visit)
{
    return draw_from(key, entity, replication, visit,
                     draw_first_word(memo, key, entity, replication, visit));
}

/* The next 64 random bits. */
static inline uint64_t draw_word(struct draw *draw)
{
    if (draw->has_spare) {
        draw->has_spare = false;
        return draw->spare;
    }
    struct rng_block block =
        rng_block_at(draw->key, draw->pair, draw->replication, draw->block++);
    check(draw->block % RNG_BLOCKS != 0, "%d blocks for one draw", RNG_BLOCKS);
    draw->spare = rng_block_high(block);
    draw->has_spare = true;
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
extern const struct rng_layer rng_normal_layers[RNG_LAYERS];      /* sign and 52 bits */

/* When a word's position is not inside: 1 exponential in 45, 1 normal in 80. */
double draw_exponential_edge(struct draw *draw, uint64_t word) __attribute__((cold));
double draw_normal_edge(struct draw *draw, uint64_t word) __attribute__((cold));

/* Exponential with mean 1 from one word; false when the word is not enough. */
static inline bool draw_exponential_inside(uint64_t word, double *x)
{
    uint64_t position = word >> 11;
    const struct rng_layer *layer = &rng_exponential_layers[word % RNG_LAYERS];
    *x = (double)(int64_t)position * layer->width;
    return !RARELY(position >= layer->inside);
}

/* Exponential with mean 1. */
static inline double draw_exponential(struct draw *draw)
{
    uint64_t word = draw_word(draw);
    double x;
    return draw_exponential_inside(word, &x) ? x : draw_exponential_edge(draw, word);
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
