/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals of differences cover the true one as often as they say. */
#include "theory/compare_cases.h"

static void nineteen_of_twenty(void **state)
{
    (void)state;
    enum { SEEDS = 400 };
    int mean, p99;
    compare_coverage(SEEDS, 300, &mean, &p99);
    printf("of %d seeds the mean's difference is covered in %d, that of p99 in %d\n",
           SEEDS, mean, p99);
    /* 95 % with three binomial standard errors of 1.1 points; p99 as decided for
     * single values */
    assert_in_range(mean, (int)(0.917 * SEEDS), (int)(0.983 * SEEDS));
    assert_in_range(p99, (int)(0.90 * SEEDS), (int)(0.985 * SEEDS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nineteen_of_twenty)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
