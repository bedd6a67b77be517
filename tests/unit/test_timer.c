/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/timer.h"

#include "sim/rng.h"
#include "unit/cases.h"

enum { SHORT, LONG, CLASSES, BASE = 1000 };

struct fixture {
    struct arena arena;
    struct event_list events;
    struct timers timers;
    uint64_t popped; /* events so far */
};

static int set_up(void **state)
{
    static struct fixture f;
    static const sim_time lengths[CLASSES] = {[SHORT] = 10, [LONG] = 100};
    f = (struct fixture){0};
    arena_init(&f.arena);
    event_list_init(&f.events, &f.arena);
    timers_init(&f.timers, &f.arena, &f.events, lengths, CLASSES, BASE);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_free(&f->arena);
    return 0;
}

/* Run the events; the owners whose time has come and when, in order. */
struct fired {
    uint32_t owner;
    sim_time at;
};

static int fire(struct fixture *f, struct fired *fired)
{
    uint128 event;
    int count = 0;
    while (event_pop(&f->events, &event)) {
        uint32_t owner, class = event_slot(event) - BASE;
        f->popped++;
        while ((owner = timer_due(&f->timers, class, event_time(event))) != TIMER_NONE)
            fired[count++] = (struct fired){owner, event_time(event)};
    }
    return count;
}

static void a_timer_goes_off_after_its_length(void **state)
{
    struct fixture *f = *state;
    struct fired fired[4];
    timer_set(&f->timers, LONG, 5, 1);
    timer_set(&f->timers, SHORT, 7, 2);
    assert_int_equal(fire(f, fired), 2);
    assert_int_equal(fired[0].owner, 2);
    assert_int_equal(fired[0].at, 17);
    assert_int_equal(fired[1].owner, 1);
    assert_int_equal(fired[1].at, 105);
}

static void those_of_one_instant_go_off_in_the_order_set(void **state)
{
    struct fixture *f = *state;
    struct fired fired[100];
    for (uint32_t owner = 0; owner < 100; owner++)
        timer_set(&f->timers, SHORT, 3, 99 - owner);
    assert_int_equal(fire(f, fired), 100);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(fired[i].owner, 99 - i);
        assert_int_equal(fired[i].at, 13);
    }
    assert_int_equal(f->popped, 1);
}

/* Six at times 0 to 5; these three are cancelled, in this order. */
static void cancel_three(struct fixture *f, const int *which)
{
    uint32_t handle[6];
    struct fired fired[6];
    for (uint32_t i = 0; i < 6; i++)
        handle[i] = timer_set(&f->timers, SHORT, i, i);
    bool cancelled[6] = {false};
    for (int i = 0; i < 3; i++) {
        timer_cancel(&f->timers, handle[which[i]]);
        cancelled[which[i]] = true;
    }
    int count = fire(f, fired), expected = 0;
    for (uint32_t i = 0; i < 6; i++) {
        if (cancelled[i])
            continue;
        assert_int_equal(fired[expected].owner, i);
        assert_int_equal(fired[expected].at, 10 + i);
        expected++;
    }
    assert_int_equal(count, expected);
}

static void cancelling_works_in_any_order(void **state)
{
    for (int a = 0; a < 6; a++)
        for (int b = 0; b < 6; b++)
            for (int c = 0; c < 6; c++) {
                if (a == b || b == c || a == c)
                    continue;
                tear_down(state);
                set_up(state);
                cancel_three(*state, (const int[]){a, b, c});
            }
}

/* Cancelled timers leave the one event where it is: it finds nothing due and goes. */
static void one_event_stands_for_a_class(void **state)
{
    struct fixture *f = *state;
    struct fired fired[2];
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t handle = timer_set(&f->timers, LONG, 0, i);
        timer_cancel(&f->timers, handle);
    }
    assert_int_equal(f->events.count, 1);
    timer_set(&f->timers, LONG, 50, 7);
    assert_int_equal(f->events.count, 1);
    assert_int_equal(fire(f, fired), 1);
    assert_int_equal(fired[0].owner, 7);
    assert_int_equal(fired[0].at, 150);
    assert_int_equal(f->popped, 2); /* at 100 for nobody, at 150 */
}

static void a_class_that_ran_dry_arms_itself_again(void **state)
{
    struct fixture *f = *state;
    struct fired fired[2];
    timer_cancel(&f->timers, timer_set(&f->timers, SHORT, 0, 1));
    assert_int_equal(fire(f, fired), 0);
    timer_set(&f->timers, SHORT, 20, 2);
    assert_int_equal(fire(f, fired), 1);
    assert_int_equal(fired[0].at, 30);
}

static void handles_are_used_again(void **state)
{
    struct fixture *f = *state;
    uint32_t handle = timer_set(&f->timers, SHORT, 0, 1);
    timer_cancel(&f->timers, handle);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(timer_set(&f->timers, LONG, 0, 1), handle);
        timer_cancel(&f->timers, handle);
    }
}

/* ---- against a table of all timers ----------------------------------------------- */

enum { TIMERS = 20000 };

static void thousands_set_and_cancelled_at_random_all_end_right(void **state)
{
    struct fixture *f = *state;
    static uint32_t handle[TIMERS];
    static sim_time due[TIMERS]; /* SIM_NEVER: cancelled */
    static struct fired fired[TIMERS];
    uint64_t left = 0;
    for (uint32_t i = 0; i < TIMERS; i++) { /* at 0 to 9, before the first is due */
        struct draw draw = draw_at(rng_key(1, "timers"), i, 0, 0);
        uint32_t class = (uint32_t)draw_below(&draw, CLASSES);
        sim_time now = (sim_time)i * 10 / TIMERS;
        handle[i] = timer_set(&f->timers, class, now, i);
        due[i] = now + (class == SHORT ? 10 : 100);
        uint32_t other = (uint32_t)draw_below(&draw, i + 1);
        if (draw_below(&draw, 2) && due[other] != SIM_NEVER) {
            timer_cancel(&f->timers, handle[other]);
            due[other] = SIM_NEVER;
        }
    }
    for (int i = 0; i < TIMERS; i++)
        left += due[i] != SIM_NEVER;
    assert_int_equal(fire(f, fired), left);
    for (uint64_t i = 0; i < left; i++)
        assert_int_equal(fired[i].at, due[fired[i].owner]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_timer_goes_off_after_its_length),
        TEST(those_of_one_instant_go_off_in_the_order_set),
        TEST(cancelling_works_in_any_order),
        TEST(one_event_stands_for_a_class),
        TEST(a_class_that_ran_dry_arms_itself_again),
        TEST(handles_are_used_again),
        TEST(thousands_set_and_cancelled_at_random_all_end_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
