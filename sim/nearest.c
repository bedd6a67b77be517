/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/nearest.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum { LONGEST_WORD = 64 /* bytes of a word that is worth comparing */ };

static int least_of(int a, int b, int c)
{
    int least = a < b ? a : b;
    return least < c ? least : c;
}

/* Edits between two words, case aside: insert, delete, replace, swap neighbours. */
static int edits_between(const char *a, int a_length, const char *b, int b_length)
{
    int row[3][LONGEST_WORD + 1];
    int *before = row[0], *last = row[1], *now = row[2];
    for (int j = 0; j <= b_length; j++)
        last[j] = j;
    for (int i = 1; i <= a_length; i++) {
        now[0] = i;
        for (int j = 1; j <= b_length; j++) {
            int x = tolower((unsigned char)a[i - 1]),
                y = tolower((unsigned char)b[j - 1]);
            now[j] = least_of(last[j] + 1, now[j - 1] + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]))
                now[j] = least_of(now[j], before[j - 2] + 1, now[j]);
        }
        int *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[b_length];
}

const char *nearest_word(const char *word, const char *const *candidates, int count)
{
    size_t length = strlen(word);
    if (length == 0 || length > LONGEST_WORD)
        return NULL;
    const char *nearest = NULL;
    int fewest = 2 + (int)(length - 1) / 4; /* that many edits make another word */
    if (fewest > (int)length)
        fewest = (int)length;
    for (int i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);
        if (other > LONGEST_WORD)
            continue;
        int edits = edits_between(word, (int)length, candidates[i], (int)other);
        if (edits < fewest) {
            fewest = edits;
            nearest = candidates[i];
        }
    }
    return nearest;
}
