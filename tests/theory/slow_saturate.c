/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Do the brackets hold the truth as often as they say? 100 frozen seeds of the exact
 * maximum, 40 of the exact capacity under a promise.
 */
#include "theory/saturation.h"

#include "models/theory.h"

enum { SEEDS = 100, PROMISE_SEEDS = 40 };

struct tally_of {
    int right, wide;
};

static void count(const struct bracket *b, double truth, struct tally_of *tally)
{
    tally->right += b->yes < truth && truth < b->no;
    tally->wide += b->no > 1.0101 * b->yes;
}

static struct tally_of try_seeds(const char *text, double truth, bool promised,
                                 int seeds, uint64_t budget)
{
    struct tally_of tally = {0};
    for (int seed = 1; seed <= seeds; seed++) {
        struct arena arena;
        struct saturation found;
        arena_init(&arena);
        saturate_story(text, (uint64_t)seed, budget, &arena, &found);
        count(promised ? &found.promised : &found.carried, truth, &tally);
        arena_free(&arena);
    }
    printf("%d of %d hold %g, %d are wider than 1 %%\n", tally.right, seeds, truth,
           tally.wide);
    return tally;
}

static void the_maximum_is_in_its_bracket(void **state)
{
    (void)state;
    struct tally_of t = try_seeds(EIGHT_WORKERS "}", 80, false, SEEDS, 20000000);
    assert_true(t.right >= 90 && t.wide == 0);
    t = try_seeds(HELD_THREADS, HELD_THREADS_MOST, false, SEEDS, 20000000);
    assert_true(t.right >= 90 && t.wide == 0);
}

static void the_capacity_is_in_its_bracket(void **state)
{
    (void)state;
    struct theory_mmc queue = {.arrival_rate = 72, .service_rate = 10, .servers = 8};
    double limit = theory_mmc_response_quantile(&queue, 0.99);
    char text[600];
    snprintf(text, sizeof text, EIGHT_WORKERS ", 'slo': ['p99 < %.6fs']}", limit);
    struct tally_of t = try_seeds(text, 72, true, PROMISE_SEEDS, 0);
    assert_true(t.right >= 36 && t.wide <= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_maximum_is_in_its_bracket),
        cmocka_unit_test(the_capacity_is_in_its_bracket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
