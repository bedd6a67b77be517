/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Caches: hit ratios by popularity, capacity and life, stampedes and what helps,
 * restarts, edges.
 */
#include "unit/story.h"

static double hit_ratio(const struct story *s, const char *name)
{
    const struct cache_counts *c = &story_at(s, name)->cache;
    return (double)c->hits / (double)c->lookups;
}

static double backend_calls(const struct story *s, const char *name)
{
    const struct cache_counts *c = &story_at(s, name)->cache;
    return (double)(c->lookups - c->hits - c->joined);
}

static double expected_hit(const struct story *s, const char *name)
{
    return s->facts->station[story_station(s, name)].hit_expected;
}

/* 1,000 requests/s for keys by Zipf's law; the rest of the step, and of the cache. */
static void tell_zipf(struct story *s, double zipf, int count, const char *step,
                      const char *cache)
{
    char text[1200];
    snprintf(text, sizeof text,
             "{'workloads': {'w': {'target': 'web', 'open': {'rate': '1000/s'},"
             "   'keys': {'count': %d, 'zipf': %g}}},"
             "'services': {'web': {'kind': 'server', 'handlers': {'default': ["
             "  {'cache': 'cache'%s}]}},"
             "  'cache': {'kind': 'cache', 'time': '0s'%s}}}",
             count, zipf, step, cache);
    story_read(s, text, 1);
}

/* ---- 6.2.1: formulas ------------------------------------------------------------- */

/* All keys alike, 100 of 1,000 fit: a tenth, whatever goes. */
static void rule_6_2_1_lru_keeps_what_fits(void **state)
{
    (void)state;
    static const char *const policies[] = {"lru", "lru_sampled", "random"};
    for (int i = 0; i < 3; i++) {
        struct story s;
        char cache[100];
        snprintf(cache, sizeof cache, ", 'capacity_items': 100, 'eviction': '%s'",
                 policies[i]);
        tell_zipf(&s, 0, 1000, "", cache);
        story_watch(&s, 0, 50, 1);
        assert_within(hit_ratio(&s, "cache"), 0.1, 0.005);
        assert_within(expected_hit(&s, "cache"), 0.1, 0.001);
        story_end(&s);
    }
}

/* Without a limit a key asked for at rate l and kept for t is found l t / (1 + l t) of
 * the time: 1,000 keys at 1/s each, kept for 3 s. */
static void rule_6_2_1_a_life_alone_gives_the_renewal_formula(void **state)
{
    (void)state;
    struct story s;
    tell_zipf(&s, 0, 1000, ", 'ttl': '3s'", "");
    assert_within(expected_hit(&s, "cache"), 0.75, 1e-6);
    story_watch(&s, 0, 100, 1);
    assert_within(hit_ratio(&s, "cache"), 0.75, 0.006);
    story_end(&s);
}

/* Life and capacity together: which ends first. The theory is held to the simulation,
 * also where they are of one size. */
static void rule_6_2_1_life_and_capacity_combine(void **state)
{
    (void)state;
    static const char *const lives[] = {"0.5s", "2s", "10s"};
    for (int i = 0; i < 3; i++) {
        struct story s;
        char step[40];
        snprintf(step, sizeof step, ", 'ttl': '%s'", lives[i]);
        tell_zipf(&s, 0.9, 5000, step, ", 'capacity_items': 500");
        story_watch(&s, 30, 200, 1);
        assert_within(hit_ratio(&s, "cache"), expected_hit(&s, "cache"), 0.01);
        story_end(&s);
    }
}

/* ---- 6.2.2, 6.3.1: verified numbers ---------------------------------------------- */

struct verified {
    double zipf;
    int capacity;
    double che, lru, sampled;
};

static const struct verified table[] = {
    {0.8, 100, 0.157, 0.157, 0.150},
    {0.8, 1000, 0.437, 0.438, 0.434},
    {1.0, 100, 0.391, 0.391, 0.384},
    {1.0, 1000, 0.676, 0.678, 0.673},
};
enum { TABLE = sizeof table / sizeof *table };

static double found(const struct verified *v, const char *eviction, double *expected)
{
    struct story s;
    char cache[100];
    snprintf(cache, sizeof cache, ", 'capacity_items': %d, 'eviction': '%s'",
             v->capacity, eviction);
    tell_zipf(&s, v->zipf, 10000, "", cache);
    story_watch(&s, 20, 200, 1);
    double hit = hit_ratio(&s, "cache");
    *expected = expected_hit(&s, "cache");
    story_end(&s);
    return hit;
}

static void rule_6_2_2_che_gives_the_verified_numbers(void **state)
{
    (void)state;
    for (int i = 0; i < TABLE; i++) {
        struct story s;
        char cache[100];
        snprintf(cache, sizeof cache, ", 'capacity_items': %d", table[i].capacity);
        tell_zipf(&s, table[i].zipf, 10000, ", 'method': 'che'", cache);
        assert_within(expected_hit(&s, "cache"), table[i].che, 0.001);
        story_end(&s);
    }
}

static void rule_6_3_1_lru_and_sampled_lru_hit_as_verified(void **state)
{
    (void)state;
    for (int i = 0; i < TABLE; i++) {
        double expected;
        assert_within(found(&table[i], "lru", &expected), table[i].lru, 0.01);
        assert_within(expected, table[i].lru, 0.01);
        assert_within(found(&table[i], "lru_sampled", &expected), table[i].sampled,
                      0.01);
    }
}

/* Drawn at the computed share: 1 s for each hit makes the mean latency the ratio. */
static void the_fast_way_draws_hits_at_the_computed_share(void **state)
{
    (void)state;
    struct story s;
    tell_zipf(&s, 1.0, 10000, ", 'method': 'che', 'on_hit': [{'wait': '1s'}]",
              ", 'capacity_items': 1000");
    story_watch(&s, 0, 100, 5);
    assert_within(story_mean(&s.out.type[0]), 0.676, 0.006);
    assert_int_equal(story_at(&s, "cache")->cache.lookups, 0);
    story_end(&s);
}

/* ---- 6.2.3, 6.3.2: stampede ------------------------------------------------------ */

/* One key at 200/s that lives 10 s and takes 1 s to make. */
static void tell_stampede(struct story *s, const char *remedy)
{
    char text[1200];
    snprintf(text, sizeof text,
             "{'workloads': {'w': {'target': 'web', 'open': {'rate': '200/s'},"
             "   'keys': {'count': 1}}},"
             "'services': {'web': {'kind': 'server', 'handlers': {'default': ["
             "  {'cache': 'redis', 'ttl': '10s', 'miss': [{'call': 'db'}]%s}]}},"
             "  'db': {'kind': 'server', 'time': '1s'},"
             "  'redis': {'kind': 'redis', 'time': '0s', 'cold_start': true}}}",
             remedy);
    story_read(s, text, 1);
}

/* Of 200 s a period takes 11: made, 10 s of life. Fills that come late prolong it by up
 * to their second. */
static void rule_6_3_2_an_expiry_brings_200_calls_or_one(void **state)
{
    (void)state;
    struct story s;
    tell_stampede(&s, "");
    story_watch(&s, 0, 11.9, 5); /* cold until 1 s, then until the late fills end */
    double each = backend_calls(&s, "redis");
    assert_within(each, 200, 45);
    story_end(&s);
    tell_stampede(&s, ", 'single_flight': true");
    story_watch(&s, 0, 10.9, 5);
    assert_true(backend_calls(&s, "redis") == 1);
    assert_within((double)story_at(&s, "redis")->cache.joined, 200, 45);
    story_end(&s);
}

/* So in the long run: about 200 of each 2,200 to 2,400 against 1. */
static void rule_6_2_3_a_stampede_is_rate_times_refill_time(void **state)
{
    (void)state;
    static const struct {
        const char *remedy;
        double least, most; /* calls in 220 s, 20 periods of 11 s */
    } cases[] = {
        {"", 18 * 150, 22 * 250},
        {", 'single_flight': true", 18, 21},
        {", 'stale_while_revalidate': '5s'", 18, 21 + 250 /* cold at first */},
        {", 'early_refresh': 1, 'single_flight': true", 18, 60},
    };
    for (int i = 0; i < 4; i++) {
        struct story s;
        tell_stampede(&s, cases[i].remedy);
        story_watch(&s, 0, 220, 5);
        double calls = (double)story_at(&s, "db")->served;
        if (calls < cases[i].least || calls > cases[i].most)
            fail_msg("%s: %g calls, not %g to %g", cases[i].remedy, calls,
                     cases[i].least, cases[i].most);
        story_end(&s);
    }
}

/* Refreshed early, hardly anybody ever waits for the refill. */
static void rule_6_2_3_early_refresh_spares_the_others_the_wait(void **state)
{
    (void)state;
    struct story s;
    tell_stampede(&s, ", 'early_refresh': 1, 'single_flight': true");
    story_watch(&s, 5, 220, 5);
    assert_true(story_at(&s, "redis")->cache.early >= 18);
    assert_true(story_at(&s, "redis")->cache.joined < 400);
    story_end(&s);
}

/* Served while it is refreshed behind the scenes: nobody waits. */
static void rule_6_2_3_stale_answers_make_nobody_wait(void **state)
{
    (void)state;
    struct story s;
    tell_stampede(&s, ", 'stale_while_revalidate': '5s'");
    story_watch(&s, 5, 200, 5);
    assert_int_equal(s.out.type[0].latency_sum.most, 0);
    assert_true(story_at(&s, "redis")->cache.stale > 18 * 150);
    story_end(&s);
}

/* ---- waiting for another's fill -------------------------------------------------- */

#define FLIGHT(clients, step, db)                                                      \
    "{'workloads': {" clients "},"                                                     \
    "'services': {'web': {'kind': 'server', 'handlers': {'default': ["                 \
    "  {'cache': 'redis', 'keys': {'count': 1}, 'single_flight': true,"                \
    "   'miss': [{'call': 'db'}]" step "}]}},"                                         \
    "  'db': {'kind': 'server', " db "},"                                              \
    "  'redis': {'kind': 'redis', 'time': '0s', 'cold_start': true}}}"
#define AT(name, time, more)                                                           \
    "'" name "': {'target': 'web', 'burst': {'users': 1, 'at': '" time "'}" more "}"

/* The first works for 3 s, the others wait for it and no longer. */
static void those_who_wait_go_on_when_it_is_there(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, FLIGHT(AT("a", "0s", "") "," AT("b", "1s", "") "," AT("c", "2s", ""),
                          "", "'time': '3s'"));
    assert_latencies_of(story_of(&s, "a"), 3);
    assert_latencies_of(story_of(&s, "b"), 2);
    assert_latencies_of(story_of(&s, "c"), 1);
    assert_int_equal(story_at(&s, "db")->arrivals, 1);
    story_end(&s);
}

/* The first one's client is gone after 1 s; its work goes on for those who wait. */
static void work_for_nobody_fills_the_cache(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, FLIGHT(AT("a", "0s", ", 'timeout': '1s'") "," AT("b", "2s", ""), "",
                          "'time': '3s'"));
    assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 1);
    assert_latencies_of(story_of(&s, "b"), 1);
    assert_int_equal(story_at(&s, "db")->arrivals, 1);
    story_end(&s);
}

/* Each fails after 3 s and the next one tries, from then on. */
static void when_the_work_fails_the_next_one_tries(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, FLIGHT(AT("a", "0s", "") "," AT("b", "1s", "") "," AT("c", "2s", ""),
                          "", "'handlers': {'default': [{'wait': '3s'},"
                              "  {'fail': '503'}]}"));
    assert_int_equal(story_failed(&s, STATUS_503), 3);
    assert_int_equal(story_of(&s, "b")->failed_latency.sum, 5 * SIM_SECOND);
    assert_int_equal(story_of(&s, "c")->failed_latency.sum, 7 * SIM_SECOND);
    assert_int_equal(story_at(&s, "db")->arrivals, 3);
    story_end(&s);
}

/* Who has waited for 1 s does it himself; the third is younger and waits on. */
static void who_loses_patience_does_the_work(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               FLIGHT(AT("a", "0s", "") "," AT("b", "1s", "") "," AT("c", "2.5s", ""),
                      ", 'wait_timeout': '1s'", "'time': '3s'"));
    assert_latencies_of(story_of(&s, "a"), 3);
    assert_latencies_of(story_of(&s, "b"), 4);
    assert_latencies_of(story_of(&s, "c"), 0.5);
    assert_int_equal(story_at(&s, "db")->arrivals, 2);
    story_end(&s);
}

/* A cache that cannot be asked is a miss that fills nothing. */
static void a_look_up_that_fails_is_a_miss(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {" AT("a", "0s", "") "," AT("b", "1s", "") "},"
                   "'services': {'web': {'kind': 'server', 'handlers': {'default': ["
                   "  {'cache': 'redis', 'keys': {'count': 1}, 'on_error': 'continue',"
                   "   'miss': [{'wait': '3ms'}], 'on_hit': [{'wait': '9ms'}]}]}},"
                   "  'redis': {'kind': 'redis',"
                   "            'handlers': {'default': [{'fail': 'reset'}]}}}}");
    assert_latencies_of(story_of(&s, "a"), 0.003);
    assert_latencies_of(story_of(&s, "b"), 0.003);
    story_end(&s);
}

/* ---- 6.2.4: cold caches ---------------------------------------------------------- */

/* At a hit ratio of 0.9 the backend gets ten times its load when all is forgotten. */
static void rule_6_2_4_a_flush_multiplies_the_backend_load(void **state)
{
    (void)state;
    double calls[2];
    for (int flushed = 0; flushed < 2; flushed++) {
        struct story s;
        tell_zipf(&s, 0, 10000, ", 'ttl': '90s', 'miss': [{'wait': '1ms'}]",
                  flushed ? ", 'flush_at': '10s'" : "");
        assert_within(expected_hit(&s, "cache"), 0.9, 1e-6);
        story_watch(&s, 10, 0.5, 1);
        calls[flushed] = backend_calls(&s, "cache");
        story_end(&s);
    }
    assert_within(calls[1] / calls[0], 10, 3);
}

/* Steady from the start, or empty: 500 of 1,000 keys once each. */
static void rule_6_2_4_a_cache_starts_steady_unless_it_is_cold(void **state)
{
    (void)state;
    struct story s;
    tell_zipf(&s, 0, 100000, "", ", 'capacity_items': 50000");
    story_watch(&s, 0, 2, 1);
    assert_within(hit_ratio(&s, "cache"), 0.5, 0.05);
    story_end(&s);
    tell_zipf(&s, 0, 100000, "", ", 'capacity_items': 50000, 'cold_start': true");
    story_watch(&s, 0, 2, 1);
    assert_true(hit_ratio(&s, "cache") < 0.03);
    story_end(&s);
}

/* What is there at the start is what is there later: hit ratios of the first second
 * and of the hundredth agree, also with lives and sizes. */
static void rule_6_2_4_the_steady_start_is_steady(void **state)
{
    (void)state;
    static const struct {
        const char *step, *cache;
    } cases[] = {
        {"", ", 'capacity_items': 1000"},
        {", 'ttl': '20s'", ""},
        {", 'ttl': '20s'", ", 'capacity_items': 1000"},
        {", 'size': {'exponential': {'mean': '10kB'}}", ", 'capacity_bytes': '5MB'"},
    };
    for (int i = 0; i < 4; i++) {
        double hit[2];
        for (int late = 0; late < 2; late++) {
            struct story s;
            tell_zipf(&s, 0.8, 5000, cases[i].step, cases[i].cache);
            story_watch(&s, late ? 100 : 0, 20, 1);
            hit[late] = hit_ratio(&s, "cache");
            story_end(&s);
        }
        assert_within(hit[0], hit[1], 0.015);
    }
}

/* ---- 6.2.5: CDN ------------------------------------------------------------------ */

static void tell_edges(struct story *s, int edges, const char *rules)
{
    char text[1200];
    snprintf(text, sizeof text,
             "{'workloads': {'w': {'target': 'cdn', 'open': {'rate': '1000/s'},"
             "   'keys': {'count': 10000, 'zipf': 0.8}}},"
             "'services': {'cdn': {'kind': 'cdn', 'replicas': %d,"
             "   'balance': 'ip_hash', 'upstream': 'origin'%s},"
             "  'origin': {'kind': 'server', 'time': '10ms'}}}",
             edges, rules);
    story_read(s, text, 1);
}

/* Ten edges each see a tenth of the requests: what lives 20 s is asked for less often
 * in that time, and more is asked of the origin. */
static void rule_6_2_5_more_edges_are_colder(void **state)
{
    (void)state;
    double hit[2];
    for (int many = 0; many < 2; many++) {
        struct story s;
        tell_edges(&s, many ? 10 : 1, ", 'ttl': '20s'");
        story_watch(&s, 0, 60, 1);
        hit[many] = hit_ratio(&s, "cdn");
        assert_within(hit[many], expected_hit(&s, "cdn"), 0.01);
        assert_within((double)story_at(&s, "origin")->arrivals / 60,
                      1000 * (1 - hit[many]), 15);
        story_end(&s);
    }
    assert_true(hit[0] > hit[1] + 0.2);
}

static void rule_6_2_5_a_flat_ratio_offloads_the_origin(void **state)
{
    (void)state;
    struct story s;
    tell_edges(&s, 1, ", 'hit': '85%'");
    story_watch(&s, 0, 60, 1);
    assert_within((double)story_at(&s, "origin")->arrivals / 60, 150, 6);
    story_end(&s);
}

/* ---- size ------------------------------------------------------------------------ */

static void a_million_keys_can_be_followed(void **state)
{
    (void)state;
    struct story s;
    tell_zipf(&s, 0.9, 1000000, "", ", 'capacity_items': 100000");
    story_watch(&s, 0, 30, 1);
    assert_within(hit_ratio(&s, "cache"), expected_hit(&s, "cache"), 0.01);
    assert_true(s.arena.taken < (size_t)100 << 20);
    story_end(&s);
}

/* Keys lie each at one instance: three small ones are as good as one that is three
 * times as large. */
static void replicas_are_shards(void **state)
{
    (void)state;
    double hit[2];
    for (int three = 0; three < 2; three++) {
        struct story s;
        tell_zipf(&s, 0.8, 10000, "",
                  three ? ", 'replicas': 3, 'capacity_items': 500"
                        : ", 'capacity_items': 1500");
        story_watch(&s, 0, 60, 1);
        hit[three] = hit_ratio(&s, "cache");
        story_end(&s);
    }
    assert_within(hit[1], hit[0], 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_6_2_1_lru_keeps_what_fits),
        cmocka_unit_test(rule_6_2_1_a_life_alone_gives_the_renewal_formula),
        cmocka_unit_test(rule_6_2_1_life_and_capacity_combine),
        cmocka_unit_test(rule_6_2_2_che_gives_the_verified_numbers),
        cmocka_unit_test(rule_6_3_1_lru_and_sampled_lru_hit_as_verified),
        cmocka_unit_test(the_fast_way_draws_hits_at_the_computed_share),
        cmocka_unit_test(rule_6_3_2_an_expiry_brings_200_calls_or_one),
        cmocka_unit_test(rule_6_2_3_a_stampede_is_rate_times_refill_time),
        cmocka_unit_test(rule_6_2_3_early_refresh_spares_the_others_the_wait),
        cmocka_unit_test(rule_6_2_3_stale_answers_make_nobody_wait),
        cmocka_unit_test(those_who_wait_go_on_when_it_is_there),
        cmocka_unit_test(work_for_nobody_fills_the_cache),
        cmocka_unit_test(when_the_work_fails_the_next_one_tries),
        cmocka_unit_test(who_loses_patience_does_the_work),
        cmocka_unit_test(a_look_up_that_fails_is_a_miss),
        cmocka_unit_test(rule_6_2_4_a_flush_multiplies_the_backend_load),
        cmocka_unit_test(rule_6_2_4_a_cache_starts_steady_unless_it_is_cold),
        cmocka_unit_test(rule_6_2_4_the_steady_start_is_steady),
        cmocka_unit_test(rule_6_2_5_more_edges_are_colder),
        cmocka_unit_test(rule_6_2_5_a_flat_ratio_offloads_the_origin),
        cmocka_unit_test(a_million_keys_can_be_followed),
        cmocka_unit_test(replicas_are_shards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
