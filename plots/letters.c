/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/letters.h"

#include <stdbool.h>
#include <stdint.h>

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
    if (c == 0x061C || c == 0x200E || c == 0x200F || c == 0xFEFF)
        return false;
    return !(c >= 0x2028 && c <= 0x202E) && !(c >= 0x2066 && c <= 0x2069);
}

int letters_length(const char *text)
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
