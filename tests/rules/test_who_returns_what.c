/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a naive simulator gets wrong (15.x, in the order of that list), and who returns
 * what (15b.x, likewise): each as a user would see it from outside.
 */
#include "unit/story.h"

static double quantile(const struct story *s, double q)
{
    return histogram_quantile(&s->out.type[0].latency, q) * 1e-9;
}

/* p99 in s of so many requests a second, evenly spaced, of 100 ms each. */
static double p99_at(const char *rate, const char *keys)
{
    struct story s;
    char text[600];
    snprintf(text, sizeof text,
             "{'workloads': {'w': {'target': 'web', 'open': {'rate': '%s',"
             "'process': 'constant'}}}, 'services': {'web': {'kind': 'gunicorn', %s,"
             "'time': '100ms'}}}",
             rate, keys);
    story_read(&s, text, 1);
    story_watch(&s, 5, 120, 60);
    double p99 = quantile(&s, 0.99);
    story_end(&s);
    return p99;
}

#define SYNC_8 "'workers': 8"
#define GTHREAD_4x2 "'worker_class': 'gthread', 'workers': 4, 'threads': 2"

/* ---- 15 facts -------------------------------------------------------------------- */

/* As many slots, the same load. */
static void rule_15_1_private_queues_are_not_one(void **state)
{
    (void)state;
    assert_true(p99_at("60/s", SYNC_8) < 0.111);
    assert_true(p99_at("60/s", GTHREAD_4x2) > 0.2);
}

/* A timeout of 2 s and requests of 5 s: only a sync worker is killed for it. */
static void rule_15_2_the_timeout_of_gunicorn_is_for_sync(void **state)
{
    (void)state;
    static const char *const classes[] = {"sync", "gthread", "uvicorn"};
    for (int i = 0; i < 3; i++) {
        struct story s;
        char text[400];
        snprintf(text, sizeof text,
                 "{'workloads': {'w': {'target': 'web', 'burst': {'users': 1}}},"
                 "'services': {'web': {'kind': 'gunicorn', 'worker_class': '%s',"
                 "'timeout': '2s', 'time': '5s'}}}",
                 classes[i]);
        story_tell(&s, text);
        assert_int_equal(s.out.type[0].ok, i > 0);
        assert_int_equal(story_failed(&s, STATUS_500), i == 0);
        story_end(&s);
    }
}

/* Both workers have had their request, and it lasts 10 s: nobody accepts until then,
 * though both are idle but for it. */
static void rule_15_3_a_replacement_waits_for_the_old_worker(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'streams': {'target': 'web', 'burst': {'users': 2},"
               "'mix': {'stream': 1}}, 'w': {'target': 'web', 'burst': {'users': 1,"
               "'at': '2s'}}}, 'services': {'web': {'kind': 'gunicorn', "
               "'worker_class': 'gthread', 'workers': 2, 'threads': 4,"
               "'max_requests': 1, 'boot': '0s', 'handlers': {"
               "'stream': [{'wait': '10s'}], 'default': [{'wait': '100ms'}]}}}}");
    assert_latencies_of(story_of(&s, "w"), 8.1);
    story_end(&s);
}

#define NGINX(upstream, keys, services)                                                \
    "'services': {'nginx': {'kind': 'nginx', 'upstream': " upstream keys "},"          \
    services "}}"
#define SERVER(name, keys) "'" name "': {'kind': 'server', " keys "}"
#define USERS(count)                                                                   \
    "{'workloads': {'w': {'target': 'nginx', 'burst': {'users': " #count "}}},"

static void rule_15_4_max_conns_has_no_queue(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, USERS(4) NGINX("'app'", ", 'max_conns': 1",
                                  SERVER("app", "'replicas': 2, 'time': '1s'")));
    assert_latencies(&s, 1, 1);
    assert_int_equal(s.out.type[0].failed_latency.count, 2);
    assert_int_equal(s.out.type[0].failed_latency.most, 0); /* at once */
    story_end(&s);
}

/* Every other request fails, which is three failures within 40 s whatever happens in
 * between: it is out until the end of the minute, and one probe goes there. */
static void rule_15_5_successes_do_not_clear_failures(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'nginx', 'open': {'rate': '10/s',"
               "'process': 'constant', 'profile': [['0s', 1], ['60s', 1]]}}},"
               NGINX("[{'server': 'good'}, {'server': 'half', 'max_fails': 3,"
                     "'fail_timeout': '40s'}]", "",
                     SERVER("good", "'time': '1ms'") ","
                     SERVER("half", "'handlers': {'default': [{'fail': 'reset',"
                                    "'probability': '50%'}]}")));
    assert_in_range(story_at(&s, "half")->arrivals, 3, 25); /* of 300 by turns */
    story_end(&s);
}

/* Half the rate, no burst: a third is lost. */
static void rule_15_6_a_limit_without_burst_loses_a_third(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, "{'workloads': {'w': {'target': 'nginx',"
               "'open': {'rate': '100/s'}}}," NGINX("'app'", ", 'limit_req':"
               "{'rate': '200/s', 'key': 'all'}", SERVER("app", "'time': '1ms'")),
               1);
    story_watch(&s, 1, 500, 10);
    double lost = (double)story_failed(&s, STATUS_503) / (double)s.out.type[0].offered;
    assert_true(lost > 0.29 && lost < 0.35);
    story_end(&s);
}

/* A load generator has one address. */
static void rule_15_7_ip_hash_sends_a_load_test_to_one_server(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'nginx', 'addresses': 1,"
               "'burst': {'users': 40}}}," NGINX("'app'", ", 'balance': 'ip_hash'",
               SERVER("app", "'replicas': 4, 'slots': 1, 'time': '100ms'")));
    assert_int_equal(story_at(&s, "app")->queue_most, 39);
    assert_int_equal(s.out.type[0].latency_sum.most, 4 * SIM_SECOND);
    story_end(&s);
}

/* Ten requests fail one after the other, and each is sent to the only server. */
static void rule_15_8_a_single_server_never_fails_over(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'nginx', 'open': {'rate': '1/s',"
               "'process': 'constant', 'profile': [['0s', 1], ['10500ms', 1]]}}},"
               NGINX("'app'", ", 'max_fails': 1",
                     SERVER("app", "'handlers': {'default': [{'fail': 'reset'}]}")));
    assert_int_equal(story_at(&s, "app")->arrivals, 10);
    assert_int_equal(s.out.type[0].ok, 0);
    story_end(&s);
}

/* A backlog of 4 holds 5; who finds it full tries again after 1, 2, 3 … s. */
static void rule_15_9_a_full_listen_queue_delays_by_seconds(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'first': {'target': 'web', 'burst': {'users': 1},"
               "'mix': {'slow': 1}}, 'w': {'target': 'web', 'burst': {'users': 7,"
               "'at': '1ms'}}}, 'services': {'web': {'kind': 'gunicorn', 'backlog': 4,"
               "'timeout': '0s', 'handlers': {'slow': [{'wait': '2501ms'}],"
               "'default': [{'memory': '1KiB'}]}}}}");
    assert_latencies_of(story_of(&s, "w"), 2.5, 2.5, 2.5, 2.5, 2.5, 3, 3);
    story_end(&s);
}

/* All gave up after 0.5 s; the server works 5 s for nobody all the same. */
static void rule_15_10_who_gives_up_leaves_the_work_behind(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'hasty': {'target': 'web', 'timeout': '500ms',"
               "'burst': {'users': 5}}, 'w': {'target': 'web', 'burst': {'users': 1,"
               "'at': '1s'}}}, 'services': {'web': {'kind': 'gunicorn',"
               "'time': '1s'}}}");
    assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 5);
    assert_latencies_of(story_of(&s, "w"), 5);
    story_end(&s);
}

#define POOLED(kind, keys)                                                             \
    "'web': {'kind': 'server', 'processes': 3, 'slots': 6, 'handlers': {'default':"    \
    "[{'query': 'db', 'via': 'pool', 'io': '2s'}]}}, 'pool': {'kind': '" kind "',"     \
    keys "}, 'db': {'kind': 'postgres', "

/* 3 processes of 2 + 2 each ask for 12 of 8. */
static void rule_15_11_pools_are_per_process(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 12}}},"
               "'services': {" POOLED("sqlalchemy_pool", "'pool_size': 2,"
               "'max_overflow': 2") "'max_connections': 8,"
               "'superuser_reserved_connections': 0}}}");
    assert_int_equal(s.out.type[0].ok, 8);
    assert_int_equal(story_failed(&s, STATUS_500), 4);
    story_end(&s);
}

/* Servers come one after the other, 1 s each; query_timeout cuts waiters though they
 * may wait for two minutes. */
static void rule_15_12_pgbouncer_connects_one_by_one(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 3}}},"
               "'services': {" POOLED("pgbouncer", "'server': 'db',"
               "'pool_mode': 'transaction'") "'connect': '1s'}}}");
    assert_latencies(&s, 3, 4, 5);
    story_end(&s);
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 3}}},"
               "'services': {" POOLED("pgbouncer", "'server': 'db',"
               "'pool_mode': 'transaction', 'default_pool_size': 1,"
               "'query_wait_timeout': '120s', 'query_timeout': '3s',"
               "'query_timeout_includes_wait': false") "'connect': '0s'}}}");
    assert_latencies(&s, 2, 4);
    assert_int_equal(s.out.type[0].failed_latency.count, 1);
    assert_true(s.out.type[0].failed_latency.most > 3 * SIM_SECOND);
    assert_true(s.out.type[0].failed_latency.most < 3.5 * SIM_SECOND);
    story_end(&s);
}

/* 8 threads at 2 cores run for 25 ms and stop for 75. */
static void rule_15_13_a_quota_freezes_everything(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'web', 'burst': {'users': 8}}},"
                   "'services': {'web': {'kind': 'server', 'cpu': 8,"
                   "'cpu_quota': {'cores': 2, 'phase': '0s'},"
                   "'handlers': {'default': [{'cpu': '50ms'}]}}}}");
    assert_int_equal(s.out.type[0].latency_sum.most, SIM_SECOND / 8);
    story_end(&s);
}

/* 100 units a second, and from 300 s on 200 are asked for. What was not used lasts for
 * 300 s; new capacity is there after two whole minutes and one more. */
static uint64_t throttled_reads(const char *keys, double from, double to)
{
    struct story s;
    char text[700];
    snprintf(text, sizeof text,
             "{'workloads': {'w': {'target': 'table', 'open': {'rate': '200/s',"
             "'process': 'constant', 'profile': [['0s', 0], ['300s', 0], ['300.1s', 1],"
             "['2000s', 1]]}}}, 'services': {'table': {'kind': 'dynamodb',"
             "'time': '4ms', 'read_capacity_units': '100/s',"
             "'write_capacity_units': '1/s', %s"
             "'operations': {'default': {'read': '4KiB'}}}}}",
             keys);
    story_read(&s, text, 1);
    story_watch(&s, from, to - from, 1);
    uint64_t failed = story_failed(&s, STATUS_400);
    story_end(&s);
    return failed;
}

static void rule_15_15_saved_units_hide_what_autoscaling_is_late_for(void **state)
{
    (void)state;
    const char *autoscale = "'autoscale': {'min_read': '100/s'},";
    const char *nothing_saved = "'autoscale': {'min_read': '100/s'}, 'burst': '0s',";
    assert_int_equal(throttled_reads("", 301, 599), 0);
    assert_within((double)throttled_reads("", 610, 700) / 90, 100, 2);
    assert_int_equal(throttled_reads(autoscale, 301, 1999), 0);
    assert_within((double)throttled_reads(nothing_saved, 302, 420) / 118, 100, 2);
    assert_int_equal(throttled_reads(nothing_saved, 1200, 1999), 0);
}

/* Time between tokens of so many at once on an A100, ms. */
static double pace_of(int sequences)
{
    struct story s;
    char text[600];
    snprintf(
        text, sizeof text,
        "{'workloads': {'w': {'target': 'llm', 'burst': {'users': %d}}},"
        "'services': {'llm': {'kind': 'vllm', 'gpu': 'A100', 'model': 'llama-2-7b',"
        "'max_num_seqs': 1024, 'max_num_batched_tokens': 65536,"
        "'input_tokens': 16, 'output_tokens': 65}}}",
        sequences);
    story_tell(&s, text);
    double pace = histogram_quantile(&s.out.type[0].per_token, 0.5) * 1e-6;
    story_end(&s);
    return pace;
}

/* A step for 64 takes hardly longer than one for one; from 128 on it grows. */
static void rule_15_16_a_batch_costs_as_much_as_one(void **state)
{
    (void)state;
    double one = pace_of(1), few = pace_of(256), many = pace_of(384),
           most = pace_of(512);
    assert_true(pace_of(64) < 1.2 * one);
    assert_true(few > 1.5 * one);
    assert_within(most - many, many - few, 0.05 * most);
}

/* Four blocks of four tokens are too few for two that need three each: the second is
 * thrown out and does all its work again, the first never notices. */
static void rule_15_16_the_youngest_is_thrown_out(void **state)
{
    (void)state;
    static const char *const blocks[] = {"6", "4"};
    static const double second[] = {0.08, 0.12};
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[500];
        snprintf(text, sizeof text,
                 "{'workloads': {'w': {'target': 'llm', 'burst': {'users': 2}}},"
                 "'services': {'llm': {'kind': 'vllm', 'step_overhead': '0s',"
                 "'step_time': [[1, '10ms']], 'input_tokens': 4, 'output_tokens': 8,"
                 "'num_gpu_blocks_override': %s, 'block_size': 4,"
                 "'max_num_batched_tokens': 8}}}",
                 blocks[i]);
        story_tell(&s, text);
        assert_latencies(&s, 0.08, second[i]);
        story_end(&s);
    }
}

/* 10,000 tokens a minute are ten calls that might write 1,000: each writes 50. */
static void rule_15_16_tokens_are_charged_before_they_are_written(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'llm', 'burst': {'users': 100}}},"
                   "'services': {'llm': {'kind': 'llm_api', 'ttft': '100ms',"
                   "'time_per_token': '10ms', 'output_tokens': 50, 'input_tokens': 0,"
                   "'limits': {'tokens': '10000/min'}, 'max_tokens': 1000}}}");
    assert_int_equal(s.out.type[0].ok, 10);
    assert_int_equal(story_failed(&s, STATUS_429), 90);
    story_end(&s);
}

/* 99 failures on end change nothing. The 100th opens it; 60 s later nothing happens
 * until somebody calls, and ten probes pass: while one of them hangs, all others are
 * rejected. */
static void rule_15_18_a_breaker_waits_for_a_hundred_calls_and_all_probes(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   "'early': {'target': 'api', 'mix': {'bad': 1},"
                   "  'burst': {'users': 99}},"
                   "'between': {'target': 'api', 'burst': {'users': 1, 'at': '1s'}},"
                   "'open': {'target': 'api', 'burst': {'users': 5, 'at': '2s'}},"
                   "'hangs': {'target': 'api', 'mix': {'slow': 1},"
                   "  'burst': {'users': 1, 'at': '900s'}},"
                   "'probes': {'target': 'api', 'burst': {'users': 9, 'at': '901s'}},"
                   "'after': {'target': 'api', 'burst': {'users': 5, 'at': '1800s'}}},"
                   "'services': {'api': {'kind': 'server', 'guards': ["
                   "  'circuit_breaker'], 'handlers': {'bad': [{'fail': '500'}],"
                   "  'slow': [{'wait': '1h'}], 'default': [{'wait': '1ms'}]}}}}");
    assert_int_equal(story_of(&s, "between")->ok, 1);
    assert_int_equal(story_of(&s, "open")->ok, 0);
    assert_int_equal(story_of(&s, "hangs")->ok, 1);
    assert_int_equal(story_of(&s, "probes")->ok, 9);
    assert_int_equal(story_of(&s, "after")->ok, 0);
    story_end(&s);
}

/* At twice the capacity a load of users waits for its answers and looks bearable; one
 * that comes whatever happens shows that nothing holds. */
static void rule_15_17_closed_loads_hide_overload(void **state)
{
    (void)state;
    static const char *const load[] = {"'closed': {'users': 20}",
                                       "'open': {'rate': '20/s'}"};
    double longest[2];
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[400];
        snprintf(text, sizeof text,
                 "{'workloads': {'w': {'target': 'web', %s}}, 'services': {'web':"
                 "{'kind': 'server', 'slots': 1, 'time': '100ms'}}}",
                 load[i]);
        story_read(&s, text, 1);
        story_watch(&s, 10, 200, 1000);
        longest[i] = (double)s.out.type[0].latency_sum.most * 1e-9;
        story_end(&s);
    }
    assert_true(longest[0] < 2.001);
    assert_true(longest[1] > 80);
}

/* ---- 15b who returns what -------------------------------------------------------- */

/* The statuses that a client may see, by name. */
static const char *const seen[] = {"timeout", "refused", "reset", "400", "429",
                                   "500",     "502",     "503",   "504"};
enum { SEEN = sizeof seen / sizeof *seen };

/* Of some clients that come at once, those who fail see this status and no other: a
 * client that tries again on what it has seen does so. */
static void client_sees(const char *status, const char *target, const char *keys,
                        const char *services)
{
    for (int i = 0; i < SEEN; i++) {
        struct story s;
        char text[1500];
        snprintf(text, sizeof text,
                 "{'workloads': {'w': {'target': '%s', %s 'burst': {'users': 4},"
                 "'retry': {'max': 1, 'on': ['%s'], 'backoff': {'base': '1h',"
                 "'cap': '1h', 'jitter': 'none'}}}}, 'services': {%s}}",
                 target, keys, seen[i], services);
        story_tell(&s, text);
        bool again = s.out.type[0].attempts > 4;
        if (again != (strcmp(seen[i], status) == 0))
            fail_msg("%s: the client %s %s", services, again ? "sees" : "does not see",
                     seen[i]);
        story_end(&s);
    }
}

#define BEHIND(keys, services)                                                         \
    "'nginx': {'kind': 'nginx', 'upstream': 'app'" keys "}, " services
#define APP(keys) "'app': {'kind': 'server', " keys "}"

/* 499 is what nginx logs for a client that left: there is nobody to see it. */
static void rule_15b_1_who_left_sees_nothing(void **state)
{
    (void)state;
    client_sees("timeout", "nginx", "'timeout': '1s',",
                BEHIND("", APP("'time': '2s'")));
}

static void rule_15b_2_429_when_configured_so(void **state)
{
    (void)state;
    client_sees("429", "nginx", "'addresses': 1,",
                BEHIND(", 'limit_req': {'rate': '1/s'}, 'limit_req_status': 429",
                       APP("'time': '1ms'")));
    client_sees("429", "nginx", "'addresses': 1,",
                BEHIND(", 'limit_conn': {'limit': 2}, 'limit_conn_status': 429",
                       APP("'time': '1s'")));
}

static void rule_15b_3_500_from_the_application(void **state)
{
    (void)state;
    client_sees("500", "app", "", "'app': {'kind': 'gunicorn', 'timeout': '2s',"
                "'workers': 4, 'time': '9s'}");
    client_sees("500", "app", "",
                "'app': {'kind': 'server', 'handlers': {'default': [{'query': 'db',"
                "'via': 'pool', 'io': '9s'}]}}, 'db': {'kind': 'postgres'},"
                "'pool': {'kind': 'sqlalchemy_pool', 'pool_size': 1,"
                "'max_overflow': 0, 'pool_timeout': '1s'}");
    client_sees("500", "nginx", "",
                BEHIND(", 'worker_connections': 7", APP("'time': '1s'")));
}

static void rule_15b_4_502_from_nginx(void **state)
{
    (void)state;
    client_sees("502", "nginx", "",
                BEHIND("", APP("'slots': 1, 'queue_limit': 1, 'time': '1s'")));
    client_sees("502", "nginx", "",
                BEHIND(", 'max_conns': 1", APP("'replicas': 2, 'time': '1s'")));
    client_sees("502", "nginx", "", BEHIND("", "'app': {'kind': 'gunicorn',"
                "'timeout': '2s', 'native_blocking': true, 'workers': 4,"
                "'time': '9s'}"));
    client_sees("502", "nginx", "",
                BEHIND("", APP("'handlers': {'default': [{'fail': 'reset'}]}")));
}

static void rule_15b_5_503_from_limits(void **state)
{
    (void)state;
    client_sees("503", "nginx", "'addresses': 1,",
                BEHIND(", 'limit_req': {'rate': '1/s'}", APP("'time': '1ms'")));
    client_sees("503", "nginx", "'addresses': 1,",
                BEHIND(", 'limit_conn': {'limit': 2}", APP("'time': '1s'")));
    client_sees("503", "app", "",
                "'app': {'kind': 'uvicorn', 'limit_concurrency': 2, 'time': '1s'}");
}

static void rule_15b_6_504_from_nginx(void **state)
{
    (void)state;
    client_sees("504", "nginx", "",
                BEHIND(", 'proxy_read_timeout': '1s'", APP("'time': '2s'")));
}

/* From the table itself: its own library has no retries here. */
static void rule_15b_7_400_from_a_table(void **state)
{
    (void)state;
    client_sees("400", "table", "",
                "'table': {'kind': 'dynamodb', 'time': '4ms', 'burst': '0s',"
                "'read_capacity_units': '2/s', 'write_capacity_units': '1/s',"
                "'operations': {'default': {'read': '4KiB'}}}");
}

/* Nobody sees an error: whoever finds the queue full comes a second later. */
static void rule_15b_8_a_full_listen_queue_is_a_delay(void **state)
{
    (void)state;
    static const char app[] = "'app': {'kind': 'gunicorn', 'backlog': 1,"
                              "'time': '300ms'}";
    client_sees("none", "app", "", app);
    struct story s;
    char text[400];
    snprintf(text, sizeof text, "{'workloads': {'w': {'target': 'app',"
             "'burst': {'users': 4}}}, 'services': {%s}}", app);
    story_tell(&s, text);
    assert_latencies(&s, 0.3, 0.6, 0.9, 1.3);
    story_end(&s);
}

static void rule_15b_9_a_broken_connection(void **state)
{
    (void)state;
    client_sees("reset", "nginx", "",
                BEHIND(", 'worker_connections': 2", APP("'time': '1s'")));
    client_sees("reset", "app", "", "'app': {'kind': 'gunicorn', 'timeout': '2s',"
                "'native_blocking': true, 'workers': 4, 'time': '9s'}");
    client_sees("reset", "app", "", "'app': {'kind': 'gunicorn', 'memory': '10MiB',"
                "'memory_per_request': '11MiB', 'workers': 4, 'time': '9s'}");
}

/* Four at once on what does one at a time: the last takes four times as long. */
static void rule_15b_10_slow_but_well(void **state)
{
    (void)state;
    static const char *const services[] = {
        "'app': {'kind': 'gunicorn', 'worker_class': 'gthread', 'time': '10s'}",
        "'app': {'kind': 'uvicorn', 'handlers': {'default': [{'cpu': '10s'}]}}",
        "'app': {'kind': 'uvicorn', 'handlers': {'default': [{'hold': 'threads',"
        "'steps': [{'wait': '10s'}]}]}}, 'threads': {'kind': 'thread_pool',"
        "'tokens': 1}",
        "'app': {'kind': 'server', 'handlers': {'default': [{'query': 'db',"
        "'via': 'pool', 'io': '10s'}]}}, 'db': {'kind': 'postgres', 'connect': '0s'},"
        "'pool': {'kind': 'pgbouncer', 'default_pool_size': 1, 'server': 'db',"
        "'pool_mode': 'transaction'}"};
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        struct story s;
        char text[700];
        snprintf(text, sizeof text, "{'workloads': {'w': {'target': 'app',"
                 "'burst': {'users': 4}}}, 'services': {%s}}", services[i]);
        story_tell(&s, text);
        assert_latencies(&s, 10, 20, 30, 40);
        story_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_15_1_private_queues_are_not_one),
        cmocka_unit_test(rule_15_2_the_timeout_of_gunicorn_is_for_sync),
        cmocka_unit_test(rule_15_3_a_replacement_waits_for_the_old_worker),
        cmocka_unit_test(rule_15_4_max_conns_has_no_queue),
        cmocka_unit_test(rule_15_5_successes_do_not_clear_failures),
        cmocka_unit_test(rule_15_6_a_limit_without_burst_loses_a_third),
        cmocka_unit_test(rule_15_7_ip_hash_sends_a_load_test_to_one_server),
        cmocka_unit_test(rule_15_8_a_single_server_never_fails_over),
        cmocka_unit_test(rule_15_9_a_full_listen_queue_delays_by_seconds),
        cmocka_unit_test(rule_15_10_who_gives_up_leaves_the_work_behind),
        cmocka_unit_test(rule_15_11_pools_are_per_process),
        cmocka_unit_test(rule_15_12_pgbouncer_connects_one_by_one),
        cmocka_unit_test(rule_15_13_a_quota_freezes_everything),
        cmocka_unit_test(rule_15_17_closed_loads_hide_overload),
        cmocka_unit_test(rule_15b_1_who_left_sees_nothing),
        cmocka_unit_test(rule_15b_2_429_when_configured_so),
        cmocka_unit_test(rule_15b_3_500_from_the_application),
        cmocka_unit_test(rule_15b_4_502_from_nginx),
        cmocka_unit_test(rule_15b_5_503_from_limits),
        cmocka_unit_test(rule_15b_6_504_from_nginx),
        cmocka_unit_test(rule_15b_8_a_full_listen_queue_is_a_delay),
        cmocka_unit_test(rule_15b_9_a_broken_connection),
        cmocka_unit_test(rule_15b_10_slow_but_well),
        cmocka_unit_test(rule_15_15_saved_units_hide_what_autoscaling_is_late_for),
        cmocka_unit_test(rule_15_16_a_batch_costs_as_much_as_one),
        cmocka_unit_test(rule_15_16_the_youngest_is_thrown_out),
        cmocka_unit_test(rule_15_16_tokens_are_charged_before_they_are_written),
        cmocka_unit_test(rule_15_18_a_breaker_waits_for_a_hundred_calls_and_all_probes),
        cmocka_unit_test(rule_15b_7_400_from_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
