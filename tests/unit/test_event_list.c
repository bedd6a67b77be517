/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list that begins with room for one event grows all the time: built in here, with
 * that room, instead of taken from the library. */
#define EVENT_LIST_ROOM 1
#include "sim/event_list.c"

#include "sim/rng.h"
#include "unit/cases.h"

#include <string.h>

struct fixture {
    struct arena arena;
    struct event_list list;
};

static int set_up(void **state)
{
    static struct fixture f;
    arena_init(&f.arena);
    event_list_init(&f.list, &f.arena);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_free(&f->arena);
    return 0;
}

/* The slot of the next event, which must be at this time. */
static uint32_t next(struct event_list *list, sim_time time)
{
    uint128 event;
    assert_true(event_pop(list, &event));
    assert_int_equal(event_time(event), time);
    return event_slot(event);
}

static void an_empty_list_has_nothing(void **state)
{
    struct event_list *list = &((struct fixture *)*state)->list;
    uint128 event;
    assert_false(event_pop(list, &event));
    event_push(list, 5, EVENT_ARRIVAL, 7);
    assert_int_equal(next(list, 5), 7);
    assert_false(event_pop(list, &event));
    assert_false(event_pop(list, &event));
    event_push(list, 6, EVENT_ARRIVAL, 8);
    assert_int_equal(next(list, 6), 8);
}

static void earlier_goes_first_whatever_its_class(void **state)
{
    struct event_list *list = &((struct fixture *)*state)->list;
    event_push(list, 3, EVENT_CAPACITY, 3);
    event_push(list, 1, EVENT_SAMPLE, 1);
    event_push(list, 2, EVENT_ARRIVAL, 2);
    for (uint32_t i = 1; i <= 3; i++)
        assert_int_equal(next(list, i), i);
}

static void ties_go_by_class(void **state)
{
    struct event_list *list = &((struct fixture *)*state)->list;
    for (uint32_t class = EVENT_SAMPLE + 1; class -- > EVENT_CAPACITY;)
        event_push(list, 9, (enum event_class) class, class);
    for (uint32_t class = EVENT_CAPACITY; class <= EVENT_SAMPLE; class ++)
        assert_int_equal(next(list, 9), class);
}

static void ties_of_a_class_go_in_the_order_scheduled(void **state)
{
    struct event_list *list = &((struct fixture *)*state)->list;
    for (uint32_t i = 0; i < 1000; i++)
        event_push(list, 4, EVENT_DEPARTURE, (i * 7919 + 13) % 1000);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(next(list, 4), (i * 7919 + 13) % 1000);
}

/* The hole that a pop leaves is filled by the next push, be it the first or last. */
static void a_push_may_fill_the_hole_of_a_pop(void **state)
{
    struct event_list *list = &((struct fixture *)*state)->list;
    for (uint32_t i = 10; i <= 50; i += 10)
        event_push(list, i, EVENT_ARRIVAL, i);
    assert_int_equal(next(list, 10), 10);
    event_push(list, 10, EVENT_ARRIVAL, 11); /* at once */
    assert_int_equal(next(list, 10), 11);
    event_push(list, 60, EVENT_ARRIVAL, 60); /* last */
    event_push(list, 15, EVENT_ARRIVAL, 15); /* no hole any more */
    const uint32_t rest[] = {15, 20, 30, 40, 50, 60};
    for (int i = 0; i < 6; i++)
        assert_int_equal(next(list, rest[i]), rest[i]);
}

/* ---- against a list that is kept sorted ------------------------------------------ */

enum { OPERATIONS = 100000, MOST = 400 };

struct entry {
    sim_time time;
    uint32_t class, order, slot;
};

static bool is_before(const struct entry *a, const struct entry *b)
{
    if (a->time != b->time)
        return a->time < b->time;
    return a->class != b->class ? a->class < b->class : a->order < b->order;
}

static void insert(struct entry *sorted, int count, struct entry entry)
{
    int at = count;
    for (; at > 0 && is_before(&entry, &sorted[at - 1]); at--)
        sorted[at] = sorted[at - 1];
    sorted[at] = entry;
}

/* Times from a few values only, so that ties are common. */
static struct entry random_entry(struct draw *draw, sim_time now, uint32_t order)
{
    return (struct entry){now + (sim_time)draw_below(draw, 8),
                          (uint32_t)draw_below(draw, EVENT_SAMPLE + 1), order,
                          (uint32_t)draw_below(draw, EVENT_SLOTS)};
}

static struct draw step_draw(uint64_t step)
{
    return draw_at(rng_key(1, "events"), step, 0, 0);
}

/* With at most so many events pending. */
static void step_at_random(struct event_list *list, int most)
{
    static struct entry sorted[MOST];
    int count = 0;
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        struct draw draw = step_draw(i);
        /* tides, so that it runs full and dry */
        bool grows = i / (4 * (uint32_t)most) % 2 == 0;
        bool push = draw_below(&draw, 100) < (grows ? 60 : 40);
        if (count == 0 || (push && count < most)) {
            struct entry e = random_entry(&draw, list->now, i);
            event_push(list, e.time, (enum event_class)e.class, e.slot);
            insert(sorted, count++, e);
        } else {
            assert_int_equal(next(list, sorted[0].time), sorted[0].slot);
            memmove(sorted, sorted + 1, (size_t)--count * sizeof *sorted);
        }
    }
    for (int i = 0; i < count; i++)
        assert_int_equal(next(list, sorted[i].time), sorted[i].slot);
    uint128 event;
    assert_false(event_pop(list, &event));
}

static void a_hundred_thousand_random_steps_keep_the_order(void **state)
{
    step_at_random(&((struct fixture *)*state)->list, MOST);
}

/* Kept in their order or in a heap, and to and fro between the two. */
static void few_events_keep_the_order_too(void **state)
{
    step_at_random(&((struct fixture *)*state)->list, 12);
}

static void it_grows_from_room_for_one(void **state)
{
    struct event_list *list = &((struct fixture *)*state)->list;
    assert_int_equal(list->room, 1);
    for (uint32_t i = 0; i < 5000; i++)
        event_push(list, 5000 - i, EVENT_ARRIVAL, i);
    assert_true(list->room >= 5000);
    assert_int_equal((uintptr_t)&list->heap[1] % 64, 0);
    for (uint32_t i = 0; i < 5000; i++)
        assert_int_equal(next(list, i + 1), 4999 - i);
}

/* ---- mistakes of ours ------------------------------------------------------------ */

static struct event_list *fresh(void)
{
    static struct fixture f;
    arena_init(&f.arena);
    event_list_init(&f.list, &f.arena);
    return &f.list;
}

static void schedule_into_the_past(void)
{
    struct event_list *list = fresh();
    event_push(list, 10, EVENT_ARRIVAL, 0);
    next(list, 10);
    event_push(list, 9, EVENT_ARRIVAL, 0);
}

static void schedule_once_too_often(void)
{
    struct event_list *list = fresh();
    list->sequence = EVENT_SEQUENCE_END / 2 - EVENT_SEQUENCE_STEP;
    event_list_check(list);
    event_push(list, 1, EVENT_ARRIVAL, 0);
    event_list_check(list);
}

static void what_cannot_be_scheduled_ends_the_process(void **state)
{
    (void)state;
    assert_check_fails(schedule_into_the_past);
    assert_check_fails(schedule_once_too_often);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_list_has_nothing),
        TEST(earlier_goes_first_whatever_its_class),
        TEST(ties_go_by_class),
        TEST(ties_of_a_class_go_in_the_order_scheduled),
        TEST(a_push_may_fill_the_hole_of_a_pop),
        TEST(a_hundred_thousand_random_steps_keep_the_order),
        TEST(few_events_keep_the_order_too),
        TEST(it_grows_from_room_for_one),
        cmocka_unit_test(what_cannot_be_scheduled_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
