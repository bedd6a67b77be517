/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/kernel.h"

/* Where the tail begins, and the area of each of 256 layers (Marsaglia and Tsang). */
static const double exp_tail = 7.69711747013105, exp_area = 3.949659822581557e-3;
static const double normal_tail = 3.654152885361009, normal_area = 4.928673233991411e-3;

/* x is past the sure part of its layer: in the tail, or to be tested by the density. */
double chance_exponential_edge(struct chance *c, int layer, double x)
{
    double offset = 0;
    for (;;) {
        if (layer == 0) {
            offset += exp_tail;
        } else {
            double low = c->exp_height[layer], high = c->exp_height[layer - 1];
            if (low + chance_uniform(c) * (high - low) < exp(-x))
                return offset + x;
        }
        uint64_t word = chance_word(c);
        layer = (int)(word & (LAYERS - 1));
        x = (double)(word >> 11) * c->exp_width[layer];
        if (word >> 11 < c->exp_sure[layer])
            return offset + x;
    }
}

static double normal_beyond(struct chance *c)
{
    for (;;) {
        double x = -log(chance_uniform(c)) / normal_tail;
        if (-2 * log(chance_uniform(c)) > x * x)
            return normal_tail + x;
    }
}

double chance_normal_edge(struct chance *c, int layer, double x)
{
    for (;;) {
        if (layer == 0)
            return normal_beyond(c);
        double low = c->normal_height[layer], high = c->normal_height[layer - 1];
        if (low + chance_uniform(c) * (high - low) < exp(-x * x / 2))
            return x;
        uint64_t word = chance_word(c);
        layer = (int)(word & (LAYERS - 1));
        x = (double)(word >> 11) * c->normal_width[layer];
        if (word >> 11 < c->normal_sure[layer])
            return x;
    }
}

static double exp_density(double x) { return exp(-x); }
static double exp_edge(double y) { return -log(y); }
static double normal_density(double x) { return exp(-x * x / 2); }
static double normal_edge(double y) { return sqrt(-2 * log(y)); }

/* Layers of equal area from the tail inwards; layer 0 is the base with the tail. */
static void ziggurat(double tail, double area, double density(double),
                     double edge(double), uint64_t sure[], double width[],
                     double height[])
{
    const double scale = 0x1p53;
    double base = area / density(tail), x = tail;
    sure[0] = (uint64_t)(tail / base * scale);
    sure[1] = 0;
    width[0] = base / scale;
    width[LAYERS - 1] = tail / scale;
    height[0] = 1;
    height[LAYERS - 1] = density(tail);
    for (int i = LAYERS - 2; i >= 1; i--) {
        double outer = x;
        x = edge(area / x + density(x));
        sure[i + 1] = (uint64_t)(x / outer * scale);
        height[i] = density(x);
        width[i] = x / scale;
    }
}

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void chance_init(struct chance *c, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        c->s[i] = splitmix(&seed);
    ziggurat(exp_tail, exp_area, exp_density, exp_edge, c->exp_sure, c->exp_width,
             c->exp_height);
    ziggurat(normal_tail, normal_area, normal_density, normal_edge, c->normal_sure,
             c->normal_width, c->normal_height);
}
