/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * document_form -- how a document's blocks are written: a row of functions for each
 * format. Of use to the formats alone.
 */
#ifndef PLOTS_DOCUMENT_FORM_H
#define PLOTS_DOCUMENT_FORM_H

#include "plots/document.h"

#include <stdio.h>

struct document {
    struct document_head head;
    const struct document_form *form;
    FILE *body, *contents; /* memory; put together at the end */
    char *body_bytes, *contents_bytes;
    size_t body_length, contents_length;
    int sections; /* begun */
    int figures;  /* shown */
    bool listing; /* within a list */
};

struct document_form {
    void (*heading)(struct document *d, int level, const char *text);
    void (*paragraph)(struct document *d, const char *text, bool small);
    void (*list)(struct document *d, bool begins);
    void (*item)(struct document *d, const char *text);
    void (*verdict)(struct document *d, enum tone tone, const char *text);
    void (*numbers)(struct document *d, const struct document_number *number,
                    int count);
    void (*table)(struct document *d, const struct document_table *table);
    void (*figure)(struct document *d, const struct document_figure *figure);
    void (*code)(struct document *d, const char *text);
    void (*file)(struct document *d, const struct document_file *file);
    void (*fold)(struct document *d, const char *label); /* NULL: the end */
    void (*whole)(const struct document *d, FILE *out);  /* around body and contents */
};

extern const struct document_form document_html, document_markdown;

#endif
