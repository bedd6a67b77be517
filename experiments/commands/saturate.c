/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom saturate: where the saturation point is, and what keeps the promises. */
#define _POSIX_C_SOURCE 200809L
#include "experiments/commands/command.h"

#include "experiments/ascii.h"
#include "experiments/quantity.h"
#include "experiments/saturate_page.h"
#include "experiments/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void show_load(void *context, const struct search *s, double load)
{
    struct arena arena;
    (void)context;
    arena_init(&arena);
    fprintf(stderr, "\r\x1b[K%d loads simulated; now %s", s->log->probes,
            where_safe(&arena, dial_text(s->dial, load, &arena)));
    fflush(stderr);
    arena_free(&arena);
}

static void clear_line(bool shown)
{
    if (shown)
        fputs("\r\x1b[K", stderr);
}

/* "5000000" or "5e6"; 0: wrong. */
static uint64_t requests_of(const char *text)
{
    char *end;
    double requests = strtod(text, &end);
    bool good = *text && !*end && requests >= 1e5 && requests <= 1e13;
    return good ? (uint64_t)requests : 0;
}

static bool is_kept(const struct saturation *s)
{
    double left = saturation_headroom(s);
    return isnan(left) ? !s->has_promises && s->method != METHOD_VERDICTS : left >= 0;
}

static int search(const struct command *command, struct options *options,
                  const char *pointer, const char *budget, bool chart)
{
    struct arena *arena = &options->arena;
    struct point base;
    struct saturation found;
    const char *why;
    uint64_t requests = budget ? requests_of(budget) : 0;
    if (budget && !requests)
        return command_wrong(command,
                             "--budget needs a number of requests from 100000 on, "
                             "such as 5e7; is \"%s\"",
                             budget);
    if (!command_point(options, &base))
        return COMMAND_INPUT;
    bool progress = !options->quiet && isatty(STDERR_FILENO);
    struct point_source source = {.path = options->arguments[0],
                                  .sets = options->sets,
                                  .set_count = options->set_count,
                                  .seed = options->has_seed ? &options->seed : NULL};
    struct point_effort effort = {.threads = options->threads,
                                  .stop = command_listen()};
    struct saturate_settings settings = {.source = &source,
                                         .effort = &effort,
                                         .pointer = pointer,
                                         .budget = requests,
                                         .progress = progress ? show_load : NULL};
    bool finished = saturate(&settings, &base, arena, &found, &why);
    clear_line(progress);
    if (!finished && why)
        return command_wrong(command, "%s", why);
    if (!finished) {
        fputs("headroom saturate: interrupted\n", stderr);
        return *effort.stop ? COMMAND_INTERRUPTED : COMMAND_INPUT;
    }
    if (options->json)
        fputs(saturate_json(&found, &base, arena), stdout);
    else
        saturate_print(&found, &base, summary_colour(stdout), stdout);
    if (!options->json && (chart || ascii_fits(stdout)))
        ascii_saturation(&found, &base, summary_colour(stdout), stdout);
    return is_kept(&found) ? COMMAND_DONE : COMMAND_NO;
}

int saturate_run(const struct command *command, int argc, char **argv)
{
    const char *pointer = NULL, *budget = NULL;
    bool chart = false;
    const struct command_option extra[] = {
        {.name = "load",
         .value = "POINTER",
         .text = &pointer,
         .help = "turn this number; the first open rate or users when absent"},
        {.name = "budget",
         .value = "N",
         .text = &budget,
         .help = "simulate about N requests at most; 3e8 when absent"},
        {.name = "ascii",
         .flag = &chart,
         .help = "a chart of letters, as on terminals of 120 columns or more"},
        {0},
    };
    struct options options;
    int status = command_options(command, argc, argv, extra, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    return command_done(&options, search(command, &options, pointer, budget, chart));
}
