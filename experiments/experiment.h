/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiment -- an experiment file: one scenario, changed in many ways.
 *
 *     {
 *       "scenario": "shop.json",
 *       "variants": { "before": {}, "after": { "services": … } },   merge patches
 *       "vary": { "/workloads/visitors/open/rate": ["50/s", "100/s"] },
 *       "sample": "grid",
 *       "replications": 20
 *     }
 *
 * Ownership: everything lives in the arena of `where`; the tree is freed by
 *            experiment_close.
 * Errors:    of the person: collected in `where`, NULL is returned.
 */
#ifndef EXPERIMENTS_EXPERIMENT_H
#define EXPERIMENTS_EXPERIMENT_H

#include "experiments/vary.h"
#include "experiments/where.h"

struct cJSON;

struct variant {
    const char *name; /* "" when the file has none */
    const struct cJSON *patch;
};

/* How many replications: a number, as the scenario says (0), or until precise. */
struct experiment {
    const char *path, *name, *description;
    const char *scenario; /* path, as seen from here */
    const struct variant *variant;
    int variants;
    struct vary vary;
    int replications;
    bool until_precise;
    const char *precision; /* NULL: as the scenario says */
    double budget;         /* s of wall time; 0: no end */
    const char *canonical; /* the file's own tree as text */
    struct cJSON *root;
};

enum {
    EXPERIMENT_MOST_VARIANTS = 1000,
    EXPERIMENT_MOST_REPLICATIONS = 100000,
};

struct experiment *experiment_read(struct where *where, const char *path);
void experiment_close(struct experiment *experiment);

/* "shop" of "folder/shop.json". */
const char *experiment_stem(struct arena *arena, const char *path);

#endif
