/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_db -- what the files of the store share: its connection and how they talk to
 * SQLite. Nobody else includes this.
 */
#ifndef EXPERIMENTS_STORE_DB_H
#define EXPERIMENTS_STORE_DB_H

#include "experiments/store.h"

#include <sqlite3.h>

enum store_statement {
    FIND_STAGE, ADD_STAGE, HAS, RECALL, KEEP, NOTE, FIND_POINT, ADD_POINT, RENUMBER,
    ADD_SCENARIO, FIND_SCENARIO, ADD_VALUE, CONCLUDE, ADD_ESTIMATE, DROP_ESTIMATES,
    DROP_EVIDENCE, ADD_EVIDENCE, ADD_TYPE, SEAL, USED,
    STORE_STATEMENTS
};

struct store {
    sqlite3 *db;
    const char *path;
    int lock;               /* descriptor of the lock file; -1: reading */
    const char *lock_path;
    bool waiting;           /* a transaction holds what can be found again */
    sqlite3_stmt *statement[STORE_STATEMENTS];
};

/* Ends the process with what SQLite says. */
_Noreturn void store_broken(const struct store *s);

void store_execute(struct store *s, const char *sql);
void store_begin(struct store *s); /* unless a transaction is open */

sqlite3_stmt *store_prepared(struct store *s, const char *sql);

/* True: a row. */
bool store_step(struct store *s, sqlite3_stmt *stmt);

/* Runs a statement that gives no rows, and makes it ready for the next time. */
void store_run(struct store *s, sqlite3_stmt *stmt);

/* Of columns simulation, stage, warm_up, length, drain, segments, replication. */
struct store_key store_key_at(sqlite3_stmt *stmt, int column);

struct digest store_seal_of(struct store *s, int64_t point);

/* A row of replication: events, offered, ok, failed, unfinished, latency, checksum,
 * outcome. Whether it is what was written. */
bool store_read_row(sqlite3_stmt *stmt, const struct store_key *key,
                    struct arena *arena, struct packed *packed);

#endif
