/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * script -- writing what a stranger said into a gnuplot script, harmlessly.
 *
 * Inside single quotes gnuplot expands nothing: no back-quotes, no macros, no escapes.
 * Only a quote or the end of the line could end the text, and neither is ever written:
 * control characters are replaced, and a quote becomes the typographic apostrophe. (The
 * documented way, doubling the quote, fails in gnuplot 5.4 at the start of a text and
 * where two quotes meet: the line is then misread.)
 */
#ifndef PLOTS_SCRIPT_H
#define PLOTS_SCRIPT_H

#include <stddef.h>
#include <stdio.h>

/* `text` in single quotes: control characters and bytes that are not UTF-8 become
 * U+FFFD, and what is wider than `most` columns ends with an ellipsis. NULL is
 * empty. */
void script_text(FILE *out, const char *text, int most);

/* The same as a tic's label, which gnuplot takes for a format of its number: a percent
 * sign is doubled. */
void script_tic(FILE *out, const char *text, int most);

/* Bytes of the text that make a first line of at most `most` columns, broken at a space
 * if there is one; all of them where it fits. */
size_t script_line(const char *text, int most);

/* Columns that `text` takes, estimated to the safe side; most + 1 if it is wider. */
int script_width(const char *text, int most);

#endif
