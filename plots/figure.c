/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/figure.h"

#include "plots/agreement.h"
#include "plots/gnuplot.h"
#include "plots/output.h"
#include "plots/tail.h"
#include "plots/workspace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE = 30 /* s */, DEFAULT_WIDTH = 960, DEFAULT_HEIGHT = 600 };

/* A figure kind: its script in the data folder, and the function that writes the data
 * and the words for it. Adding a kind is adding a row. */
static const struct {
    const char *script;
    enum figure_result (*write)(const struct figure *figure,
                                const struct workspace *space, char *error,
                                size_t size);
} kinds[] = {
    [FIGURE_TAIL] = {"tail.gp", tail_write},
    [FIGURE_AGREEMENT] = {"agreement.gp", agreement_write},
};

static enum figure_result import(const struct figure *figure,
                                 const struct workspace *space, const char *name,
                                 char *error, size_t size)
{
    if (workspace_import(space, figure->scripts, name))
        return FIGURE_DRAWN;
    snprintf(error, size, "%s/%s: %s", figure->scripts, name, strerror(errno));
    return FIGURE_FAILED;
}

static enum figure_result run_gnuplot(const struct workspace *space, char *error,
                                      size_t size)
{
    switch (gnuplot_run(space, "figure.gp", PATIENCE, error, size)) {
    case GNUPLOT_DONE:
        return FIGURE_DRAWN;
    case GNUPLOT_MISSING:
        return FIGURE_NO_GNUPLOT;
    case GNUPLOT_FAILED:
        break;
    }
    return FIGURE_FAILED;
}

static enum figure_result result_of(enum output_result result)
{
    switch (result) {
    case OUTPUT_WRITTEN:
        return FIGURE_DRAWN;
    case OUTPUT_EXISTS:
        return FIGURE_EXISTS;
    case OUTPUT_FAILED:
        break;
    }
    return FIGURE_FAILED;
}

static enum figure_result deliver(const struct workspace *space, const char *path,
                                  bool force, char *error, size_t size)
{
    size_t length;
    char *svg = workspace_read(space, "figure.svg", GNUPLOT_FILE_LIMIT, &length);
    if (!svg) {
        snprintf(error, size, "gnuplot wrote no figure: %s", strerror(errno));
        return FIGURE_FAILED;
    }
    enum output_result result = output_write(path, svg, length, force, error, size);
    free(svg);
    return result_of(result);
}

static enum figure_result draw_in(const struct figure *figure,
                                  const struct workspace *space, const char *path,
                                  char *error, size_t size)
{
    const char *script = kinds[figure->kind].script;
    enum figure_result result = kinds[figure->kind].write(figure, space, error, size);
    if (result == FIGURE_DRAWN)
        result = import(figure, space, "style.gp", error, size);
    if (result == FIGURE_DRAWN)
        result = import(figure, space, script, error, size);
    if (result == FIGURE_DRAWN)
        result = run_gnuplot(space, error, size);
    if (result == FIGURE_DRAWN)
        result = deliver(space, path, figure->force, error, size);
    return result;
}

enum figure_result figure_check(const char *path, bool force, char *error, size_t size)
{
    static const char ending[] = ".svg";
    size_t length = strlen(path), end = strlen(ending);
    if (length < end || strcmp(path + length - end, ending) != 0) {
        snprintf(error, size, "%s: a figure's name must end in .svg", path);
        return FIGURE_NO_SVG;
    }
    return result_of(output_check(path, force, error, size));
}

enum figure_result figure_draw(const struct figure *figure, const char *path,
                               char *error, size_t size)
{
    enum figure_result refusal = figure_check(path, figure->force, error, size);
    if (refusal != FIGURE_DRAWN)
        return refusal;
    struct workspace space;
    if (!workspace_open(&space)) {
        snprintf(error, size, "%s: %s", space.path, strerror(errno));
        return FIGURE_FAILED;
    }
    struct figure complete = *figure;
    complete.width = figure->width ? figure->width : DEFAULT_WIDTH;
    complete.height = figure->height ? figure->height : DEFAULT_HEIGHT;
    enum figure_result result = draw_in(&complete, &space, path, error, size);
    workspace_close(&space);
    return result;
}
