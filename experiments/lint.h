/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lint -- set-ups that cannot work, or are likely to hurt, found without simulating:
 * numbers of one file that contradict one another. Each finding says both places and
 * the arithmetic. A scenario silences a finding by its rule's name, with a reason:
 *
 *     "silence": { "pools-above-database": "shown on purpose" }
 *
 * Ownership: everything lives in the arena given.
 * Errors:    none: the scenario compiles, and a finding is no mistake of the file.
 * Threads:   none shared.
 */
#ifndef EXPERIMENTS_LINT_H
#define EXPERIMENTS_LINT_H

#include "experiments/scenario.h"
#include "models/model.h"

#include <cjson/cJSON.h>
#include <stdio.h>

struct lint;

struct lint_rule {
    const char *name;
    const char *doc; /* one sentence: what is found */
    void (*look)(struct lint *l);
};

struct lint_finding {
    const struct lint_rule *rule;
    const char *text;     /* what clashes, with numbers */
    uint32_t at, other;   /* values that do; WHERE_NOWHERE: there is no second one */
    const char *silenced; /* the reason given; NULL: it is told */
};

struct lint_report {
    struct where *where;
    struct lint_finding *finding; /* those that are told first, then by place */
    int count, told;
};

/* The n-th rule, NULL past the last. */
const struct lint_rule *lint_rule(int index);

/* Complains of names in "silence" that no rule has, and of missing reasons. */
void lint_check_silence(struct where *where, const struct param_map *silence);

struct lint_report *lint_look(const struct scenario *scenario,
                              const struct model *model, struct arena *arena);

/* ", 3 findings (1 silenced)"; "" when there are none. */
const char *lint_summary(const struct lint_report *report, struct arena *arena);

/* All that is told, each with both places. */
void lint_print(const struct lint_report *report, FILE *out);

/* "shop.json:14:18: /services/pool/size": where a value stands. */
const char *lint_place(const struct lint_report *report, uint32_t at);

/* An array "lint" of all findings, the silenced ones with their reason. */
void lint_json(cJSON *object, const struct lint_report *report);

#endif
