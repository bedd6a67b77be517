/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store -- the results file: SQLite, every finished replication in it for good.
 *
 * What is kept is found again by what it depends on: the simulation's digest, stage,
 * window and number of replication. A replication that comes twice must come with the
 * same bytes. Wall times and host names stand in a table of their own and in no hash.
 * docs/results.md says what is in every table.
 *
 * A transaction a replication, synchronous=FULL: when store_keep returns, the
 * replication survives the process, the machine and the power. What can be found again
 * from replications (a point's verdict and estimates) waits for the next one.
 *
 * Errors:    a file that cannot be opened is told; afterwards a disk that fails ends
 *            the process with status 3, everything kept so far being in the file.
 *            Different bytes for the same replication are an error of ours, status 4.
 * Threads:   one at a time.
 */
#ifndef EXPERIMENTS_STORE_H
#define EXPERIMENTS_STORE_H

#include "experiments/pack.h"
#include "experiments/procedure.h"
#include "experiments/sha256.h"

enum {
    STORE_FORMAT = 1,
    STORE_APPLICATION = 0x4844524d, /* "HDRM" */
};

struct store;

enum store_mode {
    STORE_READ,
    STORE_WRITE, /* made if absent; nobody else writes while it is open */
};

enum store_end {
    STORE_OPEN,
    STORE_INPUT,   /* not a results file, or of a later version */
    STORE_MACHINE, /* cannot be opened, is damaged, or is in use */
};

/* STORE_OPEN, or why not, from the arena. */
enum store_end store_open(struct store **store, const char *path, enum store_mode mode,
                          struct arena *arena, const char **why);
void store_close(struct store *store);
const char *store_path(const struct store *store);

/* Does the file begin like one? */
bool store_is_one(const char *path);

/* ---- replications ---------------------------------------------------------------- */

struct store_key {
    struct digest simulation;
    enum stage stage;
    struct window window;
    uint32_t replication;
};

/* The stage's number in this file; it is noted if it is new. */
int64_t store_stage(struct store *store, const struct store_key *key);

/* Of the columns that analysts read without taking an outcome apart. */
struct store_sums {
    uint64_t events, offered, ok, failed, unfinished;
    double latency; /* s, sum over ok */
};

/* What differs between runs. */
struct store_execution {
    const char *host;
    double seconds;
};

bool store_has(struct store *store, int64_t stage, uint32_t replication);

/* The bytes of a replication in the arena; false if it is not there. Bytes that are not
 * those that were written end the process with status 3. */
bool store_recall(struct store *store, const struct store_key *key, int64_t stage,
                  struct arena *arena, struct packed *packed);

void store_keep(struct store *store, const struct store_key *key, int64_t stage,
                const struct packed *packed, const struct store_sums *sums,
                const struct store_execution *execution);

/* ---- the experiment and its points ----------------------------------------------- */

/* Which points a file holds: those of index K - 1 modulo N. */
struct store_shard {
    int64_t number, of; /* 1 and 1: all */
};

/* Notes what is being run; the points of an earlier version of the experiment stay, but
 * are no longer part of it. */
void store_experiment(struct store *store, const char *name, const char *text,
                      int64_t points, const struct store_shard *shard);

struct store_point {
    struct digest digest;
    int64_t number; /* in the experiment */
    const char *label, *variant;
    const char *scenario; /* text before its values */
};

/* A point's number in this file. `done`: nothing is missing to it. */
int64_t store_point(struct store *store, const struct store_point *point, bool *done);

/* A value that the experiment gave it: JSON, and as a number in SI units if it is one
 * (else NaN). */
void store_value(struct store *store, int64_t point, const char *pointer,
                 const char *value, double number);

/* How far a point is. What is unfinished says what its replications so far would. */
enum store_state { STORE_UNFINISHED, STORE_DONE, STORE_FAILED };
extern const char *const store_states[]; /* "unfinished", … */

struct store_conclusion {
    enum store_state state;
    struct digest simulation;
    const char *verdict; /* "stable" …; NULL of a failed point */
    const char *reason;  /* NULL: none */
    const char *stage;   /* of the outcomes behind it */
    int64_t replications;
    uint64_t requests, events; /* in all stages */
    bool precise;              /* every target met */
    int promises, missed, undecided;
};

void store_conclude(struct store *store, int64_t point,
                    const struct store_conclusion *conclusion);

/* One number of a point with its interval. */
struct store_estimate {
    const char *scope; /* "all", "type", "workload", "station", "slo" */
    const char *name;  /* of the type … */
    const char *metric, *unit;
    double value, half_width; /* NaN: not given */
    int n;
    const char *lack; /* why not; NULL */
};

void store_estimate(struct store *store, int64_t point,
                    const struct store_estimate *estimate);

/* Replications [first, first + count) of a stage are behind a point's estimates. */
void store_evidence(struct store *store, int64_t point, int64_t stage, uint32_t first,
                    int count);

/* What the types of a point's outcomes are called, in their order. */
void store_type(struct store *store, int64_t point, int number, const char *name,
                bool streaming);

/* After all of that: a checksum over what was concluded. */
void store_seal(struct store *store, int64_t point);

/* Brings everything that waits into the file. */
void store_flush(struct store *store);

/* ---- the whole file -------------------------------------------------------------- */

/* The replications behind a point's estimates, one at a time; packed bytes live until
 * the next. */
void store_used(struct store *store, int64_t point,
                void (*take)(void *context, const struct packed *packed),
                void *context);

/* Over every replication and every conclusion: the same for the same results, whoever
 * found them in whatever order. */
struct digest store_hash(struct store *store);

/* The number that a query without arguments gives first. */
int64_t store_number(struct store *store, const char *query);
const char *store_text(struct store *store, const char *query, struct arena *arena);

/* Rows of a query, one at a time; columns as text, NULL for NULL. */
void store_rows(struct store *store, const char *query, int64_t argument,
                void (*row)(void *context, int columns, const char *const *text),
                void *context);

/* A sentence for every fault of the file: its structure, its rows against their
 * checksums, rows without their stage. How many. */
int store_faults(struct store *store, struct arena *arena,
                 void (*tell)(void *context, const char *fault), void *context);

/* Of these only what was concluded of points: quick. */
int store_broken_seals(struct store *store, struct arena *arena,
                       void (*tell)(void *context, const char *fault), void *context);

/* Adds what is in `from`, which has no faults. NULL, or why they do not go together. Of
 * equal replications with different bytes one is wrong: an error of ours. */
const char *store_merge(struct store *into, const struct store *from,
                        struct arena *arena);

#endif
