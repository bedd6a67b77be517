/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L /* fileno */
#include "experiments/summary.h"

#include "experiments/summary_tables.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

bool summary_colour(FILE *out)
{
    const char *refused = getenv("NO_COLOR");
    return isatty(fileno(out)) && !(refused && *refused);
}

/* ---- verdict --------------------------------------------------------------------- */

static const char *kept(struct page *p)
{
    const struct result *r = p->result;
    int missed = result_missed(r);
    if (r->slos == 0)
        return "";
    if (missed == 0)
        return r->slos == 1 ? ", the promise is kept" : ", all promises are kept";
    return arena_format(&p->sheet.arena, ", %d of %d promise%s missed", missed, r->slos,
                        r->slos == 1 ? "" : "s");
}

static void print_verdict(struct page *p)
{
    const struct result *r = p->result;
    const struct judgement *j = &r->judgement;
    bool good = j->verdict == VERDICT_STABLE && result_is_yes(r);
    fprintf(p->sheet.out, "%s%s: %s%s%s\n",
            sheet_ink(&p->sheet, good ? INK_GOOD : INK_BAD),
            sheet_safe(&p->sheet, r->name), verdict_names[j->verdict], kept(p),
            sheet_ink(&p->sheet, INK_PLAIN));
    if (j->verdict == VERDICT_UNSTABLE)
        sheet_say(&p->sheet,
                  "The backlog grows by %s requests/s: %s offered, %s served. "
                  "Latencies grow with "
                  "the length of the run; none is given.",
                  page_estimate(p, HUMAN_NUMBER, &j->growth),
                  page_value(p, HUMAN_RATE, r->findings->whole.offered.value),
                  page_value(p, HUMAN_RATE, r->findings->whole.completed.value));
    else if (j->verdict == VERDICT_OVERLOADED)
        sheet_say(&p->sheet,
                  "%s of the requests fail for want of capacity (%s admitted): %s "
                  "offered, %s "
                  "answered well.",
                  page_estimate(p, HUMAN_PART, &j->refused),
                  page_value(p, HUMAN_PART, j->admitted),
                  page_value(p, HUMAN_RATE, r->findings->whole.offered.value),
                  page_value(p, HUMAN_RATE, r->findings->whole.completed.value));
    else if (j->verdict == VERDICT_NEAR_CRITICAL)
        sheet_say(&p->sheet, "Read the numbers with care: %s.",
                  verdict_reasons[j->reason]);
}

static const char *limit_name(struct page *p, const struct headroom *h)
{
    const struct station_facts *f = &p->result->facts->station[h->station];
    return h->limit == LIMIT_CORES ? arena_format(&p->sheet.arena, "CPU of %s",
                                                  sheet_safe(&p->sheet, f->name))
                                   : arena_format(&p->sheet.arena, "%ss of %s",
                                                  f->slot_name ? f->slot_name : "slot",
                                                  sheet_safe(&p->sheet, f->name));
}

static void print_headroom(struct page *p)
{
    const struct headroom *h = &p->result->headroom;
    if (h->station < 0 || p->result->facts->terminating)
        return;
    const char *limit = limit_name(p, h);
    if (h->load >= 1)
        sheet_say(
            &p->sheet,
            "Bottleneck: %s, asked for %s of what there is. At most %s can be carried "
            "(utilisation law, analytic).",
            limit, page_value(p, HUMAN_PART, h->load),
            page_value(p, HUMAN_RATE, h->most));
    else if (!isnan(h->most_users))
        sheet_say(&p->sheet,
                  "Bottleneck: %s, %s used by work of its own. It saturates from about "
                  "%.0f users "
                  "on (now %.0f), at %s (utilisation law, analytic).",
                  limit, page_value(p, HUMAN_PART, h->load), ceil(h->most_users),
                  h->users, page_value(p, HUMAN_RATE, h->most));
    else
        sheet_say(&p->sheet,
                  "Bottleneck: %s, %s used by work of its own. Headroom: %s more load "
                  "at most, "
                  "%s in all (utilisation law, analytic).",
                  limit, page_value(p, HUMAN_PART, h->load),
                  page_value(p, HUMAN_PART, 1 / h->load - 1),
                  page_value(p, HUMAN_RATE, h->most));
    if (h->waiting >= 0)
        sheet_say(&p->sheet,
                  "%s is busy too, but %s of that is waiting for what it calls.",
                  sheet_safe(&p->sheet, p->result->facts->station[h->waiting].name),
                  page_value(p, HUMAN_PART, h->waiting_part));
}

/* ---- promises -------------------------------------------------------------------- */

static enum human_kind kind_of(const struct slo *slo)
{
    switch (slo->metric) {
    case SLO_MEAN:
    case SLO_QUANTILE:
        return HUMAN_TIME;
    case SLO_THROUGHPUT:
        return HUMAN_RATE;
    case SLO_ERRORS:
    case SLO_UTILISATION:
        break;
    }
    return HUMAN_PART;
}

static const char *chance(struct page *p, double chance)
{
    if (isnan(chance))
        return "";
    if (chance > 0.995)
        return "kept with probability > 99 %";
    if (chance < 0.005)
        return "kept with probability < 1 %";
    return arena_format(&p->sheet.arena, "kept with probability %.0f %%", 100 * chance);
}

static void print_promises(struct page *p)
{
    const struct result *r = p->result;
    if (r->slos)
        sheet_heading(&p->sheet, "Promises");
    for (int i = 0; i < r->slos; i++) {
        const struct slo_result *s = &r->slo[i];
        char why[100];
        fputs("  ", p->sheet.out);
        sheet_left(&p->sheet, sheet_safe(&p->sheet, s->slo->text), 26);
        fputs(sheet_ink(&p->sheet, s->met ? INK_GOOD : INK_BAD), p->sheet.out);
        sheet_left(&p->sheet, s->met ? "kept" : "missed", 9);
        fputs(sheet_ink(&p->sheet, INK_PLAIN), p->sheet.out);
        if (!r->findings->steady) {
            fputs("the backlog grows\n", p->sheet.out);
        } else if (estimate_given(&s->value)) {
            sheet_left(&p->sheet, page_estimate(p, kind_of(s->slo), &s->value), 22);
            fprintf(p->sheet.out, "%s\n", chance(p, s->chance));
        } else {
            fprintf(p->sheet.out, "%s\n", estimate_reason(&s->value, why, sizeof why));
        }
    }
}

/* ---- how it is known ------------------------------------------------------------- */

static const char *warm_up(struct page *p)
{
    static const char *const rules[] = {"as given", "a tenth of the run", "MSER-5"};
    const struct procedure *run = &p->result->run;
    if (run->rule == WARM_UP_NONE)
        return "none";
    return arena_format(&p->sheet.arena, "%s (%s)",
                        page_value(p, HUMAN_TIME, sim_seconds(run->window.warm_up)),
                        rules[run->rule]);
}

static void print_run(struct page *p)
{
    const struct result *r = p->result;
    const struct procedure *run = &r->run;
    double seconds = r->execution.seconds;
    sheet_say(&p->sheet, "%d replications of %s (%s), warm-up %s, seed %llu.",
              run->count, page_value(p, HUMAN_TIME, sim_seconds(run->window.length)),
              stage_names[run->stage], warm_up(p), (unsigned long long)r->seed);
    sheet_say(&p->sheet, "%s requests, %s events in %s on %d thread%s: %s events.",
              page_value(p, HUMAN_NUMBER, (double)run->requests),
              page_value(p, HUMAN_NUMBER, (double)run->events),
              page_value(p, HUMAN_TIME, seconds), r->execution.threads,
              r->execution.threads == 1 ? "" : "s",
              page_value(p, HUMAN_RATE, (double)run->events / fmax(seconds, 1e-9)));
    sheet_say(&p->sheet,
              "± and the line below each: half of the %.0f %% interval over the "
              "replications.",
              100 * ESTIMATE_CONFIDENCE);
}

static void print_precision(struct page *p)
{
    const struct result *r = p->result;
    const char *asked = r->precision->text ? sheet_safe(&p->sheet, r->precision->text)
                                           : "p99 within 5%";
    if (!r->findings->steady)
        return;
    if (!r->run.met && (r->precision->text || !r->facts->terminating))
        sheet_say(&p->sheet, "Precision \"%s\" is not reached%s.", asked,
                  r->run.capped ? ": the cap on requests kept the run short" : "");
    if (r->run.persistent)
        sheet_say(
            &p->sheet,
            "Replications differ in what lasts a whole run (%d were made): longer runs "
            "would not have narrowed the intervals.",
            r->run.count);
    if (r->run.biased && !r->facts->terminating)
        sheet_say(&p->sheet, "The replications' own quantiles disagree with the pooled "
                             "ones: they are short "
                             "for what they measure.");
    if (!r->facts->terminating && r->run.settled_at > 2 * r->run.window.warm_up)
        sheet_say(&p->sheet,
                  "The number in the system still moved until %s, after the warm-up.",
                  page_value(p, HUMAN_TIME, sim_seconds(r->run.settled_at)));
}

static void print_audit(struct page *p)
{
    static const char *const laws[] = {
        "conservation of requests", "Little's law of waiting",
        "Little's law of the whole", "the utilisation law"};
    const struct result *r = p->result;
    if (r->audit->broken == 0) {
        sheet_say(&p->sheet,
                  "The books balance: conservation, Little's law, utilisation law (%d "
                  "check%s).",
                  r->audit->checked, r->audit->checked == 1 ? "" : "s");
        return;
    }
    for (int i = 0; i < r->audit->count; i++) {
        const struct audit_line *l = &r->audit->line[i];
        if (!l->checked || l->holds)
            continue;
        const char *name = l->index < 0 ? "the whole"
                           : l->law == AUDIT_CONSERVATION
                               ? r->facts->type[l->index].name
                               : r->facts->station[l->index].name;
        sheet_say(&p->sheet, "%sDoes not balance:%s %s at %s: %.6g against %.6g.",
                  sheet_ink(&p->sheet, INK_BAD), sheet_ink(&p->sheet, INK_PLAIN),
                  laws[l->law], sheet_safe(&p->sheet, name), l->left, l->right);
    }
}

static void print_assumptions(struct page *p)
{
    const struct model_facts *facts = p->result->facts;
    if (facts->assumption_count)
        sheet_heading(&p->sheet, "Assumed");
    for (int i = 0; i < facts->assumption_count; i++)
        sheet_sentence(&p->sheet, sheet_safe(&p->sheet, facts->assumptions[i]));
}

void summary_print(const struct result *result, bool colour, FILE *out)
{
    struct page page = {.result = result, .sheet = {.out = out, .colour = colour}};
    arena_init(&page.sheet.arena);
    print_verdict(&page);
    print_headroom(&page);
    print_promises(&page);
    page_requests(&page);
    page_stations(&page);
    page_blame(&page);
    sheet_heading(&page.sheet, "How this is known");
    print_run(&page);
    print_precision(&page);
    print_audit(&page);
    print_assumptions(&page);
    arena_free(&page.sheet.arena);
}
