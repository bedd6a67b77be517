/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe -- one load that was simulated, and what it says to the two questions that are
 * asked of loads: is it carried, and does it keep every promise?
 *
 * Plain struct: {.load = load, .effort = -1} is one before its first run.
 * Units:        s, 1/s; loads in the unit of the dial that is turned.
 */
#ifndef EXPERIMENTS_PROBE_H
#define EXPERIMENTS_PROBE_H

#include "experiments/estimate.h"
#include "experiments/limit.h"
#include "experiments/result.h"

struct point;

enum probe_question { IS_CARRIED, IS_KEPT };

struct probe {
    double load;
    double nominal;               /* requests/s that the workloads offer there */
    enum verdict verdict;
    struct estimate offered, throughput, mean, p99;
    struct estimate errors;
    enum answer carried, kept;    /* to the questions above */
    double margin;                /* tightest promise: ln(limit / value); > 0: kept */
    double blur;                  /* … and its half-width by its value */
    enum answer before;           /* what the look before said of the promises */
    int tightest;                 /* its index; -1: none was judged */
    double value;                 /* that promise's value there */
    int effort;                   /* how often its precision was doubled; -1: it was
                                     never looked at, or overloaded on purpose */
    uint64_t requests;            /* simulated, in all looks */
};

/* Takes down what a concluded run at its load has found, in place of what was known. */
void probe_note(struct probe *probe, const struct point *point);

enum answer probe_answer(const struct probe *probe, enum probe_question question);

/* Would the promises still be open after looks up to the effort `most`? */
bool probe_is_hopeless(const struct probe *probe, int most);

/*
 * Is an answer more than the luck of one look? Estimates of a tail are skewed: those
 * that are too low believe in themselves too much, and one look in a hundred errs by
 * four of its standard errors. Two looks in a row, the later one twice as sharp, or one
 * as sharp as they get: of the effort `most`.
 */
bool probe_is_firm(const struct probe *probe, enum probe_question question, int most);

#endif
