/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/rng.h"

#include "sim/numeric.h"
#include "sim/ziggurat.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

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
