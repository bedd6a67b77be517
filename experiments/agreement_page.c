/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/agreement_page.h"

#include "experiments/human.h"
#include "experiments/json.h"
#include "experiments/sheet.h"
#include "sim/check.h"

#include <math.h>
#include <string.h>

bool agreement_is_yes(const struct agreement_page *page)
{
    for (int i = 0; i < page->agreement->rows; i++)
        if (!agreement_holds(&page->agreement->row[i], page->within))
            return false;
    return true;
}

static const char *name_of(const struct agreement *a, struct scope scope)
{
    return scope.sort == SCOPE_WHOLE ? "all" : a->facts->type[scope.index].name;
}

/* ---- text ------------------------------------------------------------------------ */

enum { NAME = 8, METRIC = 11, VALUE = 10, INTERVAL = 19, DIFFERENCE = 11 };

static enum human_kind kind_of(enum agreement_metric metric)
{
    return metric == AGREEMENT_ERRORS                                     ? HUMAN_PART
           : metric == AGREEMENT_SENT || metric == AGREEMENT_THROUGHPUT ? HUMAN_RATE
                                                                          : HUMAN_TIME;
}

static const char *interval_text(struct arena *arena, enum human_kind kind, double low,
                                 double high)
{
    if (isnan(low) || isnan(high))
        return "";
    return arena_format(arena, "%s – %s", human_value(arena, kind, low),
                        human_value(arena, kind, high));
}

static const char *difference_text(struct arena *arena,
                                   const struct agreement_row *row)
{
    if (!isfinite(row->difference)) /* by nothing */
        return "-";
    bool points = row->metric == AGREEMENT_ERRORS;
    return arena_format(arena, "%+.1f %s", 100 * row->difference + 0.0,
                        points ? "pts" : "%");
}

static void print_verdict(struct sheet *sheet, const struct agreement_page *page,
                          const struct agreement_row *row)
{
    bool holds = agreement_holds(row, page->within);
    if (isnan(row->measured) || isnan(row->predicted)) {
        fputs("  too few requests", sheet->out);
        return;
    }
    if (!page->agreement->random && page->within == 0)
        return;
    const char *word = row->inside ? "inside" : holds ? "close" : "outside";
    fprintf(sheet->out, "  %s%s%s", sheet_ink(sheet, holds ? INK_GOOD : INK_BAD), word,
            sheet_ink(sheet, INK_PLAIN));
}

static void print_row(struct sheet *sheet, const struct agreement_page *page,
                      const struct agreement_row *row)
{
    struct arena *arena = &sheet->arena;
    enum human_kind kind = kind_of(row->metric);
    bool first = row->metric == 0;
    sheet_gap(sheet, 2);
    const char *name = first ? name_of(page->agreement, row->scope) : "";
    sheet_left(sheet, sheet_safe(sheet, name), NAME);
    sheet_left(sheet, agreement_names[row->metric], METRIC);
    sheet_right(sheet, human_value(arena, kind, row->measured), VALUE);
    sheet_right(sheet,
                interval_text(arena, kind, row->measured_low, row->measured_high),
                INTERVAL);
    sheet_right(sheet, human_value(arena, kind, row->predicted), VALUE);
    sheet_right(sheet, interval_text(arena, kind, row->low, row->high), INTERVAL);
    sheet_right(sheet, difference_text(arena, row), DIFFERENCE);
    print_verdict(sheet, page, row);
    fputc('\n', sheet->out);
}

static void print_head(struct sheet *sheet)
{
    sheet_gap(sheet, 2 + NAME + METRIC);
    sheet_right(sheet, "measured", VALUE);
    sheet_right(sheet, "its interval", INTERVAL);
    sheet_right(sheet, "predicted", VALUE);
    sheet_right(sheet, "95 % of runs", INTERVAL);
    sheet_right(sheet, "difference", DIFFERENCE);
    fputc('\n', sheet->out);
}

static void print_course(struct sheet *sheet, enum human_kind kind,
                         const double *measured, const double *predicted)
{
    const double *const sides[] = {measured, predicted};
    for (int side = 0; side < 2; side++) {
        sheet_gap(sheet, 2);
        sheet_left(sheet, side ? "predicted" : "measured", 10);
        for (int p = 0; p < AGREEMENT_PARTS; p++)
            sheet_right(sheet, human_value(&sheet->arena, kind, sides[side][p]), 8);
        fputc('\n', sheet->out);
    }
}

static void print_courses(struct sheet *sheet, const struct agreement *a)
{
    sheet_heading(sheet, "Mean latency by the part of the run it began in");
    print_course(sheet, HUMAN_TIME, a->course_measured, a->course_predicted);
    if (!agreement_loses(a))
        return;
    sheet_heading(sheet, "Good answers by the part of the run their requests began in");
    print_course(sheet, HUMAN_RATE, a->good_measured, a->good_predicted);
    if (a->collapsed > 0 || a->has_collapsed)
        sheet_say(sheet,
                  "In the last part hardly any request succeeds (less than a tenth) in "
                  "%s of the simulated runs, and in the measured run %s do.",
                  human_value(&sheet->arena, HUMAN_PART, a->collapsed),
                  a->has_collapsed ? "no more" : "more");
}

static void print_origin(struct sheet *sheet, const struct agreement_page *page)
{
    const struct agreement *a = page->agreement;
    struct arena *arena = &sheet->arena;
    sheet_heading(sheet, "How this is known");
    sheet_say(sheet, "%s: %d requests that began between %s and %s.",
              page->measured->file, a->requests,
              human_value(arena, HUMAN_TIME, a->from),
              human_value(arena, HUMAN_TIME, a->to));
    if (a->random)
        sheet_say(sheet,
                  "Predicted: the median of %d simulated runs as long as the measured "
                  "one, each from an empty system, seed %llu; beside it where 95 %% of "
                  "them lie, which is where one more run is to be expected%s.",
                  a->replications, (unsigned long long)page->seed,
                  a->replications < AGREEMENT_LEAST
                      ? arena_format(arena, " (needs %d runs or more)", AGREEMENT_LEAST)
                      : "");
    else
        sheet_say(sheet,
                  "Predicted: nothing in this scenario is random, so one simulated run "
                  "is all there is, and an interval there is none.");
    if (a->drifts)
        sheet_say(sheet,
                  "Measured: no interval. Parts of the run that follow each other are "
                  "alike (its queue comes and goes slowly, or grows), so that this one "
                  "run cannot tell how far the next would be from it.");
    else
        sheet_say(sheet,
                  "Measured: beside each value the interval by a bootstrap of %d "
                  "blocks of time.",
                  AGREEMENT_BLOCKS);
    if (a->overflow)
        sheet_say(sheet, "A simulated backlog grew beyond all bounds: that replication "
                         "was cut short.");
}

void agreement_print(const struct agreement_page *page, bool colour, FILE *out)
{
    struct sheet sheet = {.out = out, .colour = colour};
    arena_init(&sheet.arena);
    fprintf(out, "%s%s: predicted and measured%s\n\n", sheet_ink(&sheet, INK_BOLD),
            sheet_safe(&sheet, page->name), sheet_ink(&sheet, INK_PLAIN));
    print_head(&sheet);
    for (int i = 0; i < page->agreement->rows; i++)
        print_row(&sheet, page, &page->agreement->row[i]);
    print_courses(&sheet, page->agreement);
    print_origin(&sheet, page);
    arena_free(&sheet.arena);
}

/* ---- JSON ------------------------------------------------------------------------ */

static void put_side(cJSON *parent, const char *key, double value, double low,
                     double high)
{
    cJSON *side = json_object(parent, key);
    json_number(side, "value", value);
    json_number(side, "low", low);
    json_number(side, "high", high);
}

static void put_row(cJSON *rows, const struct agreement_page *page,
                    const struct agreement_row *row)
{
    cJSON *object = json_element(rows);
    bool whole = row->scope.sort == SCOPE_WHOLE;
    json_text(object, "type", whole ? NULL : name_of(page->agreement, row->scope));
    json_text(object, "metric", agreement_names[row->metric]);
    put_side(object, "measured", row->measured, row->measured_low, row->measured_high);
    put_side(object, "predicted", row->predicted, row->low, row->high);
    json_number(object, "difference", row->difference);
    json_flag(object, "inside", row->inside);
    json_flag(object, "holds", agreement_holds(row, page->within));
}

static void put_course(cJSON *root, const char *key, const double *course)
{
    cJSON *array = json_array(root, key);
    for (int p = 0; p < AGREEMENT_PARTS; p++)
        json_append(array, isnan(course[p]) ? json_made(cJSON_CreateNull())
                                            : json_made(cJSON_CreateNumber(course[p])));
}

const char *agreement_json(const struct agreement_page *page, struct arena *arena)
{
    const struct agreement *a = page->agreement;
    cJSON *root = json_made(cJSON_CreateObject());
    json_text(root, "schema", "headroom.validate/1");
    json_text(root, "version", HEADROOM_VERSION);
    json_text(root, "scenario", page->name);
    json_text(root, "measured_file", page->measured->file);
    json_number(root, "seed", (double)page->seed);
    json_flag(root, "yes", agreement_is_yes(page));
    json_number(root, "within", page->within);
    json_number(root, "from", a->from);
    json_number(root, "to", a->to);
    json_number(root, "requests", a->requests);
    json_number(root, "replications", a->replications);
    json_flag(root, "random", a->random);
    json_flag(root, "measured_drifts", a->drifts);
    json_flag(root, "overflow", a->overflow);
    cJSON *rows = json_array(root, "rows");
    for (int i = 0; i < a->rows; i++)
        put_row(rows, page, &a->row[i]);
    put_course(root, "course_measured", a->course_measured);
    put_course(root, "course_predicted", a->course_predicted);
    put_course(root, "good_measured", a->good_measured);
    put_course(root, "good_predicted", a->good_predicted);
    json_number(root, "collapsed", a->collapsed);
    json_flag(root, "has_collapsed", a->has_collapsed);
    char *text = json_made(root) ? cJSON_Print(root) : NULL;
    if (!text)
        die("no memory");
    const char *copy = arena_format(arena, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(root);
    return copy;
}

/* ---- a table to draw ------------------------------------------------------------- */

struct table agreement_table(const struct agreement_page *page, struct arena *arena)
{
    const struct agreement *a = page->agreement;
    const char *how =
        a->random ? arena_format(arena,
                                 "predicted: median and 95 %% of %d simulated runs as "
                                 "long, seed %llu, headroom %s",
                                 a->replications, (unsigned long long)page->seed,
                                 HEADROOM_VERSION)
                  : arena_format(arena, "predicted: one simulated run, nothing in it "
                                        "is random, headroom %s",
                                 HEADROOM_VERSION);
    return (struct table){
        .title = page->name,
        .caption = arena_format(arena, "measured: %d requests; %s", a->requests, how),
        .nothing = "too few requests were answered to draw",
        .series = a->curve,
        .count = a->curves,
    };
}
