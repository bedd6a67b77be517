/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom check, of results files: sound or not, and how complete. */
#include "experiments/commands/check_results.h"

#include "experiments/json.h"
#include "experiments/overview.h"
#include "experiments/summary.h"

#include <string.h>

struct counts {
    int64_t points, done, unfinished, failed, absent, old, replications;
};

static struct counts count(struct store *store)
{
    struct counts c = {
        .points = store_number(store, "select points from experiment"),
        .done = store_number(store, "select count(*) from points where state = 'done'"),
        .unfinished = store_number(
            store, "select count(*) from points where"
                   " coalesce(state, 'unfinished') = 'unfinished'"),
        .failed =
            store_number(store, "select count(*) from points where state = 'failed'"),
        .old = store_number(store, "select count(*) from point where number is null"),
        .replications = store_number(store, "select count(*) from replication"),
    };
    c.absent = c.points - c.done - c.unfinished - c.failed;
    return c;
}

static void print_row(void *out, int columns, const char *const *text)
{
    (void)columns;
    struct arena arena;
    arena_init(&arena);
    fprintf(out, "  %s: %s\n", where_safe(&arena, text[0]),
            where_safe(&arena, text[1] ? text[1] : ""));
    arena_free(&arena);
}

/* Shards that nobody has merged yet, as "2, 3-7 of 10"; at most a line of them. */
static void print_absent_shards(struct store *store, struct arena *arena, FILE *out)
{
    int64_t of = store_number(store, "select max(of) from shard");
    if (of < 2)
        return;
    const char *list = store_text(
        store,
        arena_format(
            arena,
            "with recursive all_of(k) as (select 1 union all select k + 1 from"
            " all_of where k < %lld) select group_concat(k, ', ') from (select"
            " k from all_of where k not in (select number from shard) limit 20)",
            (long long)of),
        arena);
    if (list)
        fprintf(out, "  shards that are not in it: %s of %lld\n", list, (long long)of);
}

void check_results_tell(struct store *store, struct arena *arena, FILE *out)
{
    struct counts c = count(store);
    const char *name = store_text(store, "select name from experiment", arena);
    char hash[DIGEST_TEXT];
    struct digest digest = store_hash(store);
    digest_text(&digest, hash);
    fprintf(out, "%s: %s: %lld of %lld points done",
            where_safe(arena, store_path(store)),
            name ? where_safe(arena, name) : "no experiment", (long long)c.done,
            (long long)c.points);
    if (c.unfinished)
        fprintf(out, ", %lld unfinished", (long long)c.unfinished);
    if (c.failed)
        fprintf(out, ", %lld failed", (long long)c.failed);
    if (c.absent > 0)
        fprintf(out, ", %lld not in this file", (long long)c.absent);
    if (c.old)
        fprintf(out, ", %lld of an earlier version of the experiment",
                (long long)c.old);
    fprintf(out, "; %lld replications\n", (long long)c.replications);
    print_absent_shards(store, arena, out);
    store_rows(store,
               "select label, reason from points where state = 'failed' limit 10", 0,
               print_row, out);
    fprintf(out, "  results hash: %s\n", hash);
    const char *maker =
        store_text(store, "select value from meta where key = 'made_by'", arena);
    fprintf(out, "  begun by %s, format %lld, results version %lld\n",
            maker ? where_safe(arena, maker) : "nobody known",
            (long long)store_number(store, "pragma user_version"),
            (long long)store_number(
                store, "select value from meta where key = 'results_version'"));
}

/* Where faults go. */
struct faults {
    const char *path;
    cJSON *list; /* NULL: stderr */
    struct arena *arena;
};

static void tell_fault(void *context, const char *fault)
{
    struct faults *f = context;
    if (f->list)
        json_append(f->list, cJSON_CreateString(where_safe(f->arena, fault)));
    else
        fprintf(stderr, "%s: %s\n", where_safe(f->arena, f->path),
                where_safe(f->arena, fault));
}

static void add_counts(cJSON *object, struct store *store)
{
    struct counts c = count(store);
    char hash[DIGEST_TEXT];
    struct digest digest = store_hash(store);
    digest_text(&digest, hash);
    json_number(object, "points", (double)c.points);
    json_number(object, "done", (double)c.done);
    json_number(object, "unfinished", (double)c.unfinished);
    json_number(object, "failed", (double)c.failed);
    json_number(object, "absent", (double)c.absent);
    json_number(object, "replications", (double)c.replications);
    json_text(object, "results_hash", hash);
}

bool check_results(const char *path, const struct options *options, cJSON *files)
{
    struct arena arena;
    struct store *store;
    const char *why;
    int faults = 1;
    arena_init(&arena);
    cJSON *object = options->json ? json_element(files) : NULL;
    struct faults to = {path, NULL, &arena};
    if (object) {
        json_text(object, "file", where_safe(&arena, path));
        to.list = json_array(object, "faults");
    }
    if (store_open(&store, path, STORE_READ, &arena, &why) != STORE_OPEN) {
        tell_fault(&to, why);
    } else {
        faults = store_faults(store, &arena, tell_fault, &to);
        if (faults == 0 && object)
            add_counts(object, store);
        else if (faults == 0 && !options->quiet) {
            check_results_tell(store, &arena, stdout);
            overview_print(store, summary_colour(stdout), stdout);
        }
        store_close(store);
    }
    if (object)
        json_flag(object, "valid", faults == 0);
    arena_free(&arena);
    return faults == 0;
}
