/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report_parts -- what the reports of results files and of single points share. Of use
 * to report*.c alone.
 */
#ifndef EXPERIMENTS_REPORT_PARTS_H
#define EXPERIMENTS_REPORT_PARTS_H

#include "experiments/human.h"
#include "experiments/report.h"
#include "experiments/sheet.h"

/* A figure as far as it came. */
struct picture {
    const struct figures_row *row;
    const char *title, *caption, *alt;
    const char *why; /* not drawn; NULL: it is */
    struct document_image wide, narrow;
    const char *file;
};

struct report {
    const struct report_settings *set;
    struct arena *arena;
    struct document *page;
    struct sheet sheet; /* writes into the page */
    struct picture *picture;
    int pictures;
    const char *trouble; /* what kept figures from being drawn; NULL: nothing */
};

/* False: why not. `about` may be NULL. */
bool report_begin(struct report *r, const struct report_settings *set,
                  const char *title, const char *about, struct arena *arena,
                  const char **why);
char *report_end(struct report *r, size_t *length, const char **why);

#define report_say(r, ...)                                                             \
    document_paragraph((r)->page, arena_format((r)->arena, __VA_ARGS__))
#define report_item(r, ...)                                                            \
    document_item((r)->page, arena_format((r)->arena, __VA_ARGS__))

/* A user's text that may be shown. */
const char *report_safe(const struct report *r, const char *text);

/* "Keeps" of "keeps". */
const char *report_capital(const struct report *r, const char *text);

/* Its SHA-256, to tell whether another text is the same. */
const char *report_digest(const struct report *r, const char *text);

/* A cell with its interval on a second line. */
struct document_cell report_estimate(const struct report *r, enum human_kind kind,
                                     double value, double half_width);

/* ---- figures --------------------------------------------------------------------- */

/* Draws all that suit the sitter; if brief, the first of them alone. */
void report_draw(struct report *r, struct sitter *sitter);
void report_figures(struct report *r); /* puts them into the page */

/* ---- what stands behind ---------------------------------------------------------- */

/* Assumptions, keys without effect, and findings of lint, each said once, of all the
 * set-ups that were added. `of` names the set-up; "" where there is one. */
struct behind_line {
    const char *key, *text, *of; /* of the first set-up */
    int times;
};

enum { BEHIND_MOST = 80 }; /* lines of a list; more are counted */

struct behind_list {
    struct behind_line line[BEHIND_MOST];
    int count, more;
};

struct behind {
    struct behind_list assumed, ignored, lint, kinds;
    int set_ups;
};

void report_behind_add(struct report *r, struct behind *b, const struct point *point,
                       const char *of);
void report_behind(struct report *r, const struct behind *b);

/* JSON text, laid out to be read, folded away. */
void report_json(struct report *r, const char *label, const char *json);

#endif
