/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom schema: the JSON Schema of scenario and claims files, for editors. */
#include "experiments/commands/command.h"

#include "experiments/schema.h"

#include <stdio.h>

int schema_run(const struct command *command, int argc, char **argv)
{
    bool claims = false;
    const struct command_option extra[] = {
        {.name = "claims", .flag = &claims, .help = "that of claims files"}, {0}};
    struct options options;
    int status = command_options(command, argc, argv, extra, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    puts(claims ? schema_of_claims(&options.arena) : schema_text(&options.arena));
    return command_done(&options, COMMAND_DONE);
}
