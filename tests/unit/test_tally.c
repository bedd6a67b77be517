/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/tally.h"

#include "unit/cases.h"

static struct tally tally_of(const int64_t *x, int count)
{
    struct tally t = {0};
    for (int i = 0; i < count; i++)
        tally_add(&t, x[i]);
    return t;
}

static void nothing_has_no_mean_and_one_no_variance(void **state)
{
    (void)state;
    struct tally none = {0};
    assert_true(isnan(tally_mean(&none)));
    struct tally one = tally_of((int64_t[]){5}, 1);
    assert_near(tally_mean(&one), 5, 0);
    assert_true(isnan(tally_variance(&one)));
}

static void five_numbers_by_hand(void **state)
{
    (void)state;
    struct tally t = tally_of((int64_t[]){4, -2, 7, 7, 9}, 5);
    assert_int_equal(t.count, 5);
    assert_int_equal(t.least, -2);
    assert_int_equal(t.most, 9);
    assert_near(tally_mean(&t), 5, 0);
    assert_near(tally_variance(&t), (1 + 49 + 4 + 4 + 16) / 4.0, 0);
}

/* The textbook formula in double would lose every digit here. */
static void a_small_variance_far_from_0_is_exact(void **state)
{
    (void)state;
    const int64_t far = INT64_C(1000000000000000000);
    struct tally t = tally_of((int64_t[]){far + 1, far + 2, far + 3, far + 4}, 4);
    assert_near(tally_variance(&t), 5.0 / 3, 1e-15);
}

static void expect_same(const struct tally *a, const struct tally *b)
{
    assert_int_equal(a->count, b->count);
    assert_true(a->sum == b->sum);
    assert_true(a->squares == b->squares);
    assert_int_equal(a->least, b->least);
    assert_int_equal(a->most, b->most);
}

static void merging_is_adding(void **state)
{
    (void)state;
    const int64_t x[] = {3, 1, 4, 1, 5, 9, 2, 6};
    struct tally whole = tally_of(x, 8), left = tally_of(x, 3),
                 right = tally_of(x + 3, 5);
    struct tally none = {0};
    tally_merge(&left, &right);
    tally_merge(&left, &none);
    tally_merge(&none, &left);
    expect_same(&left, &whole);
    expect_same(&none, &whole);
}

static void overflow_the_squares(void)
{
    struct tally t = {0};
    for (int i = 0; i < 5; i++)
        tally_add(&t, INT64_MIN); /* 2^126 each */
}

static void an_overflow_does_not_pass_unseen(void **state)
{
    (void)state;
    assert_check_fails(overflow_the_squares);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_no_mean_and_one_no_variance),
        cmocka_unit_test(five_numbers_by_hand),
        cmocka_unit_test(a_small_variance_far_from_0_is_exact),
        cmocka_unit_test(merging_is_adding),
        cmocka_unit_test(an_overflow_does_not_pass_unseen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
