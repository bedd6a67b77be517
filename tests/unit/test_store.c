/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/store.h"
#include "unit/cases.h"

#include <string.h>

static const struct store_set sets[] = {{1000, 0}, {1000, 0}, {10, 5}};

struct shelf {
    struct arena arena;
    struct store store;
    struct store_limits limits;
};

static void open_shelf(struct shelf *s, enum eviction eviction, int64_t items,
                       int64_t bytes)
{
    arena_init(&s->arena);
    s->limits = (struct store_limits){.eviction = eviction,
                                      .items = items,
                                      .bytes = bytes,
                                      .samples = 5,
                                      .set = sets,
                                      .sets = 3};
    store_init(&s->store, &s->limits, 7, 0, &s->arena);
}

static bool put(struct shelf *s, uint32_t set, uint32_t key, uint32_t size,
                sim_time expires, sim_time now)
{
    struct store_entry e = {.set = set, .key = key, .size = size, .expires = expires};
    return store_put(&s->store, &e, now);
}

static bool has(const struct shelf *s, uint32_t set, uint32_t key)
{
    const struct store_entry *e = store_find(&s->store, set, key);
    assert_true(!e || (e->set == set && e->key == key));
    return e;
}

static void the_least_recently_used_goes_first(void **state)
{
    (void)state;
    struct shelf s;
    open_shelf(&s, EVICT_LRU, 3, INT64_MAX);
    for (uint32_t key = 0; key < 3; key++)
        assert_true(put(&s, 0, key, 1, SIM_NEVER, key));
    store_touch(&s.store, store_find(&s.store, 0, 0), 3);
    assert_true(put(&s, 1, 0, 1, SIM_NEVER, 4));
    assert_true(has(&s, 0, 0) && !has(&s, 0, 1) && has(&s, 0, 2) && has(&s, 1, 0));
    assert_true(put(&s, 0, 5, 1, SIM_NEVER, 5));
    assert_true(has(&s, 0, 0) && !has(&s, 0, 2) && has(&s, 1, 0) && has(&s, 0, 5));
    assert_int_equal(s.store.evicted, 2);
    arena_free(&s.arena);
}

/* Against a list kept in the plainest way, through thousands of operations. */
static void it_does_what_a_plain_list_does(void **state)
{
    (void)state;
    enum { KEYS = 50, ROOM = 17 };
    struct shelf s;
    uint32_t list[ROOM], count = 0; /* the newest first */
    open_shelf(&s, EVICT_LRU, ROOM, INT64_MAX);
    struct draw draw = draw_at(1, 2, 0, 0);
    for (sim_time now = 0; now < 20000; now++) {
        uint32_t key = (uint32_t)draw_below(&draw, KEYS), at = 0;
        bool drop = draw_below(&draw, 10) == 0;
        while (at < count && list[at] != key)
            at++;
        assert_int_equal(has(&s, 0, key), at < count);
        if (at < count && drop) {
            store_drop(&s.store, store_find(&s.store, 0, key));
            memmove(&list[at], &list[at + 1], (--count - at) * sizeof *list);
            continue;
        }
        if (at < count)
            store_touch(&s.store, store_find(&s.store, 0, key), now);
        else
            assert_true(put(&s, 0, key, 1, SIM_NEVER, now));
        if (at == ROOM)
            at--;
        if (at == count)
            count++;
        memmove(&list[1], &list[0], at * sizeof *list);
        list[0] = key;
        assert_int_equal(s.store.count, count);
    }
    arena_free(&s.arena);
}

static void bytes_are_kept_below_the_limit(void **state)
{
    (void)state;
    static const enum eviction rules[] = {EVICT_LRU, EVICT_SAMPLED_LRU, EVICT_RANDOM};
    for (int r = 0; r < 3; r++) {
        struct shelf s;
        open_shelf(&s, rules[r], INT64_MAX, 1000);
        struct draw draw = draw_at(3, 4, 0, 0);
        for (sim_time now = 0; now < 2000; now++) {
            uint32_t key = (uint32_t)draw_below(&draw, 1000);
            uint32_t size = 1 + (uint32_t)draw_below(&draw, 100);
            assert_true(put(&s, 0, key, size, SIM_NEVER, now));
            assert_true(has(&s, 0, key));
            int64_t bytes = 0;
            for (uint32_t i = 0; i < s.store.count; i++)
                bytes += s.store.entry[i].size;
            assert_true(bytes <= 1000 && bytes == s.store.bytes);
            assert_true(now < 100 || bytes > 700);
        }
        assert_false(put(&s, 0, 1, 1001, SIM_NEVER, 3000));
        assert_false(has(&s, 0, 1));
        arena_free(&s.arena);
    }
}

static void nothing_is_evicted_where_nothing_may_be(void **state)
{
    (void)state;
    struct shelf s;
    open_shelf(&s, EVICT_NEVER, 2, INT64_MAX);
    assert_true(put(&s, 0, 0, 1, SIM_NEVER, 0));
    assert_true(put(&s, 0, 1, 1, SIM_NEVER, 0));
    assert_false(put(&s, 0, 2, 1, SIM_NEVER, 0));
    assert_true(put(&s, 0, 1, 1, SIM_NEVER, 1)); /* in place of itself */
    assert_true(has(&s, 0, 0) && has(&s, 0, 1));
    arena_free(&s.arena);
}

/* Only what expires may go, and of that what expires first. */
static void volatile_policies_take_what_expires(void **state)
{
    (void)state;
    struct shelf s;
    open_shelf(&s, EVICT_VOLATILE_TTL, 10, INT64_MAX);
    for (uint32_t key = 0; key < 10; key++)
        assert_true(put(&s, 0, key, 1, key < 5 ? SIM_NEVER : 1000 - key, 0));
    s.limits.samples = 64; /* so many find the first for certain, or nearly */
    for (uint32_t key = 0; key < 5; key++) {
        assert_true(put(&s, 1, key, 1, SIM_NEVER, 1));
        assert_false(has(&s, 0, 9 - key));
    }
    assert_false(put(&s, 1, 9, 1, SIM_NEVER, 2));
    for (uint32_t key = 0; key < 5; key++)
        assert_true(has(&s, 0, key));
    arena_free(&s.arena);
}

/* Expired entries make room: the sweep of each write finds them, but not before they
 * are past being served stale. */
static void writes_sweep_out_what_has_expired(void **state)
{
    (void)state;
    struct shelf s;
    open_shelf(&s, EVICT_NEVER, 500, INT64_MAX);
    for (uint32_t key = 0; key < 500; key++)
        assert_true(put(&s, 0, key, 1, 100, 0));
    assert_false(put(&s, 1, 0, 1, SIM_NEVER, 99));
    assert_true(put(&s, 1, 0, 1, SIM_NEVER, 100));
    assert_int_equal(s.store.expired, 500);
    assert_int_equal(s.store.count, 1);
    assert_true(put(&s, 2, 0, 1, 200, 100));
    assert_true(put(&s, 1, 1, 1, SIM_NEVER, 204));
    assert_true(has(&s, 2, 0));
    assert_true(put(&s, 1, 2, 1, SIM_NEVER, 205));
    assert_false(has(&s, 2, 0));
    arena_free(&s.arena);
}

static void clearing_leaves_nothing(void **state)
{
    (void)state;
    struct shelf s;
    open_shelf(&s, EVICT_LRU, 100, INT64_MAX);
    for (uint32_t key = 0; key < 100; key++)
        assert_true(put(&s, 0, key, 9, 1000, key));
    store_clear(&s.store);
    assert_int_equal(s.store.count, 0);
    assert_int_equal(s.store.bytes, 0);
    for (uint32_t key = 0; key < 100; key++)
        assert_false(has(&s, 0, key));
    for (uint32_t key = 0; key < 200; key++)
        assert_true(put(&s, 0, key, 9, 1000, key));
    assert_int_equal(s.store.count, 100);
    arena_free(&s.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_recently_used_goes_first),
        cmocka_unit_test(it_does_what_a_plain_list_does),
        cmocka_unit_test(bytes_are_kept_below_the_limit),
        cmocka_unit_test(nothing_is_evicted_where_nothing_may_be),
        cmocka_unit_test(volatile_policies_take_what_expires),
        cmocka_unit_test(writes_sweep_out_what_has_expired),
        cmocka_unit_test(clearing_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
