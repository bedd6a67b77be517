/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figure -- tables drawn by gnuplot, as SVG, PDF or PNG: the path's ending says which.
 *
 * Safety:    texts may come from a stranger's scenario. gnuplot's language can run
 *            programs, so no byte of a text reaches it outside single quotes, and it
 *            runs without a shell, in a private folder, with a cleared environment,
 *            limits and a clock (gnuplot.h).
 * Output:    the same table gives the same bytes (of SVG and PNG; a PDF
 *            has its date inside). A file appears whole or not at all
 *            (output.h).
 * Ownership: nothing is kept after a call.
 * Threads:   calls do not share anything.
 */
#ifndef PLOTS_FIGURE_H
#define PLOTS_FIGURE_H

#include "plots/table.h"

#include <stdbool.h>
#include <stddef.h>

enum figure_kind {
    FIGURE_TAIL, /* fraction slower than x, both axes logarithmic */
    FIGURE_AGREEMENT, /* predicted (y, with its interval) against measured (x) */
    FIGURE_BARS,  /* parts of named wholes, stacked */
    FIGURE_CELLS, /* a map over two values, coloured by a number */
    FIGURE_KEPT,  /* … by whether promises are kept */
    FIGURE_DOTS,  /* several numbers of named things, each with an axis of its own */
    FIGURE_LINES, /* y over x, both from 0 on: loads, rates, times */
    FIGURE_KINDS,
};

struct figure {
    enum figure_kind kind;
    struct table table;
    const char *scripts; /* folder with style.gp and the figure kinds' scripts */
    int width, height;   /* pixels; 0 = 960 x 600 */
    bool force;          /* replace existing files */
    bool sources; /* keep script and data beside it: of a/b.svg in the folder a/b, where
                     `gnuplot figure.gp` draws the same bytes again */
};

enum figure_result {
    FIGURE_DRAWN,
    FIGURE_NO_FORMAT,  /* the path ends in none of .svg, .pdf, .png */
    FIGURE_EXISTS,     /* the file is there and `force` was not given */
    FIGURE_NO_GNUPLOT, /* gnuplot is not installed */
    FIGURE_FAILED,     /* gnuplot or the file system failed */
    FIGURE_STOPPED,    /* gnuplot took too long, and would again */
};

/* What figure_draw would say of the path, known before there is anything to draw;
 * FIGURE_DRAWN when nothing stands against it. */
enum figure_result figure_check(const char *path, bool force, char *error, size_t size);

/* Draw into `path`. On anything but FIGURE_DRAWN, `error` (of `size` bytes) says why in
 * one sentence and `path` is untouched. */
enum figure_result figure_draw(const struct figure *figure, const char *path,
                               char *error, size_t size);

/* Draw into memory: `*bytes`, with a zero behind, are the caller's to free. `ending` is
 * one of "svg", "pdf", "png". */
enum figure_result figure_image(const struct figure *figure, const char *ending,
                                char **bytes, size_t *length, char *error,
                                size_t size);

#endif
