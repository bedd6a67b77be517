/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * condition -- one thing that a statement says of a run:
 *
 *     stable    not stable    overloaded
 *     page.p95 < 2s           errors between 1% and 5%
 *     max about 21.75s within 5%
 *     errors.503 < 1%         web.cpu < 70%        pgbouncer.wait_max < 1s
 *
 * Beside the metrics of promises: extremes, errors by what the client saw, and what
 * stations did.
 *
 * Ownership: texts live in the arena of `where`.
 * Errors:    told to `where` at the value `at`; false.
 */
#ifndef EXPERIMENTS_CONDITION_H
#define EXPERIMENTS_CONDITION_H

#include "experiments/human.h"
#include "experiments/limit.h"
#include "experiments/result.h"

enum condition_sort {
    CONDITION_VERDICT,
    CONDITION_PROMISE,
    CONDITION_EXTREME,
    CONDITION_STATUS,
    CONDITION_STATION,
};

struct condition {
    enum condition_sort sort;
    uint32_t at;
    const char *text;   /* as written */
    const char *metric; /* what is judged: "page.p95" */
    unsigned wanted;    /* CONDITION_VERDICT: bits of enum verdict */
    const char *scope;  /* NULL: all requests */
    struct slo slo;     /* CONDITION_PROMISE: metric and scope; the limit is below */
    int which;          /* 0 least, 1 most; an enum status; a row of the stations' */
    enum param_type type;
    enum human_kind kind;
    struct limit limit;
};

/* What stations can be asked for, for readers; ends with a row without a name. */
struct condition_metric {
    const char *name;
    enum param_type type;
    const char *doc;
};
const struct condition_metric *condition_metric(int index); /* NULL past the last */

bool condition_read(struct where *where, uint32_t at, const char *text,
                    struct condition *condition);

/* Complains of a scope that the model does not have. */
bool condition_check(struct where *where, const struct condition *condition,
                     const struct model_facts *facts);

/* As promises of a scenario: how many were put into `promise` (at most two). */
int condition_promises(const struct condition *condition, struct arena *arena,
                       const char *promise[2]);

/* What came of it. */
struct finding {
    enum answer answer;
    const char *expected;       /* as the claim has it: "p95 < 2s" */
    const char *metric, *found; /* "p95", "3.10 s ±0.31" */
    const char *why_open;       /* NULL: it is decided, or the interval straddles */
    struct estimate value;      /* NaN: no number */
    enum human_kind kind;
    bool worked_out;            /* by arithmetic: `metric` is a phrase */
};

struct finding condition_judge(const struct condition *condition,
                               const struct result *result, struct arena *arena);

/* "unstable: the backlog grows by 12/s" */
const char *condition_verdict(const struct result *result, struct arena *arena);

#endif
