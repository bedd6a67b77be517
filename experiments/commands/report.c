/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom report: what was found, as a page to be handed on. */
#define _POSIX_C_SOURCE 200809L
#include "experiments/commands/command.h"
#include "experiments/commands/results.h"

#include "experiments/bistable.h"
#include "experiments/datadir.h"
#include "experiments/experiment.h"
#include "experiments/file_sort.h"
#include "experiments/report.h"
#include "experiments/twin.h"
#include "plots/output.h"
#include "sim/check.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ERROR_SIZE = 500 };

struct wishes {
    struct chart_wishes chart;
    const char *out;
    bool markdown, brief, saturate;
};

/* A report on its way to its file. */
struct job {
    const struct command *command;
    struct options *options;
    const struct wishes *wishes;
    struct report_settings set;
    const char *argument; /* scenario or results file, as it was given or found */
    const char *path;     /* of the page */
};

static void warn(void *options, const char *text)
{
    struct options *o = options;
    fprintf(stderr, "headroom report: %s\n", where_safe(&o->arena, text));
}

static int refuse(struct job *j, int status, const char *text)
{
    warn(j->options, text);
    return status;
}

/* ---- where to -------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length > tail && strcmp(text + length - tail, ending) == 0;
}

static bool is_page(const char *path)
{
    return ends_in(path, ".html") || ends_in(path, ".md");
}

/* The page's path without its ending. */
static const char *stem_of(const char *path, struct arena *arena)
{
    return arena_text(arena, path, (size_t)(strrchr(path, '.') - path));
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Files that go with the page lie in a folder called like it. */
static void put_beside(struct job *j, const char *stem)
{
    j->set.folder = arena_format(&j->options->arena, "%s-files", stem);
    j->set.seen = last_part(j->set.folder);
}

static bool choose_place(struct job *j)
{
    struct arena *arena = &j->options->arena;
    const char *out = j->wishes->out;
    bool to_page = out && is_page(out), markdown = j->wishes->markdown;
    if (to_page && markdown && !ends_in(out, ".md"))
        return false;
    markdown |= to_page && ends_in(out, ".md");
    j->set.format = markdown ? DOCUMENT_MARKDOWN : DOCUMENT_HTML;
    const char *ending = markdown ? "md" : "html";
    const char *name = j->wishes->brief ? "brief" : "report";
    if (to_page)
        j->path = out;
    else if (out)
        j->path = arena_format(arena, "%s/%s.%s", out, name, ending);
    else
        j->path = arena_format(arena, "%s-%s.%s", experiment_stem(arena, j->argument),
                               name, ending);
    if (markdown || (out && !to_page))
        put_beside(j, stem_of(j->path, arena));
    return true;
}

static int make_folder(struct job *j, const char *path, bool may_exist)
{
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && may_exist))
        return COMMAND_DONE;
    struct arena *arena = &j->options->arena;
    if (errno == EEXIST)
        return refuse(j, COMMAND_INPUT,
                      arena_format(arena,
                                   "%s: exists already (--force replaces what is "
                                   "in it)",
                                   path));
    return refuse(j, COMMAND_MACHINE,
                  arena_format(arena, "%s: %s", path, strerror(errno)));
}

/* What cannot be written is better known before anything is simulated. */
static int check_place(struct job *j)
{
    char error[ERROR_SIZE];
    const char *out = j->wishes->out;
    int status = COMMAND_DONE;
    if (out && !is_page(out))
        status = make_folder(j, out, true);
    if (status != COMMAND_DONE)
        return status;
    enum output_result result =
        output_check(j->path, j->options->force, error, sizeof error);
    if (result == OUTPUT_WRITTEN)
        return j->set.folder ? make_folder(j, j->set.folder, j->options->force)
                             : COMMAND_DONE;
    return refuse(
        j, result == OUTPUT_EXISTS ? COMMAND_INPUT : COMMAND_MACHINE,
        arena_format(&j->options->arena, "%s%s", error,
                     result == OUTPUT_EXISTS ? " (--force replaces it)" : ""));
}

static int deliver(struct job *j, char *bytes, size_t length, const char *why)
{
    char error[ERROR_SIZE];
    struct arena *arena = &j->options->arena;
    if (!bytes)
        return refuse(j, COMMAND_MACHINE, why);
    enum output_result result =
        output_write(j->path, bytes, length, j->options->force, error, sizeof error);
    free(bytes);
    if (result != OUTPUT_WRITTEN)
        return refuse(j, COMMAND_MACHINE, arena_format(arena, "%s", error));
    printf("%s\n", where_safe(arena, j->path));
    return COMMAND_DONE;
}

/* ---- how to do it again ---------------------------------------------------------- */

/* The options that change what is found. */
static const char *options_given(struct job *j)
{
    struct arena *arena = &j->options->arena;
    const struct chart_wishes *c = &j->wishes->chart;
    const struct {
        const char *name, *value;
    } given[] = {{"over", c->over}, {"where", c->where}, {"by", c->by}, {"of", c->of}};
    const char *text = "";
    for (int i = 0; i < j->options->set_count; i++)
        text = arena_format(arena, "%s --set %s", text,
                            report_quoted(j->options->sets[i], arena));
    if (j->options->has_seed)
        text = arena_format(arena, "%s --seed %llu", text,
                            (unsigned long long)j->options->seed);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i].value)
            text = arena_format(arena, "%s --%s %s", text, given[i].name,
                                report_quoted(given[i].value, arena));
    return arena_format(arena, "%s%s%s", text, j->wishes->saturate ? " --saturate" : "",
                        j->wishes->brief ? " --brief" : "");
}

static const char *command_line(struct job *j)
{
    struct arena *arena = &j->options->arena;
    return arena_format(arena, "headroom report %s%s",
                        report_quoted(j->argument, arena), options_given(j));
}

/* ---- a results file -------------------------------------------------------------- */

static int write_results(struct job *j, struct store *store)
{
    struct arena *arena = &j->options->arena;
    struct chart chart;
    const char *why;
    size_t length = 0;
    if (!chart_read(&chart, store, &j->wishes->chart, arena, &why))
        return refuse(j, COMMAND_INPUT, why);
    int status = check_place(j);
    if (status != COMMAND_DONE)
        return status;
    const char *name = store_text(store, "select name from experiment", arena);
    j->set.command = arena_format(
        arena, "headroom batch %s    # the experiment below\n%s",
        report_quoted(arena_format(arena, "%s.json", name ? name : "experiment"),
                      arena),
        command_line(j));
    char *page = report_results(&j->set, store, &chart, arena, &length, &why);
    return deliver(j, page, length, why);
}

static int report_file(struct job *j)
{
    struct store *store;
    int status = results_open("report", j->argument, &j->options->arena, &store);
    if (status != COMMAND_DONE)
        return status;
    status = write_results(j, store);
    store_close(store);
    return status;
}

/* ---- an experiment: what was stored of it ---------------------------------------- */

/* Where batch puts it: here, under the experiment's name; NULL: nowhere. */
static int find_results(struct job *j, const char *path)
{
    struct arena *arena = &j->options->arena;
    struct where *where = where_new(arena);
    struct experiment *experiment = experiment_read(where, path);
    where_print(where, stderr);
    if (!experiment)
        return COMMAND_INPUT;
    j->argument = arena_format(arena, "%s.hdb", experiment->name);
    experiment_close(experiment);
    if (access(j->argument, F_OK) == 0)
        return COMMAND_DONE;
    return refuse(j, COMMAND_INPUT,
                  arena_format(arena,
                               "%s: there are no results yet; first: headroom "
                               "batch %s",
                               j->argument, report_quoted(path, arena)));
}

/* ---- a scenario ------------------------------------------------------------------ */

static bool simulate(struct point *point, const struct point_effort *effort,
                     struct arena *arena)
{
    if (!point_run(point, effort, arena) || !bistable_try(point, effort, arena))
        return false;
    struct twin *twin = twin_of(&point->result, arena);
    point->result.twin = twin;
    return !twin || twin_run(twin, point, effort, arena);
}

static int search(struct job *j, struct point *point, const struct point_effort *effort,
                  struct saturation *found)
{
    struct options *o = j->options;
    struct point_source source = {.path = j->argument,
                                  .sets = o->sets,
                                  .set_count = o->set_count,
                                  .seed = o->has_seed ? &o->seed : NULL};
    struct saturate_settings settings = {.source = &source, .effort = effort};
    const char *why = NULL;
    if (saturate(&settings, point, &o->arena, found, &why))
        return COMMAND_DONE;
    if (why)
        return command_wrong(j->command, "%s", why);
    return refuse(j, COMMAND_INTERRUPTED, "interrupted");
}

static int report_scenario(struct job *j)
{
    struct arena *arena = &j->options->arena;
    struct point point;
    struct saturation found;
    const struct point_effort effort = j->set.effort;
    const char *why;
    size_t length = 0;
    if (!command_point(j->options, &point))
        return COMMAND_INPUT;
    const char *misfit = point_misfit(&point, &effort, arena);
    if (misfit)
        return command_wrong(j->command, "%s", misfit);
    int status = check_place(j);
    if (status != COMMAND_DONE)
        return status;
    if (!simulate(&point, &effort, arena))
        return refuse(j, COMMAND_INTERRUPTED, "interrupted");
    if (j->wishes->saturate)
        status = search(j, &point, &effort, &found);
    if (status != COMMAND_DONE)
        return status;
    j->set.command = command_line(j);
    char *page = report_point(&j->set, &point, j->wishes->saturate ? &found : NULL,
                              arena, &length, &why);
    return deliver(j, page, length, why);
}

/* ---- the command ----------------------------------------------------------------- */

static int report(struct job *j)
{
    const char *path = j->options->arguments[0];
    j->argument = path;
    bool results = results_are_at(path);
    if (!results && file_sort_of(path) == FILE_EXPERIMENT) {
        int status = find_results(j, path);
        if (status != COMMAND_DONE)
            return status;
        results = true;
    }
    if (results && j->wishes->saturate)
        return command_wrong(j->command, "--saturate searches with a scenario");
    if (results && (j->options->set_count || j->options->has_seed))
        return command_wrong(j->command, "a results file is reported as it is: --set "
                                         "and --seed go to batch");
    if (!choose_place(j))
        return command_wrong(j->command, "--markdown is written into a folder, or into "
                                         "a file that ends in .md");
    j->set.data = datadir(&j->options->arena);
    if (!j->set.data)
        die("the figure scripts are nowhere to be found; set HEADROOM_DATA");
    j->set.brief = j->wishes->brief;
    j->set.source = j->argument;
    j->set.force = j->options->force;
    j->set.effort =
        (struct point_effort){.threads = j->options->threads, .stop = command_listen()};
    j->set.warn = warn;
    j->set.context = j->options;
    return results ? report_file(j) : report_scenario(j);
}

int report_command(const struct command *command, int argc, char **argv)
{
    struct wishes wishes = {0};
    const struct command_option extra[] = {
        {.name = "out",
         .value = "FILE|FOLDER",
         .text = &wishes.out,
         .help = "FILE.html, FILE.md, or a folder; NAME-report.html when absent"},
        {.name = "brief",
         .flag = &wishes.brief,
         .help = "one sheet of paper: the answer, three numbers, a figure"},
        {.name = "markdown",
         .flag = &wishes.markdown,
         .help = "Markdown, its figures in files beside it"},
        {.name = "saturate",
         .flag = &wishes.saturate,
         .help = "of a scenario: search for the load it carries, too"},
        {.name = "over",
         .value = "KEY",
         .text = &wishes.chart.over,
         .help = "of results: the varied value along the axis; a load when absent"},
        {.name = "where",
         .value = "WHAT,...",
         .text = &wishes.chart.where,
         .help = "of results: only some points: a variant, values such as chat=5%"},
        {.name = "by",
         .value = "METRIC",
         .text = &wishes.chart.by,
         .help = "of results: the time that is shown, such as page.p95"},
        {.name = "of",
         .value = "TYPE",
         .text = &wishes.chart.of,
         .help = "of results: whose times; those of the first promise when absent"},
        {0},
    };
    struct options options;
    int status = command_options(command, argc, argv, extra, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of writing */
    struct job job = {.command = command, .options = &options, .wishes = &wishes};
    return command_done(&options, report(&job));
}
