/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * batch -- what a batch costs beside simulating: thousands of replications of a hundred
 * requests each, on one thread.
 *
 *     bench_batch [JOBS]     20000 when absent
 *
 * Storing is told as a ratio to bare commits of the same bytes to the same disk, in the
 * same run and in turn with it; two threads as a ratio to two loops that only count.
 * Memory and bytes are what they are. Status 1 if one of the bounds below is broken.
 */
#define _DEFAULT_SOURCE /* wait4, mkdtemp */
#include "experiments/batch.h"
#include "sim/check.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS = 20000, EACH = 20, COMMITS = 500 };

/* Bounds: bytes a replication beside its outcome; growth of memory from a tenth of the
 * jobs to all; ms a job beside simulating and beside a bare commit; efficiency of two
 * threads relative to the loops. */
static const double most_bytes = 2048, most_growth = 1.1, most_ms = 2, least_two = 0.95;

static int broken;

static void tell(const char *what, double value, const char *unit, bool good)
{
    printf("  %-58s %10.3g %-8s%s\n", what, value, unit, good ? "" : "  TOO MUCH");
    broken += !good;
}

/* ---- an experiment --------------------------------------------------------------- */

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        die("%s: cannot be written", name);
}

/* So many replications of `seconds` at 50/s each. */
static void write_experiment(int jobs, double seconds)
{
    char text[1000];
    snprintf(
        text, sizeof text,
        "{ \"workloads\": { \"v\": { \"target\": \"s\", \"open\": { \"rate\": "
        "\"50/s\" } } }, \"services\": { \"s\": { \"kind\": \"server\", \"slots\": "
        "2, \"time\": { \"exponential\": \"10ms\" } } }, \"run\": { \"duration\": "
        "\"%gs\", \"replications\": %d } }",
        seconds, EACH);
    write_file("small.json", text);
    snprintf(
        text, sizeof text,
        "{ \"scenario\": \"small.json\", \"vary\": { \"/run/seed\": { \"from\": 1, "
        "\"to\": %d, \"steps\": %d, \"whole\": true } } }",
        jobs / EACH, jobs / EACH);
    write_file("many.json", text);
}

static void run_batch(const char *path, int threads)
{
    struct arena arena;
    struct batch_settings set = {.workers = threads, .shard = {1, 1}};
    const char *why = "";
    arena_init(&arena);
    struct where *where = where_new(&arena);
    struct experiment *experiment = experiment_read(where, "many.json");
    if (experiment)
        set.plan = plan_read(where, experiment, &(struct plan_changes){0});
    where_print(where, stderr);
    if (!set.plan || store_open(&set.store, path, STORE_WRITE, &arena, &why))
        die("no experiment: %s", why);
    struct batch *batch = batch_new(&arena, &set);
    batch_run(batch);
    if (!batch_close(batch).complete)
        die("the batch is not complete");
    experiment_close(experiment);
    arena_free(&arena);
}

struct cost {
    double wall, memory; /* s, KiB at most */
};

/* In a process of its own, so that its memory is its own. */
static struct cost cost_of(const char *path, int threads)
{
    struct rusage usage;
    int status;
    double begin = progress_now();
    pid_t child = fork();
    if (child == 0) {
        run_batch(path, threads);
        _exit(0);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0)
        die("a batch of the benchmark fails");
    return (struct cost){progress_now() - begin, (double)usage.ru_maxrss};
}

/* ---- what is in the file --------------------------------------------------------- */

static double query(const char *path, const char *sql)
{
    struct arena arena;
    struct store *store;
    const char *why;
    arena_init(&arena);
    if (store_open(&store, path, STORE_READ, &arena, &why) != STORE_OPEN)
        die("%s: %s", path, why);
    const char *text = store_text(store, sql, &arena);
    double number = text ? strtod(text, NULL) : 0;
    store_close(store);
    arena_free(&arena);
    return number;
}

static double size_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (double)info.st_size : 0;
}

/* s of a commit of so many bytes, as the results file makes them. */
static double bare_commit(int bytes)
{
    sqlite3 *db;
    sqlite3_stmt *insert;
    char *blob = calloc((size_t)bytes, 1);
    if (!blob || sqlite3_open("bare.db", &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "pragma journal_mode=wal; pragma synchronous=full;"
                     "create table t (id integer primary key, b blob)",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "insert into t (b) values (?1)", -1, &insert, NULL) !=
            SQLITE_OK)
        die("no bare database");
    sqlite3_bind_blob(insert, 1, blob, bytes, SQLITE_STATIC);
    double begin = progress_now();
    for (int i = 0; i < COMMITS; i++) {
        if (sqlite3_step(insert) != SQLITE_DONE)
            die("a bare commit fails");
        sqlite3_reset(insert);
    }
    double lasted = progress_now() - begin;
    sqlite3_finalize(insert);
    sqlite3_close(db);
    unlink("bare.db");
    free(blob);
    return lasted / COMMITS;
}

/* ---- two threads ----------------------------------------------------------------- */

/* s that a number of loops take at once that only count. */
static double loops(int count)
{
    double begin = progress_now();
    for (int i = 0; i < count; i++)
        if (fork() == 0) {
            volatile uint64_t sum = 0;
            for (uint64_t k = 0; k < UINT64_C(400000000); k++)
                sum += k;
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    return progress_now() - begin;
}

static void bench_threads(void)
{
    write_experiment(200, 4000);
    double one = cost_of("one.hdb", 1).wall, two = cost_of("two.hdb", 2).wall;
    double single = loops(1), both = loops(2);
    double batch = one / (2 * two), bare = single / both;
    printf("two threads, 200 replications of 200,000 requests\n");
    tell("efficiency of the batch", batch, "", true);
    tell("efficiency of two loops that only count", bare, "", true);
    tell("the one by the other", batch / bare, "", batch / bare >= least_two);
}

static void bench_small(int jobs)
{
    write_experiment(jobs / 10, 2);
    struct cost tenth = cost_of("tenth.hdb", 1);
    write_experiment(jobs, 2);
    double before = bare_commit(3000);
    struct cost all = cost_of("all.hdb", 1);
    double commit = (before + bare_commit(3000)) / 2;
    double simulated = query("all.hdb", "select sum(seconds) from execution");
    double outcomes = query("all.hdb", "select sum(length(outcome)) from replication");
    double beside = (all.wall - simulated) / jobs;
    printf("%d replications of 100 requests, one thread\n", jobs);
    tell("simulating a replication", 1000 * simulated / jobs, "ms", true);
    tell("a bare commit of 3,000 bytes", 1000 * commit, "ms", true);
    tell("all beside simulating", 1000 * beside, "ms", true);
    tell("... less a bare commit", 1000 * (beside - commit), "ms",
         1000 * (beside - commit) < most_ms);
    tell("memory", all.memory / 1024, "MiB", true);
    tell("... by that of a tenth of the replications", all.memory / tenth.memory, "",
         all.memory / tenth.memory < most_growth);
    tell("an outcome with its histograms", outcomes / jobs, "bytes", true);
    tell("the file beside them, a replication", (size_of("all.hdb") - outcomes) / jobs,
         "bytes", (size_of("all.hdb") - outcomes) / jobs < most_bytes);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/headroom-bench-XXXXXX";
    int jobs = argc > 1 ? atoi(argv[1]) : JOBS;
    if (jobs < 10 * EACH || !mkdtemp(folder) || chdir(folder) != 0)
        die("usage: bench_batch [JOBS], 200 or more");
    bench_small(jobs);
    bench_threads();
    const char *const left[] = {"small.json", "many.json", "tenth.hdb",
                                "all.hdb",    "one.hdb",   "two.hdb"};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        unlink(left[i]);
    if (chdir("/") == 0)
        rmdir(folder);
    return broken > 0;
}
