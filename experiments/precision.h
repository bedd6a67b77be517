/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * precision -- how far a sample is from what was asked of it, and what would close the
 * gap.
 */
#ifndef EXPERIMENTS_PRECISION_H
#define EXPERIMENTS_PRECISION_H

#include "experiments/procedure.h"

struct gap {
    double ratio;  /* half-width by the width asked for; NaN: no interval yet */
    double floor;  /* times the samples needed before the number may be given at all */
    bool biased;   /* replications' quantiles lie off the pooled one by more than half
                      the half-width: each replication is too short */
    double within; /* part of the error's variance that longer replications remove, in
                      (0, 1]; below 1 only where differences last a whole replication */
};

/* How far one number is from its target. `within` needs time segments; without: 1. */
struct gap precision_gap(const struct sample *s, const struct target *target);

/* The worst of several: largest ratio (NaN if any is), floor, any bias, least
 * within. */
struct gap precision_worst(const struct sample *s, const struct target *target,
                           int targets);

bool precision_met(const struct gap *gap);

#endif
