/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/condition.h"
#include "experiments/limit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct where *where;
};

static void begin(struct fixture *f)
{
    arena_init(&f->arena);
    f->where = where_new(&f->arena);
    where_add_source(f->where, (struct source){.name = "t", .bytes = "1", .length = 1});
    where_add(f->where, (struct place){.parent = WHERE_NOWHERE, .length = 1});
}

static struct limit limit_from(const char *text, enum param_type type)
{
    struct fixture f;
    struct limit_words words;
    struct limit limit;
    bool told;
    begin(&f);
    assert_true(limit_split(f.where, 0, text, &words, &told));
    assert_true(limit_values(f.where, 0, type, &words, &limit));
    assert_int_equal(f.where->problem_count, 0);
    arena_free(&f.arena);
    return limit;
}

static void assert_refused(const char *text, const char *reason)
{
    struct fixture f;
    struct condition condition;
    begin(&f);
    assert_false(condition_read(f.where, 0, text, &condition));
    assert_int_equal(f.where->problem_count, 1);
    if (!strstr(f.where->problems[0].text, reason))
        fail_msg("%s: \"%s\" does not say \"%s\"", text, f.where->problems[0].text,
                 reason);
    arena_free(&f.arena);
}

/* With 20 replications: t of 19 degrees of freedom. */
static struct estimate known(double value, double half_width)
{
    return (struct estimate){
        .value = value, .half_width = half_width, .confidence = 0.95, .n = 20};
}

static enum answer judged(const char *text, double value, double half_width)
{
    struct limit limit = limit_from(text, PARAM_DURATION);
    struct estimate e = known(value, half_width);
    return limit_judge(&limit, &e);
}

static void ends_belong_to_a_limit_or_not(void **state)
{
    (void)state;
    struct limit less = limit_from("p95 < 2s", PARAM_DURATION);
    struct limit most = limit_from("p95 <= 2s", PARAM_DURATION);
    struct limit more = limit_from("p95 > 2s", PARAM_DURATION);
    struct limit least = limit_from("p95 >= 2s", PARAM_DURATION);
    assert_int_equal(limit_holds(&less, 2), ANSWER_NO);
    assert_int_equal(limit_holds(&most, 2), ANSWER_YES);
    assert_int_equal(limit_holds(&more, 2), ANSWER_NO);
    assert_int_equal(limit_holds(&least, 2), ANSWER_YES);
}

static void about_and_between_have_two_ends(void **state)
{
    (void)state;
    struct limit about = limit_from("about 20s within 10%", PARAM_DURATION);
    struct limit between = limit_from("x between 1% and 5%", PARAM_FRACTION);
    assert_int_equal(limit_holds(&about, 18), ANSWER_YES);
    assert_int_equal(limit_holds(&about, 17.99), ANSWER_NO);
    assert_int_equal(limit_holds(&about, 22), ANSWER_YES);
    assert_int_equal(limit_holds(&about, 22.01), ANSWER_NO);
    assert_int_equal(limit_holds(&between, 0.05), ANSWER_YES);
    assert_int_equal(limit_holds(&between, 0.051), ANSWER_NO);
}

static void an_interval_that_straddles_a_limit_is_open(void **state)
{
    (void)state;
    assert_int_equal(judged("< 2s", 1.9, 0.09), ANSWER_YES);
    assert_int_equal(judged("< 2s", 1.9, 0.11), ANSWER_OPEN);
    assert_int_equal(judged("< 2s", 2.1, 0.11), ANSWER_OPEN);
    assert_int_equal(judged("< 2s", 2.1, 0.09), ANSWER_NO);
    assert_int_equal(judged("between 1s and 3s", 2, 0.5), ANSWER_YES);
    assert_int_equal(judged("between 1s and 3s", 1.1, 0.5), ANSWER_OPEN);
    assert_int_equal(judged("between 1s and 3s", 4, 0.5), ANSWER_NO);
}

static void a_number_without_an_interval_is_taken_as_it_is(void **state)
{
    (void)state;
    struct limit limit = limit_from("< 2s", PARAM_DURATION);
    struct estimate alone = known(1.9999, NAN), none = known(NAN, NAN);
    assert_int_equal(limit_judge(&limit, &alone), ANSWER_YES);
    alone.value = 2;
    assert_int_equal(limit_judge(&limit, &alone), ANSWER_NO);
    assert_int_equal(limit_judge(&limit, &none), ANSWER_OPEN);
}

static void conditions_name_what_they_judge(void **state)
{
    static const struct {
        const char *text;
        enum condition_sort sort;
        const char *scope;
    } cases[] = {
        {"stable", CONDITION_VERDICT, NULL},
        {"not stable", CONDITION_VERDICT, NULL},
        {"p99.9 < 2s", CONDITION_PROMISE, NULL},
        {"page.p95 about 2s within 5%", CONDITION_PROMISE, "page"},
        {"throughput between 500/s and 30000/min", CONDITION_PROMISE, NULL},
        {"page.max < 2s", CONDITION_EXTREME, "page"},
        {"users.page.max < 2s", CONDITION_EXTREME, "users.page"},
        {"users.page.errors.503 < 1%", CONDITION_STATUS, "users.page"},
        {"users.page.p99.9 < 1s", CONDITION_PROMISE, "users.page"},
        {"errors.503 < 1%", CONDITION_STATUS, NULL},
        {"web.cpu < 70%", CONDITION_STATION, "web"},
        {"web.memory < 2GB", CONDITION_STATION, "web"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        struct condition c;
        begin(&f);
        assert_true(condition_read(f.where, 0, cases[i].text, &c));
        assert_int_equal(c.sort, cases[i].sort);
        if (cases[i].scope)
            assert_string_equal(c.scope, cases[i].scope);
        else
            assert_null(c.scope);
        arena_free(&f.arena);
    }
}

static void what_cannot_be_read_is_told(void **state)
{
    (void)state;
    assert_refused("stabel", "did you mean \"stable\"?");
    assert_refused("p95 < 2", "a duration");
    assert_refused("p95 < 2 s", "did you mean \"2s\"?");
    assert_refused("p59x < 2s", "must name a metric");
    assert_refused("p95 about 2s", "within 10%");
    assert_refused("p95 about 2s within -5%", "within a part above 0, is within -5%");
    assert_refused("p95 between 2s", "must say something of a number");
    assert_refused("p95 between 3s and 2s", "a smaller and a larger number");
    assert_refused("cpu < 70%", "must name a metric");
    assert_refused("p95 <", "must say something of a number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_belong_to_a_limit_or_not),
        cmocka_unit_test(about_and_between_have_two_ends),
        cmocka_unit_test(an_interval_that_straddles_a_limit_is_open),
        cmocka_unit_test(a_number_without_an_interval_is_taken_as_it_is),
        cmocka_unit_test(conditions_name_what_they_judge),
        cmocka_unit_test(what_cannot_be_read_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
