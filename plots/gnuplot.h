/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gnuplot -- gnuplot, run on a script in a workspace.
 *
 * It gets no shell, no start-up files, no input, nearly no environment, and may use
 * 30 s of processor time, 1 GiB of address space, files of 64 MiB and `seconds`
 * of patience. Whatever it starts goes down with it.
 */
#ifndef PLOTS_GNUPLOT_H
#define PLOTS_GNUPLOT_H

#include "plots/workspace.h"

#define GNUPLOT_FILE_LIMIT ((size_t)64 << 20) /* bytes */

enum gnuplot_result {
    GNUPLOT_DONE,
    GNUPLOT_MISSING,
    GNUPLOT_FAILED,
    GNUPLOT_STOPPED, /* its time was up */
};

/* On anything but GNUPLOT_DONE, `error` (of `size` bytes) says why. */
enum gnuplot_result gnuplot_run(const struct workspace *space, const char *script,
                                int seconds, char *error, size_t size);

#endif
