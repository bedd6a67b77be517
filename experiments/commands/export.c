/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom export: a results file as CSV. */
#include "experiments/commands/command.h"

#include "experiments/export.h"

#include <stdio.h>

static void tell_fault(void *context, const char *fault)
{
    struct options *options = context;
    fprintf(stderr, "headroom export: %s: damaged: %s\n",
            where_safe(&options->arena, options->arguments[0]),
            where_safe(&options->arena, fault));
}

static int export_file(struct options *options, enum export_what what)
{
    struct store *store;
    const char *why, *path = options->arguments[0];
    enum store_end end = store_open(&store, path, STORE_READ, &options->arena, &why);
    if (end != STORE_OPEN) {
        fprintf(stderr, "headroom export: %s: %s\n", where_safe(&options->arena, path),
                where_safe(&options->arena, why));
        return end == STORE_INPUT ? COMMAND_INPUT : COMMAND_MACHINE;
    }
    if (store_broken_seals(store, &options->arena, tell_fault, options)) {
        store_close(store);
        return COMMAND_MACHINE;
    }
    export_csv(store, what, stdout);
    store_close(store);
    return COMMAND_DONE;
}

int export_run(const struct command *command, int argc, char **argv)
{
    bool replications = false, histograms = false;
    const struct command_option extra[] = {
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
    if (replications && histograms)
        return command_done(&options,
                            command_wrong(command, "gives one table at a time: "
                                                   "--replications or --histograms"));
    status = export_file(&options, replications ? EXPORT_REPLICATIONS
                                   : histograms ? EXPORT_HISTOGRAMS
                                                : EXPORT_METRICS);
    return command_done(&options, status);
}
