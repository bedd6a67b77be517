/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory follows what is in the system, not how long it is watched. */
#include "unit/story.h"

enum { ROW = HISTOGRAM_ROW * sizeof(uint64_t) };

/* What one replication of so many seconds takes; the rows of histograms in *rows. */
static size_t taken(double seconds, const char *text, size_t *rows)
{
    struct story s;
    story_read(&s, text, 1);
    struct arena arena;
    arena_init(&arena);
    struct window window = {.warm_up = SIM_SECOND,
                            .length = story_time(seconds),
                            .drain = story_time(10)};
    world_run(s.model, 0, &window, &arena, &s.out);
    assert_true(s.out.type[0].ok > 90 * seconds);
    *rows = 0;
    for (int row = 0; row < HISTOGRAM_ROWS; row++)
        *rows += s.out.type[0].latency.row[row] != NULL;
    size_t bytes = arena.taken;
    assert_books_balance(&s);
    arena_free(&arena);
    s.out.type = NULL;
    story_end(&s);
    return bytes;
}

static void a_hundred_times_as_long_takes_no_more(void **state)
{
    (void)state;
    static const char text[] =
        "{'workloads': {'all': {'target': 'web', 'open': {'rate': '100/s'},"
        " 'timeout': '2s', 'retry': {'max': 1, 'on': ['timeout']}}},"
        " 'services': {'web': {'kind': 'server', 'slots': 4, 'cpu': 2, 'handlers': {"
        " 'default': [{'cpu': {'exponential': '5ms'}}, {'query': 'db', 'via': 'pool',"
        " 'time': {'exponential': '5ms'}}]}},"
        " 'pool': {'kind': 'connection_pool', 'size': 2, 'server': 'db'},"
        " 'db': {'kind': 'postgres', 'cpu': 2}}}";
    size_t few, many;
    size_t brief = taken(10, text, &few), lengthy = taken(1000, text, &many);
    /* rarer latencies open rows; longer queues double an array or two, once */
    assert_true(many >= few);
    assert_in_range(lengthy, brief, brief + (many - few) * ROW + 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_times_as_long_takes_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
