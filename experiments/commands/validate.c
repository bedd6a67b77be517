/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom validate: a scenario's predictions beside what somebody measured. */
#define _POSIX_C_SOURCE 200809L
#include "experiments/commands/command.h"
#include "experiments/commands/draw.h"

#include "experiments/agreement_page.h"
#include "experiments/summary.h"
#include "sim/check.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_REPLICATIONS = 100000 };

/* What the options of this verb say. */
struct wishes {
    const char *measured, *figure, *replications, *within;
    bool check;
    int runs;        /* 0: the usual number */
    double tolerance;
};

static void show_progress(void *context, const struct jobs *jobs, int done)
{
    (void)context;
    fprintf(stderr, "\r\x1b[Ksimulated run %d of %.3g s", (int)jobs->first + done,
            sim_seconds(jobs->window.warm_up + jobs->window.length));
    fflush(stderr);
}

/* "10%" or 0.1 */
static bool read_part(const char *text, double *part)
{
    char *end;
    *part = strtod(text, &end);
    if (strcmp(end, "%") == 0)
        *part /= 100;
    else if (*end)
        return false;
    return end != text && *part >= 0 && isfinite(*part);
}

static int read_wishes(const struct command *command, struct wishes *wishes)
{
    if (!wishes->measured)
        return command_wrong(command, "needs --measured FILE.csv: see its --help");
    if (wishes->replications) {
        char *end;
        long runs = strtol(wishes->replications, &end, 10);
        if (*end || runs < 1 || runs > MOST_REPLICATIONS)
            return command_wrong(command,
                                 "--replications must be between 1 and %d, is \"%s\"",
                                 MOST_REPLICATIONS, wishes->replications);
        wishes->runs = (int)runs;
    }
    if (wishes->within && !read_part(wishes->within, &wishes->tolerance))
        return command_wrong(command,
                             "--within must be a fraction such as 10%%, is \"%s\"",
                             wishes->within);
    return COMMAND_GOES_ON;
}

/* ---- figure ---------------------------------------------------------------------- */

/* ---- the whole ------------------------------------------------------------------- */

static bool read_measured(struct measured *measured, const char *path,
                          const struct point *point, struct arena *arena)
{
    struct where *where = where_new(arena);
    bool good = measured_read(measured, path, point->result.facts, where);
    where_print(where, stderr);
    return good;
}

static int compare(const struct options *options, const struct wishes *wishes,
                   const struct point *point, const struct measured *measured,
                   struct arena *arena)
{
    bool progress = !options->quiet && isatty(STDERR_FILENO);
    struct point_effort effort = {.threads = options->threads,
                                  .stop = command_listen(),
                                  .progress = progress ? show_progress : NULL};
    struct agreement agreement;
    bool finished =
        agreement_find(&agreement, point, measured, wishes->runs, &effort, arena);
    if (progress)
        fputs("\r\x1b[K", stderr);
    if (!finished) {
        fputs("headroom validate: interrupted\n", stderr);
        return COMMAND_INTERRUPTED;
    }
    struct agreement_page page = {.agreement = &agreement,
                                  .measured = measured,
                                  .name = point->scenario->name,
                                  .seed = point->result.seed,
                                  .within = wishes->tolerance};
    if (options->json)
        fputs(agreement_json(&page, arena), stdout);
    else
        agreement_print(&page, summary_colour(stdout), stdout);
    if (fflush(stdout) || ferror(stdout))
        die("standard output: %s", strerror(errno));
    int status = COMMAND_DONE;
    if (wishes->figure) {
        struct figure tail = {.kind = FIGURE_TAIL,
                              .table = agreement_table(&page, arena),
                              .force = options->force};
        status = draw_figure("validate", tail, wishes->figure, arena);
    }
    return status != COMMAND_DONE || !wishes->check ? status
           : agreement_is_yes(&page)                ? COMMAND_DONE
                                                    : COMMAND_NO;
}

static int validate(const struct command *command, struct options *options,
                    struct wishes *wishes)
{
    struct arena *arena = &options->arena;
    struct point point;
    struct measured measured;
    int status = read_wishes(command, wishes);
    if (status != COMMAND_GOES_ON)
        return status;
    status = draw_check("validate", wishes->figure, options->force, arena);
    if (status != COMMAND_DONE)
        return status;
    if (!command_point(options, &point) ||
        !read_measured(&measured, wishes->measured, &point, arena))
        return COMMAND_INPUT;
    struct point_effort effort = {.threads = options->threads};
    const char *misfit = point_misfit(&point, &effort, arena);
    if (!misfit)
        misfit = agreement_misfit(&point, &measured, arena);
    if (misfit)
        return command_wrong(command, "%s", misfit);
    return compare(options, wishes, &point, &measured, arena);
}

int validate_run(const struct command *command, int argc, char **argv)
{
    struct wishes wishes = {0};
    const struct command_option extra[] = {
        {.name = "measured", .value = "FILE.csv", .text = &wishes.measured,
         .help = "one line a request: t_s, lat_ms, perhaps status, err, kind"},
        {.name = "plot", .value = "FILE.svg", .text = &wishes.figure,
         .help = "draw the latency tails, predicted and measured"},
        {.name = "replications", .value = "N", .text = &wishes.replications,
         .help = "simulate N runs instead of 199; 39 or more give intervals"},
        {.name = "within", .value = "PART", .text = &wishes.within,
         .help = "also call a prediction good that is so close, as 10%"},
        {.name = "check", .flag = &wishes.check,
         .help = "exit with 1 unless every number is inside (or within)"},
        {0},
    };
    struct options options;
    int status = command_options(command, argc, argv, extra, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    return command_done(&options, validate(command, &options, &wishes));
}
