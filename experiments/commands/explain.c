/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom explain: what can be said of a scenario before it is simulated. */
#include "experiments/commands/command.h"

#include "experiments/explain_page.h"
#include "experiments/summary.h"

static int explain_scenario(struct options *options)
{
    struct arena *arena = &options->arena;
    struct point point;
    if (!command_point(options, &point))
        return COMMAND_INPUT;
    const struct system_spec *system = &point.scenario->system;
    struct explained explained = {
        .name = point.scenario->name,
        .model = point.model,
        .is = explain(system, point.model, arena),
        .oracle = oracle_of(system, point.model, arena),
        .chance = chance_of(system, arena),
    };
    if (options->json)
        fputs(explain_json(&explained, arena), stdout);
    else
        explain_print(&explained, summary_colour(stdout), stdout);
    return COMMAND_DONE;
}

int explain_run(const struct command *command, int argc, char **argv)
{
    struct options options;
    int status = command_options(command, argc, argv, NULL, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    return command_done(&options, explain_scenario(&options));
}
