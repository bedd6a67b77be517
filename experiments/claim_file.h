/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claim_file -- a file of claims: what a sizing document states, each statement with
 * the scenario it is about and what must come out for it to hold. docs/claims.md shows
 * one.
 *
 * Reading compiles every point that any of the claims asks for, so that a mistake is
 * told before anything is simulated.
 *
 * Ownership: everything lives in the arena of `where`.
 * Errors:    of the person: collected in `where`, NULL is returned.
 */
#ifndef EXPERIMENTS_CLAIM_FILE_H
#define EXPERIMENTS_CLAIM_FILE_H

#include "experiments/condition.h"
#include "experiments/dial.h"
#include "experiments/expression.h"
#include "experiments/lint.h"

/* A scenario as changed, canonical. */
struct claim_point {
    const char *path, *folder, *text;
};

/* A row of `across`. */
struct claim_row {
    const char *label;         /* "10%"; "" when there is no `across` */
    struct claim_point point;  /* as given */
    struct claim_point asked;  /* with what is expected as its promises */
    struct claim_point search; /* … with those of `capacity` */
    struct claim_point other, other_search; /* of `against` */
    const struct lint_report *lint; /* NULL: not asked for */
};

struct claim_sum {
    const char *says, *from; /* says: NULL */
    const char *expect;
    struct measure value;
    struct limit limit; /* in the unit of the value */
};

/* The claim as it stands, or under one of its `holds_if`. */
struct claim_case {
    const char *says; /* NULL: as it stands */
    struct claim_row *row;
    int rows;
    const struct claim_sum *sum;
    int sums;
};

struct claim_capacity {
    const char *expect;  /* NULL: only a ratio is asked for */
    const char *pointer; /* of the load */
    struct limit limit;  /* in the unit of the dial */
    bool promised;       /* with `slo`; else the largest load that is carried */
};

/* "p95 lower"; "throughput ratio >= 2" */
struct claim_ratio {
    const char *text, *metric; /* NULL: the capacity */
    uint32_t at;
    int direction;      /* -1 lower, 1 higher; 0: the ratio is limited */
    struct limit limit; /* of the ratio; of the difference with a direction */
};

struct claim {
    uint32_t at;
    const char *id, *says;
    int64_t line; /* 0: not given */
    const char *missing, *not_modelled; /* NULL */
    const char *const *assumes;
    int assumptions;

    const struct condition *condition;
    int conditions;
    const struct claim_capacity *capacity; /* NULL */
    const struct claim_ratio *ratio;       /* of `against` */
    int ratios;
    bool no_lint;                /* "none" */
    const char *const *lint;     /* rules that must find nothing */
    int lints;

    const struct claim_case *cases; /* as it stands, then holds_if */
    int case_count;
};

struct claim_file {
    const char *path, *document, *source;
    const struct claim *claim;
    int claims;
};

struct param;
extern const struct param claim_file_params[];

struct claim_file *claim_file_read(struct where *where, const char *path);

#endif
