/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scenario -- a scenario file, read and bound: the system, its promises and how to run
 * it.
 *
 *     struct where *where = where_new(&arena);
 *     struct scenario *s = scenario_read(&arena, path, sets, set_count, where);
 *     if (s)
 *         model = model_compile(&arena, &s->system, seed, &where->listener);
 *     if (where->problem_count) {
 *         where_print(where, stderr);
 *         return 2;
 *     }
 *
 * Units:     as in sim/param.h: durations sim_time, rates per second, fractions in [0,
 * 1].
 * Ownership: everything lives in the arena.
 * Errors:    of the person: collected in `where`, NULL is returned. Of the machine:
 * die.
 * Threads:   none shared.
 */
#ifndef EXPERIMENTS_SCENARIO_H
#define EXPERIMENTS_SCENARIO_H

#include "experiments/where.h"
#include "models/spec.h"
#include "sim/arena.h"
#include "sim/param.h"
#include "sim/sim_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum slo_metric {
    SLO_MEAN, SLO_QUANTILE, SLO_ERRORS, SLO_CUT, SLO_THROUGHPUT, SLO_GOODPUT,
    SLO_UTILISATION,
};
enum slo_of {
    SLO_OF_LATENCY, SLO_OF_TTFB, SLO_OF_GAP, SLO_OF_TPOT, SLO_OF_DURATION
};
enum slo_op { SLO_LESS, SLO_AT_MOST, SLO_MORE, SLO_AT_LEAST };

/* One promise: "page.p95 < 2s", "errors < 1%", "chat.ttfb.p95 < 1s". */
struct slo {
    uint32_t at;
    const char *text;  /* as written */
    const char *scope; /* request type, workload or service; NULL = all requests that do
                          not stream */
    enum slo_metric metric;
    enum slo_of of;    /* mean and quantiles only */
    double quantile;   /* 0.95 of p95 */
    enum slo_op op;
    double value;      /* s, fraction or 1/s */
};

/* "p99 within 5%" */
struct precision {
    const char *text;  /* NULL when absent */
    bool of_mean;      /* else of the quantile */
    double quantile;
    double within;     /* relative half-width */
    uint32_t at;
};

struct run_settings {
    uint32_t at;
    struct precision precision;
    int64_t replications;
    sim_time warmup;   /* SIM_NEVER = auto */
    sim_time duration; /* SIM_NEVER = chosen by precision */
    int64_t seed;
};

/* A window so many times as long, as far as one may last. */
sim_time scenario_longer(sim_time duration, double times);

struct cost_settings {
    uint32_t at;
    const char *currency;
    struct param_map monthly; /* double: per instance of a service and month */
};

/* A data file that the scenario refers to: its bytes count for the point's hash. */
struct data_file {
    const char *name; /* as written in the scenario */
    const char *bytes;
    size_t length;
};

struct scenario {
    const char *path;        /* as given */
    const char *name, *description; /* the name is the file's stem when absent */
    struct system_spec system;
    const struct slo *slos;
    int slo_count;
    struct run_settings run;
    struct cost_settings *cost; /* NULL when absent */
    struct param_map silence; /* const char *: why findings are not told, see lint.h */
    const char *canonical;   /* the patched scenario: sorted keys, no spaces */
    const char *simulated;   /* what of it a simulation depends on, likewise: without
                                names, promises, costs, and how to run it */
    const struct data_file *files;
    int file_count;
    struct where *where;     /* places of everything, for later messages */
};

/* Reads a file, applies each "POINTER=VALUE" of `sets` in turn, binds. */
struct scenario *scenario_read(struct arena *arena, const char *path,
                               const char *const *sets, int set_count,
                               struct where *where);

/* The same with changes applied before the sets, in turn; they were read with this
 * `where`, which tells mistakes in them at their place. */
struct patch_step;
struct scenario_changes {
    const struct patch_step *step;
    int steps;
    const char *const *sets;
    int set_count;
};
struct scenario *scenario_read_changed(struct arena *arena, const char *path,
                                       const struct scenario_changes *changes,
                                       struct where *where);

/* The same from memory: `name` stands in messages, data files are looked for in
 * `folder` (NULL: refused). `bytes` must outlive the arena's use. */
struct scenario *scenario_parse(struct arena *arena, const char *name,
                                const char *folder, const char *bytes, size_t length,
                                const char *const *sets, int set_count,
                                struct where *where);

/* Where the data files of a scenario at `path` are. */
const char *scenario_folder(struct arena *arena, const char *path);

/* The rows of the file's top level, for the schema and the reference. */
extern const struct param scenario_params[];

#endif
