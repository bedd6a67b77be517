/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * letters -- which characters of a stranger's text may be shown at all.
 */
#ifndef PLOTS_LETTERS_H
#define PLOTS_LETTERS_H

#define LETTERS_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD stands for all others */

/* Bytes of the character at `text` if it may stand in a picture or on a page, 0 if not:
 * control characters, broken UTF-8, non-characters, and marks that turn the direction
 * of what follows. */
int letters_length(const char *text);

#endif
