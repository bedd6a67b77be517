/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* statfs */
#include "experiments/store_db.h"

#include "experiments/plan.h"
#include "sim/check.h"
#include "sim/rng.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

static const char schema[] =
    "create table meta (key text primary key, value) without rowid;"
    "create table experiment (name text not null, text text not null,"
    " points integer not null);"
    "create table shard (number integer not null, of integer not null,"
    " primary key (number, of)) without rowid;"
    "create table scenario (id integer primary key, text text not null unique);"
    "create table point (id integer primary key, digest blob not null unique,"
    " number integer, label text not null, variant text not null,"
    " scenario integer not null, simulation blob, state text, verdict text,"
    " reason text, stage text, replications integer, requests integer, events integer,"
    " precise integer, promises integer, missed integer, undecided integer,"
    " seal blob);"
    "create table value (point integer not null, pointer text not null,"
    " value text not null, number real, primary key (point, pointer)) without rowid;"
    "create table stage (id integer primary key, simulation blob not null,"
    " stage integer not null, warm_up integer not null, length integer not null,"
    " drain integer not null, segments integer not null,"
    " unique (simulation, stage, warm_up, length, drain, segments));"
    "create table replication (stage integer not null, replication integer not null,"
    " events integer not null, offered integer not null, ok integer not null,"
    " failed integer not null, unfinished integer not null, latency real not null,"
    " checksum blob not null, outcome blob not null,"
    " primary key (stage, replication));"
    "create table execution (stage integer not null, replication integer not null,"
    " host text not null, seconds real not null, version text not null,"
    " finished text not null, primary key (stage, replication)) without rowid;"
    "create table estimate (point integer not null, scope text not null,"
    " name text not null, metric text not null, unit text not null, value real,"
    " half_width real, n integer not null, lack text,"
    " primary key (point, scope, name, metric)) without rowid;"
    "create table evidence (point integer not null, stage integer not null,"
    " first integer not null, count integer not null,"
    " primary key (point, stage)) without rowid;"
    "create table type (point integer not null, number integer not null,"
    " name text not null, streaming integer not null,"
    " primary key (point, number)) without rowid;"
    "create view points as select number, label, variant, state, verdict, reason,"
    " stage, replications, requests, events, precise, promises, missed, undecided"
    " from point where number is not null order by number;"
    "create view metrics as select p.number, p.label, p.variant, p.state, p.verdict,"
    " e.scope, e.name, e.metric, e.unit, e.value, e.half_width,"
    " e.value - e.half_width as low, e.value + e.half_width as high, e.n, e.lack"
    " from point p join estimate e on e.point = p.id where p.number is not null"
    " order by p.number, e.scope, e.name, e.metric;"
    "create view replications as select p.number, p.label,"
    " case s.stage when 0 then 'pilot' when 1 then 'production' when 2 then 'enlarged'"
    " when 3 then 'started empty' else 'started overloaded' end"
    " as stage, s.warm_up * 1e-9 as warm_up, s.length * 1e-9 as length, r.replication,"
    " r.events, r.offered, r.ok, r.failed, r.unfinished,"
    " r.latency / nullif(r.ok, 0) as mean_latency, e.point is not null as used,"
    " x.seconds, x.host"
    " from point p join stage s on s.simulation = p.simulation"
    " join replication r on r.stage = s.id"
    " left join evidence e on e.point = p.id and e.stage = s.id and"
    " r.replication - e.first between 0 and e.count - 1"
    " left join execution x on x.stage = r.stage and x.replication = r.replication"
    " where p.number is not null order by p.number, s.stage, s.length, r.replication;";


const char *store_path(const struct store *store)
{
    return store->path;
}

/* ---- talking to SQLite ----------------------------------------------------------- */

_Noreturn void store_broken(const struct store *s)
{
    int code = sqlite3_errcode(s->db) & 0xff;
    const char *advice =
        code == SQLITE_FULL || code == SQLITE_IOERR
            ? "; every finished replication is kept, the same command goes on when the "
              "disk has room and works"
        : code == SQLITE_CORRUPT || code == SQLITE_NOTADB
            ? "; \"headroom check\" tells what of it is damaged"
            : "";
    int number = sqlite3_system_errno(s->db);
    die("%s: %s%s%s%s", s->path, sqlite3_errmsg(s->db),
        number && code == SQLITE_IOERR ? ": " : "",
        number && code == SQLITE_IOERR ? strerror(number) : "", advice);
}

void store_execute(struct store *s, const char *sql)
{
    if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        store_broken(s);
}

sqlite3_stmt *store_prepared(struct store *s, const char *sql)
{
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL) != SQLITE_OK)
        store_broken(s);
    return stmt;
}

bool store_step(struct store *s, sqlite3_stmt *stmt)
{
    int code = sqlite3_step(stmt);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        store_broken(s);
    return code == SQLITE_ROW;
}

void store_run(struct store *s, sqlite3_stmt *stmt)
{
    store_step(s, stmt);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

void store_begin(struct store *s)
{
    if (!s->waiting)
        store_execute(s, "begin immediate");
    s->waiting = true;
}

void store_flush(struct store *s)
{
    if (s->waiting)
        store_execute(s, "commit");
    s->waiting = false;
}

/* ---- opening --------------------------------------------------------------------- */

bool store_is_one(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    char bytes[sizeof magic];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is = fd >= 0 && read(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes &&
              memcmp(bytes, magic, sizeof magic) == 0;
    if (fd >= 0)
        close(fd);
    return is;
}

/* WAL needs memory shared between processes, which these do not have. */
static bool is_on_network(int fd)
{
    static const long types[] = {0x6969 /* NFS */, 0x517B /* SMB */,
                                 0xFF534D42 /* CIFS */, 0xFE534D42 /* SMB2 */,
                                 0x0BD00BD0 /* Lustre */, 0x47504653 /* GPFS */,
                                 0x19830326 /* BeeGFS */, 0x00C36400 /* Ceph */};
    struct statfs fs;
    if (fstatfs(fd, &fs) != 0)
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((long)(fs.f_type & 0xffffffff) == types[i])
            return true;
    return false;
}

/* Who holds the lock, as its file says; whoever has only just got it needs a moment to
 * write that down. */
static const char *holder(int fd, struct arena *arena)
{
    enum { LOOKS = 50 };
    static const struct timespec moment = {.tv_nsec = 10000000};
    char text[200];
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    for (int i = 0; i < LOOKS && length == 0; i++) {
        nanosleep(&moment, NULL);
        length = pread(fd, text, sizeof text - 1, 0);
    }
    if (length <= 0)
        return "another process";
    text[length] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return arena_format(arena, "%s", text);
}

static bool same_file(int fd, const char *path)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino &&
           a.st_dev == b.st_dev;
}

/* The lock is the system's and goes with the process; the file only says whose it is,
 * and nobody minds one that was left behind. */
static bool take_lock(struct store *s, struct arena *arena, const char **why)
{
    s->lock_path = arena_format(arena, "%s-lock", s->path);
    do {
        if (s->lock >= 0)
            close(s->lock); /* its owner has just removed it */
        s->lock = open(s->lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (s->lock < 0) {
            *why = strerror(errno);
            return false;
        }
        if (flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
            *why = arena_format(arena, "in use by %s", holder(s->lock, arena));
            close(s->lock);
            s->lock = -1;
            return false;
        }
    } while (!same_file(s->lock, s->lock_path));
    char host[100] = "", text[200];
    gethostname(host, sizeof host - 1);
    int length =
        snprintf(text, sizeof text, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(s->lock, 0) != 0 || pwrite(s->lock, text, (size_t)length, 0) < 0) {
        /* a full disk: the lock holds all the same, only nobody is told whose it is */
    }
    return true;
}

static void give_lock(struct store *s)
{
    if (s->lock < 0)
        return;
    unlink(s->lock_path);
    close(s->lock);
    s->lock = -1;
}

/* The first number of a query, or `otherwise` when it fails. */
static int64_t try_number(struct store *s, const char *sql, int64_t otherwise)
{
    sqlite3_stmt *stmt;
    int64_t number = otherwise;
    if (sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        number = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return number;
}

static bool try_execute(struct store *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Is it ours, and of a version that is understood? */
static enum store_end check_kind(struct store *s, struct arena *arena, const char **why)
{
    int64_t tables = try_number(s, "select count(*) from sqlite_schema", -1);
    int64_t application = try_number(s, "pragma application_id", -1);
    int64_t format = try_number(s, "pragma user_version", -1);
    if (tables < 0) {
        *why = arena_format(arena, "damaged: %s; it is left as it is",
                            sqlite3_errmsg(s->db));
        return STORE_MACHINE;
    }
    if (tables == 0 && application == 0)
        return STORE_OPEN; /* new, or left before anything was in it */
    if (application != STORE_APPLICATION) {
        *why = "a database of something else; it is left as it is";
        return STORE_INPUT;
    }
    if (format > STORE_FORMAT) {
        *why = arena_format(arena,
                            "written by a newer headroom (format %lld, this one knows "
                            "%d); it is left as it is",
                            (long long)format, STORE_FORMAT);
        return STORE_INPUT;
    }
    return STORE_OPEN;
}

static bool is_sound(struct store *s, struct arena *arena, const char **why)
{
    sqlite3_stmt *stmt;
    bool sound = sqlite3_prepare_v2(s->db, "pragma quick_check(1)", -1, &stmt, NULL) ==
                     SQLITE_OK &&
                 sqlite3_step(stmt) == SQLITE_ROW;
    const char *text = sound ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    sound = text && strcmp(text, "ok") == 0;
    if (!sound)
        *why = arena_format(arena, "damaged: %s; it is left as it is",
                            text ? text : sqlite3_errmsg(s->db));
    sqlite3_finalize(stmt);
    return sound;
}

/* Its tables come all at once. */
static bool is_begun(struct store *s)
{
    return try_number(s, "select count(*) from sqlite_schema", -1) > 0;
}

static bool set_up(struct store *s, bool network)
{
    char text[sizeof schema + 400];
    if (!try_execute(s, network ? "pragma journal_mode=delete"
                                : "pragma journal_mode=wal") ||
        !try_execute(s, "pragma synchronous=full"))
        return false;
    if (is_begun(s))
        return true;
    snprintf(text, sizeof text,
             "begin immediate; pragma application_id=%d; pragma user_version=%d; %s"
             "insert into meta values ('results_version', %d), ('stream_version', %d),"
             " ('made_by', 'headroom " HEADROOM_VERSION "'); commit",
             STORE_APPLICATION, STORE_FORMAT, schema, RESULTS_VERSION,
             RNG_STREAM_VERSION);
    return try_execute(s, text);
}

static const char *database_error(const struct store *s, struct arena *arena)
{
    int number = s->db ? sqlite3_system_errno(s->db) : 0;
    const char *text = s->db ? sqlite3_errmsg(s->db) : "out of memory";
    return number ? arena_format(arena, "%s: %s", text, strerror(number))
                  : arena_format(arena, "%s", text);
}

/* What open(2) says is clearer than what SQLite makes of it. */
static bool try_path(const char *path, enum store_mode mode, const char **why)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        *why = strerror(errno);
        return mode == STORE_WRITE && errno == ENOENT;
    }
    if (!S_ISREG(info.st_mode)) {
        *why = S_ISDIR(info.st_mode) ? "is a directory" : "is not a regular file";
        return false;
    }
    int fd =
        open(path, mode == STORE_WRITE ? O_RDWR | O_CLOEXEC : O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        *why = strerror(errno);
    else
        close(fd);
    return fd >= 0;
}

static bool is_empty(const char *path)
{
    struct stat info;
    return stat(path, &info) != 0 || info.st_size == 0;
}

static bool connect(struct store *s, enum store_mode mode, struct arena *arena)
{
    int flags = mode == STORE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                    : SQLITE_OPEN_READONLY;
    if (sqlite3_open_v2(s->path, &s->db, flags, NULL) != SQLITE_OK)
        return false;
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, 10000);
    if (mode == STORE_WRITE ||
        try_number(s, "select count(*) from sqlite_schema", -1) >= 0)
        return true;
    if ((sqlite3_errcode(s->db) & 0xff) != SQLITE_CANTOPEN &&
        (sqlite3_errcode(s->db) & 0xff) != SQLITE_READONLY)
        return true; /* what it is follows */
    /* A folder that cannot be written in: nobody can be writing to the file either. */
    sqlite3_close(s->db);
    const char *uri = arena_format(arena, "file:%s?immutable=1", s->path);
    return sqlite3_open_v2(uri, &s->db, flags | SQLITE_OPEN_URI, NULL) == SQLITE_OK;
}

static enum store_end open_all(struct store *s, enum store_mode mode,
                               struct arena *arena, const char **why)
{
    if (!try_path(s->path, mode, why))
        return STORE_MACHINE;
    bool fresh = is_empty(s->path);
    if (!fresh && !store_is_one(s->path)) {
        *why = "not a results file; it is left as it is";
        return STORE_INPUT;
    }
    if (mode == STORE_WRITE && !take_lock(s, arena, why))
        return STORE_MACHINE;
    if (!connect(s, mode, arena)) {
        *why = database_error(s, arena);
        return STORE_MACHINE;
    }
    enum store_end end = check_kind(s, arena, why);
    if (end != STORE_OPEN)
        return end;
    if (mode == STORE_READ) {
        *why = "nothing is in it yet";
        return is_begun(s) ? STORE_OPEN : STORE_INPUT;
    }
    if (!fresh && !is_sound(s, arena, why))
        return STORE_MACHINE;
    if (!set_up(s, is_on_network(s->lock))) {
        *why = database_error(s, arena);
        return STORE_MACHINE;
    }
    return STORE_OPEN;
}

enum store_end store_open(struct store **store, const char *path, enum store_mode mode,
                          struct arena *arena, const char **why)
{
    struct store *s = arena_new(arena, struct store);
    s->path = arena_text(arena, path, strlen(path));
    s->lock = -1;
    enum store_end end = open_all(s, mode, arena, why);
    if (end != STORE_OPEN) {
        sqlite3_close(s->db);
        give_lock(s);
        s = NULL;
    }
    *store = s;
    return end;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    store_flush(s);
    for (int i = 0; i < STORE_STATEMENTS; i++)
        sqlite3_finalize(s->statement[i]);
    /* One file is easier to copy than three; with readers about it stays three. */
    if (s->lock >= 0)
        try_execute(s, "pragma journal_mode=delete");
    sqlite3_close(s->db);
    give_lock(s);
}
