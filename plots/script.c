/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/script.h"

#include <stdbool.h>
#include <stdint.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define APOSTROPHE "\xE2\x80\x99"  /* U+2019 */
#define ELLIPSIS "\xE2\x80\xA6"    /* U+2026 */

/* Length of the UTF-8 sequence a first byte announces, and the bits it carries. */
static int sequence_length(unsigned char first, uint32_t *bits)
{
    static const struct {
        unsigned char mask, value;
    } shapes[] = {{0x80, 0x00}, {0xE0, 0xC0}, {0xF0, 0xE0}, {0xF8, 0xF0}};
    for (int i = 0; i < 4; i++) {
        if ((first & shapes[i].mask) == shapes[i].value) {
            *bits = (uint32_t)(first & ~shapes[i].mask);
            return i + 1;
        }
    }
    return 0;
}

/* May it stand in an SVG text? No control characters, no surrogates, no non-characters,
 * no marks that turn the direction of what follows; and in its shortest form. */
static bool is_showable(uint32_t c, int length)
{
    static const uint32_t least[] = {0, 0x20, 0x80, 0x800, 0x10000};
    if (c < least[length] || c > 0x10FFFF || (c >= 0x7F && c < 0xA0))
        return false;
    if ((c >= 0xD800 && c < 0xE000) || (c & 0xFFFE) == 0xFFFE)
        return false;
    return !(c >= 0x2028 && c <= 0x202E) && !(c >= 0x2066 && c <= 0x2069);
}

/* Bytes of the character at `text` if it may be shown, 0 if not. */
static int character_length(const char *text)
{
    uint32_t c = 0;
    int length = sequence_length((unsigned char)text[0], &c);
    for (int i = 1; i < length; i++) {
        unsigned char next = (unsigned char)text[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (next & 0x3Fu);
    }
    return length > 0 && is_showable(c, length) ? length : 0;
}

/* Columns a character takes: two for the longer sequences, where wide scripts are. */
static int columns(int length)
{
    return length < 3 ? 1 : 2;
}

int script_width(const char *text, int most)
{
    int width = 0;
    while (text && *text && width <= most) {
        int length = character_length(text);
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
        int length = character_length(text + at);
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
    int length = character_length(text);
    if (length == 0)
        fputs(REPLACEMENT, out);
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
    while (text && *text && columns(character_length(text)) <= left) {
        left -= columns(character_length(text));
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
