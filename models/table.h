/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table -- capacity that is paid for by the second, as DynamoDB sells it: units of
 * reading and of writing, saved up for a while, split into partitions, following the
 * load or not. A limit of the rate is the simplest of them.
 */
#ifndef MODELS_TABLE_H
#define MODELS_TABLE_H

#include "models/spec.h"

enum { TABLE_READ, TABLE_WRITE, TABLE_SIDES };
enum { TABLE_READ_BYTES = 4096, TABLE_WRITE_BYTES = 1024 }; /* of a unit */
enum { TABLE_RING = 30 }; /* minutes that a peak must be old */

struct autoscale_conf {
    uint32_t at;
    double target;            /* utilisation */
    sim_time up_after, down_after, apply_delay;
    double least[TABLE_SIDES], most[TABLE_SIDES]; /* units/s */
};

/* What one operation takes. */
struct operation_conf {
    uint32_t at;
    struct dist *read, *write; /* bytes; one of them */
    bool eventually, transactional;
    int64_t items;
    struct dist *time;
};

struct table_part {
    bool present;
    bool on_demand;
    double rate[TABLE_SIDES];      /* units/s; on demand: at first */
    double burst;                  /* s of unused capacity that are kept */
    int64_t partitions;
    double partition[TABLE_SIDES]; /* units/s of one; INFINITY */
    const struct autoscale_conf *autoscale; /* NULL: none */
    const struct param_map *operations;     /* struct operation_conf; NULL: each request
                                               takes one unit */
    const struct dist *time;
    int status;                    /* enum status of the turned away */
    int64_t retries;               /* by the client library */
    sim_time backoff, backoff_most;
};

#endif
