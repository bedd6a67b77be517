/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limit -- what a statement says of a number, and whether an estimate agrees:
 *
 *     p95 < 2s                       <= > >= likewise
 *     errors between 1% and 5%
 *     mean about 16.5s within 10%
 *     = 560
 *
 * An estimate agrees, or disagrees, once its two-sided 95 % interval does; else it is
 * open. A number without an interval is taken as it is.
 *
 * Errors: told to `where` at the value `at`; false.
 */
#ifndef EXPERIMENTS_LIMIT_H
#define EXPERIMENTS_LIMIT_H

#include "experiments/estimate.h"
#include "experiments/where.h"

enum answer { ANSWER_NO, ANSWER_OPEN, ANSWER_YES };

enum limit_op {
    LIMIT_LESS,
    LIMIT_AT_MOST,
    LIMIT_MORE,
    LIMIT_AT_LEAST,
    LIMIT_EQUAL,
    LIMIT_BETWEEN,
    LIMIT_ABOUT,
};

/* The parts of a statement, as text. */
struct limit_words {
    const char *left; /* "p95"; "" when there is nothing */
    enum limit_op op;
    const char *a, *b; /* b: of LIMIT_BETWEEN */
    double within;     /* of LIMIT_ABOUT, relative */
};

/* The numbers that agree: low .. high; the end itself does not where it is open. */
struct limit {
    double low, high; /* infinite: no end */
    bool low_open, high_open;
};

/* False without a word to `where` when there is no comparison in it at all. */
bool limit_split(struct where *where, uint32_t at, const char *text,
                 struct limit_words *words, bool *told);

/* From the values that `a` and `b` stand for; false when they are in no order. */
bool limit_of(struct where *where, uint32_t at, const struct limit_words *words,
              double a, double b, struct limit *limit);

/* A text as a number of the type in SI units: "2s", "80%", 12; false and told. */
bool limit_value(struct where *where, uint32_t at, enum param_type type,
                 const char *text, double *value);

/* Both of the words' values. */
bool limit_values(struct where *where, uint32_t at, enum param_type type,
                  const struct limit_words *words, struct limit *limit);

enum answer limit_judge(const struct limit *limit, const struct estimate *estimate);

/* Of two statements that must both hold. */
enum answer limit_both(enum answer a, enum answer b);

/* Of a number that is known exactly. */
enum answer limit_holds(const struct limit *limit, double value);

#endif
