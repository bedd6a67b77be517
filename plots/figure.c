/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* lstat, PATH_MAX */

#include "plots/figure.h"

#include "plots/agreement.h"
#include "plots/bars.h"
#include "plots/cells.h"
#include "plots/dots.h"
#include "plots/gnuplot.h"
#include "plots/lines.h"
#include "plots/output.h"
#include "plots/tail.h"
#include "plots/workspace.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
    [FIGURE_BARS] = {"bars.gp", bars_write},
    [FIGURE_CELLS] = {"cells.gp", cells_write},
    [FIGURE_KEPT] = {"cells.gp", cells_write},
    [FIGURE_DOTS] = {"dots.gp", dots_write},
    [FIGURE_LINES] = {"lines.gp", lines_write},
};

/* What their scripts load. */
static const char *const shared[] = {"style.gp", "words.gp", "tags.gp"};

static const char *const endings[] = {"svg", "pdf", "png"};

/* "svg" of "a/b.svg"; NULL when it is none that we draw. */
static const char *ending_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(dot + 1, endings[i]) == 0)
            return endings[i];
    return NULL;
}

/* What style.gp is told of the file to draw. */
static enum figure_result write_format(const struct workspace *space,
                                       const char *ending, char *error, size_t size)
{
    FILE *out = workspace_create(space, "format.gp");
    if (out) {
        fprintf(out, "ending = '%s' # svg, pdf or png\n", ending);
        if (fclose(out) == 0)
            return FIGURE_DRAWN;
    }
    snprintf(error, size, "%s: %s", space->path, strerror(errno));
    return FIGURE_FAILED;
}

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
    case GNUPLOT_STOPPED:
        return FIGURE_STOPPED;
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

static enum figure_result deliver(const struct workspace *space, const char *name,
                                  const char *path, bool force, char *error,
                                  size_t size)
{
    size_t length;
    char *bytes = workspace_read(space, name, GNUPLOT_FILE_LIMIT, &length);
    if (!bytes) {
        snprintf(error, size, "gnuplot wrote no %s: %s", name, strerror(errno));
        return FIGURE_FAILED;
    }
    enum output_result result = output_write(path, bytes, length, force, error, size);
    free(bytes);
    return result_of(result);
}

/* "a/b" of "a/b.svg"; false when it is too long. */
static bool folder_of(const char *path, char *folder, size_t size)
{
    size_t length = (size_t)(strrchr(path, '.') - path);
    if (length >= size) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(folder, path, length);
    folder[length] = '\0';
    return true;
}

/* Scripts and data: what gnuplot was given, not what it made of it. */
static bool is_source(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (strcmp(dot, ".gp") == 0 || strcmp(dot, ".dat") == 0);
}

static enum figure_result deliver_sources(const struct workspace *space,
                                          const char *path, bool force, char *error,
                                          size_t size)
{
    char folder[PATH_MAX], file[PATH_MAX + NAME_MAX + 2];
    struct stat status;
    if (!folder_of(path, folder, sizeof folder) ||
        (mkdir(folder, 0777) != 0 && errno != EEXIST) || lstat(folder, &status) != 0) {
        snprintf(error, size, "%s: %s", path, strerror(errno));
        return FIGURE_FAILED;
    }
    if (!S_ISDIR(status.st_mode)) {
        snprintf(error, size, "%s: is no folder for the figure's data", folder);
        return FIGURE_FAILED;
    }
    enum figure_result result = FIGURE_DRAWN;
    DIR *list = opendir(space->path);
    if (!list) {
        snprintf(error, size, "%s: %s", space->path, strerror(errno));
        return FIGURE_FAILED;
    }
    for (struct dirent *entry; result == FIGURE_DRAWN && (entry = readdir(list));) {
        if (!is_source(entry->d_name))
            continue;
        snprintf(file, sizeof file, "%s/%s", folder, entry->d_name);
        result = deliver(space, entry->d_name, file, force, error, size);
    }
    closedir(list);
    return result;
}

/* figure.svg, or what else the ending is, in the workspace. */
static enum figure_result draw_in(const struct figure *figure,
                                  const struct workspace *space, const char *ending,
                                  char *error, size_t size)
{
    const char *script = kinds[figure->kind].script;
    enum figure_result result = kinds[figure->kind].write(figure, space, error, size);
    if (result == FIGURE_DRAWN)
        result = write_format(space, ending, error, size);
    for (size_t i = 0; result == FIGURE_DRAWN && i < sizeof shared / sizeof *shared;
         i++)
        result = import(figure, space, shared[i], error, size);
    if (result == FIGURE_DRAWN)
        result = import(figure, space, script, error, size);
    if (result == FIGURE_DRAWN)
        result = run_gnuplot(space, error, size);
    return result;
}

static enum figure_result draw_into(const struct figure *figure,
                                    const struct workspace *space, const char *path,
                                    char *error, size_t size)
{
    char drawn[16];
    snprintf(drawn, sizeof drawn, "figure.%s", ending_of(path));
    enum figure_result result = draw_in(figure, space, ending_of(path), error, size);
    if (result == FIGURE_DRAWN && figure->sources)
        result = deliver_sources(space, path, figure->force, error, size);
    if (result == FIGURE_DRAWN)
        result = deliver(space, drawn, path, figure->force, error, size);
    return result;
}

enum figure_result figure_check(const char *path, bool force, char *error, size_t size)
{
    if (!ending_of(path)) {
        snprintf(error, size, "%s: a figure's name must end in .svg, .pdf or .png",
                 path);
        return FIGURE_NO_FORMAT;
    }
    return result_of(output_check(path, force, error, size));
}

static bool open_space(struct workspace *space, char *error, size_t size)
{
    bool good = workspace_open(space);
    if (!good)
        snprintf(error, size, "%s: %s", space->path, strerror(errno));
    return good;
}

static struct figure with_size(const struct figure *figure)
{
    struct figure complete = *figure;
    complete.width = figure->width ? figure->width : DEFAULT_WIDTH;
    complete.height = figure->height ? figure->height : DEFAULT_HEIGHT;
    return complete;
}

enum figure_result figure_draw(const struct figure *figure, const char *path,
                               char *error, size_t size)
{
    enum figure_result refusal = figure_check(path, figure->force, error, size);
    if (refusal != FIGURE_DRAWN)
        return refusal;
    struct workspace space;
    if (!open_space(&space, error, size))
        return FIGURE_FAILED;
    struct figure complete = with_size(figure);
    enum figure_result result = draw_into(&complete, &space, path, error, size);
    workspace_close(&space);
    return result;
}

enum figure_result figure_image(const struct figure *figure, const char *ending,
                                char **bytes, size_t *length, char *error, size_t size)
{
    struct workspace space;
    *bytes = NULL;
    if (!open_space(&space, error, size))
        return FIGURE_FAILED;
    char drawn[16];
    snprintf(drawn, sizeof drawn, "figure.%s", ending);
    struct figure complete = with_size(figure);
    enum figure_result result = draw_in(&complete, &space, ending, error, size);
    if (result == FIGURE_DRAWN)
        *bytes = workspace_read(&space, drawn, GNUPLOT_FILE_LIMIT, length);
    if (result == FIGURE_DRAWN && !*bytes) {
        snprintf(error, size, "gnuplot wrote no %s: %s", drawn, strerror(errno));
        result = FIGURE_FAILED;
    }
    workspace_close(&space);
    return result;
}
