/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nearest -- the word that somebody may have meant.
 *
 * Edit distance, case aside: insert, delete, replace, swap neighbours. What takes many
 * edits for its letters is another word.
 */
#ifndef SIM_NEAREST_H
#define SIM_NEAREST_H

/* The nearest of the candidates to `word`, the first of equals; NULL: none is near. */
const char *nearest_word(const char *word, const char *const *candidates, int count);

#endif
