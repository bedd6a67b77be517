/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom merge: the results files of shards in one. */
#include "experiments/commands/command.h"

#include "experiments/commands/check_results.h"

#include <stdio.h>
#include <string.h>

static int tell(struct options *options, const char *path, const char *why, int status)
{
    fprintf(stderr, "headroom merge: %s: %s\n", where_safe(&options->arena, path),
            where_safe(&options->arena, why));
    return status;
}

static void count_fault(void *path, const char *fault)
{
    fprintf(stderr, "headroom merge: %s: %s\n", (const char *)path, fault);
}

static int merge_file(struct options *options, struct store *into, const char *path)
{
    struct store *from;
    const char *why;
    if (strcmp(path, store_path(into)) == 0)
        return tell(options, path, "is the file to merge into", COMMAND_INPUT);
    enum store_end end = store_open(&from, path, STORE_READ, &options->arena, &why);
    if (end != STORE_OPEN)
        return tell(options, path, why,
                    end == STORE_INPUT ? COMMAND_INPUT : COMMAND_MACHINE);
    int faults = store_faults(from, &options->arena, count_fault,
                              (char *)where_safe(&options->arena, path));
    if (faults) {
        store_close(from);
        return COMMAND_MACHINE;
    }
    why = store_merge(into, from, &options->arena);
    store_close(from);
    return why ? tell(options, path, why, COMMAND_INPUT) : COMMAND_GOES_ON;
}

static int merge_all(struct options *options)
{
    struct store *into;
    const char *why, *path = options->arguments[0];
    enum store_end end = store_open(&into, path, STORE_WRITE, &options->arena, &why);
    if (end != STORE_OPEN)
        return tell(options, path, why,
                    end == STORE_INPUT ? COMMAND_INPUT : COMMAND_MACHINE);
    int status = COMMAND_GOES_ON;
    for (int i = 1; i < options->argument_count && status == COMMAND_GOES_ON; i++)
        status = merge_file(options, into, options->arguments[i]);
    if (status == COMMAND_GOES_ON) {
        check_results_tell(into, &options->arena, stdout);
        status = COMMAND_DONE;
    }
    store_close(into);
    return status;
}

int merge_run(const struct command *command, int argc, char **argv)
{
    struct options options;
    int status = command_options(command, argc, argv, NULL, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    return command_done(&options, merge_all(&options));
}
