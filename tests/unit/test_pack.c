/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outcomes as bytes and back: nothing is lost, and nothing but an outcome is taken. */
#include "experiments/pack.h"
#include "unit/story.h"

#include <stdlib.h>

static const char shop[] =
    "{'workloads': {'v': {'target': 'web', 'open': {'rate': '200/s'}, 'timeout': '1s',"
    "   'mix': {'page': 'rest', 'chat': '10%'}}},"
    " 'services': {'web': {'kind': 'server', 'slots': 4, 'cpu': 2, 'queue_limit': 20,"
    "   'handlers': {'page': [{'cpu': {'exponential': '5ms'}}, {'query': 'db',"
    "   'via': 'pool', 'time': {'exponential': '5ms'}}],"
    "   'chat': [{'stream': {'first_byte': '10ms', 'chunks': 3, 'gap': '10ms'}}]}},"
    "  'pool': {'kind': 'connection_pool', 'size': 2, 'server': 'db'},"
    "  'db': {'kind': 'postgres', 'cpu': 2}}}";

static void simulate(struct story *s, bool segments)
{
    story_read(s, shop, 1);
    struct window window = {.warm_up = SIM_SECOND,
                            .length = 20 * SIM_SECOND,
                            .drain = 10 * SIM_SECOND,
                            .segments = segments};
    world_run(s->model, 7, &window, &s->arena, &s->out);
}

/* Equal in every field: what one says packed, the other does. */
static void comes_back(bool segments)
{
    struct story s;
    struct outcome back;
    simulate(&s, segments);
    struct packed first = pack_outcome(&s.out, s.facts, &s.arena);
    assert_true(pack_read(&first, s.facts, &s.arena, &back));
    struct packed second = pack_outcome(&back, s.facts, &s.arena);
    assert_int_equal(first.length, second.length);
    assert_memory_equal(first.bytes, second.bytes, first.length);

    assert_int_equal(back.replication, 7);
    assert_int_equal(back.fingerprint, s.out.fingerprint);
    assert_int_equal(back.ended, s.out.ended);
    assert_true(s.out.type[0].ok > 1000 && s.out.type[1].ok > 100);
    for (int t = 0; t < s.facts->types; t++) {
        const struct type_outcome *a = &s.out.type[t], *b = &back.type[t];
        assert_int_equal(a->ok, b->ok);
        assert_true(a->latency_sum.squares == b->latency_sum.squares);
        assert_true(histogram_quantile(&a->latency, 0.99) ==
                    histogram_quantile(&b->latency, 0.99));
        assert_true((a->segment != NULL) == (b->segment != NULL));
        assert_memory_equal(a->blame, b->blame,
                            (size_t)BLAME_BINS * (size_t)s.facts->resources * 8);
    }
    for (int i = 0; i < s.facts->stations; i++) {
        const struct station_outcome *a = &s.out.station[i], *b = &back.station[i];
        assert_true(a->busy_area == b->busy_area && a->cpu_area == b->cpu_area);
        assert_true(a->held == b->held && a->served == b->served);
        assert_true(a->wait.sum == b->wait.sum && a->surplus == b->surplus);
    }
    assert_int_equal(s.out.in_system.bins, back.in_system.bins);
    for (int i = 0; i < back.in_system.bins; i++)
        assert_true(s.out.in_system.area[i] == back.in_system.area[i]);
    assert_memory_equal(s.out.completed_in, back.completed_in,
                        OUTCOME_BINS * sizeof *back.completed_in);
    story_end(&s);
}

static void production_comes_back(void **state)
{
    (void)state;
    comes_back(false);
}

static void a_pilot_comes_back(void **state)
{
    (void)state;
    comes_back(true);
}

/* Whatever the bytes: an answer, never a crash. Memory is the arena's, and checked by
 * the sanitizers. */
static void other_bytes_are_refused(void **state)
{
    (void)state;
    struct story s;
    struct outcome back;
    simulate(&s, false);
    struct packed whole = pack_outcome(&s.out, s.facts, &s.arena);
    struct arena arena;
    arena_init(&arena);
    for (size_t length = 0; length < whole.length; length += 1 + length / 8) {
        struct packed part = {whole.bytes, length};
        assert_false(pack_read(&part, s.facts, &arena, &back));
        arena_reset(&arena);
    }
    struct packed longer = {arena_many(&s.arena, whole.length + 1, unsigned char),
                            whole.length + 1};
    memcpy(longer.bytes, whole.bytes, whole.length);
    assert_false(pack_read(&longer, s.facts, &arena, &back));
    srand(1);
    for (int i = 0; i < 2000; i++) {
        struct packed bad = {longer.bytes, whole.length};
        memcpy(bad.bytes, whole.bytes, whole.length);
        bad.bytes[(size_t)rand() % whole.length] ^= (unsigned char)(1 + rand() % 255);
        pack_read(&bad, s.facts, &arena, &back);
        arena_reset(&arena);
    }
    arena_free(&arena);
    story_end(&s);
}

static void another_model_is_refused(void **state)
{
    (void)state;
    struct story s, other;
    struct outcome back;
    simulate(&s, false);
    struct packed packed = pack_outcome(&s.out, s.facts, &s.arena);
    story_read(&other, "{'workloads': {'v': {'target': 'a', 'open': {'rate': '1/s'}}},"
                       " 'services': {'a': {'kind': 'server', 'time': '1s'}}}", 1);
    assert_false(pack_read(&packed, other.facts, &other.arena, &back));
    story_end(&s);
    story_end(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(production_comes_back),
        cmocka_unit_test(a_pilot_comes_back),
        cmocka_unit_test(other_bytes_are_refused),
        cmocka_unit_test(another_model_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
