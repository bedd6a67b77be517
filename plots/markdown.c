/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Markdown of documents: CommonMark with the tables of GitHub. */
#include "plots/document_form.h"
#include "plots/letters.h"

#include <string.h>

/* ---- text ------------------------------------------------------------------------ */

/* Whatever could begin something anywhere in a line gets a backslash; what could become
 * an element or an entity, the entity: not every reader of Markdown keeps to the rules.
 * A colon before slashes would make a link. */
static void put(FILE *out, const char *text)
{
    while (text && *text) {
        int length = letters_length(text);
        if (length == 0)
            fputs(LETTERS_REPLACEMENT, out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else if (*text == '&')
            fputs("&amp;", out);
        else if (strchr("\\`*_[]|~#", *text) || (*text == ':' && text[1] == '/'))
            fprintf(out, "\\%c", *text);
        else
            fwrite(text, 1, (size_t)length, out);
        text += length ? length : 1;
    }
}

/* The same at the beginning of a line, where "1." and "-" begin lists. */
static void put_line(FILE *out, const char *text)
{
    size_t digits = text ? strspn(text, "0123456789") : 0;
    if (text && *text && strchr("+-=.", *text))
        putc('\\', out);
    if (digits && digits < 10 && (text[digits] == '.' || text[digits] == ')')) {
        fwrite(text, 1, digits, out);
        putc('\\', out);
        text += digits;
        putc(*text++, out);
    }
    put(out, text);
}

/* In a link's angle brackets; our own names, and folders of the user's. */
static void put_address(FILE *out, const char *text)
{
    for (; text && *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c <= 0x20 || c >= 0x7f || strchr("<>\"%\\`()[]*_&?#:", c))
            fprintf(out, "%%%02X", c);
        else
            putc(c, out);
    }
}

/* ---- blocks ---------------------------------------------------------------------- */

static void heading(struct document *d, int level, const char *text)
{
    d->sections += level == 2;
    fprintf(d->body, "%.*s ", level, "######");
    put(d->body, text);
    fputs("\n\n", d->body);
}

static void paragraph(struct document *d, const char *text, bool small)
{
    (void)small;
    put_line(d->body, text);
    fputs("\n\n", d->body);
}

static void list(struct document *d, bool begins)
{
    if (!begins)
        putc('\n', d->body);
}

static void item(struct document *d, const char *text)
{
    fputs("- ", d->body);
    put_line(d->body, text);
    putc('\n', d->body);
}

static void verdict(struct document *d, enum tone tone, const char *text)
{
    (void)tone;
    fputs("> **", d->body);
    put(d->body, text);
    fputs("**\n\n", d->body);
}

static void numbers(struct document *d, const struct document_number *number, int count)
{
    for (int i = 0; i < count; i++) {
        fputs("- ", d->body);
        put_line(d->body, number[i].label);
        fputs(": **", d->body);
        put(d->body, number[i].value);
        fputs("**", d->body);
        if (number[i].below && *number[i].below) {
            fputs(", ", d->body);
            put(d->body, number[i].below);
        }
        putc('\n', d->body);
    }
    putc('\n', d->body);
}

static void put_cell(FILE *out, const struct document_cell *cell)
{
    const char *strong = cell->strong && cell->text && *cell->text ? "**" : "";
    putc(' ', out);
    fputs(strong, out);
    put(out, cell->text);
    fputs(strong, out);
    if (cell->below && *cell->below) {
        putc(' ', out);
        put(out, cell->below);
    }
    fputs(" |", out);
}

static void table(struct document *d, const struct document_table *t)
{
    static const struct document_cell nothing = {0};
    FILE *out = d->body;
    if (t->caption && *t->caption) {
        fputs("**", out);
        put(out, t->caption);
        fputs("**\n\n", out);
    }
    putc('|', out);
    for (int c = 0; c < t->columns; c++)
        put_cell(out, t->head ? &t->head[c] : &nothing);
    fputs("\n|", out);
    for (int c = 0; c < t->columns; c++)
        fputs(c < t->left ? " --- |" : " ---: |", out);
    putc('\n', out);
    for (int r = 0; r < t->rows; r++) {
        putc('|', out);
        for (int c = 0; c < t->columns; c++)
            put_cell(out, &t->cell[r * t->columns + c]);
        putc('\n', out);
    }
    putc('\n', out);
}

static void figure(struct document *d, const struct document_figure *f)
{
    if (!f->file)
        return;
    fputs("![", d->body);
    put(d->body, f->alt);
    fputs("](<", d->body);
    put_address(d->body, f->file);
    fprintf(d->body, ">)\n\n*Figure %d.* ", d->figures);
    put(d->body, f->caption);
    fputs("\n\n", d->body);
}

/* By four spaces: no text can end it. */
static void code(struct document *d, const char *text)
{
    fputs("    ", d->body);
    while (*text) {
        int length = letters_length(text);
        if (*text == '\n')
            fputs("\n    ", d->body);
        else if (length == 0)
            fputs(LETTERS_REPLACEMENT, d->body);
        else
            fwrite(text, 1, (size_t)length, d->body);
        text += length ? length : 1;
    }
    fputs("\n\n", d->body);
}

static void file(struct document *d, const struct document_file *f)
{
    putc('[', d->body);
    put(d->body, f->label);
    fputs("](<", d->body);
    put_address(d->body, f->name);
    fputs(">)\n\n", d->body);
}

static void fold(struct document *d, const char *label)
{
    if (!label)
        return;
    put_line(d->body, label);
    fputs(":\n\n", d->body);
}

static void whole(const struct document *d, FILE *out)
{
    fputs("# ", out);
    put(out, d->head.title);
    fputs("\n\n", out);
    put_line(out, d->head.kind);
    if (d->head.about) {
        fputs(". ", out);
        put(out, d->head.about);
    }
    fputs("\n\n", out);
    fwrite(d->body_bytes, 1, d->body_length, out);
    fputs("Written by ", out);
    put(out, d->head.generator);
    fputs(".\n", out);
}

const struct document_form document_markdown = {
    .heading = heading,
    .paragraph = paragraph,
    .list = list,
    .item = item,
    .verdict = verdict,
    .numbers = numbers,
    .table = table,
    .figure = figure,
    .code = code,
    .file = file,
    .fold = fold,
    .whole = whole,
};
