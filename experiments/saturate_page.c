/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/saturate_page.h"

#include "experiments/grid.h"
#include "experiments/human.h"
#include "experiments/json.h"
#include "experiments/result_json.h"
#include "sim/check.h"

#include <math.h>

struct page {
    const struct saturation *is;
    const struct point *base;
    struct sheet sheet;
};

static const char *value(struct page *p, enum human_kind kind, double x)
{
    return human_value(&p->sheet.arena, kind, x);
}

static const char *load_text(struct page *p, double load)
{
    return sheet_safe(&p->sheet, dial_text(&p->is->dial, load, &p->sheet.arena));
}

static const char *safe(struct page *p, const char *text)
{
    return sheet_safe(&p->sheet, text);
}

static const struct slo *tightest(const struct page *p, const struct probe *probe)
{
    return probe && probe->tightest >= 0 ? &p->base->scenario->slos[probe->tightest]
                                         : NULL;
}

/* ---- the three numbers ----------------------------------------------------------- */

static const char *part_name(struct page *p, const struct explain_part *part)
{
    const struct station_facts *station =
        &p->base->result.facts->station[part->station];
    const char *slot = station->slot_name ? station->slot_name : "slot";
    return arena_format(&p->sheet.arena, "%s%s of %s", part->cores ? "core" : slot, "s",
                        safe(p, station->name));
}

/* Four digits: the two ends of a bracket of 1 % must not look alike. */
static const char *exact(struct page *p, double load)
{
    return load_text(p, load);
}

/* Is there a load of which nothing was found out, though it was looked at? */
static bool is_open(const struct saturation *s)
{
    for (int i = 0; i < s->log.probes; i++)
        if (s->log.probe[i].effort >= 0 && s->log.probe[i].kept == ANSWER_OPEN)
            return true;
    return false;
}

static void print_headline(struct page *p)
{
    double left = saturation_headroom(p->is);
    const char *name = safe(p, p->base->result.name), *text;
    enum ink ink = INK_BOLD;
    const char *asked = p->is->has_promises ? "keeps its promises" : "is carried";
    double most = p->is->has_promises ? p->is->promised.yes : p->is->carried.yes;
    if (isnan(left)) {
        bool open = p->is->has_promises && is_open(p->is);
        text = arena_format(&p->sheet.arena, "no load was found that %s%s",
                            open ? "surely " : "", asked);
        ink = open ? INK_DOUBT : p->is->has_promises ? INK_BAD : INK_BOLD;
        if (p->is->method == METHOD_NONE && !p->is->has_promises)
            text = "nothing in it is ever short";
        else if (p->is->method == METHOD_USERS && !p->is->has_promises)
            text = arena_format(&p->sheet.arena, "at most %s, however many users",
                                value(p, HUMAN_RATE, p->is->most.value));
    } else if (left >= 0) {
        text = arena_format(&p->sheet.arena, "%s %s; %s now, %s of headroom",
                            exact(p, most), asked, load_text(p, p->is->dial.value),
                            value(p, HUMAN_PART, left));
    } else {
        ink = INK_BAD;
        text = arena_format(&p->sheet.arena, "only %s %s; %s now, %s too much",
                            exact(p, most), asked, load_text(p, p->is->dial.value),
                            value(p, HUMAN_PART, p->is->dial.value / most - 1));
    }
    sheet_headline(&p->sheet, ink,
                   arena_format(&p->sheet.arena, "%s: %s", name, text));
    sheet_say(&p->sheet, "Turned: %s.", safe(p, p->is->dial.pointer));
}

static void print_maximum(struct page *p)
{
    const struct saturation *s = p->is;
    sheet_heading(&p->sheet, "Maximum sustainable throughput");
    switch (s->method) {
    case METHOD_NONE:
        sheet_say(&p->sheet, "None: no part of the system has a limit that the load "
                             "reaches.");
        break;
    case METHOD_OVERLOAD:
        sheet_say(&p->sheet,
                  "%s: between %s and %s (95 %%). Above it the backlog grows. Found as "
                  "what is served while every slot is busy; a run at %s is stable.",
                  exact(p, s->carried.estimate), exact(p, s->carried.yes),
                  exact(p, s->carried.no), load_text(p, 0.97 * s->carried.estimate));
        break;
    case METHOD_VERDICTS:
        if (isnan(s->carried.yes))
            sheet_say(&p->sheet, "Not found: no load that was tried is carried.");
        else if (isnan(s->carried.no))
            sheet_say(&p->sheet, "At least %s; no load that was tried is too much.",
                      exact(p, s->carried.yes));
        else
            sheet_say(&p->sheet,
                      "Between %s, which is carried, and %s, which is not: the backlog "
                      "grows or more requests are lost than may be.",
                      exact(p, s->carried.yes), exact(p, s->carried.no));
        break;
    case METHOD_USERS:
        sheet_say(&p->sheet,
                  "%s, with users enough. From about %s on they wait for one another.",
                  human_estimate(&p->sheet.arena, HUMAN_RATE, &s->most),
                  load_text(p, ceil(s->carried.estimate)));
        break;
    }
}

static void print_promised(struct page *p)
{
    const struct saturation *s = p->is;
    const struct bracket *b = &s->promised;
    sheet_heading(&p->sheet, "SLO capacity");
    if (!s->has_promises) {
        sheet_say(&p->sheet, "The scenario promises nothing (\"slo\").");
        return;
    }
    const struct slo *breaks = tightest(p, search_probe(&s->log, b->no));
    if (isnan(b->yes) && is_open(s))
        sheet_say(
            &p->sheet,
            "Not known: no load that was tried surely keeps every promise, but at "
            "those that are open too few requests were simulated to tell%s.",
            s->log.spent ? "" : "; without a \"duration\" they last longer");
    else if (isnan(b->yes))
        sheet_say(&p->sheet, "None: no load that was tried keeps every promise%s%s.",
                  breaks ? "; the tightest is " : "", breaks ? breaks->text : "");
    else if (isnan(b->no))
        sheet_say(&p->sheet, "At least %s: no load that was tried breaks a promise.",
                  exact(p, b->yes));
    else
        sheet_say(&p->sheet,
                  "Between %s, where every promise is surely kept, and %s, where %s "
                  "surely is not.",
                  exact(p, b->yes), exact(p, b->no), breaks ? breaks->text : "one");
}

static void print_recovery(struct page *p)
{
    const struct saturation *s = p->is;
    const struct bracket *b = &s->recovery;
    bool caught = b->no <= s->dial.value;
    if (isnan(b->yes) && isnan(b->no))
        return;
    sheet_heading(&p->sheet, "After an overload");
    if (isnan(b->no)) {
        sheet_say(&p->sheet,
                  "Up to %s at least it comes back by itself from a burst that has "
                  "filled its queues.",
                  load_text(p, b->yes));
        return;
    }
    if (isnan(b->yes))
        sheet_say(&p->sheet,
                  "At %s, the least load that was tried, it does not come back from a "
                  "burst that has filled its queues (bistable).",
                  load_text(p, b->no));
    else
        sheet_say(
            &p->sheet,
            "Up to %s it comes back by itself from a burst that has filled its "
            "queues. From %s on it stays overloaded for good, until there is less "
            "load (bistable): attempts that are given up and made again keep it "
            "so.",
            load_text(p, b->yes), load_text(p, b->no));
    if (caught)
        sheet_say(&p->sheet, "%sThe load now, %s, is one of those.%s",
                  sheet_ink(&p->sheet, INK_BAD), load_text(p, s->dial.value),
                  sheet_ink(&p->sheet, INK_PLAIN));
}

static void print_knee(struct page *p)
{
    if (isnan(p->is->knee))
        return;
    sheet_heading(&p->sheet, "Knee");
    sheet_say(&p->sheet,
              "About %s: of the loads below, the one with the most throughput per mean "
              "response time. A description of the curve, not a size to build for.",
              load_text(p, p->is->knee));
}

/* ---- what fills up --------------------------------------------------------------- */

/* A limit that rejects before anything is full. */
static void print_limit(struct page *p, const struct explain_limit *limit)
{
    sheet_say(&p->sheet, "Before anything is full, %s lets no more than %s through.",
              safe(p, p->base->result.facts->rate_limit[limit->limit].name),
              value(p, HUMAN_RATE, limit->most));
}

/* A nested pool says more than the slots that wait for it. */
static void print_order(struct page *p)
{
    const struct explanation *is = p->is->is;
    bool limited =
        is->limits > 0 && (is->parts == 0 || is->limit[0].load > is->part[0].load);
    if (is->parts > 0 || limited)
        sheet_heading(&p->sheet, "What saturates first");
    if (limited)
        print_limit(p, &is->limit[0]);
    if (is->parts == 0)
        return;
    const struct explain_part *first = &is->part[0];
    sheet_say(&p->sheet, "The %s: full at %s if nobody ever waits.",
              part_name(p, first), value(p, HUMAN_RATE, first->most));
    for (int i = 0; i < is->nests; i++)
        if (!is->nest[i].never_short) {
            const struct station_facts *f = p->base->result.facts->station;
            sheet_say(&p->sheet,
                      "Slots of %s are held while they wait for %s: with every one "
                      "taken about %s.",
                      safe(p, f[is->nest[i].service].name),
                      safe(p, f[is->nest[i].pool].name),
                      value(p, HUMAN_RATE, is->nest[i].most));
        }
    if (is->parts > 1)
        sheet_say(&p->sheet, "With more of those, next the %s, at %s.",
                  part_name(p, &is->part[1]), value(p, HUMAN_RATE, is->part[1].most));
}

static void print_fall(struct page *p)
{
    if (!p->is->falls)
        return;
    sheet_say(&p->sheet,
              "More load does not just wait here: goodput falls from %s to %s at %s. "
              "Work is done for requests that nobody waits for any more.",
              value(p, HUMAN_RATE, p->is->falls_from),
              value(p, HUMAN_RATE, p->is->falls_to), load_text(p, p->is->falls_at));
}

/* ---- loads ----------------------------------------------------------------------- */

static const char *kept_text(const struct page *p, const struct probe *probe)
{
    static const char *const texts[] = {"no", "open", "yes"};
    return p->is->has_promises && probe->effort >= 0 ? texts[probe->kept] : "";
}

static void print_loads(struct page *p)
{
    struct grid grid = {.columns = 8, .left = 1};
    struct grid_row *head = grid_heading(&grid, &p->sheet);
    static const char *const names[] = {"Loads", "goodput", "±",       "failed",
                                        "mean",  "p99",     "verdict", "SLO"};
    for (int i = 0; i < 8; i++)
        head->cell[i] = names[i];
    for (int i = 0; i < p->is->log.probes; i++) {
        const struct probe *probe = &p->is->log.probe[i];
        struct arena *arena = &p->sheet.arena;
        struct grid_row *row = grid_add(
            &grid, &p->sheet, probe->carried == ANSWER_NO ? INK_BAD : INK_PLAIN);
        row->cell[0] = load_text(p, probe->load);
        row->cell[1] = value(p, HUMAN_RATE, probe->throughput.value);
        row->cell[2] = human_half_width(arena, HUMAN_RATE, &probe->throughput);
        row->cell[3] = value(p, HUMAN_PART, probe->errors.value);
        row->cell[4] = value(p, HUMAN_TIME, probe->mean.value);
        row->cell[5] = value(p, HUMAN_TIME, probe->p99.value);
        row->cell[6] = verdict_names[probe->verdict];
        row->cell[7] = kept_text(p, probe);
    }
    sheet_break(&p->sheet);
    grid_print(&grid, &p->sheet);
}

static void print_fine_print(struct page *p)
{
    const struct saturation *s = p->is;
    sheet_break(&p->sheet);
    if (s->log.beyond > 0)
        sheet_say(&p->sheet, "Beyond %s the scenario would be wrong.",
                  load_text(p, s->log.beyond));
    if (s->log.spent)
        sheet_say(&p->sheet, "The budget of requests was spent before every bracket "
                             "was 1 %% wide: --budget gives more.");
    const char *took = arena_format(&p->sheet.arena, ", %.1f s on %d thread%s",
                                    s->log.seconds, s->log.threads,
                                    s->log.threads == 1 ? "" : "s");
    sheet_say(&p->sheet,
              "%d load%s, %s requests, %s events%s; seed %llu, the same random numbers "
              "at every load.",
              s->log.probes, s->log.probes == 1 ? "" : "s",
              value(p, HUMAN_NUMBER, (double)s->log.requests),
              value(p, HUMAN_NUMBER, (double)s->log.events),
              p->sheet.document ? "" : took, (unsigned long long)p->base->result.seed);
}

static void print_all(struct page *p)
{
    arena_init(&p->sheet.arena);
    print_headline(p);
    print_maximum(p);
    print_promised(p);
    print_recovery(p);
    print_knee(p);
    print_order(p);
    print_fall(p);
    print_loads(p);
    print_fine_print(p);
    arena_free(&p->sheet.arena);
}

void saturate_print(const struct saturation *s, const struct point *base, bool colour,
                    FILE *out)
{
    struct page page = {s, base, {.out = out, .colour = colour}};
    print_all(&page);
}

void saturate_write(const struct saturation *s, const struct point *base,
                    const struct sheet *sheet)
{
    struct page page = {
        s, base, {.document = sheet->document, .level = sheet->level}};
    print_all(&page);
}

/* ---- JSON ------------------------------------------------------------------------ */

static void put_bracket(cJSON *root, const char *key, const struct bracket *b)
{
    cJSON *object = json_object(root, key);
    json_number(object, "yes", b->yes);
    json_number(object, "no", b->no);
    json_number(object, "estimate", b->estimate);
}

static void put_parts(cJSON *root, const struct page *p)
{
    cJSON *array = json_array(root, "saturates");
    for (int i = 0; i < p->is->is->parts; i++) {
        const struct explain_part *part = &p->is->is->part[i];
        cJSON *object = json_element(array);
        json_text(object, "component",
                  p->base->result.facts->station[part->station].name);
        json_text(object, "limit", part->cores ? "cores" : "slots");
        json_number(object, "most_rate", part->most);
    }
}

static void put_probes(cJSON *root, const struct page *p)
{
    static const char *const answers[] = {"no", "open", "yes"};
    cJSON *array = json_array(root, "loads");
    for (int i = 0; i < p->is->log.probes; i++) {
        const struct probe *probe = &p->is->log.probe[i];
        cJSON *object = json_element(array);
        json_number(object, "load", probe->load);
        json_text(object, "verdict", verdict_names[probe->verdict]);
        result_json_estimate(object, "offered", &probe->offered);
        result_json_estimate(object, "throughput", &probe->throughput);
        result_json_estimate(object, "errors", &probe->errors);
        result_json_estimate(object, "mean", &probe->mean);
        result_json_estimate(object, "p99", &probe->p99);
        bool asked = probe->effort >= 0;
        json_text(object, "carried", asked ? answers[probe->carried] : NULL);
        json_text(object, "slo_kept",
                  asked && p->is->has_promises ? answers[probe->kept] : NULL);
        json_number(object, "requests", (double)probe->requests);
        json_number(object, "looks", probe->effort + 1);
        const struct slo *slo = tightest(p, probe);
        json_text(object, "tightest_slo", asked && slo ? slo->text : NULL);
    }
}

const char *saturate_json(const struct saturation *s, const struct point *base,
                          struct arena *arena)
{
    static const char *const methods[] = {"none", "overload", "verdicts", "users"};
    struct page page = {.is = s, .base = base};
    cJSON *root = json_made(cJSON_CreateObject());
    json_number(root, "version", 1);
    json_text(root, "scenario", base->result.name);
    json_number(root, "seed", (double)base->result.seed);
    cJSON *load = json_object(root, "load");
    json_text(load, "pointer", s->dial.pointer);
    json_text(load, "unit", s->dial.unit);
    json_number(load, "now", s->dial.value);
    cJSON *most = json_object(root, "maximum");
    json_text(most, "method", methods[s->method]);
    result_json_estimate(most, "throughput", &s->most);
    put_bracket(most, "load", &s->carried);
    json_number(most, "analytic_bound", s->bound);
    put_bracket(root, "slo_capacity", &s->promised);
    cJSON *recovery = json_object(root, "recovers");
    json_number(recovery, "yes", s->recovery.yes);
    json_number(recovery, "no", s->recovery.no);
    json_number(root, "knee", s->knee);
    json_number(root, "headroom", saturation_headroom(s));
    put_parts(root, &page);
    cJSON *fall = json_object(root, "goodput_falls");
    json_number(fall, "from", s->falls ? s->falls_from : NAN);
    json_number(fall, "to", s->falls ? s->falls_to : NAN);
    json_number(fall, "at_load", s->falls ? s->falls_at : NAN);
    put_probes(root, &page);
    json_flag(root, "budget_spent", s->log.spent);
    json_number(root, "requests", (double)s->log.requests);
    json_number(root, "events", (double)s->log.events);
    cJSON *execution = json_object(root, "execution");
    json_number(execution, "threads", s->log.threads);
    json_number(execution, "simulating", s->log.seconds);
    return json_printed(root, arena);
}
