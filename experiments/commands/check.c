/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom check: every mistake of each file, with its place. */
#include "experiments/commands/check_results.h"
#include "experiments/commands/command.h"

#include "experiments/claim_file.h"
#include "experiments/experiment.h"
#include "experiments/file_sort.h"
#include "experiments/lint.h"
#include "experiments/scenario.h"
#include "experiments/slo.h"
#include "models/model.h"
#include "sim/check.h"

#include <cjson/cJSON.h>

#include <stdio.h>

static void add_message(cJSON *list, struct message message)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "file", message.file);
    if (message.line > 0) {
        cJSON_AddNumberToObject(item, "line", (double)message.line);
        cJSON_AddNumberToObject(item, "column", (double)message.column);
    }
    cJSON_AddStringToObject(item, "pointer", message.pointer);
    cJSON_AddStringToObject(item, "text", message.text);
    cJSON_AddItemToArray(list, item);
}

cJSON *check_as_json(const char *path, struct where *where)
{
    cJSON *file = cJSON_CreateObject();
    cJSON_AddStringToObject(file, "file", where_safe(where->arena, path));
    cJSON_AddBoolToObject(file, "valid", where->problem_count == 0);
    cJSON_AddNumberToObject(file, "problem_count", where->problem_count);
    cJSON *problems = cJSON_AddArrayToObject(file, "problems");
    cJSON *notes = cJSON_AddArrayToObject(file, "notes");
    where_sort(where);
    for (int i = 0; i < where_kept(where); i++)
        add_message(problems, where_message(where, i));
    for (int i = 0; i < where->note_count; i++)
        add_message(notes, where_note_message(where, i));
    return file;
}

static void print(const char *path, struct where *where,
                  const struct lint_report *found, bool quiet)
{
    where_print(where, stderr);
    if (where->problem_count > 0)
        return;
    if (!quiet) {
        where_print_notes(where, stderr);
        printf("%s: ok%s\n", where_safe(where->arena, path),
               lint_summary(found, where->arena));
    }
    lint_print(found, stdout);
}

/* What only shows when the parts are put together: targets, cycles, promises; and what
 * looks wrong, if all is right. */
static const struct lint_report *check_system(const struct scenario *scenario,
                                              struct arena *arena)
{
    struct where *where = scenario->where;
    const struct model *model = model_compile(
        arena, &scenario->system, (uint64_t)scenario->run.seed, &where->listener);
    if (model)
        slo_check(scenario, model_facts(model));
    return model && where->problem_count == 0 ? lint_look(scenario, model, arena)
                                              : NULL;
}

static bool check_claims(const char *path, const struct options *options, cJSON *files)
{
    struct arena arena;
    arena_init(&arena);
    struct where *where = where_new(&arena);
    const struct claim_file *file = claim_file_read(where, path);
    if (options->json)
        cJSON_AddItemToArray(files, check_as_json(path, where));
    else
        where_print(where, stderr);
    if (file && !options->json && !options->quiet)
        printf("%s: ok, %d claim%s\n", where_safe(&arena, path), file->claims,
               file->claims == 1 ? "" : "s");
    arena_free(&arena);
    return file != NULL;
}

static bool check_scenario(const char *path, const struct options *options,
                           cJSON *files, int *findings)
{
    struct arena arena;
    arena_init(&arena);
    struct where *where = where_new(&arena);
    const struct scenario *scenario =
        scenario_read(&arena, path, options->sets, options->set_count, where);
    const struct lint_report *found = scenario ? check_system(scenario, &arena) : NULL;
    bool right = where->problem_count == 0;
    *findings += found ? found->told : 0;
    if (options->json) {
        cJSON *file = check_as_json(path, where);
        if (found)
            lint_json(file, found);
        cJSON_AddItemToArray(files, file);
    } else {
        print(path, where, found, options->quiet);
    }
    arena_free(&arena);
    return right;
}

/* Whether the file is right; tells, or adds to `files` for --json. Adds to `findings`
 * how many there are. */
static bool check_file(const char *path, const struct options *options, cJSON *files,
                       int *findings)
{
    switch (file_sort_of(path)) {
    case FILE_RESULTS:
        return check_results(path, options, files);
    case FILE_CLAIMS:
        return check_claims(path, options, files);
    case FILE_EXPERIMENT:
        return check_experiment(path, options, files, findings);
    case FILE_SCENARIO:
    case FILE_OF_NO_SORT:
        break;
    }
    return check_scenario(path, options, files, findings);
}

static void print_json(const cJSON *report)
{
    char *text = cJSON_Print(report);
    if (!text)
        die("out of memory");
    puts(text);
    cJSON_free(text);
}

int check_run(const struct command *command, int argc, char **argv)
{
    bool strict = false;
    const struct command_option extra[] = {
        {.name = "strict", .flag = &strict, .help = "status 1 when there are findings"},
        {0},
    };
    struct options options;
    int status = command_options(command, argc, argv, extra, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    cJSON *report = cJSON_CreateObject();
    cJSON_AddNumberToObject(report, "version", 1);
    cJSON *files = cJSON_AddArrayToObject(report, "files");
    bool right = true;
    int findings = 0;
    for (int i = 0; i < options.argument_count; i++)
        right = check_file(options.arguments[i], &options, files, &findings) && right;
    if (options.json)
        print_json(report);
    cJSON_Delete(report);
    return command_done(&options, !right                   ? COMMAND_INPUT
                                  : strict && findings > 0 ? COMMAND_NO
                                                           : COMMAND_DONE);
}
