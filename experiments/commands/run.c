/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom run: simulate a scenario, say what came of it. */
#define _POSIX_C_SOURCE 200809L
#include "experiments/commands/command.h"
#include "experiments/commands/draw.h"

#include "experiments/ascii.h"
#include "experiments/bistable.h"
#include "experiments/result_json.h"
#include "experiments/summary.h"
#include "experiments/tail.h"
#include "experiments/twin.h"
#include "sim/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- progress -------------------------------------------------------------------- */

static void show_progress(void *context, const struct jobs *jobs, int done)
{
    (void)context;
    fprintf(stderr, "\r\x1b[K%s: %d of %d replications of %.3g s",
            stage_names[jobs->stage], done, jobs->count,
            sim_seconds(jobs->window.warm_up + jobs->window.length));
    fflush(stderr);
}

static void clear_progress(void)
{
    fputs("\r\x1b[K", stderr);
}

/* ---- after ----------------------------------------------------------------------- */

static void print(const struct result *result, const struct options *options,
                  bool chart, struct arena *arena)
{
    if (options->json)
        fputs(result_json(result, arena), stdout);
    else
        summary_print(result, summary_colour(stdout), stdout);
    if (!options->json && (chart || ascii_fits(stdout)))
        ascii_latency(result, summary_colour(stdout), stdout);
    if (fflush(stdout) || ferror(stdout))
        die("standard output: %s", strerror(errno));
}

/* ---- the whole ------------------------------------------------------------------- */

static int run_scenario(const struct command *command, struct options *options,
                        const char *figure, bool chart)
{
    struct arena *arena = &options->arena;
    struct point point;
    if (!command_point(options, &point))
        return COMMAND_INPUT;
    bool progress = !options->quiet && isatty(STDERR_FILENO);
    struct point_effort effort = {.threads = options->threads,
                                  .stop = command_listen(),
                                  .progress = progress ? show_progress : NULL};
    const char *misfit = point_misfit(&point, &effort, arena);
    if (misfit)
        return command_wrong(command, "%s", misfit);
    int status = draw_check("run", figure, options->force, arena);
    if (status != COMMAND_DONE)
        return status;
    bool finished = point_run(&point, &effort, arena) &&
                    bistable_try(&point, &effort, arena);
    struct twin *twin = finished ? twin_of(&point.result, arena) : NULL;
    if (twin)
        finished = twin_run(twin, &point, &effort, arena);
    point.result.twin = twin;
    if (progress)
        clear_progress();
    if (!finished) {
        fputs("headroom run: interrupted\n", stderr);
        return COMMAND_INTERRUPTED;
    }
    point.result.lint = lint_look(point.scenario, point.model, arena);
    print(&point.result, options, chart, arena);
    if (figure) {
        struct figure tail = {.kind = FIGURE_TAIL,
                              .table = tail_table(&point.result, arena),
                              .force = options->force};
        status = draw_figure("run", tail, figure, arena);
    }
    return status != COMMAND_DONE         ? status
           : result_is_yes(&point.result) ? COMMAND_DONE
                                          : COMMAND_NO;
}

int run_run(const struct command *command, int argc, char **argv)
{
    const char *figure = NULL;
    bool chart = false;
    const struct command_option extra[] = {
        {.name = "plot",
         .value = "FILE.svg",
         .text = &figure,
         .help = "draw the latency tail with its intervals; or .pdf, .png"},
        {.name = "ascii",
         .flag = &chart,
         .help = "a chart of letters, as on terminals of 120 columns or more"},
        {0},
    };
    struct options options;
    int status = command_options(command, argc, argv, extra, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    return command_done(&options, run_scenario(command, &options, figure, chart));
}
