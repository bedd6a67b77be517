/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom run: simulate a scenario, say what came of it. */
#define _POSIX_C_SOURCE 200809L
#include "experiments/commands/command.h"

#include "experiments/datadir.h"
#include "experiments/human.h"
#include "experiments/replicate.h"
#include "experiments/result.h"
#include "experiments/result_json.h"
#include "experiments/scenario.h"
#include "experiments/summary.h"
#include "experiments/tail.h"
#include "plots/figure.h"
#include "sim/check.h"

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Memory that outcomes and requests in flight may take before anything is simulated. */
static const double memory_cap = 4.0 * 1024 * 1024 * 1024;
/* A request in flight is a request and at least one task: half of what a world
 * holds. */
enum { IN_FLIGHT_AT_MOST = 1000000, HISTOGRAM_BYTES = 20 * 2048 };

/* ---- interruption ---------------------------------------------------------------- */

static volatile sig_atomic_t
    stop; /* the one global: signal handlers know no other way */

static void ask_to_stop(int number)
{
    if (stop)
        _exit(COMMAND_INTERRUPTED);
    stop = number;
}

static void listen_for_signals(void)
{
    struct sigaction action = {.sa_handler = ask_to_stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

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

/* ---- before ---------------------------------------------------------------------- */

static sim_time longest_patience(const struct model_facts *facts)
{
    sim_time longest = 0;
    for (int w = 0; w < facts->workloads; w++)
        if (facts->workload[w].timeout != SIM_NEVER &&
            facts->workload[w].timeout > longest)
            longest = facts->workload[w].timeout;
    return longest;
}

static sim_time given(sim_time value)
{
    return value == SIM_NEVER ? 0 : value;
}

static struct procedure_settings settings_of(const struct scenario *scenario,
                                             const struct model *model,
                                             const struct admitted *admitted,
                                             const struct result *result)
{
    const struct model_facts *facts = model_facts(model);
    return (struct procedure_settings){
        .replications = scenario->run.replications > 0 ? (int)scenario->run.replications
                                                       : PROCEDURE_REPLICATIONS,
        .duration = given(scenario->run.duration),
        .warm_up = given(scenario->run.warmup),
        .rate = procedure_rate(model),
        .patience = longest_patience(facts),
        .target = result->target,
        .targets = result->targets,
        .admitted = admitted,
        .request_cap = PROCEDURE_REQUEST_CAP,
    };
}

/* Requests in flight to be expected: Little's law on requests that meet nobody, but
 * with users waiting for answers never more than there are. */
static double expected_in_flight(const struct model *model)
{
    const struct model_facts *facts = model_facts(model);
    double sum = 0;
    for (int w = 0; w < facts->workloads; w++) {
        const struct workload_facts *load = &facts->workload[w];
        double alone = 0;
        for (int t = 0; t < facts->types; t++)
            if (facts->type[t].workload_index == w)
                alone += facts->type[t].share * model_alone(model, t);
        sum += load->users > 0 ? load->users : load->rate * alone;
    }
    return sum;
}

static double bytes_needed(const struct model *model, int replications, int threads)
{
    const struct model_facts *facts = model_facts(model);
    double histograms = (OUTCOME_SEGMENTS + 2.0) * facts->types * HISTOGRAM_BYTES;
    double blame = (double)facts->types * BLAME_BINS * (facts->resources + 1) * 8;
    double in_flight = expected_in_flight(model) * facts->request_bytes;
    return (histograms + blame) * (replications + threads) + in_flight * threads;
}

/* Refuses what would not fit, with the estimate; the status, or COMMAND_GOES_ON. */
static int check_memory(const struct command *command, const struct model *model,
                        int replications, int threads)
{
    double flight = expected_in_flight(model),
           bytes = bytes_needed(model, replications, threads);
    if (flight > IN_FLIGHT_AT_MOST)
        return command_wrong(command,
                             "about %.3g requests would be in flight at a time; at "
                             "most %d are possible",
                             flight, IN_FLIGHT_AT_MOST);
    if (bytes > memory_cap)
        return command_wrong(command,
                             "needs about %.1f GiB of memory for %d replications on "
                             "%d threads; the limit is %.0f GiB",
                             bytes / 0x1p30, replications, threads,
                             memory_cap / 0x1p30);
    return COMMAND_GOES_ON;
}

/* The scenario compiled, or NULL with everything that is wrong printed. */
static struct model *compile(const struct options *options, struct arena *arena,
                             struct scenario **scenario, uint64_t *seed)
{
    struct where *where = where_new(arena);
    struct model *model = NULL;
    *scenario = scenario_read(arena, options->arguments[0], options->sets,
                              options->set_count, where);
    if (*scenario) {
        *seed = options->has_seed ? options->seed : (uint64_t)(*scenario)->run.seed;
        model = model_compile(arena, &(*scenario)->system, *seed, &where->listener);
        if (model)
            slo_check(*scenario, model_facts(model));
    }
    where_print(where, stderr);
    if (where->problem_count)
        return NULL;
    if (!options->quiet && !options->json)
        where_print_notes(where, stderr);
    return model;
}

/* ---- after ----------------------------------------------------------------------- */

/* The status that follows from a figure, its error printed. */
static int figure_status(enum figure_result result, const char *error)
{
    if (result == FIGURE_DRAWN)
        return COMMAND_DONE;
    fprintf(stderr, "headroom run: %s%s\n", error,
            result == FIGURE_EXISTS ? " (--force replaces it)" : "");
    return result == FIGURE_EXISTS || result == FIGURE_NO_SVG ? COMMAND_INPUT
                                                              : COMMAND_MACHINE;
}

/* A figure that cannot be written is better known before a minute of simulation. */
static int check_figure(const char *path, bool force)
{
    char error[300];
    return path ? figure_status(figure_check(path, force, error, sizeof error), error)
                : COMMAND_DONE;
}

static int plot(const struct result *result, const struct options *options,
                const char *path, struct arena *arena)
{
    const char *folder = datadir(arena);
    char error[300];
    if (!folder)
        die("the figure scripts are nowhere to be found; set HEADROOM_DATA");
    struct figure figure = {.kind = FIGURE_TAIL,
                            .table = tail_table(result, arena),
                            .scripts = arena_format(arena, "%s/plots", folder),
                            .force = options->force};
    return figure_status(figure_draw(&figure, path, error, sizeof error), error);
}

static void print(const struct result *result, const struct options *options,
                  struct arena *arena)
{
    if (options->json)
        fputs(result_json(result, arena), stdout);
    else
        summary_print(result, summary_colour(stdout), stdout);
    if (fflush(stdout) || ferror(stdout))
        die("standard output: %s", strerror(errno));
}

/* ---- the whole ------------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void simulate(struct result *result, const struct model *model,
                     const struct procedure_settings *settings, bool progress,
                     struct arena *arena)
{
    struct replicate replicate = {.model = model,
                                  .threads = result->execution.threads,
                                  .stop = &stop,
                                  .progress = progress ? show_progress : NULL};
    struct runner runner = {replicate_run, &replicate};
    double begin = now();
    procedure_run(result->facts, settings, &runner, arena, &result->run);
    result->execution.seconds = now() - begin;
    if (progress)
        clear_progress();
}

static int run_scenario(const struct command *command, struct options *options,
                        const char *figure)
{
    struct arena *arena = &options->arena;
    struct scenario *scenario;
    struct result result = {0};
    struct model *model = compile(options, arena, &scenario, &result.seed);
    if (!model)
        return COMMAND_INPUT;
    result.name = scenario->name;
    result.path = scenario->path;
    result.facts = model_facts(model);
    result.precision = &scenario->run.precision;
    result.target = slo_targets(scenario, result.facts, arena, &result.targets);
    result.execution.threads =
        options->threads ? options->threads : omp_get_num_procs();

    struct admitted admitted = slo_admitted(scenario, result.facts, arena);
    struct procedure_settings settings =
        settings_of(scenario, model, &admitted, &result);
    int status =
        check_memory(command, model, settings.replications, result.execution.threads);
    if (status != COMMAND_GOES_ON)
        return status;
    status = check_figure(figure, options->force);
    if (status != COMMAND_DONE)
        return status;
    listen_for_signals();
    simulate(&result, model, &settings, !options->quiet && isatty(STDERR_FILENO),
             arena);
    if (result.run.end == PROCEDURE_INTERRUPTED) {
        fputs("headroom run: interrupted\n", stderr);
        return COMMAND_INTERRUPTED;
    }
    result_conclude(&result, model, scenario, arena);
    print(&result, options, arena);
    status = figure ? plot(&result, options, figure, arena) : COMMAND_DONE;
    return status != COMMAND_DONE   ? status
           : result_is_yes(&result) ? COMMAND_DONE
                                    : COMMAND_NO;
}

int run_run(const struct command *command, int argc, char **argv)
{
    const char *figure = NULL;
    const struct command_option extra[] = {
        {.name = "plot",
         .value = "FILE.svg",
         .text = &figure,
         .help = "draw the latency tail with its intervals"},
        {0},
    };
    struct options options;
    int status = command_options(command, argc, argv, extra, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    return command_done(&options, run_scenario(command, &options, figure));
}
