/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * histogram -- counts of whole numbers >= 0 (usually ns) in log-linear cells.
 *
 * Cell = position of the leading one and the next 8 bits: values below 256 are exact,
 * above that a cell is at most 1/256 of its value wide, so that a midpoint is within
 * 0.2 %. 14 592 cells cover all of uint64 (values count as unsigned). The idea is that
 * of HdrHistogram. Adding two histograms cell by cell is exact in any order.
 *
 * Memory: rows of 256 cells (2 KiB) appear with the first value in them, from the
 * arena.
 */
#ifndef SIM_HISTOGRAM_H
#define SIM_HISTOGRAM_H

#include "sim/arena.h"
#include "sim/inline.h"

#include <stdint.h>

enum {
    HISTOGRAM_ROWS = 57,
    HISTOGRAM_ROW = 256,
    HISTOGRAM_CELLS = HISTOGRAM_ROWS * HISTOGRAM_ROW
};

struct histogram {
    uint64_t *row[HISTOGRAM_ROWS]; /* NULL = all zero */
    uint64_t count;
    uint64_t least, most;          /* exact; 0 while count is 0 */
};

/* The cell of a value, 0 .. HISTOGRAM_CELLS - 1, and a cell's bounds [low, high). */
static inline int histogram_cell(uint64_t value)
{
    if (value < HISTOGRAM_ROW)
        return (int)value;
    int shift = 55 - __builtin_clzll(value); /* value >> shift is in [256, 512) */
    return (shift + 1) * HISTOGRAM_ROW + (int)((value >> shift) & (HISTOGRAM_ROW - 1));
}

uint64_t histogram_cell_low(int cell);
double histogram_cell_high(int cell); /* double: the last one is 2^64 */

void histogram_add_row(struct histogram *h, int row, struct arena *arena)
    __attribute__((cold));

/* A value beyond the extremes, or the first one. */
void histogram_widen(struct histogram *h, uint64_t value) __attribute__((cold));

static inline void histogram_add(struct histogram *h, uint64_t value,
                                 struct arena *arena)
{
    int cell = histogram_cell(value);
    int row = cell / HISTOGRAM_ROW;
    if (RARELY(!h->row[row]))
        histogram_add_row(h, row, arena);
    h->row[row][cell % HISTOGRAM_ROW]++;
    if (RARELY(value - h->least > h->most - h->least))
        histogram_widen(h, value);
    h->count++;
}

/* The same value `times` times over. */
static inline void histogram_add_many(struct histogram *h, uint64_t value,
                                      uint64_t times, struct arena *arena)
{
    if (times == 0)
        return;
    histogram_add(h, value, arena);
    int cell = histogram_cell(value);
    h->row[cell / HISTOGRAM_ROW][cell % HISTOGRAM_ROW] += times - 1;
    h->count += times - 1;
}

void histogram_merge(struct histogram *into, const struct histogram *from,
                     struct arena *arena);

/* The p-quantile, 0 <= p <= 1: the smallest x with at least p of the counts <= x,
 * counts being spread evenly over their cell. The lowest and the highest value are
 * exact; NaN when empty. */
double histogram_quantile(const struct histogram *h, double p);

/* Counts above `value`; those of its own cell are spread evenly over the cell. */
double histogram_above(const struct histogram *h, uint64_t value);

#endif
