/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of a handler, and the window that is measured. */
#include "unit/story.h"

#define AT_ONCE(count)                                                                 \
    "'workloads': {'users': {'target': 'web', 'burst': {'users': " #count "}}}"
#define DOES(count, steps)                                                             \
    "{" AT_ONCE(                                                                       \
        count) ", 'services': {'web': {'kind': 'server', 'handlers': {"                \
               "'default': [" steps "]}}, 'api': {'kind': 'server', 'slots': 1,"       \
               "'handlers': {'short': [{'wait': '1s'}], 'long': [{'wait': '5s'}],"     \
               "'bad': [{'wait': '2s'}, {'fail': '503'}], 'default': [{'wait': "       \
               "'1s'}]}}}}"

/* ---- at the same time ------------------------------------------------------------ */

#define BRANCHES(join, more)                                                           \
    DOES(1, "{'parallel': [[{'wait': '1s'}], [{'wait': '3s'}], [{'wait': '2s'}]" more  \
            "], 'join': " join "}, {'wait': '0.5s'}")

static void a_join_of_all_waits_for_the_slowest(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BRANCHES("'all'", ""));
    assert_latencies(&s, 3.5);
    story_end(&s);
}

static void a_join_of_any_goes_on_with_the_first(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BRANCHES("'any'", ""));
    assert_latencies(&s, 1.5);
    story_end(&s);
}

static void a_join_of_two_waits_for_two(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BRANCHES("2", ""));
    assert_latencies(&s, 2.5);
    story_end(&s);
}

static void one_error_fails_a_join_of_all_at_once(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BRANCHES("'all'", ", [{'wait': '0.25s'}, {'fail': '503'}]"));
    assert_int_equal(story_failed(&s, STATUS_503), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, SIM_SECOND / 4);
    story_end(&s);
}

static void errors_are_borne_while_enough_can_succeed(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BRANCHES("3", ", [{'wait': '0.25s'}, {'fail': '503'}]"));
    assert_latencies(&s, 3.5);
    story_end(&s);
    story_tell(&s,
               BRANCHES("3", ", [{'fail': '503'}], [{'wait': '2.5s'}, {'fail': '503'}]"
                             ", [{'wait': '2.75s'}, {'fail': '500'}]"));
    /* three good ones of six are needed and there are three */
    assert_latencies(&s, 3.5);
    story_end(&s);
    story_tell(&s, BRANCHES("'any'", ", [{'fail': '503'}]"));
    assert_latencies(&s, 1.5);
    story_end(&s);
}

static void who_lost_a_race_still_works_to_its_end(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               DOES(1, "{'parallel': [[{'wait': '1s'}],"
                       "[{'call': 'api', 'as': 'long'}]], 'join': 'any'}"),
               1);
    story_watch(&s, 0, 100, 0);
    assert_latencies(&s, 1);
    assert_int_equal((uint64_t)story_at(&s, "api")->busy_area, 5 * SIM_SECOND);
    story_end(&s);
}

/* One branch gives a call up after 1 s; the other's 3 s count all the same, and so does
 * what comes after in the first. The abandoned callee's 5 s count for nobody. */
static void a_branch_that_gives_up_costs_its_siblings_nothing(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 1}}},"
                   "'services': {'web': {'kind': 'server', 'handlers': {'default': ["
                   "{'parallel': [[{'call': 'slow', 'timeout': '1s',"
                   "  'on_error': 'continue'}, {'wait': '1s'}], [{'wait': '3s'}]]}]}},"
                   "'slow': {'kind': 'server', 'slots': 9,"
                   "  'handlers': {'default': [{'wait': '5s'}]}}}}");
    uint64_t spent[2] = {0};
    for (int bin = 0; bin < BLAME_BINS; bin++)
        for (int r = 0; r < s.facts->resources; r++) {
            bool web = strcmp(s.facts->resource[r].name, "web: waiting step") == 0;
            bool slow = strcmp(s.facts->resource[r].name, "slow: waiting step") == 0;
            if (web || slow)
                spent[slow] += s.out.type[0].blame[bin * s.facts->resources + r];
        }
    assert_latencies(&s, 3);
    assert_int_equal(spent[0], 4 * SIM_SECOND);
    assert_int_equal(spent[1], 0);
    story_end(&s);
}

/* Each of two turns backs off for another time: twice one would be the same twice. */
static void every_turn_backs_off_anew(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 1}}},"
                   "'services': {'web': {'kind': 'server', 'handlers': {'default': ["
                   "{'repeat': 2, 'steps': [{'call': 'bad', 'on_error': 'continue',"
                   "  'retry': {'max': 1, 'backoff': {'base': '10s', 'cap': '10s'}}}]}"
                   "]}}, 'bad': {'kind': 'server', 'handlers': {'default': ["
                   "  {'fail': '500'}]}}}}");
    sim_time both = (sim_time)s.out.type[0].latency_sum.sum;
    story_end(&s);
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 1}}},"
                   "'services': {'web': {'kind': 'server', 'handlers': {'default': ["
                   "{'repeat': 1, 'steps': [{'call': 'bad', 'on_error': 'continue',"
                   "  'retry': {'max': 1, 'backoff': {'base': '10s', 'cap': '10s'}}}]}"
                   "]}}, 'bad': {'kind': 'server', 'handlers': {'default': ["
                   "  {'fail': '500'}]}}}}");
    sim_time one = (sim_time)s.out.type[0].latency_sum.sum;
    assert_true(one > 0 && both > one && both != 2 * one);
    story_end(&s);
}

static void what_is_spawned_is_not_waited_for(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               DOES(2, "{'spawn': [{'call': 'api', 'as': 'long'}]},"
                       "{'wait': '1s'}"),
               1);
    story_watch(&s, 0, 100, 0);
    assert_latencies(&s, 1, 1);
    assert_int_equal((uint64_t)story_at(&s, "api")->busy_area, 10 * SIM_SECOND);
    story_end(&s);
}

/* ---- one after the other --------------------------------------------------------- */

static void steps_take_their_sum(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, DOES(1, "{'wait': '1s'}, {'call': 'api', 'as': 'short'},"
                           "{'wait': '0.5s'}, {'call': 'api', 'as': 'long'}"));
    assert_latencies(&s, 7.5);
    story_end(&s);
}

static void repeats_nest(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, DOES(1, "{'repeat': 3, 'steps': [{'wait': '1s'},"
                           "{'repeat': 2, 'steps': [{'wait': '0.25s'}]}]},"
                           "{'repeat': 0, 'steps': [{'wait': '9s'}]}"));
    assert_latencies(&s, 4.5);
    story_end(&s);
}

/* Each turn draws anew: a hundred exponential turns are not a hundred times one. */
static void every_turn_draws_anew(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, DOES(400, "{'repeat': 100, 'steps': ["
                             "{'wait': {'exponential': '10ms'}}]}"));
    const struct tally *t = &s.out.type[0].latency_sum;
    assert_within(tally_mean(t), 1e9, 4 * 0.1e9 / 20);
    assert_within(tally_variance(t), 1e16, 0.3e16); /* 100 x (10 ms)^2 */
    story_end(&s);
}

/* The same for a callee's draws on later turns. */
static void a_callee_draws_anew_for_every_call(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{" AT_ONCE(
                   400) ", 'services': {'web': {'kind': 'server',"
                        "'handlers': {'default': [{'repeat': 100, 'steps': ["
                        "  {'call': 'api'}]}]}},"
                        "'api': {'kind': 'server', 'time': {'exponential': '10ms'}}}}");
    const struct tally *t = &s.out.type[0].latency_sum;
    assert_within(tally_mean(t), 1e9, 4 * 0.1e9 / 20);
    assert_within(tally_variance(t), 1e16, 0.3e16);
    story_end(&s);
}

static void choices_come_by_their_weights(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, DOES(10000, "{'choose': [{'weight': 1, 'steps': [{'fail': '500'}]},"
                               "{'weight': 6, 'steps': [{'wait': '1s'}]},"
                               "{'weight': 3, 'steps': [{'fail': '503'}]}]}"));
    assert_within((double)story_failed(&s, STATUS_500), 1000, 5 * sqrt(900));
    assert_within((double)story_failed(&s, STATUS_503), 3000, 5 * sqrt(2100));
    assert_within((double)s.out.type[0].ok, 6000, 5 * sqrt(2400));
    assert_books_balance(&s);
    story_end(&s);
}

static void failures_come_by_their_probability(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, DOES(10000, "{'fail': '500', 'probability': '10%'}"));
    assert_within((double)story_failed(&s, STATUS_500), 1000, 5 * sqrt(900));
    story_end(&s);
}

static void a_cache_is_asked_and_misses_go_further(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{" AT_ONCE(
                   10000) ", 'services': {'web': {'kind': 'server',"
                          "'handlers': {'default': [{'cache': 'redis', 'hit': '80%',"
                          "  'miss': [{'call': 'api'}], 'on_hit': [{'wait': '2s'}]}]}},"
                          "'redis': {'kind': 'server', 'time': '1s'},"
                          "'api': {'kind': 'server', 'time': '5s'}}}");
    assert_int_equal(story_at(&s, "redis")->served, 10000);
    double misses = (double)story_at(&s, "api")->served;
    assert_within(misses, 2000, 5 * sqrt(1600));
    assert_near(story_mean(&s.out.type[0]) * 10000, 6 * misses + 3 * (10000 - misses),
                1e-12);
    story_end(&s);
}

/* ---- streams --------------------------------------------------------------------- */

static void a_stream_has_a_first_byte_and_a_last(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, DOES(1, "{'wait': '1s'}, {'stream': {'first_byte': '2s',"
                           "'chunks': 10, 'gap': '0.5s'}}"));
    assert_latencies(&s, 8);
    assert_true(s.facts->type[0].streaming);
    assert_int_equal(s.out.type[0].first_byte.count, 1);
    assert_int_equal(s.out.type[0].first_byte.most, 3 * SIM_SECOND);
    story_end(&s);
}

/* Passed on by a caller that holds its slot to the end; 0.25 s of network each way. */
static void a_first_byte_travels_through_its_callers(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, "{" AT_ONCE(1) ", 'services': {'web': {'kind': 'server', 'slots': 1,"
                           "'latency': '250ms', 'handlers': {'default': ["
                           "  {'call': 'llm', 'stream': true}]}},"
                           "'llm': {'kind': 'server', 'latency': '250ms', 'handlers': {"
                           "  'default': [{'stream': {'first_byte': '1s', 'chunks': 4,"
                           "               'gap': '1s'}}]}}}}");
    assert_latencies(&s, 6);
    assert_int_equal(s.out.type[0].first_byte.most, 2 * SIM_SECOND);
    assert_int_equal((uint64_t)story_at(&s, "web")->held, 5500000000);
    story_end(&s);
}

static void a_stream_that_is_not_passed_on_has_no_first_byte(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" AT_ONCE(1) ", 'services': {'web': {'kind': 'server',"
                                  "'handlers': {'default': [{'call': 'llm'}]}},"
                                  "'llm': {'kind': 'server', 'handlers': {'default': ["
                                  "  {'stream': {'chunks': 4, 'gap': '1s'}}]}}}}");
    assert_false(s.facts->type[0].streaming);
    assert_int_equal(s.out.type[0].first_byte.count, 0);
    assert_latencies(&s, 4);
    story_end(&s);
}

/* A proxy's patience is for the first byte; the rest may take longer. */
static void a_proxy_waits_for_the_first_byte_only(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {'users': {'target': 'front', 'burst': {'users': 1},"
               "'mix': {'chat': 1}}}, 'services': {'front': {'kind': 'load_balancer',"
               "'upstream': 'web', 'read_timeout': '2s'},"
               "'web': {'kind': 'server', 'handlers': {'default': ["
               "  {'stream': {'first_byte': '1s', 'chunks': 9, 'gap': '1s'}}]}}}}");
    assert_latencies(&s, 10);
    story_end(&s);
    story_tell(&s,
               "{'workloads': {'users': {'target': 'front', 'burst': {'users': 1}}},"
               "'services': {'front': {'kind': 'load_balancer',"
               "'upstream': 'web', 'read_timeout': '2s'},"
               "'web': {'kind': 'server', 'time': '3s'}}}");
    assert_int_equal(story_failed(&s, STATUS_504), 1);
    assert_int_equal(s.out.type[0].failed_latency.most, 2 * SIM_SECOND);
    story_end(&s);
}

/* ---- memory ---------------------------------------------------------------------- */

static void memory_is_taken_until_the_end(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "  'first': {'target': 'web', 'burst': {'users': 5}},"
                   "  'later': {'target': 'web', 'burst': {'users': 3, 'at': '1s'}}},"
                   "'services': {'web': {'kind': 'server', 'memory': '100MB',"
                   "'on_oom': 'fail',"
                   "'handlers': {'default': [{'memory': '30MB'}, {'wait': '1s'}]}}}}");
    assert_int_equal(story_of(&s, "first")->ok, 3);
    assert_int_equal(story_of(&s, "later")->ok, 3);
    assert_int_equal(story_failed(&s, STATUS_500), 2);
    story_end(&s);
}

/* ---- the window ------------------------------------------------------------------ */

/* One request a second, 2.5 s each: those that begin in [10, 20) count, be they done
 * later or not. */
static void the_cohort_is_who_begins_in_the_window(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'web', 'open': {"
               "'rate': '1/s', 'process': 'constant'}}},"
               "'services': {'web': {'kind': 'server', 'time': '2.5s'}}}",
               1);
    story_watch(&s, 10, 10, 100);
    assert_int_equal(s.out.type[0].offered, 10);
    assert_int_equal(s.out.type[0].ok, 10);
    assert_int_equal((uint64_t)story_at(&s, "web")->busy_area, 25 * SIM_SECOND);
    assert_int_equal(story_at(&s, "web")->arrivals, 10);
    story_watch(&s, 10, 10, 1);
    assert_int_equal(s.out.type[0].offered, 10);
    assert_true(s.out.type[0].unfinished > 0);
    assert_books_balance(&s);
    story_end(&s);
}

static void a_run_that_only_grows_is_stopped(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'users': {'target': 'web', 'open': {"
               "'rate': '100/s'}}},"
               "'services': {'web': {'kind': 'server', 'slots': 1,"
               "'time': '1s'}}}",
               1);
    struct window window = {.length = 100000 * SIM_SECOND, .max_in_flight = 1000};
    world_run(s.model, 0, &window, &s.arena, &s.out);
    assert_int_equal(s.out.end, OUTCOME_OVERFLOW);
    assert_true(s.out.ended < 20 * SIM_SECOND);
    assert_books_balance(&s);
    story_end(&s);
}

static void a_system_without_anything_to_wait_for_answers_at_once(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'web', 'burst': {'users': 2}}},"
                   "'services': {'web': {'kind': 'server',"
                   "                     'handlers': {'default': []}}}}");
    assert_int_equal(s.facts->resources, 0);
    assert_latencies(&s, 0, 0);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_join_of_all_waits_for_the_slowest),
        cmocka_unit_test(a_join_of_any_goes_on_with_the_first),
        cmocka_unit_test(a_join_of_two_waits_for_two),
        cmocka_unit_test(one_error_fails_a_join_of_all_at_once),
        cmocka_unit_test(errors_are_borne_while_enough_can_succeed),
        cmocka_unit_test(who_lost_a_race_still_works_to_its_end),
        cmocka_unit_test(a_branch_that_gives_up_costs_its_siblings_nothing),
        cmocka_unit_test(every_turn_backs_off_anew),
        cmocka_unit_test(what_is_spawned_is_not_waited_for),
        cmocka_unit_test(steps_take_their_sum),
        cmocka_unit_test(repeats_nest),
        cmocka_unit_test(every_turn_draws_anew),
        cmocka_unit_test(a_callee_draws_anew_for_every_call),
        cmocka_unit_test(choices_come_by_their_weights),
        cmocka_unit_test(failures_come_by_their_probability),
        cmocka_unit_test(a_cache_is_asked_and_misses_go_further),
        cmocka_unit_test(a_stream_has_a_first_byte_and_a_last),
        cmocka_unit_test(a_first_byte_travels_through_its_callers),
        cmocka_unit_test(a_stream_that_is_not_passed_on_has_no_first_byte),
        cmocka_unit_test(a_proxy_waits_for_the_first_byte_only),
        cmocka_unit_test(memory_is_taken_until_the_end),
        cmocka_unit_test(the_cohort_is_who_begins_in_the_window),
        cmocka_unit_test(a_run_that_only_grows_is_stopped),
        cmocka_unit_test(a_system_without_anything_to_wait_for_answers_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
