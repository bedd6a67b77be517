/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sample -- the replications of one point and how numbers are taken out of them.
 *
 * A sample only looks at outcomes, in index order; it owns nothing. Values come as one
 * double per replication, ready for estimate_mean and estimate_ratio.
 */
#ifndef EXPERIMENTS_SAMPLE_H
#define EXPERIMENTS_SAMPLE_H

#include "experiments/estimate.h"
#include "models/model.h"

struct sample {
    const struct model_facts *facts;
    const struct outcome *outcome;
    int count;
};

/* Which requests a number speaks of. */
enum scope_sort {
    SCOPE_WHOLE, /* all types; of latencies those that are not streams */
    SCOPE_TYPE,
    SCOPE_NAMED, /* types of the same name, of whatever workload */
    SCOPE_WORKLOAD,
    SCOPE_PLAIN, /* all types but streams */
};

struct scope {
    enum scope_sort sort;
    int index; /* of the type, one of the types, or the workload */
};

/* Of a name as people write it: "page" is every type of that name, "users" a workload,
 * "users.page" that type of that workload; NULL is all. False: there is none. */
bool scope_named(const struct model_facts *facts, const char *name,
                 struct scope *scope);

/* "page", or "users.page" where other workloads have a page of their own. */
const char *scope_type_name(const struct model_facts *facts, int type,
                            struct arena *arena);

/* The number of the station of that name; -1: none. */
int scope_station(const struct model_facts *facts, const char *name);

/* Does the scope count requests of this type? */
bool scope_counts(const struct model_facts *facts, struct scope scope, int type);

/* … and do they enter its latencies? A stream's percentiles stand alone, so that a
 * scope of several types leaves streams out, unless it has nothing else. */
bool scope_times(const struct model_facts *facts, struct scope scope, int type);

double sample_length(const struct sample *s, int replication); /* of the window, s */

enum sample_count {
    COUNT_OFFERED,
    COUNT_OK,
    COUNT_FAILED,
    COUNT_UNFINISHED,
    COUNT_ATTEMPTS,
    COUNT_CUT, /* attempts that broke after the first byte */
    COUNT_GOOD /* streams within the limits of their workload */
};

/* Requests of the scope in one replication. */
double sample_requests(const struct sample *s, struct scope scope,
                       enum sample_count what, int replication);
struct estimate sample_rate(const struct sample *s, struct scope scope,
                            enum sample_count what); /* per s */
/* Streams that broke, per offered request. */
struct estimate sample_cut(const struct sample *s, struct scope scope);
/* Streams open at a time, on average. */
struct estimate sample_open(const struct sample *s, struct scope scope);
/* Part of the offered requests that failed, of one cause or (cause -1) of any. */
struct estimate sample_errors(const struct sample *s, struct scope scope, int cause);

enum sample_time { TIME_LATENCY, TIME_FIRST_BYTE, TIME_GAP, TIME_PER_TOKEN };

struct estimate sample_mean(const struct sample *s, struct scope scope,
                            enum sample_time time);
struct section sample_section(const struct sample *s, struct scope scope,
                              enum sample_time time, double p);
struct estimate sample_quantile(const struct sample *s, struct scope scope,
                                enum sample_time time, double p);

/* All values of the scope in one histogram, ns, from `arena`. */
const struct histogram *sample_pool(const struct sample *s, struct scope scope,
                                    enum sample_time time, struct arena *arena);
/* … and of one replication; no copy where one type is all. */
const struct histogram *sample_one(const struct sample *s, struct scope scope,
                                   enum sample_time time, int replication,
                                   struct arena *arena);

#endif
