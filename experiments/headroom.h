/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * headroom -- how much more load the system carries by the utilisation law, and which
 * part says so. Analytic: from the programs and the offered mix, without queueing; it
 * bounds the truth from above, since a slot that waits for another resource is lost
 * meanwhile, and so is an attempt that has to be made again: each request counts once.
 *
 * The bottleneck is the part that would be full first if nobody ever waited. A pool of
 * threads that is busy only because it waits for the connections behind it is not one.
 */
#ifndef EXPERIMENTS_HEADROOM_H
#define EXPERIMENTS_HEADROOM_H

#include "experiments/findings.h"

enum headroom_limit { LIMIT_SLOTS, LIMIT_CORES };

struct headroom {
    int station; /* -1: nothing modelled is ever short, or the load ends */
    enum headroom_limit limit;
    double
        load; /* its own utilisation at the offered load: above 1 it cannot carry it */
    double rate, most; /* requests/s offered, and carried at most */
    double users,
        most_users; /* closed workloads alone: users, and where it saturates; NaN */
    int waiting;    /* a busy station that mostly waits for others; -1 */
    double waiting_part; /* the part of its busy time that is waiting */
};

/* The limit of a rate that is nearest to saying no. Keys and addresses
 * count as evenly spread. */
struct gate {
    const struct rate_limit_facts *limit; /* NULL: there is none, or the load ends */
    double passes, asked;                 /* units/s */
    double load;                          /* asked by passes */
    double most;                          /* requests/s of this mix that get through */
};

struct headroom headroom_of(const struct model *model, const struct sample *s,
                            const struct findings *f);
struct gate headroom_gate(const struct system_spec *system, const struct sample *s,
                          const struct findings *f);

#endif
