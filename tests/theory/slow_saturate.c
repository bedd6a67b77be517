/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Do the brackets hold the truth as often as they say? 100 frozen seeds of exact
 * maxima, and of exact capacities under a promise.
 */
#include "theory/saturation.h"

#include "models/theory.h"

enum { SEEDS = 100 };

struct tally_of {
    int right, wide;
};

static void count(const struct bracket *b, double truth, struct tally_of *tally)
{
    tally->right += b->yes < truth && truth < b->no;
    tally->wide += b->no > 1.0101 * b->yes;
}

static struct tally_of try_seeds(const char *text, double truth, bool promised,
                                 uint64_t budget)
{
    struct tally_of tally = {0};
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct arena arena;
        struct saturation found;
        arena_init(&arena);
        saturate_story(text, (uint64_t)seed, budget, &arena, &found);
        count(promised ? &found.promised : &found.carried, truth, &tally);
        arena_free(&arena);
    }
    printf("%d of %d hold %g, %d are wider than 1 %%\n", tally.right, SEEDS, truth,
           tally.wide);
    return tally;
}

static void the_maximum_is_in_its_bracket(void **state)
{
    (void)state;
    struct tally_of t = try_seeds(EIGHT_WORKERS "}", 80, false, 20000000);
    assert_true(t.right >= 95 && t.wide == 0);
    t = try_seeds(HELD_THREADS, HELD_THREADS_MOST, false, 20000000);
    assert_true(t.right >= 95 && t.wide == 0);
}

/* M/M/c at `rate`, which just keeps its p99. */
static void assert_capacity(const char *system, int servers, double rate)
{
    struct theory_mmc queue = {
        .arrival_rate = rate, .service_rate = 10, .servers = servers};
    char text[600];
    snprintf(text, sizeof text, "%s, 'slo': ['p99 < %.9fs']}", system,
             theory_mmc_response_quantile(&queue, 0.99));
    struct tally_of t = try_seeds(text, rate, true, 0);
    assert_true(t.right >= 95 && t.wide <= 5);
}

static void the_capacity_is_in_its_bracket(void **state)
{
    (void)state;
    assert_capacity(ONE_WORKER, 1, 7);
    assert_capacity(EIGHT_WORKERS, 8, 72);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_maximum_is_in_its_bracket),
        cmocka_unit_test(the_capacity_is_in_its_bracket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
