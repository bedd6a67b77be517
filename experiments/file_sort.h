/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file_sort -- which of its files a person has given: they are easily mixed up.
 *
 * Errors: what cannot be opened or is no JSON is of no sort.
 */
#ifndef EXPERIMENTS_FILE_SORT_H
#define EXPERIMENTS_FILE_SORT_H

#include "experiments/where.h"

#include <stdio.h>

enum file_sort {
    FILE_OF_NO_SORT,
    FILE_SCENARIO,
    FILE_EXPERIMENT,
    FILE_CLAIMS,
    FILE_RESULTS,
};

/* By what stands in it. */
enum file_sort file_sort_of(const char *path);

/* Prints the problems with a file that was to be of the sort `wanted`; instead of them
 * one line, if it is of another sort: what it is, and which command takes it. */
void file_sort_print(struct where *where, const char *path, enum file_sort wanted,
                     FILE *out);

#endif
