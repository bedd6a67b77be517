/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whatever happens in a system, requests and time are conserved: every request has one
 * end, the time that all of them spend is the area under their number (Little's law, to
 * the nanosecond), stations are held for as long as somebody holds them, and once
 * nobody comes any more everything is given back.
 */
#include "unit/story.h"

/* Arrivals end after 60 s. */
#define COME(rate, more)                                                               \
    "{'workloads': {'users': {'target': 'web', 'open': {'rate': '" rate "',"           \
    "'profile': [['0s', 1], ['60s', 1]]} " more "}}, 'services': "

struct system {
    const char *name, *text;
};

static const struct system systems[] = {
    {"a queue", COME("9/s", "") "{'web': {'kind': 'server', 'slots': 1,"
                                "'time': {'exponential': '100ms'}}}}"},
    {"refusals",
     COME("30/s", "") "{'web': {'kind': 'server', 'slots': 2,"
                      "'queue_limit': 3, 'time': {'exponential': '100ms'}}}}"},
    {"patience and retries",
     COME("12/s", ", 'timeout': '300ms', 'retry': {'max': 2, 'backoff': {"
                  "'base': '50ms'}}") "{'web': {'kind': 'server', 'slots': 1, 'time': "
                                      "{'exponential': '100ms'}}}}"},
    {"deadlines", COME("12/s", ", 'timeout': '400ms', 'deadline': '1s', 'retry': {"
                               "'max': 5}") "{'web': {'kind': 'server', 'slots': 1,"
                                            "'time': {'exponential': '100ms'}}}}"},
    {"errors while a connection is held",
     COME("20/s",
          "") "{'web': {'kind': 'gunicorn', 'worker_class': 'gthread', 'workers': 2,"
              "'threads': 4, 'cpu': 2, 'handlers': {'default': [{'cpu': "
              "{'exponential': '20ms'}},"
              "  {'hold': 'pool', 'steps': [{'wait': {'exponential': '100ms'}},"
              "   {'fail': '500', 'probability': '20%'}, {'wait': '50ms'}]}]}},"
              "'pool': {'kind': 'sqlalchemy_pool', 'pool_size': 1, 'max_overflow': 1,"
              "'pool_timeout': '500ms'}}}"},
    {"pools in a row",
     COME("40/s", ", 'timeout': '2s'") "{'web': {'kind': 'uvicorn', 'workers': 2, "
                                       "'cpu': 2, 'handlers': {'default': ["
                                       "  {'cpu': '5ms'}, {'query': 'db', 'via': "
                                       "['pool', 'bouncer'],"
                                       "   'time': {'exponential': '30ms'}, 'io': "
                                       "{'exponential': '30ms'},"
                                       "   'timeout': '200ms', 'on_error': "
                                       "'continue'}, {'query': 'db', 'io': '10ms'}]}},"
                                       "'pool': {'kind': 'sqlalchemy_pool', "
                                       "'pool_size': 2, 'max_overflow': 1,"
                                       "'pool_timeout': '1s'},"
                                       "'bouncer': {'kind': 'pgbouncer', 'server': "
                                       "'db', 'pool_mode': 'transaction',"
                                       "'default_pool_size': 2, 'reserve_pool_size': "
                                       "1, 'reserve_pool_timeout': '300ms'},"
                                       "'db': {'kind': 'postgres', 'cpu': 2, "
                                       "'max_connections': 8,"
                                       "'superuser_reserved_connections': 0}}}"},
    {"races between branches",
     COME(
         "5/s",
         "") "{'web': {'kind': 'server', 'slots': 8, 'handlers': {'default': ["
             "  {'parallel': [[{'call': 'api'}], [{'call': 'api'}], [{'call': 'api'}]],"
             "   'join': 2}, {'spawn': [{'call': 'api'}]}]}},"
             "'api': {'kind': 'server', 'slots': 4, 'handlers': {'default': ["
             "  {'wait': {'exponential': '100ms'}}, {'fail': '503', 'probability': "
             "'10%'}]}}}}"},
    {"balancers, streams and limits",
     COME("20/s",
          ", 'timeout': '3s'") "{'web': {'kind': 'nginx', 'upstream': 'app', "
                               "'balance': 'least_conn',"
                               "'proxy_read_timeout': '400ms'},"
                               "'app': {'kind': 'server', 'replicas': 3, 'slots': 4, "
                               "'memory': '100MB',"
                               "'latency': '1ms', 'handlers': {'default': [{'memory': "
                               "'30MB'},"
                               "  {'call': 'llm', 'stream': true, 'timeout': '5s', "
                               "'retry': {'max': 1}}]}},"
                               "'llm': {'kind': 'llm_api', 'ttft': {'exponential': "
                               "'300ms'},"
                               "'output_tokens': 20, 'time_per_token': '10ms'}}}"},
};

static int128 area_of(const struct outcome *o)
{
    int128 area = 0;
    for (int bin = 0; bin < o->in_system.bins; bin++)
        area += (int128)o->in_system.area[bin];
    return area;
}

/* Watched from the start until long after the last arrival. */
static void requests_and_their_time_are_conserved(void **state)
{
    const struct system *system = *state;
    struct story s;
    story_read(&s, system->text, 1);
    story_watch(&s, 0, 600, 0);
    int128 spent = 0;
    uint64_t offered = 0;
    assert_books_balance(&s);
    for (int t = 0; t < s.facts->types; t++) {
        const struct type_outcome *type = &s.out.type[t];
        assert_int_equal(type->unfinished, 0);
        assert_true(type->attempts >= type->offered);
        spent += type->latency_sum.sum + type->failed_latency.sum;
        offered += type->offered;
    }
    assert_true(offered > 200);
    assert_true(spent > 0 && area_of(&s.out) == spent);
    story_end(&s);
}

static void stations_are_held_for_as_long_as_they_are_held(void **state)
{
    const struct system *system = *state;
    struct story s;
    story_read(&s, system->text, 1);
    story_watch(&s, 0, 600, 0);
    for (int i = 0; i < s.facts->stations; i++) {
        const struct station_outcome *station = &s.out.station[i];
        if (s.facts->station[i].sort != STATION_SERVICE)
            continue;
        assert_int_equal(station->arrivals, station->served + station->refused);
        assert_true((uint128)station->held == station->busy_area);
        assert_true((uint128)station->wait.sum == station->queue_area ||
                    !isfinite(s.facts->station[i].slots));
    }
    story_end(&s);
}

/* Watched from long after the last arrival: nobody is there, nothing is held. */
static void all_is_given_back_in_the_end(void **state)
{
    const struct system *system = *state;
    struct story s;
    story_read(&s, system->text, 1);
    story_watch(&s, 300, 100, 0);
    for (int i = 0; i < s.facts->stations; i++) {
        const struct station_outcome *station = &s.out.station[i];
        assert_int_equal(station->busy_most, 0);
        assert_int_equal(station->queue_most, 0);
        assert_true(station->busy_area == 0 && station->queue_area == 0);
        assert_true(station->cpu_area == 0 && station->full_area == 0);
    }
    assert_int_equal(s.out.in_system.value, 0);
    story_end(&s);
}

enum { SYSTEMS = sizeof systems / sizeof *systems };

int main(void)
{
    static const struct {
        const char *name;
        CMUnitTestFunction run;
    } laws[] = {
        {"requests and their time are conserved",
         requests_and_their_time_are_conserved},
        {"stations are held", stations_are_held_for_as_long_as_they_are_held},
        {"all is given back", all_is_given_back_in_the_end},
    };
    enum { LAWS = sizeof laws / sizeof *laws };
    struct CMUnitTest tests[SYSTEMS * LAWS];
    static char names[SYSTEMS * LAWS][120];
    for (int i = 0; i < SYSTEMS * LAWS; i++) {
        const struct system *system = &systems[i / LAWS];
        snprintf(names[i], sizeof names[i], "%s: %s", system->name,
                 laws[i % LAWS].name);
        tests[i] = (struct CMUnitTest){names[i], laws[i % LAWS].run, NULL, NULL,
                                       (void *)system};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
