/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/overview.h"

#include "experiments/human.h"
#include "experiments/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_LINES = 60, /* more points than that: only those with something to tell */
    MOST_TOLD = 20,  /* of those */
    MOST_LABEL = 46,
};

/* Columns of the query below. */
enum {
    LABEL,
    STATE,
    VERDICT,
    REASON,
    OFFERED,
    ERRORS,
    P99,
    P99_HALF,
    JUDGED,
    MISSED,
    UNDECIDED,
    REPLICATIONS
};

#define OF_ALL(column, metric)                                                         \
    "(select " column " from estimate e where e.point = p.id and e.scope = 'all' and"  \
    " e.metric = '" metric "')"
#define SELECTED                                                                       \
    "select p.label, p.state, p.verdict, p.reason, " OF_ALL(                           \
        "value",                                                                       \
        "offered") ", " OF_ALL("value",                                                \
                               "errors") ", " OF_ALL("value",                          \
                                                     "p99") ", " OF_ALL("half_width",  \
                                                                        "p99") ", "    \
                                                                               "p."    \
                                                                               "promi" \
                                                                               "ses, " \
                                                                               "p."    \
                                                                               "misse" \
                                                                               "d, "   \
                                                                               "p."    \
                                                                               "undec" \
                                                                               "ided," \
                                                                               " p."   \
                                                                               "repli" \
                                                                               "catio" \
                                                                               "ns"    \
                                                                               " from" \
                                                                               " poin" \
                                                                               "t p "  \
                                                                               "where" \
                                                                               " p."   \
                                                                               "numbe" \
                                                                               "r is " \
                                                                               "not "  \
                                                                               "null"
#define WORTH_TELLING                                                                  \
    " and (p.state = 'failed' or p.verdict <> 'stable' or p.missed > 0)"

struct overview {
    struct sheet sheet;
    int label; /* columns */
};

static double number(const char *text)
{
    return text ? strtod(text, NULL) : NAN;
}

static const char *promises(struct overview *o, const char *const *text)
{
    int judged = (int)number(text[JUDGED]), missed = (int)number(text[MISSED]);
    int undecided = (int)number(text[UNDECIDED]);
    if (judged == 0)
        return "";
    if (missed > 0)
        return arena_format(&o->sheet.arena, "%d of %d missed", missed, judged);
    return undecided > 0 ? "not decided" : "kept";
}

static void print_numbers(struct overview *o, const char *const *text)
{
    struct arena *arena = &o->sheet.arena;
    struct estimate p99 = {
        .value = number(text[P99]), .half_width = number(text[P99_HALF]), .n = 2};
    bool bad = strcmp(text[VERDICT], "stable") != 0 || number(text[MISSED]) > 0;
    fputs(sheet_ink(&o->sheet, bad ? INK_BAD : INK_PLAIN), o->sheet.out);
    sheet_left(&o->sheet, text[VERDICT], 14);
    fputs(bad ? sheet_ink(&o->sheet, INK_PLAIN) : "", o->sheet.out);
    sheet_right(&o->sheet, human_value(arena, HUMAN_RATE, number(text[OFFERED])), 9);
    sheet_right(&o->sheet, human_value(arena, HUMAN_PART, number(text[ERRORS])), 9);
    sheet_right(&o->sheet,
                isnan(p99.value) ? "-" : human_estimate(arena, HUMAN_TIME, &p99), 16);
    const char *promised = promises(o, text);
    bool done = strcmp(text[STATE], "done") == 0;
    fprintf(o->sheet.out, "%s%s%s\n", *promised ? "  " : "", promised,
            done        ? ""
            : *promised ? ", unfinished"
                        : "  unfinished");
}

static void print_row(void *overview, int columns, const char *const *text)
{
    struct overview *o = overview;
    (void)columns;
    sheet_gap(&o->sheet, 2);
    sheet_left(&o->sheet, sheet_safe(&o->sheet, text[LABEL]), o->label + 2);
    if (text[VERDICT])
        print_numbers(o, text);
    else
        fprintf(o->sheet.out, "%s\n",
                text[STATE] && strcmp(text[STATE], "failed") == 0 ? "left out"
                                                                  : "not begun");
    bool telling = text[REASON] && (!text[VERDICT] || strstr(text[REASON], "deadlock"));
    if (telling)
        sheet_say(&o->sheet, "  %s", sheet_safe(&o->sheet, text[REASON]));
}

static void measure_label(void *overview, int columns, const char *const *text)
{
    struct overview *o = overview;
    (void)columns;
    int width = human_width(text[LABEL]);
    if (width > o->label)
        o->label = width < MOST_LABEL ? width : MOST_LABEL;
}

static void print_head(struct overview *o)
{
    sheet_heading(&o->sheet, "Points");
    sheet_gap(&o->sheet, o->label + 4);
    sheet_left(&o->sheet, "verdict", 14);
    sheet_right(&o->sheet, "offered", 9);
    sheet_right(&o->sheet, "failed", 9);
    sheet_right(&o->sheet, "p99", 16);
    fputs("  promises\n", o->sheet.out);
}

void overview_print(struct store *store, bool colour, FILE *out)
{
    struct overview o = {.sheet = {.out = out, .colour = colour}};
    int64_t points =
        store_number(store, "select count(*) from point where number is not null");
    int64_t telling = store_number(
        store, "select count(*) from point p where number is not null" WORTH_TELLING);
    bool few = points <= MOST_LINES;
    const char *query = few ? SELECTED " order by p.number"
                            : SELECTED WORTH_TELLING " order by p.number limit 20";
    if ((few ? points : telling) == 0)
        return;
    arena_init(&o.sheet.arena);
    store_rows(store, query, 0, measure_label, &o);
    print_head(&o);
    store_rows(store, query, 0, print_row, &o);
    if (!few && telling > MOST_TOLD)
        fprintf(out, "  … and %lld more that are not stable, or miss a promise\n",
                (long long)(telling - MOST_TOLD));
    arena_free(&o.sheet.arena);
}
