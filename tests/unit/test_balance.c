/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/world.h"

#include "unit/story.h"

/* A balancer before `instances` instances of one service, numbered from FIRST on. */
enum { MOST = 8, FIRST = 3 };

struct fixture {
    struct world world;
    struct model model;
    struct service service;
    struct balancer_plan plan;
    struct balancer balancer;
    struct call_site site;
    struct peer peer[MOST];
};

static struct fixture *fixture(enum balance_policy policy, uint32_t instances)
{
    static struct fixture f;
    f = (struct fixture){
        .service = {.instances = instances, .first_instance = FIRST},
        .plan = {.policy = policy,
                 .peers = instances,
                 .primaries = instances,
                 .even = true},
    };
    f.site = (struct call_site){.first_instance = FIRST,
                                .balance_key = rng_key(1, "balance")};
    f.balancer = (struct balancer){.plan = &f.plan, .peer = f.peer};
    for (uint32_t i = 0; i < instances; i++)
        f.peer[i] = (struct peer){.weight = 1, .effective = 1};
    f.model = (struct model){.service = &f.service, .balancer = &f.plan};
    f.world = (struct world){.m = &f.model, .balancer = &f.balancer};
    return &f;
}

static uint32_t choose(struct fixture *f, uint64_t entity)
{
    uint32_t chosen = balance_choose(&f->world, &f->site, 0, entity, 0, NONE);
    assert_in_range(chosen, FIRST, FIRST + f->service.instances - 1);
    return chosen - FIRST;
}

static void done(struct fixture *f, uint32_t instance)
{
    balance_release(&f->world, &f->site, 0, FIRST + instance);
}

static void without_a_balancer_there_is_one_instance(void **state)
{
    (void)state;
    struct fixture *f = fixture(BALANCE_ROUND_ROBIN, 1);
    assert_int_equal(balance_choose(&f->world, &f->site, NONE, 0, 0, NONE), FIRST);
}

static void calls_under_way_are_counted(void **state)
{
    (void)state;
    struct fixture *f = fixture(BALANCE_ROUND_ROBIN, 2);
    choose(f, 0);
    choose(f, 1);
    choose(f, 2);
    assert_int_equal(f->peer[0].conns, 2);
    assert_int_equal(f->peer[1].conns, 1);
    done(f, 0);
    done(f, 1);
    assert_int_equal(f->peer[0].conns, 1);
    assert_int_equal(f->peer[1].conns, 0);
}

static void round_robin_goes_round(void **state)
{
    (void)state;
    struct fixture *f = fixture(BALANCE_ROUND_ROBIN, 3);
    for (uint32_t i = 0; i < 30; i++)
        assert_int_equal(choose(f, i), i % 3);
}

static void least_conn_takes_the_least_loaded(void **state)
{
    (void)state;
    struct fixture *f = fixture(BALANCE_LEAST_CONN, 4);
    f->peer[0].conns = 3, f->peer[1].conns = 2, f->peer[2].conns = 1,
    f->peer[3].conns = 2;
    assert_int_equal(choose(f, 0), 2);
    f->peer[1].conns = 1;
    assert_int_equal(choose(f, 1), 1);
}

static void equals_take_turns(void **state)
{
    (void)state;
    struct fixture *f = fixture(BALANCE_LEAST_CONN, 3);
    for (uint32_t i = 0; i < 30; i++) {
        uint32_t chosen = choose(f, i);
        assert_int_equal(chosen, i % 3);
        done(f, chosen);
    }
}

/* Of three, one is busy: the other two take turns, and nobody's turn is forgotten. */
static void equals_take_turns_past_one_who_is_busy(void **state)
{
    (void)state;
    struct fixture *f = fixture(BALANCE_LEAST_CONN, 3);
    f->peer[1].conns = 9;
    for (uint32_t i = 0; i < 10; i++) {
        uint32_t chosen = choose(f, i);
        assert_int_equal(chosen, i % 2 ? 2 : 0);
        done(f, chosen);
    }
}

static void least_conn_fills_evenly(void **state)
{
    (void)state;
    struct fixture *f = fixture(BALANCE_LEAST_CONN, 5);
    for (uint32_t i = 0; i < 50; i++)
        choose(f, i);
    for (int i = 0; i < 5; i++)
        assert_int_equal(f->peer[i].conns, 10);
}

enum { DRAWS = 60000 };

/* Shares within four standard deviations of even. */
static void assert_even(const uint32_t *count, uint32_t instances)
{
    double mean = (double)DRAWS / instances;
    for (uint32_t i = 0; i < instances; i++)
        assert_within(count[i], mean, 4 * sqrt(mean));
}

static void random_is_even_and_fixed_by_the_request(void **state)
{
    (void)state;
    struct fixture *f = fixture(BALANCE_RANDOM, 6);
    for (uint32_t i = 0; i < DRAWS; i++)
        choose(f, i);
    uint32_t count[MOST];
    for (int i = 0; i < 6; i++)
        count[i] = f->peer[i].conns;
    assert_even(count, 6);
    uint32_t chosen = choose(f, 77);
    for (int i = 0; i < 10; i++)
        assert_int_equal(choose(f, 77), chosen);
}

static void random_two_never_takes_the_busiest(void **state)
{
    (void)state;
    struct fixture *f = fixture(BALANCE_RANDOM_TWO, 6);
    f->peer[4].conns = 1000000;
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t chosen = choose(f, i);
        assert_int_not_equal(chosen, 4);
        done(f, chosen);
    }
}

static void random_two_is_even_among_equals(void **state)
{
    (void)state;
    struct fixture *f = fixture(BALANCE_RANDOM_TWO, 6);
    uint32_t count[MOST] = {0};
    for (uint32_t i = 0; i < DRAWS; i++) {
        uint32_t chosen = choose(f, i);
        count[chosen]++;
        done(f, chosen);
    }
    assert_even(count, 6);
}

/* Of loads 0 to 3 the least wins three of the six pairs, the next two, then one. */
static void random_two_compares_two_different_ones(void **state)
{
    (void)state;
    struct fixture *f = fixture(BALANCE_RANDOM_TWO, 4);
    uint32_t count[MOST] = {0};
    for (uint32_t i = 0; i < 4; i++)
        f->peer[i].conns = i;
    for (uint32_t i = 0; i < DRAWS; i++) {
        uint32_t chosen = choose(f, i);
        count[chosen]++;
        done(f, chosen);
    }
    for (uint32_t i = 0; i < 4; i++)
        assert_within(count[i], DRAWS * (3.0 - i) / 6, 4 * sqrt(DRAWS / 4.0));
}

/* ---- by who asks ----------------------------------------------------------------- */

/* The share of the busiest of four instances in 1000 requests of 1 s at once. */
static double hottest_share(const char *balance, const char *clients)
{
    struct story s;
    char text[500];
    snprintf(
        text, sizeof text,
        "{'workloads': {'users': {'target': 'front', 'burst': {'users': 1000}, %s}},"
        "'services': {'front': {'kind': 'load_balancer', 'upstream': 'web',"
        "'balance': '%s'}, 'web': {'kind': 'server', 'replicas': 4, 'time': '1s'}}}",
        clients, balance);
    story_tell(&s, text);
    const struct station_outcome *web = story_at(&s, "web");
    assert_int_equal((uint64_t)web->busy_area, 1000 * SIM_SECOND);
    double share = (double)web->hottest_area / (double)web->busy_area;
    story_end(&s);
    return share;
}

static void an_address_stays_with_its_instance(void **state)
{
    (void)state;
    assert_near(hottest_share("ip_hash", "'addresses': 1"), 1, 0);
    assert_near(hottest_share("round_robin", "'addresses': 1"), 0.25, 0);
}

static void addresses_spread_over_all_instances(void **state)
{
    (void)state;
    assert_within(hottest_share("ip_hash", "'addresses': 1000000"), 0.26, 0.03);
}

static void a_key_stays_with_its_instance(void **state)
{
    (void)state;
    assert_near(hottest_share("hash", "'keys': {'count': 1, 'zipf': 0}"), 1, 0);
    assert_within(hottest_share("hash", "'keys': {'count': 100000, 'zipf': 0}"), 0.26,
                  0.03);
}

/* Under Zipf's law with exponent 1 the first of 100 keys has 1 / 5.187 of the requests;
 * the instance that holds it has that and a quarter of the rest, more or less. */
static void a_popular_key_makes_its_instance_hot(void **state)
{
    (void)state;
    double share = hottest_share("hash", "'keys': {'count': 100, 'zipf': 1}");
    assert_within(share, 0.4, 0.08);
}

/* Two calls of one request, at a time or one after the other, draw for themselves: in
 * half of the requests they meet at one of two instances with a slot each. */
static void calls_of_one_request_draw_for_themselves(void **state)
{
    (void)state;
    static const char *const steps[] = {
        "{'parallel': [[{'call': 'api'}], [{'call': 'api'}]]}",
        "{'repeat': 2, 'steps': [{'call': 'lb', 'timeout': '1ms',"
        "                         'on_error': 'continue'}]}",
    };
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[500];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'web', 'open': {"
                 "  'rate': '0.1/s', 'process': 'constant'}}},"
                 "'services': {"
                 "'web': {'kind': 'server', 'handlers': {'default': [%s]}},"
                 "'lb': {'kind': 'load_balancer', 'upstream': 'api',"
                 "       'balance': 'random'},"
                 "'api': {'kind': 'server', 'replicas': 2, 'slots': 1,"
                 "        'balance': 'random', 'time': '1s'}}}",
                 steps[i]);
        story_read(&s, text, 1);
        story_watch(&s, 0, 10000, 100);
        double requests = (double)s.out.type[0].offered;
        assert_within((double)story_at(&s, "api")->waited / requests, 0.5, 0.05);
        story_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_balancer_there_is_one_instance),
        cmocka_unit_test(calls_under_way_are_counted),
        cmocka_unit_test(round_robin_goes_round),
        cmocka_unit_test(least_conn_takes_the_least_loaded),
        cmocka_unit_test(equals_take_turns),
        cmocka_unit_test(equals_take_turns_past_one_who_is_busy),
        cmocka_unit_test(least_conn_fills_evenly),
        cmocka_unit_test(random_is_even_and_fixed_by_the_request),
        cmocka_unit_test(random_two_never_takes_the_busiest),
        cmocka_unit_test(random_two_is_even_among_equals),
        cmocka_unit_test(random_two_compares_two_different_ones),
        cmocka_unit_test(an_address_stays_with_its_instance),
        cmocka_unit_test(addresses_spread_over_all_instances),
        cmocka_unit_test(a_key_stays_with_its_instance),
        cmocka_unit_test(a_popular_key_makes_its_instance_hot),
        cmocka_unit_test(calls_of_one_request_draw_for_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
