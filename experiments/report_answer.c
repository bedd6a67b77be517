/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report of a results file: what carries how much. */
#include "experiments/report_results.h"

#include <math.h>
#include <string.h>

enum {
    BRIEF_OTHERS = 3, /* lines that a sheet of paper has room for, beside the best */
    MOST_OTHERS = 6,  /* … and a page */
    MOST_LINES = 12,  /* of the table of lines */
};

static const char *safe(const struct results *s, const char *text)
{
    return report_safe(&s->report, text);
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

/* ---- together ------------------------------------------------------------------- */

void report_answer(struct results *s, bool brief)
{
    put_verdict(s);
    put_numbers(s);
    if (brief)
        put_others(s, BRIEF_OTHERS);
    else if (!s->chart->axis)
        put_others(s, MOST_OTHERS);
    else if (s->chart->lines > 1)
        put_lines(s);
}
