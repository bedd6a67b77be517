/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit -- do the books balance? Laws that hold for every system, whatever is in it;
 * where one does not, a number of ours is wrong.
 *
 *     conservation   offered = ok + failed + unfinished, exactly, per type
 *     Little's law   area of the queue = sum of the waits;
 *                    area of the number in system = sum of the latencies
 *     utilisation    area of the slots in use = sum of the times held
 *
 * The last three compare a window with the requests of that window, which differ at its
 * two ends; they are held to the interval of that difference over the replications.
 */
#ifndef EXPERIMENTS_AUDIT_H
#define EXPERIMENTS_AUDIT_H

#include "experiments/sample.h"

enum audit_law {
    AUDIT_CONSERVATION,
    AUDIT_WAITING,
    AUDIT_IN_SYSTEM,
    AUDIT_UTILISATION
};

extern const char *const audit_law_names[];

struct audit_line {
    enum audit_law law;
    int index;    /* type (conservation) or station; -1 the whole */
    bool checked; /* false: the law does not apply here (given up while waiting …) */
    bool holds;
    double left, right; /* the two sides, per replication */
};

struct audit {
    struct audit_line *line;
    int count, checked, broken;
};

/* `steady` false: of what still fills up only conservation can be asked. */
struct audit *audit_of(const struct sample *s, bool steady, struct arena *arena);

#endif
