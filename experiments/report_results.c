/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report of a results file. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "experiments/report_parts.h"

#include "experiments/export.h"
#include "experiments/plan.h"
#include "experiments/reach.h"
#include "experiments/recall.h"
#include "experiments/summary.h"
#include "plots/output.h"
#include "sim/check.h"
#include "sim/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_LINES = 12,  /* of the table of lines: more are the best and the last */
    OPEN_ROWS = 60,   /* points of a report that are all shown */
    FEW_ROWS = 6,     /* of a line in a longer one: around where it ends */
    DETAIL_LINES = 6, /* lines whose points are shown at all, in a longer one */
    MOST_SET_UPS = 8, /* that are looked at for assumptions and lint */
    MOST_FAILED = 20,
};

/* A results file while it is reported. */
struct results {
    struct report report;
    struct store *store;
    const struct chart *chart;
    const struct reach *reach, *best; /* of each line */
    int equal;                        /* other lines that carry as much as the best */
    struct sitter sitter;
};

static const char *safe(const struct results *s, const char *text)
{
    return report_safe(&s->report, text);
}

static int64_t number(const struct results *s, const char *query)
{
    return store_number(s->store, query);
}

/* ---- the answer ------------------------------------------------------------------ */

static enum tone tone_of(const struct reach *r)
{
    return r->shape == REACH_NONE ? r->open_to ? TONE_WARN : TONE_BAD : TONE_GOOD;
}

static const char *sentence(const struct results *s, const struct reach *r)
{
    return safe(s, reach_sentence(s->chart, r, s->report.arena));
}

static void put_verdict(struct results *s)
{
    struct arena *arena = s->report.arena;
    const char *label = safe(s, s->best->line->label), *text = sentence(s, s->best);
    const char *most = s->chart->axis ? "carries most" : "does best";
    if (!*label)
        text = report_capital(&s->report, text);
    else if (s->equal > 0)
        text = arena_format(arena, "\u201c%s\u201d, like %d other%s, %s: it %s", label,
                            s->equal, s->equal > 1 ? "s" : "", most, text);
    else if (s->chart->lines > 1)
        text = arena_format(arena, "\u201c%s\u201d %s: it %s", label, most, text);
    else
        text = arena_format(arena, "\u201c%s\u201d %s", label, text);
    document_verdict(s->report.page, tone_of(s->best),
                     arena_format(arena, "%s.", text));
}

/* The others, each in a sentence. */
static void put_others(struct results *s, int most)
{
    int shown = 0;
    for (int i = 0; i < s->chart->lines && shown < most; i++) {
        const struct reach *r = &s->reach[i];
        if (r == s->best)
            continue;
        report_item(&s->report, "%s: %s.", safe(s, r->line->label), sentence(s, r));
        shown++;
    }
    if (s->chart->lines - 1 > shown)
        report_item(&s->report, "and %d more, which carry no more.",
                    s->chart->lines - 1 - shown);
}

static const struct chart_number *shown_time(const struct results *s,
                                             const struct chart_point *p)
{
    return chart_of_type(s->chart, p, s->chart->by);
}

/* "p95 at 240/s", but "p95 with more connections" */
static const char *at_or_with(const struct results *s)
{
    return s->chart->axis ? "at" : "with";
}

static struct document_number carried(const struct results *s)
{
    const struct reach *r = s->best;
    const struct chart_point *to = r->yes ? r->yes : r->open_to;
    struct arena *arena = s->report.arena;
    const char *label = r->shape == REACH_FROM ? "enough from" : "carries";
    const char *above =
        r->no ? arena_format(arena, "and not %s", reach_place(s->chart, r->no))
              : "the last value tried";
    if (!to)
        return (struct document_number){.label = "carries",
                                        .value = "nothing",
                                        .below = "of what was tried",
                                        .tone = TONE_BAD};
    if (!s->chart->axis)
        return (struct document_number){.label = "does best",
                                        .value = safe(s, to->label),
                                        .below = r->yes ? "every promise is kept"
                                                        : "not all is decided",
                                        .tone = r->yes ? TONE_GOOD : TONE_WARN};
    return (struct document_number){
        .label = *r->line->label
                     ? arena_format(arena, "%s %s", safe(s, r->line->label), label)
                     : label,
        .value = safe(s, reach_place(s->chart, to)),
        .below = safe(s, r->yes ? above
                                : arena_format(arena, "%s; not all is decided", above)),
        .tone = r->yes ? TONE_GOOD : TONE_WARN};
}

/* What was promised of the number that is shown; NULL: nothing. */
static const char *promise_of(const struct results *s)
{
    const struct chart *c = s->chart;
    for (int i = 0; i < c->promises; i++) {
        const char *of, *metric;
        double seconds;
        if (chart_promise(c, c->promise[i], &of, &metric, &seconds, s->report.arena) &&
            strcmp(of, c->of) == 0 && strcmp(metric, c->by) == 0)
            return c->promise[i];
    }
    return NULL;
}

static const char *metric_name(const struct results *s)
{
    return *s->chart->of
               ? arena_format(s->report.arena, "%s of %s", s->chart->by, s->chart->of)
               : s->chart->by;
}

static struct document_number how_fast(const struct results *s)
{
    const struct chart_point *p = reach_point(s->best);
    const struct chart_number *n = shown_time(s, p);
    struct arena *arena = s->report.arena;
    const char *promise = promise_of(s);
    struct estimate e = {
        .value = n ? n->value : NAN, .half_width = n ? n->half_width : NAN, .n = 2};
    return (struct document_number){
        .label = safe(s, arena_format(arena, "%s %s %s", metric_name(s), at_or_with(s),
                                      reach_place(s->chart, p))),
        .value = human_estimate(arena, HUMAN_TIME, &e),
        .below = isnan(e.value)
                     ? p->lasting ? "too few requests to say" : "it would grow for ever"
                 : promise ? arena_format(arena, "promised is %s", safe(s, promise))
                           : "± half of the 95 % interval"};
}

/* Where the first part is full: by its rate, if the axis is one. */
static struct document_number full_at(const struct results *s)
{
    const struct chart_point *p = reach_point(s->best);
    struct arena *arena = s->report.arena;
    double load;
    const char *who = reach_bottleneck(p, &load);
    if (!who || !(load > 0)) {
        const struct chart_number *e = chart_find(p, "all", "", "errors");
        return (struct document_number){
            .label = "failed requests",
            .value = human_value(arena, HUMAN_PART, e ? e->value : NAN),
            .below = "of those offered"};
    }
    bool rate = s->chart->axis && s->chart->axis_unit == UNIT_RATE;
    const char *at = safe(s, reach_place(s->chart, p));
    return (struct document_number){
        .label = arena_format(arena, "breaks first: %s", safe(s, who)),
        .value = rate ? human_value(arena, HUMAN_RATE, p->x / load)
                      : human_value(arena, HUMAN_PART, load),
        .below = rate ? "is where its work alone fills it"
                      : arena_format(arena, "of it is used %s %s", at_or_with(s), at)};
}

static void put_numbers(struct results *s)
{
    struct document_number shown[] = {carried(s), how_fast(s), full_at(s)};
    document_numbers(s->report.page, shown, sizeof shown / sizeof *shown);
}

/* ---- the lines ------------------------------------------------------------------- */

enum line_column {
    LINE_NAME,
    LINE_YES,
    LINE_NO,
    LINE_WHY,
    LINE_TIME,
    LINE_FULL,
    LINE_COLUMNS
};

static void add_line(const struct results *s, struct document_cell *cell,
                     const struct reach *r)
{
    const struct chart_point *p = reach_point(r);
    const struct chart_number *n = shown_time(s, p);
    struct arena *arena = s->report.arena;
    double load;
    const char *who = reach_bottleneck(p, &load);
    bool open = !r->yes && r->open_to;
    bool mixed = r->shape == REACH_MIXED;
    cell[LINE_NAME].text = *r->line->label ? safe(s, r->line->label) : "all points";
    cell[LINE_YES] = (struct document_cell){
        .text = mixed    ? arena_format(arena, "%d of %d", r->kept, r->line->count)
                : r->yes ? safe(s, reach_place(s->chart, r->yes))
                : open   ? safe(s, reach_place(s->chart, r->open_to))
                         : "nothing",
        .below = open ? "not all decided"
                 : r->open_before
                     ? arena_format(arena, "%d before it not decided", r->open_before)
                     : NULL,
        .tone = tone_of(r),
        .strong = r == s->best};
    if (r->no) {
        cell[LINE_NO].text = safe(s, reach_place(s->chart, r->no));
        cell[LINE_WHY].text = safe(s, reach_break(s->chart, r->no, arena));
    }
    cell[LINE_TIME] = report_estimate(&s->report, HUMAN_TIME, n ? n->value : NAN,
                                      n ? n->half_width : NAN);
    if (who)
        cell[LINE_FULL] = (struct document_cell){
            .text = safe(s, who),
            .below =
                arena_format(arena, "%s used", human_value(arena, HUMAN_PART, load))};
}

static void put_lines(struct results *s)
{
    struct arena *arena = s->report.arena;
    int rows = s->chart->lines < MOST_LINES ? s->chart->lines : MOST_LINES;
    struct document_cell head[LINE_COLUMNS] = {
        [LINE_YES] = {.text = "kept up to"},
        [LINE_NO] = {.text = "not at"},
        [LINE_WHY] = {.text = "because there"},
        [LINE_TIME] = {.text = arena_format(arena, "%s while kept",
                                            safe(s, metric_name(s)))},
        [LINE_FULL] = {.text = "full first"}};
    struct document_cell *cell =
        arena_many(arena, rows * LINE_COLUMNS, struct document_cell);
    for (int i = 0; i < rows; i++)
        add_line(s, &cell[i * LINE_COLUMNS], &s->reach[i]);
    document_table(s->report.page,
                   &(struct document_table){.caption = "How far each line of points "
                                                       "keeps what was asked",
                                            .columns = LINE_COLUMNS,
                                            .rows = rows,
                                            .left = LINE_COLUMNS,
                                            .head = head,
                                            .cell = cell});
    if (s->chart->lines > rows)
        document_note(s->report.page,
                      arena_format(arena,
                                   "%d more lines are in the table of all points.",
                                   s->chart->lines - rows));
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
    if (p->missed > 0)
        return (struct document_cell){
            .text = arena_format(arena, "%d of %d missed", p->missed, p->promises),
            .tone = TONE_BAD};
    if (p->undecided > 0)
        return (struct document_cell){
            .text =
                arena_format(arena, "%d of %d not decided", p->undecided, p->promises),
            .tone = TONE_WARN};
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

static void put_all_points(struct results *s)
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

/* ---- one of them, closely -------------------------------------------------------- */

static void seat(struct results *s)
{
    const char *why;
    const struct chart_point *point = reach_point(s->best);
    s->sitter = (struct sitter){
        .chart = s->chart, .store = s->store, .effort = s->report.set->effort};
    if (!sitter_seat(&s->sitter, point, s->report.arena, &why))
        s->report.set->warn(s->report.set->context, why);
}

static void put_closely(struct results *s)
{
    if (!s->sitter.point)
        return;
    document_heading(s->report.page, 2,
                     arena_format(s->report.arena, "A closer look: %s",
                                  safe(s, reach_point(s->best)->label)));
    summary_write(SUMMARY_HEADROOM, &s->sitter.point->result, &s->report.sheet);
    summary_write(SUMMARY_PROMISES, &s->sitter.point->result, &s->report.sheet);
    summary_write(SUMMARY_NUMBERS, &s->sitter.point->result, &s->report.sheet);
}

/* ---- behind it ------------------------------------------------------------------- */

/* Of evenly spread lines the first and the last point: loads bring findings. */
static void put_behind(struct results *s)
{
    struct behind *behind = arena_new(s->report.arena, struct behind);
    int lines = s->chart->lines;
    int looked = lines < MOST_SET_UPS ? lines : MOST_SET_UPS;
    for (int i = 0; i < looked; i++) {
        const struct chart_line *line = &s->chart->line[i * lines / looked];
        for (int end = 0; end < 2 && end < line->count; end++) {
            const struct chart_point *p = line->point[end ? line->count - 1 : 0];
            struct point *point = arena_new(s->report.arena, struct point);
            const char *why;
            if (recall_set_up(point, p, s->report.arena, &why))
                report_behind_add(&s->report, behind, point, p->label);
            else
                s->report.set->warn(s->report.set->context, why);
        }
    }
    report_behind(&s->report, behind);
}

static void say_count(void *results, int columns, const char *const *text)
{
    (void)columns;
    struct results *s = results;
    report_item(&s->report, "%s: %s", safe(s, text[0] ? text[0] : "none"),
                safe(s, text[1] ? text[1] : ""));
}

static const char *text_of(const struct results *s, const char *query)
{
    const char *text = store_text(s->store, query, s->report.arena);
    return text ? safe(s, text) : "unknown";
}

/* "60.0 s", or "30.0 s to 5.00 min" where points differ. */
static const char *span(const struct results *s, const char *column)
{
    double end[2];
    static const char *const which[] = {"min", "max"};
    for (int i = 0; i < 2; i++) {
        const char *text = store_text(
            s->store,
            arena_format(s->report.arena,
                         "select %s(s.%s) * 1e-9 from evidence e join stage s on s.id ="
                         " e.stage join point p on p.id = e.point"
                         " where p.number is not null",
                         which[i], column),
            s->report.arena);
        end[i] = text ? strtod(text, NULL) : NAN;
    }
    const char *least = human_value(s->report.arena, HUMAN_TIME, end[0]);
    const char *most = human_value(s->report.arena, HUMAN_TIME, end[1]);
    return strcmp(least, most) == 0
               ? least
               : arena_format(s->report.arena, "%s to %s", least, most);
}

static void put_refused(struct results *s)
{
    int64_t failed = number(s, "select count(*) from points where state = 'failed'");
    int64_t lacking =
        number(s, "select count(*) from estimate e join point p on p.id = e.point where"
                  " p.number is not null and e.lack is not null");
    if (lacking > 0) {
        document_heading(s->report.page, 3, "Numbers that may not be given, by reason");
        store_rows(
            s->store,
            "select iif(e.lack like 'too few samples%', 'too few values beyond the"
            " percentile', e.lack), count(*) from estimate e join point p on p.id ="
            " e.point where p.number is not null and e.lack is not null group by"
            " 1 order by 2 desc, 1 limit 8",
            0, say_count, s);
    }
    if (failed > 0) {
        document_heading(s->report.page, 3, "Points that could not be simulated");
        store_rows(s->store,
                   "select label, reason from points where state = 'failed' order by"
                   " number limit 20",
                   0, say_count, s);
        if (failed > MOST_FAILED)
            report_item(&s->report, "and %lld more", (long long)(failed - MOST_FAILED));
    }
}

static void put_evidence(struct results *s)
{
    struct arena *arena = s->report.arena;
    int64_t points = number(s, "select points from experiment");
    int64_t done = number(s, "select count(*) from points where state = 'done'");
    int64_t imprecise =
        number(s, "select count(*) from points where state = 'done' and precise = 0");
    int64_t undecided =
        number(s, "select count(*) from points where state = 'done' and undecided > 0");
    document_heading(s->report.page, 2, "How this is known");
    report_say(&s->report,
               "%lld of %lld points are done, with %s replications each of %s after a "
               "warm-up of %s: %s requests in all. ± is half of the %.0f %% interval, "
               "by Student's t over replications; the same random numbers at every "
               "point.",
               (long long)done, (long long)points,
               text_of(s, "select case when min(replications) = max(replications) then"
                          " min(replications) else min(replications) || ' to ' ||"
                          " max(replications) end from points where state = 'done'"),
               span(s, "length"), span(s, "warm_up"),
               human_value(arena, HUMAN_COUNT,
                           (double)number(s, "select sum(requests) from points")),
               100 * ESTIMATE_CONFIDENCE);
    if (imprecise > 0)
        report_say(&s->report,
                   "At %lld points the precision asked for is not reached: their "
                   "intervals are as wide as they are told.",
                   (long long)imprecise);
    if (undecided > 0)
        report_say(
            &s->report,
            "At %lld points a promise is not decided: too few requests lie beyond "
            "the percentile it speaks of, or nobody sends what it is about. A "
            "longer run tells.",
            (long long)undecided);
    report_say(&s->report,
               "A percentile is given where at least %d values lie beyond "
               "it in each replication and %d in all, and never of a "
               "backlog that grows.",
               ESTIMATE_BEYOND_EACH, ESTIMATE_BEYOND_ALL);
    document_heading(s->report.page, 3, "Points by verdict");
    store_rows(s->store,
               "select coalesce(verdict, state, 'not begun'), count(*) from points"
               " group by 1 order by 2 desc, 1",
               0, say_count, s);
    put_refused(s);
}

static void put_recipe(struct results *s)
{
    struct arena *arena = s->report.arena;
    char hash[DIGEST_TEXT];
    struct digest digest = store_hash(s->store);
    digest_text(&digest, hash);
    const char *experiment =
        store_text(s->store, "select text from experiment limit 1", arena);
    const char *scenario = reach_point(s->best)->scenario;
    document_heading(s->report.page, 2, "How to do it again");
    report_say(&s->report, "The same experiment and seed give the same digits on any "
                           "machine, whether or not it is interrupted, and on any "
                           "number of threads.");
    document_code(s->report.page, s->report.set->command);
    const struct document_cell cell[] = {
        {.text = "results file"},
        {.text = safe(s, s->report.set->source)},
        {.text = "hash of all results"},
        {.text = hash},
        {.text = "SHA-256 of the experiment"},
        {.text = experiment ? report_digest(&s->report, experiment) : "unknown"},
        {.text = "SHA-256 of the scenario below"},
        {.text = report_digest(&s->report, scenario)},
        {.text = "simulated by headroom"},
        {.text = text_of(s, "select group_concat(distinct version) from execution")},
        {.text = "version of results, of random numbers"},
        {.text = arena_format(arena, "%d, %d", RESULTS_VERSION, RNG_STREAM_VERSION)},
        {.text = "work"},
        {.text = arena_format(
             arena, "%s events in %s core-hours",
             human_value(arena, HUMAN_COUNT,
                         (double)number(s, "select sum(events) from points")),
             text_of(s, "select format('%.2g', sum(seconds) / 3600) from execution"))}};
    document_table(s->report.page,
                   &(struct document_table){.caption = "What was used",
                                            .columns = 2,
                                            .rows = sizeof cell / sizeof *cell / 2,
                                            .left = 2,
                                            .cell = cell});
    if (experiment)
        report_json(&s->report, "The experiment, word for word", experiment);
    report_json(&s->report,
                arena_format(arena, "The scenario of %s, before its values",
                             safe(s, reach_point(s->best)->label)),
                scenario);
}

/* ---- the whole ------------------------------------------------------------------- */

static void put_brief(struct results *s)
{
    enum { MOST_OTHERS = 3 };
    struct arena *arena = s->report.arena;
    char hash[DIGEST_TEXT];
    struct digest digest = store_hash(s->store);
    digest_text(&digest, hash);
    put_verdict(s);
    put_numbers(s);
    put_others(s, MOST_OTHERS);
    report_figures(&s->report);
    if (s->sitter.point)
        summary_write(SUMMARY_HEADROOM, &s->sitter.point->result, &s->report.sheet);
    document_note(s->report.page,
                  arena_format(arena,
                               "± is half of the %.0f %% interval. Results: %s, "
                               "hash %.16s.",
                               100 * ESTIMATE_CONFIDENCE,
                               safe(s, s->report.set->source), hash));
}

static void put_all(struct results *s)
{
    document_heading(s->report.page, 2, "The answer");
    put_verdict(s);
    put_numbers(s);
    if (!s->chart->axis)
        put_others(s, DETAIL_LINES);
    else if (s->chart->lines > 1)
        put_lines(s);
    document_heading(s->report.page, 2, "Figures");
    report_figures(&s->report);
    put_all_points(s);
    put_closely(s);
    put_behind(s);
    put_evidence(s);
    put_recipe(s);
}

char *report_results(const struct report_settings *set, struct store *store,
                     const struct chart *chart, struct arena *arena, size_t *length,
                     const char **why)
{
    struct results s = {.store = store, .chart = chart};
    const char *description = store_text(
        store,
        "select iif(json_valid(text), json_extract(text, '$.description'), null)"
        " from experiment limit 1",
        arena);
    if (!report_begin(&s.report, set, chart->title ? chart->title : "results",
                      description, arena, why))
        return NULL;
    s.reach = reach_of(chart, arena);
    s.best = reach_best(chart, s.reach, &s.equal);
    seat(&s);
    report_draw(&s.report, &s.sitter);
    if (set->brief)
        put_brief(&s);
    else
        put_all(&s);
    return report_end(&s.report, length, why);
}
