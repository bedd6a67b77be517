/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report -- everything that was found, as a page to be handed on: the answer first,
 * then figures, numbers, what was assumed, what is wrong with the set-up, how it is
 * known and how to do it again. Of a results file, or of a single point.
 *
 * A report without figures is still one: what keeps gnuplot from drawing is told to
 * `warn` and on the page.
 *
 * Ownership: the arena given holds everything but the page, which the caller frees.
 * Output:    the same results give the same bytes.
 */
#ifndef EXPERIMENTS_REPORT_H
#define EXPERIMENTS_REPORT_H

#include "experiments/point.h"
#include "experiments/saturate.h"
#include "experiments/sitter.h"
#include "plots/document.h"

struct report_settings {
    enum document_format format;
    bool brief;         /* one sheet of paper: the answer, a figure, three numbers */
    const char *data;   /* the data folder: style sheet, figure scripts */
    const char *source; /* what is reported, as the user wrote it */
    const char *command; /* the command line that does it again */
    const char *folder; /* where figures and tables go as files; NULL: into the page */
    const char *seen;   /* that folder as seen from the page */
    bool force;         /* replace files there */
    struct point_effort effort; /* of figures that simulate once more */
    void (*warn)(void *context, const char *text);
    void *context;
};

/* The page's bytes, or NULL: why not. */
char *report_results(const struct report_settings *set, struct store *store,
                     const struct chart *chart, struct arena *arena, size_t *length,
                     const char **why);

/* `found`: of a search for the load it carries; NULL: nobody has searched. */
char *report_point(const struct report_settings *set, struct point *point,
                   const struct saturation *found, struct arena *arena,
                   size_t *length, const char **why);

/* A text as one word of a shell's command line. */
const char *report_quoted(const char *text, struct arena *arena);

#endif
