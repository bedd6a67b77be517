/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * result -- everything that one run of one scenario answers, ready to be told as text
 * (summary.h) or as JSON (result_json.h).
 */
#ifndef EXPERIMENTS_RESULT_H
#define EXPERIMENTS_RESULT_H

#include "experiments/audit.h"
#include "experiments/bistable.h"
#include "experiments/blame.h"
#include "experiments/findings.h"
#include "experiments/headroom.h"
#include "experiments/lint.h"
#include "experiments/slo.h"
#include "experiments/verdict.h"
#include "experiments/yardstick.h"

/* What is not part of the answer: differs between machines and runs. */
struct execution {
    int threads;
    double seconds; /* of wall time */
};

struct result {
    const char *name, *path; /* of the scenario */
    uint64_t seed;
    const struct model_facts *facts;
    const struct precision *precision; /* text NULL: the default */
    const struct target *target;
    int targets;

    struct procedure run;
    struct sample sample;
    struct judgement judgement;
    struct bistability bistability;
    struct findings *findings;
    struct blame *blame;
    struct audit *audit;
    struct yardstick *yardstick; /* NULL: no averages to hold theory against */
    struct headroom headroom;
    struct gate gate;
    const struct explain_peak *peak; /* the highest of a load that lasts; NULL */
    struct slo_result *slo;
    int slos;
    const char *const *unmodelled; /* pointers to keys accepted without effect */
    int unmodelled_count;
    const struct twin *twin; /* a load test and its users; NULL: none, or not asked */
    struct execution execution;
    const struct lint_report *lint; /* NULL: nobody has looked */
};

/* Fills in all that follows from the run: judgement, findings, promises … */
void result_conclude(struct result *result, const struct model *model,
                     const struct scenario *scenario, struct arena *arena);

/* Everything that was asked is answered with yes: promises kept, precision reached. */
bool result_is_yes(const struct result *result);

/* Did the number in the system still move from its start on, well into the window? */
bool result_start_visible(const struct result *result);

/* Promises that are not kept; in an unstable run none is. */
int result_missed(const struct result *result);

/* Promises that the samples are too few to judge. */
int result_undecided(const struct result *result);

/* Promises that there was anything to judge by. */
int result_judged(const struct result *result);

#endif
