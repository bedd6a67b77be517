/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* mkdtemp, setenv, asprintf */

#include "plots/figure.h"
#include "plots/gnuplot.h"
#include "plots/raster.h"
#include "plots/script.h"

#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { POINTS = 60 };

/* A folder of its own for every test; it is also $TMPDIR, so that what a figure leaves
 * behind would be seen. */
struct bench {
    char folder[64], outer_path[4096];
    char svg[128], canary[128], scripts[4096], error[512];
    double x[POINTS], y[POINTS];
    struct curve series;
    struct mark mark;
    const char *words[2]; /* of categories */
    struct figure figure;
};

static void write_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    static const size_t most = 4 << 20;
    char *text = calloc(1, most);
    assert_true(fread(text, 1, most - 1, file) < most - 1);
    fclose(file);
    return text;
}

static int files_in(const char *folder)
{
    int count = 0;
    DIR *list = opendir(folder);
    for (struct dirent *entry; (entry = readdir(list));)
        count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    closedir(list);
    return count;
}

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    strcpy(b->folder, "/tmp/test-figure-XXXXXX");
    if (!mkdtemp(b->folder))
        return -1;
    setenv("TMPDIR", b->folder, 1);
    snprintf(b->outer_path, sizeof b->outer_path, "%s", getenv("PATH"));
    snprintf(b->svg, sizeof b->svg, "%s/out.svg", b->folder);
    snprintf(b->canary, sizeof b->canary, "%s/canary", b->folder);
    const char *source = getenv("SRC");
    snprintf(b->scripts, sizeof b->scripts, "%s/plots", source ? source : ".");

    for (int k = 0; k < POINTS; k++) {
        b->x[k] = 0.01 * (k + 1);
        b->y[k] = 1.0 / (1 + k * k * k);
    }
    b->series = (struct curve){.label = "page", .x = b->x, .y = b->y, .count = POINTS};
    b->mark = (struct mark){.label = "page.p95 < 300ms", .x = 0.3, .y = 0.05};
    b->figure = (struct figure){
        .kind = FIGURE_TAIL,
        .table = {.title = "A title",
                  .caption = "A caption",
                  .series = &b->series,
                  .count = 1,
                  .marks = &b->mark,
                  .mark_count = 1},
        .scripts = b->scripts,
    };
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    setenv("PATH", b->outer_path, 1);
    DIR *list = opendir(b->folder);
    for (struct dirent *entry; (entry = readdir(list));)
        unlinkat(dirfd(list), entry->d_name, 0);
    closedir(list);
    int failed = rmdir(b->folder); /* fails when a workspace was left behind */
    free(b);
    return failed;
}

static enum figure_result draw(struct bench *b)
{
    b->error[0] = '\0';
    return figure_draw(&b->figure, b->svg, b->error, sizeof b->error);
}

/* A program called gnuplot, first in PATH. */
static void fake_gnuplot(struct bench *b, const char *body)
{
    char path[128], text[1024], search[5000];
    snprintf(path, sizeof path, "%s/gnuplot", b->folder);
    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body);
    write_file(path, text, 0700);
    snprintf(search, sizeof search, "%s:%s", b->folder, b->outer_path);
    setenv("PATH", search, 1);
}

static void the_words_of_a_table_appear_in_the_figure(void **state)
{
    struct bench *b = *state;
    assert_int_equal(draw(b), FIGURE_DRAWN);
    char *svg = read_file(b->svg);
    assert_non_null(strstr(svg, ">A title<"));
    assert_non_null(strstr(svg, ">A caption<"));
    assert_non_null(strstr(svg, ">page<"));
    assert_non_null(strstr(svg, ">page.p95 &lt; 300ms<"));
    assert_non_null(strstr(svg, ">p99.9<"));
    assert_non_null(strstr(svg, ">0.1 %<"));
    assert_non_null(strstr(svg, ">100 ms<"));
    free(svg);
}

static void the_same_table_gives_the_same_bytes(void **state)
{
    struct bench *b = *state;
    assert_int_equal(draw(b), FIGURE_DRAWN);
    char *first = read_file(b->svg);
    b->figure.force = true;
    assert_int_equal(draw(b), FIGURE_DRAWN);
    char *second = read_file(b->svg);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static void nothing_is_left_beside_the_figure(void **state)
{
    struct bench *b = *state;
    assert_int_equal(draw(b), FIGURE_DRAWN);
    assert_int_equal(files_in(b->folder), 1);
}

/* Each would run `touch <canary>` if gnuplot or a shell read it as its language. */
static const char *const payloads[] = {
    "`touch %s`",
    "'`touch %s`'",
    "\"`touch %s`\"",
    "'; system('touch %s'); x='",
    "'.system('touch %s').'",
    "''.system('touch %s').''",
    "\"; system(\"touch %s\"); x=\"",
    "\\'; system('touch %s') #",
    "'\n!touch %s\n'",
    "\n!touch %s\n",
    "\r!touch %s\r",
    "!touch %s",
    "'\nset output '| touch %s'\n'",
    "| touch %s",
    "'\nplot '< touch %s'\n'",
    "< touch %s",
    "@x'; x='system(\"touch %s\")'; @x '",
    "@{system('touch %s')}",
    "@title `touch %s`",
    "$(touch %s)",
    "'; $(touch %s); '",
    "%%s%%n%%d `touch %s`",
    "'\\\n; system('touch %s') \\\n'",
    "\\",
    "'",
    "''",
    "'''`touch %s`'''",
    "'; eval 'system(\"touch %s\")'; y='",
    "'; load '< touch %s'; y='",
    "'; print system('touch %s') ; exit; '",
    "\xE2\x80\xA8!touch %s",
    "\xC0\xA7; system('touch %s') #",
    "\xFF'\n!touch %s",
    "\x1B]0;`touch %s`\x07",
    "# `touch %s`",
    "{/=20 `touch %s`}",
    "</text><script>alert(1)</script>",
};

enum { PAYLOADS = sizeof payloads / sizeof *payloads, FIELDS = 9, PAYLOAD_MOST = 512 };

/* Every field of a table says another payload, from this one on. */
static void say_payloads(struct bench *b, int first, char text[FIELDS][PAYLOAD_MOST])
{
    struct table *t = &b->figure.table;
    const char **field[FIELDS] = {&t->title,        &t->caption,     &t->x_label,
                                  &t->y_label,      &t->series_label, &b->words[0],
                                  &b->series.label, &b->mark.label,  &t->nothing};
    for (int i = 0; i < FIELDS; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text[i], PAYLOAD_MOST, payloads[(first + i) % PAYLOADS], b->canary);
#pragma GCC diagnostic pop
        *field[i] = text[i];
    }
    b->words[1] = text[0];
    t->category = b->words;
    t->categories = 2;
}

static void no_text_is_ever_obeyed(void **state)
{
    struct bench *b = *state;
    char text[FIELDS][PAYLOAD_MOST];
    b->figure.force = true;
    for (int kind = 0; kind < FIGURE_KINDS; kind++) {
        b->figure.kind = (enum figure_kind)kind;
        for (int i = 0; i < PAYLOADS; i += 3) {
            b->mark.x = i % 2 ? NAN : 0.3;
            say_payloads(b, i, text);
            if (draw(b) != FIGURE_DRAWN)
                fail_msg("kind %d, payload %d: %s", kind, i, b->error);
            if (access(b->canary, F_OK) == 0)
                fail_msg("kind %d: one of the payloads from %d on was run", kind, i);
        }
        char *svg = read_file(b->svg);
        assert_null(strstr(svg, "<script"));
        free(svg);
    }
}

/* Whole axes from nothing, from one value, from infinities. */
static void every_kind_draws_whatever_the_values_are(void **state)
{
    struct bench *b = *state;
    const double odd[][2] = {{0, 0},       {-1, 1},        {NAN, 1},
                             {1, INFINITY}, {1e300, 1e300}, {1e-300, 1e-300}};
    b->figure.force = true;
    b->figure.table.category = b->words;
    b->figure.table.categories = 1;
    for (size_t i = 0; i < sizeof odd / sizeof *odd * FIGURE_KINDS; i++)
        for (int unit = UNIT_TIME; unit <= UNIT_PART; unit += UNIT_PART - UNIT_TIME) {
            const double *value = odd[i / FIGURE_KINDS];
            b->figure.kind = (enum figure_kind)(i % FIGURE_KINDS);
            if (b->figure.kind < FIGURE_CELLS && unit > UNIT_TIME)
                continue; /* knows no units */
            b->series = (struct curve){
                .label = "s", .x = &value[0], .y = &value[1], .count = 1};
            b->figure.table.y_unit = b->figure.table.x_unit = (enum unit)unit;
            if (draw(b) != FIGURE_DRAWN)
                fail_msg("values %zu, unit %d: %s", i, unit, b->error);
        }
}

/* A map of two rows and three columns. */
static void make_map(struct bench *b, struct curve row[2])
{
    static const double x[] = {1, 2, 3};
    static const double y[2][3] = {{0.010, 0.020, 5}, {0.012, NAN, 7}};
    static const bool hollow[2][3] = {{false, false, true}, {false, false, true}};
    static const enum cell cell[2][3] = {{CELL_KEPT, CELL_MISSED, CELL_MISSED},
                                         {CELL_KEPT, CELL_OPEN, CELL_MISSED}};
    static const char *const name[] = {"10/s", "20/s", "30/s"};
    for (int i = 0; i < 2; i++)
        row[i] = (struct curve){.label = i ? "8 threads" : "4 threads",
                                .x = x,
                                .y = y[i],
                                .hollow = hollow[i],
                                .cell = cell[i],
                                .count = 3};
    b->figure.kind = FIGURE_CELLS;
    b->figure.table.y_unit = UNIT_TIME;
    b->figure.table.series = row;
    b->figure.table.count = 2;
    b->figure.table.category = name;
    b->figure.table.categories = 3;
    b->figure.table.mark_count = 0;
}

static char *source_of(const struct bench *b, const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/out/%s", b->folder, name);
    return read_file(path);
}

static void remove_sources(const struct bench *b)
{
    char command[200];
    snprintf(command, sizeof command, "rm -r %s/out", b->folder);
    assert_int_equal(system(command), 0);
}

static void an_overloaded_cell_has_stripes_and_no_number(void **state)
{
    struct bench *b = *state;
    struct curve row[2];
    make_map(b, row);
    b->figure.sources = true;
    assert_int_equal(draw(b), FIGURE_DRAWN);
    char *svg = read_file(b->svg), *cells = source_of(b, "cells.dat");
    char *stripes = source_of(b, "stripes.dat");
    char *frontier = source_of(b, "frontier.dat");
    assert_non_null(strstr(svg, ">10 ms<"));
    assert_non_null(strstr(svg, ">12 ms<"));
    assert_non_null(strstr(svg, ">8 threads<"));
    assert_null(strstr(svg, ">5 s<"));
    assert_null(strstr(svg, ">7 s<"));
    assert_non_null(strstr(cells, "\n1 1 0.01 "));
    assert_non_null(strstr(cells, "\n3 1 nan 0 1 "));
    assert_null(strstr(cells, "\n2 2 ")); /* no value: nothing is drawn */
    /* Stripes only in the third column, which begins at 2.5. */
    assert_non_null(strstr(stripes, "\n2."));
    assert_null(strstr(stripes, "\n1."));
    /* The only line: between the first two cells of the lower row. */
    assert_string_equal(frontier, "NaN NaN NaN NaN\n1.5 0.5 0 1\n");
    free(svg);
    free(cells);
    free(stripes);
    free(frontier);
    remove_sources(b);
}

static void a_map_of_promises_names_what_it_shows_and_nothing_else(void **state)
{
    struct bench *b = *state;
    struct curve row[2];
    make_map(b, row);
    b->figure.kind = FIGURE_KEPT;
    b->figure.force = true;
    assert_int_equal(draw(b), FIGURE_DRAWN);
    char *svg = read_file(b->svg);
    assert_non_null(strstr(svg, ">kept<"));
    assert_non_null(strstr(svg, ">undecided<"));
    assert_non_null(strstr(svg, ">overloaded<"));
    free(svg);
    row[0].cell = row[1].cell = row[0].cell; /* kept, missed */
    row[0].count = row[1].count = 2;
    assert_int_equal(draw(b), FIGURE_DRAWN);
    svg = read_file(b->svg);
    assert_non_null(strstr(svg, ">missed<"));
    assert_null(strstr(svg, ">undecided<"));
    assert_null(strstr(svg, ">overloaded<"));
    free(svg);
}

/* Darker for more, in every step: it can be read in grey. */
static void a_scale_of_colours_darkens_evenly(void **state)
{
    struct bench *b = *state;
    struct curve row[2];
    make_map(b, row);
    b->figure.sources = true;
    assert_int_equal(draw(b), FIGURE_DRAWN);
    char *script = source_of(b, "figure.gp");
    double last = 255;
    int steps = 0;
    for (const char *at = script; (at = strstr(at, "scale_rgb[")); at++) {
        unsigned rgb;
        int step;
        if (sscanf(at, "scale_rgb[%d] = %u", &step, &rgb) != 2)
            continue;
        double light = 0.299 * (rgb >> 16) + 0.587 * (rgb >> 8 & 255) +
                       0.114 * (rgb & 255);
        assert_true(light < last && (steps == 0 || last - light < 15));
        last = light;
        steps++;
    }
    assert_int_equal(steps, 32);
    assert_true(last < 50);
    free(script);
    remove_sources(b);
}

/* Every column has an axis of its own; the numbers are written, and what is known of
 * their difference. */
static void dots_stand_in_columns_with_axes_of_their_own(void **state)
{
    struct bench *b = *state;
    static const double time[] = {0.2, 0.1, 0}, low[] = {0.18, 0.09, 0},
                        high[] = {0.22, 0.11, 0}, rate[] = {100, 50, 0};
    static const char *const note[] = {"", "-50 % ±3", ""};
    static const char *const row[] = {"before", "after", "broken"};
    static const bool hollow[] = {false, false, true};
    struct curve column[] = {{.label = "p99", .unit = UNIT_TIME, .y = time, .low = low,
                              .high = high, .note = note, .hollow = hollow, .count = 3},
                             {.label = "goodput", .unit = UNIT_RATE, .y = rate,
                              .count = 3}};
    b->figure.kind = FIGURE_DOTS;
    b->figure.table.category = row;
    b->figure.table.categories = 3;
    b->figure.table.series = column;
    b->figure.table.count = 2;
    b->figure.sources = true;
    assert_int_equal(draw(b), FIGURE_DRAWN);
    char *svg = read_file(b->svg), *dots = source_of(b, "dots.dat");
    static const char *const shown[] = {">before<",  ">p99<",   ">goodput<",
                                        ">200 ms<",  ">100 ms<", ">50/s<",
                                        ">-50 % ±3<", ">overloaded<"};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        assert_non_null(strstr(svg, shown[i]));
    double x, y, left, right, value;
    int number;
    /* Behind the first line: x, y, the interval's ends, the row, the value. */
    const char *first = strchr(dots, '\n');
    assert_int_equal(sscanf(first, "%lf %lf %lf %lf %d %lf", &x, &y, &left, &right,
                            &number, &value), 6);
    assert_true(left < x && x < right);
    assert_true(number == 1 && value == 0.2);
    int lines = 0;
    for (const char *c = dots; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 1 + 2 + 3); /* the broken one has no time */
    free(svg);
    free(dots);
    remove_sources(b);
}

static void a_long_name_takes_two_lines(void **state)
{
    struct bench *b = *state;
    static const char *const bars[] = {"median", "slowest"};
    b->figure.kind = FIGURE_BARS;
    b->figure.width = 480;
    b->figure.table.category = bars;
    b->figure.table.categories = 2;
    b->series.label = "12 % a-service: waiting for a connection";
    assert_int_equal(draw(b), FIGURE_DRAWN);
    char *svg = read_file(b->svg);
    assert_non_null(strstr(svg, ">12 % a-service: waiting<"));
    assert_non_null(strstr(svg, ">for a connection<"));
    free(svg);
}

static void hollow_points_are_in_no_line(void **state)
{
    struct bench *b = *state;
    char path[200];
    bool hollow[POINTS] = {false};
    hollow[3] = true;
    b->series.hollow = hollow;
    b->figure.kind = FIGURE_LINES;
    b->figure.sources = true;
    assert_int_equal(draw(b), FIGURE_DRAWN);
    snprintf(path, sizeof path, "%s/out/curve1.dat", b->folder);
    char *joined = read_file(path);
    snprintf(path, sizeof path, "%s/out/hollow1.dat", b->folder);
    char *alone = read_file(path);
    /* An empty line breaks the line. */
    assert_non_null(strstr(joined, "\n\n0.05 "));
    assert_null(strstr(joined, "\n0.04 "));
    assert_non_null(strstr(alone, "\n0.04 "));
    assert_null(strstr(alone, "\n0.05 "));
    free(joined);
    free(alone);
    snprintf(path, sizeof path, "rm -r %s/out", b->folder);
    assert_int_equal(system(path), 0);
}

/* Where there are many the points are not marked: a lone one would vanish. */
static void a_lone_point_of_many_is_a_dash(void **state)
{
    struct bench *b = *state;
    for (int k = 0; k < POINTS; k++)
        b->y[k] = k == 30 || k > 40 ? 1 : NAN;
    b->figure.kind = FIGURE_LINES;
    b->figure.sources = true;
    assert_int_equal(draw(b), FIGURE_DRAWN);
    char *data = source_of(b, "curve1.dat");
    double from, to, y;
    const char *lone = strstr(data, "\n0.30");
    assert_non_null(lone);
    assert_int_equal(sscanf(lone, "%lf %lf %*f %*f %lf", &from, &y, &to), 3);
    assert_true(from < 0.31 && to > 0.31 && to - from < 0.02);
    assert_non_null(strstr(data, "\n0.42 1 ")); /* others stay where they are */
    free(data);
    remove_sources(b);
}

/* Without this the test above could pass for a wrong reason. */
static void a_hostile_script_would_wake_the_canary(void **state)
{
    struct bench *b = *state;
    struct workspace space;
    assert_true(workspace_open(&space));
    FILE *script = workspace_create(&space, "figure.gp");
    fprintf(script, "x = system('touch %s')\n", b->canary);
    fclose(script);
    assert_int_equal(gnuplot_run(&space, "figure.gp", 30, b->error, sizeof b->error),
                     GNUPLOT_DONE);
    workspace_close(&space);
    assert_int_equal(access(b->canary, F_OK), 0);
}

static void an_existing_file_stays_unless_forced(void **state)
{
    struct bench *b = *state;
    write_file(b->svg, "mine", 0600);
    assert_int_equal(draw(b), FIGURE_EXISTS);
    assert_non_null(strstr(b->error, "exists already"));
    char *kept = read_file(b->svg);
    assert_string_equal(kept, "mine");
    free(kept);

    b->figure.force = true;
    assert_int_equal(draw(b), FIGURE_DRAWN);
    char *svg = read_file(b->svg);
    assert_non_null(strstr(svg, "<svg"));
    free(svg);
}

static void a_file_that_appears_meanwhile_stays(void **state)
{
    struct bench *b = *state;
    char body[512];
    snprintf(body, sizeof body, "echo drawn > figure.svg; echo mine > %s", b->svg);
    fake_gnuplot(b, body);
    assert_int_equal(draw(b), FIGURE_EXISTS);
    char *kept = read_file(b->svg);
    assert_string_equal(kept, "mine\n");
    free(kept);
}

static void a_link_is_replaced_and_never_written_through(void **state)
{
    struct bench *b = *state;
    write_file(b->canary, "precious", 0600);
    assert_int_equal(symlink(b->canary, b->svg), 0);
    assert_int_equal(draw(b), FIGURE_EXISTS);
    b->figure.force = true;
    assert_int_equal(draw(b), FIGURE_DRAWN);

    char *kept = read_file(b->canary);
    assert_string_equal(kept, "precious");
    free(kept);
    struct stat status;
    assert_int_equal(lstat(b->svg, &status), 0);
    assert_true(S_ISREG(status.st_mode));
}

static void a_missing_folder_is_named(void **state)
{
    struct bench *b = *state;
    snprintf(b->svg, sizeof b->svg, "%s/nowhere/out.svg", b->folder);
    assert_int_equal(draw(b), FIGURE_FAILED);
    assert_non_null(strstr(b->error, "nowhere/out.svg"));
    assert_non_null(strstr(b->error, "No such file"));
}

static void a_name_with_another_ending_is_refused(void **state)
{
    struct bench *b = *state;
    snprintf(b->svg, sizeof b->svg, "%s/out.gif", b->folder);
    assert_int_equal(draw(b), FIGURE_NO_FORMAT);
    assert_non_null(strstr(b->error, "out.gif"));
    assert_non_null(strstr(b->error, ".svg"));
    assert_int_equal(files_in(b->folder), 0);
}

/* The check says of a path what drawing would say. */
static void a_check_foretells_a_refusal_and_writes_nothing(void **state)
{
    struct bench *b = *state;
    char error[512];
    assert_int_equal(figure_check(b->svg, false, error, sizeof error), FIGURE_DRAWN);
    assert_int_equal(files_in(b->folder), 0);

    write_file(b->svg, "mine", 0600);
    assert_int_equal(figure_check(b->svg, false, error, sizeof error), FIGURE_EXISTS);
    assert_int_equal(draw(b), FIGURE_EXISTS);
    assert_string_equal(error, b->error);
    assert_int_equal(figure_check(b->svg, true, error, sizeof error), FIGURE_DRAWN);
}

static void a_missing_script_is_named(void **state)
{
    struct bench *b = *state;
    b->figure.scripts = b->folder;
    assert_int_equal(draw(b), FIGURE_FAILED);
    assert_non_null(strstr(b->error, "style.gp"));
}

static void a_missing_gnuplot_is_told_apart(void **state)
{
    struct bench *b = *state;
    setenv("PATH", "/nonexistent", 1);
    assert_int_equal(draw(b), FIGURE_NO_GNUPLOT);
    assert_non_null(strstr(b->error, "gnuplot is not installed"));
    assert_int_equal(files_in(b->folder), 0);
}

static void a_failing_gnuplot_is_quoted(void **state)
{
    struct bench *b = *state;
    fake_gnuplot(b,
                 "echo first >&2; printf 'line 3: it \\033[31mhurts\\n' >&2; exit 7");
    assert_int_equal(draw(b), FIGURE_FAILED);
    assert_string_equal(b->error,
                        "gnuplot failed with status 7: line 3: it ?[31mhurts");
}

static void a_hanging_gnuplot_is_stopped(void **state)
{
    struct bench *b = *state;
    char body[512];
    snprintf(body, sizeof body, "(sleep 2; touch %s) & sleep 60", b->canary);
    fake_gnuplot(b, body);
    struct workspace space;
    assert_true(workspace_open(&space));
    assert_int_equal(gnuplot_run(&space, "figure.gp", 1, b->error, sizeof b->error),
                     GNUPLOT_STOPPED);
    workspace_close(&space);
    assert_string_equal(b->error, "gnuplot was stopped after 1 s");
}

static void a_gnuplot_that_writes_too_much_fails(void **state)
{
    struct bench *b = *state;
    fake_gnuplot(b, "exec head -c 70000000 /dev/zero > figure.svg");
    assert_int_equal(draw(b), FIGURE_FAILED);
    assert_int_not_equal(access(b->svg, F_OK), 0);
}

static void a_gnuplot_that_writes_nothing_fails(void **state)
{
    struct bench *b = *state;
    fake_gnuplot(b, "exit 0");
    assert_int_equal(draw(b), FIGURE_FAILED);
    assert_non_null(strstr(b->error, "gnuplot wrote no figure"));
}

static void gnuplot_sees_no_secrets_and_obeys_limits(void **state)
{
    struct bench *b = *state;
    setenv("SECRET", "42", 1);
    fake_gnuplot(b, "[ -z \"$SECRET$HOME\" ] || exit 8\n"
                    "sleep 0.1 # the limits are set right after the start\n"
                    "[ \"$(ulimit -v)\" = 1048576 ] || exit 9\n"
                    "[ \"$(ulimit -t)\" = 30 ] || exit 10\n"
                    "[ \"$1 $2\" = '-d figure.gp' ] || exit 11\n"
                    "cp figure.gp figure.svg");
    if (draw(b) != FIGURE_DRAWN)
        fail_msg("%s", b->error);
    unsetenv("SECRET");
}

static void contains(struct bench *b, const char *text, bool expected)
{
    b->figure.force = true;
    if (draw(b) != FIGURE_DRAWN)
        fail_msg("%s", b->error);
    char *svg = read_file(b->svg);
    if ((strstr(svg, text) != NULL) != expected)
        fail_msg("%s: %s", text, expected ? "missing" : "there");
    free(svg);
}

static void a_figure_without_curves_says_so(void **state)
{
    struct bench *b = *state;
    b->figure.table.nothing = "nobody answered";
    contains(b, ">nobody answered<", false);
    b->series.count = 0;
    contains(b, ">nobody answered<", true);
    b->figure.table.mark_count = 0;
    contains(b, ">nobody answered<", true);
    b->series.count = POINTS;
    for (int k = 0; k < POINTS; k++)
        b->y[k] = 0;
    contains(b, ">nobody answered<", true);
}

static void a_label_never_stands_without_its_curve(void **state)
{
    struct bench *b = *state;
    b->series.count = 1;
    contains(b, ">page<", false);
    b->series.count = 2;
    contains(b, ">page<", true);
}

/* How gnuplot begins a text of a colour. */
#define FILLED(rgb)                                                                    \
    "fill=\"rgb(" rgb ")\" font-family=\"Helvetica\" font-size=\"14.00\"  "            \
    "text-anchor=\"start\">\n\t\t<text>"

static void a_promise_has_the_colour_of_its_series(void **state)
{
    struct bench *b = *state;
    struct curve series[] = {{.label = "empty", .x = b->x, .y = b->y}, b->series};
    b->figure.table.series = series;
    b->figure.table.count = 2;
    contains(b, FILLED("34,34,34") "page.p95", true);
    b->mark.series = 2;
    contains(b, FILLED("0,90,156") "page.p95", true);
}

static void points_that_are_no_numbers_are_left_out(void **state)
{
    struct bench *b = *state;
    b->x[3] = 0.0 / 0.0;
    b->y[4] = 1.0 / 0.0;
    b->x[5] = -1;
    b->x[6] = 1e-300;
    b->mark.x = 0.0 / 0.0;
    assert_int_equal(draw(b), FIGURE_DRAWN);
}

static void text_is(const char *text, int most, const char *expected)
{
    char *written;
    size_t length;
    FILE *out = open_memstream(&written, &length);
    script_text(out, text, most);
    fclose(out);
    assert_string_equal(written, expected);
    free(written);
}

static void quotes_become_apostrophes_and_nothing_else_changes(void **state)
{
    (void)state;
    text_is("it's ''", 10, "'it\xE2\x80\x99s \xE2\x80\x99\xE2\x80\x99'");
    text_is("a`b\\n\"@c%d", 20, "'a`b\\n\"@c%d'");
    text_is("größe", 10, "'größe'");
    text_is(NULL, 10, "''");
}

static void what_cannot_be_shown_is_replaced(void **state)
{
    (void)state;
    text_is("a\nb", 10,
            "'a\xEF\xBF\xBD"
            "b'");
    text_is("\x7F", 10, "'\xEF\xBF\xBD'");
    text_is("\xC3", 10, "'\xEF\xBF\xBD'");
    text_is("\xC0\xA7", 10, "'\xEF\xBF\xBD\xEF\xBF\xBD'");
    text_is("\xE2\x80\xAE", 10, "'\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD'");
}

static void long_texts_end_with_an_ellipsis(void **state)
{
    (void)state;
    text_is("abcdef", 6, "'abcdef'");
    text_is("abcdefg", 6, "'abcde\xE2\x80\xA6'");
    assert_int_equal(script_width("abc", 6), 3);
    assert_int_equal(script_width("abcdefgh", 6), 7);
}

static void a_raster_knows_what_a_box_would_cover(void **state)
{
    (void)state;
    struct raster *raster = calloc(1, sizeof *raster);
    raster->width = 240;
    raster->height = 150;
    raster_line(raster, 0, 10, 239, 10);
    assert_int_equal(raster_covered(raster, (struct box){20, 12, 40, 20}), 0);
    assert_int_equal(raster_covered(raster, (struct box){20, 5, 29, 15}), 10);
    assert_true(raster_covered(raster, (struct box){230, 12, 245, 20}) >= 1000);
    free(raster);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(the_words_of_a_table_appear_in_the_figure),
        test(the_same_table_gives_the_same_bytes),
        test(nothing_is_left_beside_the_figure),
        test(no_text_is_ever_obeyed),
        test(every_kind_draws_whatever_the_values_are),
        test(an_overloaded_cell_has_stripes_and_no_number),
        test(a_map_of_promises_names_what_it_shows_and_nothing_else),
        test(a_scale_of_colours_darkens_evenly),
        test(dots_stand_in_columns_with_axes_of_their_own),
        test(a_long_name_takes_two_lines),
        test(hollow_points_are_in_no_line),
        test(a_lone_point_of_many_is_a_dash),
        test(a_hostile_script_would_wake_the_canary),
        test(an_existing_file_stays_unless_forced),
        test(a_file_that_appears_meanwhile_stays),
        test(a_link_is_replaced_and_never_written_through),
        test(a_missing_folder_is_named),
        test(a_name_with_another_ending_is_refused),
        test(a_check_foretells_a_refusal_and_writes_nothing),
        test(a_missing_script_is_named),
        test(a_missing_gnuplot_is_told_apart),
        test(a_failing_gnuplot_is_quoted),
        test(a_hanging_gnuplot_is_stopped),
        test(a_gnuplot_that_writes_too_much_fails),
        test(a_gnuplot_that_writes_nothing_fails),
        test(gnuplot_sees_no_secrets_and_obeys_limits),
        test(a_figure_without_curves_says_so),
        test(a_label_never_stands_without_its_curve),
        test(a_promise_has_the_colour_of_its_series),
        test(points_that_are_no_numbers_are_left_out),
        cmocka_unit_test(quotes_become_apostrophes_and_nothing_else_changes),
        cmocka_unit_test(what_cannot_be_shown_is_replaced),
        cmocka_unit_test(long_texts_end_with_an_ellipsis),
        cmocka_unit_test(a_raster_knows_what_a_box_would_cover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
