/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L
#include "experiments/store_db.h"

#include "sim/check.h"

#include <math.h>
#include <string.h>
#include <time.h>

const char *const store_states[] = {"unfinished", "done", "failed"};

static const char *const texts[STORE_STATEMENTS] = {
    [FIND_STAGE] = "select id from stage where simulation = ?1 and stage = ?2 and"
                   " warm_up = ?3 and length = ?4 and drain = ?5 and segments = ?6",
    [ADD_STAGE] = "insert into stage (simulation, stage, warm_up, length, drain,"
                  " segments) values (?1, ?2, ?3, ?4, ?5, ?6)",
    [HAS] = "select 1 from replication where stage = ?1 and replication = ?2",
    [RECALL] = "select events, offered, ok, failed, unfinished, latency, checksum,"
               " outcome from replication where stage = ?1 and replication = ?2",
    [KEEP] = "insert into replication values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
             " on conflict do nothing",
    [NOTE] = "insert into execution values (?1, ?2, ?3, ?4, ?5, ?6)"
             " on conflict do nothing",
    [FIND_POINT] = "select id, state from point where digest = ?1",
    [ADD_POINT] = "insert into point (digest, number, label, variant, scenario)"
                  " values (?1, ?2, ?3, ?4, ?5)",
    [RENUMBER] = "update point set number = ?2, label = ?3, variant = ?4 where id = ?1",
    [ADD_SCENARIO] = "insert into scenario (text) values (?1)",
    [FIND_SCENARIO] = "select id from scenario where text = ?1",
    [ADD_VALUE] = "insert or replace into value values (?1, ?2, ?3, ?4)",
    [CONCLUDE] = "update point set simulation = ?2, state = ?3, verdict = ?4,"
                 " reason = ?5, stage = ?6, replications = ?7, requests = ?8,"
                 " events = ?9, precise = ?10, promises = ?11, missed = ?12,"
                 " undecided = ?13 where id = ?1",
    [ADD_ESTIMATE] = "insert or replace into estimate values"
                     " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [DROP_EVIDENCE] = "delete from evidence where point = ?1",
    [ADD_EVIDENCE] = "insert or replace into evidence values (?1, ?2, ?3, ?4)",
    [ADD_TYPE] = "insert or replace into type values (?1, ?2, ?3, ?4)",
    [SEAL] = "update point set seal = ?2 where id = ?1",
    [USED] = "select r.events, r.offered, r.ok, r.failed, r.unfinished, r.latency,"
             " r.checksum, r.outcome, s.simulation, s.stage, s.warm_up, s.length,"
             " s.drain, s.segments, r.replication from evidence e join replication r"
             " on r.stage = e.stage and r.replication - e.first between 0 and"
             " e.count - 1 join stage s on s.id = r.stage where e.point = ?1"
             " order by r.stage, r.replication",
    [DROP_ESTIMATES] = "delete from estimate where point = ?1",
};

static sqlite3_stmt *statement(struct store *s, enum store_statement which)
{
    if (!s->statement[which])
        s->statement[which] = store_prepared(s, texts[which]);
    return s->statement[which];
}

static void put_text(sqlite3_stmt *stmt, int at, const char *text)
{
    sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

static void put_digest(sqlite3_stmt *stmt, int at, const struct digest *d)
{
    sqlite3_bind_blob(stmt, at, d->byte, sizeof d->byte, SQLITE_STATIC);
}

/* NaN becomes NULL. */
static void put_real(sqlite3_stmt *stmt, int at, double value)
{
    if (isfinite(value))
        sqlite3_bind_double(stmt, at, value);
    else
        sqlite3_bind_null(stmt, at);
}

static void put_count(sqlite3_stmt *stmt, int at, uint64_t count)
{
    sqlite3_bind_int64(stmt, at, (int64_t)count);
}

/* ---- replications ---------------------------------------------------------------- */

static void put_stage(sqlite3_stmt *stmt, const struct store_key *key)
{
    put_digest(stmt, 1, &key->simulation);
    sqlite3_bind_int64(stmt, 2, key->stage);
    sqlite3_bind_int64(stmt, 3, key->window.warm_up);
    sqlite3_bind_int64(stmt, 4, key->window.length);
    sqlite3_bind_int64(stmt, 5, key->window.drain);
    sqlite3_bind_int64(stmt, 6, key->window.segments);
}

int64_t store_stage(struct store *s, const struct store_key *key)
{
    sqlite3_stmt *find = statement(s, FIND_STAGE);
    put_stage(find, key);
    int64_t id = store_step(s, find) ? sqlite3_column_int64(find, 0) : 0;
    sqlite3_reset(find);
    if (id)
        return id;
    store_begin(s);
    sqlite3_stmt *add = statement(s, ADD_STAGE);
    put_stage(add, key);
    store_run(s, add);
    return sqlite3_last_insert_rowid(s->db);
}

bool store_has(struct store *s, int64_t stage, uint32_t replication)
{
    sqlite3_stmt *stmt = statement(s, HAS);
    sqlite3_bind_int64(stmt, 1, stage);
    sqlite3_bind_int64(stmt, 2, replication);
    bool has = store_step(s, stmt);
    sqlite3_reset(stmt);
    return has;
}

/* Of everything that a row says, so that no column can change unnoticed. */
static struct digest checksum_of(const struct store_key *key,
                                 const struct packed *packed,
                                 const struct store_sums *sums)
{
    uint64_t latency;
    struct sha256 s;
    memcpy(&latency, &sums->latency, sizeof latency);
    const uint64_t numbers[] = {
        (uint64_t)key->stage,          (uint64_t)key->window.warm_up,
        (uint64_t)key->window.length,  (uint64_t)key->window.drain,
        (uint64_t)key->window.segments, key->replication,
        sums->events,                  sums->offered,
        sums->ok,                      sums->failed,
        sums->unfinished,              latency};
    sha256_begin(&s);
    sha256_add(&s, key->simulation.byte, sizeof key->simulation.byte);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sha256_add_number(&s, numbers[i]);
    sha256_add_text(&s, (const char *)packed->bytes, packed->length);
    return sha256_end(&s);
}

enum { CHECKSUM_BYTES = 16 };

struct store_key store_key_at(sqlite3_stmt *stmt, int column)
{
    struct store_key key = {
        .stage = (enum stage)sqlite3_column_int64(stmt, column + 1),
        .window = {.warm_up = sqlite3_column_int64(stmt, column + 2),
                   .length = sqlite3_column_int64(stmt, column + 3),
                   .drain = sqlite3_column_int64(stmt, column + 4),
                   .segments = sqlite3_column_int64(stmt, column + 5) != 0},
        .replication = (uint32_t)sqlite3_column_int64(stmt, column + 6)};
    if (sqlite3_column_bytes(stmt, column) == DIGEST_BYTES)
        memcpy(key.simulation.byte, sqlite3_column_blob(stmt, column), DIGEST_BYTES);
    return key;
}

bool store_read_row(sqlite3_stmt *stmt, const struct store_key *key,
                     struct arena *arena, struct packed *packed)
{
    struct store_sums sums = {
        .events = (uint64_t)sqlite3_column_int64(stmt, 0),
        .offered = (uint64_t)sqlite3_column_int64(stmt, 1),
        .ok = (uint64_t)sqlite3_column_int64(stmt, 2),
        .failed = (uint64_t)sqlite3_column_int64(stmt, 3),
        .unfinished = (uint64_t)sqlite3_column_int64(stmt, 4),
        .latency = sqlite3_column_double(stmt, 5),
    };
    const void *bytes = sqlite3_column_blob(stmt, 7);
    size_t length = (size_t)sqlite3_column_bytes(stmt, 7);
    packed->bytes = arena_many(arena, length + 1, unsigned char);
    packed->length = length;
    if (length)
        memcpy(packed->bytes, bytes, length);
    struct digest found = checksum_of(key, packed, &sums);
    return sqlite3_column_bytes(stmt, 6) == CHECKSUM_BYTES &&
           memcmp(sqlite3_column_blob(stmt, 6), found.byte, CHECKSUM_BYTES) == 0;
}

bool store_recall(struct store *s, const struct store_key *key, int64_t stage,
                  struct arena *arena, struct packed *packed)
{
    sqlite3_stmt *stmt = statement(s, RECALL);
    sqlite3_bind_int64(stmt, 1, stage);
    sqlite3_bind_int64(stmt, 2, key->replication);
    bool found = store_step(s, stmt);
    if (found && !store_read_row(stmt, key, arena, packed))
        die("%s: a stored replication is damaged; \"headroom check\" tells which",
            s->path);
    sqlite3_reset(stmt);
    return found;
}

/* UTC, for people; nothing reads it. */
static void write_now(char text[32])
{
    time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void note_execution(struct store *s, const struct store_key *key, int64_t stage,
                           const struct store_execution *execution)
{
    char finished[32];
    write_now(finished);
    sqlite3_stmt *stmt = statement(s, NOTE);
    sqlite3_bind_int64(stmt, 1, stage);
    sqlite3_bind_int64(stmt, 2, key->replication);
    put_text(stmt, 3, execution->host);
    sqlite3_bind_double(stmt, 4, execution->seconds);
    put_text(stmt, 5, HEADROOM_VERSION);
    put_text(stmt, 6, finished);
    store_run(s, stmt);
}

/* It was there already: then with the same bytes. */
static void compare_kept(struct store *s, const struct store_key *key, int64_t stage,
                         const struct packed *packed)
{
    struct arena arena;
    struct packed old;
    arena_init(&arena);
    check(store_recall(s, key, stage, &arena, &old), "replication %u vanished",
          key->replication);
    check(old.length == packed->length &&
              memcmp(old.bytes, packed->bytes, old.length) == 0,
          "replication %u was simulated twice with different results",
          key->replication);
    arena_free(&arena);
}

void store_keep(struct store *s, const struct store_key *key, int64_t stage,
                const struct packed *packed, const struct store_sums *sums,
                const struct store_execution *execution)
{
    struct digest checksum = checksum_of(key, packed, sums);
    sqlite3_stmt *stmt = statement(s, KEEP);
    store_begin(s);
    sqlite3_bind_int64(stmt, 1, stage);
    sqlite3_bind_int64(stmt, 2, key->replication);
    put_count(stmt, 3, sums->events);
    put_count(stmt, 4, sums->offered);
    put_count(stmt, 5, sums->ok);
    put_count(stmt, 6, sums->failed);
    put_count(stmt, 7, sums->unfinished);
    sqlite3_bind_double(stmt, 8, sums->latency);
    sqlite3_bind_blob(stmt, 9, checksum.byte, CHECKSUM_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob64(stmt, 10, packed->bytes, packed->length, SQLITE_STATIC);
    store_run(s, stmt);
    if (sqlite3_changes(s->db) == 0)
        compare_kept(s, key, stage, packed);
    else
        note_execution(s, key, stage, execution);
    store_flush(s);
}

/* ---- the experiment and its points ----------------------------------------------- */

void store_experiment(struct store *s, const char *name, const char *text,
                      int64_t points, const struct store_shard *shard)
{
    store_begin(s);
    store_execute(s, "delete from experiment; delete from shard;"
               "update point set number = null where number is not null");
    sqlite3_stmt *stmt =
        store_prepared(s, "insert into experiment values (?1, ?2, ?3)");
    put_text(stmt, 1, name);
    put_text(stmt, 2, text);
    sqlite3_bind_int64(stmt, 3, points);
    store_run(s, stmt);
    sqlite3_finalize(stmt);
    stmt = store_prepared(s, "insert into shard values (?1, ?2)");
    sqlite3_bind_int64(stmt, 1, shard->number);
    sqlite3_bind_int64(stmt, 2, shard->of);
    store_run(s, stmt);
    sqlite3_finalize(stmt);
}

static int64_t scenario_id(struct store *s, const char *text)
{
    sqlite3_stmt *find = statement(s, FIND_SCENARIO);
    put_text(find, 1, text);
    int64_t id = store_step(s, find) ? sqlite3_column_int64(find, 0) : 0;
    sqlite3_reset(find);
    if (id)
        return id;
    sqlite3_stmt *add = statement(s, ADD_SCENARIO);
    put_text(add, 1, text);
    store_run(s, add);
    return sqlite3_last_insert_rowid(s->db);
}

int64_t store_point(struct store *s, const struct store_point *point, bool *done)
{
    store_begin(s);
    sqlite3_stmt *find = statement(s, FIND_POINT);
    put_digest(find, 1, &point->digest);
    int64_t id = store_step(s, find) ? sqlite3_column_int64(find, 0) : 0;
    const char *state = id ? (const char *)sqlite3_column_text(find, 1) : NULL;
    *done = state && strcmp(state, store_states[STORE_DONE]) == 0;
    sqlite3_reset(find);
    sqlite3_stmt *stmt = statement(s, id ? RENUMBER : ADD_POINT);
    if (id)
        sqlite3_bind_int64(stmt, 1, id);
    else
        put_digest(stmt, 1, &point->digest);
    sqlite3_bind_int64(stmt, 2, point->number);
    put_text(stmt, 3, point->label);
    put_text(stmt, 4, point->variant);
    if (!id)
        sqlite3_bind_int64(stmt, 5, scenario_id(s, point->scenario));
    store_run(s, stmt);
    return id ? id : sqlite3_last_insert_rowid(s->db);
}

void store_value(struct store *s, int64_t point, const char *pointer, const char *value,
                 double number)
{
    store_begin(s);
    sqlite3_stmt *stmt = statement(s, ADD_VALUE);
    sqlite3_bind_int64(stmt, 1, point);
    put_text(stmt, 2, pointer);
    put_text(stmt, 3, value);
    put_real(stmt, 4, number);
    store_run(s, stmt);
}

void store_conclude(struct store *s, int64_t point, const struct store_conclusion *c)
{
    store_begin(s);
    sqlite3_stmt *drop = statement(s, DROP_ESTIMATES);
    sqlite3_bind_int64(drop, 1, point);
    store_run(s, drop);
    drop = statement(s, DROP_EVIDENCE);
    sqlite3_bind_int64(drop, 1, point);
    store_run(s, drop);
    sqlite3_stmt *stmt = statement(s, CONCLUDE);
    sqlite3_bind_int64(stmt, 1, point);
    put_digest(stmt, 2, &c->simulation);
    put_text(stmt, 3, store_states[c->state]);
    put_text(stmt, 4, c->verdict);
    put_text(stmt, 5, c->reason);
    put_text(stmt, 6, c->stage);
    sqlite3_bind_int64(stmt, 7, c->replications);
    put_count(stmt, 8, c->requests);
    put_count(stmt, 9, c->events);
    sqlite3_bind_int64(stmt, 10, c->precise);
    sqlite3_bind_int64(stmt, 11, c->promises);
    sqlite3_bind_int64(stmt, 12, c->missed);
    sqlite3_bind_int64(stmt, 13, c->undecided);
    store_run(s, stmt);
}

void store_estimate(struct store *s, int64_t point, const struct store_estimate *e)
{
    sqlite3_stmt *stmt = statement(s, ADD_ESTIMATE);
    sqlite3_bind_int64(stmt, 1, point);
    put_text(stmt, 2, e->scope);
    put_text(stmt, 3, e->name);
    put_text(stmt, 4, e->metric);
    put_text(stmt, 5, e->unit);
    put_real(stmt, 6, e->value);
    put_real(stmt, 7, e->half_width);
    sqlite3_bind_int64(stmt, 8, e->n);
    put_text(stmt, 9, e->lack);
    store_run(s, stmt);
}

void store_evidence(struct store *s, int64_t point, int64_t stage, uint32_t first,
                    int count)
{
    sqlite3_stmt *stmt = statement(s, ADD_EVIDENCE);
    sqlite3_bind_int64(stmt, 1, point);
    sqlite3_bind_int64(stmt, 2, stage);
    sqlite3_bind_int64(stmt, 3, first);
    sqlite3_bind_int64(stmt, 4, count);
    store_run(s, stmt);
}

void store_type(struct store *s, int64_t point, int number, const char *name,
                bool streaming)
{
    sqlite3_stmt *stmt = statement(s, ADD_TYPE);
    sqlite3_bind_int64(stmt, 1, point);
    sqlite3_bind_int64(stmt, 2, number);
    put_text(stmt, 3, name);
    sqlite3_bind_int64(stmt, 4, streaming);
    store_run(s, stmt);
}

void store_seal(struct store *s, int64_t point)
{
    struct digest seal = store_seal_of(s, point);
    sqlite3_stmt *stmt = statement(s, SEAL);
    sqlite3_bind_int64(stmt, 1, point);
    put_digest(stmt, 2, &seal);
    store_run(s, stmt);
}

/* ---- asking ---------------------------------------------------------------------- */

int64_t store_number(struct store *s, const char *query)
{
    sqlite3_stmt *stmt = store_prepared(s, query);
    int64_t number = store_step(s, stmt) ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    return number;
}

const char *store_text(struct store *s, const char *query, struct arena *arena)
{
    sqlite3_stmt *stmt = store_prepared(s, query);
    const char *text =
        store_step(s, stmt) ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    const char *copy = text ? arena_text(arena, text, strlen(text)) : NULL;
    sqlite3_finalize(stmt);
    return copy;
}

void store_rows(struct store *s, const char *query, int64_t argument,
                void (*row)(void *context, int columns, const char *const *text),
                void *context)
{
    enum { MOST_COLUMNS = 100 };
    const char *text[MOST_COLUMNS];
    sqlite3_stmt *stmt = store_prepared(s, query);
    int columns = sqlite3_column_count(stmt);
    check(columns <= MOST_COLUMNS, "%d columns", columns);
    if (sqlite3_bind_parameter_count(stmt) > 0)
        sqlite3_bind_int64(stmt, 1, argument);
    while (store_step(s, stmt)) {
        for (int i = 0; i < columns; i++)
            text[i] = (const char *)sqlite3_column_text(stmt, i);
        row(context, columns, text);
    }
    sqlite3_finalize(stmt);
}

void store_used(struct store *s, int64_t point,
                void (*take)(void *context, const struct packed *packed),
                void *context)
{
    sqlite3_stmt *stmt = statement(s, USED);
    struct arena arena;
    arena_init(&arena);
    sqlite3_bind_int64(stmt, 1, point);
    while (store_step(s, stmt)) {
        struct packed packed;
        struct store_key key = store_key_at(stmt, 8);
        if (!store_read_row(stmt, &key, &arena, &packed))
            die("%s: a stored replication is damaged; \"headroom check\" tells which",
                s->path);
        take(context, &packed);
        arena_reset(&arena);
    }
    sqlite3_reset(stmt);
    arena_free(&arena);
}
