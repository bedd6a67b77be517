/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept over time, of systems where it can be told beforehand. */
#include "models/chronicle.h"

#include "unit/story.h"

/* 10 s in bins of 100 ms, 2 s of them warm-up. */
static void tell_chronicle(struct story *s, const char *text, bool chronicle)
{
    story_read(s, text, 1);
    struct window window = {.warm_up = story_time(2),
                            .length = story_time(8),
                            .drain = story_time(5),
                            .chronicle = chronicle ? story_time(10) : 0};
    world_run(s->model, 0, &window, &s->arena, &s->out);
}

static const char evenly[] =
    "{'workloads': {'v': {'target': 'api', 'open': {'rate': '10/s',"
    " 'process': 'constant'}}},"
    " 'services': {'api': {'kind': 'server', 'slots': 2, 'time': '50ms'}}}";

static const char busily[] =
    "{'workloads': {'v': {'target': 'api', 'open': {'rate': '50/s'},"
    " 'timeout': '100ms', 'retry': {'max': 1}, 'deadline': '1s'}},"
    " 'services': {'api': {'kind': 'gunicorn', 'worker_class': 'sync', 'workers': 2,"
    " 'handlers': {'default': [{'wait': {'exponential': '40ms'}}]}}}}";

static uint64_t sum_of(const uint64_t *bins)
{
    uint64_t sum = 0;
    for (int b = 0; b < CHRONICLE_BINS; b++)
        sum += bins[b];
    return sum;
}

static void who_is_watched_does_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {evenly, busily};
    for (int i = 0; i < 2; i++) {
        struct story alone, watched;
        tell_chronicle(&alone, texts[i], false);
        tell_chronicle(&watched, texts[i], true);
        assert_null(alone.out.chronicle);
        assert_non_null(watched.out.chronicle);
        assert_true(alone.out.fingerprint == watched.out.fingerprint);
        assert_true(alone.out.events == watched.out.events);
        assert_true(alone.out.type[0].ok == watched.out.type[0].ok);
        assert_true(alone.out.station[0].busy_area == watched.out.station[0].busy_area);
        story_end(&alone);
        story_end(&watched);
    }
}

static void requests_stand_where_they_came_and_went(void **state)
{
    (void)state;
    struct story s;
    tell_chronicle(&s, evenly, true);
    const struct chronicle *c = s.out.chronicle;
    const struct chronicle_type *type = &c->type[0];
    assert_int_equal(c->width, story_time(0.1));
    assert_int_equal(c->bins, CHRONICLE_BINS);
    /* The k-th comes at k / 10 s, warm-up or not, and goes 50 ms later. */
    assert_int_equal(type->offered[0], 0);
    for (int b = 1; b < CHRONICLE_BINS; b++) {
        assert_int_equal(type->offered[b], 1);
        assert_int_equal(type->ok[b], 1);
        assert_int_equal(type->latency[b].count, 1);
        assert_int_equal(type->latency[b].most, story_time(0.05));
    }
    assert_int_equal(sum_of(type->failed), 0);
    story_end(&s);
}

/* One request a bin, in the first half of it. The level is known when the next comes,
 * at the end of the bin. Warm-up's end changes nothing. */
static void levels_are_means_over_bins(void **state)
{
    (void)state;
    struct story s;
    tell_chronicle(&s, evenly, true);
    const struct chronicle_station *api = &s.out.chronicle->station[0];
    for (int b = 1; b < CHRONICLE_BINS; b++) {
        assert_within(api->busy[b], 0.5, 1e-6);
        assert_within(api->waiting[b], 0, 1e-9);
        assert_within(api->up[b], 1, 1e-9);
    }
    story_end(&s);
}

static void nothing_is_lost_of_failures_and_retries(void **state)
{
    (void)state;
    struct story s;
    tell_chronicle(&s, busily, true);
    const struct chronicle_type *type = &s.out.chronicle->type[0];
    uint64_t offered = sum_of(type->offered), times = 0;
    uint64_t over = sum_of(type->ok) + sum_of(type->failed);
    for (int b = 0; b < CHRONICLE_BINS; b++)
        times += type->latency[b].count;
    assert_true(sum_of(type->failed) > 0);
    assert_true(offered > 400 && offered >= over && offered - over < 60);
    /* Times of those that came early enough; some end behind the last bin. */
    assert_true(times >= sum_of(type->ok) && times - sum_of(type->ok) < 60);
    story_end(&s);
}

/* One of two goes away from 3 s to 5 s. */
static void an_outage_is_noted_and_seen(void **state)
{
    (void)state;
    struct story s;
    tell_chronicle(&s,
                   "{'workloads': {'v': {'target': 'api', 'open': {'rate': '100/s',"
                   " 'process': 'constant'}}},"
                   " 'services': {'api': {'kind': 'server', 'replicas': 2, 'slots': 2,"
                   " 'time': '1ms', 'outages': [{'at': '3s', 'for': '2s',"
                   " 'how': 'refuse', 'replicas': 1}]}}}",
                   true);
    const struct chronicle *c = s.out.chronicle;
    assert_true(s.facts->eventful);
    assert_int_equal(c->events, 2);
    assert_string_equal(c->event[0].whom, "api");
    assert_string_equal(c->event[0].what, "crash");
    assert_int_equal(c->event[0].at, story_time(3));
    assert_false(c->event[0].over);
    assert_int_equal(c->event[1].at, story_time(5));
    assert_true(c->event[1].over);
    for (int b = 0; b < CHRONICLE_BINS; b++)
        assert_within(c->station[0].up[b], b >= 30 && b < 50 ? 1 : 2, 1e-6);
    story_end(&s);
}

/* At 1 s and every 4 s, up to the end of the last bin. */
static void bursts_are_noted(void **state)
{
    (void)state;
    struct story s;
    tell_chronicle(&s,
                   "{'workloads': {'v': {'target': 'api', 'open': {'rate': '10/s'}},"
                   " 'sale': {'target': 'api', 'burst': {'users': 5, 'at': '1s',"
                   " 'every': '4s'}}},"
                   " 'services': {'api': {'kind': 'server', 'slots': 2,"
                   " 'time': '1ms'}}}",
                   true);
    const struct chronicle *c = s.out.chronicle;
    assert_true(s.facts->eventful);
    assert_int_equal(c->events, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(c->event[i].whom, "sale");
        assert_string_equal(c->event[i].what, "burst");
        assert_int_equal(c->event[i].at, story_time(1 + 4 * i));
    }
    story_end(&s);
}

static void what_is_quiet_is_not_eventful(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, evenly, 1);
    assert_false(s.facts->eventful);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_watched_does_the_same),
        cmocka_unit_test(requests_stand_where_they_came_and_went),
        cmocka_unit_test(levels_are_means_over_bins),
        cmocka_unit_test(nothing_is_lost_of_failures_and_retries),
        cmocka_unit_test(an_outage_is_noted_and_seen),
        cmocka_unit_test(bursts_are_noted),
        cmocka_unit_test(what_is_quiet_is_not_eventful),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
