/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Language models behind APIs: limits of requests and tokens, and what libraries do. */
#include "unit/story.h"

#define API(more)                                                                      \
    "'services': {'llm': {'kind': 'llm_api', 'ttft': '600ms', 'output_tokens': 101,"   \
    " 'time_per_token': '20ms'" more "}}}"
#define BURST(users)                                                                   \
    "{'workloads': {'w': {'target': 'llm', 'burst': {'users': " #users "}}},"
/* So many requests, evenly spaced. */
#define EVENLY(rate, seconds)                                                          \
    "{'workloads': {'w': {'target': 'llm', 'open': {'rate': '" rate "',"               \
    " 'process': 'constant', 'profile': [['0s', 1], ['" seconds "', 1]]}}},"

static void rule_8_1_1_whichever_limit_is_hit_first(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(10) API(", 'limits': {'requests': '300/min'}"));
    assert_int_equal(s.out.type[0].ok, 5); /* five a second */
    assert_int_equal(story_failed(&s, STATUS_429), 5);
    assert_int_equal(story_at(&s, "llm")->refused, 5);
    story_end(&s);
    story_tell(&s, BURST(10) API(", 'limits': {'requests': '300/min',"
                                 " 'tokens': '1000/min'}, 'input_tokens': 199"));
    assert_int_equal(s.out.type[0].ok, 3); /* of 300 tokens each */
    assert_books_balance(&s);
    story_end(&s);
    story_tell(&s, BURST(10) API(", 'concurrency': 4"));
    assert_int_equal(s.out.type[0].ok, 4);
    story_end(&s);
    /* a minute's limit and a day's: both must be kept */
    story_tell(&s, BURST(10) API(", 'limits': [{'requests': '300/min'},"
                                 " {'requests': '2/h', 'request_window': '2h'}]"));
    assert_int_equal(s.out.type[0].ok, 4);
    story_end(&s);
}

/* A client that waits what it is told is served one second later, when the bucket holds
 * one more: 1/s. */
static void rule_8_1_1_retry_after_says_when(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'llm', 'burst': {'users': 2},"
                   " 'retry': {'max': 3, 'on': ['429']}}},"
                   API(", 'limits': {'requests': '60/min'}, 'count_rejected': false"));
    assert_int_equal(s.out.type[0].ok, 2);
    assert_within((double)s.out.type[0].latency_sum.most * 1e-9, 2.6 + 1, 1e-8);
    story_end(&s);
    story_tell(&s, "{'workloads': {'w': {'target': 'llm', 'burst': {'users': 2},"
                   " 'retry': {'max': 3, 'on': ['429']}}},"
                   API(", 'limits': {'requests': '60/min'}, 'count_rejected': false,"
                       " 'retry_after': '7s'"));
    assert_within((double)s.out.type[0].latency_sum.most * 1e-9, 2.6 + 7, 1e-8);
    story_end(&s);
}

/* 1,100 tokens are charged where 1,101 may be written, 201 where as many are. */
static void rule_8_1_2_tokens_are_charged_by_what_may_be_written(void **state)
{
    (void)state;
    static const struct {
        const char *charge;
        uint64_t ok;
    } charged[] = {{"max_tokens", 9}, {"used", 49}, {"input", 100}, {"output", 99}};
    for (int i = 0; i < 4; i++) {
        struct story s;
        char text[700];
        snprintf(text, sizeof text,
                 BURST(200) API(", 'limits': {'tokens': '10000/min'}, 'charge': '%s',"
                                " 'max_tokens': 1000, 'input_tokens': 100"),
                 charged[i].charge);
        story_tell(&s, text);
        assert_int_equal(s.out.type[0].ok, charged[i].ok);
        story_end(&s);
    }
    struct story s; /* and answers are cut there */
    story_tell(&s, BURST(1) API(", 'max_tokens': 51"));
    assert_latencies(&s, 1.6);
    story_end(&s);
}

static uint64_t served(const char *arrivals, const char *limits)
{
    struct story s;
    char text[900];
    snprintf(text, sizeof text, "%s" API("%s"), arrivals, limits);
    story_tell(&s, text);
    uint64_t ok = s.out.type[0].ok;
    assert_int_equal(ok + story_failed(&s, STATUS_429), s.out.type[0].offered);
    story_end(&s);
    return ok;
}

/* Ten a second where five may pass, for a minute: half of them, or, when each rejected
 * one counts, hardly any after the first moments. */
static void rule_8_1_3_rejected_requests_count(void **state)
{
    (void)state;
    uint64_t counted =
        served(EVENLY("10/s", "60.05s"), ", 'limits': {'requests': '5/s'}");
    uint64_t free = served(EVENLY("10/s", "60.05s"),
                           ", 'limits': {'requests': '5/s'}, 'count_rejected': false");
    assert_in_range(free, 300, 306);
    assert_in_range(counted, 5, 12);
}

/* 60 a minute are one a second: of ten at once one passes, though a minute would hold
 * them all; over ten seconds ten do. Counted from 0 in every window likewise. */
static void rule_8_1_4_limits_are_enforced_on_shorter_windows(void **state)
{
    (void)state;
    assert_int_equal(served(BURST(10), ", 'limits': {'requests': '60/min'}"), 1);
    assert_int_equal(served(BURST(10), ", 'limits': {'requests': '60/min',"
                                       " 'request_window': '10s'}"), 10);
    /* a burst of 10 every second for six seconds, counted from 0 each second */
    assert_int_equal(served("{'workloads': {'w': {'target': 'llm', 'open': {"
                            " 'rate': '1/s', 'process': 'constant', 'batch': 10,"
                            " 'profile': [['0s', 1], ['6.5s', 1]]}}},",
                            ", 'limits': {'requests': '180/min', 'enforced': 'fixed'}"),
                     18);
}

static void rule_8_1_5_overloaded_is_another_code(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(1000) API(", 'overloaded': '10%'"));
    assert_in_range(story_failed(&s, STATUS_503), 70, 130);
    assert_int_equal(story_failed(&s, STATUS_429), 0);
    story_end(&s);
}

#define SDK(more)                                                                      \
    "{'workloads': {'w': {'target': 'app', 'burst': {'users': 1}}}, 'services': {"     \
    "'app': {'kind': 'server', 'handlers': {'default': [{'call': 'llm',"               \
    " 'sdk': 'openai'" more "}]}},"

/* Three attempts of 600 s, 0.375 to 0.5 s and 0.75 to 1 s between them. */
static void rule_8_1_6_the_library_waits_600_s_and_tries_thrice(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, SDK("") "'llm': {'kind': 'llm_api', 'ttft': '700s',"
                           " 'output_tokens': 1, 'time_per_token': '0s'}}}");
    assert_int_equal(story_failed(&s, STATUS_504), 1);
    assert_int_equal(story_at(&s, "llm")->arrivals, 3);
    assert_within((double)s.out.type[0].failed_latency.most * 1e-9,
                  1800 + 0.4375 + 0.875, 0.1875);
    story_end(&s);
    /* what the scenario says wins */
    story_tell(&s, SDK(", 'timeout': '10s', 'retry': {'max': 0}")
                       "'llm': {'kind': 'llm_api', 'ttft': '700s',"
                       " 'output_tokens': 1, 'time_per_token': '0s'}}}");
    assert_int_equal(story_at(&s, "llm")->arrivals, 1);
    assert_near((double)s.out.type[0].failed_latency.most, 10e9, 0);
    story_end(&s);
}

static void rule_8_1_7_first_token_then_a_pace(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(1) API(""));
    assert_latencies(&s, 0.6 + 100 * 0.02);
    assert_int_equal(s.out.type[0].first_byte.most, 600 * SIM_MILLISECOND);
    assert_int_equal(s.out.type[0].per_token.most, 20 * SIM_MILLISECOND);
    story_end(&s);
}

/* 60,000 tokens a minute by calls that are charged 100 + 4,096 and use 300: of 60 a
 * minute 14.3 pass, after a minute's worth at the start. */
static void rule_8_5_4_fourteen_calls_a_minute_not_two_hundred(void **state)
{
    (void)state;
    const char *limits = ", 'limits': {'tokens': '60000/min'}, 'max_tokens': 4096,"
                         " 'input_tokens': 100";
    uint64_t ok = served(EVENLY("60/min", "1260s"), limits);
    assert_within(((double)ok - 60000.0 / 4196) / 21, 60000.0 / 4196, 0.2);
    ok = served(EVENLY("600/min", "1260s"), ", 'limits': {'tokens': '60000/min'},"
                                            " 'charge': 'used', 'input_tokens': 199");
    assert_within(((double)ok - 200) / 21, 200, 1);
}

static struct story behind_a_wall(const char *counts)
{
    struct story s;
    char text[1200];
    snprintf(text, sizeof text,
             "{'workloads': {'w': {'target': 'app', 'open': {'rate': '10/s',"
             "  'process': 'constant',"
             "  'profile': [['0s', 1], ['60s', 1], ['60.1s', 0.1], ['180s', 0.1]]}}},"
             "'services': {'app': {'kind': 'server', 'handlers': {'default': ["
             "  {'call': 'llm', 'sdk': 'openai'}]}},"
             "'llm': {'kind': 'llm_api', 'ttft': '600ms', 'output_tokens': 10,"
             "  'time_per_token': '20ms', 'retry_after': '1s', 'count_rejected': %s,"
             "  'limits': {'requests': '120/min'}}}}",
             counts);
    story_tell(&s, text);
    return s;
}

/* 10/s for a minute and 1/s for two more, where 2/s may pass: nearly all of the first
 * minute are tried three times; where the rejected count, the others hardly pass
 * either. */
static void rule_8_5_5_retries_in_front_of_a_wall(void **state)
{
    (void)state;
    struct story counted = behind_a_wall("true"), free = behind_a_wall("false");
    double tries = (double)story_at(&counted, "llm")->arrivals /
                   (double)counted.out.type[0].offered;
    assert_within(tries, 3, 0.15);
    assert_true(counted.out.type[0].ok < free.out.type[0].ok / 3);
    assert_books_balance(&counted);
    story_end(&counted);
    story_end(&free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_8_1_1_whichever_limit_is_hit_first),
        cmocka_unit_test(rule_8_1_1_retry_after_says_when),
        cmocka_unit_test(rule_8_1_2_tokens_are_charged_by_what_may_be_written),
        cmocka_unit_test(rule_8_1_3_rejected_requests_count),
        cmocka_unit_test(rule_8_1_4_limits_are_enforced_on_shorter_windows),
        cmocka_unit_test(rule_8_1_5_overloaded_is_another_code),
        cmocka_unit_test(rule_8_1_6_the_library_waits_600_s_and_tries_thrice),
        cmocka_unit_test(rule_8_1_7_first_token_then_a_pace),
        cmocka_unit_test(rule_8_5_4_fourteen_calls_a_minute_not_two_hundred),
        cmocka_unit_test(rule_8_5_5_retries_in_front_of_a_wall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
