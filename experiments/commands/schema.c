/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom schema: the JSON Schema of the scenario file, for editors. */
#include "experiments/commands/command.h"

#include "experiments/schema.h"

#include <stdio.h>

int schema_run(const struct command *command, int argc, char **argv)
{
    struct options options;
    int status = command_options(command, argc, argv, NULL, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    puts(schema_text(&options.arena));
    return command_done(&options, COMMAND_DONE);
}
