/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/rng.h"

#include "sim/numeric.h"
#include "sim/ziggurat.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

/* The output function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static uint64_t finalise(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t fnv1a(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * UINT64_C(0x100000001b3);
}

uint64_t rng_key(uint64_t seed, const char *purpose)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < 8; i++)
        hash = fnv1a(hash, (unsigned char)(seed >> 8 * i));
    hash = fnv1a(hash, 0);
    for (const char *c = purpose; *c; c++)
        hash = fnv1a(hash, (unsigned char)*c);
    return finalise(hash);
}

uint64_t rng_mix(uint64_t a, uint64_t b)
{
    const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15); /* keeps 0, 0 from giving 0 */
    return finalise(finalise(a + golden) ^ b);
}

/* ---- first words, eight at a time ------------------------------------------------ */

#ifdef __SSE2__

/* Philox with a block in each half of a register. Of each 64 bits the low 32 count: the
 * multiplication takes no others, and what gathers above them is cut off at the end. */
static void first_four(uint64_t word[4], uint64_t key, uint64_t pair,
                       uint32_t replication, uint32_t block)
{
    const __m128i m0 = _mm_set1_epi64x(RNG_M0), m1 = _mm_set1_epi64x(RNG_M1);
    const __m128i w0 = _mm_set1_epi64x(RNG_W0), w1 = _mm_set1_epi64x(RNG_W1);
    const __m128i low = _mm_set1_epi64x(UINT32_MAX);
    __m128i k0 = _mm_set1_epi64x((int64_t)key);
    __m128i k1 = _mm_set1_epi64x((int64_t)(key >> 32));
    __m128i c0 = _mm_set_epi64x((int64_t)pair + 1, (int64_t)pair);
    __m128i c1 = _mm_set1_epi64x((int64_t)(pair >> 32));
    __m128i c2 = _mm_set1_epi64x(replication), c3 = _mm_set1_epi64x(block);
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        __m128i p0 = _mm_mul_epu32(c0, m0), p1 = _mm_mul_epu32(c2, m1);
        c0 = _mm_xor_si128(_mm_srli_epi64(p1, 32), _mm_xor_si128(c1, k0));
        c2 = _mm_xor_si128(_mm_srli_epi64(p0, 32), _mm_xor_si128(c3, k1));
        c1 = p1;
        c3 = p0;
        k0 = _mm_add_epi64(k0, w0);
        k1 = _mm_add_epi64(k1, w1);
    }
    __m128i first = _mm_or_si128(_mm_and_si128(c0, low), _mm_slli_epi64(c1, 32));
    __m128i second = _mm_or_si128(_mm_and_si128(c2, low), _mm_slli_epi64(c3, 32));
    _mm_storeu_si128((__m128i *)word, _mm_unpacklo_epi64(first, second));
    _mm_storeu_si128((__m128i *)(word + 2), _mm_unpackhi_epi64(first, second));
}

/* The same with four blocks in a register. */
__attribute__((target("avx2"))) static void first_eight(uint64_t word[8], uint64_t key,
                                                        uint64_t pair,
                                                        uint32_t replication,
                                                        uint32_t block)
{
    const __m256i m0 = _mm256_set1_epi64x(RNG_M0), m1 = _mm256_set1_epi64x(RNG_M1);
    const __m256i w0 = _mm256_set1_epi64x(RNG_W0), w1 = _mm256_set1_epi64x(RNG_W1);
    const __m256i low = _mm256_set1_epi64x(UINT32_MAX);
    __m256i k0 = _mm256_set1_epi64x((int64_t)key);
    __m256i k1 = _mm256_set1_epi64x((int64_t)(key >> 32));
    __m256i c0 = _mm256_add_epi64(_mm256_set1_epi64x((int64_t)pair),
                                  _mm256_set_epi64x(3, 2, 1, 0));
    __m256i c1 = _mm256_set1_epi64x((int64_t)(pair >> 32));
    __m256i c2 = _mm256_set1_epi64x(replication), c3 = _mm256_set1_epi64x(block);
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        __m256i p0 = _mm256_mul_epu32(c0, m0), p1 = _mm256_mul_epu32(c2, m1);
        c0 = _mm256_xor_si256(_mm256_srli_epi64(p1, 32), _mm256_xor_si256(c1, k0));
        c2 = _mm256_xor_si256(_mm256_srli_epi64(p0, 32), _mm256_xor_si256(c3, k1));
        c1 = p1;
        c3 = p0;
        k0 = _mm256_add_epi64(k0, w0);
        k1 = _mm256_add_epi64(k1, w1);
    }
    __m256i first =
        _mm256_or_si256(_mm256_and_si256(c0, low), _mm256_slli_epi64(c1, 32));
    __m256i second =
        _mm256_or_si256(_mm256_and_si256(c2, low), _mm256_slli_epi64(c3, 32));
    __m256i even = _mm256_unpacklo_epi64(first, second); /* of pairs 0 and 2 */
    __m256i odd = _mm256_unpackhi_epi64(first, second);
    _mm256_storeu_si256((__m256i *)word, _mm256_permute2x128_si256(even, odd, 0x20));
    _mm256_storeu_si256((__m256i *)(word + 4),
                        _mm256_permute2x128_si256(even, odd, 0x31));
}

static void first_words(uint64_t word[8], uint64_t key, uint64_t pair,
                        uint32_t replication, uint32_t block)
{
    if (__builtin_cpu_supports("avx2")) {
        first_eight(word, key, pair, replication, block);
        return;
    }
    first_four(word, key, pair, replication, block);
    first_four(word + 4, key, pair + 2, replication, block);
}

#else

static void first_words(uint64_t word[8], uint64_t key, uint64_t pair,
                        uint32_t replication, uint32_t block)
{
    for (int i = 0; i < 4; i++) {
        struct rng_block b = rng_block_at(key, pair + (uint64_t)i, replication, block);
        word[2 * i] = rng_block_low(b);
        word[2 * i + 1] = rng_block_high(b);
    }
}

#endif

void draw_memo_fill(struct draw_memo *memo, uint64_t key, uint64_t eight,
                    uint32_t replication, uint32_t visit)
{
    check(visit < RNG_VISITS, "visit %u", visit);
    memo->key = key;
    memo->eight = eight;
    memo->visits = visit + 1;
    first_words(memo->word, key, eight << 2, replication, visit << 16);
}

/* ---- whole numbers, and the edges of the ziggurats ------------------------------- */

uint64_t draw_below(struct draw *draw, uint64_t n)
{
    check(n >= 1, "none of %llu", (unsigned long long)n);
    uint128 product = (uint128)draw_word(draw) * n;
    if ((uint64_t)product < n) {
        uint64_t surplus = -n % n; /* 2^64 mod n: reject that many low parts */
        while ((uint64_t)product < surplus)
            product = (uint128)draw_word(draw) * n;
    }
    return (uint64_t)(product >> 64);
}

/* Whether a random height in the layer's strip is below the density at the point. */
static bool is_under(struct draw *draw, const double *heights, uint64_t layer,
                     double density)
{
    double strip = heights[layer + 1] - heights[layer];
    return heights[layer] + strip * draw_uniform(draw) < density;
}

/* The tail beyond r is r plus an exponential, so the bottom layer starts over. */
double draw_exponential_edge(struct draw *draw, uint64_t word)
{
    for (double start = 0;; word = draw_word(draw)) {
        uint64_t i = word % RNG_LAYERS, position = word >> 11;
        double x = (double)(int64_t)position * rng_exponential_layers[i].width;
        if (position < rng_exponential_layers[i].inside)
            return start + x;
        if (i == 0)
            start += exponential_tail;
        else if (is_under(draw, exponential_heights, i, numeric_exp(-x)))
            return start + x;
    }
}

/* Beyond r: r + x, x exponential with rate r, kept with probability exp(-x^2 / 2)
 * (Marsaglia 1964). */
static double normal_beyond(struct draw *draw)
{
    for (;;) {
        double x = draw_exponential(draw) / normal_tail, y = draw_exponential(draw);
        if (2 * y > x * x)
            return normal_tail + x;
    }
}

double draw_normal_edge(struct draw *draw, uint64_t word)
{
    for (;; word = draw_word(draw)) {
        uint64_t i = word % RNG_LAYERS;
        int64_t position = (int64_t)word >> 11;
        double x = (double)position * rng_normal_layers[i].width;
        if ((uint64_t)llabs(position) < rng_normal_layers[i].inside)
            return x;
        if (i == 0)
            return copysign(normal_beyond(draw), x);
        if (is_under(draw, normal_heights, i, numeric_exp(-0.5 * x * x)))
            return x;
    }
}
