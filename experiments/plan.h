/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan -- from an experiment to its points: every variant with every row of values.
 *
 * Points are numbered from 0, the values of a variant's first row first, and are only
 * made when they are opened, so that a plan of a million points takes no room.
 *
 * A point is known by two digests. That of its simulation names everything a
 * replication depends on besides its window and number; what was simulated once is
 * found again under it, whatever file, variant or promise asks. That of the point names
 * what was asked: the patched scenario with its promises and how well they are to be
 * known; a point concluded once need not be looked at again.
 *
 * Ownership: the plan lives in the arena of `where`, opened points in the one given.
 * Errors:    of the person: told to `where`.
 * Threads:   a plan is not changed once it is read; points may be opened by several.
 */
#ifndef EXPERIMENTS_PLAN_H
#define EXPERIMENTS_PLAN_H

#include "experiments/experiment.h"
#include "experiments/point.h"

struct plan_variant {
    const char *name;
    const char *text;  /* the patched scenario, canonical */
    bool has_files;    /* it names data files, which may change between runs */
    double cost;       /* s of one core per request; 0 = not measured */
};

struct plan {
    const struct experiment *experiment;
    const char *path, *folder; /* of the scenario */
    struct plan_variant *variant;
    int variants;
    int64_t points;
};

/* What the command line changes: values in all variants. */
struct plan_changes {
    const char *const *sets;
    int set_count;
    const uint64_t *seed; /* NULL: the scenario's own */
};

/* Reads the scenario and tries every variant, and every value beside the first values
 * of the other keys; NULL with problems in `where`. */
struct plan *plan_read(struct where *where, const struct experiment *experiment,
                       const struct plan_changes *changes);

/* "after rate=100/s chat=5%": what tells a point from the others. */
const char *plan_label(const struct plan *plan, int64_t index, struct arena *arena);

/* "name rate=100/s chat=5%": of all variants at a row of values. */
const char *plan_row_label(const struct plan *plan, int64_t row, struct arena *arena);

const struct plan_variant *plan_variant_of(const struct plan *plan, int64_t index);
int64_t plan_row(const struct plan *plan, int64_t index);

struct digest plan_digest(const struct plan *plan, int64_t index);

/* Compiles a point. False with the reason in `why`. */
bool plan_open(const struct plan *plan, int64_t index, struct arena *arena,
               struct point *point, struct digest *simulation, const char **why);

#endif
