/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * claims -- does what a document states hold? Each claim is put to what headroom has
 * anyway: a run with its verdict and promises, a search for a capacity, a comparison
 * under common random numbers, the findings of `check`, arithmetic.
 *
 * A claim is confirmed or refuted once the intervals exclude the other answer; a run
 * that cannot tell is made longer, up to a cap, and then it is said that it cannot. A
 * refuted claim is tried again under the assumptions that its file names.
 *
 * Ownership: everything lives in the arena given.
 * Threads:   answers are the same for any number.
 */
#ifndef EXPERIMENTS_CLAIMS_H
#define EXPERIMENTS_CLAIMS_H

#include "experiments/claim_file.h"
#include "experiments/remember.h"

#include <signal.h>

enum claim_verdict {
    CLAIM_CONFIRMED,
    CLAIM_PARTLY,      /* of `across`: at some values, not at others */
    CLAIM_REFUTED,
    CLAIM_UNDECIDABLE, /* an input is missing, or the interval straddles the limit */
    CLAIM_NOT_MODELLED,
    CLAIM_VERDICTS
};
extern const char *const claim_verdict_names[]; /* "confirmed", … "not modelled" */

/* What came of one row of `across`. */
struct claim_row_answer {
    const char *label; /* "10%"; "" */
    enum answer answer;
    const struct finding *finding;
    int findings;
};

struct claim_answer {
    const struct claim *claim;
    enum claim_verdict verdict;
    const struct claim_row_answer *row; /* arithmetic is a row of its own, the first */
    int rows;
    const char *holds_if; /* the first assumption that makes it hold; NULL */
    int tried;            /* assumptions, when it was refuted */
};

struct claims_settings {
    int threads;
    const volatile sig_atomic_t *stop;
    const uint64_t *seed; /* NULL: the scenarios' own */
    uint64_t cap;         /* requests of a first look at a point; 0: CLAIMS_CAP */
    struct remember *remember;
};

#define CLAIMS_CAP UINT64_C(2000000)

/* False when interrupted. */
bool claims_judge(const struct claim *claim, const struct claims_settings *settings,
                  struct arena *arena, struct claim_answer *out);

/* The finding of a row that says most: the first that is against it, else the first
 * that is open, else the first with a number above 0. */
const struct finding *claims_telling(const struct claim_row_answer *row);

#endif
