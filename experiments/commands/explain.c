/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom explain: what can be said of a scenario before it is simulated. */
#include "experiments/commands/command.h"

#include "experiments/explain_page.h"
#include "experiments/scenario.h"
#include "experiments/slo.h"
#include "experiments/summary.h"

static struct model *compile(const struct scenario *scenario,
                             const struct options *options, struct arena *arena)
{
    struct where *where = scenario->where;
    uint64_t seed = options->has_seed ? options->seed : (uint64_t)scenario->run.seed;
    struct model *model =
        model_compile(arena, &scenario->system, seed, &where->listener);
    if (model)
        slo_check(scenario, model_facts(model));
    return where->problem_count ? NULL : model;
}

static int explain_scenario(struct options *options)
{
    struct arena *arena = &options->arena;
    struct where *where = where_new(arena);
    const struct scenario *scenario = scenario_read(
        arena, options->arguments[0], options->sets, options->set_count, where);
    struct model *model = scenario ? compile(scenario, options, arena) : NULL;
    where_print(where, stderr);
    if (!model)
        return COMMAND_INPUT;
    if (!options->quiet && !options->json)
        where_print_notes(where, stderr);
    struct explained explained = {
        .name = scenario->name,
        .model = model,
        .is = explain(&scenario->system, model, arena),
        .oracle = oracle_of(&scenario->system, model, arena),
        .chance = chance_of(&scenario->system, arena),
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
