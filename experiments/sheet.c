/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/sheet.h"

#include "experiments/human.h"
#include "experiments/where.h"

#include <string.h>

const char *sheet_ink(const struct sheet *sheet, enum ink ink)
{
    static const char *const codes[] = {"\x1b[0m", "\x1b[1m", "\x1b[32m", "\x1b[1;31m",
                                        "\x1b[2m", "\x1b[1;31m"};
    return sheet->colour ? codes[ink] : "";
}

const char *sheet_safe(struct sheet *sheet, const char *text)
{
    return where_safe(&sheet->arena, text);
}

void sheet_gap(const struct sheet *sheet, int columns)
{
    fprintf(sheet->out, "%*s", columns > 0 ? columns : 0, "");
}

void sheet_right(const struct sheet *sheet, const char *text, int width)
{
    sheet_gap(sheet, width - human_width(text));
    fputs(text, sheet->out);
}

static bool begins_character(char byte)
{
    return ((unsigned char)byte & 0xc0) != 0x80;
}

void sheet_left(const struct sheet *sheet, const char *text, int width)
{
    int used = 0, room = human_width(text) > width ? width - 1 : width;
    for (; *text; text++) {
        if (begins_character(*text) && used++ == room)
            break;
        putc(*text, sheet->out);
    }
    if (*text)
        putc('~', sheet->out);
    sheet_gap(sheet, width - used);
}

void sheet_headline(struct sheet *sheet, enum ink ink, const char *text)
{
    if (sheet->document)
        document_verdict(sheet->document,
                         ink == INK_GOOD    ? TONE_GOOD
                         : ink == INK_BAD   ? TONE_BAD
                         : ink == INK_DOUBT ? TONE_WARN
                                            : TONE_PLAIN,
                         text);
    else
        fprintf(sheet->out, "%s%s%s\n", sheet_ink(sheet, ink), text,
                sheet_ink(sheet, INK_PLAIN));
}

void sheet_break(const struct sheet *sheet)
{
    if (!sheet->document)
        putc('\n', sheet->out);
}

void sheet_heading(struct sheet *sheet, const char *text)
{
    if (sheet->document) {
        document_heading(sheet->document, sheet->level, text);
        sheet->explains = false;
        return;
    }
    sheet_table_heading(sheet, text);
}

void sheet_table_heading(const struct sheet *sheet, const char *text)
{
    if (!sheet->document)
        fprintf(sheet->out, "\n%s%s%s\n", sheet_ink(sheet, INK_BOLD), text,
                sheet_ink(sheet, INK_PLAIN));
}

static int word_width(const char *word, size_t bytes)
{
    int width = 0;
    for (size_t i = 0; i < bytes; i++)
        width += begins_character(word[i]);
    return width;
}

/* The bytes of the next word; a number keeps its unit. */
static size_t word_bytes(const char *text)
{
    static const char *const units[] = {"%", "ns", "us", "ms", "s", "min", "h", "d"};
    size_t bytes = strcspn(text, " ");
    if (bytes == 0 || !strchr("0123456789", text[bytes - 1]) || text[bytes] == '\0')
        return bytes;
    const char *unit = text + bytes + 1;
    size_t length = strcspn(unit, " ,.;:)");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (length == strlen(units[i]) && strncmp(unit, units[i], length) == 0)
            return bytes + 1 + strcspn(unit, " ");
    return bytes;
}

void sheet_sentence(const struct sheet *sheet, const char *text)
{
    enum { FIRST = 2, LATER = 4 };
    int column = FIRST;
    bool first_word = true;
    if (sheet->document) {
        (sheet->explains ? document_note : document_paragraph)(sheet->document, text);
        return;
    }
    sheet_gap(sheet, FIRST);
    while (*text) {
        size_t bytes = word_bytes(text);
        int width = word_width(text, bytes);
        if (!first_word && column + 1 + width > SHEET_WIDTH) {
            fprintf(sheet->out, "\n%*s", LATER, "");
            column = LATER;
        } else if (!first_word) {
            putc(' ', sheet->out);
            column++;
        }
        fwrite(text, 1, bytes, sheet->out);
        column += width;
        first_word = false;
        text += bytes;
        text += strspn(text, " ");
    }
    putc('\n', sheet->out);
}
