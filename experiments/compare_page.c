/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/compare_page.h"

#include "experiments/result_json.h"
#include "experiments/sheet.h"

#include <math.h>
#include <string.h>

enum { NAME = 26, VALUE = 14, DIFFERENCE = 20, PART = 12, LABEL = 34 };

struct page {
    const struct comparison *is;
    struct sheet sheet;
};

static const char *label(struct page *p, int contender)
{
    return sheet_safe(&p->sheet, p->is->contender[contender].label);
}

static const struct compare_metric *decides(const struct page *p)
{
    return &p->is->metric[p->is->by];
}

static const char *verdict_of(const struct contender *c)
{
    return verdict_names[c->point.result.judgement.verdict];
}

/* "-132 ms ±7" */
static const char *difference(struct page *p, enum human_kind kind,
                              const struct estimate *e)
{
    struct estimate size = *e;
    size.value = fabs(e->value);
    if (e->value == 0 && !(e->half_width > 0))
        return "none";
    const char *text = human_estimate(&p->sheet.arena, kind, &size);
    const char *sign = *text == '<' ? "" : e->value < 0 ? "-" : "+";
    return arena_format(&p->sheet.arena, "%s%s", sign, text);
}

/* "-41 %": of the first one. */
static const char *part(struct page *p, const struct compare_difference *d)
{
    if (!(fabs(d->a) > 0) || d->difference.value == 0)
        return "";
    double relative = 100 * d->difference.value / fabs(d->a);
    return arena_format(&p->sheet.arena, "%+.*f %%", fabs(relative) < 9.95 ? 1 : 0,
                        relative);
}

static bool surely(const struct estimate *e)
{
    return estimate_given(e) && fabs(e->value) > e->half_width;
}

/* ---- the sentence ---------------------------------------------------------------- */

static int count_tied(const struct comparison *c)
{
    int count = 0;
    for (int i = 0; i < c->contenders; i++)
        count += c->tied[i];
    return count;
}

static const char *list(struct page *p, bool tied)
{
    const char *text = "";
    for (int i = 0; i < p->is->contenders; i++) {
        const struct contender *c = &p->is->contender[i];
        bool wanted = tied ? p->is->tied[i] : c->unsteady || c->overloaded;
        if (wanted)
            text = arena_format(&p->sheet.arena, "%s%s%s", text, *text ? ", " : "",
                                label(p, i));
    }
    return text;
}

/* How much better the best one is than another. */
static const char *advantage(struct page *p, int other)
{
    struct compare_difference d =
        compare_difference(p->is, p->is->by, other, p->is->best, ESTIMATE_CONFIDENCE);
    struct estimate size = d.difference;
    size.value = fabs(size.value);
    const char *relative = part(p, &d);
    return arena_format(&p->sheet.arena, "%s is %s %s%s%s%s", decides(p)->name,
                        human_estimate(&p->sheet.arena, decides(p)->kind, &size),
                        d.difference.value < 0 ? "lower" : "higher",
                        *relative ? " (" : "", relative, *relative ? ")" : "");
}

static const char *sentence(struct page *p)
{
    const struct comparison *c = p->is;
    struct arena *arena = &p->sheet.arena;
    int tied = count_tied(c);
    const char *unsteady = list(p, false);
    const char *tail =
        *unsteady ? arena_format(arena, "; not stable: %s", unsteady) : "";
    if (c->best < 0)
        return "none of them is stable: the backlog grows in all";
    if (tied == 1 && c->contenders == 2 && !*unsteady)
        return arena_format(arena, "%s is better: %s than with %s", label(p, c->best),
                            advantage(p, !c->best), label(p, !c->best));
    if (tied == 1)
        return arena_format(arena, "%s is the best%s", label(p, c->best), tail);
    if (tied == c->contenders && tied == 2) {
        struct compare_difference d =
            compare_difference(c, c->by, 0, 1, ESTIMATE_CONFIDENCE);
        return arena_format(arena, "no difference is certain: that of %s is %s",
                            decides(p)->name,
                            difference(p, decides(p)->kind, &d.difference));
    }
    return arena_format(arena, "tied for the best: %s%s", list(p, true), tail);
}

/* ---- tables ---------------------------------------------------------------------- */

static const char *standing(const struct page *p, int i)
{
    const struct contender *c = &p->is->contender[i];
    return c->unsteady                       ? verdict_of(c)
           : i == p->is->best                ? "best"
           : p->is->tied[i]                  ? "tied with the best"
           : c->overloaded && !c->eliminated ? verdict_of(c)
           : c->eliminated                   ? "worse, seen after half of it"
                                             : "worse";
}

static void print_rank(struct page *p, int i)
{
    const struct comparison *c = p->is;
    struct compare_difference d =
        compare_difference(c, c->by, c->best, i, ESTIMATE_CONFIDENCE);
    struct result *result = &c->contender[i].point.result;
    d.difference.half_width = c->needed[i];
    sheet_gap(&p->sheet, 2);
    sheet_left(&p->sheet, label(p, i), LABEL);
    sheet_right(&p->sheet,
                isnan(d.b) ? "-" : human_value(&p->sheet.arena, decides(p)->kind, d.b),
                11);
    sheet_right(&p->sheet,
                i == c->best || !estimate_given(&d.difference)
                    ? ""
                    : difference(p, decides(p)->kind, &d.difference),
                DIFFERENCE);
    int missed = result_missed(result);
    fprintf(p->sheet.out, "  %s%s\n", standing(p, i),
            missed ? arena_format(&p->sheet.arena, ", misses %d promise%s", missed,
                                  missed == 1 ? "" : "s")
                   : "");
}

static void print_ranking(struct page *p)
{
    sheet_heading(
        &p->sheet,
        arena_format(&p->sheet.arena, "By %s%s", decides(p)->name,
                     decides(p)->more_is_better ? ", the more the better" : ""));
    sheet_gap(&p->sheet, 2 + LABEL);
    sheet_right(&p->sheet, decides(p)->name, 11);
    sheet_right(&p->sheet, "less the best", DIFFERENCE);
    fputc('\n', p->sheet.out);
    for (int i = 0; i < p->is->contenders; i++)
        print_rank(p, i);
    sheet_say(
        &p->sheet,
        "Together these %d intervals hold with %.0f %%: whoever is not worse than "
        "another by more than they allow is tied.",
        p->is->contenders - 1, 100 * ESTIMATE_CONFIDENCE);
}

/* A row that says anything. */
static void print_metric(struct page *p, int metric, int a, int b)
{
    const struct compare_metric *m = &p->is->metric[metric];
    struct compare_difference d =
        compare_difference(p->is, metric, a, b, ESTIMATE_CONFIDENCE);
    struct arena *arena = &p->sheet.arena;
    if (!estimate_given(&d.difference) || (d.a == 0 && d.b == 0))
        return;
    sheet_gap(&p->sheet, 2);
    sheet_left(&p->sheet, sheet_safe(&p->sheet, m->name), NAME);
    sheet_right(&p->sheet, human_value(arena, m->kind, d.a), VALUE);
    sheet_right(&p->sheet, human_value(arena, m->kind, d.b), VALUE);
    fputs(sheet_ink(&p->sheet, surely(&d.difference) ? INK_BOLD : INK_PLAIN),
          p->sheet.out);
    sheet_right(&p->sheet, difference(p, m->kind, &d.difference), DIFFERENCE);
    fputs(sheet_ink(&p->sheet, INK_PLAIN), p->sheet.out);
    sheet_right(&p->sheet, surely(&d.difference) ? part(p, &d) : "", 9);
    sheet_right(&p->sheet,
                isnan(d.correlation) ? "" : arena_format(arena, "%.2f", d.correlation),
                PART);
    fputc('\n', p->sheet.out);
}

static void print_pair(struct page *p, int a, int b)
{
    sheet_heading(&p->sheet, arena_format(&p->sheet.arena, "%s less %s", label(p, b),
                                          label(p, a)));
    sheet_gap(&p->sheet, 2 + NAME);
    sheet_right(&p->sheet, "first", VALUE);
    sheet_right(&p->sheet, "second", VALUE);
    sheet_right(&p->sheet, "difference", DIFFERENCE);
    sheet_gap(&p->sheet, 9);
    sheet_right(&p->sheet, "correlation", PART);
    fputc('\n', p->sheet.out);
    for (int m = 0; m < p->is->metrics; m++)
        print_metric(p, m, a, b);
}

static int first_steady(const struct comparison *c, int after)
{
    for (int i = after; i < c->contenders; i++)
        if (!c->contender[i].unsteady)
            return i;
    return -1;
}

/* "100 s"; of a results file, where they may differ, "100 s to 5.2 min". */
static const char *lengths(struct page *p)
{
    double least = INFINITY, most = 0;
    for (int i = 0; i < p->is->contenders; i++)
        if (!p->is->contender[i].unsteady) {
            double length = sim_seconds(p->is->contender[i].outcome[0].length);
            least = fmin(least, length);
            most = fmax(most, length);
        }
    const char *from = human_value(&p->sheet.arena, HUMAN_TIME, least);
    return least == most ? from
                         : arena_format(&p->sheet.arena, "%s to %s", from,
                                        human_value(&p->sheet.arena, HUMAN_TIME, most));
}

static void print_how(struct page *p)
{
    const struct comparison *c = p->is;
    int a = first_steady(c, 0), b = a < 0 ? -1 : first_steady(c, a + 1);
    if (b < 0)
        return;
    const struct contender *one = &c->contender[a];
    struct compare_difference d =
        compare_difference(c, c->by, a, b, ESTIMATE_CONFIDENCE);
    sheet_heading(&p->sheet, "How this is known");
    sheet_say(
        &p->sheet,
        "%d replications of %s each, seed %llu: the same arrivals and demands for "
        "all, request by request.",
        one->count, lengths(p), (unsigned long long)one->point.result.seed);
    if (!isnan(d.gain))
        sheet_say(&p->sheet,
                  "Without common random numbers the same interval for %s would take "
                  "%.2g times as many.",
                  decides(p)->name, d.gain);
    sheet_say(&p->sheet, "\xc2\xb1: half of the 95 %% interval, by Student's t over "
                         "pairs of replications.");
}

void compare_print(const struct comparison *comparison, const char *title, bool all,
                   bool colour, FILE *out)
{
    struct page p = {.is = comparison, .sheet = {.out = out, .colour = colour}};
    arena_init(&p.sheet.arena);
    const char *text = sentence(&p);
    fprintf(out, "%s%s: %s%s\n", sheet_ink(&p.sheet, INK_BOLD),
            sheet_safe(&p.sheet, title), text, sheet_ink(&p.sheet, INK_PLAIN));
    for (int i = 0; i < comparison->contenders; i++)
        if (comparison->contender[i].point.result.judgement.verdict != VERDICT_STABLE)
            sheet_say(&p.sheet, "%s is %s.", label(&p, i),
                      verdict_of(&comparison->contender[i]));
    if (comparison->best >= 0 && comparison->contenders > 2)
        print_ranking(&p);
    int first = first_steady(comparison, 0);
    for (int i = first + 1; first >= 0 && i < comparison->contenders; i++)
        if (!comparison->contender[i].unsteady && (all || comparison->contenders == 2))
            print_pair(&p, first, i);
    print_how(&p);
    arena_free(&p.sheet.arena);
}

/* ---- for machines ---------------------------------------------------------------- */

static void put_contenders(const struct comparison *c, cJSON *to)
{
    cJSON *array = json_array(to, "contenders");
    for (int i = 0; i < c->contenders; i++) {
        const struct contender *one = &c->contender[i];
        cJSON *object = json_element(array);
        json_text(object, "label", one->label);
        json_text(object, "verdict", verdict_of(one));
        json_flag(object, "tied_with_best", c->best >= 0 && c->tied[i]);
        json_flag(object, "eliminated", one->eliminated);
        json_number(object, "replications", one->count);
        json_number(object, "promises_missed", result_missed(&one->point.result));
    }
}

static void put_difference(const struct comparison *c, int metric, int a, int b,
                           cJSON *array)
{
    struct compare_difference d =
        compare_difference(c, metric, a, b, ESTIMATE_CONFIDENCE);
    if (!estimate_given(&d.difference))
        return;
    cJSON *object = json_element(array);
    json_text(object, "first", c->contender[a].label);
    json_text(object, "second", c->contender[b].label);
    json_text(object, "metric", c->metric[metric].name);
    json_text(object, "unit", c->metric[metric].unit);
    json_number(object, "first_value", d.a);
    json_number(object, "second_value", d.b);
    result_json_estimate(object, "difference", &d.difference);
    json_number(object, "correlation", d.correlation);
    json_number(object, "variance_gain", d.gain);
}

void compare_json(const struct comparison *c, const char *title, cJSON *to)
{
    struct page p = {.is = c};
    arena_init(&p.sheet.arena);
    json_text(to, "name", title);
    json_text(to, "answer", sentence(&p));
    json_text(to, "by", c->best < 0 ? NULL : c->metric[c->by].name);
    json_text(to, "best", c->best < 0 ? NULL : c->contender[c->best].label);
    put_contenders(c, to);
    cJSON *array = json_array(to, "differences");
    int first = first_steady(c, 0);
    for (int i = first + 1; first >= 0 && i < c->contenders; i++)
        for (int m = 0; m < c->metrics; m++)
            put_difference(c, m, first, i, array);
    arena_free(&p.sheet.arena);
}
