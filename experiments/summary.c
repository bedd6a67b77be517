/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L /* fileno */
#include "experiments/summary.h"

#include "experiments/explain.h"
#include "experiments/grid.h"
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
    int missed = result_missed(r), judged = result_judged(r);
    int undecided = result_undecided(r);
    const char *text = "";
    if (judged == 0)
        return text;
    if (missed == 0 && undecided == 0)
        return judged == 1 ? ", the promise is kept" : ", all promises are kept";
    if (missed > 0)
        text = arena_format(&p->sheet.arena, ", %d of %d promise%s missed", missed,
                            judged, judged == 1 ? "" : "s");
    if (undecided > 0)
        text = arena_format(&p->sheet.arena, "%s, %d promise%s not decided", text,
                            undecided, undecided == 1 ? "" : "s");
    return text;
}

static void say_unstable(struct page *p)
{
    const struct result *r = p->result;
    const struct request_findings *f = &r->findings->whole;
    const char *deadlock = verdict_deadlock(r->facts, &r->run, &p->sheet.arena);
    if (deadlock) {
        sheet_say(&p->sheet,
                  "Nothing goes on: %s. Whoever holds what the others wait for waits "
                  "himself; only a restart or a timeout of theirs would end it.",
                  sheet_safe(&p->sheet, deadlock));
        return;
    }
    if (r->judgement.reason == REASON_OVERFLOW) {
        sheet_say(&p->sheet, "More requests are under way than a run can hold: the "
                             "backlog grows without end, or there are too many users "
                             "for this machine's memory. No latency is given.");
        return;
    }
    sheet_say(&p->sheet,
              "The backlog grows by %s requests/s: %s offered, %s served. Latencies "
              "grow with the length of the run; none is given.",
              page_estimate(p, HUMAN_NUMBER, &p->result->judgement.growth),
              page_value(p, HUMAN_RATE, f->offered.value),
              page_value(p, HUMAN_RATE, f->completed.value));
}

static bool some_gave_up(const struct result *r, bool clients)
{
    for (int c = 0; c < r->facts->causes; c++) {
        const struct cause_facts *cause = &r->facts->cause[c];
        if (!cause->told && r->findings->whole.error_of[c].value > 0 &&
            clients == (cause->status == STATUS_TIMEOUT && cause->station < 0))
            return true;
    }
    return false;
}

/* Nobody served is worth a word: servers are busy all the same. */
static void say_nobody_served(struct page *p)
{
    const struct result *r = p->result;
    if (!some_gave_up(r, true))
        sheet_say(&p->sheet, "Nobody is served.");
    else if (some_gave_up(r, false))
        sheet_say(&p->sheet, "Nobody is served: every client that is not turned away "
                             "gives up before it is served, and abandoned work keeps "
                             "the servers busy.");
    else
        sheet_say(&p->sheet, "Nobody is served: every client gives up before it is "
                             "served, and abandoned work keeps the servers busy.");
}

static const char *whose(struct page *p, const struct loss *loss)
{
    if (loss->scope.sort != SCOPE_TYPE)
        return "the requests";
    return arena_format(
        &p->sheet.arena, "the %s requests",
        sheet_safe(&p->sheet, p->result->facts->type[loss->scope.index].name));
}

static void say_overloaded(struct page *p)
{
    const struct result *r = p->result;
    const struct loss *worst = &r->judgement.worst;
    const struct request_findings *f = &r->findings->whole;
    sheet_say(&p->sheet,
              "%s of %s fail for want of capacity (%g %% admitted), most of them: %s. "
              "%s offered, %s answered well in all.",
              page_estimate(p, HUMAN_PART, &worst->part), whose(p, worst),
              100 * worst->admitted,
              worst->cause < 0
                  ? "-"
                  : sheet_safe(&p->sheet, r->facts->cause[worst->cause].name),
              page_value(p, HUMAN_RATE, f->offered.value),
              page_value(p, HUMAN_RATE, f->completed.value));
    if (f->offered.value > 0 && !(f->completed.value > 0))
        say_nobody_served(p);
    else if (r->run.grows)
        sheet_say(&p->sheet, "Queues were still filling when the run ended: a longer "
                             "one gives other latencies.");
}

/* What a burst at the start leaves behind, once all of it should be over. */
static void say_bistable(struct page *p)
{
    const struct result *r = p->result;
    const struct bistability *b = &r->bistability;
    if (b->state == BISTABILITY_FALLS)
        sheet_say(&p->sheet,
                  "It carries this load for a while only: within %s all of %d "
                  "replications fell into an overload that attempts which are given up "
                  "and made again keep up, and only less load ends.",
                  page_value(p, HUMAN_TIME, b->after), b->replications);
    else
        sheet_say(
            &p->sheet,
            "Where it starts decides where it ends. Started empty it answers %s well; "
            "%s after a burst of %s requests that came all at once it still answers "
            "no more than %s: attempts that are given up and made again keep it "
            "overloaded, and only less load ends that.",
            page_value(p, HUMAN_RATE, b->best), page_value(p, HUMAN_TIME, b->after),
            page_value(p, HUMAN_COUNT, b->burst),
            page_estimate(p, HUMAN_RATE, &b->overloaded));
    if (b->state == BISTABILITY_STAYS && b->fallen > 0)
        sheet_say(
            &p->sheet,
            "No burst is needed: %d of %d replications fell into it by themselves "
            "within %s.",
            b->fallen, b->replications,
            page_value(p, HUMAN_TIME, b->after + b->length));
    if (r->judgement.worst.part.value > r->judgement.worst.admitted)
        say_overloaded(p);
}

static void print_verdict(struct page *p)
{
    const struct result *r = p->result;
    const struct judgement *j = &r->judgement;
    bool good = j->verdict == VERDICT_STABLE && result_is_yes(r);
    bool bad = j->verdict > VERDICT_NEAR_CRITICAL || result_missed(r) > 0;
    sheet_headline(&p->sheet, good ? INK_GOOD : bad ? INK_BAD : INK_DOUBT,
                   arena_format(&p->sheet.arena, "%s: %s%s",
                                sheet_safe(&p->sheet, r->name),
                                verdict_names[j->verdict], kept(p)));
    if (j->verdict == VERDICT_UNSTABLE)
        say_unstable(p);
    else if (j->verdict == VERDICT_OVERLOADED)
        say_overloaded(p);
    else if (j->verdict == VERDICT_NEAR_CRITICAL)
        sheet_say(&p->sheet, "Read the numbers with care: %s.",
                  verdict_reasons[j->reason]);
    if (j->verdict == VERDICT_BISTABLE)
        say_bistable(p);
    if (r->audit->broken)
        sheet_say(&p->sheet,
                  "%sThe books do not balance%s: headroom has made a mistake, which is "
                  "told at the end. Do not rely on these numbers, and report it.",
                  sheet_ink(&p->sheet, INK_BAD), sheet_ink(&p->sheet, INK_PLAIN));
    if (r->yardstick && r->yardstick->broken)
        sheet_say(&p->sheet,
                  "%sTheory disagrees%s: the two are told at the end. Do not rely on "
                  "these numbers, and report it.",
                  sheet_ink(&p->sheet, INK_BAD), sheet_ink(&p->sheet, INK_PLAIN));
}

/* ---- bottleneck ------------------------------------------------------------------ */

/* From here on something of a load that ends by itself is busy all the time. */
static const double always_busy = 0.95;

static const char *limit_name(struct page *p, int station, enum headroom_limit limit)
{
    const struct station_facts *f = &p->result->facts->station[station];
    const char *name = sheet_safe(&p->sheet, f->name);
    if (limit == LIMIT_CORES)
        return arena_format(&p->sheet.arena, "%s of %s", f->blocks ? "GPU" : "CPU",
                            name);
    return arena_format(&p->sheet.arena, "%s%s of %s",
                        f->slot_name ? f->slot_name : "slot", f->slots == 1 ? "" : "s",
                        name);
}

static bool has_profile(const struct model_facts *facts)
{
    for (int w = 0; w < facts->workloads; w++)
        if (facts->workload[w].form == WORKLOAD_OPEN)
            return true;
    return false;
}

/* A load that ends by itself: what was busy to the end. */
static void print_busiest(struct page *p)
{
    const struct result *r = p->result;
    const char *name = NULL;
    double most = 0;
    for (int i = 0; i < r->facts->stations; i++) {
        const struct station_findings *f = &r->findings->station[i];
        if (f->cpu.value > most) {
            most = f->cpu.value;
            name = limit_name(p, i, LIMIT_CORES);
        }
        if (f->utilisation.value > most) {
            most = f->utilisation.value;
            name = limit_name(p, i, LIMIT_SLOTS);
        }
    }
    if (name && most > always_busy)
        sheet_say(&p->sheet, "Bottleneck: %s, %s busy until the last answer.", name,
                  page_value(p, HUMAN_PART, most));
    else if (name)
        sheet_say(&p->sheet,
                  "Busiest: %s, %s on average until the last answer.%s", name,
                  page_value(p, HUMAN_PART, most),
                  has_profile(r->facts) ? " What its peak asks for is told by headroom "
                                          "explain."
                                        : "");
}

static void say_too_much(struct page *p, const char *limit)
{
    const struct headroom *h = &p->result->headroom;
    sheet_say(&p->sheet,
              "Bottleneck: %s, asked for %s of what there is. At most %s can be "
              "carried (utilisation law, analytic).",
              limit, page_value(p, HUMAN_PART, h->load),
              page_value(p, HUMAN_RATE, h->most));
}

/* "25 % more load", "30 times this load". */
static const char *more_load(struct page *p, double load)
{
    static const double many = 10;
    return 1 / load < many
               ? arena_format(&p->sheet.arena, "%s more load",
                              page_value(p, HUMAN_PART, 1 / load - 1))
               : arena_format(&p->sheet.arena, "%s times this load",
                              page_value(p, HUMAN_NUMBER, 1 / load));
}

/* What could still come, unless too much fails as it is. */
static void say_room(struct page *p, const char *limit)
{
    const struct headroom *h = &p->result->headroom;
    bool missed = result_missed(p->result) > 0;
    bool lost = p->result->judgement.verdict == VERDICT_OVERLOADED;
    const char *used = page_value(p, HUMAN_PART, h->load);
    const char *most = page_value(p, HUMAN_RATE, h->most);
    const char *law = "(utilisation law, analytic)";
    if (missed || lost)
        sheet_say(&p->sheet,
                  "No headroom: %s fails at this load already. Until work alone fills "
                  "the %s, %s used now, it would take %s %s.",
                  missed ? "what is promised" : "too much", limit, used, most, law);
    else if (!isnan(h->most_users))
        sheet_say(&p->sheet,
                  "Bottleneck: %s, %s used by work of its own. It saturates from about "
                  "%.0f users on (now %.0f), at %s %s.",
                  limit, used, ceil(h->most_users), h->users, most, law);
    else
        sheet_say(
            &p->sheet,
            "Bottleneck: %s, %s used by work of its own. Headroom: %s at most, %s "
            "in all %s.",
            limit, used, more_load(p, h->load), most, law);
}

/* A limit of a rate that says no before anything is full. */
static bool say_gate(struct page *p)
{
    const struct result *r = p->result;
    const struct gate *gate = &r->gate;
    if (!gate->limit || (r->headroom.station >= 0 && r->headroom.load >= gate->load))
        return false;
    const char *most = page_value(p, HUMAN_RATE, gate->most);
    const char *passes =
        arena_format(&p->sheet.arena, "%s %s/s",
                     page_value(p, HUMAN_NUMBER, gate->passes), gate->limit->unit);
    const char *used = page_value(p, HUMAN_PART, gate->load);
    const char *name = sheet_safe(&p->sheet, gate->limit->name);
    if (gate->load >= 1)
        sheet_say(
            &p->sheet,
            "Too much for %s, which lets %s pass: %s of that are asked for, attempts "
            "beyond the first not counted. At most %s get through.",
            name, passes, used, most);
    else if (result_missed(r) > 0 || r->judgement.verdict == VERDICT_OVERLOADED)
        sheet_say(
            &p->sheet,
            "No headroom: %s fails at this load already. On average %s, which lets "
            "%s pass, is asked for %s of that.",
            result_missed(r) > 0 ? "what is promised" : "too much", name, passes, used);
    else
        sheet_say(
            &p->sheet,
            "Bottleneck: %s, which lets %s pass, %s used. Headroom: %s at most, %s "
            "in all (on average, analytic).",
            name, passes, used, more_load(p, gate->load), most);
    return true;
}

static void say_limit(struct page *p)
{
    const struct headroom *h = &p->result->headroom;
    const char *limit = limit_name(p, h->station, h->limit);
    if (h->load >= 1)
        say_too_much(p, limit);
    else
        say_room(p, limit);
    if (h->waiting >= 0)
        sheet_say(&p->sheet,
                  "%s is busy too, but %s of that is waiting for what it calls.",
                  sheet_safe(&p->sheet, p->result->facts->station[h->waiting].name),
                  page_value(p, HUMAN_PART, h->waiting_part));
}

static void print_headroom(struct page *p)
{
    const struct result *r = p->result;
    if (r->facts->terminating) {
        print_busiest(p);
        return;
    }
    if (!say_gate(p) && r->headroom.station >= 0)
        say_limit(p);
    if (r->peak)
        sheet_say(&p->sheet,
                  "That is the mean load: at its peak %s asks for %s, and what is full "
                  "first is then at %s.",
                  sheet_safe(&p->sheet, r->facts->workload[r->peak->workload].name),
                  page_value(p, HUMAN_RATE, r->peak->rate),
                  page_value(p, HUMAN_PART, r->peak->load));
}

/* ---- promises -------------------------------------------------------------------- */

/* Counts vary: so much longer than in proportion. */
static const double samples_margin = 1.2;

static enum human_kind kind_of(const struct slo *slo)
{
    switch (slo->metric) {
    case SLO_MEAN:
    case SLO_QUANTILE:
        return HUMAN_TIME;
    case SLO_THROUGHPUT:
    case SLO_GOODPUT:
        return HUMAN_RATE;
    case SLO_ERRORS:
    case SLO_CUT:
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

static const char *what_decides(struct page *p, const struct estimate *e)
{
    if (p->result->facts->terminating)
        return "more replications tell";
    if (e->have == 0)
        return "a much longer run tells";
    return arena_format(&p->sheet.arena, "a run %.0f times as long tells",
                        ceil(samples_margin * (double)e->need / (double)e->have));
}

/* What stands behind a promise: its value and how sure it is, or why there is none. */
static void add_value(struct page *p, const struct slo_result *s, struct grid_row *row)
{
    char why[100];
    if (!p->result->findings->steady) {
        row->cell[2] = "the backlog grows";
    } else if (estimate_given(&s->value)) {
        row->cell[2] = page_estimate(p, kind_of(s->slo), &s->value);
        row->cell[3] = chance(p, s->chance);
    } else if (s->unseen) {
        row->cell[2] = "nobody began";
        row->cell[3] = arena_format(
            &p->sheet.arena, "measured is what begins after the warm-up of %s",
            page_value(p, HUMAN_TIME, sim_seconds(p->result->run.window.warm_up)));
    } else if (!s->decided) {
        row->cell[2] = "too few values beyond";
        row->cell[3] = what_decides(p, &s->value);
    } else {
        row->cell[2] = arena_format(&p->sheet.arena, "%s",
                                    estimate_reason(&s->value, why, sizeof why));
    }
}

/* What became of a promise, in a word. */
static void add_outcome(const struct slo_result *s, struct grid_row *row)
{
    bool clear = s->judged && s->decided;
    row->cell[1] = !s->judged    ? "not judged"
                   : !s->decided ? "not decided"
                   : s->met      ? "kept"
                                 : "missed";
    row->ink[1] = !clear ? INK_PLAIN : s->met ? INK_GOOD : INK_BAD;
}

static const char *promise_text(struct page *p, const struct slo_result *s)
{
    const char *text = sheet_safe(&p->sheet, s->slo->text);
    return s->without_streams
               ? arena_format(&p->sheet.arena, "%s (without streams)", text)
               : text;
}

static void print_promises(struct page *p)
{
    const struct result *r = p->result;
    struct grid grid = {.columns = 4,
                        .left = 4,
                        .caption = "Promises"};
    if (r->slos)
        sheet_table_heading(&p->sheet, "Promises");
    for (int i = 0; i < r->slos; i++) {
        const struct slo_result *s = &r->slo[i];
        struct grid_row *row = grid_add(&grid, &p->sheet, INK_PLAIN);
        row->cell[0] = promise_text(p, s);
        add_outcome(s, row);
        if (s->judged)
            add_value(p, s, row);
        else
            row->cell[2] = "no request of this type is sent";
    }
    grid_print(&grid, &p->sheet);
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

/* How fast it went is noise where little was simulated. */
static const double events_worth_timing = 1e5;

static void print_work(struct page *p)
{
    const struct procedure *run = &p->result->run;
    double seconds = p->result->execution.seconds, events = (double)run->events;
    int threads = p->result->execution.threads;
    const char *work = arena_format(&p->sheet.arena, "%s requests, %s events",
                                    page_value(p, HUMAN_COUNT, (double)run->requests),
                                    page_value(p, HUMAN_COUNT, events));
    if (events < events_worth_timing || p->sheet.document) /* says no wall times */
        sheet_say(&p->sheet, "%s.", work);
    else
        sheet_say(&p->sheet, "%s in %s on %d thread%s: %s events/s.", work,
                  page_value(p, HUMAN_TIME, seconds), threads, threads == 1 ? "" : "s",
                  page_value(p, HUMAN_NUMBER, events / fmax(seconds, 1e-9)));
}

static void print_run(struct page *p)
{
    const struct result *r = p->result;
    const struct procedure *run = &r->run;
    sheet_say(&p->sheet, "%d replications of %s (%s), warm-up %s, seed %llu.",
              run->count, page_value(p, HUMAN_TIME, sim_seconds(run->window.length)),
              stage_names[run->stage], warm_up(p), (unsigned long long)r->seed);
    print_work(p);
    sheet_say(&p->sheet,
              "± and the line below each: half of the %.0f %% interval over the "
              "replications.",
              100 * ESTIMATE_CONFIDENCE);
}

static void print_bistability(struct page *p)
{
    const struct bistability *b = &p->result->bistability;
    if (b->state == BISTABILITY_RECOVERS)
        sheet_say(&p->sheet,
                  "It recovers from overload: a burst of %s requests at the start no "
                  "longer matters after %s (%d replications more).",
                  page_value(p, HUMAN_COUNT, b->burst),
                  page_value(p, HUMAN_TIME, b->after), b->replications);
    else if (b->state == BISTABILITY_TOO_LONG)
        sheet_say(&p->sheet,
                  "Clients try again here, so an overload may outlast its cause; "
                  "whether it does was not tried: that would take longer than this "
                  "run, or more requests at once than can be held.");
}

static void print_precision(struct page *p)
{
    const struct result *r = p->result;
    const char *asked = r->precision->text ? sheet_safe(&p->sheet, r->precision->text)
                                           : "p99 within 5%";
    if (!r->findings->steady)
        return;
    if (!r->run.met && (r->precision->text || !r->run.fixed))
        sheet_say(&p->sheet, "Precision \"%s\" is not reached%s.", asked,
                  r->run.overloaded ? ": an overload is not measured for longer"
                  : r->run.capped   ? ": the cap on requests kept the run short"
                                    : "");
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
    if (result_start_visible(r))
        sheet_say(&p->sheet,
                  "The number in the system still moved until %s, after the warm-up.",
                  page_value(p, HUMAN_TIME, sim_seconds(r->run.settled_at)));
}

static bool averages_checked(const struct audit *audit)
{
    for (int i = 0; i < audit->count; i++)
        if (audit->line[i].checked && audit->line[i].law != AUDIT_CONSERVATION)
            return true;
    return false;
}

static void print_audit(struct page *p)
{
    static const char *const laws[] = {
        "conservation of requests", "Little's law of waiting",
        "Little's law of the whole", "the utilisation law"};
    const struct result *r = p->result;
    if (r->audit->broken == 0) {
        sheet_say(&p->sheet, "The books balance: conservation%s (%d check%s).",
                  averages_checked(r->audit) ? ", Little's law, utilisation law" : "",
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

enum { MOST_LINT = 4 };

/* What was wrong with the set-up to begin with. */
static void print_lint(struct page *p)
{
    const struct lint_report *lint = p->result->lint;
    if (!lint || lint->told == 0)
        return;
    sheet_heading(&p->sheet, "Wrong before it runs");
    for (int i = 0; i < lint->told && i < MOST_LINT; i++)
        sheet_say(&p->sheet, "%s [%s]", sheet_safe(&p->sheet, lint->finding[i].text),
                  lint->finding[i].rule->name);
    sheet_say(&p->sheet, "%s: headroom check %s",
              lint->told > MOST_LINT
                  ? arena_format(&p->sheet.arena, "And %d more, with places",
                                 lint->told - MOST_LINT)
                  : "With places",
              sheet_safe(&p->sheet, p->result->path));
}

static void print_assumptions(struct page *p)
{
    const struct model_facts *facts = p->result->facts;
    if (facts->assumption_count)
        sheet_heading(&p->sheet, "Assumed");
    for (int i = 0; i < facts->assumption_count; i++)
        sheet_sentence(&p->sheet, sheet_safe(&p->sheet, facts->assumptions[i]));
}

static void print_unmodelled(struct page *p)
{
    const struct result *r = p->result;
    const char *list = "";
    if (r->unmodelled_count == 0)
        return;
    for (int i = 0; i < r->unmodelled_count; i++)
        list = arena_format(&p->sheet.arena, "%s%s%s", list, i ? ", " : "",
                            r->unmodelled[i]);
    sheet_heading(&p->sheet, "Accepted, without effect");
    sheet_sentence(&p->sheet, list);
}

/* ---- the whole ------------------------------------------------------------------- */

static void print_numbers(struct page *p)
{
    page_requests(p);
    page_twin(p);
    page_stations(p);
    page_memory(p);
    page_caches(p);
    page_jobs(p);
    page_engines(p);
    page_blame(p);
    page_theory(p);
}

static void print_evidence(struct page *p)
{
    print_run(p);
    print_bistability(p);
    print_precision(p);
    print_audit(p);
    page_theory_verdict(p);
}

void summary_print(const struct result *result, bool colour, FILE *out)
{
    struct page page = {.result = result, .sheet = {.out = out, .colour = colour}};
    arena_init(&page.sheet.arena);
    print_verdict(&page);
    print_headroom(&page);
    print_promises(&page);
    print_lint(&page);
    print_numbers(&page);
    sheet_heading(&page.sheet, "How this is known");
    print_evidence(&page);
    print_assumptions(&page);
    print_unmodelled(&page);
    arena_free(&page.sheet.arena);
}

void summary_write(enum summary_part part, const struct result *result,
                   const struct sheet *sheet)
{
    static void (*const parts[])(struct page *p) = {
        [SUMMARY_VERDICT] = print_verdict,   [SUMMARY_HEADROOM] = print_headroom,
        [SUMMARY_PROMISES] = print_promises, [SUMMARY_NUMBERS] = print_numbers,
        [SUMMARY_EVIDENCE] = print_evidence,
    };
    struct page page = {.result = result,
                        .sheet = {.out = sheet->out,
                                  .colour = sheet->colour,
                                  .document = sheet->document,
                                  .level = sheet->level}};
    arena_init(&page.sheet.arena);
    parts[part](&page);
    arena_free(&page.sheet.arena);
}
