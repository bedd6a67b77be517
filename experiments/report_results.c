/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report of a results file: what stands behind its answer, and the whole of it. */
#include "experiments/report_results.h"

#include "experiments/plan.h"
#include "experiments/recall.h"
#include "experiments/summary.h"
#include "sim/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_SET_UPS = 8, /* that are looked at for assumptions and lint */
    MOST_FAILED = 20,
};

static const char *safe(const struct results *s, const char *text)
{
    return report_safe(&s->report, text);
}

static int64_t number(const struct results *s, const char *query)
{
    return store_number(s->store, query);
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
        {.text = "seed"},
        {.text = text_of(s, "select group_concat(distinct coalesce(iif(json_valid("
                            "text), json_extract(text, '$.run.seed'), null), 1))"
                            " from scenario")},
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
    struct arena *arena = s->report.arena;
    char hash[DIGEST_TEXT];
    struct digest digest = store_hash(s->store);
    digest_text(&digest, hash);
    report_answer(s, true);
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
    report_answer(s, false);
    document_heading(s->report.page, 2, "Figures");
    report_figures(&s->report);
    report_points(s);
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
