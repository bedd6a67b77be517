/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rng -- random words as a pure function of an address.
 *
 * The address is (seed, purpose, entity, replication, visit, word): nothing depends on who
 * draws or when. Request 812 041 brings the same work to every architecture it is compared
 * on, and adding a part leaves the draws of all others untouched.
 *
 * Generator: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy
 * as 1, 2, 3", SC'11), counter-based, no state.
 *     key     = rng_key(seed, purpose), a 64-bit hash
 *     counter = { entity low, entity high, replication, visit << 16 | block }
 * One block gives four 32-bit words: two 64-bit words, the first being word 0 | word 1 << 32.
 * Changing anything here changes every result: bump RNG_STREAM_VERSION.
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <stdint.h>

#define RNG_STREAM_VERSION 1
#define RNG_NAME "philox4x32-10"

struct rng_block {
    uint32_t word[4];
};

struct rng_block rng_philox(const uint32_t counter[4], const uint32_t key[2]);

/* The key of a purpose such as "web.page/1.cpu": SplitMix64-finalised FNV-1a over the
 * seed's eight bytes, a zero byte and the text. */
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
    return (struct draw){.key = key, .entity = entity, .replication = replication,
                         .block = visit << 16};
}

/* The next 64 random bits. More than 65 536 blocks by one draw is an error of ours. */
uint64_t draw_word(struct draw *draw);

/* Uniform on the open interval (0, 1): (top 52 bits + 1/2) 2^-52. */
static inline double draw_uniform(struct draw *draw)
{
    return ((double)(draw_word(draw) >> 12) + 0.5) * 0x1p-52;
}

/* Uniform integer in [0, n), n >= 1, by multiplication (Lemire 2019) with rejection. */
uint64_t draw_below(struct draw *draw, uint64_t n);

double draw_exponential(struct draw *draw); /* mean 1, ziggurat with 256 layers */
double draw_normal(struct draw *draw);      /* standard normal, ziggurat with 256 layers */

#endif
