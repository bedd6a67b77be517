/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report of a results file: its points. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "experiments/export.h"
#include "experiments/report_results.h"
#include "plots/output.h"
#include "sim/check.h"

#include <math.h>
#include <stdlib.h>

enum {
    OPEN_ROWS = 60,   /* points of a report that are all shown */
    FEW_ROWS = 6,     /* of a line in a longer one: around where it ends */
    DETAIL_LINES = 6, /* lines whose points are shown at all, in a longer one */
};

static const char *safe(const struct results *s, const char *text)
{
    return report_safe(&s->report, text);
}

/* ---- the points ------------------------------------------------------------------ */

enum point_column {
    POINT_PLACE,
    POINT_VERDICT,
    POINT_PROMISES,
    POINT_OFFERED,
    POINT_OK,
    POINT_FAILED,
    POINT_P50,
    POINT_P95,
    POINT_P99,
    POINT_LOAD,
    POINT_COLUMNS
};

static struct document_cell known(const struct results *s, const struct chart_number *n,
                                  enum human_kind kind)
{
    return report_estimate(&s->report, kind, n ? n->value : NAN,
                           n ? n->half_width : NAN);
}

static struct document_cell kept(const struct results *s, const struct chart_point *p)
{
    struct arena *arena = s->report.arena;
    if (p->promises == 0)
        return (struct document_cell){0};
    bool missed = p->missed > 0;
    if (missed || p->undecided > 0)
        return (struct document_cell){
            .text = arena_format(arena, missed ? "%d missed" : "%d not decided",
                                 missed ? p->missed : p->undecided),
            .below = arena_format(arena, "of %d", p->promises),
            .tone = missed ? TONE_BAD : TONE_WARN};
    return (struct document_cell){.text = "kept", .tone = TONE_GOOD};
}

static void add_point(const struct results *s, struct document_cell *cell,
                      const struct chart_point *p)
{
    static const char *const times[] = {"p50", "p95", "p99"};
    double load;
    cell[POINT_PLACE].text = safe(s, reach_place(s->chart, p));
    cell[POINT_VERDICT] = (struct document_cell){
        .text = safe(s, p->verdict), .tone = p->lasting ? TONE_PLAIN : TONE_BAD};
    cell[POINT_PROMISES] = kept(s, p);
    cell[POINT_OFFERED] = known(s, chart_find(p, "all", "", "offered"), HUMAN_RATE);
    cell[POINT_OFFERED].below = NULL;
    cell[POINT_OK] = known(s, chart_find(p, "all", "", "completed"), HUMAN_RATE);
    cell[POINT_FAILED] = known(s, chart_find(p, "all", "", "errors"), HUMAN_PART);
    for (int i = 0; i < 3; i++)
        cell[POINT_P50 + i] =
            known(s, chart_of_type(s->chart, p, times[i]), HUMAN_TIME);
    const char *who = reach_bottleneck(p, &load);
    if (who)
        cell[POINT_LOAD] = (struct document_cell){
            .text = human_value(s->report.arena, HUMAN_PART, load),
            .below = safe(s, who)};
}

static void put_points(struct results *s, const struct chart_line *line,
                       struct chart_point *const *point, int count)
{
    struct arena *arena = s->report.arena;
    const char *of = *s->chart->of ? safe(s, s->chart->of) : "all";
    struct document_cell head[POINT_COLUMNS] = {
        [POINT_PLACE] = {.text = s->chart->axis ? safe(s, s->chart->axis_name) : NULL},
        [POINT_VERDICT] = {.text = "verdict"},
        [POINT_PROMISES] = {.text = "promises"},
        [POINT_OFFERED] = {.text = "offered"},
        [POINT_OK] = {.text = "answered well"},
        [POINT_FAILED] = {.text = "failed"},
        [POINT_P50] = {.text = "p50", .below = of},
        [POINT_P95] = {.text = "p95", .below = of},
        [POINT_P99] = {.text = "p99", .below = of},
        [POINT_LOAD] = {.text = "bottleneck", .below = "used by work"}};
    struct document_cell *cell =
        arena_many(arena, count * POINT_COLUMNS, struct document_cell);
    for (int i = 0; i < count; i++)
        add_point(s, &cell[i * POINT_COLUMNS], point[i]);
    document_table(s->report.page,
                   &(struct document_table){
                       .caption = *line->label ? safe(s, line->label) : "All points",
                       .columns = POINT_COLUMNS,
                       .rows = count,
                       .left = POINT_OFFERED,
                       .head = head,
                       .cell = cell});
}

/* Of a long line those around the place where it ends: the first, the last, and what
 * stands beside the break. */
static int pick(const struct reach *r, struct chart_point **picked)
{
    const struct chart_line *line = r->line;
    int middle = 0, count = 0;
    for (int k = 0; k < line->count; k++)
        if (line->point[k] == reach_point(r))
            middle = k;
    for (int k = 0; k < line->count; k++)
        if (k == 0 || k == line->count - 1 ||
            (k > middle - FEW_ROWS / 2 && k <= middle + FEW_ROWS / 2 - 1))
            picked[count++] = line->point[k];
    return count;
}

static void put_line_points(struct results *s, const struct reach *r, bool all)
{
    struct chart_point **picked =
        arena_many(s->report.arena, FEW_ROWS + 2, struct chart_point *);
    if (all || r->line->count <= FEW_ROWS + 2)
        put_points(s, r->line, r->line->point, r->line->count);
    else
        put_points(s, r->line, picked, pick(r, picked));
}

/* Where nothing was varied each point is a line; here they share a table. */
static void put_unordered(struct results *s, int count)
{
    static const struct chart_line all = {.label = ""};
    struct chart_point **point =
        arena_many(s->report.arena, count, struct chart_point *);
    for (int i = 0; i < count; i++)
        point[i] = s->chart->line[i].point[0];
    put_points(s, &all, point, count);
}

/* In the page, or beside it. */
static void put_table_file(struct results *s)
{
    const struct report_settings *set = s->report.set;
    char *bytes;
    size_t length;
    FILE *memory = open_memstream(&bytes, &length);
    if (!memory)
        die("out of memory");
    export_csv(s->store, EXPORT_POINTS, memory);
    if (fclose(memory) != 0)
        die("out of memory");
    struct document_file file = {.label = "All points as a table (CSV)",
                                 .name = "points.csv",
                                 .type = "text/csv",
                                 .bytes = bytes,
                                 .length = length};
    if (set->folder) {
        char error[500];
        const char *path = arena_format(s->report.arena, "%s/points.csv", set->folder);
        if (set->format == DOCUMENT_MARKDOWN)
            file.name = arena_format(s->report.arena, "%s/points.csv", set->seen);
        if (output_write(path, bytes, length, set->force, error, sizeof error) !=
            OUTPUT_WRITTEN)
            set->warn(set->context, arena_format(s->report.arena, "%s", error));
    }
    document_file(s->report.page, &file);
    free(bytes);
}

void report_points(struct results *s)
{
    int points = 0, lines = s->chart->lines;
    for (int i = 0; i < lines; i++)
        points += s->chart->line[i].count;
    bool all = points <= OPEN_ROWS;
    document_heading(s->report.page, 2, "Points");
    document_note(s->report.page,
                  "Values stand above half of their 95 % interval. A dash is a number "
                  "that may not be given: it would grow with the length of the run, or "
                  "too few requests lie beyond it.");
    if (!all)
        report_say(&s->report,
                   "There are %d points in %d lines; shown are those around the place "
                   "where each line ends%s. All are in the table below.",
                   points, lines,
                   lines > DETAIL_LINES
                       ? arena_format(s->report.arena, ", of the best line and %d more",
                                      DETAIL_LINES - 1)
                       : "");
    if (!s->chart->axis && all) {
        put_unordered(s, points);
        put_table_file(s);
        return;
    }
    put_line_points(s, s->best, all);
    for (int i = 0, shown = 1; i < lines && (all || shown < DETAIL_LINES); i++) {
        if (&s->reach[i] == s->best)
            continue;
        put_line_points(s, &s->reach[i], all);
        shown++;
    }
    put_table_file(s);
}
