/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/script.h"

#include "plots/letters.h"

#include <stdbool.h>

#define APOSTROPHE "\xE2\x80\x99"  /* U+2019 */
#define ELLIPSIS "\xE2\x80\xA6"    /* U+2026 */

/* Columns a character takes: two for the longer sequences, where wide scripts are. */
static int columns(int length)
{
    return length < 3 ? 1 : 2;
}

int script_width(const char *text, int most)
{
    int width = 0;
    while (text && *text && width <= most) {
        int length = letters_length(text);
        width += columns(length);
        text += length ? length : 1;
    }
    return width > most ? most + 1 : width;
}

size_t script_line(const char *text, int most)
{
    size_t at = 0, space = 0;
    int width = 0;
    while (text[at]) {
        int length = letters_length(text + at);
        width += columns(length);
        if (width > most)
            return space ? space : at;
        if (text[at] == ' ')
            space = at;
        at += length ? (size_t)length : 1;
    }
    return at;
}

/* One character or its stand-in; returns the bytes read. */
static int put_character(FILE *out, const char *text, bool format)
{
    int length = letters_length(text);
    if (length == 0)
        fputs(LETTERS_REPLACEMENT, out);
    else if (*text == '\'')
        fputs(APOSTROPHE, out);
    else if (*text == '%' && format)
        fputs("%%", out);
    else
        fwrite(text, 1, (size_t)length, out);
    return length ? length : 1;
}

static void put_text(FILE *out, const char *text, int most, bool format)
{
    bool cut = script_width(text, most) > most;
    int left = cut ? most - 1 : most;
    putc('\'', out);
    while (text && *text && columns(letters_length(text)) <= left) {
        left -= columns(letters_length(text));
        text += put_character(out, text, format);
    }
    if (cut)
        fputs(ELLIPSIS, out);
    putc('\'', out);
}

void script_text(FILE *out, const char *text, int most)
{
    put_text(out, text, most, false);
}

void script_tic(FILE *out, const char *text, int most)
{
    put_text(out, text, most, true);
}
