/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/store_db.h"

#include "sim/check.h"

#include <string.h>

/* ---- seals ----------------------------------------------------------------------- */

static void add_rows(struct store *s, struct sha256 *hash, const char *query,
                     int64_t argument);

struct digest store_seal_of(struct store *s, int64_t point)
{
    static const char *const queries[] = {
        "select digest, simulation, state, verdict, reason, stage, replications,"
        " requests, events, precise, promises, missed, undecided from point where"
        " id = ?1",
        "select pointer, value, number from value where point = ?1 order by 1",
        "select scope, name, metric, unit, value, half_width, n, lack from estimate"
        " where point = ?1 order by 1, 2, 3",
        "select number, name, streaming from type where point = ?1 order by 1",
        "select first, count from evidence where point = ?1 order by 1, 2",
    };
    struct sha256 hash;
    sha256_begin(&hash);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        add_rows(s, &hash, queries[i], point);
    return sha256_end(&hash);
}

/* ---- the hash -------------------------------------------------------------------- */

/* Of reals their bits: SQLite's text of them depends on the machine's long double. */
static void add_column(struct sha256 *hash, sqlite3_stmt *stmt, int column)
{
    if (sqlite3_column_type(stmt, column) == SQLITE_FLOAT) {
        double value = sqlite3_column_double(stmt, column);
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        sha256_add_number(hash, bits);
        return;
    }
    const char *bytes = sqlite3_column_blob(stmt, column);
    sha256_add_text(hash, bytes ? bytes : "",
                    (size_t)sqlite3_column_bytes(stmt, column));
}

static void add_rows(struct store *s, struct sha256 *hash, const char *query,
                     int64_t argument)
{
    sqlite3_stmt *stmt = store_prepared(s, query);
    if (sqlite3_bind_parameter_count(stmt) > 0)
        sqlite3_bind_int64(stmt, 1, argument);
    while (store_step(s, stmt))
        for (int i = 0; i < sqlite3_column_count(stmt); i++)
            add_column(hash, stmt, i);
    sqlite3_finalize(stmt);
}

struct digest store_hash(struct store *s)
{
    struct sha256 hash;
    sha256_begin(&hash);
    add_rows(s, &hash,
             "select s.simulation, s.stage, s.warm_up, s.length, s.drain, s.segments,"
             " r.replication, r.checksum from stage s join replication r"
             " on r.stage = s.id order by 1, 2, 3, 4, 5, 6, 7",
             0);
    add_rows(s, &hash,
             "select digest, simulation, state, verdict, reason, stage, replications,"
             " requests, events, precise, promises, missed, undecided from point"
             " where state in ('done', 'failed') order by digest",
             0);
    return sha256_end(&hash);
}

/* ---- faults ---------------------------------------------------------------------- */

struct fault_search {
    struct arena *arena;
    void (*tell)(void *context, const char *fault);
    void *context;
    int count;
};

static void found(struct fault_search *search, const char *fault)
{
    search->count++;
    search->tell(search->context, fault);
}

/* What SQLite itself finds; then nothing else is worth asking. */
static bool structure_is_sound(struct store *s, struct fault_search *search)
{
    sqlite3_stmt *stmt;
    int before = search->count;
    if (sqlite3_prepare_v2(s->db, "pragma integrity_check", -1, &stmt, NULL) !=
        SQLITE_OK) {
        found(search, arena_format(search->arena, "%s", sqlite3_errmsg(s->db)));
        return false;
    }
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        if (strcmp(text, "ok") != 0)
            found(search, arena_format(search->arena, "%s", text));
    }
    if (code != SQLITE_DONE)
        found(search, arena_format(search->arena, "%s", sqlite3_errmsg(s->db)));
    sqlite3_finalize(stmt);
    return search->count == before;
}

static void check_rows(struct store *s, struct fault_search *search)
{
    sqlite3_stmt *stmt = store_prepared(
        s,
        "select r.events, r.offered, r.ok, r.failed, r.unfinished, r.latency,"
        " r.checksum, r.outcome, s.simulation, s.stage, s.warm_up, s.length, s.drain,"
        " s.segments, r.replication, (select label from point p where"
        " p.simulation = s.simulation), s.id, r.stage from replication r left join"
        " stage s on r.stage = s.id");
    while (store_step(s, stmt)) {
        struct store_key key = store_key_at(stmt, 8);
        struct arena row;
        struct packed packed;
        arena_init(&row);
        const char *label = (const char *)sqlite3_column_text(stmt, 15);
        if (sqlite3_column_type(stmt, 16) == SQLITE_NULL)
            found(search, arena_format(search->arena,
                                       "replication %u belongs to no stage",
                                       key.replication));
        else if (!store_read_row(stmt, &key, &row, &packed))
            found(search,
                  arena_format(search->arena,
                               "replication %u of %s, %s: not the bytes that were "
                               "written",
                               key.replication, label ? label : "an unfinished point",
                               key.stage <= STAGE_OVERLOADED ? stage_names[key.stage]
                                                           : "no stage"));
        arena_free(&row);
    }
    sqlite3_finalize(stmt);
}

static void check_seals(struct store *s, struct fault_search *search)
{
    sqlite3_stmt *stmt =
        store_prepared(s, "select id, label, seal from point where state is not null");
    while (store_step(s, stmt)) {
        struct digest seal = store_seal_of(s, sqlite3_column_int64(stmt, 0));
        if (sqlite3_column_bytes(stmt, 2) == DIGEST_BYTES &&
            memcmp(sqlite3_column_blob(stmt, 2), seal.byte, DIGEST_BYTES) == 0)
            continue;
        found(search, arena_format(search->arena,
                                   "%s: its conclusions are not those that were "
                                   "written",
                                   (const char *)sqlite3_column_text(stmt, 1)));
    }
    sqlite3_finalize(stmt);
}

int store_broken_seals(struct store *s, struct arena *arena,
                       void (*tell)(void *context, const char *fault), void *context)
{
    struct fault_search search = {arena, tell, context, 0};
    check_seals(s, &search);
    return search.count;
}

int store_faults(struct store *s, struct arena *arena,
                 void (*tell)(void *context, const char *fault), void *context)
{
    struct fault_search search = {arena, tell, context, 0};
    if (structure_is_sound(s, &search)) {
        check_rows(s, &search);
        check_seals(s, &search);
    }
    return search.count;
}

/* ---- merging --------------------------------------------------------------------- */

/* Stage o of the other file and stage s of this one are the same. */
#define SAME_STAGE                                                                     \
    " join main.stage s on s.simulation = o.simulation and s.stage = o.stage and"      \
    " s.warm_up = o.warm_up and s.length = o.length and s.drain = o.drain and"         \
    " s.segments = o.segments"
#define SAME_POINT(table)                                                              \
    " from other." table " x join other.point o on x.point = o.id join main.point p"   \
    " using (digest)"
/* Names may differ between shards; what was concluded may not. */
#define CONCLUDED                                                                      \
    "simulation, state, verdict, reason, stage, replications, requests, events,"       \
    " precise, promises, missed, undecided, seal"
/* Points that the other file knows more of. */
#define OUTDATED                                                                       \
    "select m.id from main.point m join other.point o using (digest) where"            \
    " coalesce(m.state, '') <> 'done' and o.state is not null"

static const char additions[] =
    "insert or ignore into scenario (text) select text from other.scenario;"
    "insert or ignore into stage (simulation, stage, warm_up, length, drain, segments)"
    " select simulation, stage, warm_up, length, drain, segments from other.stage;"
    "insert or ignore into replication select s.id, r.replication, r.events, r.offered,"
    " r.ok, r.failed, r.unfinished, r.latency, r.checksum, r.outcome"
    " from other.replication r join other.stage o on o.id = r.stage" SAME_STAGE ";"
    "insert or ignore into execution select s.id, x.replication, x.host, x.seconds,"
    " x.version, x.finished from other.execution x join other.stage o on o.id ="
    " x.stage" SAME_STAGE ";"
    "insert into point (digest, number, label, variant, scenario, " CONCLUDED ")"
    " select digest, number, label, variant, (select m.id from main.scenario m where"
    " m.text = t.text), " CONCLUDED " from other.point p join other.scenario t"
    " on p.scenario = t.id where true on conflict (digest) do nothing;"
    "delete from estimate where point in (" OUTDATED ");"
    "delete from evidence where point in (" OUTDATED ");"
    "update point set (" CONCLUDED ") = (select " CONCLUDED " from other.point o where"
    " o.digest = point.digest) where coalesce(state, '') <>"
    " 'done' and digest in (select digest from other.point where state is not null);"
    "insert or ignore into value select p.id, x.pointer, x.value, x.number"
    SAME_POINT("value") ";"
    "insert or ignore into estimate select p.id, x.scope, x.name, x.metric, x.unit,"
    " x.value, x.half_width, x.n, x.lack" SAME_POINT("estimate") ";"
    "insert or ignore into type select p.id, x.number, x.name, x.streaming" SAME_POINT(
        "type") ";"
    "insert or ignore into evidence select m.id, s.id, x.first, x.count from"
    " other.evidence x join other.point p on p.id = x.point join main.point m on"
    " m.digest = p.digest join other.stage o on o.id = x.stage" SAME_STAGE ";"
    "insert or ignore into shard select * from other.shard;"
    "insert into experiment select * from other.experiment where not exists"
    " (select * from main.experiment);";

/* Why the two do not go together; NULL: they do. */
static const char *disagreement(struct store *into, const struct store *from,
                                struct arena *arena)
{
    if (store_number(into, "select count(*) from main.experiment m join"
                           " other.experiment o where m.text <> o.text"))
        return "it is of another experiment";
    const char *differing = store_text(
        into,
        "select 'replication ' || r.replication || ' of ' || coalesce((select label "
        "from"
        " other.point p where p.simulation = o.simulation), 'a point') from"
        " other.replication r join other.stage o on o.id = r.stage" SAME_STAGE
        " join main.replication m on m.stage = s.id and m.replication = r.replication"
        " where m.checksum <> r.checksum",
        arena);
    check(!differing, "%s in %s differs from the one in %s", differing, from->path,
          into->path);
    return NULL;
}

const char *store_merge(struct store *into, const struct store *from,
                        struct arena *arena)
{
    store_flush(into);
    sqlite3_stmt *attach = store_prepared(into, "attach ?1 as other");
    sqlite3_bind_text(attach, 1, from->path, -1, SQLITE_STATIC);
    store_run(into, attach);
    sqlite3_finalize(attach);
    const char *why = disagreement(into, from, arena);
    if (!why) {
        store_execute(into, "begin immediate");
        store_execute(into, additions);
        store_execute(into, "commit");
    }
    store_execute(into, "detach other");
    return why;
}
