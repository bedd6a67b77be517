/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quotes -- JSON in a C string, with ' where it has ", so that it stays legible.
 */
#ifndef UNIT_QUOTES_H
#define UNIT_QUOTES_H

#include "unit/cases.h"

#include <stdio.h>

/* In place; returns the text. */
static inline char *quotes(char *text)
{
    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    return text;
}

static inline void quotes_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (const char *c = text; *c; c++)
        fputc(*c == '\'' ? '"' : *c, file);
    assert_int_equal(fclose(file), 0);
}

#endif
