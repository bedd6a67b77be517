/* SPDX-License-Identifier: GPL-3.0-or-later */
/* claims_page -- verdicts on the claims of a document: for people, for a page of
 * documentation, and for machines. */
#ifndef EXPERIMENTS_CLAIMS_PAGE_H
#define EXPERIMENTS_CLAIMS_PAGE_H

#include "experiments/claims.h"
#include "experiments/json.h"

#include <stdio.h>

/* The answers to some or all claims of a file. */
struct claims_report {
    const struct claim_file *file;
    const struct claim_answer *answer;
    int answers;
};

void claims_print(const struct claims_report *report, bool colour, FILE *out);

void claims_markdown(const struct claims_report *report, FILE *out);

/* Fills an object. */
void claims_json(const struct claims_report *report, cJSON *to);

int claims_count(const struct claims_report *report, enum claim_verdict verdict);

#endif
