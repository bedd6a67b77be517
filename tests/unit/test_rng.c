/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/rng.h"

#include "unit/cases.h"

#include <gsl/gsl_cdf.h>
#include <stdlib.h>
#include <string.h>

/* ---- addresses ------------------------------------------------------------------- */

struct known_answer {
    uint32_t counter[4], key[2], word[4];
};

/* Published with Random123 by the authors of the SC'11 paper; the last is from pi. */
static const struct known_answer known_answers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void philox_gives_the_known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known_answers / sizeof *known_answers; i++) {
        const struct known_answer *k = &known_answers[i];
        struct rng_block block = rng_philox(k->counter, k->key);
        assert_memory_equal(block.word, k->word, sizeof k->word);
    }
}

static void an_address_is_a_counter_and_a_key(void **state)
{
    (void)state;
    const struct known_answer *pi = &known_answers[2];
    struct draw draw = draw_from(UINT64_C(0x299f31d0a4093822), 0, 0x13198a2e, 0, 7);
    draw.pair = UINT64_C(0x85a308d3243f6a88);
    draw.block = 0x03707344;
    assert_int_equal(draw_word(&draw), 7);
    assert_int_equal(draw_word(&draw), UINT64_C(0x94fdccebd16cfe09));
    assert_int_equal(draw_word(&draw), UINT64_C(0x24126ea15001e420));
    struct rng_block next =
        rng_philox((uint32_t[]){pi->counter[0], pi->counter[1], pi->counter[2],
                                pi->counter[3] + 1}, pi->key);
    assert_int_equal(draw_word(&draw), rng_block_low(next));
}

static void a_pair_shares_its_first_block_and_no_other(void **state)
{
    (void)state;
    struct draw even = draw_at(9, 6, 1, 2), odd = draw_at(9, 7, 1, 2);
    struct rng_block first = rng_philox((uint32_t[]){3, 0, 1, 2 << 16},
                                        (uint32_t[]){9, 0});
    assert_int_equal(draw_word(&even), rng_block_low(first));
    assert_int_equal(draw_word(&odd), rng_block_high(first));
    struct rng_block own = rng_philox((uint32_t[]){3, 0, 1, 2 << 16 | 1},
                                      (uint32_t[]){9, 0});
    struct rng_block other = rng_philox((uint32_t[]){3, 0, 1, 2 << 16 | 1 << 15 | 1},
                                        (uint32_t[]){9, 0});
    assert_int_equal(draw_word(&even), rng_block_low(own));
    assert_int_equal(draw_word(&even), rng_block_high(own));
    assert_int_equal(draw_word(&odd), rng_block_low(other));
}

static void a_memo_changes_nothing(void **state)
{
    (void)state;
    struct draw_memo memo = {0};
    const struct { uint64_t key, entity; uint32_t visit; } step[] = {
        {0, 0, 0}, {0, 1, 0}, {0, 1, 1}, {5, 1, 1}, {5, 0, 1}, {5, 8, 1}, {5, 9, 1},
        {~UINT64_C(0), 10, RNG_VISITS - 1}, {UINT64_C(0x123456789abcdef0), 11, 9},
        {7, ~UINT64_C(0), 0}, {7, (UINT64_C(5) << 33) - 1, 0},
        {7, UINT64_C(5) << 33, 0},       {7, (UINT64_C(5) << 33) + 2, 0},
        {7, (UINT64_C(5) << 33) + 3, 0}, {7, (UINT64_C(5) << 33) + 4, 0},
        {7, (UINT64_C(5) << 33) + 5, 0}, {7, (UINT64_C(5) << 33) + 6, 0},
        {7, (UINT64_C(5) << 33) + 7, 0}};
    for (size_t i = 0; i < sizeof step / sizeof *step; i++) {
        struct draw plain = draw_at(step[i].key, step[i].entity, 3, step[i].visit);
        struct draw recalled =
            draw_recall(&memo, step[i].key, step[i].entity, 3, step[i].visit);
        for (int word = 0; word < 4; word++)
            assert_int_equal(draw_word(&recalled), draw_word(&plain));
    }
}

static void every_part_of_an_address_matters(void **state)
{
    (void)state;
    struct draw draws[] = {
        draw_at(1, 2, 3, 4), draw_at(2, 2, 3, 4),
        draw_at(1, 3, 3, 4), draw_at(1, 2, 4, 4),
        draw_at(1, 2, 3, 5), draw_at(1, 2 + (UINT64_C(1) << 32), 3, 4)};
    enum { DRAWS = sizeof draws / sizeof *draws };
    uint64_t word[DRAWS];
    for (int i = 0; i < DRAWS; i++) {
        word[i] = draw_word(&draws[i]);
        for (int j = 0; j < i; j++)
            assert_true(word[i] != word[j]);
    }
}

static void visit_past_the_last(void)
{
    draw_at(0, 0, 0, RNG_VISITS);
}

static void take_words(int count)
{
    struct draw draw = draw_at(0, 0, 0, RNG_VISITS - 1);
    for (int i = 0; i < count; i++)
        draw_word(&draw);
}

static void block_past_the_last(void)
{
    take_words(2 * (RNG_BLOCKS - 2) + 2);
}

static void an_address_never_runs_into_the_next(void **state)
{
    (void)state;
    assert_check_fails(visit_past_the_last);
    assert_check_fails(block_past_the_last);
    take_words(2 * (RNG_BLOCKS - 2) + 1);
}

/* Computed independently from the description in the header. */
static void keys_are_hashes_of_seed_and_purpose(void **state)
{
    (void)state;
    assert_int_equal(rng_key(0, ""), UINT64_C(0xffb6eec3623eee72));
    assert_int_equal(rng_key(1, "web.page/1.cpu"), UINT64_C(0x2bf672b89deb03a9));
    assert_int_equal(rng_key(UINT64_C(0x0123456789abcdef), "retry"),
                     UINT64_C(0x86dd646431af0475));
    assert_int_equal(rng_mix(0, 0), UINT64_C(0x48218226ff3cd4bf));
    assert_int_equal(rng_mix(1, 2), UINT64_C(0x81a5c1377856b73));
    assert_true(rng_mix(1, 2) != rng_mix(2, 1));
}

/* ---- numbers --------------------------------------------------------------------- */

enum { SAMPLES = 1 << 19 };

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Kolmogorov and Smirnov: sqrt(n) times the largest distance exceeds 2.225 with
 * probability 2 exp(-2 * 2.225^2) = 1e-4. */
static void expect_distribution(double *x, int count, double (*cdf)(double))
{
    double most = 0;
    qsort(x, (size_t)count, sizeof *x, by_size);
    for (int i = 0; i < count; i++) {
        double p = cdf(x[i]);
        most = fmax(most, fmax(p - (double)i / count, (double)(i + 1) / count - p));
    }
    assert_within(sqrt(count) * most, 0, 2.225);
}

static double uniform_cdf(double x)
{
    return x;
}

static double exponential_cdf(double x)
{
    return gsl_cdf_exponential_P(x, 1);
}

static void check_sampler(double (*sampler)(struct draw *), double (*cdf)(double),
                          const char *purpose)
{
    double *x = test_malloc(SAMPLES * sizeof *x);
    for (int i = 0; i < SAMPLES; i++) { /* half fresh, half from a running draw */
        static struct draw running;
        if (i % 128 == 0)
            running = draw_at(rng_key(2, purpose), (uint64_t)i, 1, 0);
        struct draw own = draw_at(rng_key(2, purpose), (uint64_t)i, 0, 0);
        x[i] = sampler(i % 2 ? &own : &running);
    }
    expect_distribution(x, SAMPLES, cdf);
    test_free(x);
}

static void uniforms_are_uniform(void **state)
{
    (void)state;
    check_sampler(draw_uniform, uniform_cdf, "uniform");
}

static void exponentials_are_exponential(void **state)
{
    (void)state;
    check_sampler(draw_exponential, exponential_cdf, "exponential");
}

static void normals_are_normal(void **state)
{
    (void)state;
    check_sampler(draw_normal, gsl_cdf_ugaussian_P, "normal");
}

/* The mean of n values with this mean and second moment, to 5 standard deviations. */
static void expect_moment(double sum, int n, double mean, double second)
{
    assert_within(sum / n, mean, 5 * sqrt((second - mean * mean) / n));
}

static void first_four_moments_are_right(void **state)
{
    (void)state;
    static const double factorial[] = {1, 1, 2, 6, 24, 120, 720, 5040, 40320};
    static const double normal[] = {1, 0, 1, 0, 3, 0, 15, 0, 105};
    double e[5] = {0}, z[5] = {0};
    for (int i = 0; i < SAMPLES; i++) {
        struct draw draw = draw_at(rng_key(3, "moments"), (uint64_t)i, 0, 0);
        double x = draw_exponential(&draw), y = draw_normal(&draw);
        double xm = 1, ym = 1;
        for (int m = 1; m <= 4; m++) {
            e[m] += xm *= x;
            z[m] += ym *= y;
        }
    }
    for (int m = 1; m <= 4; m++) {
        expect_moment(e[m], SAMPLES, factorial[m], factorial[2 * m]);
        expect_moment(z[m], SAMPLES, normal[m], normal[2 * m]);
    }
}

/*
 * One draw in some fifty takes the edge: it is in a corner of its layer or in the tail.
 * Taken alone, those draws have the density less what lies inside the layers:
 * cdf(x) - sum of min(x, next width) / (layers * width).
 */
struct edges {
    const struct rng_layer *layer;
    double unit; /* positions in a layer */
    double (*cdf)(double);
    double share; /* of all draws */
    double x[1 << 17];
    int count;
};

static double inside_below(const struct edges *e, double x)
{
    double sum = 0;
    for (int i = 0; i < RNG_LAYERS; i++) {
        double width = e->layer[i].width * e->unit;
        double inside = (double)e->layer[i].inside * e->layer[i].width;
        sum += fmin(x, inside) / width / RNG_LAYERS;
    }
    return sum;
}

static void expect_edges(struct edges *e)
{
    double most = 0;
    e->share = 1 - inside_below(e, INFINITY);
    qsort(e->x, (size_t)e->count, sizeof *e->x, by_size);
    for (int i = 0; i < e->count; i++) {
        double p = (e->cdf(e->x[i]) - inside_below(e, e->x[i])) / e->share;
        most = fmax(most, fabs(p - (i + 0.5) / e->count));
    }
    assert_within(sqrt(e->count) * most, 0, 2.225);
}

static double half_normal_cdf(double x)
{
    return 2 * gsl_cdf_ugaussian_P(x) - 1;
}

static void corners_and_tails_have_their_share(void **state)
{
    (void)state;
    static struct edges exponential = {rng_exponential_layers, 0x1p53, exponential_cdf,
                                       0, {0}, 0};
    static struct edges normal = {
        rng_normal_layers, 0x1p52, half_normal_cdf, 0, {0}, 0};
    enum { N = 1 << 22 };
    for (int i = 0; i < N; i++) {
        struct draw draw = draw_at(rng_key(4, "edges"), (uint64_t)i, 0, 0);
        uint64_t word = draw_word(&draw), k = word % RNG_LAYERS;
        struct draw rest = draw;
        if (word >> 11 >= rng_exponential_layers[k].inside)
            exponential.x[exponential.count++] = draw_exponential_edge(&rest, word);
        if ((uint64_t)llabs((int64_t)word >> 11) >= rng_normal_layers[k].inside)
            normal.x[normal.count++] = fabs(draw_normal_edge(&draw, word));
    }
    expect_edges(&exponential);
    expect_edges(&normal);
    assert_within(exponential.count, N * exponential.share, 5 * sqrt(N * 0.03));
}

static void expect_tail(double edge(struct draw *, uint64_t), uint64_t word, double r,
                        double (*cdf)(double))
{
    enum { N = 20000 };
    double x[N], most = 0;
    for (int i = 0; i < N; i++) {
        struct draw draw = draw_at(rng_key(5, "tail"), (uint64_t)i, 0, 0);
        x[i] = edge(&draw, word);
    }
    qsort(x, N, sizeof *x, by_size);
    for (int i = 0; i < N; i++) {
        double p = (cdf(x[i]) - cdf(r)) / (1 - cdf(r));
        most = fmax(most, fabs(p - (i + 0.5) / N));
    }
    assert_true(x[0] >= r);
    assert_within(sqrt(N) * most, 0, 2.225);
}

/* The outermost position of the bottom layer is always in the tail. */
static void tails_follow_the_density(void **state)
{
    (void)state;
    const uint64_t outermost = UINT64_MAX << 11;
    expect_tail(draw_exponential_edge, outermost,
                rng_exponential_layers[1].width * 0x1p53, exponential_cdf);
    expect_tail(draw_normal_edge, outermost >> 1 & UINT64_MAX << 11,
                rng_normal_layers[1].width * 0x1p52, gsl_cdf_ugaussian_P);
}

static void edges_of_uniforms_are_never_reached(void **state)
{
    (void)state;
    struct draw low = {.spare = 0, .has_spare = 1};
    struct draw high = {.spare = UINT64_MAX, .has_spare = 1};
    assert_near(draw_uniform(&low), 0x1p-53, 0);
    assert_near(draw_uniform(&high), 1 - 0x1p-53, 0);
}

static void whole_numbers_are_even_and_below_n(void **state)
{
    (void)state;
    enum { N = 7, DRAWS = 70000 };
    int count[N] = {0};
    for (int i = 0; i < DRAWS; i++) {
        struct draw draw = draw_at(rng_key(5, "below"), (uint64_t)i, 0, 0);
        uint64_t k = draw_below(&draw, N);
        assert_true(k < N);
        count[k]++;
    }
    double chi2 = 0;
    for (int k = 0; k < N; k++)
        chi2 += pow(count[k] - DRAWS / N, 2) / (DRAWS / N);
    assert_true(gsl_cdf_chisq_Q(chi2, N - 1) > 1e-4);
    struct draw draw = draw_at(0, 0, 0, 0);
    assert_int_equal(draw_below(&draw, 1), 0);
}

/* With n = 3 * 2^62 a quarter of all words is rejected; without that the lowest third
 * would be drawn half of the time. */
static void large_ranges_are_even_too(void **state)
{
    (void)state;
    enum { DRAWS = 30000 };
    int low = 0;
    for (int i = 0; i < DRAWS; i++) {
        struct draw draw = draw_at(rng_key(6, "below"), (uint64_t)i, 0, 0);
        low += draw_below(&draw, UINT64_C(3) << 62) % 3 == 0;
    }
    assert_within(low, DRAWS / 3.0, 5 * sqrt(DRAWS * 2 / 9.0));
}

/* ---- the tables ------------------------------------------------------------------ */

typedef long double density(long double x);

static long double exponential_density(long double x)
{
    return expl(-x);
}

static long double normal_density(long double x)
{
    return expl(-x * x / 2);
}

/* Every layer is as large as the bottom one with its tail, they end at the top, and
 * `inside` is where the next layer ends. */
static void expect_layers(const struct rng_layer *layer, density *f, long double tail,
                          int bits)
{
    long double unit = ldexpl(1, bits), right = (long double)layer[1].width * unit;
    long double area = right * f(right) + tail;
    assert_near((double)((long double)layer[0].width * unit * f(right)), (double)area,
                1e-15);
    for (int i = 1; i < RNG_LAYERS; i++) {
        long double x = (long double)layer[i].width * unit;
        long double next =
            i + 1 < RNG_LAYERS ? (long double)layer[i + 1].width * unit : 0;
        assert_near((double)(x * (f(next) - f(x))), (double)area, 1e-13);
        assert_near((double)layer[i].inside, (double)(next / x * unit), 1e-15);
    }
}

static void layers_are_equal_and_cover_the_density(void **state)
{
    (void)state;
    long double r = (long double)rng_exponential_layers[1].width * 0x1p53L;
    expect_layers(rng_exponential_layers, exponential_density, expl(-r), 53);
    r = (long double)rng_normal_layers[1].width * 0x1p52L;
    expect_layers(rng_normal_layers, normal_density,
                  sqrtl(acosl(-1) / 2) * erfcl(r / sqrtl(2)), 52);
}

/* One number for the bits of many draws, on any compiler and machine. */
static void all_bits_are_the_committed_ones(void **state)
{
    (void)state;
    uint64_t hash = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        struct draw draw = draw_at(rng_key(7, "bits"), i, 1, 2);
        double x[] = {draw_exponential(&draw), draw_normal(&draw), draw_uniform(&draw)};
        uint64_t bits[3];
        memcpy(bits, x, sizeof bits);
        for (int j = 0; j < 3; j++)
            hash = rng_mix(hash, bits[j]);
    }
    assert_int_equal(hash, UINT64_C(0xe8e8f06e6af3aa17));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_known_answers),
        cmocka_unit_test(an_address_is_a_counter_and_a_key),
        cmocka_unit_test(a_pair_shares_its_first_block_and_no_other),
        cmocka_unit_test(a_memo_changes_nothing),
        cmocka_unit_test(every_part_of_an_address_matters),
        cmocka_unit_test(an_address_never_runs_into_the_next),
        cmocka_unit_test(keys_are_hashes_of_seed_and_purpose),
        cmocka_unit_test(uniforms_are_uniform),
        cmocka_unit_test(exponentials_are_exponential),
        cmocka_unit_test(normals_are_normal),
        cmocka_unit_test(first_four_moments_are_right),
        cmocka_unit_test(corners_and_tails_have_their_share),
        cmocka_unit_test(tails_follow_the_density),
        cmocka_unit_test(edges_of_uniforms_are_never_reached),
        cmocka_unit_test(whole_numbers_are_even_and_below_n),
        cmocka_unit_test(large_ranges_are_even_too),
        cmocka_unit_test(layers_are_equal_and_cover_the_density),
        cmocka_unit_test(all_bits_are_the_committed_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
