/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit/story.h"

#define THREADS(cores, slots, discipline, steps)                                       \
    "'services': {'web': {'kind': 'server', 'cpu': " #cores ", 'slots': " #slots       \
    ", 'discipline': '" discipline "', 'handlers': {'default': [" steps "]}}}"
#define AT_ONCE(count)                                                                 \
    "{'workloads': {'users': {'target': 'web', 'burst': {'users': " #count "}}}, "

static void eight_tasks_share_two_cores_equally(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(8) THREADS(2, 100, "sharing", "{'cpu': '1.45s'}") "}");
    assert_latencies(&s, 5.8, 5.8, 5.8, 5.8, 5.8, 5.8, 5.8, 5.8);
    assert_true(story_at(&s, "web")->cpu_area == (uint128)11600000000 * 1000);
    story_end(&s);
}

static void nobody_gets_more_than_one_core(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(3) THREADS(8, 100, "sharing", "{'cpu': '1s'}") "}");
    assert_latencies(&s, 1, 1, 1);
    story_end(&s);
}

static void a_part_of_a_core_is_slower(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(2) THREADS(0.5, 100, "sharing", "{'cpu': '1s'}") "}");
    assert_latencies(&s, 4, 4);
    assert_true(story_at(&s, "web")->cpu_area == (uint128)2000000000 * 1000);
    story_end(&s);
}

/* One core. The first does 1 s of its 2 s alone and the other at half speed: it ends at
 * 3 s. The second has had 1 of its 3 s by then and ends at 5 s, 4 s after it came. */
static void a_newcomer_slows_the_one_who_is_there(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "'first': {'target': 'web', 'burst': {'users': 1},"
                   "          'mix': {'short': 1}},"
                   "'second': {'target': 'web', 'burst': {'users': 1, 'at': '1s'},"
                   "           'mix': {'long': 1}}},"
                   "'services': {'web': {'kind': 'server', 'cpu': 1, 'handlers': {"
                   "  'short': [{'cpu': '2s'}], 'long': [{'cpu': '3s'}]}}}}");
    assert_latencies_of(story_type(&s, "short"), 3);
    assert_latencies_of(story_type(&s, "long"), 4);
    story_end(&s);
}

static void slots_bound_who_shares(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(4) THREADS(1, 2, "sharing", "{'cpu': '1s'}") "}");
    assert_latencies(&s, 2, 2, 4, 4);
    story_end(&s);
}

/* ---- one lock for all threads of a process --------------------------------------- */

static void threads_of_one_process_share_one_core(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(3) THREADS(8, 4, "gil", "{'cpu': '1s'}") "}");
    assert_latencies(&s, 3, 3, 3);
    assert_true(story_at(&s, "web")->cpu_area == (uint128)3000000000 * 1000);
    story_end(&s);
}

/* 1 s and 2 s under one lock: 1 s each until 2 s, then the second alone. */
static void who_is_left_has_the_lock_alone(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "'one': {'target': 'web', 'burst': {'users': 1},"
                   "        'mix': {'short': 1}},"
                   "'two': {'target': 'web', 'burst': {'users': 1},"
                   "        'mix': {'long': 1}}},"
                   "'services': {'web': {'kind': 'server', 'cpu': 8, 'slots': 4,"
                   "  'discipline': 'gil', 'handlers': {"
                   "  'short': [{'cpu': '1s'}], 'long': [{'cpu': '2s'}]}}}}");
    assert_latencies_of(story_type(&s, "short"), 2);
    assert_latencies_of(story_type(&s, "long"), 3);
    story_end(&s);
}

static void processes_do_not_share_their_locks(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(4) "'services': {'web': {'kind': 'server', 'cpu': 8,"
                              "'processes': 2, 'slots': 2, 'discipline': 'gil',"
                              "'handlers': {'default': [{'cpu': '1s'}]}}}}");
    assert_latencies(&s, 2, 2, 2, 2);
    story_end(&s);
}

/* Two processes with two threads each on one core: every thread a quarter of it. */
static void locks_and_cores_are_both_shared(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(4) "'services': {'web': {'kind': 'server', 'cpu': 1,"
                              "'processes': 2, 'slots': 2, 'discipline': 'gil',"
                              "'handlers': {'default': [{'cpu': '1s'}]}}}}");
    assert_latencies(&s, 4, 4, 4, 4);
    story_end(&s);
}

/* 50 ms of CPU a request is 20 requests/s, however many threads: the measured servers'
 * limit. 400 arrive at once; 4 threads are busy to the end. Their waits are random, so
 * that they do not march in step. */
static void four_threads_of_one_process_do_twenty_a_second(void **state)
{
    (void)state;
    struct story s;
    story_tell(
        &s, AT_ONCE(4000) THREADS(
                8, 4, "gil", "{'cpu': '50ms'}, {'wait': {'exponential': '50ms'}}") "}");
    assert_int_equal(s.out.type[0].ok, 4000);
    assert_near((double)story_at(&s, "web")->cpu_area, 200e9 * 1000, 1e-6);
    double rate = 4000 / sim_seconds(s.out.ended);
    assert_true(rate > 19 && rate <= 20);
    story_end(&s);
}

/* ---- event loops ----------------------------------------------------------------- */

static void a_loop_works_one_piece_at_a_time(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(10)
                       THREADS(4, 0, "loop", "{'cpu': '20ms'}, {'wait': '100ms'}") "}");
    assert_latencies(&s, .12, .14, .16, .18, .2, .22, .24, .26, .28, .3);
    story_end(&s);
}

/* Two on one loop; each asks twice: A1 B1 A2 B2 in order of asking. */
static void a_loop_takes_pieces_in_the_order_of_asking(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               AT_ONCE(2) THREADS(1, 0, "loop", "{'cpu': '1s'}, {'cpu': '1s'}") "}");
    assert_latencies(&s, 3, 4);
    story_end(&s);
}

static void loops_share_the_cores_among_them(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(4) "'services': {'web': {'kind': 'server', 'cpu': 1,"
                              "'processes': 2, 'slots': 2, 'discipline': 'loop',"
                              "'handlers': {'default': [{'cpu': '1s'}]}}}}");
    assert_latencies(&s, 2, 2, 4, 4);
    story_end(&s);
}

static void the_busiest_loop_is_known(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'web', 'burst': {'users': 5}}}, "
                   "'services': {'web': {'kind': 'server', 'cpu': 2, 'processes': 2,"
                   "'slots': 3, 'discipline': 'loop', 'handlers': {'default': ["
                   "{'wait': '10s'}, {'cpu': '1s'}]}}}}");
    assert_latencies(&s, 11, 11, 12, 12, 13);
    assert_int_equal((uint64_t)story_at(&s, "web")->hottest_process_area,
                     3 * SIM_SECOND);
    story_end(&s);
}

static void waiting_for_a_core_is_told_from_work(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, AT_ONCE(4) THREADS(1, 0, "loop", "{'cpu': '1s'}") "}");
    uint64_t work = 0, wait = 0;
    for (int r = 0; r < s.facts->resources; r++)
        for (int bin = 0; bin < BLAME_BINS; bin++) {
            uint64_t spent = s.out.type[0].blame[bin * s.facts->resources + r];
            if (strcmp(s.facts->resource[r].name, "web: working (CPU)") == 0)
                work += spent;
            if (strcmp(s.facts->resource[r].name, "web: waiting for the event loop") ==
                0)
                wait += spent;
        }
    assert_int_equal(work, 4000000000);
    assert_int_equal(wait, 6000000000); /* 0 + 1 + 2 + 3 s */
    story_end(&s);
}

/* The third is done 1.7 picoseconds of a core after the others are, which is within
 * what counts as the same instant for its process and must do so for its threads. */
static void hardly_later_is_at_once_under_the_lock(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "'pair': {'target': 'web', 'burst': {'users': 2}, 'mix': {'a': 1}},"
                   "'one': {'target': 'web', 'burst': {'users': 1, 'at': '1.003us'},"
                   "        'mix': {'b': 1}}},"
                   "'services': {'web': {'kind': 'server', 'processes': 3, 'slots': 2,"
                   "  'discipline': 'gil', 'cpu': 1.001, 'handlers': {"
                   "  'a': [{'cpu': '20.854us'}], 'b': [{'cpu': '20.352us'}]}}}}");
    assert_int_equal(story_type(&s, "a")->ok + story_type(&s, "b")->ok, 3);
    assert_int_equal(story_type(&s, "a")->latency_sum.most,
                     story_type(&s, "b")->latency_sum.most + 1003);
    story_end(&s);
}

/* Every short piece of work overtakes the long one's completion; none may leave an
 * event behind: 16 bytes each would be 6 MB here. */
static void long_work_beside_short_takes_no_memory(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {"
               "'long': {'target': 'web', 'burst': {'users': 1}, 'mix': {'long': 1}},"
               "'short': {'target': 'web', 'open': {'rate': '100/s'},"
               "          'mix': {'short': 1}}},"
               "'services': {'web': {'kind': 'server', 'cpu': 1, 'handlers': {"
               "  'long': [{'cpu': '10000s'}], 'short': [{'cpu': '1ms'}]}}}}",
               1);
    struct window window = {.length = 4000 * SIM_SECOND, .drain = SIM_SECOND};
    world_run(s.model, 0, &window, &s.arena, &s.out);
    assert_true(story_of(&s, "short")->ok > 390000);
    assert_true(s.arena.taken < 3000000);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_tasks_share_two_cores_equally),
        cmocka_unit_test(nobody_gets_more_than_one_core),
        cmocka_unit_test(a_part_of_a_core_is_slower),
        cmocka_unit_test(a_newcomer_slows_the_one_who_is_there),
        cmocka_unit_test(slots_bound_who_shares),
        cmocka_unit_test(threads_of_one_process_share_one_core),
        cmocka_unit_test(who_is_left_has_the_lock_alone),
        cmocka_unit_test(processes_do_not_share_their_locks),
        cmocka_unit_test(locks_and_cores_are_both_shared),
        cmocka_unit_test(four_threads_of_one_process_do_twenty_a_second),
        cmocka_unit_test(a_loop_works_one_piece_at_a_time),
        cmocka_unit_test(a_loop_takes_pieces_in_the_order_of_asking),
        cmocka_unit_test(loops_share_the_cores_among_them),
        cmocka_unit_test(the_busiest_loop_is_known),
        cmocka_unit_test(waiting_for_a_core_is_told_from_work),
        cmocka_unit_test(hardly_later_is_at_once_under_the_lock),
        cmocka_unit_test(long_work_beside_short_takes_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
