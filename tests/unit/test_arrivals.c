/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit/story.h"

#define WEB "'services': {'web': {'kind': 'server', 'time': '1ms'}}}"
#define OPEN(keys)                                                                     \
    "{'workloads': {'users': {'target': 'web', 'open': {" keys "}}}, " WEB

/* Requests that start in each tenth of the window. */
static const uint64_t *offered_by_tenth(struct story *s, double length)
{
    struct window window = {
        .length = story_time(length), .segments = true, .drain = SIM_SECOND};
    world_run(s->model, 0, &window, &s->arena, &s->out);
    return s->out.type[0].segment_offered;
}

static void constant_arrivals_begin_one_gap_after_the_start(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, OPEN("'rate': '10/s', 'process': 'constant'"), 1);
    story_watch(&s, 0, 0.1, 1);
    assert_int_equal(s.out.type[0].offered, 0);
    story_watch(&s, 0.1, 0.1, 1);
    assert_int_equal(s.out.type[0].offered, 1);
    story_watch(&s, 0, 10, 1);
    assert_int_equal(s.out.type[0].offered, 99); /* at 0.1, 0.2, … 9.9 s */
    story_end(&s);
}

/* Mean and variance of the number in 1000 s, over 200 replications. */
struct numbers {
    double mean, variance;
};

static struct numbers numbers_of(const char *text)
{
    enum { REPLICATIONS = 200 };
    struct story s;
    struct tally counts = {0};
    story_read(&s, text, 1);
    for (uint32_t r = 0; r < REPLICATIONS; r++) {
        struct arena arena;
        arena_init(&arena);
        struct window window = {.length = 1000 * SIM_SECOND, .drain = SIM_SECOND};
        world_run(s.model, r, &window, &arena, &s.out);
        tally_add(&counts, (int64_t)s.out.type[0].offered);
        assert_books_balance(&s);
        arena_free(&arena);
    }
    s.out.type = NULL;
    story_end(&s);
    return (struct numbers){tally_mean(&counts), tally_variance(&counts)};
}

/* Five standard errors of the mean of 200; a fourth for the variance, whose standard
 * error is a tenth of it. */
static void assert_numbers(struct numbers n, double mean, double variance)
{
    assert_within(n.mean, mean, 5 * sqrt(variance / 200));
    assert_within(n.variance, variance, 0.4 * variance);
}

static void poisson_numbers_have_their_mean_for_variance(void **state)
{
    (void)state;
    assert_numbers(numbers_of(OPEN("'rate': '2/s'")), 2000, 2000);
}

/* A renewal process's variance is the squared cv of its gaps times the mean. */
static void gamma_gaps_scatter_by_their_cv(void **state)
{
    (void)state;
    assert_numbers(numbers_of(OPEN("'rate': '2/s', 'process': {'gamma': {'cv': 2}}")),
                   2000, 8000);
    assert_numbers(numbers_of(OPEN("'rate': '2/s', 'process': {'gamma': {'cv': 0.5}}")),
                   2000, 500);
}

/* Two states of equal length at 3 and 1 requests/s around a mean of 2/s: the variance
 * is the mean and 2 d^2 tau (T - tau) for d = 1/s and tau = 5 s, the time for which the
 * rate is remembered. */
static void mmpp_keeps_the_mean_and_scatters_more(void **state)
{
    (void)state;
    double variance = 2000 + 2 * 1 * 5 * (1000 - 5.0);
    assert_numbers(numbers_of(OPEN("'rate': '2/s', 'process': {'mmpp': {"
                                   "'rates': ['3/s', '1/s'],"
                                   "'mean_sojourn': ['10s', '10s']}}")),
                   2000, variance);
}

static void batches_come_together(void **state)
{
    (void)state;
    assert_numbers(numbers_of(OPEN("'rate': '1/s', 'batch': 3")), 3000, 9000);
}

/* From 0 to twice the rate: the k-th tenth has 2 k + 1 hundredths of all. */
static void a_profile_shapes_the_rate(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               OPEN("'rate': '100/s', 'process': 'constant',"
                    "'profile': [['0s', 0], ['100s', 2]]"),
               1);
    const uint64_t *offered = offered_by_tenth(&s, 100);
    for (int k = 0; k < 10; k++)
        assert_within((double)offered[k], 100.0 * (2 * k + 1), 1);
    assert_true(s.facts->terminating);
    story_end(&s);
}

static void a_profile_ends_its_workload(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, OPEN("'rate': '10/s', 'profile': [['0s', 1], ['50s', 1]]"));
    assert_within((double)s.out.type[0].offered, 500, 5 * sqrt(500));
    assert_true(s.out.ended < 51 * SIM_SECOND);
    story_end(&s);
}

/* Two points at one time: 10/s for 5 s, then 30/s for 5 s. */
static void a_profile_may_step(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               OPEN("'rate': '10/s', 'process': 'constant',"
                    "'profile': [['0s', 1], ['5s', 1], ['5s', 3], ['10s', 3]]"),
               1);
    const uint64_t *offered = offered_by_tenth(&s, 10);
    for (int k = 0; k < 10; k++)
        assert_within((double)offered[k], k < 5 ? 10 : 30, 1);
    story_end(&s);
}

/* A saw of 10 s, ten times over; the workload goes on. */
static void a_profile_may_repeat(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               OPEN("'rate': '100/s', 'process': 'constant', 'repeat': true,"
                    "'profile': [['0s', 0], ['10s', 2]]"),
               1);
    assert_false(s.facts->terminating);
    assert_within(s.facts->workload[0].rate, 100, 1e-9);
    const uint64_t *offered = offered_by_tenth(&s, 100);
    for (int k = 0; k < 10; k++)
        assert_within((double)offered[k], 1000, 1);
    story_watch(&s, 90, 5, 1);
    assert_within((double)s.out.type[0].offered, 250, 1);
    story_end(&s);
}

/* 1 + 0.5 cos: an hour around the peak at 20 h, and around the trough at 8 h, of the
 * second day. */
static void a_day_has_a_peak(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               OPEN("'rate': '1/s', 'process': 'constant',"
                    "'daily': {'peak': 1.5, 'peak_at': '20h'}"),
               1);
    story_watch(&s, 43.5 * 3600, 3600, 1);
    assert_within((double)s.out.type[0].offered, 1.5 * 3600, 10);
    story_watch(&s, 31.5 * 3600, 3600, 1);
    assert_within((double)s.out.type[0].offered, 0.5 * 3600, 10);
    story_watch(&s, 24 * 3600, 24 * 3600, 1);
    assert_within((double)s.out.type[0].offered, 86400, 2);
    story_end(&s);
}

/* The same requests come, whatever they meet. */
static void arrivals_do_not_depend_on_what_they_meet(void **state)
{
    (void)state;
    struct story fast, slow;
    story_read(&fast, OPEN("'rate': '5/s'"), 1);
    story_read(&slow,
               "{'workloads': {'users': {'target': 'web', 'open': {"
               "'rate': '5/s'}}}, 'services': {'web': {'kind': 'server',"
               "'slots': 1, 'time': '10s'}}}",
               1);
    const uint64_t *a = offered_by_tenth(&fast, 1000),
                   *b = offered_by_tenth(&slow, 1000);
    for (int k = 0; k < 10; k++)
        assert_int_equal(a[k], b[k]);
    story_end(&fast);
    story_end(&slow);
}

/* ---- users ----------------------------------------------------------------------- */

static void a_burst_comes_again(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'web', 'burst': {"
               "'users': 5, 'at': '1s', 'every': '10s'}}}," WEB,
               1);
    story_watch(&s, 0, 100, 1);
    assert_int_equal(s.out.type[0].offered, 50); /* at 1, 11, … 91 s */
    story_end(&s);
}

/* Three users who work for 1 s and think for 4 s: a request every 5 s each. */
static void closed_users_work_and_think_in_turn(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'web', 'closed': {"
               "'users': 3, 'think': '4s'}}}, 'services': {'web': {"
               "'kind': 'server', 'slots': 3, 'time': '1s'}}}",
               1);
    story_watch(&s, 0, 100, 10);
    assert_int_equal(s.out.type[0].offered, 60);
    assert_int_equal(story_at(&s, "web")->busy_most, 3);
    story_end(&s);
}

static void users_may_come_one_by_one(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'web', 'closed': {"
               "'users': 5, 'think': '1000s', 'ramp_up': '50s'}}}," WEB,
               1);
    const uint64_t *offered = offered_by_tenth(&s, 100);
    for (int k = 0; k < 10; k++) /* at 0, 10, 20, 30, 40 s */
        assert_int_equal(offered[k], k < 5);
    story_end(&s);
}

/* A session asks three times with pauses of 10 s. */
static void a_session_is_so_many_requests(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'web', 'sessions': {"
               "'rate': '1/s', 'requests': 3, 'think': '10s'}}}," WEB,
               1);
    story_watch(&s, 100, 10000, 100);
    assert_within((double)s.out.type[0].offered, 30000, 5 * 3 * sqrt(10000));
    story_end(&s);
}

/* ---- the mix --------------------------------------------------------------------- */

static void types_come_by_their_shares(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {'users': {'target': 'web', 'burst': {"
               "'users': 10000}, 'mix': {'a': '10%', 'b': 'rest', 'c': '30%'}}}," WEB);
    assert_within((double)story_type(&s, "a")->offered, 1000, 5 * sqrt(900));
    assert_within((double)story_type(&s, "b")->offered, 6000, 5 * sqrt(2400));
    assert_within((double)story_type(&s, "c")->offered, 3000, 5 * sqrt(2100));
    story_end(&s);
}

static void replications_differ_and_seeds_differ(void **state)
{
    (void)state;
    struct story s, other;
    story_read(&s, OPEN("'rate': '5/s'"), 1);
    story_read(&other, OPEN("'rate': '5/s'"), 2);
    struct window window = {.length = 100 * SIM_SECOND, .drain = SIM_SECOND};
    struct outcome first, again, second;
    world_run(s.model, 0, &window, &s.arena, &first);
    world_run(s.model, 0, &window, &s.arena, &again);
    world_run(s.model, 1, &window, &s.arena, &second);
    world_run(other.model, 0, &window, &other.arena, &other.out);
    assert_int_equal(first.fingerprint, again.fingerprint);
    assert_int_not_equal(first.fingerprint, second.fingerprint);
    assert_int_not_equal(first.fingerprint, other.out.fingerprint);
    story_end(&s);
    story_end(&other);
}

/* Two of three users are refused in no time; each asks again, but time moves on. */
static void users_who_are_turned_away_at_once_let_time_pass(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'w': {'target': 'web', 'closed': {'users': 3}}},"
               " 'services': {'web': {'kind': 'server', 'slots': 1, 'queue_limit': 0,"
               "   'time': '1s'}}}",
               1);
    story_watch(&s, 0, 0.01, 2);
    assert_in_range(story_failed(&s, STATUS_REFUSED), 198, 202);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_arrivals_begin_one_gap_after_the_start),
        cmocka_unit_test(poisson_numbers_have_their_mean_for_variance),
        cmocka_unit_test(gamma_gaps_scatter_by_their_cv),
        cmocka_unit_test(mmpp_keeps_the_mean_and_scatters_more),
        cmocka_unit_test(batches_come_together),
        cmocka_unit_test(a_profile_shapes_the_rate),
        cmocka_unit_test(a_profile_ends_its_workload),
        cmocka_unit_test(a_profile_may_step),
        cmocka_unit_test(a_profile_may_repeat),
        cmocka_unit_test(a_day_has_a_peak),
        cmocka_unit_test(arrivals_do_not_depend_on_what_they_meet),
        cmocka_unit_test(a_burst_comes_again),
        cmocka_unit_test(closed_users_work_and_think_in_turn),
        cmocka_unit_test(users_may_come_one_by_one),
        cmocka_unit_test(a_session_is_so_many_requests),
        cmocka_unit_test(types_come_by_their_shares),
        cmocka_unit_test(replications_differ_and_seeds_differ),
        cmocka_unit_test(users_who_are_turned_away_at_once_let_time_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
