/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom export: a results file as CSV. */
#include "experiments/commands/command.h"
#include "experiments/commands/results.h"

#include "experiments/export.h"

#include <stdio.h>

static int export_file(struct options *options, enum export_what what)
{
    struct store *store;
    int status =
        results_open("export", options->arguments[0], &options->arena, &store);
    if (status != COMMAND_DONE)
        return status;
    export_csv(store, what, stdout);
    store_close(store);
    return COMMAND_DONE;
}

int export_run(const struct command *command, int argc, char **argv)
{
    bool points = false, replications = false, histograms = false;
    const struct command_option extra[] = {
        {.name = "points", .flag = &points, .help = "a line for every point"},
        {.name = "replications",
         .flag = &replications,
         .help = "a line for every replication"},
        {.name = "histograms",
         .flag = &histograms,
         .help = "a line for every cell of the points' latencies"},
        {0},
    };
    struct options options;
    int status = command_options(command, argc, argv, extra, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    if (points + replications + histograms > 1)
        return command_done(
            &options, command_wrong(command, "gives one table at a time: --points, "
                                             "--replications or --histograms"));
    status = export_file(&options, points         ? EXPORT_POINTS
                                   : replications ? EXPORT_REPLICATIONS
                                   : histograms   ? EXPORT_HISTOGRAMS
                                                : EXPORT_METRICS);
    return command_done(&options, status);
}
