/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * document -- a page of text, tables and figures: as HTML that needs nothing beside it,
 * or as Markdown with its figures in files.
 *
 *     struct document *page = document_open(&head);
 *     document_heading(page, 2, "What it carries");
 *     document_paragraph(page, "…");
 *     char *bytes = document_close(page, &length);
 *
 * Safety:    every text may come from a stranger. It becomes text, whatever stands in
 *            it: no element, attribute, link or style is ever made of it, and what may
 *            not be shown (letters.h) gives way to U+FFFD. The HTML has no script and
 *            forbids all, and fetches nothing (a Content-Security-Policy with the hash
 *            of its one style sheet). Pictures are `img` of data: in those browsers run
 *            nothing.
 * Output:    the same calls give the same bytes.
 * Ownership: nothing that is passed in is kept after the call, but the head.
 * Errors:    a NULL from document_open or document_close: out of memory.
 */
#ifndef PLOTS_DOCUMENT_H
#define PLOTS_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

enum document_format { DOCUMENT_HTML, DOCUMENT_MARKDOWN };

enum tone { TONE_PLAIN, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_FAINT };

struct document_head {
    enum document_format format;
    const char *kind;      /* "Capacity report": above the title */
    const char *title;     /* what it is about */
    const char *about;     /* one line below the title; NULL: none */
    const char *generator; /* "headroom 1.0" */
    const char *style;     /* of HTML: a style sheet, in which no "</" may stand */
    const unsigned char *style_digest; /* … its SHA-256 */
    bool brief;            /* one sheet of paper, without contents */
};

/* A number to be read from across the room. */
struct document_number {
    const char *label, *value, *below; /* "carries", "1,500/s", "95 % sure" */
    enum tone tone;
};

struct document_cell {
    const char *text;  /* NULL: empty */
    const char *below; /* a second line, smaller; NULL: none */
    enum tone tone;
    bool strong;
};

/* The first column names the row; columns from `left` on are numbers. */
struct document_table {
    const char *caption;
    int columns, rows, left;
    const struct document_cell *head; /* [columns]; NULL: no heads */
    const struct document_cell *cell; /* [rows * columns] */
};

struct document_image {
    const char *bytes; /* NULL: none */
    size_t length;
    int width, height; /* px */
};

/* SVG. What cannot be shown (`wide` is empty, and there is no file) is left out. */
struct document_figure {
    const char *title, *caption, *alt;
    struct document_image wide, narrow; /* narrow: for phones; may be empty */
    const char *file; /* of Markdown: where the picture is, from the page's folder */
};

/* A file inside the page. */
struct document_file {
    const char *label; /* of the link */
    const char *name;  /* it gets when it is kept; of Markdown: where it is */
    const char *type;  /* "text/csv" */
    const char *bytes;
    size_t length;
};

struct document;

struct document *document_open(const struct document_head *head);

/* The page's bytes with a zero behind; the caller frees them. */
char *document_close(struct document *d, size_t *length);

/* Level 2 begins a section and enters the contents; 3 and 4 are below it. */
void document_heading(struct document *d, int level, const char *text);
void document_paragraph(struct document *d, const char *text);
void document_note(struct document *d, const char *text); /* in small print */

/* Items of a list; any other block ends it. */
void document_item(struct document *d, const char *text);

/* The answer in one sentence. */
void document_verdict(struct document *d, enum tone tone, const char *text);
void document_numbers(struct document *d, const struct document_number *number,
                      int count);
void document_table(struct document *d, const struct document_table *table);
void document_figure(struct document *d, const struct document_figure *figure);

/* Lines as they are: commands, files. */
void document_code(struct document *d, const char *text);
void document_file(struct document *d, const struct document_file *file);

/* What stands between them is folded away on a screen; on paper it is left out, unless
 * it was opened. */
void document_fold(struct document *d, const char *label);
void document_unfold(struct document *d);

#endif
