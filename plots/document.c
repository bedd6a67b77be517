/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "plots/document_form.h"

#include <stdlib.h>

struct document *document_open(const struct document_head *head)
{
    struct document *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->head = *head;
    d->form = head->format == DOCUMENT_HTML ? &document_html : &document_markdown;
    d->body = open_memstream(&d->body_bytes, &d->body_length);
    d->contents = open_memstream(&d->contents_bytes, &d->contents_length);
    if (d->body && d->contents)
        return d;
    if (d->body)
        fclose(d->body);
    if (d->contents)
        fclose(d->contents);
    free(d->body_bytes);
    free(d->contents_bytes);
    free(d);
    return NULL;
}

/* Closes a stream of memory; false if anything was lost on the way. */
static bool closed(FILE *stream)
{
    bool good = !ferror(stream);
    return fclose(stream) == 0 && good;
}

static char *written(const struct document *d, size_t *length)
{
    char *bytes = NULL;
    FILE *out = open_memstream(&bytes, length);
    if (!out)
        return NULL;
    d->form->whole(d, out);
    if (closed(out))
        return bytes;
    free(bytes);
    return NULL;
}

static void end_list(struct document *d)
{
    if (d->listing)
        d->form->list(d, false);
    d->listing = false;
}

char *document_close(struct document *d, size_t *length)
{
    end_list(d);
    bool good = closed(d->body);
    good = closed(d->contents) && good;
    char *bytes = good ? written(d, length) : NULL;
    free(d->body_bytes);
    free(d->contents_bytes);
    free(d);
    return bytes;
}

void document_heading(struct document *d, int level, const char *text)
{
    end_list(d);
    d->form->heading(d, level, text);
}

void document_paragraph(struct document *d, const char *text)
{
    end_list(d);
    d->form->paragraph(d, text, false);
}

void document_note(struct document *d, const char *text)
{
    end_list(d);
    d->form->paragraph(d, text, true);
}

void document_item(struct document *d, const char *text)
{
    if (!d->listing)
        d->form->list(d, true);
    d->listing = true;
    d->form->item(d, text);
}

void document_verdict(struct document *d, enum tone tone, const char *text)
{
    end_list(d);
    d->form->verdict(d, tone, text);
}

void document_numbers(struct document *d, const struct document_number *number,
                      int count)
{
    end_list(d);
    if (count > 0)
        d->form->numbers(d, number, count);
}

void document_table(struct document *d, const struct document_table *table)
{
    end_list(d);
    if (table->rows > 0)
        d->form->table(d, table);
}

void document_figure(struct document *d, const struct document_figure *figure)
{
    end_list(d);
    if (!figure->wide.bytes && !figure->file)
        return;
    d->figures++;
    d->form->figure(d, figure);
}

void document_code(struct document *d, const char *text)
{
    end_list(d);
    d->form->code(d, text);
}

void document_file(struct document *d, const struct document_file *file)
{
    end_list(d);
    d->form->file(d, file);
}

void document_fold(struct document *d, const char *label)
{
    end_list(d);
    d->form->fold(d, label);
}

void document_unfold(struct document *d)
{
    end_list(d);
    d->form->fold(d, NULL);
}
