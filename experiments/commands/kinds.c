/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom kinds: the reference of everything a scenario may hold. */
#include "experiments/commands/command.h"

#include "experiments/reference.h"

#include <stdio.h>

static int print_sections(const struct command *command, struct options *options)
{
    for (int i = 0; i < options->argument_count; i++) {
        const char *name = options->arguments[i], *near;
        if (reference_print_section(name, &options->arena, stdout, &near))
            continue;
        if (near)
            return command_wrong(command, "there is no \"%s\" (did you mean \"%s\"?)",
                                 name, near);
        return command_wrong(command, "there is no \"%s\"", name);
    }
    return COMMAND_DONE;
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
        reference_print(&options.arena, stdout);
    return command_done(&options, status);
}
