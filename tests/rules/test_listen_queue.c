/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit/story.h"

/* A sync worker that is busy for 3.4 s from 0, and `count` clients at 1 ms. */
#define FROZEN(count, keys)                                                            \
    "{'workloads': {'first': {'target': 'web', 'burst': {'users': 1},"                 \
    "    'mix': {'slow': 1}},"                                                         \
    "  'w': {'target': 'web', 'burst': {'users': " #count ", 'at': '1ms'}}},"          \
    " 'services': {'web': {'kind': 'gunicorn', " keys ", 'handlers': {"                \
    "   'slow': [{'wait': '3400ms'}], 'default': [{'memory': '1KiB'}]}}}}"

static void rule_2_5_1_a_backlog_stores_one_more(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, FROZEN(12, "'backlog': 4"));
    assert_int_equal(story_at(&s, "web")->queue_most, 5);
    story_end(&s);
}

/* Nobody is told anything: no error, just a second try. */
static void rule_2_5_2_a_full_queue_drops_silently(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, FROZEN(12, "'backlog': 4"));
    assert_int_equal(story_of(&s, "w")->ok, 12);
    assert_true(story_at(&s, "web")->refused >= 7);
    story_end(&s);
}

static void rule_2_5_3_old_clients_try_again_ever_later(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, FROZEN(12, "'backlog': 4, 'syn_retries': 'doubling'"));
    assert_latencies_of(story_of(&s, "w"), 3.399, 3.399, 3.399, 3.399, 3.399, 7, 7, 7,
                        7, 7, 7, 7);
    story_end(&s);
}

static void rule_2_5_4_who_has_given_up_is_served_all_the_same(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'w': {'target': 'web', 'burst': {'users': 5},"
               "    'timeout': '500ms'},"
               "  'next': {'target': 'web', 'burst': {'users': 1, 'at': '600ms'}}},"
               " 'services': {'web': {'kind': 'gunicorn', 'time': '1s'}}}",
               1);
    story_watch(&s, 0, 10, 0);
    assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 5);
    assert_int_equal(story_at(&s, "web")->served, 6);
    assert_latencies_of(story_of(&s, "next"), 5.4);
    story_end(&s);
}

static void rule_2_5_5_somaxconn_is_the_limit_when_smaller(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, FROZEN(12, "'somaxconn': 3"));
    assert_int_equal(story_at(&s, "web")->queue_most, 4);
    story_end(&s);
}

static void rule_2_8_5_five_connect_at_once_and_seven_after_four_seconds(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, FROZEN(12, "'backlog': 4"));
    assert_latencies_of(story_of(&s, "w"), 3.399, 3.399, 3.399, 3.399, 3.399, 4, 4, 4,
                        4, 4, 4, 4);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_2_5_1_a_backlog_stores_one_more),
        cmocka_unit_test(rule_2_5_2_a_full_queue_drops_silently),
        cmocka_unit_test(rule_2_5_3_old_clients_try_again_ever_later),
        cmocka_unit_test(rule_2_5_4_who_has_given_up_is_served_all_the_same),
        cmocka_unit_test(rule_2_5_5_somaxconn_is_the_limit_when_smaller),
        cmocka_unit_test(rule_2_8_5_five_connect_at_once_and_seven_after_four_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
