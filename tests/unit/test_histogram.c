/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/histogram.h"

#include "sim/rng.h"
#include "unit/cases.h"

#include <stdlib.h>

static int set_up(void **state)
{
    static struct arena arena;
    arena_init(&arena);
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static void cells_are_in_order_without_gaps(void **state)
{
    (void)state;
    for (int cell = 0; cell < HISTOGRAM_CELLS; cell++) {
        uint64_t low = histogram_cell_low(cell);
        double high = histogram_cell_high(cell);
        assert_int_equal(histogram_cell(low), cell);
        assert_true((high - (double)low) * 256 <= fmax((double)low, 256));
        if (cell + 1 < HISTOGRAM_CELLS) {
            assert_near(high, (double)histogram_cell_low(cell + 1), 0);
            assert_int_equal(histogram_cell(histogram_cell_low(cell + 1) - 1), cell);
        }
    }
    assert_int_equal(histogram_cell(UINT64_MAX), HISTOGRAM_CELLS - 1);
    assert_near(histogram_cell_high(HISTOGRAM_CELLS - 1), 0x1p64, 0);
}

static int by_size(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

enum { VALUES = 3000 };

/* Values over all sizes: 0 to 63 random bits each. */
static void fill(uint64_t *values, int count, uint64_t seed, int most_bits)
{
    struct draw draw = draw_at(rng_key(seed, "histogram"), 0, 0, 0);
    for (int i = 0; i < count; i++)
        values[i] =
            draw_word(&draw) >> (63 - draw_below(&draw, (uint64_t)most_bits)) >> 1;
}

static struct histogram histogram_of(const uint64_t *values, int count,
                                     struct arena *arena)
{
    struct histogram h = {0};
    for (int i = 0; i < count; i++)
        histogram_add(&h, values[i], arena);
    return h;
}

static void expect_quantiles_like_sorting(const uint64_t *sorted, int count,
                                          const struct histogram *h, double tolerance)
{
    for (int percent = 0; percent <= 1000; percent++) {
        int rank = (percent * count + 999) / 1000;
        uint64_t exact = sorted[rank < 1 ? 0 : rank - 1];
        assert_near(histogram_quantile(h, percent / 1000.0), (double)exact, tolerance);
    }
    assert_near(histogram_quantile(h, 0), (double)sorted[0], 0);
    assert_near(histogram_quantile(h, 1), (double)sorted[count - 1], 0);
}

static void quantiles_are_those_of_the_sorted_values(void **state)
{
    uint64_t values[VALUES];
    for (int most_bits = 8; most_bits <= 63; most_bits += 11) {
        fill(values, VALUES, 1, most_bits);
        struct histogram h = histogram_of(values, VALUES, *state);
        qsort(values, VALUES, sizeof *values, by_size);
        expect_quantiles_like_sorting(values, VALUES, &h,
                                      most_bits == 8 ? 0 : 1.0 / 256);
    }
}

static void a_single_large_value_is_known_exactly(void **state)
{
    struct histogram h = histogram_of((uint64_t[]){123456789}, 1, *state);
    assert_near(histogram_quantile(&h, 0.5), 123456789, 0);
}

static void evenly_filled_cells_are_exact_within(void **state)
{
    struct histogram h = {0};
    for (uint64_t x = 100000; x < 200000; x++)
        histogram_add(&h, x, *state);
    for (int i = 10; i < 990; i++) /* the outermost cells are only partly filled */
        assert_within(histogram_quantile(&h, i / 1000.0), 99999 + 100 * i, 1);
    for (uint64_t x = 99990; x < 200010; x += 7) {
        double exact = x < 100000 ? 100000 : x >= 199999 ? 0 : 199999 - (double)x;
        assert_within(histogram_above(&h, x), exact, 1024);
        if (x > 101000 && x < 199000)
            assert_within(histogram_above(&h, x), exact, 1e-6);
    }
}

static void counts_above_are_those_of_the_values(void **state)
{
    uint64_t values[VALUES];
    fill(values, VALUES, 2, 63);
    struct histogram h = histogram_of(values, VALUES, *state);
    for (int i = 0; i < VALUES; i++) {
        int above = 0, in_cell = 0;
        for (int j = 0; j < VALUES; j++) {
            above += values[j] > values[i];
            in_cell += histogram_cell(values[j]) == histogram_cell(values[i]);
        }
        double slack = values[i] < 512 ? 0 : in_cell;
        assert_within(histogram_above(&h, values[i]), above, slack);
    }
}

static void merging_is_adding(void **state)
{
    uint64_t values[VALUES];
    fill(values, VALUES, 3, 63);
    struct histogram whole = histogram_of(values, VALUES, *state);
    struct histogram left = histogram_of(values, 1000, *state);
    struct histogram right = histogram_of(values + 1000, VALUES - 1000, *state);
    struct histogram none = {0};
    histogram_merge(&left, &right, *state);
    histogram_merge(&left, &none, *state);
    histogram_merge(&none, &left, *state);
    assert_int_equal(none.count, whole.count);
    assert_int_equal(none.least, whole.least);
    assert_int_equal(none.most, whole.most);
    for (int row = 0; row < HISTOGRAM_ROWS; row++) {
        assert_int_equal(none.row[row] != NULL, whole.row[row] != NULL);
        if (whole.row[row])
            assert_memory_equal(none.row[row], whole.row[row],
                                HISTOGRAM_ROW * sizeof(uint64_t));
    }
}

static void nothing_has_no_quantile(void **state)
{
    (void)state;
    struct histogram none = {0};
    assert_true(isnan(histogram_quantile(&none, 0.5)));
    assert_near(histogram_above(&none, 0), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_in_order_without_gaps),
        cmocka_unit_test(quantiles_are_those_of_the_sorted_values),
        cmocka_unit_test(a_single_large_value_is_known_exactly),
        cmocka_unit_test(evenly_filled_cells_are_exact_within),
        cmocka_unit_test(counts_above_are_those_of_the_values),
        cmocka_unit_test(merging_is_adding),
        cmocka_unit_test(nothing_has_no_quantile),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
