/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom plot: the figures of a results file, or of a scenario. */
#define _POSIX_C_SOURCE 200809L
#include "experiments/commands/command.h"
#include "experiments/commands/draw.h"
#include "experiments/commands/results.h"

#include "experiments/experiment.h"
#include "experiments/sitter.h"
#include "sim/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct wishes {
    struct chart_wishes chart;
    const char *kinds, *format, *size, *out;
};

/* Where figures go and what they look like. */
struct album {
    struct options *options;
    const char *folder, *format;
    int width, height;
    const char *left_out; /* names of figures that these results have nothing for */
};

static const struct {
    const char *name;
    int width, height; /* px */
} sizes[] = {{"page", 800, 500}, {"column", 480, 360}, {"slide", 960, 540}};

enum { SIZES = sizeof sizes / sizeof *sizes };

static bool choose_size(struct album *a, const char *name)
{
    for (int i = 0; i < SIZES; i++)
        if (!name || strcmp(sizes[i].name, name) == 0) {
            a->width = sizes[i].width;
            a->height = sizes[i].height;
            return true;
        }
    return false;
}

static bool choose_format(struct album *a, const char *name)
{
    static const char *const formats[] = {"svg", "pdf", "png"};
    for (int i = 0; i < 3; i++)
        if (!name || strcmp(formats[i], name) == 0) {
            a->format = formats[i];
            return true;
        }
    return false;
}

static int refuse(struct album *a, const char *text)
{
    fprintf(stderr, "headroom plot: %s\n", where_safe(&a->options->arena, text));
    return COMMAND_INPUT;
}

static int draw(struct album *a, const char *name, enum figure_kind kind,
                const struct table *table)
{
    struct arena *arena = &a->options->arena;
    const char *path = arena_format(arena, "%s/%s.%s", a->folder, name, a->format);
    struct figure figure = {.kind = kind,
                            .table = *table,
                            .width = a->width,
                            .height = a->height,
                            .force = a->options->force,
                            .sources = true};
    int status = draw_figure("plot", figure, path, arena);
    if (status == COMMAND_DONE)
        printf("%s\n", where_safe(arena, path));
    return status;
}

/* ---- what is drawn --------------------------------------------------------------- */

static int draw_row(struct album *a, struct sitter *s, const struct figures_row *row,
                    bool asked)
{
    struct table table;
    const char *why;
    if (sitter_table(s, row, &a->options->arena, &table, &why))
        return draw(a, row->name, row->kind, &table);
    struct arena *arena = &a->options->arena;
    if (asked)
        return refuse(a, arena_format(arena, "%s: %s", row->name, why));
    a->left_out = a->left_out ? arena_format(arena, "%s, %s", a->left_out, row->name)
                              : row->name;
    return COMMAND_DONE;
}

static int draw_asked(struct album *a, struct sitter *s, const char *kinds)
{
    struct arena *arena = &a->options->arena;
    int status = COMMAND_DONE;
    while (*kinds && status == COMMAND_DONE) {
        size_t length = strcspn(kinds, ",");
        const char *name = arena_text(arena, kinds, length);
        const struct figures_row *row = figures_find(name);
        if (!row) {
            const char *known = "";
            for (row = figures_rows; row->name; row++)
                known = arena_format(arena, "%s%s%s", known, *known ? ", " : "",
                                     row->name);
            return refuse(a, arena_format(arena, "no figure is called \"%s\"; there "
                                                   "are %s", name, known));
        }
        status = draw_row(a, s, row, true);
        kinds += length + (kinds[length] == ',');
    }
    return status;
}

static int draw_all(struct album *a, struct sitter *s, const char *kinds)
{
    if (kinds)
        return draw_asked(a, s, kinds);
    int status = COMMAND_DONE;
    for (const struct figures_row *row = figures_rows;
         row->name && status == COMMAND_DONE; row++)
        status = draw_row(a, s, row, false);
    if (status == COMMAND_DONE && a->left_out && !a->options->quiet)
        fprintf(stderr, "Nothing to draw for: %s (--kind NAME says why)\n",
                a->left_out);
    return status;
}

/* ---- a results file -------------------------------------------------------------- */

static int draw_chart(struct album *a, const struct wishes *wishes,
                      struct store *store)
{
    struct chart chart;
    const char *why;
    if (!chart_read(&chart, store, &wishes->chart, &a->options->arena, &why))
        return refuse(a, why);
    if (chart.lines > CHART_MOST_LINES && !a->options->quiet)
        fprintf(stderr,
                "headroom plot: %d lines of points; against the axis the first %d are "
                "drawn (--where chooses)\n",
                chart.lines, CHART_MOST_LINES);
    struct sitter sitter = {.chart = &chart,
                            .store = store,
                            .effort = {.threads = a->options->threads,
                                       .stop = command_listen()}};
    return draw_all(a, &sitter, wishes->kinds);
}

static int plot_results(struct album *a, const struct wishes *wishes)
{
    struct store *store;
    int status =
        results_open("plot", a->options->arguments[0], &a->options->arena, &store);
    if (status != COMMAND_DONE)
        return status;
    status = draw_chart(a, wishes, store);
    store_close(store);
    return status;
}

/* ---- a scenario ------------------------------------------------------------------ */

static int plot_scenario(struct album *a, const struct command *command,
                         const struct wishes *wishes)
{
    struct arena *arena = &a->options->arena;
    struct point point;
    struct point_effort effort = {.threads = a->options->threads,
                                  .stop = command_listen()};
    if (!command_point(a->options, &point))
        return COMMAND_INPUT;
    const char *misfit = point_misfit(&point, &effort, arena);
    if (misfit)
        return command_wrong(command, "%s", misfit);
    if (!point_run(&point, &effort, arena)) {
        fputs("headroom plot: interrupted\n", stderr);
        return COMMAND_INTERRUPTED;
    }
    return draw_all(a, &(struct sitter){.point = &point, .effort = effort},
                    wishes->kinds);
}

/* ---- the command ----------------------------------------------------------------- */

static int plot(const struct command *command, struct options *options,
                const struct wishes *wishes)
{
    struct arena *arena = &options->arena;
    struct album a = {.options = options};
    bool results = results_are_at(options->arguments[0]);
    if (!choose_size(&a, wishes->size))
        return command_wrong(command, "--size is page, column or slide");
    if (!choose_format(&a, wishes->format))
        return command_wrong(command, "--format is svg, pdf or png");
    a.folder = wishes->out ? wishes->out
                           : arena_format(arena, "%s-figures",
                                          experiment_stem(arena,
                                                          options->arguments[0]));
    if (mkdir(a.folder, 0777) != 0 && errno != EEXIST) {
        refuse(&a, arena_format(arena, "%s: %s", a.folder, strerror(errno)));
        return COMMAND_MACHINE;
    }
    return results ? plot_results(&a, wishes) : plot_scenario(&a, command, wishes);
}

int plot_command(const struct command *command, int argc, char **argv)
{
    struct wishes wishes = {0};
    const struct command_option extra[] = {
        {.name = "kind",
         .value = "NAME,...",
         .text = &wishes.kinds,
         .help = "figures, such as latency,tail; all that fit when absent"},
        {.name = "over",
         .value = "KEY",
         .text = &wishes.chart.over,
         .help = "the varied value along the axis; a load when absent"},
        {.name = "where",
         .value = "WHAT,...",
         .text = &wishes.chart.where,
         .help = "only some points: a variant, or values such as chat=5%"},
        {.name = "by",
         .value = "METRIC",
         .text = &wishes.chart.by,
         .help = "where one number is shown, such as page.p95; the first promise's"},
        {.name = "of",
         .value = "TYPE",
         .text = &wishes.chart.of,
         .help = "whose times; those of the first promise when absent; or all"},
        {.name = "size",
         .value = "NAME",
         .text = &wishes.size,
         .help = "page (when absent), column or slide"},
        {.name = "format",
         .value = "NAME",
         .text = &wishes.format,
         .help = "svg (when absent), pdf or png"},
        {.name = "out",
         .value = "FOLDER",
         .text = &wishes.out,
         .help = "where to; NAME-figures when absent"},
        {0},
    };
    struct options options;
    int status = command_options(command, argc, argv, extra, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    return command_done(&options, plot(command, &options, &wishes));
}
