/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom batch: simulate an experiment into a results file, from where it stopped. */
#define _POSIX_C_SOURCE 200809L
#include "experiments/commands/batch.h"

#include "experiments/file_sort.h"
#include "experiments/json.h"
#include "experiments/lint_plan.h"
#include "experiments/overview.h"
#include "experiments/quantity.h"
#include "experiments/summary.h"
#include "sim/check.h"

#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What the options say. */
struct wishes {
    const char *out, *until, *budget, *shard;
    bool check_slo, verbose;
};

/* ---- options --------------------------------------------------------------------- */

/* "07:30": the next time that the clock on the wall shows it. */
static bool read_until(const char *text, int64_t *until)
{
    int hour, minute, used = 0;
    if (sscanf(text, "%2d:%2d%n", &hour, &minute, &used) != 2 ||
        text[used] != '\0' || hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return false;
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    bool today = hour * 60 + minute > tm.tm_hour * 60 + tm.tm_min;
    tm.tm_mday += !today;
    tm.tm_hour = hour;
    tm.tm_min = minute;
    tm.tm_sec = 0;
    tm.tm_isdst = -1;
    *until = (int64_t)mktime(&tm);
    return true;
}

/* "17/200" */
static bool read_shard(const char *text, struct store_shard *shard)
{
    long long number, of;
    int used = 0;
    if (strspn(text, "0123456789/") != strlen(text) || strlen(text) > 20 ||
        sscanf(text, "%lld/%lld%n", &number, &of, &used) != 2 || text[used])
        return false;
    *shard = (struct store_shard){number, of};
    return number >= 1 && number <= of && of <= 1000000;
}

static int read_wishes(const struct command *command, const struct wishes *wishes,
                       struct batch_settings *set)
{
    double budget = 0;
    set->shard = (struct store_shard){1, 1};
    if (wishes->until && !read_until(wishes->until, &set->until))
        return command_wrong(command, "--until must be a time such as 07:30, is \"%s\"",
                             wishes->until);
    if (wishes->budget && !(quantity_read(PARAM_DURATION, wishes->budget, &budget) &&
                            budget > 0))
        return command_wrong(command, "--budget must be %s, is \"%s\"",
                             quantity_noun(PARAM_DURATION), wishes->budget);
    set->budget = budget / 1e9;
    if (wishes->shard && !read_shard(wishes->shard, &set->shard))
        return command_wrong(command, "--shard must be K/N such as 17/200, is \"%s\"",
                             wishes->shard);
    set->verbose = wishes->verbose;
    return COMMAND_GOES_ON;
}

static const char *default_path(const struct experiment *experiment,
                                const struct store_shard *shard, struct arena *arena)
{
    if (shard->of == 1)
        return arena_format(arena, "%s.hdb", experiment->name);
    return arena_format(arena, "%s.%lld-of-%lld.hdb", experiment->name,
                        (long long)shard->number, (long long)shard->of);
}

/* ---- afterwards ------------------------------------------------------------------ */

static void print_json(const struct batch_end *end, const char *path,
                       const struct lint_plan *found)
{
    cJSON *root = json_made(cJSON_CreateObject());
    json_number(root, "version", 1);
    json_text(root, "results", path);
    json_flag(root, "complete", end->complete);
    json_number(root, "points", (double)end->points);
    json_number(root, "done", (double)end->done);
    json_number(root, "failed", (double)end->failed);
    json_number(root, "unstable", (double)end->unstable);
    json_number(root, "slo_missed", (double)end->missed);
    json_number(root, "slo_undecided", (double)end->undecided);
    lint_plan_json(root, found);
    char *text = cJSON_Print(root);
    if (!text)
        die("out of memory");
    puts(text);
    cJSON_free(text);
    cJSON_Delete(root);
}

static void print_points(const char *path, struct arena *arena)
{
    struct store *store;
    const char *why;
    if (store_open(&store, path, STORE_READ, arena, &why) != STORE_OPEN)
        return; /* it has just been written: somebody is quick */
    overview_print(store, summary_colour(stdout), stdout);
    store_close(store);
}

static void print_end(const struct batch_end *end, const char *path)
{
    printf("%lld of %lld points done", (long long)end->done, (long long)end->points);
    if (end->failed)
        printf(", %lld could not be simulated", (long long)end->failed);
    if (end->unstable)
        printf(", %lld unstable", (long long)end->unstable);
    if (end->missed)
        printf(", %lld miss a promise", (long long)end->missed);
    if (end->undecided)
        printf(", %lld undecided", (long long)end->undecided);
    printf("\nEverything of it: headroom export %s > results.csv\n", path);
}

/* ---- the whole ------------------------------------------------------------------- */

static int status_of(const struct batch_end *end, const struct wishes *wishes)
{
    bool yes = end->failed == 0 && end->unstable == 0 && end->missed == 0 &&
               end->undecided == 0;
    return !end->complete                  ? COMMAND_INTERRUPTED
           : wishes->check_slo && !yes ? COMMAND_NO
                                           : COMMAND_DONE;
}

static enum progress_form form_of(const struct options *options)
{
    return options->quiet            ? PROGRESS_NONE
           : isatty(STDERR_FILENO) ? PROGRESS_LIVE
                                     : PROGRESS_LINES;
}

static int run_plan(const struct options *options, const struct wishes *wishes,
                    const struct batch_ways *ways, struct batch_settings *set,
                    struct arena *arena)
{
    const struct experiment *experiment = set->plan->experiment;
    const char *path = wishes->out ? wishes->out
                                   : default_path(experiment, &set->shard, arena);
    const char *why;
    enum store_end opened = store_open(&set->store, path, STORE_WRITE, arena, &why);
    if (opened != STORE_OPEN) {
        fprintf(stderr, "headroom batch: %s: %s\n", where_safe(arena, path),
                where_safe(arena, why));
        return opened == STORE_INPUT ? COMMAND_INPUT : COMMAND_MACHINE;
    }
    if (set->budget <= 0)
        set->budget = experiment->budget;
    set->workers = ways->run          ? ways->workers
                   : options->threads ? options->threads
                                      : omp_get_num_procs();
    set->progress = form_of(options);
    set->stop = command_listen();
    const struct lint_plan *found = lint_plan(set->plan, arena);
    if (!options->json && !options->quiet)
        lint_plan_print(found, stderr);
    struct batch *batch = batch_new(arena, set);
    if (ways->run)
        ways->run(batch, ways->context);
    else
        batch_run(batch);
    struct batch_end end = batch_close(batch);
    if (options->json)
        print_json(&end, path, found);
    else
        print_end(&end, where_safe(arena, path));
    if (!options->json && !options->quiet)
        print_points(path, arena);
    return status_of(&end, wishes);
}

static int run_experiment(struct options *options, const struct wishes *wishes,
                          const struct batch_ways *ways, struct batch_settings *set)
{
    struct arena *arena = &options->arena;
    struct where *where = where_new(arena);
    struct plan_changes changes = {options->sets, options->set_count,
                                   options->has_seed ? &options->seed : NULL};
    struct experiment *experiment = experiment_read(where, options->arguments[0]);
    struct plan *plan = experiment ? plan_read(where, experiment, &changes) : NULL;
    if (!ways->work) /* rank 0 tells it for all */
        file_sort_print(where, options->arguments[0], FILE_EXPERIMENT, stderr);
    set->plan = plan;
    int status = COMMAND_INPUT;
    if (plan && ways->work) {
        ways->work(plan);
        status = COMMAND_DONE;
    } else if (plan) {
        status = run_plan(options, wishes, ways, set, arena);
    }
    if (experiment)
        experiment_close(experiment);
    return status;
}

int batch_command(const struct command *command, int argc, char **argv)
{
    return batch_command_by(command, argc, argv, &(struct batch_ways){0});
}

int batch_command_by(const struct command *command, int argc, char **argv,
                     const struct batch_ways *ways)
{
    struct wishes wishes = {0};
    const struct command_option extra[] = {
        {.name = "out",
         .value = "FILE",
         .text = &wishes.out,
         .help = "the results file; NAME.hdb in this folder when absent"},
        {.name = "until",
         .value = "HH:MM",
         .text = &wishes.until,
         .help = "stop at this time; the same command goes on later"},
        {.name = "budget",
         .value = "TIME",
         .text = &wishes.budget,
         .help = "stop after this time, such as 8h"},
        {.name = "shard",
         .value = "K/N",
         .text = &wishes.shard,
         .help = "only every N-th point, from the K-th on, into a file of its own"},
        {.name = "check-slo",
         .flag = &wishes.check_slo,
         .help = "status 1 unless every point is stable and keeps its promises"},
        {.name = "verbose",
         .flag = &wishes.verbose,
         .help = "say every replication that is in the file"},
        {0},
    };
    struct options options;
    struct batch_settings set = {0};
    int status = command_options(command, argc, argv, extra, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of writing */
    status = read_wishes(command, &wishes, &set);
    if (status == COMMAND_GOES_ON)
        status = run_experiment(&options, &wishes, ways, &set);
    return command_done(&options, status);
}
