/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/histogram.h"

#include "sim/check.h"

#include <math.h>
#include <stdbool.h>

static uint64_t cell_width(int cell)
{
    int shift = cell / HISTOGRAM_ROW - 1;
    return shift > 0 ? UINT64_C(1) << shift : 1;
}

uint64_t histogram_cell_low(int cell)
{
    check(cell >= 0 && cell < HISTOGRAM_CELLS, "cell %d", cell);
    if (cell < HISTOGRAM_ROW)
        return (uint64_t)cell;
    return (uint64_t)(HISTOGRAM_ROW + cell % HISTOGRAM_ROW) * cell_width(cell);
}

double histogram_cell_high(int cell)
{
    return (double)histogram_cell_low(cell) + (double)cell_width(cell);
}

void histogram_add_row(struct histogram *h, int row, struct arena *arena)
{
    h->row[row] = arena_many(arena, HISTOGRAM_ROW, uint64_t);
}

void histogram_widen(struct histogram *h, uint64_t value)
{
    if (h->count == 0 || value < h->least)
        h->least = value;
    if (h->count == 0 || value > h->most)
        h->most = value;
}

static void merge_row(struct histogram *into, const struct histogram *from, int row,
                      struct arena *arena)
{
    if (!into->row[row])
        histogram_add_row(into, row, arena);
    for (int i = 0; i < HISTOGRAM_ROW; i++)
        into->row[row][i] += from->row[row][i];
}

void histogram_merge(struct histogram *into, const struct histogram *from,
                     struct arena *arena)
{
    if (from->count == 0)
        return;
    for (int row = 0; row < HISTOGRAM_ROWS; row++)
        if (from->row[row])
            merge_row(into, from, row, arena);
    if (into->count == 0 || from->least < into->least)
        into->least = from->least;
    if (into->count == 0 || from->most > into->most)
        into->most = from->most;
    into->count += from->count;
}

/* Where the i-th of `count` values, i >= 1, stands if they are spread evenly over the
 * whole numbers of the cell. */
static double place_in_cell(int cell, uint64_t i, uint64_t count)
{
    double last = (double)(cell_width(cell) - 1);
    return (double)histogram_cell_low(cell) + last * ((double)i - 0.5) / (double)count;
}

/* The value of the given rank, 1 = lowest. */
static double value_of_rank(const struct histogram *h, uint64_t rank)
{
    uint64_t below = 0;
    for (int cell = 0; cell < HISTOGRAM_CELLS; cell++) {
        const uint64_t *row = h->row[cell / HISTOGRAM_ROW];
        if (!row) {
            cell += HISTOGRAM_ROW - 1;
            continue;
        }
        uint64_t count = row[cell % HISTOGRAM_ROW];
        if (below + count >= rank)
            return place_in_cell(cell, rank - below, count);
        below += count;
    }
    check(false, "rank %llu of %llu", (unsigned long long)rank,
          (unsigned long long)h->count);
    return NAN;
}

double histogram_quantile(const struct histogram *h, double p)
{
    check(p >= 0 && p <= 1, "p %g", p);
    if (h->count == 0)
        return NAN;
    /* Less a few ulps: 0.07 * 100 is a little more than 7 in binary. */
    double rank = ceil(p * (double)h->count * (1 - 0x1p-50));
    if (rank <= 1)
        return (double)h->least;
    if (rank >= (double)h->count)
        return (double)h->most;
    double x = value_of_rank(h, (uint64_t)rank);
    return fmin(fmax(x, (double)h->least), (double)h->most);
}

double histogram_above(const struct histogram *h, uint64_t value)
{
    if (h->count == 0 || value >= h->most)
        return 0;
    if (value < h->least)
        return (double)h->count;
    int own = histogram_cell(value);
    uint64_t at_most = 0; /* in the cells below its own */
    for (int cell = 0; cell < own; cell++)
        if (h->row[cell / HISTOGRAM_ROW])
            at_most += h->row[cell / HISTOGRAM_ROW][cell % HISTOGRAM_ROW];
    const uint64_t *row = h->row[own / HISTOGRAM_ROW];
    double inside = row ? (double)row[own % HISTOGRAM_ROW] : 0;
    double width = (double)cell_width(own);
    double share = (double)(value - histogram_cell_low(own) + 1) / width;
    return (double)(h->count - at_most) - inside * share;
}
