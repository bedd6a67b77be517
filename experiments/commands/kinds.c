/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom kinds: the reference of everything a scenario may hold. */
#include "experiments/commands/command.h"

#include "experiments/reference.h"

#include <stdio.h>

static int print_sections(const struct command *command, struct options *options)
{
    const char *near = NULL;
    const char *wrong =
        reference_print_sections(options->arguments, options->argument_count,
                                 &options->arena, options->json, stdout, &near);
    if (!wrong)
        return COMMAND_DONE;
    if (near)
        return command_wrong(command, "there is no \"%s\" (did you mean \"%s\"?)",
                             wrong, near);
    return command_wrong(command, "there is no \"%s\"", wrong);
}

int kinds_run(const struct command *command, int argc, char **argv)
{
    struct options options;
    int status = command_options(command, argc, argv, NULL, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    status = COMMAND_DONE;
    if (options.argument_count > 0)
        status = print_sections(command, &options);
    else
        reference_print(&options.arena, options.json, stdout);
    return command_done(&options, status);
}
