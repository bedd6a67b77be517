/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far lines of points carry: from what each point keeps, breaks, or leaves open. */
#include "experiments/reach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 8 };

/* A chart whose lines are written as "KKOB": kept, open, broken, at 10/s, 20/s, … */
struct bench {
    struct arena arena;
    struct chart chart;
    struct chart_line line[MOST];
    struct chart_value value[MOST];
};

static struct chart_point *point_of(struct bench *b, char state, int at)
{
    struct chart_point *p = arena_new(&b->arena, struct chart_point);
    struct chart_number *known = arena_many(&b->arena, 2, struct chart_number);
    const char *text = arena_format(&b->arena, "%d/s", 10 * (at + 1));
    b->value[at] = (struct chart_value){"/rate", "rate", text, text, 10.0 * (at + 1)};
    known[0] = (struct chart_number){"slo", "p95 < 1s", "met", state == 'B' ? 0 : 1, 0};
    known[1] = (struct chart_number){"slo", "p95 < 1s", "measured", 1.5, 0.25};
    *p = (struct chart_point){.label = text,
                              .verdict = state == 'U' ? "unstable" : "stable",
                              .lasting = state != 'U',
                              .promises = 1,
                              .missed = state == 'B' || state == 'U',
                              .undecided = state == 'O',
                              .x = 10 * (at + 1),
                              .value = &b->value[at],
                              .values = 1,
                              .known = known,
                              .known_count = state == 'U' ? 0 : 2};
    return p;
}

static const struct reach *reach_in(struct bench *b, const char *const *lines)
{
    static const char *promises[] = {"p95 < 1s"};
    arena_init(&b->arena);
    b->chart = (struct chart){.line = b->line,
                              .axis = "/rate",
                              .of = "",
                              .by = "p95",
                              .promise = promises,
                              .promises = 1};
    for (; lines[b->chart.lines]; b->chart.lines++) {
        const char *states = lines[b->chart.lines];
        int count = (int)strlen(states);
        struct chart_line *line = &b->line[b->chart.lines];
        line->label = arena_format(&b->arena, "line %d", b->chart.lines + 1);
        line->point = arena_many(&b->arena, count, struct chart_point *);
        for (line->count = 0; line->count < count; line->count++)
            line->point[line->count] = point_of(b, states[line->count], line->count);
    }
    return reach_of(&b->chart, &b->arena);
}

static void says(const char *states, enum reach_shape shape, const char *sentence)
{
    struct bench b;
    const struct reach *r = reach_in(&b, (const char *const[]){states, NULL});
    assert_string_equal(reach_sentence(&b.chart, r, &b.arena), sentence);
    assert_int_equal(r->shape, shape);
    arena_free(&b.arena);
}

static void a_line_reaches_as_far_as_it_surely_keeps_what_was_asked(void **state)
{
    (void)state;
    says("KKK", REACH_ALL, "keeps every promise up to 30/s, the last value tried");
    says("KKBB", REACH_UP_TO,
         "keeps every promise up to 20/s; at 30/s p95 < 1s is missed (1.50 s ±0.25)");
    says("KU", REACH_UP_TO,
         "keeps every promise up to 10/s; at 20/s the backlog grows without end");
    says("BBK", REACH_FROM,
         "keeps every promise from 30/s on; at 20/s p95 < 1s is missed (1.50 s ±0.25)");
    says("KBK", REACH_MIXED,
         "keeps every promise at 2 of 3 values, with others between them");
    says("BKB", REACH_MIXED,
         "keeps every promise at 1 of 3 values, with others between them");
    says("UU", REACH_NONE,
         "keeps every promise nowhere: at 10/s already the backlog grows without end");
}

static void what_is_open_is_neither_kept_nor_broken(void **state)
{
    (void)state;
    says("KOB", REACH_UP_TO,
         "keeps every promise up to 10/s; on to 20/s nothing is missed, but the runs "
         "are "
         "too short to be sure; at 30/s p95 < 1s is missed (1.50 s ±0.25)");
    says("OOB", REACH_NONE,
         "misses nothing up to 20/s, though the runs are too short to be sure of every "
         "promise; at 30/s p95 < 1s is missed (1.50 s ±0.25)");
    says("OOO", REACH_NONE,
         "misses nothing up to 30/s, though the runs are too short to be sure of every "
         "promise");
}

/* A light load brings few requests; what holds at a higher one is not doubted. */
static void open_points_before_a_kept_one_are_let_pass(void **state)
{
    (void)state;
    struct bench b;
    const struct reach *r = reach_in(&b, (const char *const[]){"OOKKB", NULL});
    assert_int_equal(r->shape, REACH_UP_TO);
    assert_int_equal(r->open_before, 2);
    assert_string_equal(reach_place(&b.chart, r->yes), "40/s");
    assert_string_equal(reach_place(&b.chart, r->no), "50/s");
    assert_ptr_equal(reach_point(r), r->yes);
    arena_free(&b.arena);
}

static void the_best_line_reaches_farthest(void **state)
{
    (void)state;
    struct bench b;
    int equal;
    const struct reach *r = reach_in(
        &b, (const char *const[]){"KBBB", "KKKB", "UUUU", "KKKB", "BKKK", NULL});
    assert_ptr_equal(reach_best(&b.chart, r, &equal), &r[1]);
    assert_int_equal(equal, 1);
    arena_free(&b.arena);
    r = reach_in(&b, (const char *const[]){"UU", "OU", "UU", NULL});
    assert_ptr_equal(reach_best(&b.chart, r, &equal), &r[1]);
    assert_int_equal(equal, 0);
    arena_free(&b.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_reaches_as_far_as_it_surely_keeps_what_was_asked),
        cmocka_unit_test(what_is_open_is_neither_kept_nor_broken),
        cmocka_unit_test(open_points_before_a_kept_one_are_let_pass),
        cmocka_unit_test(the_best_line_reaches_farthest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
