/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sheet -- text for a terminal, SHEET_WIDTH columns wide: cells, headings, sentences.
 * With a document it becomes blocks of that instead: what is said stays the same.
 *
 * Ownership: texts made on the way live in the sheet's arena, which the caller frees.
 */
#ifndef EXPERIMENTS_SHEET_H
#define EXPERIMENTS_SHEET_H

#include "plots/document.h"
#include "sim/arena.h"

#include <stdbool.h>
#include <stdio.h>

enum { SHEET_WIDTH = 100 };

struct sheet {
    struct arena arena;
    FILE *out;
    bool colour;
    struct document *document; /* NULL: a terminal */
    int level;                 /* … of its headings there */
    bool explains;             /* what comes next is about the table before it */
};

enum ink {
    INK_PLAIN,
    INK_BOLD,
    INK_GOOD,
    INK_BAD,
    INK_FAINT,
    INK_DOUBT, /* not good, though not bad: on a terminal as if it were */
};

/* The escape sequence; "" without colour. */
const char *sheet_ink(const struct sheet *sheet, enum ink ink);

/* A user's text made safe for a terminal. */
const char *sheet_safe(struct sheet *sheet, const char *text);

void sheet_gap(const struct sheet *sheet, int columns);
void sheet_right(const struct sheet *sheet, const char *text, int width);
void sheet_left(const struct sheet *sheet, const char *text,
                int width); /* cut with "~" */
/* The line that says it all. */
void sheet_headline(struct sheet *sheet, enum ink ink, const char *text);

/* An empty line, before a table. */
void sheet_break(const struct sheet *sheet);

void sheet_heading(struct sheet *sheet, const char *text);

/* The heading of a grid that has none, but a caption for documents. */
void sheet_table_heading(const struct sheet *sheet, const char *text);

/* Words broken at the edge of the sheet, indented by two columns and then by four. */
void sheet_sentence(const struct sheet *sheet, const char *text);

#define sheet_say(sheet, ...)                                                          \
    sheet_sentence((sheet), arena_format(&(sheet)->arena, __VA_ARGS__))

#endif
