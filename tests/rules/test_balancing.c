/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How nginx chooses among servers. Who got a request is seen by the status with which
 * the server fails it, or by how long it takes there. */
#include "unit/story.h"

/* Requests one a second, one after the other, at a, b and c, of which each takes its
 * own time. */
#define SERVERS                                                                        \
    "'a': {'kind': 'server', 'time': '1ms'}, 'b': {'kind': 'server', 'time': '2ms'},"  \
    "'c': {'kind': 'server', 'time': '4ms'}"
#define ONE_BY_ONE(count, balance, list, more)                                         \
    "{'workloads': {'users': {'target': 'nginx', 'addresses': 1, " more                \
    "'open': {'rate': '1/s', 'process': 'constant',"                                   \
    "         'profile': [['0s', 1], ['" count ".5s', 1]]}}},"                         \
    "'services': {'nginx': {'kind': 'nginx', 'balance': '" balance "',"                \
    "'upstream': [" list "]}, " SERVERS "}}"
#define AT_ONCE(count)                                                                 \
    "'workloads': {'users': {'target': 'nginx', 'burst': {'users': " count "}}},"
#define A "{'server': 'a'}"
#define B "{'server': 'b'}"
#define C "{'server': 'c'}"

/* How many each has served. */
static void assert_served(const struct story *s, uint64_t a, uint64_t b, uint64_t c)
{
    assert_int_equal(story_at(s, "a")->served, a);
    assert_int_equal(story_at(s, "b")->served, b);
    assert_int_equal(story_at(s, "c")->served, c);
}

/* Round robin over two, of which one is down: the other has all. */
static void rule_1_2_1_who_is_down_or_full_is_not_eligible(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, ONE_BY_ONE("10", "round_robin", A ", {'server': 'b', 'down': true}",
                              ""));
    assert_int_equal(story_at(&s, "a")->served, 10);
    assert_int_equal(story_at(&s, "b")->served, 0);
    story_end(&s);
    /* a is full after two, b takes what comes */
    story_tell(&s, "{" AT_ONCE("10")
                   "'services': {'nginx': {'kind': 'nginx',"
                   "'upstream': [{'server': 'a', 'max_conns': 2}, {'server': 'b'}]}, "
                   SERVERS "}}");
    assert_int_equal(story_at(&s, "a")->served, 2);
    assert_int_equal(story_at(&s, "b")->served, 8);
    story_end(&s);
}

/* Weights 5, 1, 1: a a b a c a a, so after n requests so many each. */
static void weighted_sequence(void)
{
    static const struct {
        const char *count;
        uint64_t a, b, c;
    } after[] = {{"1", 1, 0, 0}, {"2", 2, 0, 0},  {"3", 2, 1, 0},  {"4", 3, 1, 0},
                 {"5", 3, 1, 1}, {"6", 4, 1, 1},  {"7", 5, 1, 1},  {"8", 6, 1, 1},
                 {"9", 7, 1, 1}, {"10", 7, 2, 1}, {"12", 8, 2, 2}, {"14", 10, 2, 2}};
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        struct story s;
        char text[900];
        snprintf(text, sizeof text,
                 ONE_BY_ONE("%s", "round_robin",
                            "{'server': 'a', 'weight': 5}, " B ", " C, ""),
                 after[i].count);
        story_tell(&s, text);
        assert_served(&s, after[i].a, after[i].b, after[i].c);
        story_end(&s);
    }
}

static void rule_1_2_2_smooth_weighted_round_robin(void **state)
{
    (void)state;
    weighted_sequence();
}

/* Of servers with weights 3 and 1, one with 2 under way is less loaded than one with
 * 1. Eight at once: 6 and 2. */
static void rule_1_2_3_least_conn_goes_by_weight(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" AT_ONCE("8")
                   "'services': {'nginx': {'kind': 'nginx', 'balance': 'least_conn',"
                   "'upstream': [{'server': 'a', 'weight': 3}, {'server': 'b'}]}, "
                   SERVERS "}}");
    assert_int_equal(story_at(&s, "a")->served, 6);
    assert_int_equal(story_at(&s, "b")->served, 2);
    story_end(&s);
    /* equals take turns: one by one it is round robin by weight */
    story_tell(&s, ONE_BY_ONE("14", "least_conn",
                              "{'server': 'a', 'weight': 5}, " B ", " C, ""));
    assert_served(&s, 10, 2, 2);
    story_end(&s);
}

/* One address, or many of one /24, go to one server. */
static void rule_1_2_4_ip_hash_sends_an_address_to_one_server(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, ONE_BY_ONE("20", "ip_hash", A ", " B ", " C, ""));
    uint64_t a = story_at(&s, "a")->served, b = story_at(&s, "b")->served,
             c = story_at(&s, "c")->served;
    assert_int_equal(a + b + c, 20);
    assert_true(a == 20 || b == 20 || c == 20);
    story_end(&s);
    /* without its server the address is hashed again */
    char text[900];
    snprintf(text, sizeof text,
             ONE_BY_ONE("20", "ip_hash",
                        "{'server': 'a', 'down': %s}, {'server': 'b', 'down': %s},"
                        "{'server': 'c', 'down': %s}",
                        ""),
             a ? "true" : "false", b ? "true" : "false", c ? "true" : "false");
    story_tell(&s, text);
    assert_int_equal(a ? story_at(&s, "a")->served
                       : b ? story_at(&s, "b")->served : story_at(&s, "c")->served,
                     0);
    assert_int_equal(s.out.type[0].ok, 20);
    story_end(&s);
}

/* How many of 1000 keys' requests change their server when one of `before` servers is
 * taken out: by the difference in what the others serve. */
static uint64_t moved(const char *balance)
{
    uint64_t served[2][2];
    for (int without = 0; without < 2; without++) {
        struct story s;
        char text[900];
        snprintf(text, sizeof text,
                 "{'workloads': {'users': {'target': 'nginx', 'burst': {'users': 4000},"
                 "'keys': {'count': 1000}}},"
                 "'services': {'nginx': {'kind': 'nginx', 'balance': '%s',"
                 "'worker_connections': 10000, 'upstream': [" A ", " B "%s]}, " SERVERS
                 "}}",
                 balance, without ? "" : ", " C);
        story_tell(&s, text);
        served[without][0] = story_at(&s, "a")->served;
        served[without][1] = story_at(&s, "b")->served;
        story_end(&s);
    }
    /* on a ring, neither loses a key */
    return served[1][0] > served[0][0] && served[1][1] > served[0][1]
               ? served[1][0] - served[0][0] + served[1][1] - served[0][1]
               : 0;
}

static void rule_1_2_5_a_key_keeps_its_server_on_the_ring(void **state)
{
    (void)state;
    assert_in_range(moved("consistent_hash"), 1000, 1700);
    /* a hash of the key: crc32("0") >> 16 & 0x7fff = 0x74db = 29915, 2 modulo 3 */
    struct story s;
    story_tell(&s, ONE_BY_ONE("5", "hash", A ", " B ", " C, "'keys': {'count': 1},"));
    assert_served(&s, 0, 0, 5);
    story_end(&s);
}

/* Two different ones, the less loaded: three at once never leave one of three idle when
 * the others have more; the second wins a tie, so both are drawn. */
static void rule_1_2_6_random_two_takes_the_less_loaded_of_two(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" AT_ONCE("2")
                   "'services': {'nginx': {'kind': 'nginx', 'balance': 'random_two',"
                   "'upstream': [" A ", " B "]}, " SERVERS "}}");
    assert_int_equal(story_at(&s, "a")->served, 1);
    assert_int_equal(story_at(&s, "b")->served, 1);
    story_end(&s);
    /* by weight: a hundred at once, 9 to 1 */
    story_tell(&s,
               "{" AT_ONCE("100")
               "'services': {'nginx': {'kind': 'nginx', 'balance': 'random_two',"
               "'upstream': [{'server': 'a', 'weight': 9}, " B "]}, " SERVERS "}}");
    assert_in_range(story_at(&s, "b")->served, 9, 11);
    story_end(&s);
}

static void rule_1_2_7_a_backup_serves_when_no_primary_can(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" AT_ONCE("5")
                   "'services': {'nginx': {'kind': 'nginx',"
                   "'upstream': [{'server': 'b', 'backup': true},"
                   "{'server': 'a', 'max_conns': 3}]}, " SERVERS "}}");
    assert_int_equal(story_at(&s, "a")->served, 3);
    assert_int_equal(story_at(&s, "b")->served, 2);
    story_end(&s);
}

static void two_servers_of_one_connection(void)
{
    struct story s;
    story_tell(&s, "{" AT_ONCE("4")
                   "'services': {'nginx': {'kind': 'nginx', 'upstream': 'app',"
                   "'max_conns': 1},"
                   "'app': {'kind': 'server', 'replicas': 2, 'time': '1s'}}}");
    assert_latencies(&s, 1, 1);
    assert_int_equal(story_failed(&s, STATUS_502), 2);
    assert_int_equal(s.out.type[0].failed_latency.most, 0);
    assert_int_equal(story_at(&s, "nginx")->queue_most, 0);
    assert_int_equal(story_at(&s, "nginx")->refused, 2);
    assert_books_balance(&s);
    story_end(&s);
}

static void rule_1_2_8_nobody_eligible_is_502_at_once(void **state)
{
    (void)state;
    two_servers_of_one_connection();
}

/* The commercial edition's `queue 2 timeout=1500ms`: of six, two at a time; two wait,
 * and two have no room. Those who wait have 1.5 s. */
static void the_commercial_queue_waits_for_max_conns(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{" AT_ONCE("6")
                   "'services': {'nginx': {'kind': 'nginx', 'upstream': 'app',"
                   "'max_conns': 1, 'queue': 2, 'queue_timeout': '1500ms'},"
                   "'app': {'kind': 'server', 'replicas': 2, 'time': '1s'}}}");
    assert_latencies(&s, 1, 1, 2, 2);
    assert_int_equal(story_failed(&s, STATUS_502), 2);
    story_end(&s);
    story_tell(&s, "{" AT_ONCE("6")
                   "'services': {'nginx': {'kind': 'nginx', 'upstream': 'app',"
                   "'max_conns': 1, 'queue': 4, 'queue_timeout': '1500ms'},"
                   "'app': {'kind': 'server', 'replicas': 2, 'time': '1s'}}}");
    assert_latencies(&s, 1, 1, 2, 2);
    assert_int_equal(s.out.type[0].failed_latency.least, story_time(1.5));
    story_end(&s);
}

/* Both fail once and are out for 2 s: nobody is revived, all get 502 until then. */
static void rule_1_2_9_nobody_is_revived(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'users': {'target': 'nginx',"
                   "'open': {'rate': '10/s', 'process': 'constant',"
                   "         'profile': [['0s', 1], ['2.05s', 1]]}}},"
                   "'services': {'nginx': {'kind': 'nginx', 'upstream': 'app',"
                   "'fail_timeout': '2s'},"
                   "'app': {'kind': 'server', 'replicas': 2, 'handlers': {"
                   "'default': [{'fail': 'reset'}]}}}}");
    assert_int_equal(s.out.type[0].offered, 20);
    assert_int_equal(story_at(&s, "app")->served, 2);
    assert_int_equal(story_failed(&s, STATUS_502), 19);
    assert_int_equal(story_failed(&s, STATUS_RESET), 1);
    story_end(&s);
}

static void rule_1_10_1_weights_five_one_one(void **state)
{
    (void)state;
    weighted_sequence();
}

static void rule_1_10_2_max_conns_never_waits(void **state)
{
    (void)state;
    two_servers_of_one_connection();
}

/* 400 servers with exponential work of 1 s each, at a load of `rho`. */
static double mean_at(const char *balance, double rho, double length)
{
    struct story s;
    char text[700];
    snprintf(text, sizeof text,
             "{'workloads': {'users': {'target': 'lb', 'open': {'rate': '%g/s'}}},"
             "'services': {'lb': {'kind': 'load_balancer', 'upstream': 'app',"
             "'balance': '%s'}, 'app': {'kind': 'server', 'replicas': 400, 'slots': 1,"
             "'time': {'exponential': '1s'}}}}",
             400 * rho, balance);
    story_read(&s, text, 1);
    story_watch(&s, length / 4, length, 1000);
    double mean = story_mean(&s.out.type[0]);
    story_end(&s);
    return mean;
}

static void rule_1_10_4_the_power_of_two_choices(void **state)
{
    (void)state;
    assert_within(mean_at("random_two", 0.9, 800), 2.61, 0.06);
    assert_within(mean_at("random_two", 0.7, 400), 1.61, 0.03);
    assert_within(mean_at("random", 0.7, 800), 1 / 0.3, 0.2);
}

/* Five servers at a load of 0.9 behind 16 workers. */
static double p99_of_workers(const char *zone)
{
    struct story s;
    char text[700];
    snprintf(text, sizeof text,
             "{'workloads': {'users': {'target': 'nginx', 'open': {'rate': '45/s'}}},"
             "'services': {'nginx': {'kind': 'nginx', 'upstream': 'app',"
             "'balance': 'least_conn', 'worker_processes': 16, 'zone': %s},"
             "'app': {'kind': 'server', 'replicas': 5, 'slots': 1,"
             "'time': {'exponential': '100ms'}}}}",
             zone);
    story_read(&s, text, 1);
    story_watch(&s, 200, 5000, 1000);
    double p99 = histogram_quantile(&s.out.type[0].latency, 0.99);
    story_end(&s);
    return p99;
}

static void rule_1_10_5_sixteen_workers_balance_worse_than_one_zone(void **state)
{
    (void)state;
    /* 1.58 s against 1.12 s: each worker sees a sixteenth of what is under way */
    assert_true(p99_of_workers("false") > 1.3 * p99_of_workers("true"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_1_2_1_who_is_down_or_full_is_not_eligible),
        cmocka_unit_test(rule_1_2_2_smooth_weighted_round_robin),
        cmocka_unit_test(rule_1_2_3_least_conn_goes_by_weight),
        cmocka_unit_test(rule_1_2_4_ip_hash_sends_an_address_to_one_server),
        cmocka_unit_test(rule_1_2_5_a_key_keeps_its_server_on_the_ring),
        cmocka_unit_test(rule_1_2_6_random_two_takes_the_less_loaded_of_two),
        cmocka_unit_test(rule_1_2_7_a_backup_serves_when_no_primary_can),
        cmocka_unit_test(rule_1_2_8_nobody_eligible_is_502_at_once),
        cmocka_unit_test(the_commercial_queue_waits_for_max_conns),
        cmocka_unit_test(rule_1_2_9_nobody_is_revived),
        cmocka_unit_test(rule_1_10_1_weights_five_one_one),
        cmocka_unit_test(rule_1_10_2_max_conns_never_waits),
        cmocka_unit_test(rule_1_10_4_the_power_of_two_choices),
        cmocka_unit_test(rule_1_10_5_sixteen_workers_balance_worse_than_one_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
